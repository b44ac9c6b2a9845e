"""Which service the files of a folder belong to."""

from __future__ import annotations

from pathlib import Path

from graphkit.ingest.files import Found
from graphkit.ingest.projects import Projects
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse


def found(label: str, root: str = "code", *, is_environment: bool = False) -> Found:
    return Found(
        path=Path(label), label=label, named=False, root=Path(), repository=root, is_environment=is_environment
    )


def test_a_folder_with_inputs_is_a_project() -> None:
    projects = Projects([found("a/uv.lock"), found("a/b/pyproject.toml"), found("sboms/x.json")])
    assert projects.service_of(found("a/bom.json")) == "a"
    assert projects.service_of(found("a/b/bom.json")) == "a/b"
    assert projects.service_of(found("sboms/x.json")) is None


def test_scripts_and_environments_alone_make_none() -> None:
    projects = Projects([found("a/Dockerfile"), found("a/.venv", is_environment=True)])
    assert projects.service_of(found("a/.venv", is_environment=True)) is None


def test_an_environment_is_of_the_project_beside_it() -> None:
    projects = Projects([found("a/uv.lock")])
    assert projects.service_of(found("a/.venv", is_environment=True)) == "a"


def test_the_top_is_called_as_what_was_given() -> None:
    assert Projects([found("uv.lock", "shop")]).service_of(found("bom.json", "shop")) == "shop"


def test_files_at_hand_that_were_named_alone_are_of_no_project() -> None:
    assert Projects([found("uv.lock", "")]).service_of(found("uv.lock", "")) is None


def test_equal_names_below_two_tops_have_their_tops() -> None:
    projects = Projects([found("app/uv.lock", "x"), found("app/uv.lock", "y"), found("web/uv.lock", "y")])
    assert projects.service_of(found("app/bom.json", "x")) == "x/app"
    assert projects.service_of(found("app/bom.json", "y")) == "y/app"
    assert projects.service_of(found("web/bom.json", "y")) == "web"


def test_names_of_repositories_are_theirs() -> None:
    projects = Projects([found("app/sub/uv.lock", "y"), found("apple/uv.lock", "y")], taken=frozenset({"app"}))
    assert projects.service_of(found("app/sub/x.json", "y")) == "y/app/sub"
    assert projects.service_of(found("apple/x.json", "y")) == "apple"


def test_folders_of_a_repository_begin_with_its_name() -> None:
    projects = Projects([found("uv.lock"), found("sub/uv.lock")], label="shop")
    assert projects.service_of(found("x.json")) == "shop"
    assert projects.service_of(found("sub/x.json")) == "shop/sub"


def test_a_use_is_known_by_service_document_and_path() -> None:
    use = DocumentUse(service=ServiceId("a"), document="ab", path="a/uv.lock", repository="code")
    projects = Projects([found("a/uv.lock")], [use])
    assert projects.is_known("ab", found("a/uv.lock"))
    assert not projects.is_known("cd", found("a/uv.lock"))
    assert not projects.is_known("ab", found("a/other.lock"))
    elsewhere = Projects([found("a/uv.lock", "other")], [use])
    assert not elsewhere.is_known("ab", found("a/uv.lock", "other"))  # an equal file of another folder


def test_a_listing_is_known_wherever_it_lies() -> None:
    use = DocumentUse(service=ServiceId("a"), document="ab", path="a/bom.json")
    projects = Projects([found("a/uv.lock"), found("a/bom.json")], [use])
    assert projects.is_known("ab", found("a/bom.json"))
