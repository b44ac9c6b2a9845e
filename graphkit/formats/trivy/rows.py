"""The packages and findings of Trivy's reports as rows of a document."""

from __future__ import annotations

import re
from typing import Any, Final

from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.imported_code import ImportedCode
from graphkit.formats.named_releases import texts_in
from graphkit.formats.purl_rows import PurlRows
from graphkit.formats.trivy.types import MANIFESTS, PYTHON, made_purl
from graphkit.model.documents import Component, Edge
from graphkit.model.names import BadName, PackageName, package_name, purl_key
from graphkit.model.versions import release_version

_LIBRARIES: Final = "lang-pkgs"
_CLASSES: Final = frozenset({_LIBRARIES, "os-pkgs"})
_SHA256: Final = re.compile(r"sha256:([0-9a-f]{64})", re.IGNORECASE)

Known = tuple[str, str]
"""The name of a package, or its purl's key, and the key of its version."""


class ResultRows(PurlRows):
    """Every package of a report, once for each place at which it was found, then what findings alone name.

    ``listed``: rows from a manifest or lock, or from texts beside the rows. ``lists_packages``: some result lists its
    packages, as all do then; ``covers_libraries``: packages of programming languages were looked for.
    """

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__(diagnostics)
        self.edges: dict[Edge, None] = {}
        self.lists_packages = False
        self.covers_libraries = False
        self._known: set[Known] = set()
        self._bare: list[tuple[str, str]] = []
        """Names without a version, by findings about licenses, and their places."""
        self.imported: set[str] = set()
        """Rows of code whose release nothing tells, by the names that it is imported by."""
        self._code = ImportedCode()
        self._without_list: list[str] = []
        """The places of results that have findings and list no packages."""

    def take_artifact(self, name: str) -> str:
        """Take up what was looked at, where it has a name, as the first row; return its ref."""
        return self.add(Component(ref="ArtifactName", name=name), "ArtifactName") if name else ""

    def take_result(self, table: dict[str, Any], place: str) -> None:
        """Take up one result: the packages of one lock, or of one kind of all that are installed, and its findings."""
        diagnostics = self._diagnostics
        kind, what = (diagnostics.text(table.get(key), f"{place}.{key}").strip().lower() for key in ("Type", "Class"))
        self.named.take(diagnostics.text(table.get("Target"), f"{place}.Target"), f"{place}.Target")
        self.covers_libraries |= what == _LIBRARIES
        packages = diagnostics.array(table.get("Packages"), f"{place}.Packages")
        found: dict[str, str] = {}
        needs: list[tuple[str, str, Any]] = []
        for number, one in enumerate(packages):
            where = f"{place}.Packages[{number}]"
            if isinstance(one, dict):
                ref = self._take_package(one, kind, where)
                found.setdefault(diagnostics.text(one.get("ID"), f"{where}.ID").strip(), ref)
                needs.append((ref, f"{where}.DependsOn", one.get("DependsOn")))
            else:
                diagnostics.add(where, "is not an object; left out", lost=True)
        self._connect(found, needs, kind)
        self.lists_packages |= bool(packages)
        findings = self._take_findings(table, kind, place)
        if findings and not packages and what in _CLASSES:
            self._without_list.append(place)
        if table.get("CustomResources"):
            diagnostics.leave_open(f"{place}.CustomResources", "what an extension of Trivy found")

    def close(self) -> None:
        """Add what names beside the packages show, once all packages are known."""
        for place in self._without_list if self.lists_packages else ():
            self._diagnostics.leave_open(place, "the packages of this result, which has findings and no list")
        for name, place in self._bare:
            if (_plain(name), "") not in self._known:
                self._known.add((_plain(name), ""))
                self.listed.add(self.add(Component(ref=place, name=name, optional=True), place))
        super().close()
        known = {row.package for row in self.components.values()}
        for row, place in self._code.rows(known, (), self._refs):
            self.imported.add(self.add(row, place))
        self.listed |= self.imported

    def _take_package(self, table: dict[str, Any], kind: str, place: str) -> str:
        diagnostics = self._diagnostics
        name = diagnostics.text(table.get("Name"), f"{place}.Name").strip()
        version = diagnostics.version(table.get("Version"), f"{place}.Version").strip()
        release = diagnostics.text(table.get("Release"), f"{place}.Release").strip()
        if release and version:
            version = f"{version}-{release}"
        identifier = diagnostics.table(table.get("Identifier"), f"{place}.Identifier")
        purl = diagnostics.text(identifier.get("PURL"), f"{place}.Identifier.PURL").strip()
        digest = _SHA256.fullmatch(diagnostics.text(table.get("Digest"), f"{place}.Digest").strip())
        for key in ("FilePath", "InstalledFiles"):
            self.named.take_all(table.get(key), f"{place}.{key}")
        members = (digest[1].lower(),) if digest else ()
        ref = self._take(name, version, purl, kind, place, members=members, is_dev=table.get("Dev") is True)
        row = self.components[ref]
        for one in texts_in([table.get("FilePath"), table.get("InstalledFiles")]):
            self._code.take(one, place, row.package or row.name, is_python=row.package is not None)
        return ref

    def _take(
        self,
        name: str,
        version: str,
        purl: str,
        kind: str,
        place: str,
        members: tuple[str, ...] = (),
        *,
        is_dev: bool = False,
    ) -> str:
        """Take up a package by its purl, which reports of before 0.48 lack; return its ref."""
        if not name and not purl:
            self._diagnostics.add(place, "a package without name and purl", lost=True)
        purl = purl or made_purl(kind, name, version)
        identity = self.identity(purl, version, place)
        row = Component(
            ref=place,
            name=name or (identity.package or ""),
            package=identity.package,
            version=identity.version,
            purl=purl,
            members=members,
            optional=is_dev,
            origin=identity.origin,
            index=identity.index,
        )
        ref = self.add(row, place, version)
        self._know(row)
        if kind in MANIFESTS:
            self.listed.add(ref)
        namesake = self._namesake(name, kind, place)
        if namesake is not None and identity.package != namesake:
            self._diagnostics.add(
                f"{place}.Name", f"{quoted(name)}, but its purl is {quoted(purl)}; either may be meant"
            )
            other = Component(ref=f"{place}.Name", name=name, package=namesake, version=version, optional=True)
            self.listed.add(self.add(other, place))
        return ref

    def _namesake(self, name: str, kind: str, place: str) -> PackageName | None:
        """Return the Python package of a name, in a result of Python packages."""
        if kind not in PYTHON or not name:
            return None
        try:
            return package_name(name)
        except BadName as error:
            self._diagnostics.add(f"{place}.Name", str(error), lost=True)
            return None

    def _know(self, row: Component) -> None:
        version = release_version(row.version).key
        for name in {_plain(row.name), purl_key(row.purl) if row.purl else "", row.package or ""} - {""}:
            self._known |= {(name, version), (name, "")}

    def _connect(self, found: dict[str, str], needs: list[tuple[str, str, Any]], kind: str) -> None:
        """Make the edges between the packages of a result, whose ids are its own."""
        for ref, place, written in needs:
            for number, one in enumerate(self._diagnostics.array(written, place)):
                where = f"{place}[{number}]"
                target = found.get(self._diagnostics.text(one, where).strip(), "")
                if target:
                    self.edges[Edge(source=ref, target=target)] = None
                else:
                    text = f"{quoted(one)} is not a package of this report; the dependency was left out"
                    self._diagnostics.add(where, text, lost=True)
                    if kind in PYTHON and isinstance(one, str):  # whose ids are names and versions
                        name, _, version = one.strip().rpartition("@")
                        self.named.take(made_purl(kind, name or version, version if name else ""), where)

    def _take_findings(self, table: dict[str, Any], kind: str, place: str) -> bool:
        """Take up what findings name and the list does not; return whether packages were found vulnerable."""
        diagnostics = self._diagnostics
        is_any = False
        for number, one in enumerate(diagnostics.array(table.get("Vulnerabilities"), f"{place}.Vulnerabilities")):
            is_any = True
            self._take_finding(one, kind, f"{place}.Vulnerabilities[{number}]")
        modified = "ExperimentalModifiedFindings"
        for number, one in enumerate(diagnostics.array(table.get(modified), f"{place}.{modified}")):
            finding = diagnostics.table(one, f"{place}.{modified}[{number}]").get("Finding")
            if isinstance(finding, dict) and "PkgName" in finding:
                self._take_finding(finding, kind, f"{place}.{modified}[{number}].Finding")
        for number, one in enumerate(diagnostics.array(table.get("Licenses"), f"{place}.Licenses")):
            where = f"{place}.Licenses[{number}]"
            license_ = diagnostics.table(one, where)
            self.named.take_all(license_.get("FilePath"), where)
            if name := diagnostics.text(license_.get("PkgName"), f"{where}.PkgName").strip():
                self._bare.append((name, where))
        return is_any

    def _take_finding(self, value: Any, kind: str, place: str) -> None:
        """Take up the package of a vulnerability, where the list does not have it: reports without a list have none."""
        diagnostics = self._diagnostics
        if not isinstance(value, dict):
            diagnostics.add(place, "is not an object; left out", lost=True)
            return
        name = diagnostics.text(value.get("PkgName"), f"{place}.PkgName").strip()
        version = diagnostics.version(value.get("InstalledVersion"), f"{place}.InstalledVersion").strip()
        identifier = diagnostics.table(value.get("PkgIdentifier"), f"{place}.PkgIdentifier")
        purl = diagnostics.text(identifier.get("PURL"), f"{place}.PkgIdentifier.PURL").strip()
        self.named.take_all(value.get("PkgPath"), f"{place}.PkgPath")
        key = release_version(version).key
        by_purl = (purl_key(purl), key) in self._known if purl else True
        if not ((_plain(name), key) in self._known and by_purl):
            self._take(name, version, purl, kind, place)


def _plain(name: str) -> str:
    try:
        return package_name(name)
    except BadName:
        return name.casefold()
