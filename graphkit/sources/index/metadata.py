"""Requirements of a release from its core metadata (PEP 566, 643) or from the index's JSON about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from packaging.metadata import parse_email
from packaging.utils import canonicalize_name

from graphkit.formats.duplicate_keys import refuse_duplicate_keys
from graphkit.model.building import BACKENDS, bare_marker, is_of_build, marker_of_build
from graphkit.model.errors import InputError
from graphkit.model.index import MetadataSource, ReleaseMetadata
from graphkit.model.names import BadName, PackageName, extra_name
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.versions import release_version

BUILD_HEADER: Final = "Build-Requires-Dist"
"""A header of recorded slices: what building a release takes."""


def from_core_metadata(
    data: bytes,
    package: PackageName,
    version: str,
    *,
    source: MetadataSource,
    filename: str,
    is_recorded: bool = False,
) -> ReleaseMetadata:
    """Return a release's requirements from a METADATA file's bytes; ``filename`` says whose it was.

    Requirements that cannot be read stay as text. ``is_recorded``: it is of a recorded slice, and says in a header of
    its own what building takes; a package that has such a header says nothing by it.

    Raises:
        InputError: it is no metadata at all, or that of another package or version, which pip takes for none too.
    """
    raw, others = parse_email(data)
    if "name" not in raw or "version" not in raw:  # which every version of the format requires, before all else
        raise InputError("no core metadata (it lacks a name or a version)", place=filename)
    name, said = raw["name"], raw["version"]
    if canonicalize_name(name) != str(package) or release_version(said).key != release_version(version).key:
        raise InputError(f"the metadata are of {name[:80]} {said[:80]}", place=filename)
    found = _release(
        package,
        version,
        # Where one header is no UTF-8, packaging puts all of its name aside: what is no requirement is unreadable then.
        raw.get("requires_dist", others.get("requires-dist", ())),
        raw.get("provides_extra", ()),
        raw.get("requires_python", ""),
        source=source,
        reason=filename,
    )
    return built_with(found, _recorded(others.get(BUILD_HEADER.lower(), []))) if is_recorded else found


def _recorded(texts: Iterable[str]) -> tuple[Requirement, ...]:
    """Return what the headers of a slice say of building; nothing where one of them cannot be read."""
    try:
        read = [requirement(text) for text in texts]
    except BadName:
        return ()
    if any(one.unreadable for one in read):
        return ()
    return tuple(replace(one, marker=marker_of_build(one.marker)) for one in read)


def built_with(read: ReleaseMetadata, building: tuple[Requirement, ...]) -> ReleaseMetadata:
    """Return the metadata of a release with what building it takes; those that are not known stay as they are.

    What has no backend in it is not believed.
    """
    has_backend = any(one.package in BACKENDS.values() for one in building)
    if read.source is MetadataSource.UNKNOWN or not has_backend:
        return read
    return replace(read, requirements=tuple(dict.fromkeys((*read.requirements, *building))))


def build_headers(read: ReleaseMetadata) -> list[str]:
    """Return what building a release takes as a recorded slice says it, a line each."""
    bare = (replace(one, marker=bare_marker(one.marker)) for one in read.requirements if is_of_build(one.marker))
    return [f"{BUILD_HEADER}: {one}" for one in bare]


def from_release_json(data: bytes, package: PackageName, version: str, *, has_wheel: bool) -> ReleaseMetadata | None:
    """Return a release's requirements from the index's JSON about it, None where that says nothing usable.

    It says nothing where it is of another release, lists anything but texts (half of a list is none), or has a key
    twice in one object.

    `requires_dist` null means none only where a wheel said so: for a release that came as an sdist
    first the index never knew, whatever it says now (pypi/warehouse#8090).
    """
    try:
        info: Any = msgspec.json.decode(data)["info"]
        listed = info.get("requires_dist")
        refuse_duplicate_keys(data)
    except (InputError, msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        return None
    if not (_are_texts(listed) or (listed is None and has_wheel)) or not _is_of(info, package, version):
        return None
    extras = info.get("provides_extra")
    return _release(
        package,
        version,
        listed or (),
        [one for one in extras if isinstance(one, str)] if isinstance(extras, list) else (),
        info["requires_python"] if isinstance(info.get("requires_python"), str) else "",
        source=MetadataSource.RELEASE_JSON,
        reason="the index's JSON of the release",
    )


def _are_texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(one, str) for one in found)


def _is_of(info: Any, package: PackageName, version: str) -> bool:
    """Return whether what the index says of a release is of this one; what it leaves out is taken as asked for."""
    name, said = info.get("name", package), info.get("version", version)
    if not isinstance(name, str) or not isinstance(said, str):
        return False
    return canonicalize_name(name) == str(package) and release_version(said).key == release_version(version).key


def unknown(package: PackageName, version: str, reason: str) -> ReleaseMetadata:
    """Return the metadata of a release whose requirements nobody could read, with the reason."""
    return ReleaseMetadata(
        package=package, version=version, requirements=(), source=MetadataSource.UNKNOWN, reason=reason
    )


def _release(
    package: PackageName,
    version: str,
    listed: Iterable[str],
    extras: Iterable[str],
    requires_python: str,
    *,
    source: MetadataSource,
    reason: str,
) -> ReleaseMetadata:
    requirements: list[Requirement] = []
    unreadable: list[str] = []
    for text in listed:
        try:
            requirements.append(requirement(text))
        except BadName:
            unreadable.append(text)
    return ReleaseMetadata(
        package=package,
        version=version,
        requirements=tuple(requirements),
        source=source,
        provides_extra=tuple(sorted({extra_name(extra) for extra in extras if extra.strip()})),
        requires_python=requires_python,
        reason=reason,
        unreadable=tuple(unreadable),
    )
