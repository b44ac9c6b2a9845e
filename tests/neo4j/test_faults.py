"""A server or a client that is killed, a user without rights, very long names: one line, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import neo4j
import pytest

from graphkit.api import open_graph
from graphkit.api.neo4j import push_graph, server_status
from graphkit.model.errors import GraphkitError
from graphkit.stores import open_store
from graphkit.stores.neo4j.server import Server
from tests.contract.test_store_contract import WORLD, component, document, dump
from tests.neo4j_server import clear, running, settings
from tests.unit.cli.door import is_one_line
from tests.unit.cli.inputs import put, sbom

pytestmark = pytest.mark.server
ROOT = Path(__file__).parents[2]
GRAPHKIT = (sys.executable, "-c", "from graphkit.cli import program; program()")
GOES_ON = "; nothing that was kept is lost: run the same command again once the server answers\n"


def started(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen([*GRAPHKIT, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_server_that_is_killed_is_one_line_and_the_same_command_goes_on(
    case: Path, servers: tuple[str, ...], tmp_path: Path
) -> None:
    """During a push, an ingest and a mark; in the end all is as in a folder that nobody disturbed."""
    home, alone = tmp_path / "home", tmp_path / "alone"
    shutil.copytree(case, alone)
    for number in range(30):
        put(tmp_path / "sboms" / f"{number}.json", sbom(f"service-{number}", "litellm==1.82.7"))
    ingest = ("ingest", "sbom", tmp_path / "sboms", "--company", "acme", "--quiet", "--graph")
    push = ("neo4j", "push", "--graph", case, "--quiet", "--to")
    for words in (push, ingest, ("neo4j", "mark", "litellm-2026-03", "--quiet", "--graph")):
        with running(home) as address:
            process = started(*words, address)
            _wait_until_at_work(process, address, is_push=words[1] == "push")
            os.kill(int((home / "pid").read_text()), signal.SIGKILL)
            _, err = process.communicate(timeout=120)
            if process.returncode:  # else it was done before
                assert process.returncode == 4
                assert is_one_line(err), err
                assert err.endswith(GOES_ON), err
        with running(home) as address:
            again = started(*words, address)
            _, err = again.communicate(timeout=240)
            assert (again.returncode, err) == (0, "")
    with running(home) as address, open_graph(str(alone)) as folder:
        folder.ingest("sbom", [str(tmp_path / "sboms")], company="acme")
        assert not server_status(address)["mark"].endswith("mark it again")
        with open_graph(address) as graph:
            assert graph.stats() == folder.stats()
            assert graph.blast("litellm-2026-03") == folder.blast("litellm-2026-03")


def _wait_until_at_work(process: subprocess.Popen[str], address: str, *, is_push: bool) -> None:
    until = time.monotonic() + 120
    while is_push and process.poll() is None and time.monotonic() < until:
        status = server_status(address)["graph"]
        if status.startswith("unfinished push") and " 0 parts" not in status:
            return
        time.sleep(0.05)
    if not is_push:
        time.sleep(1)


def test_a_client_that_is_killed_loses_nothing_and_goes_on(server: str) -> None:
    """The short form of `make chaos` on a server."""
    command = [sys.executable, "-m", "benchmarks.reliability.chaos", "--only-server", "--count", "6", "--seed", "7"]
    found = subprocess.run(
        [*command, "--server", server], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "FAILED" not in found.stdout


def test_a_user_who_may_do_nothing_yet_is_one_line(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with neo4j.GraphDatabase.driver(server, **settings()) as driver:
        make = "CREATE OR REPLACE USER fresh SET PASSWORD 'long-enough' CHANGE REQUIRED"
        driver.execute_query(make, database_="system")
        monkeypatch.setenv("NEO4J_USERNAME", "fresh")
        monkeypatch.setenv("NEO4J_PASSWORD", "long-enough")
        store = open_store(server, create=True)
        with pytest.raises(GraphkitError) as caught:
            store.record(WORLD)
        store.close()
        driver.execute_query("DROP USER fresh", database_="system")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{server}: ")


def test_very_long_names_are_kept(server: str, tmp_path: Path) -> None:
    long = "x" * 40_000
    facts = [*WORLD, document("a" * 64, component("one", "lib", "1.0", origin=f"https://host.example/{long}"))]
    folder, store = open_store(tmp_path / "graph", create=True), open_store(server, create=True)
    for one in (folder, store):
        one.record(facts)
    assert dump(store.reader()) == dump(folder.reader())
    for one in (folder, store):
        one.close()
    clear(server)
    assert push_graph(str(tmp_path / "graph"), server)


def test_a_server_that_has_too_little_memory_is_one_line_that_says_what_to_raise(server: str) -> None:
    at = Server(server)
    with (
        pytest.raises(GraphkitError, match=r"MemoryPoolOutOfMemoryError: .*; give the server more memory"),
        at.explained(),
    ):
        raise neo4j.exceptions.Neo4jError._hydrate_neo4j(
            code="Neo.TransientError.General.MemoryPoolOutOfMemoryError", message="The allocation would use more\nthan"
        )
    at.close()
