"""The oracle: what docs/semantics.md means, in plain slow code over a `World`, to hold the fast engine against.

Nothing here is shared with `graphkit.trace`; both are written from docs/semantics.md. ``uncertain_in`` picks one of the
two readings of everything uncertain (docs/semantics.md#uncertain-times): True takes files of unknown upload time as
listed and yanks of unknown date as not yet done, False the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import parse_wheel_filename
from packaging.version import InvalidVersion, Version

from graphkit.model.environment import Environment
from graphkit.model.index import File, FileKind
from graphkit.model.names import PackageName
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant
from tests.property.worlds import Constrained, Root, RootRelease, World, named_extras, read_requirements

Profile = Literal["uv", "pip"]
Node = tuple[PackageName, str, str | None]
"""A release as such (None), or as it is with one extra."""

DEFAULT: Final = Environment()
ROUNDS: Final = 50
_UNSEEN: Final = File(filename="", kind=FileKind.UNKNOWN)
BOTH: Final = (True, False)
"""Both readings of what is uncertain."""

_PLATFORMS: Final = {
    "linux": ("linux", "Linux", "posix"),
    "musllinux": ("linux", "Linux", "posix"),
    "macos": ("darwin", "Darwin", "posix"),
    "windows": ("win32", "Windows", "nt"),
}
_WHEEL_PLATFORMS: Final = {"linux": "manylinux", "musllinux": "musllinux", "macos": "macosx", "windows": "win"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Where a forward walk came to rest. ``unresolvable``: packages without a choice, or that never settled."""

    picks: dict[PackageName, str]
    extras: dict[PackageName, frozenset[str]]
    unresolvable: tuple[PackageName, ...]


# --- what was on offer, when (docs/semantics.md#offers) --------------------------------------------------------------


def is_installable(file: File, env: Environment, profile: Profile = "uv") -> bool:
    """Whether the environment can install a file: its Python, and an sdist, a file unseen or a fitting wheel.

    uv minds how old a Python may be, not how new: where any that is not newer would do, this one does.
    """
    return _is_installable(file.kind, file.requires_python, file.filename, env, profile)


@cache
def _is_installable(kind: FileKind, requires_python: str, filename: str, env: Environment, profile: Profile) -> bool:
    if kind == FileKind.OTHER:
        return False
    try:
        pythons = SpecifierSet(requires_python)
    except InvalidSpecifier:
        pythons = SpecifierSet()  # installers pass over one that they cannot read
    older = ["2.7", *(f"3.{minor}" for minor in range(int(env.python.split(".")[1])))] if profile == "uv" else []
    if not any(pythons.contains(python, prereleases=True) for python in (env.python, *older)):
        return False
    return kind != FileKind.WHEEL or _fits(filename, env)


def _fits(filename: str, env: Environment) -> bool:
    """Whether a wheel's tags suit: pure, or built for just this Python and platform. Enough for made-up worlds."""
    own = {f"cp{''.join(env.python.split('.')[:2])}", "py3"}
    for tag in parse_wheel_filename(filename)[3]:
        platform = tag.platform.startswith(_WHEEL_PLATFORMS[env.platform]) and tag.platform.endswith(env.machine)
        if tag.interpreter in own and tag.abi in {*own, "none"} and (tag.platform == "any" or platform):
            return True
    return False


def _offered(world: World, name: PackageName, version: str, at: Instant, *, uncertain_in: bool) -> Iterator[File]:
    """Give the files of a release that were listed, whatever the environment."""
    compromised = (name, version) in world.compromised
    if compromised and at >= world.window[1]:
        return  # the account of the times ends there, and the release with it
    told = world.listed_from.get((name, version)) if compromised else None
    files = world.packages.get(name, {}).get(version)
    if compromised and files is not None:
        files = files or (_UNSEEN,)  # the page lost its files; the incident still knows of it
    for file in files or ():
        since = told if told is not None else file.uploaded
        # A page lists it without a time, and the incident alone says when: it may have been there before.
        is_told_alone = told is not None and file.uploaded is None and (name, version) not in world.ghosts
        is_doubtful = file.filename in world.told_alone or (is_told_alone and bool(file.filename))
        cut_off = world.guards.cut_off_of(name) if world.guards else None
        if is_doubtful and uncertain_in:
            since = None  # it may have been listed before the time that it is said to come from
        if since is not None and cut_off is not None:
            if cut_off.at is not None and since >= cut_off.at.latest:
                continue
            if cut_off.at is not None and since >= cut_off.at.earliest and not uncertain_in:
                continue
            since += 0 if cut_off.age is None else cut_off.age + 1
        if ((uncertain_in and since is None) or (since is not None and since <= at)) and not any(
            hidden.package == name
            and hidden.version in {"", version}
            and hidden.filename in {"", file.filename}
            and hidden.start <= at < hidden.until
            for hidden in world.hidden
        ):
            yield file


