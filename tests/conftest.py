"""What all tests share: a clean environment, the shared material, and no silent gaps in CI."""

from __future__ import annotations

import fcntl
import gc
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from graphkit.api import Graph, open_graph
from graphkit.api.demo import run_demo
from tests.attached import records_attached
from tests.effort import THOROUGH, share
from tests.in_memory import memory_with
from tests.kept_bases import COMPILED_IN_FULL, KeptBases, bases_kept
from tests.neo4j_server import PASSWORD, SERVERS, clear, homes, running

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI") == "true"
DEMO_CASE = "litellm-2026-03"
ROOM = 6 << 30
"""Bytes that a run may write, with much to spare."""
NEEDED = ("browser", "server")
"""Marks of tests that a developer's machine may skip and CI may not."""

# Tests start hundreds of Pythons: without kept bytecode, each compiles graphkit again, and pytest every test module.
sys.dont_write_bytecode = False

# The same examples on every run, so that a red test is red again; `--hypothesis-profile=explore` looks further.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=share(100, of=3))
settings.register_profile("explore", deadline=None, max_examples=2_000)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests write in memory where there is room: every graph of theirs waits for the disk several times.

    It goes with the run; PYTEST_DEBUG_TEMPROOT names a folder in which it stays.
    """
    surroundings = os.environ.keys() & {"PYTEST_DEBUG_TEMPROOT", "PYTEST_XDIST_WORKER"}
    if surroundings or config.option.basetemp or (memory := memory_with(ROOM)) is None:
        return
    made = tempfile.TemporaryDirectory(prefix="graphkit-tests-", dir=memory, ignore_cleanup_errors=True)
    os.environ["PYTEST_DEBUG_TEMPROOT"] = made.name
    config.add_cleanup(made.cleanup)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking the collected tests, which live until the end, again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let it end them, so that no library says at the end of Python that it leaks."""
    gc.unfreeze()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test below tests/browser, and every one that asks for a server, so that none is forgotten."""
    if item.path.is_relative_to(ROOT / "tests" / "browser"):
        item.add_marker(pytest.mark.browser)
    if "servers" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.server)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keep tests in one process that share something expensive: servers, an ``xdist_group``, a fixture of their module.

    xdist's own groups write themselves into ids of tests, which pytest 9.2 no longer reads.
    """
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    @cache
    def is_group(path: str) -> bool:
        text = (ROOT / path).read_text(encoding="utf-8")
        return "xdist_group(" in text or 'scope="module"' in text

    class Groups(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            if path.startswith("tests/neo4j/") or "[neo4j" in nodeid:
                return "neo4j"
            return path if is_group(path) else nodeid

    return Groups(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a needed test into a failure where CI runs."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and any(map(item.get_closest_marker, NEEDED)):
        report.outcome = "failed"
        report.longrepr = f"CI may not skip {item.nodeid}: {skip_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole module, whatever its marks, into an error where CI runs."""
    report = yield
    if IN_CI and report.skipped:
        text = f"CI may not skip {report.nodeid}: {skip_reason(report)}"
        report.outcome = "failed"
        report.longrepr = text
    return report


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the reason of a skip."""
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of samples and recorded cases beside the checkout; in CI it has to be there."""
    if not (folder := ROOT.parent / "shared").is_dir():
        (pytest.fail if IN_CI else pytest.skip)("there is no ../shared beside this checkout")
    return folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, plain_environment: None) -> Path:
    """The graph of `graphkit demo`, to be read alone, made once for all processes of a run."""
    return _made_once(tmp_path_factory, "demo", lambda folder: run_demo(str(folder)))


@pytest.fixture(scope="session")
def graph_of_case(
    tmp_path_factory: pytest.TempPathFactory, demo: Path, plain_environment: None
) -> Callable[[str], Path]:
    """Gives the graph of a case that ships, by its name, to be read alone, made once for all processes of a run."""

    def make(case: str, folder: Path) -> None:
        with open_graph(str(folder), create=True) as graph:
            feed(graph, case)

    def of_case(case: str) -> Path:
        return demo if case == DEMO_CASE else _made_once(tmp_path_factory, case, lambda folder: make(case, folder))

    return of_case


def feed(graph: Graph, case: str) -> None:
    """Read the slice and the incident of a case that ships into a graph."""
    for kind, name in (("index", "index.slice"), ("advisory", "incident.yaml")):
        report = graph.ingest(kind, [str(ROOT / "examples" / case / name)])
        assert (report.rejected, report.unrecognised) == ((), ()), name


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / name).is_dir():
            make(base / f"{name}-begun")
            (base / f"{name}-begun").rename(base / name)
    return base / name


@pytest.fixture(scope="session", autouse=True)
def quick_records() -> Iterator[None]:
    """Let records of this process share one database; in a thorough run, as in other processes, each has its own."""
    with nullcontext() if THOROUGH else records_attached():
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the index of a graph take over what was compiled of another graph, but in a thorough run."""
    with nullcontext() if THOROUGH else bases_kept(tmp_path_factory.mktemp("bases")):
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Compile all in full where that is what is tested."""
    KeptBases.is_on = not any(item.path.is_relative_to(ROOT / folder) for folder in COMPILED_IN_FULL)


@pytest.fixture(scope="session")
def servers(plain_environment: None) -> Iterator[tuple[str, ...]]:
    """Addresses of Neo4j servers whose databases tests may clear; the environment has user and password."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        if given := os.environ.get("NEO4J_URI"):
            yield tuple(given.split())
            return
        patch.setenv("NEO4J_PASSWORD", PASSWORD)
        yield tuple(stack.enter_context(running(home, discarded=True)) for home in stack.enter_context(homes(SERVERS)))


@pytest.fixture
def server(servers: tuple[str, ...]) -> str:
    """The address of a Neo4j server with an empty database."""
    clear(servers[0])
    return servers[0]


@pytest.fixture(scope="session", autouse=True)
def plain_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep a developer's settings, graphs and caches out of the tests, and the tests out of them."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("GRAPHKIT_"):
                patch.delenv(name)
        for name in ("DATA", "CACHE", "CONFIG", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        for name in ("COLUMNS", "FORCE_COLOR", "PYTHONDONTWRITEBYTECODE"):
            patch.delenv(name, raising=False)
        patch.setenv("NO_COLOR", "1")
        yield
