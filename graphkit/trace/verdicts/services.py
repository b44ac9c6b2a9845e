"""The verdict of a service: every build that somebody names, and the build that nobody recorded (semantics §4).

Each is judged by what speaks for it, and the worst stands: a witness, else a proof, else the first open obligation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from graphkit.model.answers import Assumption, BuildVerdict, Obligation, ProofKind, ServiceVerdict, Verdict
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.organisation import Build, DocumentUse
from graphkit.model.requirements import requirement
from graphkit.model.times import Instant, Moment, rfc3339
from graphkit.trace.manifests import Asked
from graphkit.trace.verdicts.build_times import AROUND, ran, time_of
from graphkit.trace.verdicts.clearance import Open, Step, assuming, combined, fact, prove, word
from graphkit.trace.verdicts.context import Context, cleared, named, needed, opened, tools_gap
from graphkit.trace.verdicts.guards import guards_in_force
from graphkit.trace.verdicts.in_place import (
    ManifestInPlace,
    askings,
    in_place,
    manifests_in,
    names_of,
    needs,
    needs_walk,
)
from graphkit.trace.verdicts.inputs import State, gap_of, last_seen, rows_by_package, satisfies, stretches_of
from graphkit.trace.verdicts.listings import Finding, Words, read_listing
from graphkit.trace.verdicts.scripts import gap_of_conda, gap_of_projects, gap_of_unread, judge_script, keeps_to
from graphkit.trace.verdicts.walks import judge_groups_alone, judge_walk, of_build_system, of_manifest

_BASES: Final = list(Basis)
_VERDICTS: Final = list(Verdict)
_LISTINGS: Final = (DocumentKind.SBOM, DocumentKind.ENVIRONMENT)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; of none, `unknown`."""
    return min(verdicts, key=_VERDICTS.index, default=Verdict.UNKNOWN)


def judge(context: Context, uses: Sequence[DocumentUse], builds: Sequence[Build]) -> ServiceVerdict:
    """Return a service's verdict: that of its worst build. Every build is in it."""
    service = context.service
    context, states = in_place(context, uses)
    judged = [_recorded(context, use, states) for use in sorted(uses, key=_when) if _is_build(context, use)]
    judged += [_listed_lock(context, one) for one in states if _shows(context, one)]
    judged += [_named_build(context, build, states) for build in builds]
    if service.is_never_built:
        judged.append(_never_built(context))
    elif not service.builds_complete:
        judged.append(_unrecorded(context, states))
    return _service(context, judged)


def _service(context: Context, judged: Sequence[BuildVerdict]) -> ServiceVerdict:
    verdict = worst(one.verdict for one in judged)
    deciding = [one for one in judged if one.verdict is verdict]
    first = min(deciding, key=lambda one: _BASES.index(Basis(one.basis)) if one.basis else 9, default=None)
    service = context.service
    return ServiceVerdict(
        service=service.id,
        company=service.company,
        owner=service.owner,
        verdict=verdict,
        basis=first.basis if first else "",
        reason=first.reason if first else "its builds are declared complete and there is none; name one to settle it",
        slots=tuple(sorted({number for one in deciding for number in one.slots})),
        builds=tuple(replace(one, incident=context.incident) for one in judged),
        paths=first.paths if first else (),
        near=verdict is Verdict.UNKNOWN and all(one.near for one in deciding) and bool(deciding),
    )


def _when(use: DocumentUse) -> tuple[bool, Moment, str]:
    at = use.built_at or use.stands_from
    return (at is None, at or Moment(earliest=0, latest=0), use.document)


def _is_build(context: Context, use: DocumentUse) -> bool:
    return use.built_at is not None or context.document(use.document).kind in _LISTINGS


def _shows(context: Context, state: State) -> bool:
    """Return whether a lock shows an accused release: that holds whatever its time (semantics §3)."""
    return state.document.kind is DocumentKind.LOCK and _finding(context, state.use).verdict is Verdict.OBSERVED


def _finding(context: Context, use: DocumentUse) -> Finding:
    key = (use.document, use.is_complete)
    if key not in context.findings:
        service = context.service
        words = Words(is_complete=use.is_complete, complete_from=service.complete_from, resolver=service.resolver)
        context.findings[key] = read_listing(context.document(use.document), context.accused, words)
    return context.findings[key]


