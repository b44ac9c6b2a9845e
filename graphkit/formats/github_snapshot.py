"""Dependency snapshots, as tools submit them to GitHub's dependency graph (its "dependency submission" API)."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from graphkit.formats.decoding import is_json, loose_json, marks_in
from graphkit.formats.diagnostics import Diagnostics, own_time, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.purl_rows import OTHERS, PurlRows
from graphkit.formats.purls import row_of_reference
from graphkit.formats.syft.rows import is_of_manifest
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, Edge
from graphkit.model.errors import InputError

_MARKS: Final = (b'"manifests"', b'"scanned"')
_RUN: Final = re.compile(r"https?://[^/?#\s]+/([^/?#\s]+/[^/?#\s]+)/(?:actions|runs)\b")
"""The address of a run, whose path begins with owner and repository."""
_CONDA: Final = re.compile(r"(?:.*[/\\])?environment[^/\\]*\.ya?ml", re.IGNORECASE)
_TRIVY: Final = "trivy"


class _Mark(msgspec.Struct):
    manifests: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    scanned: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    detector: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    job: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class GitHubSnapshot:
    """The reader of dependency snapshots."""

    format = "GitHub dependency snapshot"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON has ``scanned`` and a ``detector`` or ``job`` at its top. Cost: a search; then a scan.

        ``manifests`` may be missing: a snapshot without any is one all the same.
        """
        if not is_json(raw.data) or _MARKS[1] not in raw.data:
            return False
        if (top := marks_in(raw.data, _Mark)) is None:
            return _MARKS[0] in raw.data and b'"detector"' in raw.data and not OTHERS.search(raw.data)
        is_one = bytes(top.scanned).startswith(b'"') and bytes(top.detector).startswith(b"{")
        return is_one and bool(bytes(top.manifests) or bytes(top.job))

    def parse(self, raw: RawDocument) -> Document:
        """Return a snapshot as a document.

        Its basis is `built`: what was ``resolved`` is submitted by a build, or was found in what one made. Packages of
        a manifest whose file is a Python manifest or lock are optional, for they may be installed; where all
        Python packages are such, the document is `listed`. Nothing in the format says that it is complete.
        Cost: linear.

        Raises:
            InputError: it is no JSON object.
        """
        diagnostics = Diagnostics()
        top = loose_json(raw.data, diagnostics)
        if not isinstance(top, dict):
            raise InputError(f"should be an object, is {quoted(top)}")
        subject = _subject_of(top, diagnostics)
        rows = _Rows(subject, diagnostics)
        rows.take_manifests(top.get("manifests"))
        rows.named.take_all(top.get("metadata"), "metadata")
        rows.close()
        detector = diagnostics.table(top.get("detector"), "detector")
        name, version = (diagnostics.text(detector.get(key), f"detector.{key}").strip() for key in ("name", "version"))
        if name.lower() == _TRIVY:
            # Its writer keys packages by their name alone (pkg/report/github), so the last of several stands.
            diagnostics.leave_open("detector", "packages of one name: Trivy's snapshots keep one version of each")
        python = [row for row in rows.components.values() if row.package]
        is_listed = bool(python) and all(row.ref in rows.listed for row in python)
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.SBOM,
            format="GitHub dependency snapshot",
            basis=Basis.LISTED if is_listed else Basis.BUILT,
            components=rows.shown(is_listed=is_listed),
            places=tuple(rows.places),
            edges=tuple(rows.edges),
            roots=rows.roots,
            subject=subject,
            created=own_time(diagnostics.text(top.get("scanned"), "scanned").strip(), "scanned", diagnostics),
            generator=(f"{name} {version}".strip(),) if name else (),
            completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.UNKNOWN,
            covers_python=bool(python) or rows.covers_python,
            dependencies_known=bool(rows.edges),
            problems=diagnostics.as_tuple(),
        )


READER: Final = GitHubSnapshot()


def _subject_of(top: dict[str, Any], diagnostics: Diagnostics) -> str:
    """Return owner and repository by the address of the run that submitted it, as in ``acme/shop``; else nothing."""
    job = diagnostics.table(top.get("job"), "job")
    found = _RUN.match(diagnostics.text(job.get("html_url"), "job.html_url").strip())
    return found[1] if found else ""


