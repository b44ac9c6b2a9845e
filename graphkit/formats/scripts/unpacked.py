"""Archives that commands unpack: what is installed from there later is none of the repository's files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from graphkit.formats.scripts.shell_words import Word

UNPACKS: Final = re.compile(
    r"\b(?:tar|bsdtar|gtar|unzip|7z[ar]?|zipfile|tarfile|unpack_archive|extractall|expand-archive)\b", re.IGNORECASE
)
"""What a line has that may unpack an archive."""
OWN_ARCHIVE: Final = re.compile(r"\bgit\s+archive\b|\btar\s+(?:-?[a-zA-Z]*c|--create)")
"""What makes an archive of files that are here, which a pipe may unpack elsewhere."""
_TAR: Final = frozenset({"tar", "bsdtar", "gtar"})
_SEVEN: Final = frozenset({"7z", "7za", "7zr"})
_PYTHON: Final = frozenset({"zipfile", "tarfile"})
_TAR_VALUED: Final = frozenset({"--file", "--directory", "--exclude", "--transform", "--owner", "--group", "--mode"})
_ARCHIVE: Final = re.compile(r"\.(?:tar(?:\.\w+)?|t[gbx]z2?|zip)$", re.IGNORECASE)
"""How archives are called that `ADD` of a Dockerfile unpacks."""


class Unpacked(NamedTuple):
    """What a command unpacks: the archive, empty for one that it reads from a pipe, and the folder that it fills."""

    archive: str
    folder: Word


def is_archive(name: str) -> bool:
    """Return whether a file is an archive by its name."""
    return bool(_ARCHIVE.search(name))


def unpacked_by(words: tuple[Word, ...]) -> Iterator[Unpacked]:
    """Yield what a command unpacks, each member that it names by itself."""
    names = [posixpath.basename(word.text).casefold().removesuffix(".exe") for word in words]
    for at, name in enumerate(names):
        rest = words[at + 1 :]
        if name in _TAR:
            yield from _by_tar(rest)
        elif name == "unzip":
            yield from _by_unzip(rest)
        elif name in _SEVEN and rest and rest[0].text in {"x", "e"}:
            folders = [Word(one.text[2:], one.unknown) for one in rest if one.text.startswith("-o")]
            files = [one.text for one in rest[1:] if not one.text.startswith("-")]
            yield Unpacked(files[0] if files else "", folders[0] if folders else Word("."))
        elif name in _PYTHON and rest and rest[0].text in {"-e", "--extract"}:
            yield Unpacked(rest[1].text if rest[1:] else "", rest[2] if rest[2:] else Word("."))
        elif name == "expand-archive":
            yield _by_powershell(rest)
        else:
            continue
        return


def _by_tar(words: tuple[Word, ...]) -> Iterator[Unpacked]:
    archive, folder, members = "", Word("."), list[Word]()
    is_extract = False
    waiting = iter(words)
    for number, word in enumerate(waiting):
        name, equals, value = word.text.partition("=")
        if name.startswith("--"):
            is_extract |= name in {"--extract", "--get"}
            told = Word(value, word.unknown) if equals else Word("")
            if name in _TAR_VALUED and not equals:
                told = next(waiting, Word(""))
            archive, folder = (told.text if name == "--file" else archive), (told if name == "--directory" else folder)
        elif word.text.startswith("-") or not number:
            if "O" in word.text:
                return  # to the output
            is_extract |= "x" in word.text
            for letter in word.text:
                if letter == "f":
                    archive = next(waiting, Word("")).text
                elif letter == "C":
                    folder = next(waiting, Word("."))
        else:
            members.append(word)
    if is_extract:
        yield from _members(archive, folder, members)


def _by_unzip(words: tuple[Word, ...]) -> Iterator[Unpacked]:
    folder, files = Word("."), list[Word]()
    waiting = iter(words)
    for word in waiting:
        if word.text.startswith("-d"):
            folder = Word(word.text[2:], word.unknown) if word.text[2:] else next(waiting, Word("."))
        elif word.text.startswith("-"):
            if set("pltvZz") & set(word.text):
                return  # it only shows what is in it
        else:
            files.append(word)
    if files:
        yield from _members(files[0].text, folder, files[1:])


def _by_powershell(words: tuple[Word, ...]) -> Unpacked:
    archive, folder = "", Word(".")
    waiting = iter(words)
    for word in waiting:
        name = word.text.casefold()
        if name in {"-destinationpath", "-outputpath"}:
            folder = next(waiting, Word("."))
        elif not name.startswith("-"):
            archive = archive or word.text
    return Unpacked(archive, folder)


def _members(archive: str, folder: Word, members: list[Word]) -> Iterator[Unpacked]:
    if not members or any(one.unknown or "*" in one.text for one in members):
        yield Unpacked(archive, folder)
        return
    for one in members:
        yield Unpacked(archive, Word(posixpath.join(folder.text, one.text), folder.unknown))
