"""Archives of documents: what a ZIP file holds, bounded in size, number and depth."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from graphkit.model.errors import InputError

MEMBERS: Final = 50_000
"""The most files that one archive may hold."""
MEMBER_BYTES: Final = 512 * 2**20
TOTAL_BYTES: Final = 2 * 2**30
"""The most that one member, and an archive as a whole, may unpack to."""

_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_CHUNK: Final = 2**20
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError)
_WHEEL: Final = b".dist-info/WHEEL"
_DIRECTORY: Final = 2**20
"""How far from the end the names of an archive are looked for; a wheel's ``.dist-info`` stands last (PEP 427)."""


def members(data: bytes) -> Iterator[tuple[str, bytes | InputError]] | None:
    """Return the files of a ZIP archive, as (name, bytes) in the order of their names; None for anything else.

    A member that cannot be unpacked has its error in the place of its bytes.

    Sizes that an archive states are not believed: what is unpacked is counted. Nothing is written to
    disk, so names that lead out lead nowhere. Python packages (`*.whl`) are archives as well, and
    their members are no documents of anybody's; they are left alone.

    Raises:
        InputError: while members are read: the archive as a whole is damaged, or unpacks to too much.
    """
    if not data.startswith(_MARKS) or _WHEEL in data[-_DIRECTORY:]:
        return None
    return _members(data)


def _members(data: bytes) -> Iterator[tuple[str, bytes | InputError]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = sorted((one for one in archive.infolist() if not one.is_dir()), key=lambda one: one.filename)
            if len(files) > MEMBERS:
                raise InputError(f"ZIP archive of more than {MEMBERS} files; unpack it and give the folder")
            total = 0
            for one in files:
                if total >= TOTAL_BYTES:
                    raise InputError(f"unpacks to more than {TOTAL_BYTES // 2**20} MiB; unpack it and give the folder")
                content = _content(archive, one)
                total += len(content) if isinstance(content, bytes) else MEMBER_BYTES
                yield shown_name(one.filename), content
    except _BROKEN as error:
        raise InputError(f"ZIP archive that cannot be unpacked: {error}") from error


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | InputError:
    """Return what a member unpacks to, as long as it is not too much."""
    if member.flag_bits & 1:
        return InputError("is encrypted; unpack it first")
    try:
        return _unpacked(archive, member)
    except _BROKEN as error:
        return InputError(f"cannot be unpacked: {error}")


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | InputError:
    parts: list[bytes] = []
    size = 0
    with archive.open(member) as file:
        while part := file.read(_CHUNK):
            size += len(part)
            if size > MEMBER_BYTES:
                return InputError(f"unpacks to more than {MEMBER_BYTES // 2**20} MiB")
            parts.append(part)
    return b"".join(parts)


def shown_name(name: str) -> str:
    """Return a member's name as labels show it: no step up, no root, nothing that UTF-8 cannot hold."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    return "/".join(parts).encode("utf-8", "backslashreplace").decode() or "unnamed"
