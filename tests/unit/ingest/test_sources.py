"""Feeding a graph from archives, git history, catalogues, owners and alias files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from graphkit.api import Graph, open_graph
from graphkit.model.organisation import DocumentUse
from graphkit.model.ranks import Verdict
from graphkit.model.times import rfc3339
from tests.unit.cli.door import run
from tests.unit.cli.inputs import BAD, GOOD, put, sbom, uv_lock


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def holders(graph: Graph, query: str = "litellm") -> list[tuple[str, str, bool]]:
    return [(one.service, one.release, one.current) for one in graph.who_has(query).matches]


# Archives


def test_an_archive_is_read_as_the_files_it_holds(graph: Graph, work: Path) -> None:
    inside = {"a/bom.json": sbom("shop", "litellm==1.82.8"), "b/requirements.txt": BAD, "read.me": "hello, world"}
    (work / "all.zip").write_bytes(zipped(inside))
    report = graph.ingest("sbom", ["all.zip"])
    assert (report.read, report.new, report.unrecognised) == (2, 2, ("all.zip/read.me",))
    assert [service for service, *_ in holders(graph)] == ["all.zip/b/requirements.txt", "shop"]
    again = graph.ingest("sbom", ["all.zip"])
    assert (again.read, again.new, again.unchanged) == (2, 0, 2)


def test_an_archive_in_an_archive_and_a_damaged_one_are_one_line_each(graph: Graph, work: Path) -> None:
    inner = zipped({"bom.json": sbom("shop", "litellm==1.82.8")})
    (work / "outer.zip").write_bytes(zipped({"inner.zip": inner, "requirements.txt": BAD}))
    (work / "cut.zip").write_bytes(inner[:-20])
    report = graph.ingest("sbom", ["outer.zip", "cut.zip"])
    assert report.read == 1
    problems = {one.path: one.problem for one in report.rejected}
    assert "an archive inside an archive" in problems["outer.zip/inner.zip"]
    assert "cannot be unpacked" in problems["cut.zip"]


# Git history


def git(folder: Path, *words: str, at: str = "2026-03-20T10:00:00Z") -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {f"GIT_{role}_{part}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    when = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *words], cwd=folder, env=plain | who | when, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def repository(work: Path) -> Path:
    """A repository in which a branch locked the bad release for two hours."""
    folder = work / "shop"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    put(folder / "requirements.txt", GOOD)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "good")
    git(folder, "checkout", "-qb", "bump")
    put(folder / "requirements.txt", BAD)
    git(folder, "commit", "-qam", "bad", at="2026-03-24T11:00:00Z")
    put(folder / "requirements.txt", f"{GOOD}# again\n")
    git(folder, "commit", "-qam", "good again", at="2026-03-24T13:00:00Z")
    return folder


def test_what_was_locked_for_two_hours_on_one_branch_is_found(graph: Graph, repository: Path) -> None:
    report = graph.ingest("lock", [str(repository)])
    assert report.rejected == ()
    assert report.read == 4
    answer = graph.blast("litellm==1.82.8", window_from="2026-03-24T10:39:00Z", window_until="2026-03-24T16:00:00Z")
    (service,) = answer.services
    assert (service.service, service.verdict, service.basis) == ("shop", Verdict.OBSERVED, "locked")
    (bad,) = graph.who_has("litellm==1.82.8").matches
    assert not bad.current
    assert graph.who_has("litellm==1.82.8", at="2026-03-24T12:00:00Z").matches[0].current
    reasons = " ".join(build.reason for build in service.builds)
    assert "it was in place from 2026-03-24T11:00:00Z to 2026-03-24T13:00:00Z" in reasons
    again = graph.ingest("lock", [str(repository)])
    assert (again.read, again.new) == (4, 0)


def test_the_command_line_tells_of_the_two_hours_by_branch_and_commits(repository: Path, tmp_path: Path) -> None:
    place = tmp_path / "graph"
    assert run("ingest", "lock", repository, "--graph", place).code == 0
    window = ("--from", "2026-03-24T10:39:00Z", "--until", "2026-03-24T16:00:00Z")
    done = run("blast", "litellm==1.82.8", *window, "--graph", place, "--format", "json")
    assert done.code == 0
    (service,) = done.json["services"]
    assert (service["service"], service["verdict"]) == ("shop", "observed")
    sha = git(repository, "rev-parse", "bump~1")[:12]
    said = " ".join(build["reason"] for build in service["builds"])
    assert "it was in place from 2026-03-24T11:00:00Z to 2026-03-24T13:00:00Z" in said
    commit = f"commit {sha} of 2026-03-24T11:00:00Z"
    assert f"branch bump, first {commit}, last {commit}" in said
    held = {}
    for at in ("", "2026-03-24T12:00:00Z", "2026-03-24T13:00:00Z", "2026-03-24T10:59:59Z"):
        asked = run("who-has", "litellm==1.82.8", *(("--at", at) if at else ()), "--graph", place, "--format", "json")
        held[at] = [row["current"] for row in asked.json["matches"]]
    assert list(held.values()) == [[False], [True], [False], [False]]


def test_a_repository_given_as_sboms_is_a_folder_like_others(graph: Graph, repository: Path) -> None:
    assert graph.ingest("sbom", [str(repository)]).read == 1


def test_a_name_for_the_repository_is_that_of_its_service(graph: Graph, repository: Path) -> None:
    graph.ingest("lock", [str(repository)], service="till")
    assert {service for service, *_ in holders(graph)} == {"till"}


def uses(graph: Graph) -> list[DocumentUse]:
    return list(graph._store.reader().evidence().organisation().uses)


def test_inputs_of_a_repository_are_known_by_it_and_their_path(graph: Graph, repository: Path) -> None:
    put(repository / "app" / "pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["litellm"]\n')
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "app", at="2026-03-25T10:00:00Z")
    report = graph.ingest("lock", [str(repository)], service="till", complete=True)
    assert report.rejected == ()
    assert {(use.service, use.repository, use.path) for use in uses(graph)} == {
        ("till", "shop", "requirements.txt"),
        ("till", "shop", "app/pyproject.toml"),
    }
    first = {(use.path, use.branch, str(use.stands_from)) for use in uses(graph) if use.is_first}
    assert first == {
        ("requirements.txt", "bump", "2026-03-20T10:00:00Z"),
        ("requirements.txt", "main", "2026-03-20T10:00:00Z"),
        ("app/pyproject.toml", "bump", "2026-03-25T10:00:00Z"),
    }
    assert all(use.is_complete for use in uses(graph))


def test_what_is_read_later_stood_until_then_on_branches_that_exist(graph: Graph, repository: Path) -> None:
    git(repository, "branch", "gone", "bump~1")
    git(repository, "checkout", "-q", "main")
    merge = ("merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge branch 'gone'", "gone")
    git(repository, *merge, at="2026-03-25T10:00:00Z")
    git(repository, "branch", "-qD", "gone")
    git(repository, "branch", "-qD", "bump")
    graph.ingest("lock", [str(repository)], read_at="2026-04-01T00:00:00Z", service="till")
    ends = {(use.branch, str(use.read_at or use.stands_until)) for use in uses(graph)}
    assert ends == {("main", "2026-04-01T00:00:00Z"), ("gone", "2026-03-25T10:00:00Z")}


def test_a_date_at_which_a_repository_was_read_is_no_earlier_than_its_commits(graph: Graph, repository: Path) -> None:
    graph.ingest("lock", [str(repository)], read_at="2026-03-24")
    read = {use.read_at for use in uses(graph) if use.read_at is not None}
    assert {(rfc3339(one.earliest), rfc3339(one.latest)) for one in read} == {
        ("2026-03-24T13:00:00Z", "2026-03-25T11:59:59.999999Z")
    }


def test_a_build_used_what_stood_on_the_branch_that_is_checked_out(graph: Graph, repository: Path) -> None:
    graph.ingest("lock", [str(repository)], built_at="2026-03-24T12:00:00Z")
    built = [use for use in uses(graph) if use.built_at is not None]
    assert [(use.branch, str(use.built_at), use.stands_from, use.is_first) for use in built] == [
        ("bump", "2026-03-24T12:00:00Z", None, False)
    ]
    assert graph.who_has("litellm==1.82.8").matches[0].document.sha256 == built[0].document
    assert len(uses(graph)) == 5  # the states are there as well
    graph.ingest("lock", [str(repository)], built_at="2026-03-24T12:00:00Z", branch="main", service="other")
    assert {use.branch for use in uses(graph) if use.service == "other" and use.built_at is not None} == {"main"}


@pytest.mark.parametrize("told", [{"branch": "nowhere"}, {"built_at": "2020-01-01T00:00:00Z"}])
def test_a_build_that_used_nothing_that_is_known_is_kept_and_told(
    graph: Graph, repository: Path, told: Mapping[str, str]
) -> None:
    asked = {"built_at": "2026-03-24T12:00:00Z", "service": "shop", **told}
    (rejected,) = graph.ingest("lock", [str(repository)], **asked).rejected  # type: ignore[arg-type]
    assert rejected.path == "--built-at"
    assert rejected.problem.startswith(f"no input was in place at {asked['built_at']} on the branch ")
    assert rejected.problem.endswith("; --branch names another")
    assert not [use for use in uses(graph) if use.built_at is not None]
    (found,) = graph.blast("litellm==1.82.8", builds_complete=True).services
    assert asked["built_at"] in {str(one.at) for one in found.builds if one.verdict is not Verdict.CLEARED}


def test_what_the_first_commit_brought_may_have_been_in_place_before(graph: Graph, repository: Path) -> None:
    graph.ingest("lock", [str(repository)], stands_from="2026-03-01T00:00:00Z", service="till")
    assert {(use.branch, str(use.stands_from)) for use in uses(graph)} == {
        ("bump", "2026-03-01T00:00:00Z"),
        ("main", "2026-03-01T00:00:00Z"),
        ("bump", "2026-03-24T11:00:00Z"),
        ("bump", "2026-03-24T13:00:00Z"),
    }
    graph.ingest("lock", [str(repository)], stands_from="2026-03-22T00:00:00Z", service="later")
    starts = {str(use.stands_from) for use in uses(graph) if use.service == "later"}
    assert "2026-03-20T10:00:00Z" in starts  # the commit says that it was there by then


def test_what_lists_include_is_read_as_of_each_commit(graph: Graph, work: Path) -> None:
    folder = work / "shop"
    put(folder / "requirements.txt", "-r base\n")
    put(folder / "base", GOOD)
    git(work, "init", "-q", "--initial-branch=main", "shop")
    for text, at in ((GOOD, "2026-03-20T10:00:00Z"), (BAD, "2026-03-24T11:00:00Z"), ("x\n", "2026-03-24T13:00:00Z")):
        put(folder / "base", text)
        git(folder, "add", ".")
        git(folder, "commit", "-qm", "x", at=at)
    report = graph.ingest("lock", ["shop"])
    assert (report.read, report.rejected, report.problems) == (3, (), 0)
    assert sorted((one.release, one.document.path) for one in graph.who_has("litellm").matches) == [
        ("litellm@1.82.6", "requirements.txt"),
        ("litellm@1.82.8", "requirements.txt"),
    ]
    assert {(str(use.stands_from), str(use.stands_until)) for use in uses(graph)} == {
        ("2026-03-20T10:00:00Z", "2026-03-24T11:00:00Z"),
        ("2026-03-24T11:00:00Z", "2026-03-24T13:00:00Z"),
        ("2026-03-24T13:00:00Z", "None"),
    }


def test_all_repositories_in_a_folder_are_read_and_the_files_beside_them(graph: Graph, work: Path) -> None:
    for name in ("one", "group/two"):
        put(work / "all" / name / "requirements.txt", f"{GOOD}# {name}\n")
        git(work, "init", "-q", f"all/{name}")
        git(work / "all" / name, "add", ".")
        git(work / "all" / name, "commit", "-qm", "x")
    put(work / "all" / "group" / "requirements.txt", BAD)
    put(work / "all" / "broken" / ".git" / "HEAD", "ref: refs/heads/main\n")
    for folder in ("objects", "refs"):
        (work / "all" / "broken" / ".git" / folder).mkdir()
    put(work / "all" / "broken" / ".git" / "config", "[core\n")
    report = graph.ingest("lock", ["all"])
    assert [one.path for one in report.rejected] == ["all/broken"]
    assert sorted((use.service, use.repository, use.path, use.is_first) for use in uses(graph)) == [
        ("group/requirements.txt", "all", "group/requirements.txt", False),
        ("group/two", "all/group/two", "requirements.txt", True),
        ("one", "all/one", "requirements.txt", True),
    ]
    assert graph.ingest("lock", ["all"], service="till").read == 3


def test_repositories_of_one_name_are_told_apart(graph: Graph, work: Path) -> None:
    for name in ("a/app", "b/app"):
        put(work / name / "requirements.txt", f"{GOOD}# {name}\n")
        git(work, "init", "-q", name)
        git(work / name, "add", ".")
        git(work / name, "commit", "-qm", "x")
    graph.ingest("lock", [str(work / "a/app"), str(work / "b/app")])
    assert {(use.service, use.repository) for use in uses(graph)} == {("a/app", "a/app"), ("b/app", "b/app")}


def test_what_no_remote_can_be_asked_about_is_said(graph: Graph, repository: Path, work: Path) -> None:
    put(work / "lone.txt", GOOD)
    assert "not checked" in " ".join(graph.ingest("lock", [str(repository)], check_remote=True).notes)
    assert "not checked" in " ".join(graph.ingest("lock", ["lone.txt"], check_remote=True).notes)


# Catalogues, owners, aliases

CATALOGUE = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: shop
  annotations: {github.com/project-slug: acme/shop}
spec: {type: service, lifecycle: production, owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {}
"""


