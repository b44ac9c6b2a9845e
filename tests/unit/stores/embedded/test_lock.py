"""The lock of a folder: who has it, how it ends, and what is said where it cannot be."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError, GraphkitWarning
from graphkit.stores.embedded.lock import FolderLock, pauses

HOLD = """
import sys, time
from pathlib import Path
from graphkit.stores.embedded.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
assert lock.take("graphkit ingest sbom")
lock.announce("graphkit ingest sbom", "g-1")
print("held", flush=True)
time.sleep(60)
"""


def held_elsewhere(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_one_holds_it_and_says_who_it_is(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "lock")
    with held_elsewhere(tmp_path / "lock") as other:
        assert not lock.take("graphkit blast")
        holder = lock.holder()
        assert holder is not None
        assert (holder.pid, holder.verb, holder.generation) == (other.pid, "graphkit ingest sbom", "g-1")
        other.kill()
    assert lock.take("graphkit blast"), "a process that dies leaves nothing to clean"
    lock.release()
    lock.release()
    assert not lock.is_held


def test_who_waits_is_told_for_whom_and_gives_up_in_the_end(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / "lock") as other:
        with (
            pytest.warns(GraphkitWarning, match=r"waiting for graphkit ingest sbom .*, 0\.1 s at most") as told,
            pytest.raises(GraphkitError, match=rf"is in use by graphkit ingest sbom \(process {other.pid}, since 2"),
        ):
            FolderLock(tmp_path / "lock").wait(Caller("graphkit scan", 0.1))
        other.kill()
    assert len(told) == 1


def test_a_holder_that_is_gone_says_nothing(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / "lock") as other:
        other.kill()
    assert FolderLock(tmp_path / "lock").holder() is None
    (tmp_path / "lock").write_text('{"pid": ')
    assert FolderLock(tmp_path / "lock").holder() is None


def test_a_child_does_not_hold_on_to_the_lock_of_a_parent_that_died(tmp_path: Path) -> None:
    script = f"""
import os, signal, sys, time
from pathlib import Path
from graphkit.stores.embedded.lock import FolderLock
lock = FolderLock(Path({str(tmp_path / "lock")!r}))
lock.take("graphkit ingest sbom")
if (child := os.fork()) == 0:
    os.close(1)
    time.sleep(60)
print(child, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    child = int(done.stdout)
    try:
        lock = FolderLock(tmp_path / "lock")
        begun = time.monotonic()
        while not (free := lock.take("graphkit blast")) and time.monotonic() - begun < 10:
            time.sleep(0.01)
        assert free
    finally:
        os.kill(child, 9)


def test_a_lock_of_a_folder_that_was_replaced_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "graph"
    folder.mkdir()
    lock = FolderLock(folder / "lock")
    assert lock.take("graphkit ingest sbom")
    folder.rename(tmp_path / "moved")
    folder.mkdir()
    assert not lock.is_in_place
    assert FolderLock(folder / "lock").take("graphkit blast")


@pytest.mark.parametrize(
    ("number", "match"),
    [
        (errno.ENOLCK, "the file system has no locks"),
        (errno.EOPNOTSUPP, "the file system has no locks"),
        (errno.EIO, "it cannot be written: Input/output error"),
    ],
)
def test_a_file_system_without_locks_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, match: str
) -> None:
    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refused)
    with pytest.raises(GraphkitError, match=match):
        FolderLock(tmp_path / "lock").take("graphkit ingest sbom")


def test_pauses_begin_at_once_and_end() -> None:
    assert list(pauses(0)) == [0.0]
    waited = list(pauses(0.05))
    assert waited[0] == 0.0
    assert waited[-1] >= 0.05
