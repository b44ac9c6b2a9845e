"""When a build ran: within two hours of its time, unless more is said (docs/semantics.md#precision)."""

from __future__ import annotations

from typing import Final

from graphkit.model.organisation import Build
from graphkit.model.times import NO_TIME, Instant, Moment
from graphkit.trace.verdicts.context import ServiceContext

AROUND: Final = 2 * 3_600_000_000
"""A build with a single time ran within this much before and after it, in microseconds.

Contract: docs/semantics.md#precision.
"""


def ran(context: ServiceContext, build: Build) -> tuple[Instant, Instant]:
    """Return the stretch in which a build may have run: within two hours of its time, unless it says more.

    One without a time ran at any instant of the window of the reading: cropping that does not say when.
    """
    if time_of(build) is None:
        return context.whole_window
    start = build.at.earliest - AROUND if build.started is None else build.started.earliest
    until = build.at.latest + AROUND if build.ended is None else build.ended.latest
    return start, max(until, start) + 1


def time_of(build: Build) -> Moment | None:
    """Return when a build was, None where nothing says."""
    if build.at != NO_TIME:
        return build.at
    told = [one for one in (build.started, build.ended) if one is not None]
    if not told:
        return None
    return Moment(earliest=min(one.earliest for one in told), latest=max(one.latest for one in told))
