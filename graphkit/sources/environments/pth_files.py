"""`.pth` files, which Python reads at every start: what they run, and which folders they add (`site`)."""

from __future__ import annotations

import ast
import codecs
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from graphkit.formats.diagnostics import quoted
from graphkit.model.documents import Component
from graphkit.sources.environments.files import InstalledFiles, shown_path
from graphkit.sources.environments.tree import ARCHIVE

_IMPORT: Final = re.compile(r"import[ \t]")
_FINDER: Final = re.compile(r"import (__editable___\w+_finder); \1\.install\(\)")
_MAPPING: Final = re.compile(r"^MAPPING(?::[^=\n]*)?\s*=\s*(\{[^\n]{0,100000}\})\s*$", re.MULTILINE)
"""What setuptools writes into the finder of an editable install: import names, and where they lie."""
_NSPKG: Final = re.compile(
    r"import sys,\s?types,\s?os;\s?(?:has_mfs = sys\.version_info > \(3, 5\);)?"
    r"\s?p = os\.path\.join\(sys\._getframe\(1\)\.f_locals\['sitedir'\], \*\([\w', ]+\)\);"
    r"(?:(?!exec|eval|subprocess|base64|system|popen|urllib|compile|open)[\w .,=()'\[\]_<>{}-]|;)*",
    re.IGNORECASE,
)
_TOOLS: Final[tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...]] = (
    (re.compile(r"_virtualenv\.pth"), re.compile(r"import _virtualenv;?")),
    (
        re.compile(r"distutils-precedence\.pth"),
        re.compile(
            r"import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os\.environ\.get\(var, '(?:local|stdlib)'\)"
            r" == 'local'; enabled and __import__\('_distutils_hack'\)(?:\.add_shim\(\))?;?"
        ),
    ),
    (re.compile(r".+-nspkg\.pth"), _NSPKG),
    (
        re.compile(r"__editable__.*\.pth"),
        _FINDER,
    ),
    (
        re.compile(r"easy-install\.pth"),
        re.compile(
            r"import sys; sys\.__plen = len\(sys\.path\)"
            r"|import sys; new\s?=\s?sys\.path\[sys\.__plen:\]; del sys\.path\[sys\.__plen:\];"
            r" p\s?=\s?getattr\(sys, ?'__egginsert', ?0\); sys\.path\[p:p\]\s?=\s?new;"
            r" sys\.__egginsert = p ?\+ ?len\(new\)"
        ),
    ),
    (re.compile(r"(?:a1_)?coverage[\w-]*\.pth"), re.compile(r"import coverage; coverage\.process_startup\(\)")),
    (re.compile(r"pywin32\.pth"), re.compile(r"import pywin32_bootstrap;?")),
    (re.compile(r"(?:setuptools|conda|_?distutils)\.pth"), None),
)
"""Files that known tools leave behind without a RECORD, with what their `import` lines say; None: they have none."""


class Claim(Struct, frozen=True, kw_only=True):
    """What a RECORD says of a file: which distribution, and its SHA-256, empty where it gives none."""

    owner: str
    sha256: str


class Hooks(Struct, frozen=True, kw_only=True):
    """What `.pth` files come to: a row for each that is not as recorded, and the folders they add that may be read."""

    components: tuple[Component, ...]
    added: tuple[Path, ...]
    mapped: tuple[Path, ...]
    """Folders and files that finders of editable installs lead to."""
    lines: tuple[tuple[str, str], ...]
    """The lines that add folders and archives, each with the file it is in."""


def read_hooks(
    files: InstalledFiles, names: Sequence[str], claims: Mapping[str, Claim], projects: Iterable[Path]
) -> Hooks:
    """Return what the `.pth` files of a folder add, and a row with the hash of each that no RECORD gives it.

    Left open: one that no RECORD claims, or that was changed, unless a known tool leaves it behind so; and a line
    that adds a folder outside of what was given. ``projects`` are editable trees, which are told of elsewhere.
    """
    found: list[Component] = []
    added: dict[Path, None] = {}
    mapped: dict[Path, None] = {}
    told = {files.folder, *projects}
    paths: list[tuple[str, str]] = []
    for name in names:
        if not name.endswith(".pth") or (data := files.bytes_of(files.folder / name, ".pth")) is None:
            continue
        claim, digest = claims.get(name), hashlib.sha256(data).hexdigest()
        lines = list(_lines(data))
        paths += [(name, line) for line in lines if not _IMPORT.match(line)]
        for path in _added(files, name, lines, told):
            added[path] = None
        for line in lines:
            if finder := _FINDER.fullmatch(line):
                mapped.update(dict.fromkeys(_mapped(files, finder[1], told)))
        if claim is not None and claim.sha256 == digest:
            continue
        if not data.strip():
            continue
        _judge(files, name, lines, claim)
        found.append(Component(ref=f"pth {name}", name=shown_path(name), members=(digest,)))
    return Hooks(components=tuple(found), added=tuple(added), mapped=tuple(mapped), lines=tuple(paths))


