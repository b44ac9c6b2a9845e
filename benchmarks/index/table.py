"""What the benchmark of the whole index prints."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.index.children import MEGABYTE, Child

# What is asked of graphkit: seconds, bytes, or times what the other takes.
BUILD_SECONDS, BUILD_PEAK, BYTES_EACH = 40.0, 2500 * MEGABYTE, 40.0
FASTER = {"SciPy": 1.0, "rustworkx": 8.0, "LadybugDB": 10.0, "networkx": 100.0}
SLOTS_TIMES, SMALL_SECONDS = 3.0, 0.002
COLD_SECONDS = (0.6, 0.4)
SIZES = ("to 10", "to 100", "to 1000")
Answers = Sequence[Mapping[str, Any]]


def lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: first column to the left, the others to the right."""
    rule = "|---|" + "---:|" * (len(heads) - 1)
    return "\n".join([f"| {' | '.join(heads)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def by_size(answers: Answers) -> list[float | None]:
    """Return the median seconds of answers of up to 10, 100 and 1000 nodes; the first answer is the worst one's."""
    found: list[float | None] = []
    for least, most in ((2, 10), (11, 100), (101, 1000)):
        times = [one["seconds"] for one in answers[1:] if least <= one["nodes"] <= most]
        found.append(statistics.median(times) if times else None)
    return found


def header(exported: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Return what was asked of which graph."""
    return (
        f"{exported['releases']:,} releases, {exported['nodes']:,} nodes, {exported['edges']:,} edges; best of 3.\n"
        f"To choose for all ranges at that instant and lay out the edges took {exported['seconds']:.1f} s.\n"
        f"Worst: {exported['worst']}, which {own['answers'][0]['nodes']:,} nodes reach. "
        f"Small: {len(own['answers']) - 1} releases, medians by the nodes of the answer.\n"
    )


def engines(children: Mapping[str, Child], wrong: Sequence[str]) -> str:
    """Return the comparison of engines; ratios are to graphkit."""
    base = children["graphkit"].answer["answers"]
    rows = []
    for name, child in children.items():
        if child.answer is None:
            rows.append([name, *[""] * 7, child.failure])
            continue
        answers = child.answer["answers"]
        rows.append(
            [
                name,
                f"{child.answer['load']:.2f}",
                f"{child.peak / MEGABYTE:,.0f}",
                f"{answers[0]['seconds'] * 1000:,.0f}",
                f"{answers[0]['seconds'] / base[0]['seconds']:.3g}",
                *(_milliseconds(one) for one in by_size(answers)),
                "no" if name in wrong else "yes",
            ]
        )
        if "again" in child.answer:
            times = [answer | {"seconds": again} for answer, again in zip(answers, child.answer["again"], strict=True)]
            worst = times[0]["seconds"]
            again = [f"{worst * 1000:,.0f}", f"{worst / base[0]['seconds']:.3g}"]
            rows.append([f"{name}, same instant again", "", "", *again, *map(_milliseconds, by_size(times)), ""])
    return lines(("engine", "load s", "peak MB", "worst ms", "x graphkit", *(f"{s} ms" for s in SIZES), "agrees"), rows)


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:,.4g}"


def _bytes_each(answer: Mapping[str, Any]) -> float:
    each: float = answer["index"] / (answer["releases"] + answer["members"])
    return each


def build(built: Child, changed: Child) -> str:
    """Return what building took, and what a page does that changed afterwards."""
    answer = built.answer
    rows = [
        ["Parquet to record, s", f"{answer['ingest']:.1f}"],
        ["record to index, s", f"{answer['compile']:.1f}"],
        ["peak, MB", f"{built.peak / MEGABYTE:,.0f}"],
        ["record on disk, MB", f"{answer['record'] / MEGABYTE:,.0f}"],
        ["index on disk, MB", f"{answer['index'] / MEGABYTE:,.0f}"],
        ["releases; members of requirement sets", f"{answer['releases']:,}; {answer['members']:,}"],
        ["index bytes for each of those", f"{_bytes_each(answer):.1f}"],
        ["one page that changed: record, s", f"{changed.answer['record']:.1f}"],
        ["then index, s; peak, MB", f"{changed.answer['compile']:.1f}; {changed.peak / MEGABYTE:,.0f}"],
    ]
    return lines(("build", ""), rows)


def questions(own: Mapping[str, Any], blasts: Mapping[str, Child]) -> str:
    """Return graphkit's other questions."""
    one, again = own["slot"], own["slot_again"]
    rows = [
        ["1 slot while many uploads are known, ms", f"{one * 1000:,.0f}", "1"],
        ["8 slots from its upload to then, ms", f"{own['slots'] * 1000:,.0f}", f"{own['slots'] / one:.2f}"],
        ["1 slot, same instant again, ms", f"{again * 1000:,.0f}", f"{again / one:.2f}"],
        ["8 slots, same instants again, ms", f"{own['slots_again'] * 1000:,.0f}", f"{own['slots_again'] / one:.2f}"],
        ["admitted, ms", f"{own['admitted'] * 1000:,.0f}", f"{own['admitted'] / one:.2f}"],
        ["closure at any time, ms", f"{own['closure'] * 1000:,.0f}", f"{own['closure'] / one:.2f}"],
    ]
    for target, child in blasts.items():
        shown = child.failure or f"{child.seconds * 1000:,.0f}"
        rows.append([f"cold: blast {target} --limit 20, ms", shown, f"{child.peak / MEGABYTE:,.0f} MB"])
    return lines(("graphkit, worst release", "", "x 1 slot"), rows)


def targets(built: Child | None, children: Mapping[str, Child], blasts: Mapping[str, Child]) -> str:
    """Return each target, what was measured, and whether that is within it."""
    own = children["graphkit"].answer
    worst = own["answers"][0]["seconds"]
    rows: list[tuple[str, str, str, bool]] = []
    if built:
        took, each = built.answer["ingest"] + built.answer["compile"], _bytes_each(built.answer)
        rows.append(("Parquet to answer-ready, s", f"{took:.1f}", f"{BUILD_SECONDS:.0f}", took <= BUILD_SECONDS))
        peak = f"{built.peak / MEGABYTE:,.0f}"
        rows.append(("its peak, MB", peak, f"{BUILD_PEAK / MEGABYTE:,.0f}", built.peak <= BUILD_PEAK))
        rows.append(("index bytes each", f"{each:.1f}", f"{BYTES_EACH:.0f}", each <= BYTES_EACH))
    for name, times in FASTER.items():
        if children[name].answer:
            ratio = children[name].answer["answers"][0]["seconds"] / worst
            rows.append((f"worst: times faster than {name}", f"{ratio:.2f}", f"at least {times:g}", ratio >= times))
    slots = own["slots"] / own["slot"]
    rows.append(("8 slots, x 1 slot", f"{slots:.2f}", f"{SLOTS_TIMES:g}", slots <= SLOTS_TIMES))
    for size, seconds in zip(SIZES, by_size(own["answers"]), strict=True):
        if seconds is not None:
            row = (f"small, {size} nodes, ms", f"{seconds * 1000:.2f}", f"{SMALL_SECONDS * 1000:.0f}")
            rows.append((*row, seconds <= SMALL_SECONDS))
    for (target, child), most in zip(blasts.items(), COLD_SECONDS, strict=False):
        rows.append((f"cold {target}, s", f"{child.seconds:.2f}", f"{most}", child.seconds <= most))
    return lines(("target", "measured", "asked", "met"), [[*row[:3], "yes" if row[3] else "no"] for row in rows])
