"""The charts in Mermaid itself, fetched once by Maven (its archive of the same name), in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from graphkit.model.answers import Blast
from graphkit.model.ranks import Tier
from graphkit.reports import report
from graphkit.reports.interface import ReportOptions
from tests.neo4j_server import CACHE
from tests.unit.reports import answers

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
VERSION = "11.6.0"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"


def mermaid() -> Path:
    """Return the script of Mermaid, fetched once."""
    folder = CACHE / f"mermaid-{VERSION}"
    script = folder / "mermaid.min.js"
    if not script.exists():
        if not (maven := shutil.which("mvn")):
            pytest.fail("Mermaid is fetched with Maven (Debian: maven)")
        artifact = f"-Dartifact=org.webjars.npm:mermaid:{VERSION}"
        words = [maven, "-q", "-B", PLUGIN, artifact, f"-DoutputDirectory={folder}"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            pytest.fail(f"Maven could not fetch Mermaid {VERSION}: {done.stdout[-800:]}")
        with zipfile.ZipFile(folder / f"mermaid-{VERSION}.jar") as archive:
            name = next(name for name in archive.namelist() if name.endswith("/dist/mermaid.min.js"))
            script.write_bytes(archive.read(name))
    return script


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if not (found := shutil.which("chromium")):
        pytest.skip("there is no chromium; apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.add_script_tag(path=str(mermaid()))
        opened.evaluate("() => mermaid.initialize({startOnLoad: false, securityLevel: 'loose'})")
        yield opened
        browser.close()


@pytest.mark.parametrize(
    "make",
    [answers.blast, answers.hostile, lambda: answers.crowd(3_000), lambda: answers.fleet(300)],
    ids=["plain", "hostile", "crowd", "fleet"],
)
def test_mermaid_draws_every_node_and_link_and_nothing_acts(page: Page, make: Callable[[], Blast]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    text = report("mermaid").render(make(), ReportOptions(tier=Tier.ADMITTED))
    drawn: dict[str, Any] = page.evaluate(
        """async (text) => {
            const { svg } = await mermaid.render("chart", text);
            const box = document.createElement("div");
            box.innerHTML = svg;
            document.body.replaceChildren(box);
            const error = svg.includes("Syntax error");
            const count = (what) => box.querySelectorAll(what).length;
            return { error, nodes: count("g.node"), links: count("path.flowchart-link"),
                     acting: count("script, img, iframe, a[href]") };
        }""",
        text,
    )
    assert drawn == {
        "error": False,
        "nodes": len(re.findall(r"^    \w+(?:\[\[|\[|\(\[|\()\"", text, re.MULTILINE)),
        "links": len(re.findall(r" --> ", text)),
        "acting": 0,
    }
    assert asked == []
    assert "taken" not in page.title()
