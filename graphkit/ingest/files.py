"""Files of a run: found, called by a label that answers use, and read ahead in chunks."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice, takewhile
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from graphkit.formats.archives import is_other
from graphkit.formats.imported_code import LIBRARIES
from graphkit.ingest.stats import IngestStats
from graphkit.model.errors import InputError
from graphkit.sources.distributions import is_distribution
from graphkit.sources.environments import is_environment
from graphkit.sources.git.file_names import is_input

_SKIPPED: Final = frozenset({".git", ".hg", ".svn"})
_LIBRARIES: Final = frozenset({("lib",), ("Lib",), ("lib64",)})
"""Folders of a virtual environment that hold what is installed."""
_RECORD: Final = "graph.duckdb"
"""Marks a folder as a graph, such as the one at work: it changes while it is walked, and holds no document."""
_CHUNK_FILES: Final = 1_000
_CHUNK_BYTES: Final = 64 * 2**20
LARGEST: Final = 512 * 2**20
"""The most bytes that a file may have: what is unpacked may have no more either."""
_LINK_OUT: Final = "a link that leads out of the folder, which is not followed; name the file to have it read"
_LINK_NOWHERE: Final = "a link that leads nowhere; the file that it stands for would settle it"
_LOOKED_AT: Final = 2_000
"""Files behind a link whose names are looked at."""
_HEAD: Final = 64 * 1024
_PART: Final = 2**20


class Found(Struct, frozen=True, kw_only=True):
    """A file to read: where it is, what answers call it, and whether a person named it."""

    path: Path
    label: str
    named: bool
    root: Path
    """Files that it includes are read inside this folder alone."""
    repository: str = ""
    """What answers call the folder that was given, or that of a file that was; empty for the folder at hand."""
    is_environment: bool = False
    """It is a folder of installed distributions, read as a whole."""
    is_member: bool = False
    """It stands inside an archive, in which further archives are not opened: some hold themselves."""
    is_part: bool = False
    """It is one of several documents in a file, and is not looked into for more."""
    problem: str = ""
    """Why it is not read, where that is known before."""


class Content(Struct, frozen=True, kw_only=True):
    """A file's bytes and their SHA-256; ``data`` None, with the reason in ``problem``: they cannot be read."""

    found: Found
    data: bytes | None
    sha256: str = ""
    problem: str = ""

    def bytes(self) -> bytes:
        """Return the bytes.

        Raises:
            InputError: they could not be read.
        """
        if self.data is None:
            raise InputError(self.problem)
        return self.data


def walk(
    sources: Sequence[str],
    stats: IngestStats,
    skipped: AbstractSet[Path] = frozenset(),
    passed_over: AbstractSet[str] = frozenset(),
    label: Callable[[Path], str] | None = None,
    called: Callable[[Path, str], tuple[str, str]] | None = None,
) -> Iterator[Found]:
    """Yield the files that sources name or hold, in the order of their names.

    In a folder, links to folders are not followed, and files that a link leads out of it to are not read,
    as `beside` reads none there; they are unrecognised, and a note counts them. Those with the name of an
    input or of a distribution come with that problem. What a person names is read wherever it leads.
    ``skipped`` are folders below that are not walked, ``passed_over`` names of such ones, which are counted.
    ``label`` says what answers call a folder, `folder_label` by default; ``called`` what they call a named file and
    its folder.
    """
    labels = _labels(sources, label or folder_label)
    for source in sources:
        path = Path(source)
        try:
            if source and path.is_dir():  # an empty text, as of an unset variable, is not the folder at hand
                yield from _inside(path, labels[source], stats, skipped, passed_over)
            elif source and path.exists():
                folder = labels.get(source, "")
                name, repository = called(path, folder) if called else (label_of(path), folder)
                yield Found(path=path, label=name, named=True, root=_root_of(path), repository=repository)
            else:
                stats.reject(label_of(path) if source else "", "no such file or folder")
        except (OSError, ValueError) as error:
            stats.reject(label_of(path), f"cannot be read: {getattr(error, 'strerror', None) or error}")


def _labels(sources: Sequence[str], label: Callable[[Path], str]) -> dict[str, str]:
    """Return what the folder of each source is called; empty for files in the folder at hand."""
    folders: dict[str, Path] = {}
    for source in filter(None, sources):
        is_folder = os.path.isdir(source)  # noqa: PTH112 - never raises
        folder = Path(source) if is_folder else Path(source).parent
        if is_folder or folder != Path():
            folders[source] = folder
    return dict(zip(folders, labels_apart(list(folders.values()), label), strict=True))


def folder_label(folder: Path) -> str:
    """Return what answers call a folder that was given: its path where it is relative and lies below, else its name."""
    plain = bool(folder.parts) and not folder.is_absolute() and ".." not in folder.parts
    whole = Path(os.path.abspath(folder))  # noqa: PTH100 - the name that was given, not where a link leads
    return shown_path(folder if plain else Path(whole.name))


