"""Worlds in which the engine once did not say what docs/semantics.md says, as small as they get."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from graphkit.model.answers import Blast, ServiceVerdict
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, InstallCommand
from graphkit.model.environment import Profile
from graphkit.model.incidents import CompromisedFile, CompromisedRelease, Incident, Reading
from graphkit.model.index import Hidden, ProjectPage, ReleaseFiles
from graphkit.model.names import package_name, service_id
from graphkit.model.organisation import Build, DocumentUse, Organisation, Service
from graphkit.model.ranks import Tier, Verdict
from graphkit.model.times import Instant, Moment, exactly
from graphkit.stores.port import Fact
from graphkit.trace.blast import blast
from graphkit.trace.case_answer import Question
from graphkit.trace.resolve.forward import walk
from tests.property import oracle
from tests.property.asking import services_of
from tests.property.fleets import BAD, ENVIRONMENT, HOUR, LATE, LONE, Fleet
from tests.property.memory import MemoryReader
from tests.property.small import OLD, made, sdist, wheel
from tests.property.test_trace import Engine
from tests.property.test_verdicts import differences
from tests.property.worlds import (
    INCIDENT,
    MINUTE,
    NOON,
    READ_AT,
    Constrained,
    Root,
    World,
    facts_of_services,
    graph_of,
    instants,
    manifest_of,
)


def answer_of(world: World, root: Root, *more: Fact, profile: Profile = "uv") -> Blast:
    with graph_of(world, *facts_of_services([root]), *more) as reader:
        return blast(reader, Question(targets=(INCIDENT,), resolver=profile))


def verdict_of(world: World, root: Root, *more: Fact, profile: Profile = "uv") -> Verdict:
    (one,) = answer_of(world, root, *more, profile=profile).services
    return one.verdict


def test_a_release_that_comes_back_is_in_the_window_again() -> None:
    world = made(
        {"bad": {"1": sdist()}, "app": {"1": sdist(), "2": sdist(NOON + 5 * MINUTE)}},
        {"app@2": ("bad",)},
        bad=["bad@1"],
        hidden=(Hidden(package=package_name("bad"), start=NOON + MINUTE, until=NOON + 3 * MINUTE),),
    )
    assert [oracle.picked(world, ("app",), at) for at in instants(world)] == [False, False, False, True]
    assert verdict_of(world, ("app",)) is Verdict.PICKED


def test_the_pin_of_a_constraint_unlocks_a_yank_for_admission_too() -> None:
    world = made(
        {"app": {"1": sdist(), "2": sdist()}, "p": {"1": sdist(yanked=True, yanked_since=OLD)}},
        {"app@1": ("p",)},
        bad=["p@1"],
    )
    assert verdict_of(world, Constrained(texts=("p",), constraints=("p==1",))) is Verdict.PICKED
    root = Constrained(texts=("app",), constraints=("p==1",))
    assert oracle.admitted(world, root, NOON)
    assert verdict_of(world, root) is Verdict.ADMITTED


def test_a_pin_beside_the_way_unlocks_a_yank_for_admission_too() -> None:
    world = made(
        {
            "app": {"1": sdist(), "2": sdist()},
            "p": {"1": sdist(yanked=True, yanked_since=OLD)},
            "q": {"1": sdist()},
            "bad": {"1": sdist()},
        },
        {"app@1": ("p[x]>=1", "q"), "q@1": ("p==1",), "p@1": ("bad ; extra == 'x'",)},
        bad=["bad@1"],
    )
    assert verdict_of(world, ("app<2",), profile="pip") is Verdict.PICKED
    assert oracle.admitted(world, ("app",), NOON)
    assert verdict_of(world, ("app",), profile="pip") is Verdict.ADMITTED


def test_what_a_ghost_borrowed_clears_nothing() -> None:
    world = made({"g": {"1": sdist(), "2": sdist()}, "bad": {"1": sdist()}}, bad=["bad@1"])
    before = ProjectPage(
        package=package_name("g"),
        spelling="g",
        releases=(ReleaseFiles(version="3", files=(sdist(),)),),
        read_at=READ_AT - MINUTE,
        source="index.example",
    )
    assert verdict_of(world, ("g>=3",), before) is Verdict.UNKNOWN


def test_the_newest_certain_release_of_a_package_counts_for_its_tier() -> None:
    world = made({"app": {"1": sdist(), "2": sdist(None)}, "bad": {"1": sdist()}}, {"app@1": ("bad",)}, bad=["bad@1"])
    assert verdict_of(world, ("app",)) is Verdict.ADMITTED
    (row,) = answer_of(world, ("app",)).packages
    assert row.tier is Tier.ADMITTED


def test_a_walk_that_never_settles_says_so() -> None:
    world = made({"p": {"2": sdist()}}, {"p@2": ("p<2",)}, bad=["p@2"])
    assert oracle.forward(world, ("p",), NOON).unresolvable
    with graph_of(world) as reader:
        engine = Engine(reader, world, "uv")
        assert walk(engine.world, engine.root(("p",))[0], NOON, doubtful=True).unresolvable


def test_a_pin_unlocks_a_yank_only_in_the_slots_where_it_is_met() -> None:
    late = NOON + 6 * MINUTE
    world = made(
        {"app": {"1": sdist(late), "2": sdist(late)}, "p": {"1": sdist(yanked=True, yanked_since=OLD)}},
        {"app@1": ("p==1",)},
        bad=["p@1"],
    )
    root = ("app", "p ; platform_release >= '5'")
    assert [oracle.admitted(world, root, at) for at in instants(world)] == [False, True]
    (one,) = answer_of(world, root).services
    assert (one.verdict, one.slots) == (Verdict.ADMITTED, (1,))


# --- Inputs and builds, as the oracle of verdicts found them ---------------------------------------------------------

TAKES = Fleet(
    pages=tuple(
        ProjectPage(
            package=name,
            spelling=name,
            releases=tuple(ReleaseFiles(version=version, files=(sdist(),)) for version in ("1", "2")),
            read_at=LATE,
            source="index.example",
        )
        for name in (BAD, LONE)
    ),
    requirements={(name, version): () for name in (BAD, LONE) for version in ("1", "2")},
    incidents=(
        Incident(
            id="WORLD-1",
            title="A made-up compromise",
            releases=(CompromisedRelease(purl="pkg:pypi/bad@2", package=BAD, version="2"),),
            readings=(Reading(id="operator", preferred=True, start=NOON, until=NOON + HOUR),),
        ),
    ),
    services=(Service(id=service_id("s"), environment=ENVIRONMENT, extras=(), groups=()),),
    documents=(),
    uses=(),
    builds=(),
)
"""An index with a bad release that was always there, and one service of which nothing is known."""


def manifest(asks: str, *more: str) -> Document:
    return replace(manifest_of((asks, *more), "requirements.txt"), sha256=asks * 8)


def stands(document: Document, since: Moment | None, **more: Any) -> DocumentUse:
    use = DocumentUse(service=service_id("s"), document=document.sha256, path=document.path, stands_from=since)
    return replace(use, **more)


def judged(documents: Iterable[Document], uses: Iterable[DocumentUse], **more: Any) -> ServiceVerdict:
    fleet = replace(TAKES, documents=tuple(documents), uses=tuple(uses), **more)
    assert not differences(fleet, MemoryReader(fleet.facts))
    return services_of(MemoryReader(fleet.facts), "WORLD-1")[service_id("s")]


def test_of_two_states_whose_times_overlap_either_may_have_come_last() -> None:
    bad, clean = manifest("bad"), manifest("lone")
    blurred = Moment(earliest=NOON - 50 * HOUR, latest=NOON)
    uses = [
        stands(bad, blurred, read_at=exactly(LATE)),
        stands(clean, exactly(NOON - 5 * HOUR), read_at=exactly(LATE)),
    ]
    assert judged([bad, clean], uses).verdict is Verdict.PICKED


def test_between_two_known_states_anything_may_have_been_there() -> None:
    beside, before, after = manifest("lone"), manifest("lone>=1"), manifest("lone>=2")
    uses = [
        stands(beside, exactly(NOON - 99 * HOUR), repository="other", read_at=exactly(LATE)),
        stands(before, exactly(NOON - 99 * HOUR), is_first=True, stands_until=exactly(NOON - HOUR)),
        stands(after, exactly(NOON + 9 * HOUR), read_at=exactly(LATE)),
    ]
    assert judged([beside, before, after], uses).verdict is Verdict.UNKNOWN
    shown = [uses[0], replace(uses[1], is_last=True), replace(uses[2], is_first=True)]
    assert judged([beside, before, after], shown).verdict is Verdict.CLEARED


def test_a_listing_with_one_time_is_of_a_build_within_two_hours() -> None:
    listing = Document(
        sha256="a" * 64,
        path="bom.json",
        kind=DocumentKind.SBOM,
        format="test",
        basis=Basis.BUILT,
        completeness=Completeness.INCOMPLETE,
    )
    pages = tuple(
        replace(page, releases=tuple(replace(one, files=(sdist(NOON),)) for one in page.releases))
        for page in TAKES.pages
    )
    services = (replace(TAKES.services[0], builds_complete=True),)
    for hours, verdict in ((1, Verdict.UNKNOWN), (2, Verdict.UNKNOWN), (3, Verdict.CLEARED)):
        use = replace(stands(listing, None), built_at=exactly(NOON - hours * HOUR))
        assert judged([listing], [use], pages=pages, services=services).verdict is verdict


def test_a_lock_governs_whatever_of_its_manifest_is_not_installed() -> None:
    asks = manifest("lone", "bad ; extra == 'more'")
    lock = Document(
        sha256="b" * 64,
        path="uv.lock",
        kind=DocumentKind.LOCK,
        format="test",
        basis=Basis.LOCKED,
        components=(Component(ref="0", name="lone", package=LONE, version="2", purl="pkg:pypi/lone@2"),),
        governs=("requirements.txt",),
        completeness=Completeness.COMPLETE,
    )
    uses = [stands(one, exactly(NOON - 99 * HOUR), read_at=exactly(LATE)) for one in (asks, lock)]
    assert judged([replace(asks, completeness=Completeness.INCOMPLETE), lock], uses).verdict is Verdict.CLEARED


def script(path: str, *inputs: str, **more: Any) -> Document:
    command = InstallCommand(place="line 2", text="install", inputs=inputs, **more)
    return Document(
        sha256="c" * 64, path=path, kind=DocumentKind.SCRIPT, format="test", basis=Basis.LISTED, commands=(command,)
    )


def test_a_script_finds_no_input_of_another_repository_or_branch() -> None:
    asks, run = manifest("lone"), script("Dockerfile", "requirements.txt")
    lock = replace(asks, sha256="d" * 64, path="uv.lock", kind=DocumentKind.LOCK, requirements=())
    always = {"since": exactly(NOON - 99 * HOUR), "read_at": exactly(LATE)}
    own = [stands(one, repository="a", branch="main", **always) for one in (lock, run)]
    for repository, branch, verdict in (
        ("b", "main", Verdict.UNKNOWN),
        ("a", "dev", Verdict.UNKNOWN),
        ("a", "main", Verdict.CLEARED),
    ):
        uses = [*own, stands(asks, repository=repository, branch=branch, **always)]
        assert judged([asks, lock, run], uses).verdict is verdict


def test_a_lock_of_another_repository_is_none_that_a_tool_keeps_to() -> None:
    asks = replace(manifest("lone", "bad"), path="pyproject.toml")
    governing = replace(
        asks,
        sha256="d" * 64,
        path="requirements.lock",
        kind=DocumentKind.LOCK,
        requirements=(),
        governs=("pyproject.toml",),
        components=tuple(
            Component(ref=name, name=name, package=name, version="1", purl=f"pkg:pypi/{name}@1") for name in (LONE, BAD)
        ),
    )
    elsewhere = replace(governing, sha256="e" * 64, path="uv.lock", governs=())
    run = script("Makefile", "uv.lock")
    always = {"since": exactly(NOON - 99 * HOUR), "read_at": exactly(LATE)}
    uses = [stands(one, repository="a", **always) for one in (asks, governing, run)]
    uses.append(stands(elsewhere, repository="b", **always))
    assert judged([asks, governing, elsewhere, run], uses).verdict is Verdict.PICKED


def sbom(name: str, *rows: str, about: int, first: str) -> Document:
    """Return a complete SBOM of ``name@version`` texts that describes one of them; ``first`` begins its sha256."""
    parts = [row.split("@") for row in rows]
    return Document(
        sha256=first * 64,
        path=f"{first}.json",
        kind=DocumentKind.SBOM,
        format="test",
        basis=Basis.BUILT,
        subject=name,
        roots=(str(about),),
        components=tuple(
            Component(ref=str(at), name=part, package=package_name(part), version=version)
            for at, (part, version) in enumerate(parts)
        ),
        completeness=Completeness.COMPLETE,
    )


def test_what_one_sbom_describes_another_may_list() -> None:
    core, app = sbom("core", "core@1", "bad@2", about=0, first="c"), sbom("app", "app@1", "core@1", about=0, first="d")
    services = (replace(TAKES.services[0], builds_complete=True), *(Service(id=service_id(one)) for one in "xy"))
    for first in "be":  # documents are read by their sha256
        own = sbom("bad", "lone@1", "bad@2", about=1, first=first)
        uses = [stands(one, None, built_at=exactly(NOON)) for one in (app, core, own)]
        uses = [replace(use, service=service_id(name)) for use, name in zip(uses, "sxy", strict=True)]
        assert judged([app, core, own], uses, services=services).verdict is Verdict.OBSERVED


def test_a_document_about_an_accused_package_is_not_taken_for_another_that_lists_the_same() -> None:
    app = sbom("app", "app@1", "bad@1", about=0, first="d")
    services = (replace(TAKES.services[0], builds_complete=True), *(Service(id=service_id(one)) for one in "xy"))
    for first, second in ("be", "eb"):  # documents are read by their sha256
        own = sbom("bad", "bad@", "lone@1", about=0, first=first)
        other = replace(sbom("", "bad@", "lone@1", about=0, first=second), roots=())
        uses = [stands(one, None, built_at=exactly(NOON)) for one in (app, own, other)]
        uses = [replace(use, service=service_id(name)) for use, name in zip(uses, "sxy", strict=True)]
        found = judged([app, own, other], uses, services=services)
        assert found.verdict is Verdict.CLEARED, (first, found.reason)


# --- What another environment takes ----------------------------------------------------------------------------------


def test_a_manifest_is_installed_by_the_nearest_python_that_it_allows() -> None:
    newer = sdist(name="b.tar.gz", requires_python=">=3.13")
    world = made({"bad": {"1": sdist(), "2": newer}}, bad=["bad@2"])
    asked, use, _ = facts_of_services([("bad",)])
    assert isinstance(asked, Document)
    for requires, verdict in ((">=3.13", Verdict.PICKED), ("", Verdict.ADMITTED), ("<3.12", Verdict.CLEARED)):
        anywhere = Organisation(source="services", services=(Service(id=service_id("0")),))
        with graph_of(world, replace(asked, requires_python=requires), use, anywhere) as reader:
            (one,) = blast(reader, Question(targets=(INCIDENT,))).services
        assert one.verdict is verdict


def test_what_comes_for_another_environment_in_the_middle_of_a_slot_is_admitted() -> None:
    late = replace(wheel("m-2-cp312-cp312-win_amd64.whl"), uploaded=NOON + 5 * MINUTE)
    world = made({"mid": {"1": sdist(), "2": late}, "bad": {"1": sdist()}}, {"mid@2": ("bad",)}, bad=["bad@1"])
    *known, _ = facts_of_services([("mid",)])
    anywhere = Organisation(source="services", services=(Service(id=service_id("0")),))
    with graph_of(world, *known, anywhere) as reader:
        (one,) = blast(reader, Question(targets=(INCIDENT,))).services
    assert (one.verdict, one.slots) == (Verdict.ADMITTED, (0,))


# --- When the first accused file was uploaded ------------------------------------------------------------------------


def judged_before(uploaded: Instant | None, *, told: Instant | None = None, **more: Any) -> Verdict:
    """Judge a build of three hours before noon that nothing speaks for; ``told`` is what the incident says."""
    file = replace(sdist(uploaded), sha256="d" * 64)
    (accused,) = TAKES.incidents[0].releases
    accused = replace(accused, listed_from=told, **more.pop("accused", {}))
    files = (file, *more.pop("files", ()))
    pages = tuple(
        replace(page, releases=(*page.releases[:1], ReleaseFiles(version="2", files=files))) for page in TAKES.pages
    )
    more = {"pages": pages, "incidents": (replace(TAKES.incidents[0], releases=(accused,)),), **more}
    build = Build(service=service_id("s"), at=exactly(NOON - 3 * HOUR))
    services = (replace(TAKES.services[0], builds_complete=True),)
    return judged([], [], builds=(build,), services=services, **more).verdict


def test_a_build_had_ended_before_the_first_upload_by_every_account() -> None:
    assert judged_before(NOON) is Verdict.CLEARED
    assert judged_before(NOON, told=NOON + HOUR) is Verdict.CLEARED
    assert judged_before(NOON - 4 * HOUR, told=NOON) is Verdict.UNKNOWN
    assert judged_before(NOON, told=NOON - 4 * HOUR) is Verdict.UNKNOWN


def test_what_an_incident_says_is_no_upload_time_of_a_file_that_a_page_lists_without_one() -> None:
    assert judged_before(None, told=NOON) is Verdict.UNKNOWN
    root = manifest("bad")
    use = stands(root, exactly(NOON - 99 * HOUR), read_at=exactly(LATE))
    fleet = replace(
        TAKES,
        pages=tuple(
            replace(page, releases=tuple(replace(one, files=(sdist(None),)) for one in page.releases))
            for page in TAKES.pages
        ),
        incidents=(replace(TAKES.incidents[0], releases=(replace(TAKES.incidents[0].releases[0], listed_from=NOON),)),),
    )
    build = Build(service=service_id("s"), at=exactly(NOON - 3 * HOUR), manifest=root.sha256)
    services = (replace(TAKES.services[0], builds_complete=True),)
    more = {"pages": fleet.pages, "incidents": fleet.incidents, "services": services}
    assert judged([root], [use], builds=(build,), **more).verdict is Verdict.ADMITTED


def test_the_index_is_one_of_the_accounts_of_the_first_upload() -> None:
    pages = tuple(page for page in TAKES.pages if page.package != BAD)
    assert judged_before(NOON, told=NOON, pages=pages) is Verdict.UNKNOWN
    gone = replace(TAKES.pages[0], releases=(), found=False)
    assert judged_before(NOON, told=NOON, pages=(gone, *pages)) is Verdict.CLEARED


def test_a_page_says_nothing_of_what_was_uploaded_after_it_was_read() -> None:
    early = replace(TAKES.pages[0], releases=TAKES.pages[0].releases[:1])
    for hours, verdict in ((6, Verdict.UNKNOWN), (4, Verdict.UNKNOWN), (0, Verdict.CLEARED)):
        pages = (replace(early, read_at=NOON - hours * HOUR), TAKES.pages[1])
        assert judged_before(NOON, told=NOON, pages=pages) is verdict
    later = replace(early, read_at=LATE + HOUR)
    assert judged_before(NOON, told=NOON, pages=(*TAKES.pages[1:], early, later)) is Verdict.CLEARED


def test_a_good_file_that_is_known_by_its_hash_was_no_first_upload() -> None:
    good = replace(sdist(NOON - 9 * HOUR), filename="bad-2-py3-none-any.whl", sha256="e" * 64)
    bad = CompromisedFile(filename=sdist().filename, sha256="d" * 64)
    by_hash = {"whole": False, "files": (bad,)}
    assert judged_before(NOON, files=(good,), accused=by_hash) is Verdict.CLEARED
    assert judged_before(NOON, files=(good,)) is Verdict.UNKNOWN
    assert judged_before(NOON, files=(replace(good, sha256=""),), accused=by_hash) is Verdict.UNKNOWN
    by_name = {"whole": False, "files": (replace(bad, sha256=""),)}
    assert judged_before(NOON, files=(good,), accused=by_name) is Verdict.UNKNOWN
