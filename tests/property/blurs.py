"""What somebody may not know of a fleet: each blur takes a fact away, or makes it less precise.

Contract: docs/semantics.md#law-10.

Inputs, builds and later states stay: without them the question would be another.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from graphkit.model.documents import Completeness, Component, Document, DocumentKind
from graphkit.model.index import File, ProjectPage
from graphkit.model.times import Moment
from tests.property.fleets import HOUR, Fleet

Blur = Callable[[Fleet, random.Random], Fleet | None]
"""Gives a fleet with less known, None where it has no such fact."""
_T = TypeVar("_T")


def _one(draw: random.Random, of: Sequence[_T], change: Callable[[_T], _T | None]) -> tuple[_T, ...] | None:
    """Return the sequence with one of its members changed, None where no change changes any."""
    able = [number for number, one in enumerate(of) if change(one) not in {None, one}]
    if not able:
        return None
    at = draw.choice(able)
    changed = change(of[at])
    assert changed is not None
    return (*of[:at], changed, *of[at + 1 :])


def zoneless(at: Moment | None) -> Moment | None:
    """Return a time without its zone."""
    return at and Moment(earliest=at.earliest - 14 * HOUR, latest=at.latest + 12 * HOUR)


def day_of(at: Moment | None) -> Moment | None:
    """Return a time without its time of day: any instant of the days that it may lie in, in any zone."""
    if at is None:
        return None
    day = 24 * HOUR
    return Moment(earliest=at.earliest // day * day - 14 * HOUR, latest=(at.latest // day + 1) * day + 12 * HOUR - 1)


def _field(kind: str, name: str, value: object = None) -> Blur:
    """Give a blur that sets a field of one of the fleet's uses, builds or services, or changes what it says."""

    def blur(fleet: Fleet, draw: random.Random) -> Fleet | None:
        members: Sequence[Any] = getattr(fleet, kind)

        def change(one: Any) -> Any:
            return replace(one, **{name: value(getattr(one, name)) if callable(value) else value})

        found = _one(draw, members, change)
        return replace(fleet, **{kind: found}) if found else None

    return blur


def _page(change: Callable[[ProjectPage], ProjectPage | None]) -> Blur:
    def blur(fleet: Fleet, draw: random.Random) -> Fleet | None:
        found = _one(draw, fleet.pages, change)
        return replace(fleet, pages=found) if found else None

    return blur


def _no_page(fleet: Fleet, draw: random.Random) -> Fleet | None:
    if not fleet.pages:
        return None
    lost = draw.choice(fleet.pages)
    return replace(fleet, pages=tuple(one for one in fleet.pages if one is not lost))


def _file(change: Callable[[File], File]) -> Blur:
    def blur(fleet: Fleet, draw: random.Random) -> Fleet | None:
        names = [file.filename for page in fleet.pages for one in page.releases for file in one.files]
        if not names:
            return None
        name = draw.choice(names)

        def changed(page: ProjectPage) -> ProjectPage:
            return replace(
                page,
                releases=tuple(
                    replace(one, files=tuple(change(file) if file.filename == name else file for file in one.files))
                    for one in page.releases
                ),
            )

        return replace(fleet, pages=tuple(map(changed, fleet.pages)))

    return blur


def _no_metadata(fleet: Fleet, draw: random.Random) -> Fleet | None:
    known = sorted(key for key, texts in fleet.requirements.items() if texts is not None)
    if not known:
        return None
    lost = draw.choice(known)
    return replace(fleet, requirements={**fleet.requirements, lost: None}, unreadable=fleet.unreadable - {lost})


def _unreadable(fleet: Fleet, draw: random.Random) -> Fleet | None:
    known = sorted(key for key, texts in fleet.requirements.items() if texts is not None)
    return replace(fleet, unreadable=fleet.unreadable | {draw.choice(known)}) if known else None


