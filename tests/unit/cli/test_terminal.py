"""Answers to a terminal, a file, a pipe or nobody; and how far a long work is."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path

import pytest

from graphkit.cli import terminal
from graphkit.cli.terminal import answer, progress, sheet
from graphkit.model.errors import GraphkitError
from graphkit.temporary import is_special


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "environment", "width", "colour"),
    [
        ("100", {"NO_COLOR": "", "TERM": "xterm"}, 100, True),
        ("100", {"NO_COLOR": "1", "TERM": "xterm"}, 100, False),
        ("100", {"NO_COLOR": "", "TERM": "dumb"}, 100, False),
        ("5", {"NO_COLOR": "1"}, terminal._NARROWEST, False),
        ("9999", {"NO_COLOR": "1"}, terminal._WIDEST, False),
    ],
)
def test_a_terminal_has_columns_and_perhaps_colour(
    columns: str,
    environment: dict[str, str],
    width: int,
    colour: bool,  # noqa: FBT001 - a parameter of a test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", Screen())
    monkeypatch.setenv("COLUMNS", columns)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert sheet(None) == {"width": width, "colour": colour}
    assert sheet(Path("file")) == {"width": terminal._PLAIN_WIDTH, "colour": False}


def test_what_is_no_terminal_has_a_fixed_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", "200")
    assert sheet(None) == {"width": terminal._PLAIN_WIDTH, "colour": False}


def test_a_file_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("old")
    answer("new\nhalf \ud800\n", path)
    assert path.read_bytes() == b"new\nhalf \\ud800\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_was_there_stays_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(place: Path, _: object) -> None:
        place.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "report.txt"
    path.write_text("old")
    monkeypatch.setattr(terminal, "_write", full)
    with pytest.raises(GraphkitError, match=r"report\.txt cannot be written: No space left on device; give another"):
        answer("new", path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", [".", "gone/report.txt"])
def test_a_place_that_takes_no_file_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(GraphkitError, match="cannot be written: "):
        answer("new", tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    answer("text", pipe)
    assert os.read(reading, 10) == b"text"
    os.close(reading)
    assert is_special(pipe)
    assert not is_special(tmp_path / "none")


def test_a_reader_that_went_away_is_no_failure_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(terminal, "_write", gone)
    with pytest.raises(BrokenPipeError):
        answer("text", tmp_path / "report.txt")


def test_lines_of_progress_come_some_seconds_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([100.0, 101.0, 100.0 + terminal._BETWEEN_LINES, 100.5 + terminal._BETWEEN_LINES, 200.0, 300.0])
    monkeypatch.setattr("graphkit.cli.terminal.time.monotonic", lambda: next(clock))
    with progress(quiet=False) as tell:
        assert tell is not None
        tell(1, 1_000, "early")
        tell(2_000, 3_000, "shown\x1b[31m")
        tell(2_001, 3_000, "too soon")
        tell(5_000, None, "again")
        tell(0, None, "another step")
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert "2,000 of 3,000" in told[0]
    assert told[1:] == ["100 s: 5,000, again", "200 s: another step"]
    assert "\x1b" not in told[0]


def test_a_quiet_work_tells_nothing() -> None:
    with progress(quiet=True) as tell:
        assert tell is None


def test_a_bar_on_a_terminal_shows_nothing_that_acts_and_goes_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "dumb")
    with progress(quiet=False) as tell:
        assert tell is not None
        tell(1, 2, "[bold]name\u202e\x07" + "x" * 100)
    assert "\u202e" not in screen.getvalue()
    assert "\x07" not in screen.getvalue()