def labels_apart(folders: Sequence[Path], label: Callable[[Path], str]) -> list[str]:
    """Return a label for each folder; two that would have the same one get more of their paths, as far as they need."""
    wholes = [Path(os.path.abspath(folder)).parts[1:] for folder in folders]  # noqa: PTH100 - see above
    told = [label(folder) for folder in folders]
    apart = []
    for whole, name in zip(wholes, told, strict=True):
        same = {other for other, text in zip(wholes, told, strict=True) if text == name}
        depth = 1
        while len({parts[-depth:] for parts in same}) < len(same):
            depth += 1
        apart.append(name if len(same) == 1 else shown_path(Path(*whole[-depth:])))
    return apart


def _inside(
    folder: Path, repository: str, stats: IngestStats, skipped: AbstractSet[Path], passed_over: AbstractSet[str]
) -> Iterator[Found]:
    """Yield the files and environments of a folder; the folders of an environment hold nobody's documents."""

    def note(error: OSError) -> None:
        inside = Path(error.filename).relative_to(folder)
        stats.reject(shown_path(inside) if inside.parts else label_of(folder), f"cannot be read: {error.strerror}")

    at = Found(path=folder, label="", named=False, root=folder, repository=repository)
    virtual: list[Path] = []
    for name, folders, files in os.walk(folder, onerror=note):
        parent = Path(name)
        while virtual and not parent.is_relative_to(virtual[-1]):
            virtual.pop()
        virtual += [parent] if "pyvenv.cfg" in files else []
        # Beside what is installed, a virtual environment holds copies of programs, and at most other environments.
        is_aside = bool(virtual) and _is_aside(parent, virtual[-1])
        may_hold = not is_aside or parent == virtual[-1] or parent.name in LIBRARIES
        if may_hold and _holds(is_environment, parent):
            yield replace(at, path=parent, label=_environment_label(parent, folder), is_environment=True)
            folders.clear()  # what its packages bring is nobody's document
            continue
        stats.passed_over.update(passed_over & set(folders))
        named = set(folders) - _SKIPPED - passed_over
        folders[:] = sorted(one for one in named if _is_walked(parent / one, skipped))
        links = [one for one in folders if _holds(Path.is_symlink, parent / one)]
        for one in sorted([*links, *(() if is_aside else files)]):
            yield from _of_file(replace(at, path=parent / one), stats)


def _is_walked(folder: Path, skipped: AbstractSet[Path]) -> bool:
    """Return whether a folder is looked into: neither one that is read otherwise, nor a graph."""
    return folder not in skipped and not _holds(Path.exists, folder / _RECORD)


def _of_file(found: Found, stats: IngestStats) -> Iterator[Found]:
    """Yield a file by its label; one that is a link to something outside only where its name says what it is."""
    found = replace(found, label=shown_path(found.path.relative_to(found.root)))
    try:
        is_outside = _leads_out(found.path, found.root)
        is_wanted = found.path.is_file()  # no pipes or devices, which would never end
    except OSError as error:  # a path too long for the system to open
        stats.reject(found.label, f"cannot be read: {error.strerror}")
        return
    if is_outside:
        stats.unrecognised.append(found.label)
        stats.links_out += 1
        names = [found.label] if is_wanted else [f"{found.label}/{name}" for name in _names_in(found.path)]
        yield from (replace(found, label=name, problem=_LINK_OUT) for name in names if _is_asked_for(name))
    elif is_wanted:
        yield found
    elif found.path.is_symlink() and not found.path.exists() and _is_asked_for(found.label):
        yield replace(found, problem=_LINK_NOWHERE)


def _is_asked_for(label: str) -> bool:
    return is_input(label) or is_distribution(label)


def _names_in(folder: Path) -> list[str]:
    """Return the names of files in a folder that a link leads to, none of which is read; of an environment none."""
    if _holds(Path.exists, folder / "pyvenv.cfg"):
        return []
    return list(islice(_names_below(folder), _LOOKED_AT))


def _names_below(folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - _SKIPPED)
        yield from (shown_path((Path(parent) / name).relative_to(folder)) for name in sorted(files))


def _is_aside(folder: Path, virtual: Path) -> bool:
    """Return whether a folder lies in a virtual environment, and not among what is installed there."""
    return folder.is_relative_to(virtual) and folder.relative_to(virtual).parts[:1] not in _LIBRARIES


def _leads_out(path: Path, folder: Path) -> bool:
    """Return whether a path is a link to something outside of a folder. Cost: one look, and for links some more."""
    return path.is_symlink() and path.exists() and not path.resolve().is_relative_to(folder.resolve())


def _holds(test: Callable[[Path], bool], path: Path) -> bool:
    """Return what a test says of a path; False where the system cannot say, as the walk will then say itself."""
    try:
        return test(path)
    except OSError:
        return False


def _root_of(path: Path) -> Path:
    """Return the folder at hand where a named file lies in it, else the file's own."""
    here = Path.cwd()
    return here if path.resolve().is_relative_to(here) else path.parent


