"""Answers: what a question returns, as frozen values in the shape of the JSON contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from graphkit.model.documents import Problem, how_many
from graphkit.model.environment import Environment
from graphkit.model.incidents import ActionKind, Cause, CompromisedRelease, FileHash, Source
from graphkit.model.names import CompanyId, ServiceId
from graphkit.model.organisation import Claim
from graphkit.model.ranks import CompanyVerdict, Tier, Verdict
from graphkit.model.times import Instant, Moment


class ProofKind(StrEnum):
    """What a clearance rests on (docs/semantics.md#clearance)."""

    LISTING = "listing"
    """What was installed is known."""
    WALK = "walk"
    """What could be installed is known."""
    BAR = "bar"
    """It could not be installed, whatever else is not known."""


class Obligation(StrEnum):
    """What a proof has to show, by the letters of docs/semantics.md#clearance."""

    ACCUSATION = "a"
    TARGETS = "b"
    TIMES = "c"
    ROWS = "d"
    INDEXES = "e"
    INSTALLED = "f"
    COMPLETE = "g"
    READ_WHOLE = "h"
    FOLDER = "i"
    DATED = "j"
    INPUTS = "k"
    ADMITTED = "l"
    CLOSURE = "m"
    PUBLIC = "n"
    BARRED = "o"
    ENDED = "p"


class Assumption(StrEnum):
    """What a clearance may rest on without a fact (docs/semantics.md#assumptions); each may be replaced by one."""

    INPUTS = "inputs"
    LOCK = "lock"
    ENVIRONMENT = "environment"
    INDEX = "index"
    BUILD_ENV = "build-env"
    TOOLS = "tools"
    BASE = "base"
    COMMIT = "commit"
    TIMES = "times"
    CACHES = "caches"


class Discharge(Struct, frozen=True, kw_only=True):
    """One obligation, met. ``word`` True: by the organisation's word, else by a fact."""

    obligation: Obligation
    text: str
    word: bool = False


_COMMON = frozenset({Obligation.ACCUSATION, Obligation.TARGETS, Obligation.TIMES})
NEEDED: Final[dict[ProofKind, tuple[frozenset[Obligation], ...]]] = {
    ProofKind.LISTING: (
        _COMMON
        | {
            Obligation.ROWS,
            Obligation.INSTALLED,
            Obligation.COMPLETE,
            Obligation.READ_WHOLE,
            Obligation.FOLDER,
            Obligation.DATED,
        },
    ),
    ProofKind.WALK: (
        _COMMON | {Obligation.INDEXES, Obligation.INPUTS, Obligation.ADMITTED, Obligation.CLOSURE, Obligation.PUBLIC},
    ),
    ProofKind.BAR: (_COMMON | {Obligation.INDEXES, Obligation.BARRED}, _COMMON | {Obligation.ENDED}),
}
"""The obligations of each kind of proof; where there are several sets, one of them is enough."""


class Clearance(Struct, frozen=True, kw_only=True):
    """The proof that a build did not take an accused release between ``start`` and ``until``.

    No value of it can be made that lacks an obligation of its kind; `graphkit.trace.verdicts.clearance` alone
    makes them. ``proof`` is in the order of the obligations. ``assumes`` are in the order of `Assumption`.

    Raises:
        ValueError: an obligation of its kind is not discharged.
    """

    kind: ProofKind
    incident: str
    start: Instant
    until: Instant
    proof: tuple[Discharge, ...]
    assumes: tuple[Assumption, ...] = ()

    def __post_init__(self) -> None:
        shown = {one.obligation for one in self.proof}
        if not any(needed <= shown for needed in NEEDED[self.kind]):
            missing = min((needed - shown for needed in NEEDED[self.kind]), key=len)
            raise ValueError(f"a proof by {self.kind} without {', '.join(sorted(missing))}")

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that it rests on."""
        return tuple(dict.fromkeys(one.text for one in self.proof if not one.word))

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the organisation that it rests on."""
        return tuple(dict.fromkeys(one.text for one in self.proof if one.word))


class Step(Struct, frozen=True, kw_only=True):
    """One node of a why-path and the reason for the edge that leads into it.

    ``why`` of the first node names where the path starts; later ones quote the requirement or
    document behind the edge.
    """

    node: str
    why: str


Path = tuple[Step, ...]


class Slot(Struct, frozen=True, kw_only=True):
    """A stretch of time in which nothing relevant changed: ``start <= t < until``. ``incident``: in whose window."""

    start: Instant
    until: Instant
    incident: str = ""


class Window(Struct, frozen=True, kw_only=True):
    """The stretch that was asked about, and whose account of the times answered. ``incident``: of which incident.

    ``is_known`` False: the case has no known time at all; the ends mean nothing and are not shown.
    """

    start: Instant
    until: Instant
    reading: str
    incident: str = ""
    is_known: bool = True


class Take(Struct, frozen=True, kw_only=True):
    """In slot number ``slot`` a fresh install takes ``release`` (``name@version``)."""

    slot: int
    release: str


class DocumentName(Struct, frozen=True, kw_only=True):
    """A document as answers name it.

    ``path`` may name a part of its file; ``file`` is that of all of it, in ``repository`` or a folder that was given.
    ``line``: where in it stands what decides, counted from 1; 0: not known, as the others are where they are empty.
    """

    sha256: str
    path: str
    repository: str = ""
    file: str = ""
    line: int = 0


class InputName(Struct, frozen=True, kw_only=True):
    """A lock, manifest or script as a command names it: its repository or folder, its path there, and its branch.

    ``branch`` is empty for a file that no history has.
    """

    repository: str
    path: str
    branch: str


class BuildVerdict(Struct, frozen=True, kw_only=True):
    """One build of a service, judged. ``at`` None: the unrecorded build, or an undated document.

    ``clearance`` is there where, and only where, it is `cleared`. ``missing``: the obligation that is open where it is
    `unknown` for one, and ``input`` the lock or manifest of which it is not known when it was in place, where that is
    it. ``near``: a fresh install does not take it, and only older choices that nobody read keep it from
    being cleared. ``can_be_declared``: the user's word that its document lists everything would meet what is missing.
    ``of_script``: a file that can install, and that nothing here reads as a whole, keeps it open.

    Raises:
        ValueError: it says `cleared` and has no proof.
    """

    at: Moment | None
    verdict: Verdict
    reason: str
    basis: str = ""
    document: DocumentName | None = None
    slots: tuple[int, ...] = ()
    paths: tuple[Path, ...] = ()
    incident: str = ""
    clearance: Clearance | None = None
    missing: Obligation | None = None
    input: InputName | None = None
    near: bool = False
    can_be_declared: bool = False
    of_script: bool = False

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.CLEARED) != (self.clearance is not None):
            raise ValueError("a build is cleared where, and only where, there is a proof")


