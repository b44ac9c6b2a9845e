"""uv's lock files (uv.lock, version 1) as documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from graphkit.formats.decoding import is_json, toml
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.rows import (
    digests_in,
    governed,
    holds_everywhere,
    index_address,
    name_in,
    note_strangers,
    version_of,
    without_extras,
)
from graphkit.formats.manifests.uv_guards import replaced_in, stated_metadata
from graphkit.formats.markers import any_marker, is_elsewhere
from graphkit.formats.refs import Refs
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, Edge
from graphkit.model.errors import InputError
from graphkit.model.guards import Guards
from graphkit.model.names import BadName, ExtraName, PackageName, extra_name, package_name, purl_of
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.versions import release_version

_VERSION: Final = re.compile(rb"^[ \t]*version[ \t]*=[ \t]*\d+[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_OWN: Final = re.compile(rb"^[ \t]*(?:requires-python[ \t]*=|source[ \t]*=[ \t]*\{)", re.MULTILINE)
_TABLE: Final = re.compile(rb"^[ \t]*\[", re.MULTILINE)
_OLD_SOURCE: Final = re.compile(r"(registry|git|direct|path|directory|editable)\+(.+)")
"""Sources as uv wrote them before 0.4."""
_SCRIPT: Final = re.compile(r"^(?:.*[/\\])?([^/\\]+\.py)\.lock$")
"""The lock of a script (PEP 723) is named after it."""
_KNOWN: Final = 1
_LOCAL: Final = ("editable", "virtual", "directory", "path")
_SOURCES: Final = ("registry", "git", "url", *_LOCAL)

_Node = tuple[int, str]
"""A row by its number, and an extra of it or empty."""


class UvLock:
    """The reader of uv.lock."""

    format = "uv.lock"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether TOML is a lock of uv's: a whole-number version on top, and what only uv writes.

        Cargo.lock has the first without the second; poetry.lock and pylock.toml lack the first.
        """
        if is_json(raw.data):
            return False
        first = _TABLE.search(raw.data)
        head = raw.data[: first.start()] if first else raw.data
        return bool(_VERSION.search(head)) and bool(_OWN.search(head) or _OWN.search(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return a lock as a document; its basis is `locked`, and it is complete unless a row was lost.

        Rows that no install of the members without dev groups reaches, on the platform that answers
        assume, are optional. Extras count as reached: which were asked for, the lock does not say.
        """
        lock = toml(raw.data)
        version = lock.get("version")
        if version != _KNOWN or type(version) is not int:
            raise InputError(f"version {quoted(version)} of uv.lock cannot be read; 1 can", place="version")
        diagnostics = Diagnostics()
        rows = _Rows(diagnostics)
        listed = "distribution" if "package" not in lock and "distribution" in lock else "package"  # before uv 0.4
        for number, row in enumerate(diagnostics.array(lock.get(listed), listed)):
            rows.take(row, f"{listed}[{number}]")
        requires_python = diagnostics.text(lock.get("requires-python"), "requires-python")
        manifest = diagnostics.table(lock.get("manifest"), "manifest")
        names = (*_required(manifest.get("overrides")), *_strings(manifest.get("excludes")))
        rows.overridden = frozenset(map(_normal, names))
        rows.meet(requires_python)
        roots = rows.roots(manifest)
        links = _Links(rows, diagnostics)
        optional = links.reached_aside(roots, manifest)
        replaced = replaced_in(manifest, "overrides", "excludes")
        made_under = Guards(metadata=stated_metadata(manifest), replaced=replaced)
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.LOCK,
            format=f"uv.lock {version}",
            basis=Basis.LOCKED,
            components=(
                *(_component(row, optional=i in optional) for i, row in enumerate(rows.rows)),
                *rows.unlisted(),
            ),
            places=(*(row.place for row in rows.rows), *rows.missing.values()),
            edges=tuple(links.edges),
            roots=tuple(rows.rows[root].ref for root in roots),
            requires_python=requires_python,
            requirements=rows.recorded(),
            guards=made_under if made_under != Guards() else None,
            subject=rows.subject(roots),
            governs=(_SCRIPT.sub(r"\1", raw.path),) if _SCRIPT.search(raw.path) else governed(rows.folders()),
            indexes=rows.indexes(),
            completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.COMPLETE,
            problems=diagnostics.as_tuple(),
        )


READER: Final = UvLock()


class _Row:
    """One ``[[package]]``, its parts read."""

    def __init__(
        self, name: PackageName, table: dict[str, Any], place: str, refs: Refs, diagnostics: Diagnostics
    ) -> None:
        self.name = name
        self.table = table
        self.place = place
        self.source = _source_of(table, place, diagnostics)
        files = [*_files(table, place, self.source)]
        written = diagnostics.version(table.get("version"), f"{place}.version")
        self.version = version_of(name, written, files, place, diagnostics)
        self.ref = refs.unique(f"{name}@{self.version}" if self.version else name)
        self.is_local = any(kind in self.source for kind in _LOCAL)
        if not self.version and not self.is_local:
            diagnostics.add(f"{place}.version", "no version: unknown")
        markers = diagnostics.array(table.get("resolution-markers"), f"{place}.resolution-markers")
        self.markers = [one for one in markers if isinstance(one, str)]
        note_strangers(name, self.version, files, diagnostics)
        self.sha256, self.members = digests_in(_hashes(table, place, diagnostics), diagnostics)


def _source_of(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> dict[str, str]:
    raw = table.get("source")
    if isinstance(raw, str) and (read := _OLD_SOURCE.fullmatch(raw)):
        return {"url" if read[1] == "direct" else read[1]: read[2]}
    found = diagnostics.table(raw, f"{place}.source")
    if not any(kind in found for kind in _SOURCES):
        diagnostics.add(f"{place}.source", f"none of {', '.join(_SOURCES)}")
    return {key: diagnostics.text(value, f"{place}.source.{key}") for key, value in found.items()}


def _hashes(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> Iterator[tuple[str, Any]]:
    archives = [("sdist", table["sdist"])] if "sdist" in table else []
    wheels = diagnostics.array(table.get("wheels"), f"{place}.wheels")
    archives += [(f"wheels[{i}]", wheel) for i, wheel in enumerate(wheels)]
    for key, archive in archives:
        yield f"{place}.{key}.hash", diagnostics.table(archive, f"{place}.{key}").get("hash")


def _files(table: dict[str, Any], place: str, source: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the addresses and names of a row's files, with their places; an empty one of a file that has none."""
    yield from ((f"{place}.source.{key}", source[key]) for key in ("url", "path") if key in source)
    wheels = table.get("wheels")
    archives = [("sdist", table.get("sdist")), *enumerate(wheels if isinstance(wheels, list) else [])]
    for key, archive in archives:
        where = f"{place}.sdist" if key == "sdist" else f"{place}.wheels[{key}]"
        if archive is not None:
            told = archive if isinstance(archive, dict) else {}
            found = [(f"{where}.{word}", one) for word in ("filename", "url", "path") if (one := told.get(word))]
            yield from [(at, one) for at, one in found if isinstance(one, str)] or [(f"{where}.url", "")]


def _component(row: _Row, *, optional: bool) -> Component:
    origin, index = "", row.source.get("registry", "")
    if not index and row.source:
        kind = next((kind for kind in _SOURCES if kind in row.source), "")
        value = row.source.get(kind, "")
        # An identity of its own even where uv invents a kind: never taken for an index release.
        origin = {"git": f"git+{value}", "url": value}.get(kind, f"{kind or 'unknown'}:{value}")
    return Component(
        ref=row.ref,
        name=row.name,
        package=row.name,
        version=row.version,
        purl=purl_of(row.name, row.version or None),
        sha256=row.sha256,
        members=row.members,
        optional=optional or (bool(row.markers) and all(map(is_elsewhere, row.markers))),
        origin=origin,
        index=index,
        marker=any_marker(row.markers) if row.markers else "",
    )


class _Rows:
    """The rows of a lock that have a name; the others are problems."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.rows: list[_Row] = []
        self.by_name: dict[PackageName, list[int]] = {}
        self.missing: dict[tuple[PackageName, str], str] = {}
        """Where a row requires what has no row of its own, at the version it says: the lock is cut short."""
        self.overridden: frozenset[PackageName] = frozenset()
        """What the project's own requirements may name in vain: an override or exclusion can take it out."""
        self._diagnostics = diagnostics
        self._refs = Refs()

    def take(self, value: Any, place: str) -> None:
        """Take up one ``[[package]]``."""
        table = self._diagnostics.table(value, place)
        self._diagnostics.lost |= not isinstance(value, dict)
        if isinstance(value, dict) and (name := name_in(table, place, self._diagnostics)) is not None:
            self.by_name.setdefault(name, []).append(len(self.rows))
            self.rows.append(_Row(name, table, place, self._refs, self._diagnostics))

    def meet(self, requires_python: str) -> None:
        """Look for a row of everything that members say they require everywhere; a lock without it is not of them."""
        for row in self.rows:
            metadata = row.table.get("metadata") if row.is_local else None
            told = metadata if isinstance(metadata, dict) else {}
            groups = told.get("requires-dev")
            lists = [("requires-dist", told.get("requires-dist"))]
            lists += [(f"requires-dev.{key}", one) for key, one in (groups if isinstance(groups, dict) else {}).items()]
            for key, listed in lists:
                for at, one in _tables_in(listed):
                    marker = one.get("marker", "")
                    if isinstance(marker, str) and holds_everywhere(without_extras(marker), requires_python):
                        self.matching({"name": one.get("name")}, f"{row.place}.metadata.{key}[{at}]")

    def recorded(self) -> tuple[Requirement, ...]:
        """Return what the lock says its projects required when it was made; without groups and markers."""
        found: dict[Requirement, None] = {}
        for row in self.rows:
            metadata = row.table.get("metadata") if row.is_local else None
            told = metadata if isinstance(metadata, dict) else {}
            for one in told.get("requires-dist") or () if isinstance(told.get("requires-dist"), list) else ():
                if not isinstance(one, dict) or not isinstance(one.get("name"), str):
                    continue
                extras = [text for text in one.get("extras") or () if isinstance(text, str)]
                try:
                    asked = f"{one['name']}[{','.join(extras)}]" if extras else one["name"]
                    found[requirement(asked)] = None
                except BadName:
                    continue
        return tuple(found)

    def roots(self, manifest: dict[str, Any]) -> tuple[int, ...]:
        """Return what the lock was made for: its members, the project itself, or what nothing requires.

        A lock of a script (PEP 723) has neither; its own requirements are its roots.
        """
        named = [
            number
            for member in (*_strings(manifest.get("members")), *_required(manifest.get("requirements")))
            for number in self.by_name.get(_normal(member), ())
        ]
        for member in _strings(manifest.get("members")):
            if _normal(member) not in self.by_name:
                self._diagnostics.add(
                    "manifest.members", f"{quoted(member)} has no entry; the lock may be truncated", lost=True
                )
        for number, one in _tables_in(manifest.get("requirements")):
            self.matching(one, f"manifest.requirements[{number}]")
        for number, one in _tables_in(manifest.get("dependency-metadata")):
            self._of_metadata(one, f"manifest.dependency-metadata[{number}]")
        groups = manifest.get("dependency-groups")
        for group, listed in groups.items() if isinstance(groups, dict) else ():
            for number, one in _tables_in(listed):
                self.matching(one, f"manifest.dependency-groups.{group}[{number}]")
        if named:
            return tuple(dict.fromkeys(named))
        local = [i for i, row in enumerate(self.rows) if "editable" in row.source or "virtual" in row.source]
        here = [i for i in local if _path_of(self.rows[i]) == "."]
        if not any(row.is_local for row in self.rows) and not manifest.get("requirements"):
            text = "no entry is for the project that was locked; the lock may be truncated"
            self._diagnostics.add("package", text, lost=True)
        return tuple(here or local or self._unrequired())

    def _of_metadata(self, table: dict[str, Any], place: str) -> None:
        """Leave it open where what a package of the lock was told to require, always, is not in the lock."""
        if _normal(str(table.get("name") or "")) not in self.by_name:
            return
        for at, text in enumerate(_strings(table.get("requires-dist"))):
            try:
                asked = requirement(text)
            except BadName:
                continue
            if not asked.marker and asked.package not in self.by_name:
                self._diagnostics.add(
                    f"{place}.requires-dist[{at}]",
                    f"{asked.package} is not a package of this lock; left out",
                    lost=True,
                )

    def _unrequired(self) -> list[int]:
        required = {
            _normal(one["name"])
            for row in self.rows
            for _, one in _tables_in(row.table.get("dependencies"))
            if isinstance(one.get("name"), str)
        }
        return [i for i, row in enumerate(self.rows) if row.name not in required]

    def subject(self, roots: tuple[int, ...]) -> str:
        """Return the name of the one project that a lock is of: the only root, or the one in its own folder."""
        local = [self.rows[i] for i in roots if self.rows[i].is_local]
        here = [row for row in local if _path_of(row) == "."]
        chosen = local if len(local) == 1 else here
        return chosen[0].name if len(chosen) == 1 else ""

    def folders(self) -> Iterator[str]:
        """Yield the folders of the members and of the projects that they require by their path."""
        for row in self.rows:
            yield from (row.source[kind] for kind in ("editable", "virtual", "directory") if kind in row.source)

    def indexes(self) -> tuple[str, ...]:
        """Return the addresses of the indexes that rows name, each once."""
        return tuple(dict.fromkeys(index_address(one) for row in self.rows if (one := row.source.get("registry", ""))))

    def matching(self, dependency: dict[str, Any], place: str) -> list[int]:
        """Return the rows that a dependency may mean: every version of the name, narrowed by what it says."""
        name = name_in(dependency, place, self._diagnostics)
        if name is None:
            return []
        found = self.by_name.get(name, [])
        version, source = dependency.get("version"), dependency.get("source")
        if not found:
            is_lost = name not in self.overridden
            self._diagnostics.add(
                place, f"{name} is not a package of this lock; the dependency was left out", lost=is_lost
            )
            self.missing.setdefault((name, version if isinstance(version, str) else ""), place)
            return []
        if isinstance(version, str):
            key = release_version(version).key
            found = [i for i in found if release_version(self.rows[i].version).key == key]
        if isinstance(source, dict) and len(found) > 1:
            found = [i for i in found if self.rows[i].source == source] or found
        if not found:
            text = f"{name} {quoted(version)} is not in this lock; the dependency was left out"
            self._diagnostics.add(place, text, lost=True)
            self.missing.setdefault((name, str(version)), place)
        return found

    def unlisted(self) -> Iterator[Component]:
        """Yield what rows require that has no row of its own."""
        for name, version in self.missing:
            ref = self._refs.unique(f"{name}@{version}" if version else name)
            yield Component(ref=ref, name=name, package=name, version=version, purl=purl_of(name, version or None))


def _path_of(row: _Row) -> str:
    return next((row.source[kind] for kind in _LOCAL if kind in row.source), "")


def _normal(raw: str) -> PackageName:
    try:
        return package_name(raw)
    except BadName:
        return PackageName("")


def _strings(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _required(value: Any) -> list[str]:
    return [one["name"] for _, one in _tables_in(value) if isinstance(one.get("name"), str)]


def _tables_in(value: Any) -> list[tuple[int, dict[str, Any]]]:
    return [(i, one) for i, one in enumerate(value) if isinstance(one, dict)] if isinstance(value, list) else []


class _Links:
    """What each row leads to, by extra; dev groups apart."""

    def __init__(self, rows: _Rows, diagnostics: Diagnostics) -> None:
        self.edges: dict[Edge, None] = {}
        self._rows = rows
        self._diagnostics = diagnostics
        self._next: dict[_Node, list[tuple[_Node, bool]]] = {}
        """Where a row under an extra leads, and whether only on another platform."""
        self._extras: dict[int, list[str]] = {}
        self._dev: dict[int, list[tuple[_Node, bool]]] = {}
        for number, row in enumerate(rows.rows):
            self._read(number, row)

    def _read(self, number: int, row: _Row) -> None:
        place = row.place
        self._next[number, ""] = self._targets(number, row.table.get("dependencies"), f"{place}.dependencies")
        groups = self._diagnostics.table(row.table.get("optional-dependencies"), f"{place}.optional-dependencies")
        self._extras[number] = []
        for raw, dependencies in groups.items():
            extra = extra_name(raw)
            self._extras[number].append(extra)
            found = self._targets(number, dependencies, f"{place}.optional-dependencies.{raw}")
            self._next.setdefault((number, extra), []).extend(found)
        for key in ("dev-dependencies", "dependency-groups"):
            for raw, dependencies in self._diagnostics.table(row.table.get(key), f"{place}.{key}").items():
                self._dev.setdefault(number, []).extend(self._targets(number, dependencies, f"{place}.{key}.{raw}"))

    def _targets(self, number: int, value: Any, place: str) -> list[tuple[_Node, bool]]:
        found: list[tuple[_Node, bool]] = []
        for at, one in enumerate(self._diagnostics.array(value, place)):
            where = f"{place}[{at}]"
            dependency = self._diagnostics.table(one, where)
            if not isinstance(one, dict):
                self._diagnostics.lost = True  # what it names cannot be told
                continue
            marker = self._diagnostics.text(dependency.get("marker"), f"{where}.marker")
            asked: list[ExtraName] = [extra_name(extra) for extra in _strings(dependency.get("extra"))]
            for target in self._rows.matching(dependency, where):
                self.edges[Edge(source=self._rows.rows[number].ref, target=self._rows.rows[target].ref)] = None
                away = is_elsewhere(marker)
                found += [((target, extra), away) for extra in ("", *asked)]
        return found

    def reached_aside(self, roots: tuple[int, ...], manifest: dict[str, Any]) -> frozenset[int]:
        """Return the rows that only dev groups or other platforms lead to; not those that nothing leads to."""
        starts = [(root, extra) for root in roots for extra in ("", *self._extras.get(root, ()))]
        plain = self._reach(starts, away=False)
        aside = [target for root in self._dev.values() for target, _ in root]
        groups = manifest.get("dependency-groups")
        for group in groups.values() if isinstance(groups, dict) else ():
            aside += [(i, "") for name in _required(group) for i in self._rows.by_name.get(_normal(name), ())]
        return frozenset(self._reach([*starts, *aside], away=True) - plain)

    def _reach(self, starts: Iterable[_Node], *, away: bool) -> set[int]:
        """Return the rows that nodes lead to, over links of other platforms too where ``away``."""
        waiting = list(dict.fromkeys(starts))
        seen = set(waiting)
        for node in waiting:
            for target, is_away in self._next.get(node, ()):
                if target not in seen and (away or not is_away):
                    seen.add(target)
                    waiting.append(target)
        return {number for number, _ in seen}
