"""What the formats of conda share: rows of conda's packages, rows of what pip installed beside them, names of files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from packageurl import PackageURL
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.formats.addresses import named_by, without_passwords
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.locks.rows import note_strangers
from graphkit.formats.markers import is_elsewhere
from graphkit.formats.refs import Refs
from graphkit.model.documents import Component
from graphkit.model.names import BadName, PackageName, package_name, package_or_none, purl_of

PIP_CHANNEL: Final = "pypi"
"""The channel that conda gives to what pip installed."""
_OF_PIP: Final = frozenset({"pypi_0", "<pip>"})
"""What conda writes in the place of a build of what pip installed; the second is of releases before 4.6."""
_EDITABLE: Final = "<develop>"
_ARCHIVE: Final = re.compile(r"\.(?:conda|tar\.bz2)$")
_PLATFORM: Final = re.compile(r"(linux|osx|win|emscripten|wasi|freebsd|zos)-(\w+)")
_SYSTEMS: Final = {"osx": "darwin", "win": "win32"}
_MACHINES: Final = {("64", "win"): "AMD64", ("64", ""): "x86_64", ("32", ""): "i686", ("arm64", "win"): "ARM64"}
_WHOLE: Final = frozenset({"python", "openssl", "ca-certificates"})
"""What every environment of conda with a Python in it has: a list without them was filtered, or cut."""
_SPEC: Final = re.compile(
    r"(?:(?P<channel>[^\s\[\]]+)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)\s*(?P<rest>[^\[\]]*)(?P<more>\[.*\])?"
)
_EXACT: Final = re.compile(r"(={1,2})\s*([A-Za-z0-9._+!]+(?:\.\*)?|\*)(?:=[A-Za-z0-9_.*+]+)?")
_LONGEST: Final = 1_000


def conda_purl(name: str, version: str) -> str:
    """Return the purl of a package of conda, whatever its channel and build."""
    return PackageURL("conda", None, name, version or None).to_string()


def is_of_pip(channel: str, build: str) -> bool:
    """Return whether a row of conda is a release that pip installed.

    >>> is_of_pip("https://conda.example/pypi", "pypi_0"), is_of_pip("conda-forge", "pyhd8ed1ab_0")
    (True, False)
    """
    return channel.rstrip("/").rpartition("/")[2] == PIP_CHANNEL or build in _OF_PIP


class CondaRows:
    """The rows of a document of conda in their order: its own packages, and releases of the Python index."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.components: list[Component] = []
        self.places: list[str] = []
        self.has_pip = False
        """Some row is what pip installed."""
        self._diagnostics = diagnostics
        self._refs = Refs()

    def conda(
        self, name: str, version: str, place: str, *, sha256: str = "", marker: str = "", is_extra: bool = False
    ) -> str:
        """Take up a package of conda and return its ref; ``is_extra``: it is installed on request alone."""
        if not (plain := name.strip()):
            self._diagnostics.add(place, "a package without a name was left out", lost=True)
            return ""
        if not version:
            self._diagnostics.add(place, f"{quoted(plain)} without a version: unknown")
        digest = self._diagnostics.sha256(sha256, place) if sha256 else ""
        row = Component(
            ref=self._refs.unique(f"conda {plain}@{version}"),
            name=plain,
            version=version,
            purl=conda_purl(plain, version),
            sha256=(digest,) if digest else (),
            optional=is_extra or is_elsewhere(marker),
            marker=marker,
        )
        return self._keep(row, place)

    def python(  # noqa: PLR0913 - what a row has
        self,
        name: str,
        version: str,
        place: str,
        *,
        address: str = "",
        sha256: Sequence[str] = (),
        origin: str = "",
        index: str = "",
        marker: str = "",
        is_extra: bool = False,
    ) -> str:
        """Take up a release of the Python index and return its ref, empty (and lost) where it has no name.

        ``address`` is the file's on an index, whose name has to be of the row; ``origin`` where it is from none.
        """
        try:
            package = package_name(name)
        except BadName as error:
            self._diagnostics.add(place, str(error), lost=True)
            return ""
        if not version and not origin:
            self._diagnostics.add(place, f"{package} without a version: unknown")
        origin = without_passwords(origin)
        note_strangers(package, version, [(place, one) for one in (address, origin) if one], self._diagnostics)
        digests = {self._diagnostics.sha256(one, place) for one in sha256} - {""}
        self.has_pip = True
        row = Component(
            ref=self._refs.unique(f"{package}@{version}" if version else package),
            name=package,
            package=package,
            version=version,
            purl=purl_of(package, version or None),
            sha256=tuple(sorted(digests)),
            optional=is_extra or is_elsewhere(marker),
            origin=origin,
            index=index,
            marker=marker,
        )
        return self._keep(row, place)

    def listed(self, name: str, version: str, build: str, channel: str, place: str) -> None:
        """Take up a row of a list that conda wrote, by its four columns."""
        if channel == _EDITABLE:
            self.python(name, version, place, origin="directory:")
        elif is_of_pip(channel, build):
            self.python(name, version, place)
        else:
            self.conda(name, version, place)

    def _keep(self, row: Component, place: str) -> str:
        self.components.append(row)
        self.places.append(place)
        return row.ref

    def are_whole(self) -> bool:
        """Return whether the rows hold what every such environment has: no filter (`conda list NAME`) left it out."""
        return {row.name for row in self.components if row.package is None} >= _WHOLE


