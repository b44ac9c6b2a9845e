"""Hostile documents: whatever bytes come, a reader returns a document or an InputError, the same each time."""

from __future__ import annotations

import base64
import json
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphkit import formats as documents
from graphkit.formats import read_document
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Document, DocumentKind
from graphkit.model.errors import InputError

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
LARGEST = 30_000
SEEDS: tuple[bytes, ...] = (
    json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "metadata": {
                "timestamp": "2026-03-24T10:39:00Z",
                "component": {"name": "app", "bom-ref": "app"},
                "lifecycles": [{"phase": "build"}],
                "tools": {"components": [{"name": "t"}]},
            },
            "components": [
                {"bom-ref": "a", "name": "a", "version": "1", "purl": "pkg:pypi/a@1?vcs_url=x", "components": [{}]},
                {"name": "b", "hashes": [{"alg": "SHA-256", "content": "00" * 32}], "scope": "optional"},
            ],
            "dependencies": [{"ref": "app", "dependsOn": ["a", "%40b"]}],
            "compositions": [{"aggregate": "complete", "assemblies": ["app"]}],
        }
    ).encode(),
    (
        b'version = 1\nrequires-python = ">=3.11"\n[manifest]\nmembers = ["app"]\n[[package]]\nname = "app"\n'
        b'version = "0.1"\nsource = { editable = "." }\ndependencies = [{ name = "a", marker = "os_name == \'nt\'" }]\n'
        b'[package.optional-dependencies]\nx = [{ name = "a", extra = ["y"] }]\n[package.dev-dependencies]\nd = []\n'
        b'[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "r" }\nsdist = { hash = "sha256:00" }\n'
    ),
    (
        b"--index-url https://index.corp/simple\na==1 \\\n  --hash=sha256:00 # via b\nb[c]>=1,<2 ; os_name == 'nt'\n"
        b"c @ https://files.corp/c-1-py3-none-any.whl\n-e git+https://git.corp/d#egg=d\n    # via\n    #   a\n"
    ),
    (
        b"[project]\nname = 'x'\ndependencies = ['a>=1 ; extra == \"b\"']\n[project.optional-dependencies]\ny = ['b']\n"
        b"[tool.poetry.dependencies]\npython = '^3.9'\na = { version = '~1', markers = 'x' }\n"
    ),
    (
        b'[[package]]\nname = "a"\nversion = "1"\noptional = false\ngroups = ["main", "dev"]\n'
        b'markers = {main = "extra == \'x\'"}\nfiles = [{file = "a-1.tar.gz", hash = "sha256:00"}]\n'
        b'[package.dependencies]\nb = [{version = "^1", markers = "os_name == \'nt\'"}, "*"]\n[[package]]\nname = "b"\n'
        b'version = "1"\ncategory = "dev"\n[package.source]\ntype = "git"\nurl = "x"\nresolved_reference = "y"\n'
        b'[[package]]\nname = "b"\nversion = "2"\n[metadata]\nlock-version = "2.1"\npython-versions = "^3.9"\n'
        b'content-hash = "0"\n[metadata.files]\nb = [{file = "b-2.tar.gz", hash = "sha256:00"}]\n'
    ),
    (
        b'[metadata]\ngroups = ["default", "dev"]\nlock_version = "4.5.0"\ncontent_hash = "sha256:0"\n'
        b'[[metadata.targets]]\nrequires_python = ">=3.9"\n[[package]]\nname = "a"\nversion = "1"\ngroups = ["dev"]\n'
        b'marker = "os_name == \'nt\'"\ndependencies = ["b[c]>=1; os_name == \'nt\'", "a==1"]\n'
        b'files = [{file = "a-1.tar.gz", hash = "sha256:00"}]\n[[package]]\nname = "a"\nversion = "1"\nextras = ["x"]\n'
        b'[[package]]\nname = "b"\nversion = "1"\ngit = "x"\nrevision = "y"\n'
    ),
    json.dumps(
        {
            "_meta": {
                "pipfile-spec": 6,
                "requires": {"python_version": "3.12"},
                "sources": [{"name": "corp", "url": "https://index.corp/simple"}],
            },
            "default": {
                "a": {"hashes": ["sha256:00"], "index": "corp", "markers": "os_name == 'nt'", "version": "==1"},
                "b": {"git": "x", "ref": "y"},
            },
            "develop": {"c": {"version": "*", "os_name": "== 'nt'"}},
        }
    ).encode(),
    json.dumps(
        {
            "SchemaVersion": 2,
            "CreatedAt": "2026-03-24T10:39:00Z",
            "ArtifactName": "a/b:1",
            "ArtifactType": "container_image",
            "Metadata": {"RepoTags": ["a/b:1"]},
            "Results": [
                {
                    "Target": "Python",
                    "Class": "lang-pkgs",
                    "Type": "python-pkg",
                    "Packages": [
                        {"ID": "a@1", "Name": "a", "Version": "1", "Identifier": {"PURL": "pkg:pypi/a@1"}},
                        {"Name": "b", "Version": "1", "Release": "2", "DependsOn": ["a@1"], "InstalledFiles": ["c"]},
                    ],
                    "Vulnerabilities": [{"PkgName": "c", "InstalledVersion": "1", "PkgIdentifier": {}}],
                    "Licenses": [{"PkgName": "d"}],
                }
            ],
        }
    ).encode(),
    json.dumps(
        {
            "version": 0,
            "job": {"id": "1", "html_url": "https://github.com/a/b/actions/runs/1"},
            "detector": {"name": "x", "version": "1"},
            "scanned": "2026-03-24T10:39:00Z",
            "metadata": {"a": "b"},
            "manifests": {
                "a": {
                    "name": "a",
                    "file": {"source_location": "uv.lock"},
                    "resolved": {
                        "b": {"package_url": "pkg:pypi/b@1", "scope": "development", "dependencies": ["c"]},
                        "c": {"package_url": "pkg:npm/c@1", "relationship": "indirect", "metadata": {"d": 1}},
                    },
                }
            },
        }
    ).encode(),
    json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "a-1.tar.gz", "uri": "pkg:pypi/b@1", "digest": {"sha256": "00" * 32}}],
            "predicateType": "https://cyclonedx.org/bom",
            "predicate": {"Data": {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a"}]}},
        }
    ).encode(),
    json.dumps(
        {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "dsseEnvelope": {
                "payloadType": "application/vnd.in-toto+json",
                "payload": base64.b64encode(
                    b'{"predicateType": "https://slsa.dev/provenance/v1", "subject": [], "predicate": '
                    b'{"buildDefinition": {"resolvedDependencies": [{"uri": "pkg:pypi/a@1", "digest": {}}]}}}'
                ).decode(),
            },
        }
    ).encode(),
    (
        b'lock-version = "1.0"\ncreated-by = "x"\nextras = ["e"]\ndependency-groups = ["g"]\ndefault-groups = ["g"]\n'
        b'[[packages]]\nname = "a"\nversion = "1"\nindex = "https://index.corp/simple"\n'
        b'marker = "\'e\' in extras and \'g\' in dependency_groups"\ndependencies = [{name = "b", version = "1"}]\n'
        b'sdist = {name = "a-1.tar.gz", url = "u", hashes = {sha256 = "00"}}\n[[packages]]\nname = "b"\n'
        b'vcs = {type = "git", url = "x", commit-id = "y"}\n[packages.tool.pdm]\ndependencies = ["a>=1"]\n'
    ),
    json.dumps(
        {
            "version": "1",
            "pip_version": "26.3",
            "install": [
                {
                    "metadata": {"name": "a", "version": "1", "requires_dist": ["b[c]>=1 ; extra == 'x'"]},
                    "download_info": {"url": "https://files.corp/a-1.tar.gz", "archive_info": {"hash": "sha256=00"}},
                    "is_direct": False,
                    "requested": True,
                    "requested_extras": ["x"],
                },
                {"metadata": {"name": "b"}, "download_info": {"url": "u", "vcs_info": {"vcs": "git"}}},
            ],
            "environment": {"os_name": "posix"},
        }
    ).encode(),
    (
        b"# packages in environment at /x:\n#\n# Name  Version  Build  Channel\na  1  py_0  conda-forge\n"
        b"b  2  pypi_0  pypi\nc  3  <pip>\nd  4  dev_0  <develop>\n"
    ),
    (
        b'[{"base_url": "x", "build_string": "pypi_0", "channel": "pypi", "dist_name": "a-1-pypi_0", "name": "a", '
        b'"version": "1"}, {"name": "b", "version": "2", "channel": "main"}]'
    ),
    b"# $ conda create --name <env> --file <this file>\n# created-by: conda 25\na=1=py_0\nb=2=pypi_0\n",
    (
        b"# Generated by conda-lock.\n@EXPLICIT\nhttps://c.corp/noarch/a-1-py_0.conda#00\n"
        b"# pip b @ https://files.corp/b-1.tar.gz#sha256=00\n# pip c == 1 --hash=sha256:00\n"
    ),
    (
        b"version: 1\nmetadata:\n  content_hash: {linux-64: x}\n  sources: [a.yml]\n"
        b"  time_metadata: {created_at: 2026}\n"
        b"package:\n- name: a\n  version: '1'\n  manager: conda\n  platform: linux-64\n  dependencies: {b: '>=1'}\n"
        b"  url: u\n  hash: {sha256: '00'}\n  category: dev\n- &b {name: b, version: '1', manager: pip,\n"
        b"  platform: osx-64, url: git+https://x, source: {type: url, url: y}}\n- *b\n"
    ),
    (
        b"name: x\nchannels: [c]\ndependencies:\n- python=3.12\n- c::a=1=py_0\n- &b b >=1\n- *b\n- pip:\n  - d==1\n"
        b"  - -r e.txt\n  - git+https://f\nvariables: {PIP_INDEX_URL: g}\n"
    ),
)
SCRIPTS: tuple[tuple[str, bytes], ...] = (
    (
        "Dockerfile",
        (
            b"FROM a\nARG V=1\nENV A=1 B='c d'\nWORKDIR /app\nCOPY requirements.txt /tmp/\n"
            b"RUN --mount=type=cache \\\n# why\n  pip install -r /tmp/requirements.txt a==$V && uv sync\n"
            b'RUN ["pip", "install", "b"]\nRUN <<E\npip install c\nE\n'
        ),
    ),
    (
        "setup.sh",
        (b"#!/bin/sh\nD=(a 'b c')\nfor i in $D; do pip install $i \"${D[@]}\" $(x) `y`; done\ncd z && pip install .\n"),
    ),
    ("Makefile", b"PIP = $(V)/bin/pip\nX := a\nall:\n\t@$(PIP) install $(X) $$Y -U -r r.txt\n"),
    (
        ".github/workflows/a.yml",
        (
            b"env: {V: '1'}\njobs:\n  a:\n    steps:\n    - run: |\n        pip install a==$V ${{ x }}\n"
            b"      working-directory: b\n    - &c {command: [pip, install, d]}\n    - *c\n"
        ),
    ),
    (
        "tox.ini",
        (b"[tox]\nrequires = a\n[testenv]\ndeps =\n  -rb.txt\n  py3: c>=1\n  {[x]deps}\ncommands = pip install d\n"),
    ),
    (
        "noxfile.py",
        (b"A = ['a']\ndef t(session):\n    session.install('-r', 'b', *A, x())\n    session.run('uv', 'sync')\n"),
    ),
    ("setup.py", b"A = ['a']\nsetup(install_requires=A + ['b'], extras_require={'c': ['d']}, **e)\n"),
    (
        "setup.cfg",
        (b"[options]\ninstall_requires =\n  a>=1\n  b @ c:/d\n[options.extras_require]\ne = f; os_name == 'nt'\n"),
    ),
    (
        ".pre-commit-config.yaml",
        b"repos:\n- hooks:\n  - additional_dependencies: [a==1, 'b@1', ./c]\n    entry: pip install d\n",
    ),
    ("a.ipynb", b'{"cells": [{"cell_type": "code", "source": ["!pip install a {b}\\n", "%pip install c"]}]}'),
    ("a.py", b"# /// script\n# dependencies = ['a', 'b @ c:/d']\n# [tool.uv]\n# index-url = 'e'\n# ///\n"),
    ("environment.yml", b"dependencies:\n- a=1\n- c::b\n- pip:\n  - d==1\n  - -r e.txt\n  - git+https://f\n"),
    (
        "pixi.toml",
        (
            b"[dependencies]\na = '*'\n[pypi-dependencies]\nb = {version = '>=1', extras = ['c']}\n[tasks]\n"
            b"d = 'pip install e'\n"
        ),
    ),
    (
        "Pipfile",
        (b"[[source]]\nurl = 'a'\n[packages]\nb = {version = '*', markers = 'c'}\n[dev-packages]\nd = '==1'\n"),
    ),
    (
        "pyproject.toml",
        (
            b"[build-system]\nrequires = ['a']\n[tool.uv.sources]\nb = {git = 'c'}\n"
            b"[tool.pixi.pypi-dependencies]\nd = '*'\n"
        ),
    ),
)
TOKENS = st.sampled_from(
    [
        *(
            b"null",
            b"[]",
            b"{}",
            b'""',
            b"0",
            b"-1e999",
            b"NaN",
            b"true",
            b"\x00",
            b"\xff",
            b"\n",
            b'"',
            b"'",
            b"\\",
            b"#",
        ),
        *(
            b"9" * 5_000,
            b"(" * 2_000,
            b"[" * 2_000,
            b"=" * 99,
            b"pkg:pypi/",
            b"\\ud800",
            b"\xed\xa0\x80",
            b"%ff",
            b"@",
            b";",
        ),
        *(b"==1.*", b"1" + b".1" * 600, b"--hash=sha256:", b"${A}", b"a." * 500, "\u2028\U000e0001é".encode()),
    ]
)


