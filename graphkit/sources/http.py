"""One answer of a server: how much of it is read, for how long, when it is asked again, which origin a secret is for.

The index and the APIs of pulls differ in what they do with an answer; how they come by it is here.
"""

from __future__ import annotations

import math
import os
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import msgspec
import stamina
from msgspec import Struct, field

from graphkit.formats.diagnostics import quoted
from graphkit.formats.duplicate_keys import refuse_duplicate_keys
from graphkit.model import __version__
from graphkit.model.errors import GraphkitError, InputError

LARGEST: Final = 256 * 2**20
"""The most bytes that one answer may have, unpacked."""
LONGEST_WAIT: Final = 60.0
"""The longest wait in seconds that a server may ask for."""
LONGEST_ANSWER: Final = 600.0
"""The seconds that one answer may take, from the request to its last byte."""
LONGEST_SILENCE: Final = 60.0
"""The seconds that a server may be silent within an answer."""
HEADERS: Final[Mapping[str, str]] = {"User-Agent": f"graphkit/{__version__}", "Accept-Encoding": "gzip"}
"""What every request says. Other packings than gzip grow by more than can be bounded."""
DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
_ATTEMPTS: Final = 5
_PLAIN: Final = frozenset({"", "identity"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})
_CHUNK: Final = 64 * 1024
_WITH_HEADER: Final = 16 + zlib.MAX_WBITS
"""What zlib calls gzip (RFC 1952)."""
_WHOLE: Final = re.compile(r"[0-9]{1,10}")
_DIGITS: Final = re.compile(r"[0-9]+")
_FAR: Final = 1e9
_TOO_SLOW: Final = "the answer takes longer than {:.0f} seconds"


class TooSlow(httpx.StreamError):
    """An answer that takes longer than `LONGEST_ANSWER`; another attempt would take as long."""


