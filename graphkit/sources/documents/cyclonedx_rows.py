"""The components of a CycloneDX BOM as rows of a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from graphkit.model.documents import Component
from graphkit.model.names import BadName, PackageName, package_name, purl_key
from graphkit.model.versions import release_version
from graphkit.sources.documents.cyclonedx_shape import Bom, Hash, Metadata, Part, Service, deeper
from graphkit.sources.documents.purls import another_version, identity_of
from graphkit.sources.documents.rows import Notes, Refs, shown

_ARCHIVES: Final = frozenset({"source-distribution", "distribution-intake"})
"""External references whose hash shows a bad archive; what was installed may be another one, so it rules none out."""
_NO_PACKAGES: Final = frozenset({"file", "container", "operating-system", "device", "firmware", "platform", "data"})
_PACKAGES: Final = frozenset({"library", "framework"})
_WHEELS: Final = (".whl", ".egg")


class Rows:
    """The components of a BOM under refs of their own, and how the BOM itself calls them."""

    def __init__(self, notes: Notes) -> None:
        self.components: dict[str, Component] = {}
        self.places: list[str] = []
        self.names: dict[str, str] = {}
        """Our ref for each ``bom-ref`` as written."""
        self.root = ""
        self.unidentified = 0
        """Rows without a purl that may stand for a Python package."""
        self.nameable: dict[str, str] = {}
        """Those of them that `name` may name, as ref and name."""
        self.linked = 0
        """Rows whose contents stand in another BOM."""
        self._notes = notes
        self._refs = Refs()
        self._seen: dict[tuple[str, str, str, str], str] = {}

    def read(self, bom: Bom, meta: Metadata) -> None:
        """Take up every component, first the one that the BOM describes; nested ones after those around them."""
        for part, place in _walk(bom, meta):
            self.take(part, place)
            is_linked = any(one.type == "bom" for one in part.references or ())
            self.linked += is_linked and place != "metadata.component"

    def take(self, part: Part, place: str) -> None:
        """Take up one component."""
        written, name, purl = part.ref or "", part.name or "", (part.purl or "").strip()
        is_root = place == "metadata.component"
        concluded = [one for one in _concluded(part) if one != purl]
        if concluded and not purl:
            purl = concluded.pop(0)
            self._notes.add(f"{place}.purl", f"is missing; {shown(purl)} is, by the evidence")
        key = (written, name, part.version or "", purl)
        if written and key in self._seen:  # the same component once more: syft#2062, trivy#4447
            self._merge(self._seen[key], part, place)
            return
        identity = identity_of(purl, part.version or "", self._notes, place)
        if part.version_range and not identity.version:
            text = f"{shown(part.version_range)} is a range: which version of it runs cannot be told"
            self._notes.add(f"{place}.versionRange", text)
        ref = self._refs.unique(written or place)
        if not written:
            pass
        elif written in self.names:
            self._notes.add(f"{place}.bom-ref", f"{shown(written)} stands twice; this one goes by {shown(ref)}")
        else:
            self.names[written] = ref
        if not purl:
            if not name and not is_root:
                self._notes.add(place, "a component without name and purl", lost=True)
            self._take_nameless(part, ref, is_root=is_root)
        self._seen[key] = ref
        if is_root:
            self.root = ref
        archives, members = self._hashes(part, place)
        self.components[ref] = Component(
            ref=ref,
            name=name or (identity.package or ""),
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
        for one in concluded:
            self._conclude(ref, one, part.version or "", place)

    def _conclude(self, ref: str, purl: str, written: str, place: str) -> None:
        """Take up a row more for what evidence says a component is, where that is not what its purl says."""
        row = self.components[ref]
        notes = Notes()
        found = identity_of(purl, "", notes, place)
        is_it = found.package == row.package and (found.package or purl_key(purl) == purl_key(row.purl))
        if is_it and (not found.version or release_version(found.version).key == release_version(row.version).key):
            return
        self._notes.add(f"{place}.evidence", f"says {shown(purl)}, but the purl {shown(row.purl)}; either may be meant")
        self._notes.lost |= notes.lost
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

    def name(self) -> None:
        """Take nameable rows for the Python packages of their names, where all others with a purl are Python packages.

        The name says so in this document alone, and the row is then `listed` at most. What the BOM
        describes decides nothing: its purl is often that of a repository or an image.
        """
        if any(row.purl and not row.package for ref, row in self.components.items() if ref != self.root):
            return
        count = 0
        for ref, written in self.nameable.items():
            if package := package_by_name(written):
                self.components[ref] = replace(self.components[ref], package=package, optional=True)
                count += 1
        if count:
            self._notes.add("components", f"{count} without purl taken for Python packages, by their names")

    def _take_nameless(self, part: Part, ref: str, *, is_root: bool) -> None:
        if is_root:
            return
        kind, name = part.type or "", part.name or ""
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
            elif reference.type in _ARCHIVES:
                members |= self._digests(reference.hashes, where)
        if unknown and not is_told:  # what was installed may be the distribution whose hash nobody says
            return (), tuple(sorted(members | archives))
        return tuple(sorted(archives)), tuple(sorted(members - archives))

    def _digests(self, hashes: list[Hash] | None, place: str) -> set[str]:
        named = [one.content or "" for one in hashes or () if _is_sha256(one.alg or "")]
        return {digest for one in named if (digest := self._notes.sha256(one.strip(), place))}


def package_by_name(written: str) -> PackageName | None:
    """Return the Python package that a name without purl may mean, None where it is no name of one.

    >>> package_by_name("Uvicorn[standard]")
    'uvicorn'
    """
    try:
        return package_name(written.partition("[")[0])
    except BadName:
        return None


def _concluded(part: Part) -> list[str]:
    """Return the purls that the evidence for a component concludes on, each once, in their order."""
    if part.evidence is None:
        return []
    identity = part.evidence.identity
    told = identity if isinstance(identity, list) else [identity] if identity else []
    found = [one.value for one in told if (one.field or "").strip().lower() == "purl"]
    return list(dict.fromkeys(one.strip() for one in (*found, part.evidence.purl) if one and one.strip()))


def _is_sha256(algorithm: str) -> bool:
    """Return whether an algorithm is SHA-256, which tools write in several ways."""
    return algorithm == "SHA-256" or algorithm.strip().upper().replace("-", "").replace("_", "") == "SHA256"


def _is_optional(part: Part) -> bool:
    return (part.scope or "").lower() in {"optional", "excluded"} or part.external is True


def _walk(bom: Bom, meta: Metadata) -> Iterator[tuple[Part, str]]:
    """Yield every component with its place. Nesting is assembly and makes no edge."""
    waiting = [(part, f"components[{i}]") for i, part in enumerate(bom.components or ())]
    if meta.component:
        waiting.insert(0, (meta.component, "metadata.component"))
    for number, service in enumerate(services_of(bom)):
        waiting.extend((part, f"services[{number}].components[{i}]") for i, part in enumerate(service.components or ()))
    for part, place in waiting:
        yield part, place
        waiting.extend((inner, deeper(place, i)) for i, inner in enumerate(part.components or ()))


def services_of(bom: Bom) -> list[Service]:
    """Return every service of a BOM, nested ones after those around them."""
    waiting: list[Service] = list(bom.services or ())
    for one in waiting:
        waiting.extend(one.services or ())
    return waiting
