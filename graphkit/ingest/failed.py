"""Inputs of which an earlier run could read nothing: once one is read, that takes the place of what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from graphkit.ingest.files import Found
from graphkit.ingest.run import IngestRun
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.stores.port import InputRead

_FAILED: Final = "inputs that could not be read"


class Failed:
    """The files that could not be read, by the folder that was given, their label and the service that was named.

    Cost: one look-up a run.
    """

    def __init__(self, run: IngestRun) -> None:
        """Make one of what the graph remembers."""
        self._run = run
        known = run.store.remembered(_FAILED)
        self._files: set[tuple[str, ...]] = set(known.files if known is not None else ())
        self._is_changed = False

    def keep(self, found: Found, uses: Iterable[DocumentUse]) -> None:
        """Keep the uses of what stands for a file that could not be read; they go with the next state that can be."""
        key = self._key(found)
        self._run.keep(found.label, [Organisation(source=_source(key), uses=tuple(uses))], counted=False)
        self._files.add(key)
        self._is_changed = True

    def mend(self, found: Found) -> None:
        """Take back what is kept of a file that could not be read before, now that it was."""
        if self._files and (key := self._key(found)) in self._files:
            self._run.keep(found.label, [Organisation(source=_source(key))], counted=False)
            self._files.remove(key)
            self._is_changed = True

    def remember(self) -> None:
        """Have the graph remember which files could not be read."""
        if self._is_changed:
            self._run.remember(InputRead(id=_FAILED, facts=len(self._files), files=tuple(sorted(self._files))))
            self._is_changed = False

    def _key(self, found: Found) -> tuple[str, ...]:
        return found.repository, found.label, self._run.order.service or ""


def _source(key: tuple[str, ...]) -> str:
    """Return the source of what is kept of a file: another one for each, whatever is in its names."""
    return f"{_FAILED}: {json.dumps(key)}"
