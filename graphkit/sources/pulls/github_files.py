"""Committed lock files, manifests and SBOMs of a repository on GitHub: which they are, and their bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from graphkit.model.errors import InputError
from graphkit.sources.http import Answer

_LOCK: Final = re.compile(r"(?:uv\.lock|poetry\.lock|pdm\.lock|pipfile\.lock|pylock(?:\.[^/]+)?\.toml)", re.IGNORECASE)
_CONDA: Final = re.compile(r"(?:[^/]+\.)?conda-lock\.ya?ml|[^/]*environment\.ya?ml|pixi\.lock", re.IGNORECASE)
"""What conda installs from; none of it is made from a `pyproject.toml` for sure."""
_LIST: Final = re.compile(r"(?:.*/)?(?:[^/]*requirements[^/]*\.txt|requirements/(?:.+/)?[^/]+\.txt)", re.IGNORECASE)
_MANIFEST: Final = "pyproject.toml"
_SBOM: Final = re.compile(
    r"(?:.*[.-])?s?bom\.(?:json|xml)|.+\.(?:cdx|cyclonedx)\.(?:json|xml)|.+\.spdx(?:\.(?:json|ya?ml|rdf|rdf\.xml|xml))?",
    re.IGNORECASE,
)
_SHA: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LINK_MODE: Final = "120000"


class _Entry(msgspec.Struct):
    path: str
    type: str = ""
    mode: str = ""
    sha: str = ""


class Tree(msgspec.Struct):
    """A tree of git as the API lists it; ``truncated``: it holds more than is listed."""

    tree: list[_Entry]
    truncated: bool = False


class _Blob(msgspec.Struct):
    content: str
    encoding: str = "base64"


class InputFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to read: its path, the id of its bytes, and its hint. ``problem``: why it cannot be."""

    path: str
    sha: str
    hint: str
    problem: str = ""


def input_files(tree: Tree) -> Iterator[InputFile]:
    """Yield the files of a tree that are documents by their name, in the order of their paths.

    A ``pyproject.toml`` is one only where no lock stands beside it: what was installed is in the lock.
    """
    files = {one.path: one for one in tree.tree if one.type == "blob"}
    locked = {_folder(path) for path in files if _LOCK.fullmatch(_name(path))}
    for path, one in sorted(files.items()):
        hint = _hint(path, locked)
        if hint is None:
            continue
        problem = ""
        if one.mode == _LINK_MODE:
            problem = "a symbolic link, which is not followed; the file that it leads to is what was installed from"
        elif not _SHA.fullmatch(one.sha):
            problem = "the server gives no id of its bytes"
        yield InputFile(path=path, sha=one.sha, hint=hint, problem=problem)


def submodules(tree: Tree) -> list[str]:
    """Return the paths at which a tree holds other repositories."""
    return sorted(one.path for one in tree.tree if one.type == "commit")


def _hint(path: str, locked: Iterable[str]) -> str | None:
    name = _name(path)
    if _LOCK.fullmatch(name) or _CONDA.fullmatch(name) or _LIST.fullmatch(path):
        return "lock"
    if name == _MANIFEST:
        return "" if _folder(path) not in locked else None
    return "sbom" if _SBOM.fullmatch(name) else None


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def blob_of(answer: Answer, sha: str) -> bytes:
    """Return the bytes of a blob, checked against its id, which git makes from them.

    Raises:
        InputError: it is refused, cut or another one.
    """
    if not answer.is_good:
        raise InputError(f"cannot be read ({answer.status})")
    blob: _Blob = answer.as_type(_Blob)
    try:
        data = base64.b64decode(blob.content) if blob.encoding == "base64" else blob.content.encode()
    except (binascii.Error, ValueError) as error:
        raise InputError("its content is not valid base64") from error
    kind = hashlib.sha256 if len(sha) == 64 else hashlib.sha1
    if kind(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() != sha:
        raise InputError("the content does not match its id; pull it again")
    return data
