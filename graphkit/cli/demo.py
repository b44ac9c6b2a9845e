"""`graphkit demo`: the LiteLLM case, from what ships with graphkit, with no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.terminal import answer, note, progress, sheet


def demo(
    graph: Annotated[
        str | None,
        typer.Option("--graph", metavar="PATH", help="Where the case's graph is kept. Default: ./graphkit-demo"),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The report to write.")] = Path(
        "report.html"
    ),
    long: opt.Long = False,
    quiet: opt.Quiet = False,
) -> None:
    """The LiteLLM case of March 2026: read it, answer it, and write report.html. Needs no network."""
    from graphkit.api.demo import DEMO_GRAPH, run_demo
    from graphkit.reports import report
    from graphkit.reports.interface import ReportOptions

    with progress(quiet=quiet) as bar:
        found = run_demo(graph, bar)
    answer(report("table").render(found, ReportOptions(graph=graph or DEMO_GRAPH, long=long, **sheet(None))), None)
    answer(report("html").render(found, ReportOptions()), output)
    note(f"wrote {output}; ask on with: graphkit blast {found.incident.id} --graph {graph or DEMO_GRAPH}", quiet=quiet)
