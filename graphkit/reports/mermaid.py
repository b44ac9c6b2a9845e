"""A blast as a Mermaid flowchart: the shortest paths from releases through packages and services to companies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar
from urllib.parse import quote, unquote

from msgspec.structs import replace

from graphkit.model.answers import Blast, PackageRow, Provenance, ServiceVerdict
from graphkit.reports.content import COMPANY, KINDS, PACKAGE, RELEASE, SERVICE, VERDICTS, Content, Entry, content
from graphkit.reports.interface import ReportOptions
from graphkit.reports.layout import COLOURS
from graphkit.reports.provenance import read_stamp, stamp
from graphkit.reports.text import counted, shown
from graphkit.reports.wording import listing, made_of, notices, said_beside, slot_runs, window_lines

MOST_NODES: Final = 200
MOST_LINKS: Final = 480
"""Mermaid refuses a chart of more than 500 links or 50,000 characters, and a chart cannot ask for more."""
_MOST_WINDOWS: Final = 20
"""How many incidents have a note that says their window."""
_LONGEST: Final = 72
_UNSAFE: Final = re.compile(r"(?<=www)\.|[^\w .,/()+\u0080-\U0010ffff-]|_", re.IGNORECASE)
_PLURAL: Final = {RELEASE: "releases", PACKAGE: "packages", SERVICE: "services", COMPANY: "companies"}
_SHAPES: Final = {RELEASE: ("[[", "]]"), PACKAGE: ("[", "]"), SERVICE: ("(", ")"), COMPANY: ("([", "])")}
_DASHED: Final = frozenset({"unknown"})
_REACHED: Final = frozenset({SERVICE, COMPANY})
_WEIGHTS: Final = {"unknown": 1, "cleared": 3, "none": 3}
_Row = TypeVar("_Row", PackageRow, ServiceVerdict)


class MermaidReport:
    """A blast as text that Mermaid draws, with at most ``MOST_NODES`` nodes; counted nodes stand for the rest."""

    suffix: Final = ".mmd"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the flowchart; every service that is unknown has a node, or is counted in one that says so."""
        listed = listing(blast, view)
        short = replace(blast, services=tuple(map(_shortest, blast.services)))
        drawn = content(short, replace(listed, packages=tuple(map(_shortest, listed.packages))))
        _name_releases(drawn, blast)
        beside = [*notices(blast), *said_beside(blast), *window_lines(blast)[:_MOST_WINDOWS], *listed.notes]
        if blast.notes:
            beside.append(f"{counted(len(blast.notes), 'note')} on this answer stand in the other reports")
        unsure = {row.package: slot_runs(row.unresolvable) for row in listed.packages if row.unresolvable}
        at, more = _gathered(drawn, MOST_NODES - len(beside) - 1)
        links = dict.fromkeys((at[start], at[end]) for start, end in _weighed(drawn) if at[start] != at[end])
        if (over := len(links) - MOST_LINKS) > 0:
            beside.append(f"{counted(over, 'more link')} not drawn")
        lines = ["flowchart LR"]
        lines += [_node(one, unsure) for one in drawn.entries.values() if at[one.id] == one.id]
        lines += [f'{entry_id}["{number:,} more {label}"]' for entry_id, (number, label) in more.items()]
        lines += [f'note{number}["note{_BREAK}{label(text)}"]' for number, text in enumerate(beside)]
        lines += [f"{start} --> {end}" for start, end in list(links)[:MOST_LINKS]]
        lines += _classes(drawn, at)
        lines.append(_MADE + quote(stamp(made_of(blast, view)), safe=" ,.:;=@/()+-_"))
        return "\n    ".join(lines) + "\n"

    def provenance(self, text: str) -> Provenance | None:
        """Return what such a chart says it was made of, in its last line, a comment."""
        _, found, rest = text.rpartition(_MADE)
        return read_stamp(unquote(rest.strip())) if found and text.startswith("flowchart LR\n") else None


REPORT: Final = MermaidReport()
_BREAK: Final = "<br/>"
_MADE: Final = "%% graphkit report verify reads this: "
"""What follows is percent-encoded: Mermaid takes braces in a comment for a directive."""


def label(text: str, longest: int = 2 * _LONGEST) -> str:
    """Return a text for a quoted label: all that Mermaid, Markdown or HTML could act on is a character code.

    >>> label('a"b@1')
    'a#34;b#64;1'

    It is cut to ``longest`` characters, as written, so that no name makes a chart too long to be drawn.
    """
    parts: list[str] = []
    room = longest
    for character in re.findall(r"www\.|.", shown(text), re.IGNORECASE):
        part = _UNSAFE.sub(_code, character)
        room -= len(part)
        if room < 0:
            return "".join((*parts, "…"))
        parts.append(part)
    return "".join(parts)


