"""Guards of uv in pyproject.toml: constraints and cut-offs, and when uv does not read them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from graphkit.formats.interface import RawDocument
from graphkit.formats.manifests.cut_offs import uv_cut_off
from graphkit.formats.manifests.pyproject import READER
from graphkit.model.documents import Completeness, Document
from graphkit.model.guards import CutOff, Guards
from graphkit.model.names import PackageName
from graphkit.model.times import instant

UV = Path(sys.executable).with_name("uv")
DAY = 86_400 * 1_000_000


def read(table: str, *, path: str = "pyproject.toml", beside: dict[str, bytes] | None = None) -> Document:
    data = f"[project]\nname = 'a'\ndependencies = ['b']\n{table}\n".encode()
    return READER.parse(RawDocument(data, path, beside=(beside or {}).get))


def test_constraints_and_cut_offs_are_read() -> None:
    found = read(
        "[tool.uv]\nconstraint-dependencies = ['b<2', 'c>1; os_name == \"nt\"']\nexclude-newer = '7 days'\n"
        "exclude-newer-package = {B = '2026-03-20T10:00:00Z', d = false}"
    )
    guards = found.guards
    assert guards is not None
    assert [str(one) for one in guards.constraints] == ["b<2", 'c>1 ; os_name == "nt"']
    assert guards.cut_off == CutOff(age=7 * DAY, text="7 days")
    of_b = guards.cut_off_of(found.requirements[0].package)
    assert of_b is not None
    assert of_b.at is not None
    assert of_b.at.earliest == of_b.at.latest == instant("2026-03-20T10:00:00Z")
    assert dict(guards.cut_offs)[next(name for name, _ in guards.cut_offs if name == "d")] is None
    assert found.problems == ()


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("exclude-newer = 2026-03-20", "tool.uv.exclude-newer"),
        ("exclude-newer = '1 month'", "tool.uv.exclude-newer"),
        ("exclude-newer = '7 days ago'", "tool.uv.exclude-newer"),
        ("exclude-newer = ''", "tool.uv.exclude-newer"),
        ("exclude-newer = true", "tool.uv.exclude-newer"),
        ("exclude-newer-package = {b = 'x'}", "tool.uv.exclude-newer-package.b"),
        ("exclude-newer-package = ['b']", "tool.uv.exclude-newer-package"),
        ("constraint-dependencies = ['b @ https://files.example/b.whl']", "tool.uv.constraint-dependencies[0]"),
        ("constraint-dependencies = ['???']", "tool.uv.constraint-dependencies[0]"),
        ("constraint-dependencies = 'b<2'", "tool.uv.constraint-dependencies"),
    ],
)
def test_what_cannot_be_read_counts_as_none_and_is_told_of(table: str, place: str) -> None:
    found = read(f"[tool.uv]\n{table}")
    assert [one.place for one in found.problems] == [place]
    guards = found.guards
    assert guards is None or (not guards.cuts and not guards.constraints)


def test_one_that_cannot_be_read_lifts_that_of_all() -> None:
    guards = read("[tool.uv]\nexclude-newer = '7 days'\nexclude-newer-package = {b = 'x'}").guards
    assert guards is not None
    assert guards.cut_off is not None
    assert guards.cut_offs == (("b", None),)


def test_a_uv_toml_beside_takes_them_away_and_is_part_of_the_identity() -> None:
    table = "[tool.uv]\nexclude-newer = '7 days'"
    shadowed = read(table, beside={"uv.toml": b""})
    assert shadowed.guards is None
    assert "uv.toml beside it" in shadowed.problems[0].text
    assert shadowed.sha256 != read(table).sha256


def test_overrides_beside_a_uv_toml_leave_it_open_since_uv_lock_reads_them_and_uv_pip_does_not() -> None:
    """Tried with uv 0.13."""
    found = read("[tool.uv]\noverride-dependencies = ['b==2']", beside={"uv.toml": b""})
    for_locks = Guards(replaced=(PackageName("b"),))
    assert (found.guards, found.completeness) == (for_locks, Completeness.INCOMPLETE)
    found = read("[tool.uv]\nexclude-dependencies = ['b']", beside={"uv.toml": b""})
    assert (found.guards, found.completeness) == (for_locks, Completeness.COMPLETE)
    assert for_locks.is_for_locks_alone


def test_uv_reads_them_of_no_other_file() -> None:
    assert read("[tool.uv]\nexclude-newer = '7 days'", path="a/pyproject-dev.toml").guards is None
    assert read("[tool.uv]\nexclude-newer = '7 days'", path="a/pyproject.toml").guards is not None


TEXTS = (
    *("7 days", "P7D", "7d", "1w 2d", "1 week, 2 days", "PT24H", "24 hours", "1h30m", "p1wt1s", "1 month", "P1M"),
    *("1.5 days", "2026-03-20", "2026-03-20T05:00:00", "2026-03-20 10:00:00Z", "2026-03-20T00:00:00+02:00"),
    *("yesterday", "", "P", "0 days"),
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_cut_off_means_what_it_means_to_uv(text: str, tmp_path: Path) -> None:
    project = f"[project]\nname = 'a'\nversion = '1'\nrequires-python = '>=3.8'\n[tool.uv]\nexclude-newer = {text!r}\n"
    (tmp_path / "pyproject.toml").write_text(project)
    asked = subprocess.run(
        [UV, "lock", "--offline", "--python", sys.executable],
        cwd=tmp_path,
        env={"TZ": "UTC", "HOME": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    lock = tmp_path / "uv.lock"
    options = tomllib.loads(lock.read_text()).get("options", {}) if asked.returncode == 0 else {}
    found = uv_cut_off(text)
    if span := options.get("exclude-newer-span"):
        if found is None:  # a time of nothing keeps nothing out
            assert span in {"P0D", "PT0S"}
            return
        again = uv_cut_off(span)
        assert again is not None
        assert again.age == found.age
    elif at := options.get("exclude-newer"):
        assert found is not None
        assert found.at is not None
        assert found.at.earliest <= instant(at) <= found.at.latest
        assert found.at.is_exact == ("Z" in text or "+" in text)
    else:
        assert found is None
