"""Files that other processes read: facts, counts, problems and their order are those of reading them one by one."""

from __future__ import annotations

import json
import multiprocessing
from array import array
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.api import open_graph
from graphkit.formats import read_document
from graphkit.ingest import ahead, documents
from graphkit.ingest.ahead import FEWEST, Packer, Unpacker
from graphkit.model.answers import IngestReport
from graphkit.model.documents import Document
from tests.unit.cli.inputs import osv, put
from tests.unit.formats.cyclonedx.test_fast import bom, library

SHARED = [library(name, version=version) for name in ("a", "b", "c") for version in ("1.0", "2.0")]
ODD: list[Any] = [
    bom(components=[library("a", hashes=[{"alg": "SHA-256", "content": "x"}]), library("b")]),
    bom(compositions=[{"aggregate": "complete", "assemblies": ["app"]}]),
    bom(dependencies=[{"ref": "app", "dependsOn": ["gone"]}]),
    bom(components=[library("a", version="1" * 2_000), library("b")]),
    bom(components=[library("x" * 1_500), library("a"), library("b")]),
    bom(components=[library("a", purl="pkg:pypi/a@1.0?download_url=https://user:word@example.com/a"), library("b")]),
    {"spdxVersion": "SPDX-2.3", "name": "one", "packages": [{"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1"}]},
    {"specVersion": "9.9", "bomFormat": "CycloneDX", "version": [], "metadata": {"component": {"name": "late"}}},
    {"bomFormat": "CycloneDX", "specVersion": "2.0"},
    {"neither": "this"},
    [bom()],
]


def fleet(folder: Path) -> None:
    """Write as many files as processes are started for, odd ones among them, several of the same bytes."""
    for number in range(FEWEST + 100):
        made = ODD[number // 9 % len(ODD)] if number % 9 == 0 else bom(components=SHARED[number % 5 : number % 5 + 2])
        made = made if number % 9 == 0 else {**made, "dependencies": [], "serialNumber": str(number // 2)}
        put(folder / f"{number:04}.cdx.json", json.dumps(made, indent=2 if number % 7 == 0 else None))
    put(folder / "0007.json", osv())
    put(folder / "0008.json", '{"bomFormat": "CycloneDX", ')
    put(folder / "0009.txt", "litellm==1.82.8\n")


def taken(folder: Path, graph: Path) -> tuple[IngestReport, str, Any]:
    with open_graph(str(graph), create=True) as opened:
        report = opened.ingest("sbom", [str(folder)])
        again = opened.ingest("sbom", [str(folder)])
        return report, opened.blast("a==1.0").provenance.facts_sha256, again


def test_what_is_kept_and_said_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet(tmp_path / "in")
    several = taken(tmp_path / "in", tmp_path / "several")
    assert multiprocessing.active_children() == []
    monkeypatch.setattr(documents, "can_share", lambda: False)
    assert several == taken(tmp_path / "in", tmp_path / "one")
    report, _, again = several
    assert report.rejected
    assert report.problems
    assert (again.new, again.rejected) == (0, report.rejected)


def sent(packer: Packer, unpacker: Unpacker, *files: Any) -> list[Document | None]:
    encoded = [json.dumps(one).encode() for one in files]
    asked = [ahead._Asked(one, "x.json", "sbom", "") for one in encoded]
    return unpacker.unpack(packer.read(ahead._ENCODER.encode(asked)))


@pytest.mark.parametrize("remembered", [0, 1, 1_000])
def test_documents_come_through_whole(remembered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_REMEMBERED", remembered)
    files = [bom(), *(one for one in ODD[:7]), bom(components=SHARED[:2], dependencies=[])]
    packer, unpacker = Packer(), Unpacker()
    for _ in range(2):
        found = sent(packer, unpacker, *files)
        for one, file in zip(found, files, strict=True):
            data = json.dumps(file).encode()
            plain = read_document(data, "x.json", hint="sbom")
            assert plain is not None
            assert one == ahead.read_text(data, "x.json", None, "sbom")
            assert one is None or replace(one, components=(), problems=()) == replace(plain, components=(), problems=())


def test_equal_components_of_several_processes_are_one_object() -> None:
    unpacker = Unpacker()
    (one,), (other,) = (sent(Packer(), unpacker, bom()) for _ in range(2))
    assert one is not None
    assert other is not None
    assert all(row is same for row, same in zip(one.components, other.components, strict=True))


def test_what_cannot_be_read_is_left_to_the_first_process() -> None:
    files = [ODD[8], ODD[9], ODD[10], json.loads(osv()), bom()]
    assert [one is None for one in sent(Packer(), Unpacker(), *files)] == [True, True, False, True, False]


def test_an_edge_that_leads_to_no_row_is_left_to_the_first_process() -> None:
    document = read_document(json.dumps(bom()).encode(), "x.json")
    assert document is not None
    assert Packer().pack(replace(document, components=document.components[:1])) is None
    told = Packer().pack(document)
    assert told is not None
    assert array("i", told.sources).tolist() == [0, 0, 1, 1]
