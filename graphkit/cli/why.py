"""`graphkit why`: one service, every build of it, and the paths behind its verdict."""

from __future__ import annotations

from typing import Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.redaction import hiding
from graphkit.cli.terminal import answer, sheet
from graphkit.model.callers import Caller


def why(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service as blast names it.")],
    targets: opt.Targets,
    graph: opt.GraphAt = None,
    start: opt.From = None,
    until: opt.Until = None,
    at: opt.At = None,
    reading: opt.Reading = None,
    python: opt.Python = None,
    platform: opt.Platform = None,
    resolver: opt.ResolverName = opt.Resolver.UV,
    builds_complete: opt.BuildsComplete = False,
    clearance: Annotated[
        bool, typer.Option("--clearance", help="Show the proof of each build that is cleared, and what is open.")
    ] = False,
    tree: Annotated[
        bool,
        typer.Option(
            "--tree",
            help="Show all that an install from each of its manifests takes: at --at, else the first bad minute.",
        ),
    ] = False,
    format_: opt.Format = opt.TextOrJson.TABLE,
    output: opt.Output = None,
    redact: opt.Redact = None,
) -> None:
    """Why a service has its verdict: its builds and paths, with the document or requirement behind each edge."""
    from graphkit.api import open_graph
    from graphkit.reports.as_json import why_json
    from graphkit.reports.table import why_table

    hide = hiding(redact)
    with open_graph(graph, caller=Caller("graphkit why")) as opened:
        found = opened.why(
            service,
            *targets,
            tree=tree,
            at=at,
            window_from=start,
            window_until=until,
            reading=reading,
            python=python,
            platform=platform,
            resolver=resolver,
            builds_complete=builds_complete,
        )
        found = hide(found, opened)
    as_json = format_ is opt.TextOrJson.JSON
    written = (
        why_json(found, clearance=clearance) if as_json else why_table(found, clearance=clearance, **sheet(output))
    )
    answer(written, output)
