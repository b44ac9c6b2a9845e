"""Ids of one reader: dense, in the order in which numbers of the database were seen."""

import numpy as np

from graphkit.stores.neo4j.node_ids import Blocks, Interned, NodeIds


def test_numbers_have_ids_in_the_order_in_which_they_are_seen() -> None:
    ids = NodeIds(10, list)
    assert ids.ids(np.array([7, 3, 7, -1])).tolist() == [1, 0, 1, -1]
    assert ids.ids(np.array([9, 3])).tolist() == [2, 0]
    assert ids.numbers(np.array([2, 0, 1])).tolist() == [9, 3, 7]


def test_an_id_that_was_not_given_out_asks_for_every_number() -> None:
    asked: list[int] = []

    def every() -> list[int]:
        asked.append(1)
        return [4, 2, 0]

    ids = NodeIds(5, every)
    ids.ids(np.array([2]))
    assert sorted(ids.numbers(np.arange(3)).tolist()) == [0, 2, 4]
    assert ids.numbers(np.array([0])).tolist() == [2]
    assert asked == [1]


def test_releases_of_a_package_are_one_block() -> None:
    blocks = Blocks(4, 10)
    blocks.give([2, 0], [3, 4])
    assert blocks.start(np.array([2, 0])).tolist() == [0, 3]
    assert blocks.package(np.array([0, 2, 3, 6])).tolist() == [2, 2, 0, 0]
    assert blocks.missing(np.array([0, 1, 3, 1])).tolist() == [1, 3]
    assert blocks.has(np.array([6]))
    assert not blocks.has(np.array([7]))
    assert blocks.has(np.array([], dtype=np.int64))


def test_equal_texts_have_one_id_and_the_empty_one_is_0() -> None:
    texts = Interned()
    ids = texts.ids(["b", "", "a", "b"])
    assert ids.tolist() == [1, 0, 2, 1]
    assert texts.texts(ids) == ("b", "", "a", "b")
