"""Archives of documents: bounded, and never believed in what they say of themselves."""

import io
import struct
import zipfile
from collections.abc import Mapping

import pytest

from graphkit.model.errors import InputError
from graphkit.sources import packed
from graphkit.sources.packed import members


def zipped(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def unpacked(data: bytes) -> list[tuple[str, bytes | InputError]]:
    found = members(data)
    assert found is not None
    return list(found)


def test_members_come_in_the_order_of_their_names() -> None:
    assert unpacked(zipped({"b.json": b"2", "a/c.json": b"1"})) == [("a/c.json", b"1"), ("b.json", b"2")]
    assert unpacked(zipped({})) == []


def test_other_bytes_and_wheels_are_no_archives() -> None:
    assert members(b'{"bomFormat": "CycloneDX"}') is None
    assert members(b"") is None
    assert members(zipped({"a.py": b"", "a-1.dist-info/WHEEL": b""})) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/passwd", "etc/passwd"), ("/x/y", "x/y"), ("a\\..\\b", "a/b"), ("..", "unnamed"), ("ü", "ü")],
)
def test_names_lead_nowhere(name: str, shown: str) -> None:
    assert [found for found, _ in unpacked(zipped({name: b""}))] == [shown]


def test_a_bomb_is_stopped_whatever_it_says_of_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MEMBER_BYTES", 2**20)
    (small, content), (zeros, error) = unpacked(zipped({"small": b"x", "zeros": bytes(2**22)}))
    assert (small, content, zeros) == ("small", b"x", "zeros")
    assert isinstance(error, InputError)
    assert "more than 1 MiB" in str(error)
    monkeypatch.setattr(packed, "TOTAL_BYTES", 2**10)
    with pytest.raises(InputError, match="unpack it and give the folder"):
        unpacked(zipped({"a": bytes(2**11), "b": b""}))
    monkeypatch.setattr(packed, "MEMBERS", 1)
    with pytest.raises(InputError, match="more than 1 files"):
        unpacked(zipped({"a": b"", "b": b""}))


def test_a_damaged_archive_is_one_line() -> None:
    whole = zipped({"a.json": b"x" * 1000})
    for broken in (whole[:-10], whole[:40], b"PK\x03\x04" + bytes(50)):
        with pytest.raises(InputError, match="cannot be unpacked"):
            unpacked(broken)


def test_a_damaged_or_encrypted_member_leaves_the_others() -> None:
    data = bytearray(zipped({"a.json": b"x" * 1000, "b.json": b"y"}))
    data[40] ^= 0xFF
    (_, error), (_, content) = unpacked(bytes(data))
    assert isinstance(error, InputError)
    assert "cannot be unpacked" in str(error)
    assert content == b"y"
    data = bytearray(zipped({"a.json": b"x", "b.json": b"y"}))
    directory = data.index(b"PK\x01\x02")
    for at in (6, directory + 8):
        data[at : at + 2] = struct.pack("<H", 1)
    (_, error), (_, content) = unpacked(bytes(data))
    assert isinstance(error, InputError)
    assert "encrypted" in str(error)
    assert content == b"y"
