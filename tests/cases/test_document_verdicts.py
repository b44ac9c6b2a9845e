"""What one complete, dated document says of a service, from the file to the verdict: names in every spelling."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import graphkit
from graphkit.api import Graph
from graphkit.model.answers import ServiceVerdict
from graphkit.model.index import File, FileKind, ProjectPage, ReleaseFiles
from graphkit.model.names import package_name
from graphkit.model.times import instant
from tests.unit.cli.inputs import INCIDENT, MADE, WORLD, put, recorded_slice

NOON = "2026-03-24T12:00:00Z"
Row = dict[str, Any]
Judge = Callable[..., ServiceVerdict]
APP = {"type": "library", "bom-ref": "app", "name": "app", "version": "1", "purl": "pkg:pypi/app@1"}
OF = {
    "npm": "pkg:npm/%40scope/x@1.0.0",
    "deb": "pkg:deb/debian/xz-utils@5.6.1-1?arch=amd64&distro=sid",
    "oci": f"pkg:oci/app@sha256%3A{'aa' * 32}",
    "github": f"pkg:github/acme/scan@{'ab' * 20}",
}


def bom(name: str, *rows: Row, **more: Any) -> str:
    metadata = {"component": {"type": "application", "bom-ref": "root", "name": name}} | more.pop("metadata", {})
    listed = {"components": [APP, *rows], "compositions": [{"aggregate": "complete"}]} | more
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": metadata | {"timestamp": NOON}}
    return json.dumps(head | listed)


def incident(*purls: str) -> str:
    releases = "".join(f"- purl: {purl}\n  listed_from: '2026-03-24T10:52:00Z'\n" for purl in purls)
    return (
        f"schema: graphkit.incident/1\nid: case-1\ntitle: a case\nreleases:\n{releases}"
        "readings:\n- id: operator\n  until: '2026-03-24T16:00:00Z'\n  preferred: true\n"
    )


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """An empty graph, with an empty folder to stand in."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    with graphkit.open(str(tmp_path / "graph"), create=True) as opened:
        yield opened


@pytest.fixture
def judge(graph: Graph) -> Judge:
    """Return the verdict of a service by one document, where nothing was built but what it says."""

    def judged(document: str, case: str = INCIDENT, name: str = "a.json", **also: str) -> ServiceVerdict:
        put(Path("case.yaml"), case)
        graph.ingest("advisory", ["case.yaml"])
        for kind, text in also.items():
            put(Path(f"{kind}.yaml"), text)
            assert not graph.ingest("org", [f"{kind}.yaml"]).rejected
        put(Path(name), document)
        report = graph.ingest("sbom", [name])
        assert (report.read, report.rejected) == (1, ())
        (service,) = graph.blast("case-1", builds_complete=True).services
        return service

    return judged


# Other ecosystems


