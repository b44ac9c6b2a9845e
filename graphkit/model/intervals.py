"""A specifier as half-open stretches of positions in the sorted versions of its package (semantics §6)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

Stretches = tuple[tuple[int, int], ...]
"""Half-open stretches of positions within one package, ascending."""


def stretches(specifiers: SpecifierSet, versions: Sequence[Version], texts: Sequence[str] | None = None) -> Stretches:
    """Return the positions that a specifier set admits, pre-releases included, ascending and disjoint.

    ``versions`` are in PEP 440 order. ``texts`` are the spellings that ``===`` is compared with,
    default the normal form of each version. Cost: two bisections a specifier; only ``===`` looks at
    every version.
    """
    admitted: Stretches = ((0, len(versions)),) if versions else ()
    for specifier in specifiers:
        admitted = meet(admitted, _single(specifier, versions, texts))
    return admitted


def _single(specifier: Specifier, versions: Sequence[Version], texts: Sequence[str] | None) -> Stretches:
    """Each PEP 440 operator admits one stretch, or all but one, so its edges can be bisected."""
    end, operator = len(versions), specifier.operator
    if operator == "===":
        return raw_matches(specifier.version, texts if texts is not None else [str(v) for v in versions])

    def admits(version: Version) -> bool:
        return specifier.contains(version, prereleases=True)

    if operator in {">", ">="}:
        return _stretch(bisect_left(versions, True, key=admits), end)  # noqa: FBT003 - the bisected value
    if operator in {"<", "<="}:
        return _stretch(0, _first_not(admits, versions, 0))
    # ==, ~= and what != leaves out start at their own version, or at the first dev release of ==1.*
    anchor = specifier.version
    lo = bisect_left(versions, Version(f"{anchor[:-2]}.dev0" if anchor.endswith(".*") else anchor))
    if operator == "!=":
        hi = _first_not(lambda version: not admits(version), versions, lo)
        return _stretch(0, lo) + _stretch(hi, end) if lo < hi else _stretch(0, end)
    return _stretch(lo, _first_not(admits, versions, lo))


def raw_matches(literal: str, texts: Sequence[str]) -> Stretches:
    """Return the single positions whose text is a ``===`` literal, case aside (PEP 440)."""
    wanted = literal.lower()
    return tuple((at, at + 1) for at, text in enumerate(texts) if text.lower() == wanted)


def _first_not(admits: Callable[[Version], bool], versions: Sequence[Version], lo: int) -> int:
    return bisect_left(versions, True, lo=lo, key=lambda version: not admits(version))  # noqa: FBT003 - as above


def _stretch(lo: int, hi: int) -> Stretches:
    return ((lo, hi),) if lo < hi else ()


def meet(left: Stretches, right: Stretches) -> Stretches:
    """Return the positions in both."""
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        lo, hi = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if lo < hi:
            found.append((lo, hi))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)
