"""A whole index as a table: which row holds, what is said of rows that cannot be read, and until when it speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model import csr
from graphkit.model.errors import InputError
from graphkit.model.index import PROJECT_COLUMNS, TABLE_COLUMNS, MetadataSource, ReleaseTable
from graphkit.model.times import Moment, exactly
from graphkit.stores.engine import bulk
from graphkit.stores.engine.bulk import _set_digests
from graphkit.stores.engine.record import Record
from graphkit.stores.engine.requirement_sets import DIGITS, set_digest
from graphkit.stores.port import Fact
from tests.tables import Row, write_parquet
from tests.unit.stores.engine.kept import metadata, page, recorded, release, wheel

WHEEL, SDIST = "lib-1.0-py3-none-any.whl", "lib-1.0.tar.gz"


def row(version: str | None = "1.0", requires: Sequence[str | None] | None = None, **rest: Any) -> Row:
    return {"name": "lib", "version": version, "requires_dist": requires, **rest}


class Kept:
    """What a record holds of releases, fetched before it goes."""

    def __init__(self, record: Record) -> None:
        fetch = record.connection.execute
        self.pages = fetch("SELECT package, read_at, found, listed FROM pages ORDER BY ALL").fetchall()
        self.shown = fetch("SELECT package, version_key, version FROM page_releases ORDER BY ALL").fetchall()
        self.files = fetch("""
            SELECT package, version_key, filename, kind, sha256, uploaded, yanked, always FROM files ORDER BY ALL
            """).fetchall()
        self.metadata = fetch("""
            SELECT release_metadata.package, version_key, source, reason, release_metadata.unreadable,
                coalesce(list_sort(list(required.package || specifier) FILTER (required.package IS NOT NULL)), [])
            FROM release_metadata LEFT JOIN requirement_members USING (requirement_set)
            LEFT JOIN requirements AS required ON required.id = requirement GROUP BY ALL ORDER BY 1, 2""").fetchall()
        self.projects = fetch("SELECT package, read_at, downloads, maintainers FROM projects ORDER BY 1").fetchall()
        self.tables = fetch("SELECT source, read_at, releases FROM tables").fetchall()
        self.left = fetch("SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'table_')").fetchall()


Read = Callable[..., tuple[Kept, list[tuple[str, str]]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write rows as a table, and read it into a record in memory: what is kept then, and the problems told of."""

    def reading(
        *rows: Row, columns: Sequence[str] = tuple(TABLE_COLUMNS), before: Sequence[Fact] = (), **rest: Any
    ) -> tuple[Kept, list[tuple[str, str]]]:
        path = write_parquet(tmp_path / "table.parquet", rows, columns)
        table = ReleaseTable(paths=(str(path),), columns=frozenset(columns), digest="ab" * 32, source="table", **rest)
        with recorded(before) as record:
            receipt = record.write([table], tmp_path / "generation")
            assert receipt.new == 1
            return Kept(record), [(one.place, one.text) for _, one in receipt.problems]

    return reading


def test_an_empty_table_keeps_that_it_was_read(read: Read) -> None:
    kept, problems = read()
    assert (kept.pages, kept.shown, kept.files, kept.metadata, problems) == ([], [], [], [], [])
    assert kept.tables == [("table", 0, 0)]
    assert kept.left == []


def test_rows_without_a_name_or_a_version_are_left_out_and_told_of(read: Read) -> None:
    hostile = "-\x1b[31m" + "x" * 200
    kept, problems = read(
        row(filename=WHEEL), row(name=None), row(name=""), row(name=hostile), row(None), row(None, name="other")
    )
    assert kept.shown == [("lib", "1", "1.0")]
    *names, versions = problems
    assert versions == ("version", "2 packages have rows without one, which were left out")
    assert [place for place, _ in names] == ["name ", f"name {hostile[:80]}", "name None"]
    assert all(text.endswith("; its rows were left out") for _, text in names)
    assert kept.pages == [("lib", 0, True, True)]  # `other` has no row that counts


def test_spellings_of_one_name_and_version_are_one_release_under_its_longest_spelling(read: Read) -> None:
    kept, _ = read(row("1", name="Lib"), row("1.0.0", name="LIB", filename=SDIST), row("v1.0", name="lib"))
    assert kept.shown == [("lib", "1", "1.0.0")]


def test_the_newest_row_of_a_file_holds_and_of_equal_times_always_the_same(read: Read) -> None:
    old = row(filename=WHEEL, upload_time=5, sha256_digest="AA")
    new = row(filename=WHEEL, upload_time=6, sha256_digest="bb", yanked=True)
    other = row(filename=WHEEL, upload_time=6, sha256_digest="CC")
    for rows in ([old, new, other], [other, new, old], [new, old, other, row(filename=WHEEL)]):
        kept, _ = read(*rows)
        assert kept.files == [("lib", "1", WHEEL, "wheel", "bb", 6, True, False)]


