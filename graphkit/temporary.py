"""Temporary folders, folders for one user alone, and files that take the place of another one when they are whole.

A process that is killed cannot remove its own. So each is locked by the process that uses it, with ``flock``, which the
system lets go of however a process ends; and whoever makes the next one in the same folder removes those that nobody
locks. Where there is no ``flock`` (Windows) they stay until somebody removes them.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

_OWN: Final = "graphkit"
_FOLDER: Final = ".graphkit-scratch-"
_FILE: Final = ".graphkit-part-"
_OURS: Final = re.compile(rf"{re.escape(_FOLDER)}[a-z0-9_]{{8}}|{re.escape(_FILE)}[0-9a-f]{{8}}")
"""Names that nothing else has: what is removed without asking has to be our own."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder for this process alone, among the temporary ones of the system; it is removed at the end."""
    import tempfile  # it loads `random`, and an answer needs no folder

    _sweep(Path(tempfile.gettempdir()))
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_FOLDER))
        if (lock := _locked(folder)) is not None:
            break
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def private_folder(folder: Path) -> Path:
    """Make a folder that is for this user alone, and return it; so is one called `graphkit` that it lies in.

    Raises:
        OSError: it cannot be made, or is somebody else's.
    """
    above = folder.parent
    for one in (*((above,) if above.name == _OWN else ()), folder):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
        one.chmod(0o700)  # it may be there already, with another mode
    return folder


@contextmanager
def in_place_of(target: Path, *, mode: int = 0o666, is_new: bool = False) -> Iterator[Path]:
    """Yield an empty file beside a target, which takes its place at the end; not where that is not reached.

    ``mode``: its permissions, less those that the umask takes. A pipe or device is yielded itself: a file in its place
    would break it for everybody. ``is_new``: there is to be no target yet.

    Raises:
        FileExistsError: there is one, and ``is_new``.
        OSError: it cannot be made, written or put there; the target is then as it was.
    """
    if is_special(target) and not is_new:
        yield target
        return
    _sweep(target.parent)
    while True:
        part = target.with_name(f"{_FILE}{os.urandom(4).hex()}")
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        try:
            lock = _locked(part)
        except OSError:
            part.unlink()
            raise
        if lock is not None:
            break
    try:
        yield part
        if is_new:
            _put_anew(part, target)
        else:
            part.replace(target)
    finally:
        with suppress(OSError):
            part.unlink()
        os.close(lock)


def _put_anew(part: Path, target: Path) -> None:
    """Give a file its name, which two processes cannot both do."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        part.replace(target)


def is_special(path: Path) -> bool:
    """Return whether something is a device, a pipe or a folder: no file is to take its place or stand beside it."""
    return path.exists() and not path.is_file()


def _locked(path: Path) -> int | None:
    """Lock a file or folder that was just made; None where another process took it for a leftover and removed it."""
    if sys.platform == "win32":
        return os.open(os.devnull, os.O_RDONLY)
    with suppress(FileNotFoundError):  # any other failure would be the same the next time
        lock = os.open(path, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks: nobody can take it for a leftover then
            fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_this(lock, path):
            return lock
        os.close(lock)
    return None


def _sweep(folder: Path) -> None:
    """Remove what processes left in a folder that were killed. Cost: a look at its names."""
    if sys.platform == "win32":
        return
    try:
        with os.scandir(folder) as entries:
            left = [Path(entry.path) for entry in entries if _OURS.fullmatch(entry.name)]
    except OSError:
        return
    for path in left:
        with suppress(OSError):
            _remove_unlocked(path)


def _remove_unlocked(path: Path) -> None:
    lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(lock)
        if found.st_uid != os.geteuid() or not _is_this(lock, path):
            return
        if stat.S_ISDIR(found.st_mode):
            shutil.rmtree(path, ignore_errors=True)
        elif stat.S_ISREG(found.st_mode):
            path.unlink()
    finally:
        os.close(lock)


def _is_this(file: int, path: Path) -> bool:
    """Return whether an opened file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(file), path.lstat())
    except OSError:
        return False
