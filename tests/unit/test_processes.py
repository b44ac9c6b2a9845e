"""Work in several processes: the same, in the same order, as in one; and told of."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from graphkit.processes import spread


@pytest.mark.parametrize("count", [0, 1, 100, 5_000])
def test_it_is_what_map_makes(count: int) -> None:
    told: list[tuple[int, int | None]] = []
    base = {"add": 1}
    found = list(spread(lambda done, total, _: told.append((done, total)), lambda one: one + base["add"], range(count)))
    assert found == [one + 1 for one in range(count)]
    assert told == [(done, count) for done in range(64, count + 1, 64)]


def test_an_error_comes_through_and_leaves_nothing_behind() -> None:
    def broken(one: int) -> int:
        if one == 3_000:
            raise ValueError("three thousand")
        return one

    with pytest.raises(ValueError, match="three thousand"):
        list(spread(lambda *_: None, broken, range(5_000)))
    assert multiprocessing.active_children() == []


def test_leaving_early_ends_the_children() -> None:
    work = spread(lambda *_: None, lambda one: one, range(5_000))
    assert next(iter(work)) == 0
    del work
    assert multiprocessing.active_children() == []


_SLOW = """
import sys, time
from graphkit.processes import spread
def work(thing):
    time.sleep(0.005)
    return thing
try:
    for number, _ in enumerate(spread(lambda *_: None, work, range(5_000))):
        if number == 64:
            print("walking", flush=True)
except KeyboardInterrupt:
    sys.exit(4)
"""


def test_an_interruption_at_a_terminal_ends_all_of_them_without_a_word() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"walking\n"
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (4, b"")


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "sys.exit(1)", "os._exit(0)"])
def test_a_process_that_is_ended_from_outside_ends_the_work_with_one_line(end: str) -> None:
    program = f"""
import os, signal, sys
from graphkit.model.errors import GraphkitError
from graphkit.processes import spread
def work(thing):
    if thing == 3_000:
        {end}
    return thing
try:
    list(spread(lambda *_: None, work, range(5_000)))
except GraphkitError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("a process of this command was ended from outside")


def test_memory_that_runs_out_in_a_process_comes_through() -> None:
    def broken(one: int) -> int:
        raise MemoryError

    with pytest.raises(MemoryError):
        list(spread(lambda *_: None, broken, range(5_000)))
