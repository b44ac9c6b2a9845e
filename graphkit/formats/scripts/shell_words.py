"""Shell text as simple commands of words: quotes, comments, variables with a literal value; nothing is ever run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from graphkit.formats.diagnostics import quoted
from graphkit.formats.scripts.install_words import TOOLS

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(\[[@*]\])?(?:(:?[-=])([^{}$`]*))?\}")
_MADE: Final = re.compile(r"\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_ASSIGNED: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)([:?+]?=)(.*)", re.DOTALL)
_OPEN: Final = re.compile(r"[$`]|\{\{")
_BREAKS: Final = frozenset(";&|()\n")
_MOST_LINES: Final = 60
"""How many lines an open quotation mark may run over."""
_LONGEST: Final = 100_000
"""Characters of one command that are read; longer ones are unreadable."""
_OVERLAP: Final = 100
"""Characters before that place which are looked at again: a word may stand on it."""
_TOO_LONG: Final = "a command too long to read"
_LONGEST_VALUE: Final = 5_000
_MOST_WORDS: Final = 2_000
_DEEPEST: Final = 4
"""How many substitutions within each other are read."""


class Word(NamedTuple):
    """A word of a command, without its quotation marks. ``unknown`` is what of it cannot be known, as written."""

    text: str
    unknown: str = ""
    is_quoted: bool = False


class Output(NamedTuple):
    """A file that a command's output goes to; ``is_whole``: nothing else stays in it."""

    path: str
    is_whole: bool


class Command(NamedTuple):
    """A simple command: its words, the line that it begins on, and where its output goes.

    It has no words where a group of commands before it writes.
    """

    line: int
    words: tuple[Word, ...]
    outputs: tuple[Output, ...] = ()


class Exported(NamedTuple):
    """What a list stands for that a command wrote out of a lock: that lock, or why nothing tells where it lies."""

    inputs: tuple[str, ...]
    is_past_lock: bool
    unreadable: tuple[str, ...]


class Variables:
    """Values of variables that are assigned once in the same file; what a value refers to stays as written.

    ``exports`` are the lists that commands before have written out of locks, by their paths; ``changed`` are the lines
    of commands that changed a file, by its path, and whether it is gone. ``clones`` are the addresses of repositories
    by the folders that have their files, empty for the repository of the file itself, and ``cloning`` the last one
    whose folder nothing names. ``base``: the folder that paths are from. ``functions``: the text of those that are told
    the folder that they work in, and ``calls`` how many calls of them were followed.
    """

    def __init__(self) -> None:
        self._values: dict[str, str | None] = {}
        self.exports: dict[str, Exported] = {}
        self.changed: dict[str, tuple[int, bool]] = {}
        self.clones: dict[str, str] = {}
        self.cloning = ""
        self.base = ""
        self.functions: dict[str, str] = {}
        self.calls = 0

    def set(self, name: str, value: str | None) -> None:
        """Take up an assignment; None, another value than before, or one too long to read makes it unknown."""
        value = None if value is not None and len(value) > _LONGEST_VALUE else value
        known = self._values.setdefault(name, value)
        if known != value:
            self._values[name] = None

    def forget_files(self) -> None:
        """Take it that other files lie there, or that commands run in another folder."""
        self.exports.clear()
        self.changed.clear()

    def start_anew(self) -> None:
        """Take it that commands run on another machine."""
        self.forget_files()
        self.clones.clear()
        self.cloning = self.base = ""

    def get(self, name: str) -> str | None:
        """Return a value, None for one that is not known."""
        return self._values.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self._values


def logical_lines(
    text: str, first: int = 1, *, joins_quoted: bool = True, skips_empty: bool = False, escape: str = "\\"
) -> Iterator[tuple[int, str]]:
    r"""Yield lines with their numbers: a backslash (``escape``) at the end, or an open quotation mark, goes on.

    Comments between the parts of a line are left out, as Docker does; empty lines too where that is asked for.

    >>> list(logical_lines("a \\\n# why\n b\nc"))
    [(1, 'a  b'), (4, 'c')]
    """
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        start = at
        parts: list[str] = []
        while at < len(lines):
            line = lines[at]
            at += 1
            if parts and (line.lstrip().startswith("#") or (skips_empty and not line.strip())):
                continue
            if line.rstrip().endswith(escape) and not line.rstrip().endswith(escape * 2):
                parts.append(line.rstrip()[:-1])
                continue
            parts.append(line)
            break
        joined = "".join(parts)
        more, until, quote = joined, at, _quote_after(joined, "") if joins_quoted else ""
        while quote and until < len(lines) and until - at < _MOST_LINES and len(more) < _LONGEST:
            more += "\n" + lines[until]
            quote = _quote_after("\n" + lines[until], quote)
            until += 1
        if until > at and not quote:
            joined, at = more, until
        if joined.strip():
            yield first + start, joined


def _quote_after(text: str, quote: str) -> str:
    """Return the quotation mark that is open after a text, given the one before it; empty for none."""
    at = 0
    if '"' not in text and "'" not in text:
        return quote
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in {'"', "'"}:
            quote = char
        elif char == "#" and (at == 0 or text[at - 1] in " \t\n;"):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        at += 1
    return quote


