"""One command for everything: find what is there, read what it needs of the index, and answer for every incident known.

What a person would type for each step is in `Scan.commands`.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Unpack, cast

from msgspec import Struct

from graphkit.api.answers import Blast, IngestReport
from graphkit.api.graph import Graph
from graphkit.api.questions import BlastOptions
from graphkit.model.addresses import without_secrets
from graphkit.model.answers import Rejected, ServiceVerdict
from graphkit.model.errors import GraphkitError, UsageError
from graphkit.model.progress import Progress
from graphkit.model.ranks import Verdict
from graphkit.model.times import instant, rfc3339
from graphkit.reports.settling import command
from graphkit.resources import resource

BUDGET: Final = 60.0
"""Seconds that the index is read for unless told."""
_OPEN: Final = frozenset({Verdict.UNKNOWN, Verdict.ADMITTED})
"""What reading more of the index may change."""
_MOST_SOURCES: Final = 200
"""How many sources one command that explains a step names."""
_FILES: Final = frozenset({".yaml", ".yml", ".json"})
"""How files of incidents end; neither an id nor a release does."""
_WORD_FILE: Final = "builds-complete.json"
"""The organisation file that one of these commands writes."""
_LEAST: Final = 1.0
"""Seconds below which no further reading is begun."""


class ScanOptions(BlastOptions, total=False):
    """How a scan is made.

    ``incidents``: files of incidents or OSV records, ids or releases; none: every incident that ships or was ingested.
    ``offline``: neither the index nor remotes are asked. ``check_remote``: remotes are asked whether branches still
    stand. ``unchanged_since``: the word that everything found was in place since then. ``declare_builds``: the word
    that the builds found are all there were. ``budget``: seconds for the index. ``all_advisories``: also records that
    are not of malicious packages. ``github`` and ``dependency_track``: an organisation and an address to pull from.
    """

    incidents: Sequence[str]
    offline: bool
    check_remote: bool
    unchanged_since: str | None
    declare_builds: bool
    budget: float | None
    all_advisories: bool
    index_url: str | None
    github: str | None
    dependency_track: str | None


class Scan(Struct, frozen=True, kw_only=True):
    """What a scan found. ``reports``: what became of each step's inputs. ``commands``: the same, step by step.

    ``index_facts``: how many pages and requirements of the index were new; 0 where it was not asked. ``is_stopped``:
    the time for it was used up.
    """

    blast: Blast
    paths: tuple[str, ...]
    reports: tuple[tuple[str, IngestReport], ...]
    commands: tuple[str, ...]
    seconds: float
    index_facts: int = 0
    is_stopped: bool = False
    problem: str = ""
    """Why the index could not be read, empty where it could."""
    from_before: tuple[str, ...] = ()
    """Services that the graph has of earlier runs, of repositories and folders that this one did not look into."""

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """The inputs that could not be used."""
        return tuple(one for _, report in self.reports for one in report.rejected)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What to know of what was read: what was left out, and what the graph keeps."""
        return tuple(dict.fromkeys(note for _, report in self.reports for note in report.notes))


def scan(
    graph: Graph,
    paths: Sequence[str],
    *,
    progress: Progress | None = None,
    provisional: Callable[[Blast, bool], None] = lambda *_: None,
    **options: Unpack[ScanOptions],
) -> Scan:
    """Find what lies below paths, put it into a graph, and answer.

    ``provisional`` gets the answer before the index, and whether anything was found below the paths.

    Cost: as for `Graph.ingest` and `Graph.blast`; of the index at most ``budget`` seconds and the requests under way.

    Raises:
        UsageError: a path, target or option that is invalid.
        GraphkitError: the graph is in use elsewhere.
    """
    if not any(os.path.lexists(path) for path in paths):
        raise UsageError(f"{paths[0]}: no such file or folder" if paths else "give a folder, a repository or a file")
    for one in options.get("incidents", ()):
        if Path(one).suffix in _FILES and not Path(one).is_file():
            raise UsageError(f"{one}: no such file; give an incident file, an OSV record, an id or name==version")
    return _Scan(graph, tuple(paths), progress, options).run(provisional)


