"""What the manifests of services ask an index for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graphkit.api import open_graph
from graphkit.ingest.service_roots import service_roots
from graphkit.model.names import ServiceId
from graphkit.sources.index import RootSet
from graphkit.stores import open_store
from tests.unit.cli.inputs import put, uv_lock

PYPROJECT = """\
[project]
name = "web"
version = "1"
dependencies = ["litellm>=1"]

[project.optional-dependencies]
more = ["idna"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


def roots(tmp_path: Path, *services: str) -> list[RootSet]:
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        graph.ingest("scan", [str(tmp_path / "code")])
    store = open_store(str(tmp_path / "graph"))
    try:
        return service_roots(store.reader(), frozenset(map(ServiceId, services)) if services else None)
    finally:
        store.close()


def texts(found: Sequence[RootSet]) -> list[list[str]]:
    return sorted([str(one) for one in each.requirements] for each in found)


def test_a_manifest_and_what_building_it_takes_are_two_sets(tmp_path: Path) -> None:
    put(tmp_path / "code" / "web" / "pyproject.toml", PYPROJECT)
    found = roots(tmp_path)
    assert [one[0] for one in texts(found)] == ["hatchling", "litellm>=1"]
    [manifest] = [one for one in found if len(one.requirements) == 2]
    assert manifest.extras == {"more"}


def test_locks_ask_for_nothing_and_equal_sets_come_once(tmp_path: Path) -> None:
    put(tmp_path / "code" / "web" / "uv.lock", uv_lock("web", "litellm==1.82.6"))
    for name in ("a", "b"):
        put(tmp_path / "code" / name / "requirements.txt", "litellm\nidna>=3\n")
    assert texts(roots(tmp_path)) == [["litellm", "idna>=3"]] or texts(roots(tmp_path)) == [["idna>=3", "litellm"]]


def test_install_commands_ask(tmp_path: Path) -> None:
    put(tmp_path / "code" / "web" / "requirements.txt", "idna\n")
    put(tmp_path / "code" / "web" / "Dockerfile", "FROM python\nRUN pip install 'litellm<2' idna\n")
    found = texts(roots(tmp_path))
    assert ["idna"] in found
    assert any("litellm<2" in one for one in found)


def test_of_named_services_alone(tmp_path: Path) -> None:
    put(tmp_path / "code" / "a" / "requirements.txt", "idna\n")
    put(tmp_path / "code" / "b" / "requirements.txt", "certifi\n")
    assert texts(roots(tmp_path, "b")) == [["certifi"]]
    assert roots(tmp_path, "nobody") == []
