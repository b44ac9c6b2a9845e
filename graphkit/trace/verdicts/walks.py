"""What an install from requirements takes, could take, or cannot take: the verdict of a manifest over a stretch.

A bar is tried before anything is read: what binds every resolution and admits nothing accused settles it
(docs/semantics.md#obligation-o). Then the forward walk, what the ranges admit, and the closure in every environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.model.answers import Assumption, BuildVerdict, Discharge, Obligation, Path, ProofKind, Verdict
from graphkit.model.documents import Completeness, Document
from graphkit.model.environment import AnyOfEnvironments, Environment, nearest_within
from graphkit.model.guards import NO_GUARDS, Guards
from graphkit.model.names import PackageName, named_by_file
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant, rfc3339
from graphkit.model.versions import release_version
from graphkit.trace.evidence.accusation import same_index
from graphkit.trace.reach.admit import admission
from graphkit.trace.reach.survey import Reach
from graphkit.trace.resolve.closure import REMOVAL_LAG, Closure, Span, closure_of
from graphkit.trace.resolve.confirm import Confirmation, confirm, slots_of
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.manifests import InHouse, InstallSelection, groups_alone, root_of_manifest, truth_of
from graphkit.trace.resolve.world import World
from graphkit.trace.verdicts.clearance import OpenObligation, ProofStep, fact, prove, word
from graphkit.trace.verdicts.context import (
    ServiceContext,
    cleared,
    named,
    needed,
    opened,
    tools_gap,
    undecided_among,
)
from graphkit.trace.verdicts.guards import GuardsRead
from graphkit.trace.verdicts.sdists import builds_of, carrying

_MOST_CHANGES: Final = 64
"""Instants at which a closure is asked anew; one that is missed leaves the verdict open, since nothing clears it."""
RootAndGaps = tuple[Root, tuple[str, ...]]
"""A root, and what of it the graph cannot follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRequest:
    """What is installed: ``path`` names it, ``root`` makes it the root of a walk in a world, and says what is missing.

    ``binding`` are the requirements that may bar a target, with their markers; none where nothing can. ``barring``:
    the obligation that leaves a bar open, if any does. ``indexes``: addresses of the indexes that it names.
    ``is_complete``: all of its requirements are known. ``requires_python`` as the manifest says it. ``guards`` hold as
    ``read_by`` shows, on what ``assumes`` says.
    """

    path: str
    document: Document
    root: Callable[[World], RootAndGaps]
    binding: tuple[Requirement, ...] = ()
    barring: OpenObligation | None = None
    indexes: tuple[str, ...] = ()
    is_off_public: bool = False
    is_complete: bool = True
    requires_python: str = ""
    guards: Guards = NO_GUARDS
    read_by: tuple[ProofStep, ...] = ()
    assumes: tuple[Assumption, ...] = ()


def of_manifest(
    manifest: Document, asked: InstallSelection, reader: GuardsRead | None = None, in_house: InHouse = lambda _: ()
) -> InstallRequest:
    """Return what an install from a manifest asks for, with the guards that are in force."""
    guards, read_by, assumes = (reader.guards, (reader.shown,), reader.assumes) if reader else (NO_GUARDS, (), ())
    is_complete = manifest.completeness is Completeness.COMPLETE
    return InstallRequest(
        path=manifest.path,
        document=manifest,
        root=lambda world: root_of_manifest(world, manifest, asked, guards, in_house),
        binding=tuple(
            one for one in (*manifest.requirements, *manifest.constraints, *guards.constraints) if not one.unreadable
        ),
        barring=None
        if is_complete
        else OpenObligation(obligation=Obligation.BARRED, text=f"{manifest.path} was not read completely", near=True),
        indexes=manifest.indexes,
        is_off_public=manifest.is_off_public,
        is_complete=is_complete,
        requires_python=manifest.requires_python,
        guards=guards,
        read_by=read_by,
        assumes=assumes,
    )


def of_build_system(manifest: Document) -> InstallRequest:
    """Return what building a project installs (PEP 518); nothing governs it (docs/semantics.md#governing-locks)."""
    bare = Document(
        sha256=manifest.sha256,
        path=f"build-system.requires of {manifest.path}",
        kind=manifest.kind,
        format=manifest.format,
        basis=manifest.basis,
        requirements=manifest.build_requires or (),
        requires_python=manifest.requires_python,
        indexes=manifest.indexes,
        is_off_public=manifest.is_off_public,
        completeness=Completeness.COMPLETE,
    )
    return of_manifest(bare, InstallSelection(extras=(), groups=()))


