"""Recorded slices as files from anywhere: what is no slice is one line, and nothing in it is taken on trust."""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import ExtraName, PackageName
from graphkit.model.requirements import requirement
from graphkit.model.times import instant
from graphkit.sources.index import slice as slices
from graphkit.sources.index.client import HttpIndex
from graphkit.sources.index.pages import PageReading
from graphkit.sources.index.slice import SCHEMA, NotRecorded, RecordedIndex, SliceWriter, is_slice, slice_facts

ABOUT = {"schema": SCHEMA, "read_at": "2026-01-01T00:00:00Z", "absent": []}
PAGE = json.dumps({"meta": {"api-version": "1.4"}, "name": "lib", "files": []}).encode()


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """Write an archive of members as a slice is one."""

    def make(about: object = ABOUT, members: Mapping[str, bytes] | None = None) -> Path:
        data = about if isinstance(about, bytes) else json.dumps(about).encode()
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as archive:
            for name, content in {"slice.json": data, **(members or {})}.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        path = tmp_path / "index.slice"
        path.write_bytes(lzma.compress(raw.getvalue()))
        return path

    return make


@pytest.mark.parametrize(
    "about",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        [],
        {},
        {**ABOUT, "read_at": None},
        {**ABOUT, "read_at": 5},
        {**ABOUT, "read_at": "yesterday"},
        {**ABOUT, "absent": None},
        {**ABOUT, "absent": "abc"},
        {**ABOUT, "absent": [1]},
        {**ABOUT, "absent": [None]},
        {**ABOUT, "absent": ["-"]},
        {**ABOUT, "absent": ["a/b"]},
        {**ABOUT, "absent": ["\ud800"]},
        {key: value for key, value in ABOUT.items() if key != "schema"},
    ],
    ids=lambda about: repr(about)[:60],
)
def test_what_does_not_say_that_it_is_a_slice_is_none(made: Any, about: object) -> None:
    with pytest.raises(InputError, match=r"^not a recorded slice of an index \(graphkit\.slice/1\)$"):
        RecordedIndex(made(about, {"simple/lib/index.json": PAGE}))


def test_a_slice_of_another_version_says_which_is_read(made: Any) -> None:
    with pytest.raises(InputError, match=r"a slice of another version; this graphkit reads graphkit\.slice/1"):
        RecordedIndex(made({**ABOUT, "schema": "graphkit.slice/2"}))


@pytest.mark.parametrize("name", ["", "..", "-", "Lib", "li b", "l\x1b", "lib>=1", "\udcff"])
def test_a_folder_that_is_no_normalised_name_is_damage(made: Any, name: str) -> None:
    with pytest.raises(InputError, match=r"^a damaged slice: "):
        RecordedIndex(made(members={f"simple/{name}/index.json": PAGE}))


