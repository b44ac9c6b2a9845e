"""A record as nodes and relationships, and as files that a server imports; none of it needs a server."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graphkit.model.aliases import Aliases, ServiceAlias
from graphkit.model.documents import Edge
from graphkit.model.index import File, FileKind, ReleaseFiles
from graphkit.model.names import ServiceId
from graphkit.model.organisation import Build, DocumentUse, Organisation
from graphkit.model.times import Moment, exactly
from graphkit.stores.engine.record import Record
from graphkit.stores.neo4j.export import DELIMITER, export
from graphkit.stores.neo4j.push import grouped
from graphkit.stores.neo4j.tables import Tables
from graphkit.stores.port import Fact
from tests.contract.test_store_contract import WORLD, component, document, page

FILES = (
    File(filename="mixed-1.tar.gz", kind=FileKind.SDIST, uploaded=7, yanked=True, yanked_since=9),
    File(filename="mixed-1.exe", kind=FileKind.OTHER),
)
PAGES: tuple[Fact, ...] = (
    page("mixed", {}, releases=(ReleaseFiles(version="1", files=FILES), ReleaseFiles(version="2", files=FILES[:1]))),
    page("gone", {}, found=False),
)


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[Tables]:
    """The tables of the world of the contract, and of a package with yanked files."""
    record = Record(tmp_path / "graph.duckdb")
    record.write([*WORLD, *PAGES], tmp_path / "generation")
    yield Tables(record)
    record.close()


def nodes(tables: Tables, label: str) -> dict[str, dict[str, Any]]:
    """The nodes of a label by their id."""
    return {row["id"]: row for part in tables.parts() if part.name == label for row in part.rows()}


def links(tables: Tables, name: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The relationships of a type."""
    return [link for part in tables.parts() if part.name == name for link in part.rows()]


def test_releases_say_what_they_are_by_name(tables: Tables) -> None:
    found = nodes(tables, "Release")
    said = {
        name: sorted(ident for ident, row in found.items() if row[name])
        for name in ("yanked", "prerelease", "legacy", "requirements_borrowed", "requirements_partial")
    }
    assert said == {
        "yanked": ["mixed@2"],
        "prerelease": ["lib@1.1rc1"],
        "legacy": ["lib@2004d-final"],
        "requirements_borrowed": ["lib@1.2"],
        "requirements_partial": [],
    }
    assert sorted(ident for ident, row in found.items() if not row["listed"]) == ["lib@0.9", "lib@1.2"]


def test_lists_of_files_have_an_entry_for_each(tables: Tables) -> None:
    row = nodes(tables, "Release")["mixed@1"]
    assert row["filenames"] == ["mixed-1.exe", "mixed-1.tar.gz"]
    assert (row["file_yanked"], row["file_yank_dated"]) == ([False, True], [False, True])
    assert (row["file_sdist"], row["file_wheel"]) == ([False, True], [False, False])
    assert (row["file_time_known"], row["uploaded"]) == ([False, True], [0, 7])
    assert not row["installable_unyanked"]


def test_packages_say_what_their_pages_were(tables: Tables) -> None:
    found = nodes(tables, "Package")
    assert {name for name, row in found.items() if row["page_read"]} == {"app", "lib", "mixed"}
    assert {name for name, row in found.items() if row["missing"]} == {"gone"}


def test_ranges_say_of_which_kind_their_text_is(tables: Tables) -> None:
    found = nodes(tables, "Range")
    assert found["lib @ https://files.example/lib.whl"]["kind"] == "url"
    assert {ident for ident, row in found.items() if row["direct_reference"]} == {"lib @ https://files.example/lib.whl"}
    assert {ident for ident, row in found.items() if row["unreadable"]} == {"lib ? lib>=1.0.*"}
    assert (found["lib ? lib>=1.0.*"]["kind"], found["dep>=1"]["kind"]) == ("unreadable", "specifier")


def test_no_property_is_a_number_of_flags(tables: Tables) -> None:
    names = {name for part in tables.parts() if not part.name.isupper() for row in part.rows() for name in row}
    assert not {name for name in names if "flags" in name or name == "offer"}


def test_every_end_of_a_relationship_is_there(tables: Tables) -> None:
    described = links(tables, "DESCRIBED_BY")
    assert [(service, document) for service, document, _ in described] == [("web", "aa")]
    assert links(tables, "HOLDS") == [
        (ident, held, {}) for ident, held in sorted(zip(("aa", "bb", "cc"), _lists(tables), strict=True))
    ]
    assert {(near, far) for near, far, _ in links(tables, "COMPROMISES")} == {("INC-1", "lib@1.2")}
    assert sorted(far for _, far, _ in links(tables, "IS")) == ["app@1", "lib@1.2"]


def _lists(tables: Tables) -> list[str]:
    """The lists of the three documents: two of them say the same."""
    by_size = {row["size"]: ident for ident, row in nodes(tables, "ComponentList").items()}
    assert sorted(by_size) == [1, 2]
    return [by_size[2], by_size[1], by_size[2]]


