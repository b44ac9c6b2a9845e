"""Times: any RFC 3339 text to a microsecond and back, and BadTime for everything else."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.times import (
    BEGINNING,
    FOREVER,
    NO_TIME,
    BadTime,
    Interval,
    Moment,
    credible,
    exactly,
    instant,
    moment,
    rfc3339,
)

SECOND = 1_000_000
AT = 1_774_348_740 * SECOND  # 2026-03-24T10:39:00Z
MODERN = st.datetimes(min_value=dt.datetime(1000, 1, 2), max_value=dt.datetime(9999, 12, 30))  # noqa: DTZ001 - bounds take no zone
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-24T10:39:00Z", AT),
        (" 2026-03-24T10:39:00Z\n", AT),
        ("2026-03-24 10:39:00+00:00", AT),
        ("2026-03-24T10:39:00", AT),  # no offset: UTC
        ("2026-03-24T12:39:00+02:00", AT),
        ("2026-03-24T05:09:00-05:30", AT),
        ("2026-03-24T10:39", AT),
        ("2026-03-24T10:39:00.5Z", AT + SECOND // 2),
        ("2026-03-24T10:39:00.123456Z", AT + 123_456),
        ("2026-03-24T10:39:00.1234569Z", AT + 123_456),
        ("2026-03-24T10:39:00.123456789+00:00", AT + 123_456),
        ("2026-03-24", 1_774_310_400 * SECOND),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
    ],
)
def test_text(text: str, expected: int) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-29",
        "2026-03-24T25:00:00Z",
        "10000-01-01",
        "1774348740",
        "\u0662026-03-24",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadTime, match="is not a valid RFC 3339 time"):
        instant(text)


@pytest.mark.parametrize("text", ["2026-03-24t10:39:00z", "2016-12-31T23:59:60Z"])
def test_rarer_rfc_3339_is_read(text: str) -> None:
    instant(text)


def test_objects() -> None:
    assert instant(dt.datetime(2026, 3, 24, 10, 39, tzinfo=dt.UTC)) == AT
    assert instant(dt.datetime(2026, 3, 24, 10, 39)) == AT  # noqa: DTZ001 - a time without a zone is the case
    assert instant(dt.date(2026, 3, 24)) == instant("2026-03-24")


class Endless(dt.tzinfo):
    """A zone that no calculation survives."""

    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta:
        raise OverflowError

    def dst(self, moment: dt.datetime | None) -> None:
        return None

    def tzname(self, moment: dt.datetime | None) -> None:
        return None


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(BadTime, match="out of range"):
        instant(dt.datetime(2026, 3, 24, tzinfo=Endless()))


@given(MODERN, ZONES)
def test_an_offset_changes_nothing(moment: dt.datetime, zone: dt.tzinfo) -> None:
    there = moment.replace(tzinfo=dt.UTC).astimezone(zone)
    assert instant(there.isoformat()) == instant(there) == instant(moment)


@given(MODERN)
def test_text_survives(moment: dt.datetime) -> None:
    at = instant(moment)
    text = rfc3339(at)
    assert text is not None
    assert text.endswith("Z")
    assert instant(text) == at


@given(MODERN, MODERN)
def test_order_is_kept(one: dt.datetime, other: dt.datetime) -> None:
    assert (instant(one) < instant(other)) == (one < other)


@given(st.text())
def test_any_text_is_a_time_or_bad(text: str) -> None:
    try:
        at = instant(text)
    except BadTime:
        return
    assert BEGINNING < at < FOREVER


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (None, None),
        (BEGINNING, None),
        (FOREVER, None),
        (BEGINNING - 1, None),
        (AT, "2026-03-24T10:39:00Z"),
        (AT + 1, "2026-03-24T10:39:00.000001Z"),
        (AT - 1, "2026-03-24T10:38:59.999999Z"),
    ],
)
def test_rfc3339(at: int | None, text: str | None) -> None:
    assert rfc3339(at) == text


def test_early_years_have_four_digits() -> None:
    assert rfc3339(instant("0001-01-01")) == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "0001-01-01", "9999-12-31T23:59:59Z", "9999-12-31"])
def test_a_time_at_an_end_of_the_calendar_has_a_text(text: str) -> None:
    assert str(moment(text))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_offset_beyond_the_years_is_bad(text: str) -> None:
    with pytest.raises(BadTime):
        instant(text)


def test_interval_is_half_open() -> None:
    interval = Interval(start=10, until=20)
    assert [at in interval for at in (9, 10, 19, 20)] == [False, True, True, False]
    assert "10" not in interval
    assert 10 not in Interval(start=10, until=10)
    assert 0 in Interval(start=BEGINNING, until=FOREVER)


HOUR = 3_600 * SECOND


@pytest.mark.parametrize(
    ("value", "earliest", "latest"),
    [
        ("2026-03-24T10:39:00Z", AT, AT),
        ("2026-03-24T12:39:00+02:00", AT, AT),
        (dt.datetime(2026, 3, 24, 10, 39, tzinfo=dt.UTC), AT, AT),
        (" 2026-03-24T10:39:00 ", AT - 14 * HOUR, AT + 12 * HOUR),  # somewhere between UTC+14 and UTC-12
        (dt.datetime(2026, 3, 24, 10, 39), AT - 14 * HOUR, AT + 12 * HOUR),  # noqa: DTZ001 - without a zone
        ("1970-01-02", 10 * HOUR, 60 * HOUR - 1),
        ("19700102", 10 * HOUR, 60 * HOUR - 1),
        (dt.date(1970, 1, 2), 10 * HOUR, 60 * HOUR - 1),
    ],
)
def test_a_time_may_be_any_instant_that_it_can_mean(value: str | dt.date, earliest: int, latest: int) -> None:
    found = moment(value)
    assert (found.earliest, found.latest, found.is_exact) == (earliest, latest, earliest == latest)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (exactly(AT), "2026-03-24T10:39:00Z"),
        (moment("2026-03-24"), "2026-03-24"),
        (moment("2026-03-24T00:00"), "2026-03-24T00:00:00"),
        (Moment(earliest=AT, latest=AT + HOUR), "2026-03-24T10:39:00Z to 2026-03-24T11:39:00Z"),
        # As wide as a date, and begun at another hour than a day does.
        (Moment(earliest=AT, latest=AT + 50 * HOUR - 1), "2026-03-24T10:39:00Z to 2026-03-26T12:38:59.999999Z"),
        (NO_TIME, "an unknown time"),
        (Moment(earliest=instant("9999-12-31T23:00Z"), latest=FOREVER), "an unknown time"),
    ],
)
def test_a_time_is_shown_as_it_was_written(time: Moment, text: str) -> None:
    assert str(time) == text


@pytest.mark.parametrize(
    ("time", "counts"),
    [("1999-12-31T23:59:59Z", False), ("2000-01-01T00:00:00Z", True), ("1999-12-31", True), ("1999-12-30", False)],
)
def test_a_time_that_is_surely_before_2000_is_none(time: str, *, counts: bool) -> None:
    assert credible(moment(time)) == (moment(time) if counts else None)


def test_no_time_is_not_credible() -> None:
    assert credible(None) is None
