"""Installed Pythons read from disk: what a `site-packages` folder holds, without running any of it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.formats.decoding import json_value
from graphkit.formats.diagnostics import quoted
from graphkit.formats.duplicate_keys import with_joined_keys
from graphkit.formats.environments.pip_inspect import environment_of
from graphkit.formats.file_names import releases_in_path
from graphkit.formats.imported_code import LIBRARIES
from graphkit.formats.refs import Refs
from graphkit.model.documents import (
    EDITABLE_TREE,
    NOT_READ,
    RECORD,
    SAYS_COMPLETE,
    Completeness,
    Component,
    Document,
    Problem,
)
from graphkit.model.environment import Environment, MarkerEvaluator
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, PackageName, package_name, purl_of
from graphkit.model.versions import release_version
from graphkit.sources.environments.bundled import archive_rows, bom_rows, listed_row, loose_metadata, vendor_list
from graphkit.sources.environments.code import Owner, changed_code, is_of_a_system
from graphkit.sources.environments.conda_meta import CondaPackage, conda_packages, python_row
from graphkit.sources.environments.files import InstalledFiles, shown_path
from graphkit.sources.environments.metadata import called, headers, otherwise, provided, recorded
from graphkit.sources.environments.pth_files import Claim, in_given, normal, read_hooks
from graphkit.sources.environments.tree import INSTALLED, Tree, imported_names, walk_tree

_TELLS: Final = re.compile(r"[^/]+\.dist-info|[^/]+-[^/]+\.egg-info", re.IGNORECASE)
"""Names that only an installer gives; a project being worked on has a `name.egg-info` beside its sources too."""
_EMPTY: Final = hashlib.sha256().hexdigest()
"""That of an empty file, which every distribution has some of and no incident means."""
_INNER: Final = re.compile(
    r".*\.(?:pyc|pyo)|(?:.*/)?__pycache__/.*|(?:.*/)?[^/]+\.(?:dist|egg)-info(?:/.*)?|[^/]+\.(?:pth|egg-link)|README.txt"
)
"""What installers and Python itself leave behind beside a RECORD."""


def is_environment(folder: Path) -> bool:
    """Return whether a folder is one that distributions are installed into. Cost: its listing.

    Metadata of distributions tells so; in a folder called `site-packages` also an egg, code or a `.pth` file, and
    the settings of a virtual environment above it.
    """
    is_library = folder.name in LIBRARIES
    tells = INSTALLED if is_library else _TELLS
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
        if any(tells.fullmatch(name) or (is_library and name.endswith((".pth", ".py"))) for name in names):
            return True
        return is_library and any((parent / "pyvenv.cfg").is_file() for parent in folder.parents[:3])
    except (OSError, ValueError):  # a name with a NUL, as a `.pth` file may have
        return False


def read_environment(folder: Path, path: str, given: Path | None = None) -> Document:
    """Return what is installed in a `site-packages` folder; ``path`` is what answers call it.

    ``given`` is the folder that a person named: editable projects and folders that `.pth` files add are read where
    they lie in it. None: the folder itself.

    Names, versions and requirements come from `METADATA` or `PKG-INFO`, file hashes from `RECORD`
    (PEP 376, 627), the origin from `direct_url.json` (PEP 610), all as they stand: nothing is imported
    and no link out of what was given is followed. Eggs and links to projects (`.egg-link`) are installed
    too. Where metadata and the name of its folder differ, both are rows: which of them lies is unknown.
    `.pth` files, which Python runs at every start, are hashed themselves, so that one counts that no
    `RECORD` names or that was changed.

    Rows with the basis `listed` (``optional``) are what lies in the environment beside what is installed at its
    top: nested metadata, vendor lists, SBOMs (PEP 770 among them), archives, and what conda recorded. Code that
    no RECORD of a distribution of its name claims is a row without version, of its import name.

    The identity ``sha256`` is that of the sorted listing of what was met with the SHA-256 of each file read, so
    the same environment read at another place or time is one document. Complete unless something that can hold
    packages was not read; problems that say so come first (see `graphkit.model.documents.NOT_READ`).
    Cost: one listing of every folder, and the files named, once.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    reading = _Reading(InstalledFiles(folder, given or folder))
    rows = [row for name in names if (found := INSTALLED.fullmatch(name)) for row in reading.rows(folder / name, found)]
    beside = tuple(_beside(reading, rows, names))
    files, diagnostics = reading.files, reading.files.diagnostics
    report = {
        "version": "1",
        "installed": [row.table for row in rows],
        "environment": MarkerEvaluator(Environment(python=files.python())).variables,
    }
    document = environment_of(report, files.identity(), path, diagnostics)
    named = {place: row for row, place in zip(rows, (f"installed[{at}]" for at in range(len(rows))), strict=True)}
    components = [
        replace(row, members=named[place].members, optional=named[place].is_leftover)
        for row, place in zip(document.components, document.places, strict=True)
    ]
    refs = Refs()
    for row in components:
        refs.unique(row.ref)
    # What a platform calls itself is not on disk.
    problems = [_placed(one, named) for one in diagnostics.as_tuple() if one.place != "environment"]
    return replace(
        document,
        format="site-packages",
        components=(*components, *(replace(row, ref=refs.unique(row.ref)) for row, _ in beside)),
        places=(*(named[place].entry for place in document.places), *(place for _, place in beside)),
        completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.COMPLETE,
        problems=tuple(sorted(problems, key=_leaves_nothing_open)),
    )


