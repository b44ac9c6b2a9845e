"""The seam between what is kept and what is asked: a store answers these calls and no question.

Every call moves a whole frontier: arrays in, arrays out. Ids are dense and non-negative, valid for one
``Reader`` only, and never reach an answer. All arrays are little-endian and read-only. Releases of a
package are consecutive in PEP 440 order (legacy versions below all others), so a release id is also
its position, and a range is a list of half-open stretches of release ids of its target package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Generic, Literal, NewType, Protocol, TypeVar, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model.documents import Component, Document, Problem
from graphkit.model.environment import Environment
from graphkit.model.incidents import Incident
from graphkit.model.index import ProjectPage, ReleaseMetadata, ReleaseTable
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.model.times import Instant

PackageId = NewType("PackageId", int)
ReleaseId = NewType("ReleaseId", int)
RequirementSetId = NewType("RequirementSetId", int)
RangeId = NewType("RangeId", int)
TextId = NewType("TextId", int)
"""A text of one `TextKind`: a marker, what files need, or extras."""

Position = NewType("Position", int)
"""A release among those of its package, in PEP 440 order: its id less that of the first."""

PackageElement = NewType("PackageElement", np.int32)
"""What a column of package ids is made of; as those below, known to a type checker alone (docs/decisions/0019)."""
ReleaseElement = NewType("ReleaseElement", np.int32)
RequirementSetElement = NewType("RequirementSetElement", np.int32)
RangeElement = NewType("RangeElement", np.int32)
TextElement = NewType("TextElement", np.int32)

PackageIds = NDArray[PackageElement]
ReleaseIds = NDArray[ReleaseElement]
RequirementSetIds = NDArray[RequirementSetElement]
RangeIds = NDArray[RangeElement]
TextIds = NDArray[TextElement]

Id = TypeVar("Id", bound=int)
Element = TypeVar("Element", bound=np.int32)
Answer = TypeVar("Answer")
Offsets = NDArray[np.int64]
Times = NDArray[np.int64]
Flags = NDArray[np.uint8]

Truths = NDArray[np.bool_]

TextKind = Literal["marker", "needs", "extras"]

Fact = ProjectPage | ReleaseMetadata | ReleaseTable | Document | DocumentUse | Organisation | Incident

FolderPath = tuple[str, str]
"""The repository or folder given, and the path in it, of a use of a document."""
ANYWHERE: Final[FolderPath] = ("", "")
"""The place of a use whose service a person named: what is named is the document, wherever it lies."""

PAGE_READ = 1
"""Package flag: some page or table listed its files, so its releases are known; else others named them.

A page that is missing, quarantined or lists no file is none of these: what was there before it is not known from it.
"""
PAGE_MISSING = 2
"""Package flag: when last read, the index said there is no such project."""
PAGE_QUARANTINED = 4
"""Package flag: quarantined (PEP 792) when last read."""
PAGE_ONE_RELEASE = 8
"""Package flag: no page was read, but a table that has the newest release alone: older ones are not known."""
PAGE_TIMES_ASSUMED = 16
"""Package flag: files of it have no time and are taken as listed always; see `FILE_ALWAYS_LISTED`."""
PAGE_EMPTY = 32
"""Package flag: when last read, its page listed no file."""

RELEASE_PRERELEASE = 1
RELEASE_LEGACY = 2
"""Release flag: not PEP 440; never chosen."""
RELEASE_GHOST = 4
"""Release flag: named by an incident, document or old page, not listed when the page was last read."""
RELEASE_REQUIREMENTS_READ = 8
"""Release flag: its requirements are known."""
RELEASE_REQUIREMENTS_NEAREST = 16
"""Release flag: its requirements are those of the nearest earlier release."""
RELEASE_REQUIREMENTS_PARTIAL = 32
"""Release flag: some of its requirement texts had not even a name."""

FILE_TIME_KNOWN = 1
FILE_YANKED = 2
FILE_YANK_DATED = 4
"""File flag: ``yanked_since`` is known."""
FILE_SDIST = 8
FILE_WHEEL = 16
FILE_KIND_UNKNOWN = 32
"""File flag: the source names no files of this release; taken as installable everywhere."""
FILE_ALWAYS_LISTED = 64
"""File flag: its time is not known, and it is taken as listed always, as the one who ingested it asked."""
FILE_TIME_GIVEN = 128
"""File flag: a page lists it without a time; the time known is an incident's, and it may have been listed before."""

