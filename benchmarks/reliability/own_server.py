"""A Neo4j server that `make chaos` kills and starts again on its data, at the same address."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.neo4j_server import free_port, running


class OwnServer:
    """A server in a folder of its own, from the start of a block to its end."""

    def __init__(self, home: Path, more: str = "") -> None:
        """Take its folder, and lines of its configuration; nothing is started yet."""
        self._home, self._port, self._more = home, free_port(), more
        self._stack = ExitStack()
        self.address = ""

    @property
    def process(self) -> int:
        """The number of its process."""
        return int((self._home / "pid").read_text(encoding="ascii"))

    def start_again(self) -> None:
        """Start it on the data that is there; one that still runs is stopped before."""
        self._stack.close()
        self.address = self._stack.enter_context(running(self._home, port=self._port, more=self._more))

    def __enter__(self) -> Self:
        self.start_again()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
