"""What an install from requirements takes, could take, or cannot take: the verdict of a manifest over a stretch.

A bar is tried before anything is read: what binds every resolution and admits nothing accused settles it
(docs/semantics.md#obligation-o). Then the forward walk, what the ranges admit, and the closure in every environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from graphkit.model.answers import BuildVerdict, Obligation, Path, ProofKind
from graphkit.model.documents import Document, line_of
from graphkit.model.environment import AnyOfEnvironments, Environment
from graphkit.model.ranks import Verdict
from graphkit.model.sentences import and_more
from graphkit.model.times import Instant
from graphkit.stores.port import PackageId
from graphkit.trace.reach.admit import admission
from graphkit.trace.reach.by_slot import Reach
from graphkit.trace.resolve.closure import Closure, Span, closure_of
from graphkit.trace.resolve.confirm import Confirmation, confirm, slots_of
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.manifests import InstallSelection, groups_alone
from graphkit.trace.resolve.world import World
from graphkit.trace.verdicts.bars import barred
from graphkit.trace.verdicts.clearance import OpenObligation, ProofStep, fact, prove, word
from graphkit.trace.verdicts.context import (
    ServiceContext,
    cleared,
    named,
    opened,
    undecided_among,
    word_on_environment,
)
from graphkit.trace.verdicts.guards import GuardsRead
from graphkit.trace.verdicts.install_requests import (
    InstallRequest,
    assumed,
    common_steps,
    guarded,
    indexes_of,
    of_manifest,
    off_public,
    private_of,
    unread_index,
    window_of,
    world_of,
)
from graphkit.trace.verdicts.scripts import is_pin
from graphkit.trace.verdicts.sdists import builds_of, carrying

_MOST_CHANGES: Final = 64
"""Instants at which a closure is asked anew; one that is missed leaves the verdict open, since nothing clears it."""


def judge_walk(
    context: ServiceContext, request: InstallRequest, span: tuple[Instant, Instant], inputs: ProofStep
) -> BuildVerdict:
    """Return the verdict of installs over a stretch: a witness, else a proof, else the first open obligation.

    ``inputs`` is obligation (k) for this stretch. Cost: nothing is walked where a bar holds.
    """
    bar = prove(
        ProofKind.BAR,
        context.incident,
        span,
        [
            *common_steps(context, inputs),
            *barred(context, request, span),
            *request.read_by,
            *(word_on_environment(context, Obligation.BARRED) if any(one.marker for one in request.binding) else ()),
        ],
        assumed(context, request),
    )
    if not isinstance(bar, OpenObligation):
        shut = next(one.text for one in bar.proof if one.obligation is Obligation.BARRED)
        return cleared(bar, f"{shut}, so no install from it takes {' or '.join(context.names)}", request.document)
    if gap := off_public(context, request):
        return opened(gap, request.document)
    witness, found = witness_of(context, request, span)
    return witness or _ruled_out(guarded(context, request.guards), request, span, inputs, found)


def witness_of(
    context: ServiceContext, request: InstallRequest, span: tuple[Instant, Instant]
) -> tuple[BuildVerdict | None, Confirmation]:
    """Return what shows that an install takes a target in a stretch, or could, and what the forward walk found."""
    context = guarded(context, request.guards)
    world = world_of(context, request)
    found = confirm(world, request.root(world)[0], *span, context.targets)
    return _taken(context, request, found) or _allowed(
        context, request, request.root(context.world)[0], found, span
    ), found


def judge_groups_alone(
    context: ServiceContext,
    manifest: Document,
    read: GuardsRead | None,
    span: tuple[Instant, Instant],
    inputs: ProofStep,
    judge: Callable[[ServiceContext, InstallRequest, tuple[Instant, Instant], ProofStep], BuildVerdict],
) -> Iterator[BuildVerdict]:
    """Yield the verdicts of groups that are installed without their project, where one reaches a target by itself.

    Nobody says that they are, so none is worse than `admitted`; what is not known to reach a target is left alone.
    ``judge`` judges each of them.
    """
    under = guarded(context, read.guards) if read else context
    world = under.union(manifest.requires_python)
    for group, alone in groups_alone(manifest, InstallSelection(groups=context.service.groups)):
        request = of_manifest(alone, InstallSelection(extras=(), groups=(group,)), read)
        root, _ = request.root(world)
        every = Span(start=span[0], until=span[1], is_timeless=True)
        is_named = any(one.package in context.accused.packages for one in alone.requirements)
        if is_named or closure_of(world, root, context.target_bits, every).hits:
            found = judge(context, request, span, inputs)
            yield replace(found, verdict=Verdict.ADMITTED) if found.verdict is Verdict.PICKED else found


def _taken(context: ServiceContext, request: InstallRequest, found: Confirmation) -> BuildVerdict | None:
    if not found.picked:
        return None
    takes = slots_of(found.picked, context.reach.slots)
    what = " and ".join(sorted({release for _, release in takes} or {hit.release for hit in found.picked}))
    return BuildVerdict(
        at=None,
        verdict=Verdict.PICKED,
        reason=f"a fresh install from {request.path} takes {what.replace('@', ' ')}",
        document=named(request.document, _line_of(request.document, found.path)),
        slots=tuple(sorted({number for number, _ in takes})),
        paths=(found.path,) if found.path else (),
    )


def _allowed(
    context: ServiceContext, request: InstallRequest, root: Root, found: Confirmation, span: tuple[Instant, Instant]
) -> BuildVerdict | None:
    """Return `admitted` where some choice that the ranges allow reaches a target, in some environment."""
    slots: set[int] = {number for number, _ in slots_of(found.doubtful, context.reach.slots)}
    path: Path = found.path if found.doubtful else ()
    is_inside = context.start <= span[0] and span[1] <= context.until
    reach = context.reach if is_inside else context.reach_between(*span)
    if request.guards.changes_the_index:  # the reach was computed without them
        there = closure_of(context.world, root, context.target_bits, window_of(span))
        mine = _slots_there(context, reach, context.world, root, there.packages, span) if there.hits else None
        way = there.path if there.hits else ()
    else:
        mine, way = _admitted_slots(context, reach, root, span)
    if mine is not None or found.doubtful:
        slots |= (mine or set()) if is_inside else set()
        reason = f"the ranges of {request.path} allow it; nothing shows that a fresh install takes it"
        if pin := next((one for one in request.binding if not one.marker and is_pin(context, one)), None):
            reason = f"{request.path} pins it ({pin}); no index page here shows that an install found it then"
        return _admits(request, reason, slots, path or way)
    for environment in _classes(context, request, span):
        world = context.in_environment(environment)
        elsewhere, _ = request.root(world)
        there = closure_of(world, elsewhere, context.target_bits, window_of(span))
        hit = _slots_there(context, reach, world, elsewhere, there.packages, span) if there.hits else None
        if hit is not None:
            where = f"{environment.platform} {environment.machine}, Python {environment.python.rsplit('.', 1)[0]}"
            reason = f"the ranges of {request.path} allow it on {where}; nothing shows that a fresh install takes it"
            return _admits(request, reason, hit if is_inside else (), there.path)
    return None


def _admits(request: InstallRequest, reason: str, slots: Iterable[int], path: Path) -> BuildVerdict:
    return BuildVerdict(
        at=None,
        verdict=Verdict.ADMITTED,
        reason=reason,
        document=named(request.document, _line_of(request.document, path)),
        slots=tuple(sorted(slots)),
        paths=(path,) if path else (),
    )


def _line_of(document: Document, path: Path) -> int:
    """Return the line of a manifest that asks for what a path goes by first, where only one does; 0: not known."""
    first = next((re.split(r"[@\[]", step.node)[0] for step in path[1:]), "")
    asked = [number for number, one in enumerate(document.requirements) if one.package == first]
    return line_of(document, asked[0]) if len(asked) == 1 else 0


def _admitted_slots(
    context: ServiceContext, reach: Reach, root: Root, span: tuple[Instant, Instant]
) -> tuple[set[int] | None, Path]:
    """Return the slots in which what was nominated reaches a target from a root, None for none, and a way."""
    slots: set[int] = set()
    path: Path = ()
    for one in reach.passes:
        mask = sum(1 << bit for bit, slot in enumerate(one.slots) if slot.start < span[1] and span[0] < slot.until)
        if mask:
            instants = [slot.start for slot in one.slots]
            answer = admission(context.world, root, context.targets, instants, one.admitted, mask)
            slots |= {one.first + bit for bit in range(len(instants)) if answer.slots >> bit & 1}
            path = path or answer.path
    return slots or None, path


def _slots_there(
    context: ServiceContext,
    reach: Reach,
    world: World,
    root: Root,
    packages: frozenset[PackageId],
    span: tuple[Instant, Instant],
) -> set[int] | None:
    """Return the slots in which a closure of one instant holds a target; None where no instant of the span does.

    ``packages`` are those of the closure over the whole span.
    """
    found: set[int] = set()
    changes = _changes_there(context, world, packages, span)
    for number, slot in enumerate(reach.slots):
        start, until = max(slot.start, span[0]), min(slot.until, span[1])
        for at in (start, *(one for one in changes if start < one < until)) if start < until else ():
            moment = Span(start=at, until=at + 1, is_timeless=False, is_on_offer=True)
            if closure_of(world, root, context.target_bits, moment).hits:
                found.add(number)
                break
    return found or None


def _changes_there(
    context: ServiceContext, world: World, packages: frozenset[PackageId], span: tuple[Instant, Instant]
) -> tuple[Instant, ...]:
    """Return when what is listed changes, and no slot need begin: as cut-offs or another environment have it.

    Those of accused packages come before others, where there are too many.
    """
    if world is context.world and not world.has_guards:
        return ()
    changes = world.changes(*span)
    mine, others = ({at for one in ids for at in changes[one]} for ids in (context.targets, packages))
    return tuple(sorted([*sorted(mine), *sorted(others - mine)][:_MOST_CHANGES]))


def _classes(context: ServiceContext, request: InstallRequest, span: tuple[Instant, Instant]) -> Iterator[Environment]:
    """Yield one environment of each class that answers the markers and files of the closure alike.

    None where the closure over all of them at once does not hold a target: then no single one does.
    """
    union = context.union(request.requires_python)
    assert isinstance(union.evaluator, AnyOfEnvironments)
    root, _ = request.root(union)
    if closure_of(union, root, context.target_bits, window_of(span)).hits:
        yield from union.evaluator.classes()


def _ruled_out(
    context: ServiceContext,
    request: InstallRequest,
    span: tuple[Instant, Instant],
    inputs: ProofStep,
    found: Confirmation,
) -> BuildVerdict:
    """Return the proof by walk, else the first open obligation."""
    _, missing = request.root(context.world)
    union = context.union(request.requires_python)
    root, more = request.root(union)
    ever = Span(start=span[0], until=span[1], is_timeless=True)
    stuck = sorted({package for _, _, packages in found.unresolvable for package in packages})
    lost = f" (nothing listed then fits it: {', '.join(stuck[:3])})" if stuck else ""
    unread = (*dict.fromkeys((*missing, *more)), *request.unread)
    choices = []
    for within in (ever, window_of(span)):
        closure = closure_of(union, root, context.target_bits, within)
        steps = list(common_steps(context, inputs))
        steps += _closure_steps(context, request, closure, unread, stuck, lost, within=within)
        steps += carrying(context, union, root, closure, within)
        steps += request.read_by
        steps += word_on_environment(context, Obligation.ADMITTED)
        choices.append(prove(ProofKind.WALK, context.incident, span, steps, assumed(context, request)))
        if not isinstance(choices[-1], OpenObligation):
            reason = f"nothing that {request.path} allows reaches it, over a closure that was read completely{lost}"
            return cleared(choices[-1], reason, request.document)
    first = choices[1]
    assert isinstance(first, OpenObligation)
    return opened(first, request.document)


def _closure_steps(
    context: ServiceContext,
    request: InstallRequest,
    closure: Closure,
    missing: Sequence[str],
    stuck: Sequence[str],
    lost: str,
    *,
    within: Span,
) -> Iterator[ProofStep]:
    """Yield obligations (e), (l), (m) and (n) for one closure."""
    world = context.union(request.requires_python)
    names = world.names_of(closure.packages)
    nowhere = {one.package for one in request.document.requirements if world.find(one.package) is None}
    private = sorted((names | nowhere) & context.accused.private_packages)
    if private:
        yield OpenObligation(
            obligation=Obligation.INDEXES,
            text=f"{request.path} needs the private package {private[0]}, which no public page speaks for; the lock or "
            "SBOM of the build would settle it",
        )
    else:
        yield fact(Obligation.INDEXES, "no name in the closure comes from a private index")
    if closure.hits:
        what = closure.path[-1].node if closure.path else "a target"
        yield OpenObligation(
            obligation=Obligation.ADMITTED,
            text=f"some releases that {request.path} allows lead to {what}; the lock or SBOM of the build would settle "
            "it",
        )
    else:
        yield fact(Obligation.ADMITTED, f"nothing that {request.path} allows reaches it, in any environment")
    beyond = context.accused.beyond_packages
    elsewhere = (f"a listing that covers {beyond}",) if beyond else ()
    unread = (*missing, *undecided_among(context, names), *elsewhere, *closure.unread)
    if not within.is_timeless:
        unread = (*unread, *(f"what a resolver does where nothing fits {one}" for one in (*stuck, *closure.stuck)))
    if unread:
        yield OpenObligation(
            obligation=Obligation.CLOSURE,
            text=f"cannot say yet: a fresh install from {request.path} does not take it{lost}, but this was not read: "
            f"{unread[0]}{and_more(len(unread))}; reading it would settle it, as would the lock or SBOM of the build",
            near=not closure.hits,
        )
    else:
        text = f"the closure of {request.path} was read completely ({len(names):,} packages)"
        builds = builds_of(context, request.requires_python, closure.reached, within)
        yield from builds.steps
        yield fact(Obligation.CLOSURE, text + builds.text)
    yield _public(context, request, is_timeless=within.is_timeless)


def _public(context: ServiceContext, request: InstallRequest, *, is_timeless: bool) -> ProofStep:
    """Return obligation (n): it installs from the public index, or a mirror of it whose end does not matter."""
    if private := private_of(context, request):
        return unread_index(request, private[0])
    named_ones = indexes_of(context, request)
    if named_ones and not is_timeless:
        return OpenObligation(
            obligation=Obligation.PUBLIC,
            text=f"{request.path} installs from {named_ones[0]}, presumed a mirror, and when that dropped what the "
            "index removed is not known; the lock or SBOM of the build would settle it",
        )
    if context.service.index:
        return word(Obligation.PUBLIC, f"the organisation says that it installs from {context.service.index}")
    return fact(Obligation.PUBLIC, f"{request.path} names no private index")
