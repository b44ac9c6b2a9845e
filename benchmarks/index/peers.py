"""One function per peer: it takes the arrays, loads them its own way, and returns how to ask it.

Runs under the interpreter of the peers, which has no graphkit; see `run`.

    PEERS/bin/python benchmarks/index/peers.py NAME FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Ask = Callable[[int], Iterable[int]]
"""Returns the nodes that reach one; whether that one is among them is left to the peer."""
REPEATS = 3
DEEPEST = 255  # as far as LadybugDB goes; the longest chain of the real index is far below
THREADS = os.cpu_count() or 1


def scipy(nodes: int, source: Ids, target: Ids) -> Ask:
    """A row per target, so that walking forwards in the matrix is walking backwards in the graph."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    backwards = csr_array((np.ones(len(source)), (target, source)), shape=(nodes, nodes))
    return lambda seed: breadth_first_order(backwards, seed, return_predecessors=False)


def rustworkx(nodes: int, source: Ids, target: Ids) -> Ask:
    """Edges as pairs of integers, the only way in."""
    import rustworkx as library

    graph = library.PyDiGraph()
    graph.add_nodes_from([None] * nodes)
    for part in range(0, len(source), 1_000_000):
        ends = (one[part : part + 1_000_000].tolist() for one in (source, target))
        graph.extend_from_edge_list(list(zip(*ends, strict=True)))
    return lambda seed: library.ancestors(graph, seed)


def igraph(nodes: int, source: Ids, target: Ids) -> Ask:
    """Edges as one array."""
    import igraph as library

    graph = library.Graph(n=nodes, edges=np.stack([source, target], axis=1), directed=True)
    return lambda seed: graph.subcomponent(seed, mode="in")


def networkx(nodes: int, source: Ids, target: Ids) -> Ask:
    """All edges share one empty dictionary of attributes, as its documentation shows for graphs that are large."""
    import networkx as nx

    class Thin(nx.DiGraph):  # type: ignore[type-arg]
        nothing: dict[str, Any] = {}  # noqa: RUF012 - shared on purpose

        def edge_attr_dict_factory(self) -> dict[str, Any]:
            return self.nothing

    graph = Thin()
    graph.add_nodes_from(range(nodes))
    for part in range(0, len(source), 1_000_000):
        ends = (one[part : part + 1_000_000].tolist() for one in (source, target))
        graph.add_edges_from(zip(*ends, strict=True))
    return lambda seed: nx.ancestors(graph, seed)


def duckdb(nodes: int, source: Ids, target: Ids) -> Ask:  # noqa: ARG001 - a table of edges needs no nodes
    """Recursive SQL over a table in memory."""
    import duckdb as library
    import pyarrow as pa

    connection = library.connect(config={"threads": THREADS})
    connection.register("given", pa.table({"source": source, "target": target}))
    connection.execute("create table edge as select source, target from given")
    connection.unregister("given")
    walk = """with recursive reached(node) as (
        select ?::integer union select source from reached join edge on target = node) select node from reached"""
    return lambda seed: connection.execute(walk, [seed]).fetchnumpy()["node"]


def ladybug(nodes: int, source: Ids, target: Ids) -> Ask:
    """A database on disk, filled from Parquet, asked in Cypher for shortest paths: those find each node once."""
    import pyarrow as pa
    import real_ladybug as library
    from pyarrow import parquet

    folder = Path(tempfile.mkdtemp())
    parquet.write_table(pa.table({"id": np.arange(nodes, dtype=np.int32)}), folder / "nodes.parquet")
    parquet.write_table(pa.table({"source": source, "target": target}), folder / "edges.parquet")
    connection = library.Connection(library.Database(str(folder / "database")), num_threads=THREADS)
    connection.execute(f"CALL var_length_extend_max_depth={DEEPEST}")
    connection.execute("CREATE NODE TABLE Node(id INT32, PRIMARY KEY(id))")
    connection.execute("CREATE REL TABLE Needs(FROM Node TO Node)")
    connection.execute(f"COPY Node FROM '{folder}/nodes.parquet'")
    connection.execute(f"COPY Needs FROM '{folder}/edges.parquet'")
    walk = f"MATCH (a:Node)<-[:Needs* SHORTEST 1..{DEEPEST}]-(b:Node) WHERE a.id = $seed RETURN b.id"
    return lambda seed: connection.execute(walk, {"seed": seed}).get_as_arrow().column(0).to_numpy()


PEERS: dict[str, Callable[[int, Ids, Ids], Ask]] = {
    "SciPy": scipy,
    "igraph": igraph,
    "rustworkx": rustworkx,
    "networkx": networkx,
    "DuckDB": duckdb,
    "LadybugDB": ladybug,
}


def digest(nodes: Iterable[int], seed: int) -> tuple[str, int]:
    """Return the hash and the size of a set of nodes, the seed among them."""
    found = nodes if isinstance(nodes, np.ndarray) else np.fromiter(nodes, dtype=np.int64)
    every = np.unique(np.append(found.astype(np.int64), seed))
    return hashlib.sha256(every.astype("<i8").tobytes()).hexdigest(), len(every)


def measured(ask: Ask, seed: int) -> dict[str, Any]:
    """Return the seconds of each round of asking about a seed, and what the answer was."""
    seconds, answer = [], ask(seed)
    for _ in range(REPEATS):
        start = time.perf_counter()
        answer = ask(seed)
        seconds.append(time.perf_counter() - start)
    sha256, size = digest(answer, seed)
    return {"seconds": seconds, "sha256": sha256, "nodes": size}


def main() -> None:
    """Load, ask, and print one line of JSON."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    source, target = (np.load(folder / f"{end}.npy") for end in ("source", "target"))
    start = time.perf_counter()
    ask = PEERS[name](facts["nodes"], source, target)
    load = time.perf_counter() - start
    asked = [facts["worst"], *(seed for seed, _ in facts["small"])]
    print(json.dumps({"load": load, "answers": [measured(ask, seed) for seed in asked]}), flush=True)
    os._exit(0)  # some take seconds to give back what they hold


if __name__ == "__main__":
    main()
