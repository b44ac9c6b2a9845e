"""Files that inputs of a history include or, as links, lead to, as they were at each commit.

A change of one is a new state of its input.
"""

from __future__ import annotations

import hashlib
import posixpath
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from graphkit.formats.conda.environment import pip_lines
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.manifests.pyproject import dynamic_files
from graphkit.formats.manifests.requirements_lines import logical_lines
from graphkit.formats.manifests.uv_settings import PYPROJECT, UV_TOML, has_overrides
from graphkit.sources.git.branch_states import BranchLine
from graphkit.sources.git.commits import Change
from graphkit.sources.git.file_names import Doubt, doubt_of, is_asked_for, may_include

MOST: Final = 200
"""How many files one input may include; the reader says of further ones that they are not followed."""
_ROUNDS: Final = 8
"""How deep included files may include files whose names no pattern holds."""
_TARGETS: Final = 2_000
_NAMES: Final = 1_000
"""How many names of one file are looked for."""
_OPTIONS: Final = frozenset({"--requirement", "--constraint"})
_LINK: Final = "@120000 "
"""How the change of a link begins; the blob that has its target follows."""
_LONGEST: Final = 4_096
"""Bytes of the path that a link leads to."""
_HOPS: Final = 8
"""How many links may lead to each other."""
_MOST_LACKING: Final = 20
"""Blobs that may be missing before no more of them are read: each costs a new git."""
_SCRIPTS: Final = frozenset({Doubt.SCRIPT, Doubt.MODULE})
_LINKED: Final = frozenset({Doubt.NONE, Doubt.MANIFEST})
"""What is read where a link leads to; links to files that can install are looked at by themselves."""

Changed = Mapping[str, Sequence[Change]]
"""By commit: what it changed."""
Read = Callable[[str], bytes | str]
"""Returns the bytes of a blob, or in words why there are none."""
Ask = Callable[[Sequence[bytes]], dict[str, list[Change]]]
"""Returns what each commit changed of files of these very paths."""


class Whole(Struct, frozen=True, kw_only=True):
    """An input with what it includes: its blob, and blobs by their path from its folder."""

    blob: str
    included: tuple[tuple[str, str], ...]


def is_followed(path: bytes) -> bool:
    """Return whether a path is that of an input, or of a file that counts with one wherever it lies beside it."""
    return is_asked_for(path) or _is_settings(path)


def _is_settings(path: bytes) -> bool:
    return path.rpartition(b"/")[2] == UV_TOML.encode()


def names_in(path: bytes, data: bytes) -> tuple[str, ...]:
    """Return what a file includes, as it names it: `-r` and `-c` of a list, `file` of a setuptools project.

    Those of an environment file of conda stand in its list for pip.
    """
    if path.lower().endswith(b".toml"):
        return _files_of_project(data)
    text = data.decode("utf-8-sig", "backslashreplace")
    if "-r" not in text and "-c" not in text:
        return ()
    if path.lower().endswith((b".yml", b".yaml")):
        text = pip_lines(data)
    named = (line.text.strip().replace("\\", "/") for line in logical_lines(text) if line.option in _OPTIONS)
    usable = (name for name in named if name and "://" not in name and "$" not in name)
    return tuple(islice(dict.fromkeys(usable), _NAMES))


def _files_of_project(data: bytes) -> tuple[str, ...]:
    """Return the lists that a build reads dependencies from, as setuptools and a hook of Hatch do."""
    if b"dynamic" not in data:
        return ()
    try:
        tools = tomllib.loads(data.decode()).get("tool")
    except (ValueError, RecursionError):
        return ()
    diagnostics = Diagnostics()
    found = (
        dynamic_files(key, diagnostics.table(tools, "tool"), diagnostics)
        for key in ("dependencies", "optional-dependencies")
    )
    named = (name for told in found for _, _, files in told for name in files)
    return tuple(islice(dict.fromkeys(filter(None, named)), _NAMES))