def archive_of(address: str) -> tuple[str, str] | None:
    """Return the name and version of a package by the address of its archive, None where it is none of conda's.

    >>> archive_of("https://conda.example/noarch/ca-certificates-2026.1.4-hbd8a1cb_0.conda#00")
    ('ca-certificates', '2026.1.4')
    """
    last = unquote(address.partition("#")[0].partition("?")[0].rpartition("/")[2])[:_LONGEST]
    if not (found := _ARCHIVE.search(last)):
        return None
    parts = last[: found.start()].rsplit("-", 2)
    return (parts[0], parts[1]) if len(parts) == 3 and all(parts) else None


def pip_address(address: str) -> tuple[str, str]:
    """Return an address as that of a file on an index, or as an origin of its own where it names no archive."""
    return (address, "") if named_by(address)[1] else ("", address)


def marker_of_platform(platform: str) -> str:
    """Return the marker (PEP 508) of a platform of conda; of one that nobody knows, one that holds nowhere.

    >>> marker_of_platform("osx-arm64")
    "sys_platform == 'darwin' and platform_machine == 'arm64'"
    """
    if platform in {"", "noarch"}:
        return ""
    if not (found := _PLATFORM.fullmatch(platform)):
        return "sys_platform == 'unknown'"
    system, machine = found[1], found[2]
    machine = _MACHINES.get((machine, system)) or _MACHINES.get((machine, "")) or machine
    return f"sys_platform == '{_SYSTEMS.get(system, system)}' and platform_machine == '{machine}'"


def conda_spec(text: str) -> tuple[str, str | None] | None:
    """Return the name and PEP 440 specifier of what conda is asked for; None for no name.

    The specifier is None where PEP 440 cannot say it. ``=1.2`` is any 1.2, a bare version after a blank exactly that.

    >>> conda_spec("conda-forge::numpy=1.26"), conda_spec("scipy 1.11.*"), conda_spec("x >=1,<2"), conda_spec("y=1|2")
    (('numpy', '==1.26.*'), ('scipy', '==1.11.*'), ('x', '<2,>=1'), ('y', None))
    """
    if not (read := _SPEC.fullmatch(text.strip()[:_LONGEST])):
        return None
    rest = read["rest"].strip()
    if read["more"]:
        return read["name"], None
    if not rest or rest == "*":
        return read["name"], ""
    if exact := _EXACT.fullmatch(rest):
        sign, version = exact[1], exact[2]
        is_any = sign == "=" and "=" not in rest[1:] and not version.endswith("*")
        rest = "" if version == "*" else f"=={version}.*" if is_any else f"=={version}"
    elif rest[0].isdigit():
        version, *build = rest.split()
        rest = f"=={version}" if len(build) < 2 else "|"
    try:
        return read["name"], str(SpecifierSet(rest))
    except InvalidSpecifier:
        return read["name"], None


def conda_package(name: str) -> PackageName | None:
    """Return the Python package that a package of conda may be by its name; None for a name that none can have."""
    return package_or_none(name.strip().strip("_"))
