"""The command line: one module per verb, thin; this one runs them and gives every failure one line and a code."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Final

import typer

from graphkit.model import __version__
from graphkit.model.errors import GraphkitError, UsageError

VERBS: Final = (
    "graphkit.cli.demo:demo",
    "graphkit.cli.ingest:ingest",
    "graphkit.cli.blast:blast",
    "graphkit.cli.why:why",
    "graphkit.cli.who_has:who_has",
    "graphkit.cli.stats:stats",
)
"""Every verb, in the order of the help."""

GROUPS: Final = (
    ("report", "Reports that were handed on.", ("graphkit.cli.report:verify",)),
    (
        "neo4j",
        "The team's graph on a Neo4j server.",
        ("graphkit.cli.neo4j:push", "graphkit.cli.neo4j:export", "graphkit.cli.neo4j:status"),
    ),
)
"""Verbs with verbs of their own: name, help, and those."""

FAILED: Final = 4
_USAGE: Final = 2
_INTERRUPTED: Final = "interrupted; what was read so far is kept: run the same command again to go on"
_UNANSWERED: Final = "interrupted before there was an answer; the graph is as it was: run the same command again"
_ASKING: Final = frozenset({"blast", "why", "who_has", "stats", "verify"})


class _NobodyReadsError(GraphkitError):
    """The reader of the output went away."""


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"graphkit {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """After a package on the Python index was compromised: who pulled it, when, by which path, on what evidence.

    Exit codes: 0 done; 1 exposed at or above --fail-on; 2 usage; 3 done, but some input was rejected,
    nothing is known of a target or (with --strict) something is unknown; 4 failed, with one line that says what to do.
    """


def application() -> typer.Typer:
    """Return the command line with every verb."""
    app = typer.Typer(
        name="graphkit",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root)
    for path in VERBS:
        _add(app, path)
    for name, told, verbs in GROUPS:
        group = typer.Typer(name=name, help=told, no_args_is_help=True, rich_markup_mode=None)
        for path in verbs:
            _add(group, path)
        app.add_typer(group)
    return app


def _add(app: typer.Typer, path: str) -> None:
    module, _, name = path.partition(":")
    app.command(name.replace("_", "-"))(_ended_here(getattr(import_module(module), name)))


def _ended_here(verb: Callable[..., None]) -> Callable[..., None]:
    """Return a verb whose interruption and lost reader `main` gets to see; typer has codes of its own for them."""
    interrupted = _UNANSWERED if verb.__name__ in _ASKING else _INTERRUPTED

    @wraps(verb)
    def run(*words: object, **options: object) -> None:
        try:
            verb(*words, **options)
        except KeyboardInterrupt as error:
            raise GraphkitError(interrupted) from error
        except BrokenPipeError as error:
            raise _NobodyReadsError from error
        except RuntimeError as error:
            if str(error) != "Query interrupted":  # what Ctrl-C becomes inside a statement of DuckDB
                raise
            raise GraphkitError(interrupted) from error

    return run


def main() -> None:
    """Run the command line and exit."""
    gc.set_threshold(200_000, 50, 50)  # answers are large and free of cycles; looking for some costs a tenth
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            # A terminal that cannot show a character shows its number; that never stops an answer.
            reconfigure(errors="backslashreplace")
    logging.getLogger().addHandler(logging.NullHandler())  # else libraries write their warnings to stderr
    try:
        application()(prog_name="graphkit")
    except UsageError as error:
        code = _say(error, _USAGE)
    except _NobodyReadsError:
        # What is left would be written at exit, and Python would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    except GraphkitError as error:
        code = _say(error, FAILED)
    except KeyboardInterrupt:
        code = _say(_INTERRUPTED, FAILED)
    except OSError as error:
        code = _say(f"{error.filename or 'input or output'}: {error.strerror or error}", FAILED)
    sys.exit(code)


def program() -> None:
    """Run the command line as a process of its own: what it held is not taken apart, the system takes it back."""
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else FAILED
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            code = FAILED
        os._exit(code)


def _say(problem: object, code: int) -> int:
    from graphkit.reports.text import shown  # noqa: PLC0415 - only where something failed

    print(f"graphkit: {shown(str(problem))}", file=sys.stderr)
    return code