def test_a_catalogue_gives_services_their_owner_and_their_other_names(graph: Graph, work: Path) -> None:
    put(work / "catalog-info.yaml", CATALOGUE)
    put(work / "requirements.txt", BAD)
    report = graph.ingest("org", ["catalog-info.yaml"], company="Acme")
    assert (report.read, report.rejected) == (1, ())
    assert report.problems > 0
    graph.ingest("lock", ["requirements.txt"], service="acme/shop")
    (service,) = graph.blast("litellm==1.82.8").services
    assert (service.service, service.owner, service.company) == ("shop", "team-a", "Acme")


def test_codeowners_name_the_owner_of_what_lies_in_their_repository(graph: Graph, work: Path) -> None:
    put(work / "repo" / "apps" / "shop" / "requirements.txt", BAD)
    put(work / "repo" / ".github" / "CODEOWNERS", "* @acme/all\n/apps/shop/ @acme/shop\n!odd\n")
    put(work / "else.txt", GOOD)
    graph.ingest("lock", ["repo"])
    graph.ingest("lock", ["else.txt"])
    report = graph.ingest("org", ["repo/.github/CODEOWNERS"])
    assert (report.read, report.rejected) == (1, ())
    owners = {one.service: one.owner for one in graph.blast("litellm==1.82.8").services}
    assert owners == {"apps/shop/requirements.txt": "@acme/shop", "else.txt": ""}


