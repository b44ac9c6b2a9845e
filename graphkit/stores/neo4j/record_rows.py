"""Nodes and relationships of documents, incidents and organisations, as the record has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import msgspec

from graphkit.model.documents import Document

_USE = ("path", "rest", "branch", "derived", "built_at", "stands_from", "stands_until", "read_at", "digest")


def json_text(value: Any) -> str:
    """Return a value as the JSON that a property holds."""
    return msgspec.json.encode(value).decode()


def document_rows(connection: duckdb.DuckDBPyConnection, heads: Iterable[Document]) -> list[tuple[dict[str, Any], str]]:
    """Return the properties of every document, and the digest of its list of components, by SHA-256."""
    query = """
        SELECT sha256, path, kind, format, subject, created, head, document::VARCHAR,
            replace(component_lists.digest::VARCHAR, '-', '')
        FROM documents JOIN component_lists ON list = id ORDER BY sha256"""
    names = ("id", "path", "kind", "format", "subject", "created", "head", "digest")
    problems = {head.sha256: json_text([(one.place, one.text) for one in head.problems]) for head in heads}
    return [
        ({**dict(zip(names, values, strict=True)), "problems": problems[values[0]]}, held)
        for *values, held in connection.execute(query).fetchall()
    ]


def use_rows(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, dict[str, Any]]]:
    """Return which service uses which document, with the properties of each use, in the order of their digests."""
    query = """
        SELECT service, document, path, rest, branch, derived, built_at, stands_from, stands_until, read_at,
            document_use::VARCHAR FROM document_uses ORDER BY document_use"""
    found = connection.execute(query).fetchall()
    return [(row[0], row[1], dict(zip(_USE, row[2:], strict=True))) for row in found]


def incident_rows(connection: duckdb.DuckDBPyConnection, ids: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return the properties of incidents, of all or of some, by id."""
    query = """
        SELECT id, title, actor, advisory, body, incident FROM incidents
        WHERE $every OR id IN (SELECT unnest($ids)) ORDER BY id"""
    names = ("id", "title", "actor", "advisory", "body", "digest")
    found = connection.execute(query, {"every": ids is None, "ids": [*(ids or ())]}).fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


def source_rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the properties of every source of an organisation, by its name."""
    found = connection.execute("SELECT source, body, organisation FROM organisations ORDER BY source").fetchall()
    return [dict(zip(("id", "body", "digest"), row, strict=True)) for row in found]


def table_rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the properties of every table of releases, by digest."""
    query = "SELECT replace(digest::VARCHAR, '-', ''), source, read_at, releases, problems FROM tables ORDER BY ALL"
    names = ("id", "source", "read_at", "count", "problems")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query).fetchall()]
