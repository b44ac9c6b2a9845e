"""What cannot be read was there all the same: no build that may have used it is cleared, and the reason names it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from graphkit.api import Graph, open_graph
from graphkit.ingest import files
from graphkit.model.answers import ServiceVerdict
from graphkit.model.ranks import Verdict
from tests.unit.cli.inputs import BAD, INCIDENT, put, uv_lock, whole_sbom
from tests.unit.ingest.test_sources import git

FROM, READ, BUILT = "2026-03-01T00:00:00Z", "2026-03-26T00:00:00Z", "2026-03-24T12:00:00Z"
STANDS: Final[Mapping[str, Any]] = {"stands_from": FROM, "read_at": READ}
GOOD = uv_lock("svc", "litellm==1.82.6")
DAMAGED = '[[package]]\nname = "litellm\n'
CUT = '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"na'


@pytest.fixture
def graph(work: Path) -> Iterator[Graph]:
    """A graph that knows the incident; the folder at hand is empty but for that."""
    with open_graph(str(work.parent / "graph"), create=True) as opened:
        put(work.parent / "case.yaml", INCIDENT)
        assert not opened.ingest("advisory", [str(work.parent / "case.yaml")]).rejected
        yield opened


def judged(graph: Graph) -> dict[str, ServiceVerdict]:
    return {one.service: one for one in graph.blast("case-1").services}


def said_of(work: Path, graph: Graph, **service: Any) -> ServiceVerdict:
    """Return what is said of a service that an organisation file speaks of."""
    text = {"schema": "graphkit.organisation/1", "services": [{"name": "svc", **service}]}
    put(work / "org.json", json.dumps(text))
    graph.ingest("org", ["org.json"])
    return judged(graph)["svc"]


# Organisation files


@pytest.mark.parametrize("content", [DAMAGED, "", None, "# nothing\n"])
@pytest.mark.parametrize("path", ["b/poetry.lock", "other.lock", "Dockerfile"])
def test_an_input_that_an_organisation_names_leaves_its_stretch_open(
    graph: Graph, work: Path, path: str, content: str | None
) -> None:
    put(work / "uv.lock", GOOD)
    if content is not None:
        put(work / path, content)
    found = said_of(work, graph, documents=[{"path": one, **STANDS} for one in ("uv.lock", path)])
    assert (found.verdict, path in found.reason) == (Verdict.UNKNOWN, True)
    chosen = said_of(
        work, graph, documents=[{"path": one, **STANDS} for one in ("uv.lock", path)], installs_from=["uv.lock"]
    )
    assert chosen.verdict is Verdict.CLEARED


def test_what_was_mended_is_what_is_known(graph: Graph, work: Path) -> None:
    put(work / "uv.lock", GOOD)
    put(work / "bom.json", CUT)
    documents = [{"path": "uv.lock", **STANDS}, {"path": "bom.json", "built_at": BUILT}]
    assert said_of(work, graph, documents=documents).verdict is Verdict.UNKNOWN
    put(work / "bom.json", whole_sbom("svc", "litellm==1.82.6"))
    assert said_of(work, graph, documents=documents).verdict is Verdict.CLEARED


@pytest.mark.parametrize("part", ["document", "lock", "manifest"])
@pytest.mark.parametrize("others", [{}, {"document": "bom.json"}, {"lock": "uv.lock"}, {"manifest": "requirements.in"}])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_build_of_which_a_part_cannot_be_read_stays_open(
    graph: Graph, work: Path, part: str, others: dict[str, str], *, is_there: bool
) -> None:
    put(work / "uv.lock", GOOD)
    put(work / "bom.json", whole_sbom("svc", "litellm==1.82.6"))
    put(work / "requirements.in", "litellm<1.82.7\n")
    name = "cut.cdx.json" if part == "document" else "cut.lock"
    if is_there:
        put(work / name, CUT if part == "document" else DAMAGED)
    build = {"at": BUILT, **others, part: name}
    documents = [{"path": "uv.lock", **STANDS}]
    found = said_of(work, graph, documents=documents, builds={"complete": True, "known": [build]})
    assert (found.verdict, name in found.reason) == (Verdict.UNKNOWN, True)


def test_an_exposure_stands_beside_what_cannot_be_read(graph: Graph, work: Path) -> None:
    put(work / "bad.txt", BAD)
    put(work / "requirements.in", "litellm>=1\n")
    build = {"at": BUILT, "document": "gone.json", "lock": "bad.txt"}
    found = said_of(work, graph, builds={"complete": True, "known": [build]})
    assert found.verdict is Verdict.OBSERVED
    documents = [{"path": "bad.txt", **STANDS}]
    build = {"at": BUILT, "document": "gone.json"}
    found = said_of(work, graph, documents=documents, builds={"complete": True, "known": [build]})
    assert found.verdict is Verdict.OBSERVED


def test_a_document_of_a_build_that_cannot_be_read_is_a_build(graph: Graph, work: Path) -> None:
    put(work / "bom.json", whole_sbom("svc", "litellm==1.82.6"))
    documents = [{"path": one, "built_at": BUILT} for one in ("bom.json", "gone.json")]
    found = said_of(work, graph, documents=documents, builds="complete")
    assert (found.verdict, "gone.json: it could not be read" in found.reason) == (Verdict.UNKNOWN, True)


# Folders


def secret(path: Path, name: str) -> bytes:
    """Return the bytes of a file, which one of some name does not give."""
    if path.name == name:
        raise PermissionError(13, "Permission denied", str(path))
    return path.read_bytes()


@pytest.mark.parametrize("service", ["svc", None])
@pytest.mark.parametrize("name", ["poetry.lock", "pyproject.toml", "Dockerfile", "requirements.txt"])
@pytest.mark.parametrize("how", ["damaged", "secret", "link", "dangling", "loop"])
def test_an_input_of_a_folder_leaves_the_service_open(
    graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch, service: str | None, name: str, how: str
) -> None:
    put(work / "in" / "uv.lock", GOOD)
    if how == "damaged":
        if name in {"Dockerfile", "requirements.txt"}:
            pytest.skip("any bytes are lines of one")
        put(work / "in" / name, '[project]\nname = "svc\n' if name == "pyproject.toml" else DAMAGED)
    elif how == "secret":
        put(work / "in" / name, GOOD)
        monkeypatch.setattr(files, "_bytes_of", lambda path: secret(path, name))
    else:
        put(work / "elsewhere", BAD)
        (work / "in" / name).symlink_to({"link": "../elsewhere", "dangling": "gone"}.get(how, name))
    report = graph.ingest("lock", ["in"], service=service, **STANDS)
    assert [one.path for one in report.rejected] == ([name] if how in {"damaged", "secret"} else [])
    found = judged(graph)["svc"]
    assert (found.verdict, name in found.reason) == (Verdict.UNKNOWN, True)


def test_an_input_behind_a_link_to_a_folder_elsewhere_leaves_the_service_open(graph: Graph, work: Path) -> None:
    put(work / "in" / "uv.lock", GOOD)
    put(work / "out" / "app" / "Dockerfile", "RUN pip install x")
    put(work / "env" / "pyvenv.cfg", "")
    put(work / "env" / "bin" / "install.sh", "pip install x")
    put(work / "data" / "rows.csv", "a")
    for name in ("env", "data"):
        (work / "in" / name).symlink_to(f"../{name}")
    graph.ingest("lock", ["in"], service="svc", **STANDS)
    assert judged(graph)["svc"].verdict is Verdict.CLEARED
    (work / "in" / "docker").symlink_to("../out")
    graph.ingest("lock", ["in"], service="svc", **STANDS)
    found = judged(graph)["svc"]
    assert (found.verdict, "docker/app/Dockerfile" in found.reason) == (Verdict.UNKNOWN, True)


def test_what_lies_in_a_folder_and_is_no_input_leaves_nothing_open(
    graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(work / "in" / "uv.lock", GOOD)
    put(work / "in" / "pyproject.toml", "[tool.black]\nline-length = 100\n")
    put(work / "in" / "requirements.txt", "What we need from you:\n\nA name and an address.\n")
    put(work / "in" / "osv.json", '{"id": "X-1", "modified": "2026", "affected": 5}')
    put(work / "in" / "secret.bin", BAD)
    monkeypatch.setattr(files, "_bytes_of", lambda path: secret(path, "secret.bin"))
    (work / "in" / "notes").symlink_to(put(work / "elsewhere", "x"))
    graph.ingest("lock", ["in"], service="svc", **STANDS)
    assert judged(graph)["svc"].verdict is Verdict.CLEARED


@pytest.mark.parametrize("how", ["secret", "link"])
def test_of_a_wheel_that_cannot_be_read_the_name_counts(
    graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Wheels may be larger than what is read; in a history their names count, too."""
    put(work / "in" / "uv.lock", GOOD)
    name = "litellm-1.82.8-py3-none-any.whl"
    wheel = put(work / ("in/vendor" if how == "secret" else "elsewhere") / name, "PK")
    if how == "link":
        (work / "in" / "vendor").mkdir()
        (work / "in" / "vendor" / name).symlink_to(wheel)
    monkeypatch.setattr(files, "_bytes_of", lambda path: secret(path, name))
    report = graph.ingest("lock", ["in"], **STANDS)
    assert [one.path for one in report.rejected] == ([f"vendor/{name}"] if how == "secret" else [])
    found = judged(graph)["svc"]
    assert (found.verdict, found.basis) == (Verdict.OBSERVED, "listed")


