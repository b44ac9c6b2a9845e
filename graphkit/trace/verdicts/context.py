"""What services are judged with: one case, one environment, and what the index says in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.model.answers import Assumption, BuildVerdict, Clearance, DocumentName, Obligation
from graphkit.model.documents import Document, ImageBuild
from graphkit.model.environment import Environment
from graphkit.model.names import PackageName
from graphkit.model.organisation import Service
from graphkit.model.ranks import Verdict
from graphkit.model.repository_paths import InputLine
from graphkit.model.requirements import Requirement
from graphkit.model.times import BEGINNING, Instant, Moment
from graphkit.stores.port import PackageId
from graphkit.trace.evidence.accusation import Accusation
from graphkit.trace.evidence.workspaces import Workspace
from graphkit.trace.reach.by_slot import Reach
from graphkit.trace.resolve.closure import Span, closure_of
from graphkit.trace.resolve.confirm import Targets
from graphkit.trace.resolve.first_upload import FirstUploads, first_of_all
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.listing import Bits
from graphkit.trace.resolve.manifests import InHouse, InstallSelection, root_of_requirements
from graphkit.trace.resolve.world import World
from graphkit.trace.verdicts.clearance import OpenObligation, ProofStep, word
from graphkit.trace.verdicts.listings import Finding

USUAL_BACKENDS: Final[frozenset[str]] = frozenset({
    *("setuptools", "wheel", "hatchling", "hatch-vcs", "hatch-fancy-pypi-readme", "hatch-requirements-txt"),
    *("flit-core", "poetry-core", "pdm-backend", "uv-build", "maturin", "scikit-build-core", "meson-python"),
    *("cython", "cffi", "pybind11", "numpy", "setuptools-scm"),
})  # fmt: skip
"""What most projects are built with (docs/semantics.md#usual-tools)."""
USUAL_TOOLS: Final[frozenset[str]] = frozenset(
    ("pip", "uv", "poetry", "pdm", "pipenv", "tox", "nox", "virtualenv", "build")
)
"""What most projects are installed with (docs/semantics.md#usual-tools)."""


class ServiceContext(Struct, frozen=True, kw_only=True):
    """Everything that a service is judged with.

    ``world`` is its environment, ``union`` every one that it may have, ``in_environment`` gives the world of one.
    ``targets``: accused positions by package id. ``unplaced``: accused releases that the index facts do not know,
    as an open obligation words them. ``first_uploads``: the earliest upload of an accused file by any account, see
    `graphkit.trace.resolve.first_upload`. ``decided``: obligation (a). ``document`` gives a document by its
    sha256, rows that cannot matter to the case left out; ``whole`` with all of them; ``in_house`` the manifests of a
    package; ``in_workspace`` says whether a manifest lies below the root of a workspace. ``reach_between`` gives the
    reach outside of the window. ``whole_window``: the window of the reading, whatever part of it is asked about.
    ``reaching``: the usual backends and tools from which a target can be reached at all. ``building`` gives the world
    of builds, which is ``union`` without guards, for these reach none; ``is_reached_by_building``: a build requirement
    that was read may lead to a target. ``findings``: what documents
    of this service were found to say, by sha256, whether the organisation calls them complete (``said_complete``), and
    what installs from them.
    """

    incident: str
    service: Service
    world: World
    union: Callable[[str], World]
    in_environment: Callable[[Environment], World]
    reach: Reach
    reach_between: Callable[[Instant, Instant], Reach]
    targets: Targets
    accused: Accusation
    names: tuple[str, ...]
    start: Instant
    until: Instant
    whole_window: tuple[Instant, Instant]
    first_uploads: FirstUploads
    decided: ProofStep
    unplaced: tuple[tuple[PackageName | None, str], ...]
    document: Callable[[str], Document]
    whole: Callable[[str], Document]
    in_house: InHouse
    in_workspace: Callable[[Document], bool]
    reaching: Callable[[], frozenset[str]]
    building: Callable[[str], World]
    is_reached_by_building: Callable[[], bool]
    findings: dict[tuple[str, bool, str], Finding]
    said_complete: frozenset[str] = frozenset()
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The repository and path of the service's own documents, by sha256."""
    image_builds: Mapping[InputLine, tuple[ImageBuild, ...]] = field(default_factory=dict)
    """Of its Dockerfiles, by repository, path and branch: from which folders scripts of others have them built."""
    workspaces: Mapping[InputLine, Workspace] = field(default_factory=dict)
    """What the service has to do with each lock of a workspace that lies in the folder of another service."""
    is_astray: bool = False
    """The organisation names an input that nobody has: which it means is not known, so what shows a release stands."""

    @property
    def first_upload(self) -> Instant | None:
        """The earliest upload of an accused file of any package, None where one of their times is not known."""
        return first_of_all(self.first_uploads)

    @property
    def target_bits(self) -> tuple[tuple[PackageId, Bits], ...]:
        """The accused positions by package id, as bits."""
        return tuple(
            (package_id, sum(1 << position for position in positions))
            for package_id, positions in sorted(self.targets.items())
        )

    @property
    def releases(self) -> str:
        """The accused releases, as a sentence names them."""
        return " and ".join(self.names) or "nothing"


def named(document: Document, line: int = 0) -> DocumentName | None:
    """Return a document as answers name it; None for what is no document of the graph."""
    return None if not document.sha256 else DocumentName(sha256=document.sha256, path=document.path, line=line)


def placed(context: ServiceContext, one: BuildVerdict) -> BuildVerdict:
    """Return a verdict whose document says in which repository it is, as far as the service's own documents do."""
    if one.document is None or one.document.sha256 not in context.files:
        return one
    repository, file = context.files[one.document.sha256]
    return replace(one, document=replace(one.document, repository=repository, file=file))


def opened(gap: OpenObligation, document: Document | None = None, at: Moment | None = None) -> BuildVerdict:
    """Return the verdict `unknown` for the first open obligation."""
    return BuildVerdict(
        at=at,
        verdict=Verdict.UNKNOWN,
        reason=gap.text,
        document=named(document) if document else None,
        missing=gap.obligation,
        input=gap.input,
        near=gap.near,
        can_be_declared=gap.can_be_declared,
        of_script=gap.of_script,
    )


def cleared(proof: Clearance, reason: str, document: Document | None = None, at: Moment | None = None) -> BuildVerdict:
    """Return the verdict `cleared` for a proof."""
    return BuildVerdict(
        at=at,
        verdict=Verdict.CLEARED,
        reason=reason,
        document=named(document) if document else None,
        clearance=proof,
    )


class Needed(Struct, frozen=True, kw_only=True):
    """What a proof rests on beside its facts: assumptions, and the words of the organisation that replace some."""

    assumes: tuple[Assumption, ...]
    words: tuple[ProofStep, ...]


_WORDS: Final[dict[Assumption, tuple[Obligation, str]]] = {
    Assumption.INPUTS: (Obligation.INPUTS, "the organisation names the inputs that it installs from (installs_from)"),
    Assumption.LOCK: (Obligation.INSTALLED, "the organisation says that installs keep to the lock (lock: enforced)"),
    Assumption.ENVIRONMENT: (Obligation.COMPLETE, "the organisation names the environment"),
    Assumption.INDEX: (Obligation.PUBLIC, "the organisation names the index that it installs from"),
    Assumption.BUILD_ENV: (Obligation.CLOSURE, "the organisation says that nothing is built (wheels_only)"),
    Assumption.TOOLS: (Obligation.CLOSURE, "the organisation names what installs it (tools)"),
    Assumption.CACHES: (Obligation.PUBLIC, "the organisation says that nothing comes from a cache (no_cache)"),
}


def needed(service: Service, candidates: Sequence[Assumption]) -> Needed:
    """Return which of some assumptions a proof has to rest on, and which the organisation's word replaces."""
    said = {
        Assumption.INPUTS: service.installs_from is not None,
        Assumption.LOCK: service.is_lock_enforced,
        Assumption.ENVIRONMENT: service.environment is not None,
        Assumption.INDEX: bool(service.index),
        Assumption.BUILD_ENV: service.is_wheels_only,
        Assumption.TOOLS: service.tools is not None,
        Assumption.CACHES: service.is_without_cache,
    }
    replaced = [one for one in candidates if said.get(one, False)]
    return Needed(
        assumes=tuple(one for one in candidates if one not in replaced),
        words=tuple(word(*_WORDS[one]) for one in replaced),
    )


def word_on_environment(context: ServiceContext, obligation: Obligation) -> tuple[ProofStep, ...]:
    """Return the organisation's word on where installs run, as of an obligation; nothing where it does not say."""
    known = context.service.environment
    if known is None:
        return ()
    where = f"Python {known.python}, {known.platform} {known.machine}"
    return (word(obligation, f"the organisation says that it installs on {where} (environment)"),)


def is_usual(context: ServiceContext, one: Requirement, usual: AbstractSet[str]) -> bool:
    """Return whether a requirement names a usual backend or tool and nothing else; a target must not come by it."""
    is_plain = not (one.url or one.extras or one.unreadable)
    return is_plain and one.package in usual and one.package not in context.reaching()


def undecided_among(context: ServiceContext, names: AbstractSet[str]) -> tuple[str, ...]:
    """Return what of the accusation may be about packages of some names and is not known, as an obligation words it."""
    undecided = sorted(names & _undecided(context))
    return (
        *(text for package, text in context.unplaced if package is None or package in names),
        *(f"which releases of {name} are accused" for name in undecided),
    )


def _undecided(context: ServiceContext) -> frozenset[str]:
    """Return the packages of which it is not known which releases are accused."""
    return frozenset((*context.accused.open, *(one.package for one in context.accused.files if one.package)))


def usual_ways(context: ServiceContext) -> frozenset[str]:
    """Return the usual backends and tools that are accused, or that can bring a target in some environment.

    Of one whose requirements nobody read nothing is known: that it brings none is what is assumed. Cost: the closure of
    all of them, markers apart; where that holds a target, in every environment, and where that does, of each.
    """
    usual = USUAL_BACKENDS | USUAL_TOOLS
    union = context.union("")
    if not (_bring(context, union.anywhere(), usual) and _bring(context, union, usual)):
        return frozenset()
    return frozenset(one for one in usual if _bring(context, union, frozenset({one})))


def _bring(context: ServiceContext, world: World, names: frozenset[str]) -> bool:
    asked = [Requirement(package=PackageName(one)) for one in sorted(names)]
    requirements, _ = root_of_requirements(world, asked, InstallSelection(extras=(), groups=()))
    ever = Span(start=BEGINNING, until=BEGINNING, is_timeless=True)
    found = closure_of(world, Root(label="tools", why="tools", requirements=requirements), context.target_bits, ever)
    open_ones = {package for package, _ in context.unplaced} | _undecided(context)  # of the index: elsewhere is no way
    return bool(found.hits) or not open_ones.isdisjoint(world.names_of(found.packages) | names)


def tools_gap(context: ServiceContext, candidates: Sequence[Assumption]) -> OpenObligation | None:
    """Return the open obligation where a target is in the closure of what is only assumed to be usual."""
    for assumption, usual, what in (
        (Assumption.BUILD_ENV, USUAL_BACKENDS, "build backend"),
        (Assumption.TOOLS, USUAL_TOOLS, "installer"),
    ):
        if assumption in candidates and (bad := sorted(usual & context.reaching())):
            replaced = "wheels_only" if assumption is Assumption.BUILD_ENV else "tools"
            return OpenObligation(
                obligation=Obligation.CLOSURE,
                text=f"{bad[0]}, a usual {what}, can bring it; what this service uses (`{replaced}:` in the "
                "organisation file) would settle it",
            )
    return None
