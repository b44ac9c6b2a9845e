"""Whole indexes into a graph: read once, merged by the newest, and nothing odd about them lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from graphkit.api import Graph
from graphkit.model.answers import IngestReport
from graphkit.model.errors import UsageError
from graphkit.model.ranks import Tier
from graphkit.reports import report
from graphkit.reports.interface import ReportOptions
from graphkit.stores import open_store, port
from tests.contract.test_store_contract import metadata, page
from tests.tables import Row, write_parquet
from tests.unit.sources.tables.test_pypi_db import DEPS, PACKAGES, ROWS, WHEELS, database

DAY = 86_400_000_000


def row(name: str, version: str, at: int | None = None, requires: list[str] | None = None, **more: object) -> Row:
    return {"name": name, "version": version, "upload_time": at, "requires_dist": requires, **more}


OLD = [row("lib", "1.0", DAY, ["a>=1"]), row("lib", "1.1", 2 * DAY, ["a>=2"]), row("app", "1", DAY, ["lib"])]
NEW = [row("Lib", "1.1", 2 * DAY, ["a>=2", "b"]), row("lib", "1.2", 3 * DAY, None), row("new", "1", 4 * DAY, [])]


def releases(tmp_path: Path, name: str) -> dict[str, tuple[list[str], int]]:
    """Return the releases of a package: what each requires, and its flags."""
    store = open_store(str(tmp_path / "graph"))
    reader = store.reader()
    [package_id] = reader.package_ids([name])
    package = reader.packages(np.array([package_id], dtype=np.int32))
    found = reader.releases(np.arange(package.start[0], package.stop[0], dtype=np.int32))
    texts = {}
    for at, version in enumerate(found.version):
        number = found.requirement_set[at]
        members = reader.requirements(np.array([number] if number >= 0 else [], dtype=np.int32)).range
        ranges = reader.ranges(members)
        names = reader.packages(ranges.package).name
        said = sorted(f"{name}{text}" for name, text in zip(names, ranges.text, strict=True))
        texts[version] = (said, int(found.flags[at]))
    store.close()
    return texts


def brief(report: IngestReport) -> tuple[int, int, int, int]:
    return report.read, report.new, report.unchanged, len(report.rejected)


def test_a_table_is_read_once(graph: Graph, tmp_path: Path) -> None:
    path = str(write_parquet(tmp_path / "old.parquet", OLD))
    assert brief(graph.ingest("parquet", [path])) == (1, 1, 0, 0)
    before = graph.stats()
    assert brief(graph.ingest("parquet", [path])) == (1, 0, 1, 0)
    assert graph.stats() == before
    assert dict(before.counts)["releases"] == 3


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_tables_the_newer_one_holds(graph: Graph, tmp_path: Path, turn: int) -> None:
    paths = [write_parquet(tmp_path / "old.parquet", OLD), write_parquet(tmp_path / "new.parquet", NEW)]
    for path in paths[::turn]:
        assert brief(graph.ingest("parquet", [str(path)])) == (1, 1, 0, 0)
    known = port.RELEASE_REQUIREMENTS_READ
    found = releases(tmp_path, "lib")
    assert found["1.1"] == (["a>=2", "b"], known)
    assert found["1.2"] == ([], 0)  # null: unknown, not none
    assert found["1.0"] == (["a>=1"], known | port.RELEASE_GHOST)  # the newer table lists it no more
    assert releases(tmp_path, "app") == {"1": (["lib"], known)}
    assert releases(tmp_path, "new") == {"1": ([], known)}


def test_a_wheel_of_which_a_table_does_not_say_what_it_requires(graph: Graph, tmp_path: Path) -> None:
    wheels = [f"lib-{version}-cp312-cp312-{of}_x86_64.whl" for version in (1, 2) for of in ("linux", "win")]
    said = [["a"], None, ["a"], ["b"]]
    rows = [
        row("lib", name.split("-")[1], DAY, requires, filename=name)
        for name, requires in zip(wheels, said, strict=True)
    ]
    rows.append(row("lib", "2", DAY, None, filename="lib-2.tar.gz"))
    graph.ingest("parquet", [str(write_parquet(tmp_path / "a.parquet", rows))])
    known = port.RELEASE_REQUIREMENTS_READ
    assert releases(tmp_path, "lib") == {
        "1": (["a"], known | port.RELEASE_REQUIREMENTS_PARTIAL),
        "2": (["a", "b"], known),
    }


@pytest.mark.parametrize("turn", [1, -1])
def test_a_page_beside_a_table(graph: Graph, tmp_path: Path, turn: int) -> None:
    path = str(write_parquet(tmp_path / "old.parquet", OLD))
    facts: list[port.Fact] = [page("lib", {"1.0": DAY, "1.1": 2 * DAY, "9": 9 * DAY}, read_at=10 * DAY)]
    facts.append(metadata("lib", "1.1", "c"))
    store = open_store(str(tmp_path / "graph"))
    for step in (lambda: graph.ingest("parquet", [path]), lambda: store.record(facts))[::turn]:
        step()
        graph.close()
        store.close()
    found = releases(tmp_path, "lib")
    assert found["1.1"][0] == ["c"]  # what core metadata says is stronger than a table
    assert found["1.0"][0] == ["a>=1"]
    assert set(found) == {"1.0", "1.1", "9"}


def test_files_in_folders_are_one_table(graph: Graph, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    for number, part in enumerate((OLD[:1], OLD[1:])):
        write_parquet(folder / f"{number:012}.parquet", part)
    (folder / "readme.txt").write_text("nothing")
    assert brief(graph.ingest("parquet", [str(folder)])) == (2, 1, 0, 0)
    assert dict(graph.stats().counts)["releases"] == 3


def test_a_bad_file_keeps_the_others_out(graph: Graph, tmp_path: Path) -> None:
    good = write_parquet(tmp_path / "good.parquet", OLD)
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(good.read_bytes()[:100])
    report = graph.ingest("parquet", [str(good), str(bad), str(tmp_path / "gone.parquet")])
    assert report.new == 0
    assert [one.path for one in report.rejected] == ["gone.parquet"]
    report = graph.ingest("parquet", [str(good), str(bad)])
    assert [one.path for one in report.rejected] == ["bad.parquet"]
    assert report.notes == ("no file was ingested: the files of a table belong together, and one is missing",)
    assert dict(graph.stats().counts)["releases"] == 0


def test_damage_inside_is_one_line_and_changes_nothing(graph: Graph, tmp_path: Path) -> None:
    many = [row(f"lib-{number}", f"1.{number}", DAY, [f"a>={number}"]) for number in range(300)]
    data = bytearray(write_parquet(tmp_path / "good.parquet", many).read_bytes())
    data[40:140] = bytes(byte ^ 0xFF for byte in data[40:140])
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(data)
    report = graph.ingest("parquet", [str(bad)])
    [one] = report.rejected
    assert one.problem.startswith("damaged, so nothing from it was saved: ")
    assert str(tmp_path) not in one.problem
    assert dict(graph.stats().counts)["releases"] == 0


def test_what_cannot_be_read_is_counted_and_named(graph: Graph, tmp_path: Path) -> None:
    odd = [
        row("lib", "1.0", DAY, ["a>=1.0.*", "b", ">=2"]),
        *(row("lib", f"2.{number}", DAY, ["a>=1.0.*"]) for number in range(4)),
        row("no name", "1", DAY),
        row("lib", None, DAY),  # type: ignore[arg-type]
    ]
    report = graph.ingest("parquet", [str(write_parquet(tmp_path / "odd.parquet", odd))])
    assert report.problems == 4  # each once
    [(path, _)] = report.worst
    assert path == "odd.parquet"
    found = {(path, one.place): one.text for path, one in graph.stats().problems}
    assert set(found) == {
        ("odd.parquet", "requires_dist of lib 1.0, lib 2.0, lib 2.1 and 2 more"),
        ("odd.parquet", "requires_dist of lib 1.0"),
        ("odd.parquet", "name no name"),
        ("odd.parquet", "version"),
    }
    assert "'a>=1.0.*' cannot be read; every version is allowed" in found.values()
    kept = releases(tmp_path, "lib")
    assert kept["1.0"] == (["aa>=1.0.*", "b"], port.RELEASE_REQUIREMENTS_READ | port.RELEASE_REQUIREMENTS_PARTIAL)


def test_times_that_are_not_known_are_taken_as_told(graph: Graph, tmp_path: Path) -> None:
    path = str(write_parquet(tmp_path / "a.parquet", [row("lib", "1.0", None, ["a"]), row("dated", "1", DAY, [])]))
    graph.ingest("parquet", [path])
    assert _flags(tmp_path, ["lib", "dated"]) == [port.PAGE_READ, port.PAGE_READ]
    assert brief(graph.ingest("parquet", [path], unknown_times="listed")) == (1, 1, 0, 0)
    assert _flags(tmp_path, ["lib", "dated"]) == [port.PAGE_READ | port.PAGE_TIMES_ASSUMED, port.PAGE_READ]
    with pytest.raises(UsageError, match="unknown value 'never' of --unknown-times; choose uncertain or listed"):
        graph.ingest("parquet", [path], unknown_times="never")


def _flags(tmp_path: Path, names: list[str]) -> list[int]:
    store = open_store(str(tmp_path / "graph"))
    reader = store.reader()
    flags = reader.packages(reader.package_ids(names)).flags.tolist()
    store.close()
    return [int(flag) for flag in flags]


def test_the_newest_release_alone_says_nothing_of_older_ones(graph: Graph, tmp_path: Path) -> None:
    path = str(database(tmp_path / "pypi.db", ROWS))
    report = graph.ingest("pypi-db", [path])
    assert brief(report) == (1, 1, 0, 0)
    assert report.notes == ("pypi.db has one release of each package: what older ones require is not known",)
    assert report.problems == 3  # a requirement without a name, a package without one, a release without a version
    assert brief(graph.ingest("pypi-db", [path])) == (1, 0, 1, 0)
    assert _flags(tmp_path, ["app", "windows"]) == [port.PAGE_ONE_RELEASE, port.PAGE_ONE_RELEASE]
    assert releases(tmp_path, "app")["2.0"][0] == ["lib<2,>=1", "six>=1.9", "torch>=2"]


@pytest.mark.parametrize("turn", [1, -1])
def test_it_adds_to_a_page_and_takes_nothing_away(graph: Graph, tmp_path: Path, turn: int) -> None:
    table = str(write_parquet(tmp_path / "a.parquet", [row("app", "1.0", DAY, ["lib"])]))
    steps = (("parquet", table), ("pypi-db", str(database(tmp_path / "pypi.db", ROWS))))
    for kind, path in steps[::turn]:
        graph.ingest(kind, [path])
    assert _flags(tmp_path, ["app"]) == [port.PAGE_READ]
    assert {version: flags & port.RELEASE_GHOST for version, (_, flags) in releases(tmp_path, "app").items()} == {
        "1.0": 0,
        "2.0": 0,
    }


@pytest.mark.parametrize("kind", ["parquet", "pypi-db"])
def test_what_is_not_there_is_rejected(graph: Graph, tmp_path: Path, kind: str) -> None:
    for source in ("gone", "", "x" * 5000, str(tmp_path)):
        report = graph.ingest(kind, [source])
        assert len(report.rejected) == 1, source
        assert "\n" not in report.rejected[0].problem


def test_answers_say_what_a_table_left_open(graph: Graph, tmp_path: Path) -> None:
    rows = [row("lib", "1.0", None, []), row("user", "1.0", None, ["lib"])]
    graph.ingest("parquet", [str(write_parquet(tmp_path / "a.parquet", rows))], unknown_times="listed")
    graph.ingest("pypi-db", [str(database(tmp_path / "pypi.db", ROWS))])
    notes = graph.blast("lib==1.0", at="2026-03-02T00:00:00Z").notes
    assert (
        "releases without an upload time were taken as always listed, as requested when they were ingested: "
        "of lib, user" in notes
    )
    assert (
        "only one release each is known, the newest when their table was made, so older ones are not judged: of app"
        in notes
    )


HOSTILE = "</script><b>\u202e=cmd|x"


@pytest.fixture
def downloaded(graph: Graph, tmp_path: Path) -> Graph:
    """A graph in which four packages require lib, with downloads of three."""
    at = "2026-03-01T10:00:00"
    names = {"lib": 9, "few": 10, "many": 5_000, "untold": None, "evil": 70}
    rows: list[tuple[str, tuple[object, ...]]]
    rows = [(PACKAGES, (name, "1.0", None, at, downloads, 0)) for name, downloads in names.items()]
    rows += [(WHEELS, (name, f"{name}-1.0-py3-none-any.whl", at)) for name in names]
    rows += [(DEPS, (name, "lib", "lib", None)) for name in names if name != "lib"]
    rows += [("INSERT INTO maintainers VALUES (?, ?)", pair) for pair in (("ann", "many"), (HOSTILE, "evil"))]
    assert not graph.ingest("pypi-db", [str(database(tmp_path / "pypi.db", rows))]).rejected
    return graph


@pytest.mark.parametrize(("limit", "fewest", "walked"), [(1, 3, ["many"]), (2, 2, ["many", "evil"]), (0, 1, ["many"])])
def test_with_a_limit_the_worst_are_walked_until_enough_are_found(
    downloaded: Graph, monkeypatch: pytest.MonkeyPatch, limit: int, fewest: int, walked: list[str]
) -> None:
    monkeypatch.setattr("graphkit.api.questions._FEWEST_WALKED", fewest)
    answer = downloaded.blast("lib==1.0", at="2026-03-02T00:00:00Z", limit=limit)
    assert [one.package for one in answer.packages] == walked
    assert dict(answer.summary.packages) == {"picked": len(walked), "nominated": 4 - len(walked), "admitted": 0}
    assert answer.summary.releases == 4
    whole = downloaded.blast("lib==1.0", at="2026-03-02T00:00:00Z", limit=9)
    assert dict(whole.summary.packages)["picked"] == 4


def test_downloads_rank_and_maintainers_are_named(downloaded: Graph) -> None:
    graph, hostile = downloaded, HOSTILE
    answer = graph.blast("lib==1.0", at="2026-03-02T00:00:00Z")
    assert [(one.package, one.downloads) for one in answer.packages] == [
        ("many", 5_000),
        ("evil", 70),
        ("few", 10),
        ("untold", None),
    ]
    assert [one.maintainers for one in answer.packages] == ["ann", hostile, "", ""]
    told = {
        name: report(name).render(answer, ReportOptions(tier=Tier.PICKED, long=True))
        for name in ("table", "csv", "markdown", "html")
    }
    assert "many: 5,000 downloads, maintained by ann" in told["table"]
    assert "5,000 downloads" in told["csv"]
    assert "5,000 downloads; maintained by ann" in told["markdown"]
    assert "maintainers" in told["html"]
    for text in told.values():
        assert "\u202e" not in text
    assert "</script><b>" not in told["html"]
    shape = json.loads(report("json").render(answer, ReportOptions(tier=Tier.PICKED)))["packages"]
    assert [one.get("downloads") for one in shape] == [5_000, 70, 10, None]
    assert ["maintainers" in one for one in shape] == [True, True, False, False]


def speaks(tmp_path: Path, *names: str) -> list[int]:
    """Return until when what is known of packages speaks."""
    store = open_store(str(tmp_path / "graph"))
    reader = store.reader()
    found = reader.packages(reader.package_ids(names)).speaks_until.tolist()
    store.close()
    return [int(at) for at in found]


def test_a_table_speaks_until_its_newest_upload_or_as_told(graph: Graph, tmp_path: Path) -> None:
    path = str(write_parquet(tmp_path / "old.parquet", OLD))
    graph.ingest("parquet", [path])
    assert speaks(tmp_path, "lib", "app", "a") == [2 * DAY, 2 * DAY, 0]
    assert brief(graph.ingest("parquet", [path], as_of="1970-01-09T00:00:00Z")) == (1, 1, 0, 0)
    assert speaks(tmp_path, "lib", "app") == [8 * DAY, 8 * DAY]
    assert brief(graph.ingest("parquet", [path], as_of="1970-01-09T00:00:00Z")) == (1, 0, 1, 0)


@pytest.mark.parametrize(("told", "until"), [("1970-01-09", 8 * DAY - DAY * 14 // 24), ("1970-01-03", 2 * DAY)])
def test_a_bare_date_counts_from_the_first_instant_that_it_can_mean(
    graph: Graph, tmp_path: Path, told: str, until: int
) -> None:
    path = str(write_parquet(tmp_path / "old.parquet", OLD))
    assert graph.ingest("parquet", [path], as_of=told).rejected == ()
    assert speaks(tmp_path, "lib") == [until]


def test_a_table_with_an_upload_after_the_time_told_is_rejected(graph: Graph, tmp_path: Path) -> None:
    path = str(write_parquet(tmp_path / "old.parquet", OLD))
    report = graph.ingest("parquet", [path], as_of="1970-01-02T00:00:00Z")
    assert [one.problem for one in report.rejected] == [
        "has an upload of 1970-01-03T00:00:00Z, after the time that the table describes, 1970-01-02T00:00:00Z"
    ]
    assert dict(graph.stats().counts)["releases"] == 0


def test_the_newest_release_alone_does_not_make_a_page_speak_longer(graph: Graph, tmp_path: Path) -> None:
    graph.ingest("pypi-db", [str(database(tmp_path / "pypi.db", ROWS))], as_of="2026-06-01T00:00:00Z")
    graph.ingest("parquet", [str(write_parquet(tmp_path / "a.parquet", [row("app", "1.0", DAY, ["lib"])]))])
    until, of_db = speaks(tmp_path, "app", "windows")
    assert (until, of_db) == (DAY, 1_780_272_000_000_000)


def test_times_that_are_yet_to_come_are_refused(graph: Graph, tmp_path: Path) -> None:
    """A table speaks until its newest upload, or as told: neither can lie after the day on which it is read."""
    late = str(write_parquet(tmp_path / "late.parquet", [row("lib", "1.0", 4_102_444_800_000_000, [])]))
    [rejected] = graph.ingest("parquet", [late]).rejected
    assert "has an upload of 2100-01-01T00:00:00Z, which is in the future" in rejected.problem
    good = str(write_parquet(tmp_path / "old.parquet", OLD))
    for kind, path in (("parquet", good), ("pypi-db", str(database(tmp_path / "pypi.db", ROWS)))):
        with pytest.raises(UsageError, match="--as-of 2100-01-01 is in the future"):
            graph.ingest(kind, [path], as_of="2100-01-01")
