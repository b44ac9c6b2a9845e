"""A uv.lock holds for a project that tells uv of the metadata of packages exactly where uv would keep it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.uv import READER as LOCKS
from graphkit.formats.manifests.pyproject import READER
from graphkit.trace.verdicts.inputs import InstallNeeds, satisfies

UV: Final = Path(sys.executable).with_name("uv")
HEAD: Final = '[project]\nname = "svc"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["aa"]\n'
AA: Final = '[[tool.uv.dependency-metadata]]\nname = "aa"\n'
BB: Final = '[[tool.uv.dependency-metadata]]\nname = "bb"\nrequires-dist = []\n'
BODIES: Final = {
    "nothing": "",
    "no requirements": f'{AA}version = "1.0"\n',
    "of every version": AA,
    "of another version": f'{AA}version = "2.0"\n',
    "a marker": f"{AA}requires-dist = [\"BB >=1, <4 ; python_version>'3.8'\"]\n",
    "the marker in other words": f"{AA}requires-dist = [\"bb<4,>=1; python_full_version >= '3.9'\"]\n",
    "another marker": f"{AA}requires-dist = [\"bb<4,>=1; python_version > '3.11'\"]\n",
    "without the marker": f'{AA}requires-dist = ["bb<4,>=1"]\n',
    "another range": f"{AA}requires-dist = [\"bb<5,>=1; python_version > '3.8'\"]\n",
    "an extra": f'{AA}requires-dist = ["bb<4,>=1; extra == \'x\'"]\nprovides-extras = ["x"]\n',
    "another Python": f'{AA}requires-python = ">=3.9"\n',
    "in one order": f'{BB}{AA}requires-dist = ["bb", "cc"]\n',
    "in another order": f'{AA}requires-dist = ["bb", "cc"]\n{BB}',
    "requirements in another order": f'{AA}requires-dist = ["cc", "bb"]\n{BB}',
    "and of what is not there": f'{AA}version = "1.0"\n{BB}',
    "of what is not there": f'{AA}version = "1.0"\n[[tool.uv.dependency-metadata]]\nname = "zz"\n',
}
REPLACING: Final = {
    "an override": '[tool.uv]\noverride-dependencies = ["bb<9"]\n',
    "an exclusion": '[tool.uv]\nexclude-dependencies = ["bb"]\n',
}
KEPT: Final = {
    ("a marker", "the marker in other words"),
    ("the marker in other words", "a marker"),
    ("in one order", "in another order"),
    ("in another order", "in one order"),
    ("no requirements", "and of what is not there"),
    ("no requirements", "of what is not there"),
}
BASES: Final = ("nothing", "no requirements", "a marker", "in one order", "of what is not there")
"""Those whose locks are held against every project."""
NEEDS: Final = InstallNeeds(leaves_out=lambda *_: False, may_not_hold=lambda *_: True, of_extras=lambda *_: frozenset())


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for name in ("aa", "bb", "cc"):
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            inside = f"{name}-1.0.dist-info"
            wheel.writestr(f"{inside}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{inside}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{inside}/RECORD", "")
    return folder


def lock(project: Path, wheels: Path, *more: str) -> bool:
    asked = ("--offline", "--no-index", "--find-links", str(wheels), "--python", sys.executable, "--quiet")
    home = {"HOME": str(project.parent), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([UV, "lock", *asked, *more], cwd=project, env=home, capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("base", BASES)
def test_a_lock_holds_where_uv_keeps_it(base: str, wheels: Path, tmp_path: Path) -> None:
    manifest, locked = tmp_path / "pyproject.toml", tmp_path / "uv.lock"
    manifest.write_text(HEAD + BODIES[base])
    assert lock(tmp_path, wheels)
    document = LOCKS.parse(RawDocument(locked.read_bytes(), "uv.lock"))
    for name, body in BODIES.items():
        project = READER.parse(RawDocument((HEAD + body).encode(), "pyproject.toml"))
        is_kept = satisfies(document, project, NEEDS, is_beside=True)
        assert is_kept is (name == base or (base, name) in KEPT), name
        assert satisfies(document, project, NEEDS), name  # a member's own is not read
        manifest.write_text(HEAD + body)
        assert lock(tmp_path, wheels, "--check") is is_kept, name


@pytest.mark.parametrize("body", REPLACING.values(), ids=REPLACING.keys())
def test_a_lock_does_not_outlive_what_it_was_made_under(body: str, wheels: Path, tmp_path: Path) -> None:
    manifest, locked = tmp_path / "pyproject.toml", tmp_path / "uv.lock"
    manifest.write_text(HEAD + body)
    assert lock(tmp_path, wheels)
    document = LOCKS.parse(RawDocument(locked.read_bytes(), "uv.lock"))
    for text, is_kept in ((HEAD + body, True), (HEAD, False)):
        manifest.write_text(text)
        assert lock(tmp_path, wheels, "--check") is is_kept
        for beside in (None, lambda name: b"" if name == "uv.toml" else None):  # which `uv lock` takes none of it from
            project = READER.parse(RawDocument(text.encode(), "pyproject.toml", beside=beside or (lambda _: None)))
            assert satisfies(document, project, NEEDS, is_beside=True) is is_kept