class ServiceVerdict(Struct, frozen=True, kw_only=True):
    """A service with its worst build's verdict, and every build. Services are never left out.

    ``incidents``: the verdict for each incident asked, where more than one was.
    """

    service: ServiceId
    company: CompanyId | None
    owner: str
    verdict: Verdict
    basis: str
    reason: str
    slots: tuple[int, ...]
    builds: tuple[BuildVerdict, ...]
    paths: tuple[Path, ...]
    incidents: tuple[tuple[str, Verdict], ...] = ()
    near: bool = False

    @property
    def assumes(self) -> tuple[Assumption, ...]:
        """Every assumption that its clearance rests on, in the order of `Assumption`; none where it is not cleared."""
        if self.verdict is not Verdict.CLEARED:
            return ()
        found = {one for build in self.builds if build.clearance for one in build.clearance.assumes}
        return tuple(one for one in Assumption if one in found)

    @property
    def words(self) -> tuple[str, ...]:
        """Every word of the organisation that its clearance rests on; none where it is not cleared."""
        if self.verdict is not Verdict.CLEARED:
            return ()
        return tuple(dict.fromkeys(text for build in self.builds if build.clearance for text in build.clearance.words))


class BuildProof(NamedTuple):
    """Why a build of a service is cleared."""

    service: ServiceId
    at: Moment | None
    clearance: Clearance


class Services(Sequence[ServiceVerdict]):
    """Services that are written out when they are read."""

    def proofs(self) -> Iterator[BuildProof]:
        """Yield the proof of every build that is cleared, in their order."""
        return proofs(tuple(self))


def proofs(services: Sequence[ServiceVerdict]) -> Iterator[BuildProof]:
    """Yield the proof of every build that is cleared, in their order; nothing else is written out for it."""
    if isinstance(services, Services):
        return services.proofs()
    cleared = ((one.service, build.at, build.clearance) for one in services for build in one.builds)
    return (BuildProof(service, at, proof) for service, at, proof in cleared if proof)


class Supplied(Struct, frozen=True, kw_only=True):
    """A supply relation as a company's row shows it: what is supplied to it, and by whom."""

    supplier: CompanyId
    what: str
    data: tuple[str, ...]
    sources: tuple[str, ...]


