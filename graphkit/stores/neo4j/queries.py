"""The store's Cypher, by name: every statement is a file in ``queries/neo4j``, and values go in as parameters only."""

from __future__ import annotations

from functools import cache
from typing import LiteralString, cast

from graphkit.resources import resource


@cache
def cypher(name: str) -> LiteralString:
    """Return the text of ``queries/neo4j/NAME.cypher``."""
    return cast("LiteralString", resource("queries", "neo4j", f"{name}.cypher").read_text(encoding="utf-8"))


def statements(name: str) -> tuple[LiteralString, ...]:
    """Return the statements of a file that holds several."""
    return cast("tuple[LiteralString, ...]", tuple(one.strip() for one in cypher(name).split(";") if one.strip()))
