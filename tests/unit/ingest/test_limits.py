"""What a file may cost: huge and absurd ones are refused or cut, each with one line, and the rest goes on."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graphkit.api import Graph
from graphkit.formats import read_document
from graphkit.formats.diagnostics import PROBLEMS, Diagnostics, bounded
from graphkit.ingest import ahead, files, limits
from graphkit.ingest.documents import Documents
from graphkit.ingest.limits import check_size, release_at, with_short_texts
from graphkit.ingest.options import IngestOptions
from graphkit.ingest.run import IngestRun
from graphkit.ingest.stats import IngestStats
from graphkit.model.documents import SAYS_COMPLETE, Problem, how_many
from graphkit.model.errors import InputError
from graphkit.reports.as_json import ingest_json, stats_json
from graphkit.reports.table import ingest_table, stats_table
from graphkit.sources.fetched_document import FetchedDocument
from graphkit.stores import open_store
from tests.unit.cli.inputs import BAD, GOOD, put, sbom

LONG = "1" * 2_000


def bom(*rows: dict[str, Any]) -> str:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": rows})


def test_a_file_beyond_the_limit_is_refused_unread_and_the_rest_goes_on(graph: Graph, work: Path) -> None:
    put(work / "in" / "a.txt", BAD)
    put(work / "in" / "huge.json", "{")
    put(work / "in" / "image.iso", b"\x7fELF" + bytes(100))
    for name in ("huge.json", "image.iso"):
        os.truncate(work / "in" / name, 10 * 2**40)
    with (work / "in" / "huge.json").open("r+b") as file:
        file.write(b"{" + b" " * 100_000)  # what stands at its start is text
    report = graph.ingest("sbom", ["in", "/dev/zero"])
    assert (report.read, report.unrecognised) == (1, ("image.iso",))
    assert [(one.path, one.problem) for one in report.rejected] == [
        ("huge.json", "larger than 512 MiB; split it, or unpack it and give the folder"),
        ("zero", "larger than 512 MiB; split it, or unpack it and give the folder"),
    ]


def test_a_file_that_grows_while_it_is_read_is_read_to_its_end(
    graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(work / "a.txt", BAD)
    status = os.fstat

    def before(descriptor: int) -> os.stat_result:
        found = list(status(descriptor))
        found[6] = 3  # st_size
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", before)
    assert graph.ingest("lock", ["a.txt"]).read == 1
    monkeypatch.setattr(files, "LARGEST", 8)
    (one,) = graph.ingest("lock", ["a.txt"]).rejected
    assert one.problem.startswith("larger than")


def test_a_file_that_vanishes_after_it_was_found_is_rejected(
    graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(work / "in" / "a.txt", BAD)
    put(work / "in" / "b.txt", BAD)
    small = files._is_small

    def gone(path: Path) -> bool:
        if path.name == "a.txt":
            path.unlink()
        return small(path)

    monkeypatch.setattr(files, "_is_small", gone)
    report = graph.ingest("lock", ["in"])
    assert [(one.path, one.problem) for one in report.rejected] == [
        ("a.txt", "cannot be read: No such file or directory")
    ]
    assert report.read == 1


def test_a_path_too_long_to_open_is_rejected_and_the_walk_goes_on(
    graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(work / "in" / "z" / "a.txt", BAD)
    monkeypatch.chdir(work / "in")
    for _ in range(25):  # longer together than a path may be
        Path("d" * 200).mkdir()
        monkeypatch.chdir("d" * 200)
    Path("b.txt").write_text(BAD)
    monkeypatch.chdir(work)
    report = graph.ingest("lock", ["in"])
    assert report.read == 1
    assert [one.problem for one in report.rejected] == ["cannot be read: File name too long"]
    assert report.rejected[0].path.startswith("d" * 200 + "/")


def test_large_files_come_alone(graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_CHUNK_BYTES", 8)
    for name in "abc":
        put(work / "in" / f"{name}.txt", BAD)
    put(work / "in" / "b.md", "# b\n")
    found = list(files.read_ahead(files.walk(["in"], IngestStats())))
    assert [[one.found.label for one in chunk] for chunk in found] == [["a.txt"], ["b.md"], ["b.txt"], ["c.txt"]]
    assert graph.ingest("lock", ["in"]).read == 3


@pytest.mark.parametrize(
    ("start", "part", "times", "end"),
    [  # put together in the test: whole, they would be half a gigabyte in each process that collects tests
        (b'{"bomFormat": "CycloneDX", "components": [', b'{"components": [{}]},', 400_000, b"{}]}"),
        (b'{"components": [', b'{"name": 1, "components": 3},', 4_000_000, b"{}]}"),
        (b'{"dependencies": [', b'{"dependsOn": ["a", "b", "c"]},', 3_000_000, b"{}]}"),
        (b'{"@graph": [', b"{},", 20_000_000, b"{}]}"),
        (b"", b"<component >", 3_000_000, b""),
        (b"", b"<component>", 3_000_000, b""),
        (b"", b"a==1.0 #\n", 5_000_000, b""),
        (b"", b"[[package]]\n", 5_000_000, b""),
    ],
)
def test_what_would_take_too_much_memory_is_refused_before_it_is_read(
    start: bytes, part: bytes, times: int, end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_SMALL", 2**20)
    with pytest.raises(InputError, match=r"would take about \d+\.\d GB of memory to read; split it"):
        check_size(start + part * times + end)


def test_what_is_large_but_not_dense_is_read() -> None:
    check_size(b'{"components": [' + b'{"name": "' + b"x" * 1_000 + b'"},' * 50_000 + b"{}]}")
    check_size(b"x" * (limits._SMALL + 1))


def test_what_a_pull_brings_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SMALL", 0)
    monkeypatch.setattr(limits, "MEMORY", 10_000)
    with closing(open_store(str(tmp_path / "graph"), create=True)) as store:
        run = IngestRun(store, IngestOptions.read({}), lambda *_: None)
        large = (
            sbom("shop", *(f"a{n}==1" for n in range(100))).encode(),
            BAD.encode() * 9_999,
            gzip.compress(b" " * 9_999),
        )
        found = [FetchedDocument(data=data, path=f"{n}.json") for n, data in enumerate(large)]
        Documents(run, "").take_arrivals([*found, FetchedDocument(data=BAD.encode(), path="a.txt")])
        report = run.stats.report()
    assert [one.problem[:22] for one in report.rejected] == ["would take about 0.0 GB"[:22]] * 2 + [
        "no reader knows it; ex"
    ]
    assert report.read == 1


def test_what_memory_does_not_suffice_for_is_one_line(
    graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(text: bytes) -> None:
        if b"1.82.6" in text:
            raise MemoryError

    monkeypatch.setattr(ahead, "check_size", exhausted)
    put(work / "in" / "a.txt", GOOD)
    put(work / "in" / "b.txt", BAD)
    report = graph.ingest("lock", ["in"])
    assert [(one.path, one.problem) for one in report.rejected] == [
        ("a.txt", "takes more memory to read than there is; split it")
    ]
    assert report.read == 1


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: gzip.compress(gzip.compress(data))])
def test_gzip_keeps_the_digest_of_the_file(graph: Graph, work: Path, pack: Any) -> None:
    data = pack(sbom("shop", "litellm==1.82.8").encode())
    put(work / "a.json.gz", data)
    assert graph.ingest("sbom", ["a.json.gz"]).read == 1
    (row,) = graph.who_has("litellm").matches
    assert row.document.sha256 == hashlib.sha256(data).hexdigest()
    assert graph.ingest("sbom", ["a.json.gz"]).unchanged == 1


def test_a_packing_that_is_not_opened_is_named(graph: Graph, work: Path) -> None:
    put(work / "in" / "a.json.bz2", b"BZh91AY&SY\0\0\0")
    (one,) = graph.ingest("sbom", ["in/a.json.bz2"]).rejected
    assert one.problem == "bzip2 is not opened; unpack it and give the folder"
    report = graph.ingest("sbom", ["in"])
    assert (report.unrecognised, report.rejected) == (("a.json.bz2",), ())
    assert report.notes == ("bzip2 is not opened; what such files hold was not read",)


def test_a_version_of_thousands_of_characters_is_unknown_and_clears_nothing(graph: Graph, work: Path) -> None:
    rows = [{"name": "litellm", "version": LONG, "purl": f"pkg:pypi/litellm@{LONG}"}, {"name": "b", "version": "1"}]
    put(work / "a.json", bom(*rows))
    report = graph.ingest("sbom", ["a.json"])
    assert [one.text for _, one in report.worst] == ["a version of 2,000 characters; taken as unknown"]
    (row,) = graph.who_has("litellm").matches
    assert len(row.release) < 100
    (service,) = graph.blast("litellm==1.82.8", builds_complete=True).services
    assert service.verdict == "unknown"


def test_long_purls_names_and_requirements_are_cut() -> None:
    name = "x" * 20_000
    rows = bom({"name": name, "version": "1", "purl": f"pkg:pypi/{name}@1?x={name}"})
    lines = f"litellm>={LONG * 10}\n{name}>=1\nb>=1\n"
    listed, asked = (read_document(text.encode(), "x") for text in (rows, lines))
    assert listed is not None
    assert asked is not None
    assert len(repr(with_short_texts(listed))) < 50_000
    assert len(repr(with_short_texts(asked))) < 50_000
    assert [str(one)[:9] for one in with_short_texts(asked).requirements] == ["litellm>=", "x" * 9, "b>=1"]


def test_an_absurd_version_of_metadata_is_let_go() -> None:
    found = release_at("lib-1.egg-info/PKG-INFO", f"Name: lib\nVersion: {LONG * 200}\n".encode())
    assert found is not None
    assert [(row.package, row.version) for row in found.components] == [("lib", ""), ("lib", "1")]
    assert len(repr(found)) < 50_000


def test_a_million_problems_are_counted_and_the_first_of_them_kept(graph: Graph, work: Path) -> None:
    rows = [{"name": f"a{n}", "purl": "pkg:::" if n % 10 else 5} for n in range(5_000)]
    put(work / "a.json", bom(*rows, *({"name": f"{n}" + "x" * 2_000} for n in range(1_500))))
    report = graph.ingest("sbom", ["a.json"])
    stats = graph.stats()
    assert report.problems == stats.problem_count > 6_500
    assert len(stats.problems) <= PROBLEMS + 2
    many = [one for _, one in stats.problems if one.count > 1]
    assert all(one.text.startswith(f"{one.count:,} more, not kept: ") for one in many)
    assert any("times … is not a valid purl" in one.text for one in many)
    listed = stats_table(stats)
    assert f"Problems ({report.problems:,})" in listed.title()
    assert len(listed) < 300_000
    assert f"{report.problems:,} problems" in ingest_table(report)
    assert (
        json.loads(ingest_json(report))["problems"] == json.loads(stats_json(stats))["problem_count"] == report.problems
    )


def test_problems_of_very_many_kinds_are_counted_by_few() -> None:
    diagnostics = Diagnostics()
    for _ in range(PROBLEMS):
        diagnostics.add("x", "odd")
    assert len(diagnostics.as_tuple()) == PROBLEMS
    diagnostics.add("y", "one more")
    assert diagnostics.as_tuple()[-1] == bounded(diagnostics.as_tuple())[-1] == Problem(place="y", text="one more")
    diagnostics.add("z", f"{SAYS_COMPLETE}it is not")
    assert diagnostics.as_tuple()[-2].text.startswith(SAYS_COMPLETE)  # a verdict quotes it
    for at in range(200):
        diagnostics.add("x", "odd " + "abcdefghij"[at % 10] * (at // 10 + 1))
    (*kept, last) = diagnostics.as_tuple()
    assert (len(kept), last.count, how_many(diagnostics.as_tuple())) == (PROBLEMS + 1, 201, PROBLEMS + 202)
    assert last.text.startswith("201 more, not kept: 151 times other problems; 1 times odd a; 1 times odd aa; ")
    assert last.text.endswith("; and others")
    assert bounded(diagnostics.as_tuple()) == diagnostics.as_tuple()
    assert len(bounded(iter(diagnostics.as_tuple() * 3))) == PROBLEMS + 3 + 1 + 3


def test_a_million_notes_take_memory_for_few_of_them() -> None:
    diagnostics = Diagnostics()
    tracemalloc.start()
    try:
        for at in range(100_000):
            diagnostics.add(f"components[{at}]", f"{at!r} is odd in the way '{at}'")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert how_many(diagnostics.as_tuple()) == 100_000