def _shown(context: Context, finding: Finding, document: Document, at: Moment | None) -> BuildVerdict:
    """Return the verdict of a document that shows an accused release."""
    assert finding.verdict is not None
    return BuildVerdict(
        at=at,
        verdict=finding.verdict,
        reason=finding.reason,
        basis=finding.basis,
        document=named(document),
        slots=_fetchable(context, finding),
        paths=finding.paths,
    )


def _fetchable(context: Context, finding: Finding) -> tuple[int, ...]:
    """Return the slots in which an accused release that a document shows was listed, so could be fetched."""
    places = [context.world.find_release(name, version) for name, version in sorted(finding.shown)]
    shown = [place for place in places if place]
    return tuple(
        number
        for number, slot in enumerate(context.field.slots)
        if any(package.shelf(slot.start, doubtful=True).listed[position] for package, position in shown)
    )


# Builds that a document or the organisation names


def _recorded(context: Context, use: DocumentUse, states: Sequence[State]) -> BuildVerdict:
    """Judge the build that a document describes, or that installed from it. An undated one exposes and never clears."""
    document = context.document(use.document)
    if document.kind in _LISTINGS:
        at = use.built_at or document.created
        # When a document was made says when the build ended only where it records one.
        ended = use.built_at or (document.created if document.basis is not Basis.LISTED else None)
        listed = _listing(context, _finding(context, use), document, at, ended)
        span = (context.start, context.until) if at is None else (at.earliest - AROUND, at.latest + AROUND)
        is_early = listed.clearance is not None and listed.clearance.kind is ProofKind.BAR
        return listed if is_early else _joined([listed, *_tools(context, span)], at)
    assert use.built_at is not None
    build = Build(service=context.service.id, at=use.built_at)
    parts = _from_inputs(context, build, states, document, None, is_complete=use.is_complete)
    judged = _joined([*parts, *_tools(context, ran(context, build))], build.at)
    is_exposed = judged.verdict not in {Verdict.CLEARED, Verdict.UNKNOWN}
    return judged if is_exposed else _ended_before(context, ran(context, build)[1] - 1, build.at) or judged


def _listed_lock(context: Context, state: State) -> BuildVerdict:
    document, use = state.document, state.use
    return _shown(context, _finding(context, use), document, use.stands_from or document.created)


def _listing(
    context: Context, finding: Finding, document: Document, at: Moment | None, ended: Moment | None
) -> BuildVerdict:
    """Judge a build by a listing of what it installed."""
    if finding.verdict is not None:
        return _shown(context, finding, document, at)
    if ended is not None and not finding.is_subject and (early := _ended_before(context, ended.latest + AROUND, at)):
        return early
    if at is None:
        dated: Step = Open(
            obligation=Obligation.DATED,
            text=f"{finding.reason}, but it is undated; the time of its build would settle it (--built-at)",
        )
        span = (context.start, context.until)
    else:
        dated = fact(Obligation.DATED, f"{document.path} speaks for the build of {at}")
        span = (at.earliest, at.latest + 1)
    candidates = (
        *((Assumption.ENVIRONMENT,) if document.is_of_one_environment else ()),
        *(Assumption.BUILD_ENV, Assumption.TOOLS),
        *(() if document.source_kind == "image" else (Assumption.BASE,)),
    )
    return _by_listing(context, finding, document, at, span, dated, candidates)


def _by_listing(  # noqa: PLR0917 - what a proof by listing is made of
    context: Context,
    finding: Finding,
    document: Document,
    at: Moment | None,
    span: tuple[Instant, Instant],
    dated: Step,
    candidates: Sequence[Assumption],
    reason: str = "",
) -> BuildVerdict:
    rest = needed(context.service, candidates)
    steps: list[Step] = [
        context.decided,
        fact(Obligation.TARGETS, f"asked about {context.releases}"),
        *finding.steps,
        dated,
        *rest.words,
    ]
    if not isinstance(dated, Open):
        steps.append(fact(Obligation.TIMES, dated.text))
    if gap := tools_gap(context, rest.assumes):
        steps.append(gap)
    proof = prove(ProofKind.LISTING, context.incident, span, steps, rest.assumes)
    if isinstance(proof, Open):
        return opened(proof, document, at)
    return cleared(proof, reason or finding.reason, document, at)


