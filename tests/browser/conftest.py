"""The browser, pages in it, and the answers of the two examples that ship."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from graphkit.api import open_graph
from graphkit.api.demo import blast_acme
from graphkit.model.answers import Blast
from tests.browser.pages import Opener
from tests.conftest import DEMO_CASE


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not (found := shutil.which("chromium")):
        pytest.skip("there is no chromium; apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opener(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Open pages; afterwards none of them has asked for anything or complained."""
    made = Opener(browser, tmp_path)
    yield made
    for opened in made.all:
        assert opened.requests == [(tmp_path / "report.html").as_uri()]
        assert opened.messages == []
        opened.page.context.close()


@pytest.fixture(scope="session")
def examples(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Blast]:
    """Return what `graphkit demo` answers: of the made-up company, and of the real case."""
    with open_graph(str(demo)) as graph:
        case = graph.blast(DEMO_CASE)
    return {"acme": blast_acme(str(tmp_path_factory.mktemp("examples") / "acme")), "case": case}
