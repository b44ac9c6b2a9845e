"""Install inputs through time: every state that a git repository's history holds, and from when to when it stood."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.errors import GraphkitError
from graphkit.model.progress import Progress
from graphkit.model.times import Instant, rfc3339
from graphkit.sources.fetched_document import FetchedDocument, Reject
from graphkit.sources.git import branch_states
from graphkit.sources.git.commits import SECOND, Commit, Tip, boundary, changes, commits, tips
from graphkit.sources.git.fetched import seen_when_fetched
from graphkit.sources.git.file_names import Doubt, shown_doubt_of
from graphkit.sources.git.includes import Includes, Whole, is_followed
from graphkit.sources.git.input_files import UNREAD, Claims
from graphkit.sources.git.owners import Owners
from graphkit.sources.git.program import Blobs, Git, is_repository
from graphkit.sources.git.remote import Ask, still_there
from graphkit.sources.git.work_tree import changed_files

__all__ = ["History", "Owners", "changed_files", "is_repository", "name_of", "repositories", "states"]

_NO_FILE: Final = {
    UNREAD: "its content cannot be read from this clone; fetch the whole history (git fetch --refetch --no-filter)",
    "@120000": "a symbolic link that leads to no file of the repository; what it leads to is what was installed from",
    "@160000": "a submodule, whose history is its own; ingest that repository too",
}
_SKIPPED: Final = frozenset({".git", ".hg", ".svn"})
_TOGETHER: Final = 200
"""How many paths one question about changes holds; a command line has an end."""


def _nobody(text: str, /) -> None:
    """Take no note."""


class History(Struct, frozen=True, kw_only=True):
    """A repository to read. ``repository`` is what answers call it, by default ``name``, the name of its folder.

    ``service``: whose inputs they all are; empty: each folder with inputs is a service of its own.
    ``now``: its remotes are asked whether its branches still stand, at that time. ``unclaimed`` gets the
    paths of files that only have the name of a manifest, ``note`` what was left open.
    """

    path: Path
    repository: str = ""
    name: str = ""
    service: str = ""
    now: Instant | None = None
    ask: Ask | None = None
    unclaimed: Callable[[str], None] = _nobody
    note: Callable[[str], None] = _nobody

    @property
    def label(self) -> str:
        """What errors and services call it."""
        return self.service or self.name or name_of(self.path)


def states(asked: History, *, reject: Reject, progress: Progress) -> Iterator[FetchedDocument]:
    """Yield each state of each install input in a repository's history, those of the same bytes together.

    A state is one blob at one path, with the files that it includes, on one line of history
    (`history.lines`): all branches, those of remotes, other refs and tags, and side lines whose branch is
    gone. ``stands_until`` None: nothing on its line replaced it. ``read_at`` is then until when it was
    known to stand: for a branch that exists, when the clone was fetched by git's own reflog, or its
    remote agreed, or as long as the main branch stands; else its last commit. It is no time of the clock
    unless ``now`` is given. Times are the committer's. ``is_first``: nothing was at its path before.
    ``sources`` are the first and last commit of the state. A shallow clone begins where it was cut off,
    and says so. What only reflogs or stashes hold is not read.

    Cost: one pass over the commits, and one more for each round of included files whose names nothing
    gives away; every blob is read at most three times, and one input is held at a time.

    Raises:
        GraphkitError: no repository, no git, one that belongs to another user, or damaged commits or
            trees. A blob that cannot be read is told to ``reject``, and the rest goes on.
    """
    path, label = asked.path, asked.label
    git = Git(path, label)
    if not is_repository(path):
        raise GraphkitError(f"{label}: not a git repository; give the top folder of a clone, or a bare repository")
    if git.text("rev-parse", "--show-prefix"):  # its own .git is broken, and git found one in a folder above
        raise GraphkitError(f"{label}: git cannot read this repository: its .git is damaged or leads nowhere")
    ends = seen_when_fetched(git, tips(git, reject))
    if asked.now is not None:
        ends = still_there(git, ends, asked.now, asked.note, asked.ask)
    known = commits(git, ends)
    cut = boundary(git)
    with Blobs(git) as blobs:
        found, wholes = _found(git, _as_long_as_main(ends, known), known, blobs, asked, reject, progress)
        services = _services(asked, found)
        is_alone = not asked.service and not any(map(_makes_service, found))
        done = 0
        for same in _by_blob(found):
            progress(done, len(found), same[0].path)
            done += len(same)
            data = _content(same[0].blob, wholes, blobs)
            if isinstance(data, str) and same[0].blob != UNREAD:  # those are told of together
                for shown, commit in dict.fromkeys((state.path, state.first.sha[:12]) for state in same):
                    reject(shown, f"as of commit {commit}: {data}")
            problem = data if isinstance(data, str) else ""
            included = {} if problem else _included(same[0].blob, wholes, blobs)
            held = same[0].blob.encode() if isinstance(data, str) else data
            for state in same:
                starts = state.is_first and not any(one in known for one in state.first.parents)
                arrival = replace(_arrival(state, held, asked, cut), is_beginning=starts, problem=problem)
                arrival = replace(arrival, is_alone=is_alone)
                for service in services(state.path):
                    yield replace(arrival, service=service, included=included)
    progress(len(found), len(found), "history read")


def _found(  # noqa: PLR0917 - one step of the above
    git: Git,
    ends: Sequence[Tip],
    known: Mapping[str, Commit],
    blobs: Blobs,
    asked: History,
    reject: Reject,
    progress: Progress,
) -> tuple[list[branch_states.FileState], dict[str, Whole]]:
    """Return the states of all inputs, and what the names of those that include files stand for."""
    if not known:
        return [], {}

    def ask(paths: Sequence[bytes]) -> dict[str, list[tuple[bytes, str]]]:
        merged: dict[str, list[tuple[bytes, str]]] = {}
        for at in range(0, len(paths), _TOGETHER):
            where = [b":(top,literal)" + path for path in paths[at : at + _TOGETHER]]
            for sha, rows in changes(git, known, lambda _: True, progress, where).items():
                merged.setdefault(sha, []).extend(rows)
        return merged

    drawn = branch_states.lines(ends, known)
    includes = Includes(changes(git, known, is_followed, progress), blobs.read, ask)
    changed, wholes = includes.whole(drawn)
    claims = Claims(blobs, ask, reject, name=asked.label, is_one_service=bool(asked.service))
    told, others = claims.applied(changed, wholes, progress)
    for path in sorted(others):
        asked.unclaimed(path.decode("utf-8", "backslashreplace"))
    return branch_states.states(drawn, known, told), wholes


def _as_long_as_main(ends: Sequence[Tip], known: Mapping[str, Commit]) -> list[Tip]:
    """Return tips of which each branch that exists stands as long as the main one."""
    mains = [max(tip.seen, known[tip.commit].at) for number, tip in enumerate(ends) if tip.is_trunk or not number]
    least = max(mains, default=0)
    return [replace(tip, seen=max(tip.seen, least)) if tip.lives else tip for tip in ends]


def name_of(path: Path) -> str:
    """Return what a repository is called: the name of its folder as it was given, not where a link leads."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - see above
    folder = whole.parent if whole.name == ".git" else whole
    shown = os.fsencode(folder.name).decode("utf-8", "backslashreplace")
    return shown.removesuffix(".git") or shown or "repository"


