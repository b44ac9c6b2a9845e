"""Stores: where facts are kept. One registry line each; nothing here imports a database."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError
from graphkit.stores.port import Store


class Opener(Protocol):
    """What a registry line names: a class or function that opens a store at an address."""

    def __call__(self, address: str | Path, *, create: bool, **of_a_folder: Caller | None) -> Store:
        """Return the opened store; ``create`` False refuses to make a missing one."""


STORES: Final[tuple[tuple[str, str], ...]] = (
    ("embedded", "graphkit.stores.embedded.store:EmbeddedStore"),
    ("neo4j", "graphkit.stores.neo4j.store:Neo4jStore"),
)
"""Every store as (name, lazy path). The first one takes plain paths."""

COPIES: Final[tuple[tuple[str, str], ...]] = (
    ("push", "graphkit.stores.neo4j.push:push"),
    ("export", "graphkit.stores.neo4j.export:export"),
    ("slice", "graphkit.stores.neo4j.slice:sliced"),
)
"""How a whole graph, or a part, goes from the first store to the second, as (name, lazy path)."""

CHECKS: Final[tuple[tuple[str, str], ...]] = (("embedded", "graphkit.stores.embedded.health:FolderHealth"),)
"""What looks whether the files of a graph are as they were written, by the name of its store, as (name, lazy path)."""

_SERVER_SCHEMES: Final = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


def open_store(address: str | Path, *, create: bool = False, caller: Caller | None = None) -> Store:
    """Return the store at an address: a folder, or the URL of a server.

    A missing folder is made only with ``create``. ``caller``: who opens a folder; a server has locks of its own.
    Cost: nothing is read before the first call.

    Raises:
        GraphkitError: there is no graph at the address, or no store for such an address.
    """
    scheme, separator, _ = str(address).partition("://")
    if separator and not isinstance(address, Path):
        if scheme.lower() in _SERVER_SCHEMES:
            return _opener(dict(STORES)["neo4j"])(address, create=create)
        raise GraphkitError(f"no store takes {scheme}:// addresses; give a folder")
    return _opener(dict(STORES)["embedded"])(address, create=create, caller=caller)


def _opener(path: str) -> Opener:
    module, _, name = path.partition(":")
    return cast("Opener", getattr(import_module(module), name))


def copier(name: str) -> Callable[..., Any]:
    """Return a way to copy, by its name in `COPIES`."""
    module, _, function = dict(COPIES)[name].partition(":")
    return cast("Callable[..., Any]", getattr(import_module(module), function))


def health_of(address: str, caller: Caller | None) -> Any:
    """Return what looks at the folder of a graph; see `graphkit.stores.embedded.health.FolderHealth`."""
    module, _, name = dict(CHECKS)["embedded"].partition(":")
    return getattr(import_module(module), name)(address, caller)