@pytest.mark.parametrize(
    ("of", "row", "verdict"),
    [
        ("npm", {"purl": "pkg:npm/%40scope/x@1.0.0"}, "observed"),
        ("npm", {"purl": "pkg:npm/@scope/x@1.0.0"}, "observed"),
        ("npm", {"purl": "pkg:NPM/%40Scope/X@1.0.0"}, "observed"),
        ("npm", {"purl": "pkg:npm/%40scope/x@1.0.0#sub"}, "observed"),
        ("npm", {"purl": "pkg:npm/%40scope%2Fx@1.0.0"}, "observed"),
        ("npm", {"purl": "pkg:npm/%40scope/x@1.0.0?a"}, "unknown"),
        ("npm", {"purl": "pkg:npm/%40scope/x@v1.0.0"}, "observed"),
        ("npm", {"purl": "pkg:npm/%40scope/x", "version": "1.0.0"}, "observed"),
        ("npm", {"purl": "pkg:npm/%40scope/x@1.0.1", "version": "1.0.0"}, "observed"),
        ("npm", {"purl": "pkg:npm/%40scope/x"}, "unknown"),
        ("npm", {"purl": "pkg:npm/%40scope/x@latest"}, "unknown"),
        ("npm", {"purl": "pkg:npm/%40scope/x@%5E1.0.0"}, "unknown"),
        ("npm", {"purl": "pkg:npm/%40scope/x@1.x"}, "unknown"),
        ("npm", {"purl": "pkg:npm/%40scope/x@1.0.0%2Bcorp"}, "unknown"),
        ("npm", {"purl": "pkg:npm/%40scope/x@1.0.1"}, "cleared"),
        ("npm", {"purl": "pkg:npm/x@1.0.0"}, "cleared"),
        ("deb", {"purl": "pkg:deb/Debian/xz-utils@5.6.1-1?arch=arm64"}, "observed"),
        ("deb", {"purl": "pkg:deb/debian/xz-utils@5.6.1-1?epoch=1"}, "observed"),
        ("deb", {"purl": "pkg:deb/xz-utils@5.6.1-1"}, "unknown"),
        ("deb", {"purl": "pkg:deb/ubuntu/xz-utils@5.6.1-1"}, "cleared"),
        ("deb", {"purl": "pkg:deb/xz-utils@5.4.1-1"}, "cleared"),
        ("oci", {"purl": f"pkg:oci/app@sha256:{'AA' * 32}"}, "observed"),
        ("oci", {"purl": f"pkg:oci/app@sha256%3A{'bb' * 32}"}, "cleared"),
        ("oci", {"purl": "pkg:oci/app@1.0"}, "unknown"),
        ("github", {"purl": "pkg:github/Acme/scan@v1"}, "unknown"),
        ("github", {"purl": "pkg:github/acme/scan@abababa"}, "unknown"),
        ("github", {"purl": f"pkg:github/acme/scan@{'ac' * 20}"}, "cleared"),
    ],
)
def test_other_ecosystems_are_compared_by_what_their_purls_name(judge: Judge, of: str, row: Row, verdict: str) -> None:
    assert judge(bom("shop", {"type": "library", "name": "x", **row}), incident(OF[of])).verdict == verdict


def test_a_purl_in_another_spelling_is_the_release_of_the_incident(graph: Graph) -> None:
    put(Path("case.yaml"), incident(OF["npm"]))
    graph.ingest("advisory", ["case.yaml"])
    for purl in ("pkg:npm/@scope/x@1.0.0", "pkg:NPM/%40scope%2Fx@1.0.0"):
        assert graph.blast(purl).incident.id == "case-1"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("pkg:npm/@scope/x", ["x@1.0.0", "x@2.0.0"]),
        ("pkg:NPM/%40scope%2FX@1.0.0", ["x@1.0.0"]),
        ("pkg:npm/x", []),
        ("pkg:pypi/app", ["app@1"]),
        ("pkg:pypi/App@1.0", ["app@1"]),
    ],
)
def test_who_has_a_purl_in_any_spelling(graph: Graph, query: str, found: list[str]) -> None:
    rows = ({"type": "library", "name": "x", "purl": f"pkg:npm/%40scope/x@{version}"} for version in ("1.0.0", "2.0.0"))
    put(Path("a.json"), bom("shop", *rows))
    graph.ingest("sbom", ["a.json"])
    assert [one.release for one in graph.who_has(query).matches] == found


def test_who_has_counts_what_only_has_the_name(graph: Graph) -> None:
    put(Path("a.json"), bom("shop", {"type": "library", "name": "App", "version": "1", "purl": "pkg:conda/App@1"}))
    graph.ingest("sbom", ["a.json"])
    answer = graph.who_has("app")
    assert [one.release for one in answer.matches] == ["app@1"]
    assert "pkg:conda/App@1" in " ".join(answer.notes)


# Rebuilds and namesakes


@pytest.mark.parametrize("version", ["1.82.8+corp", "1.82.8.0+corp.1", "v1.82.8+CORP"])
def test_a_local_version_is_a_rebuild_that_nobody_can_clear(judge: Judge, version: str) -> None:
    found = judge(bom("shop", {"type": "library", "name": "litellm", "purl": "pkg:pypi/litellm", "version": version}))
    assert found.verdict == "unknown"
    assert "somebody's build of 1.82.8" in found.reason


