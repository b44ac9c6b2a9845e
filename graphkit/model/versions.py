"""Versions as PEP 440 reads them, and unreadable ones kept as text."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct
from packaging.utils import canonicalize_version
from packaging.version import Version

_NUMBER: Final = "(?:0|[1-9][0-9]*)"
_NORMAL: Final = re.compile(
    rf"({_NUMBER}(?:\.{_NUMBER})*?)(?:\.0)*((?:(?:a|b|rc){_NUMBER})?(?:\.post{_NUMBER})?(?:\.dev{_NUMBER})?)"
)
"""A version in the normal form of PEP 440: what stands before the trailing zeros of its release, and behind them."""
_SHORT: Final = 100


class ReleaseVersion(Struct, frozen=True, kw_only=True):
    """One version of a package.

    ``key`` is its identity: the PEP 440 normal form without trailing zeros (``1.0`` and ``1.0.0``
    are one release), or the raw text where PEP 440 cannot read it. ``text`` is the spelling shown.
    ``parsed`` is None for a legacy version, which is compared as a string only and never chosen.
    """

    key: str
    text: str
    parsed: Version | None

    def __lt__(self, other: ReleaseVersion) -> bool:
        """PEP 440 order; legacy versions stand below all others, in text order."""
        if self.parsed is None or other.parsed is None:
            return (self.parsed is not None, self.key) < (other.parsed is not None, other.key)
        return self.parsed < other.parsed

    @property
    def is_prerelease(self) -> bool:
        """Whether PEP 440 calls it a pre-release (dev releases too)."""
        return self.parsed is not None and self.parsed.is_prerelease


def release_version(raw: str) -> ReleaseVersion:
    """Return the version that a text names. Never fails: what PEP 440 cannot read stays text.

    >>> release_version("v1.0.0").key == release_version("1.0").key
    True
    >>> release_version("2004d-final").parsed is None
    True
    """
    text = raw.strip()
    try:
        parsed = Version(text)
    except ValueError:  # InvalidVersion is one; so are more digits than int() reads in one go
        return ReleaseVersion(key=text, text=text, parsed=None)
    if len(text) <= _SHORT and (normal := _NORMAL.fullmatch(text)):  # as nearly all are; the rest takes thrice as long
        return ReleaseVersion(key=normal[1] + normal[2], text=text, parsed=parsed)
    return ReleaseVersion(key=canonicalize_version(parsed), text=str(parsed), parsed=parsed)
