"""The verdict of a service: every build that somebody names, and the build that nobody recorded.

Contract: docs/semantics.md#builds.

Each is judged by what speaks for it, and the worst stands: a witness, else a proof, else the first open obligation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from graphkit.model.answers import Assumption, BuildVerdict, InputName, Obligation, ProofKind, ServiceVerdict
from graphkit.model.documents import METADATA, Basis, Component, Document, DocumentKind
from graphkit.model.names import named_by_file
from graphkit.model.organisation import Build, DocumentUse, Word, as_said
from graphkit.model.ranks import Verdict, worst
from graphkit.model.times import NO_TIME, Instant, Moment, rfc3339
from graphkit.trace.verdicts.build_parts import (
    as_said_of,
    by_listing,
    by_lock,
    by_manifest,
    by_words,
    ended_before,
    finding_of,
    joined,
    of_building,
    of_scripts,
    of_setup_files,
    of_tools,
    shown,
    with_usual_tools,
)
from graphkit.trace.verdicts.build_times import ran, time_of
from graphkit.trace.verdicts.clearance import (
    OpenObligation,
    ProofStep,
    fact,
    prove,
    shown_or_said,
    with_assumption,
    word,
)
from graphkit.trace.verdicts.context import ServiceContext, cleared, opened, placed
from graphkit.trace.verdicts.guards import guards_in_force
from graphkit.trace.verdicts.in_place import (
    ManifestInPlace,
    counts,
    in_place,
    is_settled_by,
    locked_in,
    manifest_of_build,
    manifests_in,
    names_of,
    with_builds_of_others,
    words_on_governed,
)
from graphkit.trace.verdicts.inputs import (
    InputState,
    gap_of,
    last_seen,
    state_of_build,
    states_of,
    stretches_of,
)
from graphkit.trace.verdicts.listings import Finding
from graphkit.trace.verdicts.scripts import gap_of_projects, gap_of_unread, keeps_to, only_tool_of

_LISTINGS: Final = (DocumentKind.SBOM, DocumentKind.ENVIRONMENT)
_ALL_BUILDS: Final = word(Obligation.INPUTS, "the organisation says that the builds named are all there were")


def judge(context: ServiceContext, uses: Sequence[DocumentUse], builds: Sequence[Build]) -> ServiceVerdict:
    """Return a service's verdict: that of its worst build. Every build is in it."""
    context, states = in_place(with_usual_tools(context), uses)
    service = context.service
    judged = [_recorded(context, group, states) for group in _builds_among(context, uses)]
    every = states_of(uses, context.document) if context.is_astray else states
    judged += [_listed_lock(context, one) for one in every if _shows(context, one)]
    judged += _distributions(context, uses)
    judged += [_named_build(context, build, states) for build in builds]
    if service.is_never_built:
        judged.append(_never_built(context))
    elif service.builds_complete:
        judged = [by_words(one, (_ALL_BUILDS,)) for one in judged]
    else:
        judged.append(_unrecorded(context, states))
    return _service(context, judged)


def _service(context: ServiceContext, judged: Sequence[BuildVerdict]) -> ServiceVerdict:
    verdict = worst(one.verdict for one in judged)
    deciding = [one for one in judged if one.verdict is verdict]
    first = min(deciding, key=lambda one: Basis(one.basis).rank if one.basis else len(Basis), default=None)
    service = context.service
    return ServiceVerdict(
        service=service.id,
        company=service.company,
        owner=service.owner,
        verdict=verdict,
        basis=first.basis if first else "",
        reason=first.reason if first else "its builds are declared complete and there is none; name one to settle it",
        slots=tuple(sorted({number for one in deciding for number in one.slots})),
        builds=tuple(replace(placed(context, one), incident=context.incident) for one in judged),
        paths=first.paths if first else (),
        near=verdict is Verdict.UNKNOWN and all(one.near for one in deciding) and bool(deciding),
    )


def _when(use: DocumentUse) -> tuple[bool, Moment, str]:
    at = use.built_at or use.stands_from
    return (at is None, at or Moment(earliest=0, latest=0), use.document)