def test_codeowners_of_nothing_known_say_so(graph: Graph, work: Path) -> None:
    put(work / "CODEOWNERS", "* @acme/all\n")
    report = graph.ingest("org", ["CODEOWNERS"])
    assert "assigns no owner" in " ".join(report.notes)


ALIASES = """
schema: graphkit.aliases/1
packages:
- name: litellm
  also: ["pkg:deb/debian/python3-litellm"]
services:
- name: shop
  also: [shop-prod]
"""


def debian(version: str) -> str:
    row = {"bom-ref": "d", "type": "library", "name": "python3-litellm", "version": version}
    row["purl"] = f"pkg:deb/debian/python3-litellm@{version}" if version else "pkg:deb/debian/python3-litellm"
    python = {"bom-ref": "p", "type": "library", "name": "p", "version": "1", "purl": "pkg:pypi/p@1"}
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"bom-ref": "r", "name": "image", "type": "application"}},
        "components": [row, python],
        "compositions": [{"aggregate": "complete", "assemblies": ["r"]}],
    }
    return json.dumps(bom)


@pytest.mark.parametrize(
    ("version", "verdict", "words"),
    [
        ("1.82.8", Verdict.ADMITTED, "by the alias file litellm"),
        ("1.82.8-1", Verdict.ADMITTED, "by the alias file litellm"),
        ("1.82.6-1", Verdict.UNKNOWN, "undated"),
        ("1:1.82.6~rc1-1", Verdict.UNKNOWN, "not a PEP 440 version"),
        ("", Verdict.UNKNOWN, "without a version"),
    ],
)
def test_a_package_elsewhere_counts_by_its_alias_and_never_as_observed(
    graph: Graph, work: Path, version: str, verdict: Verdict, words: str
) -> None:
    put(work / "image.json", debian(version))
    graph.ingest("sbom", ["image.json"])
    put(work / "aliases.yaml", ALIASES)
    assert graph.ingest("org", ["aliases.yaml"]).rejected == ()
    start, until = "2026-03-24T10:39:00Z", "2026-03-24T16:00:00Z"
    answer = graph.blast("litellm==1.82.8", builds_complete=True, window_from=start, window_until=until)
    (service,) = answer.services
    assert service.verdict is verdict
    assert words in service.reason


