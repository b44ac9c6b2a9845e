"""The distributions of the running environment against incidents: by name and version, and by the hashes of files."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from graphkit.model.incidents import Incident
from graphkit.model.names import name_of_purl
from graphkit.model.versions import release_version

_SHA256 = "sha256"


class Installed(NamedTuple):
    """A distribution. ``files``: the SHA-256 of each file as it is recorded, and of those looked at, by its path."""

    name: str
    version: str
    files: dict[str, str]


class Match(NamedTuple):
    """What an incident says of a distribution. ``is_certain`` False: it has the name, and more cannot be compared."""

    incident: str
    text: str
    is_certain: bool = True


def distributions() -> Iterator[Installed]:
    """Yield what is installed here. Cost: a read of each RECORD."""
    for one in metadata.distributions():
        files = {
            str(file): base64.urlsafe_b64decode(f"{file.hash.value}==").hex()
            for file in one.files or ()
            if file.hash is not None and file.hash.mode == _SHA256
        }
        yield Installed(canonicalize_name(one.metadata["Name"] or ""), one.metadata["Version"] or "", files)


def matches(incidents: Iterable[Incident], installed: Iterable[Installed]) -> Iterator[Match]:
    """Yield every distribution that an incident accuses, and those of which that cannot be said.

    An accused file is found by what is recorded of it and, where it lies beside the distributions, by what it holds.
    """
    every = list(installed)
    for incident in (one for one in incidents if not one.withdrawn):
        accused = _accused_files(incident)
        for one in every:
            yield from _of_release(incident, one)
            for path, digest in one.files.items():
                if digest in accused:
                    yield Match(incident.id, f"{one.name} {one.version} has the accused file {path} (SHA-256 {digest})")


def on_disk(incidents: Iterable[Incident], folders: Iterable[Path]) -> Iterator[Match]:
    """Yield accused files that lie in folders of packages, by what they hold, whatever is recorded of them."""
    wanted = [
        (one.id, file.filename, file.sha256)
        for one in incidents
        if not one.withdrawn
        for release in one.releases
        for file in release.files
        if file.member and file.sha256
    ]
    for folder in folders:
        for incident, name, digest in wanted:
            path = folder / name
            try:
                found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            except OSError as error:
                yield Match(incident, f"{path} cannot be read: {error.strerror}", is_certain=False)
                continue
            if found == digest:
                yield Match(incident, f"{path} is the accused file {name} (SHA-256 {digest})")


def _accused_files(incident: Incident) -> frozenset[str]:
    members = {file.sha256 for release in incident.releases for file in release.files if file.sha256}
    alone = {one.value for file in incident.files for one in file.hashes if one.algorithm == _SHA256}
    return frozenset(members | alone)


def _of_release(incident: Incident, one: Installed) -> Iterator[Match]:
    told = f"{one.name} {one.version or 'without a version'}"
    versions = [release.version for release in incident.releases if release.package == one.name]
    ranges = [specifier for package, specifier in incident.ranges if package == one.name]
    if any(name_of_purl(purl) == one.name for purl in incident.every):
        yield Match(incident.id, f"{told} is installed, and every version of it is accused")
        return
    if versions or ranges:
        found = release_version(one.version).parsed
        if found is None:
            yield Match(incident.id, f"{told} is installed, and its version cannot be compared", is_certain=False)
            return
        # A version that somebody built on top of an accused one (`+local`) is not told from it by its number.
        number = release_version(found.public)
        if any(number.key == release_version(text).key for text in versions) or any(
            SpecifierSet(text).contains(number.text, prereleases=True) for text in ranges
        ):
            yield Match(incident.id, f"{told} is installed, which is an accused release")
            return
    if any(unclear.package == one.name for unclear in incident.undecided):
        yield Match(
            incident.id, f"{told} is installed, and the incident leaves open which releases are bad", is_certain=False
        )
