"""Python releases that file names show: archives, and the metadata folders of installed distributions."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion

from graphkit.model.names import BadName, PackageName, package_name

_ARCHIVE: Final = re.compile(r"[^/\\]+\.(?:whl|egg|tar\.gz|zip)", re.IGNORECASE)
_METADATA: Final = re.compile(
    r"(?:^|[/\\])(?P<name>[^/\\]+?)-(?P<version>\d[^/\\-]*)(?:-py[\d.]+)?\.(?P<kind>dist-info|egg-info|egg)(?=$|[/\\])",
    re.IGNORECASE,
)
_LONGEST: Final = 4_000


@lru_cache(maxsize=4096)
def release_of_file(name: str) -> tuple[PackageName, str] | None:
    """Return the release that the last part of a path or URL is an archive of, None where it is not called like one.

    >>> release_of_file("https://files.example/litellm-1.82.8-py3-none-any.whl#sha256=00")
    ('litellm', '1.82.8')
    """
    last = unquote(re.split(r"[?#]", name.strip(), maxsplit=1)[0][-_LONGEST:].replace("\\", "/").rpartition("/")[2])
    if not _ARCHIVE.fullmatch(last):
        return None
    lowered = last[: last.rfind(".")] + last[last.rfind(".") :].lower()
    try:
        if lowered.endswith(".whl"):
            package, version, *_ = parse_wheel_filename(lowered)
            return PackageName(package), str(version)
        if lowered.endswith(".egg"):
            stem, _, rest = lowered[:-4].partition("-")
            return (package_name(stem), rest.partition("-")[0]) if rest else None
        package, version = parse_sdist_filename(lowered)
        return PackageName(package), str(version)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion, BadName):
        return None


def releases_in_path(path: str) -> list[tuple[PackageName, str]]:
    """Return the releases whose metadata lie on a path, or whose archive it is, outermost first.

    >>> releases_in_path("/usr/lib/python3/agent/_vendor/litellm-1.82.8.dist-info/METADATA")
    [('litellm', '1.82.8')]
    """
    if "-info" not in path and ".egg" not in path and not path.endswith(".whl"):
        return []
    found = []
    for one in _METADATA.finditer(path[:_LONGEST]):
        try:
            found.append((package_name(one["name"].lstrip("~")), one["version"]))
        except BadName:
            continue
    archive = release_of_file(path) if path.endswith(".whl") else None
    return [*found, archive] if archive else found
