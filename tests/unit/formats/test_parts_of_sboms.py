"""Every part of an SBOM that can name a package is read or leaves the document open: the table, and each part of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import NOT_READ, Completeness, Document

ROOT = Path(__file__).parents[3]
TABLE = (ROOT / "docs" / "parts-of-sboms.md").read_text("utf-8")
VERDICTS = ("read", "leaves open", "cannot matter")
CAN_NAME = frozenset(
    {
        *("component", "tool", "service", "refType", "refLinkType", "bomLink", "bomLinkElementType"),
        *("bomLinkDocumentType", "externalReference", "attachment", "hash", "resourceReferenceChoice"),
        *("componentData", "dependency", "swid", "commit"),
    }
)
"""Definitions of the schema that are a component, or lead to one."""


def rows(section: str) -> dict[str, str]:
    text = TABLE.split(f"## {section}")[1].split("\n## ")[0]
    found = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|$", text, re.MULTILINE)
    return {name: what for names, what in found for name in re.findall(r"`([^`]+)`", names)}


def referred(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(ref := schema.get("$ref"), str):
            yield ref.rpartition("/")[2]
        for value in schema.values():
            yield from referred(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from referred(value)


def parts_of_the_schema(schema: dict[str, Any]) -> Iterator[str]:
    """Yield every property, as `definition.property`, that is a component or leads to one."""
    for name, definition in {**schema["definitions"], "bom": {"properties": schema["properties"]}}.items():
        for key, value in definition.get("properties", {}).items():
            if CAN_NAME & {*referred(value)} or key in {"purl", "cpe"}:
                yield f"{name}.{key}"
        rest = {key: value for key, value in definition.items() if key != "properties"}
        if CAN_NAME & {*referred(rest)}:
            yield name


def schemas() -> list[Path]:
    schema = pytest.importorskip("cyclonedx.schema")
    return sorted((Path(schema.__file__).parent / "_res").glob("bom-1.*.SNAPSHOT.schema.json"))


def test_each_part_of_cyclonedx_that_can_name_a_component_is_in_the_table() -> None:
    told = rows("CycloneDX")
    found = {part for path in schemas() for part in parts_of_the_schema(json.loads(path.read_text("utf-8")))}
    assert len(found) > 80
    assert {one for one in found if one not in told and not one.endswith(".bom-ref")} == set()
    assert {one for one in told if one not in found} <= {
        "*.bom-ref",
        "command.executed",
        "parameter.value",
        "metadata.tools",
    }


def test_each_row_says_what_happens_and_why() -> None:
    sections = ("CycloneDX", "SPDX 2.2", "SPDX 3.0", "Syft", "Reports of pip", "Lists and locks", "Environment files")
    for section in (*sections, "Trivy", "GitHub", "Attestations"):
        assert rows(section)
        for part, what in rows(section).items():
            assert what.startswith(VERDICTS), part
            assert not what.startswith("cannot matter") or ": " in what, part


def test_each_part_of_spdx_2_and_syft_is_in_the_table() -> None:
    spdx = {
        *("packages", "files", "snippets", "externalDocumentRefs", "relationships", "documentDescribes"),
        *("annotations", "hasExtractedLicensingInfos", "creationInfo", "revieweds"),
    }
    read = (json.loads(one.read_text("utf-8")) for one in (ROOT / "tests" / "schemas" / "syft").glob("*.json"))
    syft = {key for schema in read for key in schema["properties"]}
    assert spdx <= rows("SPDX 2.2").keys()
    assert syft <= rows("Syft").keys()


def test_each_part_of_trivy_snapshots_and_attestations_is_in_the_table() -> None:
    report = {
        *("SchemaVersion", "Trivy", "ReportID", "CreatedAt", "ArtifactID", "ArtifactName", "ArtifactType"),
        *("Metadata", "Results"),
    }
    result = {
        *("Target", "Class", "Type", "Packages", "Vulnerabilities", "MisconfSummary", "Misconfigurations", "Secrets"),
        *("Licenses", "CustomResources", "ExperimentalModifiedFindings"),
    }
    package = {
        *("ID", "Name", "Identifier", "Version", "Release", "Epoch", "Arch", "Dev", "SrcName", "SrcVersion"),
        *("SrcRelease", "SrcEpoch", "Licenses", "Maintainer", "Modularitylabel", "BuildInfo", "Repository", "Indirect"),
        *("Relationship", "DependsOn", "Layer", "FilePath", "Digest", "Locations", "InstalledFiles", "AnalyzedBy"),
    }
    named = report | {f"Result.{one}" for one in result} | {f"Package.{one}" for one in package}
    assert named == rows("Trivy").keys()
    snapshot = {"version", "job", "sha", "ref", "detector", "scanned", "metadata", "manifests"}
    manifest = {f"manifest.{one}" for one in ("name", "file", "metadata", "resolved")}
    dependency = {f"dependency.{one}" for one in ("package_url", "metadata", "relationship", "scope", "dependencies")}
    assert snapshot | manifest | dependency == rows("GitHub").keys()
    descriptor = {
        f"descriptor.{one}" for one in ("name", "uri", "digest", "content", "downloadLocation", "annotations")
    }
    statement = {f"statement.{one}" for one in ("subject", "predicateType", "predicate")}
    envelope = {f"envelope.{one}" for one in ("payload", "payloadType", "signatures")}
    bundle = {f"bundle.{one}" for one in ("dsseEnvelope", "messageSignature", "verificationMaterial")}
    assert descriptor | statement | envelope | bundle <= rows("Attestations").keys()


# What follows puts a release into each part of a document that is complete without it.

BAD = {"type": "library", "name": "litellm", "version": "1.82.8", "purl": "pkg:pypi/litellm@1.82.8"}
LINK = "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#litellm"
OF_A_BOM = {"type": "bom", "url": "https://example.com/bom.json"}
FILE = "/usr/lib/python3/site-packages/litellm-1.82.8.dist-info/METADATA"
WHEEL = "litellm-1.82.8-py3-none-any.whl"
SERVICE = {"name": "litellm", "version": "1.82.8"}


def clean() -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "metadata": {
            "component": {"type": "application", "name": "app", "bom-ref": "root"},
            "tools": {"components": [{"type": "application", "name": "cyclonedx-py", "version": "7.0"}]},
        },
        "components": [
            {"type": "library", "name": "a", "version": "1", "purl": "pkg:pypi/a@1", "bom-ref": "a", "hashes": []}
        ],
        "dependencies": [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a"}],
        "compositions": [{"aggregate": "complete"}],
    }


def put(bom: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path as `components.0.pedigree.ancestors`; tables and arrays are made on the way."""
    at: Any = bom
    keys = path.split(".")
    for key, following in pairwise(keys):
        fresh: Any = [] if following.isdecimal() else {}
        if isinstance(at, list):
            if int(key) >= len(at):
                at.append(fresh)
            at = at[int(key)]
        else:
            at = at.setdefault(key, fresh)
    if isinstance(at, list):
        at.append(value)
    else:
        at[keys[-1]] = value