def _leaves_nothing_open(problem: Problem) -> bool:
    return not problem.text.startswith((NOT_READ, SAYS_COMPLETE, "cannot be read", "larger than"))


def _placed(problem: Problem, rows: Mapping[str, _Row]) -> Problem:
    """Return a problem whose place is an entry of the folder, not a number in the report made of them."""
    number, end, inner = problem.place.partition("]")
    row = rows.get(number + end)
    return replace(problem, place=row.entry + inner) if row else problem


class _Row(Struct, frozen=True, kw_only=True):
    """One installed distribution: its folder's name, its row in the form of pip's report, and its files' hashes."""

    entry: str
    table: dict[str, Any]
    is_leftover: bool = False
    members: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of every file that its RECORD names; empty where it names none."""
    tops: tuple[str, ...] = ()
    """What it says can be imported, where it has no RECORD (`top_level.txt`)."""
    project: str = ""
    """The folder of an editable install, as the environment names it."""
    path: Path | None = None
    """Where its metadata lies."""
    listed: tuple[str, ...] = ()
    """The files that setuptools says it installed, where there is no RECORD (`installed-files.txt`); without hashes."""
    lacks_record: bool = False
    """It should have a RECORD, and has none that names files: what is its own code nothing shows."""

    @property
    def names(self) -> frozenset[PackageName]:
        """The package names that it goes by."""
        try:
            return frozenset({package_name(str(self.table["metadata"].get("name")))})
        except BadName:
            return frozenset()


class _Reading:
    """Metadata of distributions, read through the files of one environment."""

    def __init__(self, files: InstalledFiles) -> None:
        self.files = files

    def rows(self, path: Path, found: re.Match[str]) -> Iterator[_Row]:
        """Yield what an entry says is installed: one distribution, or two where its name and metadata differ."""
        label = self.files.label(path)
        self.files.met(label)  # it counts whatever can be read of it
        kind = found["kind"].lower()
        if kind == "egg-link":
            yield self._linked(path, label, found["stem"])
            return
        told = called(found["stem"], kind)
        row = self._row(path, label, kind, told)
        yield row
        metadata = row.table["metadata"]
        if not row.is_leftover and (other := otherwise(metadata, told)):
            says = f"{metadata.get('name')} {metadata.get('version')}"
            self.files.diagnostics.add(
                label, f"its metadata says {quoted(says)}, its own name does not; both are listed"
            )
            yield replace(row, table={"metadata": other}, members=(), project="")

    def _linked(self, path: Path, label: str, name: str) -> _Row:
        data = self.files.bytes_of(path, ".egg-link") or b""
        project = data.decode("utf-8", "replace").partition("\n")[0].strip()
        table = {"metadata": {"name": name}, "direct_url": {"url": f"directory:{project}"}}
        return _Row(entry=label, table=table, project=project)

    def _row(self, path: Path, label: str, kind: str, told: dict[str, str]) -> _Row:
        metadata = self._metadata(path, label, kind)
        leftover = path.name.startswith("~")
        if leftover:
            self.files.diagnostics.add(label, "left behind by an uninstall that was interrupted")
        for key, value in told.items():
            if not metadata.get(key):
                metadata[key] = value
                if leftover and key == "name":  # pip puts the tilde in the place of a letter
                    self.files.diagnostics.leave_open(label, "the name of this leftover, which has no metadata")
        recorded_files = self._record(path, label)
        lacks_record = (
            kind == "dist-info" and not leftover and not recorded_files and not is_of_a_system(self.files, path)
        )
        table: dict[str, Any] = {"metadata": metadata}
        direct = self._direct_url(path, label)
        if direct is not None:
            table["direct_url"] = direct
        return _Row(
            entry=label,
            table=table,
            is_leftover=leftover,
            members=tuple(sorted(set(recorded_files.values()) - {_EMPTY, ""})),
            files=recorded_files,
            tops=() if recorded_files or lacks_record else self._lines(path / "top_level.txt"),
            listed=() if recorded_files else self._lines(path / "installed-files.txt"),
            project=_editable(direct),
            path=path,
            lacks_record=lacks_record,
        )

    def _metadata(self, path: Path, label: str, kind: str) -> dict[str, Any]:
        base = path / "EGG-INFO" if kind == "egg" else path
        places = [base / "METADATA", base / "PKG-INFO"]
        for place in places if kind == "egg" else [*places, path]:
            if (data := self.files.bytes_of(place, "METADATA")) is not None:
                return headers(data)
        self.files.diagnostics.add(label, "has no METADATA; its name is all that is known of it")
        return {}

    def _direct_url(self, path: Path, label: str) -> dict[str, Any] | None:
        if (data := self.files.bytes_of(path / "direct_url.json", "direct_url.json")) is None:
            return None
        diagnostics = self.files.diagnostics
        try:
            found = json_value(with_joined_keys(data, diagnostics, f"{label}/direct_url.json"))
        except InputError as error:
            diagnostics.leave_open(f"{label}/direct_url.json", f"where it was installed from: {error}")
            return {}
        return found if isinstance(found, dict) else {}

    def _record(self, path: Path, label: str) -> dict[str, str]:
        """Return the SHA-256 of each file that a RECORD names, in hexadecimal; empty where it gives none."""
        data = self.files.bytes_of(path / "RECORD", "RECORD")
        if data is None:
            return {}
        found, problems = recorded(data)
        for problem in problems:
            self.files.diagnostics.add(f"{label}/RECORD", problem)
        return {name.replace("\\", "/"): digest for name, digest in found.items()}

    def _lines(self, path: Path) -> tuple[str, ...]:
        data = self.files.bytes_of(path, "list") or b""
        return tuple(line.strip() for line in data.decode("utf-8", "replace").splitlines() if line.strip())


def _editable(direct: dict[str, Any] | None) -> str:
    """Return the folder of an editable install (PEP 610), empty for any other."""
    info = direct.get("dir_info") if direct else None
    url = direct.get("url") if direct else None
    if not isinstance(info, dict) or info.get("editable") is not True or not isinstance(url, str):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return unquote(parts.path) if parts.scheme == "file" else url


def _beside(reading: _Reading, rows: Sequence[_Row], names: Sequence[str]) -> Iterator[tuple[Component, str]]:
    """Yield each row beside what is installed at the top, with its place."""
    files = reading.files
    conda = tuple(conda_packages(files))
    claims = {name: Claim(owner=row.entry, sha256=digest) for row in rows for name, digest in row.files.items()}
    projects = dict(_projects(files, rows))
    hooks = read_hooks(files, names, claims, projects.values())
    added = sorted({*hooks.added, *(one for one in (*projects, *hooks.mapped) if files.may_read(one) and one.is_dir())})
    tree = walk_tree(files, added)
    for row in hooks.components:
        yield row, row.name
    yield from _conda_rows(conda, rows)
    nested, by_folder = _nested(reading, tree, frozenset(added))
    yield from nested
    for path in tree.loose:
        yield from ((row, files.label(path)) for row in loose_metadata(files, path))
    yield from _recorded_elsewhere(rows, hooks.lines, [*nested, *((row, "") for row in _own(rows))])
    lists = [(path, tuple(vendor_list(files, path))) for path in tree.lists]
    for path, listed in lists:
        by_folder.setdefault(path.parent, []).extend(_named(row.package) for row in listed)
        yield from ((row, files.label(path)) for row in listed)
    for path in tree.boms:
        yield from ((row, files.label(path)) for row in bom_rows(files, path))
    for path in tree.archives:
        is_row = path.parent == files.folder and INSTALLED.fullmatch(path.name)  # an egg that is installed
        found = archive_rows(files, path)
        yield from ((row, files.label(path)) for row in found if not is_row or not _is_called(path.name, row))
    owners = [*rows, *(_of_conda(one) for one in conda)]
    yield from _code(files, files.folder, owners, is_top=True)
    yield from _without_record(files, rows, owners)
    for folder in sorted({*tree.vendors, *hooks.added} - {files.folder}):
        yield from _code(
            files, folder, [*by_folder.get(folder, ()), *(_linked_from(folder, projects, rows))], is_top=False
        )
    inner = [(row, base) for base, found in by_folder.items() for row in found if row.path and row.path.parent == base]
    yield from changed_code(files, tree.files, [*_owners(files, rows, inner, frozenset(added)), *_condas(files, conda)])
    _links(files, tree, {**claims, **dict.fromkeys(chain.from_iterable(one.files for one in conda))})
    _note_unclaimed(files, tree, owners)


def _own(rows: Iterable[_Row]) -> Iterator[Component]:
    """Yield the releases that are installed at the top, as rows to compare with."""
    for row in rows:
        metadata = row.table["metadata"]
        for name in row.names:
            yield listed_row(row.entry, name, str(metadata.get("version") or ""))


def _recorded_elsewhere(
    rows: Iterable[_Row], lines: Iterable[tuple[str, str]], known: Iterable[tuple[Component, str]]
) -> Iterator[tuple[Component, str]]:
    """Yield the releases that are named and not there: they were, once, or are inside of what names them.

    A RECORD names their metadata or wheels, a `.pth` file their eggs, and core metadata what it provides.
    """
    seen = {(row.package, release_version(row.version).key) for row, _ in known}
    named: list[tuple[str, str, str]] = []
    for row in rows:
        label = f"{row.entry}/{'RECORD' if row.files else 'installed-files.txt'}"
        paths = chain(row.files, row.listed)
        named += [(package, version, label) for path in paths for package, version in releases_in_path(path)]
        named += [(name, version, row.entry) for name, version in provided(row.table["metadata"])]
    named += [(package, version, label) for label, line in lines for package, version in releases_in_path(line)]
    for name, version, label in named:
        key = (package_name(name), release_version(version).key)
        if key not in seen:
            seen.add(key)
            yield listed_row(f"record {key[0]} {version}", name, version), label


def _is_called(name: str, row: Component) -> bool:
    """Return whether a row is the release that an egg's own name says."""
    told = called(name.rpartition(".")[0], "egg")
    return (
        told.get("version") == row.version
        and _named(row.package).names == _Row(entry="", table={"metadata": told}).names
    )


