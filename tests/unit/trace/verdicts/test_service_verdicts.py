"""Verdicts of services in order: alike ones judged once, and over several cases the worst."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from graphkit.model.answers import NEEDED, Assumption, BuildVerdict, Discharge, ProofKind, ServiceVerdict, Step, proofs
from graphkit.model.answers import Clearance as Proof
from graphkit.model.names import service_id
from graphkit.model.organisation import DocumentUse, Service
from graphkit.model.ranks import Verdict
from graphkit.model.times import Moment, exactly
from graphkit.trace.evidence.documents import RowShown
from graphkit.trace.evidence.service_facts import ServiceFacts, SingleSbom
from graphkit.trace.verdicts.build_times import AROUND
from graphkit.trace.verdicts.service_verdicts import ServiceVerdicts, Worst, with_times

PROOF = Proof(
    kind=ProofKind.BAR,
    incident="inc",
    start=0,
    until=1,
    proof=tuple(Discharge(obligation=one, text="") for one in sorted(NEEDED[ProofKind.BAR][0])),
    assumes=(Assumption.TOOLS,),
)
UPLOAD = 10 * AROUND


def verdict(name: str, found: str, **more: object) -> ServiceVerdict:
    told: dict[str, object] = {"basis": "", "reason": f"why {found}", "slots": (), "paths": ()}
    slots = cast("tuple[int, ...]", more.get("slots", ()))
    build = BuildVerdict(
        at=None,
        verdict=Verdict(found),
        reason="",
        slots=slots,
        clearance=PROOF if found == "cleared" else None,
    )
    return ServiceVerdict(
        service=service_id(name),
        company=None,
        owner="",
        verdict=Verdict(found),
        builds=(build,),
        **(told | more),  # type: ignore[arg-type]
    )


def sbom(subject: str = "", created: Moment | None = None, *, kind: int = 0, is_first: bool = False) -> SingleSbom:
    return SingleSbom(kind=kind, created=created, path="sbom.json", subject=subject, is_subject_first=is_first)


def facts(name: str, alike: SingleSbom | None) -> ServiceFacts:
    use = DocumentUse(service=service_id(name), document=name)
    return ServiceFacts(Service(id=service_id(name)), (use,), (), alike)


class Judged:
    """Services with the verdict that stands behind the dash of their name, and which were judged one by one."""

    def __init__(self, *accounts: ServiceFacts, told: dict[str, tuple[int, ...] | None] | None = None) -> None:
        self.asked: list[str] = []
        self.marked_ones: list[str] = []
        self._told = told or {}
        self.verdicts = ServiceVerdicts(accounts, self, self, {"bad"}, UPLOAD)

    def said(self, sha256: str) -> tuple[int, ...] | None:
        return self._told.get(sha256, ())

    def rows_said(self, sha256: str) -> Sequence[int]:
        return self.said(sha256) or ()

    def rows_shown(self, asked: Sequence[tuple[str, str, int]]) -> Iterator[RowShown | None]:
        return iter([RowShown("line 1", 1, ()) for _ in asked])

    def service(self, account: ServiceFacts) -> ServiceVerdict:
        self.asked.append(account.service.id)
        return verdict(account.service.id, account.service.id.partition("-")[2])

    def marked(self, account: ServiceFacts) -> ServiceVerdict:
        self.marked_ones.append(account.service.id)
        return verdict("pattern", account.service.id.partition("-")[2])


def test_services_come_by_verdict_and_then_in_their_order() -> None:
    found = Judged(*(facts(name, None) for name in ("a-cleared", "b-observed", "c-unknown", "d-observed"))).verdicts
    assert [one.service for one in found] == ["b-observed", "d-observed", "c-unknown", "a-cleared"]
    assert list(found.verdicts()) == [one.service for one in found]
    assert {one: count for one, count in found.counts.items() if count} == {
        Verdict.OBSERVED: 2,
        Verdict.UNKNOWN: 1,
        Verdict.CLEARED: 1,
    }
    assert (found[0].service, found[-1].service, len(found)) == ("b-observed", "a-cleared", 4)
    assert [one.service for one in found[1:3]] == ["d-observed", "c-unknown"]


def test_verdicts_equal_any_sequence_of_the_same_ones() -> None:
    found = Judged(facts("a-cleared", None)).verdicts
    same: Sequence[ServiceVerdict] = [verdict("a-cleared", "cleared")]
    assert found == same
    assert (hash(found), repr(found)) == (hash(tuple(same)), repr(tuple(same)))
    assert found != [verdict("a-cleared", "cleared"), verdict("b-cleared", "cleared")]
    assert found != "a-cleared"
    assert found != 1


def test_services_that_are_alike_are_judged_once_and_written_out_when_read() -> None:
    names = ["a-unknown", "b-unknown", "c-unknown", "d-unknown"]
    made = Judged(*(facts(name, sbom()) for name in names))
    assert made.asked == ["a-unknown"]
    assert made.verdicts.counts[Verdict.UNKNOWN] == 4
    assert made.verdicts.verdicts() == dict.fromkeys(names, Verdict.UNKNOWN)
    assert list(made.verdicts) == [verdict(name, "unknown") for name in names]
    assert list(made.verdicts) == [verdict(name, "unknown") for name in names]
    assert (made.asked, made.marked_ones) == (["a-unknown", "b-unknown"], ["a-unknown"])
    assert made.verdicts.judged == ()


def test_services_are_judged_one_by_one_where_what_they_share_does_not_give_their_verdicts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Judged, "marked", lambda *_: verdict("pattern", "cleared"))
    names = ["a-unknown", "b-unknown", "c-unknown", "d-unknown"]
    made = Judged(*(facts(name, sbom()) for name in names))
    assert list(made.verdicts) == [verdict(name, "unknown") for name in names]
    assert made.asked == names


def test_proofs_are_found_without_the_verdicts_of_others() -> None:
    apart = [facts(name, None) for name in ("a-cleared", "b-unknown")]
    alike = [facts(name, sbom()) for name in ("c-unknown", "d-unknown", "e-unknown")]
    clear = [facts(name, sbom(kind=1)) for name in ("f-cleared", "g-cleared", "h-cleared")]
    found = Judged(*apart, *alike, *clear)
    assert [one.service[0] for one in found.verdicts.proofs()] == ["a", "f", "g", "h"]
    assert "e-unknown" not in found.asked
    assert list(proofs(list(found.verdicts))) == list(proofs(found.verdicts))


EARLY, LATE = exactly(UPLOAD - AROUND - 1), exactly(UPLOAD - AROUND)
APART = [
    ("alike", sbom(), sbom(), {}, 1),
    ("their subject does not matter", sbom("x"), sbom("y"), {}, 1),
    ("one describes what is accused", sbom(), sbom("bad"), {}, 2),
    ("one is not an SBOM alone", sbom(), None, {}, 2),
    ("they say different things of the target", sbom(), sbom(), {"b-unknown": (1,)}, 2),
    ("all of one may matter", sbom(), sbom(), {"b-unknown": None}, 2),
    ("something else is said of one", sbom(), sbom(kind=1), {}, 2),
    ("one is dated", sbom(), sbom(created=LATE), {}, 2),
    ("one was surely built before the first upload", sbom(created=LATE), sbom(created=EARLY), {}, 2),
    ("both are dated and late", sbom(created=LATE), sbom(created=exactly(UPLOAD)), {}, 1),
    ("one may be late", sbom(created=EARLY), sbom(created=Moment(earliest=0, latest=UPLOAD)), {}, 2),
]


@pytest.mark.parametrize(("why", "one", "other", "said", "judged"), APART)
def test_services_are_judged_apart_where_something_that_decides_differs(
    why: str, one: SingleSbom, other: SingleSbom | None, said: dict[str, tuple[int, ...] | None], judged: int
) -> None:
    made = Judged(facts("a-unknown", one), facts("b-unknown", other), told=said)
    assert len(made.asked) == judged, why


@pytest.mark.parametrize(("is_subject_first", "judged"), [(True, 1), (False, 2)])
def test_what_names_the_target_is_alike_only_where_its_subject_comes_first(
    *, is_subject_first: bool, judged: int
) -> None:
    alike = sbom(is_first=is_subject_first)
    words: dict[str, tuple[int, ...] | None] = {"a-unknown": (1,), "b-unknown": (1,)}
    assert len(Judged(facts("a-unknown", alike), facts("b-unknown", alike), told=words).asked) == judged


def test_a_clearance_that_rests_on_the_reading_says_so() -> None:
    found = Judged(facts("a-cleared", None), facts("b-cleared", None), facts("c-unknown", None)).verdicts
    found.assume({"a-cleared", "c-unknown"})
    by_name = {one.service: one for one in found}
    assert by_name[service_id("a-cleared")].assumes == (Assumption.TOOLS, Assumption.TIMES)
    assert by_name[service_id("b-cleared")].assumes == (Assumption.TOOLS,)
    assert with_times(by_name[service_id("c-unknown")]) == verdict("c-unknown", "unknown")


class Case(tuple[ServiceVerdict, ...]):
    """The verdicts of one case."""

    __slots__ = ()

    @property
    def judged(self) -> tuple[ServiceVerdict, ...]:
        return tuple(self)[:1]

    def verdicts(self) -> dict[str, Verdict]:
        return {one.service: one.verdict for one in self}

    def at(self, places: Sequence[int]) -> list[ServiceVerdict]:
        return [self[place] for place in places]


def worst_of(*cases: Sequence[ServiceVerdict], offsets: Sequence[int] = (0, 2)) -> Worst:
    made = [cast("ServiceVerdicts", Case(one)) for one in cases]
    return Worst(made, [f"case-{number}" for number in range(len(cases))], offsets[: len(cases)])


def test_over_several_cases_the_worst_verdict_stands_with_its_reason() -> None:
    (one,) = worst_of([verdict("shop", "cleared")], [verdict("shop", "picked", slots=(0, 1), near=True)])
    assert (one.verdict, one.reason, one.slots, one.near) == (Verdict.PICKED, "why picked", (2, 3), True)
    assert one.incidents == (("case-0", Verdict.CLEARED), ("case-1", Verdict.PICKED))
    assert [build.slots for build in one.builds] == [(), (2, 3)]


def test_verdicts_that_are_as_bad_are_told_together_and_the_strongest_basis_counts() -> None:
    path = ((Step(node="shop", why=""),),)
    first = verdict("shop", "observed", basis="listed", slots=(0,), reason="a", near=True)
    second = verdict("shop", "observed", basis="hash", slots=(0,), reason="b", paths=path)
    (one,) = worst_of([first], [second])
    assert (one.basis, one.reason, one.slots, one.paths, one.near) == ("hash", "a; b", (0, 2), path, False)
    (same,) = worst_of([first], [first])
    assert (same.reason, same.paths, same.near) == ("a", (), True)


def test_services_of_several_cases_come_by_their_worst_verdict() -> None:
    found = worst_of(
        [verdict("a", "cleared"), verdict("b", "unknown")], [verdict("b", "cleared"), verdict("a", "observed")]
    )
    assert list(found.verdicts().items()) == [("a", Verdict.OBSERVED), ("b", Verdict.UNKNOWN)]
    assert dict(found.counts) == {Verdict.OBSERVED: 1, Verdict.UNKNOWN: 1}
    assert [one.service for one in found.judged] == ["a", "b"]
