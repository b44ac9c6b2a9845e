"""Components as the record keeps them: what is said of one, without its place in a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from msgspec.structs import force_setattr, replace

from graphkit.model.documents import Component, Document
from graphkit.stores.port import Outlines

_COMPONENT: Final = msgspec.json.Decoder(Component)


def component_of(body: bytes | memoryview | str, row: int) -> Component:
    """Return a component from its kept form, with its row in a document as the ref.

    >>> component_of(b'{"ref": "", "name": "shop"}', 3).ref
    '3'
    """
    made: Component = _COMPONENT.decode(body)
    # Nobody else has it yet, so it may be finished here: `replace` takes ten times as long, for each row of a fleet.
    force_setattr(made, "ref", str(row))
    return made


def outlines_of(documents: Sequence[Document], rows: Sequence[int]) -> Outlines:
    """Return the outlines of whole documents, whose rows are called by their numbers, each with a row of it."""
    contents: dict[Component, int] = {}
    numbers = [contents.setdefault(replace(one, ref=""), len(contents)) for of in documents for one in of.components]
    edges = np.array([edge for one in documents for edge in one.edges], dtype=np.int32).reshape(-1, 2)
    return Outlines(
        start=np.cumsum([0, *(len(one.components) for one in documents)], dtype=np.int64),
        content=np.array(numbers, dtype=np.int32),
        edge_start=np.cumsum([0, *(len(one.edges) for one in documents)], dtype=np.int64),
        source=edges[:, 0],
        target=edges[:, 1],
        location=tuple(one.places[row] if one.places else "" for one, row in zip(documents, rows, strict=True)),
    )
