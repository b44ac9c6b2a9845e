"""The parts of a CycloneDX BOM that graphkit reads, as typed structs; sloppy BOMs are put into the same shape."""

from __future__ import annotations

from typing import Any

import msgspec

from graphkit.formats.decoding import shaped_json
from graphkit.formats.diagnostics import Diagnostics

_Texts = list[str] | None


class Hash(msgspec.Struct):
    """A digest and its algorithm."""

    alg: str | None = None
    content: str | None = None


class Reference(msgspec.Struct):
    """An external reference: what it hashes counts, the file that its URL names, and whether it leads to a BOM."""

    type: str | None = None
    url: str | None = None
    hashes: list[Hash] | None = None


class Method(msgspec.Struct):
    """How a conclusion was come to: ``value`` is what was looked at, such as a file or its name."""

    value: str | None = None


class Conclusion(msgspec.Struct):
    """What evidence says of an identity of a component, such as its ``purl``, ``name`` or ``hash``.

    ``tools`` are refs to what came to it.
    """

    field: str | None = None
    value: str | None = msgspec.field(default=None, name="concludedValue")
    methods: list[Method] | None = None
    tools: _Texts = None


class Occurrence(msgspec.Struct):
    """Where a component was found."""

    location: str | None = None


class Frame(msgspec.Struct):
    """A call through which a component is used, and the file that it is in."""

    file: str | None = msgspec.field(default=None, name="fullFilename")


class Callstack(msgspec.Struct):
    """The calls through which a component is used."""

    frames: list[Frame] | None = None


class Evidence(msgspec.Struct):
    """The evidence for a component: one conclusion in 1.5, several since. A purl here is not of the schema."""

    identity: list[Conclusion] | Conclusion | None = None
    purl: str | None = None
    occurrences: list[Occurrence] | None = None
    callstack: Callstack | None = None


class Part(msgspec.Struct):
    """A component, with those nested in it."""

    ref: str | None = msgspec.field(default=None, name="bom-ref")
    type: str | None = None
    name: str | None = None
    version: str | None = None
    purl: str | None = None
    group: str | None = None
    scope: str | None = None
    external: bool | None = msgspec.field(default=None, name="isExternal")
    version_range: str | None = msgspec.field(default=None, name="versionRange")
    hashes: list[Hash] | None = None
    references: list[Reference] | None = msgspec.field(default=None, name="externalReferences")
    evidence: Evidence | None = None
    cpe: str | None = None
    pedigree: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    swid: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    data: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    model: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="modelCard")
    components: list[Part] | None = None


class Service(msgspec.Struct):
    """A service, which dependencies may name too; they nest. The schema gives them no components, some tools do."""

    ref: str | None = msgspec.field(default=None, name="bom-ref")
    name: str | None = None
    version: str | None = None
    references: list[Reference] | None = msgspec.field(default=None, name="externalReferences")
    data: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    services: list[Service] | None = None
    components: list[Part] | None = None


class Phase(msgspec.Struct):
    """A life-cycle phase (since 1.5)."""

    phase: str | None = None


class Tools(msgspec.Struct):
    """Tools as an object (since 1.5), in the place of a list."""

    components: list[Part] | None = None
    services: list[Service] | None = None


class Metadata(msgspec.Struct):
    """What the BOM says of itself."""

    timestamp: str | None = None
    component: Part | None = None
    lifecycles: list[Phase] | None = None
    tools: list[Part] | Tools | None = None


class Dependency(msgspec.Struct, gc=False):
    """A component, what it depends on, and what it provides an implementation of (since 1.6)."""

    ref: str | None = None
    targets: _Texts = msgspec.field(default=None, name="dependsOn")
    provided: _Texts = msgspec.field(default=None, name="provides")


class Composition(msgspec.Struct):
    """How complete parts of the BOM are. A ref that cannot be read is empty, so that something stays named."""

    aggregate: str | None = None
    assemblies: _Texts = None
    dependencies: _Texts = None
    vulnerabilities: _Texts = None


BESIDE = ("formulation", "vulnerabilities", "annotations", "declarations", "definitions", "citations")
"""Parts of a BOM that are not its list of components and can name some; they are looked through as they are."""


class Bom(msgspec.Struct):
    """A whole BOM; for the fields that hold bytes see `BESIDE`."""

    spec: str | None = msgspec.field(default=None, name="specVersion")
    metadata: Metadata | None = None
    components: list[Part] | None = None
    services: list[Service] | None = None
    dependencies: list[Dependency] | None = None
    compositions: list[Composition] | None = None
    references: list[Reference] | None = msgspec.field(default=None, name="externalReferences")
    formulation: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    vulnerabilities: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    annotations: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    declarations: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    definitions: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    citations: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


_DECODER = msgspec.json.Decoder(Bom)


