"""The lines of requirements files, taken up one after the other, and the document that they make together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from graphkit.formats.addresses import named_by, sha256_of
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.lines import number_in
from graphkit.formats.locks.rows import digests_in, index_address, manifest_of, note_strangers
from graphkit.formats.manifests.requirements_header import Header
from graphkit.formats.manifests.requirements_lines import Line
from graphkit.formats.manifests.uv_settings import UvSettings
from graphkit.formats.markers import is_elsewhere
from graphkit.formats.refs import Refs
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, Edge
from graphkit.model.guards import Guards
from graphkit.model.names import BadName, PackageName, package_name, package_or_none, purl_of
from graphkit.model.requirements import Requirement, requirement

_LONGEST: Final = 1_000
_UNSAFE: Final = re.compile(r"packages (?:are considered to be unsafe|were excluded from the output)", re.IGNORECASE)
_UNSAFE_ROW: Final = re.compile(r" ?([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==\S+)?\s*")
_VIA: Final = re.compile(r"\s*via\b\s*(.*)")
_FROM: Final = re.compile(r"\s*from (\S+:/\S+)\s*")
_INSTALLED: Final = re.compile(r"\s*Editable (?:install|\S+ install|.* install).*\((\S+?)==(\S+?)\)\s*")
_ITSELF: Final = re.compile(r"\.[/\\]?(?:\[[^\]]*\])?")
"""The project that a file is of."""
_TOOLS: Final = tuple(map(package_name, ("distribute", "pip", "setuptools", "wheel")))
"""What `pip freeze` leaves out unless told otherwise."""
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_INDEXES: Final = frozenset({"--index-url", "--extra-index-url", "--find-links", "--pypi-url"})
_NOT_APPLIED: Final = {
    "--uploaded-prior-to": "is refused by pip in a requirements file; it limits nothing",
    "--pre": "is not applied yet: pre-releases count as an installer takes them by itself",
    "--all-releases": "is not applied yet: pre-releases count as an installer takes them by itself",
    "--only-final": "is not applied yet: pre-releases count as an installer takes them by itself",
}
_REACHES_OUT: Final = {
    "--no-index": "takes packages from links alone, which are not read",
    "--process-dependency-links": "takes packages from links of metadata, which are not read",
    "--requirement": "includes {}, which is not followed here",
    "--constraint": "is constrained by {}, which is not followed here",
    "--find-links": "also takes files from {}",
    "--extra-index-url": "takes packages from a second index, {}, too; which row comes from where it does not say",
}


class Item(Struct, kw_only=True):
    """One thing that a file asks for, and the comments that belong to it."""

    line: Line
    place: str
    header: Header
    package: PackageName
    version: str = ""
    origin: str = ""
    index: str = ""
    is_pinned: bool = False
    digests: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    asked: Requirement | None = None
    via: list[str]

    @property
    def is_hashed(self) -> bool:
        """Whether pip takes no other file for it."""
        return bool(self.line.hashes or sha256_of(self.origin))


class RequirementRows:
    """The lines of a file, taken up one after the other."""

    def __init__(self, diagnostics: Diagnostics, settings: UvSettings) -> None:
        self.items: list[Item] = []
        self._diagnostics = diagnostics
        self._constraints: dict[Requirement, None] = {}
        self._indexes: list[str] = []
        self._extra_indexes = 0
        self._is_open = settings.is_open
        """Something outside decides too: an include, a constraint, a local project, settings of uv."""
        self._overrides = settings.overrides
        self._is_off_public = settings.is_off_public
        self._has_local = False
        self._has_links = False
        """Releases of a folder or page that nobody read can be chosen as well."""
        self._headers: dict[str, Header] = {}
        """Of each file by its place; a header is over with the first row."""
        self._addresses = dict.fromkeys(settings.indexes)
        self._leftovers: list[tuple[str, str, str]] = []
        self._not_applied: list[tuple[str, str]] = []
        self._local: list[str] = []
        self._unsafe: list[tuple[PackageName, str]] = []
        self._in_unsafe = False
        self._in_via = False
        self._editable: tuple[str, str] | None = None

    def constrain(self, line: Line, place: str) -> None:
        """Take up one line of a constraints file: it asks for nothing, and narrows what is asked for."""
        if line.kind in {"comment", "option"} and line.option not in {"--requirement", "--constraint"}:
            self._note_index(line)
            return
        try:
            asked = requirement(line.text) if line.kind in {"requirement", "bare"} else None
        except BadName:
            asked = None
        if asked is None or asked.unreadable:
            self._is_open = True
            self._diagnostics.add(place, f"{quoted(line.text)} is not a valid constraint")
        else:
            self._constraints[asked] = None

    def take(self, line: Line, place: str) -> None:
        """Take up one line; what it does not understand becomes a problem."""
        header = self._header_of(place)
        if line.kind == "comment":
            if not any(item.header is header for item in self.items[-1:]):
                header.take(line.text)
            self._comment(line)
            return
        self._in_via = self._in_unsafe = False
        if line.has_variable:
            self._diagnostics.add(place, "contains an environment variable whose value is unknown")
        if line.kind == "option":
            self._option(line, place)
        elif line.kind == "leftover":
            self._leftover(line, place)
        elif line.kind == "odd":
            self._diagnostics.add(place, f"{quoted(line.text)} is not a valid requirement", lost=True)
        elif line.kind in {"url", "path"}:
            self._direct(line, place, line.text, is_local=line.kind == "path")
        else:
            self._requirement(line, place)
        if line.comment and self.items and self.items[-1].line is line:
            self._comment(replace(line, text=line.comment))
        self._editable = None

    def _header_of(self, place: str) -> Header:
        return self._headers.setdefault(place.rpartition("line ")[0], Header())

    def _leftover(self, line: Line, place: str) -> None:
        """Take up a package without its first letter: which one it was cannot be told."""
        name, _, version = (part.strip() for part in re.split(r"(={2,3})", line.text, maxsplit=1))
        self._leftovers.append((name, version, place))
        text = f"left by an interrupted uninstall: a package whose name ends in {quoted(name)}, its first letter lost"
        self._diagnostics.add(place, text, lost=True)

    def are_pinned(self) -> bool:
        """Return whether every line names one version or file."""
        return all(item.is_pinned for item in self.items)

    def are_locked(self) -> bool:
        """Return whether a tool that resolves wrote every row, or every row has a hash."""
        if not self.items:
            return any(header.tool for header in self._headers.values()) and not (
                self._diagnostics.lost or self._is_open
            )
        by_tool = all(item.header.tool for item in self.items)
        return self.are_pinned() and (by_tool or all(item.is_hashed for item in self.items))

    def leave(self) -> None:
        """Take up what the last lines left open."""
        self._addresses |= dict.fromkeys(index_address(item.index) for item in self.items if item.index)
        if not all(item.is_hashed for item in self.items):
            for header in self._headers.values():
                header.settle()
        if self._extra_indexes or len(set(self._indexes)) != 1:
            return
        for item in self.items:
            if not item.origin and not item.index:
                item.index = self._indexes[0]

    def _comment(self, line: Line) -> None:
        text = line.text
        if _UNSAFE.search(text):
            self._in_unsafe = True
        elif self._in_unsafe and (unsafe := _UNSAFE_ROW.fullmatch(text)):
            self._unsafe.append((package_name(unsafe[1]), f"line {line.number}"))
        elif len(text) < _LONGEST and (installed := _INSTALLED.fullmatch(text)):
            self._editable = (installed[1], installed[2])
        elif self.items and (read := _VIA.fullmatch(text)):
            self._in_via = True
            self.items[-1].via += [one.strip() for one in read[1].split(",") if one.strip()]
        elif self.items and len(text) < _LONGEST and (named := _FROM.fullmatch(text)):
            self.items[-1].index = named[1]
        elif self._in_via and text.startswith("  "):
            self.items[-1].via.append(text.strip())
        else:
            self._in_via = False

    def _option(self, line: Line, place: str) -> None:
        if line.option == "--editable":
            is_local = "://" not in line.text and not line.text.startswith("git+")
            self._direct(line, place, line.text, is_local=is_local)
            return
        self._note_index(line)
        if line.option in _NOT_APPLIED:
            self._not_applied.append((place, f"{line.option} {_NOT_APPLIED[line.option]}"))
        if line.option in _REACHES_OUT:
            self._diagnostics.add(place, _REACHES_OUT[line.option].format(quoted(line.text)))
        self._is_open |= line.option in {"--requirement", "--constraint"}
        self._has_links |= line.option in {"--find-links", "--no-index", "--process-dependency-links"}
        self._extra_indexes += line.option in {"--extra-index-url", "--find-links"}
        if line.option == "--index-url":
            self._indexes.append(line.text)

    def _note_index(self, line: Line) -> None:
        if line.option in _INDEXES and line.text:
            self._addresses[index_address(line.text)] = None
        elif line.option == "--trusted-host" and line.text:
            self._addresses[index_address(f"https://{line.text}")] = None

    def _direct(self, line: Line, place: str, address: str, *, is_local: bool) -> None:
        """Take up a URL or path: its name is in ``#egg=`` or the archive's file name, where it has one at all."""
        address = address.partition(" ;")[0].strip()
        name, version = named_by(address)
        if self._editable:
            name, version = self._editable
        if is_local and not version:
            self._local.append(address.partition("[")[0])
        if is_local and not self._editable and not version:
            self._has_local = True
            self._diagnostics.add(place, f"{quoted(address)} is a local project; what it requires is not listed here")
        try:
            package = package_name(name)
        except BadName:
            is_own = is_local and bool(_ITSELF.fullmatch(address))
            self._diagnostics.add(place, f"{quoted(address)} does not name its package", lost=not is_own)
            return
        self.items.append(
            Item(
                line=line,
                place=place,
                header=self._header_of(place),
                package=package,
                version=version,
                origin=address,
                is_pinned=True,
                digests=self._hashes(line, place, address),
                asked=Requirement(package=package, url=address),
                via=[],
            )
        )

    def _requirement(self, line: Line, place: str) -> None:
        try:
            asked = requirement(line.text)
        except BadName as error:
            self._diagnostics.add(place, str(error), lost=True)
            return
        if asked.unreadable:
            self._diagnostics.add(
                place, f"{quoted(asked.unreadable)} cannot be read (PEP 508); every version is allowed"
            )
        version = _pin_of(asked)
        self.items.append(
            Item(
                line=line,
                place=place,
                header=self._header_of(place),
                package=asked.package,
                version=version or (named_by(asked.url)[1] if asked.url else ""),
                origin=asked.url,
                is_pinned=bool(version or asked.url or line.hashes),
                digests=self._hashes(line, place, asked.url),
                asked=asked,
                via=[],
            )
        )

    def _hashes(self, line: Line, place: str, address: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        own = sha256_of(address)
        hashes = (*line.hashes, *([("sha256", own)] if own else []))
        return digests_in([(place, f"{kind}:{value}") for kind, value in hashes], self._diagnostics)

    def listed(self, document: Document, *, is_environment: bool) -> Document:
        """Return a file that says what is or will be installed: a lock or an environment."""
        if is_environment:
            self._leave_tools_open()
        refs = Refs()
        components = [_component(item, refs, self._diagnostics) for item in self.items]
        components += [
            Component(ref=refs.unique(name), name=name, package=name, purl=purl_of(name)) for name, _ in self._unsafe
        ]
        components += [
            Component(ref=refs.unique(f"{name}@{version}"), name=name, version=version)
            for name, version, _ in self._leftovers
        ]
        for name, place in self._unsafe:
            self._diagnostics.add(place, f"{name} was left out by the tool that wrote this; its version is unknown")
        edges, roots = self._graph(components)
        found = replace(
            document,
            kind=DocumentKind.ENVIRONMENT if is_environment else DocumentKind.LOCK,
            basis=Basis.INSTALLED if is_environment else Basis.LOCKED,
            components=tuple(components),
            places=tuple(
                place for *_, place in (*((item.place,) for item in self.items), *self._unsafe, *self._leftovers)
            ),
            edges=edges,
            roots=roots,
            dependencies_known=any(item.via for item in self.items),
            indexes=tuple(self._addresses),
            requirements=tuple(dict.fromkeys(item.asked for item in self.items if item.asked and item.asked.extras)),
        )
        found = self._environment(found) if is_environment else self._lock(found)
        return replace(found, problems=self._diagnostics.as_tuple())

    def _environment(self, document: Document) -> Document:
        return replace(
            document,
            not_covered=tuple(sorted({name for name, _ in self._unsafe})),
            completeness=Completeness.INCOMPLETE if self._diagnostics.lost or self._is_open else Completeness.COMPLETE,
        )

    def _is_overridden(self) -> bool:
        """Return whether an override of uv replaces a row by something else than what is locked."""
        pins = {item.package: item.version for item in self.items}
        replaced = [
            one for one in self._overrides if one.package in pins and (one.url or _pin_of(one) != pins[one.package])
        ]
        for one in replaced:
            self._diagnostics.add(
                "[tool.uv]", f"uv replaces the locked version with {quoted(str(one))} in the place of what is locked"
            )
        return bool(replaced)

    def _lock(self, document: Document) -> Document:
        """Return a lock with what its headers say of it; one without is complete only where hashes are demanded."""
        headers = list({id(item.header): item.header for item in self.items}.values())
        headers = headers or [header for header in self._headers.values() if header.tool]
        is_made = all(header.tool for header in headers)
        if is_made:
            partial = [one for header in headers for one in header.partial()]
            for one in partial:
                self._diagnostics.add(
                    "the header", f"made with {quoted(one)}: not all that is installed is listed", lost=True
                )
        is_told = not is_made or not any(header.is_custom for header in headers) or bool(document.edges)
        if is_made and any(header.is_cut for header in headers):
            is_told = False
        if not is_told:
            self._diagnostics.add(
                "the header", "made by a command whose options are not known; it may leave something out"
            )
        for header in headers if is_made else ():
            self._note_strange([item for item in self.items if item.header is header])
        # A tool that resolves lists what a local project requires as well.
        is_open = self._diagnostics.lost or self._is_open or (self._has_local and not is_made) or self._is_overridden()
        whole = Completeness.COMPLETE if is_told else Completeness.UNKNOWN
        via = [one for item in self.items for one in item.via]
        local = map(manifest_of, self._local) if is_made else ()
        governs = [path for header in headers for path in header.governs(via, local)]
        return replace(
            document,
            governs=tuple(dict.fromkeys(governs)),
            generator=tuple(dict.fromkeys(one for header in headers for one in header.generator)),
            is_of_one_environment=is_made and any(header.is_of_one_environment for header in headers),
            complete_under="" if is_made else "pip",
            not_covered=self._not_covered(headers),
            completeness=Completeness.INCOMPLETE if is_open else whole,
        )

    def _note_strange(self, items: Sequence[Item]) -> None:
        """Note the rows of one file that its tool would have written otherwise: somebody added them afterwards."""
        listed = [item for item in items if not item.origin]
        via = [one for item in items for one in item.via]
        if listed and listed[0].header.are_all_annotated(via):
            # One that other rows are there for was resolved, whoever asks for it.
            above = {package_or_none(one) or "" for one in via}
            has = [bool(item.via) or item.package in above for item in listed]
            self._note_each(listed, has, "comment on who asks for it")
        self._note_each(listed, [item.is_hashed for item in listed], "hash")

    def _note_each(self, items: Sequence[Item], has: Sequence[bool], what: str) -> None:
        for item, one in zip(items, has, strict=True):
            if not one and any(has):
                text = f"{item.package} has no {what}, and other lines have: what it needs may not be listed"
                self._diagnostics.add(item.place, text, lost=True)

    def _not_covered(self, headers: Sequence[Header]) -> tuple[PackageName, ...]:
        """Return what the tools left out by name, unless it is listed all the same."""
        named = {name for header in headers for name in header.left_out()} | {name for name, _ in self._unsafe}
        return tuple(sorted(named - {item.package for item in self.items}))

    def _leave_tools_open(self) -> None:
        """Note the tools that `pip freeze` leaves out; a list with pip itself in it was told to leave out nothing."""
        listed = {item.package for item in self.items}
        if "pip" not in listed:
            self._unsafe += [(name, "the list") for name in _TOOLS if name not in listed]

    def _graph(self, components: Sequence[Component]) -> tuple[tuple[Edge, ...], tuple[str, ...]]:
        """Return the edges that "via" comments tell, and as roots the rows that a file or a project asks for."""
        by_name: dict[str, list[str]] = {}
        for row in components:
            by_name.setdefault(row.package or row.name, []).append(row.ref)
        edges: dict[Edge, None] = {}
        roots: list[str] = []
        for item, row in zip(self.items, components, strict=False):
            above: list[str] = []
            asked = not item.via
            for text in item.via:
                name = _NAME.match(text)
                if text.startswith("-c"):
                    continue
                known = by_name.get(package_or_none(name[0]) or "", []) if name and "(" not in text else []
                above += known
                asked |= not known
            edges |= {Edge(source=source, target=row.ref): None for source in above}
            if asked:
                roots.append(row.ref)
        return tuple(edges), tuple(roots) if edges else ()

    def as_manifest(self, document: Document) -> Document:
        """Return a file of what is asked for, whose own needs it may not name: a manifest."""
        hashed = [item for item in self.items if any(item.digests)]
        are_mixed = bool(hashed) and not all(item.is_hashed for item in self.items)
        if are_mixed:
            self._diagnostics.add(hashed[0].place, "has a hash, and other lines have none: pip rejects that")
        for place, text in self._not_applied:
            self._diagnostics.add(place, text)
        is_open = self._diagnostics.lost or self._is_open or self._has_local or self._has_links or are_mixed
        asked: dict[Requirement, int] = {}
        for item in self.items:
            if item.asked:
                asked.setdefault(item.asked, number_in(item.place))
        return replace(
            document,
            requirements=tuple(asked),
            lines=tuple(asked.values()) if any(asked.values()) else (),
            constraints=tuple(self._constraints),
            guards=Guards(overrides=self._overrides) if self._overrides else None,
            indexes=tuple(self._addresses),
            is_off_public=bool(self._indexes) or self._is_off_public,
            completeness=Completeness.INCOMPLETE if is_open else Completeness.COMPLETE,
            dependencies_known=False,
            problems=self._diagnostics.as_tuple(),
        )


def _component(item: Item, refs: Refs, diagnostics: Diagnostics) -> Component:
    marker = item.asked.marker if item.asked else ""
    note_strangers(item.package, item.version, [(item.place, item.origin)] if item.origin else [], diagnostics)
    if not item.version:
        diagnostics.add(item.place, f"{item.package} without a version: unknown")
    return Component(
        ref=refs.unique(f"{item.package}@{item.version}" if item.version else item.package),
        name=item.package,
        package=item.package,
        version=item.version,
        purl=purl_of(item.package, item.version or None),
        sha256=item.digests[0],
        members=item.digests[1],
        optional=is_elsewhere(marker),
        origin=item.origin,
        index=item.index,
        marker=marker,
    )


def _pin_of(asked: Requirement) -> str:
    """Return the one version that a requirement admits, empty where it admits more."""
    try:
        clauses = list(SpecifierSet(asked.specifier))
    except ValueError:  # InvalidSpecifier is one
        return ""
    if len(clauses) != 1 or clauses[0].operator not in {"==", "==="} or "*" in clauses[0].version:
        return ""
    return clauses[0].version
