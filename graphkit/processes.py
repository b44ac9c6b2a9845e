"""Work on many things in a few processes that share what the first one has read."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from graphkit.model.progress import Progress

_T = TypeVar("_T")
_R = TypeVar("_R")
_FEWEST = 2_000
"""Less is done before processes are started."""
_AT_ONCE = 64
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
    _work.append(work)
    try:
        with warnings.catch_warnings():
            # Threads of NumPy's own are idle here, and OpenBLAS lets go of them before a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            pool = multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0)), _leave_interrupts)
        with pool:
            yield from _counted(told, pool.imap(_one, over, chunksize=_AT_ONCE), len(over))
    finally:
        _work.pop()


def _leave_interrupts() -> None:
    """Let Ctrl-C, which a terminal sends to every process, end the first one alone; it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _one(thing: Any) -> Any:
    return _work[-1](thing)


def _counted(told: Progress, found: Iterable[_R], total: int) -> Iterable[_R]:
    for done, one in enumerate(found, 1):
        if done % _AT_ONCE == 0:
            told(done, total, "walking packages")
        yield one
