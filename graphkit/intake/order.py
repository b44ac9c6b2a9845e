"""How sources are read: the options of an ingest, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from graphkit.model.errors import UsageError
from graphkit.model.names import BadName, ServiceId, company_id, service_id
from graphkit.model.times import BadTime, Instant, Moment, instant, moment

UNKNOWN_TIMES: Final = ("uncertain", "listed")
"""How releases of a table without an upload time may be taken."""


class IntakeOptions(TypedDict, total=False):
    """How sources are read. Times are RFC 3339 texts; ``built_at`` of a lock is the commit it stands from.

    ``unknown_times`` is one of `UNKNOWN_TIMES`.
    """

    service: str | None
    company: str | None
    built_at: str | None
    read_at: str | None
    branch: str | None
    closure: bool
    as_of: str | None
    window_from: str | None
    window_until: str | None
    slice_to: str | None
    index_url: str | None
    unknown_times: str | None
    refresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The options, read."""

    service: ServiceId | None
    company: str
    built_at: Moment | None
    read_at: Moment | None
    branch: str
    closure: bool
    start: Instant | None
    until: Instant | None
    as_of: Instant | None
    table_as_of: Moment | None
    """The same time for a table, which then speaks until it: as precisely as it was told."""
    slice_to: Path | None
    index_url: str | None
    is_refresh: bool
    """The pages that the graph has are asked for again; without names, all of them."""
    times_listed: bool
    """Rows of a table without a time are taken as listed always (semantics §1)."""

    @property
    def is_told(self) -> bool:
        """Return whether a person said something of the documents, which then counts beside what is known."""
        told = self.service or self.company or self.branch
        return bool(told) or self.built_at is not None or self.read_at is not None

    @classmethod
    def read(cls, options: IntakeOptions) -> Order:
        """Return options with their times and names read; UsageError where one makes no sense."""
        try:
            times = {
                name: instant(str(options[name])) if options.get(name) else None
                for name in ("as_of", "window_from", "window_until")
            }
            moments = {
                name: moment(str(options[name])) if options.get(name) else None
                for name in ("built_at", "read_at", "as_of")
            }
            service = options.get("service")
            company = options.get("company")
            named = service_id(_utf8("--service", service)) if service is not None else None
            owner = company_id(_utf8("--company", company)) if company is not None else ""
            branch = _utf8("--branch", options.get("branch") or "")
        except BadTime as error:
            raise UsageError(f"{error}; give a UTC time such as 2026-03-24T10:52:00Z") from error
        except BadName as error:
            raise UsageError(str(error)) from error
        start, until = times["window_from"], times["window_until"]
        if (start is None) != (until is None):
            raise UsageError("--from and --until of an ingest go together: the window in which choices fall")
        if start is not None and until is not None and start >= until:
            raise UsageError("--from must be before --until")
        slice_to = options.get("slice_to")
        unknown_times = options.get("unknown_times") or "uncertain"
        if unknown_times not in UNKNOWN_TIMES:
            raise UsageError(f"no --unknown-times {unknown_times!r}; there are {' and '.join(UNKNOWN_TIMES)}")
        return cls(
            service=named,
            company=owner,
            built_at=moments["built_at"],
            read_at=moments["read_at"],
            branch=branch,
            closure=options.get("closure", False),
            start=start,
            until=until,
            as_of=times["as_of"],
            table_as_of=moments["as_of"],
            slice_to=Path(slice_to) if slice_to else None,
            index_url=options.get("index_url"),
            is_refresh=options.get("refresh", False),
            times_listed=unknown_times == "listed",
        )


def _utf8(option: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{option} is no UTF-8 text") from error
    return text
