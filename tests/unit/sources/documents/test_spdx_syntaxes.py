"""The four syntaxes of SPDX 2: one document written in each says the same, and none is taken for another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphkit.model.documents import Document
from graphkit.model.errors import InputError
from graphkit.sources.documents import _readers, read_document

TERMS = "http://spdx.org/rdf/terms#"
HEAD = (
    f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:spdx="{TERMS}"'
    ' xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xml:base="https://docs.example/one">\n'
)
WORDS = ("NONE", "NOASSERTION")


def as_json(spdx: dict[str, Any]) -> str:
    return json.dumps(spdx)


def as_yaml(spdx: dict[str, Any]) -> str:
    return yaml.safe_dump(spdx, allow_unicode=True)  # writes anchors where a value is there twice


def as_tag_value(spdx: dict[str, Any]) -> str:
    made = spdx["creationInfo"]
    lines = [f"SPDXVersion: {spdx['spdxVersion']}", f"SPDXID: {spdx['SPDXID']}", f"Created: {made['created']}"]
    lines += [f"Creator: {one}" for one in made["creators"]]
    lines += [f"CreatorComment: <text>{made['comment']}</text>", "# files of no package"]
    files = {row["SPDXID"]: row for row in spdx["files"]}
    held = {one for row in spdx["packages"] for one in row["hasFiles"]}
    for name in files.keys() - held:
        lines += file_lines(files[name])
    for row in spdx["packages"]:
        lines += ["", f"PackageName: {row['name']}", f"SPDXID: {row['SPDXID']}"]
        lines += [f"PackageVersion: {row['versionInfo']}"] if row["versionInfo"] else []
        lines += [f"PackageDownloadLocation: {row['downloadLocation']}", f"PackageSourceInfo: {row['sourceInfo']}"]
        lines += [f"PackageChecksum: {one['algorithm']}: {one['checksumValue']}" for one in row["checksums"]]
        lines += [f"ExternalRef: OTHER {one['referenceType']} {one['referenceLocator']}" for one in row["externalRefs"]]
        for name in row["hasFiles"]:
            lines += file_lines(files[name])
    keys = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    lines += [f"Relationship: {' '.join(one[key] for key in keys)}" for one in spdx["relationships"]]
    return "\r\n".join(lines)


def file_lines(row: dict[str, Any]) -> list[str]:
    sums = [f"FileChecksum: {one['algorithm']}: {one['checksumValue']}" for one in row["checksums"]]
    return [f"FileName: {row['fileName']}", f"SPDXID: {row['SPDXID']}", *sums]


def element(name: str, text: str | None) -> str:
    return "" if text is None else f"<spdx:{name}>{escape(text)}</spdx:{name}>\n"


def pointer(name: str, target: str) -> str:
    address = f"{TERMS}{target.lower()}" if target in WORDS else f"#{target}"
    return f"<spdx:{name} rdf:resource={quoteattr(address)}/>\n"


def checksums(row: dict[str, Any]) -> str:
    return "".join(
        f'<spdx:checksum><spdx:Checksum><spdx:algorithm rdf:resource="{TERMS}checksumAlgorithm_'
        f'{one["algorithm"].lower()}"/>{element("checksumValue", one["checksumValue"])}</spdx:Checksum></spdx:checksum>'
        for one in row["checksums"]
    )


def as_rdf(spdx: dict[str, Any]) -> str:
    made = spdx["creationInfo"]
    creators = "".join(element("creator", one) for one in made["creators"])
    parts = [
        HEAD,
        f'<spdx:SpdxDocument rdf:about="#{spdx["SPDXID"]}">',
        element("specVersion", spdx["spdxVersion"]),
        f"<spdx:creationInfo><spdx:CreationInfo>{creators}{element('created', made['created'])}",
        f"<rdfs:comment>{made['comment']}</rdfs:comment></spdx:CreationInfo></spdx:creationInfo></spdx:SpdxDocument>\n",
    ]
    for row in spdx["packages"]:
        parts.append(f'<spdx:Package rdf:about="#{row["SPDXID"]}">')
        parts += [element(key, row[key]) for key in ("name", "versionInfo", "downloadLocation", "sourceInfo")]
        for one in row["externalRefs"]:
            kind = f'<spdx:referenceType rdf:resource="http://spdx.org/rdf/references/{one["referenceType"]}"/>'
            inner = kind + element("referenceLocator", one["referenceLocator"])
            parts.append(f"<spdx:externalRef><spdx:ExternalRef>{inner}</spdx:ExternalRef></spdx:externalRef>\n")
        parts += [checksums(row), *(pointer("hasFile", one) for one in row["hasFiles"]), "</spdx:Package>\n"]
    for row in spdx["files"]:
        name = element("fileName", row["fileName"])
        parts.append(f'<spdx:File rdf:about="#{row["SPDXID"]}">{name}{checksums(row)}</spdx:File>\n')
    for one in spdx["relationships"]:
        kind = re.sub(r"_(\w)", lambda found: found[1].upper(), one["relationshipType"].lower())
        inner = f'<spdx:relationshipType rdf:resource="{TERMS}relationshipType_{kind}"/>'
        inner += pointer("relatedSpdxElement", one["relatedSpdxElement"])
        parts.append(f'<rdf:Description rdf:about="#{one["spdxElementId"]}"><spdx:relationship><spdx:Relationship>')
        parts.append(f"{inner}</spdx:Relationship></spdx:relationship></rdf:Description>\n")
    return "".join((*parts, "</rdf:RDF>"))


WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "SPDX JSON": as_json,
    "SPDX YAML": as_yaml,
    "SPDX tag-value": as_tag_value,
    "SPDX RDF/XML": as_rdf,
}
IDS = [f"SPDXRef-{number}" for number in range(5)]
FILES = [f"SPDXRef-File{number}" for number in range(3)]
DIGESTS = st.lists(st.sampled_from(["ab" * 32, "CD" * 32, "ef" * 32]), max_size=2, unique=True).map(
    lambda found: [{"algorithm": "SHA256", "checksumValue": one} for one in found]
)
PURLS = st.sampled_from(["pkg:pypi/litellm@1.82.8", "pkg:pypi/a", "pkg:pypi/a@1.10", "pkg:deb/a@1?x=y&z=1", "NONE"])
REFERENCES = st.lists(PURLS, max_size=2).map(
    lambda found: [{"referenceType": "purl", "referenceLocator": one} for one in found]
)
PACKAGES = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "litellm", "a & <b>", "NOASSERTION", "true", "1.10", "caf\xe9", "#1: x"]),
        "versionInfo": st.sampled_from([None, "1.10", "1e3", "NOASSERTION", ">=1,<2", "== 1.0", "null"]),
        "downloadLocation": st.sampled_from(["NONE", "git+https://code.example/a@1#b", "https://files.example/a.zip"]),
        "sourceInfo": st.sampled_from(["found in: poetry.lock", "x"]),
        "checksums": DIGESTS,
        "externalRefs": REFERENCES,
    }
)
KINDS = (
    *("DESCRIBES", "DEPENDS_ON", "DEPENDENCY_OF", "CONTAINS", "CONTAINED_BY", "DEV_DEPENDENCY_OF", "OTHER"),
    *("BUILD_TOOL_OF", "RUNTIME_DEPENDENCY_OF", "DYNAMIC_LINK", "HAS_PREREQUISITE", "VARIANT_OF", "PACKAGE_OF"),
)
TARGETS = st.sampled_from([*IDS, *FILES, "SPDXRef-DOCUMENT", "SPDXRef-gone"])
RELATED = st.fixed_dictionaries(
    {
        "spdxElementId": TARGETS,
        "relationshipType": st.sampled_from(KINDS),
        "relatedSpdxElement": TARGETS | st.sampled_from(WORDS),
    }
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a document in the shape of JSON. A file is in one package at most, as tag-value has it by place."""
    rows = draw(st.lists(PACKAGES, min_size=1, max_size=5))
    packages: list[dict[str, Any]] = [
        row | {"SPDXID": name, "hasFiles": []} for name, row in zip(IDS, rows, strict=False)
    ]
    files = [
        {"SPDXID": name, "fileName": f"./{name}.py", "checksums": draw(DIGESTS)[:1]}
        for name in FILES[: draw(st.integers(0, 3))]
    ]
    for number, row in enumerate(files):
        if number or draw(st.booleans()):  # one is loose at most: else their order shows, by the name of the first
            packages[draw(st.integers(0, len(packages) - 1))]["hasFiles"].append(row["SPDXID"])
    made = {
        "created": draw(st.sampled_from(["2026-03-24T10:39:00Z", "yesterday"])),
        "creators": draw(st.lists(st.sampled_from(["Tool: x-1", "Tool: GitHub.com-Dependency-Graph"]), max_size=2)),
        "comment": draw(st.sampled_from(["SBOM Type: Design", "two\nPackageName: lines"])),
    }
    return {
        "SPDXID": "SPDXRef-DOCUMENT",
        "spdxVersion": draw(st.sampled_from(["SPDX-2.2", "SPDX-2.3"])),
        "creationInfo": made,
        "packages": packages,
        "files": files,
        "relationships": draw(st.lists(RELATED, max_size=8)),
    }


