"""What lock files share: rows under their names, edges between them, digests, and markers without extras."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any, Final

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from graphkit.formats.addresses import named_by, without_passwords
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.refs import Refs
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, Edge
from graphkit.model.environment import Environment, MarkerEvaluator
from graphkit.model.names import BadName, PackageName, package_name, purl_of
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.versions import release_version

_EXTRA: Final = re.compile(
    r"\bextra\s*[!=]=\s*(?:\"[^\"]*\"|'[^']*')|(?:\"[^\"]*\"|'[^']*')\s*[!=]=\s*extra\b"
    r"|(?:\"[^\"]*\"|'[^']*')\s*(?:not\s+)?in\s+extras\b"
)
_ALWAYS: Final = 'python_version >= "0"'


def without_extras(marker: str) -> str:
    """Return a marker in which every comparison with an extra holds: which were asked for, no lock says.

    >>> without_extras('extra == "proxy" and os_name == "nt"')
    'python_version >= "0" and os_name == "nt"'
    """
    return _EXTRA.sub(_ALWAYS, marker)


def holds_everywhere(marker: str, requires_python: str) -> bool:
    """Return whether a marker holds under every Python of a lock, whatever the platform; what cannot be told does not.

    >>> holds_everywhere('python_version >= "3.9"', ">=3.10"), holds_everywhere('os_name == "nt"', "")
    (True, False)
    """
    return not marker or _holds_everywhere(marker, requires_python)


@cache
def _evaluators() -> tuple[MarkerEvaluator, ...]:
    minors, platforms = range(8, 16), ("linux", "macos", "windows")
    return tuple(
        MarkerEvaluator(Environment(python=f"3.{minor}", platform=one)) for minor in minors for one in platforms
    )


@lru_cache(maxsize=4096)
def _holds_everywhere(marker: str, requires_python: str) -> bool:
    evaluators = [evaluator for evaluator in _evaluators() if evaluator.python_fits(requires_python)]
    try:
        return bool(evaluators) and all(evaluator.truth(marker) is True for evaluator in evaluators)
    except RecursionError:  # packaging reads nested markers by recursion
        return False


def index_address(raw: str) -> str:
    """Return the address of an index as it is kept: without user, password, query and fragment, its host in lower case.

    >>> index_address("HTTPS://me:hush@Index.Example/Simple/?token=hush")
    'https://index.example/Simple/'
    """
    text = without_passwords(raw.strip()).partition("#")[0].partition("?")[0]
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"


def manifest_of(folder: str) -> str:
    """Return the path of the manifest in a folder, which a lock names by its path from its own.

    >>> manifest_of("."), manifest_of("packages/core/"), manifest_of("../lib")
    ('pyproject.toml', 'packages/core/pyproject.toml', '../lib/pyproject.toml')
    """
    return posixpath.normpath(posixpath.join(folder.strip().replace("\\", "/"), "pyproject.toml"))


def indexes_of(rows: Iterable[Component]) -> tuple[str, ...]:
    """Return the addresses of the indexes that rows name, each once."""
    return tuple(dict.fromkeys(index_address(row.index) for row in rows if row.index))


def governed(folders: Iterable[str]) -> tuple[str, ...]:
    """Return the manifests of a lock: the one beside it, and those in the folders of projects that it lists, each once.

    A folder by its absolute path is on one machine; it is left out.
    """
    local = (one for one in folders if one and not posixpath.isabs(one) and ":" not in one)
    return tuple(dict.fromkeys(map(manifest_of, (".", *local))))


def name_in(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> PackageName | None:
    """Return the package that a row names, None (and noted as lost) where it names none."""
    if not (raw := diagnostics.text(table.get("name"), f"{place}.name")):
        diagnostics.add(place, "a package without a name was left out", lost=True)
        return None
    try:
        return package_name(raw)
    except BadName as error:
        diagnostics.add(f"{place}.name", str(error), lost=True)
        return None


def named_tables(value: Any, place: str, diagnostics: Diagnostics) -> Iterator[tuple[PackageName, str, dict[str, Any]]]:
    """Yield the packages of an array with their names and places; anything else in it is noted as lost."""
    for where, table in tables_in(value, place, diagnostics):
        if (name := name_in(table, where, diagnostics)) is not None:
            yield name, where, table


def release_row(name: PackageName, version: str = "") -> Component:
    """Return a row of a release, which gets its ref where it is taken up; without a version it is unknown."""
    return Component(ref="", name=name, package=name, version=version, purl=purl_of(name, version or None))


def tables_in(value: Any, place: str, diagnostics: Diagnostics) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tables of an array of packages with their places; anything else in it is noted as lost."""
    for number, one in enumerate(diagnostics.array(value, place)):
        where = f"{place}[{number}]"
        if isinstance(one, dict):
            yield where, one
        else:
            diagnostics.table(one, where)
            diagnostics.lost = True


