"""Several accounts of one organisation, joined into one by rules that no order of ingest changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields, replace

from graphkit.model.aliases import joined as joined_aliases
from graphkit.model.names import CompanyId, ServiceId
from graphkit.model.organisation import (
    USE_TIMES,
    Build,
    Company,
    CompleteFrom,
    DocumentUse,
    Organisation,
    Service,
    Word,
)
from graphkit.model.times import Moment

Fact = TypeVar("Fact", bound=Any)
Named = TypeVar("Named", DocumentUse, Build)


def joined(organisations: Iterable[Organisation], uses: Iterable[DocumentUse]) -> Organisation:
    """Return all organisations as one, each list sorted by its ids.

    Two sources about the same thing fill each other's gaps; where they differ, the one whose source
    name sorts first holds, and of two names of a service its own. What is said of tools adds up. What a company says of
    its services (that all builds are named, what tools make) is said of its own, and is in each of them. Services that
    only a use or a build names are there too, and each is known by the one name that aliases give it; a name on which
    aliases disagree is nobody's.
    """
    ordered = sorted(organisations, key=lambda one: one.source)
    aliases, _ = joined_aliases(one.aliases for one in ordered)
    named = {name: alias.service for alias in aliases.services for name in alias.names}
    given = [_use_said(use, one.source) for one in ordered for use in one.uses]
    all_uses = _merged_uses(_named([_renamed(use, named) for use in (*given, *uses)]))
    builds = _merged_builds(_renamed(_build_said(one, each.source), named) for each in ordered for one in each.builds)
    services = _renamed_services(ordered, named, {one.service for one in (*given, *uses)})
    services += [
        Service(id=name) for name in sorted({use.service for use in all_uses} | {build.service for build in builds})
    ]
    companies = _merged_companies(ordered)
    return Organisation(
        companies=companies,
        services=_merged_services(services, {one.id for one in companies if one.is_external is False}),
        uses=all_uses,
        builds=builds,
        supplies=tuple(sorted({supply for one in ordered for supply in one.supplies}, key=repr)),
        claims=_united((claim for one in ordered for claim in one.claims), lambda claim: claim.id),
        private_indexes=tuple(sorted({index for one in ordered for index in one.private_indexes})),
        private_packages=tuple(sorted({package for one in ordered for package in one.private_packages})),
        aliases=aliases,
    )


def _renamed_services(
    ordered: Sequence[Organisation], named: Mapping[str, ServiceId], used: AbstractSet[str]
) -> list[Service]:
    """Return services by the one name that aliases give each.

    The word about its builds, or on what tools make, that was said under another name or by the company of that name is
    about what had that name alone: it holds where it was said under each name under which documents or builds are
    known. ``used``: those with documents. Other words of a service cross from name to name within one company alone.
    """
    companies = _merged_companies(ordered)
    told = [service for one in ordered for service in one.services]
    run_by: dict[ServiceId, set[CompanyId]] = {}
    for one in told:
        if one.company is not None:
            run_by.setdefault(named.get(one.id, one.id), set()).add(one.company)
    by_id = {one.id: one for one in companies}
    told = [_with_words_of_companies(one, run_by.get(named.get(one.id, one.id), ()), by_id) for one in told]
    names: dict[ServiceId, set[str]] = {}
    for name in {*used, *(build.service for one in ordered for build in one.builds)}:
        names.setdefault(named.get(name, ServiceId(name)), set()).add(name)
    closed = {one.id for one in told if one.builds_complete}
    unbuilt = {one.id for one in told if one.is_never_built}
    complete: dict[CompleteFrom, set[str]] = {}
    for one in told:
        for tool in one.complete_from:
            complete.setdefault(tool, set()).add(one.id)
    found = []
    for one in told:
        service = named.get(one.id, one.id)
        is_other = service != one.id
        if is_other:
            known = names.get(service, set())
            one = replace(  # noqa: PLW2901 - less of the same
                one if len(run_by.get(service, ())) < 2 else _without_words(one),
                builds_complete=one.builds_complete and (service in closed or known <= closed),
                is_never_built=one.is_never_built and (service in unbuilt or known <= unbuilt),
                complete_from=tuple(
                    tool for tool in one.complete_from if service in complete[tool] or known <= complete[tool]
                ),
            )
        found.append((is_other, replace(one, id=service)))
    return [one for _, one in sorted(found, key=itemgetter(0))]


def _without_words(one: Service) -> Service:
    """Return who runs a service, without what is said of how it is installed."""
    return Service(id=one.id, company=one.company, owner=one.owner, note=one.note, is_external=one.is_external)


def _with_words_of_companies(
    one: Service, run_by: Collection[CompanyId], companies: Mapping[CompanyId, Company]
) -> Service:
    """Return what was told of a service with what its company says of all of its own.

    Of a service that several companies are told to run, each has to say it.
    """
    if one.company is None or not all(name in companies for name in run_by):
        return one
    told = [companies[name] for name in run_by]
    first = companies[one.company]
    tools = [tool for tool in first.complete_from if all(tool in each.complete_from for each in told)]
    return replace(
        one,
        builds_complete=one.builds_complete or all(each.builds_complete for each in told),
        complete_from=tuple(dict.fromkeys((*one.complete_from, *tools))),
    )


def _use_said(use: DocumentUse, source: str) -> DocumentUse:
    """Return a use of an organisation file with the words that its times are; one that has its words is as it is."""
    said = tuple(Word(name, source) for name in USE_TIMES if getattr(use, name) is not None)
    return use if use.words or not said else replace(use, words=said)


def _build_said(build: Build, source: str) -> Build:
    """Return a build that an organisation file names, with that it is its word."""
    return build if build.words else replace(build, words=(Word("builds", source),))


def _merged_companies(organisations: Iterable[Organisation]) -> tuple[Company, ...]:
    """Return companies, each once: it is somebody else's only where everybody says so who says whose it is."""
    told = [company for one in organisations for company in one.companies]
    said: dict[CompanyId, set[bool | None]] = {}
    for one in told:
        said.setdefault(one.id, set()).add(one.is_external)
    united = _united(told, lambda company: company.id)
    whose = {name: None if told_of == {None} else False not in told_of for name, told_of in said.items()}
    return tuple(replace(one, is_external=whose[one.id]) for one in united)


