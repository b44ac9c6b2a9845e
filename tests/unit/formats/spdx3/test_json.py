"""SPDX 3 in JSON-LD: samples of the field, every relationship, every spelling, and every way to be odd."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.formats.interface import RawDocument
from graphkit.formats.spdx3.json import READER
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.times import moment

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
TERMS = "https://spdx.org/rdf/3.0.1/terms"
DIGEST, OTHER = "ab" * 32, "cd" * 32


def shape(*elements: Any) -> dict[str, Any]:
    return {"@context": CONTEXT, "@graph": [made(), *elements]}


def made(created: str = "2026-03-24T12:00:00Z", **more: Any) -> dict[str, Any]:
    return {"type": "CreationInfo", "@id": "_:creationinfo", "specVersion": "3.0.1", "created": created} | more


def package(project: str, version: str | None = "1.0", **more: Any) -> dict[str, Any]:
    purl = f"pkg:pypi/{project}@{version}" if version else f"pkg:pypi/{project}"
    row = {"type": "software_Package", "spdxId": f"urn:{project}", "name": project, "software_packageUrl": purl}
    return row | ({"software_packageVersion": version} if version else {}) | more


def related(text: str, **more: Any) -> dict[str, Any]:
    source, kind, *targets = text.split()
    ends = {"from": f"urn:{source}", "to": [f"urn:{one}" for one in targets]}
    return {"type": "Relationship", "spdxId": f"urn:r:{text}", "relationshipType": kind, **ends} | more


def document(*roots: str, **more: Any) -> dict[str, Any]:
    row = {"type": "SpdxDocument", "spdxId": "urn:doc", "creationInfo": "_:creationinfo"}
    return row | {"rootElement": [f"urn:{one}" for one in roots]} | more


def file(name: str, digest: str = DIGEST, **more: Any) -> dict[str, Any]:
    return {"type": "software_File", "spdxId": f"urn:{name}", "name": name, "verifiedUsing": [hashed(digest)]} | more


def hashed(digest: str, **more: Any) -> dict[str, Any]:
    return {"type": "Hash", "algorithm": "sha256", "hashValue": digest} | more


def read(data: Any) -> Document:
    raw = json.dumps(data).encode()
    assert READER.claims(RawDocument(raw, ""))
    found = READER.parse(RawDocument(raw, "x"))
    refs = {row.ref for row in found.components}
    assert len(refs) == len(found.components) == len(found.places)
    assert refs.issuperset((*found.roots, *(one for edge in found.edges for one in (edge.source, edge.target))))
    assert found == READER.parse(RawDocument(raw, "x"))
    return found


def spdx(*elements: Any) -> Document:
    return read(shape(*elements))


def edges(found: Document) -> list[str]:
    return [f"{edge.source}>{edge.target}".replace("urn:", "") for edge in found.edges]


def texts(found: Document) -> list[tuple[str, str]]:
    return [(problem.place, problem.text) for problem in found.problems]


def test_every_sample_holds_what_the_manifest_says(shared: Path) -> None:
    seen = 0
    for row in csv.DictReader((shared / "samples/MANIFEST.csv").read_text(encoding="utf-8").splitlines()):
        data = (shared / "samples" / row["file"]).read_bytes()
        if not row["file"].startswith("spdx3-jsonld/"):
            assert not READER.claims(RawDocument(data, "", "sbom")), row["file"]
            continue
        seen += 1
        assert READER.claims(RawDocument(data, ""))
        found = READER.parse(RawDocument(data, row["file"]))
        python = {(one.package, one.version) for one in found.components if one.package}
        assert len(python) == int(row["pypi_components"]), row["file"]
        assert found.format == f"SPDX {row['spec_version']}"
        assert found.sha256 == row["sha256"]
    assert seen == 2


def test_a_real_document_of_pitloom(shared: Path) -> None:
    path = shared / "samples/spdx3-jsonld/bact__sentimentdemo__bom-generated.spdx3.json"
    found = READER.parse(RawDocument(path.read_bytes(), path.name))
    assert (found.kind, found.basis, found.created) == (
        DocumentKind.SBOM,
        Basis.BUILT,  # one SBOM of sources, one of a build
        moment("2026-08-18T13:05:36Z"),
    )
    assert [ref.partition("#")[2] for ref in found.roots] == ["Package-1", "AIPackage-2"]
    assert found.subject == ""
    assert found.dependencies_known
    needs = [edge.target.partition("#")[2] for edge in found.edges if edge.source.endswith("#Package-1")]
    assert sorted(needs) == ["AIPackage-2", *(f"Package-{number}" for number in range(2, 7))]
    held = {row.name: len(row.members) for row in found.components if row.members}
    assert held == {"sentimentdemo": 7, "fasttext": 1}  # the files are in a folder, which is a file as well
    own = next(row for row in found.components if row.name == "sentimentdemo")
    assert own.sha256 == ()  # its hash is a Merkle root, which would rule a bad archive out
    assert texts(found) == [
        ("@graph[68].verifiedUsing[0]", "is a hash over several files, as its comment says, and was left out")
    ]


def test_a_real_document_with_elements_of_every_profile(shared: Path) -> None:
    path = shared / "samples/spdx3-jsonld/sbomify__github-action__spdx3_multi_type.json"
    found = READER.parse(RawDocument(path.read_bytes(), path.name))
    assert (found.subject, found.basis, found.problems) == ("test-package", Basis.BUILT, ())
    assert found.roots == ("urn:spdx.dev:pkg-test",)
    assert found.components[0].origin == "https://example.com/test-package-1.0.0.tar.gz"
    assert not found.dependencies_known


@pytest.mark.parametrize(
    ("kind", "edge", "is_optional"),
    [
        ("dependsOn", "a>b", False),
        ("DEPENDS_ON", "a>b", False),
        (f"{TERMS}/Core/RelationshipType/dependsOn", "a>b", False),
        ("hasDynamicLink", "a>b", False),
        ("hasStaticLink", "a>b", False),
        ("hasPrerequisite", "a>b", False),
        ("hasProvidedDependency", "a>b", False),
        ("usesTool", "a>b", False),
        ("contains", "a>b", False),
        ("hasOptionalDependency", "a>b", True),
        ("hasOptionalComponent", "a>b", True),
        ("hasDependencyManifest", "", False),
        ("hasDistributionArtifact", "", False),
        ("generates", "", False),
        ("ancestorOf", "", False),
        ("packagedBy", "", False),
        ("describes", "", False),
        ("other", "", False),
    ],
)
def test_every_relationship(kind: str, edge: str, is_optional: bool) -> None:  # noqa: FBT001 - a column of a table
    found = spdx(package("a"), package("b"), related("a x b", relationshipType=kind))
    assert edges(found) == ([edge] if edge else [])
    assert [row.optional for row in found.components] == [False, is_optional]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("scope", "is_optional"),
    [("development", True), ("test", True), ("build", False), ("runtime", False), ("design", False), (None, False)],
)
def test_scopes(scope: str | None, is_optional: bool) -> None:  # noqa: FBT001 - a column of a table
    row = related("a dependsOn b", type="LifecycleScopedRelationship", scope=scope)
    found = spdx(package("a"), package("b"), row)
    assert edges(found) == ["a>b"]
    assert [row.optional for row in found.components] == [False, is_optional]


def test_an_unknown_type_is_noted_once() -> None:
    found = spdx(package("a"), package("b"), related("a likes b"), related("b likes a"))
    assert texts(found) == [("@graph[3].relationshipType", "'likes' is not an SPDX 3 type; ignored")]


def test_nobody_is_a_target() -> None:
    for spelling in ("NoneElement", f"{TERMS}/Core/NoneElement", "spdx:NoneElement", "spdx:Core/NoneElement"):
        found = spdx(package("a"), related("a dependsOn", to=[spelling]))
        assert (found.dependencies_known, found.edges, found.problems) == (True, (), ())
        assert not spdx(package("a"), related("a contains", to=spelling)).dependencies_known
    for spelling in ("NoAssertionElement", f"{TERMS}/Core/NoAssertionElement", "spdx:Core/NoAssertionElement"):
        found = spdx(package("a"), related("a dependsOn", to=spelling))
        assert (found.dependencies_known, found.edges, found.problems) == (False, (), ())


@pytest.mark.parametrize(
    "more", [related("a dependsOn", to=["pkg:pypi/bad@1.2"]), document("a", element=["urn:a", "pkg:pypi/bad@1.2"])]
)
def test_a_ref_that_leads_nowhere_and_is_a_purl_names_a_release(more: dict[str, Any]) -> None:
    last = spdx(package("a"), more).components[-1]
    assert (last.package, last.version, last.optional) == ("bad", "1.2", True)


def test_refs_that_lead_nowhere() -> None:
    found = spdx(
        document("a", "lost", **{"import": [{"type": "ExternalMap", "externalSpdxId": "urn:far"}]}),
        package("a"),
        related("a dependsOn far gone a"),
        related("gone dependsOn a"),
        {"type": "Relationship", "relationshipType": "dependsOn", "to": ["urn:a"]},
        {"type": "Relationship", "relationshipType": "dependsOn", "from": "urn:a"},
    )
    assert edges(found) == ["a>a"]
    assert sorted(texts(found)) == [
        ("@graph[1].rootElement[1]", "'urn:lost' is not an element of this document; the root element was left out"),
        ("@graph[3].to[0]", "'urn:far' points into another document; the relationship was left out"),
        ("@graph[3].to[1]", "'urn:gone' is not an element of this document; the relationship was left out"),
        ("@graph[4].from", "'urn:gone' is not an element of this document; the relationship was left out"),
        ("@graph[5].from", "names no element; the relationship was left out"),
        ("@graph[6].to", "names no element; the relationship was left out"),
    ]


def test_only_one_element_relates_to_others() -> None:
    several = related("a dependsOn c", **{"from": ["urn:a", "urn:b"], "completeness": "complete"})
    rest = [related(f"{one} dependsOn", to=["NoneElement"], completeness="complete") for one in "bc"]
    found = spdx(document("a"), package("a"), package("b"), package("c"), several, *rest)
    assert (edges(found), found.completeness) == (["a>c"], Completeness.UNKNOWN)
    assert texts(found) == [("@graph[5].from", "names 2 elements, but only one is allowed; the first was read")]


def test_elements_of_other_profiles_are_no_loose_ends() -> None:
    tool = {"type": "Tool", "spdxId": "urn:tool", "name": "gcc"}
    build = {"type": "build_Build", "spdxId": "urn:build"}
    snippet = {"type": "software_Snippet", "spdxId": "urn:snippet"}
    rows = (related("a usesTool tool"), related("build dependsOn a"), related("a contains snippet"))
    found = spdx(package("a"), tool, build, snippet, *rows)
    assert (found.edges, found.problems) == ((), ())


def test_roots_go_through_the_sboms_of_the_document() -> None:
    sbom = {"type": "software_Sbom", "spdxId": "urn:s", "rootElement": ["urn:a", "urn:b", "urn:s"]}
    other = {"type": "software_Sbom", "spdxId": "urn:t", "rootElement": "urn:c"}
    rows = (sbom, other, package("a"), package("b"), package("c"))
    assert spdx(document("s"), *rows).roots == ("urn:a", "urn:b")
    assert spdx(*rows).roots == ("urn:a", "urn:b", "urn:c")  # no document: every SBOM
    assert spdx(document("c", "s"), *rows).roots == ("urn:c", "urn:a", "urn:b")
    assert spdx(document("c"), *rows).subject == "c"
    assert spdx(document("s"), *rows).subject == ""
    assert spdx(document(), package("a"), related("doc describes a")).roots == ("urn:a",)
    assert spdx(document(), package("a"), package("b"), related("a describes b")).roots == ()


@pytest.mark.parametrize(
    ("types", "basis"),
    [
        (["design"], Basis.LISTED),
        (["source"], Basis.LISTED),
        (["build"], Basis.BUILT),
        (["analyzed"], Basis.BUILT),
        (["deployed"], Basis.INSTALLED),
        ("runtime", Basis.INSTALLED),
        (["source", f"{TERMS}/Software/SbomType/build"], Basis.BUILT),
        (["else"], Basis.BUILT),
        ([], Basis.BUILT),
    ],
)
def test_sbom_types(types: Any, basis: Basis) -> None:
    found = spdx({"type": "software_Sbom", "spdxId": "urn:s", "software_sbomType": types}, package("a"))
    assert (found.basis, found.problems) == (basis, ())


def test_when_it_was_made() -> None:
    newer = made("2026-03-25T00:00:00Z") | {"@id": "_:other"}
    assert spdx(newer, document()).created == moment("2026-03-24T12:00:00Z")
    assert spdx(newer).created == moment("2026-03-25T00:00:00Z")  # nobody says; nothing in it is newer
    assert read({"@context": CONTEXT, "@graph": [document()]}).created is None
    found = read({"@context": CONTEXT, "@graph": [made("yesterday"), document()]})
    assert found.created is None
    assert [place for place, _ in texts(found)] == ["@graph[0].created"]
    inline = document(creationInfo=made("2026-03-24T13:00:00Z"))
    assert read({"@context": CONTEXT, "@graph": [inline]}).created == moment("2026-03-24T13:00:00Z")


def test_versions() -> None:
    def version(text: Any, context: Any = CONTEXT) -> Document:
        return read({"@context": context, "@graph": [made(specVersion=text)]})

    assert version("3.0.0").format == "SPDX 3.0.0"
    assert version(None).format == "SPDX 3.0.1"
    assert version(None, [{}, "https://spdx.org/rdf/3.0.0/spdx-context.jsonld"]).format == "SPDX 3.0.0"
    assert texts(version("3.1.0")) == [("@graph[0].specVersion", "not read: what is new in 3.1.0; it was read as 3.0")]
    for text in ("2.3", "4.0", "three"):
        with pytest.raises(InputError, match=r"cannot be read here; 3\.0 can"):
            version(text)


@pytest.mark.parametrize(
    "row",
    [
        {"type": "software:Package", "spdxId": "urn:a", "software:packageUrl": "pkg:pypi/a@1", "name": "a"},
        {
            "@type": [f"{TERMS}/Software/Package"],
            "@id": "urn:a",
            f"{TERMS}/Core/name": {"@value": "a"},
            f"{TERMS}/Software/packageUrl": [{"@value": "pkg:pypi/a@1"}],
        },
        {"type": "ai_AIPackage", "spdxId": "urn:a", "name": "a", "software_packageUrl": "pkg:pypi/a@1"},
        {
            "type": "software_Package",
            "spdxId": "urn:a",
            "name": "a",
            "externalIdentifier": [
                {"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:a:a:1"},
                {"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:pypi/a@1"},
            ],
        },
        {
            "type": "software_Package",
            "spdxId": "urn:a",
            "software_packageUrl": "pkg:pypi/A@1",
            "externalIdentifier": [{"externalIdentifierType": "purl", "identifier": "pkg:pypi/a@1"}],
        },
    ],
)
def test_spellings_of_a_package(row: dict[str, Any]) -> None:
    found = spdx(row)
    assert [(one.ref, one.name, one.package, one.version) for one in found.components] == [("urn:a", "a", "a", "1")]
    assert found.problems == ()


def test_a_single_element_without_a_graph() -> None:
    found = read({"@context": CONTEXT, **package("a", None)})
    assert [(row.package, row.version) for row in found.components] == [("a", "")]
    assert found.places == ("the document",)
    assert texts(found) == [("software_packageVersion", "no version: unknown")]
    assert found.format == "SPDX 3.0.1"
    assert read({"@context": CONTEXT, "@graph": package("a")}).places == ("@graph",)


def test_elements_inside_others() -> None:
    inner = related("a dependsOn", to=[package("b"), {**package("c"), "spdxId": None}])
    found = read({"@context": CONTEXT, "@graph": [document(element=[package("a"), inner], rootElement=package("r"))]})
    assert sorted(row.name for row in found.components) == ["a", "b", "c", "r"]
    assert edges(found) == ["a>b", "a>_:@graph[0].element[1].to[1]"]
    assert found.roots == ("urn:r", "urn:a")
    assert found.problems == ()


def test_places_are_those_of_the_file() -> None:
    found = spdx(
        {"type": "Person", "spdxId": "urn:p"},
        package("a", ">=1", software_packageUrl="pkg:pypi/a", verifiedUsing=[{"type": "Other"}, hashed("no")]),
        package("b", "2", software_packageUrl="pkg:pypi/b b"),
        package("c", None, software_packageUrl=None, externalIdentifier=[{}, purl("pkg:pypi/c c")]),
        package("d", "2", externalIdentifier=[purl("pkg:pypi/d@3")]),
        {**package("d", "4"), "name": "other"},
    )
    assert [place for place, _ in texts(found)] == [
        "@graph[2].software_packageVersion",
        "@graph[2].verifiedUsing[1]",
        "@graph[3].software_packageUrl",
        "@graph[4].externalIdentifier[1].identifier",
        "@graph[5].externalIdentifier",
        "@graph[6].spdxId",
        "@graph[6]",
    ]
    assert set(found.places) == {f"@graph[{number}]" for number in range(2, 7)}


def purl(text: str) -> dict[str, str]:
    return {"externalIdentifierType": "packageUrl", "identifier": text}


def test_hashes_of_archives_only() -> None:
    code = {"type": "PackageVerificationCode", "algorithm": "sha256", "hashValue": OTHER}
    merkle = hashed(OTHER, comment="A Merkle root over all files")
    md5 = {"type": "Hash", "algorithm": "md5", "hashValue": "1"}
    upper = {"type": "Hash", "algorithm": f"{TERMS}/Core/HashAlgorithm/sha256", "hashValue": DIGEST.upper()}
    found = spdx(package("a", verifiedUsing=[code, merkle, md5, upper]))
    assert found.components[0].sha256 == (DIGEST,)
    assert [place for place, _ in texts(found)] == ["@graph[1].verifiedUsing[1]"]


@pytest.mark.parametrize("kind", ["contains", "expandsTo", "hasDistributionArtifact"])
def test_files_of_a_package_are_its_members(kind: str) -> None:
    found = spdx(document("a"), package("a"), package("b"), file("f"), file("g", OTHER), related(f"b {kind} f"))
    assert [(row.name, row.sha256, row.members) for row in found.components] == [
        ("a", (), (OTHER,)),  # what nobody holds is what was described
        ("b", (), (DIGEST,)),
    ]


def test_files_in_folders_and_in_circles() -> None:
    folder = {"type": "software_File", "spdxId": "urn:d", "name": "d", "software_fileKind": "directory"}
    circle = (related("a contains d"), related("d contains f d a"), related("f contains d g"), related("b contains d"))
    found = spdx(package("a"), package("b"), folder, file("f"), file("g", OTHER), *circle)
    assert [row.members for row in found.components] == [(DIGEST, OTHER), ()]


def complete(*rows: dict[str, Any], root: str = "a") -> Completeness:
    return spdx(document(root), *rows).completeness


def test_it_is_complete_only_where_every_package_says_so() -> None:
    a, b = package("a"), package("b")
    all_of_a = related("a dependsOn b", completeness="complete")
    none_of_b = related("b dependsOn", to=["NoneElement"], completeness="complete")
    assert complete(a, b, all_of_a, none_of_b) is Completeness.COMPLETE
    assert complete(a, b, all_of_a) is Completeness.UNKNOWN
    assert complete(a, b, none_of_b) is Completeness.UNKNOWN
    assert complete(a, b, related("a dependsOn b"), none_of_b) is Completeness.UNKNOWN
    assert complete(a, b, all_of_a, {**none_of_b, "completeness": "noAssertion"}) is Completeness.UNKNOWN
    assert complete(a, b, {**all_of_a, "scope": "runtime"}, none_of_b) is Completeness.UNKNOWN
    assert complete(a, b, all_of_a, none_of_b, related("a dependsOn gone")) is Completeness.INCOMPLETE
    assert complete(a, b, all_of_a, {**none_of_b, "to": ["NoAssertionElement"]}) is Completeness.UNKNOWN
    assert complete(a, b, all_of_a, none_of_b, {**b, "software_packageUrl": "pkg:pypi/c"}) is Completeness.UNKNOWN
    assert complete(a, {**b, "software_packageUrl": None}, all_of_a, none_of_b) is Completeness.UNKNOWN
    assert spdx(a, b, {**all_of_a, "from": "urn:doc"}).completeness is Completeness.INCOMPLETE  # it leads elsewhere
    assert complete() is Completeness.INCOMPLETE  # what it describes is not there


def test_one_denial_or_one_lost_row_denies_the_whole() -> None:
    a, b = package("a"), package("b")
    told = (related("a dependsOn b", completeness="complete"), related("b dependsOn", to=[], completeness="complete"))
    assert complete(a, b, *told) is Completeness.COMPLETE
    for kind in ("dependsOn", "contains", "hasOptionalDependency"):
        assert complete(a, b, *told, related(f"a {kind} b", completeness="incomplete")) is Completeness.INCOMPLETE
    for lost in ("text", None, 7, {"spdxId": "urn:typeless"}, package("c", software_packageUrl="pkg:pypi/")):
        assert spdx(document("a"), a, b, *told, lost).completeness is not Completeness.COMPLETE
    assert spdx(document("a"), a, b, *told, 7).completeness is Completeness.INCOMPLETE


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ({"name": ["a", "b"]}, "@graph[1].name"),
        ({"name": {"a": 1}}, "@graph[1].name"),
        ({"software_packageUrl": 7}, "@graph[1].software_packageUrl"),
        ({"software_packageVersion": []}, "@graph[1].software_packageVersion"),
        ({"verifiedUsing": "sha256"}, "@graph[1].verifiedUsing"),
        ({"verifiedUsing": [None, 1]}, "@graph[1].verifiedUsing[1]"),
        ({"externalIdentifier": [[]]}, "@graph[1].externalIdentifier[0]"),
        ({"externalIdentifier": {"externalIdentifierType": {}}}, "@graph[1].externalIdentifier.externalIdentifierType"),
    ],
)
def test_what_is_of_another_type_is_noted_alone(broken: dict[str, Any], place: str) -> None:
    found = spdx(package("a") | broken, package("b"))
    assert len(found.components) == 2
    assert place in [where for where, _ in texts(found)]


def test_odd_graphs() -> None:
    graph: Any
    for graph in (None, [], "text", 7):
        found = read({"@context": CONTEXT, "@graph": graph})
        assert found.components == ()
    assert read({"@context": CONTEXT}).problems[0].text == "an element without a type was left out"
    odd: list[Any] = [
        None,
        1,
        "x",
        [],
        {},
        {"type": 1},
        {"type": []},
        {"type": "Relationship"},
        {"type": "SpdxDocument", "import": 1},
    ]
    found = spdx(*odd, package("a"), document("a", rootElement=[None, 1, {}, []]))
    assert [row.name for row in found.components] == ["a"]


def test_duplicates_are_one_row_and_clashes_two() -> None:
    found = spdx(
        package("a"), package("a", verifiedUsing=[hashed(DIGEST)]), package("a", "2"), related("a dependsOn a")
    )
    assert [(row.ref, row.version, row.sha256) for row in found.components] == [
        ("urn:a", "1.0", (DIGEST,)),
        ("urn:a#2", "2", ()),
    ]
    assert [text for _, text in texts(found)] == ["'urn:a' is a duplicate; this one is renamed to 'urn:a#2'"]


def test_hostile_ids_are_ids_like_others() -> None:
    names = ("NONE", "NOASSERTION", "SPDXRef-DOCUMENT", "_:every collection", "<script>")
    rows = [{**package("a"), "spdxId": name} for name in names]
    found = spdx(document(), *rows, *({**related("a dependsOn a"), "from": one, "to": list(names)} for one in names))
    assert len(found.components) == len(names)


def test_bytes_that_are_no_json_are_rejected_aloud() -> None:
    for data in (b'{"@context": "https://spdx.org/rdf/3.0.1/x", ', b'{"@graph": [], "x": "spdx.org/rdf/3.0.1"'):
        assert READER.claims(RawDocument(data, ""))
        with pytest.raises(InputError, match=r"not valid JSON|cannot read JSON"):
            READER.parse(RawDocument(data, "x"))
    with pytest.raises(InputError, match="should be an object"):
        READER.parse(RawDocument(b"[]", "x"))


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"to":', "}"), ('{"type":"Relationship","to":', "}")])
def test_deep_json_is_no_traceback(left: str, right: str) -> None:
    deep = f'{{"@context":"{CONTEXT}","@graph":[{left * 100_000}1{right * 100_000}]}}'.encode()
    assert READER.claims(RawDocument(deep, ""))
    with pytest.raises(InputError, match="nested too deep"):
        READER.parse(RawDocument(deep, "x"))


def test_elements_nested_too_deep_are_noted() -> None:
    row: Any = package("a")
    for _ in range(60):
        row = {"type": "Relationship", "relationshipType": "dependsOn", "from": "urn:a", "to": row}
    found = spdx(row)
    assert "elements are nested too deep to follow" in [text for _, text in texts(found)]


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b"",
        b'{"bomFormat": "CycloneDX", "x": "https://spdx.org/rdf/3.0.1"}',
        b'{"bomFormat": "CycloneDX", "x": "https://spdx.org/rdf/3.0.1", "@context"',
        b'{"spdxVersion": "SPDX-2.3", "comment": "https://spdx.org/rdf/3.0.1"}',
        b'{"@context": "https://spdx.org/rdf/terms", "@graph": []}',
    ],
)
def test_what_is_somebody_elses(data: bytes) -> None:
    assert not READER.claims(RawDocument(data, "x.spdx3.json", "sbom"))


def test_a_long_chain_and_a_large_circle() -> None:
    names = [f"p{number}" for number in range(3_000)]
    ring = [related(f"{one} dependsOn {two}") for one, two in zip(names, [*names[1:], names[0]], strict=True)]
    found = spdx(*map(package, names), *ring)
    assert (len(found.components), len(found.edges)) == (3_000, 3_000)


ids = st.sampled_from(["urn:a", "urn:b", "urn:f", "urn:doc", "urn:gone", "NoneElement", "", "NONE"])
values = st.one_of(st.none(), st.integers(), st.text(max_size=4), ids, st.lists(ids, max_size=3), st.just({}))
kinds = st.sampled_from(
    ["software_Package", "software_File", "Relationship", "SpdxDocument", "software_Sbom", "CreationInfo", "x_Y", None]
)
keys = ("spdxId", "@id", "from", "to", "rootElement", "import", "name", "software_packageVersion", "verifiedUsing")
things = st.fixed_dictionaries(
    {"type": kinds},
    optional={
        **dict.fromkeys(keys, values),
        "spdxId": ids,
        "relationshipType": st.sampled_from(["dependsOn", "contains", "describes", "hasOptionalDependency", "odd"]),
        "completeness": st.sampled_from(["complete", "incomplete", "noAssertion"]),
        "software_packageUrl": st.sampled_from(["pkg:pypi/a@1", "pkg:pypi/", "pkg:npm/a@1", "x"]),
        "element": st.lists(st.fixed_dictionaries({"type": kinds, "spdxId": ids}), max_size=2),
    },
)


@settings(max_examples=150)
@given(st.lists(st.one_of(things, values), max_size=8))
def test_no_graph_is_a_traceback(graph: list[Any]) -> None:
    found = read({"@context": CONTEXT, "@graph": graph})  # its laws are checked there
    if found.completeness is Completeness.COMPLETE:
        assert all(isinstance(one, dict) and one["type"] for one in graph)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20), st.randoms())
def test_edges_are_those_that_were_written_in_any_order(pairs: list[tuple[int, int]], random: Any) -> None:
    rows = [package(f"p{number}") for number in range(6)]
    rows += [related(f"p{one} dependsOn p{two}") for one, two in pairs]
    random.shuffle(rows)
    assert sorted(edges(spdx(*rows))) == sorted({f"p{one}>p{two}" for one, two in pairs})
