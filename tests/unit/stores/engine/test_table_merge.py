"""Splices put tables together as lists would be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model import csr
from graphkit.stores.engine.table_merge import MergedRows
from graphkit.stores.engine.texts import Texts, TextsBuilder

_texts = st.lists(st.text(max_size=3), unique=True, max_size=12).map(sorted)


def column(texts: list[str]) -> Texts:
    return Texts(*TextsBuilder(texts).arrays())


def read(builder: TextsBuilder) -> list[str]:
    texts = Texts(*builder.arrays())
    return list(texts.at(np.arange(len(texts))))


def placed(old: list[str], new: list[str]) -> tuple[list[int], list[bool]]:
    held = column(old)
    found = [held.place(text.encode(), 0, len(old)) for text in new]
    return [place for place, _ in found], [same for _, same in found]


@given(_texts, _texts, st.data())
def test_a_union_of_sorted_texts_is_the_sorted_set(old: list[str], new: list[str], data: st.DataObject) -> None:
    # Texts sort by code points in Python and by UTF-8 bytes in a column, which is the same order.
    keep = data.draw(st.lists(st.booleans(), min_size=len(old), max_size=len(old)))
    standing = data.draw(st.lists(st.booleans(), min_size=len(new), max_size=len(new)))
    place, same = placed(old, new)
    arrays = (np.array(keep, dtype=bool), np.array(place, dtype=np.int64), np.array(same, dtype=bool))
    union = MergedRows.by_key(*arrays, np.array(standing, dtype=bool))
    kept = [text for text, stays in zip(old, keep, strict=True) if stays]
    taken = [text for text, stands in zip(new, standing, strict=True) if stands and text not in kept]
    wanted = sorted([*kept, *taken])
    assert read(union.texts(column(old), column(new))) == wanted
    assert [-1 if text not in kept else wanted.index(text) for text in old] == union.of_old.tolist()
    assert [wanted.index(text) if text in wanted else -1 for text in new] == union.of_new.tolist()
    both = [*old, *new]
    assert [both[number] for number in union.source.tolist()] == wanted


@given(_texts, _texts, st.data())
def test_rows_go_where_their_owners_go(old: list[str], new: list[str], data: st.DataObject) -> None:
    sizes = [data.draw(st.lists(st.integers(0, 3), min_size=len(side), max_size=len(side))) for side in (old, new)]
    start = [csr.offsets(np.array(each, dtype=np.int64)) for each in sizes]
    values = [np.arange(edges[-1]) + shift for edges, shift in zip(start, (0, 1000), strict=True)]
    place, same = placed(old, new)
    keep = np.ones(len(old), dtype=bool)
    union = MergedRows.by_key(keep, np.array(place, dtype=np.int64), np.array(same, dtype=bool))
    joined, splice = union.rows(*start)
    found = splice.column(*values)
    for side, texts, of in ((0, old, union.of_old), (1, new, union.of_new)):
        for row, number in enumerate(of.tolist()):
            if side == 0 or texts[row] not in old:
                wanted = values[side][start[side][row] : start[side][row + 1]].tolist()
                assert found[joined[number] : joined[number + 1]].tolist() == wanted
    assert len(found) == joined[-1]
