"""Inputs of other services that the scripts of a service install from, and images that scripts of others have built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.documents import DOCKERFILE, Document, DocumentKind, ImageBuild, InstallCommand
from graphkit.model.organisation import DocumentUse
from graphkit.trace.evidence.named_inputs import NamedInputs, named_inputs
from tests.cases.build import document, manifest, use


def script(path: str, *inputs: str, cloned: Sequence[tuple[str, str]] = ()) -> Document:
    command = InstallCommand(place="line 1", text="x", inputs=inputs, cloned=tuple(cloned))
    return document(path, DocumentKind.SCRIPT, commands=(command,))


def dockerfile(path: str, *inputs: str) -> Document:
    return replace(script(path, *inputs), format=DOCKERFILE)


def named(*uses: tuple[str, Document], repository: str = "shop", **times: str) -> Mapping[str, NamedInputs]:
    known = {one.sha256: one for _, one in uses}
    all_uses = [replace(use(service, one, **times), repository=repository) for service, one in uses]
    found = named_inputs(all_uses, lambda wanted: [known[sha256] for sha256 in wanted])
    backwards = named_inputs(all_uses[::-1], lambda wanted: [known[sha256] for sha256 in wanted])
    assert {one: set(of.uses) for one, of in backwards.items()} == {one: set(of.uses) for one, of in found.items()}
    return {str(service): one for service, one in found.items()}


def paths(found: NamedInputs) -> list[str]:
    return [one.path for one in found.uses]


LIST = "docs/requirements.in"
CI, DOCS = script("ci.yml", LIST), manifest(LIST, "lib")
LOCK = document("docs/uv.lock", DocumentKind.LOCK, ["lib==1"], governs=("pyproject.toml", "../lib/pyproject.toml"))
BUILDING = document(
    "compose.yaml", DocumentKind.SCRIPT, image_builds=(ImageBuild(dockerfile="api/Dockerfile", context="."),)
)


def test_an_input_of_another_service_is_taken_with_the_line_that_installs_from_it() -> None:
    found = named(("top", CI), ("docs", DOCS))
    (taken,) = found["top"].uses
    assert (taken.service, taken.path, taken.note) == (
        "top",
        LIST,
        "ci.yml, line 1 installs from it",
    )
    assert list(found) == ["top"]


def test_two_scripts_take_it_once() -> None:
    (taken,) = named(("top", CI), ("top", script("Makefile", LIST)), ("docs", DOCS))["top"].uses
    assert taken.path == LIST


TAKEN = [
    # A lock comes with the projects that it was made from, and with those that its tool would resolve.
    (
        script("ci.yml", "docs/uv.lock"),
        [LOCK, manifest("docs/pyproject.toml", "lib"), manifest("lib/pyproject.toml", "lib"), DOCS],
        ["docs/pyproject.toml", "docs/uv.lock", "lib/pyproject.toml"],
    ),
    (script("ci.yml", "docs/uv.lock"), [manifest("docs/Pipfile", "lib")], ["docs/Pipfile"]),
    (script("ci/ci.yml", "../docs/requirements.in"), [DOCS], [LIST]),
    (
        script("ci.yml", cloned=[("git@git.example:acme/shop.git", LIST)]),
        [DOCS],
        [LIST],
    ),
    (script("ci.yml", cloned=[("git@git.example:acme/other.git", LIST)]), [DOCS], []),
    (script("ci.yml", "other/requirements.in"), [DOCS], []),
    # An image is built from its own folder where the files are there, else from the top.
    (dockerfile("api/Dockerfile", LIST), [DOCS], [LIST]),
    (dockerfile("docs/Dockerfile", "requirements.in"), [DOCS], [LIST]),
    (
        dockerfile("docs/Dockerfile", "requirements.in"),
        [DOCS, manifest("requirements.in", "lib")],
        [LIST],
    ),
]


@pytest.mark.parametrize(("told", "others", "taken"), TAKEN)
def test_what_a_script_installs_from_is_taken(told: Document, others: list[Document], taken: list[str]) -> None:
    found = named(("top", told), *(("other", one) for one in others))
    assert sorted(paths(found.get("top", NamedInputs()))) == taken


@pytest.mark.parametrize(
    "uses",
    [
        [("docs", CI), ("docs", DOCS)],
        [("top", CI), ("docs", CI), ("docs", DOCS)],  # the script is of the other service as well
        [("top", CI), ("docs", document(LIST, DocumentKind.SBOM, ["lib==1"]))],
    ],
)
def test_nothing_is_taken_of_ones_own_nor_of_what_nothing_is_installed_from(uses: list[tuple[str, Document]]) -> None:
    assert not any(one.uses for one in named(*uses).values())


def test_files_that_were_given_alone_lie_nowhere() -> None:
    assert not named(("top", CI), ("docs", DOCS), repository="")


def test_a_build_takes_what_was_used_by_that_build() -> None:
    uses: list[DocumentUse] = [use("top", CI, built_at="11:00"), use("docs", DOCS, built_at="12:00")]
    known = {CI.sha256: CI, DOCS.sha256: DOCS}
    asked = [replace(one, repository="shop") for one in uses]
    assert not named_inputs(asked, lambda wanted: [known[sha256] for sha256 in wanted])
    assert named(("top", CI), ("docs", DOCS), built_at="11:00")


def test_an_image_is_built_where_a_script_of_another_says() -> None:
    api = dockerfile("api/Dockerfile", "requirements.in")
    found = named(("top", BUILDING), ("top", manifest("requirements.in", "lib")), ("api", api))["api"]
    assert found.image_builds == {("shop", "api/Dockerfile", ""): (ImageBuild(dockerfile="Dockerfile", context=".."),)}
    assert paths(found) == ["requirements.in"]


def test_what_a_service_says_itself_is_not_said_by_others() -> None:
    assert not named(
        ("api", BUILDING), ("api", dockerfile("api/Dockerfile")), ("top", manifest("requirements.in", "lib"))
    )


def test_no_document_is_read_where_nothing_is_installed_from() -> None:
    uses = [replace(use(one, CI), path=f"{one}.json", repository="shop") for one in ("api", "top")]
    assert not named_inputs(uses, lambda wanted: pytest.fail(f"read {wanted}"))
