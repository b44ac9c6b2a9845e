"""A question answered again and again in one process, each time up to its JSON text; prints the seconds of each.

python -m benchmarks.figures.warm GRAPH ROUNDS blast|who-has TARGET
"""

from __future__ import annotations

import json
import sys
import time

from graphkit.api import open_graph
from graphkit.api.graph import Graph
from graphkit.reports.as_json import who_has_json


def ask(graph: Graph, verb: str, target: str) -> str:
    """Return the JSON of an answer, made anew."""
    if verb == "who-has":
        return who_has_json(graph.who_has(target))
    return graph.blast(target).report("json", tier="admitted")


def main() -> None:
    address, rounds, verb, target = sys.argv[1:]
    seconds = []
    with open_graph(address) as graph:
        ask(graph, verb, target)
        for _ in range(int(rounds)):
            start = time.perf_counter()
            ask(graph, verb, target)
            seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