def bare(document: Document) -> tuple[object, ...]:
    """Return a document as it is in every syntax: without its bytes and the places in them."""
    rows = [replace(row, ref=re.sub(r"files\[\d+\]", "files", row.ref)) for row in document.components]
    notes = sorted(problem.text for problem in document.problems)
    return replace(document, sha256="", places=(), problems=(), components=()), rows, notes


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_a_document_is_the_same_in_every_syntax(spdx: dict[str, Any]) -> None:
    wanted: tuple[object, ...] | None = None
    for name, write in WRITERS.items():
        data = write(spdx).encode()
        assert [one.format for one in _readers() if one.claims(data, "x", "")] == [name]
        found = read_document(data, "x")
        assert found is not None
        assert len(found.places) == len(found.components)
        if "JSON" in name or "YAML" in name:
            assert not any(place.startswith("line") for place in found.places)
        else:
            assert all(place.startswith("line ") for place in found.places)
            assert all(re.fullmatch(r"line \d+", problem.place) for problem in found.problems)
        wanted = wanted or bare(found)
        assert bare(found) == wanted, name


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=60)
@given(at=st.integers(0, 4_000), gone=st.integers(0, 9), new=st.binary(max_size=6))
def test_changed_bytes_end_in_a_document_or_a_clear_line(name: str, at: int, gone: int, new: bytes) -> None:
    spdx = {
        "SPDXID": "SPDXRef-DOCUMENT",
        "spdxVersion": "SPDX-2.3",
        "creationInfo": {"created": "2026-03-24T10:39:00Z", "creators": ["Tool: x"], "comment": "c"},
        "packages": [
            {
                "SPDXID": "SPDXRef-1",
                "name": "a",
                "versionInfo": "1",
                "downloadLocation": "NONE",
                "sourceInfo": "x",
                "hasFiles": ["SPDXRef-File0"],
                "checksums": [{"algorithm": "SHA256", "checksumValue": "ab" * 32}],
                "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/a@1"}],
            }
        ],
        "files": [{"SPDXID": "SPDXRef-File0", "fileName": "x", "checksums": []}],
        "relationships": [
            {"spdxElementId": "SPDXRef-1", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-File0"}
        ],
    }
    data = WRITERS[name](spdx).encode()
    at %= len(data)
    data = data[:at] + new + data[at + gone :]
    reader = next(one for one in _readers() if one.format == name)
    assert sum(one.claims(data, "x", "") for one in _readers()) <= 1
    try:
        found = reader.parse(data, "x", "")
    except InputError:
        return
    assert found == reader.parse(data, "x", "")
    assert all(problem.place and problem.text for problem in found.problems)


