"""A pull: arrivals to iterate, and afterwards whether they are all there is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from graphkit.model.errors import InputError
from graphkit.model.progress import Progress
from graphkit.model.times import Instant
from graphkit.sources.fetched_document import FetchedDocument, Reject
from graphkit.sources.pulls.http import Client, Stopped, Unreachable

_IN_A_ROW = 3
"""After how many parts in a row for which nobody answered the pull stops: the server is gone, not busy."""


class Pull(ABC):
    """Documents of one source. ``read_at`` is when they are pulled, told by the caller and never by a clock.

    Iterate it once for its arrivals, then ask ``is_complete`` and ``notes``.
    """

    def __init__(self, client: Client, *, source: str, read_at: Instant, reject: Reject, progress: Progress) -> None:
        self._client = client
        self._source = source
        self._read_at = read_at
        self._reject = reject
        self._progress = progress
        self._notes: dict[str, None] = {}
        self._is_done = False
        self._is_partial = False
        self._silent = 0

    @property
    def source(self) -> str:
        """What the source is called, by its name as the server spells it once that was asked."""
        return self._source

    @property
    def is_complete(self) -> bool:
        """Whether everything of the source was listed and read, and nothing was rejected on the way.

        False before the end, after any rejection, and where the server may hold more than it showed.
        What a pull that is not complete does not bring may still be there: nothing is retired after it.
        """
        return self._is_done and not self._is_partial

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing and no rejection: each a line, in the order met."""
        return tuple(self._notes)

    def __iter__(self) -> Iterator[FetchedDocument]:
        """Yield the arrivals. A stop by the server is one rejection of the whole source.

        Raises:
            GraphkitError: the server cannot be reached, refuses, or knows no such organisation.
        """
        self._notes, self._silent = {}, 0
        self._is_done = self._is_partial = False
        try:
            yield from self._arrivals()
        except Stopped as error:
            self._miss(self._source, str(error))
        self._is_done = True

    @abstractmethod
    def _arrivals(self) -> Iterator[FetchedDocument]:
        """Yield the arrivals; called once per iteration."""

    def _part(self, label: str, work: Callable[[], Iterator[FetchedDocument]]) -> Iterator[FetchedDocument]:
        """Yield the arrivals of one part; one that cannot be used is rejected, and the rest goes on."""
        try:
            yield from work()
            self._silent = 0
        except InputError as error:
            self._silent = 0
            self._miss(label, str(error))
        except Unreachable as error:
            self._miss(label, str(error))
            self._silent += 1
            if self._silent >= _IN_A_ROW:
                raise Stopped(
                    "the server no longer responds, so the rest was not requested; pull again later"
                ) from error

    def _miss(self, label: str, problem: str) -> None:
        self._is_partial = True
        self._reject(label, problem)

    def _note(self, text: str) -> None:
        self._notes[text] = None

    def _note_partial(self, text: str) -> None:
        """Note that there may be more than was shown; no rejection, for nothing that was shown is lost."""
        self._is_partial = True
        self._note(text)