RANGE_UNREADABLE = 1
"""Range flag: the specifier could not be read; it admits all, for `admitted` only."""
RANGE_URL = 2
"""Range flag: a direct reference; it has no stretches."""
RANGE_NAMES_PRERELEASE = 4
"""Range flag: its specifier names a pre-release (`SpecifierSet.prereleases`)."""
RANGE_PINNED = 8
"""Range flag: one `==` without wildcard, or `===`; the only kind that unlocks a yanked release."""
RANGE_RAW = 16
"""Range flag: holds `===`; matches text in documents, never chosen by order."""


OFFER_LISTED = 1
"""Offer bit: listed once nothing changes any more, in the environment `SETTLED`."""
OFFER_FRESH = 2
"""Offer bit: listed, and not yanked."""
OFFER_TAKEN = 4
"""Offer bit: some range chooses it."""

NAMES_EXTRAS = 2
"""Flag of runs, beside `OFFER_LISTED`: a range on the package may name an extra; without it none does."""

SETTLED: Final = Environment()
"""The environment for which offers and takers are compiled; for others they are computed when asked."""


class IdType(Generic[Id, Element]):
    """Makes columns of one kind of id. It is a dtype too: ``np.arange(3, dtype=PACKAGE)`` are package ids."""

    def __init__(self) -> None:
        self.dtype = cast("np.dtype[Element]", np.dtype(np.int32))

    def of(self, ids: Iterable[Id]) -> NDArray[Element]:
        """Return a column of some ids, in their order.

        >>> PACKAGE.of([PackageId(3), PackageId(1)]).tolist()
        [3, 1]
        """
        return np.fromiter(ids, dtype=self.dtype)


PACKAGE: Final = IdType[PackageId, PackageElement]()
RELEASE: Final = IdType[ReleaseId, ReleaseElement]()
REQUIREMENT_SET: Final = IdType[RequirementSetId, RequirementSetElement]()
RANGE: Final = IdType[RangeId, RangeElement]()
TEXT: Final = IdType[TextId, TextElement]()


class Flagged:
    """Truths out of a column of flags: what each flag means is known here and in the stores alone."""

    def __init__(self, column: str, *masks: int) -> None:
        self._column = column
        self._mask = sum(masks)

    def __get__(self, columns: object, _: type) -> Truths:
        """Return of each row whether it has any of the flags. Cost: one pass over the column."""
        flags: Flags = getattr(columns, self._column)
        found: Truths = (flags & self._mask) != 0
        return found


class Generation(Struct, frozen=True, kw_only=True):
    """What a reader reads. ``facts_sha256`` is the same for equal facts in any store and order.

    Ids of packages, releases, requirement sets and ranges are below the numbers here.
    """

    facts_sha256: str
    packages: int
    releases: int
    requirement_sets: int
    ranges: int
    newest_fact: Instant
    inputs: int
    packaging: str


class Packages(Struct, frozen=True, kw_only=True):
    """Columns, one row per id asked: name, flags, first release id, one past the last.

    Names may be decoded as they are read. ``dependents``: how many packages have a release that requires it.
    ``settled``: the instant from which nothing of its listings and yanks changes any more, `FOREVER` where that is not
    known. ``newest``: what its bare name chooses from then on in `SETTLED`, a release id, -1 for none.
    ``speaks_until``: until when what is known of its releases speaks (docs/semantics.md#index-pages): when the newest
    page that listed files was read (see `PAGE_READ`); of a table, its newest upload, or the time its ingest was told. 0
    for none.
    """

    name: Sequence[str]
    flags: Flags
    start: ReleaseIds
    stop: ReleaseIds
    dependents: NDArray[np.int32]
    downloads: Times
    maintainers: Sequence[str]
    settled: Times
    newest: ReleaseIds
    speaks_until: Times

    has_page = Flagged("flags", PAGE_READ)
    is_missing = Flagged("flags", PAGE_MISSING)
    is_quarantined = Flagged("flags", PAGE_QUARANTINED)
    is_gone = Flagged("flags", PAGE_MISSING, PAGE_QUARANTINED, PAGE_EMPTY)
    has_newest_alone = Flagged("flags", PAGE_ONE_RELEASE)
    is_listed_somewhere = Flagged("flags", PAGE_READ, PAGE_ONE_RELEASE)
    has_answer = Flagged("flags", PAGE_READ, PAGE_MISSING, PAGE_QUARANTINED, PAGE_EMPTY)
    has_assumed_times = Flagged("flags", PAGE_TIMES_ASSUMED)


