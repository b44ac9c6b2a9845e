"""The verdict of a service, build by build, on a small index: which part speaks, and what is open where none does.

`bad` 2 is accused, and was listed from 11:00 to 13:00. `app` needs `bad`, `ok` needs nothing, `lost` was never read.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Assumption, InputName, Obligation
from graphkit.model.documents import (
    CONDA_ENVIRONMENT,
    SAYS_COMPLETE,
    UNREADABLE,
    Basis,
    Completeness,
    Document,
    DocumentKind,
    Edge,
    InstallCommand,
    Problem,
)
from graphkit.model.environment import Environment
from graphkit.model.incidents import AccusedFile, CompromisedRelease, FileHash, Undecided
from graphkit.model.names import package_name, service_id
from graphkit.model.organisation import Build, CompleteFrom, Word
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import requirement
from graphkit.model.times import NO_TIME, exactly
from graphkit.sources.distributions import distribution
from graphkit.trace.case import read_span
from graphkit.trace.verdicts.build_parts import joined
from tests.cases.build import at, compromised, document, manifest, package, page, use
from tests.unit.trace.verdicts.shop import (
    BARRED,
    CLEAN,
    HIT,
    PICKS,
    PRIVATE,
    STOOD,
    build,
    judged,
    only,
    unrecorded,
)

# What was in place


IN_PLACE = [
    (CLEAN, "cleared", "uv.lock is complete and lists no bad"),
    (
        HIT,
        "observed",
        "it was in place from 2026-03-24T08:00:00Z on, as `stands_from` in org.yaml says, and speaks for installs",
    ),
    (BARRED, "cleared", "requirements.txt requires bad<2, so no install from it takes bad 2"),
    (PICKS, "picked", "a fresh install from requirements.txt takes bad 2"),
    (manifest("requirements.txt", "pinned"), "cleared", ""),
    (manifest("requirements.txt", "ok"), "cleared", ""),
    (manifest("requirements.txt", "lost"), "unknown", "requirements of lost@1"),
]


@pytest.mark.parametrize(("document_", "verdict", "reason"), IN_PLACE)
def test_an_input_in_place_speaks_for_the_build_that_nobody_recorded(
    document_: Document, verdict: str, reason: str
) -> None:
    found = unrecorded(judged(document_))
    assert found.verdict.value == verdict
    assert reason in found.reason


def test_a_lock_of_unknown_time_exposes_and_never_clears() -> None:
    undated = use("shop", HIT)
    assert judged(HIT, uses=[undated]).verdict is Verdict.OBSERVED
    assert "it may have been in place" in unrecorded(judged(HIT, uses=[undated])).reason
    assert judged(CLEAN, uses=[use("shop", CLEAN)]).verdict is Verdict.UNKNOWN


def test_a_lock_that_was_replaced_exposes_until_it_was() -> None:
    gone = use("shop", HIT, stands_from="08:00", stands_until="12:00")
    found = unrecorded(judged(HIT, uses=[gone]))
    assert "it was in place from 2026-03-24T08:00:00Z to 2026-03-24T12:00:00Z" in found.reason


def test_the_worst_input_in_place_stands() -> None:
    other = manifest("other.txt", "ok")
    assert judged(CLEAN, other).verdict is Verdict.CLEARED
    assert judged(CLEAN, PICKS).verdict is Verdict.PICKED
    assert judged(replace(HIT, path="b/uv.lock"), PICKS).verdict is Verdict.OBSERVED


def test_an_input_that_the_organisation_names_and_nobody_has_is_open() -> None:
    found = judged(CLEAN, installs_from=("uv.lock", "other.lock"))
    assert found.verdict is Verdict.UNKNOWN
    assert "`installs_from` names other.lock, of which no state is known" in found.reason


def test_a_wheel_that_the_organisation_names_is_said_to_be_one() -> None:
    found = judged(CLEAN, installs_from=("uv.lock", "vendor/ok-1.0-py3-none-any.whl"))
    assert found.verdict is Verdict.UNKNOWN
    assert "names vendor/ok-1.0-py3-none-any.whl, a file of ok 1.0: what it requires is not read" in found.reason


def test_an_input_of_which_no_path_was_given_is_known_by_that_of_its_document() -> None:
    assert judged(CLEAN, uses=[replace(use("shop", CLEAN, **STOOD), path="")]).verdict is Verdict.CLEARED


def test_the_part_of_a_window_before_the_first_upload_needs_no_input() -> None:
    here = use("shop", CLEAN, stands_from="11:00", read_at="18:00")
    span = read_span(None, "2026-03-24T10:00:00Z", "2026-03-24T12:00:00Z")
    found = judged(CLEAN, uses=[here], span=span)
    assert found.verdict is Verdict.CLEARED
    assert "uv.lock" in found.reason


NAMED_MACHINE = Environment(python="3.12.4")
ANYWHERE = [
    (["ok"], "cleared"),
    (["app"], "picked"),
    (["old"], "admitted"),
    (["app ; os_name == 'nt'"], "cleared"),
    (["lost"], "unknown"),
]


@pytest.mark.parametrize(("texts", "verdict"), ANYWHERE)
def test_a_service_of_one_known_environment_is_judged_in_that_alone(texts: list[str], verdict: str) -> None:
    facts = package("old", {"1": ("01:00", ["app"]), "2": ("02:00", [])})
    here = manifest("requirements.txt", *texts)
    assert unrecorded(judged(here, facts=facts, environment=NAMED_MACHINE)).verdict.value == verdict


def test_a_window_without_an_instant_is_unknown() -> None:
    assert joined([], None).reason == "the window is empty"


def test_what_installs_from_an_index_that_is_not_public_is_open() -> None:
    private = replace(PICKS, is_off_public=True, indexes=(PRIVATE,))
    found = judged(private)
    assert found.verdict is Verdict.UNKNOWN
    assert f"installs from the private index {PRIVATE}, of which no page was read" in found.reason


def test_a_usual_tool_that_can_bring_the_target_leaves_a_lock_open() -> None:
    assert judged(CLEAN).verdict is Verdict.CLEARED
    found = judged(CLEAN, facts=package("pip", {"1": ("01:00", ["bad"])}))
    assert found.verdict is Verdict.UNKNOWN
    assert "pip" in found.reason


def test_a_version_that_no_installer_reads_needs_no_bar() -> None:
    odd = compromised("bad", "final-1", "11:00")
    pages = [page("bad", {"1": "01:00", "2": "11:00", "final-1": "11:00"})]
    assert judged(BARRED, also=[odd], facts=pages).verdict is Verdict.CLEARED


def test_what_the_organisation_does_not_install_from_does_not_count() -> None:
    assert judged(CLEAN, PICKS, installs_from=("uv.lock",)).verdict is Verdict.CLEARED


def test_without_an_input_the_build_that_nobody_recorded_is_open() -> None:
    late = judged(CLEAN, uses=[use("shop", CLEAN, stands_from="14:00", read_at="18:00")])
    assert "no lock or manifest is known to have been in place" in late.reason
    assert "(uv.lock is known, but not for that time)" in late.reason
    assert "known, but" not in judged(uses=[]).reason


BEFORE = [
    (CLEAN, False),
    (HIT, True),
    (BARRED, False),
    (PICKS, True),
    (document("Dockerfile", DocumentKind.SCRIPT), True),
]


@pytest.mark.parametrize(("before", "matters"), BEFORE)
def test_a_state_counts_from_its_commit_where_the_one_before_would_not_be_cleared(
    before: Document, *, matters: bool
) -> None:
    here = manifest("requirements.txt", "bad<2", "ok")
    old = use("shop", before, stands_from="08:00", stands_until="09:00")
    new = use("shop", here, stands_from="09:00", read_at="18:00")
    found = judged(before, here, uses=[replace(old, path="input"), replace(new, path="input")])
    proof = unrecorded(found).clearance
    assert proof is not None
    assert (Assumption.COMMIT in proof.assumes) is matters


# Builds that somebody names


def test_nothing_was_built_where_the_organisation_says_so() -> None:
    found = only(judged(PICKS, is_never_built=True))
    assert found.clearance is not None
    assert found.clearance.words == ("the organisation says that nothing was built (builds: none)",)


def test_nothing_built_clears_nobody_of_an_accusation_that_decides_nothing() -> None:
    open_for_all = {"undecided": (Undecided(why="it names nothing"),)}
    found = judged(is_never_built=True, accusing=open_for_all)
    assert (found.verdict, only(found).missing) == (Verdict.UNKNOWN, Obligation.ACCUSATION)


def test_no_build_at_all_is_unknown_where_the_list_is_complete() -> None:
    found = judged(PICKS, builds_complete=True)
    assert (found.verdict, found.builds) == (Verdict.UNKNOWN, ())
    assert found.reason == "its builds are declared complete and there is none; name one to settle it"


NAMED = [
    ({"lock": CLEAN}, "cleared", ""),
    ({"lock": HIT}, "observed", ""),
    ({"manifest": BARRED}, "cleared", "so no install from it takes bad 2"),
    ({"manifest": PICKS}, "picked", "a fresh install from requirements.txt takes bad 2"),
    ({"lock": CLEAN, "manifest": PICKS}, "picked", ""),  # the lock does not list what the manifest requires
    ({"lock": document("uv.lock", DocumentKind.LOCK, ["app==1", "bad==1"]), "manifest": PICKS}, "cleared", ""),
    ({"manifest": replace(HIT, path="requirements.txt")}, "observed", ""),  # whatever it was named as
    ({"document": document("freeze", DocumentKind.ENVIRONMENT, ["ok==1"])}, "cleared", ""),
    ({"document": document("freeze", DocumentKind.ENVIRONMENT, ["bad==2"])}, "observed", ""),
    ({"document": document("freeze", DocumentKind.ENVIRONMENT, ["ok==1"]), "lock": HIT}, "observed", ""),
    ({"manifest": document("Dockerfile", DocumentKind.SCRIPT)}, "unknown", "is neither a lock nor a manifest"),
]


@pytest.mark.parametrize(("named", "verdict", "reason"), NAMED)
def test_everything_that_speaks_for_a_named_build_is_used(
    named: dict[str, Document], verdict: str, reason: str
) -> None:
    found = only(judged(*named.values(), uses=[], builds=[build(**named)], builds_complete=True))
    assert found.verdict.value == verdict
    assert reason in found.reason


@pytest.mark.parametrize(("clock", "verdict"), [("08:00", "cleared"), ("09:30", "picked"), ("12:00", "picked")])
def test_a_build_that_had_surely_ended_before_the_first_upload_is_cleared(clock: str, verdict: str) -> None:
    found = only(judged(PICKS, uses=[], builds=[build(clock, manifest=PICKS)], builds_complete=True))
    assert found.verdict.value == verdict


def test_a_named_build_without_a_file_is_judged_by_what_was_in_place() -> None:
    picked = judged(PICKS, builds=[build()], builds_complete=True)
    assert only(picked).verdict is Verdict.PICKED
    nothing = only(judged(builds=[build()], builds_complete=True))
    assert "has no document; its SBOM, or the lock it installed from, would settle it" in nothing.reason


def test_of_a_build_before_the_window_the_index_page_may_settle_it_too() -> None:
    unread: dict[str, Any] = {"accusing": {"ranges": (("gone", ">=1"),)}, "builds_complete": True}
    early, late = (only(judged(builds=[build(clock)], **unread)).reason for clock in ("08:00", "09:30"))
    assert ", or the index page of bad and gone, if it ended before the upload, would settle it" in early
    assert "index page" not in late


ALL_BUILDS = "the organisation says that the builds named are all there were"


def test_a_service_that_is_clear_only_since_no_build_is_missing_rests_on_that_word() -> None:
    found = judged(CLEAN, uses=[], builds=[build(lock=CLEAN)], builds_complete=True)
    installed = "the build of 2026-03-24T12:00:00Z installed from uv.lock, as `builds` in org.yaml says"
    assert (found.verdict, found.words) == (Verdict.CLEARED, (installed, ALL_BUILDS))
    open_too = judged(CLEAN, uses=[], builds=[build(lock=CLEAN)])
    assert open_too.verdict is Verdict.UNKNOWN
    assert not any(ALL_BUILDS in one.clearance.words for one in open_too.builds if one.clearance)


def wheel(name: str, data: bytes = b"") -> Document:
    found = distribution(f"vendor/{name}", data)
    assert found is not None
    return found


GENUINE = hashlib.sha256(b"bad").hexdigest()


def test_a_file_of_an_accused_release_beside_the_inputs_is_observed() -> None:
    """It clears nothing and leaves nothing open where it is another release, whatever its time is."""
    held = wheel("bad-2-py3-none-any.whl")
    found = judged(BARRED, held, uses=[use("shop", BARRED, **STOOD), use("shop", held)])
    assert (found.verdict, found.basis) == (Verdict.OBSERVED, "listed")
    assert found.reason == "vendor/bad-2-py3-none-any.whl is bad 2, by its name; a build may install it"
    other = wheel("bad-1-py3-none-any.whl")
    assert judged(BARRED, other, uses=[use("shop", BARRED, **STOOD), use("shop", other)]).verdict is Verdict.CLEARED
    among = judged(
        BARRED, held, uses=[use("shop", BARRED, **STOOD), use("shop", held)], installs_from=("requirements.txt",)
    )
    assert among.verdict is Verdict.CLEARED
    alone = judged(other, uses=[use("shop", other)])
    assert alone.verdict is Verdict.UNKNOWN
    of_build = [use("shop", one, built_at="12:00") for one in (CLEAN, other)]
    assert judged(CLEAN, other, uses=of_build, builds_complete=True).verdict is Verdict.CLEARED


def test_what_shows_a_release_stands_where_the_organisation_names_an_input_that_nobody_has() -> None:
    held = wheel("bad-2-py3-none-any.whl")
    lock = document("old/uv.lock", DocumentKind.LOCK, ["bad==2"])
    for showing in (use("shop", lock, **STOOD), use("shop", held)):
        uses = [use("shop", CLEAN, **STOOD), showing]
        found = judged(CLEAN, lock, held, uses=uses, installs_from=("uv.lok",))
        assert found.verdict is Verdict.OBSERVED
        assert any("`installs_from` names uv.lok, of which no state is known" in one.reason for one in found.builds)
        assert judged(CLEAN, lock, held, uses=uses, installs_from=("uv.lock",)).verdict is Verdict.CLEARED


@pytest.mark.parametrize("named", ["vendor/bad-2-py3-none-any.whl", "old/bad-2-py3-none-any.whl"])
def test_of_a_file_in_two_places_the_one_that_is_installed_from_counts(named: str) -> None:
    held = wheel("bad-2-py3-none-any.whl")
    place = replace(use("shop", held), repository="acme/shop")
    uses = [replace(place, path=f"{folder}/bad-2-py3-none-any.whl") for folder in ("vendor", "old")]
    assert judged(held, uses=uses, installs_from=(named,)).verdict is Verdict.OBSERVED


def test_a_file_is_known_by_its_hash_under_any_name() -> None:
    renamed = wheel("ok-1-py3-none-any.whl", b"bad")
    accused = {"files": (AccusedFile(hashes=(FileHash("sha256", GENUINE),)),)}
    found = judged(renamed, uses=[use("shop", renamed)], accusing=accused)
    assert (found.verdict, found.basis) == (Verdict.OBSERVED, "hash")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 3\n" % GENUINE.encode()
    for kept in (wheel("ok-1-py3-none-any.whl", pointer), wheel("any.whl", pointer), wheel("any.whl", b"bad")):
        found = judged(BARRED, kept, uses=[use("shop", BARRED, **STOOD), use("shop", kept)], accusing=accused)
        assert (found.verdict, found.basis) == (Verdict.OBSERVED, "hash")
        assert "by its hash; a build may install it" in found.reason


def test_a_listing_without_python_is_settled_by_the_word_that_it_lists_everything() -> None:
    """The word is of the document itself: what a tool makes lists everything may leave Python out by a setting."""
    nothing = replace(listing(), covers_python=False, completeness=Completeness.UNKNOWN)
    built = use("shop", nothing, built_at="12:00")
    found = only(judged(nothing, uses=[built], builds_complete=True))
    assert (found.verdict, found.missing, found.can_be_declared) == (Verdict.UNKNOWN, Obligation.ROWS, True)
    told = only(judged(nothing, uses=[replace(built, is_complete=True)], builds_complete=True))
    assert told.clearance is not None
    said = f"the organisation says that {nothing.path} lists everything, and nothing in it is a Python package"
    assert said in told.clearance.words
    by_tool = only(judged(nothing, uses=[built], builds_complete=True, complete_from=(CompleteFrom(tool="x"),)))
    assert by_tool.verdict is Verdict.UNKNOWN
    lost = replace(nothing, completeness=Completeness.INCOMPLETE)
    still = only(judged(lost, uses=[use("shop", lost, built_at="12:00")], builds_complete=True))
    assert (still.verdict, still.can_be_declared) == (Verdict.UNKNOWN, False)


IN_ORG = "from 2026-03-24T08:00:00Z to 2026-03-24T18:00:00Z, as `stands_from` and `read_at` in org.yaml say"


@pytest.mark.parametrize(
    ("document_", "said", "words"),
    [
        (CLEAN, {}, [f"uv.lock was in place {IN_ORG}"]),
        (BARRED, {}, [f"requirements.txt was in place {IN_ORG}"]),
        (
            manifest("requirements.txt", "ok"),
            {"environment": Environment(python="3.9")},
            [
                f"requirements.txt was in place {IN_ORG}",
                "the organisation says that it installs on Python 3.9, linux x86_64 (environment)",
            ],
        ),
        (
            manifest("pyproject.toml", "bad<2", "bad; extra == 'all'"),
            {"extras": ()},
            [
                f"pyproject.toml was in place {IN_ORG}",
                "the organisation says which extras of pyproject.toml it installs (extras)",
            ],
        ),
        (
            replace(CLEAN, complete_under="pip"),
            {"resolver": "pip"},
            [
                "the organisation says that pip installs it (resolver: pip), under which uv.lock lists everything",
                f"uv.lock was in place {IN_ORG}",
            ],
        ),
    ],
)
def test_a_clearance_names_the_words_that_it_rests_on(
    document_: Document, said: dict[str, Any], words: list[str]
) -> None:
    found = unrecorded(judged(document_, **said))
    assert found.clearance is not None
    assert sorted(found.clearance.words) == sorted(words)
    assert not [one for one in found.clearance.facts if "in place" in one]


def test_what_a_repository_shows_is_no_word() -> None:
    """A use that came with a document says itself which of its times somebody told."""
    shown = use("shop", CLEAN, **STOOD)
    (one,) = judged(facts=[CLEAN, shown]).builds
    assert one.clearance is not None
    assert one.clearance.words == ()
    said = replace(shown, words=(Word("stands_from", "--stands-from"),))
    (one,) = judged(facts=[CLEAN, said]).builds
    assert one.clearance is not None
    assert [word.endswith(", as --stands-from says") for word in one.clearance.words] == [True]
    assert "as --stands-from says" in one.reason


def test_when_a_listing_was_built_is_a_word_where_no_document_says_it() -> None:
    found = only(judged(listing("1"), uses=[use("shop", listing("1"), built_at="12:00")], builds_complete=True))
    assert found.clearance is not None
    assert "sbom.json speaks for the build of 2026-03-24T12:00:00Z, as `built_at` in org.yaml says" in (
        found.clearance.words
    )


def test_an_input_of_which_no_time_is_known_is_named() -> None:
    undated = replace(use("shop", BARRED), path="a/requirements.txt", repository="git.example/shop", branch="main")
    (found,) = judged(BARRED, uses=[undated]).builds
    expected = InputName(repository="git.example/shop", path="a/requirements.txt", branch="main")
    assert (found.missing, found.input) == (Obligation.INPUTS, expected)


def test_a_file_of_a_build_that_could_not_be_read_leaves_it_open() -> None:
    lost = replace(CLEAN, format=UNREADABLE, problems=(Problem(place="", text="it is no text"),))
    found = only(judged(lost, BARRED, uses=[], builds=[build(lock=lost, manifest=BARRED)], builds_complete=True))
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.INPUTS)
    assert found.reason.startswith("uv.lock: it is no text")


def test_a_lock_of_a_build_without_a_time_does_not_clear() -> None:
    untimed = Build(service=service_id("shop"), at=NO_TIME, lock=CLEAN.sha256)
    found = only(judged(CLEAN, uses=[], builds=[untimed], builds_complete=True))
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.DATED)


# Scripts


def command(*texts: str, **more: object) -> InstallCommand:
    told = {"place": "line 3", "text": "pip install it", "tool": "pip"}
    return InstallCommand(**{**told, "requirements": tuple(map(requirement, texts)), **more})  # type: ignore[arg-type]


SCRIPTS = [
    (command("ok"), ""),
    (command("pip", "setuptools"), ""),
    (command("bad<2"), "installs bad<2"),
    (command("pinned"), ""),
    (command("app"), "installs a package that can bring it in"),
    (command("secret"), "installs the private package secret"),
    (command("inner"), "installs a package that needs the private package secret"),
    (command("lost"), "installs a package whose requirements were not read"),
    (command("nowhere"), "installs a package whose requirements were not read"),
    (command(unreadable="$DEPS"), "installs what cannot be read here ($DEPS)"),
    (command(inputs=("other.txt",)), "installs from other.txt, which is not among the inputs"),
    (command(inputs=("uv.lock",)), ""),
    (
        command(cloned=(("https://git.example/o/x", "uv.lock"),)),
        "installs from uv.lock of another repository (https://",
    ),
]


@pytest.mark.parametrize(("told", "problem"), SCRIPTS)
def test_a_script_leaves_a_service_open_where_it_may_bring_the_target(told: InstallCommand, problem: str) -> None:
    found = only(judged(CLEAN, document("Dockerfile", DocumentKind.SCRIPT, commands=(told,)), private=["secret"]))
    assert found.verdict is (Verdict.UNKNOWN if problem else Verdict.CLEARED)
    if problem:
        assert found.reason.startswith(f"Dockerfile, line 3: `pip install it` {problem}")


def test_where_files_of_any_package_are_accused_a_script_is_open_for_all_it_installs() -> None:
    anything = {"files": (AccusedFile(hashes=(FileHash("sha256", "a" * 64),), is_alone=True),)}
    row = replace(CLEAN.components[0], sha256=("b" * 64,))
    clean = replace(CLEAN, components=(row,))
    told = document("Dockerfile", DocumentKind.SCRIPT, commands=(command("ok"),))
    assert judged(clean, accusing=anything).verdict is Verdict.CLEARED
    assert judged(CLEAN, accusing=anything).verdict is Verdict.UNKNOWN  # a row without a hash may be that file
    found = judged(clean, told, accusing=anything)
    assert found.verdict is Verdict.UNKNOWN
    assert "installs ok, and files of any package are accused by their hashes" in found.reason


def test_a_bar_says_nothing_of_files_of_any_package() -> None:
    anything = {"files": (AccusedFile(hashes=(FileHash("sha256", "a" * 64),), is_alone=True),)}
    assert judged(BARRED, accusing=anything).verdict is Verdict.UNKNOWN


def test_a_script_is_open_for_a_package_of_which_it_is_not_decided_what_is_accused() -> None:
    undecided = {"undecided": (Undecided(package=package_name("ok"), name="ok", why="a commit range"),)}
    told = document("Dockerfile", DocumentKind.SCRIPT, commands=(command("wrap"),))
    lock = document("uv.lock", DocumentKind.LOCK, ["pinned==1"])
    assert judged(lock, accusing=undecided).verdict is Verdict.CLEARED
    found = judged(lock, told, accusing=undecided, facts=package("wrap", {"1": ("01:00", ["ok"])}))
    assert "installs a package that may bring it in" in found.reason


@pytest.mark.parametrize(("asked", "verdict"), [("ok", "cleared"), ("app>=9", "unknown"), ("bad", "unknown")])
def test_what_conda_installs_is_open_at_whatever_version(asked: str, verdict: str) -> None:
    told = replace(
        manifest("environment.yml", "ok"), format=CONDA_ENVIRONMENT, commands=(command(asked, tool="conda"),)
    )
    assert only(judged(told)).verdict.value == verdict


# Listings


def listing(*rows: str, **more: object) -> Document:
    made = document("sbom.json", DocumentKind.SBOM, rows)
    return replace(made, completeness=Completeness.COMPLETE, created=exactly(at("12:00")), **more)


LISTINGS = [
    (listing("ok==1"), "cleared", ""),
    (listing("bad==2"), "observed", "bad 2"),
    (listing("bad==1"), "cleared", "bad 1"),
    (listing("bad=="), "unknown", ""),
    (listing("ok==1", covers_python=False), "unknown", "says nothing of Python packages"),
    (listing("ok==1", basis=Basis.LISTED), "unknown", "so it does not show what was installed"),
    (listing("ok==1", not_covered=(package_name("bad"),)), "unknown", "leaves out bad by its own account"),
    (listing("ok==1", not_covered=(package_name("ok"),)), "cleared", ""),
]


@pytest.mark.parametrize(("told", "verdict", "reason"), LISTINGS)
def test_a_listing_clears_the_build_that_it_speaks_for_or_says_what_is_open(
    told: Document, verdict: str, reason: str
) -> None:
    found = only(judged(told, uses=[use("shop", told)], builds_complete=True))
    assert found.verdict.value == verdict
    assert reason in found.reason


@pytest.mark.parametrize(
    ("problems", "reason"),
    [
        ((), "says that it is not complete"),
        ((Problem(place="a", text=f"{SAYS_COMPLETE}no"),), f"{SAYS_COMPLETE}no"),
        ((Problem(place="a", text="x"),), "says that it is not complete, or was not read completely (a: x)"),
    ],
)
def test_a_listing_that_is_not_complete_says_why(problems: tuple[Problem, ...], reason: str) -> None:
    told = replace(listing("bad==1"), completeness=Completeness.INCOMPLETE, problems=problems)
    found = only(judged(told, uses=[use("shop", told)], builds_complete=True))
    assert found.verdict is Verdict.UNKNOWN
    assert f"holds bad 1, but {reason}" in found.reason


def test_a_listing_says_nothing_of_an_ecosystem_that_it_has_no_row_of() -> None:
    npm = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1")
    told = listing("ok==1")
    found = only(judged(told, uses=[use("shop", told)], builds_complete=True, also=[npm]))
    assert "sbom.json says nothing of pkg:npm components" in found.reason
    row = replace(told.components[0], ref="n", name="right", package=None, purl="pkg:npm/right@1")
    both = replace(told, components=(*told.components, row))
    assert only(judged(both, uses=[use("shop", both)], builds_complete=True, also=[npm])).verdict is Verdict.CLEARED


def test_the_path_inside_a_document_is_a_shortest_one_whatever_circles_it_has() -> None:
    rows = ["shop==1", "a==1", "b==1", "bad==2"]
    edges = [("0", "1"), ("0", "2"), ("1", "2"), ("2", "1"), ("2", "3"), ("1", "0"), ("3", "3")]
    told = listing(*rows, roots=("0",), edges=tuple(Edge(source=one, target=other) for one, other in edges))
    (path,) = only(judged(told, uses=[use("shop", told)], builds_complete=True)).paths
    assert [step.node for step in path] == ["shop@1", "b@1", "bad@2"]
