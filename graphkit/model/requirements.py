"""Requirements (PEP 508): package, extras, specifier, marker or URL."""

from __future__ import annotations

import re

from msgspec import Struct
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508

from graphkit.model.building import names_build
from graphkit.model.names import BadName, ExtraName, PackageName, extra_name, package_name

_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:/")
_LEADING_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?")


class Requirement(Struct, frozen=True, kw_only=True, order=True):
    """One requirement, its parts normalised so that equal ones are equal values.

    ``specifier`` is ``str(SpecifierSet)`` (sorted; empty admits all), ``marker`` the marker's normal
    text or empty, ``url`` a direct reference (PEP 440) or empty: it is an identity of its own and
    never matches an index release. ``unreadable`` holds the raw text where the specifier or marker
    could not be read: then specifier and marker are empty, so the edge stays and admits every
    version, for `admitted` only.
    """

    package: PackageName
    extras: tuple[ExtraName, ...] = ()
    specifier: str = ""
    marker: str = ""
    url: str = ""
    unreadable: str = ""

    def __str__(self) -> str:
        if self.unreadable:
            return self.unreadable
        text = self.package + (f"[{','.join(self.extras)}]" if self.extras else "")
        text += f" @ {self.url}" if self.url else self.specifier
        return f"{text} ; {self.marker}" if self.marker else text


def requirement(raw: str) -> Requirement:
    """Return the requirement that a PEP 508 text names; keep what cannot be read as ``unreadable``.

    >>> str(requirement("LiteLLM [proxy] (<2,>=1.37)"))
    'litellm[proxy]<2,>=1.37'
    >>> requirement("foo>=1.0.*").unreadable
    'foo>=1.0.*'

    A marker that names the extra of build requirements (`graphkit.model.building`) cannot be read either.

    Raises:
        BadName: not even a package name stands at its start.
    """
    try:
        read = Pep508(raw)
        marker = str(read.marker) if read.marker else ""
    except (InvalidRequirement, RecursionError):  # packaging reads nested markers by recursion
        return _unreadable(raw)
    if names_build(marker):
        return _unreadable(raw)
    return Requirement(
        package=package_name(read.name),
        extras=tuple(sorted({extra_name(extra) for extra in read.extras})),
        specifier=str(read.specifier),
        marker=marker,
        url=read.url or "",
    )


def _unreadable(raw: str) -> Requirement:
    if not (found := _LEADING_NAME.match(raw)) or _URL.match(raw):
        shown = raw if len(raw) <= 80 else raw[:77] + "..."
        raise BadName(f"{shown!r} is not a valid requirement (PEP 508)")
    extras = (part for part in (found[2] or "").split(",") if part.strip())
    return Requirement(
        package=package_name(found[1]),
        extras=tuple(sorted({extra_name(extra) for extra in extras})),
        unreadable=raw.strip(),
    )
