"""The parts that a build is judged by: a listing, a lock, a manifest, what building it takes, scripts and tools.

Each is a verdict of its own, and the worst of a build's parts is the build's (docs/semantics.md#worst-build).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from graphkit.model.answers import Assumption, BuildVerdict, Discharge, Obligation, ProofKind
from graphkit.model.documents import DOWNLOAD, IMAGE, SETUP_FILES, Basis, Completeness, Document, DocumentKind
from graphkit.model.organisation import Build, DocumentUse, Word, as_said
from graphkit.model.ranks import Verdict, worst
from graphkit.model.requirements import requirement
from graphkit.model.times import Instant, Moment, rfc3339
from graphkit.trace.resolve.manifests import InstallSelection, truth_of
from graphkit.trace.verdicts.build_times import AROUND
from graphkit.trace.verdicts.building import judge_install, judge_rows, may_build, worst_of
from graphkit.trace.verdicts.clearance import (
    OpenObligation,
    ProofStep,
    combined,
    fact,
    prove,
    shown_or_said,
    with_word,
    word,
)
from graphkit.trace.verdicts.context import (
    USUAL_TOOLS,
    ServiceContext,
    cleared,
    is_usual,
    named,
    needed,
    opened,
    tools_gap,
    word_on_environment,
)
from graphkit.trace.verdicts.in_place import ManifestInPlace, install_requests, needs, needs_walk
from graphkit.trace.verdicts.inputs import InputState, rows_by_package
from graphkit.trace.verdicts.install_requests import of_build_system, of_manifest
from graphkit.trace.verdicts.listings import Finding, Words, read_listing
from graphkit.trace.verdicts.scripts import gap_of_conda, gap_of_unread, is_pin, judge_script
from graphkit.trace.verdicts.walks import judge_groups_alone

_SETUPTOOLS: Final = "setuptools"
"""The tool of what a setup file says that its project requires."""


def finding_of(context: ServiceContext, use: DocumentUse, tool: str = "") -> Finding:
    """Return what a document says; ``tool`` installs from it, where a command says so and the organisation nothing."""
    service = context.service
    resolver = service.resolver or tool
    is_complete = use.is_complete or use.document in context.said_complete
    key = (use.document, is_complete, resolver)
    if key not in context.findings:
        words = Words(
            is_complete=is_complete,
            complete_from=service.complete_from,
            resolver=resolver,
            names_resolver=bool(service.resolver),
        )
        context.findings[key] = read_listing(context.document(use.document), context.accused, words)
    return context.findings[key]


def shown(context: ServiceContext, finding: Finding, document: Document, at: Moment | None) -> BuildVerdict:
    """Return the verdict of a document that shows an accused release."""
    assert finding.verdict is not None
    return BuildVerdict(
        at=at,
        verdict=finding.verdict,
        reason=finding.reason,
        basis=finding.basis,
        document=named(document, finding.line),
        slots=_fetchable(context, finding),
        paths=finding.paths,
    )


def _fetchable(context: ServiceContext, finding: Finding) -> tuple[int, ...]:
    """Return the slots in which an accused release that a document shows was listed, so could be fetched."""
    places = [context.world.find_release(name, version) for name, version in sorted(finding.shown)]
    shown = [place for place in places if place]
    return tuple(
        number
        for number, slot in enumerate(context.reach.slots)
        if any(package.availability(slot.start, doubtful=True).listed[position] for package, position in shown)
    )


def by_listing(
    context: ServiceContext,
    finding: Finding,
    document: Document,
    at: Moment | None,
    ended: Moment | None,
    words: Sequence[Word] = (),
) -> BuildVerdict:
    """Judge a build by a listing of what it installed. ``words``: who says when it ran."""
    if finding.verdict is not None:
        return shown(context, finding, document, at)
    if ended is not None and not finding.is_subject:
        early = ended_before(context, ended.latest + AROUND, at, words)
        if early is not None:
            return early
    if gap := gap_of_unread(document):
        return opened(gap, document, at)
    if at is None:
        dated: ProofStep = OpenObligation(
            obligation=Obligation.DATED,
            text=f"{finding.reason}, but it is undated; the time of its build would settle it",
        )
        span = (context.start, context.until)
    else:
        dated = shown_or_said(Obligation.DATED, f"{document.path} speaks for the build of {at}", words)
        span = (at.earliest, at.latest + 1)
    candidates = (
        *((Assumption.ENVIRONMENT,) if document.is_of_one_environment else ()),
        *(Assumption.BUILD_ENV, Assumption.TOOLS),
        *(() if document.source_kind == "image" else (Assumption.BASE,)),
    )
    return _proved(context, finding, document, at, span, dated, candidates)


def _proved(  # noqa: PLR0917 - what a proof by listing is made of
    context: ServiceContext,
    finding: Finding,
    document: Document,
    at: Moment | None,
    span: tuple[Instant, Instant],
    dated: ProofStep,
    candidates: Sequence[Assumption],
) -> BuildVerdict:
    rest = needed(context.service, candidates)
    steps: list[ProofStep] = [
        context.decided,
        fact(Obligation.TARGETS, f"asked about {context.releases}"),
        *finding.steps,
        dated,
        *rest.words,
    ]
    if not isinstance(dated, OpenObligation):
        steps.append(replace(dated, obligation=Obligation.TIMES))
    if gap := tools_gap(context, rest.assumes):
        steps.append(gap)
    proof = prove(ProofKind.LISTING, context.incident, span, steps, rest.assumes)
    if isinstance(proof, OpenObligation):
        return opened(proof, document, at)
    return cleared(proof, finding.reason, document, at)


def by_lock(  # noqa: PLR0917 - what a proof by lock is made of
    context: ServiceContext,
    finding: Finding,
    document: Document,
    at: Moment | None,
    span: tuple[Instant, Instant],
    dated: ProofStep,
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
    judged = _proved(context, finding, document, at, span, dated, candidates)
    if may_build(context):  # what has no wheel there is built
        judged = by_words(judged, word_on_environment(context, Obligation.CLOSURE))
    return worst_of([judged, *(replace(one, at=at) for one in judge_rows(context, document, span))])


def _extras_gap(context: ServiceContext, lock: Document) -> OpenObligation | None:
    """Return that a lock has a package with an extra and nothing of what that needs; None where it has all."""
    world = context.union(lock.requires_python)
    asked = [one for one in lock.requirements if one.extras and truth_of(world, one.marker, None, None) is not False]
    if not asked:
        return None
    listed = rows_by_package(context.whole(lock.sha256))
    of_extras = needs(context).of_extras
    for one in asked:
        for row in listed.get(one.package, ()):
            if missing := sorted(of_extras(one, row.version) - listed.keys()):
                return OpenObligation(
                    obligation=Obligation.COMPLETE,
                    text=f"{lock.path} lists {one.package}[{','.join(one.extras)}] {row.version} and not {missing[0]}, "
                    "which that needs; the SBOM of the build would settle it",
                )
    return None


def by_manifest(
    context: ServiceContext, one: ManifestInPlace, span: tuple[Instant, Instant], stood: ProofStep
) -> list[BuildVerdict]:
    """Judge installs from a manifest: what it requires unless a lock governs that, and what building it takes."""
    own: list[BuildVerdict] = []
    building: list[BuildVerdict] = []
    for request in install_requests(context, one):
        is_own = request.document is one.manifest
        if not (is_own and one.is_governed):
            (own if is_own else building).append(judge_install(context, request, span, stood))
    if not one.is_governed:
        if all(part.verdict is Verdict.CLEARED for part in own):
            own += judge_groups_alone(context, one.manifest, one.read, span, stood, judge_install)
        if gap := gap_of_conda(context, one.manifest, span):
            own.append(opened(gap, one.manifest))
    return [*own, *building]


def of_building(
    context: ServiceContext, manifests: Iterable[Document], span: tuple[Instant, Instant], build: Build
) -> Iterator[BuildVerdict]:
    """Judge what building the projects takes whose manifests a build had before it.

    Contract: docs/semantics.md#governing-locks.
    """
    for manifest in manifests:
        if manifest.kind is DocumentKind.MANIFEST and needs_walk(context, manifest):
            stood = fact(Obligation.INPUTS, f"the build of {build.at} may have built the project of {manifest.path}")
            yield judge_install(context, of_build_system(manifest), span, stood)


def of_scripts(
    context: ServiceContext, here: Sequence[InputState], span: tuple[Instant, Instant]
) -> Iterator[BuildVerdict]:
    """Yield a verdict for every file in place with commands that may install what no input says: an open one.

    A command that pins an accused release, and takes it at an instant, is `admitted`: a build may have run it.
    """
    for state in here:
        if state.document.commands and (gap := judge_script(context, state, here, span)):
            pinned = _by_pin(context, state.document, span)
            said = f"{state.document.path} was in place then"
            yield as_said_of(pinned, said, state.words) if pinned else opened(gap, state.document)


def _by_pin(context: ServiceContext, script: Document, span: tuple[Instant, Instant]) -> BuildVerdict | None:
    """Return that a command of a script takes the accused release that it pins, walked as an input of its own."""
    for command in script.commands:
        pins = tuple(one for one in command.requirements if is_pin(context, one))
        if not pins or command.tool == IMAGE:  # what lies in an image was installed elsewhere
            continue
        place = f"{script.path}, {command.place}"
        asked = Document(
            sha256=script.sha256,
            path=place,
            kind=DocumentKind.MANIFEST,
            format="",
            basis=Basis.LISTED,
            requirements=pins,
            completeness=Completeness.INCOMPLETE,
        )
        request = of_manifest(asked, InstallSelection(extras=(), groups=()))
        found = judge_install(context, request, span, fact(Obligation.INPUTS, f"{place} was in place"))
        if found.verdict in {Verdict.PICKED, Verdict.ADMITTED}:
            does = "fetches" if command.tool == DOWNLOAD else "installs"
            reason = f"{place}: `{command.text}` {does} {pins[0]}, where a build runs it"
            return replace(found, verdict=Verdict.ADMITTED, reason=reason, document=named(script))
    return None


def of_tools(context: ServiceContext, span: tuple[Instant, Instant]) -> list[BuildVerdict]:
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
    return [judge_install(context, of_manifest(tools, InstallSelection(extras=(), groups=())), span, stood)]


def of_setup_files(
    context: ServiceContext, state: InputState, span: tuple[Instant, Instant], stood: ProofStep
) -> Iterator[BuildVerdict]:
    """Yield the verdict of installs of a project that says in a setup file alone what it requires.

    Which of that is for extras, tests or the build the file may say as well: so none is worse than `admitted`.
    """
    script = state.document
    commands = [one for one in script.commands if one.tool == _SETUPTOOLS]
    if script.format not in SETUP_FILES or not commands:
        return
    asked = Document(
        sha256=script.sha256,
        path=script.path,
        kind=DocumentKind.MANIFEST,
        format=script.format,
        basis=Basis.LISTED,
        requirements=tuple(dict.fromkeys(asked for one in commands for asked in one.requirements)),
        completeness=Completeness.INCOMPLETE if any(one.unreadable for one in commands) else Completeness.COMPLETE,
    )
    found = judge_install(context, of_manifest(asked, InstallSelection(extras=(), groups=())), span, stood)
    yield replace(found, verdict=Verdict.ADMITTED) if found.verdict is Verdict.PICKED else found


def with_usual_tools(context: ServiceContext) -> ServiceContext:
    """Return a context without the organisation's word on tools that are usual and that nobody read.

    What is assumed where nothing is said is no worse then (docs/semantics.md#assumptions). Cost: a walk from them.
    """
    asked = [requirement(one) for one in context.service.tools or ()]
    if not asked or not all(is_usual(context, one, USUAL_TOOLS) for one in asked) or context.start >= context.until:
        return context
    (judged,) = of_tools(context, (context.start, context.until))
    if judged.verdict is not Verdict.UNKNOWN or judged.missing is not Obligation.CLOSURE:
        return context
    return replace(context, service=replace(context.service, tools=None))


def ended_before(
    context: ServiceContext, ended: Instant, at: Moment | None, words: Sequence[Word] = ()
) -> BuildVerdict | None:
    """Return the proof that a build had ended before an accused file was uploaded by any account (obligation p).

    ``words``: who says when it ended.
    """
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
            shown_or_said(Obligation.ENDED, text, words),
        ],
    )
    return opened(proof, at=at) if isinstance(proof, OpenObligation) else cleared(proof, text, at=at)


def by_words(judged: BuildVerdict, said: Iterable[ProofStep]) -> BuildVerdict:
    """Return a verdict whose proof, where it has one, rests on more words of the organisation."""
    proof = judged.clearance
    for one in said:
        if proof is not None and isinstance(one, Discharge):
            proof = with_word(proof, one)
    return judged if proof is judged.clearance else replace(judged, clearance=proof)


def as_said_of(judged: BuildVerdict, text: str, words: Sequence[Word]) -> BuildVerdict:
    """Return a verdict that rests on what somebody said: its reason names who did, and its proof the words.

    ``text`` is what they said. What is not known is as it was.
    """
    if not words or judged.verdict is Verdict.UNKNOWN:
        return judged
    said, proof = word(Obligation.TIMES, text + as_said(words)), judged.clearance
    if proof is not None and not any(as_said(words) in one for one in proof.words):
        proof = with_word(proof, said)
    reason = judged.reason if as_said(words) in judged.reason else f"{judged.reason}; {said.text}"
    return replace(judged, reason=reason, clearance=proof)


def joined(parts: Sequence[BuildVerdict], at: Moment | None) -> BuildVerdict:
    """Return the worst of what parts of one build say, with the reasons of all that are as bad."""
    verdict = worst(part.verdict for part in parts)
    deciding = [part for part in parts if part.verdict is verdict]
    # What a script leaves open goes first: no date and no page of an index settles it.
    deciding.sort(key=lambda part: not part.of_script)
    if not deciding:
        return opened(OpenObligation(obligation=Obligation.INPUTS, text="the window is empty"), at=at)
    first = deciding[0]
    lacking = next((part for part in deciding if part.missing and not part.near), first)
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
        missing=lacking.missing,
        input=lacking.input,
        can_be_declared=lacking.can_be_declared,
        of_script=lacking.of_script,
        near=all(part.near for part in deciding),
    )
