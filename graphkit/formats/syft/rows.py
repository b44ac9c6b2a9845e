"""The artifacts of Syft JSON as rows of a document."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.imported_code import ImportedCode, may_be_code
from graphkit.formats.named_releases import NamedReleases, package_by_name, texts_in
from graphkit.formats.purls import Identity, another_version, identity_of
from graphkit.formats.refs import WrittenRefs
from graphkit.model.documents import Component
from graphkit.model.names import BadName, PackageName, package_name

_INSTALLED: Final = frozenset({"python-package", "pythonpackagemetadata"})
_REQUIREMENT: Final = frozenset({"python-pip-requirements-entry", "pythonrequirementsmetadata"})
_LISTED: Final = _REQUIREMENT | {
    *("python-pdm-lock-entry", "python-pipfile-lock-entry", "python-poetry-lock-entry", "python-uv-lock-entry"),
    *("pythonpipfilelockmetadata", "pythonpoetrylockmetadata"),
}
"""Metadata of a manifest or a lock, under the names of Syft's schemas since 11 and before."""
_LISTING: Final = frozenset({"python-package-cataloger", "python-index-cataloger"})
"""What reads manifests. Under the first name old versions read installed packages, but those always had metadata."""
_MANIFEST: Final = re.compile(
    r"(?:.*[/\\])?(?:[^/\\]*requirements[^/\\]*\.txt|(?:poetry|uv|pdm|Pipfile|[^/\\]+\.py)\.lock|Pipfile"
    r"|pylock(?:\.[^/\\]+)?\.toml|pyproject\.toml|setup\.(?:py|cfg))",
    re.IGNORECASE,
)
_PIN: Final = re.compile(r"\(?\s*={2,3}\s*[^\s,*<>~=;()]+\s*\)?(?:\s*[;\\#].*|\s+--.*)?", re.DOTALL)
_RECORD: Final = re.compile(r"[A-Za-z0-9_+/-]{43}=?")
_STANDARD: Final = str.maketrans("-_", "+/")
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


def is_of_manifest(path: str) -> bool:
    """Return whether a path is that of a Python manifest or lock, by its name."""
    return bool(_MANIFEST.fullmatch(path))


class _Artifact(NamedTuple):
    """What an artifact says of itself: ``written`` is its id, ``metadata`` that of a Python package alone.

    ``found`` is who it is, and ``other`` a version that it may have as well, empty for none.
    """

    written: str
    name: str
    version: str
    purl: str
    metadata: dict[str, Any]
    found: Identity
    other: str
    origin: str
    index_url: str
    is_listed: bool


