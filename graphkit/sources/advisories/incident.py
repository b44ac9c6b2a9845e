"""Incident files: what was bad, from when, and every account of until when (docs/incident-file.md)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from graphkit.model.errors import InputError
from graphkit.model.incidents import (
    AccusedFile,
    Action,
    ActionKind,
    Cause,
    CompromisedFile,
    CompromisedRelease,
    FileHash,
    Incident,
    Reading,
    Source,
    Undecided,
)
from graphkit.model.index import Hidden
from graphkit.model.names import BadName, PackageName, bare_purl, name_of_purl, purl_of, read_purl
from graphkit.model.times import FOREVER, Instant, Moment
from graphkit.model.versions import release_version
from graphkit.sources.structured_text import decode, time_as_told, typed

SCHEMA: Final = "graphkit.incident/1"
_LENGTHS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
"""Hexadecimal digits of a hash, by its algorithm."""
_Word = TypeVar("_Word", bound=StrEnum)


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


class _AloneShape(Shape):
    filename: str = ""
    purl: str = ""
    md5: str = ""
    sha1: str = ""
    sha256: str = ""
    sha384: str = ""
    sha512: str = ""


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


class _ActionShape(Shape):
    do: str
    text: str
    sources: tuple[str, ...] = ()


class _IncidentShape(Shape):
    schema: str
    id: str
    title: str
    releases: tuple[_ReleaseShape, ...] = ()
    files: tuple[_AloneShape, ...] = ()
    readings: tuple[_ReadingShape, ...] = ()
    aliases: tuple[str, ...] = ()
    actor: str = ""
    causes: tuple[_CauseShape, ...] = ()
    sources: tuple[SourceShape, ...] = ()
    notes: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    actions: tuple[_ActionShape, ...] = ()


def claims(data: bytes) -> bool:
    """Return whether a file says that it is an incident file."""
    return SCHEMA.rpartition("/")[0].encode() in data[:4096]


def parse(data: bytes) -> Incident:
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
        raise InputError("more than one reading is preferred; only one can be the default", place="readings")
    releases = tuple(_release(one, f"releases[{i}]", known) for i, one in enumerate(read.releases))
    files = tuple(_alone(one, f"files[{i}]") for i, one in enumerate(read.files))
    if not releases and not files:
        raise InputError("names no release and no file", place="releases")
    return Incident(
        id=read.id.strip(),
        title=read.title,
        releases=tuple(one for one in releases if not _is_wild(one.version)),
        undecided=tuple(_open(one, read.id.strip()) for one in releases if _is_wild(one.version)),
        files=files,
        readings=tuple(_reading(one, f"readings[{i}]", known) for i, one in enumerate(read.readings)),
        aliases=tuple(read.aliases),
        actor=read.actor,
        causes=tuple(
            Cause(text=one.text, certainty=one.certainty, sources=cited(one.sources, f"causes[{i}].sources", known))
            for i, one in enumerate(read.causes)
        ),
        sources=tuple(one.source() for one in read.sources),
        notes=tuple(read.notes),
        imports=tuple(_import(one, f"imports[{i}]") for i, one in enumerate(read.imports)),
        actions=tuple(_action(one, f"actions[{i}]", known) for i, one in enumerate(read.actions)),
    )


def _action(read: _ActionShape, place: str, known: Iterable[str]) -> Action:
    if not read.text.strip():
        raise InputError("an action needs a text", place=f"{place}.text")
    return Action(
        do=one_of(ActionKind, read.do, f"{place}.do"),
        text=read.text.strip(),
        sources=cited(read.sources, f"{place}.sources", known),
    )


def one_of(words: type[_Word], text: str, place: str) -> _Word:
    """Return a word of a closed list; InputError, which names the list, where the text is none of it."""
    try:
        return words(text)
    except ValueError as error:
        raise InputError(f"{text[:80]!r} is not one of {', '.join(words)}", place=place) from error


def _import(name: str, place: str) -> str:
    if not all(part.isidentifier() for part in name.split(".")):
        raise InputError(f"{name[:80]!r} is not a name that Python imports", place=place)
    return name


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
    listed = time_as_told(read.listed_from, f"{place}.listed_from")
    return CompromisedRelease(
        purl=purl_of(package, shown) if package else read_purl(read.purl).to_string(),
        package=package,
        version=shown,
        listed_from=None if listed is None else listed.earliest,
        listed_from_latest=_other_end(listed, listed.latest if listed else None),
        files=tuple(_file(one, f"{place}.files[{i}]") for i, one in enumerate(read.files)),
        whole=read.whole,
        note=read.note,
        sources=cited(read.sources, f"{place}.sources", known),
    )


def _is_wild(version: str) -> bool:
    return "*" in version


def _open(release: CompromisedRelease, incident: str) -> Undecided:
    """Return what a release with a wildcard for a version is: nothing that is accused, of a package that is open."""
    why = f"{incident}: version {release.version[:80]!r} names no release"
    if release.package is not None:
        return Undecided(package=release.package, name=release.package, why=why)
    return Undecided(purl=bare_purl(release.purl), why=why)


def _other_end(told: Moment | None, end: Instant | None) -> Instant | None:
    """Return the other end of an imprecise time, None of an exact one."""
    return None if told is None or told.is_exact else end


def _alone(read: _AloneShape, place: str) -> AccusedFile:
    hashes = tuple(
        FileHash(name, _digest(value, name, f"{place}.{name}")) for name in _LENGTHS if (value := getattr(read, name))
    )
    if not hashes:
        raise InputError("a file without a hash; name it as a file of its release", place=place)
    package = _named(read.purl, f"{place}.purl")[0] if read.purl else None
    elsewhere = bare_purl(read.purl) if read.purl and package is None else ""
    return AccusedFile(filename=read.filename, hashes=hashes, package=package, purl=elsewhere, is_alone=True)


def _digest(text: str, algorithm: str, place: str) -> str:
    digest, length = text.lower(), _LENGTHS[algorithm]
    if len(digest) != length or not set(digest) <= set("0123456789abcdef"):
        name = f"SHA-{algorithm[3:]}" if algorithm.startswith("sha") else algorithm.upper()
        raise InputError(f"{text[:80]!r} is not a valid {name} ({length} hexadecimal digits)", place=place)
    return digest


def _file(read: _FileShape, place: str) -> CompromisedFile:
    digest = _digest(read.sha256, "sha256", f"{place}.sha256") if read.sha256 else ""
    return CompromisedFile(filename=read.filename, sha256=digest, member=read.member)


def _reading(read: _ReadingShape, place: str, known: Iterable[str]) -> Reading:
    """Return an account. Of imprecise times those count that hide the least (docs/semantics.md#precision)."""
    start, until = time_as_told(read.start, f"{place}.from"), time_as_told(read.until, f"{place}.until")
    if start is not None and until is not None and not _are_in_order(start, until):
        raise InputError("`from` must be before `until`", place=place)
    hidden = (_hidden(one, f"{place}.hidden[{i}]", known) for i, one in enumerate(read.hidden))
    return Reading(
        id=read.id,
        preferred=read.preferred,
        start=None if start is None else start.earliest,
        start_latest=_other_end(start, start.latest if start else None),
        until=None if until is None else until.latest,
        until_earliest=_other_end(until, until.earliest if until else None),
        hidden=tuple(one for one in hidden if one is not None),
        why=read.why,
        sources=cited(read.sources, f"{place}.sources", known),
    )


def _are_in_order(start: Moment, until: Moment) -> bool:
    """Return whether one time may be before another; both as wide, as two dates are, by what is written."""
    is_later = start.earliest > until.earliest and start.latest > until.latest
    return start.earliest < until.latest and not is_later


def _hidden(read: _HiddenShape, place: str, known: Iterable[str]) -> Hidden | None:
    """Return when something was certainly hidden; None where its times are so imprecise that it perhaps never was."""
    package, version = _named(read.purl, f"{place}.purl")
    if package is None:
        raise InputError("only packages of the Python index have listing times", place=f"{place}.purl")
    start, until = time_as_told(read.start, f"{place}.from"), time_as_told(read.until, f"{place}.until")
    if start is None or (until is not None and not _are_in_order(start, until)):
        raise InputError("`from` must be before `until`", place=place)
    if until is not None and start.latest >= until.earliest:
        return None
    return Hidden(
        package=package,
        start=start.latest,
        until=FOREVER if until is None else until.earliest,
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
