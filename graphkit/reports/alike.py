"""Services that are alike, for answers over fleets: those of which the same is said but for their own names.

Where nothing exposes them, the times of their builds are of no account, so that differ too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.model.answers import Blast, BuildVerdict, ServiceVerdict
from graphkit.model.names import ServiceId
from graphkit.model.ranks import Verdict

_NAME: Final = "\x00"
"""Stands for the path of a document in what is compared; no text of an answer has it in its place."""
_TIME: Final = "\x01"


class Alike(Struct):
    """Services that are alike: the first of them, and the names of all in their order."""

    first: ServiceVerdict
    names: list[ServiceId] = field(default_factory=list)


def alike(blast: Blast, services: Iterable[ServiceVerdict] | None = None) -> Iterator[Alike]:
    """Yield services, those that are alike together, in the order in which the first of each comes.

    ``services`` None: all of the answer. Cost: a pass over them; of each group the first and the names are held.
    """
    found: dict[object, Alike] = {}
    for one in blast.services if services is None else services:
        key = (_said_of(one), one.service in blast.external)
        if (known := found.get(key)) is None:
            known = found[key] = Alike(one)
        known.names.append(one.service)
    return iter(found.values())


def _said_of(one: ServiceVerdict) -> object:
    """Return all that is said of a service, its own names and times replaced."""
    is_timeless = one.verdict.rank >= Verdict.UNKNOWN.rank
    names = {build.document.path for build in one.builds if build.document}
    times = {str(build.at) for build in one.builds if build.at is not None} if is_timeless else set()
    blank = _Blank(sorted(names, key=len, reverse=True), sorted(times))
    builds = tuple(_build_of(build, blank, is_timeless=is_timeless) for build in one.builds)
    return replace(one, service=ServiceId(""), reason=blank(one.reason), builds=()), builds


class _Blank:
    """Replaces the names and times of a service in a text."""

    __slots__ = ("_names", "_times")

    def __init__(self, names: Iterable[str], times: Iterable[str]) -> None:
        self._names = tuple(names)
        self._times = tuple(times)

    def __call__(self, text: str) -> str:
        for name in self._names:
            text = text.replace(name, _NAME)
        for time in self._times:
            text = text.replace(time, _TIME)
        return text


def _build_of(one: BuildVerdict, blank: _Blank, *, is_timeless: bool) -> object:
    made = one.clearance
    proof = made and (
        made.kind,
        made.incident,
        made.assumes,
        tuple((e.obligation, e.word, blank(e.text)) for e in made.proof),
    )
    at = one.at is not None if is_timeless else one.at
    document = one.document and (one.document.repository, bool(one.document.file), bool(one.document.line))
    told = (one.verdict, blank(one.reason), one.basis, one.slots, one.paths, one.incident, one.missing, one.input)
    return told, proof, at, document, one.near, one.can_be_declared, one.of_script
