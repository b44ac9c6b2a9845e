"""Settings by which an image or a cluster installs packages when it starts.

The images of Airflow and of Dask (Prefect has taken its name over) pass the words of a variable to pip or conda, a
chart for Airflow does so with a list (`extraPipPackages`), and Ray with what its `runtime_env` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import yaml

from graphkit.formats.scripts.arguments import conda_name, found_in
from graphkit.formats.scripts.findings import Finding, moved, pip_line, same
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.install_words import STARTED
from graphkit.formats.scripts.shell_words import Word
from graphkit.formats.scripts.yaml_scalars import Scalar, scalars_of

_VARIABLES: Final = {
    "_PIP_ADDITIONAL_REQUIREMENTS": "pip",
    "EXTRA_PIP_PACKAGES": "pip",
    "EXTRA_CONDA_PACKAGES": "conda",
}
"""Variables whose words an image passes to an installer when it starts."""
_SET: Final = re.compile(
    rf"([\"']?)(?<![A-Za-z0-9_${{])({'|'.join(_VARIABLES)})([\"']?)[ \t]*[=:][ \t]*"
    r"(\"[^\"\n]{0,5000}(?:\"|$)|'[^'\n]{0,5000}(?:'|$)|[^\s\"']{0,5000})(?=([^\n]{0,5000}))"
)
"""A variable that is set, with the quotation mark before it, that behind its name, its value, and what follows."""
_MOST: Final = 100
"""Settings in one line that are read."""
_OPEN: Final = re.compile(r"[$`]|\{\{")
_RUNTIME: Final = frozenset({"runtime_env", "runtimeEnv"})
_OF_PIP: Final = frozenset({"pip", "uv"})
_TEXTS: Final = frozenset({"runtimeEnvYAML", "serveConfigV2"})
"""Keys of Ray's resources in Kubernetes with a text that is YAML itself."""
_GIVEN: Final = re.compile(r"--runtime-env-json(?:=|\s+)('[^']{0,5000}'|\"(?:[^\"\\]|\\.){0,5000}\"|\S{0,5000})")
"""How `ray job submit` is told on its command line."""


def variable_findings(name: str, value: str, place: str) -> Iterator[Finding]:
    """Yield what a variable has an image install when it starts; nothing for any other variable.

    Where its value is what it has already, as in `${EXTRA_PIP_PACKAGES:-}`, the default counts: what sets it is read
    elsewhere.
    """
    if (tool := _VARIABLES.get(name)) is None:
        return
    plain = re.sub(rf"\$\{{{name}(?::?-([^{{}}]*))?\}}|\${name}\b", lambda read: read[1] or "", value)
    words = tuple(map(_word, plain.split()))
    for found, _ in found_in((Word(tool), Word("install"), *words)) if words else ():
        moved(found, same)
        yield Finding(place, found, f"{name}={value}")


def _word(text: str) -> Word:
    """Return a word of a setting; one with a variable or a template in it is not known."""
    return Word(text, text if _OPEN.search(text) else "")


def started_findings(text: str, place: str) -> Iterator[Finding]:
    """Yield what settings in a line have an image or a job of Ray install: `export X=`, `docker run -e X=`."""
    if not STARTED.search(text):
        return
    settings = list(islice(_SET.finditer(text), _MOST + 1))
    given = [read[1] for read in islice(_GIVEN.finditer(text), _MOST + 1)]
    if len(settings) > _MOST or len(given) > _MOST:
        yield Finding(place, Found(tool="pip", unreadable=[f"more than {_MOST} settings in one line"]), "…")
        return
    for read in settings:
        opened, name, closed, value, rest = read.groups()
        if opened and not closed:  # the mark is around the name and the value
            value = (value + rest).partition(opened)[0]
        yield from variable_findings(name, value.strip("\"'"), place)
    for one in given:
        yield from _in_text(one.strip("\"'").replace('\\"', '"'), place)


def environment_findings(text: str) -> Iterator[Finding]:
    """Yield what variables in a file of them (`.env`) have an image install when it starts."""
    for number, line in enumerate(text.splitlines(), start=1):
        name, _, value = line.strip().removeprefix("export ").partition("=")
        yield from variable_findings(name.strip(), value.strip().strip("\"'"), f"line {number}")


