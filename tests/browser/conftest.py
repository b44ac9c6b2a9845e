"""The browser, pages in it, and the answers of the two examples that ship."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from graphkit.api.demo import blast_acme, run_demo
from graphkit.model.answers import Blast
from tests.browser.pages import Opener


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
def examples(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Blast]:
    """Return what `graphkit demo` answers: of the made-up company, and of the real case."""
    folder = tmp_path_factory.mktemp("examples")
    return {"acme": blast_acme(str(folder / "acme")), "case": run_demo(str(folder / "case"))}