def _projects(files: InstalledFiles, rows: Iterable[_Row]) -> Iterator[tuple[Path, Path]]:
    """Yield the folder of each editable install that may be read, with the path that the environment has for it."""
    for row in rows:
        if not row.project or "\0" in row.project:
            continue
        path = normal(files.folder / row.project)
        if (found := in_given(files, path)) is not None:
            files.met(f"editable {row.entry}", "inside")
            yield found, path
        else:
            files.met(f"editable {row.entry}", "outside")
            text = f"{EDITABLE_TREE}{quoted(row.project)}, outside of what was given; give its folder as well"
            files.diagnostics.add(row.entry, text, lost=True)
            yield path, path


def _linked_from(folder: Path, projects: Mapping[Path, Path], rows: Iterable[_Row]) -> Iterator[_Row]:
    """Yield the distributions whose editable tree a folder belongs to: its code is theirs by their name."""
    for row in rows:
        if row.project and any(
            folder.is_relative_to(one) for one, told in projects.items() if str(told) == row.project
        ):
            yield replace(row, files={}, tops=(), lacks_record=False)


def _named(package: PackageName | None) -> _Row:
    return _Row(entry="", table={"metadata": {"name": package or ""}})


def _of_conda(package: CondaPackage) -> _Row:
    return _Row(
        entry=package.place,
        table={"metadata": {"name": package.component.name}},
        files=dict(package.files),
    )


