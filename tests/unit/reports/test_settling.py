"""The command that would settle an unknown service, by what is missing."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Blast, DocumentName, InputName, Obligation, ServiceVerdict
from graphkit.model.input_names import NOT_COMMITTED
from graphkit.model.names import ServiceId
from graphkit.model.ranks import Verdict
from graphkit.model.times import moment, rfc3339
from graphkit.reports.interface import ReportOptions
from graphkit.reports.settling import (
    Remedy,
    command,
    deciding,
    has_only_unrecorded,
    incidents_of,
    is_undated,
    is_unread,
    settle_by_scan,
    settle_in_graph,
)
from tests.unit.reports import answers

START = "2026-03-24T10:39:00Z"
WINDOW = ["--from", "2026-03-24T10:39:00Z", "--until", "2026-03-24T13:11:00Z"]


def lacking(
    missing: Obligation, *, name: str = "shop", near: bool = False, known: InputName | None = None, **more: Any
) -> ServiceVerdict:
    build = answers.build(Verdict.UNKNOWN, "open", missing=missing, near=near, input=known, **more)
    return answers.service(name, Verdict.UNKNOWN, builds=(build,), near=near)


def with_clear_build() -> ServiceVerdict:
    clear = answers.build(Verdict.CLEARED, "clear", at=moment("2026-03-24"))
    unknown = answers.build(Verdict.UNKNOWN, "nobody recorded", missing=Obligation.INPUTS)
    return answers.service("shop", Verdict.UNKNOWN, builds=(clear, unknown))


ALL_BUILDS = "nothing else was built or installed"
UNCHANGED = "no lock or manifest there changed since then"


def scan(one: ServiceVerdict, *paths: str, made: Blast | None = None, **more: Any) -> str:
    return by_scan(one, *paths, made=made, **more).command


def by_scan(one: ServiceVerdict, *paths: str, made: Blast | None = None, **more: Any) -> Remedy:
    known: dict[str, Any] = {"budget": 60.0, "offline": False}
    view = ReportOptions(**{name: more.pop(name) for name in ("graph", "is_there") if name in more})
    return settle_by_scan(made or answers.blast(), paths or (".",), view, **{**known, **more})(one)


UNREAD = (Obligation.ADMITTED, Obligation.CLOSURE, Obligation.BARRED)
UNDATED = (Obligation.DATED, Obligation.INPUTS)


@pytest.mark.parametrize("missing", UNREAD)
def test_what_was_not_read_of_the_index(missing: Obligation) -> None:
    one = lacking(missing)
    assert is_unread(one)
    line = settle_in_graph(answers.blast(), None)(one).command
    assert shlex.split(line) == ["graphkit", "ingest", "index", "--for-services", *WINDOW]
    assert scan(one) == "graphkit scan . --budget 300"
    assert scan(one, offline=True) == "graphkit scan ."
    assert scan(one, unchanged_since="2026-03-01") == "graphkit scan . --unchanged-since 2026-03-01 --budget 300"


@pytest.mark.parametrize("missing", UNDATED)
def test_what_has_no_date(missing: Obligation) -> None:
    one = lacking(missing, known=InputName(repository="shop", path="uv.lock", branch=""))
    assert is_undated(one)
    in_graph = settle_in_graph(answers.blast(), None)(one)
    expected = f"graphkit ingest lock shop/uv.lock --service shop --stands-from {START} --read-at now"
    assert in_graph == (expected, UNCHANGED)
    assert by_scan(one) == ("graphkit scan . --unchanged-since 2026-03-24T10:39:00Z", UNCHANGED)
    assert scan(one, offline=True) == "graphkit scan . --offline --unchanged-since 2026-03-24T10:39:00Z"
    timeless = replace(answers.blast(), window=replace(answers.blast().window, is_known=False))
    assert "--unchanged-since TIME" in scan(one, made=timeless)


def test_builds_that_nobody_recorded() -> None:
    one = with_clear_build()
    assert has_only_unrecorded(one)
    in_graph = settle_in_graph(answers.blast(), None)(one)
    assert in_graph == ("graphkit blast litellm-2026-03 --builds-complete", ALL_BUILDS)
    assert by_scan(one) == ("graphkit scan . --builds-complete", ALL_BUILDS)


@pytest.mark.parametrize(("service", "more"), [("shop", ""), ("shop/api", ""), ("till", " --service till")])
def test_a_clone_of_which_it_is_not_known_whether_it_is_up_to_date(service: str, more: str) -> None:
    known = InputName(repository="shop", path="api/uv.lock", branch="main")
    remedy = settle_in_graph(answers.blast(), None)(lacking(Obligation.INPUTS, name=service, known=known))
    assert remedy.command == f"graphkit ingest lock shop --branch main --read-at now{more}"
    whose = ", and all of it is of till" if more else ""
    assert remedy.only_if == f"that clone is as its remote is now{whose}"


def test_a_service_of_which_no_input_is_known() -> None:
    one = lacking(Obligation.INPUTS)
    for found in (settle_in_graph(answers.blast(), None)(one), by_scan(one)):
        assert found == ("graphkit ingest lock REPOSITORY --service shop", "REPOSITORY is its clone")


def test_what_a_script_keeps_open_no_date_and_no_page_settles() -> None:
    script = DocumentName(sha256="0" * 64, path="Dockerfile", repository="shop")
    open_by_script = answers.build(
        Verdict.UNKNOWN, "open", missing=Obligation.INPUTS, document=script, of_script=True, incident="b"
    )
    unread = answers.build(Verdict.UNKNOWN, "unread", missing=Obligation.CLOSURE, incident="a")
    one = answers.service("shop", Verdict.UNKNOWN, builds=(unread, open_by_script))
    expected = "graphkit ingest lock shop --service shop --installs-from FILE"
    condition = "FILE there is the lock or manifest of all that it installs"
    assert settle_in_graph(answers.blast(), None)(one) == (expected, condition)
    for since in (None, "2026-03-01"):  # saying the same once more would not settle it either
        assert by_scan(one, "there", unchanged_since=since) == (
            expected.replace("lock shop", "lock there/shop"),
            condition,
        )
    astray = expected.replace("lock shop", "lock REPOSITORY"), f"REPOSITORY is its clone, and {condition}"
    assert settle_in_graph(answers.blast(), None)(lacking(Obligation.INPUTS, of_script=True)) == astray
    assert by_scan(one, "there", is_there=lambda _: False) == astray


SBOM = DocumentName(sha256="0" * 64, path="boms/shop.json")


def test_an_sbom_that_does_not_say_that_it_is_complete() -> None:
    one = lacking(Obligation.COMPLETE, document=SBOM, can_be_declared=True)
    expected = "graphkit ingest sbom boms/shop.json --service shop --complete --built-at TIME"
    found = settle_in_graph(answers.blast(), None)(one)
    assert found == (expected, "it lists everything that was installed, and TIME is when its build ran")
    assert scan(one, "there") == expected.replace("boms/", "there/boms/")
    assert scan(one, "there/boms/shop.json") == expected.replace("boms/", "there/boms/")
    assert scan(one, "a", "b") == expected
    dated = lacking(Obligation.COMPLETE, document=SBOM, at=moment("2026-03-24"), can_be_declared=True)
    found = settle_in_graph(answers.blast(), None)(dated)
    assert found == (expected.removesuffix(" --built-at TIME"), "it lists everything that was installed")


def test_what_denies_itself_is_not_declared_complete() -> None:
    one = lacking(Obligation.COMPLETE, document=SBOM)
    for line in (settle_in_graph(answers.blast(), None)(one).command, scan(one)):
        assert line == "graphkit why --clearance -- shop litellm-2026-03"


def test_a_path_that_leads_nowhere_is_left_to_be_filled_in() -> None:
    one = lacking(Obligation.COMPLETE, document=SBOM, can_be_declared=True)
    known = InputName(repository="shop", path="uv.lock", branch="")
    for found in (settle_in_graph(answers.blast(), None, lambda _: False)(one), by_scan(one, is_there=lambda _: False)):
        assert found.command.startswith("graphkit ingest sbom PATH --service shop --complete ")
        assert found.only_if.startswith("PATH leads to boms/shop.json, and ")
    remedy = settle_in_graph(answers.blast(), None, lambda _: False)(lacking(Obligation.INPUTS, known=known))
    assert remedy.command.startswith("graphkit ingest lock PATH --service shop ")
    assert remedy.only_if == f"PATH leads to shop/uv.lock, and {UNCHANGED}"


def test_a_file_whose_name_begins_like_an_option() -> None:
    odd = replace(SBOM, path="-boms/shop.json")
    line = settle_in_graph(answers.blast(), None)(lacking(Obligation.DATED, document=odd)).command
    assert line == "graphkit ingest sbom ./-boms/shop.json --service shop --built-at TIME"


def test_what_no_commit_has_is_scanned_again() -> None:
    known = InputName(repository="shop", path="uv.lock", branch=NOT_COMMITTED)
    found = settle_in_graph(answers.blast(), None)(lacking(Obligation.INPUTS, known=known))
    assert found == (f"graphkit scan shop --unchanged-since {START}", UNCHANGED)


def test_a_word_that_was_given_and_did_not_hold_is_not_asked_for_again() -> None:
    assert scan(with_clear_build(), words=["--builds-complete"]).startswith("graphkit why --clearance -- shop ")


def test_an_sbom_without_a_date() -> None:
    found = settle_in_graph(answers.blast(), None)(lacking(Obligation.DATED, document=SBOM))
    expected = "graphkit ingest sbom boms/shop.json --service shop --built-at TIME"
    assert found == (expected, "TIME is when its build ran")


def test_an_incident_of_which_no_time_is_known() -> None:
    one = lacking(Obligation.TIMES)
    expected = "graphkit blast litellm-2026-03 --from TIME --until TIME"
    assert (settle_in_graph(answers.blast(), None)(one).command, scan(one)) == (expected, expected)
    assert scan(one, offline=True) == "graphkit scan ."


def test_what_settles_another_incident_goes_before_one_without_times() -> None:
    timeless = answers.build(Verdict.UNKNOWN, "no time", missing=Obligation.TIMES, incident="a")
    nothing = answers.build(Verdict.UNKNOWN, "nothing", missing=Obligation.INPUTS, incident="a")
    known = answers.build(Verdict.UNKNOWN, "not said", missing=Obligation.COMPLETE, incident="b", document=SBOM)
    one = answers.service("shop", Verdict.UNKNOWN, builds=(nothing, timeless, known))
    assert deciding(one) == known
    assert deciding(replace(one, builds=(nothing, timeless))) == timeless


def test_anything_else_is_shown_in_full() -> None:
    one = lacking(Obligation.ROWS)
    expected = "graphkit why --clearance -- shop litellm-2026-03"
    assert (settle_in_graph(answers.blast(), None)(one).command, scan(one)) == (expected, expected)
    assert scan(replace(one, builds=())) == expected


def test_each_of_several_incidents_is_named() -> None:
    made = answers.several()
    asked = "blast litellm-2026-03 telnyx-2026-03 --resolver pip"
    made = replace(made, provenance=replace(made.provenance, question=asked))
    assert list(incidents_of(made)) == ["litellm-2026-03", "telnyx-2026-03"]
    broken = replace(made, provenance=replace(made.provenance, question="blast 'x"))
    assert list(incidents_of(broken)) == ["litellm-2026-03", "telnyx-2026-03"]
    line = settle_in_graph(made, None)(lacking(Obligation.ROWS)).command
    assert line == "graphkit why --clearance -- shop litellm-2026-03 telnyx-2026-03"


def test_the_time_is_that_of_the_first_incident_for_which_a_service_is_unknown() -> None:
    made = answers.several()
    first, second = made.windows
    for name, start in ((first.incident, first.start), (second.incident, second.start)):
        verdicts = ((first.incident, Verdict.CLEARED), (second.incident, Verdict.CLEARED), (name, Verdict.UNKNOWN))
        known = InputName(repository="", path="uv.lock", branch="")
        one = replace(lacking(Obligation.DATED, known=known), incidents=tuple(dict(verdicts).items()))
        assert f"--unchanged-since {rfc3339(start)}" in scan(one, made=made)


def test_what_was_read_to_the_end_is_not_read_for_longer() -> None:
    assert scan(lacking(Obligation.ADMITTED), is_stopped=False).startswith("graphkit why")


def test_the_graph_and_other_options_are_repeated() -> None:
    words = ["--index-url", "http://index.example/simple/"]
    line = scan(lacking(Obligation.DATED), "a", "b", graph="my graph", words=words)
    assert line.startswith("graphkit scan a b --graph 'my graph' --index-url http://index.example/simple/ --unchanged")
    assert scan(lacking(Obligation.ROWS), graph="my graph").startswith("graphkit why --graph 'my graph' --clear")
    in_graph = settle_in_graph(answers.blast(), "g")(lacking(Obligation.DATED))
    assert in_graph.command == "graphkit ingest lock REPOSITORY --service shop --graph g"


@pytest.mark.parametrize("odd", ["it's here", "a b", "$(touch x)", "a;b", "# c", "ä"])
def test_odd_paths_and_names_are_quoted(odd: str) -> None:
    path = shlex.split(scan(lacking(Obligation.ADMITTED), odd))
    assert path[:3] == ["graphkit", "scan", odd]
    name = shlex.split(scan(lacking(Obligation.ROWS, name=odd)))
    assert name[:5] == ["graphkit", "why", "--clearance", "--", odd]


def test_a_path_that_looks_like_an_option_is_none() -> None:
    assert scan(lacking(Obligation.ADMITTED), "-x").startswith("graphkit scan ./-x ")


@pytest.mark.parametrize("missing", Obligation)
def test_no_name_stands_outside_of_quotes(missing: Obligation) -> None:
    """A comment does not hold it: zsh takes one for more words unless it is told otherwise."""
    one = replace(lacking(missing), service=ServiceId("x; touch PWNED; $(touch PWNED)"))
    for line in (settle_in_graph(answers.blast(), None)(one).command, scan(one)):
        assert "PWNED" not in line.replace(shlex.quote(one.service), "")
        assert "#" not in line


def test_what_lacks_more_than_unread_choices_decides() -> None:
    near = answers.build(Verdict.UNKNOWN, "older choices", missing=Obligation.ADMITTED, near=True)
    undated = answers.build(Verdict.UNKNOWN, "no date", missing=Obligation.DATED)
    one = answers.service("shop", Verdict.UNKNOWN, builds=(near, undated))
    assert deciding(one) == undated
    assert deciding(replace(one, builds=(near,))) == near
    assert deciding(replace(one, builds=())) is None


@pytest.mark.parametrize(
    "word", ["my code", "it's $HOME", "a\nb", "esc\x1b[31m", "tab\t\\'x", "\u202ebidi", "caf\xe9", "n\udcffon", ""]
)
def test_a_shell_reads_the_words_of_a_command_as_they_were_given(word: str) -> None:
    line = command("printf", "%s", word)
    assert line.isprintable()
    ran = subprocess.run(["bash", "-c", line], capture_output=True, check=True)
    assert ran.stdout == os.fsencode(word)