def _code(found: re.Match[str]) -> str:
    return f"#{ord(found[0])};"


def _shortest(row: _Row) -> _Row:
    return replace(row, paths=(min(row.paths, key=len),) if row.paths else ())


def _name_releases(drawn: Content, blast: Blast) -> None:
    """Call the compromised releases by their kind that ``--limit`` took from the list and a path still ends in."""
    bad = {shown(f"{one.release.package}@{one.release.version}") for one in blast.incident.releases}
    bad |= {shown(one.release.purl) for one in blast.incident.releases}
    for entry in drawn.entries.values():
        if not entry.row and entry.name in bad:
            entry.kind, entry.verdict = RELEASE, "compromised"


def _gathered(drawn: Content, most: int) -> tuple[Mapping[str, str], dict[str, tuple[int, str]]]:
    """Return which node stands for each entry, and the counted nodes: one for each kind and verdict cut from.

    What stands on the way to an exposed service or company goes last; before it what is unknown, then other
    packages and releases; what is cleared gives way first.
    """
    entries = list(drawn.entries.values())
    if len(entries) <= most:
        return {one.id: one.id for one in entries}, {}
    room = most - len({(one.kind, one.verdict) for one in entries})
    on_path = {entry_id for one in entries if one.kind in _REACHED for link in one.trail for entry_id in link}

    def place(one: Entry) -> tuple[int, int, bool, int]:
        weight = 0 if one.id in on_path else _WEIGHTS.get(one.verdict, 2 if one.kind not in _REACHED else 0)
        return weight, VERDICTS.index(one.verdict), one.kind == PACKAGE, one.column

    order = sorted(entries, key=place)
    kept = {one.id for one in order[:room]}
    at = {one.id: one.id if one.id in kept else f"more_{one.kind}_{one.verdict}" for one in entries}
    counts = Counter((one.kind, one.verdict) for one in entries if one.id not in kept)
    more = {
        f"more_{kind}_{verdict}": (number, f"{kind if number == 1 else _PLURAL[kind]}{_BREAK}{verdict}")
        for (kind, verdict), number in sorted(counts.items(), key=lambda pair: _place(*pair[0]))
    }
    return at, more


def _place(kind: str, verdict: str) -> tuple[int, int]:
    return KINDS.index(kind), VERDICTS.index(verdict)


def _weighed(drawn: Content) -> Iterable[tuple[str, str]]:
    """Return the links, those on the ways to services and companies first."""
    entries = drawn.entries.values()
    first = {link for one in entries if one.kind in _REACHED for link in one.trail}
    return sorted(drawn.links, key=lambda link: link not in first)


def _node(one: Entry, unsure: Mapping[str, str]) -> str:
    """Return a node; its label begins with its kind, so that no name stands where Markdown begins a block."""
    before, after = _SHAPES[one.kind]
    parts = [f"{one.kind} {label(one.name, _LONGEST)}"]
    unknown = sum(build["verdict"] == "unknown" for build in one.builds)
    if one.verdict == "unknown":
        parts.append(f"unknown - {label(one.reason, _LONGEST)}" if one.reason else "unknown")
    else:
        parts.append(f"{one.verdict}, {counted(unknown, 'build')} unknown" if unknown else _verdict(one))
    if one.kind == PACKAGE and one.name in unsure:
        parts.append(f"unresolvable in slots {label(unsure[one.name], _LONGEST)}")
    return f'{one.id}{before}"{_BREAK.join(parts)}"{after}'


def _verdict(one: Entry) -> str:
    """Return a verdict, with what it rests on where it is cleared: in words, or by names where words are too long."""
    if len(one.proof) <= _LONGEST:
        return label(one.proof) or one.verdict
    return f"{one.verdict}, assuming {', '.join(one.assumes)}"


def _classes(drawn: Content, at: Mapping[str, str]) -> Iterator[str]:
    """Yield the colours of the verdicts that are there; the word stands in each label, too."""
    nodes: dict[str, dict[str, None]] = {}
    for one in drawn.entries.values():
        nodes.setdefault(one.verdict, {})[at[one.id]] = None
    for verdict, (fill, stroke, ink) in COLOURS.items():
        if verdict in nodes:
            dashes = ",stroke-dasharray:4" if verdict in _DASHED else ""
            yield f"classDef {verdict} fill:{fill},stroke:{stroke},color:{ink}{dashes}"
            yield f"class {','.join(nodes[verdict])} {verdict}"
