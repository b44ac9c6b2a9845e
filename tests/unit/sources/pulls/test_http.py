"""Asking an API: what no server on loopback can show, such as https, silence and answers without an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat

import httpx
import pytest
import stamina

from graphkit.model.errors import GraphkitError, InputError
from graphkit.sources.http import Answer
from graphkit.sources.pulls.credentials import Credential
from graphkit.sources.pulls.http import Client, Stopped, Unreachable
from tests.unit.sources.pulls.replay import NOW, TOKEN

BASE = "https://api.example/v3"
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


class Asked:
    """A client of handlers, the requests that they got, and how long it would have slept."""

    def __init__(self, handler: Handler) -> None:
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

        def answer(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return handler(request)

        key = Credential(header="X-Api-Key", variables=("KEY",), value=TOKEN)
        http = httpx.Client(transport=httpx.MockTransport(answer))
        self.client = Client(http, BASE, key, sleep=self.slept.append, clock=lambda: NOW)

    def get(self) -> Answer:
        return self.client.get("/x", q="1")

    def hosts_with_key(self) -> set[str]:
        return {f"{one.url.scheme}://{one.url.netloc.decode()}" for one in self.requests if "x-api-key" in one.headers}


def leading(*goals: str) -> Handler:
    """Return a handler that leads to one address after the other."""
    left = list(goals)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": left.pop(0)}) if left else httpx.Response(200, json=[])

    return answer


@pytest.mark.parametrize(
    "goal",
    [
        "https://other.example/y",
        "//other.example/y",
        "https://api.example:8443/y",
        "https://api.example.other.example/y",
        "https://api.example@other.example/y",
        f"https://u:{TOKEN}@other.example/y",
    ],
)
def test_a_redirect_to_another_origin_gets_no_key(goal: str) -> None:
    asked = Asked(leading(goal))
    assert asked.get().is_good
    assert len(asked.requests) == 2
    assert asked.hosts_with_key() == {"https://api.example"}
    assert not any("authorization" in one.headers for one in asked.requests)


def test_a_redirect_back_gets_the_key_again() -> None:
    asked = Asked(leading("https://other.example/y", "https://API.example:443/v3/z"))
    assert asked.get().is_good
    assert ["x-api-key" in one.headers for one in asked.requests] == [True, False, True]


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ("http://api.example/v3/x", "from https to http"),
        ("http://other.example/", "from https to http"),
        ("file:///etc/passwd", "neither http nor https"),
        ("https://a..b/", "an invalid address"),
        ("https://xn--/", "an invalid address"),
        (f"https://{'a' * 64}.example/", "an invalid address"),
    ],
)
def test_a_redirect_that_is_not_safe_is_not_followed(goal: str, words: str) -> None:
    asked = Asked(leading(goal))
    with pytest.raises(InputError, match=words):
        asked.get()
    assert len(asked.requests) == 1


def test_a_redirect_that_httpx_cannot_read_is_one_line() -> None:
    with pytest.raises(Unreachable, match="RemoteProtocolError"):
        Asked(leading("https://[::1", "https://[::1", "https://[::1")).get()


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout(f"timed out {TOKEN}"),
        httpx.ConnectTimeout("timed out"),
        httpx.RemoteProtocolError(f"odd header {TOKEN}"),
        httpx.ReadError("reset"),
    ],
)
def test_silence_is_asked_again_and_then_said_in_one_line(error: httpx.HTTPError) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise error

    asked = Asked(silent)
    with pytest.raises(Unreachable, match=r"api\.example cannot be reached") as caught:
        asked.get()
    assert len(asked.requests) == 3
    assert TOKEN not in str(caught.value)


def test_a_server_that_recovers_is_heard() -> None:
    left = [503, 500]
    asked = Asked(lambda _: httpx.Response(left.pop() if left else 200, json=[1]))
    assert asked.get().json() == [1]


def test_an_answer_without_an_end_is_left() -> None:
    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return repeat(b"\0" * 2**24)

    asked = Asked(lambda _: httpx.Response(200, stream=Endless()))
    with pytest.raises(InputError, match="larger than 256 MiB"):
        asked.get()


def test_a_packing_that_was_not_asked_for_is_not_opened() -> None:
    asked = Asked(lambda _: httpx.Response(200, headers={"Content-Encoding": "br"}, stream=httpx.ByteStream(b"x")))
    with pytest.raises(InputError, match="encodes its answer"):
        asked.get()


@pytest.mark.parametrize("link", ["https://other.example/p2", "http://api.example/p2", "//other.example/p2"])
def test_a_next_page_elsewhere_is_not_asked_for(link: str) -> None:
    asked = Asked(lambda _: httpx.Response(200, json=[], headers={"Link": f'<{link}>; rel="next"'}))
    with pytest.raises(InputError, match="another server"):
        asked.client.follow(asked.get())
    assert len(asked.requests) == 1


@pytest.mark.parametrize("after", ["61", "99999999999", "9" * 400])
def test_a_wait_that_is_too_long_stops_the_pull(after: str) -> None:
    asked = Asked(lambda _: httpx.Response(429, headers={"Retry-After": after}))
    with pytest.raises(Stopped, match=r"rate limit of api\.example"):
        asked.get()
    assert asked.slept == []


@pytest.mark.parametrize("after", ["-5", "soon", "1.5", "Wed, 99 Foo 2026 00:00:00 GMT"])
def test_a_wait_that_is_none_is_a_minute(after: str) -> None:
    left = [httpx.Response(429, headers={"Retry-After": after})]
    asked = Asked(lambda _: left.pop() if left else httpx.Response(200, json=[]))
    assert asked.get().is_good
    assert asked.slept == [60.0]


def test_a_query_stays_out_of_what_is_kept() -> None:
    asked = Asked(leading(f"https://other.example/y?signature={TOKEN}"))
    answer = asked.get()
    assert answer.url == "https://other.example/y"
    assert TOKEN not in repr(asked.client) + answer.url


def test_no_error_is_anything_but_the_programs_own() -> None:
    asked = Asked(lambda _: httpx.Response(200, content=b"[" * 100_000))
    with pytest.raises(GraphkitError):
        asked.get().json()
