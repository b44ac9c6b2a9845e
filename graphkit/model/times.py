"""Instants and half-open intervals, as whole microseconds since 1970-01-01T00:00:00Z."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from msgspec import Struct

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
            raise BadTime(f"{shown!r} is not a valid RFC 3339 time") from error
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
    """Return an instant as RFC 3339 text in UTC; None for an unknown or unbounded one, or one of no calendar."""
    if at is None or not _FIRST <= at <= _LAST:
        return None
    moment = _EPOCH + at * _MICROSECOND
    return moment.replace(tzinfo=None).isoformat() + "Z"


_WIDEST_EAST: Final = 14 * 3_600_000_000
"""How far a local clock may be ahead of UTC, in microseconds."""
_WIDEST_WEST: Final = 12 * 3_600_000_000
"""How far a local clock may be behind UTC, in microseconds."""
_DAY: Final = 24 * 3_600_000_000
_FIRST_CREDIBLE: Final = 946_684_800_000_000
"""2000-01-01T00:00:00Z. A document that gives an earlier time had no clock."""
_PLAIN_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}")


class Moment(Struct, frozen=True, kw_only=True, order=True):
    """A time as precisely as it is known: one instant in ``earliest <= t <= latest``, both included.

    A comparison with it counts only where it holds for all of these instants (docs/semantics.md#precision).
    """

    earliest: Instant
    latest: Instant

    @property
    def is_exact(self) -> bool:
        """Whether it is one instant."""
        return self.earliest == self.latest

    def __str__(self) -> str:
        """Return it as it was written: a date, a time without a zone, or an instant in UTC.

        >>> str(moment("2026-03-24")), str(moment("2026-03-24T10:39")), str(moment("2026-03-24T10:39Z"))
        ('2026-03-24', '2026-03-24T10:39:00', '2026-03-24T10:39:00Z')
        """
        first, width = rfc3339(self.earliest), self.latest - self.earliest
        if first is not None and not width and self.earliest + _WIDEST_EAST <= _LAST:  # most are one instant
            return first
        local = rfc3339(self.earliest + _WIDEST_EAST) if first is not None else None
        if first is None or local is None:
            return "an unknown time"
        if width == _WIDEST_EAST + _WIDEST_WEST:
            return local.removesuffix("Z")
        if width == _WIDEST_EAST + _WIDEST_WEST + _DAY - 1 and local.endswith("T00:00:00Z"):
            return local.partition("T")[0]
        return f"{first} to {rfc3339(self.latest)}"


NO_TIME: Final = Moment(earliest=BEGINNING, latest=FOREVER)
"""A time of which nothing is known."""


def exactly(at: Instant) -> Moment:
    """Return the moment that is one known instant."""
    return Moment(earliest=at, latest=at)


def moment(value: str | dt.datetime | dt.date) -> Moment:
    """Return the moment that a text or date object names, as precisely as it says it.

    A time with an offset is one instant. A time without one is any of the instants that it can mean
    (UTC-12 to UTC+14); a plain date any instant of that day in any of these zones (docs/semantics.md#precision).

    >>> moment("2026-03-24").earliest == instant("2026-03-23T10:00:00Z")
    True
    >>> moment("2026-03-24").latest == instant("2026-03-25T12:00:00Z") - 1
    True

    Raises:
        BadTime: the text is no time.
    """
    at = instant(value)
    if isinstance(value, str):
        text = value.strip()
        is_date = _PLAIN_DATE.fullmatch(text) is not None
        has_zone = not is_date and dt.datetime.fromisoformat(_LEAP_SECOND.sub(":59", text.upper())).tzinfo is not None
    else:
        is_date = not isinstance(value, dt.datetime)
        has_zone = isinstance(value, dt.datetime) and value.tzinfo is not None
    if has_zone:
        return exactly(at)
    return Moment(earliest=at - _WIDEST_EAST, latest=at + _WIDEST_WEST + (_DAY - 1 if is_date else 0))


def credible(found: Moment | None) -> Moment | None:
    """Return a time that a document gives of itself, None where it lies before 2000 and so is none.

    Contract: docs/semantics.md#precision.
    """
    return None if found is None or found.latest < _FIRST_CREDIBLE else found


class Interval(Struct, frozen=True, kw_only=True, order=True):
    """The instants ``start <= t < until``; open ends are BEGINNING and FOREVER."""

    start: Instant
    until: Instant

    def __contains__(self, at: object) -> bool:
        return isinstance(at, int) and self.start <= at < self.until
