"""`graphkit doctor`: whether this installation, its cache, a graph and a server are as they should be."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from graphkit.api.graph import Graph, default_address, open_graph
from graphkit.api.neo4j import server_status
from graphkit.model import __version__
from graphkit.model.answers import Blast
from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError
from graphkit.model.health import Check, Health
from graphkit.model.incidents import Incident
from graphkit.model.times import rfc3339
from graphkit.reports.settling import command
from graphkit.resources import resource
from graphkit.stores import health_of
from graphkit.temporary import scratch_folder

DISTRIBUTION: Final = "graphkit-blast"
"""What graphkit is installed as."""
_STALE_DAYS: Final = 7
"""After so many days the pages of the index are said to be old: an incident of this week is not in them."""
_SAMPLED: Final = 3
"""How many questions are asked of both stores."""
_DAY: Final = 86_400_000_000
_OTHERS: Final = 0o077
"""The permissions of everybody but the owner."""


def examine(
    address: str | None = None, server: str | None = None, *, repair: bool = False, caller: Caller | None = None
) -> Health:
    """Look at everything, and mend what can be where ``repair`` says so.

    ``server``: one that should answer as the graph does. Cost: a read of the whole graph and of this
    environment, and with a server a few questions to both.

    Raises:
        GraphkitError: there is no graph at an address that was given.
    """
    where = address or default_address()
    with ExitStack() as opened:
        checks = [*_versions(), *_cache(repair=repair)]
        graph: Graph | None = None
        if "://" in where:
            checks += (found := list(_server(where)))
            if not any(one.is_finding for one in found):
                graph = opened.enter_context(open_graph(where, caller=caller))
        elif address or Path(where).exists():
            graph = opened.enter_context(open_graph(where, caller=caller))
            checks += _folder(where, repair=repair, caller=caller)
        else:
            checks.append(Check(subject="graph", text=f"there is none at {where}"))
        if server is not None and server != where:
            checks += _server(server)
            checks += () if graph is None or checks[-1].is_finding else _differences(graph, where, server)
        checks += _installed(graph, where)
    return Health(checks=tuple(checks))


def _versions() -> Iterator[Check]:
    shown = f"graphkit {__version__}, Python {platform.python_version()}"
    named = ", ".join(f"{name} {_version(name) or 'missing'}" for name in ("duckdb", "numpy", "packaging", "neo4j"))
    yield Check(subject="versions", text=f"{shown}, {named}")
    try:
        required = metadata.requires(DISTRIBUTION) or ()
    except metadata.PackageNotFoundError:
        return
    for text in required:
        try:
            one = Requirement(text)
        except InvalidRequirement:
            continue
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        found = _version(one.name)
        if found is None or not one.specifier.contains(found, prereleases=True):
            yield Check(
                subject="versions",
                text=f"graphkit needs {one.name}{one.specifier}, and {found or 'none'} is installed",
                is_finding=True,
                do=command(sys.executable, "-m", "pip", "install", f"{one.name}{one.specifier}"),
            )


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cache(*, repair: bool) -> Iterator[Check]:
    from graphkit.ingest.index import index_cache

    folder = index_cache().parent
    if not folder.is_dir() or os.name != "posix":
        yield Check(subject="cache", text="there is none" if not folder.is_dir() else "its permissions are not known")
        return
    every = [folder, *folder.rglob("*")]
    loose = [path for path in every if not path.is_symlink() and path.stat().st_mode & _OTHERS]
    if not loose:
        yield Check(subject="cache", text=f"{folder} is for this user alone")
        return
    if repair:
        for path in loose:
            path.chmod(path.stat().st_mode & ~_OTHERS)
    yield Check(
        subject="cache",
        text=f"{folder}: others may read or change {len(loose)} of its files and folders",
        is_finding=True,
        do=command("chmod", "-R", "go=", str(folder)),
        is_repaired=repair,
    )


def _folder(where: str, *, repair: bool, caller: Caller | None) -> Iterator[Check]:
    health = health_of(where, caller)
    mend = command("graphkit", "doctor", "--repair", "--graph", where)
    try:
        with scratch_folder() as folder:
            rows, newest = health.read_through(folder)
    except GraphkitError as error:
        yield Check(subject="record", text=str(error), is_finding=True)
        return
    yield Check(subject="record", text=f"{rows:,} rows, every block of them as it was written")
    index = health.index()
    if index is None:
        yield Check(subject="index", text="not compiled since the record changed; the next question does that")
    elif health.is_whole(index):
        yield Check(subject="index", text="fresh, every block of it as it was written")
    else:
        if repair:
            health.compile_anew(index)
        told = "damaged; it is compiled anew from the record"
        yield Check(subject="index", text=told, is_finding=True, do=mend, is_repaired=repair)
    if left := health.left_behind(to_remove=repair):
        told = f"of processes that were ended: {', '.join(left)}"
        yield Check(subject="leftovers", text=told, is_finding=True, do=mend, is_repaired=repair)
    yield _freshness(newest, where)


def _freshness(newest: int | None, where: str) -> Check:
    if newest is None:
        return Check(subject="index pages", text="none was read, so nothing is known of fresh installs")
    days = (time.time_ns() // 1000 - newest) // _DAY
    text = f"the newest was read at {rfc3339(newest)}, {days:,} days ago"
    refresh = command("graphkit", "ingest", "index", "--refresh", "--graph", where)
    return Check(
        subject="index pages", text=text, is_finding=days > _STALE_DAYS, do=refresh if days > _STALE_DAYS else ""
    )


def _server(server: str) -> Iterator[Check]:
    try:
        status = server_status(server)
    except GraphkitError as error:
        yield _unanswered("server", server, error)
        return
    yield Check(subject="server", text="; ".join(f"{name} {text}" for name, text in status.items()))


def _unanswered(subject: str, server: str, error: GraphkitError) -> Check:
    do = command("graphkit", "neo4j", "status", "--to", server) if "://" in server else ""
    return Check(subject=subject, text=str(error), is_finding=True, do=do)


def _differences(graph: Graph, where: str, server: str) -> Iterator[Check]:
    try:
        with open_graph(server) as other:
            yield from _compared(graph, other, where, server)
    except GraphkitError as error:
        yield _unanswered("stores", server, error)


def _compared(one: Graph, other: Graph, where: str, server: str) -> Iterator[Check]:
    asked = one.incidents()[:_SAMPLED]
    same = one.stats().facts_sha256 == other.stats().facts_sha256
    push = command("graphkit", "neo4j", "push", "--graph", where, "--to", server)
    if not same:
        yield Check(
            subject="stores", text=f"{where} and {server} hold different facts", is_finding=True,
            do="" if "://" in where else f"{push}  (into an empty database)",
        )  # fmt: skip
    for incident in asked:
        try:
            here, there = _verdicts(one.blast(incident)), _verdicts(other.blast(incident))
        except GraphkitError as error:
            yield Check(subject="stores", text=f"{incident}: {error}", is_finding=True)
            continue
        odd = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
        if odd:
            first = odd[0]
            told = f"{first} is {here.get(first, 'not there')} here and {there.get(first, 'not there')} at {server}"
            yield Check(
                subject="stores", text=f"{incident}: {len(odd)} services differ, for example {told}", is_finding=True,
                do="" if not same else command("graphkit", "blast", incident, "--graph", server, "--long"),
            )  # fmt: skip
        else:
            yield Check(subject="stores", text=f"{incident}: the same verdicts of {len(here):,} services in both")


def _verdicts(answer: Blast) -> dict[str, str]:
    return {one.service: str(one.verdict) for one in answer.services}


def _installed(graph: Graph | None, where: str) -> Iterator[Check]:
    from graphkit.api.installed import distributions, matches, on_disk

    every = list(distributions())
    incidents = list(shipped_incidents())
    try:
        incidents += graph.incident_records() if graph is not None else ()
    except GraphkitError as error:
        yield _unanswered("installed", where, error)
    known = {one.id: one for one in incidents}.values()
    folders = dict.fromkeys(Path(path) for path in map(sysconfig.get_path, ("purelib", "platlib")) if path)
    found = list(dict.fromkeys([*matches(known, every), *on_disk(known, folders)]))
    for one in found:
        yield Check(
            subject="installed",
            text=f"{one.incident}: {one.text}",
            is_finding=True,
            do=_after_an_incident(one.incident, graph, where) if one.is_certain else "",
        )
    if not found:
        counted = f"{len(every):,} distributions, none of which {len(known):,} incidents accuse"
        yield Check(subject="installed", text=f"{counted}, by name, version and recorded hashes")


def _after_an_incident(incident: str, graph: Graph | None, where: str) -> str:
    """Return the command that says what to do now: it shows the actions of the incident."""
    return command("graphkit", "blast", incident, "--long", *(() if graph is None else ("--graph", where)))


def shipped_incidents() -> tuple[Incident, ...]:
    """Return the incidents that ship with graphkit."""
    with scratch_folder() as folder, open_graph(str(folder / "own"), create=True) as own:
        own.ingest("advisory", sorted(str(path) for path in resource("examples").glob("*/incident.yaml")))
        return own.incident_records()
