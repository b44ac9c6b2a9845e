"""Entries as a page carries them: what many have alike is written once, so that a hundred thousand fit into a mail.

A row is a pattern, shared by all entries that say the same but for a few words, and those words, column by column.
Plain JSON rather than compressed bytes: a person can read it, and it is the same whatever library compresses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby
from typing import Any, Final, NamedTuple

from graphkit.reports.content import Entry

_MARKS: Final = "".join(map(chr, range(1, 32)))
"""Characters that stand for an entry's words inside a pattern; `shown` lets none of them into a text."""
_SHORTEST: Final = 4
"""A shorter word is not looked for in texts: it would be found by chance."""
_MOST_SHARED: Final = 35
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_ROOM: Final = 3_600_000
"""How many bytes patterns and words may take before rows that are not drawn go without their paths and builds."""
_TRIES: Final = 6
_LESS: Final = 0.75
"""By how much fewer rows are tried with their paths where too many were."""
SELF: Final = 0
"""Stands for the entry's own id in its pattern."""

Shape = dict[str, Any]


def packed(entries: Sequence[Entry], at: dict[str, str], kinds: Sequence[str]) -> Shape:
    """Return entries in few bytes; ``at`` names the node that stands for each, ``kinds`` number their kinds.

    Where not all fits, rows go without their paths and builds, the last ones first, but for those that are drawn.
    The page undoes this (rows.js, ``Entry``), and so does `tests.unit.reports.unpacking`.
    Cost: linear in the texts; 100,000 rows in a few seconds.
    """
    whole = [_row(one, kinds, whole=True) for one in entries]
    packing = _packed(entries, at, whole)
    if (size := _size(packing)) <= _ROOM:
        return packing
    cut = [
        row if at[one.id] == one.id else _row(one, kinds, whole=False) for one, row in zip(entries, whole, strict=True)
    ]
    least = _packed(entries, at, cut)
    # Rows share patterns, so what one adds is not known beforehand: the first ones, worst, add most.
    more = [_length(row) - _length(shorter) for row, shorter in zip(whole, cut, strict=True)]
    share = max(_ROOM - _size(least), 0) / max(size - _size(least), 1)
    for _ in range(_TRIES):
        sums = accumulate(more)
        most = share * sum(more)
        kept = [row if used <= most else shorter for row, shorter, used in zip(whole, cut, sums, strict=True)]
        packing = _packed(entries, at, kept)
        if _size(packing) <= _ROOM:
            return packing
        share *= _LESS
    return least


class _Row(NamedTuple):
    """An entry as it is packed: its pattern as JSON, and its own words."""

    pattern: str
    words: list[str]


def _row(one: Entry, kinds: Sequence[str], *, whole: bool) -> _Row:
    own = _words(one, whole=whole)
    pattern = _pattern(one, own, kinds.index(one.kind), whole=whole)
    return _Row(json.dumps(pattern, ensure_ascii=False, separators=(",", ":")), _short(own))


def _length(row: _Row) -> int:
    return len(row.pattern) + sum(map(len, row.words))


def _size(shape: Shape) -> int:
    return len(json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def _packed(entries: Sequence[Entry], at: dict[str, str], packing: Sequence[_Row]) -> Shape:
    patterns: dict[str, int] = {}
    rows = [patterns.setdefault(one.pattern, len(patterns)) for one in packing]
    words = [one.words for one in packing]
    most = max(map(len, words), default=0)
    columns = [[own[n] if n < len(own) else "" for own in words] for n in range(most)]
    return {
        "ids": [[start, len(list(run))] for start, run in groupby(one.id[0] for one in entries)],
        "patterns": [json.loads(text) for text in patterns],
        "pattern": column(list(map(str, rows))),
        "node": column([at[one.id] if at[one.id] != one.id else "" for one in entries]),
        "words": [column(values) for values in columns],
    }


def _words(one: Entry, *, whole: bool) -> list[str]:
    """Return what is an entry's own: its name and facts, and its documents; of a cut row the one that it is about."""
    words = [one.name, one.company, one.owner, *(text for _, text in one.facts)]
    if whole:
        words += [text for build in one.builds for text in (build["document"], build["sha256"])]
    else:
        words += [text for build in one.builds[:1] if (text := build["document"]) and text in one.reason]
    return words[: len(_MARKS)]


def _short(words: Sequence[str]) -> list[str]:
    """Return an entry's words, each with those before it marked where they stand in it."""
    return [_marked(word, words[:number]) for number, word in enumerate(words)]


def _marked(text: str, words: Iterable[str]) -> str:
    for number, word in enumerate(words):
        if len(word) >= _SHORTEST and word in text:
            text = text.replace(word, _MARKS[number])
    return text


def _pattern(one: Entry, words: Sequence[str], kind: int, *, whole: bool) -> Shape:
    """Return what an entry shares with others; its words are marks, its own id is `SELF`, what is empty is left out."""
    # From the longest word down, so that none is cut by a shorter one inside it.
    order = sorted(range(len(words)), key=lambda n: -len(words[n]))
    found = [(words[n], _MARKS[n]) for n in order if len(words[n]) >= _SHORTEST]

    def short(text: str) -> str:
        for word, mark in found:
            if word in text:
                text = text.replace(word, mark)
        return text

    def own_or_id(other: str) -> str | int:
        return SELF if other == one.id else other

    kept = {
        "kind": kind,
        "verdict": one.verdict,
        "evidence": short(one.evidence),
        "reason": short(one.reason),
        "slots": list(one.slots),
        "undated": int(not one.dated),
        "hidden": int(not one.row),
        "facts": [term for term, _ in one.facts],
        "further": [short(text) for _, text in one.facts[max(len(_MARKS) - 3, 0) :]],
        "claims": one.claims,
        "sources": one.sources,
    }
    if whole:
        kept |= {
            "paths": [[[short(node), short(why)] for node, why in steps] for steps, _ in one.paths],
            "builds": [{name: short(text) for name, text in build.items() if text} for build in one.builds],
            "lit": [own_or_id(other) for other in one.lit],
            "trail": [[own_or_id(start), own_or_id(end)] for start, end in one.trail],
            # A company's services name it; the page looks them up there.
            "through": [other for other in one.through if other[0] != "s"],
        }
    elif one.paths or one.builds:
        kept["cut"] = 1
    return {name: value for name, value in kept.items() if value}


def column(values: Sequence[str]) -> Shape:
    """Return a column of texts in the shortest of three forms.

    ``each``: one by one. ``values`` and ``runs``: different ones, and as (number, how often in a row). ``front``: each
    begins with a digit of base 36 that says how many characters it shares with the one before.
    """
    distinct = {text: number for number, text in enumerate(dict.fromkeys(values))}
    runs = [number for text, run in groupby(values) for number in (distinct[text], len(list(run)))]
    at = [distinct[text] for text in values]
    forms: list[Shape] = [{"each": list(values)}, {"values": list(distinct), "runs": runs}]
    forms.append({"values": list(distinct), "at": at})
    if 2 * len(distinct) > len(values):
        forms.append({"front": _front(values)})
    return min(forms, key=lambda form: len(json.dumps(form, ensure_ascii=False, separators=(",", ":"))))


def _front(values: Sequence[str]) -> list[str]:
    shortened, before = [], ""
    for text in values:
        shared, most = 0, min(len(before), len(text), _MOST_SHARED)
        # Up to the first character that JavaScript counts as two.
        while shared < most and before[shared] == text[shared] < "\U00010000":
            shared += 1
        shortened.append(_DIGITS[shared] + text[shared:])
        before = text
    return shortened
