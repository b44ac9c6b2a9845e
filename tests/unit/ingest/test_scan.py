"""What a scan makes of folders: services by project, histories, what no commit has, and words about builds."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from graphkit.api import Graph, open_graph
from graphkit.api.answers import IngestReport
from graphkit.ingest.places import Places
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.model.ranks import Verdict
from graphkit.stores import open_store
from tests.unit.cli.inputs import BAD, GOOD, INCIDENT, put, recorded_slice, sbom, uv_lock, whole_sbom

SINCE = "2026-03-01T00:00:00Z"


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in."""
    folder = tmp_path / "code"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def git(folder: Path, *words: str, at: str = "2026-01-02T00:00:00Z") -> None:
    env = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "HOME": str(folder), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *words], cwd=folder, env=env, check=True, capture_output=True)


def repository(folder: Path, **files: str) -> Path:
    """Return a repository with one commit of files; two underscores in a name are a slash, one is a dot."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    for name, text in files.items():
        put(folder / name.replace("__", "/").replace("_", "."), text)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def organisation(tmp_path: Path) -> Organisation:
    store = open_store(str(tmp_path / "graph"))
    try:
        return store.reader().evidence().organisation()
    finally:
        store.close()


def scan(tmp_path: Path, *sources: str, **options: object) -> tuple[IngestReport, tuple[DocumentUse, ...]]:
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        report = graph.ingest("scan", sources, **options)  # type: ignore[arg-type]
    return report, organisation(tmp_path).uses


def owners(uses: tuple[DocumentUse, ...]) -> set[tuple[str, str]]:
    return {(use.service, use.path) for use in uses}


def closed(tmp_path: Path) -> list[str]:
    return [one.id for one in organisation(tmp_path).services if one.builds_complete]


class TestPlainFolders:
    def test_each_folder_with_inputs_is_a_service_and_holds_its_sboms(self, code: Path, tmp_path: Path) -> None:
        put(code / "shop" / "uv.lock", uv_lock("shop", "litellm==1.82.6"))
        put(code / "shop" / "bom.json", sbom("something else", "litellm==1.82.6"))
        put(code / "till" / "requirements.txt", GOOD)
        put(code / "sboms" / "desk.json", sbom("desk", "litellm==1.82.6"))
        report, uses = scan(tmp_path, ".")
        assert report.rejected == ()
        assert owners(uses) == {
            ("shop", "shop/uv.lock"),
            ("shop", "shop/bom.json"),
            ("till", "till/requirements.txt"),
            ("desk", "sboms/desk.json"),
        }

    def test_nested_projects_are_apart_and_the_top_is_called_as_the_folder(self, code: Path, tmp_path: Path) -> None:
        put(code / "requirements.txt", GOOD)
        put(code / "a" / "requirements.txt", BAD)
        put(code / "a" / "b" / "requirements.txt", f"{GOOD}idna==3.11\n")
        assert owners(scan(tmp_path, ".")[1]) == {
            ("code", "requirements.txt"),
            ("a", "a/requirements.txt"),
            ("a/b", "a/b/requirements.txt"),
        }

    def test_a_manifest_without_a_lock_is_a_project(self, code: Path, tmp_path: Path) -> None:
        put(code / "web" / "pyproject.toml", '[project]\nname = "web"\nversion = "1"\ndependencies = ["litellm"]\n')
        assert owners(scan(tmp_path, ".")[1]) == {("web", "web/pyproject.toml")}

    def test_equal_files_of_two_projects_are_of_both(self, code: Path, tmp_path: Path) -> None:
        for name in ("a", "b"):
            put(code / name / "requirements.txt", GOOD)
        assert owners(scan(tmp_path, ".")[1]) == {("a", "a/requirements.txt"), ("b", "b/requirements.txt")}

    def test_a_wheel_is_of_the_services_that_a_script_in_its_place_would_be_of(
        self, code: Path, tmp_path: Path
    ) -> None:
        """Nothing else is made of it, and a folder of it alone is a service, so that it is not silent."""
        put(code / "shop" / "requirements.txt", GOOD)
        put(code / "shop" / "vendor" / "litellm-1.82.8-py3-none-any.whl", "no wheel, by its bytes")
        put(tmp_path / "house" / "litellm-1.82.8-py3-none-any.whl", "another")
        put(tmp_path / "house" / "rows-2026.tar.gz", "no archive")
        report, uses = scan(tmp_path, ".", str(tmp_path / "house"))
        assert report.rejected == ()
        assert owners(uses) == {
            ("shop", "shop/requirements.txt"),
            ("shop", "shop/vendor/litellm-1.82.8-py3-none-any.whl"),
            ("house", "litellm-1.82.8-py3-none-any.whl"),
        }

    def test_an_image_makes_no_service_and_is_of_those_that_are_there(self, code: Path, tmp_path: Path) -> None:
        image = "FROM ghcr.io/berriai/litellm:v1.82.8\n"
        put(code / "shop" / "requirements.txt", GOOD)
        put(code / "shop" / "Dockerfile", image)
        put(tmp_path / "go" / "Dockerfile", image)
        repository(tmp_path / "java", Dockerfile=image)
        _, uses = scan(tmp_path, ".", str(tmp_path / "go"), str(tmp_path / "java"))
        assert owners(uses) == {("shop", "shop/requirements.txt"), ("shop", "shop/Dockerfile")}

    def test_constraints_are_read_with_what_names_them_and_not_by_themselves(self, code: Path, tmp_path: Path) -> None:
        put(code / "app" / "requirements.txt", "-c constraints.txt\nlitellm\n")
        put(code / "app" / "constraints.txt", "litellm<2\n")
        assert owners(scan(tmp_path, ".")[1]) == {("app", "app/requirements.txt")}

    def test_two_paths_with_the_same_folders_are_apart(self, code: Path, tmp_path: Path) -> None:
        for top in ("x", "y"):
            put(code / top / "app" / "requirements.txt", GOOD)
            put(code / top / f"only-{top}" / "requirements.txt", GOOD)
        found = {service for service, _ in owners(scan(tmp_path, "x", "y")[1])}
        assert found == {"x/app", "y/app", "only-x", "only-y"}

    def test_the_same_path_of_another_folder_is_read_in_a_later_scan(self, code: Path, tmp_path: Path) -> None:
        for top in ("x", "y"):
            put(code / top / f"of-{top}" / "app.txt", "none")
            put(code / top / "requirements.txt", GOOD)
        scan(tmp_path, "x")
        assert {service for service, _ in owners(scan(tmp_path, "y")[1])} == {"x", "y"}

    def test_a_file_that_is_named_is_of_the_folder_that_it_lies_in(self, code: Path, tmp_path: Path) -> None:
        put(code / "app" / "requirements.txt", GOOD)
        put(code / "requirements.txt", BAD)
        found = {service for service, _ in owners(scan(tmp_path, "app/requirements.txt", "requirements.txt")[1])}
        assert found == {"app", "requirements.txt"}

    def test_folders_of_others_are_skipped_and_counted(self, code: Path, tmp_path: Path) -> None:
        put(code / "node_modules" / "x" / "requirements.txt", BAD)
        put(code / "web" / "node_modules" / "requirements.txt", BAD)
        put(code / "web" / "__pycache__" / "requirements.txt", BAD)
        report, uses = scan(tmp_path, ".")
        assert uses == ()
        assert report.notes == (
            "folders of other ecosystems and of caches not looked into: 1 __pycache__, 2 node_modules",
        )

    def test_the_graph_itself_is_not_looked_into(self, code: Path) -> None:
        put(code / "requirements.txt", GOOD)
        with open_graph(str(code / "kept"), create=True) as graph:
            assert graph.ingest("scan", ["."]).read == 1
            again = graph.ingest("scan", ["."])
            assert (again.read, again.new, again.unrecognised) == (1, 0, ())

    def test_a_path_that_is_not_there_is_rejected_and_the_rest_goes_on(self, code: Path, tmp_path: Path) -> None:
        put(code / "app" / "requirements.txt", GOOD)
        report, uses = scan(tmp_path, "nowhere", "app")
        assert [(one.path, one.problem) for one in report.rejected] == [("nowhere", "no such file or folder")]
        assert owners(uses) == {("app", "requirements.txt")}


class TestRepositories:
    def test_histories_are_read_and_of_the_folder_only_what_is_not_in_them(self, code: Path, tmp_path: Path) -> None:
        shop = repository(code / "shop", uv_lock=uv_lock("shop", "litellm==1.82.6"))
        put(shop / "bom.json", sbom("shop", "litellm==1.82.6"))
        report, uses = scan(tmp_path, ".")
        assert {(use.service, use.path, use.branch) for use in uses} == {
            ("shop", "uv.lock", "main"),
            ("shop", "bom.json", ""),
        }
        assert (report.repositories, report.notes) == (1, ())

    def test_a_lock_that_was_changed_and_not_committed_exposes_and_does_not_clear(
        self, code: Path, tmp_path: Path, graph: Graph
    ) -> None:
        shop = repository(code / "shop", requirements_txt=GOOD)
        put(code / "case.yaml", INCIDENT)
        graph.ingest("index", [str(recorded_slice(code / "index.slice"))])
        graph.ingest("advisory", ["case.yaml"])
        graph.ingest("scan", ["shop"], read_at="2026-04-01T00:00:00Z")
        assert [one.verdict for one in graph.blast("case-1").services] == [Verdict.CLEARED]
        put(shop / "requirements.txt", f"{GOOD}# changed\n")
        report = graph.ingest("scan", ["shop"])
        assert report.notes == ("shop: not committed as they are now; read from the folder, undated: requirements.txt",)
        [unknown] = graph.blast("case-1").services
        assert unknown.verdict is Verdict.UNKNOWN
        put(shop / "requirements.txt", BAD)
        graph.ingest("scan", ["shop"])
        [hit] = graph.blast("case-1").services
        assert (hit.verdict, hit.basis) == (Verdict.OBSERVED, "locked")

    def test_a_wheel_that_was_committed_and_is_gone_exposes(self, code: Path, tmp_path: Path) -> None:
        shop = repository(code / "shop", requirements_txt=GOOD)
        put(shop / "vendor" / "litellm-1.82.8-py3-none-any.whl", "a wheel")
        git(shop, "add", ".")
        git(shop, "commit", "-qm", "second", at="2026-03-24T12:00:00Z")
        git(shop, "rm", "-q", "vendor/litellm-1.82.8-py3-none-any.whl")
        git(shop, "commit", "-qm", "third", at="2026-03-25T12:00:00Z")
        put(tmp_path / "incident.yaml", INCIDENT)
        with open_graph(str(tmp_path / "graph"), create=True) as graph:
            graph.ingest("advisory", [str(tmp_path / "incident.yaml")])
            graph.ingest("scan", ["shop"])
            (found,) = graph.blast("case-1").services
        assert (found.verdict, found.basis) == (Verdict.OBSERVED, "listed")
        assert "vendor/litellm-1.82.8-py3-none-any.whl is litellm 1.82.8, by its name" in found.reason

    def test_a_lock_that_git_ignores_is_read(self, code: Path, tmp_path: Path) -> None:
        shop = repository(code / "shop", requirements_in="litellm\n")
        put(shop / ".gitignore", "*.txt\n")
        put(shop / "requirements.txt", BAD)
        assert ("shop", "requirements.txt") in owners(scan(tmp_path, "shop")[1])

    def test_a_list_is_read_where_what_it_includes_was_changed(self, code: Path, tmp_path: Path) -> None:
        shop = repository(code / "shop", requirements_txt="-r deps/base.list\n", deps__base_list="idna\n")
        assert {use.branch for use in scan(tmp_path, "shop")[1]} == {"main"}
        put(shop / "deps" / "base.list", "litellm\n")
        put(shop / "constraints.txt", "litellm<2\n")
        put(shop / "requirements.txt", "-r deps/base.list\n-c constraints.txt\n")
        found = {use.path for use in scan(tmp_path, "shop")[1] if use.branch == "work tree"}
        assert found == {"requirements.txt"}

    def test_a_copy_of_a_repository_is_a_service_of_its_own(self, code: Path, tmp_path: Path) -> None:
        shop = repository(code / "shop", requirements_txt=GOOD)
        put(code / "copy" / "requirements.txt", GOOD)
        shutil.copytree(shop, code / "deep" / "shop")
        found = {service for service, _ in owners(scan(tmp_path, ".")[1])}
        assert found == {"shop", "copy", "deep/shop"}

    def test_repositories_of_the_same_name_below_two_paths_are_apart(self, code: Path, tmp_path: Path) -> None:
        for top in ("x", "y"):
            repository(code / top / "app", requirements_txt=GOOD)
        put(code / "z" / "app" / "requirements.txt", GOOD)
        found = {service for service, _ in owners(scan(tmp_path, "x", "y", "z")[1])}
        assert found == {"x/app", "y/app", "app"}

    def test_a_plain_folder_is_not_joined_to_a_repository_of_its_name(self, code: Path, tmp_path: Path) -> None:
        repository(code / "x" / "app", requirements_txt=GOOD)
        put(code / "y" / "app" / "requirements.txt", GOOD)
        found = {service for service, _ in owners(scan(tmp_path, "x", "y")[1])}
        assert found == {"app", "y/app"}

    def test_what_lies_in_a_submodule_is_read_as_a_folder(self, code: Path, tmp_path: Path) -> None:
        part = repository(code / "part", requirements_txt=BAD)
        shop = repository(code / "shop", requirements_txt=GOOD)
        git(shop, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(part), "part")
        git(shop, "commit", "-qm", "with a part")
        assert ("shop/part", "part/requirements.txt") in owners(scan(tmp_path, "shop")[1])

    def test_a_bare_repository_has_no_folder_to_read(self, code: Path, tmp_path: Path) -> None:
        shop = repository(code / "shop", requirements_txt=GOOD)
        git(code, "clone", "-q", "--bare", str(shop), "bare.git")
        report, uses = scan(tmp_path, "bare.git")
        assert (owners(uses), report.unrecognised) == ({("bare", "requirements.txt")}, ())

    def test_a_second_scan_reads_nothing_new(self, code: Path, tmp_path: Path) -> None:
        shop = repository(code / "shop", requirements_txt=GOOD)
        put(shop / "later.requirements.txt", GOOD)
        put(code / "copy" / "requirements.txt", GOOD)
        put(code / "copy" / "bom.json", sbom("copy", "litellm==1.82.6"))
        first, uses = scan(tmp_path, ".")
        again, same = scan(tmp_path, ".")
        assert (first.new, again.new, again.rejected, same) == (2, 0, (), uses)


class TestPlaces:
    """Folders of one name that are scanned one after the other, as with the default path and graph."""

    @pytest.mark.parametrize("make", [lambda path, text: put(path / "requirements.txt", text), None])
    def test_two_folders_of_one_name_stay_two(
        self, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path, str], object] | None
    ) -> None:
        for name, text in (("a", "litellm>=1.0\n"), ("b", "litellm==1.82.6\n")):
            folder = code / name / "app"
            if make is None:
                repository(folder, requirements_txt=text)
            else:
                make(folder, text)
        found = []
        for name in ("a", "b", "a"):
            monkeypatch.chdir(code / name / "app")
            found.append({use.service for use in scan(tmp_path, ".")[1]})
        assert found[0] == {"app"}
        assert found[1] == found[2] == {"app", "b/app"}

    def test_a_file_that_is_damaged_says_nothing(self, tmp_path: Path) -> None:
        put(tmp_path / "scan-places.json", "{")
        places = Places(tmp_path)
        assert places.label(tmp_path / "a" / "app") == "app"
        places.save()
        assert Places(tmp_path).label(tmp_path / "b" / "app") == "b/app"
        assert Places(tmp_path).label(tmp_path / "a" / "app") == "app"

    @pytest.mark.parametrize("kind", ["lock", "sbom", "scan"])
    def test_a_file_named_from_two_working_folders_stays_one(
        self, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        put(code / "app" / "requirements.txt", GOOD)
        put(code / "app" / "bom.json", sbom("", "litellm==1.82.6"))
        found = []
        with open_graph(str(tmp_path / "graph"), create=True) as graph:
            for folder, prefix in ((code, "app/"), (code / "app", ""), (code, f"{code}/app/"), (tmp_path, "code/app/")):
                monkeypatch.chdir(folder)
                report = graph.ingest(kind, [f"{prefix}requirements.txt", f"{prefix}bom.json"])
                found.append((report.new, report.rejected, tuple(graph._store.reader().evidence().organisation().uses)))
        assert found[0][:2] == (2, ())
        assert {one[2] for one in found} == {found[0][2]}
        assert {(use.repository, use.path) for use in found[0][2]} == {
            ("", "app/requirements.txt"),
            ("", "app/bom.json"),
        }

    def test_files_of_one_path_in_two_folders_are_two_inputs(
        self, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found: set[tuple[str, str]] = set()
        with open_graph(str(tmp_path / "graph"), create=True) as graph:
            for name, text in (("a", GOOD), ("b", BAD), ("a", GOOD)):
                put(code / name / "requirements.txt", text)
                monkeypatch.chdir(code / name)
                graph.ingest("lock", ["requirements.txt"], service="shop", stands_from=SINCE)
                uses = graph._store.reader().evidence().organisation().uses
                found |= {(use.repository, use.path) for use in uses}
        assert found == {("", "requirements.txt"), ("b", "requirements.txt")}


class TestBuilds:
    def test_a_word_about_builds_is_for_services_with_a_build(self, code: Path, tmp_path: Path) -> None:
        put(code / "shop" / "uv.lock", uv_lock("shop", "litellm==1.82.6"))
        put(code / "shop" / "bom.json", whole_sbom("shop", "litellm==1.82.6", built="2026-03-24T12:00:00Z"))
        put(code / "till" / "requirements.txt", GOOD)
        scan(tmp_path, ".")
        assert closed(tmp_path) == []
        report, _ = scan(tmp_path, ".", declare_builds=True)
        assert closed(tmp_path) == ["shop"]
        assert report.notes == (
            "--builds-complete stays in this graph until the next scan; blast and why rely on it: shop",
        )

    def test_it_does_not_outlive_a_scan_without_it(self, code: Path, tmp_path: Path) -> None:
        put(code / "shop" / "bom.json", sbom("shop", "litellm==1.82.6"))
        put(code / "till" / "requirements.txt", GOOD)
        scan(tmp_path, ".", declare_builds=True)
        assert closed(tmp_path) == ["shop"]
        scan(tmp_path, "till")
        assert closed(tmp_path) == []

    def test_it_is_about_nothing_that_came_later(self, code: Path, tmp_path: Path) -> None:
        put(code / "shop" / "bom.json", sbom("shop", "litellm==1.82.6"))
        put(code / "till" / "bom.json", sbom("till", "litellm==1.82.6"))
        scan(tmp_path, ".", declare_builds=True)
        put(code / "later" / "uv.lock", uv_lock("shop", "litellm==1.82.6"))
        with open_graph(str(tmp_path / "graph")) as graph:
            for again in ("shop/bom.json", "till/bom.json"):  # it knew these
                assert graph.ingest("sbom", [again], service=again.partition("/")[0]).notes == ()
            assert closed(tmp_path) == ["shop", "till"]
            report = graph.ingest("lock", ["later/uv.lock"], service="shop")
        assert report.notes == ("--builds-complete of the last scan no longer applies, since this came after it: shop",)
        assert closed(tmp_path) == ["till"]

    def test_a_build_that_an_organisation_file_names_later_takes_it_back(self, code: Path, tmp_path: Path) -> None:
        put(code / "shop" / "bom.json", sbom("shop", "litellm==1.82.6"))
        scan(tmp_path, ".", declare_builds=True)
        builds = [{"at": "2026-03-24T12:00:00Z"}]
        told = {"schema": "graphkit.organisation/1", "services": [{"name": "shop", "builds": builds}]}
        put(code / "org.json", json.dumps(told))
        with open_graph(str(tmp_path / "graph")) as graph:
            graph.ingest("org", ["org.json"])
        assert closed(tmp_path) == []

    def test_it_is_not_for_inputs_of_another_folder(self, code: Path, tmp_path: Path) -> None:
        put(code / "sboms" / "shop.json", sbom("shop", "litellm==1.82.6"))
        put(code / "shop" / "uv.lock", uv_lock("shop", "litellm==1.82.6"))
        report, _ = scan(tmp_path, ".", declare_builds=True)
        assert closed(tmp_path) == []
        assert report.notes == ("--builds-complete not applied, since other folders have locks or manifests of: shop",)

    def test_it_is_not_for_a_project_beside_which_lies_the_sbom_of_something_else(
        self, code: Path, tmp_path: Path
    ) -> None:
        put(code / "shop" / "requirements.txt", GOOD)
        put(
            code / "shop" / "vendor.json", whole_sbom("some appliance", "litellm==1.82.6", built="2025-01-01T00:00:00Z")
        )
        report, _ = scan(tmp_path, ".", declare_builds=True)
        assert closed(tmp_path) == []
        put(code / "shop" / "bom.json", whole_sbom("Shop", "litellm==1.82.6", built="2026-03-24T12:00:00Z"))
        report, _ = scan(tmp_path, ".", declare_builds=True)
        assert closed(tmp_path) == []
        assert any("about something else" in note for note in report.notes)

    def test_it_is_not_where_an_sbom_could_not_be_read(self, code: Path, tmp_path: Path) -> None:
        put(code / "shop" / "requirements.txt", GOOD)
        put(code / "shop" / "bom.json", whole_sbom("shop", "litellm==1.82.6", built="2026-03-24T12:00:00Z"))
        put(code / "shop" / "bom-2.json", whole_sbom("shop", "litellm==1.82.8")[:100])
        report, _ = scan(tmp_path, ".", declare_builds=True)
        assert len(report.rejected) == 1
        assert closed(tmp_path) == []
        assert any("was not read" in note for note in report.notes)

    def test_it_is_not_where_an_archive_could_not_be_read(self, code: Path, tmp_path: Path) -> None:
        put(code / "shop" / "bom.json", whole_sbom("shop", "litellm==1.82.6", built="2026-03-24T12:00:00Z"))
        broken = whole_sbom("shop", "litellm==1.82.8")[:100]
        with zipfile.ZipFile(code / "shop" / "more.zip", "w") as archive:
            archive.writestr("old/bom.json", broken)
        report, _ = scan(tmp_path, ".", declare_builds=True)
        assert [one.path for one in report.rejected] == ["shop/more.zip/old/bom.json"]
        assert closed(tmp_path) == []

    @pytest.mark.parametrize("name", ["sboms.tar", "sboms.tar.xz"])
    def test_it_is_not_where_an_archive_is_of_a_kind_that_is_not_opened(
        self, code: Path, tmp_path: Path, name: str
    ) -> None:
        put(code / "shop" / "bom.json", whole_sbom("shop", "litellm==1.82.6", built="2026-03-24T12:00:00Z"))
        member = put(tmp_path / "bad.json", whole_sbom("shop", "litellm==1.82.8"))
        with tarfile.open(code / "shop" / name, "w:xz" if name.endswith("xz") else "w") as archive:
            archive.add(member, "bom.json")
        report, _ = scan(tmp_path, ".", declare_builds=True)
        assert (report.rejected, closed(tmp_path)) == ((), [])
        assert any("was not read: shop" in note for note in report.notes)

    @pytest.mark.parametrize("place", ["app/sboms/old.tar", "app/old.tar", "app/dist/more/deep/bom.json"])
    @pytest.mark.parametrize("root", ["app", "."])
    def test_it_is_not_where_something_was_lost_above_or_below(
        self, code: Path, tmp_path: Path, place: str, root: str
    ) -> None:
        put(code / "app" / "dist" / "bom.json", whole_sbom("app", "litellm==1.82.6", built="2026-03-24T12:00:00Z"))
        if "sboms" in place:
            (code / "app" / "dist" / "bom.json").rename(code / "app" / "bom.json")
        lost = put(code / place, whole_sbom("app", "litellm==1.82.8")[:100])
        if place.endswith("tar"):
            member = put(tmp_path / "bad.json", whole_sbom("app", "litellm==1.82.8"))
            with tarfile.open(lost, "w") as archive:
                archive.add(member, "bom.json")
        scan(tmp_path, root, declare_builds=True)
        assert closed(tmp_path) == []

    def test_it_is_of_one_folder_alone(self, code: Path, tmp_path: Path) -> None:
        put(code / "a" / "shop" / "bom.json", whole_sbom("shop", "litellm==1.82.6", built="2026-03-24T12:00:00Z"))
        put(code / "b" / "till" / "bom.json", whole_sbom("till", "litellm==1.82.6")[:100])
        scan(tmp_path, "a", "b", declare_builds=True)
        assert closed(tmp_path) == ["shop"]

    def test_it_holds_for_a_repository_whose_folder_has_the_build(self, code: Path, tmp_path: Path) -> None:
        shop = repository(code / "shop", requirements_txt=GOOD)
        put(shop / "bom.json", sbom("shop", "litellm==1.82.6"))
        scan(tmp_path, ".", declare_builds=True)
        assert closed(tmp_path) == ["shop"]


def test_the_word_for_one_folder_says_nothing_of_an_equal_file_in_another(code: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        put(code / name / "shop" / "requirements.txt", GOOD)
    scan(tmp_path, "a", stands_from=SINCE, read_at="2026-04-01T00:00:00Z")
    _, uses = scan(tmp_path, "b")
    assert {(use.repository, use.stands_from is None) for use in uses} == {("a", False), ("b", True)}


def test_unchanged_since_dates_every_input(code: Path, tmp_path: Path) -> None:
    put(code / "shop" / "uv.lock", uv_lock("shop", "litellm==1.82.6"))
    report, [use] = scan(tmp_path, ".", stands_from=SINCE, read_at="2026-04-01T00:00:00Z")
    assert use.stands_from is not None
    assert use.read_at is not None
    [note] = report.notes
    assert note.startswith("--unchanged-since stays in this graph")