def decode(data: bytes, diagnostics: Diagnostics) -> Bom:
    """Return a BOM. Where a value has a type that the schema does not allow, that value alone is noted and left out.

    Cost: one pass, a few ms per MB; a BOM against the schema takes a second one.

    Raises:
        InputError: the bytes are no JSON (RFC 8259; it has no NaN), or nested too deep.
    """
    return shaped_json(data, _DECODER, shaped, diagnostics)


def shaped(loose: dict[str, Any], diagnostics: Diagnostics) -> Bom:
    """Return a BOM from its JSON form, decoded; a value of a type that the schema does not allow is left out, noted."""
    meta = diagnostics.table(loose.get("metadata"), "metadata")
    subject = meta.get("component")
    metadata = Metadata(
        timestamp=diagnostics.text(meta.get("timestamp"), "metadata.timestamp"),
        component=_parts([subject], "metadata.component", diagnostics)[0] if isinstance(subject, dict) else None,
        lifecycles=[
            Phase(phase=diagnostics.text(row.get("phase"), f"{place}.phase"))
            for place, row in _tables(meta, "lifecycles", "metadata.", diagnostics)
        ],
        tools=_tools(meta.get("tools"), diagnostics),
    )
    if subject is not None and not isinstance(subject, dict):
        diagnostics.table(subject, "metadata.component")
    return Bom(
        spec=diagnostics.text(loose.get("specVersion"), "specVersion"),
        metadata=metadata,
        components=_parts(diagnostics.array(loose.get("components"), "components"), "", diagnostics),
        services=_services(loose.get("services"), diagnostics),
        dependencies=[
            Dependency(
                ref=diagnostics.text(row.get("ref"), f"{place}.ref"),
                targets=_texts(row, "dependsOn", place, diagnostics),
                provided=_texts(row, "provides", place, diagnostics),
            )
            for place, row in _tables(loose, "dependencies", "", diagnostics)
        ],
        compositions=[
            Composition(
                aggregate=diagnostics.text(row.get("aggregate"), f"{place}.aggregate"),
                assemblies=_texts(row, "assemblies", place, diagnostics),
                dependencies=_texts(row, "dependencies", place, diagnostics),
                vulnerabilities=_texts(row, "vulnerabilities", place, diagnostics),
            )
            for place, row in _tables(loose, "compositions", "", diagnostics)
        ],
        references=_references(loose, "", diagnostics),
        **{key: _raw(loose.get(key)) for key in BESIDE},
    )


def _tools(value: Any, diagnostics: Diagnostics) -> list[Part] | Tools | None:
    """Return the tools of a loose BOM, in either form."""
    if isinstance(value, dict):
        rows = diagnostics.array(value.get("components"), "metadata.tools.components")
        parts = _parts(rows, "", diagnostics, "metadata.tools.components")
        return Tools(
            components=parts, services=_services(value.get("services"), diagnostics, "metadata.tools.services")
        )
    return (
        _parts(diagnostics.array(value, "metadata.tools"), "", diagnostics, "metadata.tools")
        if value is not None
        else None
    )


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw() if value is None else msgspec.Raw(msgspec.json.encode(value, enc_hook=float))


def _references(row: dict[str, Any], prefix: str, diagnostics: Diagnostics) -> list[Reference]:
    return [
        Reference(
            type=diagnostics.text(one.get("type"), f"{where}.type"),
            url=diagnostics.text(one.get("url"), f"{where}.url"),
            hashes=_hashes(one, where, diagnostics),
        )
        for where, one in _tables(row, "externalReferences", prefix, diagnostics)
    ]


def _tables(owner: dict[str, Any], key: str, prefix: str, diagnostics: Diagnostics) -> list[tuple[str, dict[str, Any]]]:
    rows = diagnostics.array(owner.get(key), f"{prefix}{key}")
    placed = [(f"{prefix}{key}[{i}]", row) for i, row in enumerate(rows)]
    return [(place, diagnostics.table(row, place)) for place, row in placed if not _is_stray(row, place, diagnostics)]


def _is_stray(row: Any, place: str, diagnostics: Diagnostics) -> bool:
    if isinstance(row, dict):
        return False
    diagnostics.add(place, "is not an object; left out", lost=True)
    return True


def _texts(owner: dict[str, Any], key: str, place: str, diagnostics: Diagnostics) -> _Texts:
    if owner.get(key) is None:
        return None
    rows = diagnostics.array(owner[key], f"{place}.{key}")
    return [diagnostics.text(row, f"{place}.{key}[{i}]") for i, row in enumerate(rows)]