@cache
def seeds() -> tuple[bytes, ...]:
    found = sorted(path for path in SAMPLES.glob("*/*") if path.is_file())
    return (*SEEDS, *(path.read_bytes() for path in found if path.stat().st_size < LARGEST))


def outcome(data: bytes, hint: str = "") -> Document | str | None:
    try:
        return read_document(data, "requirements.txt", hint=hint)
    except InputError as error:
        return str(error)


def check(data: bytes, hint: str = "") -> None:
    first = outcome(data, hint)
    assert first == outcome(data, hint)
    for reader in documents._readers():  # each on its own too, as if its claim had been wrong
        reader.claims(RawDocument(data, "x", hint))
        try:
            read = reader.parse(RawDocument(data, "x", hint))
        except InputError:
            continue
        refs = {row.ref for row in read.components}
        assert len(refs) == len(read.components)
        assert refs.issuperset(read.roots)
        assert all(edge.source in refs and edge.target in refs for edge in read.edges)
        assert all(problem.place and problem.text for problem in read.problems)
        assert hash(read) == hash(read)  # tuples all the way down


QUICK = settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@QUICK
@given(st.data())
def test_changed_bytes(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(st.sampled_from(SEEDS)))
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(data)))
        until = min(len(data), at + draw.draw(st.integers(0, 12)))
        data[at:until] = draw.draw(TOKENS | st.binary(max_size=4))
    check(bytes(data), draw.draw(st.sampled_from(["", "sbom", "lock", "env"])))


