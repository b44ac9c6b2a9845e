"""Code of installed distributions that is not as their RECORDs say: its release is not known, for its package alone."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphkit.model.documents import Completeness, Document
from graphkit.sources.environments import read_environment

SITE = "lib/python3.12/site-packages"
GOOD, BAD = "x = 1\n", "x = 2\n"


def recorded(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()},{len(text)}"


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def install(folder: Path, name: str, files: dict[str, str], *, info: str = "", record: str | None = None) -> None:
    """Write a distribution 1.1 with its files as an installer does; ``record`` stands in the place of its RECORD."""
    info = info or f"{name}-1.1.dist-info"
    write(folder, f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.1\n")
    for path, text in files.items():
        write(folder, path, text)
    lines = "".join(f"{path},{recorded(text)}\n" for path, text in files.items())
    write(folder, f"{info}/RECORD", f"{lines}{info}/RECORD,,\n" if record is None else record)


def site_of(tmp_path: Path) -> Path:
    write(tmp_path, "pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.12.4\n")
    site = tmp_path / SITE
    install(
        site, "pkg", {"pkg/__init__.py": GOOD, "pkg/sub/mod.py": GOOD, "pkg/data.json": GOOD, "pkg/native.so": GOOD}
    )
    install(site, "other", {"other.py": GOOD})
    return site


def read(tmp_path: Path) -> Document:
    return read_environment(tmp_path / SITE, "env", tmp_path)


def open_packages(document: Document) -> set[str]:
    """Return the packages that have a row without version: they are open, and no other is."""
    assert document.completeness is Completeness.COMPLETE
    return {row.package or row.name for row in document.components if not row.version}


def test_code_as_recorded_is_known(tmp_path: Path) -> None:
    site_of(tmp_path)
    document = read(tmp_path)
    assert open_packages(document) == set()
    assert document.problems == ()


@pytest.mark.parametrize("name", ["pkg/__init__.py", "pkg/sub/mod.py", "pkg/native.so"])
def test_a_file_that_differs_leaves_its_package_open(tmp_path: Path, name: str) -> None:
    before = (site_of(tmp_path), read(tmp_path))[1]
    write(tmp_path / SITE, name, BAD)
    document = read(tmp_path)
    assert open_packages(document) == {"pkg"}
    assert [(one.place, one.text) for one in document.problems] == [
        (name, "differs from what pkg-1.1.dist-info recorded of it")
    ]
    (row,) = (row for row in document.components if not row.version)
    assert row.members == (hashlib.sha256(BAD.encode()).hexdigest(),)  # it may be a known bad file
    assert f"{name}, which differs from what pkg-1.1.dist-info recorded of it" in document.places
    assert document.sha256 != before.sha256


@pytest.mark.parametrize(
    "name",
    [
        *("pkg/stealer.py", "pkg/deep/er/stealer.py", "pkg/sub/native.cpython-312-x86_64-linux-gnu.so"),
        *("pkg/stealer.pyc", "pkg/stealer.pyd", "pkg/__init__.abi3.so"),
    ],
)
def test_code_in_no_record_leaves_the_package_around_it_open(tmp_path: Path, name: str) -> None:
    write(site_of(tmp_path), name, BAD)
    document = read(tmp_path)
    assert open_packages(document) == {"pkg"}
    assert document.problems[0].place == name
    assert document.problems[0].text == "is in no RECORD, among files of pkg-1.1.dist-info"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pkg/__pycache__/__init__.cpython-312.pyc", BAD),
        ("pkg/__pycache__/gone.cpython-312.pyc", BAD),
        ("pkg/__init__.pyc", BAD),
        ("pkg/data.json", BAD),
        ("pkg/more.json", BAD),
        ("pkg/empty.py", ""),
        ("pkg-1.1.dist-info/INSTALLER", "pip\n"),
        ("pkg.libs/readme.txt", BAD),
    ],
)
def test_bytecode_data_and_empty_files_are_no_other_code(tmp_path: Path, name: str, text: str) -> None:
    write(site_of(tmp_path), name, text)
    assert open_packages(read(tmp_path)) == set()


def test_claimed_files_that_are_gone_are_no_other_code(tmp_path: Path) -> None:
    (site_of(tmp_path) / "pkg/sub/mod.py").unlink()
    assert open_packages(read(tmp_path)) == set()


def test_paths_of_a_record_are_read_as_they_are_written(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    lines = (f"./pkg/__init__.py,{recorded(GOOD)}", f"{(site / 'pkg/sub/mod.py').as_posix()},{recorded(GOOD)}")
    record = "\n".join((*lines, f"pkg\\native.so,{recorded(GOOD)}", f"../../../bin/run.py,{recorded(BAD)}", ""))
    install(site, "pkg", {}, record=record)
    write(tmp_path, "bin/run.py", GOOD)
    assert open_packages(read(tmp_path)) == set()


@pytest.mark.parametrize(
    "record", ["pkg/__init__.py,,\npkg/sub/mod.py,,\npkg/native.so,,\n", f"pkg/__init__.py,md5=00,{len(GOOD)}\n"]
)
def test_a_record_without_hashes_shows_nothing(tmp_path: Path, record: str) -> None:
    install(site_of(tmp_path), "pkg", {}, record=record)
    document = read(tmp_path)
    assert open_packages(document) == {"pkg"}
    assert "has no hash in what pkg-1.1.dist-info recorded" in {one.text for one in document.problems}


@pytest.mark.parametrize("files", [("INSTALLER", "pip\n"), ("top_level.txt", "pkg\n")])
def test_without_a_record_nothing_is_known(tmp_path: Path, files: tuple[str, str]) -> None:
    site = site_of(tmp_path)
    (site / "pkg-1.1.dist-info/RECORD").unlink()
    write(site, f"pkg-1.1.dist-info/{files[0]}", files[1])
    assert open_packages(read(tmp_path)) == {"pkg"}


def test_without_a_record_code_of_any_name_may_be_its_own(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    install(site, "PyYAML", {"yaml/__init__.py": GOOD}, record="")
    assert open_packages(read(tmp_path)) == {"pyyaml", "yaml"}
    (site / "yaml/__init__.py").unlink()
    (site / "yaml").rmdir()
    assert open_packages(read(tmp_path)) == set()


@pytest.mark.parametrize("installer", ["conda", "debian\n", "RPM"])
def test_what_installs_a_system_may_leave_no_record(tmp_path: Path, installer: str) -> None:
    site = site_of(tmp_path)
    install(site, "system", {"system/__init__.py": GOOD}, record="")
    write(site, "system-1.1.dist-info/INSTALLER", installer)
    install(site, "legacy", {"legacy/__init__.py": GOOD}, info="legacy-1.1.egg-info", record="")
    assert open_packages(read(tmp_path)) == set()


def test_conda_may_change_files_and_says_how(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    write(site, "pkg-1.1.dist-info/INSTALLER", "conda")
    write(site, "pkg/native.so", BAD)
    assert open_packages(read(tmp_path)) == set()  # without what conda recorded
    names = ("pkg-1.1.dist-info/METADATA", "pkg/__init__.py", "pkg/sub/mod.py", "pkg/native.so")
    paths = [
        {"_path": f"{SITE}/{name}", "sha256_in_prefix": hashlib.sha256((site / name).read_bytes()).hexdigest()}
        for name in names
    ]
    record = {"name": "pkg", "version": "1.1", "files": [one["_path"] for one in paths], "paths_data": {"paths": paths}}
    write(tmp_path, "conda-meta/pkg-1.1-0.json", json.dumps(record))
    assert open_packages(read(tmp_path)) == set()
    write(site, "pkg/sub/mod.py", BAD)
    assert open_packages(read(tmp_path)) == {"pkg"}
    write(site, "pkg/sub/mod.py", GOOD)
    write(site, "pkg/stealer.py", BAD)
    assert open_packages(read(tmp_path)) == {"pkg"}
    # What pip put in the place of it has a RECORD that holds.
    (site / "pkg/stealer.py").unlink()
    write(site, "pkg/__init__.py", BAD)
    install(site, "pkg", {"pkg/__init__.py": BAD, "pkg/sub/mod.py": GOOD, "pkg/native.so": BAD})
    assert open_packages(read(tmp_path)) == set()


def test_a_namespace_is_of_all_who_claim_in_it(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    for name in ("one", "two"):
        install(site, f"space-{name}", {f"space/{name}/__init__.py": GOOD})
    assert open_packages(read(tmp_path)) == {"space"}  # its own name, as ever
    write(site, "space/one/more.py", BAD)
    assert open_packages(read(tmp_path)) == {"space", "space-one"}
    write(site, "space/three/__init__.py", BAD)
    assert open_packages(read(tmp_path)) == {"space", "space-one", "space-two"}


def test_a_copy_inside_another_is_what_the_other_ships(tmp_path: Path) -> None:
    site = tmp_path / SITE
    names = ("__init__.py", "_vendor/inner/__init__.py", "_vendor/plain/__init__.py", "_vendor/alone.py")
    install(site, "pkg", {f"pkg/{name}": GOOD for name in names})
    install(
        site / "pkg/_vendor", "inner-dist", {"inner/__init__.py": GOOD}, record=f"inner/__init__.py,{recorded(BAD)}\n"
    )
    write(site, "pkg/_vendor/vendor.txt", "inner==1.1\nplain==1.1\nalone==1.1\n")
    assert open_packages(read(tmp_path)) == set()  # changed by who ships it
    write(site, "pkg/_vendor/inner/__init__.py", BAD)
    assert open_packages(read(tmp_path)) == {"pkg", "inner", "inner-dist"}
    write(site, "pkg/_vendor/inner/__init__.py", GOOD)
    write(site, "pkg/_vendor/plain/more.py", BAD)
    assert open_packages(read(tmp_path)) == {"pkg", "plain"}
    write(site, "pkg/_vendor/alone.py", BAD)
    assert open_packages(read(tmp_path)) == {"pkg", "plain", "alone"}


def test_a_copy_that_nobody_ships_has_a_record_of_its_own(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    install(site / "tools/_vendor", "inner", {"inner/__init__.py": GOOD})
    assert "inner" not in open_packages(read(tmp_path))
    write(site, "tools/_vendor/inner/__init__.py", BAD)
    assert "inner" in open_packages(read(tmp_path))


def test_folders_that_a_hook_adds_are_looked_at_too(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    hook = f"{tmp_path / 'more'}\n"
    install(site, "hooked", {"hooked.pth": hook})
    install(tmp_path / "more", "added", {"added/__init__.py": GOOD, "single.py": GOOD})
    assert open_packages(read(tmp_path)) == {"single"}  # an import name without a release of its own
    write(tmp_path, "more/added/stealer.py", BAD)
    assert open_packages(read(tmp_path)) == {"single", "added"}
    (tmp_path / "more/added/stealer.py").unlink()
    write(tmp_path, "more/single.py", BAD)
    assert open_packages(read(tmp_path)) == {"single", "added"}


def test_names_that_differ_are_both_open(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    install(site, "real", {"real/__init__.py": GOOD}, info="called-1.1.dist-info")
    write(site, "real/__init__.py", BAD)
    assert open_packages(read(tmp_path)) == {"real", "called"}


def test_pipes_and_links_are_not_read(tmp_path: Path) -> None:
    site = site_of(tmp_path / "env")
    os.mkfifo(site / "pkg/pipe.py")
    write(tmp_path, "cache/mod.py", BAD)
    (site / "pkg/sub/mod.py").unlink()
    (site / "pkg/sub/mod.py").symlink_to(tmp_path / "cache/mod.py")
    assert open_packages(read(tmp_path / "env")) == set()  # out of what was given: the record stands
    (site / "pkg/sub/mod.py").unlink()
    write(tmp_path, "env/cache/mod.py", BAD)
    (site / "pkg/sub/mod.py").symlink_to(tmp_path / "env/cache/mod.py")
    assert open_packages(read(tmp_path / "env")) == {"pkg"}


def test_environments_of_uv_and_venv_are_as_recorded(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([sys.executable, "-m", "venv", "a"], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run([uv, "venv", "--offline", "-p", sys.executable, "b"], cwd=tmp_path, check=True, capture_output=True)
    (seed,) = (tmp_path / "a").glob("lib/python3*/site-packages")
    for name in ("a", "b"):
        (site,) = (tmp_path / name).glob("lib/python3*/site-packages")
        document = read_environment(site, "env", tmp_path / name)
        assert not {row.ref for row in document.components if row.ref.startswith(("changed", "no-record"))}
    (seed / "pip/_internal/stealer.py").write_text(BAD)
    document = read_environment(seed, "env", tmp_path / "a")
    assert {row.name for row in document.components if row.ref.startswith("changed")} == {"pip"}
