"""The environment an install runs in, and what it makes of markers, Requires-Python and wheel tags.

Sources: PEP 508 (markers), PEP 345 (Requires-Python), PEP 425 (tags).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, cached_property, lru_cache
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.ranges import VersionRange
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import InvalidTag, Tag, compatible_tags, cpython_tags, parse_tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from graphkit.model.building import BUILD_EXTRA, is_of_build

_EXTRA = re.compile(r"extra\s*(?:==|!=|in)\s*[\"']([^\"']*)[\"']|[\"']([^\"']*)[\"']\s*(?:==|!=|in)\s*extra\b")
_EXTRA_ALONE = re.compile(r"extra == [\"']([^\"']+)[\"']")
_UNDECIDABLE = re.compile(r"\bplatform_(?:release|version)\b")
_ABOUT_KERNEL = re.compile(
    r"""\bplatform_(?:release|version)\s*(?:[=<>!~]+|(?:not\s+)?in\b)\s*(?:"[^"]*"|'[^']*')"""
    r"""|(?:"[^"]*"|'[^']*')\s*(?:[=<>!~]+|\b(?:not\s+)?in\b)\s*platform_(?:release|version)\b"""
)
_ALWAYS, _NEVER = 'python_version > "0"', 'python_version < "0"'
_SYSTEMS = {
    "linux": ("posix", "linux", "Linux"),
    "musllinux": ("posix", "linux", "Linux"),
    "macos": ("posix", "darwin", "Darwin"),
    "windows": ("nt", "win32", "Windows"),
}
_DASHES_IN_TAGS = 2
_NEWEST_GLIBC = 39
_NEWEST_MUSL = 2
_MACOS = range(14, 10, -1)


Profile = Literal["uv", "pip"]
"""Whose rules a choice follows: for pre-releases, yanked releases and Requires-Python.

Contract: docs/semantics.md#installers.
"""


class Environment(Struct, frozen=True, kw_only=True):
    """Where an install happens. The default is fixed, never the machine that asks (docs/semantics.md#environments).

    ``platform`` is one of `linux` (manylinux, glibc), `musllinux`, `macos`, `windows`; ``machine`` as in
    ``platform_machine``.
    """

    python: str = "3.12"
    platform: str = "linux"
    machine: str = "x86_64"
    implementation: str = "cpython"


def extras_of(marker: str) -> tuple[str, ...]:
    """Return the extras that a marker text compares with, normalised (PEP 685), sorted; of a build requirement none."""
    if "extra" not in marker or is_of_build(marker):
        return ()
    return tuple(sorted({canonicalize_name(left or right) for left, right in _EXTRA.findall(marker)}))


def extra_alone(marker: str) -> str:
    """Return the extra, normalised, of a marker that says nothing else, as most do; else an empty text.

    >>> extra_alone('extra == "Fast_Mode"'), extra_alone('extra == "x" and os_name == "nt"')
    ('fast-mode', '')
    """
    found = None if is_of_build(marker) else _EXTRA_ALONE.fullmatch(marker)
    return canonicalize_name(found[1]) if found else ""


