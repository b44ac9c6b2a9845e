"""Shipped files are found in a checkout and in an installed wheel, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.model.errors import GraphkitError
from graphkit.resources import resource

ROOT = Path(__file__).resolve().parents[2]


def test_checkout_has_them_beside_the_package() -> None:
    assert resource("queries") == ROOT / "queries"
    assert resource("examples") == ROOT / "examples"


def test_installed_wheel_has_them_inside(tmp_path: Path) -> None:
    package = tmp_path / "graphkit"
    inside = package / "_resources" / "queries" / "duckdb"
    inside.mkdir(parents=True)
    (tmp_path / "queries").mkdir()  # another project's folder in site-packages
    assert resource("queries", "duckdb", package=package) == inside


@pytest.mark.parametrize("asked", [("queries",), ("examples", "none-such")])
def test_what_is_not_there_is_named(tmp_path: Path, asked: tuple[str, ...]) -> None:
    with pytest.raises(GraphkitError, match="does not ship"):
        resource(*asked, package=tmp_path / "graphkit")


@pytest.mark.parametrize(
    "asked",
    [
        (),
        ("",),
        (".",),
        ("..", "pyproject.toml"),
        ("examples", "../pyproject.toml"),
        ("examples", "a\\b"),
        ("C:",),
        ("a\0",),
    ],
)
def test_only_plain_names_are_looked_up(asked: tuple[str, ...]) -> None:
    with pytest.raises(GraphkitError, match="does not name"):
        resource(*asked)


def test_an_overlong_name_is_not_there() -> None:
    with pytest.raises(GraphkitError):
        resource("examples", "x" * 5000)
