"""Where a reader begins: the newest generation that is applied as a whole, and what changed after it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from graphkit.stores.neo4j.changes import Changes, unpacked
from graphkit.stores.neo4j.server import Asked, Server, checked_format, graph_of, one, rows

_Columns = dict[str, Any]


class Start(Struct, frozen=True, kw_only=True):
    """What the graph's own node says of a generation that is whole, and the last change of a writer that it knows of.

    ``is_done`` False: a later writer has said what it changes, and not that it is done.
    """

    graph: _Columns
    seen: int
    is_done: bool = True


def start_of(transaction: Asked, shown: str) -> Start | None:
    """Return the newest generation that is applied as a whole; None where the database is empty.

    Raises:
        GraphkitError: the database holds something else, or a graph of another format.
    """
    found = rows(transaction, "change_newest")
    if found and found[0]["number"] is None:
        # The first writer of all may have begun meanwhile: the second look sees its change, and the first its half.
        second = rows(transaction, "change_newest")
        found = second if second and second[0]["number"] is not None else found
    if not found:
        graph_of(transaction, shown)
        return None
    said = found[0]
    checked_format(said["graph"], shown)
    if said["graph"].get("pushing") or said["number"] is None:
        return Start(graph=said["graph"], seen=-1)
    told = said["after"] if said["done"] else said["before"]
    is_done: bool = said["done"]
    return Start(graph=msgspec.json.decode(told), seen=said["number"] - (not is_done), is_done=is_done)


def held_start(transaction: Asked) -> Start:
    """Return the newest generation, where the transaction holds writers off."""
    said = one(transaction, "change_newest")
    return Start(graph=said["graph"], seen=-1 if said["number"] is None else said["number"])


def changes_after(server: Server, known: Start) -> tuple[Changes, Start]:
    """Return what changed after what is known of a graph, and what is known then. Cost: two statements."""

    def read(transaction: Asked) -> tuple[Changes, Start]:
        now = graph_of(transaction, server.shown)
        found = one(transaction, "changes", seen=known.seen)
        changes = unpacked(found["bodies"])
        last = max([known.graph["generation"], *found["generations"]])
        is_whole = found["first"] in {None, known.seen + 1}
        if now is None or now["store"] != known.graph["store"] or now["generation"] > last or not is_whole:
            changes.is_all = True
        seen = known.seen if found["seen"] is None else found["seen"]
        return changes, Start(graph={**known.graph, "generation": last}, seen=seen)

    return server.read(read)