def _parts(rows: list[Any], place: str, diagnostics: Diagnostics, listed: str = "components") -> list[Part]:
    """Return components from loose rows, nested ones too, without recursion."""
    found: list[Part] = []
    waiting: list[tuple[list[Part], Any, str]] = [(found, row, place or f"{listed}[{i}]") for i, row in enumerate(rows)]
    for into, row, where in waiting:
        if _is_stray(row, where, diagnostics):
            continue
        inner: list[Part] = []
        into.append(_part(row, where, inner, diagnostics))
        nested = diagnostics.array(row.get("components"), f"{where}.components")
        waiting.extend((inner, one, deeper(where, i)) for i, one in enumerate(nested))
    return found


_RAW = (("pedigree", "pedigree"), ("swid", "swid"), ("data", "data"), ("model", "modelCard"))


def _part(row: dict[str, Any], place: str, inner: list[Part], diagnostics: Diagnostics) -> Part:
    def text(key: str) -> str | None:
        return diagnostics.text(row.get(key), f"{place}.{key}") or None

    external = row.get("isExternal")
    return Part(
        ref=text("bom-ref"),
        type=text("type"),
        name=text("name"),
        version=diagnostics.version(row.get("version"), f"{place}.version") or None,
        purl=text("purl"),
        group=text("group"),
        scope=text("scope"),
        external=external if isinstance(external, bool) else None,
        version_range=text("versionRange"),
        hashes=_hashes(row, place, diagnostics),
        references=_references(row, f"{place}.", diagnostics),
        cpe=text("cpe"),
        **{name: _raw(row.get(key)) for name, key in _RAW},
        evidence=_evidence(row.get("evidence"), f"{place}.evidence", diagnostics),
        components=inner,
    )


def part_of(row: dict[str, Any], place: str, diagnostics: Diagnostics) -> Part:
    """Return a component of a loose BOM without those nested in it."""
    return _part(row, place, [], diagnostics)


def _evidence(value: Any, place: str, diagnostics: Diagnostics) -> Evidence:
    evidence = diagnostics.table(value, place)
    told = evidence.get("identity")
    identities = {"identity": [told] if isinstance(told, dict) else told}
    return Evidence(
        identity=[
            Conclusion(
                field=diagnostics.text(one.get("field"), f"{where}.field"),
                value=diagnostics.text(one.get("concludedValue"), f"{where}.concludedValue"),
                methods=[
                    Method(value=diagnostics.text(method.get("value"), f"{at}.value"))
                    for at, method in _tables(one, "methods", f"{where}.", diagnostics)
                ],
                tools=_texts(one, "tools", where, diagnostics),
            )
            for where, one in _tables(identities, "identity", f"{place}.", diagnostics)
        ],
        purl=diagnostics.text(evidence.get("purl"), f"{place}.purl"),
        occurrences=[
            Occurrence(location=diagnostics.text(one.get("location"), f"{where}.location"))
            for where, one in _tables(evidence, "occurrences", f"{place}.", diagnostics)
        ],
        callstack=Callstack(
            frames=[
                Frame(file=diagnostics.text(one.get("fullFilename"), f"{where}.fullFilename"))
                for where, one in _tables(
                    diagnostics.table(evidence.get("callstack"), f"{place}.callstack"),
                    "frames",
                    f"{place}.callstack.",
                    diagnostics,
                )
            ]
        ),
    )


def _hashes(row: dict[str, Any], place: str, diagnostics: Diagnostics) -> list[Hash]:
    return [
        Hash(
            alg=diagnostics.text(one.get("alg"), f"{where}.alg"),
            content=diagnostics.text(one.get("content"), f"{where}.content"),
        )
        for where, one in _tables(row, "hashes", f"{place}.", diagnostics)
    ]


def _services(value: Any, diagnostics: Diagnostics, listed: str = "services") -> list[Service]:
    """Return every service of a loose BOM in one flat list."""
    found: list[Service] = []
    waiting = list(diagnostics.array(value, listed))
    for number, one in enumerate(waiting):
        if isinstance(one, dict):
            place = f"{listed}[{number}]"
            parts = _parts(
                diagnostics.array(one.get("components"), f"{place}.components"), "", diagnostics, f"{place}.components"
            )
            ref, name, version = (text if isinstance(text := one.get(key), str) else None for key in _OF_SERVICE)
            references, data = _references(one, f"{place}.", diagnostics), _raw(one.get("data"))
            found.append(
                Service(ref=ref, name=name, version=version, references=references, data=data, components=parts)
            )
            nested = one.get("services")
            waiting.extend(nested if isinstance(nested, list) else ())
    return found


_OF_SERVICE = ("bom-ref", "name", "version")


def deeper(place: str, number: int) -> str:
    """Return the place of a nested component; far down, the place of an ancestor stands for all below it."""
    if place.endswith(" and below"):
        return place
    return f"{place}.components[{number}]" if len(place) < 1_000 else f"{place} and below"
