"""Everything below some folders: histories of repositories, and what lies in folders, each project a service.

Of a repository, locks, manifests and scripts are read from its history alone; SBOMs and environments, which are seldom
committed, from its folder too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from graphkit.ingest.documents import Documents
from graphkit.ingest.files import Found, walk
from graphkit.ingest.projects import Projects
from graphkit.ingest.repositories import Repositories
from graphkit.ingest.run import IngestRun
from graphkit.ingest.stats import IngestStats
from graphkit.model.names import ServiceId
from graphkit.model.organisation import Organisation, Service
from graphkit.sources.git.file_names import is_input

PASSED_OVER: Final = frozenset({
    *("node_modules", "bower_components", "__pycache__"),
    *(".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"),
})  # fmt: skip
"""Folders of other ecosystems and of caches, which hold nobody's documents."""


def take_scan(run: IngestRun, sources: Sequence[str]) -> None:
    """Take what sources name or hold. Cost: as for histories and files, and one more look at each name."""
    built: set[ServiceId] = set()
    repositories = Repositories(run, sources)
    run.stats.repositories = len(repositories.places)
    if repositories:
        Documents(run, "lock").take_history(repositories)
    if repositories.rest:
        files = partial(walk, repositories.rest, skipped=repositories.skipped, passed_over=PASSED_OVER)
        documents = Documents(run, "lock", Projects(files(stats=IngestStats())))
        documents.take_files(files(stats=run.stats))
        built |= documents.built
    for path, label in repositories.places:
        built |= _take_work_tree(run, path, label)
    if run.order.declares_builds and built:
        said = tuple(Service(id=service, builds_complete=True) for service in sorted(built))
        source = f"scan of {', '.join(sources)}: all builds are known"
        run.keep(source, [Organisation(source=source, services=said)], counted=False)
        run.flush()


def _take_work_tree(run: IngestRun, path: Path, label: str) -> set[ServiceId]:
    """Take the SBOMs and environments of a repository's folder; return the services that they show builds of."""
    files = partial(walk, [str(path)], passed_over=PASSED_OVER)
    documents = Documents(run, "lock", Projects(files(stats=IngestStats()), label))
    documents.take_files(_no_inputs(files(stats=run.stats)))
    return documents.built


def _no_inputs(files: Iterator[Found]) -> Iterator[Found]:
    """Yield what is no input by its name: those of a repository are in its history, with their times."""
    return (one for one in files if one.is_environment or not is_input(one.label))
