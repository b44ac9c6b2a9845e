"""Folders of which each is a service of its own, which install what lies in the folder of another, or by its lock.

The index and the incident are those of `tests.cases.test_small_worlds`: `badpkg` 1.2 is bad, and `mid` needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from graphkit.api import Graph
from tests.cases.test_small_worlds import INCIDENT, LOCK, LOCKED, PROJECT, REQUIRING, STOOD, index
from tests.cases.test_trials import REPOSITORY, Commit, commit_all
from tests.property.memory import MemoryStore

BAD: Final = "mid\n"
GOOD: Final = "other\n"
BAD_LOCK: Final = LOCK.replace("other", "badpkg").replace("1.0", "1.2")
BAD_PROJECT: Final = {"pyproject.toml": REQUIRING, "uv.lock": BAD_LOCK}
GOOD_PROJECT: Final = {"pyproject.toml": PROJECT, "uv.lock": LOCK}


def below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


def workflow(*runs: str) -> dict[str, str]:
    steps = "".join(f"      - run: {one}\n" for one in runs)
    return {".github/workflows/ci.yml": f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{steps}"}


def image(*lines: str) -> str:
    return "\n".join(["FROM x", *lines, ""])


def compose(context: str, dockerfile: str) -> dict[str, str]:
    return {"compose.yaml": f"services:\n  a:\n    build:\n      context: {context}\n      dockerfile: {dockerfile}\n"}


def project(name: str, *needs: str, more: str = "") -> str:
    return (
        f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.12"\ndependencies = {list(needs)}\n{more}'
    )


def named(needs: Sequence[str]) -> str:
    return ", ".join(f'{{ name = "{need}" }}' for need in needs)


def member(name: str, folder: str, *needs: str) -> str:
    told = f"[{named(needs)}]"
    row = f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {{ editable = "{folder}" }}\n'
    return f"{row}dependencies = {told}\n\n[package.metadata]\nrequires-dist = {told}\n\n"


def locked(name: str, version: str, *needs: str) -> str:
    source = 'source = { registry = "https://index.example/simple" }'
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\n{source}\ndependencies = [{named(needs)}]\n\n'


def workspace(version: str, *, of_root: str = "other", is_member: bool = True) -> dict[str, str]:
    """Return a workspace: `a` needs what needs `badpkg`, which is locked at a version, and `b` needs another."""
    rows = [
        f'version = 1\nrequires-python = ">=3.12"\n[manifest]\nmembers = {["a", "b", "root"][not is_member :]}\n\n',
        member("a", "packages/a", "mid"),
        locked("badpkg", version),
        member("b", "packages/b", "other"),
        locked("mid", "2.0", "badpkg"),
        locked("other", "1.0"),
        member("root", ".", "other"),
    ]
    return {
        "pyproject.toml": project("root", of_root, more='[tool.uv.workspace]\nmembers = ["packages/*"]\n'),
        "packages/a/pyproject.toml": project("a", "mid"),
        "packages/b/pyproject.toml": project("b", "other"),
        "uv.lock": "".join(rows),
    }


def made(path: str, *recipes: str) -> dict[str, str]:
    return {path: "".join(f"all:\n\t{one}\n" for one in recipes)}


SYNC: Final = image("COPY . .", "RUN uv sync")
SETUP: Final = "from setuptools import setup\nsetup(name='svc', install_requires=['other'])\n"
BUILT: Final = '[build-system]\nrequires = ["setuptools"]\n'
LIST: Final = "pip install -r requirements.txt"
AZURE: Final = "resources:\n  repositories:\n    - repository: y\n      name: acme/y\njobs:\n  - job: a\n    steps:\n"


def pipeline(*steps: str) -> dict[str, str]:
    return {"requirements.txt": GOOD, "azure-pipelines.yml": AZURE + "".join(f"      - {one}\n" for one in steps)}


API: Final = below("api", {**GOOD_PROJECT, "Dockerfile": SYNC})
DOCS: Final = "pip install -r docs/requirements.txt"

WORLDS: Final = {
    "a workflow installs the list of an archive": (
        {"requirements.txt": GOOD, **workflow("tar xf x.tar", f"cd x && {LIST}")},
        {"": "unknown"},
    ),
    "a workflow syncs the project of an archive": (
        {**GOOD_PROJECT, **workflow("tar xf x.tar && cd x && uv sync")},
        {"": "unknown"},
    ),
    "a workflow installs the list of a submodule": (
        {"requirements.txt": GOOD, **workflow("git submodule update --init", f"cd x && {LIST}")},
        {"": "unknown"},
    ),
    "a workflow installs its own list beside a submodule": (
        {"requirements.txt": GOOD, **workflow("git submodule update --init", LIST)},
        {"": "cleared"},
    ),
    "a workflow installs its own list beside an archive": (
        {"requirements.txt": GOOD, **workflow("curl https://h.example/x.tgz | tar xz", LIST)},
        {"": "cleared"},
    ),
    "an image unpacks an archive where the list of another repository then lies": (
        {"requirements.txt": GOOD, "Dockerfile": image("WORKDIR /a", "ADD x.tgz .", f"RUN {LIST}")},
        {"": "unknown"},
    ),
    "an image unpacks an archive and has its own list": (
        {"requirements.txt": GOOD, "Dockerfile": image("WORKDIR /a", "ADD x.tgz .", "COPY . .", f"RUN {LIST}")},
        {"": "cleared"},
    ),
    "a pipeline installs the list of another repository": (
        pipeline("checkout: y", f"script: {LIST}"),
        {"": "unknown"},
    ),
    "a pipeline installs nothing from the other repository": (
        pipeline("checkout: self", "checkout: y", f"script: {LIST}", "script: make -C y"),
        {"": "cleared"},
    ),
    "a workflow at the top installs a good list": (
        {**GOOD_PROJECT, "docs/requirements.txt": GOOD, **workflow("uv sync", DOCS)},
        {"": "cleared", "/docs": "cleared"},
    ),
    "a workflow at the top installs a bad list": (
        {**GOOD_PROJECT, "docs/requirements.txt": BAD, **workflow("uv sync", DOCS)},
        {"": "picked", "/docs": "picked"},
    ),
    "nothing at the top installs the bad list": (
        {**GOOD_PROJECT, "docs/requirements.txt": BAD, **workflow("uv sync")},
        {"": "cleared", "/docs": "picked"},
    ),
    "a list of the same name is bad": (
        {"requirements.txt": GOOD, "docs/requirements.txt": BAD, **workflow(DOCS)},
        {"": "picked", "/docs": "picked"},
    ),
    "a list that is nowhere": (
        {**GOOD_PROJECT, "docs/requirements.txt": GOOD, **workflow("pip install -r other/list.txt")},
        {"": "unknown", "/docs": "cleared"},
    ),
    "a workflow at the top syncs a project below": (
        {**GOOD_PROJECT, **below("docs", BAD_PROJECT), **workflow("cd docs && uv sync")},
        {"": "observed", "/docs": "observed"},
    ),
    "a workflow at the top syncs a good project below": (
        {**GOOD_PROJECT, **below("docs", GOOD_PROJECT), **workflow("cd docs && uv sync")},
        {"": "cleared", "/docs": "cleared"},
    ),
    "a project below has no lock": (
        {**GOOD_PROJECT, "docs/pyproject.toml": REQUIRING, **workflow("cd docs && uv sync")},
        {"": "picked", "/docs": "picked"},
    ),
    "a workflow above two services is of both": (
        {"a/requirements.txt": GOOD, "b/requirements.txt": BAD, **workflow(*(DOCS.replace("docs", f) for f in "ab"))},
        {"/a": "cleared", "/b": "picked"},
    ),
    "an image of the top, as a Compose file beside it says": (
        {**BAD_PROJECT, **API, **compose(".", "api/Dockerfile")},
        {"": "observed", "/api": "observed"},
    ),
    "an image of its own folder, as a Compose file above says": (
        {**BAD_PROJECT, **API, **compose("api", "Dockerfile")},
        {"": "observed", "/api": "cleared"},
    ),
    "an image that has files of the top alone": (
        {
            "requirements.txt": BAD,
            **below("api", {**GOOD_PROJECT, "Dockerfile": image("RUN pip install -r requirements.txt")}),
        },
        {"": "picked", "/api": "picked"},
    ),
    "a bad project at the top that no image has": (
        {**BAD_PROJECT, **API},
        {"": "observed", "/api": "cleared"},
    ),
    # A list of requirements installs projects by their folders, past their locks; setup files say what those require.
    "a list installs a project below": (
        {"requirements.txt": "-e ./lib\n", "lib/pyproject.toml": PROJECT},
        {"": "cleared", "/lib": "cleared"},
    ),
    "a list installs a bad project below": (
        {"requirements.txt": "-e ./lib\n", "lib/pyproject.toml": project("lib", "mid")},
        {"": "picked", "/lib": "picked"},
    ),
    "a list installs its project past the lock": (
        {"pyproject.toml": REQUIRING, "uv.lock": LOCKED, "requirements.txt": "-e .\n"},
        {"": "picked"},
    ),
    "a list that has a project of its own, and not that at the top": (
        {"pyproject.toml": REQUIRING, **below("lib", {"pyproject.toml": PROJECT, "requirements.txt": "-e .\n"})},
        {"": "picked", "/lib": "cleared"},
    ),
    "a list in a folder of lists": (
        {"pyproject.toml": REQUIRING, "requirements/dev.txt": "-e .\n"},
        {"": "picked", "/requirements": "picked"},
    ),
    "a list installs a project that is nowhere": (
        {"pyproject.toml": PROJECT, "requirements.txt": "-e ./lib\n"},
        {"": "unknown"},
    ),
    "a list installs a project of an accused name": (
        {"pyproject.toml": PROJECT, "requirements.txt": "-e ./lib#egg=badpkg\n", "lib/setup.py": SETUP},
        {"": "unknown"},
    ),
    "a project with a setup file alone": (
        {"setup.py": SETUP, "requirements.txt": "-e .\n", **workflow("pip install .[dev]")},
        {"": "cleared"},
    ),
    "a setup file and nothing else": ({"setup.py": SETUP}, {"": "cleared"}),
    "a bad setup file and nothing else": ({"setup.py": SETUP.replace("other", "mid")}, {"": "admitted"}),
    "a setup file that cannot be read": ({"setup.py": SETUP.replace("['other']", "read()")}, {"": "unknown"}),
    "a project that leaves all to a setup file": ({"pyproject.toml": BUILT, "setup.py": SETUP}, {"": "unknown"}),
    "a project that leaves all to a bad setup file": (
        {"pyproject.toml": BUILT, "setup.py": SETUP.replace("other", "mid")},
        {"": "unknown"},
    ),
    "a project that leaves all to the setup file of another": (
        {"pyproject.toml": BUILT, "lib/setup.py": SETUP},
        {"": "unknown"},
    ),
    "a project that another tool builds": (
        {"pyproject.toml": BUILT.replace("setuptools", "flit-core"), "setup.py": SETUP},
        {"": "unknown"},
    ),
    # The lock of a workspace shows what its members may install, each its own part; it clears none of them.
    "a workspace": (workspace("1.1"), {"": "cleared", "/packages/a": "picked", "/packages/b": "cleared"}),
    "a workspace whose lock is bad": (
        workspace("1.2"),
        {"": "observed", "/packages/a": "observed", "/packages/b": "cleared"},
    ),
    "a member installs the others, too": (
        {**workspace("1.2"), **made("packages/b/Makefile", "uv sync --all-packages")},
        {"": "observed", "/packages/a": "observed", "/packages/b": "observed"},
    ),
    "the root of a workspace has its lock made anew": (
        {**workspace("1.1"), **made("Makefile", "uv lock --upgrade")},
        {"": "picked", "/packages/a": "picked", "/packages/b": "cleared"},
    ),
    "another member has the lock made anew": (
        {**workspace("1.1"), **made("packages/b/Makefile", "uv lock --upgrade")},
        {"": "cleared", "/packages/a": "picked", "/packages/b": "cleared"},
    ),
    "a lock that the root has moved past": (
        workspace("1.1", of_root="badpkg>=1.2"),
        {"": "picked", "/packages/a": "picked", "/packages/b": "cleared"},
    ),
    "a member is installed past the lock": (
        {**workspace("1.1"), **made("Makefile", "pip install ./packages/a")},
        {"": "picked", "/packages/a": "picked", "/packages/b": "cleared"},
    ),
    "a project that the root requires by its path, and is no member": (
        workspace("1.1", is_member=False),
        {"": "cleared", "/packages/a": "picked", "/packages/b": "cleared"},
    ),
    "the image of a member has its own folder alone": (
        {**workspace("1.1"), "packages/a/Dockerfile": SYNC},
        {"": "cleared", "/packages/a": "picked", "/packages/b": "cleared"},
    ),
}


@pytest.mark.parametrize("world", WORLDS)
def test_what_the_scripts_of_a_service_install_is_its_own_input(tmp_path: Path, world: str) -> None:
    files, verdicts = WORLDS[world]
    (tmp_path / "inc.json").write_text(INCIDENT, encoding="utf-8")
    commit_all(tmp_path, [Commit(at=STOOD["stands_from"], write=files)])
    graph = Graph(MemoryStore(index()))
    graph.ingest("advisory", [str(tmp_path / "inc.json")])
    graph.ingest("lock", [str(tmp_path / REPOSITORY)], read_at=STOOD["read_at"])
    found = {str(one.service): one for one in graph.blast("inc").services}
    graph.close()
    assert {name: str(one.verdict) for name, one in found.items()} == {
        f"{REPOSITORY}{name}": verdict for name, verdict in verdicts.items()
    }, {name: one.reason for name, one in found.items()}
