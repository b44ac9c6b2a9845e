"""Files that hold others: what a ZIP archive or gzip data holds, bounded in size, number and depth."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO, Final, Protocol

from msgspec import Struct

from graphkit.model.errors import InputError

MEMBERS: Final = 50_000
"""The most files that one archive may hold."""
MEMBER_BYTES: Final = 512 * 2**20
TOTAL_BYTES: Final = 2 * 2**30
"""The most that one member, and an archive as a whole, may unpack to."""

_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_SHEBANG: Final = 512
"""Bytes in which the first line of a zipapp ends."""
_ENTRY: Final = b"PK\x01\x02"
_FIXED: Final = 46
"""Bytes of a directory entry before the name."""
_FLAGS: Final = struct.Struct("<H")
_UTF_8: Final = 1 << 11
_SIZES: Final = struct.Struct("<LL")
_FIELDS: Final = ((_FLAGS, 8), (struct.Struct("<HHH"), 28), (struct.Struct("<L"), 42))
"""Flags, the lengths of name, extra field and comment, and the place of the file's own header."""
_CHUNK: Final = 2**20
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError)
_INSTALLED: Final = ".dist-info/WHEEL"
"""Stands in every wheel (PEP 427), and beside every distribution that was installed from one."""
_ENVIRONMENT: Final = "an environment inside an archive; unpack it and give the folder"

_GZIP: Final = b"\x1f\x8b\x08"
_AUTO_GZIP: Final = 31  # zlib: a gzip wrapper with the largest window
_HEAD: Final = 1024
_START: Final = 64 * 1024
_LAYERS: Final = 2
"""How often gzip may be around gzip; some holds itself."""
_TAR: Final = slice(257, 262)
_OTHERS: Final = (
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "RAR"),
)
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_BROKEN_TAR: Final = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError, OSError, OverflowError)


def members(data: bytes) -> Iterator[tuple[str, bytes | InputError]] | None:
    """Return the files of a ZIP archive, as (name, bytes) in the order of their names; None for anything else.

    A member that cannot be unpacked has its error in the place of its bytes. Names differ: of equal ones
    the second has ``(2)`` behind it.

    Sizes that an archive states are not believed: what is unpacked is counted. Nothing is written to
    disk, so names that lead out lead nowhere. Python packages (`*.whl`) are archives as well, and
    their members are no documents of anybody's; they are left alone. What is installed in an archive
    is evidence that only a folder gives: it has an error.

    Raises:
        InputError: also while members are read: the archive as a whole is damaged, or unpacks to too much.
    """
    begin = data.find(b"\n", 0, _SHEBANG) + 1 if data.startswith(b"#!") else 0  # a zipapp (PEP 441), as pex makes
    if not data.startswith(_MARKS, begin):
        return None
    if data.count(_ENTRY) > MEMBERS:  # before Python makes an object of each
        raise InputError(f"ZIP archive of more than {MEMBERS} files; unpack it and give the folder")
    try:
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except UnicodeDecodeError:
            archive = zipfile.ZipFile(io.BytesIO(_with_old_names(data)))
    except _BROKEN as error:
        raise InputError(f"ZIP archive that cannot be unpacked: {error}") from error
    files = sorted((one for one in archive.infolist() if not one.is_dir()), key=lambda one: one.filename)
    installed = Counter("/".join(one.filename.split("/")[:-2]) for one in files if one.filename.endswith(_INSTALLED))
    if installed[""] == 1:
        return None
    if installed[""]:
        raise InputError(_ENVIRONMENT)
    return _members(archive, files, tuple(installed))


def _with_old_names(data: bytes) -> bytes:
    """Return an archive in which names that say to be UTF-8, and are not, are in code page 437 as without the flag.

    That is bit 11 of the flags of an entry (APPNOTE, section 4.4.4, and appendix D). Where the directory cannot
    be followed the bytes are as they were.
    """
    mended = bytearray(data)
    end = data.rfind(_MARKS[1])
    size, offset = _SIZES.unpack_from(data, end + 12) if 0 <= end <= len(data) - 20 else (0, 0)
    start = at = end - size
    while 0 <= at <= len(data) - _FIXED and data.startswith(_ENTRY, at):
        flags, lengths, local = (read.unpack_from(data, at + place) for read, place in _FIELDS)
        try:
            data[at + _FIXED : at + _FIXED + lengths[0]].decode()
        except UnicodeDecodeError:
            for place in (at + 8, start - offset + local[0] + 6):
                if 0 <= place < len(mended) - 1:
                    _FLAGS.pack_into(mended, place, flags[0] & ~_UTF_8)
        at += _FIXED + sum(lengths)
    return bytes(mended)


