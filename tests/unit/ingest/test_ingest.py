"""Feeding a graph: what is found, recognised, named, kept, refused; one odd input never stops the rest."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
import stamina

from graphkit import formats as documents
from graphkit.api import Graph, open_graph
from graphkit.formats.interface import RawDocument
from graphkit.model.answers import Holding, IngestReport
from graphkit.model.documents import Basis, Document, DocumentKind, InstallCommand
from graphkit.model.errors import GraphkitError, UsageError
from graphkit.model.organisation import DocumentUse
from graphkit.model.source_kinds import SOURCE_KINDS
from graphkit.model.times import exactly, instant, moment
from tests.unit.cli.inputs import (
    BAD,
    GOOD,
    INCIDENT,
    MADE,
    NOWHERE,
    osv,
    put,
    recorded_slice,
    sbom,
    unreadable,
    uv_lock,
)

LOCKS = {
    "uv.lock": uv_lock("a", "litellm==1.82.6"),
    "poetry.lock": '[[package]]\nname = "a"\nversion = "1"\nfiles = []\n[metadata]\nlock-version = "2.1"\n'
    'python-versions = "*"\ncontent-hash = "00"\n',
    "pdm.lock": '[metadata]\nlock_version = "4.5.0"\n[[package]]\nname = "a"\nversion = "1"\n',
    "Pipfile.lock": '{"_meta": {"pipfile-spec": 6}, "default": {"a": {"version": "==1"}}, "develop": {}}',
    "pylock.toml": 'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "a"\nversion = "1"\n',
    "pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["litellm"]\n',
}


def rows(graph: Graph) -> tuple[Holding, ...]:
    return graph.who_has("litellm").matches


def services(graph: Graph) -> list[str]:
    return sorted({row.service for row in rows(graph)})


def counts(report: IngestReport) -> tuple[int, int, int]:
    return report.read, report.new, report.unchanged


def rejected(report: IngestReport) -> dict[str, str]:
    return {one.path: one.problem for one in report.rejected}


def uses(graph: Graph) -> list[DocumentUse]:
    return list(graph._store.reader().evidence().organisation().uses)


# What a file is


@pytest.mark.parametrize("kind", ["sbom", "lock", "env"])
def test_content_decides_what_a_file_is_and_its_name_never_does(graph: Graph, work: Path, kind: str) -> None:
    put(work / "in" / "notes.txt", sbom("shop", "litellm==1.82.8"))
    put(work / "in" / "bom.json", uv_lock("till", "litellm==1.82.8"))
    put(work / "in" / "uv.lock", BAD)
    put(work / "in" / "requirements.txt.gz", gzip.compress(sbom("zipped", "litellm==1.82.8").encode()))
    report = graph.ingest(kind, ["in"])
    assert (counts(report), report.rejected, report.unrecognised) == ((4, 4, 0), (), ())
    assert services(graph) == ["shop", "till", "uv.lock", "zipped"]


def test_the_kind_breaks_the_tie_of_a_pinned_list(graph: Graph, work: Path) -> None:
    put(work / "frozen.txt", BAD)
    graph.ingest("env", ["frozen.txt"], built_at="2026-03-24T11:00:00Z")
    build = graph.blast("litellm==1.82.8").services[0].builds[0]
    assert (build.basis, str(build.at)) == ("installed", "2026-03-24T11:00:00Z")


def test_unrecognised_in_a_folder_is_listed_and_named_it_is_rejected(graph: Graph, work: Path) -> None:
    put(work / "in" / "README.md", "# Read me\n")
    put(work / "in" / "logo.png", b"\x89PNG\r\n\x1a\n\0\0\0")
    put(work / "in" / "empty", "")
    put(work / "in" / "deep" / "er" / "data.json", "{}")
    put(work / "in" / "app.txt", BAD)
    report = graph.ingest("sbom", ["in"])
    assert report.unrecognised == ("README.md", "deep/er/data.json", "empty", "logo.png")
    assert (counts(report), report.rejected) == ((1, 1, 0), ())
    named = graph.ingest("sbom", ["in/README.md", "in/logo.png", "in/empty", "in/deep/er/data.json"])
    assert sorted(rejected(named)) == ["in/README.md", "in/deep/er/data.json", "in/empty", "in/logo.png"]
    assert all("no reader knows it" in problem for problem in rejected(named).values())
    assert (counts(named), named.unrecognised) == ((0, 0, 0), ())


def test_an_empty_file_given_by_name_is_no_lock_and_in_a_folder_asks_for_nothing(graph: Graph, work: Path) -> None:
    put(work / "in" / "requirements.txt", "# nothing\n")
    (problem,) = rejected(graph.ingest("lock", ["in/requirements.txt"])).values()
    assert problem.startswith("lists nothing")
    assert counts(graph.ingest("lock", ["in"])) == (1, 1, 0)


def test_advisories_met_on_the_way_are_read_as_advisories(graph: Graph, work: Path) -> None:
    put(work / "in" / "GHSA-1.json", osv("GHSA-1"))
    put(work / "in" / "app.txt", BAD)
    report = graph.ingest("lock", ["in"])
    assert (report.read, report.rejected, report.unrecognised) == (2, (), ())
    assert report.notes == ("GHSA-1.json is an advisory and was read as one",)
    assert graph.blast("GHSA-1").summary.services[0] == ("observed", 1)


# Where it is and what it is called


def test_folders_are_walked_and_paths_are_relative_to_the_folder_given(graph: Graph, work: Path) -> None:
    put(work / "in" / "b" / "two.txt", BAD)
    put(work / "in" / "a" / "c" / "one.txt", GOOD)
    put(work / "in" / ".git" / "hidden.txt", f"{MADE}litellm==1.0\n")
    put(work / "in" / ".venv" / "seen.txt", f"{MADE}litellm==1.1\n")
    graph.ingest("lock", [str(work / "in")])
    assert services(graph) == [".venv/seen.txt", "a/c/one.txt", "b/two.txt"]
    assert [row.document.path for row in rows(graph)] == services(graph)


def test_a_graph_inside_the_folder_is_passed_over(work: Path) -> None:
    put(work / "in" / "a.txt", BAD)
    with open_graph("in/graph", create=True) as graph:
        for _ in range(3):
            report = graph.ingest("lock", ["in"])
            assert (report.read, report.rejected, report.unrecognised) == (1, (), ())
            assert services(graph) == ["a.txt"]
        put(work / "in" / "b.txt", GOOD)
        assert counts(graph.ingest("lock", ["."])) == (2, 1, 1)


@pytest.mark.parametrize("kind", ["lock", "org", "advisory", "index"])
def test_an_empty_word_is_not_the_folder_at_hand(graph: Graph, work: Path, kind: str) -> None:
    put(work / "a.txt", BAD)
    report = graph.ingest(kind, [""])
    assert (report.read, len(report.rejected), report.unrecognised) == (0, 1, ())


def test_a_named_file_goes_by_the_path_given_and_never_by_this_machines(graph: Graph, work: Path) -> None:
    put(work / "in" / "one.txt", BAD)
    put(work.parent / "two.txt", GOOD)
    put(work / "three.txt", f"{MADE}litellm==1\n")
    graph.ingest("lock", ["in/one.txt", "../two.txt", str(work / "three.txt")])
    assert services(graph) == ["in/one.txt", "three.txt", "two.txt"]


def test_a_service_is_named_by_the_option_else_the_subject_else_the_path(graph: Graph, work: Path) -> None:
    put(work / "in" / "with.json", sbom("shop", "litellm==1.82.8"))
    put(work / "in" / "without.json", sbom("", "litellm==1.82.7"))
    put(work / "in" / "blank.json", sbom("  ", "litellm==1.82.6"))
    put(work / "told.json", sbom("subject", "litellm==1.82.5"))
    graph.ingest("sbom", ["in"])
    graph.ingest("sbom", ["told.json"], service=" payments ")
    assert services(graph) == ["blank.json", "payments", "shop", "without.json"]


def test_the_organisation_files_name_comes_before_the_documents_own(graph: Graph, work: Path) -> None:
    put(work / "shop.json", sbom("subject", "litellm==1.82.8"))
    graph.ingest("sbom", ["shop.json"])
    assert services(graph) == ["subject"]
    services_ = "services:\n- name: shop\n  documents:\n  - path: shop.json\n"
    put(work / "org.yaml", f"schema: graphkit.organisation/1\n{services_}")
    report = graph.ingest("org", ["org.yaml"])
    assert report.rejected == ()
    assert services(graph) == ["shop"]
    graph.ingest("sbom", ["shop.json"])
    assert services(graph) == ["shop"]


def test_the_company_that_runs_it_is_kept_or_null(graph: Graph, work: Path) -> None:
    put(work / "a.txt", BAD)
    put(work / "b.txt", GOOD)
    graph.ingest("lock", ["a.txt"], company="acme", service="till")
    graph.ingest("lock", ["b.txt"])
    answer = graph.blast("litellm==1.82.8")
    assert {one.service: one.company for one in answer.services} == {"till": "acme", "b.txt": None}
    assert [(row.company, row.services) for row in answer.companies] == [("acme", ("till",))]


def test_times_and_branch_go_to_what_they_are_said_of(graph: Graph, work: Path) -> None:
    put(work / "lock.txt", BAD)
    put(work / "bom.json", sbom("shop", "litellm==1.82.8"))
    told: dict[str, Any] = {"built_at": "2026-03-24T12:00:00+01:00", "read_at": "2026-03-25", "branch": "main"}
    graph.ingest("lock", ["lock.txt", "bom.json"], stands_from="2026-03-01T00:00Z", complete=True, **told)
    noon, later = exactly(instant("2026-03-24T11:00:00Z")), moment("2026-03-25")
    found = {(use.path, use.built_at is not None): use for use in uses(graph)}
    lock, build, bom = found["lock.txt", False], found["lock.txt", True], found["bom.json", True]
    start = exactly(instant("2026-03-01T00:00Z"))
    assert (lock.stands_from, lock.built_at, lock.read_at, lock.branch) == (start, None, later, "main")
    assert (build.stands_from, build.built_at, build.read_at) == (None, noon, None)  # a build that used it
    assert (bom.stands_from, bom.built_at, bom.read_at) == (None, noon, later)
    assert lock.is_complete
    assert bom.is_complete


def test_what_the_clock_says_is_taken_where_a_person_says_so(graph: Graph, work: Path) -> None:
    put(work / "lock.txt", BAD)
    before = instant(dt.datetime.now(dt.UTC))
    graph.ingest("lock", ["lock.txt"], service="till", read_at="now")
    (use,) = uses(graph)
    assert use.read_at is not None
    assert use.read_at.is_exact
    assert before <= use.read_at.earliest <= instant(dt.datetime.now(dt.UTC))


@pytest.mark.parametrize(
    "form", ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "pyproject.toml"]
)
def test_every_kind_of_input_may_be_said_to_stand(graph: Graph, work: Path, form: str) -> None:
    put(work / form, LOCKS[form])
    told = {"stands_from": "2026-03-01T00:00:00Z", "read_at": "2026-04-01T00:00:00Z"}
    report = graph.ingest("lock", [form], service="svc", stands_from=told["stands_from"], read_at=told["read_at"])
    assert report.rejected == ()
    (use,) = uses(graph)
    assert {name: str(getattr(use, name)) for name in told} == told


def test_inputs_are_told_apart_by_the_folder_given(graph: Graph, work: Path) -> None:
    put(work / "r1" / "requirements.txt", GOOD)
    put(work / "r2" / "requirements.txt", f"{GOOD}# two\n")
    put(work / "r3" / "a" / "requirements.txt", f"{GOOD}# three\n")
    put(work / "x" / "r3" / "requirements.txt", f"{GOOD}# four\n")
    put(work / "requirements.txt", f"{GOOD}# five\n")
    put(work / "bom.json", sbom("shop", "litellm==1.82.6"))
    graph.ingest("lock", ["r1", "r2/requirements.txt"], service="svc")
    graph.ingest("lock", [str(work / "r3"), str(work / "x" / "r3"), "requirements.txt", "bom.json"], service="svc")
    assert sorted((use.repository, use.path) for use in uses(graph)) == [
        ("", "bom.json"),
        ("", "r2/requirements.txt"),
        ("", "requirements.txt"),
        ("r1", "requirements.txt"),
        (f"{work.name}/r3", "a/requirements.txt"),
        ("x/r3", "requirements.txt"),
    ]


def test_what_a_service_installs_from_is_kept_as_its_own_word(graph: Graph, work: Path) -> None:
    put(work / "uv.lock", BAD)
    graph.ingest("lock", ["uv.lock"], service="svc", installs_from=["uv.lock", "app\\uv.lock"])
    services_ = graph._store.reader().evidence().organisation().services
    assert [(one.id, one.installs_from) for one in services_] == [("svc", ("app/uv.lock", "uv.lock"))]


@pytest.mark.parametrize("options", [{"installs_from": ["uv.lock"]}, {"installs_from": ["/x"], "service": "svc"}])
def test_a_word_that_is_nobodys_or_names_no_input_is_refused(graph: Graph, work: Path, options: dict[str, Any]) -> None:
    put(work / "uv.lock", BAD)
    with pytest.raises(UsageError, match="--installs-from"):
        graph.ingest("lock", ["uv.lock"], **options)


NO_LISTS = {
    "LICENSE": "MIT\n",
    "AUTHORS": "Ada\nGrace\n",
    ".gitignore": "build\ndist\n*.pyc\n",
    "VERSION": "1.2.3\n",
    "words.txt": "apple\nbanana\ncherry\n",
    "robots.txt": "User-agent: *\nDisallow: /\n",
    "CODEOWNERS": "@acme/shop\n",
}


@pytest.mark.parametrize("kind", ["lock", "env", "sbom"])
def test_words_in_a_folder_are_no_requirements(graph: Graph, work: Path, kind: str) -> None:
    for name, text in NO_LISTS.items():
        put(work / "in" / name, text)
    put(work / "in" / "requirements.txt", f"litellm\nwhat is this?\n{GOOD}")
    report = graph.ingest(kind, ["in"])
    assert (report.read, report.rejected, report.problems) == (1, (), 1)
    assert set(report.unrecognised) == NO_LISTS.keys()
    assert graph.ingest(kind, ["in/words.txt"]).read == (kind != "sbom")  # named, it is what the person says


class Scripts:
    """A reader of files that can install, as far as these tests need one."""

    format = "script"

    def claims(self, raw: RawDocument) -> bool:
        return b"RUN" in raw.data

    def parse(self, raw: RawDocument) -> Document:
        wanted = tuple(InstallCommand(place="line 1", text="pip install a") for _ in range(raw.data.count(b"install")))
        sha, kind = hashlib.sha256(raw.data).hexdigest(), DocumentKind.SCRIPT
        return Document(sha256=sha, path=raw.path, kind=kind, format="script", basis=Basis.LISTED, commands=wanted)


def test_scripts_of_a_folder_are_of_the_services_beside_them(
    graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = (*(one for one in documents.readers() if one.format != "install commands"), Scripts())
    monkeypatch.setattr(documents, "readers", lambda: known)
    put(work / "in" / "a" / "uv.lock", uv_lock("till", "litellm==1.82.6"))
    put(work / "in" / "b" / "requirements.txt", GOOD)
    put(work / "in" / "a" / "ci" / "x.sh", "RUN install\n")
    put(work / "in" / "Dockerfile", "RUN install install\n")
    put(work / "in" / "quiet.sh", "RUN\n")
    put(work / "alone" / "Dockerfile", "RUN install # alone\n")
    assert graph.ingest("sbom", ["in"]).unrecognised == ("Dockerfile", "a/ci/x.sh", "quiet.sh")
    report = graph.ingest("lock", ["in", "alone"])
    assert (report.read, report.rejected, report.unrecognised) == (5, (), ("quiet.sh",))
    of = {(use.service, use.repository, use.path) for use in uses(graph) if use.path.endswith(("Dockerfile", "x.sh"))}
    assert of == {
        ("till", "in", "a/ci/x.sh"),
        ("till", "in", "Dockerfile"),
        ("b/requirements.txt", "in", "Dockerfile"),
        ("alone", "alone", "Dockerfile"),
    }
    graph.ingest("lock", ["in"], service="all")
    assert {use.path for use in uses(graph) if use.service == "all"} == {
        "Dockerfile",
        "a/ci/x.sh",
        "a/uv.lock",
        "b/requirements.txt",
    }


LIST = "# packages in environment at /x:\n#\n# Name Version Build Channel\nlitellm 1.82.8 pypi_0 pypi\n"
REPORT = (
    '{"version": "1", "pip_version": "26", "install": [{"metadata": {"name": "litellm", "version": "1.82.8"}, '
    '"download_info": {"url": "https://files.example/litellm-1.82.8.tar.gz"}, "is_direct": false}], "environment": {}}'
)
OF_CONDA = {
    "app/environment.yml": "channels: []\ndependencies:\n- numpy\n- pip:\n  - -r ../deps.list\n",
    "app/conda-lock.yml": "version: 1\nmetadata:\n  content_hash: {}\npackage:\n- name: litellm\n  version: 1.82.8\n"
    "  manager: pip\n  platform: linux-64\n  url: https://files.example/litellm-1.82.8.tar.gz\n",
    "app/conda-linux-64.lock": "# Generated by conda-lock.\n@EXPLICIT\n# pip litellm == 1.82.8\n",
    "app/pixi.lock": "version: 6\nenvironments: {}\npackages:\n- pypi: https://files.example/litellm-1.82.8.tar.gz\n",
    "evidence/list.txt": LIST,
    "evidence/list.json": '[{"base_url": "", "build_string": "pypi_0", "channel": "pypi", "dist_name": "", '
    '"name": "litellm", "version": "1.82.8"}]',
    "evidence/report.json": REPORT,
}


@pytest.mark.parametrize("kind", ["sbom", "lock", "env"])
def test_what_pip_and_conda_write_is_found_in_folders(graph: Graph, work: Path, kind: str) -> None:
    for name, text in {**OF_CONDA, "deps.list": "litellm\n"}.items():
        put(work / "in" / name, text)
    report = graph.ingest(kind, ["in"])
    assert (report.rejected, report.unrecognised) == ((), ("deps.list",))
    assert {use.path for use in uses(graph)} == set(OF_CONDA)
    assert {row.document.path for row in rows(graph)} == set(OF_CONDA) - {"app/environment.yml"}
    environment = next(use for use in uses(graph) if use.path == "app/environment.yml")
    asked = graph._store.reader().evidence().document(environment.document).requirements
    assert [str(one) for one in asked] == ["litellm"]
    again = graph.ingest(kind, ["in"])
    assert (again.read, again.new) == (report.read, 0)


@pytest.mark.parametrize("name", ["conda-lock.yml", "pixi.lock"])
def test_a_lock_of_conda_that_nobody_can_read_was_there_all_the_same(graph: Graph, work: Path, name: str) -> None:
    put(work / "in" / name, "version: 1\n")
    report = graph.ingest("lock", ["in"])
    assert set(rejected(report)) == {name}
    assert [use.path for use in uses(graph)] == [name]


def test_an_archive_in_which_nothing_can_be_read_is_refused_by_name(graph: Graph, work: Path) -> None:
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as archive:
        archive.writestr("read.me", "hello, world")
    put(work / "in" / "all.zip", inside.getvalue())
    assert "nothing can be read" in rejected(graph.ingest("sbom", ["in/all.zip"]))["in/all.zip"]
    assert graph.ingest("sbom", ["in"]).rejected == ()


def test_a_branch_told_later_of_a_known_lock_is_kept(graph: Graph, work: Path) -> None:
    put(work / "lock.txt", BAD)
    graph.ingest("lock", ["lock.txt"])
    graph.ingest("lock", ["lock.txt"], branch="main")
    assert {use.branch for use in uses(graph)} == {"main"}


# The same again


def test_the_same_files_a_second_time_do_nothing(graph: Graph, work: Path) -> None:
    put(work / "in" / "a.txt", BAD)
    put(work / "in" / "b.json", sbom("shop", "litellm==1.82.8"))
    put(work / "in" / "c.json", osv())
    first = graph.ingest("lock", ["in"])
    before = graph.stats()
    second = graph.ingest("lock", ["in"])
    assert (first.read, second.read, second.new) == (3, 3, 0)
    assert counts(second)[1:] == (0, 3)
    assert graph.stats() == before


def test_a_list_with_the_files_that_it_includes_is_new_once(graph: Graph, work: Path) -> None:
    put(work / "in" / "requirements.txt", "-r other.list\nlitellm==1.82.6\n")
    put(work / "in" / "other.list", "a\n")
    assert counts(graph.ingest("lock", ["in"])) == (1, 1, 0)
    assert counts(graph.ingest("lock", ["in"])) == (1, 0, 1)


def test_the_same_bytes_at_two_paths_are_two_services_in_one_run(graph: Graph, work: Path) -> None:
    put(work / "a" / "requirements.txt", BAD)
    put(work / "b" / "requirements.txt", BAD)
    assert counts(graph.ingest("lock", ["."])) == (2, 1, 1)
    assert services(graph) == ["a/requirements.txt", "b/requirements.txt"]


def test_the_same_bytes_at_another_path_are_another_service_in_a_later_run(graph: Graph, work: Path) -> None:
    put(work / "a" / "requirements.txt", BAD)
    put(work / "b" / "requirements.txt", BAD)
    graph.ingest("lock", ["a/requirements.txt"])
    assert counts(graph.ingest("lock", ["b/requirements.txt"])) == (1, 0, 1)
    assert services(graph) == ["a/requirements.txt", "b/requirements.txt"]


def test_the_same_bytes_for_another_service_are_kept_for_it(graph: Graph, work: Path) -> None:
    put(work / "lock.txt", BAD)
    graph.ingest("lock", ["lock.txt"], service="till")
    assert counts(graph.ingest("lock", ["lock.txt"], service="shop")) == (1, 0, 1)
    assert services(graph) == ["shop", "till"]


def test_many_identical_files_are_as_many_services_whatever_the_batch(graph: Graph, work: Path) -> None:
    for number in range(600):
        put(work / "in" / f"{number:03}.txt", BAD)
    report = graph.ingest("lock", ["in"])
    assert counts(report) == (600, 1, 599)
    assert len(services(graph)) == 600


# What is odd


def test_a_broken_file_is_rejected_with_its_place_and_the_rest_goes_on(graph: Graph, work: Path) -> None:
    put(work / "in" / "a.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [')
    put(work / "in" / "b.lock", 'version = 1\n[[package]]\nname = "x\n')
    put(work / "in" / "c.json", sbom("", specVersion="9.9"))
    put(work / "in" / "d.txt.gz", gzip.compress(BAD.encode())[:-9])
    put(work / "in" / "z.txt", BAD)
    report = graph.ingest("sbom", ["in"])
    assert report.read == 1
    assert services(graph) == ["z.txt"]
    assert set(rejected(report)) >= {"a.json", "c.json", "d.txt.gz"}
    assert {one.path: one.place for one in report.rejected}["c.json"] == "specVersion"
    assert all(rejected(report).values())


def test_what_cannot_be_read_is_rejected_and_the_rest_goes_on(graph: Graph, work: Path) -> None:
    unreadable(work / "in" / "a.txt")
    put(work / "in" / "z.txt", BAD)
    report = graph.ingest("lock", ["in", "in/a.txt", "gone.txt", "x" * 5000])
    assert services(graph) == ["z.txt"]
    assert rejected(report)["gone.txt"] == "no such file or folder"
    assert rejected(report)["in/a.txt"].startswith("cannot be read: ")
    assert len(report.rejected) == 3


def test_a_folder_that_cannot_be_listed_is_rejected_by_its_name(
    graph: Graph, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(work / "in" / "locked" / "a.txt", BAD)
    put(work / "in" / "z.txt", GOOD)
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = graph.ingest("lock", ["in"])
    assert rejected(report) == {"locked": "cannot be read: Permission denied"}
    assert report.read == 1
    assert rejected(graph.ingest("lock", ["in/locked"])) == {"in/locked": "cannot be read: Permission denied"}


def test_links_and_pipes_in_a_folder_stop_nothing(graph: Graph, work: Path) -> None:
    put(work / "in" / "a.txt", BAD)
    (work / "in" / "dangling").symlink_to("nowhere")
    (work / "in" / "circle").symlink_to("circle")
    (work / "in" / "up").symlink_to("..")
    os.mkfifo(work / "in" / "pipe")
    report = graph.ingest("lock", ["in"])
    assert (counts(report), report.rejected) == ((1, 1, 0), ())
    named = graph.ingest("lock", ["in/dangling", "in/circle"])
    assert sorted(rejected(named)) == ["in/circle", "in/dangling"]


def test_a_named_pipe_is_read_to_its_end(graph: Graph, work: Path) -> None:
    os.mkfifo(work / "pipe")
    writer = threading.Thread(target=(work / "pipe").write_text, args=(BAD,))
    writer.start()
    report = graph.ingest("lock", ["pipe"])
    writer.join()
    assert counts(report) == (1, 1, 0)
    assert services(graph) == ["pipe"]


def test_names_that_are_no_utf_8_or_hold_controls_are_kept_apart(graph: Graph, work: Path) -> None:
    folder = os.fsencode(work / "in")
    put(work / "in" / "a\nb\x1b[31m.txt", BAD)
    for number, raw in enumerate((b"\xff.txt", b"\xfe.txt")):
        with open(folder + b"/" + raw, "w", encoding="utf-8") as file:  # noqa: PTH123 - bytes
            file.write(f"{MADE}litellm=={number}\n")
    report = graph.ingest("lock", ["in"])
    assert (counts(report), report.rejected) == ((3, 3, 0), ())
    assert services(graph) == [r"\xfe.txt", r"\xff.txt", "a\nb\x1b[31m.txt"]


def test_problems_are_counted_and_the_worst_named(graph: Graph, work: Path) -> None:
    for number in range(7):
        odd = [{"type": "library", "name": f"x{i}", "purl": "pkg:::"} for i in range(number)]
        put(work / "in" / f"{number}.json", sbom(f"s{number}", "litellm==1", components=odd))
    report = graph.ingest("sbom", ["in"])
    assert report.problems >= 21
    assert [path for path, _ in report.worst] == [f"{number}.json" for number in (6, 5, 4, 3, 2)]
    assert len(graph.stats().problems) == report.problems


# Options that make no sense


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"built_at": "yesterday"}, "(?i)yesterday"),
        ({"stands_from": "2026-03-25T00:00Z", "read_at": "2026-03-24T00:00Z"}, "--stands-from must be before"),
        ({"read_at": "2026-13-01"}, "2026-13-01"),
        ({"as_of": "soon"}, "(?i)soon"),
        ({"window_from": "2026-03-24"}, "--until"),
        ({"window_until": "2026-03-24"}, "--from"),
        ({"window_from": "2026-03-25", "window_until": "2026-03-24"}, "before"),
        ({"service": "  "}, "service"),
        ({"company": ""}, "company"),
        ({"service": "\udcff"}, "service"),
        ({"company": "\udcff"}, "company"),
        ({"branch": "\udcff"}, "branch"),
    ],
)
def test_an_option_that_makes_no_sense_is_a_usage_error(
    graph: Graph, work: Path, options: dict[str, Any], word: str
) -> None:
    put(work / "a.txt", BAD)
    kind = "lock" if options.keys() <= SOURCE_KINDS["lock"].options else "index"
    with pytest.raises(UsageError, match=word):
        graph.ingest(kind, ["a.txt"], **options)
    assert rows(graph) == ()


def test_an_unknown_kind_names_what_may_be_meant_or_the_ones_there_are(graph: Graph) -> None:
    with pytest.raises(UsageError, match=r"did you mean sbom\?"):
        graph.ingest("sboms", [])
    with pytest.raises(UsageError, match="sbom, lock, env, org, advisory, index"):
        graph.ingest("everything", [])


# Advisories and incident files


def test_advisories_and_incident_files(graph: Graph, work: Path) -> None:
    put(work / "in" / "osv.json", osv())
    put(work / "in" / "case.yaml", INCIDENT)
    put(work / "in" / "notes.md", "nothing\n")
    put(work / "in" / "broken.yaml", "schema: graphkit.incident/1\nid: x\n")
    report = graph.ingest("advisory", ["in"])
    assert (counts(report), report.unrecognised) == ((2, 2, 0), ("notes.md",))
    assert list(rejected(report)) == ["broken.yaml"]
    assert rejected(graph.ingest("advisory", ["in/notes.md"]))["in/notes.md"].endswith("docs/incident-file.md")
    assert counts(graph.ingest("advisory", ["in/osv.json", "in/case.yaml"])) == (2, 0, 2)
    assert graph.blast("case-1").incident.id == "case-1"


def test_an_archive_of_advisories_is_read_whole(graph: Graph, work: Path) -> None:
    """OSV hands out its databases so; what is no record is named, and an archive inside is not opened."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in (("A.json", osv("MAL-1")), ("B.json", osv("MAL-2")), ("C.json", "{}"), ("D.json", "{")):
            archive.writestr(name, text)
    put(work / "all.zip", held.getvalue())
    report = graph.ingest("advisory", ["all.zip"])
    assert (report.read, report.incidents) == (2, ("MAL-1", "MAL-2"))
    assert report.unrecognised == ("all.zip/C.json", "all.zip/D.json")
    assert graph.blast("MAL-2").incident.id == "MAL-2"


def test_every_advisory_of_a_large_folder_is_counted(graph: Graph, work: Path) -> None:
    records = [osv(f"GHSA-{number}") for number in range(700)]
    put(work / "all.json", f"[{','.join(records[:600])}]")
    for number, record in enumerate(records[600:]):
        put(work / "in" / f"{number}.json", record)
    assert counts(graph.ingest("advisory", ["all.json", "in"])) == (101, 700, 0)
    assert counts(graph.ingest("advisory", ["all.json", "in"])) == (101, 0, 700)


# Organisation files


ORGANISATION = """\
schema: graphkit.organisation/1
companies:
- id: acme
  name: Acme
services:
- name: till
  company: acme
  documents:
  - path: docs/good.txt
  - path: docs/gone.txt
  - path: docs/broken.json
  - path: docs/notes.md
"""


def test_an_organisation_file_with_missing_and_broken_documents_keeps_the_rest(graph: Graph, work: Path) -> None:
    put(work / "o" / "org.yaml", ORGANISATION)
    put(work / "o" / "docs" / "good.txt", BAD)
    put(work / "o" / "docs" / "broken.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [')
    put(work / "o" / "docs" / "notes.md", "# nothing\n")
    report = graph.ingest("org", ["o/org.yaml"])
    assert report.read == 1
    assert sorted(rejected(report)) == ["docs/broken.json", "docs/gone.txt", "docs/notes.md"]
    assert rejected(report)["docs/gone.txt"].startswith("cannot be read: No such file")
    answer = graph.blast("litellm==1.82.8")
    assert [(one.service, one.company, one.verdict) for one in answer.services] == [("till", "acme", "observed")]
    again = graph.ingest("org", ["o/org.yaml"])
    assert (again.new, len(again.rejected)) == (0, 3)


def test_a_build_whose_document_is_missing_is_unknown_not_gone(graph: Graph, work: Path) -> None:
    built = "  builds:\n  - at: '2026-03-24T11:00:00Z'\n    document: gone.json\n"
    put(work / "org.yaml", f"schema: graphkit.organisation/1\nservices:\n- name: till\n{built}")
    put(work / "case.yaml", INCIDENT)
    assert list(rejected(graph.ingest("org", ["org.yaml"]))) == ["gone.json"]
    graph.ingest("advisory", ["case.yaml"])
    (till,) = graph.blast("case-1").services
    assert till.verdict == "unknown"
    assert "2026-03-24T11:00:00Z" in {str(build.at) for build in till.builds}


def test_a_broken_organisation_file_names_the_place(graph: Graph, work: Path) -> None:
    put(work / "org.yaml", "schema: graphkit.organisation/1\nservices:\n- nam: till\n")
    put(work / "other.yaml", "services: []\n")
    put(work / "in" / "other.yaml", "services: []\n")
    report = graph.ingest("org", ["org.yaml", "other.yaml", "in"])
    assert "services[0]" in {one.path: one.place for one in report.rejected}["org.yaml"]
    assert rejected(report)["other.yaml"].endswith("docs/organisation-file.md")
    assert report.unrecognised == ("other.yaml",)


# The index


def test_a_recorded_slice_is_read_and_a_second_time_does_nothing(graph: Graph, work: Path) -> None:
    recorded_slice(work / "index.slice")
    first = graph.ingest("index", ["index.slice"])
    assert (first.rejected, first.new) == ((), first.read)
    assert first.read > 3
    second = graph.ingest("index", [str(work / "index.slice")])
    assert counts(second) == (first.read, 0, first.read)
    rows_ = {row.package: row.tier for row in graph.blast("litellm==1.82.8").packages}
    assert rows_ == {"app": "picked"}


@pytest.mark.parametrize("content", [b"", b"no slice", b"\xfd7zXZ\0 cut short"])
def test_a_file_that_is_no_slice_is_rejected_and_the_next_one_read(graph: Graph, work: Path, content: bytes) -> None:
    put(work / "bad.slice", content)
    recorded_slice(work / "good.slice")
    report = graph.ingest("index", [str(work / "bad.slice"), "good.slice", "gone.slice", "folder/gone"])
    assert sorted(rejected(report)) == ["bad.slice", "folder/gone", "gone.slice"]
    assert report.new > 3


def test_a_slice_that_cannot_be_read_is_rejected_and_the_next_one_read(graph: Graph, work: Path) -> None:
    unreadable(work / "bad.slice")
    recorded_slice(work / "good.slice")
    report = graph.ingest("index", ["bad.slice", "good.slice"])
    assert rejected(report)["bad.slice"].startswith("cannot be read: ")
    assert report.new > 3


@pytest.mark.parametrize("name", ["litellm", "litellm==1.82.6", "zope.interface", "crewai[litellm]", "ruamel.yaml<1"])
def test_names_are_asked_of_the_index(graph: Graph, work: Path, name: str) -> None:
    with stamina.set_testing(True, attempts=1), pytest.raises(GraphkitError, match=r"cannot be reached .*FILE"):
        graph.ingest("index", [name], index_url=NOWHERE)


@pytest.mark.parametrize(
    "name", ["no name", "-x", "a/b==1", "", "gone.slice", "uv.lock", "requirements.txt", "x/" * 5000]
)
def test_what_is_no_name_is_never_asked_of_the_index(graph: Graph, work: Path, name: str) -> None:
    report = graph.ingest("index", [name], index_url=NOWHERE)
    assert [one.problem for one in report.rejected] == ["no such file; give package names, or a recorded slice"]


def test_what_was_read_before_the_index_went_away_is_kept(graph: Graph, work: Path) -> None:
    recorded_slice(work / "index.slice")
    with stamina.set_testing(True, attempts=1), pytest.raises(GraphkitError, match="cannot be reached"):
        graph.ingest("index", ["index.slice", "gone"], index_url=NOWHERE)
    assert [row.package for row in graph.blast("litellm==1.82.8").packages] == ["app"]


@pytest.mark.parametrize(
    ("kind", "first"),
    [("lock", BAD), ("advisory", osv()), ("org", "schema: graphkit.organisation/1\nservices: [{name: till}]\n")],
)
def test_an_interruption_keeps_what_was_read(graph: Graph, work: Path, kind: str, first: str) -> None:
    put(work / "one" / "a.txt", first)
    put(work / "two" / "b.txt", first)

    def interrupt(done: int, total: int | None, what: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graph.ingest(kind, ["one", "two"], progress=interrupt)
    before = graph.stats()
    again = graph.ingest(kind, ["one"])
    assert (again.read, again.new, again.unchanged > 0) == (1, 0, True)
    assert graph.stats() == before


def test_progress_tells_what_is_at_hand_and_ends_at_the_whole(graph: Graph, work: Path) -> None:
    for name in "abc":
        put(work / "in" / f"{name}.txt", BAD)
    told: list[tuple[int, int | None, str]] = []
    graph.ingest("lock", ["in"], progress=lambda done, total, what: told.append((done, total, what)))
    assert told[0] == (0, None, "a.txt")
    assert told[-1][:2] == (3, 3)
