"""Inputs that were read to their end are not read again while they are unchanged, and nothing that is kept differs."""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from msgspec.structs import replace

from graphkit.api import Graph, open_graph
from graphkit.ingest import inputs_read
from graphkit.model.documents import Problem
from graphkit.model.errors import InputError
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import package_name
from graphkit.model.requirements import requirement
from graphkit.sources.index.pages import PageReading
from graphkit.sources.index.slice import SliceWriter, slice_facts
from graphkit.sources.organisation import organisation_file
from graphkit.stores import open_store, port
from tests.tables import Row, write_parquet
from tests.unit.cli.inputs import BAD, GOOD, put

DAY = 86_400_000_000
DOOR = "graphkit.ingest.index.slice_facts"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read so far: slices and organisation files, not those that were left unread."""
    done: list[str] = []

    def slices(source: Any) -> Iterator[Any]:
        done.append("slice")
        return slice_facts(source)

    parse = organisation_file.parse

    def organisations(data: bytes, path: str) -> organisation_file.OrganisationFile:
        done.append(path)
        return parse(data, path)

    monkeypatch.setattr(DOOR, slices)
    monkeypatch.setattr(organisation_file, "parse", organisations)
    return done


def page(package: str, day: int = 20_000, *versions: str, **rest: Any) -> ProjectPage:
    files = {
        one: (File(filename=f"{package}-{one}-py3-none-any.whl", kind=FileKind.WHEEL, uploaded=DAY),)
        for one in versions
    }
    listed = tuple(ReleaseFiles(version=version, files=found) for version, found in files.items())
    made = ProjectPage(
        package=package_name(package), spelling=package, releases=listed, read_at=day * DAY, source="made up"
    )
    return replace(made, **rest)


def requires(package: str, version: str, *names: str, source: MetadataSource = MetadataSource.WHEEL) -> ReleaseMetadata:
    return ReleaseMetadata(
        package=package_name(package), version=version, requirements=tuple(map(requirement, names)), source=source
    )


def written(path: Path, *packages: str, day: int = 20_000) -> str:
    writer = SliceWriter()
    for package in packages:
        writer.page(PageReading(page=page(package, day, "1", "2"), offers={}))
        writer.metadata(requires(package, "1", "base>=1"))
    writer.write(path)
    return str(path)


def kept(graph: Graph) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of a graph's record but those that say what was read, and how often it was written to."""
    graph.close()
    folder = graph._store.folder
    assert folder is not None
    with closing(duckdb.connect(str(folder / "graph.duckdb"), read_only=True)) as record:
        names = [name for (name,) in record.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        wanted = sorted({*names} - {"inputs_read", "record", "package_facts"})
        return {name: record.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in wanted}


def generation(graph: Graph) -> object:
    return graph._store.reader().generation()


# Slices


def test_a_slice_that_was_read_is_not_read_again_and_the_report_is_the_same(
    graph: Graph, tmp_path: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "first.slice", "one", "two")
    assert graph.ingest("index", [path]).new == 4
    before, rows = generation(graph), kept(graph)
    unread = graph.ingest("index", [path])
    assert (unread.read, unread.new, unread.unchanged, readings) == (4, 0, 4, ["slice"])
    assert generation(graph) == before
    monkeypatch.setattr(type(graph._store), "remembered", lambda *_: None)
    assert graph.ingest("index", [path]) == unread
    assert readings == ["slice"] * 2
    assert kept(graph) == rows


def test_what_was_odd_about_pages_is_said_again(graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "first.slice", "one", "two")
    odd = {
        "one": (Problem(place="file x", text="odd", count=3), Problem(place="file y", text="odd")),
        "two": (Problem(place="file z", text="odd"),),
    }

    def facts(_: object) -> Iterator[port.Fact]:
        yield from (page(name, 20_000, "1", problems=problems) for name, problems in odd.items())

    monkeypatch.setattr(DOOR, facts)
    first = graph.ingest("index", [path])
    assert (first.problems, [name for name, _ in first.worst]) == (5, ["page of one", "page of two"])
    again = graph.ingest("index", [path])
    assert (again.problems, again.worst, again.unchanged) == (first.problems, first.worst, 2)


def test_a_slice_of_other_bytes_is_read(graph: Graph, tmp_path: Path, readings: list[str]) -> None:
    path = Path(written(tmp_path / "first.slice", "one", "two"))
    graph.ingest("index", [str(path)])
    data = path.read_bytes()
    path.write_bytes(lzma.compress(lzma.decompress(data), preset=1))  # the same facts in other bytes
    assert graph.ingest("index", [str(path)]).unchanged == 4
    path.write_bytes(lzma.compress(lzma.decompress(data).replace(b"base>=1", b"base>=2")))
    assert graph.ingest("index", [str(path)]).read == 4
    for place in (20, len(data) // 2, len(data) - 20):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert len(graph.ingest("index", [str(path)]).rejected) == 1
    assert readings == ["slice"] * 6
    path.write_bytes(b"no slice")
    assert graph.ingest("index", [str(path)]).rejected[0].problem == "not a recorded slice of an index"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, InputError])
