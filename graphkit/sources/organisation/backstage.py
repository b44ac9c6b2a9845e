"""Backstage catalogues, `catalog-info.yaml`: services, their owners, and what else they are called.

By the descriptor format of Backstage's software catalogue. Only what the file holds is read: the targets
of a Location are named and not followed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct, field

from graphkit.formats.diagnostics import quoted
from graphkit.model.addresses import without_secrets
from graphkit.model.aliases import Aliases, aliases_of, settled
from graphkit.model.documents import Problem
from graphkit.model.errors import InputError
from graphkit.model.names import CompanyId, ServiceId, service_id
from graphkit.model.organisation import Organisation, Service
from graphkit.sources.structured_text import decode

_YAML: Final = re.compile(rb"^(?:\xef\xbb\xbf)?[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?backstage\.io/", re.MULTILINE)
_JSON: Final = re.compile(rb"\"apiVersion\"[ \t]*:[ \t]*\"backstage\.io/")
_MARKER: Final = re.compile(r"(?:---|\.\.\.)(?=\s|$)")
_AT_LINE: Final = re.compile(r"line (\d+)")
_GIT_HUB: Final = "github.com"
_SLUG: Final = "github.com/project-slug"
_SOURCE: Final = "backstage.io/source-location"
_PROJECTS: Final = ("dependencytrack/project-id", "dependencytrack/project-name")
_API: Final = "backstage.io/"
_OWNERS: Final = frozenset({"group", "user"})
_NO_SERVICE: Final = frozenset({"system", "domain", "resource", "api"})
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[-_.A-Za-z0-9]*[A-Za-z0-9])?")
_SHOWN_TARGETS: Final = 20


class _Ref(NamedTuple):
    """What an entity is called, as Backstage compares it: in lower case."""

    kind: str
    namespace: str
    name: str


class Catalogue(Struct, frozen=True, kw_only=True):
    """A catalogue file as read.

    ``aliases``: other names of its services: repositories `owner/repo`, addresses of sources,
    Dependency-Track projects. ``problems``: what was left out or not followed, with its place.
    """

    organisation: Organisation
    aliases: Aliases
    problems: tuple[Problem, ...] = ()


def claims(data: bytes) -> bool:
    """Return whether a file holds an entity of Backstage's own schema. Cost: a search."""
    pattern = _JSON if data.lstrip()[:1] == b"{" else _YAML
    return pattern.search(data) is not None


def parse(data: bytes, path: str, company: CompanyId | None = None) -> Catalogue:
    """Return what a catalogue file says. ``path`` is kept as the source of its facts.

    A Component becomes a service, of ``company`` where one is given; Groups and Users give their owners
    the name that people know; the other kinds of Backstage are no services. What cannot be used becomes
    a problem with its place, `document 2: spec.owner`, and the rest goes on. Documents are counted from
    1, empty ones left out. A name that several services have, as the repository they share, is taken
    from all of them. Cost: linear, beside YAML.

    Raises:
        InputError: the file is not UTF-8 text.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("not valid UTF-8", place=f"byte {error.start}") from error
    reading = _Reading(company)
    number = 0
    for line, part in _parts(text):
        try:
            value = decode(part.encode())
        except InputError as error:
            number += 1
            reading.odd(f"document {number}{_moved(error.place, line)}", f"{error.problem}; the document is left out")
            continue
        if value is not None:
            number += 1
            reading.take(value, f"document {number}")
    return reading.catalogue(path)


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield the documents of a YAML stream and how many lines stand before each.

    At the left edge the markers mean nothing else, not even in block scalars (YAML 1.2.2, 9.1.4), so one
    document that cannot be read takes no other with it.
    """
    lines: list[str] = []
    start, has_content = 0, False
    for number, line in enumerate(text.split("\n")):
        if is_marker := _MARKER.match(line) is not None:
            if has_content:
                yield start, "\n".join(lines)
            lines, start, has_content = [], number, False
        inner = f"   {line[3:]}" if is_marker else line
        if line.startswith("%") and not has_content:
            inner = ""  # a directive, of the document after it
        has_content = has_content or bool(inner.partition("#")[0].strip())
        lines.append(inner)
    if has_content:
        yield start, "\n".join(lines)


def _moved(place: str, before: int) -> str:
    """Return a place in a document as one in the file."""
    at = _AT_LINE.fullmatch(place)
    return f": line {int(at[1]) + before}" if at else ""


