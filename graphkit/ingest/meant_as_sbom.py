"""Whether a file that no reader claims was meant as an SBOM: one that was cut within its first bytes, or is damaged."""

from __future__ import annotations

import re
from typing import Final

import msgspec

_MARKS: Final = (
    *(b'"bomFormat"', b'"spdxVersion"', b'"SPDXID"', b"SPDXVersion:", b"cyclonedx.org/schema/bom", b"spdx.org/rdf/"),
    *(b'"artifactRelationships"', b'"SchemaVersion"', b'"dsseEnvelope"', b'"predicateType"'),
)
"""What stands in the first bytes of SBOMs, and of attestations that hold some."""
_HEAD: Final = 4 * 1024
_LEAST: Final = 5
"""Bytes of a mark at the end of a file by which it is known: the quote and some letters."""
_CLOSED: Final = re.compile(rb"(?:</[^<>]*|/)>(?:\s*<!--.*?-->)*$", re.DOTALL)
"""How XML ends."""
_NAMED: Final = re.compile(r"\.(?:cdx|spdx)(?:\.(?:json|xml|ya?ml|rdf|jsonld))?$|\.spdx\.rdf\.xml$", re.IGNORECASE)
_PERHAPS: Final = re.compile(r"(?:^|[/._-])s?boms?\.(?:json|xml|ya?ml|spdx)$", re.IGNORECASE)
"""Names that SBOMs have, and that other lists have too."""


def is_meant_as_sbom(text: bytes, path: str) -> bool:
    """Return whether a file that no reader claims was meant as an SBOM, by its name or its first bytes.

    ``text`` is as it is once unpacked. Cost: a look at the first bytes; one pass where the name leaves doubt.

    >>> is_meant_as_sbom(b'{"bomForm', "a/x.json"), is_meant_as_sbom(b'{"parts": []}', "bom.json")
    (True, False)
    """
    if _is_whole(text):
        return bool(_NAMED.search(path)) or _says_so(text)
    head = text[:_HEAD]
    is_one = any(mark in head or _ends_in(head, mark) for mark in _MARKS)
    return is_one or bool(_NAMED.search(path) or _PERHAPS.search(path))


class _Top(msgspec.Struct):
    bom: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="bomFormat")
    spdx: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="spdxVersion")


_TOP: Final = msgspec.json.Decoder(_Top)


def _says_so(text: bytes) -> bool:
    """Return whether JSON has the key of an SBOM at its top, whatever it says there."""
    try:
        top = _TOP.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return bool(bytes(top.bom) or bytes(top.spdx))


def _ends_in(head: bytes, mark: bytes) -> bool:
    """Return whether a file ends within a mark."""
    return any(head.endswith(mark[:length]) for length in range(_LEAST, len(mark)))


def _is_whole(text: bytes) -> bool:
    """Return whether a file is JSON, ends as XML does, or is text of another kind, and not nothing."""
    text = text.strip()
    if text[:1] not in {b"{", b"["}:
        return bool(_CLOSED.search(text[-_HEAD:])) if text[:1] == b"<" else bool(text) and not text.startswith(b"SPDX")
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True
