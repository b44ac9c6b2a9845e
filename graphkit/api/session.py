"""The one place that joins sources, stores and trace: a graph that can be fed and asked."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypedDict, Unpack, cast

from graphkit.model.environment import Environment
from graphkit.model.errors import UsageError
from graphkit.model.progress import Progress
from graphkit.resources import resource
from graphkit.stores import copier, open_store
from graphkit.stores.port import Reader, Store

if TYPE_CHECKING:
    from graphkit.ingest import IngestArguments
    from graphkit.model.answers import Blast, IngestReport, Stats, WhoHas, WhyAnswer
    from graphkit.stores.neo4j.tables import Tables
    from graphkit.trace.verdicts.packages import Effort
    from graphkit.trace.view import Question

_PLATFORMS: Final = ("linux", "musllinux", "macos", "windows")
_FEWEST_WALKED: Final = 100
"""Packages that are walked at most though fewer are looked at: what is walked first may turn out not to be picked."""
DEMO_GRAPH: Final = "graphkit-demo"
"""Where `demo` keeps its graph unless told: apart from a person's own, so that no example reaches their report."""


class BlastOptions(TypedDict, total=False):
    """How a blast is asked. Times are RFC 3339 texts; ``platform`` may name a machine, as in ``macos-arm64``.

    ``limit``: how many packages somebody will look at. ``confirm``: `shown` walks about as many, `all` every
    package that was nominated.
    """

    at: str | None
    window_from: str | None
    window_until: str | None
    reading: str | None
    python: str | None
    platform: str | None
    resolver: str | None
    builds_complete: bool
    limit: int | None
    confirm: str | None


def default_address() -> str:
    """Return where the graph is kept unless told: ``GRAPHKIT_GRAPH``, else a folder of this user."""
    if address := os.environ.get("GRAPHKIT_GRAPH"):
        return address
    from platformdirs import user_data_path  # noqa: PLC0415 - only where nothing else is said

    return str(user_data_path("graphkit") / "graph")


def open_graph(address: str | None = None, *, create: bool = False) -> Graph:
    """Open a graph by its address: a folder, or None for the default one.

    Raises:
        GraphkitError: there is none and ``create`` is False, or the address is no graph's.
    """
    return Graph(open_store_at(address, create=create))


def open_store_at(address: str | None, *, create: bool = False) -> Store:
    """Open the store of a graph; see `open_graph`."""
    return open_store(address or default_address(), create=create)


