"""The organisation's side as it comes back out of a compiled index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.documents import Component, Document, Edge, Problem, usual_places
from graphkit.model.incidents import Incident
from graphkit.model.names import CompanyId, ServiceId
from graphkit.model.organisation import Company, DocumentUse, Organisation
from graphkit.model.times import exactly
from graphkit.stores.engine.compile import compile_index
from graphkit.stores.engine.evidence import IndexEvidence
from graphkit.stores.engine.index_folder import IndexFolder
from graphkit.stores.port import Fact
from tests.unit.stores.engine.kept import component, document, recorded

HASH = "ab" * 32
LIB = component("lib", "1.0", purl="pkg:pypi/lib@1.0", sha256=(HASH.upper(),))
NPM = component("left", "1", package=None, purl="pkg:npm/%40s/left@1?x=y", members=("cd" * 32,))
BARE = component("nameless", package=None)


@contextmanager
def evidence_of(facts: Iterable[Fact]) -> Iterator[IndexEvidence]:
    with TemporaryDirectory() as folder, recorded(facts) as record:
        compile_index(record.connection, Path(folder, "index"))
        yield IndexEvidence(IndexFolder(Path(folder, "index")))


FULL = document(
    "aa",
    replace(LIB, ref="0"),
    replace(NPM, ref="1"),
    places=usual_places(2),
    edges=(Edge(source="0", target="1"),),
    roots=("0",),
    created=exactly(5),
    problems=(Problem(place="x", text="odd"), Problem(place="a", text="odd", count=3)),
)
OTHER = document("bb", replace(NPM, ref="0"), replace(LIB, ref="1"), replace(LIB, ref="2"), places=("a", "b", "c"))
EMPTY = document("cc", problems=(Problem(place="y", text="none"),))
DOCUMENTS: tuple[Document, ...] = (FULL, OTHER, EMPTY)


@pytest.fixture(scope="module")
def evidence() -> Iterator[IndexEvidence]:
    uses = [DocumentUse(service=ServiceId("web"), document="aa", built_at=exactly(7))]
    organisation = Organisation(source="o", companies=(Company(id=CompanyId("acme"), name="Acme"),))
    incidents = [Incident(id=name, title=name, releases=()) for name in ("b", "a")]
    with evidence_of([*DOCUMENTS, *uses, organisation, *incidents]) as found:
        yield found


@pytest.mark.parametrize("given", DOCUMENTS, ids=lambda one: str(one.sha256))
def test_a_document_comes_back_whole(evidence: IndexEvidence, given: Document) -> None:
    assert evidence.document(given.sha256) == given


def test_heads_come_in_the_order_asked_without_their_rows(evidence: IndexEvidence) -> None:
    bare = replace(FULL, components=(), edges=(), places=())
    assert evidence.heads(["cc", "aa", "cc"]) == (EMPTY, bare, EMPTY)
    assert evidence.heads([]) == ()


@pytest.mark.parametrize("sha256", ["", "a", "aab", "zz", "\ud800"])
def test_a_document_that_is_not_kept_is_none(evidence: IndexEvidence, sha256: str) -> None:
    with pytest.raises(KeyError):
        evidence.document(sha256)
    with pytest.raises(KeyError):
        evidence.heads(["aa", sha256])


Rows = list[tuple[str, int]]


def rows(evidence: IndexEvidence, *keys: list[str]) -> Rows:
    found = evidence.listings(*keys)
    assert not found.component.flags.writeable
    return list(zip(found.document, found.component.tolist(), strict=True))


LIB_ROWS: Rows = [("aa", 0), ("bb", 1), ("bb", 2)]
NPM_ROWS: Rows = [("aa", 1), ("bb", 0)]


@pytest.mark.parametrize(
    ("packages", "purls", "hashes", "expected"),
    [
        (["lib"], [], [], LIB_ROWS),
        (["lib", "lib", "none"], [], [], LIB_ROWS),
        ([], ["pkg:npm/%40s/left"], [], NPM_ROWS),
        ([], ["pkg:npm/@s/left@9"], [], NPM_ROWS),
        ([], [], [HASH], LIB_ROWS),
        ([], [], [HASH.upper()], LIB_ROWS),
        ([], [], ["cd" * 32], NPM_ROWS),
        (["lib"], ["pkg:npm/%40s/left"], [HASH], sorted(LIB_ROWS + NPM_ROWS)),
        (["none"], ["pkg:npm/none"], ["ef" * 32], []),
        ([], [], [], sorted(LIB_ROWS + NPM_ROWS)),
        ([""], [], [], []),
        ([], [], [""], []),
    ],
)
def test_rows_are_found_by_package_purl_and_hash_in_the_order_of_documents(
    evidence: IndexEvidence, packages: list[str], purls: list[str], hashes: list[str], expected: Rows
) -> None:
    assert rows(evidence, packages, purls, hashes) == expected


def test_rows_that_say_the_same_have_the_same_content(evidence: IndexEvidence) -> None:
    found = evidence.listings([], [], [])
    by_row = dict(zip(zip(found.document, found.component.tolist(), strict=True), found.content.tolist(), strict=True))
    assert len({by_row[row] for row in LIB_ROWS}) == len({by_row[row] for row in NPM_ROWS}) == 1
    assert len(set(by_row.values())) == 2


def test_incidents_and_the_organisation_are_decoded_once(evidence: IndexEvidence) -> None:
    assert [one.id for one in evidence.incidents()] == ["a", "b"]
    assert evidence.incidents() is evidence.incidents()
    assert [one.id for one in evidence.organisation().services] == ["web"]
    assert evidence.organisation() is evidence.organisation()


def test_problems_come_by_path_place_and_text(evidence: IndexEvidence) -> None:
    assert evidence.problems() == (
        ("aa.json", Problem(place="a", text="odd", count=3)),
        ("aa.json", Problem(place="x", text="odd")),
        ("cc.json", Problem(place="y", text="none")),
    )


def test_a_graph_of_nothing_has_nothing() -> None:
    with evidence_of([]) as evidence:
        assert (evidence.incidents(), evidence.problems()) == ((), ())
        assert rows(evidence, [], [], []) == rows(evidence, ["lib"], [], []) == []
        assert evidence.organisation() == Organisation()


FLEET = st.lists(st.lists(st.sampled_from([LIB, NPM, BARE, replace(LIB, version="2")]), max_size=3), max_size=4)


@settings(max_examples=5)
@given(FLEET)
def test_every_row_of_a_fleet_comes_back_under_what_it_names(fleet: list[list[Component]]) -> None:
    documents = [
        document(f"{number:02}", *(replace(row, ref=str(at)) for at, row in enumerate(listed)))
        for number, listed in enumerate(fleet)
    ]
    with evidence_of(documents) as evidence:
        everything = [(one.sha256, at) for one in documents for at in range(len(one.components))]
        assert rows(evidence, [], [], []) == everything
        of_lib = [(one.sha256, at) for one in documents for at, row in enumerate(one.components) if row.name == "lib"]
        assert rows(evidence, ["lib"], [], []) == rows(evidence, [], ["pkg:pypi/lib"], []) == of_lib
        assert [evidence.document(one.sha256) for one in documents] == documents
        assert np.unique(evidence.listings([], [], []).content).size == len({row for one in fleet for row in one})
