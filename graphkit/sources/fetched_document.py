"""What a source hands over that is no file of a folder: a document with what its source knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field

from graphkit.model.times import Instant


class FetchedDocument(Struct, frozen=True, kw_only=True):
    """A document's bytes, not yet read, and what its source says of them.

    ``path`` is what answers call it, unique in its source: `github/acme/shop/uv.lock`. ``service`` and
    ``company`` empty: the source names none. ``hint`` is `sbom`, `lock`, `env` or empty. Times are as
    in `model.organisation.DocumentUse`: ``built_at`` for what describes a build, ``stands_from`` and
    ``stands_until`` for locks and manifests, ``repository`` and ``is_first`` of an input. ``included`` are
    files that it includes, by their path from its folder. ``lives``: what it stands on, a branch, still
    existed when its source was read, and ``is_checked_out`` is the one that its repository shows;
    ``is_beginning``: it began with the first commit that is known, so it may have been in place before.
    ``problem``: its bytes could not be read, and why; ``data`` is then what tells it from others.
    ``is_alone``: no lock or manifest is known in its repository, and nobody named the service.
    ``sources`` says where it stands: addresses, commits.
    """

    data: bytes
    path: str
    service: str = ""
    company: str = ""
    owner: str = ""
    hint: str = ""
    built_at: Instant | None = None
    stands_from: Instant | None = None
    stands_until: Instant | None = None
    read_at: Instant | None = None
    branch: str = ""
    repository: str = ""
    is_first: bool = False
    is_last: bool = False
    included: Mapping[str, bytes] = field(default_factory=dict)
    lives: bool = False
    is_checked_out: bool = False
    is_beginning: bool = False
    is_alone: bool = False
    note: str = ""
    sources: tuple[str, ...] = ()
    problem: str = ""


class Reject(Protocol):
    """Told of an input that could not be used: what it is called, and what is wrong and what to do."""

    def __call__(self, path: str, problem: str, /) -> None:
        """Take note."""
