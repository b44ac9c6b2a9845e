"""What stands in elements of SPDX 3 beside names and purls and can name a file: addresses, identifiers and hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphkit.formats.cyclonedx.other_parts import installs
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.spdx3.packages import checksums_of, tables_of
from graphkit.formats.spdx3.shape import Element, text_of

_TEXTS = {
    "externalRef": ("locator",),
    "externalIdentifier": ("identifier", "identifierLocator"),
    "software_contentIdentifier": ("software_contentIdentifierValue",),
    "verifiedUsing": ("packageVerificationCodeExcludedFile",),
    "build_parameter": ("value",),
    "build_environment": ("value",),
}
"""Properties that hold objects, and the texts of these that may be names or addresses of files."""
_OWN = ("build_configSourceUri", "build_configSourceEntrypoint")
_RUN = frozenset({"build_parameter", "build_environment", "build_configSourceEntrypoint"})
_HASHES = ("verifiedUsing", "build_configSourceDigest")


def texts_beside(
    elements: Iterable[Element], by_id: Mapping[str, Element], diagnostics: Diagnostics
) -> Iterator[tuple[str, str]]:
    """Yield texts that may be names of files or purls, with their places; a build's command that installs is noted."""
    for one in elements:
        for key, names in _TEXTS.items():
            for place, row in tables_of(one, key, by_id, Diagnostics()):
                for name in names:
                    for text in _texts(row.get(name)):
                        _note_command(key, text, place, diagnostics)
                        yield place, text
        for key in _OWN:
            for place, value in one.values(key):
                for text in _texts(value):
                    _note_command(key, text, place, diagnostics)
                    yield place, text


def hashes_beside(elements: Iterable[Element], by_id: Mapping[str, Element]) -> Iterator[tuple[str, str]]:
    """Yield the SHA-256 of elements that are neither packages nor files, and of what builds started from."""
    for one in elements:
        for key in _HASHES:
            if key in one.table:
                found = (row for row in checksums_of(one, by_id, Diagnostics(), key) if row.algorithm == "sha256")
                yield from ((one.at(key), row.value or "") for row in found)


def _texts(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if text := text_of(one, "", Diagnostics()):
            yield text


def _note_command(key: str, text: str, place: str, diagnostics: Diagnostics) -> None:
    if key in _RUN and installs(text):
        diagnostics.leave_open(place, "what this command installs")
