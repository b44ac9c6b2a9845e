"""The logical lines of a requirements file (pip's "Requirements File Format"), each read for what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from graphkit.formats.addresses import without_passwords

_COMMENT: Final = re.compile(r"(?:^|\s)#(.*)$")
_VARIABLE: Final = re.compile(r"\$\{[A-Z0-9_]+\}")
_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_EXTRAS: Final = r"(?:\s*\[[A-Za-z0-9._,\s-]*\])?"
_CLAUSE: Final = r"(?:===?|~=|!=|<=?|>=?)\s*[^\s,;()#]+"
_SPECIFIED: Final = re.compile(rf"{_NAME}{_EXTRAS}\s*\(?\s*{_CLAUSE}(?:\s*,\s*{_CLAUSE})*\s*,?\s*\)?\s*(?:;.*)?")
_MARKED: Final = re.compile(
    rf"{_NAME}{_EXTRAS}\s*;\s*\(*\s*(?:[a-z_.]+|\"[^\"]*\"|'[^']*')\s*(?:[=!<>~]=?|in\b|not\b).*"
)
_BARE: Final = re.compile(rf"{_NAME}(?:\s*\[[A-Za-z0-9._,\s-]*\])?")
_DIRECT: Final = re.compile(rf"{_NAME}{_EXTRAS}\s*@\s*(?:[A-Za-z][A-Za-z0-9+.-]*:|\.{{0,2}}/)\S.*")
_URL: Final = re.compile(
    r"(?:[a-z][a-z0-9]*\+)?(?:https?|ssh|file|git|svn|hg|bzr|sftp|lp)(?:://|:/)\S+.*", re.IGNORECASE
)
_SCP: Final = re.compile(r"git\+[^\s@]+@[^\s:]+:\S+")
_LOCAL: Final = re.compile(
    r"(?:\.{0,2}/|[A-Za-z]:\\|\.{1,2}\\)\S*|\.{1,2}(?:\[[^\]]*\])?|\S+\.(?:whl|tar\.gz|tgz|tar\.bz2|zip)"
)
_OPTION: Final = re.compile(r"(--?[A-Za-z][A-Za-z0-9-]*)(?:\s*=\s*|\s+|$)(.*)", re.DOTALL)
_SHORT: Final = re.compile(r"-([rcei])(\S.*)")
_LEFTOVER: Final = re.compile(r"(?:-(?!-)|~)[-~.=%0-9]*([A-Za-z0-9._-]+\s*===?\s*[^\s,;()#]+)")
"""A row of a package whose uninstall was interrupted: pip renames `litellm` to `~itellm`, older ones to `-itellm`."""
_TRAILING: Final = re.compile(r"\s--(?=[a-z])")
_HASH: Final = re.compile(r"--hash(?:\s*=\s*|\s+)([A-Za-z0-9]+):\s*(\S+)")
# Long name for short ones; every option that pip reads in a file.
_SHORTS: Final = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
}
_LONGS: Final = frozenset(
    {
        *_SHORTS.values(),
        "--extra-index-url",
        "--no-index",
        "--no-binary",
        "--only-binary",
        "--prefer-binary",
        "--require-hashes",
        "--pre",
        "--trusted-host",
        "--use-feature",
        "--always-unzip",
        "--pypi-url",
        "--process-dependency-links",
        "--config-settings",
        "--global-option",
        "--install-option",
        "--no-use-wheel",
        "--use-wheel",
        "--uploaded-prior-to",
        "--all-releases",
        "--only-final",
    }
)


class Line(Struct, frozen=True, kw_only=True):
    """A logical line.

    ``kind``: `requirement` (PEP 508), `bare` (a name alone), `url`, `path`, `option`, `comment`, `leftover`
    (a pin of what an interrupted uninstall left, without its first letter) or `odd`. ``text`` is without comment,
    passwords and trailing options; for an option it is its value and ``option`` its long name, for a comment the
    text behind ``#``.
    """

    number: int
    kind: str
    text: str
    option: str = ""
    hashes: tuple[tuple[str, str], ...] = ()
    comment: str = ""
    has_variable: bool = False


def logical_lines(text: str) -> Iterator[Line]:
    r"""Yield the lines of a file as pip joins them: a backslash at the end goes on, unless it is a comment's.

    >>> [line.text for line in logical_lines("a==1 \\\n  --hash=sha256:00 # why\n")]
    ['a==1']
    """
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):  # with every line end that pip knows
        comment = _COMMENT.search(line)
        if not parts:
            first = number
        if line.endswith("\\") and not comment:
            parts.append(line[:-1])
            continue
        if parts and comment and not line[: comment.start()].strip():
            # As pip has it, a line that is only a comment ends what went on before it.
            yield from _read("".join(parts), first)
            parts, first = [], number
        parts.append(line)
        yield from _read("".join(parts), first)
        parts = []
    if parts:
        yield from _read("".join(parts), first)


def _read(joined: str, number: int) -> Iterator[Line]:
    found = _COMMENT.search(joined)
    comment = found[1] if found else ""
    text = (joined[: found.start()] if found else joined).strip()
    if not text:
        if found:
            yield Line(number=number, kind="comment", text=comment)
        return
    variable = bool(_VARIABLE.search(text))
    text = without_passwords(text)
    if leftover := _LEFTOVER.fullmatch(text):
        yield Line(number=number, kind="leftover", text=leftover[1], comment=comment, has_variable=variable)
        return
    if option := _option_of(text):
        yield Line(
            number=number, kind="option", option=option[0], text=option[1], comment=comment, has_variable=variable
        )
        return
    hashes = tuple((kind.lower(), value) for kind, value in _HASH.findall(text))
    # Runs of blanks become one, so that no pattern has to try how to share them out.
    bare = " ".join(_TRAILING.split(text, maxsplit=1)[0].split())
    yield Line(number=number, kind=_kind_of(bare), text=bare, hashes=hashes, comment=comment, has_variable=variable)


def _option_of(text: str) -> tuple[str, str] | None:
    """Return the long name and the value of an option that pip reads in a file; None for anything else."""
    if not text.startswith("-"):
        return None
    if (read := _OPTION.fullmatch(text)) and (name := _SHORTS.get(read[1], read[1])) in _LONGS:
        return name, read[2].strip().strip("\"'")
    glued = _SHORT.fullmatch(text)
    return (_SHORTS[f"-{glued[1]}"], glued[2].strip()) if glued else None


def _kind_of(text: str) -> str:
    if _DIRECT.fullmatch(text) or _SPECIFIED.fullmatch(text) or _MARKED.fullmatch(text):
        return "requirement"
    if _URL.fullmatch(text) or _SCP.fullmatch(text):
        return "url"
    path = text.partition(";")[0].strip()
    if _LOCAL.fullmatch(path):
        return "path"
    return "bare" if _BARE.fullmatch(text) else "odd"
