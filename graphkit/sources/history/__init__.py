"""Lock files through time: every state that a git repository's history holds, and from when to when it stood."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from graphkit.model.errors import GraphkitError
from graphkit.model.progress import Progress
from graphkit.model.times import rfc3339
from graphkit.sources.arrivals import Arrival, Reject
from graphkit.sources.history import lines
from graphkit.sources.history.commits import LOCKS, Commit, boundary, changes, commits, tips
from graphkit.sources.history.git import Blobs, Git, is_repository

__all__ = ["LOCKS", "is_repository", "states"]

_NO_FILE: Final = {
    "@120000": "a symbolic link, which is not followed; the file that it leads to is what was installed from",
    "@160000": "a submodule, whose history is its own; ingest that repository too",
}


def states(path: Path, *, name: str = "", reject: Reject, progress: Progress) -> Iterator[Arrival]:
    """Yield each state of each lock file in a repository's history, those of the same bytes together.

    A state is one blob at one path on one line of history (`history.lines`): all branches, those of
    remotes, other refs and tags, and side lines whose branch is gone. ``stands_until`` None: nothing on
    its line replaced it; it stood when ``read_at`` was committed, which is no time of the clock. Times
    are the committer's. ``sources`` are the first and last commit of the state. ``name`` is what the
    service is called, by default the repository's folder; a lock in a folder of it has its own service.
    A shallow clone begins where it was cut off, and says so. What only reflogs or stashes hold is not read.

    Cost: one pass over the commits; every blob is read once, and one is held at a time.

    Raises:
        GraphkitError: no repository, no git, one that belongs to another user, or damaged commits or
            trees. A blob that cannot be read is told to ``reject``, and the rest goes on.
    """
    service = name or _name_of(path)
    git = Git(path, service)
    if not is_repository(path):
        raise GraphkitError(f"{service}: no git repository; give the top folder of a clone, or a bare repository")
    if git.text("rev-parse", "--show-prefix"):  # its own .git is broken, and git found one in a folder above
        raise GraphkitError(f"{service}: git cannot read this repository: its .git is damaged or leads nowhere")
    ends = tips(git, reject)
    known = commits(git, ends)
    cut = boundary(git)
    changed = changes(git, known, progress) if known else {}
    found = lines.states(lines.lines(ends, known), known, changed)
    with Blobs(git) as blobs:
        done = 0
        for same in _by_blob(found):
            progress(done, len(found), same[0].path)
            done += len(same)
            blob = same[0].blob
            data = _NO_FILE.get(blob, "no regular file") if blob.startswith("@") else blobs.read(blob)
            if isinstance(data, str):
                for shown, commit in dict.fromkeys((state.path, state.first.sha[:12]) for state in same):
                    reject(shown, f"as of commit {commit}: {data}")
                continue
            for state in same:
                yield _arrival(state, data, service, shallow=state.first.sha in cut)
    progress(len(found), len(found), "history read")


def _name_of(path: Path) -> str:
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - the name that was given, not where a link leads
    folder = whole.parent if whole.name == ".git" else whole
    shown = os.fsencode(folder.name).decode("utf-8", "backslashreplace")
    return shown.removesuffix(".git") or shown or "repository"


def _by_blob(found: Sequence[lines.State]) -> list[list[lines.State]]:
    """Return states by their bytes, the oldest first, so that each blob is read once and then let go."""
    groups: dict[str, list[lines.State]] = {}
    for state in sorted(found, key=lambda one: (one.start, one.path, one.branch)):
        groups.setdefault(state.blob, []).append(state)
    return list(groups.values())


def _arrival(state: lines.State, data: bytes, service: str, *, shallow: bool) -> Arrival:
    folder = state.path.rpartition("/")[0]
    return Arrival(
        data=data,
        path=state.path,
        service=f"{service}/{folder}" if folder else service,
        hint="lock",
        stands_from=state.start,
        stands_until=state.until,
        read_at=state.seen,
        branch=state.branch,
        note=_note(state, shallow=shallow),
        sources=tuple(dict.fromkeys((state.first.sha, state.last.sha))),
    )


def _note(state: lines.State, *, shallow: bool) -> str:
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
