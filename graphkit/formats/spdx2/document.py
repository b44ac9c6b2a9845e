"""What SPDX 2 documents say, in whichever syntax they were written, as documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from graphkit.formats.diagnostics import Diagnostics, own_time, quoted
from graphkit.formats.file_names import release_of_file, releases_in_path
from graphkit.formats.generators import with_tools
from graphkit.formats.imported_code import ImportedCode, may_be_code
from graphkit.formats.interface import RawDocument
from graphkit.formats.named_releases import is_source_archive
from graphkit.formats.purls import releases_in_purl, releases_in_text, row_of_reference
from graphkit.formats.refs import WrittenRefs
from graphkit.formats.spdx2.identity import Releases, by_name, hashes_in, hashes_of, identities_of, purls_of, said
from graphkit.formats.spdx2.relationships import NO_ELEMENTS, Relationships
from graphkit.formats.spdx2.shape import Creation, File, Package, Spdx
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.names import PackageName, purl_of
from graphkit.model.sentences import and_more
from graphkit.model.versions import release_version

_VERSION: Final = re.compile(r"(?:SPDX-)?2\.(\d{1,3})")
_NEWEST: Final = 3
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
_LIBRARIES: Final = frozenset({"", "LIBRARY", "FRAMEWORK"})
_PYTHON_TOOL: Final = re.compile(r"\b(?:sbom4python|pip-audit|uv-\d)", re.IGNORECASE)
_VERSIONED: Final = re.compile(r"^(.+?)-(v?\d[\w.+-]*)$")
_SOURCES: Final = {"CONTAINER": "image", "FILE": "directory"}
_VCS: Final = re.compile(r"(?:git|hg|svn|bzr)\+|(?:git|ssh|svn)://|file:", re.IGNORECASE)
_ARCHIVE: Final = re.compile(r"\.(?:whl|zip|egg|git|tgz|tar\.(?:gz|bz2|xz|zst))(?:@[^@]*)?$", re.IGNORECASE)
_FILES: Final = (".whl", ".egg", ".tar.gz", ".zip")
_INDEX_PATHS: Final = frozenset({"simple", "packages", "pypi", "+f"})
"""Folders under which index servers of every make keep their archives."""


class Beside(NamedTuple):
    """What is named beside packages and files, each with its place in the file.

    Texts, projects that something came from, and SHA-256 of files.
    """

    texts: tuple[tuple[str, str], ...] = ()
    projects: tuple[tuple[str, str], ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    is_whole: bool = False
    """Tools are told of elsewhere."""


_NOTHING: Final = Beside()


def document_of(
    read: Spdx,
    raw: RawDocument,
    diagnostics: Diagnostics,
    *,
    place_of: Callable[[str], str] = str,
    is_export: bool = False,
    beside: Beside = _NOTHING,
) -> Document:
    """Return what an SPDX document says as one of ours.

    Its basis is `built`, unless its creator's comment names an SBOM type, or it was made from
    manifests: GitHub's dependency graph, and where every Python package says that it was found in
    one, are `listed`. SPDX 2 cannot say that it is complete. ``raw`` is the file that ``read`` was
    made from; ``place_of`` turns the place of an element, as in ``packages[3].name``, into its place
    in the file. ``beside`` is what else names files. ``is_export``: it is wrapped as GitHub wraps its export.
    Cost: linear.

    Raises:
        InputError: it is of another version than 2.
    """
    before = len(diagnostics.problems)
    version = _version_of(read, diagnostics)
    creation = read.creation or Creation()
    rows = _Rows(diagnostics)
    for number, part in enumerate(read.packages or ()):
        rows.take(part, f"packages[{number}]")
    for number, one in enumerate(read.documents or ()):
        diagnostics.leave_open(
            f"externalDocumentRefs[{number}]", f"another document, which this refers to: {quoted(one.id)}"
        )
    rows.take_named(read)
    graph = Relationships(
        read, rows.names, frozenset(ref for ref, row in rows.components.items() if row.package), diagnostics
    )
    for ref in (row for one in graph.optional for row in (one, *rows.others.get(one, ()))):
        rows.components[ref] = replace(rows.components[ref], optional=True)
    rows.name(graph.described or graph.roots)
    rows.take_files(read.files or (), graph, beside)
    rows.take_names(read.packages or (), read.files or (), beside)
    told = ((f"files[{i}]", one.name) for i, file in enumerate(read.files or ()) for one in file.projects or ())
    rows.take_projects((*told, *beside.projects))
    components = tuple(rows.components.values())
    creators = [one for one in creation.creators or () if one]
    is_github = any(_GITHUB in one.lower() for one in creators) or (is_export and not creators)
    # GitHub hangs all on the repository where it knows no better.
    is_flat = is_github and all(edge.source in graph.described for edge in graph.edges)
    created = own_time(creation.created, "creationInfo.created", diagnostics)
    tools = " ".join(one.partition(":")[2] for one in creators if one.startswith("Tool:"))
    document = Document(
        sha256=raw.sha256,
        path=raw.path,
        kind=DocumentKind.SBOM,
        format=f"SPDX {version}".strip(),
        basis=Basis.LISTED if is_github else _basis_of(creation, rows),
        components=components,
        places=tuple(map(place_of, rows.places)),
        edges=graph.edges,
        roots=graph.roots,
        subject=_subject_of(graph, rows),
        created=created,
        completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.UNKNOWN,
        generator=tuple(dict.fromkeys(text for _, text in _tools(creators))),
        source_kind=_source_kind(graph, rows, read),
        covers_python=any(row.package for row in components if row.ref not in rows.imported)
        or bool(_PYTHON_TOOL.search(tools)),
        dependencies_known=graph.is_known and not is_flat,
        problems=(
            *diagnostics.problems[:before],
            *(replace(one, place=place_of(one.place)) for one in diagnostics.problems[before:]),
            *diagnostics.rest(),
        ),
    )
    if beside.is_whole:
        return document
    return with_tools(document, ((f"creationInfo.creators[{number}]", text) for number, text in _tools(creators)))


def _version_of(read: Spdx, diagnostics: Diagnostics) -> str:
    text = (read.version or "").strip()
    found = _VERSION.fullmatch(text)
    if not text:
        diagnostics.add("spdxVersion", "is missing; read as 2.3")
    elif not found:
        raise InputError(
            f"SPDX {quoted(text.removeprefix('SPDX-'))} cannot be read; 2.2 and 2.3 can", place="spdxVersion"
        )
    elif int(found[1]) > _NEWEST:
        diagnostics.read_as("spdxVersion", text, "2.3")
    elif int(found[1]) not in {2, _NEWEST}:
        diagnostics.add("spdxVersion", f"{text} is neither 2.2 nor 2.3; read as 2.3")
    return text.removeprefix("SPDX-")


def _basis_of(creation: Creation, rows: _Rows) -> Basis:
    if (found := _TYPE.search(creation.comment or "")) and (basis := _TYPES.get(found[1].lower())):
        return basis
    return Basis.LISTED if rows.listed and rows.listed == rows.python else Basis.BUILT


def _subject_of(graph: Relationships, rows: _Rows) -> str:
    """Return the name of the one package that the document describes, where it is more than a file's."""
    if len(graph.described) != 1 or graph.described[0] in rows.files:
        return ""
    name = rows.components[graph.described[0]].name.strip()
    return name if any(map(str.isalnum, name)) and not _MANIFESTS.fullmatch(name) else ""


