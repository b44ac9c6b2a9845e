"""How questions grow: with the fleet, with the services of one answer, with the releases of an incident.

Fleets are made up (`benchmarks/documents/fleet.py`), of 10 components each besides those that say how many documents
hold them. Ratios are to an idle start; the growth of a figure is checked by `benchmarks/figures/targets.py`.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.documents.made_up import HELD_BY, NAMES, VERSIONS, made_up_name, made_up_version
from benchmarks.figures.commands import Command, blast, figure_of, graphkit, in_turns, module, output_of, run, who_has
from benchmarks.figures.plan import Plan, idle
from benchmarks.figures.results import BY_SIZE, Figure, beside
from benchmarks.index.growth import power

COMPONENTS = 10
INCIDENTS = (1, 100, 1_500)
"""Releases of the incidents."""
FEW = 10
_ROUNDS = 3
_LEAST = 0.01
"""Seconds that are taken as such where less is above an idle start."""
_SINCE = ("--from", "2023-09-01T00:00Z", "--until", "2025-01-01T00:00Z")


def figures(plan: Plan) -> Iterator[Figure]:
    """Yield the figures of this part, then how each grows."""
    found = []
    for one in measured(plan):
        found.append(one)
        yield one
    yield from fitted(found)


def measured(plan: Plan) -> Iterator[Figure]:
    """Yield what is measured; each fleet is removed before the next is made."""
    for size in plan.growth:
        folder = plan.folder(f"growth-{size}")
        fleet, graph = folder / "fleet", folder / "graph"
        made = ("--documents", str(size), "--components", str(COMPONENTS), "--made-up")
        output_of(module("benchmarks.documents.fleet", "--output", str(fleet), *made))
        yield from with_the_fleet(plan, fleet, graph, size)
        if size == max(plan.growth):
            yield from with_the_services(plan, graph, size)
            yield from with_the_incident(plan, graph)
        shutil.rmtree(folder)


def fitted(found: Sequence[Figure]) -> Iterator[Figure]:
    """Yield the exponent of the power law that fits each figure best, beside that of n log n over the same sizes.

    What an idle start takes is not counted.
    """
    start = min((one.value for one in found if one.name == "idle start"), default=0.0)
    series: dict[str, list[Figure]] = {}
    for one in found:
        if BY_SIZE in one.name and one.size:
            series.setdefault(one.name, []).append(one)
    for name, every in series.items():
        sizes = [one.size or 1 for one in every]
        if len(set(sizes)) > 1:
            _, exponent = power(sizes, [max(one.value - start, _LEAST) for one in every])
            _, beside_it = power(sizes, [size * math.log2(size + 1) for size in sizes])
            yield Figure(
                name=f"{name}: exponent of the fit (n log n: {beside_it:.2f})",
                of="fit",
                kind="size",
                value=exponent,
                unit="",
                size=max(sizes),
            )


def _rounds(plan: Plan) -> int:
    return min(_ROUNDS, plan.rounds)


def with_the_fleet(plan: Plan, fleet: Path, graph: Path, size: int) -> Iterator[Figure]:
    """Yield the ingest of a fleet and questions whose answer has as many services in each fleet."""
    ingest = Command(
        name="ingest, by documents",
        of="graphkit",
        words=graphkit("ingest", "sbom", str(fleet), "--graph", str(graph), "--quiet"),
        before=lambda: shutil.rmtree(graph, ignore_errors=True),
        leaves_out="compiling for questions",
        each="documents",
    )
    stored = in_turns((idle(), ingest), _rounds(plan), size)
    answer = graph.with_name("answer.json")
    few = blast(graph, f"held-by-{FEW}==1.0", answer)
    first = Command(
        name="first blast after the ingest, by documents", of="graphkit", words=few, leaves_out="the ingest"
    )
    once = figure_of(first, [run(few)], size)
    asked = in_turns(
        [
            idle(),
            Command(name="blast that exposes 10, by documents", of="graphkit", words=few, leaves_out="the ingest"),
            Command(
                name="blast as the first screen, by documents",
                of="graphkit",
                words=graphkit("blast", f"held-by-{FEW}==1.0", "--graph", str(graph)),
                leaves_out="the ingest",
            ),
            Command(
                name="who-has of 10, by documents",
                of="graphkit",
                words=who_has(graph, f"held-by-{FEW}", answer),
                leaves_out="the ingest",
            ),
        ],
        _rounds(plan),
        size,
    )
    yield beside(stored[ingest.name], stored["idle start"], "an idle start")
    for one in (once, *asked.values()):
        yield beside(one, asked["idle start"], "an idle start")


def with_the_services(plan: Plan, graph: Path, size: int) -> Iterator[Figure]:
    """Yield questions over one fleet that expose ever more of its services."""
    answer = graph.with_name("answer.json")
    for many in (one for one in HELD_BY if one <= size):
        question = Command(
            name="blast, by services that it exposes",
            of="graphkit",
            words=blast(graph, f"held-by-{many}==1.0", answer),
            leaves_out="the ingest",
        )
        filed = Command(
            name="who-has, by services that it finds",
            of="graphkit",
            words=who_has(graph, f"held-by-{many}", answer),
            leaves_out="the ingest",
        )
        found = in_turns([idle(), question, filed], _rounds(plan), many)
        for one in (found[question.name], found[filed.name]):
            yield beside(one, found["idle start"], "an idle start")


def with_the_incident(plan: Plan, graph: Path) -> Iterator[Figure]:
    """Yield questions over one fleet about incidents of ever more releases, those in the fewest documents first."""
    folder = graph.with_name("advisories")
    folder.mkdir()
    for many in INCIDENTS:
        file = folder / f"MAL-2099-{many}.json"
        file.write_text(json.dumps(advisory(many)), encoding="utf-8")
    run(graphkit("ingest", "advisory", str(folder), "--graph", str(graph), "--quiet"))
    answer = graph.with_name("answer.json")
    for many in INCIDENTS:
        question = Command(
            name="blast, by releases of the incident",
            of="graphkit",
            words=blast(graph, f"MAL-2099-{many}", answer, *_SINCE),
            leaves_out="the ingest",
        )
        found = in_turns([idle(), question], _rounds(plan), many)
        yield beside(found[question.name], found["idle start"], "an idle start")


def advisory(many: int) -> dict[str, object]:
    """Return an OSV record that names so many made-up releases, of as few packages as have them.

    >>> [len(one["versions"]) for one in advisory(7)["affected"]]
    [5, 2]
    """
    affected = []
    for start in range(0, many, VERSIONS):
        versions = [made_up_version(number) for number in range(min(VERSIONS, many - start))]
        package = {"ecosystem": "PyPI", "name": made_up_name(NAMES - 1 - start // VERSIONS)}
        affected.append({"package": package, "versions": versions})
    return {
        "id": f"MAL-2099-{many}",
        "modified": "2024-01-01T00:00:00Z",
        "published": "2024-01-01T00:00:00Z",
        "summary": "Made up for the benchmark",
        "affected": affected,
    }
