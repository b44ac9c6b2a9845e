"""Since when a file stood on a branch: the commits of the branch's own line, and what was merged into it."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from graphkit.model.errors import InputError
from graphkit.model.times import BadTime, Instant, instant
from graphkit.sources.http import Answer
from graphkit.sources.pulls.http import Client

_PAGES: Final = 5
"""How many pages of a hundred commits are looked at for when a file was merged."""


class _Signed(msgspec.Struct):
    date: str | None = None


class _Inner(msgspec.Struct):
    committer: _Signed | None = None


class _Parent(msgspec.Struct):
    sha: str


class _Commit(msgspec.Struct):
    sha: str
    commit: _Inner = msgspec.field(default_factory=_Inner)
    parents: list[_Parent] = msgspec.field(default_factory=list)


class Stand(Struct, frozen=True, kw_only=True):
    """Since when a file stands as it does; ``since`` None: not known, and ``note`` says why.

    ``is_first``: the server lists no other commit of its path, so this one brought it.
    """

    since: Instant | None
    commit: str = ""
    note: str = ""
    is_first: bool = False


class Branch:
    """A branch as of its newest commit, which `open` asks for; older ones are asked for as they are needed.

    A commit made on a side branch stood on this one only once it was merged. Taking its own time would
    let a lock speak for days on which another one stood here, and clear them.
    """

    def __init__(self, client: Client, address: str, first: Answer, read_at: Instant) -> None:
        self._client = client
        self._address = address
        self._read_at = read_at
        self._page: Answer | None = first
        self._pages = 0
        self._parents: dict[str, tuple[str, ...]] = {}
        self._at: dict[str, Instant | None] = {}
        self.head = next(iter(self._more()), "")

    @classmethod
    def open(cls, client: Client, address: str, name: str, read_at: Instant) -> Branch | None:
        """Return a branch of the repository at an API address, None where it has no commits (409).

        Raises:
            InputError: it is refused, or the answer is none.
        """
        first = client.get(f"{address}/commits", sha=name, per_page="100")
        if first.status == 409:
            return None
        if not first.is_good:
            raise InputError(f"its commits cannot be read ({first.status}); the token needs to read contents")
        branch = cls(client, address, first, read_at)
        if not branch.head:
            raise InputError("the server lists no commit of its branch, so nothing is known of it; pull it again")
        return branch

    def stand(self, path: str) -> Stand:
        """Return since when a file stands on the branch as it does. Cost: one request as a rule.

        Raises:
            InputError: the answer is none.
        """
        answer = self._client.get(f"{self._address}/commits", path=path, sha=self.head, per_page="1")
        found = _commits(answer) if answer.is_good else []
        if not found:
            return Stand(since=None, note="the server does not say when it was committed")
        commit = found[0].sha
        while commit not in self._parents and self._more():
            pass
        landed = self._landed(commit)
        if landed is None:
            text = f"commit {commit[:12]} is too far back to tell when it came onto the branch"
            return Stand(since=None, commit=commit, note=text)
        since = self._at[landed]
        note = "" if landed == commit else f"commit {commit[:12]} came onto the branch with merge {landed[:12]}"
        if since is None or since > self._read_at:
            return Stand(since=None, commit=commit, note="its commit has no time that can be right")
        return Stand(since=since, commit=commit, note=note, is_first=len(found) == 1 and not answer.next_page)

    def _landed(self, commit: str) -> str | None:
        """Return the commit of the branch's own line with which a commit came onto it.

        Where not all is known, it is a later one than it was: the file then speaks for less.
        """
        if commit not in self._parents:
            return None
        landed, at = None, self.head
        below = self._descendants(commit)
        met: set[str] = set()
        while at in below and at not in met:
            met.add(at)
            landed = at
            at = next(iter(self._parents[at]), "")
        return landed

    def _descendants(self, commit: str) -> set[str]:
        """Return the known commits that hold a commit in their past, itself included."""
        children: dict[str, list[str]] = {}
        for child, parents in self._parents.items():
            for parent in parents:
                children.setdefault(parent, []).append(child)
        found, waiting = {commit}, [commit]
        while waiting:
            new = [child for child in children.get(waiting.pop(), ()) if child not in found]
            found.update(new)
            waiting += new
        return found

    def _more(self) -> list[str]:
        """Read one more page of commits, the newest first; empty where there is none, or it is enough."""
        if self._pages and self._page is not None:
            self._page = self._client.follow(self._page) if self._pages < _PAGES else None
        if self._page is None or not self._page.is_good:
            self._page = None
            return []
        self._pages += 1
        commits = _commits(self._page)
        for one in commits:
            self._parents[one.sha] = tuple(parent.sha for parent in one.parents)
            self._at[one.sha] = _time_of(one)
        return [one.sha for one in commits]


def _commits(answer: Answer) -> list[_Commit]:
    found: Any = answer.as_type(list[_Commit])
    return list(found)


def _time_of(commit: _Commit) -> Instant | None:
    date = commit.commit.committer.date if commit.commit.committer else None
    try:
        return instant(date) if date else None
    except BadTime:
        return None