class Includes:
    """What the files of a history include. ``names``: by blob; ``changed``: also of files that only are included."""

    def __init__(self, changed: Changed, read: Read, ask: Ask) -> None:
        """Read what may include others, and ask for the history of what it names, until nothing new is named.

        Cost: each such blob once; a further pass over the commits for each round that names files
        which no pattern holds, at most eight.
        """
        self.names: dict[str, tuple[str, ...]] = {}
        self.changed: dict[str, list[Change]] = {sha: list(rows) for sha, rows in changed.items()}
        self.links: dict[str, str] = {}
        """What locks and lists that are links lead to, as they name it, by their change."""
        self._read = read
        self.targets = {path for rows in changed.values() for path, _ in rows if _is_settings(path)}
        """Paths that inputs include, or take settings from."""
        self.bounds: dict[Change, tuple[str, ...]] = {}
        """Files of constraints that a file which can install may name, from its folder."""
        every = {path for rows in changed.values() for path, _ in rows}
        self._constraints = sorted(path for path in every if b"constraint" in posixpath.basename(path).lower())[:MOST]
        self._lacking = 0
        self._overriding: set[str] = set()
        """Blobs that have overrides of uv."""
        self._settings = set(self.targets)
        """Where settings of uv have ever been that count for inputs below: a `uv.toml`, overrides in a project."""
        fresh: Changed = changed
        asked: set[bytes] = set()
        for _ in range(_ROUNDS):
            targets = sorted(self._named_by(fresh) - asked)[: _TARGETS - len(asked)]
            if not targets:
                break
            asked |= set(targets)
            fresh = ask(targets)
            for sha, rows in fresh.items():
                self.changed.setdefault(sha, []).extend(rows)

    def _named_by(self, changed: Changed) -> set[bytes]:
        """Return the paths that files name, and that no pattern holds."""
        found: set[bytes] = set()
        for path, blob in {change for rows in changed.values() for change in rows}:
            if blob.startswith(_LINK) and (doubt_of(path) in _LINKED or path in self.targets):
                found |= self._led_to(path, blob)
            if self._constraints and blob and not blob.startswith("@") and doubt_of(path) in _SCRIPTS:
                found |= self._bounds_of(path, blob)
            if not blob or blob.startswith("@") or not (may_include(path) or path in self.targets):
                continue
            if blob not in self.names:
                data = self._read(blob)
                self.names[blob] = names_in(path, data) if isinstance(data, bytes) else ()
                if isinstance(data, bytes) and has_overrides(data):
                    self._overriding.add(blob)
            if blob in self._overriding and posixpath.basename(path) == PYPROJECT.encode():
                self._settings.add(path)
                self.targets.add(path)
            found |= {target for name in self.names[blob] if (target := joined(path, name)) is not None}
        self.targets |= found
        return {target for target in found if not is_followed(target)}

    def _led_to(self, path: bytes, blob: str) -> set[bytes]:
        """Return the path that a link leads to; nothing where it lies outside of the repository, or is not known."""
        if blob not in self.links:
            data = self._read(blob.removeprefix(_LINK))
            path_in_it = data if isinstance(data, bytes) and len(data) <= _LONGEST else b""
            self.links[blob] = path_in_it.decode("utf-8", "surrogateescape")
        target = joined(path, self.links[blob]) if self.links[blob] else None
        return set() if target is None else {target}

    def _bounds_of(self, path: bytes, blob: str) -> set[bytes]:
        """Return the files of constraints whose names stand in a file that can install, wherever they lie."""
        data = self._read(blob) if self._lacking < _MOST_LACKING else ""
        self._lacking += isinstance(data, str)
        known = [one for one in self._constraints if isinstance(data, bytes) and posixpath.basename(one) in data]
        folder = posixpath.dirname(path) or b"."
        near = (posixpath.relpath(one, folder).decode("utf-8", "surrogateescape") for one in known)
        self.bounds[path, blob] = tuple(near)
        return set(known)

    def settings_of(self, path: bytes) -> list[str]:
        """Return where settings of uv have ever been for an input, in its folder and those above, from that folder."""
        above = [posixpath.dirname(path)]
        while self._settings and above[-1]:
            above.append(posixpath.dirname(above[-1]))
        return [
            "../" * level + name
            for level, folder in enumerate(above)
            for name in (UV_TOML, PYPROJECT)
            if (there := posixpath.join(folder, name.encode())) in self._settings and there != path
        ]

    def whole(self, found: Iterable[BranchLine]) -> tuple[dict[str, list[Change]], dict[str, Whole]]:
        """Return the changes again, those of inputs that include files by a name for input and files together.

        The second part says what such a name stands for. Cost: linear in changes and what is included.
        """
        inputs = {
            path
            for rows in self.changed.values()
            for path, blob in rows
            if blob in self.links
            or self.bounds.get((path, blob))
            or (may_include(path) and (self.names.get(blob) or self.settings_of(path)))
        }
        if not inputs:
            return self.changed, {}
        lines = list(found)
        return _Composition(self, inputs, {line.base for line in lines if line.base}).run(lines)