class ArtifactRows:
    """The artifacts under refs of their own, and how the document itself calls them.

    ``source`` is the ref of what was looked at, empty where it is not told. ``listed``: rows taken
    from a manifest or lock. Packages found at two places are two rows, as in Syft.
    """

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.components: dict[str, Component] = {}
        self.places: list[str] = []
        self.source = ""
        self.listed: set[str] = set()
        self._diagnostics = diagnostics
        self._refs = WrittenRefs("id", diagnostics)
        self.names: Final = self._refs.names
        """Our ref for each ``id`` as written."""
        self._seen: dict[tuple[str, ...], str] = {}
        self._members: dict[str, set[str]] = {}
        self._named = NamedReleases()
        self.imported: set[str] = set()
        """Rows of code whose release nothing tells, by the names that it is imported by."""
        self._code = ImportedCode()
        self._claimed: set[PackageName] = set()
        self._needed: dict[PackageName, str] = {}
        """What entries of locks say that they need, with the place of the first."""

    def take_source(self, written: str, name: str, version: str, hashes: Iterable[str] = ()) -> None:
        """Take up what was looked at as the first row; ``hashes`` where it is a file."""
        self.source = self._refs.of(written, "source")
        sums = tuple(sorted(hashes))
        self.components[self.source] = Component(ref=self.source, name=name, version=version, sha256=sums)
        self.places.append("source")

    def take(self, table: dict[str, Any], place: str) -> None:
        """Take up one artifact."""
        one = self._read(table, place)
        hashes = self._archives(one.metadata, f"{place}.metadata")
        members = set() if one.is_listed else self._installed(one.metadata, f"{place}.metadata")
        if not one.is_listed:
            members |= digests_in(table.get("metadata"))
        key = (one.written, one.name, one.found.version, one.purl, one.origin)
        if one.written and key in self._seen:  # the same artifact once more
            ref = self._seen[key]
            self._merge(ref, hashes, is_listed=one.is_listed)
        else:
            ref = self._seen[key] = self._add(one, hashes, place)
        self.hold(ref, members)
        for top in _listed_in(one.metadata, "topLevelPackages") if not one.is_listed else ():
            if isinstance(top, str) and (claimed := package_by_name(top)) is not None:
                self._claimed.add(claimed)
        self._take_inner(table, place, ref)
        self._need(one.metadata, f"{place}.metadata")

    def _read(self, table: dict[str, Any], place: str) -> _Artifact:
        """Return what an artifact says of itself, and who it is by that."""
        written, name, purl, kind = (
            self._diagnostics.text(table.get(key), f"{place}.{key}").strip() for key in ("id", "name", "purl", "type")
        )
        version = self._diagnostics.version(table.get("version"), f"{place}.version").strip()
        if table.get("language") == "python" and not purl:
            kind = "python"  # before 2021 the type was `wheel` or `egg`
        found = self._identity(name, version, purl, kind, place)
        metadata = self._diagnostics.table(table.get("metadata"), f"{place}.metadata") if found.package else {}
        what = self._diagnostics.text(table.get("metadataType"), f"{place}.metadataType").strip().lower()
        other = another_version(found, version)
        if found.package and what in _REQUIREMENT:
            found = self._pinned(found, metadata, place)
        origin, index = self._source_of(metadata, place)
        return _Artifact(
            written=written,
            name=name,
            version=version,
            purl=purl,
            metadata=metadata,
            found=found,
            other=other,
            origin=origin or found.origin,
            index_url=found.index or index,
            is_listed=found.package is not None and _is_listed(what, table),
        )

    def _merge(self, ref: str, hashes: set[str], *, is_listed: bool) -> None:
        """Take up what an artifact that is listed twice says the second time."""
        row = self.components[ref]
        self.components[ref] = replace(row, sha256=tuple(sorted({*row.sha256, *hashes})))
        if not is_listed:
            self.listed.discard(ref)

    def _add(self, one: _Artifact, hashes: set[str], place: str) -> str:
        """Add the row of an artifact, and one for each other release that it may be; return the ref of the first."""
        if not one.name and not one.purl:
            self._diagnostics.add(place, "an artifact without name and purl", lost=True)
        ref = self._refs.of(one.written, place)
        self.components[ref] = Component(
            ref=ref,
            name=one.name or (one.found.package or ""),
            package=one.found.package,
            version=one.found.version,
            purl=one.purl,
            sha256=tuple(sorted(hashes)),
            origin=one.origin,
            index=one.index_url,
        )
        self.places.append(place)
        if one.is_listed:
            self.listed.add(ref)
        if one.other and one.found.version:
            self._add_another(ref, one.other, place)
        metadata, version = one.metadata, one.found.version
        self._add_called(ref, (one.name, version or one.version), place)
        self._add_called(ref, (metadata.get("name"), metadata.get("version") or version), place)
        return ref

    def _take_inner(self, table: dict[str, Any], place: str, ref: str) -> None:
        """Remember the releases that an artifact's locations and metadata show beside it, for `close`."""
        metadata = table.get("metadata")
        files = metadata.get("files") if isinstance(metadata, dict) else None
        for one in files if isinstance(files, list) else ():  # by far the most; a plain look is enough
            texts = (one.get("path"), one.get("url")) if isinstance(one, dict) else (one,)
            if isinstance(texts[0], str) and may_be_code(texts[0]):
                self._take_code(texts[0], place, ref)
            for text in texts:
                if isinstance(text, str) and ("-info" in text or ".whl" in text or text.startswith("pkg:")):
                    self._named.take(text, place)
        others = (
            {key: one for key, one in metadata.items() if key != "files"} if isinstance(metadata, dict) else metadata
        )
        purl = table.get("purl")
        if isinstance(purl, str):
            self._named.take_qualifiers(purl, place)
        licensed = (one.get("locations") for one in _listed_in(table, "licenses") if isinstance(one, dict))
        self.look([table.get("name"), table.get("locations"), others, *licensed], place, ref)

    def look(self, value: object, place: str, holder: str = "") -> None:
        """Remember, for `close`, the releases that texts show, and the code whose paths they are.

        Paths and addresses of metadata and wheels, and Python purls, show releases. ``holder``: our ref of the row
        that holds the code.
        """
        for text in texts_in(value):
            self._named.take(text, place)
            if may_be_code(text):
                self._take_code(text, place, holder)

    def _take_code(self, path: str, place: str, holder: str) -> None:
        row = self.components.get(holder)
        name = (row.package or row.name) if row else ""
        self._code.take(path, place, name, is_python=row is not None and row.package is not None)

    def _need(self, metadata: dict[str, Any], place: str) -> None:
        """Remember what a package of a lock needs, optional ones apart, for `close`."""
        for number, one in enumerate(_listed_in(metadata, "dependencies")):
            name = one.get("name") if isinstance(one, dict) and one.get("optional") is not True else None
            if isinstance(name, str) and (package := package_by_name(name)) is not None:
                self._needed.setdefault(package, f"{place}.dependencies[{number}]")

    def _add_called(self, ref: str, told: tuple[Any, Any], place: str) -> None:
        """Take up the release that a Python artifact is by a name that its purl does not say; either may be meant."""
        name, version = told
        row = self.components[ref]
        package = package_by_name(name) if isinstance(name, str) and not name.endswith(".whl") else None
        if row.package is None or package in {None, row.package}:
            return
        self._diagnostics.add(place, f"is called {quoted(name)}, but its purl says {row.package}; either may be meant")
        more = self._refs.unique(ref)
        version = version if isinstance(version, str) else ""
        self.components[more] = Component(ref=more, name=str(name), package=package, version=version)
        self.places.append(place)
        self.listed.add(more)

    def _add_another(self, ref: str, version: str, place: str) -> None:
        """Take up the release that an artifact's version names beside that of its purl; either may be meant."""
        more = self._refs.unique(ref)
        self.components[more] = replace(self.components[ref], ref=more, version=version, sha256=())
        self.places.append(place)
        if ref in self.listed:
            self.listed.add(more)

    def hold(self, ref: str, digests: Iterable[str]) -> None:
        """Take up digests of files as members of a row; without one, as those of a row that is made for them."""
        if not ref and (digests := set(digests)):
            ref = self._refs.of("", "files")
            self.components[ref] = Component(ref=ref, name="files")
            self.places.append("files")
        if ref:
            self._members.setdefault(ref, set()).update(digests)

    def close(self) -> None:
        """Put the members into their rows, and add the releases that paths alone show, once all are known."""
        known = {row.package or package_by_name(row.name) for row in self.components.values()}
        for package, place in self._needed.items():
            if package not in known:
                self._diagnostics.add(place, f"{package} is no artifact here; the dependency was left out", lost=True)
        for ref, members in self._members.items():
            if members:
                self.components[ref] = replace(self.components[ref], members=tuple(sorted(members)))
        for row, place in self._named.rows([*self.components.values()], self._refs):
            self.components[row.ref] = row
            self.places.append(place)
            self.listed.add(row.ref)
        for row, place in self._code.rows(known | self._claimed, (), self._refs):
            self.components[row.ref] = row
            self.places.append(place)
            self.listed.add(row.ref)
            self.imported.add(row.ref)

    def _identity(self, name: str, version: str, purl: str, kind: str, place: str) -> Identity:
        """Return who an artifact is: by its purl, and where that says nothing, by Syft's own type `python`."""
        found = identity_of(purl, version, self._diagnostics, place)
        if found.package is not None or kind.lower() != "python" or not name:
            return found
        if not version:
            self._diagnostics.add(f"{place}.version", "no version: unknown")
        try:
            return Identity(package=package_name(name), version=version)
        except BadName as error:
            self._diagnostics.add(f"{place}.name", str(error), lost=True)
            return found

    def _pinned(self, found: Identity, metadata: dict[str, Any], place: str) -> Identity:
        """Return a requirement without the version that Syft guessed from a range (``guess-unpinned-requirements``)."""
        asked = metadata.get("versionConstraint")
        if not isinstance(asked, str) or not asked.strip() or _PIN.fullmatch(asked.strip()):
            return found
        self._diagnostics.add(f"{place}.version", f"was guessed from {quoted(asked.strip())}: the version is unknown")
        return replace(found, version="")

    def _source_of(self, metadata: dict[str, Any], place: str) -> tuple[str, str]:
        """Return origin and index that metadata name: ``direct_url.json`` (PEP 610), a requirement's URL, an index."""
        where = f"{place}.metadata"
        direct = self._diagnostics.table(metadata.get("directUrlOrigin"), f"{where}.directUrlOrigin")
        at = f"{where}.directUrlOrigin"
        url, vcs, commit = (
            self._diagnostics.text(direct.get(key), f"{at}.{key}").strip() for key in ("url", "vcs", "commitId")
        )
        if vcs and url:
            url = url if url.startswith(f"{vcs}+") else f"{vcs}+{url}"
            url = f"{url}@{commit}" if commit else url
        asked = self._diagnostics.text(metadata.get("url"), f"{where}.url").strip()
        index = self._diagnostics.text(metadata.get("index"), f"{where}.index").strip()
        return url or asked, index if "://" in index else ""

    def _archives(self, metadata: dict[str, Any], place: str) -> set[str]:
        """Return the SHA-256 of archives that a lock names: ``hashes`` of Pipfile.lock, ``files`` of pdm.lock."""
        found = set()
        for number, one in enumerate(self._diagnostics.array(metadata.get("hashes"), f"{place}.hashes")):
            where = f"{place}.hashes[{number}]"
            algorithm, _, digest = self._diagnostics.text(one, where).partition(":")
            if algorithm.lower() == "sha256":
                found.add(self._diagnostics.sha256(digest, where))
        variants = [(f"{place}.extras[{i}]", one) for i, one in enumerate(_listed_in(metadata, "extras"))]
        for where, table in ((place, metadata), *variants):
            rows = _listed_in(table, "files") if isinstance(table, dict) else ()
            for number, one in enumerate(rows):
                if isinstance(one, dict) and "url" in one:  # an installed package's have a path
                    found.add(self._digest(one, f"{where}.files[{number}]"))
        return found - {""}

    def _installed(self, metadata: dict[str, Any], place: str) -> set[str]:
        """Return the SHA-256 of the files that `RECORD` (PEP 376, PEP 427) names."""
        found = set()
        for number, one in enumerate(self._diagnostics.array(metadata.get("files"), f"{place}.files")):
            where = f"{place}.files[{number}]"
            table = self._diagnostics.table(one, where)
            if "url" not in table:
                found.add(self._digest(table, where))
        return found - {""}

    def _digest(self, row: dict[str, Any], place: str) -> str:
        """Return a SHA-256 as hex; ``value`` is written as in `RECORD`, URL-safe base64 without padding, or as hex."""
        if isinstance(row.get("digest"), list) and row["digest"]:  # of another ecosystem; `digests_in` has seen it
            return ""
        digest = self._diagnostics.table(row.get("digest"), f"{place}.digest")
        algorithm = self._diagnostics.text(digest.get("algorithm"), f"{place}.digest.algorithm")
        value = self._diagnostics.text(digest.get("value"), f"{place}.digest.value").strip()
        if algorithm.lower().replace("-", "") != "sha256":
            return ""
        if _RECORD.fullmatch(value) and not _HEX.fullmatch(value):
            try:
                return base64.b64decode(f"{value.rstrip('=').translate(_STANDARD)}=").hex()
            except binascii.Error:
                pass
        return self._diagnostics.sha256(value, f"{place}.digest.value")


