"""One run of an ingest: facts kept batch by batch, whatever interrupts it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from graphkit.ingest.files import Content, Found, read_ahead, walk
from graphkit.ingest.options import IngestOptions
from graphkit.ingest.stats import IngestStats
from graphkit.model.documents import Problem
from graphkit.model.errors import InputError
from graphkit.model.names import ServiceId
from graphkit.model.organisation import Build, DocumentUse, Organisation
from graphkit.model.progress import Progress
from graphkit.stores.port import Fact, InputRead, Store

_BATCH = 4_000
EXPECTED = "no reader knows it; expected an SBOM, a lock file, an environment listing or a manifest"


def told_in(uses: Iterable[DocumentUse], builds: Iterable[Build]) -> set[tuple[ServiceId, str]]:
    """Return services with what uses and builds tell of them; see `IngestRun.told`."""
    return {(one.service, one.document) for one in uses} | {(one.service, str(one.at)) for one in builds}


class IngestRun:
    """What all kinds of sources share: where facts go, what became of inputs, and how they are read."""

    def __init__(self, store: Store, order: IngestOptions, progress: Progress) -> None:
        self.store = store
        self.stats = IngestStats()
        self.order = order
        self.progress = progress
        self._batch: list[tuple[str, tuple[Fact, ...], bool]] = []
        self._sources: set[str] = set()
        """The sources of organisations in the batch."""
        self.told: set[tuple[ServiceId, str]] = set()
        """Services with what was told of them: the SHA-256 of a document, or the time of a build."""
        self._inputs: list[tuple[InputRead, Organisation | None]] = []
        self._size = 0

    def keep(self, label: str, facts: Iterable[Fact], *, counted: bool = True) -> None:
        """Put facts into the batch; a full batch goes to the store.

        ``counted``: each fact counts as new or unchanged; of documents, the caller counts those alone.
        """
        facts = tuple(facts)
        self._batch.append((label, facts, counted))
        for fact in facts:
            if isinstance(fact, Organisation):
                self._sources.add(fact.source)
                self.told |= told_in(fact.uses, fact.builds)
            elif isinstance(fact, DocumentUse):
                self.told.add((fact.service, fact.document))
        self._size += len(facts)
        if self._size >= _BATCH:
            self.flush()

    def remember(self, read: InputRead, organisation: Organisation | None = None) -> None:
        """Have the graph remember that an input was read to its end, once all its facts, put before, are kept."""
        self._inputs.append((read, organisation))

    def remembered(self, input_id: str, source: str | None = None) -> InputRead | None:
        """Return what the graph knows of an input that need not be read; see `port.Store.remembered`.

        ``source``: that of the organisation that it gives. One in the batch would replace it, so it is then read.
        """
        return None if source in self._sources else self.store.remembered(input_id)

    def take_unchanged(self, known: InputRead, *, read: int) -> None:
        """Count the facts of an input that is not read again, and its problems, as reading it would."""
        self.stats.read += read
        self.stats.unchanged += known.facts
        self._note(known.problems)

    def flush(self) -> None:
        """Write the batch; facts that cannot be stored are rejected one input at a time."""
        batch, self._batch, self._size = self._batch, [], 0
        inputs, self._inputs = self._inputs, []
        self._sources.clear()
        rejected = len(self.stats.rejected)
        for counted in (True, False):
            part = [(label, facts) for label, facts, is_counted in batch if is_counted is counted]
            try:
                self._record([fact for _, facts in part for fact in facts], counted=counted)
            except InputError:
                for label, facts in part:
                    try:
                        self._record(facts, counted=counted)
                    except InputError as error:
                        self.stats.reject(label, error)
        for read, organisation in inputs if len(self.stats.rejected) == rejected else ():
            self.store.remember(read, organisation)

    def _record(self, facts: Sequence[Fact], *, counted: bool) -> None:
        if not facts:
            return
        receipt = self.store.record(facts)
        if counted:
            self.stats.new += receipt.new
            self.stats.unchanged += receipt.unchanged
        self._note(receipt.problems)

    def _note(self, problems: Iterable[tuple[str, Problem]]) -> None:
        for path, some in groupby(problems, key=itemgetter(0)):
            self.stats.odd(path, tuple(problem for _, problem in some))

    def chunks(
        self, files: Iterator[Found], look: Callable[[Sequence[Content]], None] | None = None
    ) -> Iterator[list[Content]]:
        """Yield files with their bytes, in chunks; one that cannot be read comes with its problem.

        ``look`` gets each chunk before the one in front of it is yielded.
        """
        done = 0
        for chunk in read_ahead(files, look):
            self.progress(done, None, chunk[0].found.label)
            done += len(chunk)
            yield chunk
        self.progress(done, done, "keeping")

    def each(self, sources: Sequence[str], take: Callable[[IngestRun, Found, bytes], None]) -> None:
        """Take every file that sources name or hold; what was taken before an interruption is kept."""
        try:
            for chunk in self.chunks(walk(sources, self.stats)):
                for one in (one for one in chunk if not one.found.problem):
                    self.attempt(one.found.label, lambda one=one: take(self, one.found, one.bytes()))  # type: ignore[misc]
        finally:
            self.flush()

    def attempt(self, label: str, work: Callable[[], None]) -> None:
        """Do work on an input; one that cannot be used is rejected and the rest goes on."""
        try:
            work()
        except InputError as error:
            self.stats.reject(label, error)
        except MemoryError:
            self.stats.reject(label, "takes more memory to read than there is; split it")

    def unclaimed(self, found: Found, expected: str) -> None:
        """Note a file that nobody reads: rejected where a person named it, else unrecognised."""
        if found.named:
            self.stats.reject(found.label, expected)
        else:
            self.stats.unrecognised.append(found.label)
