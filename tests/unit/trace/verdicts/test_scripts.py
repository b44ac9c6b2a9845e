"""Files that can install: which inputs a command means, whether it keeps to a lock, and what nobody read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.answers import BuildVerdict, Obligation
from graphkit.model.documents import CONDA_ENVIRONMENT, UNREADABLE, Document, DocumentKind, InstallCommand, Problem
from graphkit.model.names import service_id
from graphkit.model.organisation import DocumentUse
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import requirement
from graphkit.model.times import exactly
from graphkit.trace.verdicts.inputs import InputState, states_of
from graphkit.trace.verdicts.scripts import (
    commands_for,
    gap_of_projects,
    gap_of_unread,
    keeps_to,
    only_tool_of,
    passes_by,
    with_indexes_of_commands,
)
from tests.cases.build import document, manifest, use
from tests.unit.trace.verdicts.shop import BARRED, CLEAN, PRIVATE, STOOD, judged, unrecorded


def command(*inputs: str, tool: str = "uv", **more: object) -> InstallCommand:
    return InstallCommand(place="line 1", text=f"{tool} sync", tool=tool, inputs=inputs, **more)  # type: ignore[arg-type]


def script(path: str, *commands: InstallCommand, indexes: tuple[str, ...] = ()) -> Document:
    return document(path, DocumentKind.SCRIPT, commands=commands, indexes=indexes)


def lock(path: str, *governs: str) -> Document:
    return document(path, DocumentKind.LOCK, ["lib==1"], governs=governs)


def in_place(*documents: Document, branch: str = "") -> list[InputState]:
    known = {one.sha256: one for one in documents}
    uses = [
        DocumentUse(service=service_id("shop"), document=sha, stands_from=exactly(1), repository="r", branch=branch)
        for sha in known
    ]
    return states_of(uses, known.__getitem__)


def paths(states: Sequence[InputState]) -> list[str]:
    return [state.document.path for state in states]


def at(here: Sequence[InputState], path: str) -> InputState:
    return next(state for state in here if state.document.path == path)


LOCK, PROJECT = lock("uv.lock", "pyproject.toml"), manifest("pyproject.toml", "lib")
UPGRADE = command("uv.lock", is_past_lock=True)

PASSED = [
    # A command that keeps to the lock passes nothing by.
    ([LOCK, PROJECT], command("uv.lock"), []),
    # One that makes it anew passes it by, with what it was made from.
    ([LOCK, PROJECT], UPGRADE, ["pyproject.toml", "uv.lock"]),
    ([LOCK, manifest("a/pyproject.toml", "lib")], UPGRADE, ["uv.lock"]),
    ([PROJECT], command("pyproject.toml", is_past_lock=True), ["pyproject.toml"]),
    # Without its lock, a tool resolves the project.
    ([PROJECT], command("uv.lock"), ["pyproject.toml"]),
    ([lock("poetry.lock", "pyproject.toml"), PROJECT], command("uv.lock"), ["pyproject.toml"]),
    ([lock("a/uv.lock"), PROJECT], command("uv.lock"), []),  # one of that name may be the one of an image
    ([manifest("requirements.txt", "lib")], command("requirements.txt"), []),
]


@pytest.mark.parametrize(("documents", "told", "passed"), PASSED)
def test_what_a_command_passes_by(documents: list[Document], told: InstallCommand, passed: list[str]) -> None:
    here = in_place(*documents, script("Dockerfile", told))
    assert sorted(path for _, path, _ in passes_by(here)) == passed


def test_a_command_that_names_no_input_passes_nothing_by() -> None:
    assert passes_by(in_place(LOCK, PROJECT, script("Dockerfile", command(is_past_lock=True)))) == frozenset()


def test_a_script_sees_no_input_of_another_branch() -> None:
    here = [*in_place(LOCK, PROJECT), *in_place(script("Dockerfile", UPGRADE), branch="dev")]
    assert passes_by(here) == frozenset()
    assert commands_for(at(here, "uv.lock"), here) == []


MEANT = [
    ("Dockerfile", "uv.lock", ["uv.lock"]),
    ("a/Dockerfile", "uv.lock", ["a/uv.lock"]),
    ("a/Dockerfile", "../uv.lock", ["uv.lock"]),
    ("Dockerfile", "/srv/uv.lock", ["a/uv.lock", "uv.lock"]),  # in an image it lies in another folder
    ("Dockerfile", "poetry.lock", []),
]


@pytest.mark.parametrize(("path", "named", "meant"), MEANT)
def test_a_command_means_the_input_at_its_path_else_all_of_that_name(path: str, named: str, meant: list[str]) -> None:
    here = in_place(LOCK, lock("a/uv.lock"), script(path, command(named)))
    found = [state.document.path for state in here if commands_for(state, here)]
    assert sorted(found) == meant


@pytest.mark.parametrize(
    ("address", "is_own"),
    [
        ("https://git.example/me/R.git", True),
        ("git@git.example:me/r", True),
        ("https://git.example/me/r/?x=1", True),
        ("https://git.example/r/other", False),
        ("$URL", False),
    ],
)
def test_a_repository_that_a_script_clones_is_its_own_by_its_name(address: str, *, is_own: bool) -> None:
    here = in_place(LOCK, PROJECT, script("tools/a.sh", command(cloned=((address, "uv.lock"),))))
    assert bool(commands_for(at(here, "uv.lock"), here)) is is_own
    assert bool(keeps_to(here, at(here, "uv.lock"))) is is_own


@pytest.mark.parametrize(
    ("documents", "resolved"),
    [
        ([LOCK, PROJECT, manifest("a/pyproject.toml", "lib")], ["pyproject.toml"]),  # what the lock was made from
        ([PROJECT, manifest("a/pyproject.toml", "lib")], ["pyproject.toml"]),  # where the lock would be
        ([manifest("a/pyproject.toml", "lib"), manifest("b/Pipfile", "lib")], ["a/pyproject.toml", "b/Pipfile"]),
        ([manifest("requirements.txt", "lib")], []),
    ],
)
def test_a_tool_resolves_the_project_where_its_lock_is_not_enough(
    documents: list[Document], resolved: list[str]
) -> None:
    here = in_place(*documents, script("Dockerfile", command("uv.lock")))
    found = [one for one in here if one.document.kind is DocumentKind.MANIFEST and commands_for(one, here)]
    assert sorted(paths(found)) == resolved


KEPT = [
    ([command("uv.lock")], "Dockerfile, line 1 installs from it: uv sync", "uv"),
    ([], "", ""),
    ([command("uv.lock", unreadable="$ARGS")], "", ""),
    ([command("a/uv.lock")], "", ""),  # another folder: it may mean this one, and is no proof
    ([command("uv.lock"), UPGRADE], "", ""),  # another command makes it anew
    ([command("uv.lock"), command("uv.lock", tool="pip")], "Dockerfile, line 1 installs from it: uv sync", ""),
]


@pytest.mark.parametrize(("commands", "kept", "tool"), KEPT)
def test_a_lock_is_kept_to_where_a_command_says_so_and_none_makes_it_anew(
    commands: list[InstallCommand], kept: str, tool: str
) -> None:
    here = in_place(LOCK, PROJECT, script("Dockerfile", *commands))
    assert (keeps_to(here, at(here, "uv.lock")), only_tool_of(here, at(here, "uv.lock"))) == (kept, tool)


def test_an_input_has_the_indexes_that_scripts_name_which_install_from_it() -> None:
    own = replace(PROJECT, indexes=("https://a.example",))
    told = script("Dockerfile", command("pyproject.toml"), indexes=("https://b.example", "https://a.example"))
    other = script("tox.ini", command("other.txt"), indexes=("https://c.example",))
    here = in_place(own, told, other)
    found = with_indexes_of_commands(at(here, "pyproject.toml"), here)
    assert found.indexes == ("https://a.example", "https://b.example")
    alone = in_place(own, other)
    assert with_indexes_of_commands(alone[0], alone) is alone[0].document


@pytest.mark.parametrize(
    ("kind", "settles"),
    [
        (DocumentKind.SBOM, "Dockerfile: it is no text; the file as it was would settle it"),
        (DocumentKind.SCRIPT, "Dockerfile: it is no text; the file as it was, `installs_from` in the organisation"),
    ],
)
def test_a_file_that_could_not_be_read_is_open(kind: DocumentKind, settles: str) -> None:
    unread = replace(
        document("Dockerfile", kind), format=UNREADABLE, problems=(Problem(place="", text="it is no text"),)
    )
    gap = gap_of_unread(unread)
    assert gap is not None
    assert gap.text.startswith(settles)
    assert gap_of_unread(PROJECT) is None


def test_the_projects_beside_an_environment_file_of_a_build_are_open() -> None:
    made = replace(manifest("environment.yml", "lib"), format=CONDA_ENVIRONMENT, commands=(command(), command("-e .")))
    gap = gap_of_projects(made, in_place(PROJECT))
    assert gap is not None
    assert gap.text.startswith("environment.yml, line 1: `uv sync` installs from -e ., of which nothing is known")
    assert gap_of_projects(made, in_place(made)) is None
    assert gap_of_projects(replace(made, commands=(command(),)), []) is None
    assert gap_of_projects(PROJECT, []) is None


# As a service is judged


def judged_with(script_: Document, **more: object) -> BuildVerdict:
    """Return the verdict of a service whose clean lock is beside a script."""
    return unrecorded(judged(CLEAN, script_, **more))  # type: ignore[arg-type]


def test_a_script_of_which_nothing_could_be_read_leaves_its_service_open() -> None:
    told = replace(script("Dockerfile"), format=UNREADABLE, problems=(Problem(place="", text="it is no text"),))
    commands = replace(told, commands=(command(),))  # whatever an earlier reading knew
    found = judged_with(commands)
    assert (found.verdict, found.missing) == (Verdict.UNKNOWN, Obligation.INPUTS)
    assert found.reason.startswith("Dockerfile: it is no text;")


@pytest.mark.parametrize(
    ("names", "indexes", "index", "is_open"),
    [
        (("ok",), (), "", False),
        (("ok",), (PRIVATE,), "", True),
        (("ok",), (f"{PRIVATE}/",), "", True),
        (("ok",), ("https://mirror.example/simple",), "", False),
        (("ok",), (), PRIVATE, True),  # the organisation says so
        (("pip", "setuptools"), (PRIVATE,), "", False),  # what is usual is assumed of tools
    ],
)
def test_a_script_that_may_install_from_a_private_index_leaves_its_service_open(
    names: tuple[str, ...], indexes: tuple[str, ...], index: str, *, is_open: bool
) -> None:
    told = script("Dockerfile", command(requirements=tuple(map(requirement, names))), indexes=indexes)
    found = judged_with(told, index=index)
    assert ("may install from the private index" in found.reason) is is_open
    assert (found.verdict is Verdict.UNKNOWN) is is_open


@pytest.mark.parametrize(
    ("tool", "text", "verdict"),
    [
        ("download", "bad==2", Verdict.ADMITTED),
        ("image", "bad==2", Verdict.UNKNOWN),
        ("download", "bad==1", Verdict.CLEARED),
        ("image", "bad==1", Verdict.CLEARED),
        ("download", "nobody-read-it==1", Verdict.CLEARED),
        ("image", "nobody-read-it==1", Verdict.CLEARED),
    ],
)
def test_a_file_or_image_counts_by_the_release_that_it_is_called(tool: str, text: str, verdict: Verdict) -> None:
    """Other archives and images have names of that form as well, so that nothing else is concluded from them."""
    line = InstallCommand(place="line 1", text="x", tool=tool, requirements=(requirement(text),))
    made = script("Dockerfile", line)
    found = judged(BARRED, made, uses=[use("shop", one, **STOOD) for one in (BARRED, made)])
    assert found.verdict is verdict
