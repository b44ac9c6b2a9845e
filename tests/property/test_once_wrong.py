"""Worlds in which the engine once did not say what semantics.md says, as small as they get."""

from __future__ import annotations

from graphkit.model.answers import Blast, Tier, Verdict
from graphkit.model.environment import Profile
from graphkit.model.index import Hidden, ProjectPage, ReleaseFiles
from graphkit.model.names import package_name
from graphkit.stores.port import Fact
from graphkit.trace.blast import blast
from graphkit.trace.forward import walk
from graphkit.trace.view import Question
from tests.property import oracle
from tests.property.small import OLD, made, sdist
from tests.property.test_trace import Engine
from tests.property.worlds import (
    INCIDENT,
    MINUTE,
    NOON,
    READ_AT,
    Constrained,
    Root,
    World,
    facts_of_services,
    graph_of,
    instants,
)


def answer_of(world: World, root: Root, *more: Fact, profile: Profile = "uv") -> Blast:
    with graph_of(world, *facts_of_services([root]), *more) as reader:
        return blast(reader, Question(targets=(INCIDENT,), resolver=profile))


def verdict_of(world: World, root: Root, *more: Fact, profile: Profile = "uv") -> Verdict:
    (one,) = answer_of(world, root, *more, profile=profile).services
    return one.verdict


def test_a_release_that_comes_back_is_in_the_window_again() -> None:
    world = made(
        {"bad": {"1": sdist()}, "app": {"1": sdist(), "2": sdist(NOON + 5 * MINUTE)}},
        {"app@2": ("bad",)},
        bad=["bad@1"],
        hidden=(Hidden(package=package_name("bad"), start=NOON + MINUTE, until=NOON + 3 * MINUTE),),
    )
    assert [oracle.picked(world, ("app",), at) for at in instants(world)] == [False, False, False, True]
    assert verdict_of(world, ("app",)) is Verdict.PICKED


def test_the_pin_of_a_constraint_unlocks_a_yank_for_admission_too() -> None:
    world = made(
        {"app": {"1": sdist(), "2": sdist()}, "p": {"1": sdist(yanked=True, yanked_since=OLD)}},
        {"app@1": ("p",)},
        bad=["p@1"],
    )
    assert verdict_of(world, Constrained(texts=("p",), constraints=("p==1",))) is Verdict.PICKED
    root = Constrained(texts=("app",), constraints=("p==1",))
    assert oracle.admitted(world, root, NOON)
    assert verdict_of(world, root) is Verdict.ADMITTED


def test_a_pin_beside_the_way_unlocks_a_yank_for_admission_too() -> None:
    world = made(
        {
            "app": {"1": sdist(), "2": sdist()},
            "p": {"1": sdist(yanked=True, yanked_since=OLD)},
            "q": {"1": sdist()},
            "bad": {"1": sdist()},
        },
        {"app@1": ("p[x]>=1", "q"), "q@1": ("p==1",), "p@1": ("bad ; extra == 'x'",)},
        bad=["bad@1"],
    )
    assert verdict_of(world, ("app<2",), profile="pip") is Verdict.PICKED
    assert oracle.admitted(world, ("app",), NOON)
    assert verdict_of(world, ("app",), profile="pip") is Verdict.ADMITTED


def test_what_a_ghost_borrowed_clears_nothing() -> None:
    world = made({"g": {"1": sdist(), "2": sdist()}, "bad": {"1": sdist()}}, bad=["bad@1"])
    before = ProjectPage(
        package=package_name("g"),
        spelling="g",
        releases=(ReleaseFiles(version="3", files=(sdist(),)),),
        read_at=READ_AT - MINUTE,
        source="index.example",
    )
    assert verdict_of(world, ("g>=3",), before) is Verdict.UNKNOWN


def test_the_newest_certain_release_of_a_package_counts_for_its_tier() -> None:
    world = made({"app": {"1": sdist(), "2": sdist(None)}, "bad": {"1": sdist()}}, {"app@1": ("bad",)}, bad=["bad@1"])
    assert verdict_of(world, ("app",)) is Verdict.ADMITTED
    (row,) = answer_of(world, ("app",)).packages
    assert row.tier is Tier.ADMITTED


def test_a_walk_that_never_settles_says_so() -> None:
    world = made({"p": {"2": sdist()}}, {"p@2": ("p<2",)}, bad=["p@2"])
    assert oracle.forward(world, ("p",), NOON).unresolvable
    with graph_of(world) as reader:
        engine = Engine(reader, world, "uv")
        assert walk(engine.world, engine.root(("p",))[0], NOON, doubtful=True).unresolvable


def test_a_pin_unlocks_a_yank_only_in_the_slots_where_it_is_met() -> None:
    late = NOON + 6 * MINUTE
    world = made(
        {"app": {"1": sdist(late), "2": sdist(late)}, "p": {"1": sdist(yanked=True, yanked_since=OLD)}},
        {"app@1": ("p==1",)},
        bad=["p@1"],
    )
    root = ("app", "p ; platform_release >= '5'")
    assert [oracle.admitted(world, root, at) for at in instants(world)] == [False, True]
    (one,) = answer_of(world, root).services
    assert (one.verdict, one.slots) == (Verdict.ADMITTED, (1,))
