"""Advisories: OSV records in JSON or YAML (OSV schema 1.7), as the OpenSSF's and PyPA's databases keep them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from graphkit.model.errors import InputError
from graphkit.model.incidents import CompromisedRelease, Incident, Source
from graphkit.model.names import BadName, PackageName, package_name, purl_of, read_purl
from graphkit.model.versions import release_version
from graphkit.sources.plain import decode, typed


class _Package(msgspec.Struct):
    name: str = ""
    ecosystem: str = ""
    purl: str | None = None


class _Range(msgspec.Struct):
    type: str = ""
    events: list[dict[str, Any]] = []


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None


class _Reference(msgspec.Struct):
    type: str = ""
    url: str = ""


class _Record(msgspec.Struct):
    id: str
    modified: str | None = None
    published: str | None = None
    withdrawn: str | None = None
    aliases: list[str] | None = None
    summary: str | None = None
    affected: list[_Affected] | None = None
    references: list[_Reference] | None = None


def claims(data: bytes, name: str) -> bool:  # noqa: ARG001 - the name decides nothing
    """Return whether a file is an OSV record, or a list of them. Cost: a search; decoded only where it may be one."""
    if b"modified" not in data or b"affected" not in data:
        return False
    try:
        records = _records(decode(data))
    except InputError:
        return False
    return bool(records) and all("affected" in one and "modified" in one and "id" in one for one in records)


def parse(data: bytes, path: str) -> tuple[Incident, ...]:  # noqa: ARG001 - the caller names the file
    """Return the incidents of a file of OSV records: versions and ranges, no times, since records hold none.

    Versions and ranges unite, as OSV's own evaluation has it.

    Raises:
        InputError: a record that does not follow the schema, with its place.
    """
    decoded = decode(data)
    single = isinstance(decoded, dict) and "affected" in decoded
    return tuple(_incident(one, "" if single else f"[{i}].") for i, one in enumerate(_records(decoded)))


def _records(decoded: Any) -> list[dict[str, Any]]:
    if isinstance(decoded, dict) and isinstance(decoded.get("vulns"), list):  # as OSV's API answers a query
        decoded = decoded["vulns"]
    found = decoded if isinstance(decoded, list) else [decoded]
    return found if all(isinstance(one, dict) for one in found) else []


def _incident(decoded: dict[str, Any], place: str) -> Incident:
    try:
        record = typed(decoded, _Record)
    except InputError as error:
        raise InputError(error.problem, place=place + error.place) from error
    releases: dict[str, CompromisedRelease] = {}
    ranges: list[tuple[PackageName, str]] = []
    notes: list[str] = []
    for number, affected in enumerate(record.affected or ()):
        where = f"{place}affected[{number}]"
        package = _package(affected.package or _Package(), f"{where}.package")
        if package is not None:
            ranges += ((package, one) for one in _specifiers(affected.ranges or (), where))
        elif affected.ranges and not affected.versions:
            notes.append(f"{record.id} {where}: ranges of other ecosystems are not read")
        for version in affected.versions or ():
            release = _release(package, affected.package or _Package(), version)
            releases[release.purl] = release
    return Incident(
        id=record.id,
        title=record.summary or record.id,
        releases=tuple(releases.values()),
        aliases=tuple(record.aliases or ()),
        sources=(
            Source(
                id=record.id,
                title="advisory",
                date=(record.published or record.modified or "")[:10],
                url=next((one.url for one in record.references or () if one.type == "ADVISORY"), ""),
            ),
        ),
        notes=tuple(notes),
        advisory=True,
        withdrawn=record.withdrawn is not None,
        ranges=tuple(dict.fromkeys(ranges)),
    )


def _package(named: _Package, place: str) -> PackageName | None:
    """Return the package of the Python index that a record names, None for other ecosystems."""
    if named.ecosystem.partition(":")[0].lower() != "pypi":
        return None
    try:
        return package_name(named.name)
    except BadName as error:
        raise InputError(str(error), place=f"{place}.name") from error


def _release(package: PackageName | None, named: _Package, version: str) -> CompromisedRelease:
    if package is not None:
        shown = release_version(version).text
        return CompromisedRelease(purl=purl_of(package, shown), package=package, version=shown)
    try:
        purl = read_purl(named.purl or "")._replace(version=version).to_string()
    except BadName:
        purl = f"{named.ecosystem}:{named.name}@{version}"
    return CompromisedRelease(purl=purl, package=None, version=version)


def _specifiers(ranges: Sequence[_Range], place: str) -> Iterator[str]:
    """Yield one specifier (PEP 440) for each stretch of the events of a package's ranges."""
    for number, one in enumerate(ranges):
        if one.type == "GIT":  # commits of a repository, not releases
            continue
        where = f"{place}.ranges[{number}].events"
        yield from _stretches(_events(one.events, where), where)


def _events(events: Sequence[dict[str, Any]], place: str) -> list[tuple[str, str]]:
    """Return events as (kind, version) in version order; those of one version in the order of the schema."""
    order = ["introduced", "fixed", "limit", "last_affected"]
    pairs = [(kind, str(event[kind])) for event in events for kind in order if kind in event]
    for kind, version in pairs:
        if version not in {"0", "*"} and release_version(version).parsed is None:
            raise InputError(f"{kind} {version[:80]!r} is no version (PEP 440)", place=place)
    return sorted(
        (pair for pair in pairs if pair[1] != "*"),
        key=lambda pair: (pair[1] != "0", release_version(pair[1]), order.index(pair[0])),
    )


def _stretches(events: Sequence[tuple[str, str]], place: str) -> Iterator[str]:
    start: str | None = None
    if events and not any(kind == "introduced" for kind, _ in events):
        raise InputError("a range without an `introduced` event", place=place)
    for kind, version in events:
        if kind == "introduced":
            start = version if start is None else start
        elif start is not None:
            low = "" if start == "0" else f">={start},"
            # PEP 440's `<2.0` leaves 2.0rc1 out, which is older than the fix and so affected.
            yield f"{low}<={version}" if kind == "last_affected" else f"{low}<={version},!={version}"
            start = None
    if start is not None:
        yield "" if start == "0" else f">={start}"
