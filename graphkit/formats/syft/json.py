"""Syft's own JSON (its ``schema/json``, versions 1 to 16), as documents."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from graphkit.formats.decoding import is_json, loose_json, marks_in
from graphkit.formats.diagnostics import Diagnostics, own_time, quoted
from graphkit.formats.generators import with_tools
from graphkit.formats.interface import RawDocument
from graphkit.formats.syft.rows import ArtifactRows, digests_in, is_of_manifest
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, Edge
from graphkit.model.errors import InputError
from graphkit.model.sentences import and_more
from graphkit.model.times import Moment

_MARK: Final = re.compile(rb"anchore\\?/syft|\"name\"\s*:\s*\"syft\"")
_SCHEMA: Final = re.compile(rb"anchore\\?/syft\b")
_MAKER: Final = re.compile(rb"[{,]\s*\"name\"\s*:\s*\"syft\"")
_OTHERS: Final = re.compile(rb"\"(?:bomFormat|spdxVersion|@context)\"\s*:")
_VERSION: Final = re.compile(r"(\d{1,4})(?:\.\d{1,6}){0,2}")
_NEWEST: Final = 16
_DIGEST: Final = re.compile(r"@sha\d+:[0-9a-f]+$", re.IGNORECASE)
_TAG: Final = re.compile(r":[\w.-]+$")
_FOLDERS: Final = frozenset({"directory", "dir", "file"})
_PYTHON_FILE: Final = re.compile(r"\.(?:dist|egg)-info/|\.(?:whl|egg|pyz)$", re.IGNORECASE)
_INSTALLED: Final = "python-installed-package-cataloger"
_OF_FILES: Final = frozenset({"contains", "evident-by"})
"""Relationships that mostly lead to files, which not every document lists."""
_SILENT: Final = _OF_FILES | {"ownership-by-file-overlap", "described-by"}
_BESIDE: Final = ("fileMetadata", "fileClassifications", "fileContents", "secrets")
"""What else tells of files: since schema 2 the first three are in ``files``."""


class _Mark(msgspec.Struct):
    artifacts: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    descriptor: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    schema: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class SyftJson:
    """The reader of Syft JSON."""

    format = "Syft JSON"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON has ``artifacts`` and names Syft's schema or Syft as its maker, at its top.

        Cost: a search; a scan on a hit.
        """
        if not is_json(raw.data) or b'"artifacts"' not in raw.data or not _MARK.search(raw.data):
            return False
        if (top := marks_in(raw.data, _Mark)) is None:
            return b'"artifactRelationships"' in raw.data and not _OTHERS.search(raw.data)
        is_syft = _SCHEMA.search(bytes(top.schema)) or _MAKER.search(bytes(top.descriptor))
        return bool(bytes(top.artifacts)) and bool(is_syft)

    def parse(self, raw: RawDocument) -> Document:
        """Return a Syft document.

        Its basis is `built`: Syft looks at files that were put together, not at what runs. Rows that it
        took from a requirements file, a lock or a ``setup.py`` beside them say only what may be
        installed, and are optional; where all Python rows are such, the document is `listed`.
        It is never complete, for Syft leaves out what it cannot pin, and incomplete where it says so.
        Cost: linear.

        Raises:
            InputError: it is no JSON.
        """
        diagnostics = Diagnostics()
        top = loose_json(raw.data, diagnostics)
        if not isinstance(top, dict):
            raise InputError(f"should be an object, is {quoted(top)}")
        version = _version_of(top, diagnostics)
        rows = ArtifactRows(diagnostics)
        subject = _take_source(top, rows, diagnostics)
        for number, one in enumerate(diagnostics.array(top.get("artifacts"), "artifacts")):
            if isinstance(one, dict):
                rows.take(one, f"artifacts[{number}]")
            else:
                diagnostics.add(f"artifacts[{number}]", "is not an object; left out", lost=True)
        graph = _Graph(top, rows, diagnostics)
        _take_files(top, graph, rows, diagnostics)
        rows.close()
        descriptor = diagnostics.table(top.get("descriptor"), "descriptor")
        _note_excluded(descriptor, diagnostics)
        _note_left_out(descriptor, diagnostics)
        python = [row for row in rows.components.values() if row.package and row.ref not in rows.imported]
        is_listed = bool(python) and all(row.ref in rows.listed for row in python)
        document = Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.SBOM,
            format=f"Syft {version}".strip(),
            basis=Basis.LISTED if is_listed else Basis.BUILT,
            components=tuple(
                replace(row, optional=not is_listed and row.ref in rows.listed) for row in rows.components.values()
            ),
            places=tuple(rows.places),
            edges=tuple(graph.edges),
            roots=graph.roots,
            subject=subject,
            created=_created_of(descriptor, diagnostics),
            generator=_generator(descriptor, diagnostics),
            source_kind=_source_kind(top, diagnostics),
            completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.UNKNOWN,
            covers_python=bool(python) or _looked_for_python(descriptor),
            dependencies_known=graph.is_known,
            problems=diagnostics.as_tuple(),
        )
        return with_tools(document, (("descriptor.name", one) for one in document.generator))