def read(document: Any) -> Document:
    found = read_document(json.dumps(document).encode(), "x.json")
    assert found is not None
    return found


def names_it(document: Document) -> bool:
    return any(
        (row.package or row.name) == "litellm" and row.version in {"1.82.8", ""} and row.optional
        for row in document.components
    )


COMPONENT_PLACES = (
    *("metadata.tools.components.9", "components.0.pedigree.ancestors.0", "components.0.pedigree.descendants.0"),
    *(
        "components.0.pedigree.variants.0",
        "components.0.pedigree.variants.0.components.0",
        "formulation.0.components.0",
    ),
    *("components.0.pedigree.ancestors.0.pedigree.ancestors.0", "annotations.0.annotator.component"),
    *("declarations.targets.components.0", "vulnerabilities.0.tools.components.0", "vulnerabilities.0.tools.0"),
    *("metadata.component.pedigree.ancestors.0", "metadata.tools.components.0.components.0"),
    *("metadata.tools.services.0.components.0",),
)


@pytest.mark.parametrize("place", COMPONENT_PLACES)
def test_a_component_beside_the_list_is_listed(place: str) -> None:
    bom = clean()
    assert read(bom).completeness is Completeness.COMPLETE
    put(bom, place, BAD)
    document = read(bom)
    assert names_it(document)
    is_odd = any("without name" in one.text for one in document.problems)  # what it was put into has none
    assert is_odd or document.completeness is Completeness.COMPLETE
    assert len(document.places) == len(document.components)
    bom["components"][0]["scope"] = []  # not by the schema: read loosely
    assert names_it(read(bom))


