"""`graphkit ingest`: documents, organisation and incident files, advisories and the index into the graph."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from graphkit.cli import options as opt
from graphkit.cli.terminal import answer, progress, sheet


class UnknownTimes(StrEnum):
    """How releases without an upload time are taken."""

    UNCERTAIN = "uncertain"
    LISTED = "listed"


class Kind(StrEnum):
    """The kinds of sources."""

    SBOM = "sbom"
    LOCK = "lock"
    ENV = "env"
    ORG = "org"
    ADVISORY = "advisory"
    INDEX = "index"
    PARQUET = "parquet"
    PYPI_DB = "pypi-db"
    GITHUB = "github"
    DEPENDENCY_TRACK = "dependency-track"


def ingest(
    context: typer.Context,
    kind: Annotated[
        Kind,
        typer.Argument(
            metavar="KIND", help="sbom, lock, env, org, advisory, index, parquet, pypi-db, github or dependency-track."
        ),
    ],
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            show_default=False,
            help="Files and folders; for index, package names or a recorded slice; for github, ORG or OWNER/REPO; for "
            "dependency-track, its address. Tokens come from the environment or the keyring.",
        ),
    ] = None,
    graph: opt.GraphAt = None,
    service: Annotated[str | None, typer.Option("--service", help="The service that the documents describe.")] = None,
    company: Annotated[str | None, typer.Option("--company", help="The company that runs it.")] = None,
    built_at: Annotated[
        str | None,
        typer.Option(
            "--built-at", metavar="TIME", help="When the build ran that it describes, or that used a lock or manifest."
        ),
    ] = None,
    stands_from: opt.StandsFrom = None,
    read_at: opt.ReadAt = None,
    check_remote: opt.CheckRemote = False,
    installs_from: opt.InstallsFrom = None,
    complete: opt.Complete = False,
    branch: Annotated[str | None, typer.Option("--branch", help="The branch that a lock or manifest is on.")] = None,
    closure: Annotated[
        bool, typer.Option("--closure", help="index: follow requirements through every release that could be picked.")
    ] = False,
    build_requires: Annotated[
        bool,
        typer.Option(
            "--build-requires",
            help="index: also read what building takes, from the sdists (64 MiB at most) of releases without a wheel.",
        ),
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="TIME",
            help="index: leave out later uploads; parquet, pypi-db: the time that the table describes.",
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="index: start of the window of choices.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="index: end of the window of choices.")
    ] = None,
    slice_: Annotated[
        Path | None, typer.Option("--slice", metavar="FILE", help="index: also write what was read as a slice.")
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh", help="index: request again the pages that the graph has, or those of the names given."
        ),
    ] = False,
    index_url: Annotated[
        str | None,
        typer.Option("--index-url", metavar="URL", help="index: the default is the index that uv or pip is set to."),
    ] = None,
    for_services: Annotated[
        bool,
        typer.Option("--for-services", help="index: read what manifests in the graph require, with all that leads to."),
    ] = False,
    all_allowed: Annotated[
        bool,
        typer.Option(
            "--all-allowed", help="index: with every release that ranges allow, not only those that could be picked."
        ),
    ] = False,
    budget: Annotated[
        float | None,
        typer.Option("--budget", min=0, metavar="SECONDS", help="index: read no more after this time."),
    ] = None,
    unknown_times: Annotated[
        UnknownTimes,
        typer.Option(
            "--unknown-times", help="parquet, pypi-db: releases without a time may be listed, or always were."
        ),
    ] = UnknownTimes.UNCERTAIN,
    format_: opt.Format = opt.TextOrJson.TABLE,
    quiet: opt.Quiet = False,
) -> None:
    """Read sources into the graph; it is made where there is none. Exit 3 where an input was rejected."""
    if not sources and not refresh and not for_services:
        raise typer.BadParameter("missing: name what to read", ctx=context, param_hint="SOURCE")
    from graphkit.api import open_graph
    from graphkit.reports.as_json import ingest_json
    from graphkit.reports.table import ingest_table

    with open_graph(graph, create=not refresh and not for_services) as opened, progress(quiet=quiet) as bar:
        done = opened.ingest(
            kind,
            sources or [],
            progress=bar,
            service=service,
            company=company,
            built_at=built_at,
            stands_from=stands_from,
            read_at=read_at,
            check_remote=check_remote,
            installs_from=installs_from,
            complete=complete,
            branch=branch,
            closure=closure,
            build_requires=build_requires,
            as_of=as_of,
            window_from=start,
            window_until=until,
            refresh=refresh,
            slice_to=None if slice_ is None else str(slice_),
            index_url=index_url,
            for_services=for_services,
            all_allowed=all_allowed,
            budget=budget,
            unknown_times=unknown_times,
        )
    answer(ingest_json(done) if format_ is opt.TextOrJson.JSON else ingest_table(done, **sheet(None)), None)
    if done.rejected:
        raise typer.Exit(3)
