"""What an index says that a release requires: whole, of this release, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphkit.model.index import MetadataSource
from graphkit.model.names import package_name
from graphkit.sources.index.metadata import from_core_metadata, from_release_json

APP = package_name("app")


def told(**info: Any) -> list[str] | None:
    data = json.dumps({"info": {"name": "App", "version": "1.0.0", "requires_dist": ["litellm"]} | info}).encode()
    found = from_release_json(data, APP, "1.0", has_wheel=True)
    return None if found is None else [str(one) for one in found.requirements]


@pytest.mark.parametrize(
    ("info", "requires"),
    [
        ({}, ["litellm"]),
        ({"requires_dist": None}, []),
        ({"requires_dist": []}, []),
        ({"requires_dist": ["litellm", 1]}, None),
        ({"requires_dist": [["litellm"]]}, None),
        ({"requires_dist": "litellm"}, None),
        ({"requires_dist": {}}, None),
        ({"requires_dist": False}, None),
        ({"name": "other"}, None),
        ({"version": "2.0"}, None),
        ({"name": 1}, None),
        ({"version": None}, None),
    ],
)
def test_half_of_a_list_and_another_release_say_nothing(info: dict[str, Any], requires: list[str] | None) -> None:
    assert told(**info) == requires


def test_a_requirement_that_is_no_utf_8_hides_no_other() -> None:
    data = b"Metadata-Version: 2.1\nName: app\nVersion: 1.0\nRequires-Dist: litellm\nRequires-Dist: b\xff\xfe\n\n"
    found = from_core_metadata(data, APP, "1.0", source=MetadataSource.CORE_METADATA, filename="app-1.0.whl")
    assert str(found.requirements[0]) == "litellm"
    assert found.unreadable or any(one.unreadable for one in found.requirements)


def test_what_an_index_says_twice_of_a_release_says_nothing() -> None:
    data = b'{"info": {"name": "app", "version": "1.0", "requires_dist": ["litellm"], "requires_dist": []}}'
    assert from_release_json(data, APP, "1.0", has_wheel=True) is None
