"""Install commands in notebooks."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec.structs import replace

from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.duplicate_keys import with_joined_keys
from graphkit.formats.scripts.findings import Finding
from graphkit.formats.scripts.folders import MOVES, Place
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.install_words import TOOLS
from graphkit.formats.scripts.python import code_findings
from graphkit.formats.scripts.shell import shell_findings
from graphkit.formats.scripts.shell_words import Variables, commands_of, logical_lines
from graphkit.model.documents import NOT_READ

_CELL: Final = re.compile(r"\s*(?:[A-Za-z_][\w, ]*=\s*)?(?:!+|%(?=pip|conda|mamba|uv)|%(?:system|sx)\s)(.*)", re.DOTALL)
_AUTOMATIC: Final = re.compile(r"\s*((?:pip|conda|mamba|micromamba|uv)\s.*)", re.DOTALL)
"""A magic without its mark, as IPython takes it where it is no Python."""
_CELL_SHELL: Final = re.compile(r"\s*%%(?:bash|sh|script|cmd|!)")
_NO_PYTHON: Final = re.compile(r"(?:[A-Za-z_][\w, ]*=\s*)?[!%]|cd\s|(?:pip|conda|mamba|micromamba|uv)\s+[a-z]")
_FOLDER: Final = re.compile(r"\s*+(?:%?cd\s++|os\.chdir\(\s*+(?=[\"']))([^)\n]*+)\)?\s*+")
"""How code changes the folder that later cells run in."""
_WRITTEN: Final = re.compile(r"\s*%%(?:writefile|file)\s+(?:-a\s+)?([^\s$\"'{]+)")
"""How a cell becomes a file."""
_HOLE: Final = r"$(\1)"
_BRACES: Final = re.compile(r"\{([^{}]*)\}")


def notebook_findings(text: str) -> Iterator[Finding]:
    """Yield what the code of a notebook installs: lines for the shell, and magics.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    diagnostics = Diagnostics()
    book = json.loads(with_joined_keys(text.encode("utf-8", "replace"), diagnostics))
    for one in diagnostics.problems:
        yield Finding(one.place, Found(tool="python", unreadable=[one.text.removeprefix(NOT_READ)]), "a duplicate key")
    cells = book.get("cells") if isinstance(book, dict) else None
    if cells is None and isinstance(book, dict):
        sheets = [one.get("cells") for one in _dicts(book.get("worksheets"))]
        cells = [cell for one in sheets if isinstance(one, list) for cell in one]
    known, at = Variables(), Place()
    for number, cell in enumerate(_dicts(cells), start=1):
        source = cell.get("source", cell.get("input"))
        code = "".join(one for one in source if isinstance(one, str)) if isinstance(source, list) else source
        if cell.get("cell_type") != "code" or not isinstance(code, str):
            continue
        if TOOLS.search(code) or MOVES.search(code) or _WRITTEN.match(code):
            yield from _cell_findings(code, f"cell {number} ", known, at)


def _dicts(value: Any) -> Iterable[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _cell_findings(code: str, prefix: str, known: Variables, at: Place) -> Iterator[Finding]:
    """Yield what a cell installs. ``known`` and ``at`` go from one cell to the next: files, and where commands run."""
    if written := _WRITTEN.match(code):
        known.changed[posixpath.normpath(posixpath.join(at.at, written[1]))] = (1, False)
        return
    if _CELL_SHELL.match(code):
        yield from shell_findings(code.partition("\n")[2], known, first=2, prefix=prefix, place=replace(at))
        return
    for number, line in logical_lines(code, joins_quoted=False):
        if read := _FOLDER.fullmatch(line):
            for command in commands_of(f"cd {_BRACES.sub(_HOLE, read[1])}", number, Variables()):
                at.move(command.words, known)
        elif read := _CELL.fullmatch(line) or _AUTOMATIC.fullmatch(line):
            text = _BRACES.sub(_HOLE, read[1])
            yield from shell_findings(text, known, first=number, prefix=prefix, place=replace(at))
    plain = "\n".join(map(_without_magic, code.splitlines()))
    found = code_findings(plain, known=known, place=at)
    yield from (one._replace(place=f"{prefix}{one.place}") for one in found)


def _without_magic(line: str) -> str:
    """Return a line of a cell as Python has it, with nothing in the place of what was taken up before."""
    is_other = _NO_PYTHON.match(line) or _FOLDER.fullmatch(line)
    return f"{line[: len(line) - len(line.lstrip())]}pass" if is_other else line
