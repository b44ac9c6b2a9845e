"""What a target text names, and what is said where it names no release."""

from __future__ import annotations

import pytest

from graphkit.model.errors import UsageError
from graphkit.trace.targets import release_of_target


@pytest.mark.parametrize(
    ("incidents", "versions", "told"),
    [
        (["a-1"], ["2.0", "1.0"], "lib names no release; give one, as in lib==2.0; the graph has 2.0, 1.0; incidents"),
        ([], ["4", "3", "2", "1"], "as in lib==4; the graph has 4, 3, 2 and 1 more$"),
        (["a-1", "a-2"], [], "as in lib==VERSION; incidents about it: a-1, a-2$"),
        ([], [], "'Lib' is not a target"),
    ],
)
def test_a_package_without_a_version_names_what_is_known_of_it(
    incidents: list[str], versions: list[str], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        release_of_target("Lib", known_of=lambda package: (incidents, versions) if package == "lib" else ([], []))


def test_a_range_is_no_release() -> None:
    with pytest.raises(UsageError, match="is not a target"):
        release_of_target("lib>=1", known_of=lambda _: (["a-1"], ["1"]))
