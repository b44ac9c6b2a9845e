"""Requirement texts by the hundred thousand: the parts of a plain one, each of which is read once for all texts.

An index of four million releases has a million different requirement texts, but a tenth as many
specifiers and fewer markers still. A text that is not plain, or of which a part cannot be read, is for
`graphkit.model.requirements.requirement` to read as a whole.
"""

from __future__ import annotations

import re
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


_COMMON_CLAUSE: Final = re.compile(
    r"[ \t]*(~=(?=[ \t]*[0-9]+[.])|[=!<>]=|<|>)[ \t]*([0-9]{1,9}(?:[.][0-9]{1,9})*)[ \t]*"
)
"""A clause that names a final release by its numbers alone, as most do."""


def common_clauses(text: str) -> list[tuple[str, str]] | None:
    """Return the operators and versions of a specifier, in its order; None where one is not plainly a final release.

    `packaging` reads each of them, as that operator and version, and none of them accepts pre-releases. Cost: a
    third of what it takes.

    >>> common_clauses(">= 1.0,<2"), common_clauses("~=1"), common_clauses("<2a1")
    ([('>=', '1.0'), ('<', '2')], None, None)
    """
    clauses = []
    for part in text.split(","):
        if (found := _COMMON_CLAUSE.fullmatch(part)) is None:
            return None
        clauses.append((found[1], found[2]))
    return clauses


def read_specifier(text: str) -> str | None:
    """Return the specifier of a plain text as `Requirement` has it; None where it cannot be read.

    >>> read_specifier("<2, >=1"), read_specifier(">=1.*")
    ('<2,>=1', None)
    """
    clauses = common_clauses(text)
    # Of two with one operator, one may be a duplicate that is spelled otherwise.
    if clauses is not None and len({operator for operator, _ in clauses}) == len(clauses):
        return ",".join(sorted([operator + version for operator, version in clauses]))
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
