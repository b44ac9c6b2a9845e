"""The parts that a build is judged by: listings with and without a time, locks, and the tools that install."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Assumption, Obligation, ProofKind
from graphkit.model.documents import UNREADABLE, Basis, Completeness, Document, DocumentKind, Problem
from graphkit.model.organisation import DocumentUse
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import requirement
from graphkit.model.times import exactly
from graphkit.stores.port import Fact
from graphkit.trace.case import Span
from tests.cases.build import at, document, manifest, package, use
from tests.unit.trace.verdicts.shop import CLEAN, HIT, STOOD, build, judged, only, unrecorded

# Listings


def listing(*rows: str, clock: str | None = "12:00", **more: Any) -> Document:
    made = document("sbom.json", DocumentKind.SBOM, rows)
    created = None if clock is None else exactly(at(clock))
    return replace(made, **{"completeness": Completeness.COMPLETE, "created": created, **more})


@pytest.mark.parametrize(
    ("clock", "kind"),
    [("08:00", ProofKind.BAR), ("08:59", ProofKind.BAR), ("09:30", ProofKind.LISTING), ("12:00", ProofKind.LISTING)],
)
def test_a_listing_of_a_build_that_had_ended_before_the_first_upload_needs_no_reading(
    clock: str, kind: ProofKind
) -> None:
    told = listing("ok==1", clock=clock)
    found = only(judged(told, uses=[use("shop", told)], builds_complete=True))
    assert found.clearance is not None
    assert found.clearance.kind is kind
    open_too = listing("bad==", clock=clock)
    found = only(judged(open_too, uses=[use("shop", open_too)], builds_complete=True))
    assert found.verdict is (Verdict.CLEARED if kind is ProofKind.BAR else Verdict.UNKNOWN)


def test_a_document_that_is_about_an_accused_release_clears_no_earlier_build() -> None:
    own = listing("bad==2", clock="08:00", subject="bad", roots=("0",))
    found = only(judged(own, uses=[use("shop", own)], builds_complete=True))
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.ROWS)


def test_a_listing_of_which_nothing_could_be_read_is_open() -> None:
    told = listing("ok==1", format=UNREADABLE, problems=(Problem(place="", text="it is no text"),))
    found = only(judged(told, uses=[use("shop", told)], builds_complete=True))
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.INPUTS)
    assert found.reason == "sbom.json: it is no text; the file as it was would settle it"


def test_a_listing_without_a_time_clears_nothing() -> None:
    told = listing("ok==1", clock=None)
    found = only(judged(told, uses=[use("shop", told)], builds_complete=True))
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.DATED)
    assert found.reason.startswith("sbom.json is complete and lists no bad, but it is undated;")


@pytest.mark.parametrize(
    ("more", "assumes"),
    [
        ({}, {Assumption.BUILD_ENV, Assumption.TOOLS, Assumption.BASE}),
        ({"source_kind": "image"}, {Assumption.BUILD_ENV, Assumption.TOOLS}),
        (
            {"is_of_one_environment": True},
            {Assumption.ENVIRONMENT, Assumption.BUILD_ENV, Assumption.TOOLS, Assumption.BASE},
        ),
    ],
)
def test_what_a_listing_assumes(more: dict[str, Any], assumes: set[Assumption]) -> None:
    told = listing("ok==1", **more)
    found = judged(told, uses=[use("shop", told)], builds_complete=True)
    assert (found.verdict, set(found.assumes)) == (Verdict.CLEARED, assumes)


def test_the_slots_of_what_is_shown_are_those_in_which_it_was_listed() -> None:
    span = Span(start=at("10:00"), until=at("14:00"))
    found = judged(HIT, uses=[use("shop", HIT)], span=span)
    assert found.slots == (1,)  # before its upload and after its removal nobody could fetch it
    both = document("uv.lock", DocumentKind.LOCK, ["bad==2", "bad==3"])
    assert judged(both, uses=[use("shop", both)], span=span).slots == (1,)


def test_a_release_that_no_index_knows_could_be_fetched_in_no_slot_that_is_known() -> None:
    every = {"every": ("pkg:pypi/bad",)}
    odd = document("uv.lock", DocumentKind.LOCK, ["bad==99"])
    found = judged(odd, uses=[use("shop", odd)], accusing=every, span=Span(start=at("10:00"), until=at("14:00")))
    assert found.verdict is Verdict.OBSERVED


# Locks


DEEP: Sequence[Fact] = (
    *package("tool", {"1": ("01:00", ["deep ; extra == 'x'"]), "2": ("01:00", [])}),
    *package("deep", {"1": ("01:00", [])}),
)


def locked(*rows: str, asks: Sequence[str] = ("tool[x]",)) -> Document:
    made = document("uv.lock", DocumentKind.LOCK, rows)
    return replace(made, requirements=tuple(map(requirement, asks)))


EXTRAS: list[tuple[Document, str]] = [
    (locked("tool==1", "deep==1"), ""),
    (locked("tool==1"), "uv.lock lists tool[x] 1 and not deep, which that needs"),
    (locked("tool==2"), ""),  # it needs nothing there
    (locked("tool==9"), ""),  # of which nothing is known
    (locked("other==1"), ""),
    (locked("tool==1", asks=["tool[y]"]), ""),
    (locked("tool==1", asks=["tool"]), ""),
    (locked("tool==1", asks=["tool[x] ; extra == 'all'"]), "uv.lock lists tool[x] 1 and not deep"),
    (locked("tool==1", asks=["tool[x] ; python_version < '2'"]), ""),  # nobody installs it
]


@pytest.mark.parametrize(("lock", "told"), EXTRAS)
def test_a_lock_that_lacks_what_an_extra_needs_is_not_complete(lock: Document, told: str) -> None:
    found = only(judged(lock, uses=[], builds=[build(lock=lock)], builds_complete=True, facts=DEEP))
    assert found.verdict is (Verdict.UNKNOWN if told else Verdict.CLEARED)
    if told:
        assert (found.missing, found.reason.startswith(told)) == (Obligation.COMPLETE, True)


@pytest.mark.parametrize(("clock", "caches"), [("12:00", True), ("09:30", True), ("10:59", True)])
def test_a_lock_of_a_build_after_the_first_upload_assumes_no_stale_cache(clock: str, *, caches: bool) -> None:
    found = judged(CLEAN, uses=[], builds=[build(clock, lock=CLEAN)], builds_complete=True)
    assert (Assumption.CACHES in found.assumes) is caches
    assert Assumption.LOCK in found.assumes


def test_words_replace_what_a_lock_assumes() -> None:
    words: dict[str, Any] = {"is_lock_enforced": True, "is_without_cache": True}
    found = judged(CLEAN, uses=[], builds=[build(lock=CLEAN)], builds_complete=True, **words)
    assert found.verdict is Verdict.CLEARED
    assert {Assumption.LOCK, Assumption.CACHES}.isdisjoint(found.assumes)
    assert len(found.words) >= 2


# Tools that the organisation names


TOOLS: list[tuple[tuple[str, ...] | None, str, str]] = [
    (None, "cleared", ""),
    ((), "cleared", ""),
    (("ok",), "cleared", ""),
    (("app",), "picked", "a fresh install from the tools that the organisation names takes bad 2"),
    (("lost",), "unknown", "the tools that the organisation names"),
    (("bad<2",), "cleared", ""),
]


@pytest.mark.parametrize(("tools", "verdict", "told"), TOOLS)
def test_what_installs_a_service_is_an_input_of_its_own(tools: tuple[str, ...] | None, verdict: str, told: str) -> None:
    for found in (
        unrecorded(judged(CLEAN, tools=tools)),
        only(judged(CLEAN, uses=[], builds=[build(lock=CLEAN)], builds_complete=True, tools=tools)),
    ):
        assert found.verdict.value == verdict
        assert told in found.reason


def test_tools_that_are_named_are_not_assumed() -> None:
    assert Assumption.TOOLS in judged(CLEAN).assumes
    assert Assumption.TOOLS not in judged(CLEAN, tools=("ok",)).assumes


# Builds that had ended


ENDED: list[tuple[dict[str, str], str]] = [
    ({"built_at": "08:00"}, "cleared"),
    ({"built_at": "08:59"}, "cleared"),
    ({"built_at": "09:00"}, "unknown"),  # it ran within two hours of it
]


@pytest.mark.parametrize(("times", "verdict"), ENDED)
def test_an_input_of_a_build_that_had_ended_by_then_is_not_read(times: dict[str, str], verdict: str) -> None:
    here = manifest("requirements.txt", "lost")
    uses: list[DocumentUse] = [use("shop", here, **times)]
    found = only(judged(here, uses=uses, builds_complete=True))
    assert found.verdict.value == verdict


def test_where_a_first_upload_is_not_known_no_build_had_ended_before_it() -> None:
    here = manifest("requirements.txt", "lost")
    undated = {"files": (), "ranges": (("gone", ">=1"),)}
    found = only(judged(here, uses=[use("shop", here, built_at="01:30")], builds_complete=True, accusing=undated))
    assert found.verdict is Verdict.UNKNOWN


def test_the_basis_of_what_a_document_shows_is_its_own() -> None:
    for kind, basis in ((DocumentKind.ENVIRONMENT, Basis.INSTALLED), (DocumentKind.LOCK, Basis.LOCKED)):
        shown = document("x", kind, ["bad==2"])
        uses = [use("shop", shown, **({"built_at": "12:00"} if basis is Basis.INSTALLED else STOOD))]
        assert judged(shown, uses=uses).basis == basis
