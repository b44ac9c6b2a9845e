"""The command line: one module per verb, thin; this one runs them and gives every failure one line and a code."""

from __future__ import annotations

import gc
import inspect
import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial, wraps
from importlib import import_module
from typing import Any, Final, NamedTuple, cast

import typer
from typer.core import TyperGroup

from graphkit.address_space import keep_small
from graphkit.cli.failures import BUG, FAILED, say, unexpected
from graphkit.cli.lazy_commands import LazyCommands
from graphkit.model import __version__
from graphkit.model.errors import GraphkitError, GraphkitWarning, UsageError


class Verb(NamedTuple):
    """A line of the registry: a function, which is loaded when its verb is called or listed."""

    path: str
    keeps: bool
    """Whether Ctrl-C leaves something behind of what it read; a verb that only asks leaves the graph as it was."""
    by_kind: bool = False
    """Whether each kind of source is a verb of its own: the function makes them."""

    @property
    def name(self) -> str:
        """Return the verb as it is typed."""
        return self.path.partition(":")[2].replace("_", "-")


class Group(NamedTuple):
    """A verb that has verbs of its own."""

    name: str
    help: str
    verbs: tuple[Verb, ...]


VERBS: Final = (
    Verb("graphkit.cli.scan:scan", keeps=True),
    Verb("graphkit.cli.demo:demo", keeps=True),
    Verb("graphkit.cli.ingest:ingest", keeps=True, by_kind=True),
    Verb("graphkit.cli.blast:blast", keeps=False),
    Verb("graphkit.cli.why:why", keeps=False),
    Verb("graphkit.cli.who_has:who_has", keeps=False),
    Verb("graphkit.cli.stats:stats", keeps=False),
    Verb("graphkit.cli.doctor:doctor", keeps=False),
)
"""Every verb, in the order of the help."""

GROUPS: Final = (
    Group("report", "Reports that were handed on.", (Verb("graphkit.cli.report:verify", keeps=False),)),
    Group(
        "neo4j",
        "The team's graph on a Neo4j server.",
        (
            Verb("graphkit.cli.neo4j:push", keeps=True),
            Verb("graphkit.cli.neo4j:export", keeps=True),
            Verb("graphkit.cli.neo4j:mark", keeps=False),
            Verb("graphkit.cli.neo4j:status", keeps=False),
        ),
    ),
)
"""Verbs of two words, after the others."""

_USAGE: Final = 2
_TYPER_INTERRUPTED: Final = 130
_INTERRUPTED: Final = (
    "interrupted; the graph keeps what was written to it so far, if anything: run the same command again to go on"
)
_UNANSWERED: Final = "interrupted before there was an answer; the graph is as it was: run the same command again"


class _NobodyReadsError(GraphkitError):
    """The reader of the output went away."""


class _EndedError(GraphkitError):
    """A verb ended with a code of its own; any other 1 is one of typer's, and no finding."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _UnexpectedError(GraphkitError):
    """What typer would take for the end of a dialogue; the cause is the bug."""


def _show_version(is_asked: bool) -> None:
    if is_asked:
        print(f"graphkit {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """After a package on the Python index was compromised: who pulled it, when, by which path, on what evidence.

    Exit codes: 0 done; 1 exposed at or above --fail-on; 2 usage; 3 done, but some input was rejected, nothing is
    known of a target, doctor found something or (with --strict) something is unknown; 4 failed, with one line that says
    what to do;
    70 a bug of graphkit, with one line that says how to report it.
    """


def application() -> TyperGroup:
    """Return the command line: a verb's module is loaded when it is called, and all of them for the list of verbs."""
    app = typer.Typer(
        name="graphkit",
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root)
    group = _filled(app, (*VERBS, *GROUPS))
    # typer does this for groups whose verbs it loads all at once.
    group.params += typer.main.get_install_completion_arguments()
    return group


def _filled(app: typer.Typer, lines: Sequence[Verb | Group]) -> TyperGroup:
    by_name = {one.name: one for one in lines}

    def made(name: str) -> Any:
        line = by_name[name]
        return _group(line) if isinstance(line, Group) else _command(line)

    group = typer.main.get_group(app)
    group.commands = cast("Any", LazyCommands(by_name, made))
    return group


