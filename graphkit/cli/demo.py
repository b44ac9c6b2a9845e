"""`graphkit demo`: a made-up company and the LiteLLM case, from what ships with graphkit, with no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.terminal import answer, note, progress, sheet, there
from graphkit.model.callers import WAIT, Caller
from graphkit.temporary import is_special

if TYPE_CHECKING:
    from graphkit.api.answers import Blast

_ABOUT_ACME = "1 of 2 · Acme (made up): a made-up company that shows every verdict"
_USUAL = Path("report.html")
_ABOUT_CASE = "2 of 2 · the real case: the LiteLLM compromise of 24 March 2026"


def demo(
    graph: Annotated[
        str | None,
        typer.Option(
            "--graph",
            metavar="PATH",
            help="Where the real case's graph is kept. Default: ./graphkit-demo. Acme's is beside it: PATH-acme.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The report of the real case. That of Acme is beside it: report-acme.html.",
        ),
    ] = _USUAL,
    long: opt.Long = False,
    wait: opt.Wait = WAIT,
    quiet: opt.Quiet = False,
) -> None:
    """Two examples: a made-up company that shows every verdict, then the LiteLLM case of March 2026.

    Both are read and answered, each into a graph and a page of its own. Needs no network.
    """
    from graphkit.api.demo import DEMO_GRAPH, acme_address, blast_acme, has_history, run_demo

    of_acme, who = acme_address(graph), Caller("graphkit demo", wait)
    with progress(quiet=quiet) as bar:
        found = blast_acme(of_acme, bar, who)
    if not has_history():
        note("git is not installed, so Acme's history was not read", quiet=quiet)
    # No other file belongs beside a device or pipe.
    beside = None if is_special(output) else _of_acme(output)
    _show(found, _ABOUT_ACME, of_acme, beside, _of_acme(_USUAL), long=long, quiet=quiet)
    answer("\n\n", None)
    with progress(quiet=quiet) as bar:
        found = run_demo(graph, bar, who)
    _show(found, _ABOUT_CASE, graph or DEMO_GRAPH, output, _USUAL, long=long, quiet=quiet)


def _of_acme(page: Path) -> Path:
    """Return where Acme's page is written: beside that of the real case."""
    return page.with_name(f"{page.stem}-acme{page.suffix}")


def _show(found: Blast, about: str, graph: str, page: Path | None, usual: Path, *, long: bool, quiet: bool) -> None:
    """Print an answer below the line that says which example it is, and write its page.

    ``usual``: the file that a command on the screen names where the page goes to no file.
    """
    from graphkit.reports import report
    from graphkit.reports.interface import ReportOptions

    file = str(usual if page is None or is_special(page) else page)
    view = ReportOptions(graph=graph, long=long, page=file, is_there=there(None), **sheet(None))
    answer(f"{about}\n\n{report('table').render(found, view)}", None)
    if page is not None:
        answer(report("html").render(found, ReportOptions()), page)
    wrote = "" if page is None else f"wrote {page}; "
    note(f"{wrote}ask on with: graphkit blast {found.incident.id} --graph {graph}", quiet=quiet)
