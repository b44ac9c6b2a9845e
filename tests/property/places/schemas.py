"""The places of a format that its schema has for text and for objects, walked mechanically.

A definition is reached by its shortest path, and by every property that holds one (an *edge*): each text of a
definition is a place behind each edge to it. So a component's file names are places in `components`, in
`metadata.tools`, in `formulation` and wherever else a component may stand, and nobody has to think of them.
"""

from __future__ import annotations

import copy
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

ITEM: Final = "[]"
"""The step into an array."""
Schema = Mapping[str, Any]
Step = tuple[str, Schema, str]
"""A key or `ITEM`, the schema of what stands behind it, and the definition that it is, if it is one."""
_BRANCHES: Final = ("oneOf", "anyOf", "allOf")
_DATE: Final = "2026-03-24T11:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something may stand. ``part`` is `definition.property`, ``schema`` that of what stands there.

    ``name``: the definition that stands there, empty for plain text.
    """

    part: str
    steps: tuple[Step, ...]
    name: str = ""

    @property
    def schema(self) -> Schema:
        """The schema of what stands there."""
        return self.steps[-1][1]

    @property
    def path(self) -> str:
        """The place as a message shows it: ``components[].purl``."""
        return ".".join(f"[{name}]" if key == ITEM else key for key, _, name in self.steps).replace(".[", "[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format: its schema, and what innocent values are.

    ``clean`` gives one for a definition, or for a ``.key`` of text, else None.

    ``first``: keys of the document in which a definition is looked for before others. ``skips``: definitions that are
    not walked.
    """

    schema: Schema
    clean: Callable[[str], Any]
    first: tuple[str, ...] = ()
    skips: frozenset[str] = frozenset()

    def properties(self, schema: Schema) -> dict[str, Schema]:
        """Return the properties of an object, in whichever branch of its schema they are."""
        found = dict(schema.get("properties", {}))
        for branch in (branch for kind in _BRANCHES for branch in schema.get(kind, ())):
            found |= self.properties(self.resolved(branch)[0])
        return found

    def words(self, schema: Schema) -> tuple[str, ...]:
        """Return the words that a schema allows."""
        return tuple(self.resolved(schema)[0].get("enum", ()))

    def resolved(self, schema: Schema) -> tuple[Schema, str]:
        """Return a schema behind its references, with the name of the first definition that it is."""
        name = ""
        while isinstance(ref := schema.get("$ref"), str):
            file, _, path = ref.partition("#/definitions/")
            if file or path not in self.schema["definitions"]:
                return {}, ref
            schema, name = self.schema["definitions"][path], name or path
        return schema, name

    def minimal(self, schema: Schema, key: str = "") -> Any:
        """Return the least that a schema allows."""
        schema, name = self.resolved(schema)
        for told in (f".{key}", name):
            if (clean := self.clean(told)) is not None:
                return copy.deepcopy(clean)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        return self._of_type(schema, key)

    def _of_type(self, schema: Schema, key: str) -> Any:
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object" or "properties" in schema:
            return {
                key: self.minimal(schema["properties"][key], key)
                for key in schema.get("required", ())
                if key in schema.get("properties", {})
            }
        if kind == "array":
            return [self.minimal(schema["items"]) for _ in range(schema.get("minItems", 0))]
        if kind in {"integer", "number"}:
            return schema.get("minimum", 1)
        if kind == "boolean":
            return False
        for branch in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
            return self.minimal(branch, key)
        return _DATE if schema.get("format") == "date-time" else "https://example.com/x" if _is_address(schema) else "x"

    def places(self, *, is_deep: bool) -> Iterator[Place]:
        """Yield every place: of text behind each edge (``is_deep``), or by shortest paths; of objects at each edge."""
        ways, edges = self._ways()
        for source, edge in edges:
            yield Place(part=edge.part, steps=(*ways[source], *edge.steps), name=edge.name)
        texts = {name: list(self._inside(name)) for name in ways}
        for one in texts[""]:
            if not one.name:
                yield one
        done = set()
        for source, edge in edges:
            way = (*ways[source], *edge.steps)
            if edge.name in done and not is_deep:
                continue
            if edge.name not in done and way != ways[edge.name]:
                continue
            done.add(edge.name)
            for one in texts[edge.name]:
                if not one.name:
                    yield Place(part=one.part, steps=(*way, *one.steps))

    def _ways(self) -> tuple[dict[str, tuple[Step, ...]], list[tuple[str, Place]]]:
        """Return the shortest way to each definition, and the edges from each to others, those on the ways first."""
        ways: dict[str, tuple[Step, ...]] = {"": ()}
        shortest: list[tuple[str, Place]] = []
        others: list[tuple[str, Place]] = []
        waiting = deque([""])
        while waiting:
            source = waiting.popleft()
            for one in self._inside(source):
                if not one.name:
                    continue
                if one.name not in ways:
                    ways[one.name] = (*ways[source], *one.steps)
                    waiting.append(one.name)
                    shortest.append((source, one))
                else:
                    others.append((source, one))
        return ways, [*shortest, *others]

    def _inside(self, name: str) -> Iterator[Place]:
        """Yield the texts of a definition, and the definitions that it holds; those called `first` before others."""
        schema = self.schema["definitions"][name] if name else self.schema
        found = list(self._below(schema, name or "bom", ()))
        rank = {key: number for number, key in enumerate(self.first)}
        yield from sorted(found, key=lambda one: rank.get(one.steps[0][0], len(rank)) if not name else 0)

    def _below(self, schema: Schema, owner: str, steps: tuple[Step, ...]) -> Iterator[Place]:
        for key, inner in schema.get("properties", {}).items():
            yield from self._at(key, inner, f"{inner.get('owner', owner)}.{key}", steps)
        for branch in (branch for kind in _BRANCHES for branch in schema.get(kind, ())):
            if "$ref" not in branch:
                yield from self._below(branch, owner, steps)
        if isinstance(items := schema.get("items"), dict):
            yield from self._at(ITEM, items, owner, steps)
        if isinstance(values := schema.get("additionalProperties"), dict):
            yield from self._at("any", values, f"{owner}.*", steps)

    def _at(self, key: str, schema: Schema, part: str, steps: tuple[Step, ...]) -> Iterator[Place]:
        found, name = self.resolved(schema)
        if name in self.skips or not found:
            return
        here = (*steps, (key, found, name))
        if name and _is_object(found):
            yield Place(part=part, steps=here, name=name)
        elif _is_text(found):
            yield Place(part=part, steps=here)
        elif branches := [branch for kind in _BRANCHES for branch in found.get(kind, ())]:
            is_told = False
            for branch in branches:
                inner, _ = self.resolved(branch)
                if _is_text(inner) and is_told:
                    continue
                is_told |= _is_text(inner)
                yield from self._at(key, branch, part, steps)
            yield from self._below({**found, "oneOf": (), "anyOf": (), "allOf": ()}, part, here)
        else:
            yield from self._below(found, part, here)

    def put(self, document: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
        """Return a copy of a document with a value at a place; what has to be around it is made."""
        made = copy.deepcopy(document)
        at: Any = made
        last = len(place.steps) - 1
        for number, (key, schema, name) in enumerate(place.steps):
            is_array = isinstance(at, list)
            if number == last:
                if is_array:
                    at.append(value)
                else:
                    at[key] = value
                break
            fresh = self.minimal({"$ref": f"#/definitions/{name}"} if name else schema, key)
            if not isinstance(fresh, dict | list):
                fresh = {} if place.steps[number + 1][0] != ITEM else []
            if is_array:
                kind = schema.get("properties", {}).get("type", {}).get("const")
                there = next(
                    (one for one in at if kind is None or (isinstance(one, dict) and one.get("type") == kind)), None
                )
                if there is None:
                    at.append(fresh)
                at = at[-1] if there is None else there
                continue
            if not isinstance(at.get(key), type(fresh)):
                at[key] = fresh
            at = at[key]
        return made


def _is_object(schema: Schema) -> bool:
    branches = [branch for kind in _BRANCHES for branch in schema.get(kind, ())]
    return "properties" in schema or schema.get("type") == "object" or any(map(_is_object, branches))


def _is_text(schema: Schema) -> bool:
    if "enum" in schema or "const" in schema:
        return False
    kind = schema.get("type")
    return kind == "string" or (isinstance(kind, list) and "string" in kind)


def _is_address(schema: Schema) -> bool:
    return schema.get("format") in {"uri", "iri", "iri-reference", "uri-reference"}


def fits(value: str, schema: Schema) -> bool:
    """Return whether a text is one that a schema allows."""
    if schema.get("format") in {"date-time", "date", "email", "idn-email"}:
        return False
    if (pattern := schema.get("pattern")) is not None and not re.search(pattern, value):
        return False
    return bool(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)))
