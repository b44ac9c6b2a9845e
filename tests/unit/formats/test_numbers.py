"""Numbers where a format wants a version: none becomes another version, and none loses the document."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import Completeness, Document

SPDX_3 = (
    '{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [{"type": "SpdxDocument", "spdxId": "d", '
    '"rootElement": ["p"], "element": ["p"]}, {"type": "software_Package", "spdxId": "p", "name": "litellm", '
    '"software_packageUrl": "pkg:pypi/litellm", "software_packageVersion": VERSION}]}'
)
FORMATS = {
    "CycloneDX": '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": '
    '"litellm", "purl": "pkg:pypi/litellm", "version": VERSION}], "compositions": [{"aggregate": "complete"}]}',
    "SPDX": '{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": [{"SPDXID": '
    '"SPDXRef-a", "name": "litellm", "versionInfo": VERSION, "externalRefs": [{"referenceCategory": '
    '"PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/litellm"}]}]}',
    "SPDX 3": SPDX_3,
    "Syft": '{"artifacts": [{"id": "a", "name": "litellm", "version": VERSION, "type": "python", "purl": '
    '"pkg:pypi/litellm"}], "artifactRelationships": [], "source": {"type": "directory", "target": "x"}, '
    '"descriptor": {"name": "syft", "version": "1"}, "schema": {"version": "16.0.0", "url": "x"}}',
    "Trivy": '{"SchemaVersion": 2, "ArtifactName": "x", "ArtifactType": "filesystem", "Results": [{"Target": "Python", '
    '"Class": "lang-pkgs", "Type": "python-pkg", "Packages": [{"Name": "litellm", "Version": VERSION, "Identifier": '
    '{"PURL": "pkg:pypi/litellm"}}]}]}',
    "attestation": '{"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://cyclonedx.org/bom", '
    '"subject": [], "predicate": {"Data": {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": '
    '"library", "name": "litellm", "purl": "pkg:pypi/litellm", "version": VERSION}], "compositions": [{"aggregate": '
    '"complete"}]}}}',
    "pip inspect": '{"version": "1", "pip_version": "25", "installed": [{"metadata": {"name": "litellm", "version": '
    'VERSION, "metadata_version": "2.1"}, "metadata_location": "x"}], "environment": {}}',
    "pip list": '[{"name": "litellm", "version": VERSION}, {"name": "b", "version": "1"}]',
    "Pipfile.lock": '{"_meta": {"pipfile-spec": 6, "hash": {"sha256": "0"}, "requires": {}, "sources": []}, "default": '
    '{"litellm": {"version": VERSION}}, "develop": {}}',
    "uv.lock": 'version = 1\nrequires-python = ">=3.12"\n[[package]]\nname = "litellm"\nversion = VERSION\n'
    'source = { registry = "https://index.example/simple" }\n',
    "poetry.lock": '[[package]]\nname = "litellm"\nversion = VERSION\noptional = false\npython-versions = "*"\n'
    'files = []\n[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "0"\n',
    "pdm.lock": '[metadata]\ngroups = ["default"]\nlock_version = "4.5.0"\ncontent_hash = "sha256:0"\n[[package]]\n'
    'name = "litellm"\nversion = VERSION\ngroups = ["default"]\n',
    "pylock": 'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "litellm"\nversion = VERSION\n',
}


@pytest.fixture(params=FORMATS)
def read(request: pytest.FixtureRequest) -> Callable[[str], Document]:
    def of(version: str) -> Document:
        hint = "env" if request.param.startswith("pip ") else ""
        found = read_document(FORMATS[request.param].replace("VERSION", version).encode(), "x", hint=hint)
        assert found is not None
        return found

    return of


def versions(document: Document) -> list[str]:
    return [row.version for row in document.components if row.package == "litellm"]


def test_a_version_as_text_is_one(read: Callable[[str], Document]) -> None:
    found = read('"1.10"')
    assert versions(found) in (["1.10"], [""])  # what a Pipfile.lock pins begins with `==`, so there it is no pin
    assert not any("number" in one.text for one in found.problems)


@pytest.mark.parametrize("written", ["1.10", "1.0"])
def test_a_number_that_ends_in_a_zero_is_the_version_as_written(read: Callable[[str], Document], written: str) -> None:
    found = read(written)
    assert versions(found) in ([written], [""])
    assert any("number" in one.text for one in found.problems)


@pytest.mark.parametrize("written", ["1.1", "1e400", "1" * 100_000, "-" + "1" * 100_000, "1e2", "-1.10"])
def test_any_other_number_may_have_been_another_one_and_is_unknown(
    read: Callable[[str], Document], written: str
) -> None:
    found = read(written)
    assert versions(found) == [""]
    assert found.completeness is not Completeness.COMPLETE or found.kind != "sbom"
    (said,) = (one for one in found.problems if "number" in one.text)
    assert "version" in said.place.lower()
    assert len(said.text) < 200


def test_a_huge_number_in_a_text_or_comment_stays_what_it_is() -> None:
    digits = "1" * 5_000
    lock = (
        FORMATS["uv.lock"].replace("VERSION", f'"1.10" # {digits}')
        + f"x = \"{digits}\"\ny = {digits}\nz = '''\n{digits}'''\n"
    )
    found = read_document(lock.encode(), "x")
    assert found is not None
    assert versions(found) == ["1.10"]