class MarkerEvaluator:
    """An environment's verdict on markers, Requires-Python texts and file names, each asked once.

    Python's patch level and the kernel are not part of an `Environment`: the patch level is taken as
    zero, as uv does, and what a marker says of kernel release or version is undecidable, unless the rest of the
    marker decides it. ``resolver``: whose reading of Requires-Python holds; None reads it as it is written (PEP 345),
    as pip does.
    """

    def __init__(self, environment: Environment, resolver: Profile | None = None) -> None:
        python = environment.python
        self.environment = environment
        self._full = python if python.count(".") > 1 else f"{python}.0"
        self._fits = _python_reaches if resolver == "uv" else _python_fits
        self._tags: frozenset[Tag] | None = None
        self._markers: dict[str, Marker] = {}
        self._truths: dict[tuple[str, str], bool | None] = {}
        self._fitting: dict[str, bool] = {}
        self._installable: dict[str, bool] = {}

    @cached_property
    def _variables(self) -> dict[str, str]:
        """Made when a marker asks: of the hundreds of environments of a service few are asked."""
        environment = self.environment
        os_name, sys_platform, system = _SYSTEMS.get(environment.platform, ("", environment.platform, ""))
        return {
            "os_name": os_name,
            "sys_platform": sys_platform,
            "platform_system": system,
            "platform_machine": environment.machine,
            "platform_python_implementation": "PyPy" if environment.implementation == "pypy" else "CPython",
            "implementation_name": environment.implementation,
            "implementation_version": self._full,
            "python_version": self._minor,
            "python_full_version": self._full,
            "platform_release": "",
            "platform_version": "",
        }

    @property
    def _minor(self) -> str:
        return ".".join(self._full.split(".")[:2])

    @property
    def variables(self) -> dict[str, str]:
        """The marker variables (PEP 508), without those that differ from machine to machine."""
        return {name: value for name, value in self._variables.items() if value}

    def truth(self, marker: str, extra: str = "") -> bool | None:
        """Return whether a marker holds under an extra (empty: none); None where it cannot be decided.

        That of a build requirement holds under `graphkit.model.building.BUILD_EXTRA` alone.
        """
        key = (marker, extra)
        if key not in self._truths:
            self._truths[key] = self._evaluate(marker, extra)
        return self._truths[key]

    def _evaluate(self, marker: str, extra: str) -> bool | None:
        if not marker:
            return True
        if extra != BUILD_EXTRA and is_of_build(marker):
            return False
        if extra and "extra" not in marker:
            return self.truth(marker)
        if alone := extra_alone(marker):
            return alone == canonicalize_name(extra)
        if _UNDECIDABLE.search(marker):
            # Markers have no "not": if it is the same with all of these clauses true as with all false, it is decided.
            bounds = [_ABOUT_KERNEL.sub(clause, marker) for clause in (_ALWAYS, _NEVER)]
            if any(_UNDECIDABLE.search(bound) for bound in bounds):
                return None
            most, least = (self.truth(bound, extra) for bound in bounds)
            return most if most is least else None
        try:
            if marker not in self._markers:
                self._markers[marker] = Marker(marker)
            return self._markers[marker].evaluate({**self._variables, "extra": extra})
        except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion, ValueError):
            return None

    def installs(self, needs: str) -> bool:
        """Return whether a file can be installed here, by what it needs (`graphkit.model.index.needs_of`)."""
        if needs not in self._installable:
            tags, _, requires_python = needs.partition(" ")
            if tags not in self._fitting:
                self._fitting[tags] = tags in {"sdist", "unknown"} or self._tags_fit(tags)
            self._installable[needs] = self._fitting[tags] and self.python_fits(requires_python)
        return self._installable[needs]

    def python_fits(self, requires_python: str) -> bool:
        """Return whether Requires-Python admits this Python; a text nobody can read does."""
        return not requires_python or self._fits(requires_python, self._full)

    def _tags_fit(self, tags: str) -> bool:
        if tags in {"py3-none-any", "py2.py3-none-any"}:
            return True
        if tags.count("-") != _DASHES_IN_TAGS:
            return False
        if self._tags is None:
            self._tags = frozenset(_tags_of(self.environment, self._minor))
        try:
            return not self._tags.isdisjoint(parse_tag(tags))
        except InvalidTag:
            return False


_PYTHONS: Final = ("2.7", *(f"3.{minor}" for minor in range(3, 17)))
"""Every CPython that an install may run in, ended ones and announced ones too."""
_PLATFORMS: Final = tuple(
    (platform, machine)
    for platform, machines in (
        ("linux", ("x86_64", "aarch64")),
        ("musllinux", ("x86_64", "aarch64")),
        ("macos", ("x86_64", "arm64")),
        ("windows", ("AMD64", "ARM64")),
    )
    for machine in machines
)
_OF_PLATFORM: Final = re.compile(r"\b(?:os_name|sys_platform|platform_(?:system|machine)|os\.name|sys\.platform)\b")
_NOT_EXTRA: Final = re.compile(r"extra\b\s*(?:!=|not\b)|\bnot\s+in\s+extra\b|\bor\b")
"""What may hold without the extras that a marker names."""
_OF_PYTHON: Final = re.compile(r"\b(?:python_(?:full_)?version|implementation_version)\b")


