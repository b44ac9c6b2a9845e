"""The engine against the oracle, on made-up worlds in a real store: same listings, choices, walks and tiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, given, note, settings, target
from hypothesis import strategies as st

from graphkit.model.answers import ProofKind, Slot
from graphkit.model.environment import Environment, Profile
from graphkit.model.index import File, FileKind
from graphkit.model.names import PackageName, service_id
from graphkit.model.ranks import Verdict
from graphkit.model.times import FOREVER, Instant
from graphkit.stores.port import PACKAGE, PackageId, PackageIds, Position, Reader
from graphkit.trace.blast import blast
from graphkit.trace.case import resolve
from graphkit.trace.case_answer import Question
from graphkit.trace.reach.admit import admission
from graphkit.trace.reach.by_slot import reach_of, slots_between
from graphkit.trace.reach.nominate import closure_of
from graphkit.trace.resolve import closure as forward
from graphkit.trace.resolve.availability_table import AvailabilityTable, Masks
from graphkit.trace.resolve.confirm import Targets, confirm
from graphkit.trace.resolve.forward import Root as EngineRoot
from graphkit.trace.resolve.forward import walk
from graphkit.trace.resolve.manifests import InstallSelection, root_of_manifest
from graphkit.trace.resolve.world import World as EngineWorld
from tests.effort import share
from tests.property import oracle
from tests.property.worlds import (
    INCIDENT,
    SERVED_IN,
    Root,
    RootRelease,
    World,
    facts_of_services,
    graph_of,
    instants,
    manifest_of,
    manifests,
    named_extras,
    roots,
    worlds,
)

ENVIRONMENT = Environment()
Case = tuple[World, Root, Profile]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Give a world, a root in it and a profile."""
    world = draw(worlds())
    return world, draw(roots(world)), draw(st.sampled_from(["uv", "pip"]))


class Engine:
    """The engine over one world: what each part of it says."""

    def __init__(self, reader: Reader, made: World, profile: Profile) -> None:
        (case,) = resolve(reader.evidence().incidents(), [INCIDENT], None, lambda _: ())
        self.made = made
        self.world = EngineWorld(reader, ENVIRONMENT, profile, case.hidden, case.keys())
        self.targets: Targets = {}
        for release in case.releases:
            assert release.package is not None
            package_id, position = self.place(release.package, release.version)
            self.targets.setdefault(package_id, []).append(position)

    def place(self, name: PackageName, version: str) -> tuple[PackageId, Position]:
        """Return a release's package id and position."""
        package = self.world.find(name)
        assert package is not None
        position = package.position_of(version)
        assert position is not None
        return package.id, position

    def root(self, made: Root) -> tuple[EngineRoot, tuple[str, ...]]:
        """Return a root as the engine takes it, and what of it the graph does not know."""
        if isinstance(made, RootRelease):
            fixed = self.place(made.package, made.version)
            return EngineRoot(label="root", why="", fixed=fixed, extras=tuple(sorted(made.extras))), ()
        return root_of_manifest(self.world, manifest_of(made), InstallSelection())

    def nodes(self, masks: Mapping[tuple[PackageId, str], Masks], bit: int) -> frozenset[oracle.Node]:
        """Return what a reverse walk reached in one slot, in the words of the oracle."""
        return frozenset(self._nodes(masks, bit))

    def _nodes(self, masks: Mapping[tuple[PackageId, str], Masks], bit: int) -> Iterator[oracle.Node]:
        for (package_id, extra), found in masks.items():
            package = self.world.package(package_id)
            for position, value in enumerate(found.tolist()):
                if value >> bit & 1:
                    yield package.name, package.texts[position], extra or None


def with_extras(made: World, nodes: frozenset[oracle.Node]) -> frozenset[oracle.Node]:
    """Return the nodes, and of each release among them every extra: ``name[extra]`` needs the release as such."""
    return nodes | {
        (name, version, extra)
        for name, version, none in nodes
        if none is None
        for extra in named_extras(made.requirements.get((name, version)))
    }