def _builds_among(context: ServiceContext, uses: Sequence[DocumentUse]) -> list[list[DocumentUse]]:
    """Return the builds that documents tell of: each listing one, and the inputs of one place and time one together."""
    found: dict[object, list[DocumentUse]] = {}
    for use in sorted(uses, key=_when):
        kind = context.document(use.document).kind
        if kind in _LISTINGS:
            found[use] = [use]
        elif use.built_at is not None and kind is not DocumentKind.DISTRIBUTION:
            found.setdefault((use.built_at, use.repository, use.branch), []).append(use)
    return list(found.values())


def _shows(context: ServiceContext, state: InputState) -> bool:
    """Return whether a lock shows an accused release: that holds whatever its time (docs/semantics.md#tiers)."""
    return state.document.kind is DocumentKind.LOCK and finding_of(context, state.use).verdict is Verdict.OBSERVED


# Builds that a document or the organisation names


def _recorded(context: ServiceContext, uses: Sequence[DocumentUse], states: Sequence[InputState]) -> BuildVerdict:
    """Judge the build that documents describe or were used by. An undated one exposes and never clears."""
    use, document = uses[0], context.document(uses[0].document)
    if document.kind not in _LISTINGS:
        return _installed_from(context, uses, states)
    at = use.built_at or document.created
    # When a document was made says when the build ended only where it records one.
    ended = use.built_at or (document.created if document.basis is not Basis.LISTED else None)
    words = use.said_of("built_at")
    listed = by_listing(context, finding_of(context, use), document, at, ended, words)
    if at is None:
        return joined([listed, *of_tools(context, (context.start, context.until))], at)
    if listed.clearance is not None and listed.clearance.kind is ProofKind.BAR:
        return _as_said_of(listed, at, words)
    build = Build(service=context.service.id, at=at, words=words)
    span = ran(context, build)
    beside = [one.document for one in states if one.may_stand(*span)]
    parts = [listed, *of_building(context, beside, span, build), *of_tools(context, span)]
    return _as_said_of(joined(parts, at), at, words)


def _as_said_of(judged: BuildVerdict, at: Moment, words: Sequence[Word]) -> BuildVerdict:
    """Return the verdict of a build with who says when it ran, where no document does."""
    return as_said_of(judged, "there was such a build" if at == NO_TIME else f"its build ran at {at}", words)


def _installed_from(context: ServiceContext, uses: Sequence[DocumentUse], states: Sequence[InputState]) -> BuildVerdict:
    """Judge a build that used some inputs of one place together.

    A lock among them may govern a manifest, and a script says what else was installed.
    """
    assert uses[0].built_at is not None
    build = Build(service=context.service.id, at=uses[0].built_at, words=uses[0].said_of("built_at"))
    span = ran(context, build)
    own = [with_builds_of_others(context, state_of_build(one, context.document(one.document), span)) for one in uses]
    own = [one for one in own if counts(context, one.use, one.document)] or own
    states = [*(own if len(own) > 1 else ()), *states]
    scripts = [one for one in states if one.document.kind is DocumentKind.SCRIPT and one.may_stand(*span)]
    locked = locked_in(context, [*own, *(one for one in scripts if one not in own)], *span)
    parts = [
        part
        for one in [one for one in own if one.document.kind is not DocumentKind.SCRIPT] or own
        for part in _from_inputs(context, build, states, one.document, None, is_governed=one.key in locked)
    ]
    judged = joined([*parts, *of_tools(context, span)], build.at)
    governed = [ManifestInPlace(one.document, None, is_governed=True) for one in own if one.key in locked]
    judged = by_words(judged, _on_governed(context, governed))
    if judged.verdict in {Verdict.CLEARED, Verdict.UNKNOWN}:
        judged = ended_before(context, span[1] - 1, build.at, build.words) or judged
    return _as_said_of(judged, build.at, build.words)


def _listed_lock(context: ServiceContext, state: InputState) -> BuildVerdict:
    document, use = state.document, state.use
    found = shown(context, finding_of(context, use), document, use.stands_from or document.created)
    return as_said_of(found, f"it was in place from {use.stands_from} on", use.said_of("stands_from"))


