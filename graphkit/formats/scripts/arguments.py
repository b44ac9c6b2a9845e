"""What an install command asks for: the words of pip, uv, Poetry, PDM, Pipenv, pipx, conda and pixi, read for names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Final

from graphkit.formats.diagnostics import quoted
from graphkit.formats.locks.rows import index_address
from graphkit.formats.manifests.poetry import specifier_of
from graphkit.formats.scripts.found import ADDRESS, Found
from graphkit.formats.scripts.install_words import TOOLS, is_of_other, tool_within
from graphkit.formats.scripts.options import (
    CONSTRAINTS,
    EDITABLE,
    FOLDERS,
    INDEXES,
    KEEPING,
    LATEST,
    NEEDING,
    OVERRIDES,
    PATHS,
    UNGUARDED,
    VALUED,
    WITH,
    options_of,
    short_of,
)
from graphkit.formats.scripts.shell_words import Variables, Word, commands_of, unknown_of
from graphkit.model.names import BadName, package_name
from graphkit.model.requirements import Requirement

_PIP: Final = re.compile(r"pip[0-9.]*")
_TALKING: Final = frozenset({"echo", "printf", "print", "grep", "rem", ":", "which"})
"""Commands that only print or search what follows."""
_BEFORE: Final = frozenset(
    {
        *("sudo", "env", "exec", "time", "command", "nice", "nohup", "eval"),
        *("if", "then", "else", "do", "while", "until", ""),
    }
)
"""Words before a command."""
_DEEPEST: Final = 4
_NUMBERS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,9}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]{1,200}(?:\[[^\]]{0,200}\])?")
_POETRY: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?)@(.+)")
_CONDA: Final = re.compile(r"(?:[^\s:]+::)?([A-Za-z0-9_][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:[=<>!~].*|\s.*)?")


def found_in(words: tuple[Word, ...]) -> Iterator[tuple[Found, tuple[Word, ...]]]:
    """Yield what the words of a simple command install, with the words from the tool on.

    What stands before the tool (`sudo`, `env`, `docker run …`) does not matter, unless it only prints. Commands in a
    quoted word (``bash -c "…"``) are read as well, a few levels deep.
    """
    waiting = [(words, 0)]
    while waiting:
        at, depth = waiting.pop()
        if not at or only_prints(at):
            continue
        if depth < _DEEPEST:
            for word in at:
                if word.is_quoted and " " in word.text.strip() and TOOLS.search(word.text):
                    waiting += [(one.words, depth + 1) for one in commands_of(word.text, 1, Variables())]
        yield from _found_at(at)


def _found_at(words: tuple[Word, ...]) -> Iterator[tuple[Found, tuple[Word, ...]]]:
    for number in range(len(words)):
        if (read := _TOOLS.get(_tool_of(words, number))) is None:
            continue
        tool, reader = read
        found = Found(tool=tool)
        reader(found, words[number + 1 :])
        if found.is_install and any(_plain(one) == "xargs" for one in words[:number]):
            found.unreadable.append("arguments from another command")
        if not found.is_empty():
            yield found, words[number:]
            # What follows are its arguments; Hatch may run a tool of its own.
            if tool != "hatch" and not _runs_another(words, number):
                return
    if unread := _unread_command(words):
        yield unread, words


def _unread_command(words: tuple[Word, ...]) -> Found | None:
    """Return a command that installs something with a program that nobody knows; None for any other."""
    for number, word in enumerate(words):
        if word.unknown and word.text.lstrip("@-+") == word.unknown:
            verb, rest = _after(Found(tool="pip"), words[number + 1 :], "install")
            named = any(
                name in PATHS | EDITABLE or (not name and "=" not in one.text) for name, one in options_of(rest, "pip")
            )
            if verb and named and not is_of_other(word.unknown):
                return Found(tool="", unreadable=[f"the command {quoted(word.unknown)}"])
        elif _plain(word) not in _BEFORE and not word.text.startswith("-") and "=" not in word.text:
            break
    return None


def _runs_another(words: tuple[Word, ...], number: int) -> bool:
    """Return whether a tool runs another, as in `uv run --with x pip install y` and `uvx pip install y`."""
    name = _tool_of(words, number)
    return name == "uvx" or (name in {"uv", "pipx"} and any(word.text == "run" for word in words[number:]))


def only_prints(words: tuple[Word, ...]) -> bool:
    """Return whether a command only prints or searches what follows."""
    return bool(words) and _plain(words[0]) in _TALKING


def _plain(word: Word) -> str:
    return word.text.lstrip("@-+!").casefold()


def _tool_of(words: tuple[Word, ...], number: int) -> str:
    """Return the tool that a word runs, empty for none: `/venv/bin/pip3`, `$(PIP)`, `pip.exe`, and `-m pip`."""
    word = words[number]
    text = word.text.removeprefix("-m") if word.text != "-m" else ""
    if word.unknown:
        text = text.rpartition(word.unknown)[2] or tool_within(word.unknown)
    if " " in text:
        return ""
    name = re.split(r"[/\\]", text)[-1].strip("$(){}\"'@-!").casefold().removesuffix(".exe")
    if _PIP.fullmatch(name):
        return "pip"
    if name == "setup.py":
        return "setup.py"
    return name.replace("_", "-") if name in {"pip_sync", "pip_compile"} else name


def _install(
    found: Found,
    words: tuple[Word, ...],
    *,
    take: Callable[[Word], None] | None = None,
    has_groups: bool = False,
    is_of_pip: bool = False,
) -> bool:
    """Take up the options and arguments that pip and its kin share; return whether anything was named.

    ``has_groups``: the groups that it names are those of a manifest, and installed; else things are added to them.
    ``is_of_pip``: it knows no lock but the lists that it is given, and what they pin binds it under `--upgrade` too.
    """
    found.is_install = True
    found.is_alone = any(word.text == "--no-deps" for word in words)
    is_named = False
    folder = ""
    for name, value in options_of(words, found.tool):
        if name == "--directory" and not value.unknown:
            folder = value.text
        elif not name:
            (take or found.name)(value)
            is_named = True
        else:
            is_named |= _names_by_option(found, name, value, has_groups=has_groups)
        found.is_past_lock |= name in LATEST and not is_of_pip
        found.is_past_guards |= name in UNGUARDED
    if folder:
        for paths in (found.inputs, found.constraints):
            moved = [posixpath.normpath(posixpath.join(folder, path)) for path in paths]
            paths.clear()
            paths.update(dict.fromkeys(moved))
    return is_named


def _names_by_option(found: Found, name: str, value: Word, *, has_groups: bool) -> bool:
    """Take up what one option of an install says; return whether it names what is installed."""
    if name in PATHS:
        found.file(value)
    elif name in EDITABLE:
        found.name(value) if ADDRESS.match(value.text) else found.folder(value)
    elif name == "--group" and has_groups:
        path, colon, _ = value.text.rpartition(":")
        found.file(Word(path if colon else "pyproject.toml", value.unknown))
    else:
        if name in INDEXES:
            found.indexes[index_address(value.text)] = None
        elif name in OVERRIDES:
            found.override(value)
        elif name in CONSTRAINTS:
            found.constraint(value)
        return False
    return True


def _after(found: Found, words: tuple[Word, ...], *names: str) -> tuple[str, tuple[Word, ...]]:
    """Return the verb of a command, where it is one of some, and its options and arguments; empty for any other verb.

    Options may stand before it, with their values. A word may be the value of an option that nobody here knows, or
    stand for options.
    """
    is_value = may_be_value = False
    before: list[Word] = []
    for number, word in enumerate(words):
        text = word.text
        if is_value:
            is_value = False
        elif text.startswith("-"):
            _, option, value = ("", "", "") if text.startswith("--") else short_of(text, found.tool)
            is_value = text in VALUED or bool(option and not value)
            may_be_value = text.startswith("--") and "=" not in text
        elif text in names:
            return text, (*before, *words[number + 1 :])
        elif may_be_value or word.unknown:
            may_be_value = False
            continue
        else:
            break
        before.append(word)
    return "", ()


def _pip(found: Found, words: tuple[Word, ...]) -> None:
    verb, rest = _after(found, words, "install", "download", "wheel")
    if verb:
        _install(found, rest, has_groups=True, is_of_pip=True)


def _uv(found: Found, words: tuple[Word, ...]) -> None:
    verb, rest = _after(found, words, "pip", "add", "tool", "run", "sync", "lock", "x")
    if verb == "pip":
        inner, rest = _after(found, rest, "install", "sync", "compile", "wheel")
        if inner:
            # `sync` and `compile` take no names, only files.
            take = found.file if inner in {"sync", "compile"} else None
            _install(found, rest, take=take, has_groups=True, is_of_pip=inner != "compile")
    elif verb == "add":
        _install(found, rest)
    elif verb in {"tool", "x"}:
        inner, rest = ("run", rest) if verb == "x" else _after(found, rest, "install", "run", "upgrade")
        if inner:
            _uvx(found, rest, is_run=inner == "run")
    elif verb == "run":
        _with(found, rest)
    elif verb:
        _locked(found, rest, "uv.lock", is_told=verb == "sync")


def _uvx(found: Found, words: tuple[Word, ...], *, is_run: bool = True) -> None:
    """Take up a tool to run or install: the first argument, unless it is told where that is from."""
    is_from = False
    for name, value in options_of(words, found.tool):
        if not name or name == "--editable":  # a flag before the argument that it is of
            if not is_from:
                found.name(Word(_POETRY.sub(r"\1==\2", value.text).removesuffix("==latest"), value.unknown))
            if is_run:
                return  # what follows are the tool's own words
            is_from = True
        if name == "--from":
            is_from = True
            found.name(value)
        else:
            _with_option(found, name, value)


def _with(found: Found, words: tuple[Word, ...]) -> None:
    for name, value in options_of(words, found.tool):
        if not name:
            return
        if name in LATEST | UNGUARDED:
            found.inputs["uv.lock"] = None
            found.is_past_lock |= name in LATEST
            found.is_past_guards |= name in UNGUARDED
        _with_option(found, name, value)


def _with_option(found: Found, name: str, value: Word) -> None:
    if name in WITH:
        for one in value.text.split(","):
            found.name(Word(one, value.unknown))
    elif name == "--with-requirements":
        found.file(value)
    elif name == "--with-editable":
        found.folder(value)
    elif name in INDEXES:
        found.indexes[index_address(value.text)] = None
    elif name in OVERRIDES:
        found.override(value)


def _locked(
    found: Found, words: tuple[Word, ...], lock: str, *, is_told: bool = True, makes_anew: bool = False
) -> None:
    """Take up a command that installs what a lock lists; one that is not told to does so only with a new lock.

    ``makes_anew``: it makes the lock anew, unless it is told to keep what is pinned there; what installs from it
    afterwards takes what the manifest allows.
    """
    options = list(options_of(words, found.tool))
    past = any(name in LATEST for name, _ in options)
    past |= makes_anew and not any(name in KEEPING for name, _ in options)
    found.is_past_guards |= any(name in UNGUARDED for name, _ in options)
    found.needs_lock = any(name in NEEDING for name, _ in options)
    folder = ""
    for name, value in options:
        if name in FOLDERS and not value.unknown:
            folder = posixpath.dirname(value.text) if value.text.endswith(".toml") else value.text
        elif name == "--script":
            lock = f"{value.text}.lock"
        elif name == "--lockfile":
            lock = value.text
        elif name in INDEXES:
            found.indexes[index_address(value.text)] = None
    if is_told or past:
        found.inputs[posixpath.normpath(posixpath.join(folder, lock))] = None
        found.is_past_lock |= past


def _poetry(found: Found, words: tuple[Word, ...]) -> None:
    verb, rest = _after(found, words, "add", "install", "update", "sync", "lock", "self")
    if verb == "self":
        verb, rest = _after(found, rest, "add")
    if verb == "add":
        _install(found, rest, take=lambda word: found.name(_of_poetry(word)))
    elif verb:
        _locked(found, rest, "poetry.lock", is_told=verb != "lock", makes_anew=verb in {"lock", "update"})


def _of_poetry(word: Word) -> Word:
    """Return an argument of Poetry (`litellm@^1.2`) as PEP 508 has it."""
    if not (read := _POETRY.fullmatch(word.text)) or ADDRESS.match(word.text):
        return word
    specifier = "" if read[2] == "latest" else specifier_of(read[2])
    return word._replace(text=f"{read[1]}{specifier or ''}")


def _pdm(found: Found, words: tuple[Word, ...]) -> None:
    verb, rest = _after(found, words, "add", "install", "update", "sync", "lock", "self")
    if verb == "self":
        verb, rest = _after(found, rest, "add")
    if verb == "add":
        _install(found, rest)
    elif verb:
        _locked(found, rest, "pdm.lock", is_told=verb != "lock", makes_anew=verb in {"lock", "update"})


def _pipenv(found: Found, words: tuple[Word, ...]) -> None:
    verb, rest = _after(found, words, "install", "update", "upgrade", "sync", "lock")
    if verb in {"install", "upgrade"} and _install(found, rest):
        return
    if verb:
        makes_anew = verb in {"lock", "update", "upgrade"}
        _locked(found, rest, "Pipfile.lock", is_told=verb != "lock", makes_anew=makes_anew)


def _pipx(found: Found, words: tuple[Word, ...]) -> None:
    verb, rest = _after(found, words, "install", "run", "inject", "upgrade", "runpip")
    if verb == "runpip":
        _pip(found, rest[1:])
        return
    spec = False
    number = 0
    for name, value in options_of(rest, found.tool) if verb else ():
        if name in {"--spec", "--with", "--preinstall"}:
            spec |= name == "--spec"
            found.name(value)
        elif name in INDEXES:
            found.indexes[index_address(value.text)] = None
        elif not name or name == "--editable":  # a flag before the argument that it is of
            number += 1
            if not (spec and verb == "run") and not (verb == "inject" and number == 1):
                found.name(value)
            if verb == "run":
                return


def mise_tool(found: Found, name: Word, version: str) -> None:
    """Take up a tool that `mise` has of `pipx`: of a version that is numbers the newest that begins so, else any."""
    is_known = not name.unknown and _NUMBERS.fullmatch(version) and _PLAIN.fullmatch(name.text)
    found.name(name._replace(text=f"{name.text}=={version}.*") if is_known else name)


def _mise(found: Found, words: tuple[Word, ...]) -> None:
    _, rest = _after(found, words, "use", "u", "install", "i", "exec", "x", "upgrade", "up")
    for word in rest:
        if word.text == "--":
            return
        if word.text.startswith("pipx:"):
            name, _, version = word.text.removeprefix("pipx:").partition("@")
            mise_tool(found, Word(name, word.unknown if word.unknown in name else ""), version)


def _conda(found: Found, words: tuple[Word, ...]) -> None:
    verb, rest = _after(found, words, "install", "create", "update", "env")
    if verb == "env":
        verb, rest = _after(found, rest, "create", "update")
        if verb and not any(word.text in {"-f", "--file"} or word.text.startswith("--file=") for word in rest):
            found.file(Word("environment.yml"))
    for name, value in options_of(rest, found.tool) if verb else ():
        if name == "--file":
            found.file(value)
        elif not name:
            conda_name(found, value)


def _conda_lock(found: Found, words: tuple[Word, ...]) -> None:
    """Take up conda-lock, which installs from its lock; any other verb makes that anew, but one that only writes."""
    verb, rest = _after(found, words, "install", "lock", "render", "render-lock-spec")
    arguments = [value for name, value in options_of(rest, found.tool) if not name]
    for value in arguments if verb == "install" else ():
        if value.unknown or value.text.endswith((".yml", ".yaml", ".lock")):  # else the value of an option
            found.file(value)
    if verb == "lock" or (verb == "install" and not found.inputs and not found.unreadable):
        found.inputs["conda-lock.yml"] = None
        found.is_past_lock = verb == "lock"


def conda_name(found: Found, word: Word) -> None:
    """Take up a package of conda by its name: whether it is the Python package of that name, nothing tells."""
    read = _CONDA.fullmatch(word.text.strip())
    if word.unknown or not read:
        found.unreadable.append(unknown_of(word) if word.unknown else f"the argument {quoted(word.text)}")
        return
    try:
        name = package_name(read[1].strip("_"))
    except BadName:
        found.unreadable.append(f"the argument {quoted(word.text)}")
        return
    if name != "python":
        found.requirements[Requirement(package=name)] = None


def _pixi(found: Found, words: tuple[Word, ...]) -> None:
    verb, rest = _after(found, words, "add", "install", "update", "global", "exec")
    if verb == "global":
        verb, rest = _after(found, rest, "install")
        verb = verb and "add"
    is_python = any(word.text == "--pypi" for word in rest)
    if verb == "add":
        for name, value in options_of(rest, found.tool):
            if not name or name == "--with":
                found.name(value) if is_python else conda_name(found, value)
    elif verb in {"install", "update"}:
        _locked(found, rest, "pixi.lock", makes_anew=verb == "update")


def _rye(found: Found, words: tuple[Word, ...]) -> None:
    verb, rest = _after(found, words, "add", "sync", "install", "tools")
    if verb == "tools":
        verb, rest = _after(found, rest, "install")
    if verb in {"add", "install"}:
        _install(found, rest)
    elif verb:
        _locked(found, rest, "requirements.lock")


def _files(found: Found, words: tuple[Word, ...]) -> None:
    """Take up pip-tools: every argument is a file."""
    is_named = _install(found, words, take=found.file)
    if not is_named:
        found.inputs["requirements.txt"] = None


def _compile(found: Found, words: tuple[Word, ...]) -> None:
    """Take up pip-compile; told of no file and to upgrade, it makes the usual list of the usual ones anew."""
    _install(found, words, take=found.file, has_groups=True)
    if not (found.inputs or found.unreadable) and any(name in LATEST for name, _ in options_of(words, found.tool)):
        found.file(Word("requirements.txt"))
        found.is_past_lock = True


def _hatch(found: Found, words: tuple[Word, ...]) -> None:
    """Take up a command in an environment of Hatch, which has the project in it, and knows no lock."""
    verb, rest = _after(found, words, "run", "test", "shell", "env")
    if verb and (verb != "env" or _after(found, rest, "create", "run")[0]):
        found.folder(Word("."))


def _get_pip(found: Found, words: tuple[Word, ...]) -> None:
    """Take up the script that installs pip, and what else it is told."""
    _install(found, tuple(word for word in words if word.text != "-"))


def _setup(found: Found, words: tuple[Word, ...]) -> None:
    if any(word.text in {"install", "develop"} for word in words):  # several commands may follow each other
        found.folder(Word("."))


_TOOLS: Final[dict[str, tuple[str, Callable[[Found, tuple[Word, ...]], None]]]] = {
    "pip": ("pip", _pip),
    "uv": ("uv", _uv),
    "uvx": ("uv", _uvx),
    "poetry": ("poetry", _poetry),
    "pdm": ("pdm", _pdm),
    "pipenv": ("pipenv", _pipenv),
    "pipx": ("pipx", _pipx),
    "mise": ("pipx", _mise),
    "rye": ("rye", _rye),
    "easy_install": ("easy_install", lambda found, words: void(_install(found, words))),
    "conda": ("conda", _conda),
    "mamba": ("conda", _conda),
    "micromamba": ("conda", _conda),
    "conda-lock": ("conda-lock", _conda_lock),
    "pixi": ("pixi", _pixi),
    "pip-sync": ("pip-tools", _files),
    "pip-compile": ("pip-tools", _compile),
    "setup.py": ("setuptools", _setup),
    "hatch": ("hatch", _hatch),
    "get-pip.py": ("pip", _get_pip),
}


_EXPORTS: Final = {
    "uv": ("export", "uv.lock"),
    "poetry": ("export", "poetry.lock"),
    "pdm": ("export", "pdm.lock"),
    "pipenv": ("requirements", "Pipfile.lock"),
}
"""The verb by which a tool writes out its lock as a list, and the lock."""
_OUTPUTS: Final = frozenset({"--output", "--output-file"})
_PARTLY: Final = frozenset(
    {
        *("--no-emit-package", "--no-install-package", "--prune", "--pyproject", "--from-pipfile"),
        *("--only-emit-project", "--only-emit-workspace", "--only-emit-local"),
    }
)
"""Options that leave out of the list what an install from it then looks for anew."""


def export_in(words: tuple[Word, ...]) -> tuple[Found, str] | None:
    """Return the lock that an export writes out as a list, and the file that it names for that, empty for none.

    An install from the list is past the lock where uv may lock anew first, and where the list has a part of it alone.
    """
    for number in range(0 if only_prints(words) else len(words)):
        tool = _tool_of(words, number)
        verb, lock = _EXPORTS.get(tool, ("", ""))
        rest = words[number + 1 :]
        found = Found(tool=tool)
        if not verb or not _after(found, rest, verb)[0]:
            continue
        given = dict(options_of(rest, tool))
        _locked(found, rest, lock, is_told=True)
        is_kept = tool != "uv" or given.keys() & {"--frozen", "--locked"}
        found.is_past_lock |= not is_kept or bool(given.keys() & _PARTLY)
        outputs = [value for name, value in given.items() if name in _OUTPUTS]
        if not outputs or any(value.unknown for value in outputs):
            return found, ""
        folder = given.get("--directory", Word("")).text
        return found, posixpath.join(folder, outputs[-1].text)
    return None


def void(_: object) -> None:
    """Return nothing, for a reader whose answer does not matter."""
