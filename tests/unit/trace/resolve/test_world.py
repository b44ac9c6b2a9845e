"""The index as one environment sees it: what releases require there, under which guards, and what is read when."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from msgspec.structs import replace

from graphkit.model.building import marker_of_build
from graphkit.model.environment import Environment, Profile
from graphkit.model.guards import NO_GUARDS, CutOff, Guards
from graphkit.model.index import File, FileKind, Hidden, MetadataSource, ProjectPage, ReleaseFiles
from graphkit.model.names import package_name
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.times import FOREVER
from graphkit.stores import port
from graphkit.stores.port import Fact
from graphkit.trace.resolve.forward import Memory
from graphkit.trace.resolve.world import ResolvedRequirement, World
from tests.cases.build import LATER, at, compromised, incident, package, page, requires
from tests.property.memory import MemoryReader
from tests.unit.trace.parts import asking, package_in, place, world_of

WINDOWS = Environment(platform="windows", machine="AMD64")
INDEX: Sequence[Fact] = (
    *package("app", {"1": ("01:00", ["lib>=1", "more ; extra == 'x'", "win ; os_name == 'nt'"])}),
    *package("lib", {"1": ("01:00", []), "2": ("10:00", ["more"])}),
    *package("more", {"1": ("01:00", [])}),
    *package("win", {"1": ("01:00", [])}),
)


def declared(world: World, node: str) -> list[str]:
    """Return what ``name[extra]@version`` requires, as shown, with a question mark where it is doubtful."""
    release, extra = node.replace("]", ""), ""
    if "[" in release:
        name, _, rest = release.partition("[")
        extra, _, version = rest.partition("@")
        release = f"{name}@{version}"
    found = world.declared((*place(world, release), extra))
    return [f"{one.text}{'?' if one.doubtful else ''}" for one in found.requirements]


# What releases require


@pytest.mark.parametrize(
    ("node", "linux", "windows"),
    [
        ("app@1", ["lib>=1"], ["lib>=1", 'win ; os_name == "nt"']),
        ("app[x]@1", ['more ; extra == "x"'], ['more ; extra == "x"']),
        ("app[y]@1", [], []),  # an extra that it lacks adds nothing
        ("lib@1", [], []),
    ],
)
def test_a_release_and_an_extra_require_what_holds_for_them(node: str, linux: list[str], windows: list[str]) -> None:
    assert declared(world_of(*INDEX), node) == linux
    assert declared(world_of(*INDEX, environment=WINDOWS), node) == windows


def test_an_extra_requires_what_holds_with_it_and_not_without() -> None:
    facts = package("app", {"1": ("01:00", ["lib ; extra == 'x' or os_name == 'posix'", "more ; extra == 'x'"])})
    world = world_of(*facts, *INDEX[2:])
    assert declared(world, "app@1") == ['lib ; extra == "x" or os_name == "posix"']
    assert declared(world, "app[x]@1") == ['more ; extra == "x"']


def test_a_marker_that_cannot_be_decided_keeps_its_edge_as_a_doubtful_one() -> None:
    facts = package("app", {"1": ("01:00", ["lib ; platform_release >= '5'", "more>=1.0.*"])})
    assert declared(world_of(*facts, *INDEX[2:]), "app@1") == [
        'lib ; platform_release >= "5"?',
        "more>=1.0.*?",
    ]


def test_requirements_are_in_the_order_of_their_texts_whatever_the_order_of_the_facts() -> None:
    url = "lib @ https://files.example/lib.whl"
    texts = ["win", "lib<2", "more", url]
    found = {
        tuple(declared(world_of(*package("app", {"1": ("01:00", told)}), *INDEX[3:]), "app@1"))
        for told in (texts, texts[::-1])
    }
    assert found == {(url, "lib<2", "more", "win")}  # whatever ids a store gives them


def test_what_was_not_read_is_told_from_what_requires_nothing() -> None:
    lost = replace(requires("partial", "1", "lib"), unreadable=("???",))
    unknown = replace(requires("unknown", "1"), source=MetadataSource.UNKNOWN)
    pages = [page(name, {"1": "01:00"}) for name in ("partial", "unknown", "none")]
    world = world_of(*INDEX, *pages, lost, unknown)
    said = {
        name: (found.is_read, len(found.requirements))
        for name in ("lib", "partial", "unknown", "none")
        for found in (world.declared((*place(world, f"{name}@1"), "")),)
    }
    assert said == {"lib": (True, 0), "partial": (False, 1), "unknown": (False, 0), "none": (False, 0)}


def test_a_ghost_has_the_requirements_of_the_nearest_earlier_release_and_says_so() -> None:
    facts = [*INDEX, incident(compromised("lib", "2.5", "11:00"), until="13:00")]
    world = world_of(*facts, accused=["lib@2.5"])
    node = (*place(world, "lib@2.5"), "")
    found = world.declared(node)
    assert ([one.text for one in found.requirements], found.is_borrowed, found.is_read) == (["more"], True, True)
    assert world.source_of(node) == "requirements of the nearest earlier release"
    assert world.source_of((*place(world, "lib@2"), "")) == "core-metadata"


def test_a_node_is_shown_with_its_extra() -> None:
    world = world_of(*INDEX)
    assert world.label((*place(world, "app@1"), "")) == "app@1"
    assert world.label((*place(world, "app@1"), "x")) == "app[x]@1"


# What building takes


def building(text: str) -> Requirement:
    one = requirement(text)
    return replace(one, marker=marker_of_build(one.marker))


def test_building_takes_what_was_read_of_the_sdist_itself() -> None:
    asked = (requirement("lib"), building("setuptools>=1"), building("win ; os_name == 'nt'"))
    told = replace(requires("src", "1"), requirements=asked)
    facts = [*INDEX, *package("setuptools", {"80": ("01:00", [])}), page("src", {"1": "01:00"}), told]
    linux, windows = world_of(*facts), world_of(*facts, environment=WINDOWS)
    (found,) = linux.building(*place(linux, "src@1")) or ()
    assert (found.text, found.direct, found.doubtful) == ("setuptools>=1", True, False)
    there = windows.building(*place(windows, "src@1")) or ()
    assert [one.text for one in there] == ["setuptools>=1", 'win ; os_name == "nt"']
    assert declared(linux, "src@1") == ["lib"]  # nothing that is installed asks for it
    assert linux.building(*place(linux, "lib@1")) is None  # nothing of building it was read


def test_what_was_read_of_another_release_says_nothing_of_building_one() -> None:
    told = replace(requires("lib", "1"), requirements=(building("setuptools"),))
    facts = [page("lib", {"1": "01:00"}), told, *package("setuptools", {"80": ("01:00", [])})]
    world = world_of(*facts, incident(compromised("lib", "2", "11:00"), until=None), accused=["lib@2"])
    assert world.building(*place(world, "lib@1")) is not None
    assert world.building(*place(world, "lib@2")) is None
    lost = world_of(page("lost", {"1": "01:00"}))
    assert lost.building(*place(lost, "lost@1")) is None


# Requirements of a root

ROOT = [
    ("lib", {"admits": 0b11, "pinned": False, "names_prerelease": False, "doubtful": False}),
    ("lib<2", {"admits": 0b01}),
    ("lib==2", {"admits": 0b10, "pinned": True}),
    ("lib===2", {"admits": 0b10, "pinned": True}),
    ("lib==2.*", {"admits": 0b10, "pinned": False}),
    ("lib==2,>1", {"admits": 0b10, "pinned": False}),
    ("lib>=2rc1", {"admits": 0b10, "names_prerelease": True}),
    ("lib[x,y]", {"extras": ("x", "y")}),
    ("lib>=1.0.*", {"admits": 0b11, "doubtful": True}),  # what cannot be read admits everything
    ("lib @ https://files.example/lib.whl", {"stretches": None, "admits": 0b11}),
]


@pytest.mark.parametrize(("text", "said"), ROOT)
def test_what_a_root_asks_for(text: str, said: dict[str, object]) -> None:
    (found,) = asking(world_of(*INDEX), text)
    assert {name: getattr(found, name) for name in said} == said
    assert found.direct
    assert found.is_plain == (not (found.extras or found.names_prerelease or found.pinned or found.stretches is None))


def test_a_specifier_that_packaging_refuses_admits_everything_and_is_doubtful() -> None:
    world = world_of(*INDEX)
    found = world.requirement_of(Requirement(package=package_name("lib"), specifier="=>1"), is_sure=True)
    assert found is not None
    assert (found.admits, found.doubtful) == (0b11, True)
    assert world.requirement_of(requirement("nowhere"), is_sure=True) is None
    unsure = world.requirement_of(requirement("lib"), is_sure=False)
    assert unsure is not None
    assert unsure.doubtful


# Guards


def overridden(*texts: str) -> World:
    return world_of(*INDEX).guarded(Guards(overrides=tuple(map(requirement, texts))))


def test_an_override_replaces_whatever_asks_for_its_package() -> None:
    assert declared(overridden("lib<2"), "app@1") == ["lib<2"]
    assert declared(overridden("lib ; os_name == 'nt'"), "app@1") == []  # nothing asks for it here
    assert declared(overridden("lib<2", "lib!=1"), "app@1") == ["lib<2", "lib!=1"]
    assert declared(overridden("win<9"), "app@1") == ["lib>=1", "win<9"]  # of the marker its extras alone hold on
    assert declared(overridden("more<9"), "app@1") == ["lib>=1"]
    assert declared(overridden("more<9"), "app[x]@1") == ["more<9"]
    assert declared(overridden("more<9"), "app[y]@1") == []


def test_guards_that_change_no_offer_make_no_world_of_their_own() -> None:
    world = world_of(*INDEX)
    assert world.guarded(NO_GUARDS) is world
    assert world.guarded(Guards(constraints=(requirement("lib<2"),))) is world
    assert not world.has_guards


def test_a_guarded_world_is_made_once_and_leaves_the_other_as_it_was() -> None:
    world = world_of(*INDEX)
    guards = Guards(cut_off=CutOff(age=3_600_000_000, text="1 hour"))
    other = world.guarded(guards)
    assert other is world.guarded(guards)
    assert other.has_guards
    assert (package_in(other, "lib").changes, package_in(world, "lib").changes) == (
        (at("02:00") + 1, at("11:00") + 1),
        (at("01:00"), at("10:00")),
    )
    lifted = world.guarded(replace(guards, cut_offs=((package_name("lib"), None),)))
    assert package_in(lifted, "lib").changes == (at("01:00"), at("10:00"))


# Other worlds


def test_under_other_gaps_only_what_they_touch_is_read_anew() -> None:
    gap = Hidden(package=package_name("lib"), start=at("12:00"))
    world = world_of(*INDEX)
    lib, more = package_in(world, "lib"), package_in(world, "more")
    other = world.under([gap])
    assert package_in(other, "more") is more
    assert package_in(other, "lib").changes == (at("01:00"), at("10:00"), at("12:00"))
    assert package_in(world, "lib") is lib
    assert package_in(other.under([gap]), "lib") is package_in(other, "lib")
    assert package_in(other.under([]), "lib").changes == lib.changes
    assert [len(one.incident_packages) for one in (world, other)] == [0, 1]


def test_anywhere_nothing_is_decided_that_an_environment_decides() -> None:
    world = world_of(*INDEX)
    everywhere = world.anywhere()
    assert everywhere is world.anywhere()
    assert everywhere is world.under([]).anywhere()
    assert declared(everywhere, "app@1") == ["lib>=1", 'win ; os_name == "nt"?']
    assert declared(world, "app@1") == ["lib>=1"]


def test_a_world_that_forgets_says_the_same_again() -> None:
    world = world_of(*INDEX)
    before = declared(world, "app@1"), package_in(world, "lib").changes
    memory = world.memory_of(Memory)
    world.forget()
    first = package_in(world, "lib")
    assert first.changes == before[1]
    assert package_in(world, "lib") is first  # it is of few packages, so nothing was dropped
    world.forget(beyond=0)
    assert package_in(world, "lib") is not first
    assert (declared(world, "app@1"), package_in(world, "lib").changes) == before
    assert world.memory_of(Memory) is memory


def test_several_releases_are_read_in_one_call() -> None:
    calls: list[int] = []

    class Counted(MemoryReader):
        def requirements(self, sets: port.RequirementSetIds) -> port.Members:
            calls.append(len(sets))
            return super().requirements(sets)

    world = World(Counted(INDEX), Environment(), "uv", (), {})
    nodes = [(*place(world, one), "") for one in ("app@1", "lib@1", "lib@2")]
    world.load(nodes)
    assert calls == [3]
    assert [len(world.declared(node).requirements) for node in nodes] == [1, 0, 1]
    world.load(nodes)
    assert calls == [3]


# What incidents and files say


def test_the_hashes_of_a_release_are_those_of_its_files_that_are_hashes() -> None:
    digests = {"lib-1.whl": "AB" * 32, "lib-1.tar.gz": "", "lib-1.zip": "not a hash"}
    files = tuple(
        File(filename=name, kind=FileKind.WHEEL, uploaded=at("01:00"), sha256=digest)
        for name, digest in digests.items()
    )
    listed = ProjectPage(
        package=package_name("lib"),
        spelling="lib",
        releases=(ReleaseFiles(version="1.0", files=files),),
        read_at=LATER,
        source="index",
    )
    world = world_of(listed)
    assert world.file_hashes(package_name("lib"), "1") == {"ab" * 32}
    assert world.file_hashes(package_name("lib"), "2") == frozenset()
    assert world.file_hashes(package_name("nowhere"), "1") == frozenset()


def test_a_release_of_which_only_some_files_are_bad_is_mixed() -> None:
    bad = compromised("lib", "2.0", "10:00", "a" * 64, whole=False)
    world = world_of(*INDEX, incident(bad, until=None), accused=["lib@2"], mixed=["lib@2"])
    assert [world.is_mixed(*place(world, one)) for one in ("lib@1", "lib@2", "app@1")] == [False, True, False]


def test_names_of_packages_and_those_that_nobody_has() -> None:
    world = world_of(*INDEX)
    assert world.names_of([place(world, one)[0] for one in ("win@1", "app@1")]) == {"app", "win"}
    assert world.names_of([]) == frozenset()
    assert world.find(package_name("nowhere")) is None
    assert world.find_release(None, "1") is None
    assert world.find_release(package_name("lib"), "9") is None


def test_changes_within_a_window_leave_its_edges_out() -> None:
    world = world_of(*INDEX)
    lib = package_in(world, "lib").id

    def within(start: str, until: str) -> tuple[int, ...]:
        return world.changes(at(start), at(until))[lib]

    assert within("00:00", "23:00") == (at("01:00"), at("10:00"))
    assert within("01:00", "10:00") == ()
    assert within("00:59", "10:01") == (at("01:00"), at("10:00"))
    assert world.changes(at("00:00"), at("23:00")) is world.changes(at("00:00"), at("23:00"))


class Settled(MemoryReader):
    """A reader that knows all packages beforehand from 11:00 on."""

    def packages(self, ids: port.PackageIds) -> port.Packages:
        return replace(super().packages(ids), settled=np.full(len(ids), at("11:00"), dtype=np.int64))


def settled_in(environment: Environment = port.SETTLED, profile: Profile = "uv") -> World:
    """Return a world of such a reader, in which an incident says something of `lib`."""
    gap = Hidden(package=package_name("lib"), start=at("12:00"))
    return World(Settled(INDEX), environment, profile, [gap], {})


def test_what_a_store_knows_beforehand_holds_where_no_incident_says_something() -> None:
    world = settled_in()
    known = [at("11:00")] * world.packages
    known[package_in(world, "lib").id] = FOREVER
    assert world.settled.tolist() == known


def test_it_does_not_hold_in_another_environment_or_under_other_rules() -> None:
    others = {
        "environment": settled_in(environment=WINDOWS),
        "installer": settled_in(profile="pip"),
        "guards": settled_in().guarded(Guards(cut_off=CutOff(age=1))),
        "no environment": settled_in().anywhere(),
    }
    assert {why: set(world.settled.tolist()) for why, world in others.items()} == {why: {FOREVER} for why in others}


def test_a_plain_requirement_is_all_in_its_range() -> None:
    plain = ResolvedRequirement(
        package=port.PackageId(0),
        extras=(),
        stretches=((0, 1),),
        names_prerelease=False,
        pinned=False,
        doubtful=True,
        text="",
        admits=1,
    )
    assert plain.is_plain
    assert not replace(plain, extras=("x",)).is_plain
    assert not replace(plain, stretches=None).is_plain
