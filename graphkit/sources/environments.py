"""Installed Pythons read from disk: what a `site-packages` folder holds, without running any of it."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from graphkit.model.documents import Completeness, Component, Document, Problem
from graphkit.model.environment import Environment, Ground
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, package_name, purl_of
from graphkit.sources.documents.pip_inspect import environment_of
from graphkit.sources.documents.rows import Notes, json_value, shown
from graphkit.sources.installed_metadata import called, headers, otherwise, recorded

_INSTALLED: Final = re.compile(r"(?P<stem>[^/]+)\.(?P<kind>dist-info|egg-info|egg-link|egg)", re.IGNORECASE)
_TELLS: Final = re.compile(r"[^/]+\.dist-info|[^/]+-[^/]+\.egg-info", re.IGNORECASE)
"""Names that only an installer gives; a project being worked on has a `name.egg-info` beside its sources too."""
_LIBRARIES: Final = frozenset({"site-packages", "dist-packages"})
_PYTHON: Final = re.compile(r"python(3\.\d+)")
_SYSTEM_LINE: Final = re.compile(r"^\s*include-system-site-packages\s*=\s*true\s*$", re.MULTILINE | re.IGNORECASE)
_VERSION_LINE: Final = re.compile(r"^\s*version(?:_info)?\s*=\s*(3\.\d+)", re.MULTILINE)
_STARTS: Final = re.compile(rb"^(?:import[ \t]|.*;[ \t]*import[ \t])", re.MULTILINE)
_LARGEST: Final = {
    "METADATA": 16 * 2**20,
    "RECORD": 256 * 2**20,
    "direct_url.json": 2**20,
    ".pth": 2**20,
    ".egg-link": 2**16,
}
_EMPTY: Final = hashlib.sha256().hexdigest()
"""That of an empty file, which every distribution has some of and no incident means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A `site-packages` folder as read.

    ``bundled`` are the SBOMs that distributions bring (PEP 770), as (name, bytes): what is inside their
    own files, beside what is installed.
    """

    document: Document
    bundled: tuple[tuple[str, bytes], ...] = ()


def is_environment(folder: Path) -> bool:
    """Return whether a folder directly holds metadata of installed distributions. Cost: its listing."""
    tells = _INSTALLED if folder.name in _LIBRARIES else _TELLS
    try:
        with os.scandir(folder) as entries:
            return any(tells.fullmatch(entry.name) for entry in entries)
    except (OSError, ValueError):  # a name with a NUL, as a `.pth` file may have
        return False


def read_environment(folder: Path, path: str) -> Installed:
    """Return what is installed in a `site-packages` folder; ``path`` is what answers call it.

    Names, versions and requirements come from `METADATA` or `PKG-INFO`, file hashes from `RECORD`
    (PEP 376, 627), the origin from `direct_url.json` (PEP 610), all as they stand: nothing is imported
    and no link out of the folder is followed. Eggs and links to projects (`.egg-link`) are installed
    too. Where metadata and the name of its folder differ, both are rows: which of them lies is unknown.
    `.pth` files, which Python runs at every start, are hashed themselves, so that one counts that no
    `RECORD` names or that was changed. The identity ``sha256`` is that of the sorted listing of what
    was met with the SHA-256 of each file read, so the same environment read at another place or time
    is one document. Complete unless something could not be read, or Python takes packages from
    elsewhere too. Cost: the files named, once.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    reading = _Reading(folder)
    rows = [row for name in names if (found := _INSTALLED.fullmatch(name)) for row in reading.rows(name, found)]
    hooks = [(name, data) for name in names if name.endswith(".pth") and (data := reading.bytes_of(name, ".pth"))]
    notes = reading.notes
    python = reading.python()
    report = {
        "version": "1",
        "installed": [row.table for row in rows],
        "environment": Ground(Environment(python=python)).variables,
    }
    stray = [*_hooks(hooks, rows, reading), *_unclaimed(folder, names, rows, reading)]
    document = environment_of(report, reading.identity(), path, notes)
    named = {place: row for row, place in zip(rows, (f"installed[{at}]" for at in range(len(rows))), strict=True)}
    components = [
        replace(row, members=named[place].members, optional=named[place].is_leftover)
        for row, place in zip(document.components, document.places, strict=True)
    ]
    return Installed(
        document=replace(
            document,
            format="site-packages",
            components=(*components, *stray),
            places=(*(named[place].entry for place in document.places), *(row.name for row in stray)),
            completeness=Completeness.INCOMPLETE if notes.lost else Completeness.COMPLETE,
            # What a platform calls itself is not on disk.
            problems=tuple(_placed(one, named) for one in notes.told() if one.place != "environment"),
        ),
        bundled=tuple(one for row in rows for one in row.bundled),
    )


