"""Names that mean the same: packages under other purls, services under other names. Stated, never guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import Struct

from graphkit.model.names import PackageName, ServiceId, bare_purl

_Id = TypeVar("_Id", bound=str)


class PackageAlias(Struct, frozen=True, kw_only=True, order=True):
    """A package of the index, and what it is called elsewhere. ``purls`` are `alias_purl` texts, sorted.

    The versions of such purls are those of their own type: ``6.0.1-2`` of a distribution is no PEP 440
    version, and a package rebuilt elsewhere is not the file that was compromised.
    """

    package: PackageName
    purls: tuple[str, ...]


class ServiceAlias(Struct, frozen=True, kw_only=True, order=True):
    """A service, and its other names, sorted: a repository ``acme/shop``, a project, an address.

    Names are compared as written: upper and lower case differ.
    """

    service: ServiceId
    names: tuple[str, ...]


class Aliases(Struct, frozen=True, kw_only=True):
    """The aliases of one file, or of all of them joined. ``source`` names the file.

    Both lists are sorted, hold each package and service once, and each other name once in its list.
    """

    source: str = ""
    packages: tuple[PackageAlias, ...] = ()
    services: tuple[ServiceAlias, ...] = ()


class Clash(Struct, frozen=True, kw_only=True, order=True):
    """One name that is said to mean several things, sorted: it means none of them."""

    name: str
    meanings: tuple[str, ...]


def alias_purl(text: str) -> str:
    """Return a purl's type, namespace and name in the canonical spelling of `packageurl`.

    Version, qualifiers and subpath are left out: they say which file of the package it is.

    >>> alias_purl("pkg:DEB/debian/python3-yaml@6.0.1-2?arch=amd64")
    'pkg:deb/debian/python3-yaml'

    Raises:
        BadName: the text is not a valid purl.
    """
    return bare_purl(text)


def settled(pairs: Iterable[tuple[str, _Id]]) -> tuple[dict[_Id, tuple[str, ...]], tuple[Clash, ...]]:
    """Return the other names of each thing, and the names that were given to several things.

    A pair is another name and what it means. The order of the pairs changes nothing: a name of several
    things is taken from all of them, since keeping the first would be a guess. A thing's own name stays
    its own, and is not among its other names. Both results are sorted. Cost: one sort.
    """
    meanings: defaultdict[str, set[_Id]] = defaultdict(set)
    for name, thing in pairs:
        meanings[name].add(thing)
        meanings[str(thing)].add(thing)
    names: defaultdict[_Id, list[str]] = defaultdict(list)
    clashes = []
    for name, things in sorted(meanings.items()):
        if len(things) > 1:
            clashes.append(Clash(name=name, meanings=tuple(sorted(things))))
            continue
        (thing,) = things
        if thing != name:
            names[thing].append(name)
    return {thing: tuple(names[thing]) for thing in sorted(names)}, tuple(clashes)


def joined(several: Iterable[Aliases]) -> tuple[Aliases, tuple[Clash, ...]]:
    """Return several files' aliases as one, and the names on which they disagree, which mean nothing.

    The order of the files changes nothing. Join files, not what was joined before: a name that was
    dropped there is no longer here to disagree.
    """
    files = tuple(several)
    packages, bad_purls = settled((purl, one.package) for file in files for one in file.packages for purl in one.purls)
    services, bad_names = settled((name, one.service) for file in files for one in file.services for name in one.names)
    return aliases_of("", packages, services), (*bad_purls, *bad_names)


def aliases_of(
    source: str, packages: Mapping[PackageName, tuple[str, ...]], services: Mapping[ServiceId, tuple[str, ...]]
) -> Aliases:
    """Return the fact for what `settled` returned."""
    return Aliases(
        source=source,
        packages=tuple(PackageAlias(package=one, purls=purls) for one, purls in sorted(packages.items())),
        services=tuple(ServiceAlias(service=one, names=names) for one, names in sorted(services.items())),
    )