@pytest.mark.parametrize(
    "place",
    ["services.0", "services.0.services.0", "formulation.0.services.0", "metadata.tools.services.0",
     "declarations.targets.services.0", "annotations.0.annotator.service"],
)  # fmt: skip
def test_a_service_is_listed_by_its_name(place: str) -> None:
    bom = clean()
    put(bom, place, SERVICE)
    assert names_it(read(bom))


def test_old_tools_are_listed_and_makers_of_boms_are_not() -> None:
    bom = clean()
    bom["metadata"]["tools"] = [{"vendor": "x", **SERVICE}, {"vendor": "anchore", "name": "syft", "version": "1.2"}]
    document = read(bom)
    assert names_it(document)
    assert document.generator == ("litellm 1.82.8", "syft 1.2")
    assert "syft" not in {row.name for row in document.components}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("externalReferences.0", OF_A_BOM),
        ("components.0.externalReferences.0", OF_A_BOM),
        ("components.0.externalReferences.0", {"type": "other", "url": LINK}),
        ("components.0.externalReferences.0", {"type": "formulation", "url": "https://example.com/f.json"}),
        ("metadata.component.externalReferences.0", OF_A_BOM),
        ("services.0.externalReferences.0", OF_A_BOM),
        ("metadata.tools.components.0.externalReferences.0", OF_A_BOM),
        ("dependencies.0.dependsOn.0", LINK),
        ("dependencies.0.provides.0", LINK),
        ("dependencies.0.provides.0", "elsewhere"),
        ("compositions.0.assemblies.0", LINK),
        ("annotations.0.subjects.0", LINK),
        ("vulnerabilities.0.affects.0.ref", "elsewhere"),
        ("formulation.0.workflows.0.resourceReferences.0.ref", "elsewhere"),
        ("formulation.0.workflows.0.resourceReferences.0.externalReference", OF_A_BOM),
        ("formulation.0.workflows.0.tasks.0.inputs.0.resource.ref", "elsewhere"),
        ("formulation.0.workflows.0.tasks.0.outputs.0.resource.externalReference", OF_A_BOM),
        ("formulation.0.workflows.0.tasks.0.steps.0.commands.0.executed", "pip install litellm"),
        ("formulation.0.workflows.0.trigger.event.data", {"content": "bGl0ZWxsbQ==", "encoding": "base64"}),
        ("formulation.0.workflows.0.inputs.0.parameters.0.value", "uv add litellm"),
        ("components.0.modelCard.modelParameters.datasets.0.ref", "elsewhere"),
        ("components.0.data.0.contents.attachment", {"content": "bGl0ZWxsbQ=="}),
        ("services.0.data.0.source.0", LINK),
        ("compositions.1.aggregate", "incomplete"),
        ("compositions.1.aggregate", "incomplete_third_party_only"),
    ],
)
def test_what_leads_elsewhere_leaves_it_open(place: str, value: Any) -> None:
    bom = clean()
    put(bom, place, value)
    document = read(bom)
    assert document.completeness is Completeness.INCOMPLETE
    assert any(one.text.startswith(NOT_READ) or "left out" in one.text for one in document.problems)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("components.0.evidence.identity.0", {"field": "name", "concludedValue": "litellm"}),
        ("components.0.evidence.identity.0", {"field": "purl", "concludedValue": "pkg:pypi/litellm@1.82.8"}),
        ("components.0.evidence.identity.0", {"field": "cpe", "concludedValue": "cpe:2.3:a:b:litellm:1.82.8:*"}),
        ("components.0.swid", {"tagId": "x", **SERVICE}),
        ("components.0.externalReferences.0", {"type": "distribution", "url": "https://f.example/litellm-1.82.8.tar.gz"}),
        ("components.0.externalReferences.0", {"type": "distribution", "url": "l/litellm-1.82.8-py3-none-any.whl#x"}),
        ("components.1", {"type": "file", "name": "litellm-1.82.8-py3-none-any.whl", "bom-ref": "f"}),
        ("components.1", {"type": "library", "name": "x", "cpe": "cpe:/a:berri:litellm:1.82.8", "bom-ref": "f"}),
        ("components.1", {"type": "library", "name": "w", "purl": "pkg:pypi/litellm-1.82.8-py3-none-any.whl"}),
        ("components.1", {"type": "file", "name": FILE, "bom-ref": "f"}),
        ("components.0.evidence.occurrences.0", {"location": FILE}),
        ("components.0.purl", f"pkg:pypi/a@1?file_name={WHEEL}"),
        ("components.0.purl", "pkg:pypi/a@1?vcs_url=x&file_name=litellm-1.82.8.tar.gz"),
        ("components.0.purl", f"pkg:pypi/a@1?download_url=https:%2F%2Ff.example%2F{WHEEL}%23sha256=00"),
        ("components.0.purl", f"pkg:generic/a@1?download_url=https://f.example/{WHEEL}#sha256=00"),
        ("components.0.evidence.identity.0", {"field": "purl", "concludedValue": f"pkg:pypi/a@1?file_name={WHEEL}"}),
        ("metadata.tools.components.0.evidence.occurrences.0", {"location": FILE}),
        ("components.0.pedigree.ancestors.0", {"name": "x", "evidence": {"occurrences": [{"location": FILE}]}}),
    ],
)  # fmt: skip
def test_other_names_of_a_component_are_rows(place: str, value: Any) -> None:
    bom = clean()
    put(bom, place, value)
    found = {(row.package or row.name, row.version) for row in read(bom).components}
    assert found & {("litellm", "1.82.8"), ("litellm", "1"), ("litellm", "")}


