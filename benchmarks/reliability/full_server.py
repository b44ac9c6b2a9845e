"""Pushes a graph to a Neo4j server whose disk is too small or that has little memory, mends that, and pushes again.

    .venv/bin/python -m benchmarks.reliability.full_server GRAPH [--disk MB] [--heap MB]

GRAPH: a folder. With ``--disk`` the server's data lies on a file system of so many megabytes, which needs root; with
``--heap`` the server has so much memory for objects. What each command says is printed. It ends with 1 unless the first
push ends with 4 and one line, and the last one, on a server that was mended and started again, brings all of the graph.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.reliability.forks import End
from tests.neo4j_server import PASSWORD, running

_PROGRAM: Final = str(Path(sys.executable).with_name("graphkit"))
_SECONDS: Final = 900
_ROOM: Final = "4g"
_TORN_LOG: Final = "internal.dbms.tx_log.fail_on_corrupted_log_files=false\n"
"""A server whose log was cut by a full disk opens its database with this alone, as its own log says."""


def said(*words: str) -> End:
    """Run graphkit, and print how it ended."""
    done = subprocess.run([_PROGRAM, *words], capture_output=True, check=False, timeout=_SECONDS)
    end = End(code=done.returncode, answer=done.stdout, said=done.stderr.decode("utf-8", "replace").strip())
    print(f"{' '.join(words[:2])}: {end.code} {end.said or end.answer.decode()[-300:]}", flush=True)
    return end


def main() -> None:
    """Push twice, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph", help="the folder of a graph")
    parser.add_argument("--disk", type=int, help="megabytes for the data of the server")
    parser.add_argument("--heap", type=int, help="megabytes for its objects")
    given = parser.parse_args()
    os.environ["NEO4J_PASSWORD"] = PASSWORD
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server that was started is to be ended
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="graphkit-full-server-")))
        data = home / "data"
        data.mkdir()
        if given.disk:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={given.disk}m", "tmpfs", str(data)]
            subprocess.run(mount, check=True)
            stack.callback(subprocess.run, ["umount", str(data)], check=True)
        with running(home, heap=f"{given.heap or 768}m") as address:
            push = ("neo4j", "push", "--quiet", "--graph", given.graph, "--to")
            first = said(*push, address)
            said("neo4j", "status", "--to", address)
        if given.disk:
            subprocess.run(["mount", "-o", f"remount,size={_ROOM}", str(data)], check=True)
        with running(home, more=_TORN_LOG if given.disk else "") as address:
            said("neo4j", "status", "--to", address)
            last = said(*push, address)
            found, whole = (said("stats", "--graph", where) for where in (address, given.graph))
    is_right = first.code == 4 and "\n" not in first.said and not last.code and found == whole
    print("as an unbroken push" if is_right else "NOT as promised")
    sys.exit(not is_right)


if __name__ == "__main__":
    main()
