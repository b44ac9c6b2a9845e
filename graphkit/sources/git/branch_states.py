"""Lines of history, and the states of inputs on them: from which commit to which each one stood.

A line is a chain of first parents. Every tip begins one that leads back to a commit that an earlier
line has, where it forked off; every further parent of a merge begins another, so a branch whose name is
long gone is found. Each commit is on one line, and so each change of an input is told once.
"""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.model.times import Instant
from graphkit.sources.git.commits import SECOND, Change, Commit, Tip

_LONGEST_NAME: Final = 200
_MERGED: Final = (
    re.compile(r"Merge pull request #\d+ from (\S+)"),
    re.compile(r"Merged in (\S+) \(pull request #\d+\)"),
)
_QUOTED: Final = re.compile(r"'([^']+)'")


class BranchLine(Struct, kw_only=True):
    """A chain of first parents, oldest first. ``base`` is the commit that it forked off, empty for none.

    ``seen`` is the last time that its end was known to stand: its own, that of a merge that took it in, or
    when its name was last known to be there. ``is_first``: it is that of the first tip, which is checked out.
    """

    branch: str
    lives: bool
    seen: Instant
    is_first: bool = False
    base: str = ""
    commits: list[Commit] = field(default_factory=list)


class FileState(Struct, frozen=True, kw_only=True):
    """One blob at one path, as shown, on one line. ``first`` and ``last`` are the commits between which it stood.

    ``until`` None: nothing on the line replaced it, and ``seen`` says how long it was known to stand.
    ``forked``: it came from the line that this one forked off, and ``first`` is the commit where.
    ``skewed``: times of commits run backwards around it, so it may have stood for less than is said.
    ``is_first``: nothing was at its path before on its line, or another line tells it. ``is_deleted``: its end
    left nothing there. ``is_checked_out``:
    it stood on the branch that is checked out.
    """

    path: str
    blob: str
    branch: str
    first: Commit
    last: Commit
    start: Instant
    until: Instant | None
    seen: Instant | None
    lives: bool
    forked: bool = False
    skewed: bool = False
    ended_by: str = ""
    is_first: bool = False
    is_deleted: bool = False
    is_checked_out: bool = False

    @property
    def end(self) -> Instant:
        """The instant to which it is known to have stood."""
        end = self.until if self.until is not None else self.seen
        assert end is not None
        return end


def lines(ends: Iterable[Tip], known: Mapping[str, Commit]) -> list[BranchLine]:
    """Return lines that hold every commit once, each after the one that it forked off.

    A tip inside another line begins one without commits. Side lines come from the newest merge to the
    oldest, so that a branch that was merged again and again is one line. Cost: linear in commits.
    """
    history = _History(known)
    for tip in ends:
        if tip.lives or not history.has(tip.commit):
            history.follow(tip.name, tip.commit, lives=tip.lives, told=tip.seen)
    history.follow_merged()
    return history.lines


class _History:
    """Commits, newest first, and the lines that they were put on so far."""

    def __init__(self, known: Mapping[str, Commit]) -> None:
        self.lines: list[BranchLine] = []
        self._known = known
        self._order = {sha: number for number, sha in enumerate(known)}
        self._owned: set[str] = set()
        self._waiting: list[tuple[int, int, str]] = []
        """Further parents of merges: the merge by its place in the order, the number of the parent, its SHA."""
        self._merged_at: dict[str, list[Instant]] = defaultdict(list)
        for commit in known.values():
            for parent in commit.parents[1:]:
                self._merged_at[parent].append(commit.at)

    def has(self, commit: str) -> bool:
        """Return whether a commit is on a line."""
        return commit in self._owned

    def follow(self, branch: str, commit: str, *, lives: bool, told: Instant = 0) -> None:
        """Add the line that a commit ends, back to one that another line has."""
        seen = max([told, self._known[commit].at, *self._merged_at.get(commit, ())])
        line = BranchLine(branch=branch, lives=lives, seen=seen, is_first=not self.lines)
        at = commit
        while at and at not in self._owned:
            self._owned.add(at)
            line.commits.append(self._known[at])
            first, *further = self._known[at].parents or ("",)
            for number, parent in enumerate(further, start=1):
                heapq.heappush(self._waiting, (self._order[at], number, parent))
            at = first
        line.base = at
        line.commits.reverse()
        self.lines.append(line)

    def follow_merged(self) -> None:
        """Add the lines that merges took in and no line has yet, from the newest merge on."""
        shas = list(self._known)
        while self._waiting:
            merge, number, parent = heapq.heappop(self._waiting)
            if parent not in self._owned:
                self.follow(_merged_name(self._known[shas[merge]], number), parent, lives=False)


def _merged_name(merge: Commit, number: int) -> str:
    """Return what the branch was called that a merge took in as its parent of that number, else the merge."""
    subject = merge.subject
    for pattern in _MERGED:
        if (match := pattern.match(subject)) and len(match[1]) <= _LONGEST_NAME:
            return match[1]
    if subject.startswith(("Merge branch", "Merge remote-tracking branch", "Merge tag", "Merge commit")):
        quoted = _QUOTED.findall(subject.partition(" into ")[0])
        if len(quoted) == len(merge.parents) - 1 and len(quoted[number - 1]) <= _LONGEST_NAME:
            return str(quoted[number - 1])
    return merge.sha[:12]


