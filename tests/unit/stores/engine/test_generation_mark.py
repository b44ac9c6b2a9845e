"""The file that repeats a generation: damage in it is no other generation."""

from __future__ import annotations

import pytest

from graphkit.stores.engine.generation_mark import generation_in, is_before, marked


def test_what_was_written_comes_back() -> None:
    assert generation_in(marked("0badcafe-12").encode()) == "0badcafe-12"


def test_no_flipped_bit_and_no_cut_gives_a_generation() -> None:
    whole = marked("0badcafe-3").encode()
    for at in range(len(whole)):
        assert generation_in(whole[:at]) is None
        for bit in range(8):
            assert generation_in(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]) is None


@pytest.mark.parametrize("content", [b"", b"0badcafe-3", b"0badcafe-3 ", b"\xff\0", marked("../../etc").encode()])
def test_what_is_no_mark_gives_none(content: bytes) -> None:
    assert generation_in(content) is None


@pytest.mark.parametrize(("generation", "mark"), [("aa-3", "aa-10"), ("ab-3", "aa-3")])
def test_a_record_that_lost_a_batch_is_before_its_mark(generation: str, mark: str) -> None:
    assert is_before(generation, mark)


@pytest.mark.parametrize(("generation", "mark"), [("aa-3", "aa-3"), ("aa-10", "aa-9")])
def test_a_record_that_has_every_batch_is_not(generation: str, mark: str) -> None:
    assert not is_before(generation, mark)