class _Composition:
    """The commits of all lines, replayed for inputs that include files."""

    def __init__(self, includes: Includes, inputs: set[bytes], forks: set[str]) -> None:
        self._names = includes.names
        self._links = includes.links
        self._bounds = includes.bounds
        self._settings_of = includes.settings_of
        self._changed = includes.changed
        self._inputs = inputs
        self._followed = inputs | includes.targets
        self._forks = forks
        self._wholes: dict[str, Whole] = {}
        self._kept: dict[str, tuple[dict[bytes, str], dict[bytes, str]]] = {}
        self._above: dict[bytes, set[bytes]] = defaultdict(set)
        """The inputs that have included a path at some time."""

    def run(self, lines: Iterable[BranchLine]) -> tuple[dict[str, list[Change]], dict[str, Whole]]:
        told: dict[str, list[Change]] = {}
        for line in lines:
            before = self._kept.get(line.base, ({}, {}))
            tree, now = dict(before[0]), dict(before[1])
            for commit in line.commits:
                if rows := self._changed.get(commit.sha):
                    told[commit.sha] = self._step(rows, tree, now)
                if commit.sha in self._forks:
                    self._kept[commit.sha] = (dict(tree), dict(now))
        return told, self._wholes

    def _step(self, rows: Sequence[Change], tree: dict[bytes, str], now: dict[bytes, str]) -> list[Change]:
        told: list[Change] = []
        touched: set[bytes] = set()
        for path, blob in rows:
            if path in self._followed:
                tree[path] = blob
            if path in self._inputs:
                touched.add(path)
            else:
                told.append((path, blob))
            touched |= self._above.get(path, set())
        for path in sorted(touched):
            name = self._name(path, tree)
            if name != now.get(path, ""):
                now[path] = name
                told.append((path, name))
        return told

    def _name(self, path: bytes, tree: Mapping[bytes, str]) -> str:
        """Return the name of an input with what it includes; its blob's own where it includes nothing that is there.

        A link is what it leads to; what that includes is looked for beside the link, as pip does.
        """
        blob = self._followed_from(path, tree)
        if not blob or blob.startswith("@"):
            return blob
        found: dict[str, str] = {}
        settings = self._settings_of(path) if may_include(path) else []
        waiting = [
            *settings,
            *self._bounds.get((path, blob), ()),
            *(_near("", name) for name in self._names.get(blob, ())),
        ]
        while waiting and len(found) < MOST:
            near = waiting.pop()
            target = joined(path, near)
            if target is None or near in found:
                continue
            self._above[target].add(path)
            inner = tree.get(target, "")
            if inner and not inner.startswith("@"):
                found[near] = inner
                waiting += [_near(posixpath.dirname(near), name) for name in self._names.get(inner, ())]
        if not found:
            return blob
        listing = tuple(sorted(found.items()))
        name = f"{blob}+{hashlib.sha256(repr(listing).encode()).hexdigest()}"
        self._wholes[name] = Whole(blob=blob, included=listing)
        return name

    def _followed_from(self, path: bytes, tree: Mapping[bytes, str]) -> str:
        """Return the blob of an input; of a link that of the file it leads to, its own where none lies there."""
        own = blob = tree.get(path, "")
        at = path
        for _ in range(_HOPS):
            if not self._links.get(blob):
                break
            target = joined(at, self._links[blob])
            if target is None:
                return own
            self._above[target].add(path)
            at, blob = target, tree.get(target, "")
        return own if not blob or blob.startswith("@") else blob


def _near(folder: str, name: str) -> str:
    """Return a name from the folder of the input, as readers make it."""
    return posixpath.normpath(posixpath.join(folder, name))


def joined(path: bytes, name: str) -> bytes | None:
    """Return the path in the repository of what a file there names; None outside of it."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name.encode("utf-8", "surrogateescape")))
    return None if target.startswith((b"../", b"/")) or target in {b"..", b"."} or b"\0" in target else target
