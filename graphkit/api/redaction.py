"""The key file of redacted reports, and what of a graph is internal."""

from __future__ import annotations

import json
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from graphkit.api.graph import Graph
from graphkit.model.errors import UsageError
from graphkit.model.organisation import Organisation
from graphkit.reports.redaction import Answer, Pseudonyms, redacted, words_in
from graphkit.resources import own_words
from graphkit.temporary import in_place_of

_SCHEMA: Final = "graphkit.redaction/1"
_BYTES: Final = 32
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyFile:
    """A key that makes pseudonyms, and the names that it made some of. It is for its owner alone (mode 600)."""

    def __init__(self, path: Path) -> None:
        """Read a key file, or make one where there is none.

        Raises:
            UsageError: it cannot be read or made, is another file, or others may read it.
        """
        self._path = path
        try:
            with suppress(FileExistsError):
                self._write({"schema": _SCHEMA, "key": secrets.token_hex(_BYTES), "names": {}}, is_new=True)
            if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
                raise UsageError(f"{path} may be read by others, who could undo --redact with it: chmod 600 {path}")
            key, names = _read(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"{path} cannot be used as a key file: {error.strerror}; name another") from error
        except ValueError as error:
            raise UsageError(f"{path} is no key file of --redact; name another, or a file that is not there") from error
        self.pseudonyms = Pseudonyms(key, names)
        self._key = key

    def redacted(self, answer: Answer, graph: Graph) -> Answer:
        """Return an answer of a graph without internal names, and keep in the file what each pseudonym stands for.

        Raises:
            UsageError: the file cannot be written.
        """
        done = redacted(
            answer,
            self.pseudonyms,
            own_words=own_words(),
            public=graph.public_packages(words_in(answer)),
            hidden=_hidden(graph.organisation()),
        )
        names = dict(sorted(self.pseudonyms.names.items()))
        try:
            self._write({"schema": _SCHEMA, "key": self._key.hex(), "names": names})
        except OSError as error:
            raise UsageError(f"{self._path} cannot be written: {error.strerror}; name another key file") from error
        return done

    def _write(self, value: dict[str, Any], *, is_new: bool = False) -> None:
        with in_place_of(self._path, mode=0o600, is_new=is_new) as part:
            part.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _read(text: str) -> tuple[bytes, dict[str, str]]:
    """Return key and names of a key file. Raises ValueError where it is none."""
    value = json.loads(text)
    if not isinstance(value, dict) or value.get("schema") != _SCHEMA:
        raise ValueError(_SCHEMA)
    key, names = value.get("key"), value.get("names")
    if not isinstance(key, str) or len(bytes.fromhex(key)) != _BYTES or not isinstance(names, dict):
        raise ValueError(_SCHEMA)
    return bytes.fromhex(key), {str(pseudonym): str(name) for pseudonym, name in names.items()}


def _hidden(organisation: Organisation) -> Iterator[tuple[str, str]]:
    for service in organisation.services:
        yield "service", service.id
        yield "owner", service.owner
    for company in organisation.companies:
        yield "company", company.id
        yield "company", company.name
    for use in organisation.uses:
        yield "service", use.service
        yield "path", use.path
        yield "repository", use.repository
        yield "branch", use.branch
    for package in organisation.private_packages:
        yield "package", package
