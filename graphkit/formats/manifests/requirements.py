"""Requirements files: a lock where a tool resolved them or all is hashed; told so an environment; else a manifest."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from msgspec.structs import replace

from graphkit.formats.conda.explicit import is_explicit
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.interface import RawDocument
from graphkit.formats.manifests.local_projects import local_project
from graphkit.formats.manifests.requirements_files import Included
from graphkit.formats.manifests.requirements_lines import logical_lines
from graphkit.formats.manifests.requirements_rows import RequirementRows
from graphkit.formats.manifests.uv_settings import UvSettings, settings_for
from graphkit.model.documents import REQUIREMENTS_FILE, Basis, Document, DocumentKind, InstallCommand

_FILE: Final = re.compile(
    r"(?:^|[/\\])[^/\\]*(?:requirements|constraints|freeze)[^/\\]*\.(?:txt|in|pip|lock)$", re.IGNORECASE
)
_FOLDER: Final = re.compile(r"(?:^|[/\\])requirements[/\\][^/\\]+\.(?:txt|in|pip)$", re.IGNORECASE)
_SCRIPT: Final = re.compile(
    r"\.(?:sh|bash|zsh|bat|cmd|ps1|py|ipynb|ya?ml|toml|ini|cfg|mk)$|(?:docker|container|make|jenkins|just)file[^/\\]*$",
    re.IGNORECASE,
)
"""Names of files with commands, which may have many lines of one word."""
_TABLE: Final = re.compile(r"\s*(?:\[|\{(?![%{#])|<(?!<<<<<<)|---)")
"""How other formats begin; templates and the marks of a merge that failed begin like some of them."""
_NAMED_RELEASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*[ \t]+\(?v?\d+\.[\w.+!]*\)?")
"""A row of `pip list`, or a requirement without its operator: it cannot be read, and is no prose."""
_CLAIMED: Final = 256 * 1024
_LOOKED_AT: Final = 400


class Requirements:
    """The reader of requirements files."""

    format = "requirements file"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether lines are pip's. Cost: one pattern for each of the first 400.

        By content alone every line must be one of pip's, and at least half must say more than a name:
        lists of words are no requirements. Being told that it is a lock or an environment lets an odd line
        pass in four; under the name of a requirements file any may be odd where one asks for a release,
        and as many as there are names or addresses.
        """
        head = raw.data[:_CLAIMED]
        text = (head if len(raw.data) <= _CLAIMED else head.rpartition(b"\n")[0]).decode("utf-8", "replace")
        if _TABLE.match(text) or is_explicit(raw.data):
            return False
        is_called = bool(_FILE.search(raw.path) or _FOLDER.search(raw.path))
        named = is_called or (raw.hint in {"lock", "env"} and not _SCRIPT.search(raw.path))
        strong = weak = odd = asked = 0
        for line in islice(logical_lines(text), _LOOKED_AT):
            strong += line.kind in {"requirement", "url", "option"}
            weak += line.kind in {"bare", "path", "leftover"}
            odd += line.kind == "odd"
            asked += line.kind == "requirement" or bool(_NAMED_RELEASE.fullmatch(line.text))
            if odd and not named:
                return False
        if not strong + weak:
            return (not odd or bool(asked)) and bool(_FILE.search(raw.path))
        if is_called and (asked or odd <= strong + weak):
            return True
        return odd * 4 <= strong + weak if named else strong >= weak

    def parse(self, raw: RawDocument) -> Document:
        """Return a requirements file as a document.

        A lock is what a tool that resolves wrote, by its header, and what has a hash on every line, which pip
        takes only whole; with ``hint`` `env` every list of pins (one ``==`` or ``===`` without a wildcard, a hash,
        or a URL) is an environment. Any other list is a manifest, its pins and all: it may leave out what they need.

        Files beside it that it includes are read; their places read ``base.txt line 3``. What `-c` names constrains a
        manifest; a lock needs no constraints. What a `uv.toml` beside says counts, since uv may be what installs it,
        except for what is installed already.
        """
        diagnostics = Diagnostics()
        settings = settings_for(raw.path, raw.beside, diagnostics) if raw.hint != "env" else UvSettings()
        rows = RequirementRows(diagnostics, settings)
        files = Included(raw.data, raw.beside, diagnostics)
        for line, place, constrains in files.lines():
            if constrains:
                rows.constrain(line, place)
            else:
                rows.take(line, place)
        document = Document(
            sha256=files.digest(dict(settings.files)),
            path=raw.path,
            kind=DocumentKind.MANIFEST,
            format=REQUIREMENTS_FILE,
            basis=Basis.LISTED,
        )
        rows.leave()
        if raw.hint == "env" and rows.items and rows.are_pinned():
            return rows.listed(document, is_environment=True)
        if rows.are_locked():
            return rows.listed(document, is_environment=False)
        return _manifest(raw, document, settings) or rows.as_manifest(document)


def _manifest(raw: RawDocument, document: Document, settings: UvSettings) -> Document | None:
    """Return a manifest that installs projects by their folders, as its commands; None for one that installs none.

    What a tool compiles is not installed itself. Paths are from the folder that pip runs in: that of the file, or the
    top of what was given.
    """
    path = PurePosixPath(raw.path.replace("\\", "/"))
    if path.suffix == ".in" or path.is_absolute() or ".." in path.parts:
        return None
    folders = tuple(dict.fromkeys(("", "/".join([".."] * len(path.parent.parts)))))
    diagnostics = Diagnostics()
    rows = RequirementRows(diagnostics, settings)
    projects: list[InstallCommand] = []
    for line, place, constrains in Included(raw.data, raw.beside, diagnostics).lines():
        if constrains:
            rows.constrain(line, place)
        elif project := local_project(line, place, folders):
            projects.append(project)
        else:
            rows.take(line, place)
    rows.leave()
    found = rows.as_manifest(document) if projects else None
    return found and replace(found, commands=tuple(dict.fromkeys(projects)))


READER: Final = Requirements()
