"""What one command asks for, while its words are read: packages, projects, and the files that it installs from."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from msgspec import Struct, field

from graphkit.formats.addresses import without_passwords
from graphkit.formats.diagnostics import quoted
from graphkit.formats.scripts.shell_words import Word, unknown_of
from graphkit.model.documents import ImageBuild, InstallCommand
from graphkit.model.names import BadName
from graphkit.model.requirements import Requirement, requirement

_TEXT: Final = 200
_ARCHIVE: Final = re.compile(r"\.(?:whl|tar\.gz|tgz|tar\.bz2|zip|egg)(?:\[[^\]]*\])?$", re.IGNORECASE)
ADDRESS: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9]*\+)?[A-Za-z][A-Za-z0-9]*://|git\+|git@")
MANIFESTS: Final = re.compile(r"(?:\.in|pyproject[^/]*\.toml|setup\.(?:py|cfg)|Pipfile|(?<!lock)\.ya?ml)$")
"""Files that say what is wanted, and not which releases that is."""


class Found(Struct, kw_only=True):
    """What one command asks for, while its words are read."""

    tool: str
    requirements: dict[Requirement, None] = field(default_factory=dict)
    inputs: dict[str, None] = field(default_factory=dict)
    cloned: dict[tuple[str, str], None] = field(default_factory=dict)
    """Files of other repositories: the address of each, and the path in it."""
    unpacked: str = ""
    """The archive that was unpacked in the folder of an input."""
    constraints: dict[str, None] = field(default_factory=dict)
    """Files that constrain what is installed, and install nothing."""
    bounds: dict[Requirement, None] = field(default_factory=dict)
    """What stands in those of them that were read."""
    indexes: dict[str, None] = field(default_factory=dict)
    image_builds: dict[ImageBuild, None] = field(default_factory=dict)
    is_past_lock: bool = False
    needs_lock: bool = False
    is_past_guards: bool = False
    needs_project: bool = False
    """It runs a program, and installs from a lock first where there is a project."""
    unreadable: list[str] = field(default_factory=list)
    is_install: bool = False
    """Its arguments are packages and files."""
    is_alone: bool = False
    """What they need is not installed."""
    is_own_project: bool = False
    """It installs the project of the folder that it runs in, and nothing that this needs."""

    def is_empty(self) -> bool:
        """Return whether it asks for nothing that is looked for."""
        return not (self._names() or self.constraints or self.unreadable or self.is_own_project)

    def _names(self) -> bool:
        return bool(self.requirements or self.inputs or self.cloned)

    def as_command(self, place: str, text: str) -> InstallCommand:
        """Return it as a value; its text is shortened and has no passwords."""
        plain = without_passwords(" ".join(text.split()))
        return InstallCommand(
            place=place,
            text=plain if len(plain) <= _TEXT else plain[: _TEXT - 3] + "...",
            tool=self.tool,
            requirements=tuple(self.requirements),
            inputs=tuple(self.inputs),
            cloned=tuple(self.cloned),
            unpacked=without_passwords(self.unpacked)[:_TEXT],
            constraints=tuple(self.bounds),
            is_past_lock=self.is_past_lock and bool(self.inputs or self.cloned),
            needs_lock=self.needs_lock and bool(self.inputs or self.cloned),
            is_past_guards=self.is_past_guards and bool(self.inputs or self.cloned),
            needs_project=self.needs_project,
            unreadable="; ".join(dict.fromkeys(self.unreadable))[:500],
        )

    def name(self, word: Word) -> None:
        """Take up an argument that should be a requirement, a path or an address."""
        text = word.text.strip()
        if word.unknown:
            self.unreadable.append(unknown_of(word))
        elif ADDRESS.match(text) or (" @ " in text and ADDRESS.search(text)):
            kind = "a git address" if "git" in text.partition(":")[0] else "a URL"
            self.unreadable.append(f"{kind}: {quoted(text)}")
        elif _ARCHIVE.search(text):
            self.unreadable.append(f"the file {quoted(text)}")
        elif _is_path(text):
            self.folder(Word(text))
        elif text:
            try:
                self.requirements[requirement(without_passwords(text))] = None
            except BadName:
                self.unreadable.append(f"the argument {quoted(text)}")

    def folder(self, word: Word) -> None:
        """Take up a project by its folder: what is installed is what its manifest asks for."""
        path = word.text.strip().removeprefix("file://").partition("[")[0].replace("\\", "/")
        if ADDRESS.match(word.text) or word.unknown or "*" in path:
            self.unreadable.append(unknown_of(word) if word.unknown else f"the argument {quoted(word.text)}")
            return
        if self.is_alone and posixpath.normpath(path or ".") == ".":
            self.is_own_project = True
            return
        self.is_past_lock = True
        name = posixpath.basename(path)
        self.inputs[path if MANIFESTS.search(name) else posixpath.normpath(posixpath.join(path, "pyproject.toml"))] = (
            None
        )

    def file(self, word: Word) -> None:
        """Take up a requirements file."""
        path = word.text.strip().removeprefix("file://").replace("\\", "/")
        if word.unknown or "://" in path or path in {"", "-"} or path.startswith("/dev/"):
            self.unreadable.append(unknown_of(word) if word.unknown else f"the file {quoted(path)}")
            return
        self.is_past_lock |= bool(MANIFESTS.search(posixpath.basename(path)))
        self.inputs[posixpath.normpath(path)] = None

    def constraint(self, word: Word) -> None:
        """Take up a file of constraints; one that cannot be told may say where a package is from."""
        inputs, self.inputs, is_past_lock = self.inputs, {}, self.is_past_lock
        self.file(word)
        self.constraints |= self.inputs
        self.inputs, self.is_past_lock = inputs, is_past_lock

    def override(self, word: Word) -> None:
        """Take up a file of overrides: they stand in the place of what a lock pins and a manifest asks for."""
        self.is_past_lock = True
        self.unreadable.append(f"the overrides of {quoted(word.text)}")


def _is_path(text: str) -> bool:
    plain = text.partition("[")[0]
    return plain in {".", ".."} or "/" in plain or "\\" in plain or plain.startswith("~")
