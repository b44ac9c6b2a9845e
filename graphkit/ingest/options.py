"""How sources are read: the options of an ingest, checked once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Final, TypedDict, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.errors import UsageError
from graphkit.model.names import BadName, ServiceId, company_id, service_id
from graphkit.model.organisation import Word
from graphkit.model.times import BadTime, Instant, Moment, exactly, instant, moment

_Time = TypeVar("_Time", Instant, Moment)

UNKNOWN_TIMES: Final = ("uncertain", "listed")
"""How releases of a table without an upload time may be taken."""


class IngestArguments(TypedDict, total=False):
    """How sources are read. Times are RFC 3339 texts.

    ``built_at`` is when the build ran that a document describes, or that used an input. ``stands_from``: since when
    inputs were in place; ``read_at``: the last moment they were known to be, `now` for the clock's; ``check_remote``:
    remotes are asked whether branches still stand. ``declare_builds``: a scan found all builds of the services that it
    found builds of. ``installs_from``: the paths of the inputs of ``service`` that count. ``complete``: the word that
    the documents list everything. ``build_requires``: of releases without a wheel also what building them takes is
    read, by their sdists. ``unknown_times`` is one of `UNKNOWN_TIMES`. ``for_services``: what the manifests of
    services ask an index for, of ``services`` alone where they are named. ``all_allowed``: with every release that
    ranges allow. ``budget``: seconds after which no more is read, None for no end.
    """

    service: str | None
    company: str | None
    built_at: str | None
    stands_from: str | None
    read_at: str | None
    check_remote: bool
    declare_builds: bool
    installs_from: Sequence[str] | None
    complete: bool
    branch: str | None
    closure: bool
    build_requires: bool
    as_of: str | None
    window_from: str | None
    window_until: str | None
    slice_to: str | None
    index_url: str | None
    unknown_times: str | None
    refresh: bool
    for_services: bool
    services: Sequence[str]
    all_allowed: bool
    budget: float | None


class IngestOptions(Struct, frozen=True, kw_only=True):
    """The options, read."""

    service: ServiceId | None
    company: str
    built_at: Moment | None
    stands_from: Moment | None
    read_at: Moment | None
    now: Instant | None
    """The clock's time, where remotes are to be asked what stands now."""
    installs_from: tuple[str, ...] | None
    is_complete: bool
    declares_builds: bool
    """The builds that documents of a scan show are all there were."""
    branch: str
    closure: bool
    build_requires: bool
    start: Instant | None
    until: Instant | None
    as_of: Instant | None
    table_as_of: Moment | None
    """The same time for a table, which then speaks until it: as precisely as it was told."""
    slice_to: Path | None
    index_url: str | None
    is_refresh: bool
    """The pages that the graph has are asked for again; without names, all of them."""
    for_services: frozenset[ServiceId] | None
    """What their manifests ask an index for is read; None for every service, an empty set for none."""
    all_allowed: bool
    budget: float | None
    times_listed: bool
    """Rows of a table without a time are taken as listed always (docs/semantics.md#uncertain-times)."""
    is_scan: bool = False

    def words(self, *times: str) -> tuple[Word, ...]:
        """Return that some times of a document are what a person said of it, by which option."""
        return tuple(
            Word(time, "--unchanged-since" if self.is_scan else f"--{time.replace('_', '-')}") for time in times
        )

    @property
    def is_told(self) -> bool:
        """Return whether a person said something of the documents, which then counts beside what is known."""
        told = self.service or self.company or self.branch or self.is_complete or self.declares_builds
        return bool(told) or any(one is not None for one in (self.built_at, self.stands_from, self.read_at))

    @classmethod
    def read(cls, options: IngestArguments, *, is_scan: bool = False) -> IngestOptions:
        """Return options with their times and names read; UsageError where one is invalid."""
        now = instant(dt.datetime.now(dt.UTC))
        service, company, as_of = options.get("service"), options.get("company"), options.get("as_of")
        try:
            read = cls(
                as_of=_read_by(instant, as_of),
                start=_read_by(instant, options.get("window_from")),
                until=_read_by(instant, options.get("window_until")),
                built_at=_read_by(moment, options.get("built_at")),
                stands_from=_read_by(moment, options.get("stands_from")),
                table_as_of=_read_by(moment, as_of),
                read_at=_read_at(options.get("read_at"), now),
                now=now if options.get("check_remote") else None,
                service=service_id(_utf8("--service", service)) if service is not None else None,
                company=company_id(_utf8("--company", company)) if company is not None else "",
                branch=_utf8("--branch", options.get("branch") or ""),
                installs_from=None,
                is_complete=options.get("complete", False),
                declares_builds=options.get("declare_builds", False),
                closure=options.get("closure", False),
                build_requires=options.get("build_requires", False),
                slice_to=Path(slice_to) if (slice_to := options.get("slice_to")) else None,
                index_url=options.get("index_url"),
                is_refresh=options.get("refresh", False),
                for_services=_services(options),
                all_allowed=options.get("all_allowed", False),
                budget=options.get("budget"),
                times_listed=options.get("unknown_times") == "listed",
                is_scan=is_scan,
            )
        except BadTime as error:
            raise UsageError(f"{error}; give a UTC time such as 2026-03-24T10:52:00Z") from error
        except BadName as error:
            raise UsageError(str(error)) from error
        read._check(options)
        paths = options.get("installs_from")
        return replace(read, installs_from=tuple(sorted(map(_path, paths)))) if paths else read

    def _check(self, options: IngestArguments) -> None:
        """Raise UsageError where options do not go together, or one has a value that it cannot have."""
        if (self.start is None) != (self.until is None):
            raise UsageError("an ingest needs both --from and --until, or neither: the window of choices")
        if self.start is not None and self.until is not None and self.start >= self.until:
            raise UsageError("--from must be before --until")
        since, last = self.stands_from, self.read_at
        if since is not None and last is not None and since.earliest > last.latest:
            raise UsageError("--stands-from must be before --read-at")
        if options.get("installs_from") and self.service is None:
            raise UsageError("--installs-from needs --service")
        unknown_times = options.get("unknown_times")
        if unknown_times and unknown_times not in UNKNOWN_TIMES:
            raise UsageError(f"unknown value {unknown_times!r} of --unknown-times; choose {' or '.join(UNKNOWN_TIMES)}")


def _services(options: IngestArguments) -> frozenset[ServiceId] | None:
    """Return whose manifests are meant: None for those of every service."""
    if not options.get("for_services", False):
        return frozenset()
    return frozenset(map(service_id, options["services"])) if "services" in options else None


def _read_by(read: Callable[[str], _Time], text: str | None) -> _Time | None:
    """Return a time as it is read, None where none is given."""
    return read(str(text)) if text else None


def _read_at(text: str | None, now: Instant) -> Moment | None:
    if not text:
        return None
    return exactly(now) if text.strip().lower() == "now" else moment(text)


def _path(text: str) -> str:
    """Return the path of an input as answers show it: from the folder or repository that is given."""
    path = PurePosixPath(_utf8("--installs-from", text).replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or path.parts[0].endswith(":"):
        raise UsageError(
            f"--installs-from {text[:80]!r}: give the path of an input as answers show it, such as uv.lock"
        )
    return str(path)


def _utf8(option: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{option} is not valid UTF-8") from error
    return text