@lru_cache(maxsize=256)
def environments_within(requires_python: str = "", known: Environment | None = None) -> tuple[Environment, ...]:
    """Return every environment that an install may run in (docs/semantics.md#environments), as far as they can differ.

    ``known`` is the one that somebody named: then its patch level alone may be open. Else every CPython that
    ``requires_python`` allows, at patch levels 0 and 99, on every platform.
    """
    if known is not None:
        if known.python.count(".") > 1:
            return (known,)
        return tuple(replace(known, python=f"{known.python}.{patch}") for patch in (0, 99))
    pythons = [f"{minor}.{patch}" for minor in _PYTHONS for patch in (0, 99)]
    allowed = [python for python in pythons if not requires_python or _python_fits(requires_python, python)]
    return tuple(
        Environment(python=python, platform=platform, machine=machine)
        for python in allowed or pythons
        for platform, machine in _PLATFORMS
    )


def nearest_within(environment: Environment, requires_python: str) -> Environment:
    """Return an environment, or the like of it with the nearest CPython that ``requires_python`` allows.

    Contract: docs/semantics.md#environments.

    Of two that are as near the newer one; where it allows none, the environment stays as it is.

    >>> nearest_within(Environment(), ">=3.13").python, nearest_within(Environment(), "<3.12,>=3.8").python
    ('3.13', '3.11')
    """
    own = _minor_of(environment.python)
    allowed = [
        python
        for python in _PYTHONS
        if not requires_python or any(_python_fits(requires_python, f"{python}.{patch}") for patch in (0, 99))
    ]
    if not allowed or environment.python.count(".") > 1 or environment.implementation != "cpython":
        return environment
    nearest = min(allowed, key=lambda python: (abs(_minor_of(python) - own), -_minor_of(python)))
    return environment if _minor_of(nearest) == own else replace(environment, python=nearest)


def _minor_of(python: str) -> int:
    """Return the minor version of a Python 3, counted on from those of Python 2."""
    major, minor = python.split(".")[:2]
    return int(minor) if major == "3" else int(minor) - 100


class AnyOfEnvironments:
    """Several environments at once, in the terms of `MarkerEvaluator`: a marker holds, fails, or differs between them.

    What holds in some and fails in others cannot be decided (None), so an edge under it is kept. A file can be
    installed where one of them can. Cost: a marker is asked once for each Python, platform, or both, as it names them.
    """

    def __init__(self, environments: Sequence[Environment]) -> None:
        self.environment = environments[0]
        self._evaluators = [MarkerEvaluator(one) for one in environments]
        self._lenient = [MarkerEvaluator(one, "uv") for one in environments]
        first = environments[0]
        self._pythons = [
            evaluator
            for evaluator in self._evaluators
            if (evaluator.environment.platform, evaluator.environment.machine) == (first.platform, first.machine)
        ]
        self._platforms = [evaluator for evaluator in self._evaluators if evaluator.environment.python == first.python]
        self._truths: dict[tuple[str, str], bool | None] = {}
        self._installable: dict[str, bool] = {}

    def truth(self, marker: str, extra: str = "") -> bool | None:
        """Return whether a marker holds under an extra in all of them; None where it differs or cannot be decided."""
        key = (marker, extra)
        if key not in self._truths:
            found = {evaluator.truth(marker, extra) for evaluator in self._asked(marker)}
            self._truths[key] = found.pop() if len(found) == 1 else None
        return self._truths[key]

    def _asked(self, marker: str) -> Sequence[MarkerEvaluator]:
        if not _OF_PLATFORM.search(marker):
            return self._pythons if _OF_PYTHON.search(marker) else self._pythons[:1]
        return self._evaluators if _OF_PYTHON.search(marker) else self._platforms

    def classes(self) -> tuple[Environment, ...]:
        """Return one environment of each class that answers everything asked so far alike, in their order."""
        open_markers = [key for key, truth in self._truths.items() if truth is None]
        needs = list(self._installable)
        found: dict[tuple[bool | None, ...], Environment] = {}
        for strict, lenient in zip(self._evaluators, self._lenient, strict=True):
            answers = [strict.truth(*key) for key in open_markers]
            answers += [lenient.installs(one) for one in needs]
            found.setdefault(tuple(answers), strict.environment)
        return tuple(found.values())

    def installs(self, needs: str) -> bool:
        """Return whether a file can be installed in one of them, as any installer reads what it needs."""
        if needs not in self._installable:
            self._installable[needs] = any(
                evaluator.installs(needs) for evaluator in (*self._evaluators, *self._lenient)
            )
        return self._installable[needs]

    def python_fits(self, requires_python: str) -> bool:
        """Return whether Requires-Python admits the Python of one of them."""
        return any(evaluator.python_fits(requires_python) for evaluator in (*self._evaluators, *self._lenient))


