"""Names that code among the files of a document is imported by, and what accounts for it."""

from __future__ import annotations

import pytest

from graphkit.formats.imported_code import ImportedCode
from graphkit.formats.refs import Refs
from graphkit.model.documents import COPY, RECORD
from graphkit.model.names import PackageName

SITE = "/usr/lib/python3/site-packages"


def shown(*files: str, known: tuple[str, ...] = (), described: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the names of code with what accounts for it; a file may have what holds it behind a bar."""
    code = ImportedCode()
    for number, one in enumerate(files):
        path, _, holder = one.partition(" | ")
        is_python = bool(holder) and not holder.startswith("deb ")
        code.take(path, f"files[{number}]", holder.removeprefix("deb "), is_python=is_python)
    packages, subjects = ([PackageName(one) for one in names] for names in (known, described))
    return {row.name: row.origin for row, _ in code.rows(packages, subjects, Refs())}


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/requests/_vendor/fastglue/core.py",
        f"{SITE}/requests/_vendor/fastglue/core.py | requests",
        f"{SITE}/requests/extern/fastglue.py",
        "/app/third_party/fastglue/a/b.pyc",
        "/app/fastglue/__init__.py",
        "./fastglue/core.py",
        "C:\\app\\fastglue\\core.py",
        "/app/fastglue.cpython-312-x86_64-linux-gnu.so",
        "/app/fastglue.cp312-win_amd64.pyd",
        "/app/__pycache__/fastglue.cpython-312.pyc",
        "/usr/lib/python3.12/fastglue.py",
    ],
)
def test_code_outside_of_installed_packages_is_a_copy_of_nobody_knows_what(path: str) -> None:
    file = path.partition(" | ")[0]
    assert shown(path, known=("fastglue",))["fastglue"] == f"{COPY}{file}"


@pytest.mark.parametrize(
    "files",
    [
        ["tests/test_fastglue.py"],
        ["docs/fastglue.md", "/app/fastglue/README"],
        [f"{SITE}/sentry_sdk/integrations/fastglue.py"],
        ["src/own/fastglue/core.py", "src/own/__init__.py"],  # `own.fastglue` is not imported by that name
        ["src/own/parts/fastglue/__init__.py", "src/own/parts/__init__.py", "src/own/__init__.py"],
        ["/usr/lib/fastglue/libfastglue.so"],
        ["/app/fastglue/core.py | deb fastglue"],
        [f"{SITE}/fastglue/core.py | deb python3-fastglue"],
        [f"{SITE}/requests/_vendor/fastglue/core.py | fastglue"],
    ],
)
def test_what_is_no_code_of_that_name_or_is_accounted_for_shows_nothing(files: list[str]) -> None:
    assert "fastglue" not in shown(*files)


def test_of_installed_packages_a_row_of_the_name_accounts_for_what_nobody_holds() -> None:
    code = f"{SITE}/fastglue/core.py"
    assert shown(code) == {"fastglue": ""}
    assert shown(code, known=("fastglue",)) == {}
    assert shown(f"{code} | other", known=("fastglue",)) == {"fastglue": f"{RECORD}other"}
    beside = ("/app/fastglue/core.py", "/app/fastglue-1.0.dist-info/METADATA")  # `pip install --target /app`
    assert shown(*beside) == {"fastglue": ""}
    assert shown(*beside, known=("fastglue",)) == {}


def test_what_a_document_describes_accounts_for_all_code_of_its_name() -> None:
    assert shown("./fastglue/core.py", "./fastglue/_vendor/six.py", described=("fastglue",)).keys() == {"core", "six"}


def test_the_standard_library_is_no_copy() -> None:
    assert shown("/usr/lib/python3.12/json/tool.py", "/usr/lib/python3.12/json/__init__.py") == {}
    assert shown("/app/json/__init__.py").keys() == {"json"}
