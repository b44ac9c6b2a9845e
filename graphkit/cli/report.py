"""`graphkit report`: whether a report that was handed on still says what the graph says."""

from __future__ import annotations

import shlex
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from graphkit.cli import options as opt
from graphkit.cli.blast import blast
from graphkit.cli.redaction import hiding, told_back
from graphkit.cli.terminal import answer, progress, read, sheet
from graphkit.model.callers import Caller
from graphkit.model.errors import UsageError

_ELSEWHERE: Final = ("graph", "format_", "output", "compare", "fail_on", "redact", "quiet")
"""Options of `blast` that no report's question has: what one says cannot make this write or read anything else."""
_CHANGED: Final = 3


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A report, of any format but the table.")],
    graph: opt.GraphAt = None,
    format_: opt.Format = opt.TextOrJson.TABLE,
    output: opt.Output = None,
    redact: opt.Redact = None,
    quiet: opt.Quiet = False,
) -> None:
    """Ask a report's own question again, and say whether the graph gives the same, or what changed. Exit 3: changed."""
    from graphkit.api import open_graph
    from graphkit.reports.as_json import verification_json
    from graphkit.reports.interface import ReportOptions
    from graphkit.reports.redaction import NOTE
    from graphkit.reports.table import verification_table
    from graphkit.reports.verification import recognised, verification

    text = read(file)
    form, then = recognised(text, str(file))
    hide = hiding(redact)
    if redact is None and NOTE in text:
        raise UsageError(f"{file} was written with --redact; give --redact and the same key file")
    targets, asked, view = _again(told_back(redact, then.question), str(file))
    with open_graph(graph, caller=Caller("graphkit report verify")) as opened, progress(quiet=quiet) as bar:
        found = hide(opened.blast(*targets, progress=bar, **asked), opened)
    outcome = verification(text, form, then, found, ReportOptions(**view))
    as_json = format_ is opt.TextOrJson.JSON
    answer(verification_json(outcome) if as_json else verification_table(outcome, **sheet(output)), output)
    if not outcome.same:
        raise typer.Exit(_CHANGED)


def _given(**options: Any) -> dict[str, Any]:
    """Return what a verb would be called with."""
    return options


def _again(question: str, named: str) -> tuple[list[str], Any, dict[str, Any]]:
    """Return the targets, options and view of a report's question, read by the rules of `graphkit blast` itself.

    Raises:
        UsageError: it is no such question, or names an option that no report has.
    """
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(context_settings={"help_option_names": []})(wraps(blast)(_given))
    command = typer.main.get_command(app)
    try:
        words = shlex.split(question)
        if words[:1] != ["blast"]:
            raise UsageError(f"{named}: its question is not a blast: {question[:200]!r}")
        context = command.make_context("blast", words[1:])
        given = command.invoke(context)
        extra = [name for name in _ELSEWHERE if str(context.get_parameter_source(name)).endswith("COMMANDLINE")]
    except (typer.TyperException, typer.Exit, ValueError) as error:
        told = error.format_message() if isinstance(error, typer.TyperException) else str(error)
        raise UsageError(f"{named}: its question cannot be asked: {told}") from error
    if extra:
        raise UsageError(f"{named}: its question has options that no report's has: {', '.join(extra)}")
    for name in _ELSEWHERE:
        given.pop(name)
    targets = given.pop("targets")
    view = {name: given.pop(name) for name in ("tier", "limit", "offset", "strict", "group")}
    limit = view["limit"]
    times = {"window_from": given.pop("start"), "window_until": given.pop("until")}
    asked = {**given, **times, "limit": None if limit is None else view["offset"] + limit}
    return targets, asked, view
