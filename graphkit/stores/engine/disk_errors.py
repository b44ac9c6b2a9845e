"""Errors of the disk and of the database, as one line that says which file, and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from graphkit.model.errors import GraphkitError

_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, None)
"""Error numbers of a full disk or a limit of sizes; NumPy gives none where it could write a part only."""
_FULL: Final = "the disk is full; free some space and run the same command again; what was saved before is kept"
_TO_DO: Final = {
    errno.EROFS: "copy the graph to where it can be written, and give that folder with --graph",
    errno.EACCES: "have its owner change the permissions, or give another folder with --graph",
    errno.EPERM: "have its owner change the permissions, or give another folder with --graph",
    errno.EMFILE: "raise the limit of open files (ulimit -n) and run the same command again",
    errno.ENFILE: "end other programs and run the same command again",
    errno.ENAMETOOLONG: "give a shorter path with --graph",
    errno.ENOENT: "it was deleted or replaced while it was open; run the same command again",
    errno.ENOLCK: "the file system has no locks: keep the graph on a local disk (--graph)",
}
"""What to do about an error of the disk, by its number."""


def disk_error(folder: Path, what: str, error: OSError) -> GraphkitError:
    """Return an error of the disk as one line. ``what``: what cannot be done, in words."""
    if error.errno in _NO_SPACE:
        return GraphkitError(f"{folder}: {_FULL}")
    told = f"{folder}: {what}: {error.strerror}"
    return GraphkitError(f"{told}; {_TO_DO[error.errno]}" if error.errno in _TO_DO else told)


def cause_in(text: str) -> OSError | None:
    """Return the error of the disk that a text of DuckDB tells of; None where it is another."""
    if "max_temp_directory_size" in text:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    known = (*_TO_DO, *filter(None, _NO_SPACE))
    return next((OSError(number, os.strerror(number)) for number in known if os.strerror(number) in text), None)


@contextmanager
def on_disk(folder: Path, what: str) -> Iterator[None]:
    """Turn an error of the disk into one line."""
    try:
        yield
    except OSError as error:
        raise disk_error(folder, what, error) from error