SHELL = st.sampled_from(
    [b"$(", b"`", b"${", b"$A", b"'", b"\\\n", b"<<E", b"&&", b"pip install ", b"=(", b"[[", b"- ", b": ", b"\t", b"#"]
)


@QUICK
@given(st.data())
def test_changed_scripts(draw: st.DataObject) -> None:
    name, text = draw.draw(st.sampled_from(SCRIPTS))
    data = bytearray(text)
    for _ in range(draw.draw(st.integers(0, 4))):
        at = draw.draw(st.integers(0, len(data)))
        until = min(len(data), at + draw.draw(st.integers(0, 12)))
        data[at:until] = draw.draw(SHELL | TOKENS | st.binary(max_size=4))
    for reader in documents._readers():
        claimed = reader.claims(RawDocument(bytes(data), name, "lock"))
        try:
            read = reader.parse(RawDocument(bytes(data), name, "lock"))
        except InputError:
            continue
        assert read == reader.parse(RawDocument(bytes(data), name, "lock"))
        assert hash(read) == hash(read)
        assert all(problem.place and problem.text for problem in read.problems)
        assert all(one.place and len(one.text) <= 200 for one in read.commands)
        if read.kind is DocumentKind.SCRIPT and claimed:
            assert read.commands


@settings(QUICK, max_examples=40)
@given(st.data())
def test_changed_samples(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(st.sampled_from(seeds())))
    at = draw.draw(st.integers(0, len(data)))
    data[at : at + draw.draw(st.integers(0, 200))] = draw.draw(TOKENS)
    outcome(bytes(data))


