"""Documents: SBOMs, lock files, environment listings and manifests, each by the reader that claims its content."""

from __future__ import annotations

import codecs
import hashlib
import re
from functools import cache
from importlib import import_module
from itertools import chain, repeat
from typing import Final

import msgspec
from msgspec.structs import force_setattr, replace

from graphkit.formats.archives import is_gzip, unpacked
from graphkit.formats.checked_rows import CheckedRows
from graphkit.formats.decoding import is_json
from graphkit.formats.diagnostics import bounded
from graphkit.formats.interface import Beside, RawDocument, Reader
from graphkit.formats.lines import lines_in
from graphkit.formats.multi_document import Part, several
from graphkit.formats.purls import checksums_of
from graphkit.formats.scripts.unsuffixed import lies_with_scripts
from graphkit.model.addresses import purl_without_secrets, without_secrets
from graphkit.model.documents import Completeness, Component, Document, DocumentKind, Problem
from graphkit.model.errors import InputError
from graphkit.model.input_names import is_lock, is_manifest

READERS: Final = (
    "graphkit.formats.cyclonedx.json:READER",
    "graphkit.formats.cyclonedx.xml:READER",
    "graphkit.formats.spdx2.json:READER",
    "graphkit.formats.spdx2.yaml:READER",
    "graphkit.formats.spdx2.tag_value:READER",
    "graphkit.formats.spdx2.rdf:READER",
    "graphkit.formats.spdx3.json:READER",
    "graphkit.formats.syft.json:READER",
    "graphkit.formats.trivy.json:READER",
    "graphkit.formats.github_snapshot:READER",
    "graphkit.formats.attestations.reader:READER",
    "graphkit.formats.locks.uv:READER",
    "graphkit.formats.locks.poetry:READER",
    "graphkit.formats.locks.pdm:READER",
    "graphkit.formats.locks.pipfile:READER",
    "graphkit.formats.locks.pylock:READER",
    "graphkit.formats.environments.pip_inspect:READER",
    "graphkit.formats.environments.pip_report:READER",
    "graphkit.formats.conda.list:READER",
    "graphkit.formats.conda.explicit:READER",
    "graphkit.formats.conda.lock:READER",
    "graphkit.formats.conda.environment:READER",
    "graphkit.formats.conda.pixi_lock:READER",
    "graphkit.formats.manifests.requirements:READER",
    "graphkit.formats.manifests.pyproject:READER",
    "graphkit.formats.manifests.pipfile:READER",
    "graphkit.formats.scripts.reader:READER",
    "graphkit.formats.scripts.docker_ignore:READER",
    "graphkit.formats.lfs_pointer:READER",
)
"""Every format, as a lazy path to its reader. The order is that of listing, never a tie-break."""

_HEAD: Final = 64 * 1024
_LONGEST: Final = 1_000
"""Characters of a name that are kept; no package has a longer one."""
_LOOKED_AT: Final = 100
"""How many parts of a file may be none of a reader's before all of it is."""
_PLAIN: Final = "graphkit.formats.cyclonedx.json:READER"
"""The reader of plain BOMs."""
_SCRIPT: Final = "install commands"
_NULS: Final = Problem(place="the file", text="contains NUL characters, which were left out, as a shell does")
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPES: Final = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
"""Escapes in JSON: a pair of surrogates, a half of one, any other."""
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # which begins as UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_document(
    data: bytes, path: str, *, hint: str = "", beside: Beside | None = None, sha256: str = ""
) -> Document | None:
    """Return the document that bytes hold, None where no reader claims them.

    gzip (RFC 1952), a UTF-8 byte order mark, UTF-16, UTF-32 and a JSON array around one object are taken off
    first; ``sha256`` is always that of the bytes as given, which the caller may know. ``path`` is what answers call it;
    ``hint`` is `sbom`, `lock`, `env` or empty. ``beside`` gives files that a document may include; where it
    includes some, its ``sha256`` is that of them all. Cost: a cheap look per format, then one parse.

    Raises:
        InputError: a reader claims it and cannot use it, two readers claim it, or it is a listing of an environment
            that lists nothing.
    """
    whole, problems = _plain_text(data)
    if (script := _script_without_nuls(data, path, hint)) is not None:
        whole, problems = script, (_NULS,)
    if whole is None:
        if _is_damaged_input(data, path, hint):
            raise InputError("contains NUL characters; expected text: create it again")
        return None
    raw, claimed = _claimed(RawDocument(whole, path, hint, beside, sha256 if whole is data else ""))
    if not claimed:
        return None
    if len(claimed) > 1:
        raise InputError(f"claimed by two readers: {' and '.join(reader.format for reader in claimed)}")
    (reader,) = claimed
    try:
        document = reader.parse(raw)
    except RecursionError as error:
        raise InputError(f"{reader.format}: nested too deep to read") from error
    if hint == "env":
        check_listing(document)
    is_whole = raw.data is whole and not is_gzip(data)  # else its lines are no lines of its file
    # A reader keeps no document, so it may be finished here: `replace` takes as long as a quarter of the reading.
    force_setattr(document, "lines", lines_in(whole, document) if is_whole else ())
    if len(document.subject) > _LONGEST or _ROWS.odd_in(document.components):
        document = _with_short_names(_without_secrets(_with_checksums(document)))
    if problems:
        document = replace(document, problems=(*problems, *document.problems))
    if raw.data is data or document.sha256 != raw.sha256:
        return document
    return replace(document, sha256=sha256 or hashlib.sha256(data).hexdigest())