@pytest.mark.parametrize(
    "text",
    [
        "requests==2.0\n# SPDXVersion: SPDX-2.3\n",
        "[project]\nname = '''\nSPDXVersion: SPDX-2.3\n'''\n",
        "schema: x\nservices:\n  - spdxVersion: SPDX-2.3\n",
        "id: MAL-1\nmodified: x\naffected: []\n",
        "name: x\nspdx:\n  SPDXVersion: SPDX-2.3\n",
        "SPDXID: SPDXRef-DOCUMENT\nPackageName: x\n",
        "Some text about SPDX.\n\nspdxVersion: SPDX-2.3\n",
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><a>http://spdx.org/rdf/terms#</a></bom>',
        "<a><spdxVersion>SPDX-2.3</spdxVersion></a>",
        "<!-- http://spdx.org/rdf/terms# -->",
        "the terms are in http://spdx.org/rdf/terms#\n",
        "",
    ],
)
def test_other_files_are_not_claimed(text: str) -> None:
    readers = [one for one in _readers() if one.format in WRITERS]
    assert len(readers) == len(WRITERS)
    assert not any(one.claims(text.encode(), "x.spdx", "sbom") for one in readers)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SPDXVersion: SPDX-2.3\nPackageComment: <text>\nspdxVersion: x\n</text>\n", "SPDX tag-value"),
        ("# by hand\r\n\r\n  SPDXID: SPDXRef-DOCUMENT\r\nSPDXVersion:SPDX-2.3\r\n", "SPDX tag-value"),
        ("%YAML 1.1\n---\nSPDXID: x\n'spdxVersion' : SPDX-2.3\n", "SPDX YAML"),
        ('"spdxVersion": "SPDX-2.3"\ncomment: "\nSPDXVersion: x"\n', "SPDX YAML"),
        (f'<?xml version="1.0"?>\n<!-- x --><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" x="{TERMS}">',
         "SPDX RDF/XML"),
        (f"@prefix : <{TERMS}> .", "SPDX RDF/XML"),
    ],
)  # fmt: skip
def test_the_first_version_decides_between_the_syntaxes(text: str, name: str) -> None:
    assert [one.format for one in _readers() if one.claims(text.encode(), "requirements.txt", "lock")] == [name]
