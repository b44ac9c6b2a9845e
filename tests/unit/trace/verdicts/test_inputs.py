"""Install inputs: what was surely, or maybe, in place when, and which lock settles which manifest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.answers import InputName
from graphkit.model.documents import CONDA_ENVIRONMENT, Component, Document, DocumentKind, InstallCommand
from graphkit.model.guards import Guards, StatedMetadata
from graphkit.model.names import PackageName, package_name, service_id
from graphkit.model.organisation import DocumentUse
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.times import BEGINNING, FOREVER, Moment, exactly
from graphkit.trace.verdicts.inputs import (
    InputState,
    InstallNeeds,
    gap_of,
    governed,
    is_made_from,
    is_same_place,
    last_seen,
    satisfies,
    states_of,
    stretches_of,
)
from tests.cases.build import document, manifest

LOCK = document("uv.lock", DocumentKind.LOCK, ["lib==1"], governs=("pyproject.toml",))
EVERYTHING = InstallNeeds(
    leaves_out=lambda *_: False, may_not_hold=lambda _, one: bool(one.marker), of_extras=lambda _, __: frozenset()
)


def used(of: Document, **more: object) -> DocumentUse:
    """Return a use; times are instants, or pairs of the earliest and the latest."""
    times = {
        name: time
        if not isinstance(time, int | tuple)
        else exactly(time)
        if isinstance(time, int)
        else Moment(earliest=time[0], latest=time[1])
        for name, time in more.items()
        if name in {"stands_from", "stands_until", "read_at", "built_at"}
    }
    return DocumentUse(service=service_id("shop"), document=of.sha256, **{**more, **times})  # type: ignore[arg-type]


def states(*uses: tuple[Document, dict[str, object]]) -> list[InputState]:
    documents = {of.sha256: of for of, _ in uses}
    return states_of([used(of, **more) for of, more in uses], documents.__getitem__)


def versions(*more: dict[str, object]) -> list[InputState]:
    """Return the states of one lock, a document for each."""
    return states(*((document("uv.lock", DocumentKind.LOCK, [f"lib=={n}"]), one) for n, one in enumerate(more)))


STOOD = [
    ({"stands_from": 10}, (10, FOREVER), (10, 10)),
    ({"stands_from": 10, "read_at": 50}, (10, FOREVER), (10, 51)),
    ({"stands_from": (10, 20), "read_at": 50}, (10, FOREVER), (20, 51)),
    ({"stands_from": 10, "read_at": (40, 50)}, (10, FOREVER), (10, 41)),
    ({"stands_from": 10, "stands_until": (30, 40), "read_at": 20}, (10, 40), (10, 30)),
    ({"read_at": 50}, (BEGINNING, FOREVER), (50, 51)),
    ({"read_at": (40, 50)}, (BEGINNING, FOREVER), (40, 41)),
    ({}, (BEGINNING, FOREVER), (FOREVER, FOREVER)),
]


@pytest.mark.parametrize(("use", "may", "was"), STOOD)
def test_what_may_have_been_in_place_is_wider_than_what_was(
    use: dict[str, object], may: tuple[int, int], was: tuple[int, int]
) -> None:
    (found,) = versions(use)
    assert (found.may, found.was) == (may, was)


def test_a_later_state_takes_the_place_of_the_one_before() -> None:
    first, second = versions({"stands_from": 30, "read_at": 90}, {"stands_from": 10})
    assert (first.may, first.was, first.before) == ((10, 30), (10, 30), None)
    assert (second.may, second.was, second.before) == ((30, FOREVER), (30, 91), first)


def test_of_two_states_at_times_that_overlap_either_may_be_the_later() -> None:
    first, second = versions({"stands_from": (10, 30)}, {"stands_from": (20, 40), "read_at": 90})
    assert first.may == (10, FOREVER)
    assert second.may == (20, FOREVER)
    assert first.was == (30, 30)


def test_states_of_other_paths_branches_and_folders_replace_nothing() -> None:
    found = versions({"stands_from": 10}, {"stands_from": 20, "branch": "dev"}, {"stands_from": 30, "repository": "r"})
    assert [(state.may, state.before) for state in found] == [((at, FOREVER), None) for at in (10, 20, 30)]


def test_what_a_build_used_is_no_state_and_neither_is_a_listing() -> None:
    sbom = document("sbom.json", DocumentKind.SBOM, ["lib==1"])
    assert states((LOCK, {"built_at": 10}), (sbom, {"stands_from": 10})) == []


TIMES = st.integers(0, 20)
SPANS = st.tuples(TIMES, TIMES).map(lambda pair: (min(pair), max(pair)))
USES = st.fixed_dictionaries({}, optional={"stands_from": TIMES | SPANS, "read_at": TIMES | SPANS})


@given(st.lists(USES, min_size=1, max_size=4))
def test_what_surely_was_in_place_may_have_been(uses: list[dict[str, object]]) -> None:
    for state in versions(*uses):
        assert state.may[0] < state.may[1]
        assert state.was[0] == state.was[1] or (state.may[0] <= state.was[0] and state.was[1] <= state.may[1])


@given(st.lists(USES, min_size=1, max_size=4), SPANS)
def test_within_a_stretch_nothing_comes_or_goes(uses: list[dict[str, object]], window: tuple[int, int]) -> None:
    found = versions(*uses)
    parts = stretches_of(found, *window)
    assert [start for start, _ in parts[1:]] == [until for _, until in parts[:-1]]
    assert ([parts[0][0], parts[-1][1]] if parts else []) == (list(window) if window[0] < window[1] else [])
    for start, until in parts:
        for state in found:
            assert {state.may_stand(at, at + 1) for at in range(start, until)} == {state.may_stand(start, until)}
            assert {state.stood(at, at + 1) for at in range(start, until)} == {state.stood(start, until)}


@pytest.mark.parametrize(("until", "shown"), [(2_000_001, 2_000_000), (2_000_000, 2_000_000), (2_000_002, 2_000_002)])
def test_the_last_look_belongs_to_what_it_saw(until: int, shown: int) -> None:
    assert last_seen(until) == shown


GAPS = [
    ([{"stands_from": 10, "read_at": 90}], ""),
    ([{}], "is undated"),
    ([{"stands_from": 10}], "in place at 1970-01-01T00:00:00.000010Z alone"),
    ([{"stands_from": 10, "read_at": 30}], "from 1970-01-01T00:00:00.000010Z to 1970-01-01T00:00:00.000031Z"),
    ([{"stands_from": 10, "stands_until": 20}], "is known until 1970-01-01T00:00:00.000020Z, and not what was there"),
    ([{"stands_from": 10, "stands_until": 20, "is_last": True}], ""),
    ([{"stands_from": 70, "read_at": 90}], "is known from 1970-01-01T00:00:00.000070Z on, and not what was there"),
    ([{"stands_from": 70, "read_at": 90, "is_first": True}], ""),
    ([{"stands_from": 10, "stands_until": 20, "is_last": True}, {"stands_from": 70}], ""),
]


@pytest.mark.parametrize(("uses", "gap"), GAPS)
def test_an_input_that_is_not_known_for_all_of_a_stretch_is_a_gap(uses: list[dict[str, object]], gap: str) -> None:
    found = versions(*uses)
    here = [state for state in found if state.may_stand(40, 60)]
    told = gap_of(found, here, 40, 60)
    assert (told is None) == (not gap)
    assert told is None or gap in told.text


def test_a_gap_names_the_input_with_its_repository() -> None:
    found = versions({"repository": "git.example/shop", "path": "a/uv.lock"})
    gap = gap_of(found, found, 0, 1)
    assert gap is not None
    assert gap.text.startswith("git.example/shop/a/uv.lock is undated")
    assert gap.input == InputName(repository="git.example/shop", path="a/uv.lock", branch="")


# Governing


def project(*texts: str, **more: object) -> Document:
    return replace(manifest("pyproject.toml", *texts), **more)


def lock(*rows: str, **more: object) -> Document:
    made = document("uv.lock", DocumentKind.LOCK, rows, governs=("pyproject.toml",))
    return replace(made, **{"format": "uv.lock", **more})


PLACES = [
    ("uv.lock", "pyproject.toml", ("pyproject.toml",), True),
    ("a/uv.lock", "a/b/pyproject.toml", ("b/pyproject.toml",), True),
    ("a/uv.lock", "b/pyproject.toml", ("../b/./pyproject.toml",), True),
    ("uv.lock", "../b/pyproject.toml", ("../b/pyproject.toml",), True),
    ("a/uv.lock", "pyproject.toml", ("pyproject.toml",), False),
    ("uv.lock", "pyproject.toml", (), False),
]


@pytest.mark.parametrize(("path", "its_path", "governs", "holds"), PLACES)
def test_a_lock_was_made_from_what_it_says_as_seen_from_its_folder(
    path: str, its_path: str, governs: tuple[str, ...], *, holds: bool
) -> None:
    first, second = replace(LOCK, path=path, governs=governs), manifest(its_path, "lib")
    one, other = (states((of, {"stands_from": 1}))[0] for of in (first, second))
    assert is_made_from(one, other) is holds


@pytest.mark.parametrize("elsewhere", [{"repository": "other"}, {"branch": "dev"}])
def test_a_lock_governs_nothing_of_another_repository_or_branch(elsewhere: dict[str, object]) -> None:
    here, there = project("lib"), {"stands_from": 1, **elsewhere}
    found = states((LOCK, {"stands_from": 1}), (here, {"stands_from": 1}))
    apart = states((LOCK, {"stands_from": 1}), (here, there))
    assert len(governed(found, lambda _: LOCK, EVERYTHING)) == 1
    assert governed(apart, lambda _: LOCK, EVERYTHING) == set()


def guarded(*, installer: str = "uv", **more: object) -> Guards:
    return Guards(installer=installer, **more)  # type: ignore[arg-type]


SATISFIED = [
    ([], [], True),
    (["lib==1.5"], ["lib"], True),
    (["lib==1.5"], ["lib<2", "lib>1"], True),
    (["lib==1.5"], ["lib>=2"], False),
    (["lib==2rc1"], ["lib<3"], True),  # a lock may hold a pre-release
    (["lib==odd"], ["lib"], False),
    (["lib==1.5"], ["lib", "other"], False),
    (["lib==1.5"], ["lib>=1.*"], False),  # what cannot be read is not met
    (["lib==1.5"], ["lib ; os_name == 'nt'", "other ; os_name == 'nt'"], False),
    (["lib==1", "lib==2"], ["lib>1"], True),  # a fork of the lock
]


@pytest.mark.parametrize(("rows", "texts", "holds"), SATISFIED)
def test_a_lock_satisfies_a_manifest_whose_every_requirement_it_lists(
    rows: list[str], texts: list[str], *, holds: bool
) -> None:
    assert satisfies(lock(*rows), project(*texts), EVERYTHING) is holds


def test_a_lock_of_one_environment_may_leave_out_what_markers_do() -> None:
    made, texts = lock("lib==1", is_of_one_environment=True), ["lib", "other ; os_name == 'nt'"]
    assert satisfies(made, project(*texts), EVERYTHING)
    assert not satisfies(made, project("lib", "other"), EVERYTHING)
    assert not satisfies(replace(made, is_of_one_environment=False), project(*texts), EVERYTHING)


def test_a_manifest_that_requires_itself_and_what_is_not_installed_does_not_count() -> None:
    needs = replace(EVERYTHING, leaves_out=lambda _, one: one.package == "dev")
    assert satisfies(lock("lib==1"), project("lib", "shop[x]", "dev", subject="Shop"), needs)
    assert not satisfies(lock("lib==1"), project("lib", "shop[x]", "dev"), needs)


GUARDED = [
    # overrides replace what asks for their package
    (["lib==3"], ["lib<2"], {"overrides": ["lib==3"]}, True),
    (["lib==1"], ["lib<2"], {"overrides": ["lib==3"]}, False),
    ([], ["lib<2"], {"overrides": ["lib==3"]}, False),
    ([], ["lib<2"], {"overrides": ["lib==3 ; os_name == 'nt'"]}, True),
    (["other==1"], ["other"], {"overrides": ["lib==3"]}, True),  # nothing asks for it
    # constraints bind what is listed
    (["lib==1", "dep==2"], ["lib"], {"constraints": ["dep<2"]}, False),
    (["lib==1", "dep==1"], ["lib"], {"constraints": ["dep<2"]}, True),
    (["lib==1", "dep==2"], ["lib"], {"constraints": ["dep<2 ; os_name == 'nt'"]}, True),
    (["lib==1"], ["lib"], {"constraints": ["dep<2"]}, True),
    (["lib==3"], ["lib"], {"constraints": ["lib<2"], "overrides": ["lib==3"]}, True),
]


@pytest.mark.parametrize(("rows", "texts", "guards", "holds"), GUARDED)
def test_what_the_manifest_tells_its_tool_has_to_be_in_the_lock(
    rows: list[str], texts: list[str], guards: dict[str, list[str]], *, holds: bool
) -> None:
    read = Guards(**{name: tuple(map(requirement, said)) for name, said in guards.items()})  # type: ignore[arg-type]  # fields
    assert satisfies(lock(*rows), project(*texts, guards=read), EVERYTHING) is holds


@pytest.mark.parametrize(
    ("format_", "installer", "holds"),
    [("uv.lock", "uv", True), ("uv.lock", "pip", False), ("poetry.lock", "uv", False), ("pylock.toml", "uv", True)],
)
def test_overrides_count_for_the_locks_that_their_installer_makes(format_: str, installer: str, *, holds: bool) -> None:
    told = project("lib<2", guards=guarded(installer=installer, overrides=(requirement("lib==3"),)))
    assert satisfies(lock("lib==3", format=format_), told, EVERYTHING) is holds


def test_what_extras_bring_has_to_be_in_the_lock() -> None:
    needs = replace(EVERYTHING, of_extras=lambda _, version: frozenset({package_name(f"dep{version}")}))
    asked = project("lib[x]")
    assert not satisfies(lock("lib==1"), asked, needs)
    assert satisfies(lock("lib==1", "dep1==1"), asked, needs)
    assert not satisfies(lock("lib==1", "lib==2", "dep1==1"), asked, needs)


def test_a_lock_that_says_for_which_extras_it_was_made_has_to_be_for_those() -> None:
    told = (requirement("lib[x,y]"), requirement("other"))
    assert satisfies(lock("lib==1", requirements=told), project("lib[y]"), EVERYTHING)
    assert not satisfies(lock("lib==1", requirements=told), project("lib[z]"), EVERYTHING)
    assert not satisfies(lock("lib==1", requirements=told[1:]), project("lib[x]"), EVERYTHING)
    assert satisfies(lock("lib==1"), project("lib[z]"), EVERYTHING)


def row(name: str, version: str, **more: str) -> Component:
    return Component(ref=name, name=name, package=package_name(name), version=version, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("origin", "version", "holds"),
    [
        ("git+https://git.example/lib@1f2e", "1", True),
        ("git+https://git.example/other@1f2e", "1", False),
        ("", "1", False),
    ],
)
def test_a_url_is_met_by_what_was_taken_from_there(origin: str, version: str, *, holds: bool) -> None:
    made = replace(lock(), components=(row("lib", version, origin=origin),))
    assert satisfies(made, project("lib @ git+https://git.example/lib@main"), EVERYTHING) is holds


def test_a_range_that_cannot_be_read_is_met_by_nothing() -> None:
    told = replace(project(), requirements=(Requirement(package=package_name("lib"), specifier="odd"),))
    assert not satisfies(lock("lib==1"), told, EVERYTHING)


def test_a_row_from_a_folder_without_a_version_meets_any_range() -> None:
    made = replace(lock(), components=(row("lib", "", origin="./lib"),))
    assert satisfies(made, project("lib>=9"), EVERYTHING)


SAME = [
    ("https://files.example/a.whl", "https://files.example/a.whl#sha256=00", True),
    ("https://files.example/a.whl?x=1", "https://files.example/a.whl", True),
    ("https://files.example/a.whl", "https://other.example/a.whl", False),
    ("git+https://me@git.example/a.git", "git+https://git.example/a@1f2e", True),
    ("git+ssh://git@git.example/a", "git+https://git.example/a", True),  # one repository, however it is read
    ("git+https://git.example", "git+https://git.example", True),
    ("./a", "../b/a", True),
    ("./a", "https://files.example/a.whl", False),
    ("https://files.example/a.whl", "a", False),
]


@pytest.mark.parametrize(("required", "locked", "holds"), SAME)
def test_a_place_is_the_same_whatever_its_commit_user_and_hash(required: str, locked: str, *, holds: bool) -> None:
    assert is_same_place(required, locked) is holds


def stated(name: str, *texts: str, version: str = "", requires_python: str = "") -> StatedMetadata:
    asked = tuple(map(requirement, texts))
    return StatedMetadata(
        package=package_name(name), version=version, requirements=asked, requires_python=requires_python
    )


METADATA: Sequence[tuple[list[StatedMetadata], list[StatedMetadata], bool]] = [
    ([], [], True),
    ([], [stated("lib")], False),
    ([stated("lib", "a")], [stated("lib", "a")], True),
    ([stated("lib", "a"), stated("dep")], [stated("dep"), stated("lib", "a")], True),
    ([stated("lib", "a")], [stated("lib", "b")], False),
    ([stated("lib", "a")], [stated("lib", "a", "b")], False),
    ([stated("lib", "a")], [], False),
    ([stated("lib", "a")], [stated("lib", "a"), stated("unknown")], True),  # uv passes over what it does not list
    ([stated("lib", version="1.0")], [stated("lib", version="1")], True),
    ([stated("lib", version="1")], [stated("lib", version="2")], False),
    ([stated("lib", requires_python=">=3.9,<4")], [stated("lib", requires_python="<4,>=3.9")], True),
    ([stated("lib", requires_python=">=3.9")], [stated("lib", requires_python=">=3.8")], False),
    ([stated("lib", requires_python="x")], [stated("lib", requires_python="y")], False),
    # Markers are compared by what they say, in every environment.
    ([stated("lib", "a ; python_version >= '3.8'")], [stated("lib", "a ; python_full_version >= '3.8'")], True),
    ([stated("lib", "a ; os_name == 'nt'")], [stated("lib", "a ; sys_platform == 'win32'")], True),
    ([stated("lib", "a ; os_name == 'nt'")], [stated("lib", "a ; os_name == 'posix'")], False),
    ([stated("lib", "a ; os_name == 'nt'")], [stated("lib", "a")], False),
    ([stated("lib", "a ; extra == 'x'")], [stated("lib", "a ; extra == 'y'")], False),
    ([stated("lib", "a>=1.*")], [stated("lib", "a>=1.*", requires_python=">=3")], False),
    ([stated("lib", "a>=1.*", version="1")], [stated("lib", "a>=1.*", version="1.0")], False),  # cannot be read
]


@pytest.mark.parametrize(("then", "now", "holds"), METADATA)
def test_a_lock_of_uv_was_made_under_the_metadata_that_its_manifest_states(
    then: list[StatedMetadata], now: list[StatedMetadata], *, holds: bool
) -> None:
    made = lock("lib==1", "dep==1", guards=guarded(metadata=tuple(then)))
    told = project("lib", guards=guarded(metadata=tuple(now)))
    assert satisfies(made, told, EVERYTHING, is_beside=True) is holds
    assert satisfies(made, told, EVERYTHING)  # of another folder it is not asked


@pytest.mark.parametrize(
    ("then", "now", "holds"), [("", "", True), ("", "a", True), ("a", "a b", True), ("a b", "a", False)]
)
def test_a_lock_of_uv_was_made_with_no_more_overridden_than_its_manifest_says(
    then: str, now: str, *, holds: bool
) -> None:
    made, told = (guarded(replaced=tuple(map(package_name, names.split()))) for names in (then, now))
    found = satisfies(lock("lib==1", guards=made), project("lib", guards=told), EVERYTHING, is_beside=True)
    assert found is holds


CONDA_ROW = Component(ref="c", name="mamba-lib", version="1.5", purl="pkg:conda/mamba-lib@1.5")


@pytest.mark.parametrize(
    ("rows", "asked", "holds"),
    [
        ([CONDA_ROW], "mamba-lib", True),
        ([CONDA_ROW], "mamba-lib>=1,<2", True),
        ([CONDA_ROW], "mamba-lib>=2", False),
        ([CONDA_ROW], "mamba-lib>=1.*", False),
        ([replace(CONDA_ROW, purl="pkg:pypi/mamba-lib@1.5")], "mamba-lib", False),
        ([replace(CONDA_ROW, package=PackageName("mamba-lib"))], "mamba-lib", False),
        ([], "mamba-lib", False),
    ],
)
def test_what_conda_installs_has_to_be_in_a_lock_as_a_package_of_conda(
    rows: list[Component], asked: str, *, holds: bool
) -> None:
    commands = tuple(
        InstallCommand(place="line 1", text="x", tool=tool, requirements=(requirement(text),))
        for tool, text in (("conda", asked), ("pip", "whatever"))
    )
    told = project(format=CONDA_ENVIRONMENT, commands=commands)
    assert satisfies(replace(lock(), components=tuple(rows)), told, EVERYTHING) is holds
