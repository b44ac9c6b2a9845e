"""Which files of a history are inputs, where their names alone do not say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from graphkit.model.documents import DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.progress import Progress
from graphkit.sources.arrivals import Reject
from graphkit.sources.documents import is_claimed, read_document
from graphkit.sources.documents.requirements import READER as LISTS
from graphkit.sources.history.commits import Change
from graphkit.sources.history.includes import Whole
from graphkit.sources.history.names import Doubt, doubt_of

_BLOCK: Final = b"# /// script"
"""Begins a block of script metadata (PEP 723)."""
_FAILED: Final = 50
"""After how many files that cannot be read no more of their kind are tried: each costs a new git."""


class Claims:
    """Tells inputs from files that only have the name of one; ``service`` is what the repository is called."""

    def __init__(self, read: Callable[[str], bytes | str], service: str, reject: Reject) -> None:
        self._read = read
        self._service = service
        self._reject = reject
        self._is_input: dict[Change, bool] = {}
        self._unread = 0

    def applied(
        self, changed: Mapping[str, Sequence[Change]], wholes: Mapping[str, Whole], progress: Progress
    ) -> tuple[dict[str, list[Change]], set[bytes]]:
        """Return the changes of inputs alone, and the paths of manifests by name that never were one.

        What is none counts as gone: nothing was installed from it. Cost: each file whose name leaves a
        doubt is read once; one is held at a time.
        """
        waiting: dict[str, set[bytes]] = defaultdict(set)
        for path, blob in {change for rows in changed.values() for change in rows if change[1]}:
            if doubt_of(path) in {Doubt.MANIFEST, Doubt.SCRIPT, Doubt.MODULE}:
                waiting[wholes[blob].blob if blob in wholes else blob].add(path)
        for done, (blob, paths) in enumerate(sorted(waiting.items())):
            progress(done, len(waiting), "files that may install")
            self._look_at(blob, sorted(paths))
        if self._unread:
            self._reject(
                self._service,
                f"{self._unread:,} states of files that can install cannot be read; "
                "fetch the whole history (git fetch --refetch --no-filter) to read them",
            )
        told = {
            sha: [(path, self._kept(path, blob, wholes)) for path, blob in rows if doubt_of(path) is not Doubt.NO_INPUT]
            for sha, rows in changed.items()
        }
        inputs = {path for rows in told.values() for path, blob in rows if blob}
        lists = {path for path, _ in self._is_input if doubt_of(path) is Doubt.MANIFEST}
        return told, lists - inputs

    def _kept(self, path: bytes, blob: str, wholes: Mapping[str, Whole]) -> str:
        own = wholes[blob].blob if blob in wholes else blob
        return blob if self._is_input.get((path, own), True) else ""

    def _look_at(self, blob: str, paths: Sequence[bytes]) -> None:
        doubts = {path: doubt_of(path) for path in paths}
        if blob.startswith("@"):  # a link or a submodule
            self._is_input |= {(path, blob): doubts[path] is Doubt.MANIFEST for path in paths}
            return
        is_list = Doubt.MANIFEST in doubts.values()
        if not is_list and self._unread >= _FAILED:
            self._unread += 1
            self._is_input |= {(path, blob): False for path in paths}
            return
        data = self._read(blob)
        if isinstance(data, str):
            self._unread += not is_list
            self._is_input |= {(path, blob): doubts[path] is Doubt.MANIFEST for path in paths}
            return
        for path in paths:
            self._is_input[path, blob] = _is_input(data, path.decode("utf-8", "backslashreplace"), doubts[path])


def _is_input(data: bytes, path: str, doubt: Doubt) -> bool:
    """Return whether bytes are an input; also where they are a damaged one, which is rejected later on."""
    if doubt is Doubt.MODULE and _BLOCK not in data:
        return False
    try:
        if doubt is Doubt.MANIFEST:
            return is_claimed(data, path, hint="lock")
        document = read_document(data, path)
    except InputError:
        return True
    if document is None or LISTS.claims(data, path, ""):  # lines that happen to be names
        return False
    if document.kind is DocumentKind.SCRIPT:
        return bool(document.commands or document.problems)
    return document.kind in {DocumentKind.LOCK, DocumentKind.MANIFEST}  # an SBOM in YAML is none
