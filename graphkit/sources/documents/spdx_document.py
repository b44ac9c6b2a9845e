"""What SPDX 2 documents say, in whichever syntax they were written, as documents."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from graphkit.model.documents import Basis, Component, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.times import BadTime, Instant, instant
from graphkit.model.versions import release_version
from graphkit.sources.documents.purls import Identity, identity_of
from graphkit.sources.documents.rows import Notes, Refs, shown
from graphkit.sources.documents.spdx_graph import NO_ELEMENTS, Graph
from graphkit.sources.documents.spdx_shape import Checksum, Creation, File, Package, Reference, Spdx

_VERSION: Final = re.compile(r"(?:SPDX-)?2\.(\d{1,3})")
_GITHUB: Final = "github.com-dependency-graph"
_TYPE: Final = re.compile(r"SBOM[ _-]?Type\s*:\s*([a-z]+)", re.IGNORECASE)
_TYPES: Final = {
    **dict.fromkeys(("design", "source"), Basis.LISTED),
    **dict.fromkeys(("build", "analyzed", "analysed"), Basis.BUILT),
    **dict.fromkeys(("deployed", "runtime"), Basis.INSTALLED),
}
_MANIFESTS: Final = re.compile(
    r".+\.(?:txt|in)|(?:poetry|uv|pdm|Pipfile)\.lock|Pipfile|pylock(?:\.[^/]+)?\.toml|pyproject\.toml"
    r"|setup\.(?:py|cfg)|environment\.ya?ml",
    re.IGNORECASE,
)
_PYTHON_TOOL: Final = re.compile(r"\b(?:sbom4python|pip-audit|uv-\d)", re.IGNORECASE)
_EXACT: Final = re.compile(r"={1,3}\s*([^\s,*|]+)")
_RANGE: Final = re.compile(r"[<>^*,|]|^[~=!]|\S\s+\S")
_VCS: Final = re.compile(r"(?:git|hg|svn|bzr)\+|(?:git|ssh|svn)://|file:", re.IGNORECASE)
_ARCHIVE: Final = re.compile(r"\.(?:whl|zip|egg|git|tgz|tar\.(?:gz|bz2|xz|zst))(?:@[^@]*)?$", re.IGNORECASE)
_INDEX_PATHS: Final = frozenset({"simple", "packages", "pypi", "+f"})
"""Folders under which index servers of every make keep their archives."""


def document_of(
    read: Spdx,
    data: bytes,
    path: str,
    notes: Notes,
    *,
    place_of: Callable[[str], str] = str,
    is_export: bool = False,
) -> Document:
    """Return what an SPDX document says as one of ours.

    Its basis is `built`, unless its creator's comment names an SBOM type, or it was made from
    manifests: GitHub's dependency graph, and where every Python package says that it was found in
    one, are `listed`. SPDX 2 cannot say that it is complete. ``data`` is the file that ``read`` was
    made from; ``place_of`` turns the place of an element, as in ``packages[3].name``, into its place
    in the file. ``is_export``: it is wrapped as GitHub wraps its export. Cost: linear.

    Raises:
        InputError: it is of another version than 2.
    """
    before = len(notes.problems)
    version = _version_of(read, notes)
    creation = read.creation or Creation()
    rows = _Rows(notes)
    for number, part in enumerate(read.packages or ()):
        rows.take(part, f"packages[{number}]")
    graph = Graph(read, rows.names, frozenset(ref for ref, row in rows.components.items() if row.package), notes)
    for ref in graph.optional:
        rows.components[ref] = replace(rows.components[ref], optional=True)
    rows.take_files(read.files or (), graph)
    components = tuple(rows.components.values())
    creators = [one for one in creation.creators or () if one]
    is_github = any(_GITHUB in one.lower() for one in creators) or (is_export and not creators)
    # GitHub hangs all on the repository where it knows no better.
    is_flat = is_github and all(edge.source in graph.described for edge in graph.edges)
    created = _created_of(creation, notes)
    tools = " ".join(one.partition(":")[2] for one in creators if one.startswith("Tool:"))
    return Document(
        sha256=hashlib.sha256(data).hexdigest(),
        path=path,
        kind=DocumentKind.SBOM,
        format=f"SPDX {version}".strip(),
        basis=Basis.LISTED if is_github else _basis_of(creation, rows),
        components=components,
        places=tuple(map(place_of, rows.places)),
        edges=graph.edges,
        roots=graph.roots,
        subject=_subject_of(graph, rows),
        created=created,
        covers_python=any(row.package for row in components) or bool(_PYTHON_TOOL.search(tools)),
        dependencies_known=graph.is_known and not is_flat,
        problems=(
            *notes.problems[:before],
            *(replace(one, place=place_of(one.place)) for one in notes.problems[before:]),
        ),
    )


def _version_of(read: Spdx, notes: Notes) -> str:
    text = (read.version or "").strip()
    found = _VERSION.fullmatch(text)
    if not text:
        notes.add("spdxVersion", "is missing; read as 2.3")
    elif not found:
        raise InputError(
            f"SPDX {shown(text.removeprefix('SPDX-'))} cannot be read; 2.2 and 2.3 can", place="spdxVersion"
        )
    elif int(found[1]) not in {2, 3}:
        notes.add("spdxVersion", f"{text} is neither 2.2 nor 2.3; read as 2.3")
    return text.removeprefix("SPDX-")


def _basis_of(creation: Creation, rows: _Rows) -> Basis:
    if (said := _TYPE.search(creation.comment or "")) and (basis := _TYPES.get(said[1].lower())):
        return basis
    return Basis.LISTED if rows.listed and rows.listed == rows.python else Basis.BUILT


def _created_of(creation: Creation, notes: Notes) -> Instant | None:
    if not creation.created:
        return None
    try:
        return instant(creation.created)
    except BadTime as error:
        notes.add("creationInfo.created", str(error))
        return None


def _subject_of(graph: Graph, rows: _Rows) -> str:
    """Return the name of the one package that the document describes, where it is more than a file's."""
    if len(graph.described) != 1 or graph.described[0] in rows.files:
        return ""
    name = rows.components[graph.described[0]].name.strip()
    return name if any(map(str.isalnum, name)) and not _MANIFESTS.fullmatch(name) else ""


