"""Which Dockerfiles a file has images built of, and from which folder."""

from __future__ import annotations

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import is_telling, names_only

BUILDS = [
    (
        "compose.yaml",
        "services:\n  a:\n    build: {context: ./api, dockerfile: ../Dockerfile}\n",
        [("Dockerfile", "api")],
    ),
    (
        "compose.yaml",
        "services:\n  a:\n    build:\n      dockerfile: docker/Dockerfile\n",
        [("docker/Dockerfile", ".")],
    ),
    (
        ".devcontainer/devcontainer.json",
        '{"build": {"dockerfile": "Dockerfile", "context": ".."}}',
        [("Dockerfile", "..")],
    ),
    ("a.sh", "docker build -t x --build-arg A=b -f api/Dockerfile . && ls\n", [("api/Dockerfile", ".")]),
    ("a.sh", "cd api && sudo docker buildx build --file=../Dockerfile . --push\n", [("Dockerfile", "api")]),
    ("a.sh", "git clone $CI_REPOSITORY_URL y\ncd y\ndocker build -f api/Dockerfile .\n", [("api/Dockerfile", ".")]),
    ("Makefile", "image:\n\tpodman build . -f docker/Containerfile\n", [("docker/Containerfile", ".")]),
    (
        ".github/workflows/a.yml",
        "s:\n- uses: docker/build-push-action@v6\n  with: {context: api, file: Dockerfile}\n",
        [("../../Dockerfile", "../../api")],
    ),
    (".github/workflows/a.yml", "s:\n- run: docker build -f api/Dockerfile .\n", [("../../api/Dockerfile", "../..")]),
]


@pytest.mark.parametrize(("path", "text", "builds"), BUILDS)
def test_where_an_image_is_built(path: str, text: str, builds: list[tuple[str, str]]) -> None:
    found = read_document(text.encode(), path, hint="lock")
    assert found is not None
    assert [(one.dockerfile, one.context) for one in found.image_builds] == builds
    assert found.commands == ()
    assert is_telling(found)
    assert names_only(found)


QUIET = [
    ("compose.yaml", "services:\n  a:\n    build: .\n"),
    ("compose.yaml", "services:\n  a:\n    build: {context: ., dockerfile: Dockerfile}\n"),  # as nobody has to say
    ("compose.yaml", "services:\n  a:\n    build: {context: ${DIR}, dockerfile: api/Dockerfile}\n"),
    ("compose.yaml", "services:\n  a:\n    build: {context: 'https://x.example/r.git', dockerfile: api/Dockerfile}\n"),
    ("a.sh", "docker build -t x .\n"),
    ("a.sh", "docker build -f api/Dockerfile - < x\n"),
    ("a.sh", "cd x\ndocker build -f api/Dockerfile - < x\n"),
    ("a.sh", "git clone https://git.example/o/x.git\ncd x\ndocker build -f api/Dockerfile .\n"),  # of another one
    ("a.sh", "docker compose build -f x y\n"),
    ("a.yml", "s:\n- uses: other/action@v1\n  with: {context: api, file: Dockerfile}\n"),
]


@pytest.mark.parametrize(("path", "text"), QUIET)
def test_what_says_nothing_of_it(path: str, text: str) -> None:
    assert read_document(text.encode(), path, hint="lock") is None
