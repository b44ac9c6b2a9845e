"""Credentials of an index: sent to its origin alone, and found in no byte of the cache, of stdout or of stderr."""

from __future__ import annotations

import base64
import contextlib
import gzip
import itertools
import os
import stat
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
import stamina

from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.index import MetadataSource
from graphkit.model.names import package_name
from graphkit.sources import http
from graphkit.sources.http import body_of
from graphkit.sources.index.client import NoAnswer, open_live
from graphkit.sources.index.pages import JSON_TYPE
from graphkit.sources.index.transport import opened
from tests.loopback import listening
from tests.unit.cli.door import apart

USER, SECRET = "planted-user", "planted/hush@secret"
BASIC = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
SPELLED = (USER, SECRET, "planted%2Fhush%40secret", BASIC)
COOKIE = "planted-cookie"
PAGE = b'{"meta": {"api-version": "1.1"}, "name": "app", "files": []}'
Headers = dict[str, str]
Rule = Callable[[str, Headers], tuple[int, Headers, bytes]]


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@contextlib.contextmanager
def serving(rule: Rule) -> Iterator[tuple[str, list[tuple[str, Headers]]]]:
    """Serve by a rule on loopback; yields host:port and the requests as they come."""
    asked: list[tuple[str, Headers]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked.append((self.path, headers))
            status, answer, body = rule(self.path, headers)
            self.send_response(status)
            for name, value in answer.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

    with listening(Handler) as port:
        yield f"127.0.0.1:{port}", asked


def page(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
    return 200, {"content-type": JSON_TYPE, "cache-control": "max-age=600", "set-cookie": f"s={COOKIE}"}, PAGE


def closed(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
    return page(path, headers) if headers.get("authorization") == f"Basic {BASIC}" else (401, {}, b"")


def read(address: str, cache: Path | None) -> bool:
    with open_live(address, cache=cache, read_at=0) as index:
        index.page(package_name("app"))
        return index.page(package_name("app")).page.found


def with_secret(host: str) -> str:
    return f"http://{USER}:planted%2Fhush%40secret@{host}/simple/"


def everything(folder: Path) -> bytes:
    return b"".join(file.name.encode() + file.read_bytes() for file in folder.rglob("*") if file.is_file())


def holds_secret(data: bytes) -> bool:
    return any(word.encode() in data for word in (*SPELLED, COOKIE))


def test_a_password_of_an_address_reaches_the_index_and_not_the_cache(tmp_path: Path) -> None:
    with serving(closed) as (host, asked):
        assert read(with_secret(host), tmp_path / "cache")
        assert [headers["authorization"] for _, headers in asked] == [f"Basic {BASIC}"] * 2
        assert not any("cookie" in headers for _, headers in asked)
        assert not holds_secret(everything(tmp_path))
        with pytest.raises(NoAnswer, match="401"):  # what came for a password is served to nobody without
            read(f"http://{host}/simple/", tmp_path / "cache")


def test_what_came_without_a_password_is_not_served_for_one(tmp_path: Path) -> None:
    with serving(page) as (host, asked):
        assert read(f"http://{host}/simple/", tmp_path / "cache")
        assert len(asked) == 1
        assert read(with_secret(host), tmp_path / "cache")
        assert len(asked) == 3
    assert not holds_secret(everything(tmp_path))


@pytest.mark.parametrize("secret_in_link", [False, True])
def test_a_redirect_takes_no_password_to_another_server(tmp_path: Path, *, secret_in_link: bool) -> None:
    with serving(page) as (other, asked_there):
        goal = f"http://{USER}:hush@{other}/x/" if secret_in_link else f"http://{other}/x/?signature={COOKIE}"

        def away(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
            return 302, {"location": goal, "cache-control": "max-age=600"}, b""

        with serving(away) as (host, asked):
            for address in (with_secret(host), f"http://{host}/simple/"):
                assert read(address, tmp_path / "cache")
        assert ["authorization" in headers for _, headers in asked] == [True, True, False, False]
    assert asked_there
    assert not any({"authorization", "cookie"} & set(headers) for _, headers in asked_there)
    assert not holds_secret(everything(tmp_path))


def test_a_redirect_within_the_server_keeps_the_password(tmp_path: Path) -> None:
    def moved(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
        return (301, {"location": "/other/app/"}, b"") if path.startswith("/simple") else closed(path, headers)

    with serving(moved) as (host, asked):
        assert read(with_secret(host), tmp_path / "cache")
    assert all(headers["authorization"] == f"Basic {BASIC}" for _, headers in asked)


def test_the_cache_is_for_its_user_alone(tmp_path: Path) -> None:
    cache = tmp_path / "graphkit" / "cache"
    cache.mkdir(mode=0o755, parents=True)
    for name in ("http.db", "http.db-wal"):  # as releases before this one left them
        (cache / name).write_text(SECRET, encoding="utf-8")
    for name in ("answers.db", "answers.db-journal"):
        (cache / name).touch(mode=0o644)
    with serving(page) as (host, _), open_live(f"http://{host}/simple/", cache=cache, read_at=0) as index:
        assert index.page(package_name("app")).page.found
        files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in cache.glob("*.db*")}
        assert {"answers.db", "answers.db-wal", "answers.db-shm"} <= set(files)
        assert set(files.values()) == {0o600}
        assert not any(name.startswith("http.db") for name in files)
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in (cache, cache.parent)} == {0o700}
        assert not [file.name for file in cache.iterdir() if stat.S_IMODE(file.stat().st_mode) & 0o077]
        assert not holds_secret(everything(cache))


@pytest.mark.parametrize("status", [200, 401])
def test_no_output_of_a_process_holds_the_password(tmp_path: Path, status: int) -> None:
    def rule(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
        return closed(path, headers) if status == 200 else (status, {}, b"")

    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "GRAPHKIT_GRAPH": str(tmp_path / "graph")}
    with serving(rule) as (host, _):
        env["PIP_INDEX_URL"] = env["UV_DEFAULT_INDEX"] = with_secret(host)
        ran = apart("ingest", "index", "app", cwd=tmp_path, env=env)
    assert ran.code == (0 if status == 200 else 4), ran
    assert not holds_secret((ran.out + ran.err).encode())
    assert not holds_secret(everything(tmp_path))


@pytest.mark.parametrize(
    "address",
    [f"{USER}:{SECRET}@host/simple", "http://[::1", f"http://u:{SECRET.partition('@')[0]}@h:port/s", "http://"],
)
def test_an_address_that_is_none_is_one_line_without_its_password(address: str) -> None:
    with pytest.raises(GraphkitError) as caught, open_live(address, cache=None, read_at=0):
        pass
    assert "planted" not in str(caught.value)


def test_a_page_without_an_end_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(http, "LARGEST", 1000)

    def large(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
        packed = gzip.compress(PAGE + b" " * 100_000)
        return 200, {"content-type": JSON_TYPE, "content-encoding": "gzip", "cache-control": "max-age=600"}, packed

    with serving(large) as (host, asked):
        for _ in range(2):
            with pytest.raises(InputError, match=r"app: the answer is larger than 1,000 bytes"):
                read(f"http://{host}/simple/", tmp_path / "cache")
    assert len(asked) == 2
    assert {headers["accept-encoding"] for _, headers in asked} == {"gzip"}


class Stream(httpx.SyncByteStream):
    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        return self._parts


def test_bytes_that_unpack_to_nothing_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST", 2**20)
    parts = itertools.chain([gzip.compress(b"x")], itertools.repeat(gzip.compress(b"") * 100))
    response = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Stream(parts))
    with pytest.raises(InputError, match="larger than 1 MiB"):
        body_of(response)


def test_an_answer_that_drips_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST_ANSWER", -1.0)
    with pytest.raises(http.TooSlow):
        body_of(httpx.Response(200, stream=Stream(itertools.repeat(b"x"))))


def test_a_server_that_packs_otherwise_is_not_read(tmp_path: Path) -> None:
    def brotli(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
        return 200, {"content-type": JSON_TYPE, "content-encoding": "br"}, b"x"

    with serving(brotli) as (host, _), pytest.raises(InputError, match="encodes its answer"):
        read(f"http://{host}/simple/", tmp_path / "cache")


WHEEL = "app-1.0-py3-none-any.whl"
METADATA = b"Metadata-Version: 2.1\nName: app\nVersion: 1.0\nRequires-Dist: litellm\n\n"
LOGIN = b"<html>log in</html>"


@pytest.mark.parametrize("bad", [LOGIN, METADATA[:20], b""])
def test_what_was_no_metadata_once_is_asked_for_again(tmp_path: Path, bad: bytes) -> None:
    answers = [bad, METADATA]
    listed = f'"filename": "{WHEEL}", "url": "/files/{WHEEL}", "hashes": {{}}, "core-metadata": true'

    def rule(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
        if path.endswith(".metadata"):
            return 200, {}, answers.pop(0) if len(answers) > 1 else answers[0]
        body = PAGE.replace(b'"files": []', f'"files": [{{{listed}}}]'.encode())
        return (200, {"content-type": JSON_TYPE}, body) if path.startswith("/simple") else (404, {}, b"")

    sources = []
    with serving(rule) as (host, _):
        for _ in range(3):
            with open_live(f"http://{host}/simple/", cache=tmp_path, read_at=0) as index:
                sources.append(index.metadata(index.page(package_name("app")), "1.0").source)
    assert sources == [MetadataSource.UNKNOWN, MetadataSource.CORE_METADATA, MetadataSource.CORE_METADATA]


def test_what_was_no_page_once_is_asked_for_again_though_its_server_confirms_it(tmp_path: Path) -> None:
    bodies = [PAGE[:30], PAGE]

    def rule(path: str, headers: Headers) -> tuple[int, Headers, bytes]:
        if "if-none-match" in headers:
            return 304, {"etag": '"1"'}, b""
        body = bodies.pop(0) if len(bodies) > 1 else bodies[0]
        return 200, {"content-type": JSON_TYPE, "etag": '"1"', "cache-control": "max-age=31536000"}, body

    with serving(rule) as (host, _):
        with pytest.raises(InputError, match="not a project page"):
            read(f"http://{host}/simple/", tmp_path)
        assert read(f"http://{host}/simple/", tmp_path)
        with open_live(f"http://{host}/simple/", cache=tmp_path, read_at=0) as index:
            assert index.page(package_name("app"), anew=True).page.found


def test_an_index_of_https_leads_nowhere_by_http() -> None:
    _, transport = opened("https://index.example/simple/", None)
    with pytest.raises(InputError, match="from https to http"):
        transport.handle_request(httpx.Request("GET", "http://index.example/simple/app/"))
    transport.close()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_an_index_is_asked_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    with serving(page) as (proxy, asked):
        monkeypatch.setenv(variable, f"http://{proxy}")
        with open_live("http://index.example/simple/", cache=tmp_path, read_at=9) as index:
            assert index.page(package_name("app")).page.found
        assert [path for path, _ in asked] == ["http://index.example/simple/app/"]


def test_an_index_that_no_proxy_is_for_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(page) as (host, asked), serving(page) as (proxy, through):
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy}")
        monkeypatch.setenv("NO_PROXY", "other.example,127.0.0.1")
        with open_live(f"http://{host}/simple/", cache=None, read_at=9) as index:
            assert index.page(package_name("app")).page.found
        assert ([path for path, _ in asked], through) == (["/simple/app/"], [])


def test_a_proxy_that_does_not_answer_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}:planted-hush@127.0.0.1:1")
    with open_live("https://index.example/simple/", cache=None, read_at=9) as index, pytest.raises(NoAnswer) as caught:
        index.page(package_name("app"))
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["ftp://planted-hush@host:1", "socks5://planted-hush@host:1"])
def test_a_proxy_that_is_none_is_one_line(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    wanted = "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names no proxy that can be used; give it as http://host:port"
    with pytest.raises(GraphkitError) as caught, open_live("https://index.example/simple/", cache=None, read_at=9):
        pass
    assert str(caught.value) == wanted


@pytest.mark.parametrize(("held", "why"), [(None, "No such file or directory"), ("no PEM", "no certificates in PEM")])
def test_certificates_that_cannot_be_read_are_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, held: str | None, why: str
) -> None:
    file = tmp_path / "own.pem"
    if held is not None:
        file.write_text(held, encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(GraphkitError) as caught, open_live("https://index.example/simple/", cache=None, read_at=9):
        pass
    assert str(caught.value) == f"SSL_CERT_FILE names {file}: {why}; name a file of certificates, or unset it"