class EveryEnvironment:
    """No environment, in the terms of `MarkerEvaluator`: no marker about one can be decided, and every file installs.

    A closure in it holds that of every environment, and asks nothing of a marker but its extras.
    """

    def truth(self, marker: str, extra: str = "") -> bool | None:
        """Return whether a marker is empty, cannot hold for the sake of its extras, or cannot be decided (None).

        >>> evaluator, more = EveryEnvironment(), 'extra == "x"'
        >>> evaluator.truth(""), evaluator.truth('os_name == "nt"'), evaluator.truth(more), evaluator.truth(more, "x")
        (True, None, False, None)
        """
        if not marker:
            return True
        if is_of_build(marker):
            return None if extra == BUILD_EXTRA else False
        named = extras_of(marker)
        return False if named and extra not in named and not _NOT_EXTRA.search(marker) else None

    def installs(self, _needs: str) -> bool:
        """Return that a file can be installed somewhere."""
        return True

    def python_fits(self, _requires_python: str) -> bool:
        """Return that some Python fits."""
        return True


@cache
def _python_fits(requires_python: str, full: str) -> bool:
    try:
        return SpecifierSet(requires_python).contains(full, prereleases=True)
    except InvalidSpecifier:
        return True


@cache
def _python_reaches(requires_python: str, full: str) -> bool:
    """Return whether a Python is not below what is required: uv takes Requires-Python for a lower bound alone.

    Tried with uv 0.13, `pip compile` and `pip install`: for Python 3.11 it takes what says ``<3.11``, ``==3.8.*`` or
    ``!=3.11.*``; its documentation says so of upper bounds.
    """
    try:
        return not SpecifierSet(requires_python).to_range().is_disjoint(_up_to(full))
    except InvalidSpecifier:
        return True


@cache
def _up_to(full: str) -> VersionRange:
    return SpecifierSet(f"<={full}").to_range()


def _tags_of(environment: Environment, minor: str) -> list[Tag]:
    major_text, minor_text = minor.split(".")[:2]
    version = (int(major_text), int(minor_text))
    platforms = _platforms_of(environment)
    found = list(cpython_tags(version, platforms=platforms))
    return [*found, *compatible_tags(version, interpreter=f"cp{major_text}{minor_text}", platforms=platforms)]


def _platforms_of(environment: Environment) -> list[str]:
    machine = environment.machine
    if environment.platform == "windows":
        return ["win_amd64" if machine.lower() in {"x86_64", "amd64"} else f"win_{machine.lower()}"]
    if environment.platform == "macos":
        return [f"macosx_{major}_0_{arch}" for major in _MACOS for arch in (machine, "universal2")] + [
            f"macosx_10_{minor}_{arch}" for minor in range(16, 8, -1) for arch in (machine, "universal2")
        ]
    if environment.platform == "musllinux":
        return [f"musllinux_1_{minor}_{machine}" for minor in range(_NEWEST_MUSL, -1, -1)] + [f"linux_{machine}"]
    glibc = [f"manylinux_2_{minor}_{machine}" for minor in range(_NEWEST_GLIBC, 4, -1)]
    return [*glibc, f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}", f"linux_{machine}"]
