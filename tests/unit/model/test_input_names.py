"""What locks and manifests are called."""

from __future__ import annotations

import pytest

from graphkit.model.input_names import INSTALLED_FROM, LOCKS, any_of, is_lock, is_manifest

NAMES = {
    "uv.lock": "lock",
    "web/api/Poetry.lock": "lock",
    "pylock.toml": "lock",
    "pylock.dev.toml": "lock",
    "linux.conda-lock.yml": "lock",
    "pyproject.toml": "manifest",
    "Pipfile": "manifest",
    "dev-requirements.txt": "manifest",
    "REQUIREMENTS_dev.IN": "manifest",
    "requirements/base.txt": "manifest",
    "web/requirements/a/b.pip": "manifest",
    "conda-linux-64.lock": "manifest",
    "environment.prod.yaml": "manifest",
    "requirements\n.txt": "manifest",
    "uvXlock": "",  # a dot is a dot
    "uv.lock.bak": "",
    "my-uv.lock": "",
    "uv.lock/readme": "",
    "pylockdev.toml": "",
    "requirements/readme.md": "",
    "myrequirements/base.txt": "",
    "notes.txt": "",
    "": "",
}


@pytest.mark.parametrize(("path", "kind"), NAMES.items())
def test_an_input_is_known_by_its_name(path: str, kind: str) -> None:
    assert [name for name, holds in (("lock", is_lock(path)), ("manifest", is_manifest(path))) if holds] == kind.split()


def test_the_name_that_tools_write_is_a_lock_of_one_format() -> None:
    for one in LOCKS:
        fitting = [other.format for other in LOCKS if any_of(other.patterns).fullmatch(one.patterns[0].lower())]
        assert fitting == [one.format]


def test_install_commands_install_from_locks_alone() -> None:
    assert all(map(is_lock, INSTALLED_FROM))
    assert "pixi.lock" not in INSTALLED_FROM
