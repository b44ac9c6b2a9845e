"""What an environment, several of them, or none makes of markers, of Requires-Python and of the tags of wheels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.environment import (
    AnyOfEnvironments,
    Environment,
    EveryEnvironment,
    MarkerEvaluator,
    Profile,
    environments_within,
    extra_alone,
    extras_of,
    nearest_within,
)

# As uv 0.13 and pip 26 do for Python 3.11, tried on a loopback index.
TRIED = [
    (">=3.6,<3.11", True, False),
    ("<3", True, False),
    ("==3.8.*", True, False),
    (">=3.6,!=3.11.*", True, False),
    (">=3.12", False, False),
    ("~=3.8", True, True),
    (">3.10", True, True),
    (">=3.11.8", False, False),
    (">=3.11.8,<4", False, False),
    ("!=3.12.*", True, True),
    ("nonsense", True, True),
    ("", True, True),
]


@pytest.mark.parametrize(("text", "uv", "pip"), TRIED)
def test_requires_python_is_read_as_the_resolver_reads_it(text: str, *, uv: bool, pip: bool) -> None:
    environment = Environment(python="3.11.7")
    assert MarkerEvaluator(environment, "uv").python_fits(text) is uv
    assert MarkerEvaluator(environment, "pip").python_fits(text) is pip
    assert MarkerEvaluator(environment).python_fits(text) is pip


@pytest.mark.parametrize(
    ("marker", "extra", "truth"),
    [
        ('platform_release >= "5"', "", None),
        ('"SMP" in platform_version', "", None),
        ('"SMP" not in platform_version and os_name == "posix"', "", None),
        ('platform_release >= "5" and sys_platform == "win32"', "", False),
        ('platform_release >= "5" or sys_platform == "linux"', "", True),
        ('extra == "fast" and platform_release >= "5"', "", False),
        ('extra == "fast" and platform_release >= "5"', "fast", None),
        ('platform_version == platform_release and sys_platform == "win32"', "", None),
    ],
)
def test_what_names_the_kernel_is_undecidable_unless_the_rest_decides(
    marker: str, extra: str, *, truth: bool | None
) -> None:
    assert MarkerEvaluator(Environment()).truth(marker, extra) is truth


PLAIN = ["", 'os_name == "nt"', 'python_version >= "3.12"', 'extra == "x"', 'python_full_version >= "3.12.4"']
CLAUSES = [*PLAIN, 'sys_platform == "darwin"', 'platform_machine in "arm64 aarch64"', 'extra != "x"', '"x" in extra']
JOINED = st.lists(st.sampled_from(CLAUSES[1:]), min_size=1, max_size=3).flatmap(
    lambda clauses: st.sampled_from([" and ", " or "]).map(lambda joint: joint.join(clauses))
)
MARKERS = JOINED | st.sampled_from(PLAIN)
ENVIRONMENTS = environments_within(">=3.11.5,<3.13")
PROFILES: tuple[Profile, ...] = ("pip", "uv")
NEEDS = (
    "py3-none-any >=3.12",
    "py3-none-any",
    "cp312-cp312-win_amd64 ",
    "sdist <3.12",
    "cp311-cp311-musllinux_1_1_aarch64 ",
)


@pytest.mark.parametrize(
    ("marker", "extras"),
    [
        ("", ()),
        ('os_name == "nt"', ()),
        ('extra == "B_b" or "a" == extra', ("a", "b-b")),
        ("extra != 'a' and extra in 'c'", ("a", "c")),
        ('extra == ":build"', ()),
    ],
)
def test_the_extras_of_a_marker_are_those_it_compares_with(marker: str, extras: tuple[str, ...]) -> None:
    assert extras_of(marker) == extras


@pytest.mark.parametrize(
    ("marker", "alone"),
    [
        ('extra == "A_a"', "a-a"),
        ('extra != "a"', ""),
        ('extra == "a" or os_name == "nt"', ""),
        ('extra == ":build"', ""),
    ],
)
def test_a_marker_of_an_extra_alone_says_nothing_else(marker: str, alone: str) -> None:
    assert extra_alone(marker) == alone


@pytest.mark.parametrize(
    ("marker", "extra", "truth"),
    [
        ("", "x", True),
        ('os_name == "posix"', "x", True),
        ('extra == "X"', "x", True),
        ('extra == "x"', "", False),
        ('extra == "x" and os_name == "nt"', "x", False),
        ('sys_platform ~= "1"', "", None),
        ("nonsense", "", None),
    ],
)
def test_a_marker_holds_fails_or_cannot_be_decided(marker: str, extra: str, *, truth: bool | None) -> None:
    assert MarkerEvaluator(Environment()).truth(marker, extra) is truth


@pytest.mark.parametrize(
    ("environment", "marker"),
    [
        (Environment(platform="windows", machine="AMD64"), 'os_name == "nt" and platform_system == "Windows"'),
        (Environment(platform="macos", machine="arm64"), 'sys_platform == "darwin" and platform_machine == "arm64"'),
        (Environment(platform="musllinux"), 'sys_platform == "linux"'),
        (Environment(platform="freebsd"), 'sys_platform == "freebsd" and os_name == ""'),
        (Environment(implementation="pypy"), 'platform_python_implementation == "PyPy" and python_version == "3.12"'),
        (Environment(python="3.12.4"), 'python_full_version == "3.12.4" and implementation_version == "3.12.4"'),
        (Environment(), 'python_full_version == "3.12.0"'),
    ],
)
def test_the_variables_of_a_marker_are_those_of_the_environment(environment: Environment, marker: str) -> None:
    assert MarkerEvaluator(environment).truth(marker) is True


def test_one_marker_is_answered_for_each_extra() -> None:
    evaluator, marker = MarkerEvaluator(Environment()), 'extra == "x" or os_name == "nt"'
    assert [evaluator.truth(marker, extra) for extra in ("x", "y", "", "x")] == [True, False, False, True]


def test_variables_that_differ_from_machine_to_machine_are_left_out() -> None:
    assert not {"platform_release", "platform_version"} & set(MarkerEvaluator(Environment()).variables)


LINUX, MUSL = Environment(), Environment(platform="musllinux")
WINDOWS, MAC = Environment(platform="windows", machine="AMD64"), Environment(platform="macos", machine="arm64")


@pytest.mark.parametrize(
    ("tags", "where"),
    [
        ("py3-none-any", [LINUX, MUSL, WINDOWS, MAC]),
        ("py2.py3-none-any", [LINUX, MUSL, WINDOWS, MAC]),
        ("py39-none-any", [LINUX, MUSL, WINDOWS, MAC]),
        ("cp313-cp313-any", []),
        ("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", [LINUX]),
        ("cp312-cp312-manylinux1_x86_64", [LINUX]),
        ("cp38-abi3-musllinux_1_1_x86_64", [MUSL]),
        ("cp312-cp312-linux_x86_64", [LINUX, MUSL]),
        ("cp312-cp312-win_amd64", [WINDOWS]),
        ("cp312-none-win_arm64", []),
        ("cp312-cp312-macosx_10_9_universal2", [MAC]),
        ("cp312-cp312-macosx_14_0_arm64", [MAC]),
        ("sdist", [LINUX, MUSL, WINDOWS, MAC]),
        ("unknown", [LINUX, MUSL, WINDOWS, MAC]),
        ("other", []),
        ("a-b", []),
        ("..-none-any", []),
    ],
)
def test_a_file_is_installed_where_its_tags_fit(tags: str, where: list[Environment]) -> None:
    everywhere = (LINUX, MUSL, WINDOWS, MAC)
    assert [one for one in everywhere if MarkerEvaluator(one).installs(f"{tags} ")] == where


def test_windows_on_another_machine_has_tags_of_its_own() -> None:
    arm = MarkerEvaluator(Environment(platform="windows", machine="ARM64"))
    assert arm.installs("cp312-cp312-win_arm64 ")
    assert not arm.installs("cp312-cp312-win_amd64 ")


def test_a_file_whose_python_does_not_fit_is_not_installed() -> None:
    assert MarkerEvaluator(LINUX).installs("py3-none-any >=3.12")
    assert not MarkerEvaluator(LINUX).installs("py3-none-any >=3.13")


def test_files_of_the_same_tags_are_told_apart_by_their_python() -> None:
    evaluator, tags = MarkerEvaluator(LINUX), "cp312-cp312-manylinux_2_17_x86_64"
    needs = [f"{tags} >=3.12", f"{tags} >=3.13", f"{tags} >=3.12", "cp312-cp312-win_amd64 "]
    assert [evaluator.installs(one) for one in needs] == [True, False, True, False]


@pytest.mark.parametrize(
    ("environment", "pythons"),
    [(Environment(python="3.11"), ["3.11.0", "3.11.99"]), (Environment(python="3.11.7"), ["3.11.7"])],
)
def test_of_an_environment_that_is_named_the_patch_level_alone_is_open(
    environment: Environment, pythons: list[str]
) -> None:
    found = environments_within("<3", environment)
    assert [one.python for one in found] == pythons
    assert {(one.platform, one.machine) for one in found} == {("linux", "x86_64")}


def test_every_python_that_is_allowed_runs_on_every_platform() -> None:
    found = environments_within(">=3.11.5,<3.13")
    assert {one.python for one in found} == {"3.11.99", "3.12.0", "3.12.99"}
    assert len(found) == 3 * 8


@pytest.mark.parametrize("requires_python", ["", ">=4", "nonsense"])
def test_where_no_python_is_allowed_any_may_be_used(requires_python: str) -> None:
    assert {one.python for one in environments_within(requires_python)} >= {"2.7.0", "3.12.0", "3.16.99"}


@pytest.mark.parametrize(
    ("environment", "requires_python", "python"),
    [
        (Environment(), "", "3.12"),
        (Environment(), ">=3.9", "3.12"),
        (Environment(), ">=3.13", "3.13"),
        (Environment(), "<3.12", "3.11"),
        (Environment(), "!=3.12.*", "3.13"),  # of two that are as near the newer one
        (Environment(), ">=3.12.4", "3.12"),  # some patch level of it fits
        (Environment(), "<3", "2.7"),
        (Environment(), ">=4", "3.12"),
        (Environment(python="3.12.4"), ">=3.13", "3.12.4"),
        (Environment(implementation="pypy"), ">=3.13", "3.12"),
    ],
)
def test_the_nearest_python_that_is_allowed_is_used(
    environment: Environment, requires_python: str, python: str
) -> None:
    assert nearest_within(environment, requires_python).python == python


@given(MARKERS, st.sampled_from(["", "x", "y"]))
def test_of_all_environments_at_once_nothing_is_left_open_that_they_agree_on(marker: str, extra: str) -> None:
    found = {MarkerEvaluator(one).truth(marker, extra) for one in ENVIRONMENTS}
    joined, told = AnyOfEnvironments(ENVIRONMENTS), found.pop() if len(found) == 1 else None
    assert [joined.truth(marker, extra) for _ in range(2)] == [told, told]


@pytest.mark.parametrize("needs", NEEDS)
def test_a_file_is_installed_in_any_where_one_of_them_takes_it(needs: str) -> None:
    single = [MarkerEvaluator(one, profile) for one in ENVIRONMENTS for profile in PROFILES]
    joined = AnyOfEnvironments(ENVIRONMENTS)
    assert joined.installs(needs) is joined.installs(needs) is any(one.installs(needs) for one in single)
    requires_python = needs.partition(" ")[2]
    assert joined.python_fits(requires_python) is any(one.python_fits(requires_python) for one in single)


def test_a_file_of_no_environment_is_installed_in_none() -> None:
    joined = AnyOfEnvironments(ENVIRONMENTS)
    assert not joined.installs("cp27-cp27m-manylinux1_x86_64 ")
    assert not joined.python_fits(">=3.13")


def test_environments_that_answered_alike_so_far_are_one_class() -> None:
    joined = AnyOfEnvironments(ENVIRONMENTS)
    assert joined.classes() == (ENVIRONMENTS[0],)
    joined.truth('os_name == "nt"')
    assert [one.platform for one in joined.classes()] == ["linux", "windows"]
    joined.installs("py3-none-any >=3.12")
    assert [(one.python, one.platform) for one in joined.classes()] == [
        ("3.11.99", "linux"),
        ("3.11.99", "windows"),
        ("3.12.0", "linux"),
        ("3.12.0", "windows"),
    ]


@given(MARKERS, st.sampled_from(["", "x", "y"]))
def test_no_environment_at_all_decides_nothing_that_one_of_them_answers_otherwise(marker: str, extra: str) -> None:
    answer = EveryEnvironment().truth(marker, extra)
    assert answer is None or {MarkerEvaluator(one).truth(marker, extra) for one in ENVIRONMENTS} == {answer}


def test_somewhere_every_file_and_every_python_fits() -> None:
    assert EveryEnvironment().installs("cp27-cp27m-manylinux1_x86_64 ")
    assert EveryEnvironment().python_fits("<1")
