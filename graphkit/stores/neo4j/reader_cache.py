"""What a client read of a server, kept in the user's cache: the next question starts from there.

One file a graph: a magic line, a SHA-256 of the rest, and the rest in MessagePack. A file that is not whole, of another
layout or another packaging is no file. It holds what anybody may read who may ask the server, and no credentials; it is
for its user alone. `GRAPHKIT_NO_CACHE` turns it off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import Any, Final

import msgspec
import numpy as np
import packaging
from numpy.typing import NDArray
from platformdirs import user_cache_path

from graphkit.stores.neo4j.server import FORMAT
from graphkit.temporary import in_place_of, private_folder

_MAGIC: Final = b"graphkit reader 1\n"
"""The number goes up where a statement of the port gives other columns, or a memory keeps others."""
_DIGEST: Final = hashlib.sha256().digest_size
MOST: Final = 512 * 1024 * 1024
"""Bytes that all files may have together; what was used longest ago goes first."""
LARGEST: Final = 256 * 1024 * 1024


class Flat(msgspec.Struct, frozen=True, kw_only=True):
    """An array of one dimension, as it is kept."""

    dtype: str
    data: bytes


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one generation.

    ``graph``: what its own node says; ``seen``: the last change of a writer that it knows of. ``numbers``: nodes by id;
    ``blocks``: packages of release ids and how many releases each has; ``texts`` by kind and id; ``names``: numbers of
    packages by name. ``rows``: of each memory the ids and the columns. ``answers`` of the organisation's side.
    """

    made_by: tuple[str, str]
    graph: dict[str, Any]
    seen: int
    numbers: dict[str, Flat]
    blocks: tuple[Flat, Flat]
    texts: dict[str, list[str]]
    names: dict[str, int]
    rows: dict[str, tuple[Flat, dict[str, Flat | list[str]]]]
    answers: dict[str, dict[str, Any]]


MADE_BY: Final = (FORMAT, packaging.__version__)
"""Whatever decides what columns mean."""


def flat(values: NDArray[Any]) -> Flat:
    """Return an array as it is kept."""
    return Flat(dtype=values.dtype.str, data=values.tobytes())


def unflat(kept: Flat) -> NDArray[Any]:
    """Return an array, read-only."""
    return np.frombuffer(kept.data, dtype=kept.dtype)


class ReaderCache:
    """The file of one graph."""

    def __init__(self, *identity: str) -> None:
        """Take what tells the graph from any other: server, database, user and the graph's own mark."""
        self._folder = user_cache_path("graphkit") / "neo4j"
        name = hashlib.sha256("\n".join(identity).encode("utf-8", "surrogatepass")).hexdigest()
        self._path = self._folder / f"{name}.reader"
        self._is_on = not os.environ.get("GRAPHKIT_NO_CACHE")

    def load(self) -> Kept | None:
        """Return what was kept, None for nothing. Cost: the file is read once, and its digest worked out."""
        if not self._is_on:
            return None
        try:
            raw = self._path.read_bytes()
            os.utime(self._path)
        except OSError:
            return None
        body = memoryview(raw)[len(_MAGIC) + _DIGEST :]
        if not raw.startswith(_MAGIC) or hashlib.sha256(body).digest() != raw[len(_MAGIC) : len(_MAGIC) + _DIGEST]:
            return None
        try:
            kept = msgspec.msgpack.decode(body, type=Kept)
        except msgspec.MsgspecError:  # of another layout
            return None
        return kept if kept.made_by == MADE_BY else None

    def save(self, kept: Kept) -> None:
        """Keep what was read in place of what was kept before; nothing where the disk cannot take it."""
        if not self._is_on:
            return
        body = msgspec.msgpack.encode(kept)
        if len(body) > LARGEST:
            return
        with contextlib.suppress(OSError):
            private_folder(self._folder)
            with in_place_of(self._path, mode=0o600) as part, part.open("wb") as file:  # for this user alone
                file.write(_MAGIC + hashlib.sha256(body).digest())
                file.write(body)
            self._make_room()

    def _make_room(self) -> None:
        known = [(path.stat(), path) for path in self._folder.iterdir()]
        used = 0
        for stat, path in sorted(known, key=lambda pair: pair[0].st_mtime, reverse=True):
            used += stat.st_size
            if used > MOST and path != self._path:
                path.unlink(missing_ok=True)