def beside(found: Found, name: str) -> bytes | None:
    """Return a file that a document includes, by its path from the document's folder; None outside the root."""
    path = found.path.parent / name
    try:
        inside = path.is_file() and path.resolve().is_relative_to(found.root.resolve())
        return _bytes_of(path) if inside else None
    except (OSError, ValueError, InputError):
        return None


def _environment_label(found: Path, folder: Path) -> str:
    """Return what answers call an environment: the virtual environment it belongs to, else the folder itself."""
    tops = (top for top in (found, *found.parents[:3]) if top.is_relative_to(folder) and (top / "pyvenv.cfg").is_file())
    inside = next(tops, found).relative_to(folder)
    return shown_path(inside) if inside.parts else label_of(folder)


def label_of(path: Path) -> str:
    """Return what answers call a named file: the path as given where it is relative, else its name alone."""
    plain = not path.is_absolute() and ".." not in path.parts
    return shown_path(path if plain else Path(path.name))


def shown_path(path: Path) -> str:
    """Return a path as answers show it, with what is no UTF-8 escaped."""
    return os.fsencode(str(PurePosixPath(*path.parts))).decode("utf-8", "backslashreplace")


def read_ahead(
    files: Iterator[Found], look: Callable[[Sequence[Content]], None] | None = None
) -> Iterator[list[Content]]:
    """Yield files with their bytes, a chunk at a time, while the next chunk is read on another thread.

    ``look`` gets those of the next chunk before this one is yielded, of the first chunk too.

    At most two chunks are held, of 64 MiB and a file each. Reading and hashing let other threads run.
    A larger file, and what may never end, such as a pipe that a person named, comes alone, after all
    before it were taken.
    """
    from concurrent.futures import ThreadPoolExecutor

    reader = ThreadPoolExecutor(1)
    try:
        waiting = reader.submit(_chunk, files)
        if look is not None:
            look(_contents(waiting.result()))
        while chunk := waiting.result():
            waiting = reader.submit(_chunk, files)
            if look is not None:
                look(_contents(waiting.result()))
            yield from _apart(chunk)
    finally:
        reader.shutdown(wait=False, cancel_futures=True)


def _apart(chunk: list[Content | Found]) -> Iterator[list[Content]]:
    """Yield a chunk in pieces that end before what is still to be read; nothing of it is held back here."""
    while chunk:
        ready = [one for one in takewhile(_is_read, chunk) if isinstance(one, Content)]
        later = chunk[len(ready)] if len(ready) < len(chunk) else None
        del chunk[: len(ready) + 1]
        if ready:
            yield ready
        if isinstance(later, Found):
            yield [content_of(later)]


def _is_read(one: Content | Found) -> bool:
    return isinstance(one, Content)


def _contents(chunk: list[Content | Found]) -> list[Content]:
    return [one for one in chunk if isinstance(one, Content)]


def _chunk(files: Iterator[Found]) -> list[Content | Found]:
    chunk: list[Content | Found] = []
    size = 0
    for found in files:
        content = content_of(found) if found.is_environment or _is_small(found.path) else None
        chunk.append(content or found)
        size += len(content.data or b"") if content else 0
        if len(chunk) >= _CHUNK_FILES or size >= _CHUNK_BYTES:
            break
    return chunk


def _is_small(path: Path) -> bool:
    """Return whether a path is that of a file which may be held beside others; also where it is gone by now."""
    try:
        status = path.stat()
    except OSError:
        return True
    return stat.S_ISREG(status.st_mode) and status.st_size <= _CHUNK_BYTES


def content_of(found: Found) -> Content:
    """Return a file's bytes; of an environment none, since it is read file by file when it is taken."""
    if found.is_environment:
        return Content(found=found, data=b"")
    if found.problem:
        return Content(found=found, data=None, problem=found.problem)
    try:
        data = _bytes_of(found.path)
    except OSError as error:
        return Content(found=found, data=None, problem=f"cannot be read: {error.strerror}")
    except InputError as error:
        return Content(found=found, data=None, problem=error.problem)
    return Content(found=found, data=data, sha256=hashlib.sha256(data).hexdigest())


def _bytes_of(path: Path) -> bytes:
    """Return a file's bytes; of one that is too large and plainly no document, the first alone.

    Raises:
        InputError: it has more than `LARGEST`, or grows beyond that, or never ends.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size <= LARGEST:
            data = file.read(size + 1)
            if len(data) <= size:
                return data
            held = io.BytesIO()
            held.write(data)  # it grew, or is a pipe or a device, whose size nobody knows
            while len(part := file.read(_PART)) and held.tell() <= LARGEST:
                held.write(part)
            if held.tell() <= LARGEST:
                return held.getvalue()
        elif is_other(head := file.read(_HEAD)):
            return head
    raise InputError(f"larger than {LARGEST // 2**20} MiB; split it, or unpack it and give the folder")


def is_file(path: Path) -> bool:
    """Return whether there is a file at a path that somebody gave, of whatever length."""
    try:
        return path.is_file()
    except OSError:  # a text too long for the name of a file
        return False