def _distributions(context: ServiceContext, uses: Sequence[DocumentUse]) -> Iterator[BuildVerdict]:
    """Yield a verdict for each wheel or source archive beside the inputs that is an accused release, or may be one.

    A build may install it. One of another release says nothing, and none clears a build.
    """
    files = [one for one in uses if context.document(one.document).kind is DocumentKind.DISTRIBUTION]
    counted = [one for one in files if context.is_astray or counts(context, one, context.document(one.document))]
    for use in {one.document: one for one in sorted(counted, key=_when, reverse=True)}.values():
        document = context.document(use.document)
        finding = finding_of(context, use)
        if finding.verdict is not None:
            what = _released(document.components[0], finding)
            reason = f"{document.path} is {what}; a build may install it"
            if document.format == METADATA:
                reason = f"{document.path} says that {what.rpartition(',')[0]} lies there; a build may use it"
            found = replace(shown(context, finding, document, None), reason=reason)
            yield as_said_of(found, f"it was there from {use.stands_from} on", use.said_of("stands_from"))
        elif finding.may_show:
            gap = next(one for one in finding.steps if isinstance(one, OpenObligation))
            settles = "what the file is, or `installs_from` in the organisation file, would settle it"
            yield opened(replace(gap, text=f"{gap.text}; {settles}"), document)


def _released(row: Component, finding: Finding) -> str:
    """Return which accused release a file is, and by what it is known: its name may be that of another."""
    name = f"{row.package} {row.version}" if row.package else "an accused file"
    if finding.shown:
        name = " and ".join(f"{package} {version}" for package, version in sorted(finding.shown))
    return f"{name}, by its {'hash' if finding.basis == Basis.HASH else 'name'}"


def _named_build(context: ServiceContext, build: Build, states: Sequence[InputState]) -> BuildVerdict:
    """Judge a build that the organisation names: by everything that speaks for it, and the worst stands."""
    build, unread = _apart(context, build)
    start, until = ran(context, build)
    parts: list[BuildVerdict] = []
    is_subject = False
    inputs: list[Document] = []
    manifest = context.document(build.manifest) if build.manifest else None
    named_ones = [context.document(sha) for sha in (build.document, build.lock) if sha]
    if manifest is not None and manifest.kind is not DocumentKind.MANIFEST:  # whatever it was called, it is no manifest
        named_ones, manifest = [*named_ones, manifest], None
    for document in named_ones:
        if document.kind in _LISTINGS:
            finding = finding_of(context, DocumentUse(service=context.service.id, document=document.sha256))
            is_subject |= finding.is_subject
            parts.append(by_listing(context, finding, document, time_of(build), None, build.words))
        else:
            inputs.append(document)
    if inputs:
        parts += [part for one in inputs for part in _from_inputs(context, build, states, one, manifest)]
    elif parts:
        beside = [one.document for one in states if one.may_stand(start, until)]
        manifests = [*([manifest] if manifest else []), *(one for one in beside if one is not manifest)]
        parts += of_building(context, manifests, (start, until), build)
    elif manifest is not None:
        parts = _from_inputs(context, build, states, manifest, None)
    exposed = [one for one in parts if one.verdict not in {Verdict.CLEARED, Verdict.UNKNOWN}]
    if not exposed and not is_subject and (early := ended_before(context, until - 1, build.at, build.words)):
        return _as_said_of(early, build.at, build.words)
    if not parts:
        parts = [_at_its_time(context, build, states, start, until)]
    judged = joined([*parts, *unread, *of_tools(context, (start, until))], build.at)
    return _as_said_of(judged, build.at, build.words)


def _apart(context: ServiceContext, build: Build) -> tuple[Build, list[BuildVerdict]]:
    """Return a build without the files named of it that could not be read, and for each of those an open verdict."""
    unread: list[BuildVerdict] = []
    lost: dict[str, str] = {}
    named = (build.document, build.lock, build.manifest)
    for one in [context.document(sha256) for sha256 in named if sha256]:
        if gap := gap_of_unread(one):
            unread.append(opened(gap, one, build.at))
            lost[one.sha256] = ""
    document, lock, manifest = (lost.get(sha256, sha256) for sha256 in named)
    return replace(build, document=document, lock=lock, manifest=manifest), unread


