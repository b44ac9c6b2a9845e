"""What pip's reports share: the rows of its metadata, where each came from, and what they require of each other."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import Environment as Variables
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName

from graphkit.formats.addresses import sha256_of, without_passwords
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.locks.rows import LockRows, release_row, requirements_in, sha256_in
from graphkit.model.documents import Component, Edge
from graphkit.model.environment import extras_of
from graphkit.model.names import PackageName
from graphkit.model.requirements import Requirement

_LONGEST: Final = 4_000
_VARIABLES: Final = tuple(Variables.__annotations__)


def component(name: PackageName, table: dict[str, Any], place: str, origin: str, diagnostics: Diagnostics) -> Component:
    """Return the row of a release by its name and the version of its metadata; its ref is still to be given."""
    version = diagnostics.version(table.get("version"), f"{place}.version")
    if not version:
        diagnostics.add(f"{place}.version", "no version: unknown")
    return replace(release_row(name, version), origin=origin)


class PipRequirement(Struct, kw_only=True):
    """What a row requires; ``extras`` are those its marker compares with."""

    asked: Requirement
    extras: tuple[str, ...]
    place: str
    is_met: bool = False
    is_sure: bool = False
    """It holds, as far as no row meets it."""


class PipRow(Struct, kw_only=True):
    """A row of a report: its ref, and what it requires under each extra (empty: none)."""

    ref: str
    requirements: dict[str, list[PipRequirement]]


def direct_of(value: Any, place: str, diagnostics: Diagnostics) -> tuple[str, tuple[str, ...]]:
    """Return the origin that a ``direct_url`` (PEP 610) names, and its archive's SHA-256; empty for an index."""
    if value is None:
        return "", ()
    table = diagnostics.table(value, place)
    url = without_passwords(diagnostics.text(table.get("url"), f"{place}.url"))
    if not url:
        diagnostics.add(f"{place}.url", "not from an index, and its origin is not given")
        return "unknown", ()
    below = diagnostics.text(table.get("subdirectory"), f"{place}.subdirectory")
    tail = f"#subdirectory={below}" if below else ""
    own = sha256_of(url)
    if "vcs_info" in table:
        vcs = diagnostics.table(table["vcs_info"], f"{place}.vcs_info")
        kind, commit = (diagnostics.text(vcs.get(key), f"{place}.vcs_info.{key}") for key in ("vcs", "commit_id"))
        return f"{kind or 'vcs'}+{url}{f'@{commit}' if commit else ''}{tail}", ()
    where = f"{place}.archive_info"
    archive = diagnostics.table(table.get("archive_info"), where)
    hashes = diagnostics.table(archive.get("hashes"), f"{where}.hashes")
    found = (
        [(f"{where}.hashes.sha256", f"sha256:{diagnostics.text(hashes['sha256'], where)}")]
        if "sha256" in hashes
        else []
    )
    found += [(f"{place}.url", f"sha256:{own}")] if own else []
    found.append((f"{where}.hash", diagnostics.text(archive.get("hash"), f"{where}.hash").replace("=", ":", 1)))
    return url + tail, sha256_in(found, diagnostics)


def requirements_of(metadata: dict[str, Any], place: str, diagnostics: Diagnostics) -> dict[str, list[PipRequirement]]:
    """Return what the metadata of a row require, under each extra (empty: none)."""
    found: dict[str, list[PipRequirement]] = {}
    for where, asked in requirements_in(metadata.get("requires_dist"), place, diagnostics):
        if asked.unreadable:
            diagnostics.add(where, f"{quoted(asked.unreadable)} cannot be read (PEP 508)")
        required = PipRequirement(asked=asked, extras=extras_of(asked.marker or asked.unreadable), place=where)
        for extra in ("", *required.extras):
            found.setdefault(extra, []).append(required)
    return found


class Markers:
    """What markers come to in the environment that a report names, never in the one that asks."""

    def __init__(self, environment: Any, diagnostics: Diagnostics) -> None:
        named = diagnostics.table(environment, "environment")
        self._variables = {
            key: text for key in _VARIABLES if isinstance(text := named.get(key), str) and len(text) < _LONGEST
        }
        missing = [key for key in _VARIABLES if key not in self._variables]
        self._missing = re.compile(rf"\b(?:{'|'.join(missing)})\b") if missing else None
        self._known: dict[tuple[str, str], bool | None] = {}
        if missing:
            text = "does not say {}; requirements that turn on it are taken to hold"
            diagnostics.add("environment", text.format(", ".join(missing)))

    def truth(self, marker: str, extra: str) -> bool | None:
        """Return whether a marker holds; None where it cannot be told."""
        if not marker:
            return True
        if len(marker) > _LONGEST or (self._missing and self._missing.search(marker)):
            return None
        if (marker, extra) not in self._known:
            try:
                self._known[marker, extra] = Marker(marker).evaluate(self._variables | {"extra": extra})
            except (UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
                self._known[marker, extra] = None
        return self._known[marker, extra]


def link(
    listed: Sequence[PipRow],
    first: Mapping[PackageName, PipRow],
    rows: LockRows,
    markers: Markers,
    *,
    asked: Iterable[tuple[PipRow, str]] = (),
) -> list[PipRequirement]:
    """Lead each row to what it requires, under the extras that are asked of it. Each requirement counts once.

    ``asked`` are extras that no row asks for, with their rows. Returns the requirements that no row meets, and that
    hold or may hold.
    """
    missing: list[PipRequirement] = []
    waiting = deque([*((row, "") for row in listed), *asked])
    seen: set[tuple[str, str]] = set()
    while waiting:
        row, extra = waiting.popleft()
        if (row.ref, extra) in seen:
            continue
        seen.add((row.ref, extra))
        for required in row.requirements.get(extra, ()):
            truth = None if required.asked.unreadable else markers.truth(required.asked.marker, extra)
            # What cannot be told holds where it needs no extra, or one that was asked for.
            if required.is_met or not (truth if truth is not None else extra or not required.extras):
                continue
            required.is_met = True
            target = first.get(required.asked.package)
            if target is None:
                required.is_sure = truth is True
                missing.append(required)
                continue
            if target.ref != row.ref:
                rows.edges[Edge(source=row.ref, target=target.ref)] = None
            waiting.extend((target, one) for one in required.asked.extras if one in target.requirements)
    return missing


def roots_of(rows: LockRows, requested: Sequence[str], count: int) -> tuple[str, ...]:
    """Return the rows that a user asked for, and those that nothing requires; ``count`` is how many there are.

    Where all are said to be asked for, as after an install of a whole lock, that says nothing.
    """
    told = requested if len(requested) < count else ()
    return tuple(dict.fromkeys((*told, *rows.roots())))


def made_by(report: Mapping[str, Any], diagnostics: Diagnostics) -> tuple[str, ...]:
    """Return the pip that made a report, as `Document.generator` has it."""
    version = diagnostics.text(report.get("pip_version"), "pip_version").strip()
    return (f"pip {version}",) if version else ()