class _Scan:
    """One scan, step by step."""

    def __init__(self, graph: Graph, paths: tuple[str, ...], progress: Progress | None, options: ScanOptions) -> None:
        self._graph = graph
        self._paths = paths
        self._progress = progress
        self._options = options
        self._reports: list[tuple[str, IngestReport]] = []
        self._commands: list[str] = []
        self._begun = time.monotonic()
        # One instant for all that is read: the time of an incident without an end goes to the newest fact there is, and
        # a page that was read after the files would leave a minute of it for which nobody knows them.
        self._now = str(rfc3339(instant(dt.datetime.now(dt.UTC))))
        budget = options.get("budget")
        self._left = BUDGET if budget is None else budget
        self._is_stopped = False
        self._problem = ""

    def run(self, provisional: Callable[[Blast, bool], None]) -> Scan:
        """Do every step and return what came of it."""
        given = self._take_incidents()
        self._take_documents()
        targets = given or self._known()
        answer = self._ask(targets)
        facts = 0
        if not self._options.get("offline", False):
            provisional(answer, any(report.read for kind, report in self._reports if kind != "advisory"))
            for all_allowed in (False, True):
                read = self._read_if_possible(answer, all_allowed=all_allowed)
                facts += read
                if read:
                    targets = given or self._known()
                    answer = self._ask(targets)
        self._commands.append(command("graphkit", "blast", *targets))
        return Scan(
            blast=answer,
            paths=self._paths,
            reports=tuple(self._reports),
            commands=tuple(self._commands),
            seconds=time.monotonic() - self._begun,
            index_facts=facts,
            is_stopped=self._is_stopped,
            problem=self._problem,
            from_before=self._from_before(),
        )

    def _from_before(self) -> tuple[str, ...]:
        """Return the services of which the graph has documents from other repositories and folders alone."""
        if self._options.get("github") or self._options.get("dependency_track"):
            return ()  # what they have is not told by names of folders
        looked_into = {name for _, report in self._reports for name in report.looked_into}
        places: dict[str, set[str]] = {}
        for use in self._graph.organisation().uses:
            places.setdefault(str(use.service), set()).add(use.repository)
        return tuple(sorted(one for one, known in places.items() if "" not in known and known.isdisjoint(looked_into)))

    def _explain(self, kind: str, *words: str, sources: Sequence[str] = ()) -> None:
        """Note the command of a step; of many sources several, as a shell takes no line without end."""
        named = [f"./{source}" if source.startswith("-") else source for source in sources]
        for at in range(0, max(len(named), 1), _MOST_SOURCES):
            self._commands.append(command("graphkit", "ingest", kind, *named[at : at + _MOST_SOURCES], *words))

    def _explain_word(self, closed: Sequence[str]) -> None:
        """Note how an organisation file says of services that their builds are all there were."""
        services = [{"name": one, "builds": "complete"} for one in closed]
        text = json.dumps({"schema": "graphkit.organisation/1", "services": services})
        written = f"{command('printf', '%s', text)} > {_WORD_FILE}"
        self._commands.append(f"{written} && {command('graphkit', 'ingest', 'org', _WORD_FILE)}")

    def _take_incidents(self) -> tuple[str, ...]:
        """Take the incidents that ship and files that were named; return the targets that were named."""
        named = tuple(self._options.get("incidents", ()))
        files = [one for one in named if Path(one).is_file()]
        shipped = sorted(str(path) for path in resource("examples").glob("*/incident.yaml"))
        self._graph.ingest("advisory", shipped)
        self._explain("advisory", sources=shipped)
        targets = [one for one in named if one not in files]
        if files:
            report = self._graph.ingest("advisory", files, progress=self._progress)
            self._reports.append(("advisory", report))
            self._explain("advisory", sources=files)
            for one in report.rejected:
                raise UsageError(str(one))
            targets += report.incidents
        return tuple(targets)

    def _known(self) -> tuple[str, ...]:
        """Return the ids of the incidents that are asked about where none was named."""
        found = self._graph.incidents(malicious_only=not self._options.get("all_advisories", False))
        if not found:
            raise GraphkitError("no incident is known; name one: graphkit scan --incident litellm==1.82.8")
        return found

    def _take_documents(self) -> None:
        options = self._options
        since, is_offline = options.get("unchanged_since"), options.get("offline", False)
        words = ["--stands-from", since, "--read-at", self._now] if since else []
        check_remote = options.get("check_remote", True) and not is_offline
        report = self._graph.ingest(
            "scan",
            list(self._paths),
            progress=self._progress,
            stands_from=since,
            read_at=self._now if since else None,
            check_remote=check_remote,
            declare_builds=options.get("declare_builds", False),
        )
        self._reports.append(("scan", report))
        for one in report.taken:
            also = [] if one.kind == "advisory" else [*words]
            also += ["--check-remote"] if one.is_history and check_remote else []
            also += ["--service", one.service] if one.service is not None else []
            also += ["--branch", one.branch] if one.branch else []
            self._explain(one.kind, *also, sources=one.sources)
        if closed := sorted({str(one.service) for one in report.taken if one.builds_complete}):
            self._explain_word(closed)
        for kind in ("github", "dependency_track"):
            if source := cast("str | None", options.get(kind)):
                name = kind.replace("_", "-")
                self._reports.append((name, self._graph.ingest(name, [source], progress=self._progress)))
                self._explain(name, sources=[source])

    def _ask(self, targets: Sequence[str]) -> Blast:
        names = BlastOptions.__optional_keys__
        asked = {name: value for name, value in self._options.items() if name in names}
        return self._graph.blast(*targets, progress=self._progress, **cast("BlastOptions", asked))

    def _read_if_possible(self, answer: Blast, *, all_allowed: bool) -> int:
        """Read the index; where it cannot be reached, the answer without it is better than none."""
        if self._problem:
            return 0
        try:
            return self._read_index(answer, all_allowed=all_allowed)
        except UsageError:
            raise
        except GraphkitError as error:
            self._problem = str(error)
            return 0

    def _read_index(self, answer: Blast, *, all_allowed: bool) -> int:
        """Read what the manifests of open services ask the index for, window by window; return how many pages came."""
        read = 0
        for incident, start, until in _windows(answer):
            services = [one.service for one in answer.services if _is_open(one, incident, near=all_allowed)]
            if not services or self._left < _LEAST:
                self._is_stopped |= bool(services)
                continue
            begun = time.monotonic()
            report = self._graph.ingest(
                "index",
                [],
                progress=self._progress,
                for_services=True,
                services=services,
                all_allowed=all_allowed,
                window_from=start,
                window_until=until,
                budget=self._left,
                as_of=self._now,
                index_url=self._options.get("index_url"),
            )
            self._left -= time.monotonic() - begun
            self._is_stopped |= report.is_stopped
            self._reports.append(("index", report))
            words = ["--all-allowed"] if all_allowed else []
            words += ["--index-url", without_secrets(url)] if (url := self._options.get("index_url")) else []
            self._explain("index", "--for-services", *words, "--from", start, "--until", until, "--as-of", self._now)
            read += report.new
        return read


def _windows(answer: Blast) -> list[tuple[str, str, str]]:
    """Return incident, start and end of each window that is known, the newest first."""
    known = [one for one in answer.windows or (answer.window,) if one.is_known]
    texts = (
        (one.incident, rfc3339(one.start), rfc3339(one.until)) for one in sorted(known, key=lambda one: -one.start)
    )
    return [(incident, start, until) for incident, start, until in texts if start and until]


def _is_open(one: ServiceVerdict, incident: str, *, near: bool) -> bool:
    """Return whether more of the index may change a service; ``near``: only choices that no fresh install makes."""
    if dict(one.incidents).get(incident, one.verdict) not in _OPEN:
        return False
    builds = [build for build in one.builds if build.incident in {"", incident} and build.verdict is Verdict.UNKNOWN]
    return any(build.near for build in builds) if near else True
