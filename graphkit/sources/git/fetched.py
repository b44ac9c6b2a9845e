"""When the branches of a clone were last known to be there: what git wrote down when it cloned or fetched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from graphkit.model.times import Instant
from graphkit.sources.git.commits import SECOND, Tip
from graphkit.sources.git.program import Git

HEADS: Final = "refs/heads/"
REMOTES: Final = "refs/remotes/"
_LAST_SECOND: Final = 253_402_300_799
_TAIL: Final = 2**20
"""How many bytes of a reflog are read, from its end."""
_MOST: Final = 10_000
_ENTRY: Final = re.compile(rb"[^\t\n]*> (\d{1,12}) [+-]\d{4}\t(clone|fetch|pull)\b([^:\n]*):", re.MULTILINE)


def seen_when_fetched(git: Git, ends: Iterable[Tip]) -> list[Tip]:
    """Return tips with until when they were known to stand, by git's own reflog; 0 where it does not say.

    A clone, or a fetch that names no branch, speaks for all branches of its remote, and those of `origin`
    for the clone's own ones; a fetch that names branches for these alone. A fetch that found nothing new
    writes no line. A bare clone keeps no reflog. Cost: the end of each reflog of the repository.
    """
    ends = list(ends)
    whole: dict[str, Instant] = {}
    alone: dict[str, Instant] = {}
    for ref, at, is_whole in _entries(git):
        remote = _remote_of(ref)
        alone[ref] = max(at, alone.get(ref, 0))
        if is_whole:
            whole[remote] = max(at, whole.get(remote, 0))
    own = max(whole.get("", 0), whole.get("origin", 0))
    return [replace(tip, seen=max(tip.seen, alone.get(tip.ref, 0), _of(tip, whole, own))) for tip in ends]


def _of(tip: Tip, whole: dict[str, Instant], own: Instant) -> Instant:
    if not tip.lives:
        return 0
    if tip.ref.startswith(REMOTES):
        return whole.get(_remote_of(tip.ref), 0)
    return own if tip.ref.startswith((HEADS, "HEAD")) else 0


def _remote_of(ref: str) -> str:
    return ref.removeprefix(REMOTES).partition("/")[0] if ref.startswith(REMOTES) else ""


def _entries(git: Git) -> Iterator[tuple[str, Instant, bool]]:
    """Yield ref, time, and whether it speaks for the whole remote, of each clone and fetch written down."""
    head = (git.found("symbolic-ref", "-q", "HEAD") or b"HEAD").decode("utf-8", "backslashreplace")
    for ref, path in _reflogs(git, head):
        for match in _ENTRY.finditer(_tail(path)):
            seconds = int(match[1])
            words = [word for word in match[3].split() if not word.startswith(b"-")]
            if 0 < seconds <= _LAST_SECOND:
                yield ref, seconds * SECOND, len(words) <= 1


def _reflogs(git: Git, head: str) -> Iterator[tuple[str, Path]]:
    """Yield reflogs with their refs; that of HEAD is of the branch that is checked out."""
    yield head, _inside(git, "logs/HEAD")
    for top in (HEADS, REMOTES):
        folder = _inside(git, f"logs/{top}".rstrip("/"))
        count = 0
        for parent, _, names in os.walk(folder):  # links to folders are not followed
            for name in sorted(names):
                count += 1
                if count > _MOST:
                    return
                path = Path(parent, name)
                yield f"{top}{path.relative_to(folder).as_posix()}", path


def _inside(git: Git, name: str) -> Path:
    return git.path / os.fsdecode(git.text("rev-parse", "--git-path", name))


def _tail(path: Path) -> bytes:
    """Return the end of a reflog; nothing of a pipe, a link, or what cannot be read."""
    try:
        if path.is_symlink() or not path.is_file():
            return b""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            return file.read(_TAIL)
    except OSError:
        return b""
