"""Answers as Arrow tables: typed columns, times in UTC, the words of the JSON contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from graphkit.model.answers import Blast, Path, Stats, WhoHas
from graphkit.model.errors import GraphkitError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

_Rows = Sequence[tuple[Any, ...]]
_TEXT, _NUMBER, _FLAG, _TIME, _SLOTS, _TEXTS = "text", "number", "flag", "time", "slots", "texts"


def blast_table(blast: Blast, rows: str) -> pa.Table:
    """Return one kind of rows of a blast; see `BLAST_ROWS` for which there are.

    Raises:
        UsageError: there are no such rows.
        GraphkitError: pyarrow is not installed.
    """
    if rows not in BLAST_ROWS:
        raise UsageError(f"unknown table {rows!r}; choose one of {', '.join(BLAST_ROWS)}")
    columns, made = BLAST_ROWS[rows]
    return _table(columns, made(blast))


def who_has_table(answer: WhoHas) -> pa.Table:
    """Return one row per service, document and release."""
    columns = {"service": _TEXT, "release": _TEXT, "current": _FLAG, "document": _TEXT, "sha256": _TEXT}
    rows = [(one.service, one.release, one.current, one.document.path, one.document.sha256) for one in answer.matches]
    return _table(columns, rows)


def stats_table(answer: Stats) -> pa.Table:
    """Return one row per kind of thing that a graph holds."""
    return _table({"what": _TEXT, "number": _NUMBER}, list(answer.counts))


def _table(columns: Mapping[str, str], rows: _Rows) -> pa.Table:
    try:
        import pyarrow as pa
    except ImportError as error:
        raise GraphkitError("this needs pyarrow: pip install '.[notebook]' from the checkout") from error
    types = {
        _TEXT: pa.string(),
        _NUMBER: pa.int64(),
        _FLAG: pa.bool_(),
        _TIME: pa.timestamp("us", tz="UTC"),
        _SLOTS: pa.list_(pa.int32()),
        _TEXTS: pa.list_(pa.string()),
    }
    held: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [() for _ in columns]
    arrays = [
        pa.array([_plain(value) for value in values], type=types[kind])
        for values, kind in zip(held, columns.values(), strict=True)
    ]
    return pa.Table.from_arrays(arrays, names=list(columns))


def _plain(value: object) -> object:
    """Return a value as Arrow takes it: words of an enumeration as text, halves of surrogate pairs as escapes."""
    if isinstance(value, str):
        return str(value).encode("utf-8", "backslashreplace").decode()
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _services(blast: Blast) -> _Rows:
    return [
        (
            one.service,
            one.company,
            one.owner,
            one.verdict,
            one.basis,
            one.reason,
            one.slots,
            len(one.builds),
            _nodes(one.paths),
            tuple(code.value for code in one.assumes),
            one.service in blast.external,
        )
        for one in blast.services
    ]


def _nodes(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(step.node for step in min(paths, key=len)) if paths else ()


def _builds(blast: Blast) -> _Rows:
    return [
        (
            one.service,
            None if build.at is None else str(build.at),
            None if build.at is None else build.at.earliest,
            None if build.at is None else build.at.latest,
            build.incident,
            build.verdict,
            build.basis,
            build.reason,
            build.slots,
            build.document.path if build.document else None,
            build.document.sha256 if build.document else None,
            build.clearance.kind if build.clearance else None,
            tuple(code.value for code in build.clearance.assumes) if build.clearance else (),
            build.clearance.facts if build.clearance else (),
            build.clearance.words if build.clearance else (),
        )
        for one in blast.services
        for build in one.builds
    ]


def _companies(blast: Blast) -> _Rows:
    return [
        (
            one.company,
            one.name,
            one.verdict,
            one.distance,
            one.via,
            one.origin_tier,
            one.data,
            one.services,
            len(one.claims),
        )
        for one in blast.companies
    ]


def _claims(blast: Blast) -> _Rows:
    return [
        (
            row.company,
            one.claimant,
            one.date,
            one.polarity.value,
            one.standing.value,
            one.certainty,
            one.text,
            tuple(source.url or source.id for source in one.sources),
        )
        for row in blast.companies
        for one in row.claims
    ]


def _packages(blast: Blast) -> _Rows:
    return [
        (
            one.package,
            one.tier,
            one.older_tier,
            one.nominated,
            one.newest,
            one.releases,
            one.distance,
            one.dependents,
            one.downloads,
            one.slots,
            _nodes(one.paths),
        )
        for one in blast.packages
    ]


def _releases(blast: Blast) -> _Rows:
    addresses = {source.id: source.url or source.id for source in blast.incident.sources}
    return [
        (
            one.release.purl,
            one.release.package,
            one.release.version,
            one.start,
            one.until,
            one.ghost,
            tuple(addresses.get(source, source) for source in one.release.sources),
        )
        for one in blast.incident.releases
    ]


def _slots(blast: Blast) -> _Rows:
    return [(number, one.incident, one.start, one.until) for number, one in enumerate(blast.slots)]


def _exposures(blast: Blast) -> _Rows:
    return list(_each_exposure(blast))


def _each_exposure(blast: Blast) -> Iterator[tuple[Any, ...]]:
    for one in blast.services:
        for slot in one.slots:
            yield (
                "service",
                one.service,
                one.company,
                one.verdict,
                slot,
                blast.slots[slot].start,
                blast.slots[slot].until,
                None,
            )
    for row in blast.packages:
        taken = {take.slot: take.release for take in row.takes}
        for slot in row.slots:
            at = blast.slots[slot]
            yield "package", row.package, None, row.tier, slot, at.start, at.until, taken.get(slot)


BLAST_ROWS: Final[Mapping[str, tuple[Mapping[str, str], Callable[[Blast], _Rows]]]] = {
    "services": (
        {
            "service": _TEXT,
            "company": _TEXT,
            "owner": _TEXT,
            "verdict": _TEXT,
            "basis": _TEXT,
            "reason": _TEXT,
            "slots": _SLOTS,
            "builds": _NUMBER,
            "path": _TEXTS,
            "assumes": _TEXTS,
            "external": _FLAG,
        },
        _services,
    ),
    "builds": (
        {
            "service": _TEXT,
            "at": _TEXT,
            "earliest": _TIME,
            "latest": _TIME,
            "incident": _TEXT,
            "verdict": _TEXT,
            "basis": _TEXT,
            "reason": _TEXT,
            "slots": _SLOTS,
            "document": _TEXT,
            "sha256": _TEXT,
            "proof": _TEXT,
            "assumes": _TEXTS,
            "facts": _TEXTS,
            "words": _TEXTS,
        },
        _builds,
    ),
    "companies": (
        {
            "company": _TEXT,
            "name": _TEXT,
            "verdict": _TEXT,
            "distance": _NUMBER,
            "via": _TEXTS,
            "origin_tier": _TEXT,
            "data": _TEXTS,
            "services": _TEXTS,
            "claims": _NUMBER,
        },
        _companies,
    ),
    "claims": (
        {
            "company": _TEXT,
            "claimant": _TEXT,
            "date": _TEXT,
            "polarity": _TEXT,
            "standing": _TEXT,
            "certainty": _TEXT,
            "text": _TEXT,
            "sources": _TEXTS,
        },
        _claims,
    ),
    "packages": (
        {
            "package": _TEXT,
            "tier": _TEXT,
            "older_tier": _TEXT,
            "nominated": _FLAG,
            "newest": _TEXT,
            "releases": _NUMBER,
            "distance": _NUMBER,
            "dependents": _NUMBER,
            "downloads": _NUMBER,
            "slots": _SLOTS,
            "path": _TEXTS,
        },
        _packages,
    ),
    "releases": (
        {
            "purl": _TEXT,
            "package": _TEXT,
            "version": _TEXT,
            "from": _TIME,
            "until": _TIME,
            "ghost": _FLAG,
            "sources": _TEXTS,
        },
        _releases,
    ),
    "slots": ({"slot": _NUMBER, "incident": _TEXT, "from": _TIME, "until": _TIME}, _slots),
    "exposures": (
        {
            "kind": _TEXT,
            "name": _TEXT,
            "company": _TEXT,
            "tier": _TEXT,
            "slot": _NUMBER,
            "from": _TIME,
            "until": _TIME,
            "release": _TEXT,
        },
        _exposures,
    ),
}
"""Every kind of rows that a blast has, with the columns of each."""
