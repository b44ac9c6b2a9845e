"""Project pages of the simple API: JSON (PEP 691, 700, 714, 792) and HTML (PEP 503, 592, 658)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from graphkit.formats.duplicate_keys import refuse_duplicate_keys
from graphkit.model.documents import Problem
from graphkit.model.errors import InputError
from graphkit.model.index import File, FileKind, ProjectPage, ReleaseFiles
from graphkit.model.names import PackageName
from graphkit.model.sentences import and_more
from graphkit.model.times import BadTime, Instant, instant, moment
from graphkit.model.versions import release_version
from graphkit.sources.index.filenames import is_file_name, placed

JSON_TYPE: Final = "application/vnd.pypi.simple.v1+json"
ACCEPT: Final = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_API: Final = "1."
"""What the version of the API begins with that this reader knows (PEP 629)."""
_ENDED: Final = re.compile(rb"</(?:html|body)\s*>(?:\s|</html\s*>|<!--[^>]*-->)*\Z", re.IGNORECASE)
_END: Final = 4_096
"""Bytes at the end of a page in which its closing tag is looked for."""


class FileLinks(Struct, frozen=True, kw_only=True):
    """Where a file's bytes are, and whether its metadata file is announced (PEP 658).

    ``url`` may be relative to the page's. ``metadata`` None: not announced; empty: announced without a
    hash; else the SHA-256 it must have.
    """

    url: str
    metadata: str | None = None


class PageReading(Struct, frozen=True, kw_only=True):
    """A page as a fact, where it was read, and the offers behind its files by file name.

    ``is_confirmed``: the index was asked and said that the page is still the one read before (RFC 9110 §15.4.5).
    """

    page: ProjectPage
    offers: Mapping[str, FileLinks]
    url: str = ""
    is_confirmed: bool = False

    def address(self, filename: str) -> str:
        """Return where a file's bytes are."""
        return urljoin(self.url, self.offers[filename].url)


class _File(msgspec.Struct, rename="kebab"):
    filename: str
    url: str = ""
    hashes: dict[str, Any] | None = None
    requires_python: str | None = None
    upload_time: str | None = None
    yanked: bool | str | None = False
    core_metadata: Any = None
    dist_info_metadata: Any = None
    data_dist_info_metadata: Any = None


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str = ""


class _Page(msgspec.Struct, rename="kebab"):
    name: str
    files: list[_File]
    versions: list[str] | None = None
    project_status: Any = None
    meta: _Meta | None = None


_DECODER: Final = msgspec.json.Decoder(_Page)


def absent(package: PackageName, *, read_at: Instant, source: str) -> PageReading:
    """Return the reading of a page that the index answered with "no such project"."""
    page = ProjectPage(package=package, spelling=package, releases=(), read_at=read_at, source=source, found=False)
    return PageReading(page=page, offers={})