def check_listing(document: Document) -> None:
    """Refuse a listing that lists nothing: a command that failed leaves an empty file behind.

    What a resolver wrote, by its header, may hold nothing; so may what was not read completely, which clears nobody.

    Raises:
        InputError: it is such a listing.
    """
    if document.kind is DocumentKind.LOCK or document.completeness is Completeness.INCOMPLETE:
        return
    if document.requirements or document.commands:
        return
    beside = sum(
        place.startswith(("metadata.", "creationInfo.")) for place in document.places[: len(document.components)]
    )
    tops = {row.ref for row in document.components if row.name == document.subject}.intersection(document.roots)
    described = max(beside, len(tops)) if document.kind is DocumentKind.SBOM else 0
    if len(document.components) <= described:
        text = "lists nothing, as after a failed command; expected a line for each release: create it again"
        raise InputError(text)


def is_claimed(data: bytes, path: str, *, hint: str = "") -> bool:
    """Return whether a reader claims bytes, which it may not be able to use all the same.

    Raises:
        InputError: they cannot be unpacked.
    """
    if _script_without_nuls(data, path, hint) is not None:
        return True
    text, _ = _plain_text(data)
    return _is_damaged_input(data, path, hint) if text is None else bool(_claimed(RawDocument(text, path, hint))[1])


def _script_without_nuls(data: bytes, path: str, hint: str) -> bytes | None:
    """Return a script without its NULs, which shells pass over; None for all that is none, or is another encoding."""
    if b"\0" not in data:
        return None
    if (text := _text_of(data)) is not None and _claimed(RawDocument(text, path, hint))[1]:
        return None
    plain = data.replace(b"\0", b"")
    if not data.startswith(b"#!") and lies_with_scripts(path) and "file" not in path.lower() and not _is_utf_8(plain):
        return None  # a program, whose strings may be those of an installer
    is_script = any(one.format == _SCRIPT for one in _claimed(RawDocument(plain, path, hint))[1])
    return plain if is_script else None


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_input(data: bytes, path: str, hint: str) -> bool:
    """Return whether bytes with NULs have the name of a lock or manifest, and would be one without them."""
    text = data.replace(b"\0", b"")
    return (is_lock(path) or is_manifest(path)) and bool(_claimed(RawDocument(text, path, hint))[1])


def parts_of(data: bytes, path: str) -> list[Part] | None:
    """Return the documents of a file that holds several; None where it holds one, or nothing that a reader claims.

    To be asked of what `read_document` does not know or cannot use: a file that it can is one document.

    Raises:
        InputError: it cannot be unpacked, or holds too many.
    """
    text, _ = _plain_text(data)
    found = several(text) if text is not None else None
    if found and any(_claimed(RawDocument(part, path))[1] for part, _ in found[:_LOOKED_AT]):
        return found
    return None


def _claimed(raw: RawDocument) -> tuple[RawDocument, list[Reader]]:
    """Return what is claimed, and by whom: the one object of an array, or text as it is, as a list of one row."""
    text = _out_of_array(raw.data)
    inner = raw if text is raw.data else replace(raw, data=text, known_sha256="")
    if _is_plain_bom(text):
        return inner, [_reader(_PLAIN)]
    for one in (inner, raw):
        if claiming := [reader for reader in readers() if reader.claims(one)]:
            return one, claiming
        if one is raw:
            break
    return raw, []


class _Top(msgspec.Struct):
    """The keys at the top of JSON by which its readers know their formats."""

    bom: str = msgspec.field(default="", name="bomFormat")
    spdx: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="spdxVersion")
    context: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="@context")
    sbom: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    artifacts: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    pipfile: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="_meta")
    pip: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="pip_version")
    trivy: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="SchemaVersion")
    scanned: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    payload: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    predicate: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="predicateType")
    envelope: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="dsseEnvelope")


_TOP: Final = msgspec.json.Decoder(_Top)


def _is_plain_bom(text: bytes) -> bool:
    """Return whether text is a CycloneDX BOM and has no key of another format at its top.

    All claims together take several passes over the text, this one does: most documents of a fleet are
    such BOMs.
    """
    if not is_json(text) or b'"bomFormat"' not in text[:_HEAD]:
        return False
    try:
        top = _TOP.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    others = (top.spdx, top.context, top.sbom, top.artifacts, top.pipfile, top.pip, top.trivy, top.scanned)
    wraps = (top.payload, top.predicate, top.envelope)
    return top.bom == "CycloneDX" and not any(map(bytes, (*others, *wraps)))