class Releases(Struct, frozen=True, kw_only=True):
    """Columns, one row per release id asked; files in CSR form by ``file_start`` (len rows + 1).

    ``package``: package id. ``version``: the spelling shown. ``offer``: offer bits. ``requirement_set``: id, -1
    unknown.
    File columns: ``uploaded`` (µs; 0 where time is not known, see flags), ``yanked_since``, ``flags``,
    ``needs`` (id of a text, see `Reader.texts`), ``filename`` and ``sha256``.
    ``requirements_source``: MetadataSource text. Text columns may be decoded as they are read.
    """

    package: PackageIds
    version: Sequence[str]
    flags: Flags
    offer: Flags
    requirement_set: RequirementSetIds
    requirements_source: Sequence[str]
    file_start: Offsets
    file_uploaded: Times
    file_yanked_since: Times
    file_flags: Flags
    file_needs: TextIds
    filename: Sequence[str]
    file_sha256: Sequence[str]

    is_prerelease = Flagged("flags", RELEASE_PRERELEASE)
    is_legacy = Flagged("flags", RELEASE_LEGACY)
    is_ghost = Flagged("flags", RELEASE_GHOST)
    has_borrowed_requirements = Flagged("flags", RELEASE_REQUIREMENTS_NEAREST)
    lacks_requirements = Flagged("flags", RELEASE_REQUIREMENTS_PARTIAL)
    is_listed = Flagged("offer", OFFER_LISTED)
    is_fresh = Flagged("offer", OFFER_FRESH)
    is_taken = Flagged("offer", OFFER_TAKEN)
    file_has_time = Flagged("file_flags", FILE_TIME_KNOWN)
    file_is_yanked = Flagged("file_flags", FILE_YANKED)
    file_has_yank_time = Flagged("file_flags", FILE_YANK_DATED)
    file_is_wheel = Flagged("file_flags", FILE_WHEEL)
    file_is_always_listed = Flagged("file_flags", FILE_ALWAYS_LISTED)
    file_has_given_time = Flagged("file_flags", FILE_TIME_GIVEN)


class Members(Struct, frozen=True, kw_only=True):
    """Requirement sets in CSR form, one row per set asked: ``range`` and ``marker`` ids of each member."""

    start: Offsets
    range: RangeIds
    marker: TextIds


class Ranges(Struct, frozen=True, kw_only=True):
    """Columns, one row per range id asked. A range is one (package, extras, specifier or URL).

    ``package``: id of the target package. Stretches in CSR form: ``lo <= release id < hi``, ascending.
    ``extras``: id of a text, the extras with commas between them; 0 is none. ``text``: the specifier, URL
    or unreadable text as shown; it may be decoded as it is read.
    """

    package: PackageIds
    extras: TextIds
    text: Sequence[str]
    flags: Flags
    start: Offsets
    lo: ReleaseIds
    hi: ReleaseIds

    is_unreadable = Flagged("flags", RANGE_UNREADABLE)
    is_url = Flagged("flags", RANGE_URL)
    names_prerelease = Flagged("flags", RANGE_NAMES_PRERELEASE)
    is_pinned = Flagged("flags", RANGE_PINNED)


class RangeIntervals(Struct, frozen=True, kw_only=True):
    """In CSR form, one row per package asked: the stretches of the ranges that aim at it, those of a range in a row.

    ``range``: whose each of them is; ``extras``, ``lo`` and ``hi`` as in `Ranges`.
    """

    start: Offsets
    range: RangeIds
    extras: TextIds
    lo: ReleaseIds
    hi: ReleaseIds


class Declarers(Struct, frozen=True, kw_only=True):
    """In CSR form, one row per range asked: which requirement sets (ids) hold it, under which ``marker``."""

    start: Offsets
    set: RequirementSetIds
    marker: TextIds


class Users(Struct, frozen=True, kw_only=True):
    """In CSR form, one row per requirement set asked: the ``release`` ids that declare it.

    ``package`` is that of each release, ``offer`` the offer bits of it.
    """

    start: Offsets
    release: ReleaseIds
    package: PackageIds
    offer: Flags

    is_listed = Flagged("offer", OFFER_LISTED)
    is_fresh = Flagged("offer", OFFER_FRESH)
    is_taken = Flagged("offer", OFFER_TAKEN)


class EveryUser(Struct, frozen=True, kw_only=True):
    """Columns, one row per release of the graph: the requirement set that it declares, -1 unknown, and offer bits."""

    requirement_set: RequirementSetIds
    offer: Flags

    is_listed = Flagged("offer", OFFER_LISTED)


