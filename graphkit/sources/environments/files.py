"""Files of one environment: each read once, never through a link that leads out, and remembered by its hash."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

from graphkit.formats.diagnostics import Diagnostics
from graphkit.model.environment import Environment

_PYTHON: Final = re.compile(r"python(3\.\d+)t?")
_SYSTEM_LINE: Final = re.compile(r"^\s*include-system-site-packages\s*=\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_VERSION_LINE: Final = re.compile(r"^\s*version(?:_info)?\s*=\s*(3\.\d+)", re.MULTILINE)
LARGEST: Final = {
    "METADATA": 16 * 2**20,
    "RECORD": 256 * 2**20,
    "direct_url.json": 2**20,
    ".pth": 2**20,
    ".egg-link": 2**16,
    "list": 4 * 2**20,
    "sbom": 256 * 2**20,
    "conda-meta": 64 * 2**20,
    "archive": 512 * 2**20,
}
"""The most bytes of a file that are read, by its kind."""


class InstalledFiles:
    """The files of an environment: its `site-packages` folder, its prefix, and what was given to be read.

    ``given`` is the folder that a person named; what lies in it may be read, and a link out of all three may not.
    """

    def __init__(self, folder: Path, given: Path) -> None:
        self.diagnostics = Diagnostics()
        self.folder = folder
        self.given = given
        self.prefix = _prefix_of(folder)
        self._roots = tuple(_resolved(one) for one in (folder, given, self.prefix or folder))
        self._seen: dict[str, str] = {}
        self._links: set[str] = set()

    def identity(self) -> str:
        """Return the SHA-256 of the listing of everything read so far."""
        listing = "".join(f"{name}\0{digest}\n" for name, digest in sorted(self._seen.items()))
        return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()

    def label(self, path: Path) -> str:
        """Return what messages call a path: relative to the folder, else to the prefix, else to what was given."""
        for base in (self.folder, self.prefix, self.given):
            if base is not None and path.is_relative_to(base):
                return shown_path(path.relative_to(base).as_posix())
        return shown_path(path.as_posix())

    def may_read(self, path: Path) -> bool:
        """Return whether a path, after all links, lies in what was given or in the environment itself."""
        try:
            target = path.resolve()
            path.exists()  # fails for names that no file can have, which links pass over
        except (OSError, ValueError, RuntimeError):  # links in a circle; a name with a NUL, or too long
            return False
        return any(target.is_relative_to(root) for root in self._roots)

    def is_given(self, path: Path) -> bool:
        """Return whether a path, after all links, lies in what was given."""
        try:
            return path.resolve().is_relative_to(self._roots[1])
        except (OSError, ValueError, RuntimeError):
            return False

    def bytes_of(self, path: Path, kind: str) -> bytes | None:
        """Return a file's bytes, None where there is no such file, or (noted, and left open) it cannot be used."""
        label = self.label(path)
        try:
            if not path.is_file():
                return None
            if not self.may_read(path):
                self.leads_out(path)
                return None
            if path.stat().st_size > LARGEST[kind]:
                self.diagnostics.add(label, f"larger than {LARGEST[kind] // 2**20} MiB; not read", lost=True)
                self._seen[label] = "too large"
                return None
            data = path.read_bytes()
        except OSError as error:
            self._seen[label] = "unreadable"
            self.diagnostics.add(label, f"cannot be read: {error.strerror}", lost=True)
            return None
        except ValueError:  # a name with a NUL is of no file
            return None
        self._seen[label] = hashlib.sha256(data).hexdigest()
        return data

    def leads_out(self, path: Path) -> None:
        """Leave it open, once, that a link leads to what was not read."""
        label = self.label(path)
        if label not in self._links:
            self._links.add(label)
            self.met(f"link {label}")
            self.diagnostics.leave_open(label, "what this link leads to")

    def met(self, name: str, value: str = "") -> None:
        """Take something that was met and not read into the identity."""
        self._seen[f"{name}/"] = value

    def python(self) -> str:
        """Return the Python that the folder is of, by its path or `pyvenv.cfg`, else the default.

        Left open where `pyvenv.cfg` lets the system's own packages be imported as well, or says nothing of them, which
        Python takes for yes (`site`).
        """
        parents = (self.folder, *self.folder.parents[:3])
        settings = next((text for parent in parents if (text := _settings_in(parent)) is not None), None)
        text = settings or ""
        named = (_PYTHON.fullmatch(parent.name) for parent in parents)
        found = next((one for one in named if one), None) or _VERSION_LINE.search(text)
        python = found[1] if found else Environment().python
        is_open = settings is not None and (_SYSTEM_LINE.findall(text) or ["true"])[-1].lower() == "true"
        self._seen["python"] = f"{python} {is_open}"
        if is_open:
            self.diagnostics.leave_open(
                "pyvenv.cfg", "the system's own packages, which can be imported too (include-system-site-packages)"
            )
        return python


def shown_path(name: str) -> str:
    """Return a path as messages show it: bytes that are not UTF-8 are escaped."""
    return os.fsencode(name).decode("utf-8", "backslashreplace") if not name.isascii() else name


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path


def _prefix_of(folder: Path) -> Path | None:
    """Return the prefix of the environment that a folder belongs to, None where nothing marks one."""
    for parent in (folder, *folder.parents[:3]):
        try:
            if (parent / "pyvenv.cfg").is_file() or (parent / "conda-meta").is_dir():
                return parent
        except OSError:
            continue
    return None


def _settings_in(folder: Path) -> str | None:
    path = folder / "pyvenv.cfg"
    try:
        return path.read_text("utf-8", "replace") if path.is_file() else None
    except OSError:
        return None
