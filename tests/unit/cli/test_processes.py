"""graphkit as a process: interrupted, its output cut off, fed odd names; never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graphkit.cli import _ended_here
from graphkit.model.errors import GraphkitError
from tests.unit.cli.door import PROGRAM, apart, is_one_line, start, without_progress
from tests.unit.cli.inputs import BAD, MADE, NOWHERE, put

MANY = 700
"""Files; more than go to the store at once."""


def test_what_was_read_before_an_interruption_is_kept_and_the_next_run_goes_on(
    tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    for number in range(MANY):
        put(tmp_path / "in" / f"{number:04}.txt", f"{MADE}litellm==1.{number}\n")
    put(tmp_path / "more.txt", BAD)
    os.mkfifo(tmp_path / "pipe")
    words = ("ingest", "lock", "in", "pipe", "more.txt", "--format", "json")
    with start(words, tmp_path, elsewhere) as process:
        end = writing_end(tmp_path / "pipe")  # it has read the folder and waits for what the pipe holds
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            # It came between Python's last look for signals and a read that waits: a person presses again.
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            os.close(end)
    assert (process.returncode, out) == (4, b"")
    assert is_one_line(without_progress(err.decode())), err.decode()
    assert b"interrupted; the graph keeps what was written to it so far, if anything" in err
    again = apart("ingest", "lock", "in", "more.txt", "--format", "json", cwd=tmp_path, env=elsewhere)
    assert (again.code, again.err) == (0, "")
    assert (again.json["read"], again.json["new"], again.json["unchanged"]) == (MANY + 1, 1, MANY)
    rows = apart("who-has", "litellm", "--format", "json", cwd=tmp_path, env=elsewhere).json["matches"]
    assert len(rows) == MANY + 1


def writing_end(pipe: Path) -> int:
    """Return the writing end of a pipe as soon as somebody has opened it to read."""
    patience = time.monotonic() + 30
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert time.monotonic() < patience
            time.sleep(0.01)


def test_an_interruption_inside_a_statement_of_the_database_is_one_too() -> None:
    def verb(problem: str) -> None:
        raise RuntimeError(problem)

    with pytest.raises(GraphkitError, match="interrupted; the graph keeps what was written to it so far, if anything"):
        _ended_here(verb, keeps=True)("Query interrupted")
    with pytest.raises(RuntimeError, match="another"):
        _ended_here(verb, keeps=True)("another")


def test_an_interruption_before_an_answer_says_that_there_is_none() -> None:
    def blast() -> None:
        raise KeyboardInterrupt

    with pytest.raises(GraphkitError, match="interrupted before there was an answer; the graph is as it was"):
        _ended_here(blast, keeps=False)()


_SLOWLY = """
import os, sys, time
from graphkit import processes
from graphkit.trace.verdicts import packages
walked, fewest = packages._walked, int(sys.argv.pop(1))
processes._FEWEST, processes._AT_ONCE = fewest, 1
def slowly(*words):
    found = walked(*words)
    os.write(2, b"w\\n")
    time.sleep(0.2)
    return found
