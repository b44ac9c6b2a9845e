"""A bar of progress in a notebook, shown once a work has taken a while and gone when it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from graphkit.model.progress import Progress

_AFTER: Final = 1.0
_EVERY: Final = 0.2
"""Seconds."""


def in_notebook() -> bool:
    """Return whether this runs in a kernel, whose front end shows HTML."""
    if (ipython := sys.modules.get("IPython")) is None:
        return False
    return getattr(ipython.get_ipython(), "kernel", None) is not None


@contextmanager
def bar() -> Iterator[Progress | None]:
    """Give what shows progress in a notebook, None elsewhere. What it leaves is an empty output."""
    if not in_notebook():
        yield None
        return
    screen: Any = import_module("IPython.display")  # only where it is there

    begun = last = time.monotonic()
    shown: list[Any] = []

    def tell(done: int, total: int | None, what: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - begun < _AFTER or now - last < _EVERY:
            return
        last = now
        value = f' value="{done}" max="{total}"' if total else ""
        of = f" of {total:,}" if total else ""
        from html import escape

        html = screen.HTML(f"<progress{value}></progress> {escape(what[:60])} {done:,}{of}")
        if shown:
            shown[0].update(html)
        else:
            shown.append(screen.display(html, display_id=True))

    try:
        yield tell
    finally:
        for handle in shown:
            handle.update(screen.HTML(""))
