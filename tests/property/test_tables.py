"""A table read in columns says what the same rows say as single facts, in any order and any number of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.index import TABLE_COLUMNS, ReleaseTable
from graphkit.model.versions import release_version
from graphkit.sources.tables import parquet_table
from graphkit.stores import open_store, port
from tests.effort import share
from tests.tables import Row, facts_of, write_parquet
from tests.unit.stores.engine.test_bulk_texts import check

NAMES = ("lib", "Lib", "li-b", "li_B", "zope.interface", "a", "-bad-", "", "no name", None)
VERSIONS = (
    *("1.0", "1", "1.0.0", " 1.0 ", "v1.0", "2.0rc1", "2!1.0", "1.0+cu121", "1.0.post1", "1.0.dev3"),
    *("2004d", "not-a-version", "", None),
)
FILES = ("", None, "lib-1.0-py3-none-any.whl", "lib-1.0.tar.gz", "lib-1.0.exe", "lib-1.0-cp311-cp311-win_amd64.whl")
REQUIREMENTS = (
    *("lib", "lib>=1", "lib >=1", "LIB>=1.0", "a[X,y]<2,>=1; python_version > '3'", "a ; extra == 'Foo_bar'"),
    *("lib>=1.0.*", "lib (>=1)", "lib @ https://files.example/lib.whl", "a>=1,<", "a;;", "--", "", ">=2", None),
)
KNOWN = st.integers(1, 9)


def rows(texts: Iterable[str | None] = REQUIREMENTS) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries(
        {
            "name": st.sampled_from(NAMES),
            "version": st.sampled_from(VERSIONS),
            "upload_time": st.none() | KNOWN,
            "requires_python": st.sampled_from([None, "", ">=3.8", "nonsense"]),
            "requires_dist": st.none() | st.lists(st.sampled_from(list(texts)), max_size=3),
            "filename": st.sampled_from(FILES),
            "sha256_digest": st.sampled_from([None, "", "AB" * 32]),
            "yanked": st.sampled_from([None, False, True]),
        }
    )
    # Of two rows of one file without an order in time, which one wins is nobody's business.
    return st.lists(row, max_size=25, unique_by=_place)


def _row(version: str, requires: list[str | None] | None, filename: str) -> dict[str, Any]:
    said = {"name": "lib", "version": version, "requires_dist": requires, "filename": filename}
    return {**dict.fromkeys(TABLE_COLUMNS), **said}


SILENT_BESIDE_ANOTHER = [_row("1.0", None, ""), _row("1.0.0", ["lib", "lib", "lib>=1"], "lib-1.0.tar.gz")]
"""No set of the table is empty, which is where a comparison with that set is neither true nor false."""
NULL_AMONG_OTHERS = [_row("1.0", ["a", None], "lib-1.0.exe"), _row("1.0", ["lib"], "lib-1.0-py3-none-any.whl")]


def _place(row: Row) -> tuple[object, ...]:
    name = (row["name"] or "").lower().replace("_", "-").replace(".", "-")
    version = release_version(row["version"]).key if row["version"] is not None else None
    return name, version, row["filename"] or "", row["upload_time"]


def _table(folder: Path, parts: Iterable[Sequence[Row]], columns: Iterable[str] = TABLE_COLUMNS) -> ReleaseTable:
    files = {
        write_parquet(folder / f"{number}.parquet", part, list(columns)): f"{number}.parquet"
        for number, part in enumerate(parts)
    }
    table = parquet_table(files, times_listed=False, progress=lambda *_: None, reject=_never)
    assert table is not None
    return table


def _never(path: str, problem: str) -> None:
    pytest.fail(f"{path}: {problem}")


def _arrays(folder: Path, facts: Iterable[port.Fact]) -> dict[str, bytes]:
    """Return what is compiled of facts, array by array, without the problems that tables tell of and their digests."""
    store = open_store(str(folder), create=True)
    store.record(facts)
    store.reader()
    store.close()
    arrays = folder.glob("index/*/*.npy")
    return {path.name: path.read_bytes() for path in arrays if not path.name.startswith(("whole.", "package.facts."))}


def _sha256(folder: Path, facts: Iterable[port.Fact]) -> str:
    store = open_store(str(folder), create=True)
    store.record(facts)
    found = store.reader().generation().facts_sha256
    store.close()
    return found


@settings(max_examples=share(20, of=4), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=rows(), shuffle=st.randoms(use_true_random=False))
@example(made=SILENT_BESIDE_ANOTHER, shuffle=Random(0))
@example(made=NULL_AMONG_OTHERS, shuffle=Random(0))
def test_a_table_says_what_its_rows_say(made: list[dict[str, Any]], shuffle: Random) -> None:
    shuffled, columns = [*made], [*TABLE_COLUMNS]
    shuffle.shuffle(shuffled)
    shuffle.shuffle(columns)
    cut = shuffle.randint(0, len(made))
    with TemporaryDirectory() as name:
        folder = Path(name)
        table = _table(folder, [shuffled[:cut], shuffled[cut:]], columns)
        expected = _arrays(folder / "facts", facts_of(made))
        found = _arrays(folder / "columns", [table])
        assert [name for name in expected if found[name] != expected[name]] == []


@settings(max_examples=share(10, of=3), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=rows(), data=st.data())
def test_the_order_of_rows_and_their_files_change_nothing(made: list[dict[str, Any]], data: st.DataObject) -> None:
    doubled = [*made, *made]
    with TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("one", "two"):
            (folder / part).mkdir()
        one = _table(folder / "one", [doubled])
        other = _table(folder / "two", [data.draw(st.permutations(doubled)), made])
        assert _arrays(folder / "a", [replace(one, source="t")]) == _arrays(folder / "b", [replace(other, source="t")])


PLAIN = ("lib>=1", "a", "zope.interface[x]; extra == 'y'")


@settings(max_examples=share(10, of=3), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=rows(PLAIN), second=rows(PLAIN), data=st.data())
def test_tables_and_facts_join_in_any_order(
    first: list[dict[str, Any]], second: list[dict[str, Any]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("one", "two"):
            (folder / part).mkdir()
        tables = [_table(folder / "one", [first]), _table(folder / "two", [[*second, LATER]])]
        single = list(facts_of([*first, LATEST]))
        facts: list[port.Fact] = [*tables, *single]
        expected = _sha256(folder / "graph", facts)
        order = data.draw(st.permutations(facts))
        cut = data.draw(st.integers(0, len(order)))
        store = open_store(str(folder / "other"), create=True)
        for batch in (order[:cut], order[cut:], order):
            receipt = store.record(batch)
        found = store.reader().generation().facts_sha256
        store.close()
        assert (receipt.new, found) == (0, expected)


LATER: Row = {"name": "later", "version": "1", "upload_time": 50, "requires_dist": []}
LATEST: Row = {"name": "later", "version": "2", "upload_time": 60, "requires_dist": ["lib"]}


PIECES = st.sampled_from(
    [
        *("lib", "a.b", "x", "[", "]", "e1", ",", "(", ")", ">=", "==", "~=", "!=", "===", "<", "1", "1.0.*", "1.0+x"),
        *("2!1", ";", " ", "\t", "\n", "'", '"', "python_version", "extra", "in", "not", "and", "or", "3", "@", "é"),
        "file:///x",
    ]
)
REAL = st.sampled_from(
    [
        "requests[security,socks]>=2.8.1,!=2.32.*,<3 ; python_version < '3.8' and extra == 'all'",
        "numpy (>=1.7,<2)",
        *("pywin32 >= 226; sys_platform == 'win32'", "a;extra=='x'", "b ~= 1.4 ; (os_name == 'nt' or extra == \"y\")"),
        *("c>=1.0,", "d === 1.0+weird", "e@ git+https://git.example/e.git", "f>dev", "g>=1.0.*", "zope.interface"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real text with a stretch of it left out, doubled or replaced."""
    text = draw(REAL)
    at = draw(st.integers(0, len(text)))
    end = draw(st.integers(at, min(len(text), at + 4)))
    return text[:at] + draw(st.just("") | PIECES | st.just(text[at:end] * 2)) + text[end:]


@settings(max_examples=share(40, of=2), deadline=None)  # each has many texts: a database takes longer than they do
@given(
    texts=st.lists(
        mutated() | st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30), max_size=150, unique=True
    )
)
@example(
    [
        *("a>=1;", "a (>=1) ; python_version>'3'  ", "a[]>=1", "a>=1 ; python_version > '3' ; extra == 'x'"),
        *("a>=1.0.*", " a>=1", "a\u00a0>=1"),
    ]
)
def test_requirement_texts_read_in_bulk_are_read_alike(texts: list[str]) -> None:
    check(texts)