def test_what_waits_for_its_document_has_a_bare_node(tmp_path: Path) -> None:
    record = Record(tmp_path / "graph.duckdb")
    record.write([fact for fact in WORLD if getattr(fact, "sha256", "") != "aa"], tmp_path / "generation")
    assert nodes(Tables(record), "Document")["aa"] == {"id": "aa"}
    record.close()


def test_times_that_an_organisation_tells_are_on_what_describes_a_service(tmp_path: Path) -> None:
    """Beside the relationships of facts, which alone have a digest; a build is a use of each document that it names."""
    uses = (
        DocumentUse(service=ServiceId("shop"), document="aa", path="uv.lock", stands_from=exactly(7), branch="main"),
        DocumentUse(service=ServiceId("shop"), document="bb", built_at=Moment(earliest=8, latest=9)),
    )
    build = Build(service=ServiceId("shop"), at=exactly(8), document="bb", lock="aa")
    told = Organisation(
        source="o",
        uses=uses,
        builds=(build,),
        aliases=Aliases(services=(ServiceAlias(service=ServiceId("Shop"), names=("shop",)),)),
    )
    record = Record(tmp_path / "graph.duckdb")
    fact = DocumentUse(service=ServiceId("shop"), document="cc", path="cc.json", built_at=exactly(6))
    record.write([*WORLD, told, fact], tmp_path / "generation")
    tables = Tables(record)
    described = sorted(links(tables, "DESCRIBED_BY"), key=lambda link: "digest" not in link[2])
    assert [link[0] for link in described[:2]] == ["shop", "web"]
    (alias,) = [link for link in described if link[0] == "Shop" and link[1] == "cc"]
    assert (alias[2]["built_at"], alias[2]["by_organisation"]) == (6, True)  # of a fact, under the name of answers
    described = [link for link in described if link[1] != "cc"]
    assert [(service, said["built_at"], "digest" in said) for service, _, said in described] == [
        ("web", 1400, True), ("Shop", 8, False), ("Shop", None, False), ("Shop", 8, False)
    ]  # fmt: skip
    found = {(document, said["path"], said["built_at"], said["stands_from"]) for _, document, said in described[1:]}
    assert found == {("aa", "", 8, None), ("aa", "uv.lock", None, 7), ("bb", "", 8, None)}
    assert all(said["by_organisation"] for _, _, said in described[1:])
    assert "Shop" in nodes(tables, "Service")
    record.close()


def test_edges_keep_their_rows_and_their_order(tmp_path: Path) -> None:
    record = Record(tmp_path / "graph.duckdb")
    rows = (component("0", "b", "1"), component("1", "a", "1"), component("2", "b", "1"))
    edges = (Edge(source="0", target="1"), Edge(source="2", target="1"))
    record.write([document("aa", *rows, edges=edges)], tmp_path / "generation")
    tables = Tables(record)
    listed = {said["row"]: far for _, far, said in links(tables, "LISTS")}
    assert listed[0] == listed[2] != listed[1]
    found = [(near, far, said["source"], said["target"]) for near, far, said in links(tables, "DEPENDS_ON")]
    assert found == [(listed[0], listed[1], 0, 1), (listed[2], listed[1], 2, 1)]
    record.close()


def test_a_push_groups_links_by_the_node_that_most_share(tables: Tables) -> None:
    (part,) = (part for part in tables.parts() if part.name == "RELEASE_OF")
    groups = dict(grouped(part))
    assert sorted(groups) == ["app", "lib", "mixed"]
    assert sorted(groups["mixed"]) == ["mixed@1", "mixed@2"]
    (part,) = (part for part in tables.parts() if part.name == "REQUIRES")
    assert sum(len(ranges) for _, ranges, _ in grouped(part)) == len(list(part.rows()))


def test_a_push_sends_truths_once_for_all_nodes_that_share_them(tables: Tables) -> None:
    (part,) = (part for part in tables.parts() if part.name == "Release")
    groups = list(grouped(part))
    assert len(groups) < len(list(part.rows()))
    assert sorted(
        ({**row, **truths} for truths, some in groups for row in some), key=lambda row: str(row["id"])
    ) == sorted(part.rows(), key=lambda row: str(row["id"]))
    assert all("listed" not in row for _, some in groups for row in some)


def test_an_export_writes_truths_as_an_import_reads_them(tables: Tables, tmp_path: Path) -> None:
    command = export(tables, tmp_path / "csv", lambda *_: None)
    assert command.startswith("neo4j-admin database import full neo4j ")
    with (tmp_path / "csv" / "Release.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id:ID(Release)"]: row for row in csv.DictReader(file)}
    assert rows["mixed@2"]["yanked:boolean"] == "true"
    assert rows["mixed@1"]["yanked:boolean"] == "false"
    assert rows["mixed@1"]["file_yanked:boolean[]"] == f"false{DELIMITER}true"
    assert {name.rpartition(":")[2] for name in rows["mixed@1"]} == {
        *("ID(Release)", "string", "long", "boolean", "long[]", "boolean[]", "string[]")
    }
    with (tmp_path / "csv" / "Range.csv").open(encoding="utf-8", newline="") as file:
        assert {row["kind:string"] for row in csv.DictReader(file)} == {"specifier", "unreadable", "url"}
