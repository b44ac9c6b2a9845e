"""Lines of requirements files that install a project by its folder: its manifest is an input of its own."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from graphkit.formats.manifests.requirements_lines import Line
from graphkit.formats.scripts.arguments import found_in
from graphkit.formats.scripts.findings import moved, pip_words
from graphkit.model.documents import InstallCommand


def local_project(line: Line, place: str, folders: Sequence[str]) -> InstallCommand | None:
    """Return that pip installs a project by its folder (``-e .``), whose manifest is an input; None for other lines.

    One that says which package it is (``#egg=``) is a requirement for that. ``folders``: those that the path may be
    from, as paths from the folder of the file.
    """
    is_project = line.kind == "path" or (line.kind == "option" and line.option == "--editable")
    if not is_project or "#" in line.text:
        return None
    text = f"-e {line.text}" if line.kind == "option" else line.text
    found = next((found for found, _ in found_in(pip_words(text))), None)
    if found is None or found.requirements or not found.inputs:
        return None

    def places(name: str) -> tuple[str, ...]:
        if posixpath.isabs(name) or name.startswith("~"):
            return ()
        return tuple(dict.fromkeys(posixpath.normpath(posixpath.join(folder, name)) for folder in folders))

    moved(found, places)
    return found.as_command(place, text) if not found.unreadable else None
