"""Files that can install and that no other reader reads: the commands and lists of packages in them, as a document."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Final, NamedTuple

import yaml
from msgspec.structs import replace

from graphkit.formats.conda.environment import READER as CONDA_ENVIRONMENT
from graphkit.formats.conda.lock import READER as CONDA_LOCK
from graphkit.formats.conda.pixi_lock import READER as PIXI_LOCK
from graphkit.formats.decoding import is_json
from graphkit.formats.diagnostics import bounded, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.manifests.pyproject import READER as PYPROJECT
from graphkit.formats.manifests.requirements_files import digest_of
from graphkit.formats.scripts.at_start import environment_findings, runtime_env_findings
from graphkit.formats.scripts.constraints import Constraints
from graphkit.formats.scripts.declared import (
    hatch_findings,
    not_parsed,
    pixi_findings,
    script_findings,
    setup_cfg_findings,
    tox_toml_findings,
)
from graphkit.formats.scripts.docker import Dockerfile
from graphkit.formats.scripts.fetched import FETCHED
from graphkit.formats.scripts.findings import Finding
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.install_words import INDEXES, STARTED, TOOLS
from graphkit.formats.scripts.jenkins import jenkins_findings
from graphkit.formats.scripts.notebooks import notebook_findings
from graphkit.formats.scripts.python import code_findings, python_findings
from graphkit.formats.scripts.settings import (
    cloud_findings,
    line_findings,
    nix_findings,
    npm_findings,
    quoted_findings,
    source_findings,
    terraform_findings,
    toml_findings,
    tool_versions_findings,
)
from graphkit.formats.scripts.shell import make_findings, shell_findings, shell_script_findings
from graphkit.formats.scripts.tox import tox_findings
from graphkit.formats.scripts.unsuffixed import lies_with_scripts, may_be_code_that_builds
from graphkit.formats.scripts.yaml import container_findings, readthedocs_findings, yaml_findings
from graphkit.model.documents import (
    DOCKERFILE,
    Basis,
    Completeness,
    Document,
    DocumentKind,
    ImageBuild,
    InstallCommand,
    Problem,
)
from graphkit.model.errors import InputError

_MOST: Final = 1_000
"""Commands of one file that are kept."""
_HEAD: Final = 1_000
_LARGEST: Final = 4_000_000
"""Bytes of a file that are read; notebooks hold pictures, and are read whole."""
_OTHERS: Final = re.compile(rb"SPDXID|spdxVersion|bomFormat")
"""Marks of documents that other readers know, whatever else they say."""
_SHEBANG: Final = re.compile(rb"#!\s*\S*(?:/|env\s+(?:-S\s+)?)(?:ba|z|da|k|a|fi)?sh\b")
_SCRIPT: Final = re.compile(rb"^# /// script[ \t\r]*$", re.MULTILINE)
_FROM_ROOT: Final = re.compile(
    r"(?:^|/)(\.(?:github|circleci|gitlab|azure|azure-pipelines|buildkite|woodpecker|forgejo)/.*)$"
)
"""Folders of build services, whose commands run in the folder above."""
_MARK: Final = re.compile(
    f"{TOOLS.pattern}|{INDEXES.pattern}|{FETCHED.pattern}|{STARTED.pattern}".encode(), re.IGNORECASE
)
_LISTED: Final = re.compile(
    _MARK.pattern
    + rb"|CIBW_TEST_|\bdockerfile[\"']?:|\bbuild-push-action|\bdocker://|\bimage[\"']?:\s*\S*/\S*:\S*[0-9]\.[0-9]|\b(?:tag|newTag)[\"']?:\s*\S*[0-9]\.[0-9]",
    re.IGNORECASE,
)
_CALLED: Final = re.compile(
    rb"\b(?:subprocess|os\.system|popen|create_subprocess\w*|pip\W{1,3}main|_internal|runtime_?env)\b",
    re.IGNORECASE,
)
"""What Python code has that may run another program, or have Ray install packages."""
_INSTALLER: Final = re.compile(rb"\b(?:pip[0-9.]*|uvx?|poetry|pdm|pipenv|pipx|conda|easy_install)\b")


class _Kind(NamedTuple):
    """A kind of file: its name, by which names it is known, how it is read, and what stands in one that says anything.

    ``places`` says which folders its paths may be from: its own, and the one at the top of what was given.
    """

    name: str
    named: re.Pattern[str]
    read: Callable[[str], Iterator[Finding]]
    mark: re.Pattern[bytes] = _MARK
    is_from_top: bool = False


def _or_lines(
    read: Callable[[str], Iterator[Finding]], otherwise: Callable[[str], Iterator[Finding]] = shell_findings
) -> Callable[[str], Iterator[Finding]]:
    """Return a reader that reads what cannot be parsed line by line, as text for the shell, or ``otherwise``."""

    def reading(text: str) -> Iterator[Finding]:
        try:
            found = list(islice(read(text), _MOST + 1))
        except (yaml.YAMLError, InputError, SyntaxError, ValueError, RecursionError, MemoryError):
            yield from otherwise(text)
        else:
            yield from found

    return reading


def _python(*, is_setup: bool = False, is_nox: bool = False) -> Callable[[str], Iterator[Finding]]:
    """Return a reader of Python code: of what cannot be parsed nothing is known, so that it may install anything."""

    def reading(text: str) -> Iterator[Finding]:
        yield from _script(text)
        try:
            found = list(islice(python_findings(text, is_setup=is_setup, is_nox=is_nox), _MOST + 1))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            yield Finding("the file", Found(tool="python", unreadable=[not_parsed(error)]), "cannot be parsed")
        else:
            yield from found

    return reading


def _python_script(text: str) -> Iterator[Finding]:
    """Yield what a script asks for in its metadata, and what it runs."""
    yield from _script(text)
    yield from code_findings(text)


def _script(text: str) -> Iterator[Finding]:
    try:
        yield from script_findings(text)
    except InputError as error:
        yield Finding("the block", Found(tool="uv", unreadable=[not_parsed(error)]), "# /// script")


def _named(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|/)(?:{'|'.join(patterns)})$", re.IGNORECASE)


_ANYTHING: Final = re.compile(rb"\S")
_STARTED: Final = re.compile(STARTED.pattern.encode(), re.IGNORECASE)
_KINDS: Final = (
    _Kind(
        DOCKERFILE,
        _named(r"(?:[^/]*[._-])?(?:dockerfile|containerfile)[0-9]*(?:[._-][^/]*)?(?<!ignore)"),
        lambda text: Dockerfile(text).findings(),
        re.compile(
            _MARK.pattern + rb"|^\s*ADD\s[^\n]*://|^\s*FROM\s[^\n]*/[^\n]*:|\bfrom=[^\s,]*:",
            re.IGNORECASE | re.MULTILINE,
        ),
    ),
    _Kind("Makefile", _named("(?:gnu)?makefile", r"[^/]*\.mk", r"makefile\.[^/]+"), make_findings),
    _Kind("tox.ini", _named(r"tox\.ini"), tox_findings, _ANYTHING),
    _Kind("setup.cfg", _named(r"setup\.cfg"), setup_cfg_findings, re.compile(rb"_requires?\b|\[testenv|\[tox")),
    _Kind("setup.py", _named(r"setup\.py"), _python(is_setup=True), re.compile(rb"\bsetup\b|\bpip\b")),
    _Kind("noxfile.py", _named(r"noxfile\.py"), _python(is_nox=True), re.compile(rb"nox|install")),
    _Kind("tasks in Python", _named(r"(?:tasks|fabfile|dodo|build|conftest)\.py"), _python()),
    _Kind(
        "pre-commit",
        _named(r"\.pre-commit-(?:config|hooks)\.ya?ml"),
        _or_lines(lambda text: yaml_findings(text, is_hooks=True)),
        _ANYTHING,
    ),
    _Kind("pixi.toml", _named(r"pixi\.toml"), _or_lines(pixi_findings), _ANYTHING),
    _Kind("hatch.toml", _named(r"hatch\.toml"), _or_lines(hatch_findings), _ANYTHING),
    _Kind("tox.toml", _named(r"tox\.toml"), _or_lines(tox_toml_findings), _ANYTHING),
    _Kind("notebook", _named(r"[^/]*\.ipynb"), _or_lines(notebook_findings)),
    _Kind("Read the Docs", _named(r"\.?readthedocs\.ya?ml"), _or_lines(readthedocs_findings), _ANYTHING),
    _Kind(
        "development container",
        _named(r"\.?devcontainer\.json"),
        _or_lines(container_findings, quoted_findings),
        _LISTED,
        is_from_top=True,
    ),
    _Kind("package.json", _named(r"package\.json"), _or_lines(npm_findings, quoted_findings)),
    _Kind(
        "JSON with commands",
        _named(r"(?:vercel|now|app|railway|turbo|deno|composer|project)\.jsonc?"),
        _or_lines(container_findings, quoted_findings),
    ),
    _Kind("JSON with commands", _named(r"[^/]*\.(?:tf|tofu)\.json"), _or_lines(terraform_findings, quoted_findings)),
    _Kind(
        "TOML with commands",
        _named(
            r"(?:netlify|fly(?:\.[^/]*)?|railway|nixpacks|\.?mise(?:\.[^/]*)?|wrangler|vercel|project|heroku)\.toml",
            r"\.replit",
            r"\.?mise/(?:config(?:\.[^/]*)?|conf\.d/[^/]*)\.toml",
        ),
        _or_lines(toml_findings),
        re.compile(_MARK.pattern + rb"|pipx:", re.IGNORECASE),
    ),
    _Kind(".tool-versions", _named(r"\.tool-versions"), tool_versions_findings, re.compile(rb"pipx:")),
    _Kind(
        "cloud-init",
        _named(
            r"(?:[^/]*[._-])?(?:user[_-]?data|cloud[_-](?:init|config))(?:(?:\.\w+)?\.(?:txt|cfg|tpl|tftpl|tmpl|j2))?"
        ),
        _or_lines(cloud_findings),
    ),
    _Kind("text with commands", _named(r"[^/]*\.nix"), nix_findings),
    _Kind(
        "text with commands",
        _named(
            r"[^/]*\.(?:tf|tofu|tftpl|hcl|rake|smk|groovy|gradle(?:\.kts)?|def|service)",
            r"(?:[^/]*[._-])?(?:rakefile|snakefile|singularity|crontab)(?:\.[^/]*)?",
        ),
        line_findings,
    ),
    _Kind("code with commands", _named(r"[^/]*\.(?:[cm]?[jt]s|go|rs|rb|pl|php|lua)"), source_findings),
    _Kind(
        "code with commands",
        _named(r"[^/]*\.cmake|(?:[^/]*[._-])?tiltfile|meson\.build|cmakelists\.txt"),
        source_findings,
    ),
    _Kind(
        "environment variables",
        _named(r"(?:[^/]*[._-])?env", r"\.env(?!\.(?:example|sample|template|dist)$)\.[^/]*"),
        environment_findings,
        _STARTED,
        is_from_top=True,
    ),
    _Kind(
        "Ray runtime environment",
        _named(r"(?:[^/]*[._-])?runtime[_-]?env(?:[._-][^/]*)?\.(?:ya?ml|json)"),
        _or_lines(lambda text: chain(runtime_env_findings(text), yaml_findings(text))),
        _ANYTHING,
    ),
    _Kind("script", _named(r"(?:[^/]*\.)?jenkinsfile(?:\.[^/]*)?"), jenkins_findings, is_from_top=True),
    _Kind("YAML with commands", _named(r"[^/]*\.ya?ml"), _or_lines(yaml_findings), _LISTED, is_from_top=True),
    _Kind("Python script", _named(r"[^/]*\.pyw?|sconstruct|sconscript|wscript"), _python_script, _ANYTHING),
    _Kind(
        "script",
        _named(
            r"[^/]*\.(?:sh|bash|zsh|ksh|fish|bat|cmd|ps1|envrc|command|earth|just)",
            r"\.envrc|\.?justfile|earthfile|procfile|vagrantfile|bootstrap|configure|entrypoint",
        ),
        shell_script_findings,
        is_from_top=True,
    ),
)
_BRACED: Final = frozenset(
    {
        *("notebook", "development container", "package.json", "JSON with commands", "YAML with commands"),
        "Ray runtime environment",
        "text with commands",
    }
)
"""Kinds of files that are JSON, or begin as that does."""
_SHELL: Final = _KINDS[-1]
_CODE: Final = next(kind for kind in _KINDS if kind.name == "code with commands")
_BLOCKS: Final = _KINDS[-2]


_SETTINGS: Final = re.compile(rb"\bUV_(?:NO_CONFIG|CONFIG_FILE|EXCLUDE_NEWER(?:_PACKAGE)?)\b")
"""Variables under which uv reads other settings than those of the project, wherever the file sets them."""


def may_install(code: bytes) -> bool:
    """Return whether Python code may say what it needs, or run an installer. Cost: two searches."""
    return bool(_SCRIPT.search(code) or (_CALLED.search(code) and _INSTALLER.search(code)))


class InstallCommands:
    """The reader of files that can install."""

    format = "install commands"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether a file of a name that something installs from has a command or a list that does.

        The name chooses how it is read, and the content decides: without a finding it is nobody's. Listings of
        environments and SBOMs are looked for elsewhere. Cost: a search; where that finds something, one reading.
        """
        if raw.hint in {"env", "sbom"} or (kind := _kind_of(raw.data, raw.path)) is None:
            return False
        is_likely = may_install(raw.data) if kind.read is _python_script else kind.mark.search(raw.data)
        if not is_likely or _OTHERS.search(raw.data):
            return False
        if any(reader.claims(raw) for reader in (CONDA_ENVIRONMENT, CONDA_LOCK, PIXI_LOCK)):  # YAML with addresses
            return False
        if "toml" in kind.name and PYPROJECT.claims(raw):  # one of years ago, with a project in it
            return False
        return any(True for _ in _findings(kind, raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return what a file installs or asks for as the commands of a document; it is never complete.

        Inputs are paths from the folder of the file. Where a file may run from the top of what was given as well, both
        are named. Files of constraints beside it are read.
        """
        kind = _kind_of(raw.data, raw.path) or _SHELL
        read = list(islice(_findings(kind, raw.data), _MOST + 1))
        found = [one for one in read if not one.found.image_builds]
        places, constraints = _places(kind, raw.path), Constraints(raw.beside)
        for one in found[:_MOST]:
            constraints.take_up(one.found, _places_of_constraints(kind, raw.path))
        commands = [_command(one, places, raw.path) for one in found[:_MOST]]
        if _SETTINGS.search(raw.data):
            commands = [
                replace(one, is_past_guards=one.tool == "uv" and bool(one.inputs or one.cloned)) for one in commands
            ]
        problems = [
            Problem(place=one.place, text=f"what it installs cannot be read: {one.unreadable}")
            for one in commands
            if one.unreadable
        ]
        if len(read) > _MOST:
            text = f"more than {_MOST:,} commands; the others are not read"
            commands.append(InstallCommand(place="the file", text="", unreadable=text))
            problems.append(Problem(place="the file", text=text))
        return Document(
            sha256=digest_of(raw.data, constraints.files) if constraints.files else raw.sha256,
            path=raw.path,
            kind=DocumentKind.SCRIPT,
            format=kind.name,
            basis=Basis.LISTED,
            commands=tuple(commands),
            image_builds=tuple(_image_builds(read, _places_of_builds(kind, raw.path))),
            indexes=tuple(dict.fromkeys(index for one in found for index in one.found.indexes if index)),
            completeness=Completeness.UNKNOWN,
            dependencies_known=False,
            problems=bounded(problems),
        )


READER: Final = InstallCommands()


def _kind_of(data: bytes, name: str) -> _Kind | None:
    path = name.replace("\\", "/")
    found = next((kind for kind in _KINDS if kind.named.search(path)), None)
    if found is None and "." not in posixpath.basename(path):
        found = _plain_kind_of(data, path)
    elif found is not None and found.name == "tasks in Python" and not found.mark.search(data):
        found = _BLOCKS
    if found is _CODE and not may_be_code_that_builds(path):  # a program, whose text people read
        return None
    if found is None or (is_json(data) and found.name not in _BRACED):
        return None
    return found


def _plain_kind_of(data: bytes, path: str) -> _Kind | None:
    """Return the kind of a file without a suffix: what its first line says, else what lies where it does."""
    if _SHEBANG.match(data[:_HEAD]):
        return _SHELL
    if _SCRIPT.search(data):
        return _BLOCKS
    return _SHELL if lies_with_scripts(path) and not data.startswith(b"#!") else None


def _findings(kind: _Kind, data: bytes) -> Iterator[Finding]:
    """Yield what a file installs, the same only once for a line, from the same files."""
    seen = set[tuple[str, str, tuple[object, ...]]]()
    is_large = len(data) > _LARGEST and kind.name != "notebook"
    if is_large:
        data = data[:_LARGEST].rpartition(b"\n")[0]
        yield Finding("the file", Found(tool="", unreadable=[f"what follows the first {_LARGEST:,} bytes"]), "…")
    for one in kind.read(data.decode("utf-8", "replace")):
        files = (one.found.is_past_lock, *one.found.inputs, *one.found.cloned, *one.found.unreadable)
        if (key := (one.place, one.text, files)) not in seen:
            seen.add(key)
            yield one


def _places(kind: _Kind, path: str) -> tuple[str, ...]:
    """Return the folders that a file's commands may run from, told from its own."""
    plain = posixpath.normpath(path.replace("\\", "/"))
    if kind.name == DOCKERFILE:  # from the folder that its image is built from
        return ("",)
    if service := _FROM_ROOT.search(plain):
        return ("/".join([".."] * service[1].count("/")),)
    return _own_and_top(plain) if kind.is_from_top else ("",)


def _own_and_top(plain: str) -> tuple[str, ...]:
    depth = plain.count("/")
    return ("",) if not depth or plain.startswith(("/", "..")) else ("", "/".join([".."] * depth))


def _places_of_constraints(kind: _Kind, path: str) -> tuple[str, ...]:
    """Return the folders that constraints may be from: an image is built from the Dockerfile's own, or the top."""
    is_image = kind.name == DOCKERFILE
    return _own_and_top(posixpath.normpath(path.replace("\\", "/"))) if is_image else _places(kind, path)


def _command(one: Finding, places: tuple[str, ...], path: str) -> InstallCommand:
    """Return a command as a value, with its inputs as paths from the folder of the file at ``path``."""
    folder = posixpath.dirname(path.replace("\\", "/"))
    inputs: dict[str, None] = {}
    for name in one.found.inputs:
        paths = [posixpath.normpath(posixpath.join(place, name)) for place in places]
        inside = [other for other in paths if not posixpath.normpath(posixpath.join(folder, other)).startswith("../")]
        if not inside and not folder.startswith(("/", "..")):
            one.found.unreadable.append(f"the file {quoted(name)}, which lies outside of what was given")
        inputs |= dict.fromkeys(inside or paths)
    one.found.inputs = inputs
    return one.found.as_command(one.place, one.text)


def _places_of_builds(kind: _Kind, path: str) -> tuple[str, ...]:
    """Return the folders that paths of builds may be from; those of Compose are from the file alone."""
    return _places(kind, path) if kind.read is shell_script_findings or _FROM_ROOT.search(path) else ("",)


def _image_builds(found: list[Finding], places: tuple[str, ...]) -> dict[ImageBuild, None]:
    """Return the images that a file has built, with paths from its own folder, or from another that it may run in."""
    return {
        ImageBuild(
            dockerfile=posixpath.normpath(posixpath.join(place, build.dockerfile)),
            context=posixpath.normpath(posixpath.join(place, build.context)),
        ): None
        for one in found
        for build in one.found.image_builds
        for place in places
    }
