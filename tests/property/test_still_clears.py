"""What the usual tools leave behind and is clean is cleared, however it is asked (docs/semantics.md#law-13).

The inputs are the clean trials of `tests/cases/trials`. Each is asked as it stands, in parts of its window, about each
of its targets alone, and beside a service that has nothing to do with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import pytest

from graphkit.api import Graph, open_graph
from graphkit.api.questions import BlastOptions, question_of
from graphkit.ingest.files import walk
from graphkit.ingest.stats import IngestStats
from graphkit.model.documents import Document
from graphkit.model.names import ServiceId
from graphkit.model.ranks import Verdict
from graphkit.sources.environments import read_environment
from graphkit.stores import open_store
from tests.cases.test_trials import NAMES, Trial, lay_out, put_all, trial_of
from tests.property import installers
from tests.property.asking import judged_of
from tests.property.places.organisations import STOOD
from tests.property.planting import BUILT_AT, index, judged
from tests.unit.cli.door import run

CLEAN: Final = [name for name in NAMES if name.startswith("clean-")]
KINDS: Final = (
    *("uv-lock", "pdm-lock", "poetry-lock", "pylock", "pip-compile-header", "pip-compile-hashes", "uv-export-hashes"),
    *("environment-uv", "environment-venv", "freeze-all", "barred-by-a-pin", "by-walk", "repository-quiet"),
)
"""What the law names, as the trials call it."""
PARTS: Final = (
    ("--from", "2026-03-24T10:39:00Z", "--until", "2026-03-24T10:53:00Z"),
    ("--at", "2026-03-24T14:00:00Z"),
    ("--from", "2026-03-24T15:30:00Z", "--until", "2026-03-24T16:00:00Z"),
)
STRANGER: Final = {
    "stranger/requirements.txt": "stranger-of-them-all==1.0\n",
}


def test_the_kinds_of_the_law_are_there() -> None:
    assert {f"clean-{kind}" for kind in KINDS} <= set(CLEAN)


@pytest.mark.parametrize("name", CLEAN)
def test_still_clears_however_it_is_asked(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = trial_of(name)
    work, graph = lay_out(trial, name, tmp_path, lambda: request.getfixturevalue("demo"))
    monkeypatch.chdir(work)
    for words in trial.ingest:
        run("ingest", *words, "--graph", graph)
    with open_graph(str(graph)) as opened:
        assert not_cleared(trial, opened, trial.ask, trial.options) == []
        if "--from" in trial.options:
            plain = [word for word in trial.options if word == "--builds-complete"]
            for part in PARTS:
                assert not_cleared(trial, opened, trial.ask, [*plain, *part]) == []
            for target in trial.ask:
                assert not_cleared(trial, opened, [target], trial.options) == []
        put_all(work, STRANGER)
        opened.ingest("lock", ["stranger/requirements.txt"], service="stranger")
        assert not_cleared(trial, opened, trial.ask, trial.options) == []


WORDS_OF_A_QUESTION: Final = {"--from": "window_from", "--until": "window_until", "--at": "at"}


def not_cleared(trial: Trial, graph: Graph, ask: list[str], options: list[str]) -> list[str]:
    """Return which services of a trial are not cleared, each with the reason.

    Services alone are judged: the packages beside them take seconds, and `test_trials` asks each trial in full.
    """
    rest, asked = iter(options), dict[str, Any]()
    for word in rest:
        if word == "--builds-complete":
            asked["builds_complete"] = True
        else:
            asked[WORDS_OF_A_QUESTION[word]] = next(rest)
    judged = judged_of(graph._store.reader(), question_of(ask, cast("BlastOptions", asked)))
    return [
        f"{name} is {judged[ServiceId(name)].verdict} ({' '.join((*ask, *options))}): {judged[ServiceId(name)].reason}"
        for name in trial.expect
        if judged[ServiceId(name)].verdict is not Verdict.CLEARED
    ]


# --- Environments that installers make now ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels of two clean packages and of the accused release."""
    return installers.build(tmp_path_factory.mktemp("wheels") / "dist")


@pytest.mark.parametrize("maker", installers.MAKERS)
def test_an_environment_that_an_installer_makes_still_clears(maker: str, wheels: Path, tmp_path: Path) -> None:
    """Run in before or not, it is cleared; with the accused release installed in the same way it is not."""
    create, install = installers.MAKERS[maker]
    folder = tmp_path / "environment"
    create(folder)
    install(folder, wheels, "my.kit")
    documents = {"new": listing(folder)}
    installers.run_in(folder, "my.kit", "fine")
    documents["run in"] = listing(folder)
    install(folder, wheels, "badpkg")
    documents["bad"] = listing(folder)
    installers.run_in(folder, "badpkg")
    documents["bad, run in"] = listing(folder)
    found = judged(documents)
    assert {name: one.verdict for name, one in found.items()} == {
        "new": Verdict.CLEARED, "run in": Verdict.CLEARED, "bad": Verdict.OBSERVED, "bad, run in": Verdict.OBSERVED
    }, [one.reason for one in found.values()]  # fmt: skip


