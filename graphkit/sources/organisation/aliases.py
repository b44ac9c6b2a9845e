"""Alias files: packages under other purls, services under other names (docs/alias-file.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from msgspec import Struct

from graphkit.formats.diagnostics import quoted
from graphkit.model.aliases import Aliases, alias_purl, aliases_of, settled
from graphkit.model.documents import Problem
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, package_name, read_purl, service_id
from graphkit.sources.structured_text import decode

SCHEMA: Final = "graphkit.aliases/1"
_KEYS: Final = frozenset({"schema", "packages", "services"})
_ROW_KEYS: Final = frozenset({"name", "also"})
_MOST: Final = 1_000_000
"""How many names a file may give: YAML aliases can make many of few bytes."""
_Id = TypeVar("_Id", bound=str)


class AliasFile(Struct, frozen=True, kw_only=True):
    """An alias file as read. ``problems``: what in it was left out, and why; the rest holds."""

    aliases: Aliases
    problems: tuple[Problem, ...] = ()


def claims(data: bytes) -> bool:
    """Return whether a file says that it is an alias file."""
    return SCHEMA.rpartition("/")[0].encode() in data[:4096]


def parse(data: bytes, path: str) -> AliasFile:
    """Return what an alias file says. ``path`` is kept as the source of its facts.

    A row or name that cannot be used becomes a problem with its place, and the rest goes on. A name
    that is given to several packages or services is taken from all of them, wherever they stand.

    Raises:
        InputError: neither YAML, TOML nor JSON, another schema, or more names than anybody writes.
    """
    read = decode(data)
    if not isinstance(read, dict) or read.get("schema") != SCHEMA:
        found = quoted(read.get("schema")) if isinstance(read, dict) else quoted(read)
        raise InputError(f"{found} is not {SCHEMA!r}, which this graphkit reads", place="schema")
    rows = _Rows()
    rows.unknown(read, _KEYS, "")
    packages = rows.settle(rows.of(read, "packages", package_name, _purl))
    services = rows.settle(rows.of(read, "services", service_id, service_id))
    return AliasFile(aliases=aliases_of(path, packages, services), problems=tuple(rows.problems))


def _purl(text: str) -> str:
    """Return what a purl says elsewhere names; BadName where it cannot be the other name of a package."""
    purl = read_purl(text)
    if purl.type == "pypi":
        raise BadName(f"{quoted(text)} is a package of the index itself, and the same as no other")
    if purl.version or purl.qualifiers or purl.subpath:
        raise BadName(f"{quoted(text)} names one file or release; give {alias_purl(text)!r}")
    return alias_purl(text)


class _Rows:
    """Both lists of a file, and what was odd in them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._left = _MOST

    def odd(self, place: str, text: str) -> None:
        self.problems.append(Problem(place=place, text=text))

    def unknown(self, table: dict[str, Any], keys: frozenset[str], place: str) -> None:
        for key in table:
            if key not in keys:
                self.odd(place or "the file", f"the key {quoted(key)} is not read; see docs/alias-file.md")

    def of(
        self, table: dict[str, Any], key: str, named: Callable[[str], _Id], other: Callable[[str], str]
    ) -> Iterator[tuple[str, _Id, str]]:
        """Yield each other name in a list of rows, what it means, and its place."""
        for place, row in self._items(table.get(key), key):
            if not isinstance(row, dict):
                self.odd(place, f"a row with `name` and `also` was expected, not {quoted(row)}")
                continue
            self.unknown(row, _ROW_KEYS, place)
            if (name := self._read(row.get("name"), f"{place}.name", named)) is None:
                continue
            yield str(name), name, f"{place}.name"  # its own name, which nobody else may have
            if row.get("also") is None:
                self.odd(f"{place}.also", f"{quoted(name)} has no other names here")
            for inner, text in self._items(row.get("also"), f"{place}.also"):
                if (also := self._read(text, inner, other)) is not None:
                    yield also, name, inner

    def settle(self, rows: Iterator[tuple[str, _Id, str]]) -> dict[_Id, tuple[str, ...]]:
        """Return the other names of each thing; every place of a name that means several is a problem."""
        places: defaultdict[str, list[str]] = defaultdict(list)
        pairs = []
        for also, name, place in rows:
            if also != name:
                places[also].append(place)
            pairs.append((also, name))
        names, clashes = settled(pairs)
        for clash in clashes:
            meanings = " and ".join(quoted(one) for one in clash.meanings[:3])
            for place in places[clash.name]:
                self.odd(place, f"{quoted(clash.name)} cannot mean {meanings} at once; it is left out")
        return names

    def _items(self, value: object, place: str) -> Iterator[tuple[str, object]]:
        if value is None:
            return
        if not isinstance(value, list):
            self.odd(place, f"a list was expected, not {quoted(value)}")
            return
        self._left -= len(value)
        if self._left < 0:
            raise InputError(f"more than {_MOST:,} names and rows", place=place)
        yield from ((f"{place}[{number}]", one) for number, one in enumerate(value))

    def _read(self, value: object, place: str, named: Callable[[str], _Id]) -> _Id | None:
        if not isinstance(value, str):
            self.odd(place, f"a name was expected, not {quoted(value)}")
            return None
        try:
            return named(value)
        except BadName as error:
            self.odd(place, str(error))
            return None
