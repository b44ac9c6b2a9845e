"""What became of each input of a run."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from msgspec import Struct, field

from graphkit.model.answers import IngestReport, Rejected, Taken
from graphkit.model.documents import Problem, how_many
from graphkit.model.errors import InputError
from graphkit.model.incidents import Incident

_WORST: Final = 5


class _Way(NamedTuple):
    """How a scan took sources. ``is_told``: the service is not what the source says of itself."""

    kind: str
    service: str = ""
    is_told: bool = False
    branch: str = ""
    is_history: bool = False


class IngestStats(Struct, kw_only=True):
    """What became of each input so far. Its size does not grow with inputs that were fine, but for those of a scan."""

    read: int = 0
    new: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    incidents: list[str] = field(default_factory=list)
    repositories: int = 0
    links_out: int = 0
    is_stopped: bool = False
    """The time that a person gave was used up."""
    passed_over: Counter[str] = field(default_factory=Counter)
    """How many folders were not looked into, by their name."""
    taken: dict[_Way, dict[str, None]] = field(default_factory=dict)
    """The sources of a scan by how they were taken."""
    looked_into: set[str] = field(default_factory=set)
    """What answers call the repositories and folders that a scan looked into."""
    closed: Collection[str] = ()
    """The services of which a scan found all builds, by what a person declares."""
    _problems: int = 0
    _worst: list[tuple[int, str, Problem]] = field(default_factory=list)

    def reject(self, path: str, error: InputError | str, place: str = "") -> None:
        """Note an input that could not be used."""
        if isinstance(error, InputError):
            place, error = error.place or place, error.problem
        self.rejected.append(Rejected(path=path, place=place, problem=error))

    def odd(self, path: str, problems: tuple[Problem, ...]) -> None:
        """Note what was odd about an input that could be used; of the worst inputs the first problem is shown."""
        if problems:
            count = how_many(problems)
            self._problems += count
            worst = [*self._worst, (count, path, problems[0])]
            self._worst = heapq.nsmallest(_WORST, worst, key=lambda one: (-one[0], one[1]))

    def undecided(self, path: str, incidents: Sequence[Incident]) -> None:
        """Note what of incidents and advisories accuses nothing that can be tested, and which decide nothing at all."""
        for one in incidents:
            self.odd(path, tuple(Problem(place=one.id, text=part.why) for part in one.undecided))
            if one.decides_nothing:
                self.notes[
                    f"{one.id} decides nothing about any release, so it clears no service: {one.why_undecided}"
                ] = None

    def take(
        self,
        kind: str,
        source: str,
        service: str = "",
        *,
        is_told: bool = False,
        branch: str = "",
        is_history: bool = False,
    ) -> None:
        """Note how a scan took a source."""
        self.taken.setdefault(_Way(kind, service, is_told, branch, is_history), {})[source] = None

    def _taken(self) -> tuple[Taken, ...]:
        """Return what a scan took, as commands take it: those that say themselves whose they are together."""
        ways: dict[tuple[str, str | None, str, bool], dict[str, None]] = {}
        for way, sources in self.taken.items():
            service = way.service if way.is_told or way.service in self.closed else None
            ways.setdefault((way.kind, service, way.branch, way.is_history), {}).update(sources)
        return tuple(
            Taken(
                kind=kind,
                sources=tuple(sources),
                service=service,
                branch=branch,
                builds_complete=service in self.closed,
                is_history=is_history,
            )
            for (kind, service, branch, is_history), sources in ways.items()
        )

    def report(self, answer: type[IngestReport] = IngestReport) -> IngestReport:
        """Return the report; ``answer`` is the class that is made."""
        if self.links_out:
            links = "1 link" if self.links_out == 1 else f"{self.links_out:,} links"
            self.notes[f"{links} out of the folder given not followed; name such a file to have it read"] = None
        if self.passed_over:
            folders = ", ".join(f"{number:,} {name}" for name, number in sorted(self.passed_over.items()))
            self.notes[f"folders of other ecosystems and of caches not looked into: {folders}"] = None
        return answer(
            read=self.read,
            new=self.new,
            unchanged=self.unchanged,
            rejected=tuple(self.rejected),
            unrecognised=tuple(sorted(self.unrecognised)),
            problems=self._problems,
            worst=tuple((path, first) for _, path, first in self._worst),
            notes=tuple(self.notes),
            is_stopped=self.is_stopped,
            incidents=tuple(self.incidents),
            repositories=self.repositories,
            taken=self._taken(),
            looked_into=tuple(sorted(self.looked_into)),
        )