def _in_text(text: str, place: str) -> Iterator[Finding]:
    """Yield what the environment of a job of Ray says, as JSON or YAML."""
    try:
        scalars = scalars_of(text)
    except (yaml.YAMLError, RecursionError):
        yield Finding(place, Found(tool="ray", unreadable=["the runtime environment"]), text)
        return
    for one in scalars:
        yield from (found._replace(place=place) for found in _of_runtime(one, ("", *one.keys)))


def runtime_env_findings(text: str) -> Iterator[Finding]:
    """Yield what a file installs that is the environment of a job of Ray, as `ray job submit --runtime-env` takes it.

    Raises:
        yaml.YAMLError: it is not YAML.
        RecursionError: it is nested too deep.
    """
    for one in scalars_of(text):
        yield from _of_runtime(one, ("", *one.keys))


def setting_findings(scalars: Iterable[Scalar]) -> Iterator[Finding]:
    """Yield what settings among the scalars of YAML have an image or a cluster install when it starts."""
    named: dict[int, Scalar] = {}
    for one in scalars:
        if one.key == "name" and one.value in _VARIABLES:
            named[one.within] = one
        elif one.key == "value" and one.within in named:
            yield from variable_findings(named.pop(one.within).value, one.value, f"line {one.line}")
        else:
            yield from _of_scalar(one)
    for one in named.values():
        if one.keys[-2:-1] == ("env",):  # from a secret, or a map elsewhere
            found = Found(tool=_VARIABLES[one.value], unreadable=[f"the value of {one.value}"])
            yield Finding(f"line {one.line}", found, one.value)


def _of_scalar(one: Scalar) -> Iterator[Finding]:
    name, equals, value = one.value.partition("=")
    runtime = [at for at, key in enumerate(one.keys) if key in _RUNTIME]
    if one.key in _VARIABLES:
        yield from variable_findings(one.key, one.value, f"line {one.line}")
    elif one.key == "extraPipPackages":
        yield from _of_list(one, "pip")
    elif one.key in _TEXTS:
        yield from _of_inner(one)
    elif runtime:
        yield from _of_runtime(one, one.keys[runtime[0] :])
    elif one.is_item and equals:
        yield from variable_findings(name.strip(), value, f"line {one.line}")


def _of_inner(one: Scalar) -> Iterator[Finding]:
    """Yield what a text in YAML says that is YAML itself."""
    try:
        inner = scalars_of(one.value)
    except (yaml.YAMLError, RecursionError):
        yield Finding(f"line {one.line}", Found(tool="ray", unreadable=[f"what {one.key} says"]), one.key)
        return
    moved_down = [each._replace(line=each.line + one.line - 1) for each in inner]
    if one.key == "runtimeEnvYAML":
        moved_down = [each._replace(keys=("runtime_env", *each.keys)) for each in moved_down]
    yield from setting_findings(moved_down)


def _of_runtime(one: Scalar, keys: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what one scalar in the environment of a job of Ray installs; ``keys`` begin with that environment."""
    below = keys[1:]
    is_file = below in {("pip",), ("uv",)} or (below == ("conda",) and one.value.endswith((".yml", ".yaml")))
    if below and below[0] in _OF_PIP and (one.is_item or below[1:] == ("packages",)):
        yield from _of_list(one, below[0])
    elif is_file:
        found = Found(tool=below[0])
        found.file(_word(one.value))
        moved(found, same)
        yield Finding(f"line {one.line}", found, f"{below[0]}: {one.value}")
    elif below[:2] == ("conda", "dependencies") and one.is_item:
        yield from _of_list(one, "pip" if below[-1] == "pip" else "conda")


def _of_list(one: Scalar, tool: str) -> Iterator[Finding]:
    """Yield what a line of a list asks an installer for."""
    found = Found(tool=tool)
    if tool == "conda":
        conda_name(found, _word(one.value))
    else:
        found = pip_line(one.value, tool)
    moved(found, same)
    if not found.is_empty():
        yield Finding(f"line {one.line}", found, f"{one.key}: {one.value}")
