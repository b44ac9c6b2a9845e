"""`--redact`: what verbs do to an answer before they write it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from graphkit.api.graph import Graph
    from graphkit.reports.redaction import Answer


_GRAPH: Final = "GRAPH"


class Hiding(Protocol):
    """Takes an answer and the graph that gave it, and returns what is written."""

    def __call__(self, answer: Answer, graph: Graph, /) -> Answer:
        """Return an answer of the same kind."""


def hiding(key_file: Path | None) -> Hiding:
    """Return what leaves internal names out of answers; without a key file, what leaves them as they are.

    Raises:
        UsageError: the key file cannot be used, which is known before anything is asked.
    """
    if key_file is None:
        return _as_it_is
    from graphkit.api.redaction import KeyFile

    return KeyFile(key_file).redacted


def named_graph(graph: str | None, key_file: Path | None) -> str | None:
    """Return what commands in an answer call the graph that was given: its path is internal, and a word is not."""
    return _GRAPH if graph is not None and key_file is not None else graph


def told_back(key_file: Path | None, text: str) -> str:
    """Return a text with names in the place of pseudonyms, as far as the key file knows them."""
    if key_file is None:
        return text
    from graphkit.api.redaction import KeyFile

    return KeyFile(key_file).pseudonyms.back(text)


def _as_it_is(answer: Answer, _: Graph, /) -> Answer:
    return answer