ODD: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(
        ["a", "pkg:pypi/a@1", "1.0", "complete", "a==1", "^1.2", "extra == 'extra-1-a'", "sha256:" + "0" * 64]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "version", "ref"]), inner),
    max_leaves=6,
)


def bent(value: Any, odd: Any, at: int) -> Any:
    """Return a decoded document in which the value that comes at a number is another; no recursion is needed here."""
    spots: list[tuple[Any, Any]] = []
    waiting = [value]
    for one in waiting:
        pairs = list(one.items()) if isinstance(one, dict) else list(enumerate(one)) if isinstance(one, list) else []
        spots += [(one, key) for key, _ in pairs]
        waiting += [inner for _, inner in pairs]
    owner, key = spots[at % len(spots)]
    owner[key] = odd
    return value


@QUICK
@given(odd=ODD, at=st.integers(0, 60))
def test_values_of_other_types_in_a_bom(odd: Any, at: int) -> None:
    data = json.dumps(bent(json.loads(SEEDS[0]), odd, at)).encode()
    check(data)


WRAPPED = [one for one in SEEDS if one.startswith((b'{"Schema', b'{"version": 0', b'{"_type', b'{"mediaType'))]


@QUICK
@given(odd=ODD, at=st.integers(0, 60), seed=st.sampled_from(WRAPPED))
def test_values_of_other_types_in_reports_and_attestations(odd: Any, at: int, seed: bytes) -> None:
    check(json.dumps(bent(json.loads(seed), odd, at)).encode())
    statement = json.dumps(bent(json.loads(WRAPPED[2]), odd, at)).encode()
    payload = base64.b64encode(statement).decode()
    check(json.dumps({"payloadType": "application/vnd.in-toto+json", "payload": payload}).encode())
    check(statement + b"\n" + seed)