@pytest.mark.parametrize("page", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_damaged_page_is_an_input_error(made: Any, page: bytes) -> None:
    with pytest.raises(InputError, match="page of lib"):
        list(slice_facts(made(members={"simple/lib/index.json": page})))


def test_metadata_without_a_page_are_not_recorded(made: Any) -> None:
    with pytest.raises(NotRecorded, match=r"simple/lib/index\.json is not in the recorded slice"):
        list(slice_facts(made(members={"simple/lib/lib-1.whl.metadata": b"Name: lib"})))


def test_members_beside_the_pages_and_what_is_no_file_mean_nothing(made: Any, tmp_path: Path) -> None:
    path = made(members={"readme.txt": b"hello", "/etc/passwd": b"x", "../up": b"x"})
    assert list(slice_facts(path)) == []
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        link = tarfile.TarInfo("slice.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    path.write_bytes(lzma.compress(raw.getvalue()))
    with pytest.raises(InputError, match="not a recorded slice"):
        RecordedIndex(path)


def test_a_slice_that_is_cut_or_larger_than_it_may_be_is_damage(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made()
    whole = path.read_bytes()
    for size in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match="damaged slice"):
            RecordedIndex(path)
    path.write_bytes(lzma.compress(b"no archive" * 100))
    with pytest.raises(InputError, match=r"damaged slice|not a recorded slice"):
        RecordedIndex(path)
    path.write_bytes(whole)
    monkeypatch.setattr(slices, "_LARGEST", 100)
    with pytest.raises(InputError, match="holds more than 2 GiB"):
        RecordedIndex(path)


def test_a_slice_begins_as_xz_does(made: Any) -> None:
    assert is_slice(made().read_bytes()[:16])
    assert not is_slice(b"PK\x03\x04")
    assert not is_slice(b"")


LIB = PackageName("lib")


def written(tmp_path: Path, page: ProjectPage, *read: ReleaseMetadata, hashed: bool = False) -> list[Any]:
    writer = SliceWriter([LIB] if hashed else ())
    writer.page(PageReading(page=page, offers={}))
    for one in read:
        writer.metadata(one)
    writer.write(tmp_path / "x.slice")
    return list(slice_facts(tmp_path / "x.slice"))


FILES = (
    File(filename="lib-1-py3-none-any.whl", kind=FileKind.WHEEL, uploaded=instant("2026-01-02"), sha256="ab" * 32),
    File(filename="lib-1.tar.gz", kind=FileKind.SDIST, requires_python=">=3.9", yanked=True),
)
WHOLE = ProjectPage(
    package=LIB,
    spelling="Lib",
    releases=(ReleaseFiles(version="1", files=FILES), ReleaseFiles(version="2", files=())),
    read_at=instant("2026-01-03"),
    source="recorded slice",
    status="archived",
)


@pytest.mark.parametrize("hashed", [True, False])
def test_a_page_comes_back_with_hashes_where_the_writer_was_told_of_the_package(tmp_path: Path, hashed: bool) -> None:  # noqa: FBT001
    (found,) = written(tmp_path, WHOLE, hashed=hashed)
    bare = tuple(replace(file, sha256="") for file in FILES)
    files = FILES if hashed else bare
    assert found == replace(
        WHOLE, releases=(ReleaseFiles(version="2", files=()), ReleaseFiles(version="1", files=files))
    )


def test_a_project_that_the_index_did_not_have_is_a_fact(tmp_path: Path) -> None:
    (found,) = written(tmp_path, replace(WHOLE, releases=(), found=False, status="active"))
    assert (found.package, found.found, found.releases) == (LIB, False, ())


def test_requirements_come_back_on_one_line_each(tmp_path: Path) -> None:
    read = ReleaseMetadata(
        package=LIB,
        version="1",
        requirements=(requirement("dep>=1; python_version > '3'"),),
        source=MetadataSource.CORE_METADATA,
        provides_extra=(ExtraName("x"),),
        requires_python=">=3.9\nName: other",
        unreadable=("--\nRequires-Dist: planted",),
        reason="lib-1-py3-none-any.whl",
    )
    _, found = written(tmp_path, WHOLE, read)
    assert found.requirements == read.requirements
    assert found.unreadable == ("-- Requires-Dist: planted",)
    assert found.requires_python == ">=3.9 Name: other"


def test_what_nobody_could_read_and_releases_without_files_are_left_out(tmp_path: Path) -> None:
    unknown = ReleaseMetadata(package=LIB, version="1", requirements=(), source=MetadataSource.UNKNOWN, reason="why")
    of_none = ReleaseMetadata(package=LIB, version="2", requirements=(), source=MetadataSource.WHEEL)
    assert len(written(tmp_path, WHOLE, unknown, of_none)) == 1


def test_a_release_that_was_not_recorded_is_not_known(tmp_path: Path) -> None:
    written(tmp_path, WHOLE)
    index = RecordedIndex(tmp_path / "x.slice")
    assert index.packages == ["lib"]
    assert index.read_at == WHOLE.read_at
    with pytest.raises(NotRecorded, match="lib 1 is not in the recorded slice"):
        index.metadata(index.page(LIB), "1")
    with pytest.raises(NotRecorded):
        index.page(PackageName("other"))
    assert issubclass(NotRecorded, GraphkitError)
    assert isinstance(index._index, HttpIndex)


def test_a_slice_of_no_page_is_none(tmp_path: Path) -> None:
    SliceWriter().write(tmp_path / "x.slice")
    with pytest.raises(InputError, match="not a recorded slice"):
        RecordedIndex(tmp_path / "x.slice")