def judge_walk(
    context: ServiceContext, asking: InstallRequest, span: tuple[Instant, Instant], inputs: ProofStep
) -> BuildVerdict:
    """Return the verdict of installs over a stretch: a witness, else a proof, else the first open obligation.

    ``inputs`` is obligation (k) for this stretch. Cost: nothing is walked where a bar holds.
    """
    bar = prove(
        ProofKind.BAR,
        context.incident,
        span,
        [*_common(context, inputs), *_barred(context, asking, span), *asking.read_by],
        _assumed(context, asking),
    )
    if not isinstance(bar, OpenObligation):
        shut = next(one.text for one in bar.proof if one.obligation is Obligation.BARRED)
        return cleared(bar, f"{shut}, so no install from it takes {' or '.join(context.names)}", asking.document)
    if gap := off_public(context, asking):
        return opened(gap, asking.document)
    witness, found = witness_of(context, asking, span)
    return witness or _ruled_out(guarded(context, asking.guards), asking, span, inputs, found)


def witness_of(
    context: ServiceContext, asking: InstallRequest, span: tuple[Instant, Instant]
) -> tuple[BuildVerdict | None, Confirmation]:
    """Return what shows that an install takes a target in a stretch, or could, and what the forward walk found."""
    context = guarded(context, asking.guards)
    world = world_of(context, asking)
    found = confirm(world, asking.root(world)[0], *span, context.targets)
    return _taken(context, asking, found) or _allowed(
        context, asking, asking.root(context.world)[0], found, span
    ), found


def judge_groups_alone(
    context: ServiceContext,
    manifest: Document,
    read: GuardsRead | None,
    span: tuple[Instant, Instant],
    inputs: ProofStep,
) -> Iterator[BuildVerdict]:
    """Yield the verdicts of groups that are installed without their project, where one reaches a target by itself.

    Nobody says that they are, so none is worse than `admitted`; what is not known to reach a target is left alone.
    """
    under = guarded(context, read.guards) if read else context
    world = under.union(manifest.requires_python)
    for group, alone in groups_alone(manifest, InstallSelection(groups=context.service.groups)):
        asking = of_manifest(alone, InstallSelection(extras=(), groups=(group,)), read)
        root, _ = asking.root(world)
        every = Span(start=span[0], until=span[1], is_timeless=True)
        is_named = any(one.package in context.accused.packages for one in alone.requirements)
        if is_named or closure_of(world, root, context.target_bits, every).hits:
            found = judge_walk(context, asking, span, inputs)
            yield replace(found, verdict=Verdict.ADMITTED) if found.verdict is Verdict.PICKED else found


_ASSUMED: Final = (
    *(Assumption.INPUTS, Assumption.INDEX, Assumption.BUILD_ENV, Assumption.TOOLS, Assumption.BASE),
    Assumption.CACHES,
)


def _assumed(context: ServiceContext, asking: InstallRequest) -> tuple[Assumption, ...]:
    return (*needed(context.service, _ASSUMED).assumes, *asking.assumes)


def guarded(context: ServiceContext, guards: Guards) -> ServiceContext:
    """Return a context whose worlds offer what the cut-offs of a manifest let in, and require what it overrides."""
    if not guards.changes_the_index:
        return context
    union, in_environment = context.union, context.in_environment
    return replace(
        context,
        world=context.world.guarded(guards),
        union=lambda requires: union(requires).guarded(guards),
        in_environment=lambda one: in_environment(one).guarded(guards),
    )


def world_of(context: ServiceContext, asking: InstallRequest) -> World:
    """Return the world that answers `picked`: with the nearest Python that a manifest allows, unless one is named."""
    known = context.world.environment
    nearest = known if context.service.environment else nearest_within(known, asking.requires_python)
    return context.world if nearest == known else context.in_environment(nearest)


def _common(context: ServiceContext, inputs: ProofStep) -> Iterator[ProofStep]:
    yield context.decided
    yield fact(Obligation.TARGETS, f"asked about {context.releases}")
    yield inputs
    if isinstance(inputs, OpenObligation):
        return
    yield Discharge(obligation=Obligation.TIMES, text=inputs.text, word=inputs.word)
    if gap := tools_gap(context, needed(context.service, _ASSUMED).assumes):
        yield gap
    yield from needed(context.service, _ASSUMED).words


