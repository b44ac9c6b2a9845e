"""Feeding a graph: files found, recognised, read and kept, batch by batch; nothing odd stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from graphkit.ingest.documents import Documents
from graphkit.ingest.facts import take_advisory, take_organisation
from graphkit.ingest.files import walk
from graphkit.ingest.options import IngestArguments, IngestOptions
from graphkit.ingest.repositories import Repositories
from graphkit.ingest.run import IngestRun
from graphkit.ingest.scan import take_scan
from graphkit.model.answers import IngestReport
from graphkit.model.errors import UsageError
from graphkit.model.progress import Progress
from graphkit.stores.port import Store

__all__ = ("IngestArguments", "ingest")


def ingest(
    store: Store,
    kind: str,
    sources: Sequence[str],
    options: IngestArguments,
    progress: Progress,
    answer: type[IngestReport] = IngestReport,
) -> IngestReport:
    """Read sources of one kind into a store and return what became of each.

    What was read is kept in batches, also when it is interrupted. Cost: each input once; documents
    whose bytes the graph has are not parsed again. ``answer`` is the class that is made.

    Raises:
        UsageError: an unknown kind, or an option that is invalid.
        GraphkitError: the graph is in use elsewhere, or the index cannot be reached.
    """
    if kind not in _KINDS:
        raise UsageError(f"unknown kind {kind!r}; choose one of {', '.join(_KINDS)}")
    order = IngestOptions.read(options)
    if order.is_refresh and kind != "index":
        raise UsageError(f"--refresh is for an index; read {kind} sources again with the same command")
    if order.build_requires and (kind != "index" or order.is_refresh):
        raise UsageError("--build-requires goes with names of an index, and not with --refresh")
    if kind != "index" and (order.for_services != frozenset() or order.all_allowed or order.budget is not None):
        raise UsageError("--for-services, --all-allowed and --budget go with an index")
    if order.is_refresh and order.for_services != frozenset():
        raise UsageError("--refresh reads pages that the graph has, --for-services those that it lacks: choose one")
    run = IngestRun(store, order, progress)
    _KINDS[kind](run, sources)
    return run.stats.report(answer)


def _documents(kind: str, run: IngestRun, sources: Sequence[str]) -> None:
    documents = Documents(run, kind)
    documents.take_word()
    if kind != "lock":
        documents.take_files(walk(sources, run.stats))
        return
    found = Repositories(run, sources)
    if found:
        documents.take_history(found)
        run.stats.notes["of a repository, the commits were read, not the work tree"] = None
    elif run.order.now is not None:
        run.stats.notes["not checked: no git repository was given, so no remote can be asked; give --read-at TIME"] = (
            None
        )
    if found.rest:
        documents.take_files(walk(found.rest, run.stats, found.skipped))


def _organisations(run: IngestRun, sources: Sequence[str]) -> None:
    run.each(sources, take_organisation)


def _advisories(run: IngestRun, sources: Sequence[str]) -> None:
    run.each(sources, take_advisory)


def _index(run: IngestRun, sources: Sequence[str]) -> None:
    from graphkit.ingest.index import take_index, take_refresh

    if run.order.is_refresh:
        take_refresh(run, sources)
    else:
        take_index(run, sources)


def _github(run: IngestRun, sources: Sequence[str]) -> None:
    from graphkit.ingest.pulls import take_github

    take_github(run, sources)


def _dependency_track(run: IngestRun, sources: Sequence[str]) -> None:
    from graphkit.ingest.pulls import take_dependency_track

    take_dependency_track(run, sources)


def _parquet(run: IngestRun, sources: Sequence[str]) -> None:
    from graphkit.ingest.tables import take_parquet

    take_parquet(run, sources)


def _pypi_db(run: IngestRun, sources: Sequence[str]) -> None:
    from graphkit.ingest.tables import take_pypi_db

    take_pypi_db(run, sources)


_KINDS: Final[dict[str, Callable[[IngestRun, Sequence[str]], None]]] = {
    "sbom": partial(_documents, "sbom"),
    "lock": partial(_documents, "lock"),
    "env": partial(_documents, "env"),
    "org": _organisations,
    "advisory": _advisories,
    "index": _index,
    "parquet": _parquet,
    "pypi-db": _pypi_db,
    "github": _github,
    "dependency-track": _dependency_track,
    "scan": take_scan,
}
"""Every kind of source, by the word of the command line."""
