"""Reports: the forms an answer can take. One registry line each; nothing heavy is imported here."""

from __future__ import annotations

from importlib import import_module
from typing import Final, cast

from graphkit.model.errors import UsageError
from graphkit.reports.interface import Report

REPORTS: Final[tuple[tuple[str, str], ...]] = (
    ("table", "graphkit.reports.table:REPORT"),
    ("json", "graphkit.reports.as_json:REPORT"),
    ("html", "graphkit.reports.html:REPORT"),
    ("csv", "graphkit.reports.as_csv:REPORT"),
    ("markdown", "graphkit.reports.status_note:REPORT"),
    ("mermaid", "graphkit.reports.mermaid:REPORT"),
    ("graphml", "graphkit.reports.graphml:REPORT"),
    ("sarif", "graphkit.reports.sarif:REPORT"),
    ("openvex", "graphkit.reports.openvex:REPORT"),
    ("cyclonedx-vex", "graphkit.reports.cyclonedx_vex:REPORT"),
)
"""Every report as (name, lazy path), in the order of listing."""


def names() -> tuple[str, ...]:
    """Return the names of all reports, in the order of listing."""
    return tuple(name for name, _ in REPORTS)


def report(name: str) -> Report:
    """Return the report of a name.

    Raises:
        UsageError: there is none of that name.
    """
    path = dict(REPORTS).get(name)
    if path is None:
        raise UsageError(f"unknown format {name!r}; choose one of {', '.join(names())}")
    module, _, attribute = path.partition(":")
    return cast("Report", getattr(import_module(module), attribute))
