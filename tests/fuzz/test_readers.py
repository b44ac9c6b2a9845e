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
from graphkit.formats.interface import RawDocument
from tests.effort import share
from tests.fuzz.families import check_readers, outcome
from tests.fuzz.seeds import SEEDS

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
LARGEST = 30_000
OF_NAMES = ("conda environment", "Pipfile", "pyproject.toml", "install commands")
"""Formats of which the name of a file says what it is."""
SCRIPTS = tuple(raw for name in OF_NAMES for raw in SEEDS[name])
BYTES = tuple(raw.data for name, seeds in SEEDS.items() if name != "install commands" for raw in seeds)
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
    return (*BYTES, *(path.read_bytes() for path in found if path.stat().st_size < LARGEST))


def check(data: bytes, hint: str = "") -> None:
    first = outcome(data, "requirements.txt", hint)
    assert first == outcome(data, "requirements.txt", hint)
    check_readers(RawDocument(data, "x", hint), documents.readers())


QUICK = settings(
    max_examples=share(250, of=2), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@QUICK
@given(st.data())
def test_changed_bytes(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(st.sampled_from(BYTES)))
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
    seed = draw.draw(st.sampled_from(SCRIPTS))
    data = bytearray(seed.data)
    for _ in range(draw.draw(st.integers(0, 4))):
        at = draw.draw(st.integers(0, len(data)))
        until = min(len(data), at + draw.draw(st.integers(0, 12)))
        data[at:until] = draw.draw(SHELL | TOKENS | st.binary(max_size=4))
    raw = RawDocument(bytes(data), seed.path, "lock")
    check_readers(raw, documents.readers())


@settings(QUICK, max_examples=40)
@given(st.data())
def test_changed_samples(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(st.sampled_from(seeds())))
    at = draw.draw(st.integers(0, len(data)))
    data[at : at + draw.draw(st.integers(0, 200))] = draw.draw(TOKENS)
    outcome(bytes(data), "requirements.txt")


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
    data = json.dumps(bent(json.loads(SEEDS["CycloneDX JSON"][0].data), odd, at)).encode()
    check(data)


STATEMENT = SEEDS["attestation"][0].data
WRAPPED = [raw.data for name in ("Trivy JSON", "GitHub dependency snapshot", "attestation") for raw in SEEDS[name]]


@QUICK
@given(odd=ODD, at=st.integers(0, 60), seed=st.sampled_from(WRAPPED))
def test_values_of_other_types_in_reports_and_attestations(odd: Any, at: int, seed: bytes) -> None:
    check(json.dumps(bent(json.loads(seed), odd, at)).encode())
    statement = json.dumps(bent(json.loads(STATEMENT), odd, at)).encode()
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
    raw.data
    for name in ("poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "pip install report")
    for raw in SEEDS[name]
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


@pytest.mark.parametrize("depth", [10, sys.getrecursionlimit() * 2, 50_000])
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
