from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
import stamina

from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.index import MetadataSource, ReleaseMetadata
from graphkit.model.names import package_name
from graphkit.sources.http import Answer, Busy, wait_for
from graphkit.sources.index import client
from graphkit.sources.index.client import open_live
from graphkit.sources.index.pages import JSON_TYPE
from graphkit.sources.index.sdists import Untold, build_requirements
from tests.loopback import listening
from tests.unit.sources.index.archives import sdist
from tests.unit.sources.index.recorded import Index, Release, core_metadata

DAY = "2026-03-01T00:00:00Z"
APP: dict[str, dict[str, Release]] = {"app": {"1.0": (DAY, ["lib>=2 ; extra == 'x'", "other"])}}
WANTED = ['lib>=2 ; extra == "x"', "other"]


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


def requirements(index: Index) -> ReleaseMetadata:
    opened = index.open()
    return opened.metadata(opened.page(package_name("app")), "1.0")


@pytest.mark.parametrize(
    ("index", "source"),
    [
        (Index(APP), MetadataSource.CORE_METADATA),
        (Index(APP, announces=False), MetadataSource.CORE_METADATA),
        (Index(APP, announces=False, serves_metadata=False, serves_json=True), MetadataSource.RELEASE_JSON),
        (Index(APP, announces=False, serves_metadata=False), MetadataSource.WHEEL),
        (Index(APP, serves_metadata=False), MetadataSource.WHEEL),
    ],
)
def test_requirements_come_from_the_first_place_that_has_them(index: Index, source: MetadataSource) -> None:
    read = requirements(index)
    assert (read.source, [str(one) for one in read.requirements]) == (source, WANTED)


def test_a_wheel_is_never_read_whole() -> None:
    sizes = []

    def measure(request: httpx.Request) -> None:
        sizes.append(request.headers.get("range"))

    requirements(Index(APP, serves_metadata=False, before=measure))
    assert sizes[-1] is not None
    assert all(size is not None for size in sizes[-2:])


def test_without_any_of_them_the_reason_is_said() -> None:
    read = requirements(Index(APP, serves_metadata=False, serves_ranges=False))
    assert read.source is MetadataSource.UNKNOWN
    assert "app-1.0-py3-none-any.whl" in read.reason


@pytest.mark.parametrize("other", [core_metadata("lib", "1.0", []), core_metadata("app", "2.0", []), b"<html></html>"])
def test_metadata_of_another_release_are_none(other: bytes) -> None:
    """An index that serves the wrong file says nothing of what this release requires."""

    def swap(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, content=other) if request.url.path.endswith(".metadata") else None

    read = requirements(Index(APP, serves_ranges=False, before=swap))
    assert (read.source, read.requirements) == (MetadataSource.UNKNOWN, ())


def test_a_mirror_without_metadata_files_is_asked_for_them_once() -> None:
    packages: dict[str, dict[str, Release]] = {"app": {f"1.{n}": (DAY, []) for n in range(5)}}
    index = Index(packages, announces=False, serves_metadata=False)
    opened = index.open()
    reading = opened.page(package_name("app"))
    for release in reading.page.releases:
        opened.metadata(reading, release.version)
    assert sum(count for path, count in index.asked.items() if path.endswith(".metadata")) == 1


LINUX, MUSL, MACOS = (
    "cp312-cp312-manylinux_2_17_x86_64",
    "cp312-cp312-musllinux_1_2_x86_64",
    "cp312-cp312-macosx_11_0_arm64",
)
POWER = "cp312-cp312-manylinux_2_17_ppc64le"
MAYBE = 'platform_version == "of some wheels alone"'


def hashed(*requires: str) -> dict[str, str]:
    return {"sha256": hashlib.sha256(core_metadata("app", "1.0", requires)).hexdigest()}


