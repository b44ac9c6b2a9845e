"""SBOMs in attestations: envelopes, bundles and answers of every kind around a document, and provenance beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from graphkit.formats import parts_of, read_document
from graphkit.formats.attestations.layers import DEEPEST
from graphkit.formats.attestations.reader import READER
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import NOT_READ, Basis, Completeness, Document, DocumentKind, is_attested
from graphkit.model.errors import InputError, NoDocument
from graphkit.model.times import moment

DIGEST, OTHER = "ab" * 32, "cd" * 32
CYCLONEDX, SPDX = "https://cyclonedx.org/bom", "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v1"
Json = dict[str, Any]


def bom(*rows: str, **more: Any) -> Json:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "timestamp": "2026-03-24T11:00:00Z",
            "component": {"type": "application", "name": "shop", "bom-ref": "root"},
            "tools": {"components": [{"type": "application", "name": "cyclonedx-py", "version": "7.0"}]},
        },
        "components": [
            {"type": "library", "name": row.split("==")[0], "version": row.split("==")[1],
             "purl": f"pkg:pypi/{row.replace('==', '@')}", "bom-ref": row}
            for row in rows
        ],
        "compositions": [{"aggregate": "complete"}],
    } | more  # fmt: skip


def spdx(**more: Any) -> Json:
    purl = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/a@1"}
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "x",
        "creationInfo": {"created": "2026-03-24T11:00:00Z", "creators": ["Tool: syft-1.40.0"]},
        "packages": [{"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "externalRefs": [purl]}],
    } | more


def subject(name: str = "images.example/acme/shop", digest: str = DIGEST) -> Json:
    return {"name": name, "digest": {"sha256": digest}}


def statement(predicate: Any, kind: str = CYCLONEDX, *subjects: Json, version: str = "v1") -> Json:
    return {
        "_type": f"https://in-toto.io/Statement/{version}",
        "subject": list(subjects or (subject(),)),
        "predicateType": kind,
        "predicate": predicate,
    }


def envelope(inner: Any, kind: str = "application/vnd.in-toto+json") -> Json:
    payload = base64.b64encode(json.dumps(inner).encode()).decode()
    return {"payloadType": kind, "payload": payload, "signatures": [{"keyid": "", "sig": "AAAA"}]}


def bundle(inner: Any) -> Json:
    """Return a bundle as Sigstore's clients write it since 0.3."""
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": "AA=="},
            "tlogEntries": [{"integratedTime": "1740770291"}],
        },
        "dsseEnvelope": envelope(inner),
    }


def provenance(*materials: Any, finished: str = "2026-03-24T11:05:00Z", subjects: tuple[Json, ...] = ()) -> Json:
    """Return provenance as GitHub's action attests it, with what it names."""
    source = {"uri": "git+https://github.com/acme/shop@refs/heads/main", "digest": {"gitCommit": "ab" * 20}}
    predicate = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {
                "workflow": {"ref": "refs/heads/main", "repository": "https://github.com/acme/shop"}
            },
            "resolvedDependencies": [source, *materials],
        },
        "runDetails": {"builder": {"id": "https://github.com/actions/runner"}, "metadata": {"finishedOn": finished}},
    }
    return statement(predicate, SLSA, *subjects)


def data_of(*values: Any) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in values)


def read(*values: Any, hint: str = "") -> Document:
    found = read_document(data_of(*values), "a.intoto.jsonl", hint=hint)
    assert found is not None
    return found


def rows(document: Document) -> list[tuple[str, str, bool]]:
    return [(row.package or row.name, row.version, row.optional) for row in document.components]


WRAPPERS: dict[str, Callable[[Json], Any]] = {
    "a bare statement": lambda one: one,
    "a DSSE envelope": envelope,
    "a predicate of its own media type": lambda one: envelope(one, "application/vnd.in-toto.spdx+json"),
    "a Sigstore bundle": bundle,
    "an older bundle": lambda one: bundle(one) | {"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1"},
    "GitHub's answer": lambda one: {"attestations": [{"bundle": bundle(one), "repository_id": 1, "bundle_url": "x"}]},
    "what gh verified": lambda one: [
        {"attestation": {"bundle": bundle(one)}, "verificationResult": {"statement": statement({}, "x")}}
    ],
    "what gh verified, without its bundle": lambda one: [
        {"attestation": {"bundle": None}, "verificationResult": {"statement": one, "verifiedTimestamps": []}}
    ],
}


