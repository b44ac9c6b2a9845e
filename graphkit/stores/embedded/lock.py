"""A lock of a graph's folder that ends with its process, and who holds it.

It is held through ``flock``, which the system lets go of when a process ends, however it ends. The file stays where it
is: to remove it would give two processes a lock each. Where there is no ``flock`` (Windows) the lock of the record's
database alone keeps a second writer out.
"""

from __future__ import annotations

import errno
import os
import platform
import sys
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Final

import msgspec

from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError, GraphkitWarning
from graphkit.stores.engine.disk_errors import disk_error, on_disk

if sys.platform != "win32":
    import fcntl

_PAUSES: Final = (0.005, 0.01, 0.02, 0.05)
_LONGEST_PAUSE: Final = 0.1
_BUSY: Final = (errno.EAGAIN, errno.EACCES)
_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_MOST: Final = 4096
"""Bytes that are read of what a holder says of itself."""
_here: Final[weakref.WeakSet[FolderLock]] = weakref.WeakSet()
"""Locks of this process; a child that is forked lets go of its copies, for it may outlive this process."""


class Holder(msgspec.Struct, frozen=True):
    """What the holder of a lock says of itself. ``generation``: what others read meanwhile, empty where nothing yet."""

    pid: int
    host: str
    verb: str
    since: str
    generation: str = ""

    def __str__(self) -> str:
        """Return who it is, in words."""
        where = "" if self.host == platform.node() else f" on {self.host}"
        return f"{self.verb} (process {self.pid}{where}, since {self.since})"

    @property
    def is_gone(self) -> bool:
        """Whether this process ended: what it said is left of it, and another holds the lock and says nothing yet."""
        if self.host != platform.node():
            return False
        try:
            os.kill(self.pid, 0)
        except OSError as error:  # another error: it is there, and not ours
            return isinstance(error, ProcessLookupError)
        return False


class FolderLock:
    """A lock of a folder, held by at most one process."""

    def __init__(self, path: Path, give: Callable[[], bool] | None = None) -> None:
        """``path``: its file, which is made when the lock is taken.

        ``give`` lets go of it for another part of this process, and returns whether it did.
        """
        self._path = path
        self._give = give
        self._file: int | None = None
        _here.add(self)

    @property
    def is_held(self) -> bool:
        """Whether this object holds it."""
        return self._file is not None

    def take(self, verb: str) -> bool:
        """Take the lock if it is free; return whether it is held now.

        Raises:
            GraphkitError: the folder is gone or cannot be written, or its file system has no locks.
        """
        while self._file is None:
            with on_disk(self._path.parent, "it cannot be written"):
                file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            is_locked = False
            try:
                is_locked = self._locked(file)
                # Whoever replaced the folder meanwhile locks another file of this name.
                if is_locked and self._is_this(file):
                    self._file = file
            finally:
                if self._file is None:
                    os.close(file)
            if not is_locked and not self._is_given_here():
                return False
        self.announce(verb)
        return True

    def _is_given_here(self) -> bool:
        """Return whether another part of this process had the lock and let go of it."""
        return any(one.gives(self._path) for one in list(_here) if one is not self)

    def gives(self, path: Path) -> bool:
        """Let go of the lock at a path for another part of this process; return whether it did."""
        if self._give is None or not self.is_in_place or self._path.resolve() != path.resolve():
            return False
        return self._give()

    def _locked(self, file: int) -> bool:
        if sys.platform == "win32":
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            if error.errno in _NO_LOCKS:
                raise GraphkitError(
                    f"{self._path.parent}: the file system has no locks ({error.strerror}), so two processes that "
                    "write could destroy the graph; keep it on a local disk (--graph)"
                ) from error
            raise disk_error(self._path.parent, "it cannot be written", error) from error
        return True

    def _is_this(self, file: int) -> bool:
        """Return whether an opened file is still the one of this name."""
        try:
            return os.path.samestat(os.fstat(file), self._path.stat())
        except OSError:
            return False

    @property
    def is_in_place(self) -> bool:
        """Whether the folder is still the one in which the lock was taken."""
        return self._file is not None and self._is_this(self._file)

    def announce(self, verb: str, generation: str = "") -> None:
        """Say who holds the lock, and what others read meanwhile."""
        assert self._file is not None
        since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = Holder(os.getpid(), platform.node(), verb, since, generation)
        with on_disk(self._path.parent, "it cannot be written"):
            self._say(msgspec.json.encode(told))

    def _say(self, text: bytes) -> None:
        assert self._file is not None
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, text)
        os.ftruncate(self._file, len(text))

    def holder(self) -> Holder | None:
        """Return who holds the lock, as far as that one said who it is."""
        try:
            with self._path.open("rb") as opened:
                found = msgspec.json.decode(opened.read(_MOST), type=Holder)
        except (OSError, msgspec.MsgspecError):  # not there, or half written
            return None
        return None if found.is_gone else found

    def wait(self, caller: Caller) -> None:
        """Take the lock, and wait where another process holds it; say once who that is.

        Raises:
            GraphkitError: it holds it for longer than the caller waits, or as for `take`.
        """
        is_told = False
        for waited in pauses(caller.wait):
            if self.take(caller.verb):
                return
            holder = self.holder()
            if holder is not None and waited and not is_told:
                most = "" if caller.wait == inf else f", {caller.wait:g} s at most"
                told = f"{self._path.parent} is in use: waiting for {holder}{most}"
                warnings.warn(told, GraphkitWarning, stacklevel=2)
                is_told = True
        raise GraphkitError(self.in_use())

    def in_use(self) -> str:
        """Return the line that says who has the graph, and what to do."""
        who = self.holder() or "another process"
        return (
            f"{self._path.parent} is in use by {who}; wait until it is done, or longer than now (--wait SECONDS), and "
            "run the same command again"
        )

    def release(self) -> None:
        """Let go of the lock; harmless where it is not held."""
        if self._file is None:
            return
        with suppress(OSError):
            os.ftruncate(self._file, 0)
        self._drop()

    def _drop(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None


def pauses(most: float) -> Iterator[float]:
    """Yield the seconds waited so far, at once and then after growing pauses, until ``most`` is over."""
    begun = time.monotonic()
    for number in range(sys.maxsize):
        waited = time.monotonic() - begun
        yield waited if number else 0.0
        if waited >= most:
            return
        time.sleep(min(_PAUSES[number] if number < len(_PAUSES) else _LONGEST_PAUSE, most))


def _drop_all() -> None:
    for lock in list(_here):
        lock._drop()  # noqa: SLF001 - of this module


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_drop_all)