def test_a_local_version_of_another_release_is_another_release(judge: Judge) -> None:
    row = {"type": "library", "name": "litellm", "purl": "pkg:pypi/litellm", "version": "1.82.6+corp"}
    assert judge(bom("shop", row)).verdict == "cleared"


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ({"purl": "pkg:conda/litellm@1.82.8"}, "unknown"),
        ({"purl": "pkg:conda/conda-forge/LiteLLM@1.82.8?build=py312"}, "unknown"),
        ({"purl": "pkg:conda/litellm"}, "unknown"),
        ({"purl": "pkg:conda/litellm@1.82.8-2"}, "unknown"),
        ({"purl": "pkg:generic/Lite_LLM@1.82.8", "name": "x"}, "cleared"),
        ({"purl": "pkg:generic/LiteLLM@v1.82.8", "name": "x"}, "unknown"),
        ({"purl": "pkg:generic/wheels/litellm@main"}, "unknown"),
        ({"purl": "pkg:python/litellm@1.82.8"}, "unknown"),
        ({"purl": "pkg:generic/proxy@1.82.8"}, "unknown"),
        # A purl that can be read names another package, but for conda, generic, and the source at an accused tag.
        ({"purl": "pkg:github/BerriAI/litellm@v1.82.8"}, "unknown"),
        ({"purl": "pkg:githubactions/BerriAI/litellm@v1.82.8"}, "cleared"),
        ({"purl": "pkg:gitlab/mirrors/litellm@0123456789abcdef0123456789abcdef01234567"}, "cleared"),
        ({"purl": "pkg:bitbucket/mirrors/litellm@v1.82.6"}, "cleared"),
        ({"purl": "pkg:github/BerriAI/litellm-proxy@v1.82.8", "name": "litellm-proxy"}, "cleared"),
        ({"purl": "pkg:conda/litellm@1.82.6"}, "cleared"),
        ({"purl": "pkg:conda/litellm@1.82.8", "name": "vendored", "version": "1.0"}, "unknown"),
        ({"purl": "pkg:generic/litellm@1.82.8?x=y", "name": "vendored", "version": "1.0"}, "unknown"),
        ({"purl": "pkg:generic/litellm@1.82.6", "version": "1.82.8"}, "unknown"),
        ({"purl": "pkg:generic/litellm@1.82.6", "version": "1.0"}, "cleared"),
        ({"purl": "pkg:deb/debian/litellm@1.82.8"}, "cleared"),
        ({"purl": "pkg:npm/litellm@1.82.8"}, "cleared"),
    ],
)
def test_a_namesake_elsewhere_is_not_absent(judge: Judge, row: Row, verdict: str) -> None:
    found = judge(bom("shop", {"type": "library", "name": "litellm", **row}))
    assert found.verdict == verdict
    if verdict == "unknown":
        assert "alias file" in found.reason


@pytest.mark.parametrize(
    ("alias", "version", "verdict"),
    [
        ("litellm", "1.82.8", "admitted"),
        ("litellm", "1.82.8-2", "admitted"),
        ("litellm", "1.82.6", "cleared"),
        ("litellm", "main", "unknown"),
        ("something-else", "1.82.8", "cleared"),
    ],
)
def test_an_alias_file_settles_what_a_namesake_is(judge: Judge, alias: str, version: str, verdict: str) -> None:
    aliases = f"schema: graphkit.aliases/1\npackages:\n- name: {alias}\n  also: ['pkg:conda/LiteLLM']\n"
    row = {"type": "library", "name": "litellm", "purl": f"pkg:conda/litellm@{version}"}
    assert judge(bom("shop", row), aliases=aliases).verdict == verdict
    assert judge(bom("shop", row | {"version": "1.0"}), aliases=aliases).verdict == verdict


@pytest.mark.parametrize(
    ("subject", "verdict"),
    [
        ({"version": "1.82.8"}, "unknown"),
        ({}, "unknown"),
        ({"version": "main"}, "unknown"),
        ({"version": "1.82.8", "type": "container"}, "unknown"),
        ({"version": "1.82.8", "group": "berriai"}, "unknown"),
        ({"version": "1.82.6"}, "cleared"),
        ({"version": "1.82.8", "purl": "pkg:npm/litellm@1.82.8"}, "cleared"),
    ],
)
def test_what_is_described_may_be_the_package_of_its_name(judge: Judge, subject: Row, verdict: str) -> None:
    component = {"type": "application", "bom-ref": "root", "name": "LiteLLM", **subject}
    assert judge(bom("shop", metadata={"component": component})).verdict == verdict


