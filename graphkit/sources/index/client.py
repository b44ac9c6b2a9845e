"""The package index over HTTP: one pool, a cache, retries with back-off, bounded answers, no wheel downloaded whole."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

import httpx
from msgspec.structs import replace

from graphkit.model.addresses import without_secrets
from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.index import File, FileKind, ReleaseMetadata
from graphkit.model.index import MetadataSource as Source
from graphkit.model.names import PackageName
from graphkit.model.times import Instant
from graphkit.sources.http import HEADERS, Answer, body_of, fetch, patience, reason_of
from graphkit.sources.index.metadata import from_core_metadata, from_release_json, unknown
from graphkit.sources.index.pages import ACCEPT, FileLinks, PageReading, absent, read_page
from graphkit.sources.index.sdists import LARGEST, Sdist, Untold, is_readable
from graphkit.sources.index.settings import index_address, index_name
from graphkit.sources.index.transport import PAST_CACHE, opened
from graphkit.sources.index.wheels import MOST, joined, wheels_apart

_SECOND: Final = 1_000_000
_DIGITS: Final = 10
_OLDEST: Final = 600
"""Seconds that an answer of the cache is old at most that does not say how old it is."""
_RANGE: Final = re.compile(r"bytes [0-9]{1,18}-[0-9]{1,18}/([0-9]{1,18})")
_OK: Final = 200
"""The one status of a whole answer: 206 is a part, and what a cache gives unchanged is a 200 here."""
_LARGEST_METADATA: Final = 16 * 2**20
_CHUNK: Final = 64 * 1024
_FOR_EVER: Final[dict[str, object]] = {"caching": {"rfc": False}}
"""For files, whose bytes never change under their address (PEP 503's hash fragments, PEP 658)."""


_PATIENCE: Final = 16
"""Requests without an answer in a row after which no more are made: the index is down, not one of its pages."""


_UNHEARD: Final = (
    httpx.HTTPError, httpx.InvalidURL, httpx.StreamError,
    UnicodeError,  # of sockets, where a redirect leads to a name that nothing can have (RFC 5891)
)  # fmt: skip
"""What is raised where nobody answers."""


class NoAnswer(GraphkitError):
    """An index that cannot be reached, refuses, or breaks off: what was asked for was not read."""


class Unanswered:
    """What an index did not answer in one run, so that one name that fails does not end it."""

    def __init__(self, reject: Callable[[str, InputError], None]) -> None:
        self._reject = reject
        self._failed: list[tuple[str, NoAnswer]] = []
        self._row = 0
        self._is_alive = False

    def answered(self) -> None:
        """Note an answer, of whatever kind."""
        self._row, self._is_alive = 0, True

    def failed(self, name: str, error: NoAnswer) -> None:
        """Note a name that was not answered.

        Raises:
            NoAnswer: too many in a row.
        """
        self._failed.append((name, error))
        self._row += 1
        if self._row >= _PATIENCE:
            self._tell()
            raise error

    def close(self) -> None:
        """Reject the names that were not answered.

        Raises:
            NoAnswer: nothing was answered at all.
        """
        if self._failed and not self._is_alive:
            raise self._failed[0][1]
        self._tell()

    def _tell(self) -> None:
        if self._is_alive:
            for name, error in self._failed:
                self._reject(name, InputError(str(error)))
        self._failed.clear()


class Index(Protocol):
    """Where project pages and release metadata come from: the live index or a recorded slice."""

    def page(self, package: PackageName) -> PageReading:
        """Return a project page; `found` False where the index has no such project."""

    def metadata(self, reading: PageReading, version: str) -> ReleaseMetadata:
        """Return the requirements of a release of a page; `source` UNKNOWN with a reason where nobody could tell."""

    def sdists(self, reading: PageReading, version: str) -> list[Sdist]:
        """Return the sdists of a release; raises `Untold` where there is none that can be read."""


class HttpIndex:
    """A simple API behind an httpx client. Safe to call from several threads."""

    def __init__(
        self, client: httpx.Client, address: str, *, name: str, read_at: Instant, tells_all: bool = True
    ) -> None:
        """Make one.

        ``tells_all``: it announces the metadata of every wheel that it could read them of. One that does not is a
        recorded slice, whose metadata say what building takes.
        """
        self._client = client
        self._address = address
        self._name = name
        self._read_at = read_at
        self._tells_all = tells_all
        self._silent: set[str] = set()
        self._spoken: set[str] = set()

    def page(self, package: PackageName, *, anew: bool = False) -> PageReading:
        """Return a project page (one request).

        ``anew``: ask the index even where the cache holds a fresh page; it is sent again only where its
        ETag or time changed (RFC 9110 §13).

        Raises:
            NoAnswer: the index cannot be reached or refuses.
            InputError: the answer is no project page.
        """
        url = f"{self._address}{quote(package)}/"
        answer = self._get(url, headers={"Accept": ACCEPT, **({"Cache-Control": "no-cache"} if anew else {})})
        try:
            return self._page(answer, package)
        except InputError:
            if not answer.caching.get("from_cache"):
                raise
        # What was no page stays in the cache for as long as its server said, and one that breaks off may be confirmed.
        return self._page(self._get(url, headers={"Accept": ACCEPT}, extensions=PAST_CACHE), package)

    def _page(self, answer: Answer, package: PackageName) -> PageReading:
        if answer.status in {404, 410}:
            return absent(package, read_at=self._read_at, source=self._name)
        self._expect(answer)
        kind = answer.headers.get("content-type", "")
        cached = answer.caching
        from_cache, is_confirmed = bool(cached.get("from_cache")), bool(cached.get("revalidated"))
        # What the cache gives unasked was read when it was put there, and speaks for the time before that alone.
        age = _age(answer) if from_cache and not is_confirmed else 0
        page = read_page(answer.body, kind, package, url=answer.url, read_at=self._read_at - age, source=self._name)
        return replace(page, is_confirmed=from_cache and is_confirmed)

    def metadata(self, reading: PageReading, version: str) -> ReleaseMetadata:
        """Return a release's requirements: PEP 658, else the index's JSON, else a range of the wheel.

        Wheels whose metadata differ, or may, are each read. Cost: one request as a rule, at most five, and the same
        for each further wheel with other metadata, `MOST` at most; never a whole file of the release.
        """
        package = reading.page.package
        files = next((release.files for release in reading.page.releases if release.version == version), ())
        best = min(files, key=lambda file: _preference(file, reading.offers[file.filename]), default=None)
        if best is None:
            return unknown(package, version, "the index lists no file of it")
        apart = wheels_apart(best, files, reading.offers, tells_all=self._tells_all)
        if apart == [best]:
            return (
                self._core_metadata(reading, version, best)
                or self._release_json(package, version, has_wheel=best.kind is FileKind.WHEEL)
                or self._of_wheel(reading, version, best)
            )
        # The index's JSON speaks for a release as a whole, so for none of files that differ.
        reads = [
            self._core_metadata(reading, version, file) or self._of_wheel(reading, version, file)
            for file in apart[:MOST]
        ]
        lost = [f"{len(apart) - MOST} wheels with other metadata were not read"] if len(apart) > MOST else []
        return joined(reads, lost)

    def _core_metadata(self, reading: PageReading, version: str, file: File) -> ReleaseMetadata | None:
        offer = reading.offers[file.filename]
        # A mirror may serve the file and strip the key that announces it: asked until a "no" comes before any "yes".
        url = reading.address(file.filename)
        origin = f"core-metadata {urlsplit(url).netloc}"
        if offer.metadata is None and (file.kind is not FileKind.WHEEL or origin in self._silent):
            return None
        answer = self._get(f"{url}.metadata", extensions=_FOR_EVER)
        if answer.status != _OK:
            if offer.metadata is None and origin not in self._spoken:
                self._silent.add(origin)
            return None
        self._spoken.add(origin)
        found = self._of_core_metadata(answer, reading.page.package, version, file.filename, offer.metadata)
        if (found is None or found.source is Source.UNKNOWN) and answer.caching.get("from_cache"):
            answer = self._get(f"{url}.metadata", extensions=PAST_CACHE)
            if answer.status == _OK:
                return self._of_core_metadata(answer, reading.page.package, version, file.filename, offer.metadata)
        return found

    def _of_core_metadata(
        self, answer: Answer, package: PackageName, version: str, filename: str, digest: str | None
    ) -> ReleaseMetadata | None:
        if digest and hashlib.sha256(answer.body).hexdigest() != digest:
            return unknown(
                package, version, f"the metadata file of {filename} does not have the hash that the index gives"
            )
        try:
            return from_core_metadata(
                answer.body,
                package,
                version,
                source=Source.CORE_METADATA,
                filename=filename,
                is_recorded=not self._tells_all,
            )
        except InputError:
            return None

    def _release_json(self, package: PackageName, version: str, *, has_wheel: bool) -> ReleaseMetadata | None:
        if not self._address.endswith("/simple/") or "json" in self._silent:
            return None
        base = self._address.removesuffix("simple/")
        answer = self._get(f"{base}pypi/{quote(package)}/{quote(version)}/json")
        if answer.status != _OK:
            self._silent.add("json")  # a release of its own page: the index has no such API
            return None
        return from_release_json(answer.body, package, version, has_wheel=has_wheel)

    def _of_wheel(self, reading: PageReading, version: str, file: File) -> ReleaseMetadata:
        """Return what a file's own metadata say, read from within the wheel."""
        found = self._wheel(reading, version, file) if file.kind is FileKind.WHEEL else None
        text = f"{file.filename} has no metadata that can be read without building it"
        return found or unknown(reading.page.package, version, text)

    def _wheel(self, reading: PageReading, version: str, file: File) -> ReleaseMetadata | None:
        try:
            with zipfile.ZipFile(io.BufferedReader(_Ranges(self, reading.address(file.filename)), _CHUNK)) as wheel:
                member = next(name for name in wheel.namelist() if _is_metadata(name))
                if wheel.getinfo(member).file_size > _LARGEST_METADATA:
                    return None
                data = wheel.read(member)
            return from_core_metadata(data, reading.page.package, version, source=Source.WHEEL, filename=file.filename)
        except _NOT_READABLE:
            return None

    def sdists(self, reading: PageReading, version: str) -> list[Sdist]:
        """Return the sdists of a release, each checked against the hash that the page gives.

        Cost: a download of each, `LARGEST` bytes at most.

        Raises:
            NoAnswer: the index cannot be reached or refuses.
            InputError: an sdist is damaged, too large, or another file than the page says.
            Untold: there is none, or one that cannot be read.
        """
        files = next((release.files for release in reading.page.releases if release.version == version), ())
        sdists = [file for file in files if file.kind is FileKind.SDIST]
        if not sdists:
            raise Untold("it has no sdist")
        found = []
        for file in sdists:
            if not is_readable(file.filename):
                raise Untold(f"{file.filename} is of a kind that is not read")
            if not file.sha256:
                raise Untold(f"the index gives no SHA-256 for {file.filename}")
            data = self._download(reading.address(file.filename), file)
            found.append(Sdist.read(data, file.filename))
        return found

    def _download(self, url: str, file: File) -> bytes:
        """Return a whole file. Raises InputError where it is too large, or not the one that the page names."""
        for extensions in (_FOR_EVER, PAST_CACHE):
            # The page gives the hash of the file as it is.
            answer = self._get(url, headers={"Accept-Encoding": "identity"}, extensions=extensions, largest=LARGEST)
            self._expect(answer)
            if hashlib.sha256(answer.body).hexdigest() == file.sha256.lower():
                return answer.body
            if not answer.caching.get("from_cache"):
                break
        raise InputError("its hash differs from the one that the index gives", place=file.filename)

    def read_range(self, url: str, start: int | None, length: int) -> tuple[bytes, int]:
        """Return bytes of a file and its whole length; ``start`` None: its last ``length`` bytes."""
        byte_range = f"bytes=-{length}" if start is None else f"bytes={start}-{start + length - 1}"
        # A server that knows no ranges sends everything: the body is left unread then.
        with self._stream(url, {"Range": byte_range, "Accept-Encoding": "identity"}) as answer:
            told = _RANGE.fullmatch(answer.headers.get("content-range", "").strip())
            if answer.status_code != 206 or told is None:
                raise _NoRanges(url)
            return body_of(answer, length), int(told[1])

    def _get(
        self,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        extensions: dict[str, object] | None = None,
        largest: int | None = None,
    ) -> Answer:
        """Return an answer, of whatever status, after several attempts where it says that it is busy.

        Raises:
            NoAnswer: nobody answers, or too slowly. InputError: it is too large.
        """
        try:
            return fetch(
                self._client, url, headers=headers, extensions=extensions, largest=largest, retries_limits=True
            )
        except InputError as error:
            raise InputError(str(error), place=url.partition("?")[0].rstrip("/").rpartition("/")[2]) from error
        except _UNHEARD as error:
            raise _unreachable(url, error) from error

    @contextmanager
    def _stream(self, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", url, headers=headers, extensions={"caching": {"rfc": True}}) as answer:
                yield answer
        except _UNHEARD as error:
            raise _unreachable(url, error) from error

    def _expect(self, answer: Answer) -> None:
        if answer.status != _OK:
            raise NoAnswer(
                f"the index answered {answer.status} for {without_secrets(answer.url)}; "
                "what was read so far is kept: run the same command again later, or give another --index-url"
            )


class _NoRanges(Exception):
    """A server that does not answer ranges."""


_NOT_READABLE: Final = (
    zipfile.BadZipFile, zlib.error, StopIteration, EOFError, ValueError, OverflowError,
    RuntimeError,  # of which NotImplementedError is one: an encrypted or oddly packed member
    _NoRanges, InputError,
)  # fmt: skip
"""What a wheel that is damaged, or is none, may raise."""


class _Ranges(io.RawIOBase):
    """A remote file as a seekable one, read by HTTP ranges (RFC 9110 §14)."""

    def __init__(self, index: HttpIndex, url: str) -> None:
        super().__init__()
        self._index = index
        self._url = url
        # The end of a wheel holds its directory and, as wheels are written, often METADATA itself.
        self._tail, self._length = index.read_range(url, None, _CHUNK)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        length = min(len(buffer), self._length - self._at)
        if length <= 0:
            return 0
        start = self._at - (self._length - len(self._tail))
        if start >= 0:
            data = self._tail[start : start + length]
        else:
            data, _ = self._index.read_range(self._url, self._at, length)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@contextmanager
def open_live(told: str | None, *, cache: Path | None, read_at: Instant) -> Iterator[HttpIndex]:
    """Open the index at an address (None: as uv or pip are set up), with its cache in a folder, or none.

    Raises:
        GraphkitError: the address is none, or the cache cannot be written.
    """
    address = index_address(told)
    plain, transport = opened(address, cache)
    client = httpx.Client(
        transport=transport,
        headers=HEADERS,
        follow_redirects=True,
        timeout=patience(),
    )
    with client:
        yield HttpIndex(client, plain, name=index_name(plain), read_at=read_at)


def _preference(file: File, offer: FileLinks) -> tuple[int, str]:
    """Order files by how much their metadata speaks for an install of the default environment.

    Wheels go first; among them those whose metadata file is announced, which cost one small request.
    """
    if file.kind is FileKind.WHEEL:
        if offer.metadata is not None:
            return (-1, file.filename)
        pure = file.filename.endswith("-none-any.whl")
        usual = "manylinux" in file.filename and "x86_64" in file.filename
        return (0 if pure else 1 if usual and "-cp312-" in file.filename else 2 if usual else 3, file.filename)
    return (4 if file.kind is FileKind.SDIST else 5, file.filename)


def _age(answer: Answer) -> Instant:
    """Return how old an answer of the cache is, in microseconds (RFC 9111 §5.1)."""
    text = answer.headers.get("age", "")
    return int(text) * _SECOND if text.isdecimal() and len(text) < _DIGITS else _OLDEST * _SECOND


def _is_metadata(name: str) -> bool:
    folder, _, member = name.partition("/")
    return member == "METADATA" and folder.endswith(".dist-info")


def _unreachable(url: str, error: Exception) -> NoAnswer:
    return NoAnswer(
        f"the index cannot be reached at {without_secrets(url)} ({reason_of(error)}); "
        "check the network or --index-url; without a network, ingest a recorded slice: graphkit ingest index FILE"
    )
