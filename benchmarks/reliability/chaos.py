"""Kills verbs that write at random points, looks what is there, has them go on, and counts what came of it.

    .venv/bin/python -m benchmarks.reliability.chaos [--count N] [--seed N] [--only NUMBER] [--server URI]

Each trial starts from the same graph and kills one verb with SIGKILL: every second one at a moment of its time, the
others just before it changes a file for the n-th time. Then a fresh process asks the graph, which has to answer as
after the last batch that was committed, or the one that was about to be; a report under its name is a whole one. The
verb is run again, in every other trial on the graph as the killed process left it, and everything has to be as after an
unbroken run: answers, report, and no file that does not belong there. What is not is printed with the number of its
trial, which `--only` repeats. It ends with 1 where there is one; Ctrl-C ends it early.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.reliability.chaos_world import (
    BASES,
    SERVER_VERBS,
    TARGET,
    VERBS,
    Verb,
    fix_what_varies,
    lay_out,
    served,
)
from benchmarks.reliability.flips import table
from benchmarks.reliability.forks import End, end_of, ended, load_everything, started
from tests.neo4j_server import PASSWORD, clear, running

STATS: Final = "stats --format json"
"""Its answer has counts of all things, and a sum of all facts."""
IN_THE_END: Final = (STATS, f"blast {TARGET} --tier admitted --format json")
_BELONGS: Final = frozenset({"graph.duckdb", "generation", "lock", "index.lock", "index", "names.json"})
_UNFINISHED: Final = "a push into it is not finished"
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES: Final = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "batch"})
"""What Python tells of a change to files before it happens (`sys.addaudithook`), and our own word before a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbroken:
    """A run that nobody killed: its seconds, changes of files, the answers after each batch, and its report.

    ``states``: the first is from before the run, the last from after it.
    """

    end: End
    seconds: float
    changes: int
    states: tuple[tuple[End, ...], ...]
    in_the_end: tuple[End, ...]
    report: bytes | None