def _placed(problem: Problem, rows: Mapping[str, _Row]) -> Problem:
    """Return a problem whose place is an entry of the folder, not a number in the report made of them."""
    number, end, inner = problem.place.partition("]")
    row = rows.get(number + end)
    return replace(problem, place=row.entry + inner) if row else problem


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One installed distribution: its folder's name, its row in the form of pip's report, and its files' hashes."""

    entry: str
    table: dict[str, Any]
    is_leftover: bool = False
    members: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of every file that its RECORD names; empty where it names none."""
    project: str = ""
    """The folder that an `.egg-link` leads to."""
    bundled: tuple[tuple[str, bytes], ...] = ()


class _Reading:
    """Files of one folder, each read once and remembered by its hash alone."""

    def __init__(self, folder: Path) -> None:
        self.notes = Notes()
        self._folder = folder
        self._seen: dict[str, str] = {}

    def identity(self) -> str:
        """Return the SHA-256 of the listing of everything read so far."""
        listing = "".join(f"{name}\0{digest}\n" for name, digest in sorted(self._seen.items()))
        return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()

    def bytes_of(self, name: str, kind: str) -> bytes | None:
        """Return a file's bytes, None where there is no such file, or (noted) it cannot be used."""
        path = self._folder / name
        try:
            if not path.is_file():
                return None
            if not path.resolve().is_relative_to(self._folder.resolve()):
                self.notes.add(_shown(name), "a link out of the folder, which is not followed")
                return None
            if path.stat().st_size > _LARGEST[kind]:
                self.notes.add(_shown(name), f"larger than {_LARGEST[kind] // 2**20} MiB; not read", lost=True)
                self._seen[name] = "too large"
                return None
            data = path.read_bytes()
        except OSError as error:
            self._seen[name] = "unreadable"
            self.notes.add(_shown(name), f"cannot be read: {error.strerror}", lost=True)
            return None
        self._seen[name] = hashlib.sha256(data).hexdigest()
        return data

    def met(self, name: str) -> None:
        """Take something that was met and not read into the identity."""
        self._seen[f"{name}/"] = ""

    def python(self) -> str:
        """Return the Python that the folder is of; notes where that one takes packages from elsewhere too."""
        python, is_open = _python_of(self._folder)
        self._seen["python"] = f"{python} {is_open}"
        if is_open:
            text = "the system's own packages can be imported too (include-system-site-packages), and were not read"
            self.notes.add("pyvenv.cfg", text, lost=True)
        return python

    def leads_away(self, line: str) -> bool:
        """Return whether a line of a `.pth` file adds a folder whose packages were not read."""
        folder = os.path.normpath(self._folder)
        added = os.path.normpath(Path(folder, line))
        is_away = not Path(added).is_relative_to(folder) or (added != folder and is_environment(Path(added)))
        self._seen[f"added {line}"] = str(is_away)
        return is_away

    def rows(self, entry: str, found: re.Match[str]) -> Iterator[_Row]:
        """Yield what an entry says is installed: one distribution, or two where its name and metadata differ."""
        self.met(entry)  # it counts whatever can be read of it
        kind = found["kind"].lower()
        if kind == "egg-link":
            yield self._linked(entry, found["stem"])
            return
        told = called(found["stem"], kind)
        row = self._row(entry, kind, told)
        yield row
        metadata = row.table["metadata"]
        if not row.is_leftover and (other := otherwise(metadata, told)):
            says = f"{metadata.get('name')} {metadata.get('version')}"
            self.notes.add(_shown(entry), f"its metadata says {shown(says)}, its own name does not; both are listed")
            yield _Row(entry=_shown(entry), table={"metadata": other})

    def _linked(self, entry: str, name: str) -> _Row:
        data = self.bytes_of(entry, ".egg-link") or b""
        project = data.decode("utf-8", "replace").partition("\n")[0].strip()
        table = {"metadata": {"name": name}, "direct_url": {"url": f"directory:{project}"}}
        return _Row(entry=_shown(entry), table=table, project=project)

    def _row(self, entry: str, kind: str, told: dict[str, str]) -> _Row:
        metadata: dict[str, Any] = {}
        inner = "/EGG-INFO" if kind == "egg" else ""
        places = [f"{entry}{inner}/METADATA", f"{entry}{inner}/PKG-INFO"]
        for name in places if kind == "egg" else [*places, entry]:
            if (data := self.bytes_of(name, "METADATA")) is not None:
                metadata = headers(data)
                break
        else:
            self.notes.add(_shown(entry), "has no METADATA; its name is all that is known of it")
        leftover = entry.startswith("~")
        if leftover:
            self.notes.add(_shown(entry), "left behind by an uninstall that was interrupted")
        for key, value in told.items():
            if not metadata.get(key):
                metadata[key] = value
                # pip puts the tilde in the place of a letter.
                self.notes.lost |= leftover and key == "name"
        files = self._record(entry)
        members = sorted(set(files.values()) - {_EMPTY, ""})
        table: dict[str, Any] = {"metadata": metadata}
        if (direct := self.bytes_of(f"{entry}/direct_url.json", "direct_url.json")) is not None:
            try:
                table["direct_url"] = json_value(direct)
            except InputError as error:
                self.notes.add(f"{_shown(entry)}/direct_url.json", str(error))
                table["direct_url"] = {}
        return _Row(
            entry=_shown(entry),
            table=table,
            is_leftover=leftover,
            members=tuple(members),
            files=files,
            bundled=tuple(self._bundled(entry)),
        )

    def _record(self, entry: str) -> dict[str, str]:
        """Return the SHA-256 of each file that a RECORD names, in hexadecimal; empty where it gives none."""
        data = self.bytes_of(f"{entry}/RECORD", "RECORD")
        if data is None:
            return {}
        found, problems = recorded(data)
        for problem in problems:
            self.notes.add(f"{_shown(entry)}/RECORD", problem)
        return found

    def _bundled(self, entry: str) -> Iterator[tuple[str, bytes]]:
        folder = self._folder / entry / "sboms"

        def note(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                self.notes.add(f"{_shown(entry)}/sboms", f"cannot be read: {error.strerror}")

        if folder.is_symlink():
            return
        for parent, folders, files in os.walk(folder, onerror=note):
            folders.sort()
            for file in sorted(files):
                name = Path(parent, file).relative_to(self._folder).as_posix()
                if (data := self.bytes_of(name, "RECORD")) is not None:
                    yield _shown(name), data


def _hooks(hooks: Sequence[tuple[str, bytes]], rows: Sequence[_Row], reading: _Reading) -> Iterator[Component]:
    """Yield a row for each `.pth` file that is not as a RECORD says; Python runs them at every start (`site`).

    A folder that such a file adds may hold further packages, unless it is a project that is linked to.
    """
    notes = reading.notes
    linked = {os.path.normpath(row.project) for row in rows if row.project}
    claimed = {name: (row, digest) for row in rows for name, digest in row.files.items() if name.endswith(".pth")}
    for name, data in hooks:
        digest = hashlib.sha256(data).hexdigest()
        owner = claimed.get(name)
        if owner is not None and owner[1] == digest:
            continue
        if owner is not None and owner[1]:
            notes.add(_shown(name), f"differs from what {owner[0].entry} recorded of it")
        elif owner is None and _STARTS.search(data):
            notes.add(_shown(name), "runs code at every start of Python, and no installed distribution claims it")
        lines = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").splitlines()
        added = [line.strip() for line in lines if line.strip() and not line.startswith(("#", "import ", "import\t"))]
        away = [line for line in added if os.path.normpath(line) not in linked and reading.leads_away(line)]
        if away and (owner is None or owner[1]):
            more = f" and {len(away) - 1} more" if len(away) > 1 else ""
            text = f"adds {shown(away[0])}{more} to what Python imports; what is installed there was not read"
            notes.add(_shown(name), text, lost=True)
        yield Component(ref=f"pth {name}", name=_shown(name), members=(digest,))


def _unclaimed(folder: Path, names: Sequence[str], rows: Sequence[_Row], reading: _Reading) -> Iterator[Component]:
    """Yield a row for each import package that no RECORD names: copied in, or its metadata was taken away.

    Its version is unknown, and so is whether its project is called the same. Where a distribution has no
    RECORD, what is whose cannot be told, and nothing is yielded.
    """
    if not all(row.files for row in rows):
        return
    claimed = {re.split(r"[/\\]", file, maxsplit=1)[0] for row in rows for file in row.files}
    for name in names:
        if name in claimed or not name.isidentifier() or not (folder / name / "__init__.py").is_file():
            continue
        reading.met(name)
        reading.notes.add(
            _shown(name), "can be imported, and no installed distribution claims it; its version is unknown"
        )
        try:
            package = package_name(name)
        except BadName:
            continue
        yield Component(ref=f"code {name}", name=package, package=package, purl=purl_of(package))


def _python_of(folder: Path) -> tuple[str, bool]:
    """Return the Python version that a folder is of, by its path or `pyvenv.cfg`, else the default.

    And whether `pyvenv.cfg` says that the system's own packages can be imported as well.
    """
    parents = (folder, *folder.parents[:3])
    text = next((text for parent in parents if (text := _settings_in(parent))), "")
    named = (_PYTHON.fullmatch(parent.name) for parent in parents)
    found = next((one for one in named if one), None) or _VERSION_LINE.search(text)
    return found[1] if found else Environment().python, bool(_SYSTEM_LINE.search(text))


def _settings_in(folder: Path) -> str:
    path = folder / "pyvenv.cfg"
    try:
        return path.read_text("utf-8", "replace") if path.is_file() else ""
    except OSError:
        return ""


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace") if not name.isascii() else name
