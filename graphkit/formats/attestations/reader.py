"""SBOMs in attestations (in-toto, DSSE, Sigstore, GitHub), as documents; signatures are not checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from graphkit.formats import read_document
from graphkit.formats.attestations.layers import Statement, is_attestation, statements_of
from graphkit.formats.attestations.provenance import Materials, is_provenance
from graphkit.formats.attestations.subjects import with_rows, with_subjects
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import ATTESTED, Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError, NoDocument
from graphkit.model.sentences import first_of

_SBOMS: Final = ("cyclonedx.org/", "spdx.dev/", "syft.dev/")
"""What stands in the predicate types of SBOMs: ``https://cyclonedx.org/bom``, ``https://spdx.dev/Document/v2.3``."""
_LISTINGS: Final = frozenset({DocumentKind.SBOM, DocumentKind.ENVIRONMENT})
_SHOWN: Final = 3


class _Scanner(msgspec.Struct):
    result: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class _Predicate(msgspec.Struct):
    """What a predicate wraps a document in: cosign before 2.0, and still for types of no kind of its own; scans."""

    inner: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="Data")
    scanner: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class Attestation:
    """The reader of attestations. The document inside is read by the reader of its own format."""

    format = "attestation"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON, or JSON lines, are attestations; see `is_attestation`."""
        return is_attestation(raw.data)

    def parse(self, raw: RawDocument) -> Document:
        """Return the document that an attestation holds, with what provenance in the same file names beside it.

        Everything that the inner reader says of it stands. What the statement is about is its subject where it has
        none of its own. Provenance alone is a document where it names packages, and an incomplete one: it names
        what a builder fetched, not what came out. Cost: linear; layers are bounded (`attestation_layers`).

        Raises:
            NoDocument: no statement holds a list of components or names a package.
            InputError: a layer or the document inside cannot be read, or there are several documents.
        """
        inside: list[tuple[Statement, Document]] = []
        rest: list[Statement] = []
        diagnostics = Diagnostics()
        for one in statements_of(raw.data, diagnostics):
            if (document := _document_in(one, raw.path, raw.hint)) is None:
                rest.append(one)
            else:
                inside.append((one, document))
        if len(inside) > 1:
            raise InputError(f"{len(inside)} SBOMs in one file; give each a file of its own")
        if inside:
            statement, document = inside[0]
            document = with_subjects(
                _placed(document, statement.place), statement.subjects, _subjects_at(statement), diagnostics
            )
            document = _with_materials(document, statement, rest, diagnostics)
        else:
            document = _of_provenance(rest, raw.path, diagnostics)
        return replace(
            document,
            sha256=raw.sha256,
            format=f"{document.format}{ATTESTED}",
            completeness=Completeness.INCOMPLETE if diagnostics.lost else document.completeness,
            problems=(*document.problems, *diagnostics.as_tuple()),
        )


READER: Final = Attestation()


def _document_in(one: Statement, path: str, hint: str) -> Document | None:
    """Return the document that a predicate is or wraps, None where it is none.

    Raises:
        InputError: it says that it is an SBOM and cannot be read.
    """
    is_named = any(mark in one.kind for mark in _SBOMS)
    for place, data in () if is_provenance(one.kind) else _candidates(one):
        is_text = not data.startswith(b"{")
        if is_text and not is_named:
            continue  # a sentence is no list of requirements
        try:
            found = read_document(data, path, hint="" if is_text else hint)
        except InputError as error:
            raise InputError(error.problem, place=".".join(filter(None, (place, error.place)))) from error
        if found is not None and found.kind in _LISTINGS:
            return found
    if is_named:
        raise InputError(f"cannot read the SBOM that {quoted(one.kind)} should contain", place=one.place)
    return None


def _candidates(one: Statement) -> Iterator[tuple[str, bytes]]:
    """Yield what of a predicate may be a document, with its place: what it wraps first, then all of it.

    SPDX may be text in it: cosign takes its tag-value form as it is.
    """
    if one.predicate.startswith(b'"'):
        yield one.place, _plain(one.predicate)
    if not one.predicate.startswith(b"{"):
        return
    wrapper = msgspec.json.decode(one.predicate, type=_Predicate)
    if bytes(wrapper.inner).startswith((b"{", b'"')):
        yield f"{one.place}.Data", _plain(bytes(wrapper.inner))
    if bytes(wrapper.scanner).startswith(b"{"):
        result = msgspec.json.decode(wrapper.scanner, type=_Scanner).result
        if bytes(result).startswith(b"{"):
            yield f"{one.place}.scanner.result", bytes(result)
    yield one.place, one.predicate


def _plain(raw: bytes) -> bytes:
    """Return a JSON object as it is, and a text as the bytes that it is."""
    if not raw.startswith(b'"'):
        return raw
    try:
        return msgspec.json.decode(raw, type=str).encode("utf-8", "replace")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return b""


def _placed(document: Document, place: str) -> Document:
    """Return a document whose places say where they are in the attestation."""
    return replace(
        document,
        places=tuple(f"{place}.{one}" for one in document.places),
        problems=tuple(replace(one, place=f"{place}.{one.place}") for one in document.problems),
    )


def _subjects_at(one: Statement) -> str:
    return f"{one.place.removesuffix('predicate')}subject"


def _with_materials(document: Document, of: Statement, rest: Sequence[Statement], diagnostics: Diagnostics) -> Document:
    """Return a document with what provenance of the same artifact names, as rows that are `listed`.

    The build ended when its provenance says, where that is later than the document was made.

    Raises:
        InputError: there is provenance of another artifact that names packages: it is a document of its own.
    """
    beside = Materials(diagnostics)
    for one in (one for one in rest if is_provenance(one.kind)):
        if _is_of_one(of, one):
            beside.take(one)
            continue
        other = Materials(Diagnostics())
        other.take(one)
        other.close()
        if other.names_packages:
            raise InputError("provenance of another artifact; give it a file of its own", place=one.place)
        diagnostics.add(one.place, "provenance of another artifact, which names no package; it was not read")
    rows, places = beside.close()
    document = with_rows(
        document, [(replace(row, optional=True), place) for row, place in zip(rows, places, strict=True)]
    )
    times = [one for one in (document.created, beside.finished) if one is not None]
    return replace(document, created=max(times)) if document.created is not None and times else document


def _is_of_one(one: Statement, other: Statement) -> bool:
    """Return whether two statements may be about one artifact: one hash of theirs is the same, or one has none."""
    digests = [{subject.sha256 for subject in each.subjects} - {""} for each in (one, other)]
    return not all(digests) or bool(digests[0] & digests[1])


def _of_provenance(rest: Sequence[Statement], path: str, diagnostics: Diagnostics) -> Document:
    """Return the document of the provenance of one build.

    Raises:
        NoDocument: it names no package.
        InputError: there are several builds.
    """
    builds = [one for one in rest if is_provenance(one.kind)]
    materials = Materials(diagnostics)
    for one in builds:
        materials.take(one)
    rows, places = materials.close()
    if not materials.names_packages:
        kinds = list(dict.fromkeys(one.kind or "no type" for one in rest))
        raise NoDocument(
            f"an attestation ({first_of([*map(quoted, kinds)], _SHOWN)}) that is not an SBOM and names no package"
        )
    if len(builds) > 1:
        raise InputError("provenance of several builds in one file; give each a file of its own")
    (build,) = builds
    diagnostics.leave_open(
        build.place, "what was built: this is provenance, which names what a builder fetched, not an SBOM"
    )
    document = Document(
        sha256="",
        path=path,
        kind=DocumentKind.SBOM,
        format="provenance",
        basis=Basis.BUILT,
        components=rows,
        places=places,
        created=materials.finished,
        covers_python=any(row.package for row in rows),
        dependencies_known=False,
    )
    return with_subjects(document, build.subjects, _subjects_at(build), diagnostics)