def test_namesakes_that_are_judged_alike_are_judged_each_by_its_own_words(graph: Graph) -> None:
    put(Path("case.yaml"), INCIDENT)
    graph.ingest("advisory", ["case.yaml"])
    said: Mapping[str, str] = {"conda": "unknown", "npm": "cleared", "generic": "unknown", "pypi": "observed"}
    for kind in said:
        for number in range(2):
            row = {"type": "library", "name": "litellm", "purl": f"pkg:{kind}/litellm@1.82.8"}
            put(Path("in") / f"{kind}-{number}.json", bom(f"{kind}-{number}", row))
    graph.ingest("sbom", ["in"])
    found = {one.service: one.verdict for one in graph.blast("case-1", builds_complete=True).services}
    assert found == {f"{kind}-{number}": verdict for kind, verdict in said.items() for number in range(2)}


# Code among the files of an SBOM

CODE = "/usr/lib/python3/site-packages"


@pytest.mark.parametrize(
    ("path", "version", "verdict"),
    [
        (f"{CODE}/requests/_vendor/litellm/main.py", "", "unknown"),
        (f"{CODE}/requests/_vendor/litellm/main.py", "1.82.6", "unknown"),  # of which release the copy is, nothing says
        ("/srv/app/vendor/litellm/main.py", "", "unknown"),
        ("/app/litellm/__init__.py", "", "unknown"),
        (f"{CODE}/litellm/main.py", "1.82.6", "cleared"),
        (f"{CODE}/sentry_sdk/integrations/litellm.py", "", "cleared"),
        ("/app/tests/test_litellm.py", "", "cleared"),
        ("/app/docs/litellm.md", "", "cleared"),
    ],
)
@pytest.mark.parametrize("imports", ["", "imports: [litellm]\n"])
def test_code_of_the_accused_package_that_no_release_of_it_holds(
    judge: Judge, path: str, version: str, verdict: str, imports: str
) -> None:
    name = "litellm-proxy" if imports else "litellm"
    case = INCIDENT.replace("pkg:pypi/litellm@", f"pkg:pypi/{name}@") + imports
    rows = [{"type": "file", "name": path}]
    if version:
        rows += [{"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}]
    found = judge(bom("shop", *rows), case)
    assert found.verdict == verdict
    assert (path in found.reason) == (verdict == "unknown")


@pytest.mark.parametrize("where", ["dependencies", "compositions", "provides"])
def test_a_reference_to_nothing_that_is_a_purl_names_a_release(judge: Judge, where: str) -> None:
    bad = "pkg:pypi/litellm@1.82.8"
    more: Row = {"dependencies": [{"ref": "app", "dependsOn" if where == "dependencies" else "provides": [bad]}]}
    if where == "compositions":
        more = {"compositions": [{"aggregate": "complete", "assemblies": ["root", "app", bad]}]}
    found = judge(bom("shop", **more))
    assert (found.verdict, found.builds[0].basis) == ("observed", "listed")
    assert bad in found.reason or "litellm 1.82.8" in found.reason


# Files of locks

GOOD, ALSO_GOOD, EVIL = "aa" * 32, "bb" * 32, "cd" * 32
MIXED = INCIDENT.replace(
    "  listed_from", f"  whole: false\n  files:\n  - {{filename: litellm-1.82.8.tar.gz, sha256: {EVIL}}}\n  listed_from"
)
WHEEL = "litellm-1.82.8-py3-none-any.whl"
LOCKS = {
    "uv.lock": (
        'version = 1\nrequires-python = ">=3.12"\n[[package]]\nname = "app"\nversion = "1"\n'
        'source = {{ virtual = "." }}\ndependencies = [{{ name = "{name}" }}]\n[[package]]\nname = "{name}"\n'
        'version = "{version}"\nsource = {{ registry = "https://index.example/simple" }}\n'
        'wheels = [{{ url = "https://files.example/{file}", hash = "{one}" }}, {{ hash = "{two}" }}]\n'
    ),
    "poetry.lock": (
        '[[package]]\nname = "{name}"\nversion = "{version}"\n'
        'files = [{{ file = "{file}", hash = "{one}" }}, {{ hash = "{two}" }}]\n'
        '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.12"\ncontent-hash = "00"\n'
    ),
    "pdm.lock": (
        '[metadata]\nlock_version = "4.5.0"\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
        'files = [{{ file = "{file}", hash = "{one}" }}, {{ hash = "{two}" }}]\n'
    ),
    "pylock.toml": (
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "{name}"\nversion = "{version}"\n'
        'wheels = [{{ name = "{file}", url = "https://files.example/a", hashes = {{ {plain_one} }} }}]\n'
        'sdist = {{ url = "https://files.example/b", hashes = {{ {plain_two} }} }}\n'
    ),
}


def know_good_files(graph: Graph) -> None:
    """Record a page by which the hashes of the good files of the release are known."""
    files = tuple(
        File(filename=name, kind=kind, sha256=sha256, uploaded=instant("2026-03-24T10:52:00Z"))
        for name, kind, sha256 in (
            (WHEEL, FileKind.WHEEL, GOOD),
            (WHEEL.replace("any", "win32"), FileKind.WHEEL, ALSO_GOOD),
            ("litellm-1.82.8.tar.gz", FileKind.SDIST, EVIL),
        )
    )
    releases = (ReleaseFiles(version="1.82.8", files=files),)
    name, read_at = package_name("litellm"), instant("2026-04-01T00:00:00Z")
    graph._store.record(
        [ProjectPage(package=name, spelling="litellm", releases=releases, read_at=read_at, source="index")]
    )


def locked(graph: Graph, name: str, case: str, lock: str) -> ServiceVerdict:
    put(Path("case.yaml"), case)
    assert not graph.ingest("advisory", ["case.yaml"]).rejected
    put(Path(name), lock)
    report = graph.ingest("lock", [name], stands_from="2026-03-20T00:00:00Z", read_at="2026-03-30T00:00:00Z")
    assert report.rejected == ()
    (service,) = graph.blast("case-1").services
    return service


def lock_of(kind: str, *, name: str = "litellm", version: str = "1.82.8", file: str = WHEEL, one: str, two: str) -> str:
    def plain(text: str) -> str:
        algorithm, _, digest = text.partition(":")
        return f'{algorithm} = "{digest}"'

    parts = {"name": name, "version": version, "file": file, "one": one, "two": two}
    return LOCKS[kind].format(**parts, plain_one=plain(one), plain_two=plain(two))


@pytest.mark.parametrize("kind", LOCKS)
@pytest.mark.parametrize(
    ("two", "verdict"),
    [
        (f"sha256:{ALSO_GOOD}", "cleared"),
        (f"sha256:{'ee' * 32}", "unknown"),
        (f"sha256:{EVIL}", "admitted"),  # it names a good file too, and which of them was installed is not known
        (f"md5:{'bb' * 16}", "admitted"),
        (f"sha512:{'bb' * 64}", "admitted"),
    ],
)
def test_a_file_whose_hash_is_not_known_may_be_the_bad_one(graph: Graph, kind: str, two: str, verdict: str) -> None:
    know_good_files(graph)
    assert locked(graph, kind, MIXED, lock_of(kind, one=f"sha256:{GOOD}", two=two)).verdict == verdict


@pytest.mark.parametrize("kind", LOCKS)
@pytest.mark.parametrize(("two", "verdict"), [(ALSO_GOOD, "unknown"), (EVIL, "observed")])
def test_where_no_page_says_which_files_are_good_no_hash_rules_a_match_out(
    graph: Graph, kind: str, two: str, verdict: str
) -> None:
    lock = lock_of(kind, one=f"sha256:{GOOD}", two=f"sha256:{two}")
    assert locked(graph, kind, MIXED, lock).verdict == verdict


def distribution(algorithm: str, digest: str) -> Row:
    hashes = [{"alg": algorithm, "content": digest}]
    return {"type": "distribution", "url": "https://files.example/a", "hashes": hashes if digest else []}


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ([], "cleared"),
        ([distribution("SHA-256", EVIL)], "admitted"),
        ([distribution("SHA-512", "bb" * 64)], "admitted"),
        ([distribution("SHA-256", "")], "admitted"),
    ],
)
def test_a_distribution_whose_hash_is_not_known_may_be_the_bad_one(
    graph: Graph, judge: Judge, more: list[Row], verdict: str
) -> None:
    know_good_files(graph)
    row = {"type": "library", "name": "litellm", "version": "1.82.8", "purl": "pkg:pypi/litellm@1.82.8"}
    references = [distribution("SHA-256", GOOD), *more]
    assert judge(bom("shop", row | {"externalReferences": references}), MIXED).verdict == verdict


