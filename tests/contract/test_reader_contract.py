"""What every registered format keeps to, and what is there of it elsewhere.

The formats are those of `graphkit.formats.READERS`; a new one is in all of these tests, and fails by its name where its
seed, its line in README.md or the names of its files are missing.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

import pytest

from graphkit import formats
from graphkit.formats import read_document
from graphkit.formats.decoding import is_json
from graphkit.formats.interface import RawDocument, Reader
from graphkit.formats.lfs_pointer import READER as LFS_POINTER
from graphkit.model.documents import DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.input_names import INSTALLED_FROM, LOCKS
from graphkit.sources.git.file_names import Doubt, shown_doubt_of
from tests.fuzz.seeds import SEEDS

ROOT = Path(__file__).resolve().parents[2]
READERS = {reader.format: reader for reader in formats.readers()}
FOUND_BY_CONTENT = frozenset({"pip install report"})
"""What something is installed from and what has no name of its own: a history cannot be searched for it."""
INPUTS = {DocumentKind.LOCK, DocumentKind.MANIFEST, DocumentKind.SCRIPT}
FIRST = "CycloneDX JSON"
every_format = pytest.mark.parametrize("name", READERS)
every_seed = pytest.mark.parametrize(
    ("reader", "raw"),
    [(READERS[name], raw) for name, seeds in SEEDS.items() if name in READERS for raw in seeds],
    ids=lambda value: value.path if isinstance(value, RawDocument) else value.format,
)


def test_each_format_has_one_reader() -> None:
    assert len(READERS) == len(formats.READERS)


@every_format
def test_it_has_a_seed(name: str) -> None:
    assert SEEDS.get(name), f"{name}: add a small file of it to SEEDS in tests/fuzz/seeds.py"


def test_no_seed_is_of_a_format_that_is_gone() -> None:
    assert not SEEDS.keys() - READERS.keys()


@every_format
def test_the_readme_names_it(name: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start = text.index("Formats are recognised by content")
    listed = " ".join(text[start : text.index("`--service`", start)].replace("`", "").split())
    assert name in listed, f"{name}: name it in README.md, after 'Formats are recognised by content'"


@every_seed
def test_it_alone_claims_its_seeds(reader: Reader, raw: RawDocument) -> None:
    assert [one.format for one in formats.readers() if one.claims(raw)] == [reader.format]


@every_seed
def test_it_reads_its_seeds(reader: Reader, raw: RawDocument) -> None:
    read = reader.parse(raw)
    assert read == reader.parse(raw)
    assert hash(read) == hash(read)
    assert (read.path, read.sha256) == (raw.path, hashlib.sha256(raw.data).hexdigest())
    assert read.components or read.requirements or read.commands or read.hides or read.problems
    refs = [row.ref for row in read.components]
    assert len(set(refs)) == len(refs) == len(read.places)
    assert set(refs).issuperset(read.roots)
    assert set(refs).issuperset(ref for edge in read.edges for ref in (edge.source, edge.target))
    assert all(read.places)
    assert all(problem.place and problem.text for problem in read.problems)


@every_seed
def test_what_is_cut_off_or_not_its_own_is_read_or_refused(reader: Reader, raw: RawDocument) -> None:
    for data in (b"", b"\xff\xfe", b"[]", b"{}", b"x", raw.data[: len(raw.data) // 2], raw.data[:-2]):
        other = RawDocument(data, raw.path, raw.hint)
        reader.claims(other)
        with suppress(InputError):
            assert reader.parse(other).sha256 == hashlib.sha256(data).hexdigest()


@every_seed
def test_a_history_is_searched_for_its_files(reader: Reader, raw: RawDocument) -> None:
    read = reader.parse(raw)
    if read.kind not in INPUTS or reader.format in FOUND_BY_CONTENT:
        return
    what = f"{reader.format}: {raw.path} is not looked for; add its name to"
    if read.kind is DocumentKind.SCRIPT:
        assert shown_doubt_of(raw.path) is not Doubt.NO_INPUT, f"{what} SCRIPTS in graphkit/sources/git/file_names.py"
        return
    assert shown_doubt_of(raw.path) in {Doubt.NONE, Doubt.MANIFEST}, f"{what} graphkit/model/input_names.py"
    pointer = SEEDS[LFS_POINTER.format][0].data
    assert LFS_POINTER.claims(RawDocument(pointer, raw.path)), reader.format


def test_the_names_of_locks_are_those_of_registered_formats() -> None:
    assert {one.format for one in LOCKS} <= READERS.keys()
    for one in LOCKS:
        paths = {raw.path for raw in SEEDS[one.format]}
        assert one.patterns[0] in paths, f"{one.format}: no seed is called {one.patterns[0]}"


def test_a_folder_of_locks_is_one_of_names_that_are_known() -> None:
    """Commands install from the locks of installers; from those of conda's tools none is known to."""
    folder = {path for path in formats.READERS if path.startswith("graphkit.formats.locks.")}
    pairs = zip(formats.READERS, formats.readers(), strict=True)
    assert folder == {path for path, reader in pairs if reader.format in INSTALLED_FROM}, (
        "set is_installed_from in graphkit/model/input_names.py"
    )


@every_seed
def test_a_bom_with_the_marks_of_another_format_is_asked_of_every_reader(reader: Reader, raw: RawDocument) -> None:
    if not is_json(raw.data) or reader.format in {FIRST, "install commands"}:
        return
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    both = json.dumps(bom | json.loads(raw.data)).encode()
    claimed = {one.format for one in formats.readers() if one.claims(RawDocument(both, raw.path))}
    if reader.format not in claimed:
        return
    assert not formats._is_plain_bom(both), f"{reader.format}: add its key to _Top in graphkit/formats/__init__.py"
    with pytest.raises(InputError, match="claimed by two readers"):
        read_document(both, raw.path)
