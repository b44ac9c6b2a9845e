"""`graphkit ingest`: documents, organisation and incident files, advisories and the index into the graph.

Each kind of source is a verb of its own, made of what `graphkit.model.source_kinds` says it takes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperCommand, TyperGroup

from graphkit.cli import options as opt
from graphkit.cli.lazy_commands import LazyCommands
from graphkit.cli.terminal import answer, progress, sheet
from graphkit.model.callers import WAIT, Caller
from graphkit.model.source_kinds import SOURCE_KINDS, flag, kinds_with, misplaced, unknown_kind

Verb = Callable[..., None]


class UnknownTimes(StrEnum):
    """How releases without an upload time are taken."""

    UNCERTAIN = "uncertain"
    LISTED = "listed"


def _text(option: str, metavar: str, **told: Any) -> tuple[Any, Any]:
    return Annotated[str | None, typer.Option(flag(option), metavar=metavar, **told)], None


def _word(option: str, **told: Any) -> tuple[Any, Any]:
    return Annotated[bool, typer.Option(flag(option), **told)], False


OPTIONS: Final[Mapping[str, tuple[Any, Any]]] = {
    "service": _text("service", "NAME", help="The service that the documents describe."),
    "company": _text("company", "NAME", help="The company that runs what is read."),
    "built_at": _text(
        "built_at", "TIME", help="When the build ran that a document describes, or that used a lock or manifest."
    ),
    "stands_from": (opt.StandsFrom, None),
    "read_at": (opt.ReadAt, None),
    "check_remote": (opt.CheckRemote, False),
    "installs_from": (opt.InstallsFrom, None),
    "complete": (opt.Complete, False),
    "branch": _text("branch", "NAME", help="The branch that a lock or manifest is on."),
    "closure": _word("closure", help="Follow requirements through every release that could be picked."),
    "build_requires": _word(
        "build_requires",
        help="Also read what building takes, from the sdists (64 MiB at most) of releases without a wheel.",
    ),
    "as_of": _text("as_of", "TIME", help="Leave out later uploads."),
    "window_from": _text("window_from", "TIME", help="Start of the window of choices."),
    "window_until": _text("window_until", "TIME", help="End of the window of choices."),
    "slice_to": _text("slice_to", "FILE", help="Also write what was read as a slice."),
    "refresh": _word("refresh", help="Request again the pages that the graph has, or those of the names given."),
    "index_url": _text("index_url", "URL", help="The default is the index that uv or pip is set to."),
    "for_services": _word("for_services", help="Read what manifests in the graph require, with all that leads to."),
    "all_allowed": _word(
        "all_allowed", help="With every release that ranges allow, not only those that could be picked."
    ),
    "budget": (
        Annotated[
            float | None,
            typer.Option("--budget", min=0, metavar="SECONDS", help="Read no more after this time."),
        ],
        None,
    ),
    "unknown_times": (
        Annotated[
            UnknownTimes,
            typer.Option("--unknown-times", help="Releases without a time may be listed, or always were."),
        ],
        UnknownTimes.UNCERTAIN,
    ),
}
"""How each option is written and what it is without one, in the order of the help."""
_OF_A_TABLE: Final = {"as_of": _text("as_of", "TIME", help="The time that the table describes.")}
"""What an option means for the kinds that do not ask the index."""
_WITHOUT_SOURCE: Final = ("refresh", "for_services")
"""Options with which the graph says what to read."""
_REQUIRED: Final = inspect.Parameter.empty
_NO_VALUE: Final = ("--help", "-h", "--quiet", "-q")


def ingest(ending: Callable[[Verb], Verb]) -> TyperGroup:
    """Return the verb, with a command for each kind. ``ending``: what makes a function end as verbs do."""
    app = typer.Typer(
        name="ingest",
        cls=_Kinds,
        help="Read sources into the graph; it is made where there is none. Exit 3 where an input was rejected.",
        epilog="`graphkit ingest KIND --help` says what it takes; each takes --graph, --format, --wait and --quiet.",
        subcommand_metavar="KIND [SOURCE]...",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )
    group = typer.main.get_group(app)
    group.commands = cast("Any", LazyCommands(SOURCE_KINDS, partial(_command, ending)))
    return group


def _command(ending: Callable[[Verb], Verb], kind: str) -> TyperCommand:
    told = SOURCE_KINDS[kind]
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    text = f"{told.help}\n\n\b\nExample: graphkit ingest {kind} {told.example}"
    app.command(kind, cls=_Kind, help=text, short_help=told.help)(ending(_verb(kind)))
    return cast("TyperCommand", typer.main.get_command(app))


def _verb(kind: str) -> Verb:
    """Return the function of a kind, with the options of that kind alone."""
    told = SOURCE_KINDS[kind]
    # Where the graph may say what to read, `_ingest` looks whether anything does.
    is_needed = not any(one in told.options for one in _WITHOUT_SOURCE)
    metavar = "SOURCE..." if is_needed else "[SOURCE]..."
    sources = Annotated[list[str], typer.Argument(metavar=metavar, show_default=False, help=told.source)]
    own = {**OPTIONS, **(_OF_A_TABLE if "unknown_times" in told.options else {})}
    declared: dict[str, tuple[Any, Any]] = {
        "context": (typer.Context, _REQUIRED),
        "sources": (sources, _REQUIRED if is_needed else []),
        "graph": (opt.GraphAt, None),
        **{name: value for name, value in own.items() if name in told.options},
        "format_": (opt.Format, opt.TextOrJson.TABLE),
        "wait": (opt.Wait, WAIT),
        "quiet": (opt.Quiet, False),
    }

    def verb(**given: Any) -> None:
        _ingest(kind, **given)

    made = cast("Any", verb)
    made.__annotations__ = {name: annotation for name, (annotation, _) in declared.items()}
    made.__signature__ = inspect.Signature([
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in declared.items()
    ])  # fmt: skip
    return verb


def _ingest(
    kind: str,
    *,
    context: typer.Context,
    sources: list[str],
    graph: str | None,
    format_: opt.TextOrJson,
    wait: float,
    quiet: bool,
    **options: Any,
) -> None:
    """Read sources of a kind, and say what became of them."""
    of_the_graph = any(options.get(name) for name in _WITHOUT_SOURCE)
    if not sources and not of_the_graph:
        raise typer.BadParameter("missing: name what to read", ctx=context, param_hint="SOURCE")
    from graphkit.api import open_graph
    from graphkit.reports.as_json import ingest_json
    from graphkit.reports.table import ingest_table

    who = Caller(f"graphkit ingest {kind}", wait)
    with open_graph(graph, create=not of_the_graph, caller=who) as opened, progress(quiet=quiet) as bar:
        done = opened.ingest(kind, sources, progress=bar, **cast("Any", options))
    answer(ingest_json(done) if format_ is opt.TextOrJson.JSON else ingest_table(done, **sheet(None)), None)
    if done.rejected:
        raise typer.Exit(3)


class _Kinds(TyperGroup):
    """The kinds by name. Options may come before the kind, as before its sources."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words, the kind first, wherever it is among the options."""
        at = _place_of_kind(args)
        if at is None and {"-h", "--help"} & set(args):
            return super().parse_args(ctx, ["--help"])
        if at is None:
            if args and not ctx.resilient_parsing:
                ctx.fail("Missing argument 'KIND'.")
            return super().parse_args(ctx, args)
        if args[at] not in SOURCE_KINDS and not ctx.resilient_parsing:
            ctx.fail(str(unknown_kind(args[at])))
        return super().parse_args(ctx, [args[at], *args[:at], *args[at + 1 :]])

    def format_commands(self, _: Any, formatter: Any) -> None:
        """Write the kinds, a line each; no command is made for it."""
        with formatter.section("Kinds"):
            formatter.write_dl([(name, kind.help) for name, kind in SOURCE_KINDS.items()])


class _Kind(TyperCommand):
    """The command of a kind, which knows the options of the others."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words.

        Raises:
            UsageError: an option of other kinds.
        """
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            word, kind = getattr(error, "option_name", None), str(self.name)
            if {"-h", "--help"} & set(args[: args.index("--")] if "--" in args else args):
                return super().parse_args(ctx, ["--help"])
            for option in OPTIONS:
                if word == flag(option) and kind not in kinds_with(option):
                    raise misplaced(option, kind) from error
            raise


def _place_of_kind(words: list[str]) -> int | None:
    """Return where the kind is: the first word that is neither an option nor the value of one."""
    bare = {flag(option) for option, (_, default) in OPTIONS.items() if default is False}.union(_NO_VALUE)
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            return at + 1 if at + 1 < len(words) else None
        if not word.startswith("-"):
            return at
        at += 1 if word in bare or "=" in word else 2
    return None
