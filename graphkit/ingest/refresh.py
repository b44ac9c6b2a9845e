"""Bringing what a graph has of the live index up to date: the projects whose pages it holds, or those named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from packaging.requirements import InvalidRequirement, Requirement

from graphkit.ingest.facts import index_cache, some
from graphkit.ingest.run import IngestRun
from graphkit.model.errors import UsageError
from graphkit.model.index import ReleaseMetadata
from graphkit.model.names import PackageName, package_name
from graphkit.model.times import instant
from graphkit.model.versions import release_version
from graphkit.sources.index import Known, open_live, refresh
from graphkit.stores import port
from graphkit.stores.port import PackageId

MOST_ASKED: Final = 5_000
"""Pages that are asked for though nobody named them; a graph with more holds a whole index."""


def take_refresh(run: IngestRun, sources: Sequence[str]) -> None:
    """Ask again for the pages of packages, by name, or of all that the graph has; note how many changed.

    A project's page and what its new releases require are kept together, so that a run that was cut short goes
    on where it was: a release whose requirements were not read is still new.

    Raises:
        UsageError: an option that does not go with it, or a whole index in the graph and nothing that narrows it.
        GraphkitError: the index cannot be reached or refuses; what was read is kept.
    """
    if run.order.closure or run.order.slice_to or run.order.as_of is not None or run.order.start is not None:
        raise UsageError("--refresh reads the pages as they are now: only names and --index-url go with it")
    reader = run.store.reader()
    wanted = _named(run, reader, sources) if sources else _held(run, reader)
    if not wanted:
        run.tally.notes["no project page was requested: the graph contains none"] = None
        return
    changed, new = 0, 0
    gone: list[PackageName] = []
    required: set[PackageName] = set()
    now = instant(dt.datetime.now(dt.UTC))
    try:
        with open_live(run.order.index_url, cache=index_cache(), read_at=now) as index:
            known = (_known(reader, package_id) for package_id in wanted)
            for one in refresh(index, known, total=len(wanted), progress=run.progress, reject=run.tally.reject):
                run.tally.read += len(one.facts)
                run.keep(f"page of {one.package}", one.facts)
                run.tally.odd(f"page of {one.package}", one.problems)
                changed += one.is_changed
                new += len(one.new)
                if one.is_gone:
                    gone.append(one.package)
                read = (fact for fact in one.facts if isinstance(fact, ReleaseMetadata))
                required |= {each.package for fact in read for each in fact.requirements}
    finally:
        run.flush()
    run.tally.notes[f"{len(wanted):,} project pages asked for: {changed:,} changed, {new:,} new releases read"] = None
    if gone:
        run.tally.notes[f"no longer on the index: {some(sorted(gone))}"] = None
    if missing := _without_page(reader, required):
        note = f"new releases require packages whose pages the graph lacks: {some(missing)}; "
        run.tally.notes[f"{note}graphkit ingest index NAME --closure reads them"] = None


def _named(run: IngestRun, reader: port.Reader, sources: Sequence[str]) -> list[PackageId]:
    """Return the ids of packages by their names; those whose page the graph lacks are rejected."""
    names: list[PackageName] = []
    for source in sources:
        try:
            names.append(package_name(Requirement(source).name))
        except InvalidRequirement:
            run.tally.reject(source, "not a valid package name; a refresh takes names")
    ids = reader.package_ids(names)
    has_page = _was_asked(reader, ids)
    for name, package_id, is_held in zip(names, ids.tolist(), has_page.tolist(), strict=True):
        if package_id < 0 or not is_held:
            run.tally.reject(name, f"the graph has no page of it to refresh; graphkit ingest index {name} reads it")
    return list(dict.fromkeys(ids[has_page].tolist()))


def _held(run: IngestRun, reader: port.Reader) -> list[PackageId]:
    """Return the ids of packages whose pages the graph holds; of a whole index, of those that something mentions."""
    ids = np.arange(reader.generation().packages, dtype=port.PACKAGE)
    held = ids[_was_asked(reader, ids)]
    if len(held) <= MOST_ASKED:
        return [PackageId(int(package_id)) for package_id in held]
    mentioned = reader.package_ids(sorted(_mentioned(reader.evidence())))
    narrowed = np.intersect1d(held, mentioned)
    whole = f"the graph holds {len(held):,} projects, a whole index, which is not asked page by page"
    if not 0 < len(narrowed) <= MOST_ASKED:
        raise UsageError(f"{whole}; name those to refresh, or ingest a newer table")
    run.tally.notes[
        f"{whole}: refreshed only the {len(narrowed):,} of them that documents and incidents mention; name others"
    ] = None
    return [PackageId(int(package_id)) for package_id in narrowed]


def _mentioned(evidence: port.Evidence) -> Iterator[PackageName]:
    for incident in evidence.incidents():
        yield from (release.package for release in incident.releases if release.package)
        yield from (package for package, _ in incident.ranges)
    for sha256 in sorted({use.document for use in evidence.organisation().uses}):
        try:
            document = evidence.document(sha256)
        except KeyError:  # a use of a document that nobody gave
            continue
        yield from (row.package for row in document.components if row.package)
        yield from (requirement.package for requirement in document.requirements)


def _was_asked(reader: port.Reader, ids: port.PackageIds) -> port.Truths:
    """Return for which packages the index was asked for a page; not for those the graph does not know (-1)."""
    found = np.zeros(len(ids), dtype=np.bool_)
    found[ids >= 0] = reader.packages(ids[ids >= 0]).has_answer
    return found


def _without_page(reader: port.Reader, packages: Iterable[PackageName]) -> list[PackageName]:
    names = sorted(packages)
    lacks = ~_was_asked(reader, reader.package_ids(names))
    return [name for name, is_missing in zip(names, lacks.tolist(), strict=True) if is_missing]


def _known(reader: port.Reader, package_id: PackageId) -> Known:
    columns = reader.packages(port.PACKAGE.of([package_id]))
    releases = reader.releases(np.arange(columns.start[0], columns.stop[0], dtype=port.RELEASE))
    versions: set[str] = set()
    files: dict[str, bool] = {}
    bounds, is_ghost = releases.file_start.tolist(), releases.is_ghost.tolist()
    is_yanked = releases.file_is_yanked.tolist()
    for row, version in enumerate(releases.version):
        if is_ghost[row] or bounds[row] == bounds[row + 1]:
            continue
        versions.add(release_version(version).key)
        for file in range(bounds[row], bounds[row + 1]):
            files[releases.filename[file]] = is_yanked[file]
    return Known(
        package=PackageName(columns.name[0]),
        versions=frozenset(versions),
        files=files,
        found=not columns.is_missing[0],
        is_quarantined=bool(columns.is_quarantined[0]),
    )
