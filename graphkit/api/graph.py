"""The one `Graph`: fed and asked by the command line and by Python alike; it joins sources, stores and trace."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from graphkit.api import answers
from graphkit.api.progress_bar import bar
from graphkit.api.questions import BlastOptions, question_of
from graphkit.model.callers import Caller
from graphkit.model.errors import UsageError
from graphkit.model.incidents import Incident
from graphkit.model.names import package_or_none
from graphkit.model.organisation import Organisation
from graphkit.model.progress import Progress, silent
from graphkit.stores import open_store
from graphkit.stores.port import GraphReader, Reader, Store

if TYPE_CHECKING:
    from graphkit.ingest import IngestArguments


def default_address() -> str:
    """Return where the graph is kept unless told: ``GRAPHKIT_GRAPH``, else a folder of this user."""
    if address := os.environ.get("GRAPHKIT_GRAPH"):
        return address
    from platformdirs import user_data_path

    return str(user_data_path("graphkit") / "graph")


def open_graph(address: str | None = None, *, create: bool = False, caller: Caller | None = None) -> Graph:
    """Return the graph at an address: a folder, ``neo4j://…``, or None for the default one.

    ``caller``: who opens it, for other processes that use the same folder.

    Raises:
        GraphkitError: there is none and ``create`` is False, or the address is no graph's.
    """
    return Graph(open_store(address or default_address(), create=create, caller=caller))


class Graph:
    """A graph: fed by `ingest`, asked by the rest. Use it in a ``with`` statement, or call `close`.

    >>> graph.stats().newest_fact is not None
    True
    """

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

    def file(self, name: str) -> str | None:
        """Return the path of a file beside what the graph holds, None where it is on a server."""
        folder = self._store.folder
        return None if folder is None else str(folder / name)

    def ingest(
        self, kind: str, sources: Sequence[str], *, progress: Progress | None = None, **options: Unpack[IngestArguments]
    ) -> answers.IngestReport:
        """Read sources of one kind into the graph; what was read before an interruption is kept.

        Kinds: `sbom`, `lock`, `env` (documents; folders are walked), `org`, `advisory`, `index` (names,
        or the path of a recorded slice; with ``refresh`` names that the graph has, or none for all),
        `parquet`, `pypi-db` (tables of a whole index), `github` (an organisation, a user or OWNER/REPO) and
        `dependency-track` (an address); of a repository, `lock` takes the history. Inputs that cannot be used are in
        the report, not raised. Which options go with which kind: `graphkit.model.source_kinds`.

        >>> graph.ingest("lock", [locks]).rejected
        ()

        Raises:
            UsageError: a kind, name or option that is invalid, or an option that the kind does not take.
            GraphkitError: the graph is in use elsewhere, or the index cannot be reached.
        """
        from graphkit.ingest import ingest

        if isinstance(sources, str):  # a text is a sequence as well, of its letters
            raise UsageError(f"sources are a list: [{sources!r}]")
        with bar() as shown:
            told = progress or shown or silent
            found = ingest(self._store, kind, sources, options, told, answers.IngestReport)
        assert isinstance(found, answers.IngestReport)
        return found

    def incident_records(self) -> tuple[Incident, ...]:
        """Return every incident and advisory of the graph, by id."""
        return self._store.ask(lambda reader: reader.evidence().incidents())

    def blast(self, *targets: str, progress: Progress | None = None, **options: Unpack[BlastOptions]) -> answers.Blast:
        """Return who was reached by the targets: ``name==version``, purls, incident or advisory ids.

        Cost: see `graphkit.trace.blast.blast`.

        >>> graph.blast("litellm==1.82.8", at="2026-03-24T12:00:00Z").incident.actor
        'TeamPCP'

        Raises:
            UsageError: a target, time, reading or environment that is invalid.
        """
        from graphkit.processes import spread
        from graphkit.trace.blast import blast

        with bar() as shown:
            on_all_cores = partial(spread, progress or shown or silent)
            try:
                asked = question_of(targets, options)
                found = self._store.ask(lambda reader: blast(reader, asked, on_all_cores, answers.Blast))
            except UsageError as error:
                raise _shipped(error, targets) or error from None
        assert isinstance(found, answers.Blast)
        return found

    def why(
        self, service: str, *targets: str, tree: bool = False, **options: Unpack[BlastOptions]
    ) -> answers.WhyAnswer:
        """Return one service of a blast, with every build of it and the paths behind its verdict.

        ``tree`` adds all that an install from each of its manifests takes; see `graphkit.trace.verdicts.trees`.

        >>> graph.why("aider repository", "litellm-2026-03").service.verdict
        <Verdict.CLEARED: 'cleared'>

        Raises:
            UsageError: the graph has no such service, or as for `blast`.
        """
        answer = self.blast(*targets, **options)
        found = next((one for one in answer.services if one.service == service), None)
        if found is None:
            names = [one.service for one in answer.services]
            near = difflib.get_close_matches(service, names, n=3) or names[:3]
            raise UsageError(
                f"the graph has no service {service!r}; there are, for example: {', '.join(near) or 'none'}"
            )
        if not tree:
            return answers.WhyAnswer(service=found, blast=answer)
        from graphkit.trace.blast import install_trees

        asked, name = question_of(targets, options), found.service
        trees = self._store.ask(lambda reader: install_trees(reader, asked, name))
        return answers.WhyAnswer(service=found, blast=answer, trees=trees)

    def who_has(self, query: str, *, at: str | None = None) -> answers.WhoHas:
        """Return every stored document and service that lists a package.

        >>> [row.release for row in graph.who_has("litellm>=1.80").matches]
        ['litellm@1.81.9']

        Raises:
            UsageError: the query names no package, or ``at`` is no time.
        """
        from graphkit.trace.case import read_span
        from graphkit.trace.who_has import who_has

        when = read_span(at, None, None).at
        found = self._store.ask(lambda reader: who_has(reader, query, when, answers.WhoHas))
        assert isinstance(found, answers.WhoHas)
        return found

    def incidents(self, *, malicious_only: bool = True) -> tuple[str, ...]:
        """Return the ids of the incidents that a question about all of them asks about, in their order.

        Those of incident files, and of OSV records those of malicious packages (``MAL-``) that are not withdrawn and
        whose package a document lists or a package requires. ``malicious_only`` False: the other records too.

        >>> graph.incidents()
        ('litellm-2026-03',)
        """
        from graphkit.trace.relevant_incidents import relevant_incidents

        return self._store.ask(lambda reader: relevant_incidents(reader, malicious_only=malicious_only))

    def public_packages(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of some package names that an index listed, and no organisation file calls private.

        >>> sorted(graph.public_packages(["aider-chat", "no-such-package"]))
        ['aider-chat']
        """
        return self._store.ask(lambda reader: _public(reader, names))

    def organisation(self) -> Organisation:
        """Return all that the graph knows of the reader's own house: companies, services, documents and their use."""
        return self._store.ask(lambda reader: reader.evidence().organisation())

    def stats(self) -> answers.Stats:
        """Return what the graph holds, and every problem its documents had."""
        return self._store.ask(self._stats)

    def _stats(self, reader: GraphReader) -> answers.Stats:
        generation = reader.generation()
        return answers.Stats(
            counts=tuple(sorted(reader.counts().items())),
            problems=reader.evidence().problems(),
            packaging=generation.packaging,
            facts_sha256=generation.facts_sha256,
            newest_fact=generation.newest_fact if generation.inputs else None,
        )


def _public(reader: Reader, names: Iterable[str]) -> frozenset[str]:
    private = frozenset(reader.evidence().organisation().private_packages)
    ids = reader.package_ids(sorted({name for name in names if package_or_none(name) == name} - private))
    rows = reader.packages(ids[ids >= 0])
    return frozenset(name for name, listed in zip(rows.name, rows.is_listed_somewhere, strict=True) if listed)


def _shipped(error: UsageError, targets: Sequence[str]) -> UsageError | None:
    """Return what adds an incident that ships with graphkit and that a graph has not; None for any other error."""
    from graphkit.reports.settling import command
    from graphkit.resources import resource

    known = {path.parent.name: path for path in resource("examples").glob("*/incident.yaml")}
    missing = next((one for one in targets if one in known and str(error).startswith(repr(one))), None)
    if missing is None:
        return None
    add = command("graphkit", "ingest", "advisory", str(known[missing]))
    return UsageError(f"{missing} ships with graphkit and is not in this graph; add it: {add}")