class Takers(Struct, frozen=True, kw_only=True):
    """In CSR form, one row per requirement set asked: the ranges (ids) that choose a release that declares it.

    Of releases: the ranges that choose each.

    ``package`` is what each of them aims at, ``extras`` the id of the text of those that it names, as in `Ranges`.
    """

    start: Offsets
    range: RangeIds
    package: PackageIds
    extras: TextIds


class Runs(Struct, frozen=True, kw_only=True):
    """In CSR form, one row per requirement set asked: releases of one package, in a row, that declare it.

    ``lo <= release id < hi``, and ``package`` is that of all of them. The runs of a set are disjoint.
    """

    start: Offsets
    package: PackageIds
    lo: ReleaseIds
    hi: ReleaseIds
    flags: Flags

    is_listed = Flagged("flags", OFFER_LISTED)
    names_extras = Flagged("flags", NAMES_EXTRAS)


class Listings(Struct, frozen=True, kw_only=True):
    """Rows of documents that name a package, purl or file hash asked for.

    ``component`` is the row's number in its document; ``content`` is equal for rows that say the same.
    """

    document: tuple[str, ...]
    component: NDArray[np.int32]
    content: NDArray[np.int32]


class Outlines(Struct, frozen=True, kw_only=True):
    """The rows and edges of some documents, without what the rows say.

    ``start``: where the rows of each document begin in ``content``, which has a number for each row as `Listings` has
    it. ``edge_start``: where its edges begin in ``source`` and ``target``, which are numbers of rows in their document,
    in its order. ``location``: where the row stands that was asked for, as `Document` has it; empty: it does not say.
    """

    start: NDArray[np.int64]
    content: NDArray[np.int32]
    edge_start: NDArray[np.int64]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    location: tuple[str, ...]


class Receipt(Struct, frozen=True, kw_only=True):
    """What a store did with a batch: facts that were new, facts it had already, and the problems of tables it read."""

    new: int
    unchanged: int
    problems: tuple[tuple[str, Problem], ...] = ()


class InputRead(Struct, frozen=True, kw_only=True):
    """That an input was read to its end: what reading it again, unchanged, would say.

    ``id``: SHA-256 of its bytes and of all beside them that decides what is read of it. ``facts``: how many were
    counted. ``problems``: what was odd, by path. ``files``: other files that it names, each with what that includes;
    ``files_sha256`` is the digest of all of them.
    """

    id: str
    facts: int
    problems: tuple[tuple[str, Problem], ...] = ()
    files: tuple[tuple[str, ...], ...] = ()
    files_sha256: str = ""


class ReleaseReader(Protocol):
    """Packages, releases and what they require. Every method costs in its answer, not in the graph."""

    def generation(self) -> Generation:
        """Return what this reader reads."""

    def package_ids(self, names: Sequence[str]) -> PackageIds:
        """Return the ids of PEP 503 names, -1 where the graph has no such package."""

    def packages(self, ids: PackageIds) -> Packages:
        """Return names, flags and release stretches of packages."""

    def expect(self, packages: PackageIds) -> None:
        """Be told of which packages all releases are probably asked for next, so that they can be read at once.

        No answer depends on it. Cost: none here; a store far away reads them with those that it has to read next.
        """

    def releases(self, ids: ReleaseIds) -> Releases:
        """Return releases with their files."""

    def requirements(self, sets: RequirementSetIds) -> Members:
        """Return the members of requirement sets."""

    def ranges(self, ids: RangeIds) -> Ranges:
        """Return ranges with their stretches."""

    def texts(self, kind: TextKind, ids: TextIds) -> tuple[str, ...]:
        """Return texts that many rows share: markers and extras (id 0 is the empty one), or what files need.

        The latter are made by `graphkit.model.index.needs_of`.
        """