class _Entity(Struct):
    """One entity with its place. ``ref`` is what it is called, ``name`` and ``namespace`` as written."""

    place: str
    kind: str
    name: str
    namespace: str
    metadata: dict[str, Any]
    spec: dict[str, Any]

    @property
    def ref(self) -> _Ref:
        return _Ref(self.kind, self.namespace.lower(), self.name.lower())

    @property
    def service(self) -> ServiceId:
        return service_id(self.name if self.ref.namespace == "default" else f"{self.namespace}/{self.name}")


class _Reading(Struct):
    """A catalogue as it is read: owners may stand after the services they own."""

    company: CompanyId | None
    problems: list[Problem] = field(default_factory=list)
    components: dict[_Ref, _Entity] = field(default_factory=dict)
    displays: dict[_Ref, str] = field(default_factory=dict)

    def odd(self, place: str, text: str) -> None:
        self.problems.append(Problem(place=place, text=text))

    def take(self, value: object, place: str) -> None:
        """Take one document of the file."""
        if not isinstance(value, dict):
            self.odd(place, f"an entity was expected, not {quoted(value)}")
            return
        version, kind = value.get("apiVersion"), value.get("kind")
        if not isinstance(version, str) or not version.startswith(_API):
            self.odd(f"{place}: apiVersion", f"{quoted(version)} is not Backstage's own; the document is left out")
            return
        if not isinstance(kind, str):
            self.odd(f"{place}: kind", f"a kind was expected, not {quoted(kind)}; the document is left out")
            return
        word = kind.lower()
        if word in _NO_SERVICE:
            return
        if word == "location":
            self._location(self._table(value, "spec", place), place)
        elif word not in {"component", *_OWNERS}:
            self.odd(f"{place}: kind", f"{quoted(kind)} is not read; the document is left out")
        elif (entity := self._entity(value, word, place)) is not None:
            self._keep(entity)

    def _entity(self, value: dict[str, Any], kind: str, place: str) -> _Entity | None:
        metadata = self._table(value, "metadata", place)
        name = self._text(metadata, "name", f"{place}: metadata")
        namespace = self._text(metadata, "namespace", f"{place}: metadata") or "default"
        for key, text in (("name", name), ("namespace", namespace)):
            if not _NAME.fullmatch(text):
                problem = f"{quoted(text)} is not a valid {key} of an entity" if text else "an entity needs a name"
                self.odd(f"{place}: metadata.{key}", f"{problem}; the document is left out")
                return None
        spec = self._table(value, "spec", place)
        return _Entity(place=place, kind=kind, name=name, namespace=namespace, metadata=metadata, spec=spec)

    def _keep(self, entity: _Entity) -> None:
        if entity.kind in _OWNERS:
            profile = self._table(entity.spec, "profile", f"{entity.place}: spec", inner=True)
            if display := self._text(profile, "displayName", f"{entity.place}: spec.profile"):
                self.displays.setdefault(entity.ref, display)
        elif entity.ref in self.components:
            first = self.components[entity.ref].place
            self.odd(f"{entity.place}: metadata.name", f"{quoted(entity.name)} is that of {first}, which holds")
        else:
            self.components[entity.ref] = entity

    def _location(self, spec: dict[str, Any], place: str) -> None:
        targets = spec.get("targets")
        if targets is not None and not isinstance(targets, list):
            self.odd(f"{place}: spec.targets", f"a list was expected, not {quoted(targets)}")
        found = [(f"spec.targets[{at}]", one) for at, one in enumerate(targets if isinstance(targets, list) else ())]
        if spec.get("target") is not None:
            found.insert(0, ("spec.target", spec["target"]))
        for inner, one in found[:_SHOWN_TARGETS]:
            text = quoted(without_secrets(one)) if isinstance(one, str) else quoted(one)
            self.odd(f"{place}: {inner}", f"{text} is not followed; ingest it by itself")
        if (more := len(found) - _SHOWN_TARGETS) > 0:
            self.odd(f"{place}: spec.targets", f"{more} more are not followed")

    def catalogue(self, path: str) -> Catalogue:
        services = tuple(self._service(one) for one in self.components.values())
        aliases = aliases_of(path, {}, self._names())
        return Catalogue(
            organisation=Organisation(source=path, services=services), aliases=aliases, problems=tuple(self.problems)
        )

    def _service(self, entity: _Entity) -> Service:
        place = f"{entity.place}: spec"
        said = [(key, self._text(entity.spec, key, place)) for key in ("type", "lifecycle", "system")]
        return Service(
            id=entity.service,
            company=self.company,
            owner=self._owner(entity, place),
            note=", ".join(f"{key} {self._short(text, key, entity)}" for key, text in said if text),
        )

    def _owner(self, entity: _Entity, place: str) -> str:
        """Return whom to call: `Payments Team (pay)` where the file gives the group a name, else `pay`."""
        text = self._text(entity.spec, "owner", place)
        ref = _reference(text, "group", entity.namespace)
        if not ref.name:
            if text or not entity.spec.get("owner"):  # of another type: noted above
                self.odd(
                    f"{place}.owner",
                    f"{quoted(entity.name)} has no owner" if not text else f"{quoted(text)} is not a valid owner",
                )
            return text
        short = self._short(text, "owner", entity)
        display = self.displays.get(ref)
        return f"{display} ({short})" if display and display != short else short

    @staticmethod
    def _short(text: str, key: str, entity: _Entity) -> str:
        """Return a reference `[kind:][namespace/]name` as people read it; other values as they are."""
        if key not in {"owner", "system"}:
            return text
        usual = "group" if key == "owner" else key
        ref = _reference(text, usual, entity.namespace)
        name = text.rpartition("/")[2].rpartition(":")[2]
        kind = "" if ref.kind == usual else f"{ref.kind}:"
        return f"{kind}{name}" if ref.namespace == "default" else f"{kind}{ref.namespace}/{name}"

    def _names(self) -> dict[ServiceId, tuple[str, ...]]:
        """Return the other names of each service, and note each name that several have."""
        places: defaultdict[str, list[str]] = defaultdict(list)
        pairs: list[tuple[str, ServiceId]] = []
        for entity in self.components.values():
            pairs.append((str(entity.service), entity.service))
            for inner, name in self._other_names(entity):
                pairs.append((name, entity.service))
                if name != entity.service:
                    places[name].append(f"{entity.place}: metadata.annotations.{inner}")
        names, clashes = settled(pairs)
        for clash in clashes:
            services = " and ".join(quoted(one) for one in clash.meanings[:3])
            for place in dict.fromkeys(places[clash.name]):
                self.odd(place, f"{quoted(clash.name)} cannot tell {services} apart; it is taken for neither")
        return names

    def _other_names(self, entity: _Entity) -> Iterator[tuple[str, str]]:
        place = f"{entity.place}: metadata"
        annotations = self._table(entity.metadata, "annotations", place, inner=True)
        for key in (_SLUG, *_PROJECTS):
            if text := self._text(annotations, key, f"{place}.annotations"):
                yield key, text
        if text := self._text(annotations, _SOURCE, f"{place}.annotations"):
            address = _address(text)
            if not address:
                self.odd(
                    f"{place}.annotations.{_SOURCE}",
                    f"{quoted(text.rpartition('@')[2])} is not the address of a source",
                )
                return
            yield _SOURCE, address
            if slug := _slug(address):
                yield _SOURCE, slug

    def _table(self, value: dict[str, Any], key: str, place: str, *, inner: bool = False) -> dict[str, Any]:
        """Return a mapping's mapping; empty where there is none. ``inner``: ``place`` leads to a key."""
        found = value.get(key)
        at = f"{place}.{key}" if inner else f"{place}: {key}"
        if found is None:
            return {}
        if not isinstance(found, dict):
            self.odd(at, f"a mapping was expected, not {quoted(found)}")
            return {}
        if "<<" in found:
            self.odd(at, "the merge key `<<` is not read")
        return found

    def _text(self, value: dict[str, Any], key: str, place: str) -> str:
        """Return a mapping's text, trimmed; empty where there is none."""
        found = value.get(key)
        if found is None or isinstance(found, str):
            return (found or "").strip()
        self.odd(f"{place}.{key}", f"text was expected, not {quoted(found)}")
        return ""


def _reference(text: str, kind: str, namespace: str) -> _Ref:
    """Return what a reference `[kind:][namespace/]name` means where an entity of ``namespace`` says it."""
    before, _, name = text.rpartition("/")
    word, colon, rest = (before or name).partition(":")
    if not colon:
        word, rest = kind, word
    return _Ref(word.lower(), (rest if before else namespace).lower(), (name if before else rest).lower())


def _address(text: str) -> str:
    """Return the address of a source location `url:https://...`, without secrets; empty for other types."""
    address = without_secrets(text.removeprefix("url:").strip()).rstrip("/")
    return address if address.lower().startswith(("https://", "http://")) else ""


def _slug(address: str) -> str:
    """Return `owner/repo` where an address leads to the top of a GitHub repository, else nothing.

    A folder inside one is no other name of the whole.
    """
    try:
        there = urlsplit(address)
    except ValueError:  # brackets that are no IPv6 address
        return ""
    parts = there.path.strip("/").split("/")
    is_top = len(parts) == 2 or (len(parts) == 4 and parts[2] == "tree")
    if not is_top or there.netloc.lower() != _GIT_HUB or not all(parts):
        return ""
    return f"{parts[0]}/{parts[1].removesuffix('.git')}"