packages._walked = slowly
from graphkit.cli import main
main()
"""


@pytest.mark.parametrize("fewest", [1, 1_000_000])  # in several processes, and in this one
def test_an_interruption_while_packages_are_walked_gives_what_is_known(
    demo: Path, tmp_path: Path, elsewhere: dict[str, str], fewest: int
) -> None:
    shutil.copytree(demo, tmp_path / "g")
    words = ("blast", "litellm-2026-03", "--graph", "g", "--format", "json")
    whole = apart(*words, cwd=tmp_path, env=elsewhere).json
    command = [sys.executable, "-c", _SLOWLY, str(fewest), *words]
    with subprocess.Popen(
        command, cwd=tmp_path, env=elsewhere, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stderr is not None
        for _ in range(6):
            assert process.stderr.readline() == b"w\n"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
        out, err = process.communicate(timeout=60)
    said = [line for line in without_progress(err.decode()).splitlines() if line != "w"]
    assert (process.returncode, said) == (
        4,
        ["graphkit: stopped: the answer is partial; run the same command again for all of it"],
    )
    part = json.loads(out)
    assert part["partial"] is True
    assert "partial" not in whole
    said_of = [[(one["service"], one["verdict"], one["reason"]) for one in each["services"]] for each in (part, whole)]
    assert said_of[0] == said_of[1]
    # Other accounts of the times were not compared, so every clearance rests on the one that answered.
    cleared = [build["clearance"] for one in part["services"] for build in one["builds"] if build["clearance"]]
    assert cleared
    assert all("times" in one["assumes"] for one in cleared)
    assert part["companies"] == whole["companies"]
    assert 0 < len(part["packages"]) < len(whole["packages"])
    assert all(row in whole["packages"] for row in part["packages"])
    assert any(note.startswith("PARTIAL: stopped when ") for note in part["notes"])
    assert part["summary"]["packages"]["nominated"] > whole["summary"]["packages"]["nominated"]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # nobody is left


def test_a_reader_that_goes_away_is_no_traceback_and_no_finding(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    for number in range(400):
        put(tmp_path / "in" / f"{number:04}{'x' * 200}.txt", f"{MADE}litellm==1.5 # {number}\n")
    assert apart("ingest", "lock", "in", cwd=tmp_path, env=elsewhere).code == 0
    for words in (("blast", "litellm==1.5", "--long"), ("who-has", "litellm")):  # each writes more than a pipe holds
        with start(words, tmp_path, elsewhere) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.read(1)
            process.stdout.close()
            err = process.stderr.read()
            assert process.wait(30) == 4
        assert err == b""


def test_names_that_are_no_utf_8_come_through(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    folder = os.fsencode(tmp_path)
    for name, version in ((b"\xff.txt", "1"), (b"a\nb\x1b[31mc.txt", "2")):
        with open(folder + b"/" + name, "w", encoding="utf-8") as file:  # noqa: PTH123 - bytes
            file.write(f"{MADE}litellm=={version}\n")
    read = apart("ingest", "lock", b"\xff.txt", b"a\nb\x1b[31mc.txt", b"\xfe.txt", cwd=tmp_path, env=elsewhere)
    assert (read.code, read.err) == (3, "")
    assert r"  \xfe.txt: no such file or folder" in read.out
    table = apart("who-has", "litellm", cwd=tmp_path, env=elsewhere)
    assert r"\xff.txt" in table.out
    assert r"a\x0ab\x1b[31mc.txt" in table.out
    assert "\x1b" not in table.out
    found = apart("who-has", "litellm", "--format", "json", cwd=tmp_path, env=elsewhere)
    assert [row["service"] for row in found.json["matches"]] == [r"\xff.txt", "a\nb\x1b[31mc.txt"]
    assert "\x1b" not in found.out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_cannot_show_a_name_still_gets_its_answer(
    tmp_path: Path, elsewhere: dict[str, str], encoding: str
) -> None:
    put(tmp_path / "größe-日.txt", BAD)
    env = elsewhere | {"PYTHONIOENCODING": encoding}
    assert apart("ingest", "lock", "größe-日.txt", cwd=tmp_path, env=env).code == 0
    ran = subprocess.run([PROGRAM, "who-has", "litellm"], cwd=tmp_path, env=env, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert rb"\u65e5" in ran.stdout


@pytest.mark.parametrize("option", ["--service", "--company", "--branch"])
def test_a_word_that_is_no_utf_8_is_one_line(tmp_path: Path, elsewhere: dict[str, str], option: str) -> None:
    put(tmp_path / "a.txt", BAD)
    ran = apart("ingest", "lock", "a.txt", option, b"\xff", cwd=tmp_path, env=elsewhere)
    assert (ran.code, ran.out) == (2, "")
    assert is_one_line(ran.err), ran.err


def test_a_pipe_in_place_of_a_file(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    words = [PROGRAM, "ingest", "lock", "/dev/stdin", "--service", "till"]
    ran = subprocess.run(
        words, cwd=tmp_path, env=elsewhere, input=BAD, text=True, capture_output=True, check=False, timeout=30
    )
    assert (ran.returncode, without_progress(ran.stderr)) == (0, "")
    assert ran.stdout.startswith("1 read: 1 new")


def test_an_index_that_is_away_says_one_line_to_a_process(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    ran = apart("ingest", "index", "litellm", "--index-url", NOWHERE, "--quiet", cwd=tmp_path, env=elsewhere)
    assert (ran.code, ran.out) == (4, "")
    assert is_one_line(ran.err), ran.err
