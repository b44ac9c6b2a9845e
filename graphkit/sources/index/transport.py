"""The connections to an index and their RFC 9111 cache, which no credential reaches.

What came for a user and password is not cached at all. Then nothing that one user may see is served to another, the
cache needs no key made of a secret, and an answer that holds one (as a signed link does) is never written. The price is
that each run reads such an index anew.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

from graphkit.model.errors import GraphkitError, InputError
from graphkit.sources.http import connections, origin_of, unpack
from graphkit.temporary import private_folder

CONNECTIONS: Final = 8
PAST_CACHE: Final[dict[str, object]] = {"past_cache": True}
"""An extension of a request whose answer neither comes from the cache nor is kept in it."""
_FRESH: Final = "max-age=600"
"""How long an answer counts as fresh that says nothing of it: what the public index says of its pages."""
_ENDS: Final = frozenset({"content-length", "transfer-encoding"})
"""The headers of an answer that say where it ends (RFC 9112 §6.3)."""
_FILE: Final = "answers.db"
_IGNORED: Final = ".gitignore"
"""What the library of the cache puts beside it where it is not there, for everybody to read."""
_FORMER: Final = "http.db"
"""Where releases before this one kept answers, with the credentials of addresses."""
_BESIDE: Final = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to the name of a database for its files."""


def opened(address: str, cache: Path | None) -> tuple[str, httpx.BaseTransport]:
    """Return the address of an index without user and password, and what sends them to its origin alone.

    ``cache``: a folder for answers, None for none.

    Raises:
        GraphkitError: the address or a proxy of the environment is none, or the cache cannot be written.
    """
    try:
        told = httpx.URL(address)
        plain = told.copy_with(username=None, password=None)
        secret = _basic(told.username, told.password)
    except (httpx.InvalidURL, ValueError) as error:
        raise GraphkitError("the index address is no valid URL; see --index-url") from error
    network = _Network(_Routed(connections(CONNECTIONS)))
    kept = network if cache is None or secret else _cached(network, cache)
    return str(plain), _Private(kept, network, plain, secret)


def _basic(user: str, password: str) -> str:
    """Return an Authorization header (RFC 7617), empty for nobody."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode() if user or password else ""


class _Routed(httpx.BaseTransport):
    """The connections of a client, each request by the proxy that is for its address; nothing else of the client."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on."""
        route = self._client._transport_for_url(request.url)  # noqa: SLF001 - a client that asks would add its own
        return route.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class _Network(httpx.BaseTransport):
    """What is below the cache: says what it may keep, and for how long, where an answer does not."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on. Cookies are dropped; where an answer leads may be signed, so it is not kept.

        Answers come out of gzip below the cache, which keeps none that breaks off.

        Raises:
            httpx.RemoteProtocolError: metadata end where the connection does, so half of them would look whole. Pages
                say themselves where they end, files have hashes.
        """
        answer = self._inner.handle_request(request)
        if request.url.path.endswith(".metadata") and answer.status_code == 200 and not _ENDS & set(answer.headers):
            answer.close()
            raise httpx.RemoteProtocolError("the answer does not say where it ends")
        unpack(answer)
        answer.headers.pop("set-cookie", None)
        if answer.has_redirect_location:
            answer.headers["cache-control"] = "no-store"
        elif answer.status_code == 200 and not {"cache-control", "expires", "etag"} & set(answer.headers):
            answer.headers["cache-control"] = _FRESH
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class _Private(httpx.BaseTransport):
    """What is above the cache: takes credentials out of requests, and puts those of the index into its own.

    Links and redirects may name a user too, or lead to another server: the index's secret goes to its origin alone.
    """

    def __init__(self, kept: httpx.BaseTransport, network: httpx.BaseTransport, index: httpx.URL, secret: str) -> None:
        self._kept = kept
        self._network = network
        self._origin = origin_of(index)
        self._secret = secret

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on; one with a query, which may be a signature, past the cache.

        Raises:
            InputError: an index of https leads to http, where anybody on the way may answer; pip follows it neither.
        """
        if self._origin[0] == "https" and request.url.scheme == "http":
            raise InputError("the index leads from https to http, which was not followed")
        for name in ("authorization", "cookie"):
            request.headers.pop(name, None)
        request.url = request.url.copy_with(username=None, password=None)
        if self._secret and origin_of(request.url) == self._origin:
            request.headers["authorization"] = self._secret
        is_past = request.url.query or request.extensions.get("past_cache")
        return (self._network if is_past else self._kept).handle_request(request)

    def close(self) -> None:
        """Close the cache and the connections."""
        self._kept.close()


def _cached(inner: httpx.BaseTransport, folder: Path) -> httpx.BaseTransport:
    from hishel import SqliteStorage
    from hishel.httpx import CacheTransport

    try:
        file = _file_in(folder)
        transport: httpx.BaseTransport = CacheTransport(inner, SqliteStorage(database_path=file), rfc=True)
    except OSError as error:
        raise GraphkitError(f"the cache folder cannot be made: {error.strerror}; set XDG_CACHE_HOME") from error
    return transport


def _file_in(folder: Path) -> Path:
    """Return the database in a folder, all for this user alone. SQLite gives its other files the mode of the first."""
    private_folder(folder)
    note = folder / _IGNORED
    if not note.exists():
        note.touch(mode=0o600)
        note.write_text("*\n", encoding="utf-8")
    note.chmod(0o600)
    for end in _BESIDE:
        (folder / f"{_FORMER}{end}").unlink(missing_ok=True)
    (folder / _FILE).touch(mode=0o600)
    for end in _BESIDE:
        with suppress(FileNotFoundError):  # another process may just have ended with it
            (folder / f"{_FILE}{end}").chmod(0o600)
    return folder / _FILE
