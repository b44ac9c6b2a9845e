"""Versions as bytes that sort as PEP 440 orders versions, so that a database or an array can sort them."""

from __future__ import annotations

from typing import Final

from graphkit.model.versions import ReleaseVersion

_LEGACY, _READABLE = b"\x00", b"\x01"
_PRE: Final = {"a": b"\x01", "b": b"\x02", "rc": b"\x03"}
_NO_PRE: Final = b"\x04"
_LONG: Final = 255
"""Marks a number of so many bytes or more, whose length then takes four."""


def ordering_of(version: ReleaseVersion) -> bytes:
    """Return bytes that compare as versions do: smaller for an earlier one, equal for equal ones.

    Legacy versions stand below all others, in text order, as in `ReleaseVersion`. The parts follow
    each other as PEP 440 compares them (summary of permitted suffixes and relative ordering): epoch,
    release without trailing zeros, pre, post, dev, local.
    """
    parsed = version.parsed
    if parsed is None:
        return _LEGACY + version.key.encode("utf-8", "surrogatepass")
    release = parsed.release
    while release and not release[-1]:
        release = release[:-1]
    if parsed.pre is not None:
        pre = _PRE[parsed.pre[0]] + _number(parsed.pre[1])
    else:
        pre = b"\x00" if parsed.post is None and parsed.dev is not None else _NO_PRE
    return b"".join(
        (
            _READABLE,
            _number(parsed.epoch),
            *(b"\x01" + _number(part) for part in release),
            b"\x00",
            pre,
            b"\x00" if parsed.post is None else b"\x01" + _number(parsed.post),
            b"\x01" if parsed.dev is None else b"\x00" + _number(parsed.dev),
            b"\x00" if parsed.local is None else b"\x01" + _local(parsed.local),
        )
    )


def _number(value: int) -> bytes:
    """Return a number of any size as bytes that compare as numbers do: its length, then its digits."""
    if value < len(_SMALL):
        return _SMALL[value]
    size = (value.bit_length() + 7) // 8
    head = bytes((size,)) if size < _LONG else bytes((_LONG,)) + size.to_bytes(4, "big")
    return head + value.to_bytes(size, "big")


_SMALL: Final = (b"\x00", *(bytes((1, value)) for value in range(1, 256)))
"""The bytes of the numbers that nearly all versions are made of."""


def _local(text: str) -> bytes:
    """Return a local label as bytes; numbers stand above words, and more parts above fewer."""
    parts = (
        b"\x02" + _number(int(part)) if part.isdigit() else b"\x01" + part.encode() + b"\x00"
        for part in text.split(".")
    )
    return b"".join(parts) + b"\x00"
