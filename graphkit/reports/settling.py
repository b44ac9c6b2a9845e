"""The command that would settle an unknown service: what is missing in its proof says which."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from graphkit.model.answers import Blast, BuildVerdict, DocumentName, Obligation, ServiceVerdict
from graphkit.model.input_names import NOT_COMMITTED
from graphkit.model.ranks import Verdict
from graphkit.model.times import rfc3339
from graphkit.reports.interface import IsThere, ReportOptions, anywhere

_UNREAD: Final = frozenset({Obligation.ADMITTED, Obligation.CLOSURE, Obligation.BARRED})
_UNDATED: Final = frozenset({Obligation.DATED, Obligation.INPUTS})
_WHY: Final = "graphkit why "
_BUILDS_COMPLETE: Final = "--builds-complete"
_ALL_BUILDS: Final = "nothing else was built or installed"
_UNCHANGED: Final = "no lock or manifest there changed since then"
_WHEN_BUILT: Final = "TIME is when its build ran"
_LISTS_ALL: Final = "it lists everything that was installed"
_UP_TO_DATE: Final = "that clone is as its remote is now"
_THE_CLONE: Final = "REPOSITORY is its clone"
_ALL_IT_INSTALLS: Final = "FILE there is the lock or manifest of all that it installs"
_ON_THE_INDEX: Final = "the accused release came to the index at the first TIME, and was gone at the second"


class Remedy(NamedTuple):
    """A command that would settle an unknown service, or shows what is still unknown about it.

    ``only_if``: what has to be true of it, empty for nothing. It stands beside the command and never in it: some shells
    take a comment for more words.
    """

    command: str
    only_if: str = ""

    def in_words(self) -> str:
        r"""Return it in one line.

        >>> Remedy("graphkit blast x --builds-complete", "nothing else was built").in_words()
        'To settle it, only if nothing else was built: graphkit blast x --builds-complete'
        """
        return f"To {self.purpose(1)}{self.condition}: {self.command}"

    @property
    def verb(self) -> str:
        """What it does, as the start of an order: of `graphkit why` nothing is settled."""
        return "see what is still unknown about" if self.command.startswith(_WHY) else "settle"

    def purpose(self, number: int) -> str:
        """Return what it does for so many services, as an order."""
        return f"{self.verb} {'them' if number > 1 else 'it'}"

    @property
    def condition(self) -> str:
        """What has to be true of it, as the end of a clause: ``, only if …``; empty for nothing."""
        return f", only if {self.only_if}" if self.only_if else ""


Settle = Callable[[ServiceVerdict], Remedy]
"""Returns what would settle an unknown service."""


def deciding(one: ServiceVerdict) -> BuildVerdict | None:
    """Return the unknown build that decides what is missing: one that lacks more than unread choices goes first.

    One that a script keeps open goes before those: no date or index page settles it. An incident of which no time is
    known goes last: nothing else settles that. So do builds of which there is nothing, after those of which something
    has to be said.
    """
    unknown = [build for build in one.builds if build.verdict is Verdict.UNKNOWN]
    timeless = {build.incident for build in unknown if build.missing is Obligation.TIMES}

    def rank(build: BuildVerdict) -> tuple[bool, ...]:
        is_late = build.incident in timeless
        is_more = is_late and build.missing is not Obligation.TIMES
        return (is_late, is_more, not build.of_script, build.near, _is_of_nothing(build))

    return min(unknown, key=rank, default=None)


def _is_of_nothing(build: BuildVerdict) -> bool:
    """Return whether a build is unknown because nothing is known that it could have installed from."""
    return build.missing is Obligation.INPUTS and build.input is None and build.document is None


def is_unread(one: ServiceVerdict) -> bool:
    """Return whether index pages or requirements that nobody read keep a service from being settled."""
    build = deciding(one)
    return one.near or (build is not None and build.missing in _UNREAD)


def is_undated(one: ServiceVerdict) -> bool:
    """Return whether a service lacks a lock, manifest or SBOM that is known to be of that time."""
    build = deciding(one)
    return build is not None and build.missing in _UNDATED


def _undated_sbom(one: ServiceVerdict) -> DocumentName | None:
    """Return the SBOM or listing of which nobody knows when its build ran, where that keeps a service unknown."""
    build = deciding(one)
    is_it = build is not None and build.missing is Obligation.DATED and build.input is None
    return build.document if is_it and build is not None else None


def _lacks_inputs(one: ServiceVerdict) -> bool:
    """Return whether a service is unknown because nothing is known that a build of it could have installed from."""
    build = deciding(one)
    return build is not None and _is_of_nothing(build)


def _is_of_script(one: ServiceVerdict) -> bool:
    """Return whether a file that can install, and that nothing reads as a whole, keeps a service from being settled."""
    build = deciding(one)
    return build is not None and build.of_script


def is_timeless(one: ServiceVerdict) -> bool:
    """Return whether nothing keeps a service from being settled but that no time of an incident is known."""
    build = deciding(one)
    return build is not None and build.missing is Obligation.TIMES


def has_only_unrecorded(one: ServiceVerdict) -> bool:
    """Return whether every recorded build is clear, so that only builds that nobody recorded are unknown."""
    recorded = [build for build in one.builds if build.at is not None]
    return bool(recorded) and all(build.verdict is Verdict.CLEARED for build in recorded)


def command(*words: str) -> str:
    r"""Return words as a line for a shell; what does not print is written as Bash and zsh read it.

    >>> command("graphkit", "scan", "my code", "a\nb")
    "graphkit scan 'my code' $'a\\x0ab'"
    """
    return " ".join(shlex.quote(word) if word.isprintable() else f"$'{_escaped(word)}'" for word in words)


def _escaped(word: str) -> str:
    """Return the bytes of a word, those that do not print by their numbers; names of files hold any (PEP 383)."""
    try:
        found = word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        found = word.encode("utf-8", "surrogatepass")
    kept = {byte: f"\\{chr(byte)}" for byte in b"\\'"}
    return "".join(kept.get(byte, chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in found)


def graph_option(graph: str | None) -> tuple[str, ...]:
    """Return the words that name a graph in a command, none for the default one."""
    return () if graph is None else ("--graph", graph)


def remedies(unknown: Iterable[ServiceVerdict], settle: Settle, most: int) -> list[tuple[Remedy, int]]:
    """Return what settles unknown services and how many of them, at most so many, the one that settles most first."""
    return Counter(one for one in map(settle, unknown) if one.command).most_common(most)


def incidents_of(blast: Blast) -> Sequence[str]:
    """Return the incidents, advisories or releases that were asked about, each as it was named."""
    try:
        words = shlex.split(blast.provenance.question)[1:]
    except ValueError:
        words = []
    asked = list(takewhile(lambda word: not word.startswith("-"), words))
    return asked or list(dict.fromkeys(one.incident for one in blast.windows)) or [blast.incident.id]


def settle_in_graph(blast: Blast, graph: str | None, is_there: IsThere = anywhere) -> Settle:
    """Return what names the command for services of a graph, of which nobody knows where their files lie.

    ``graph``: its address as it was given, None for the default one. ``is_there``: whether a path leads somewhere; one
    that does not is a word to be filled in.
    """
    at = graph_option(graph)
    window, ids = _window(blast), incidents_of(blast)

    def settle(one: ServiceVerdict) -> Remedy:
        if _is_of_script(one):
            return _all_it_installs(one, (), at, is_there)
        if is_unread(one):
            return Remedy(command("graphkit", "ingest", "index", "--for-services", *window, *at))
        if has_only_unrecorded(one):
            return Remedy(command("graphkit", "blast", *ids, _BUILDS_COMPLETE, *at), _ALL_BUILDS)
        if is_undated(one):
            return _dated(blast, one, at, is_there)
        return _by_word(one, (), at, is_there) or _rest(one, ids, at)

    return settle


def _dated(blast: Blast, one: ServiceVerdict, at: Sequence[str], is_there: IsThere) -> Remedy:
    """Return what gives a time to that of which none is known: a build, a clone, a file, or whatever there is."""
    build = deciding(one)
    assert build is not None
    known, document = build.input, build.document
    ingest = ("graphkit", "ingest")
    if known is not None and known.branch == NOT_COMMITTED:
        folder, where = _there(known.repository, is_there)
        since = ("--unchanged-since", _earliest(blast, one) or "TIME")
        return Remedy(command("graphkit", "scan", folder, *since, *at), _both(where, _UNCHANGED))
    if known is not None and known.branch:
        clone, where = _there(known.repository, is_there)
        words = ("lock", clone, "--branch", known.branch, "--read-at", "now")
        is_told = one.service.split("/")[0] != known.repository.split("/")[0]
        whose = f"all of it is of {one.service}" if is_told else ""
        return Remedy(
            command(*ingest, *words, *(("--service", one.service) if is_told else ()), *at),
            _both(where, _UP_TO_DATE, whose),
        )
    if known is not None:
        path, where = _there(f"{known.repository}/{known.path}" if known.repository else known.path, is_there)
        words = ("lock", path, "--service", one.service, "--stands-from", _earliest(blast, one) or "TIME")
        return Remedy(command(*ingest, *words, "--read-at", "now", *at), _both(where, _UNCHANGED))
    if document is not None and build.missing is Obligation.DATED:
        return _built_at_a_time(one, document.file or document.path, at, is_there)
    return _of_a_clone(one, at)


def _built_at_a_time(one: ServiceVerdict, path: str, at: Sequence[str], is_there: IsThere) -> Remedy:
    """Return the command that says when the build of an SBOM ran."""
    named, where = _there(path, is_there)
    words = ("sbom", named, "--service", one.service, "--built-at", "TIME")
    return Remedy(command("graphkit", "ingest", *words, *at), _both(where, _WHEN_BUILT))


def _of_a_clone(one: ServiceVerdict, at: Sequence[str]) -> Remedy:
    """Return the command that reads what a service is built from, of which nothing is known."""
    return Remedy(command("graphkit", "ingest", "lock", "REPOSITORY", "--service", one.service, *at), _THE_CLONE)


def _all_it_installs(one: ServiceVerdict, paths: Sequence[str], at: Sequence[str], is_there: IsThere) -> Remedy:
    """Return the command that names the one file that a service installs from, so that its scripts do not count.

    ``paths``: what was scanned, in which its repository lies.
    """
    build = deciding(one)
    repository = build.document.repository if build is not None and build.document is not None else ""
    clone, where = _there(_in_scanned(repository, paths), is_there) if repository else ("", "")
    if not repository or where:  # it may be of another scan, so that nobody knows the folder it lies in
        clone, where = "REPOSITORY", _THE_CLONE
    words = ("lock", clone, "--service", one.service, "--installs-from", "FILE")
    return Remedy(command("graphkit", "ingest", *words, *at), _both(where, _ALL_IT_INSTALLS))


def _all_that_is_open(one: ServiceVerdict, ids: Sequence[str], at: Sequence[str]) -> Remedy:
    """Return the command that shows all that is open of a service."""
    return Remedy(command(*_WHY.split(), *at, "--clearance", "--", one.service, *ids))


def _there(path: str, is_there: IsThere) -> tuple[str, str]:
    """Return the word of a command that names a file or folder, and what has to be true of it; ``-x`` is an option."""
    if is_there(path):
        return (f"./{path}" if path.startswith("-") else path), ""
    return "PATH", f"PATH leads to {path}"


def _both(*conditions: str) -> str:
    return ", and ".join(filter(None, conditions))


def _in_scanned(path: str, paths: Sequence[str]) -> str:
    """Return the path of a file by what was scanned, in which it lies."""
    if len(paths) != 1:
        return path
    top = PurePosixPath(paths[0])
    return str(top if top.name == PurePosixPath(path).name else top / path)


def _by_word(one: ServiceVerdict, paths: Sequence[str], at: Sequence[str], is_there: IsThere) -> Remedy | None:
    """Return the command by which an SBOM is declared to list everything; None where that is not what is missing.

    ``paths``: what was scanned, in which it lies.
    """
    build = deciding(one)
    if build is None or build.document is None or not build.can_be_declared:
        return None
    path, where = _there(_in_scanned(build.document.file or build.document.path, paths), is_there)
    words = ("sbom", path, "--service", one.service, "--complete")
    if build.at is not None:
        return Remedy(command("graphkit", "ingest", *words, *at), _both(where, _LISTS_ALL))
    when = _both(where, _LISTS_ALL, _WHEN_BUILT)
    return Remedy(command("graphkit", "ingest", *words, "--built-at", "TIME", *at), when)


def _rest(one: ServiceVerdict, ids: Sequence[str], at: Sequence[str]) -> Remedy:
    """Return how times are given that nobody knows; else what shows all that is open."""
    build = deciding(one)
    if build is not None and build.missing is Obligation.TIMES:
        asked = [build.incident] if build.incident in ids else ids
        return Remedy(command("graphkit", "blast", *asked, "--from", "TIME", "--until", "TIME", *at), _ON_THE_INDEX)
    return _all_that_is_open(one, ids, at)


def settle_by_scan(
    blast: Blast,
    paths: Sequence[str],
    view: ReportOptions,
    *,
    budget: float,
    offline: bool,
    is_stopped: bool = True,
    words: Sequence[str] = (),
    unchanged_since: str | None = None,
) -> Settle:
    """Return what names the command for services that a scan of ``paths`` found.

    ``budget``: seconds that the index was read for. ``offline``: it was not read at all.
    ``is_stopped``: it was not read to the end. ``words``: other options that
    it had, which the next scan has too. ``unchanged_since``: what it was told of that.
    """
    at, is_there = graph_option(view.graph), view.is_there
    offline_too = ("--offline",) if offline else ()
    again = ("graphkit", "scan", *(f"./{path}" if path.startswith("-") else path for path in paths), *at, *words)
    since = () if unchanged_since is None else ("--unchanged-since", unchanged_since)
    ids = incidents_of(blast)

    def settle(one: ServiceVerdict) -> Remedy:
        if _is_of_script(one):
            return _all_it_installs(one, paths, at, is_there)
        if has_only_unrecorded(one):
            declared = Remedy(command(*again, *since, *offline_too, _BUILDS_COMPLETE), _ALL_BUILDS)
            # Where that word was given, what was not read keeps it away.
            return _all_that_is_open(one, ids, at) if _BUILDS_COMPLETE in words else declared
        if (sbom := _undated_sbom(one)) is not None:
            return _built_at_a_time(one, _in_scanned(sbom.file or sbom.path, paths), at, is_there)
        if is_undated(one) and not _lacks_inputs(one):
            start = _earliest(blast, one)
            return Remedy(command(*again, *offline_too, "--unchanged-since", start or "TIME"), _UNCHANGED)
        if is_unread(one) and (offline or is_stopped):
            return Remedy(command(*again, *since, *(() if offline else ("--budget", f"{budget * 5:.0f}"))))
        if offline and is_timeless(one):  # the index may say it
            return Remedy(command(*again, *since))
        if _lacks_inputs(one):
            return _of_a_clone(one, at)
        return _by_word(one, paths, at, is_there) or _rest(one, ids, at)

    return settle


def _earliest(blast: Blast, one: ServiceVerdict) -> str | None:
    """Return the start of the first window in which a service is unknown, None where no time is known."""
    open_ones = {name for name, verdict in one.incidents if verdict is Verdict.UNKNOWN}
    windows = [each for each in blast.windows if each.incident in open_ones] or [blast.window]
    return min((text for each in windows if each.is_known and (text := rfc3339(each.start))), default=None)


def _window(blast: Blast) -> Sequence[str]:
    start, until = rfc3339(blast.window.start), rfc3339(blast.window.until)
    return ("--from", start, "--until", until) if blast.window.is_known and start and until else ()