def test_without_an_alias_nobody_guesses(graph: Graph, work: Path) -> None:
    put(work / "image.json", debian("1.82.8"))
    graph.ingest("sbom", ["image.json"])
    (service,) = graph.blast("litellm==1.82.8", builds_complete=True).services
    assert service.verdict is Verdict.UNKNOWN


def test_services_of_two_names_are_one_in_either_order(graph: Graph, work: Path, tmp_path: Path) -> None:
    put(work / "aliases.yaml", ALIASES)
    put(work / "a.txt", GOOD)
    put(work / "b.txt", BAD)
    with open_graph(str(tmp_path / "other"), create=True) as other:
        for one, last in ((graph, False), (other, True)):
            for path, name in (("a.txt", "shop"), ("b.txt", "shop-prod")):
                if not last and path == "b.txt":
                    one.ingest("org", ["aliases.yaml"])
                one.ingest("lock", [path], service=name)
            if last:
                one.ingest("org", ["aliases.yaml"])
            assert [service.service for service in one.blast("litellm==1.82.8").services] == ["shop"]
        assert other.stats() == graph.stats()


# Organisation files read again


_ORGANISATION = "schema: graphkit.organisation/1\nservices:\n"


def _locked(name: str, start: str = "2026-03-24T10:00:00Z", end: str = "2026-03-24T12:00:00Z") -> str:
    return f"- name: {name}\n  documents: [{{path: {name}.txt, stands_from: '{start}', read_at: '{end}'}}]\n"