def repositories(folder: Path) -> Iterator[Path]:
    """Yield the repositories below a folder, in the order of their names; none that lies inside another.

    Links are not followed, and what cannot be read holds none. Cost: one look at every folder below.
    """
    for parent, folders, _ in os.walk(folder):
        kept = sorted(name for name in folders if name not in _SKIPPED and not _is_link(parent, name))
        inside = [name for name in kept if is_repository(Path(parent, name))]
        folders[:] = [name for name in kept if name not in inside]
        yield from (Path(parent, name) for name in inside)


def _is_link(parent: str, name: str) -> bool:
    return os.path.islink(os.path.join(parent, name))  # noqa: PTH114, PTH118 - never raises


def _by_blob(found: Sequence[branch_states.FileState]) -> list[list[branch_states.FileState]]:
    """Return states by their bytes, the oldest first, so that each blob is read once and then let go."""
    groups: dict[str, list[branch_states.FileState]] = {}
    for state in sorted(found, key=lambda one: (one.start, one.path, one.branch)):
        groups.setdefault(state.blob, []).append(state)
    return list(groups.values())


def _content(blob: str, wholes: Mapping[str, Whole], blobs: Blobs) -> bytes | str:
    if blob.startswith("@"):
        return _NO_FILE.get(blob.partition(" ")[0], "no regular file")
    return blobs.read(wholes[blob].blob if blob in wholes else blob)


