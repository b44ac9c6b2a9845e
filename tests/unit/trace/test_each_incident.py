"""A question about several incidents, answered for each alone, as a mark in a graph needs it."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from graphkit.model.incidents import Incident, python_release
from graphkit.model.names import CompanyId, PackageName
from graphkit.model.organisation import Claim, Organisation, Polarity, Standing
from graphkit.stores import open_store
from graphkit.trace.blast import blast, each_incident
from graphkit.trace.case_answer import Question
from tests.contract.test_store_contract import WORLD

OTHER = Incident(id="INC-2", title="app", releases=(python_release(PackageName("app"), "9"),))
SAID = Claim(
    id="c1",
    company=CompanyId("acme"),
    claimant="acme",
    text="we had it",
    polarity=Polarity.AFFIRMS,
    standing=Standing.FIRST_HAND,
    certainty="",
    date="2026-03-25",
    object="pkg:pypi/lib@1.2",
)
CLAIMS = (SAID, replace(SAID, id="c2", object="INC-2", polarity=Polarity.DENIES), replace(SAID, id="c3", object="rain"))


def test_each_says_what_a_question_about_it_alone_says(tmp_path: Path) -> None:
    store = open_store(tmp_path / "graph", create=True)
    store.record([*WORLD, OTHER, Organisation(source="claims", claims=CLAIMS)])
    reader = store.reader()
    together = Question(targets=("INC-2", "INC-1"))
    found = list(each_incident(reader, together))
    assert [one.blast.incident.id for one in found] == ["INC-1", "INC-2"]
    assert [one.claims for one in found] == [("c1",), ("c2",)]
    joined = blast(reader, together)
    for one in found:
        alone = blast(reader, Question(targets=(one.blast.incident.id,)))
        assert (tuple(one.blast.services), one.blast.companies) == (tuple(alone.services), alone.companies)
        assert one.blast.provenance == joined.provenance  # it says what was asked
        assert {row.service: row.verdict for row in one.blast.services} == {
            row.service: dict(row.incidents)[one.blast.incident.id] for row in joined.services
        }
    store.close()
