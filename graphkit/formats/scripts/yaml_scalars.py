"""The scalars of a text in YAML, with the keys that they stand under."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import yaml
from msgspec import Struct, field

from graphkit.formats.yaml_values import LOADER

_DEEPEST: Final = 200
_KEYS: Final = 8
"""How many keys above a scalar are told."""
_MOST_BROUGHT: Final = 50_000
"""Scalars and pairs that aliases, merge keys and their kin may bring to what is written out."""
_MERGE: Final = "<<"
_REFERENCE: Final = "!reference"
"""The tag by which GitLab names what stands elsewhere in a file, by its keys."""
_SHELLS_OF_JOB: Final = ("before_script", "script")
"""Lists of commands of a job of GitLab that one shell runs, in their order; the first may stand in the defaults."""
_STEPS: Final = "steps"
_TASKS: Final = "tasks"


class Scalar(NamedTuple):
    """A scalar of YAML with the keys that it stands under, the last few of them, and its line."""

    keys: tuple[str, ...]
    value: str
    line: int
    is_item: bool
    within: int
    """The number of the list or table that it is in."""
    above: int
    """The number of the one around that."""
    is_inner: bool
    """It is in a list that is an item of another."""
    holder: int
    """The number of the table that has its key: of an item, that which the list is in."""
    steps: int
    """The number of the list of steps or tasks that it is in, the first where there are several; 0 for none."""

    @property
    def key(self) -> str:
        """The key that it stands under, empty for none."""
        return self.keys[-1] if self.keys else ""


class _Text(NamedTuple):
    value: str
    line: int


class _List(Struct):
    """A list, which also stands for what its tag names."""

    items: list[_Node] = field(default_factory=list)
    tag: str = ""


class _Table(Struct):
    """A table: its keys, each with what stands under it; a key that is no scalar is ``?``."""

    pairs: list[tuple[str, _Node]] = field(default_factory=list)


_Node: TypeAlias = _Text | _List | _Table
_Pairs: TypeAlias = list[tuple[str, _Node]]


class _Open(NamedTuple):
    """A list or table around what is walked: whether it is a list, the key that is open in it, and its number."""

    is_list: bool
    key: str | None
    number: int


def scalars_of(text: str) -> list[Scalar]:
    """Return the scalars of all YAML documents in a text, in their order.

    What an alias, a merge key (``<<``), ``extends`` and ``!reference`` of GitLab and a command of CircleCI stand for is
    where they stand; an alias of nothing is a scalar, as ``*name``. Nothing is constructed. Cost: linear; what is
    brought so is bounded.

    Raises:
        yaml.YAMLError: the text is not YAML.
        RecursionError: it is nested too deep, or what it stands for is too much.
    """
    walk = _Walk()
    for document in _documents(text):
        walk.document(document)
    return walk.found


def _documents(text: str) -> Iterator[_Node]:
    """Yield the documents of a text as trees in which aliases stand for the very nodes that they name."""
    stack: list[tuple[_List | _Table, list[str]]] = []  # with the key that is open, none where one comes next
    anchors: dict[str, _Node] = {}
    for event in yaml.parse(text, Loader=LOADER):
        node: _Node | None = None
        if isinstance(event, yaml.DocumentStartEvent):
            anchors = {}
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            is_table = isinstance(event, yaml.MappingStartEvent)
            stack.append((_Table() if is_table else _List(tag=event.tag or ""), []))
            if len(stack) > _DEEPEST:
                raise RecursionError
            if event.anchor:
                anchors[event.anchor] = stack[-1][0]
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            node = stack.pop()[0]
        elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            node = _leaf(event, anchors)
        if node is None:
            continue
        if not stack:
            yield node
            continue
        holder, key = stack[-1]
        if isinstance(holder, _List):
            holder.items.append(node)
        elif key:
            holder.pairs.append((key.pop(), node))
        else:
            key.append(node.value if isinstance(node, _Text) else "?")


def _leaf(event: Any, anchors: dict[str, _Node]) -> _Node:
    line = event.start_mark.line if event.start_mark else 0
    if isinstance(event, yaml.AliasEvent):
        return anchors.get(event.anchor or "", _Text(f"*{event.anchor}", line + 1))
    text = _Text(event.value, line + (2 if event.style in ("|", ">") else 1))
    if event.anchor:
        anchors[event.anchor] = text
    return text


class _Walk:
    """A walk over trees that notes their scalars."""

    def __init__(self) -> None:
        self.found: list[Scalar] = []
        self._made = 0
        self._left = 0
        self._seen = set[int]()
        """The nodes that were walked: another walk over one is what an alias or its kin brings."""
        self._top: Mapping[str, _Node] = {}
        self._commands: Mapping[str, _Node] = {}
        self._defaults: _Node | None = None

    def document(self, node: _Node) -> None:
        """Walk over a document."""
        self._left, self._seen = _MOST_BROUGHT, set()
        self._top = dict(node.pairs) if isinstance(node, _Table) else {}
        commands = self._top.get("commands")
        self._commands = dict(commands.pairs) if isinstance(commands, _Table) else {}
        self._defaults = _at(self._top, ["default", _SHELLS_OF_JOB[0]]) or self._top.get(_SHELLS_OF_JOB[0])
        self._walk(node, (), 0)

    def _walk(self, node: _Node, around: tuple[_Open, ...], steps: int) -> None:
        if len(around) > _DEEPEST:
            raise RecursionError
        if id(node) in self._seen:
            self._bring(1)
        self._seen.add(id(node))
        if isinstance(node, _Text):
            self._note(node, around, steps)
            return
        self._made += 1
        number = self._made
        is_list = isinstance(node, _List)
        key = around[-1].key if around else _TASKS  # tasks of Ansible may stand at the top
        if not steps and is_list and key in {_STEPS, _TASKS}:
            steps = number
        if isinstance(node, _List):
            for item in self._items(node, key):
                self._walk(item, (*around, _Open(is_list=True, key=None, number=number)), steps)
        else:
            for name, value in self._pairs(node, len(around)):
                self._walk(value, (*around, _Open(is_list=False, key=name, number=number)), steps)

    def _note(self, node: _Text, around: tuple[_Open, ...], steps: int) -> None:
        last = around[-_KEYS:]
        is_item = bool(around) and around[-1].is_list
        within, above = (around[-at].number if len(around) >= at else 0 for at in (1, 2))
        self.found.append(
            Scalar(
                keys=tuple(one.key for one in last if one.key is not None),
                value=node.value,
                line=node.line,
                is_item=is_item,
                within=within,
                above=above,
                is_inner=is_item and len(around) > 1 and around[-2].is_list,
                holder=next((one.number for one in reversed(around) if not one.is_list), 0),
                steps=steps,
            )
        )

    def _bring(self, many: int) -> None:
        self._left -= many
        if self._left < 0:
            raise RecursionError

    def _items(self, node: _List, key: str | None) -> Iterable[_Node]:
        if node.tag == _REFERENCE:
            named = _at(self._top, [one.value for one in node.items if isinstance(one, _Text)])
            return node.items if named is None else [named]
        return [self._command(one) or one for one in node.items] if key == _STEPS else node.items

    def _command(self, step: _Node) -> _Node | None:
        """Return the steps of a command of the same file that a step of CircleCI runs by its name; None for others."""
        name = step.value if isinstance(step, _Text) else ""
        if isinstance(step, _Table) and len(step.pairs) == 1:
            name = step.pairs[0][0]
        command = self._commands.get(name)
        return dict(command.pairs).get(_STEPS) if isinstance(command, _Table) else None

    def _pairs(self, node: _Table, depth: int, left: int = _DEEPEST) -> _Pairs:
        """Return the pairs of a table, after those that it merges in and does not have itself."""
        bases: list[_Node] = [value for name, value in node.pairs if name == _MERGE and not isinstance(value, _Text)]
        if depth == 1 and self._top:
            bases += self._extended(node)
        if not bases:
            return _in_order(node.pairs)
        if not left:
            raise RecursionError
        merged: dict[str, _Node] = {}
        for one in bases:
            for base in one.items if isinstance(one, _List) else [one]:
                brought = self._pairs(base, depth, left - 1) if isinstance(base, _Table) else []
                self._bring(len(brought))
                merged = dict(brought) | merged
        own = [(name, value) for name, value in node.pairs if name != _MERGE or isinstance(value, _Text)]
        names = {name for name, _ in own}
        return _in_order([(name, value) for name, value in merged.items() if name not in names] + own)

    def _extended(self, job: _Table) -> Iterator[_Node]:
        """Yield what a job of GitLab is made from, the nearest first: the jobs that it extends, and the defaults."""
        named = dict(job.pairs)
        told = named.get("extends", _List())
        names = told.items if isinstance(told, _List) else [told]
        yield from (
            base
            for one in reversed(names)
            if isinstance(one, _Text) and isinstance(base := self._top.get(one.value), _Table)
        )
        first, second = _SHELLS_OF_JOB
        if self._defaults is not None and second in named and first not in named:
            yield _Table([(first, self._defaults)])


def _in_order(pairs: _Pairs) -> _Pairs:
    """Return the pairs of a table with the commands of a job that run later at the end."""
    return sorted(pairs, key=lambda one: one[0] == _SHELLS_OF_JOB[1])


def _at(top: Mapping[str, _Node], keys: Sequence[str]) -> _Node | None:
    """Return what stands under keys below each other; None where there is no such place. Cost: what tables have."""
    node = top.get(keys[0]) if keys else None
    for key in keys[1:]:
        node = dict(node.pairs).get(key) if isinstance(node, _Table) else None
    return node
