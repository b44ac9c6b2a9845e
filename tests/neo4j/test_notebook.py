"""The notebook that asks a server, from a clean kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebooks.test_notebooks import ON_A_SERVER, same_as_kept


def test_the_notebook_of_neo4j_gives_what_is_kept_in_it(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_URI", server)
    same_as_kept(ON_A_SERVER, tmp_path)