def listing(folder: Path) -> Document:
    """Return what is installed in the one environment of a folder."""
    (found,) = [one for one in walk([str(folder)], IngestStats()) if one.is_environment]
    return read_environment(found.path, found.label, found.root)


# --- What tools wrote ------------------------------------------------------------------------------------------------

TOOLS: Final = Path(__file__).parents[1] / "cases" / "tools"
OUTPUTS: Final = {
    **dict.fromkeys(("uv/uv.lock", "poetry/poetry.lock", "pdm/pdm.lock", "pipenv/Pipfile.lock"), "lock"),
    **dict.fromkeys(("uv/pylock.toml", "pdm/pylock.toml", "pip/pylock.toml"), "lock"),
    **dict.fromkeys(("uv/requirements-hashes.txt", "uv/requirements-plain.txt", "uv/compiled.txt"), "lock"),
    **dict.fromkeys(("uv/compiled-universal.txt", "pdm/export.txt"), "lock"),
    **dict.fromkeys(("pip-tools/requirements.txt", "pip-tools/requirements-hashes.txt"), "lock"),
    **dict.fromkeys(("poetry/export.txt", "pipenv/requirements-hashes.txt"), "lock"),
    **dict.fromkeys(("pip/freeze-all.txt", "pip/inspect.json", "uv/freeze.txt"), "env"),
    **dict.fromkeys(("uv/bom.cdx.json", "cyclonedx-py/environment.json", "cyclonedx-py/environment.xml"), "sbom"),
    **dict.fromkeys(("cyclonedx-py/environment-of-project.json", "cyclonedx-py/requirements.json"), "sbom"),
    "cyclonedx-py/pipenv.json": "sbom",
}
"""What tools left behind (tests/cases/tools/README.md), and as what it is ingested."""
WORDS: Final[dict[str, dict[str, Any]]] = {
    "poetry/export.txt": {"resolver": "pip"},
    "pipenv/requirements-hashes.txt": {"resolver": "pip"},
    "uv/bom.cdx.json": {"complete_from": [{"tool": "uv"}]},
    **{name: {"complete_from": [{"tool": "cyclonedx-py"}]} for name in OUTPUTS if name.startswith("cyclonedx-py/")},
}
"""What the organisation has to say of those that do not say themselves that they are complete."""
INPUTS: Final = {
    "uv": ("pyproject.toml", "uv.lock"),
    "poetry": ("pyproject.toml", "poetry.lock"),
    "pdm": ("pyproject.toml", "pdm.lock", "export.txt", "pylock.toml"),
    "pipenv": ("Pipfile", "Pipfile.lock"),
    "pip-tools": ("requirements.in", "requirements.txt", "requirements-hashes.txt"),
}
"""What a repository has of each tool."""
LISTED: Final = ("click==8.5.1", "python-dateutil==4.0.0", "tzdata==2026.6")
"""The releases that all of them list."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """A graph in which each output describes a build, and each tool's inputs are a service of its own."""
    work = tmp_path_factory.mktemp("written")
    store = open_store(work / "graph", create=True)
    store.record(index())
    graph = Graph(store)
    services = [{"name": name, "builds": "complete", **WORDS.get(name, {})} for name in OUTPUTS]
    put_all(work, {"org.json": json.dumps({"schema": "graphkit.organisation/1", "services": services})})
    graph.ingest("org", [str(work / "org.json")])
    for name, kind in OUTPUTS.items():
        told = graph.ingest(kind, [str(TOOLS / name)], service=name, built_at=BUILT_AT)
        assert (told.read, told.rejected) == (1, ()), name
    for tool, names in INPUTS.items():
        put_all(work / tool, {name: (TOOLS / tool / name).read_text(encoding="utf-8") for name in names})
        graph.ingest(
            "lock", [str(work / tool)], service=tool, stands_from=STOOD["stands_from"], read_at=STOOD["read_at"]
        )
    yield graph
    graph.close()


def test_every_output_is_tried() -> None:
    beside = {f"{tool}/{name}" for tool, names in INPUTS.items() for name in names}
    there = {path.relative_to(TOOLS).as_posix() for path in TOOLS.rglob("*") if path.is_file()} - {"README.md"}
    assert there == OUTPUTS.keys() | beside


def test_what_tools_wrote_still_clears(written: Graph) -> None:
    found = {str(one.service): one for one in written.blast("inc").services}
    assert found.keys() == {*OUTPUTS, *INPUTS}
    assert [f"{name}: {one.reason}" for name, one in found.items() if one.verdict is not Verdict.CLEARED] == []


@pytest.mark.parametrize("release", LISTED)
def test_what_tools_wrote_shows_each_release_in_it(written: Graph, release: str) -> None:
    start, until = "2026-03-24T10:00:00Z", "2026-03-24T13:00:00Z"
    answer = written.blast(release, window_from=start, window_until=until)
    found = {str(one.service): one for one in answer.services}
    assert {name for name, one in found.items() if one.verdict is not Verdict.OBSERVED} == set()
