"""Instants and half-open intervals, as whole microseconds since 1970-01-01T00:00:00Z."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

Instant = int
"""Microseconds UTC since the epoch. Always a point in time, never a duration."""

BEGINNING: Final[Instant] = -(2**62)
"""Before every fact: an interval that starts here has no known start."""
FOREVER: Final[Instant] = 2**62
"""After every fact: an interval that ends here has no known end."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LEAP_SECOND = re.compile(r"(?<=:\d\d):60(?=[.,Z+-]|$)")
_MICROSECOND = dt.timedelta(microseconds=1)


_FIRST = (dt.datetime.min.replace(tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND
_LAST = (dt.datetime.max.replace(tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND


class BadTime(ValueError):
    """A text that names no instant."""


def instant(value: str | dt.datetime | dt.date) -> Instant:
    """Return the instant that an RFC 3339 text or a date object names.

    A text without an offset and a plain date are read as UTC (``2026-03-24`` is its first
    microsecond), because index and SBOM times are UTC and a local reading would depend on the
    machine that asks. Fractions finer than a microsecond are cut; a leap second is the one before it.

    Raises:
        BadTime: the text is no time.
    """
    if isinstance(value, str):
        text = value.strip().upper()
        leap = _LEAP_SECOND.search(text)
        try:
            value = dt.datetime.fromisoformat(f"{text[: leap.start()]}:59{text[leap.end() :]}" if leap else text)
        except ValueError as error:
            shown = text if len(text) <= 80 else text[:77] + "..."
            raise BadTime(f"{shown!r} is no RFC 3339 time") from error
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    if value.tzinfo is None:
        value = value.replace(tzinfo=dt.UTC)
    try:
        at = (value - _EPOCH) // _MICROSECOND
    except OverflowError as error:
        raise BadTime(f"{value!r} is out of range") from error
    if not _FIRST <= at <= _LAST:
        raise BadTime(f"{value.isoformat()} is out of range: its offset leads beyond the years 1 to 9999")
    return at


def rfc3339(at: Instant | None) -> str | None:
    """Return an instant as RFC 3339 text in UTC; None for an unknown or unbounded one."""
    if at is None or at <= BEGINNING or at >= FOREVER:
        return None
    moment = _EPOCH + at * _MICROSECOND
    return moment.replace(tzinfo=None).isoformat() + "Z"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Interval:
    """The instants ``start <= t < until``; open ends are BEGINNING and FOREVER."""

    start: Instant
    until: Instant

    def __contains__(self, at: object) -> bool:
        return isinstance(at, int) and self.start <= at < self.until
