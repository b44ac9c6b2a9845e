"""Python releases that texts beside a document's rows name: paths of metadata, names of wheels, purls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from graphkit.formats.file_names import release_of_file
from graphkit.formats.purls import releases_in_purl, releases_in_text
from graphkit.formats.refs import Refs
from graphkit.model.documents import Component
from graphkit.model.names import PackageName, package_or_none, purl_of
from graphkit.model.versions import release_version

_PURL: Final = "pkg:"


def texts_in(value: object) -> Iterator[str]:
    """Yield every text in a decoded value, without its keys. Cost: linear, without recursion."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, str):
            yield one


@lru_cache(maxsize=1 << 14)
def package_by_name(written: str) -> PackageName | None:
    """Return the Python package that a name without purl may mean, None where it is no name of one.

    >>> package_by_name("Uvicorn[standard]")
    'uvicorn'
    """
    return package_or_none(written.partition("[")[0])


def is_source_archive(path: str) -> bool:
    """Return whether a path has the name of a source archive, which any project calls so.

    >>> is_source_archive("./vendor/litellm-1.82.8.tar.gz"), is_source_archive("https://files.example/a-1.tar.gz")
    (True, False)
    """
    is_one = path.lower().endswith((".tar.gz", ".zip")) and "://" not in path
    return is_one and release_of_file(path) is not None


def _key_of(path: str) -> tuple[PackageName, str] | None:
    found = release_of_file(path)
    return None if found is None else (found[0], release_version(found[1]).key)


class NamedReleases:
    """The releases that texts name, each with the place of the first text that names it."""

    def __init__(self) -> None:
        self._places: dict[tuple[PackageName, str], str] = {}
        self._archives: dict[str, str] = {}
        """Paths of what may be source archives of Python packages, and may be of anything else."""

    def take(self, text: str, place: str) -> None:
        """Remember the releases that a path or address shows, by metadata or wheel, or that a Python purl names."""
        for found in releases_in_text(text):
            self._places.setdefault(found, place)
        if text.startswith(_PURL):
            self.take_qualifiers(text, place)
        elif is_source_archive(text):
            self._archives.setdefault(text, place)

    def take_qualifiers(self, purl: str, place: str) -> None:
        """Remember the releases whose files the qualifiers of a purl name."""
        for found in releases_in_purl(purl):
            self._places.setdefault(found, place)

    def take_all(self, value: object, place: str) -> None:
        """Remember what every text in a decoded value names. Cost: linear."""
        for text in texts_in(value):
            self.take(text, place)

    def rows(self, known: Iterable[Component], refs: Refs) -> Iterator[tuple[Component, str]]:
        """Yield a row, and its place, for each release that none of the ``known`` rows is."""
        have = {(row.package, release_version(row.version).key) for row in known if row.package}
        for (package, version), place in self._places.items():
            key = (package, release_version(version).key)
            if key in have:
                continue
            have.add(key)
            ref = refs.unique(f"{place} {package} {version}")
            purl = purl_of(package, version or None)
            yield Component(ref=ref, name=package, package=package, version=version, purl=purl), place
        for path, place in self._archives.items():
            if _key_of(path) not in have:
                yield Component(ref=refs.unique(f"{place} {path}"), name=path, optional=True), place
