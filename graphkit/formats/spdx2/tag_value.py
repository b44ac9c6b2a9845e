"""SPDX documents as tag-value text, versions 2.2 and 2.3 (ISO/IEC 5962:2021): a tag, a colon and a value a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from graphkit.formats.decoding import repaired
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.spdx2.document import document_of
from graphkit.formats.spdx2.shape import (
    Checksum,
    Creation,
    Element,
    ExternalDocument,
    File,
    Package,
    Project,
    Reference,
    Relationship,
    Snippet,
    Spdx,
    Verification,
    line_of,
    text_syntax,
)
from graphkit.model.documents import Document

_END: Final = re.compile(r"\r\n|\r|\n")
_LINE: Final = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_-]{0,59})[ \t]*:(.*)", re.DOTALL)
_OPEN: Final = re.compile(r"[ \t]*[A-Za-z][A-Za-z0-9]{0,59}[ \t]*:[ \t]*<text>")
_FIELDS: Final = {
    "packageversion": "version",
    "packagedownloadlocation": "download",
    "packagesourceinfo": "source",
    "packagefilename": "file",
    "primarypackagepurpose": "purpose",
}
_EXCLUDED: Final = re.compile(r"\(\s*excludes\s*:?\s*(.*)\)", re.IGNORECASE | re.DOTALL)
"""The files that a verification code leaves out."""
_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_HEADER: Final = frozenset({"spdxversion", "datalicense", "documentname", "documentnamespace"})
_OUTSIDE: Final = _HEADER | {"created", "creator", "creatorcomment", "externaldocumentref", "relationship"}
_TAGS: Final = (
    *("SPDXVersion", "SPDXID", "Created", "Creator", "CreatorComment", "PackageName", "PackageVersion"),
    *("PackageDownloadLocation", "PackageSourceInfo", "PrimaryPackagePurpose", "PackageChecksum", "ExternalRef"),
    *(
        "PackageVerificationCode",
        "FilesAnalyzed",
        "FileName",
        "FileChecksum",
        "FileDependency",
        "ArtifactOfProjectName",
    ),
    *("SnippetSPDXID", "SnippetFromFileSPDXID", "Relationship", "SPDXREF"),
)
"""The tags that are read; the others say nothing of who holds what."""
_CUT: Final = "the rest of this file, which seems to be cut off"
_CLOSE: Final = 0.88
_MOST_UNKNOWN: Final = 100
"""Of how many unknown tags it is asked whether they are misspelt."""


class SpdxTagValue:
    """The reader of SPDX tag-value."""

    format = "SPDX tag-value"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether lines are tags and values, one of them the SPDX version. Cost: a search."""
        return text_syntax(raw.data) == "tag-value"

    def parse(self, raw: RawDocument) -> Document:
        """Return a document; see `document_of`. Files that stand below a package are in it (SPDX 2.3, clause 8.1)."""
        diagnostics = Diagnostics()
        reading = _Reading(diagnostics)
        for number, tag, value in _values(repaired(raw.data, diagnostics).decode(), diagnostics):
            reading.take(number, tag, value)
        return document_of(reading.read(), raw, diagnostics, place_of=lambda place: line_of(place, reading.lines))


READER: Final = SpdxTagValue()


def _values(text: str, diagnostics: Diagnostics) -> Iterator[tuple[int, str, str]]:
    """Yield every tag with its value and the number of its line, from 1.

    A ``<text>`` that the next one begins in, or that never ends, is one line long: else it would
    swallow what stands behind it. Cost: each line is looked at twice at most.
    """
    lines = _END.split(text)
    number, stray = 0, []
    while number < len(lines):
        line = lines[number]
        number += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not (found := _LINE.fullmatch(line)):
            stray.append(number)
            continue
        tag, value = found[1], found[2].strip()
        at = number
        if value.startswith("<text>"):
            end = _end_of_text(lines, number - 1, value)
            if end is None and not any(map(_OPEN.match, lines[number:])):
                diagnostics.leave_open(f"line {at}", f"{_CUT}: the <text> of {tag} has no end")
            elif end is None:
                diagnostics.add(f"line {at}", f"the <text> of {tag} has no end; read to the end of its line")
            else:
                value = "\n".join((value, *lines[number : end + 1])).partition("</text>")[0]
                number = end + 1
            value = value.removeprefix("<text>").strip()
        yield at, tag, value
    if stray:
        diagnostics.add(
            f"line {stray[0]}", f"neither a tag nor a comment; left out, like {len(stray) - 1} more such lines"
        )


def _end_of_text(lines: list[str], start: int, value: str) -> int | None:
    """Return the line on which a text that begins on line ``start`` ends, None where it has no end of its own."""
    if "</text>" in value:
        return start
    for number in range(start + 1, len(lines)):
        if _OPEN.match(lines[number]):
            return None
        if "</text>" in lines[number]:
            return number
    return None


