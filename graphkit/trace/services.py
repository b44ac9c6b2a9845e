"""The verdict of a service: its builds, each by its best document, and the unrecorded build (semantics §4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from graphkit.model.answers import BuildVerdict, DocumentName, Path, ServiceVerdict, Verdict
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.organisation import Build, DocumentUse, Service
from graphkit.model.times import FOREVER, Instant, rfc3339
from graphkit.trace.accusation import Accusation
from graphkit.trace.admit import admission, unread_of
from graphkit.trace.confirm import Targets, confirm, slots_of
from graphkit.trace.manifests import Asked, root_of_manifest
from graphkit.trace.observed import Finding, read_document
from graphkit.trace.survey import Field
from graphkit.trace.world import World

_BASES = list(Basis)
_VERDICTS = list(Verdict)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst of some verdicts; of none, `unknown`."""
    return min(verdicts, key=_VERDICTS.index, default=Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything a service is judged with; one for each environment."""

    world: World
    field: Field
    targets: Targets
    accused: Accusation
    start: Instant
    until: Instant
    earliest: Instant | None
    """The first upload of an accused file, None where one is not known."""
    unplaced: tuple[str, ...]
    """What of the case the index facts do not know, so that no walk can clear it."""
    document: Callable[[str], Document]
    """Return a document by its sha256; rows that cannot matter to the case may be left out."""
    asked: Asked
    """What a service installs of its manifest's extras and groups."""


def judge(bench: Bench, service: Service, uses: Sequence[DocumentUse], builds: Sequence[Build]) -> ServiceVerdict:
    """Return a service's verdict: that of its worst build. Every build is in it."""
    judged: list[BuildVerdict] = []
    bench = replace(bench, asked=Asked(extras=service.extras, groups=service.groups))
    findings = {sha: read_document(bench.document(sha), bench.accused) for sha in sorted({u.document for u in uses})}
    for use in sorted(uses, key=_when):
        document = bench.document(use.document)
        finding = findings[use.document]
        if document.kind is DocumentKind.MANIFEST:
            continue
        if document.kind is DocumentKind.LOCK and use.built_at is None and finding.verdict is not Verdict.OBSERVED:
            continue
        judged.append(_recorded(bench, use, document, finding))
    judged += [_named(bench, build) for build in builds]
    if not service.builds_complete:
        judged.append(_unrecorded(bench, uses, findings))
    return _service(service, judged)


def _service(service: Service, judged: Sequence[BuildVerdict]) -> ServiceVerdict:
    verdict = worst([one.verdict for one in judged])
    deciding = [one for one in judged if one.verdict is verdict]
    first = min(deciding, key=lambda one: _BASES.index(Basis(one.basis)) if one.basis else 9, default=None)
    return ServiceVerdict(
        service=service.id,
        company=service.company,
        owner=service.owner,
        verdict=verdict,
        basis=first.basis if first else "",
        reason=first.reason if first else "its builds are declared complete and there is none; name one to settle it",
        slots=tuple(sorted({number for one in deciding for number in one.slots})),
        builds=tuple(judged),
        paths=first.paths if first else (),
    )


def _when(use: DocumentUse) -> tuple[Instant, str]:
    return (use.built_at or use.stands_from or FOREVER, use.document)


def _recorded(bench: Bench, use: DocumentUse, document: Document, finding: Finding) -> BuildVerdict:
    """Judge the build that a document describes. An undated document exposes and never clears."""
    at = use.built_at or use.stands_from or document.created
    verdict, reason = finding.verdict, finding.reason
    if verdict is Verdict.CLEARED and at is None:
        verdict = Verdict.UNKNOWN
        reason = f"{reason}, but it is undated; the time of its build would settle it"
    return BuildVerdict(
        at=at,
        verdict=verdict,
        reason=reason,
        basis=finding.basis,
        document=DocumentName(sha256=document.sha256, path=document.path),
        slots=_fetchable(bench, finding),
        paths=finding.paths,
    )


def _fetchable(bench: Bench, finding: Finding) -> tuple[int, ...]:
    """Return the slots in which an accused release that a document shows was listed, so could be fetched."""
    places = [bench.world.find_release(name, version) for name, version in sorted(finding.shown)]
    shown = [place for place in places if place]
    return tuple(
        number
        for number, slot in enumerate(bench.field.slots)
        if any(package.shelf(slot.start, doubtful=True).listed[position] for package, position in shown)
    )


def _named(bench: Bench, build: Build) -> BuildVerdict:
    """Judge a build that the organisation names: by what came out of it, else its lock, else its manifest."""
    for sha in (build.document, build.lock):
        if sha:
            document = bench.document(sha)
            finding = read_document(document, bench.accused)
            return BuildVerdict(
                at=build.at,
                verdict=finding.verdict,
                reason=finding.reason,
                basis=finding.basis,
                document=DocumentName(sha256=sha, path=document.path),
                slots=_fetchable(bench, finding),
                paths=finding.paths,
            )
    if bench.earliest is not None and build.at < bench.earliest:
        return BuildVerdict(
            at=build.at,
            verdict=Verdict.CLEARED,
            reason=f"it ran before the first bad file was uploaded at {rfc3339(bench.earliest)}",
        )
    if build.manifest:
        return _walked(bench, bench.document(build.manifest), build.at, build.at + 1, build.at)
    return BuildVerdict(
        at=build.at,
        verdict=Verdict.UNKNOWN,
        reason=f"the build of {rfc3339(build.at)} has no document; its SBOM, or the lock it installed from, "
        "would settle it",
    )


def _unrecorded(bench: Bench, uses: Sequence[DocumentUse], findings: Mapping[str, Finding]) -> BuildVerdict:
    """Judge a build at any instant of the window that nothing records (semantics §4)."""
    standing = _standing(uses, {u.document: bench.document(u.document).kind for u in uses})
    edges = sorted(
        {bench.start, bench.until}
        | {t for _, start, until in standing for t in (start, until) if bench.start < t < bench.until}
    )
    parts: list[BuildVerdict] = []
    for start, until in pairwise(edges):
        here = [use for use, since, ends in standing if since <= start and until <= ends]
        parts.append(_stretch(bench, here, uses, findings, start, until))
    verdict = worst([part.verdict for part in parts])
    deciding = [part for part in parts if part.verdict is verdict]
    reasons = dict.fromkeys(part.reason for part in deciding)
    return BuildVerdict(
        at=None,
        verdict=verdict,
        reason="; ".join(reasons) or "the window is empty",
        basis=deciding[0].basis if deciding else "",
        document=deciding[0].document if deciding else None,
        slots=tuple(sorted({number for part in deciding for number in part.slots})),
        paths=deciding[0].paths if deciding else (),
    )


def _standing(
    uses: Sequence[DocumentUse], kinds: Mapping[str, DocumentKind]
) -> list[tuple[DocumentUse, Instant, Instant]]:
    """Return the stretch in which each dated lock stood: to its next known state, or to when it was read."""
    locks = sorted(
        (
            use if use.stands_from is not None else replace(use, stands_from=use.read_at)
            for use in uses
            if kinds[use.document] is DocumentKind.LOCK and (use.stands_from, use.read_at) != (None, None)
        ),
        key=_when,
    )
    found = []
    next_state: dict[tuple[str, str], Instant] = {}
    for use in reversed(locks):
        assert use.stands_from is not None
        line = use.path, use.branch
        ends = [end for end in (use.stands_until, next_state.get(line)) if end is not None]
        next_state[line] = use.stands_from
        # The last moment it was seen to stand is part of the stretch.
        until = min(ends) if ends else use.read_at + 1 if use.read_at is not None else use.stands_from
        found.append((use, use.stands_from, until))
    return found[::-1]


def _stretch(
    bench: Bench,
    here: Sequence[DocumentUse],
    uses: Sequence[DocumentUse],
    findings: Mapping[str, Finding],
    start: Instant,
    until: Instant,
) -> BuildVerdict:
    """Judge the unrecorded build over a stretch: by the locks that stood, else the manifest, else unknown."""
    if here:
        use = min(here, key=lambda one: (_VERDICTS.index(findings[one.document].verdict), one.document))
        finding, document = findings[use.document], bench.document(use.document)
        ends = rfc3339(use.stands_until) or rfc3339(use.read_at)
        reason = (
            f"{finding.reason}; it stood from {rfc3339(use.stands_from)} to {ends}, and speaks for installs from it"
        )
        return BuildVerdict(
            at=None,
            verdict=finding.verdict,
            reason=reason + (f" ({use.note})" if use.note else ""),
            basis=finding.basis,
            document=DocumentName(sha256=document.sha256, path=document.path),
            slots=_fetchable(bench, finding),
            paths=finding.paths,
        )
    manifests = [use for use in uses if bench.document(use.document).kind is DocumentKind.MANIFEST]
    stood = [use for use in manifests if use.stands_from is None or use.stands_from <= start]
    if stood:
        use = max(stood, key=_when)
        return _walked(bench, bench.document(use.document), start, until, use.stands_from)
    when = f"from {rfc3339(start)} to {rfc3339(until)}"
    locks = sorted(
        bench.document(u.document).path for u in uses if bench.document(u.document).kind is DocumentKind.LOCK
    )
    beside = f" ({locks[0]} is, but not for then)" if locks else ""
    return BuildVerdict(
        at=None,
        verdict=Verdict.UNKNOWN,
        reason=f"no lock or manifest is known to have stood {when}{beside}; one, or a list of all builds, "
        "would settle it",
    )


def _walked(bench: Bench, manifest: Document, start: Instant, until: Instant, dated: Instant | None) -> BuildVerdict:
    """Judge installs from a manifest over a stretch: the walk, then what its ranges admit, then completeness."""
    name = DocumentName(sha256=manifest.sha256, path=manifest.path)
    root, unreadable = root_of_manifest(bench.world, manifest, bench.asked)
    # The graph may know a package of that name, and it is not what would be installed.
    private = sorted({one.package for one in manifest.requirements} & bench.accused.private_packages)
    unreadable += tuple(f"requirements of the private package {name}" for name in private)
    found = confirm(bench.world, root, start, until, bench.targets)
    if found.picked:
        takes = slots_of(found.picked, bench.field.slots)
        what = " and ".join(sorted({release for _, release in takes} or {hit.release for hit in found.picked}))
        return BuildVerdict(
            at=None,
            verdict=Verdict.PICKED,
            reason=f"a fresh install from {manifest.path} takes {what.replace('@', ' ')}",
            document=name,
            slots=tuple(sorted({number for number, _ in takes})),
            paths=(found.path,) if found.path else (),
        )
    slots: set[int] = {number for number, _ in slots_of(found.doubtful, bench.field.slots)}
    path: Path = found.path if found.doubtful else ()
    for one in bench.field.passes:
        mask = sum(1 << bit for bit, slot in enumerate(one.slots) if slot.start < until and start < slot.until)
        if mask:
            instants = [slot.start for slot in one.slots]
            answer = admission(bench.world, root, bench.targets, instants, one.admitted, mask)
            slots |= {one.first + bit for bit in range(len(instants)) if answer.slots >> bit & 1}
            path = path or answer.path
    if slots or found.doubtful:
        return BuildVerdict(
            at=None,
            verdict=Verdict.ADMITTED,
            reason=f"the ranges of {manifest.path} allow it, though the newest choices do not take it",
            document=name,
            slots=tuple(sorted(slots)),
            paths=(path,) if path else (),
        )
    unread = (*bench.unplaced, *unreadable, *unread_of(bench.world, root, start, until))
    if dated is None:
        unread = (*unread, f"when {manifest.path} stood")
    if manifest.completeness is not Completeness.COMPLETE:
        unread = (*unread, f"all requirements of {manifest.path}")
    stuck = sorted({package for _, _, packages in found.unresolvable for package in packages})
    lost = f" (nothing listed then fits it: {', '.join(stuck[:3])})" if stuck else ""
    if not unread:
        return BuildVerdict(
            at=None,
            verdict=Verdict.CLEARED,
            reason=f"nothing that {manifest.path} allows reaches it, over a closure that was read completely{lost}",
            document=name,
        )
    more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
    return BuildVerdict(
        at=None,
        verdict=Verdict.UNKNOWN,
        reason=f"a fresh install from {manifest.path} does not reach it{lost}, but not all is known: "
        f"{unread[0]}{more} would settle it; so would the lock or SBOM of the build",
        document=name,
    )