def test_files_of_the_very_release_are_no_rows() -> None:
    bom = clean()
    paths = [{"location": f"/x/site-packages/a-1.dist-info/{name}"} for name in ("METADATA", "RECORD")]
    bom["components"][0] |= {
        "purl": "pkg:pypi/a@1?file_name=a-1.0-py3-none-any.whl",
        "evidence": {"occurrences": paths},
    }
    bom["components"].append({"type": "file", "name": "/x/a-1.dist-info/METADATA", "bom-ref": "f"})
    document = read(bom)
    assert [row.name for row in document.components] == ["app", "a", "/x/a-1.dist-info/METADATA"]
    assert document.completeness is Completeness.COMPLETE


def test_a_hash_of_the_evidence_shows_a_bad_file() -> None:
    bom = clean()
    put(bom, "components.0.evidence.identity.0", {"field": "hash", "concludedValue": "AB" * 32})
    assert ["ab" * 32] in [[*row.members] for row in read(bom).components]


def test_what_cannot_matter_stays_complete() -> None:
    bom = clean()
    bom["components"][0] |= {
        "licenses": [{"license": {"name": "x", "text": {"content": "text"}}}],
        "externalReferences": [{"type": "vcs", "url": "https://git.example/a"}],
        "pedigree": {"commits": [{"uid": "x"}], "patches": [{"type": "backport"}], "notes": "pip install litellm"},
        "properties": [{"name": "x", "value": "pip install y"}],
    }
    bom["annotations"] = [{"subjects": ["a"], "annotator": {"individual": {"name": "x"}}, "text": "pip install y"}]
    bom["vulnerabilities"] = [{"id": "CVE-1", "affects": [{"ref": "a"}]}]
    bom["formulation"] = [{"workflows": [{"bom-ref": "w", "steps": [{"commands": [{"executed": "make"}]}]}]}]
    document = read(bom)
    assert document.completeness is Completeness.COMPLETE
    assert {row.name for row in document.components} == {"app", "a"}


def test_a_bom_says_what_made_it_and_of_what() -> None:
    bom = clean()
    assert (read(bom).generator, read(bom).source_kind) == (("cyclonedx-py 7.0",), "")
    bom["metadata"]["component"]["type"] = "container"
    assert read(bom).source_kind == "image"
    bom["metadata"] |= {"component": {"type": "application", "name": "x"}, "lifecycles": [{"phase": "Operations"}]}
    assert read(bom).source_kind == "operations"


