"""What a target text names: a release by name and version or by purl; and what is near where nothing knows it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from graphkit.model.errors import UsageError
from graphkit.model.incidents import AccusedFile, CompromisedRelease, Incident, Undecided, python_release
from graphkit.model.names import BadName, PackageName, bare_purl, package_name, package_of, purl_key, read_purl
from graphkit.model.sentences import first_of

_MOST_NEAR: Final = 3
_LIKENESS: Final = 0.75


def shown_release(release: CompromisedRelease) -> str:
    """Return a release as a title names it."""
    return f"{release.package} {release.version}" if release.package else release.purl


def release_of_target(
    text: str,
    near: Callable[[], Sequence[str]] = tuple,
    known_of: Callable[[PackageName], tuple[Sequence[str], Sequence[str]]] = lambda _: ((), ()),
) -> CompromisedRelease:
    """Return the release that a text names: ``name==version`` or a purl with a version.

    Raises:
        UsageError: it names none; ``near`` gives ids that it may have meant, ``known_of`` the incidents and the
            versions, newest first, of a package that was named without a version.
    """
    if text.strip().lower().startswith("pkg:"):
        return _of_purl(text)
    try:
        read = Requirement(text)
    except InvalidRequirement:
        read = None
    if read is not None and not read.specifier and not read.url:
        name = package_name(read.name)
        incidents, versions = known_of(name)
        if incidents or versions:
            raise UsageError(_without_version(name, incidents, versions))
    if read is None or not re.fullmatch(r"===?[^=*,]+", str(read.specifier)):
        meant = " or ".join(near())
        raise UsageError(
            f"{text!r} is not a target: give name==version, a purl with a version, or the id of an incident "
            "or advisory in the graph (graphkit ingest advisory FILE adds one)"
            + (f"; did you mean {meant}?" if meant else "")
        )
    return python_release(package_name(read.name), str(read.specifier).lstrip("="))


def _without_version(name: PackageName, incidents: Sequence[str], versions: Sequence[str]) -> str:
    parts = [f"{name} names no release; give one, as in {name}=={versions[0] if versions else 'VERSION'}"]
    if versions:
        parts.append(f"the graph has {first_of(versions, _MOST_NEAR)}")
    if incidents:
        parts.append(f"incidents about it: {', '.join(incidents)}")
    return "; ".join(parts)


def _of_purl(text: str) -> CompromisedRelease:
    try:
        purl = read_purl(text)
        package = package_of(purl)
    except BadName as error:
        raise UsageError(str(error)) from error
    if not purl.version:
        raise UsageError(f"{text} names no version; ask for one release, as in pkg:pypi/litellm@1.82.8")
    if package is None:
        return CompromisedRelease(purl=purl.to_string(), package=None, version=purl.version)
    return python_release(package, purl.version)


def unknown_target(
    release: CompromisedRelease,
    incidents: Sequence[Incident],
    is_known: Callable[[CompromisedRelease], bool],
    known_names: Callable[[], Iterable[str]],
) -> str:
    """Return a line that says that nothing names the package of a release, with names written much like it.

    Empty where an incident names it, or ``is_known`` says that something else does.
    """
    key = release.package or purl_key(release.purl)
    named = {name for one in incidents for name in _names_in(one)}
    if key in named or is_known(release):
        return ""
    asked = release.package or bare_purl(release.purl)
    near = " or ".join(f"`{name}`" for name in near_names(key, (*sorted(named), *known_names())))
    return f"nothing is known of `{asked}`" + (f"; did you mean {near}?" if near else "")


def _names_in(incident: Incident) -> Iterable[str]:
    """Yield the packages that an incident names, and the keys of purls elsewhere."""
    yield from (package for package, _ in incident.ranges)
    yield from map(_key_of_purl, incident.every)
    named: tuple[CompromisedRelease | AccusedFile | Undecided, ...]
    named = (*incident.releases, *incident.files, *incident.undecided)
    for one in named:
        if one.package is not None:
            yield one.package
        elif one.purl:
            yield purl_key(one.purl)


def _key_of_purl(purl: str) -> str:
    try:
        return package_of(read_purl(purl)) or purl_key(purl)
    except BadName:
        return purl_key(purl)


def near_names(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are written most like one, the most alike first; none where none is much like it.

    Cost: a look at each name, and a comparison of those that begin or end alike and are about as long.
    """
    alike = {
        one
        for one in names
        if abs(len(one) - len(name)) <= 2 and (one[:2] == name[:2] or one[-2:] == name[-2:]) and one != name
    }
    return tuple(difflib.get_close_matches(name, sorted(alike), n=_MOST_NEAR, cutoff=_LIKENESS))
