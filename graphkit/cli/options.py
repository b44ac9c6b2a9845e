"""Options that several verbs share, each with one name and one meaning."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from graphkit.model.ranks import Tier


class Resolver(StrEnum):
    """The resolver profiles."""

    UV = "uv"
    PIP = "pip"


class TextOrJson(StrEnum):
    """The formats of answers that are no blast."""

    TABLE = "table"
    JSON = "json"


GraphAt = Annotated[
    str | None,
    typer.Option(
        "--graph",
        metavar="PATH",
        help="The graph's folder, or neo4j://host:7687. Default: $GRAPHKIT_GRAPH, else a folder of this user.",
    ),
]
FailOn = Annotated[
    Tier | None, typer.Option("--fail-on", help="Exit 1 where a service is exposed at this tier or above.")
]
Long = Annotated[bool, typer.Option("--long", help="List everything, not only what fits one screen.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")]
Targets = Annotated[
    list[str],
    typer.Argument(metavar="TARGET...", help="name==version, a purl, or the id of an incident or advisory."),
]
At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="One instant (RFC 3339; UTC unless it says).")]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Start of the window asked about.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="End of the window asked about.")]
Reading = Annotated[str | None, typer.Option("--reading", metavar="ID", help="Which account of the times answers.")]
Python = Annotated[
    str | None, typer.Option("--python", metavar="VERSION", help="Python of services that do not say. Default: 3.12.")
]
Platform = Annotated[
    str | None,
    typer.Option("--platform", metavar="NAME", help="linux, musllinux, macos or windows, as in macos-arm64."),
]
ResolverName = Annotated[Resolver, typer.Option("--resolver", help="Whose rules of choice apply.")]
BuildsComplete = Annotated[
    bool, typer.Option("--builds-complete", help="The builds in the graph are all there were: no unrecorded one.")
]
StandsFrom = Annotated[
    str | None,
    typer.Option(
        "--stands-from",
        metavar="TIME",
        help="Since when locks and manifests were in place; a git history shows this itself.",
    ),
]
ReadAt = Annotated[
    str | None,
    typer.Option(
        "--read-at", metavar="TIME|now", help="The last moment that locks and manifests were known to be in place."
    ),
]
CheckRemote = Annotated[
    bool,
    typer.Option("--check-remote", help="Ask the remotes of repositories whether their branches are still the same."),
]
InstallsFrom = Annotated[
    list[str] | None,
    typer.Option(
        "--installs-from",
        metavar="PATH",
        help="With --service: the lock or manifest that it installs from; no other counts. May be repeated.",
    ),
]
Complete = Annotated[bool, typer.Option("--complete", help="You declare that each document lists everything.")]
Wait = Annotated[
    float,
    typer.Option(
        "--wait", min=0, metavar="SECONDS", help="How long to wait while another process writes to the graph."
    ),
]
Redact = Annotated[
    Path | None,
    typer.Option(
        "--redact",
        metavar="KEYFILE",
        help="Leave internal names out: pseudonyms stand for them. KEYFILE, made if missing, translates them back.",
    ),
]
Format = Annotated[TextOrJson, typer.Option("--format", help="How the answer is written.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the answer to a file.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit 3 where something is unknown, or cleared only by assumptions.")
]