class CompanyRow(Struct, frozen=True, kw_only=True):
    """A company: its verdict, the chain of suppliers it hangs on, and everything claimed about it.

    ``distance`` 0: its own; 1, 2, …: through suppliers, named in ``via`` from the company outwards;
    None: not exposed. ``origin_tier`` is the tier of the company at the chain's end.
    """

    company: CompanyId
    name: str
    verdict: CompanyVerdict
    distance: int | None
    via: tuple[CompanyId, ...]
    origin_tier: str
    supplies: tuple[Supplied, ...]
    data: tuple[str, ...]
    services: tuple[ServiceId, ...]
    claims: tuple[Claim, ...]


class PackageRow(Struct, frozen=True, kw_only=True):
    """What a fresh install of a package takes (docs/cli-contract.md#json-of-blast). ``package`` may be ``name[extra]``.

    ``tier`` is that of its newest listed final release, None where only others are exposed;
    ``older_tier`` the strongest among those. ``nominated`` True: single choices reach the newest
    release but the forward walk did not confirm it. ``releases``: how many are exposed at all.
    ``dependents``: how many packages of the closure require it directly; ``downloads``: how often it is
    downloaded, where a table says so; both for the order of rows. ``maintainers``: whom to write to.
    """

    package: str
    tier: Tier | None
    takes: tuple[Take, ...]
    older_tier: Tier | None
    newest: str
    releases: int
    distance: int
    slots: tuple[int, ...]
    paths: tuple[Path, ...]
    nominated: bool = False
    unresolvable: tuple[int, ...] = ()
    dependents: int = 0
    downloads: int | None = None
    maintainers: str = ""


class Accused(Struct, frozen=True, kw_only=True):
    """A compromised release as the reading that answers has it. ``ghost``: no longer listed."""

    release: CompromisedRelease
    start: Instant | None
    until: Instant | None
    ghost: bool


class Instruction(Struct, frozen=True, kw_only=True):
    """What to do now about an incident: an action of its file, with its sources."""

    incident: str
    do: ActionKind
    text: str
    sources: tuple[Source, ...] = ()


class HashedFile(Struct, frozen=True, kw_only=True):
    """A bad file with hashes by which it can be looked for. ``filename`` empty: not known."""

    incident: str
    filename: str
    hashes: tuple[FileHash, ...]


class Asked(Struct, frozen=True, kw_only=True):
    """The incident, or the bare target, that a blast answered for. ``withdrawn``: ids of its records that are.

    ``actions`` and ``files`` say of which incident they are, so that those of several can stand in one answer.
    """

    id: str
    title: str
    actor: str
    causes: tuple[Cause, ...]
    releases: tuple[Accused, ...]
    sources: tuple[Source, ...] = ()
    withdrawn: tuple[str, ...] = ()
    actions: tuple[Instruction, ...] = ()
    files: tuple[HashedFile, ...] = ()


class Summary(Struct, frozen=True, kw_only=True):
    """Counts over everything, untouched by ``--limit`` and ``--tier``.

    ``external_services``: how many of ``services`` are somebody else's, by verdict; empty where none is.
    """

    services: tuple[tuple[str, int], ...]
    companies: tuple[tuple[str, int], ...]
    packages: tuple[tuple[str, int], ...]
    releases: int
    external_services: tuple[tuple[str, int], ...] = ()


class Provenance(Struct, frozen=True, kw_only=True):
    """What makes the answer repeatable: versions, the question, the digest of all facts and the instant of the newest.

    ``facts_until`` None: the graph holds nothing, or nothing that is dated. ``proofs_sha256`` is the digest of every
    clearance of a report, empty where nothing is cleared; reports fill it in.
    """

    graphkit: str
    packaging: str
    question: str
    inputs: int
    facts_sha256: str
    facts_until: Instant | None = None
    proofs_sha256: str = ""


class LeftOut(Struct, frozen=True, kw_only=True):
    """What an incident accuses beside that which was asked of it, as ``text`` says.

    ``worse`` are the services that have a worse verdict for it; ``is_judged`` False: nobody knows which.
    """

    incident: str
    text: str
    worse: frozenset[ServiceId]
    is_judged: bool


class Blast(Struct, frozen=True, kw_only=True):
    """The blast radius of one incident or release: everything the graph can say of it."""

    incident: Asked
    window: Window
    windows: tuple[Window, ...]
    slots: tuple[Slot, ...]
    environment: Environment
    resolver: str
    summary: Summary
    services: Sequence[ServiceVerdict]
    companies: tuple[CompanyRow, ...]
    packages: tuple[PackageRow, ...]
    provenance: Provenance
    notes: tuple[str, ...]
    is_partial: bool = False
    """The walks of packages were stopped; every service and company is judged nevertheless."""
    is_index_read: bool = True
    """False: no index page was read for this question, so nothing is known of fresh installs."""
    unknown: tuple[str, ...] = ()
    """One line for each target that nothing in the graph and no incident names."""
    external: frozenset[ServiceId] = frozenset()
    """The services that are somebody else's; reports show them apart from the reader's own."""
    left_out: tuple[LeftOut, ...] = ()
    """One for each incident of which a part alone was asked about; the notes say it too."""
    exposing: tuple[str, ...] = ()
    """Which of several incidents expose services of the reader's own, in the order asked; of one incident none."""


