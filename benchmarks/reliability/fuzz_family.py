"""One family of `tests/fuzz/families.py` in a process of its own, under libFuzzer; see `benchmarks.reliability.fuzz`.

    python -m benchmarks.reliability.fuzz_family FAMILY FOLDER [option of libFuzzer…]

It writes an input for each new kind of failure into FOLDER, with the traceback beside it, and goes on: an exception is
of a kind with others that were raised at the same line.
"""

from __future__ import annotations

import hashlib
import logging
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Final

import atheris

SECONDS: Final = 3.0
"""Of a processor, in the instrumented program, for an input of at most `benchmarks.reliability.fuzz.LONGEST` bytes."""
MEGABYTES: Final = 128
"""What the largest memory of the process may grow by with one input."""
INSTRUMENTED: Final = ["graphkit", "packaging", "packageurl"]


def check(took: float, grown: int) -> None:
    """Fail where an input took more than it may, of seconds or megabytes."""
    assert took <= SECONDS, f"{took:.1f} s"
    assert grown <= MEGABYTES, f"{grown} MB"


class Said(logging.Handler):
    """Fails where a library logs a warning, which a person would see on stderr as a line of nobody."""

    def emit(self, record: logging.LogRecord) -> None:
        """Fail."""
        raise AssertionError(record.getMessage())


def main() -> None:
    """Fuzz; libFuzzer ends the process."""
    name, folder, *options = sys.argv[1:]
    findings = Path(folder)
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.families import FAMILIES

        family = FAMILIES[name]
        for data in family.seeds():  # loads what is loaded when it is first needed
            family.run(data)
    warnings.simplefilter("error")
    logging.getLogger().addHandler(Said(logging.WARNING))
    known: set[str] = set()

    def one(data: bytes) -> None:
        start, held = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            family.run(data)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held
            check(time.process_time() - start, grown // 1024)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            frame = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
            if kind not in known:
                known.add(kind)
                file = findings / hashlib.sha256(kind.encode()).hexdigest()[:12]
                file.write_bytes(data)
                file.with_suffix(".txt").write_text(f"{kind}\n{traceback.format_exc()}", encoding="utf-8")

    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
