"""`graphkit stats`: what a graph holds, and what was odd in its inputs."""

from __future__ import annotations

from typing import Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.terminal import answer, width


def stats(
    graph: opt.GraphAt = None,
    problems: Annotated[bool, typer.Option("--problems", help="List every problem of every document.")] = False,
    format_: opt.Format = opt.TextOrJson.TABLE,
    output: opt.Output = None,
) -> None:
    """What the graph holds: counts, the newest fact, and problems of documents."""
    from graphkit.reports import stats_json, stats_text  # noqa: PLC0415 - not needed for help
    from graphkit.session import open_graph  # noqa: PLC0415

    with open_graph(graph) as opened:
        found = opened.stats()
    as_json = format_ is opt.TextOrJson.JSON
    answer(stats_json(found, problems=problems) if as_json else stats_text(found, width(), problems=problems), output)