def commands_of(text: str, line: int, variables: Variables, *, is_make: bool = False) -> Iterator[Command]:
    """Yield the simple commands of one logical line, and note the variables that it assigns.

    Commands in substitutions (``$(…)``) follow, a few levels deep. Cost: linear. What cannot be split (an open
    quotation mark) is split at blanks.
    """
    waiting = [text]
    for _ in range(_DEEPEST):
        inner: list[str] = []
        for one in waiting:
            yield from _commands_in(one, line, variables, inner, is_make=is_make)
        waiting = inner
    if any(TOOLS.search(one) for one in waiting):
        yield _unread(line)


def _unread(line: int) -> Command:
    """Return what stands for commands that have a word of an installer and are not read."""
    return Command(line, (Word("pip"), Word("install"), Word("", _TOO_LONG)))


def _commands_in(text: str, line: int, variables: Variables, inner: list[str], *, is_make: bool) -> Iterator[Command]:
    for words, outputs in _split(text[:_LONGEST], variables, inner, is_make=is_make):
        is_long = len(text) > _LONGEST or len(words) > _MOST_WORDS
        found = [*words[:_MOST_WORDS], Word("", _TOO_LONG)] if is_long else words
        if len(words) > _MOST_WORDS and TOOLS.search(" ".join(word.text for word in words[_MOST_WORDS:])):
            yield _unread(line)
        _note_loop(found, variables)
        assigned = 0
        for word in found:
            if not (read := _ASSIGNED.fullmatch(word.text)):
                break
            assigned += 1
            variables.set(read[1], None if read[2] == "+=" else read[3])
        if found[assigned:] or outputs:
            yield Command(line, tuple(found[assigned:]), outputs)
    if len(text) > _LONGEST and TOOLS.search(text, _LONGEST - _OVERLAP):
        yield _unread(line)


def _note_loop(words: list[Word], variables: Variables) -> None:
    """Note the values of a loop's variable, all together: whatever the loop does, it does to each of them."""
    if len(words) > 3 and words[0].text == "for" and words[2].text == "in":
        variables.set(words[1].text, " ".join(one.text for one in words[3:]))
    elif len(words) > 1 and words[0].text in {"read", "mapfile", "readarray"}:
        for word in words[1:]:
            variables.set(word.text, None)
    elif len(words) > 1 and words[0].text in {"export", "local", "readonly", "declare", "set"}:
        for word in words[1:]:
            if read := _ASSIGNED.fullmatch(word.text):
                variables.set(read[1], None if read[2] == "+=" else read[3])


class _Scan:
    """One pass over shell text."""

    def __init__(self, text: str, variables: Variables, inner: list[str], *, is_make: bool) -> None:
        self.text = text
        self._inner = inner
        self.at = 0
        self._variables = variables
        self._is_make = is_make
        self.parts: list[str] = []
        self.unknown = ""
        self.is_word = False
        self.is_quoted = False
        self.words: list[Word] = []
        self.outputs: list[Output] = []
        self._grown = 0
        """Characters that values brought: a value that holds others may hold very many."""

    def end_command(self) -> tuple[list[Word], tuple[Output, ...]]:
        self.end_word()
        words, outputs = self.words, tuple(self.outputs)
        self.words, self.outputs = [], []
        return words, outputs

    def end_word(self) -> None:
        if self.is_word:
            self.words.append(Word("".join(self.parts), self.unknown, self.is_quoted))
        self.parts, self.unknown, self.is_word, self.is_quoted = [], "", False, False

    def char(self, char: str) -> None:
        self.parts.append(char)
        self.is_word = True
        self.at += 1

    def escaped(self) -> None:
        self.at += 1
        if self.at < len(self.text):
            self.char(self.text[self.at])

    def single(self) -> None:
        end = self.text.find("'", self.at + 1)
        end = len(self.text) if end < 0 else end
        self.parts.append(self.text[self.at + 1 : end])
        self.is_word = self.is_quoted = True
        self.at = end + 1

    def double(self) -> None:
        self.is_word = self.is_quoted = True
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] == "\\":
                self.escaped()
            elif self.text[self.at] in "$`":
                self.variable(is_quoted=True)
            else:
                self.char(self.text[self.at])
        self.at += 1

    def variable(self, *, is_quoted: bool) -> None:
        """Take up a variable or a substitution: its value, or what cannot be known."""
        text, at = self.text, self.at
        self.is_word = True
        at += self._is_make and text.startswith("$$", at)
        if text.startswith(("${{", "{{"), at):
            self.unknowable(_after(text, "}}", at))
        elif text[at] == "`":
            self.substituted(at + 1, _after(text, "`", at + 1))
        elif self._is_make and (made := _MADE.match(text, at + 1)):
            self._value(made[1], made.end(), "", is_quoted=is_quoted)
        elif text.startswith("$(", at):
            self.substituted(at + 2, _closing(text, at + 1))
        elif braced := _BRACED.match(text, at + 1):
            self._value(braced[1], braced.end(), braced[4] or "", is_quoted=is_quoted and not braced[2])
        elif text.startswith("${", at):
            self.unknowable(_after(text, "}", at))
        elif name := _NAME.match(text, at + 1):
            self._value(name[0], name.end(), "", is_quoted=is_quoted)
        elif at + 1 < len(text) and text[at + 1] in "@*#?!$-0123456789":
            self.unknowable(at + 2)
        else:
            self.char(text[self.at])

    def unknowable(self, end: int) -> None:
        self.is_word = True
        self.unknown = self.unknown or self.text[self.at : end]
        self.parts.append(self.text[self.at : end])
        self.at = end

    def substituted(self, start: int, end: int) -> None:
        """Take up what a command in it will print, and the command itself."""
        self.note_inner(self.text[start : end - 1])
        self.unknowable(end)

    def note_inner(self, text: str) -> None:
        """Note text that has commands of its own."""
        self._inner.append(text)

    def _value(self, name: str, end: int, default: str, *, is_quoted: bool) -> None:
        value = self._variables.get(name)
        if value is None and name not in self._variables:
            value = default or None
        self._grown += len(value or "")
        if value is None or self._grown > _LONGEST:
            self.unknowable(end)
            return
        written, self.at = self.text[self.at : end], end
        first, *more = [value] if is_quoted else (value.split() or [""])
        self._part(first, written)
        for one in more:
            self.end_word()
            self._part(one, written)

    def _part(self, text: str, written: str) -> None:
        """Take up a part of a variable's value, which may itself hold what cannot be known."""
        self.parts.append(text)
        self.is_word = True
        if not self.unknown and _OPEN.search(text):
            self.unknown = written


