"""A server on loopback that replays the documented answers of an API, and what a pull makes of them."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stamina

from graphkit.model.times import Instant, instant
from graphkit.sources.fetched_document import FetchedDocument
from graphkit.sources.pulls.pull import Pull
from tests.unit.cli.inputs import BAD

TOKEN = "tok_never_shown"
NOW = 1_774_440_000.0
"""2026-03-25T12:00:00Z, as the pull's clock shows it."""
READ_AT: Instant = instant("2026-03-25T12:00:00Z")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer. ``cut``: the connection ends before the body does."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    cut: bool = False

    @property
    def sent(self) -> bytes:
        """Return the bytes of the body; what is none yet is written as JSON."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Plan = Any
"""A JSON value, a `Reply`, several that are given in turn (a tuple; the last for ever), or a function of the query."""


class Server:
    """Answers by path; whatever it has no plan for is 404. ``asked`` are paths, queries and headers in order."""

    def __init__(self) -> None:
        self.plans: dict[str, Plan] = {}
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                server.asked.append((parts.path, query, {name.lower(): text for name, text in self.headers.items()}))
                reply = server.reply(parts.path, query)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", reply.kind)
                self.send_header("Content-Length", str(len(reply.sent) + reply.cut))
                self.end_headers()
                self.wfile.write(reply.sent)
                self.close_connection = reply.cut

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def reply(self, path: str, query: dict[str, str]) -> Reply:
        """Return the next answer for a path."""
        plan = self.plans.get(path, Reply(status=404, body={"message": "Not Found"}))
        if isinstance(plan, tuple):
            if len(plan) > 1:
                self.plans[path] = plan[1:]
            plan = plan[0]
        if callable(plan):
            plan = plan(query)
        return plan if isinstance(plan, Reply) else Reply(body=plan)

    def paths(self) -> list[str]:
        """Return the paths that were asked for."""
        return [path for path, _, _ in self.asked]

    def secrets(self) -> set[str | None]:
        """Return what was said of who asks, None where nothing was."""
        return {headers.get("authorization") or headers.get("x-api-key") for _, _, headers in self.asked}

    def close(self) -> None:
        """Stop; once is enough."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving() -> Iterator[Server]:
    """Open a server; what fails passing is asked again at once, three times at most."""
    server = Server()
    try:
        with stamina.set_testing(True, attempts=3):
            yield server
    finally:
        server.close()


@dataclass
class Read:
    """What came of a pull."""

    found: list[FetchedDocument] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    source: str = ""
    is_complete: bool = False

    @property
    def paths(self) -> list[str]:
        """Return the paths of what arrived."""
        return [one.path for one in self.found]

    def at(self, path: str) -> FetchedDocument:
        """Return what arrived at a path."""
        (found,) = [one for one in self.found if one.path == path]
        return found


Opened = Callable[..., AbstractContextManager[Pull]]


def pulled(opened: Opened, target: str, environ: Mapping[str, str]) -> Read:
    """Return what a pull brings. No time passes: waits are written down."""
    out = Read()

    def reject(path: str, problem: str) -> None:
        out.rejected[path] = "; ".join(filter(None, (out.rejected.get(path), problem)))

    with opened(
        target,
        read_at=READ_AT,
        reject=reject,
        progress=lambda *_: None,
        environ=environ,
        keyring=lambda *_: None,
        sleep=out.slept.append,
        clock=lambda: NOW,
    ) as pull:
        for one in pull:
            out.found.append(one)
        out.notes, out.source, out.is_complete = pull.notes, pull.source, pull.is_complete
    assert TOKEN not in repr((out, pull))
    return out


# GitHub's answers


def blob_id(text: str) -> str:
    """Return what git calls a file of this text."""
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def owner(login: str = "acme", *, repositories: int = 1, **more: Any) -> dict[str, Any]:
    """Return an organisation as `/orgs/ORG` shows it to a member."""
    return {"login": login, "type": "Organization", "public_repos": repositories, "total_private_repos": 0} | more


def repository(name: str = "shop", login: str = "acme", **more: Any) -> dict[str, Any]:
    """Return a repository as lists show it."""
    page = f"https://git.example/{login}/{name}"
    return {"name": name, "owner": {"login": login}, "html_url": page, "default_branch": "main"} | more


def commit(sha: str, at: str = "2026-03-24T11:00:00Z", parents: Iterable[str] = ()) -> dict[str, Any]:
    """Return a commit as `/commits` shows it; ``sha`` is one letter."""
    committer = {"name": "a", "date": at}
    return {"sha": sha * 40, "commit": {"committer": committer}, "parents": [{"sha": one * 40} for one in parents]}


def spdx(**more: Any) -> dict[str, Any]:
    """Return an SBOM as GitHub wraps it."""
    inner = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "com.github.acme/shop",
        "creationInfo": {"created": "2026-03-25T00:00:00Z", "creators": ["Tool: GitHub.com-Dependency-Graph"]},
        "packages": [{"SPDXID": "SPDXRef-a", "name": "litellm", "versionInfo": "1.82.8"}],
    }
    return {"sbom": inner | more}


def hold(
    server: Server,
    name: str = "shop",
    login: str = "acme",
    *,
    files: Mapping[str, str] | None = None,
    history: Sequence[Mapping[str, Any]] = (),
    export: Plan = None,
    root: str = "",
) -> str:
    """Let a server hold a repository, with an SBOM in the older way; returns its API path."""
    files = {"requirements.txt": BAD} if files is None else files
    rows = [
        {"path": path, "type": "blob", "sha": blob_id(text), "mode": "100644", "size": len(text)}
        for path, text in files.items()
    ]
    shown = list(history) or [commit("c")]
    here = f"{root}/repos/{login}/{name}"
    server.plans |= {
        here: repository(name, login),
        f"{here}/commits": shown,
        f"{here}/git/trees/{shown[0]['sha']}": {"sha": "t" * 40, "tree": rows, "truncated": False},
        f"{here}/dependency-graph/sbom": spdx() if export is None else export,
    }
    for row, text in zip(rows, files.values(), strict=True):
        content = base64.encodebytes(text.encode()).decode()
        server.plans[f"{here}/git/blobs/{row['sha']}"] = {"content": content, "encoding": "base64"}
    return here


def organisation(server: Server, *names: str, login: str = "acme", root: str = "") -> None:
    """Let a server list repositories of an organisation, each held with one lock."""
    server.plans[f"{root}/orgs/{login}"] = owner(login, repositories=len(names))
    server.plans[f"{root}/orgs/{login}/repos"] = [repository(name, login) for name in names]
    for name in names:
        hold(server, name, login, root=root)