def counting(scratch: Path, most: int, at: int = 0) -> None:
    """Have this process count its changes to files below a folder, and kill itself just before one of them.

    ``at``: which one; 0 for none. ``most``: batches after which it ends as if nothing more were to do; 0 for all.
    """
    seen = 0
    with (scratch / "changes").open("wb"):
        pass

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event == "open":
            path, _, flags = arguments
            if not isinstance(path, str | bytes) or not (flags or 0) & _WRITES:
                return
            if not os.fsdecode(path).startswith(str(scratch)):
                return
        elif event not in _CHANGES:
            return
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)

    batches = os.open(scratch / "batches", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    fix_what_varies()
    _hook_stores(batches, most)
    sys.addaudithook(hook)

    def exiting(code: int, leave: Callable[[int], None] = os._exit) -> None:
        (scratch / "changes").write_text(str(seen), encoding="utf-8")
        leave(code)

    os._exit = exiting  # type: ignore[assignment]


def _hook_stores(batches: int, most: int) -> None:
    """Write a byte for each batch that is committed, and end after ``most`` of them."""
    from graphkit.stores.embedded.store import EmbeddedStore
    from graphkit.stores.neo4j.store import Neo4jStore

    done = 0

    def counted(work: Callable[..., Any], own: Any, *words: Any, **more: Any) -> Any:
        nonlocal done
        sys.audit("batch")
        found = work(own, *words, **more)
        os.write(batches, b".")
        done += 1
        if done == most:
            own.close()
            os._exit(0)
        return found

    for owner in (EmbeddedStore, Neo4jStore):
        for name in ("_create", "record", "remember"):
            if work := getattr(owner, name, None):
                setattr(owner, name, lambda *words, work=work, **more: counted(work, *words, **more))


class Trials:
    """Kills, one after another, in one scratch folder."""

    def __init__(self, scratch: Path, service: str, server: str | None, seed: int) -> None:
        self._scratch, self._seed, self._server = scratch, seed, server or ""
        self._graph, self._out, self._temporary = scratch / "graph", scratch / "out", scratch / "tmp"
        self._places = {
            "graph": str(self._graph),
            "inputs": str(scratch / "inputs"),
            "report": str(self._out / "report"),
            "service": service,
            "server": self._server,
            "small": str(scratch / "base-small"),
        }
        for folder in (self._out, self._temporary):
            folder.mkdir()
        os.environ |= {f"XDG_{name}_HOME": str(scratch / "home" / name.lower()) for name in ("DATA", "CACHE", "CONFIG")}
        os.environ |= {"TMPDIR": str(self._temporary), "DEPENDENCY_TRACK_API_KEY": "key"}
        tempfile.tempdir = None
        lay_out(scratch / "inputs")
        self._make_bases()
        self._on_server = ""
        self._known: dict[str, Unbroken] = {}
        self.verbs = (*VERBS, *(SERVER_VERBS if server else ()))

    def _make_bases(self) -> None:
        for name in ("small", "stale"):
            for words in BASES[name]:
                self._run([*words, "--graph", str(self._graph)], fix_what_varies)
            if name == "small":
                self._run(["stats", "--graph", "{graph}"])
            shutil.copytree(self._graph, self._scratch / f"base-{name}")

    def _run(self, words: Sequence[str], before: Callable[[], None] = lambda: None) -> End:
        return ended(self._filled(words), self._scratch, before)

    def _filled(self, words: Sequence[str]) -> list[str]:
        return [word.format(**self._places) for word in words]

    def _restore(self, verb: Verb) -> None:
        """Put everything back to before the verb."""
        for folder in (self._graph, self._scratch / "home", *self._temporary.iterdir(), *self._out.iterdir()):
            shutil.rmtree(folder) if folder.is_dir() else folder.unlink(missing_ok=True)
        if not verb.is_of_server:
            if verb.base:
                shutil.copytree(self._scratch / f"base-{verb.base}", self._graph)
            return
        if verb.name == "mark" and self._on_server == "small":
            self._run(["neo4j", "mark", "--clear", "--quiet", "--graph", "{server}"])
            return
        apart(lambda: clear(self._server))
        self._on_server = ""
        if verb.base == "small":
            self._run(["neo4j", "push", "--graph", "{small}", "--to", "{server}", "--quiet"])
            self._on_server = "small"
        elif verb.base:
            for words in BASES[verb.base]:
                self._run([*words, "--graph", "{server}"], fix_what_varies)

    def _state(self, verb: Verb, questions: Sequence[str] = (STATS,)) -> tuple[End, ...]:
        """Return what the graph of a verb answers."""
        graph = self._server if verb.is_of_server else str(self._graph)
        asked = [[*question.split(), "--graph", graph] for question in questions]
        if verb.name == "mark":
            asked.append(["neo4j", "status", "--to", graph])
        return tuple(self._run(words, fix_what_varies) for words in asked)

    def unbroken(self, verb: Verb) -> Unbroken:
        """Return how a verb ends that nobody kills, and the answers after each of its batches."""
        if verb.name in self._known:
            return self._known[verb.name]
        self._restore(verb)
        states = [self._state(verb)]
        self._restore(verb)
        begun = time.monotonic()
        end = self._run(verb.words, partial(counting, self._scratch, 0))
        seconds = time.monotonic() - begun
        changes, batches = int((self._scratch / "changes").read_text()), self._batches()
        report = self._report()
        last, in_the_end = self._state(verb), self._state(verb, IN_THE_END)
        for number in range(1, batches):
            self._restore(verb)
            self._run(verb.words, partial(counting, self._scratch, number))
            states.append(self._state(verb))
        found = Unbroken(
            end=end, seconds=seconds, changes=changes, states=(*states, last), in_the_end=in_the_end, report=report
        )
        self._known[verb.name] = found
        return found

    def _batches(self) -> int:
        return (self._scratch / "batches").stat().st_size

    def _report(self) -> bytes | None:
        report = self._out / "report"
        return report.read_bytes() if report.exists() else None

    def run(self, number: int) -> tuple[Verb, str]:
        """Run one trial: what was killed, and what became of it; ``FAILED: …`` where that is wrong."""
        rng = random.Random(f"{self._seed} {number}")
        verb = self.verbs[number % len(self.verbs)]
        unbroken = self.unbroken(verb)
        self._restore(verb)
        share, is_timed = rng.random(), number // len(self.verbs) % 2 == 0
        if not self._killed(verb, unbroken, share, is_timed=is_timed):
            return verb, "ended before it was killed"
        committed = self._batches()
        if self.shows:
            left = sorted(str(path.relative_to(self._scratch)) for path in self._files())
            of = "time" if is_timed else "changes"
            print(f"killed at {share:.3f} of its {of}, after {committed} batches; files: {', '.join(left)}")
        return verb, self._judged(verb, unbroken, committed, goes_on_at_once=rng.random() < 0.5)

    shows = False

    def _killed(self, verb: Verb, unbroken: Unbroken, share: float, *, is_timed: bool) -> bool:
        at = 0 if is_timed else int(share * unbroken.changes) + 1
        child = started(self._filled(verb.words), self._scratch, partial(counting, self._scratch, 0, at))
        if is_timed:
            time.sleep(share * unbroken.seconds)
            os.kill(child, signal.SIGKILL)
        return end_of(child, self._scratch).code == -signal.SIGKILL

    def _judged(self, verb: Verb, unbroken: Unbroken, committed: int, *, goes_on_at_once: bool) -> str:
        """Ask the graph, have the verb go on, and return what came of it."""
        is_aside = goes_on_at_once and self._graph.exists() and not verb.is_of_server
        if is_aside:
            shutil.copytree(self._graph, self._scratch / "aside")
        found, expected = self._state(verb), unbroken.states[committed : committed + 2]
        is_right = found in expected or (verb.name == "push" and _UNFINISHED in found[0].said)
        is_right = is_right or (not verb.is_ordered and not found[0].code and not found[0].said)
        wrong = "" if is_right else f"after {committed} batches: {_difference(found, expected)}"
        wrong = wrong or self._left(verb, whole=False)
        if is_aside:
            shutil.rmtree(self._graph)
            (self._scratch / "aside").rename(self._graph)
        if wrong := wrong or self._gone_on(verb, unbroken):
            return f"FAILED: {wrong}"
        if unbroken.states[0] == unbroken.states[-1]:
            return "nothing to lose, goes on"
        return "as before, goes on" if found == unbroken.states[0] else "batches kept, goes on"

    def _gone_on(self, verb: Verb, unbroken: Unbroken) -> str:
        """Run a verb again, and return what is not as after an unbroken run."""
        if self._report() not in {None, unbroken.report}:
            return "a report that is not whole stands under its name"
        end = self._run(verb.words, fix_what_varies)
        if end.code != unbroken.end.code:
            return f"going on ended with {end.code}: {end.said}"
        if self._report() != unbroken.report:
            return "going on wrote another report"
        if (whole := self._state(verb, IN_THE_END)) != unbroken.in_the_end:
            return f"after going on: {_difference(whole, [unbroken.in_the_end])}"
        return self._left(verb, whole=True)

    def _files(self) -> Iterator[Path]:
        for folder in (self._graph, self._temporary, self._out):
            yield from (path for path in folder.rglob("*") if path.is_file())

    def _left(self, verb: Verb, *, whole: bool) -> str:
        """Return what is there and belongs nowhere. ``whole``: of reports and temporary folders too."""
        left = []
        if self._graph.is_dir() and not verb.is_of_server:
            # The log of the record is a part of it until the record is opened to be written.
            belongs = _BELONGS if whole else _BELONGS | {"graph.duckdb.wal"}
            left += [path.name for path in self._graph.iterdir() if path.name not in belongs]
            indexes = list((self._graph / "index").glob("*")) + list((self._graph / "index").glob(".*"))
            left += [f"index/{path.name}" for path in indexes] if len(indexes) > 1 else []
        if whole:
            left += [f"report: {path.name}" for path in self._out.iterdir() if path.name != "report"]
            left += [f"temporary: {path.name}" for path in self._temporary.iterdir()]
        when = "going on" if whole else "a question"
        return f"left behind after {when}: {', '.join(sorted(left))}" if left else ""


def _difference(found: tuple[End, ...], expected: Sequence[tuple[End, ...]]) -> str:
    for number, end in enumerate(found):
        if end not in {one[number] for one in expected}:
            return f"question {number} ended with {end.code}, {end.said or end.answer[:300]!r}"
    return "answers of two states"


def apart(work: Callable[[], None]) -> None:
    """Do work in a process of its own, so that this one has no thread."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    assert not os.waitpid(child, 0)[1], "a server could not be cleared"


@contextmanager
def server_at(given: str | None, scratch: Path, *, is_wanted: bool) -> Iterator[str | None]:
    """Yield the address of a Neo4j server whose database may be cleared, None where none is wanted."""
    if not is_wanted:
        yield None
    elif given:
        yield given
    else:
        os.environ["NEO4J_PASSWORD"] = PASSWORD
        with running(scratch / "neo4j") as address:
            yield address


def main() -> None:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=330, help="trials")
    parser.add_argument("--seed", type=int, default=25, help="of what is random; another one kills at other points")
    parser.add_argument("--only", type=int, help="this trial alone, with what was left behind")
    parser.add_argument("--server", help="a Neo4j server whose database is cleared; one is started unless given")
    parser.add_argument("--only-server", action="store_true", help="only what needs one")
    parser.add_argument("--no-server", action="store_true", help="only what needs none")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server that was started is to be ended
    load_everything()
    found: Counter[tuple[str, str]] = Counter()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="graphkit-chaos-"))).resolve()
        service = stack.enter_context(served())
        server = stack.enter_context(server_at(given.server, scratch, is_wanted=not given.no_server))
        trials = Trials(scratch, service, server, given.seed)
        trials.shows = given.only is not None
        if given.only_server:
            trials.verbs = SERVER_VERBS
        with suppress(KeyboardInterrupt):
            for number in range(given.count) if given.only is None else [given.only]:
                verb, what = trials.run(number)
                if what.startswith("FAILED"):
                    print(f"trial {number}, seed {given.seed}, {verb.name}: {what}", flush=True)
                found[verb.name, what.partition(":")[0]] += 1
    kills = sum(count for (_, what), count in found.items() if what != "ended before it was killed")
    print(f"{sum(found.values()):,} trials, {kills:,} kills, seed {given.seed}")
    print(table(found))
    sys.stdout.flush()
    os._exit(any(what == "FAILED" for _, what in found))


if __name__ == "__main__":
    main()
