"""CycloneDX in JSON: samples of the field, and every way to be odd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphkit.formats.cyclonedx.json import READER
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, Edge
from graphkit.model.errors import InputError
from graphkit.model.times import moment

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "samples" / "cyclonedx-json"


def bom(**parts: Any) -> Document:
    data = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", **parts}).encode()
    return READER.parse(RawDocument(data, "x"))


def library(name: str, version: str = "1.0", **more: Any) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
    } | more


def texts(document: Document) -> list[tuple[str, str]]:
    return [(problem.place, problem.text) for problem in document.problems]


def sample(name: str) -> Document:
    found = [path for path in SAMPLES.glob("*.json") if name in path.name]
    if not found:
        pytest.skip("the shared samples are not here")
    return READER.parse(RawDocument(found[0].read_bytes(), found[0].name))


def test_a_real_sbom_of_a_project() -> None:
    read = sample("youtube-to-docs")
    assert (read.kind, read.format, read.basis) == (DocumentKind.SBOM, "CycloneDX 1.5", Basis.BUILT)
    assert (read.subject, read.roots) == ("youtube-to-docs", ("youtube-to-docs-1@0.0.111",))
    assert read.created == moment("2026-08-21T19:34:08.293362Z")
    assert len(read.components) == 150
    assert all(row.package for row in read.components[:-1])
    assert read.places[-1] == "metadata.tools[1]"  # a script of the project's own
    assert read.dependencies_known
    assert read.completeness is Completeness.UNKNOWN
    assert read.problems == ()


def test_a_real_sbom_of_an_image_with_files() -> None:
    read = sample("siftguard")
    assert sum(row.package is not None for row in read.components) == 548
    assert read.created == moment("2026-05-19T05:45:21Z")
    assert read.subject == ""  # its subject is the file "."


def test_real_phases_and_nothing_python() -> None:
    assert sample("sbom4python").basis is Basis.LISTED
    assert sample("amazonlinux").basis is Basis.BUILT
    circular = sample("circular")
    assert not circular.covers_python
    assert len(circular.edges) == 635


def test_real_hashes_stand_at_the_distribution() -> None:
    rows = {row.package: row for row in sample("private-packages").components if row.package}
    numpy = next(row for name, row in rows.items() if name == "numpy")
    assert len(numpy.sha256) > 10
    assert any(row.index for row in rows.values())
    assert any(row.origin for row in sample("private-packages").components)


def test_a_real_nested_sbom() -> None:
    read = sample("nested")
    assert read.places[-1].count("components[0]") == 3
    assert any("its purl says" in text for _, text in texts(read))


def test_real_broken_refs_and_purls_are_noted() -> None:
    assert texts(sample("broken-refs"))[0] == (
        "dependencies[0].dependsOn[0]",
        "'b' is not a component of this document; the dependency was left out",
    )
    assert texts(sample("invalid-purl"))[0] == ("components[0].purl", "'invalid purl' is not a valid purl")


def test_names_are_normal_and_other_kinds_keep_their_purl() -> None:
    read = bom(
        components=[
            library("Zope.Interface"),
            {"type": "library", "name": "x", "purl": "pkg:npm/%40a/x@1", "version": "1"},
            {"type": "library", "name": "litellm", "version": "1.82.8"},
        ]
    )
    assert [row.package for row in read.components] == ["zope-interface", None, None]
    assert read.components[1].purl == "pkg:npm/%40a/x@1"
    assert read.components[2].name == "litellm"


@pytest.mark.parametrize(
    ("purl", "package", "version"),
    [
        ("pkg:PyPI/LiteLLM@1.82.8", "litellm", "1.82.8"),
        ("pkg://pypi/litellm@1.82.8", "litellm", "1.82.8"),
        ("PKG:pypi/litellm@1.82.8?file_name=x.whl", "litellm", "1.82.8"),
        ("pkg:pypi/torch@2.0%2Bcu121", "torch", "2.0+cu121"),
        ("pkg:pypi/torch@2.0+cu121", "torch", "2.0+cu121"),
        ("pkg:pypi/litellm", "litellm", ""),
    ],
)
def test_purls_as_in_the_field(purl: str, package: str, version: str) -> None:
    row = bom(components=[{"type": "library", "name": "n", "purl": purl}]).components[0]
    assert (row.package, row.version) == (package, version)


def test_qualifiers_say_where_it_came_from() -> None:
    rows = bom(
        components=[
            {"name": "a", "purl": "pkg:pypi/a@1?repository_url=https://index.corp/simple"},
            {"name": "b", "purl": "pkg:pypi/b@1?vcs_url=git%2Bhttps://git.corp/b%40abc"},
            {"name": "c", "purl": "pkg:pypi/c@1?download_url=https://files.corp/c-1.whl"},
        ]
    ).components
    assert [(row.index, row.origin) for row in rows] == [
        ("https://index.corp/simple", ""),
        ("", "git+https://git.corp/b@abc"),
        ("", "https://files.corp/c-1.whl"),
    ]


@pytest.mark.parametrize(
    ("purl", "problem"),
    [
        ("pkg:pypi/ns/litellm@1", "namespace"),
        ("pkg:pypi", "not a valid purl"),
        ("nonsense", "not a valid purl"),
        ("pkg:pypi/%20@1", ""),
    ],
)
def test_a_bad_purl_loses_the_identity_and_says_so(purl: str, problem: str) -> None:
    read = bom(components=[{"name": "litellm", "purl": purl}, library("a")], compositions=[{"aggregate": "complete"}])
    assert read.components[0].package is None
    assert read.components[0].name == "litellm"
    assert read.problems[0].place == "components[0].purl"
    assert problem in read.problems[0].text
    assert read.completeness is Completeness.INCOMPLETE


def test_versions_of_row_and_purl() -> None:
    read = bom(
        components=[
            library("a", "1.0") | {"version": None},
            library("b", "1.0") | {"version": "1.0.0"},
            library("c", "2.0") | {"version": "1.0"},
            {"name": "d", "purl": "pkg:pypi/d"},
            {"name": "e", "purl": "pkg:npm/e"},
        ]
    )
    assert [row.version for row in read.components] == ["1.0", "1.0", "2.0", "1.0", "", ""]
    assert [row.ref for row in read.components][2:4] == ["c", "c#2"]
    assert read.places[2:4] == ("components[2]", "components[2]")
    assert texts(read) == [
        ("components[2].version", "'1.0', but its purl says '2.0'; either may be meant"),
        ("components[3].version", "no version: unknown"),
    ]


def test_scope_and_external_make_a_row_optional() -> None:
    rows = bom(
        components=[
            library("a", scope="required"),
            library("b", scope="optional"),
            library("c", scope="excluded"),
            library("d", isExternal=True),
            library("e"),
        ]
    ).components
    assert [row.optional for row in rows] == [False, True, True, True, False]


def test_hashes_are_lower_case_sha256() -> None:
    digest = "AB" * 32
    read = bom(
        components=[
            library(
                "a",
                hashes=[
                    {"alg": "SHA-256", "content": digest},
                    {"alg": "MD5", "content": "00"},
                    {"alg": "SHA-256", "content": "xyz"},
                ],
                externalReferences=[
                    {"type": "distribution", "url": "x", "hashes": [{"alg": "SHA-256", "content": "cd" * 32}]},
                    {"type": "vcs", "url": "x", "hashes": [{"alg": "SHA-256", "content": "ef" * 32}]},
                ],
            )
        ]
    )
    assert read.components[0].sha256 == ("ab" * 32, "cd" * 32)
    assert texts(read) == [("components[0].hashes", "'xyz' is not a SHA-256 hash")]


@pytest.mark.parametrize("alg", ["SHA-256", "sha-256", "SHA256", "sha256", " SHA_256 "])
def test_sha256_is_known_in_every_spelling(alg: str) -> None:
    read = bom(components=[library("a", hashes=[{"alg": alg, "content": f" {'AB' * 32}\n"}])])
    assert read.components[0].sha256 == ("ab" * 32,)


@pytest.mark.parametrize("alg", ["SHA3-256", "SHA-512", "SHA-384", "MD5", "BLAKE2b-256", "BLAKE3", "", None])
def test_other_algorithms_say_nothing(alg: str | None) -> None:
    read = bom(components=[library("a", hashes=[{"alg": alg, "content": "ab" * 32}])])
    assert (read.components[0].sha256, read.problems) == ((), ())


def test_hashes_of_sources_and_mirrors_show_a_bad_file_and_rule_none_out() -> None:
    references = [
        {"type": kind, "url": "x", "hashes": [{"alg": "SHA-256", "content": digest * 32}]}
        for kind, digest in (("source-distribution", "ab"), ("distribution-intake", "cd"), ("distribution", "ef"))
    ]
    first, again = library("a", externalReferences=references[:1]), library("a", externalReferences=references[1:])
    row = bom(components=[first, again]).components[0]
    assert (row.sha256, row.members) == (("ef" * 32,), ("ab" * 32, "cd" * 32))


def test_refs_are_unique_and_the_same_component_is_one_row() -> None:
    read = bom(
        metadata={"component": library("app")},
        components=[
            library("app"),
            library("a"),
            library("a", scope="optional", hashes=[{"alg": "SHA-256", "content": "ab" * 32}]),
            library("a", "2.0"),
            {"name": "b"},
            {"name": "b", "bom-ref": "components[4]"},
        ],
        dependencies=[{"ref": "app", "dependsOn": ["a", "a"]}, {"ref": "app", "dependsOn": ["components[4]"]}],
    )
    assert [row.ref for row in read.components] == ["app", "a", "a#2", "components[4]", "components[4]#2"]
    assert read.components[1].sha256 == ("ab" * 32,)
    assert not read.components[1].optional
    assert read.edges == (Edge(source="app", target="a"), Edge(source="app", target="components[4]#2"))
    assert any("is a duplicate" in text for _, text in texts(read))


def test_dependencies_by_encoded_refs_services_and_other_documents() -> None:
    read = bom(
        components=[library("a"), library("@b") | {"purl": None}],
        services=[{"bom-ref": "s", "name": "s", "services": [{"bom-ref": "s/inner", "name": "t"}]}],
        dependencies=[
            {"ref": "a", "dependsOn": ["%40b", "s", "s/inner", "urn:cdx:0/1#x", "gone"]},
            {"ref": "s", "dependsOn": ["a"]},
        ],
    )
    assert read.edges == (Edge(source="a", target="@b"),)
    assert texts(read) == [
        (
            "dependencies[0].dependsOn[3]",
            "'urn:cdx:0/1#x' points into another document; the dependency was left out",
        ),
        ("dependencies[0].dependsOn[4]", "'gone' is not a component of this document; the dependency was left out"),
    ]


def test_cycles_and_several_roots() -> None:
    read = bom(
        components=[library(name) for name in "abcdef"],
        dependencies=[
            {"ref": "a", "dependsOn": ["b"]},
            {"ref": "b", "dependsOn": ["a", "b"]},
            {"ref": "c", "dependsOn": ["d"]},
            {"ref": "e", "dependsOn": ["d", "e"]},
            {"ref": "f", "dependsOn": []},
        ],
    )
    assert read.roots == ("c", "e")
    assert read.dependencies_known
    assert not bom(components=[library("a")]).dependencies_known


@pytest.mark.parametrize(
    ("phases", "basis"),
    [
        ([], Basis.BUILT),
        ([{"name": "of our own"}], Basis.BUILT),
        ([{"phase": "operations"}, {"phase": "design"}], Basis.INSTALLED),
        ([{"phase": "build"}], Basis.BUILT),
        ([{"phase": "pre-build"}, {"phase": "post-build"}], Basis.BUILT),
        ([{"phase": "design"}], Basis.LISTED),
        ([{"phase": "pre-build"}], Basis.LISTED),
        ([{"phase": "discovery"}], Basis.LISTED),
    ],
)
def test_the_phase_decides_the_basis(phases: list[dict[str, str]], basis: Basis) -> None:
    assert bom(metadata={"lifecycles": phases}).basis is basis


ROOTED: dict[str, Any] = {
    "metadata": {"component": {"type": "application", "name": "app", "bom-ref": "app"}},
    "components": [library("a")],
}


@pytest.mark.parametrize(
    ("compositions", "found"),
    [
        ([], Completeness.UNKNOWN),
        ([{"aggregate": "complete"}], Completeness.COMPLETE),
        ([{"aggregate": "complete", "assemblies": ["app"]}], Completeness.COMPLETE),
        # "References do not cascade to transitive dependencies" (schema): those of `a` are not said to be complete.
        ([{"aggregate": "complete", "dependencies": ["app"]}], Completeness.UNKNOWN),
        ([{"aggregate": "complete", "dependencies": ["app", "a"]}], Completeness.COMPLETE),
        (
            [{"aggregate": "complete", "dependencies": ["a"]}, {"aggregate": " Complete ", "assemblies": ["app"]}],
            Completeness.COMPLETE,
        ),
        ([{"aggregate": "complete", "vulnerabilities": ["app"]}], Completeness.UNKNOWN),
        ([{"aggregate": "complete", "assemblies": ["urn:cdx:0/1#app"]}], Completeness.INCOMPLETE),
        ([{"aggregate": "complete", "assemblies": [{}]}], Completeness.UNKNOWN),
        ([{"aggregate": "complete", "assemblies": [""]}], Completeness.UNKNOWN),
        ([{"aggregate": "complete"}, {}], Completeness.UNKNOWN),
        ([{"aggregate": "complete"}, {"aggregate": "incomplete_third_party_opensource_only"}], Completeness.INCOMPLETE),
        ([{"aggregate": "complete", "dependencies": ["a"]}], Completeness.UNKNOWN),
        ([{"aggregate": "complete"}, {"aggregate": "unknown", "assemblies": ["a"]}], Completeness.UNKNOWN),
        ([{"aggregate": "complete"}, {"aggregate": "incomplete_first_party_only"}], Completeness.INCOMPLETE),
        ([{"aggregate": "not_specified"}], Completeness.UNKNOWN),
        ([{"aggregate": "incomplete", "assemblies": ["a"]}], Completeness.INCOMPLETE),
    ],
)
def test_compositions_decide_completeness(compositions: list[dict[str, Any]], found: Completeness) -> None:
    assert bom(**ROOTED, compositions=compositions).completeness is found


@pytest.mark.parametrize("ref", ["a", "gone", "app"])
def test_complete_of_a_part_says_nothing_of_a_bom_without_a_subject(ref: str) -> None:
    read = bom(components=[library("a")], compositions=[{"aggregate": "complete", "assemblies": [ref]}])
    is_there = ref == "a"
    assert read.completeness is (Completeness.UNKNOWN if is_there else Completeness.INCOMPLETE)
    assert bom(components=[library("a")], compositions=[{"aggregate": "complete"}]).completeness is (
        Completeness.COMPLETE
    )


@pytest.mark.parametrize(
    "links",
    [
        [{"ref": "app", "dependsOn": ["pkg:pypi/litellm@1.82.8"]}],
        [{"ref": "app", "dependsOn": ["urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#litellm"]}],
        [{"ref": "pkg:pypi/litellm@1.82.8", "dependsOn": []}],
        [{"ref": "app", "dependsOn": [{"ref": "litellm"}]}],
        [{"ref": "app", "dependsOn": "litellm"}],
        [{"dependsOn": ["a"]}],
    ],
)
def test_complete_is_not_believed_where_a_dependency_is_not_listed(links: list[Any]) -> None:
    read = bom(**ROOTED, dependencies=links, compositions=[{"aggregate": "complete"}])
    assert read.completeness is Completeness.INCOMPLETE
    assert read.problems[0].place.startswith("dependencies[0]")


def test_complete_is_not_believed_where_contents_stand_in_another_bom() -> None:
    link = [{"type": "bom", "url": "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1"}]
    odd = {"components": [library("a", externalReferences=link)]}
    read = bom(**ROOTED | odd, compositions=[{"aggregate": "complete"}])
    assert read.completeness is Completeness.INCOMPLETE
    assert texts(read) == [
        ("components[0].externalReferences[0]", "not read: the document that this reference points to"),
        ("compositions", "says complete, but not all of it could be read"),
    ]
    own = {"metadata": {"component": {"name": "app", "externalReferences": link}}}
    for more in (own, {"externalReferences": link}):
        read = bom(**ROOTED | more, compositions=[{"aggregate": "complete"}])
        assert read.completeness is Completeness.INCOMPLETE


@pytest.mark.parametrize("row", [{"version": 4.1, "purl": "pkg:pypi/a"}, {"version": "x", "purl": "pkg:pypi/a@2"}])
def test_complete_is_not_believed_where_a_version_cannot_be_told(row: dict[str, Any]) -> None:
    odd = {"components": [{"type": "library", "bom-ref": "a", "name": "a", **row}]}
    assert bom(**ROOTED | odd, compositions=[{"aggregate": "complete"}]).completeness is Completeness.INCOMPLETE


def test_a_number_may_have_ended_in_zeros() -> None:
    data = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a", "version": 4.1, "purl": '
    data += b'"pkg:pypi/a"}, {"name": "b", "version": 4.1, "purl": "pkg:pypi/b@4.10"}]}'
    read = READER.parse(RawDocument(data, "x"))
    assert [row.version for row in read.components] == ["", "4.10"]
    assert texts(read)[0] == ("components[0].version", "should be text, is the number 4.1: the version is unknown")


def test_complete_is_not_believed_where_a_row_may_be_anything() -> None:
    odd = {"components": [library("a"), {"type": "library", "name": "litellm"}]}
    read = bom(**ROOTED | odd, compositions=[{"aggregate": "complete"}])
    assert read.completeness is Completeness.UNKNOWN
    assert read.problems[-1].place == "compositions"


def test_a_row_without_purl_is_the_package_of_its_name_among_python_rows_only() -> None:
    bare = {"type": "library", "bom-ref": "x", "name": "LiteLLM[proxy]", "version": "1.82.8"}
    read = bom(metadata={"component": {"name": "app", "purl": "pkg:github/acme/app"}}, components=[library("a"), bare])
    row = read.components[2]
    assert (row.package, row.version, row.optional, row.origin) == ("litellm", "1.82.8", True, "")
    assert texts(read) == [("components", "1 without purl taken for Python packages, by their names")]
    by_tool = bom(metadata={"tools": [{"name": "cyclonedx-py"}]}, components=[bare])
    assert by_tool.components[0].package == "litellm"


@pytest.mark.parametrize(
    ("row", "others"),
    [
        ({"type": "library"}, [library("a"), {"name": "b", "purl": "pkg:npm/b@1"}]),
        ({"type": "library"}, [library("a"), {"name": "b", "purl": "broken"}]),
        ({"type": "library"}, []),
        ({"type": "library", "group": "org.acme"}, [library("a")]),
        ({"type": "file"}, [library("a")]),
        ({"type": "application"}, [library("a")]),
        ({}, [library("a")]),
        ({"type": "library", "name": "lite llm"}, [library("a")]),
    ],
)
def test_a_name_alone_means_nothing_elsewhere(row: dict[str, Any], others: list[dict[str, Any]]) -> None:
    read = bom(components=[{"name": "litellm", "version": "1.82.8", **row}, *others])
    assert read.components[0].package is None


def test_a_wheel_without_purl_may_be_a_package() -> None:
    odd = {"components": [library("a"), {"type": "file", "name": "/dist/litellm-1.82.8-py3-none-any.whl"}]}
    assert bom(**ROOTED | odd, compositions=[{"aggregate": "complete"}]).completeness is Completeness.UNKNOWN


def test_a_subject_without_purl_is_open_where_a_complete_list_would_clear_it() -> None:
    own = {"metadata": {"component": {"type": "application", "name": "LiteLLM", "version": "1.82.8"}}}
    said = {"compositions": [{"aggregate": "complete"}]}
    read = bom(**ROOTED | own | said)
    assert (read.components[0].package, read.components[0].origin) == ("litellm", "metadata.component")
    assert read.completeness is Completeness.COMPLETE
    assert bom(**ROOTED | own).components[0].package is None
    for more in ({"type": "container"}, {"group": "acme"}, {"name": "lite llm"}, {"purl": "pkg:oci/litellm"}):
        other = {"metadata": {"component": own["metadata"]["component"] | more}}
        assert bom(**ROOTED | other | said).components[0].package is None
    assert not bom(**own, **said).covers_python


def test_components_of_services_are_listed() -> None:
    inner = {"bom-ref": "t", "components": [library("b", components=[library("c")])]}
    services = [{"bom-ref": "s", "name": "s", "components": [library("a")], "services": [inner]}]
    for more in ({}, {"specVersion": 1.6}):  # by the schema, and not
        read = bom(services=services, **more)
        assert [row.package or row.name for row in read.components] == ["a", "b", "c", "s"]  # the last by its name
        assert read.places[:-1] == (
            "services[0].components[0]",
            "services[1].components[0]",
            "services[1].components[0].components[0]",
        )


def test_a_range_is_no_version() -> None:
    external = {"name": "a", "purl": "pkg:pypi/a", "isExternal": True, "versionRange": "vers:pypi/>=1.80|<1.83"}
    for more in ({}, {"hashes": "none"}):  # by the schema, and not
        read = bom(specVersion="1.7", components=[external | more])
        assert (read.components[0].package, read.components[0].version, read.components[0].optional) == ("a", "", True)
        text = "'vers:pypi/>=1.80|<1.83' is a range: which version runs is unknown"
        assert ("components[0].versionRange", text) in texts(read)


def test_an_empty_list_of_dependencies_says_nothing() -> None:
    assert not bom(components=[library("a")], dependencies=[]).dependencies_known
    assert bom(components=[library("a")], dependencies=[{"ref": "a"}]).dependencies_known


def test_python_is_covered_where_a_row_or_the_tool_says_so() -> None:
    assert not bom().covers_python
    assert not bom(components=[{"name": "x", "purl": "pkg:npm/x@1"}]).covers_python
    assert bom(metadata={"tools": [{"name": "cyclonedx-py"}]}).covers_python
    assert bom(metadata={"tools": {"components": [{"name": "pip-audit"}]}}).covers_python
    assert bom(metadata={"component": library("app")}).covers_python


@pytest.mark.parametrize("time", ["yesterday", "", "9999-99-99T00:00:00Z", "0001-01-01T00:00:00+23:59"])
def test_a_bad_time_is_a_problem_only(time: str) -> None:
    read = bom(metadata={"timestamp": time}, components=[library("a")])
    assert read.created is None
    assert [place for place, _ in texts(read)] == (["metadata.timestamp"] if time else [])
    assert len(read.components) == 1


def test_odd_values_are_noted_and_the_rest_goes_on() -> None:
    read = bom(
        specVersion=1.6,
        metadata={"component": 7, "timestamp": [], "lifecycles": {}, "tools": 3},
        components=[
            None,
            "text",
            {"name": "a", "version": 1, "purl": "pkg:pypi/a"},
            {"name": ["b"], "purl": "pkg:pypi/b@1", "components": [3, {"name": "c", "purl": "pkg:pypi/c@1"}]},
            {"name": "d", "hashes": [{"alg": 1}, 4], "externalReferences": {"a": 1}, "isExternal": "no"},
            {"name": "e", "version": 10**400, "purl": "pkg:pypi/e"},
        ],
        services=[{"bom-ref": "s", "services": [{"bom-ref": "t"}]}, 8],
        dependencies=[{"ref": 1, "dependsOn": "a"}, 5],
        compositions=[{"aggregate": "complete", "assemblies": [{}]}],
    )
    assert [row.package for row in read.components if row.package] == ["a", "b", "e", "c"]
    assert read.components[0].version == "1"
    places = [place for place, _ in texts(read)]
    for place in ("specVersion", "metadata.component", "components[0]", "components[2].version", "components[3].name"):
        assert place in places
    assert "components[3].components[0]" in places
    assert read.completeness is Completeness.INCOMPLETE


def test_a_missing_or_newer_version_is_noted_and_another_major_is_refused() -> None:
    assert bom(specVersion=None).problems[0].place == "specVersion"
    newer = bom(specVersion="1.8", compositions=[{"aggregate": "complete"}])
    assert newer.problems[0].text == "not read: what is new in 1.8; it was read as 1.7"
    assert newer.completeness is Completeness.INCOMPLETE
    for other in ("2.0", "one", "1.6.1"):
        with pytest.raises(InputError) as caught:
            bom(specVersion=other)
        assert caught.value.place == "specVersion"


def test_depth_is_survived_or_refused() -> None:
    part: dict[str, Any] = library("deep")
    for _ in range(200):
        part = {"name": "x", "components": [part]}
    read = bom(components=[part])
    assert read.components[-1].package == "deep"
    assert len(read.places[-1]) < 1_100
    text = '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [' + '{"components": [' * 100_000
    with pytest.raises(InputError):
        READER.parse(RawDocument((text + "]}" * 100_001).encode(), "x"))


def test_speed() -> None:
    parts = [library(f"p{i}", properties=[{"name": "x" * 40, "value": "y" * 90}] * 8) for i in range(2_000)]
    read = bom(components=parts, dependencies=[{"ref": "p0", "dependsOn": [f"p{i}" for i in range(1, 2_000)]}])
    assert len(read.edges) == 1_999


def test_a_byte_that_is_no_utf8_is_replaced_and_noted() -> None:
    odd = library("a") | {"name": "caf\xe9"}
    for more in ({}, {"name": 1}):  # by the schema, and not
        text = json.dumps(
            {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [odd, more]}, ensure_ascii=False
        )
        read = READER.parse(RawDocument(text.encode("latin-1"), "x"))
        assert read.problems[0].place == f"byte {text.index(chr(0xE9))}"
        assert (read.components[0].name, read.components[0].package) == ("caf\ufffd", "a")


@pytest.mark.parametrize(
    ("ref", "is_there"),
    [("serial-1", True), ('team "a\\b"', True), ("of a license", True), ("gone", False), ("team", False)],
)
def test_what_is_annotated_may_be_any_part_that_has_the_ref(ref: str, is_there: bool) -> None:  # noqa: FBT001
    read = bom(
        serialNumber="serial-1",
        metadata={"supplier": {"bom-ref": 'team "a\\b"', "name": "it"}, "component": library("app")},
        components=[library("a", licenses=[{"license": {"bom-ref": "of a license", "id": "MIT"}}])],
        annotations=[{"subjects": [ref], "annotator": {"individual": {"name": "x"}}, "timestamp": "", "text": "gone"}],
    )
    assert (not read.problems) == is_there


def test_very_many_annotated_parts_are_looked_up_in_one_pass() -> None:
    """A search through the document for each takes minutes."""
    many = [{"subjects": [f"part-{number}"], "text": "x" * 100} for number in range(20_000)]
    parts = [{"license": {"bom-ref": f"part-{number}", "id": "MIT"}} for number in range(20_000)]
    assert bom(components=[library("a", licenses=parts)], annotations=many).problems == ()


def test_code_in_a_folder_of_packages_is_a_row_by_the_name_that_it_is_imported_by() -> None:
    """Its metadata may be gone; which release it is of nobody knows."""
    file = {"type": "file", "bom-ref": "f", "name": "/opt/site-packages/litellm/proxy/server.py"}

    def shown(*components: dict[str, Any]) -> list[str]:
        found = bom(components=list(components))
        return [row.package for row in found.components if row.package and not row.version and row.optional]

    assert shown(library("a"), file) == ["litellm"]
    assert shown(library("a", components=[file])) == ["litellm"]
    assert shown(library("litellm", components=[file])) == []
    assert shown(library("litellm"), file) == []
    copied = {**file, "name": "/opt/site-packages/a/_vendor/litellm/server.py"}
    assert shown(library("a"), library("litellm"), copied) == ["litellm"]
    assert shown(library("a"), library("litellm", components=[copied])) == ["a"]
    assert not bom(components=[file]).covers_python