READER: Final = SyftJson()


def _version_of(top: dict[str, Any], diagnostics: Diagnostics) -> str:
    schema = diagnostics.table(top.get("schema"), "schema")
    text = diagnostics.text(schema.get("version"), "schema.version").strip()
    found = _VERSION.fullmatch(text)
    if not text:
        diagnostics.add("schema.version", f"is missing; read as {_NEWEST}")
    elif not found:
        diagnostics.add("schema.version", f"{quoted(text)} is not a known version of Syft's schema; read as {_NEWEST}")
    elif int(found[1]) > _NEWEST:
        diagnostics.read_as("schema.version", text, str(_NEWEST))
    return text if found else ""


def _created_of(descriptor: dict[str, Any], diagnostics: Diagnostics) -> Moment | None:
    """Return when it was made; Syft itself does not say it, tools that wrap it do."""
    text = diagnostics.text(descriptor.get("timestamp"), "descriptor.timestamp").strip()
    return own_time(text, "descriptor.timestamp", diagnostics)


def _catalogers_of(descriptor: dict[str, Any]) -> list[str]:
    """Return the catalogers that were used, which schemas since 13 say; none where it does not say."""
    found: Any = descriptor
    for key in ("configuration", "catalogers", "used"):
        found = found.get(key) if isinstance(found, dict) else None
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _looked_for_python(descriptor: dict[str, Any]) -> bool:
    """Return whether a cataloger of Python packages was used."""
    return any(one.startswith("python-") for one in _catalogers_of(descriptor))


def _note_left_out(descriptor: dict[str, Any], diagnostics: Diagnostics) -> None:
    """Leave it open where Syft was told not to look for installed Python packages, as it does by default."""
    used = _catalogers_of(descriptor)
    if used and _INSTALLED not in used:
        place = "descriptor.configuration.catalogers.used"
        diagnostics.leave_open(place, f"installed Python packages, which need {_INSTALLED}")


def _generator(descriptor: dict[str, Any], diagnostics: Diagnostics) -> tuple[str, ...]:
    """Return the tool that made it, as ``name version``."""
    name, version = (diagnostics.text(descriptor.get(key), f"descriptor.{key}").strip() for key in ("name", "version"))
    return (f"{name} {version}".strip(),) if name else ()


def _source_kind(top: dict[str, Any], diagnostics: Diagnostics) -> str:
    """Return what was looked at: `image`, `directory`, `file`, …; empty where it does not say."""
    source = top.get("source")
    kind = diagnostics.text(source.get("type"), "source.type").strip().lower() if isinstance(source, dict) else ""
    return {"dir": "directory", "container": "image", "oci-image": "image"}.get(kind, kind)


