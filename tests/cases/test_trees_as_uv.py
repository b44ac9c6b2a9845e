"""The whole tree of a forward walk, beside the tree that uv resolves: recorded pages and requirements, on loopback.

All that graphkit chose was recorded, else a tree is not whole and only its accused release is compared. What nobody
recorded is made up for uv. Where everything fits, a release of which only the page was recorded requires what the
nearest later one does; else it requires nothing, so that there is a way out of every conflict. A package without a page
has the versions that are asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from graphkit.api.session import open_graph
from graphkit.model.environment import Environment
from graphkit.model.index import File, FileKind, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import PackageName
from graphkit.model.times import FOREVER, Instant, instant
from graphkit.sources.index.slice import slice_facts
from graphkit.stores import open_store
from graphkit.trace.case import resolve
from graphkit.trace.resolve.forward import walk
from graphkit.trace.resolve.manifests import InstallSelection, root_of_manifest
from graphkit.trace.resolve.world import World
from tests.cases.build import manifest
from tests.cases.recorded_index import SECOND, of_uv, pages_of, served
from tests.conftest import ROOT

LITELLM: Final = (
    *("dspy", "graphrag", "crewai[litellm]", "kiln-ai", "openhands-ai", "google-adk[eval]", "google-adk[extensions]"),
    *("instructor[litellm]", "google-cloud-aiplatform[evaluation]", "banks[all]", "browser-use", "crawl4ai"),
    *("graphrag-llm", "openai-agents[litellm]", "pytidb[models]", "sentry-sdk[litellm]", "smolagents[litellm]"),
    *("tom-swe", "guardrails-ai", "langchain-litellm", "opik", "strands-agents[litellm]", "mlflow[genai]"),
    *("openhands-sdk", "mem0ai[llms]"),
)
CASES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "litellm-2026-03": ("2026-03-24T10:52:00Z", LITELLM),
    "durabletask-2026-05": (
        "2026-05-19T16:54:00Z",
        ("agent-framework-durabletask", "durabletask-azuremanaged", "agent-framework-azurefunctions"),
    ),
    "ultralytics-2024-12": ("2024-12-05T12:46:00Z", ("fathomnet[models]", "qrdet", "yolov5")),
}
"""Of each case the start of a slot, and what is `picked` in it; no service of a case that ships is."""
FEWEST_WHOLE: Final = 20
FEWEST_ACCUSED: Final = 30
LEAST_EQUAL: Final = 0.99
EARLY: Final = instant("2000-01-01")


@dataclass(frozen=True, slots=True)
class Tree:
    """What a walk takes: every package with its version, the accused among them, and whether that is all of it."""

    releases: Mapping[PackageName, str]
    accused: Mapping[PackageName, str]
    is_whole: bool


class Recorded:
    """A case that ships: its graph for the walk, and the same pages and requirements for an installer."""

    def __init__(self, name: str, graph: Path) -> None:
        reader = open_store(graph).reader()
        (self._case,) = resolve(reader.evidence().incidents(), (name,), None, lambda _: ())
        self._world = World(reader, Environment(), "uv", self._case.hidden, self._case.keys())
        facts = list(slice_facts(ROOT / "examples" / name / "index.slice"))
        self._metadata: dict[PackageName, dict[Version, ReleaseMetadata]] = {}
        for fact in facts:
            if isinstance(fact, ReleaseMetadata):
                self._metadata.setdefault(fact.package, {})[Version(fact.version)] = fact
        self._accused = {(one.package, Version(one.version)) for one in self._case.releases}
        self.pages = pages_of(facts)
        self.pages |= self._with_accused()
        self.pages |= _made_up([one for of in self._metadata.values() for one in of.values()], self.pages)

    def _with_accused(self) -> dict[PackageName, ProjectPage]:
        """Return the pages of the accused packages with the releases that were removed since."""
        found: dict[PackageName, ProjectPage] = {}
        for one in self._case.releases:
            place = self._world.find_release(one.package, one.version)
            assert place
            package, position = place
            page = found.get(package.name, self.pages[package.name])
            uploaded = int(package.first_upload[position])
            if one.version not in {release.version for release in page.releases} and uploaded < FOREVER:
                page = replace(page, releases=(*page.releases, _release(package.name, one.version, uploaded)))
            found[package.name] = page
        return found

    def only(self, name: PackageName, version: Version) -> Iterator[str]:
        """Yield what a release requires, as recorded; an accused one what the nearest earlier does, as in the graph."""
        known = self._metadata.get(name, {})
        if (name, version) in self._accused:
            version = max(one for one in known if one <= version)
        if version in known:
            yield from (f"Requires-Dist: {one}" for one in known[version].requirements)
            yield from (f"Provides-Extra: {extra}" for extra in known[version].provides_extra)

    def near(self, name: PackageName, version: Version) -> Iterator[str]:
        """Yield what a release requires, as recorded, else what the nearest later one does, else the last."""
        known = self._metadata.get(name, {})
        if known and version not in known and (name, version) not in self._accused:
            version = min((one for one in known if one > version), default=max(known))
        yield from self.only(name, version)

    def tree(self, text: str, at: Instant) -> Tree:
        """Return what the forward walk of a manifest takes. Yanks have no dates here: uv takes each as done."""
        world = self._world
        root, missing = root_of_manifest(world, manifest("requirements.in", text), InstallSelection())
        found = walk(world, root, at, doubtful=False)
        releases = {
            world.package(ident).name: world.package(ident).texts[place] for ident, place in found.picks.items()
        }
        firm = releases if found.firm is None else {world.package(ident).name for ident in found.firm}
        bad = {(one.package, one.version) for one in self._case.releases}
        return Tree(
            releases=releases,
            accused={name: version for name, version in releases.items() if (name, version) in bad and name in firm},
            is_whole=not (found.unresolvable or found.unread or missing),
        )

    def is_quiet(self, at: Instant) -> bool:
        """Return whether no file came within a second of an instant: cut-offs may be exclusive."""
        uploads = (file.uploaded for page in self.pages.values() for one in page.releases for file in one.files)
        return not any(uploaded and at - SECOND < uploaded < at + SECOND for uploaded in uploads)


def _release(name: PackageName, version: str, uploaded: Instant) -> ReleaseFiles:
    file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return ReleaseFiles(version=version, files=(File(filename=file, kind=FileKind.WHEEL, uploaded=uploaded),))


def _made_up(
    metadata: Iterable[ReleaseMetadata], pages: Mapping[PackageName, ProjectPage]
) -> dict[PackageName, ProjectPage]:
    """Return a page for every name that is required and has none: with each version that a requirement speaks of."""
    versions: dict[PackageName, set[str]] = {}
    for one in metadata:
        for wanted in one.requirements:
            if wanted.package not in pages and not wanted.url:
                spoken = {clause.version.removesuffix(".*") for clause in SpecifierSet(wanted.specifier)}
                versions.setdefault(wanted.package, {"1"}).update(filter(_is_version, spoken))
    template = next(iter(pages.values()))
    return {
        name: replace(
            template,
            package=name,
            spelling=name,
            releases=tuple(_release(name, version, EARLY) for version in sorted(known)),
        )
        for name, known in versions.items()
    }


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


@dataclass(slots=True)
class Compared:
    """What was compared: trees that are whole, their versions and those that are equal, and accused releases."""

    unsolved: list[str] = field(default_factory=list)
    whole: int = 0
    accused: int = 0
    equal: int = 0
    releases: int = 0
    differ: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def add(self, text: str, mine: Tree, theirs: Mapping[PackageName, str] | None) -> None:
        """Take a root."""
        if theirs is None:
            self.unsolved.append(text)
            return
        self.accused += bool(mine.accused)
        self.missed += [f"{text}: {one}" for one in mine.accused.items() if one not in theirs.items()]
        if mine.is_whole:
            self.whole += 1
            self.releases += len(mine.releases.keys() | theirs.keys())
            self.equal += len(mine.releases.items() & theirs.items())
            self.differ += [f"{text}: {one}" for one in sorted(mine.releases.items() ^ theirs.items())]


def graph_of(name: str, folder: Path) -> Path:
    """Return a graph of a case that ships."""
    with open_graph(str(folder / name), create=True) as opened:
        for kind, file in (("index", "index.slice"), ("advisory", "incident.yaml")):
            opened.ingest(kind, [str(ROOT / "examples" / name / file)])
    return folder / name


def test_an_install_takes_the_tree_that_uv_takes(demo: Path, tmp_path: Path) -> None:
    found = Compared()
    for name, (start, roots) in CASES.items():
        graph = demo if name == "litellm-2026-03" else graph_of(name, tmp_path)
        recorded, at = Recorded(name, graph), instant(start) + SECOND
        assert recorded.is_quiet(at)
        trees = {text: recorded.tree(text, at) for text in roots}
        assert all(mine.accused for mine in trees.values())
        (work := tmp_path / f"{name}-uv").mkdir()
        for is_whole, requires in ((True, recorded.near), (False, recorded.only)):
            with served(recorded.pages, requires) as index:
                for text, mine in trees.items():
                    if mine.is_whole is is_whole:
                        found.add(text, mine, of_uv(index, [text], at, work, python=Environment().python))
    sys.stdout.write(f"{found}\n")
    assert not found.missed, found
    assert found.whole >= FEWEST_WHOLE, found
    assert found.accused >= FEWEST_ACCUSED, found
    assert found.equal / found.releases >= LEAST_EQUAL, found
