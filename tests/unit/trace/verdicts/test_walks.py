"""Installs over a stretch: what they take or could take, where, under which guards, and what a proof by walk needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import BuildVerdict, Obligation, ProofKind
from graphkit.model.documents import Completeness
from graphkit.model.environment import Environment
from graphkit.model.guards import CutOff, Guards
from graphkit.model.index import File, FileKind, ProjectPage, ReleaseFiles
from graphkit.model.names import package_name
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import Requirement, requirement
from graphkit.stores.port import Fact
from graphkit.trace.case import Span
from tests.cases.build import LATER, at, compromised, manifest, package, requires, use
from tests.unit.trace.verdicts.shop import PRIVATE, build, judged, only, unrecorded

WIDE = Span(start=at("10:00"), until=at("14:00"))


def found_of(*texts: str, facts: Sequence[Fact] = (), span: Span | None = None, **more: Any) -> BuildVerdict:
    return unrecorded(judged(manifest("requirements.txt", *texts), facts=facts, span=span, **more))


# What is taken


def test_what_is_taken_is_told_with_its_way_and_its_slots() -> None:
    found = found_of("app", span=WIDE)
    since = "requirements.txt was in place from 2026-03-24T08:00:00Z on, as `stands_from` in org.yaml says"
    assert found.verdict is Verdict.PICKED
    assert found.reason == f"a fresh install from requirements.txt takes bad 2; {since}"
    assert [step.node for step in found.paths[0]] == ["requirements.txt", "app@1", "bad@2"]
    assert found.slots == (1,)


@pytest.mark.parametrize(
    ("texts", "lines", "line"),
    [
        (["ok", "app"], (3, 8), 8),
        (["ok", "app"], (), 0),
        (["app", "app>=1"], (3, 8), 0),  # which of them asks is not known
        (["ok", "app[x]"], (3, 8), 8),
    ],
)
def test_the_line_that_asks_for_it_is_told_where_one_alone_does(
    texts: list[str], lines: tuple[int, ...], line: int
) -> None:
    here = replace(manifest("requirements.txt", *texts), lines=lines)
    found = unrecorded(judged(here))
    assert found.document is not None
    assert (found.verdict, found.document.line) == (Verdict.PICKED, line)


# What could be taken


OLDER: Sequence[Fact] = tuple(package("wrap", {"1": ("01:00", ["bad"]), "2": ("02:00", [])}))


def test_what_the_ranges_allow_is_told_with_a_way_and_its_slots() -> None:
    found = found_of("wrap", facts=OLDER, span=WIDE)
    assert found.verdict is Verdict.ADMITTED
    allowed = "the ranges of requirements.txt allow it; nothing shows that a fresh install takes it"
    assert found.reason.startswith(f"{allowed}; requirements.txt was in place from ")
    assert [step.node for step in found.paths[0]] == ["requirements.txt", "wrap@1", "bad@2"]
    assert found.slots == (1,)


@pytest.mark.parametrize("text", ["gone==2", "gone===2"])
def test_a_pin_that_no_page_shows_is_told_as_a_pin(text: str) -> None:
    """A release that the incident alone names has no time at which an install is known to find it."""
    found = found_of(text, also=[compromised("gone", "2", None)], span=WIDE)
    assert found.verdict is Verdict.ADMITTED
    pinned = f"requirements.txt pins it ({text}); no index page here shows that an install found it then"
    assert found.reason.startswith(pinned)


def test_a_stretch_in_which_the_target_was_not_listed_allows_nothing() -> None:
    here = manifest("requirements.txt", "wrap")
    gone = [use("shop", here, stands_from="08:00", stands_until="10:30")]
    found = judged(here, uses=gone, facts=OLDER, span=WIDE)
    assert found.verdict is Verdict.UNKNOWN  # what was there later is not known


def test_what_one_account_of_an_uncertain_time_takes_is_admitted() -> None:
    facts = [*package("unsure", {"1": ("01:00", []), "2": (None, ["bad"])})]
    found = found_of("unsure", facts=facts, span=WIDE)
    assert (found.verdict, found.slots) == (Verdict.ADMITTED, (1,))


def test_what_another_environment_takes_is_told_by_its_name() -> None:
    facts = [*package("win", {"1": ("01:00", ["bad ; sys_platform == 'win32' and python_version >= '3.10'"])})]
    found = found_of("win", facts=facts, span=WIDE)
    assert found.verdict is Verdict.ADMITTED
    assert found.reason.startswith("the ranges of requirements.txt allow it on windows AMD64, Python 3.1")
    assert found.slots == (1,)
    assert found_of("win", facts=facts, environment=Environment()).verdict is Verdict.CLEARED


def test_markers_that_no_environment_joins_allow_nothing() -> None:
    facts = [
        *package("never", {"1": ("01:00", ["half ; sys_platform == 'win32'"])}),
        *package("half", {"1": ("01:00", ["bad ; sys_platform == 'linux'"])}),
    ]
    assert found_of("never", facts=facts).verdict is Verdict.UNKNOWN  # the closure of all holds it
    alone = found_of("never", facts=facts, environment=Environment(platform="windows", machine="AMD64"))
    assert alone.verdict is Verdict.CLEARED


def test_a_build_outside_of_the_window_is_judged_at_its_own_time() -> None:
    here = manifest("requirements.txt", "wrap")
    span = Span(start=at("11:00"), until=at("11:30"))
    found = only(
        judged(here, uses=[], builds=[build("12:30", manifest=here)], builds_complete=True, facts=OLDER, span=span)
    )
    assert (found.verdict, found.slots) == (Verdict.ADMITTED, ())


def test_slots_of_a_second_pass_are_told_by_their_own_numbers() -> None:
    minutes = [f"{11 + minute // 60}:{minute % 60:02}" for minute in range(1, 100)]
    many = package("bad", {f"1.{number}": (clock, []) for number, clock in enumerate(minutes)})
    before, after = manifest("requirements.txt", "ok"), manifest("requirements.txt", "wrap")
    uses = [
        use("shop", before, stands_from="08:00", stands_until="12:30"),
        use("shop", after, stands_from="12:30", read_at="18:00"),
    ]
    found = unrecorded(judged(before, after, uses=uses, facts=[*many, *OLDER], span=WIDE))
    assert found.verdict is Verdict.ADMITTED
    assert min(found.slots) > 64


def test_a_yanked_release_that_no_pin_unlocks_is_not_allowed_and_leaves_a_walk_open() -> None:
    (listed,) = [one for one in OLDER if isinstance(one, ProjectPage)]
    first, second = listed.releases
    gone = replace(first, files=tuple(replace(one, yanked=True, yanked_since=at("02:00")) for one in first.files))
    facts = [replace(listed, releases=(gone, second)), *(one for one in OLDER if one is not listed)]
    for environment in (None, Environment(python="3.12.0")):
        found = found_of("wrap", facts=facts, environment=environment)
        assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.ADMITTED)
        assert found.reason.startswith("some releases that requirements.txt allows lead to bad")
        pinned = found_of("wrap", "wrap==1", facts=facts, environment=environment)
        assert pinned.verdict is Verdict.PICKED


# Under guards


def guarded(*texts: str, facts: Sequence[Fact] = (), guards: Guards, span: Span | None = WIDE) -> BuildVerdict:
    here = replace(manifest("pyproject.toml", *texts), guards=guards)
    return unrecorded(judged(here, facts=facts, span=span, resolver="uv"))


def age(hours: float) -> Guards:
    return Guards(cut_off=CutOff(age=int(hours * 3_600_000_000), text=f"{hours} hours"))


@pytest.mark.parametrize(
    ("hours", "verdict"),
    [(3, "cleared"), (1.5, "picked"), (0, "picked")],
)
def test_a_cut_off_keeps_out_what_is_too_new_at_each_instant(hours: float, verdict: str) -> None:
    assert guarded("app", guards=age(hours)).verdict.value == verdict


def test_what_a_cut_off_lets_in_in_the_middle_of_a_slot_is_admitted() -> None:
    found = guarded("wrap", facts=OLDER, guards=age(1.5))
    assert (found.verdict, found.slots) == (Verdict.ADMITTED, (1,))
    assert [step.node for step in found.paths[0]] == ["pyproject.toml", "wrap", "bad"]


def test_an_override_that_leads_to_it_is_followed() -> None:
    facts = [*OLDER, *package("far", {"1": ("01:00", ["ok"])})]
    found = guarded("far", facts=facts, guards=Guards(overrides=(requirement("ok"),)))
    assert found.verdict is Verdict.CLEARED
    replaced = Guards(overrides=(requirement("wrap"),))
    assert guarded("far", "wrap>=2", facts=facts, guards=replaced).verdict is Verdict.ADMITTED


# Groups without their project


def grouped(*texts: str, group: Sequence[str] = (), **more: Any) -> BuildVerdict:
    """Return the verdict of a project with a dependency group `dev`."""
    inside = tuple(replace(requirement(text), marker='"dev" in dependency_groups') for text in group)
    made: tuple[Requirement, ...] = (*map(requirement, texts), *inside)
    here = replace(manifest("pyproject.toml"), requirements=made)
    return unrecorded(judged(here, **more))


@pytest.mark.parametrize(
    ("texts", "group", "groups", "verdict"),
    [
        (["bad<2"], ["ok"], None, "cleared"),
        (["bad<2"], ["app"], None, "admitted"),  # alone, the bar of the project binds nothing
        (["bad<2"], ["app"], (), "cleared"),
        (["bad<2"], ["app"], ("dev",), "admitted"),
        (["bad<2"], ["bad<2"], None, "cleared"),
        (["bad<2"], ["pinned"], None, "cleared"),
    ],
)
def test_a_group_may_be_installed_without_what_bars_its_project(
    texts: list[str], group: list[str], groups: tuple[str, ...] | None, verdict: str
) -> None:
    assert grouped(*texts, group=group, groups=groups).verdict.value == verdict


# What a proof by walk needs


def test_a_closure_that_was_read_completely_clears() -> None:
    found = found_of("pinned", "ok")
    assert found.clearance is not None
    assert found.clearance.kind is ProofKind.WALK
    assert {one.obligation for one in found.clearance.proof} >= {
        *(Obligation.INDEXES, Obligation.INPUTS, Obligation.ADMITTED, Obligation.CLOSURE, Obligation.PUBLIC),
    }
    assert "the closure of requirements.txt was read completely (3 packages)" in found.clearance.facts


OPEN: list[tuple[list[str], dict[str, Any], Obligation, str]] = [
    (["lost"], {}, Obligation.CLOSURE, "this was not read: requirements of lost@1"),
    (["nowhere"], {}, Obligation.CLOSURE, "project page of nowhere"),
    (["inner"], {"private": ["secret"]}, Obligation.INDEXES, "needs the private package secret"),
    (["secret"], {"private": ["secret"]}, Obligation.INDEXES, "needs the private package secret"),
    (["ok @ https://files.example/ok.whl"], {}, Obligation.CLOSURE, "(a URL)"),
]


@pytest.mark.parametrize(("texts", "more", "missing", "told"), OPEN)
def test_what_leaves_a_walk_open_is_named(
    texts: list[str], more: dict[str, Any], missing: Obligation, told: str
) -> None:
    found = found_of(*texts, **more)
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, missing)
    assert told in found.reason


def test_a_manifest_that_was_not_read_completely_clears_nothing() -> None:
    here = replace(manifest("requirements.txt", "ok"), completeness=Completeness.UNKNOWN)
    found = unrecorded(judged(here))
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.CLOSURE)
    assert "a part of requirements.txt" in found.reason


def test_what_is_unresolvable_proves_nothing_unless_nothing_ever_reaches_it() -> None:
    gone = [*package("gap", {"1": ("01:00", ["ok>=9"]), "2": ("15:00", ["bad"])})]
    found = found_of("gap", facts=gone)
    assert found.verdict is Verdict.UNKNOWN
    assert "nothing listed then fits it: ok" in found.reason
    never = [*package("gap", {"1": ("01:00", ["ok>=9"])})]
    assert found_of("gap", facts=never).verdict is Verdict.CLEARED  # no release ever known reaches it


def indexed(*texts: str, index: str, **more: Any) -> BuildVerdict:
    here = replace(manifest("requirements.txt", *texts), indexes=(index,))
    return unrecorded(judged(here, **more))


MIRROR = "https://mirror.example/simple"


def test_from_a_mirror_only_what_no_release_ever_reaches_is_cleared() -> None:
    assert indexed("ok", index=MIRROR).verdict is Verdict.CLEARED
    later = [*package("later", {"1": ("01:00", []), "2": ("20:00", ["bad"])})]
    found = indexed("later", index=MIRROR, facts=later)
    assert found.verdict is Verdict.UNKNOWN
    assert f"requirements.txt installs from {MIRROR}, presumed a mirror" in found.reason
    assert found_of("later", facts=later).verdict is Verdict.CLEARED


def test_a_private_index_beside_the_public_one_leaves_a_walk_open() -> None:
    found = indexed("ok", index=PRIVATE)
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.PUBLIC)
    assert f"installs from the private index {PRIVATE}" in found.reason


@pytest.mark.parametrize(("index", "verdict"), [("public", "cleared"), (MIRROR, "cleared"), (PRIVATE, "unknown")])
def test_the_organisation_may_say_which_index_it_installs_from(index: str, verdict: str) -> None:
    assert found_of("ok", index=index).verdict.value == verdict


def test_a_wheel_for_another_python_is_allowed_there_alone() -> None:
    wheel = File(filename="evil-2-cp39-cp39-manylinux_2_17_x86_64.whl", kind=FileKind.WHEEL, uploaded=at("11:00"))
    old = File(filename="evil-1-py3-none-any.whl", kind=FileKind.WHEEL, uploaded=at("01:00"))
    listed = ProjectPage(
        package=package_name("evil"),
        spelling="evil",
        releases=(ReleaseFiles(version="1", files=(old,)), ReleaseFiles(version="2", files=(wheel,))),
        read_at=LATER,
        source="index",
    )
    facts: list[Fact] = [listed, *(requires("evil", version) for version in ("1", "2"))]

    def verdict(python: str = "") -> Verdict:
        here = replace(manifest("requirements.txt", "evil"), requires_python=python)
        return unrecorded(judged(here, facts=facts, also=[compromised("evil", "2", "11:00")])).verdict

    assert verdict() is Verdict.ADMITTED
    assert verdict("==3.9.*") is Verdict.PICKED
    assert verdict(">=3.10") is Verdict.CLEARED


def test_a_usual_tool_that_can_bring_the_target_leaves_a_walk_and_a_bar_open() -> None:
    for text in ("ok", "bad<2"):
        assert found_of(text).verdict is Verdict.CLEARED
        found = found_of(text, facts=[*package("pip", {"1": ("01:00", ["bad"])})])
        assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.CLOSURE)
        assert found.reason.startswith("pip, a usual installer, can bring it")
