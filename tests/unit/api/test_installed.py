"""Installed distributions against incidents."""

from __future__ import annotations

import base64
import hashlib
from importlib import metadata
from pathlib import Path

import pytest

from graphkit.api.installed import Installed, distributions, matches, on_disk
from graphkit.model.incidents import (
    AccusedFile,
    CompromisedFile,
    CompromisedRelease,
    FileHash,
    Incident,
    Undecided,
    python_release,
)
from graphkit.model.names import package_name

BAD = package_name("bad")
SUM = hashlib.sha256(b"payload").hexdigest()


def incident(**told: object) -> Incident:
    return Incident(**{"id": "case", "title": "a case", "releases": (), **told})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("accused", "version", "is_certain"),
    [
        (incident(releases=(python_release(BAD, "1.0"),)), "1.0", True),
        (incident(releases=(python_release(BAD, "1.0"),)), "1.0.0", True),
        (incident(releases=(python_release(BAD, "1.0"),)), "1.0+own", True),
        (incident(releases=(python_release(BAD, "1.0"),)), "2.0", None),
        (incident(releases=(python_release(BAD, "1.0"),)), "odd", False),
        (incident(releases=(python_release(BAD, "1.0"),), withdrawn=True), "1.0", None),
        (incident(ranges=((BAD, ">=1,<2"),)), "1.9rc1", True),
        (incident(ranges=((BAD, ">=1,<2"),)), "2.0", None),
        (incident(every=("pkg:pypi/bad",)), "7", True),
        (incident(undecided=(Undecided(package=BAD, why="no version"),)), "1.0", False),
        (incident(releases=(python_release(BAD, "1.0"),), undecided=(Undecided(package=BAD, why="?"),)), "2.0", False),
        (incident(releases=(python_release(BAD, "1.0"),)), "9" * 5_000, False),
        (incident(releases=(python_release(package_name("other"), "1.0"),)), "1.0", None),
    ],
)
def test_a_release_is_compared_by_its_version(accused: Incident, version: str, is_certain: object) -> None:
    found = [one.is_certain for one in matches([accused], [Installed("bad", version, {})])]
    assert found == ([] if is_certain is None else [is_certain])


@pytest.mark.parametrize(
    "accused",
    [
        incident(files=(AccusedFile(filename="x.pth", hashes=(FileHash("sha256", SUM),)),)),
        incident(
            releases=(
                CompromisedRelease(
                    purl="pkg:pypi/bad@1",
                    package=BAD,
                    version="1",
                    files=(CompromisedFile(filename="x.pth", sha256=SUM, member=True),),
                ),
            )
        ),
    ],
)
def test_a_file_is_compared_by_what_is_recorded_of_it(accused: Incident) -> None:
    (found,) = matches([accused], [Installed("renamed", "3", {"deep/y.pth": SUM, "z.py": "00"})])
    assert found.text == f"renamed 3 has the accused file deep/y.pth (SHA-256 {SUM})"


def test_a_file_that_lies_beside_is_compared_by_what_it_holds(tmp_path: Path) -> None:
    file = CompromisedFile(filename="x.pth", sha256=SUM, member=True)
    release = CompromisedRelease(purl="pkg:pypi/bad@1", package=BAD, version="1", files=(file,))
    accused = incident(releases=(release,))
    assert list(on_disk([accused], [tmp_path])) == []
    (tmp_path / "x.pth").write_bytes(b"harmless")
    assert list(on_disk([accused], [tmp_path])) == []
    (tmp_path / "x.pth").write_bytes(b"payload")
    (found,) = on_disk([accused], [tmp_path])
    assert found.is_certain
    assert "is the accused file x.pth" in found.text


def test_distributions_have_their_recorded_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "Some_Thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Some.Thing\nVersion: 1.0\n")
    value = base64.urlsafe_b64encode(bytes.fromhex(SUM)).decode().rstrip("=")
    (info / "RECORD").write_text(f"x.py,sha256={value},7\nSome_Thing-1.0.dist-info/RECORD,,\n")
    found = list(metadata.distributions(path=[str(tmp_path)]))
    monkeypatch.setattr("graphkit.api.installed.metadata.distributions", lambda: iter(found))
    assert list(distributions()) == [Installed("some-thing", "1.0", {"x.py": SUM})]
