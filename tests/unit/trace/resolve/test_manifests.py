"""A manifest as a root: what an install asks for surely, perhaps or not at all, by extras, groups and guards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.documents import Document
from graphkit.model.guards import NO_GUARDS, Guards
from graphkit.model.names import extra_name, package_name
from graphkit.model.requirements import Requirement, requirement
from graphkit.stores.port import Fact
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.manifests import (
    InstallSelection,
    groups_alone,
    leaves_out,
    may_not_hold,
    needs_of_extras,
    overridden,
    root_of_manifest,
    truth_of,
)
from graphkit.trace.resolve.world import World
from tests.cases.build import manifest, package, page
from tests.unit.trace.parts import world_of

INDEX: Sequence[Fact] = (
    *package("lib", {"1": ("01:00", ["deep ; extra == 'x'", "odd ; extra == 'x' and platform_release >= '5'"])}),
    *package("deep", {"1": ("01:00", [])}),
    *package("odd", {"1": ("01:00", [])}),
    *package("test", {"1": ("01:00", [])}),
)
ANY = InstallSelection()
PLAIN = InstallSelection(extras=(), groups=())


def choosing(*extras: str, groups: Sequence[str] = ()) -> InstallSelection:
    return InstallSelection(extras=tuple(map(extra_name, extras)), groups=tuple(groups))


def group(name: str, text: str) -> Requirement:
    """Return a requirement of a dependency group, as readers write it."""
    return replace(requirement(text), marker=f'"{name}" in dependency_groups')


def project(*texts: str | Requirement, subject: str = "app", **more: object) -> Document:
    asked = tuple(requirement(one) if isinstance(one, str) else one for one in texts)
    return replace(manifest("pyproject.toml"), requirements=asked, subject=subject, **more)


def shown(root: Root) -> list[str]:
    """Return what a root asks for, with a question mark where it is doubtful."""
    return [f"{one.text}{'?' if one.doubtful else ''}" for one in root.requirements]


def asked(made: Document, selection: InstallSelection = ANY, **more: object) -> list[str]:
    root, _ = root_of_manifest(world_of(*INDEX), made, selection, **more)  # type: ignore[arg-type]
    return shown(root)


# Extras and groups


TRUTHS: list[tuple[str, InstallSelection, bool | None]] = [
    ("", ANY, True),
    ('os_name == "posix"', ANY, True),
    ('os_name == "nt"', ANY, False),
    ('platform_release >= "5"', PLAIN, None),
    ('extra == "x"', ANY, None),  # nobody says which extras are installed
    ('extra == "x"', choosing("x"), True),
    ('extra == "x"', choosing("y"), False),
    ('extra == "x"', PLAIN, False),
    ('extra == "x" and os_name == "nt"', ANY, False),  # whatever extras are
    ('extra == "x" or extra == "y"', choosing("y"), True),
    ('extra == "x" and platform_release >= "5"', choosing("x"), None),
    ('extra == "x" or os_name == "posix"', PLAIN, True),
    ('"dev" in dependency_groups', ANY, None),
    ('"dev" in dependency_groups', choosing(groups=["dev"]), True),
    ("'dev' in dependency_groups", choosing(groups=["dev"]), True),
    ('"dev" in dependency_groups', choosing(groups=["docs"]), False),
    ('"dev" in dependency_groups or "docs" in dependency_groups', choosing(groups=["docs"]), True),
    ('"dev" in dependency_groups and os_name == "nt"', ANY, False),
    ('"dev" in dependency_groups and extra == "x"', choosing("x", groups=["dev"]), True),
    ('"dev" in dependency_groups and extra == "x"', choosing(groups=["dev"]), False),
]


@pytest.mark.parametrize(("marker", "selection", "truth"), TRUTHS)
def test_whether_an_install_asks_for_what_stands_under_a_marker(
    marker: str, selection: InstallSelection, *, truth: bool | None
) -> None:
    assert truth_of(world_of(*INDEX), marker, selection.extras, selection.groups) is truth


def test_what_may_be_asked_for_is_doubtful_and_what_is_not_is_left_out() -> None:
    made = project("lib", "deep ; extra == 'x'", "odd ; os_name == 'nt'", group("dev", "test"))
    more = ['deep ; extra == "x"', 'test ; "dev" in dependency_groups']
    assert asked(made) == ["lib", *(f"{one}?" for one in more)]
    assert asked(made, PLAIN) == ["lib"]
    assert asked(made, choosing("x", groups=["dev"])) == ["lib", *more]


def test_extras_that_a_project_asks_of_itself_are_installed_with_those_that_ask_for_them() -> None:
    made = project(
        "app[x] ; extra == 'all'", "app[y] ; extra == 'x'", "lib ; extra == 'x'", "deep ; extra == 'y'", subject="App"
    )
    assert asked(made, choosing("all")) == ['lib ; extra == "x"', 'deep ; extra == "y"']
    assert asked(made, choosing("y")) == ['deep ; extra == "y"']
    circle = project("app[x] ; extra == 'y'", "app[y] ; extra == 'x'", "lib ; extra == 'y'")
    assert asked(circle, choosing("x")) == ['lib ; extra == "y"']


def test_extras_of_itself_count_where_their_group_is_or_may_be_installed() -> None:
    itself = group("dev", "app[x]")
    made = project(itself, "lib ; extra == 'x'")
    assert asked(made, choosing(groups=["dev"])) == ['lib ; extra == "x"']
    assert asked(made, choosing(groups=["docs"])) == []
    assert asked(made, InstallSelection(extras=(), groups=None)) == ['lib ; extra == "x"']


def test_a_project_of_another_name_is_asked_for_with_its_extras() -> None:
    assert asked(project("lib[x]", subject="other")) == ["lib[x]"]
    assert asked(project("lib[x]", subject="lib")) == []
    assert asked(project("lib", subject="lib")) == ["lib"]  # a release of it, for all one knows
    assert asked(project("lib[x] @ https://files.example/lib.whl", subject="lib")) != []


LEFT_OUT = [
    ("deep ; extra == 'x'", PLAIN, True),
    ("deep ; extra == 'x'", choosing("x"), False),
    ("deep ; extra == 'x'", ANY, False),
    ("deep ; os_name == 'nt'", PLAIN, False),  # no choice leaves it out
    ("deep", PLAIN, False),
]


@pytest.mark.parametrize(("text", "selection", "is_left_out"), LEFT_OUT)
def test_what_is_left_out_for_the_sake_of_extras_alone(
    text: str, selection: InstallSelection, *, is_left_out: bool
) -> None:
    made = project(text)
    assert leaves_out(world_of(*INDEX), made, made.requirements[0], selection) is is_left_out


def test_groups_can_be_installed_without_their_project() -> None:
    made = project("lib", group("dev", "test"), group("dev", "deep"), group("docs", "odd"))
    found = {name: [one.package for one in alone.requirements] for name, alone in groups_alone(made, ANY)}
    assert found == {"dev": ["test", "deep"], "docs": ["odd"]}
    assert [name for name, _ in groups_alone(made, choosing(groups=["docs", "none"]))] == ["docs"]
    assert [alone.path for _, alone in groups_alone(made, choosing(groups=["docs"]))] == [
        "group docs of pyproject.toml"
    ]
    assert list(groups_alone(project("lib"), ANY)) == []


# Guards


def overriding(*texts: str) -> Guards:
    return Guards(overrides=tuple(map(requirement, texts)))


OVERRIDDEN: list[tuple[list[str], Guards, list[str]]] = [
    (["lib<2", "deep"], NO_GUARDS, ["lib<2", "deep"]),
    (["lib<2", "deep"], overriding("lib>=3"), ["lib>=3", "deep"]),
    (["lib<2 ; os_name == 'nt'"], overriding("lib>=3"), ["lib>=3"]),  # range and marker are dropped
    (["lib ; extra == 'x'"], overriding("lib>=3"), ['lib>=3 ; extra == "x"']),
    (
        ["lib ; extra == 'x' and os_name == 'nt'"],
        overriding("lib ; os_name == 'posix'"),
        ['lib ; (extra == "x") and (os_name == "posix")'],
    ),
    (["lib<2", "lib!=1"], overriding("lib>=3"), ["lib>=3"]),  # each once
    (["lib"], overriding("lib<2", "lib>=1"), ["lib<2", "lib>=1"]),
    (["deep"], overriding("lib>=3"), ["deep"]),  # an override adds nothing
]


@pytest.mark.parametrize(("texts", "guards", "found"), OVERRIDDEN)
def test_an_override_stands_in_the_place_of_what_it_replaces(
    texts: list[str], guards: Guards, found: list[str]
) -> None:
    assert [str(one) for one in overridden([requirement(text) for text in texts], guards)] == found


def test_an_override_holds_in_the_groups_of_what_it_replaces() -> None:
    (found,) = overridden([group("dev", "lib<2")], overriding("lib>=3"))
    assert str(found) == 'lib>=3 ; "dev" in dependency_groups'


def test_constraints_of_manifest_and_guards_bind_what_the_graph_knows() -> None:
    made = project("lib", constraints=(requirement("lib<2"), requirement("nowhere<2")))
    guards = Guards(constraints=(requirement("deep<2"),))
    root, missing = root_of_manifest(world_of(*INDEX), made, ANY, guards)
    assert ([one.text for one in root.constraints], missing) == (["lib<2", "deep<2"], ())


# What cannot be followed


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("nowhere", ["project page of nowhere"]),
        ("lib==1+acme", ["what lib 1+acme is, which no index here lists"]),
        ("lib===odd", ["what lib odd is, which no index here lists"]),
        ("lib==9", []),  # it is on no index, and nothing else is meant
        ("lib>9", []),
        ("lib==1", []),
        ("lib @ https://files.example/lib-1+acme.whl", []),
        ("nowhere ; os_name == 'nt'", []),
    ],
)
def test_what_the_graph_cannot_follow_is_named(text: str, missing: list[str]) -> None:
    _, found = root_of_manifest(world_of(*INDEX), project(text, text), ANY)
    assert list(found) == missing


def test_a_specifier_that_cannot_be_read_is_no_pin() -> None:
    odd = Requirement(package=package_name("lib"), specifier="=>1")
    assert asked(project(odd)) == ["lib=>1?"]
    _, missing = root_of_manifest(world_of(page("lib", {})), project(odd), ANY)
    assert missing == ()


def test_a_root_says_which_manifest_it_is_of() -> None:
    made = project("lib")
    root, _ = root_of_manifest(world_of(*INDEX), made, ANY)
    assert (root.label, root.why) == ("pyproject.toml", f"pyproject.toml (sha256 {made.sha256[:12]})")
    assert root.fixed is None


# In-house packages


def walked(
    first: Document, manifests: Mapping[str, Sequence[Document]], *more: Fact, world: World | None = None
) -> list[str]:
    used = world or world_of(*INDEX, *more)
    root, _ = root_of_manifest(used, first, PLAIN, in_house=lambda name: manifests.get(name, ()))
    return shown(root)


def test_the_walk_goes_on_through_manifests_of_packages_without_a_page() -> None:
    core = replace(project("lib<2"), path="core/pyproject.toml")
    assert walked(project("core"), {"core": [core]}) == ["lib<2 (by way of core, core/pyproject.toml)"]
    base = replace(project("deep"), path="base/pyproject.toml")
    middle = replace(core, requirements=(requirement("base"),))
    assert walked(project("core"), {"core": [middle], "base": [base]}) == ["deep (by way of base, base/pyproject.toml)"]


def test_of_a_package_that_is_on_the_index_its_page_speaks() -> None:
    core = replace(project("deep"), path="core/pyproject.toml")
    assert walked(project("lib"), {"lib": [core]}) == ["lib"]


def test_of_several_manifests_which_one_is_installed_is_not_known() -> None:
    two = [replace(project("lib"), path="a/pyproject.toml"), replace(project("deep"), path="b/pyproject.toml")]
    assert walked(project("core"), {"core": two}) == [
        "lib (by way of core, a/pyproject.toml)?",
        "deep (by way of core, b/pyproject.toml)?",
    ]


def test_what_an_in_house_package_requires_is_as_doubtful_as_what_asks_for_it() -> None:
    core = replace(project("lib", "deep ; extra == 'x'"), path="core/pyproject.toml")
    houses = {"core": [core]}
    assert walked(project("core[x]"), houses)[1] == 'deep ; extra == "x" (by way of core, core/pyproject.toml)'
    assert walked(project("core ; platform_release >= '5'"), houses) == ["lib (by way of core, core/pyproject.toml)?"]
    assert walked(project("core ; os_name == 'nt'"), houses) == []


def test_in_house_packages_that_require_each_other_come_to_an_end() -> None:
    one = replace(project("two", "lib"), path="one/pyproject.toml")
    two = replace(project("one", "app"), path="two/pyproject.toml")
    assert walked(project("one"), {"one": [one], "two": [two], "app": [one]}) == [
        "lib (by way of one, one/pyproject.toml)"
    ]


# What tells whether a lock governs


@pytest.mark.parametrize(
    ("text", "may_not"),
    [
        ("lib", False),
        ("lib ; os_name == 'posix'", False),
        ("lib ; os_name == 'nt'", True),
        ("lib ; platform_release >= '5'", True),
        ("lib ; extra == 'x'", False),  # that is for the selection to say
    ],
)
def test_a_marker_about_the_environment_may_not_hold(text: str, *, may_not: bool) -> None:
    assert may_not_hold(world_of(*INDEX), requirement(text)) is may_not
    assert not may_not_hold(world_of(*INDEX), group("dev", "lib"))


@pytest.mark.parametrize(
    ("text", "version", "needed"),
    [
        ("lib[x]", "1", {"deep"}),  # what is doubtful is not surely needed
        ("lib", "1", set()),
        ("lib[y]", "1", set()),
        ("lib[x]", "9", set()),
        ("nowhere[x]", "1", set()),
    ],
)
def test_what_the_extras_of_a_requirement_surely_need(text: str, version: str, needed: set[str]) -> None:
    assert needs_of_extras(world_of(*INDEX), requirement(text), version) == needed