def spdx(**more: Any) -> dict[str, Any]:
    root = {"SPDXID": "SPDXRef-app", "name": "app", "primaryPackagePurpose": "CONTAINER"}
    purl = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/a@1"}
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "creationInfo": {"created": "2026-03-24T11:00:00Z", "creators": ["Organization: x", "Tool: syft-1.20.0"]},
        "packages": [root, {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "externalRefs": [purl]}],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-app"},
            {"spdxElementId": "SPDXRef-app", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-a"},
        ],
    } | more


def test_an_spdx_document_says_what_made_it_and_of_what() -> None:
    document = read(spdx())
    assert (document.generator, document.source_kind) == (("syft 1.20.0",), "image")
    assert document.completeness is Completeness.UNKNOWN


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("packages.1.packageFileName", "litellm-1.82.8-py3-none-any.whl"),
        ("packages.1.downloadLocation", "https://index.example/packages/litellm-1.82.8.tar.gz#sha256=00"),
        ("packages.2", {"SPDXID": "SPDXRef-w", "name": "litellm-1.82.8-py3-none-any.whl"}),
        ("files.0", {"SPDXID": "SPDXRef-f", "fileName": "./usr/lib/python3/x/litellm-1.82.8.dist-info/METADATA"}),
        ("files.0", {"SPDXID": "SPDXRef-f", "fileName": "./tmp/litellm-1.82.8-py3-none-any.whl"}),
        ("packages.1.externalRefs.0.referenceLocator", f"pkg:pypi/a@1?file_name={WHEEL}"),
        ("packages.1.externalRefs.0.referenceLocator", f"pkg:pypi/a@1?download_url=https://f.example/{WHEEL}"),
        ("files.0", {"SPDXID": "SPDXRef-f", "fileName": "./x", "artifactOfs": [{"name": "litellm"}]}),
    ],
)
def test_file_names_of_spdx_are_rows(place: str, value: Any) -> None:
    document = spdx()
    put(document, place, value)
    assert names_it(read(document))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("externalDocumentRefs.0", {"externalDocumentId": "DocumentRef-x", "spdxDocument": "https://example.com/x"}),
        (
            "relationships.2",
            {"spdxElementId": "SPDXRef-a", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-gone"},
        ),
        (
            "relationships.2",
            {"spdxElementId": "SPDXRef-a", "relationshipType": "VARIANT_OF", "relatedSpdxElement": "DocumentRef-x:y"},
        ),
        ("documentDescribes.0", "SPDXRef-gone"),
    ],
)
def test_what_leads_out_of_an_spdx_document_leaves_it_open(place: str, value: Any) -> None:
    document = spdx()
    put(document, place, value)
    assert read(document).completeness is Completeness.INCOMPLETE


TAGS = "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nPackageName: a\nSPDXID: SPDXRef-a\nPackageVersion: 1\n"
TAGS += "PackageDownloadLocation: NONE\nExternalRef: PACKAGE-MANAGER purl pkg:pypi/a@1\n"
EXCLUDED = f"<packageVerificationCodeExcludedFile>{FILE}</packageVerificationCodeExcludedFile>"
A_FILE = f"FileName: ./x\nSPDXID: SPDXRef-f\nFileChecksum: SHA1: {'0' * 40}\n"
TERMS = (
    '<rdf:RDF xmlns="http://spdx.org/rdf/terms#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:doap="http://usefulinc.com/ns/doap#"><SpdxDocument rdf:about="#SPDXRef-DOCUMENT">'
    "<specVersion>SPDX-2.3</specVersion></SpdxDocument>{}</rdf:RDF>"
)


@pytest.mark.parametrize(
    "more",
    [
        f"PackageVerificationCode: 00 (excludes: ./a, {FILE})\n",
        f"{A_FILE}ArtifactOfProjectName: litellm\n",
        f"{A_FILE}FileName: {FILE}\nSPDXID: SPDXRef-g\n",
    ],
)
def test_what_tags_name_is_a_row(more: str) -> None:
    document = read_document((TAGS + more).encode(), "x.spdx")
    assert document is not None
    assert names_it(document)


