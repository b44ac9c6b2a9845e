"""`graphkit doctor`: whether installation, cache, graph and server are as they should be, and what to do where not."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.terminal import answer, sheet
from graphkit.model.callers import WAIT, Caller


def doctor(
    graph: opt.GraphAt = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="URI", help="A server to look at and to compare with the folder. Default: $NEO4J_URI."
        ),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be: the index, permissions of the cache, leftovers.")
    ] = False,
    format_: opt.Format = opt.TextOrJson.TABLE,
    output: opt.Output = None,
    wait: opt.Wait = WAIT,
) -> None:
    """What is wrong with this installation, its cache, the graph or the server, and the command that mends it.

    Exit 3 where something was found that is not mended, such as a distribution of this environment that an incident
    accuses.
    """
    from graphkit.api.doctor import examine
    from graphkit.reports.as_json import doctor_json
    from graphkit.reports.table import doctor_table

    server = to or os.environ.get("NEO4J_URI") or None
    found = examine(graph, server, repair=repair, caller=Caller("graphkit doctor", wait))
    answer(doctor_json(found) if format_ is opt.TextOrJson.JSON else doctor_table(found, **sheet(output)), output)
    if found.findings:
        raise typer.Exit(3)
