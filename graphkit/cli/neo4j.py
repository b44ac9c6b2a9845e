"""`graphkit neo4j`: an embedded graph to a Neo4j server, or to files that one imports; answers in it, what it holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.terminal import answer, note, progress
from graphkit.model.callers import Caller
from graphkit.model.errors import UsageError

_To = Annotated[
    str | None, typer.Option("--to", metavar="URI", help="The server, as neo4j://host:7687. Default: $NEO4J_URI.")
]


def push(
    to: _To = None,
    graph: opt.GraphAt = None,
    around: Annotated[
        list[str] | None,
        typer.Option("--around", metavar="PACKAGE", help="Only what leads to a package (and what that requires)."),
    ] = None,
    services: Annotated[
        bool, typer.Option("--services", help="Only what documents list or require, and what that requires.")
    ] = False,
    quiet: opt.Quiet = False,
) -> None:
    """Copy an embedded graph into an empty database. A push that was broken off goes on where it was.

    NEO4J_USERNAME, NEO4J_PASSWORD and NEO4J_DATABASE say as whom and into which database.
    """
    from graphkit.api.neo4j import push_graph

    address = _address(to)
    with progress(quiet=quiet) as bar:
        fresh = push_graph(
            graph,
            address,
            around=around or (),
            services=services,
            progress=bar,
            caller=Caller("graphkit neo4j push"),
        )
    note("pushed; ask it with --graph and its address" if fresh else "it is there already", quiet=quiet)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    graph: opt.GraphAt = None,
    quiet: opt.Quiet = False,
) -> None:
    """Write an embedded graph as CSV for `neo4j-admin database import full`, and print the command that loads it."""
    from graphkit.api.neo4j import export_graph

    with progress(quiet=quiet) as bar:
        command = export_graph(graph, str(folder), progress=bar, caller=Caller("graphkit neo4j export"))
    answer(command, None)


def mark(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TARGET]...", help="name==version, a purl, or the id of an incident or advisory."),
    ] = None,
    graph: Annotated[
        str | None,
        typer.Option(
            "--graph", metavar="URI", help="The graph, as neo4j://host:7687. Default: $GRAPHKIT_GRAPH, else $NEO4J_URI."
        ),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the mark out of the graph.")] = False,
    start: opt.From = None,
    until: opt.Until = None,
    at: opt.At = None,
    reading: opt.Reading = None,
    python: opt.Python = None,
    platform: opt.Platform = None,
    resolver: opt.ResolverName = opt.Resolver.UV,
    builds_complete: opt.BuildsComplete = False,
    quiet: opt.Quiet = False,
) -> None:
    """Write what blast says of services, companies and claims into a graph on a server, where queries find it.

    The mark takes the place of the one before. Facts that come later make it stale, which the queries show.
    """
    from graphkit.api.mark import clear_mark, mark_graph

    if clear:
        if targets:
            raise UsageError("--clear takes the whole mark out: give no target with it")
        clear_mark(graph)
        note("the graph has no mark now", quiet=quiet)
        return
    found = mark_graph(
        graph,
        targets or (),
        at=at,
        window_from=start,
        window_until=until,
        reading=reading,
        python=python,
        platform=platform,
        resolver=resolver,
        builds_complete=builds_complete,
    )
    from graphkit.reports.text import counted

    stale = "" if found.is_current else "; it is stale already, since the graph changed meanwhile: mark it again"
    note(
        f"marked {', '.join(found.incidents)}: {counted(found.services, 'service')}, {found.exposed:,} exposed; "
        f"{counted(found.companies, 'company', 'companies')}, {found.reached:,} reached; "
        f"{counted(found.claims, 'claim')} about it{stale}",
        quiet=quiet,
    )


def status(to: _To = None) -> None:
    """What a server holds: versions, counts, and what is stale."""
    from graphkit.api.neo4j import server_status

    found = server_status(_address(to))
    width = max(map(len, found))
    answer("".join(f"{name:{width}}  {text}\n" for name, text in found.items()), None)


def _address(to: str | None) -> str:
    if found := to or os.environ.get("NEO4J_URI"):
        return found
    raise UsageError("name the server with --to neo4j://host:7687, or set NEO4J_URI")