def listed(
    world: World,
    name: PackageName,
    version: str,
    at: Instant,
    env: Environment = DEFAULT,
    profile: Profile = "uv",
    *,
    uncertain_in: bool = True,
) -> bool:
    """Whether a file of the release was listed that the environment can install."""
    offered = _offered(world, name, version, at, uncertain_in=uncertain_in)
    return any(is_installable(file, env, profile) for file in offered)


def unyanked(
    world: World,
    name: PackageName,
    version: str,
    at: Instant,
    env: Environment = DEFAULT,
    profile: Profile = "uv",
    *,
    uncertain_in: bool = True,
) -> bool:
    """Whether such a file was listed that was not yanked then.

    A yank without a date is either; that of a compromised release counts as not yet done: nobody has proved it.
    """
    compromised = (name, version) in world.compromised

    def is_yanked(file: File) -> bool:
        if not file.yanked:
            return False
        if file.yanked_since is not None:
            return file.yanked_since <= at
        return not compromised and not uncertain_in

    offered = _offered(world, name, version, at, uncertain_in=uncertain_in)
    return any(is_installable(file, env, profile) and not is_yanked(file) for file in offered)


# --- requirements and markers (docs/semantics.md#extras-and-urls) ----------------------------------------------------


def _marker_values(env: Environment) -> dict[str, str]:
    sys_platform, system, os_name = _PLATFORMS[env.platform]
    full = env.python if env.python.count(".") > 1 else f"{env.python}.0"
    return {
        "implementation_name": env.implementation,
        "implementation_version": full,
        "os_name": os_name,
        "platform_machine": env.machine,
        "platform_system": system,
        "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy"}[env.implementation],
        "python_full_version": full,
        "python_version": ".".join(env.python.split(".")[:2]),
        "sys_platform": sys_platform,
    }


@cache
def is_active(marker: str, extra: str, env: Environment) -> bool | None:
    """Whether a marker holds for one extra (empty: none); None where the environment does not decide it.

    A clause that names the kernel, which no environment knows, is undecidable; the marker is, unless its other
    clauses settle it.
    """
    if not marker:
        return True
    if re.search(r"\bplatform_(release|version)\b", marker):
        return _settled_by_the_rest(Marker(marker)._markers, extra, env)
    try:
        return Marker(marker).evaluate({**_marker_values(env), "extra": extra})
    except (UndefinedComparison, UndefinedEnvironmentName):
        return None


def _settled_by_the_rest(parts: Any, extra: str, env: Environment) -> bool | None:
    """Return what a marker's parts come to in three values: clauses in tuples, brackets in lists, "and" before "or"."""
    if isinstance(parts, tuple):
        return is_active(" ".join(part.serialize() for part in parts), extra, env) if _is_known(parts) else None
    groups: list[list[bool | None]] = [[]]
    for part in parts:
        if part == "or":
            groups.append([])
        elif part != "and":
            groups[-1].append(_settled_by_the_rest(part, extra, env))
    ands = [False if False in group else None if None in group else True for group in groups]
    return True if True in ands else None if None in ands else False


def _is_known(clause: tuple[Any, ...]) -> bool:
    return not {str(part) for part in clause} & {"platform_release", "platform_version"}


@cache
def specifiers(wanted: Requirement) -> SpecifierSet:
    """Return the range of a requirement; what cannot be read admits everything."""
    return SpecifierSet(wanted.specifier)


@cache
def is_pin(wanted: SpecifierSet) -> bool:
    """Whether a range is one `==` without wildcard, or `===`: the only kind that unlocks a yank."""
    parts = list(wanted)
    return len(parts) == 1 and (
        parts[0].operator == "===" or (parts[0].operator == "==" and not parts[0].version.endswith(".*"))
    )


def declared(
    world: World, name: PackageName, version: str, extra: str | None, env: Environment
) -> Iterator[tuple[Requirement, bool | None]]:
    """Give the requirements of a release with one extra, or with none, that hold (True) or may hold (None).

    An extra that the release lacks adds nothing; ``name[extra]`` needs the release as such, which is not said here.
    """
    texts = world.requirements.get((name, version))
    if extra is not None and extra not in named_extras(texts):
        return
    for wanted in read_requirements(texts)[0]:
        if (state := is_active(wanted.marker, extra or "", env)) is not False:
            yield wanted, state


