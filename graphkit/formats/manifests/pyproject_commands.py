"""Install commands in the tables that tools have in pyproject.toml."""

from __future__ import annotations

import shlex
from itertools import islice
from typing import Any, Final

from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.manifests.pyproject_tools import CONDA, pixi_tables
from graphkit.formats.scripts.arguments import conda_name
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.install_words import TOOLS
from graphkit.formats.scripts.shell import shell_findings
from graphkit.formats.scripts.shell_words import Word
from graphkit.formats.scripts.tox import tox_table_findings
from graphkit.model.documents import InstallCommand

_PLACE: Final = 200
_MOST: Final = 1_000
"""Commands of one file that are kept."""


def commands_in(tools: dict[str, Any], upgrades: tuple[str, str]) -> tuple[InstallCommand, ...]:
    """Return the install commands in tables of tools: scripts, tasks, and what runs before a build or a test.

    ``upgrades``: where a setting of uv stands that has it pass by its lock, and its text; that is kept as a command.
    """
    tox = tools.get("tox")
    told = tox_table_findings(tox, "tool.tox.") if isinstance(tox, dict) else ()
    found = [one.found.as_command(one.place, one.text) for one in islice(told, _MOST)]
    found += _of_conda(tools)
    if upgrades[1]:
        found.append(Found(tool="uv", inputs={"uv.lock": None}, is_past_lock=True).as_command(*upgrades))
    waiting: list[tuple[str, Any]] = [(f"tool.{name}", table) for name, table in tools.items() if name != "tox"]
    for place, value in waiting:
        if isinstance(value, dict):
            waiting += [(f"{place}.{key}"[:_PLACE], one) for key, one in value.items()]
        elif isinstance(value, list):
            is_command = bool(value) and all(isinstance(one, str) for one in value) and TOOLS.fullmatch(value[0])
            waiting += [(place, shlex.join(value))] if is_command else [(place, one) for one in value]
        elif isinstance(value, str) and TOOLS.search(value):
            read = islice(shell_findings(value), _MOST - len(found))
            found += [one.found.as_command(place, one.text) for one in read if not one.found.is_empty()]
    return tuple(dict.fromkeys(found))


def _of_conda(tools: dict[str, Any]) -> list[InstallCommand]:
    """Return what pixi installs from channels of conda, by their names: no lock of Python packages has it."""
    diagnostics = Diagnostics()  # it is noted where the requirements are read
    read: list[InstallCommand] = []
    for _, place, table in pixi_tables(diagnostics.table(tools.get("pixi"), "tool.pixi"), "tool.pixi", diagnostics):
        for key in CONDA:
            found = Found(tool="pixi")
            for name in diagnostics.table(table.get(key), f"{place}.{key}"):
                conda_name(found, Word(name))
            if not found.is_empty():
                read.append(found.as_command(f"{place}.{key}", key))
    return read
