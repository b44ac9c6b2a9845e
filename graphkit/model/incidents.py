"""Incidents: what was bad, from when, and every account of until when."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from graphkit.model.index import Hidden
from graphkit.model.names import PackageName, purl_of
from graphkit.model.times import Instant, Moment
from graphkit.model.versions import release_version


class Source(Struct, frozen=True, kw_only=True):
    """Where a statement stands. ``url`` empty: no public address."""

    id: str
    title: str = ""
    publisher: str = ""
    date: str = ""
    url: str = ""


class CompromisedFile(Struct, frozen=True, kw_only=True):
    """A bad archive, or a bad file inside one (``member`` True). ``sha256`` empty: unknown."""

    filename: str
    sha256: str = ""
    member: bool = False


class FileHash(NamedTuple):
    """A hash of a file: the algorithm in lower case without dashes (`sha256`), the value in hexadecimal digits."""

    algorithm: str
    value: str


class AccusedFile(Struct, frozen=True, kw_only=True):
    """A bad file that is named by its hashes or its name, and not as a file of an accused release.

    ``package``: of which package of the Python index it is; ``purl``: of which package of another ecosystem,
    without a version; both empty: of any. ``is_alone``: nothing else of its record says which releases of that
    package are accused, so a row of it can be told from the file by a hash only (docs/semantics.md#obligation-a).
    """

    filename: str = ""
    hashes: tuple[FileHash, ...] = ()
    package: PackageName | None = None
    purl: str = ""
    is_alone: bool = False


class Undecided(Struct, frozen=True, kw_only=True):
    """A part of an accusation that is no test on releases or files; it leaves its package open.

    Contract: docs/semantics.md#obligation-a.

    ``package``: of the Python index; else ``purl``, without a version, of another ecosystem; else ``name`` is all
    that is known. All three empty: it may be about anything. ``why`` says why it decides nothing.
    """

    package: PackageName | None = None
    purl: str = ""
    name: str = ""
    why: str = ""


class CompromisedRelease(Struct, frozen=True, kw_only=True):
    """A release with bad files. ``package`` None: another ecosystem, named by ``purl`` alone.

    ``listed_from`` None: the upload time is not known; of an imprecise time it is the earliest, and
    ``listed_from_latest`` the latest instant (None: it is exact). ``whole`` False: only the files named are bad
    and the release also has good ones (docs/semantics.md#compromised-files).
    """

    purl: str
    package: PackageName | None
    version: str
    listed_from: Instant | None = None
    files: tuple[CompromisedFile, ...] = ()
    whole: bool = True
    note: str = ""
    sources: tuple[str, ...] = ()
    listed_from_latest: Instant | None = None

    @property
    def first_listing(self) -> Moment | None:
        """When it was listed first, as precisely as the incident says it; None where it does not."""
        return _moment(self.listed_from, self.listed_from_latest)


def python_release(package: PackageName, version: str) -> CompromisedRelease:
    """Return a release of the Python index, all of it accused."""
    shown = release_version(version).text
    return CompromisedRelease(purl=purl_of(package, shown), package=package, version=shown)


class Reading(Struct, frozen=True, kw_only=True):
    """One account of the times. ``start`` and ``until`` None: it gives no clock times.

    Of imprecise times ``start`` is the earliest and ``until`` the latest instant, so that they hide no exposure;
    ``start_latest`` and ``until_earliest`` are the other ends, None where the time is exact. ``hidden`` are the
    stretches in which this account certainly has files, releases or projects out of the index. The compromised
    releases are listed from their own start to ``until``.
    """

    id: str
    preferred: bool = False
    start: Instant | None = None
    until: Instant | None = None
    hidden: tuple[Hidden, ...] = ()
    why: str = ""
    sources: tuple[str, ...] = ()
    start_latest: Instant | None = None
    until_earliest: Instant | None = None

    @property
    def gives_times(self) -> bool:
        """Whether it says anything of the clock."""
        return self.start is not None or self.until is not None or bool(self.hidden)

    @property
    def first_listing(self) -> Moment | None:
        """When it has the first compromised release listed, as precisely as it says it; None where it does not."""
        return _moment(self.start, self.start_latest)

    @property
    def is_exact(self) -> bool:
        """Whether both ends, as far as it gives them, are single instants."""
        return self.start_latest is None and self.until_earliest is None


class Cause(Struct, frozen=True, kw_only=True):
    """How it came about: a text, how sure, and where it stands. Never carries exposure."""

    text: str
    certainty: str = ""
    sources: tuple[str, ...] = ()


class ActionKind(StrEnum):
    """What an action does, the most urgent first."""

    CONTAIN = "contain"
    """Keep it from running or spreading further."""
    ROTATE = "rotate"
    """Replace what could be read."""
    HUNT = "hunt"
    """Look for what it left behind."""
    BLOCK = "block"
    """Shut out its hosts and its releases."""
    NOTIFY = "notify"
    """Tell somebody."""


class Action(Struct, frozen=True, kw_only=True):
    """What to do now about an incident, in plain words, by somebody who knows. ``sources`` are ids."""

    do: ActionKind
    text: str
    sources: tuple[str, ...] = ()


class Incident(Struct, frozen=True, kw_only=True):
    """One compromise. ``aliases`` are advisory ids of the same event.

    ``advisory`` True: made from an OSV record alone, which gives versions but no times; ranges of
    the record are in ``ranges`` as (package, specifier). ``every``: packages of which every version is accused,
    as purls without a version. ``files``: bad files that are not told of as files of a release. ``undecided``:
    what of it accuses nothing that can be tested. ``imports``: the names that the accused packages are imported by.
    ``actions``: what to do now, in the order in which the file has them.
    """

    id: str
    title: str
    releases: tuple[CompromisedRelease, ...]
    readings: tuple[Reading, ...] = ()
    aliases: tuple[str, ...] = ()
    actor: str = ""
    causes: tuple[Cause, ...] = ()
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()
    advisory: bool = False
    withdrawn: bool = False
    ranges: tuple[tuple[PackageName, str], ...] = ()
    every: tuple[str, ...] = ()
    files: tuple[AccusedFile, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    imports: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def decides_nothing(self) -> bool:
        """Whether nothing of it is a test on releases or files."""
        return not (self.releases or self.ranges or self.every or any(file.hashes for file in self.files))

    @property
    def why_undecided(self) -> str:
        """Why it decides nothing, empty where it decides something."""
        if not self.decides_nothing:
            return ""
        return "; ".join(dict.fromkeys(one.why for one in self.undecided)) or "it names no release and no file"


def _moment(earliest: Instant | None, latest: Instant | None) -> Moment | None:
    return None if earliest is None else Moment(earliest=earliest, latest=earliest if latest is None else latest)
