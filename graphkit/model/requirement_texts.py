"""Requirement texts by the hundred thousand: the parts of a plain one, each of which is read once for all texts.

An index of four million releases has a million different requirement texts, but a tenth as many
specifiers and fewer markers still. A text that is not plain, or of which a part cannot be read, is for
`graphkit.model.requirements.requirement` to read as a whole.
"""

from __future__ import annotations

from typing import Final

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.model.building import names_build
from graphkit.model.names import extra_name

_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_CLAUSE: Final = r"(?:~=|==|!=|<=|>=|<|>)[ \t]*[A-Za-z0-9][A-Za-z0-9.*+!_-]*"
_CLAUSES: Final = rf"{_CLAUSE}(?:[ \t]*,[ \t]*{_CLAUSE})*"
COMMON: Final = (
    rf"^(?:({_NAME})[ \t]*(?:\[[ \t]*({_NAME}(?:[ \t]*,[ \t]*{_NAME})*)[ \t]*\])?[ \t]*"
    rf"(?:\(({_CLAUSES})\)|({_CLAUSES}))?[ \t]*(?:;[ \t]*([^;\n\r]+))?)$"
)
"""The pattern of a plain text, for RE2 and for Python's own: its `PARTS` are groups."""
PARTS: Final = ("name", "extras", "bracketed", "bare", "marker")
"""``bracketed`` and ``bare`` are the specifier, of which a text has at most one."""


def read_specifier(text: str) -> str | None:
    """Return the specifier of a plain text as `Requirement` has it; None where it cannot be read.

    >>> read_specifier("<2, >=1"), read_specifier(">=1.*")
    ('<2,>=1', None)
    """
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        return None


def read_marker(text: str) -> str | None:
    """Return the marker of a plain text as `Requirement` has it; None where it cannot be read, or names builds.

    >>> read_marker("extra=='a' "), read_marker("nonsense"), read_marker("")
    ('extra == "a"', None, '')
    """
    if not text:
        return ""
    try:
        read = str(Marker(text.rstrip()))
    except (InvalidMarker, RecursionError):
        return None
    return None if names_build(read) else read


def read_extras(text: str) -> str:
    """Return the extras of a plain text, normalised and sorted, with a comma between.

    >>> read_extras("B_c, a")
    'a,b-c'
    """
    return ",".join(sorted({extra_name(extra.strip()) for extra in text.split(",")})) if text else ""