def _ended_before(context: Context, ended: Instant, at: Moment | None) -> BuildVerdict | None:
    """Return the proof that a build had ended before an accused file was uploaded by any account (obligation p)."""
    first = context.first_upload
    if first is None or ended >= first:
        return None
    text = f"it had ended before the first bad file was uploaded at {rfc3339(first)}"
    proof = prove(
        ProofKind.BAR,
        context.incident,
        (at.earliest if at else ended, ended + 1),
        [
            context.decided,
            fact(Obligation.TARGETS, f"asked about {context.releases}"),
            fact(Obligation.TIMES, f"every account of the first upload is known, and none is before {rfc3339(first)}"),
            fact(Obligation.ENDED, text),
        ],
    )
    return opened(proof, at=at) if isinstance(proof, Open) else cleared(proof, text, at=at)


def _named_build(context: Context, build: Build, states: Sequence[State]) -> BuildVerdict:
    """Judge a build that the organisation names: by everything that speaks for it, and the worst stands."""
    build, unread = _apart(context, build)
    parts: list[BuildVerdict] = []
    is_subject = False
    inputs: list[Document] = []
    manifest = context.document(build.manifest) if build.manifest else None
    named_ones = [context.document(sha) for sha in (build.document, build.lock) if sha]
    if manifest is not None and manifest.kind is not DocumentKind.MANIFEST:  # whatever it was called, it is no manifest
        named_ones, manifest = [*named_ones, manifest], None
    for document in named_ones:
        if document.kind in _LISTINGS:
            finding = _finding(context, DocumentUse(service=context.service.id, document=document.sha256))
            is_subject |= finding.is_subject
            parts.append(_listing(context, finding, document, time_of(build), None))
        else:
            inputs.append(document)
    if inputs:
        parts += [part for one in inputs for part in _from_inputs(context, build, states, one, manifest)]
    elif manifest is not None:
        parts += _building(context, [manifest], ran(context, build), build) if parts else ()
        parts = parts or _from_inputs(context, build, states, manifest, None)
    start, until = ran(context, build)
    exposed = [one for one in parts if one.verdict not in {Verdict.CLEARED, Verdict.UNKNOWN}]
    if not exposed and not is_subject and (early := _ended_before(context, until - 1, build.at)):
        return early
    if not parts:
        parts = [_at_its_time(context, build, states, start, until)]
    return _joined([*parts, *unread, *_tools(context, (start, until))], build.at)


def _apart(context: Context, build: Build) -> tuple[Build, list[BuildVerdict]]:
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
    context: Context,
    build: Build,
    states: Sequence[State],
    document: Document,
    manifest: Document | None,
    *,
    is_complete: bool = False,
) -> list[BuildVerdict]:
    """Judge a build by the lock or manifest that it installed from, and by what no lock governs.

    ``manifest`` is what it resolved from, where that is named beside a lock: what the lock does not satisfy, and what
    building it takes, are judged too. So are files in place that can install.
    """
    span = ran(context, build)
    use = DocumentUse(service=context.service.id, document=document.sha256, is_complete=is_complete)
    finding = _finding(context, use)
    parts = [_of_input(context, document, finding, build)]
    if document.kind is DocumentKind.LOCK:
        beside = [one.document for one in states if one.may_stand(*span)]
        parts += _building(context, [one for one in beside if one is not manifest], span, build)
    if manifest is not None and manifest.kind is DocumentKind.MANIFEST:
        stood = fact(Obligation.INPUTS, f"the build of {build.at} resolved from {manifest.path}")
        is_governed = satisfies(context.whole(document.sha256), manifest, needs(context))
        resolved = ManifestInPlace(manifest, guards_in_force(context, manifest), is_governed)
        parts += _manifest(context, resolved, span, stood)
    here = [one for one in states if one.may_stand(*span)]
    gaps = [(gap, one) for one in (document, manifest) if one and (gap := gap_of_projects(one, here))]
    return [*parts, *_of_scripts(context, here, span), *(opened(gap, one) for gap, one in gaps)]


