"""Whose inputs the files of a folder or repository are, where nobody names the service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from graphkit.model.input_names import is_docker_ignore

_MOST: Final = 100


class Owners:
    """The folders with inputs of their own: each is a service (docs/semantics.md#install-inputs).

    A file that only can install, such as a Dockerfile, is of the nearest folder above it that has inputs, else
    of all below the nearest that holds some. What is kept out of an image is of all below, too: images of them may be
    built there.
    """

    def __init__(self, inputs: Iterable[str]) -> None:
        """Take the paths of locks and manifests."""
        self._folders = {folder_of(path) for path in inputs}
        self._below: dict[str, set[str]] = {}
        for folder in self._folders:
            above = folder
            while above:
                above = folder_of(above)
                self._below.setdefault(above, set()).add(folder)

    def of(self, path: str) -> list[str]:
        """Return the folders whose inputs a file belongs to; its own top where there are none, or too many."""
        at = folder_of(path)
        while at and at not in self._folders and at not in self._below:
            at = folder_of(at)
        owners = {at} if at in self._folders else self._below.get(at, {at})
        owners = owners if len(owners) <= _MOST else {at}
        return sorted(owners | self._below.get(folder_of(path), set()) if is_docker_ignore(path) else owners)


def folder_of(path: str) -> str:
    """Return the folder of a path, empty for the top."""
    return path.rpartition("/")[0]