def _barred(context: ServiceContext, asking: InstallRequest, span: tuple[Instant, Instant]) -> Iterator[ProofStep]:
    """Yield obligations (e) and (o): what binds every resolution admits no accused release."""
    accused = context.accused
    if asking.barring:
        yield asking.barring
        return
    private = _private_of(context, asking) + sorted(accused.private_packages & accused.packages)
    if private:
        yield OpenObligation(
            obligation=Obligation.INDEXES, text=f"the accused name may come from a private index ({private[0]})"
        )
        return
    if by_url := [one for one in asking.document.requirements if _named_by_url(one) in accused.packages]:
        yield OpenObligation(
            obligation=Obligation.BARRED, text=f"{asking.path} asks for {by_url[0]}, which no range binds"
        )
        return
    yield fact(Obligation.INDEXES, "the accused name does not come from a private index")
    shut: list[str] = []
    for package, ranges in sorted(_accused_ranges(context).items()):
        bars = [one for one in asking.binding if one.package == package and _binds(context, asking, one)]
        if instead := asking.guards.overrides_of(package):
            bars = [one for one in bars if one not in asking.document.requirements]
            bar = _overriding(context, asking, instead, bars, ranges)
        else:
            bar = next(_barring(bars, ranges), None)
        bar = bar or _cut_off(context, asking, package, span)
        if any(one.url for one in bars) or bar is None:
            yield OpenObligation(obligation=Obligation.BARRED, text=f"nothing in {asking.path} bars {package}")
            return
        shut.append(bar)
    if not shut or accused.beyond_packages:
        yield OpenObligation(
            obligation=Obligation.BARRED,
            text=f"nothing in {asking.path} excludes {accused.beyond_packages or 'the accused releases'}",
        )
        return
    yield fact(Obligation.BARRED, f"{asking.path} requires {' and '.join(shut)}")


def _overriding(
    context: ServiceContext,
    asking: InstallRequest,
    instead: Sequence[Requirement],
    constraints: Sequence[Requirement],
    ranges: Sequence[SpecifierSet],
) -> str | None:
    """Return that what replaces every requirement of a package admits no accused version; None if it does.

    Where no override of it applies, nothing asks for the package, so each has to bar by itself, with the constraints.
    """
    world = context.union(asking.requires_python)
    applied = [one for one in instead if world.ground.truth(one.marker) is not False]
    if any(one.url or next(_barring((one, *constraints), ranges), None) is None for one in applied):
        return None
    told = " and ".join(f"{one.package}{one.specifier}" for one in applied)
    return f"{told} (override)" if told else f"no {instead[0].package} (its requirements are overridden or excluded)"


def _named_by_url(one: Requirement) -> PackageName | None:
    """Return of which package the file is that a URL requirement names, whatever the requirement calls it."""
    if not one.url:
        return None
    found = named_by_file(unquote(one.url.partition("#")[0].partition("?")[0].rpartition("/")[2]))
    return found[0] if found else None


def _cut_off(
    context: ServiceContext, asking: InstallRequest, package: PackageName, span: tuple[Instant, Instant]
) -> str | None:
    """Return that a cut-off keeps every accused file of a package out at every instant of a stretch; None if not.

    All accounts of when they were uploaded have to be known. What is asked for by URL no cut-off keeps out.
    """
    cut_off, first = asking.guards.cut_off_of(package), context.first_uploads.get(package)
    is_by_url = any(one.url for one in asking.binding if one.package == package)
    if cut_off is None or first is None or is_by_url or cut_off.latest(span[1] - 1) > first:
        return None
    before = rfc3339(cut_off.latest(span[1] - 1))
    return (
        f"files of {package} from before {before} (its cut-off is {cut_off.text!r}; the first accused one was uploaded "
        f"at {rfc3339(first)})"
    )


def _indexes_of(context: ServiceContext, asking: InstallRequest) -> tuple[str, ...]:
    """Return the indexes that an install is told of, by its files or by the organisation; none: the public one."""
    own = context.service.index
    return (*asking.indexes, *((own,) if own not in {"", "public"} else ()))


