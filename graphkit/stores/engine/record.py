"""The record: one DuckDB file, written in transactions, whose content does not depend on order."""

# ruff: noqa: S608 - statements are put together from the names in schema.py alone

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from graphkit.address_space import check_address_space
from graphkit.model.documents import Problem
from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.index import ReleaseTable
from graphkit.model.organisation import Organisation
from graphkit.stores.engine.bulk import STAGED, BulkTable
from graphkit.stores.engine.compile_evidence import paths_of_use
from graphkit.stores.engine.component_lists import Lists
from graphkit.stores.engine.disk_errors import cause_in, disk_error
from graphkit.stores.engine.encoding import encoded
from graphkit.stores.engine.generation_mark import marked
from graphkit.stores.engine.requirement_sets import DIGITS
from graphkit.stores.engine.schema import CACHES, FORMAT, MERGES, TABLES, VIEWS, Merge, column_names
from graphkit.stores.engine.staging import Staging, make_staged, organisation_row
from graphkit.stores.port import Fact, FolderPath, InputRead, Receipt

_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    # A query must neither load code from the network, nor read other files, nor see Python variables.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    # What does not fit waits on disk: a whole index must not take the memory of the machine.
    "memory_limit": "1GB",
}


_OF_PACKAGES: Final = ("pages", "release_metadata")
"""Tables of which a new row ends the facts that ``package_facts`` keeps of its package."""

_DAMAGE: Final = ("corrupt", "could not read enough", "not a valid duckdb", "checksum", "deserialize", "invalidated")
"""What DuckDB says, in small letters, of a file that is not as it wrote it; every block of it has a sum."""
_DAMAGED: Final = (
    "the record is damaged ({}); put the whole folder back from a backup, or ingest again into another folder (--graph)"
)


class RecordInUse(GraphkitError):
    """Another process has the record open."""


