"""A whole index as a table, staged in columns: what repeats is read once, and the rest never leaves the database."""

# ruff: noqa: S608 - statements are put together from own names, escaped paths and whole numbers

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.errors import InputError
from graphkit.model.index import PROJECT_COLUMNS, MetadataSource, ReleaseTable, table_sql
from graphkit.model.names import BadName, PackageName, package_name
from graphkit.model.sentences import and_more
from graphkit.model.times import Instant, rfc3339
from graphkit.model.versions import release_version
from graphkit.stores.engine.bulk_texts import ReadTexts, read_texts
from graphkit.stores.engine.encoding import insert_versions
from graphkit.stores.engine.interned import stage
from graphkit.stores.engine.record_reader import columns, put, scalar
from graphkit.stores.engine.requirement_sets import DIGITS, write_sets
from graphkit.stores.engine.schema import STRENGTH

_SHOWN: Final = 3
"""How many releases a problem names."""
_SETS_AT_ONCE: Final = 100_000
_TABLES: Final = (
    *("sets", "members", "texts", "rows", "names", "packages", "versions"),
    *("settled", "shared", "several", "unions", "set_numbers"),
)

STAGED: Final = ("pages", "page_releases", "files", "release_metadata")
"""Tables whose rows are staged where a table has to be merged."""
_BULK, _UNKNOWN = MetadataSource.BULK, MetadataSource.UNKNOWN
SAYS_NOTHING: Final = "its source archives carry no requirements"
_UNTOLD: Final = "what one of its wheels requires"
_LAST: Final = 2**63 - 1

GATHER: Final = """
CREATE OR REPLACE TEMP TABLE table_sets AS
SELECT requires_dist, (row_number() OVER (ORDER BY hash(requires_dist)) - 1)::INTEGER AS id
FROM (SELECT DISTINCT requires_dist FROM table_source WHERE requires_dist IS NOT NULL);

CREATE OR REPLACE TEMP TABLE table_texts AS
SELECT text, (row_number() OVER () - 1)::INTEGER AS id
FROM (SELECT DISTINCT coalesce(text, '') AS text FROM (SELECT unnest(requires_dist) AS text FROM table_sets));

CREATE OR REPLACE TEMP TABLE table_members AS
SELECT members.id AS set_id, table_texts.id AS text_id
FROM (SELECT id, unnest(requires_dist) AS text FROM table_sets) AS members
JOIN table_texts ON table_texts.text = coalesce(members.text, '');
"""
"""A text that is null is one without even a name."""

PLACE: Final = """
CREATE OR REPLACE TEMP TABLE table_rows AS
SELECT package_id, key_id, versions.id AS version_id, filename, kind, sha256, requires_python, uploaded, yanked,
    sets.id AS set_id
FROM table_source AS source
JOIN table_names AS names USING (name) JOIN table_versions AS versions ON versions.raw = source.version
LEFT JOIN table_sets AS sets ON sets.requires_dist = source.requires_dist
ORDER BY package_id, key_id;
"""
"""Rows of whole numbers and in the order of packages, which is how they compress best."""

SETTLED: Final = """
CREATE OR REPLACE TEMP TABLE table_shared AS
SELECT package_id, key_id FROM table_rows GROUP BY ALL HAVING count(*) > 1;

CREATE OR REPLACE TEMP TABLE table_several AS FROM table_rows SEMI JOIN table_shared USING (package_id, key_id)
QUALIFY row_number() OVER (
    PARTITION BY package_id, key_id, filename
    ORDER BY uploaded DESC NULLS LAST, sha256, requires_python, version_id, set_id, yanked) = 1;

DELETE FROM table_rows WHERE (package_id, key_id) IN (FROM table_shared);
INSERT INTO table_rows FROM table_several;

CREATE OR REPLACE TEMP TABLE table_settled AS
SELECT package_id, key_id, version_id, requires_python, set_id, NULL::INTEGER AS other,
    set_id IS NULL OR (kind IN ('sdist', 'other') AND set_id = getvariable('nothing')) AS unknown, FALSE AS lost
FROM table_rows ANTI JOIN table_shared USING (package_id, key_id)
UNION ALL
SELECT package_id, key_id, min(version_id), max(requires_python), min(set_id), max(set_id),
    bool_and(set_id IS NULL OR (kind IN ('sdist', 'other') AND set_id = getvariable('nothing'))),
    bool_or(set_id IS NULL AND kind = 'wheel')
FROM table_several GROUP BY package_id, key_id;
"""
"""The newest row wins per file; of several files of a release, all that any of them requires counts.

A release is unknown where all its files are source archives that say nothing: most of those never
carried requirements (PEP 643); ``lost``: of a wheel beside others nobody knows what it requires.
``nothing`` is the number of the empty set.
"""