def _note_excluded(descriptor: dict[str, Any], diagnostics: Diagnostics) -> None:
    """Leave it open where Syft was told not to look at some paths (``exclude``)."""
    configuration = descriptor.get("configuration")
    found = configuration.get("exclude") if isinstance(configuration, dict) else None
    if isinstance(found, dict):
        found = found.get("globs")
    paths = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    if paths:
        diagnostics.leave_open(
            "descriptor.configuration.exclude", f"what lies under {quoted(paths[0])}{and_more(len(paths))}"
        )


def _take_source(top: dict[str, Any], rows: ArtifactRows, diagnostics: Diagnostics) -> str:
    """Take up what was looked at, and return its name: an image's without digest and tag, a folder's own name.

    Up to schema 8 it is in ``target``, a path or the image's table.
    """
    source = diagnostics.table(top.get("source"), "source")
    if not source:
        return ""
    kind = diagnostics.text(source.get("type"), "source.type").strip().lower()
    target = source.get("target")
    name = diagnostics.text(source.get("name"), "source.name").strip()
    if not name and isinstance(target, str):
        name = target.strip()
    key = "target" if isinstance(target, dict) else "metadata"
    inner = source.get(key)
    if not name and isinstance(inner, dict):
        name = diagnostics.text(inner.get("userInput", inner.get("path")), f"source.{key}.userInput").strip()
    name = _DIGEST.sub("", name)
    is_folder = kind in _FOLDERS
    if not is_folder:
        name = _TAG.sub("", name)
    version = "" if is_folder else diagnostics.version(source.get("version"), "source.version").strip()
    rows.take_source(
        diagnostics.text(source.get("id"), "source.id").strip(), name, version, _digests_of(source, diagnostics)
    )
    rows.look(source, "source")
    if is_folder and ("/" in name or "\\" in name or is_of_manifest(name)):
        return ""  # a path says where the tool was run, not what it looked at
    return name if any(map(str.isalnum, name)) else ""


def _digests_of(source: dict[str, Any], diagnostics: Diagnostics) -> set[str]:
    """Return the SHA-256 of a file that was looked at by itself: an archive, mostly."""
    told = [(key, one) for key in ("metadata", "target") if isinstance(one := source.get(key), dict)]
    rows = (row for key, one in told for row in _tables(one, "digests", f"source.{key}", diagnostics))
    return {digest for place, row in rows if (digest := _sha256(row, place, diagnostics))}


class _Graph:
    """The relationships. ``roots``: what was looked at, then what else nothing depends on.

    ``dependency-of`` reads from parent to child: the *child* depends on the *parent*. Syft's
    ``dependency`` resolver makes it from the providing package to the dependant, and its CycloneDX
    encoder (``toDependencies``) puts the parent among the child's dependencies. ``contains`` and
    ``ownership-by-file-overlap`` say where files lie, not who needs whom, and make no edges.
    """

    def __init__(self, top: dict[str, Any], rows: ArtifactRows, diagnostics: Diagnostics) -> None:
        self._rows = rows
        self._diagnostics = diagnostics
        self.contents: list[tuple[str, str]] = []
        """Our refs of packages, each with the id of a file in it."""
        self.edges: dict[Edge, None] = {}
        files = top.get("files")
        self._has_files = bool(files)
        self._files = {
            one["id"]
            for one in (files if isinstance(files, list) else ())
            if isinstance(one, dict) and isinstance(one.get("id"), str)
        }
        odd: set[str] = set()
        for number, one in enumerate(diagnostics.array(top.get("artifactRelationships"), "artifactRelationships")):
            place = f"artifactRelationships[{number}]"
            if isinstance(one, dict):
                self._take(one, place, odd)
            else:
                diagnostics.add(place, f"should be a table, is {quoted(one)}")
        self.is_known = bool(self.edges)
        targets = {edge.target for edge in self.edges if edge.source != edge.target}
        tops = dict.fromkeys(edge.source for edge in self.edges if edge.source not in targets)
        self.roots = tuple(dict.fromkeys((*([rows.source] if rows.source else ()), *tops)))

    def _take(self, one: dict[str, Any], place: str, odd: set[str]) -> None:
        kind = self._diagnostics.text(one.get("type"), f"{place}.type").strip().lower()
        parent = self._diagnostics.text(one.get("parent"), f"{place}.parent").strip()
        child = self._diagnostics.text(one.get("child"), f"{place}.child").strip()
        if "dependency-of" in kind:  # as Syft itself reads other spellings
            needed, needing = self._known(parent, f"{place}.parent"), self._known(child, f"{place}.child")
            if needed and needing:
                self.edges[Edge(source=needing, target=needed)] = None
            return
        holder = self._known(parent, f"{place}.parent")
        if self._has_files or kind not in _OF_FILES:
            self._known(child, f"{place}.child")
        if kind == "contains" and holder and child in self._files:
            self.contents.append((holder, child))
        elif kind not in _SILENT and kind not in odd:
            odd.add(kind)
            self._diagnostics.add(f"{place}.type", f"{quoted(kind)} is not a known type of Syft; ignored")

    def _known(self, written: str, place: str) -> str:
        if found := self._rows.names.get(written):
            return found
        if written not in self._files:
            self._rows.look(written, place)
            self._diagnostics.add(
                place,
                f"{quoted(written)} is not an artifact of this document; relationship left out",
                lost=True,
            )
        return ""


