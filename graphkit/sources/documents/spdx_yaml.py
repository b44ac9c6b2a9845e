"""SPDX documents in YAML, versions 2.2 and 2.3: the shape is that of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import yaml
from yaml.reader import Reader as YamlReader

from graphkit.model.documents import Document
from graphkit.model.errors import InputError
from graphkit.sources.documents.rows import Notes, repaired, shown
from graphkit.sources.documents.spdx_document import document_of
from graphkit.sources.documents.spdx_shape import shaped, text_syntax

_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_MERGE: Final = "<<"
_DEEPEST: Final = 100
_UNFOLDED: Final = 1_000_000
"""How many values aliases may add to what is written out."""
_STARTS: Final = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS: Final = (yaml.MappingEndEvent, yaml.SequenceEndEvent)

_Value: TypeAlias = "dict[str, Any] | list[Any] | str | None"


class SpdxYaml:
    """The reader of SPDX 2 YAML."""

    format = "SPDX YAML"

    def claims(self, data: bytes, name: str, hint: str) -> bool:  # noqa: ARG002 - the content decides
        """Return whether text has an SPDX version as a key at its left edge. Cost: a search."""
        return text_syntax(data) == "YAML"

    def parse(self, data: bytes, path: str, hint: str) -> Document:  # noqa: ARG002 - it is an SBOM
        """Return a document; see `document_of`. Every value but null is text: a version ``1.10`` stays one.

        Cost: linear; with libyaml about 0.3 s for 1.4 MB, without it some ten times that.
        """
        notes = Notes()
        text = repaired(data, notes).decode()
        if odd := YamlReader.NON_PRINTABLE.search(text):
            notes.add(f"line {text.count(chr(10), 0, odd.start()) + 1}", "a control character; replaced")
            text = YamlReader.NON_PRINTABLE.sub("\ufffd", text)
        return document_of(shaped(notes.table(_loaded(text, notes), "the document"), notes), data, path, notes)


READER: Final = SpdxYaml()


def _loaded(text: str, notes: Notes) -> _Value:
    """Return what the first document of YAML (1.1) holds, in mappings, lists and text.

    Built from the parser's events without recursion. An alias gives the very value it points to; what
    it adds when all are followed is counted, since rows are read one by one.

    Raises:
        InputError: no YAML, nested too deep, or aliases that unfold to too much; with the line.
    """
    tree = _Tree(notes)
    try:
        for event in _events(text):
            if isinstance(event, yaml.DocumentStartEvent) and tree.is_done:
                raise InputError(
                    "another document; of a file with several, each is read apart", place=_place(event.start_mark)
                )
            tree.take(event)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        raise InputError(f"no YAML: {problem}", place=_place(getattr(error, "problem_mark", None))) from error
    return tree.top


def _events(text: str) -> Iterator[Any]:
    return iter(yaml.parse(text, Loader=_LOADER))


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}" if mark else ""


class _Tree:
    """A document as it grows: the open mappings and lists, innermost last."""

    def __init__(self, notes: Notes) -> None:
        self.top: _Value = None
        self.is_done = False
        self._notes = notes
        self._open: list[tuple[dict[str, Any] | list[Any], str, int]] = []
        self._keys: list[str | None] = []
        """For each open value, the key whose value comes next; None where a key comes, or in lists."""
        self._merged: list[list[_Value]] = []
        """For each open value, what its merge keys name: their keys count where it has none of its own."""
        self._anchors: dict[str, tuple[_Value, int]] = {}
        self._count = 0
        self._unfolded = 0

    def take(self, event: Any) -> None:
        """Take up one event of the parser."""
        line = event.start_mark.line + 1
        if isinstance(event, _STARTS):
            if len(self._open) >= _DEEPEST:
                raise InputError(f"nested more than {_DEEPEST} deep", place=f"line {line}")
            self._open.append(({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor or "", self._size))
            self._keys.append(None)
            self._merged.append([])
            self._count += 1
        elif isinstance(event, _ENDS):
            grown, anchor, before = self._open.pop()
            self._keys.pop()
            self._merge(grown, self._merged.pop(), line)
            if anchor:
                self._anchors[anchor] = (grown, self._size - before)
            self._put(grown, line)
        elif isinstance(event, yaml.AliasEvent):
            self._put(self._followed(event.anchor or "", line), line)
        elif isinstance(event, yaml.ScalarEvent):
            self._count += 1
            value = None if event.implicit[0] and event.value in _NULLS else event.value
            if event.anchor:
                self._anchors[event.anchor] = (value, 1)
            self._put(value, line)

    @property
    def _size(self) -> int:
        """How many values were met so far, aliases followed."""
        return self._count + self._unfolded

    def _followed(self, anchor: str, line: int) -> _Value:
        if anchor not in self._anchors:
            self._notes.add(f"line {line}", f"*{anchor[:80]} stands for nothing before it; left out", lost=True)
            return None
        value, size = self._anchors[anchor]
        self._unfolded += size
        if self._unfolded > _UNFOLDED:
            raise InputError(f"aliases that unfold to more than {_UNFOLDED:,} values", place=f"line {line}")
        return value

    def _put(self, value: _Value, line: int) -> None:
        """Put a value where the document has come to: as the top, an item, a key or a key's value."""
        if not self._open:
            self.top, self.is_done = value, True
            return
        owner = self._open[-1][0]
        key = self._keys[-1]
        if isinstance(owner, list):
            owner.append(value)
        elif key is None:
            if not isinstance(value, str):
                self._notes.add(f"line {line}", f"the key {shown(value)} is not read", lost=True)
                value = ""
            self._keys[-1] = value
        elif key == _MERGE:
            self._merged[-1] += value if isinstance(value, list) else [value]
            self._keys[-1] = None
        else:
            if key in owner:
                self._notes.add(f"line {line}", f"{shown(key)} stands twice in one mapping; the first counts")
            owner.setdefault(key, value)
            self._keys[-1] = None

    def _merge(self, grown: dict[str, Any] | list[Any], merged: list[_Value], line: int) -> None:
        """Give a mapping the keys of those that it merges (YAML, "merge key"); the first that has one counts."""
        for one in merged:
            if isinstance(one, dict) and isinstance(grown, dict):
                for key, value in one.items():
                    grown.setdefault(key, value)
            else:
                self._notes.add(f"line {line}", f"{shown(one)} is no mapping to be merged; left out", lost=True)
