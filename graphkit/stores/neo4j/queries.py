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


@cache
def checked(name: str) -> LiteralString:
    """Return the statement with what tells of later changes beside each row, looked up after all that it read.

    ``generation`` and ``store`` of the graph, and in ``later`` how many writers said something after ``$seen``. It
    gives no row where the statement gives none, or where there is no graph.
    """
    after = "MATCH (g:Graphkit {id: 'graph'})"
    said = "COUNT { MATCH (c:Change) WHERE c.number > $seen } AS later"
    shown = f"g.generation AS generation, g.store AS store, {said}"
    return f"CALL () {{\n{cypher(name)}}}\nCALL (*) {{ {after} RETURN {shown} }}\nRETURN *"


def statements(name: str) -> tuple[LiteralString, ...]:
    """Return the statements of a file that holds several."""
    return tuple(one.strip() for one in cypher(name).split(";") if one.strip())
