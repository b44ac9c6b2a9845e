"""What a release requires (PEP 643) and what building it takes (PEP 518), read from its sdist in memory.

Nothing of it is unpacked to disk, or run.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace
from packaging.metadata import parse_email

from graphkit.formats.archives import contents, is_gzip
from graphkit.formats.decoding import toml
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.manifests.pyproject import build_requires_of
from graphkit.model.building import BACKENDS, marker_of_build
from graphkit.model.errors import InputError
from graphkit.model.index import MetadataSource, ReleaseMetadata
from graphkit.model.names import PackageName
from graphkit.model.requirements import Requirement, requirement
from graphkit.sources.index.metadata import from_core_metadata
from graphkit.sources.index.wheels import joined

LARGEST: Final = 64 * 2**20
"""Bytes of an sdist that are read at most."""
_LARGEST_TEXT: Final = 4 * 2**20
_SPELLED: Final = frozenset({"pyproject.toml", "setup.py", "setup.cfg", "hatch.toml"})
"""Files that some systems find in capitals too, and others do not."""
_TEXTS: Final = (".py", ".cfg", ".toml")
_OWN: Final = "pkg-info"
_VERSION: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")
_LEGACY: Final = "setuptools.build_meta:__legacy__"
_DEFAULT: Final = "setuptools>=40.8.0"
"""What pip and uv take where nothing is said."""
_MAYBE: Final = requirement('wheel ; platform_version == "of some versions of setuptools alone"')
"""Setuptools asks for wheel until 70.1, and pip did for it: under a condition that nobody can decide."""
_KNOWN_HOOKS: Final = frozenset({"vcs", "version"})
"""Hooks of Hatch that ask for nothing themselves; others may, in code."""


_STATIC_FROM: Final = (2, 2)
"""The version of core metadata from which an sdist says which fields its wheels may have otherwise (PEP 643)."""
_WHAT_IS_REQUIRED: Final = frozenset({"requires-dist", "provides-extra"})


class Untold(Exception):
    """What building takes does not follow from the files of an sdist alone; the message says why."""


def is_readable(filename: str) -> bool:
    """Return whether a name is that of an sdist of a kind that is read here."""
    return filename.endswith((".tar.gz", ".tgz", ".zip"))


class Sdist(Struct, frozen=True, kw_only=True):
    """The texts at the top of an sdist by name, in lower case: those that say what is required, and how it is built."""

    filename: str
    texts: Mapping[str, bytes]

    @classmethod
    def read(cls, data: bytes, filename: str) -> Sdist:
        """Return an sdist from its bytes.

        Raises:
            InputError: it is damaged, or is no sdist as installers unpack them.
        """
        try:
            return cls(filename=filename, texts=_texts(data, filename))
        except InputError as error:
            raise InputError(str(error), place=filename) from error

    def own_metadata(self, package: PackageName, version: str) -> ReleaseMetadata | None:
        """Return what a release requires, by the core metadata in it; None where they may not hold for its wheels.

        They hold where they say so: from version 2.2 on, for each field that is not called dynamic (PEP 643).

        Raises:
            InputError: they are those of another release.
        """
        text = self.texts.get(_OWN)
        if text is None or not _is_static(text):
            return None
        return from_core_metadata(text, package, version, source=MetadataSource.CORE_METADATA, filename=self.filename)

    def build_requirements(self) -> tuple[Requirement, ...]:
        """Return what building it takes, each under the marker of build requirements; at least one.

        An sdist without pyproject.toml, or without a table `build-system` in it, is built by setuptools.

        Raises:
            InputError: its pyproject.toml cannot be read.
            Untold: code decides what else is needed, or may.
        """
        try:
            return _build_requirements(self.texts)
        except InputError as error:
            raise InputError(str(error), place=self.filename) from error


def own_metadata(sdists: Sequence[Sdist], package: PackageName, version: str) -> ReleaseMetadata | None:
    """Return what a release requires, by all of its sdists; None where one of them does not say it for its wheels.

    Raises:
        InputError: one of them has the metadata of another release.
    """
    reads = [one.own_metadata(package, version) for one in sdists]
    known = [one for one in reads if one is not None]
    return joined(known, ()) if known and len(known) == len(reads) else None


def build_requirements(sdists: Sequence[Sdist]) -> tuple[Requirement, ...]:
    """Return what building a release takes: of several sdists, what each of them takes; see `Sdist`."""
    return tuple(dict.fromkeys(one for sdist in sdists for one in sdist.build_requirements()))


def _build_requirements(files: Mapping[str, bytes]) -> tuple[Requirement, ...]:
    read = toml(files["pyproject.toml"]) if "pyproject.toml" in files else {}
    diagnostics = Diagnostics()
    tools, table = _table(read, "tool"), _table(read, "build-system")
    if "build-system" in read and not isinstance(table.get("requires"), list):
        raise Untold("its build-system has no list `requires`")
    backend = str(table.get("build-backend", _LEGACY))
    _check(backend, table, read, tools, files)
    # What uv adds it adds to the builds of a project of its own; the tables of a backend are for that one alone.
    own = {key: value for key, value in tools.items() if key == "hatch" and backend == "hatchling.build"}
    asked = build_requires_of(read, own, diagnostics) or ()
    if "build-system" not in read:
        asked = (*asked, requirement(_DEFAULT))
    if backend.startswith("setuptools."):
        asked = (*asked, _MAYBE)
    if diagnostics.problems:
        raise Untold(f"{diagnostics.problems[0].place}: {diagnostics.problems[0].text}")
    if odd := [one for one in asked if one.unreadable or "extra" in one.marker]:
        raise Untold(f"{quoted(str(odd[0]))} cannot be read")
    if not any(one.package == BACKENDS[backend] for one in asked):
        raise Untold(f"it does not ask for its own backend, {BACKENDS[backend]}")
    return tuple(dict.fromkeys(replace(one, marker=marker_of_build(one.marker)) for one in asked))


def _is_static(text: bytes) -> bool:
    raw, _ = parse_email(text)
    read = _VERSION.fullmatch(raw.get("metadata_version", ""))
    if not read or (int(read[1]), int(read[2])) < _STATIC_FROM:
        return False
    return _WHAT_IS_REQUIRED.isdisjoint(field.strip().lower() for field in raw.get("dynamic", ()))


def _check(
    backend: str,
    table: Mapping[str, Any],
    read: Mapping[str, Any],
    tools: Mapping[str, Any],
    files: Mapping[str, bytes],
) -> None:
    """Raise Untold where something else than the tables says what building takes, or may."""
    if "backend-path" in table:
        raise Untold("its build backend is its own: backend-path")
    if backend not in BACKENDS:
        raise Untold(f"its build backend {quoted(backend)} may ask for more")
    if backend.startswith("setuptools."):
        for name, data in sorted(files.items()):
            if b"setup_requires" in data and name.endswith((".py", ".cfg")):
                raise Untold(f"setup_requires in {name}")
    elif backend == "hatchling.build":
        _check_hatch(tools, files)
    elif backend == "flit_core.buildapi":
        project = read.get("project")
        if not isinstance(project, dict) or project.get("dynamic"):
            raise Untold("Flit may import the package to learn its version")
    elif backend == "pdm.backend" and "run-setuptools" in repr(tools.get("pdm")):
        raise Untold("PDM runs setuptools")


def _check_hatch(tools: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    if "hatch.toml" in files:
        raise Untold("hatch.toml")
    said = repr(tools.get("hatch"))
    if "require-runtime-" in said:
        raise Untold("Hatch takes what the project itself requires")
    build = _table(_table(tools, "hatch"), "build")
    for one in (build, *(value for value in _table(build, "targets").values() if isinstance(value, dict))):
        for hook in sorted(_table(one, "hooks").keys() - _KNOWN_HOOKS):
            raise Untold(f"the hook {quoted(hook)} of Hatch may ask for more")


def _table(outer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = outer.get(key)
    return found if isinstance(found, dict) else {}


def _texts(data: bytes, filename: str) -> dict[str, bytes]:
    """Return the texts at the top of an sdist by name, in lower case, as `Sdist` has them.

    Raises:
        InputError: installers may see other files than these, as behind links or names that lead out.
    """
    is_zip = zipfile.is_zipfile(BytesIO(data))
    if is_zip != filename.endswith(".zip") or (not is_zip and not is_gzip(data)):
        raise InputError("its content does not match its file name")
    held = contents(data, _is_told)
    if held is None:
        raise InputError("it is not an archive")
    paths = [_parts(name) for name in held.names]
    if odd := next((name for name in held.names if _leads_out(name)), ""):
        raise InputError(f"it holds a file {quoted(odd)}")
    if any(len(path) < 2 for path in paths) or len({path[0] for path in paths}) != 1:
        raise InputError("it holds files beside its top folder")
    known = {path for path in paths if path}
    if any(path[:length] in known for path in known for length in range(1, len(path))):
        raise InputError("it holds files below a link")
    found: dict[str, bytes] = {}
    for name, content in held.files:
        if isinstance(content, InputError):
            raise content
        own = _parts(name)[1]
        if len(content) > _LARGEST_TEXT or (own not in _SPELLED and own.lower() in _SPELLED):
            raise InputError(f"it holds {quoted(own)}, of {len(content):,} bytes")
        found[own.lower()] = content
    tops = [path[1].lower() for path, name in zip(paths, held.names, strict=True) if _is_told(name)]
    if len(tops) != len(found):
        raise InputError("it holds a file at its top twice, or as a link")
    return found


def _is_told(name: str) -> bool:
    """Return whether a file stands at the top and may say what is required."""
    parts = _parts(name)
    return len(parts) == 2 and parts[1].lower().endswith((*_TEXTS, _OWN))


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.split("/") if part not in {"", "."})


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/") or "\0" in name
