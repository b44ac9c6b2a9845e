"""What installed distributions say of themselves: names of folders, core metadata and RECORD, also odd ones."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.sources.environments.metadata import called, headers, otherwise, provided, recorded

DIGEST = hashlib.sha256(b"x")
ENCODED = base64.urlsafe_b64encode(DIGEST.digest()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("stem", "kind", "expected"),
    [
        ("lib-1.0", "dist-info", {"name": "lib", "version": "1.0"}),
        ("my-lib-1.0", "dist-info", {"name": "my-lib", "version": "1.0"}),
        ("lib", "dist-info", {"name": "lib"}),
        ("-1.0", "dist-info", {"version": "1.0"}),
        ("~ib-1.0", "dist-info", {"name": "ib", "version": "1.0"}),  # pip was stopped while it removed it
        ("lib-1.0-py3.12", "egg-info", {"name": "lib", "version": "1.0"}),
        ("lib", "egg-info", {"name": "lib"}),
        ("", "egg-info", {}),
    ],
)
def test_a_folder_is_called_by_name_and_version(stem: str, kind: str, expected: dict[str, str]) -> None:
    assert called(stem, kind) == expected


@pytest.mark.parametrize(
    ("says", "told", "is_other"),
    [
        ({"name": "Lib", "version": "1.0"}, {"name": "lib", "version": "1"}, False),
        ({"name": "Lib", "version": "1.0+cu1"}, {"name": "lib", "version": "1.0_cu1"}, True),
        ({"name": "Lib", "version": "1.0"}, {"name": "lib"}, False),
        ({"name": "Lib", "version": "1.0"}, {"name": "lib", "version": "2"}, True),
        ({"name": "Lib", "version": "1.0"}, {"name": "other", "version": "1.0"}, True),
        ({"version": "1.0"}, {"name": "lib", "version": "2.0"}, True),
        ({"name": "Lib", "version": "1.0"}, {}, False),
        ({"name": "-", "version": "1"}, {"name": "lib"}, False),
    ],
)
def test_a_folder_that_is_called_otherwise_than_its_metadata(
    says: dict[str, str],
    told: dict[str, str],
    is_other: bool,  # noqa: FBT001
) -> None:
    assert otherwise(says, told) == (told if is_other else {})


def test_what_is_contained_is_told_by_name_and_version() -> None:
    texts = ["lib (1.0)", "lib==1.0", "lib ===1.0", "lib", "", "(1.0)", "lib >=1.0"]
    assert list(provided({"provides_dist": texts})) == [("lib", "1.0")] * 3 + [("lib", ""), ("lib", "")]
    assert list(provided({})) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"a.py,sha256={ENCODED},3", {"a.py": DIGEST.hexdigest()}),
        (f"a.py,sha256={ENCODED}=,3\r", {"a.py": DIGEST.hexdigest()}),
        (f"a.py,sha256={DIGEST.hexdigest().upper()},", {"a.py": DIGEST.hexdigest()}),
        (f'"a,b.py",sha256={ENCODED},3', {"a,b.py": DIGEST.hexdigest()}),
        (f'"a.py,sha256={ENCODED},3', {'"a.py': DIGEST.hexdigest()}),  # a quote that is not closed
        (f"a,b.py,sha256={ENCODED},3", {"a,b.py": DIGEST.hexdigest()}),  # commas without quotes
        (f"a,b=c.py,sha256={ENCODED},3", {"a,b=c.py": DIGEST.hexdigest()}),
        ("a,b.py,,", {"a": ""}),
        ("RECORD,,", {"RECORD": ""}),
        ("a.py", {"a.py": ""}),
        ("", {}),
        (f",sha256={ENCODED},3", {}),
        ("a.py\0,,", {"a.py": ""}),
    ],
)
def test_a_line_of_a_record(line: str, expected: dict[str, str]) -> None:
    found, odd = recorded(line.encode())
    assert (found, odd) == (expected, [])


def test_a_file_that_is_named_twice_keeps_the_hash_that_it_has() -> None:
    hashed = f"a.py,sha256={ENCODED},3"
    for lines in ([hashed, "a.py,,"], ["a.py,,", hashed]):
        assert recorded("\n".join(lines).encode())[0] == {"a.py": DIGEST.hexdigest()}


@pytest.mark.parametrize("value", ["x", "x" * 43, "é" * 43, "=" * 44, ENCODED[:-2], ENCODED * 2])
def test_a_hash_that_is_no_sha256_is_counted_and_its_file_stays(value: str) -> None:
    found, odd = recorded(f"a.py,sha256={value},3\nb.py,md5=abc,1".encode())
    assert list(found) == ["a.py", "b.py"]
    assert found["b.py"] == ""
    if not found["a.py"]:
        assert odd[0] == "1 hashes that are not SHA-256"
    assert odd[-1].startswith("1 hashes of another kind")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_of_some_lines(data: bytes) -> None:
    found, _ = recorded(data)
    assert all(len(digest) in {0, 64} for digest in found.values())


def test_headers_end_where_the_description_begins() -> None:
    data = (
        b"\xef\xbb\xbfMetadata-Version: 2.1\r\nName: lib\r\nversion: 1.0\r\nRequires-Dist: a\r\n"
        b"  >=1\r\nRequires-Dist: b\r\nProvides-Extra: x\r\n\r\nRequires-Dist: planted\r\n"
    )
    assert headers(data) == {
        "name": "lib",
        "version": "1.0",
        "requires_dist": ["a >=1", "b"],
        "provides_extra": ["x"],
        "provides_dist": [],
    }
    assert "name" not in headers(b"")
    assert headers(b"Name: first\nName: second")["name"] == "first"
    assert headers("Name: é\n".encode())["requires_dist"] == []


@given(st.binary(max_size=60))
def test_any_bytes_have_some_headers(data: bytes) -> None:
    assert set(headers(b"Name: lib\n" + data)) >= {"name", "requires_dist"}