class Graph:
    """A graph: fed by `ingest`, asked by the rest. Use it in a ``with`` statement, or call `close`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of files and connections."""
        self._store.close()

    def ingest(
        self, kind: str, sources: Sequence[str], *, progress: Progress | None = None, **options: Unpack[IngestArguments]
    ) -> IngestReport:
        """Read sources of one kind into the graph; what was read before an interruption is kept.

        Kinds: `sbom`, `lock`, `env` (documents; folders are walked), `org`, `advisory`, `index` (names,
        or the path of a recorded slice; with ``refresh`` names that the graph has, or none for all),
        `github` (an organisation, a user or OWNER/REPO) and `dependency-track` (an address); of a
        repository, `lock` takes the history. Inputs that cannot be used are in the report, not raised.

        Raises:
            UsageError: a kind, name or option that is invalid.
            GraphkitError: the graph is in use elsewhere, or the index cannot be reached.
        """
        from graphkit.ingest import ingest  # noqa: PLC0415 - readers are heavy

        return ingest(self._store, kind, sources, options, progress or _silent)

    def blast(self, *targets: str, progress: Progress | None = None, **options: Unpack[BlastOptions]) -> Blast:
        """Return who was reached by the targets: ``name==version``, purls, incident or advisory ids.

        Cost: see `graphkit.trace.blast.blast`.

        Raises:
            UsageError: a target, time, reading or environment that is invalid.
        """
        from graphkit.processes import spread  # noqa: PLC0415 - only where something is asked
        from graphkit.trace.blast import blast  # noqa: PLC0415 - numpy

        return blast(self._reader(), _question(targets, options), partial(spread, progress or _silent))

    def why(self, service: str, *targets: str, tree: bool = False, **options: Unpack[BlastOptions]) -> WhyAnswer:
        """Return one service of a blast, with every build of it and the paths behind its verdict.

        ``tree`` adds all that an install from each of its manifests takes; see `graphkit.trace.verdicts.trees`.

        Raises:
            UsageError: the graph has no such service, or as for `blast`.
        """
        from graphkit.model.answers import WhyAnswer  # noqa: PLC0415

        answer = self.blast(*targets, **options)
        found = next((one for one in answer.services if one.service == service), None)
        if found is None:
            names = [one.service for one in answer.services]
            near = difflib.get_close_matches(service, names, n=3) or names[:3]
            raise UsageError(
                f"the graph has no service {service!r}; there are, for example: {', '.join(near) or 'none'}"
            )
        if not tree:
            return WhyAnswer(service=found, blast=answer)
        from graphkit.trace.blast import install_trees  # noqa: PLC0415 - numpy

        trees = install_trees(self._reader(), _question(targets, options), found.service)
        return WhyAnswer(service=found, blast=answer, trees=trees)

    def who_has(self, query: str, *, at: str | None = None) -> WhoHas:
        """Return every stored document and service that lists a package.

        Raises:
            UsageError: the query names no package, or ``at`` is no time.
        """
        from graphkit.trace.case import read_span  # noqa: PLC0415
        from graphkit.trace.who_has import who_has  # noqa: PLC0415

        return who_has(self._reader(), query, read_span(at, None, None).at)

    def stats(self) -> Stats:
        """Return what the graph holds, and every problem its documents had."""
        from graphkit.model.answers import Stats  # noqa: PLC0415

        reader = self._reader()
        generation = reader.generation()
        return Stats(
            counts=tuple(sorted(self._store.counts().items())),
            problems=reader.evidence().problems(),
            packaging=generation.packaging,
            facts_sha256=generation.facts_sha256,
            newest_fact=generation.newest_fact if generation.inputs else None,
        )

    def _reader(self) -> Reader:
        return self._store.reader()


def push_graph(
    address: str | None,
    to: str,
    *,
    around: Sequence[str] = (),
    services: bool = False,
    progress: Progress | None = None,
) -> bool:
    """Copy an embedded graph, or a slice of it, into the empty database of a server; False where it is there already.

    A push that was broken off goes on where it was. ``around`` are package names, ``services`` takes what documents
    hold; see `graphkit.stores.neo4j.slice`.

    Raises:
        GraphkitError: there is no such graph, or the database holds another.
    """
    from graphkit.stores.neo4j.server import Server  # noqa: PLC0415 - the driver is heavy

    server = Server(to)
    try:
        with _tables(address, around, services=services) as tables:
            return bool(copier("push")(server, tables, progress or _silent))
    finally:
        server.close()


def export_graph(address: str | None, folder: str, *, progress: Progress | None = None) -> str:
    """Write an embedded graph as CSV for ``neo4j-admin database import full``; return the command that loads it.

    Raises:
        GraphkitError: there is no such graph, or the folder cannot be written.
    """
    from graphkit.model.errors import GraphkitError  # noqa: PLC0415

    with _tables(address, (), services=False) as tables:
        try:
            return str(copier("export")(tables, Path(folder), progress or _silent))
        except OSError as error:
            raise GraphkitError(f"{folder}: cannot be written: {error.strerror}") from error


def server_status(address: str) -> dict[str, str]:
    """Return what a server holds, each thing in a few words.

    Raises:
        GraphkitError: it cannot be used, or holds something else.
    """
    from graphkit.stores.neo4j.store import Neo4jStore  # noqa: PLC0415

    store = Neo4jStore(address)
    try:
        return store.status()
    finally:
        store.close()


