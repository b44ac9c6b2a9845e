"""A question answered again and again in one process, each time up to its JSON text; prints the seconds of each.

python -m benchmarks.figures.warm GRAPH ROUNDS blast|who-has TARGET [LIMIT]
"""

from __future__ import annotations

import json
import sys
import time

from graphkit.api import open_graph
from graphkit.api.graph import Graph
from graphkit.reports.as_json import who_has_json


def ask(graph: Graph, verb: str, target: str, limit: int | None) -> str:
    """Return the JSON of an answer, made anew; as the command's with ``--tier admitted`` and that ``--limit``."""
    if verb == "who-has":
        return "".join(who_has_json(graph.who_has(target)))
    return graph.blast(target, limit=limit).report("json", tier="admitted", limit=limit)


def main() -> None:
    address, rounds, verb, target, *more = sys.argv[1:]
    limit = int(more[0]) if more else None
    seconds = []
    with open_graph(address) as graph:
        ask(graph, verb, target, limit)
        for _ in range(int(rounds)):
            start = time.perf_counter()
            ask(graph, verb, target, limit)
            seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