def _no_incident_time(fleet: Fleet, draw: random.Random) -> Fleet | None:
    found = _one(
        draw,
        fleet.incidents,
        lambda one: replace(one, releases=tuple(replace(release, listed_from=None) for release in one.releases)),
    )
    return replace(fleet, incidents=found) if found else None


def _row(change: Callable[[Component], Component]) -> Blur:
    def blur(fleet: Fleet, draw: random.Random) -> Fleet | None:
        def changed(document: Document) -> Document | None:
            rows = _one(draw, document.components, change)
            return replace(document, components=rows) if rows else None

        found = _one(draw, fleet.documents, changed)
        return replace(fleet, documents=found) if found else None

    return blur


def _one_mark_less(one: Completeness) -> Completeness:
    return Completeness.UNKNOWN if one is Completeness.COMPLETE else Completeness.INCOMPLETE


def _one_document(change: Callable[[Document], Document]) -> Blur:
    def blur(fleet: Fleet, draw: random.Random) -> Fleet | None:
        found = _one(draw, fleet.documents, change)
        return replace(fleet, documents=found) if found else None

    return blur


def _less_complete(one: Document) -> Document:
    if one.kind is DocumentKind.MANIFEST:  # nobody reads that a manifest is perhaps complete
        return replace(one, completeness=Completeness.INCOMPLETE)
    return replace(one, completeness=_one_mark_less(one.completeness))


BLURS: Final[Mapping[str, Blur]] = {
    "a page": _no_page,
    "a page read earlier": _page(lambda one: replace(one, read_at=one.read_at - 1_000 * HOUR)),
    "metadata": _no_metadata,
    "a requirement": _unreadable,
    "an upload time": _file(lambda one: replace(one, uploaded=None)),
    "a file's hash": _file(lambda one: replace(one, sha256="")),
    "when a release was listed": _no_incident_time,
    "a completeness mark": _one_document(_less_complete),
    "what a listing records": _one_document(lambda one: replace(one, covers_python=False)),
    "a tool's name": _one_document(lambda one: replace(one, generator=())),
    "what a lock was made from": _one_document(lambda one: replace(one, governs=())),
    "a document's own time": _one_document(lambda one: replace(one, created=None)),
    "the zone of a document's time": _one_document(lambda one: replace(one, created=zoneless(one.created))),
    "the hour of a document's time": _one_document(lambda one: replace(one, created=day_of(one.created))),
    "a version": _row(lambda one: replace(one, version="", purl="", sha256=())),
    "a hash": _row(lambda one: replace(one, sha256=())),
    "a purl": _row(lambda one: replace(one, package=None, purl="")),
    **{
        f"{what} of {name}": _field("uses", name, change)
        for name in ("stands_from", "stands_until", "read_at", "built_at")
        for what, change in (("all", None), ("the zone", zoneless), ("the hour", day_of))
        if (what, name) not in {("all", "stands_until"), ("all", "built_at")}
    },
    **{
        f"the word {name} of a use": _field("uses", name, value=False)
        for name in ("is_first", "is_last", "is_complete")
    },
    **{
        f"{what} of a build's {name}": _field("builds", name, change)
        for name in ("started", "ended")
        for what, change in (("all", None), ("the zone", zoneless), ("the hour", day_of))
    },
    "the zone of a build": _field("builds", "at", zoneless),
    "the hour of a build": _field("builds", "at", day_of),
    "the word builds_complete": _field("services", "builds_complete", value=False),
    "the word builds: none": _field("services", "is_never_built", value=False),
    "the word extras": _field("services", "extras", None),
    "the word groups": _field("services", "groups", None),
    "the word index": _field("services", "index", ""),
    "the word complete_from": _field("services", "complete_from", ()),
    "the word resolver": _field("services", "resolver", ""),
    "the word environment": _field("services", "environment", None),
}
"""Every kind of blur by what it takes away.

Where ``built_at`` is taken from a lock it is a state of an input and no build any more, and where ``stands_until`` is
taken away a later state is: both change the question. So does ``installs_from``, which says what the inputs are.
"""
