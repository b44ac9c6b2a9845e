"""Whether there is room for a database: where a thread of DuckDB gets no memory, its process ends without a word."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_LEAST: Final = 160 * 2**20
"""Bytes that DuckDB takes with its threads for a small graph, before it can say that there are too few."""


def check_address_space() -> None:
    """Look whether a limit of the address space (``ulimit -v``) leaves room for DuckDB. Cost: a read of one line.

    Raises:
        MemoryError: it does not.
    """
    if sys.platform != "linux":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    if limit - pages * os.sysconf("SC_PAGE_SIZE") < _LEAST:
        raise MemoryError("the address space is limited")
