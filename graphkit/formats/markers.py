"""Markers (PEP 508) of rows: whether one holds nowhere that answers assume, and one for several."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from graphkit.model.environment import Environment, MarkerEvaluator

_FAKE_EXTRA: Final = re.compile(r"extra\s*[!=]=\s*[\"'](?:extra|group|project)-")
_PYTHONS: Final = tuple(f"3.{minor}" for minor in range(8, 16))


def is_elsewhere(marker: str) -> bool:
    """Return whether a marker (PEP 508) holds under no Python on the platform that answers assume.

    Conflict markers of uv compare with extras that nobody asks for (``extra == 'extra-3-app-cpu'``);
    what they decide is not known, so they never put a row elsewhere. Unreadable markers do not either.
    """
    return bool(marker) and not _FAKE_EXTRA.search(marker) and _holds_nowhere(marker)


@cache
def _evaluators() -> tuple[MarkerEvaluator, ...]:
    return tuple(MarkerEvaluator(Environment(python=python)) for python in _PYTHONS)


@cache
def _holds_nowhere(marker: str) -> bool:
    try:
        return all(evaluator.truth(marker) is False for evaluator in _evaluators())
    except RecursionError:  # packaging reads nested markers by recursion
        return False


def any_marker(markers: Iterable[str]) -> str:
    """Return one marker that holds where any of several does."""
    found = list(dict.fromkeys(markers))
    return found[0] if len(found) == 1 else " or ".join(f"({one})" for one in found)