def test_the_name_of_a_file_says_what_it_is(read: Read) -> None:
    sdists = [f"lib-1.0.{ending}" for ending in ("tar", "tar.Z", "tar.bz2", "tar.gz", "tar.xz", "tgz", "zip")]
    kinds = {
        "": "unknown",
        WHEEL: "wheel",
        "lib-1.0.win32.exe": "other",
        "libtar": "other",
        **dict.fromkeys(sdists, "sdist"),
    }
    kept, _ = read(row(), *(row(filename=filename) for filename in kinds))
    assert {found[2]: found[3] for found in kept.files} == kinds


def test_a_release_requires_what_any_of_its_files_does(read: Read) -> None:
    kept, _ = read(row(filename=WHEEL, requires=["a", "b>=1"]), row(filename=SDIST, requires=["b >=1", "c"]))
    assert kept.metadata == [("lib", "1", "bulk", "", "[]", ["a", "b>=1", "c"])]


@pytest.mark.parametrize(
    ("files", "source", "reason", "unreadable"),
    [
        ([(WHEEL, [])], "bulk", "", "[]"),
        ([(SDIST, ["a"])], "bulk", "", "[]"),
        ([(SDIST, [])], "unknown", bulk.SAYS_NOTHING, "[]"),
        ([("lib.exe", []), (SDIST, [])], "unknown", bulk.SAYS_NOTHING, "[]"),
        ([(WHEEL, None)], "unknown", bulk.SAYS_NOTHING, "[]"),
        ([(WHEEL, []), (SDIST, [])], "bulk", "", "[]"),
        ([(WHEEL, None), (SDIST, ["a"])], "bulk", "", '["what one of its wheels requires"]'),
        ([(WHEEL, ["a"]), (SDIST, None)], "bulk", "", "[]"),
    ],
)
def test_silence_is_no_empty_list(
    files: list[tuple[str, list[str] | None]], source: str, reason: str, unreadable: str, read: Read
) -> None:
    """A source archive that says nothing mostly never carried requirements; of a wheel it is not known."""
    kept, _ = read(*(row(filename=filename, requires=requires) for filename, requires in files))
    assert [found[2:5] for found in kept.metadata] == [(source, reason, unreadable)]


def test_a_text_without_a_name_leaves_its_releases_open_and_one_that_cannot_be_read_stays(read: Read) -> None:
    texts = ["a", "--", "b>=1,<", None]
    kept, problems = read(*(row(version, texts, filename=WHEEL) for version in ("1", "2", "3", "4")))
    assert [(unreadable, sorted(found)) for *_, unreadable, found in kept.metadata] == [
        ('["see stats --problems"]', ["a", "b"])
    ] * 4
    place = "requires_dist of lib 1, lib 2, lib 3 and 1 more"
    assert [found for found, _ in problems] == [place] * 3
    assert sorted(text for _, text in problems) == [
        "'' is not a valid requirement (PEP 508); the requirements of its releases are not complete",
        "'--' is not a valid requirement (PEP 508); the requirements of its releases are not complete",
        "'b>=1,<' cannot be read; every version is allowed",
    ]


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_what_is_read_at_once_changes_nothing(at_once: int, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        row("1", ["a", "b"], filename=WHEEL),
        row("2", ["b", "A", "--"], filename=WHEEL),
        row("3", [], filename=WHEEL),
        row("4", ["c", "a", "a ", "b"], filename=WHEEL),
    ]
    expected = read(*rows)[0].metadata
    monkeypatch.setattr(bulk, "_SETS_AT_ONCE", at_once)
    assert read(*rows)[0].metadata == expected


DIGESTS = st.text("0123456789abcdef", min_size=DIGITS, max_size=DIGITS)


@given(st.lists(DIGESTS, min_size=1, unique=True, max_size=6).map(sorted), st.data())
def test_a_set_has_the_digest_that_single_facts_give_it(digests: list[str], data: st.DataObject) -> None:
    sets = data.draw(st.lists(st.sets(st.integers(0, len(digests) - 1)).map(sorted), max_size=4))
    start = csr.offsets(np.array([len(one) for one in sets], dtype=np.int64))
    members = np.array([member for one in sets for member in one], dtype=np.int32)
    found = list(_set_digests(np.array(digests, dtype=f"S{DIGITS}"), start, members))
    assert found == [set_digest(digests[member] for member in one) for one in sets]