def _building(
    context: Context, manifests: Iterable[Document], span: tuple[Instant, Instant], build: Build
) -> Iterator[BuildVerdict]:
    """Judge what building the projects takes whose manifests a build had before it (semantics §4)."""
    for manifest in manifests:
        if manifest.kind is DocumentKind.MANIFEST and needs_walk(context, manifest):
            stood = fact(Obligation.INPUTS, f"the build of {build.at} may have built the project of {manifest.path}")
            yield judge_walk(context, of_build_system(manifest), span, stood)


def _at_its_time(
    context: Context, build: Build, states: Sequence[State], start: Instant, until: Instant
) -> BuildVerdict:
    """Judge a build of which nothing is named by the inputs that were in place when it ran."""
    if any(state.may_stand(start, until) for state in states):
        return _joined([_stretch(context, states, *part) for part in stretches_of(states, start, until)], build.at)
    return opened(
        Open(
            obligation=Obligation.INPUTS,
            text=f"the build of {build.at} has no document; its SBOM, or the lock it installed from, would settle it",
        ),
        at=build.at,
    )


def _of_input(context: Context, document: Document, finding: Finding, build: Build) -> BuildVerdict:
    """Judge a build by the lock or manifest that it installed from. A manifest is walked, whatever it was called."""
    start, until = ran(context, build)
    stood = fact(Obligation.INPUTS, f"the build of {build.at} installed from {document.path}")
    if document.kind is DocumentKind.LOCK:
        if finding.verdict is not None:
            return _shown(context, finding, document, build.at)
        dated: Step = (
            fact(Obligation.DATED, f"the build of {build.at} installed from {document.path}")
            if time_of(build)
            else Open(
                obligation=Obligation.DATED,
                text=f"{finding.reason}, but when the build ran that installed from it is not known; its time (`at` "
                "in the organisation file) would settle it",
            )
        )
        return _by_lock(context, finding, document, build.at, (start, until), dated, ())
    if document.kind is DocumentKind.MANIFEST:
        resolved = ManifestInPlace(document, guards_in_force(context, document))
        return _joined(_manifest(context, resolved, (start, until), stood), build.at)
    gap = gap_of_unread(document) or Open(
        obligation=Obligation.INPUTS, text=f"{document.path} is neither a lock nor a manifest"
    )
    return opened(gap, document, build.at)


# The build that nobody recorded


def _never_built(context: Context) -> BuildVerdict:
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
    if isinstance(proof, Open):
        return opened(proof)
    return cleared(proof, "the organisation says that nothing was built (builds: none)")


def _unrecorded(context: Context, states: Sequence[State]) -> BuildVerdict:
    """Judge a build at any instant of the window that nothing records; before the first bad upload there is nothing."""
    first = context.first_upload
    start = context.start if first is None else min(max(context.start, first), context.until)
    parts = [_stretch(context, states, *part) for part in stretches_of(states, start, context.until)]
    if start > context.start and (early := _ended_before(context, start - 1, None)):
        parts.append(early)
    return _joined(parts, None)


def _joined(parts: Sequence[BuildVerdict], at: Moment | None) -> BuildVerdict:
    """Return the worst of what parts of one build say, with the reasons of all that are as bad."""
    verdict = worst(part.verdict for part in parts)
    deciding = [part for part in parts if part.verdict is verdict]
    if not deciding:
        return opened(Open(obligation=Obligation.INPUTS, text="the window is empty"), at=at)
    first = deciding[0]
    return BuildVerdict(
        at=at,
        verdict=verdict,
        reason="; ".join(dict.fromkeys(part.reason for part in deciding)),
        basis=first.basis,
        document=first.document,
        slots=tuple(sorted({number for part in deciding for number in part.slots})),
        paths=first.paths,
        clearance=combined([part.clearance for part in deciding if part.clearance])
        if verdict is Verdict.CLEARED
        else None,
        near=all(part.near for part in deciding),
    )