@contextmanager
def _tables(address: str | None, around: Sequence[str], *, services: bool) -> Iterator[Tables]:
    from graphkit.model.names import package_name  # noqa: PLC0415
    from graphkit.stores.engine.record import Record  # noqa: PLC0415
    from graphkit.stores.neo4j.tables import Tables  # noqa: PLC0415

    where = address or default_address()
    if "://" in where:
        raise UsageError(
            f"{where.partition('://')[0]}://…: a push and an export start from an embedded graph, a folder"
        )
    open_store(where).close()
    with TemporaryDirectory(prefix="graphkit-") as folder:
        names = [package_name(name) for name in around]
        if names or services:
            record = copier("slice")(Path(where), Path(folder), names, services=services)
        else:
            record = Record(Path(where) / "graph.duckdb")
        try:
            yield Tables(record)
        finally:
            record.close()


def _silent(done: int, total: int | None, what: str) -> None:
    """Take no note of progress."""


def _question(targets: Sequence[str], options: BlastOptions) -> Question:
    from graphkit.model.environment import Profile  # noqa: PLC0415
    from graphkit.trace.case import read_span  # noqa: PLC0415
    from graphkit.trace.view import Question  # noqa: PLC0415

    if not targets:
        raise UsageError("name a target: a release such as litellm==1.82.8, a purl, or an incident's id")
    resolver = options.get("resolver") or "uv"
    if resolver not in {"uv", "pip"}:
        raise UsageError(f"unknown resolver {resolver!r}; choose uv or pip")
    return Question(
        targets=tuple(targets),
        span=read_span(options.get("at"), options.get("window_from"), options.get("window_until")),
        reading=options.get("reading"),
        environment=_environment(options.get("python"), options.get("platform")),
        resolver=cast("Profile", resolver),
        builds_complete=options.get("builds_complete", False),
        effort=_effort(options.get("limit"), options.get("confirm") or "shown"),
    )


def _effort(limit: int | None, confirm: str) -> Effort:
    from graphkit.trace.verdicts.packages import Effort  # noqa: PLC0415

    if confirm not in {"shown", "all"}:
        raise UsageError(f"unknown confirmation {confirm!r}; choose shown or all")
    if confirm == "all":
        return Effort(most=None)
    return Effort() if limit is None else Effort(most=max(limit, _FEWEST_WALKED), enough=limit)


def _environment(python: str | None, platform: str | None) -> Environment:
    default = Environment()
    name, _, machine = (platform or default.platform).lower().partition("-")
    if name not in _PLATFORMS:
        raise UsageError(
            f"unknown platform {name!r}; choose one of {', '.join(_PLATFORMS)}, with a machine as in macos-arm64"
        )
    version = python or default.python
    parts = version.split(".")
    if len(parts) not in {2, 3} or not all(part.isdecimal() for part in parts):
        raise UsageError(f"no Python version {version!r}; give one such as 3.12")
    return Environment(python=version, platform=name, machine=machine or default.machine)


def run_demo(address: str | None, progress: Progress | None = None) -> Blast:
    """Read the LiteLLM case that ships with graphkit into a graph of its own and return its blast radius.

    Needs no network. A second run finds everything there and answers the same.
    """
    with open_graph(address or DEMO_GRAPH, create=True) as graph:
        feed_demo(graph, progress)
        return graph.blast("litellm-2026-03")


def feed_demo(graph: Graph, progress: Progress | None = None) -> None:
    """Read the LiteLLM case that ships with graphkit into a graph.

    Raises:
        GraphkitError: what ships is damaged.
    """
    from graphkit.model.errors import GraphkitError  # noqa: PLC0415

    case = resource("examples", "litellm-2026-03")
    for kind, name in (("index", "index.slice"), ("advisory", "incident.yaml"), ("org", "organisation.yaml")):
        report = graph.ingest(kind, [str(case / name)], progress=progress)
        if report.rejected:
            first = report.rejected[0]
            raise GraphkitError(f"{first.path}: {first.place} {first.problem}; reinstall graphkit")
