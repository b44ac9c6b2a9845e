"""YAML documents as mappings, lists and text: bounded, nothing constructed, every value but null as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias

import yaml
from yaml.reader import Reader as YamlReader

from graphkit.formats.decoding import repaired
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.model.errors import InputError

LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The parser of YAML: nothing is constructed but mappings, lists and text."""
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_STRICT_NULLS: Final = _NULLS | {f"{text}\n" for text in _NULLS if text}
"""Plain, and with the tag ``!``, which makes a block of lines be read as if it were plain."""
_NULL_TAG: Final = "tag:yaml.org,2002:null"
_MERGE: Final = "<<"
_DEEPEST: Final = 100
_UNFOLDED: Final = 1_000_000
"""How many values aliases may add to what is written out."""
_TIMES: Final = 10
"""How many times what is written out aliases may add to a text where that is more."""
_NO_KEY: Final = object()
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


def yaml_value(text: str, diagnostics: Diagnostics) -> YamlValue:
    """Return what the first document of YAML (1.1) holds, in mappings, lists and text.

    Built from the parser's events without recursion. An alias gives the very value it points to; what
    it adds when all are followed is counted, since rows are read one by one. Of duplicate keys in one
    mapping the first counts; what the others hold is lost.

    Raises:
        InputError: no YAML, nested too deep, or aliases that unfold to too much; with the line.
    """
    tree = _Tree(diagnostics)
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


def strict_yaml_value(text: str) -> YamlValue:
    """Return what the only document of YAML (1.1) holds, in mappings, lists and text; None where there is none.

    For files that people write for graphkit: unlike `yaml_value`, a duplicate key is an error, a merge key is a key
    as any other, and a key may be null. Built from the parser's events without recursion, so that beside the values
    only what is open is held. Cost: about 1 µs a value, and 2 s for 10 MB.

    Raises:
        InputError: no YAML, several documents, a duplicate key, an undefined or recursive alias, nested too deep, or
            aliases that unfold to too much; the first of them in the text, with its line.
    """
    tree = _StrictTree()
    try:
        tree.take(_events(text))
    except yaml.YAMLError as error:
        raise not_yaml(error) from error
    return tree.top


def not_yaml(error: yaml.YAMLError) -> InputError:
    """Return the error of a text that is not YAML, with the line that the parser names."""
    problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    return InputError(f"not valid YAML: {problem}", place=_place(getattr(error, "problem_mark", None)))


def _events(text: str) -> Iterator[Any]:
    loader = LOADER(text)
    try:
        yield from iter(loader.get_event, None)
    finally:
        loader.dispose()


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}" if mark else ""


class _Tree:
    """A document as it grows: the open mappings and lists, innermost last."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.top: YamlValue = None
        self.is_done = False
        self._diagnostics = diagnostics
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
                self._diagnostics.add(f"line {line}", text, lost=True)
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


class _Anchored(NamedTuple):
    """A value that aliases can name: ``text`` of a scalar as written, None for others; how many values it has."""

    value: YamlValue
    text: str | None
    size: int


class _StrictTree:
    """A document as it grows. What is open: the innermost value here, those around it in a stack."""

    def __init__(self) -> None:
        self.top: YamlValue = None
        self._is_done = False
        self._owner: dict[str | None, Any] | list[Any] | None = None
        self._key: object = _NO_KEY
        """The key whose value comes next; `_NO_KEY` where a key comes, or in lists."""
        self._nulls: set[str] = set()
        """How the keys of the innermost mapping are written that are null."""
        self._around: list[tuple[Any, ...]] = []
        self._anchors: dict[str, _Anchored | None] = {}
        """None for a value that is still open."""
        self._same: dict[str, str] = {}
        """Keys that were met, so that equal ones are held once."""
        self._count = 0
        self._unfolded = 0
        self._takes: Final = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, events: Iterator[Any]) -> None:
        """Take up the events of the parser."""
        takes = self._takes
        for event in events:
            if take := takes.get(event.__class__):
                take(event)

    def _document(self, event: Any) -> None:
        if self._is_done:
            raise _refused("more than one document", event)
        self._is_done = True

    def _scalar(self, event: Any) -> None:
        text = event.value
        value = None if (text in _STRICT_NULLS and event.implicit[0]) or event.tag == _NULL_TAG else text
        self._count += 1
        if event.anchor:
            self._open(event)
            self._anchors[event.anchor] = _Anchored(value, text, 1)
        self._put(value, text, event)

    def _open(self, event: Any) -> None:
        if event.anchor in self._anchors:
            raise _refused(f"duplicate anchor {quoted(event.anchor)}", event)
        self._anchors[event.anchor] = None

    def _start(self, event: Any) -> None:
        if len(self._around) >= _DEEPEST:
            raise _refused(f"nested more than {_DEEPEST} deep", event)
        if event.anchor:
            self._open(event)
        self._around.append((self._owner, self._key, self._nulls, event, self._count + self._unfolded))
        self._count += 1
        self._owner = {} if event.__class__ is yaml.MappingStartEvent else []
        self._key, self._nulls = _NO_KEY, set()

    def _end(self, _: Any) -> None:
        grown = self._owner
        self._owner, self._key, self._nulls, event, before = self._around.pop()
        value: Any = None if event.tag == _NULL_TAG else grown
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, None, self._count + self._unfolded - before)
        self._put(value, None, event)

    def _alias(self, event: Any) -> None:
        anchor = event.anchor
        if anchor not in self._anchors:
            raise _refused(f"{quoted(anchor)} is an alias that is not defined before it", event)
        if (found := self._anchors[anchor]) is None:
            raise _refused(f"{quoted(anchor)} is an alias of what it stands in", event)
        self._unfolded += found.size
        most = max(_UNFOLDED, _TIMES * self._count)
        if self._unfolded > most:
            raise _refused(f"aliases that expand to more than {most:,} values", event)
        self._put(found.value, found.text, event)

    def _put(self, value: Any, text: str | None, event: Any) -> None:
        """Put a value where the document has come to: as the top, an item, a key or a key's value."""
        owner = self._owner
        if owner.__class__ is list:
            owner.append(value)
        elif owner is None:
            self.top = value
        elif self._key is _NO_KEY:
            self._take_key(value, text, event)
        else:
            owner[self._key] = value  # type: ignore[index,call-overload]
            self._key = _NO_KEY

    def _take_key(self, value: Any, text: str | None, event: Any) -> None:
        if text is None and value is not None:
            raise _refused("a key that is a list or a mapping", event)
        if text is not None and (text in self._owner or text in self._nulls):  # type: ignore[operator]
            raise InputError(f"duplicate key {text!r}", place=_place(event.start_mark))
        if value is None:
            if text is not None:
                self._nulls.add(text)
            self._key = None
        else:
            self._key = self._same.setdefault(value, value)


def _refused(problem: str, event: Any) -> InputError:
    return InputError(f"not valid YAML: {problem}", place=_place(event.start_mark))
