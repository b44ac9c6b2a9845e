"""The commits of a repository: refs, parents, times, and which files each of them changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Final

from msgspec import Struct

from graphkit.model.errors import GraphkitError
from graphkit.model.progress import Progress
from graphkit.model.times import Instant
from graphkit.sources.fetched_document import Reject
from graphkit.sources.git.program import Git

SECOND: Final = 1_000_000
"""git's clock ticks in seconds; an Instant counts microseconds."""

_LAST_SECOND: Final = 253_402_300_799  # the end of the year 9999
_CHUNK: Final = 1024 * 1024
_FILE_MODES: Final = frozenset({b"100644", b"100755", b"100664"})
_LINK_MODE: Final = b"120000"
_SKIPPED_REFS: Final = (
    "refs/notes/",
    "refs/stash",
    "refs/replace/",
    "refs/bisect/",
    "refs/worktree/",
    "refs/rewritten/",
)
_RANKS: Final = ("refs/heads/", "refs/remotes/", "refs/tags/")
_TRUNKS: Final = ("main", "master", "trunk", "origin/main", "origin/master")
_NONE: Final = re.compile(rb"0+")

Change = tuple[bytes, str]
"""A path and the blob that it has from here on; an empty one where it is gone, `@` with a mode where it is no file.

Of a link, the blob with the path that it leads to follows the mode.
"""


class Tip(Struct, frozen=True, kw_only=True):
    """What a name points to. ``lives``: a line that goes on (a branch), not a tag, which stays where it is.

    ``ref`` is the whole name; ``seen`` until when somebody knew it to stand there, 0 where nobody did.
    """

    name: str
    commit: str
    lives: bool
    ref: str = ""
    seen: Instant = 0

    @property
    def is_trunk(self) -> bool:
        """Whether it is called as the main branch is."""
        return self.lives and (self.name in _TRUNKS or self.name == "HEAD")


class Commit(Struct, frozen=True, kw_only=True):
    """A commit. ``at`` is its committer time, 0 where git can read none. ``subject`` is that of a merge, else empty."""

    sha: str
    parents: tuple[str, ...]
    at: Instant
    subject: str = ""


def tips(git: Git, reject: Reject) -> list[Tip]:
    """Return where lines of history end, the main one first; empty for a repository without a commit.

    The branch that is checked out, then main or master, other branches, branches of remotes, refs of
    other kinds (a mirror's pull requests), and tags at last: a tag adds only commits that no branch
    has. Notes, stashes and replacements are no history. A tag of something else than a commit is left
    out, a branch without a commit that can be read rejected.
    """
    listed = git.text("for-each-ref", "--format=%(refname)%00%(symref)").split(b"\n")
    names = [name for name, _, symbolic in (line.partition(b"\0") for line in listed) if name and not symbolic]
    names = [name for name in names if not name.decode("utf-8", "replace").startswith(_SKIPPED_REFS)]
    head = git.found("symbolic-ref", "-q", "HEAD") or b"HEAD"
    if head not in names:
        names.append(b"HEAD")  # detached: a line of its own
    asked = [name + b"^{commit}" for name in names]
    answers = git.text("cat-file", "--batch-check", given=asked).split(b"\n")
    found = []
    for name, answer in zip(names, answers, strict=True):
        words = answer.split()
        if len(words) == 3 and words[1] == b"commit":
            found.append((name.decode("utf-8", "backslashreplace"), words[0].decode()))
        elif not name.startswith((b"refs/tags/", b"HEAD")):  # a HEAD without a commit is a branch not yet born
            shown = name.decode("utf-8", "backslashreplace")
            reject(_short(shown), "git cannot read a commit of this name; what was only there is unknown")
    first = head.decode("utf-8", "backslashreplace")
    found.sort(key=lambda one: _rank(one[0], first))
    return [
        Tip(name=short, commit=sha, lives=not ref.startswith("refs/tags/"), ref=ref)
        for ref, sha, short in _shortened(found)
    ]


def _rank(ref: str, first: str) -> tuple[int, int, str]:
    kind = next((number for number, start in enumerate((*_RANKS[:2], "")) if ref.startswith(start)), 0)
    if ref.startswith(_RANKS[2]):
        kind = 3
    short = _short(ref)
    if ref in {first, "HEAD"}:
        return (-1, 0, ref)
    return (kind, _TRUNKS.index(short) if kind < 2 and short in _TRUNKS else len(_TRUNKS), ref)


