"""Calls of `port.DependentReader` that only spare work, for readers that know nothing beforehand."""

from __future__ import annotations

import numpy as np

from graphkit.model.csr import frozen
from graphkit.stores import port


class NoShortcuts:
    """A part of a reader: what it answers follows from its other calls."""

    def intervals_on(self: port.Reader, packages: port.PackageIds) -> port.RangeIntervals:
        """Return the stretches of the ranges that aim at each package."""
        start, ids = self.constraints_on(packages)
        ranges = self.ranges(ids)
        counts = np.diff(ranges.start)
        return port.RangeIntervals(
            start=frozen(ranges.start[start]),
            range=frozen(np.repeat(ids, counts)),
            extras=frozen(np.repeat(ranges.extras, counts)),
            lo=ranges.lo,
            hi=ranges.hi,
        )

    def leading_declarers(self: port.Reader, ranges: port.RangeIds) -> port.Declarers:
        """Return all declarers: which of them lead further is not known."""
        return self.declarers(ranges)

    def ending_declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return none: nothing was left out."""
        return self.last_declarers(ranges)

    def last_declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return none, as before."""
        return port.Declarers(
            start=frozen(np.zeros(len(ranges) + 1, dtype=np.int64)),
            set=frozen(port.REQUIREMENT_SET.of(())),
            marker=frozen(port.TEXT.of(())),
        )

    def every_user(self) -> port.EveryUser | None:
        """Return nothing: releases are read as they are asked for."""
        return None

    def runs(self: port.Reader, sets: port.RequirementSetIds) -> port.Runs:
        """Return each release that declares a requirement set as a run of its own."""
        users = self.users(sets)
        flags = np.where(users.is_listed, port.OFFER_LISTED, 0) | port.NAMES_EXTRAS
        return port.Runs(
            start=users.start,
            package=users.package,
            lo=users.release,
            hi=frozen(users.release + 1),
            flags=frozen(flags.astype(np.uint8)),
        )
