"""Addresses as they may be kept and printed: without what lets anybody in."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

_BARE: Final = re.compile(r"[^/@\s]*:[^/@\s]*@")
"""User and password before a host without a scheme."""
_USER: Final = re.compile(r"((?:/|%2F){2})(?:(?!%2F)[^/?&#])*(?:@|%40)", re.IGNORECASE)
"""User and password of an address within a purl, whose separators may be escaped."""
_SECRET: Final = re.compile(
    r"(?<=[?&])[^=&#]*(?:token|secret|signature|password|passwd|credential|api-?_?key|\bsig\b)[^=&#]*=[^&#]*&?",
    re.IGNORECASE,
)
"""A parameter of a query that lets in whoever has it, as signed links hold."""
_TOKEN: Final = re.compile(r"(://[^/]+/)t/[^/?#]{4,}/")
"""The token of a conda channel, which stands at the beginning of its path."""


def without_secrets(address: str) -> str:
    """Return an address without user and password, and without the parameters and tokens that stand for them.

    >>> without_secrets("https://user:hush@index.example/simple/?token=hush&page=2")
    'https://index.example/simple/?page=2'
    >>> without_secrets("https://conda.example/t/hush/main/noarch")
    'https://conda.example/main/noarch'
    >>> without_secrets("user:hush@index.example/simple")
    'index.example/simple'
    """
    if not set("@?") & set(address) and "/t/" not in address:
        return address
    text = _SECRET.sub("", address).rstrip("?&") if _SECRET.search(address) else address
    text = _TOKEN.sub(r"\1", text) if "://" in text else _BARE.sub("", text, count=1) if _BARE.match(text) else text
    if "@" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:  # brackets that are no IPv6 address
        return text.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.netloc else text


def purl_without_secrets(purl: str) -> str:
    """Return a purl whose qualifiers (``repository_url``, ``download_url``, ``vcs_url``) let nobody in.

    >>> purl_without_secrets("pkg:pypi/a@1?repository_url=https://user:hush@index.example/simple")
    'pkg:pypi/a@1?repository_url=https://index.example/simple'
    """
    release, mark, rest = purl.partition("?")
    if not mark or not rest:
        return purl
    return (release + _SECRET.sub("", mark + _USER.sub(r"\1", rest))).rstrip("?&")
