"""Arrays of an index as they come back from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import packaging
import pytest
from numpy.typing import NDArray

from graphkit.stores.engine import array_folder, index_folder
from graphkit.stores.engine.array_folder import HEADER, ArrayFolderWriter, DamagedIndex
from graphkit.stores.engine.index_folder import BaseIndex, HeldArrays, IndexFolder, IndexWriter, index_path
from graphkit.stores.engine.texts import TextsBuilder

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


@pytest.mark.parametrize("small", [0, array_folder._SMALL])
def test_arrays_come_back_and_cannot_be_written(index: Path, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_folder, "_SMALL", small)  # read, or mapped
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


def test_an_array_that_is_not_there_is_damage(index: Path) -> None:
    folder = IndexFolder(index)
    with pytest.raises(DamagedIndex, match=r"^the index has no other$"):
        folder.array("other")
    with pytest.raises(DamagedIndex):
        folder.arrays(("many", "other"))
    with pytest.raises(DamagedIndex):
        folder.texts("many")
    assert folder.has(["many", "none"])
    assert not folder.has(["many", "other"])


def test_an_array_of_big_ends_is_written_with_small_ones(tmp_path: Path) -> None:
    out = IndexWriter(tmp_path / "index" / "one")
    out.array("odd", np.arange(12, dtype=">i4").reshape(3, 4).T)
    out.end_base("key", {})
    out.finish(facts_sha256="", newest_fact=0, inputs=0, counts={})
    found = IndexFolder(tmp_path / "index" / "one").array("odd")
    assert (found.dtype, found.tolist()) == (np.dtype("<i4"), np.arange(12).reshape(3, 4).T.tolist())


def test_arrays_in_memory_are_those_on_disk(tmp_path: Path) -> None:
    held, out = HeldArrays(), IndexWriter(tmp_path / "index" / "one")
    for sink in (held, out):
        sink.array("numbers", np.arange(3))
        sink.texts("names", TextsBuilder(["é", ""]))
    out.end_base("key", {})
    out.finish(facts_sha256="", newest_fact=0, inputs=0, counts={})
    for index in (held.held(), IndexFolder(tmp_path / "index" / "one")):
        assert index.array("numbers").tolist() == [0, 1, 2]
        assert index.texts("names").at(np.arange(2)) == ("é", "")


def written(graph: Path, name: str) -> Path:
    out = IndexWriter(graph / "index" / name)
    out.array("first", np.arange(3))
    out.array("more", np.arange(4))
    out.end_base("key", {"packages": 3})
    out.array("second", np.arange(2))
    out.finish(facts_sha256="f", newest_fact=0, inputs=0, counts={})
    return graph / "index" / name


def test_the_base_of_an_older_index_is_linked_and_the_rest_is_not(tmp_path: Path) -> None:
    older_path = written(tmp_path, "older")
    out = IndexWriter(tmp_path / "index" / "newer")
    (older,) = out.older()
    base = out.take_over(older)
    assert base is not None
    assert (base.key, base.arrays, base.counts) == ("key", ("first", "more"), {"packages": 3})
    node = (older_path / "first.npy").stat().st_ino
    out.finish(facts_sha256="g", newest_fact=0, inputs=0, counts={})
    found = IndexFolder(tmp_path / "index" / "newer")
    assert (found.path / "first.npy").stat().st_ino == node
    assert not found.has(["second"])
    assert found.header.base == base
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["newer"]  # the older one went


def test_an_older_index_that_is_being_removed_gives_nothing(tmp_path: Path) -> None:
    older_path = written(tmp_path, "older")
    out = IndexWriter(tmp_path / "index" / "newer")
    (older,) = out.older()
    (older_path / "more.npy").unlink()
    assert out.take_over(older) is None
    assert list(out._out.path.iterdir()) == []


@pytest.mark.parametrize("what", ["format", "packaging", "arrays", "header"])
def test_an_index_that_does_not_fit_is_none_to_take_over(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "older")
    out = IndexWriter(tmp_path / "index" / "newer")
    assert len(list(out.older())) == 1
    assert list(IndexWriter(tmp_path / "index" / "newer", anew=True).older()) == []
    if what == "arrays":
        monkeypatch.setattr(IndexFolder, "has", lambda *_: False)
    elif what == "header":
        (tmp_path / "index" / "older" / HEADER).write_bytes(b"{}")
    else:
        monkeypatch.setattr("packaging.__version__" if what == "packaging" else index_folder.__name__ + ".FORMAT", "0")
    assert list(out.older()) == []


def test_a_header_of_something_else_is_damage(tmp_path: Path) -> None:
    out = ArrayFolderWriter(tmp_path)
    out.finish(BaseIndex(key="", arrays=(), counts={}))
    with pytest.raises(DamagedIndex):
        IndexFolder(tmp_path)


def test_what_stands_at_the_place_of_an_index_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "index" / "one" / "inside").mkdir(parents=True)
    (tmp_path / "index" / ".building-left").mkdir()
    out = IndexWriter(tmp_path / "index" / "one")
    assert list(out.older()) == []
    out.abandon()
    out.abandon()
    assert IndexFolder(written(tmp_path, "one")).has(["first"])
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["one"]


def test_the_place_of_an_index_says_its_format_and_that_of_versions() -> None:
    assert index_path(Path("graph"), "ab-3").name == f"ab-3-{index_folder.FORMAT}-{packaging.__version__}"
