"""A history that ships as a stream: the same commits everywhere, and nothing of the user's git has a say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from graphkit.ingest.history_stream import unpacked_history
from graphkit.model.errors import GraphkitError

STREAM = b"""feature done
commit refs/heads/main
mark :1
author a <a@files.example> 1774000000 +0000
committer a <a@files.example> 1774000000 +0000
data 4
one
M 100644 inline requirements.txt
data 14
litellm==1.0.0

done
"""
COMMIT = "refs/heads/main 2026-03-20T09:46:40+00:00"


def heads(repository: Path) -> str:
    words = ["git", "for-each-ref", "--format=%(refname) %(committerdate:iso-strict)"]
    return subprocess.run(words, cwd=repository, capture_output=True, text=True, check=True).stdout.strip()


def stream(folder: Path, data: bytes = STREAM) -> Path:
    (folder / "history.fast-import").write_bytes(data)
    return folder / "history.fast-import"


def test_a_stream_becomes_a_repository_of_that_name_for_a_while(tmp_path: Path) -> None:
    with unpacked_history(stream(tmp_path), "acme") as repository:
        assert repository.name == "acme.git"
        assert heads(repository) == COMMIT
        assert (repository / "HEAD").read_text(encoding="ascii") == "ref: refs/heads/main\n"
        assert not (repository / "hooks").exists()
    assert not repository.parent.exists()


def test_settings_of_the_user_have_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    (template / "hooks" / "reference-transaction").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    (template / "hooks" / "reference-transaction").chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[init]\n\ttemplateDir = {template}\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(template))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    with unpacked_history(stream(tmp_path), "acme") as repository:
        assert not (repository / "hooks").exists()
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mark", [b"feature export-marks=marks", b"option git export-marks=marks"])
def test_a_stream_writes_nowhere_else(mark: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = stream(tmp_path, STREAM.replace(b"feature done", mark + b"\nfeature done"))
    with pytest.raises(GraphkitError, match="acme: git cannot"), unpacked_history(given, "acme"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["history.fast-import"]


def test_a_stream_that_was_cut_off_is_no_shorter_history(tmp_path: Path) -> None:
    given = stream(tmp_path, STREAM.removesuffix(b"done\n"))
    with pytest.raises(GraphkitError, match="acme: git cannot"), unpacked_history(given, "acme"):
        pass


def test_a_stream_that_is_missing_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.fast-import"
    with pytest.raises(GraphkitError, match=r"^none\.fast-import cannot be read"), unpacked_history(missing, "acme"):
        pass


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = stream(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(GraphkitError, match="git is not installed"), unpacked_history(given, "acme"):
        pass
