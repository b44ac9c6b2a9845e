"""Runs a notebook from a clean kernel, and says what of its outputs is kept: the same on every run and machine.

``python -m tests.notebooks.executed NAME…`` writes outputs anew into the notebooks named; read the difference
before you keep it. One that asks Neo4j needs NEO4J_URI and NEO4J_PASSWORD.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

NOTEBOOKS: Final = Path(__file__).resolve().parents[2] / "notebooks"
_SECONDS: Final = 300
_VERSION: Final = re.compile(r"Matplotlib v[0-9.]+")
_STYLE: Final = re.compile(r"\s*<style scoped>.*?</style>", re.DOTALL)


def executed(name: str, folder: Path) -> Any:
    """Return a notebook after all its cells ran, in a folder of its own, its outputs as they are kept.

    Raises:
        CellExecutionError: a cell failed.
    """
    import nbformat  # takes seconds, of which every collection of tests would spend as many
    from nbclient import NotebookClient

    notebook = kept(name)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=_SECONDS, kernel_name="python3", resources=resources).execute()
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})  # type: ignore[no-untyped-call]
        if cell.cell_type == "code":
            cell.outputs = [_kept(output) for output in cell.outputs if not _is_empty(output)]
    notebook.metadata.language_info = nbformat.from_dict({"name": "python"})  # type: ignore[no-untyped-call]
    return notebook


def _is_empty(output: Any) -> bool:
    """Return whether an output is what a bar of progress leaves, which shows on a slow machine alone."""
    return bool(output.output_type == "display_data" and output.data.get("text/html") == "")


def _kept(output: Any) -> Any:
    """Return an output without what changes by itself: addresses of objects, and styles that front ends have."""
    for kind, text in output.get("data", {}).items():
        if isinstance(text, str):
            output.data[kind] = _STYLE.sub("", text)
    plain = output.get("data", {}).get("text/plain", "")
    if " at 0x" in plain:
        output.data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", plain)
    if "image/svg+xml" in output.get("data", {}):  # Matplotlib's own version stands in its comment
        output.data["image/svg+xml"] = _VERSION.sub("Matplotlib", output.data["image/svg+xml"])
    return output


def kept(name: str) -> Any:
    """Return a notebook with the outputs that are kept in it."""
    import nbformat

    return nbformat.read(NOTEBOOKS / name, as_version=4)  # type: ignore[no-untyped-call]


def text_of(notebook: Any) -> str:
    """Return a notebook as its file has it."""
    import nbformat

    return f"{nbformat.writes(notebook, version=4).rstrip()}\n"  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    os.environ["PYTHONHASHSEED"] = "0"
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as made:
            notebook = executed(name, Path(made))
        (NOTEBOOKS / name).write_text(text_of(notebook), encoding="utf-8")