def requirements_in(value: Any, place: str, diagnostics: Diagnostics) -> Iterator[tuple[str, Requirement]]:
    """Yield the requirements of an array of texts (PEP 508) with their places; what is none is noted."""
    for number, text in enumerate(diagnostics.array(value, place)):
        where = f"{place}[{number}]"
        try:
            asked = requirement(diagnostics.text(text, where))
        except ValueError as error:  # BadName is one; so are more digits than int() reads in one go
            diagnostics.add(where, str(error))
            continue
        yield where, asked


def sha256_in(hashes: Iterable[tuple[str, Any]], diagnostics: Diagnostics) -> tuple[str, ...]:
    """Return the SHA-256 among ``algorithm:digest`` texts, given with their places; sorted, each once."""
    found = set()
    for place, value in hashes:
        kind, _, digest = diagnostics.text(value, place).partition(":")
        if kind.lower() == "sha256" and (known := diagnostics.sha256(digest, place)):
            found.add(known)
    return tuple(sorted(found))


def digests_in(hashes: Iterable[tuple[str, Any]], diagnostics: Diagnostics) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the SHA-256 of a row's files as ``sha256`` and ``members`` of its component.

    Where a file has none that can be read, those of the others rule no other file out: they are members.
    """
    given = list(hashes)
    found = [sha256_in([one], diagnostics) for one in given]
    known = tuple(sorted({digest for one in found for digest in one}))
    return (known, ()) if all(found) else ((), known)


def note_strangers(
    name: PackageName, version: str, addresses: Iterable[tuple[str, str]], diagnostics: Diagnostics
) -> None:
    """Note files of a row, by place and address, whose names say another package or version than the row.

    What would be installed cannot be told then: something is lost. Another local version (PEP 440) is
    another build of the same.
    """
    for place, address in addresses:
        named, of = named_by(address.removeprefix("path:"))
        is_of_it = canonicalize_name(f"{named}-{of}").startswith(f"{name}-") and not _is_another(version, of)
        if not named or is_of_it:
            continue
        row = f"{name} {version}".rstrip()
        diagnostics.add(place, f"{quoted(address)} is {named} {of}".rstrip() + f", in a row of {row}", lost=True)


def version_of(
    name: PackageName, written: str, addresses: Iterable[tuple[str, str]], place: str, diagnostics: Diagnostics
) -> str:
    """Return the version of a row: of one that says none that of its files, by place and address, where they agree.

    What would be installed is one of the files. Where another of them says none, something is lost.
    """
    if written:
        return written
    said: dict[str, str] = {}
    for where, address in addresses:
        named, of = named_by(address.removeprefix("path:"))
        entry = where.rpartition(".")[0]
        said[entry] = (of if PackageName(canonicalize_name(named)) == name else "") or said.get(entry, "")
    found = {release_version(one).key: one for one in said.values() if one}
    if len(found) != 1:
        return ""
    (version,) = found.values()
    diagnostics.add(f"{place}.version", f"no version; {version} by its files", lost="" in said.values())
    return version


def _is_another(version: str, of: str) -> bool:
    one, other = release_version(version).parsed, release_version(of).parsed
    return one is not None and other is not None and one.public != other.public


class LockRows:
    """The rows of a lock in their order, each under its name, and the edges that were linked."""

    def __init__(self, diagnostics: Diagnostics, *, never_locked: frozenset[PackageName] = frozenset()) -> None:
        """Begin a lock. ``never_locked``: what its tool leaves out although rows require it."""
        self.components: list[Component] = []
        self.places: list[str] = []
        self.edges: dict[Edge, None] = {}
        self._diagnostics = diagnostics
        self._never_locked = never_locked
        self._refs = Refs()
        self._by_name: dict[PackageName, list[Component]] = {}
        self._missing: dict[PackageName, str] = {}

    def add(self, name: PackageName, row: Component, place: str) -> str:
        """Take up a row and return the ref it got."""
        note_strangers(name, row.version, [(place, row.origin)] if row.origin else [], self._diagnostics)
        self.places.append(place)
        ref = self._refs.unique(f"{name}@{row.version}" if row.version else name)
        self.components.append(replace(row, ref=ref))
        self._by_name.setdefault(name, []).append(self.components[-1])
        return ref

    def link(self, source: str, package: PackageName, specifier: str, place: str, *, sure: bool) -> None:
        """Lead a row to every row that a dependency may mean: all of the name, narrowed where several fit.

        ``sure``: it holds everywhere, so that a lock without it is cut short, and what else it lost nobody knows:
        the dependency is then a row without a version. Others are locked only where the lock's own Python, platforms
        and extras need them.
        """
        found = self._by_name.get(package, [])
        if not found and sure:
            is_lost = package not in self._never_locked
            self._diagnostics.add(
                place, f"{package} is not a package of this lock; the dependency was left out", lost=is_lost
            )
            self.miss(package, place)
        if len(found) > 1 and specifier:
            found = [row for row in found if _fits(row.version, specifier)] or found
        for row in found:
            if row.ref != source:
                self.edges[Edge(source=source, target=row.ref)] = None

    def miss(self, package: PackageName, place: str) -> None:
        """Take up what is required for sure and not listed: a row at a version that nobody knows."""
        self._missing.setdefault(package, place)

    def _unlisted(self) -> Iterator[Component]:
        """Yield what rows require for sure and the lock does not list: required, at a version nobody knows."""
        for name in self._missing:
            yield Component(ref=self._refs.unique(name), name=name, package=name, purl=purl_of(name))

    def document(self, raw: RawDocument, kind: str, requires_python: str) -> Document:
        """Return the lock: all that was taken up and noted so far. ``kind`` is its format as answers show it."""
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.LOCK,
            format=kind,
            basis=Basis.LOCKED,
            components=(*self.components, *self._unlisted()),
            places=(*self.places, *self._missing.values()),
            edges=tuple(self.edges),
            roots=self.roots(),
            requires_python=requires_python,
            completeness=Completeness.INCOMPLETE if self._diagnostics.lost else Completeness.COMPLETE,
            problems=self._diagnostics.as_tuple(),
        )

    def roots(self) -> tuple[str, ...]:
        """Return what nothing in the lock requires, and one row of each cycle that nothing else leads to.

        These locks do not name what they were made for. Every row is reached from the roots.
        """
        targets: dict[str, list[str]] = {}
        for edge in self.edges:
            targets.setdefault(edge.source, []).append(edge.target)
        required = {edge.target for edge in self.edges}
        refs = [row.ref for row in self.components]
        found, seen = [], set[str]()
        for ref in [*(ref for ref in refs if ref not in required), *refs]:
            if ref in seen:
                continue
            found.append(ref)
            waiting = [ref]
            while waiting:
                if (one := waiting.pop()) not in seen:
                    seen.add(one)
                    waiting += targets.get(one, ())
        return tuple(found)


def _fits(version: str, specifier: str) -> bool:
    """Return whether a version is of a specifier; what cannot be read may be."""
    parsed = release_version(version).parsed
    try:
        return parsed is None or SpecifierSet(specifier).contains(parsed, prereleases=True)
    except ValueError:  # InvalidSpecifier is one; so are more digits than int() reads in one go
        return True
