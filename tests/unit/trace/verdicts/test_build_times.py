"""When a build ran: within two hours of its time, unless more is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from graphkit.model.names import service_id
from graphkit.model.organisation import Build
from graphkit.model.times import NO_TIME, Moment, exactly, instant
from graphkit.trace.verdicts.build_times import ran, time_of
from graphkit.trace.verdicts.context import ServiceContext

HOUR = 3_600_000_000
NOON = instant("2026-03-24T12:00:00Z")
WINDOW = (NOON - 50 * HOUR, NOON + 50 * HOUR)
CONTEXT = cast("ServiceContext", SimpleNamespace(whole_window=WINDOW))
"""A build asks for no more of it."""


def hours(*pair: int) -> Moment:
    """Return a time between two hours that count from noon."""
    return Moment(earliest=NOON + pair[0] * HOUR, latest=NOON + pair[-1] * HOUR)


def build(at: Moment = NO_TIME, **more: Moment) -> Build:
    return Build(service=service_id("shop"), at=at, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "start", "until"),
    [
        (build(hours(0)), -2, 2),
        (build(hours(-1, 1)), -3, 3),
        (build(hours(0), started=hours(-1)), -1, 2),
        (build(hours(0), ended=hours(1)), -2, 1),
        (build(hours(0), started=hours(-5, -4), ended=hours(3, 4)), -5, 4),
        (build(hours(0), started=hours(5)), 5, 5),  # begun after it ran: it ran then, if anywhere
    ],
)
def test_a_build_ran_around_its_time_or_between_what_bounds_it(made: Build, start: int, until: int) -> None:
    assert ran(CONTEXT, made) == (NOON + start * HOUR, NOON + until * HOUR + 1)


def test_a_build_without_a_time_ran_at_any_instant_of_the_reading() -> None:
    assert ran(CONTEXT, build()) == WINDOW


@pytest.mark.parametrize(
    ("made", "time"),
    [
        (build(), None),
        (build(exactly(NOON)), exactly(NOON)),
        (build(exactly(NOON), started=hours(-9)), exactly(NOON)),
        (build(started=hours(-2, -1)), hours(-2, -1)),
        (build(ended=hours(3)), hours(3)),
        (build(started=hours(-2), ended=hours(3, 4)), hours(-2, 4)),
    ],
)
def test_the_time_of_a_build_is_its_own_else_what_bounds_it(made: Build, time: Moment | None) -> None:
    assert time_of(made) == time