def _private_of(context: ServiceContext, asking: InstallRequest) -> list[str]:
    """Return the indexes that are named and that the organisation declared private."""
    named_ones = _indexes_of(context, asking)
    return sorted(one for one in named_ones if same_index(one) in context.accused.private_indexes)


def _barring(bars: Sequence[Requirement], ranges: Sequence[SpecifierSet]) -> Iterator[str]:
    """Yield what together leaves no accused version: one requirement where one is enough, else all of them."""
    for one in bars:
        if _is_disjoint(one.specifier, ranges):
            yield f"{one.package}{one.specifier}"
    joined = ",".join(one.specifier for one in bars if one.specifier)
    if joined and _is_disjoint(joined, ranges):
        yield f"{bars[0].package}{joined}"


def _is_disjoint(specifier: str, ranges: Sequence[SpecifierSet]) -> bool:
    try:
        own = SpecifierSet(specifier)
        if exact := [clause for clause in own if clause.operator == "==="]:
            version = release_version(exact[0].version).parsed  # compared as text: no other spelling is taken
            return version is not None and not any(one.contains(version, prereleases=True) for one in ranges)
        return bool(own) and all(own.to_range().is_disjoint(one.to_range()) for one in ranges)
    except InvalidSpecifier:
        return False


def _accused_ranges(context: ServiceContext) -> dict[PackageName, list[SpecifierSet]]:
    """Return what is accused of each package as ranges; what PEP 440 cannot read is never chosen."""
    found: dict[PackageName, list[SpecifierSet]] = {}
    for package, keys in context.accused.keys.items():
        found[package] = []
        for key in keys:
            try:
                found[package].append(SpecifierSet(f"=={key}"))
            except InvalidSpecifier:
                continue
    for package, ranges in context.accused.ranges.items():
        found.setdefault(package, []).extend(ranges)
    alone = [one.package for one in context.accused.files if one.package is not None]
    for package in (*context.accused.every, *context.accused.open, *alone):
        found.setdefault(package, []).append(SpecifierSet(""))
    return found


def _binds(context: ServiceContext, asking: InstallRequest, one: Requirement) -> bool:
    """Return whether a requirement holds in every environment that the service may have."""
    world = context.union(asking.requires_python)
    extras, groups = context.service.extras, context.service.groups
    return truth_of(world, one.marker, extras, groups) is True


def _taken(context: ServiceContext, asking: InstallRequest, found: Confirmation) -> BuildVerdict | None:
    if not found.picked:
        return None
    takes = slots_of(found.picked, context.field.slots)
    what = " and ".join(sorted({release for _, release in takes} or {hit.release for hit in found.picked}))
    return BuildVerdict(
        at=None,
        verdict=Verdict.PICKED,
        reason=f"a fresh install from {asking.path} takes {what.replace('@', ' ')}",
        document=named(asking.document),
        slots=tuple(sorted({number for number, _ in takes})),
        paths=(found.path,) if found.path else (),
    )


def _allowed(
    context: ServiceContext, asking: InstallRequest, root: Root, found: Confirmation, span: tuple[Instant, Instant]
) -> BuildVerdict | None:
    """Return `admitted` where some choice that the ranges allow reaches a target, in some environment."""
    slots: set[int] = {number for number, _ in slots_of(found.doubtful, context.field.slots)}
    path: Path = found.path if found.doubtful else ()
    is_inside = context.start <= span[0] and span[1] <= context.until
    field = context.field if is_inside else context.field_of(*span)
    if asking.guards.changes_the_index:  # what was surveyed knows nothing of them
        there = closure_of(context.world, root, context.target_bits, window_of(span))
        mine = _slots_there(context, field, context.world, root, there.packages, span) if there.hits else None
        way = there.path if there.hits else ()
    else:
        mine, way = _admitted_slots(context, field, root, span)
    if mine is not None or found.doubtful:
        slots |= (mine or set()) if is_inside else set()
        reason = f"the ranges of {asking.path} allow it, though the newest choices do not take it"
        return _admits(asking, reason, slots, path or way)
    for environment in _classes(context, asking, span):
        world = context.in_environment(environment)
        elsewhere, _ = asking.root(world)
        there = closure_of(world, elsewhere, context.target_bits, window_of(span))
        hit = _slots_there(context, field, world, elsewhere, there.packages, span) if there.hits else None
        if hit is not None:
            where = f"{environment.platform} {environment.machine}, Python {environment.python.rsplit('.', 1)[0]}"
            reason = f"the ranges of {asking.path} allow it on {where}, though the newest choices do not take it"
            return _admits(asking, reason, hit if is_inside else (), there.path)
    return None


