"""Work on many things in a few processes that share what the first one has read."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from graphkit.model.errors import GraphkitError
from graphkit.model.progress import Progress

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

_T = TypeVar("_T")
_R = TypeVar("_R")
_FEWEST = 2_000
"""Less is done before processes are started."""
_AT_ONCE = 64
_PATIENCE = 1.0
"""Seconds after which it is looked whether all processes are still there."""
_work: list[Callable[[Any], Any]] = []
"""What the children do; they are forked with it, so that nothing has to be sent but what comes of it."""


def spread(told: Progress, work: Callable[[_T], _R], over: Sequence[_T]) -> Iterable[_R]:
    """Yield what the work makes of each, in their order; in as many processes as there are cores, where it is much.

    The children are copies of this process (fork), which only Linux makes safely; elsewhere the work is done here.
    """
    if len(over) < _FEWEST or sys.platform != "linux":
        found: Iterable[_R] = map(work, over)
        yield from _counted(told, found, len(over))
        return
    import multiprocessing  # few questions are large enough for it

    _work.append(work)
    try:
        with warnings.catch_warnings():
            # Threads of NumPy's own are idle here, and OpenBLAS lets go of them before a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            pool = multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0)), _leave_interrupts)
        with pool:
            chunks = [over[start : start + _AT_ONCE] for start in range(0, len(over), _AT_ONCE)]
            # Those that work now; the pool puts others in the place of one that dies, but not what that one was at.
            workers = multiprocessing.active_children()
            yield from _counted(told, _awaited(pool.imap(_several, chunks), workers), len(over))
    finally:
        _work.pop()


def _awaited(found: Any, workers: Sequence[BaseProcess]) -> Iterable[Any]:
    """Yield what a pool finds; a pool waits for ever for what a process was at that somebody ended.

    Raises:
        GraphkitError: a process was ended, which Linux does where memory runs out.
    """
    from multiprocessing import TimeoutError as NothingYetError

    while True:
        try:
            chunk = found.next(timeout=_PATIENCE)
        except StopIteration:
            return
        except NothingYetError:
            if all(worker.is_alive() for worker in workers):
                continue
            raise GraphkitError(
                "a process of this command was ended from outside, as happens where memory runs out; end other "
                "programs or use a machine with more memory, and run the same command again"
            ) from None
        yield from chunk


def _leave_interrupts() -> None:
    """Let Ctrl-C, which a terminal sends to every process, end the first one alone; it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _several(things: Sequence[Any]) -> list[Any]:
    return list(map(_work[-1], things))


def _counted(told: Progress, found: Iterable[_R], total: int) -> Iterable[_R]:
    for done, one in enumerate(found, 1):
        if done % _AT_ONCE == 0:
            told(done, total, "walking packages")
        yield one
