"""Everything below some folders: histories of repositories, and what lies in folders, each project a service.

Of a repository, locks, manifests and scripts are read from its history; from its folder those that no commit has as
they are there, with SBOMs and environments, which are seldom committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec.structs import replace

from graphkit.ingest.documents import INPUTS, Documents
from graphkit.ingest.files import Found, walk
from graphkit.ingest.places import Places
from graphkit.ingest.projects import Projects
from graphkit.ingest.repositories import Repositories
from graphkit.ingest.run import IngestRun, told_in
from graphkit.ingest.stats import IngestStats
from graphkit.model.documents import DocumentKind
from graphkit.model.errors import GraphkitError
from graphkit.model.input_names import NOT_COMMITTED
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse, Organisation, Service
from graphkit.model.sentences import first_of
from graphkit.sources.git import History, changed_files
from graphkit.sources.git.file_names import is_input
from graphkit.sources.git.owners import folder_of
from graphkit.stores.port import InputRead

PASSED_OVER: Final = frozenset({
    *("node_modules", "bower_components", "__pycache__"),
    *(".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"),
})  # fmt: skip
"""Folders of other ecosystems and of caches, which hold nobody's documents."""
_WORD: Final = "scan: the builds found are all there were"
"""The source of the word of the last scan; that of the next one takes its place, so that none outlives it.

What the graph had of each service then is kept with it: the word is about nothing that came later.
"""
_ARCHIVES: Final = frozenset({".zip", ".gz", ".tgz", ".whl"})
"""How the names of files end that may hold others; such a name in a path is no folder."""
_LISTS: Final = (".txt", ".in", ".pip")
_SHOWN: Final = 5

Built = dict[ServiceId, set[tuple[str, str]]]


def take_scan(run: IngestRun, sources: Sequence[str]) -> None:
    """Take what sources name or hold. Cost: as for histories and files, and one more look at each name."""
    built: Built = {}
    doubtful: set[ServiceId] = set()
    unread: set[tuple[str, str]] = set()
    uses = run.store.reader().evidence().organisation().uses
    places = Places(run.store.folder)
    repositories = Repositories(run, sources, label_of=places.label, named=places.name)
    run.stats.repositories = len(repositories.places)
    for one in repositories.places:
        run.stats.take("lock", str(one.path), is_history=True)
        run.stats.looked_into.add(one.repository)
    if repositories:
        Documents(run, "lock").take_history(repositories)
    if repositories.rest:
        taken = frozenset(one.label for one in repositories.places)
        names = _files(repositories.rest, IngestStats(), repositories.skipped, places)
        documents = Documents(run, "lock", Projects(names, uses, taken=taken))
        documents.take_files(_noted(run, _files(repositories.rest, run.stats, repositories.skipped, places)))
        _join(built, documents.built)
        doubtful |= documents.of_others
        unread |= documents.unread
    for one in repositories.places:
        if (one.path / ".git").exists():  # a bare one has no files
            documents = _take_work_tree(run, one, uses)
            _join(built, documents.built)
            doubtful |= documents.of_others
            unread |= documents.unread
    _keep_word(run, built, doubtful, unread)
    if run.order.stands_from is not None:
        run.stats.notes[
            "--unchanged-since stays in this graph: later scans, blast and why rely on it; another --graph does not"
        ] = None
    places.save()


def _files(
    sources: Sequence[str], stats: IngestStats, skipped: AbstractSet[Path] = frozenset(), places: Places | None = None
) -> Iterator[Found]:
    """Yield files and environments; without constraints, which install nothing by themselves, as in a history."""
    label = None if places is None else places.label
    called = None if places is None else places.document
    found = walk(sources, stats, skipped=skipped, passed_over=PASSED_OVER, label=label, called=called)
    return (one for one in found if one.named or not _is_of_constraints(one.label))


def _noted(run: IngestRun, files: Iterable[Found]) -> Iterator[Found]:
    """Yield files, and note in which folders they are."""
    for one in files:
        run.stats.looked_into.add(one.repository)
        yield one


def _is_of_constraints(label: str) -> bool:
    name = label.rpartition("/")[2].lower()
    return "constraint" in name and name.endswith(_LISTS) and not is_input(label)


def _join(built: Built, more: Built) -> None:
    for service, places in more.items():
        built.setdefault(service, set()).update(places)


def _take_work_tree(run: IngestRun, one: History, uses: Sequence[DocumentUse]) -> Documents:
    """Take the SBOMs and environments of a repository's folder, and the inputs that no commit has as they are.

    Those are states of which nobody knows since when they are there, so they expose and never clear
    (docs/semantics.md#in-place).
    """

    def files(stats: IngestStats) -> Iterator[Found]:
        return (replace(found, repository=one.repository) for found in _files([str(one.path)], stats))

    there = [found for found in files(IngestStats()) if not found.is_environment]
    try:
        changed = frozenset(changed_files(one.path, one.label, (found.label for found in there)))
    except GraphkitError:  # the history has said so
        changed = frozenset(found.label for found in there if is_input(found.label))
    documents = Documents(run, "lock", Projects(there, uses, label=one.label), branch=NOT_COMMITTED)
    documents.take_files(_wanted(files(run.stats), changed))
    if changed:
        named = first_of(sorted(changed), _SHOWN)
        run.stats.notes[f"{one.repository}: not committed as they are now; read from the folder, undated: {named}"] = (
            None
        )
    return documents