def damaged(path: Path, what: str) -> GraphkitError:
    """Return the error for a record that is not as it was written: what of it, and what to do."""
    return GraphkitError(f"{path.name}: {_DAMAGED.format(what)}")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an error of the database or the disk into one line that says what to do."""
    try:
        yield
    except OSError as error:
        raise disk_error(path.parent, "the graph cannot be written", error) from error
    except duckdb.Error as error:
        text = str(error).partition("\n")[0]
        if "set lock" in text.lower():
            raise RecordInUse(f"{path.name}: another process has this graph open; wait until it is done") from error
        if (cause := cause_in(str(error))) is not None:
            raise disk_error(path.parent, f"{path.name} cannot be used", cause) from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise MemoryError(text) from error  # noqa: TRY004 - memory is no type
        # DuckDB writes the path as it is on this machine.
        text = text.replace(f"{path.parent.absolute()}{os.sep}", "").replace(f"{path.parent}{os.sep}", "")
        if any(word in text.lower() for word in _DAMAGE):
            raise damaged(path, text) from error
        raise GraphkitError(f"{path.name}: the record cannot be used: {text}") from error


def _place(path: Path) -> str:
    """Return a path as DuckDB takes it for one: before a colon it looks for the name of another kind of database.

    Raises:
        GraphkitError: it has a question mark, where DuckDB ends the name of the log.
    """
    if "?" in str(path):
        raise GraphkitError(
            f"{path.parent}: DuckDB keeps no record below a folder with ? in its name; give another one"
        )
    return str(path) if path.is_absolute() or path.parent == Path() else f"{os.curdir}{os.sep}{path}"


def _told(error: duckdb.Error, table: ReleaseTable) -> str:
    text = str(error).partition("\n")[0]
    for path in table.paths:
        text = text.replace(path, Path(path).name)
    return text


class Record:
    """An open record. Holds the database's lock until ``close``."""

    def __init__(self, path: Path) -> None:
        """Open or make the record file.

        Raises:
            GraphkitError: another process holds it, or it is no record of this format.
        """
        self._path = path
        self._lists = Lists()
        check_address_space()
        with explained(path):
            self.connection = duckdb.connect(_place(path), config=_CONFIG)
            try:
                self._check()
            except BaseException:
                self.connection.close()
                raise

    def _check(self) -> None:
        # Of the views of a graph it is enough to know that something is there; `information_schema` takes much longer.
        query = """
            SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'main'
            UNION ALL SELECT view_name FROM duckdb_views()
            WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal"""
        present = {name for (name,) in self.connection.execute(query).fetchall()}
        if not present:
            self._create()
            return
        is_graph = {"record", "documents"} <= present
        if is_graph and (found := self._one("SELECT format FROM record")) != FORMAT:
            raise GraphkitError(
                f"{self._path.name} has format {found}, this graphkit reads {FORMAT}; ingest again into another folder"
            )
        for name in (one for one in CACHES if is_graph and one not in present):
            self.connection.execute(f"CREATE TABLE {name} ({TABLES[name]})")
            present.add(name)
        if is_graph and "pages" in present:
            self._mend_pages()
        if is_graph and "organisation_uses" not in present:  # nor had they all views
            self._create_views()
        if not is_graph or not TABLES.keys() <= present:
            raise GraphkitError(f"{self._path.name} is a database, but not a graph; give another folder")

    def _mend_pages(self) -> None:
        """Say of pages that an earlier graphkit kept whether they list a file, as far as what is left of them tells."""
        query = "SELECT count(*) FROM pragma_table_info('pages') WHERE name = 'listed'"
        if not self._one(query):
            with self._transaction():
                self.connection.execute("ALTER TABLE pages ADD COLUMN listed BOOLEAN")
                self.connection.execute("UPDATE pages SET listed = page IN (SELECT page FROM files)")

    def _create(self) -> None:
        with self._transaction():
            for name, columns in TABLES.items():
                self.connection.execute(f"CREATE TABLE {name} ({columns})")
            self._create_views()
            self.connection.execute("INSERT INTO record VALUES (?, ?, 0)", [FORMAT, secrets.token_hex(4)])

    def _create_views(self) -> None:
        for view in VIEWS:
            self.connection.execute(view)

    def _one(self, query: str) -> object:
        row = self.connection.execute(query).fetchone()
        return row[0] if row else None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.begin()
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def generation(self) -> str:
        """Return the mark of the newest committed batch; it differs between stores and batches."""
        with explained(self._path):
            return str(self._one("SELECT store || '-' || generation FROM record"))

    def known(self, documents: Sequence[str]) -> dict[str, frozenset[FolderPath]]:
        """Return which documents are kept, each with the places of its uses; see `port.Store.known`."""
        query = """
            SELECT DISTINCT sha256, document_uses.path, derived, rest
            FROM documents LEFT JOIN document_uses ON document_uses.document = sha256
            WHERE sha256 IN (SELECT unnest($asked))"""
        with explained(self._path):
            found = self.connection.execute(query, {"asked": list(documents)}).fetchall()
        places: dict[str, set[FolderPath]] = {}
        for sha256, path, derived, rest in found:
            kept = places.setdefault(sha256, set())
            if rest is not None:
                kept.update(paths_of_use(path, rest, derived=derived))
        return {sha256: frozenset(kept) for sha256, kept in places.items()}

    def remember(self, read: InputRead, organisation: Organisation | None) -> None:
        """Keep that an input was read; see `port.Store.remember`. Of inputs of one organisation source the newest."""
        row = input_row(read, organisation)
        with explained(self._path), self._transaction():
            self.connection.execute("DELETE FROM inputs_read WHERE id = ? OR source = ?", row[:2])
            self.connection.execute("INSERT INTO inputs_read VALUES (?, ?, ?, ?)", row)

    def remembered(self, input_id: str) -> InputRead | None:
        """Return what is known of an input; see `port.Store.remembered`."""
        query = """
            SELECT inputs_read.body FROM inputs_read LEFT JOIN organisations USING (source)
            WHERE id = ? AND (source IS NULL OR organisations.organisation = inputs_read.organisation)"""
        with explained(self._path):
            found = self.connection.execute(query, [input_id]).fetchone()
        return msgspec.json.decode(found[0], type=InputRead) if found else None

    def write(self, facts: Iterable[Fact], mark: Path) -> Receipt:
        """Keep a batch in one transaction.

        ``mark`` is the file that repeats the generation for readers; it is gone while the commit
        runs, so that a kill at any point leaves either no mark or a true one.
        """
        problems: list[tuple[str, Problem]] = []
        with explained(self._path):
            staging = Staging(self.connection, self._lists)
            try:
                for fact in facts:
                    staging.add(fact)
                staging.finish()
                with self._transaction():
                    self._lists.write(self.connection)
                    staging.sets.write(self.connection)
                    new = self._merge_all(staging.filled) + sum(self._load(table, problems) for table in staging.tables)
                    if new:
                        self.connection.execute("UPDATE record SET generation = generation + 1")
                        mark.unlink(missing_ok=True)
            except BaseException:
                self._lists = Lists()  # numbers that were given and not kept
                raise
            self._lists.forget()
            self.write_mark(mark)
        return Receipt(new=new, unchanged=staging.facts - new, problems=tuple(problems))

    def write_mark(self, mark: Path) -> str:
        """Write the generation where readers look for it without the database; return it."""
        with explained(self._path):
            generation = self.generation()
            fresh = mark.with_name(f"{mark.name}.{os.getpid()}")
            try:
                fresh.write_text(marked(generation), encoding="utf-8")
                fresh.replace(mark)
            finally:
                fresh.unlink(missing_ok=True)
        return generation

    def _load(self, table: ReleaseTable, problems: list[tuple[str, Problem]]) -> int:
        """Write a whole index; return 1, or 0 where this very table was read before.

        Raises:
            InputError: what the table holds cannot be read.
        """
        known = "SELECT count(*) FROM tables WHERE digest = ?"
        ((count,),) = self.connection.execute(known, [table.digest[:DIGITS]]).fetchall()
        if count:
            return 0
        for name in STAGED:
            make_staged(self.connection, name)
        bulk = BulkTable(self.connection, table)
        try:
            is_merging = bulk.write()
        except duckdb.OperationalError:  # the disk, or memory
            raise
        except duckdb.Error as error:
            raise InputError(f"damaged, so nothing from it was saved: {_told(error, table)}") from error
        if is_merging:
            self._merge_all(STAGED)
        self.connection.execute("DELETE FROM package_facts")
        problems += [(table.source, Problem(place=place, text=text)) for place, text in bulk.problems]
        return 1

    def _merge_all(self, staged: Collection[str]) -> int:
        """Let everything in these staged tables join its table; return how many facts are new."""
        merges = [merge for merge in MERGES if merge.table in staged]
        new = sum(map(self._merge, merges))
        if new:
            self._replace(merges)
        return new

    def _merge(self, merge: Merge) -> int:
        """Work out the rows that a table will hold for the staged keys; return how many facts are new."""
        table, keys, columns = merge.table, merge.keys, column_names(merge.table)
        pooled = dict(merge.pooled)
        shown = ", ".join(f"{pooled[name]} AS {name}" if name in pooled else name for name in columns)
        known = "" if merge.newest else f"FROM {table} SEMI JOIN staged_{table} USING ({keys}) UNION ALL"
        self.connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE merged_{table} AS SELECT {shown} FROM ({known} FROM staged_{table})
            WINDOW w AS (PARTITION BY {keys}) QUALIFY row_number() OVER (w ORDER BY {merge.order}) = 1""")
        if not merge.digest:
            return 0
        same = ", ".join(dict.fromkeys([*keys.split(", "), merge.digest]))
        return int(str(self._one(f"SELECT count(*) FROM merged_{table} ANTI JOIN {table} USING ({same})")))

    def _replace(self, merges: Sequence[Merge]) -> None:
        for merge in merges:
            table, keys = merge.table, merge.keys
            self.connection.execute(f"DELETE FROM {table} WHERE ({keys}) IN (SELECT ({keys}) FROM merged_{table})")
            self.connection.execute(f"INSERT INTO {table} FROM merged_{table}")
            if table in _OF_PACKAGES:
                self.connection.execute(
                    f"DELETE FROM package_facts WHERE package IN (SELECT package FROM merged_{table})"
                )

    def close(self) -> None:
        """Let go of the database and its lock."""
        self.connection.close()


def input_row(read: InputRead, organisation: Organisation | None) -> list[str | None]:
    """Return the row of `inputs_read` for an input that was read."""
    source, _, digest = organisation_row(organisation) if organisation else (None, None, None)
    return [read.id, source, digest, encoded(read).decode()]