TOML_KEYS = ("package", "manifest", "project", "tool", "build-system", "dependency-groups", "requires-python")


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    if value is None:
        return '""'
    text = json.dumps(value)
    return text.replace("\x7f", "\\u007f") if isinstance(value, str) else text


@QUICK
@given(
    keys=st.dictionaries(st.sampled_from(TOML_KEYS), ODD, max_size=4),
    row=st.dictionaries(
        st.sampled_from(["name", "version", "source", "dependencies", "optional-dependencies", "wheels", "sdist"])
        | st.sampled_from(["dev-dependencies", "resolution-markers", "extras", "dynamic", "requires-python", "group"]),
        ODD,
        max_size=5,
    ),
)
def test_values_of_other_types_in_toml(keys: dict[str, Any], row: dict[str, Any]) -> None:
    plain = "".join(
        f"{key} = {toml_value(value)}\n" for key, value in keys.items() if key not in {"package", "project"}
    )
    lock = f"version = 1\n{plain}package = [{toml_value({'name': 'a'} | row)}, {toml_value(row)}]\n"
    project = f"{plain}project = {toml_value(row)}\n"
    check(lock.encode())
    check(project.encode())
    if "tool" not in keys:
        check(f"tool.poetry = {toml_value(row)}\n{plain}".encode())


LOCKS = [
    one
    for one in SEEDS
    if any(mark in one for mark in (b"lock-version", b"lock_version", b"pipfile-spec", b"requested"))
]


@QUICK
@given(odd=ODD, at=st.integers(0, 60), seed=st.sampled_from(LOCKS))
def test_values_of_other_types_in_locks(odd: Any, at: int, seed: bytes) -> None:
    if seed.startswith(b"{"):
        check(json.dumps(bent(json.loads(seed), odd, at)).encode())
    else:
        lock = bent(tomllib.loads(seed.decode()), odd, at)
        check("".join(f"{key} = {toml_value(value)}\n" for key, value in lock.items()).encode())


@QUICK
@given(
    st.lists(
        TOKENS | st.sampled_from([b"a==1", b" ", b"-r x", b"--hash", b"# via a", b"-e .", b"a @ b:/c"]), max_size=12
    )
)
def test_lines_of_anything(parts: list[bytes]) -> None:
    check(b"".join(parts), "lock")


@pytest.mark.parametrize("depth", [10, sys.getrecursionlimit() * 2, 200_000])
def test_depth(depth: int) -> None:
    check(b'{"bomFormat": "CycloneDX", "components": [' + b'{"components": [' * depth + b"]}" * depth + b"]}")
    check(b'{"bomFormat": "CycloneDX", "name": 1, "components": [' + b'{"name": 1, "components": [' * depth)
    check(b"version = 1\nrequires-python = ''\nx = " + b"[" * depth + b"]" * depth)
    check(b"[project]\ndependencies = ['a ; " + b"(" * depth + b'os_name == "nt"' + b")" * depth + b"']")
    check(b"a==1 ; " + b"(" * depth + b"os_name == 'nt'" + b")" * depth)
    check(b"[metadata]\nlock-version = '2.1'\nx = " + b"[" * depth + b"]" * depth)
    check(b'{"_meta": {"pipfile-spec": 6}, "default": ' + b'{"a": ' * depth + b"{}" + b"}" * depth + b"}")
    deep = b"(" * depth + b"os_name == 'nt'" + b")" * depth
    check(b'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "a"\nmarker = "' + deep + b'"\n')
    check(b'[metadata]\nlock_version = "4.5"\n[[package]]\nname = "a"\ndependencies = ["b; ' + deep + b'"]\n')