def _lines(data: bytes) -> Iterator[str]:
    text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.rstrip()


def _judge(files: InstalledFiles, name: str, lines: Sequence[str], claim: Claim | None) -> None:
    """Leave it open where a file is of no known tool and not as recorded."""
    label = files.label(files.folder / name)
    if claim is not None and not claim.sha256:
        return  # a RECORD names it and gives no hash: nothing shows that it was changed
    if _is_known(name, lines):
        if claim is not None:
            files.diagnostics.add(label, f"differs from what {claim.owner} recorded of it")
        return
    whose = f"it differs from what {claim.owner} recorded of it" if claim else "no installed distribution claims it"
    runs = any(_IMPORT.match(line) for line in lines)
    what = "what it runs at every start of Python" if runs else "why it adds to what Python imports"
    files.diagnostics.leave_open(label, f"{what}; {whose}")


def _is_known(name: str, lines: Sequence[str]) -> bool:
    """Return whether a known tool leaves a file behind that says just this."""
    for tool, says in _TOOLS:
        if tool.fullmatch(name):
            runs = [line for line in lines if _IMPORT.match(line)]
            return not runs if says is None else all(says.fullmatch(line) for line in runs)
    return False


def _added(files: InstalledFiles, name: str, lines: Sequence[str], told: set[Path]) -> Iterator[Path]:
    """Yield the folders that lines add and that may be read; the others leave it open."""
    label = files.label(files.folder / name)
    for line in lines:
        if _IMPORT.match(line) or "\0" in line:
            continue
        path = normal(files.folder / line.strip())
        if path in told:
            continue
        if (found := in_given(files, path)) is not None:
            files.met(f"added {line}", "inside")
            if found.is_file() and not ARCHIVE.fullmatch(found.name):
                files.diagnostics.leave_open(
                    label, f"{quoted(line.strip())}, a file that it adds to what Python imports"
                )
            if found not in told and found.is_dir():
                yield found
            continue
        files.met(f"added {line}", "outside")
        if any(path.is_relative_to(one) for one in told - {files.folder}):  # of an editable tree, told of elsewhere
            continue
        files.diagnostics.leave_open(
            label, f"what is installed in {quoted(line.strip())}, which it adds to what Python imports"
        )


def _mapped(files: InstalledFiles, module: str, told: set[Path]) -> Iterator[Path]:
    """Yield where the finder of an editable install leads to, as far as that may be read; the rest leaves it open."""
    path = files.folder / f"{module}.py"
    label = files.label(path)
    found = _MAPPING.search((files.bytes_of(path, "list") or b"").decode("utf-8", "replace"))
    try:
        places = ast.literal_eval(found[1]) if found else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        places = None
    if not isinstance(places, dict) or not all(isinstance(one, str) for one in places.values()):
        files.diagnostics.leave_open(label, "where this finder of an editable install leads to")
        return
    for one in places.values():
        target = normal(files.folder / one)
        if (inside := in_given(files, target)) is not None:
            files.met(f"mapped {one}", "inside")
            yield inside
        elif "\0" in one or not any(target.is_relative_to(project) for project in told - {files.folder}):
            files.met(f"mapped {one}", "outside")
            files.diagnostics.leave_open(label, f"what lies in {quoted(one)}, which it adds to what Python imports")


def normal(path: Path) -> Path:
    """Return a path without steps up and doubled slashes, as far as they can be told without reading links."""
    return Path(os.path.normpath(path))


def in_given(files: InstalledFiles, path: Path) -> Path | None:
    """Return where a path of the environment lies in what was given, None outside.

    Where a root file system was given, as of an image, an absolute path is looked for below it too.
    """
    if files.may_read(path):
        return path
    if path.is_absolute():
        below = normal(files.given / path.relative_to(path.anchor))
        try:
            if below.exists() and files.may_read(below):
                return below
        except OSError:
            return None
    return None
