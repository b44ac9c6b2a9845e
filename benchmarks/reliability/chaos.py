"""Kills verbs that write at random points, looks what is there, has them go on, and counts what came of it.

    .venv/bin/python -m benchmarks.reliability.chaos [--count N] [--seed N] [--only NUMBER] [--server URI]
        [--only-server | --no-server | --kill-server]

Each trial starts from the same graph and kills one verb with SIGKILL: every second one at a moment of its time, the
others just before it changes a file or sends a statement for the n-th time. Then a fresh process asks the graph, which
has to answer as after the last batch that was committed, or the one that was about to be; a report under its name is a
whole one. The verb is run again, in every other trial on the graph as the killed process left it, and everything has to
be as after an unbroken run: answers, report, the nodes and relationships of a server, and no file that does not belong
there. With ``--kill-server`` the server is killed, and started again on its data; its client has to end soon, with 4
and one line that says that nothing is lost. What is not is printed with the number of its trial, which `--only`
repeats. It ends with 1 where there is one; Ctrl-C ends it early.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial, partialmethod
from pathlib import Path
from threading import Timer
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
from benchmarks.reliability.own_server import OwnServer
from graphkit.cli.failures import FAILED
from tests.neo4j_server import PASSWORD, clear, held

STATS: Final = "stats --format json"
"""Its answer has counts of all things, and a sum of all facts."""
IN_THE_END: Final = (STATS, f"blast {TARGET} --tier admitted --format json")
_BELONGS: Final = frozenset({"graph.duckdb", "generation", "lock", "index.lock", "index", "names.json"})
_UNFINISHED: Final = "a push into it is not finished"
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES: Final = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "batch", "statement"}
)
"""What Python tells of a change to files before it happens (`sys.addaudithook`), and our own words."""
_SOON: Final = 30
"""Seconds, on a busy machine, after which a client has to end whose server was killed."""
_TOLD: Final = re.compile(
    r"graphkit: \S+: no response from Neo4j: .+; nothing that was kept is lost.*: run the same command .+"
)
_WORKS: Final = 0.1
"""Seconds, about, for which a server works on a statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbroken:
    """A run that nobody killed: its changes, its batches, the answers before and after it, and its report."""

    end: End
    changes: int
    batches: int
    before: tuple[End, ...]
    after: tuple[End, ...]
    in_the_end: tuple[End, ...]
    report: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """What a run kills just before its change number ``at`` (0: nothing), or some seconds later.

    ``server``: the process of the server that is killed, and statements alone count; 0: the run kills itself.
    """

    at: int = 0
    server: int = 0
    later: float = 0.0


def counting(scratch: Path, blow: Blow) -> None:
    """Have this process count its changes to files below a folder and its statements, and deal a blow at one."""
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
        if blow.server and event != "statement":
            return
        seen += 1
        if seen == blow.at and blow.later:
            Timer(blow.later, partial(_kill, scratch, blow.server)).start()
        elif seen == blow.at:
            _kill(scratch, blow.server or os.getpid())

    batches, calls = (
        os.open(scratch / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND) for name in ("batches", "calls")
    )
    fix_what_varies()
    _hook_stores(batches, calls)
    _hook_statements()
    sys.addaudithook(hook)

    def exiting(code: int, leave: Callable[[int], None] = os._exit) -> None:
        (scratch / "changes").write_text(str(seen), encoding="utf-8")
        leave(code)

    os._exit = exiting  # type: ignore[assignment]


def _kill(scratch: Path, process: int) -> None:
    """Kill a process, and write down when."""
    (scratch / "killed").write_text(str(time.monotonic()), encoding="ascii")
    os.kill(process, signal.SIGKILL)


def _hook_statements() -> None:
    """Tell of each statement before it is sent."""
    import neo4j

    for owner in (neo4j.ManagedTransaction, neo4j.Transaction):

        def told(*words: Any, run: Callable[..., Any] = owner.run, **more: Any) -> Any:
            sys.audit("statement")
            return run(*words, **more)

        owner.run = told  # type: ignore[method-assign]


def _hook_stores(batches: int, calls: int) -> None:
    """Write what each batch is before it is kept, and a byte once it is committed."""
    from graphkit.stores.embedded.store import EmbeddedStore
    from graphkit.stores.neo4j.store import Neo4jStore

    def told(own: Any, work: Callable[..., Any], *words: Any) -> Any:
        sys.audit("batch")
        os.write(calls, pickle.dumps((work.__name__, words)))
        found = work(own, *words)
        os.write(batches, b".")
        return found

    for owner in (EmbeddedStore, Neo4jStore):
        for name in ("record", "remember"):
            setattr(owner, name, partialmethod(told, getattr(owner, name)))