@pytest.mark.parametrize(
    ("more", "is_open"),
    [
        (f"{A_FILE}FileName: ./y\nSPDXID: SPDXRef-g\nFileChecksum: SHA1: 0\nFileDependency: ./x\n", False),
        (f"{A_FILE}FileDependency: ./gone\n", True),
        (f"{A_FILE}SnippetSPDXID: SPDXRef-s\nSnippetFromFileSPDXID: SPDXRef-f\n", False),
        (f"{A_FILE}SnippetSPDXID: SPDXRef-s\nSnippetFromFileSPDXID: SPDXRef-gone\n", True),
        ("SnippetFromFileSPDXID: SPDXRef-a\n", True),
        ("Annotator: Person: x\nSPDXREF: SPDXRef-a\n", False),
        ("Annotator: Person: x\nSPDXREF: SPDXRef-gone\n", True),
        ("PackageVersion: 2\n", True),
    ],
)
def test_what_tags_lead_to_has_to_be_there(more: str, *, is_open: bool) -> None:
    document = read_document((TAGS + more).encode(), "x.spdx")
    assert document is not None
    assert document.completeness is (Completeness.INCOMPLETE if is_open else Completeness.UNKNOWN)


@pytest.mark.parametrize(
    "inner",
    [
        f"<packageVerificationCode><PackageVerificationCode>{EXCLUDED}</PackageVerificationCode></packageVerificationCode>",
        "<packageName>litellm</packageName>",
        "<artifactOf><doap:Project><doap:name>litellm</doap:name></doap:Project></artifactOf>",
        f"<hasFile><File rdf:about='#SPDXRef-f'><fileName>x</fileName><name>{WHEEL}</name></File></hasFile>",
    ],
)
def test_what_terms_name_is_a_row(inner: str) -> None:
    package = f"<Package rdf:about='#SPDXRef-a'><name>a</name><versionInfo>1.82.8</versionInfo>{inner}</Package>"
    document = read_document(TERMS.format(package).encode(), "x.rdf")
    assert document is not None
    named = {(row.package or row.name, row.version) for row in document.components}
    assert named & {("litellm", "1.82.8"), ("litellm", "")}


@pytest.mark.parametrize(
    ("inner", "is_open"),
    [
        ("<File rdf:about='#SPDXRef-f'><fileDependency rdf:resource='#SPDXRef-f'/></File>", False),
        ("<File rdf:about='#SPDXRef-f'><fileDependency rdf:resource='#SPDXRef-gone'/></File>", True),
        ("<Snippet rdf:about='#SPDXRef-s'><snippetFromFile rdf:resource='#SPDXRef-gone'/></Snippet>", True),
        ("<Relationship><relatedSpdxElement rdf:resource='#SPDXRef-gone'/></Relationship>", True),
        (
            "<SpdxDocument rdf:about='#SPDXRef-DOCUMENT'><referencesFile rdf:resource='#SPDXRef-gone'/></SpdxDocument>",
            True,
        ),
    ],
)
def test_what_terms_lead_to_has_to_be_there(inner: str, *, is_open: bool) -> None:
    document = read_document(TERMS.format(inner).encode(), "x.rdf")
    assert document is not None
    assert document.completeness is (Completeness.INCOMPLETE if is_open else Completeness.UNKNOWN)


def test_other_documents_are_met_in_every_syntax_of_spdx() -> None:
    text = "SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nPackageName: a\nSPDXID: SPDXRef-a\n"
    text += "PackageVersion: 1\nPackageDownloadLocation: NONE\n"
    found = [
        read_document((text + more).encode(), "x.spdx") for more in ("", "ExternalDocumentRef: DocumentRef-x y z\n")
    ]
    assert [one and one.completeness for one in found] == [Completeness.UNKNOWN, Completeness.INCOMPLETE]


def syft(**more: Any) -> dict[str, Any]:
    metadata = {"name": "a", "version": "1", "files": [{"path": "a-1.dist-info/RECORD"}]}
    artifact: dict[str, Any] = {
        "id": "a",
        "name": "a",
        "version": "1",
        "type": "python",
        "language": "python",
        "purl": "pkg:pypi/a@1",
    }
    artifact |= {"metadataType": "python-package", "metadata": metadata}
    artifact |= {"locations": [{"path": "/x/a-1.dist-info/METADATA"}]}
    return {
        "artifacts": [artifact],
        "artifactRelationships": [],
        "source": {"id": "s", "name": "app", "type": "image", "metadata": {}},
        "descriptor": {"name": "syft", "version": "1.20.0"},
        "schema": {"version": "16.0.0", "url": "https://raw.example/anchore/syft/main/schema/json/schema-16.0.0.json"},
    } | more


