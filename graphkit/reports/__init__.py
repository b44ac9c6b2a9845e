"""Reports: the forms an answer can take. One registry line each; nothing heavy is imported here."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Self, cast

from graphkit.model.errors import UsageError

if TYPE_CHECKING:
    from graphkit.reports.interface import Report


class ReportFormat(StrEnum):
    """The forms of a blast, in the order of listing: the word of ``--format``, and where its report is."""

    TABLE = "table", "graphkit.reports.table:REPORT"
    JSON = "json", "graphkit.reports.as_json:REPORT"
    HTML = "html", "graphkit.reports.html:REPORT"
    CSV = "csv", "graphkit.reports.as_csv:REPORT"
    MARKDOWN = "markdown", "graphkit.reports.status_note:REPORT"
    MERMAID = "mermaid", "graphkit.reports.mermaid:REPORT"
    GRAPHML = "graphml", "graphkit.reports.graphml:REPORT"
    SARIF = "sarif", "graphkit.reports.sarif:REPORT"
    OPENVEX = "openvex", "graphkit.reports.openvex:REPORT"
    CYCLONEDX_VEX = "cyclonedx-vex", "graphkit.reports.cyclonedx_vex:REPORT"

    path: str

    def __new__(cls, name: str, path: str) -> Self:
        """Return the member of one line."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.path = path
        return member


def names() -> tuple[str, ...]:
    """Return the names of all reports, in the order of listing."""
    return tuple(one.value for one in ReportFormat)


def report(name: str) -> Report:
    """Return the report of a name.

    Raises:
        UsageError: there is none of that name.
    """
    form = next((one for one in ReportFormat if one == name), None)
    if form is None:
        raise UsageError(f"unknown format {name!r}; choose one of {', '.join(names())}")
    module, _, attribute = form.path.partition(":")
    return cast("Report", getattr(import_module(module), attribute))
