"""`graphkit blast`: who was reached, when, by which path, on what evidence."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.redaction import hiding, named_graph
from graphkit.cli.terminal import answer, note, progress, read, sheet, there
from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError, UsageError
from graphkit.model.ranks import Tier, Verdict
from graphkit.reports import ReportFormat, report

if TYPE_CHECKING:
    from graphkit.model.answers import Blast
    from graphkit.reports.interface import ReportOptions


class Confirm(StrEnum):
    """Which of many nominated packages are confirmed by a walk."""

    SHOWN = "shown"
    ALL = "all"


def blast(
    targets: opt.Targets,
    graph: opt.GraphAt = None,
    start: opt.From = None,
    until: opt.Until = None,
    at: opt.At = None,
    reading: opt.Reading = None,
    tier: Annotated[Tier, typer.Option("--tier", help="Weakest tier to list; weaker ones are counted.")] = (
        Tier.PICKED
    ),
    python: opt.Python = None,
    platform: opt.Platform = None,
    resolver: opt.ResolverName = opt.Resolver.UV,
    builds_complete: opt.BuildsComplete = False,
    format_: Annotated[ReportFormat, typer.Option("--format", help="How the answer is written.")] = ReportFormat.TABLE,
    output: opt.Output = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=0, help="List at most this many packages; the summary still covers all."),
    ] = None,
    offset: Annotated[
        int, typer.Option("--offset", min=0, help="Skip this many packages: the next page of a list.")
    ] = 0,
    confirm: Annotated[
        Confirm, typer.Option("--confirm", help="Walk the packages that are shown, or all that are nominated.")
    ] = Confirm.SHOWN,
    fail_on: opt.FailOn = None,
    strict: opt.Strict = False,
    long: opt.Long = False,
    group: Annotated[
        bool, typer.Option("--group", help="With --format json: also the services that are alike, together.")
    ] = False,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", metavar="OLD.json", help="Only what changed since an earlier --format json report."),
    ] = None,
    redact: opt.Redact = None,
    quiet: opt.Quiet = False,
) -> None:
    """Who was reached by a compromised release: services, companies, packages, each with its evidence."""
    from graphkit.api import open_graph
    from graphkit.reports.interface import ReportOptions, anywhere, written

    since = _since(compare, format_, is_redacted=redact is not None)  # known before anything is asked
    hide = hiding(redact)
    with (
        open_graph(graph, caller=Caller("graphkit blast")) as opened,
        progress(quiet=quiet or confirm is Confirm.SHOWN) as bar,
    ):
        found = opened.blast(
            *targets,
            progress=bar,
            at=at,
            window_from=start,
            window_until=until,
            reading=reading,
            python=python,
            platform=platform,
            resolver=resolver,
            builds_complete=builds_complete,
            limit=None if limit is None else offset + limit,
            confirm=confirm,
        )
        found = hide(found, opened)
    view = ReportOptions(
        tier=tier,
        limit=limit,
        offset=offset,
        strict=strict,
        long=long,
        group=group,
        graph=named_graph(graph, redact),
        is_there=anywhere if redact else there(output),
        **sheet(output),
    )
    answer(since(found, view) if since else written(report(format_), found, view), output)
    finish(found, output=output, fail_on=fail_on, strict=strict, quiet=quiet)


def finish(found: Blast, *, output: Path | None, fail_on: Tier | None, strict: bool, quiet: bool) -> None:
    """Say on stderr what an answer leaves open, and end with the code that it has.

    Raises:
        typer.Exit: 1 where a service is exposed at ``fail_on``; 3 where a target or, with ``strict``, a service is
            unknown.
        GraphkitError: the answer is partial.
    """
    from graphkit.reports.wording import refused

    if output is not None:
        note(f"wrote {output}", quiet=quiet)
    told = refused(found) if strict else ""
    if told:
        note(told, quiet=quiet)
    if found.is_partial:
        raise GraphkitError("stopped: the answer is partial; run the same command again for all of it")
    if fail_on and any(one.verdict.rank <= Verdict(fail_on).rank for one in found.services):
        raise typer.Exit(1)
    for line in found.unknown:
        note(line, quiet=False)
    if found.unknown:
        raise typer.Exit(3)
    if strict and (told or any(one.verdict is Verdict.UNKNOWN for one in found.services)):
        raise typer.Exit(3)


def _since(
    old: Path | None, format_: ReportFormat, *, is_redacted: bool
) -> Callable[[Blast, ReportOptions], str] | None:
    """Return what writes the changes since an old report, None where none was named.

    Raises:
        UsageError: it cannot be read, or changes cannot be written in that format.
    """
    if old is None:
        return None
    from graphkit.reports.as_json import comparison_json, whole_shape
    from graphkit.reports.comparison import compare, read_report
    from graphkit.reports.redaction import NOTE
    from graphkit.reports.status_note import comparison_note
    from graphkit.reports.table import comparison_table

    if format_ not in {ReportFormat.TABLE, ReportFormat.JSON, ReportFormat.MARKDOWN}:
        raise UsageError(f"changes are written as table, json or markdown, not as {format_}")
    before = read_report(read(old), str(old))
    if is_redacted != (NOTE in before.get("notes", ())):
        raise UsageError(f"{old} was written {'without' if is_redacted else 'with'} --redact; compare like with like")

    def told(found: Blast, view: ReportOptions) -> str:
        changes = compare(before, whole_shape(found, view))
        if format_ is ReportFormat.TABLE:
            return comparison_table(changes, width=view.width, colour=view.colour)
        return comparison_json(changes) if format_ is ReportFormat.JSON else comparison_note(changes)

    return told
