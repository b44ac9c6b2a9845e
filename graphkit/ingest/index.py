"""The package index into the graph: packages by name, recorded slices, and again the pages that the graph has."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from packaging.requirements import InvalidRequirement, Requirement

from graphkit.ingest.files import is_file, label_of
from graphkit.ingest.inputs_read import input_id
from graphkit.ingest.run import IngestRun
from graphkit.ingest.service_roots import service_roots
from graphkit.model.documents import Problem
from graphkit.model.errors import InputError, UsageError
from graphkit.model.index import ProjectPage, ReleaseMetadata
from graphkit.model.names import PackageName, package_name
from graphkit.model.progress import Progress
from graphkit.model.sentences import first_of
from graphkit.model.times import instant
from graphkit.model.versions import release_version
from graphkit.sources.index import GatherOptions, Known, RootSet, gather, is_slice, open_live, refresh, slice_facts
from graphkit.stores import port
from graphkit.stores.port import Fact, PackageId

MOST_ASKED: Final = 5_000
"""Pages that are asked for though nobody named them; a graph with more holds a whole index."""
_SHOWN: Final = 5
"""How many packages a note names."""
_ENDINGS: Final = (".slice", ".xz", ".lock", ".json", ".toml", ".txt", ".yaml", ".yml")


def take_index(run: IngestRun, sources: Sequence[str]) -> None:
    """Take packages of the live index by name, and recorded slices by path."""
    names: list[str] = []
    try:
        for source in sources:
            path = Path(source)
            if is_file(path):
                _take_slice(run, path)
            elif _is_name(source):
                names.append(source)
            else:
                run.stats.reject(label_of(path), "no such file; give package names, or a recorded slice")
        together = [] if run.order.for_services == frozenset() else _roots_of_services(run)
        if names or together:
            _take_facts(run, "index", _live_facts(run, names, together))
    except _OutOfTime as stop:
        run.stats.is_stopped = True
        note = f"stopped after {stop} seconds: the index was not read to the end; a larger --budget goes on"
        run.stats.notes[note] = None
    finally:
        run.flush()


class _OutOfTime(Exception):
    """The time that a person gave for the index, in seconds, is used up; what was read is kept."""


def _roots_of_services(run: IngestRun) -> Sequence[RootSet]:
    found = service_roots(run.store.reader(), run.order.for_services)
    if not found:
        run.stats.notes["no manifest in the graph asks an index for anything"] = None
    return found


def _until(run: IngestRun) -> Progress:
    """Return progress that ends the work when its time is used up."""
    budget = run.order.budget
    if budget is None:
        return run.progress
    end = time.monotonic() + budget

    def progress(done: int, total: int | None, what: str) -> None:
        run.progress(done, total, what)
        if time.monotonic() > end:
            raise _OutOfTime(f"{budget:,.0f}")

    return progress


def _is_name(source: str) -> bool:
    """Return whether a source that is no file may name a package, as `litellm==1.82.6` or `zope.interface` do."""
    try:
        return Requirement(source).url is None and not source.lower().endswith(_ENDINGS)
    except InvalidRequirement:
        return False


def _take_slice(run: IngestRun, path: Path) -> None:
    """Take a recorded slice; one that was read to its end before is not read again.

    What is kept of packages merges in any order and never becomes less, so that its facts are in the graph still,
    whatever came since, and would change nothing. No option bears on what is read of it.
    """
    label = label_of(path)
    try:
        data = _slice_bytes(path)
    except InputError as error:
        run.stats.reject(label, error)
        return
    this = input_id("slice", data)
    if (known := run.remembered(this)) is not None:
        run.take_unchanged(known, read=known.facts)
        return
    read, rejected = run.stats.read, len(run.stats.rejected)
    problems = _take_facts(run, label, slice_facts(data))
    if len(run.stats.rejected) == rejected:
        run.remember(port.InputRead(id=this, facts=run.stats.read - read, problems=problems))


def _take_facts(run: IngestRun, label: str, facts: Iterable[Fact]) -> tuple[tuple[str, Problem], ...]:
    """Take facts up to the first that cannot be read; return what was odd about pages."""
    odd: list[tuple[str, Problem]] = []
    try:
        for fact in facts:
            run.stats.read += 1
            run.keep(label, [fact])
            if isinstance(fact, ProjectPage):
                run.stats.odd(f"page of {fact.package}", fact.problems)
                odd += [(f"page of {fact.package}", one) for one in fact.problems]
    except InputError as error:
        run.stats.reject(label, error)
    return tuple(odd)


def _slice_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(512)
            if not is_slice(head):
                raise InputError("not a recorded slice of an index")
            return head + file.read()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error


def index_cache() -> Path:
    """Return the folder in which answers of the live index are kept between runs."""
    from platformdirs import user_cache_path

    return user_cache_path("graphkit") / "index"


def _live_facts(run: IngestRun, names: Sequence[str], together: Sequence[RootSet]) -> Iterator[Fact]:
    asked = run.order
    now = instant(dt.datetime.now(dt.UTC))
    at = asked.as_of or now
    order = GatherOptions(
        start=at if asked.start is None else asked.start,
        until=at + 1 if asked.until is None else asked.until,
        as_of=asked.as_of,
        closure=asked.closure or bool(together),
        all_allowed=asked.all_allowed,
        build_requires=asked.build_requires,
    )
    silent: dict[str, list[str]] = {}
    untold: dict[str, list[str]] = {}

    def note(name: str, why: str) -> None:
        untold.setdefault(why, []).append(name)

    given = {package_name(Requirement(name).name) for name in names}
    with open_live(asked.index_url, cache=index_cache(), read_at=now) as source:
        for fact in gather(
            source,
            names,
            order,
            together=together,
            record=asked.slice_to,
            progress=_until(run),
            reject=run.stats.reject,
            note=note,
        ):
            if isinstance(fact, ProjectPage) and (why := _says_nothing(fact, is_given=fact.package in given)):
                silent.setdefault(why, []).append(fact.package)
            yield fact
    for why, found in sorted(silent.items()):
        run.stats.notes[f"{why}, so nothing is known of them from it: {some(sorted(found))}"] = None
    for why, found in sorted(untold.items()):
        run.stats.notes[f"build requirements were not read ({why}): {some(sorted(found))}"] = None


def _says_nothing(page: ProjectPage, *, is_given: bool) -> str:
    """Return why a page says nothing of a package, and is not said yet; empty where it lists files."""
    if not page.found:
        return "" if is_given else "the index does not know some that others require"
    if page.status == "quarantined":
        return "the index has quarantined some"
    return "" if any(release.files for release in page.releases) else "the index lists no file of some"


def some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    return first_of(names, _SHOWN)


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
    ids = _named(run, reader, sources) if sources else _held(run, reader)
    if not ids:
        run.stats.notes["no project page was requested: the graph contains none"] = None
        return
    changed, new = 0, 0
    gone: list[PackageName] = []
    required: set[PackageName] = set()
    now = instant(dt.datetime.now(dt.UTC))
    try:
        with open_live(run.order.index_url, cache=index_cache(), read_at=now) as index:
            known = (_known(reader, package_id) for package_id in ids)
            for one in refresh(index, known, total=len(ids), progress=run.progress, reject=run.stats.reject):
                run.stats.read += len(one.facts)
                run.keep(f"page of {one.package}", one.facts)
                run.stats.odd(f"page of {one.package}", one.problems)
                changed += one.is_changed
                new += len(one.new)
                if one.is_gone:
                    gone.append(one.package)
                read = (fact for fact in one.facts if isinstance(fact, ReleaseMetadata))
                required |= {each.package for fact in read for each in fact.requirements}
    finally:
        run.flush()
    run.stats.notes[f"{len(ids):,} project pages asked for: {changed:,} changed, {new:,} new releases read"] = None
    if gone:
        run.stats.notes[f"no longer on the index: {some(sorted(gone))}"] = None
    if missing := _without_page(reader, required):
        note = f"new releases require packages whose pages the graph lacks: {some(missing)}; "
        run.stats.notes[f"{note}graphkit ingest index NAME --closure reads them"] = None


def _named(run: IngestRun, reader: port.Reader, sources: Sequence[str]) -> list[PackageId]:
    """Return the ids of packages by their names; those whose page the graph lacks are rejected."""
    names: list[PackageName] = []
    for source in sources:
        try:
            names.append(package_name(Requirement(source).name))
        except InvalidRequirement:
            run.stats.reject(source, "not a valid package name; a refresh takes names")
    ids = reader.package_ids(names)
    has_page = _was_asked(reader, ids)
    for name, package_id, is_held in zip(names, ids.tolist(), has_page.tolist(), strict=True):
        if package_id < 0 or not is_held:
            run.stats.reject(name, f"the graph has no page of it to refresh; graphkit ingest index {name} reads it")
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
    run.stats.notes[
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