def _group(line: Group) -> TyperGroup:
    app = typer.Typer(name=line.name, help=line.help, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    return _filled(app, line.verbs)


def _command(line: Verb) -> Any:
    module, _, function = line.path.partition(":")
    verb = getattr(import_module(module), function)
    ending = partial(_ended_here, keeps=line.keeps)
    if line.by_kind:
        return verb(ending)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(line.name)(ending(verb))
    return typer.main.get_command(app)


def _ended_here(verb: Callable[..., None], *, keeps: bool) -> Callable[..., None]:
    """Return a verb of which `main` gets to see how it ended; typer has codes of its own for that."""
    interrupted = _INTERRUPTED if keeps else _UNANSWERED
    verb.__annotations__ = inspect.get_annotations(verb, eval_str=True)  # typer evaluates texts eight times

    @wraps(verb)
    def run(*words: object, **options: object) -> None:
        try:
            verb(*words, **options)
        except KeyboardInterrupt as error:
            raise GraphkitError(interrupted) from error
        except BrokenPipeError as error:
            raise _NobodyReadsError from error
        except typer.Exit as end:
            raise _EndedError(end.exit_code) from end
        except EOFError as error:
            raise _UnexpectedError from error
        except RuntimeError as error:
            if str(error) != "Query interrupted":  # what Ctrl-C becomes inside a statement of DuckDB
                raise
            raise GraphkitError(interrupted) from error

    return run


def main() -> None:
    """Run the command line and exit."""
    gc.set_threshold(1_000_000, 50, 50)  # answers are large and free of cycles; looking for some costs a tenth
    # NumPy's BLAS starts a thread for each core, which spins for a while; nothing here multiplies matrices.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            # A terminal that cannot show a character shows its number; that never stops an answer.
            reconfigure(errors="backslashreplace")
    logging.getLogger().addHandler(logging.NullHandler())  # else libraries write their warnings to stderr
    warnings.simplefilter("always", GraphkitWarning)
    warnings.showwarning = partial(_warned, warnings.showwarning)
    try:
        code = _run()
    except KeyboardInterrupt:
        code = _say(_INTERRUPTED, FAILED)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told in one line, and never ends with 1
        code = unexpected(error)
    sys.exit(code)


def _warned(others: Callable[..., None], message: Warning | str, *rest: Any, **more: Any) -> None:
    """Say what graphkit warns of in one line; what libraries warn of is shown as ever."""
    if isinstance(message, GraphkitWarning):
        say(message)
    else:
        others(message, *rest, **more)


def _run() -> int:
    """Run the command line and return its code; what it raises is a bug."""
    try:
        application()(prog_name="graphkit")
    except SystemExit as end:  # usage and help
        return _of_typer(end.code)
    except UsageError as error:
        return _say(error, _USAGE)
    except _EndedError as end:
        return end.code
    except _UnexpectedError as error:
        return unexpected(error.__cause__ or error)
    except (_NobodyReadsError, BrokenPipeError):
        _drop_output()
        return FAILED
    except GraphkitError as error:
        return _say(error, FAILED)
    except OSError as error:
        return _say(f"{error.filename or 'input or output'}: {error.strerror or error}", FAILED)
    return 0


def _of_typer(code: object) -> int:
    """Return the code for one of typer's: its 1 says that nobody reads the output, its 130 that it was interrupted."""
    if code in {0, _USAGE, None}:
        return _USAGE if code == _USAGE else 0
    if code == _TYPER_INTERRUPTED:
        return _say(_INTERRUPTED, FAILED)
    _drop_output()
    return FAILED


def _drop_output() -> None:
    """Let go of what nobody reads: it would be written at exit, and Python would complain."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):  # closed, or none of a process
        return


_ONLY_FOR_NOTEBOOKS: Final = ("pandas", "pyarrow")
"""What no command uses. Neo4j's driver loads them where they are installed, which is half of a start with a server."""


def program() -> None:
    """Run the command line as a process of its own: what it held is not taken apart, the system takes it back."""
    keep_small()
    for name in _ONLY_FOR_NOTEBOOKS:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # an import of it says that it is not there
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else FAILED
    except KeyboardInterrupt:  # again, while the first was told of
        code = FAILED
    except BaseException:  # noqa: BLE001 - Python would end with 1, which is a finding
        code = BUG
    os._exit(_flushed(code))


def _flushed(code: int) -> int:
    """Write what is left to write, and return the code: that of a failure where it could not be written."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        return FAILED
    except (OSError, ValueError) as error:
        return _say(f"the output cannot be written: {getattr(error, 'strerror', error)}", FAILED)
    return code


def _say(problem: object, code: int) -> int:
    say(problem)
    return code