def states(
    found: Sequence[BranchLine], known: Mapping[str, Commit], changed: Mapping[str, Sequence[Change]]
) -> list[FileState]:
    """Return the states of all paths on all lines, none twice for the part that lines share.

    What a line took along from where it forked off is a state of it only as far as it outlived the
    same state there; on a living branch also where the other line has replaced it since. Cost: linear
    in commits and changes, and in lines times paths.
    """
    forks = {line.base for line in found if line.base}
    kept: dict[str, _Fork] = {}
    told: list[FileState] = []
    for line in found:
        told += _Replay(line, known.get(line.base), kept.get(line.base, _Fork())).run(changed, forks, kept)
    return _apart(told)


class _Open(Struct, kw_only=True):
    """A state at work: where on its line it began (-1: before it), and its states as told at last."""

    blob: str
    index: int
    is_first: bool
    told: list[FileState] = field(default_factory=list)


class _Fork(Struct, kw_only=True):
    """What stood where a line forks off, and every path at which something had been by then."""

    stood: dict[bytes, _Open] = field(default_factory=dict)
    began: set[bytes] = field(default_factory=set)
    """The paths whose states began with that very commit."""
    met: frozenset[bytes] = frozenset()


class _Replay:
    """The commits of one line, replayed."""

    def __init__(self, line: BranchLine, base: Commit | None, fork: _Fork) -> None:
        self.line = line
        self.base = base
        self.times = [commit.at for commit in line.commits]
        self.from_base = fork.stood
        self.met = set(fork.met)
        self.now = {
            path: _Open(blob=one.blob, index=-1, is_first=one.is_first and path in fork.began)
            for path, one in fork.stood.items()
        }

    def run(
        self, changed: Mapping[str, Sequence[Change]], forks: set[str], kept: dict[str, _Fork]
    ) -> Iterator[FileState]:
        """Yield the line's states; puts what stood at each fork into ``kept``."""
        for number, commit in enumerate(self.line.commits):
            for path, blob in changed.get(commit.sha, ()):
                before = self.now.pop(path, None)
                if before is not None and before.blob == blob:  # its mode changed, or neither could be read
                    self.now[path] = before
                    continue
                if before is not None:
                    yield from self._close(path, before, number, is_deleted=not blob)
                if blob:
                    # What was there before a line forked off is told by the line that it forked off from.
                    begins = path not in self.met or (before is not None and before.index < 0)
                    self.now[path] = _Open(blob=blob, index=number, is_first=begins)
                    self.met.add(path)
            if commit.sha in forks:
                began = {path for path, one in self.now.items() if one.index == number}
                kept[commit.sha] = _Fork(stood=dict(self.now), began=began, met=frozenset(self.met))
        for path, one in self.now.items():
            yield from self._close(path, one, None)

    def _close(self, path: bytes, one: _Open, ender: int | None, *, is_deleted: bool = False) -> Iterator[FileState]:
        """Yield a state that a commit of that number ended, or nothing did, unless the line before tells it."""
        state = replace(self._state(path, one, ender), is_deleted=is_deleted)
        before = self.from_base[path].told if state.forked else []
        covering = [other for other in before if _covers(other, state)]
        one.told += covering
        if not covering:
            one.told += [*before, state]
            yield state

    def _state(self, path: bytes, one: _Open, ender: int | None) -> FileState:
        commits, index, line = self.line.commits, max(one.index, 0), self.line
        forked = one.index < 0
        stood = self.times[index:ender]
        if forked:
            assert self.base is not None
            stood = [self.base.at, *stood]
        first = self.base if forked and self.base is not None else commits[index]
        lasting = commits[index:ender][-1:] or [first]
        start, newest = min(stood), max(stood)
        until: Instant | None = None
        seen: Instant | None = None
        if ender is None:
            seen = max(newest, line.seen)
        else:
            at = self.times[ender]
            start = min(start, at)
            # Where the clock ran backwards, the end is when a later commit has caught up with it.
            later = (time for time in self.times[ender:] if time > newest)
            until = max(at, start + SECOND) if at >= newest else next(later, None)
            seen = max(newest, line.seen) if until is None else None
        return FileState(
            path=path.decode("utf-8", "backslashreplace"),
            blob=one.blob,
            branch=line.branch,
            first=first,
            last=lasting[0],
            start=start,
            until=until,
            seen=seen,
            lives=line.lives and ender is None,
            forked=forked,
            skewed=stood != sorted(stood) or (ender is not None and self.times[ender] < newest),
            ended_by=commits[ender].sha if ender is not None else "",
            is_first=one.is_first or forked,
            is_checked_out=line.is_first,
        )


def _covers(other: FileState, state: FileState) -> bool:
    return other.start <= state.start and other.end >= state.end and (other.lives or not state.lives)


def _apart(told: list[FileState]) -> list[FileState]:
    """Return states so that those of one path and branch name never overlap; some get a longer name.

    States of one path and branch are read as successive, the next one ending the one before. So states
    that stood at the same time need names of their own, or the next one would hide what stood: two lines
    that were called the same, commits of one second (a rebase), clocks that ran backwards.
    """
    groups: dict[tuple[str, str], list[FileState]] = defaultdict(list)
    for state in told:
        groups[state.path, state.branch].append(state)
    taken = set(groups)
    apart: list[FileState] = []
    for (path, branch), group in groups.items():
        free: Instant | None = None
        for state in sorted(group, key=lambda one: (one.start, -one.end, one.first.sha)):
            if free is None or state.start >= free:
                apart.append(state)
                free = state.end if state.until is not None else state.end + 1  # the last moment it was seen counts
                continue
            name, number = f"{branch}@{state.first.sha[:12]}", 1
            while (path, name) in taken:
                number += 1
                name = f"{branch}@{state.first.sha[:12]}.{number}"
            taken.add((path, name))
            apart.append(replace(state, branch=name))
    return apart