@pytest.mark.parametrize(
    ("checksum", "verdict"),
    [
        (f"sha256:{EVIL}", "observed"),
        (f"sha1:{'ab' * 20}%2CSHA256%3A{EVIL.upper()}", "observed"),
        (f"sha256:{GOOD}", "cleared"),
    ],
)
@pytest.mark.parametrize("purl", ["pkg:pypi/other@1", "pkg:generic/other@1"])
def test_the_checksum_of_a_purl_is_a_hash_of_its_row(
    graph: Graph, judge: Judge, purl: str, checksum: str, verdict: str
) -> None:
    know_good_files(graph)
    row = {"type": "library", "name": "other", "version": "1", "purl": f"{purl}?checksum={checksum}"}
    assert judge(bom("shop", row), MIXED).verdict == verdict


def test_what_a_newer_version_may_name_is_not_read(judge: Judge) -> None:
    named = {"type": "library", "name": "litellm", "version": "1.82.8", "purl": "pkg:pypi/litellm@1.82.8"}
    assert judge(bom("shop", specVersion="1.9", packages=[named])).verdict == "unknown"


@pytest.mark.parametrize(("hashes", "verdict"), [("", "cleared"), (f" --hash=sha512:{'bb' * 64}", "admitted")])
def test_a_line_that_allows_another_hash(graph: Graph, hashes: str, verdict: str) -> None:
    know_good_files(graph)
    line = f"{MADE}litellm==1.82.8 --hash=sha256:{GOOD}{hashes}\n"
    assert locked(graph, "requirements.txt", MIXED, line).verdict == verdict


