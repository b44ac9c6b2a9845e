"""Requirements of a release from its core metadata (PEP 566, 643) or from the index's JSON about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from packaging.metadata import parse_email
from packaging.utils import canonicalize_name

from graphkit.model.errors import InputError
from graphkit.model.index import MetadataSource, ReleaseMetadata
from graphkit.model.names import BadName, PackageName, extra_name
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.versions import release_version


def from_core_metadata(
    data: bytes, package: PackageName, version: str, *, source: MetadataSource, filename: str
) -> ReleaseMetadata:
    """Return a release's requirements from a METADATA file's bytes; ``filename`` says whose it was.

    Requirements that cannot be read stay as text.

    Raises:
        InputError: it is no metadata at all, or that of another package or version, which pip takes for none too.
    """
    raw, _ = parse_email(data)
    if "name" not in raw and "metadata_version" not in raw:
        raise InputError("no core metadata (neither a name nor a metadata version)", place=filename)
    name, said = raw.get("name", package), raw.get("version", version)
    if canonicalize_name(name) != str(package) or release_version(said).key != release_version(version).key:
        raise InputError(f"the metadata are of {name[:80]} {said[:80]}", place=filename)
    return _release(
        package,
        version,
        raw.get("requires_dist", ()),
        raw.get("provides_extra", ()),
        raw.get("requires_python", ""),
        source=source,
        reason=filename,
    )


def from_release_json(data: bytes, package: PackageName, version: str, *, has_wheel: bool) -> ReleaseMetadata | None:
    """Return a release's requirements from the index's JSON about it, None where that says nothing.

    `requires_dist` null means none only where a wheel said so: for a release that came as an sdist
    first the index never knew, whatever it says now (pypi/warehouse#8090).
    """
    try:
        info: Any = msgspec.json.decode(data)["info"]
        listed = info.get("requires_dist")
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(listed, list) and not has_wheel:
        return None
    extras = info.get("provides_extra")
    return _release(
        package,
        version,
        [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else (),
        [one for one in extras if isinstance(one, str)] if isinstance(extras, list) else (),
        info["requires_python"] if isinstance(info.get("requires_python"), str) else "",
        source=MetadataSource.RELEASE_JSON,
        reason="the index's JSON of the release",
    )


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
