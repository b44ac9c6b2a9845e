"""What the provenance of a build (SLSA, in-toto links) names: the materials that the builder fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from graphkit.formats.attestations.layers import Statement, check_length, sha256_in
from graphkit.formats.decoding import json_value
from graphkit.formats.diagnostics import Diagnostics, own_time
from graphkit.formats.file_names import release_of_file
from graphkit.formats.purl_rows import PurlRows
from graphkit.model.documents import Component
from graphkit.model.names import BadName, read_purl
from graphkit.model.times import Moment

_KINDS: Final = re.compile(r"(?:slsa\.dev|in-toto\.io)/provenance\b|in-toto\.io/(?:attestation/)?link\b", re.IGNORECASE)
_IMAGES: Final = frozenset({"docker", "oci", "github", "gitlab", "bitbucket", "githubactions"})
"""Purl types of what a build starts from: base images and repositories. They are in no list of packages."""
_REPOSITORY: Final = re.compile(r"(?:git|hg|svn|bzr)[+:@]|(?:oci|docker|docker-pullable|ssh|gs|s3)://", re.IGNORECASE)
_NAMES: Final = ("uri", "name", "downloadLocation")
_TIMES: Final = (
    ("runDetails", "metadata", "finishedOn"),
    ("runDetails", "metadata", "startedOn"),
    ("metadata", "buildFinishedOn"),
    ("metadata", "buildStartedOn"),
)


def is_provenance(kind: str) -> bool:
    """Return whether a predicate's type is one of provenance: SLSA's, of any version, or a link of in-toto.

    >>> is_provenance("https://slsa.dev/provenance/v1"), is_provenance("https://cyclonedx.org/bom")
    (True, False)
    """
    return bool(_KINDS.search(kind))


class Materials:
    """The materials of one or more builds as rows, in their order; ``diagnostics`` gets what is odd about them."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.rows = PurlRows(diagnostics)
        self.names_packages = False
        """A package is named, or a file by its hash; base images and repositories alone are not any."""
        self.finished: Moment | None = None
        """When the first of the builds ended, else when it began; None where it does not say."""
        self._diagnostics = diagnostics

    def take(self, statement: Statement) -> None:
        """Take up what a statement of provenance names. Cost: linear, without recursion.

        Raises:
            InputError: it is larger than any.
        """
        check_length(statement.predicate, "provenance", statement.place)
        predicate = json_value(statement.predicate) if statement.predicate else None
        if not isinstance(predicate, dict):
            return
        self.finished = self.finished or self._time_of(predicate, statement.place)
        for place, one in _descriptors(predicate, statement.place):
            self._take(one, place)
        self.rows.named.take_all(predicate, statement.place)

    def close(self) -> tuple[tuple[Component, ...], tuple[str, ...]]:
        """Return the rows and their places."""
        before = len(self.rows.components)
        self.rows.close()
        self.names_packages |= len(self.rows.components) > before
        return tuple(self.rows.components.values()), tuple(self.rows.places)

    def _take(self, table: dict[str, Any], place: str) -> None:
        """Take up a material by its purl, by the file that its address names, or by its hash alone."""
        texts = [one for key in _NAMES if isinstance(one := table.get(key), str)]
        digest = sha256_in(table)
        purl = next((one for one in texts if one.startswith("pkg:")), "")
        file = next((found for one in texts if (found := release_of_file(one)) is not None), None)
        is_base = _type_of(purl) in _IMAGES or (not purl and any(map(_REPOSITORY.match, texts)))
        if not (purl or file or (digest and not is_base)):
            return
        identity = self.rows.identity(purl, "", place)
        package, version = (identity.package, identity.version) if purl or file is None else file
        row = Component(
            ref=place,
            name=package or next(iter(texts), "a file"),
            package=package,
            version=version,
            purl=purl,
            sha256=(digest,) if digest and not is_base else (),
            origin=identity.origin,
            index=identity.index,
        )
        self.rows.add(row, place)
        self.names_packages |= not is_base

    def _time_of(self, predicate: dict[str, Any], place: str) -> Moment | None:
        for keys in _TIMES:
            found: Any = predicate
            for key in keys:
                found = found.get(key) if isinstance(found, dict) else None
            if isinstance(found, str) and (at := own_time(found, f"{place}.{'.'.join(keys)}", self._diagnostics)):
                return at
        return None


def _descriptors(predicate: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every resource with a digest or an address among the materials of a predicate, with its place.

    They stand under ``materials`` (SLSA 0.1 and 0.2, links) and ``resolvedDependencies`` (SLSA 1); in old links
    materials are a table, by path.
    """
    waiting: list[tuple[str, Any]] = []
    for keys in (
        ("materials",),
        ("buildDefinition", "resolvedDependencies"),
        ("runDetails", "builder", "builderDependencies"),
    ):
        found: Any = predicate
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        waiting.append((f"{place}.{'.'.join(keys)}", found))
    for where, value in waiting:
        if isinstance(value, list):
            yield from ((f"{where}[{i}]", one) for i, one in enumerate(value) if isinstance(one, dict))
        elif isinstance(value, dict):
            for number, (name, digests) in enumerate(value.items()):
                yield f"{where}[{number}]", {"name": name, "digest": digests}


def _type_of(purl: str) -> str:
    try:
        return read_purl(purl).type if purl else ""
    except BadName:
        return ""
