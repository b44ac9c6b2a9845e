"""Which files a shell command writes anew, moves or removes: what is installed from them later is not what was read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Final

from graphkit.formats.scripts.shell_words import Command, Word

CHANGES: Final = re.compile(r">|\b(?:rm|unlink|truncate|mv|tee|cp|ln|install|sed|perl|g?awk|curl|wget)\b")
"""What a line has that may change a file."""
_REMOVERS: Final = frozenset({"rm", "unlink", "mv"})
_WHOLE: Final = _REMOVERS | {"truncate", "tee"}
"""Commands that change every file they name."""
_LAST: Final = frozenset({"cp", "ln", "install"})
"""Commands that write the file they name last, unless it is of the same name as what they take."""
_EDITORS: Final = frozenset({"sed", "gsed", "perl", "awk", "gawk"})
_IN_PLACE: Final = re.compile(r"-[A-Za-z]*i|--in-place")
_FETCHERS: Final = frozenset({"curl", "wget"})
_BEFORE: Final = frozenset({"sudo", "command", "env", "exec", "time", "nice"})


def changed_by(command: Command, folder: str) -> Iterator[tuple[str, bool]]:
    """Yield the paths of files that a command changes, from the folder that the script began in, and whether they go.

    A file that cannot be told is left out: a name with a variable or a pattern.
    """
    names = [(one.path, False) for one in command.outputs]
    words = list(command.words)
    while words and (words[0].text in _BEFORE or "=" in words[0].text):
        del words[0]
    if words:
        program = posixpath.basename(words[0].text)
        named = list(_named(program, words[1:]))
        names += [(name, program in _REMOVERS and (program != "mv" or name != named[-1])) for name in named]
    for name, is_gone in names:
        yield posixpath.normpath(posixpath.join(folder, name)), is_gone


def _named(program: str, words: Sequence[Word]) -> Iterator[str]:
    plain = [word.text for word in words if not word.unknown]
    files = [text for text in plain if not text.startswith("-")]
    if program in _WHOLE or (program in _EDITORS and any(map(_IN_PLACE.match, plain))):
        yield from files
    elif program in _LAST and len(files) > 1:
        if posixpath.basename(files[0]) != posixpath.basename(files[-1]):
            yield files[-1]
    elif program in _FETCHERS:
        for text in plain:
            name = text.partition("=")[2] if text.startswith("--") else text
            yield posixpath.basename(name) if "://" in name else name
