"""Feeding a graph: files found, recognised, read and kept, batch by batch; nothing odd stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from graphkit.ingest.documents import Documents
from graphkit.ingest.facts import take_advisory, take_organisation
from graphkit.ingest.files import walk
from graphkit.ingest.options import IngestArguments, IngestOptions
from graphkit.ingest.places import Places
from graphkit.ingest.repositories import Repositories
from graphkit.ingest.run import IngestRun
from graphkit.ingest.scan import take_scan, take_word_back
from graphkit.model.answers import IngestReport
from graphkit.model.errors import UsageError
from graphkit.model.progress import Progress
from graphkit.model.source_kinds import SOURCE_KINDS, kinds_with, misplaced, unknown_kind
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
        raise unknown_kind(kind)
    _check(kind, options)
    order = IngestOptions.read(options, is_scan=_KINDS[kind] is take_scan)
    run = IngestRun(store, order, progress)
    _KINDS[kind](run, sources)
    if _KINDS[kind] is not take_scan:
        take_word_back(run)
    return run.stats.report(answer)


def _check(kind: str, options: IngestArguments) -> None:
    """Raise UsageError where an option was given that the kind does not take, or that another one rules out."""
    given = [name for name, value in options.items() if value is not None and value is not False and value != []]
    for name in given if kind in SOURCE_KINDS else ():
        if kinds_with(name) and name not in SOURCE_KINDS[kind].options:
            raise misplaced(name, kind)
    if "refresh" in given and "build_requires" in given:
        raise UsageError("--build-requires goes with names of an index, and not with --refresh")
    if "refresh" in given and "for_services" in given:
        raise UsageError("--refresh reads pages that the graph has, --for-services those that it lacks: choose one")


def _documents(kind: str, run: IngestRun, sources: Sequence[str]) -> None:
    documents = Documents(run, kind)
    documents.take_word()
    places = Places(run.store.folder)
    if kind != "lock":
        documents.take_files(walk(sources, run.stats, called=places.document))
        places.save()
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
        documents.take_files(walk(found.rest, run.stats, found.skipped, called=places.document))
        places.save()


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
"""Every kind of source, by the word of the command line; what each takes is in `SOURCE_KINDS`."""