class Holding(Struct, frozen=True, kw_only=True):
    """One row of ``who-has``: a service, a document of it and a release the document lists.

    ``is_external``: the service is somebody else's.
    """

    service: ServiceId
    release: str
    current: bool
    document: DocumentName
    is_external: bool = False


class WhoHas(Struct, frozen=True, kw_only=True):
    """Every stored document and service that lists what was asked, one row per release."""

    query: str
    matches: tuple[Holding, ...]
    notes: tuple[str, ...] = ()


class TakenRelease(Struct, frozen=True, kw_only=True):
    """A release that an install takes.

    ``asked_by`` and ``requirement``: who asked for it first (``name@version``, None for the manifest itself), and how.
    ``is_firm`` False: something else does not fit, and a way out of that may change this choice.
    """

    package: str
    version: str
    asked_by: str | None
    requirement: str
    is_accused: bool = False
    is_firm: bool = True


class InstallTree(Struct, frozen=True, kw_only=True):
    """What an install from a manifest takes at an instant, as the forward walk chose it.

    Contract: docs/semantics.md#forward-walk.

    ``manifest`` may be a part of the document, as words name it. ``releases`` are sorted by package; ``unresolvable``
    are the packages without a release that fits. ``left_out``: requirements that only some installs take, so nothing
    follows them; ``unread``: what was not read. ``is_governed``: a lock in place governs the manifest, so installs that
    keep to that take what it lists. ``is_uncertain``: a listing on the way has no known time, and another account of it
    gives another tree.
    """

    incident: str
    manifest: str
    document: DocumentName
    at: Instant
    environment: Environment
    resolver: str
    releases: tuple[TakenRelease, ...]
    unresolvable: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    is_governed: bool = False
    is_uncertain: bool = False


class WhyAnswer(Struct, frozen=True, kw_only=True):
    """One service of a blast, with what it was judged on. ``trees`` None: nobody asked what its installs take."""

    service: ServiceVerdict
    blast: Blast
    trees: tuple[InstallTree, ...] | None = None


class Stats(Struct, frozen=True, kw_only=True):
    """What a graph holds: counts by word, and its documents' problems as (path, problem); see `problem_count`."""

    counts: tuple[tuple[str, int], ...]
    problems: tuple[tuple[str, Problem], ...]
    packaging: str
    facts_sha256: str
    newest_fact: Instant | None

    @property
    def problem_count(self) -> int:
        """Return how many problems there were: of a document with very many, the last line stands for the others."""
        return how_many(problem for _, problem in self.problems)


class Rejected(Struct, frozen=True, kw_only=True):
    """An input that could not be used at all: which, where in it, and what was expected."""

    path: str
    place: str
    problem: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.path, self.place, self.problem)))


class Taken(Struct, frozen=True, kw_only=True):
    """Sources that a scan took in the same way, as one ``graphkit ingest KIND SOURCE…`` takes them.

    ``service`` None: each says itself whose it is. ``branch``: the line of states that they are on, where nobody knows
    a branch. ``builds_complete``: the word that the builds of the service are all there were counts for it.
    """

    kind: str
    sources: tuple[str, ...]
    service: str | None = None
    branch: str = ""
    builds_complete: bool = False
    is_history: bool = False
    """They are repositories, of which the history was read."""


class IngestReport(Struct, frozen=True, kw_only=True):
    """What an ingest read. ``worst`` holds the first problems of the inputs with most of them."""

    read: int
    new: int
    unchanged: int
    rejected: tuple[Rejected, ...] = ()
    unrecognised: tuple[str, ...] = ()
    problems: int = 0
    worst: tuple[tuple[str, Problem], ...] = ()
    notes: tuple[str, ...] = ()
    is_stopped: bool = False
    """The time that a person gave was used up before everything was read."""
    incidents: tuple[str, ...] = ()
    """The ids of incidents and records that were read."""
    repositories: int = 0
    """How many histories of a scan were read."""
    taken: tuple[Taken, ...] = ()
    """What a scan took, and how."""
    looked_into: tuple[str, ...] = ()
    """What answers call the repositories and folders that a scan looked into."""
