"""Install commands in settings of other tools: npm's scripts, hosting services, cloud-init, Nix, Terraform."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any, Final

import yaml

from graphkit.formats.decoding import toml
from graphkit.formats.scripts.arguments import mise_tool
from graphkit.formats.scripts.at_start import started_findings, variable_findings
from graphkit.formats.scripts.fetched import may_install
from graphkit.formats.scripts.findings import Finding, moved, same
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.shell import shell_findings
from graphkit.formats.scripts.shell_words import Word, logical_lines
from graphkit.formats.scripts.yaml import yaml_findings
from graphkit.formats.scripts.yaml_scalars import scalars_of

INSTALLS: Final = re.compile(
    r"(?<![\w.-])(?:(?:uvx|easy_install)(?=[ \t]+[\w.$-])"
    r"|(?:python[0-9.]*\s+-m\s*)?(?:pip[0-9.]*|pipx|uvx?|poetry|pdm|pipenv|conda|(?:micro)?mamba|pixi)"
    # Options, some of which have a value.
    r"(?:\s+-[^\s\"']+(?:\s+[^\s\"'-][^\s\"']*)?){0,8}"
    r"(?:\s+(?:pip|tool|self|env))?\s+(?:install|add|sync|run|inject|upgrade|update|create)\b)",
    re.IGNORECASE,
)
"""How a command that installs begins, in text that is of no shell."""
_INSTALL: Final = re.compile(r"\s(?:install|add|sync)\b", re.IGNORECASE)
_COMMENT: Final = re.compile(r"\s*(?:#|//|;|\*(?![/0-9,-]*\s+[0-9*]))")
"""How a comment begins; the times of a table of cron begin with an asterisk too."""
_COMMENT_OF_NIX: Final = re.compile(r"\s*(?:#|\*)")
"""How a comment in Nix begins, in which `//` joins two sets."""
_COMMENT_OF_CODE: Final = re.compile(
    rf"{_COMMENT.pattern}|\s*(?:console\.|throw\b|fmt\.(?:F?[Pp]rint|Errorf)|e?println!|panic!|log\w*[.!(]|puts\b"
    r"|print\w*\b|echo\b|message\()",
    re.IGNORECASE,
)
"""How a line of code begins that only tells somebody something."""
_WORDS: Final = re.compile(r"(?:[\"'][^\"'\s]*[\"'](?:\s*,)?\s*)+(?:[\])};,]\s*)*")
"""A line of a list that has nothing but words."""
_MOST_WORDS: Final = 500
"""Lines of one list of words."""
_PROSE: Final = frozenset(
    {
        *("name", "version", "description", "keywords", "title", "homepage", "license", "author", "readme", "message"),
        *("dependencies", "devDependencies", "peerDependencies", "optionalDependencies", "bundledDependencies"),
        *(
            "bundleDependencies",
            "peerDependenciesMeta",
            "overrides",
            "resolutions",
            "catalog",
            "engines",
            "contributes",
        ),
        *("repository", "bugs", "contributors", "maintainers", "files", "main", "module", "exports", "imports", "bin"),
    }
)
"""Keys of a package.json with text that people read, or with names; commands may stand under any other."""
_MIME: Final = re.compile(r"\s*(?:mime-version|content-type)[ \t]*:", re.IGNORECASE)
_MOST_PARTS: Final = 100
"""Parts of one message in MIME."""
_QUOTES: Final = "\"'`"
_LISTED: Final = re.compile(
    r"[\"'`]\s*+(?:,|\)\s*+\.args?\()\s*+(?:append\()?+"
    r"(?:&?(?:vec!)?\[|(?:\[\]string|new\s++String\[\])\s*+\{|\w{0,20}[oO]f\()?+\s*+[\"'`]"
)
"""What stands between the words of a list, or between a program and the list of its arguments."""
_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\.)*(?:"|\\?$)', re.MULTILINE)
"""A text in JSON; one that is not closed goes to the end of its line, so that nothing is looked at twice."""
_CLOUD: Final = re.compile(r"\s*(?:#[^\n]*\n\s*)*?#cloud-config\b")
_LONGEST: Final = 200


def npm_findings(text: str) -> Iterator[Finding]:
    """Yield what the commands in a package.json install: its scripts, and those that other tools have in it.

    Raises:
        yaml.YAMLError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    for one in scalars_of(text.replace("\t", " ")):
        if ("scripts" in one.keys[:-1] or _PROSE.isdisjoint(one.keys)) and may_install(one.value):
            yield from shell_findings(one.value, first=one.line)


def toml_findings(text: str) -> Iterator[Finding]:
    """Yield what texts in TOML install, and lists of words, under any key; and tools that `mise` has of `pipx`.

    Raises:
        InputError: it is not TOML.
    """
    yield from _value_findings(toml(text.encode()))


def terraform_findings(text: str) -> Iterator[Finding]:
    """Yield what texts in Terraform's JSON install, and lists of words, under any key, each of equal ones.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    yield from _value_findings(json.loads(text, object_pairs_hook=_Pairs))


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, of which several may have one key."""


