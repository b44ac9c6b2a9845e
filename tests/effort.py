"""How much of a law a run tries: a share that every run can afford, or all of it (`make test-thorough`)."""

from __future__ import annotations

import os
from typing import Final

THOROUGH: Final = os.environ.get("GRAPHKIT_TESTS") == "thorough"
"""Whether this run tries all that there is to try; read before tests take the environment away."""


def share(whole: int, of: int = 5) -> int:
    """Return how many of so many examples a run tries: one in ``of``, at least one; all of them where it is thorough.

    Examples come in the same order each time, so those of a short run are the first ones of a thorough one.
    """
    return whole if THOROUGH else -(-whole // of)