def _is_odd(row: Component) -> bool:
    """Return whether a row holds what `_with_checksums`, `_without_secrets` or `_with_short_names` may change."""
    return "checksum" in row.purl or _may_let_in(row) or len(row.name) > _LONGEST


def _may_let_in(row: Component) -> bool:
    """Return whether an address of a row may hold what lets somebody in; see `without_secrets`."""
    addresses = row.index + row.origin
    return "@" in addresses or "?" in addresses or "/t/" in addresses or "?" in row.purl


_ROWS: Final = CheckedRows(_is_odd)


def _with_checksums(document: Document) -> Document:
    """Return a document whose rows have the hashes that their purls give, whatever the format."""
    if not any("checksum" in row.purl for row in document.components):
        return document
    rows = (
        replace(row, sha256=tuple(sorted({*row.sha256, *more}))) if (more := checksums_of(row.purl)) else row
        for row in document.components
    )
    return replace(document, components=tuple(rows))


def _without_secrets(document: Document) -> Document:
    """Return a document whose addresses let nobody in: what is kept ends up in reports."""
    if not any(map(_may_let_in, document.components)):
        return document
    rows = (
        replace(
            row,
            index=without_secrets(row.index),
            origin=without_secrets(row.origin),
            purl=purl_without_secrets(row.purl),
        )
        if _may_let_in(row)
        else row
        for row in document.components
    )
    return replace(document, components=tuple(rows))


def _with_short_names(document: Document) -> Document:
    """Return a document whose names can be shown: one of megabytes is cut, and noted."""
    if len(document.subject) <= _LONGEST and not any(len(row.name) > _LONGEST for row in document.components):
        return document
    problems = (
        Problem(place=place, text=f"a name of {len(row.name):,} characters; cut")
        for row, place in zip(document.components, document.places or repeat("the document"), strict=False)
        if len(row.name) > _LONGEST
    )
    rows = (replace(row, name=row.name[:_LONGEST]) if len(row.name) > _LONGEST else row for row in document.components)
    subject = document.subject[:_LONGEST]
    return replace(
        document, components=tuple(rows), subject=subject, problems=bounded(chain(document.problems, problems))
    )


@cache
def readers() -> tuple[Reader, ...]:
    """Return the reader of every format, in the order of `READERS`. Cost: imports of them all, once."""
    return tuple(map(_reader, READERS))


@cache
def _reader(path: str) -> Reader:
    """Return one reader. A process that reads plain BOMs alone, as for a fleet, imports no other."""
    module, _, name = path.partition(":")
    found: Reader = getattr(import_module(module), name)
    return found


def _plain_text(data: bytes) -> tuple[bytes | None, tuple[Problem, ...]]:
    """Return UTF-8 text as readers take it, None for bytes that are no text, and what had to be mended."""
    text = _text_of(data)
    if text is None or not (is_json(text) or text.lstrip()[:1] == b"["):
        return text, ()
    return _without_halves(text)


def _without_halves(text: bytes) -> tuple[bytes, tuple[Problem, ...]]:
    """Return JSON with a replacement character for each escape of half a character, which no UTF-8 can hold.

    Tools that cut long texts leave such halves (RFC 8259, section 8.2). Cost: a search; one pass where
    there are surrogates, and one more where one of them stands alone.
    """
    if b"\\" not in text or not _SURROGATE.search(text):
        return text, ()
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        first = next((found.start() for found in _ESCAPES.finditer(text) if found[2]), None)
        if first is not None:
            mended = _ESCAPES.sub(lambda found: b"\\ufffd" if found[2] else found[0], text)
            return mended, (Problem(place=f"byte {first}", text="an incomplete character, which was replaced"),)
    return text, ()


def _out_of_array(text: bytes) -> bytes:
    """Return the one object of a JSON array; all else as it is."""
    if text.lstrip()[:1] != b"[":
        return text
    try:
        elements = [bytes(one) for one in _ELEMENTS.decode(text)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text
    return elements[0] if len(elements) == 1 and is_json(elements[0]) else text


def _text_of(data: bytes) -> bytes | None:
    """Return UTF-8 text without packing and byte order mark; None for bytes that are no text."""
    data = unpacked(data)
    if is_gzip(data):
        return None
    if data.startswith(codecs.BOM_UTF8):
        return data[len(codecs.BOM_UTF8) :]
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding and b"\0" in data[:2]:  # without a mark, ASCII shows between the zeros
        width = "32" if data[:4].count(b"\0") == 3 else "16"
        encoding = f"utf-{width}-be" if data[:1] == b"\0" else f"utf-{width}-le"
    if encoding:
        try:
            return data.decode(encoding).removeprefix("\ufeff").encode()
        except UnicodeError:
            return None
    return None if b"\0" in data[:_HEAD] else data
