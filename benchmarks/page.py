"""How large the HTML report of very many exposures is, how long it takes to write, and to open in Chromium.

The services are the made-up fleet that the tests of the reports use. Needs the test requirements and Chromium:

    .venv/bin/python -m benchmarks.page --services 100000
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from graphkit.reports import report
from graphkit.reports.interface import View
from tests.unit.reports.answers import fleet

ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--services", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    chromium = shutil.which("chromium")
    print("| services | MB | s to write | s to open |\n|---:|---:|---:|---:|")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for number in parser.parse_args().services:
            answer = fleet(number)
            begun = time.perf_counter()
            text = report("html").render(answer, View())
            written = time.perf_counter() - begun
            file = Path(folder) / "report.html"
            file.write_text(text, encoding="utf-8")
            opened = []
            for _ in range(ROUNDS):
                page = browser.new_page()
                begun = time.perf_counter()
                page.goto(file.as_uri())
                page.wait_for_function("document.getElementById('status').textContent.includes('rows')")
                opened.append(time.perf_counter() - begun)
                page.close()
            print(f"| {number:,} | {len(text.encode()) / 1e6:.1f} | {written:.1f} | {min(opened):.1f} |")
        browser.close()


if __name__ == "__main__":
    main()
