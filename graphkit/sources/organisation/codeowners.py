"""CODEOWNERS files of GitHub and GitLab: who answers for a path of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from graphkit.formats.diagnostics import quoted
from graphkit.model.documents import Problem
from graphkit.model.path_patterns import ANY_DEPTH, LONGEST, glob, matches

_SECTION: Final = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d*\])?(?:\s+(?P<owners>.*))?")
_WORD: Final = re.compile(r"(?:\\.|[^\\\s])+")
_OWNER: Final = re.compile(r"@{1,2}[^\s@]+|[^\s@]+@[^\s@]+")


class Host(StrEnum):
    """Whose rules hold: they differ in sections and in patterns without a slash at the start."""

    GITHUB = "github"
    GITLAB = "gitlab"


class Rule(Struct, frozen=True, kw_only=True):
    """A line: a pattern as written, whom it names, and its parts as `fnmatch` reads them."""

    line: int
    pattern: str
    owners: tuple[str, ...]
    parts: tuple[str, ...]


class Owners(Struct, frozen=True, kw_only=True):
    """A CODEOWNERS file as read. ``sections``: the rules of each, in the order of the file.

    GitHub has one section without a name. ``problems``: lines that could not be used, and why.
    """

    host: Host
    sections: tuple[tuple[str, tuple[Rule, ...]], ...]
    problems: tuple[Problem, ...] = ()

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Return who answers for a file, as written: `@acme/team`, an address; empty for nobody.

        The last line that matches holds, also one that names nobody; each section of GitLab answers by
        itself. ``path`` is relative to the repository. Cost: at worst a comparison with every line.
        """
        parts = [part for part in path.split("/") if part not in {"", "."}]
        if not parts or len(path) > LONGEST:
            return ()
        found: dict[str, None] = {}
        for _, rules in self.sections:
            last = next((rule for rule in reversed(rules) if matches(rule.parts, parts)), None)
            found.update(dict.fromkeys(last.owners if last else ()))
        return tuple(found)


def parse(data: bytes, host: Host | None = None) -> Owners:
    """Return what a CODEOWNERS file says.

    ``host`` None: GitLab where the file has a section, which GitHub does not know, else GitHub. A line
    that cannot be used becomes a problem at `line 7`, and the rest holds. Cost: linear.
    """
    lines = list(_lines(data))
    if host is None:
        host = Host.GITLAB if any(text and _SECTION.fullmatch(text) for _, text in lines) else Host.GITHUB
    reading = _Reading(host)
    for number, text in lines:
        reading.take(number, text)
    sections = tuple((name, tuple(rules)) for name, rules in reading.sections.values())
    return Owners(host=host, sections=sections, problems=tuple(reading.problems))


def _lines(data: bytes) -> Iterator[tuple[int, str | None]]:
    """Yield each line that is neither empty nor a comment with its number; None where it is not UTF-8."""
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            text = raw.decode().strip()
        except UnicodeDecodeError:
            yield number, None
            continue
        if text and not text.startswith("#"):
            yield number, text


class _Reading:
    """The sections as they grow, by their names in lower case, and what was odd."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.problems: list[Problem] = []
        self.sections: dict[str, tuple[str, list[Rule]]] = {"": ("", [])}
        self._section = ""
        self._usual: tuple[str, ...] = ()

    def odd(self, line: int, text: str) -> None:
        self.problems.append(Problem(place=f"line {line}", text=text))

    def take(self, line: int, text: str | None) -> None:
        """Take one line."""
        if text is None:
            self.odd(line, "not UTF-8 text; the line is left out")
        elif section := _SECTION.fullmatch(text):
            self._start(line, section)
        elif not (word := _WORD.match(text)) or word[0] == "^":
            self.odd(line, f"{quoted(text)} is not a valid pattern; the line is left out")
        else:
            self._rule(line, word[0], text[word.end() :])

    def _start(self, line: int, section: re.Match[str]) -> None:
        if self.host is Host.GITHUB:
            self.odd(line, f"{quoted(section[0])}: sections are not supported by GitHub; the line is left out")
            return
        name = section["name"].strip()
        self._section = name.lower()
        self.sections.setdefault(self._section, (name, []))
        self._usual, _ = self._named(line, section["owners"] or "")

    def _rule(self, line: int, pattern: str, rest: str) -> None:
        try:
            parts = _parts(pattern, self.host)
        except ValueError as error:
            self.odd(line, f"{quoted(pattern)}: {error}; the line is left out")
            return
        owners, is_lost = self._named(line, rest)
        if is_lost and not owners:
            self.odd(line, f"{quoted(pattern)} names no valid owner; the line is left out")
            return
        rule = Rule(line=line, pattern=pattern, owners=owners or self._usual, parts=parts)
        self.sections[self._section][1].append(rule)

    def _named(self, line: int, text: str) -> tuple[tuple[str, ...], bool]:
        """Return the owners that a text names, and whether one of them could not be read."""
        owners: dict[str, None] = {}
        is_lost = False
        for word in text.split():
            if word.startswith("#"):
                break
            if _OWNER.fullmatch(word):
                owners[word] = None
            else:
                is_lost = True
                self.odd(line, f"{quoted(word)} is neither @user, @organisation/team nor an address; it is left out")
        return tuple(owners), is_lost


def _parts(pattern: str, host: Host) -> tuple[str, ...]:
    """Return the parts of a pattern between its slashes; `**` stands for any number of folders, also none.

    GitHub reads patterns as gitignore does: one with a slash before its end starts at the top, and the
    name of a folder takes in all below, but for `docs/*`. GitLab lets every pattern without a slash at
    its start begin anywhere, and only `docs/` takes in all below.

    Raises:
        ValueError: the hosts do not read it, or it can match nothing.
    """
    if pattern.startswith("!"):
        raise ValueError("patterns cannot be negated")
    if len(pattern) > LONGEST:
        raise ValueError("longer than any path")
    is_folder = pattern.endswith("/")
    inner = pattern.strip("/")
    if not inner or "//" in pattern:
        raise ValueError("matches no file")
    parts = [ANY_DEPTH if part == ANY_DEPTH else glob(part) for part in inner.split("/")]
    is_single = parts[-1] == "*"
    if not pattern.startswith("/") and (host is Host.GITLAB or "/" not in inner):
        parts.insert(0, ANY_DEPTH)
    if is_folder and parts[-1] == ANY_DEPTH:
        parts += ["*", ANY_DEPTH, "*"]
    elif is_folder or parts[-1] == ANY_DEPTH:
        parts += [ANY_DEPTH, "*"]
    elif host is Host.GITHUB and not is_single:
        parts.append(ANY_DEPTH)
    return tuple(parts)