def _members(
    archive: zipfile.ZipFile, files: list[zipfile.ZipInfo], installed: tuple[str, ...]
) -> Iterator[tuple[str, bytes | InputError]]:
    folders = tuple(f"{folder}/" for folder in installed)
    for folder in sorted(installed):
        yield shown_name(folder), InputError(_ENVIRONMENT)
    total = 0
    met = Counter[str]()
    with archive:
        for one in files:
            if folders and one.filename.startswith(folders):
                continue
            if total >= TOTAL_BYTES:
                raise InputError(f"unpacks to more than {TOTAL_BYTES // 2**20} MiB; unpack it and give the folder")
            content = _content(archive, one)
            total += len(content) if isinstance(content, bytes) else MEMBER_BYTES
            name = shown_name(one.filename)
            met[name] += 1
            yield name if met[name] == 1 else f"{name} ({met[name]})", content


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | InputError:
    """Return what a member unpacks to, as long as it is not too much."""
    if member.flag_bits & 1:
        return InputError("is encrypted; unpack it first")
    try:
        return _unpacked(archive, member)
    except _BROKEN as error:
        return InputError(f"cannot be unpacked: {error}")


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | InputError:
    held = io.BytesIO()  # whose bytes are taken without a copy
    with archive.open(member) as file:
        while part := file.read(_CHUNK):
            held.write(part)
            if held.tell() > MEMBER_BYTES:
                return InputError(f"unpacks to more than {MEMBER_BYTES // 2**20} MiB")
    return held.getvalue()


class Contents(Struct, frozen=True, kw_only=True):
    """What an archive holds: the names of all its files, and those files that were asked for, each with its name.

    A file that cannot be unpacked has its error in the place of its bytes.
    """

    names: tuple[str, ...]
    files: tuple[tuple[str, bytes | InputError], ...]


def contents(data: bytes, accepts: Callable[[str], bool]) -> Contents | None:
    """Return what a ZIP archive, also behind a program's first lines (`.pyz`), or a tar file holds; None for others.

    Files whose name it ``accepts`` are unpacked, up to `MEMBER_BYTES` each and together; nothing is written to
    disk, and links are files without content. Cost: one pass over the archive.

    Raises:
        InputError: the archive is damaged, or holds too much.
    """
    if zipfile.is_zipfile(io.BytesIO(data)):
        return _zip_contents(data, accepts)
    opened = _uncompressed(data)
    return None if opened is None else _tar_contents(opened, accepts)


def _zip_contents(data: bytes, accepts: Callable[[str], bool]) -> Contents:
    if data.count(_ENTRY) > MEMBERS:  # before Python makes an object of each
        raise InputError(f"ZIP archive of more than {MEMBERS} files")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (*_BROKEN, UnicodeDecodeError) as error:
        raise InputError(f"ZIP archive that cannot be unpacked: {error}") from error
    found: list[tuple[str, bytes | InputError]] = []
    total = 0
    with archive:
        listed = [one for one in archive.infolist() if not one.is_dir()]
        for one in listed:
            if not accepts(one.filename):
                continue
            content = _content(archive, one)
            found.append((one.filename, content))
            total += len(content) if isinstance(content, bytes) else 0
            if total > MEMBER_BYTES:
                raise InputError(f"unpacks to more than {MEMBER_BYTES // 2**20} MiB")
    return Contents(names=tuple(one.filename for one in listed), files=tuple(found))


