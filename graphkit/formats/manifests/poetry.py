"""Poetry's table in pyproject.toml, its constraints turned into PEP 508 requirements where that is straightforward."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.formats.addresses import without_passwords
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.model.names import BadName, ExtraName, PackageName, extra_name, package_name
from graphkit.model.requirements import Requirement

POETRY: Final = "poetry"

_RELEASE: Final = re.compile(r"v?(\d+(?:\.\d+)*)(\S*)")
_CLAUSE: Final = re.compile(r"(\^|~=|~|===|==|=|!=|<=|<|>=|>)?\s*(\S+)")
_DIRECT: Final = ("git", "url", "path", "file")
_LONGEST: Final = 500


def specifier_of(constraint: str) -> str | None:
    """Return Poetry's constraint as a PEP 440 specifier, None where it has none that is equal.

    >>> specifier_of("^1.2.3"), specifier_of("~1.2"), specifier_of("1.2.3"), specifier_of("*")
    ('<2,>=1.2.3', '<1.3,>=1.2', '==1.2.3', '')
    >>> specifier_of(">=1 || <0.5") is None
    True
    """
    text = constraint.strip()
    if "|" in text or len(text) > _LONGEST:
        return None
    clauses: list[str] = []
    for part in re.split(r"\s*,\s*|(?<=[^\s<>=!~^,])\s+(?=[\^~<>=!])", text):
        read = _CLAUSE.fullmatch(part.strip())
        if not read:
            return None
        clause = _clause(read[1] or "", read[2])
        if clause is None:
            return None
        clauses += [clause] if clause else []
    try:
        return str(SpecifierSet(",".join(clauses)))
    except InvalidSpecifier:
        return None


def _clause(operator: str, version: str) -> str | None:
    """Return one clause: caret keeps the first number that is not zero, tilde the minor one (Poetry's manual)."""
    if version == "*" and operator in {"", "=", "=="}:
        return ""
    if operator not in {"^", "~"}:
        plain = {"": "==", "=": "=="}.get(operator, operator)
        return f"{plain}{version.replace('.x', '.*') if plain in {'==', '!='} else version}"
    read = _RELEASE.fullmatch(version)
    if not read or "*" in version:
        return None
    numbers = read[1].split(".")
    if operator == "~":
        keep = 1 if len(numbers) == 1 else 2
    else:
        keep = next((i for i, number in enumerate(numbers, start=1) if int(number)), len(numbers))
    above = [*numbers[: keep - 1], str(int(numbers[keep - 1]) + 1)]
    return f">={version},<{'.'.join(above)}"


class PoetryTable:
    """``[tool.poetry]``, read on demand."""

    def __init__(self, table: dict[str, Any], diagnostics: Diagnostics) -> None:
        self.table = table
        self._diagnostics = diagnostics
        self.name = diagnostics.text(table.get("name"), "tool.poetry.name")
        self.dependencies = diagnostics.table(table.get("dependencies"), "tool.poetry.dependencies")
        self.extras: set[ExtraName] = set()
        self.python = ""
        if isinstance(raw := self.dependencies.get("python"), str):
            found = specifier_of(raw)
            self.python = raw if found is None else found

    def requirements(self) -> list[Requirement]:
        """Return the main requirements."""
        asked_by: dict[PackageName, list[ExtraName]] = {}
        for extra, names in self._diagnostics.table(self.table.get("extras"), "tool.poetry.extras").items():
            self.extras.add(extra_name(extra))
            for name in self._diagnostics.array(names, f"tool.poetry.extras.{extra}"):
                if package := self._package(
                    self._diagnostics.text(name, f"tool.poetry.extras.{extra}"), "tool.poetry.extras"
                ):
                    asked_by.setdefault(package, []).append(extra_name(extra))
        found: list[Requirement] = []
        for raw, value in self.dependencies.items():
            if raw.lower() != "python":
                found += self._entry(raw, value, asked_by, "tool.poetry.dependencies")
        return found

    def groups(self) -> Iterator[tuple[str, Requirement]]:
        """Yield what dependency groups ask for, with their names; before Poetry 1.2 there was one, for development."""
        places = {"dev": [("tool.poetry.dev-dependencies", self.table.get("dev-dependencies"))]}
        for group, value in self._diagnostics.table(self.table.get("group"), "tool.poetry.group").items():
            where = f"tool.poetry.group.{group}"
            dependencies = self._diagnostics.table(value, where).get("dependencies")
            places.setdefault(group, []).append((f"{where}.dependencies", dependencies))
        for group, tables in places.items():
            for place, table in tables:
                for raw, value in self._diagnostics.table(table, place).items():
                    if raw.lower() != "python":
                        yield from ((group, one) for one in self._entry(raw, value, {}, place))

    def _entry(
        self, raw: str, value: Any, asked_by: Mapping[PackageName, list[ExtraName]], table: str
    ) -> list[Requirement]:
        """Return one package of a table, which may be asked for in several ways."""
        place = f"{table}.{raw}"
        if (package := self._package(raw, place)) is None:
            return []
        found: list[Requirement] = []
        for number, one in enumerate(value if isinstance(value, list) else [value]):
            where = f"{place}[{number}]" if isinstance(value, list) else place
            found += self._requirements_of(package, one, asked_by.get(package, []), where)
        return found

    def _package(self, raw: str, place: str) -> PackageName | None:
        try:
            return package_name(raw)
        except BadName as error:
            self._diagnostics.add(place, str(error), lost=True)
            return None

    def _requirements_of(
        self, package: PackageName, value: Any, asked_by: list[ExtraName], place: str
    ) -> list[Requirement]:
        """Return one entry: once where it is always needed, else once for each extra that asks for it."""
        table = {"version": value} if isinstance(value, str) else self._diagnostics.table(value, place)
        if not table:
            self._diagnostics.add(place, f"{quoted(value)} is not a valid requirement; every version is allowed")
        is_optional = table.get("optional") is True
        if is_optional and not asked_by:
            self._diagnostics.add(place, "is optional, and no extra asks for it: never installed")
            return []
        url = next((f"{key}+{without_passwords(table[key])}" for key in _DIRECT if isinstance(table.get(key), str)), "")
        raw = without_passwords(self._diagnostics.text(table.get("version"), f"{place}.version"))
        specifier = specifier_of(raw) if raw and not url else ""
        extras = tuple(
            sorted(
                {
                    extra_name(self._diagnostics.text(one, f"{place}.extras"))
                    for one in self._diagnostics.array(table.get("extras"), f"{place}.extras")
                }
            )
        )
        marker = self._marker(table, place)
        markers = [_normal(marker, extra) for extra in (asked_by if is_optional else [""])]
        if specifier is None or any(one is None for one in markers):
            self._diagnostics.add(place, f"{quoted(raw or marker)} is not read as PEP 508; every version is allowed")
            return [Requirement(package=package, extras=extras, unreadable=f"{package} {raw}".strip())]
        return [
            Requirement(package=package, extras=extras, specifier=specifier, marker=one or "", url=url)
            for one in markers
        ]

    def _marker(self, table: dict[str, Any], place: str) -> str:
        """Return the marker of an entry: its own, and those that its ``python`` and ``platform`` stand for."""
        parts = [self._diagnostics.text(table.get("markers"), f"{place}.markers")]
        if python := self._diagnostics.text(table.get("python"), f"{place}.python"):
            specifier = specifier_of(python)
            if specifier is None:
                self._diagnostics.add(
                    f"{place}.python", f"{quoted(python)} cannot be read; it is needed on every Python"
                )
            clauses = sorted(SpecifierSet(specifier or ""), key=str)
            parts += [f'python_full_version {one.operator} "{one.version}"' for one in clauses]
        if platform := self._diagnostics.text(table.get("platform"), f"{place}.platform"):
            parts.append(f'sys_platform == "{platform}"')
        return " and ".join(f"({part})" for part in parts if part.strip())


def _normal(marker: str, extra: str) -> str | None:
    """Return a marker in its normal text, under an extra where one is named; None where it cannot be read."""
    text = " and ".join(part for part in (marker, f'extra == "{extra}"' if extra else "") if part)
    try:
        return str(Marker(text)) if text else ""
    except (InvalidMarker, RecursionError):
        return None
