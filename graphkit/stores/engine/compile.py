"""The compilation: the whole record as arrays, the same bytes for the same facts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from graphkit.model.documents import Document
from graphkit.model.organisation import Organisation
from graphkit.model.times import FOREVER
from graphkit.stores.engine.base_index import base_key, facts_sha256, stage_facts
from graphkit.stores.engine.bulk import SAYS_NOTHING
from graphkit.stores.engine.compile_changes import compile_changes
from graphkit.stores.engine.compile_derived import compile_derived
from graphkit.stores.engine.compile_evidence import (
    HOLD,
    compile_heads,
    compile_listings,
    kept_heads,
    kept_organisation,
    stage_mentioned,
)
from graphkit.stores.engine.compile_projects import compile_projects
from graphkit.stores.engine.compile_ranges import EXTRAS, compile_ranges, compile_sets, number_sets
from graphkit.stores.engine.compile_releases import ReleaseOrder, compile_files, compile_packages, compile_releases
from graphkit.stores.engine.index_folder import ArraySink, BaseIndex, IndexWriter
from graphkit.stores.engine.record_reader import incidents, rows, scalar, stage_incidents, table_problems


def compile_index(connection: duckdb.DuckDBPyConnection, target: Path, *, anew: bool = False) -> None:
    """Compile the record into the folder ``target``, which appears whole or not at all.

    ``anew``: from the record alone, since what was compiled before is damaged.

    Cost: time and memory in the size of the record; where documents and incidents alone are new and bring nothing
    that the index does not know, in that of documents.
    """
    out = IndexWriter(target, anew=anew)
    try:
        base, counts = _compile(connection, out)
        facts = facts_sha256(connection, base.key)
        newest, inputs = counts.pop("newest"), counts.pop("inputs")
        out.finish(facts_sha256=facts, newest_fact=newest, inputs=inputs, counts=counts)
    finally:
        out.abandon()


def _compile(connection: duckdb.DuckDBPyConnection, out: IndexWriter) -> tuple[BaseIndex, dict[str, int]]:
    kept = incidents(connection)
    connection.execute(HOLD)
    heads = kept_heads(connection)
    organisation = kept_organisation(connection)
    stage_incidents(connection, kept)
    stage_mentioned(connection, heads, kept)
    base = _base(connection, out)
    compile_heads(out, heads, kept, organisation, table_problems(connection))
    components = compile_listings(connection, out)
    counts = {
        **base.counts,
        "documents": len(heads),
        "components": components,
        "incidents": len(kept),
        "companies": len(organisation.companies),
        "services": len(organisation.services),
        "builds": len(organisation.builds),
        "supply relations": len(organisation.supplies),
        "claims": len(organisation.claims),
        "newest": newest_fact(connection, heads, organisation),
        "inputs": count_inputs(connection),
    }
    return base, counts


def _base(connection: duckdb.DuckDBPyConnection, out: IndexWriter) -> BaseIndex:
    """Take over the base of an older index where nothing changed, else what did not change of it."""
    stage_facts(connection)
    key = base_key(connection)
    older = list(out.older())
    for index in older:
        if index.header.base.key == key and (base := out.take_over(index)) is not None:
            return base
    for index in older:
        if not index.folder.is_whole(index.header.base.arrays):
            continue
        if (counts := compile_changes(connection, index, out)) is not None:
            return out.end_base(key, counts)
    counts, _ = compile_base(connection, out)
    return out.end_base(key, counts)


def compile_base(connection: duckdb.DuckDBPyConnection, out: ArraySink) -> tuple[dict[str, int], ReleaseOrder]:
    """Write packages, releases, requirement sets and ranges; return how many there are, and the order of releases.

    The evidence and the facts of packages must be staged.
    """
    number_sets(connection)
    packages = compile_packages(connection, out)
    sets = compile_sets(connection, out)
    order, releases = compile_releases(connection, out, packages)
    files = compile_files(connection, out, order)
    ranges = compile_ranges(connection, out, order)
    compile_projects(connection, out)
    compile_derived(out, releases, sets, files, ranges, [text for (text,) in rows(connection, EXTRAS)])
    counts = {
        "packages": packages,
        "releases": len(releases.flags),
        "files": len(files.flags),
        "requirement sets": sets.count,
        "ranges": len(ranges.flags),
    }
    return counts, order


def count_inputs(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many inputs the record was made of; a table is one, whatever it says."""
    tables = ("tables", "documents", "incidents", "organisations")
    pages = "SELECT count(*) FROM pages WHERE source NOT IN (SELECT source FROM tables)"
    described = "SELECT count(*) FROM release_metadata WHERE source <> 'bulk' AND reason <> ?"
    ((known,),) = connection.execute(described, [SAYS_NOTHING]).fetchall()
    return scalar(connection, pages) + int(known) + sum(len(connection.table(name)) for name in tables)


def newest_fact(connection: duckdb.DuckDBPyConnection, heads: Iterable[Document], organisation: Organisation) -> int:
    """Return the latest instant that a page, file, document or use gives; 0 where none does."""
    query = "SELECT max(read_at) FROM pages UNION ALL SELECT max(uploaded) FROM files"
    stamps = [at for (at,) in connection.execute(query).fetchall()]
    return max(newest_of(heads, organisation), *(int(at) for at in stamps if at is not None and at < FOREVER), 0)


def newest_of(heads: Iterable[Document], organisation: Organisation) -> int:
    """Return the latest instant that a document or use gives for sure; 0 where none does."""
    stamps = [head.created for head in heads]
    for use in organisation.uses:
        stamps += [use.built_at, use.stands_from, use.stands_until, use.read_at]
    return max((at.earliest for at in stamps if at is not None and at.earliest < FOREVER), default=0)
