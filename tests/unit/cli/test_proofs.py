"""Proofs on the command line: ``why --clearance``, ``--strict``, and ``report verify``, on answers made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Assumption, Blast, WhyAnswer
from graphkit.model.ranks import Verdict
from graphkit.reports import names
from tests.unit.cli.door import run
from tests.unit.cli.inputs import put
from tests.unit.reports import answers

FORMS = tuple(name for name in names() if name != "table")
Given = Callable[[Blast], None]


class _Answering:
    """A graph that gives one answer, whatever it is asked."""

    def __init__(self, answer: Blast) -> None:
        self._answer = answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def blast(self, *targets: str, **options: object) -> Blast:
        return self._answer

    def why(self, service: str, *targets: str, **options: object) -> WhyAnswer:
        return replace(answers.cleared(), blast=self._answer)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Return what sets the answer of every graph that is opened."""

    def told(answer: Blast) -> None:
        monkeypatch.setattr("graphkit.api.open_graph", lambda *_, **__: _Answering(answer))

    told(settled(Assumption.LOCK))
    return told


def settled(*assumes: Assumption) -> Blast:
    """Return an answer in which everything is cleared, twice with these assumptions."""
    proof = answers.clearance(*assumes)
    services = [answers.service(name, Verdict.CLEARED, proof) for name in ("desk", "shop")]
    services.append(answers.service("till", Verdict.CLEARED))
    made = answers.blast()
    summary = replace(made.summary, services=answers.counted(tuple(services)))
    return replace(made, services=tuple(services), summary=summary)


def test_strict_refuses_assumptions_and_says_so_in_one_line(given: Given) -> None:
    ran = run("blast", "case-1", "--strict")
    assert ran.code == 3
    assert ran.err == "--strict: 2 services are cleared only by assumptions\n"
    assert "--strict: 2 services are cleared only by assumptions" in ran.out
    assert run("blast", "case-1", "--strict", "--quiet").err == ""
    assert run("blast", "case-1").code == 0
    given(settled())
    assert (run("blast", "case-1", "--strict").code, run("blast", "case-1", "--strict").err) == (0, "")


def test_strict_with_something_exposed_is_still_code_1(given: Given) -> None:
    given(answers.blast())
    assert run("blast", "case-1", "--strict", "--fail-on", "admitted").code == 1


@pytest.mark.usefixtures("given")
def test_why_prints_the_proof_of_each_build() -> None:
    ran = run("why", "desk", "case-1", "--clearance")
    assert (ran.code, ran.err) == (0, "")
    assert "proof by walk: what could be installed is known" in ran.out
    assert "open: an SBOM of the build of 2026-03-24 would settle it" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    shape = run("why", "desk", "case-1", "--clearance", "--format", "json").json
    assert [one["verdict"] for one in shape["proofs"]] == ["unknown", "cleared", "cleared"]
    assert "proofs" not in run("why", "desk", "case-1", "--format", "json").json


@pytest.mark.parametrize("form", FORMS)
def test_a_report_is_verified_until_a_proof_is_another(given: Given, tmp_path: Path, form: str) -> None:
    file = tmp_path / "report"
    for words in ((), ("--strict",)):
        run("blast", "case-1", *words, "--format", form, "--output", file, "--quiet")
        assert run("report", "verify", file).code == 0
        given(settled(Assumption.LOCK, Assumption.BASE))
        found = run("report", "verify", file)
        assert found.code == 3
        assert found.out.startswith(f"changed: the graph no longer gives this {form} report\n")
        assert "the proofs of what is cleared are others than then" in found.out
        given(settled(Assumption.LOCK))


@pytest.mark.parametrize("form", ["openvex", "cyclonedx-vex"])
@pytest.mark.usefixtures("given")
def test_vex_is_under_investigation_where_assumptions_are_refused(form: str) -> None:
    def told(*words: str) -> list[str]:
        shape = run("blast", "case-1", "--format", form, *words).json
        if form == "openvex":
            return [one["status"] for one in shape["statements"]]
        return [one["analysis"]["state"] for one in shape["vulnerabilities"]]

    spared, open_ = "not_affected", "under_investigation" if form == "openvex" else "in_triage"
    assert told() == [spared] * 3
    assert told("--strict") == [open_, open_, spared]


def test_what_grew_is_told_by_a_comparison(given: Given, tmp_path: Path) -> None:
    file = put(tmp_path / "old.json", run("blast", "case-1", "--format", "json").out)
    given(settled(Assumption.LOCK, Assumption.BASE))
    shape = json.loads(run("blast", "case-1", "--compare", file, "--format", "json").out)
    details = [one["details"] for one in shape["changes"] if one["kind"] == "service"]
    assert details == [["cleared, assuming more: base images and CI actions bring none of it"]] * 2