@pytest.mark.parametrize(
    ("wheels", "wanted", "unreadable", "requests"),
    [
        ({LINUX: (hashed("a"), ["a"]), MACOS: (hashed("a"), ["a"])}, ["a"], 0, 1),
        ({LINUX: (hashed("a", "b"), ["a", "b"]), MACOS: (hashed("a"), ["a"])}, ["a", f"b ; {MAYBE}"], 0, 2),
        ({LINUX: (True, ["a", "b>1"]), MACOS: (True, ["a", "b"])}, ["a", f"b ; {MAYBE}", f"b>1 ; {MAYBE}"], 0, 2),
        (
            {LINUX: (True, ['b ; extra == "x" or extra == "y"']), MACOS: (True, [])},
            [f'b ; (extra == "x" or extra == "y") and {MAYBE}'],
            0,
            2,
        ),
        ({LINUX: (True, ["b >> 1"]), MACOS: (True, ["a"])}, [f"a ; {MAYBE}", "b >> 1"], 0, 2),
        ({LINUX: (hashed("a"), ["a"]), MACOS: (hashed("b"), ["not b"])}, ["a"], 1, 2),
        ({LINUX: (hashed("a"), ["a"]), MACOS: ({"sha256": "cd"}, None)}, ["a"], 1, 2),
        ({LINUX: (hashed("a"), ["a"]), MACOS: (False, None)}, ["a"], 1, 2),
        ({LINUX: (hashed("a"), ["a"]), POWER: (hashed("b"), ["b"])}, ["a"], 0, 1),
        ({POWER: (hashed("b"), ["b"])}, ["b"], 0, 1),
        ({LINUX: (False, ["a"]), MACOS: (False, ["b"])}, ["a"], 0, 1),
        (
            {LINUX: (hashed("a"), ["a"]), MACOS: (hashed("b"), ["b"]), MUSL: (hashed("a"), ["a"])},
            [f"a ; {MAYBE}", f"b ; {MAYBE}"],
            0,
            2,
        ),
    ],
)
def test_what_some_wheels_require_alone_may_apply(
    wheels: dict[str, tuple[object, list[str] | None]], wanted: list[str], unreadable: int, requests: int
) -> None:
    """The index says by hashes whether the wheels of a release require the same."""
    index = Index(APP, serves_ranges=False)
    index.wheels.update(wheels)
    read = requirements(index)
    assert sorted(str(one) for one in read.requirements) == wanted
    assert len(read.unreadable) == unreadable
    assert sum(count for path, count in index.asked.items() if path.endswith(".metadata")) == requests


def test_a_wheel_that_is_not_announced_beside_others_is_looked_into() -> None:
    index = Index(APP)
    index.wheels.update({LINUX: (hashed("a"), ["a"]), MACOS: (False, ["a", "b"])})
    read = requirements(index)
    assert ([str(one) for one in read.requirements], read.unreadable) == (["a", f"b ; {MAYBE}"], ())


def test_wheels_that_all_differ_are_read_up_to_a_bound() -> None:
    tags = [f"cp3{minor}-cp3{minor}-macosx_1{system}_0_arm64" for minor in range(8, 17) for system in range(1, 5)]
    tags += [one.replace("arm64", "x86_64") for one in tags]
    index = Index(APP)
    index.wheels.update({one: (hashed(f"p{place}"), [f"p{place}"]) for place, one in enumerate(tags)})
    read = requirements(index)
    assert len(read.requirements) == 64
    assert read.unreadable == (f"({len(tags) - 64} wheels with other metadata were not read)",)


def test_no_such_project_is_a_fact() -> None:
    reading = Index({}).open().page(package_name("nope"))
    assert not reading.page.found


def test_a_busy_index_is_asked_again() -> None:
    calls = []

    def busy(request: httpx.Request) -> httpx.Response | None:
        calls.append(request.url.path)
        return httpx.Response(503) if len(calls) < 3 else None

    assert Index(APP, before=busy).open().page(package_name("app")).page.found
    assert len(calls) == 3


@pytest.mark.parametrize("status", [403, 500])
def test_a_refusal_is_one_line_that_says_what_to_do(status: int) -> None:
    index = Index(APP, before=lambda _: httpx.Response(status)).open()
    with pytest.raises(GraphkitError, match=rf"{status}.*run the same command again"):
        index.page(package_name("app"))


def test_a_cut_network_is_one_line_that_says_what_to_do() -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host", request=request)

    with pytest.raises(GraphkitError, match=r"cannot be reached.*recorded slice"):
        Index(APP, before=cut).open().page(package_name("app"))


class _Server(BaseHTTPRequestHandler):
    served: list[str]

    def do_GET(self) -> None:
        self.served.append(self.path)
        body = b'{"meta": {"api-version": "1.1"}, "name": "app", "files": []}'
        self.send_response(200)
        self.send_header("content-type", JSON_TYPE)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def serving() -> Iterator[tuple[str, list[str]]]:
    served: list[str] = []
    with listening(type("Server", (_Server,), {"served": served})) as port:
        yield f"http://127.0.0.1:{port}/simple/", served


