"""What each generation changed, written down before it can be seen: so a reader of an older one knows what still holds.

A server shows each statement what is committed, also half of a transaction that is being applied, and never what was
before. So every writer says first, in a transaction of its own, what it is about to change; only then it commits, and
in the end it says that it is done. A reader looks for these after the last row of a statement. What it read holds
for its own generation unless a later one names it, and what a later one added is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

KEPT: Final = 1_000
"""Generations of which is kept what they changed; who read an older one reads anew."""

_Columns = dict[str, Any]


class Changes(msgspec.Struct, kw_only=True):
    """What one or several generations changed, by the numbers and ids of nodes; whatever else may have is in here too.

    ``packages``: those written anew, with their releases and the ranges on them. ``aimed``: those of which ranges came
    or went, or who chooses what. ``sets``: requirement sets that came, went or have other users. ``ranges``: those that
    came, went or are in other sets. ``names``: packages that came or went. ``documents`` and ``uses``: the SHA-256 and
    digests of those that came. ``replaced``: documents that say something else now. ``gone_…``: nodes that are there no
    more, which the others name too. ``is_all``: nothing is known.
    """

    packages: set[int] = msgspec.field(default_factory=set)
    aimed: set[int] = msgspec.field(default_factory=set)
    sets: set[int] = msgspec.field(default_factory=set)
    ranges: set[int] = msgspec.field(default_factory=set)
    names: set[str] = msgspec.field(default_factory=set)
    documents: set[str] = msgspec.field(default_factory=set)
    uses: set[str] = msgspec.field(default_factory=set)
    replaced: set[str] = msgspec.field(default_factory=set)
    gone_packages: set[int] = msgspec.field(default_factory=set)
    gone_sets: set[int] = msgspec.field(default_factory=set)
    gone_ranges: set[int] = msgspec.field(default_factory=set)
    incidents: bool = False
    organisations: bool = False
    tables: bool = False
    is_all: bool = False

    def add(self, other: Changes) -> None:
        """Take in what a later generation changed."""
        for name in self.__struct_fields__:
            mine, more = getattr(self, name), getattr(other, name)
            if isinstance(mine, set):
                mine |= more
            else:
                setattr(self, name, mine or more)

    def concern(self, name: str, parameters: _Columns, found: list[_Columns]) -> bool:
        """Return whether rows of a statement of the port may be of a later generation.

        ``name`` and ``parameters`` of the statement; ``found``: its rows, from which what only came is taken out.
        """
        if self == _NOTHING:
            return False
        return self.is_all or name not in _CONCERNS or _CONCERNS[name](self, parameters, found)


_NOTHING: Final = Changes()
_Concern = Callable[[Changes, _Columns, list[_Columns]], bool]


def _packages(changes: Changes, parameters: _Columns, _: list[_Columns]) -> bool:
    asked: Iterable[int] = (row[0] for row in parameters["rows"]) if "rows" in parameters else parameters["n"]
    return not (changes.packages | changes.aimed).isdisjoint(asked)


def _ranges(changes: Changes, parameters: _Columns, found: list[_Columns]) -> bool:
    return _meet(changes.ranges, parameters["n"]) or _meet(changes.packages, found[0]["package"])


def _members(changes: Changes, parameters: _Columns, found: list[_Columns]) -> bool:
    return _meet(changes.sets, parameters["n"]) or _meet(changes.packages, found[0]["package"])


def _users(changes: Changes, parameters: _Columns, found: list[_Columns]) -> bool:
    return _meet(changes.sets, parameters["n"]) or _meet(changes.packages | changes.aimed, found[0]["package"])


def _uses(changes: Changes, _: _Columns, found: list[_Columns]) -> bool:
    _leave_out(found[0], "digest", changes.uses)
    return False


def _listings(changes: Changes, _: _Columns, found: list[_Columns]) -> bool:
    _leave_out(found[0], "document", changes.documents)
    return _meet(changes.replaced, found[0]["document"])


def _components(changes: Changes, parameters: _Columns, _: list[_Columns]) -> bool:
    return _meet(changes.replaced, [one["document"] for one in parameters["wanted"]])


def _documents(changes: Changes, parameters: _Columns, _: list[_Columns]) -> bool:
    return _meet(changes.documents | changes.replaced, parameters["sha256"])


_CONCERNS: Final[dict[str, _Concern]] = {
    **dict.fromkeys(("packages", "sizes", "releases", "file_texts", "takers", "constraints_on"), _packages),
    "package_ids": lambda changes, parameters, _: _meet(changes.names, parameters["names"]),
    "requirements": _members,
    "ranges": _ranges,
    "declarers": lambda changes, parameters, _: _meet(changes.ranges, parameters["n"]),
    "users": _users,
    "incidents": lambda changes, *_: changes.incidents,
    "organisations": lambda changes, *_: changes.organisations,
    "uses": _uses,
    **dict.fromkeys(("heads", "documents"), _documents),
    "components": _components,
    **dict.fromkeys(("listings", "all_listings"), _listings),
    "problems": lambda changes, *_: bool(changes.documents or changes.replaced or changes.tables),
}
"""Whether rows of each statement may be of a later generation. Of any other statement, they may."""


def _meet(changed: set[Any], asked: Iterable[Any]) -> bool:
    return not changed.isdisjoint(asked)


def _leave_out(columns: _Columns, name: str, later: set[str]) -> None:
    """Take the rows out of columns that are of something that came later."""
    if later.isdisjoint(columns[name]):
        return
    kept = [at for at, one in enumerate(columns[name]) if one not in later]
    for column, values in columns.items():
        columns[column] = [values[at] for at in kept]


def packed(changes: Changes) -> str:
    """Return changes as a property can hold them."""
    return msgspec.json.encode(changes, order="sorted").decode()


def unpacked(bodies: Iterable[str]) -> Changes:
    """Return all of these changes together."""
    found = Changes()
    for body in bodies:
        found.add(msgspec.json.decode(body, type=Changes))
    return found
