"""The style sheet and the saved queries for Neo4j Browser: of this graph, and in the form that it reads."""

from __future__ import annotations

import re

from graphkit.resources import resource
from graphkit.stores.neo4j.export import _STARTS, _TYPES
from tests.unit.stores.neo4j.saved_queries import held, wanted

SHEET = resource("queries", "browser", "graphkit.grass").read_text(encoding="utf-8")
MARK_NODES = {"Mark": {"question"}, "Actor": {"id"}, "Cause": {"text"}}
MARK_LINKS = {
    "JUDGED": {"verdict"},
    "EXPOSED": {"verdict"},
    "REACHED": {"verdict"},
    "ATTRIBUTED_TO": set[str](),
    "CAUSED_BY": {"certainty"},
}


def rules() -> dict[str, dict[str, str]]:
    """The rules of the sheet, as Browser reads them: a brace in quotes is text, and there are no comments."""
    found = {}
    for selector, body in re.findall(r"([\w.]+)\s*\{((?:\"[^\"]*\"|[^{}\"])*)\}", SHEET):
        pairs = [line.split(":") for line in body.split(";") if line.strip()]
        assert all(len(pair) == 2 for pair in pairs), selector
        found[selector] = {name.strip(): value.strip() for name, value in pairs}
    return found


def test_the_sheet_is_nothing_but_rules() -> None:
    left = re.sub(r"[\w.]+\s*\{(?:\"[^\"]*\"|[^{}\"])*\}", "", SHEET)
    assert left.strip() == ""
    assert {"node", "relationship"} <= set(rules())


def test_every_label_has_a_style_and_every_style_is_of_the_graph() -> None:
    labels = {name for name in _TYPES if not name.isupper()} | set(MARK_NODES)
    assert {one.partition(".")[2] for one in rules() if one.startswith("node.")} == labels
    links = {one.partition(".")[2] for one in rules() if one.startswith("relationship.")}
    assert links <= set(_STARTS) | set(MARK_LINKS)
    assert set(MARK_LINKS) <= links


def test_captions_are_of_properties_that_are_there() -> None:
    kinds = {name: set(of) for name, of in _TYPES.items()} | MARK_NODES | MARK_LINKS
    for selector, rule in rules().items():
        shown = set(re.findall(r"\{(\w+)\}", rule.get("caption", "")))
        assert shown <= kinds.get(selector.partition(".")[2], set()), selector


def test_the_saved_queries_are_the_queries_for_people() -> None:
    """Written anew by ``python -m tests.unit.stores.neo4j.saved_queries``."""
    assert held() == wanted()
    assert len(wanted()) >= 12
