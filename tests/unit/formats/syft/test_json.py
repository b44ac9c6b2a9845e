"""Syft's own JSON: documents after its schemas 1, 3, 11 and 16, and every way to be odd."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.formats import read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.syft.json import READER
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.times import moment

DIGEST, OTHER, THIRD = "ab" * 32, "cd" * 32, "ef" * 32
URL = "https://files.example/anchore/syft/main/schema/json/schema-16.1.10.json"


def record(digest: str) -> str:
    """Return a digest as `RECORD` has it."""
    return base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")


def shape(*artifacts: Any, **more: Any) -> dict[str, Any]:
    return {
        "artifacts": list(artifacts),
        "artifactRelationships": [],
        "files": None,
        "source": {"id": "src", "name": "files.example/team/app", "version": "1.2", "type": "image", "metadata": {}},
        "distro": {},
        "descriptor": {"name": "syft", "version": "1.40.0"},
        "schema": {"version": "16.1.10", "url": URL},
    } | more


def artifact(project: str, version: str = "1.0", what: str = "python-package", **more: Any) -> dict[str, Any]:
    return {
        "id": project,
        "name": project,
        "version": version,
        "type": "python",
        "foundBy": "python-installed-package-cataloger",
        "locations": [{"path": f"/app/lib/{project}.dist-info/METADATA"}],
        "licenses": None,
        "purl": f"pkg:pypi/{project}@{version}",
        "metadataType": what,
        "metadata": {"name": project, "version": version, "sitePackagesRootPath": "/app/lib"},
    } | more


def related(*rows: str) -> list[dict[str, str]]:
    return [dict(zip(("parent", "type", "child"), row.split(), strict=True)) for row in rows]


def read(data: Any) -> Document:
    raw = json.dumps(data).encode()
    assert READER.claims(RawDocument(raw, ""))
    found = READER.parse(RawDocument(raw, "x"))
    refs = {row.ref for row in found.components}
    assert len(refs) == len(found.components) == len(found.places)
    assert refs.issuperset((*found.roots, *(one for edge in found.edges for one in (edge.source, edge.target))))
    assert found.completeness is not Completeness.COMPLETE
    assert found == READER.parse(RawDocument(raw, "x"))
    return found


def syft(*artifacts: Any, **more: Any) -> Document:
    return read(shape(*artifacts, **more))


def texts(found: Document) -> list[tuple[str, str]]:
    return [(problem.place, problem.text) for problem in found.problems]


def edges(found: Document) -> list[str]:
    return [f"{edge.source}>{edge.target}" for edge in found.edges]


def row_of(found: Document, ref: str) -> Any:
    return next(row for row in found.components if row.ref == ref)


def test_an_image_of_today() -> None:
    data = shape(
        artifact(
            "litellm",
            "1.82.8",
            metadata={
                "files": [
                    {"path": "litellm/proxy.py", "digest": {"algorithm": "sha256", "value": record(DIGEST)}},
                    {"path": "litellm_init.pth", "digest": {"algorithm": "sha256", "value": OTHER}, "size": "34628"},
                    {"path": "litellm-1.82.8.dist-info/RECORD"},
                ],
            },
        ),
        artifact("openai", "2.1.0"),
        {"id": "deb", "name": "libc6", "version": "2.36", "type": "deb", "purl": "pkg:deb/debian/libc6@2.36"},
        artifactRelationships=related("openai dependency-of litellm", "src contains litellm", "deb evident-by f"),
        files=[{"id": "f", "location": {"path": "/var/lib/dpkg/status"}}],
    )
    found = read_document(json.dumps(data).encode(), "x")
    assert found is not None
    assert (found.kind, found.format, found.basis) == (DocumentKind.SBOM, "Syft 16.1.10", Basis.BUILT)
    assert (found.subject, found.created, found.completeness) == ("files.example/team/app", None, Completeness.UNKNOWN)
    assert edges(found) == ["litellm>openai"]  # openai is a dependency of litellm
    assert found.roots == ("src", "litellm")
    assert found.places == ("source", "artifacts[0]", "artifacts[1]", "artifacts[2]")
    assert row_of(found, "litellm").members == (DIGEST, OTHER)
    assert row_of(found, "litellm").sha256 == ()
    assert [row.package for row in found.components] == [None, "litellm", "openai", None]
    assert row_of(found, "src").version == "1.2"
    assert found.dependencies_known
    assert found.covers_python
    assert found.problems == ()


@pytest.mark.parametrize("version", ["1.1.0", "3.3.2"])
def test_documents_of_years_ago(version: str) -> None:
    old = {
        "id": "0f",
        "name": "requests",
        "version": "2.25.1",
        "type": "python",
        "foundBy": "python-package-cataloger",
        "locations": [{"path": "/usr/lib/requests-2.25.1.dist-info/METADATA", "layerID": f"sha256:{THIRD}"}],
        "licenses": ["Apache 2.0"],
        "language": "python",
        "cpes": ["cpe:2.3:a:requests:requests:2.25.1:*:*:*:*:*:*:*"],
        "purl": "pkg:pypi/requests@2.25.1",
        "metadataType": "PythonPackageMetadata",
        "metadata": {
            "name": "requests",
            "files": [{"path": "requests/api.py", "digest": {"algorithm": "sha256", "value": record(DIGEST)}}],
            "directUrlOrigin": None,
        },
    }
    listed = artifact("flask", "2.0", "", foundBy="python-index-cataloger", metadata=None)
    found = read(
        {
            "artifacts": [old, listed],
            "artifactRelationships": None,
            "source": {
                "type": "image",
                "target": {"userInput": f"files.example:5000/team/app:1.0@sha256:{DIGEST}", "imageID": "sha256:1"},
            },
            "distro": {"name": "debian", "version": "11", "idLike": ""},
            "descriptor": {"name": "syft", "version": "0.15.1", "timestamp": "2021-05-01T12:00:00Z"},
            "schema": {"version": version, "url": f"https://files.example/anchore/syft/schema-{version}.json"},
        }
    )
    assert (found.format, found.subject) == (f"Syft {version}", "files.example:5000/team/app")
    assert found.created == moment("2021-05-01T12:00:00Z")
    assert [(row.ref, row.optional, len(row.members)) for row in found.components] == [
        ("source", False, 0),
        ("0f", False, 1),
        ("flask", True, 0),
    ]
    assert not found.dependencies_known
    assert found.problems == ()


@pytest.mark.parametrize(
    "what",
    [
        "python-pip-requirements-entry",
        "python-poetry-lock-entry",
        "python-pipfile-lock-entry",
        "python-pdm-lock-entry",
        "python-uv-lock-entry",
        "PythonRequirementsMetadata",
        "PythonPoetryLockMetadata",
        "PythonPipfileLockMetadata",
    ],
)
def test_rows_of_manifests_are_listed_only(what: str) -> None:
    found = syft(artifact("a"), artifact("b", what=what))
    assert (found.basis, [row.optional for row in found.components]) == (Basis.BUILT, [False, False, True])
    alone = syft(artifact("b", what=what))  # the whole document is of that basis, so no row says it
    assert (alone.basis, [row.optional for row in alone.components]) == (Basis.LISTED, [False, False])


def test_without_metadata_the_cataloger_or_the_place_tells() -> None:
    def is_listed(**more: Any) -> bool:
        return syft(artifact("a"), artifact("b", what="", **more)).components[2].optional

    assert not is_listed()
    assert is_listed(foundBy="python-package-cataloger")  # setup.py
    assert is_listed(foundBy="", locations=[{"path": "/app/setup.py"}, {"path": "/requirements-dev.txt"}])
    assert not is_listed(foundBy="", locations=[{"path": "/app/setup.py"}, {"path": "/b.dist-info/METADATA"}])
    assert not is_listed(foundBy=None, locations=None)
    assert not is_listed(foundBy=["python-package-cataloger"], locations=[7])


def test_versions_that_syft_guessed_are_unknown() -> None:
    def asked(constraint: Any) -> Document:
        metadata = {"name": "a", "versionConstraint": constraint, "url": "", "markers": ""}
        return syft(artifact("a", "1.80", "python-pip-requirements-entry", metadata=metadata))

    for pinned in ("==1.80", "== 1.80", "===1.80", "(==1.80)", "==1.80 ; python_version>'3'", "==1.80 \\", "", None, 7):
        assert (asked(pinned).components[1].version, asked(pinned).problems) == ("1.80", ())
    for spread in (">=1.80", "~=1.80", "==1.80.*", ">=1.80,<2", "==1.80,!=1.81"):
        found = asked(spread)
        assert found.components[1].version == ""
        assert texts(found) == [("artifacts[0].version", f"was guessed from {spread!r}: the version is unknown")]


def test_a_file_that_was_looked_at_by_itself_has_its_hash() -> None:
    digests = [{"algorithm": "sha1", "value": "0"}, {"algorithm": "sha256", "value": DIGEST.upper()}]
    metadata = {"path": "litellm-1.82.8-py3-none-any.whl", "digests": digests, "mimeType": "application/zip"}
    found = syft(source={"id": "src", "name": "litellm-1.82.8-py3-none-any.whl", "type": "file", "metadata": metadata})
    assert (row_of(found, "src").sha256, found.problems) == ((DIGEST,), ())
    odd = syft(source={"id": "src", "type": "file", "metadata": {"digests": [None, 7, {"algorithm": "sha256"}]}})
    assert "source.metadata.digests[1]" in [place for place, _ in texts(odd)]


@pytest.mark.parametrize(
    "metadata",
    [
        {"files": [{"path": "/a.pth", "digest": {"algorithm": "sha256", "value": DIGEST}}]},  # rpm
        {
            "files": [
                {
                    "path": "/a.pth",
                    "digest": [{"algorithm": "md5", "value": "0"}, {"algorithm": "sha256", "value": DIGEST}],
                }
            ]
        },
        {"sha256": DIGEST, "files": ["a.pth"]},  # conda
        {"paths_data": {"paths": [{"_path": "a.pth", "sha256_in_prefix": DIGEST}]}},
        {"digest": [{"algorithm": "SHA-256", "value": DIGEST.upper()}]},  # java
    ],
)
def test_hashes_in_packages_of_other_ecosystems_are_members(metadata: Any) -> None:
    other = {"id": "o", "name": "python3-litellm", "version": "1.82.8-1", "type": "rpm", "purl": "pkg:rpm/f/o@1.82.8-1"}
    found = syft(other | {"metadataType": "rpm-db-entry", "metadata": metadata}, artifact("a"))
    assert (row_of(found, "o").members, row_of(found, "o").sha256, found.problems) == ((DIGEST,), (), ())
    odd: Any
    for odd in ([], "x", 7, {"files": {"digest": DIGEST}}, {"sha256": "no", "files": [[None]], "algorithm": {}}):
        assert row_of(syft(other | {"metadata": odd}), "o").members == ()


@pytest.mark.parametrize("kind", ["wheel", "egg", "python", ""])
def test_python_without_purl_by_type_or_language(kind: str) -> None:
    found = syft(artifact("litellm", "1.82.8", type=kind, purl="", language="python"))
    assert (row_of(found, "litellm").package, row_of(found, "litellm").version) == ("litellm", "1.82.8")
    other = syft(artifact("litellm", "1.82.8", type=kind, purl="pkg:npm/litellm@1.82.8", language="javascript"))
    assert row_of(other, "litellm").package == ("litellm" if kind == "python" else None)


def test_two_versions_of_one_artifact_are_two_rows() -> None:
    found = syft(artifact("litellm", "1.82.8", purl="pkg:pypi/litellm@1.82.6"), artifact("b", "1.0.0"))
    assert [(row.ref, row.version) for row in found.components[1:]] == [
        ("litellm", "1.82.6"),
        ("litellm#2", "1.82.8"),
        ("b", "1.0.0"),
    ]
    metadata = {"versionConstraint": ">=1"}
    guessed = artifact("a", "1.8", "python-pip-requirements-entry", purl="pkg:pypi/a@1.7", metadata=metadata)
    assert [row.version for row in syft(guessed).components[1:]] == [""]


def test_the_same_id_from_two_sources_is_two_rows() -> None:
    git = {"directUrlOrigin": {"url": "https://git.example/a.git", "vcs": "git"}}
    found = syft(artifact("a", metadata=git), artifact("a"))
    assert [row.origin for row in found.components[1:]] == ["git+https://git.example/a.git", ""]


def test_digests_of_record_in_every_alphabet() -> None:
    raw = bytes.fromhex("fb" * 32)
    for text in (
        base64.b64encode(raw),
        base64.urlsafe_b64encode(raw),
        base64.b64encode(raw).rstrip(b"="),
        raw.hex().encode(),
    ):
        one = {"path": "a.py", "digest": {"algorithm": "sha256", "value": text.decode()}}
        found = syft(artifact("a", metadata={"files": [one]}))
        assert (row_of(found, "a").members, found.problems) == (("fb" * 32,), ())


def test_locks_name_archives() -> None:
    pipfile = {"hashes": [f"sha256:{DIGEST}", "md5:0", "sha256:no"], "index": "https://index.example/simple"}
    pdm = {
        "files": [{"url": "a.whl", "digest": {"algorithm": "sha256", "value": DIGEST}}],
        "extras": [{"files": [{"url": "b.whl", "digest": {"algorithm": "sha256", "value": OTHER}}]}, None],
    }
    found = syft(
        artifact("a", what="python-pipfile-lock-entry", metadata=pipfile),
        artifact("b", what="python-pdm-lock-entry", metadata=pdm),
        artifact("c", what="python-poetry-lock-entry", metadata={"index": "pypi", "extras": [{"name": "x"}]}),
    )
    assert [(row.sha256, row.index) for row in found.components[1:]] == [
        ((DIGEST,), "https://index.example/simple"),
        ((DIGEST, OTHER), ""),
        ((), ""),
    ]
    assert not any(row.members for row in found.components)
    assert texts(found) == [("artifacts[0].metadata.hashes[2]", "'no' is not a SHA-256 hash")]


@pytest.mark.parametrize(
    ("metadata", "origin"),
    [
        ({"directUrlOrigin": {"url": "https://files.example/a.git", "vcs": "git", "commitId": "1f"}},
         "git+https://files.example/a.git@1f"),
        ({"directUrlOrigin": {"url": "git+https://files.example/a.git", "vcs": "git"}},
         "git+https://files.example/a.git"),
        ({"directUrlOrigin": {"url": "file:///src/a"}}, "file:///src/a"),
        ({"directUrlOrigin": {"url": ""}}, ""),
        ({"url": "git+https://files.example/b.git"}, "git+https://files.example/b.git"),
        ({}, ""),
    ],
)  # fmt: skip
def test_origins(metadata: dict[str, Any], origin: str) -> None:
    assert syft(artifact("a", metadata=metadata)).components[1].origin == origin


def test_who_a_row_is() -> None:
    found = syft(
        artifact("A_b", purl=""),
        artifact("npm", purl="pkg:npm/npm@1.0", type="npm"),
        artifact("yaml", purl="pkg:deb/debian/python3-yaml@6", type="deb"),
        artifact("cpython", purl="pkg:generic/python@3.12", type="binary"),
        artifact("", purl="pkg:pypi/c@1.0", id="c"),
        artifact("d", version="", purl="pkg:pypi/d"),
        artifact("e", version="", purl=""),
    )
    assert [row.package for row in found.components[1:]] == ["a-b", None, None, None, "c", "d", "e"]
    assert texts(found) == [
        ("artifacts[5].version", "no version: unknown"),
        ("artifacts[6].version", "no version: unknown"),
    ]


def test_two_places_are_two_rows_and_the_same_id_is_one() -> None:
    found = syft(
        artifact("a", id="1"),
        artifact("a", id="2"),
        artifact("a", id="1", what="python-uv-lock-entry"),
        artifact("a", "2.0", id="1"),
    )
    assert [(row.ref, row.version, row.optional) for row in found.components[1:]] == [
        ("1", "1.0", False),
        ("2", "1.0", False),
        ("1#2", "2.0", False),
    ]
    assert [place for place, _ in texts(found)] == ["artifacts[3].id"]


def test_relationships() -> None:
    found = syft(
        artifact("a"),
        artifact("b"),
        artifact("c"),
        artifactRelationships=[
            *related("b dependency-of a", "b dependency-of a", "a dependency-of b", "c runtime-dependency-of b"),
            *related("a ownership-by-file-overlap b", "a contains b", "src contains a", "a described-by c"),
            *related("gone dependency-of a", "a dependency-of f", "a odd b", "b odd a", "x contains y"),
            None,
            {"parent": ["a"], "child": "b", "type": "dependency-of"},
        ],
        files=[{"id": "f"}],
    )
    assert edges(found) == ["a>b", "b>a", "b>c"]
    assert found.roots == ("src",)
    assert texts(found) == [
        (
            "artifactRelationships[8].parent",
            "'gone' is not an artifact of this document; relationship left out",
        ),
        ("artifactRelationships[10].type", "'odd' is not a known type of Syft; ignored"),
        ("artifactRelationships[12].parent", "'x' is not an artifact of this document; relationship left out"),
        ("artifactRelationships[12].child", "'y' is not an artifact of this document; relationship left out"),
        ("artifactRelationships[13]", "should be a table, is a NoneType"),
        ("artifactRelationships[14].parent", "should be text, is a list"),
        ("artifactRelationships[14].parent", "'' is not an artifact of this document; relationship left out"),
    ]


def test_files_are_members_of_what_holds_them() -> None:
    def file(name: str, digest: str) -> dict[str, Any]:
        digests = [{"algorithm": "sha1", "value": "1"}, {"algorithm": "sha-256", "value": digest}]
        return {"id": name, "location": {"path": name}, "digests": digests}

    data = shape(
        artifact("a"),
        files=[file("f", DIGEST), file("g", OTHER), {**file("h", THIRD), "id": None}],
        artifactRelationships=related("a contains f", "a evident-by g"),
    )
    found = read(data)
    assert [(row.ref, row.members) for row in found.components] == [("src", (OTHER, THIRD)), ("a", (DIGEST,))]
    nameless = read(data | {"source": None})
    assert [(row.ref, row.members) for row in nameless.components] == [("a", (DIGEST,)), ("files", (OTHER, THIRD))]


def test_what_syft_could_not_read_makes_it_incomplete() -> None:
    def unread(path: str) -> Document:
        return syft(artifact("a"), files=[{"id": "f", "location": {"path": path}, "unknowns": ["unable to determine"]}])

    found = unread("/app/requirements.txt")
    assert found.completeness is Completeness.INCOMPLETE
    assert texts(found) == [
        ("files[0].unknowns", "not read: all of '/app/requirements.txt', which Syft could not read")
    ]
    assert unread("/usr/bin/tool").completeness is Completeness.UNKNOWN
    assert unread("/usr/bin/tool").problems == ()


@pytest.mark.parametrize(
    ("source", "subject"),
    [
        ({"type": "image", "name": f"app@sha256:{DIGEST}"}, "app"),
        ({"type": "image", "name": "", "metadata": {"userInput": "app:latest"}}, "app"),
        ({"type": "directory", "name": "service"}, "service"),
        ({"type": "directory", "name": "/build/service"}, ""),
        ({"type": "directory", "name": "."}, ""),
        ({"type": "directory", "target": "."}, ""),
        ({"type": "file", "name": "poetry.lock"}, ""),
        ({"type": "", "name": ""}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_subjects(source: Any, subject: str) -> None:
    found = syft(artifact("a"), source=source)
    assert (found.subject, found.problems) == (subject, ())


def test_whether_it_looked_for_python() -> None:
    deb = {"id": "d", "name": "d", "type": "deb", "purl": "pkg:deb/debian/d@1"}

    def covers(*used: Any) -> bool:
        configuration = {"catalogers": {"requested": {}, "used": list(used)}}
        return syft(deb, descriptor={"name": "syft", "configuration": configuration}).covers_python

    assert covers("dpkg-db-cataloger", "python-installed-package-cataloger")
    assert not covers("dpkg-db-cataloger", 7)
    assert not syft(deb).covers_python
    assert not syft(deb, descriptor={"name": "syft", "configuration": "x"}).covers_python
    assert syft(deb, artifact("a")).covers_python


def test_schema_versions() -> None:
    def version(text: Any) -> Document:
        return syft(schema={"version": text, "url": URL})

    assert version("3").format == "Syft 3"
    assert texts(version("17.0.0")) == [("schema.version", "not read: what is new in 17.0.0; it was read as 16")]
    assert version("17.0.0").completeness is Completeness.INCOMPLETE
    assert texts(version("")) == [("schema.version", "is missing; read as 16")]
    assert version("new").format == "Syft"
    assert texts(version("new")) == [("schema.version", "'new' is not a known version of Syft's schema; read as 16")]
    assert [place for place, _ in texts(syft(descriptor={"name": "syft", "timestamp": "now"}))] == [
        "descriptor.timestamp"
    ]


@pytest.mark.parametrize(
    ("odd", "place"),
    [
        ({"name": 7}, "artifacts[0].name"),
        ({"purl": []}, "artifacts[0].purl"),
        ({"purl": "pkg:pypi/"}, "artifacts[0].purl"),
        ({"metadata": "text"}, "artifacts[0].metadata"),
        ({"metadata": {"files": {}}}, "artifacts[0].metadata.files"),
        ({"metadata": {"files": [1]}}, "artifacts[0].metadata.files[0]"),
        ({"metadata": {"files": [{"digest": []}]}}, "artifacts[0].metadata.files[0].digest"),
        (
            {"metadata": {"files": [{"digest": {"algorithm": "sha256", "value": "é"}}]}},
            "artifacts[0].metadata.files[0].digest.value",
        ),
        ({"metadata": {"directUrlOrigin": []}}, "artifacts[0].metadata.directUrlOrigin"),
        ({"metadata": {"hashes": [None, 1]}}, "artifacts[0].metadata.hashes[1]"),
        ({"metadataType": {}}, "artifacts[0].metadataType"),
    ],
)
def test_what_is_of_another_type_is_noted_alone(odd: dict[str, Any], place: str) -> None:
    found = syft(artifact("a") | odd, artifact("b"))
    assert [row.ref for row in found.components if "#" not in row.ref] == ["src", "a", "b"]
    assert place in [where for where, _ in texts(found)]


def test_odd_tops() -> None:
    for key in ("artifacts", "artifactRelationships", "files", "source", "distro"):
        assert syft(**{key: None}).problems == ()
    for key in ("artifacts", "artifactRelationships", "files", "source"):
        assert [place for place, _ in texts(syft(**{key: "text"}))] == [key]
    found = syft(None, 1, {}, artifact("a"))
    assert [row.ref for row in found.components] == ["src", "artifacts[2]", "a"]
    assert [place for place, _ in texts(found)] == ["artifacts[0]", "artifacts[1]", "artifacts[2]"]


def test_claims() -> None:
    def claims(**parts: Any) -> bool:
        return READER.claims(RawDocument(json.dumps(parts).encode(), "sbom.syft.json", "sbom"))

    assert claims(artifacts=[], schema={"url": "https://files.example/anchore/syft/x.json"})
    assert claims(artifacts=None, descriptor={"name": "syft"})
    assert not claims(schema={"url": "https://files.example/anchore/syft/x.json"})
    assert not claims(artifacts=[{"name": "syft"}], descriptor={"name": "other"})
    assert not claims(bomFormat="CycloneDX", components=[{"name": "syft"}])
    assert not claims(spdxVersion="SPDX-2.3", comment="anchore/syft", packages=[{"artifacts": []}])
    assert not claims(artifacts=["anchore/syft"])
    assert not READER.claims(RawDocument(b'[{"artifacts": [], "descriptor": {"name": "syft"}}]', ""))
    assert not READER.claims(
        RawDocument(b'{"bomFormat": "CycloneDX", "artifacts", "artifactRelationships", "name": "syft"', "")
    )


def test_no_sample_of_another_format_is_claimed(shared: Path) -> None:
    for path in sorted((shared / "samples").glob("*/*")):
        assert not READER.claims(RawDocument(path.read_bytes(), path.name, "sbom")), path.name


def test_bytes_that_are_no_json_are_rejected_aloud() -> None:
    data = json.dumps(shape(artifact("a"))).encode()
    assert READER.claims(RawDocument(data[:-20], ""))
    with pytest.raises(InputError, match=r"not valid JSON|cannot read JSON"):
        READER.parse(RawDocument(data[:-20], "x"))
    with pytest.raises(InputError, match="should be an object"):
        READER.parse(RawDocument(b"[]", "x"))
    latin = data.replace(b'"name": "a"', b'"name": "\xe9"')
    assert "byte" in READER.parse(RawDocument(latin, "x")).problems[0].place


@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"metadata":', "}")])
def test_deep_json_is_no_traceback(left: str, right: str) -> None:
    deep = json.dumps(shape("@")).replace('"@"', f"{left * 100_000}1{right * 100_000}").encode()
    assert READER.claims(RawDocument(deep, ""))
    with pytest.raises(InputError, match="nested too deep"):
        READER.parse(RawDocument(deep, "x"))


def test_a_long_chain_and_a_large_circle() -> None:
    names = [f"p{number}" for number in range(3_000)]
    ring = related(*(f"{one} dependency-of {two}" for one, two in zip(names, [*names[1:], names[0]], strict=True)))
    found = syft(*map(artifact, names), artifactRelationships=ring)
    assert (len(found.components), len(found.edges), found.roots) == (3_001, 3_000, ("src",))


ids = st.sampled_from(["a", "b", "f", "src", "gone", ""])
values = st.one_of(st.none(), st.integers(), st.text(max_size=4), ids, st.lists(ids, max_size=2), st.just({}))
artifacts = st.one_of(
    values,
    st.fixed_dictionaries(
        {"id": ids},
        optional={
            **dict.fromkeys(("name", "version", "type", "foundBy", "locations", "metadataType", "metadata"), values),
            "purl": st.sampled_from(["pkg:pypi/a@1", "pkg:pypi/", "pkg:npm/a@1", "x", ""]),
        },
    ),
)
relations = st.one_of(
    values,
    st.fixed_dictionaries(
        {"parent": ids, "child": ids, "type": st.sampled_from(["dependency-of", "contains", "evident-by", "odd", ""])}
    ),
)
files = st.one_of(values, st.fixed_dictionaries({"id": values}, optional={"digests": values, "location": values}))


@settings(max_examples=150)
@given(
    st.lists(artifacts, max_size=5),
    st.lists(relations, max_size=5),
    st.lists(files, max_size=3),
    st.one_of(values, st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "name", "type", "target"), values))),
)
def test_no_document_is_a_traceback(rows: list[Any], links: list[Any], held: list[Any], source: Any) -> None:
    found = syft(*rows, artifactRelationships=links, files=held, source=source)  # its laws are checked there
    odd = [number for number, row in enumerate(rows) if not isinstance(row, dict)]
    assert {f"artifacts[{number}]" for number in odd} <= {place for place, _ in texts(found)}


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20))
def test_every_dependency_is_an_edge_from_child_to_parent(pairs: list[tuple[int, int]]) -> None:
    links = related(*(f"p{one} dependency-of p{two}" for one, two in pairs))
    found = syft(*(artifact(f"p{number}") for number in range(6)), artifactRelationships=links)
    assert set(edges(found)) == {f"p{two}>p{one}" for one, two in pairs}


def test_code_that_no_package_holds_is_a_row_by_the_name_that_it_is_imported_by() -> None:
    """A folder of installed packages may hold code whose metadata are gone: which release it is of nobody knows."""
    top = "/opt/site-packages"
    files = [
        {"id": str(number), "location": {"path": f"{top}/{name}"}}
        for number, name in enumerate(("litellm/__init__.py", "yaml/__init__.py", "a/__init__.py", "x/data.txt"))
    ]

    def shown(*artifacts: Any, relationships: Any = ()) -> list[str]:
        found = syft(*artifacts, files=files, artifactRelationships=list(relationships))
        return [row.package for row in found.components if row.package and not row.version and row.optional]

    holds_yaml = related("PyYAML contains 1")
    assert shown(artifact("a"), artifact("PyYAML"), relationships=holds_yaml) == ["litellm", "yaml"]
    tops = {"name": "PyYAML", "version": "1.0", "topLevelPackages": ["_yaml", "yaml"]}
    assert shown(artifact("a"), artifact("PyYAML", metadata=tops)) == ["litellm"]
    # What is looked at holds every file: that says nothing of a release.
    assert shown(artifact("a"), artifact("PyYAML"), relationships=related("src contains 1")) == ["litellm", "yaml"]
    recorded = artifact("pip", metadata={"files": [{"path": "pip/_vendor/idna/core.py"}, {"path": "pip/main.py"}]})
    assert "idna" in shown(recorded)
    assert not syft(files=files).covers_python


def test_it_is_left_open_where_it_did_not_look_for_installed_packages() -> None:
    def said(*used: str) -> Document:
        return syft(artifact("a"), descriptor={"name": "syft", "configuration": {"catalogers": {"used": list(used)}}})

    place = "descriptor.configuration.catalogers.used"
    text = "not read: installed Python packages, which need python-installed-package-cataloger"
    assert texts(said("dpkg-db-cataloger", "python-package-cataloger")) == [(place, text)]
    assert said("python-package-cataloger").completeness is Completeness.INCOMPLETE
    assert texts(said("python-installed-package-cataloger")) == []
    assert texts(said()) == []
