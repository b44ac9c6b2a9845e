"""Environment files of conda (environment.yml): a manifest of what pip installs, with what conda installs beside it."""

from __future__ import annotations

import re
from typing import Final

import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.formats.addresses import without_passwords
from graphkit.formats.conda.rows import CondaRows, conda_package, conda_spec
from graphkit.formats.decoding import is_json
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.rows import index_address
from graphkit.formats.manifests.local_projects import local_project
from graphkit.formats.manifests.requirements_files import Included, digest_of
from graphkit.formats.manifests.requirements_rows import RequirementRows
from graphkit.formats.manifests.uv_settings import UvSettings
from graphkit.formats.scripts.install_words import indexes_in
from graphkit.formats.scripts.yaml_scalars import Scalar, scalars_of
from graphkit.formats.yaml_values import yaml_text
from graphkit.model.documents import (
    CONDA_ENVIRONMENT,
    Basis,
    Completeness,
    Document,
    DocumentKind,
    InstallCommand,
)
from graphkit.model.errors import InputError
from graphkit.model.requirements import Requirement

_OF_CONDA: Final = re.compile(rb"^channels[ \t]*:|^[ \t]*-[ \t]+[\"']?pip[\"']?[ \t]*:", re.MULTILINE)
_DEPENDENCIES: Final = re.compile(rb"^[\"']?dependencies[\"']?[ \t]*:", re.MULTILINE)
_LIST: Final = re.compile(
    _DEPENDENCIES.pattern + rb"[ \t]*(?:[\[*]|(?:#[^\n]*)?(?:\r?\n[ \t]*(?:#[^\n]*)?)*\r?\n[ \t]*-)", re.MULTILINE
)
_CALLED: Final = re.compile(r"(?:^|[/\\])(?:[^/\\]*(?:environment|conda)[^/\\]*|env)\.ya?ml$", re.IGNORECASE)
_YAML: Final = re.compile(r"\.ya?ml$", re.IGNORECASE)
_FIRST: Final = re.compile(
    rb"\A(?:[ \t]*(?:#[^\n]*)?\r?\n|---[^\n]*\n)*"
    rb"(?:name|channels|dependencies|prefix|platforms|category|variables)[ \t]*:"
)
"""How such a file begins, whatever it is called."""
_OTHERS: Final = re.compile(rb"SPDXID|spdxVersion|bomFormat|^package[ \t]*:", re.MULTILINE)
_PIP: Final = ("dependencies", "pip")
_REPOSITORIES: Final = "pip-repositories"
"""The key of conda-lock for further indexes of Python packages."""
_EXACT: Final = re.compile(r"(?:[^\s:]+::)?([A-Za-z0-9_][A-Za-z0-9._-]*)={1,2}([^\s=*<>!~|,]+)(?:=([^\s=*]+))?")
_MOST: Final = 10_000
"""Entries of one file that are kept."""
_TEXT: Final = 200
_PYTHON: Final = "python"


class CondaEnvironment:
    """The reader of environment files."""

    format = "conda environment"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether YAML has a list of dependencies at its left edge, and channels or a list for pip.

        A name that says conda stands for the last two, since Ansible and Helm have dependencies too. Cost: searches.
        """
        if is_json(raw.data) or b"dependencies" not in raw.data:  # a plain search first: it is faster
            return False
        if not _DEPENDENCIES.search(raw.data) or _OTHERS.search(raw.data):
            return False
        if _CALLED.search(raw.path) and _LIST.search(raw.data):
            return True
        return bool(_OF_CONDA.search(raw.data)) and bool(_YAML.search(raw.path) or _FIRST.match(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return an environment file as a manifest: pip installs its list for pip, read as a requirements file is.

        What conda installs stands in ``commands``, one for each package: which Python packages it brings, its name
        alone tells. So do projects that pip installs by their folder: their manifests are inputs of their own.
        Complete unless something was lost. Lists for pip beside it that it includes are read.
        Told that it is an environment, one in which everything is pinned (`conda env export`) is that; it is complete
        where it lists what pip installed, which some exports leave out, beside what every environment has.

        Raises:
            InputError: no YAML, or nested too deep.
        """
        return _parsed(raw)


READER: Final = CondaEnvironment()


class _Read(Struct, kw_only=True):
    """What an environment file asks for. ``pip`` are the lines for pip, each at its own line as far as it goes."""

    conda: list[Scalar] = field(default_factory=list)
    pip: list[str] = field(default_factory=list)
    indexes: dict[str, None] = field(default_factory=dict)


def pip_lines(data: bytes) -> str:
    """Return what an environment file has pip install, as the text of a requirements file; empty for none.

    Each entry stands at its own line, those that share one after each other.
    """
    try:
        return "\n".join(_read_entries(yaml_text(data, diagnostics := Diagnostics()), diagnostics).pip)
    except InputError:
        return ""


