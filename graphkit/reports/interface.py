"""The seam of the reports: an answer and a view of it in, text out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, runtime_checkable

from msgspec import Struct

from graphkit.model.answers import Blast, Provenance
from graphkit.model.errors import UsageError
from graphkit.model.ranks import Tier

IsThere = Callable[[str], bool]
"""Tells whether a path leads somewhere."""


def anywhere(_: str) -> bool:
    """Take it that a path leads somewhere: where a report is read nobody knows."""
    return True


class ReportOptions(Struct, frozen=True, kw_only=True):
    """How much of an answer to show, and on what.

    ``tier`` is the weakest one whose packages are listed; weaker ones are counted. ``limit`` cuts lists
    of packages and releases, never a summary; None: no cut. ``offset`` leaves so many packages out before
    those that are listed. ``strict``: assumptions are refused; a service that is cleared only by them counts
    as unknown. ``long``: everything, where a report has a short form too, and each service by itself. ``group``: in
    JSON, also the services that are alike, together. ``graph``: the address that commands name, None for the default
    one; ``page``: the file that they write a page to. ``width`` in columns and ``colour`` are for terminals.
    ``is_there``: whether a path that a command names leads somewhere from where it is read; of what is handed on
    nobody knows.
    """

    tier: Tier = Tier.PICKED
    limit: int | None = None
    offset: int = 0
    strict: bool = False
    long: bool = False
    group: bool = False
    graph: str | None = None
    page: str = "report.html"
    width: int = 80
    colour: bool = False
    is_there: IsThere = anywhere

    @property
    def lists_everything(self) -> bool:
        """Whether the long form is meant: it was asked for, or an option says what it lists."""
        return self.long or self.limit is not None or bool(self.offset) or self.tier is not Tier.PICKED

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 0:
            raise UsageError(f"the limit {self.limit} is invalid: give 0 or more")
        if self.offset < 0:
            raise UsageError(f"the offset {self.offset} is invalid: give 0 or more")


@runtime_checkable
class InParts(Protocol):
    """A report that can be written in parts, without all of it in memory."""

    def parts(self, blast: Blast, view: ReportOptions) -> Iterator[str]:
        """Yield the whole report, part by part."""


@runtime_checkable
class NamesGraph(Protocol):
    """A report whose commands name the graph that was asked."""

    def graph(self, text: str) -> str | None:
        """Return which one a text of this form names; None for the default one."""


class Report(Protocol):
    """A form that an answer can take. Reports are pure: the same answer and view give the same bytes."""

    @property
    def suffix(self) -> str:
        """Return the ending of a file of this form, with its dot."""

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the whole report, ending in a newline; it has no character that UTF-8 cannot hold."""

    def provenance(self, text: str) -> Provenance | None:
        """Return what a text of this form says it was made of; None where it is no report of this form."""


def written(form: Report, blast: Blast, view: ReportOptions) -> Iterable[str]:
    """Return a report in parts, where its form can be written so; else whole."""
    return form.parts(blast, view) if isinstance(form, InParts) else (form.render(blast, view),)