def _conda_rows(packages: Iterable[CondaPackage], rows: Iterable[_Row]) -> Iterator[tuple[Component, str]]:
    """Yield conda's rows, and a Python row for each of its releases that no metadata at the top shows."""
    installed = {(name, str(row.table["metadata"].get("version") or "")) for row in rows for name in row.names}
    for one in packages:
        yield one.component, one.place
        for package, version in one.python:
            if (package, version) not in installed:
                yield python_row(package, version, one.place), one.place


def _nested(
    reading: _Reading, tree: Tree, added: frozenset[Path]
) -> tuple[list[tuple[Component, str]], dict[Path, list[_Row]]]:
    """Return a row for each distribution whose metadata lies deeper, and what lies in which folder."""
    found: list[tuple[Component, str]] = []
    by_folder: dict[Path, list[_Row]] = {}
    for path in tree.nested:
        match = INSTALLED.fullmatch(path.name)
        for row in reading.rows(path, match) if match else ():
            if path.parent not in added:  # its code is recorded as that of what it is shipped in
                row = replace(row, lacks_record=False)  # noqa: PLW2901 - see above
            by_folder.setdefault(path, []).append(row)  # an egg holds its own code
            by_folder.setdefault(path.parent, []).append(row)
            metadata = row.table["metadata"]
            name, version = str(metadata.get("name") or ""), str(metadata.get("version") or "")
            try:
                made = listed_row(f"nested {row.entry}", name, version, members=row.members)
            except BadName:
                reading.files.diagnostics.leave_open(
                    row.entry, "the name in this metadata, which is not a package name"
                )
                continue
            found.append((replace(made, optional=path.parent not in added or row.is_leftover), row.entry))
    return found, by_folder


