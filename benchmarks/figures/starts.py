"""Starts and the real case: what the first line of an answer takes from a cold start, beside an idle start and others.

A second demo reads what it has read before, asks and writes both examples.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures.commands import Command, blast, figure_of, graphkit, in_turns, run, who_has
from benchmarks.figures.plan import Plan, idle, warm
from benchmarks.figures.results import Figure, beside

CASE = "litellm-2026-03"


def figures(plan: Plan) -> Iterator[Figure]:
    """Yield the figures of this part."""
    folder = plan.folder("starts")
    graph, answer = folder / "graph", folder / "answer.json"
    demo = Command(
        name="demo",
        of="graphkit",
        words=graphkit("demo", "--graph", str(graph), "--output", str(folder / "report.html")),
    )
    first = figure_of(demo, [run(demo.words)])
    again = Command(name="demo again", of="graphkit", words=demo.words)
    question = Command(
        name=f"blast {CASE} as JSON", of="graphkit", words=blast(graph, CASE, answer), leaves_out="the ingest"
    )
    screen = Command(
        name=f"blast {CASE} as the first screen",
        of="graphkit",
        words=graphkit("blast", CASE, "--graph", str(graph)),
        leaves_out="the ingest; drawing by a terminal",
    )
    filed = Command(
        name="who-has litellm as JSON", of="graphkit", words=who_has(graph, "litellm", answer), leaves_out="the ingest"
    )
    found = in_turns([idle(), question, screen, filed, again, *others()], plan.rounds)
    start = found["idle start"]
    yield beside(first, start, "an idle start")
    for name, one in found.items():
        yield beside(one, start, "an idle start") if name != again.name else beside(one, found[question.name], "blast")
    for verb, target in (("blast", CASE), ("who-has", "litellm")):
        yield beside(warm(graph, plan.rounds, verb, target), start, "an idle start")


def others() -> Iterator[Command]:
    """Yield commands of others that do nothing but start, and what it takes to import what graphkit is built on."""
    beside_python = Path(sys.executable).parent  # not resolved: a virtual environment's python is a link
    yield Command(name="python -c pass", of="python", words=(sys.executable, "-c", "pass"))
    for module in ("numpy", "duckdb", "networkx", "neo4j"):
        words = (sys.executable, "-c", f"import {module}")
        yield Command(name=f"python -c 'import {module}'", of="python", words=words)
    yield Command(name="pip --version", of="pip", words=(sys.executable, "-m", "pip", "--version"))
    if uv := shutil.which("uv", path=os.pathsep.join([str(beside_python), os.environ.get("PATH", "")])):
        yield Command(name="uv --version", of="uv", words=(uv, "--version"))
