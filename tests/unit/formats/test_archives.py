"""Archives of documents: bounded, and never believed in what they say of themselves."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Mapping

import pytest

from graphkit.formats import archives, read_document
from graphkit.formats.archives import gunzipped, is_gzip, is_other, members, unopened, unpacked
from graphkit.model.errors import InputError


def zipped(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def unzipped(data: bytes) -> list[tuple[str, bytes | InputError]]:
    found = members(data)
    assert found is not None
    return list(found)


def test_members_come_in_the_order_of_their_names() -> None:
    assert unzipped(zipped({"b.json": b"2", "a/c.json": b"1"})) == [("a/c.json", b"1"), ("b.json", b"2")]
    assert unzipped(zipped({})) == []


@pytest.mark.parametrize("line", [b"#!/usr/bin/env python3\n", b"#!/bin/sh -\n"])
def test_a_zipapp_is_an_archive_behind_its_first_line(line: bytes) -> None:
    assert unzipped(line + zipped({"b.json": b"2", "a/c.json": b"1"})) == [("a/c.json", b"1"), ("b.json", b"2")]
    assert members(line + b"echo\n" + zipped({"b.json": b"2"})) is None


def test_other_bytes_and_wheels_are_no_archives() -> None:
    assert members(b'{"bomFormat": "CycloneDX"}') is None
    assert members(b"") is None
    assert members(zipped({"a.py": b"", "a-1.dist-info/WHEEL": b""})) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/passwd", "etc/passwd"), ("/x/y", "x/y"), ("a\\..\\b", "a/b"), ("..", "unnamed"), ("ü", "ü")],
)
def test_names_lead_nowhere(name: str, shown: str) -> None:
    assert [found for found, _ in unzipped(zipped({name: b""}))] == [shown]


def test_a_bomb_is_stopped_whatever_it_says_of_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMBER_BYTES", 2**20)
    (small, content), (zeros, error) = unzipped(zipped({"small": b"x", "zeros": bytes(2**22)}))
    assert (small, content, zeros) == ("small", b"x", "zeros")
    assert isinstance(error, InputError)
    assert "more than 1 MiB" in str(error)
    monkeypatch.setattr(archives, "TOTAL_BYTES", 2**10)
    with pytest.raises(InputError, match="unpack it and give the folder"):
        unzipped(zipped({"a": bytes(2**11), "b": b""}))
    monkeypatch.setattr(archives, "MEMBERS", 1)
    with pytest.raises(InputError, match="more than 1 files"):
        unzipped(zipped({"a": b"", "b": b""}))


def test_a_damaged_archive_is_one_line() -> None:
    whole = zipped({"a.json": b"x" * 1000})
    for broken in (whole[:-10], whole[:40], b"PK\x03\x04" + bytes(50)):
        with pytest.raises(InputError, match="cannot be unpacked"):
            unzipped(broken)


def test_a_damaged_or_encrypted_member_leaves_the_others() -> None:
    data = bytearray(zipped({"a.json": b"x" * 1000, "b.json": b"y"}))
    data[40] ^= 0xFF
    (_, error), (_, content) = unzipped(bytes(data))
    assert isinstance(error, InputError)
    assert "cannot be unpacked" in str(error)
    assert content == b"y"
    data = bytearray(zipped({"a.json": b"x", "b.json": b"y"}))
    directory = data.index(b"PK\x01\x02")
    for at in (6, directory + 8):
        data[at : at + 2] = struct.pack("<H", 1)
    (_, error), (_, content) = unzipped(bytes(data))
    assert isinstance(error, InputError)
    assert "encrypted" in str(error)
    assert content == b"y"


def test_a_list_of_files_inside_a_member_makes_no_wheel_of_an_archive() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.json", b'{"fileName": "x-1.dist-info/WHEEL"}')
    assert [name for name, _ in unzipped(held.getvalue())] == ["a.json"]


def test_an_environment_inside_an_archive_is_said_and_its_files_are_nobodys() -> None:
    place = "app/.venv/lib/python3.12/site-packages"
    found = unzipped(zipped({f"{place}/a-1.dist-info/WHEEL": b"", f"{place}/a/requirements.txt": b"x", "b.txt": b"y"}))
    assert [(name, str(content)) for name, content in found] == [
        (place, "an environment inside an archive; unpack it and give the folder"),
        ("b.txt", "b'y'"),
    ]
    with pytest.raises(InputError, match="an environment inside an archive"):
        unzipped(zipped({"a-1.dist-info/WHEEL": b"", "b-1.dist-info/WHEEL": b""}))
    assert members(zipped({"a-1.dist-info/WHEEL": b"", "a/_vendor/b-1.dist-info/WHEEL": b""})) is None


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_equal_names_are_told_apart() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in (("a.json", b"1"), ("a.json", b"2"), ("../a.json", b"3")):
            archive.writestr(name, data)
    found = unzipped(held.getvalue())
    assert sorted(name for name, _ in found) == ["a.json", "a.json (2)", "a.json (3)"]
    assert sorted(content for _, content in found if isinstance(content, bytes)) == [b"1", b"2", b"3"]


def test_a_million_entries_are_refused_before_they_are_looked_at() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a", b"")
    entry = held.getvalue()[held.getvalue().index(b"PK\x01\x02") : held.getvalue().index(b"PK\x05\x06")]
    with pytest.raises(InputError, match="more than 50000 files"):
        members(b"PK\x03\x04" + entry * 1_000_000)


def test_a_name_that_is_no_utf_8_is_of_the_old_code_page_and_the_rest_is_read() -> None:
    data = zipped({"äXX": b"1", "ö": b"2", "b": b"3"}).replace("ä".encode(), b"\xff\xfe")
    for whole in (data, data[:-2] + b"\x03\x00end"):
        found = dict(unzipped(whole))
        assert [found[name] for name in ("b", "ö")] == [b"3", b"2"]
        assert found["\xa0■XX"] == b"1"
    directory = data.index(b"PK\x01\x02")
    for broken in (data[:-6], data[: directory + 50], data.replace(b"PK\x05\x06", b"PK\x05\x07")):
        with pytest.raises(InputError, match="ZIP archive that cannot be unpacked"):
            unzipped(broken)


def test_gzip_gives_every_member_and_a_bomb_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    text = bytes(range(256)) * 20_000
    assert gunzipped(gzip.compress(text)) == text
    assert gunzipped(gzip.compress(text, 0) + gzip.compress(b"!") + b"\0\0") == text + b"!"
    assert gunzipped(gzip.compress(b"")) == b""
    assert gunzipped(text) is text
    for broken in (gzip.compress(text)[:-9], gzip.compress(text)[:5], gzip.compress(text)[:3]):
        with pytest.raises(InputError, match="truncated"):
            gunzipped(broken)
    with pytest.raises(InputError, match="cannot be unpacked"):
        gunzipped(gzip.compress(text)[:3] + b"\xff" * 50)
    monkeypatch.setattr(archives, "MEMBER_BYTES", 2**20)
    with pytest.raises(InputError, match="more than 1 MiB"):
        gunzipped(gzip.compress(bytes(2**22)))


def test_gzip_around_gzip_is_unpacked_once_more_and_what_holds_no_text_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    twice = gzip.compress(gzip.compress(b"text"))
    assert unpacked(twice) == b"text"
    assert is_gzip(unpacked(gzip.compress(twice)))
    assert unpacked(b"text") == b"text"
    monkeypatch.setattr(archives, "MEMBER_BYTES", 2**20)
    zeros = gzip.compress(bytes(2**22))
    assert unpacked(zeros) is zeros
    with pytest.raises(InputError, match="more than 1 MiB"):
        unpacked(gzip.compress(gzip.compress(b" " * 2**22)))


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_takes_no_more_memory_than_a_member_may(monkeypatch: pytest.MonkeyPatch, layers: int) -> None:
    monkeypatch.setattr(archives, "MEMBER_BYTES", 4 * 2**20)
    bomb = b"[" * 128 * 2**20
    for _ in range(layers):
        bomb = gzip.compress(bomb)
    tracemalloc.start()
    try:
        for read in (lambda: unpacked(bomb), lambda: read_document(bomb, "x")):
            with pytest.raises(InputError, match="more than 4 MiB"):
                read()
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


def tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (tar(), "tar"),
        (gzip.compress(tar()), "tar"),
        (gzip.compress(zipped({"a": b""})), "gzip around another archive"),
        (gzip.compress(gzip.compress(b"a")), "gzip around another archive"),
        (lzma.compress(b"a"), "xz"),
        (bz2.compress(b"a"), "bzip2"),
        (b"\x28\xb5\x2f\xfd", "Zstandard"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07\x00", "RAR"),
        (gzip.compress(b"a"), ""),
        (b"\x1f\x8b\x08\xff", ""),
        (b"", ""),
        (b"{}", ""),
    ],
    ids=range(13),  # the bytes hold the time
)
def test_packings_that_are_not_opened_have_a_name(data: bytes, name: str) -> None:
    assert unopened(data) == name


def test_what_is_plainly_no_document() -> None:
    assert is_other(b"\x7fELF\x02\x01\x01\0\0")
    for head in (b"", b"{}", "{}".encode("utf-16"), "{}".encode("utf-16-le"), zipped({"a": b""}), gzip.compress(b"")):
        assert not is_other(head)
