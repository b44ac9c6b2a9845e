"""The forward walk: what one root would install at one instant (docs/semantics.md#forward-walk).

A round chooses every package from the intersection of all requirements that the root and the last
round's choices make, until a round changes nothing. There is no backtracking: where a package has no
release that fits, the walk does not resolve, and only those of its choices count that stay the same on
every way out of the conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.model.answers import Path, Step
from graphkit.model.times import Instant
from graphkit.stores.port import PackageId, Position
from graphkit.trace.resolve.conflict_free import conflict_free, offered
from graphkit.trace.resolve.listing import NO_RELEASE, Availability, Bits, Choice, Constraint, choose
from graphkit.trace.resolve.over_time import Availabilities
from graphkit.trace.resolve.world import Node, ResolvedRequirement, World

_MOST_ROUNDS = 50


class Root(Struct, frozen=True, kw_only=True):
    """Where a walk starts: a fixed release (with extras), or the requirements of a manifest.

    ``label`` names it in paths. ``fixed`` None: a manifest, whose ``requirements`` are direct requirements;
    ``constraints`` bind where a package is reached, and add none. ``origin`` is where its requirements stand.
    """

    label: str
    why: str
    fixed: tuple[PackageId, Position] | None = None
    extras: tuple[str, ...] = ()
    requirements: tuple[ResolvedRequirement, ...] = ()
    constraints: tuple[ResolvedRequirement, ...] = ()
    origin: str = "manifest"

    @property
    def held(self) -> frozenset[PackageId]:
        """Ids of the packages that a resolver chooses first: the root itself, or what a manifest asks for."""
        asked = (one.package for one in self.requirements if not one.doubtful)
        return frozenset((self.fixed[0],) if self.fixed else asked)


class Walk(Struct, frozen=True, kw_only=True):
    """What a walk found.

    ``picks``: package id → position. ``parents``: package id → the (node, requirement) that first led
    to it, None as the node for the root. ``unresolvable``: packages with no release that fits;
    ``unread``: packages or releases about which the graph does not know enough. ``visited``: ids of
    every package whose listing the result depends on. ``conflict_free`` None: everything fits; else the
    packages whose choice stays the same on every way out of the conflict
    (`graphkit.trace.resolve.conflict_free`). ``is_uncertain``: the listing of something visited has no known
    time, so that two accounts of it differ.
    """

    picks: dict[PackageId, Position]
    parents: dict[PackageId, tuple[Node | None, ResolvedRequirement]]
    unresolvable: tuple[PackageId, ...]
    unread: tuple[str, ...]
    visited: frozenset[PackageId]
    conflict_free: frozenset[PackageId] | None = None
    is_uncertain: bool = False

    def renamed(self, equivalent: Mapping[tuple[PackageId, Position], Position]) -> Walk:
        """Return the same walk through other releases that require the same: (package, position) → position."""

        def other(node: Node | None) -> Node | None:
            return node and (node[0], equivalent.get(node[:2], node[1]), node[2])

        return replace(
            self,
            picks={
                package_id: equivalent.get((package_id, position), position)
                for package_id, position in self.picks.items()
            },
            parents={package_id: (other(node), one) for package_id, (node, one) in self.parents.items()},
        )

    def takes(self, package_id: PackageId, position: Position) -> bool:
        """Return whether it installs that release, whatever a resolver does about what does not fit."""
        return self.picks.get(package_id) == position and (
            self.conflict_free is None or package_id in self.conflict_free
        )


Extras = dict[PackageId, set[str]]
"""The extras that are asked of packages, whichever release of them is chosen."""
_Asked = tuple[Bits, bool, bool]
"""The parts of a `Constraint`."""


def _is_equivalent(world: World, package_id: PackageId, one: Position, other: Position, extras: Iterable[str]) -> bool:
    """Return whether two releases of a package require the same here, so that walks through them are the same.

    ``extras`` are those that the walk asks of it: what others require does not matter.
    """
    if one < 0 or other < 0:
        return False
    package = world.package(package_id)
    sets, lacks = package.requirement_sets, package.lacks_requirements
    if sets[one] < 0 or sets[other] < 0 or lacks[one] or lacks[other]:
        return False
    if sets[one] == sets[other]:
        return True
    declared = world.declared
    pairs = ((declared((package_id, one, extra)), declared((package_id, other, extra))) for extra in extras)
    return all(left.is_read and right.is_read and left.requirements == right.requirements for left, right in pairs)


_Replacements = Mapping[tuple[PackageId, Position], Position]
"""For releases that were chosen, those that require the same and are chosen in their place."""


class _Known(Struct, frozen=True, eq=False):
    """A walk done before, and every choice that it made among what was there, by package.

    ``extras`` are those that it asked of packages; ``offers`` is what there was of those that nothing fits.
    """

    walk: Walk
    world: World
    there: Availabilities
    choices: Mapping[PackageId, Sequence[tuple[Constraint, Position]]]
    extras: Extras
    offers: Mapping[PackageId, Bits]
    _open: dict[Instant, list[PackageId]] = field(default_factory=dict)
    _renamed: dict[tuple[tuple[tuple[PackageId, Position], Position], ...], Walk] = field(default_factory=dict)

    def under(self, world: World, there: Availabilities) -> Walk | None:
        """Return this walk where each choice falls as it fell, or on a release that requires the same; else None."""
        if any(offered(there[package_id]) != bits for package_id, bits in self.offers.items()):
            return None
        equivalent: dict[tuple[PackageId, Position], Position] = {}
        for package_id in self._open_packages(world, there.at):
            if there[package_id] is not self.there[package_id]:
                replacements = self._replacements(world, package_id, there[package_id])
                if replacements is None:
                    return None
                equivalent |= replacements
        if not equivalent:
            return self.walk
        key = tuple(equivalent.items())
        if key not in self._renamed:
            self._renamed[key] = self.walk.renamed(equivalent)
        return self._renamed[key]

    def _replacements(self, world: World, package_id: PackageId, availability: Availability) -> _Replacements | None:
        """Return what replaces the choices of one package; None where that requires other things, or some stay."""
        equivalent: dict[tuple[PackageId, Position], Position] = {}
        same: set[tuple[PackageId, Position]] = set()
        for constraint, chosen in self.choices[package_id]:
            now = choose(availability, constraint, world.profile)
            if now == chosen:
                same.add((package_id, chosen))
            elif (
                not _is_equivalent(world, package_id, chosen, now, ("", *self.extras.get(package_id, ())))
                or equivalent.setdefault((package_id, chosen), now) != now
            ):
                return None
        return equivalent if same.isdisjoint(equivalent) else None

    def _open_packages(self, world: World, at: Instant) -> Iterable[PackageId]:
        """Return the packages whose choices may fall otherwise at an instant: not settled by then, or when it was done.

        No incident says anything of what is settled (`graphkit.trace.resolve.world.World.settled`); where in another
        world they speak of more packages, each choice may fall otherwise.
        """
        if not world.incident_names <= self.world.incident_names:
            return self.choices
        since = min(at, self.there.at)
        if since not in self._open:
            package = self.world.package
            self._open[since] = [package_id for package_id in self.choices if not package(package_id).is_settled(since)]
        return self._open[since]


class Memory(Struct):
    """Walks done before.

    A walk is the same again where every choice that it made falls as it fell, or on a release that
    requires the same: a compromised release is mostly the last good one with something put in.
    """

    _known: dict[Root, list[_Known]] = field(default_factory=dict)

    def find(self, world: World, root: Root, at: Instant, *, doubtful: bool) -> Walk | None:
        """Return a walk of the same root whose choices at this instant are the same, None for none."""
        there = world.availabilities_at(at, doubtful=doubtful)
        walks = (known.under(world, there) for known in self._known.get(root, ()))
        return next((found for found in walks if found is not None), None)

    def forget(self) -> None:
        """Drop all of them."""
        self._known.clear()

    def keep(self, root: Root, known: _Known) -> Walk:
        """Remember a walk of a root."""
        self._known.setdefault(root, []).append(known)
        return known.walk


def walk(world: World, root: Root, at: Instant, *, doubtful: bool) -> Walk:
    """Return what a root installs at an instant. Cost: the root's closure, times a few rounds."""
    availabilities = world.availabilities_at(at, doubtful=doubtful)
    if root not in availabilities.walks:
        known = world.memory_of(Memory).find(world, root, at, doubtful=doubtful)
        availabilities.walks[root] = known or _walk(world, root, availabilities)
    found = availabilities.walks[root]
    assert isinstance(found, Walk)
    return found