def test_a_slice_that_was_read_in_part_is_read_again(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    path = written(tmp_path / "first.slice", "one", "two")

    def part(source: Any) -> Iterator[port.Fact]:
        yield next(slice_facts(source))
        raise stop("the second page")

    with monkeypatch.context() as patched:
        patched.setattr(DOOR, part)
        if stop is KeyboardInterrupt:
            with pytest.raises(KeyboardInterrupt):
                graph.ingest("index", [path])
        else:
            assert len(graph.ingest("index", [path]).rejected) == 1
    report = graph.ingest("index", [path])
    assert (report.read, report.new, report.unchanged) == (4, 3, 1)


def test_a_slice_of_which_the_graph_refuses_a_page_is_read_again(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "first.slice", "one", "two")

    def odd(source: Any) -> Iterator[port.Fact]:
        yield page("bad", 20_000, source="\ud800")
        yield from slice_facts(source)

    with monkeypatch.context() as patched:
        patched.setattr(DOOR, odd)
        assert len(graph.ingest("index", [path]).rejected) == 1
    report = graph.ingest("index", [path])
    assert (report.read, report.new, report.unchanged) == (4, 0, 4)
    monkeypatch.setattr(DOOR, None)
    assert graph.ingest("index", [path]) == report


@pytest.mark.parametrize(
    "options", [{"as_of": "2020-01-01"}, {"window_from": "2020-01-01", "window_until": "2020-01-02"}, {"closure": True}]
)
def test_no_option_changes_what_is_read_of_a_slice(
    graph: Graph, tmp_path: Path, readings: list[str], options: dict[str, Any]
) -> None:
    path = written(tmp_path / "first.slice", "one", "two")
    graph.ingest("index", [path])
    with open_graph(str(tmp_path / "other"), create=True) as other:
        report = other.ingest("index", [path], **options)
        assert readings == ["slice"] * 2
        assert graph.ingest("index", [path], **options).unchanged == report.read
        assert kept(other) == kept(graph)
    assert readings == ["slice"] * 2


BETWEEN: dict[str, tuple[port.Fact, ...]] = {
    "a newer page": (page("one", 20_001, "2", "3"),),
    "an older page": (page("one", 19_999, "1"),),
    "a page of the same time": (page("one", 20_000, "1"),),
    "a page of a package that is gone": (page("one", 20_001, found=False),),
    "a page in quarantine": (page("one", 20_001, status="quarantined"),),
    "stronger metadata": (requires("one", "1", "else", source=MetadataSource.CORE_METADATA),),
    "weaker metadata": (requires("one", "1", "else", source=MetadataSource.BULK),),
    "metadata of another spelling": (requires("one", "1.0", "else", "more"),),
}


@pytest.mark.parametrize("between", BETWEEN)
def test_a_slice_left_unread_after_others_leaves_what_reading_it_leaves(
    graph: Graph, tmp_path: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    path = written(tmp_path / "first.slice", "one", "two")
    reports = []
    with open_graph(str(tmp_path / "other"), create=True) as other:
        for one in (graph, other):
            one.ingest("index", [path])
            one._store.record(BETWEEN[between])
            reports.append(one.ingest("index", [path]))
            monkeypatch.setattr(type(one._store), "remembered", lambda *_: None)
        assert kept(graph) == kept(other)
    assert reports[0] == reports[1]
    assert len(readings) == 3


def test_a_slice_left_unread_after_a_whole_index_leaves_what_reading_it_leaves(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "first.slice", "one", "two")
    rows: list[Row] = [
        {"name": "one", "version": version, "upload_time": 20_001 * DAY, "requires_dist": ["else"], "filename": name}
        for version, name in (("1.0", "one-1-py3-none-any.whl"), ("2", "one-2.tar.gz"), ("3", "one-3.tar.gz"))
    ]
    table = str(write_parquet(tmp_path / "index.parquet", rows))
    with open_graph(str(tmp_path / "other"), create=True) as other:
        for one in (graph, other):
            one.ingest("index", [path])
            assert one.ingest("parquet", [table]).new == 1
            assert one.ingest("index", [path]).unchanged == 4
            monkeypatch.setattr(type(one._store), "remembered", lambda *_: None)
        assert kept(graph) == kept(other)


def test_another_graph_and_another_version_read_for_themselves(
    graph: Graph, tmp_path: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "first.slice", "one")
    graph.ingest("index", [path])
    with open_graph(str(tmp_path / "other"), create=True) as other:
        assert other.ingest("index", [path]).new == 2
    monkeypatch.setattr(inputs_read, "__version__", "0.0.0")
    assert graph.ingest("index", [path]).unchanged == 2
    monkeypatch.setattr("packaging.__version__", "0")
    assert graph.ingest("index", [path]).unchanged == 2
    assert readings == ["slice"] * 4


def test_a_graph_of_before_opens_and_remembers_from_then_on(graph: Graph, tmp_path: Path, readings: list[str]) -> None:
    path = written(tmp_path / "first.slice", "one")
    graph.ingest("index", [path])
    graph.close()
    with closing(duckdb.connect(str(tmp_path / "graph" / "graph.duckdb"))) as record:
        record.execute("DROP TABLE inputs_read")
    assert graph.ingest("index", [path]).unchanged == 2
    assert graph.ingest("index", [path]).unchanged == 2
    assert readings == ["slice"] * 2


# Organisation files


ORGANISATION = """\
schema: graphkit.organisation/1
companies: [{id: acme, name: Acme}]
services:
- name: till
  company: acme
  documents:
  - {path: app/requirements.txt, stands_from: "2026-03-01T00:00:00Z"}
  - {path: app/other.txt}
"""
SMALL = ORGANISATION.partition("  documents")[0]


@pytest.fixture
def organisation(work: Path) -> Path:
    """An organisation file that names two files, of which one includes another, and is odd."""
    put(work / "app" / "requirements.txt", "-r more.txt\n-r none.txt\nlitellm==1.82.6\n")
    put(work / "app" / "more.txt", "dspy==3.0.0\n")
    put(work / "app" / "other.txt", BAD)
    return put(work / "org.yaml", ORGANISATION)


def test_an_organisation_file_that_is_unchanged_with_its_documents_is_not_read_again(
    graph: Graph, organisation: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = graph.ingest("org", ["org.yaml"])
    assert (first.read, first.new, first.unchanged, first.rejected) == (1, 3, 0, ())
    assert first.problems
    before, rows = generation(graph), kept(graph)
    unread = graph.ingest("org", ["org.yaml"])
    assert (unread.read, unread.new, unread.unchanged) == (1, 0, 3)
    assert (unread.problems, unread.worst) == (first.problems, first.worst)
    assert generation(graph) == before
    assert readings == ["org.yaml"]
    monkeypatch.setattr(type(graph._store), "remembered", lambda *_: None)
    assert graph.ingest("org", ["org.yaml"]) == unread
    assert readings == ["org.yaml"] * 2
    assert kept(graph) == rows


CHANGES: dict[str, Callable[[Path], object]] = {
    "its bytes": lambda work: put(work / "org.yaml", ORGANISATION + "  note: x\n"),
    "a document": lambda work: put(work / "app" / "other.txt", GOOD),
    "what a document includes": lambda work: put(work / "app" / "more.txt", "dspy==3.0.1\n"),
    "what a document included in vain": lambda work: put(work / "app" / "none.txt", "a==1\n"),
    "an included file that is gone": lambda work: (work / "app" / "more.txt").unlink(),
    "a document that is gone": lambda work: (work / "app" / "other.txt").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_has_it_read(graph: Graph, work: Path, organisation: Path, readings: list[str], change: str) -> None:
    graph.ingest("org", ["org.yaml"])
    CHANGES[change](work)
    assert graph.ingest("org", ["org.yaml"]).new
    assert readings == ["org.yaml"] * 2


def test_one_of_which_a_document_is_missing_is_read_each_time(
    graph: Graph, work: Path, organisation: Path, readings: list[str]
) -> None:
    (work / "app" / "other.txt").unlink()
    for _ in range(2):
        assert [one.path for one in graph.ingest("org", ["org.yaml"]).rejected] == ["app/other.txt"]
    put(work / "app" / "other.txt", BAD)
    assert graph.ingest("org", ["org.yaml"]).new == 2
    assert readings == ["org.yaml"] * 3


def test_one_with_an_attestation_is_read_each_time_for_its_note(
    graph: Graph, organisation: Path, readings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphkit.ingest.facts.is_attested", lambda _: True)
    for _ in range(2):
        graph.ingest("org", ["org.yaml"])
    assert readings == ["org.yaml"] * 2


def test_one_whose_source_another_file_replaced_holds_again(graph: Graph, tmp_path: Path, readings: list[str]) -> None:
    paths = [str(put(tmp_path / name / "org.yaml", SMALL.replace("till", name))) for name in "ab"]

    def named() -> list[str]:
        return [one.id for one in graph._store.reader().evidence().organisation().services]

    for path in (*paths, *paths):
        report = graph.ingest("org", [path])
        assert (report.new, named()) == (1, [Path(path).parent.name])
    assert len(readings) == 4
    for order in (paths, paths, paths[::-1], paths[::-1], paths):
        graph.ingest("org", order)
        assert named() == [Path(order[-1]).parent.name]
    before = generation(graph)
    report = graph.ingest("org", paths)
    assert (report.new, report.unchanged, generation(graph)) == (0, 2, before)


def test_no_option_changes_what_is_read_of_an_organisation_file(
    graph: Graph, tmp_path: Path, organisation: Path, readings: list[str]
) -> None:
    graph.ingest("org", ["org.yaml"])
    with open_graph(str(tmp_path / "other"), create=True) as other:
        other.ingest("org", ["org.yaml"], company="else")
        graph.ingest("org", ["org.yaml"], company="else")
        assert kept(other) == kept(graph)
    assert readings == ["org.yaml"] * 2


def test_the_same_file_elsewhere_is_read_with_what_lies_there(
    graph: Graph, work: Path, organisation: Path, readings: list[str]
) -> None:
    graph.ingest("org", [str(organisation)])
    put(work / "else" / "org.yaml", ORGANISATION)
    put(work / "else" / "app" / "requirements.txt", "litellm==1.82.6\n")
    put(work / "else" / "app" / "other.txt", GOOD)
    assert graph.ingest("org", [str(work / "else" / "org.yaml")]).new == 3
    assert readings == ["org.yaml"] * 2


def test_a_remembered_input_without_its_facts_is_read(tmp_path: Path) -> None:
    store = open_store(tmp_path / "graph", create=True)
    told = organisation_file.parse(SMALL.encode(), "org.yaml").organisation
    store.remember(port.InputRead(id="a", facts=1), told)
    assert store.remembered("a") is None
    store.record([told])
    assert store.remembered("a") == port.InputRead(id="a", facts=1)
    store.close()
