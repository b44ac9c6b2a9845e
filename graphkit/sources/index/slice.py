"""Recorded slices: pages and metadata of an index in one file, read back by the same code with no network.

A slice is a `.tar.xz` of `slice.json`, `simple/<name>/index.json` (PEP 691, relative file addresses) and
`simple/<name>/<file name>.metadata` (PEP 658, trimmed). One solid compression makes a file of it that is a
tenth of the size of a zip; reading takes well under a second for some hundred packages.
"""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx
import msgspec

from graphkit.formats.duplicate_keys import refuse_duplicate_keys
from graphkit.model.building import is_of_build
from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.index import ProjectPage, ReleaseMetadata
from graphkit.model.names import BadName, PackageName, package_name
from graphkit.model.times import Instant, moment, rfc3339
from graphkit.sources.index.client import HttpIndex
from graphkit.sources.index.metadata import build_headers
from graphkit.sources.index.pages import JSON_TYPE, PageReading
from graphkit.temporary import in_place_of

SCHEMA: Final = "graphkit.slice/1"
_ADDRESS: Final = "http://slice.invalid/simple/"
_XZ: Final = b"\xfd7zXZ\x00"
_LARGEST: Final = 2 * 2**30
_PART: Final = 2**20
_PRESET: Final = 6
"""How hard lzma tries: the highest takes four times as long and saves some percent."""


class SliceWriter:
    """Collects what was read of an index and writes it as a slice: the same facts, the same bytes."""

    def __init__(self, hashed: Collection[PackageName] = ()) -> None:
        self._hashed = frozenset(hashed)
        self._pages: dict[PackageName, PageReading] = {}
        self._metadata: dict[tuple[PackageName, str], bytes] = {}

    def page(self, reading: PageReading) -> None:
        """Take a page; SHA-256 of files are kept for the packages the writer was told of, to keep slices small."""
        self._pages[reading.page.package] = reading

    def metadata(self, read: ReleaseMetadata) -> None:
        """Take the requirements of a release, where somebody could read them."""
        if read.source != "unknown":
            self._metadata[read.package, read.version] = _headers(read)

    def write(self, path: Path) -> None:
        """Write the slice; the bytes depend on what was taken only."""
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name, data in self._members():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        # In parts, so that Ctrl-C is obeyed between two of them.
        compressor = lzma.LZMACompressor(preset=_PRESET)
        with raw.getbuffer() as view:
            packed = [compressor.compress(view[at : at + _PART]) for at in range(0, len(view), _PART)]
        with in_place_of(path) as part:
            part.write_bytes(b"".join((*packed, compressor.flush())))

    def _members(self) -> Iterator[tuple[str, bytes]]:
        pages = [self._pages[name] for name in sorted(self._pages)]
        about = {
            "schema": SCHEMA,
            "read_at": rfc3339(min((one.page.read_at for one in pages), default=None)),
            "absent": [one.page.package for one in pages if not one.page.found],
        }
        yield "slice.json", _json(about)
        for reading in pages:
            if reading.page.found:
                yield f"simple/{reading.page.package}/index.json", _json(self._page(reading.page))
        for (package, version), data in sorted(self._metadata.items()):
            if file := self._file_of(package, version):
                yield f"simple/{package}/{file}.metadata", data

    def _file_of(self, package: PackageName, version: str) -> str:
        """Return the file of a release that carries its metadata in the slice: the first by name, wheels first."""
        releases = self._pages[package].page.releases
        files = next((release.files for release in releases if release.version == version), ())
        return min((file.filename for file in files), key=lambda name: (not name.endswith(".whl"), name), default="")

    def _page(self, page: ProjectPage) -> dict[str, Any]:
        files = []
        for release in page.releases:
            carrier = self._file_of(page.package, release.version)
            for file in release.files:
                told: dict[str, Any] = {"filename": file.filename, "url": file.filename, "hashes": {}}
                if page.package in self._hashed and file.sha256:
                    told["hashes"] = {"sha256": file.sha256}
                if file.requires_python:
                    told["requires-python"] = file.requires_python
                if file.uploaded is not None:
                    told["upload-time"] = rfc3339(file.uploaded)
                if file.yanked:
                    told["yanked"] = True
                if file.filename == carrier and (page.package, release.version) in self._metadata:
                    told["core-metadata"] = True
                files.append(told)
        shown: dict[str, Any] = {"meta": {"api-version": "1.4"}, "name": page.spelling, "files": files}
        if page.status != "active":
            shown["project-status"] = {"status": page.status}
        empty = [release.version for release in page.releases if not release.files]
        return shown | ({"versions": sorted(empty)} if empty else {})


def is_slice(head: bytes) -> bool:
    """Return whether a file that starts with these bytes may be a recorded slice."""
    return head.startswith(_XZ)


