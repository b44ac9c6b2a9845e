"""What conda says that it installed: its records, whole, odd and damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphkit.model.documents import Problem
from graphkit.model.names import package_name
from graphkit.sources.environments import files as installed_files
from graphkit.sources.environments.conda_meta import CondaPackage, conda_packages, python_row
from graphkit.sources.environments.files import InstalledFiles

HASH = "ab" * 32
SITE = "lib/python3.12/site-packages"


def read(prefix: Path, *records: object) -> tuple[list[CondaPackage], list[Problem]]:
    """Read records as the files of a `conda-meta` folder, in their order; bytes are written as they are."""
    folder = prefix / "conda-meta"
    folder.mkdir(exist_ok=True)
    for number, record in enumerate(records):
        data = record if isinstance(record, bytes) else json.dumps(record).encode()
        (folder / f"{number}.json").write_bytes(data)
    library = prefix / SITE
    library.mkdir(parents=True, exist_ok=True)
    files = InstalledFiles(library, library)
    return list(conda_packages(files)), files.diagnostics.problems


def only(prefix: Path, **record: Any) -> CondaPackage:
    (found,), problems = read(prefix, {"name": "lib", "version": "1.0", **record})
    assert problems == []
    return found


def test_without_a_prefix_or_its_folder_there_is_nothing(tmp_path: Path) -> None:
    assert list(conda_packages(InstalledFiles(tmp_path, tmp_path))) == []
    (tmp_path / "pyvenv.cfg").write_text("")
    assert list(conda_packages(InstalledFiles(tmp_path, tmp_path))) == []


def test_records_come_by_file_name_and_other_files_are_none(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "history").write_text("==> 2026 <==")
    found, problems = read(tmp_path, {"name": "b", "version": "1"}, {"name": "a", "version": "2"})
    assert [(one.component.name, one.component.version, one.place) for one in found] == [
        ("b", "1", "conda-meta/0.json"),
        ("a", "2", "conda-meta/1.json"),
    ]
    assert problems == []


def test_metadata_among_the_files_say_which_python_releases_a_package_is(tmp_path: Path) -> None:
    found = only(
        tmp_path,
        files=[
            f"{SITE}/my_lib-1.0.dist-info/METADATA",
            f"{SITE}/other-2.0-py3.12.egg-info",
            f"{SITE}/third-3.egg-info/PKG-INFO",
            "lib\\site-packages\\fourth-4.dist-info\\RECORD",
            f"{SITE}/lib/__init__.py",
            "bin/lib",
        ],
    )
    assert found.python == (("fourth", "4"), ("my-lib", "1.0"), ("other", "2.0"), ("third", "3"))
    assert found.files["lib/__init__.py"] == ""
    assert "bin/lib" not in found.files


@pytest.mark.parametrize(
    ("name", "files", "python"),
    [
        ("lib", [f"{SITE}/lib.py"], (("lib", "1.0"),)),
        (" Lib ", [f"{SITE}/lib.py"], (("lib", "1.0"),)),
        ("lib", ["bin/lib"], ()),
        ("lib", [], ()),
        ("_lib-", [f"{SITE}/lib.py"], ()),
        ("lib", [f"{SITE}/-bad-1.dist-info/METADATA"], ()),
    ],
)
def test_without_metadata_its_own_name_is_what_python_code_is_known_by(
    tmp_path: Path, name: str, files: list[str], python: tuple[tuple[str, str], ...]
) -> None:
    assert only(tmp_path, name=name, files=files).python == python


def test_hashes_are_those_of_files_as_they_were_put_there(tmp_path: Path) -> None:
    paths = [
        {"_path": f"{SITE}/a.py", "sha256": "cd" * 32, "sha256_in_prefix": HASH.upper()},
        {"_path": f"{SITE}/b.py", "sha256": "cd" * 32},
        {"_path": f"{SITE}/c.py", "sha256": "short"},
        {"_path": f"{SITE}/d.py", "sha256": 5},
        {"_path": 5, "sha256": "ef" * 32},
        "no table",
    ]
    found = only(tmp_path, paths_data={"paths": paths}, files=[f"{SITE}/a.py", 7], sha256=HASH)
    assert found.files == {"a.py": HASH, "b.py": "cd" * 32, "c.py": "short", "d.py": ""}
    assert found.component.members == (HASH, "cd" * 32)
    assert found.component.sha256 == (HASH,)


@pytest.mark.parametrize("record", [{"paths_data": []}, {"paths_data": {"paths": {}}}, {"files": "x"}, {"sha256": 5}])
def test_parts_of_another_type_mean_nothing(tmp_path: Path, record: dict[str, Any]) -> None:
    found = only(tmp_path, **record)
    assert (found.files, found.python, found.component.sha256) == ({}, (), ())


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (b"", "not read: this record of conda: "),
        (b"{", "not read: this record of conda: "),
        (b"\xff", "not read: this record of conda: "),
        (b"[" * 100_000, "not read: this record of conda: "),
        ({}, "not read: this record of conda, which names no package"),
        ({"name": "  "}, "not read: this record of conda, which names no package"),
        ({"name": None, "version": "1"}, "not read: this record of conda, which names no package"),
        ([], "not read: this record of conda, which names no package"),
    ],
    ids=lambda one: repr(one)[:40],
)
def test_a_record_that_names_no_package_leaves_the_environment_open(tmp_path: Path, record: object, text: str) -> None:
    found, problems = read(tmp_path, record, {"name": "other", "version": "1"})
    assert [one.component.name for one in found] == ["other"]
    assert problems[-1].place == "conda-meta/0.json"
    assert problems[-1].text.startswith(text)


def test_a_hash_that_is_none_is_said_and_left_out(tmp_path: Path) -> None:
    (found,), (problem,) = (
        read(tmp_path, {"name": "lib", "version": 1.5, "sha256": HASH})[0],
        read(tmp_path, {"name": "lib", "version": "1", "sha256": "md5"})[1],
    )
    assert found.component.version == "1.5"
    assert problem.text == "'md5' is not a SHA-256 hash"


def test_a_record_that_is_too_large_leaves_it_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(installed_files.LARGEST, "conda-meta", 10)
    found, problems = read(tmp_path, {"name": "lib", "version": "1"})
    assert found == []
    assert [one.text for one in problems] == ["larger than 0 MiB; not read"]


def test_a_python_row_has_the_purl_of_the_index() -> None:
    row = python_row(package_name("my-lib"), "1.0", "conda-meta/0.json")
    assert (row.package, row.version, row.purl) == ("my-lib", "1.0", "pkg:pypi/my-lib@1.0")


def test_a_record_with_a_key_twice_leaves_the_environment_open(tmp_path: Path) -> None:
    found, problems = read(tmp_path, b'{"name": "litellm", "version": "1.82.8", "name": "lib", "version": "1"}')
    assert [one.component.name for one in found] == ["lib"]
    assert [(one.place, one.text.startswith("not read: all of the duplicate key")) for one in problems] == [
        ("conda-meta/0.json", True)
    ] * 2