@pytest.mark.parametrize("kind", LOCKS)
@pytest.mark.parametrize(("name", "version"), [("other", "1.82.8"), ("litellm", "1.82.6")])
def test_a_file_of_another_name_or_version_is_what_would_be_installed(
    graph: Graph, kind: str, name: str, version: str
) -> None:
    hashes = {"one": f"sha256:{GOOD}", "two": f"sha256:{GOOD}"}
    found = locked(graph, kind, INCIDENT, lock_of(kind, name=name, version=version, **hashes))
    assert found.verdict == "unknown"


OTHER_WHEEL = WHEEL.replace("1.82.8", "1.82.6")


@pytest.mark.parametrize("kind", LOCKS)
@pytest.mark.parametrize(
    ("one", "two", "verdict"),
    [
        (WHEEL, "", "observed"),
        (OTHER_WHEEL, "", "unknown"),  # the other file may be any
        (OTHER_WHEEL, WHEEL, "unknown"),  # which of them was installed is not known
        (OTHER_WHEEL, OTHER_WHEEL, "cleared"),
    ],
)
def test_of_a_row_without_a_version_the_names_of_its_files_decide(
    graph: Graph, kind: str, one: str, two: str, verdict: str
) -> None:
    lock = lock_of(kind, version="gone", file=one, one=f"sha256:{GOOD}", two=f"sha256:{ALSO_GOOD}")
    lock = lock.replace('version = "gone"\n', "")
    if two:
        named = f"{{ {'url' if kind == 'uv.lock' else 'file'} = '{two}', hash = "
        lock = lock.replace("{ hash = ", named).replace("https://files.example/b", f"https://files.example/{two}")
    assert locked(graph, kind, INCIDENT, lock).verdict == verdict


@pytest.mark.parametrize(
    "lock",
    [
        f"other @ https://files.example/{WHEEL} --hash=sha256:{GOOD}\n",
        f"other @ https://files.example/{WHEEL.replace('-', '%2D', 1)} --hash=sha256:{GOOD}\n",
    ],
)
def test_a_url_of_another_name(graph: Graph, lock: str) -> None:
    assert locked(graph, "requirements.txt", INCIDENT, lock).verdict == "unknown"


