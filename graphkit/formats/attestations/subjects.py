"""What the statement of an attestation is about, put into the document that it holds."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from graphkit.formats.attestations.layers import Subject
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.file_names import release_of_file
from graphkit.formats.purls import identity_of
from graphkit.formats.refs import Refs
from graphkit.model.documents import Component, Document
from graphkit.model.names import BadName, PackageName, read_purl
from graphkit.model.versions import release_version


def with_subjects(document: Document, subjects: Sequence[Subject], place: str, diagnostics: Diagnostics) -> Document:
    """Return a document with the artifacts that its statement is about; ``place`` is where they stand.

    Where the document describes nothing itself and they are one thing, that is its subject, as its first row. Where
    it does, they are its subject by other names, and their hashes are those of its row. A release that the subject
    is not is a row, `listed`. Cost: linear.
    """
    for number, one in enumerate(subjects):
        if one.has_content:
            diagnostics.leave_open(f"{place}[{number}]", "what is attached here")
    refs = Refs()
    for row in document.components:
        refs.unique(row.ref)
    found = [
        (_row_of(one, f"{place}[{i}]"), f"{place}[{i}]") for i, one in enumerate(subjects) if one.name or one.sha256
    ]
    about = _described(document)
    if about is None and len({_what(row) for row, _ in found}) == 1 and found[0][0].name:
        first = _joined(found[0][0], [row for row, _ in found])
        first = replace(first, ref=refs.unique(first.ref))
        return replace(
            document,
            components=(first, *document.components),
            places=(found[0][1], *document.places) if len(document.places) == len(document.components) else (),
            roots=(first.ref, *document.roots),
            subject=first.name,
        )
    same = [row for row, _ in found if about is not None and _is_same(about, row)]
    others = [(replace(row, optional=True), where) for row, where in found if row not in same]
    if about is not None and same:
        joined = _joined(about, same)
        document = replace(
            document, components=tuple(joined if row.ref == about.ref else row for row in document.components)
        )
    return with_rows(document, others, refs)


def with_rows(document: Document, rows: Sequence[tuple[Component, str]], refs: Refs | None = None) -> Document:
    """Return a document with more rows, each with its place, behind its own; their refs become unique in it."""
    if not rows:
        return document
    if refs is None:
        refs = Refs()
        for row in document.components:
            refs.unique(row.ref)
    has_places = len(document.places) == len(document.components)
    return replace(
        document,
        components=(*document.components, *(replace(row, ref=refs.unique(row.ref)) for row, _ in rows)),
        places=(*document.places, *(place for _, place in rows)) if has_places else (),
    )


def _described(document: Document) -> Component | None:
    """Return the row of what a document says that it describes."""
    rows = {row.ref: row for row in document.components if document.subject and row.name == document.subject}
    return next((rows[ref] for ref in document.roots if ref in rows), None)


def _row_of(one: Subject, place: str) -> Component:
    """Return an artifact as a row: a package by its purl, or by the name of its archive, or what has that name.

    The hash is the archive's where it is one, and of something inside otherwise: it rules nothing out then.
    """
    digests = (one.sha256,) if one.sha256 else ()
    if one.name.startswith("pkg:"):
        found = identity_of(one.name, "", Diagnostics(), place)
        name = found.package or _name_in(one.name)
        version, purl = found.version, one.name
        return Component(ref=place, name=name, package=found.package, version=version, purl=purl, members=digests)
    if (release := release_of_file(one.name)) is not None:
        package, version = release
        return Component(ref=place, name=package, package=package, version=version, sha256=digests)
    return Component(ref=place, name=one.name, members=digests)


def _name_in(purl: str) -> str:
    try:
        read = read_purl(purl)
    except BadName:
        return purl
    return "/".join(filter(None, (read.namespace, read.name)))


def _what(row: Component) -> tuple[str, str]:
    return (row.package, release_version(row.version).key) if row.package else (row.name, "")


def _is_same(about: Component, row: Component) -> bool:
    """Return whether an artifact may be what a document describes: it is of no package, or of that release."""
    if row.package is None:
        return True
    if row.package != (about.package or PackageName(canonicalize_name(about.name))):
        return False
    versions = {release_version(one).key for one in (about.version, row.version) if one}
    return len(versions) < 2


def _joined(row: Component, same: Sequence[Component]) -> Component:
    """Return a row with the hashes of others that are the same thing."""
    archives = {digest for one in (row, *same) for digest in one.sha256}
    members = {digest for one in (row, *same) for digest in one.members}
    return replace(row, sha256=tuple(sorted(archives)), members=tuple(sorted(members)))