def check_listings(engine: Engine, at: Instant, profile: Profile) -> None:
    for name in engine.made.packages:
        package = engine.world.find(name)
        if package is None:
            assert not engine.made.packages[name]
            continue
        for version in engine.made.packages[name]:
            position = package.position_of(version)
            if position is None:
                assert not engine.made.packages[name][version]
                continue
            for account in oracle.BOTH:
                availability = package.availability(at, doubtful=account)
                key = (engine.made, name, version, at, ENVIRONMENT, profile)
                assert availability.listed[position] == oracle.listed(*key, uncertain_in=account), (
                    name,
                    version,
                    account,
                )
                standing = availability.listed[position] and oracle.unyanked(*key, uncertain_in=account)
                assert availability.fresh[position] == standing, (name, version, account)


def check_walks(engine: Engine, root: EngineRoot, made: Root, at: Instant, profile: Profile) -> None:
    for account in oracle.BOTH:
        found = walk(engine.world, root, at, doubtful=account)
        wanted = oracle.forward(engine.made, made, at, ENVIRONMENT, profile, uncertain_in=account)
        assert bool(found.unresolvable) == bool(wanted.unresolvable), (account, found, wanted)
        if not wanted.unresolvable:
            picks = {
                engine.world.package(package_id).name: engine.world.package(package_id).texts[position]
                for package_id, position in found.picks.items()
            }
            assert picks == wanted.picks, account


