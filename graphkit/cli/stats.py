"""`graphkit stats`: what a graph holds, and what was odd in its inputs."""

from __future__ import annotations

from typing import Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.terminal import answer, sheet
from graphkit.model.callers import Caller


def stats(
    graph: opt.GraphAt = None,
    problems: Annotated[bool, typer.Option("--problems", help="List every problem of every document.")] = False,
    format_: opt.Format = opt.TextOrJson.TABLE,
    output: opt.Output = None,
) -> None:
    """What the graph holds: counts, the newest fact, and problems of documents."""
    from graphkit.api import open_graph
    from graphkit.reports.as_json import stats_json
    from graphkit.reports.table import stats_table

    with open_graph(graph, caller=Caller("graphkit stats")) as opened:
        found = opened.stats()
    as_json = format_ is opt.TextOrJson.JSON
    text = stats_json(found) if as_json else stats_table(found, problems=problems, **sheet(output))
    answer(text, output)
