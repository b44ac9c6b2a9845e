"""Zeros that cost only where they are touched."""

from __future__ import annotations

from mmap import ACCESS_COPY, mmap
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def zeros(size: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return as many zeros as `numpy.zeros`, in private memory of which only touched pages (4 KiB) cost anything.

    `numpy.zeros` asks for huge pages: a few entries in an array of millions would cost 2 MiB each.
    """
    kind = np.dtype(dtype)
    return np.frombuffer(mmap(-1, max(1, size * kind.itemsize), access=ACCESS_COPY), dtype=kind, count=size)
