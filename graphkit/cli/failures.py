"""How a run ends that failed: one line on stderr, and a code of its own for bugs."""

from __future__ import annotations

import os
import platform
import re
import sys
import traceback
from pathlib import Path
from typing import Final

from graphkit.address_space import address_space_limit
from graphkit.model import __version__

FAILED: Final = 4
BUG: Final = 70
"""EX_SOFTWARE of sysexits.h: an internal error, so that no script takes a bug for a finding."""
TRACEBACK: Final = "GRAPHKIT_TRACEBACK"
"""The variable that asks for the traceback of a bug."""
_WITHOUT_ROOM: Final = ("can't start new thread", "failed to map segment", "cannot allocate memory")
"""What Python says of a thread, and the loader of a library, where the address space is full."""
_LONGEST: Final = 200
_USER: Final = re.compile(r"//[^\s/@]*@")
"""User and password of an address."""
_PACKAGE: Final = Path(__file__).resolve().parents[1]
_NO_MEMORY: Final = "not enough memory; end other programs or use a machine with more, and run the same command again"


def say(problem: object) -> None:
    """Write one line to stderr; where nobody can read it, the code says enough."""
    from graphkit.reports.text import shown

    if sys.stderr is None:  # closed by who started this: print would write to stdout
        return
    try:
        print(f"graphkit: {shown(str(problem))}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return


def unexpected(error: BaseException) -> int:
    """Tell of an error that nothing explains, and return the code to exit with."""
    if _is_of_memory(error):
        say(f"{_NO_MEMORY}{address_space_limit()}")
        return FAILED
    say(_bug(error))
    if os.environ.get(TRACEBACK) and sys.stderr is not None:
        try:
            traceback.print_exception(error, file=sys.stderr)
        except (OSError, ValueError):
            return BUG
    return BUG


def _is_of_memory(error: BaseException) -> bool:
    """Return whether memory is what was missing: for a value, a thread, or the code of a library."""
    if isinstance(error, RuntimeError | ImportError):
        return any(text in str(error) for text in _WITHOUT_ROOM)
    # DuckDB has a class of its own for it.
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException"


def _bug(error: BaseException) -> str:
    try:
        text = _USER.sub("//", str(error))
    except Exception:  # noqa: BLE001 - the text of an error that is itself a bug
        text = ""
    text = f": {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}" if text else ""
    more = "" if os.environ.get(TRACEBACK) else f" (set {TRACEBACK}=1 to see it)"
    return (
        f"this is a bug of graphkit, no answer: {type(error).__name__}{text} at {_place(error)}; please report it in "
        f"the issue tracker of graphkit, with the version ({__version__}, Python {platform.python_version()}), the "
        f"command without secrets, and the traceback{more}"
    )


def _place(error: BaseException) -> str:
    """Return the module and line of graphkit in which it happened; never a path of the machine."""
    place = "no line of graphkit"
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_PACKAGE):
            place = f"graphkit/{path.relative_to(_PACKAGE).as_posix()}:{frame.lineno}"
    return place