def _walk(world: World, root: Root, availabilities: Availabilities) -> Walk:
    rounds = _Rounds(world, root, availabilities)
    for _ in range(_MOST_ROUNDS):
        chosen = rounds.choose()
        if chosen == rounds.picks:
            return rounds.keep(rounds.settled())
        rounds.gather(chosen)
    return rounds.keep(rounds.endless())


class _Rounds:
    """A walk at work: what the last round chose, and the requirements that this makes.

    ``picks``: the choices of the last round. A fixed root is chosen from the start.
    """

    def __init__(self, world: World, root: Root, availabilities: Availabilities) -> None:
        self._world, self._root, self._availabilities = world, root, availabilities
        self._start = {root.fixed[0]: root.fixed[1]} if root.fixed else {}
        self.picks = self._start
        self._choices: list[Choice] = []
        self._last: dict[PackageId, tuple[_Asked, Position]] = {}
        self._visited: set[PackageId] = set(self._start)
        self._failed: set[PackageId] = set()
        self._extras: Extras = {}
        self._offers: dict[PackageId, Bits] = {}
        self._gathered = _Gathering(world, root, self._start, self._extras)
        self._is_anew = True

    def choose(self) -> dict[PackageId, Position]:
        """Return the choices of a round: those of the last one, and anew of what it saw a requirement of."""
        touched = self._gathered.touched
        self._visited.update(touched)
        self._world.read(touched)
        chosen = dict(self._start) if self._is_anew else dict(self.picks)
        self._failed = set() if self._is_anew else self._failed - touched
        for package_id in touched:
            found = self._choice_of(package_id)
            if found < 0:
                chosen.pop(package_id, None)
            else:
                chosen[package_id] = found
        return chosen

    def _choice_of(self, package_id: PackageId) -> Position:
        """Return what is chosen of a package, -1 where nothing fits or nothing is known of its releases."""
        gathered = self._gathered
        asked = (gathered.admits[package_id], package_id in gathered.prerelease, package_id in gathered.pinned)
        before, found = self._last.get(package_id, (None, NO_RELEASE))
        if package_id in gathered.urls or (before is None and not self._world.package(package_id).is_read):
            return NO_RELEASE
        if package_id in self._start:
            found = self._start[package_id]
            if not asked[0] >> found & 1:
                self._failed.add(package_id)
            return found
        if before != asked:
            found = self._chosen(package_id, asked)
        if found < 0:
            self._failed.add(package_id)
        return found

    def _chosen(self, package_id: PackageId, asked: _Asked) -> Position:
        """Choose by what is asked of a package now, and remember that."""
        constraint = Constraint(*asked)
        found = choose(self._availabilities[package_id], constraint, self._world.profile)
        self._choices.append((package_id, constraint, found))
        self._last[package_id] = (asked, found)
        return found

    def gather(self, chosen: dict[PackageId, Position]) -> None:
        """Collect the requirements that new choices make."""
        # Where choices were added and none was changed, all that was gathered still holds.
        self._is_anew = not self.picks.items() <= chosen.items()
        if self._is_anew:
            self._gathered = _Gathering(self._world, self._root, chosen, self._extras)
        else:
            self._gathered.extend(chosen)
        self.picks = chosen

    def settled(self) -> Walk:
        """Return the walk after a round that changed nothing."""
        gathered = self._gathered
        return Walk(
            picks=self.picks,
            parents=gathered.parents,
            unresolvable=tuple(sorted(self._failed)),
            unread=tuple(sorted(gathered.unread())),
            visited=frozenset(self._visited),
            is_uncertain=self._is_uncertain(),
            conflict_free=self._conflict_free() if self._failed else None,
        )

    def endless(self) -> Walk:
        """Return the walk that does not converge: nothing that it reached is settled."""
        return Walk(
            picks={},
            parents={},
            unresolvable=tuple(sorted(self._visited - self._start.keys())),
            unread=(),
            visited=frozenset(self._visited),
            conflict_free=frozenset(),
            is_uncertain=self._is_uncertain(),
        )

    def keep(self, found: Walk) -> Walk:
        """Remember the walk with every choice made on its way."""
        choices: dict[PackageId, list[tuple[Constraint, Position]]] = {}
        for package_id, constraint, chosen in dict.fromkeys(self._choices):
            choices.setdefault(package_id, []).append((constraint, chosen))
        known = _Known(found, self._world, self._availabilities, choices, self._extras, self._offers)
        return self._world.memory_of(Memory).keep(self._root, known)

    def _is_uncertain(self) -> bool:
        return any(self._world.package(package_id).is_uncertain for package_id in self._visited)

    def _conflict_free(self) -> frozenset[PackageId]:
        root, asks, availabilities = self._root, self._gathered.asks(), self._availabilities
        self._offers = {package_id: offered(availabilities[package_id]) for package_id in self._failed}
        return conflict_free(
            self._world,
            root.fixed,
            asks,
            self.picks,
            self._failed,
            availabilities,
            held=root.held,
            choices=self._choices,
        )


