"""Which index is asked: what was told, else what uv or pip on this machine are set to, else the public one."""

from __future__ import annotations

import configparser
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from graphkit.model.errors import GraphkitError

_VARIABLES: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
PUBLIC: Final = "public index"
"""What facts of the default index name as their source."""


def index_address(told: str | None = None, *, environ: Mapping[str, str] | None = None) -> str:
    """Return the address of the index's simple API, with a slash at its end.

    Order: ``told``, the variables of uv and pip, uv's user and system configuration, pip's, then the
    public index. uv goes first because its settings name one default index, where pip's may be a
    mirror of older habit.

    Raises:
        GraphkitError: the address is no http(s) URL.
    """
    environ = os.environ if environ is None else environ
    found = told or next(_settings(environ), None) or _public()
    try:
        parts = urlsplit(found)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:  # brackets that are no IPv6 address
        is_web = False
    if not is_web:
        # Without a scheme, what is before the last @ may be a password all the same.
        plain = found.rpartition("@")[2]
        raise GraphkitError(f"the index address {plain!r} is not an http or https URL; see --index-url")
    if parts.query or parts.fragment:
        raise GraphkitError("the index address holds ? or #, and nothing can be put below it; see --index-url")
    return found.rstrip("/") + "/"


def index_name(address: str) -> str:
    """Return what facts call the index at an address: never with user, password, query or path."""
    if address.rstrip("/") == _public().rstrip("/"):
        return PUBLIC
    return urlsplit(address).hostname or PUBLIC


def _public() -> str:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return PYPI_SIMPLE_ENDPOINT


def _settings(environ: Mapping[str, str]) -> Iterator[str]:
    for variable in _VARIABLES:
        if value := environ.get(variable, "").strip():
            # uv allows a name before the address: "internal=https://…".
            name, equals, rest = value.partition("=")
            yield rest if equals and "/" not in name else value
    home = Path(environ.get("HOME") or Path.home())
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    for path in (config / "uv" / "uv.toml", Path("/etc/uv/uv.toml")):
        yield from _of_uv(path)
    pip = (environ.get("PIP_CONFIG_FILE"), config / "pip" / "pip.conf", home / ".pip" / "pip.conf", "/etc/pip.conf")
    for place in pip:
        if place:
            yield from _of_pip(Path(place))


def _of_uv(path: Path) -> Iterator[str]:
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # uv itself complains of a broken file; another setting may answer
    indexes = read.get("index")
    for index in indexes if isinstance(indexes, list) else ():
        if isinstance(index, dict) and index.get("default") is True and isinstance(index.get("url"), str):
            yield index["url"]
    if isinstance(address := read.get("index-url"), str):
        yield address


def _of_pip(path: Path) -> Iterator[str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):
        return
    for section in ("install", "global"):
        if address := parser.get(section, "index-url", fallback="").strip():
            yield address
