"""What a greedy installer takes, out of an index kept as Parquet: each requirement by itself, the newest final release.

That is no resolution (two requirements on one package are never weighed against each other), but the trees have
the shape of real ones: real names, real releases, real edges, and the few packages that nearly everything needs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

import duckdb
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

PYTHON = "3.11.9"
LINUX: dict[str, str | AbstractSet[str]] = {
    "implementation_name": "cpython",
    "implementation_version": PYTHON,
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": PYTHON,
    "python_version": "3.11",
    "sys_platform": "linux",
}

NO_EXTRA = ""


class Release(NamedTuple):
    """A package by its PEP 503 name, and a version as the index writes it."""

    name: str
    version: str


class Wanted(NamedTuple):
    """A requirement that applies: whom it is on, which versions, with which extras (PEP 685 names)."""

    name: str
    specifier: str
    extras: tuple[str, ...]


Tree = Mapping[Release, Collection[Release]]


class Index:
    """The releases and requirements of a Parquet file, read a frontier at a time and then remembered."""

    def __init__(self, parquet: Path) -> None:
        self._database = duckdb.connect()
        self._database.execute(
            "CREATE TABLE release AS SELECT name, version, requires_python, requires_dist FROM read_parquet(?)",
            [str(parquet)],
        )
        self._finals: dict[str, list[tuple[Version, str]]] = {}
        self._declared: dict[Release, tuple[str, ...]] = {}
        self._parsed: dict[str, tuple[Wanted, Marker | None] | None] = {}
        self._applies: dict[tuple[str, str], bool] = {}
        self._fits: dict[str | None, bool] = {}
        self._picks: dict[tuple[str, str], Release | None] = {}
        self._wanted: dict[tuple[Release, str], tuple[Wanted, ...]] = {}
        self._explored: set[tuple[Release, str]] = set()

    def names(self) -> list[str]:
        """Return every package of the file, sorted."""
        return [name for (name,) in self._database.execute("SELECT DISTINCT name FROM release ORDER BY 1").fetchall()]

    def pick(self, name: str, specifier: str = "") -> Release | None:
        """Return the newest final release that Python 3.11 may install and the specifier admits, or None."""
        key = name, specifier
        if key not in self._picks:
            self._picks[key] = self._newest(name, specifier)
        return self._picks[key]

    def wanted(self, release: Release, extra: str = NO_EXTRA) -> tuple[Wanted, ...]:
        """Return the release's requirements that apply on CPython 3.11 under Linux, with one extra or with none."""
        key = release, extra
        if key not in self._wanted:
            self._load_declared([release])
            texts = self._declared[release]
            parsed = [self._parse(text) for text in texts if self._holds(text, extra)]
            self._wanted[key] = tuple(entry[0] for entry in parsed if entry is not None)
        return self._wanted[key]

    def explore(self, names: Iterable[str]) -> None:
        """Read ahead all that the newest releases of some packages can need: two queries a level, not two a release."""
        names = list(names)
        self._load_finals(names)
        frontier = {(release, NO_EXTRA) for name in names if (release := self.pick(name))}
        while frontier := frontier - self._explored:
            self._explored |= frontier
            self._load_declared({release for release, _ in frontier})
            wants = {wanted for release, extra in frontier for wanted in self.wanted(release, extra)}
            self._load_finals({wanted.name for wanted in wants})
            frontier = {
                (release, extra)
                for wanted in wants
                if (release := self.pick(wanted.name, wanted.specifier))
                for extra in (NO_EXTRA, *wanted.extras)
            }

    def _newest(self, name: str, specifier: str) -> Release | None:
        self._load_finals([name])
        try:
            admits = SpecifierSet(specifier)
        except InvalidSpecifier:
            return None
        for version, text in self._finals[name]:
            if admits.contains(version):
                return Release(name, text)
        return None

    def _parse(self, text: str) -> tuple[Wanted, Marker | None] | None:
        """Return a requirement and its marker; None: not PEP 508, or a URL, which no index answers."""
        if text not in self._parsed:
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                self._parsed[text] = None
            else:
                extras = tuple(sorted(canonicalize_name(extra) for extra in requirement.extras))
                wanted = Wanted(canonicalize_name(requirement.name), str(requirement.specifier), extras)
                self._parsed[text] = None if requirement.url else (wanted, requirement.marker)
        return self._parsed[text]

    def _holds(self, text: str, extra: str) -> bool:
        parsed = self._parse(text)
        if parsed is None or parsed[1] is None:
            # Without a marker it is needed anyhow, so it is counted once, with no extra.
            return parsed is not None and extra == NO_EXTRA
        key = str(parsed[1]), extra
        if key not in self._applies:
            try:
                self._applies[key] = parsed[1].evaluate({**LINUX, "extra": extra})
            except (UndefinedComparison, UndefinedEnvironmentName):
                self._applies[key] = False
        return self._applies[key]

    def _load_finals(self, names: Iterable[str]) -> None:
        missing = sorted({name for name in names if name not in self._finals})
        if not missing:
            return
        self._finals.update((name, []) for name in missing)
        rows = self._database.execute(
            "SELECT name, version, requires_python FROM release WHERE name IN (SELECT unnest(?::VARCHAR[]))", [missing]
        ).fetchall()
        for name, text, python in rows:
            try:
                version = Version(text)
            except InvalidVersion:  # from before PEP 440
                continue
            if not version.is_prerelease and version.local is None and self._fit(python):
                self._finals[name].append((version, text))
        for name in missing:
            self._finals[name].sort(reverse=True)

    def _load_declared(self, releases: Iterable[Release]) -> None:
        missing = sorted({release for release in releases if release not in self._declared})
        if not missing:
            return
        names, versions = zip(*missing, strict=True)
        self._declared.update((release, ()) for release in missing)
        rows = self._database.execute(
            "SELECT r.name, r.version, r.requires_dist FROM release r"
            " JOIN (SELECT unnest(?::VARCHAR[]) AS name, unnest(?::VARCHAR[]) AS version) USING (name, version)",
            [list(names), list(versions)],
        ).fetchall()
        for name, version, declared in rows:
            # An index has a row per file: the files of a release are joined, as far as they differ.
            known = self._declared[Release(name, version)]
            self._declared[Release(name, version)] = tuple(sorted({*known, *(declared or ())}))

    def _fit(self, requires_python: str | None) -> bool:
        if requires_python not in self._fits:
            try:
                self._fits[requires_python] = SpecifierSet(requires_python or "").contains(PYTHON)
            except InvalidSpecifier:  # installers ignore what they cannot read
                self._fits[requires_python] = True
        return self._fits[requires_python]


