"""What a run does with a limit on its address space, as ``ulimit -v`` sets: it asks for no more than it uses."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_ARENA_MAX: Final = -8
"""M_ARENA_MAX of mallopt(3)."""
_LEAST: Final = 160 * 2**20
"""Bytes that DuckDB takes with its threads for a small graph, before it can say that there are too few."""


def keep_small() -> None:
    """Have threads ask for little address space, where that is limited; before there are any.

    The allocator of glibc sets 64 MB aside for each of them: half a gigabyte that is never used, and counts. Where a
    thread then gets none of it, a library ends the process by itself, without a word of Python.
    """
    if sys.platform != "linux" or _limit() is None:
        return
    import ctypes

    with suppress(OSError, AttributeError):  # another libc has no arenas
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def check_address_space() -> None:
    """Look whether a limit leaves room for DuckDB: where a thread of it gets no memory, it ends the process silently.

    Cost: a read of one line where there is a limit.

    Raises:
        MemoryError: it does not.
    """
    if sys.platform != "linux" or (limit := _limit()) is None:
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    if limit - pages * os.sysconf("SC_PAGE_SIZE") < _LEAST:
        raise MemoryError("the address space is limited")


def address_space_limit() -> str:
    """Return the words that say what the limit is and how to raise it, to follow others; none where there is none."""
    limit = _limit()
    return "" if limit is None else f"; `ulimit -v` limits this process to {limit // 2**20:,} MiB"


def _limit() -> int | None:
    """Return the most bytes that the address space of this process may have, None where it is not limited."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit
