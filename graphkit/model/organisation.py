"""Companies, services, their builds and documents, supply relations and claims."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct, field

from graphkit.model.aliases import Aliases
from graphkit.model.environment import Environment
from graphkit.model.guards import CutOff
from graphkit.model.incidents import Source
from graphkit.model.names import CompanyId, ExtraName, PackageName, ServiceId
from graphkit.model.times import Instant, Moment


class CompleteFrom(Struct, frozen=True, kw_only=True, order=True):
    """The word that what a tool makes of a source is complete. ``source``: `image`, `environment`, or free text."""

    tool: str
    source: str = ""


class Company(Struct, frozen=True, kw_only=True):
    """A company. ``name`` is its own spelling, ``kind`` free text; ``complete_from`` its word on tools.

    ``is_external``: not one of the reader's own, so its services are shown apart and not counted with them; None: not
    said, so it is one of them.
    """

    id: CompanyId
    name: str
    kind: str = ""
    builds_complete: bool = False
    complete_from: tuple[CompleteFrom, ...] = ()
    is_external: bool | None = False


USE_TIMES: Final = ("built_at", "stands_from", "stands_until", "read_at")
"""The times of a use of a document, in the order of their columns in the record."""


class Word(NamedTuple):
    """That somebody said a time, and no document shows it.

    ``time``: which one (`stands_from`, `built_at`, `builds`). ``source``: where, an option or an organisation file.
    """

    time: str
    source: str


def as_said(words: Sequence[Word]) -> str:
    """Return who says what a sentence has said, to stand at its end; empty where a document shows it.

    >>> as_said([Word("stands_from", "--unchanged-since"), Word("read_at", "--unchanged-since")])
    ', as --unchanged-since says'
    >>> as_said([Word("stands_from", "acme.yaml"), Word("read_at", "acme.yaml")])
    ', as `stands_from` and `read_at` in acme.yaml say'
    """
    options = [one.source for one in words if one.source.startswith("--")]
    keys: dict[str, list[str]] = {}
    for one in words:
        if one.source not in options:
            keys.setdefault(one.source, []).append(f"`{one.time}`")
    files = [f"{' and '.join(dict.fromkeys(found))} in {source}" for source, found in keys.items()]
    named = [*dict.fromkeys(options), *files]
    is_one = len(named) == 1 and " and `" not in named[0]
    return f", as {' and '.join(named)} say{'s' if is_one else ''}" if named else ""


class DocumentUse(Struct, frozen=True, kw_only=True):
    """A document describes a service.

    ``built_at``: when the build that it describes, or that installed from it, ran. ``stands_from``: of an
    install input, since when it was in place; ``stands_until`` its next known state; ``read_at`` the last
    moment it was known to be in place. All None: undated; it exposes and never clears. ``derived``: nobody
    named the service, it was made from the document itself, and a use whose service a person named takes its
    place. ``by_folder``: the service is that of the place where the document lies; it takes the place of a derived
    use of the same place alone, for equal bytes elsewhere are another file. An input is known by ``repository`` (or
    folder given) and ``path``. ``is_first``: nothing was at that path before ``stands_from``, as history shows, or
    what was there is told by the branch it forked off;
    ``is_last``: nor after ``stands_until``. ``is_complete``:
    the user's word that it lists all. ``words``: which of its times somebody said, and where; a document or a
    repository shows the others.
    """

    service: ServiceId
    document: str
    path: str = ""
    built_at: Moment | None = None
    stands_from: Moment | None = None
    stands_until: Moment | None = None
    read_at: Moment | None = None
    branch: str = ""
    repository: str = ""
    is_first: bool = False
    is_last: bool = False
    is_complete: bool = False
    note: str = ""
    sources: tuple[str, ...] = ()
    derived: bool = False
    by_folder: bool = False
    words: tuple[Word, ...] = ()

    def said_of(self, *times: str) -> tuple[Word, ...]:
        """Return what somebody said of some of its times."""
        return tuple(one for one in self.words if one.time in times)


class Build(Struct, frozen=True, kw_only=True):
    """A build that the organisation names. ``document``: what came out of it (sha256), may be empty.

    ``lock``: the lock it installed from; ``manifest``: what it resolved from (sha256, may be empty).
    ``at`` is when it ran; ``started`` and ``ended`` bound it, else it ran within two hours of ``at``. ``words``: who
    says all of this, and where.
    """

    service: ServiceId
    at: Moment
    started: Moment | None = None
    ended: Moment | None = None
    document: str = ""
    lock: str = ""
    manifest: str = ""
    words: tuple[Word, ...] = ()


class Service(Struct, frozen=True, kw_only=True):
    """What a company runs. ``builds_complete``: the builds named are all; ``is_never_built``: there are none.

    ``extras`` and ``groups``: what of its manifest's own extras and dependency groups it installs; None: not said, so
    it may install any. The words of the organisation that replace assumptions of a proof
    (docs/semantics.md#assumptions): ``installs_from`` (paths of the inputs that count, all others do not),
    ``is_lock_enforced``, ``index`` (the one it installs from: an address, or `public`), ``is_wheels_only``, ``tools``
    (what installs it, as requirements; None: not said), ``is_without_cache``, ``complete_from``. ``uploaded_prior_to``:
    the cut-off that its pip is configured with. ``is_external``: somebody else runs it, as of a company; None: as its
    company says.
    """

    id: ServiceId
    company: CompanyId | None = None
    owner: str = ""
    builds_complete: bool = False
    is_never_built: bool = False
    environment: Environment | None = None
    resolver: str = ""
    note: str = ""
    extras: tuple[ExtraName, ...] | None = None
    groups: tuple[str, ...] | None = None
    installs_from: tuple[str, ...] | None = None
    is_lock_enforced: bool = False
    index: str = ""
    is_wheels_only: bool = False
    tools: tuple[str, ...] | None = None
    is_without_cache: bool = False
    complete_from: tuple[CompleteFrom, ...] = ()
    uploaded_prior_to: CutOff | None = None
    is_external: bool | None = None


class Supply(Struct, frozen=True, kw_only=True):
    """``supplier`` supplies ``customer``. ``data``: which of the customer's data the supplier holds."""

    supplier: CompanyId
    customer: CompanyId
    what: str
    data: tuple[str, ...] = ()
    start: Instant | None = None
    until: Instant | None = None
    sources: tuple[str, ...] = ()


class Polarity(StrEnum):
    """Whether a claim affirms exposure, denies it, or says neither."""

    AFFIRMS = "affirms"
    DENIES = "denies"
    NEITHER = "neither"


class Standing(StrEnum):
    """Who stands behind a claim. Only the first two make a company `stated` (docs/semantics.md#companies)."""

    FIRST_HAND = "first-hand"
    CONFIRMED = "confirmed"
    REPORTED = "reported"
    RUMOUR = "rumour"
    ATTACKER = "attacker"


class Claim(Struct, frozen=True, kw_only=True):
    """Who said what about a company, when, how sure, where.

    ``object`` is what the claim is about: a purl, an incident id, a company or free text; only one
    that names the target package or incident can make the company `stated`.
    """

    id: str
    company: CompanyId
    claimant: str
    text: str
    polarity: Polarity
    standing: Standing
    certainty: str
    date: str
    object: str = ""
    relation: str = ""
    sources: tuple[Source, ...] = ()


class Organisation(Struct, frozen=True, kw_only=True):
    """One organisation file, or all of them joined. ``source`` names the file.

    ``private_indexes`` are index addresses whose releases are not the public ones; ``private_packages``
    names that are never taken from the public index. ``aliases`` are other names of packages and services.
    """

    source: str = ""
    companies: tuple[Company, ...] = ()
    services: tuple[Service, ...] = ()
    uses: tuple[DocumentUse, ...] = ()
    builds: tuple[Build, ...] = ()
    supplies: tuple[Supply, ...] = ()
    claims: tuple[Claim, ...] = ()
    private_indexes: tuple[str, ...] = ()
    private_packages: tuple[PackageName, ...] = ()
    aliases: Aliases = field(default_factory=Aliases)

    @property
    def external_services(self) -> frozenset[ServiceId]:
        """Return the services that are somebody else's: what a service says of itself goes before its company."""
        companies = {one.id for one in self.companies if one.is_external}
        return frozenset(
            one.id
            for one in self.services
            if (one.company in companies if one.is_external is None else one.is_external)
        )