class _Rows:
    """The packages of a document under refs of their own, and how the document itself calls them."""

    def __init__(self, notes: Notes) -> None:
        self.components: dict[str, Component] = {}
        self.places: list[str] = []
        self.names: dict[str, str] = {}
        """Our ref for each ``SPDXID`` as written."""
        self.files: set[str] = set()
        self.python = 0
        self.listed = 0
        """How many Python packages there are, and how many say that a manifest or lock names them."""
        self._notes = notes
        self._refs = Refs()
        self._seen: dict[tuple[str, ...], str] = {}
        self._held: list[tuple[str, str, str]] = []
        """Our ref of a package, the id of a file in it, and where it says so."""

    def take(self, part: Package, place: str) -> None:
        """Take up a package, as one row for each Python release that its purls name, else as one."""
        written, name = _said(part.id), _said(part.name)
        refs = [(i, (one.locator or "").strip()) for i, one in enumerate(part.references or ()) if _is_purl(one)]
        key = (written, name, part.version or "", *(purl for _, purl in refs))
        if written and key in self._seen:  # the same package once more
            first = self.components[self._seen[key]]
            hashes = tuple(dict.fromkeys((*first.sha256, *self._hashes(part.checksums, place))))
            self.components[first.ref] = replace(first, sha256=hashes)
            self._hold(first.ref, part, place)
            return
        if not name and not refs:
            self._notes.add(place, "a package without name and purl", lost=True)
            if not written:
                return
        found = self._identities(part, refs, place)
        if len(found) > 1:
            self._notes.add(f"{place}.externalRefs", f"purls of {len(found)} Python releases: a row for each")
        ref = self._refs.unique(written or place)
        self._seen[key] = ref
        if written in self.names:
            self._notes.add(f"{place}.SPDXID", f"{shown(written)} stands twice; this one goes by {shown(ref)}")
        elif written:
            self.names[written] = ref
        if (part.purpose or "").upper() == "FILE":
            self.files.add(ref)
        self._hold(ref, part, place)
        hashes = self._hashes(part.checksums, place)
        for number, (purl, one) in enumerate(found):
            row = self._refs.unique(ref) if number else ref
            # Which of several releases an archive holds cannot be told; the first keeps what is said of it.
            origin, index = _source_of(part.download or "") if one.package and not number else ("", "")
            self.python += one.package is not None
            self.listed += one.package is not None and _is_of_manifest(part.source or "")
            self.components[row] = Component(
                ref=row,
                name=name or (one.package or ""),
                package=one.package,
                version=one.version,
                purl=purl,
                sha256=() if number else hashes,
                origin=one.origin or origin,
                index=one.index or index,
            )
            self.places.append(place)

    def _identities(self, part: Package, purls: list[tuple[int, str]], place: str) -> list[tuple[str, Identity]]:
        """Return every Python release that the purls of a package name, with its purl; else who else it is."""
        written = _said(part.version)
        version = exact[1] if (exact := _EXACT.fullmatch(written)) else written
        is_range = bool(_RANGE.search(version))
        python: dict[tuple[str, str], tuple[str, Identity]] = {}
        others: list[tuple[str, Identity]] = []
        for number, purl in purls:
            own = Notes()
            one = identity_of(purl, "" if is_range or python else version, own, place)
            if one.package is None:
                others.append((purl, replace(one, version=written)))
            elif not one.version and any(package == one.package for package, _ in python):
                continue
            elif _RANGE.search(one.version):
                own.add(f"{place}.purl", f"{shown(one.version)} is a range: the version is unknown")
                one = replace(one, version="")
            if one.package is not None:
                if is_range and not python:
                    said = "its purl names one" if one.version else "the version is unknown"
                    self._notes.add(f"{place}.versionInfo", f"{shown(written)} is a range: {said}")
                    own.problems = [problem for problem in own.problems if not problem.place.endswith(".version")]
                python.setdefault((one.package, release_version(one.version).key), (purl, one))
            for problem in own.problems:
                at = "versionInfo" if problem.place.endswith(".version") else f"externalRefs[{number}].referenceLocator"
                self._notes.add(f"{place}.{at}", problem.text, lost=own.lost)
        return [*python.values()] or others[:1] or [("", Identity(version=written))]

    def take_files(self, files: Iterable[File], graph: Graph) -> None:
        """Take up the SHA-256 of files as members of the packages that hold them.

        What no package holds is the one described package's; where that is not one package, a row of
        its own, lest a bad file among them go unseen. A file has one id and one digest: what it has
        beyond them counts as held by nobody, so that the work stays linear.
        """
        files = list(files)
        digests: dict[str, str] = {}
        loose: dict[str, int] = {}
        for number, one in enumerate(files):
            found = self._hashes(one.checksums, f"files[{number}]")
            written = _said(one.id)
            if written and written not in digests:
                digests[written], found = found[0] if found else "", found[1:]
            loose.update(dict.fromkeys(found, number))
        members: dict[str, set[str]] = {}
        free = dict.fromkeys(digests)
        for ref, written, place in (*self._held, *((ref, one, "") for ref, one in graph.contents)):
            if written in digests:
                free.pop(written, None)
                members.setdefault(ref, set()).add(digests[written])
            elif place and written not in NO_ELEMENTS:
                self._notes.add(place, f"{shown(written)} is no file here")
        numbers = {one.id.strip(): i for i, one in reversed([*enumerate(files)]) if one.id}
        loose |= {digests[one]: numbers[one] for one in free if digests[one]}
        if loose and len(graph.described) == 1:
            members.setdefault(graph.described[0], set()).update(loose)
        elif loose:
            self._add_loose(files, loose)
        for ref, found_in in members.items():
            self.components[ref] = replace(self.components[ref], members=tuple(sorted(found_in - {""})))

    def _add_loose(self, files: list[File], loose: dict[str, int]) -> None:
        first = min(loose.values())
        name = _said(files[first].name) or _said(files[first].id) or f"files[{first}]"
        others = len(set(loose.values())) - 1
        ref = self._refs.unique(f"files[{first}]")
        name = f"{name} and {others} more" if others else name
        self.components[ref] = Component(ref=ref, name=name, members=tuple(sorted(loose)))
        self.places.append(f"files[{first}]")

    def _hold(self, ref: str, part: Package, place: str) -> None:
        files = enumerate(part.files or ())
        self._held += [(ref, (one or "").strip(), f"{place}.hasFiles[{i}]") for i, one in files]

    def _hashes(self, checksums: Iterable[Checksum] | None, place: str) -> tuple[str, ...]:
        found = set()
        for number, one in enumerate(checksums or ()):
            if (one.algorithm or "").upper().replace("-", "") == "SHA256":
                found.add(self._notes.sha256(one.value or "", f"{place}.checksums[{number}]"))
        return tuple(sorted(found - {""}))