class _Rows(PurlRows):
    """The packages of every manifest. Of a snapshot with a subject the first row is that; manifests are rows too.

    ``listed``: rows of Python manifests and locks, and of texts beside the rows.
    """

    def __init__(self, subject: str, diagnostics: Diagnostics) -> None:
        super().__init__(diagnostics)
        self.edges: dict[Edge, None] = {}
        self.covers_python = False
        self._subject = self.add(Component(ref="job", name=subject), "job.html_url") if subject else ""
        self._manifests: list[str] = []

    @property
    def roots(self) -> tuple[str, ...]:
        """What nothing depends on: the subject, else the manifests."""
        return (self._subject,) if self._subject else tuple(self._manifests)

    def take_manifests(self, value: Any) -> None:
        """Take up every manifest and what is resolved in it."""
        for key, one in self._table(value, "manifests").items():
            self._take_manifest(key, one)

    def _take_manifest(self, key: str, value: Any) -> None:
        diagnostics = self._diagnostics
        place = f"manifests[{quoted(key)}]"
        if not isinstance(value, dict):
            diagnostics.add(place, f"should be a table, is {quoted(value)}; it was left out", lost=True)
            return
        file = diagnostics.table(value.get("file"), f"{place}.file")
        location = diagnostics.text(file.get("source_location"), f"{place}.file.source_location").strip()
        name = diagnostics.text(value.get("name"), f"{place}.name").strip()
        for text in (key, location, name):
            self.named.take(text, place)
        self.named.take_all(value.get("metadata"), f"{place}.metadata")
        # A manifest is no package, whatever it is called: as a row it has a name that no package can have.
        manifest = self.add(Component(ref=place, name=f"manifest {location or key or name}"), place)
        self._manifests.append(manifest)
        if self._subject:
            self.edges[Edge(source=self._subject, target=manifest)] = None
        is_listed = is_of_manifest(location or name or key) or bool(_CONDA.fullmatch(location or name or key))
        self.covers_python |= is_listed
        self._take_resolved(value.get("resolved"), f"{place}.resolved", manifest, is_listed=is_listed)

    def _take_resolved(self, value: Any, place: str, manifest: str, *, is_listed: bool) -> None:
        diagnostics = self._diagnostics
        names: dict[str, str] = {}
        needs: list[tuple[str, str, Any]] = []
        for key, one in self._table(value, place).items():
            where = f"{place}[{quoted(key)}]"
            if not isinstance(one, dict):
                diagnostics.add(where, f"should be a table, is {quoted(one)}; it was left out", lost=True)
                continue
            ref = self._take_dependency(key, one, where)
            row = self.components[ref]
            if is_listed:
                self.listed.add(ref)
            names[key] = ref
            for other in (row.purl, f"{row.name}@{row.version}"):
                names.setdefault(other, ref)
            needs.append((ref, f"{where}.dependencies", one.get("dependencies")))
            if diagnostics.text(one.get("relationship"), f"{where}.relationship").strip().lower() != "indirect":
                self.edges[Edge(source=manifest, target=ref)] = None
        self._connect(names, needs)

    def _take_dependency(self, key: str, table: dict[str, Any], place: str) -> str:
        diagnostics = self._diagnostics
        purl = diagnostics.text(table.get("package_url"), f"{place}.package_url").strip()
        scope = diagnostics.text(table.get("scope"), f"{place}.scope").strip().lower()
        self.named.take(key, place)
        self.named.take_all(table.get("metadata"), f"{place}.metadata")
        identity = self.identity(purl, "", place)
        return self.add(
            Component(
                ref=place,
                name=identity.package or _name_of(purl) or key,
                package=identity.package,
                version=identity.version,
                purl=purl,
                optional=scope == "development",
                origin=identity.origin,
                index=identity.index,
            ),
            place,
        )

    def _table(self, value: Any, place: str) -> dict[str, Any]:
        """Return what should be a table of packages, or of manifests with some; what is none is lost."""
        if value is not None and not isinstance(value, dict):
            self._diagnostics.add(place, f"should be a table, is {quoted(value)}; it was left out", lost=True)
        return value if isinstance(value, dict) else {}

    def _connect(self, names: dict[str, str], needs: list[tuple[str, str, Any]]) -> None:
        """Make the edges between what is resolved; dependencies are keys, or purls, of the same manifest."""
        for ref, place, written in needs:
            for number, one in enumerate(self._diagnostics.array(written, place)):
                where = f"{place}[{number}]"
                if target := names.get(self._diagnostics.text(one, where).strip()):
                    self.edges[Edge(source=ref, target=target)] = None
                    continue
                named = row_of_reference(one, where) if isinstance(one, str) else None
                if named is not None:
                    names[one.strip()] = target = self.add(named, where)
                    self.listed.add(target)
                    self.edges[Edge(source=ref, target=target)] = None
                what = "the dependency was left out" if named is None else "taken for the release that it names"
                self._diagnostics.add(where, f"{quoted(one)} is not resolved in this snapshot; {what}", lost=True)


def _name_of(purl: str) -> str:
    """Return the last part of a purl's path, without its version: what people call a package of another ecosystem."""
    return re.split(r"[@?#]", purl.rpartition("/")[2])[0] if purl.startswith("pkg:") else ""
