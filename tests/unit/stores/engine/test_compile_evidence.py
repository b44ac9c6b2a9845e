"""Documents, uses and organisations compiled for look-up."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.documents import Completeness, Document, Problem
from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.names import PackageName, ServiceId
from graphkit.model.organisation import Build, DocumentUse, Organisation, Service, Word
from graphkit.model.requirements import requirement
from graphkit.model.times import BEGINNING, Moment, exactly
from graphkit.stores.engine.compile_evidence import (
    _look_up,
    document_use,
    kept_heads,
    kept_organisation,
    stage_mentioned,
)
from graphkit.stores.engine.component_lists import Lists
from graphkit.stores.engine.index_folder import HeldArrays
from graphkit.stores.engine.staging import Staging
from graphkit.stores.port import Fact
from tests.unit.stores.engine.kept import component, document, page, recorded, texts_of

WEB = ServiceId("web")
TIMES = st.none() | st.builds(
    lambda at, more: Moment(earliest=at, latest=at + more), st.integers(-5, 5), st.sampled_from([0, 0, 3])
)
USES = st.builds(
    DocumentUse,
    service=st.sampled_from([WEB, ServiceId("“é”")]),
    document=st.just("aa"),
    path=st.sampled_from(["", "a/b\x1b[0m.json"]),
    built_at=TIMES,
    stands_from=TIMES,
    stands_until=TIMES,
    read_at=TIMES,
    branch=st.sampled_from(["", "main"]),
    repository=st.sampled_from(["", "r"]),
    is_first=st.booleans(),
    is_last=st.booleans(),
    is_complete=st.booleans(),
    note=st.sampled_from(["", "=1+1"]),
    sources=st.sampled_from([(), ("s", "t")]),
    derived=st.booleans(),
    by_folder=st.booleans(),
    words=st.sampled_from([(), (Word("read_at", "--read-at"),)]),
)


@settings(max_examples=40)
@given(USES)
def test_a_use_comes_back_with_every_word(use: DocumentUse) -> None:
    with duckdb.connect() as database:
        staging = Staging(database, Lists())
        staging.add(use)
        staging.finish()
        query = """
            SELECT service, document, path, built_at, stands_from, stands_until, read_at, branch, derived, rest
            FROM staged_document_uses"""
        (row,) = database.execute(query).fetchall()
    assert document_use(row) == use


def test_uses_have_a_strategy_for_every_field() -> None:
    """So that a new field cannot be forgotten above."""
    known = {"service", "document", "path", "built_at", "stands_from", "stands_until", "read_at", "branch"}
    known |= {"repository", "is_first", "is_last", "is_complete", "note", "sources", "derived", "by_folder", "words"}
    assert {*DocumentUse.__struct_fields__} == known


def test_a_time_without_a_known_start_is_kept_as_none() -> None:
    use = DocumentUse(service=WEB, document="aa", stands_from=Moment(earliest=BEGINNING, latest=4))
    with recorded([use]) as record:
        (found,) = kept_organisation(record.connection).uses
    assert found.stands_from is None


HEAD = document(
    "aa",
    subject="“web”",
    created=Moment(earliest=3, latest=9),
    completeness=Completeness.INCOMPLETE,
    requirements=(requirement("lib>=1"),),
    constraints=(requirement("dep<2"),),
    build_requires=(),
    governs=("pyproject.toml",),
    lines=(4,),
    problems=(Problem(place="x\x1b[31m", text="y\u202e", count=2),),
    covers_python=False,
)


def test_heads_come_by_digest_with_every_word_but_their_rows() -> None:
    given = [replace(HEAD, sha256="bb", path='a "quoted" \\ path'), HEAD, document("cc", component("lib", "1"))]
    with recorded(given) as record:
        assert kept_heads(record.connection) == (HEAD, given[0], document("cc"))


def mentioned(*heads: Document, incidents: tuple[Incident, ...] = ()) -> list[str]:
    with recorded() as record:
        stage_mentioned(record.connection, heads, incidents)
        return [name for (name,) in record.connection.execute("FROM mentioned").fetchall()]


def test_mentioned_is_what_manifests_require_and_incidents_accuse() -> None:
    other = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1")
    bad = CompromisedRelease(purl="pkg:pypi/bad@1", package=PackageName("bad"), version="1")
    ranged = Incident(id="r", title="", releases=(other,), ranges=((PackageName("ranged"), "<2"),), withdrawn=True)
    assert mentioned() == []
    assert mentioned(HEAD, HEAD, incidents=(ranged, Incident(id="b", title="", releases=(bad,)))) == [
        "bad",
        "dep",
        "lib",
        "ranged",
    ]


def test_organisations_are_joined_with_the_uses_of_documents() -> None:
    facts: list[Fact] = [
        Organisation(source="b", services=(Service(id=WEB, owner="b"),)),
        Organisation(source="a", services=(Service(id=WEB, owner="a"),), builds=(Build(service=WEB, at=exactly(3)),)),
        DocumentUse(service=ServiceId("api"), document="aa"),
        page("lib", "1"),
    ]
    with recorded(facts) as record:
        found = kept_organisation(record.connection)
    assert [(one.id, one.owner) for one in found.services] == [("api", ""), ("web", "a")]
    assert found.builds == (Build(service=WEB, at=exactly(3), words=(Word("builds", "a"),)),)


@pytest.mark.parametrize("keys", [[], [""], ["b", "", "a", "b"], ["é", "z", "é"]])
def test_a_key_leads_to_all_that_have_it_and_an_empty_one_to_none(keys: list[str]) -> None:
    out = HeldArrays()
    components = np.arange(len(keys), dtype=np.int32) + 10
    _look_up(out, "package", keys, components)
    index = out.held()
    texts = texts_of(index, "by_package.text")
    assert texts == sorted(set(keys) - {""})
    start = index.array("by_package.start").tolist()
    found = index.array("by_package.component").tolist()
    assert {text: found[start[at] : start[at + 1]] for at, text in enumerate(texts)} == {
        text: [at + 10 for at, key in enumerate(keys) if key == text] for text in texts
    }