@settings(max_examples=share(80), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(cases())
def test_the_engine_says_what_the_oracle_says(case: Case) -> None:
    made, asked, profile = case
    note(f"{made}\n{asked}\n{profile}")
    with graph_of(made) as reader:
        engine = Engine(reader, made, profile)
        root, unknown = engine.root(asked)
        start, until = made.window
        closure = closure_of(engine.world, engine.targets)
        slots = slots_between([(engine.world, closure)], engine.targets, start, until)
        field = reach_of(engine.world, engine.targets, closure, slots)
        span = forward.Span(start=start, until=until, is_timeless=False)
        complete = not unknown and not forward.closure_of(engine.world, root, (), span).unread
        for at in instants(made):
            note(f"at {at}")
            check_listings(engine, at, profile)
            check_walks(engine, root, asked, at, profile)
            number = next(i for i, slot in enumerate(slots) if slot.start <= at < slot.until)
            one, bit = field.passes[number // 64], number % 64
            admitted = oracle.admitted(made, asked, at, ENVIRONMENT, profile)
            on_offer = not isinstance(asked, RootRelease) or oracle.listed(
                made, asked.package, asked.version, at, ENVIRONMENT, profile
            )
            # A release is a root only while it was on offer; the rows of packages ask for no other.
            found = (
                on_offer
                and admission(
                    engine.world, root, engine.targets, [s.start for s in one.slots], one.admitted, 1 << bit
                ).slots
                == 1 << bit
            )
            assert found == admitted, "admitted"
            confirmed = confirm(engine.world, root, at, at + 1, engine.targets)
            # Where something has no choice, a walk may still pick what that cannot shake
            # (docs/decisions/0005-what-no-conflict-can-shake.md).
            taken = on_offer and bool(confirmed.picked)
            assert oracle.picked(made, asked, at, ENVIRONMENT, profile) <= taken, "picked"
            assert taken <= oracle.may_pick(made, asked, at, ENVIRONMENT, profile), "picked beyond the walk"
            # The first account is the full one: all that is uncertain is on offer.
            assert with_extras(made, engine.nodes(one.nominated[0].masks, bit)) == oracle.nominated(
                made, at, ENVIRONMENT, profile, (True,)
            ), "nominated"
            if confirmed.picked and on_offer:
                assert admitted  # whether it was nominated is a matter of the rows shown: see test_laws
            if complete:
                assert oracle.closure_complete(made, asked, at, ENVIRONMENT, profile)


@settings(max_examples=share(30, of=3), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_what_a_store_knows_beforehand_changes_no_walk(made: World) -> None:
    with graph_of(made) as reader:
        engine = Engine(reader, made, "uv")
        plain = Engine(reader, made, "uv").world
        plain.__dict__["_settled"] = np.full(plain.packages, FOREVER, dtype=np.int64)
        closure = closure_of(engine.world, engine.targets)
        slots = slots_between([(engine.world, closure)], engine.targets, *made.window)
        # Beyond the window too, where all is settled.
        slots = (*slots, Slot(start=made.window[1], until=FOREVER))
        ours, theirs = (reach_of(world, engine.targets, closure, slots) for world in (engine.world, plain))
        for one, other in zip(ours.passes, theirs.passes, strict=True):
            for known, asked in zip((one.admitted, *one.nominated), (other.admitted, *other.nominated), strict=True):
                for bit in range(len(one.slots)):
                    assert engine.nodes(known.masks, bit) == engine.nodes(asked.masks, bit)
                assert known.yanked == asked.yanked
            everything = np.arange(plain.packages, dtype=PACKAGE)
            first, second = (account.availability for account in (one.nominated[0], other.nominated[0]))
            assert first is not None
            assert second is not None
            target(float(first.settles(everything).sum()))
            assert _standing(first, everything) == _standing(second, everything)


def _standing(availability: AvailabilityTable, packages: PackageIds) -> set[tuple[int, int, int]]:
    row, release, slots = availability.newest_releases(packages)
    return set(zip(row.tolist(), release.tolist(), slots.tolist(), strict=True))


@st.composite
def services(draw: st.DrawFn) -> tuple[World, tuple[Root, ...], Profile]:
    """Give a world, the manifests of some services, and a profile."""
    world = draw(worlds())
    made = draw(st.lists(manifests(world), min_size=2, max_size=6, unique=True))
    return world, tuple(made), draw(st.sampled_from(["uv", "pip"]))


@settings(max_examples=share(60, of=3), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(services())
def test_a_service_is_judged_as_the_oracle_judges_it(case: tuple[World, tuple[Root, ...], Profile]) -> None:
    made, asked, profile = case
    with graph_of(made, *facts_of_services(asked)) as reader:
        answer = blast(reader, Question(targets=(INCIDENT,), resolver=profile))
    found = {one.service: one for one in answer.services}
    assert len(found) == len(asked)
    for number, root in enumerate(asked):
        note(f"{root}: {found[service_id(str(number))]}")
        verdict = found[service_id(str(number))].verdict
        times = instants(made)
        picked = any(oracle.picked(made, root, at, SERVED_IN, profile) for at in times)
        may_pick = any(oracle.may_pick(made, root, at, SERVED_IN, profile) for at in times)
        admitted = any(oracle.admitted(made, root, at, SERVED_IN, profile) for at in times)
        proofs = {build.clearance.kind for build in found[service_id(str(number))].builds if build.clearance}
        if verdict is Verdict.CLEARED and proofs != {ProofKind.BAR}:  # what is barred needs no reading
            inside = [at for at in times if at < answer.window.until]  # what was bad may have left before the end
            assert all(oracle.closure_complete(made, root, at, SERVED_IN, profile) for at in inside), (
                "cleared over what was not read"
            )
        assert verdict is not Verdict.OBSERVED, "no document lists anything"
        assert picked <= (verdict is Verdict.PICKED) <= may_pick
        assert (verdict in {Verdict.PICKED, Verdict.ADMITTED}) == admitted


def test_a_package_of_which_only_removed_releases_have_files() -> None:
    """A page without files is not read, so what an incident says was on it is admitted, and not picked."""
    package, uploaded = PackageName("beta-lib"), 1_774_293_600_000_000
    gone = File(filename="", kind=FileKind.UNKNOWN, uploaded=uploaded)
    world = World(
        packages={package: {"1.0": (), "2.0": (gone,)}},
        requirements={(package, "1.0"): (), (package, "2.0"): ()},
        compromised=((package, "2.0"),),
        window=(1_774_353_600_000_000, 1_774_354_320_000_000),
        ghosts=frozenset({(package, "2.0")}),
        listed_from={(package, "2.0"): uploaded},
        pages_read=frozenset({package}),
    )
    judged = test_a_service_is_judged_as_the_oracle_judges_it.hypothesis.inner_test  # type: ignore[attr-defined]
    with patch(f"{__name__}.note"):
        judged((world, ((package,),), "uv"))
