"""The whole index: graphkit beside SciPy, igraph, rustworkx, networkx, DuckDB and LadybugDB, on the same graph.

    make bench-all OPTIONS='--parts index'

Builds a graph from Parquet, exports it once (see `export`), asks every engine which nodes reach the same releases,
and checks that all give the same sets. Each runs in a process of its own, one after another. Peers are installed into
an environment of their own under the cache; one that cannot be is said to be missing. What engines are asked are
kernels, the medians of some rounds after loading; what is asked of commands is a whole answer.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median as median_of
from typing import Any

from benchmarks.figures.commands import Command, blast, in_turns
from benchmarks.figures.plan import Plan, idle, warm
from benchmarks.figures.results import ROOT, Figure, beside, median
from benchmarks.index.children import MEGABYTE, Bounds, Child, environment, run
from benchmarks.index.sizes import SIZES
from benchmarks.ratios import trees

PEERS = ("SciPy", "igraph", "rustworkx", "networkx", "DuckDB", "LadybugDB")
SECONDS, MEMORY = 600.0, 12_000
"""How long one process may take, and how many MB it may hold."""
ROUNDS = 3
"""At most, of what takes long."""
SHOWN = "20"
"""Packages that questions over the whole index show."""
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where things are, and what a child may use."""

    cache: Path
    scratch: Path
    surroundings: Mapping[str, str]
    bounds: Bounds

    def run(self, *words: str) -> Child:
        """Run a command in the checkout."""
        return run(words, self.bounds, self.surroundings, ROOT)

    def own(self, *words: str) -> Child:
        """Run a module of this benchmark with graphkit.

        Raises:
            SystemExit: it failed; nothing can be compared then.
        """
        child = self.run(sys.executable, "-m", *words)
        if child.failure:
            raise SystemExit(f"{' '.join(words)}: {child.failure}")
        return child


def place_of(plan: Plan) -> Place:
    """Return where to work.

    Raises:
        SystemExit: there is no index to take.
    """
    if not plan.parquet.exists():
        raise SystemExit(f"there is no {plan.parquet.name}; name the whole index with --parquet")
    surroundings = {**environment(plan.cache), "TMPDIR": str(plan.scratch)}
    bounds = Bounds(seconds=SECONDS, memory=MEMORY * MEGABYTE)
    return Place(cache=plan.cache, scratch=plan.scratch, surroundings=surroundings, bounds=bounds)


def peers_python(cache: Path) -> tuple[Path, dict[str, str]]:
    """Return the interpreter of the peers, made where it is not there, and which requirement would not install."""
    text = _REQUIREMENTS.read_text(encoding="utf-8")
    folder = cache / f"peers-{hashlib.sha256(text.encode() + sys.version.encode()).hexdigest()[:12]}"
    python, done = folder / "bin" / "python", folder / "done"
    missing: dict[str, str] = {}
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for line in text.splitlines():
            if line and not line.startswith("#"):
                words = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", line]
                got = subprocess.run(words, capture_output=True, text=True, check=False)
                if got.returncode:
                    missing[line] = (got.stderr.strip().splitlines() or ["?"])[-1]
        if not missing:
            done.touch()
    return python, missing


def figures(plan: Plan) -> Iterator[Figure]:
    """Yield the figures of this part.

    Raises:
        SystemExit: an engine gives another set than graphkit's, so that its times compare nothing.
    """
    place = place_of(plan)
    graph, export = place.scratch / "graph", place.scratch / "export"
    built = place.own("benchmarks.index.own", "build", str(graph), str(plan.parquet))
    yield from of_the_build(built)
    exported = place.own("benchmarks.index.export", str(graph), str(export)).answer
    own = place.own("benchmarks.index.own", "ask", str(graph), str(export))
    releases = exported["releases"]
    yield Figure(
        name="choosing and laying out the edges of one instant, for the others",
        of="export",
        kind="kernel",
        value=exported["seconds"],
        size=exported["edges"],
        leaves_out="start",
    )
    asked = {"graphkit": own, **peers(plan, place, export)}
    wrong = [name for name, child in asked.items() if child.answer and not same(own, child)]
    if wrong:
        raise SystemExit(f"another set than graphkit's: {', '.join(wrong)}")
    for name, child in asked.items():
        if child.answer:
            yield from of_an_engine(name, child, asked["SciPy"])
    reached = own.answer["answers"][0]["nodes"]
    name = f"releases, with and without extras, that reach {exported['worst']}"
    yield Figure(name=name, of="all engines", kind="size", value=reached, unit="nodes", size=releases)
    yield from of_the_walk(own.answer, asked["SciPy"])
    yield from of_commands(plan, graph, {"large": exported["worst"], "small": exported["small"]}, releases)
    yield from of_the_commit_before(plan, exported["small"])
    changed = place.own("benchmarks.index.own", "change", str(graph))
    yield Figure(
        name="one page that changed, to ready",
        of="graphkit",
        kind="kernel",
        value=changed.answer["record"] + changed.answer["compile"],
        peak=changed.peak / MEGABYTE,
        leaves_out="start, reading the page",
    )


def of_the_commit_before(plan: Plan, target: str) -> Iterator[Figure]:
    """Yield what Parquet to the first answer takes of a commit and of this checkout, each made anew in turns."""
    if plan.base is None:
        plan.missing.append("Parquet to ready beside a commit before: none was given (--base)")
        return
    seconds: dict[str, list[float]] = {"base": [], "here": []}
    with trees(plan.base, plan.folder("commits")) as both:
        for _ in range(min(ROUNDS, plan.rounds)):
            for tree in both:
                told = ("--unknown-times", "listed", "--graph", str(tree.scratch / "index"), "--quiet")
                took = tree.graphkit("ingest", "parquet", str(plan.parquet), *told)
                seconds[tree.name].append(took + tree.ask("index", target))
                shutil.rmtree(tree.scratch / "index")
    name = "Parquet to ready, beside the commit before"
    base, here = (
        median(name, of, "command", seconds[tree])
        for of, tree in ((f"graphkit {plan.base}", "base"), ("graphkit", "here"))
    )
    yield base
    yield beside(here, base)


