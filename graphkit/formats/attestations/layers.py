"""What attestations wrap: in-toto statements, out of DSSE envelopes, Sigstore's bundles and GitHub's answers.

Signatures are taken off and not checked: a statement is believed as any other file is.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from graphkit.formats.decoding import is_json, json_value, not_json
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.duplicate_keys import with_joined_keys
from graphkit.formats.file_names import release_of_file
from graphkit.formats.multi_document import several
from graphkit.formats.named_releases import texts_in
from graphkit.model.errors import InputError

DEEPEST: Final = 8
"""The most layers around a statement: an answer, an item of it, a bundle and an envelope are four."""
MOST: Final = 50_000
"""The most statements in one file."""
LARGEST: Final = 32 * 2**20
"""Bytes of subjects, and of provenance: what a build fetched is read as a whole, whatever stands in it."""
_STATEMENT: Final = "in-toto.io/Statement"
_BUNDLE: Final = "application/vnd.dev.sigstore.bundle"
_MARKS: Final = (
    b'"payloadType"',
    b'"predicateType"',
    b'"dsseEnvelope"',
    b'"messageSignature"',
    b'"verificationResult"',
)
_OTHERS: Final = re.compile(rb"\"(?:bomFormat|spdxVersion|@context)\"\s*:")
_SPACE: Final = re.compile(r"\s+")
_STANDARD: Final = str.maketrans("-_", "+/")
_HEX64: Final = re.compile(r"[0-9a-fA-F]{64}")


class _Top(msgspec.Struct):
    """The keys at the top of every layer."""

    payload_type: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="payloadType")
    payload: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    media_type: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="mediaType")
    envelope: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="dsseEnvelope")
    signature: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="messageSignature")
    bundle: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    attestation: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    attestations: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    result: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="verificationResult")
    statement: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    type: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="_type")
    predicate_type: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="predicateType")
    predicate: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    subject: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


_TOP: Final = msgspec.json.Decoder(_Top)
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Subject(Struct, frozen=True, kw_only=True):
    """What a statement is about: an artifact by name, with the SHA-256 that it has, if it has any."""

    name: str
    sha256: str
    has_content: bool = False
    """It holds the artifact itself (``content``), which is not looked into."""


class Statement(Struct, frozen=True, kw_only=True):
    """What an attestation says. ``kind`` is the predicate's type; ``predicate`` is JSON; ``place`` where it stands."""

    kind: str
    predicate: bytes
    subjects: tuple[Subject, ...]
    place: str


def is_attestation(text: bytes) -> bool:
    """Return whether JSON, or JSON lines, are attestations, each of them. Never raises.

    Broken JSON that has their keys is one, to be rejected aloud. Cost: a search; a scan on a hit.
    """
    if text.lstrip()[:1] not in {b"{", b"["} or not any(mark in text for mark in _MARKS):
        return False
    try:
        parts = _parts(text)
    except InputError:  # too many
        return False
    if parts is None:
        return is_json(text) and not _OTHERS.search(text)
    return bool(parts) and all(_is_layer(one) for one in parts)


def statements_of(text: bytes, diagnostics: Diagnostics) -> list[Statement]:
    """Return the statements of an attestation, or of several in one file, in their order; duplicate keys are noted.

    Raises:
        InputError: a layer cannot be read, or there are too many or too deep ones.
    """
    parts = _parts(text)
    if parts is None:
        json_value(text)
        raise InputError("cannot read JSON")
    found: list[Statement] = []
    for number, part in enumerate(parts, 1):
        place = f"attestation {number}" if len(parts) > 1 else ""
        for one in _unwrapped(with_joined_keys(part, diagnostics, place), place, diagnostics):
            found.append(one)
            if len(found) > MOST:
                raise InputError(f"more than {MOST:,} attestations in one file; split it")
    return found


def _parts(text: bytes) -> list[bytes] | None:
    """Return each JSON value of a text; None where one of them is broken."""
    if is_json(text):
        try:
            _TOP.decode(text)
        except msgspec.ValidationError:
            return []
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            return [text]
    found = several(text)
    if found is None or any(error for _, error in found):
        return None
    return [part for part, _ in found]


def _decoded(text: bytes) -> _Top | None:
    try:
        return _TOP.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_layer(text: bytes) -> bool:
    top = _decoded(text)
    if top is None:
        return False
    if _is_envelope(top) or _is_statement(top) or _is_bundle(top):
        return True
    inner = next(iter(_inner(top)), None)
    return inner is not None and any(mark in inner[1] for mark in _MARKS)


def _is_envelope(top: _Top) -> bool:
    return _text(top.payload_type) != "" and bytes(top.payload).startswith(b'"')


def _is_statement(top: _Top) -> bool:
    is_named = _STATEMENT in _text(top.type)
    return is_named or (_text(top.predicate_type) != "" and bool(bytes(top.predicate) or bytes(top.subject)))


def _is_bundle(top: _Top) -> bool:
    is_named = _text(top.media_type).startswith(_BUNDLE)
    return bytes(top.envelope).startswith(b"{") or is_named


