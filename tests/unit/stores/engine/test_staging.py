"""Facts as columns: what a body holds, and what its digest rests on."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from graphkit.model.building import marker_of_build
from graphkit.model.documents import Problem
from graphkit.model.errors import InputError
from graphkit.model.incidents import Action, ActionKind, Incident
from graphkit.model.index import MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import ExtraName, ServiceId
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.model.requirements import requirement
from graphkit.stores.embedded.store import EmbeddedStore
from graphkit.stores.engine import staging as staging_of_facts
from graphkit.stores.engine.component_lists import Lists
from graphkit.stores.engine.staging import Staging
from graphkit.stores.port import Fact
from tests.unit.stores.engine.kept import component, document, metadata, page, release, wheel


def test_actions_stand_in_the_body_only_where_there_are_some(tmp_path: Path) -> None:
    """The digests of all other incidents are what they were before there were actions."""
    bare = Incident(id="bare", title="t", releases=())
    action = Action(do=ActionKind.HUNT, text="Look for it.")
    store = EmbeddedStore(tmp_path / "graph", create=True)
    store.record([bare, replace(bare, id="told", actions=(action,))])
    store.close()
    with duckdb.connect(str(tmp_path / "graph" / "graph.duckdb"), read_only=True) as connection:
        bodies = dict(connection.execute("SELECT id, body FROM incidents").fetchall())
    plain = json.loads(bodies["bare"])
    told = json.loads(bodies["told"])
    assert told == {**plain, "id": "told", "actions": [{"do": "hunt", "text": "Look for it.", "sources": []}]}
    assert bodies["bare"].endswith(',"imports":[]}')


def staged(*facts: Fact, table: str) -> list[tuple[object, ...]]:
    """Stage facts, and return the rows that a table got of them; none where it was not staged at all."""
    with duckdb.connect() as database:
        staging = Staging(database, Lists())
        for fact in facts:
            staging.add(fact)
        staging.finish()
        assert staging.facts == len(facts)
        return database.execute(f"FROM staged_{table} ORDER BY ALL").fetchall() if table in staging.filled else []


def page_id(*pages: ProjectPage) -> set[object]:
    return {row[5] for row in staged(*pages, table="pages")}


def test_a_page_is_known_by_what_it_lists_whatever_the_order() -> None:
    first, second = wheel("lib", "1"), wheel("lib", "1", sha256="ab")
    both = page("lib", release("lib", "1", first, second), "2")
    assert page_id(both) == page_id(page("lib", "2", release("lib", "1", second, first)))
    others = [
        replace(both, read_at=1),
        replace(both, source="other.example"),
        replace(both, status="archived"),
        replace(both, found=False),
        page("lib", release("lib", "1", first), "2"),
        page("lib", release("lib", "1.0", first, second), "2"),
        page("lib", release("lib", "1", first, replace(second, yanked=True)), "2"),
    ]
    assert len(page_id(both, *others)) == 1 + len(others)
    assert page_id(both) == page_id(replace(both, problems=(Problem(place="x", text="y"),)))  # which nobody keeps


def test_a_page_lists_something_where_a_release_has_a_file() -> None:
    assert [row[-1] for row in staged(page("lib", "1"), table="pages")] == [True]
    assert [row[-1] for row in staged(page("lib", ReleaseFiles(version="1", files=())), table="pages")] == [False]
    assert [row[-1] for row in staged(page("lib"), table="pages")] == [False]
    assert staged(page("lib"), table="page_releases") == []


def test_times_that_nobody_knows_are_null() -> None:
    file = wheel("lib", "1", None)
    ((*_, uploaded, always, yanked, since, read_at, _),) = staged(page("lib", release("lib", "1", file)), table="files")
    assert (uploaded, always, yanked, since, read_at) == (None, False, False, None, 1000)


BUILD = replace(requirement("setuptools"), marker=marker_of_build())
STRONGER = [
    metadata("lib", "1", "a", "b", "c"),
    metadata("lib", "1", "a", "b", unreadable=("--",)),
    replace(metadata("lib", "1", "a", "b"), requirements=(requirement("a"), requirement("b"), BUILD)),
    metadata("lib", "1", "a", "b"),
    metadata("lib", "1", "a"),
    metadata("lib", "1"),
]


def test_of_two_facts_the_one_that_knows_of_more_requirements_comes_first() -> None:
    """What is not known may be anything: more, then what does not know all, then what also knows of building."""
    ids = [str(staged(one, table="release_metadata")[0][-1]) for one in STRONGER]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "other",
    [
        metadata("lib", "1.0", "a"),
        metadata("lib", "1", "b"),
        metadata("lib", "1", "a", source=MetadataSource.BULK),
        metadata("lib", "1", "a", provides_extra=(ExtraName("x"),)),
        metadata("lib", "1", "a", requires_python=">=3"),
        metadata("lib", "1", "a", reason="why"),
    ],
)
def test_every_word_of_metadata_counts(other: ReleaseMetadata) -> None:
    plain = metadata("lib", "1", "a")
    assert len({row[-1] for row in staged(plain, other, table="release_metadata")}) == 2


def test_a_requirement_that_is_repeated_counts_once() -> None:
    """Else a file that repeats a line would come before one that requires more, and hide it."""
    twice = metadata("lib", "1", "a", "a", "a", provides_extra=(ExtraName("x"),) * 2)
    once = metadata("lib", "1", "a", provides_extra=(ExtraName("x"),))
    more = metadata("lib", "1", "a", "b")
    (first,), (second,), (third,) = (staged(one, table="release_metadata") for one in (once, twice, more))
    assert first[-1] == second[-1]
    assert str(third[-1]) < str(second[-1])


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_rows_are_moved_in_parts_and_none_is_lost(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging_of_facts, "_FLUSH_ROWS", rows)
    pages = [page(name, "1", "2") for name in ("a", "b", "c")]
    assert len(staged(*pages, table="pages")) == 3
    assert len(staged(*pages, table="files")) == 6


def test_of_one_batch_the_last_incident_of_an_id_is_staged() -> None:
    first, second = Incident(id="x", title="first", releases=()), Incident(id="x", title="second", releases=())
    other = Incident(id="y", title="other", releases=())
    assert [row[1] for row in staged(first, second, other, table="incidents")] == ["second", "other"]


@pytest.mark.parametrize(
    "fact",
    [
        page("lib", release("lib", "1", replace(wheel("lib", "1"), filename="\ud800.whl"))),
        replace(metadata("lib", "1"), reason="\ud800"),
        document("aa", path="\ud800"),
        document("aa", component("lib", "1", origin="\ud800")),
        DocumentUse(service=ServiceId("\ud800"), document="aa"),
        Organisation(source="o", private_indexes=("\ud800",)),
        Incident(id="x", title="\ud800", releases=()),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_a_fact_with_a_text_that_no_file_can_hold_is_refused(fact: Fact) -> None:
    with duckdb.connect() as database, pytest.raises(InputError, match="lone surrogates"):
        Staging(database, Lists()).add(fact)
