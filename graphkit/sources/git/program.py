"""The `git` program, asked to read only: a repository under analysis is hostile until proven otherwise.

Only plumbing runs (`rev-list`, `diff-tree`, `cat-file`, `for-each-ref`, `rev-parse`). Unlike `git log` or
`git diff` it heeds no setting of the repository that names a program: `log.showSignature` with
`gpg.program`, `diff.external`, textconv, aliases and pagers.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from graphkit.model.errors import GraphkitError

LARGEST: Final = 256 * 1024 * 1024
"""The most bytes that one file of a history may have; larger ones are rejected unread."""

_CHUNK: Final = 1024 * 1024
_OPTIONS: Final = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"),
    *("-c", "log.showSignature=false", "-c", "core.quotePath=false"),
    *("--no-pager", "--no-optional-locks"),
)
_SETTINGS: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # git before 2.44 does not know the line above, and fetches a missing object from wherever the repository
    # says, also by `ext::sh -c ...` where its own config allows that; this list overrides the config.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "LC_ALL": "C",
}
_FOREIGN: Final = (
    "belongs to another user, so git will not read it; run as its owner, or ingest a copy that is yours (cp -r)"
)
_GITDIR: Final = b"gitdir:"


def is_repository(path: Path) -> bool:
    """Return whether a folder is the top of a work tree or a bare repository; False where it cannot be read.

    A work tree has a folder `.git`, or a file of that name that leads to one (linked work trees,
    submodules). Nothing is run, and no folder above is looked at. Cost: a few looks at the disk.
    """
    try:
        inner = path / ".git"
        if inner.is_file():
            with inner.open("rb") as file:
                return file.read(len(_GITDIR)) == _GITDIR
        return _holds_objects(inner) or _holds_objects(path)
    except (OSError, ValueError):
        return False


def _holds_objects(folder: Path) -> bool:
    head = folder / "HEAD"  # a link in old repositories, to a branch that may not be born yet
    return (head.is_file() or head.is_symlink()) and (folder / "objects").is_dir() and (folder / "refs").is_dir()


class Git:
    """A repository, as `git` shows it. ``label`` is what errors call it."""

    def __init__(self, path: Path, label: str) -> None:
        self.path = path
        self.label = label

    def text(self, *arguments: str | bytes, given: Iterable[bytes] | None = None) -> bytes:
        """Return what git prints, without the last line feed; GraphkitError where it fails."""
        with self.stream(*arguments, given=given) as out:
            return out.read().removesuffix(b"\n")

    def found(self, *arguments: str | bytes) -> bytes | None:
        """Return what git prints; None where it says no."""
        try:
            return self.text(*arguments)
        except _GitFailed:
            return None

    @contextmanager
    def stream(self, *arguments: str | bytes, given: Iterable[bytes] | None = None) -> Iterator[IO[bytes]]:
        """Yield what git prints as it comes. ``given`` are lines for its input, each without line feed.

        Raises:
            GraphkitError: there is no git, the repository is not trusted, or git failed.
        """
        # Files, not pipes, for input and errors: nothing here can then wait for the other side.
        with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as errors:
            told.writelines(line + b"\n" for line in given or ())
            told.seek(0)
            process = self._start(arguments, told, errors)
            assert process.stdout is not None
            try:
                yield process.stdout
            except BaseException:
                process.kill()
                raise
            finally:
                process.stdout.close()
                process.wait()
            if process.returncode:
                errors.seek(0)
                raise self._failure(errors.read(_CHUNK))

    def converse(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Return a git that is asked and answers in turn; what it complains of is not kept."""
        return self._start(arguments, subprocess.PIPE, subprocess.DEVNULL)

    def _start(
        self, arguments: Sequence[str | bytes], told: IO[bytes] | int, errors: IO[bytes] | int
    ) -> subprocess.Popen[bytes]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        try:
            return subprocess.Popen(  # noqa: S603 - a list of own words, never a shell
                ["git", *_OPTIONS, *arguments],  # noqa: S607 - the user's git, wherever it is
                cwd=self.path,
                env=kept | _SETTINGS,
                stdin=told,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        except FileNotFoundError as error:
            if not self.path.is_dir():
                raise GraphkitError(f"{self.label}: no such folder") from error
            raise GraphkitError("git is not installed; install git to read the history of lock files") from error
        except OSError as error:
            raise GraphkitError(f"{self.label}: git cannot be run here: {error.strerror}") from error

    def _failure(self, complaint: bytes) -> GraphkitError:
        text = complaint.decode("utf-8", "backslashreplace")
        if "dubious ownership" in text or "unsafe repository" in text:
            return GraphkitError(f"{self.label}: {_FOREIGN}")
        lines = [line for line in text.splitlines() if line.startswith(("fatal:", "error:"))] or text.splitlines()
        said = re.sub(r"[^\x20-\x7e]", "?", lines[-1] if lines else "it gave no reason")[:300]
        return _GitFailed(f"{self.label}: git cannot read this repository: {said}")


class _GitFailed(GraphkitError):
    """Git ran and said no."""


class Blobs:
    """The bytes of blobs, by one lasting git; what it cannot read is told of, and a new one goes on."""

    def __init__(self, git: Git, *, largest: int = LARGEST) -> None:
        self._git = git
        self._largest = largest
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for mode in list(self._running):
            self._end(mode)

    def read(self, blob: str) -> bytes | str:
        """Return the bytes of a blob, or in words why there are none."""
        # Asked for its size first: `--batch` holds a blob in memory before it says how large it is.
        head = self._head("--batch-check", blob)
        if isinstance(head, str):
            return head
        if head > self._largest:
            return f"{head} bytes; files of more than {self._largest // 1024**2} MiB are not read"
        size = self._head("--batch", blob)
        if isinstance(size, str):
            return size
        out = self._running["--batch"].stdout
        assert out is not None
        data = out.read(size)
        if len(data) == size and out.read(1) == b"\n":
            return data
        self._end("--batch")
        return _UNREADABLE

    def here(self, names: AbstractSet[str]) -> set[str]:
        """Return which of some blobs this clone has. Cost: one pass over the names of all objects, and no content."""
        every = ("--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
        with self._git.stream("cat-file", *every) as out:
            return {name for line in out if (name := line.decode("ascii").rstrip()) in names}

    def _head(self, mode: str, blob: str) -> int | str:
        if mode not in self._running:
            self._running[mode] = self._git.converse("cat-file", mode)
        process = self._running[mode]
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # it went away; the answer will be empty
            process.stdin.write(blob.encode() + b"\n")
            process.stdin.flush()
        words = process.stdout.readline().split()
        if len(words) == 3 and words[1] == b"blob" and words[2].isdigit():
            return int(words[2])
        if words[1:] == [b"missing"]:
            return _MISSING
        # A git from 2.39 on ends where an object is missing that a partial clone left out, or is damaged.
        self._end(mode)
        return _UNREADABLE

    def _end(self, mode: str) -> None:
        process = self._running.pop(mode)
        process.kill()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        process.wait()


_MISSING: Final = (
    "its content is not in this clone; fetch the whole history (git fetch --refetch --no-filter) to read it"
)
_UNREADABLE: Final = (
    "git cannot read its content, which is damaged or not in this partial clone; "
    "fetch the whole history (git fetch --refetch --no-filter) to read it"
)