def _code(
    files: InstalledFiles, folder: Path, owners: Sequence[_Row], *, is_top: bool
) -> Iterator[tuple[Component, str]]:
    """Yield a row for each import name of a folder that no distribution of its name claims.

    Its version is unknown: it was copied in, or its metadata was taken away. Where another distribution claims it,
    or it lies deeper, its basis is `listed`.
    """
    claimed = _claimed(owners)
    for entry, name in imported_names(folder):
        try:
            package = package_name(name)
        except BadName:
            continue
        owned = claimed.get(entry.partition("/")[0] if entry.partition("/")[0] != "__pycache__" else entry, ())
        if package in chain.from_iterable(row.names for row in owned) or any(
            package in row.names and not (row.files or row.tops or row.lacks_record) for row in owners
        ):
            continue
        label = files.label(folder / entry)
        files.met(label)
        if is_top and not owned:
            text = "can be imported, and no installed distribution claims it; its version is unknown"
            files.diagnostics.add(label, text)
        whose = f", claimed by {owned[0].entry}" if owned else ""
        names = {name for one in owned for name in one.names}
        row = Component(
            ref=f"code {label}",
            name=name,
            package=package,
            purl=purl_of(package),
            optional=not is_top or bool(owned),
            origin=f"{RECORD}{names.pop()}" if len(names) == 1 else "",
        )
        yield row, f"{label}{whose}"


