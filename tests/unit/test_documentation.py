"""Citations and links lead somewhere: to a file of the checkout, and to a heading of it by GitHub's rules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.unit.test_architecture import ARROWS, MODULES, ROOMS, ROOT, tree

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$")
LINK = re.compile(r"\[[^\[\]]*\]\(([^()\s]+)\)")
CITATION = re.compile(r"(?<![\w-]/)\bdocs/[\w./-]+\.md(?:#([\w-]*))?")
"""A page of the checkout; not the folder of that name in an address of another project."""
# With a "~" in each, so that this file does not hold what it looks for.
BY_SECTION = re.compile("(?i)(?:sem~antics|des~ign)(?:[.]md)?`?[,;:]?\\s+§".replace("~", ""))
BARE = re.compile(r"(?<!SemVer 2\.0, )(?<!RFC \d{4} )§\s*\d")
MADE_UP = ("tests/unit/", "examples/")
"""Where paths below docs/ are of files that a test makes, or of other projects."""
MOST_TERMS = 60


def text_of(path: Path) -> str | None:
    raw = path.read_bytes()
    return None if b"\0" in raw else raw.decode("utf-8", "replace")


@cache
def texts() -> dict[str, str]:
    """Return every text of the checkout by its path from the top."""
    found = {path.relative_to(ROOT).as_posix(): text_of(path) for path in tree()}
    return {name: text for name, text in found.items() if text is not None}


def slug(heading: str) -> str:
    """Return the anchor of a heading: as GitHub renders it, without marks, in lower case, with hyphens for spaces.

    >>> slug("What `cleared` says, and [where](x.md)"), slug("(a) It's *decided*")
    ('what-cleared-says-and-where', 'a-its-decided')
    """
    shown = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", heading)
    shown = re.sub(r"(?<!\w)[*_]+|[*_]+(?!\w)|`", "", shown)
    return re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")


def prose(text: str) -> Iterator[str]:
    """Yield the lines of Markdown that are no code."""
    fence = ""
    for line in text.splitlines():
        found = FENCE.match(line)
        if found and (not fence or found[1].startswith(fence)):
            fence = "" if fence else found[1]
        elif not fence:
            yield line


def anchors_of(text: str) -> set[str]:
    """Return the anchors of the headings of Markdown; one that comes again gets a number."""
    found: dict[str, int] = {}
    for line in prose(text):
        if heading := HEADING.match(line):
            name = slug(heading[1])
            found[name] = found.get(name, -1) + 1
            if found[name]:
                found[f"{name}-{found[name]}"] = 0
    return set(found)


def lost(target: Path, anchor: str | None) -> str:
    """Return why a place is none; empty where it is there."""
    if not target.resolve().is_relative_to(ROOT) or not target.exists():
        return "no such file"
    if anchor is None or target.suffix != ".md":
        return ""
    return "" if anchor in anchors_of(target.read_text(encoding="utf-8")) else "no such heading"


def test_every_citation_of_a_page_leads_there() -> None:
    found = []
    for name, text in texts().items():
        for number, line in enumerate(text.splitlines(), start=1):
            for cited in CITATION.finditer(line):
                if cited[1] is None and name.startswith(MADE_UP):
                    continue
                if why := lost(ROOT / cited[0].partition("#")[0], cited[1]):
                    found.append(f"{name}:{number}: {cited[0]}: {why}")
    assert found == []


def test_every_link_of_a_page_leads_there() -> None:
    found = []
    for name, text in texts().items():
        if not name.endswith(".md"):
            continue
        for target in LINK.findall("\n".join(prose(text))):
            place, _, anchor = unquote(target).partition("#")
            if re.match(r"[a-z][a-z0-9+.-]*:", place):
                continue
            whole = (ROOT / name).parent / place if place else ROOT / name
            if why := lost(whole, anchor if "#" in target else None):
                found.append(f"{name}: {target}: {why}")
    assert found == []


def pages() -> dict[str, str]:
    """Return the pages that people read, by their path."""
    beside = ("README.md", "CONTRIBUTING.md", "notebooks/", "benchmarks/", "docs/")
    return {name: text for name, text in texts().items() if name.endswith(".md") and name.startswith(beside)}


def is_path(path: str) -> bool:
    """Return whether a path from the top leads to a file or folder, or to some by a pattern."""
    return (ROOT / path).exists() or any(ROOT.glob(path))


def paths_in(text: str) -> list[str]:
    """Return the paths from the top that stand in code, and any other path of a Python file.

    >>> paths_in("`graphkit/model/`, `trace/roll.py`, `graphkit.blast/1`, `setup.py`, `graphkit/a.py --help`, `a/b`")
    ['graphkit/model/', 'trace/roll.py']
    """
    top = r"(?:graphkit|tests|queries|examples|docs|benchmarks|notebooks)/[\w./*-]*"
    return re.findall(rf"`({top}|[\w.-]+/[\w./-]+\.py)`", text)


def test_every_path_of_a_page_is_there() -> None:
    found = [(name, path) for name, text in pages().items() for path in paths_in(text)]
    assert len(found) > 100
    assert [one for one in found if not is_path(one[1])] == []


def test_decisions_name_modules_from_the_top() -> None:
    """A bare name of a file says not where it is, and moves unseen."""
    decisions = {name: text for name, text in pages().items() if name.startswith("docs/decisions/")}
    assert len(decisions) > 15
    named = [(name, path) for name, text in decisions.items() for path in re.findall(r"`([\w./-]+\.py)`", text)]
    assert [one for one in named if not is_path(one[1])] == []


def is_defined(dotted: str) -> bool:
    """Return whether a dotted name is a module, or a function, class or method that one defines.

    >>> is_defined("graphkit.api.graph.Graph.blast"), is_defined("graphkit.api.graph.blast")
    (True, False)
    """
    module = dotted
    while module not in MODULES:
        module = module.rpartition(".")[0]
        if not module:
            return False
    body = ast.parse(MODULES[module]).body
    for part in dotted[len(module) + 1 :].split(".") if dotted != module else ():
        defined = [one for one in body if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == part]
        if not defined:
            return False
        body = defined[-1].body
    return True


def test_every_function_of_the_architecture_is_there() -> None:
    named = re.findall(r"`(graphkit(?:\.\w+)+)`", texts()["docs/architecture.md"])
    assert len(named) > 30
    assert [name for name in named if not is_defined(name)] == []


def test_the_arrows_of_the_architecture_are_those_of_the_code() -> None:
    rows = re.findall(
        r"^\| `graphkit/([\w/]+?)(?:/|\.py)` \|[^|]*\|([^|]*)\|$", texts()["docs/architecture.md"], re.MULTILINE
    )
    named = {room.replace("/", "."): frozenset(filter(None, to.strip().split(", "))) for room, to in rows}
    files = {name: ARROWS[name] for name in ("", "resources", "processes", "temporary", "address_space")}  # in words
    nothing = frozenset({"nothing of graphkit"})
    told = {room: frozenset() if to == nothing else to for room, to in named.items()}
    assert told | files == {**ARROWS, **ROOMS}


@pytest.mark.parametrize("pattern", [BY_SECTION, BARE], ids=["a document by its section", "a section of no document"])
def test_nothing_is_cited_by_a_number_of_a_section(pattern: re.Pattern[str]) -> None:
    found = [f"{name}: {one[0]}" for name, text in texts().items() for one in pattern.finditer(text)]
    assert found == []


def test_terms_are_few_and_in_order() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE)
    assert 0 < len(terms) <= MOST_TERMS
    assert terms == sorted(terms, key=str.casefold)


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        ("# A page\n## Still clears\n", {"a-page", "still-clears"}),
        ("## In place\n## In place\n## In place\n", {"in-place", "in-place-1", "in-place-2"}),
        ("## `uv.lock`, what it says?\n", {"uvlock-what-it-says"}),
        ("## Trivy's reports and dependency snapshots\n", {"trivys-reports-and-dependency-snapshots"}),
        ("## *Read* [this](x.md) snake_case\n", {"read-this-snake_case"}),
        ("```\n# no heading\n```\n# One #\n", {"one"}),
        ("#none\n", set()),
    ],
)
def test_anchors_are_those_of_github(text: str, anchors: set[str]) -> None:
    assert anchors_of(text) == anchors


@pytest.mark.parametrize(
    ("path", "anchor", "why"),
    [
        ("docs/semantics.md", None, ""),
        ("docs/semantics.md", "builds", ""),
        ("docs/semantics.md", "obligation-a", ""),
        ("README.md", "obligation-q", "no such heading"),
        ("nothing.md", None, "no such file"),
        ("../elsewhere.md", None, "no such file"),
    ],
)
def test_a_place_that_is_none_is_seen(path: str, anchor: str | None, why: str) -> None:
    assert lost(ROOT / path, anchor) == why


def test_citations_are_told_from_addresses_of_others() -> None:
    assert CITATION.search("(docs/semantics.md#builds)")
    assert CITATION.search("[in place](../docs/semantics.md)")
    assert not CITATION.search("https://host.example/a/b/blob/main/docs/semantics.md")


def test_citations_by_section_are_seen() -> None:
    assert BY_SECTION.search("(sem~antics §~5 a)".replace("~", ""))
    assert BY_SECTION.search("`sem~antics.md` §~2".replace("~", ""))
    assert BY_SECTION.search("As Des~ign\n§~7 says".replace("~", ""))
    assert BARE.search("see §~4".replace("~", ""))
    assert not BARE.search("(RFC 9110 §~15.4)".replace("~", ""))
    assert not BARE.search("(SemVer 2.0, §~10)".replace("~", ""))
