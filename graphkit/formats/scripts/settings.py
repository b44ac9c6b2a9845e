"""Install commands in settings of other tools: npm's scripts, hosting services, cloud-init, Nix, Terraform."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from graphkit.formats.decoding import toml
from graphkit.formats.scripts.arguments import Found
from graphkit.formats.scripts.fetched import FETCHED
from graphkit.formats.scripts.findings import Finding, moved, same
from graphkit.formats.scripts.install_words import TOOLS
from graphkit.formats.scripts.shell import shell_findings
from graphkit.formats.scripts.shell_words import Word, logical_lines
from graphkit.formats.scripts.yaml import scalars_of, yaml_findings

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
_QUOTES: Final = "\"'`"
_LISTED: Final = re.compile(r"[\"']\s*,\s*[\"']")
"""What stands between the words of a list."""
_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\.)*(?:"|\\?$)', re.MULTILINE)
"""A text in JSON; one that is not closed goes to the end of its line, so that nothing is looked at twice."""
_CLOUD: Final = re.compile(r"\s*(?:#[^\n]*\n\s*)*?#cloud-config\b")
_LONGEST: Final = 200


def npm_findings(text: str) -> Iterator[Finding]:
    """Yield what the scripts of a package.json install.

    Raises:
        yaml.YAMLError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    for one in scalars_of(text.replace("\t", " ")):
        if "scripts" in one.keys[:-1] and _may_install(one.value):
            yield from shell_findings(one.value, first=one.line)


def toml_findings(text: str) -> Iterator[Finding]:
    """Yield what texts in TOML install, and lists of words, under any key; and tools that `mise` has of `pipx`.

    Raises:
        InputError: it is not TOML.
    """
    waiting: list[tuple[str, Any]] = [("", toml(text.encode()))]
    for place, value in waiting:
        if isinstance(value, dict):
            for name, one in value.items():
                where = f"{place}.{name}".lstrip(".")[:_LONGEST]
                if name.startswith("pipx:"):
                    found = Found(tool="pipx")
                    found.name(Word(name.removeprefix("pipx:")))
                    moved(found, same)
                    yield Finding(where, found, name)
                waiting.append((where, one))
        elif isinstance(value, list):
            words = [one for one in value if isinstance(one, str)]
            waiting += [(place, one) for one in value if not isinstance(one, str) or " " in one]
            waiting.append((place, shlex.join(words)))
        elif isinstance(value, str) and _may_install(value):
            yield from (one._replace(place=place) for one in shell_findings(value))


def cloud_findings(text: str) -> Iterator[Finding]:
    """Yield what the data installs that a machine gets for its first start (cloud-init): YAML, or a script.

    Raises:
        yaml.YAMLError: it says to be YAML and is not.
        RecursionError: it is nested too deep.
    """
    yield from yaml_findings(text) if _CLOUD.match(text) else shell_findings(text)


def line_findings(text: str) -> Iterator[Finding]:
    """Yield what commands install that stand in text of another language, such as Nix; comments are passed over.

    One that cannot be read as a command of a shell may install anything.
    """
    for number, line in logical_lines(text, joins_quoted=False):
        if _COMMENT.match(line):
            continue
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


def quoted_findings(text: str) -> Iterator[Finding]:
    """Yield what texts in JSON install, under any key, where it cannot be read as YAML, such as by what is escaped."""
    for number, line in enumerate(text.split("\n"), start=1):
        for read in _QUOTED.finditer(line):
            try:
                command = json.loads(read[0], strict=False)
            except ValueError:
                command = read[0].strip('"')
            if _may_install(command):
                yield from shell_findings(command, first=number)


def _may_install(text: str) -> bool:
    return bool(TOOLS.search(text) or FETCHED.search(text))