class Trials:
    """Kills, one after another, in one scratch folder."""

    def __init__(
        self, scratch: Path, service: str, server: str | None, seed: int, victim: OwnServer | None = None
    ) -> None:
        """Make what all trials start from. ``victim``: the server that is killed, in place of what asks it."""
        self._scratch, self._seed, self._server, self._victim = scratch, seed, server or "", victim
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
        self._seconds: dict[str, float] = {}
        self.verbs = (*VERBS, *(SERVER_VERBS if server else ()))

    def _make_bases(self) -> None:
        for name in ("incident", "small", "stale"):
            for words in BASES[name]:
                self._run([*words, "--graph", str(self._graph)], fix_what_varies)
            if name == "small":
                self._run(["stats", "--graph", "{graph}"])
            shutil.copytree(self._graph, self._scratch / f"base-{name}")
            if name == "incident":
                shutil.rmtree(self._graph)

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
        if verb.base == self._on_server == "small":
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
        found = [self._run(words, fix_what_varies) for words in asked]
        if verb.is_of_server and questions == IN_THE_END:
            found.append(End(code=0, answer=self._held(), said=""))
        return tuple(found)

    def _held(self) -> bytes:
        """Return how many nodes and relationships the server has."""
        told = self._scratch / "held"

        def work() -> None:
            told.write_text(repr(sorted(held(self._server).items())), encoding="utf-8")

        apart(work)
        return told.read_bytes()

    def unbroken(self, verb: Verb) -> Unbroken:
        """Return how a verb ends that nobody kills, and the answers before and after it."""
        if verb.name in self._known:
            return self._known[verb.name]
        self._restore(verb)
        before = self._state(verb)
        self._restore(verb)
        begun = time.monotonic()
        end = self._run(verb.words, partial(counting, self._scratch, Blow(server=self._to_kill)))
        self._seconds[verb.name] = time.monotonic() - begun
        found = self._known[verb.name] = Unbroken(
            end=end,
            changes=int((self._scratch / "changes").read_text("utf-8")),
            batches=self._batches(),
            before=before,
            after=self._state(verb),
            in_the_end=self._state(verb, IN_THE_END),
            report=self._report(),
        )
        if verb.name == "push":
            self._on_server = "small"
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
        goes_on_at_once = rng.random() < 0.5
        kill = self._killed if self._victim is None else partial(self._server_killed, self._victim, rng.random())
        if not (what := kill(verb, unbroken, share, is_timed=is_timed)):
            return verb, "ended before it was killed"
        if what.startswith("FAILED"):
            return verb, what
        if self.shows:
            left = sorted(str(path.relative_to(self._scratch)) for path in self._files())
            print(f"killed at {share:.3f}, after {self._batches()} batches; {what}; files: {', '.join(left)}")
        return verb, self._judged(verb, unbroken, goes_on_at_once=goes_on_at_once)

    shows = False

    @property
    def _to_kill(self) -> int:
        return self._victim.process if self._victim else 0

    def _started(self, verb: Verb, blow: Blow) -> int:
        return started(self._filled(verb.words), self._scratch, partial(counting, self._scratch, blow))

    def _killed(self, verb: Verb, unbroken: Unbroken, share: float, *, is_timed: bool) -> str:
        """Kill a verb, and say so; nothing where it was done before."""
        child = self._started(verb, Blow(at=0 if is_timed else int(share * unbroken.changes) + 1))
        if is_timed:
            time.sleep(share * self._seconds[verb.name])
            os.kill(child, signal.SIGKILL)
        if end_of(child, self._scratch).code == -signal.SIGKILL:
            return "killed"
        if is_timed:
            self._seconds[verb.name] *= share  # the first run, by which it was timed, takes longest
        return ""

    def _server_killed(
        self, server: OwnServer, later: float, verb: Verb, unbroken: Unbroken, share: float, *, is_timed: bool
    ) -> str:
        """Kill the server before a statement or while it works, and start it again; return what the verb said."""
        when = self._scratch / "killed"
        when.unlink(missing_ok=True)
        blow = Blow(
            at=int(share * unbroken.changes) + 1, server=server.process, later=later * _WORKS if is_timed else 0
        )
        end = end_of(self._started(verb, blow), self._scratch)
        if not when.exists():
            return ""
        seconds = time.monotonic() - float(when.read_text("ascii"))
        server.start_again()
        if end.code == unbroken.end.code:
            return ""
        if end.code != FAILED or not _TOLD.fullmatch(end.said) or seconds > _SOON:
            return f"FAILED: ended with {end.code} after {seconds:.0f} s: {end.said}"
        return f"{seconds:.1f} s later: {end.said}"

    def _judged(self, verb: Verb, unbroken: Unbroken, *, goes_on_at_once: bool) -> str:
        """Ask the graph, have the verb go on, and return what came of it."""
        is_aside = goes_on_at_once and self._graph.exists() and not verb.is_of_server
        if is_aside:
            shutil.copytree(self._graph, self._scratch / "aside")
        found, expected = self._state(verb), self._expected(verb, unbroken)
        is_right = found in expected or (verb.name == "push" and _UNFINISHED in found[0].said)
        wrong = "" if is_right else f"after {self._batches()} batches: {_difference(found, expected)}"
        wrong = wrong or self._left(verb, whole=False)
        if is_aside:
            shutil.rmtree(self._graph)
            (self._scratch / "aside").rename(self._graph)
        if wrong := wrong or self._gone_on(verb, unbroken):
            return f"FAILED: {wrong}"
        if unbroken.before == unbroken.after:
            return "nothing to lose, goes on"
        return "as before, goes on" if found == unbroken.before else "batches kept, goes on"

    def _expected(self, verb: Verb, unbroken: Unbroken) -> Sequence[tuple[End, ...]]:
        """Return the answers after the last batch that was committed, and after the one that was about to be.

        Batches of an index come in any order, so they are those that the killed run gave its graph. A graph in a folder
        takes them here, also for one on a server, which has to answer the same.
        """
        calls, committed = list(_calls(self._scratch / "calls")), self._batches()
        if not unbroken.batches:
            return unbroken.before, unbroken.after
        aside = self._scratch / "found"
        if self._graph.exists():
            self._graph.rename(aside)
        states = [] if committed else [unbroken.before]
        for many in range(committed, min(committed + 1, len(calls)) + 1):
            if verb.base:
                shutil.copytree(self._scratch / f"base-{verb.base}", self._graph)
            apart(partial(_recorded, self._graph, calls[:many]))
            states.append((self._run([*STATS.split(), "--graph", str(self._graph)]),))
            shutil.rmtree(self._graph)
        if aside.exists():
            aside.rename(self._graph)
        return states

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
        if verb.name == "push":
            self._on_server = "small"
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


