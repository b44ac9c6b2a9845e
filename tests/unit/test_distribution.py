"""What is shipped: a wheel made from the source archive works in an empty folder without a network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from graphkit.api.graph import open_graph
from tests.json_schema import problem_of

ROOT = Path(__file__).resolve().parents[2]

# Two archives and an environment cost seconds; under xdist one worker makes them for all these tests.
pytestmark = pytest.mark.xdist_group("distribution")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive, and from it, as an installer would, the wheel; nothing is fetched."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, cwd=out, env=cut_off(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def in_wheel(archives: Path) -> set[str]:
    (wheel,) = archives.glob("graphkit_blast-*-py3-none-any.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def in_sdist(archives: Path) -> set[str]:
    (sdist,) = archives.glob("graphkit_blast-*.tar.gz")
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def cut_off(home: Path | None = None) -> dict[str, str]:
    """Return an environment whose every way to the network ends at a closed port."""
    closed = "http://127.0.0.1:9"
    ways = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
    private = (
        {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "XDG_CACHE_HOME": str(home / "cache")} if home else {}
    )
    return kept | dict.fromkeys(ways, closed) | {"PIP_NO_INDEX": "1"} | private


def files_below(*folders: str) -> set[str]:
    """Return the files of the checkout below some folders, but not what Python leaves behind."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel_has_the_whole_package(in_wheel: set[str]) -> None:
    assert "graphkit/py.typed" in in_wheel
    assert files_below("graphkit") - in_wheel == set()  # templates and vendored scripts as well as modules


def test_wheel_has_queries_and_examples(in_wheel: set[str]) -> None:
    assert {f"graphkit/_resources/{name}" for name in files_below("queries", "examples")} - in_wheel == set()
    assert any(name.startswith("graphkit/_resources/examples/litellm-2026-03/") for name in in_wheel)


def test_archives_are_the_same_bytes_when_built_again(archives: Path, tmp_path: Path) -> None:
    (sdist,) = archives.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:  # another place, other times of files, another mask of their modes
        archive.extractall(tmp_path / "elsewhere", filter="data")
    (tree,) = (tmp_path / "elsewhere").iterdir()
    for path in tree.rglob("*"):
        os.utime(path, (1, 1))
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "again"), str(tree)]
    subprocess.run(command, env=cut_off() | {"PYTHONHASHSEED": "7"}, capture_output=True, check=True, umask=0o077)
    first = {path.name: path.read_bytes() for path in archives.iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == first


def test_wheel_has_an_sbom_of_all_pins_that_a_question_reads(archives: Path, tmp_path: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if ".dist-info/sboms/" in one]
        written = archive.read(name)
    assert problem_of(written.decode()) is None
    made = json.loads(written)
    pins = re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert [(one["name"], one["version"]) for one in made["components"]] == pins
    required = {one["ref"]: set(one["dependsOn"]) for one in made["dependencies"]}
    reached, todo = set[str](), {made["metadata"]["component"]["purl"]}
    while todo:
        reached |= todo
        todo = set[str]().union(*(required[one] for one in todo)) - reached
    assert reached == set(required)  # each is there for a reason

    (tmp_path / "graphkit.cdx.json").write_bytes(written)
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        report = graph.ingest("sbom", [str(tmp_path / "graphkit.cdx.json")])
        assert (report.new, report.problems) == (1, 0)
        found = graph.who_has("httpx")
    assert {one.service for one in found.matches} == {"graphkit-blast"}


def test_page_on_dependencies_has_each_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    purposes, weights = page.split("## What each weighs")
    direct = {Requirement(one).name for one in project["dependencies"]}
    for table in (purposes, weights):
        assert {row for row in re.findall(r"^\| ([a-z0-9-]+) \|", table, re.MULTILINE) if row != "package"} == direct
    assert set(re.findall(r"`([a-z0-9]+)` \(", weights)) | {"notebook"} == set(project["optional-dependencies"])


def test_wheel_has_the_licence_and_nothing_else(in_wheel: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in in_wheel)
    strays = {name for name in in_wheel if not name.startswith(("graphkit/", "graphkit_blast-"))}
    assert strays == set()
    assert not [name for name in in_wheel if "test" in name.split("/")[0] or "__pycache__" in name]


def test_sdist_has_what_a_builder_and_a_tester_need(in_sdist: set[str]) -> None:
    wanted = {"Makefile", "LICENSE", "README.md", "pyproject.toml", "requirements.txt", "requirements-dev.txt"}
    wanted |= {"requirements-build.in", "requirements-dev.in", ".ci/run", "graphkit/py.typed"}
    assert (wanted | files_below("graphkit", "queries", "examples", "tests")) - in_sdist == set()
    assert not [name for name in in_sdist if name.startswith(".venv") or "__pycache__" in name]


def test_demo_runs_from_the_wheel_in_an_empty_folder(archives: Path, tmp_path: Path) -> None:
    environment, folder, home = tmp_path / "environment", tmp_path / "empty", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    python = environment / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    (wheel,) = archives.glob("*.whl")
    install = ["-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, *install], env=cut_off(), check=True)
    # The dependencies come from where the tests run. A path line does not read the .pth files in there,
    # so the checkout's own editable install stays out.
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    where = [str(python), "-c", "import graphkit; print(graphkit.__file__)"]
    loaded = subprocess.run(where, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert Path(loaded.strip()).is_relative_to(environment)

    command = [str(environment / "bin" / "graphkit"), "demo"]
    done = subprocess.run(command, cwd=folder, env=cut_off(home), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "litellm" in done.stdout
    assert "Acme (made up)" in done.stdout
    assert (folder / "report.html").stat().st_size > 0
    made = ["graphkit-demo", "graphkit-demo-acme", "report-acme.html", "report.html"]
    assert sorted(path.name for path in folder.iterdir()) == made
