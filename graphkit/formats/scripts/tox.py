"""What tox installs, told in tox.ini, setup.cfg, tox.toml and pyproject.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from graphkit.formats.diagnostics import quoted
from graphkit.formats.scripts.arguments import found_in
from graphkit.formats.scripts.findings import Finding, moved, pip_line, project_of, same
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.shell import index_findings, shell_findings
from graphkit.formats.scripts.shell_words import Word, literal

_SECTION: Final = re.compile(r"\[([^\]]+)\]\s*(?:[#;].*)?")
_KEY: Final = re.compile(r"([^\s=:\[#;][^=:]*?)\s*[=:]\s*(.*)")
_FACTORS: Final = re.compile(r"!?[A-Za-z0-9_.{},!-]+:\s+(.*)")
HERE: Final = re.compile(r"\{(?:toxinidir|tox_root|project)\}/?")
_SUBSTITUTED: Final = re.compile(r"\{[^{}]*\}")
_FILLED_IN: Final = re.compile(r"\{(?:opts|packages)\}")
_REFERENCE: Final = re.compile(r"\{\[([^\]{}]{0,200})\]([^{}:]{1,200})\}")
_OF_PROJECT: Final = frozenset({"extras", "dependency_groups"})
_YES: Final = frozenset({"true", "1", "yes", "on"})
_NO: Final = frozenset({"false", "0", "no", "off"})
_LOCK_RUNNER: Final = "uv-venv-lock-runner"
_OF_LOCK: Final = frozenset({"runner", "uv_sync_locked", "uv_sync_flags"})
"""What tells how an environment has its packages from the lock of uv."""
_DEEPEST: Final = 10
_LONGEST: Final = 200
_OTHER_DEPS: Final = re.compile(r"\{\[[^\]]*\][^}]*\}")
_FROM_FILE: Final = re.compile(r"file:\s*(.+)")


class IniLine(NamedTuple):
    """A line of a value in an INI file."""

    section: str
    key: str
    text: str
    line: int


def ini_lines(text: str) -> Iterator[IniLine]:
    """Yield the lines of all values of an INI file, as tox and setuptools read them: what is indented goes on."""
    section = key = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.rstrip()
        plain = line.strip()
        if not plain or plain[0] in "#;":
            continue
        if read := _SECTION.fullmatch(line):
            section, key = read[1].strip(), ""
        elif line[0].isspace() and key:
            yield IniLine(section, key, plain, number)
        elif read := _KEY.fullmatch(line):
            key = read[1].strip().lower().replace("-", "_")
            yield IniLine(section, key, read[2].strip(), number)


def tox_findings(text: str) -> Iterator[Finding]:
    """Yield what tox installs: dependencies, commands, and the project itself unless it is told not to."""
    lines = list(ini_lines(text))
    lists = _referred(lines)
    synced = {section: found for section in {one.section for one in lines} if (found := _synced_by(lines, section))}
    joined = ""
    for one in lines:
        place = f"line {one.line}"
        is_env = one.section.startswith(("testenv", "base", "gh", "pkgenv"))
        yield from index_findings(one.text, place)
        if one.key == "requires" and one.section in {"tox", "tox:tox"}:
            yield from listed(one, "tox")
        elif (one.key in {"deps", "constraints"} and one.section != "tox") or (one.section, one.key) in lists:
            yield from _tox_dependency(one)
        elif one.key.startswith("commands"):
            joined += one.text.removesuffix("\\") if one.text.endswith("\\") else one.text
            if not one.text.endswith("\\"):
                command = _SUBSTITUTED.sub(lambda found: f"$({found[0][1:-1]})", HERE.sub("./", joined))
                yield from shell_findings(command.lstrip("-! "), first=one.line)
                joined = ""
        elif one.key == "install_command":
            yield from shell_findings(_FILLED_IN.sub("", one.text), first=one.line)
        elif one.key in _OF_PROJECT and one.text and (is_env or one.key == "dependency_groups"):
            if one.section in synced:
                continue
            yield Finding(place, project_of("tox"), f"{one.key} = {one.text}")
    yield from _tox_project(lines, synced)


def _synced_by(lines: list[IniLine], section: str) -> Found | None:
    """Return what an environment installs that has its packages from the lock of uv; None for any other."""
    if not section.startswith("testenv"):
        return None
    told: dict[str, list[str]] = {}
    for one in lines:
        if one.section in {"testenv", section} and one.key in _OF_LOCK:
            told.setdefault(one.key, []).append(one.text)
    own = {key: [one.text for one in lines if (one.section, one.key) == (section, key)] for key in told}
    known = {key: values or told[key] for key, values in own.items()}
    if "".join(known.get("runner", ())).strip() != _LOCK_RUNNER:
        return None
    is_locked = "".join(known.get("uv_sync_locked", ())).casefold() not in _NO
    return _synced(" ".join(known.get("uv_sync_flags", ())), is_locked=is_locked)


def _synced(flags: str, *, is_locked: bool) -> Found:
    """Return what the runner of tox-uv for locks installs: ``uv sync`` with some flags (tried with tox-uv 1.29)."""
    words = ["uv", "sync", *(["--locked"] if is_locked else []), *flags.replace(",", " ").split()]
    found = next(found for found, _ in found_in(tuple(map(Word, words))))
    found.is_past_lock |= "{" in flags  # what it stands for nobody knows here
    moved(found, same)
    return found


def _referred(lines: list[IniLine]) -> set[tuple[str, str]]:
    """Return which values of other sections are in dependencies (``{[common]deps}``), whatever their names."""
    found = {("", "deps")}
    for _ in range(_DEEPEST):
        known = len(found)
        for one in lines:
            if one.key in {"deps", "constraints"} or (one.section, one.key) in found:
                for section, key in _REFERENCE.findall(one.text):
                    found.add((section or one.section, key.lower().replace("-", "_")))
        if len(found) == known:
            break
    return found


def _tox_project(lines: list[IniLine], synced: Mapping[str, Found]) -> Iterator[Finding]:
    told = {(one.section, one.key): one.text.casefold() for one in lines if one.text}
    is_off = any(
        told.get((section, key)) in _YES for section in ("tox", "tox:tox") for key in ("skipsdist", "no_package")
    )
    environments = {one.section: one.line for one in reversed(lines) if one.section.startswith("testenv")}
    for section, line in sorted(environments.items(), key=lambda pair: pair[1]):
        if section in synced:
            yield Finding(f"line {line}", synced[section], f"[{section}] runs uv sync")
            continue
        skip, package = (told.get((section, key)) or told.get(("testenv", key)) for key in ("skip_install", "package"))
        if not (is_off or skip in _YES or package == "skip"):
            yield Finding(f"line {line}", project_of("tox"), f"[{section}] installs the project")
            return


def tox_table_findings(tox: Mapping[str, Any], place: str) -> Iterator[Finding]:
    """Yield what tox installs by its settings in TOML: dependencies, commands, groups, and the project itself.

    ``place`` is where the settings stand, empty for a file of their own.
    """
    legacy = tox.get("legacy_tox_ini")
    if isinstance(legacy, str):
        where = f"{place}legacy_tox_ini"
        yield from (one._replace(place=f"{where} {one.place}") for one in tox_findings(legacy))
    base = _table(tox.get("env_run_base"))
    named = {f"env.{name}": _table(one) for name, one in _table(tox.get("env")).items()}
    environments = {"env_run_base": base, **named} if base or "env_list" in tox else named
    for name, table in {"": tox, "env_pkg_base": _table(tox.get("env_pkg_base")), **environments}.items():
        where = f"{place}{name}." if name else place
        is_synced = name in environments and _is_synced(table, base)
        for key, value in table.items():
            if is_synced and key in _OF_PROJECT:
                continue
            yield from _tox_setting(key, value, f"{where}{key}"[:_LONGEST])
    for name, table in environments.items():
        if _is_synced(table, base):
            flags = table.get("uv_sync_flags", base.get("uv_sync_flags", []))
            is_locked = table.get("uv_sync_locked", base.get("uv_sync_locked")) is not False
            text = " ".join(one if isinstance(one, str) else "{}" for one in flags) if isinstance(flags, list) else "{}"
            yield Finding(f"{place}{name}"[:_LONGEST], _synced(text, is_locked=is_locked), f"[{name}] runs uv sync")
            continue
        skip, package = (table.get(key, base.get(key)) for key in ("skip_install", "package"))
        if not (tox.get("no_package") is True or skip is True or package == "skip"):
            yield Finding(f"{place}{name}"[:_LONGEST], project_of("tox"), f"[{name}] installs the project")
            return


def _is_synced(table: Mapping[str, Any], base: Mapping[str, Any]) -> bool:
    return bool(table.get("runner", base.get("runner")) == _LOCK_RUNNER)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tox_setting(key: str, value: Any, place: str) -> Iterator[Finding]:
    if key in {"deps", "constraints", "requires"}:
        for text in value if isinstance(value, list) else str(value).splitlines():
            found = pip_line(HERE.sub("./", text), "tox") if isinstance(text, str) else _unknown(text)
            moved(found, same)
            if not found.is_empty():
                yield Finding(place, found, str(text))
    elif key.startswith("commands") or key == "install_command":
        commands = [value] if key == "install_command" else value
        for words in commands if isinstance(commands, list) else ():
            texts = [one if isinstance(one, str) else "$(…)" for one in words] if isinstance(words, list) else []
            plain = (_FILLED_IN.sub("", one) for one in texts)
            for found, told in found_in(tuple(Word(one, one if "$(" in one else "") for one in plain if one)):
                moved(found, same)
                yield Finding(place, found, literal(told))
    elif key in _OF_PROJECT and value:
        yield Finding(place, project_of("tox"), f"{key} = {value}")


def _unknown(value: Any) -> Found:
    return Found(tool="tox", unreadable=[f"the argument {quoted(str(value))}"])


def _tox_dependency(one: IniLine) -> Iterator[Finding]:
    text = HERE.sub("./", one.text.partition(" #")[0].strip())
    if read := _FACTORS.fullmatch(text):
        text = read[1]
    if not text or _OTHER_DEPS.fullmatch(text):  # which are read where they stand
        return
    found = pip_line(text, "tox")
    if _SUBSTITUTED.search(text):
        found = Found(tool="tox", unreadable=[f"the argument {quoted(text)}"])
    moved(found, same)
    if not found.is_empty():
        yield Finding(f"line {one.line}", found, one.text)


def listed(one: IniLine, tool: str) -> Iterator[Finding]:
    """Yield a line of a list of requirements, which may stand in one line with semicolons or commas between."""
    if read := _FROM_FILE.fullmatch(one.text):
        found = Found(tool=tool)
        for path in read[1].split(","):
            found.file(Word(path.strip()))
        found.is_past_lock = True
        yield Finding(f"line {one.line}", found, one.text)
        return
    for text in (
        one.text.split(";") if one.text.count(";") and " ;" not in one.text and "; " not in one.text else [one.text]
    ):
        found = Found(tool=tool)
        found.name(Word(text.partition(" #")[0]))
        moved(found, same)
        if not found.is_empty():
            yield Finding(f"line {one.line}", found, text)
