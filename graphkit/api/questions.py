"""Options of a question, as texts, as the values that `graphkit.trace` takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypedDict, cast

from graphkit.model.environment import Environment
from graphkit.model.errors import UsageError

if TYPE_CHECKING:
    from graphkit.trace.case_answer import Question
    from graphkit.trace.verdicts.packages import Effort

_PLATFORMS: Final = ("linux", "musllinux", "macos", "windows")
_FEWEST_WALKED: Final = 100
"""Packages that are walked at most though fewer are looked at: what is walked first may turn out not to be picked."""


class BlastOptions(TypedDict, total=False):
    """How a blast is asked. Times are RFC 3339 texts; ``platform`` may name a machine, as in ``macos-arm64``.

    ``limit``: how many packages somebody will look at. ``confirm``: `shown` walks about as many, `all` every
    package that was nominated.
    """

    at: str | None
    window_from: str | None
    window_until: str | None
    reading: str | None
    python: str | None
    platform: str | None
    resolver: str | None
    builds_complete: bool
    limit: int | None
    confirm: str | None


def question_of(targets: Sequence[str], options: BlastOptions) -> Question:
    """Return the question about some targets.

    Raises:
        UsageError: there is no target, or an option is invalid.
    """
    from graphkit.model.environment import Profile
    from graphkit.trace.case import read_span
    from graphkit.trace.case_answer import Question

    if not targets:
        raise UsageError("name a target: a release such as litellm==1.82.8, a purl, or an incident's id")
    resolver = options.get("resolver") or "uv"
    if resolver not in {"uv", "pip"}:
        raise UsageError(f"unknown resolver {resolver!r}; choose uv or pip")
    return Question(
        targets=tuple(targets),
        span=read_span(options.get("at"), options.get("window_from"), options.get("window_until")),
        reading=options.get("reading"),
        environment=_environment(options.get("python"), options.get("platform")),
        resolver=cast("Profile", resolver),
        builds_complete=options.get("builds_complete", False),
        effort=_effort(options.get("limit"), options.get("confirm") or "shown"),
    )


def _effort(limit: int | None, confirm: str) -> Effort:
    from graphkit.trace.verdicts.packages import Effort

    if confirm not in {"shown", "all"}:
        raise UsageError(f"unknown confirmation {confirm!r}; choose shown or all")
    if confirm == "all":
        return Effort(most=None)
    return Effort() if limit is None else Effort(most=max(limit, _FEWEST_WALKED), enough=limit)


def _environment(python: str | None, platform: str | None) -> Environment:
    default = Environment()
    name, _, machine = (platform or default.platform).lower().partition("-")
    if name not in _PLATFORMS:
        raise UsageError(
            f"unknown platform {name!r}; choose one of {', '.join(_PLATFORMS)}, with a machine as in macos-arm64"
        )
    version = python or default.python
    parts = version.split(".")
    if len(parts) not in {2, 3} or not all(part.isascii() and part.isdecimal() for part in parts):
        raise UsageError(f"no Python version {version!r}; give one such as 3.12")
    return Environment(python=version, platform=name, machine=machine or default.machine)
