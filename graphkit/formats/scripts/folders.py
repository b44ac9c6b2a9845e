"""Where the commands of a shell run, and which folders hold the files of another repository that a command cloned."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from graphkit.formats.addresses import without_passwords
from graphkit.formats.scripts.findings import Resolve, moved, same
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.shell_words import Variables, Word
from graphkit.formats.scripts.unpacked import UNPACKS, unpacked_by

MOVES: Final = re.compile(
    rf"\b(?:cd|pushd|popd|clone|clone_from|clone_repository|chdir|submodules?|checkout|co)\b|{UNPACKS.pattern}",
    re.IGNORECASE,
)
"""What a line has that may change the folder that commands run in, clone a repository, or unpack an archive."""
_OWN: Final = re.compile(
    r"github\.(?:repository\b|event\.[\w.]{0,60}repo)|GITHUB_REPOSITORY\b|CI_(?:REPOSITORY_URL|PROJECT_(?:PATH|URL))\b"
    r"|BUILD_REPOSITORY_URI\b|Build\.Repository\.Uri\b|CIRCLE_REPOSITORY_URL\b"
)
"""Variables by which build services name the repository that a file is in."""
_OPEN: Final = re.compile(r"[$~%]|\{\{")
"""How the name of a folder begins that only a shell could tell."""
_ABOVE: Final = re.compile(r"\$[({]?(?:Pipeline\.Workspace|Agent\.BuildDirectory)[)}]?(?![\w.])", re.IGNORECASE)
"""The folder of Azure Pipelines above the one that jobs begin in, which is called ``s``."""
_TOP: Final = re.compile(
    r"\$(?:[({]|\{\{\s*)?(?:GITHUB_WORKSPACE|github\.workspace|CI_PROJECT_DIR|BITBUCKET_CLONE_DIR|CIRCLE_WORKING_DIRECTORY"
    r"|(?:Build|BUILD)[._]SourcesDirectory|System[._]DefaultWorkingDirectory)\s*[)}]{0,2}(?![\w.])"
    rf"|{_ABOVE.pattern}[/\\]s(?![\w.-])|~/project(?![\w.-])",
    re.IGNORECASE,
)
"""Variables by which build services name the folder that jobs begin in."""
BEFORE: Final = frozenset({"sudo", "command", "env", "exec", "time", "nice", "retry", "if", "then", "!"})
"""Words before a command."""
# fmt: off
_VALUED: Final = frozenset({
    "-b", "--branch", "-o", "--origin", "-u", "--upload-pack", "--depth", "--reference", "--reference-if-able",
    "--separate-git-dir", "-c", "--config", "--filter", "-j", "--jobs", "--template", "--shallow-since",
    "--shallow-exclude", "--revision", "--bundle-uri", "--server-option", "-C", "--git-dir", "--work-tree", "-r",
    "--name", "--username", "--password",
})
# fmt: on
"""Options of git and its kin that have a value."""
_CLONES: Final = {
    "git": (("clone",), ("submodule", "add")),
    "gh": (("repo", "clone"),),
    "hub": (("clone",),),
    "glab": (("repo", "clone"),),
    "hg": (("clone",),),
    "svn": (("checkout",), ("co",), ("export",)),
}
"""The verbs by which programs fill a folder with the files of a repository."""
_FOLDER_FLAGS: Final = {"env": "-C", "sudo": "-D"}
"""The option by which a program runs another in a folder, beside ``--chdir``."""
_ASSIGNED: Final = re.compile(r"\w+=")
_FLAG: Final = re.compile(r"-\S+|/[dD]")
_LEADING: Final = re.compile(rf"\.\.(?:/|$)|{_OPEN.pattern}")
"""How a path begins that leads above, or to any folder."""
_SUBMODULES: Final = re.compile(
    r"\bgit\b(?!.*\sclone\b).*\s(?:submodule\s(?:.*\s)?(?:update|init)\b|--recurse-submodules\b|--recursive\b)"
)
ANY_FOLDER: Final = "*"
"""Each folder below the one that a job begins in of which nothing else is known."""
SUBMODULES: Final = "git submodules"
"""What brings files of other repositories into this one."""
_NAME: Final = re.compile(r"[/:\\]")


_MOST: Final = 200
"""Folders of one file that are told apart."""
_LONGEST: Final = 500
"""Characters of a path; nothing tells of a longer one."""


class Archive(str):
    """The name of an archive, or submodules, in the place of an address: files of the repository may lie there too."""

    __slots__ = ()


class Place(Struct):
    """The folder that commands run in, those that `pushd` left, and the one before.

    ``is_open``: nothing tells where it lies; it counts as the one that the script began in. So does every absolute one
    where it ``is_elsewhere``: on another machine or in a container, where nobody knows what lies there.
    """

    at: str = ""
    left: tuple[str, ...] = ()
    before: str = ""
    is_open: bool = False
    is_elsewhere: bool = False

    def move(self, words: tuple[Word, ...], known: Variables, *, is_inside: bool = False) -> None:
        """Take up a command; ``is_inside``: a change of folder ends within the line."""
        name = words[0].text if words else ""
        if name not in {"cd", "pushd", "popd"}:
            return
        to = next((one for one in words[1:] if one.text == "-" or not _FLAG.fullmatch(one.text)), Word("~", "~"))
        if is_inside or name == "popd" or to.unknown or to.text == "-":
            known.forget_files()  # where later commands run is not known
        here = self.at
        if name == "popd":
            self.at, self.left = (self.left[-1], self.left[:-1]) if self.left else ("", ())
        elif to.text == "-":
            self.at = self.before
        else:
            self.left = (*self.left[-_MOST:], here) if name == "pushd" else self.left
            # Of the values of a loop, `git clone` took the second as its folder.
            addresses = known.clones.values() if len(words) > 2 else ()
            if told := next((one for one in addresses if one and name_in(one) == to.text), ""):
                note_files(known, under(here, to.text), told)
            self.enter(to, known)
        self.before = here

    def of_command(self, words: tuple[Word, ...], known: Variables) -> Place:
        """Return where a command runs, which what stands before it may say (`env -C DIR`, `sudo -D DIR`)."""
        waiting = iter(words)
        flag = ""
        for word in waiting:
            name = posixpath.basename(word.text)
            if name in _FOLDER_FLAGS:
                flag = _FOLDER_FLAGS[name]
            elif flag and (told := re.fullmatch(rf"(?:{flag}|--chdir)(?:=?(.+))?", word.text)):
                found = replace(self)
                found.enter(Word(told[1], word.unknown) if told[1] else next(waiting, Word(".")), known)
                return found
            elif name not in BEFORE and not word.text.startswith("-") and not _ASSIGNED.match(word.text):
                break
        return self

    def enter(self, to: Word, known: Variables) -> None:
        """Go into a folder by its name in the one before."""
        path = under(self.at, to.text)
        is_unknown = bool(to.unknown) and (not _TOP.match(to.text) or "$" in path)
        is_open = is_unknown or "%" in to.text or (self.is_elsewhere and path.startswith(("/", "~")))
        told = next(
            (one for one in known.clones.values() if isinstance(one, Archive) and to.text in posixpath.basename(one)),
            "",
        )
        if to.unknown and told:  # `tar xf $NAME.tar.gz`, then `cd $NAME`
            note_files(known, path, told)
        if to.unknown and to.text in known.cloning:  # `git clone host/$NAME`, then `cd $NAME`
            note_files(known, path, known.cloning)
            known.cloning = ""
        if len(path) > _LONGEST or (is_open and _place_of(known, path) is None):
            self.at = self.at if _place_of(known, self.at) else ""
            self.is_open = True
            return
        self.at = path
        if known.cloning and not to.unknown and posixpath.normpath(to.text) not in {".", ".."}:
            note_files(known, path, known.cloning)  # what was cloned into a folder that nothing named
            known.cloning = ""

    def lies_at(self, name: str) -> str:
        """Return the path of a file from where the script began, as far as that is known."""
        path = under(self.at, name)
        if self.is_open and not posixpath.isabs(path):
            path = posixpath.normpath(path)
            while path.startswith("../"):
                path = path[3:]
        return path


def put_in_place(found: Found, at: Place, known: Variables, resolve: Resolve = same) -> None:
    """Put the inputs of a command that runs in a folder where they lie, those of other repositories apart.

    Those of the own repository, where that was put into a folder, lie where they do in it.
    """
    if found.is_own_project and (_is_of_other(known, at) or at.lies_at("").startswith("..")):
        found.inputs["pyproject.toml"] = None  # what building that one takes nobody knows here
    again = Found(tool=found.tool)
    for paths, elsewhere in ((found.inputs, again.inputs), (found.constraints, again.constraints)):
        for name in list(paths):
            if (origin := _place_of(known, under(at.at, name))) is None:
                continue
            if isinstance(origin[0], Archive):
                is_any = at.is_open and not at.at  # some folder, which need not be that of the archive
                is_copied = resolve is not same and not all(map(posixpath.isabs, resolve(at.lies_at(name))))
                found.unpacked = found.unpacked if is_any or is_copied else origin[0]
                continue
            del paths[name]
            if origin[0]:
                found.cloned[without_passwords(origin[0]), origin[1]] = None
            else:
                elsewhere[origin[1]] = None
    moved(found, lambda name: resolve(at.lies_at(name)))
    moved(again, same)
    found.inputs |= again.inputs
    found.constraints |= again.constraints
    found.is_past_lock |= again.is_past_lock
    found.unreadable += again.unreadable


def in_own(known: Variables, at: Place, name: str) -> tuple[str, ...]:
    """Return where a path lies in the own repository, by its name in a folder; nowhere if in another repository."""
    origin = _place_of(known, under(at.at, name))
    if origin is None or isinstance(origin[0], Archive):
        return (at.lies_at(name),)
    return () if origin[0] else (origin[1],)


def other_in(known: Variables) -> str:
    """Return the address of a repository that was cloned, empty where no other than the own one was."""
    return next((one for one in known.clones.values() if one and not isinstance(one, Archive)), "")


def _is_of_other(known: Variables, at: Place) -> bool:
    origin = _place_of(known, at.at)
    return origin is not None and bool(origin[0]) and not isinstance(origin[0], Archive)


def under(folder: str, name: str) -> str:
    """Return a path from where a script began, by its name in a folder; what begins with a variable is a whole one."""
    for pattern, place in ((_TOP, "."), (_ABOVE, "..")):
        if told := pattern.match(name):
            return place + name[told.end() :].replace("\\", "/")
    return name if _OPEN.match(name) else posixpath.join(folder, name)


def _whole(known: Variables, path: str) -> str:
    return posixpath.normpath(under(known.base, path))


def note_clone(words: tuple[Word, ...], place: Place, known: Variables) -> None:
    """Note the folder that a command fills with the files of a repository."""
    if (found := _cloned(words)) is None:
        return
    address, to, is_bare = found
    place = replace(place)
    for before, word in pairwise(words):
        if before.text == "-C":
            place.enter(word, known)
    name = to.text if to else name_in(address.text)
    if is_bare or not address.text:
        return
    if not to and (_OPEN.search(address.text) or not name):
        known.cloning = address_of(address.text)
        return
    note_files(known, under(place.at, name), address_of(address.text))


def note_archive(words: tuple[Word, ...], place: Place, known: Variables, *, is_own: bool = False) -> None:
    """Note the folder that a command unpacks an archive in; ``is_own``: one of files that are here."""
    if _SUBMODULES.search(" ".join(word.text for word in words)):
        note_unpacked(known, place.at or ".", SUBMODULES)
    for archive, folder in unpacked_by(words):
        path = under(place.at, folder.text)
        if is_own:
            here = _place_of(known, place.at)
            note_files(known, path, here[0] if here else "")
        else:
            note_unpacked(known, path, archive)


def note_unpacked(known: Variables, path: str, archive: str) -> None:
    """Note that a folder has the files of an archive, unless it has those of a repository."""
    origin = _place_of(known, path)
    if origin is None or isinstance(origin[0], Archive):
        note_files(known, path, Archive(archive or "from a pipe"))


def is_unpacked(known: Variables, path: str) -> bool:
    """Return whether an archive was unpacked in a folder that a path leads into."""
    origin = _place_of(known, path)
    return origin is not None and isinstance(origin[0], Archive)


def name_in(address: str) -> str:
    """Return the name of a repository by its address, which a clone gives its folder."""
    return _NAME.split(address.rstrip("/\\").removesuffix(".git"))[-1]


def address_of(text: str) -> str:
    """Return the address of a repository, empty for the one that the file itself is in."""
    return "" if _OWN.search(text) or posixpath.normpath(text) == "." else text


def note_files(known: Variables, path: str, address: str) -> None:
    """Note that a folder has the files of a repository, whose address is empty for the one that a file is in.

    Of too many, any folder may be that of the last.
    """
    whole = _whole(known, path)
    if len(known.clones) >= _MOST:
        known.clones |= {".": address} if address else {}
    elif address or known.clones or whole != ".":  # else every file is of that one anyhow
        known.clones[whole] = address


def _cloned(words: tuple[Word, ...]) -> tuple[Word, Word | None, bool] | None:
    """Return the address and the folder that a command clones, and whether it is without files; None for no clone."""
    while words and (words[0].text in BEFORE or re.fullmatch(r"\w+=.*", words[0].text)):
        words = words[1:]
    if not words or (verbs := _CLONES.get(posixpath.basename(words[0].text).removesuffix(".exe"))) is None:
        return None
    arguments = list(_arguments(words[1:]))
    for verb in verbs:
        if tuple(one.text for one in arguments[: len(verb)]) == verb and len(arguments) > len(verb):
            rest = arguments[len(verb) :]
            is_bare = any(one.text in {"--bare", "--mirror"} for one in words)
            return rest[0], rest[1] if len(rest) > 1 else None, is_bare
    return None


def _arguments(words: tuple[Word, ...]) -> Iterator[Word]:
    waiting = iter(words)
    for word in waiting:
        if word.text == "--":
            continue
        if not word.text.startswith("-"):
            yield word
        elif word.text in _VALUED:
            next(waiting, None)


def _place_of(known: Variables, path: str) -> tuple[str, str] | None:
    """Return the address of the repository whose files lie at a path, and the path in it; None where nothing tells."""
    whole = _whole(known, path)
    for place, address in sorted(known.clones.items(), key=lambda one: (one[0] == ANY_FOLDER, -len(one[0]))):
        if whole == place:
            return address, "."
        if place == ANY_FOLDER and "/" in whole and not posixpath.isabs(whole) and not _LEADING.match(whole):
            return address, whole.partition("/")[2]
        if place == "." and not posixpath.isabs(whole) and not whole.startswith(".."):
            if isinstance(address, Archive) and _OPEN.match(whole):
                continue  # any folder
            return address, whole
        if whole.startswith(f"{place.rstrip('/')}/"):
            return address, posixpath.relpath(whole, place)
    return None
