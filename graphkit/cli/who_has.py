"""`graphkit who-has`: stored documents and services that hold a package."""

from __future__ import annotations

from typing import Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.redaction import hiding
from graphkit.cli.terminal import answer, sheet
from graphkit.model.callers import Caller


def who_has(
    query: Annotated[str, typer.Argument(metavar="NAME[SPEC]", help="As in litellm, 'litellm>=1.82,<1.83' or a purl.")],
    graph: opt.GraphAt = None,
    at: opt.At = None,
    format_: opt.Format = opt.TextOrJson.TABLE,
    output: opt.Output = None,
    redact: opt.Redact = None,
) -> None:
    """Which stored documents and services hold a package, now or at an instant."""
    from graphkit.api import open_graph
    from graphkit.reports.as_json import who_has_json
    from graphkit.reports.table import who_has_table

    hide = hiding(redact)
    with open_graph(graph, caller=Caller("graphkit who-has")) as opened:
        found = hide(opened.who_has(query, at=at), opened)
    as_json = format_ is opt.TextOrJson.JSON
    answer(who_has_json(found) if as_json else who_has_table(found, **sheet(output)), output)
