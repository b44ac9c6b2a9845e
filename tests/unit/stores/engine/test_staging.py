"""Facts as columns: what a body holds, and what its digest rests on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb

from graphkit.model.incidents import Action, ActionKind, Incident
from graphkit.stores.embedded.store import EmbeddedStore


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