def _included(blob: str, wholes: Mapping[str, Whole], blobs: Blobs) -> dict[str, bytes]:
    """Return what an input includes; its reader says of what cannot be read that it is not followed."""
    parts = wholes[blob].included if blob in wholes else ()
    read = {name: blobs.read(one) for name, one in parts}
    return {name: data for name, data in read.items() if isinstance(data, bytes)}


def _services(asked: History, found: Iterable[branch_states.FileState]) -> Callable[[str], list[str]]:
    """Return what tells the services that a file is an input of."""
    if asked.service:
        return lambda _: [asked.service]
    owners = Owners({state.path for state in found if _makes_service(state)})
    label = asked.label
    return lambda path: [f"{label}/{folder}" if folder else label for folder in owners.of(path)]


def _makes_service(state: branch_states.FileState) -> bool:
    return shown_doubt_of(state.path) in {Doubt.NONE, Doubt.MANIFEST}


def _arrival(state: branch_states.FileState, data: bytes, asked: History, cut: frozenset[str]) -> FetchedDocument:
    return FetchedDocument(
        data=data,
        path=state.path,
        hint="lock" if shown_doubt_of(state.path) in {Doubt.NONE, Doubt.MANIFEST} else "",
        stands_from=state.start,
        # A branch that vanished, and a tag, ended with what was last seen of it: that no later build was made of
        # one is an assumption of its own (docs/semantics.md#assumptions).
        stands_until=state.end + SECOND if _vanished(state) else state.until,
        read_at=state.seen,
        branch=state.branch,
        repository=asked.repository or asked.name or name_of(asked.path),
        is_first=state.is_first and not cut,
        is_last=state.is_deleted or _vanished(state),
        lives=state.lives,
        is_checked_out=state.is_checked_out,
        note=_note(state, shallow=state.first.sha in cut),
        sources=tuple(dict.fromkeys((state.first.sha, state.last.sha))),
    )


def _vanished(state: branch_states.FileState) -> bool:
    """Return whether a state ended with its branch, or stands on a tag: nothing on its line took its place."""
    return not state.lives and not state.ended_by


def _note(state: branch_states.FileState, *, shallow: bool) -> str:
    parts = [f"branch {state.branch}, first commit {_shown(state.first)}, last commit {_shown(state.last)}"]
    if state.ended_by:
        parts.append(f"ended by commit {state.ended_by[:12]}")
    if state.forked:
        parts.append("taken along from where the branch forked off")
    if shallow:
        parts.append("the history is shallow: it may have stood before its first commit here")
    if state.skewed:
        parts.append("commit times run backwards here, so its times are the widest that they allow")
    return "; ".join(parts)


def _shown(commit: Commit) -> str:
    return f"{commit.sha[:12]} of {rfc3339(commit.at) if commit.at else 'no known time'}"