def _merged_services(found: Sequence[Service], own: AbstractSet[CompanyId]) -> tuple[Service, ...]:
    """Return services, each once, with all that is said of what tools make: a company and a file may both say some.

    The word of one account that a service is somebody else's does not hide the service of another one, which says that
    it is the reader's own, or that one of the companies runs it that are his ``own``.
    """
    tools: dict[ServiceId, dict[CompleteFrom, None]] = {}
    kept: set[ServiceId] = set()
    for one in found:
        if one.complete_from:
            tools.setdefault(one.id, {}).update(dict.fromkeys(one.complete_from))
        if one.is_external is False or (one.is_external is None and one.company in own):
            kept.add(one.id)
    united = _united(found, lambda service: service.id)
    united = tuple(replace(one, complete_from=tuple(tools[one.id])) if one.id in tools else one for one in united)
    return tuple(replace(one, is_external=False) if one.is_external and one.id in kept else one for one in united)


def _merged_builds(found: Iterable[Build]) -> tuple[Build, ...]:
    """Return builds, those of one service and time as one, which is the word of all who tell of it."""
    told = list(found)
    words: dict[tuple[str, Moment], set[Word]] = {}
    for one in told:
        words.setdefault((one.service, one.at), set()).update(one.words)
    united = _united(told, lambda build: (build.service, build.at))
    return tuple(replace(one, words=tuple(sorted(words[one.service, one.at]))) for one in united)


def _renamed(fact: Named, names: Mapping[str, ServiceId]) -> Named:
    known = names.get(fact.service)
    return fact if known is None else replace(fact, service=known)


