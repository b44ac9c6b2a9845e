"""pip inspect and pip list: this environment's own, and every way to be odd."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import distributions
from typing import Any

import pytest

from graphkit.formats import read_document
from graphkit.formats.environments.pip_inspect import READER
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, Edge
from graphkit.model.errors import InputError
from graphkit.model.names import package_name

HEX = "0123456789abcdef" * 4
LINUX = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.7",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_release": "6.1",
    "platform_system": "Linux",
    "platform_version": "#1 SMP",
    "python_full_version": "3.11.7",
    "platform_python_implementation": "CPython",
    "python_version": "3.11",
    "sys_platform": "linux",
}
WINDOWS = LINUX | {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"}


def row(name: Any, *requires: Any, version: Any = "1", **others: Any) -> dict[str, Any]:
    metadata = {"metadata_version": "2.1", "name": name, "version": version, "requires_dist": list(requires)}
    return {"metadata": metadata, "metadata_location": "/x", "installer": "pip", **others}


def report(*installed: Any, environment: Any = LINUX, version: Any = "1") -> bytes:
    top = {"version": version, "pip_version": "23.2", "installed": list(installed), "environment": environment}
    return json.dumps(top).encode()


def read(data: bytes, hint: str = "") -> Document:
    assert READER.claims(RawDocument(data, "x", hint))
    document = read_document(data, "x", hint=hint)
    assert document is not None
    return document


def inspected(*installed: Any, environment: Any = LINUX) -> Document:
    return read(report(*installed, environment=environment))


def edges(document: Document) -> set[tuple[str, str]]:
    names = {one.ref: one.name for one in document.components}
    return {(names[edge.source], names[edge.target]) for edge in document.edges}


def one(document: Document) -> Component:
    (found,) = document.components
    return found


def problems(document: Document) -> list[tuple[str, str]]:
    return [(problem.place, problem.text) for problem in document.problems]


def pip(*arguments: str) -> bytes:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    quiet = os.environ | {"PIP_NO_INDEX": "1", "PIP_NO_INPUT": "1"}
    ran = subprocess.run(command, check=False, capture_output=True, timeout=60, env=quiet)
    if ran.returncode:
        pytest.skip(f"no such pip here: {ran.stderr.decode()[:200]}")
    return ran.stdout


def test_this_environment() -> None:
    document = read(pip("inspect", "--local"))
    assert (document.kind, document.basis) == (DocumentKind.ENVIRONMENT, Basis.INSTALLED)
    assert (document.format, document.completeness) == ("pip inspect 1", Completeness.COMPLETE)
    assert document.dependencies_known
    found = {row.package: row.version for row in document.components}
    here = {package_name(dist.name): dist.version for dist in distributions()}
    assert found.items() <= here.items()
    assert {"pytest", "packaging", "msgspec"} <= found.keys()
    assert {("pytest", "packaging"), ("pytest", "pluggy"), ("pytest", "iniconfig")} <= edges(document)
    assert ("pytest", "colorama") not in edges(document)
    refs = {row.ref for row in document.components}
    assert len(refs) == len(document.components)
    assert refs.issuperset(ref for edge in document.edges for ref in (edge.source, edge.target))
    reached = set(document.roots)
    for _ in refs:
        reached |= {edge.target for edge in document.edges if edge.source in reached}
    assert reached == refs


def test_this_environment_listed() -> None:
    data = pip("list", "--format", "json")
    assert not READER.claims(RawDocument(data, "x"))
    document = read(data, "env")
    assert (document.kind, document.basis) == (DocumentKind.ENVIRONMENT, Basis.INSTALLED)
    assert (document.format, document.completeness) == ("pip list", Completeness.COMPLETE)
    assert (document.dependencies_known, document.edges, document.roots) == (False, (), ())
    assert {"pytest", "packaging"} <= {row.package for row in document.components}


def test_markers_are_read_where_the_environment_is() -> None:
    rows = (
        row("App", 'lin ; sys_platform == "linux"', 'win ; os_name == "nt"', "Old_Lib ; python_version < '3.8'"),
        row("lin"),
        row("win"),
        row("old.lib"),
    )
    assert edges(inspected(*rows)) == {("app", "lin")}
    assert edges(inspected(*rows, environment=WINDOWS | {"python_version": "3.7"})) == {
        ("app", "win"),
        ("app", "old-lib"),
    }


def test_the_whole_environment_counts() -> None:
    rows = (row("a", 'b ; "SMP" in platform_version', 'c ; implementation_version >= "3.11.8"'), row("b"), row("c"))
    assert edges(inspected(*rows)) == {("a", "b")}


def test_extras_only_where_a_row_asks_for_them() -> None:
    server = row("server", 'fast ; extra == "standard"', 'slow ; extra == "Other_One"', "server[deep]; extra == 'all'")
    rows = (server, row("fast", 'deep; extra == "x" and os_name == "nt"'), row("slow"), row("deep"))
    assert edges(inspected(*rows)) == set()
    assert edges(inspected(*rows, row("app", "server[standard,none]"))) == {("app", "server"), ("server", "fast")}
    assert ("server", "slow") in edges(inspected(row("app", "server[other-one]"), *rows))
    assert ("server", "slow") not in edges(inspected(row("app", "server[other-one]; os_name == 'nt'"), *rows))


def test_extras_of_itself_and_circles() -> None:
    rows = (
        row("a", "a[y] ; extra == 'x'", "b ; extra == 'y'", "a"),
        row("b", "a[x]", "c[z]"),
        row("c", "b", "a; extra == 'z'"),
    )
    document = inspected(*rows)
    assert edges(document) == {("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"), ("c", "a")}
    assert document.roots == ("a@1",)


def test_roots() -> None:
    assert inspected(row("a", "b"), row("b"), row("c")).roots == ("a@1", "c@1")
    some = inspected(row("a", "b", requested=False), row("b", requested=True))
    assert some.roots == ("b@1", "a@1")
    every = inspected(row("a", "b", requested=True), row("b", requested=True))
    assert every.roots == ("a@1",)


@pytest.mark.parametrize(
    ("direct", "origin", "sha256"),
    [
        (None, "", ()),
        (
            {"url": "https://h.example/r", "vcs_info": {"vcs": "git", "commit_id": "c0", "requested_revision": "v1"}},
            "git+https://h.example/r@c0",
            (),
        ),
        (
            {"url": "ssh://h.example/r", "vcs_info": {"vcs": "hg", "commit_id": "c"}, "subdirectory": "p"},
            "hg+ssh://h.example/r@c#subdirectory=p",
            (),
        ),
        ({"url": "file:///src", "dir_info": {"editable": True}}, "file:///src", ()),
        ({"url": "https://h.example/a.whl", "archive_info": {}}, "https://h.example/a.whl", ()),
        ({"url": "file:///a.whl", "archive_info": {"hash": f"sha256={HEX}"}}, "file:///a.whl", (HEX,)),
        (
            {"url": "file:///a.whl", "archive_info": {"hash": "md5=0", "hashes": {"sha256": HEX.upper(), "md5": "0"}}},
            "file:///a.whl",
            (HEX,),
        ),
    ],
)
def test_direct_urls(direct: Any, origin: str, sha256: tuple[str, ...]) -> None:
    document = inspected(row("a", direct_url=direct))
    assert (one(document).origin, one(document).sha256, document.problems) == (origin, sha256, ())
    assert document.places == ("installed[0]",)


@pytest.mark.parametrize("direct", [{}, [], 7, "x", {"url": None}, {"url": []}, {"vcs_info": 1}])
def test_a_broken_direct_url_is_still_not_the_index(direct: Any) -> None:
    document = inspected(row("a", direct_url=direct))
    assert one(document).origin == "unknown"
    assert document.problems
    assert document.completeness == Completeness.COMPLETE


def test_broken_parts_of_a_direct_url() -> None:
    vcs = inspected(row("a", direct_url={"url": "https://h.example/r", "vcs_info": [], "subdirectory": {}}))
    assert one(vcs).origin == "vcs+https://h.example/r"
    archive = {"hash": "sha256=0", "hashes": {"sha256": "zz"}}
    bad = inspected(row("a", direct_url={"url": "u", "archive_info": archive}))
    assert (one(bad).sha256, len(bad.problems)) == ((), 2)


@pytest.mark.parametrize(
    "bad", [None, 7, "x", [], {}, {"metadata": None}, {"metadata": [1]}, row(None), row(""), row("-"), row([])]
)
def test_unreadable_rows_are_problems_and_the_rest_goes_on(bad: Any) -> None:
    document = inspected(bad, row("litellm", version="1.82.8"))
    assert (one(document).ref, one(document).purl) == ("litellm@1.82.8", "pkg:pypi/litellm@1.82.8")
    assert document.completeness == Completeness.INCOMPLETE
    assert document.problems[0].place.startswith("installed[0]")


@pytest.mark.parametrize("version", [None, "", [], {}, True])
def test_no_version_is_unknown(version: Any) -> None:
    document = inspected(row("a", version=version))
    assert (one(document).ref, one(document).version) == ("a", "")
    assert problems(document)[-1] == ("installed[0].metadata.version", "no version: unknown")
    assert document.completeness == Completeness.COMPLETE


def test_odd_requirements_are_problems() -> None:
    odd = [">=1", 7, None, "b>=1.x", "b>=1.x; extra == 'no'", "c ; " + "(" * 9_000, "gone; os_name == 'posix'"]
    document = inspected(row("a", *odd), row("b"), row("c"))
    assert edges(document) == {("a", "b"), ("a", "c")}
    assert {place for place, _ in problems(document)} == {
        f"installed[0].metadata.requires_dist[{at}]" for at in range(len(odd))
    }
    assert problems(document)[-1][1] == "gone is required but not installed"
    assert document.completeness == Completeness.COMPLETE


def test_an_unreadable_requirement_of_an_extra_waits_for_it() -> None:
    rows = (row("a", "b>=1.x; extra == 'z'"), row("b"))
    assert edges(inspected(*rows)) == set()
    assert ("a", "b") in edges(inspected(*rows, row("app", "a[z]")))


@pytest.mark.parametrize("environment", [None, {}, [], 7, LINUX | {"os_name": ["nt"]}, LINUX | {"os_name": "x" * 9999}])
def test_what_the_environment_does_not_say_holds(environment: Any) -> None:
    rows = (row("a", "b ; os_name == 'nt'", "c ; extra == 'x' and os_name == 'nt'"), row("b"), row("c"))
    document = inspected(*rows, environment=environment)
    assert any("os_name" in text for place, text in problems(document) if place == "environment")
    assert ("a", "b") in edges(document)
    assert ("a", "c") not in edges(document)


@pytest.mark.parametrize("text", ["", "x", "9" * 3_900, "3.11+", "\0"])
def test_odd_variables(text: str) -> None:
    marker = "b ; python_full_version > '3' or implementation_version < '4' or python_version ~= '3.1'"
    odd = LINUX | dict.fromkeys(("python_full_version", "implementation_version", "python_version"), text)
    assert len(inspected(row("a", marker), row("b"), environment=odd).components) == 2


def test_a_name_installed_twice() -> None:
    document = inspected(row("a", "B"), row("b", version="1"), row("b", version="2"), row("B", version="2"))
    assert document.edges == (Edge(source="a@1", target="b@1"),)
    assert [row.ref for row in document.components] == ["a@1", "b@1", "b@2", "b@2#2"]
    assert [place for place, _ in problems(document)] == ["installed[2]", "installed[3]"]


def test_nothing_installed() -> None:
    assert (inspected().components, inspected().completeness) == ((), Completeness.COMPLETE)


def test_a_list_of_one_row_is_a_list() -> None:
    document = read_document(b'[{"name": "a", "version": "1"}]', "x", hint="env")
    assert document is not None
    assert [row.version for row in document.components] == ["1"]


@pytest.mark.parametrize(
    "data",
    [
        report(version="2"),
        report(version=None),
        report(version=["1"]),
        report(version=10**30),
        report().replace(b'"installed": []', b'"installed": {}'),
        report().replace(b'"installed": []', b'"installed": null'),
        report()[:-1],
        report() + b"x",
        report().replace(b"[]", b"[NaN]"),
        report().replace(b"[]", b"[" * 100_000),
        report().replace(b"[]", b'{"a":' * 100_000),
        b'{"x": [{"pip_version": "1", "installed": []}]}',
        b'{"pip_version": , "installed": ',
    ],
)
def test_broken_reports_are_rejected_aloud(data: bytes) -> None:
    assert READER.claims(RawDocument(data, "x"))
    with pytest.raises(InputError):
        read_document(data, "x")


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    document = read(report(row("a", summary="?")).replace(b'"?"', b'"\xff"'))
    assert one(document).name == "a"
    assert document.problems[0].place.startswith("byte ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"pip_version": "1"}',
        b'{"installed": []}',
        b'{"x": "\\"pip_version\\": \\"installed\\": "}',
        b'["pip_version": "installed": ]',
    ],
)
def test_others_are_left_alone(data: bytes) -> None:
    assert not any(READER.claims(RawDocument(data, "pip-inspect.json", hint)) for hint in ("", "sbom", "lock", "env"))


def test_an_empty_list_is_one_only_where_it_was_told_of_an_environment() -> None:
    claimed = {hint for hint in ("", "sbom", "lock", "env") if READER.claims(RawDocument(b" [ ]\n", "list.json", hint))}
    assert claimed == {"env"}


def test_a_list() -> None:
    rows = [{"name": "A_b", "version": "1"}, {"name": "c", "version": "2", "editable_project_location": "/src"}]
    document = read(json.dumps([*rows, {"name": "a.b", "version": "1"}]).encode(), "env")
    assert [(row.ref, row.origin) for row in document.components] == [
        ("a-b@1", ""),
        ("c@2", "directory:/src"),
        ("a-b@1#2", ""),
    ]
    assert document.places == ("rows[0]", "rows[1]", "rows[2]")
    assert (document.completeness, document.problems) == (Completeness.COMPLETE, ())


@pytest.mark.parametrize("hint", ["", "sbom", "lock"])
def test_a_list_is_an_environment_only_where_told(hint: str) -> None:
    assert read_document(b'[{"name": "a", "version": "1"}]', "x", hint=hint) is None


def test_an_outdated_list_is_not_whole() -> None:
    rows = [{"name": name, "version": "1", "latest_version": "2"} for name in "ab"]
    document = read(json.dumps(rows).encode(), "env")
    assert (len(document.components), document.completeness) == (2, Completeness.INCOMPLETE)
    assert len(document.problems) == 1


def test_odd_rows_of_a_list() -> None:
    good = {"name": "a", "version": "1"}
    rows = [good, 7, None, [], {"name": "-", "version": "1"}, {"version": "1"}, {"name": "b"}]
    document = read(json.dumps(rows).encode(), "env")
    assert [row.ref for row in document.components] == ["a@1", "b"]
    assert (document.completeness, len(document.problems)) == (Completeness.INCOMPLETE, 6)


@pytest.mark.parametrize("tail", [b"", b"}", b"[" * 100_000, b"1}] x"])
def test_a_broken_list_is_rejected_aloud(tail: bytes) -> None:
    with pytest.raises(InputError):
        read_document(b'[{"name": "a", "version": ' + tail, "x", hint="env")


def test_hostile_extras_cost_little() -> None:
    many = [f"x{number}" for number in range(300)]
    marker = " or ".join(f"extra == '{extra}'" for extra in many)
    asks = f"a[{','.join(many)}]"
    extras = [f"b ; extra == '{extra}'" for extra in many]
    document = inspected(row("a", f"b ; {marker}", *extras, *[asks] * 50), *[row("b", asks)] * 50)
    assert ("a", "b") in edges(document)
    assert len(document.components) == 51


def test_the_hash_in_the_fragment_of_a_url_counts_and_its_password_is_not_kept() -> None:
    from graphkit.formats.diagnostics import Diagnostics
    from graphkit.formats.environments.pip_rows import direct_of

    digest = "ab" * 32
    direct = {"url": f"https://me:hush@files.example/a.whl#sha256={digest}", "archive_info": {}}
    assert direct_of(direct, "x", Diagnostics()) == (f"https://files.example/a.whl#sha256={digest}", (digest,))


def test_half_a_character_loses_its_row_alone() -> None:
    document = read_document(report(row("a")).replace(b'"installed": [', b'"installed": ["\\ud800", '), "x")
    assert document is not None
    assert ([one.name for one in document.components], document.completeness) == (["a"], Completeness.INCOMPLETE)
