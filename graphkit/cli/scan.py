"""`graphkit scan`: find what is there, put it into a graph, and answer for every incident that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from graphkit.cli import options as opt
from graphkit.cli.blast import finish
from graphkit.cli.redaction import hiding, named_graph
from graphkit.cli.terminal import answer, note, progress, sheet, there
from graphkit.model.addresses import without_secrets
from graphkit.model.callers import WAIT, Caller
from graphkit.model.ranks import Tier
from graphkit.model.sentences import first_of
from graphkit.reports import ReportFormat, report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from graphkit.api.scan import Scan
    from graphkit.model.answers import Blast


def scan(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", show_default=False, help="Folders, repositories and files. Default: ."),
    ] = None,
    incident: Annotated[
        list[str] | None,
        typer.Option(
            "--incident",
            metavar="ID|FILE|TARGET",
            help="Ask about this incident, OSV file or release alone, as in litellm==1.82.8. May be repeated. Default: "
            "every incident that ships or was ingested.",
        ),
    ] = None,
    all_advisories: Annotated[
        bool,
        typer.Option("--all-advisories", help="Also ask about OSV records that are not of malicious packages."),
    ] = False,
    graph: opt.GraphAt = None,
    unchanged_since: Annotated[
        str | None,
        typer.Option(
            "--unchanged-since",
            metavar="TIME",
            help="You declare that every lock and manifest found was in place since then, unchanged.",
        ),
    ] = None,
    builds_complete: Annotated[
        bool,
        typer.Option(
            "--builds-complete", help="You declare that the builds found are all there were of their services."
        ),
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither the index nor remotes.")] = False,
    check_remote: Annotated[
        bool,
        typer.Option(
            "--check-remote/--no-check-remote", help="Ask the remotes of repositories whether branches still stand."
        ),
    ] = True,
    budget: Annotated[
        float, typer.Option("--budget", min=0, metavar="SECONDS", help="How long the index is read.")
    ] = 60.0,
    index_url: Annotated[
        str | None,
        typer.Option("--index-url", metavar="URL", help="The default is the index that uv or pip is set to."),
    ] = None,
    github: Annotated[
        str | None, typer.Option("--github", metavar="ORG", help="Also pull the repositories of an organisation.")
    ] = None,
    dependency_track: Annotated[
        str | None, typer.Option("--dependency-track", metavar="URL", help="Also pull the SBOMs of a server.")
    ] = None,
    format_: Annotated[ReportFormat, typer.Option("--format", help="How the answer is written.")] = ReportFormat.TABLE,
    output: opt.Output = None,
    long: opt.Long = False,
    fail_on: opt.FailOn = None,
    strict: opt.Strict = False,
    redact: opt.Redact = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Write the commands that do the same, step by step, to stderr.")
    ] = False,
    wait: opt.Wait = WAIT,
    quiet: opt.Quiet = False,
) -> None:
    """Find locks, manifests, SBOMs and environments below PATH, and say which services an incident reached."""
    from graphkit.api import open_graph
    from graphkit.api.scan import scan as scan_all
    from graphkit.reports.first_screen import first_screen, screen_of
    from graphkit.reports.interface import ReportOptions, anywhere, written
    from graphkit.reports.settling import command, graph_option, settle_by_scan

    places = paths or ["."]
    hide = hiding(redact)
    with (
        open_graph(graph, create=True, caller=Caller("graphkit scan", wait)) as opened,
        progress(quiet=quiet) as bar,
    ):
        found = scan_all(
            opened,
            places,
            progress=bar,
            provisional=lambda so_far, is_found: note(_provisional(so_far, is_found=is_found), quiet=quiet),
            incidents=incident or (),
            all_advisories=all_advisories,
            unchanged_since=unchanged_since,
            declare_builds=builds_complete,
            offline=offline,
            check_remote=check_remote,
            budget=budget,
            index_url=index_url,
            github=github,
            dependency_track=dependency_track,
        )
        shown = hide(found.blast, opened)
    for one in found.rejected:
        note(f"not read: {one}", quiet=quiet)
    for text in found.remarks:
        note(text, quiet=quiet)
    if explain:
        for line in found.commands:
            note(" ".join(filter(None, (line, command(*graph_option(graph))))), quiet=False)
    view = ReportOptions(
        tier=Tier.PICKED,
        strict=strict,
        long=long or redact is not None,
        graph=named_graph(graph, redact),
        is_there=anywhere if redact else there(output),
        **sheet(output),
    )
    # The first screen names the paths that were looked at, for whoever typed them.
    if format_ is ReportFormat.TABLE and not long and not redact:
        settle = settle_by_scan(
            found.blast,
            found.paths,
            view,
            budget=budget,
            offline=offline,
            words=_words(
                {
                    "--all-advisories": all_advisories,
                    "--builds-complete": builds_complete,
                    "--index-url": without_secrets(index_url or ""),
                    "--no-check-remote": not (check_remote or offline),
                    "--github": github,
                    "--dependency-track": dependency_track,
                },
                incident or (),
            ),
            is_stopped=found.is_stopped,
            unchanged_since=unchanged_since,
        )
        around = screen_of(found.blast, view).of_a_scan(
            (_looked_at(found, offline=offline), *_of_before(found)),
            _NOTHING_READ if found.rejected else _NOTHING,
            settle,
            frozenset(found.from_before),
        )
        told: str | Iterable[str] = first_screen(found.blast, view, around)
    else:
        told = written(report(format_), shown, view)
    answer(told, output)
    finish(found.blast, output=output, fail_on=fail_on, strict=strict, quiet=quiet)
    if found.problem:
        note(f"the index was not read: {found.problem}", quiet=False)
    if found.rejected or found.problem:
        raise typer.Exit(3)


_SHOWN: Final = 3
_NOTHING: Final = (
    "No service{yours} was found there: no SBOM, lock, manifest or environment. Scan a folder that has some."
)
_NOTHING_READ: Final = (
    "No service{yours} is known: what was found there could not be read, so nobody knows what it shows. Mend it, and "
    "scan again."
)


def _provisional(so_far: Blast, *, is_found: bool) -> str:
    """Return what is known before the index is read; the services are all of the graph, whatever lies in the paths."""
    from graphkit.reports.groups import counts_of

    said = ", ".join(f"{number:,} {group}" for group, number in counts_of(so_far).items() if number)
    if not said:
        return "no service was found"
    where = "before the index is read" if is_found else "nothing was found there; services that the graph has already"
    return f"{where}: {said}; reading what they need of the index"


def _words(options: Mapping[str, str | bool | None], incidents: Sequence[str]) -> Sequence[str]:
    """Return the options of a scan that the next one has as well, as words."""
    words = [word for one in incidents for word in ("--incident", one)]
    for name, value in options.items():
        if value:
            words += [name] if value is True else [name, str(value)]
    return words


def _of_before(found: Scan) -> Iterator[str]:
    """Yield which services are in the answer because the graph has them already."""
    if found.from_before:
        yield f"in this graph from before, and not in {', '.join(found.paths)}: {first_of(found.from_before, _SHOWN)}"


def _looked_at(found: Scan, *, offline: bool) -> str:
    from graphkit.reports.text import counted

    documents = sum(report.read for kind, report in found.reports if kind != "index")
    repositories = sum(report.repositories for _, report in found.reports)
    where = f"{counted(repositories, 'repository', 'repositories')} and {counted(documents, 'document')}"
    pages = f"{counted(found.index_facts, 'new page or list', 'new pages and lists')} of requirements from the index"
    index = "index not asked" if offline else "index not reached" if found.problem else pages
    stopped = "stopped by --budget" if found.is_stopped else ""
    parts = [f"looked at {where} in {', '.join(found.paths)}", f"{found.seconds:,.0f} s", index, stopped]
    return " · ".join(filter(None, parts))