def _read_entries(text: str, diagnostics: Diagnostics) -> _Read:
    found = _Read()
    try:
        scalars = scalars_of(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        raise InputError(f"not valid YAML: {problem}", place=f"line {mark.line + 1}" if mark else "") from error
    except RecursionError as error:
        raise InputError("cannot read YAML: nested too deep") from error
    for one in scalars[:_MOST]:
        _take(one, found, diagnostics)
    if len(scalars) > _MOST:
        diagnostics.leave_open("the file", f"what follows the first {_MOST:,} entries")
    return found


def _take(one: Scalar, found: _Read, diagnostics: Diagnostics) -> None:
    place = f"line {one.line}"
    is_dependency = "dependencies" in one.keys
    if one.value.startswith("*") and (is_dependency or "<<" in one.keys or not one.keys):
        diagnostics.leave_open(place, f"what the alias {quoted(one.value)} stands for")
    elif one.keys[-2:] == _PIP:
        while len(found.pip) < one.line - 1:
            found.pip.append("")
        found.pip += one.value.splitlines() or [""]
    elif one.keys[-1:] == ("dependencies",):
        if one.is_item:
            found.conda.append(one)
        elif one.value.strip():
            diagnostics.leave_open(place, f"the dependencies {quoted(one.value)}, which are not a list")
    elif is_dependency:
        diagnostics.leave_open(place, f"the dependencies under {quoted('.'.join(one.keys))}: {quoted(one.value)}")
    elif one.keys[-1:] == (_REPOSITORIES,):
        found.indexes[index_address(one.value)] = None
    elif one.keys:
        found.indexes |= indexes_in(f"{one.keys[-1]}={one.value}")


def _parsed(raw: RawDocument) -> Document:
    diagnostics = Diagnostics()
    read = _read_entries(yaml_text(raw.data, diagnostics), diagnostics)
    rows = RequirementRows(diagnostics, UvSettings())
    files = Included("\n".join(read.pip).encode("utf-8", "backslashreplace"), raw.beside, diagnostics)
    projects: list[InstallCommand] = []
    for line, place, constrains in files.lines():
        if constrains:
            rows.constrain(line, place)
        elif place.startswith("line ") and (project := local_project(line, place, ("",))):
            projects.append(project)
        else:
            rows.take(line, place)
    rows.leave()
    document = Document(
        sha256=digest_of(raw.data, files.files),
        path=raw.path,
        kind=DocumentKind.MANIFEST,
        format=CONDA_ENVIRONMENT,
        basis=Basis.LISTED,
    )
    if raw.hint == "env" and not projects and (listed := _as_environment(document, read, rows, diagnostics)):
        return listed
    commands = [found for one in read.conda if (found := _command(one, diagnostics))]
    manifest = rows.as_manifest(document)
    return replace(
        manifest,
        commands=tuple(dict.fromkeys((*commands, *projects))),
        requires_python=_python_of(read.conda),
        indexes=tuple(dict.fromkeys((*manifest.indexes, *read.indexes))),
        completeness=Completeness.INCOMPLETE if diagnostics.lost else manifest.completeness,
        problems=diagnostics.as_tuple(),
    )


def _command(one: Scalar, diagnostics: Diagnostics) -> InstallCommand | None:
    """Return what conda installs for one entry; None for Python itself, and for what cannot be read, which is lost."""
    spec = conda_spec(one.value)
    package = conda_package(spec[0]) if spec else None
    if spec is None or package is None:
        diagnostics.add(f"line {one.line}", f"{quoted(one.value)} is not a conda package; left out", lost=True)
        return None
    if package == _PYTHON:
        return None
    text = " ".join(one.value.split())[:_TEXT]
    asked = (
        Requirement(package=package, unreadable=text)
        if spec[1] is None
        else Requirement(package=package, specifier=spec[1])
    )
    return InstallCommand(place=f"line {one.line}", text=without_passwords(text), tool="conda", requirements=(asked,))


def _python_of(entries: list[Scalar]) -> str:
    """Return the range of Python that conda is asked for; empty where none or more than one is, or none can be read."""
    specs = [spec for one in entries if (spec := conda_spec(one.value)) and spec[0] == _PYTHON]
    return (specs[0][1] or "") if len(specs) == 1 else ""


def _as_environment(
    document: Document, read: _Read, rows: RequirementRows, diagnostics: Diagnostics
) -> Document | None:
    """Return a file in which everything is pinned as the environment that it was exported from; None for others."""
    pins = [(one, pin) for one in read.conda if (pin := _EXACT.fullmatch(one.value.strip()))]
    if not pins or len(pins) < len([one for one in read.conda if one.value.strip() != "pip"]) or not rows.are_pinned():
        return None
    found = CondaRows(diagnostics)
    for one, pin in pins:
        found.conda(pin[1], pin[2], f"line {one.line}")
    for item in rows.items:
        found.python(item.package, item.version, item.place, origin=item.origin, sha256=item.digests[0])
    is_whole = found.has_pip and found.are_whole()
    whole = Completeness.COMPLETE if is_whole else Completeness.UNKNOWN
    return replace(
        document,
        kind=DocumentKind.ENVIRONMENT,
        format="conda env export",
        basis=Basis.INSTALLED,
        components=tuple(found.components),
        places=tuple(found.places),
        source_kind="environment",
        completeness=Completeness.INCOMPLETE if diagnostics.lost else whole,
        dependencies_known=False,
        problems=diagnostics.as_tuple(),
    )