def test_a_syft_document_says_what_made_it_and_of_what() -> None:
    document = read(syft())
    assert (document.generator, document.source_kind) == (("syft 1.20.0",), "image")
    assert {(row.name, row.version) for row in document.components if row.package} == {("a", "1")}
    assert document.completeness is Completeness.UNKNOWN


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("artifacts.0.metadata.files.0", {"path": "a/_vendor/litellm-1.82.8.dist-info/RECORD"}),
        ("artifacts.0.locations.1", {"path": "/x/litellm-1.82.8-py3.12.egg-info/PKG-INFO"}),
        ("artifacts.0.purl", f"pkg:pypi/a@1?file_name={WHEEL}"),
        ("artifacts.0.metadata.inner", {"deep": [{"purl": "pkg:pypi/litellm@1.82.8"}]}),
        (
            "files.0",
            {"id": "f", "location": {"path": "/usr/lib/python3/dist-packages/litellm-1.82.8.dist-info/RECORD"}},
        ),
        ("files.0", {"id": "f", "location": {"path": "/tmp/litellm-1.82.8-py3-none-any.whl"}}),
        ("files.0", {"id": "f", "location": {"path": "/x"}, "metadata": {"linkDestination": FILE}}),
        ("artifacts.0.metadata.files.0", "lib/python3.12/site-packages/litellm-1.82.8.dist-info/METADATA"),
        ("artifacts.0.metadata.files.0", {"url": f"https://files.example/{WHEEL}#sha256=00"}),
        ("artifacts.0.metadata", {"name": "LiteLLM", "version": "1.82.8"}),
        ("artifacts.1", {"id": "b", "name": "litellm", "version": "1.82.8", "purl": "pkg:pypi/a@1.82.8"}),
        ("artifacts.0.licenses.0", {"value": "MIT", "locations": [{"path": FILE}]}),
        ("source.metadata.path", f"/tmp/{WHEEL}"),
        ("secrets.0", {"location": {"path": FILE}, "secrets": []}),
        ("fileMetadata.0", {"location": {"path": FILE}, "metadata": {}}),
        ("descriptor", {"name": "litellm", "version": "1.82.8"}),
    ],
)
def test_what_paths_of_syft_show_is_listed(place: str, value: Any) -> None:
    document = syft()
    put(document, place, value)
    assert names_it(read(document))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("artifactRelationships.0", {"parent": "gone", "child": "a", "type": "dependency-of"}),
        ("artifactRelationships.0", {"parent": "gone", "child": "a", "type": "contains"}),
        ("artifactRelationships.0", {"parent": "a", "child": "gone", "type": "of-no-kind"}),
        ("artifacts.0.metadata.dependencies.0", {"name": "litellm", "version": ">=1", "optional": False}),
        ("descriptor.configuration", {"exclude": ["./usr/lib/python3/**"]}),
        ("files.0", {"id": "f", "location": {"path": "/x/b-1.dist-info/METADATA"}, "unknowns": ["cannot be read"]}),
        ("artifacts.1", {"id": "b"}),
        ("artifacts.1", 7),
    ],
)
def test_what_syft_did_not_read_leaves_it_open(place: str, value: Any) -> None:
    document = syft()
    put(document, place, value)
    assert read(document).completeness is Completeness.INCOMPLETE


@pytest.mark.parametrize(
    ("more", "is_open"),
    [
        ({}, False),
        ({"element": ["urn:a", "https://spdx.org/licenses/MIT"]}, False),
        ({"element": ["urn:elsewhere#litellm"]}, True),
        ({"rootElement": ["urn:elsewhere#litellm"]}, True),
    ],
)
def test_what_leads_out_of_an_spdx_3_document_leaves_it_open(more: dict[str, Any], *, is_open: bool) -> None:
    package = {"type": "software_Package", "spdxId": "urn:a", "name": "a", "software_packageUrl": "pkg:pypi/a@1"}
    top = {"type": "SpdxDocument", "spdxId": "urn:doc", "rootElement": ["urn:a"]} | more
    document = read({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [top, package]})
    assert document.completeness is (Completeness.INCOMPLETE if is_open else Completeness.UNKNOWN)
