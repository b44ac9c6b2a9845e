"""What verbs write: answers to stdout or a file, everything else to stderr, progress on a terminal only."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from graphkit.model.errors import GraphkitError, UsageError
from graphkit.temporary import in_place_of

if TYPE_CHECKING:
    from graphkit.model.progress import Progress
    from graphkit.reports.interface import IsThere

_PLAIN_WIDTH = 80
_WIDEST = 160
_NARROWEST = 40
_BETWEEN_LINES = 5.0
"""Seconds between two lines of progress."""


class ScreenOptions(TypedDict):
    """What an answer is written on."""

    width: int
    colour: bool


def sheet(output: Path | None) -> ScreenOptions:
    """Return the terminal's columns, and whether it takes colour (no-color.org); 80 and none for a file or pipe."""
    if output is not None or not sys.stdout.isatty():
        return ScreenOptions(width=_PLAIN_WIDTH, colour=False)
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    columns = shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns
    return ScreenOptions(width=max(min(columns, _WIDEST), _NARROWEST), colour=not plain)


def there(output: Path | None) -> IsThere:
    """Return what tells whether a path in a command leads somewhere; of a file nobody knows where it is read."""
    from graphkit.reports.interface import anywhere

    return os.path.lexists if output is None else anywhere


def answer(text: str | Iterable[str], output: Path | None) -> None:
    """Write an answer to stdout, or whole to a file: a file that was there stays as it was if this fails.

    ``text`` may come in parts, each written before the next one is made.

    Raises:
        GraphkitError: the file cannot be written.
    """
    parts = (text,) if isinstance(text, str) else text
    if output is None:
        sys.stdout.writelines(parts)
        sys.stdout.flush()
        return
    try:
        with in_place_of(output) as place:
            _write(place, parts)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise GraphkitError(f"{output} cannot be written: {error.strerror}; give another --output") from error


def _write(place: Path, parts: Iterable[str]) -> None:
    with place.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as opened:
        opened.writelines(parts)


def read(file: Path) -> str:
    """Return the text of a file that a person named.

    Raises:
        UsageError: it cannot be read, or is no text.
    """
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            return opened.read()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        told = f"it is not valid UTF-8 from byte {error.start} on"
        raise UsageError(f"{file} cannot be read: {told}; give a report as graphkit wrote it") from error


def note(text: str, *, quiet: bool) -> None:
    """Write a line to stderr, unless told to be quiet."""
    if not quiet:
        from graphkit.reports.text import shown

        print(shown(text), file=sys.stderr)


class _Lines:
    """Progress for what is no terminal, such as the log of a build: nothing at all for a quick work."""

    def __init__(self) -> None:
        self._begun = self._said = time.monotonic()

    def tell(self, done: int, total: int | None, what: str) -> None:
        """Write a line where the last one is some seconds old."""
        now = time.monotonic()
        if now - self._said < _BETWEEN_LINES:
            return
        self._said = now
        of = "" if total is None else f" of {total:,}"
        counted = f"{done:,}{of}, " if done else ""  # of the step at hand, which began some time ago
        note(f"{now - self._begun:,.0f} s: {counted}{what}", quiet=False)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress | None]:
    """Show how far a long work is: a bar where stderr is a terminal, else a line every few seconds."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _Lines().tell
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress as Bar

    from graphkit.reports.text import shown

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(done: int, total: int | None, what: str) -> None:
            bar.update(task, completed=done, total=total, description=escape(shown(what)[:40]))

        yield tell
