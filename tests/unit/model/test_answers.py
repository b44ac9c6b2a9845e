"""Answers that cannot be made where they would say more than is shown."""

from __future__ import annotations

import pytest

from graphkit.model.answers import (
    NEEDED,
    Assumption,
    BuildVerdict,
    Clearance,
    Discharge,
    Obligation,
    ProofKind,
    Rejected,
    ServiceVerdict,
    Stats,
)
from graphkit.model.documents import Problem
from graphkit.model.names import service_id
from graphkit.model.ranks import Verdict

SETS = [(kind, needed) for kind, several in NEEDED.items() for needed in several]


def clearance(kind: ProofKind, shown: frozenset[Obligation], *assumes: Assumption) -> Clearance:
    proof = tuple(Discharge(obligation=one, text=one.name) for one in Obligation if one in shown)
    return Clearance(kind=kind, incident="inc", start=0, until=1, proof=proof, assumes=assumes)


def barred(*assumes: Assumption) -> Clearance:
    return clearance(ProofKind.BAR, NEEDED[ProofKind.BAR][0], *assumes)


def build(verdict: Verdict, proof: Clearance | None = None) -> BuildVerdict:
    return BuildVerdict(at=None, verdict=verdict, reason="", clearance=proof)


def service(verdict: Verdict, *builds: BuildVerdict) -> ServiceVerdict:
    return ServiceVerdict(
        service=service_id("shop"),
        company=None,
        owner="",
        verdict=verdict,
        basis="",
        reason="",
        slots=(),
        builds=builds,
        paths=(),
    )


# As docs/semantics.md#clearance has them.
LETTERS = {
    ProofKind.LISTING: ["abcdfghij"],
    ProofKind.WALK: ["abceklmn"],
    ProofKind.BAR: ["abceo", "abcp"],
}


def test_each_kind_of_proof_needs_the_obligations_of_the_contract() -> None:
    needed = {kind: ["".join(sorted(one)) for one in several] for kind, several in NEEDED.items()}
    assert needed == LETTERS


@pytest.mark.parametrize(("kind", "needed"), SETS)
def test_a_proof_of_all_obligations_is_made(kind: ProofKind, needed: frozenset[Obligation]) -> None:
    assert {one.obligation for one in clearance(kind, needed).proof} == needed


@pytest.mark.parametrize(
    ("kind", "needed", "left"), [(kind, needed, left) for kind, needed in SETS for left in sorted(needed)]
)
def test_a_proof_that_lacks_one_obligation_cannot_be_made(
    kind: ProofKind, needed: frozenset[Obligation], left: Obligation
) -> None:
    with pytest.raises(ValueError, match=f"^a proof by {kind} without {left}$"):
        clearance(kind, needed - {left})


def test_a_proof_of_another_kind_does_not_do() -> None:
    with pytest.raises(ValueError, match=r"^a proof by walk without k, l, m, n$"):
        clearance(ProofKind.WALK, NEEDED[ProofKind.BAR][0])


def test_facts_and_words_of_a_proof_are_told_apart_and_each_once() -> None:
    proof = tuple(
        Discharge(obligation=one, text=text, word=word)
        for one, text, word in zip(
            sorted(NEEDED[ProofKind.BAR][0]), ["f", "w", "f", "w", "g"], [False, True, False, True, False], strict=True
        )
    )
    made = Clearance(kind=ProofKind.BAR, incident="", start=0, until=1, proof=proof)
    assert (made.facts, made.words) == (("f", "g"), ("w",))


def test_a_build_is_cleared_with_a_proof_only() -> None:
    assert build(Verdict.CLEARED, barred()).clearance is not None
    with pytest.raises(ValueError, match="there is a proof"):
        build(Verdict.CLEARED)


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.CLEARED])
def test_a_build_with_a_proof_is_nothing_but_cleared(verdict: Verdict) -> None:
    assert build(verdict).clearance is None
    with pytest.raises(ValueError, match="there is a proof"):
        build(verdict, barred())


def test_a_service_assumes_what_any_of_its_builds_does() -> None:
    builds = (
        build(Verdict.CLEARED, barred(Assumption.TOOLS)),
        build(Verdict.CLEARED, barred(Assumption.TOOLS, Assumption.INPUTS)),
    )
    assert service(Verdict.CLEARED, *builds).assumes == (Assumption.INPUTS, Assumption.TOOLS)


def test_a_service_that_is_not_cleared_assumes_nothing() -> None:
    builds = (build(Verdict.CLEARED, barred(Assumption.TOOLS)), build(Verdict.UNKNOWN))
    assert service(Verdict.UNKNOWN, *builds).assumes == ()


def test_a_service_that_is_cleared_rests_on_the_words_of_all_of_its_builds_each_once() -> None:
    def by_word(text: str) -> BuildVerdict:
        proof = tuple(Discharge(obligation=one, text=text, word=True) for one in sorted(NEEDED[ProofKind.BAR][0]))
        return build(Verdict.CLEARED, Clearance(kind=ProofKind.BAR, incident="", start=0, until=1, proof=proof))

    builds = (by_word("no wheel is built"), by_word("builds: complete"), by_word("no wheel is built"))
    assert service(Verdict.CLEARED, *builds).words == ("no wheel is built", "builds: complete")
    assert service(Verdict.UNKNOWN, *builds, build(Verdict.UNKNOWN)).words == ()


@pytest.mark.parametrize(
    ("path", "place", "said"),
    [("a.json", "line 3", "a.json: line 3: no JSON"), ("a.json", "", "a.json: no JSON"), ("", "", "no JSON")],
)
def test_an_input_that_was_rejected_says_where_as_far_as_that_is_known(path: str, place: str, said: str) -> None:
    assert str(Rejected(path=path, place=place, problem="no JSON")) == said


def test_problems_that_one_line_stands_for_are_counted() -> None:
    problems = (("a", Problem(place="", text="x")), ("a", Problem(place="", text="and more", count=40)))
    made = Stats(counts=(), problems=problems, packaging="", facts_sha256="", newest_fact=None)
    assert made.problem_count == 41