def _after(text: str, mark: str, at: int) -> int:
    end = text.find(mark, at)
    return len(text) if end < 0 else end + len(mark)


def _closing(text: str, at: int) -> int:
    """Return where a parenthesis that opens at a place is closed."""
    depth = 0
    for place in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if not depth:
            return place + 1
    return len(text)


def _split(
    text: str, variables: Variables, inner: list[str], *, is_make: bool
) -> Iterator[tuple[list[Word], tuple[Output, ...]]]:
    scan = _Scan(text, variables, inner, is_make=is_make)
    while scan.at < len(text):
        char = text[scan.at]
        if char in _BREAKS:
            if any(told := scan.end_command()):
                yield told
            scan.at += 2 if text[scan.at : scan.at + 2] in {"&&", "||", ";;"} else 1
        elif text.startswith("=(", scan.at):
            _array(scan, variables)
        else:
            _step(scan, char)
    if any(told := scan.end_command()):
        yield told


def _step(scan: _Scan, char: str) -> None:
    """Take up what begins with a character that ends no command."""
    text, at = scan.text, scan.at
    if char == "\\":
        scan.escaped()
    elif char == "'":
        scan.single()
    elif char == '"':
        scan.double()
    elif char in "$`" or text.startswith("{{", at):
        scan.variable(is_quoted=False)
    elif char == "#" and (at == 0 or text[at - 1] in " \t\n;("):
        end = text.find("\n", at)
        scan.at = len(text) if end < 0 else end
    elif char in "<>":
        _redirection(scan)
    elif char.isspace():
        scan.end_word()
        scan.at += 1
    else:
        scan.char(char)


def _array(scan: _Scan, variables: Variables) -> None:
    """Take up ``NAME=(a b)``: the words together are its value."""
    end = _closing(scan.text, scan.at + 1)
    inner = scan.text[scan.at + 2 : end - 1]
    scan.at = end
    name = "".join(scan.parts).rstrip("+")
    is_literal = _NAME.fullmatch(name) and not set("$`(\\") & set(inner)
    if "$" in inner or "`" in inner:
        scan.note_inner(inner)
    variables.set(name, " ".join(inner.replace('"', " ").replace("'", " ").split()) if is_literal else None)
    scan.parts, scan.is_word = [], False


def _redirection(scan: _Scan) -> None:
    """Leave out where a command's output goes or its input comes from; ``x>=1`` without quotation marks is one too."""
    text = scan.text
    if text.startswith(("<(", ">("), scan.at):
        scan.substituted(scan.at + 2, _closing(text, scan.at + 1))
        return
    of = "".join(scan.parts)
    if of.isdigit():
        scan.parts = []
        scan.is_word = False
    scan.end_word()
    start = scan.at
    while scan.at < len(text) and text[scan.at] in "<>&-":
        scan.at += 1
    sign = text[start : scan.at]
    while scan.at < len(text) and text[scan.at] in " \t":
        scan.at += 1
    start = scan.at
    while scan.at < len(text) and not text[scan.at].isspace() and text[scan.at] not in _BREAKS:
        scan.at += 1
    if "<" not in sign:
        scan.outputs.append(Output(text[start : scan.at].strip("\"'"), sign == ">" and (of == "1" or not of.isdigit())))


def literal(words: tuple[Word, ...]) -> str:
    """Return a command as a message shows it."""
    return " ".join(word.text for word in words)


def unknown_of(word: Word) -> str:
    """Return how to say what of a word cannot be known."""
    return f"the argument {quoted(word.unknown)}"