def _admits(asking: InstallRequest, reason: str, slots: Iterable[int], path: Path) -> BuildVerdict:
    return BuildVerdict(
        at=None,
        verdict=Verdict.ADMITTED,
        reason=reason,
        document=named(asking.document),
        slots=tuple(sorted(slots)),
        paths=(path,) if path else (),
    )


def _admitted_slots(
    context: ServiceContext, field: Reach, root: Root, span: tuple[Instant, Instant]
) -> tuple[set[int] | None, Path]:
    """Return the slots in which what was nominated reaches a target from a root, None for none, and a way."""
    slots: set[int] = set()
    path: Path = ()
    for one in field.passes:
        mask = sum(1 << bit for bit, slot in enumerate(one.slots) if slot.start < span[1] and span[0] < slot.until)
        if mask:
            instants = [slot.start for slot in one.slots]
            answer = admission(context.world, root, context.targets, instants, one.admitted, mask)
            slots |= {one.first + bit for bit in range(len(instants)) if answer.slots >> bit & 1}
            path = path or answer.path
    return slots or None, path


def _slots_there(
    context: ServiceContext,
    field: Reach,
    world: World,
    root: Root,
    packages: frozenset[int],
    span: tuple[Instant, Instant],
) -> set[int] | None:
    """Return the slots in which a closure of one instant holds a target; None where no instant of the span does.

    ``packages`` are those of the closure over the whole span.
    """
    found: set[int] = set()
    changes = _changes_there(context, world, packages, span)
    for number, slot in enumerate(field.slots):
        start, until = max(slot.start, span[0]), min(slot.until, span[1])
        for at in (start, *(one for one in changes if start < one < until)) if start < until else ():
            moment = Span(start=at, until=at + 1, is_timeless=False, is_on_offer=True)
            if closure_of(world, root, context.target_bits, moment).hits:
                found.add(number)
                break
    return found or None


def _changes_there(
    context: ServiceContext, world: World, packages: frozenset[int], span: tuple[Instant, Instant]
) -> tuple[Instant, ...]:
    """Return when what is on offer changes, and no slot need begin: as cut-offs or another environment have it.

    Those of accused packages come before others, where there are too many.
    """
    if world is context.world and not world.has_guards:
        return ()
    changes = world.changes(*span)
    mine, others = ({at for one in ids for at in changes[one]} for ids in (context.targets, packages))
    return tuple(sorted([*sorted(mine), *sorted(others - mine)][:_MOST_CHANGES]))


def _classes(context: ServiceContext, asking: InstallRequest, span: tuple[Instant, Instant]) -> Iterator[Environment]:
    """Yield one environment of each class that answers the markers and files of the closure alike.

    None where the closure over all of them at once does not hold a target: then no single one does.
    """
    union = context.union(asking.requires_python)
    if not isinstance(union.ground, AnyOfEnvironments):
        return
    root, _ = asking.root(union)
    if closure_of(union, root, context.target_bits, window_of(span)).hits:
        yield from union.ground.classes()


def window_of(span: tuple[Instant, Instant]) -> Span:
    """Return a stretch as closures of what was listed in it take it."""
    return Span(start=span[0] - REMOVAL_LAG, until=span[1], is_timeless=False)


def _ruled_out(
    context: ServiceContext,
    asking: InstallRequest,
    span: tuple[Instant, Instant],
    inputs: ProofStep,
    found: Confirmation,
) -> BuildVerdict:
    """Return the proof by walk, else the first open obligation."""
    _, missing = asking.root(context.world)
    union = context.union(asking.requires_python)
    root, more = asking.root(union)
    ever = Span(start=span[0], until=span[1], is_timeless=True)
    stuck = sorted({package for _, _, packages in found.unresolvable for package in packages})
    lost = f" (nothing listed then fits it: {', '.join(stuck[:3])})" if stuck else ""
    unread = tuple(dict.fromkeys((*missing, *more)))
    if not asking.is_complete:
        unread = (*unread, f"all requirements of {asking.path}")
    choices = []
    for within in (ever, window_of(span)):
        closure = closure_of(union, root, context.target_bits, within)
        steps = list(_common(context, inputs))
        steps += _closure_steps(context, asking, closure, unread, stuck, lost, within=within)
        steps += carrying(context, union, root, closure, within)
        steps += asking.read_by
        choices.append(prove(ProofKind.WALK, context.incident, span, steps, _assumed(context, asking)))
        if not isinstance(choices[-1], OpenObligation):
            reason = f"nothing that {asking.path} allows reaches it, over a closure that was read completely{lost}"
            return cleared(choices[-1], reason, asking.document)
    first = choices[1]
    assert isinstance(first, OpenObligation)
    return opened(first, asking.document)