def digests_in(metadata: Any) -> set[str]:
    """Return every SHA-256 in metadata of another ecosystem, where each has a shape of its own.

    An rpm or a conda package may hold the very files of a Python release, and lists them with their hashes.
    Cost: linear, without recursion.
    """
    found: set[str] = set()
    waiting = [metadata]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
            algorithm = one.get("algorithm")
            is_sha256 = isinstance(algorithm, str) and algorithm.lower().replace("-", "") == "sha256"
            texts = (one.get("value") if is_sha256 else None, one.get("sha256"), one.get("sha256_in_prefix"))
            found |= {text.lower() for text in texts if isinstance(text, str) and _HEX.fullmatch(text)}
    return found


def _is_listed(what: str, table: dict[str, Any]) -> bool:
    """Return whether a manifest or lock named an artifact, by its metadata, its cataloger, else where it was found."""
    if what in _LISTED or what in _INSTALLED:
        return what in _LISTED
    by = table.get("foundBy")
    if isinstance(by, str) and (by in _LISTING or by == "python-installed-package-cataloger"):
        return by in _LISTING
    paths = [one.get("path") for one in _listed_in(table, "locations") if isinstance(one, dict)]
    return bool(paths) and all(isinstance(one, str) and is_of_manifest(one) for one in paths)


def _listed_in(table: dict[str, Any], key: str) -> list[Any]:
    found = table.get(key)
    return found if isinstance(found, list) else []
