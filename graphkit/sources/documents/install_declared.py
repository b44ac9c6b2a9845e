"""What files for tools declare to be installed: tox.ini, setup.cfg, setup.py, noxfile.py, PEP 723 blocks, pixi.toml."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from graphkit.model.errors import InputError
from graphkit.sources.documents.install_arguments import TOOLS, Found, conda_name, found_in
from graphkit.sources.documents.install_scripts import Finding, moved, pip_line, same, shell_findings
from graphkit.sources.documents.install_words import Word, literal
from graphkit.sources.documents.lock_rows import index_address
from graphkit.sources.documents.pyproject_tools import CONDA, indexes_in, note_unread, pixi_requirements, pixi_tables
from graphkit.sources.documents.rows import Notes, shown, toml

_SECTION: Final = re.compile(r"\[([^\]]+)\]\s*(?:[#;].*)?")
_KEY: Final = re.compile(r"([^\s=:\[#;][^=:]*?)\s*[=:]\s*(.*)")
_FACTORS: Final = re.compile(r"!?[A-Za-z0-9_.{},!-]+:\s+(.*)")
_HERE: Final = re.compile(r"\{(?:toxinidir|tox_root|project)\}/?")
_SUBSTITUTED: Final = re.compile(r"\{[^{}]*\}")
_OTHER_DEPS: Final = re.compile(r"\{\[[^\]]*\][^}]*\}")
_FROM_FILE: Final = re.compile(r"file:\s*(.+)")
_SETUP: Final = ("install_requires", "setup_requires", "tests_require", "requires")
_TELLING: Final = frozenset({"install_requires", "setup_requires", "tests_require", "extras_require"})
_CALLS: Final = frozenset({"install", "run_install", "conda_install", "run", "run_always"})
_RUNNERS: Final = frozenset({"system", "popen", "run", "call", "check_call", "check_output", "Popen", "getoutput"})
_CHANGES: Final = frozenset({"append", "extend", "insert", "update", "remove", "clear", "pop"})
_MOST_TEXTS: Final = 1_000
_MOST_CALLS: Final = 500
_MOST_CODE: Final = 2_000_000
"""Bytes of Python that are parsed."""
_LISTS: Final = frozenset({"dependencies", "extra-dependencies", "deps", "requires", "constraints"})
_BLOCK: Final = re.compile(r"# /// script\s*")
_DEEPEST: Final = 30


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
    joined = ""
    for one in lines:
        is_env = one.section.startswith(("testenv", "base", "gh", "pkgenv"))
        if one.key == "requires" and one.section in {"tox", "tox:tox"}:
            yield from _listed(one, "tox")
        elif one.key in {"deps", "constraints"} and one.section != "tox":
            yield from _tox_dependency(one)
        elif one.key.startswith("commands"):
            joined += one.text.removesuffix("\\") if one.text.endswith("\\") else one.text
            if not one.text.endswith("\\"):
                command = _SUBSTITUTED.sub(lambda found: f"$({found[0][1:-1]})", _HERE.sub("./", joined))
                yield from shell_findings(command.lstrip("-! "), first=one.line)
                joined = ""
        elif is_env and one.key == "extras" and one.text:
            yield Finding(f"line {one.line}", _project("tox"), f"extras = {one.text}")
    yield from _tox_project(lines)


def _tox_project(lines: list[IniLine]) -> Iterator[Finding]:
    told = {(one.section, one.key): one.text.casefold() for one in lines if one.text}
    is_off = any(
        told.get((section, key)) == "true" for section in ("tox", "tox:tox") for key in ("skipsdist", "no_package")
    )
    environments = {one.section: one.line for one in reversed(lines) if one.section.startswith("testenv")}
    for section, line in sorted(environments.items(), key=lambda pair: pair[1]):
        skipped = [told.get((at, key)) for at in (section, "testenv") for key in ("skip_install", "package")]
        if not (is_off or "true" in skipped or "skip" in skipped):
            yield Finding(f"line {line}", _project("tox"), f"[{section}] installs the project")
            return


def _project(tool: str) -> Found:
    found = Found(tool=tool)
    found.folder(Word("."))
    return found


def _tox_dependency(one: IniLine) -> Iterator[Finding]:
    text = _HERE.sub("./", one.text.partition(" #")[0].strip())
    if read := _FACTORS.fullmatch(text):
        text = read[1]
    if not text or _OTHER_DEPS.fullmatch(text):  # which are read where they stand
        return
    found = pip_line(text, "tox")
    if _SUBSTITUTED.search(text):
        found = Found(tool="tox", unreadable=[f"the argument {shown(text)}"])
    moved(found, same)
    if not found.is_empty():
        yield Finding(f"line {one.line}", found, one.text)


def _listed(one: IniLine, tool: str) -> Iterator[Finding]:
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


def setup_cfg_findings(text: str) -> Iterator[Finding]:
    """Yield what setup.cfg requires: the project's, its extras', its build's; and tox's sections in it."""
    lines = list(ini_lines(text))
    for one in lines:
        is_option = one.section == "options" and one.key in _SETUP
        if one.text and (is_option or one.section == "options.extras_require"):
            yield from _listed(one, "setuptools")
    if any(one.section.startswith(("tox:tox", "testenv")) for one in lines):
        yield from tox_findings(text)


def python_findings(text: str, *, is_setup: bool = False, is_nox: bool = False) -> Iterator[Finding]:
    """Yield what Python code installs, read without running it: calls of setuptools or Nox, and commands in calls.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it cannot be parsed.
    """
    if len(text) > _MOST_CODE:
        raise ValueError("too much code to read")
    tree = ast.parse(text)
    names = _Literals(tree)
    left = _MOST_CALLS
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        is_setup_call = is_setup and (called == "setup" or any(one.arg in _TELLING for one in node.keywords))
        if not is_setup_call and called not in _CALLS | _RUNNERS:
            continue
        if not left:
            text = f"more than {_MOST_CALLS} calls that may install something"
            yield Finding("the file", Found(tool="python", unreadable=[text]), "…")
            return
        left -= 1
        if is_setup_call:
            yield from _setup_call(node, names)
        elif is_nox and called in _CALLS and isinstance(node.func, ast.Attribute):
            yield from _session_call(node, called, names)
        elif called in _RUNNERS:
            yield from _command_call(node, names)


class _Literals:
    """Lists of texts in code: literals, and names that a module assigns once, at its top."""

    def __init__(self, tree: ast.Module) -> None:
        self.named: dict[str, ast.expr] = {}
        self._known: dict[str, list[str] | None] = {}
        changed = set[str]()
        for statement in tree.body:
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign):
                targets = [statement.target]
            else:
                continue
            for target in targets:
                if isinstance(target, ast.Name) and statement.value:
                    if target.id in self.named:
                        changed.add(target.id)
                    self.named[target.id] = statement.value
        for node in ast.walk(tree):
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                changed.add(node.target.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _CHANGES:
                changed.add(node.value.id)
        for name in changed:
            self.named.pop(name, None)

    def texts(self, node: ast.expr, depth: int = 0) -> list[str] | None:
        """Return the texts of a list; None where it is not known, or too long or nested to be read."""
        if depth > _DEEPEST:
            return None
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else None
        if isinstance(node, ast.Name) and node.id in self.named:
            if node.id not in self._known:
                self._known[node.id] = None  # until it is known, so that a circle ends
                self._known[node.id] = self.texts(self.named[node.id], depth + 1)
            return self._known[node.id]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            elements = [node.left, node.right]
            is_text = isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant)
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            elements, is_text = [one.value if isinstance(one, ast.Starred) else one for one in node.elts], False
        else:
            return None
        found: list[str] = []
        for one in elements:
            if (texts := self.texts(one, depth + 1)) is None:
                return None
            found += texts
            if len(found) > _MOST_TEXTS:
                return None
        return ["".join(found)] if is_text else found


def _setup_call(node: ast.Call, names: _Literals) -> Iterator[Finding]:
    for keyword in node.keywords:
        place = f"line {keyword.value.lineno}"
        if keyword.arg is None:
            found = Found(tool="setuptools", unreadable=["the arguments of setup(**…)"])
            yield Finding(place, found, "setup(**…)")
        elif keyword.arg in _SETUP:
            yield from _of_list(keyword.value, keyword.arg, names, place)
        elif keyword.arg == "extras_require":
            value = keyword.value
            value = names.named.get(value.id, value) if isinstance(value, ast.Name) else value
            for one in value.values if isinstance(value, ast.Dict) else [value]:
                yield from _of_list(one, keyword.arg, names, place)


def _of_list(value: ast.expr, key: str, names: _Literals, place: str) -> Iterator[Finding]:
    texts = names.texts(value)
    found = Found(tool="setuptools")
    if texts is None:
        found.unreadable.append(f"{key} is not a literal list")
    for text in texts or ():
        for line in text.splitlines():
            if line.strip() and not line.strip().startswith("#"):
                found.name(Word(line))
    moved(found, same)
    if not found.is_empty():
        yield Finding(place, found, f"{key} = {', '.join(texts or ['…'])}")


def _words(node: ast.Call, names: _Literals) -> tuple[Word, ...]:
    """Return the arguments of a call as the words of a command."""
    found: list[Word] = []
    for one in node.args:
        texts = names.texts(one.value if isinstance(one, ast.Starred) else one)
        if texts is None:
            found.append(Word("…", f"{ast.unparse(one)[:80]}" if not _is_deep(one) else "…"))
        else:
            found += [Word(text, "", " " in text) for text in texts]
    return tuple(found)


def _is_deep(node: ast.expr) -> bool:
    """Return whether code has more parts than are worth showing."""
    return any(number > 50 for number, _ in enumerate(ast.walk(node)))


def _session_call(node: ast.Call, called: str, names: _Literals) -> Iterator[Finding]:
    words = _words(node, names)
    if called == "install":
        words = (Word("pip"), Word("install"), *words)
    elif called == "conda_install":
        words = (Word("conda"), Word("install"), *words)
    for found, told in found_in(words):
        if called in {"install", "conda_install"}:
            found.tool = "nox"
        moved(found, same)
        yield Finding(f"line {node.lineno}", found, literal(told))


def _command_call(node: ast.Call, names: _Literals) -> Iterator[Finding]:
    """Yield what a command in a call of `subprocess` or `os.system` installs."""
    if not node.args or isinstance(node.args[0], ast.Starred):
        return
    first = node.args[0]
    if isinstance(first, ast.List | ast.Tuple):
        words = _words(ast.Call(func=node.func, args=first.elts, keywords=[]), names)
        for found, told in found_in(words):
            moved(found, same)
            yield Finding(f"line {node.lineno}", found, literal(told))
    elif isinstance(first, ast.Constant) and isinstance(first.value, str) and TOOLS.search(first.value):
        yield from shell_findings(first.value, first=node.lineno)


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
    notes = Notes()
    read = toml(metadata.encode())
    tools = notes.table(read.get("tool"), "tool")
    found = Found(tool="uv")
    for one in notes.array(read.get("dependencies"), "dependencies"):
        found.name(Word(notes.text(one, "dependencies")))
    found.indexes = dict.fromkeys(map(index_address, indexes_in(tools, notes)))
    if note_unread(tools, notes) or notes.lost:
        found.unreadable += [f"{one.place}: {one.text}" for one in notes.problems]
    uv = notes.table(tools.get("uv"), "tool.uv")
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
    notes = Notes()
    found = Found(tool="pixi")
    for _, asked in pixi_requirements({"pixi": read}, notes):
        found.requirements[asked] = None
        if asked.url:
            found.unreadable.append(f"{asked.package} is from {shown(asked.url)}")
    found.indexes = dict.fromkeys(indexes_in({"pixi": read}, notes))
    if note_unread({"pixi": read}, notes):
        found.unreadable += [f"{one.place}: {one.text}" for one in notes.problems]
    if not found.is_empty():
        yield Finding("pypi-dependencies", found, "pypi-dependencies")
    conda = Found(tool="conda")
    for _, _, table in pixi_tables(read, "", notes):
        for key in CONDA:
            for name in notes.table(table.get(key), key):
                conda_name(conda, Word(name))
    if not conda.is_empty():
        yield Finding("dependencies", conda, "dependencies")
    yield from _tasks(read)


def toml_findings(text: str) -> Iterator[Finding]:
    """Yield what hatch.toml and tox.toml list and run: lists of requirements under the keys that have them, commands.

    Raises:
        InputError: it is not TOML.
    """
    waiting: list[tuple[str, str, Any]] = [("", "", toml(text.encode()))]
    for place, key, value in waiting:
        if isinstance(value, dict):
            waiting += [(f"{place}.{name}".lstrip(".")[:200], name, one) for name, one in value.items()]
        elif isinstance(value, list) and key.startswith("commands") and all(isinstance(one, list) for one in value):
            for words in value:
                for found, told in found_in(tuple(Word(one) for one in words if isinstance(one, str))):
                    moved(found, same)
                    yield Finding(place, found, literal(told))
        elif isinstance(value, list) and key not in _LISTS:
            waiting += [(place, key, one) for one in value]
        elif isinstance(value, list):
            yield from _of_array(value, place)
        elif isinstance(value, str):
            yield from (one._replace(place=place) for one in shell_findings(value) if TOOLS.search(value))


def _of_array(value: list[Any], place: str) -> Iterator[Finding]:
    for text in value:
        if isinstance(text, str):
            found = pip_line(_HERE.sub("./", text), "hatch" if "env_" not in place else "tox")
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