@pytest.mark.parametrize(
    ("as_of", "speaks"),
    [
        (None, 7),
        (exactly(7), 7),
        (exactly(20), 20),
        (Moment(earliest=3, latest=30), 7),
        (Moment(earliest=9, latest=30), 9),
    ],
)
def test_a_table_speaks_until_its_newest_upload_or_the_time_told(as_of: Moment | None, speaks: int, read: Read) -> None:
    kept, _ = read(row("1", upload_time=5), row("2", upload_time=7), row("3"), as_of=as_of)
    assert kept.pages == [("lib", speaks, True, True)]
    assert kept.tables == [("table", speaks, 3)]


def test_an_upload_after_the_time_told_is_refused(read: Read) -> None:
    with pytest.raises(
        InputError, match=r"^has an upload of 1970-01-01T00:00:00\.000007Z, after the time that the table"
    ):
        read(row("1", upload_time=7), as_of=Moment(earliest=1, latest=6))


def test_files_without_a_time_are_listed_always_only_where_that_was_asked_for(read: Read) -> None:
    rows = [row("1", upload_time=5), row("2")]
    assert [found[-1] for found in read(*rows)[0].files] == [False, False]
    assert [found[-1] for found in read(*rows, times_listed=True)[0].files] == [False, True]


def test_a_table_of_newest_releases_has_found_no_page(read: Read) -> None:
    assert read(row(upload_time=5), one_release=True)[0].pages == [("lib", 5, None, True)]


def test_a_table_joins_pages_and_metadata_that_are_there(read: Read) -> None:
    before = [
        page("lib", release("lib", "1.0", wheel("lib", "1.0", None)), "0.9", read_at=3),
        metadata("lib", "1.0", "strong"),
        metadata("other", "1", "weak", source=MetadataSource.UNKNOWN),
    ]
    kept, _ = read(
        row(requires=["weak"], filename=WHEEL, upload_time=4), row("1", ["found"], name="other"), before=before
    )
    assert [found[:2] for found in kept.pages] == [("lib", 3), ("lib", 4), ("other", 4)]
    assert kept.files[1] == ("lib", "1", WHEEL, "wheel", "", 4, False, False)
    assert [found[1] for found in kept.files] == ["0.9", "1", "1"]
    assert [(found[0], found[2], found[5]) for found in kept.metadata] == [
        ("lib", "wheel", ["strong"]),
        ("other", "bulk", ["found"]),
    ]
    assert kept.left == []


def test_of_two_tables_the_newer_one_says_what_a_release_requires(tmp_path: Path) -> None:
    found = []
    for order in ((1, 2), (2, 1)):
        with recorded() as record:
            for at in order:
                path = write_parquet(
                    tmp_path / f"{at}.parquet", [row(requires=[f"new{at}"], filename=WHEEL, upload_time=at)]
                )
                table = ReleaseTable(
                    paths=(str(path),), columns=frozenset(TABLE_COLUMNS), digest=str(3 - at) * 64, source="table"
                )
                record.write([table], tmp_path / "generation")
                assert record.write([table], tmp_path / "generation").new == 0  # this very table was read
            found += [one[5] for one in Kept(record).metadata]
    assert found == [["new2"], ["new2"]]


def test_what_a_table_says_of_a_project_is_kept_where_it_says_anything(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "plain.parquet", [row(upload_time=3), row("2"), row(name="other"), row(name="-")])
    with duckdb.connect() as made:
        made.execute(f"""
            COPY (SELECT *, CASE WHEN name = 'other' THEN NULL WHEN version = '2' THEN 7 ELSE 5 END AS downloads,
                CASE WHEN name = 'lib' AND version = '2' THEN ['ana', 'bo'] END AS maintainers FROM '{path}')
            TO '{tmp_path / "more.parquet"}'""")
    table = ReleaseTable(
        paths=(str(tmp_path / "more.parquet"),),
        columns=frozenset({*TABLE_COLUMNS, *PROJECT_COLUMNS}),
        digest="ab" * 32,
        source="table",
    )
    with recorded() as record:
        record.write([table], tmp_path / "generation")
        assert Kept(record).projects == [("lib", 3, 7, "ana, bo")]


def test_a_table_without_the_columns_that_it_may_lack(read: Read) -> None:
    needed = [name for name, (_, is_needed) in TABLE_COLUMNS.items() if is_needed]
    kept, _ = read(row(requires=["a"], filename="not read"), columns=needed)
    assert kept.files == [("lib", "1", "", "unknown", "", None, False, False)]
    assert kept.metadata == [("lib", "1", "bulk", "", "[]", ["a"])]
