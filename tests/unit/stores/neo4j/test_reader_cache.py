"""The file in which a client keeps what it read of a server."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec
import numpy as np
import pytest

from graphkit.stores.neo4j import reader_cache
from graphkit.stores.neo4j.reader_cache import MADE_BY, Kept, ReaderCache, flat, unflat


def kept(generation: int = 1, **changed: object) -> Kept:
    found = Kept(
        made_by=MADE_BY,
        graph={"generation": generation, "store": "s"},
        seen=0,
        numbers={"package": flat(np.array([3, 1]))},
        blocks=(flat(np.array([3])), flat(np.array([2]))),
        texts={"marker": ["", "x"]},
        names={"lib": 3, "none": -1},
        rows={"packages": (flat(np.array([0])), {"start": flat(np.array([0], dtype=np.int32)), "name": ["lib"]})},
        answers={'["incidents",{}]': {"body": ["{}"]}},
    )
    return msgspec.structs.replace(found, **changed)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "graphkit" / "neo4j"


def test_what_was_kept_comes_back_and_is_for_its_user_alone(folder: Path) -> None:
    cache = ReaderCache("neo4j://host", "neo4j", "me", "s")
    assert cache.load() is None
    cache.save(kept())
    assert cache.load() == kept()
    assert unflat(kept().numbers["package"]).tolist() == [3, 1]
    assert ReaderCache("neo4j://host", "neo4j", "you", "s").load() is None
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "host" not in file.name


@pytest.mark.parametrize("damage", [slice(0, 40), slice(0, -1), slice(1, None)])
def test_a_file_that_is_not_whole_is_none(folder: Path, damage: slice) -> None:
    cache = ReaderCache("a")
    cache.save(kept())
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[damage])
    assert cache.load() is None
    cache.save(kept())
    raw = bytearray(file.read_bytes())
    raw[-3] ^= 1
    file.write_bytes(raw)
    assert cache.load() is None


def test_a_file_of_another_version_is_none(folder: Path) -> None:
    cache = ReaderCache("a")
    cache.save(kept(made_by=("0.0", "1.0")))
    assert list(folder.iterdir())
    assert cache.load() is None


def test_a_variable_turns_it_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHKIT_NO_CACHE", "1")
    cache = ReaderCache("a")
    cache.save(kept())
    assert not folder.exists()
    assert cache.load() is None


def test_what_was_used_longest_ago_goes_first_and_too_much_is_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caches = [ReaderCache(str(number)) for number in range(3)]
    for at, cache in enumerate(caches):
        cache.save(kept(at))
        for file in folder.iterdir():
            os.utime(file, (at, at)) if file.stat().st_mtime > 1_000 else None
    assert caches[0].load() is not None  # it was used now
    size = next(folder.iterdir()).stat().st_size
    monkeypatch.setattr(reader_cache, "MOST", 3 * size)
    ReaderCache("new").save(kept(9))
    assert [cache.load() is not None for cache in caches] == [True, False, True]
    monkeypatch.setattr(reader_cache, "LARGEST", 10)
    ReaderCache("large").save(kept())
    assert ReaderCache("large").load() is None


def test_a_full_disk_keeps_nobody_from_an_answer(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder is to be", encoding="utf-8")
    ReaderCache("a").save(kept())
    assert ReaderCache("a").load() is None
