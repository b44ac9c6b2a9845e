"""Install commands in YAML: build services, hooks, and environment files of conda."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from graphkit.formats.scripts.arguments import found_in
from graphkit.formats.scripts.at_start import setting_findings
from graphkit.formats.scripts.changed_files import CHANGES
from graphkit.formats.scripts.checkouts import checkouts_of, submodules_of
from graphkit.formats.scripts.fetched import image_findings, may_install
from graphkit.formats.scripts.findings import Finding, found_together, moved, project_of, same
from graphkit.formats.scripts.folders import MOVES, Place, note_files, put_in_place
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.image_builds import build_findings
from graphkit.formats.scripts.install_words import INDEXES
from graphkit.formats.scripts.python import code_findings
from graphkit.formats.scripts.shell import index_findings, script_in, shell_findings
from graphkit.formats.scripts.shell_words import Variables, Word, commands_of, literal
from graphkit.formats.scripts.yaml_scalars import Scalar, scalars_of

_TELLING: Final = frozenset(
    {
        *("name", "description", "summary", "title", "message", "msg", "label", "help", "doc"),
        *("if", "id", "uses", "key", "displayname"),
    }
)
"""Keys of YAML whose text people read."""
_ARGUMENTS: Final = frozenset({"command", "args", "entrypoint", "entry", "cmd"})
_RUNS: Final = frozenset({"runcmd", "bootcmd"})
"""Keys of cloud-init, under which are commands, each a text or a list of words."""
_CONTAINER: Final = re.compile(r"(?:onCreate|updateContent|post(?:Create|Start|Attach)|initialize)Command")
"""Commands of a development container, each a text, a list of words, or a table of either."""
_WHEELS: Final = re.compile(r"CIBW_TEST_(REQUIRES|COMMAND|EXTRAS|GROUPS|SOURCES)(?:_[A-Z]+)?")
"""Variables by which cibuildwheel installs what it has built, with what tests need."""
_ANSIBLE: Final = frozenset({"pip", "ansible.builtin.pip"})
_FREE_FORM: Final = re.compile(r"\b(name|requirements)=(\"[^\"]*\"|'[^']*'|\S+)")
_VALUES: Final = frozenset({"env", "variables", "environment", "vars"})
_NODE: Final = re.compile(r"@.+|[a-z0-9._/-]+@[\^~]?v?\d.*")
"""Packages of npm, as hooks in JavaScript ask for them."""
_COMMENT: Final = re.compile(r"^[ \t]*//.*$|/\*.{0,2000}?\*/|(?<=[,{\[\s])//[^\n\"]*$", re.MULTILINE | re.DOTALL)
"""A comment in JSON; addresses in strings have none before them."""
_DOCS_FILES: Final = frozenset(
    {
        ("python", "install", "requirements"),
        ("python", "requirements"),
        ("requirements_file",),
        ("conda", "environment"),
    }
)
_DOCKER: Final = "docker://"
"""How a step of a workflow names an image that it runs."""
_SHELLS: Final = frozenset({"script", "before_script", "install", "before_install", "commands", "runcmd"})
"""Keys of lists of commands that one shell runs in turn."""
_STEPS: Final = _SHELLS | {"run", "bash", "pwsh", "powershell", "command", "shell", "inlinescript"}
"""Keys of commands of which later ones see the same files."""
_FOLDER_OF_STEP: Final = "working-directory"
_FOLDERS: Final = frozenset({_FOLDER_OF_STEP, "workingdirectory", "working_directory", "workingdir", "chdir"})
"""Keys of the folder that a command beside them runs in; most are of containers or of other machines."""
_DEFAULTS: Final = ("defaults", "run", "working-directory")
_IMAGE_PARTS: Final = frozenset({"repository", "tag", "newName", "newTag"})
"""Keys of the name and the tag of an image."""


class _Context(NamedTuple):
    """What scalars of a file say of others, by the number of the collection that both are in.

    ``values`` are variables, ``pythons`` steps whose shell is Python, ``folders`` where steps run, each with its key,
    and ``defaults`` where those of a job do by its keys. ``places`` are the folders in which the shells of lists of
    commands are, by the keys of the list.
    """

    values: Variables
    pythons: frozenset[int]
    folders: dict[int, tuple[str, str]]
    defaults: dict[tuple[str, ...], str]
    places: dict[tuple[str, ...], Place]

    def place_of(self, one: Scalar) -> Place:
        """Return where a scalar with commands begins to run; a list of them goes on where the one before ended."""
        job = next((self.defaults[one.keys[:at]] for at in (2, 0) if one.keys[:at] in self.defaults), "")
        key, folder = self.folders.get(one.within, (_FOLDER_OF_STEP, job))
        place = Place(is_elsewhere=key != _FOLDER_OF_STEP)
        place.enter(Word(folder, folder if "$" in folder or "{{" in folder else ""), self.values)
        place.is_elsewhere = False
        return self.places.setdefault(one.keys[:-1], place) if one.is_item and one.key in _SHELLS else place


def _context_of(scalars: list[Scalar]) -> _Context:
    values = Variables()
    for one in scalars:
        if len(one.keys) > 1 and one.keys[-2].casefold() in _VALUES:
            values.set(one.key, one.value if "${{" not in one.value else None)
    return _Context(
        values=values,
        pythons=frozenset(one.within for one in scalars if one.key == "shell" and one.value.startswith("python")),
        folders={
            one.above if one.keys[-2:-1] == ("args",) else one.within: (one.key, one.value)
            for one in scalars
            if one.key.casefold() in _FOLDERS
        },
        defaults={one.keys[:-3]: one.value for one in scalars if one.keys[-3:] == _DEFAULTS},
        places={},
    )


def yaml_findings(text: str, *, is_hooks: bool = False) -> Iterator[Finding]:
    """Yield what commands in YAML install: scalars under any key but those that people read, and lists of words."""
    scalars = scalars_of(text)
    yield from setting_findings(scalars)
    yield from build_findings(scalars)
    context = _context_of(scalars)
    lists: dict[int, list[Scalar]] = {}
    job: tuple[str, ...] | int = ()
    mapping: tuple[str, ...] = ()
    images: dict[str, str] = {}
    checkouts = checkouts_of(scalars)
    for number, one in enumerate(scalars):
        if (own := _job_of(one)) != job:  # each job has files of its own
            job = own
            context.values.start_anew()
            context.places.clear()
            for folder, address in submodules_of(context.values.get("GIT_SUBMODULE_STRATEGY")):
                note_files(context.values, folder, address)
        if one.keys[:-1] != mapping:
            mapping = one.keys[:-1]
            images.clear()
        for folder, address in checkouts.get(number, ()):
            note_files(context.values, folder, address)
        if one.keys and INDEXES.search(f"{one.key}={one.value}"):
            yield from index_findings(f"{one.key}={one.value}", f"line {one.line}")
        if one.key in _IMAGE_PARTS:
            images[one.key] = one.value
            yield from _of_image(images, one)
        if is_hooks and one.key == "additional_dependencies":
            yield from _of_hook(one)
        elif one.is_item and (_is_word(one) or any(map(_CONTAINER.fullmatch, one.keys))):
            lists.setdefault(one.within, []).append(one)
        else:
            yield from _of_scalar(one, context)
    for items in lists.values():
        yield from _of_words(items)
    yield from _of_parts(scalars)


def _is_word(one: Scalar) -> bool:
    """Return whether an item of a list is a word of a command, by the key of the list."""
    return one.key in _ARGUMENTS or (one.key in _RUNS and one.is_inner)


def _job_of(one: Scalar) -> tuple[str, ...] | int:
    """Return what tells apart that which has files of its own: all steps that a scalar is in, else its own mapping."""
    return one.steps or one.keys[:-1]


def _of_image(parts: dict[str, str], one: Scalar) -> Iterator[Finding]:
    """Yield the release that an image says it is whose name and tag stand apart, as in values of Helm and Kustomize."""
    for name, tag in (("repository", "tag"), ("newName", "newTag")):
        if name in parts and tag in parts:
            yield from image_findings(f"{parts.pop(name)}:{parts.pop(tag)}", f"line {one.line}")


def _of_scalar(one: Scalar, context: _Context) -> Iterator[Finding]:
    """Yield what one scalar installs: by its key, or as code or commands of a shell."""
    if found := _of_key(one):
        put_in_place(found, context.place_of(one), context.values)
        yield Finding(f"line {one.line}", found, f"{one.key}: {one.value}")
    elif one.key == "image" or (one.key == "uses" and one.value.startswith(_DOCKER)):
        yield from image_findings(one.value.removeprefix(_DOCKER), f"line {one.line}")
    elif one.key == "run" and one.within in context.pythons:
        yield from code_findings(one.value, one.line, context.values, context.place_of(one))
    elif _may_say(one) and one.key.casefold() not in _TELLING:
        yield from shell_findings(one.value, context.values, first=one.line, place=context.place_of(one))


def _may_say(one: Scalar) -> bool:
    """Return whether a scalar may install something, or change what a later step of the same job installs from."""
    return may_install(one.value) or (
        one.key.casefold() in _STEPS and any(changes.search(one.value) for changes in (CHANGES, MOVES))
    )


def _of_words(items: list[Scalar]) -> Iterator[Finding]:
    """Yield what a command that is a list of words installs."""
    words = _listed(items)
    of_shell = (Word("sh"), *words) if words[0].text.startswith("-") else words  # named under another key
    if inner := words[0].text if words[0].is_quoted and not words[1:] else script_in(of_shell):
        yield from shell_findings(inner, first=items[0].line, place=Place(is_elsewhere=True))
        return
    for found, told in found_in(words):
        moved(found, same)
        yield Finding(f"line {items[0].line}", found, literal(told))


def _listed(items: list[Scalar]) -> tuple[Word, ...]:
    return tuple(Word(one.value, "", " " in one.value) for one in items)


def _of_parts(scalars: list[Scalar]) -> Iterator[Finding]:
    """Yield what a program and its arguments install together that stand under two keys of one table.

    Such are `command` and `args` of Kubernetes, `entrypoint` and `command` of Compose, `entry` and `args` of a hook.
    """
    parts: dict[int, dict[str, list[Scalar]]] = {}
    for one in scalars:
        if one.key in _ARGUMENTS:
            parts.setdefault(one.holder, {}).setdefault(one.key, []).append(one)
    for by_key in parts.values():
        named = [by_key[key] for key in ("entrypoint", "entry", "command", "cmd", "args") if key in by_key]
        for first, second in pairwise(named):
            for found, told in found_together(_words_of_part(first), _words_of_part(second)):
                moved(found, same)
                yield Finding(f"line {second[0].line}", found, literal(told))


def _words_of_part(items: list[Scalar]) -> tuple[Word, ...]:
    return _listed(items) if items[0].is_item else words_of(items[0].value)


def _of_key(one: Scalar) -> Found | None:
    """Return what a key says to install that is no command: an action's, cibuildwheel's or Ansible's; None for others.

    Free-form arguments of Ansible's module are read too.
    """
    key, above = ("", "", *one.keys)[-1], ("", "", *one.keys)[-2]
    found = Found(tool="pip")
    wheels = _WHEELS.fullmatch(key)
    if key == "pip-install" or (wheels and wheels[1] == "REQUIRES"):
        found = next((read for read, _ in found_in((Word("pip"), Word("install"), *words_of(one.value)))), found)
    elif wheels:
        found = project_of("cibuildwheel")
    elif key in {"name", "requirements"} and above in _ANSIBLE:
        _of_ansible(found, key, one.value)
    elif key in _ANSIBLE:
        for named, value in _FREE_FORM.findall(one.value):
            _of_ansible(found, named, value.strip("\"'"))
    return None if found.is_empty() else found


def _of_ansible(found: Found, key: str, value: str) -> None:
    take = found.name if key == "name" else found.file
    for one in value.split(",") if key == "name" and "[" not in value and "{{" not in value else [value]:
        take(Word(one.strip(), one if "{{" in one else ""))


def words_of(text: str) -> tuple[Word, ...]:
    """Return a text as the words of a command."""
    return next((one.words for one in commands_of(text, 1, Variables())), ())


def readthedocs_findings(text: str) -> Iterator[Finding]:
    """Yield what Read the Docs installs to build the documentation: projects, files, and what its jobs run."""
    yield from yaml_findings(text)
    for one in scalars_of(text):
        found = Found(tool="pip")
        if one.keys == ("python", "install", "path"):
            found.folder(Word(one.value))
        elif one.keys in _DOCS_FILES:
            found.file(Word(one.value))
        moved(found, same)
        if not found.is_empty():
            yield Finding(f"line {one.line}", found, f"{one.keys[-1]}: {one.value}")


def container_findings(text: str) -> Iterator[Finding]:
    """Yield what the commands of a development container install, whose JSON may have comments."""
    plain = _COMMENT.sub("", text).replace("\t", " ")
    yield from yaml_findings(plain)


def _of_hook(one: Scalar) -> Iterator[Finding]:
    if not _NODE.fullmatch(one.value):
        found = Found(tool="pre-commit")
        found.name(Word(one.value, one.value if one.value.startswith("*") else ""))
        moved(found, same)
        yield Finding(f"line {one.line}", found, one.value)