def _without_record(
    files: InstalledFiles, rows: Iterable[_Row], owners: Sequence[_Row]
) -> Iterator[tuple[Component, str]]:
    """Yield a row without version for each distribution that lacks a RECORD, where code is that may be its own."""
    lacking = [row for row in rows if row.lacks_record]
    claimed = _claimed(owners) if lacking else {}
    entry = next((one for one, _ in imported_names(files.folder) if one.partition("/")[0] not in claimed), "")
    for row in lacking if entry else ():
        text = f"has no RECORD that names files, so {entry} may be its code"
        files.diagnostics.add(row.entry, text)
        for package in sorted(row.names):
            made = Component(ref=f"no-record {row.entry}", name=package, package=package, purl=purl_of(package))
            yield made, f"{row.entry}, which {text}"


def _owners(
    files: InstalledFiles, rows: Iterable[_Row], nested: Iterable[tuple[_Row, Path]], added: frozenset[Path]
) -> Iterator[Owner]:
    """Yield the distributions that claim files by a RECORD, those at the top first."""
    for row, base in (*((row, files.folder) for row in rows), *nested):
        if row.files and not row.is_leftover:
            yield Owner(
                label=row.entry,
                names=row.names,
                base=base,
                files=row.files,
                folder=row.path,
                is_nested=base != files.folder and base not in added,
            )


def _condas(files: InstalledFiles, packages: Iterable[CondaPackage]) -> Iterator[Owner]:
    for one in packages:
        names = frozenset(name for name, _ in one.python)
        yield Owner(label=one.place, names=names, base=files.folder, files=one.files, is_conda=True)


def _claimed(owners: Iterable[_Row]) -> dict[str, list[_Row]]:
    """Return which distributions claim which entries of their folder."""
    found: dict[str, list[_Row]] = {}
    for row in owners:
        entries = {name if name.startswith("__pycache__/") else name.partition("/")[0] for name in row.files}
        entries.update(f"{top}{end}" for top in row.tops for end in ("", ".py"))
        for entry in entries:
            found.setdefault(entry, []).append(row)
    return found


def _links(files: InstalledFiles, tree: Tree, claimed: Mapping[str, object]) -> None:
    """Leave it open where a link leads to what was not read, except to a file that a RECORD claims."""
    for path in tree.links:
        if not (not path.is_dir() and path.is_relative_to(files.folder) and files.label(path) in claimed):
            files.leads_out(path)


def _note_unclaimed(files: InstalledFiles, tree: Tree, owners: Sequence[_Row]) -> None:
    """Note files that nobody claims, in folders that somebody does; where a RECORD is missing nobody can tell."""
    if not owners or not all(row.files for row in owners):
        return
    names = {name for row in owners for name in row.files}
    tops = {name.partition("/")[0] for name in names}
    found = [
        name
        for name in tree.files
        if name not in names and name.partition("/")[0] in tops and "/" in name and not _INNER.fullmatch(name)
    ]
    if found:
        files.diagnostics.add(shown_path(found[0]), f"{len(found):,} files, this one the first, are in no RECORD")
