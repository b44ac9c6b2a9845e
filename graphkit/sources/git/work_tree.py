"""What lies in a repository's folder and not in the commit that is checked out: changed, not added, or ignored."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from graphkit.sources.git.file_names import is_asked_for, is_input, may_include
from graphkit.sources.git.program import Git

_LINK = "120000"


def changed_files(path: Path, label: str, files: Iterable[str]) -> Iterator[str]:
    """Yield which files of a work tree the commit that is checked out does not have as they are, in their order.

    ``files``: paths of files in it; of these, inputs and what inputs include are looked at. An input that is as it was,
    and may include one that is not, or is a link to one, is among them. Lines that end in CR LF are as those that end
    in LF. Cost: one list of the files of a commit, and one look at the bytes of each file.

    Raises:
        GraphkitError: git cannot read the repository.
    """
    known = _known(Git(path, label))
    asked = [file for file in files if is_asked_for(os.fsencode(file)) or may_include(os.fsencode(file))]
    changed = {file for file in asked if not _is_as_it_was(path / file, known.get(file))}
    names = [os.fsencode(file.rpartition("/")[2]) for file in changed]
    for file in asked:
        if is_input(file) and (file in changed or _may_name(path / file, file, names) or _leads_to(path, file, known)):
            yield file


def _leads_to(path: Path, file: str, known: Mapping[str, tuple[str, str]]) -> bool:
    """Return whether a file is a link to another one in the work tree that is not as it was."""
    try:
        if not (path / file).is_symlink():
            return False
        target = (path / file).resolve().relative_to(path.resolve()).as_posix()
    except (OSError, ValueError, RuntimeError):  # it leads outside, nowhere, or in a circle
        return False
    return not _is_as_it_was(path / target, known.get(target))


def _known(git: Git) -> dict[str, tuple[str, str]]:
    """Return mode and blob of each file of the commit that is checked out; none where no commit is."""
    told = git.found("ls-tree", "-r", "-z", "HEAD") or b""
    rows = (row.partition(b"\t") for row in told.split(b"\0") if row)
    return {os.fsdecode(name): _mode_and_blob(head.decode("ascii")) for head, _, name in rows}


def _mode_and_blob(head: str) -> tuple[str, str]:
    mode, _, blob = head.split(" ")
    return mode, blob


def _is_as_it_was(path: Path, known: tuple[str, str] | None) -> bool:
    if known is None:
        return False
    mode, blob = known
    try:
        if mode == _LINK or path.is_symlink():
            return mode == _LINK and path.is_symlink() and _blob(os.fsencode(path.readlink()), blob) == blob
        data = path.read_bytes()
    except OSError:
        return False
    return blob in {_blob(data, blob), _blob(data.replace(b"\r\n", b"\n"), blob)}


def _blob(data: bytes, like: str) -> str:
    """Return the name of a blob, by the hash that another name is of."""
    kind = "sha1" if len(like) == hashlib.sha1(usedforsecurity=False).digest_size * 2 else "sha256"
    return hashlib.new(kind, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _may_name(path: Path, file: str, names: Sequence[bytes]) -> bool:
    """Return whether an input may include a file of one of the names."""
    if not names or not may_include(os.fsencode(file)):
        return False
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return any(name in data for name in names)
