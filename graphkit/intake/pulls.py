"""Pulls of a run: everything a server keeps of an organisation, and the end of what it keeps no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from graphkit.intake.documents import Documents
from graphkit.intake.run import Run
from graphkit.model.organisation import DocumentUse
from graphkit.model.times import Instant, instant
from graphkit.sources.arrivals import Arrival
from graphkit.sources.pulls import Pull, open_dependency_track, open_github

_Open = Callable[..., AbstractContextManager[Pull]]


def take_github(run: Run, sources: Sequence[str]) -> None:
    """Take organisations, users or single repositories of GitHub."""
    _take(run, sources, open_github)


def take_dependency_track(run: Run, sources: Sequence[str]) -> None:
    """Take the projects of Dependency-Track servers."""
    _take(run, sources, open_dependency_track)


def _take(run: Run, sources: Sequence[str], opened: _Open) -> None:
    for source in sources:
        read_at = run.order.read_at if run.order.read_at is not None else instant(dt.datetime.now(dt.UTC))
        with opened(source, read_at=read_at, reject=run.tally.reject, progress=run.progress) as pull:
            met: set[tuple[str, str]] = set()
            Documents(run, "").take_arrivals(_told(pull, met), met)
            run.tally.notes |= dict.fromkeys(pull.notes)
            if pull.is_complete:
                _retire(run, pull.source, met, read_at)
            else:
                run.tally.notes[f"{pull.source} was not read completely, so nothing of it counts as gone"] = None


def _told(pull: Pull, met: set[tuple[str, str]]) -> Iterator[Arrival]:
    met.clear()
    yield from pull


def _retire(run: Run, source: str, met: set[tuple[str, str]], read_at: Instant) -> None:
    """End what an earlier pull of a source brought and this one, which was complete, did not (semantics §4).

    ``met`` are the (path, SHA-256) of this pull. What ended is not gone: it was there before.
    """
    inside = f"{source}/"
    gone = [
        use
        for use in run.store.reader().evidence().organisation().uses
        if use.path.startswith(inside)
        and (use.path, use.document) not in met
        and use.stands_until is None
        and (use.read_at is None or use.read_at < read_at)
    ]
    run.keep(source, [_ended(use, read_at) for use in gone], counted=False)
    run.flush()
    if gone:
        paths = sorted({use.path for use in gone})
        more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
        run.tally.notes[f"no longer there: {', '.join(paths[:5])}{more}"] = None


def _ended(use: DocumentUse, read_at: Instant) -> DocumentUse:
    return replace(use, stands_until=read_at)
