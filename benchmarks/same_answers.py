"""This checkout beside another commit of it: every case asked of both, and the JSON of the answers compared by byte.

    .venv/bin/python -m benchmarks.same_answers COMMIT

The cases are those of `tests/cases/trials` here, the LiteLLM case that ships, and each service of it with its proofs.
Each tree makes its own graphs. It ends with 1 where an answer differs, and names the first JSON keys that do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.ratios import Tree, trees
from tests.cases.test_trials import NAMES, lay_out, trial_of

ASKED: Final = ("litellm-2026-03", "MAL-2026-2144", "litellm==1.82.8", "litellm==1.82.6")
"""What is asked of the graph of `graphkit demo`."""
_WHOLE: Final = ("--tier", "admitted", "--format", "json")
_SHOWN: Final = 5


def answer_to(tree: Tree, name: str) -> str:
    """Return what a tree says of a trial: its exit code, standard output and errors."""
    trial = trial_of(name)
    work, graph = lay_out(trial, name, tree.scratch / name, lambda: tree.scratch / "demo")
    for words in trial.ingest:
        tree.run("ingest", *words, "--graph", str(graph), folder=work)
    done = tree.run("blast", *trial.ask, "--graph", str(graph), *_WHOLE, *trial.options, folder=work)
    return done.stdout or f"{done.returncode}: {done.stderr}".replace(str(tree.scratch), "…")


def answers_of_the_case(tree: Tree) -> Iterator[str]:
    """Make the graph of the case that ships, and yield what a tree says of it."""
    graph = str(tree.scratch / "demo")
    tree.run("demo", "--graph", graph, "--output", os.devnull, "--quiet")
    for target in ASKED:
        yield tree.run("blast", target, "--graph", graph, *_WHOLE).stdout


def differences(before: Any, after: Any, at: str = "") -> Iterator[str]:
    """Yield the JSON keys, as paths, under which two answers differ.

    >>> list(differences({"a": [1, 2], "b": 0}, {"a": [1, 3], "c": 0}))
    ['.a[1]: 2, now 3', '.b: gone', '.c: new']
    """
    match before, after:
        case dict(), dict():
            for key in before:
                if key in after:
                    yield from differences(before[key], after[key], f"{at}.{key}")
            yield from (f"{at}.{key}: gone" for key in before if key not in after)
            yield from (f"{at}.{key}: new" for key in after if key not in before)
        case list(), list() if len(before) == len(after):
            for number, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from differences(one, other, f"{at}[{number}]")
        case _:
            if before != after:
                yield f"{at}: {json.dumps(before)[:120]}, now {json.dumps(after)[:120]}"


def compared(name: str, before: str, after: str) -> bool:
    """Return whether two answers are the same by byte; say how they differ where not."""
    if before == after:
        return True
    print(f"{name} differs", flush=True)
    try:
        found = list(differences(json.loads(before), json.loads(after)))
    except ValueError:
        found = [f"was {before[:200]!r}, now {after[:200]!r}"]
    for line in found[:_SHOWN]:
        print(f"    {line}")
    if len(found) > _SHOWN:
        print(f"    and {len(found) - _SHOWN} more")
    return False


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask both trees and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="the commit to compare this checkout with")
    given = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="graphkit-answers-") as scratch,
        trees(given.base, Path(scratch).resolve()) as both,
        ThreadPoolExecutor(len(both)) as pool,
    ):
        of_case = zip(ASKED, *pool.map(lambda tree: list(answers_of_the_case(tree)), both), strict=True)
        same = [compared(target, *pair) for target, *pair in of_case]
        same += [compared(name, *pool.map(answer_to, both, (name, name))) for name in NAMES]
    print(f"{sum(same)} of {len(same)} answers are the same by byte as those of {given.base}")
    sys.exit(not all(same))


if __name__ == "__main__":
    main()
