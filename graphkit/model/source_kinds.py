"""The kinds of sources that an ingest reads, and the options that each takes: the ingest refuses every other one."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from graphkit.model.errors import UsageError


class SourceKind(NamedTuple):
    """A kind of sources: what it is, what a source of it is, and an example.

    A named tuple, since the help of a verb loads it, and no msgspec.

    ``example``: words after ``graphkit ingest KIND``. ``options``: by their names in Python.
    """

    help: str
    source: str
    example: str
    options: frozenset[str] = frozenset()


_OF_DOCUMENTS: Final = frozenset({
    *("service", "company", "built_at", "stands_from", "read_at", "installs_from", "complete", "branch"),
})  # fmt: skip
_OF_TABLES: Final = frozenset({"as_of", "unknown_times"})

SOURCE_KINDS: Final[Mapping[str, SourceKind]] = {
    "sbom": SourceKind(
        help="SBOMs, and any locks, manifests and listings beside them.",
        source="Files, ZIP archives, and folders, which are searched.",
        example="sboms/ --built-at 2026-03-24T12:05:00Z",
        options=_OF_DOCUMENTS,
    ),
    "lock": SourceKind(
        help="Locks, manifests and scripts; of a repository its history.",
        source="Repositories, whose every state is read, files, and folders, which are searched.",
        example="REPOSITORY --check-remote",
        options=_OF_DOCUMENTS | {"check_remote"},
    ),
    "env": SourceKind(
        help="What is installed: environments, and listings of them.",
        source="Environments, files, and folders, which are searched.",
        example=".venv --service shop --built-at 2026-03-24T12:05:00Z",
        options=_OF_DOCUMENTS,
    ),
    "org": SourceKind(
        help="Who runs what: organisation file, Backstage, CODEOWNERS.",
        source="Organisation and alias files, catalogue files, CODEOWNERS files, or folders of them.",
        example="organisation.yaml",
        options=frozenset({"company"}),
    ),
    "advisory": SourceKind(
        help="What was bad: incident files and OSV records.",
        source="Files, ZIP archives, and folders, which are searched.",
        example="incident.yaml",
    ),
    "index": SourceKind(
        help="Packages of the index, by name or from a recorded slice.",
        source="Names of packages, or the file of a slice.",
        example="'crewai[litellm]' dspy --closure",
        options=frozenset({
            *("closure", "build_requires", "as_of", "window_from", "window_until", "slice_to", "index_url", "refresh"),
            *("for_services", "services", "all_allowed", "budget"),
        }),
    ),
    "parquet": SourceKind(
        help="The whole index, from an export of its table of files.",
        source="Parquet files, and folders of them; together they are one table.",
        example="index/ --as-of 2026-03-25",
        options=_OF_TABLES,
    ),
    "pypi-db": SourceKind(
        help="The whole index, from a database of pypi-data.",
        source="SQLite files, packed or not, each a table of its own.",
        example="pypi.db.gz --unknown-times listed",
        options=_OF_TABLES,
    ),
    "github": SourceKind(
        help="SBOMs and locks of an organisation's repositories.",
        source="Organisations, users, or repositories as OWNER/REPO. The token is in GITHUB_TOKEN.",
        example="ACME --company acme",
        options=frozenset({"company", "built_at", "read_at", "complete", "branch"}),
    ),
    "dependency-track": SourceKind(
        help="SBOMs of the projects of a Dependency-Track server.",
        source="Addresses of servers. The key is in DEPENDENCY_TRACK_API_KEY.",
        example="https://track.example --company acme",
        options=frozenset({"company", "read_at", "complete"}),
    ),
}  # fmt: skip
"""Every kind that a person can name, in the order of the help."""

_FLAGS: Final = {
    "slice_to": "--slice",
    "window_from": "--from",
    "window_until": "--until",
}


def flag(option: str) -> str:
    """Return the word of the command line for an option.

    >>> flag("window_from"), flag("built_at")
    ('--from', '--built-at')
    """
    return _FLAGS.get(option, f"--{option.replace('_', '-')}")


def kinds_with(option: str) -> tuple[str, ...]:
    """Return the kinds that take an option, none where there is no such option.

    >>> kinds_with("unknown_times")
    ('parquet', 'pypi-db')
    """
    return tuple(name for name, kind in SOURCE_KINDS.items() if option in kind.options)


def misplaced(option: str, kind: str) -> UsageError:
    """Return the error of an option that a kind does not take, which says which kinds do."""
    *others, last = kinds_with(option)
    takers = f"{', '.join(others)} and {last}" if others else last
    return UsageError(
        f"{flag(option)} goes with {takers}, not with {kind}; graphkit ingest {kind} --help lists what {kind} takes"
    )


def unknown_kind(word: str) -> UsageError:
    """Return the error of a word that is no kind, which says which one may be meant.

    >>> print(unknown_kind("sboms"))
    unknown kind 'sboms'; did you mean sbom?
    """
    near = get_close_matches(word, SOURCE_KINDS, n=1)
    meant = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(SOURCE_KINDS)}"
    return UsageError(f"unknown kind {word!r}; {meant}")