def _from_inputs(
    context: ServiceContext,
    build: Build,
    states: Sequence[InputState],
    document: Document,
    manifest: Document | None,
    *,
    is_governed: bool = False,
) -> list[BuildVerdict]:
    """Judge a build by the lock or manifest that it installed from, and by what no lock governs.

    ``manifest`` is what it resolved from, where that is named beside a lock: what the lock does not satisfy, and what
    building it takes, are judged too. So are files in place that can install. ``is_governed``: of a manifest, a lock
    that the build used settles what it requires.
    """
    span = ran(context, build)
    finding = finding_of(context, DocumentUse(service=context.service.id, document=document.sha256))
    parts = _of_input(context, document, finding, build, states, is_governed=is_governed)
    if document.kind is DocumentKind.LOCK:
        beside = [one.document for one in states if one.may_stand(*span)]
        parts += of_building(context, [one for one in beside if one is not manifest], span, build)
    if manifest is not None and manifest.kind is DocumentKind.MANIFEST:
        stood = shown_or_said(Obligation.INPUTS, f"the build of {build.at} resolved from {manifest.path}", build.words)
        is_governed = is_settled_by(context, document, manifest)
        resolved = manifest_of_build(context, manifest, states, span, is_governed=is_governed)
        parts += by_manifest(context, resolved, span, stood)
        parts = [by_words(one, _on_governed(context, (resolved,))) for one in parts]
    here = [one for one in states if one.may_stand(*span)]
    gaps = [(gap, one) for one in (document, manifest) if one and (gap := gap_of_projects(one, here))]
    return [*parts, *of_scripts(context, here, span), *(opened(gap, one) for gap, one in gaps)]


def _at_its_time(
    context: ServiceContext, build: Build, states: Sequence[InputState], start: Instant, until: Instant
) -> BuildVerdict:
    """Judge a build of which nothing is named by the inputs that were in place when it ran."""
    if any(state.may_stand(start, until) for state in states):
        return joined([_stretch(context, states, *part) for part in stretches_of(states, start, until)], build.at)
    settles = "its SBOM, or the lock it installed from"
    if until <= context.whole_window[0] and context.first_upload is None and context.accused.packages:
        # Its page may tell that nothing accused was there yet (obligation p): the least that somebody has to find.
        pages = " and ".join(sorted(context.accused.packages))
        settles = f"its SBOM, the lock it installed from, or the index page of {pages}, if it ended before the upload"
    text = f"the build of {build.at} has no document; {settles}, would settle it"
    return opened(OpenObligation(obligation=Obligation.INPUTS, text=text), at=build.at)


def _of_input(
    context: ServiceContext,
    document: Document,
    finding: Finding,
    build: Build,
    states: Sequence[InputState],
    *,
    is_governed: bool,
) -> list[BuildVerdict]:
    """Judge a build by the lock or manifest that it installed from. A manifest is walked, whatever it was called."""
    start, until = ran(context, build)
    stood = shown_or_said(Obligation.INPUTS, f"the build of {build.at} installed from {document.path}", build.words)
    if document.kind is DocumentKind.LOCK:
        if finding.verdict is not None:
            return [shown(context, finding, document, build.at)]
        dated: ProofStep = (
            replace(stood, obligation=Obligation.DATED)
            if time_of(build)
            else OpenObligation(
                obligation=Obligation.DATED,
                text=f"{finding.reason}, but when the build ran that installed from it is not known; its time (`at` "
                "in the organisation file) would settle it",
            )
        )
        return [by_lock(context, finding, document, build.at, (start, until), dated, ())]
    if document.kind is DocumentKind.MANIFEST:
        resolved = manifest_of_build(context, document, states, (start, until), is_governed=is_governed)
        return by_manifest(context, resolved, (start, until), stood)
    gap = gap_of_unread(document) or OpenObligation(
        obligation=Obligation.INPUTS, text=f"{document.path} is neither a lock nor a manifest"
    )
    return [opened(gap, document, build.at)]