def test_a_lock_that_cannot_be_read_is_a_service_of_its_own_where_none_is_beside_it(graph: Graph, work: Path) -> None:
    put(work / "in" / "uv.lock", GOOD)
    put(work / "in" / "b" / "poetry.lock", DAMAGED)
    graph.ingest("lock", ["in"], **STANDS)
    assert {name: one.verdict for name, one in judged(graph).items()} == {
        "svc": Verdict.CLEARED,
        "b/poetry.lock": Verdict.UNKNOWN,
    }


@pytest.mark.parametrize("kind", ["sbom", "lock", "env"])
def test_a_file_that_is_named_for_a_service_leaves_it_open(graph: Graph, work: Path, kind: str) -> None:
    put(work / "uv.lock", GOOD)
    put(work / "cut.json", CUT)
    graph.ingest("lock", ["uv.lock"], service="svc", **STANDS)
    assert judged(graph)["svc"].verdict is Verdict.CLEARED
    assert graph.ingest(kind, ["cut.json"], service="svc", built_at=BUILT).rejected
    found = judged(graph)["svc"]
    assert (found.verdict, "cut.json" in found.reason) == (Verdict.UNKNOWN, True)


def test_a_lock_in_an_archive_leaves_the_service_open(graph: Graph, work: Path) -> None:
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as archive:
        archive.writestr("uv.lock", GOOD)
        archive.writestr("poetry.lock", DAMAGED)
    put(work / "all.zip", inside.getvalue())
    graph.ingest("lock", ["all.zip"], service="svc", **STANDS)
    found = judged(graph)["svc"]
    assert (found.verdict, "all.zip/poetry.lock" in found.reason) == (Verdict.UNKNOWN, True)


