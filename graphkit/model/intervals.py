"""A specifier as half-open stretches of positions in the sorted versions of its package (docs/semantics.md#ranges)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import overload

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

ReleaseRanges = tuple[tuple[int, int], ...]
"""Half-open stretches of positions within one package, ascending."""


def stretches(
    specifiers: SpecifierSet, versions: Sequence[Version], texts: Sequence[str] | None = None
) -> ReleaseRanges:
    """Return the positions that a specifier set admits, pre-releases included, ascending and disjoint.

    ``versions`` are in PEP 440 order. ``texts`` are the spellings that ``===`` is compared with,
    default the normal form of each version. Cost: a bisection and a few questions to packaging a
    specifier; only ``===`` looks at every version.
    """
    admitted: ReleaseRanges = ((0, len(versions)),) if versions else ()
    for specifier in specifiers:
        admitted = meet(admitted, single(specifier, versions, texts))
    return admitted


class Readable(Sequence[Version]):
    """Versions that PEP 440 can read, from ``first`` on, each parsed when a bisection looks at it."""

    def __init__(self, texts: Sequence[str], first: int = 0) -> None:
        self._texts = texts
        self._first = first
        self._known: dict[int, Version] = {}

    def __len__(self) -> int:
        return len(self._texts) - self._first

    @overload
    def __getitem__(self, index: int) -> Version: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Version]: ...

    def __getitem__(self, index: int | slice) -> Version | Sequence[Version]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        if index not in self._known:
            self._known[index] = Version(self._texts[self._first + index])
        return self._known[index]


def single(specifier: Specifier, versions: Sequence[Version], texts: Sequence[str] | None = None) -> ReleaseRanges:
    """Return the positions that one clause admits: one stretch, or all but one, so that its edges can be bisected."""
    end, operator = len(versions), specifier.operator
    if operator == "===":
        return raw_matches(specifier.version, texts if texts is not None else [str(v) for v in versions])

    def admits(version: Version) -> bool:
        return specifier.contains(version, prereleases=True)

    anchor = specifier.version
    at = bisect_left(versions, Version(f"{anchor[:-2]}.dev0" if anchor.endswith(".*") else anchor))
    if operator in {">", ">="}:
        return _stretch(_turn(lambda version: not admits(version), versions, at), end)
    if operator in {"<", "<="}:
        return _stretch(0, _turn(admits, versions, at))
    # ==, ~= and what != leaves out start at their own version, or at the first dev release of ==1.*
    if operator == "!=":
        hi = _turn(lambda version: not admits(version), versions, at, floor=at)
        return _stretch(0, at) + _stretch(hi, end) if at < hi else _stretch(0, end)
    return _stretch(at, _turn(admits, versions, at, floor=at))


def raw_matches(literal: str, texts: Sequence[str]) -> ReleaseRanges:
    """Return the single positions whose text is a ``===`` literal, case aside (PEP 440)."""
    literal = literal.lower()
    return tuple((at, at + 1) for at, text in enumerate(texts) if text.lower() == literal)


def _turn(holds: Callable[[Version], bool], versions: Sequence[Version], at: int, *, floor: int = 0) -> int:
    """Return the first position from ``floor`` on at which something that holds before it does so no more.

    Looked for outward from ``at``: it turns near the specifier's own version more often than not, and
    asking packaging is what costs.
    """
    lo, hi, step = floor, len(versions), 1
    if at < hi and holds(versions[at]):
        lo = at + 1
        while at + step < hi:
            if not holds(versions[at + step]):
                hi = at + step
                break
            lo, step = at + step + 1, step * 2
    else:
        hi = at
        while at - step >= lo:
            if holds(versions[at - step]):
                lo = at - step + 1
                break
            hi, step = at - step, step * 2
    return bisect_left(versions, True, lo=lo, hi=hi, key=lambda version: not holds(version))  # noqa: FBT003 - sought


def _stretch(lo: int, hi: int) -> ReleaseRanges:
    return ((lo, hi),) if lo < hi else ()


def meet(left: ReleaseRanges, right: ReleaseRanges) -> ReleaseRanges:
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
