"""Install inputs: which lock, manifest or script was in place when, and which lock governs what.

Contract: docs/semantics.md#install-inputs.

Each state of an input has two stretches. It *may have* been in place, for exposure, from the earliest instant at
which it can have come to the latest at which it can have gone; where nobody knows of a later state, it is still there.
It *was* in place, for clearance, from when it had surely come to the last moment at which it was surely there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from graphkit.model.answers import InputName, Obligation
from graphkit.model.documents import CONDA_ENVIRONMENT, Component, Document, DocumentKind
from graphkit.model.environment import MarkerEvaluator, environments_within, extras_of
from graphkit.model.guards import Guards, StatedMetadata
from graphkit.model.names import PackageName
from graphkit.model.organisation import DocumentUse, Word
from graphkit.model.repository_paths import InputLine, parts_of_path
from graphkit.model.requirements import Requirement
from graphkit.model.times import BEGINNING, FOREVER, Instant, rfc3339
from graphkit.model.versions import release_version
from graphkit.trace.verdicts.clearance import OpenObligation

CONDA: Final = "conda"
"""The tool of commands that take packages of conda."""
_OF_ONE_TOOL: Final = frozenset({"uv", "pdm", "poetry", "Pipfile", "pixi"})
"""How the format of a lock begins that one tool alone writes and reads."""
INPUT_KINDS: Final = (DocumentKind.LOCK, DocumentKind.MANIFEST, DocumentKind.SCRIPT)
"""What something is installed from."""


class InputState(Struct, frozen=True, kw_only=True):
    """One state of an input. ``may``: the stretch in which it may have been in place; ``was``: in which it was.

    Both are half-open; ``was`` may be empty. ``is_first``: nothing was there before. ``before``: the state that it
    took the place of. ``words``: what of both stretches somebody said.
    """

    use: DocumentUse
    document: Document
    may: tuple[Instant, Instant]
    was: tuple[Instant, Instant]
    is_first: bool
    before: InputState | None = None
    words: tuple[Word, ...] = ()

    @property
    def key(self) -> tuple[InputLine, str, tuple[Instant, Instant]]:
        """What tells it from every other state of the service."""
        return (self.line, self.document.sha256, self.may)

    @property
    def line(self) -> InputLine:
        """The input and branch that it is a state of."""
        return line_of(self.use, self.document)

    def may_stand(self, start: Instant, until: Instant) -> bool:
        """Return whether it may have been in place at some instant of a stretch."""
        return self.may[0] < until and start < self.may[1]

    def stood(self, start: Instant, until: Instant) -> bool:
        """Return whether it was in place for all of a stretch."""
        return self.was[0] <= start and until <= self.was[1]


def line_of(use: DocumentUse, document: Document) -> InputLine:
    """Return which input on which branch a use is a state of."""
    return (use.repository, use.path or document.path, use.branch)


def state_of_build(use: DocumentUse, document: Document, ran: tuple[Instant, Instant]) -> InputState:
    """Return an input that a build used as it was in place while that ran."""
    return InputState(use=use, document=document, may=ran, was=ran, is_first=False)


def states_of(uses: Iterable[DocumentUse], document_of: Callable[[str], Document]) -> list[InputState]:
    """Return every state of every install input of a service, by line and time.

    What was built (``built_at``) is a build that used an input, not a state of it.
    """
    lines: dict[InputLine, list[tuple[DocumentUse, Document]]] = {}
    for use in uses:
        document = document_of(use.document)
        if document.kind in INPUT_KINDS and use.built_at is None:
            lines.setdefault(line_of(use, document), []).append((use, document))
    found: list[InputState] = []
    for _, members in sorted(lines.items()):
        found += _states_of_line(sorted(members, key=lambda one: (_begins(one[0])[0], one[0].document)))
    return found


def _begins(use: DocumentUse) -> tuple[Instant, Instant]:
    """Return the earliest and latest instant at which a state came into place; of no known time, both ends of time."""
    if use.stands_from is not None:
        return use.stands_from.earliest, use.stands_from.latest
    return BEGINNING, FOREVER if use.read_at is None else use.read_at.earliest


def _states_of_line(members: Sequence[tuple[DocumentUse, Document]]) -> list[InputState]:
    """Return the states of one input. Which of two imprecise times came first may not be known: then either may."""
    found: list[InputState] = []
    for use, document in members:
        came = _begins(use)
        dated = [other for other, _ in members if other is not use and other.stands_from is not None]
        others = [(_begins(other), other) for other in dated] if use.stands_from is not None else []
        # Only what surely came later has surely taken its place; what may have come later may have.
        replaced = [begin[1] for begin, _ in others if begin[0] > came[1]]
        ends = [(max(begin[0], came[1]), other.said_of("stands_from")) for begin, other in others if begin[1] > came[0]]
        if use.stands_until is not None:
            replaced.append(use.stands_until.latest)
            ends.append((use.stands_until.earliest, use.said_of("stands_until")))
        seen = came[1] if use.read_at is None else use.read_at.earliest + 1
        before = found[-1] if found and use.stands_from is not None else None
        found.append(
            InputState(
                use=use,
                document=document,
                may=(came[0], max(min(replaced, default=FOREVER), came[0] + 1)),
                was=(came[1], max(came[1], min((end for end, _ in ends), default=seen))),
                is_first=use.is_first,
                before=before,
                words=tuple(dict.fromkeys((*use.said_of("stands_from"), *_end_said(ends, use)))),
            )
        )
    return found


def _end_said(ends: Sequence[tuple[Instant, tuple[Word, ...]]], use: DocumentUse) -> Iterator[Word]:
    """Yield what somebody said of the end of a state: of the first of some ends, else of the last look at it."""
    first = min((end for end, _ in ends), default=None)
    yield from use.said_of("read_at") if first is None else ()
    for end, words in ends:
        yield from words if end == first else ()


def stretches_of(states: Sequence[InputState], start: Instant, until: Instant) -> list[tuple[Instant, Instant]]:
    """Return the parts of a window between which what was, or may have been, in place changes."""
    if start >= until:
        return []
    edges = {start, until}
    for state in states:
        edges.update(at for at in (*state.may, *state.was) if start < at < until)
    return list(pairwise(sorted(edges)))


def last_seen(until: Instant) -> Instant:
    """Return the end of a stretch as a sentence says it: the moment of the last look, which belongs to the stretch."""
    return until - 1 if until % 1_000_000 == 1 else until


def gap_of(
    states: Sequence[InputState], here: Sequence[InputState], start: Instant, until: Instant
) -> OpenObligation | None:
    """Return what of the inputs is not known in a stretch; None where every one is accounted for.

    ``here`` are the states that may have been in place then. Each has to have been there for all of it; and an input
    of which only other times are known may have been there in a state that nobody has.
    """
    for state in here:
        if not state.stood(start, until):
            return _open(state, _known(state))
    lines = {state.line for state in here}
    for line in sorted({state.line for state in states} - lines):
        known = [one for one in states if one.line == line]
        before = max((one for one in known if one.may[1] <= start), key=lambda one: one.may, default=None)
        if before is not None and not before.use.is_last:
            return _open(
                before,
                f"is known until {rfc3339(before.may[1])}, and not what was there afterwards; its state of then would "
                "settle it, which the history of its repository has",
            )
        after = min((one for one in known if one.may[0] >= until), key=lambda one: one.may, default=None)
        if before is None and after is not None and not after.is_first:
            return _open(
                after,
                f"is known from {rfc3339(after.may[0])} on, and not what was there before; its state of then would "
                "settle it, which the history of its repository has",
            )
    return None


def _open(state: InputState, text: str) -> OpenObligation:
    repository, path, branch = state.line
    named = f"{repository}/{path}" if repository else path
    known = InputName(repository=repository, path=path, branch=branch)
    return OpenObligation(obligation=Obligation.INPUTS, text=f"{named} {text}", input=known)


def _known(state: InputState) -> str:
    if state.use.stands_from is None and state.use.read_at is None:
        return "is undated; when it was in place would settle it"
    if state.was[0] >= state.was[1]:
        return (
            f"is known to have been in place at {state.use.stands_from or state.use.read_at} alone; until when it was "
            "would settle it"
        )
    since, until = rfc3339(state.was[0]), rfc3339(last_seen(state.was[1]))
    return (
        f"is known to have been in place from {since} to {until}; until when it stayed, or its state at other times, "
        "would settle it"
    )


class InstallNeeds(Struct, frozen=True, kw_only=True):
    """What an install takes of the requirements of a manifest.

    ``leaves_out``: whether the extras and groups that are installed leave one out; ``may_not_hold``: whether its marker
    may be false in some environment with such a Python; ``of_extras``: what the extras that one asks for surely need at
    a version, as far as that is known.
    """

    leaves_out: Callable[[Document, Requirement], bool]
    may_not_hold: Callable[[str, Requirement], bool]
    of_extras: Callable[[Requirement, str], frozenset[PackageName]]


def governed(
    here: Sequence[InputState], whole: Callable[[str], Document], needs: InstallNeeds
) -> set[tuple[InputLine, str, tuple[Instant, Instant]]]:
    """Return which manifests a lock governs, by `InputState.key`, of states that were surely in place.

    A lock governs what it was made from while it satisfies it; a manifest that it does not satisfy is judged beside
    it. ``whole`` returns a document with all of its rows.
    """
    locks = [state for state in here if state.document.kind is DocumentKind.LOCK]
    return {
        state.key
        for state in here
        if state.document.kind is DocumentKind.MANIFEST
        and any(
            is_made_from(lock, state)
            and satisfies(whole(lock.document.sha256), state.document, needs, is_beside=are_beside(lock, state))
            for lock in locks
        )
    }


def are_beside(one: InputState, other: InputState) -> bool:
    """Return whether two inputs lie in one folder."""
    first, second = (parts_of_path(PurePosixPath(state.line[1]).parent) for state in (one, other))
    return first == second


def is_made_from(lock: InputState, manifest: InputState) -> bool:
    """Return whether a lock was made from a manifest, as the lock says."""
    (repository, path, branch), (its_repository, its_path, its_branch) = lock.line, manifest.line
    if (repository, branch) != (its_repository, its_branch):
        return False
    folder = PurePosixPath(path).parent
    return parts_of_path(its_path) in {parts_of_path(folder / name) for name in lock.document.governs}


def satisfies(lock: Document, manifest: Document, needs: InstallNeeds, *, is_beside: bool = False) -> bool:
    """Return whether a lock lists everything that a manifest requires, at a version that it admits.

    Extras and groups count unless the organisation says which are installed. A lock of one environment does not
    list what its markers leave out there. What the manifest overrides has to be listed as the overrides say, and what
    it constrains has to fit: else its tool resolves anew. So it does where what it is told beside the lock
    (``is_beside``) is not what the lock was made under: the metadata of packages, and which are overridden or excluded.
    """
    listed = rows_by_package(lock)
    if not _lists_conda(listed, manifest):
        return False
    itself = PackageName(canonicalize_name(manifest.subject))
    python = lock.requires_python or manifest.requires_python
    requirements = [
        one for one in manifest.requirements if one.package != itself and not needs.leaves_out(manifest, one)
    ]
    guards = manifest.guards
    tool = lock.format.partition(".")[0]
    are_read = guards is not None and (tool == guards.installer or tool not in _OF_ONE_TOOL)
    overrides = guards.overrides if guards is not None and are_read else ()
    replaced = {one.package for one in overrides}
    asked = {one.package for one in requirements}
    constraints = guards.constraints if guards is not None and tool == guards.installer else ()
    binding = [one for one in constraints if one.package in listed and one.package not in replaced]
    if not all(_is_met(one, listed, lock, needs) or needs.may_not_hold(python, one) for one in binding):
        return False
    if is_beside and tool == Guards().installer and not _is_made_under(lock, manifest, python):
        return False
    return all(
        _is_met(one, listed, lock, needs)
        for one in requirements
        if one.package not in replaced
        and not (lock.is_of_one_environment and one.package not in listed and needs.may_not_hold(python, one))
    ) and all(
        _is_met(one, listed, lock, needs)
        for one in overrides
        if one.package in listed or (one.package in asked and not one.marker)
    )


def _lists_conda(listed: Mapping[PackageName, list[Component]], manifest: Document) -> bool:
    """Return whether a lock lists what an environment file has conda install, as packages of conda that it admits."""
    if manifest.format != CONDA_ENVIRONMENT:
        return True
    return all(
        any(_is_conda(row, one) for row in listed.get(one.package, ()))
        for command in manifest.commands
        for one in command.requirements
        if command.tool == CONDA
    )


def _is_conda(row: Component, requirement: Requirement) -> bool:
    if row.package is not None or not row.purl.startswith("pkg:conda/") or requirement.unreadable:
        return False
    return not requirement.specifier or _is_admitted(row.version, SpecifierSet(requirement.specifier))


def rows_by_package(lock: Document) -> Mapping[PackageName, list[Component]]:
    """Return the rows of a lock by the package that they are of, or seem to be of."""
    listed: dict[PackageName, list[Component]] = {}
    for row in lock.components:
        listed.setdefault(row.package or PackageName(canonicalize_name(row.name)), []).append(row)
    return listed


def _is_made_under(lock: Document, manifest: Document, python: str) -> bool:
    """Return whether a lock was made under what a manifest tells uv beside its requirements, as far as uv asks."""
    then, now = (frozenset(one.guards.replaced if one.guards else ()) for one in (lock, manifest))
    return then <= now and _has_same_metadata(lock, manifest, python)


def _has_same_metadata(lock: Document, manifest: Document, python: str) -> bool:
    """Return whether a lock was made under the metadata that its tool is told of now, as uv compares them.

    Where it was made under some, what is told of packages that it does not know is passed over (tried with uv 0.13).
    """
    then, now = (
        sorted(one.guards.metadata, key=lambda it: (it.package, release_version(it.version).key, it.version))
        if one.guards
        else []
        for one in (lock, manifest)
    )
    if then:
        known = {*(it.package for it in then), *rows_by_package(lock)}
        now = [it for it in now if it.package in known]
    if then == now or len(then) != len(now):
        return then == now
    environments = tuple(map(MarkerEvaluator, environments_within(python)))
    return all(_is_same_metadata(one, other, environments) for one, other in zip(then, now, strict=True))


def _is_same_metadata(one: StatedMetadata, other: StatedMetadata, environments: Sequence[MarkerEvaluator]) -> bool:
    try:
        is_same = SpecifierSet(one.requires_python) == SpecifierSet(other.requires_python)
    except InvalidSpecifier:
        return False
    return (
        is_same
        and one.package == other.package
        and release_version(one.version).key == release_version(other.version).key
        and len(one.requirements) == len(other.requirements)
        and all(
            _is_same_requirement(*pair, environments) for pair in zip(one.requirements, other.requirements, strict=True)
        )
    )


def _is_same_requirement(one: Requirement, other: Requirement, environments: Sequence[MarkerEvaluator]) -> bool:
    """Return whether two requirements ask for the same: a lock has markers in other words (tried with uv 0.13)."""
    if replace(one, marker="") != replace(other, marker="") or one.unreadable:
        return False
    if one.marker == other.marker or not (one.marker and other.marker):
        return one.marker == other.marker
    extras = sorted({"", *extras_of(one.marker), *extras_of(other.marker)})
    truths = (
        [evaluator.truth(it.marker, extra) for extra in extras for evaluator in environments] for it in (one, other)
    )
    return next(truths) == next(truths)


def _is_met(
    requirement: Requirement, listed: Mapping[PackageName, list[Component]], lock: Document, needs: InstallNeeds
) -> bool:
    """Return whether a row is what is required, and what its extras bring is in the lock as well."""
    rows = listed.get(requirement.package, [])
    if requirement.unreadable:
        return False
    try:
        admitted = SpecifierSet(requirement.specifier)
    except InvalidSpecifier:
        return False
    if requirement.url:
        fitting = [row for row in rows if row.origin and is_same_place(requirement.url, row.origin)]
    else:
        fitting = [row for row in rows if (row.origin and not row.version) or _is_admitted(row.version, admitted)]
    if not fitting or not requirement.extras:
        return bool(fitting)
    return _has_extras(requirement, lock) and all(
        needs.of_extras(requirement, row.version) <= listed.keys() for row in fitting
    )


def is_same_place(required: str, locked: str) -> bool:
    """Return whether what was locked was taken from where a URL requirement says, at whatever commit.

    >>> is_same_place("git+https://git.example/a@main", "git+https://git.example/a@1f2e#subdirectory=b")
    True
    >>> is_same_place("https://files.example/a-2.tar.gz", "https://files.example/a-1.tar.gz#sha256=00")
    False
    """
    if "://" not in required or "://" not in locked:
        return "://" not in required and "://" not in locked  # folders are written from different places
    return _without_commit(required) == _without_commit(locked)


def _without_commit(url: str) -> str:
    address = url.partition("#")[0].partition("?")[0]
    scheme, _, rest = address.partition("://")
    if "+" not in scheme:
        return address
    host, slash, path = rest.partition("/")
    return f"{host.rpartition('@')[2]}{slash}{path.partition('@')[0].removesuffix('.git')}"


def _is_admitted(version: str, admitted: SpecifierSet) -> bool:
    parsed = release_version(version).parsed
    return parsed is not None and admitted.contains(parsed, prereleases=True)


def _has_extras(requirement: Requirement, lock: Document) -> bool:
    """Return whether a lock was made for the extras that are asked of a package, as far as it says for which it was."""
    told = [set(one.extras) for one in lock.requirements if one.package == requirement.package]
    return not lock.requirements or any(set(requirement.extras) <= extras for extras in told)
