"""The wheels of one release and what each of them requires, for that of one platform may require what others do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from msgspec.structs import replace

from graphkit.model.environment import AnyOfEnvironments, environments_within
from graphkit.model.index import File, FileKind, MetadataSource, ReleaseMetadata, needs_of
from graphkit.model.requirements import Requirement, requirement
from graphkit.sources.index.pages import FileLinks

MOST: Final = 64
"""Wheels of one release whose metadata are read; the public index has no release with so many different ones."""
_SOME_ALONE: Final = 'platform_version == "of some wheels alone"'
"""A condition that nobody can decide, so that what stands under it may apply, and is never taken as given."""


def wheels_apart(best: File, files: Iterable[File], offers: Mapping[str, FileLinks], *, tells_all: bool) -> list[File]:
    """Return the files whose metadata say together what a release requires: one of each kind, the best file first.

    The index gives a hash of each wheel's metadata (PEP 714): equal hashes are equal metadata. A wheel without a hash
    may have any. Where nothing is announced of any wheel, nothing says that they differ, and the best file speaks for
    all. ``tells_all``: a wheel of which nothing is announced, beside others, is one that the index could not read.
    Wheels for machines that no environment of an answer has are left out (docs/semantics.md#environments).
    """
    wheels = sorted((file for file in files if file.kind is FileKind.WHEEL), key=lambda file: file.filename)
    announced = {file.filename: offers[file.filename].metadata for file in wheels}
    if not tells_all:
        announced = {name: metadata for name, metadata in announced.items() if metadata is not None}
    kinds = {name: metadata or name for name, metadata in announced.items()}
    if len(set(kinds.values())) <= 1 or all(metadata is None for metadata in announced.values()):
        return [best]
    apart: dict[str, File] = {}
    for file in (best, *wheels):
        if (kind := kinds.get(file.filename)) and kind not in apart and _common().installs(_needs(file)):
            apart[kind] = file
    return list(apart.values()) or [best]


def joined(reads: Sequence[ReleaseMetadata], lost: Iterable[str]) -> ReleaseMetadata:
    """Return what a release requires by the metadata of its wheels, of which there is one at least.

    What all of them require is sure. What some require alone is kept under a condition that nobody can decide. Where
    the metadata of a wheel could not be read, or were not (``lost`` says why), the requirements are incomplete.
    """
    known = [read for read in reads if read.source is not MetadataSource.UNKNOWN]
    if not known:
        return reads[0]
    missing = [f"({read.reason})" for read in reads if read.source is MetadataSource.UNKNOWN]
    missing += [f"({text})" for text in lost]
    everywhere = set(known[0].requirements).intersection(*(read.requirements for read in known))
    listed = dict.fromkeys(one for read in known for one in read.requirements)
    pythons = {read.requires_python for read in known}
    return replace(
        known[0],
        requirements=tuple(one if one in everywhere else _maybe(one) for one in listed),
        provides_extra=tuple(sorted({extra for read in known for extra in read.provides_extra})),
        requires_python=pythons.pop() if len(pythons) == 1 else "",
        unreadable=tuple(dict.fromkeys([*(text for read in known for text in read.unreadable), *missing])),
    )


def _maybe(one: Requirement) -> Requirement:
    """Return a requirement that may apply; an unreadable one says no more than that already."""
    if one.unreadable:
        return one
    marker = f"({one.marker}) and {_SOME_ALONE}" if one.marker else _SOME_ALONE
    return requirement(str(replace(one, marker=marker)))


def _needs(file: File) -> str:
    return needs_of(file.kind, file.filename, file.requires_python)


@cache
def _common() -> AnyOfEnvironments:
    return AnyOfEnvironments(environments_within())