def _verdicts(graph: Graph) -> dict[str, Verdict]:
    return {one.service: one.verdict for one in graph.blast("litellm==1.82.8").services}


def test_what_an_organisation_file_names_no_more_was_there(graph: Graph, work: Path) -> None:
    put(work / "a.txt", BAD)
    put(work / "b.txt", f"{BAD}# b\n")
    put(work / "org.yaml", _ORGANISATION + _locked("a") + _locked("b"))
    graph.ingest("org", ["org.yaml"])
    put(work / "org.yaml", _ORGANISATION + _locked("a"))
    graph.ingest("org", ["org.yaml"])
    assert _verdicts(graph) == {"a": Verdict.OBSERVED, "b": Verdict.OBSERVED}


def test_what_cannot_be_read_any_more_was_there(graph: Graph, work: Path) -> None:
    put(work / "a.txt", BAD)
    put(work / "org.yaml", _ORGANISATION + _locked("a"))
    graph.ingest("org", ["org.yaml"])
    (work / "a.txt").unlink()
    assert graph.ingest("org", ["org.yaml"]).rejected
    assert _verdicts(graph) == {"a": Verdict.OBSERVED}


def test_times_of_an_organisation_file_may_be_corrected(graph: Graph, work: Path) -> None:
    def verdict() -> Verdict:
        found = graph.blast("litellm==1.82.8", window_from="2026-03-24T10:00:00Z", window_until="2026-03-24T16:00:00Z")
        return found.services[0].verdict

    put(work / "a.txt", uv_lock("a", "litellm==1.82.6"))
    for end, expected in (("2026-03-26T10:00:00Z", Verdict.CLEARED), ("2026-03-22T10:00:00Z", Verdict.UNKNOWN)):
        put(work / "org.yaml", _ORGANISATION + _locked("a", "2026-03-20T10:00:00Z", end))
        graph.ingest("org", ["org.yaml"])
        assert verdict() is expected


