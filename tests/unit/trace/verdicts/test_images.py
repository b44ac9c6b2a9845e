"""What the commands of a Dockerfile find in its image: of which folder it is built, and what is kept out."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from graphkit.model.documents import Document, DocumentKind, ImageBuild, InstallCommand
from graphkit.model.requirements import requirement
from graphkit.trace.verdicts.images import commands_in
from tests.cases.build import document, manifest
from tests.unit.trace.verdicts.test_scripts import at, command, in_place, lock

SYNC, LIST = command("uv.lock"), command("requirements.txt", tool="pip")
ROOT = [manifest("pyproject.toml", "lib"), lock("uv.lock"), manifest("requirements.txt", "lib")]
API = [manifest("api/pyproject.toml", "lib")]


def hiding(*patterns: str, path: str = ".dockerignore") -> Document:
    return document(path, DocumentKind.SCRIPT, hides=patterns)


def building(context: str, dockerfile: str) -> Document:
    builds = (ImageBuild(context=context, dockerfile=dockerfile),)
    return document("compose.yaml", DocumentKind.SCRIPT, image_builds=builds)


def seen(path: str, told: InstallCommand, *documents: Document) -> InstallCommand:
    dockerfile = replace(document(path, DocumentKind.SCRIPT, commands=(told,)), format="Dockerfile")
    here = in_place(dockerfile, *documents)
    (found,) = commands_in(at(here, path), here)
    return found


PLACED = [
    ("Dockerfile", SYNC, ROOT, ("uv.lock",), False),
    ("api/Dockerfile", SYNC, ROOT, ("uv.lock", "../uv.lock"), False),
    ("../x/Dockerfile", SYNC, ROOT, ("uv.lock",), False),
    # Of its own folder it would have a project and no lock.
    ("api/Dockerfile", SYNC, [*ROOT, *API], ("uv.lock", "../uv.lock"), True),
    ("api/Dockerfile", command("uv.lock", needs_lock=True), [*ROOT, *API], ("uv.lock", "../uv.lock"), False),
    ("Dockerfile", command("api/uv.lock"), [*ROOT, *API], ("api/uv.lock",), True),
    ("Dockerfile", command("api/uv.lock", "uv.lock"), [*ROOT, *API], ("api/uv.lock", "uv.lock"), False),
    # Others say of which folder it is built.
    ("api/Dockerfile", SYNC, [*ROOT, *API, building(".", "api/Dockerfile")], ("../uv.lock",), False),
    ("Dockerfile", SYNC, [*ROOT, *API, building("api", "Dockerfile")], ("api/uv.lock",), True),
    # What is kept out is not there.
    ("Dockerfile", SYNC, [*ROOT, hiding("*.lock")], ("uv.lock",), True),
    ("Dockerfile", SYNC, [*ROOT, hiding("*.lock", "!uv.lock")], ("uv.lock",), False),
    ("Dockerfile", SYNC, [*ROOT, hiding("*.lock", path="api/.dockerignore")], ("uv.lock",), False),
    ("Dockerfile", SYNC, [*ROOT, hiding("*.lock"), hiding("a", path="Dockerfile.dockerignore")], ("uv.lock",), False),
    ("Dockerfile", LIST, [*ROOT, hiding("uv.lock")], ("requirements.txt",), False),
]


@pytest.mark.parametrize(("path", "told", "documents", "inputs", "is_past_lock"), PLACED)
def test_what_an_image_has(
    path: str, told: InstallCommand, documents: list[Document], inputs: tuple[str, ...], *, is_past_lock: bool
) -> None:
    found = seen(path, told, *documents)
    assert (found.inputs, found.is_past_lock, found.unreadable) == (inputs, is_past_lock, "")


UNREADABLE = [
    (LIST, [*ROOT, hiding("*.txt")], ".dockerignore keeps requirements.txt out of the image"),
    (
        LIST,
        [*ROOT, building("api", "Dockerfile")],
        "api/requirements.txt gets into the image, and is not among the inputs",
    ),
    (
        SYNC,
        [*ROOT, building("api", "Dockerfile")],
        "api/uv.lock gets into the image, and is not among the inputs",
    ),
    (
        command(tool="pip", constraints=(requirement("lib<2"),)),
        [building("api", "Dockerfile")],
        "constraints of another folder, which were not read",
    ),
    # The member of a workspace is an input of another service, and has no lock of its own.
    (
        command("sub/uv.lock"),
        [lock("uv.lock", "pyproject.toml", "sub/pyproject.toml")],
        "sub/pyproject.toml gets into the image, and is not among the inputs",
    ),
    (
        command("sub/pyproject.toml", tool="pip"),
        [lock("uv.lock", "pyproject.toml", "sub/pyproject.toml")],
        "sub/pyproject.toml gets into the image, and is not among the inputs",
    ),
]


@pytest.mark.parametrize(("told", "documents", "why"), UNREADABLE)
def test_what_is_not_there_cannot_be_read(told: InstallCommand, documents: list[Document], why: str) -> None:
    assert seen("Dockerfile", told, *documents).unreadable == why