class _Reading:
    """What was read so far, and in which section the reading is."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.lines: dict[str, int] = {}
        """The line on which each part that may be noted stands."""
        self._diagnostics = diagnostics
        self._spdx = Spdx()
        self._creation = Creation(creators=[])
        self._packages: list[Package] = []
        self._files: list[File] = []
        self._snippets: list[Snippet] = []
        self._relationships: list[Relationship] = []
        self._documents: list[ExternalDocument] = []
        self._section: Spdx | Package | Element | None = self._spdx
        self._is_header = False
        """The tag before was one of the document's own, which may stand behind packages."""
        self._unknown: set[str] = set()
        self._is_inside = False
        """The last tag was none that stands between elements."""
        self._last = 0
        """The line of the last tag."""
        self._analysed: dict[int, int] = {}
        """The packages whose files were looked at, with the line that says so."""

    def read(self) -> Spdx:
        """Return the document; left open where it shows that something of it is missing.

        Nothing ends such a file, so that one which was cut off between two lines looks whole.
        """
        self._check_end()
        self._spdx.creation = self._creation
        self._spdx.packages, self._spdx.files = self._packages, self._files
        self._spdx.snippets, self._spdx.relationships = self._snippets, self._relationships
        self._spdx.documents = self._documents
        ids = {one.name: one.id for one in reversed(self._files) if one.name and one.id}
        for one in self._files:  # here they are names, in the other syntaxes ids
            one.needs = [ids.get(name, name) for name in one.needs or ()]
        return self._spdx

    def _check_end(self) -> None:
        """Leave the document open where something is missing that it must have (SPDX 2.3, clauses 7, 8 and 11.1)."""
        last, missing = self._section if self._is_inside else None, ""
        if isinstance(last, Package):
            missing = "SPDXID" if last.id is None else "PackageDownloadLocation" if last.download is None else ""
        elif isinstance(last, File):
            missing = "SPDXID" if last.id is None else "" if last.checksums else "FileChecksum"
        elif isinstance(last, Snippet):
            missing = "" if last.file else "SnippetFromFileSPDXID"
        place = f"line {self._last}"
        if missing:
            self._diagnostics.leave_open(place, f"{_CUT}: its last element has no {missing}")
        kinds = {(one.type or "").upper() for one in self._relationships}
        if len(self._packages) > 1 and kinds.isdisjoint({"DESCRIBES", "DESCRIBE", "DESCRIBED_BY"}):
            self._diagnostics.leave_open(place, f"{_CUT}: no relationship says what it DESCRIBES")
        holding = {one.element for one in self._relationships if (one.type or "").upper() == "CONTAINS"}
        holding |= {one.related for one in self._relationships if (one.type or "").upper() == "CONTAINED_BY"}
        for number, line in self._analysed.items():
            if not self._packages[number].files and self._packages[number].id not in holding:
                self._diagnostics.leave_open(
                    f"line {line}", "the files of this package: they were analysed, and none is listed"
                )

    def take(self, line: int, tag: str, value: str) -> None:
        """Take up one tag."""
        low, self._last = tag.lower(), line
        self._is_inside = low not in _OUTSIDE
        if low == "relationship":
            self._relate(line, value)
        elif low in {"packagename", "filename", "snippetspdxid", "licenseid"}:
            self._begin(line, low, value)
        elif low == "spdxid":
            self._name(line, value)
        elif low.startswith("package") or low in {"externalref", "filesanalyzed", "primarypackagepurpose"}:
            self._of_package(line, tag, value)
        elif low in {"filechecksum", "filedependency", "artifactofprojectname"}:
            self._of_file(line, tag, value)
        elif low in {"snippetfromfilespdxid", "spdxref"}:
            self._lead(line, tag, value)
        elif low in _HEADER:
            self._is_header = True
            if low == "spdxversion":
                self._of_document(line, tag, value)
        elif low == "externaldocumentref":
            self.lines[f"externalDocumentRefs[{len(self._documents)}]"] = line
            self._documents.append(ExternalDocument(id=value.split(None, 1)[0] if value else ""))
        elif low in {"created", "creator", "creatorcomment"}:
            self._of_document(line, tag, value)
        else:
            self._ignore(line, tag)

    def _lead(self, line: int, tag: str, value: str) -> None:
        """Take up what a snippet is of, and what is annotated: it has to be there."""
        if tag.lower() == "spdxref":
            self._take_relationship(line, Relationship(element=value, type="OTHER", related="NOASSERTION"))
        elif isinstance(self._section, Snippet):
            self.lines[f"snippets[{len(self._snippets) - 1}]"] = line
            self._section.file = value
        else:
            self._diagnostics.add(f"line {line}", f"{tag} stands in no snippet; left out", lost=True)

    def _begin(self, line: int, low: str, value: str) -> None:
        self._is_header = False
        if low == "packagename":
            self.lines[f"packages[{len(self._packages)}]"] = line
            self._section = Package(name=value, checksums=[], references=[], files=[])
            self._packages.append(self._section)
        elif low == "filename":
            self.lines[f"files[{len(self._files)}]"] = line
            self._section = File(name=value, checksums=[])
            self._files.append(self._section)
        elif low == "snippetspdxid":
            self._section = Snippet(id=value)
            self._snippets.append(self._section)
        else:
            self._section = None

    def _name(self, line: int, value: str) -> None:
        if (self._is_header and self._spdx.id is None) or value == _DOCUMENT:
            self._is_header = False
            self._set(self._spdx, "id", "SPDXID", value, line)
        elif self._section is None:
            self._diagnostics.add(f"line {line}", f"the id {quoted(value)} belongs to no element; left out")
        elif not self._set(self._section, "id", "SPDXID", value, line):
            return
        elif isinstance(self._section, File) and self._packages:
            files = self._packages[-1].files
            assert files is not None
            self.lines[f"packages[{len(self._packages) - 1}].hasFiles[{len(files)}]"] = line
            files.append(value)

    def _of_document(self, line: int, tag: str, value: str) -> None:
        low = tag.lower()
        if low == "creator":
            assert self._creation.creators is not None
            self._creation.creators.append(value)
        elif low == "spdxversion":
            if self._set(self._spdx, "version", tag, value, line):
                self.lines["spdxVersion"] = line
        elif self._set(self._creation, "created" if low == "created" else "comment", tag, value, line):
            self.lines[f"creationInfo.{low}"] = line

    def _of_package(self, line: int, tag: str, value: str) -> None:
        low = tag.lower()
        field = _FIELDS.get(low, "")
        if not field and low not in {"filesanalyzed", "packagechecksum", "externalref", "packageverificationcode"}:
            self._ignore(line, tag)
            return
        part, number = self._section, len(self._packages) - 1
        if not isinstance(part, Package):
            self._diagnostics.add(f"line {line}", f"{tag} is outside any package; left out", lost=True)
        elif low == "packagechecksum":
            assert part.checksums is not None
            self.lines[f"packages[{number}].checksums[{len(part.checksums)}]"] = line
            part.checksums.append(_checksum(value))
        elif low == "externalref":
            self._refer(line, part, value)
        elif low == "filesanalyzed":
            self._analysed |= {number: line} if value.lower() == "true" else {}
        elif low == "packageverificationcode":
            excluded = found[1].split(",") if (found := _EXCLUDED.search(value)) else []
            part.verification = Verification(excluded=[one.strip() for one in excluded])
        elif self._set(part, field, tag, value, line) and field == "version":
            self.lines[f"packages[{number}].versionInfo"] = line

    def _refer(self, line: int, part: Package, value: str) -> None:
        words = value.split(None, 2)
        # The locator is the last word; whoever leaves out the category or the type still names it.
        locator = words[-1] if words else ""
        if len(words) != 3:
            said = "is not a category, a type and a locator"
            self._diagnostics.add(
                f"line {line}", f"{quoted(value)} {said}", lost=not locator.lower().startswith("pkg:")
            )
        assert part.references is not None
        self.lines[f"packages[{len(self._packages) - 1}].externalRefs[{len(part.references)}]"] = line
        part.references.append(Reference(type=words[-2] if len(words) > 1 else "", locator=locator))

    def _of_file(self, line: int, tag: str, value: str) -> None:
        if not isinstance(self._section, File):
            self._diagnostics.add(f"line {line}", f"{tag} is outside any file; left out", lost=True)
            return
        if tag.lower() == "filedependency":
            self.lines.setdefault(f"files[{len(self._files) - 1}].fileDependencies", line)
            self._section.needs = [*(self._section.needs or ()), value]
            return
        if tag.lower() == "artifactofprojectname":
            self._section.projects = [*(self._section.projects or ()), Project(name=value)]
            return
        sums = self._section.checksums
        assert sums is not None
        self.lines[f"files[{len(self._files) - 1}].checksums[{len(sums)}]"] = line
        sums.append(_checksum(value))

    def _relate(self, line: int, value: str) -> None:
        words = value.split()
        if len(words) != 3:
            self._diagnostics.add(
                f"line {line}",
                f"{quoted(value)} is not a valid relationship: expected two elements and a type",
                lost=True,
            )
            return
        self._take_relationship(line, Relationship(element=words[0], type=words[1], related=words[2]))

    def _take_relationship(self, line: int, one: Relationship) -> None:
        self.lines[f"relationships[{len(self._relationships)}]"] = line
        self._relationships.append(one)

    def _set(self, owner: object, field: str, tag: str, value: str, line: int) -> bool:
        """Set what stands once only, and return whether this was the first."""
        if first := getattr(owner, field) is None:
            setattr(owner, field, value)
        elif getattr(owner, field) != value:
            text = f"duplicate {tag}; {quoted(value)} is ignored"
            self._diagnostics.add(f"line {line}", text, lost=isinstance(owner, Package))
        return first

    def _ignore(self, line: int, tag: str) -> None:
        if tag in self._unknown or len(self._unknown) >= _MOST_UNKNOWN:
            return
        self._unknown.add(tag)
        if meant := get_close_matches(tag, _TAGS, 1, _CLOSE):
            self._diagnostics.add(f"line {line}", f"the tag {tag} is unknown; is {meant[0]} meant?", lost=True)


def _checksum(value: str) -> Checksum:
    algorithm, _, digest = value.partition(":")
    return Checksum(algorithm=algorithm.strip(), value=digest.strip())