def _wanted(files: Iterable[Found], changed: AbstractSet[str]) -> Iterator[Found]:
    """Yield what is no input by its name, and the inputs that are not in the history as they are."""
    return (one for one in files if one.is_environment or not is_input(one.label) or one.label in changed)


def _keep_word(
    run: IngestRun,
    built: Mapping[ServiceId, set[tuple[str, str]]],
    doubtful: AbstractSet[ServiceId],
    unread: AbstractSet[tuple[str, str]],
) -> None:
    """Keep for which services the builds found are declared to be all there were.

    For none that has inputs in a folder where no build of it was found: those may be another's of the same name. Nor
    for one beside which an SBOM is about something else (``doubtful``), or a file was not read (``unread``).
    """
    read = {path for _, path in unread}
    lost = _Lost(unread, (one.path for one in run.stats.rejected if one.path not in read))
    losing = {name for name, places in built.items() if any(lost.is_near(*place) for place in places)}
    doubtful = (doubtful | losing) & built.keys()
    elsewhere: set[ServiceId] = set()
    known: set[tuple[ServiceId, str]] = set()
    if run.order.declares_builds and built:
        run.flush()
        evidence = run.store.reader().evidence()
        organisation = evidence.organisation()
        uses = [use for use in organisation.uses if use.service in built]
        known = told_in(uses, organisation.builds)
        heads = evidence.heads(sorted({use.document for use in uses}))
        inputs = {one.sha256 for one in heads if one.kind in INPUTS - {DocumentKind.SCRIPT}}
        elsewhere = {
            use.service
            for use in uses
            if use.document in inputs and (use.repository, folder_of(use.path)) not in built[use.service]
        }
    closed = sorted(built.keys() - elsewhere - doubtful) if run.order.declares_builds else []
    run.stats.closed = frozenset(closed)
    _say(run, {one: sorted(about for service, about in known if service == one) for one in closed})
    if closed:
        run.stats.notes[
            "--builds-complete stays in this graph until the next scan; blast and why rely on it: "
            f"{first_of(closed, _SHOWN)}"
        ] = None
    if elsewhere:
        named = first_of(sorted(elsewhere), _SHOWN)
        run.stats.notes[f"--builds-complete not applied, since other folders have locks or manifests of: {named}"] = (
            None
        )
    if run.order.declares_builds and doubtful:
        named = first_of(sorted(doubtful), _SHOWN)
        run.stats.notes[
            "--builds-complete not applied, since an SBOM beside it is about something else, or a file near it was not "
            f"read: {named}"
        ] = None


def _say(run: IngestRun, closed: Mapping[ServiceId, Sequence[str]]) -> None:
    """Keep the word, with what was known of each service when it was given."""
    said = tuple(Service(id=one, builds_complete=True) for one in closed)
    run.keep(_WORD, [Organisation(source=_WORD, services=said)], counted=False)
    run.flush()
    files = tuple((service, *known) for service, known in closed.items())
    run.store.remember(InputRead(id=_WORD, facts=len(files), files=files))


def take_word_back(run: IngestRun) -> None:
    """Take the word of the last scan back for services of which a run told more: it is about nothing that came later.

    Cost: one look-up where nothing was told of a service.
    """
    word = run.store.remembered(_WORD) if run.told else None
    closed = {ServiceId(service): frozenset(known) for service, *known in word.files} if word is not None else {}
    late = {service for service, about in run.told if service in closed and about not in closed[service]}
    if late:
        _say(run, {service: sorted(known) for service, known in closed.items() if service not in late})
        run.stats.notes[
            "--builds-complete of the last scan no longer applies, since this came after it: "
            f"{first_of(sorted(late), _SHOWN)}"
        ] = None


def _folder_on_disk(path: str) -> str:
    """Return the folder of a file; of one in an archive, that of the archive.

    >>> _folder_on_disk("app/boms.zip/old/bom.json"), _folder_on_disk("app/bom.json")
    ('app', 'app')
    """
    folders = folder_of(path).split("/")
    outside = takewhile(lambda one: PurePosixPath(one).suffix.lower() not in _ARCHIVES, folders)
    return "/".join(outside)


def _around(folder: str) -> Iterator[str]:
    """Yield a folder and those that it is in, up to the one that was given, which is empty.

    >>> list(_around("a/b"))
    ['a/b', 'a', '']
    """
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


class _Lost:
    """The folders in which files were not read. What is lost may have been a build of what lies there, above or below.

    ``unread`` are files by what their folder that was given is called; ``elsewhere`` by their labels alone, which may
    begin further up.
    """

    def __init__(self, unread: Iterable[tuple[str, str]], elsewhere: Iterable[str]) -> None:
        self._here = {(root, _folder_on_disk(path)) for root, path in unread}
        self._above = {(root, outer) for root, folder in self._here for outer in _around(folder)}
        self._ends = {part for path in elsewhere for part in _ends(_folder_on_disk(path))}

    def is_near(self, root: str, folder: str) -> bool:
        """Return whether something was lost in a folder, below it, or above it short of the folder that was given."""
        outer = {one for one in _around(folder) if one} | {folder, folder.rpartition("/")[0]}
        return (root, folder) in self._above or folder in self._ends or any((root, one) in self._here for one in outer)


def _ends(folder: str) -> list[str]:
    parts = folder.split("/")
    return ["/".join(parts[first:]) for first in range(len(parts))]
