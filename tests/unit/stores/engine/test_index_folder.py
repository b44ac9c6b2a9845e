"""Arrays of an index as they come back from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from graphkit.stores.engine import index_folder
from graphkit.stores.engine.index_folder import HEADER, DamagedIndex, IndexFolder, IndexWriter

ARRAYS = {
    "none": np.zeros(0, dtype=np.int32),
    "bytes": np.frombuffer(b"a" * 32, dtype="S16"),
    "truths": np.array([True, False]),
    "many": np.arange(20_000, dtype=np.int64),
    "square": np.arange(6, dtype=np.uint8).reshape(2, 3),
}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    out = IndexWriter(tmp_path / "index" / "one")
    for name, values in ARRAYS.items():
        out.array(name, values)
    out.end_base("key", {})
    out.finish(facts_sha256="", newest_fact=0, inputs=0, counts={})
    return tmp_path / "index" / "one"


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tolist() == other.tolist()


@pytest.mark.parametrize("small", [0, index_folder._SMALL])
def test_arrays_come_back_and_cannot_be_written(index: Path, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_folder, "_SMALL", small)  # read, or mapped
    folder = IndexFolder(index)
    for name, values in ARRAYS.items():
        assert same(folder.array(name), values)
        assert not folder.array(name).flags.writeable


def test_an_open_index_stays_when_its_folder_goes(index: Path) -> None:
    folder = IndexFolder(index)
    for file in index.iterdir():
        file.unlink()
    assert all(same(folder.array(name), values) for name, values in ARRAYS.items())


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("kept", [-1, 90, 0])  # bytes: all but one, not the whole header, none
def test_an_array_that_is_cut_off_is_damage(index: Path, name: str, kept: int) -> None:
    file = index / f"{name}.npy"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DamagedIndex, match="the index one is damaged"):
        IndexFolder(index)


def test_a_folder_without_a_header_is_damage(index: Path) -> None:
    (index / HEADER).unlink()
    with pytest.raises(DamagedIndex):
        IndexFolder(index)


@pytest.mark.parametrize("dtype", [b"<q9", b"|O8", b"<zz"])
def test_a_dtype_that_is_none_of_an_index_is_damage(index: Path, dtype: bytes) -> None:
    file = index / "many.npy"
    file.write_bytes(file.read_bytes().replace(b"<i8", dtype, 1))
    with pytest.raises(DamagedIndex):
        IndexFolder(index)


def test_a_width_that_numpy_does_not_have_is_damage(index: Path) -> None:
    file = index / "many.npy"
    file.write_bytes(file.read_bytes().replace(b"<i8", b"<i7", 1))
    with pytest.raises(DamagedIndex):
        IndexFolder(index)