def _said(text: str | None) -> str:
    """Return a text without white space around it, empty where it is none."""
    text = (text or "").strip()
    return "" if text in NO_ELEMENTS else text


def _is_purl(one: Reference) -> bool:
    """Return whether a reference is a purl. The category is written in several ways and decides nothing."""
    locator = _said(one.locator)
    return bool(locator) and ((one.type or "").lower().endswith("purl") or locator[:4].lower() == "pkg:")


def _is_of_manifest(source: str) -> bool:
    """Return whether ``sourceInfo``, as Syft and Trivy fill it, names manifests and locks only."""
    files = [one.strip().replace("\\", "/").rpartition("/")[2] for one in source.partition(":")[2].split(",")]
    return all(_MANIFESTS.fullmatch(one) for one in files)


def _source_of(download: str) -> tuple[str, str]:
    """Return origin and index that a Python package's download location names.

    An origin is a repository or an archive outside an index; home pages, which some tools write here,
    and project pages are neither, since an origin says that the index did not give the release.
    """
    text = _said(download)
    if _VCS.match(text):
        return text, ""
    try:
        url = urlsplit(text)
    except ValueError:
        return "", ""
    parts = url.path.split("/")
    if "simple" in parts and url.scheme and url.netloc:
        host = url.netloc.rpartition("@")[2]
        return "", f"{url.scheme}://{host}{'/'.join(parts[: parts.index('simple') + 1])}"
    is_outside = _ARCHIVE.search(parts[-1]) and not _INDEX_PATHS.intersection(parts)
    return (text if is_outside else ""), ""