def _tools(creators: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the tools among the creators with their numbers, as ``name version``, from ``Tool: name-version``."""
    for number, one in enumerate(creators):
        if one.strip().lower().startswith("tool:") and (named := one.partition(":")[2].strip()):
            yield number, _VERSIONED.sub(r"\1 \2", named)


def _source_kind(graph: Relationships, rows: _Rows, read: Spdx) -> str:
    """Return what was looked at, by the purpose of the one package that the document describes."""
    described = set(graph.described)
    found = {(one.purpose or "").upper() for one in read.packages or () if rows.names.get(said(one.id)) in described}
    return _SOURCES.get(found.pop(), "") if len(found) == 1 else ""


class _Rows:
    """The packages of a document under refs of their own, and how the document itself calls them."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.components: dict[str, Component] = {}
        self.places: list[str] = []
        self.files: set[str] = set()
        self.others: dict[str, list[str]] = {}
        """Our refs of the further rows of a package, by that of its first."""
        self.python = 0
        self.listed = 0
        """How many Python packages there are, and how many say that a manifest or lock names them."""
        self._diagnostics = diagnostics
        self._refs = WrittenRefs("SPDXID", diagnostics)
        self.names: Final = self._refs.names
        """Our ref for each ``SPDXID`` as written."""
        self._seen: dict[tuple[str, ...], str] = {}
        self._nameless: dict[str, tuple[Package, str]] = {}
        """The packages that no purl names but perhaps their name, by our ref, with their places."""
        self._called: list[tuple[tuple[PackageName, str], str]] = []
        """The releases that packages are by their names, where their purls say others, with their places."""
        self.imported: set[str] = set()
        """Rows of code whose release nothing tells, by the names that it is imported by."""
        self._held: list[tuple[str, str, str]] = []
        """Our ref of a package, the id of a file in it, and where it says so."""
        self._own_files: list[tuple[str, str, str]] = []
        """The paths of files that packages name themselves, the place of the package, and our ref of it."""

    def take(self, part: Package, place: str) -> None:
        """Take up a package, as one row for each Python release that its purls name, else as one."""
        written, name, refs = said(part.id), said(part.name), purls_of(part.references)
        source = (said(part.download), said(part.source))
        key = (written, name, part.version or "", *source, *(purl for _, purl in refs))
        if written and key in self._seen:  # the same package once more
            self._merge(self._seen[key], part, place)
            return
        if not name and not refs:
            self._diagnostics.add(place, "a package without name and purl", lost=True)
            if not written:
                return
        found = identities_of(part, refs, place, self._diagnostics)
        ref = self._seen[key] = self._refs.of(written, place)
        purpose = (part.purpose or "").upper()
        if purpose == "FILE":
            self.files.add(ref)
        if refs:
            self._call(part, found, place)
        elif purpose in _LIBRARIES and not _MANIFESTS.fullmatch(name):
            self._nameless[ref] = part, place
        self._hold(ref, part, place)
        self._add_rows(ref, part, found, place)

    def _merge(self, ref: str, part: Package, place: str) -> None:
        """Take up what a package that is listed twice says the second time."""
        first = self.components[ref]
        more = hashes_of(part.checksums, place, self._diagnostics)
        self.components[ref] = replace(first, sha256=tuple(dict.fromkeys((*first.sha256, *more))))
        self._hold(ref, part, place)

    def _call(self, part: Package, found: Releases, place: str) -> None:
        """Remember the Python release that a package is by its name, where its purls say others, for `take_names`."""
        name, packages = said(part.name), {one.package for _, one in found}
        if not name or None in packages or name.lower().endswith(_FILES):
            return
        called = by_name(part, place, Diagnostics())
        if called and called.package and called.package not in packages:
            self._diagnostics.add(place, f"is called {quoted(name)}, but its purl says another; either may be meant")
            self._called.append(((called.package, called.version or found[0][1].version), place))

    def _add_rows(self, ref: str, part: Package, found: Releases, place: str) -> None:
        """Add a row for each release that a package is, the first one under its own ref.

        Which of several releases an archive holds cannot be told; the first keeps what is said of it.
        """
        hashes: set[str] = {*hashes_of(part.checksums, place, self._diagnostics), *hashes_in(said(part.download))}
        origin, index = _source_of(part.download or "") if found[0][1].package else ("", "")
        for number, (purl, one) in enumerate(found):
            row = ref
            if number:
                row, origin, index, hashes = self._refs.unique(ref), "", "", set()
                self.others.setdefault(ref, []).append(row)
            if one.package is not None:
                self.python += 1
                self.listed += _is_of_manifest(part.source or "")
            self.components[row] = Component(
                ref=row,
                name=said(part.name) or (one.package or ""),
                package=one.package,
                version=one.version,
                purl=purl,
                sha256=tuple(sorted({*hashes, *hashes_in(purl)})),
                origin=one.origin or origin,
                index=one.index or index,
            )
            self.places.append(place)

    def name(self, roots: Iterable[str]) -> None:
        """Take packages without purl for the Python packages of their names, where all that have one are Python's.

        The name says so in this document alone, and the row is then `listed` at most. What the document
        describes decides nothing, and is not named: it is an application, an image or a folder mostly.
        """
        top = set(roots)
        if not self.python or any(
            row.purl and not row.package for ref, row in self.components.items() if ref not in top
        ):
            return
        for ref, (part, place) in self._nameless.items():
            row = self.components[ref]
            if ref in top or row.package or not (found := by_name(part, place, self._diagnostics)):
                continue
            self._diagnostics.add(place, f"without purl; taken for the Python package {found.package}, by its name")
            self.components[ref] = replace(row, package=found.package, version=found.version, optional=True)

    def take_named(self, read: Spdx) -> None:
        """Take up, as `listed`, what relationships name that is no element and whose id is a purl."""
        others = {one.id for one in (*(read.files or ()), *(read.snippets or ()))}
        ends: list[tuple[str, str | None]]
        ends = [(f"documentDescribes[{i}]", one) for i, one in enumerate(read.described or ())]
        for number, one in enumerate(read.relationships or ()):
            place = f"relationships[{number}]"
            ends += [(f"{place}.spdxElementId", one.element), (f"{place}.relatedSpdxElement", one.related)]
        for place, id_ in ends:
            written = said(id_)
            if written in self.names or written in others or (row := row_of_reference(written, place)) is None:
                continue
            ref = self._refs.of(written, place)
            self.components[ref] = replace(row, ref=ref)
            self.places.append(place)
            text = f"{quoted(written)} is not an element of this document; taken for the release that it names"
            self._diagnostics.add(place, text, lost=True)

    def take_files(self, files: Iterable[File], graph: Relationships, beside: Beside) -> None:
        """Take up the SHA-256 of files as members of the packages that hold them.

        What no package holds is the one described package's; where that is not one package, a row of
        its own, so that a bad file among them is seen. A file has one id and one digest: what it has
        beyond them counts as held by nobody, so that the work stays linear.
        """
        files = list(files)
        digests: dict[str, str] = {}
        loose: dict[str, int] = {}
        for number, one in enumerate(files):
            found = hashes_of(one.checksums, f"files[{number}]", self._diagnostics)
            written = said(one.id)
            if written and written not in digests:
                digests[written], found = found[0] if found else "", found[1:]
            loose.update(dict.fromkeys(found, number))
        members: dict[str, set[str]] = {}
        free = dict.fromkeys(digests)
        holders: dict[str, str] = {}
        for ref, written, place in (*self._held, *((ref, one, "") for ref, one in graph.contents)):
            if written in digests:
                free.pop(written, None)
                if ref not in graph.described and not self.components[holders.get(written, ref)].package:
                    holders[written] = ref  # a file of Python may also be in a package of the system
                members.setdefault(ref, set()).add(digests[written])
            elif place and written not in NO_ELEMENTS:
                is_lost = written not in self.names
                self._diagnostics.add(
                    place, f"{quoted(written)} is not a file of this document; left out", lost=is_lost
                )
        numbers = {one.id.strip(): i for i, one in reversed([*enumerate(files)]) if one.id}
        loose |= {digests[one]: numbers[one] for one in free if digests[one]}
        if loose and len(graph.described) == 1:
            members.setdefault(graph.described[0], set()).update(loose)
        elif loose:
            self._add_loose(files, loose)
        for ref, found_in in members.items():
            self.components[ref] = replace(self.components[ref], members=tuple(sorted(found_in - {""})))
        paths = ((said(one.name), f"files[{i}]", holders.get(said(one.id), "")) for i, one in enumerate(files))
        told = ((text, place, "") for place, text in beside.texts)
        self._add_imports(
            chain(paths, self._own_files, told), {self.components[ref].package for ref in graph.described}
        )

    def _add_imports(self, files: Iterable[tuple[str, str, str]], described: Collection[PackageName | None]) -> None:
        """Take up code by the names that it is imported by, where no package accounts for it, as `listed`.

        ``files``: of each its path, its place, and our ref of what holds it, empty for nothing.
        """
        code = ImportedCode()
        for path, place, ref in files:
            if may_be_code(path):
                holder = self.components.get(ref)
                held_by = (holder.package or holder.name) if holder else ""
                code.take(path, place, held_by, is_python=holder is not None and holder.package is not None)
        known = {row.package for row in self.components.values()}
        for row, place in code.rows(known, described, self._refs):
            self.components[row.ref] = row
            self.places.append(place)
            self.imported.add(row.ref)

    def take_names(self, packages: Iterable[Package], files: Iterable[File], beside: Beside) -> None:
        """Take up the releases that names, file names and addresses show and that no row is, as `listed`.

        Archives are named by a package's file, its purls and by where it was downloaded from, installed metadata by
        files, and a package by its name, where its purls say another.
        """
        known = {(row.package, release_version(row.version).key) for row in self.components.values() if row.package}
        shown = chain(
            ((found, f"packages[{at}]") for at, part in enumerate(packages) for found in _shown_by(part)),
            self._called,
            ((found, f"files[{at}]") for at, one in enumerate(files) for found in releases_in_path(said(one.name))),
            ((found, place) for place, text in beside.texts for found in releases_in_text(text)),
        )
        for found, place in shown:
            self._add_named(found, place, known)
        for at, name in ((at, said(one.name)) for at, one in enumerate(files)):
            if is_source_archive(name):  # any project calls its own so: which it is its name does not tell
                ref = self._refs.unique(f"files[{at}] {name}")
                self.components[ref] = Component(ref=ref, name=name, optional=True)
                self.places.append(f"files[{at}]")
        self._take_hashes(beside.hashes)

    def _take_hashes(self, hashes: Iterable[tuple[str, str]]) -> None:
        """Take up the files that elements beside packages and files hash, where no row has them, as `listed`."""
        held = {digest for row in self.components.values() for digest in (*row.sha256, *row.members)}
        for place, text in hashes:
            digest = self._diagnostics.sha256(text, place)
            if digest and digest not in held:
                held.add(digest)
                ref = self._refs.unique(place)
                self.components[ref] = Component(ref=ref, name=place, members=(digest,), optional=True)
                self.places.append(place)

    def take_projects(self, projects: Iterable[tuple[str, str | None]]) -> None:
        """Take up the projects that files came from, by their names, where no row is called so, as `listed`."""
        called = {canonicalize_name(row.name) for row in self.components.values()}
        for place, name in ((place, said(name)) for place, name in projects):
            if name and canonicalize_name(name) not in called:
                called.add(canonicalize_name(name))
                ref = self._refs.unique(f"{place} {name}")
                self.components[ref] = Component(ref=ref, name=name, optional=True)
                self.places.append(place)

    def _add_named(self, found: tuple[PackageName, str], place: str, known: set[tuple[PackageName, str]]) -> None:
        package, version = found
        key = (package, release_version(version).key)
        if key in known:
            return
        known.add(key)
        ref = self._refs.unique(f"{place} {package} {version}")
        purl = purl_of(package, version)
        self.components[ref] = Component(
            ref=ref, name=package, package=package, version=version, purl=purl, optional=True
        )
        self.places.append(place)

    def _add_loose(self, files: list[File], loose: dict[str, int]) -> None:
        first = min(loose.values())
        name = said(files[first].name) or said(files[first].id) or f"files[{first}]"
        ref = self._refs.unique(f"files[{first}]")
        name += and_more(len(set(loose.values())))
        self.components[ref] = Component(ref=ref, name=name, members=tuple(sorted(loose)))
        self.places.append(f"files[{first}]")

    def _hold(self, ref: str, part: Package, place: str) -> None:
        files = enumerate(part.files or ())
        self._held += [(ref, (one or "").strip(), f"{place}.hasFiles[{i}]") for i, one in files]
        excluded = (part.verification.excluded if part.verification else None) or ()
        self._own_files += [(one, place, ref) for one in (said(part.file), *excluded) if one]


def _shown_by(part: Package) -> Iterator[tuple[PackageName, str]]:
    """Yield the releases that a package's file, addresses and purls show, and its name where it is that of a wheel."""
    name = said(part.name)
    for text in (said(part.file), said(part.download), name):
        if (text != name or text.endswith(".whl")) and (found := release_of_file(text)) is not None:
            yield found
    for text in _files_of(part):
        yield from releases_in_text(text)
    for _, purl in purls_of(part.references):
        yield from releases_in_purl(purl)


def _files_of(part: Package) -> Iterator[str]:
    """Yield the texts of a package that may be names or addresses of files, beside its purls."""
    yield from (said(part.download), said(part.file))
    yield from (part.verification.excluded if part.verification else None) or ()
    yield from (said(one.locator) for one in part.references or () if not (one.locator or "").startswith("pkg:"))


def _is_of_manifest(source: str) -> bool:
    """Return whether ``sourceInfo``, as Syft and Trivy fill it, names manifests and locks only."""
    files = [one.strip().replace("\\", "/").rpartition("/")[2] for one in source.partition(":")[2].split(",")]
    return all(_MANIFESTS.fullmatch(one) for one in files)


def _source_of(download: str) -> tuple[str, str]:
    """Return origin and index that a Python package's download location names.

    An origin is a repository or an archive outside an index; home pages, which some tools write here,
    and project pages are neither, since an origin says that the index did not give the release.
    """
    text = said(download)
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
