"""Files that say which files do not get into an image: `.dockerignore`, one beside a Dockerfile, `.containerignore`."""

from __future__ import annotations

from typing import Final

from graphkit.formats.diagnostics import bounded, quoted
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, Problem
from graphkit.model.input_names import is_docker_ignore
from graphkit.model.path_patterns import parts_of_hidden

_MOST: Final = 1_000
"""Patterns of one file that are kept."""


class DockerIgnore:
    """The reader of files of patterns (moby/patternmatcher, ignorefile); they install nothing themselves."""

    format = ".dockerignore"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether a file of that name has a pattern; an SBOM or a listing of an environment is none."""
        return raw.hint not in {"env", "sbom"} and is_docker_ignore(raw.path) and bool(_patterns(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return the patterns; one that cannot be read counts as if it kept every file out of the image."""
        found = _patterns(raw.data)
        problems: list[Problem] = []
        for number, pattern in found[:_MOST]:
            try:
                parts_of_hidden(pattern.removeprefix("!"))
            except ValueError as error:
                text = f"{quoted(pattern)}: {error}; taken as if it kept every file out"
                problems.append(Problem(place=f"line {number}", text=text))
        hides = [pattern for _, pattern in found[:_MOST]]
        if len(found) > _MOST:
            hides.append("**")
            text = f"more than {_MOST:,} patterns; taken as if the others kept every file out"
            problems.append(Problem(place="the file", text=text))
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.SCRIPT,
            format=self.format,
            basis=Basis.LISTED,
            hides=tuple(hides),
            completeness=Completeness.UNKNOWN,
            dependencies_known=False,
            problems=bounded(problems),
        )


READER: Final = DockerIgnore()


def _patterns(data: bytes) -> list[tuple[int, str]]:
    """Return the patterns with their lines. A comment begins its line; blanks around a pattern do not count."""
    lines = enumerate(data.decode("utf-8", "replace").split("\n"), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip() and not line.startswith("#")]
