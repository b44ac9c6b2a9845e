"""Choices in columns beside the plain rule, one release at a time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.choices import Choosers, running_newest

PLACES = st.lists(st.tuples(*[st.booleans()] * 4), min_size=1, max_size=12)


def plain(places: list[tuple[bool, ...]], admitted: set[int], *, pinned: bool, eager: bool, unreadable: bool) -> int:
    """The highest place admitted: a final first, unless eager; a yanked one for a pin where nothing else is left."""
    if unreadable:
        return -1

    def best(*, yanked: bool, final: bool) -> int:
        return max(
            (
                at
                for at in admitted
                if places[at][3] and (places[at][0] if yanked else all(places[at][:2])) and (places[at][2] or not final)
            ),
            default=-1,
        )

    order = [best(yanked=yanked, final=final) for yanked in (False, True)[: 1 + pinned] for final in (True, False)]
    if eager:
        order = order[1::2]
    return next((found for found in order if found >= 0), -1)


@given(st.lists(PLACES, min_size=1, max_size=4), st.data())
def test_columns_choose_as_the_plain_rule_does(packages: list[list[tuple[bool, ...]]], data: st.DataObject) -> None:
    # Of each place: listed, not yanked, final, readable.
    places = [place for package in packages for place in package]
    start = np.cumsum([0, *map(len, packages)])
    floor = np.repeat(start[:-1], np.diff(start))
    listed, kept, final, readable = (np.array(column) for column in zip(*places, strict=True))
    newest = running_newest(listed, listed & kept, final & readable, readable, floor)
    rows, expected = [], []
    for number, package in enumerate(packages):
        inside = st.sets(st.integers(0, len(package) - 1))
        admitted = {int(start[number]) + at for at in data.draw(inside)}
        flags = data.draw(st.tuples(*[st.booleans()] * 3))
        rows.append((sorted(admitted), flags))
        expected.append(plain(places, admitted, pinned=flags[0], eager=flags[1], unreadable=flags[2]))
    choosers = Choosers(
        start=np.cumsum([0, *(len(admitted) for admitted, _ in rows)]),
        lo=np.array([at for admitted, _ in rows for at in admitted], dtype=np.int64),
        hi=np.array([at + 1 for admitted, _ in rows for at in admitted], dtype=np.int64),
        pinned=np.array([flags[0] for _, flags in rows]),
        eager=np.array([flags[1] for _, flags in rows]),
        unreadable=np.array([flags[2] for _, flags in rows]),
    )
    every = np.arange(len(rows))
    assert choosers.chosen(newest, every, np.zeros(len(rows), dtype=np.int64)).tolist() == expected
