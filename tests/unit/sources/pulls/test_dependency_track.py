"""Pulls from Dependency-Track, against a server on loopback that replays its documented answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from graphkit.model.errors import GraphkitError
from graphkit.model.times import instant
from graphkit.sources.pulls import open_dependency_track
from tests.unit.cli.inputs import sbom
from tests.unit.sources.pulls.replay import TOKEN, Read, Reply, Server, pulled

PROJECTS = "/api/v1/project"
BOM = "/api/v1/bom/cyclonedx/project"
INVENTORY = json.loads(sbom("shop", "litellm==1.82.8"))
UPLOADED = 1_774_353_600_000  # 2026-03-24T12:00:00Z


def project(uuid: str, **more: Any) -> dict[str, Any]:
    return {"uuid": uuid, "name": "shop", "active": True, "lastBomImport": UPLOADED} | more


def hold(server: Server, *projects: dict[str, Any], root: str = "") -> None:
    """Let a server list projects, a hundred a page, each with the same inventory."""

    def page(query: Mapping[str, str]) -> Reply:
        size, number = int(query["pageSize"]), int(query["pageNumber"])
        rows = list(projects[size * (number - 1) : size * number])
        return Reply(body=rows, headers={"X-Total-Count": str(len(projects))})

    server.plans[f"{root}{PROJECTS}"] = page
    server.plans |= {f"{root}{BOM}/{one['uuid']}": INVENTORY for one in projects}


def pull(server: Server, root: str = "", *, key: str = TOKEN) -> Read:
    got = pulled(open_dependency_track, f"{server.address}{root}", {"DEPENDENCY_TRACK_API_KEY": key})
    assert got.source.startswith("dependency-track/127.0.0.1:")
    return got


def failure(server: Server, root: str = "", *, key: str = TOKEN) -> str:
    with pytest.raises(GraphkitError) as caught:
        pull(server, root, key=key)
    text = str(caught.value)
    assert TOKEN not in text
    assert "\n" not in text
    return text


def test_every_page_of_projects_is_read_with_the_key(server: Server) -> None:
    hold(server, *(project(f"id-{number}", name=f"p{number}") for number in range(250)))
    got = pull(server)
    assert {one.service for one in got.found} == {f"p{number}" for number in range(250)}
    assert (got.rejected, got.is_complete) == ({}, True)
    assert server.secrets() == {TOKEN}
    assert {headers.get("authorization") for _, _, headers in server.asked} == {None}
    exported = next(query for path, query, _ in server.asked if path.startswith(BOM))
    assert exported == {"format": "json", "variant": "inventory"}


def test_versions_of_a_project_are_states_of_one_service_by_when_each_was_uploaded(server: Server) -> None:
    hold(
        server,
        project("a", version="1.0", active=False, lastBomImport="2026-03-20T12:00:00Z"),
        project("b", version="2.0"),
    )
    got = pull(server)
    old, new = got.found
    assert (old.service, new.service) == ("shop", "shop")
    assert old.path != new.path
    assert (old.built_at, new.built_at) == (instant("2026-03-20T12:00:00Z"), instant("2026-03-24T12:00:00Z"))
    assert "inactive" in old.note
    assert "inactive" not in new.note
    assert "version 1.0" in old.note
    assert got.is_complete


@pytest.mark.parametrize("told", [None, 0, -1, "", "soon", 10**30, 1e300])
def test_an_upload_time_that_is_none_dates_nothing(server: Server, told: Any) -> None:
    hold(server, project("a", lastBomImport=told), project("b", name="till"))
    got = pull(server)
    assert [one.built_at for one in got.found if one.service == "shop"] == [None]
    assert "till" in {one.service for one in got.found}


def test_projects_of_one_name_below_different_parents_have_paths_of_their_own(server: Server) -> None:
    hold(server, project("a"), project("b"))
    assert len(set(pull(server).paths)) == 2


@pytest.mark.parametrize(
    ("bom", "words"),
    [
        (Reply(status=500), "cannot be exported (500)"),
        (Reply(status=404), "cannot be exported (404)"),
        (Reply(status=403), "has no access to it (403)"),
        (Reply(body=b'{"bomFormat": "Cyc'), "not JSON"),
        (Reply(body=b"<html>", kind="text/html"), "a web page"),
        (Reply(body=INVENTORY, cut=True), "cannot be reached"),
        (Reply(body=b""), "no BOM has been uploaded"),
        (Reply(status=204, body=b""), "no BOM has been uploaded"),
        ({"bomFormat": "CycloneDX", "components": None}, "no BOM has been uploaded"),
        ({"bomFormat": "CycloneDX"}, "no BOM has been uploaded"),
        (Reply(body=b'{"components": [{}], "components": null}'), "not read: its BOM has the duplicate key"),
    ],
)
def test_an_export_that_fails_costs_one_project_and_closes_nothing(server: Server, bom: Any, words: str) -> None:
    hold(server, project("a", name="bad"), project("b", name="good"))
    server.plans[f"{BOM}/a"] = bom
    got = pull(server)
    assert [one.service for one in got.found] == ["good"]
    assert words in next(iter(got.rejected.values()))
    assert not got.is_complete


def test_a_list_of_projects_with_a_duplicate_key_is_not_read(server: Server) -> None:
    """A server that names a project twice in one row may mean either."""
    server.plans["/api/v1/project"] = Reply(body=b'[{"uuid": "a", "name": "x", "name": "y"}]')
    with pytest.raises(GraphkitError, match="not read: the server answered with the duplicate key 'name'"):
        pull(server)


def test_an_empty_inventory_is_one_only_where_a_bom_was_uploaded(server: Server) -> None:
    hold(server, project("a"), project("b", name="never", lastBomImport=None))
    server.plans |= {f"{BOM}/{one}": INVENTORY | {"components": []} for one in "ab"}
    got = pull(server)
    assert [one.service for one in got.found] == ["shop"]
    assert not got.is_complete


def test_a_collection_of_projects_has_no_bom_and_is_no_failure(server: Server) -> None:
    hold(server, project("a", lastBomImport=None, collectionLogic="AGGREGATE_DIRECT_CHILDREN"))
    server.plans[f"{BOM}/a"] = INVENTORY | {"components": []}
    got = pull(server)
    assert (got.found, got.rejected, got.is_complete) == ([], {}, True)
    assert "collection" in " ".join(got.notes)


def test_fewer_projects_than_the_server_says_is_a_failure(server: Server) -> None:
    hold(server, project("a"))
    server.plans[PROJECTS] = (Reply(body=[project("a")], headers={"X-Total-Count": "2"}), [])
    got = pull(server)
    assert "says it has 2 projects and lists 1" in " ".join(got.rejected.values())
    assert not got.is_complete


def test_a_server_that_knows_no_pages_is_not_asked_for_ever(server: Server) -> None:
    hold(server, project("a"))
    server.plans[PROJECTS] = [project("a")]
    got = pull(server)
    assert server.paths().count(PROJECTS) == 2
    assert len(got.found) == 1
    assert not got.is_complete


@pytest.mark.parametrize(
    "second",
    [
        Reply(status=500),
        Reply(status=403),
        Reply(body=b"[{"),
        Reply(body={"message": "odd"}),
        Reply(body=[project("b")], cut=True),
    ],
)
def test_a_list_that_breaks_off_loses_nothing_before_it_and_closes_nothing(server: Server, second: Reply) -> None:
    hold(server, project("a"))
    server.plans[PROJECTS] = (Reply(body=[project("a")]), second)
    got = pull(server)
    assert len(got.found) == 1
    assert "breaks off" in " ".join(got.rejected.values())
    assert not got.is_complete


@pytest.mark.parametrize("row", [7, {"name": "x"}, {"uuid": "../../x"}, {"uuid": ""}, {"uuid": "a", "name": 7}])
def test_a_project_that_cannot_be_one_costs_only_itself(server: Server, row: Any) -> None:
    hold(server, project("b"))
    server.plans[PROJECTS] = (Reply(body=[row, project("b")]), [])
    got = pull(server)
    assert len(got.found) == 1
    assert len(got.rejected) == 1
    assert not got.is_complete


# Addresses


@pytest.mark.parametrize("root", ["/dtrack", "/dtrack/", "/dtrack/api", "/dtrack/api/v1"])
def test_an_address_may_have_a_path_and_the_path_of_the_api(server: Server, root: str) -> None:
    hold(server, project("a"), root="/dtrack")
    got = pull(server, root)
    assert got.is_complete
    assert all(path.startswith("/dtrack/api/v1/") for path in server.paths())


def test_what_two_servers_of_one_host_hold_is_kept_apart(server: Server) -> None:
    hold(server, project("a"))
    hold(server, project("b"), root="/other")
    here, other = pull(server), pull(server, "/other")
    assert not any(path.startswith(f"{here.source}/") for path in other.paths)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"https://user:{TOKEN}@sbom.example", "holds a user or password"),
        (f"https://{TOKEN}@sbom.example", "holds a user or password"),
        (f"https://sbom.example/?key={TOKEN}", "without ? and #"),
        (f"https://sbom.example/#{TOKEN}", "without ? and #"),
        ("sbom.example", "http(s) address"),
        ("file:///etc/passwd", "http(s) address"),
        ("https://[", "not a web address"),
        ("https://sbom.example:70000", "not a web address"),
        ("https://sbom..example", "not a web address"),
        ("https://xn--", "not a web address"),
        (f"https://{'a' * 64}.example", "not a web address"),
        ("", "http(s) address"),
    ],
)
def test_an_address_with_a_secret_or_none_is_refused_unshown(address: str, words: str) -> None:
    with pytest.raises(GraphkitError) as caught:
        pulled(open_dependency_track, address, {})
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("host", ["[::1]:8080", "b\u00fccher.example", "sbom.example.", "127.0.0.1", "dtrack:8080"])
def test_an_address_may_name_any_host_that_there_can_be(host: str) -> None:
    with open_dependency_track(
        f"http://{host}",
        read_at=0,
        reject=lambda *_: None,
        progress=lambda *_: None,
        environ={},
        keyring=lambda *_: None,
    ) as opened:
        assert opened.source.startswith("dependency-track/")


def test_a_key_goes_nowhere_else(server: Server, elsewhere: Server) -> None:
    hold(server, project("a"))
    server.plans[f"{BOM}/a"] = Reply(status=307, headers={"Location": f"{elsewhere.address}/bom"})
    elsewhere.plans["/bom"] = INVENTORY
    assert pull(server).is_complete
    assert elsewhere.secrets() == {None}
    assert server.secrets() == {TOKEN}


def test_refusals_are_one_line_each(server: Server) -> None:
    server.plans[PROJECTS] = Reply(status=401)
    assert "does not take the token or key (401); set DEPENDENCY_TRACK_API_KEY" in failure(server)
    assert "wants a token or key (401)" in failure(server, key="")
    server.plans[PROJECTS] = Reply(status=403)
    assert "VIEW_PORTFOLIO" in failure(server)
    for plan in (Reply(status=404), Reply(body=b"<html>", kind="text/html"), {"a": 1}):
        server.plans[PROJECTS] = plan
        assert "address of the API server" in failure(server)


def test_a_server_that_is_not_there_is_one_line(server: Server) -> None:
    server.close()
    assert "cannot be reached (ConnectError" in failure(server)


def test_a_rate_limit_is_waited_for(server: Server) -> None:
    hold(server, project("a"))
    server.plans[f"{BOM}/a"] = (Reply(status=429, headers={"Retry-After": "3"}), INVENTORY)
    got = pull(server)
    assert (got.slept, got.is_complete) == ([3.0], True)
