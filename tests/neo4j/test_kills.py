"""A server is killed below an ingest, which then goes on; `make chaos OPTIONS=--kill-server` kills it at any point."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import neo4j
import pytest

import graphkit.ingest.run
from benchmarks.reliability.own_server import OwnServer
from graphkit.stores.neo4j.server import Server
from tests.neo4j_server import PASSWORD, homes
from tests.unit.cli.door import run
from tests.unit.cli.inputs import put, sbom

pytestmark = pytest.mark.server
Work = Callable[[neo4j.ManagedTransaction], Any]
KILLED_BEFORE = 8
"""The write transaction before which the server is killed: some batches are kept then, and some are to come."""


def test_a_server_that_is_killed_loses_nothing_and_the_ingest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", PASSWORD)
    monkeypatch.setattr(graphkit.ingest.run, "_BATCH", 2)
    for number in range(8):
        put(tmp_path / "boms" / f"shop-{number}.json", sbom(f"shop-{number}", "litellm==1.82.7"))
    ingest = ("ingest", "sbom", str(tmp_path / "boms"), "--quiet", "--graph")
    assert run(*ingest, str(tmp_path / "graph")).code == 0
    write, done = Server.write, 0

    def dying(server: Server, work: Work) -> Any:
        nonlocal done
        done += 1
        if done == KILLED_BEFORE:
            os.kill(own.process, signal.SIGKILL)
        return write(server, work)

    with homes(1) as (home,), OwnServer(home) as own:
        with monkeypatch.context() as patch:
            patch.setattr(Server, "write", dying)
            killed = run(*ingest, own.address)
        assert killed.code == 4
        assert "nothing that was kept is lost" in killed.err
        assert killed.err.count("\n") == 1
        own.start_again()
        kept = run("stats", "--graph", own.address, "--format", "json").json["counts"]["documents"]
        assert 0 < kept < 8
        assert run(*ingest, own.address).code == 0
        found, wanted = (run("stats", "--graph", at, "--format", "json") for at in (own.address, tmp_path / "graph"))
        assert found.json == wanted.json