def _root_declared(world: World, root: Root, env: Environment) -> Iterator[tuple[Requirement, bool | None]]:
    """Give what the root itself asks for, of the index or of itself with more extras."""
    if not isinstance(root, RootRelease):
        texts = root.texts if isinstance(root, Constrained) else root
        for wanted in read_requirements(texts)[0]:
            if (state := is_active(wanted.marker, "", env)) is not False:
                yield wanted, state
        return
    todo: list[str | None] = [None, *sorted(root.extras)]
    for extra in todo:  # grows: an extra may ask for another one of the same release
        for wanted, state in declared(world, root.package, root.version, extra, env):
            yield wanted, state
            if wanted.package == root.package and state and _is_edge(wanted):
                todo += [more for more in wanted.extras if more not in todo]


def _constraints(root: Root, env: Environment) -> Iterator[tuple[Requirement, bool | None]]:
    """Give the constraints of a root that hold (True) or may hold (None)."""
    for wanted in read_requirements(root.constraints)[0] if isinstance(root, Constrained) else ():
        if (state := is_active(wanted.marker, "", env)) is not False:
            yield wanted, state


def _is_edge(wanted: Requirement) -> bool:
    """Whether a resolver would follow it within the index: readable, and no address of its own."""
    return not wanted.url and not wanted.unreadable


@cache
def _pin_on(version: str) -> SpecifierSet:
    return SpecifierSet(f"==={version}")


# --- what would have been chosen (docs/semantics.md#choices) ---------------------------------------------------------


def releases_of(world: World, name: PackageName) -> list[str]:
    """Return the versions of a package in PEP 440 order; what PEP 440 cannot read is never chosen."""
    return list(_in_order(tuple(world.packages.get(name, {}))))


@cache
def _in_order(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(filter(_is_version, texts), key=Version))


@cache
def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


_ADMITTED: dict[int, tuple[SpecifierSet, dict[str, bool]]] = {}
"""What a range was found to admit, by its identity: to hash a range takes as long as to ask it."""


def admits(wanted: SpecifierSet, version: str) -> bool:
    """Whether a range admits a version, pre-release or not."""
    _, known = _ADMITTED.setdefault(id(wanted), (wanted, {}))
    if version not in known:
        known[version] = wanted.contains(version, prereleases=True)
    return known[version]


def _fitting(world: World, name: PackageName, ranges: Iterable[SpecifierSet]) -> list[str]:
    wanted = list(ranges)
    return [version for version in releases_of(world, name) if all(admits(one, version) for one in wanted)]


def choose(
    world: World,
    name: PackageName,
    ranges: Sequence[SpecifierSet],
    at: Instant,
    env: Environment = DEFAULT,
    profile: Profile = "uv",
    *,
    uncertain_in: bool = True,
    direct: Sequence[SpecifierSet] = (),
) -> str | None:
    """Return the release that a resolver takes within the intersection of all ranges, None where none fits.

    ``direct``: those of the ranges that a manifest declares itself. Yanked releases are taken only where a pin
    unlocks them (uv: a direct one; pip: any) and nothing else fits (PEP 592).
    """
    fits = [
        version
        for version in _fitting(world, name, ranges)
        if listed(world, name, version, at, env, profile, uncertain_in=uncertain_in)
    ]
    standing = [
        version for version in fits if unyanked(world, name, version, at, env, profile, uncertain_in=uncertain_in)
    ]
    unlocked = any(map(is_pin, ranges if profile == "pip" else direct))
    candidates = standing or (fits if unlocked else [])
    finals = [version for version in candidates if not Version(version).is_prerelease]
    if profile == "pip" and any(one.prereleases for one in ranges):
        finals = candidates
    best = finals or candidates
    return best[-1] if best else None