def test_bytes_that_another_name_lets_read_are_read(graph: Graph, work: Path) -> None:
    put(work / "a" / "poetry.lock", BAD)
    put(work / "b" / "requirements.txt", BAD)
    for folder in ("a", "b"):
        graph.ingest("lock", [folder], service=folder, **STANDS)
    assert judged(graph)["b"].verdict is Verdict.OBSERVED


# Histories


@pytest.mark.parametrize("name", ["Dockerfile", "requirements.txt", "poetry.lock", "n.ipynb", "x.py"])
@pytest.mark.parametrize("how", ["missing", "link"])
def test_a_state_of_a_history_that_cannot_be_read_leaves_its_stretch_open(
    graph: Graph, work: Path, name: str, how: str
) -> None:
    text = f"# /// script\n# dependencies = ['a']\n# ///\n{BAD}RUN pip install litellm\n"
    put(work / "shop" / "uv.lock", GOOD)
    git(work / "shop", "init", "--quiet", "--initial-branch=main")
    if how == "link":  # one that leads to a file of the repository is read, for locks and lists
        put(work / "elsewhere" / "recipe", text)
        (work / "shop" / name).symlink_to("../elsewhere/recipe")
    else:
        put(work / "shop" / name, text)
    git(work / "shop", "add", ".")
    git(work / "shop", "commit", "-qm", "all")
    if how == "missing":
        blob = git(work / "shop", "rev-parse", f"HEAD:{name}")
        (work / "shop" / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    graph.ingest("lock", ["shop"], service="svc", read_at=READ)
    found = judged(graph)["svc"]
    assert (found.verdict, f"{name}: it could not be read" in found.reason) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize("text", ['{"bomForm', "", '{"bomFormat": "Cyc'])
def test_an_sbom_of_a_folder_that_was_cut_in_its_first_bytes_is_named(graph: Graph, work: Path, text: str) -> None:
    put(work / "a" / "bom.json", text)
    report = graph.ingest("sbom", ["a"])
    assert [one.path for one in report.rejected] == ["bom.json"]
    assert "looks like an SBOM that was cut off or damaged" in str(report.rejected[0])


def test_a_manifest_of_a_folder_that_was_cut_is_named(graph: Graph, work: Path) -> None:
    put(work / "a" / "pyproject.toml", "[proj")
    assert [one.path for one in graph.ingest("lock", ["a"]).rejected] == ["pyproject.toml"]


@pytest.mark.parametrize("named", [["a"], ["a/uv.lock"]])
def test_the_mended_file_takes_the_place_of_the_damaged_one(graph: Graph, work: Path, named: list[str]) -> None:
    put(work / "a" / "uv.lock", 'version = 1\n[[package]]\nname = "lite')
    assert graph.ingest("lock", named, service="svc", **STANDS).rejected
    assert judged(graph)["svc"].verdict is Verdict.UNKNOWN
    put(work / "a" / "uv.lock", GOOD)
    graph.ingest("lock", named, service="svc", **STANDS)
    assert judged(graph)["svc"].verdict is Verdict.CLEARED
    put(work / "a" / "uv.lock", "damaged again")
    graph.ingest("lock", named, service="svc", **STANDS)
    assert judged(graph)["svc"].verdict is Verdict.UNKNOWN