def _value_findings(top: Any) -> Iterator[Finding]:
    waiting: list[tuple[str, Any]] = [("", top)]
    for place, value in waiting:
        if isinstance(value, dict | _Pairs):
            for name, one in value.items() if isinstance(value, dict) else value:
                where = f"{place}.{name}".lstrip(".")[:_LONGEST]
                if isinstance(one, str):
                    yield from variable_findings(name, one, where)
                if name.startswith("pipx:"):
                    yield Finding(where, _of_mise(name.removeprefix("pipx:"), one), name)
                waiting.append((where, one))
        elif isinstance(value, list):
            words = [one for one in value if isinstance(one, str)]
            waiting += [(place, one) for one in value if not isinstance(one, str) or " " in one]
            waiting.append((place, shlex.join(words)))
        elif isinstance(value, str) and may_install(value):
            yield from (one._replace(place=place) for one in shell_findings(value))


def _of_mise(name: str, value: Any) -> Found:
    """Return what `mise` installs of `pipx`; a value is a version, a table with one, or a list of either."""
    found = Found(tool="pipx")
    for one in value if isinstance(value, list) and value else [value]:
        version = one.get("version") if isinstance(one, dict) else one
        mise_tool(found, Word(name), version if isinstance(version, str) else "")
    moved(found, same)
    return found


def tool_versions_findings(text: str) -> Iterator[Finding]:
    """Yield the tools that `mise` has of `pipx` by a file `.tool-versions`."""
    for number, line in enumerate(text.splitlines(), start=1):
        name, *versions = line.partition("#")[0].split() or [""]
        if name.startswith("pipx:"):
            yield Finding(f"line {number}", _of_mise(name.removeprefix("pipx:"), versions), line.strip())


def cloud_findings(text: str) -> Iterator[Finding]:
    """Yield what the data installs that a machine gets for its first start (cloud-init): YAML, a script, or several.

    Raises:
        yaml.YAMLError: it says to be YAML and is not.
        RecursionError: it is nested too deep.
    """
    if not _MIME.match(text):
        yield from yaml_findings(text) if _CLOUD.match(text) else shell_findings(text)
        return
    for part, is_cloud in _mime_parts(text):
        try:
            yield from list(yaml_findings(part) if is_cloud or _CLOUD.match(part) else shell_findings(part))
        except yaml.YAMLError:
            yield from shell_findings(part)
    yield from shell_findings(text)  # what stands in no part


def _mime_parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the texts in a message of several parts, each behind as many empty lines as there are before it.

    With each comes whether it says to be of cloud-init.

    Raises:
        ValueError: it has too many parts.
    """
    from email.parser import Parser

    end = 0
    for number, part in enumerate(Parser().parsestr(text).walk()):
        if number > _MOST_PARTS:
            raise ValueError(f"more than {_MOST_PARTS} parts")
        if part.is_multipart():
            continue
        raw, data = part.get_payload(), part.get_payload(decode=True)
        at = text.find(raw, end) if isinstance(raw, str) else -1
        end = max(at, end)
        body = data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
        yield "\n" * text.count("\n", 0, end) + body, part.get_content_subtype() == "cloud-config"


def nix_findings(text: str) -> Iterator[Finding]:
    """Yield what commands install that stand in text of Nix; see `line_findings`."""
    yield from line_findings(text, comment=_COMMENT_OF_NIX)


def source_findings(text: str) -> Iterator[Finding]:
    """Yield what commands install that stand in source code; see `line_findings`. What is only printed counts not."""
    yield from line_findings(text, comment=_COMMENT_OF_CODE)


def line_findings(text: str, comment: re.Pattern[str] = _COMMENT) -> Iterator[Finding]:
    """Yield what commands install that stand in text of another language; comments are passed over.

    A list of words may go on over several lines. What cannot be read as a command of a shell may install anything.
    """
    lines = ((number, line) for number, line in logical_lines(text, joins_quoted=False) if not comment.match(line))
    for number, line in _with_lists_joined(lines):
        yield from started_findings(line, f"line {number}")
        words, at, seen = _LISTED.sub(" ", line), 0, set[str]()
        while read := INSTALLS.search(words, at):
            quote = words[read.start() - 1 : read.start()]
            end = words.find(quote, read.end()) if quote and quote in _QUOTES else -1
            at = len(words) if end < 0 else end
            command = words[read.start() : at]
            if command in seen:
                continue
            seen.add(command)
            found = list(shell_findings(command, first=number))
            yield from found
            if not found and _INSTALL.search(command):
                yield Finding(f"line {number}", Found(tool="pip", unreadable=["the command"]), command.strip())


def _with_lists_joined(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers, those of a list of words as one."""
    first, held, more = 0, "", list[str]()
    for number, line in lines:
        words = _before_comment(line)
        before = more[-1] if more else _before_comment(held)
        if before.endswith(("[", "(", ",")) and len(more) < _MOST_WORDS and _WORDS.fullmatch(words):
            more.append(words)
            continue
        yield first, " ".join((_before_comment(held), *more)) if more else held
        first, held, more = number, line, []
    yield first, " ".join((_before_comment(held), *more)) if more else held


def _before_comment(line: str) -> str:
    return line.partition(" #")[0].partition(" //")[0].strip()


def quoted_findings(text: str) -> Iterator[Finding]:
    """Yield what texts in JSON install, under any key, where it cannot be read as YAML, such as by what is escaped."""
    for number, line in enumerate(text.split("\n"), start=1):
        for read in _QUOTED.finditer(line):
            try:
                command = json.loads(read[0], strict=False)
            except ValueError:
                command = read[0].strip('"')
            if may_install(command):
                yield from shell_findings(command, first=number)