def _stretch(context: Context, states: Sequence[State], start: Instant, until: Instant) -> BuildVerdict:
    """Judge a build in a stretch between which no input changes: every input that may have been in place counts."""
    here = [state for state in states if state.may_stand(start, until)]
    inputs = [state for state in here if state.document.kind is not DocumentKind.SCRIPT]
    if not inputs:
        return opened(_nothing_in_place(states, start, until))
    gap = gap_of(states, here, start, until) or _missing_input(context, states)
    manifests = manifests_in(context, here, start, until)
    parts: list[BuildVerdict] = []
    for state in inputs:
        stood: Step = (
            Open(obligation=Obligation.INPUTS, text=gap)
            if gap
            else fact(Obligation.INPUTS, f"{state.document.path} was in place {_span_of(state)}")
        )
        if state.document.kind is DocumentKind.LOCK:
            parts.append(_lock_in_place(context, state, (start, until), stood, here))
        else:
            found = _manifest(context, manifests[state.key], (start, until), stood)
            parts += [_from_its_commit(context, state, (start, until), one) for one in found]
    parts += _of_scripts(context, here, (start, until))
    parts += _tools(context, (start, until))
    return _joined(parts, None)


def _extras_gap(context: Context, lock: Document) -> Open | None:
    """Return that a lock has a package with an extra and nothing of what that needs; None where it has all."""
    asked = [one for one in lock.requirements if one.extras and not one.marker]
    if not asked:
        return None
    listed = rows_by_package(context.whole(lock.sha256))
    of_extras = needs(context).of_extras
    for one in asked:
        for row in listed.get(one.package, ()):
            if missing := sorted(of_extras(one, row.version) - listed.keys()):
                return Open(
                    obligation=Obligation.COMPLETE,
                    text=f"{lock.path} lists {one.package}[{','.join(one.extras)}] {row.version} and not {missing[0]}, "
                    "which that needs; the SBOM of the build would settle it",
                )
    return None


def _missing_input(context: Context, states: Sequence[State]) -> str:
    """Return that the organisation names an input that nobody has; empty where every one is known."""
    known = {name for state in states for name in names_of(state)}
    for path in context.service.installs_from or ():
        if path not in known:
            return f"`installs_from` names {path}, of which no state is known; `graphkit ingest lock` of it settles it"
    return ""


def _from_its_commit(
    context: Context, state: State, span: tuple[Instant, Instant], judged: BuildVerdict
) -> BuildVerdict:
    """Return a clearance with the assumption that a state was in place from its commit, where that matters.

    It does not where installs from the state before are cleared as well: a commit may reach a build later.
    """
    if judged.clearance is None or state.before is None or _was_clean(context, state.before, span):
        return judged
    return replace(judged, clearance=assuming(judged.clearance, Assumption.COMMIT))


def _was_clean(context: Context, before: State, span: tuple[Instant, Instant]) -> bool:
    """Return whether installs from a state would be cleared in a stretch in which another had taken its place."""
    document = before.document
    if document.kind is DocumentKind.LOCK:
        return _finding(context, before.use).is_clean
    if document.kind is not DocumentKind.MANIFEST:
        return False
    stood = fact(Obligation.INPUTS, f"{document.path} was in place before")
    found = _manifest(context, ManifestInPlace(document, guards_in_force(context, document)), span, stood)
    return all(one.verdict is Verdict.CLEARED for one in found)


def _of_scripts(context: Context, here: Sequence[State], span: tuple[Instant, Instant]) -> Iterator[BuildVerdict]:
    """Yield an open verdict for every file in place with commands that may install what no input says."""
    for state in here:
        if state.document.commands and (gap := judge_script(context, state, here, span)):
            yield opened(gap, state.document)


def _nothing_in_place(states: Sequence[State], start: Instant, until: Instant) -> Open:
    when = f"from {rfc3339(start)} to {rfc3339(until)}"
    paths = sorted(state.document.path for state in states if state.document.kind is not DocumentKind.SCRIPT)
    beside = f" ({paths[0]} is known, but not for that time)" if paths else ""
    return Open(
        obligation=Obligation.INPUTS,
        text=f"no lock or manifest is known to have been in place {when}{beside}; one, or a list of all builds, "
        "would settle it: `graphkit ingest lock REPOSITORY`",
    )


