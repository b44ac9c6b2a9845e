"""Incident files: what was bad, from when, and every account of until when (docs/incident-file.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from graphkit.model.errors import InputError
from graphkit.model.incidents import Cause, CompromisedFile, CompromisedRelease, Incident, Reading, Source
from graphkit.model.index import Hidden
from graphkit.model.names import BadName, PackageName, name_of_purl, purl_of, read_purl
from graphkit.model.times import FOREVER
from graphkit.model.versions import release_version
from graphkit.sources.plain import decode, time, typed

SCHEMA: Final = "graphkit.incident/1"
_SHA256_LENGTH: Final = 64


class Shape(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping of the file; a key that it does not have is an error, since it may be a slip of the pen."""


class SourceShape(Shape):
    """A source that statements of a file cite by its id."""

    id: str
    title: str = ""
    publisher: str = ""
    date: str = ""
    url: str | None = None

    def source(self) -> Source:
        """Return it as a value."""
        return Source(id=self.id, title=self.title, publisher=self.publisher, date=self.date, url=self.url or "")


class _FileShape(Shape):
    filename: str
    sha256: str = ""
    member: bool = False


class _ReleaseShape(Shape):
    purl: str
    listed_from: str | None = None
    files: tuple[_FileShape, ...] = ()
    whole: bool = True
    note: str = ""
    sources: tuple[str, ...] = ()


class _HiddenShape(Shape):
    purl: str
    start: str = msgspec.field(name="from")
    until: str | None = None
    filename: str = ""
    why: str = ""
    sources: tuple[str, ...] = ()


class _ReadingShape(Shape):
    id: str
    preferred: bool = False
    start: str | None = msgspec.field(name="from", default=None)
    until: str | None = None
    hidden: tuple[_HiddenShape, ...] = ()
    why: str = ""
    sources: tuple[str, ...] = ()


class _CauseShape(Shape):
    text: str
    certainty: str = ""
    sources: tuple[str, ...] = ()


class _IncidentShape(Shape):
    schema: str
    id: str
    title: str
    releases: tuple[_ReleaseShape, ...]
    readings: tuple[_ReadingShape, ...] = ()
    aliases: tuple[str, ...] = ()
    actor: str = ""
    causes: tuple[_CauseShape, ...] = ()
    sources: tuple[SourceShape, ...] = ()
    notes: tuple[str, ...] = ()


def claims(data: bytes, name: str) -> bool:  # noqa: ARG001 - the name decides nothing
    """Return whether a file says that it is an incident file."""
    return SCHEMA.rpartition("/")[0].encode() in data[:4096]


def parse(data: bytes, path: str) -> Incident:  # noqa: ARG001 - places are in the file, the caller names it
    """Return the incident of a file.

    Raises:
        InputError: the file does not follow docs/incident-file.md, with the place.
    """
    read = typed(decode(data), _IncidentShape)
    if read.schema != SCHEMA:
        raise InputError(f"{read.schema!r} is not {SCHEMA!r}, which this graphkit reads", place="schema")
    if not read.id.strip():
        raise InputError("an incident needs an id", place="id")
    known = {source.id for source in read.sources}
    if sum(reading.preferred for reading in read.readings) > 1:
        raise InputError("more than one reading is preferred; one account answers unless told", place="readings")
    releases = tuple(_release(one, f"releases[{i}]", known) for i, one in enumerate(read.releases))
    if not releases:
        raise InputError("names no release", place="releases")
    return Incident(
        id=read.id.strip(),
        title=read.title,
        releases=releases,
        readings=tuple(_reading(one, f"readings[{i}]", known) for i, one in enumerate(read.readings)),
        aliases=tuple(read.aliases),
        actor=read.actor,
        causes=tuple(
            Cause(text=one.text, certainty=one.certainty, sources=cited(one.sources, f"causes[{i}].sources", known))
            for i, one in enumerate(read.causes)
        ),
        sources=tuple(one.source() for one in read.sources),
        notes=tuple(read.notes),
    )


def cited(ids: Iterable[str], place: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return source ids; InputError where the file's own list of sources has no such one."""
    known = frozenset(known)
    ids = tuple(ids)
    for number, one in enumerate(ids):
        if one not in known:
            raise InputError(f"no source {one!r} in the file's `sources`", place=f"{place}[{number}]")
    return ids


def _release(read: _ReleaseShape, place: str, known: Iterable[str]) -> CompromisedRelease:
    package, version = _named(read.purl, f"{place}.purl")
    if not version:
        raise InputError(f"{read.purl!r} names no version", place=f"{place}.purl")
    shown = release_version(version).text if package else version
    return CompromisedRelease(
        purl=purl_of(package, shown) if package else read_purl(read.purl).to_string(),
        package=package,
        version=shown,
        listed_from=time(read.listed_from, f"{place}.listed_from"),
        files=tuple(_file(one, f"{place}.files[{i}]") for i, one in enumerate(read.files)),
        whole=read.whole,
        note=read.note,
        sources=cited(read.sources, f"{place}.sources", known),
    )


def _file(read: _FileShape, place: str) -> CompromisedFile:
    digest = read.sha256.lower()
    if digest and (len(digest) != _SHA256_LENGTH or not set(digest) <= set("0123456789abcdef")):
        raise InputError(f"{read.sha256[:80]!r} is no SHA-256 (64 hexadecimal digits)", place=f"{place}.sha256")
    return CompromisedFile(filename=read.filename, sha256=digest, member=read.member)


def _reading(read: _ReadingShape, place: str, known: Iterable[str]) -> Reading:
    start, until = time(read.start, f"{place}.from"), time(read.until, f"{place}.until")
    if start is not None and until is not None and start >= until:
        raise InputError("`from` must be before `until`", place=place)
    return Reading(
        id=read.id,
        preferred=read.preferred,
        start=start,
        until=until,
        hidden=tuple(_hidden(one, f"{place}.hidden[{i}]", known) for i, one in enumerate(read.hidden)),
        why=read.why,
        sources=cited(read.sources, f"{place}.sources", known),
    )


def _hidden(read: _HiddenShape, place: str, known: Iterable[str]) -> Hidden:
    package, version = _named(read.purl, f"{place}.purl")
    if package is None:
        raise InputError("only packages of the Python index have listing times", place=f"{place}.purl")
    start, until = time(read.start, f"{place}.from"), time(read.until, f"{place}.until")
    if start is None or (until is not None and start >= until):
        raise InputError("`from` must be before `until`", place=place)
    return Hidden(
        package=package,
        start=start,
        until=FOREVER if until is None else until,
        version=release_version(version).text if version else "",
        filename=read.filename,
        why=read.why,
        sources=cited(read.sources, f"{place}.sources", known),
    )


def _named(text: str, place: str) -> tuple[PackageName | None, str]:
    try:
        return name_of_purl(text), read_purl(text).version or ""
    except BadName as error:
        raise InputError(str(error), place=place) from error
