"""Locks of whole workspaces, for services that are one member each: what such a lock has for a member alone."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from itertools import compress

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.documents import Component, Document, Edge
from graphkit.model.repository_paths import PathParts, parts_of_path

_LOCAL = frozenset({"editable", "virtual", "directory"})
"""How the origin of a row begins that is a project by its folder."""


class Workspace(Struct, frozen=True, kw_only=True):
    """What a service has to do with the lock of a workspace that lies in the folder of another service.

    ``members``: the folders of its projects, from that of the lock. ``is_whole``: a script of the service may install
    other members too, so all that the lock lists counts.
    """

    members: frozenset[PathParts]
    is_whole: bool = False


def for_members(lock: Document, members: AbstractSet[PathParts]) -> Document:
    """Return a lock with the rows alone that projects in some folders lead to: what an install of those takes of it.

    Extras, groups and other platforms count. The document is as it was where no row is left out, or where it has none
    because none matters to the case.
    """
    roots = [row.ref for row in lock.components if _folder_of(row) in members]
    reached = _reached(roots, lock.edges)
    kept = [row.ref in reached for row in lock.components]
    if all(kept):
        return lock
    subjects = [row.name for row in lock.components if row.ref in roots]
    return replace(
        lock,
        components=tuple(compress(lock.components, kept)),
        places=tuple(compress(lock.places, kept)) if len(lock.places) == len(kept) else lock.places,
        lines=tuple(compress(lock.lines, kept)) if len(lock.lines) == len(kept) else lock.lines,
        edges=tuple(edge for edge in lock.edges if edge.source in reached),
        roots=tuple(roots),
        subject=subjects[0] if len(subjects) == 1 else "",
    )


def _folder_of(row: Component) -> PathParts | None:
    kind, colon, folder = row.origin.partition(":")
    return parts_of_path(folder) if colon and kind in _LOCAL else None


def _reached(roots: Iterable[str], edges: Iterable[Edge]) -> set[str]:
    children: dict[str, list[str]] = {}
    for edge in edges:
        children.setdefault(edge.source, []).append(edge.target)
    waiting = list(dict.fromkeys(roots))
    seen = set(waiting)
    for one in waiting:
        fresh = [child for child in children.get(one, ()) if child not in seen]
        seen.update(fresh)
        waiting += fresh
    return seen