def test_the_cache_keeps_pages_between_runs(tmp_path: Path) -> None:
    with serving() as (address, served):
        for _ in range(2):
            with open_live(address, cache=tmp_path / "cache", read_at=0) as index:
                assert index.page(package_name("app")).page.found
    assert served == ["/simple/app/"]


def test_a_page_from_the_cache_speaks_until_it_was_put_there(tmp_path: Path) -> None:
    with serving() as (address, _):
        with open_live(address, cache=tmp_path / "cache", read_at=10**9) as index:
            assert index.page(package_name("app")).page.read_at == 10**9
        time.sleep(1.1)
        with open_live(address, cache=tmp_path / "cache", read_at=2 * 10**9) as index:
            assert 10**9 < index.page(package_name("app")).page.read_at <= 2 * 10**9 - 10**6
            assert index.page(package_name("app"), anew=True).page.read_at == 2 * 10**9


def test_a_cache_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with (
        pytest.raises(GraphkitError, match="cache folder"),
        open_live("http://127.0.0.1:9/simple/", cache=tmp_path / "file" / "below", read_at=0),
    ):
        pass


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("9999", 60, 60),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("in half a minute", 25, 31),
        ("soon", True, True),
        ("", True, True),
    ],
)
def test_a_wait_is_as_long_as_the_index_says_and_never_too_long(header: str, least: float, most: float) -> None:
    if header == "in half a minute":
        header = formatdate(time.time() + 30, usegmt=True)
    answer = Answer(status=429, headers=httpx.Headers({"retry-after": header}), body=b"", url="http://index.example/")
    wait = wait_for(Busy(answer))
    assert least <= wait <= most
    assert isinstance(wait, bool) is (least is True)


def of_sdist(data: bytes, told: bytes | None = None, *, names: tuple[str, ...] = ("dep-1.0.tar.gz",)) -> Index:
    """Return an index with one release that has sdists alone; ``told``: the bytes whose hash the page gives."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/files/"):
            return httpx.Response(200, content=data)
        sha256 = hashlib.sha256(data if told is None else told).hexdigest()
        hashes = {"sha256": sha256} if told != b"" else {}
        files = [{"filename": one, "url": f"/files/{one}", "hashes": hashes} for one in names]
        page = {"meta": {"api-version": "1.1"}, "name": "dep", "files": files}
        return httpx.Response(200, json=page, headers={"content-type": JSON_TYPE})

    return Index({}, before=answer)


def building(index: Index) -> list[str]:
    opened = index.open()
    found = build_requirements(opened.sdists(opened.page(package_name("dep")), "1.0"))
    return [str(one.package) for one in found]


def test_what_building_takes_is_read_from_the_sdist() -> None:
    assert building(of_sdist(sdist({"setup.py": ""}))) == ["setuptools", "wheel"]


@pytest.mark.parametrize(
    ("index", "error", "why"),
    [
        (of_sdist(sdist({"setup.py": ""}), b"another"), InputError, "dep-1.0.tar.gz: its hash differs"),
        (of_sdist(sdist({"setup.py": ""}), b""), Untold, "no SHA-256"),
        (of_sdist(b"no archive"), InputError, "dep-1.0.tar.gz: its content does not match"),
        (of_sdist(b"", names=("dep-1.0.tar.bz2",)), Untold, "of a kind that is not read"),
        (of_sdist(b"", names=("dep-1.0-py3-none-any.whl",)), Untold, "no sdist"),
    ],
)
def test_an_sdist_that_cannot_be_read_says_why(index: Index, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        building(index)


def test_an_sdist_that_is_too_large_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LARGEST", 1024)
    with pytest.raises(InputError, match="larger than"):
        building(of_sdist(sdist({"setup.py": os.urandom(4096)})))


def test_an_sdist_is_asked_for_again_where_the_index_stumbles() -> None:
    index = of_sdist(sdist({"setup.py": ""}))
    answer, failures = index.before, iter([httpx.Response(503), httpx.Response(429)])
    index.before = lambda asked: (asked.url.path.startswith("/files/") and next(failures, None)) or answer(asked)
    assert building(index) == ["setuptools", "wheel"]
    index.before = lambda asked: httpx.Response(403) if asked.url.path.startswith("/files/") else answer(asked)
    with pytest.raises(GraphkitError, match="403"):
        building(index)
