"""What every HTTP client here keeps to: how much is read of an answer, for how long, and when it is asked again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import stamina

from graphkit.formats.diagnostics import quoted
from graphkit.model.errors import InputError

LARGEST: Final = 256 * 2**20
"""The most bytes that one answer may have, unpacked."""
LONGEST_WAIT: Final = 60.0
"""The longest wait in seconds that a server may ask for."""
LONGEST_ANSWER: Final = 600.0
"""The seconds that the body of one answer may take."""
PACKING: Final = "gzip"
"""What answers may be packed with: other packings grow by more than can be bounded."""
_PACKINGS: Final = frozenset({"", "identity", "gzip", "deflate"})
_WHOLE: Final = re.compile(r"[0-9]{1,10}")
_DIGITS: Final = re.compile(r"[0-9]+")
_FAR: Final = 1e9


class TooSlow(httpx.StreamError):
    """An answer that takes longer than `LONGEST_ANSWER`; another attempt would take as long."""


class _Watched(httpx.SyncByteStream):
    """A stream whose bytes are counted before anything unpacks them: some packings make nothing of many bytes."""

    def __init__(self, inner: httpx.SyncByteStream, check: Callable[[int], None]) -> None:
        self._inner = inner
        self._check = check

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            self._check(len(part))
            yield part

    def close(self) -> None:
        self._inner.close()


def body_of(response: httpx.Response, largest: int | None = None) -> bytes:
    """Return the body of an answer that was opened as a stream, unpacked; ``largest``: `LARGEST` bytes.

    Raises:
        InputError: it is larger, as it came or unpacked, or packed in a way that was not asked for.
        TooSlow: it takes longer than `LONGEST_ANSWER`.
    """
    most = LARGEST if largest is None else largest
    if response.headers.get("content-encoding", "").strip().lower() not in _PACKINGS:
        raise InputError("the server encodes its answer in a way that was not requested")
    until = time.monotonic() + LONGEST_ANSWER
    came = 0

    def check(size: int) -> None:
        nonlocal came
        came += size
        _check_size(came, most)
        if time.monotonic() > until:
            raise TooSlow(f"the answer takes longer than {LONGEST_ANSWER:.0f} seconds")

    if isinstance(response.stream, httpx.SyncByteStream):
        response.stream = _Watched(response.stream, check)
    found = bytearray()
    for part in response.iter_bytes():
        found += part
        _check_size(len(found), most)
    return bytes(found)


def _check_size(size: int, most: int) -> None:
    if size > most:
        told = f"{most // 2**20} MiB" if most >= 2**20 else f"{most:,} bytes"
        raise InputError(f"the answer is larger than {told}; it was not read")


def attempts(on: Callable[[Exception], bool | float], count: int) -> Iterator[stamina.Attempt]:
    """Return attempts with growing waits between them; ``on`` says of an error whether, or after how many seconds."""
    return iter(stamina.retry_context(on=on, attempts=count, timeout=LONGEST_WAIT * 2, wait_max=LONGEST_WAIT))


def retry_after(text: str, now: float) -> float | None:
    """Return the seconds that a Retry-After asks for, as a number or as a date (RFC 9110 §10.2.3); may be negative.

    None where it says nothing usable. ``now`` is in seconds since 1970.
    """
    text = text.strip()
    if _DIGITS.fullmatch(text):
        return float(text) if _WHOLE.fullmatch(text) else _FAR
    at = http_date(text)
    return None if at is None else at - now


def http_date(text: str) -> float | None:
    """Return a date of a header in seconds since 1970, None for none."""
    try:
        return parsedate_to_datetime(text).timestamp() if text.strip() else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def reason_of(error: Exception) -> str:
    """Return why a server was not heard, without anything that it sent or that the address holds."""
    # Only a failed connection has a text of the machine's own; others repeat what the server sent.
    name = type(error).__name__
    return f"{name}: {quoted(str(error))}" if isinstance(error, httpx.ConnectError | TooSlow) else name