def forward(
    world: World,
    root: Root,
    at: Instant,
    env: Environment = DEFAULT,
    profile: Profile = "uv",
    *,
    uncertain_in: bool = True,
) -> Walk:
    """Walk from a root: each round chooses anew under what the root and the last round's picks declare.

    A root release is fixed, and a pick whether it was listed or not; a range of others that leaves it out makes it
    unresolvable. Undecidable markers and unreadable specifiers are left out; so is a package with a direct URL, and
    one whose page was not read: what the index would have offered of it is hearsay, which confirms nothing.
    """
    fixed = {root.package: root.version} if isinstance(root, RootRelease) else {}
    picks = fixed
    for _ in range(ROUNDS):
        asked_of = _demands(world, root, picks, env)
        demands = {
            name: asked
            for name, asked in asked_of.items()
            if name in fixed or (not asked.by_url and name in world.read)
        }
        chosen = {
            name: choose(world, name, asked.ranges, at, env, profile, uncertain_in=uncertain_in, direct=asked.direct)
            for name, asked in demands.items()
        }
        chosen |= {
            name: version
            for name, version in fixed.items()
            if name not in world.read or all(admits(one, version) for one in demands[name].ranges)
        }
        missing = [name for name, version in chosen.items() if version is None]
        picks, last = {name: version for name, version in chosen.items() if version is not None} | fixed, picks
        if picks == last:
            extras = {name: frozenset(demands[name].extras) for name in picks}
            return Walk(picks=picks, extras=extras, unresolvable=tuple(sorted(missing)))
    unsettled = {name for name in {*picks, *last} if picks.get(name) != last.get(name)}
    return Walk(picks=picks, extras={}, unresolvable=tuple(sorted(unsettled)))


class _Demand:
    """What is asked of one package in a round."""

    def __init__(self) -> None:
        self.ranges: list[SpecifierSet] = []
        self.direct: list[SpecifierSet] = []
        self.extras: set[str] = set()
        self.by_url = False


def _demands(world: World, root: Root, picks: dict[PackageName, str], env: Environment) -> dict[PackageName, _Demand]:
    """Return what the root asks for, and the picks that can be reached from it."""
    demands: dict[PackageName, _Demand] = {}
    todo: list[tuple[PackageName, str | None]] = []

    def ask(wanted: Requirement, *, direct: bool) -> None:
        if wanted.unreadable:
            return
        demand = demands.setdefault(wanted.package, _Demand())
        demand.by_url |= bool(wanted.url)
        demand.ranges.append(specifiers(wanted))
        demand.direct += [specifiers(wanted)] if direct else []
        demand.extras |= set(wanted.extras)
        todo.extend((wanted.package, extra) for extra in (None, *wanted.extras))

    if isinstance(root, RootRelease):
        start = demands.setdefault(root.package, _Demand())
        start.ranges.append(_pin_on(root.version))
        start.extras |= root.extras
    for wanted, state in _root_declared(world, root, env):
        if state:
            # Who installs a release asks for nothing but it: what it requires is not direct.
            ask(wanted, direct=not isinstance(root, RootRelease))
    seen = set()
    for name, extra in todo:  # grows
        if (name, extra) in seen or name not in picks:
            continue
        seen.add((name, extra))
        if isinstance(root, RootRelease) and name == root.package and extra in {None, *root.extras}:
            continue  # asked already, as the root
        for wanted, state in declared(world, name, picks[name], extra, env):
            if state:
                is_override = world.guards is not None and bool(world.guards.overrides_of(wanted.package))
                ask(wanted, direct=is_override)
    for wanted, state in _constraints(root, env):
        if state and wanted.package in demands and _is_edge(wanted):
            demands[wanted.package].ranges.append(specifiers(wanted))
            demands[wanted.package].direct.append(specifiers(wanted))
    return demands


# --- the tiers (docs/semantics.md#tiers) -----------------------------------------------------------------------------


def _is_on_offer(world: World, root: Root, at: Instant, env: Environment, profile: Profile) -> bool:
    """Whether the root could be installed at all: a manifest always, a release while it was (perhaps) listed."""
    return not isinstance(root, RootRelease) or listed(world, root.package, root.version, at, env, profile)


def picked(world: World, root: Root, at: Instant, env: Environment = DEFAULT, profile: Profile = "uv") -> bool:
    """Whether the forward walk reaches some compromised release under either reading and resolves everything."""
    walks = [forward(world, root, at, env, profile, uncertain_in=reading) for reading in BOTH]
    is_hit = all(any(pick in world.compromised for pick in walk.picks.items()) for walk in walks)
    return _is_on_offer(world, root, at, env, profile) and is_hit and not any(walk.unresolvable for walk in walks)


def may_pick(world: World, root: Root, at: Instant, env: Environment = DEFAULT, profile: Profile = "uv") -> bool:
    """Whether it is picked, or would be if only what has no choice were left out.

    See docs/decisions/0005-what-no-conflict-can-shake.md.
    """
    walks = [forward(world, root, at, env, profile, uncertain_in=reading) for reading in BOTH]
    is_hit = all(any(pick in world.compromised for pick in walk.picks.items()) for walk in walks)
    return _is_on_offer(world, root, at, env, profile) and is_hit


