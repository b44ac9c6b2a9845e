"""A git history that ships as one file of text: a `git fast-import` stream, unpacked for as long as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graphkit.model.errors import GraphkitError
from graphkit.sources.git.program import Git
from graphkit.temporary import scratch_folder


@contextmanager
def unpacked_history(stream: Path, name: str) -> Iterator[Path]:
    """Yield a bare repository called ``name`` with the history of a stream; it is removed at the end.

    git runs with the fixed settings of `graphkit.sources.git.program`: no hook, no template, no setting of the user.
    Features of a stream that could write elsewhere stay off (git 2.24 or newer). The same stream, the same commits.
    Cost: git is run twice, and writes what the stream holds.

    Raises:
        GraphkitError: there is no git, or the stream is missing or damaged.
    """
    try:
        data = stream.read_bytes()
    except OSError as error:
        raise GraphkitError(f"{stream.name} cannot be read: {error.strerror}") from error
    with scratch_folder() as folder:
        repository = folder / f"{name}.git"
        repository.mkdir()
        git = Git(repository, name)
        git.text("-c", "init.defaultBranch=main", "init", "--quiet", "--bare", "--template=")
        # `--done`: a stream that was cut off is an error, and no shorter history.
        git.text("fast-import", "--quiet", "--done", given=[data.removesuffix(b"\n")])
        yield repository
