"""Pulls from servers: what a complete one does not bring any more has ended; after a partial one nothing has."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from graphkit.model.answers import Verdict
from graphkit.session import Graph, open_graph
from tests.unit.cli.inputs import BAD, sbom

SECRET = "tok_never_shown"


class Server:
    """Answers by path; whatever it has no answer for is 404. ``asked`` are the requests with their headers."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                server.asked.append((self.path, dict(self.headers)))
                found = server.answers.get(path)
                body = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(404 if found is None else 200)
                for name, value in server.headers.get(path, {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    opened = Server()
    yield opened
    opened.close()


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    with open_graph(str(tmp_path / "graph"), create=True) as opened:
        yield opened


def blob_id(text: str) -> str:
    """Return what git calls a file of this text."""
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def repository(server: Server, *, files: dict[str, str], sbom_name: str = "shop") -> None:
    """Let the server hold one organisation with one repository."""
    owner = {"login": "acme", "type": "Organization", "public_repos": 1, "total_private_repos": 0}
    one = {"name": "shop", "owner": owner, "html_url": "https://git.example/acme/shop", "default_branch": "main"}
    commit = {"sha": "c" * 40, "commit": {"committer": {"date": "2026-03-24T11:00:00Z"}, "tree": {"sha": "t" * 40}}}
    tree = [
        {"path": path, "type": "blob", "sha": blob_id(text), "size": len(text), "mode": "100644"}
        for path, text in files.items()
    ]
    root = "/repos/acme/shop"
    spdx = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": sbom_name,
        "creationInfo": {"created": "2026-03-25T00:00:00Z", "creators": ["Tool: GitHub.com-Dependency-Graph"]},
        "packages": [{"SPDXID": "SPDXRef-a", "name": "litellm", "versionInfo": "1.82.8"}],
    }
    server.answers |= {
        "/orgs/acme": owner,
        "/orgs/acme/repos": [one],
        root: one,
        f"{root}/branches/main": {"name": "main", "commit": commit},
        f"{root}/commits/main": commit,
        f"{root}/commits": [commit],
        f"{root}/git/trees/{'c' * 40}": {"sha": "c" * 40, "tree": tree, "truncated": False},
        f"{root}/git/trees/{'t' * 40}": {"sha": "t" * 40, "tree": tree, "truncated": False},
        f"{root}/git/trees/main": {"sha": "t" * 40, "tree": tree, "truncated": False},
        f"{root}/dependency-graph/sbom": {"sbom": spdx},
    }
    for row, text in zip(tree, files.values(), strict=True):
        content = base64.b64encode(text.encode()).decode()
        server.answers[f"{root}/git/blobs/{row['sha']}"] = {
            "content": content,
            "encoding": "base64",
            "size": row["size"],
        }


@pytest.fixture
def github(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("GITHUB_API_URL", server.address)
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    return server


def test_an_organisation_is_pulled_and_its_locks_stand_from_their_commit(graph: Graph, github: Server) -> None:
    repository(github, files={"requirements.txt": BAD, "apps/till/requirements.txt": BAD, "README.md": "hello"})
    report = graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    assert report.rejected == ()
    assert report.read == 3
    answer = graph.blast("litellm==1.82.8", window_from="2026-03-24T10:00:00Z", window_until="2026-03-24T16:00:00Z")
    assert {one.service: one.verdict for one in answer.services} == {
        "acme/shop": Verdict.OBSERVED,
        "acme/shop/apps/till": Verdict.OBSERVED,
    }
    assert all(headers.get("Authorization") == f"Bearer {SECRET}" for _, headers in github.asked)
    assert SECRET not in repr(report) + repr(tuple(answer.services))


def test_what_a_complete_pull_brings_no_more_has_ended_and_may_come_back(graph: Graph, github: Server) -> None:
    repository(github, files={"requirements.txt": BAD})
    graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    assert [one.current for one in graph.who_has("litellm==1.82.8").matches].count(True) >= 1
    repository(github, files={"requirements.txt": "litellm==1.82.6\n"})
    report = graph.ingest("github", ["acme"], read_at="2026-03-26T12:00:00Z")
    assert "github" in " ".join(report.notes)
    locks = [one for one in graph.who_has("litellm==1.82.8").matches if one.document.path.endswith("requirements.txt")]
    assert [one.current for one in locks] == [False]
    repository(github, files={"requirements.txt": BAD})
    graph.ingest("github", ["acme"], read_at="2026-03-28T12:00:00Z")
    locks = [one for one in graph.who_has("litellm==1.82.8").matches if one.document.path.endswith("requirements.txt")]
    assert True in [one.current for one in locks]


def test_after_a_partial_pull_nothing_has_ended(graph: Graph, github: Server) -> None:
    repository(github, files={"requirements.txt": BAD})
    graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    before = graph.who_has("litellm").matches
    repository(github, files={})
    github.answers["/repos/acme/shop/dependency-graph/sbom"] = {"sbom": None}
    report = graph.ingest("github", ["acme"], read_at="2026-03-26T12:00:00Z")
    assert report.rejected != ()
    assert "nothing of it counts as gone" in " ".join(report.notes)
    assert graph.who_has("litellm").matches == before


def test_a_dependency_track_server_is_pulled(graph: Graph, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPENDENCY_TRACK_API_KEY", SECRET)
    uuid = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
    server.answers["/api/v1/project"] = [
        {"uuid": uuid, "name": "shop", "version": "1.0", "active": True, "lastBomImport": 1774353600000}
    ]
    server.headers["/api/v1/project"] = {"X-Total-Count": "1"}
    server.answers[f"/api/v1/bom/cyclonedx/project/{uuid}"] = json.loads(sbom("other", "litellm==1.82.8"))
    report = graph.ingest("dependency-track", [server.address])
    assert (report.read, report.rejected) == (1, ())
    assert [(one.service, one.release) for one in graph.who_has("litellm").matches] == [("shop", "litellm@1.82.8")]
    assert {headers.get("X-Api-Key") for _, headers in server.asked} == {SECRET}
    assert SECRET not in repr(report)
