"""Where tests may write without waiting for a disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")


def memory_with(room: int) -> Path | None:
    """Return a folder in memory with so many bytes of room in which programs may be started; None where there is none.

    >>> memory_with(1 << 60) is None
    True
    """
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < room:
        return None
    return None if os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC else _MEMORY
