"""What files for tools declare to be installed: setup.cfg, PEP 723 blocks, hatch.toml, tox.toml, pixi.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphkit.formats.decoding import toml
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.locks.rows import index_address
from graphkit.formats.manifests.pyproject_tools import CONDA, indexes_in, note_unread, pixi_requirements, pixi_tables
from graphkit.formats.scripts.arguments import conda_name
from graphkit.formats.scripts.findings import Finding, moved, pip_line, same
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.install_words import TOOLS
from graphkit.formats.scripts.python import SETUP
from graphkit.formats.scripts.shell import shell_findings
from graphkit.formats.scripts.shell_words import Word
from graphkit.formats.scripts.tox import ini_lines, listed, tox_findings, tox_table_findings
from graphkit.model.errors import InputError

_LISTS: Final = frozenset({"dependencies", "extra-dependencies", "requires"})
_BLOCK: Final = re.compile(r"# /// script\s*")


def setup_cfg_findings(text: str) -> Iterator[Finding]:
    """Yield what setup.cfg requires: the project's, its extras', its build's; and tox's sections in it."""
    lines = list(ini_lines(text))
    for one in lines:
        is_option = one.section == "options" and one.key in SETUP
        if one.text and (is_option or one.section == "options.extras_require"):
            yield from listed(one, "setuptools")
    if any(one.section.startswith(("tox:tox", "testenv")) for one in lines):
        yield from tox_findings(text)


def script_block(text: str) -> tuple[int, str] | None:
    """Return the metadata of a script (PEP 723) with the line that it begins on; None where it has none."""
    lines = text.splitlines()
    start = next((at for at, line in enumerate(lines) if _BLOCK.fullmatch(line)), None)
    if start is None:
        return None
    found: list[str] = []
    for line in lines[start + 1 :]:
        if line.rstrip() == "# ///":
            return start + 1, "\n".join(found)
        if line.rstrip() != "#" and not line.startswith("# "):
            return None
        found.append(line[2:])
    return None


def script_findings(text: str) -> Iterator[Finding]:
    """Yield what the metadata of a script asks for.

    Raises:
        InputError: its metadata is not TOML.
    """
    if (block := script_block(text)) is None:
        return
    line, metadata = block
    diagnostics = Diagnostics()
    read = toml(metadata.encode(), is_whole_file=False)
    tools = diagnostics.table(read.get("tool"), "tool")
    found = Found(tool="uv")
    for one in diagnostics.array(read.get("dependencies"), "dependencies"):
        found.name(Word(diagnostics.text(one, "dependencies")))
    found.indexes = dict.fromkeys(map(index_address, indexes_in(tools, diagnostics)))
    if note_unread(tools, diagnostics) or diagnostics.lost:
        found.unreadable += [f"{one.place}: {one.text}" for one in diagnostics.problems]
    uv = diagnostics.table(tools.get("uv"), "tool.uv")
    if uv.get("sources"):
        found.unreadable.append("tool.uv.sources: packages from elsewhere")
    moved(found, same)
    if not found.is_empty():
        yield Finding(f"line {line}", found, "# /// script")


def pixi_findings(text: str) -> Iterator[Finding]:
    """Yield what pixi.toml lists: Python packages as requirements, conda's by name, and commands of tasks.

    Raises:
        InputError: it is not TOML.
    """
    read = toml(text.encode())
    diagnostics = Diagnostics()
    found = Found(tool="pixi")
    for _, asked in pixi_requirements({"pixi": read}, diagnostics):
        found.requirements[asked] = None
        if asked.url:
            found.unreadable.append(f"{asked.package} is from {quoted(asked.url)}")
    found.indexes = dict.fromkeys(indexes_in({"pixi": read}, diagnostics))
    if note_unread({"pixi": read}, diagnostics):
        found.unreadable += [f"{one.place}: {one.text}" for one in diagnostics.problems]
    if not found.is_empty():
        yield Finding("pypi-dependencies", found, "pypi-dependencies")
    conda = Found(tool="conda")
    for _, _, table in pixi_tables(read, "", diagnostics):
        for key in CONDA:
            for name in diagnostics.table(table.get(key), key):
                conda_name(conda, Word(name))
    if not conda.is_empty():
        yield Finding("dependencies", conda, "dependencies")
    yield from _tasks(read)


def tox_toml_findings(text: str) -> Iterator[Finding]:
    """Yield what tox.toml asks for.

    Raises:
        InputError: it is not TOML.
    """
    yield from tox_table_findings(toml(text.encode()), "")


def hatch_findings(text: str) -> Iterator[Finding]:
    """Yield what hatch.toml lists and runs: lists of requirements under the keys that have them, commands.

    Raises:
        InputError: it is not TOML.
    """
    waiting: list[tuple[str, str, Any]] = [("", "", toml(text.encode()))]
    for place, key, value in waiting:
        if isinstance(value, dict):
            waiting += [(f"{place}.{name}".lstrip(".")[:200], name, one) for name, one in value.items()]
        elif isinstance(value, list) and key not in _LISTS:
            waiting += [(place, key, one) for one in value]
        elif isinstance(value, list):
            yield from _of_array(value, place)
        elif isinstance(value, str):
            yield from (one._replace(place=place) for one in shell_findings(value) if TOOLS.search(value))


def _of_array(value: list[Any], place: str) -> Iterator[Finding]:
    for one in value:
        text = one.get("value") if isinstance(one, dict) else one  # under a condition
        if isinstance(text, str):
            found = pip_line(text, "hatch")
            moved(found, same)
            if not found.is_empty():
                yield Finding(place, found, text)


def _tasks(read: Mapping[str, Any]) -> Iterator[Finding]:
    tables = read.get("tasks")
    for name, task in tables.items() if isinstance(tables, dict) else ():
        command = task.get("cmd") if isinstance(task, dict) else task
        text = " ".join(one for one in command if isinstance(one, str)) if isinstance(command, list) else command
        if isinstance(text, str):
            for one in shell_findings(text):
                yield one._replace(place=f"tasks.{name}"[:200])


def not_parsed(error: Exception) -> str:
    """Return why Python code or another file cannot be read, as a message says it."""
    if isinstance(error, InputError):
        return str(error)
    return "nested too deep" if isinstance(error, RecursionError | MemoryError) else str(error).partition("\n")[0][:200]
