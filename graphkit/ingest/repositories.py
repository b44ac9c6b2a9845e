"""Histories of a run: the install inputs of git repositories, and what a person says of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from graphkit.ingest.files import folder_label, labels_apart
from graphkit.ingest.options import IngestOptions
from graphkit.ingest.run import IngestRun
from graphkit.model.errors import GraphkitError
from graphkit.model.organisation import DocumentUse
from graphkit.model.times import Instant, Moment, exactly
from graphkit.sources.fetched_document import FetchedDocument, Reject
from graphkit.sources.git import History, is_repository, name_of, repositories, states


class Repositories:
    """The repositories among sources: those that they name, and those in a folder that is none itself.

    ``skipped`` are the folders that are read as histories, and so not as folders of files.
    """

    def __init__(
        self,
        run: IngestRun,
        sources: Sequence[str],
        *,
        label_of: Callable[[Path], str] = folder_label,
        named: Callable[[Path], str] = name_of,
    ) -> None:
        """Find them. ``label_of`` and ``named`` say what answers call a folder, and the services of a repository."""
        self._run = run
        self._found: list[tuple[History, bool]] = []
        self.rest: list[str] = []
        self.skipped: set[Path] = set()
        whole = [source for source in sources if source and is_repository(Path(source))]
        labels = dict(zip(whole, labels_apart([Path(source) for source in whole], label_of), strict=True))
        names = dict(zip(whole, labels_apart([Path(source) for source in whole], named), strict=True))
        found: list[tuple[Path, str, str, bool]] = []
        for source in sources:
            if source in labels:
                found.append((Path(source), labels[source], names[source], True))
                continue
            self.rest.append(source)
            for inside in repositories(Path(source)) if source and os.path.isdir(source) else ():  # noqa: PTH112 - never raises
                near = os.fsencode(inside.relative_to(source).as_posix()).decode("utf-8", "backslashreplace")
                found.append((inside, f"{label_of(Path(source))}/{near}", near.removesuffix(".git"), False))
                self.skipped.add(inside)
        same = Counter(name for _, _, name, _ in found)
        for path, label, name, is_named in found:
            self._add(path, label, name if same[name] == 1 else label.removesuffix(".git"), is_named=is_named)

    def _add(self, path: Path, label: str, name: str, *, is_named: bool) -> None:
        run = self._run
        asked = History(
            path=path,
            repository=label.removesuffix(".git"),
            name=name,
            service=run.order.service or "",
            now=run.order.now,
            unclaimed=lambda shown: run.stats.unrecognised.append(shown if is_named else f"{label}/{shown}"),
            note=lambda text: run.stats.notes.setdefault(text, None),
        )
        self._found.append((asked, is_named))

    @property
    def places(self) -> tuple[History, ...]:
        """Each repository."""
        return tuple(asked for asked, _ in self._found)

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._found)

    def arrivals(self) -> Iterator[FetchedDocument]:
        """Yield the states of all of them; one that was found in a folder and cannot be read is rejected."""
        for asked, is_named in self._found:
            try:
                yield from states(asked, reject=self._reject(asked, is_named=is_named), progress=self._run.progress)
            except GraphkitError as error:
                if is_named:
                    raise
                self._run.stats.reject(asked.repository, str(error))

    def _reject(self, asked: History, *, is_named: bool) -> Reject:
        """Return what reports files that cannot be used; of one repository of many, with its name."""
        reject = self._run.stats.reject
        return reject if is_named else lambda path, problem: reject(f"{asked.repository}/{path}", problem)


def as_told(use: DocumentUse, one: FetchedDocument, order: IngestOptions) -> Iterator[DocumentUse]:
    """Yield the use of an input of a history with what a person says of all of its inputs (docs/semantics.md#in-place).

    ``--read-at`` holds for what stands on branches that exist, ``--stands-from`` for what the first commit
    that is known brought. ``--built-at`` is another use, of what stood then on the branch that is checked
    out, or on ``--branch``.
    """
    if order.built_at is not None and _stood_at(one, order.built_at, order.branch):
        yield built_from(use, order.built_at, order)
    words: list[str] = []
    if order.read_at is not None and one.lives:
        use = replace(use, read_at=_not_before(order.read_at, one.read_at))
    if order.read_at is not None and use.read_at == order.read_at:  # of a pull, that was the time of all of it
        words.append("read_at")
    if order.stands_from is not None and one.is_beginning and one.stands_from is not None:
        shown = use.stands_from
        use = replace(use, stands_from=_not_after(order.stands_from, one.stands_from))
        words += ["stands_from"] if use.stands_from != shown else []
    yield replace(use, words=order.words(*words)) if words else use


def built_from(use: DocumentUse, at: Moment, order: IngestOptions) -> DocumentUse:
    """Return the use of an input by a build that a person tells of: that build's, and no state of the input."""
    said = order.words("built_at")
    return replace(use, built_at=at, stands_from=None, stands_until=None, read_at=None, is_first=False, words=said)


def _not_before(at: Moment, least: Instant | None) -> Moment:
    if least is None:
        return at
    return Moment(earliest=max(at.earliest, least), latest=max(at.latest, least))


def _not_after(at: Moment, most: Instant) -> Moment:
    return Moment(earliest=min(at.earliest, most), latest=min(at.latest, most)) if at.earliest < most else exactly(most)


def _stood_at(one: FetchedDocument, at: Moment, branch: str) -> bool:
    is_there = one.branch == branch if branch else one.is_checked_out
    if not is_there or one.stands_from is None or one.stands_from > at.latest:
        return False
    return one.stands_until is None or one.stands_until > at.earliest
