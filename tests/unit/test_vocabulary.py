"""Public names use the words of the field: none is from the list of words that the project gave up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

PACKAGE: Final = Path(__file__).resolve().parents[2] / "graphkit"
MODULES: Final = ("api", "model", "stores/port.py")

_WORDS: Final = """
accusation accused aimed arrival asked bench choosable choosing claims cyclonedx_quick demand door elsewhere firm
ground holding holdings ident joined_ids kept notes number odd offers order packed place plain quick reading roll
row rows run several sheet shelf shown splice spot stamp stay stock stretch stretches survey take_in tally told
twins unshaken want written
"""
GIVEN_UP: Final = frozenset(_WORDS.split())
"""Words that have a better one. Left out: `graph`, `view` and `position`, which are right in one meaning."""

EXCEPTIONS: Final[Mapping[str, str]] = {
    "Accused": "the glossary's word for a release that an incident names",
    "AccusedFile": "the glossary's word",
    "Asked": "`asked` is a key of the JSON contract's questions",
    "BLAST_ROWS": "the option `rows` of a table of an answer, as a notebook gives it",
    "Blast.notes": "a key of the JSON contract",
    "BlastOptions.reading": "a reading is an account of the times of an incident (semantics)",
    "CompanyRow": "a row of a printed table",
    "CompanyRow.claims": "a key of the JSON contract; a claim is what somebody said (glossary)",
    "Holding": "a row of who-has",
    "Incident.notes": "a key of incident files",
    "IngestReport.notes": "a key of the JSON contract",
    "InstallCommand.place": "the place of a problem, as the JSON contract has it",
    "Mark.claims": "a claim is what somebody said (glossary)",
    "Obligation.ACCUSATION": "the name of an obligation (semantics)",
    "Obligation.ROWS": "the name of an obligation (semantics)",
    "Organisation.claims": "a claim is what somebody said (glossary)",
    "PackageRow": "a row of a printed table",
    "Problem.place": "a key of the JSON contract",
    "Reading": "a reading is an account of the times of an incident (semantics)",
    "Rejected.place": "a key of the JSON contract",
    "TakenRelease.asked_by": "a key of the JSON contract",
    "TakenRelease.is_accused": "`accused` is a key of the JSON contract",
    "TakenRelease.is_firm": "`firm` is a key of the JSON contract",
    "WhoHas.notes": "a key of the JSON contract",
    "Window.reading": "a key of the JSON contract",
    "run_demo": "the verb: it runs the demo",
    "stretches": "what messages call an interval (glossary)",
}
"""Names that keep a word of the list, and why."""


def public_names(body: list[ast.stmt], within: str = "") -> Iterator[str]:
    """Yield the public classes, functions, constants and fields of a module's text, a field after its class."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.Assign(targets=targets):
                names = [one.id for one in targets if isinstance(one, ast.Name)]
            case _:
                names = []
        for name in names:
            if not name.startswith("_"):
                yield f"{within}{name}"
                if isinstance(node, ast.ClassDef):
                    yield from public_names(node.body, f"{name}.")


def given_up(name: str) -> list[str]:
    """Return the words of a name, and the name as a whole, that are on the list."""
    own = name.rpartition(".")[2]
    words = [one.lower() for one in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", own)]
    return sorted({one for one in (*words, own.lower()) if one in GIVEN_UP})


def named() -> dict[str, list[str]]:
    """Return the public names with words of the list."""
    paths = [
        path for one in MODULES for path in ([PACKAGE / one] if one.endswith(".py") else (PACKAGE / one).glob("*"))
    ]
    texts = [path.read_text(encoding="utf-8") for path in sorted(paths) if path.suffix == ".py"]
    names = [name for text in texts for name in public_names(ast.parse(text).body)]
    assert len(names) > 300
    return {name: found for name in names if (found := given_up(name))}


def test_public_names_use_no_word_that_was_given_up() -> None:
    new = {name: words for name, words in named().items() if name not in EXCEPTIONS}
    assert not new, "find the field's word, or name the exception and its reason"


def test_every_exception_is_needed() -> None:
    assert EXCEPTIONS.keys() <= named().keys()


@pytest.mark.parametrize(
    ("name", "words"),
    [("Blast.notes", ["notes"]), ("take_in", ["take_in"]), ("ToldTimes", ["told"]), ("IngestReport.rejected", [])],
)
def test_words_of_a_name(name: str, words: list[str]) -> None:
    assert given_up(name) == words
