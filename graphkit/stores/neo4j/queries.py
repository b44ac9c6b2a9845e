"""The store's Cypher, by name: every statement is a file in ``queries/neo4j``, and values go in as parameters only."""

from __future__ import annotations

from functools import cache
from typing import LiteralString

from graphkit.resources import resource


@cache
def cypher(name: str) -> LiteralString:
    """Return the text of ``queries/neo4j/NAME.cypher``."""
    text: LiteralString = resource("queries", "neo4j", f"{name}.cypher").read_text(encoding="utf-8")
    return text


def statements(name: str) -> tuple[LiteralString, ...]:
    """Return the statements of a file that holds several."""
    return tuple(one.strip() for one in cypher(name).split(";") if one.strip())