class DependentReader(Protocol):
    """The same the other way round: who requires what. Every method costs in its answer, not in the graph."""

    def constraints_on(self, packages: PackageIds) -> tuple[Offsets, RangeIds]:
        """Return the ranges that aim at each package, in CSR form (start, range ids)."""

    def intervals_on(self, packages: PackageIds) -> RangeIntervals:
        """Return the stretches of the ranges that aim at each package."""

    def declarers(self, ranges: RangeIds) -> Declarers:
        """Return which requirement sets hold each range."""

    def leading_declarers(self, ranges: RangeIds) -> Declarers:
        """Return the same without those that lead no further, which may be left out.

        No range aims at a user of their set, or they hold with one extra alone and no range on a user names it.
        """

    def ending_declarers(self, ranges: RangeIds) -> Declarers:
        """Return what `leading_declarers` left out, but for those that hold with one extra alone."""

    def last_declarers(self, ranges: RangeIds) -> Declarers:
        """Return those that both left out."""

    def users(self, sets: RequirementSetIds) -> Users:
        """Return which releases declare each requirement set."""

    def every_user(self) -> EveryUser | None:
        """Return what every release declares, which is less to read than `users` of many sets; None where it is not."""

    def runs(self, sets: RequirementSetIds) -> Runs:
        """Return the same in fewer rows, and without packages on which no range aims, which may be left out."""

    def takers(self, sets: RequirementSetIds) -> Takers:
        """Return the ranges that choose a release that declares each requirement set, each range once.

        As uv chooses in `SETTLED` once nothing changes any more; see `Packages.settled`.
        """

    def takers_of(self, releases: ReleaseIds) -> Takers:
        """Return the same of releases, distinct and ascending. Cost: the ranges on their packages."""


class Reader(ReleaseReader, DependentReader, Protocol):
    """One consistent reading of a graph."""

    def evidence(self) -> Evidence:
        """Return the organisation's side: incidents, companies, services and their documents."""


class GraphReader(Reader, Protocol):
    """A reading of the graph that a store keeps."""

    def counts(self) -> dict[str, int]:
        """Return how many of each kind of thing are kept, by its word."""


class Evidence(Protocol):
    """The organisation's side of a reader. Equal only to itself, so that what follows from it can be remembered."""

    def __hash__(self) -> int:
        """Return a hash by identity."""

    def incidents(self) -> tuple[Incident, ...]:
        """Return all incidents and advisories, by id."""

    def organisation(self) -> Organisation:
        """Return every organisation fact, joined, each list sorted by its ids.

        ``uses`` holds one row per document and service; ``services`` also holds those that only a
        document made.
        """

    def heads(self, documents: Sequence[str]) -> tuple[Document, ...]:
        """Return documents without components and edges, in the order asked."""

    def document(self, sha256: str) -> Document:
        """Return one whole document. Raises KeyError where there is none.

        Refs are handles that hold within the document; a store may give others than it was given.
        """

    def outlines(self, documents: Sequence[str], rows: Sequence[int]) -> Outlines:
        """Return the outlines of documents, in the order asked, each with a row of it. Cost: numbers; none is decoded.

        Raises KeyError where a document is not kept.
        """

    def listings(self, packages: Sequence[str], purls: Sequence[str], hashes: Sequence[str]) -> Listings:
        """Return rows by package, by purl without version, or by file hash; sorted by document, row.

        By package also those that may be it by their name alone (`graphkit.model.names.namesakes_of`).
        Three empty sequences return every row.
        """

    def components(self, listings: Listings) -> tuple[Component, ...]:
        """Return the component of each listing, in their order. Cost: those rows, not their documents.

        The numbers of contents may be those of `outlines`.
        """

    def problems(self) -> tuple[tuple[str, Problem], ...]:
        """Return every problem of documents and tables as (path, problem), sorted."""


class Store(Protocol):
    """A kept graph. Write side; ``reader`` gives the read side."""

    @property
    def folder(self) -> Path | None:
        """The folder in which it is kept, None for a server."""

    def record(self, facts: Iterable[Fact]) -> Receipt:
        """Keep a batch in one transaction. The same facts again change nothing, in any order."""

    def known(self, documents: Sequence[str]) -> dict[str, frozenset[FolderPath]]:
        """Return which documents, by SHA-256, are kept, each with the places of its uses.

        Where a person named the service of one, `ANYWHERE` is among them: no file of these bytes makes a service then.
        """

    def remember(self, read: InputRead, organisation: Organisation | None = None) -> None:
        """Keep that an input was read to its end, whose facts were recorded before. No answer depends on it.

        ``organisation``: what it said, which another input of the same source replaces; the input is then to be read
        again, as it is where what it said is not kept.
        """

    def remembered(self, input_id: str) -> InputRead | None:
        """Return what is known of an input of which every fact is kept; None where it is to be read."""

    def reader(self) -> GraphReader:
        """Return a reader of the newest generation; compiles it first where the record changed."""

    def ask(self, question: Callable[[GraphReader], Answer]) -> Answer:
        """Return what a question makes of a reader of the newest generation.

        Where others write meanwhile, and a store cannot read one generation to its end, it asks again on a newer one.
        """

    def close(self) -> None:
        """Let go of files and connections. Safe to call twice."""
