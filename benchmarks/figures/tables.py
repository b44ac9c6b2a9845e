"""The tables of README.md and docs/performance.md, written between markers from the results of a run.

A table stands between ``<!-- figures: NAME -->`` and ``<!-- end -->``, each a line of its own. What was not measured
leaves its table as it is.
"""

from __future__ import annotations

import dataclasses
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.figures.others import compared
from benchmarks.figures.results import KINDS, Figure, Part, read

_BLOCK: Final = re.compile(r"(?ms)^(<!-- figures: ([a-z0-9-]+) -->\n)(.*?)(^<!-- end -->$)")
_WIDTH: Final = 120
_FEW: Final = 100
Rows = Sequence[Sequence[str]]


def number(value: float) -> str:
    """Return a value with three digits that count, thousands apart.

    >>> [number(one) for one in (0.01234, 1.0, 84.26, 1234.5, 0.0)]
    ['0.0123', '1.00', '84.3', '1,234', '0']
    """
    if not value:
        return "0"
    if abs(value) >= _FEW:
        return f"{value:,.0f}"
    return f"{value:#.3g}" if abs(value) >= 0.001 else f"{value:.2g}"


def measure(figure: Figure, value: float | None = None) -> str:
    """Return a value of a figure with its unit; what is below one second is in milliseconds.

    >>> measure(Figure(name="ask", of="graphkit", kind="command", value=0.0842))
    '84.2 ms'
    """
    shown = figure.value if value is None else value
    if figure.unit == "s" and figure.value < 1:
        return f"{number(shown * 1000)} ms"
    return f"{number(shown)} {figure.unit}"


def times(figure: Figure) -> str:
    """Return the ratio of a figure with its peer, empty where it has none."""
    return "" if figure.ratio is None else f"{number(figure.ratio)} x {figure.peer}"


def in_words(figure: Figure) -> str:
    """Return a figure as one line of a terminal."""
    size = "" if figure.size is None else f", {figure.size:,}"
    told = f"{figure.name}{size} ({figure.of}, {figure.kind}): {measure(figure)}"
    return f"{told}, {times(figure)}" if figure.ratio is not None else told


def grid(heads: Sequence[str], rows: Rows) -> str:
    """Return a Markdown table without the columns that are empty; the first is to the left, figures to the right.

    >>> print(grid(("a", "b", "c"), [("x", "", "1"), ("y", "", "2")]))
    | a | c |
    |---|---:|
    | x | 1 |
    | y | 2 |
    """
    used = [at for at in range(len(heads)) if any(row[at] for row in rows)]
    lines = [[heads[at] for at in used], *([row[at] for at in used] for row in rows)]
    rule = "|---|" + "---:|" * (len(used) - 1)
    return "\n".join([f"| {' | '.join(lines[0])} |", rule, *(f"| {' | '.join(line)} |" for line in lines[1:])])


def listed(part: Part, of_what: str) -> str:
    """Return a table with a row for each figure."""
    rows = [
        (
            _called(one),
            one.of,
            "" if one.size is None else f"{one.size:,}",
            measure(one),
            _spread(one),
            f"{number(one.size / one.value)} {one.each}" if one.each and one.size else "",
            times(one),
            "" if one.peak is None else number(one.peak),
        )
        for one in part.figures
    ]
    return grid(("what", "by", of_what, "median", "least to most", "a second", "ratio", "peak MB"), rows)


def _spread(figure: Figure) -> str:
    if figure.least is None or figure.most is None or figure.rounds == 1:
        return ""
    return f"{measure(figure, figure.least)} to {measure(figure, figure.most)}"


def _called(figure: Figure) -> str:
    return f"{figure.name} (kernel)" if figure.kind == "kernel" else figure.name


def pivoted(part: Part, of_what: str) -> str:
    """Return a table with a row for each size and engine, and a column for each thing that was measured."""
    names = list(dict.fromkeys(_called(one) for one in part.figures))
    rows: dict[tuple[int | None, str], dict[str, str]] = {}
    for one in part.figures:
        ratio = f" ({number(one.ratio)} x)" if one.ratio is not None else ""
        rows.setdefault((one.size, one.of), {})[_called(one)] = f"{measure(one)}{ratio}"
    peers = dict.fromkeys(one.peer for one in part.figures if one.peer)
    lines = [
        (of, "" if size is None else f"{size:,}", *(cells.get(name, "") for name in names))
        for (size, of), cells in rows.items()
    ]
    note = f"\n\nIn brackets: times what {' or '.join(peers)} takes." if peers else ""
    return grid(("by", of_what, *names), lines) + note


def _whole(part: Part) -> Part:
    return part


def only(part: Part, *names: str, others: bool = False) -> Part:
    """Return the part with the figures of these names, or with those of all other names."""
    return dataclasses.replace(part, figures=tuple(one for one in part.figures if (one.name in names) != others))


