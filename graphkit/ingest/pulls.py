"""Pulls of a run: everything a server keeps of an organisation, and the end of what it keeps no more."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

from msgspec.structs import replace

from graphkit.formats import is_claimed
from graphkit.ingest.documents import Documents
from graphkit.ingest.run import IngestRun
from graphkit.model.errors import InputError
from graphkit.model.organisation import DocumentUse
from graphkit.model.sentences import first_of
from graphkit.model.times import Instant, Moment, instant
from graphkit.sources.fetched_document import FetchedDocument
from graphkit.sources.pulls import Pull, open_dependency_track, open_github

_Open = Callable[..., AbstractContextManager[Pull]]

_SHOWN: Final = 5
_DOUBTFUL: Final = (".txt", "pyproject.toml", "environment.yml", "environment.yaml")
"""Names that documents share with other files: prose about requirements, settings of tools."""


def take_github(run: IngestRun, sources: Sequence[str]) -> None:
    """Take organisations, users or single repositories of GitHub."""
    _take(run, sources, open_github)


def take_dependency_track(run: IngestRun, sources: Sequence[str]) -> None:
    """Take the projects of Dependency-Track servers."""
    _take(run, sources, open_dependency_track)


def _take(run: IngestRun, sources: Sequence[str], opened: _Open) -> None:
    for source in sources:
        told = run.order.read_at
        read_at = told.earliest if told is not None else instant(dt.datetime.now(dt.UTC))
        with opened(source, read_at=read_at, reject=run.stats.reject, progress=run.progress) as pull:
            rejected = len(run.stats.rejected)
            pulled = _Pulled(run, pull, read_at)
            Documents(run, "").take_arrivals(pulled.arrivals(), pulled.met)
            run.stats.notes |= dict.fromkeys(pull.notes)
            if pull.is_complete and len(run.stats.rejected) == rejected:
                pulled.retire()
            else:
                run.stats.notes[f"{pull.source} was not read completely, so nothing of it counts as gone"] = None
            pulled.note()


class _Pulled:
    """One pull beside those before it. ``met`` are the (path, SHA-256) of the documents that it brought.

    What an earlier pull brought ended at some time after the last moment that it was seen and before it was
    missed. Nobody looked in between: it may expose those days, and clears none of them (docs/semantics.md#in-place).
    """

    def __init__(self, run: IngestRun, pull: Pull, read_at: Instant) -> None:
        self.met: set[tuple[str, str]] = set()
        self._run = run
        self._pull = pull
        self._read_at = read_at
        self._earlier: dict[str, list[DocumentUse]] = defaultdict(list)
        self._replaced: dict[str, None] = {}
        self._gone: dict[str, None] = {}
        kind = pull.source.partition("/")[0]
        for use in run.store.reader().evidence().organisation().uses:
            # Only pulls say both; a later one may have come in first, and knows better.
            if use.path.startswith(f"{kind}/") and use.stands_until is None and _read_before(use, read_at):
                self._earlier[use.path].append(use)

    def arrivals(self) -> Iterator[FetchedDocument]:
        """Yield what the pull brings; what stood at the path of each before ends as soon as it is taken."""
        for one in self._pull:
            if _is_none(one):
                self._run.stats.unrecognised.append(one.path)
                continue
            before = len(self.met)
            yield one
            if len(self.met) > before:
                self._end(self._earlier.get(one.path, ()), self._replaced)

    def retire(self) -> None:
        """End what lies inside the source and was not met, after a pull that was complete."""
        inside = f"{self._pull.source}/"
        for path in [path for path in self._earlier if path.startswith(inside)]:
            self._end(self._earlier[path], self._gone)
        self._run.flush()

    def _end(self, uses: Iterable[DocumentUse], told: dict[str, None]) -> None:
        ended = [use for use in uses if (use.path, use.document) not in self.met and use.path not in self._replaced]
        self._run.keep(self._pull.source, (_ended(use, self._read_at) for use in ended), counted=False)
        told |= dict.fromkeys(use.path for use in ended)

    def note(self) -> None:
        """Say what ended."""
        for what, paths in (("replaced by a newer state", self._replaced), ("no longer there", self._gone)):
            if paths:
                self._run.stats.notes[f"{what}: {first_of(sorted(paths), _SHOWN)}"] = None


def _read_before(use: DocumentUse, read_at: Instant) -> bool:
    return use.read_at is not None and use.read_at.latest < read_at


def _ended(use: DocumentUse, missed_at: Instant) -> DocumentUse:
    assert use.read_at is not None
    seen = use.read_at.earliest + 1  # the last moment it was seen counts
    return replace(use, stands_until=Moment(earliest=seen, latest=max(seen, missed_at)))


def _is_none(one: FetchedDocument) -> bool:
    """Return whether a file only has a name that documents have, too, and is none."""
    if not one.path.lower().endswith(_DOUBTFUL):
        return False
    try:
        return not is_claimed(one.data, one.path, hint=one.hint)
    except InputError:
        return False