class _Gathering:
    """Every requirement that holds, collected breadth first from the root through the last choices.

    By package id: ``admits`` (what all requirements together admit, as bits) and ``parents``; the sets
    hold packages for which some requirement names a pre-release, a pin that the profile honours, a URL.
    ``touched``: of which packages the last step saw a requirement. ``asked`` collects the extras that it meets.
    """

    def __init__(self, world: World, root: Root, picks: dict[PackageId, Position], asked: Extras) -> None:
        self.picks = picks
        self.admits: dict[PackageId, Bits] = {}
        self.parents: dict[PackageId, tuple[Node | None, ResolvedRequirement]] = {}
        self.prerelease: set[PackageId] = set()
        self.pinned: set[PackageId] = set()
        self.urls: set[PackageId] = set()
        self._world = world
        self._root = root
        self._every_pin = world.profile == "pip"
        self._seen: set[Node] = set()
        self._queue: list[Node] = []
        self._followed = 0
        self._asked = asked
        self._extras: dict[PackageId, list[str]] = {}
        """Extras asked of packages for which nothing is chosen yet."""
        self._unbound = list(root.constraints)
        self.touched: set[PackageId] = set()
        if root.fixed:
            for extra in ("", *root.extras):
                self._reach((*root.fixed, extra))
        self._follow(None, root.requirements)
        self._run()

    def extend(self, picks: dict[PackageId, Position]) -> None:
        """Go on with choices that were added to those known."""
        added = picks.keys() - self.picks.keys()
        self.picks = picks
        self.touched = set()
        for package_id in [package_id for package_id in self.admits if package_id in added]:
            for extra in ("", *self._extras.pop(package_id, ())):
                self._reach((package_id, picks[package_id], extra))
        self._run()

    def _run(self) -> None:
        declared = self._world.declared
        while level := self._queue[self._followed :]:
            self._followed = len(self._queue)
            self._world.load(level)
            for node in level:
                self._follow(node, declared(node).requirements)
        for constraint in self._unbound:
            if constraint.package in self.admits:
                self.admits[constraint.package] &= constraint.admits
                self.touched.add(constraint.package)
                self._mark(constraint)
        self._unbound = [one for one in self._unbound if one.package not in self.admits]

    def asks(self) -> list[tuple[Node | None, ResolvedRequirement]]:
        """Return every requirement that holds, with who asks."""
        found: list[tuple[Node | None, ResolvedRequirement]] = [(None, one) for one in self._root.requirements]
        found += [(None, one) for one in self._root.constraints if one.package in self.admits]
        found += [(node, one) for node in self._queue for one in self._world.declared(node).requirements]
        return [(node, one) for node, one in found if not one.doubtful and one.stretches is not None]

    def unread(self) -> set[str]:
        """Return what the walk passed without knowing enough of it."""
        found = {f"{self._world.package(package_id).name} (a URL)" for package_id in self.urls}
        found |= {
            self._world.package(package_id).name
            for package_id in self.admits
            if package_id not in self.urls and not self._world.package(package_id).is_read
        }
        return found | {
            f"requirements of {self._world.label(node)}"
            for node in self._queue
            if not self._world.declared(node).is_read
        }

    def _follow(self, source: Node | None, requirements: Sequence[ResolvedRequirement]) -> None:
        admits, picks, touched = self.admits, self.picks, self.touched
        for requirement in requirements:
            if requirement.doubtful:
                continue
            package_id = requirement.package
            touched.add(package_id)
            if package_id in admits:
                admits[package_id] &= requirement.admits
            else:
                admits[package_id] = requirement.admits
                self.parents[package_id] = (source, requirement)
                if package_id in picks:
                    self._reach((package_id, picks[package_id], ""))
            if requirement.is_plain:
                continue
            self._mark(requirement)
            if requirement.extras:
                if package_id in picks:
                    for extra in requirement.extras:
                        self._reach((package_id, picks[package_id], extra))
                else:
                    self._extras.setdefault(package_id, []).extend(requirement.extras)

    def _mark(self, requirement: ResolvedRequirement) -> None:
        package_id = requirement.package
        if requirement.names_prerelease:
            self.prerelease.add(package_id)
        if requirement.pinned and (requirement.direct or self._every_pin):
            self.pinned.add(package_id)
        if requirement.stretches is None:
            self.urls.add(package_id)

    def _reach(self, node: Node) -> None:
        if node not in self._seen:
            self._seen.add(node)
            self._queue.append(node)
            if node[2]:
                self._asked.setdefault(node[0], set()).add(node[2])


