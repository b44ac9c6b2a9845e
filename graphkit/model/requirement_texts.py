"""Requirement texts by the hundred thousand: what `requirement` says of each, most of them without parsing it whole.

An index of four million releases has a million different requirement texts, but a tenth as many
specifiers and fewer markers still. `packaging` reads each of those once; a text of plain form is only cut
into its parts. Anything else goes to `requirement`, and a property test holds the two together.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.model.building import names_build
from graphkit.model.names import ExtraName, extra_name, package_name
from graphkit.model.requirements import Requirement, requirement

_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_CLAUSE: Final = r"(?:~=|==|!=|<=|>=|<|>)[ \t]*[A-Za-z0-9][A-Za-z0-9.*+!_-]*"
_CLAUSES: Final = rf"{_CLAUSE}(?:[ \t]*,[ \t]*{_CLAUSE})*"
_PLAIN: Final = re.compile(
    rf"({_NAME})[ \t]*(?:\[[ \t]*({_NAME}(?:[ \t]*,[ \t]*{_NAME})*)[ \t]*\])?[ \t]*"
    rf"(?:\(({_CLAUSES})\)|({_CLAUSES}))?[ \t]*(?:;[ \t]*([^;\n\r]+))?",
    re.ASCII,
)


def read_requirement(raw: str) -> Requirement:
    """Return what `graphkit.model.requirements.requirement` does, remembering what texts share.

    Cost: one pattern and a few look-ups for a plain text; memory in the distinct specifiers and markers.

    Raises:
        BadName: not even a package name stands at its start.
    """
    if not (found := _PLAIN.fullmatch(raw)):
        return requirement(raw)
    name, extras, bracketed, bare, marker = found.groups()
    specifier = _specifier(bracketed or bare or "")
    condition = _marker(marker.rstrip()) if marker else ""
    if specifier is None or condition is None:
        return requirement(raw)
    return Requirement(
        package=package_name(name),
        extras=_extras(extras) if extras else (),
        specifier=specifier,
        marker=condition,
    )


@cache
def _specifier(text: str) -> str | None:
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        return None


@cache
def _marker(text: str) -> str | None:
    try:
        read = str(Marker(text))
    except (InvalidMarker, RecursionError):
        return None
    return None if names_build(read) else read


@cache
def _extras(text: str) -> tuple[ExtraName, ...]:
    return tuple(sorted({extra_name(extra.strip()) for extra in text.split(",")}))
