"""What a reader has read, taken over by a reader of a later generation: all but what changed."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from graphkit.stores.neo4j.changes import Changes

Kind = str
"""``package``, ``release``, ``set`` or ``range``: what ids are of."""
KEYS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("packages", "aimed"), "package"),
    **dict.fromkeys(("releases", "files", "takers"), "release"),
    **dict.fromkeys(("sets", "users"), "set"),
    **dict.fromkeys(("ranges", "declarers"), "range"),
}
"""The memories of a reader, and of what kind of thing each has rows."""
_COLUMNS: Final[dict[str, dict[str, Kind]]] = {
    "releases": {"package": "package", "requirement_set": "set"},
    "sets": {"range": "range"},
    "ranges": {"package": "package"},
    "aimed": {"range": "range"},
    "declarers": {"set": "set"},
    "users": {"release": "release", "package": "package"},
    "takers": {"range": "range"},
}
"""Columns of ids, by memory."""


class Carry:
    """From the ids of a reader to those of a later one, in which what is gone leaves no gap.

    ``numbers``: the nodes of packages, sets and ranges by id. ``blocks``: the numbers of packages in the order of their
    release ids, and how many releases each has.
    """

    def __init__(
        self,
        numbers: dict[Kind, NDArray[np.int64]],
        blocks: tuple[NDArray[np.int64], NDArray[np.int64]],
        changes: Changes,
    ) -> None:
        self._old, self._changes = numbers, changes
        self._lost = changes.packages | changes.aimed | changes.gone_packages
        gone = {"package": changes.gone_packages, "set": changes.gone_sets, "range": changes.gone_ranges}
        stays = {kind: ~_among(numbers[kind], some) for kind, some in gone.items()}
        self.numbers = {kind: numbers[kind][kept] for kind, kept in stays.items()}
        packages, sizes = blocks
        same = ~_among(packages, changes.packages | changes.gone_packages)
        self.blocks = packages[same], sizes[same]
        self._package_of = np.repeat(packages, sizes)
        stays["release"] = np.repeat(same, sizes)
        self._ids = {kind: np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1) for kind, kept in stays.items()}
        left = np.where(same, sizes, 0)
        self._shift = np.zeros(1 + max([-1, *packages.tolist(), *numbers["package"].tolist()]), dtype=np.int64)
        self._shift[packages] = (np.cumsum(left) - left) - (np.cumsum(sizes) - sizes)

    def ids(self, kind: Kind, values: NDArray[Any]) -> NDArray[Any]:
        """Return the ids that these have now, in their dtype; -1 for none."""
        return np.asarray(self._ids[kind][values]).astype(values.dtype)

    def _moved(self, packages: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
        """Return release ids, or what is one past them, of packages whose blocks stay; -1 stays."""
        by_package = values + self._shift[self._old["package"][packages]]
        return np.where(values < 0, values, by_package).astype(values.dtype)

    def stays(self, name: str, ids: NDArray[Any], rows: Any) -> NDArray[np.bool_]:
        """Return which rows of a memory still hold."""
        kind, changes = KEYS[name], self._changes
        kept: NDArray[np.bool_] = self.ids(kind, ids) >= 0
        match kind:
            case "package":
                kept &= ~_among(self._old["package"][ids], self._lost)
            case "release":
                kept &= ~_among(self._package_of[ids], self._lost)
            case "set":
                kept &= ~_among(self._old["set"][ids], changes.sets)
            case "range":
                kept &= ~_among(self._old["range"][ids], changes.ranges)
        if name == "ranges":
            kept &= ~_among(self._old["package"][rows.package], changes.packages | changes.gone_packages)
        if name == "users":  # with each release stands which ranges choose it
            lost = np.append(0, np.cumsum(_among(self._old["package"][rows.package], self._lost)))
            kept &= np.diff(lost[rows.start]) == 0
        return kept

    def rows(self, name: str, ids: NDArray[Any], rows: Any) -> Any:
        """Return rows of a memory that still hold, with the ids that things have now. ``ids``: those they are of."""
        columns = {column: self.ids(kind, getattr(rows, column)) for column, kind in _COLUMNS.get(name, {}).items()}
        if name == "packages":
            columns = {column: self._moved(ids, getattr(rows, column)) for column in ("start", "stop", "newest")}
        if name == "ranges":
            owner = np.repeat(rows.package, np.diff(rows.start))
            columns |= {column: self._moved(owner, getattr(rows, column)) for column in ("lo", "hi")}
        return replace(rows, **columns) if columns else rows


def still_holds(statement: str, changes: Changes) -> bool:
    """Return whether an answer of the organisation's side still holds."""
    is_changed = bool(changes.documents or changes.replaced)
    match statement:
        case "incidents":
            return not changes.incidents
        case "organisations":
            return not changes.organisations
        case "uses":
            return not changes.uses
        case "heads" | "documents" | "components":  # those of a document that was there stay
            return not changes.replaced
        case "problems":
            return not (is_changed or changes.tables)
    return not is_changed


def _among(values: NDArray[np.int64], some: set[int]) -> NDArray[np.bool_]:
    return np.isin(values, np.fromiter(some, dtype=np.int64, count=len(some)))
