"""The HTML report of very many exposures beside pyvis's own page of the same graph: size, writing, opening.

The services are the made-up fleet that the tests of the reports use; a page is open when Chromium has drawn it.
Needs the test requirements and Chromium:

    make bench-all OPTIONS='--parts page --services 1000 100000'
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong
from pyvis.network import Network

from benchmarks.figures.plan import Plan
from benchmarks.figures.results import Figure, beside, median
from graphkit.reports import report
from graphkit.reports.graph import graph_of
from graphkit.reports.interface import ReportOptions
from graphkit.reports.wording import listing
from tests.unit.reports.answers import fleet

ROUNDS = 3
PATIENCE = 60
"""Seconds that a page may take to open."""


READY = {
    "graphkit": "document.getElementById('status').textContent.includes('rows')",
    # Its bar is hidden when the layout has come to rest, which is when one can read it.
    "pyvis": "document.getElementById('loadingBar').style.display === 'none'",
}


def pyvis_page(nodes: list[str], edges: list[tuple[str, str]]) -> str:
    """Return what pyvis writes of names and edges alone, with the layout it has by default."""
    network = Network(directed=True, cdn_resources="in_line")
    network.add_nodes(nodes)
    network.add_edges(edges)
    return str(network.generate_html())


def writers(services: int, peer_most: int) -> Iterator[tuple[str, Callable[[], str]]]:
    """Give what writes each page of an answer; what only pyvis needs is made before its time is taken."""
    blast = fleet(services)
    yield "graphkit", partial(report("html").render, blast, ReportOptions())
    if services <= peer_most:
        drawn = graph_of(blast, listing(blast, ReportOptions()))
        yield "pyvis", partial(pyvis_page, list(drawn), list(drawn.edges))


def opened(browser: Browser, file: Path, ready: str) -> list[float] | None:
    """Return the seconds of some rounds until a page is ready, None where it never was."""
    times = []
    for _ in range(ROUNDS):
        page = browser.new_page()
        begun = time.perf_counter()
        try:
            page.goto(file.as_uri(), timeout=PATIENCE * 1000)
            page.wait_for_function(ready, timeout=PATIENCE * 1000)
        except TookTooLong:
            return None
        finally:
            page.close()
        times.append(time.perf_counter() - begun)
    return times


def of_a_page(plan: Plan, browser: Browser, file: Path, write: Callable[[], str], number: int) -> Iterator[Figure]:
    """Yield the figures of one page: its size, and what it takes to write and to open it."""
    begun = time.perf_counter()
    text = write()
    written = time.perf_counter() - begun
    file.write_text(text, encoding="utf-8")
    of = file.stem
    yield Figure(name="page", of=of, kind="size", value=len(text.encode()) / 1e6, unit="MB", size=number)
    without = "start, question: the answer is made up"
    yield Figure(name="to write", of=of, kind="kernel", value=written, size=number, leaves_out=without)
    if took := opened(browser, file, READY[of]):
        yield median("to open", of, "browser", took, size=number, leaves_out="start of the browser")
    else:
        plan.missing.append(f"to open {number:,} services, {of}: not in {PATIENCE} s")


def figures(plan: Plan) -> Iterator[Figure]:
    """Yield the figures of this part."""
    folder = plan.folder("pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for number in plan.services:
            found = [
                one
                for name, write in writers(number, plan.pyvis_most)
                for one in of_a_page(plan, browser, folder / f"{name}.html", write, number)
            ]
            peers = {one.name: one for one in found if one.of == "pyvis"}
            yield from (beside(one, peers[one.name]) if one.name in peers else one for one in found)
        browser.close()
