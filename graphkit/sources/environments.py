"""Installed Pythons read from disk: what a `site-packages` folder holds, without running any of it."""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from graphkit.model.documents import Completeness, Component, Document
from graphkit.model.environment import Environment, Ground
from graphkit.model.errors import InputError
from graphkit.sources.documents.pip_inspect import environment_of
from graphkit.sources.documents.rows import Notes, json_value

_INSTALLED: Final = re.compile(r"(?P<name>[^/]+?)(?:-(?P<version>[^/-]+)(?:-[^/]*)?)?\.(?:dist-info|egg-info)")
_PYTHON: Final = re.compile(r"python(3\.\d+)")
_VERSION_LINE: Final = re.compile(r"^\s*version(?:_info)?\s*=\s*(3\.\d+)", re.MULTILINE)
_STARTS: Final = re.compile(rb"^(?:import[ \t]|.*;[ \t]*import[ \t])", re.MULTILINE)
_LARGEST: Final = {"METADATA": 16 * 2**20, "RECORD": 256 * 2**20, "direct_url.json": 2**20, ".pth": 2**20}
_EMPTY: Final = hashlib.sha256().hexdigest()
"""That of an empty file, which every distribution has some of and no incident means."""
_FIELDS: Final = (("requires_dist", "Requires-Dist"), ("provides_extra", "Provides-Extra"))


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
    try:
        with os.scandir(folder) as entries:
            return any(_INSTALLED.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def read_environment(folder: Path, path: str) -> Installed:
    """Return what is installed in a `site-packages` folder; ``path`` is what answers call it.

    Names, versions and requirements come from `METADATA` or `PKG-INFO`, file hashes from `RECORD`
    (PEP 376, 627), the origin from `direct_url.json` (PEP 610), all as they stand: nothing is imported
    and no link out of the folder is followed. `.pth` files, which Python runs at every start, are
    hashed themselves, so that one counts that no `RECORD` names or that was changed. The identity
    ``sha256`` is that of the sorted listing of the files read with the SHA-256 of each, so the same
    environment read at another place or time is one document. Complete unless something could not be
    read. Cost: the files named, once.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    reading = _Reading(folder)
    rows = [row for name in names if (found := _INSTALLED.fullmatch(name)) and (row := reading.row(name, found))]
    hooks = [(name, data) for name in names if name.endswith(".pth") and (data := reading.bytes_of(name, ".pth"))]
    notes = reading.notes
    report = {
        "version": "1",
        "installed": [row.table for row in rows],
        "environment": Ground(Environment(python=_python_of(folder))).variables,
    }
    document = environment_of(report, reading.identity(), path, notes)
    named = {place: row for row, place in zip(rows, (f"installed[{at}]" for at in range(len(rows))), strict=True)}
    components = [
        replace(row, members=named[place].members, optional=named[place].is_leftover)
        for row, place in zip(document.components, document.places, strict=True)
    ]
    stray = list(_hooks(hooks, rows, notes))
    return Installed(
        document=replace(
            document,
            format="site-packages",
            components=(*components, *stray),
            places=(*(named[place].entry for place in document.places), *(row.name for row in stray)),
            completeness=Completeness.INCOMPLETE if notes.lost else Completeness.COMPLETE,
            # What a platform calls itself is not on disk.
            problems=tuple(one for one in notes.problems if one.place != "environment"),
        ),
        bundled=tuple(one for row in rows for one in row.bundled),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One installed distribution: its folder's name, its row in the form of pip's report, and its files' hashes."""

    entry: str
    table: dict[str, Any]
    is_leftover: bool
    members: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
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
            if not path.is_file() or not path.resolve().is_relative_to(self._folder.resolve()):
                return None
            if path.stat().st_size > _LARGEST[kind]:
                self.notes.add(_shown(name), f"larger than {_LARGEST[kind] // 2**20} MiB; not read", lost=True)
                return None
            data = path.read_bytes()
        except OSError as error:
            self.notes.add(_shown(name), f"cannot be read: {error.strerror}", lost=True)
            return None
        self._seen[name] = hashlib.sha256(data).hexdigest()
        return data

    def row(self, entry: str, found: re.Match[str]) -> _Row | None:
        """Return what an entry says of an installed distribution; None (noted) where it says nothing."""
        metadata: dict[str, Any] = {}
        for name in (f"{entry}/METADATA", f"{entry}/PKG-INFO", entry):
            if (data := self.bytes_of(name, "METADATA")) is not None:
                metadata = _headers(data)
                break
        else:
            self.notes.add(_shown(entry), "has no METADATA; its name is all that is known of it")
        leftover = entry.startswith("~")
        if leftover:
            self.notes.add(_shown(entry), "left behind by an uninstall that was interrupted")
        for key, value in (("name", found["name"].lstrip("~")), ("version", found["version"])):
            if not metadata.get(key) and value:
                metadata[key] = value
        files = self._record(entry)
        members = sorted(set(files.values()) - {_EMPTY})
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
        """Return the SHA-256 of each file that a RECORD names, in hexadecimal."""
        data = self.bytes_of(f"{entry}/RECORD", "RECORD")
        if data is None:
            return {}
        found: dict[str, str] = {}
        odd = 0
        try:
            lines = csv.reader(data.decode("utf-8", "replace").replace("\0", "").splitlines())
            for line in lines:
                if len(line) < 2 or not line[1].startswith("sha256="):
                    continue
                try:
                    digest = base64.urlsafe_b64decode(line[1][7:] + "==")
                except (binascii.Error, ValueError):
                    digest = b""
                odd += len(digest) != hashlib.sha256().digest_size
                if len(digest) == hashlib.sha256().digest_size:
                    found[line[0]] = digest.hex()
        except csv.Error as error:
            self.notes.add(f"{_shown(entry)}/RECORD", f"cannot be read on: {error}")
        if odd:
            self.notes.add(f"{_shown(entry)}/RECORD", f"{odd} hashes that are no SHA-256")
        return found

    def _bundled(self, entry: str) -> Iterator[tuple[str, bytes]]:
        folder = self._folder / entry / "sboms"
        try:
            is_own = folder.is_dir() and not folder.is_symlink()
            names = sorted(entry.name for entry in folder.iterdir()) if is_own else []
        except OSError as error:
            self.notes.add(f"{_shown(entry)}/sboms", f"cannot be read: {error.strerror}")
            return
        for name in names:
            if (data := self.bytes_of(f"{entry}/sboms/{name}", "RECORD")) is not None:
                yield _shown(f"{entry}/sboms/{name}"), data


def _headers(data: bytes) -> dict[str, Any]:
    """Return the fields of core metadata that count; the description behind them is not looked at."""
    from email.parser import BytesHeaderParser  # noqa: PLC0415 - heavy, and only for environments
    from email.policy import compat32  # noqa: PLC0415

    head = data.split(b"\n\n", 1)[0].split(b"\r\n\r\n", 1)[0]
    message = BytesHeaderParser(policy=compat32).parsebytes(head)
    found: dict[str, Any] = {
        key: str(message[name]).strip() for key, name in (("name", "Name"), ("version", "Version")) if message[name]
    }
    for key, name in _FIELDS:
        found[key] = [" ".join(str(value).split()) for value in message.get_all(name, [])]
    return found


def _hooks(hooks: Sequence[tuple[str, bytes]], rows: Sequence[_Row], notes: Notes) -> Iterator[Component]:
    """Yield a row for each `.pth` file that is not as a RECORD says; Python runs them at every start (`site`)."""
    recorded = {name: (row, digest) for row in rows for name, digest in row.files.items() if name.endswith(".pth")}
    for name, data in hooks:
        digest = hashlib.sha256(data).hexdigest()
        owner = recorded.get(name)
        if owner is not None and owner[1] == digest:
            continue
        if owner is not None:
            notes.add(_shown(name), f"differs from what {owner[0].entry} recorded of it")
        elif _STARTS.search(data):
            notes.add(_shown(name), "runs code at every start of Python, and no installed distribution claims it")
        yield Component(ref=f"pth {name}", name=_shown(name), members=(digest,))


def _python_of(folder: Path) -> str:
    """Return the Python version that a folder is of, by `pyvenv.cfg` or its path; else the default."""
    for parent in (folder, *folder.parents[:3]):
        if found := _PYTHON.fullmatch(parent.name):
            return found[1]
        try:
            text = (parent / "pyvenv.cfg").read_text("utf-8", "replace")
        except OSError:
            continue
        if found := _VERSION_LINE.search(text):
            return found[1]
    return Environment().python


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace") if not name.isascii() else name