def _closure_steps(
    context: ServiceContext,
    asking: InstallRequest,
    closure: Closure,
    missing: Sequence[str],
    stuck: Sequence[str],
    lost: str,
    *,
    within: Span,
) -> Iterator[ProofStep]:
    """Yield obligations (e), (l), (m) and (n) for one closure."""
    world = context.union(asking.requires_python)
    names = world.names_of(closure.packages)
    nowhere = {one.package for one in asking.document.requirements if world.find(one.package) is None}
    private = sorted((names | nowhere) & context.accused.private_packages)
    if private:
        yield OpenObligation(
            obligation=Obligation.INDEXES,
            text=f"{asking.path} needs the private package {private[0]}, which no public page speaks for; the lock or "
            "SBOM of the build would settle it",
        )
    else:
        yield fact(Obligation.INDEXES, "no name in the closure comes from a private index")
    if closure.hits:
        what = closure.path[-1].node if closure.path else "a target"
        yield OpenObligation(
            obligation=Obligation.ADMITTED,
            text=f"some releases that {asking.path} allows lead to {what}; the lock or SBOM of the build would settle "
            "it",
        )
    else:
        yield fact(Obligation.ADMITTED, f"nothing that {asking.path} allows reaches it, in any environment")
    beyond = context.accused.beyond_packages
    elsewhere = (f"a listing that covers {beyond}",) if beyond else ()
    unread = (*missing, *undecided_among(context, names), *elsewhere, *closure.unread)
    if not within.is_timeless:
        unread = (*unread, *(f"what a resolver does where nothing fits {one}" for one in (*stuck, *closure.stuck)))
    if unread:
        more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        yield OpenObligation(
            obligation=Obligation.CLOSURE,
            text=f"a fresh install from {asking.path} does not reach it{lost}, but not all is known: {unread[0]}{more} "
            "would settle it; so would the lock or SBOM of the build",
            near=not closure.hits,
        )
    else:
        text = f"the closure of {asking.path} was read completely ({len(names):,} packages)"
        builds = builds_of(context, asking.requires_python, closure.reached, within)
        yield from builds.steps
        yield fact(Obligation.CLOSURE, text + builds.text)
    yield _public(context, asking, is_timeless=within.is_timeless)


def off_public(context: ServiceContext, asking: InstallRequest) -> OpenObligation | None:
    """Return that an install takes all from indexes of which no page was read, so that there is no walk of it."""
    private = _private_of(context, asking)
    is_off_public = asking.is_off_public or context.service.index not in {"", "public"}
    is_all = bool(private) and len(private) == len(_indexes_of(context, asking))
    return _unread_index(asking, private[0]) if is_off_public and is_all else None


def _unread_index(asking: InstallRequest, index: str) -> OpenObligation:
    return OpenObligation(
        obligation=Obligation.PUBLIC,
        text=f"{asking.path} installs from the private index {index}, of which no page was read; the lock or SBOM of "
        "the build would settle it",
    )


def _public(context: ServiceContext, asking: InstallRequest, *, is_timeless: bool) -> ProofStep:
    """Return obligation (n): it installs from the public index, or a mirror of it whose end does not matter."""
    if private := _private_of(context, asking):
        return _unread_index(asking, private[0])
    named_ones = _indexes_of(context, asking)
    if named_ones and not is_timeless:
        return OpenObligation(
            obligation=Obligation.PUBLIC,
            text=f"{asking.path} installs from {named_ones[0]}, presumed a mirror, and when that dropped what the "
            "index removed is not known; the lock or SBOM of the build would settle it",
        )
    if context.service.index:
        return word(Obligation.PUBLIC, f"the organisation says that it installs from {context.service.index}")
    return fact(Obligation.PUBLIC, f"{asking.path} names no private index")