def _span_of(state: State) -> str:
    since, until = rfc3339(state.was[0]), rfc3339(last_seen(state.was[1]))
    return f"from {since} to {until}" if since and until else f"since {since}" if since else "at no known time"


def _lock_in_place(
    context: Context, state: State, span: tuple[Instant, Instant], stood: Step, here: Sequence[State]
) -> BuildVerdict:
    """Judge installs from a lock that was in place."""
    finding, document = _finding(context, state.use), state.document
    if finding.verdict is not None:
        found = _shown(context, finding, document, None)
        return _noted(found, f"{found.reason}; {_may_span(state)}, and speaks for installs from it", state)
    dated: Step = (
        Open(obligation=Obligation.DATED, text=stood.text)
        if isinstance(stood, Open)
        else fact(Obligation.DATED, stood.text)
    )
    judged = _by_lock(context, finding, document, None, span, dated, (Assumption.INPUTS,), keeps_to(here, state))
    judged = _from_its_commit(context, state, span, judged)
    if judged.verdict is not Verdict.CLEARED:
        return judged
    reason = f"{finding.reason}; it was in place {_span_of(state)}, and speaks for installs from it"
    return _noted(judged, reason, state)


def _may_span(state: State) -> str:
    since, until = rfc3339(state.may[0]), rfc3339(state.may[1])
    if since and until:
        return f"it was in place from {since} to {until}"
    return f"it was in place from {since} on" if since else "it may have been in place"


def _noted(judged: BuildVerdict, reason: str, state: State) -> BuildVerdict:
    return replace(judged, reason=reason + (f" ({state.use.note})" if state.use.note else ""))


def _by_lock(  # noqa: PLR0917 - what a proof by lock is made of
    context: Context,
    finding: Finding,
    document: Document,
    at: Moment | None,
    span: tuple[Instant, Instant],
    dated: Step,
    extra: Sequence[Assumption],
    used: str = "",
) -> BuildVerdict:
    """Judge an install that keeps to a lock without an accused release."""
    late = context.first_upload is None or span[1] > context.first_upload
    candidates = (
        *extra,
        *(() if used else (Assumption.LOCK,)),
        *((Assumption.ENVIRONMENT,) if document.is_of_one_environment else ()),
        *(Assumption.BUILD_ENV, Assumption.TOOLS, Assumption.BASE),
        *((Assumption.CACHES,) if late else ()),
    )
    if used:
        finding = replace(finding, steps=(*finding.steps, fact(Obligation.INSTALLED, used)))
    if gap := _extras_gap(context, document):
        finding = replace(finding, steps=(*finding.steps, gap))
    return _by_listing(context, finding, document, at, span, dated, candidates)


def _manifest(context: Context, one: ManifestInPlace, span: tuple[Instant, Instant], stood: Step) -> list[BuildVerdict]:
    """Judge installs from a manifest: what it requires unless a lock governs that, and what building it takes."""
    own: list[BuildVerdict] = []
    building: list[BuildVerdict] = []
    for asking in askings(context, one):
        is_own = asking.document is one.manifest
        if not (is_own and one.is_governed):
            (own if is_own else building).append(judge_walk(context, asking, span, stood))
    if not one.is_governed:
        if all(part.verdict is Verdict.CLEARED for part in own):
            own += judge_groups_alone(context, one.manifest, one.read, span, stood)
        if gap := gap_of_conda(context, one.manifest, span):
            own.append(opened(gap, one.manifest))
    return [*own, *building]


def _tools(context: Context, span: tuple[Instant, Instant]) -> list[BuildVerdict]:
    """Judge what the organisation says installs the service, as an input of its own; nothing where it does not say."""
    if not context.service.tools:
        return []
    tools = Document(
        sha256="",
        path="the tools that the organisation names",
        kind=DocumentKind.MANIFEST,
        format="",
        basis=Basis.LISTED,
        requirements=tuple(requirement(one) for one in context.service.tools),
        completeness=Completeness.COMPLETE,
    )
    stood = word(Obligation.INPUTS, "the organisation names what installs it (tools)")
    return [judge_walk(context, of_manifest(tools, Asked(extras=(), groups=())), span, stood)]