def closure(index: Index, roots: Iterable[Release], most: int) -> Tree:
    """Return the releases of one environment in the order they were met, each with those it depends on.

    One release per package: who comes first decides, and later requirements point at what is there. A name
    without a fitting release is left out. Once ``most`` are there nothing is added, but the edges between them are
    whole; the roots are read only until then.
    """
    tree: dict[Release, dict[Release, None]] = {}
    chosen: dict[str, Release] = {}
    seen: set[tuple[Release, str]] = set()
    more = iter(roots)
    while len(tree) < most and (root := next(more, None)):
        if root.name not in chosen:
            chosen[root.name] = root
            tree[root] = {}
            for release, wanted in _walk(index, chosen, root, seen):
                target = chosen.get(wanted.name)
                if target is None and len(tree) < most and (target := index.pick(wanted.name, wanted.specifier)):
                    chosen[wanted.name] = target
                    tree[target] = {}
                if target is not None and target != release:
                    tree[release][target] = None
    return tree


def _walk(
    index: Index, chosen: Mapping[str, Release], root: Release, seen: set[tuple[Release, str]]
) -> Iterator[tuple[Release, Wanted]]:
    """Yield each requirement that applies, breadth first; the caller chooses its target before asking for the next."""
    queue = deque([(root, NO_EXTRA)])
    while queue:
        release, extra = queue.popleft()
        if (release, extra) in seen:
            continue
        seen.add((release, extra))
        for wanted in index.wanted(release, extra):
            yield release, wanted
            if target := chosen.get(wanted.name):
                queue.extend((target, extra) for extra in (NO_EXTRA, *wanted.extras))
