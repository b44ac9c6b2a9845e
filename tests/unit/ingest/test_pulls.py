"""Pulls from servers: what a complete one does not bring any more has ended; after a partial one nothing has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphkit.api import Graph
from graphkit.model.ranks import Verdict
from tests.unit.cli.door import run
from tests.unit.cli.inputs import BAD, MADE, put, sbom, uv_lock
from tests.unit.sources.pulls.replay import TOKEN as SECRET
from tests.unit.sources.pulls.replay import Reply, Server, commit, hold, organisation

UUID = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
START, UNTIL = "2026-03-24T10:39:00Z", "2026-03-24T16:00:00Z"
SBOM = "/repos/acme/shop/dependency-graph/sbom"


def repository(server: Server, *, files: dict[str, str], **more: Any) -> None:
    """Let the server hold one organisation with one repository."""
    organisation(server, "shop")
    hold(server, files=files, **more)


@pytest.fixture
def github(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("GITHUB_API_URL", server.address)
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    return server


def test_an_organisation_is_pulled_and_its_locks_stand_from_their_commit(graph: Graph, github: Server) -> None:
    repository(github, files={"requirements.txt": BAD, "apps/till/requirements.txt": BAD, "README.md": "hello"})
    report = graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    assert report.rejected == ()
    assert report.read == 3
    answer = graph.blast("litellm==1.82.8", window_from="2026-03-24T10:00:00Z", window_until="2026-03-24T16:00:00Z")
    assert {one.service: one.verdict for one in answer.services} == {
        "acme/shop": Verdict.OBSERVED,
        "acme/shop/apps/till": Verdict.OBSERVED,
    }
    assert all(headers.get("authorization") == f"Bearer {SECRET}" for _, _, headers in github.asked)
    assert SECRET not in repr(report) + repr(tuple(answer.services))


def test_what_a_complete_pull_brings_no_more_has_ended_and_may_come_back(graph: Graph, github: Server) -> None:
    repository(github, files={"requirements.txt": BAD})
    graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    assert [one.current for one in graph.who_has("litellm==1.82.8").matches].count(True) >= 1
    repository(github, files={"requirements.txt": f"{MADE}litellm==1.82.6\n"})
    report = graph.ingest("github", ["acme"], read_at="2026-03-26T12:00:00Z")
    assert "github" in " ".join(report.notes)
    locks = [one for one in graph.who_has("litellm==1.82.8").matches if one.document.path.endswith("requirements.txt")]
    assert [one.current for one in locks] == [False]
    repository(github, files={"requirements.txt": BAD})
    graph.ingest("github", ["acme"], read_at="2026-03-28T12:00:00Z")
    locks = [one for one in graph.who_has("litellm==1.82.8").matches if one.document.path.endswith("requirements.txt")]
    assert True in [one.current for one in locks]


def test_after_a_partial_pull_nothing_has_ended(graph: Graph, github: Server) -> None:
    repository(github, files={"requirements.txt": BAD})
    graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    before = graph.who_has("litellm").matches
    repository(github, files={})
    github.plans[SBOM] = {"sbom": None}
    report = graph.ingest("github", ["acme"], read_at="2026-03-26T12:00:00Z")
    assert report.rejected != ()
    assert "nothing of it counts as gone" in " ".join(report.notes)
    assert graph.who_has("litellm").matches == before


def test_a_dependency_track_server_is_pulled(graph: Graph, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPENDENCY_TRACK_API_KEY", SECRET)
    hold_project(server, "1.0", "litellm==1.82.8")
    report = graph.ingest("dependency-track", [server.address])
    assert (report.read, report.rejected) == (1, ())
    assert [(one.service, one.release) for one in graph.who_has("litellm").matches] == [("shop", "litellm@1.82.8")]
    assert server.secrets() == {SECRET}
    assert SECRET not in repr(report)


def hold_project(server: Server, *versions: str, root: str = "", **more: Any) -> None:
    """Let a server hold versions of one project, each given as a version and what it lists in turn."""
    pairs = list(zip(versions[::2], versions[1::2], strict=True))
    days = {"1.0": "2026-03-20", "2.0": "2026-03-25"}
    rows = [
        {
            "uuid": f"{UUID[:-1]}{number}",
            "name": "shop",
            "version": version,
            "lastBomImport": f"{days[version]}T12:00:00Z",
        }
        | more
        for number, (version, _) in enumerate(pairs)
    ]
    server.plans[f"{root}/api/v1/project"] = lambda query: Reply(
        body=rows if query["pageNumber"] == "1" else [], headers={"X-Total-Count": str(len(rows))}
    )
    for row, (_, listed) in zip(rows, pairs, strict=True):
        server.plans[f"{root}/api/v1/bom/cyclonedx/project/{row['uuid']}"] = json.loads(sbom("other", listed))


def test_versions_of_a_project_follow_one_another(
    graph: Graph, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPENDENCY_TRACK_API_KEY", SECRET)
    hold_project(server, "2.0", "litellm==1.82.9", "1.0", "litellm==1.82.8")
    graph.ingest("dependency-track", [server.address])
    held = {one.release: one.current for one in graph.who_has("litellm").matches}
    assert held == {"litellm@1.82.8": False, "litellm@1.82.9": True}
    then = {one.release: one.current for one in graph.who_has("litellm", at="2026-03-24T12:00:00Z").matches}
    assert then == {"litellm@1.82.8": True, "litellm@1.82.9": False}
    (service,) = graph.blast("litellm==1.82.8").services
    assert service.verdict is Verdict.OBSERVED


def test_a_server_in_a_folder_of_a_host_is_not_ended_by_the_host(
    graph: Graph, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPENDENCY_TRACK_API_KEY", SECRET)
    hold_project(server, "1.0", "litellm==1.82.8", root="/team")
    server.plans["/api/v1/project"] = Reply(body=[], headers={"X-Total-Count": "0"})
    graph.ingest("dependency-track", [f"{server.address}/team"], read_at="2026-03-24T12:00:00Z")
    graph.ingest("dependency-track", [server.address], read_at="2026-03-26T12:00:00Z")
    assert [one.current for one in graph.who_has("litellm").matches] == [True]
    hold_project(server, root="/team")
    graph.ingest("dependency-track", [f"{server.address}/team"], read_at="2026-03-27T12:00:00Z")
    assert [one.current for one in graph.who_has("litellm").matches] == [False]
    assert graph.blast("litellm==1.82.8").services[0].verdict is Verdict.OBSERVED


# What ended, and when


def verdict(graph: Graph) -> Verdict:
    (service,) = graph.blast("litellm==1.82.8", window_from=START, window_until=UNTIL).services
    return service.verdict


def good(day: str) -> dict[str, Any]:
    """Return a repository with a whole lock of the good release, committed on a day of March, and no SBOM."""
    files = {"uv.lock": uv_lock("shop", "litellm==1.82.6")}
    return {"files": files, "history": [commit("a", f"2026-03-{day}T10:00:00Z")], "export": Reply(status=404)}


def test_a_lock_clears_the_time_until_it_was_last_seen(graph: Graph, github: Server) -> None:
    repository(github, **good("20"))
    graph.ingest("github", ["acme"], read_at="2026-03-25T12:00:00Z")
    assert verdict(graph) is Verdict.CLEARED


@pytest.mark.parametrize("extent", ["complete", "partial"])
@pytest.mark.parametrize("later", ["gone", "replaced", "the repository is gone"])
def test_a_lock_says_nothing_of_the_time_after_it_was_last_seen(
    graph: Graph, github: Server, later: str, extent: str
) -> None:
    repository(github, **good("20"))
    graph.ingest("github", ["acme"], read_at="2026-03-23T12:00:00Z")
    if later == "replaced":
        newer = good("25") | {"history": [commit("b", "2026-03-25T10:00:00Z")]}
        newer["files"] = {"uv.lock": uv_lock("shop", "litellm==1.82.6", "other==1")}
        repository(github, **newer)
    else:
        organisation(github, *(["shop"] if later == "gone" else []))
        hold(github, files={}, export=Reply(status=404))
    if extent == "partial":
        github.plans[SBOM] = {"sbom": None}
        github.plans["/orgs/acme"] |= {"total_private_repos": None}
    report = graph.ingest("github", ["acme"], read_at="2026-03-26T12:00:00Z")
    assert (extent == "complete") is ("nothing of it counts as gone" not in " ".join(report.notes))
    assert verdict(graph) is Verdict.UNKNOWN
    graph.ingest("github", ["acme"], read_at="2026-03-27T12:00:00Z")
    assert verdict(graph) is Verdict.UNKNOWN


def test_what_was_seen_again_stood_in_between(graph: Graph, github: Server) -> None:
    repository(github, **good("20"))
    graph.ingest("github", ["acme"], read_at="2026-03-23T12:00:00Z")
    organisation(github)
    graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    assert verdict(graph) is Verdict.UNKNOWN
    repository(github, **good("20"))  # the same commit: it had only been out of sight
    graph.ingest("github", ["acme"], read_at="2026-03-26T12:00:00Z")
    assert verdict(graph) is Verdict.CLEARED


def test_what_is_gone_today_was_locked_last_week(graph: Graph, github: Server) -> None:
    repository(github, files={"requirements.txt": BAD}, export=Reply(status=404))
    graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    organisation(github)
    report = graph.ingest("github", ["acme"], read_at="2026-03-31T12:00:00Z")
    assert "no longer there" in " ".join(report.notes)
    assert [one.current for one in graph.who_has("litellm==1.82.8").matches] == [False]
    then = graph.who_has("litellm==1.82.8", at="2026-03-24T11:30:00Z").matches
    assert [one.current for one in then] == [True]
    assert verdict(graph) is Verdict.OBSERVED


def test_a_document_that_cannot_be_read_leaves_everything_open(graph: Graph, github: Server) -> None:
    repository(github, files={"requirements.txt": BAD, "a/uv.lock": uv_lock("a", "litellm==1.82.8")})
    graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    before = graph.who_has("litellm").matches
    repository(github, files={"a/uv.lock": "version = 1\n[[package"})
    report = graph.ingest("github", ["acme"], read_at="2026-03-26T12:00:00Z")
    assert len(report.rejected) == 1
    assert "nothing of it counts as gone" in " ".join(report.notes)
    assert graph.who_has("litellm").matches == before


def test_a_file_that_only_has_the_name_of_a_document_is_no_failure(graph: Graph, github: Server) -> None:
    prose = "You need a machine with 8 GB of memory.\n"
    repository(github, files={"docs/requirements.txt": prose, "a/pyproject.toml": "[tool.x]\ny = 1\n"})
    report = graph.ingest("github", ["acme"])
    assert [path.partition("/shop/")[2] for path in report.unrecognised] == [
        "a/pyproject.toml",
        "docs/requirements.txt",
    ]
    assert report.rejected == ()
    assert "nothing of it counts as gone" not in " ".join(report.notes)


def test_folders_end_nothing_and_are_not_ended(graph: Graph, github: Server, tmp_path: Path) -> None:
    put(tmp_path / "top" / "github" / "acme" / "shop" / "requirements.txt", BAD)
    graph.ingest("lock", [str(tmp_path / "top")])
    (tmp_path / "top" / "github" / "acme" / "shop" / "requirements.txt").unlink()
    put(tmp_path / "top" / "else.txt", "x==1\n")
    graph.ingest("lock", [str(tmp_path / "top")])
    organisation(github)
    graph.ingest("github", ["acme"])
    assert [one.current for one in graph.who_has("litellm").matches] == [True]


def test_an_older_pull_that_comes_in_later_ends_nothing_newer(graph: Graph, github: Server) -> None:
    repository(github, files={"requirements.txt": BAD}, export=Reply(status=404))
    graph.ingest("github", ["acme"], read_at="2026-03-26T12:00:00Z")
    organisation(github)
    graph.ingest("github", ["acme"], read_at="2026-03-25T12:00:00Z")
    assert [one.current for one in graph.who_has("litellm").matches] == [True]


def test_a_stop_in_the_middle_keeps_what_is_done_and_ends_nothing(graph: Graph, github: Server) -> None:
    def holds(*names: str) -> None:
        organisation(github, *names)
        for name in names:
            hold(github, name, files={"requirements.txt": BAD})

    holds("a", "b")
    graph.ingest("github", ["acme"], read_at="2026-03-24T12:00:00Z")
    holds("new", "b")

    def stop(done: int, total: int | None, what: str) -> None:
        if (done, what) == (1, "acme/b"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graph.ingest("github", ["acme"], read_at="2026-03-26T12:00:00Z", progress=stop)
    held = {(one.service, one.current) for one in graph.who_has("litellm==1.82.8").matches}
    assert held == {("acme/a", True), ("acme/b", True), ("acme/new", True)}


# Secrets


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_token_is_in_no_output_and_in_no_file(
    tmp_path: Path, github: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DEPENDENCY_TRACK_API_KEY", SECRET)
    organisation(github, "shop", "broken")
    leak = {"message": f"Bad: {SECRET}"}
    github.plans["/repos/acme/broken/commits"] = Reply(status=500, body=leak, headers={"X-Error": SECRET})
    place = tmp_path / "graph"
    done = run("ingest", "github", "acme", "--graph", place, "--format", "json")
    assert done.code == 3
    assert SECRET not in done.out + done.err
    github.plans["/orgs/acme"] = Reply(status=401, body=leak)
    for words in (("github", "acme"), ("github", f"https://{SECRET}@git.example/acme")):
        done = run("ingest", *words, "--graph", place)
        assert done.code == 4
        assert done.err.startswith("graphkit: ")
        assert done.err.count("\n") == 1
        assert SECRET not in done.out + done.err
    for address in (f"https://u:{SECRET}@sbom.example", f"{github.address}/?key={SECRET}"):
        done = run("ingest", "dependency-track", address, "--graph", place)
        assert (done.code, done.err.count("\n")) == (4, 1)
        assert SECRET not in done.out + done.err
    kept = files_of(tmp_path)
    assert any(path.endswith("graph.duckdb") for path in kept)
    assert not [path for path, data in kept.items() if SECRET.encode() in data]
