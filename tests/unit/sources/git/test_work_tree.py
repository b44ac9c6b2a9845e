"""Which files of a work tree are not as the commit that is checked out has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.model.errors import GraphkitError
from graphkit.sources.git import changed_files
from tests.unit.sources.git.test_history import git

FILES = {"uv.lock": "a\n", "sub/requirements.txt": "-r base.list\n", "sub/base.list": "b\n", "README.md": "c\n"}


@pytest.fixture(params=["sha1", "sha256"])
def tree(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    git(tmp_path, "init", "-q", f"--object-format={request.param}")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def changed(tree: Path) -> list[str]:
    files = sorted(
        str(one.relative_to(tree)) for one in tree.rglob("*") if ".git" not in one.parts and not one.is_dir()
    )
    return list(changed_files(tree, "shop", files))


def test_what_is_as_it_was_is_not_among_them(tree: Path) -> None:
    assert changed(tree) == []


def test_inputs_that_were_changed_added_or_are_ignored(tree: Path) -> None:
    (tree / "uv.lock").write_text("other\n")
    (tree / "poetry.lock").write_text("new\n")
    (tree / ".gitignore").write_text("poetry.lock\n")
    (tree / "README.md").write_text("new\n")
    assert changed(tree) == ["poetry.lock", "uv.lock"]


def test_an_added_input_that_was_not_committed_is_among_them(tree: Path) -> None:
    (tree / "Pipfile.lock").write_text("{}\n")
    git(tree, "add", "Pipfile.lock")
    assert changed(tree) == ["Pipfile.lock"]


def test_ends_of_lines_do_not_count(tree: Path) -> None:
    (tree / "uv.lock").write_bytes(b"a\r\n")
    assert changed(tree) == []


def test_a_list_that_includes_a_changed_file(tree: Path) -> None:
    (tree / "sub" / "constraints.txt").write_text("x\n")
    assert changed(tree) == []
    (tree / "sub" / "base.txt").write_text("y\n")
    (tree / "sub" / "requirements.txt").write_text("-r base.txt\n")
    git(tree, "add", "sub/requirements.txt")
    git(tree, "commit", "-qm", "second")
    assert changed(tree) == ["sub/requirements.txt"]


def test_links_are_compared_by_where_they_lead(tree: Path) -> None:
    (tree / "requirements.txt").symlink_to("sub/requirements.txt")
    git(tree, "add", "requirements.txt")
    git(tree, "commit", "-qm", "a link")
    assert changed(tree) == []
    (tree / "requirements.txt").unlink()
    (tree / "requirements.txt").symlink_to("sub/base.list")
    assert changed(tree) == ["requirements.txt"]


def test_without_a_commit_everything_is(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "uv.lock").write_text("a\n")
    assert changed(tmp_path) == ["uv.lock"]


def test_what_is_no_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GraphkitError):
        list(changed_files(tmp_path / "none", "shop", ["uv.lock"]))


def test_a_link_to_a_changed_file(tree: Path) -> None:
    (tree / "a").mkdir()
    (tree / "a" / "requirements.txt").symlink_to("../sub/base.list")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "second")
    assert changed(tree) == []
    (tree / "sub" / "base.list").write_text("other\n")
    assert changed(tree) == ["a/requirements.txt"]