ENGINES: Final = ("load", "worst question", "question that reaches 101 to 1,000", "peak memory")
"""What every engine of the index is asked: the names of the figures that are compared side by side."""
BLOCKS: Final[Mapping[str, tuple[str, Callable[[Part], Part], Callable[[Part], str]]]] = {
    "starts": ("starts", _whole, lambda part: listed(part, "size")),
    "fleet": ("fleet", _whole, lambda part: listed(part, "documents")),
    "growth": ("growth", _whole, lambda part: listed(part, "size")),
    "index": ("index", lambda part: only(part, *ENGINES), lambda part: pivoted(part, "size")),
    "index-own": ("index", lambda part: only(part, *ENGINES, others=True), lambda part: listed(part, "size")),
    "index-growth": ("index-growth", _whole, lambda part: listed(part, "releases")),
    "neo4j": ("neo4j", _whole, lambda part: listed(part, "size")),
    "page": ("page", _whole, lambda part: pivoted(part, "services")),
}
"""The tables of parts by the names in their markers: of which part, which of its figures, and how they are written."""
OTHERS: Final = "others"
"""The name of the one table that is made of all parts: graphkit beside its peers."""
NAMES: Final = (OTHERS, *BLOCKS)


def notes(part: Part) -> Iterator[str]:
    """Yield sentences that say what the figures of a part are: what they leave out, and what they were measured on."""
    kinds = dict.fromkeys(one.kind for one in part.figures if one.kind != "size")
    if kinds:
        yield f"Times: {'. '.join(f'{kind}: {KINDS[kind]}' for kind in kinds)}."
    left: dict[str, dict[str, None]] = {}
    for one in part.figures:
        if one.leaves_out:
            left.setdefault(one.leaves_out, {})[one.name] = None
    if left:
        told = (f"{what}, in {', '.join(f'“{name}”' for name in names)}" for what, names in left.items())
        yield f"Left out: {'; '.join(told)}."
    if part.missing:
        yield f"Not measured: {'; '.join(part.missing)}."
    rounds = sorted({one.rounds for one in part.figures if one.kind != "size"})
    yield f"Rounds: {' or '.join(map(str, rounds)) or 'none'}, commands in turns; ratios are of medians."
    on = ", ".join(f"{name} {value}" for name, value in part.machine.items())
    with_ = ", ".join(f"{name} {value}" for name, value in part.versions.items())
    yield f"Measured {part.ended} at {part.commit or 'no commit'}, load {part.load[0]} before and {part.load[1]} after;"
    yield f"{on}; {with_}."


def beside_others(results: Path) -> str:
    """Return the table of graphkit beside its peers, with when each part was measured; empty where none was."""
    parts = {name: part for name in dict.fromkeys(of for of, *_ in BLOCKS.values()) if (part := read(results, name))}
    rows, told = [], ""
    for row, own, peer in compared(parts):
        first = row.what != told
        told = row.what
        cells = (row.what, measure(own)) if first else ("", "")
        rows.append((*cells, _peer(own, peer), measure(peer), f"{number(own.value / peer.value)} x"))
    if not rows:
        return ""
    used = {row.part for row, *_ in compared(parts)}
    when = "; ".join(f"{name} {part.ended} at {part.commit}" for name, part in parts.items() if name in used)
    machine = next(part.machine for name, part in parts.items() if name in used)
    on = ", ".join(f"{name} {value}" for name, value in machine.items())
    note = f"Measured, each part in one run: {when}; {on}."
    return f"{grid(('what', 'graphkit', 'beside', 'takes', 'graphkit takes'), rows)}\n\n{_folded(note)}\n"


def _peer(own: Figure, peer: Figure) -> str:
    """Return what a peer is called: by its name, and by what it does where that is not what graphkit does."""
    return peer.of if peer.name == own.name else f"{peer.of}, {peer.name}"


def table(results: Path, name: str) -> str:
    """Return a table with its notes, empty where its part has no results."""
    if name == OTHERS:
        return beside_others(results)
    of, chosen, written = BLOCKS[name]
    part = read(results, of)
    if part is None:
        return ""
    shown = chosen(part)
    return f"{written(shown)}\n\n{_folded(' '.join(notes(shown)))}\n"


def _folded(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def rewrite(pages: Sequence[Path], results: Path) -> Iterator[str]:
    """Write the tables of some pages anew; yield what became of each.

    Raises:
        SystemExit: the pages lack the markers of a table, or have some that no table is for.
    """
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    there = [found[2] for text in texts.values() for found in _BLOCK.finditer(text)]
    if sorted(there) != sorted(NAMES):
        wrong = ", ".join(sorted(set(there) ^ set(NAMES))) or "one twice"
        raise SystemExit(f"{' and '.join(page.name for page in pages)}: markers and tables differ: {wrong}")
    made = {name: table(results, name) for name in there}
    for name, lines in made.items():
        yield f"{name}: written" if lines else f"{name}: no results; its table is left as it is"
    for page, text in texts.items():
        new = _BLOCK.sub(lambda found: found[1] + (made[found[2]] or found[3]) + found[4], text)
        page.write_text(new, encoding="utf-8")
