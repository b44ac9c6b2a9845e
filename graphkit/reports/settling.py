"""The command that would settle an unknown service: what is missing in its proof says which."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Final

from graphkit.model.answers import Blast, BuildVerdict, Obligation, ServiceVerdict
from graphkit.model.ranks import Verdict
from graphkit.model.times import rfc3339

_UNREAD: Final = frozenset({Obligation.ADMITTED, Obligation.CLOSURE, Obligation.BARRED})
_UNDATED: Final = frozenset({Obligation.DATED, Obligation.INPUTS})

Settle = Callable[[ServiceVerdict], str]
"""Returns the command that would settle an unknown service, with a comment on what it claims; empty for none."""


def deciding(one: ServiceVerdict) -> BuildVerdict | None:
    """Return the unknown build that decides what is missing: one that lacks more than unread choices goes first."""
    unknown = [build for build in one.builds if build.verdict is Verdict.UNKNOWN]
    return next((build for build in unknown if not build.near), unknown[0] if unknown else None)


def is_unread(one: ServiceVerdict) -> bool:
    """Return whether index pages or requirements that nobody read keep a service from being settled."""
    build = deciding(one)
    return one.near or (build is not None and build.missing in _UNREAD)


def is_undated(one: ServiceVerdict) -> bool:
    """Return whether a service lacks a lock, manifest or SBOM that is known to be of that time."""
    build = deciding(one)
    return build is not None and build.missing in _UNDATED


def has_only_unrecorded(one: ServiceVerdict) -> bool:
    """Return whether every recorded build is clear, so that only builds that nobody recorded are unknown."""
    recorded = [build for build in one.builds if build.at is not None]
    return bool(recorded) and all(build.verdict is Verdict.CLEARED for build in recorded)


def command(*words: str) -> str:
    """Return words as a line for a shell."""
    return shlex.join(words)


def incidents_of(blast: Blast) -> Sequence[str]:
    """Return the incidents, advisories or releases that were asked about, each as a command names it."""
    return list(dict.fromkeys(one.incident for one in blast.windows)) or [blast.incident.id]


def settle_in_graph(blast: Blast, graph: str | None) -> Settle:
    """Return what names the command for services of a graph, of which nobody knows where their files lie.

    ``graph``: its address as it was given, None for the default one.
    """
    at: Sequence[str] = () if graph is None else ("--graph", graph)
    window, ids = _window(blast), incidents_of(blast)

    def settle(one: ServiceVerdict) -> str:
        if is_unread(one):
            return command("graphkit", "ingest", "index", "--for-services", *window, *at)
        if has_only_unrecorded(one):
            return command("graphkit", "blast", *ids, "--builds-complete", *at) + "  # if these are all builds"
        if is_undated(one):
            return (
                command("graphkit", "ingest", "lock", "REPOSITORY", *at)
                + f"  # that of {' '.join(one.service.split())}"
            )
        return command("graphkit", "why", one.service, *ids, "--clearance", *at)

    return settle


def settle_by_scan(
    blast: Blast,
    paths: Sequence[str],
    *,
    budget: float,
    graph: str | None,
    offline: bool,
    words: Sequence[str] = (),
    unchanged_since: str | None = None,
) -> Settle:
    """Return what names the command for services that a scan of ``paths`` found.

    ``budget``: seconds that the index was read for. ``offline``: it was not read at all. ``words``: other options that
    it had, which the next scan has too. ``unchanged_since``: what it was told of that.
    """
    at = () if graph is None else ("--graph", graph)
    again = ("graphkit", "scan", *(f"./{path}" if path.startswith("-") else path for path in paths), *at, *words)
    since = () if unchanged_since is None else ("--unchanged-since", unchanged_since)
    start = rfc3339(blast.window.start) if blast.window.is_known else None
    ids = incidents_of(blast)

    def settle(one: ServiceVerdict) -> str:
        if has_only_unrecorded(one):
            return command(*again, *since, "--builds-complete") + "  # if these are all its builds"
        if is_undated(one):
            return command(*again, "--unchanged-since", start or "TIME") + "  # if nothing there changed since then"
        if is_unread(one):
            return command(*again, *since, *(() if offline else ("--budget", f"{budget * 5:.0f}")))
        return command("graphkit", "why", one.service, *ids, "--clearance", *at)

    return settle


def _window(blast: Blast) -> Sequence[str]:
    start, until = rfc3339(blast.window.start), rfc3339(blast.window.until)
    return ("--from", start, "--until", until) if blast.window.is_known and start and until else ()
