"""A whole embedded graph as CSV for ``neo4j-admin database import full``: a file per label and type, with a header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TextIO

from graphkit.model.progress import Progress
from graphkit.resources import resource
from graphkit.stores.neo4j.evidence_rows import Row
from graphkit.stores.neo4j.flag_properties import FILES, OFFERS, PACKAGES, RANGES, RELEASES
from graphkit.stores.neo4j.tables import Tables

DELIMITER: Final = "\x1f"
"""Between the values of a list: the unit separator, which no name, version or file name should hold."""
_STARTS: Final = {
    "RELEASE_OF": ("Release", "Package"),
    "DECLARES": ("Release", "RequirementSet"),
    "REQUIRES": ("RequirementSet", "Range"),
    "ON": ("Range", "Package"),
    "HOLDS": ("Document", "ComponentList"),
    "LISTS": ("ComponentList", "Component"),
    "DEPENDS_ON": ("Component", "Component"),
    "HAS": ("Component", "Key"),
    "IS": ("Component", "Release"),
    "DESCRIBED_BY": ("Service", "Document"),
    "OPERATES": ("Company", "Service"),
    "SUPPLIES": ("Company", "Company"),
    "ABOUT": ("Claim", "Company"),
    "COMPROMISES": ("Incident", "Release"),
}
"""Which labels each relationship type leads from and to."""
_TYPES: Final[dict[str, dict[str, str]]] = {
    "Graphkit": {
        **dict.fromkeys(("id", "format", "packaging", "facts_sha256", "store"), "string"),
        **dict.fromkeys(
            ("newest_fact", "newest_ground", "inputs", "inputs_ground", "packages", "releases", "sets", "ranges"),
            "long",
        ),
        **dict.fromkeys(("next_package", "next_set", "next_range", "generation"), "long"),
    },
    "Package": {
        **dict.fromkeys(("id", "facts", "maintainers", "kept"), "string"),
        **dict.fromkeys(("n", "releases", "downloads", "settled", "newest", "dependents", "inputs"), "long"),
        "speaks_until": "long",
        **dict.fromkeys((*PACKAGES.names, "named"), "boolean"),
    },
    "Release": {
        **dict.fromkeys(("id", "name", "version", "version_key", "source", "kept"), "string"),
        **dict.fromkeys(("package", "position"), "long"),
        **dict.fromkeys((*RELEASES.names, *OFFERS.names, "yanked"), "boolean"),
        **dict.fromkeys(("uploaded", "yanked_since"), "long[]"),
        **dict.fromkeys(FILES.names, "boolean[]"),
        **dict.fromkeys(("needs", "filenames", "sha256"), "string[]"),
    },
    "RequirementSet": {"id": "string", "n": "long"},
    "Range": {
        **dict.fromkeys(("id", "extras", "kind", "text"), "string"),
        **dict.fromkeys(("n", "package", "takes"), "long"),
        **dict.fromkeys(RANGES.names, "boolean"),
        "lo": "long[]",
        "hi": "long[]",
    },
    "Document": {
        **dict.fromkeys(("id", "path", "kind", "format", "subject", "head", "digest", "problems"), "string"),
        "created": "long",
    },
    "ComponentList": {"id": "string", "places": "string", "size": "long"},
    "Component": {
        **dict.fromkeys(("id", "package", "version_key", "body", "name", "version", "purl", "origin"), "string"),
        "optional": "boolean",
    },
    "Key": {"id": "string"},
    "Service": {"id": "string", "owner": "string", "company": "string", "builds_complete": "boolean"},
    "Company": {"id": "string", "name": "string", "kind": "string"},
    "Claim": {
        **dict.fromkeys(
            ("id", "company", "claimant", "text", "polarity", "standing", "certainty", "date", "object", "relation"),
            "string",
        ),
        "sources": "string[]",
    },
    "Incident": {**dict.fromkeys(("id", "title", "actor", "body", "digest"), "string"), "advisory": "boolean"},
    "Organisation": dict.fromkeys(("id", "body", "digest"), "string"),
    "Table": {**dict.fromkeys(("id", "source", "problems"), "string"), "read_at": "long", "count": "long"},
    "REQUIRES": {"marker": "string"},
    "LISTS": {"row": "long"},
    "DEPENDS_ON": {"list": "string", "place": "long", "source": "long", "target": "long"},
    "DESCRIBED_BY": {
        **dict.fromkeys(("path", "rest", "branch", "digest"), "string"),
        **dict.fromkeys(("built_at", "stands_from", "stands_until", "read_at"), "long"),
        "by_organisation": "boolean",
        "derived": "boolean",
    },
    "SUPPLIES": {"what": "string", "data": "string[]", "from": "long", "until": "long"},
    "COMPROMISES": {"listed_from": "long", "whole": "boolean"},
}
"""Every property, with its type in a header."""

COMMAND: Final = """neo4j-admin database import full neo4j --overwrite-destination --multiline-fields=true \\
  --array-delimiter=U+001F --id-type=string \\
{files}
"""


def export(tables: Tables, folder: Path, progress: Progress) -> str:
    """Write a graph into a folder; return the command that loads it.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = list(tables.parts())
    with ExitStack() as stack:
        writers = {name: _File(stack, folder, name) for name in (*_NODES, *_STARTS)}
        graph = {"id": "graph", "generation": 1, "store": tables.facts_sha256[:8], **tables.graph()}
        writers["Graphkit"].put([graph])
        for number, part in enumerate(parts):
            progress(number, len(parts), part.name)
            writers[part.name].put(part.rows())
    (folder / "schema.cypher").write_bytes(resource("queries", "neo4j", "schema.cypher").read_bytes())
    files = [f"  --nodes={label}={label}.csv" for label in _NODES]
    files += [f"  --relationships={name}={name}.csv" for name in _STARTS]
    command = COMMAND.format(files=" \\\n".join(files))
    (folder / "import.sh").write_text(
        f"#!/bin/sh\n# Run it here while the database is stopped.\n{command}", encoding="utf-8"
    )
    return command


_NODES: Final = tuple(name for name in _TYPES if not name.isupper())


class _File:
    """One CSV file: numbers and missing values bare, texts in quotes, as the import tells an empty text from none."""

    def __init__(self, stack: ExitStack, folder: Path, name: str) -> None:
        self._types = _TYPES.get(name, {})
        self._ends = _STARTS.get(name)
        self._file: TextIO = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
        self._file.write(",".join(self._header(name)) + "\n")

    def _header(self, name: str) -> Iterator[str]:
        if self._ends:
            near, far = self._ends
            yield f":START_ID({near})"
            yield f":END_ID({far})"
        for column, kind in self._types.items():
            yield f"id:ID({name})" if column == "id" else f"{column}:{kind}"

    def put(self, rows: Iterable[Any]) -> None:
        """Write rows of nodes, or links."""
        if self._ends:
            self._rows([near, far, *self._values(said)] for near, far, said in rows)
        else:
            self._rows(self._values(row) for row in rows)

    def _values(self, row: Row) -> list[Any]:
        return [_shown(row.get(name)) for name in self._types]

    def _rows(self, rows: Iterable[list[Any]]) -> None:
        for row in rows:
            # Unlike `csv`, which quotes a missing value too: a quoted empty field is an empty text.
            fields = (
                "" if value is None else _quoted(value) if isinstance(value, str) else str(value) for value in row
            )
            self._file.write(",".join(fields) + "\n")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _shown(value: Any) -> str | int | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case list():
            return DELIMITER.join(str(_shown(one)) for one in value) if value else None
        case int() | str():
            return value
        case _:
            return str(value)
