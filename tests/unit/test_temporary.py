"""Temporary folders and files: whole or not there, and what a killed process leaves is removed by the next one."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from graphkit.temporary import in_place_of, scratch_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from graphkit.temporary import in_place_of, scratch_folder
with scratch_folder() as folder, in_place_of(Path(sys.argv[1])) as part:
    (folder / "much").write_text("half")
    part.write_text("half")
    print(folder, part, flush=True)
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of temporary files, apart from that of other tests."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_what_a_killed_process_leaves_goes_with_the_next_one(tmp_path: Path, place: Path) -> None:
    target = tmp_path / "report"
    target.write_text("before", encoding="utf-8")
    command = [sys.executable, "-c", KILLED, str(target), "killed"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    folder, part = map(Path, done.stdout.split())
    assert folder.is_dir()
    assert (part.read_text(encoding="utf-8"), target.read_text(encoding="utf-8")) == ("half", "before")
    with scratch_folder() as mine, in_place_of(target) as own:
        assert list(place.iterdir()) == [mine]
        assert not part.exists()
        own.write_text("whole", encoding="utf-8")
    assert (target.read_text(encoding="utf-8"), list(place.iterdir())) == ("whole", [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report", "temporary"]


def test_what_another_process_uses_stays(tmp_path: Path, place: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "report"), "waits"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        folder, part = map(Path, other.stdout.readline().split())
        with scratch_folder(), in_place_of(tmp_path / "mine") as own:
            own.write_text("mine", encoding="utf-8")
        assert folder.is_dir()
        assert part.is_file()
    assert (tmp_path / "report").read_text(encoding="utf-8") == "half"
    assert list(place.iterdir()) == []


def test_what_a_person_calls_alike_stays(tmp_path: Path, place: Path) -> None:
    for name in ("graphkit-results", ".graphkit-scratch-", ".graphkit-scratch-mine-it-is"):
        (place / name).mkdir()
    (place / ".graphkit-scratch-aaaaaaaa").symlink_to(tmp_path)
    (tmp_path / ".graphkit-part-notes").touch()
    with scratch_folder(), in_place_of(tmp_path / "report"):
        pass
    assert len(list(place.iterdir())) == 4
    assert (tmp_path / ".graphkit-part-notes").exists()


def test_a_file_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.write_text("before", encoding="utf-8")

    def half() -> None:
        with in_place_of(target) as part:
            part.write_text("half", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with pytest.raises(FileExistsError), in_place_of(target, is_new=True):
        pass
    assert target.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report", "temporary"]


def test_a_file_has_the_permissions_of_any_new_one_or_those_asked_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        for name, mode in (("usual", 0o666), ("private", 0o600)):
            with in_place_of(tmp_path / name, mode=mode):
                pass
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "private")] == [0o640, 0o600]


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a umask that lets nobody read. It is not tried again for ever."""
    opened, tries = os.open, iter(range(3))

    def refused(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags == os.O_RDONLY and path.name.startswith(".graphkit-part-"):
            next(tries)
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, mode)

    monkeypatch.setattr("graphkit.temporary.os.open", refused)
    with pytest.raises(PermissionError), in_place_of(tmp_path / "report"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["temporary"]


def test_a_new_file_needs_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT and some mounted folders have none."""

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("graphkit.temporary.os.link", refused)
    target = tmp_path / "key"
    with in_place_of(target, mode=0o600, is_new=True) as part:
        part.write_text("whole", encoding="utf-8")
    with pytest.raises(FileExistsError), in_place_of(target, is_new=True) as part:
        part.write_text("other", encoding="utf-8")
    assert target.read_text(encoding="utf-8") == "whole"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "temporary"]


def test_a_device_is_written_as_it_is() -> None:
    with in_place_of(Path(os.devnull)) as part:
        assert part == Path(os.devnull)