def _inner(top: _Top) -> Iterator[tuple[str, bytes]]:
    """Yield the layers inside one that is no envelope and no statement, with the keys that lead there.

    What a tool says that it verified comes after the bundle itself, and counts where there is none.
    """
    if bytes(top.envelope).startswith(b"{"):
        yield "dsseEnvelope", bytes(top.envelope)
    elif bytes(top.bundle).startswith(b"{"):
        yield "bundle", bytes(top.bundle)
    elif bytes(top.attestations).startswith(b"["):
        for number, one in enumerate(_ARRAY.decode(top.attestations)):
            yield f"attestations[{number}]", bytes(one)
    elif (inner := _decoded(bytes(top.attestation))) is not None and next(_inner(inner), None) is not None:
        yield "attestation", bytes(top.attestation)
    elif bytes(top.result).startswith(b"{"):
        yield "verificationResult", bytes(top.result)
    elif bytes(top.statement).startswith(b"{"):
        yield "statement", bytes(top.statement)


def _unwrapped(text: bytes, place: str, diagnostics: Diagnostics) -> Iterator[Statement]:
    """Yield the statements in a layer; without recursion, and no deeper than `DEEPEST`."""
    waiting = [(text, place, 0)]
    while waiting:
        data, where, depth = waiting.pop()
        if depth > DEEPEST:
            raise InputError(f"attestations in attestations, more than {DEEPEST} deep", place=where)
        top = _decoded(data)
        if top is None:
            raise InputError("should be an object", place=where)
        statement = _statement_of(top, where, diagnostics)
        inner = _inner(top) if statement is None else _within(statement)
        layers = [(one, _at(where, key), depth + 1) for key, one in inner]
        if statement is not None and not layers:
            yield statement
        elif not layers:
            raise InputError("contains no attestation; expected an envelope or a statement", place=where)
        waiting += reversed(layers)


def _statement_of(top: _Top, place: str, diagnostics: Diagnostics) -> Statement | None:
    """Return what a layer states; of an envelope, what it holds; None where it only holds other layers."""
    if _is_envelope(top):
        kind = _text(top.payload_type)
        payload = _payload_of(top, place, is_json_expected="json" in kind.lower())
        at = _at(place, "payload")
        return Statement(kind=kind, predicate=with_joined_keys(payload, diagnostics, at), subjects=(), place=at)
    if _is_statement(top):
        kind, subjects = _text(top.predicate_type).strip(), tuple(_subjects(top.subject))
        return Statement(kind=kind, predicate=bytes(top.predicate), subjects=subjects, place=_at(place, "predicate"))
    if bytes(top.signature).startswith(b"{"):
        return Statement(kind="a signature of a file", predicate=b"", subjects=(), place=place)
    return None


def _within(statement: Statement) -> Iterator[tuple[str, bytes]]:
    """Yield the layer that a payload or a predicate is, where it is one, with the key that leads there."""
    if statement.predicate.startswith(b"{") and _is_layer(statement.predicate):
        yield statement.place.rpartition(".")[2], statement.predicate


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _payload_of(top: _Top, place: str, *, is_json_expected: bool) -> bytes:
    """Return the JSON that an envelope holds; of a type of payload that names no JSON, nothing where it holds none.

    Such a payload is of a kind that holds no SBOM.
    """
    try:
        return _json_in(_text(top.payload))
    except InputError as error:
        if not is_json_expected:
            return b""
        raise InputError(error.problem, place=_at(place, "payload")) from error


def _json_in(text: str) -> bytes:
    """Return the JSON object in base64 of either alphabet (RFC 4648), padded or not, in one line or several."""
    text = _SPACE.sub("", text).translate(_STANDARD).rstrip("=")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).removeprefix(codecs.BOM_UTF8)
    except ValueError as error:  # binascii.Error, and text that is no ASCII
        raise InputError("not valid base64 (RFC 4648)") from error
    if not is_json(data):
        raise InputError("is not a JSON object; expected an in-toto statement")
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from error
    return data


def _subjects(raw: msgspec.Raw) -> Iterator[Subject]:
    check_length(bytes(raw), "subjects")
    try:
        found = msgspec.json.decode(raw) if bytes(raw) else []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = []
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield from _subjects_in(one)


def _subjects_in(descriptor: dict[str, Any]) -> Iterator[Subject]:
    """Yield what one descriptor is of, by its name, and every release that another text in it names."""
    digest, has_content = sha256_in(descriptor), bool(descriptor.get("content"))
    texts = [descriptor.get(key) for key in ("name", "uri", "downloadLocation")]
    named = [one.strip() for one in texts if isinstance(one, str) and one.strip() not in {"", "_"}]
    yield Subject(name=next(iter(named), ""), sha256=digest, has_content=has_content)
    for text in (*named[1:], *texts_in(descriptor.get("annotations"))):
        if text.startswith("pkg:pypi/") or release_of_file(text) is not None:
            yield Subject(name=text, sha256=digest)


def check_length(data: bytes, what: str, place: str = "") -> None:
    """Refuse what is read as a whole and is larger than `LARGEST`.

    Raises:
        InputError: it is.
    """
    if len(data) > LARGEST:
        raise InputError(f"{what} of more than {LARGEST // 2**20} MiB; split it", place=place)


def sha256_in(descriptor: dict[str, Any]) -> str:
    """Return the SHA-256 of a resource (in-toto, "DigestSet") in lower case; empty where it has none."""
    digests = descriptor.get("digest")
    found = digests.get("sha256") if isinstance(digests, dict) else None
    return found.lower() if isinstance(found, str) and _HEX64.fullmatch(found) else ""


def _text(raw: msgspec.Raw) -> str:
    """Return the text that raw JSON is, empty where it is something else."""
    if not bytes(raw).startswith(b'"'):
        return ""
    try:
        return msgspec.json.decode(raw, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
