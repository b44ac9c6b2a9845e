"""The forward closure: everything that ranges allow, listed in a span or ever, and what of it was not read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from msgspec.structs import replace

from graphkit.model.index import ProjectPage
from graphkit.model.names import package_name
from graphkit.stores.port import Fact
from graphkit.trace.resolve import closure as closure_module
from graphkit.trace.resolve.closure import Bounds, Closure, Span, closure_of, own_requirements
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.listing import bits_of, positions_in
from graphkit.trace.resolve.world import World
from tests.cases.build import at, package, page
from tests.unit.trace.parts import asking, manifest_root, place, release_root, world_of

EVER = Span(start=at("10:00"), until=at("12:00"), is_timeless=True)
THEN = Span(start=at("10:00"), until=at("12:00"), is_timeless=False)
OFFER = Span(start=at("10:00"), until=at("12:00"), is_timeless=False, is_on_offer=True)
INDEX: Sequence[Fact] = (
    *package("app", {"1": ("01:00", ["lib<2"]), "2": ("02:00", ["lib>=2"])}),
    *package("lib", {"1": ("01:00", ["old"]), "2": ("01:00", ["new"]), "3": ("11:00", []), "4": ("12:00", ["late"])}),
    *package("old", {"1": ("01:00", [])}),
    *package("new", {"1": ("01:00", [])}),
    *package("late", {"1": ("01:00", [])}),
)


def reached(world: World, closure: Closure) -> dict[str, list[str]]:
    found = {
        world.package(one).name: [world.package(one).texts[at_] for at_ in positions_in(bits).tolist()]
        for one, bits in closure.reached.items()
    }
    return {str(name): versions for name, versions in sorted(found.items())}


def closure(world: World, root: Root, span: Span = EVER, *hits: str) -> Closure:
    targets = [(package_id, 1 << position) for package_id, position in (place(world, one) for one in hits)]
    return closure_of(world, root, targets, span)


# What is reached


SPANS = [
    (EVER, ["1", "2", "3", "4"], ["app", "late", "lib", "new", "old"]),
    (THEN, ["1", "2", "3"], ["app", "lib", "new", "old"]),  # what came at the end came after it
    (replace(THEN, until=at("12:00") + 1), ["1", "2", "3", "4"], ["app", "late", "lib", "new", "old"]),
    (replace(THEN, until=at("11:00")), ["1", "2"], ["app", "lib", "new", "old"]),
]


@pytest.mark.parametrize(("span", "versions", "names"), SPANS)
def test_what_was_listed_at_some_instant_of_a_span_is_reached(
    span: Span, versions: list[str], names: list[str]
) -> None:
    world = world_of(*INDEX)
    found = reached(world, closure(world, manifest_root(world, "app"), span))
    assert (found["lib"], sorted(found)) == (versions, names)


def test_nothing_is_chosen_but_what_the_root_asks_for_itself_binds_everywhere() -> None:
    world = world_of(*INDEX)
    assert reached(world, closure(world, manifest_root(world, "app<2"))) == {"app": ["1"], "lib": ["1"], "old": ["1"]}
    bound = closure(world, manifest_root(world, "app", "lib>=2"), THEN)
    assert reached(world, bound) == {"app": ["1", "2"], "lib": ["2", "3"], "new": ["1"]}
    assert bound.stuck == ("lib<2",)  # release 1 of app has none that fits
    constrained = closure(world, manifest_root(world, "app", constraints=["lib<2"]), THEN)
    assert reached(world, constrained) == {"app": ["1", "2"], "lib": ["1"], "old": ["1"]}
    assert constrained.stuck == ("lib>=2",)


def test_a_doubtful_requirement_reaches_and_binds_nothing() -> None:
    world = world_of(*INDEX)
    found = reached(world, closure(world, manifest_root(world, "lib", "lib<2 ; platform_release >= '5'"), THEN))
    assert found["lib"] == ["1", "2", "3"]


def test_a_closure_holds_itself_and_comes_to_an_end_in_a_circle() -> None:
    world = world_of(
        *package("a", {"1": ("01:00", ["b"]), "2": ("01:00", ["a<2"])}), *package("b", {"1": ("01:00", ["a"])})
    )
    assert reached(world, closure(world, manifest_root(world, "a"))) == {"a": ["1", "2"], "b": ["1"]}
    empty = closure(world, Root(label="", why=""))
    assert (empty.packages, empty.hits, empty.path, empty.unread) == (frozenset(), {}, (), ())


def test_the_order_of_facts_and_requirements_changes_nothing() -> None:
    found = set()
    for facts in (INDEX, INDEX[::-1]):
        for texts in permutations(["app", "lib!=2", "new"]):
            world = world_of(*facts)
            made = closure(world, manifest_root(world, *texts), EVER, "late@1")
            found.add((str(reached(world, made)), tuple(sorted(one.node for one in made.path[1:]))))
    assert len(found) == 1


def test_a_release_reaches_itself_alone_and_its_extras() -> None:
    facts = package("tool", {"1": ("01:00", ["tool[all] ; extra == 'x'", "old ; extra == 'all'"]), "2": ("01:00", [])})
    world = world_of(*facts, *INDEX)
    assert reached(world, closure(world, release_root(world, "tool@1"))) == {"tool": ["1"]}
    assert reached(world, closure(world, release_root(world, "tool@1", "x"))) == {"old": ["1"], "tool": ["1"]}
    asked = own_requirements(world, release_root(world, "tool@1", "x"))
    assert [one.text for one in asked] == ['tool[all] ; extra == "x"', 'old ; extra == "all"']
    assert own_requirements(world, manifest_root(world, "tool")) == ()


def test_a_doubtful_requirement_of_a_release_on_itself_asks_for_no_more_of_it() -> None:
    texts = ["tool[all] ; platform_release >= '5'", "old ; extra == 'all'"]
    world = world_of(*package("tool", {"1": ("01:00", texts)}), *INDEX)
    assert len(own_requirements(world, release_root(world, "tool@1"))) == 1


def test_bounds_are_the_ranges_of_the_root_together() -> None:
    world = world_of(*INDEX)
    (anything, named) = asking(world, "lib", "old")
    bounds = Bounds(world, manifest_root(world, "lib>1", "lib ; extra == 'x'", constraints=["lib<4"]))
    assert bits_of(bounds.within(anything)) == 0b0110
    assert bounds.within(named) == named.stretches
    url = asking(world, "lib @ https://files.example/x.whl")[0]
    assert bounds.within(url) == ()
    (fixed,) = Bounds(world, release_root(world, "lib@3")).within(anything)
    assert fixed == (2, 3)


# Hits


def test_a_hit_has_a_way_to_it_and_no_other_has() -> None:
    world = world_of(*INDEX)
    found = closure(world, manifest_root(world, "app"), THEN, "new@1")
    assert dict(found.hits) == {place(world, "new@1")[0]: 1}
    assert [(one.node, one.why) for one in found.path] == [
        ("a.txt", "said"),
        ("app", "a.txt allows app (manifest)"),
        ("lib", "app@2 allows lib>=2 (core-metadata)"),
        ("new", "lib@2 allows new (core-metadata)"),
    ]
    none = closure(world, manifest_root(world, "app"), THEN, "late@1")
    assert (none.hits, none.path) == ({}, ())


def test_a_way_goes_by_the_extra_that_leads_on() -> None:
    world = world_of(*package("tool", {"1": ("01:00", ["old ; extra == 'x'"])}), *INDEX)
    found = closure(world, manifest_root(world, "tool[x]"), EVER, "old@1")
    assert [one.node for one in found.path] == ["a.txt", "tool[x]", "old"]


def test_equal_questions_are_answered_once_and_told_by_the_name_of_who_asks() -> None:
    world = world_of(*INDEX)
    root = manifest_root(world, "app")
    first = closure(world, root, THEN, "new@1")
    assert closure(world, root, THEN, "new@1") is first
    other = closure(world, replace(root, label="b.txt", why="other"), THEN, "new@1")
    assert [(one.node, one.why) for one in other.path[:2]] == [
        ("b.txt", "other"),
        ("app", "b.txt allows app (manifest)"),
    ]
    assert (other.reached, other.path[2:]) == (first.reached, first.path[2:])
    assert closure(world, replace(root, label="b.txt"), THEN, "late@1").path == ()
    assert closure(world, root, EVER, "new@1") is not first


# What was not read


def test_every_page_and_requirement_that_was_not_read_is_named() -> None:
    early = replace(page("early", {"1": "01:00"}), read_at=at("11:00"))
    facts = [
        *package("app", {"1": ("01:00", ["lost", "nowhere", "early", "lib @ https://files.example/x.whl"])}),
        page("lost", {"1": "01:00", "2": "01:00"}),
        early,
        *INDEX[3:],
    ]
    world = world_of(*facts)
    assert closure(world, manifest_root(world, "app")).unread == (
        "lib @ https://files.example/x.whl (a URL)",
        "project page of early as of a later time than 2026-03-24T11:00:00Z",
        "project page of nowhere",
        "requirements of early@1",
        "requirements of lost@1",
        "requirements of lost@2",
    )


@pytest.mark.parametrize(("read_at", "is_stale"), [("11:59", True), ("12:00", False), ("12:01", False)])
def test_a_page_speaks_until_it_was_read(read_at: str, *, is_stale: bool) -> None:
    old = [
        replace(fact, read_at=at(read_at)) if isinstance(fact, ProjectPage) and fact.package == "old" else fact
        for fact in INDEX
    ]
    world = world_of(*old)
    unread = closure(world, manifest_root(world, "old"), THEN).unread
    assert unread == (("project page of old as of a later time than 2026-03-24T11:59:00Z",) if is_stale else ())


def test_a_page_that_was_read_at_no_time_that_is_known_is_named_without_one() -> None:
    timeless = [
        replace(fact, read_at=0) if isinstance(fact, ProjectPage) and fact.package == "old" else fact for fact in INDEX
    ]
    world = world_of(*timeless)
    assert closure(world, manifest_root(world, "old")).unread == ("project page of old",)


def test_a_project_that_the_index_does_not_show_now_was_not_read() -> None:
    for gone in ({"found": False}, {"status": "quarantined"}, {"releases": ()}):
        shown = page("gone", {"1": "01:00"})
        world = world_of(replace(shown, **gone), *package("app", {"1": ("01:00", ["gone"])}))
        assert "project page of gone" in closure(world, manifest_root(world, "app")).unread


def test_a_closure_that_is_too_large_was_not_read_completely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closure_module, "_MOST_SETS", 1)
    world = world_of(*INDEX)
    assert closure(world, manifest_root(world, "app")).unread == ("more than 1 sets of requirements",)


# Yanks


def yanked() -> list[Fact]:
    listed = page("bad", {"1": "01:00", "2": "01:00"})
    first, second = listed.releases
    gone = replace(second, files=(replace(second.files[0], yanked=True, yanked_since=at("02:00")),))
    return [replace(listed, releases=(first, gone)), *package("app", {"1": ("01:00", ["bad==2"])})]


@pytest.mark.parametrize(
    ("texts", "span", "versions"),
    [
        (["bad"], THEN, ["1", "2"]),  # a pin elsewhere may unlock it
        (["bad"], OFFER, ["1"]),
        (["bad==2"], OFFER, ["2"]),
        (["app"], OFFER, ["2"]),
    ],
)
def test_a_yanked_release_is_reached_by_what_may_take_it(texts: list[str], span: Span, versions: list[str]) -> None:
    world = world_of(*yanked())
    assert reached(world, closure(world, manifest_root(world, *texts), span))["bad"] == versions


def test_pins_are_those_of_the_root_of_its_constraints_and_of_what_is_reached() -> None:
    world = world_of(*INDEX, *yanked())
    root = manifest_root(world, "lib==1", "app", constraints=["new==1", "old>=1"])
    assert [one.text for one in closure(world, root).pins] == ["new==1", "lib==1", "bad==2"]


def test_a_name_of_a_package_is_normalised_only_once() -> None:
    world = world_of(*package("Big.Name", {"1": ("01:00", [])}))
    found = closure(world, manifest_root(world, "BIG_name"))
    assert reached(world, found) == {package_name("big-name"): ["1"]}