def test_owners_of_a_repository_own_nothing_in_another(graph: Graph, work: Path) -> None:
    for name, text in (("one", BAD), ("two", f"{BAD}# two\n")):
        put(work / name / "requirements.txt", text)
        put(work / name / "CODEOWNERS", f"* @acme/{name}\n")
        graph.ingest("lock", [name], service=name)
    graph.ingest("org", ["one/CODEOWNERS"])
    graph.ingest("org", [str(work / "two/CODEOWNERS")])
    owners = {one.service: one.owner for one in graph.blast("litellm==1.82.8").services}
    assert owners == {"one": "@acme/one", "two": "@acme/two"}


def test_catalogues_of_two_repositories_stand_beside_each_other(graph: Graph, work: Path) -> None:
    for name in ("one", "two"):
        entity: dict[str, object] = {
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Component",
            "metadata": {"name": name},
        }
        put(
            work / name / "catalog-info.yaml",
            json.dumps(entity | {"spec": {"type": "service", "owner": f"team-{name}"}}),
        )
        graph.ingest("org", [name])
    assert _verdicts(graph).keys() == {"one", "two"}


def test_words_in_a_file_named_as_a_list_are_no_document_of_a_history(graph: Graph, work: Path) -> None:
    put(work / "repository" / "requirements.txt", "What we need from you:\n\nA name and an address.\n")
    put(work / "repository" / "app" / "requirements.txt", BAD)
    git(work / "repository", "init", "-q")
    for words in ("one", "two"):
        put(work / "repository" / "requirements.txt", f"What we need from you, {words}:\n\nA name and an address.\n")
        git(work / "repository", "add", ".")
        git(work / "repository", "commit", "-qm", words)
    report = graph.ingest("lock", ["repository"])
    assert (report.read, report.rejected) == (1, ())
    assert report.unrecognised == ("requirements.txt",)


def test_links_that_lead_out_of_a_folder_are_told_of_and_not_followed(graph: Graph, work: Path) -> None:
    put(work / "secret.txt", BAD)
    put(work / "out" / "b.txt", BAD)
    put(work / "in" / "sub" / "c.txt", GOOD)
    for name, to in (("a.txt", "../secret.txt"), ("o", "../out"), ("d.txt", "sub/c.txt"), ("s", "sub"), ("x", "gone")):
        (work / "in" / name).symlink_to(to)
    report = graph.ingest("lock", ["in"])
    assert (report.read, report.rejected) == (2, ())
    assert report.unrecognised == ("a.txt", "o")
    assert report.notes == ("2 links out of the folder given not followed; name such a file to have it read",)
    assert graph.ingest("lock", ["in/a.txt"]).read == 1
    (work / "link").symlink_to("in")  # the folder that a person names may be a link itself
    assert graph.ingest("lock", ["link"]).unchanged == 2