def _united(found: Iterable[Fact], key: Callable[[Fact], Hashable]) -> tuple[Fact, ...]:
    groups: dict[Any, list[Fact]] = {}
    for one in found:
        groups.setdefault(key(one), []).append(one)
    return tuple(_filled(groups[one]) for one in sorted(groups))


def _filled(accounts: Sequence[Fact]) -> Fact:
    """Return the first account, its gaps (fields at their default) filled from the next ones."""
    first = accounts[0]
    if len(accounts) == 1:
        return first
    known: dict[str, Any] = {}
    for name, default in _defaults_of(first.__class__):
        if getattr(first, name) == default:
            values = (getattr(one, name) for one in accounts[1:])
            known[name] = next((value for value in values if value != default), default)
    return replace(first, **known) if known else first


@cache
def _defaults_of(kind: type[Struct]) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a class that have a default, with that; msgspec reads its annotations anew each time."""
    return tuple((field.name, field.default) for field in fields(kind) if field.default is not NODEFAULT)


def _named(uses: Sequence[DocumentUse]) -> list[DocumentUse]:
    """Return uses without those that were only derived from a document whose service is known.

    What a person named is the document, wherever it lies; what lies in a folder of a service is that file alone.
    """
    named = {use.document for use in uses if not (use.derived or use.by_folder)}
    placed = {(use.document, use.repository, use.path) for use in uses if use.by_folder}
    return [
        use
        for use in uses
        if not use.derived or not (use.document in named or (use.document, use.repository, use.path) in placed)
    ]


def _merged_uses(uses: Sequence[DocumentUse]) -> tuple[DocumentUse, ...]:
    """Return uses, those of one service, document and time as one; equal inputs at two paths of a repository are two.

    A use without any time says nothing that a dated use of the same document does not, so it joins
    each of them.
    """
    groups: dict[tuple[str, str], dict[_When, list[DocumentUse]]] = {}
    for use in uses:
        path = use.path if use.repository else ""
        times = (_known(use.built_at), _known(use.stands_from), use.repository, use.branch, path)
        groups.setdefault((use.service, use.document), {}).setdefault(times, []).append(use)
    merged = []
    for _, dated in sorted(groups.items()):
        for when in [one for one in dated if one[:2] == (_UNKNOWN, _UNKNOWN) and not one[3]]:
            others = [one for one in dated if one != when and when[2] in {"", one[2]} and when[4] in {"", one[4]}]
            if others:
                undated = dated.pop(when)
                for other in others:
                    dated[other] = [*dated[other], *undated]
        merged += [_merged_use(found) for _, found in sorted(dated.items())]
    return tuple(merged)


def _known(at: Moment | None) -> Moment:
    return _UNKNOWN if at is None else at


_When = tuple[Moment, Moment, str, str, str]
_UNKNOWN = Moment(earliest=-(2**63), latest=-(2**63))


def _merged_use(found: Sequence[DocumentUse]) -> DocumentUse:
    """The earliest end and the latest reading hold, but what another account read after an end had not ended."""
    latest = max((use.read_at for use in found if use.read_at is not None), default=None)
    lasting = max((use.read_at for use in found if use.read_at is not None and use.stands_until is None), default=None)
    known = (use.stands_until for use in found if use.stands_until is not None)
    ends = [end for end in known if lasting is None or end.latest >= lasting.earliest]
    held = {name: getattr(found[0], name) for name in USE_TIMES}
    held |= {"stands_until": min(ends, default=None), "read_at": latest}
    return replace(
        found[0],
        path=min((use.path for use in found if use.path), default=""),
        stands_until=min(ends, default=None),
        read_at=latest,
        is_first=any(use.is_first for use in found),
        is_last=any(use.is_last for use in found),
        is_complete=any(use.is_complete for use in found),
        derived=all(use.derived for use in found),
        by_folder=all(use.by_folder for use in found),
        note="; ".join(sorted({use.note for use in found if use.note})),
        sources=tuple(sorted({source for use in found for source in use.sources})),
        words=tuple(sorted({one for use in found for one in use.words if held[one.time] == getattr(use, one.time)})),
    )