def _calls(kept: Path) -> Iterator[tuple[str, Any]]:
    """Yield what was given to a store, in order; what was not written to its end was not given."""
    with kept.open("rb") as file, suppress(EOFError, pickle.UnpicklingError):
        while True:
            yield pickle.load(file)


def _recorded(graph: Path, calls: Sequence[tuple[str, Any]]) -> None:
    """Give a graph what another one was given."""
    from graphkit.stores.embedded.store import EmbeddedStore

    store = EmbeddedStore(graph, create=True)
    for name, words in calls:
        getattr(store, name)(*words)
    store.close()


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


def main() -> None:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=330, help="trials")
    parser.add_argument("--seed", type=int, default=25, help="of what is random; another one kills at other points")
    parser.add_argument("--only", type=int, help="this trial alone, with what was left behind")
    parser.add_argument("--server", help="a Neo4j server whose database is cleared; one is started unless given")
    parser.add_argument("--only-server", action="store_true", help="only what needs one")
    parser.add_argument("--no-server", action="store_true", help="only what needs none")
    parser.add_argument("--kill-server", action="store_true", help="only what needs one, and kill the server below it")
    given = parser.parse_args()
    if given.kill_server and (given.server or given.no_server):
        parser.error("--kill-server kills one that it started itself")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server that was started is to be ended
    load_everything()
    found: Counter[tuple[str, str]] = Counter()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="graphkit-chaos-"))).resolve()
        service = stack.enter_context(served())
        own = None
        if not (given.server or given.no_server):
            os.environ["NEO4J_PASSWORD"] = PASSWORD
            own = stack.enter_context(OwnServer(scratch / "neo4j"))
        server = own.address if own else given.server
        trials = Trials(scratch, service, server, given.seed, own if given.kill_server else None)
        trials.shows = given.only is not None
        if given.only_server or given.kill_server:
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