def admitted_nodes(
    world: World, root: Root, at: Instant, env: Environment = DEFAULT, profile: Profile = "uv"
) -> frozenset[Node]:
    """Return every release, with and without extras, that some choice of listed releases reaches.

    What the root surely asks for binds everywhere. A yanked release is admitted where a pin that the walk has met
    admits it, by whichever edge: a resolver that honours that pin takes it for every other requirement too.
    """
    bindings = [
        (wanted.package, specifiers(wanted))
        for wanted, state in (*_root_declared(world, root, env), *_constraints(root, env))
        if state and _is_edge(wanted)
    ]
    nodes: set[Node] = set()
    if isinstance(root, RootRelease):
        bindings.append((root.package, _pin_on(root.version)))
        nodes |= {(root.package, root.version, extra) for extra in (None, *root.extras)}
    edges = {wanted for wanted, _ in _root_declared(world, root, env) if not wanted.url}
    while True:
        for name, version, extra in nodes:
            edges |= {wanted for wanted, _ in declared(world, name, version, extra, env) if not wanted.url}
        reached = set(nodes)
        pinning = edges | {wanted for wanted, _ in _constraints(root, env)}
        pins = [(wanted.package, specifiers(wanted)) for wanted in pinning if is_pin(specifiers(wanted))]
        for wanted in edges:
            ranges = [specifiers(wanted), *(bound for name, bound in bindings if name == wanted.package)]
            for version in _fitting(world, wanted.package, ranges):
                key = (world, wanted.package, version, at, env, profile)
                unlocked = any(name == wanted.package and admits(pin, version) for name, pin in pins)
                if listed(*key) and (unlocked or unyanked(*key)):
                    reached |= {(wanted.package, version, extra) for extra in (None, *wanted.extras)}
        if reached == nodes:
            return frozenset(nodes)
        nodes = reached


def admitted(world: World, root: Root, at: Instant, env: Environment = DEFAULT, profile: Profile = "uv") -> bool:
    """Whether some choice of listed releases that the ranges allow reaches a compromised one."""
    nodes = admitted_nodes(world, root, at, env, profile)
    return _is_on_offer(world, root, at, env, profile) and any(
        (name, version) in world.compromised for name, version, _ in nodes
    )


def nominated(
    world: World,
    at: Instant,
    env: Environment = DEFAULT,
    profile: Profile = "uv",
    readings: Sequence[bool] = BOTH,
) -> frozenset[Node]:
    """Return the releases, with and without the extras they have, that single choices lead to a compromised one.

    Each range chooses alone, under each of the readings; every pin counts as direct, as any declarer may be the
    root. ``name[extra]`` needs the release as such, so it is nominated with it.
    """
    nodes: list[Node] = [
        (name, version, extra)
        for name in world.packages
        for version in world.packages[name]  # one that PEP 440 cannot read is chosen by nobody, but may choose
        if listed(world, name, version, at, env, profile)
        for extra in (None, *sorted(named_extras(world.requirements.get((name, version)))))
    ]
    choices = {node: _single_choices(world, node, at, env, profile, readings) for node in nodes}
    found = {node for node in nodes if node[:2] in world.compromised}
    while True:
        more = {node for node in nodes if (*node[:2], None) in found or choices[node] & found} - found
        if not more:
            return frozenset(found)
        found |= more


def _single_choices(
    world: World, node: Node, at: Instant, env: Environment, profile: Profile, readings: Sequence[bool]
) -> frozenset[Node]:
    """Return the nodes that a node's requirements choose, each range alone."""
    found: set[Node] = set()
    for wanted, state in declared(world, *node, env):
        alone = [specifiers(wanted)]
        for reading in readings if state and _is_edge(wanted) else ():
            taken = choose(world, wanted.package, alone, at, env, profile, uncertain_in=reading, direct=alone)
            found |= {(wanted.package, taken, extra) for extra in (None, *wanted.extras) if taken is not None}
    return frozenset(found)


def closure_complete(
    world: World, root: Root, at: Instant, env: Environment = DEFAULT, profile: Profile = "uv"
) -> bool:
    """Whether everything in the admitted walk was read: pages, requirements, and no address outside the index."""
    nodes = admitted_nodes(world, root, at, env, profile)
    asked = [wanted for wanted, _ in _root_declared(world, root, env)]
    asked += [wanted for node in nodes for wanted, _ in declared(world, *node, env)]
    texts = [world.requirements.get((name, version)) for name, version, _ in nodes]
    texts += [] if isinstance(root, RootRelease) else [root.texts if isinstance(root, Constrained) else root]
    pages = {wanted.package for wanted in asked} | {name for name, _, _ in nodes}
    return (
        pages <= world.read
        and not any(wanted.url for wanted in asked)
        and all(held is not None and not read_requirements(held)[1] for held in texts)
    )