def of_the_build(built: Child) -> Iterator[Figure]:
    """Yield what the index takes from Parquet to its first answer, and how large it is."""
    answer = built.answer
    ready, releases = answer["ingest"] + answer["compile"], answer["releases"]
    members = releases + answer["members"]
    yield Figure(
        name="Parquet to ready",
        of="graphkit",
        kind="kernel",
        value=ready,
        size=releases,
        peak=built.peak / MEGABYTE,
        leaves_out="start, a question",
    )
    for name, value, unit in (
        ("peak of Parquet to ready", built.peak / MEGABYTE, "MB"),
        ("index for each release and member of a requirement set", answer["index"] / members, "bytes"),
        ("index on disk", answer["index"] / MEGABYTE, "MB"),
        ("record on disk", answer["record"] / MEGABYTE, "MB"),
    ):
        yield Figure(name=name, of="graphkit", kind="size", value=value, unit=unit, size=releases)


def peers(plan: Plan, place: Place, export: Path) -> dict[str, Child]:
    """Return what became of each peer; the plan is told which failed."""
    python, missing = peers_python(place.cache)
    plan.missing.extend(f"{line} is not installed: {why}" for line, why in missing.items())
    script = str(Path(__file__).with_name("peers.py"))
    found = {name: place.run(str(python), "-P", script, name, str(export)) for name in PEERS}
    plan.missing.extend(f"{name}: {child.failure}" for name, child in found.items() if child.failure)
    return found


def of_an_engine(name: str, child: Child, scipy: Child) -> Iterator[Figure]:
    """Yield what an engine takes to load its graph and to find everything that reaches a release."""
    without = "" if name == "graphkit" else "choosing the edges of one instant, labels of nodes"
    loaded = Figure(name="load", of=name, kind="kernel", value=child.answer["load"], leaves_out=without)
    yield _beside_scipy(loaded, scipy.answer and scipy.answer["load"])
    worst = _median("worst question", name, child.answer["answers"][0]["seconds"], without)
    yield _beside_scipy(worst, scipy.answer and median_of(scipy.answer["answers"][0]["seconds"]))
    small = _small(child.answer["answers"])
    if small is not None:
        figure = Figure(
            name="question that reaches 101 to 1,000", of=name, kind="kernel", value=small, leaves_out=without
        )
        yield _beside_scipy(figure, scipy.answer and _small(scipy.answer["answers"]))
    yield Figure(name="peak memory", of=name, kind="size", value=child.peak / MEGABYTE, unit="MB")


def of_the_walk(own: Mapping[str, Any], scipy: Child) -> Iterator[Figure]:
    """Yield graphkit's other questions about the release that most reach, all without start, verdicts and writing."""
    walk = scipy.answer and median_of(scipy.answer["answers"][0]["seconds"])
    for name, key, size in (
        ("worst question, by slots", "slots_1", 1),
        ("worst question, by slots", "slots_8", 8),
        ("worst question, by slots", "slots_64", 64),
        ("worst question, same instant again", "again_1", 1),
        ("worst question, same 8 instants again", "again_8", 8),
        ("worst question, admitted", "admitted", None),
        ("worst closure, any time", "closure", None),
        ("worst closure without its releases", "closure_alone", None),
    ):
        yield _beside_scipy(_median(name, "graphkit", own[key], "start, verdicts, JSON", size), walk)
    for number, (least, most) in enumerate(SIZES):
        seconds = [median_of(one["seconds"]) for one in own["answers"][1:] if least <= one["nodes"] <= most]
        if seconds:
            name = "small question, by releases that reach"
            yield _median(name, "graphkit", seconds, "start, verdicts, JSON", SIZES[number][1])


def of_commands(plan: Plan, graph: Path, targets: Mapping[str, str], releases: int) -> Iterator[Figure]:
    """Yield questions over the whole index as commands, whose answers are written."""
    answer = graph.with_name("answer.json")
    commands = [
        Command(
            name=f"blast of {target} as JSON, {kind} question",
            of="graphkit",
            words=blast(graph, target, answer, "--limit", SHOWN),
            good=frozenset({0, 3}),
            leaves_out="the ingest; packages after the worst 20",
        )
        for kind, target in targets.items()
    ]
    found = in_turns([idle(), *commands], plan.rounds, releases)
    for one in found.values():
        yield beside(one, found["idle start"], "an idle start")
    for kind, target in targets.items():
        one = warm(graph, min(3, plan.rounds), "blast", target, SHOWN, size=releases)
        yield beside(replace(one, name=f"{one.name}, {kind} question"), found["idle start"], "an idle start")


def _median(name: str, of: str, seconds: Sequence[float], without: str, size: int | None = None) -> Figure:
    return median(name, of, "kernel", seconds, leaves_out=without, size=size)


def _beside_scipy(figure: Figure, seconds: float | None) -> Figure:
    return replace(figure, peer="SciPy", ratio=figure.value / seconds) if seconds else figure


def _small(answers: Sequence[Mapping[str, Any]]) -> float | None:
    least, most = SIZES[-1]
    found = [median_of(one["seconds"]) for one in answers[1:] if least <= one["nodes"] <= most]
    return median_of(found) if found else None


def same(own: Child, other: Child) -> bool:
    """Return whether every answer is the same set."""
    mine, others = ([one["sha256"] for one in child.answer["answers"]] for child in (own, other))
    return mine == others