@pytest.mark.parametrize("wrapped", WRAPPERS.values(), ids=WRAPPERS)
@pytest.mark.parametrize("hint", ["", "sbom", "lock", "env"])
def test_a_bom_in_every_wrapping_is_read_by_its_own_reader(wrapped: Callable[[Json], Any], hint: str) -> None:
    document = read(wrapped(statement(bom("litellm==1.82.8"))), hint=hint)
    assert document.kind is DocumentKind.SBOM
    assert document.format == "CycloneDX 1.6 in an attestation"
    assert is_attested(document)
    assert (document.basis, document.completeness) == (Basis.BUILT, Completeness.COMPLETE)
    assert (document.subject, document.created) == ("shop", moment("2026-03-24T11:00:00Z"))
    assert document.generator == ("cyclonedx-py 7.0",)
    assert [(row.package, row.version) for row in document.components if row.package == "litellm"] == [
        ("litellm", "1.82.8")
    ]
    assert all(place.endswith(("metadata.component", "components[0]")) for place in document.places)
    assert document.problems == ()


@pytest.mark.parametrize(
    ("kind", "predicate", "format_"),
    [
        (CYCLONEDX, bom("a==1"), "CycloneDX 1.6"),
        ("https://cyclonedx.org/bom/v1.6", bom("a==1"), "CycloneDX 1.6"),
        (SPDX, spdx(), "SPDX 2.3"),
        ("https://spdx.dev/Document/v2.3", spdx(), "SPDX 2.3"),
        (SPDX, "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nPackageName: a\n", "SPDX 2.3"),
        ("https://spdx.dev/Document/v3", {
            "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
            "@graph": [{"type": "SpdxDocument", "spdxId": "d", "rootElement": ["p"]},
                       {"type": "software_Package", "spdxId": "p", "name": "a"}],
        }, "SPDX 3.0.1"),
        ("https://syft.dev/bom", {
            "artifacts": [], "artifactRelationships": [], "source": {}, "descriptor": {"name": "syft", "version": "1"},
            "schema": {"version": "16.0.0", "url": "x"},
        }, "Syft 16.0.0"),
        # cosign before 2.0, and its types of no kind of its own
        (CYCLONEDX, {"Data": bom("a==1"), "Timestamp": "2026-03-24T12:00:00Z"}, "CycloneDX 1.6"),
        ("https://cosign.sigstore.dev/attestation/v1", {"Data": json.dumps(bom("a==1"))}, "CycloneDX 1.6"),
        ("https://example.com/our-own-type", bom("a==1"), "CycloneDX 1.6"),
        ("https://cosign.sigstore.dev/attestation/vuln/v1", {"scanner": {"uri": "pkg:github/aquasecurity/trivy@1",
            "result": {"SchemaVersion": 2, "ArtifactName": "shop", "ArtifactType": "container_image"}}}, "Trivy 2"),
    ],
)  # fmt: skip
def test_every_kind_of_predicate_that_is_an_sbom(kind: str, predicate: Any, format_: str) -> None:
    assert read(envelope(statement(predicate, kind))).format == f"{format_} in an attestation"


def test_a_document_that_an_envelope_holds_without_a_statement() -> None:
    document = read(envelope(bom("a==1"), "application/vnd.cyclonedx+json"))
    assert (document.format, document.places[1]) == ("CycloneDX 1.6 in an attestation", "payload.components[0]")


def test_the_type_of_a_payload_hides_no_sbom() -> None:
    document = read(envelope(statement(bom("litellm==1.82.8")), "application/octet-stream"))
    assert rows(document)[-1] == ("litellm", "1.82.8", False)


