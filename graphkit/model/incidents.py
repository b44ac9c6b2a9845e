"""Incidents: what was bad, from when, and every account of until when."""

from __future__ import annotations

from dataclasses import dataclass

from graphkit.model.index import Hidden
from graphkit.model.names import PackageName
from graphkit.model.times import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a statement stands. ``url`` empty: no public address."""

    id: str
    title: str = ""
    publisher: str = ""
    date: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompromisedFile:
    """A bad archive, or a bad file inside one (``member`` True). ``sha256`` empty: unknown."""

    filename: str
    sha256: str = ""
    member: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompromisedRelease:
    """A release with bad files. ``package`` None: another ecosystem, named by ``purl`` alone.

    ``listed_from`` None: the upload time is not known. ``whole`` False: only the files named are bad
    and the release also has good ones (semantics §1).
    """

    purl: str
    package: PackageName | None
    version: str
    listed_from: Instant | None = None
    files: tuple[CompromisedFile, ...] = ()
    whole: bool = True
    note: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One account of the times. ``start`` and ``until`` None: it gives no clock times.

    ``hidden`` are the stretches in which this account has files, releases or projects out of the
    index. The compromised releases are listed from their own start to ``until``.
    """

    id: str
    preferred: bool = False
    start: Instant | None = None
    until: Instant | None = None
    hidden: tuple[Hidden, ...] = ()
    why: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """How it came about: a text, how sure, and where it stands. Never carries exposure."""

    text: str
    certainty: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One compromise. ``aliases`` are advisory ids of the same event.

    ``advisory`` True: made from an OSV record alone, which gives versions but no times; ranges of
    the record are in ``ranges`` as (package, specifier) for releases that the graph may know.
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