class Answer(Struct, frozen=True, kw_only=True):
    """What came back in the end, of whatever status.

    ``url``: where from, without its query, which may hold a signature. ``caching``: what the cache says of it.
    ``next_page``: where RFC 8288's `Link: rel="next"` leads.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    url: str
    caching: Mapping[str, Any] = field(default_factory=dict)
    next_page: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it is an answer and no refusal."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the decoded body.

        Raises:
            InputError: it is no JSON (RFC 8259), or nested too deep.
        """
        return self.as_type(Any)

    def as_type(self, shape: Any) -> Any:
        """Return the body as a type of msgspec; InputError where it is no such JSON, or a key in it is a duplicate."""
        found = self.document_as(shape)
        refuse_duplicate_keys(self.body, "not read: the server answered with the ")
        return found

    def document_as(self, shape: Any) -> Any:
        """Return the body, a document whose reader looks for duplicate keys, as a type of msgspec; else as above."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
            what = "a web page" if kind == "text/html" else "something that is not JSON of this API"
            raise InputError(f"the server answered with {what}") from error


class Busy(Exception):
    """An answer that another attempt may better."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class _Bounds:
    """How many bytes may still come of one answer, as it is sent or unpacked, and until when."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._came = 0
        self._until = time.monotonic() + LONGEST_ANSWER

    def take(self, size: int) -> None:
        """Count bytes.

        Raises:
            InputError: they are too many. TooSlow: they take longer than `LONGEST_ANSWER`.
        """
        self._came += size
        if self._came > self._most:
            told = f"{self._most // 2**20} MiB" if self._most >= 2**20 else f"{self._most:,} bytes"
            raise InputError(f"the answer is larger than {told}; it was not read")
        if time.monotonic() > self._until:
            raise TooSlow(_TOO_SLOW.format(LONGEST_ANSWER))


class _Timed:
    """A connection, each of whose answers has until `LONGEST_ANSWER` after its request, head and all.

    httpx bounds each read alone: a head that comes byte by byte would take days.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._until = math.inf

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TooSlow(_TOO_SLOW.format(LONGEST_ANSWER))
        found: bytes = self._inner.read(max_bytes, left if timeout is None else min(timeout, left))
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._until = time.monotonic() + LONGEST_ANSWER
        self._inner.write(buffer, timeout)

    def start_tls(self, *arguments: Any, **named: Any) -> _Timed:
        return _Timed(self._inner.start_tls(*arguments, **named))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _TimedConnections:
    """What opens connections for httpcore, each of them `_Timed`."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def connect_tcp(self, *arguments: Any, **named: Any) -> _Timed:
        return _Timed(self._inner.connect_tcp(*arguments, **named))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def patience() -> httpx.Timeout:
    """Return how long each step of a request may take; it may wait for a free connection without end."""
    return httpx.Timeout(LONGEST_SILENCE, pool=None)


def timed(transport: httpx.BaseTransport | None) -> None:
    """Bound how long each answer of a transport of httpx takes, which has no setting for it."""
    if isinstance(transport, httpx.HTTPTransport):
        pool: Any = transport._pool  # noqa: SLF001 - httpx has no other way to its connections
        pool._network_backend = _TimedConnections(pool._network_backend)  # noqa: SLF001 - nor has httpcore


def connections(most: int) -> httpx.Client:
    """Open a pool of at most so many connections, each of whose answers is bounded in time.

    They go through the proxies that HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY name, and trust the certificates of
    SSL_CERT_FILE, as those of pip and uv do.

    Raises:
        GraphkitError: one of these names no proxy or no certificates that can be used.
    """
    limits = httpx.Limits(max_connections=most)
    try:
        client = httpx.Client(headers=HEADERS, limits=limits, timeout=patience(), follow_redirects=False)
    except (ValueError, ImportError, httpx.InvalidURL) as error:  # what it names may hold a password
        raise GraphkitError(
            "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names no proxy that can be used; give it as http://host:port"
        ) from error
    except OSError as error:  # ssl.SSLError is one
        if not (file := os.environ.get("SSL_CERT_FILE", "")):
            raise
        why = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "no certificates in PEM"
        raise GraphkitError(f"SSL_CERT_FILE names {file}: {why}; name a file of certificates, or unset it") from error
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - httpx has no other way to them
        timed(transport)
    return client


class _Gunzipped(httpx.SyncByteStream):
    """A stream out of gzip, in small parts. What is packed is counted too: some of it makes nothing of many bytes.

    httpx's own decoder takes a stream that breaks off for a whole one, and leaves out all members but the first.
    """

    def __init__(self, inner: httpx.SyncByteStream) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        bounds = _Bounds(LARGEST)
        member = zlib.decompressobj(_WITH_HEADER)
        is_begun = False
        for part in self._inner:
            bounds.take(len(part))
            left = part
            while left:
                if member.eof:
                    member = zlib.decompressobj(_WITH_HEADER)
                is_begun = True
                try:
                    found = member.decompress(left, _CHUNK)
                except zlib.error as error:
                    raise httpx.DecodingError("the answer is not valid gzip") from error
                left = member.unused_data if member.eof else member.unconsumed_tail
                if found:
                    yield found
        if is_begun and not member.eof:
            raise httpx.RemoteProtocolError("the answer breaks off within its gzip stream")

    def close(self) -> None:
        self._inner.close()


def unpack(response: httpx.Response) -> None:
    """Have an answer that was opened as a stream come out of gzip as it is read; a second call does nothing.

    Reading it raises httpx.DecodingError where it is no gzip, httpx.RemoteProtocolError where it breaks off.
    """
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing not in _GZIP or not isinstance(response.stream, httpx.SyncByteStream):
        return
    response.stream = _Gunzipped(response.stream)
    del response.headers["content-encoding"]
    response.headers.pop("content-length", None)


def body_of(response: httpx.Response, largest: int | None = None) -> bytes:
    """Return the body of an answer that was opened as a stream, unpacked; ``largest``: `LARGEST` bytes.

    Raises:
        InputError: it is larger, as it came or unpacked, or packed in a way that was not asked for.
        TooSlow: it takes longer than `LONGEST_ANSWER`.
        httpx.DecodingError, httpx.RemoteProtocolError: it is no gzip, or breaks off.
    """
    unpack(response)
    if response.headers.get("content-encoding", "").strip().lower() not in _PLAIN:
        raise InputError("the server encodes its answer in a way that was not requested")
    bounds = _Bounds(LARGEST if largest is None else largest)
    found = bytearray()
    for part in response.iter_bytes():
        bounds.take(len(part))
        found += part
    return bytes(found)


def fetch(
    client: httpx.Client,
    url: httpx.URL | str,
    *,
    headers: Mapping[str, str] | None = None,
    extensions: dict[str, object] | None = None,
    largest: int | None = None,
    retries_limits: bool = False,
) -> Answer:
    """Return an answer, of whatever status, after several attempts where the server says that it is its own fault.

    ``largest``: bytes, as for `body_of`. ``retries_limits``: also after 429 (RFC 6585 §4).

    Raises:
        InputError: it is too large, or packed in a way that was not asked for.
        httpx.HTTPError, httpx.InvalidURL, httpx.StreamError: no attempt brought an answer.
    """

    def once() -> Answer:
        with client.stream("GET", url, headers=headers, extensions=extensions) as response:
            answer = Answer(
                status=response.status_code,
                headers=response.headers,
                body=body_of(response, largest),
                url=str(response.url.copy_with(query=None)),
                caching=response.extensions.get("caching") or {},
                next_page=response.links.get("next", {}).get("url", ""),
            )
        if answer.status >= 500 or (retries_limits and answer.status == 429):
            raise Busy(answer)
        return answer

    attempts = stamina.retry_context(on=wait_for, attempts=_ATTEMPTS, timeout=LONGEST_WAIT * 2, wait_max=LONGEST_WAIT)
    try:
        for attempt in attempts:
            with attempt:
                return once()
    except Busy as busy:
        return busy.answer
    raise AssertionError("an attempt returns or raises")


def wait_for(error: Exception) -> bool | float:
    """Return how long to wait before the next attempt in seconds, True for the usual, False to give up."""
    if isinstance(error, Busy):
        wait = retry_after(error.answer.headers.get("retry-after", ""), time.time())
        return True if wait is None else min(max(wait, 0.0), LONGEST_WAIT)
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return scheme, host and port (RFC 6454 §4): a secret goes to the origin that it is for alone."""
    return url.scheme, url.host, url.port or DEFAULT_PORTS.get(url.scheme)


def retry_after(text: str, now: float) -> float | None:
    """Return the seconds that a Retry-After asks for, as a number or as a date (RFC 9110 §10.2.3); may be negative.

    None where it says nothing usable. ``now`` is in seconds since 1970.
    """
    text = text.strip()
    if _DIGITS.fullmatch(text):
        return float(text) if _WHOLE.fullmatch(text) else _FAR
    at = http_date(text)
    return None if at is None else at - now


def http_date(text: str) -> float | None:
    """Return a date of a header in seconds since 1970, None for none."""
    try:
        return parsedate_to_datetime(text).timestamp() if text.strip() else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def reason_of(error: Exception) -> str:
    """Return why a server was not heard, without anything that it sent or that the address holds."""
    # Only a failed connection has a text of the machine's own; others repeat what the server sent.
    name = type(error).__name__
    return f"{name}: {quoted(str(error))}" if isinstance(error, httpx.ConnectError | TooSlow) else name
