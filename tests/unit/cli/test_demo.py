"""`graphkit demo`: the table, the report, the graph to ask on."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.door import apart


def test_the_demo_answers_writes_its_report_and_leaves_a_graph_to_ask_on(tmp_path: Path) -> None:
    """One test, since the case takes seconds to read."""
    demo = apart("demo", cwd=tmp_path)
    assert demo.code == 0
    for word in ("TeamPCP", "litellm 1.82.7", "LiteLLM Cloud", "DO NOW", "companies reached"):
        assert word in demo.out
    # Only results are on stdout; beside progress, where it is slow, all else is one line.
    assert demo.err.endswith("wrote report.html; ask on with: graphkit blast litellm-2026-03 --graph graphkit-demo\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graphkit-demo", "report.html"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    on = apart("who-has", "litellm", "--graph", "graphkit-demo", "--format", "json", cwd=tmp_path)
    assert {row["service"] for row in on.json["matches"]} >= {"dspy repository", "crewai repository"}
