"""How figures of the benchmarks are kept, written into the tables of two pages, and compared with targets."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.figures import others, run, tables, targets
from benchmarks.figures.commands import Command, in_turns
from benchmarks.figures.growth import fitted
from benchmarks.figures.plan import Plan
from benchmarks.figures.results import Figure, Part, beside, median, read, write

IDLE = median("idle start", "graphkit --help", "command", [0.08, 0.1, 0.09], size=1_000, peak=20.0)
LOOP = median(
    "json.loads loop", "python", "command", [2.0, 3.0, 2.5], size=1_000, leaves_out="all but parsing", each="documents"
)
INGEST = median("ingest", "graphkit", "command", [10.0, 12.5, 20.0], size=1_000, peak=1_234.5, each="documents")
WALK = Figure(name="walk", of="graphkit", kind="kernel", value=0.0001234, size=1_000, leaves_out="start, JSON")
RECORD = Figure(name="record", of="graphkit", kind="size", value=1_773.4, unit="bytes", size=1_000)
PART = Part(
    part="fleet",
    commit="abc",
    begun="2026-11-30T10:00:00Z",
    ended="2026-11-30T11:00:00Z",
    machine={"cores": "2"},
    versions={"python": "3.11.7"},
    load=(0.1, 0.25),
    options={"rounds": "3"},
    figures=(beside(IDLE, IDLE, "an idle start"), beside(LOOP, LOOP), beside(INGEST, LOOP, "json.loads"), WALK, RECORD),
    missing=("osv-scanner: not given",),
)
GOLDEN = """\
| what | by | documents | median | least to most | a second | ratio | peak MB |
|---|---:|---:|---:|---:|---:|---:|---:|
| idle start | graphkit --help | 1,000 | 90.0 ms | 80.0 ms to 100 ms |  | 1.00 x an idle start | 20.0 |
| json.loads loop | python | 1,000 | 2.50 s | 2.00 s to 3.00 s | 400 documents | 1.00 x python |  |
| ingest | graphkit | 1,000 | 12.5 s | 10.0 s to 20.0 s | 80.0 documents | 5.00 x json.loads | 1,234 |
| walk (kernel) | graphkit | 1,000 | 0.123 ms |  |  |  |  |
| record | graphkit | 1,000 | 1,773 bytes |  |  |  |  |

Times: command: whole process until its answer is written, its files in the cache of the system. kernel: calls of
functions in one process; no command, nothing written for a reader. Left out: all but parsing, in “json.loads loop”;
start, JSON, in “walk”. Not measured: osv-scanner: not given. Rounds: 1 or 3, commands in turns; ratios are of medians.
Measured 2026-11-30T11:00:00Z at abc, load 0.1 before and 0.25 after; cores 2; python 3.11.7.
"""
PIVOT = """\
| by | services | page | to write (kernel) |
|---|---:|---:|---:|
| graphkit | 1,000 | 0.900 MB | 100 ms (0.500 x) |
| pyvis | 1,000 |  | 200 ms (1.00 x) |

In brackets: times what pyvis takes.\
"""
BESIDE = """\
| what | graphkit | beside | takes | graphkit takes |
|---|---:|---:|---:|---:|
| who has it, in 4,000 SBOMs, as JSON, from a cold start | 300 ms | grep, grep -rl | 100 ms | 3.00 x |
| 4,000 SBOMs read and stored | 9.00 s | python, json.loads loop | 3.00 s | 3.00 x |
|  |  | cyclonedx-python-lib, parsing | 90.0 s | 0.100 x |

