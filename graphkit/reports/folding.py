"""Which node of a picture stands for each entry: itself, or one that stands for several and opens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from graphkit.reports.content import COMPANY, KINDS, PACKAGE, SERVICE, VERDICTS, Content, Entry
from graphkit.reports.text import counted

_GROUPS: Final = 24
"""How many nodes a kind and verdict has where there are too many to draw them all: what a person can look through."""
_FIRST: Final = 8
"""How many packages are drawn where the reader has no service that they could reach."""
_CALLED: Final = {
    PACKAGE: ("public package", "public packages"),
    SERVICE: ("service", "services"),
    COMPANY: ("company", "companies"),
}
_MORE: Final = ("more package", "more packages")
"""What packages are called where others of their verdict are drawn one by one."""
_NOT_TIED: Final = frozenset({"none", "cleared"})

Gathered = tuple[dict[str, str], dict[str, Entry]]
"""Which node stands for each entry, and the nodes that stand for several; their names say how many."""
_Like = tuple[str, str, bool]


def gathered(content: Content, most: int, *, folds: bool = True) -> Gathered:
    """Return what is drawn: the ways to the services one by one, and what hangs on none of them as one node.

    Those are, each verdict apart, public packages that reach no service, services that are clear or that are others'
    and not exposed, and companies that nothing ties to the incident. Where the reader has no service, the first
    packages are drawn. Of what remains, kinds and verdicts with few entries show them all where there are more than
    ``most``; the others show their largest groups, services by company or owner, packages by what they hang on,
    companies by supplier; one node has the rest.
    """
    at: dict[str, str] = {}
    nodes: dict[str, Entry] = {}
    rows = Counter(_like(one) for one in content.entries.values() if one.row)
    for members in _beside_the_ways(content, most) if folds else ():
        number, first = sum(one.row for one in members), members[0]
        if number > 1:
            single, plural = _MORE if number < rows[_like(first)] else _CALLED[first.kind]
            label = f"{counted(number, single, plural)}{' of others' if first.external else ''}"
            apart = "-others" if first.external else ""
            _gather(f"+{first.kind}-{first.verdict}{apart}", label, members, at, nodes)
    rest = [one for one in content.entries.values() if one.id not in at]
    if len(rest) <= most:
        at |= {one.id: one.id for one in rest}
        return at, nodes
    room = min(most // (len(KINDS) * len(VERDICTS)), _GROUPS)  # for each kind and verdict
    classes: dict[tuple[str, str], list[Entry]] = {}
    for one in rest:
        classes.setdefault((one.kind, one.verdict), []).append(one)
    for (kind, verdict), members in classes.items():
        for number, (label, inside) in enumerate(_groups(members, room)):
            _gather(f"+{kind}-{verdict}-{number}", label, inside, at, nodes)
    return at, nodes


def _beside_the_ways(content: Content, most: int) -> Iterator[list[Entry]]:
    """Yield what is on no way to a service, each kind and verdict together, services of others apart."""
    entries = content.entries.values()
    ways = {other for one in entries if one.kind == SERVICE for other in one.lit}
    if not any(one.kind == SERVICE and not one.external for one in entries):
        packages = [one for one in entries if one.kind == PACKAGE and one.row]
        ways |= {other for one in packages[:_FIRST] for other in one.lit}
    few = len(entries) <= most
    classes: dict[_Like, list[Entry]] = {}
    for one in entries:
        if (
            (one.kind == PACKAGE and one.id not in ways)
            or (one.kind == SERVICE and few and (one.verdict == "cleared" or (one.external and len(one.lit) == 1)))
            or (one.kind == COMPANY and one.verdict in _NOT_TIED)
        ):
            classes.setdefault(_like(one), []).append(one)
    yield from classes.values()


def _like(one: Entry) -> _Like:
    return one.kind, one.verdict, one.external


def _groups(members: Sequence[Entry], room: int) -> Iterator[tuple[str, list[Entry]]]:
    """Yield the groups of a kind and verdict, each with what it is called, so that there are at most ``room``."""
    if len(members) <= room:
        yield from (("", [one]) for one in members)
        return
    groups: dict[str, list[Entry]] = {}
    for one in members:
        groups.setdefault(one.group, []).append(one)
    rest = groups.pop("", [])
    order = sorted(groups, key=lambda name: (-len(groups[name]), name))
    named = order[: max(room - 1, 0)]
    rest += [one for name in order[len(named) :] for one in groups[name]]
    yield from ((f"{len(groups[name]):,} of {name}", groups[name]) for name in named)
    yield f"{len(rest):,} more", rest


def _gather(node: str, label: str, members: Sequence[Entry], at: dict[str, str], nodes: dict[str, Entry]) -> None:
    """Have a node stand for entries of one kind and verdict; one alone stands for itself."""
    if len(members) == 1:
        at[members[0].id] = members[0].id
    elif members:
        slots = sorted({slot for one in members for slot in one.slots})
        first = members[0]
        nodes[node] = Entry(
            id=node, kind=first.kind, name=label, verdict=first.verdict, column=first.column, slots=slots
        )
        at |= {one.id: node for one in members}