@pytest.mark.parametrize("change", [
    lambda text: text.rstrip("="),
    lambda text: text.translate(str.maketrans("+/", "-_")),
    lambda text: "\n".join(text[at:at + 76] for at in range(0, len(text), 76)),
])  # fmt: skip
def test_base64_of_either_alphabet_padded_or_not(change: Callable[[str], str]) -> None:
    wrapped = envelope(statement(bom("a==1", metadata={"component": {"name": "\u00ff\u00fe???>>>"}})))
    document = read(wrapped | {"payload": change(wrapped["payload"])})
    assert [row.package for row in document.components] == [None, "a"]


# What a statement is about


def test_where_the_document_describes_something_the_statement_gives_its_hash() -> None:
    document = read(statement(bom("a==1"), CYCLONEDX, subject(), subject("images.example/acme/shop:latest", OTHER)))
    assert (document.components[0].name, document.components[0].members) == ("shop", (DIGEST, OTHER))
    assert rows(document) == [("shop", "", False), ("a", "1", False)]


def test_where_it_describes_nothing_the_statement_says_what() -> None:
    document = read(statement(spdx(), SPDX))
    assert (document.subject, document.roots[0]) == ("images.example/acme/shop", "subject[0]")
    assert document.components[0].members == (DIGEST,)
    assert document.places[0] == "subject[0]"


@pytest.mark.parametrize(
    "name", ["acme_core-2.0-py3-none-any.whl", "dist/acme_core-2.0.tar.gz", "pkg:pypi/acme-core@2.0"]
)
def test_the_archive_of_a_release_is_that_release(name: str) -> None:
    document = read(statement(spdx(), SPDX, subject(name), subject("acme_core-2.0-cp312-abi3-linux_x86_64.whl", OTHER)))
    first = document.components[0]
    assert (document.subject, first.package, first.version) == ("acme-core", "acme-core", "2.0")
    assert {*first.sha256, *first.members} == {DIGEST, OTHER}


def test_an_image_by_its_purl_is_named_as_people_name_it() -> None:
    document = read(statement(spdx(), SPDX, subject("pkg:docker/images.example/acme/shop@1.2?platform=linux%2Famd64")))
    assert document.subject == "images.example/acme/shop"


def test_another_release_than_it_describes_is_a_row_and_listed() -> None:
    document = read(statement(bom("a==1"), CYCLONEDX, subject("litellm-1.82.8-py3-none-any.whl")))
    assert rows(document) == [("shop", "", False), ("a", "1", False), ("litellm", "1.82.8", True)]
    assert document.components[-1].sha256 == (DIGEST,)
    assert document.places[-1] == "subject[0]"


@pytest.mark.parametrize("more", [
    {"uri": "pkg:pypi/litellm@1.82.8"},
    {"downloadLocation": "https://files.example/litellm-1.82.8.tar.gz"},
    {"annotations": {"of": ["litellm-1.82.8-py3-none-any.whl"]}},
])  # fmt: skip
def test_whatever_else_a_descriptor_names_is_a_row(more: Json) -> None:
    document = read(statement(bom("a==1"), CYCLONEDX, subject() | more))
    assert rows(document)[-1] == ("litellm", "1.82.8", True)


def test_several_artifacts_are_rows_and_none_is_the_subject() -> None:
    document = read(statement(spdx(), SPDX, subject("a-1.0.tar.gz"), subject("b-1.0.tar.gz", OTHER)))
    assert document.subject == ""
    assert rows(document)[-2:] == [("a", "1.0", True), ("b", "1.0", True)]


def test_the_release_that_it_describes_gets_the_hash_of_its_archive() -> None:
    about = {
        "component": {"type": "library", "name": "litellm", "version": "1.82.8", "purl": "pkg:pypi/litellm@1.82.8"}
    }
    document = read(statement(bom(metadata=about), CYCLONEDX, subject("litellm-1.82.8-py3-none-any.whl")))
    assert rows(document) == [("litellm", "1.82.8", False)]
    assert document.components[0].sha256 == (DIGEST,)


def test_what_is_attached_to_a_subject_leaves_it_open() -> None:
    document = read(statement(bom("a==1"), CYCLONEDX, subject() | {"content": "bGl0ZWxsbQ=="}))
    assert document.completeness is Completeness.INCOMPLETE
    assert [(one.place, one.text) for one in document.problems] == [("subject[0]", f"{NOT_READ}what is attached here")]