class _Stream(Protocol):
    """What can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""
        ...


class _Bounded:
    """A stream of which only so much is read, since what compressed data unpacks to is not known before."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._left = MEMBER_BYTES

    def read(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            InputError: it unpacks to too much.
        """
        part = self._stream.read(size)
        self._left -= len(part)
        if self._left < 0:
            raise InputError(f"unpacks to more than {MEMBER_BYTES // 2**20} MiB")
        return part


def _uncompressed(data: bytes) -> _Stream | None:
    """Return a tar file as a stream, unpacked as it is read; None for data that is not one."""
    openers: dict[bytes, Callable[[IO[bytes]], _Stream]] = {
        _GZIP: lambda file: gzip.GzipFile(fileobj=file),
        b"\xfd7zXZ\0": lzma.LZMAFile,
        b"BZh": bz2.BZ2File,
    }
    opener = next((one for mark, one in openers.items() if data.startswith(mark)), None)
    if opener is None:
        return io.BytesIO(data) if data[_TAR] == b"ustar" else None
    try:
        head = opener(io.BytesIO(data)).read(_HEAD)
    except _BROKEN_TAR as error:
        raise InputError(f"compressed data that cannot be unpacked: {error}") from error
    return opener(io.BytesIO(data)) if head[_TAR] == b"ustar" else None


def _tar_contents(stream: _Stream, accepts: Callable[[str], bool]) -> Contents:
    names: list[str] = []
    found: list[tuple[str, bytes | InputError]] = []
    try:
        with tarfile.open(fileobj=_Bounded(stream), mode="r|") as archive:  # type: ignore[call-overload]
            for one in archive:
                if len(names) >= MEMBERS:
                    raise InputError(f"tar file of more than {MEMBERS} files")
                if one.isdir():
                    continue
                names.append(one.name)
                if accepts(one.name) and one.isfile() and (file := archive.extractfile(one)) is not None:
                    found.append((one.name, file.read()))
    except _BROKEN_TAR as error:
        raise InputError(f"tar file that cannot be unpacked: {error}") from error
    return Contents(names=tuple(names), files=tuple(found))


def shown_name(name: str) -> str:
    """Return a member's name as labels show it: no step up, no root, nothing that UTF-8 cannot hold."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    return "/".join(parts).encode("utf-8", "backslashreplace").decode() or "unnamed"


def is_gzip(data: bytes) -> bool:
    """Return whether bytes begin as gzip data does."""
    return data.startswith(_GZIP)


def unpacked(data: bytes) -> bytes:
    """Return what gzip bytes hold, also where that is gzip once more; all else, and gzip of plainly no text, as it is.

    Raises:
        InputError: as for `gunzipped`.
    """
    for _ in range(_LAYERS):
        if is_gzip(data) and not _holds_no_text(data):
            data = gunzipped(data)
    return data


def _holds_no_text(data: bytes) -> bool:
    """Return whether the start of what gzip bytes hold shows that the rest need not be unpacked."""
    try:
        head = zlib.decompressobj(wbits=_AUTO_GZIP).decompress(data[:_CHUNK], _START)
    except zlib.error:
        return False
    return b"\0\0" in head and not is_gzip(head)


def gunzipped(data: bytes) -> bytes:
    """Return what gzip bytes (RFC 1952) hold, every member of them; what is no gzip as it is.

    Raises:
        InputError: they are damaged, cut short, or unpack to too much.
    """
    if not is_gzip(data):
        return data
    held = io.BytesIO()
    rest = memoryview(data)
    while bytes(rest[: len(_GZIP)]) == _GZIP:
        try:
            rest = rest[len(rest) - _gunzip(rest, held) :]
        except zlib.error as error:
            raise InputError(f"gzip data that cannot be unpacked: {error}") from error
    return held.getvalue()


def _gunzip(data: memoryview, held: io.BytesIO) -> int:
    """Unpack the first member of gzip data, a little at a time; return how many bytes are behind it."""
    stream = zlib.decompressobj(wbits=_AUTO_GZIP)
    for at in range(0, len(data), _CHUNK):
        pending: bytes | memoryview = data[at : at + _CHUNK]
        while pending and not stream.eof:
            held.write(stream.decompress(pending, _CHUNK))
            pending = stream.unconsumed_tail
            if held.tell() > MEMBER_BYTES:
                raise InputError(f"gzip data that unpacks to more than {MEMBER_BYTES // 2**20} MiB")
        if stream.eof:
            return len(data) - min(at + _CHUNK, len(data)) + len(stream.unused_data)
    raise InputError("gzip data is truncated")


def unopened(data: bytes) -> str:
    """Return the name of a packing that is not opened, as a message shows it; empty for anything else.

    >>> unopened(b"BZh91AY")
    'bzip2'
    """
    head = data[:_HEAD]
    if head.startswith(_GZIP):
        try:
            inside = zlib.decompressobj(wbits=_AUTO_GZIP).decompress(head, _HEAD)
        except zlib.error:
            return ""
        if inside.startswith((_GZIP, *_MARKS)):
            return "gzip around another archive"
        head = inside
    if head[_TAR] == b"ustar":
        return "tar"
    return next((name for mark, name in _OTHERS if head.startswith(mark)), "")


def is_other(head: bytes) -> bool:
    """Return whether a file that begins so is plainly neither text nor anything that is opened here."""
    return b"\0" in head[2:] and not head.startswith((*_MARKS, _GZIP, *_UTF_16)) and b"\0" not in head[:2]