Measured, each part in one run: fleet 2026-11-30T11:00:00Z at abc; cores 2.
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page with all markers, the text of each table its name."""
    blocks = "\n".join(f"<!-- figures: {name} -->\nold {name}\n<!-- end -->\n" for name in tables.NAMES)
    file = tmp_path / "README.md"
    file.write_text(f"# A\n\n{blocks}\nthe end\n", encoding="utf-8")
    return file


def test_a_table_is_written_from_results_and_no_other_is_touched(page: Path, tmp_path: Path) -> None:
    before = page.read_text(encoding="utf-8")
    write(tmp_path / "results", PART)
    said = list(tables.rewrite([page], tmp_path / "results"))
    assert page.read_text(encoding="utf-8") == before.replace("old fleet\n", GOLDEN)
    assert "fleet: written" in said
    assert "page: no results; its table is left as it is" in said
    assert list(tables.rewrite([page], tmp_path / "results")) == said
    assert page.read_text(encoding="utf-8") == before.replace("old fleet\n", GOLDEN)


def test_engines_stand_side_by_side() -> None:
    theirs = Figure(name="to write", of="pyvis", kind="kernel", value=0.2, size=1_000)
    figures = (
        Figure(name="page", of="graphkit", kind="size", value=0.9, unit="MB", size=1_000),
        beside(replace(theirs, of="graphkit", value=0.1), theirs),
        beside(theirs, theirs),
    )
    assert tables.pivoted(replace(PART, figures=figures), "services") == PIVOT


def test_the_pages_have_the_markers_of_every_table(tmp_path: Path) -> None:
    copies = [Path(shutil.copy(page, tmp_path / page.name)) for page in run.PAGES]
    assert len(list(tables.rewrite(copies, tmp_path / "none"))) == len(tables.NAMES)
    assert [copy.read_text(encoding="utf-8") for copy in copies] == [
        page.read_text(encoding="utf-8") for page in run.PAGES
    ]


def test_graphkit_stands_beside_each_peer_that_was_measured(tmp_path: Path) -> None:
    found = Figure(name="who-has as JSON", of="graphkit", kind="command", value=0.3, size=4_000)
    grep = Figure(name="grep -rl", of="grep", kind="command", value=0.1, size=4_000)
    smaller = (replace(found, size=1_000, value=9.0), replace(grep, size=1_000, value=9.0))
    stored = Figure(name="ingest", of="graphkit", kind="command", value=9.0, size=4_000)
    loop = replace(stored, name="json.loads loop", of="python", value=3.0)
    library = replace(stored, name="parsing", of="cyclonedx-python-lib", value=90.0)
    write(tmp_path, replace(PART, figures=(*smaller, found, grep, stored, loop, library)))
    assert tables.table(tmp_path, "others") == BESIDE
    assert tables.table(tmp_path / "none", "others") == ""


def test_a_page_without_a_marker_is_refused(page: Path, tmp_path: Path) -> None:
    page.write_text(page.read_text(encoding="utf-8").replace("figures: fleet", "figures: fleets"), encoding="utf-8")
    with pytest.raises(SystemExit, match="fleet, fleets"):
        list(tables.rewrite([page], tmp_path))


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    write(tmp_path, PART)
    assert read(tmp_path, "fleet") == PART
    assert read(tmp_path, "page") is None
    assert [one.name for one in tmp_path.iterdir()] == ["fleet.json"]


def test_every_part_and_every_table_has_its_module() -> None:
    assert {of for of, *_ in tables.BLOCKS.values()} == set(run.PARTS)
    for name in ("starts", "fleet", "growth", "index", "index-growth"):
        assert callable(importlib.import_module(run.PARTS[name]).figures)
    for one in (*targets.TARGETS, *others.ROWS):
        assert one.part in run.PARTS


def test_a_part_that_is_there_is_not_run_again(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []

    def figures(plan: Plan) -> Iterator[Figure]:
        made.append(plan.rounds)
        plan.missing.append("a peer: not given")
        yield IDLE

    monkeypatch.setattr("benchmarks.figures.starts.figures", figures)
    words = ["--parts", "starts", "--results", str(tmp_path / "results"), "--pages", str(page), "--rounds"]
    run.main([*words, "1"])
    run.main([*words, "2"])
    run.main([*words, "3", "--again", "starts"])
    assert made == [1, 3]
    found = read(tmp_path / "results", "starts")
    assert found is not None
    assert (found.figures, found.missing) == ((IDLE,), ("a peer: not given",))
    assert {"cores", "memory"} <= set(found.machine)
    assert found.options["rounds"] == "3"
    printed = capsys.readouterr().out
    assert "starts: is there; --again starts runs it again" in printed
    assert "| idle start | graphkit --help |" in page.read_text(encoding="utf-8")


def test_a_part_that_fails_keeps_the_others(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(plan: Plan) -> Iterator[Figure]:
        del plan
        yield IDLE
        raise SystemExit("a command failed")

    monkeypatch.setattr("benchmarks.figures.starts.figures", fails)
    monkeypatch.setattr("benchmarks.figures.fleet.figures", lambda plan: iter((IDLE,)) if plan else ())
    words = ["--parts", "starts", "fleet", "--results", str(tmp_path / "results"), "--pages", str(page)]
    with pytest.raises(SystemExit, match="failed, the others are kept: starts"):
        run.main(words)
    assert [one.name for one in (tmp_path / "results").iterdir()] == ["fleet.json"]


def test_commands_take_turns_and_the_first_round_is_not_counted(tmp_path: Path) -> None:
    order = tmp_path / "order"
    commands = [
        Command(name=name, of="sh", words=("sh", "-c", f"echo {name} >>{order}"), leaves_out="all") for name in "ab"
    ]
    found = in_turns(commands, 2, 7)
    assert order.read_text(encoding="utf-8").split() == ["a", "b"] * 3
    assert [(one.name, one.rounds, one.size, one.leaves_out) for one in found.values()] == [
        ("a", 2, 7, "all"),
        ("b", 2, 7, "all"),
    ]
    assert [one.peak for one in found.values()] == [None, None]  # less than these tests hold
    with pytest.raises(SystemExit, match="ended with 3"):
        in_turns([Command(name="c", of="sh", words=("sh", "-c", "exit 3"))], 1)


TARGET = targets.Target(part="fleet", name="ingest", size=1_000, most=5.0)


@pytest.mark.parametrize(
    ("target", "said", "line"),
    [
        (TARGET, "reached", "reached       fleet: ingest at 1,000: 5.00 x json.loads, asked at most 5.00"),
        (
            replace(TARGET, most=4.9),
            "missed",
            "missed        fleet: ingest at 1,000: 5.00 x json.loads, asked at most 4.90",
        ),
        (replace(TARGET, size=2), "not measured", "not measured  fleet: ingest at 2, asked at most 5.00 x"),
        (
            replace(TARGET, size=None, most=1_000, of_what="peak"),
            "missed",
            "missed        fleet: ingest: 1,234 MB, asked at most 1,000",
        ),
    ],
)
def test_a_target_is_reached_or_missed(target: targets.Target, said: str, line: str) -> None:
    assert targets.verdict(target, PART.figures) == (said, line)


def test_the_exponent_of_what_grows_stands_beside_that_of_n_log_n() -> None:
    asked = [
        replace(IDLE, name="ask, by documents", size=size, value=IDLE.value + size**2) for size in (10, 100, 1_000)
    ]
    once = replace(IDLE, name="ask, by releases", size=1)
    (found,) = fitted([IDLE, *asked, once])
    assert found.name == "ask, by documents: exponent of the fit (n log n: 1.23)"
    assert (round(found.value, 6), found.size, found.of) == (2.0, 1_000, "fit")


def grown(*values: tuple[int, float]) -> list[str]:
    """Return what is said of a command that takes so long at such sizes, where an idle start takes 0.1 s."""
    figures = [Figure(name="idle start", of="graphkit --help", kind="command", value=0.1)]
    figures += [Figure(name="ask, by size", of="graphkit", kind="command", value=at, size=size) for size, at in values]
    return [said for said, _ in targets.growth("growth", figures)]


def test_what_grows_faster_than_n_log_n_is_seen() -> None:
    assert grown((1_000, 1.1), (10_000, 10.1), (100_000, 100.1)) == ["reached", "reached"]
    assert grown((1_000, 1.1), (10_000, 90.0)) == ["missed"]
    assert grown((10, 0.12), (1_000, 5.0)) == ["not measured"]
    assert grown((1_000, 1.1)) == []


def test_missed_targets_fail_only_where_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow = [Figure(name="blast as JSON", of="graphkit", kind="command", value=9.0, size=4_000, peer="x", ratio=9.0)]
    write(tmp_path, replace(PART, figures=tuple(slow)))
    for words, code in ((), 0), (("--strict",), 1):
        with pytest.raises(SystemExit) as ended:
            targets.main(["--results", str(tmp_path), *words])
        assert ended.value.code == code
    printed = capsys.readouterr().out
    assert "missed        fleet: blast as JSON at 4,000: 9.00 x x, asked at most 5.00" in printed
    assert f"0 reached, 1 missed, {len(targets.TARGETS) - 1} not measured" in printed