@pytest.mark.parametrize("odd", [None, "x", [1, None, {}], [{"name": 1, "digest": {"sha256": [1]}}], [{"name": "_"}]])
def test_odd_subjects_cost_nothing(odd: Any) -> None:
    assert rows(read(statement(bom("a==1")) | {"subject": odd})) == [("shop", "", False), ("a", "1", False)]


# Provenance


@pytest.mark.parametrize(
    ("material", "row"),
    [
        ({"uri": "pkg:pypi/litellm@1.82.8", "digest": {"sha256": OTHER}}, ("litellm", "1.82.8")),
        ({"uri": "https://files.example/litellm-1.82.8-py3-none-any.whl"}, ("litellm", "1.82.8")),
        ({"name": "wheels/litellm-1.82.8.tar.gz", "digest": {"sha256": OTHER}}, ("litellm", "1.82.8")),
        ({"downloadLocation": "https://files.example/litellm-1.82.8.tar.gz"}, ("litellm", "1.82.8")),
        ({"annotations": {"from": ["pkg:pypi/litellm@1.82.8"]}}, ("litellm", "1.82.8")),
        ({"uri": "https://files.example/x.bin", "digest": {"sha256": OTHER}}, ("https://files.example/x.bin", "")),
        ({"digest": {"sha256": OTHER}}, ("a file", "")),
        ({"uri": "pkg:npm/x@1"}, ("pkg:npm/x@1", "1")),
    ],
)
def test_provenance_that_names_a_package_is_an_incomplete_document(material: Json, row: tuple[str, str]) -> None:
    document = read(bundle(provenance(material)))
    assert (document.format, document.basis) == ("provenance in an attestation", Basis.BUILT)
    assert document.completeness is Completeness.INCOMPLETE
    assert document.problems[-1].text.startswith(f"{NOT_READ}what was built: this is provenance")
    assert (document.subject, document.created) == ("images.example/acme/shop", moment("2026-03-24T11:05:00Z"))
    found = document.components[1]
    assert (found.package or found.name, found.version) == row
    assert found.sha256 == ((OTHER,) if "digest" in material else ())


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [
        ("https://slsa.dev/provenance/v0.2", {"materials": [{"uri": "pkg:pypi/litellm@1.82.8"}],
                                              "metadata": {"buildFinishedOn": "2026-03-24T11:05:00Z"}}),
        ("https://in-toto.io/Provenance/v0.1", {"materials": [{"uri": "pkg:pypi/litellm@1.82.8"}],
                                                "metadata": {"buildStartedOn": "2026-03-24T11:05:00Z"}}),
        ("https://in-toto.io/attestation/link/v0.3", {"materials": [{"name": "litellm-1.82.8.tar.gz"}]}),
        ("https://in-toto.io/Link/v0.2", {"materials": {"litellm-1.82.8.tar.gz": {"sha256": OTHER}}}),
    ],
)  # fmt: skip
def test_materials_of_every_kind_of_provenance(kind: str, predicate: Json) -> None:
    document = read(envelope(statement(predicate, kind)))
    assert rows(document)[1:] == [("litellm", "1.82.8", False)]
    assert document.created == (moment("2026-03-24T11:05:00Z") if "metadata" in predicate else None)


BASES = (
    {"uri": "pkg:docker/python@3.12-slim?platform=linux%2Famd64", "digest": {"sha256": OTHER}},
    {"uri": "pkg:github/acme/shop@main"},
    {"uri": "oci://images.example/acme/builder", "digest": {"sha256": OTHER}},
    {"uri": "git+ssh://git@git.example/acme/shop", "digest": {"sha256": OTHER}},
)


