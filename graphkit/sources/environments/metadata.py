"""What an installed distribution says of itself: its folder's name, core metadata, and RECORD."""

from __future__ import annotations

import base64
import binascii
import codecs
import csv
import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

from graphkit.model.names import BadName, package_name
from graphkit.model.versions import release_version

_ODD_LINE: Final = re.compile(r"(.*),(sha256=[A-Za-z0-9_-]{43,64}=?),\d*", re.DOTALL)
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")
_FIELDS: Final = (
    ("requires_dist", "Requires-Dist"),
    ("provides_extra", "Provides-Extra"),
    ("provides_dist", "Provides-Dist"),
)
_PROVIDED: Final = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\s*\(?\s*(?:={2,3})?\s*(\d[^\s;()]*)\s*\)?)?")


def called(stem: str, kind: str) -> dict[str, str]:
    """Return name and version that an entry is called by, as far as it says them (PEP 376, PEP 427; setuptools)."""
    if kind == "dist-info":  # `name-version`; older tools leave dashes in names
        name, _, version = stem.rpartition("-") if "-" in stem else (stem, "", "")
    else:  # `name-version-py3.12`; dashes in names are escaped
        name, _, rest = stem.partition("-")
        version = rest.partition("-")[0]
    return {key: value for key, value in (("name", name.lstrip("~")), ("version", version)) if value}


def otherwise(metadata: dict[str, Any], told: dict[str, str]) -> dict[str, str]:
    """Return the name and version that an entry is called by, where its metadata says others; else nothing."""
    try:
        is_same = package_name(str(metadata.get("name"))) == package_name(told.get("name", ""))
    except BadName:
        return {}
    version = told.get("version", "")
    says, called = (release_version(one.replace("_", "-")).key for one in (str(metadata.get("version")), version))
    return {} if is_same and (not version or says == called) else told


def provided(metadata: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what core metadata says is contained in a distribution (`Provides-Dist`), as name and version.

    >>> list(provided({"provides_dist": ["litellm (1.82.8)", "other"]}))
    [('litellm', '1.82.8'), ('other', '')]
    """
    for text in metadata.get("provides_dist", ()):
        if found := _PROVIDED.match(text):
            yield found[1], found[2] or ""


def recorded(data: bytes) -> tuple[dict[str, str], list[str]]:
    """Return the SHA-256 of each file that a RECORD (PEP 376, 627) names, in hexadecimal, and what is odd in it.

    The hash is empty where it gives none, or one of another kind.
    """
    found: dict[str, str] = {}
    odd = others = 0
    for text in data.decode("utf-8", "replace").replace("\0", "").split("\n"):
        name, stated = _line(text.rstrip("\r"))
        kind, _, value = stated.partition("=")
        digest = _digest(value) if kind == "sha256" else ""
        odd += kind == "sha256" and not digest
        others += bool(value) and kind != "sha256"
        if name and (digest or name not in found):
            found[name] = digest
    counted = (
        (odd, "hashes that are not SHA-256"),
        (others, "hashes of another kind than SHA-256, which no incident can be matched with"),
    )
    return found, [f"{count} {text}" for count, text in counted if count]


def _line(line: str) -> tuple[str, str]:
    """Return the file and the hash of one line of RECORD, each empty where it has none.

    Read line by line, so that a quote that is not closed swallows nothing; the hash of an odd line still counts, as of
    one whose name has commas and stands without quotes.
    """
    try:
        name, stated, *_ = [*next(csv.reader([line]), []), "", ""]
    except csv.Error:
        name, stated = "", ""
    if not stated.startswith("sha256=") and (odd := _ODD_LINE.fullmatch(line)):
        return odd[1], odd[2]
    return name, stated


def _digest(value: str) -> str:
    """Return a digest of RECORD (PEP 376: URL-safe Base64 without padding) in hexadecimal, empty for no SHA-256.

    Debian's packages have it in hexadecimal.
    """
    if _HEX.fullmatch(value):
        return value.lower()
    try:
        digest = base64.urlsafe_b64decode(value + "==")
    except (binascii.Error, ValueError):
        return ""
    return digest.hex() if len(digest) == hashlib.sha256().digest_size else ""


def headers(data: bytes) -> dict[str, Any]:
    """Return the fields of core metadata that count; the description behind them is not looked at."""
    from email.parser import BytesHeaderParser
    from email.policy import compat32

    head = data.removeprefix(codecs.BOM_UTF8).split(b"\n\n", 1)[0].split(b"\r\n\r\n", 1)[0]
    message = BytesHeaderParser(policy=compat32).parsebytes(head)
    found: dict[str, Any] = {
        key: str(message[name]).strip() for key, name in (("name", "Name"), ("version", "Version")) if message[name]
    }
    for key, name in _FIELDS:
        found[key] = [" ".join(str(value).split()) for value in message.get_all(name, [])]
    return found
