"""Fleets of SBOMs: how fast they are stored, and what a question over them takes from a cold start.

Trees are real closures of the package index (`benchmarks/documents/fleet.py`), and in one more fleet made up: 4,000
names in 5 versions each. Storing is compared with a `json.loads` loop over the same files, questions with an idle start
and `grep -rl`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.figures.commands import Command, blast, figure_of, graphkit, in_turns, module, output_of, run, who_has
from benchmarks.figures.plan import Plan, idle, warm
from benchmarks.figures.results import Figure, beside

MADE_UP = 4_000
"""Documents of the made-up fleet."""
COMPONENTS = 50
_LOADS = """
import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*.json"):
    json.loads(path.read_bytes())
"""
_READ = """
import pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*.json"):
    path.read_bytes()
"""
_CYCLONEDX = """
import itertools, json, pathlib, sys
from cyclonedx.model.bom import Bom
for path in itertools.islice(pathlib.Path(sys.argv[1]).rglob("*.json"), int(sys.argv[2])):
    Bom.from_json(json.loads(path.read_bytes()))
"""
_CYCLONEDX_DOCUMENTS = 20
_LIBRARY_ALONE = "storing; parsing alone, of 20 documents, scaled to all"
_FINDINGS = frozenset({0, 1, 127, 128})
"""Exit codes of osv-scanner: nothing, findings, no database to compare with, no packages.

It ends with 127 for words that it does not know, too, so that what it prints must show that it read the documents.
"""
_READ_ONE = b" file and found "
"""What osv-scanner prints for each document."""


def figures(plan: Plan) -> Iterator[Figure]:
    """Yield the figures of this part."""
    for number, (fleet, size) in enumerate(fleets(plan)):
        yield from stored(plan, fleet, size, plan.folder(f"stored-{number}") / "graph")
        yield from asked(plan, fleet, size, plan.scratch / f"stored-{number}" / "graph")
        if not plan.fleet:
            shutil.rmtree(fleet)
    fleet = plan.scratch / "made-up"
    output_of(module("benchmarks.documents.fleet", "--output", str(fleet), "--made-up", *_sized(MADE_UP)))
    alone = replace(plan, osv_scanner=None, peer_python=None, missing=[])
    for one in stored(alone, fleet, MADE_UP, plan.scratch / "made-up-graph"):
        yield replace(one, name=f"{one.name}, 4,000 names in 5 versions")


def fleets(plan: Plan) -> Iterator[tuple[Path, int]]:
    """Yield each fleet with the number of its documents."""
    if plan.fleet:
        yield plan.fleet, sum(1 for _ in plan.fleet.rglob("*.json"))
        return
    if not plan.parquet.exists():
        plan.missing.append(f"fleets of real trees: there is no {plan.parquet.name}; name it with --parquet")
        return
    for size in plan.sizes:
        fleet = plan.scratch / f"fleet-{size}"
        words = ("benchmarks.documents.fleet", "--output", str(fleet), "--parquet", str(plan.parquet), *_sized(size))
        output_of(module(*words))
        yield fleet, size


def _sized(documents: int) -> tuple[str, ...]:
    return ("--documents", str(documents), "--components", str(COMPONENTS))


def _python_loop(name: str, script: str, fleet: Path, *, leaves_out: str) -> Command:
    """Return a loop of Python over the files of a fleet."""
    words = (sys.executable, "-c", script, str(fleet))
    return Command(name=name, of="python", words=words, leaves_out=leaves_out, each="documents")


def stored(plan: Plan, fleet: Path, size: int, graph: Path) -> Iterator[Figure]:
    """Yield what storing a fleet takes, each as a ratio to the `json.loads` loop; leaves its graph."""
    words = graphkit("ingest", "sbom", str(fleet), "--graph", str(graph), "--quiet")
    commands = [
        _python_loop("reading the bytes", _READ, fleet, leaves_out="all but reading"),
        _python_loop("json.loads loop", _LOADS, fleet, leaves_out="all but parsing"),
        Command(
            name="ingest",
            of="graphkit",
            words=words,
            before=lambda: shutil.rmtree(graph, ignore_errors=True),
            leaves_out="compiling for questions, which the first question does",
            each="documents",
        ),
        Command(name="ingest again", of="graphkit", words=words, each="documents"),
    ]
    if plan.osv_scanner:
        scan = (plan.osv_scanner, "scan", "source", "--recursive", "--offline", "--format", "json", str(fleet))
        commands.append(
            Command(
                name="scan",
                of="osv-scanner",
                words=scan,
                good=_FINDINGS,
                says=_READ_ONE,
                leaves_out="storing, since it keeps nothing, and comparing, since it has no database without a network",
                each="documents",
            )
        )
    else:
        plan.missing.append(f"osv-scanner over {size:,} documents: not given (--osv-scanner)")
    found = in_turns(commands, plan.rounds, size)
    for one in found.values():
        yield beside(one, found["json.loads loop"], "json.loads")
    yield Figure(
        name="record of a document",
        of="graphkit",
        kind="size",
        value=(graph / "graph.duckdb").stat().st_size / size,
        unit="bytes",
        size=size,
        leaves_out="what is compiled of it",
    )
    if plan.peer_python:
        words = (plan.peer_python, "-c", _CYCLONEDX, str(fleet), str(_CYCLONEDX_DOCUMENTS))
        peer = Command(
            name="parsing", of="cyclonedx-python-lib", words=words, leaves_out=_LIBRARY_ALONE, each="documents"
        )
        one = figure_of(peer, [run(words)], size)
        scaled = replace(one, value=one.value * size / _CYCLONEDX_DOCUMENTS, least=None, most=None, peak=None)
        yield beside(scaled, found["json.loads loop"], "json.loads")
    else:
        plan.missing.append(f"cyclonedx-python-lib over {size:,} documents: not given (--peer-python)")


def asked(plan: Plan, fleet: Path, size: int, graph: Path) -> Iterator[Figure]:
    """Yield what questions over a fleet that is stored take, each as a ratio to an idle start."""
    answer, name = graph.with_name("answer.json"), plan.target.partition("==")[0]
    words = {
        "blast as JSON": blast(graph, plan.target, answer),
        "blast as the first screen": graphkit("blast", plan.target, "--graph", str(graph)),
        "who-has as JSON": who_has(graph, name, answer),
    }
    first = Command(
        name="first blast after the ingest, as JSON",
        of="graphkit",
        words=words["blast as JSON"],
        leaves_out="the ingest",
    )
    once = figure_of(first, [run(first.words)], size)
    grep = Command(
        name="grep -rl", of="grep", words=("grep", "-rl", name, str(fleet)), leaves_out="versions, services, JSON"
    )
    own = [Command(name=one, of="graphkit", words=told, leaves_out="the ingest") for one, told in words.items()]
    found = in_turns([idle(), *own, grep], plan.rounds, size)
    for one in (once, *found.values()):
        yield beside(one, found["idle start"], "an idle start")
    yield beside(replace(found["who-has as JSON"], name="who-has as JSON, beside grep"), found["grep -rl"], "grep -rl")
    for verb, target in (("blast", plan.target), ("who-has", name)):
        yield beside(warm(graph, plan.rounds, verb, target, size=size), found["idle start"], "an idle start")
