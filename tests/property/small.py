"""Worlds of a few releases, written down as a person would say them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphkit.model.index import File, FileKind, Hidden
from graphkit.model.names import package_name
from graphkit.model.times import Instant
from tests.property.worlds import MINUTE, NOON, World

OLD = NOON - 100 * MINUTE


def sdist(
    uploaded: Instant | None = OLD,
    *,
    name: str = "a.tar.gz",
    yanked: bool = False,
    yanked_since: Instant | None = None,
    requires_python: str = "",
) -> File:
    return File(
        filename=name,
        kind=FileKind.SDIST,
        uploaded=uploaded,
        yanked=yanked,
        yanked_since=yanked_since,
        requires_python=requires_python,
    )


def wheel(name: str) -> File:
    return File(filename=name, kind=FileKind.WHEEL, uploaded=OLD)


def made(
    index: Mapping[str, Mapping[str, File | Iterable[File]]],
    requires: Mapping[str, tuple[str, ...] | None] | None = None,
    *,
    bad: Iterable[str] = (),
    hidden: tuple[Hidden, ...] = (),
) -> World:
    """Give a world from short words; releases are ``name@version``, and require nothing unless it is said."""

    def key(text: str) -> tuple[str, str]:
        name, _, version = text.partition("@")
        return package_name(name), version

    packages = {
        package_name(name): {
            version: (files,) if isinstance(files, File) else tuple(files) for version, files in releases.items()
        }
        for name, releases in index.items()
    }
    texts: dict[tuple[str, str], tuple[str, ...] | None] = {
        (name, version): () for name, releases in packages.items() for version in releases
    }
    texts |= {key(release): asked for release, asked in (requires or {}).items()}
    return World(
        packages=packages,
        requirements={(package_name(name), version): asked for (name, version), asked in texts.items()},
        compromised=tuple((package_name(name), version) for name, version in map(key, bad)),
        window=(NOON, NOON + 12 * MINUTE),
        pages_read=frozenset(packages),
        hidden=hidden,
    )