def _take_files(top: dict[str, Any], graph: _Graph, rows: ArtifactRows, diagnostics: Diagnostics) -> None:
    """Take up the SHA-256 of files as members; left open where Syft says that it could not read one for Python.

    The releases whose metadata or archives their paths and links show are rows, where nothing else names them.

    What no package holds is the source's, so that a bad file among it does not go unseen.
    """
    digests: dict[str, set[str]] = {}
    loose: set[str] = set()
    held = {written: holder for holder, written in graph.contents if holder != rows.source}
    for number, one in enumerate(diagnostics.array(top.get("files"), "files")):
        place = f"files[{number}]"
        table = diagnostics.table(one, place)
        found = {
            digest
            for at, row in _tables(table, "digests", place, diagnostics)
            if (digest := _sha256(row, at, diagnostics))
        }
        written = table.get("id")
        if isinstance(written, str) and written:
            digests.setdefault(written, set()).update(found)
        else:
            loose |= found
        location = table.get("location")
        name = location.get("path") if isinstance(location, dict) else ""
        link = told.get("linkDestination") if isinstance(told := table.get("metadata"), dict) else ""
        rows.look([name, link], place, held.get(written, "") if isinstance(written, str) else "")
        if not isinstance(name, str):
            continue
        if table.get("unknowns") and (is_of_manifest(name) or _PYTHON_FILE.search(name)):
            diagnostics.leave_open(f"{place}.unknowns", f"all of {quoted(name)}, which Syft could not read")
    for key in _BESIDE:
        for number, one in enumerate(diagnostics.array(top.get(key), key)):
            table = diagnostics.table(one, f"{key}[{number}]")
            told = table.get("metadata")
            rows.look([table.get("location"), told], f"{key}[{number}]")
            loose |= digests_in(told)
    for ref, written in graph.contents:
        rows.hold(ref, digests.get(written, ()))
    in_rows = {written for _, written in graph.contents}
    rows.hold(rows.source, loose.union(*(found for written, found in digests.items() if written not in in_rows)))


def _tables(owner: dict[str, Any], key: str, place: str, diagnostics: Diagnostics) -> list[tuple[str, dict[str, Any]]]:
    rows = enumerate(diagnostics.array(owner.get(key), f"{place}.{key}"))
    return [(f"{place}.{key}[{i}]", diagnostics.table(one, f"{place}.{key}[{i}]")) for i, one in rows]


def _sha256(row: dict[str, Any], place: str, diagnostics: Diagnostics) -> str:
    if diagnostics.text(row.get("algorithm"), f"{place}.algorithm").lower().replace("-", "") != "sha256":
        return ""
    return diagnostics.sha256(diagnostics.text(row.get("value"), f"{place}.value"), f"{place}.value")
