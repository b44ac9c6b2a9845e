"""Components as the record keeps them: what is said of one, without its place in a document."""

from __future__ import annotations

from typing import Final

import msgspec

from graphkit.model.documents import Component

_COMPONENT: Final = msgspec.json.Decoder(Component)


def component_of(body: bytes | str, row: int) -> Component:
    """Return a component from its kept form, with its row in a document as the ref.

    >>> component_of(b'{"ref": "", "name": "shop"}', 3).ref
    '3'
    """
    made: Component = _COMPONENT.decode(body)
    # Nobody else has it yet, so it may be finished here: `replace` takes ten times as long, for each row of a fleet.
    object.__setattr__(made, "ref", str(row))
    return made
