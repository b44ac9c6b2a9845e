"""Work on many things in a few processes that share what the first one has read."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from graphkit.model.errors import GraphkitError
from graphkit.model.progress import Progress

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    _Task = tuple[bytes, Future[bytes]]

_T = TypeVar("_T")
_R = TypeVar("_R")
_FEWEST = 2_000
"""Less is done before processes are started."""
_AT_ONCE = 64
_MADE: Final = b"+"
_RAISED: Final = b"-"
"""How what a process sends begins: with what it made, or with what its work raised."""
_SELDOM: Final = (100_000, 20, 50)
"""How often a process looks for garbage in circles: what it remembers is much and has none."""


def can_share() -> bool:
    """Return whether processes can be forked from this one: only Linux makes that safe."""
    return sys.platform == "linux"


class Workers:
    """As many processes as there are cores, each a copy of this one (fork), that do work on bytes.

    What the work remembers stays in its process. They end with this one, however it ends. To be made while no other
    thread of this process does anything; `can_share` says where.
    """

    def __init__(self, work: Callable[[bytes], bytes]) -> None:
        """Start them; ``work`` makes bytes of bytes."""
        import multiprocessing  # few runs are large enough for it

        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._processes: list[BaseProcess] = []
        self._connections: list[Connection[Any, Any]] = []
        context: Any = multiprocessing.get_context("fork")
        with warnings.catch_warnings():
            # Threads of NumPy's and DuckDB's own are idle here, and OpenBLAS lets go of them before a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            for _ in os.sched_getaffinity(0):
                ours, theirs = context.Pipe()
                self._connections.append(ours)
                process = context.Process(target=_serve, args=(work, theirs, tuple(self._connections)), daemon=True)
                process.start()
                theirs.close()
                self._processes.append(process)
        self._threads = [
            threading.Thread(target=_hand_over, args=(self._tasks, one), daemon=True) for one in self._connections
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: bytes) -> Future[bytes]:
        """Return what will be made of a task: the process that is free first takes it, in the order of the calls.

        The result raises what the work raises, and GraphkitError where its process was ended.
        """
        from concurrent.futures import Future

        made: Future[bytes] = Future()
        self._tasks.put((task, made))
        return made

    def __enter__(self) -> Self:
        """Return these workers."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, whatever they are at."""
        self.close()

    def close(self) -> None:
        """End the processes, whatever they are at. Safe to call twice."""
        for process in self._processes:
            process.terminate()
        for _ in self._threads:
            self._tasks.put(None)
        for process in self._processes:
            process.join()
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()
        self._processes, self._threads, self._connections = [], [], []


def _hand_over(tasks: SimpleQueue[_Task | None], connection: Connection[Any, Any]) -> None:
    """Give one process one task after the other, and each future its result."""
    while (one := tasks.get()) is not None:
        task, made = one
        try:
            connection.send_bytes(task)
            found = connection.recv_bytes()
        except (OSError, EOFError):
            made.set_exception(
                GraphkitError(
                    "a process of this command was ended from outside, as happens where memory runs out; end other "
                    "programs or use a machine with more memory, and run the same command again"
                )
            )
            continue
        if found[:1] == _MADE:
            made.set_result(found[1:])
        else:
            made.set_exception(pickle.loads(found[1:]))  # noqa: S301 - of our own process


def _serve(
    work: Callable[[bytes], bytes], connection: Connection[Any, Any], others: Iterable[Connection[Any, Any]]
) -> None:
    """Do work in a process of its own, until the first one closes its end or is gone."""
    # Ctrl-C, which a terminal sends to every process, ends the first one alone; it ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what the first process has is its own to let go of: a connection, whose threads are not here
    gc.set_threshold(*_SELDOM)
    for other in others:  # else none of them would see that the first process is gone
        other.close()
    with suppress(EOFError, OSError):
        while True:
            task = connection.recv_bytes()
            try:
                made = _MADE + work(task)
            except Exception as error:  # noqa: BLE001 - the first process raises it
                made = _RAISED + pickle.dumps(error)
            connection.send_bytes(made)


def spread(told: Progress, work: Callable[[_T], _R], over: Sequence[_T]) -> Iterable[_R]:
    """Yield what the work makes of each, in their order; in as many processes as there are cores, where it is much.

    The children are copies of this process (fork), which only Linux makes safely; elsewhere the work is done here.
    """
    if len(over) < _FEWEST or not can_share():
        found: Iterable[_R] = map(work, over)
        yield from _counted(told, found, len(over))
        return

    def several(task: bytes) -> bytes:
        first = int.from_bytes(task)
        return pickle.dumps([work(one) for one in over[first : first + _AT_ONCE]])

    with Workers(several) as workers:
        waiting = deque(workers.submit(first.to_bytes(8)) for first in range(0, len(over), _AT_ONCE))
        yield from _counted(told, _in_turn(waiting), len(over))


def _in_turn(waiting: deque[Future[bytes]]) -> Iterable[Any]:
    while waiting:
        yield from pickle.loads(waiting.popleft().result())  # noqa: S301 - of our own process


def _counted(told: Progress, found: Iterable[_R], total: int) -> Iterable[_R]:
    for done, one in enumerate(found, 1):
        if done % _AT_ONCE == 0:
            told(done, total, "walking packages")
        yield one
