"""Proofs: made of all their obligations, or the first that is open."""

from __future__ import annotations

from itertools import permutations

import pytest

from graphkit.model.answers import NEEDED, Assumption, Clearance, Obligation, ProofKind
from graphkit.trace.verdicts.clearance import OpenObligation, ProofStep, combined, fact, prove, with_assumption, word

ALL = [(kind, needed) for kind, several in NEEDED.items() for needed in several]


def steps(*obligations: Obligation) -> list[ProofStep]:
    return [fact(one, f"{one.name} is met") for one in obligations]


def proof(kind: ProofKind, start: int, until: int, *assumes: Assumption) -> Clearance:
    made = prove(kind, "inc", (start, until), steps(*NEEDED[kind][0]), assumes)
    assert isinstance(made, Clearance)
    return made


@pytest.mark.parametrize(("kind", "needed"), ALL)
def test_a_proof_stands_in_the_order_of_its_obligations_whatever_order_they_were_met_in(
    kind: ProofKind, needed: frozenset[Obligation]
) -> None:
    made = prove(kind, "inc", (1, 2), steps(*sorted(needed, reverse=True)), [Assumption.TOOLS, Assumption.INPUTS])
    assert isinstance(made, Clearance)
    assert [one.obligation for one in made.proof] == sorted(needed)
    assert (made.kind, made.incident, made.start, made.until) == (kind, "inc", 1, 2)
    assert made.assumes == (Assumption.INPUTS, Assumption.TOOLS)


@pytest.mark.parametrize(
    ("kind", "needed", "left"), [(kind, needed, left) for kind, needed in ALL for left in sorted(needed)]
)
def test_an_obligation_that_nobody_looked_at_is_open(
    kind: ProofKind, needed: frozenset[Obligation], left: Obligation
) -> None:
    made = prove(kind, "inc", (1, 2), steps(*(needed - {left})))
    assert isinstance(made, OpenObligation)
    assert made.text == f"obligation ({made.obligation}) of a proof by {kind} was not checked"
    assert made.obligation is left


@pytest.mark.parametrize(("kind", "needed"), ALL)
def test_an_open_obligation_leaves_a_proof_open_though_the_same_is_met_elsewhere(
    kind: ProofKind, needed: frozenset[Obligation]
) -> None:
    for left in needed:
        gap = OpenObligation(obligation=left, text="open")
        assert prove(kind, "inc", (1, 2), [*steps(*needed), gap]) == gap


def test_the_first_open_obligation_is_told() -> None:
    late, early = (OpenObligation(obligation=one, text=one.name) for one in (Obligation.ADMITTED, Obligation.TIMES))
    for order in permutations([late, early, *steps(Obligation.TARGETS)]):
        assert prove(ProofKind.WALK, "inc", (1, 2), order) == early


def test_an_open_obligation_that_the_kind_does_not_need_leaves_it_open_too() -> None:
    gap = OpenObligation(obligation=Obligation.ROWS, text="a row")
    assert prove(ProofKind.BAR, "inc", (1, 2), [*steps(*NEEDED[ProofKind.BAR][1]), gap]) == gap


def test_what_the_organisation_says_is_told_from_facts() -> None:
    made = [fact(Obligation.ENDED, "a"), word(Obligation.ENDED, "b")]
    assert [one.word for one in made] == [False, True]


@pytest.mark.parametrize(
    ("kinds", "weakest"),
    [
        ([ProofKind.BAR, ProofKind.LISTING], ProofKind.LISTING),
        ([ProofKind.BAR, ProofKind.LISTING, ProofKind.WALK], ProofKind.WALK),
        ([ProofKind.BAR, ProofKind.BAR], ProofKind.BAR),
    ],
)
def test_proofs_of_parts_are_one_of_the_weakest_kind(kinds: list[ProofKind], weakest: ProofKind) -> None:
    for order in permutations(kinds):
        made = combined([proof(kind, at, at + 1) for at, kind in enumerate(order)])
        assert (made.kind, made.start, made.until) == (weakest, 0, len(kinds))
        met = {one.obligation for one in made.proof}
        assert met == {one for kind in kinds for one in NEEDED[kind][0]}


def test_joined_proofs_say_each_fact_once_and_assume_all_that_their_parts_do() -> None:
    made = combined([proof(ProofKind.BAR, 0, 1, Assumption.TOOLS), proof(ProofKind.BAR, 1, 2, Assumption.INPUTS)])
    assert len(made.proof) == len(NEEDED[ProofKind.BAR][0])
    assert made.assumes == (Assumption.INPUTS, Assumption.TOOLS)


def test_one_more_assumption_is_shown_once_and_in_order() -> None:
    made = with_assumption(
        with_assumption(proof(ProofKind.BAR, 0, 1, Assumption.TIMES), Assumption.INPUTS), Assumption.TIMES
    )
    assert made.assumes == (Assumption.INPUTS, Assumption.TIMES)
