"""Pulls from GitHub, against a server on loopback that replays its documented answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import msgspec
import pytest

from graphkit.model.errors import GraphkitError
from graphkit.model.times import instant
from graphkit.sources.pulls import open_github
from graphkit.sources.pulls.github_files import Tree, input_files
from tests.unit.sources.pulls.replay import (
    NOW,
    TOKEN,
    Read,
    Reply,
    Server,
    blob_id,
    commit,
    hold,
    organisation,
    owner,
    pulled,
    repository,
    spdx,
)

LOCK = "litellm==1.82.8\n"
SBOM = "/repos/acme/shop/dependency-graph/sbom"


def pull(server: Server, target: str = "acme", *, token: str = TOKEN, root: str = "") -> Read:
    got = pulled(open_github, target, {"GITHUB_API_URL": f"{server.address}{root}", "GITHUB_TOKEN": token})
    got.found = [clean(one, server) for one in got.found]
    got.rejected = {path.replace(name_of(server), "H"): text for path, text in got.rejected.items()}
    return got


def name_of(server: Server) -> str:
    return f"github/{server.address.removeprefix('http://')}"


def clean(one: Any, server: Server) -> Any:
    return type(one)(**{k: getattr(one, k) for k in one.__slots__} | {"path": one.path.replace(name_of(server), "H")})


def failure(server: Server, target: str = "acme", *, token: str = TOKEN) -> str:
    with pytest.raises(GraphkitError) as caught:
        pull(server, target, token=token)
    text = str(caught.value)
    assert TOKEN not in text
    assert "\n" not in text
    return text


# An organisation and its pages


def test_every_page_is_followed_with_the_token_and_a_version(server: Server) -> None:
    organisation(server, "a", "b", "c")
    listed = server.plans["/orgs/acme/repos"]

    def page(query: Mapping[str, str]) -> Reply:
        number = int(query.get("page", "1"))
        link = f'<{server.address}/orgs/acme/repos?page={number + 1}>; rel="next", <{server.address}/x>; rel="last"'
        return Reply(body=listed[number - 1 : number], headers={"Link": link} if number < 3 else {})

    server.plans["/orgs/acme/repos"] = page
    got = pull(server)
    assert [path for path in got.paths if path.endswith(".txt")] == [
        f"H/acme/{name}/requirements.txt" for name in ("a", "b", "c")
    ]
    assert (got.rejected, got.is_complete) == ({}, True)
    assert server.secrets() == {f"Bearer {TOKEN}"}
    assert {headers["x-github-api-version"] for _, _, headers in server.asked} == {"2022-11-28"}
    first = next(query for path, query, _ in server.asked if path == "/orgs/acme/repos")
    assert (first["per_page"], first["type"]) == ("100", "all")


def test_a_next_page_on_another_server_is_not_asked_and_what_was_listed_is_read(
    server: Server, elsewhere: Server
) -> None:
    organisation(server, "shop")
    away = f'<{elsewhere.address}/orgs/acme/repos?page=2>; rel="next"'
    server.plans["/orgs/acme/repos"] = Reply(body=[repository()], headers={"Link": away})
    got = pull(server)
    assert "H/acme/shop/requirements.txt" in got.paths
    assert "on another server" in " ".join(got.rejected.values())
    assert not got.is_complete
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (Reply(status=502), "breaks off (502)"),
        (Reply(status=404), "breaks off (404)"),
        (Reply(body=b'[{"name": "b"'), "not JSON"),
        (Reply(body={"message": "odd"}), "not JSON"),
        (Reply(body=b"<html>", kind="text/html"), "a web page"),
        (Reply(body=[repository()], cut=True), "cannot be reached"),
    ],
)
def test_a_list_that_breaks_off_loses_nothing_before_it_and_closes_nothing(
    server: Server, second: Reply, words: str
) -> None:
    organisation(server, "shop")
    more = {"Link": f'<{server.address}/page2>; rel="next"'}
    server.plans["/orgs/acme/repos"] = Reply(body=[repository()], headers=more)
    server.plans["/page2"] = second
    got = pull(server)
    assert "H/acme/shop/requirements.txt" in got.paths
    assert words in " ".join(got.rejected.values())
    assert not got.is_complete


def test_a_server_that_gives_one_page_for_ever_is_left(server: Server) -> None:
    organisation(server, "shop")
    again = {"Link": f'<{server.address}/orgs/acme/repos?page=2>; rel="next"'}
    server.plans["/orgs/acme/repos"] = Reply(body=[repository()], headers=again)
    got = pull(server)
    assert server.paths().count("/orgs/acme/repos") == 2
    assert not got.is_complete


@pytest.mark.parametrize(
    "row", [{"name": "x"}, 7, repository(".."), repository("a/b"), repository("x", "a\nb"), repository("")]
)
def test_a_repository_that_cannot_be_one_costs_only_itself(server: Server, row: Any) -> None:
    organisation(server, "shop")
    server.plans["/orgs/acme/repos"] = [row, repository()]
    got = pull(server)
    assert "H/acme/shop/requirements.txt" in got.paths
    assert len(got.rejected) == 1
    assert not got.is_complete


def test_archived_forked_disabled_and_empty_repositories_are_each_said(server: Server) -> None:
    organisation(server, "old", "fork", "off", "empty")
    server.plans["/orgs/acme/repos"] = [
        repository("old", archived=True),
        repository("fork", fork=True),
        repository("off", disabled=True),
        repository("empty"),
    ]
    server.plans["/repos/acme/empty/commits"] = Reply(status=409, body={"message": "Git Repository is empty."})
    server.plans["/repos/acme/empty/dependency-graph/sbom"] = Reply(status=404)
    got = pull(server)
    assert "archived" in got.at("H/acme/old/requirements.txt").note
    assert "a fork" in got.at("H/acme/fork/requirements.txt").note
    assert not any("/off/" in path or "/empty/" in path for path in got.paths)
    assert any("acme/off is disabled" in note for note in got.notes)
    assert "acme/empty is empty" in got.notes
    assert got.rejected == {}
    assert not got.is_complete  # nothing is known of what is disabled


def test_a_repository_of_one_name_in_two_organisations_is_two_services(server: Server) -> None:
    organisation(server, "shop")
    organisation(server, "shop", login="other")
    services = {one.service for target in ("acme", "other") for one in pull(server, target).found}
    assert services == {"acme/shop", "other/shop"}


def test_a_moved_repository_goes_by_the_name_that_it_has_now(server: Server) -> None:
    hold(server, "new", "other")
    server.plans["/repos/acme/old"] = Reply(status=301, headers={"Location": "/repositories/7"})
    server.plans["/repositories/7"] = repository("new", "other")
    got = pull(server, "acme/old")
    assert {one.service for one in got.found} == {"other/new"}
    assert got.is_complete


@pytest.mark.parametrize(
    ("told", "token", "words"),
    [
        (owner(repositories=2), TOKEN, "2 repositories, and this token sees 1"),
        (owner(total_private_repos=3), TOKEN, "4 repositories, and this token sees 1"),
        ({"login": "acme", "public_repos": 1}, TOKEN, "may be more"),
        (owner(), "", "without a token"),
    ],
)
def test_where_there_may_be_more_repositories_the_pull_is_not_complete(
    server: Server, told: Any, token: str, words: str
) -> None:
    organisation(server, "shop")
    server.plans["/orgs/acme"] = told
    got = pull(server, token=token)
    assert words in " ".join(got.notes)
    assert (got.rejected, got.is_complete) == ({}, False)
    assert server.secrets() == {f"Bearer {token}" if token else None}


def test_a_user_is_pulled_but_never_completely(server: Server) -> None:
    organisation(server, "shop")
    server.plans |= {"/users/acme": owner(type="User"), "/users/acme/repos": server.plans["/orgs/acme/repos"]}
    del server.plans["/orgs/acme"]
    got = pull(server)
    assert "H/acme/shop/requirements.txt" in got.paths
    assert not got.is_complete


def test_a_token_without_single_sign_on_says_so(server: Server) -> None:
    organisation(server, "shop")
    server.plans["/orgs/acme/repos"] = Reply(
        body=[repository()], headers={"X-GitHub-SSO": "partial-results; organizations=1"}
    )
    got = pull(server)
    assert "single sign-on" in " ".join(got.rejected.values())
    assert not got.is_complete


# Refusals


def test_a_wrong_token_and_none_are_one_line_each(server: Server) -> None:
    server.plans["/orgs/acme"] = Reply(status=401, body={"message": f"Bad credentials {TOKEN}"})
    assert "does not take the token or key (401)" in failure(server)
    assert "wants a token or key (401); set GITHUB_TOKEN" in failure(server, token="")


def test_what_nobody_knows_is_said_with_what_to_check(server: Server) -> None:
    assert "knows no organisation or user 'acme'" in failure(server)
    assert "knows no repository 'acme/shop'" in failure(server, "acme/shop")
    assert "if it is private, set GITHUB_TOKEN" in failure(server, token="")
    server.plans["/orgs/acme"] = Reply(status=403, body={"message": "no"}, headers={"X-GitHub-SSO": "required; url=x"})
    assert "single sign-on" in failure(server)
    server.plans["/orgs/acme"] = Reply(body=b"<html>", kind="text/html")
    assert "https://HOST/api/v3" in failure(server)


@pytest.mark.parametrize("target", ["", "/", "..", "a/..", "a/b/c", "a\nb", "https://x:tok_never_shown@git.example/a"])
def test_what_is_no_organisation_is_not_asked_for(server: Server, target: str) -> None:
    assert "give an organisation" in failure(server, target)
    assert server.asked == []


@pytest.mark.parametrize("token", ["tok_never_shown\r\nX: y", "tok_never_shown\u00e9", "tok_never_shown x"])
def test_a_token_that_no_header_may_hold_is_not_shown(server: Server, token: str) -> None:
    assert "GITHUB_TOKEN contains a character" in failure(server, token=token)
    assert server.asked == []


# Rate limits and other waits


def limited(status: int, message: str = "no", **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body={"message": message}, headers=names)


@pytest.mark.parametrize(
    ("reply", "waits"),
    [
        (limited(429, Retry_After="7"), [7.0]),
        (limited(403, Retry_After="7"), [7.0]),
        (limited(403, Retry_After="0"), [1.0]),
        (limited(403, Retry_After=formatdate(NOW + 9, usegmt=True), Date=formatdate(NOW, usegmt=True)), None),
        (limited(403, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 5)), None),
        (limited(429), [60.0]),
        (limited(403, "You have exceeded a secondary rate limit. Please wait"), [60.0]),
        (limited(403, "You have triggered an abuse detection mechanism"), [60.0]),
    ],
)
def test_a_rate_limit_is_waited_for(server: Server, reply: Reply, waits: list[float] | None) -> None:
    organisation(server, "shop")
    server.plans["/orgs/acme"] = (reply, owner())
    if waits is None:  # counted from the server's own clock, which is this machine's here
        got = pull_dated(server)
        assert len(got.slept) == 1
        assert 1.0 <= got.slept[0] <= 60.0
    else:
        got = pull(server)
        assert got.slept == waits
    assert (got.rejected, got.is_complete) == ({}, True)


def pull_dated(server: Server) -> Read:
    """Pull from a server whose limit lasts ten seconds by its own clock."""
    now = time.time()
    first, *rest = server.plans["/orgs/acme"]
    headers = dict(first.headers)
    headers.pop("Date", None)
    if "Retry-After" in headers:
        headers["Retry-After"] = formatdate(now + 10, usegmt=True)
    else:
        headers["x-ratelimit-reset"] = str(int(now) + 10)
    server.plans["/orgs/acme"] = (Reply(status=first.status, body=first.body, headers=headers), *rest)
    return pull(server)


def test_a_limit_that_lasts_keeps_what_was_read_and_says_until_when(server: Server) -> None:
    organisation(server, "a", "b")
    server.plans["/repos/acme/b/commits"] = limited(403, Retry_After="3000")
    got = pull(server)
    assert "H/acme/a/requirements.txt" in got.paths
    assert not any("/b/" in path for path in got.paths)
    (problem,) = got.rejected.values()
    assert "rate limit" in problem
    assert "pull again then" in problem
    assert (got.slept, got.is_complete) == ([], False)


def test_a_limit_without_an_end_is_left_after_some_waits(server: Server) -> None:
    organisation(server, "shop")
    server.plans["/repos/acme/shop/commits"] = limited(429, Retry_After="30")
    got = pull(server)
    assert got.slept == [30.0] * 5
    assert not got.is_complete


def test_a_refusal_that_is_no_limit_costs_one_repository(server: Server) -> None:
    organisation(server, "a", "b")
    server.plans["/repos/acme/a/commits"] = limited(403, "Resource not accessible", x_ratelimit_remaining="4999")
    got = pull(server)
    assert list(got.rejected) == ["H/acme/a"]
    assert "H/acme/b/requirements.txt" in got.paths
    assert (got.slept, got.is_complete) == ([], False)


def test_a_server_that_is_gone_is_left_after_three(server: Server) -> None:
    organisation(server, "a", "b", "c", "d", "e")
    for name in "bcde":
        for plan in ("commits", "dependency-graph/sbom", "dependency-graph/sbom/generate-report"):
            server.plans[f"/repos/acme/{name}/{plan}"] = Reply(body=[], cut=True)
    got = pull(server)
    assert "H/acme/a/requirements.txt" in got.paths
    assert "the server no longer responds" in " ".join(got.rejected.values())
    assert not any("/repos/acme/e/" in path for path in server.paths())
    assert not got.is_complete


# SBOMs of the dependency graph


@pytest.mark.parametrize(
    "export",
    [
        {"sbom": None},
        {"sbom": {}},
        None,
        {},
        {"sbom": {"packages": None}},
        spdx(packages=None),
        {"packages": None},
        Reply(body=b""),
        Reply(body=b"null"),
        Reply(status=204, body=b""),
        Reply(status=500, body={"message": "Failed to generate SBOM: Request timed out."}),
        Reply(status=503),
        Reply(body=b'{"sbom": {"packages": [{"name": '),
        Reply(body=b"[]"),
        Reply(body=b"<html>", kind="text/html"),
        Reply(status=403, body={"message": "Forbidden"}),
    ],
)
def test_no_sbom_where_one_should_be_is_a_failure_and_not_an_empty_graph(server: Server, export: Any) -> None:
    organisation(server, "shop")
    server.plans[SBOM] = Reply(body=None) if export is None else export
    got = pull(server)
    assert list(got.rejected) == ["H/acme/shop/dependency-graph/sbom"]
    assert got.paths == ["H/acme/shop/requirements.txt"]
    assert not got.is_complete


def test_an_sbom_without_packages_is_one(server: Server) -> None:
    organisation(server, "shop")
    server.plans[SBOM] = spdx(packages=[])
    got = pull(server)
    assert "H/acme/shop/dependency-graph/sbom" in got.paths
    assert got.is_complete


@pytest.mark.parametrize("status", [404, 410])
def test_a_repository_without_a_dependency_graph_says_so(server: Server, status: int) -> None:
    organisation(server, "shop")
    server.plans[SBOM] = Reply(status=status, body={"message": "Not Found"})
    got = pull(server)
    assert any("acme/shop has no SBOM" in note for note in got.notes)
    assert (got.rejected, got.is_complete) == ({}, True)
    hold(server, files={}, export=Reply(status=404))
    assert any("nothing is known of it" in note for note in pull(server).notes)


def reports(server: Server, *answers: Any, name: str = "shop") -> None:
    root = f"/repos/acme/{name}/dependency-graph/sbom"
    server.plans[f"{root}/generate-report"] = Reply(
        status=201, body={"sbom_url": f"{server.address}{root}/fetch-report/1-a"}
    )
    server.plans[f"{root}/fetch-report/1-a"] = answers


@pytest.mark.parametrize("waiting", [201, 202])
def test_a_report_is_waited_for_and_fetched_without_the_token_from_elsewhere(
    server: Server, elsewhere: Server, waiting: int
) -> None:
    organisation(server, "shop")
    made = Reply(status=302, headers={"Location": f"{elsewhere.address}/stored?signature=s"})
    reports(server, Reply(status=waiting), Reply(status=waiting), made)
    elsewhere.plans["/stored"] = spdx()
    got = pull(server)
    assert (got.slept, got.rejected, got.is_complete) == ([1.0, 2.0], {}, True)
    assert "H/acme/shop/dependency-graph/sbom" in got.paths
    assert SBOM not in server.paths()
    assert elsewhere.secrets() == {None}
    assert "x-github-api-version" not in elsewhere.asked[0][2]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ((Reply(status=202),), "still making"),
        (({"sbom": None},), "timed out"),
        ((Reply(status=500),), "timed out"),
        ((Reply(status=302, headers={"Location": "ftp://files.example/x"}),), "neither http nor https"),
        ((Reply(status=302, headers={"Location": "fetch-report/1-a"}), Reply(status=302)), "rejects the request"),
    ],
)
def test_a_report_that_does_not_come_is_a_failure(server: Server, answers: Any, words: str) -> None:
    organisation(server, "shop")
    reports(server, *answers)
    if words == "rejects the request":
        server.plans["/repos/acme/shop/dependency-graph/sbom/fetch-report/fetch-report/1-a"] = Reply(status=400)
    got = pull(server)
    assert words in got.rejected["H/acme/shop/dependency-graph/sbom"]
    assert not got.is_complete
    assert sum(got.slept) < 120


def test_redirects_in_a_circle_end(server: Server) -> None:
    organisation(server, "shop")
    server.plans["/repos/acme/shop/commits"] = Reply(
        status=302, headers={"Location": "/repos/acme/shop/commits?again=1"}
    )
    got = pull(server)
    assert "more than 5 times" in got.rejected["H/acme/shop"]


# Files


def test_locks_and_sboms_are_read_by_their_names_in_any_folder(server: Server) -> None:
    names = ["uv.lock", "a/poetry.lock", "b/pdm.lock", "c/Pipfile.lock", "d/pylock.dev.toml", "e/requirements/ci.txt"]
    names += ["f/dev-requirements.txt", "g/pyproject.toml", "h/bom.json", "i/app.spdx", "j/x.cdx.xml"]
    others = ["README.md", "pyproject.toml", "k/notes.txt", "l/package.json"]
    hold(server, files={path: path for path in names + others})
    got = pull(server, "acme/shop")
    files = [path.removeprefix("H/acme/shop/") for path in got.paths if "dependency-graph" not in path]
    assert files == sorted(names)  # and no pyproject.toml beside a lock
    assert got.at("H/acme/shop/a/poetry.lock").service == "acme/shop/a"
    assert got.at("H/acme/shop/uv.lock").service == "acme/shop"
    assert {one.read_at for one in got.found} == {instant("2026-03-25T12:00:00Z")}
    assert got.at("H/acme/shop/h/bom.json").stands_from is None


def test_a_cut_tree_a_link_and_a_submodule_are_said(server: Server) -> None:
    here = hold(server)
    rows = server.plans[f"{here}/git/trees/{'c' * 40}"]["tree"]
    rows += [
        {"path": "a/uv.lock", "type": "blob", "sha": "1" * 40, "mode": "120000"},
        {"path": "b/uv.lock", "type": "blob", "sha": "../../x", "mode": "100644"},
        {"path": "vendor/lib", "type": "commit", "sha": "2" * 40, "mode": "160000"},
    ]
    server.plans[f"{here}/git/trees/{'c' * 40}"]["truncated"] = True
    got = pull(server, "acme/shop")
    assert "H/acme/shop/requirements.txt" in got.paths
    assert "more files than GitHub lists" in got.rejected["H/acme/shop"]
    assert "symbolic link" in got.rejected["H/acme/shop/a/uv.lock"]
    assert "no id" in got.rejected["H/acme/shop/b/uv.lock"]
    assert any("vendor/lib" in note for note in got.notes)
    assert not got.is_complete
    assert not any("x" in path.rpartition("/")[2] for path in server.paths() if "/blobs/" in path)


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        ({"content": "bm9uc2Vuc2U=", "encoding": "base64"}, "does not match its id"),
        ({"content": "", "encoding": "none"}, "does not match its id"),
        ({"content": "bGl0", "encoding": "base64"}, "does not match its id"),
        ({"content": "a", "encoding": "base64"}, "not valid base64"),
        ({"content": None}, "not JSON of this API"),
        (Reply(status=403, body={"errors": [{"code": "too_large"}]}), "cannot be read (403)"),
        (Reply(status=404), "cannot be read (404)"),
        (Reply(body=b'{"content": "bGl0'), "not JSON"),
    ],
)
def test_bytes_that_are_not_those_of_their_id_cost_one_file(server: Server, blob: Any, words: str) -> None:
    here = hold(server, files={"requirements.txt": LOCK, "a/requirements.txt": "x==1\n"})
    server.plans[f"{here}/git/blobs/{blob_id(LOCK)}"] = blob
    got = pull(server, "acme/shop")
    assert words in got.rejected["H/acme/shop/requirements.txt"]
    assert "H/acme/shop/a/requirements.txt" in got.paths
    assert not got.is_complete


def test_a_blob_may_come_as_text(server: Server) -> None:
    here = hold(server, files={"requirements.txt": LOCK})
    server.plans[f"{here}/git/blobs/{blob_id(LOCK)}"] = {"content": LOCK, "encoding": "utf-8"}
    assert pull(server, "acme/shop").at("H/acme/shop/requirements.txt").data == LOCK.encode()


# Times


def test_a_lock_stands_from_when_it_came_onto_the_branch(server: Server) -> None:
    history = [
        commit("d", "2026-03-24T15:00:00Z", parents="ac"),
        commit("c", "2026-03-24T11:00:00Z", parents="a"),
        commit("a", "2026-03-20T11:00:00Z"),
    ]
    here = hold(server, history=history)

    def commits(query: Mapping[str, str]) -> Any:
        return [history[1]] if "path" in query else history

    server.plans[f"{here}/commits"] = commits
    lock = pull(server, "acme/shop").at("H/acme/shop/requirements.txt")
    assert lock.stands_from == instant("2026-03-24T15:00:00Z")
    assert lock.sources == ("https://git.example/acme/shop", "c" * 40)
    assert "came onto the branch with merge dddddddddddd" in lock.note
    assert (lock.repository, lock.is_first) == ("acme/shop", True)  # no other commit of its path
    bom = pull(server, "acme/shop").at("H/acme/shop/dependency-graph/sbom")
    assert (bom.repository, bom.is_first) == ("", False)


def test_a_lock_that_had_another_state_before_is_not_the_first(server: Server) -> None:
    history = [commit("d", "2026-03-24T15:00:00Z", parents="a"), commit("a", "2026-03-20T11:00:00Z")]
    here = hold(server, history=history)
    link = f'<{server.address}{here}/commits?page=2>; rel="next"'

    def commits(query: Mapping[str, str]) -> Any:
        return Reply(body=history[:1], headers={"Link": link}) if "path" in query else history

    server.plans[f"{here}/commits"] = commits
    assert not pull(server, "acme/shop").at("H/acme/shop/requirements.txt").is_first


@pytest.mark.parametrize("at", ["2099-01-01T00:00:00Z", "yesterday", "", "0000-00-00"])
def test_a_commit_time_that_cannot_be_right_dates_nothing(server: Server, at: str) -> None:
    hold(server, history=[commit("c", at)])
    got = pull(server, "acme/shop")
    lock = got.at("H/acme/shop/requirements.txt")
    assert lock.stands_from is None
    assert lock.read_at == instant("2026-03-25T12:00:00Z")
    assert got.is_complete


def test_a_commit_that_is_too_far_back_dates_nothing(server: Server) -> None:
    letters = "0123456789"
    here = hold(server, history=[commit("0", parents="1")])

    def commits(query: Mapping[str, str]) -> Any:
        if "path" in query:
            return [commit("f")]
        at = int(query.get("page", "0"))
        link = f'<{server.address}{here}/commits?page={at + 1}>; rel="next"'
        return Reply(body=[commit(letters[at], parents=letters[at + 1])], headers={"Link": link})

    server.plans[f"{here}/commits"] = commits
    lock = pull(server, "acme/shop").at("H/acme/shop/requirements.txt")
    assert lock.stands_from is None
    assert "too far back" in lock.note
    assert server.paths().count(f"{here}/commits") == 6


# Enterprise servers


def test_an_enterprise_server_has_a_path_and_a_name_of_its_own(server: Server) -> None:
    organisation(server, "shop", root="/api/v3")
    got = pull(server, root="/api/v3/")
    assert got.is_complete
    assert got.source == f"{name_of(server)}/acme"
    assert all(path.startswith("/api/v3/") for path in server.paths())


def test_a_server_of_a_bare_name_is_never_taken_for_an_organisation() -> None:
    environ = {"GITHUB_API_URL": "http://acme/api/v3"}
    with open_github(
        "shop", read_at=0, reject=lambda *_: None, progress=lambda *_: None, environ=environ, keyring=lambda *_: None
    ) as opened:
        assert not opened.source.startswith("github/acme/")


def test_what_conda_installs_from_is_pulled_and_hides_no_project() -> None:
    names = (
        "a/conda-lock.yml",
        "a/pyproject.toml",
        "a/environment.yml",
        "b/pixi.lock",
        "b/some.yml",
        "b/environment.js",
    )
    listed = [{"path": name, "type": "blob", "mode": "100644", "sha": "0" * 40} for name in names]
    tree = msgspec.convert({"tree": listed}, Tree)
    assert [(one.path, one.hint) for one in input_files(tree)] == [
        ("a/conda-lock.yml", "lock"),
        ("a/environment.yml", "lock"),
        ("a/pyproject.toml", ""),
        ("b/pixi.lock", "lock"),
    ]
