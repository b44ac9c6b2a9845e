"""Whether components of other ecosystems are one release: their purls and versions compared (purl specification)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from graphkit.model.documents import Component
from graphkit.model.names import BadName, named_by_file, purl_key, read_purl
from graphkit.model.versions import ReleaseVersion, release_version

_READABLE: Final = re.compile(r"[A-Za-z.+_:~-]*[0-9][0-9A-Za-z.+_:~-]*")
"""Begun at the first digit, a text of any length is looked through once."""
_WILD: Final = re.compile(r"(?:^|\.)[xX*](?:\.|$)")
_DIGEST: Final = re.compile(r"(?:sha(?:256|512):)?[0-9a-f]{7,128}|sha(?:256|512):.*")
_WHOLE_DIGEST: Final = re.compile(r"(?:sha(?:256|512):)?(?:[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})")
_BEFORE: Final = re.compile(r"^(?:[=v]+(?=[0-9])|[0-9]+:)")
_LONGEST: Final = 4_096
"""Characters of an unreadable purl that are looked at."""
_OF_DISTRIBUTIONS: Final = ("pkg:alpm/", "pkg:apk/", "pkg:deb/", "pkg:rpm/")


class OtherRelease(NamedTuple):
    """A release of another ecosystem: its purl's key, and every version that is said of it, as `_plain` has them."""

    key: str
    versions: frozenset[str]


def release_of_purl(purl: str, version: str = "") -> OtherRelease:
    """Return the release that a purl names, and a version that stands beside it."""
    return OtherRelease(purl_key(purl), frozenset({_plain(version_of_purl(purl)), _plain(version)} - {""}))


def versions_of(row: Component) -> list[ReleaseVersion]:
    """Return every version that a row names: its own, that of its purl, and where it has none that of its file."""
    file = named_by_file(row.name)
    texts = list(filter(None, (row.version, version_of_purl(row.purl)))) or [file[1] if file else ""]
    return [release_version(text) for text in dict.fromkeys(texts)]


def version_of_purl(purl: str) -> str:
    """Return the version that a purl names, empty where it names none or cannot be read."""
    for text in dict.fromkeys((purl, purl.partition("?")[0])):
        try:
            return read_purl(text).version or ""
        except BadName:
            continue
    return ""


def release_of_row(row: Component) -> OtherRelease:
    """Return the release that a row with a purl names."""
    return release_of_purl(row.purl, row.version)


def may_be_named(key: str, name: str, purl: str) -> bool:
    """Return whether a row without a readable purl may be the package of a purl's key, by its name or its purl's text.

    The text is compared without its escapes, with and without the namespace.

    >>> may_be_named("pkg:npm/%40scope/name", "", "pkg:npm/@scope%2Fname@1.0")
    True
    """
    full = unquote(key.partition("/")[2])
    own = name.strip().casefold()
    if not full:
        return False
    if own in {full, full.replace("/", ":"), full.rpartition("/")[2]}:
        return True
    text = unquote(unquote(purl[:_LONGEST])).casefold()
    return re.search(rf"(?<![\w.-]){re.escape(full)}(?![\w-])", text) is not None


def type_of(purl: str) -> str:
    """Return a purl's scheme and type, as ``pkg:npm``."""
    return purl_key(purl).partition("/")[0]


def is_one(row: OtherRelease, accused: OtherRelease) -> bool | None:
    """Return whether a row is an accused release; None where that cannot be told.

    It cannot where the row's version is missing, is a range or a tag that moves, or where one of the
    two is a digest and the other is none. Names of distributions are compared without their namespace
    where one of the two has none.
    """
    if row.key != accused.key:
        if not _is_perhaps_one(row.key, accused.key):
            return False
        return False if row.versions and not row.versions & accused.versions and _are_known(row, accused) else None
    if row.versions & accused.versions:
        return True
    return False if row.versions and _are_known(row, accused) else None


def _are_known(row: OtherRelease, accused: OtherRelease) -> bool:
    """Return whether all versions of two releases can be told apart."""
    return all(_differ(one, other) for one in row.versions for other in accused.versions)


def _differ(one: str, other: str) -> bool:
    if _is_digest(one) or _is_digest(other):
        return bool(_WHOLE_DIGEST.fullmatch(one) and _WHOLE_DIGEST.fullmatch(other))
    if not _READABLE.fullmatch(one) or _WILD.search(one):
        return False
    # Build metadata (SemVer 2.0, §10) names another build of the same release.
    return one.partition("+")[0] != other.partition("+")[0]


def _is_digest(version: str) -> bool:
    return bool(_DIGEST.fullmatch(version)) and not version.isdecimal()


def _plain(version: str) -> str:
    """Return a version in lower case, without the ``v`` or ``=`` that some tools write before it, and without an epoch.

    Packages of distributions have theirs in the version or in a qualifier.
    """
    return _BEFORE.sub("", version.strip().casefold())


def _is_perhaps_one(one: str, other: str) -> bool:
    kind = next((kind for kind in _OF_DISTRIBUTIONS if one.startswith(kind) and other.startswith(kind)), "")
    left, right = one.removeprefix(kind), other.removeprefix(kind)
    if not kind or ("/" in left and "/" in right):
        return False
    return left.rpartition("/")[2] == right.rpartition("/")[2]
