"""Bars: what binds every resolution of an input and admits no accused release (docs/semantics.md#proof-by-a-bar).

A bar settles an input whatever else is unread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.model.answers import Obligation
from graphkit.model.names import PackageName, named_by_file
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant, rfc3339
from graphkit.model.versions import release_version
from graphkit.trace.resolve.manifests import truth_of
from graphkit.trace.verdicts.clearance import OpenObligation, ProofStep, fact
from graphkit.trace.verdicts.context import (
    ServiceContext,
)
from graphkit.trace.verdicts.install_requests import InstallRequest, private_of


def barred(context: ServiceContext, request: InstallRequest, span: tuple[Instant, Instant]) -> Iterator[ProofStep]:
    """Yield obligations (e) and (o): what binds every resolution admits no accused release."""
    if request.barring:
        yield request.barring
        return
    if gap := _elsewhere(context, request):
        yield gap
        return
    yield fact(Obligation.INDEXES, "the accused name does not come from a private index")
    yield _all_shut(context, request, span)


def _elsewhere(context: ServiceContext, request: InstallRequest) -> OpenObligation | None:
    """Return that an accused name may come from where no range binds it: a private index, or a URL; None if not."""
    accused = context.accused
    if private := private_of(context, request) + sorted(accused.private_packages & accused.packages):
        text = f"the accused name may come from a private index ({private[0]})"
        return OpenObligation(obligation=Obligation.INDEXES, text=text)
    if by_url := [one for one in request.document.requirements if _named_by_url(one) in accused.packages]:
        text = f"{request.path} asks for {by_url[0]}, which no range binds"
        return OpenObligation(obligation=Obligation.BARRED, text=text)
    return None


def _all_shut(context: ServiceContext, request: InstallRequest, span: tuple[Instant, Instant]) -> ProofStep:
    """Return that everything accused is shut out, or the first of it that is not."""
    beyond = context.accused.beyond_packages
    shut: list[str] = []
    for package, ranges in sorted(_accused_ranges(context).items()):
        bar = _bar_of(context, request, package, ranges, span)
        if bar is None:
            return OpenObligation(obligation=Obligation.BARRED, text=f"nothing in {request.path} bars {package}")
        shut.append(bar)
    if not shut or beyond:
        text = f"nothing in {request.path} excludes {beyond or 'the accused releases'}"
        return OpenObligation(obligation=Obligation.BARRED, text=text)
    return fact(Obligation.BARRED, f"{request.path} requires {' and '.join(shut)}")


def _bar_of(
    context: ServiceContext,
    request: InstallRequest,
    package: PackageName,
    ranges: Sequence[SpecifierSet],
    span: tuple[Instant, Instant],
) -> str | None:
    """Return what shuts out every accused release of a package; None where nothing does, or a URL is asked for."""
    bars = [one for one in request.binding if one.package == package and _binds(context, request, one)]
    if instead := request.guards.overrides_of(package):
        bars = [one for one in bars if one not in request.document.requirements]
        bar = _overriding(context, request, instead, bars, ranges)
    else:
        bar = next(_barring(bars, ranges), None)
    return None if any(one.url for one in bars) else bar or _cut_off(context, request, package, span)


def _overriding(
    context: ServiceContext,
    request: InstallRequest,
    instead: Sequence[Requirement],
    constraints: Sequence[Requirement],
    ranges: Sequence[SpecifierSet],
) -> str | None:
    """Return that what replaces every requirement of a package admits no accused version; None if it does.

    Where no override of it applies, nothing asks for the package, so each has to bar by itself, with the constraints.
    """
    world = context.union(request.requires_python)
    applied = [one for one in instead if world.evaluator.truth(one.marker) is not False]
    if any(one.url or next(_barring((one, *constraints), ranges), None) is None for one in applied):
        return None
    told = " and ".join(f"{one.package}{one.specifier}" for one in applied)
    return f"{told} (override)" if told else f"no {instead[0].package} (its requirements are overridden or excluded)"


def _named_by_url(one: Requirement) -> PackageName | None:
    """Return of which package the file is that a URL requirement names, whatever the requirement calls it."""
    if not one.url:
        return None
    found = named_by_file(unquote(one.url.partition("#")[0].partition("?")[0].rpartition("/")[2]))
    return found[0] if found else None


def _cut_off(
    context: ServiceContext, request: InstallRequest, package: PackageName, span: tuple[Instant, Instant]
) -> str | None:
    """Return that a cut-off keeps every accused file of a package out at every instant of a stretch; None if not.

    All accounts of when they were uploaded have to be known. What is asked for by URL no cut-off keeps out.
    """
    cut_off, first = request.guards.cut_off_of(package), context.first_uploads.get(package)
    is_by_url = any(one.url for one in request.binding if one.package == package)
    if cut_off is None or first is None or is_by_url or cut_off.latest(span[1] - 1) > first:
        return None
    before = rfc3339(cut_off.latest(span[1] - 1))
    return (
        f"files of {package} from before {before} (its cut-off is {cut_off.text!r}; the first accused one was uploaded "
        f"at {rfc3339(first)})"
    )


def _barring(bars: Sequence[Requirement], ranges: Sequence[SpecifierSet]) -> Iterator[str]:
    """Yield what together leaves no accused version: one requirement where one is enough, else all of them."""
    for one in bars:
        if _is_disjoint(one.specifier, ranges):
            yield f"{one.package}{one.specifier}"
    joined = ",".join(one.specifier for one in bars if one.specifier)
    if joined and _is_disjoint(joined, ranges):
        yield f"{bars[0].package}{joined}"


def _is_disjoint(specifier: str, ranges: Sequence[SpecifierSet]) -> bool:
    try:
        own = SpecifierSet(specifier)
        if exact := [clause for clause in own if clause.operator == "==="]:
            version = release_version(exact[0].version).parsed  # compared as text: no other spelling is taken
            return version is not None and not any(one.contains(version, prereleases=True) for one in ranges)
        return bool(own) and all(own.to_range().is_disjoint(one.to_range()) for one in ranges)
    except InvalidSpecifier:
        return False


def _accused_ranges(context: ServiceContext) -> dict[PackageName, list[SpecifierSet]]:
    """Return what is accused of each package as ranges; what PEP 440 cannot read is never chosen."""
    found: dict[PackageName, list[SpecifierSet]] = {}
    for package, keys in context.accused.keys.items():
        found[package] = []
        for key in keys:
            try:
                found[package].append(SpecifierSet(f"=={key}"))
            except InvalidSpecifier:
                continue
    for package, ranges in context.accused.ranges.items():
        found.setdefault(package, []).extend(ranges)
    alone = [one.package for one in context.accused.files if one.package is not None]
    for package in (*context.accused.every, *context.accused.open, *alone):
        found.setdefault(package, []).append(SpecifierSet(""))
    return found


def _binds(context: ServiceContext, request: InstallRequest, one: Requirement) -> bool:
    """Return whether a requirement holds in every environment that the service may have."""
    world = context.union(request.requires_python)
    extras, groups = context.service.extras, context.service.groups
    return truth_of(world, one.marker, extras, groups) is True
