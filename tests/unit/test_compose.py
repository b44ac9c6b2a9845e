"""The compose file is one by its specification, and says what the README shows.

``tests/schemas/compose-spec.json`` is the schema of github.com/compose-spec/compose-spec (Apache-2.0), commit 170098ba.
No Docker engine is asked, so that the image builds is not tested here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.json_schema import json_schema

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


def test_it_is_a_compose_file(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests" / "schemas" / "compose-spec.json").read_text(encoding="utf-8"))
    checked = json_schema().Draft7Validator({**schema, "$schema": "http://json-schema.org/draft-07/schema#"})
    assert list(checked.iter_errors(compose)) == []
    assert list(checked.iter_errors({**compose, "services": {"neo4j": {"imaje": "neo4j"}}}))


def test_graphkit_waits_for_a_healthy_server(compose: dict[str, Any]) -> None:
    neo4j, graphkit = compose["services"]["neo4j"], compose["services"]["graphkit"]
    assert graphkit["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert neo4j["healthcheck"]["test"][0] == "CMD-SHELL"
    assert {volume.partition(":")[0] for volume in neo4j["volumes"]} >= set(compose["volumes"])
    assert all(port.startswith("127.0.0.1:") for port in neo4j["ports"])


def test_the_password_comes_from_the_environment_file(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"(?<!\$)\$\{(\w+)", text))
    given = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert wanted == set(given)
    assert given["NEO4J_PASSWORD"] == ""
    assert "NEO4J_PASSWORD:?" in compose["services"]["graphkit"]["environment"]["NEO4J_PASSWORD"]


def test_the_image_takes_what_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert copied
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in allowed
