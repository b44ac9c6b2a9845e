"""What an environment makes of Requires-Python, as each resolver reads it."""

import pytest

from graphkit.model.environment import Environment, MarkerEvaluator

# As uv 0.13 and pip 26 do for Python 3.11, tried on a loopback index.
TRIED = [
    (">=3.6,<3.11", True, False),
    ("<3", True, False),
    ("==3.8.*", True, False),
    (">=3.6,!=3.11.*", True, False),
    (">=3.12", False, False),
    ("~=3.8", True, True),
    (">3.10", True, True),
    (">=3.11.8", False, False),
    (">=3.11.8,<4", False, False),
    ("!=3.12.*", True, True),
    ("nonsense", True, True),
    ("", True, True),
]


@pytest.mark.parametrize(("text", "uv", "pip"), TRIED)
def test_requires_python_is_read_as_the_resolver_reads_it(text: str, *, uv: bool, pip: bool) -> None:
    environment = Environment(python="3.11.7")
    assert MarkerEvaluator(environment, "uv").python_fits(text) is uv
    assert MarkerEvaluator(environment, "pip").python_fits(text) is pip
    assert MarkerEvaluator(environment).python_fits(text) is pip


@pytest.mark.parametrize(
    ("marker", "extra", "truth"),
    [
        ('platform_release >= "5"', "", None),
        ('"SMP" in platform_version', "", None),
        ('"SMP" not in platform_version and os_name == "posix"', "", None),
        ('platform_release >= "5" and sys_platform == "win32"', "", False),
        ('platform_release >= "5" or sys_platform == "linux"', "", True),
        ('extra == "fast" and platform_release >= "5"', "", False),
        ('extra == "fast" and platform_release >= "5"', "fast", None),
        ('platform_version == platform_release and sys_platform == "win32"', "", None),
    ],
)
def test_what_names_the_kernel_is_undecidable_unless_the_rest_decides(
    marker: str, extra: str, *, truth: bool | None
) -> None:
    assert MarkerEvaluator(Environment()).truth(marker, extra) is truth
