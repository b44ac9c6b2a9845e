"""Every source on a network that lies: what is read is whole, or said in one line not to have been read.

A table of faults and sources. Whatever a server does, an answer takes bounded bytes and time; of what broke off nothing
is kept, and nothing that was not read becomes "there is none".
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import stamina

from graphkit.model.errors import GraphkitError
from graphkit.model.index import MetadataSource
from graphkit.model.names import package_name
from graphkit.sources import http
from graphkit.sources.index.client import open_live
from graphkit.sources.index.pages import JSON_TYPE
from graphkit.sources.pulls.dependency_track import open_dependency_track
from graphkit.sources.pulls.github import open_github
from tests.unit.cli.door import is_one_line, run
from tests.unit.sources.lying import FAULTS, OFFERED, Good, lying
from tests.unit.sources.pulls.replay import TOKEN, Server, organisation, pulled

LARGEST = 2**20
CERTIFICATES = ssl.create_default_context()
JSON = "application/json"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bounds that a test can wait for; certificates, which no case needs, are not read anew for each."""
    for name, value in (("LARGEST", LARGEST), ("LONGEST_ANSWER", 0.6), ("LONGEST_SILENCE", 0.3)):
        monkeypatch.setattr(http, name, value)
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", lambda **_: CERTIFICATES)
    with stamina.set_testing(True, attempts=2):
        yield


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of reading a source: all of ``found``, or the lines that say why not."""

    found: object
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Source:
    """A thing that is read over a network: the answers of its server, which of them breaks, and how it is read.

    ``has_end``: what breaks says itself where it ends, or is checked by a hash. Where not, a server that gives a length
    which is too small is believed.
    """

    good: dict[str, Good]
    broken: str
    read: Callable[[str, Path | None], Outcome]
    has_end: bool = True


WHEEL = "app-1.0-py3-none-any.whl"
METADATA = b"Metadata-Version: 2.1\nName: app\nVersion: 1.0\n" + b"".join(
    b"Requires-Dist: part-%d\n" % number for number in range(20)
)


def page(*, core_metadata: object) -> bytes:
    file = {"filename": WHEEL, "url": f"/files/{WHEEL}", "hashes": {}, "core-metadata": core_metadata}
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "app", "versions": ["1.0"], "files": [file]}).encode()


def html() -> bytes:
    return f'<html><body><a href="/files/{WHEEL}">{WHEEL}</a></body></html>'.encode()


def from_index(address: str, folder: Path | None) -> Outcome:
    try:
        with open_live(f"{address}/simple/", cache=folder, read_at=0) as index:
            reading = index.page(package_name("app"))
            read = index.metadata(reading, "1.0")
    except GraphkitError as error:
        return Outcome(found=None, problems=(str(error),))
    if read.source is MetadataSource.UNKNOWN or read.unreadable or any(one.unreadable for one in read.requirements):
        return Outcome(found=None, problems=(read.reason or "unreadable",))
    return Outcome(found=(reading.page.found, [str(one) for one in read.requirements]))


def of_index(broken: str, *, announced: object = True, kind: str = JSON_TYPE, has_end: bool = True) -> Source:
    body = page(core_metadata=announced) if kind == JSON_TYPE else html()
    good = {"/simple/app/": (kind, body), f"/files/{WHEEL}.metadata": ("text/plain", METADATA)}
    return Source(good=good, broken=broken, read=from_index, has_end=has_end)


def from_github(address: str, _: Path | None) -> Outcome:
    try:
        read = pulled(open_github, "acme", {"GITHUB_API_URL": address, "GITHUB_TOKEN": TOKEN})
    except GraphkitError as error:
        return Outcome(found=None, problems=(str(error),))
    problems = (*read.rejected.values(), *read.notes)
    return Outcome(
        found=sorted((one.path, one.data) for one in read.found), problems=problems if not read.is_complete else ()
    )


def of_github(part: str) -> Source:
    server = Server()
    try:
        organisation(server, "shop")
    finally:
        server.close()
    good = {path: (JSON, json.dumps(plan).encode()) for path, plan in server.plans.items()}
    (broken,) = [path for path in good if part in path and (part != "/commits" or path.endswith(part))]
    return Source(good=good, broken=broken, read=from_github)


def from_dependency_track(address: str, _: Path | None) -> Outcome:
    try:
        read = pulled(open_dependency_track, address, {"DEPENDENCY_TRACK_API_KEY": TOKEN})
    except GraphkitError as error:
        return Outcome(found=None, problems=(str(error),))
    problems = (*read.rejected.values(), *read.notes)
    return Outcome(
        found=sorted((one.path, one.data) for one in read.found), problems=problems if not read.is_complete else ()
    )


def of_dependency_track(broken: str) -> Source:
    project = {"uuid": "u-1", "name": "shop", "version": "1", "lastBomImport": 1_774_000_000_000}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "litellm", "version": "1.82.8"}]}
    good = {
        "/api/v1/project": (JSON, json.dumps([project]).encode()),
        "/api/v1/project?pageSize=100&pageNumber=2": (JSON, b"[]"),
        "/api/v1/bom/cyclonedx/project/u-1": (JSON, json.dumps(bom).encode()),
    }
    return Source(good=good, broken=broken, read=from_dependency_track)


SOURCES = {
    "a page of the index": of_index("/simple/app/"),
    "a page of HTML": of_index("/simple/app/", kind="text/html"),
    "metadata with a hash": of_index(
        f"/files/{WHEEL}.metadata", announced={"sha256": hashlib.sha256(METADATA).hexdigest()}
    ),
    "metadata without one": of_index(f"/files/{WHEEL}.metadata", has_end=False),
    "GitHub's organisation": of_github("/orgs/acme/repos"),
    "GitHub's commits": of_github("/commits"),
    "GitHub's tree": of_github("/git/trees/"),
    "GitHub's file": of_github("/git/blobs/"),
    "GitHub's SBOM": of_github("/dependency-graph/sbom"),
    "Dependency-Track's list": of_dependency_track("/api/v1/project"),
    "Dependency-Track's SBOM": of_dependency_track("/api/v1/bom/cyclonedx/project/u-1"),
}
TRUSTED = {"a length that is too small", "half a body"}
"""Lies that nobody can tell from the truth where what is read has neither an end nor a hash."""


@pytest.mark.parametrize("source", SOURCES)
def test_without_a_fault_everything_is_read(source: str, tmp_path: Path) -> None:
    one = SOURCES[source]
    with lying(one.good, "/none", FAULTS["silence"]) as (address, _):
        assert one.read(address, tmp_path).problems == ()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_read_over_a_lying_network_is_whole_or_said_not_to_be(fault: str, source: str, tmp_path: Path) -> None:
    one = SOURCES[source]
    begun = time.monotonic()
    with lying(one.good, one.broken, FAULTS[fault]) as (address, liar):
        told = one.read(address, tmp_path)
        took = time.monotonic() - begun
    if not told.problems and not (fault in TRUSTED and not one.has_end):
        assert _without_port(told.found) == _whole(source)
    for line in told.problems:
        assert line
        assert line.isprintable(), line
        assert TOKEN not in line
    assert took < 15
    assert liar.sent < OFFERED / 50


@cache
def _whole(source: str) -> str:
    one = SOURCES[source]
    with lying(one.good, "/none", FAULTS["silence"]) as (address, _):
        return _without_port(one.read(address, None).found)


def _without_port(found: object) -> str:
    return re.sub(r"127\.0\.0\.1:\d+", "HOST", repr(found))


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad\r\n\r\n", b"\xff" * 200, b"\0\0\0\0", b"\0\0\x04\x04"])
def test_what_is_no_neo4j_is_one_line(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", TOKEN)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    sock, _ = listener.accept()
                    with sock:
                        sock.recv(64)
                        sock.sendall(said)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        done = run("neo4j", "status", "--to", f"bolt://127.0.0.1:{listener.getsockname()[1]}")
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert (done.code, is_one_line(done.err)) == (4, True), done
    assert TOKEN not in done.err
