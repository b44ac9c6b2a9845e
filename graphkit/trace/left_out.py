"""What an incident accuses beside that which was asked of it, and which services have a worse verdict for that.

A question may name one of several accused releases, and a service that is cleared of it may have another of them. It is
judged for the release that was asked about; that it has a worse verdict for the others is said beside its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from msgspec import Struct

from graphkit.model.answers import LeftOut
from graphkit.model.errors import UsageError
from graphkit.model.names import ServiceId
from graphkit.model.ranks import Verdict
from graphkit.stores import port
from graphkit.trace.case import Case
from graphkit.trace.case_answer import CaseAnswer, Question, answer, in_words, worlds_of
from graphkit.trace.evidence.documents import CaseDocuments


class Unasked(Struct, frozen=True, kw_only=True):
    """The rest of an incident, judged: ``worse`` has the verdict for it where that is worse than the one asked for.

    ``asked`` and ``rest`` say in words what was asked about and what was not. ``problem``: why the rest was not judged.
    """

    incident: str
    asked: str
    rest: str
    worse: Mapping[ServiceId, Verdict]
    problem: str = ""

    def said_of(self) -> dict[ServiceId, str]:
        """Return what stands before the reason of each service that has a worse verdict."""
        return {
            name: f"this answer is about {self.asked} alone, and for {self.rest} of the same incident it is {verdict}"
            for name, verdict in self.worse.items()
        }

    def counted(self, external: Collection[ServiceId]) -> LeftOut:
        """Return it as an answer has it: which services have a worse verdict is counted."""
        counts = Counter(self.worse.values())
        each = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in Verdict if counts[verdict])
        number = f"{len(self.worse):,} service{'s have' if len(self.worse) > 1 else ' has'} a worse verdict ({each})"
        others = sum(name in external for name in self.worse)
        whose = f", {others:,} of them somebody else's" if others else ""
        found = self.problem or f"{f'{number}{whose}' if self.worse else 'no service has a worse verdict'} for the rest"
        return LeftOut(
            incident=self.incident,
            text=f"this answer is about {self.asked} alone, and not about {self.rest} of the same incident: {found}",
            worse=frozenset(self.worse),
            is_judged=not self.problem,
        )


def unasked(reader: port.Reader, view: CaseAnswer, rest: Case, question: Question) -> Unasked:
    """Return what the rest of an incident says of the services of an answer.

    Cost: as for the answer itself, without packages and other readings.
    """
    documents = CaseDocuments(reader, rest)
    told = {"incident": view.case.id, "asked": in_words(view.case), "rest": in_words(rest)}
    try:
        found = answer(rest, question, documents, worlds_of(reader, rest, question, documents.organisation))
    except UsageError as error:  # of a window that is too long for it; the question itself was answered
        return Unasked(**told, worse={}, problem=str(error))
    ours = view.services.verdicts()
    theirs = found.services.verdicts()
    worse = {ServiceId(name): theirs[name] for name in ours if theirs[name].rank < ours[name].rank}
    return Unasked(**told, worse=worse)