# Reasons

NAMELESS = {"type": "library", "group": "g", "name": "x"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"compositions": []}, "does not say that it is complete"),
        ({"compositions": [{"aggregate": "incomplete"}]}, "says that it is not complete"),
        ({"components": [APP, NAMELESS]}, "says complete, but 1 component without purl may be a Python package"),
        ({"components": [APP, {"type": "library"}]}, "says complete, but not all of it could be read"),
        ({"compositions": [{"aggregate": "complete", "assemblies": ["app"]}]}, "says complete, but of a part alone"),
    ],
)
def test_the_reason_says_why_a_bom_is_not_taken_for_complete(judge: Judge, more: Row, said: str) -> None:
    found = judge(bom("shop", **more))
    assert (found.verdict, said in found.reason) == ("unknown", True)
    assert "would settle it" in found.reason


def test_the_reason_says_what_of_a_lock_could_not_be_read(graph: Graph) -> None:
    lock = '[[package]]\nname = "-"\nversion = "1"\n' + LOCKS["poetry.lock"].rpartition("[metadata]")[2].join(
        ["[metadata]", ""]
    )
    found = locked(graph, "poetry.lock", INCIDENT, lock)
    assert found.verdict == "unknown"
    assert "was not read completely (package[0].name: '-' is not a valid package name" in found.reason


# Private indexes

PRIVATE = (
    "schema: graphkit.organisation/1\nprivate_indexes: ['https://packages.example/simple/']\n"
    "private_packages: [acme-core]\n"
)
TIMES = "stands_from: 2026-03-01T00:00:00Z, read_at: 2026-03-30T00:00:00Z"
HASHED = INCIDENT.replace(
    "  listed_from", f"  files:\n  - {{filename: litellm-1.82.8.tar.gz, sha256: {EVIL}}}\n  listed_from"
)


@pytest.mark.parametrize(
    ("index", "version", "digest", "verdict"),
    [
        ("https://packages.example/simple", "1.82.8", "", "unknown"),
        ("https://packages.example/simple/", "1.82.8", "", "unknown"),
        ("https://packages.example/simple", "1.82.8", GOOD, "unknown"),
        ("https://packages.example/simple", "1.82.8", EVIL, "observed"),
        ("https://packages.example/simple", "1.82.6", "", "cleared"),
        ("https://packages.example/simple", "1.82.6", EVIL, "observed"),
        ("https://mirror.example/simple", "1.82.8", "", "observed"),
    ],
)
def test_a_release_of_a_private_index_is_told_by_its_hash_alone(
    judge: Judge, index: str, version: str, digest: str, verdict: str
) -> None:
    row: Row = {"type": "library", "name": "litellm", "version": version}
    row["purl"] = f"pkg:pypi/litellm@{version}?repository_url={index}"
    if digest:
        row["hashes"] = [{"alg": "SHA-256", "content": digest}]
    assert judge(bom("shop", row), HASHED, organisation=PRIVATE).verdict == verdict


@pytest.mark.parametrize("private", [True, False])
def test_what_a_private_package_requires_is_not_what_its_namesake_does(graph: Graph, *, private: bool) -> None:
    index = {"acme-core": {"1.0": ("2026-01-01T00:00:00Z", [])}, **WORLD}
    recorded_slice(Path("index.slice"), index)
    put(Path("case.yaml"), INCIDENT)
    put(Path("pyproject.toml"), "[project]\nname = 'shop'\ndependencies = ['acme-core']\n")
    organisation = "services:\n- {name: shop, documents: [{path: pyproject.toml, " + TIMES + "}]}\n"
    put(Path("org.yaml"), (PRIVATE if private else "schema: graphkit.organisation/1\n") + organisation)
    for kind, path in (("index", "index.slice"), ("advisory", "case.yaml"), ("org", "org.yaml")):
        assert not graph.ingest(kind, [path]).rejected
    (service,) = graph.blast("case-1").services
    assert service.verdict == ("unknown" if private else "cleared")
    assert not private or "acme-core" in service.reason
