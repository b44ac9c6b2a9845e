"""How runs end, without a process for each: the code, and the one line, of whatever ends a verb."""

from __future__ import annotations

import io
import sys

import pytest
import typer

from graphkit import cli
from graphkit.cli import failures
from graphkit.cli.failures import BUG, FAILED, say, unexpected
from graphkit.model.errors import GraphkitError, UsageError
from tests.unit.cli.door import is_one_line


class UnsayableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), FAILED, "not enough memory"),
        (type("OutOfMemoryException", (Exception,), {})(), FAILED, "not enough memory"),
        (KeyError("x"), BUG, "KeyError: 'x' at no line of graphkit"),
        (UnsayableError(), BUG, "UnsayableError at no line of graphkit"),
        (ValueError("\ud800\x1b" + "x" * 500), BUG, "\\ud800\\x1bxxx"),
    ],
)
def test_an_unexpected_end_is_one_line(
    error: Exception, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unexpected(error) == code
    err = capsys.readouterr().err
    assert is_one_line(err)
    assert words in err


def test_a_traceback_is_shown_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(failures.TRACEBACK, "1")
    with pytest.raises(TypeError) as caught:
        cli._of_typer([])  # a list is in no set
    assert unexpected(caught.value) == BUG
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert " at graphkit/cli/__init__.py:" in err


@pytest.mark.parametrize("stream", [None, io.TextIOWrapper(io.BytesIO(), encoding="utf-8")])
def test_where_nobody_reads_the_code_says_enough(
    stream: io.TextIOWrapper | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if stream is not None:
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv(failures.TRACEBACK, "1")
    say("told to nobody")
    assert unexpected(KeyError("x")) == BUG


@pytest.mark.parametrize(
    ("raised", "ended", "line"),
    [
        (KeyboardInterrupt(), FAILED, "graphkit: interrupted before there was an answer"),
        (RuntimeError("Query interrupted"), FAILED, "graphkit: interrupted before there was an answer"),
        (RuntimeError("other"), BUG, "graphkit: this is a bug"),
        (EOFError(), BUG, "graphkit: this is a bug"),
        (typer.Exit(3), 3, ""),
        (BrokenPipeError(), FAILED, ""),
        (UsageError("no such thing"), 2, "graphkit: no such thing"),
        (GraphkitError("locked"), FAILED, "graphkit: locked"),
        (OSError(28, "No space left on device", "g/x"), FAILED, "graphkit: g/x: No space left on device"),
        (OSError("odd"), FAILED, "graphkit: input or output: odd"),
        (SystemExit(0), 0, ""),
        (SystemExit(2), 2, ""),
        (SystemExit(1), FAILED, ""),
        (SystemExit(130), FAILED, "graphkit: interrupted"),
    ],
    ids=repr,
)
def test_whatever_ends_a_verb_has_its_code_and_line(
    raised: BaseException,
    ended: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def verb() -> None:
        raise raised

    wrapped = cli._ended_here(verb, keeps=False)
    monkeypatch.setattr(cli, "application", lambda: lambda **_: wrapped())
    monkeypatch.setattr(cli, "_drop_output", lambda: None)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == ended
    err = capsys.readouterr().err
    assert err.startswith(line)
    assert err.count("\n") == bool(line)


def test_a_verb_that_keeps_what_it_read_says_so_when_it_is_interrupted() -> None:
    def verb() -> None:
        raise KeyboardInterrupt

    with pytest.raises(GraphkitError) as kept:
        cli._ended_here(verb, keeps=True)()
    with pytest.raises(GraphkitError) as lost:
        cli._ended_here(verb, keeps=False)()
    assert str(kept.value) != str(lost.value)


class Full(io.StringIO):
    """A stream whose flush fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def flush(self) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BrokenPipeError(), FAILED, ""),
        (OSError(28, "No space left on device"), FAILED, "graphkit: the output cannot be written: No space left"),
        (ValueError("I/O operation on closed file"), FAILED, "graphkit: the output cannot be written: I/O operation"),
    ],
)
def test_output_that_cannot_be_written_is_a_failure(
    error: Exception, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full(error))
    assert cli._flushed(0) == code
    assert capsys.readouterr().err.startswith(line)
    monkeypatch.setattr(sys, "stdout", None)
    assert cli._flushed(3) == 3


@pytest.mark.parametrize(
    ("ends", "code"), [(SystemExit(3), 3), (SystemExit(), 0), (SystemExit("text"), 4), (KeyboardInterrupt(), 4)]
)
def test_a_process_ends_with_the_code_of_its_run(
    ends: BaseException, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def main() -> None:
        raise ends

    ended: list[int] = []
    monkeypatch.setattr(cli, "main", main)
    monkeypatch.setattr("graphkit.cli.os._exit", ended.append)
    cli.program()
    assert ended == [code]
