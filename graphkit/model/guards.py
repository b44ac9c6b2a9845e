"""What installers are told beside the requirements: constraints, overrides and cut-offs (docs/semantics.md#guards)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.names import PackageName
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant, Moment


class CutOff(Struct, frozen=True, kw_only=True):
    """Files that were uploaded at this time or later are not on offer.

    One of the two is set. ``at``: a fixed time, as precisely as it is said. ``age``: so long before each install, in
    microseconds. ``text``: as it is written.
    """

    at: Moment | None = None
    age: int | None = None
    text: str = ""

    def latest(self, now: Instant) -> Instant:
        """Return the latest instant that the cut-off can mean for an install at an instant."""
        if self.at is not None:
            return self.at.latest
        return now if self.age is None else now - self.age


class StatedMetadata(Struct, frozen=True, kw_only=True):
    """What an installer is told to take for the metadata of a package, whatever its files say.

    ``version``: the one release that it is said of; empty for all of them.
    """

    package: PackageName
    version: str = ""
    requirements: tuple[Requirement, ...] = ()
    requires_python: str = ""


class Guards(Struct, frozen=True, kw_only=True):
    """What one installer reads of a manifest beside its requirements.

    ``installer``: the one that reads them; no other does. ``overrides`` replace whatever asks for their packages,
    wherever it stands. ``cut_off`` is for every package, ``cut_offs`` for single ones in its place; None there lifts
    it. ``is_workspace``: the manifest is the root of a workspace, whose members' own guards are not read.
    ``metadata`` and ``replaced`` are no part of a walk: they are what a lock has to have been made under. What the
    first is told of is open without one; the second are the packages that are overridden or excluded.
    """

    installer: str = "uv"
    constraints: tuple[Requirement, ...] = ()
    overrides: tuple[Requirement, ...] = ()
    cut_off: CutOff | None = None
    cut_offs: tuple[tuple[PackageName, CutOff | None], ...] = ()
    is_workspace: bool = False
    metadata: tuple[StatedMetadata, ...] = ()
    replaced: tuple[PackageName, ...] = ()

    def cut_off_of(self, package: PackageName) -> CutOff | None:
        """Return the cut-off that holds for a package, None for none."""
        return dict(self.cut_offs).get(package, self.cut_off)

    def overrides_of(self, package: PackageName) -> tuple[Requirement, ...]:
        """Return what replaces every requirement of a package; empty where nothing does."""
        return tuple(one for one in self.overrides if one.package == package)

    @property
    def is_for_locks_alone(self) -> bool:
        """Whether nothing is said but what a lock has to have been made under."""
        return replace(self, metadata=(), replaced=()) == Guards(installer=self.installer)

    @property
    def cuts(self) -> bool:
        """Whether there is any cut-off."""
        return self.cut_off is not None or any(one is not None for _, one in self.cut_offs)

    @property
    def changes_the_index(self) -> bool:
        """Whether a release offers, or requires, something else under them than the index says."""
        return self.cuts or bool(self.overrides)


NO_GUARDS: Final = Guards()
"""Those of a manifest that says nothing more, or that no installer is known to read."""