def _short(ref: str) -> str:
    start = next((start for start in (*_RANKS, "refs/") if ref.startswith(start)), "")
    return ref.removeprefix(start)


def _shortened(found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield refs with the name that answers call them by: short, unless an earlier one has that name."""
    taken: set[str] = set()
    for ref, sha in found:
        short = _short(ref)
        name = ref.removeprefix("refs/") if short in taken else short
        taken.add(name)
        yield ref, sha, name


def commits(git: Git, ends: Iterable[Tip]) -> dict[str, Commit]:
    """Return every commit that tips lead to, by its name, children before their parents.

    Raises:
        GraphkitError: a commit is damaged or missing; what came before it cannot be told then.
    """
    given = sorted({tip.commit.encode() for tip in ends})
    if not given:
        return {}
    found: dict[str, Commit] = {}
    shape = ("--topo-order", "--encoding=UTF-8", "--format=%H %ct %P%n%s", "--stdin")
    with git.stream("rev-list", *shape, given=given) as out:
        # Three lines each: `commit <sha>`, what was asked for, and the subject, which has no line feed.
        while out.readline():
            words = out.readline().decode().rstrip("\n").split(" ")
            subject = out.readline().rstrip(b"\n")
            sha, seconds, parents = words[0], words[1], tuple(dict.fromkeys(filter(None, words[2:])))
            found[sha] = Commit(
                sha=sha,
                parents=parents,
                at=_instant(seconds),
                subject=subject.decode("utf-8", "backslashreplace") if len(parents) > 1 else "",
            )
    return found


def _instant(seconds: str) -> Instant:
    """Return a commit's time; 0 for none that can be: it is then earlier than all others, and hides nothing."""
    return int(seconds) * SECOND if seconds.isdigit() and len(seconds) < 13 and int(seconds) <= _LAST_SECOND else 0


def boundary(git: Git) -> frozenset[str]:
    """Return the commits whose parents a shallow clone left out; empty for a whole one.

    Raises:
        GraphkitError: the clone is shallow and does not say where.
    """
    if git.text("rev-parse", "--is-shallow-repository") != b"true":
        return frozenset()
    where = git.text("rev-parse", "--git-path", "shallow").decode("utf-8", "surrogateescape")
    try:
        return frozenset((git.path / where).read_text("ascii").split())
    except (OSError, ValueError) as error:
        raise GraphkitError(
            f"{git.label}: the clone is shallow, and where its history begins cannot be read"
        ) from error


def changes(
    git: Git,
    known: Mapping[str, Commit],
    accepts: Callable[[bytes], bool],
    progress: Progress,
    where: Sequence[str | bytes] = (),
) -> dict[str, list[Change]]:
    """Return what each commit changed of the files it ``accepts`` against its first parent; of the first one, all.

    ``where`` are pathspecs that git itself goes by: for few very paths. For many patterns with wildcards it
    takes thirty times as long as listing all that changed.
    Cost: one pass of `git diff-tree`, linear in commits and what they changed.

    Raises:
        GraphkitError: a tree is damaged or missing, so what stood after it cannot be told.
    """
    given = (" ".join((commit.sha, *commit.parents[:1])).encode() for commit in known.values())
    shape = ("--stdin", "-r", "--root", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv")
    order = {sha: number for number, sha in enumerate(known)}
    found: dict[str, list[Change]] = {}
    here: list[Change] = []
    try:
        with git.stream("diff-tree", *shape, "--", *where, given=given) as out:
            tokens = _tokens(out)
            for token in tokens:
                if token.startswith(b":"):
                    path = next(tokens)
                    if accepts(path):
                        here.append((path, _blob(token)))
                else:
                    sha = token.decode("ascii")
                    here = found.setdefault(sha, [])
                    progress(order[sha], len(order), "commits")
    except GraphkitError as error:
        raise GraphkitError(
            f"{error}; a clone without trees says nothing of the past, so fetch it whole "
            "(git fetch --refetch --no-filter) or clone again"
        ) from error
    return found


def _blob(token: bytes) -> str:
    _, mode, _, blob, _ = token.split(b" ", 4)
    if _NONE.fullmatch(blob) and _NONE.fullmatch(mode):
        return ""
    if mode in _FILE_MODES:
        return blob.decode("ascii")
    return f"@{mode.decode('ascii')}" + (f" {blob.decode('ascii')}" if mode == _LINK_MODE else "")


def _tokens(out: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := out.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
