"""How tests ask: services judged without the packages that a blast shows beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from graphkit.model.answers import ServiceVerdict
from graphkit.model.names import PackageName, ServiceId
from graphkit.stores.port import Reader
from graphkit.trace.blast import _cases
from graphkit.trace.case import Case, Span, resolve
from graphkit.trace.case_answer import CaseAnswer, Question, answer, worlds_of
from graphkit.trace.evidence.documents import CaseDocuments
from graphkit.trace.verdicts.service_verdicts import Worst


def cases_of(reader: Reader, targets: Sequence[str], reading: str | None = None) -> tuple[Case, ...]:
    """Return the cases that targets name."""

    def versions_of(name: PackageName) -> Sequence[str]:
        package_ids = reader.package_ids([name])
        if package_ids[0] < 0:
            return ()
        columns = reader.packages(package_ids)
        return reader.releases(np.arange(columns.start[0], columns.stop[0], dtype=np.int32)).version

    return resolve(reader.evidence().incidents(), targets, reading, versions_of)


def view_of(reader: Reader, case: Case, question: Question) -> CaseAnswer:
    """Return the answer to one case with what it stands on."""
    organisation = reader.evidence().organisation()
    return answer(case, question, CaseDocuments(reader, case), worlds_of(reader, case, question, organisation))


def services_of(reader: Reader, *targets: str, span: Span | None = None) -> Mapping[ServiceId, ServiceVerdict]:
    """Return the verdict of every service; of several cases the worst."""
    return _of_cases(reader, cases_of(reader, targets), Question(targets=targets, span=span or Span()))


def judged_of(reader: Reader, question: Question) -> Mapping[ServiceId, ServiceVerdict]:
    """Return the verdict of every service, of the cases that a blast makes of a question."""
    return _of_cases(reader, _cases(reader, question, reader.evidence().incidents()), question)


def _of_cases(reader: Reader, cases: Sequence[Case], question: Question) -> Mapping[ServiceId, ServiceVerdict]:
    rolls = [view_of(reader, case, question).services for case in cases]
    ids = [case.id for case in cases]
    found = rolls[0] if len(rolls) == 1 else Worst(rolls, ids, [0] * len(rolls))
    return {one.service: one for one in found}