# The build that nobody recorded


def _never_built(context: ServiceContext) -> BuildVerdict:
    proof = prove(
        ProofKind.BAR,
        context.incident,
        (context.start, context.until),
        [
            context.decided,
            fact(Obligation.TARGETS, f"asked about {context.releases}"),
            word(Obligation.TIMES, "the organisation says that nothing was built (builds: none)"),
            word(Obligation.ENDED, "the organisation says that nothing was built (builds: none)"),
        ],
    )
    if isinstance(proof, OpenObligation):
        return opened(proof)
    return cleared(proof, "the organisation says that nothing was built (builds: none)")


def _unrecorded(context: ServiceContext, states: Sequence[InputState]) -> BuildVerdict:
    """Judge a build at any instant of the window that nothing records; before the first bad upload there is nothing."""
    first = context.first_upload
    start = context.start if first is None else min(max(context.start, first), context.until)
    parts = [_stretch(context, states, *part) for part in stretches_of(states, start, context.until)]
    if start > context.start and (early := ended_before(context, start - 1, None)):
        parts.append(early)
    return joined(parts, None)


def _stretch(context: ServiceContext, states: Sequence[InputState], start: Instant, until: Instant) -> BuildVerdict:
    """Judge a build in a stretch between which no input changes: every input that may have been in place counts."""
    here = [state for state in states if state.may_stand(start, until)]
    inputs = [state for state in here if state.document.kind is not DocumentKind.SCRIPT]
    gap = gap_of(states, here, start, until) or _missing_input(context, states)
    if not inputs:
        scripts = of_scripts(context, here, (start, until))
        astray = _missing_input(context, states) if context.is_astray else None
        projects = [] if astray else list(_by_setup_files(context, here, (start, until), gap))
        projects = projects or [opened(astray or _nothing_in_place(states, start, until))]
        return joined([*scripts, *projects, *of_tools(context, (start, until))], None)
    manifests = manifests_in(context, here, start, until)
    parts: list[BuildVerdict] = []
    for state in inputs:
        since = f"{state.document.path} was in place {_span_of(state)}"
        stood: ProofStep = gap or shown_or_said(Obligation.INPUTS, since, state.words)
        if state.document.kind is DocumentKind.LOCK:
            parts.append(_lock_in_place(context, state, (start, until), stood, here))
        else:
            found = by_manifest(context, manifests[state.key], (start, until), stood)
            since = _may_span(state, state.document.path)
            found = [_from_its_commit(context, state, (start, until), one) for one in found]
            parts += [as_said_of(one, since, _decisive(state, one)) for one in found]
    parts += of_scripts(context, here, (start, until))
    parts += of_tools(context, (start, until))
    return by_words(joined(parts, None), _on_governed(context, manifests.values()))


def _by_setup_files(
    context: ServiceContext, here: Sequence[InputState], span: tuple[Instant, Instant], gap: OpenObligation | None
) -> Iterator[BuildVerdict]:
    """Yield verdicts of the project that setup files in place are of, where it has no manifest."""
    for state in here:
        since = f"{state.document.path} was in place {_span_of(state)}"
        stood: ProofStep = gap or shown_or_said(Obligation.INPUTS, since, state.words)
        for one in of_setup_files(context, state, span, stood):
            yield as_said_of(_from_its_commit(context, state, span, one), since, _decisive(state, one))


def _on_governed(context: ServiceContext, manifests: Iterable[ManifestInPlace]) -> list[ProofStep]:
    """Return the words of the organisation by which locks settle what some manifests require."""
    return [said for one in manifests if one.is_governed for said in words_on_governed(context, one.manifest)]


def _missing_input(context: ServiceContext, states: Sequence[InputState]) -> OpenObligation | None:
    """Return that the organisation names an input that nobody has; None where every one is known."""
    known = {name for state in states for name in names_of(state.use, state.document)}
    for path in context.service.installs_from or ():
        if path not in known:
            text = f"`installs_from` names {path}, of which no state is known; that file would settle it"
            if named := named_by_file(path):
                text = (
                    f"`installs_from` names {path}, a file of {named[0]} {named[1]}: what it requires is not read; a "
                )
                text += "lock of all that is installed would settle it"
            return OpenObligation(
                obligation=Obligation.INPUTS,
                text=text,
                input=InputName(repository="", path=path, branch=""),
            )
    return None


