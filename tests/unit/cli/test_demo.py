"""`graphkit demo`: the made-up company first, then the real case, each with a report and a graph to ask on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.unit.cli.door import apart, run
from tests.unit.reports import answers

ACME = "1 of 2 · Acme (made up): "
CASE = "2 of 2 · the real case: "


def page(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>")
    assert text.endswith("</html>\n")
    return text


def test_the_demo_answers_writes_its_reports_and_leaves_graphs_to_ask_on(demo: Path, tmp_path: Path) -> None:
    """One test, and on a graph that has the real case, since that takes seconds to read."""
    shutil.copytree(demo, tmp_path / "graphkit-demo")
    ran = apart("demo", cwd=tmp_path)
    assert ran.code == 0
    first, second = ran.out.split(CASE)
    assert first.startswith(ACME)
    assert "UNKNOWN 1" in first
    for word in ("answerbot", "HIT 2", "LIKELY 1", "POSSIBLE 1", "CLEAR 3"):
        assert word in first
        assert word not in second
    for word in ("no service of yours yet", "HIT 0", "UNKNOWN 0", "5 services of others: 1 UNKNOWN, 4 CLEAR"):
        assert word in second
    for word in ("TeamPCP", "litellm 1.82.7 and 1.82.8"):
        assert word in first
        assert word in second
    # Only results are on stdout, and all else is a line for each.
    assert ran.err == (
        "wrote report-acme.html; ask on with: graphkit blast litellm-2026-03 --graph graphkit-demo-acme\n"
        "wrote report.html; ask on with: graphkit blast litellm-2026-03 --graph graphkit-demo\n"
    )
    made = ["graphkit-demo", "graphkit-demo-acme", "report-acme.html", "report.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == made
    pages = [page(tmp_path / "report-acme.html"), page(tmp_path / "report.html")]
    assert ["Acme (made up)" in one for one in pages] == [True, False]
    assert ["dspy repository" in one for one in pages] == [False, True]
    on = apart("who-has", "litellm", "--graph", "graphkit-demo", "--format", "json", cwd=tmp_path)
    services = {row["service"] for row in on.json["matches"]}
    assert services >= {"dspy repository", "crewai repository"}
    assert "answerbot" not in services

    # Again, where there is no git: all is in the graphs by now. No file belongs beside a device.
    nowhere = {**os.environ, "PATH": str(tmp_path)}
    again = apart("demo", "--output", os.devnull, cwd=tmp_path, env=nowhere)
    assert (again.code, again.out) == (0, ran.out)
    assert again.err == (
        "git is not installed, so Acme's history was not read\n"
        "ask on with: graphkit blast litellm-2026-03 --graph graphkit-demo-acme\n"
        f"wrote {os.devnull}; ask on with: graphkit blast litellm-2026-03 --graph graphkit-demo\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == made
    assert not Path(f"{os.devnull}-acme").exists()


@pytest.mark.parametrize(
    ("words", "files"),
    [
        ((), ["report-acme.html", "report.html"]),
        (("-o", "my.html"), ["my-acme.html", "my.html"]),
        (("-o", os.devnull), []),
    ],
)
def test_each_example_has_a_page_beside_the_other(
    words: tuple[str, ...], files: list[str], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With answers made by hand in place of the two graphs."""
    monkeypatch.setattr("graphkit.api.demo.blast_acme", lambda *_: answers.blast())
    monkeypatch.setattr("graphkit.api.demo.run_demo", lambda *_: answers.later())
    monkeypatch.setattr("graphkit.api.demo.has_history", lambda: False)
    ran = run("demo", "--graph", "cases/demo", *words)
    assert ran.code == 0
    assert ran.out.index(ACME) < ran.out.index(CASE)
    assert sorted(path.name for path in work.iterdir()) == files
    first, *_, last = ran.err.splitlines()
    assert first == "git is not installed, so Acme's history was not read"
    assert last.endswith("ask on with: graphkit blast litellm-2026-03 --graph cases/demo")
    assert "--graph cases/demo-acme" in ran.err
    quiet = run("demo", "--quiet", *words)
    assert (quiet.code, quiet.err) == (0, "")
