"""Files among the indicators of compromise (`iocs`) of an advisory: by hash, by name or both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from graphkit.model.incidents import FileHash

_ALGORITHMS: Final = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
"""Hash algorithms by the length of their values in hexadecimal digits."""
_HEX: Final = re.compile(r"(?:(md5|sha-?(?:1|256|384|512))[:=-])?([0-9a-fA-F]{32,128})", re.IGNORECASE)
_NAME_KEYS: Final = frozenset({"file", "filename", "filenames", "files", "file_name", "name", "path", "artifact"})


def files_of(value: Any) -> Iterator[tuple[str, tuple[FileHash, ...]]]:
    """Yield name and hashes of each file that indicators hold, whatever their shape; either may be empty.

    Databases agree on no shape: lists of texts, mappings of algorithms, one mapping for each file. A hash is told
    by its prefix or key, else by its length. Cost: each value once.
    """
    queue: list[tuple[str, Any]] = [("", value)]
    for key, one in queue:
        if isinstance(one, dict):
            hashes = tuple(dict.fromkeys(h for k, v in one.items() if isinstance(v, str) for h in _hash_of(k, v)))
            names = [v for k, v in one.items() if k.lower() in _NAME_KEYS and isinstance(v, str)]
            if hashes:
                yield (names[0] if names else ""), hashes
            else:
                yield from ((name, ()) for name in names if _is_file_name(name))
            queue += [(str(k), v) for k, v in one.items() if not isinstance(v, str)]
        elif isinstance(one, list):
            queue += [(key, part) for part in one]
        elif isinstance(one, str):
            if hashes := tuple(_hash_of(key, one)):
                yield "", hashes
            elif key.lower() in _NAME_KEYS and _is_file_name(one):
                yield one, ()


def _hash_of(key: str, value: str) -> Iterator[FileHash]:
    """Yield the hash that a text is, by its prefix, its key or its length."""
    found = _HEX.fullmatch(value.strip())
    if found is None or (algorithm := _ALGORITHMS.get(len(found[2]))) is None:
        return
    told = (found[1] or key).lower().replace("-", "")
    if told in _ALGORITHMS.values() and told != algorithm:
        return
    yield FileHash(algorithm, found[2].lower())


def _is_file_name(text: str) -> bool:
    return 0 < len(text) <= 255 and "://" not in text and "." in text.rpartition("/")[2]