UNITED: Final = """
CREATE OR REPLACE TEMP TABLE table_unions AS
SELECT package_id, key_id, (getvariable('sets') + row_number() OVER () - 1)::INTEGER AS id
FROM table_settled WHERE set_id <> other;

INSERT INTO table_members SELECT DISTINCT unions.id, text_id FROM table_unions AS unions
JOIN table_several USING (package_id, key_id) JOIN table_members AS members USING (set_id);

UPDATE table_settled SET set_id = unions.id FROM table_unions AS unions
WHERE unions.package_id = table_settled.package_id AND unions.key_id = table_settled.key_id;
"""


class BulkTable:
    """One table on its way into the record, as rows of the temporary tables ``staged_…``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: ReleaseTable) -> None:
        self._connection = connection
        self._table = table
        self.problems: list[tuple[str, str]] = []

    def write(self) -> bool:
        """Write the table: pages, releases, files, metadata and requirement sets; ``problems`` are then its problems.

        Where the record knows some of its packages, pages to metadata are staged only, and True is returned:
        they have to be merged.

        Cost: a few passes in the database; in Python a step per distinct name, version, requirement
        text and requirement set.
        """
        execute = self._connection.execute
        execute(self._source())
        self.problems = self._name_packages()
        self._read_versions()
        execute(GATHER)
        read = read_texts(self._connection)
        execute(PLACE)
        self.problems += self._lost_rows()
        known = "SELECT count(*) FROM table_packages SEMI JOIN ({}) USING (package)"
        tables = "SELECT package FROM pages UNION ALL SELECT package FROM release_metadata"
        merging = bool(scalar(self._connection, known.format(tables)))
        self._settle()
        self._write_sets(read)
        self.problems += self._problems(read)
        self._put_rows("staged_" if merging else "")
        for name in _TABLES:
            execute(f"DROP TABLE table_{name}")
        execute("DROP VIEW table_source")
        return merging

    def _source(self) -> str:
        has = self._table.columns
        filename = "coalesce(filename, '')" if "filename" in has else "''"
        sha256 = "lower(coalesce(sha256_digest, ''))" if "sha256_digest" in has else "''"
        yanked = "coalesce(yanked, FALSE)" if "yanked" in has else "FALSE"
        more = ", ".join(name if name in has else f"NULL AS {name}" for name in PROJECT_COLUMNS)
        return f"""
            CREATE OR REPLACE TEMP VIEW table_source AS
            SELECT name, version, requires_dist, {filename} AS filename,
                CASE WHEN {filename} = '' THEN 'unknown' WHEN {filename} LIKE '%.whl' THEN 'wheel'
                    WHEN regexp_matches({filename}, '[.](tar[.](gz|bz2|xz|Z)|tgz|zip|tar)$') THEN 'sdist'
                    ELSE 'other' END AS kind,
                {sha256} AS sha256, coalesce(requires_python, '') AS requires_python,
                epoch_us(upload_time) AS uploaded, {yanked} AS yanked, {more}
            FROM {table_sql(self._table.paths)}"""

    def _name_packages(self) -> list[tuple[str, str]]:
        """Make ``table_names``: the package of each name as written. Return the names that are none."""
        query = "SELECT DISTINCT name FROM table_source"
        packages: dict[str, PackageName] = {}
        problems = []
        for (name,) in self._connection.execute(query).fetchall():
            try:
                packages[name] = package_name(name or "")
            except BadName as error:
                problems.append((f"name {str(name)[:80]}", f"{error}; its rows were left out"))
        ids = {package: number for number, package in enumerate(sorted(set(packages.values())))}
        named: list[tuple[Any, ...]] = [(name, package, ids[package]) for name, package in packages.items()]
        stage(self._connection, "table_names", "name VARCHAR, package VARCHAR, package_id INTEGER", named)
        self._connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE table_packages AS
            SELECT DISTINCT package_id, package, md5('{self._table.digest}' || package)::UUID AS page
            FROM table_names""")
        return sorted(problems)

    def _read_versions(self) -> None:
        """Make ``table_versions``, each distinct text read once; the order is kept for every later compilation."""
        query = "SELECT DISTINCT version FROM table_source WHERE version IS NOT NULL ORDER BY version"
        read = [(raw, release_version(raw)) for (raw,) in self._connection.execute(query).fetchall()]
        read.sort(key=lambda pair: (-len(pair[1].text), pair[1].text))  # of several spellings a page shows the first
        ids: dict[str, int] = {}
        shape = "raw VARCHAR, id INTEGER, version_key VARCHAR, key_id INTEGER, version VARCHAR"
        rows: list[tuple[Any, ...]] = [
            (raw, number, one.key, ids.setdefault(one.key, len(ids)), one.text)
            for number, (raw, one) in enumerate(read)
        ]
        stage(self._connection, "table_versions", shape, rows)
        known = {key for (key,) in self._connection.execute("SELECT version_key FROM versions").fetchall()}
        new = {one.key: one for _, one in read if one.key not in known}
        insert_versions(self._connection, "versions", list(new.values()))

    def _lost_rows(self) -> list[tuple[str, str]]:
        lost = scalar(self._connection, "SELECT count(DISTINCT name) FROM table_source WHERE version IS NULL")
        return [("version", f"{lost:,} packages have rows without one, which were left out")] if lost else []

    def _settle(self) -> None:
        """Make ``table_settled``, a row per release, out of ``table_rows``, of which the newest win."""
        execute = self._connection.execute
        execute("SET VARIABLE nothing = coalesce((SELECT id FROM table_sets WHERE len(requires_dist) = 0), -1)")
        execute("SET VARIABLE sets = (SELECT count(*) FROM table_sets)")
        execute(SETTLED)
        execute(UNITED)

    def _write_sets(self, read: ReadTexts) -> None:
        """Write the requirement sets; ``table_set_numbers`` says which number each got, and whether it lacks a text."""
        query = "SELECT set_id, text_id FROM table_members"
        sets, texts = columns(self._connection, query)
        count = scalar(self._connection, "SELECT count(*) FROM table_sets")
        count = max(count, int(sets.max(initial=-1)) + 1)
        members = read.number[texts]
        del texts
        partial = np.zeros(count, dtype=np.bool_)
        partial[sets[members < 0]] = True
        sets, members = sets[members >= 0], members[members >= 0]
        by_digest = np.lexsort(read.digests.view(">u8").reshape(-1, 4).T[::-1])
        rank = np.empty(len(by_digest), dtype=np.int64)
        rank[by_digest] = np.arange(len(by_digest))
        # One sort orders members by set, then digest, and shows what two texts say alike.
        size = np.int64(max(1, len(rank)))
        key = csr.distinct(sets * size + rank[members])
        sets, members = key // size, by_digest[key % size].astype(np.int32)
        del key
        start = csr.offsets(np.bincount(sets, minlength=count))
        numbers: dict[str, int] = {}
        number = [numbers.setdefault(digest, len(numbers)) for digest in _set_digests(read.digests, start, members)]
        rows: list[tuple[Any, ...]] = [(place, digest) for digest, place in numbers.items()]
        stage(self._connection, "incoming_sets", "number INTEGER, digest VARCHAR", rows)
        places = np.array(number, dtype=np.int32)
        first = np.empty(len(numbers), dtype=np.int64)
        first[places[::-1]] = np.arange(count)[::-1]  # of equal sets the first
        new, at = csr.positions(start, first)
        kept = write_sets(self._connection, new, members[at])
        every = np.arange(count, dtype=np.int32)
        numbered = {"set_id": every, "requirement_set": kept[places], "partial": partial}
        shape = "set_id INTEGER, requirement_set INTEGER, partial BOOLEAN"
        put(self._connection, "table_set_numbers", shape, {**numbered})

    def _problems(self, read: ReadTexts) -> list[tuple[str, str]]:
        """Return every requirement text that could not be read, with the releases that have it."""
        if not read.unreadable:
            return []
        unreadable = np.array(sorted(read.unreadable), dtype=np.int32)
        put(self._connection, "table_unreadable", "text_id INTEGER", {"text_id": unreadable})
        found = self._connection.execute(f"""
            SELECT text_id, count(*),
                array_to_string(list_sort(min(package || ' ' || version, {_SHOWN})), ', ')
            FROM table_unreadable JOIN table_members USING (text_id) JOIN table_rows USING (set_id)
            JOIN table_packages USING (package_id) JOIN table_versions AS versions ON versions.id = version_id
            GROUP BY text_id""").fetchall()
        self._connection.execute("DROP TABLE table_unreadable")
        return sorted(
            (f"requires_dist of {named}{and_more(count, _SHOWN)}", read.unreadable[text])
            for text, count, named in found
        )

    def _speaks_until(self) -> Instant:
        """Return the newest upload, or the earliest instant that the time told can mean, where that is later.

        Raises:
            InputError: the table has an upload after the time told.
        """
        newest = scalar(self._connection, "SELECT coalesce(max(uploaded), 0) FROM table_rows")
        if (told := self._table.as_of) is None:
            return newest
        if newest > told.latest:
            raise InputError(f"has an upload of {rfc3339(newest)}, after the time that the table describes, {told}")
        return max(newest, told.earliest)

    def _put_rows(self, into: str) -> None:
        """Write the rows into the tables whose names begin with ``into``: the record's, or those staged for a merge."""
        table = self._table
        newest = self._speaks_until()
        always = str(table.times_listed).upper()
        found = "NULL" if table.one_release else "TRUE"
        # Of two tables the newer one says what a release requires: its rows come first in the order of their ids.
        metadata = f"('{_LAST - newest:016x}' || replace(page::VARCHAR, '-', '')[:16])::UUID"
        self._connection.execute(
            f"""
            INSERT INTO {into}pages SELECT package, $at, $source, 'active', {found}, page, TRUE
            FROM table_packages SEMI JOIN table_rows USING (package_id) ORDER BY package_id""",
            {"at": newest, "source": table.source},
        )
        self._connection.execute(f"""
            INSERT INTO {into}page_releases SELECT package, version_key, version, {newest}, page
            FROM table_settled JOIN table_packages USING (package_id)
            JOIN table_versions AS versions ON versions.id = version_id;
            INSERT INTO {into}files SELECT package, version_key, filename, kind, sha256, requires_python, uploaded,
                {always} AND uploaded IS NULL, yanked, NULL, {newest}, page
            FROM table_rows JOIN table_packages USING (package_id)
            JOIN table_versions AS versions ON versions.id = version_id;
            INSERT INTO {into}release_metadata
            SELECT package, version_key, version, CASE WHEN unknown THEN '{_UNKNOWN}' ELSE '{_BULK}' END,
                CASE WHEN unknown THEN {STRENGTH[_UNKNOWN]} ELSE {STRENGTH[_BULK]} END, requirement_set, '', '[]',
                CASE WHEN unknown THEN '{SAYS_NOTHING}' ELSE '' END,
                CASE WHEN partial THEN '["see stats --problems"]' WHEN lost THEN '["{_UNTOLD}"]' ELSE '[]' END,
                {metadata}
            FROM table_settled JOIN table_packages USING (package_id)
            JOIN table_versions AS versions ON versions.id = version_id
            LEFT JOIN table_set_numbers USING (set_id)""")
        if table.columns & PROJECT_COLUMNS.keys():
            self._connection.execute(f"""
                INSERT INTO projects
                SELECT package, {newest}, max(downloads), coalesce(array_to_string(max(maintainers), ', '), ''), page
                FROM table_source JOIN table_names USING (name) JOIN table_packages USING (package)
                WHERE downloads IS NOT NULL OR maintainers IS NOT NULL GROUP BY package, page""")
        row = [table.digest[:DIGITS], table.source, newest]
        row.append(scalar(self._connection, "SELECT count(*) FROM table_settled"))
        self._connection.execute("INSERT INTO tables VALUES (?, ?, ?, ?, ?)", [*row, json.dumps(self.problems)])


def _set_digests(digests: NDArray[Any], start: csr.Offsets, members: NDArray[np.int32]) -> Iterator[str]:
    """Yield the digest of each set, as `requirement_sets.set_digest` does; members are sorted by their digests."""
    for first in range(0, len(start) - 1, _SETS_AT_ONCE):
        bounds = start[first : first + _SETS_AT_ONCE + 1]
        joined = digests[members[bounds[0] : bounds[-1]]].tobytes()
        edges = ((bounds - bounds[0]) * DIGITS).tolist()
        yield from (hashlib.sha256(joined[lo:hi]).hexdigest()[:DIGITS] for lo, hi in pairwise(edges))
