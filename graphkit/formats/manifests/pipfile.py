"""Pipfile as a manifest: what Pipenv installs, and makes Pipfile.lock from."""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec.structs import replace

from graphkit.formats.decoding import is_json, toml
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.rows import index_address
from graphkit.formats.manifests.pyproject_groups import marker_of_group
from graphkit.formats.manifests.pyproject_tools import table_requirement
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.requirements import Requirement

_FILE: Final = re.compile(r"(?:^|[/\\])Pipfile(?:\.[^/\\]+)?$")
_TABLE: Final = re.compile(rb"^[ \t]*\[{1,2}[ \t]*(?:packages|dev-packages|source)[ \t]*[\].]", re.MULTILINE)
_OTHERS: Final = frozenset({"source", "requires", "scripts", "pipenv", "packages"})
_PYTHON: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}")


class Pipfile:
    """The reader of Pipfile."""

    format = "Pipfile"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether TOML of that name has a table of Pipenv's; other TOML has tables of these names too."""
        return bool(_FILE.search(raw.path)) and not is_json(raw.data) and bool(_TABLE.search(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return what is asked for as a manifest; categories but ``packages`` are groups, taken on request.

        Complete unless something was lost.
        """
        read = toml(raw.data)
        diagnostics = Diagnostics()
        asked: dict[Requirement, None] = {}
        for section in read:
            if section in _OTHERS - {"packages"}:
                continue
            for name, value in diagnostics.table(read[section], section).items():
                if one := table_requirement(name, value, f"{section}.{name}", diagnostics):
                    asked[_in_group(one, section, diagnostics)] = None
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.MANIFEST,
            format="Pipfile",
            basis=Basis.LISTED,
            requirements=tuple(asked),
            requires_python=_python_of(diagnostics.table(read.get("requires"), "requires"), diagnostics),
            indexes=tuple(dict.fromkeys(_indexes(read.get("source"), diagnostics))),
            completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.COMPLETE,
            dependencies_known=False,
            problems=diagnostics.as_tuple(),
        )


READER: Final = Pipfile()


def _in_group(one: Requirement, section: str, diagnostics: Diagnostics) -> Requirement:
    if section == "packages" or one.unreadable:
        return one
    try:
        return replace(one, marker=marker_of_group("dev" if section == "dev-packages" else section, one.marker))
    except ValueError as error:
        diagnostics.add(section, str(error))
        return replace(one, specifier="", marker="", url="", unreadable=f"{one} (group {section})"[:500])


def _indexes(value: Any, diagnostics: Diagnostics) -> list[str]:
    found = []
    for at, one in enumerate(diagnostics.array(value, "source")):
        if url := diagnostics.text(diagnostics.table(one, f"source[{at}]").get("url"), f"source[{at}].url"):
            found.append(index_address(url))
    return found


def _python_of(requires: dict[str, Any], diagnostics: Diagnostics) -> str:
    for key, tail in (("python_full_version", ""), ("python_version", ".*")):
        text = diagnostics.text(requires.get(key), f"requires.{key}")
        if _PYTHON.fullmatch(text):
            return f"=={text}{tail}"
    return ""
