"""What is listed at one instant, and when it changes in a window: by package, looked up when it is asked for."""

from __future__ import annotations

from collections.abc import Callable

from graphkit.model.times import Instant
from graphkit.stores.port import PackageId
from graphkit.trace.resolve.listing import Availability, Package

PackageOf = Callable[[PackageId], Package]


class Availabilities(dict[PackageId, Availability]):
    """What is listed at one instant by package id, computed when it is asked for."""

    def __init__(self, package: PackageOf, at: Instant, *, doubtful: bool) -> None:
        super().__init__()
        self._package = package
        self.at = at
        self._doubtful = doubtful
        self.walks: dict[object, object] = {}
        """Walks over what is listed then, by their root."""

    def __missing__(self, package_id: PackageId) -> Availability:
        self[package_id] = self._package(package_id).availability(self.at, doubtful=self._doubtful)
        return self[package_id]


class ChangesWithin(dict[PackageId, tuple[Instant, ...]]):
    """The changes of a window by package id, looked up when they are asked for; mostly none."""

    def __init__(self, package: PackageOf, start: Instant, until: Instant) -> None:
        super().__init__()
        self._package = package
        self._start = start
        self._until = until

    def __missing__(self, package_id: PackageId) -> tuple[Instant, ...]:
        self[package_id] = self._package(package_id).changes_within(self._start, self._until)
        return self[package_id]
