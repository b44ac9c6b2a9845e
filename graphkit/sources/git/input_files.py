"""Which files of a history are inputs, where their names alone do not say."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Final

from graphkit.formats import is_claimed, read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.manifests.requirements import READER as LISTS
from graphkit.formats.scripts.reader import may_install
from graphkit.model.documents import DocumentKind, is_telling
from graphkit.model.errors import InputError
from graphkit.model.progress import Progress
from graphkit.sources.fetched_document import Reject
from graphkit.sources.git.commits import Change
from graphkit.sources.git.file_names import Doubt, doubt_of
from graphkit.sources.git.includes import Ask, Whole, joined
from graphkit.sources.git.program import Blobs

UNREAD: Final = "@unread"
"""Stands for the blob of a file that can install, where this clone does not have it; it was in place all the same."""
_DOUBTED: Final = frozenset({Doubt.MANIFEST, Doubt.SCRIPT, Doubt.MODULE})


class Claims:
    """Tells inputs from files that only have the name of one.

    ``name`` is what the repository is called, ``is_one_service`` whether all inputs are of one. ``ask`` returns what
    each commit changed of files of some very paths.
    """

    def __init__(self, blobs: Blobs, ask: Ask, reject: Reject, *, name: str, is_one_service: bool) -> None:
        self._blobs = blobs
        self._ask = ask
        self._reject = reject
        self._name = name
        self._is_one_service = is_one_service
        self._stands: dict[Change, str] = {}
        """What counts as the state of a path that has a blob: that blob, `UNREAD`, or empty for no input."""
        self._missing: frozenset[str] | None = None
        self._unread = 0

    def applied(
        self, changed: Mapping[str, Sequence[Change]], wholes: Mapping[str, Whole], progress: Progress
    ) -> tuple[dict[str, list[Change]], set[bytes]]:
        """Return the changes of inputs alone, and the paths of manifests by name that never were one.

        What is none counts as gone: nothing was installed from it. Cost: each file whose name leaves a
        doubt is read once; one is held at a time. What links of such names lead to is read as well.
        """
        waiting: dict[str, set[bytes]] = defaultdict(set)
        links: list[Change] = []
        for path, blob in {change for rows in changed.values() for change in rows if change[1]}:
            if (doubt := doubt_of(path)) not in _DOUBTED:
                continue
            if not blob.startswith("@"):
                waiting[wholes[blob].blob if blob in wholes else blob].add(path)
            elif doubt is not Doubt.MANIFEST:
                links.append((path, blob))
        for done, (blob, paths) in enumerate(sorted(waiting.items())):
            progress(done, len(waiting), "files that may install")
            self._look_at(blob, sorted(paths), waiting.keys())
        self._follow(sorted(links), changed, wholes)
        if self._unread:
            self._reject(
                self._name,
                f"{self._unread:,} states of files that can install cannot be read; "
                "fetch the whole history (git fetch --refetch --no-filter) to read them",
            )
        told = {
            sha: [(path, self._kept(path, blob, wholes)) for path, blob in rows if doubt_of(path) is not Doubt.NO_INPUT]
            for sha, rows in changed.items()
        }
        inputs = {path for rows in told.values() for path, blob in rows if blob}
        lists = {path for path, _ in self._stands if doubt_of(path) is Doubt.MANIFEST}
        return told, lists - inputs

    def _kept(self, path: bytes, blob: str, wholes: Mapping[str, Whole]) -> str:
        own = wholes[blob].blob if blob in wholes else blob
        stands = self._stands.get((path, own), own)
        return blob if stands == own else stands

    def _look_at(self, blob: str, paths: Sequence[bytes], all_blobs: AbstractSet[str]) -> None:
        doubts = {path: doubt_of(path) for path in paths}
        data: bytes | str = UNREAD
        # Each blob that is asked for and missing costs a new git, and a partial clone may lack nearly all.
        if Doubt.MANIFEST in doubts.values() or self._missing is None or blob not in self._missing:
            data = self._blobs.read(blob)
        if isinstance(data, str):
            if self._missing is None:
                self._missing = frozenset(all_blobs - self._blobs.here(all_blobs))
            self._unread += Doubt.MANIFEST not in doubts.values()
            self._stands |= {(path, blob): blob if doubts[path] is Doubt.MANIFEST else UNREAD for path in paths}
            return
        for path in paths:
            self._stands[path, blob] = blob if _is_input(data, path) else ""

    def _follow(
        self, links: Sequence[Change], changed: Mapping[str, Sequence[Change]], wholes: Mapping[str, Whole]
    ) -> None:
        """Look at what links with the name of a file that can install lead to.

        One leaves nothing open where that is a folder, or never installs anything, or is an input of the same service
        itself. What lies outside of the repository, or behind a linked folder, is not followed.
        """
        targets = {link: self._target_of(*link) for link in links if " " in link[1]}
        self._stands |= {link: link[1] if link in targets else "" for link in links}  # a submodule is a folder
        found = set(targets.values())
        asked = self._ask(sorted(found)) if found else {}
        blobs: dict[bytes, set[str]] = defaultdict(set)
        for path, blob in {change for source in (changed, asked) for rows in source.values() for change in rows}:
            if blob and path in found:
                blobs[path].add(wholes[blob].blob if blob in wholes else blob)
        folders = {path[:at] for rows in asked.values() for path, _ in rows for at in _slashes(path)}
        for link, target in targets.items():
            if target in folders or not self._is_open(link[0], target, sorted(blobs[target])):
                self._stands[link] = ""

    def _target_of(self, path: bytes, blob: str) -> bytes:
        """Return the path in the repository that a link leads to; its own where that is not known or lies outside."""
        data = self._blobs.read(blob.partition(" ")[2])
        if isinstance(data, bytes):
            with suppress(UnicodeDecodeError):
                return joined(path, data.decode()) or path
        return path

    def _is_open(self, path: bytes, target: bytes, blobs: Sequence[str]) -> bool:
        """Return whether a link leads to something that can install and that is not read where it lies."""
        if target == path or not blobs:
            return True
        is_beside = self._is_one_service or posixpath.dirname(path) == posixpath.dirname(target)
        if is_beside and doubt_of(target) is doubt_of(path):
            return False
        read = (UNREAD if blob.startswith("@") else self._blobs.read(blob) for blob in blobs)
        return any(isinstance(data, str) or _is_input(data, path) for data in read)


def _slashes(path: bytes) -> list[int]:
    return [at for at, byte in enumerate(path) if byte == ord("/")]


def _is_input(data: bytes, name: bytes) -> bool:
    """Return whether bytes are an input; also where they are a damaged one, which is rejected later on."""
    path, doubt = name.decode("utf-8", "backslashreplace"), doubt_of(name)
    if doubt is Doubt.MODULE and not may_install(data):
        return False
    try:
        if doubt is Doubt.MANIFEST:
            return is_claimed(data, path, hint="lock")
        document = read_document(data, path)
    except InputError:
        return True
    if document is None or LISTS.claims(RawDocument(data, path)):  # lines that happen to be names
        return False
    if document.kind is DocumentKind.SCRIPT:
        return is_telling(document)
    return document.kind in {DocumentKind.LOCK, DocumentKind.MANIFEST}  # an SBOM in YAML is none
