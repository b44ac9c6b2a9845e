"""Trees of made-up releases: names in a few versions each, few of them often taken and most of them rarely."""

from __future__ import annotations

import bisect
import random
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.documents.picks import Tree

NAMES, VERSIONS = 4_000, 5
"""Names, and versions of each."""
HELD_BY = (10, 100, 1_000, 10_000, 100_000)
"""Packages ``held-by-N``: the first N documents have version 1.0 of each."""
EDGES = 3  # of a component, at most
_NEAR = 20


def made_up_name(rank: int) -> str:
    """Return the name of a package; a lower rank is in more documents."""
    return f"made-up-{rank:04d}"


def made_up_version(number: int) -> str:
    """Return one of the versions that each package has."""
    return f"1.{number}.0"


def made_up_trees(documents: int, components: int, seed: int) -> Iterator[Tree]:
    """Yield a tree per document: how often a name is taken falls with its rank (Zipf), its versions are alike."""
    from benchmarks.documents.picks import Release  # needs a database, which who asks for names alone does not load

    sums = list(accumulate(1 / (rank + 1) for rank in range(NAMES)))
    for number in range(documents):
        chance = random.Random(f"{seed}/{number}/tree")
        ranks: dict[int, None] = {}
        while len(ranks) < components:
            ranks[bisect.bisect(sums, chance.random() * sums[-1])] = None
        taken = [Release(made_up_name(one), made_up_version(chance.randrange(VERSIONS))) for one in ranks]
        taken += [Release(f"held-by-{many}", "1.0") for many in HELD_BY if number < many]
        tree: dict[Release, list[Release]] = {}
        for place, release in enumerate(taken, 1):
            later = taken[place : place + _NEAR]
            tree[release] = chance.sample(later, min(len(later), chance.randrange(EDGES + 1)))
        yield tree