def _from_its_commit(
    context: ServiceContext, state: InputState, span: tuple[Instant, Instant], judged: BuildVerdict
) -> BuildVerdict:
    """Return a clearance with the assumption that a state was in place from its commit, where that matters.

    It does not where installs from the state before are cleared as well: a commit may reach a build later.
    """
    if judged.clearance is None or state.before is None or _was_clean(context, state.before, span):
        return judged
    return replace(judged, clearance=with_assumption(judged.clearance, Assumption.COMMIT))


def _was_clean(context: ServiceContext, before: InputState, span: tuple[Instant, Instant]) -> bool:
    """Return whether installs from a state would be cleared in a stretch in which another had taken its place."""
    document = before.document
    if document.kind is DocumentKind.LOCK:
        return finding_of(context, before.use).is_clean
    if document.kind is not DocumentKind.MANIFEST:
        return False
    stood = fact(Obligation.INPUTS, f"{document.path} was in place before")
    found = by_manifest(context, ManifestInPlace(document, guards_in_force(context, document)), span, stood)
    return all(one.verdict is Verdict.CLEARED for one in found)


def _nothing_in_place(states: Sequence[InputState], start: Instant, until: Instant) -> OpenObligation:
    when = f"from {rfc3339(start)} to {rfc3339(until)}"
    paths = sorted(state.document.path for state in states if state.document.kind is not DocumentKind.SCRIPT)
    beside = f" ({paths[0]} is known, but not for that time)" if paths else ""
    return OpenObligation(
        obligation=Obligation.INPUTS,
        text=f"no lock or manifest is known to have been in place {when}{beside}; one, or a list of all builds, "
        "would settle it",
    )


def _span_of(state: InputState) -> str:
    since, until = rfc3339(state.was[0]), rfc3339(last_seen(state.was[1]))
    return f"from {since} to {until}" if since and until else f"since {since}" if since else "at no known time"


def _lock_in_place(
    context: ServiceContext,
    state: InputState,
    span: tuple[Instant, Instant],
    stood: ProofStep,
    here: Sequence[InputState],
) -> BuildVerdict:
    """Judge installs from a lock that was in place."""
    finding, document = finding_of(context, state.use, only_tool_of(here, state)), state.document
    if finding.verdict is not None:
        found = shown(context, finding, document, None)
        return _noted(found, f"{found.reason}; {_may_span(state)}{_and_speaks(state, found)}", state)
    dated = replace(stood, obligation=Obligation.DATED)
    judged = by_lock(context, finding, document, None, span, dated, (Assumption.INPUTS,), keeps_to(here, state))
    judged = _from_its_commit(context, state, span, judged)
    if judged.verdict is not Verdict.CLEARED:
        return judged
    return _noted(judged, f"{finding.reason}; it was in place {_span_of(state)}{_and_speaks(state, judged)}", state)


def _and_speaks(state: InputState, judged: BuildVerdict) -> str:
    """Return who says when a lock was in place, where somebody does, and what it speaks for."""
    return f"{as_said(_decisive(state, judged))}, and speaks for installs from it"


def _may_span(state: InputState, what: str = "it") -> str:
    since, until = rfc3339(state.may[0]), rfc3339(state.may[1])
    if since and until:
        return f"{what} was in place from {since} to {until}"
    return f"{what} was in place from {since} on" if since else f"{what} may have been in place"


def _decisive(state: InputState, judged: BuildVerdict) -> tuple[Word, ...]:
    """Return what somebody said of a state that its verdict rests on: when it was last seen exposes nothing."""
    is_cleared = judged.verdict is Verdict.CLEARED
    return tuple(one for one in state.words if is_cleared or one.time != "read_at")


def _noted(judged: BuildVerdict, reason: str, state: InputState) -> BuildVerdict:
    return replace(judged, reason=reason + (f" ({state.use.note})" if state.use.note else ""))
