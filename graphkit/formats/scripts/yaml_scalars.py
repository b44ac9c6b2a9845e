"""The scalars of a text in YAML, with the keys that they stand under."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import yaml

from graphkit.formats.yaml_values import LOADER

_DEEPEST: Final = 200


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

    @property
    def key(self) -> str:
        """The key that it stands under, empty for none."""
        return self.keys[-1] if self.keys else ""


def scalars_of(text: str) -> list[Scalar]:
    """Return the scalars of all YAML documents in a text, in their order; an alias is one, as ``*name``.

    Nothing is constructed, and no alias is followed.

    Raises:
        yaml.YAMLError: the text is not YAML.
        RecursionError: it is nested too deep.
    """
    found: list[Scalar] = []
    stack: list[list[Any]] = []  # for each collection: is it a list, the key that is open, its number, is it a key
    made = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            made += 1
            is_key = bool(stack) and not stack[-1][0] and stack[-1][1] is None
            stack.append([isinstance(event, yaml.SequenceStartEvent), None, made, is_key])
            if len(stack) > _DEEPEST:
                raise RecursionError
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            if stack.pop()[3]:
                stack[-1][1] = "?"
            else:
                _value_ends(stack)
        elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            is_block = isinstance(event, yaml.ScalarEvent) and event.style in ("|", ">")
            value = event.value if isinstance(event, yaml.ScalarEvent) else f"*{event.anchor}"
            if stack and not stack[-1][0] and stack[-1][1] is None:
                stack[-1][1] = value
                continue
            keys = tuple(one[1] for one in stack[-8:] if isinstance(one[1], str))
            mark = event.start_mark
            line = (mark.line if mark else 0) + (2 if is_block else 1)
            is_item = bool(stack) and stack[-1][0]
            holder = next((one[2] for one in reversed(stack) if not one[0]), 0)
            within, above = (stack[-at][2] if len(stack) >= at else 0 for at in (1, 2))
            is_inner = is_item and len(stack) > 1 and stack[-2][0]
            found.append(Scalar(keys, value, line, is_item, within, above, is_inner, holder))
            _value_ends(stack)
    return found


def _value_ends(stack: list[list[Any]]) -> None:
    if stack and not stack[-1][0]:
        stack[-1][1] = None