def read_page(
    data: bytes, content_type: str, package: PackageName, *, url: str, read_at: Instant, source: str
) -> PageReading:
    """Return a project page read from the bytes an index sent.

    The type that came back decides, not the one asked for (PEP 691). Files whose name says no release of the package
    are left out, with a problem each. Cost: some microseconds a file.

    Raises:
        InputError: no page of the simple API (as a login page, or half of a page), or the page of another project.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON_TYPE or (kind == "application/json" and data.lstrip()[:1] == b"{"):
        files, versions, name, status = _from_json(data, package)
    elif kind in {"text/html", "application/vnd.pypi.simple.v1+html"}:
        files, versions, name, status = _from_html(data, package, url)
    else:
        raise InputError(
            f"the index answered with {kind or 'no type'!r}, not a project page", place=f"page of {package}"
        )
    if str(canonicalize_name(name)) != package:
        raise InputError(f"the page of {name[:80]!r} was returned for it", place=f"page of {package}")
    releases, problems = _releases(package, files, versions)
    page = ProjectPage(
        package=package,
        spelling=name,
        releases=releases,
        read_at=read_at,
        source=source,
        status=status,
        problems=problems,
    )
    return PageReading(page=page, offers={file.filename: _offer(file) for file in files}, url=url)


def as_of(reading: PageReading, at: Instant) -> PageReading:
    """Return the page as it may have stood at an instant: files uploaded after it left out.

    What was removed since cannot come back this way; the page then counts as read at that instant.
    """
    releases = tuple(
        ReleaseFiles(version=release.version, files=kept)
        for release in reading.page.releases
        if (kept := tuple(file for file in release.files if file.uploaded is None or file.uploaded <= at))
        or not release.files
    )
    page = replace(reading.page, releases=releases, read_at=min(at, reading.page.read_at))
    return replace(reading, page=page)


def _from_json(data: bytes, package: PackageName) -> tuple[list[_File], list[str], str, str]:
    try:
        page = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a project page in JSON (PEP 691): {error}", place=f"page of {package}") from error
    refuse_duplicate_keys(data, "not read: the page has the ", place=f"page of {package}")
    api = page.meta.api_version if page.meta else ""
    if api and not api.startswith(_API):
        raise InputError(f"a page of version {api[:20]!r} of the API, not of 1.x (PEP 629)", place=f"page of {package}")
    status = page.project_status
    if isinstance(status, dict):  # PEP 792's text says `state`, its example `status`
        status = status.get("status") or status.get("state")
    return page.files, page.versions or [], page.name, status if isinstance(status, str) and status else "active"


def _from_html(data: bytes, package: PackageName, url: str) -> tuple[list[_File], list[str], str, str]:
    from pypi_simple import ProjectPage as Html
    from pypi_simple import UnsupportedRepoVersionError

    if not _ENDED.search(data[-_END:]):
        what = "is truncated: it ends without </html> or </body>" if data.strip() else "is empty"
        raise InputError(f"the HTML page {what}", place=f"page of {package}")
    try:
        page = Html.from_html(package, _text(data), url)
    except (UnsupportedRepoVersionError, ValueError) as error:
        raise InputError(f"not a project page in HTML (PEP 503): {error}", place=f"page of {package}") from error
    files = [
        _File(
            filename=filename,
            url=one.url,
            hashes=dict(one.digests),
            requires_python=one.requires_python,
            yanked=one.is_yanked,
            core_metadata=(dict(one.metadata_digests or {}) or True) if one.has_metadata else None,
        )
        for one in page.packages
        # As pip and uv do: the address names the file, whatever the link's text says.
        if is_file_name(filename := unquote(urlsplit(one.url).path).rpartition("/")[2])
    ]
    if all(placed(file.filename, package).problem for file in files):
        # A login page and a page that lists nothing look alike, and none of them says anything of the package.
        why = "the HTML page links no file of the package: not a project page, or an empty one"
        raise InputError(why, place=f"page of {package}")
    return files, [], package, "active" if page.status is None else page.status.value


def _text(data: bytes) -> str:
    """Return HTML as text: UTF-8, else a character for each byte, for addresses are ASCII and nothing else is read.

    Left to itself the parser guesses, and prints a line of its own where it fails.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _offer(file: _File) -> FileLinks:
    told = file.core_metadata
    if told is None:
        told = file.dist_info_metadata if file.dist_info_metadata is not None else file.data_dist_info_metadata
    metadata: str | None = None
    if isinstance(told, dict):
        metadata = str(told.get("sha256", "")).lower()
    elif told:
        metadata = ""
    return FileLinks(url=file.url, metadata=metadata)


def _releases(
    package: PackageName, files: Iterable[_File], versions: Iterable[str]
) -> tuple[tuple[ReleaseFiles, ...], tuple[Problem, ...]]:
    """Return the releases of a page, each with the files whose names say it, and a problem for every other file."""
    by_version: defaultdict[str, list[File]] = defaultdict(list)
    spelled: dict[str, str] = {}
    keys: dict[str, str] = {}  # files of one release spell its version alike, so each text is read once
    problems: list[Problem] = []
    timeless: list[str] = []

    def key_of(version: str) -> str:
        if version not in keys:
            keys[version] = release_version(version).key
            spelled.setdefault(keys[version], version)
        return keys[version]

    for version in versions:
        by_version[key_of(version)] = []
    for file in files:
        place = placed(file.filename, package)
        if place.problem:
            text = f"{place.problem}; it belongs to no release of {package}"
            problems.append(Problem(place=f"file {file.filename[:200]!r}", text=text))
        else:
            read = _file(file, place.kind)
            by_version[key_of(place.version)].append(read)
            if file.upload_time and read.uploaded is None:
                timeless.append(file.filename)
    if timeless:
        of = f"file {timeless[0][:200]!r}{and_more(len(timeless))}"
        text = "its upload time is not a UTC time (PEP 700), so when it was uploaded is unknown"
        problems.append(Problem(place=of, text=text))
    releases = tuple(ReleaseFiles(version=spelled[key], files=tuple(found)) for key, found in by_version.items())
    return releases, tuple(problems)


def _file(file: _File, kind: FileKind) -> File:
    hashes = file.hashes or {}
    digest = hashes.get("sha256")
    return File(
        filename=file.filename,
        kind=kind,
        sha256=digest.lower() if isinstance(digest, str) else "",
        requires_python=(file.requires_python or "").strip(),
        uploaded=_uploaded(file.upload_time),
        yanked=file.yanked is not None and file.yanked is not False,  # an empty reason is still a yank (PEP 592)
    )


def _uploaded(text: str | None) -> Instant | None:
    """Return an upload time. Without a zone it may be any of many instants, which is as good as no time."""
    try:
        if text and text.endswith("Z"):  # as nearly all do, and there are hundreds of thousands
            return instant(text)
        at = moment(text) if text else None
    except BadTime:
        return None
    return at.earliest if at is not None and at.is_exact else None
