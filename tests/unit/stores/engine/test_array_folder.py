"""Damage in a folder of arrays: found where it is read, mended where somebody can, and never read over."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from graphkit.model.errors import GraphkitError
from graphkit.stores.engine import array_folder
from graphkit.stores.engine.array_folder import (
    BLOCK,
    HEADER,
    SUMS,
    ArrayFolder,
    ArrayFolderWriter,
    CheckedArray,
    DamagedIndex,
)
from graphkit.stores.engine.texts import Texts, TextsBuilder

ROWS = 500_000
LONG = "long " * (4 * BLOCK)
NAMES = [f"name-{number:06}" for number in range(60_000)] + ["", LONG]
ARRAYS: dict[str, NDArray[Any]] = {
    "many": np.arange(ROWS, dtype=np.int32),
    "wide": np.arange(200_000).astype("S16"),
    "odd": (np.arange(400_000) % 999).astype("S3"),
    "square": np.arange(600_000, dtype=np.int32).reshape(2, -1),
    "few": np.arange(7, dtype=np.int64),
    "none": np.zeros(0, dtype=np.int16),
    "even": np.zeros(2 * BLOCK, dtype=np.uint8),
}


class About(msgspec.Struct):
    word: str


def write(path: Path, word: str = "one") -> None:
    path.mkdir()
    out = ArrayFolderWriter(path)
    for name, values in ARRAYS.items():
        out.array(name, values)
    for name, column in zip(("text.blob", "text.start"), TextsBuilder(NAMES).arrays(), strict=True):
        out.array(name, column)
    out.finish(About(word))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    write(path := tmp_path_factory.mktemp("made") / "one")
    return path


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "one"))


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 4
    file.write_bytes(data)


def test_arrays_come_back_whole_and_in_parts(made: Path) -> None:
    folder = ArrayFolder(made)
    assert folder.is_whole()
    assert msgspec.json.decode(folder.about()) == {"word": "one"}
    rng = np.random.default_rng(5)
    for name, values in ARRAYS.items():
        assert folder.array(name).tolist() == values.tolist()
        column = ArrayFolder(made).column(name)
        assert isinstance(column, CheckedArray) == (name in {"many", "wide"})
        assert len(column) == len(values)
        if values.ndim == 1 and len(values):
            some = rng.integers(0, len(values), 40)
            assert column[some].tolist() == values[some].tolist()
            assert column[values == values[3]].tolist() == values[values == values[3]].tolist()
            assert column[5:5].tolist() == []
            assert column[2:6].tolist() == values[2:6].tolist()
            assert (column[3], column[-2]) == (values[3], values[-2])
            assert column[np.array([-1, 2])].tolist() == values[[-1, 2]].tolist()
            assert np.asarray(column).tolist() == values.tolist()
            with pytest.raises(IndexError):
                column[len(values)]
        assert not np.asarray(column).flags.writeable
    assert folder.column("many") is folder.column("many")
    assert np.shares_memory(np.asarray(folder.column("many")), folder.array("many"))


def test_texts_over_checked_arrays_are_those_over_plain_ones(made: Path) -> None:
    folder = ArrayFolder(made)
    plain = Texts(folder.array("text.blob"), folder.array("text.start"))
    other = ArrayFolder(made)
    checked = Texts(other.column("text.blob"), other.column("text.start"))  # type: ignore[arg-type]
    rows = np.array([60_001, 0, 60_000, 31_000, 59_999])
    assert checked.at(rows) == plain.at(rows)
    assert [checked.raw(row) for row in (0, 60_000, 60_001)] == [plain.raw(row) for row in (0, 60_000, 60_001)]
    assert checked.find(["name-000001", "none"]).tolist() == plain.find(["name-000001", "none"]).tolist()
    assert checked.part(3, 5)[0] == plain.part(3, 5)[0]


def every(column: Any) -> object:
    return np.asarray(column).tolist()


READS: list[tuple[str, Callable[[Any], object]]] = [
    ("number", lambda column: column[300_000]),
    ("negative number", lambda column: column[300_000 - ROWS]),
    ("slice", lambda column: column[299_990:300_010].tolist()),
    ("numbers", lambda column: column[np.array([1, 300_000, 2])].tolist()),
    ("negative numbers", lambda column: column[np.array([1, 300_000 - ROWS])].tolist()),
    ("mask", lambda column: column[np.arange(ROWS) == 300_000].tolist()),
    ("everything", every),
    ("many times", lambda column: [column[np.arange(at, at + 9_000)].tolist() for at in range(0, ROWS - 9_000, 9_000)]),
]


@pytest.mark.parametrize(("how", "read"), READS, ids=[how for how, _ in READS])
def test_a_flipped_bit_is_found_by_who_reads_it_and_by_nobody_else(
    folder: Path, how: str, read: Callable[[Any], object]
) -> None:
    flip(folder / "many.npy", -4 * (ROWS - 300_000))
    column = ArrayFolder(folder).column("many")
    assert column[np.array([0, 1, ROWS - 1])].tolist() == [0, 1, ROWS - 1]
    with pytest.raises(DamagedIndex, match="the index one is damaged"):
        read(column)
    assert not ArrayFolder(folder).is_whole()
    with pytest.raises(DamagedIndex):
        ArrayFolder(folder).array("many")


@pytest.mark.parametrize("name", [*ARRAYS, "text.blob", "text.start"])
@pytest.mark.parametrize("at", [0, 90, -1])
def test_a_flip_anywhere_in_a_file_is_damage(folder: Path, name: str, at: int) -> None:
    flip(folder / f"{name}.npy", at)
    opened = ArrayFolder(folder)
    assert not opened.is_whole([name])
    assert opened.is_whole(set(opened.names()) - {name})
    with pytest.raises(DamagedIndex):
        opened.array(name)


def damage_of_texts(texts: Texts, row: int) -> None:
    with pytest.raises(DamagedIndex):
        texts.raw(row)


@pytest.mark.parametrize(("at", "row"), [(3 * BLOCK, 60_001), (-BLOCK, 60_001), (-1, 60_001)])
def test_a_flip_in_the_middle_of_a_long_text_is_found(folder: Path, at: int, row: int) -> None:
    blob = folder / "text.blob.npy"
    flip(blob, at if at < 0 else blob.stat().st_size - len(LONG) + at)
    opened = ArrayFolder(folder)
    texts = Texts(opened.column("text.blob"), opened.column("text.start"))  # type: ignore[arg-type]
    assert texts.at(np.array([0, 60_000])) == ("name-000000", "")
    with pytest.raises(DamagedIndex):
        texts.at(np.array([row]))
    with pytest.raises(DamagedIndex):
        texts.raw(row)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: flip(path / HEADER, 30),
        lambda path: flip(path / SUMS, 3),
        lambda path: flip(path / SUMS, 12),
        lambda path: flip(path / SUMS, -1),
        lambda path: (path / SUMS).write_bytes(b""),
        lambda path: (path / SUMS).unlink(),
        lambda path: (path / HEADER).unlink(),
        lambda path: (path / HEADER).write_bytes(b""),
        lambda path: (path / "few.npy").unlink(),
        lambda path: (path / "few.npy").write_bytes(b""),
        lambda path: (path / "many.npy").write_bytes((path / "many.npy").read_bytes()[:-1]),
        lambda path: (path / "more.npy").write_bytes(b"x"),
        lambda path: (path / "notes.txt").touch(),
        lambda path: (path / "few.npy").write_bytes((path / "none.npy").read_bytes()),
        lambda path: (path / "many.npy").replace(path / "even.npy"),
        shutil.rmtree,
    ],
)
def test_a_folder_that_is_not_as_it_was_written_does_not_open(folder: Path, damage: Callable[[Path], object]) -> None:
    damage(folder)
    with pytest.raises(DamagedIndex):
        ArrayFolder(folder)


def test_arrays_of_one_size_that_changed_places_are_damage(tmp_path: Path) -> None:
    tmp_path.joinpath("one").mkdir()
    out = ArrayFolderWriter(tmp_path / "one")
    for name in ("a", "b"):
        out.array(name, np.full(400_000, ord(name), dtype=np.int32))
    out.finish(About("one"))
    a, b = (tmp_path / "one" / f"{name}.npy" for name in ("a", "b"))
    a.rename(tmp_path / "kept")
    b.rename(a)
    (tmp_path / "kept").rename(b)
    with pytest.raises(DamagedIndex):
        ArrayFolder(tmp_path / "one").column("a")[3]


def test_a_folder_that_somebody_can_make_anew_is_mended_while_it_is_read(made: Path, folder: Path) -> None:
    blob = folder / "text.blob.npy"
    flip(blob, blob.stat().st_size - 5)
    flip(folder / "many.npy", -3)
    flip(folder / "odd.npy", -3)
    made_anew = []

    def mended() -> ArrayFolder:
        made_anew.append(made)
        return ArrayFolder(made)

    opened = ArrayFolder(folder, mended)
    many, wide = opened.column("many"), opened.column("wide")
    texts = Texts(opened.column("text.blob"), opened.column("text.start"))  # type: ignore[arg-type]
    assert many[np.array([1, 2])].tolist() == [1, 2]
    assert made_anew == []
    assert texts.at(np.array([3, 60_001])) == (NAMES[3], LONG)
    assert made_anew == [made]
    assert many[ROWS - 1] == ROWS - 1
    assert np.asarray(wide).tolist() == ARRAYS["wide"].tolist()
    assert opened.array("odd").tolist() == ARRAYS["odd"].tolist()
    assert made_anew == [made]


def test_a_small_array_is_mended_when_it_is_asked_for(made: Path, folder: Path) -> None:
    flip(folder / "few.npy", -3)
    assert np.asarray(ArrayFolder(folder, lambda: ArrayFolder(made)).column("few")).tolist() == list(range(7))


def test_what_was_made_anew_must_be_what_was_there(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "two", "other")
    flip(folder / "few.npy", -3)
    opened = ArrayFolder(folder, lambda: ArrayFolder(tmp_path / "two"))
    with pytest.raises(GraphkitError, match="the graph changed while it was read"):
        opened.array("few")


def test_a_linked_array_keeps_its_sums(folder: Path, tmp_path: Path) -> None:
    tmp_path.joinpath("newer").mkdir()
    out = ArrayFolderWriter(tmp_path / "newer")
    out.link("many", ArrayFolder(folder))
    assert out.names() == ("many",)
    out.finish(About("newer"))
    assert ArrayFolder(tmp_path / "newer").is_whole()
    with (folder / "many.npy").open("r+b") as opened:
        opened.seek(-9, 2)
        opened.write(b"x")
    assert not ArrayFolder(tmp_path / "newer").is_whole()


def test_no_row_is_read_from_a_block_that_was_not_checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_folder, "_BLOCK_IN_ROWS", 1 << 40)  # nothing is ever too much work
    flip(folder / "many.npy", -4 * (ROWS - 300_000))
    column = ArrayFolder(folder).column("many")
    for _ in range(3):
        assert column[np.array([0, 200_000, ROWS - 1])].tolist() == [0, 200_000, ROWS - 1]
    with pytest.raises(DamagedIndex):
        column[np.array([300_001])]
