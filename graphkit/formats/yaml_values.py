"""YAML documents as mappings, lists and text: bounded, nothing constructed, every value but null as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import yaml
from yaml.reader import Reader as YamlReader

from graphkit.formats.decoding import repaired
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.model.errors import InputError

LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The parser of YAML: nothing is constructed but mappings, lists and text."""
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_MERGE: Final = "<<"
_DEEPEST: Final = 100
_UNFOLDED: Final = 1_000_000
"""How many values aliases may add to what is written out."""
_STARTS: Final = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS: Final = (yaml.MappingEndEvent, yaml.SequenceEndEvent)

YamlValue: TypeAlias = "dict[str, Any] | list[Any] | str | None"


def yaml_text(data: bytes, diagnostics: Diagnostics) -> str:
    """Return bytes as text that YAML may hold; what it may not is replaced and noted."""
    text = repaired(data, diagnostics).decode()
    if odd := YamlReader.NON_PRINTABLE.search(text):
        diagnostics.add(f"line {text.count(chr(10), 0, odd.start()) + 1}", "a control character; replaced")
        text = YamlReader.NON_PRINTABLE.sub("\ufffd", text)
    return text


def yaml_value(text: str, diagnostics: Diagnostics, *, is_twice_lost: bool = False) -> YamlValue:
    """Return what the first document of YAML (1.1) holds, in mappings, lists and text.

    Built from the parser's events without recursion. An alias gives the very value it points to; what
    it adds when all are followed is counted, since rows are read one by one. Of duplicate keys in one
    mapping the first counts; ``is_twice_lost``: what the others hold is then lost.

    Raises:
        InputError: no YAML, nested too deep, or aliases that unfold to too much; with the line.
    """
    tree = _Tree(diagnostics, is_twice_lost=is_twice_lost)
    try:
        for event in _events(text):
            if isinstance(event, yaml.DocumentStartEvent) and tree.is_done:
                raise InputError(
                    "another document; of a file with several, each is read apart", place=_place(event.start_mark)
                )
            tree.take(event)
    except yaml.YAMLError as error:
        raise not_yaml(error) from error
    return tree.top


def not_yaml(error: yaml.YAMLError) -> InputError:
    """Return the error of a text that is not YAML, with the line that the parser names."""
    problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    return InputError(f"not valid YAML: {problem}", place=_place(getattr(error, "problem_mark", None)))


def _events(text: str) -> Iterator[Any]:
    return iter(yaml.parse(text, Loader=LOADER))


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}" if mark else ""


class _Tree:
    """A document as it grows: the open mappings and lists, innermost last."""

    def __init__(self, diagnostics: Diagnostics, *, is_twice_lost: bool) -> None:
        self.top: YamlValue = None
        self.is_done = False
        self._diagnostics = diagnostics
        self._is_twice_lost = is_twice_lost
        self._open: list[tuple[dict[str, Any] | list[Any], str, int]] = []
        self._keys: list[str | None] = []
        """For each open value, the key whose value comes next; None where a key comes, or in lists."""
        self._merged: list[list[YamlValue]] = []
        """For each open value, what its merge keys name: their keys count where it has none of its own."""
        self._anchors: dict[str, tuple[YamlValue, int]] = {}
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

    def _followed(self, anchor: str, line: int) -> YamlValue:
        if anchor not in self._anchors:
            self._diagnostics.add(
                f"line {line}", f"*{anchor[:80]} is an alias that is not defined before it; left out", lost=True
            )
            return None
        value, size = self._anchors[anchor]
        self._unfolded += size
        if self._unfolded > _UNFOLDED:
            raise InputError(f"aliases that expand to more than {_UNFOLDED:,} values", place=f"line {line}")
        return value

    def _put(self, value: YamlValue, line: int) -> None:
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
                self._diagnostics.add(f"line {line}", f"the key {quoted(value)} is not read", lost=True)
                value = ""
            self._keys[-1] = value
        elif key == _MERGE:
            self._merged[-1] += value if isinstance(value, list) else [value]
            self._keys[-1] = None
        else:
            if key in owner:
                text = f"duplicate key {quoted(key)}; the first counts"
                self._diagnostics.add(f"line {line}", text, lost=self._is_twice_lost)
            owner.setdefault(key, value)
            self._keys[-1] = None

    def _merge(self, grown: dict[str, Any] | list[Any], merged: list[YamlValue], line: int) -> None:
        """Give a mapping the keys of those that it merges (YAML, "merge key"); the first that has one counts."""
        for one in merged:
            if isinstance(one, dict) and isinstance(grown, dict):
                for key, value in one.items():
                    grown.setdefault(key, value)
            else:
                self._diagnostics.add(
                    f"line {line}", f"{quoted(one)} is not a mapping and cannot be merged; left out", lost=True
                )
