"""The worked examples of docs/semantics.md#worked-examples, as small worlds in a real store."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from graphkit.model.documents import Component, DocumentKind
from graphkit.model.errors import UsageError
from graphkit.model.index import Hidden
from graphkit.model.names import CompanyId, ServiceId, package_name
from graphkit.model.organisation import (
    Build,
    Claim,
    Company,
    Polarity,
    Service,
    Standing,
    Supply,
)
from graphkit.model.ranks import CompanyVerdict, Verdict
from graphkit.model.times import exactly, rfc3339
from graphkit.stores.port import Fact
from tests.cases.build import (
    ask,
    at,
    compromised,
    document,
    incident,
    manifest,
    organisation,
    package,
    page,
    requires,
    service,
    takes,
    tiers,
    use,
)

LITELLM = package_name("litellm")
OLD = "2026-03-01T00:00:00Z"


@pytest.fixture
def day() -> list[Fact]:
    """The day: two bad releases of litellm, quarantined at 13:11, back at 20:15; and who needs it."""
    return [
        page("litellm", {"1.80.11": "2026-01-01T00:00:00Z", "1.81.10": "2026-02-01T00:00:00Z", "1.82.6": OLD}),
        *(requires("litellm", version) for version in ("1.80.11", "1.81.10", "1.82.6")),
        incident(
            compromised("litellm", "1.82.7", "10:39", "a" * 64),
            compromised("litellm", "1.82.8", "10:52", "b" * 64),
            until="13:11",
            hidden=[Hidden(package=LITELLM, start=at("13:11"), until=at("20:15"), why="quarantined")],
        ),
        *package("dspy", {"3.1.3": (OLD, ["litellm>=1.64.0"]), "0.1.5": ("2024-01-01", [])}),
        *package("aider-chat", {"0.86.2": (OLD, ["litellm==1.81.10"])}),
        *package("crewai", {"1.11.1": (OLD, ["litellm<3,>=1.74.9 ; extra == 'litellm'"])}),
        *package("crawl4ai", {"0.8": (OLD, ["litellm>=1.53.1"])}),
        *package("camel-ai", {"0.2.90": (OLD, ["litellm<1.80.12 ; extra == 'all'", "crawl4ai>=0.3 ; extra == 'all'"])}),
    ]


def test_picks_of_the_day(day: list[Fact], tmp_path: Path) -> None:
    answer = ask(tmp_path / "g", day)
    assert (answer.window.start, answer.window.until, answer.window.reading) == (at("10:39"), at("13:11"), "operator")
    assert [(slot.start, slot.until) for slot in answer.slots] == [
        (at("10:39"), at("10:52")),
        (at("10:52"), at("13:11")),
    ]
    assert tiers(answer)["dspy"] == "picked"
    assert takes(answer, "dspy") == ["litellm@1.82.7", "litellm@1.82.8"]
    assert takes(answer, "crawl4ai") == ["litellm@1.82.7", "litellm@1.82.8"]
    assert takes(answer, "crewai[litellm]") == ["litellm@1.82.7", "litellm@1.82.8"]
    assert "crewai" not in tiers(answer)
    assert "aider-chat" not in tiers(answer)


def test_camel_is_nominated_but_never_picked(day: list[Fact], tmp_path: Path) -> None:
    answer = ask(tmp_path / "g", day)
    assert tiers(answer).get("camel-ai[all]") != "picked"
    assert any("camel-ai[all]" in note and note.startswith("one range by itself lets") for note in answer.notes)
    assert dict(answer.summary.packages)["nominated"] == 1


def test_quarantine_makes_dependents_unresolvable(day: list[Fact], tmp_path: Path) -> None:
    answer = ask(tmp_path / "g", day, at="14:00")
    assert dict(answer.summary.packages) == {"picked": 0, "nominated": 0, "admitted": 0}
    note = next(note for note in answer.notes if "unresolvable" in note)
    assert "quarantined" in note
    assert "dspy" in note


def test_after_the_quarantine_the_good_release_is_back(day: list[Fact], tmp_path: Path) -> None:
    answer = ask(tmp_path / "g", day, at="20:30")
    assert answer.packages == ()
    assert not any("unresolvable" in note for note in answer.notes)


def test_two_sboms_do_not_clear_the_build_between_them(day: list[Fact], tmp_path: Path) -> None:
    before = document("03-20.json", DocumentKind.SBOM, ["litellm==1.82.6"])
    after = document("03-26.json", DocumentKind.SBOM, ["litellm==1.82.6"])
    facts = [
        *day,
        before,
        after,
        use("ci", before, built_at="2026-03-20T00:00:00Z"),
        use("ci", after, built_at="2026-03-26T00:00:00Z"),
    ]
    found = service(ask(tmp_path / "g", facts), "ci")
    assert found.verdict is Verdict.UNKNOWN
    assert "settle" in found.reason


def test_a_lock_of_the_window_is_observed_after_the_page_was_gone(day: list[Fact], tmp_path: Path) -> None:
    lock = document("uv.lock", DocumentKind.LOCK, ["litellm==1.82.8"])
    facts = [*day, lock, use("api", lock, stands_from="11:00")]
    found = service(ask(tmp_path / "g", facts, at="14:00"), "api")
    assert (found.verdict, found.basis, found.slots) == (Verdict.OBSERVED, "locked", ())


def test_an_sbom_of_the_next_day_is_observed(day: list[Fact], tmp_path: Path) -> None:
    sbom = document("bom.json", DocumentKind.SBOM, ["litellm==1.82.8"])
    found = service(ask(tmp_path / "g", [*day, sbom, use("web", sbom, built_at="2026-03-25T08:00:00Z")]), "web")
    assert (found.verdict, found.basis) == (Verdict.OBSERVED, "built")


@pytest.mark.parametrize(
    ("rows", "slots"),
    [
        (["litellm==1.82.7"], (0, 1)),
        (["litellm==1.82.8"], (1,)),
        (["litellm==1.82.8", "litellm==1.82.7"], (0, 1)),
    ],
)
def test_what_is_observed_could_be_fetched_only_while_it_was_listed(
    day: list[Fact], tmp_path: Path, rows: list[str], slots: tuple[int, ...]
) -> None:
    lock = document("uv.lock", DocumentKind.LOCK, rows)
    found = service(ask(tmp_path / "g", [*day, lock, use("api", lock, stands_from="09:00")]), "api")
    assert (found.verdict, found.slots) == (Verdict.OBSERVED, slots)


def test_a_bad_hash_could_be_fetched_while_its_release_was_listed(day: list[Fact], tmp_path: Path) -> None:
    row = Component(ref="1", name="vendored", sha256=("b" * 64,))
    sbom = replace(document("bom.json", DocumentKind.SBOM, []), components=(row,))
    found = service(ask(tmp_path / "g", [*day, sbom, use("web", sbom, built_at="12:00")]), "web")
    assert (found.verdict, found.basis, found.slots) == (Verdict.OBSERVED, "hash", (1,))


def test_a_lock_that_stood_clears_and_names_the_version(day: list[Fact], tmp_path: Path) -> None:
    lock = document("uv.lock", DocumentKind.LOCK, ["litellm==1.82.6"])
    facts = [*day, lock, use("api", lock, stands_from=OLD, stands_until="16:00")]
    found = service(ask(tmp_path / "g", facts), "api")
    assert found.verdict is Verdict.CLEARED
    assert "litellm 1.82.6" in found.reason


def test_a_lock_without_times_clears_nothing(day: list[Fact], tmp_path: Path) -> None:
    lock = document("uv.lock", DocumentKind.LOCK, ["litellm==1.82.6"])
    found = service(ask(tmp_path / "g", [*day, lock, use("api", lock)]), "api")
    assert found.verdict is Verdict.UNKNOWN


def test_a_manifest_is_walked(day: list[Fact], tmp_path: Path) -> None:
    loose, pinned = manifest("loose.txt", "dspy"), manifest("pinned.txt", "litellm<=1.82.6", "dspy")
    facts = [
        *day,
        loose,
        pinned,
        use("loose", loose, stands_from=OLD),
        use("pinned", pinned, stands_from=OLD, read_at="16:00"),
    ]
    answer = ask(tmp_path / "g", facts)
    assert service(answer, "loose").verdict is Verdict.PICKED
    assert [step.node for step in service(answer, "loose").paths[0]][-2:] == ["dspy@3.1.3", "litellm@1.82.7"]
    assert service(answer, "pinned").verdict is Verdict.CLEARED


def test_a_manifest_over_an_unread_closure_is_unknown(day: list[Fact], tmp_path: Path) -> None:
    loose = manifest("loose.txt", "dspy==0.1.5", "elsewhere")
    found = service(ask(tmp_path / "g", [*day, loose, use("s", loose, stands_from=OLD, read_at="16:00")]), "s")
    assert found.verdict is Verdict.UNKNOWN
    assert "elsewhere" in found.reason


def test_named_builds_can_be_complete(day: list[Fact], tmp_path: Path) -> None:
    # A build with a single time ran within two hours of it: that of 09:00 may have ended after the upload at 10:39.
    org = organisation(
        services=tuple(Service(id=ServiceId(name), builds_complete=name != "open") for name in ("api", "open", "late")),
        builds=tuple(
            Build(service=ServiceId(name), at=exactly(at("09:00" if name == "late" else "08:00")))
            for name in ("api", "open", "late")
        ),
    )
    answer = ask(tmp_path / "g", [*day, org])
    assert service(answer, "api").verdict is Verdict.CLEARED
    assert service(answer, "open").verdict is Verdict.UNKNOWN
    assert service(answer, "late").verdict is Verdict.UNKNOWN


def test_companies_by_statement_and_supply(day: list[Fact], tmp_path: Path) -> None:
    def claim(company: str, polarity: Polarity, standing: Standing, about: str = "pkg:pypi/litellm") -> Claim:
        return Claim(
            id=f"c-{company}-{standing}-{polarity}",
            company=CompanyId(company),
            claimant="x",
            text="t",
            polarity=polarity,
            standing=standing,
            certainty="sure",
            date="2026-03-31",
            object=about,
        )

    org = organisation(
        companies=tuple(
            Company(id=CompanyId(n), name=n) for n in ("vendor", "lab", "next", "boasted", "denier", "trivy")
        ),
        supplies=(
            Supply(supplier=CompanyId("vendor"), customer=CompanyId("lab"), what="labels", data=("training data",)),
            Supply(supplier=CompanyId("lab"), customer=CompanyId("next"), what="models"),
            Supply(supplier=CompanyId("vendor"), customer=CompanyId("old"), what="labels", until=at("2025-01-01")),
        ),
        claims=(
            claim("vendor", Polarity.AFFIRMS, Standing.CONFIRMED),
            claim("boasted", Polarity.AFFIRMS, Standing.ATTACKER),
            claim("denier", Polarity.DENIES, Standing.FIRST_HAND),
            claim("trivy", Polarity.AFFIRMS, Standing.CONFIRMED, "trivy"),
        ),
    )
    rows = {row.company: row for row in ask(tmp_path / "g", [*day, org]).companies}
    assert {name: row.verdict for name, row in rows.items()} == {
        "vendor": CompanyVerdict.STATED,
        "lab": CompanyVerdict.SUPPLIER,
        "next": CompanyVerdict.SUPPLIER,
        "old": CompanyVerdict.NONE,
        "boasted": CompanyVerdict.NONE,
        "denier": CompanyVerdict.NONE,
        "trivy": CompanyVerdict.NONE,
    }
    assert (rows[CompanyId("lab")].distance, rows[CompanyId("lab")].via) == (1, ("vendor",))
    assert rows[CompanyId("lab")].data == ("training data",)
    assert (rows[CompanyId("next")].distance, rows[CompanyId("next")].via) == (2, ("lab", "vendor"))
    assert len(rows[CompanyId("boasted")].claims) == 1


def test_versionless_row_is_unknown(day: list[Fact], tmp_path: Path) -> None:
    lock = document("uv.lock", DocumentKind.LOCK, ["litellm"])
    found = service(ask(tmp_path / "g", [*day, lock, use("api", lock, stands_from=OLD, stands_until="16:00")]), "api")
    assert found.verdict is Verdict.UNKNOWN
    assert "version" in found.reason


def test_a_release_nobody_placed_clears_no_manifest(day: list[Fact], tmp_path: Path) -> None:
    loose = manifest("loose.txt", "dspy")
    found = service(ask(tmp_path / "g", [*day, loose, use("s", loose, stands_from=OLD)], "litellm==9.9.9"), "s")
    assert found.verdict is Verdict.UNKNOWN


def conflict_world(*, app: list[str], litellm: list[str] | None = None) -> list[Fact]:
    """A root whose closure has nothing of `peg` for everybody: one asks for peg<2, another for peg>=2."""
    return [
        *package("litellm", {"1.82.6": (OLD, litellm or [])}),
        incident(compromised("litellm", "1.82.7", "10:39", "a" * 64), until="13:11"),
        *package("peg", {"1.0": (OLD, []), "2.0": (OLD, [])}),
        *package("low", {"1.0": (OLD, ["peg<2"])}),
        *package("high", {"1.0": (OLD, ["peg>=2"])}),
        *package("middle", {"1.0": (OLD, ["litellm", "peg<2"])}),
        *package("capper", {"1.0": (OLD, ["litellm<1.82.7", "peg<2"])}),
        *package("app", {"1.0": (OLD, app)}),
    ]


@pytest.mark.parametrize(
    ("app", "litellm", "expected"),
    [
        (["litellm", "low", "high"], None, "picked"),  # nobody in the conflict has a say about litellm
        (["litellm", "low", "high"], ["peg"], "picked"),  # litellm asks for peg too, but for any
        (["litellm", "high"], ["peg<2"], "admitted"),  # litellm itself does not fit: a resolver may go back from it
        (["middle", "high"], None, "admitted"),  # litellm only by way of one that does not fit
        (["litellm", "capper", "high"], None, "admitted"),  # a cap holds it below; were capper left, nobody knows
        (["litellm", "peg<2", "peg>=2"], None, "admitted"),  # the root contradicts itself: it installs nothing
    ],
)
def test_a_choice_counts_where_no_way_out_of_a_conflict_shakes_it(
    tmp_path: Path, app: list[str], litellm: list[str] | None, expected: str
) -> None:
    answer = ask(tmp_path / "g", conflict_world(app=app, litellm=litellm))
    assert tiers(answer).get("app") == expected
    (row,) = (one for one in answer.packages if one.package == "app")
    assert expected != "picked" or row.unresolvable == (0,)


def test_a_window_that_was_cut_clears_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long window that nobody asked for, only the last stretches are looked at: before, anything may have run."""
    releases = {
        f"1.{number}": (f"2026-03-24T{number // 60 + 1:02}:{number % 60:02}:00Z", ["litellm"]) for number in range(80)
    }
    facts = [
        *package("litellm", {"1.0": ("2026-03-24T00:30:00Z", []), "1.1": ("2026-03-24T00:40:00Z", [])}),
        *package("dep", releases),
        lock := document("uv.lock", DocumentKind.LOCK, ["litellm==1.1"]),
        use("late", lock, stands_from="01:10", read_at="2026-11-02T00:00:00Z"),
    ]
    whole = ask(tmp_path / "whole", facts, "litellm==1.0")
    assert len(whole.slots) > 64
    assert service(whole, "late").verdict is Verdict.UNKNOWN
    monkeypatch.setattr("graphkit.trace.case_answer._MANY_PACKAGES", 0)
    cut = ask(tmp_path / "cut", facts, "litellm==1.0")
    assert len(cut.slots) == 8
    found = service(cut, "late")
    assert found.verdict is Verdict.UNKNOWN
    assert "--from and --until" in found.reason
    assert Verdict.CLEARED not in {build.verdict for build in found.builds}


def test_a_window_of_too_many_passes_is_refused_with_what_can_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = [
        *package("litellm", {"1.0": ("2026-03-24T00:30:00Z", [])}),
        *package("dep", {f"1.{n}": (f"2026-03-24T{n // 60 + 1:02}:{n % 60:02}:00Z", ["litellm"]) for n in range(150)}),
    ]
    whole = ask(tmp_path / "whole", facts, "litellm==1.0")
    assert len(whole.slots) > 128
    monkeypatch.setattr("graphkit.trace.case_answer._MOST_MEMORY", 1)
    with pytest.raises(UsageError, match="ask for parts of it, the first with --until") as told:
        ask(tmp_path / "refused", facts, "litellm==1.0")
    until = str(told.value).rpartition(" ")[2]
    assert until == rfc3339(whole.slots[63].until)
