"""The components of a CycloneDX BOM as rows of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from graphkit.formats.cyclonedx.other_parts import is_another_bom, is_link, look_through, may_name_a_file
from graphkit.formats.cyclonedx.shape import (
    BESIDE,
    Bom,
    Conclusion,
    Hash,
    Metadata,
    Part,
    Reference,
    Service,
    Tools,
    deeper,
    part_of,
)
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.file_names import release_of_file, releases_in_path
from graphkit.formats.generators import is_generator
from graphkit.formats.imported_code import ImportedCode, may_be_code
from graphkit.formats.named_releases import package_by_name
from graphkit.formats.purls import (
    Identity,
    another_version,
    identity_of,
    releases_in_purl,
    releases_in_text,
    row_of_reference,
)
from graphkit.formats.refs import WrittenRefs
from graphkit.model.documents import Component
from graphkit.model.names import PackageName, purl_key, purl_of
from graphkit.model.versions import release_version

_NO_PACKAGES: Final = frozenset({"file", "container", "operating-system", "device", "firmware", "platform", "data"})
_PACKAGES: Final = frozenset({"library", "framework"})
_WHEELS: Final = (".whl", ".egg")
_DISTRIBUTIONS: Final = frozenset({"distribution", "source-distribution", "distribution-intake"})
_ENDS: Final = frozenset("?#")
"""Where the path of an address ends."""
_ODD_IN_FILES: Final = frozenset("%/\\")
_FILES: Final = (*_WHEELS, ".tar.gz", ".zip")
_NAMED: Final = ("name", "version")
_ROOT: Final = "metadata.component"
"""Where the component stands that a BOM describes."""
_CPE: Final = re.compile(r"cpe:(?:2\.3:|/)[aoh]:[^:]*:([^:]+)(?::([^:]*))?", re.IGNORECASE)
_HEX64: Final = re.compile(r"(?:sha-?256:)?([0-9a-f]{64})", re.IGNORECASE)


class ComponentRows:
    """The components of a BOM under refs of their own, and how the BOM itself calls them."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.components: dict[str, Component] = {}
        self.places: list[str] = []
        self.root = ""
        self.unidentified = 0
        """Rows without a purl that may stand for a Python package."""
        self.nameable: dict[str, str] = {}
        """Those of them that `name` may name, as ref and name."""
        self.beside: set[str] = set()
        """Rows of what is named beside the list of components: they are `listed`, and decide nothing else."""
        self.refs: list[tuple[str, str]] = []
        """Refs that are named beside it, with their places."""
        self.defined: set[str] = set()
        """What else has a ``bom-ref``: workflows, claims and the like."""
        self._diagnostics = diagnostics
        self._refs = WrittenRefs("bom-ref", diagnostics)
        self.names: Final = self._refs.names
        """Our ref for each ``bom-ref`` as written."""
        self._files: dict[tuple[PackageName, str], tuple[str, str]] = {}
        """By package and version key: the releases that files show, as written, and the place of the first."""
        self._code: list[tuple[str, str]] = []
        """Paths of files that may be code, with their places."""
        self._loose: dict[str, str] = {}
        """The SHA-256 of files that are named beside components, and the place of the first."""
        self._seen: dict[tuple[str, str, str, str], str] = {}

    def read(self, bom: Bom, meta: Metadata) -> None:
        """Take up every component, first the one that the BOM describes; nested ones after those around them.

        Then what is named beside them.
        """
        for part, place in _walk(bom, meta):
            self.take(part, place)
        self.take_tools(meta)
        for service, place in _placed_services(bom, meta):
            self._take_service(service.name, service.version, service.references, place)
            self._look(service.data, f"{place}.data")
            for at, part in enumerate((service.components or ()) if place.startswith("metadata.") else ()):
                for inner, where in _below(part, f"{place}.components[{at}]"):
                    self._take_beside(inner, where)
        self._follow_beside(bom.references, "externalReferences")
        for key in BESIDE:
            self._look(getattr(bom, key), key)
        self._take_files()

    def take_tools(self, meta: Metadata) -> None:
        """Take up what made the BOM, and what that names beside itself."""
        for part, place in _tools(meta):
            if part.name or part.purl:
                self._take_beside(part, place)
        for part, place in _tools(meta, every=True):
            self._look_beside(part, place)

    def has_code(self) -> bool:
        """Return whether a component is a file that may be code, which others may account for."""
        return bool(self._code)

    def has_links(self) -> bool:
        """Return whether something refers to other parts of the BOM, defines one, or hashes a file of its own."""
        return bool(self.refs or self.defined or self._loose)

    def take(self, part: Part, place: str) -> None:
        """Take up one component, and what it names beside itself."""
        self._take(part, place)
        self._look_beside(part, place)

    def _look_beside(self, part: Part, place: str) -> None:
        if part.references:
            self._follow(part.references, f"{place}.externalReferences")
        for key, raw in (("pedigree", part.pedigree), ("data", part.data), ("modelCard", part.model)):
            if bytes(raw):
                self._look(raw, f"{place}.{key}")

    def _follow(self, references: list[Reference] | None, place: str) -> None:
        """Leave it open where a reference leads to a document that may name components; remember the files it names."""
        for number, one in enumerate(references or ()):
            if is_another_bom(one.type, one.url):
                self._diagnostics.leave_open(f"{place}[{number}]", "the document that this reference points to")
            if one.url and may_name_a_file(one.url):
                self._remember(releases_in_text(one.url), f"{place}[{number}].url")

    def _follow_beside(self, references: list[Reference] | None, place: str) -> None:
        """Follow references that are not a component's: the files that they hash have no row yet."""
        self._follow(references, place)
        for number, one in enumerate(references or ()):
            if one.hashes:
                self._take_loose(one.hashes, f"{place}[{number}].hashes", self._diagnostics)

    def _take_loose(self, hashes: list[Hash], place: str, diagnostics: Diagnostics) -> None:
        """Remember the hashes of a file that stand beside components; those that a component has too have no row."""
        for digest in sorted(self._digests(hashes, place, diagnostics)):
            self._loose.setdefault(digest, place)

    def _remember(self, releases: Iterable[tuple[PackageName, str]], place: str) -> None:
        for package, version in releases:
            self._files.setdefault((package, release_version(version).key), (version, place))

    def _look(self, raw: msgspec.Raw, place: str) -> None:
        for met in look_through(raw, place):
            if met.kind == "component":
                self._take_beside(part_of(met.value, met.place, self._diagnostics), met.place)
            elif met.kind == "service":
                name, version = (one if isinstance(one := met.value.get(key), str) else None for key in _NAMED)
                self._take_service(name, version, None, met.place)
            elif met.kind == "defined":
                self.defined.add(met.value)
            elif met.kind == "ref":
                self.refs.append((met.place, met.value))
            elif met.kind == "text":
                self._remember(releases_in_text(met.value), met.place)
            elif met.kind == "hashes":
                hashes = [Hash(**_texts_of(row)) for row in met.value if isinstance(row, dict)]
                self._take_loose(hashes, met.place, Diagnostics())  # of a component it is told of elsewhere
            else:
                self._diagnostics.leave_open(met.place, met.value)

    def _take_beside(self, part: Part, place: str) -> None:
        before = len(self.components)
        self._take(part, place, is_beside=True)
        for ref in [*self.components][before:]:
            self.components[ref] = replace(self.components[ref], optional=True)
            self.beside.add(ref)

    def _take_service(
        self, name: str | None, version: str | None, references: list[Reference] | None, place: str
    ) -> None:
        """Take up a service by its name: it is not installed, but what it runs may be called so."""
        self._follow_beside(references, f"{place}.externalReferences")
        if name and name.strip():
            ref = self._refs.unique(place)
            self._take_listed(Component(ref=ref, name=name.strip(), version=version or "", optional=True), place)

    def take_named(self, written: str, place: str) -> str:
        """Return the ref of a row for what a reference names that leads to no component and is a purl, else nothing."""
        if (row := row_of_reference(written, place)) is None:
            return ""
        root = self.components.get(self.root)
        if root is not None and root.purl == row.purl:  # tools forget to give that its ref
            return root.ref
        row = replace(row, ref=self._refs.of(written, place))
        self._take_listed(row, place)
        return row.ref

    def shown_by_files(self) -> dict[tuple[PackageName, str], tuple[str, str]]:
        """Return the releases that files, addresses and texts show and that no row is: version as written, and place.

        A name without a version shows nothing where a row has it.
        """
        if not self._files:
            return {}
        known = {(row.package, release_version(row.version).key) for row in self.components.values() if row.package}
        named = {package for package, _ in known}
        return {key: one for key, one in self._files.items() if key not in known and (one[0] or key[0] not in named)}

    def _take_files(self) -> None:
        """Take up a row for each release that files show and that no row is, and for each file that no row has."""
        for (package, _), (version, place) in self.shown_by_files().items():
            ref = self._refs.unique(f"{place} {package} {version}")
            purl = purl_of(package, version or None)
            self._take_listed(
                Component(ref=ref, name=package, package=package, version=version, purl=purl, optional=True), place
            )
        self._take_code()
        held = {digest for row in self.components.values() for digest in (*row.sha256, *row.members)}
        for digest, place in self._loose.items():
            if digest not in held:
                ref = self._refs.unique(place)
                self._take_listed(Component(ref=ref, name=place, members=(digest,), optional=True), place)

    def _take_code(self) -> None:
        """Take up a row for each name of code that no component accounts for; one holds the files that are in it."""
        if not self._code:
            return
        at = dict(zip(self.places, self.components.values(), strict=True))
        code = ImportedCode()
        for path, place in self._code:
            holder = at.get(place.rpartition(".components[")[0]) if place.count("components[") > 1 else None
            is_python = holder is not None and holder.package is not None
            code.take(path, place, (holder.package or holder.name) if holder else "", is_python=is_python)
        root = self.components.get(self.root)
        known = {row.package for row in self.components.values()}
        for row, place in code.rows(known, (root.package,) if root else (), self._refs):
            self._take_listed(row, place)

    def _take_listed(self, row: Component, place: str) -> None:
        self.components[row.ref] = row
        self.places.append(place)
        self.beside.add(row.ref)

    def _remember_files(self, part: Part, place: str) -> None:
        """Remember the releases that the name of a component, its purls, and the evidence for it show."""
        if part.name:
            self._remember(releases_in_path(part.name), place)
            if (part.type == "file" or "-packages" in part.name) and may_be_code(part.name):
                self._code.append((part.name, place))
        for text in _evident(part):
            if text and may_name_a_file(text):
                self._remember(releases_in_text(text), place)
        for purl in (part.purl, *_concluded(part)):
            if purl:
                self._remember(releases_in_purl(purl), place)

    def _take(self, part: Part, place: str, *, is_beside: bool = False) -> None:
        self._remember_files(part, place)
        written, name, purl = part.ref or "", part.name or "", (part.purl or "").strip()
        concluded = [one for one in _concluded(part) if one != purl]
        if concluded and not purl:
            purl = concluded.pop(0)
            self._diagnostics.add(f"{place}.purl", f"is missing; {quoted(purl)} is, by the evidence")
        key = (written, name, part.version or "", purl)
        if written and key in self._seen:  # the same component once more: syft#2062, trivy#4447
            self._merge(self._seen[key], part, place)
            return
        identity = identity_of(purl, part.version or "", self._diagnostics, place)
        if part.version_range and not identity.version:
            text = f"{quoted(part.version_range)} is a range: which version runs is unknown"
            self._diagnostics.add(f"{place}.versionRange", text)
        ref = self._seen[key] = self._refs.of(written, place)
        if place == _ROOT:
            self.root = ref
        if not purl:
            self._take_nameless(part, ref, place, is_beside=is_beside)
        self._add_row(ref, part, identity, purl, place)
        for one in concluded:
            self._conclude(ref, one, part.version or "", place)
        self._take_names(ref, part, place)

    def _add_row(self, ref: str, part: Part, identity: Identity, purl: str, place: str) -> None:
        """Add the row of a component, and one more where its version is another than that of its purl."""
        archives, members = self._hashes(part, place)
        self.components[ref] = Component(
            ref=ref,
            name=part.name or (identity.package or ""),
            package=identity.package,
            version=identity.version,
            purl=purl,
            sha256=archives,
            members=members,
            optional=_is_optional(part),
            origin=identity.origin,
            index=identity.index,
        )
        self.places.append(place)
        if other := another_version(identity, part.version or ""):
            more = self._refs.unique(ref)
            self.components[more] = replace(self.components[ref], ref=more, version=other)
            self.places.append(place)

    def _conclude(self, ref: str, purl: str, written: str, place: str) -> None:
        """Take up a row more for what evidence says a component is, where that is not what its purl says."""
        row = self.components[ref]
        diagnostics = Diagnostics()
        found = identity_of(purl, "", diagnostics, place)
        is_it = found.package == row.package and (found.package or purl_key(purl) == purl_key(row.purl))
        if is_it and (not found.version or release_version(found.version).key == release_version(row.version).key):
            return
        self._diagnostics.add(
            f"{place}.evidence", f"says {quoted(purl)}, but the purl {quoted(row.purl)}; either may be meant"
        )
        self._diagnostics.lost |= diagnostics.lost and purl[:4].lower() == "pkg:"  # cdxgen concludes on paths
        version = found.version or (written if found.package else "")
        more = self._refs.unique(ref)
        self.components[more] = replace(
            row,
            ref=more,
            package=found.package,
            version=version,
            purl=purl,
            origin=found.origin,
            index=found.index,
        )
        self.places.append(place)

    def _take_names(self, ref: str, part: Part, place: str) -> None:
        """Take up a row more for each other name or version that a component has: of its evidence, files, and tags."""
        row = self.components[ref]
        is_plain = part.name and not part.group and not part.name.lower().endswith(_FILES)
        if is_plain and row.package and package_by_name(part.name or "") not in {None, row.package}:
            text = f"is called {quoted(part.name)}, but its purl says {row.package}; either may be meant"
            self._diagnostics.add(place, text)
            self._add(ref, place, part.name or "", part.version or row.version)
        if part.evidence is not None:
            self._take_conclusions(ref, part, place)
        if part.cpe and not row.purl:
            self._add_cpe(ref, place, part.cpe or "")
        if bytes(part.swid):
            tag: Any = msgspec.json.decode(part.swid)
            name, version = (tag.get(key) if isinstance(tag, dict) else None for key in ("name", "version"))
            if isinstance(name, str) and name.strip():
                self._remember(releases_in_path(name.strip()), f"{place}.swid")
                self._add(ref, f"{place}.swid", name.strip(), version if isinstance(version, str) else "")
        urls = [one.url for one in part.references or () if one.type in _DISTRIBUTIONS and one.url]
        for name in (*([part.name] if part.name else ()), *(urls if row.package or not row.purl else ())):
            if (not name.lower().endswith(_FILES) and "?" not in name and "#" not in name) or _is_own(name, part, row):
                continue
            if (found := release_of_file(name)) is not None and (name.lower().endswith(_WHEELS) or row.package):
                self._add(ref, place, *found, is_python=True)

    def _take_conclusions(self, ref: str, part: Part, place: str) -> None:
        """Take up what evidence concludes on, beside purls; of several names and versions any may belong together."""
        row = self.components[ref]
        conclusions = [((one.field or "").strip().lower(), (one.value or "").strip()) for one in _conclusions(part)]
        versions = dict.fromkeys((row.version, *(value for field, value in conclusions if field == "version")))
        for field, value in conclusions:
            if field == "hash" and (digest := _HEX64.fullmatch(value)):
                row = self.components[ref] = replace(row, members=tuple({*row.members, digest[1].lower()}))
            elif field == "name" and value:
                for version in versions:
                    self._add(ref, place, value, version)
            elif field == "version" and value and release_version(value).key != release_version(row.version).key:
                self._add(ref, place, row.name, value)
            elif field == "cpe":
                self._add_cpe(ref, place, value)
        for tool in (tool for one in _conclusions(part) for tool in one.tools or () if is_link(tool)):
            self._diagnostics.leave_open(f"{place}.evidence", f"another BOM, which this links to: {quoted(tool)}")

    def _add_cpe(self, ref: str, place: str, text: str) -> None:
        if found := _CPE.match(text):
            version = found[2] if found[2] and found[2] not in {"*", "-"} else ""
            self._add(ref, f"{place}.cpe", found[1].replace("\\", ""), version)

    def _add(self, ref: str, place: str, name: str, version: str, *, is_python: bool = False) -> None:
        """Take up that a row may be the release of another name or version too, as `listed`."""
        row = self.components[ref]
        package = package_by_name(name) if row.package or is_python else None
        is_same = package == row.package if package else name.casefold() == row.name.casefold()
        if is_same and (
            not version or version == row.version or release_version(version).key == release_version(row.version).key
        ):
            return
        more = self._refs.unique(ref)
        self.components[more] = Component(
            ref=more, name=name, package=package, version=version, members=row.members, optional=True
        )
        self.places.append(place)
        self.beside.add(more)

    def name(self) -> None:
        """Take nameable rows for the Python packages of their names, where all others with a purl are Python packages.

        The name says so in this document alone, and the row is then `listed` at most. What the BOM
        describes decides nothing: its purl is often that of a repository or an image.
        """
        listed = [row for ref, row in self.components.items() if ref != self.root and ref not in self.beside]
        if any(row.purl and not row.package for row in listed):
            return
        count = 0
        for ref, written in self.nameable.items():
            if package := package_by_name(written):
                self.components[ref] = replace(self.components[ref], package=package, optional=True)
                count += 1
        if count:
            self._diagnostics.add("components", f"{count} without purl taken for Python packages, by their names")

    def _take_nameless(self, part: Part, ref: str, place: str, *, is_beside: bool) -> None:
        """Note a component without a purl: it may stand for a Python package, or be the one of its name."""
        kind, name = part.type or "", part.name or ""
        if place == _ROOT:
            return
        if not name:
            self._diagnostics.add(place, "a component without name and purl", lost=True)
        if is_beside:
            return
        self.unidentified += kind not in _NO_PACKAGES or name.lower().endswith(_WHEELS)
        if kind in _PACKAGES and name and not part.group:
            self.nameable[ref] = name

    def _merge(self, ref: str, part: Part, place: str) -> None:
        row = self.components[ref]
        archives, members = self._hashes(part, place)
        self.components[ref] = replace(
            row,
            sha256=tuple(dict.fromkeys((*row.sha256, *archives))),
            members=tuple(dict.fromkeys((*row.members, *members))),
            optional=row.optional and _is_optional(part),
        )

    def _hashes(self, part: Part, place: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the SHA-256 of a component and the archives it was distributed as, and of others it was made from."""
        archives = self._digests(part.hashes, f"{place}.hashes")
        is_told = bool(archives)
        unknown = False
        members: set[str] = set()
        for number, reference in enumerate(part.references or ()):
            where = f"{place}.externalReferences[{number}].hashes"
            if reference.type == "distribution":
                found = self._digests(reference.hashes, where)
                unknown |= not found
                archives |= found
            elif reference.hashes:  # it shows a bad file; what was installed may be another one, so it rules none out
                members |= self._digests(reference.hashes, where)
        if unknown and not is_told:  # what was installed may be the distribution whose hash nobody says
            return (), tuple(sorted(members | archives))
        return tuple(sorted(archives)), tuple(sorted(members - archives))

    def _digests(self, hashes: list[Hash] | None, place: str, diagnostics: Diagnostics | None = None) -> set[str]:
        named = [one.content or "" for one in hashes or () if _is_sha256(one.alg or "")]
        return {digest for one in named if (digest := (diagnostics or self._diagnostics).sha256(one.strip(), place))}


def _concluded(part: Part) -> list[str]:
    """Return the purls that the evidence for a component concludes on, each once, in their order."""
    if part.evidence is None:
        return []
    found = [one.value for one in _conclusions(part) if (one.field or "").strip().lower() == "purl"]
    return list(dict.fromkeys(one.strip() for one in (*found, part.evidence.purl) if one and one.strip()))


def _conclusions(part: Part) -> list[Conclusion]:
    """Return what the evidence for a component concludes on its identity."""
    identity = part.evidence.identity if part.evidence else None
    return identity if isinstance(identity, list) else [identity] if identity else []


def _evident(part: Part) -> Iterator[str | None]:
    """Yield the texts of evidence that may be names of files: where a component was found and used, and told by."""
    if part.evidence is not None:
        yield from (one.location for one in part.evidence.occurrences or ())
        yield from (one.file for one in (part.evidence.callstack.frames if part.evidence.callstack else None) or ())
        yield from (method.value for one in _conclusions(part) for method in one.methods or ())


def _texts_of(row: dict[str, Any]) -> dict[str, str]:
    """Return the algorithm and content of a digest as far as they are texts."""
    return {key: one for key in ("alg", "content") if isinstance(one := row.get(key), str)}


def _is_own(address: str, part: Part, row: Component) -> bool:
    """Return whether an address plainly is that of the source archive of a Python row itself, as most are."""
    own = f"{part.name}-{row.version}.tar.gz"
    is_plain = "-" not in row.version and not _ODD_IN_FILES.intersection(own) and not _ENDS.intersection(address)
    return is_plain and address.endswith(f"/{own}") and package_by_name(part.name or "") == row.package


def _is_sha256(algorithm: str) -> bool:
    """Return whether an algorithm is SHA-256, which tools write in several ways."""
    return algorithm == "SHA-256" or algorithm.strip().upper().replace("-", "").replace("_", "") == "SHA256"


def _is_optional(part: Part) -> bool:
    return (part.scope or "").lower() in {"optional", "excluded"} or part.external is True


def _walk(bom: Bom, meta: Metadata) -> Iterator[tuple[Part, str]]:
    """Yield every component with its place. Nesting is assembly and makes no edge."""
    waiting = [(part, f"components[{i}]") for i, part in enumerate(bom.components or ())]
    if meta.component:
        waiting.insert(0, (meta.component, _ROOT))
    for number, service in enumerate(services_of(bom)):
        waiting.extend((part, f"services[{number}].components[{i}]") for i, part in enumerate(service.components or ()))
    for part, place in waiting:
        yield part, place
        waiting.extend((inner, deeper(place, i)) for i, inner in enumerate(part.components or ()))


def _below(part: Part, place: str) -> Iterator[tuple[Part, str]]:
    """Yield a component and all that are nested in it."""
    waiting = [(part, place)]
    for one, where in waiting:
        yield one, where
        waiting.extend((inner, deeper(where, i)) for i, inner in enumerate(one.components or ()))


def _tools(meta: Metadata, *, every: bool = False) -> Iterator[tuple[Part, str]]:
    """Yield what made the BOM, with its place, nested ones too; known generators only with ``every``."""
    is_object = isinstance(meta.tools, Tools)
    top = meta.tools.components if isinstance(meta.tools, Tools) else meta.tools
    listed = "metadata.tools.components" if is_object else "metadata.tools"
    waiting = [(part, f"{listed}[{i}]") for i, part in enumerate(top or ())]
    for part, place in waiting:
        is_plain = not part.purl and not part.hashes and not bytes(part.pedigree) and part.evidence is None
        if every or not (is_plain and is_generator(part.name or "")):
            yield part, place
        waiting.extend((inner, deeper(place, i)) for i, inner in enumerate(part.components or ()))


def rows_of_tools(meta: Metadata) -> tuple[list[str], list[Component]] | None:
    """Return the places and rows of what made a BOM; None where there is more to say of it than its name."""
    if isinstance(meta.tools, Tools) and meta.tools.services:
        return None
    diagnostics = Diagnostics()
    rows = ComponentRows(diagnostics)
    rows.take_tools(meta)
    is_more = diagnostics.problems or rows.shown_by_files() or rows.has_code() or rows.has_links()
    return None if is_more else (rows.places, [*rows.components.values()])


def _placed_services(bom: Bom, meta: Metadata) -> Iterator[tuple[Service, str]]:
    """Yield every service with a place, those among the tools too."""
    tools = meta.tools.services if isinstance(meta.tools, Tools) else None
    for listed, found in (("services", bom.services), ("metadata.tools.services", tools)):
        waiting = list(found or ())
        for number, one in enumerate(waiting):
            yield one, f"{listed}[{number}]"
            waiting.extend(one.services or ())


def services_of(bom: Bom) -> list[Service]:
    """Return every service of a BOM, nested ones after those around them."""
    waiting: list[Service] = list(bom.services or ())
    for one in waiting:
        waiting.extend(one.services or ())
    return waiting