def path_to(world: World, root: Root, found: Walk, package_id: PackageId) -> Path:
    """Return a shortest why-path of a walk from its root to a package that it chose."""
    steps: list[Step] = []
    while root.fixed is None or package_id != root.fixed[0]:
        source, requirement = found.parents[package_id]
        origin = world.source_of(source) if source else root.origin
        asker = world.label(source) if source else root.label
        steps.append(
            Step(
                node=world.label((package_id, found.picks[package_id], "")),
                why=f"{asker} requires {requirement.text} ({origin})",
            )
        )
        if source is None or len(steps) > len(found.parents):
            break
        package_id = source[0]
    return (Step(node=root.label, why=root.why), *reversed(steps))


class WalkInterval(Struct, frozen=True, kw_only=True):
    """A walk's result and the stretch of time in which it stays the same."""

    start: Instant
    until: Instant
    walk: Walk


def walk_intervals(
    world: World, root: Root, start: Instant, until: Instant, *, doubtful: bool
) -> Iterator[WalkInterval]:
    """Yield the walks of a root over a window: one for each stretch in which nothing it saw changes.

    Exact, not sampled: a walk depends only on the listings of the packages that it visited, so its
    result holds until the first of them changes.
    """
    changes = world.changes(start, until)
    at = start
    while at < until:
        found = walk(world, root, at, doubtful=doubtful)
        stop = until
        for package_id in found.visited:
            for change in changes[package_id]:
                if at < change < stop:
                    stop = change
        yield WalkInterval(start=at, until=stop, walk=found)
        at = stop
