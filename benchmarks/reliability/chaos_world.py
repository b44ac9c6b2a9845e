"""What `make chaos` kills: every verb that writes, on inputs so small that each takes about a second."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graphkit.model.times import Instant, instant
from graphkit.resources import resource
from graphkit.sources.index.pages import JSON_TYPE
from tests.tables import write_parquet
from tests.unit.cli.inputs import put, sbom
from tests.unit.sources.index.recorded import core_metadata
from tests.unit.sources.pulls.replay import Reply, Server
from tests.unit.sources.pulls.test_dependency_track import hold, project

TARGET: Final = "litellm-2026-03"
READ_AT: Final = "2026-04-01T00:00:00Z"
"""When the live index is read in every run: a continued run says the same as an unbroken one."""
_BATCH: Final = 5
"""Facts of a batch, where a person's run has thousands."""
_MANY: Final = 6
_VERSIONS: Final = ("1.82.6", "1.82.7", "1.82.8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A command that is killed, its words with names of places. ``base``: the graph that it starts from, or empty."""

    name: str
    words: tuple[str, ...]
    base: str = "small"

    @property
    def is_of_server(self) -> bool:
        """Whether its graph is on a server."""
        return any("{server}" in word for word in self.words)


_SBOMS: Final = ("ingest", "sbom", "{inputs}/sboms", "--company", "acme", "--built-at", "2026-03-24T11:00:00Z")
_BLAST: Final = ("blast", TARGET, "--tier", "admitted")
VERBS: Final = (
    Verb(name="documents", words=(*_SBOMS, "--quiet", "--graph", "{graph}")),
    Verb(name="parquet", words=("ingest", "parquet", "{inputs}/table", "--quiet", "--graph", "{graph}")),
    Verb(
        name="index pages",
        words=(
            *("ingest", "index", "app-0", "app-1", "app-2", "--closure", "--index-url", "{service}/simple/"),
            *("--slice", "{report}", "--quiet", "--graph", "{graph}"),
        ),
    ),
    Verb(name="slice", words=("ingest", "index", "{inputs}/part.slice", "--quiet", "--graph", "{graph}"), base=""),
    Verb(
        name="pull",
        words=("ingest", "dependency-track", "{service}", "--read-at", READ_AT, "--quiet", "--graph", "{graph}"),
    ),
    Verb(name="compile", words=("stats", "--graph", "{graph}"), base="stale"),
    Verb(name="report, page", words=(*_BLAST, "--format", "html", "--output", "{report}", "--graph", "{graph}")),
    Verb(name="report, JSON", words=(*_BLAST, "--format", "json", "--output", "{report}", "--graph", "{graph}")),
)
SERVER_VERBS: Final = (
    Verb(name="push", words=("neo4j", "push", "--graph", "{small}", "--to", "{server}", "--quiet"), base=""),
    Verb(name="mark", words=("neo4j", "mark", TARGET, "--quiet", "--graph", "{server}")),
    Verb(name="question", words=(*_BLAST, "--format", "json", "--graph", "{server}")),
    Verb(name="documents, server", words=(*_SBOMS, "--quiet", "--graph", "{server}"), base="incident"),
)
"""In this order, since what was pushed is what is marked and asked."""


def lay_out(inputs: Path) -> None:
    """Write the inputs of all verbs."""
    for number in range(_MANY):
        service, version = f"shop-{number}", _VERSIONS[number % len(_VERSIONS)]
        put(inputs / "sboms" / f"{service}.json", sbom(service, f"litellm=={version}", f"app-{number}==1.0"))
        put(inputs / "before" / f"old-{number}.json", sbom(f"old-{number}", f"litellm=={version}"))
    rows = [
        {
            "name": name,
            "version": version,
            "upload_time": instant("2026-03-01T00:00:00Z"),
            "requires_dist": [f"litellm>={version}"],
            "filename": f"{name}-{version}-py3-none-any.whl",
        }
        for name in (f"row-{number}" for number in range(40))
        for version in ("1.0", "2.0")
    ]
    (inputs / "table").mkdir()
    write_parquet(inputs / "table" / "part.parquet", rows)
    put(inputs / "part.slice", resource("examples", "acme", "litellm-part.slice").read_bytes())
    put(inputs / "incident.yaml", resource("examples", TARGET, "incident.yaml").read_bytes())
    put(inputs / "organisation.yaml", resource("examples", "acme", "organisation.yaml").read_bytes())


BASES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "small": (
        ("ingest", "index", "{inputs}/part.slice", "--quiet"),
        ("ingest", "advisory", "{inputs}/incident.yaml", "--quiet"),
        ("ingest", "org", "{inputs}/organisation.yaml", "--quiet"),
        ("ingest", "sbom", "{inputs}/before", "--company", "acme", "--quiet"),
    ),
    "stale": (("ingest", "sbom", "{inputs}/sboms", "--company", "acme", "--quiet"),),
    "incident": (("ingest", "advisory", "{inputs}/incident.yaml", "--quiet"),),
}
"""What is ingested for each base; the stale one goes on from the small one, whose index is compiled."""


def fix_what_varies() -> None:
    """Have this process keep small batches, and read the index at one time, as every other run does."""
    import graphkit.ingest.index
    import graphkit.ingest.run

    def fixed(_: object) -> Instant:
        return instant(READ_AT)

    graphkit.ingest.run._BATCH = _BATCH  # noqa: SLF001 - a batch of thousands would be one
    vars(graphkit.ingest.index)["instant"] = fixed


@contextmanager
def served() -> Iterator[str]:
    """Serve an index and a Dependency-Track from a process of its own; yield their address."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with the process that started it
        server = Server()
        _fill(server)
        os.write(theirs, server.address.encode())
        os.close(theirs)
        while os.getppid() != 1:
            time.sleep(1)
        os._exit(0)
    os.close(theirs)
    try:
        yield os.read(ours, 100).decode()
    finally:
        os.close(ours)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _fill(server: Server) -> None:
    hold(server, *(project(f"id-{number}", name=f"pulled-{number}") for number in range(_MANY)))
    for number in range(_MANY):
        _serve_package(server, f"app-{number}", [f"app-{number + 1}>=1", "litellm>=1.80"])
    _serve_package(server, f"app-{_MANY}", [])
    _serve_package(server, "litellm", [], ("1.82.6",))


def _serve_package(
    server: Server, name: str, requires: Sequence[str], versions: Sequence[str] = ("1.0", "2.0")
) -> None:
    files: list[dict[str, Any]] = []
    for version in versions:
        filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        told = {"filename": filename, "url": f"/files/{filename}", "hashes": {}, "core-metadata": True}
        files.append({**told, "upload-time": "2026-03-01T00:00:00Z"})
        body = core_metadata(name, version, requires)
        server.plans[f"/files/{filename}.metadata"] = Reply(body=body, kind="text/plain")
    page = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
    # A page of the cache would be as old as the run before: its age is told by a clock that no run can set.
    server.plans[f"/simple/{name}/"] = Reply(body=page, kind=JSON_TYPE, headers={"Cache-Control": "no-store"})