class RecordedIndex:
    """An index as a slice recorded it. What was not recorded is a `NotRecorded`, never "no such project"."""

    def __init__(self, source: Path | bytes) -> None:
        """Read a slice, by its path or its bytes.

        Raises:
            InputError: it is no slice, or is damaged.
        """
        members = _unpack(source if isinstance(source, bytes) else source.read_bytes())
        self.read_at, gone = _about(members.pop("slice.json", b""))
        self.packages = sorted({_package(name) for name in members if name.startswith("simple/")} | gone)
        client = httpx.Client(transport=_Members(members, gone))
        # A slice keeps what the wheels of a release require in the metadata of one of them, and announces no others.
        self._index = HttpIndex(client, _ADDRESS, name="recorded slice", read_at=self.read_at, tells_all=False)

    def page(self, package: PackageName) -> PageReading:
        """Return a recorded page. Raises NotRecorded where the slice has none."""
        return self._index.page(package)

    def metadata(self, reading: PageReading, version: str) -> ReleaseMetadata:
        """Return recorded requirements. Raises NotRecorded where the slice has none of this release."""
        if version not in _recorded(reading):
            raise NotRecorded(f"{reading.page.package} {version} is not in the recorded slice")
        return self._index.metadata(reading, version)


class _About(msgspec.Struct):
    """What a slice says of itself in ``slice.json``."""

    schema: str
    read_at: str
    absent: tuple[str, ...]


def _about(data: bytes) -> tuple[Instant, frozenset[PackageName]]:
    """Return when a slice was recorded, and which projects the index did not have then.

    Raises:
        InputError: it is something else, or of another version.
    """
    try:
        about = msgspec.json.decode(data, type=_About)
        refuse_duplicate_keys(data)
        read_at, absent = moment(about.read_at).earliest, frozenset(map(package_name, about.absent))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(f"not a recorded slice of an index ({SCHEMA})") from error
    if about.schema != SCHEMA:
        raise InputError(f"a slice of another version; this graphkit reads {SCHEMA}")
    return read_at, absent


def _package(member: str) -> PackageName:
    """Return the package that a member of a slice is about; names are normalised when a slice is written."""
    name = member.split("/")[1]
    try:
        found = package_name(name)
    except BadName as error:
        raise InputError(f"a damaged slice: {error}") from error
    if found != name:
        raise InputError(f"a damaged slice: {name!r} is not a normalised name")
    return found


class NotRecorded(GraphkitError):
    """What was asked for is not in the slice; whether the index has it is unknown."""


def slice_facts(source: Path | bytes) -> Iterator[ProjectPage | ReleaseMetadata]:
    """Yield everything that a slice, by its path or its bytes, recorded: each page, and what its releases require.

    Raises:
        InputError: the file is no slice, or is damaged.
    """
    index = RecordedIndex(source)
    for name in index.packages:
        reading = index.page(name)
        yield reading.page
        for version in _recorded(reading):
            yield index.metadata(reading, version)


def _recorded(reading: PageReading) -> dict[str, None]:
    return {
        release.version: None
        for release in reading.page.releases
        if any(reading.offers[file.filename].metadata is not None for file in release.files)
    }


class _Members(httpx.BaseTransport):
    """Answers requests from the members of a slice."""

    def __init__(self, members: dict[str, bytes], gone: frozenset[str]) -> None:
        self._members = members
        self._gone = gone

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = unquote(urlsplit(str(request.url)).path).lstrip("/")
        if name.endswith("/"):
            if name.split("/")[1] in self._gone:
                return httpx.Response(404)
            name += "index.json"
        if name not in self._members and name.endswith("/index.json"):
            raise NotRecorded(f"{name} is not in the recorded slice")
        if name not in self._members:
            return httpx.Response(404)
        kind = JSON_TYPE if name.endswith("/index.json") else "text/plain"
        return httpx.Response(200, content=self._members[name], headers={"content-type": kind})


def _unpack(data: bytes) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_XZ)
    try:
        raw = decompressor.decompress(data, max_length=_LARGEST)
        if not decompressor.eof:
            raise InputError("a damaged slice: it ends too early, or holds more than 2 GiB")
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            for info in archive:
                if info.isfile() and (file := archive.extractfile(info)):
                    members[info.name] = file.read()
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise InputError(f"a damaged slice: {error}") from error
    return members


def _headers(read: ReleaseMetadata) -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {read.package}", f"Version: {read.version}"]
    lines += [f"Requires-Python: {_line(read.requires_python)}"] if read.requires_python else []
    lines += [f"Requires-Dist: {_line(str(one))}" for one in read.requirements if not is_of_build(one.marker)]
    lines += [f"Requires-Dist: {_line(one)}" for one in read.unreadable]
    lines += [f"Provides-Extra: {extra}" for extra in read.provides_extra]
    lines += map(_line, build_headers(read))
    return ("\n".join(lines) + "\n").encode()


def _line(text: str) -> str:
    return " ".join(text.split())


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, indent=0, separators=(",", ":")).encode() + b"\n"
