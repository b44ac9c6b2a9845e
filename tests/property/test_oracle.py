"""The oracle answers the worked examples of docs/semantics.md, and keeps its laws on made-up worlds."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from graphkit.model.environment import Environment
from graphkit.model.index import File, FileKind, Hidden, ProjectPage
from graphkit.model.names import package_name
from graphkit.model.requirements import requirement
from graphkit.model.times import Instant
from tests.effort import share
from tests.property.oracle import (
    BOTH,
    DEFAULT,
    Profile,
    admitted,
    admitted_nodes,
    choose,
    closure_complete,
    declared,
    forward,
    is_active,
    listed,
    nominated,
    picked,
    specifiers,
    unyanked,
)
from tests.property.small import OLD, made, sdist, wheel
from tests.property.worlds import (
    INCIDENT,
    MINUTE,
    NOON,
    Root,
    RootRelease,
    World,
    facts,
    graph_of,
    instants,
    roots,
    worlds,
)

PROFILES: tuple[Profile, ...] = ("uv", "pip")


def release(text: str, *extras: str) -> RootRelease:
    name, _, version = text.partition("@")
    return RootRelease(package=package_name(name), version=version, extras=frozenset(extras))


def chosen(
    world: World,
    *ranges: str,
    at: Instant = NOON,
    profile: Profile = "uv",
    uncertain_in: bool = True,
    direct: Iterable[str] = (),
) -> str | None:
    """Give the choice of the package `p`."""
    return choose(
        world,
        package_name("p"),
        [SpecifierSet(text) for text in ranges],
        at,
        profile=profile,
        uncertain_in=uncertain_in,
        direct=[SpecifierSet(text) for text in direct],
    )


# --- Worked examples -------------------------------------------------------------------------------------------------

CAMEL = made(
    {
        "litellm": {"1.80.11": sdist(), "1.82.6": sdist(), "1.82.8": sdist(NOON)},
        "crawl4ai": {"0.8.0": sdist()},
        "camel-ai": {"0.2.90": sdist()},
    },
    {
        "crawl4ai@0.8.0": ("LiteLLM>=1.53.1",),
        "camel-ai@0.2.90": (
            "camel_ai[web] ; extra == 'all'",
            "litellm<1.80.12 ; extra == 'all'",
            "crawl4ai>=0.3 ; extra == 'web'",
        ),
    },
    bad=["litellm@1.82.8"],
)


def test_a_single_choice_nominates_what_the_roots_own_limit_prevents() -> None:
    root = release("camel-ai@0.2.90", "all")
    assert ("camel-ai", "0.2.90", "all") in nominated(CAMEL, NOON)
    assert forward(CAMEL, root, NOON).picks[package_name("litellm")] == "1.80.11"
    assert not picked(CAMEL, root, NOON)
    assert not admitted(CAMEL, root, NOON)
    assert closure_complete(CAMEL, root, NOON)


def test_another_extra_of_the_same_root_has_no_such_limit() -> None:
    root = release("camel-ai@0.2.90", "web")
    assert picked(CAMEL, root, NOON)
    assert admitted(CAMEL, root, NOON)
    assert not picked(CAMEL, root, NOON - 1), "not yet uploaded"
    assert not admitted(CAMEL, release("camel-ai@0.2.90"), NOON), "without an extra it asks for nothing"


def test_a_manifest_binds_as_a_release_does() -> None:
    assert picked(CAMEL, ("crawl4ai",), NOON)
    assert not admitted(CAMEL, ("crawl4ai", "litellm<1.82"), NOON)
    assert admitted(CAMEL, ("crawl4ai", "litellm<1.82 ; platform_release < '3'"), NOON), "it may not apply"


def test_a_quarantined_project_makes_its_dependents_unresolvable_and_returns() -> None:
    gone, back = NOON + 3 * MINUTE, NOON + 9 * MINUTE
    world = replace(
        CAMEL,
        hidden=(
            Hidden(package=package_name("litellm"), start=gone, until=back),
            Hidden(package=package_name("litellm"), version="1.82.8", start=gone),
        ),
    )
    root = release("crawl4ai@0.8.0")
    assert picked(world, root, gone - 1)
    assert forward(world, root, gone).unresolvable == ("litellm",)
    assert not picked(world, root, gone)
    assert not admitted(world, root, gone)
    assert not nominated(world, gone)
    assert forward(world, root, back).picks[package_name("litellm")] == "1.82.6"
    assert instants(world) == (NOON, gone, back)


def test_an_unresolvable_sibling_proves_nothing() -> None:
    world = replace(CAMEL, packages={**CAMEL.packages, package_name("later"): {"1": (sdist(NOON + MINUTE),)}})
    world = replace(world, pages_read=frozenset(world.packages))
    assert not picked(world, ("litellm", "later"), NOON)
    assert admitted(world, ("litellm", "later"), NOON)


def test_a_page_that_nobody_read_settles_nothing() -> None:
    assert picked(CAMEL, ("litellm", "unread"), NOON)
    assert not picked(replace(CAMEL, pages_read=frozenset()), ("litellm",), NOON), "what it offered is hearsay"
    assert admitted(replace(CAMEL, pages_read=frozenset()), ("litellm",), NOON)
    assert not closure_complete(CAMEL, ("litellm", "unread"), NOON)


def test_a_file_a_release_and_a_project_have_gaps() -> None:
    two = {"1": [sdist(name="p-1.tar.gz"), wheel("p-1-py3-none-any.whl")]}
    p, until = package_name("p"), NOON + MINUTE
    one_file = Hidden(package=p, version="1", filename="p-1.tar.gz", start=NOON, until=until)
    assert listed(made({"p": two}, hidden=(one_file,)), p, "1", NOON)
    for gap in (Hidden(package=p, version="1", start=NOON, until=until), Hidden(package=p, start=NOON, until=until)):
        world = made({"p": two}, hidden=(gap,))
        assert [listed(world, p, "1", at) for at in (NOON - 1, NOON, until - 1, until)] == [True, False, False, True]


def test_what_an_environment_cannot_install_is_not_on_offer() -> None:
    p = package_name("p")
    world = made(
        {
            "p": {
                "1": sdist(requires_python=">=3.8"),
                "2": wheel("p-2-cp312-cp312-win_amd64.whl"),
                "3": sdist(requires_python="<3.12"),
                "4": sdist(requires_python="nonsense"),
                "5": File(filename="p-5.exe", kind=FileKind.OTHER, uploaded=OLD),
                "6": (),
                "7": wheel("p-7-cp312-cp312-manylinux_2_17_x86_64.whl"),
            }
        }
    )
    assert [version for version in world.packages[p] if listed(world, p, version, NOON)] == ["1", "3", "4", "7"]
    of_pip = [version for version in world.packages[p] if listed(world, p, version, NOON, DEFAULT, "pip")]
    assert of_pip == ["1", "4", "7"]  # pip minds upper bounds
    assert listed(world, p, "3", NOON, Environment(python="3.11"))


def test_a_yank_unlocks_by_a_pin_only() -> None:
    world = made({"p": {"1": sdist(), "2": sdist(yanked=True, yanked_since=OLD)}})
    assert chosen(world, "") == "1"
    assert chosen(world, "==2") is None, "uv wants the pin of the root itself"
    assert chosen(world, "==2", direct=["==2"]) == "2"
    assert chosen(world, ">=1", "==2", direct=[">=1"]) is None
    assert chosen(world, ">=1", "==2", profile="pip") == "2"
    for no_pin in ("==2.*", ">=2", "==2,>=1"):
        assert chosen(world, no_pin, profile="pip") is None
    assert chosen(world, "===2", profile="pip") == "2"


def test_a_standing_release_wins_over_a_yanked_one_that_is_unlocked() -> None:
    world = made({"p": {"1": sdist(), "1+cu1": sdist(yanked=True, yanked_since=OLD)}})
    assert chosen(world, "==1", profile="pip") == "1"
    assert chosen(world, "==1", "!=1", profile="pip") is None


def test_a_yank_is_dated() -> None:
    world = made({"p": {"1": sdist(), "2": sdist(yanked=True, yanked_since=NOON)}})
    assert [chosen(world, "", at=at) for at in (NOON - 1, NOON)] == ["2", "1"]


def test_a_yank_without_a_date_is_both_but_not_for_a_compromised_release() -> None:
    index = {"p": {"1": sdist(), "2": sdist(yanked=True)}}
    assert [chosen(made(index), "", uncertain_in=reading) for reading in BOTH] == ["2", "1"]
    assert [chosen(made(index, bad=["p@2"]), "", uncertain_in=reading) for reading in BOTH] == ["2", "2"]
    assert picked(made(index, bad=["p@2"]), ("p",), NOON)
    assert not picked(made(index, bad=["p@1"]), ("p",), NOON)
    assert admitted(made(index, bad=["p@1"]), ("p",), NOON)


def test_one_standing_file_keeps_a_release() -> None:
    files = [sdist(yanked=True, yanked_since=OLD), wheel("p-1-py3-none-any.whl")]
    assert unyanked(made({"p": {"1": files}}), package_name("p"), "1", NOON)


@pytest.mark.parametrize(("profile", "taken"), [("uv", "1.5"), ("pip", "2.0b1")])
def test_profiles_differ_in_pre_releases(profile: Profile, taken: str) -> None:
    world = made({"p": {"1.5": sdist(), "2.0b1": sdist()}})
    assert chosen(world, ">=1.0rc1", profile=profile) == taken
    assert chosen(world, ">=1.0", profile=profile) == "1.5"
    assert chosen(world, ">1.5", profile=profile) == "2.0b1", "no final fits"


def test_what_pep_440_cannot_read_is_never_chosen() -> None:
    world = made({"p": {"2004d-final": sdist()}}, bad=["p@2004d-final"])
    assert listed(world, package_name("p"), "2004d-final", NOON)
    assert chosen(world, "") is None
    assert chosen(world, "===2004d-final") is None
    assert not admitted(world, ("p",), NOON)


def test_locals_epochs_and_posts_order_as_pep_440_says() -> None:
    world = made({"p": {"1!0.5": sdist(), "2.0": sdist(), "2.0+cu1": sdist(), "2.0.post1": sdist()}})
    assert chosen(world, "") == "1!0.5"
    assert chosen(world, "==2.0") == "2.0+cu1"
    assert chosen(world, "<1!0") == "2.0.post1"


def test_extras_add_per_release_and_unknown_ones_add_nothing() -> None:
    world = made(
        {"app": {"1": sdist(), "2": sdist()}, "p": {"1": sdist()}},
        {"app@1": ("p ; extra == 'Fast_Mode'",)},
        bad=["p@1"],
    )
    assert picked(world, ("app[fast.mode]==1",), NOON)
    assert not admitted(world, ("app==1",), NOON)
    assert forward(world, ("app[fast-mode]",), NOON).picks == {"app": "2"}, "the extra does not change the choice"
    assert not picked(world, ("app[fast-mode]",), NOON)
    assert admitted(world, ("app[fast-mode]",), NOON)
    assert nominated(world, NOON) == {("p", "1", None), ("app", "1", "fast-mode")}


def test_extras_may_turn_in_circles() -> None:
    world = made(
        {"app": {"1": sdist()}, "p": {"1": sdist()}},
        {"app@1": ("app[b] ; extra == 'a'", "app[a] ; extra == 'b'", "p ; extra == 'b'")},
        bad=["p@1"],
    )
    for root in (release("app@1", "a"), ("app[a]",)):
        walk = forward(world, root, NOON)
        assert walk.extras[package_name("app")] == {"a", "b"}
        assert picked(world, root, NOON)
        assert admitted(world, root, NOON)


def test_dependencies_may_turn_in_circles() -> None:
    world = made({"a": {"1": sdist()}, "b": {"1": sdist()}}, {"a@1": ("b",), "b@1": ("a",)}, bad=["b@1"])
    assert picked(world, release("a@1"), NOON)
    assert nominated(world, NOON) == {("a", "1", None), ("b", "1", None)}


def test_markers_decide_edges_and_undecidable_ones_only_admit() -> None:
    index = {"app": {"1": sdist()}, "p": {"1": sdist()}}
    for marker, may, does in (
        ("python_version >= '3.12'", True, True),
        ("python_version < '3.9'", False, False),
        ("sys_platform == 'win32'", False, False),
        ("platform_release >= '5'", True, False),
        ("platform_release >= '5' and sys_platform == 'win32'", False, False),
        ("platform_release >= '5' and sys_platform == 'linux'", True, False),
    ):
        world = made(index, {"app@1": (f"p ; {marker}",)}, bad=["p@1"])
        assert admitted(world, ("app",), NOON) is may
        assert picked(world, ("app",), NOON) is does
        assert (("app", "1", None) in nominated(world, NOON)) is does
    assert is_active('"x" in extras', "", DEFAULT) is None


def test_an_unreadable_range_admits_everything_and_picks_nothing() -> None:
    world = made({"app": {"1": sdist()}, "p": {"1": sdist()}}, {"app@1": ("p>=2.0.*",)}, bad=["p@1"])
    assert admitted(world, ("app",), NOON)
    assert not picked(world, ("app",), NOON)


def test_an_uncertain_time_never_suppresses_and_never_confirms() -> None:
    above = made({"p": {"1": sdist(), "2": sdist(None)}}, bad=["p@1"])
    below = made({"p": {"1": sdist(), "2": sdist(None)}}, bad=["p@2"])
    for world in (above, below):
        assert [chosen(world, "", uncertain_in=reading) for reading in BOTH] == ["2", "1"]
        assert not picked(world, ("p",), NOON)
        assert admitted(world, ("p",), NOON)
    known = replace(below, listed_from={(package_name("p"), "2"): NOON})
    assert picked(known, ("p",), NOON), "the incident knows what the page does not"
    assert not picked(known, ("p",), NOON - 1)
    assert admitted(known, ("p",), NOON - 1), "the page lists it, nobody knows since when"


def test_a_compromised_release_is_listed_until_the_account_ends() -> None:
    world = made({"p": {"1": sdist()}}, bad=["p@1"])
    assert [admitted(world, ("p",), at) for at in (world.window[1] - 1, world.window[1])] == [True, False]


def test_a_root_release_that_was_not_on_offer_takes_nothing() -> None:
    world = made({"app": {"1": sdist(NOON)}, "p": {"1": sdist()}}, {"app@1": ("p",)}, bad=["p@1"])
    for at, expected in ((NOON - 1, False), (NOON, True)):
        assert picked(world, release("app@1"), at) is expected
        assert admitted(world, release("app@1"), at) is expected
        assert (("app", "1", None) in nominated(world, at)) is expected


def test_a_root_release_is_fixed() -> None:
    world = made(
        {"a": {"1": sdist(), "2": sdist()}, "b": {"1": sdist()}}, {"a@1": ("b",), "b@1": ("a>=2",)}, bad=["a@2"]
    )
    walk = forward(world, release("a@1"), NOON)
    assert walk.picks == {"a": "1", "b": "1"}
    assert walk.unresolvable == ("a",)
    assert not admitted(world, release("a@1"), NOON)
    assert admitted(world, ("a",), NOON)


def test_a_direct_address_is_an_identity_of_its_own() -> None:
    world = made(
        {"app": {"1": sdist()}, "p": {"1": sdist()}}, {"app@1": ("p @ https://index.example/p.zip",)}, bad=["p@1"]
    )
    assert forward(world, ("app", "p"), NOON).picks == {"app": "1"}
    assert not admitted(world, ("app",), NOON)
    assert not closure_complete(world, ("app",), NOON)


def test_a_walk_that_never_settles_resolves_nothing() -> None:
    index = {name: {"1": sdist(), "2": sdist()} for name in ("a", "b")}
    world = made(index, {"a@2": ("b<2",), "b@1": ("a<2",)}, bad=["a@2"])
    assert forward(world, ("a", "b"), NOON).unresolvable
    assert not picked(world, ("a", "b"), NOON)
    assert admitted(world, ("a", "b"), NOON)


def test_a_closure_is_complete_when_all_of_it_was_read() -> None:
    index = {"app": {"1": sdist()}, "p": {"1": sdist(), "2": sdist()}, "far": {"1": sdist()}}
    whole = made(index, {"app@1": ("p<2",), "p@2": None, "far@1": None})
    assert closure_complete(whole, ("app",), NOON)
    assert not closure_complete(whole, ("p",), NOON), "an older or newer choice was not read"
    assert not closure_complete(replace(whole, pages_read=frozenset()), ("app",), NOON)
    assert not closure_complete(whole, ("app", "???"), NOON)
    assert not closure_complete(whole, ("app", "far ; platform_release > '5'"), NOON)


def test_an_intersection_can_pick_what_no_single_choice_nominates() -> None:
    world = made(
        {"app": {"1": sdist()}, "q": {"1": sdist()}, "p": {str(number): sdist() for number in (1, 2, 3, 4)}},
        {"app@1": ("p!=3", "q"), "q@1": ("p<=3",)},
        bad=["p@2"],
    )
    assert picked(world, release("app@1"), NOON)
    assert nominated(world, NOON) == {("p", "2", None)}


def test_a_yank_that_the_root_pinned_is_admitted_by_every_edge() -> None:
    world = made(
        {"q": {"1": sdist()}, "p": {"1": sdist(yanked=True, yanked_since=OLD)}, "bad": {"1": sdist()}},
        {"q@1": ("p[x]>=1",), "p@1": ("bad ; extra == 'x'",)},
        bad=["bad@1"],
    )
    assert picked(world, ("p==1", "q"), NOON)
    assert admitted(world, ("p==1", "q"), NOON)
    assert not admitted(world, ("q",), NOON)


# --- Laws ------------------------------------------------------------------------------------------------------------

WalkCase = tuple[World, Root, Instant]


@st.composite
def cases(draw: st.DrawFn) -> WalkCase:
    world = draw(worlds())
    return world, draw(roots(world)), draw(st.sampled_from(instants(world)))


laws = settings(
    max_examples=share(40, of=2),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@laws
@given(cases())
def test_picked_is_admitted(case: WalkCase) -> None:
    world, root, at = case
    for profile in PROFILES:
        for reading in BOTH:
            walk = forward(world, root, at, profile=profile, uncertain_in=reading)
            assert not walk.extras or {
                (name, version, extra) for name, version in walk.picks.items() for extra in (None, *walk.extras[name])
            } <= admitted_nodes(world, root, at)
        assert admitted(world, root, at) or not picked(world, root, at, profile=profile)


@laws
@given(cases())
def test_without_a_compromise_nothing_is_reached(case: WalkCase) -> None:
    world, root, at = case
    clean = replace(world, compromised=())
    assert not picked(clean, root, at)
    assert not admitted(clean, root, at)
    assert not nominated(clean, at)


@laws
@given(cases(), st.sampled_from(PROFILES), st.booleans())
def test_a_settled_walk_keeps_every_promise(case: WalkCase, profile: Profile, reading: bool) -> None:  # noqa: FBT001 - drawn
    world, root, at = case
    walk = forward(world, root, at, profile=profile, uncertain_in=reading)
    assume(not walk.unresolvable)
    for name, version in walk.picks.items():
        rooted = isinstance(root, RootRelease) and root.package == name
        assert rooted or listed(world, name, version, at, uncertain_in=reading)
        for extra in (None, *walk.extras[name]):
            for wanted, state in declared(world, name, version, extra, DEFAULT):
                if state and not wanted.unreadable:
                    assert specifiers(wanted).contains(walk.picks[wanted.package], prereleases=True)
                    assert walk.extras[wanted.package] >= set(wanted.extras)


@laws
@given(cases())
def test_where_nothing_is_uncertain_one_reading_answers(case: WalkCase) -> None:
    world, root, at = case
    certain = replace(
        world,
        packages={
            name: {
                version: tuple(
                    replace(file, uploaded=OLD if file.uploaded is None else file.uploaded, yanked=False)
                    for file in files
                )
                for version, files in releases.items()
            }
            for name, releases in world.packages.items()
        },
    )
    assert forward(certain, root, at, uncertain_in=True) == forward(certain, root, at, uncertain_in=False)


@laws
@given(cases())
def test_the_order_and_spelling_of_facts_change_nothing(case: WalkCase) -> None:
    world, root, at = case
    tidy = replace(
        world,
        packages={name: dict(reversed(list(held.items()))) for name, held in reversed(list(world.packages.items()))},
        requirements={
            key: texts and tuple(str(requirement(text)) if text != "???" else text for text in reversed(texts))
            for key, texts in reversed(list(world.requirements.items()))
        },
    )
    for question in (picked, admitted, closure_complete, forward):
        asked: Callable[[World, Root, Instant], object] = question
        assert asked(tidy, root, at) == asked(world, root, at)
    assert nominated(tidy, at) == nominated(world, at)


@laws
@given(cases())
def test_what_is_outside_the_closure_changes_nothing(case: WalkCase) -> None:
    world, root, at = case
    stranger = package_name("stranger")
    more = replace(
        world,
        packages={**world.packages, stranger: {"1": (sdist(),)}},
        requirements={**world.requirements, (stranger, "1"): tuple(world.packages)},
        pages_read=world.pages_read | {stranger},
    )
    assert forward(more, root, at) == forward(world, root, at)
    assert admitted_nodes(more, root, at) == admitted_nodes(world, root, at)
    assert nominated(more, at) - {(stranger, "1", None)} == nominated(world, at)


@laws
@given(cases())
def test_nominations_start_at_what_was_bad_and_on_offer(case: WalkCase) -> None:
    world, _, at = case
    found = nominated(world, at)
    assert {key for key in world.compromised if listed(world, *key, at)} <= {node[:2] for node in found}
    assert all(listed(world, name, version, at) for name, version, _ in found)
    assert nominated(world, at, readings=(True,)) <= found


# --- The generator ---------------------------------------------------------------------------------------------------


def _profiles_differ(case: WalkCase) -> bool:
    world, root, at = case
    return len({tuple(sorted(forward(world, root, at, profile=profile).picks.items())) for profile in PROFILES}) > 1


def _readings_differ(case: WalkCase) -> bool:
    world, root, at = case
    first, second = (forward(world, root, at, uncertain_in=reading) for reading in BOTH)
    return first.picks != second.picks


HAPPENINGS: Mapping[str, Callable[[WalkCase], bool]] = {
    "a manifest picks": lambda case: isinstance(case[1], tuple) and picked(*case),
    "a good release picks": lambda case: (
        isinstance(case[1], RootRelease)
        and (case[1].package, case[1].version) not in case[0].compromised
        and picked(*case)
    ),
    "a ghost is picked": lambda case: (
        picked(*case) and bool(case[0].ghosts.intersection(forward(*case, uncertain_in=False).picks.items()))
    ),
    "admitted only": lambda case: admitted(*case) and not picked(*case) and not forward(*case).unresolvable,
    "cleared": lambda case: (
        not admitted(*case) and closure_complete(*case) and len({node[0] for node in admitted_nodes(*case)}) > 2
    ),
    "unresolvable": lambda case: bool(forward(*case).unresolvable),
    "profiles differ": _profiles_differ,
    "readings differ": _readings_differ,
    "an extra is nominated": lambda case: any(
        extra and (name, version, None) not in nominated(case[0], case[2])
        for name, version, extra in nominated(case[0], case[2])
    ),
}


def happened() -> set[str]:
    """Return what happens in the first worlds that the generator gives."""
    seen: set[str] = set()

    def look(case: WalkCase) -> bool:
        seen.update(name for name, happens in HAPPENINGS.items() if name not in seen and happens(case))
        return len(seen) == len(HAPPENINGS)

    with suppress(NoSuchExample):
        find(cases(), look, settings=settings(laws, max_examples=1_000, phases=[Phase.generate]))
    return seen


def test_worlds_have_what_the_engine_is_to_be_tried_on() -> None:
    assert HAPPENINGS.keys() - happened() == set()


@settings(laws, max_examples=3)
@given(worlds())
def test_a_store_can_be_fed_with_a_world(world: World) -> None:
    with graph_of(world) as reader:
        assert min(reader.package_ids(sorted(world.packages))) >= 0
        assert [incident.id for incident in reader.evidence().incidents()] == [INCIDENT]


@laws
@given(worlds())
def test_a_page_names_all_but_ghosts(world: World) -> None:
    pages = [fact for fact in facts(world) if isinstance(fact, ProjectPage)]
    named = {(page.package, release.version) for page in pages for release in page.releases}
    held = {(name, version) for name, releases in world.packages.items() for version in releases}
    assert named == held - world.ghosts
    assert held == set(world.requirements)
    assert {page.package for page in pages} == world.pages_read
    assert all(package_name(page.spelling) == page.package for page in pages)