@pytest.mark.parametrize(
    "value",
    [
        provenance(*BASES),
        statement({"verifier": {"id": "x"}, "policy": {"uri": "pkg:pypi/a@1"}}, "https://slsa.dev/verification_summary/v1"),
        statement({"purl": "pkg:pypi/a@1"}, "https://in-toto.io/attestation/release/v0.1"),
        statement({"statements": [{"products": [{"@id": "pkg:pypi/a@1"}]}]}, "https://openvex.dev/ns"),
        statement({"Data": "litellm==1.82.8\n", "Timestamp": "x"}, "https://cosign.sigstore.dev/attestation/v1"),
        statement(None, "https://example.com/publish/v1"),
        {"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "x"},
        {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "messageSignature": {"signature": "AA=="}},
        {"payloadType": "application/vnd.novulz+cbor", "payload": "oQ==", "signatures": []},
        envelope({"fake": "statement"}),
    ],
)  # fmt: skip
def test_what_names_no_package_is_no_document_and_says_so(value: Json) -> None:
    for one in (value, bundle(value)) if "_type" in value else (value,):
        with pytest.raises(NoDocument, match="that is not an SBOM and names no package"):
            read(one)


def test_provenance_of_the_same_artifact_stands_beside_its_sbom() -> None:
    beside = provenance({"uri": "pkg:pypi/uv@0.9.5"}, BASES[0])
    document = read(bundle(statement(bom("a==1"))), bundle(beside))
    assert document.completeness is Completeness.COMPLETE
    assert document.created == moment("2026-03-24T11:05:00Z")  # the build had not ended when the SBOM was made
    assert rows(document) == [
        ("shop", "", False), ("a", "1", False), ("uv", "0.9.5", True), (BASES[0]["uri"], "3.12-slim", True),
    ]  # fmt: skip
    assert document.places[2].startswith("attestation 2.dsseEnvelope.payload.predicate.buildDefinition")
    assert read(bundle(beside), bundle(statement(bom("a==1")))).components[2:] != ()
    early = provenance({"uri": "pkg:pypi/uv@0.9.5"}, finished="2026-03-24T10:05:00Z")
    assert read(bundle(statement(bom("a==1"))), bundle(early)).created == moment("2026-03-24T11:00:00Z")


def test_provenance_of_another_artifact_is_a_document_of_its_own() -> None:
    other = (subject("images.example/acme/other", OTHER),)
    sbom, apart = bundle(statement(bom("a==1"))), bundle(provenance({"uri": "pkg:pypi/b@2"}, subjects=other))
    with pytest.raises(InputError, match="another artifact"):
        read(sbom, apart)
    parts = parts_of(data_of(sbom, apart), "a.jsonl")
    assert parts is not None
    assert len(parts) == 2
    document = read(sbom, bundle(provenance(subjects=other)))
    assert [one.text for one in document.problems] == [
        "provenance of another artifact, which names no package; it was not read"
    ]
    assert document.completeness is Completeness.COMPLETE


@pytest.mark.parametrize("wrapped", [
    lambda values: data_of(*values),
    lambda values: data_of(list(values)),
    lambda values: data_of({"attestations": [{"bundle": one} for one in values]}),
])  # fmt: skip
def test_several_sboms_in_one_file_are_several_documents(wrapped: Callable[[list[Json]], bytes]) -> None:
    data = wrapped([bundle(statement(bom("a==1"))), bundle(statement(spdx(), SPDX))])
    with pytest.raises(InputError, match="2 SBOMs in one file"):
        read_document(data, "a.jsonl")
    parts = parts_of(data, "a.jsonl") or []
    documents = [read_document(part, "a.jsonl") for part, _ in parts]
    assert [one.format if one else "" for one in documents] == [
        "CycloneDX 1.6 in an attestation", "SPDX 2.3 in an attestation",
    ]  # fmt: skip


def test_builds_of_two_provenances_are_two_documents() -> None:
    with pytest.raises(InputError, match="several builds"):
        read(provenance({"uri": "pkg:pypi/a@1"}), provenance({"uri": "pkg:pypi/b@1"}, finished="2026-03-20T00:00:00Z"))


# Broken and hostile ones


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (envelope({}) | {"payload": "not base64!"}, "payload: not valid base64"),
        (envelope({}) | {"payload": "e"}, "payload: not valid base64"),
        (envelope({}) | {"payload": "aGVsbG8="}, "payload: is not a JSON object"),
        (envelope({}) | {"payload": base64.b64encode(b'{"a": ').decode()}, "payload: not valid JSON"),
        (envelope({}) | {"payload": base64.b64encode(b'{"a": ' * 100_000).decode()}, "payload: cannot read JSON"),
        (
            statement({"x": 1}, CYCLONEDX),
            "predicate: cannot read the SBOM that 'https://cyclonedx.org/bom' should contain",
        ),
        (statement("pip freeze", SPDX), "predicate: cannot read the SBOM"),
        (statement(bom(specVersion="9")), "predicate.specVersion: CycloneDX '9' cannot be read"),
        (envelope(statement(bom(specVersion="9"))), "payload.predicate.specVersion: CycloneDX"),
        ({"attestations": [{"bundle": bundle({}) | {"dsseEnvelope": None}}]}, "contains no attestation"),
    ],
)
def test_a_broken_attestation_is_rejected_with_its_place(value: Json, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        read(value)
    assert str(caught.value).startswith(problem) or problem in str(caught.value)


@pytest.mark.parametrize("data", [
    b'{"payloadType": "application/vnd.in-toto+json", "payload": "e30',
    b'{"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "x": NaN}',
    b'{"predicateType": "x", "predicate": ' + b"[" * 100_000,
])  # fmt: skip
def test_broken_json_is_claimed_and_rejected_aloud(data: bytes) -> None:
    assert READER.claims(RawDocument(data, "x"))
    with pytest.raises(InputError):
        read_document(data, "x")


@pytest.mark.parametrize("data", [
    b'{"predicate": {"bomFormat": "CycloneDX"}}',
    b'{"note": "payloadType", "x": {"predicateType": "y"}}',
    b'{"attestations": [{"a": 1}], "predicateType": 1}',
    b'{"payloadType": "x", "payload": 1}',
    b'{"a": 1}\n{"predicateType": "x", "predicate": {}}',
    b"",
])  # fmt: skip
def test_what_is_no_attestation_is_not_claimed(data: bytes) -> None:
    assert not READER.claims(RawDocument(data, "a.intoto.jsonl"))


@pytest.mark.parametrize("wrap", [envelope, lambda one: statement(one, "x"), bundle, lambda one: {"bundle": one}])
def test_attestations_in_attestations_are_bounded(wrap: Callable[[Json], Json]) -> None:
    value: Json = envelope(statement(bom("a==1")))
    for _ in range(DEEPEST - 2):
        value = wrap(value)
        assert READER.claims(RawDocument(data_of(value), "x"))
    for _ in range(4):
        value = wrap(value)
    with pytest.raises(InputError, match="deep"):
        read(value)


def test_the_depth_of_wrappings_does_not_cost_the_stack() -> None:
    for depth in (50, 5_000):
        data = b'{"predicateType": "x", "predicate": ' * depth + b"{}" + b"}" * depth
        with pytest.raises(InputError):
            read_document(data, "x")


def test_a_payload_that_unpacks_to_much_more_is_not_unpacked() -> None:
    import gzip

    bomb = base64.b64encode(gzip.compress(b" " * 10_000_000 + json.dumps(statement(bom())).encode())).decode()
    with pytest.raises(InputError, match="is not a JSON object"):
        read(envelope({}) | {"payload": bomb})


def test_provenance_and_subjects_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphkit.formats.attestations.layers.LARGEST", 2**20)
    for value in (
        provenance(*({"uri": f"pkg:pypi/a-{number}@1"} for number in range(40_000))),
        statement(bom("a==1"), CYCLONEDX, *(subject(f"a-{number}") for number in range(20_000))),
    ):
        with pytest.raises(InputError, match="of more than 1 MiB; split it"):
            read(value)


def test_hostile_names_are_escaped() -> None:
    name = f"\x1b[31m\u202e{'n' * 100_000}"
    materials = statement({"materials": [{"uri": f"pkg:pypi/{name}"}]}, SLSA)
    document = read(envelope(statement(bom("a==1"), name, subject(name))), envelope(materials))
    assert all("\x1b" not in one.text + one.place for one in document.problems)
    with pytest.raises(NoDocument) as caught:
        read(statement({}, name))
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300
