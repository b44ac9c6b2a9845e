"""The forward walk: what one root takes at one instant, by which way, and for how long that stays the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, permutations

import pytest
from msgspec.structs import replace

from graphkit.model.environment import Profile
from graphkit.model.index import Hidden
from graphkit.model.names import package_name
from graphkit.model.times import Instant
from graphkit.stores.port import Fact, Position
from graphkit.trace.resolve.forward import Memory, Root, Walk, path_to, walk, walk_intervals
from graphkit.trace.resolve.world import World
from tests.cases.build import at, package, page, requires
from tests.unit.trace.parts import manifest_root, place, release_root, world_of

NOON = at("12:00")
Index = Mapping[str, Mapping[str, Sequence[str]]]


def facts_of(index: Index) -> list[Fact]:
    """Return the facts of an index, all of which was uploaded in the night."""
    return [
        fact
        for name, releases in index.items()
        for fact in package(name, {version: ("01:00", texts) for version, texts in releases.items()})
    ]


def taken(world: World, found: Walk) -> dict[str, str]:
    picks = {world.package(one).name: world.package(one).texts[position] for one, position in found.picks.items()}
    return {str(name): version for name, version in sorted(picks.items())}


def installs(
    index: Index, *texts: str, constraints: Sequence[str] = (), profile: Profile = "uv"
) -> tuple[dict[str, str], list[str], tuple[str, ...]]:
    """Return what a manifest installs at noon, what of it has no release that fits, and what was not read."""
    world = world_of(*facts_of(index), profile=profile)
    found = walk(world, manifest_root(world, *texts, constraints=constraints), NOON, doubtful=True)
    return taken(world, found), [world.package(one).name for one in found.unresolvable], found.unread


LIBS: Index = {"lib": {"1": [], "2": [], "3": []}}
WALKS: list[tuple[str, Index, list[str], dict[str, str], list[str], list[str]]] = [
    ("nothing is asked for", LIBS, [], {}, [], []),
    ("the newest that fits", LIBS, ["lib<3"], {"lib": "2"}, [], []),
    ("all ranges together", {**LIBS, "app": {"1": ["lib<3"]}}, ["app", "lib!=2"], {"app": "1", "lib": "1"}, [], []),
    (
        "what the newest requires, not an older one",
        {"app": {"1": ["lib"], "2": []}, **LIBS},
        ["app"],
        {"app": "2"},
        [],
        [],
    ),
    (
        "what a choice that was given up required is given up too",
        {"app": {"1": [], "2": ["lib"]}, "mid": {"1": ["app<2"]}, **LIBS},
        ["app", "mid"],
        {"app": "1", "mid": "1"},
        [],
        [],
    ),
    ("two that require each other", {"a": {"1": ["b"]}, "b": {"1": ["a"]}}, ["a"], {"a": "1", "b": "1"}, [], []),
    ("one that requires itself", {"a": {"1": ["a", "lib"]}, **LIBS}, ["a"], {"a": "1", "lib": "3"}, [], []),
    (
        "an extra with what it requires",
        {"app": {"1": ["lib<2 ; extra == 'x'"]}, **LIBS},
        ["app[x]"],
        {"app": "1", "lib": "1"},
        [],
        [],
    ),
    (
        "an extra that is asked for after its package was chosen",
        {"app": {"1": ["lib<2 ; extra == 'x'"]}, "mid": {"1": ["app[x]"]}, **LIBS},
        ["app", "mid"],
        {"app": "1", "lib": "1", "mid": "1"},
        [],
        [],
    ),
    ("nothing fits", LIBS, ["lib>9"], {}, ["lib"], []),
    ("what is doubtful binds nothing", LIBS, ["lib", "lib<2 ; platform_release >= '5'"], {"lib": "3"}, [], []),
    ("and brings nothing", LIBS, ["lib ; platform_release >= '5'", "lib>=1.0.*"], {}, [], []),
    ("a URL is an identity of its own", LIBS, ["lib @ https://files.example/x.whl"], {}, [], ["lib (a URL)"]),
    (
        "a URL takes what a range asks for too",
        LIBS,
        ["lib @ https://files.example/x.whl", "lib"],
        {},
        [],
        ["lib (a URL)"],
    ),
    ("no page", {"app": {"1": ["lost"]}}, ["app"], {"app": "1"}, [], ["lost"]),
]


@pytest.mark.parametrize(("why", "index", "texts", "found", "stuck", "unread"), WALKS, ids=[why for why, *_ in WALKS])
def test_what_a_manifest_installs(
    why: str, index: Index, texts: list[str], found: dict[str, str], stuck: list[str], unread: list[str]
) -> None:
    assert installs(index, *texts) == (found, stuck, tuple(unread)), why


def test_the_order_of_requirements_changes_nothing() -> None:
    index = {**LIBS, "app": {"1": ["lib<3", "mid"]}, "mid": {"1": ["lib!=2"], "2": ["lib>2"]}}
    found = {str(installs(index, *texts)) for texts in permutations(["app", "lib>=1", "mid<2"])}
    assert found == {str(({"app": "1", "lib": "1", "mid": "1"}, [], ()))}


def test_constraints_bind_what_is_reached_and_add_nothing() -> None:
    index = {**LIBS, "app": {"1": ["lib"]}}
    assert installs(index, "app", constraints=["lib<2"])[0] == {"app": "1", "lib": "1"}
    assert installs(index, "app", constraints=["other<2", "lib!=3"])[0] == {"app": "1", "lib": "2"}
    assert installs({**index, "other": {"1": []}}, "lib", constraints=["other<2"])[0] == {"lib": "3"}
    assert installs(index, "app", constraints=["lib>9"])[1] == ["lib"]


@pytest.mark.parametrize(
    ("texts", "uv", "pip"),
    [
        (["lib==1"], {"lib": "1"}, {"lib": "1"}),
        (["app"], {"app": "1"}, {"app": "1", "lib": "1"}),  # for uv the pin has to be the root's own
        (["app", "lib==1"], {"app": "1", "lib": "1"}, {"app": "1", "lib": "1"}),
        (["lib"], {}, {}),
    ],
)
def test_a_pin_unlocks_what_is_yanked(texts: list[str], uv: dict[str, str], pip: dict[str, str]) -> None:
    listed = page("lib", {"1": "01:00"})
    (release,) = listed.releases
    yanked = replace(release, files=(replace(release.files[0], yanked=True, yanked_since=at("02:00")),))
    facts = [replace(listed, releases=(yanked,)), *package("app", {"1": ("01:00", ["lib==1"])})]
    for profile, expected in (("uv", uv), ("pip", pip)):
        world = world_of(*facts, profile=profile)  # type: ignore[arg-type]
        assert taken(world, walk(world, manifest_root(world, *texts), NOON, doubtful=False)) == expected


# A release as a root


def test_a_release_is_what_it_is_whatever_asks_for_it() -> None:
    index = {"app": {"1": ["mid"], "2": []}, "mid": {"1": ["app>=2"]}}
    world = world_of(*facts_of(index))
    found = walk(world, release_root(world, "app@1"), NOON, doubtful=True)
    assert taken(world, found) == {"app": "1", "mid": "1"}
    assert [world.package(one).name for one in found.unresolvable] == ["app"]
    assert found.conflict_free == frozenset()


def test_a_release_has_the_extras_that_are_asked_of_it() -> None:
    world = world_of(*facts_of({"app": {"1": ["lib ; extra == 'x'"]}, **LIBS}))
    plain = walk(world, release_root(world, "app@1"), NOON, doubtful=True)
    more = walk(world, release_root(world, "app@1", "x"), NOON, doubtful=True)
    assert (taken(world, plain), taken(world, more)) == ({"app": "1"}, {"app": "1", "lib": "3"})


def test_what_is_held_is_the_root_or_what_it_asks_for_for_sure() -> None:
    world = world_of(*facts_of({"app": {"1": []}, **LIBS}))
    app, lib = place(world, "app@1")[0], place(world, "lib@1")[0]
    assert release_root(world, "app@1").held == {app}
    assert manifest_root(world, "app", "lib").held == {app, lib}
    assert manifest_root(world, "app", "lib ; extra == 'x'").held == {app}
    assert Root(label="", why="").held == frozenset()


# Ways


def test_a_path_is_a_shortest_one_and_says_who_asks_for_what() -> None:
    index = {"app": {"1": ["a", "b"]}, "a": {"1": ["b"]}, "b": {"1": ["lib<2"]}, **LIBS}
    world = world_of(*facts_of(index))
    root = manifest_root(world, "app")
    found = walk(world, root, NOON, doubtful=True)
    steps = path_to(world, root, found, place(world, "lib@1")[0])
    assert [(one.node, one.why) for one in steps] == [
        ("a.txt", "said"),
        ("app@1", "a.txt requires app (manifest)"),
        ("b@1", "app@1 requires b (core-metadata)"),
        ("lib@1", "b@1 requires lib<2 (core-metadata)"),
    ]


def test_a_path_of_a_release_starts_at_itself() -> None:
    world = world_of(*facts_of({"app": {"1": ["lib"]}, **LIBS}))
    root = release_root(world, "app@1")
    found = walk(world, root, NOON, doubtful=True)
    assert [one.node for one in path_to(world, root, found, place(world, "lib@1")[0])] == ["app@1", "lib@3"]
    assert [one.node for one in path_to(world, root, found, place(world, "app@1")[0])] == ["app@1"]


def test_a_path_through_a_circle_comes_to_an_end() -> None:
    world = world_of(*facts_of({"a": {"1": ["b"]}, "b": {"1": ["a", "c"]}, "c": {"1": []}}))
    root = manifest_root(world, "a")
    found = walk(world, root, NOON, doubtful=True)
    assert [one.node for one in path_to(world, root, found, place(world, "c@1")[0])] == ["a.txt", "a@1", "b@1", "c@1"]


# Time


DAY: Sequence[Fact] = (
    *package("app", {"1": ("01:00", ["lib"]), "2": ("11:30", [])}),
    *package("lib", {"1": ("01:00", []), "2": ("11:00", ["deep"])}),
    *package("deep", {"1": ("01:00", []), "2": ("11:15", [])}),
    *package("apart", {"1": ("01:00", []), "2": ("11:05", [])}),
)


def stretches(world: World, root: Root, start: Instant, until: Instant) -> list[tuple[str, str, dict[str, str]]]:
    clock = {at(text): text for text in ("10:00", "11:00", "11:05", "11:15", "11:20", "11:25", "11:30", "12:00")}
    found = walk_intervals(world, root, start, until, doubtful=True)
    return [(clock[one.start], clock[one.until], taken(world, one.walk)) for one in found]


def test_a_walk_holds_until_something_that_it_saw_changes() -> None:
    world = world_of(*DAY)
    assert stretches(world, manifest_root(world, "app"), at("10:00"), at("12:00")) == [
        ("10:00", "11:00", {"app": "1", "lib": "1"}),
        ("11:00", "11:15", {"app": "1", "deep": "1", "lib": "2"}),  # a package apart changes nothing
        ("11:15", "11:30", {"app": "1", "deep": "2", "lib": "2"}),
        ("11:30", "12:00", {"app": "2"}),
    ]


def test_a_change_at_the_edge_of_a_window_is_in_it_at_the_start_alone() -> None:
    world = world_of(*DAY)
    root = manifest_root(world, "app")
    assert stretches(world, root, at("11:00"), at("11:15")) == [
        ("11:00", "11:15", {"app": "1", "deep": "1", "lib": "2"})
    ]
    assert stretches(world, root, at("11:00"), at("11:00")) == []


def test_stretches_are_what_each_of_their_instants_says() -> None:
    gap = Hidden(package=package_name("lib"), start=at("11:20"), until=at("11:25"), version="2")
    world = world_of(*DAY, hidden=[gap])
    root = manifest_root(world, "app")
    found = list(walk_intervals(world, root, at("10:00"), at("12:00"), doubtful=True))
    assert all(one.until == other.start for one, other in pairwise(found))
    for one in found:
        for instant in (one.start, (one.start + one.until) // 2, one.until - 1):
            again = world_of(*DAY, hidden=[gap])
            alone = walk(again, manifest_root(again, "app"), instant, doubtful=True)
            assert taken(world, one.walk) == taken(again, alone)


# What is remembered


def test_a_walk_whose_choices_fall_alike_is_taken_from_memory() -> None:
    world = world_of(*DAY)
    root = manifest_root(world, "app")
    first = walk(world, root, at("10:00"), doubtful=True)
    assert walk(world, root, at("10:30"), doubtful=True) is first
    other = walk(world, root, at("11:20"), doubtful=True)
    assert taken(world, other) != taken(world, first)
    assert walk(world, root, at("10:45"), doubtful=True) is first
    world.memory_of(Memory).forget()
    anew = walk(world, root, at("10:50"), doubtful=True)
    assert anew is not first
    assert anew == first


def test_a_walk_through_another_release_that_requires_the_same_is_told_by_its_name() -> None:
    facts = [
        *package("app", {"1": ("01:00", ["lib"])}),
        *package("lib", {"1": ("01:00", ["deep"]), "2": ("11:00", ["deep"]), "3": ("11:30", ["deep", "apart"])}),
        *DAY[6:],
        *package("deep", {"1": ("01:00", [])}),
    ]
    world = world_of(*facts)
    root = manifest_root(world, "app")
    clocks = ("10:00", "11:10", "11:40")
    found = {clock: walk(world, root, at(clock), doubtful=True) for clock in clocks}
    versions = [taken(world, found[clock])["lib"] for clock in clocks]
    assert versions == ["1", "2", "3"]
    deep = place(world, "deep@1")[0]
    ways = [path_to(world, root, found[clock], deep)[-1].why for clock in clocks]
    assert ways == [f"lib@{version} requires deep (core-metadata)" for version in versions]
    for clock in clocks:  # as a walk that remembers nothing says
        again = world_of(*facts)
        assert taken(again, walk(again, manifest_root(again, "app"), at(clock), doubtful=True)) == taken(
            world, found[clock]
        )


def test_releases_that_may_require_more_than_was_read_are_not_alike() -> None:
    facts = [*package("app", {"1": ("01:00", ["lib"])}), page("lib", {"1": "01:00", "2": "11:00"})]
    world = world_of(*facts)
    root = manifest_root(world, "app")
    unread = [walk(world, root, at(clock), doubtful=True).unread for clock in ("10:00", "12:00")]
    assert unread == [("requirements of lib@1",), ("requirements of lib@2",)]
    partly = replace(requires("lib", "1", "deep"), unreadable=("???",))
    deep = package("deep", {"1": ("01:00", [])})
    half = world_of(*facts, partly, requires("lib", "2", "deep"), *deep)
    root = manifest_root(half, "app")
    assert [walk(half, root, at(clock), doubtful=True).unread for clock in ("10:00", "12:00")] == [
        ("requirements of lib@1",),
        (),
    ]


def test_a_walk_that_saw_an_uncertain_listing_says_so() -> None:
    world = world_of(*package("app", {"1": ("01:00", ["lib"])}), *package("lib", {"1": ("01:00", []), "2": (None, [])}))
    root = manifest_root(world, "app")
    loose, strict = (walk(world, root, NOON, doubtful=one) for one in (True, False))
    assert (taken(world, loose)["lib"], taken(world, strict)["lib"]) == ("2", "1")
    assert loose.is_uncertain
    assert strict.is_uncertain


def test_what_a_conflict_may_change_is_not_taken_for_sure() -> None:
    world = world_of(*facts_of({"app": {"1": ["lib<2", "deep"]}, "deep": {"1": []}, **LIBS}))
    (lib, one), (deep, other) = place(world, "lib@1"), place(world, "deep@1")
    found = Walk(
        picks={lib: one, deep: other}, parents={}, unresolvable=(), unread=(), visited=frozenset(), conflict_free=None
    )
    assert found.takes(lib, one)
    assert not found.takes(lib, Position(one + 1))
    shaken = replace(found, conflict_free=frozenset({deep}))
    assert (shaken.takes(lib, one), shaken.takes(deep, other)) == (False, True)


def test_a_walk_whose_releases_require_the_same_here_is_taken_from_memory() -> None:
    windows = 'apart ; sys_platform == "win32"'
    facts = [
        *package("app", {"1": ("01:00", ["lib[x]"])}),
        *package(
            "lib",
            {
                "1": ("01:00", ["deep", 'far ; extra == "x"']),
                "2": ("11:00", ["deep", 'far ; extra == "x"', windows]),
                "3": ("11:30", ["deep", 'far>=1 ; extra == "x"', windows]),
            },
        ),
        *(fact for name in ("deep", "far", "apart") for fact in package(name, {"1": ("01:00", [])})),
    ]
    world = world_of(*facts)
    root = manifest_root(world, "app")
    clocks = ("10:00", "11:10", "11:40")
    found = {clock: walk(world, root, at(clock), doubtful=True) for clock in clocks}
    assert [taken(world, found[clock])["lib"] for clock in clocks] == ["1", "2", "3"]
    assert found["11:10"].visited is found["10:00"].visited  # only its names differ
    assert found["11:40"].visited is not found["10:00"].visited  # an extra that is asked for asks for more
    for clock in clocks:  # as a walk that remembers nothing says
        again = world_of(*facts)
        assert walk(again, manifest_root(again, "app"), at(clock), doubtful=True) == found[clock]


@pytest.mark.parametrize("later", ["bad", "lib"])
def test_a_walk_with_a_conflict_is_not_taken_from_memory_where_a_way_out_of_it_is_another(later: str) -> None:
    index: Index = {
        "mid": {"1": ["one", "two", "three", "four"]},
        "one": {"1": ["lib!=1", "bad<2"]},
        "two": {"1": ["lib!=2"]},
        "three": {"1": ["lib!=3"]},
        "four": {"1": ["lib<4", "bad"]},
        "lib": {"1": [], "2": [], "3": []},
        "bad": {"1": []},
    }
    added = {"bad": "2", "lib": "4"}[later]
    facts = [
        fact
        for name, releases in {**index, later: {**index[later], added: []}}.items()
        for fact in package(
            name,
            {
                version: ("11:00" if (name, version) == (later, added) else "01:00", texts)
                for version, texts in releases.items()
            },
        )
    ]
    world = world_of(*facts)
    root = manifest_root(world, "mid")
    free = []
    for clock in ("10:00", "11:10"):
        again = world_of(*facts)
        alone = walk(again, manifest_root(again, "mid"), at(clock), doubtful=True)
        free.append(alone.conflict_free)
        assert walk(world, root, at(clock), doubtful=True) == alone, clock
    assert free[0] != free[1]
