"""Files that can install, kind by kind: real-looking ones, broken ones, hostile ones, and what nobody claims."""

from __future__ import annotations

import json
import time
from typing import Any, Final

import pytest

from graphkit.formats import is_claimed, read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.scripts.reader import READER
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind


def read(name: str, text: str) -> Document:
    found = read_document(text.encode(), name, hint="lock")
    assert found is not None
    assert (found.kind, found.basis, found.completeness) == (
        DocumentKind.SCRIPT,
        Basis.LISTED,
        Completeness.UNKNOWN,
    )
    return found


def told(name: str, text: str) -> list[tuple[str, list[str], tuple[str, ...], str]]:
    return [
        (one.place, [str(asked) for asked in one.requirements], one.inputs, one.unreadable)
        for one in read(name, text).commands
    ]


DOCKERFILE = """# syntax=docker/dockerfile:1
FROM python:3.12 AS base
MAINTAINER Joe O'Brien
ARG V=1.82.8
ARG MORE
ENV A=1 DEPS="a b"
ENV OLD c d
WORKDIR /app
COPY --chown=x requirements.txt reqs*.txt /tmp/
COPY . /app
RUN --mount=type=cache,target=/cache apt-get update && \\
    # why
    pip install --no-cache-dir -r /tmp/requirements.txt litellm==${V} \\
    && pip install $DEPS "$OLD"
RUN pip install /app/lib . -r /tmp/reqs-dev.txt
RUN ["pip", "install", "litellm"]
RUN ["sh", "-c", "pip install 'x<2'"]
RUN <<EOF
pip install y
EOF
COPY --from=base /wheels /wheels
RUN pip install /wheels/r /opt/x $MORE
CMD pip install z
"""


def test_a_dockerfile() -> None:
    assert told("Dockerfile", DOCKERFILE) == [
        ("line 11", ["litellm==1.82.8"], ("requirements.txt",), ""),
        ("line 11", ["a", "b", "c d"], (), ""),
        ("line 15", [], ("lib/pyproject.toml", "pyproject.toml", "reqs-dev.txt"), ""),
        ("line 16", ["litellm"], (), ""),
        ("line 17", ["x<2"], (), ""),
        ("line 19", ["y"], (), ""),
        (
            "line 22",
            [],
            (),
            "the argument '$MORE'; the file '/wheels/r/pyproject.toml'; the file '/opt/x/pyproject.toml'",
        ),
        ("line 23", ["z"], (), ""),
    ]


@pytest.mark.parametrize("name", ["app.Dockerfile", "Dockerfile.dev", "Containerfile", "a/b/dockerfile"])
def test_other_names_of_one(name: str) -> None:
    assert told(name, "FROM x\nRUN pip install litellm\n")[0][1] == ["litellm"]


def test_paths_are_from_the_file_or_from_the_top() -> None:
    text = "FROM x\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    assert told("docker/app/Dockerfile", text)[0][2] == ("requirements.txt",)  # from the folder of its build
    script = "pip install -r requirements.txt\n"
    assert told("docker/app/run.sh", script)[0][2] == ("requirements.txt", "../../requirements.txt")
    assert told("/srv/x/run.sh", script)[0][2] == ("requirements.txt",)


WORKFLOW = """name: pip install nothing
on: push
env:
  VER: "1.0"
jobs:
  a:
    steps:
      - uses: actions/setup-python@v5
        name: pip install x
      - run: pip install -r requirements.txt
      - run: |
          python -m pip install --upgrade pip
          pip install "litellm==$VER" ${{ matrix.extra }}
      - run: pip install -e .
        working-directory: lib
"""


def past_lock(text: str) -> list[tuple[tuple[str, ...], bool]]:
    return [(one.inputs, one.is_past_lock) for one in read("Dockerfile", f"FROM x\nWORKDIR /app\n{text}").commands]


@pytest.mark.parametrize(
    ("lines", "lock"),
    [
        ("COPY pyproject.toml ./\nRUN uv sync --no-dev\nCOPY . .", "uv.lock"),
        ("RUN --mount=type=bind,source=pyproject.toml,target=pyproject.toml uv sync", "uv.lock"),
        ("COPY ./backend/pyproject.toml ./\nRUN poetry install", "backend/poetry.lock"),
        ("COPY Pipfile ./\nRUN pipenv install --system", "Pipfile.lock"),
        ("COPY . .\nRUN rm -f uv.lock && uv sync", "uv.lock"),
        ("COPY . .\nRUN mv uv.lock old.lock\nRUN uv sync", "uv.lock"),
    ],
)
def test_an_image_that_gets_no_lock_resolves_the_manifest(lines: str, lock: str) -> None:
    assert past_lock(lines) == [((lock,), True)]


@pytest.mark.parametrize(
    "lines",
    [
        "COPY . .\nRUN uv sync",
        "RUN uv sync",
        "COPY pyproject.toml uv.lock* ./\nRUN uv sync",
        "COPY pyproject.toml *.lock ./\nRUN uv sync",
        'COPY ["pyproject.toml", "uv.lock", "./"]\nRUN uv sync',
        "ARG LOCK=uv.lock\nCOPY pyproject.toml $LOCK ./\nRUN uv sync",
        "COPY pyproject.toml uv.lock ./\nCOPY lib/pyproject.toml lib/\nWORKDIR /app/lib\nRUN uv sync",
        "RUN --mount=type=bind,target=.,rw uv sync",
        (
            "RUN --mount=type=bind,source=uv.lock,target=uv.lock"
            " --mount=type=bind,source=pyproject.toml,target=pyproject.toml uv sync --locked"
        ),
        "COPY . .\nRUN uv sync && rm uv.lock",
    ],
)
def test_an_image_that_gets_the_lock_keeps_to_it(lines: str) -> None:
    assert past_lock(lines) == [(("uv.lock",), False)]


def test_a_mount_is_there_for_one_command_alone() -> None:
    lines = "COPY pyproject.toml ./\nRUN --mount=type=bind,source=uv.lock,target=uv.lock uv sync\nRUN uv sync"
    assert past_lock(lines) == [(("uv.lock",), False), (("uv.lock",), True)]


def test_a_list_that_is_copied_from_what_is_wanted_is_no_lock() -> None:
    lines = "COPY requirements.in requirements.txt\nRUN pip install -r requirements.txt"
    assert past_lock(lines) == [(("requirements.in",), True)]


@pytest.mark.parametrize(
    "change",
    [
        "sed -i 's/==.*//' requirements.txt",
        "perl -pi -e 's/==.*//' requirements.txt",
        "echo litellm >> requirements.txt",
        "cat more/*.txt | sudo tee -a requirements.txt",
        "curl -sO https://files.example/requirements.txt",
        "wget https://files.example/x -O requirements.txt",
        "cp wanted.txt requirements.txt",
        "mv wanted.txt ./requirements.txt",
        "cat <<EOF > requirements.txt\nlitellm\nEOF",
        "pip freeze > requirements.txt",
    ],
)
def test_a_file_that_a_line_before_changes_cannot_be_read(change: str) -> None:
    (command,) = [one for one in read("a.sh", f"{change}\npip install -r requirements.txt\n").commands if one.inputs]
    assert command.unreadable == "line 1 changes 'requirements.txt' before"


@pytest.mark.parametrize(
    "line",
    [
        "cp requirements.txt /tmp/",
        "sed 's/==.*//' requirements.txt",
        "cat requirements.txt > /dev/null",
        "cp /src/requirements.txt ./requirements.txt",
        "rm -f old/requirements.txt",
        "grep -v torch requirements.txt > rest.txt",
    ],
)
def test_a_line_that_only_reads_a_file_changes_nothing(line: str) -> None:
    assert told("a.sh", f"{line}\npip install -r requirements.txt\n") == [("line 2", [], ("requirements.txt",), "")]


def test_a_rule_of_a_makefile_changes_nothing_for_another() -> None:
    text = "clean:\n\trm -f uv.lock\ninstall:\n\tuv sync\nnew:\n\trm -f uv.lock\n\tuv sync\n"
    assert [one.is_past_lock for one in read("Makefile", text).commands] == [False, True]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("values.yaml", "image:\n  repository: ghcr.io/owner/litellm\n  tag: main-v1.82.8\n"),
        ("values.yaml", 'image:\n  tag: "v1.82.8"\n  pullPolicy: Always\n  repository: ghcr.io/owner/litellm\n'),
        ("kustomization.yaml", "images:\n- name: x\n  newName: ghcr.io/owner/litellm\n  newTag: v1.82.8\n"),
        ("Dockerfile", "FROM x\nCOPY --from=ghcr.io/owner/litellm:1.82.8 /a /b\n"),
        ("Makefile", "up:\n\tdocker run -d --rm -p 4000:4000 ghcr.io/owner/litellm:v1.82.8 --port 4000\n"),
        ("run.sh", "podman --log-level=debug pull 'ghcr.io/owner/litellm:v1.82.8'\n"),
        (".github/workflows/a.yml", "jobs:\n  a:\n    steps:\n    - uses: docker://ghcr.io/owner/litellm:1.82.8\n"),
        ("Dockerfile", "FROM x\nRUN --mount=type=bind,from=ghcr.io/owner/litellm:1.82.8,target=/b cp -r /b /c\n"),
    ],
)
def test_an_image_whose_name_and_tag_stand_apart_or_that_files_come_from(name: str, text: str) -> None:
    assert [(one.tool, list(map(str, one.requirements))) for one in read(name, text).commands] == [
        ("image", ["litellm==1.82.8"])
    ]


def test_steps_of_a_job_share_their_files_and_jobs_do_not() -> None:
    steps = "    steps:\n    - run: rm uv.lock\n    - run: uv sync\n"
    text = f"jobs:\n  a:\n{steps}  b:\n    steps:\n    - run: uv sync\n"
    found = read(".github/workflows/a.yml", text).commands
    assert [one.is_past_lock for one in found] == [True, False]


@pytest.mark.parametrize("to", ["requirements.txt", "/app/requirements.txt", "./requirements.txt"])
def test_a_list_that_stands_in_a_dockerfile_is_none_of_the_repository(to: str) -> None:
    text = f"FROM x\nWORKDIR /app\nCOPY <<EOF {to}\nlitellm\nEOF\nRUN pip install -r requirements.txt\n"
    (command,) = (one for one in read("Dockerfile", text).commands if one.inputs)
    assert command.unreadable == "line 3 changes 'requirements.txt' before"


def test_a_step_that_changes_a_file_changes_what_a_later_one_installs_from() -> None:
    text = "jobs:\n  a:\n    steps:\n    - run: sed -i 's/==.*//' requirements.txt\n"
    text += "    - run: pip install -r requirements.txt\n"
    (command,) = read(".github/workflows/a.yml", text).commands
    assert command.unreadable == "line 4 changes 'requirements.txt' before"


def test_a_workflow() -> None:
    assert told(".github/workflows/ci.yml", WORKFLOW) == [
        ("line 10", [], ("../../requirements.txt",), ""),
        ("line 12", ["pip"], (), ""),
        ("line 13", ["litellm==1.0"], (), "the argument '${{ matrix.extra }}'"),
        ("line 14", [], ("../../lib/pyproject.toml",), ""),
    ]


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        (
            ".gitlab-ci.yml",
            "t:\n  before_script: &x\n    - pip install a\n  script:\n    - [pip install b]\n",
            ["a", "b"],
        ),
        (
            "docker-compose.yml",
            "s:\n  a:\n    command: ['pip', 'install', 'a']\n    entrypoint: sh -c 'pip install b'\n",
            ["b", "a"],
        ),
        (
            ".circleci/config.yml",
            "steps:\n- run:\n    command: |\n      . venv/bin/activate\n      pip install a\n",
            ["a"],
        ),
        ("azure-pipelines.yml", "steps:\n- script: pip install a\n- bash: pip install b\n", ["a", "b"]),
        ("broken.yml", "a: [\n pip install a", ["a"]),
        ("Jenkinsfile", "stage('x') {\n  sh 'pip install a'\n  sh '''\n    pip install b\n  '''\n}\n", ["a", "b"]),
        ("justfile", "dev:\n  pip install a\n", ["a"]),
        (".devcontainer/devcontainer.json", '{"postCreateCommand": "pip install a"}', ["a"]),
        ("run", "#!/usr/bin/env bash\npip install a\n", ["a"]),
        ("setup.ps1", "python -m pip install a\n", ["a"]),
        ("run", "#!/usr/bin/env -S bash -e\npip install a\n", ["a"]),
        ("run", "#!/usr/bin/env fish\npip install a\n", ["a"]),
        ("scripts/install-deps", "pip install a\n", ["a"]),
        ("x/ci/hooks/pre", "set -e\npip install a\n", ["a"]),
    ],
)
def test_other_files_with_commands(name: str, text: str, names: list[str]) -> None:
    assert [one for _, asked, _, _ in told(name, text) for one in asked] == names


def test_a_shell_script() -> None:
    text = (
        "#!/bin/bash\nset -e\nDEPS=(litellm 'x>=1')\npip install \"${DEPS[@]}\"\nfor p in a b; do\n  pip install $p\n"
        "done\n"
        "cd lib && pip install -r req.txt\necho 'pip install no'\n# pip install no\n"
    )
    assert told("setup.sh", text) == [
        ("line 4", ["litellm", "x>=1"], (), ""),
        ("line 6", ["a", "b"], (), ""),
        ("line 8", [], ("lib/req.txt",), ""),
    ]


def test_a_makefile() -> None:
    text = (
        "PIP := $(VENV)/bin/pip\nPKG = litellm\nEXTRA += x\ninstall: x\n\t@$(PIP) install $(PKG) -r requirements.txt\n"
        "\t$(PYTHON) -m pip install $(EXTRA)\n\tpip install $$Y $(shell cat z)\n"
    )
    assert told("Makefile", text) == [
        ("line 5", ["litellm"], ("requirements.txt",), ""),
        ("line 6", [], (), "the argument '$(EXTRA)'"),
        ("line 7", [], (), "the argument '$$Y'; the argument '$(shell cat z)'"),
    ]


def test_commands_behind_variables_and_folders() -> None:
    make = (
        "INSTALL = $(PY) -m pip install\nMORE = a $(OTHER)\na:\n\t$(INSTALL) litellm $(MORE)\n"
        "\tcd lib && pip install -r r.txt\n\tpip install -r r.txt\n"
    )
    assert told("Makefile", make) == [
        ("line 4", ["litellm", "a"], (), "the argument '$(MORE)'"),
        ("line 5", [], ("lib/r.txt",), ""),
        ("line 6", [], ("r.txt",), ""),
    ]
    shell = 'PIP="python -m pip install"\n$PIP litellm\nget() { pip install "$@"; }\nget a\n'
    assert told("a.sh", shell) == [("line 2", ["litellm"], (), ""), ("line 3", [], (), "the argument '$@'")]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('pip install -r "$(dirname "$0")/../r.txt"', "../r.txt"),
        ("HERE=$(dirname $0)\npip install -r $HERE/r.txt", "r.txt"),
        (
            'HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." >/dev/null 2>&1 && pwd)"\npip install -r "$HERE/r.txt"',
            "../r.txt",
        ),
        ('cd "$(dirname "$0")"\npip install -r "${0%/*}/r.txt"', "r.txt"),
        ('cd /x\npip install -r "$(dirname "$0")/r.txt"', ""),
        ('pip install -r "$(dirname "$1")/r.txt"', ""),
    ],
)
def test_a_script_names_its_own_folder(text: str, path: str) -> None:
    (found,) = read("bin/a.sh", f"#!/bin/bash\n{text}\n").commands
    assert (path in found.inputs, bool(found.unreadable)) == (bool(path), not path)


INSTALL = "pip install --no-deps -r r.txt"


def listed(name: str, text: str) -> list[tuple[tuple[str, ...], bool, str]]:
    return [(one.inputs, one.is_past_lock, one.unreadable) for one in read(name, text).commands]


@pytest.mark.parametrize(
    ("export", "lock"),
    [
        ("uv export --frozen --no-dev -o r.txt", "uv.lock"),
        ("uv export --locked --format requirements-txt --output-file=r.txt", "uv.lock"),
        ("uv export -q --frozen > ./r.txt 2> /dev/null", "uv.lock"),
        ("uv --project a export --frozen -o r.txt", "a/uv.lock"),
        ("poetry export -f requirements.txt --output r.txt --without-hashes", "poetry.lock"),
        ("python -m poetry export >r.txt", "poetry.lock"),
        ("pdm export --prod -o r.txt", "pdm.lock"),
        ("pipenv requirements > r.txt", "Pipfile.lock"),
    ],
)
def test_what_was_written_out_of_a_lock_is_that_lock(export: str, lock: str) -> None:
    assert listed("a.sh", f"{export}\n{INSTALL}\nuv pip sync r.txt\n") == [((lock,), False, "")] * 2
    assert listed("Makefile", f"r.txt: x\n\t{export}\nall:\n\t{INSTALL}\n") == [((lock,), False, "")]
    assert listed("ci.yml", f"a:\n  steps:\n  - run: {export}\n  - run: {INSTALL}\n") == [((lock,), False, "")]
    docker = f"FROM x\nWORKDIR /app\nCOPY {lock} {lock}\nRUN {export} && \\\n  {INSTALL}\nRUN {INSTALL}\n"
    assert listed("Dockerfile", docker) == [((lock,), False, "")] * 2


@pytest.mark.parametrize(
    "export",
    [
        "uv export -o r.txt",  # which may lock anew
        "uv export --frozen -U -o r.txt",
        "uv export --frozen --prune litellm -o r.txt",
        "uv export --frozen --no-emit-package litellm -o r.txt",
        "uv export --frozen --only-emit-project -o r.txt",
    ],
)
def test_a_list_that_may_be_more_than_the_lock_is_past_it(export: str) -> None:
    assert listed("a.sh", f"{export}\n{INSTALL}\n") == [(("uv.lock",), True, "")]


@pytest.mark.parametrize(
    "text",
    [
        f"{INSTALL}\nEXPORT\n",
        f"uv export --frozen\n{INSTALL}\n",
        f"uv export --frozen >> r.txt\n{INSTALL}\n",
        f"uv export --frozen | sed s/a/b/ > r.txt\n{INSTALL}\n",
        f"uv export --frozen -o $OUT\n{INSTALL}\n",
        f"echo EXPORT\n{INSTALL}\n",
        f"EXPORT\necho litellm >> r.txt\n{INSTALL}\n",
        f"EXPORT\n(echo litellm) >> r.txt\n{INSTALL}\n",
        f"EXPORT\necho litellm | tee -a ./r.txt\n{INSTALL}\n",
        f"EXPORT\nsh -c 'echo litellm >> r.txt'\n{INSTALL}\n",
        f"EXPORT\npip freeze > r.txt\n{INSTALL}\n",
        f"EXPORT\nuv pip compile x.in -o r.txt\n{INSTALL}\n",
        f"EXPORT\ncd $HERE\n{INSTALL}\n",
        f"uv --directory app export --frozen -o r.txt\n{INSTALL}\n",
        f"poetry -C app export -o r.txt\n{INSTALL}\n",
        f"EXPORT\npushd x\npopd\n{INSTALL}\n",
        f"(cd x && EXPORT)\n{INSTALL}\n",
        f"cd x\nEXPORT\ncd ..\n{INSTALL}\n",
    ],
)
def test_a_list_that_something_else_may_have_written_is_a_list(text: str) -> None:
    found = listed("a.sh", text.replace("EXPORT", "uv export --frozen -o r.txt"))
    assert any("r.txt" in inputs[0] for inputs, _, _ in found)


@pytest.mark.parametrize("between", ["FROM y", "COPY other r.txt", "WORKDIR /x", "ADD x.tar ."])
def test_another_image_or_file_takes_the_place_of_a_list(between: str) -> None:
    text = f"FROM x\nRUN uv export --frozen -o r.txt\n{between}\nRUN {INSTALL}\n"
    assert "uv.lock" not in str(listed("Dockerfile", text))
    steps = "  steps:\n  - run: "
    jobs = f"a:\n{steps}uv export --frozen -o r.txt\nb:\n{steps}{INSTALL}\n"
    assert "uv.lock" not in str(listed("ci.yml", jobs))


STAGE: Final = "FROM x AS Made\nWORKDIR /app\nCOPY uv.lock .\nRUN uv export --frozen -o r.txt\n"


@pytest.mark.parametrize(
    ("after", "is_lock"),
    [
        ("FROM y\nCOPY --from=made /app/r.txt .", True),
        ("FROM y\nWORKDIR /srv\nCOPY --from=made --chown=a:b /app/r.txt ./", True),
        ("FROM y\nWORKDIR /srv\nCOPY --from=0 /app/r.txt /srv/r.txt", True),
        ("FROM y\nWORKDIR /srv\nCOPY --from=made /app /srv", True),
        ("FROM made", True),
        ("RUN echo a >> r.txt\nFROM y\nCOPY --from=made /app/r.txt .", False),
        ("FROM y\nCOPY --from=made /app/r.txt .\nRUN echo a >> r.txt", False),
        ("FROM y\nCOPY --from=made /app/r.txt .\nCOPY . .", False),
        ("FROM y\nCOPY --from=made /app/other.txt r.txt", False),
        ("FROM y\nCOPY --from=other /app/r.txt .", False),
        ("FROM y\nCOPY --from=1 /app/r.txt .", False),
    ],
)
def test_a_list_of_another_stage_is_the_lock_that_it_was_written_out_of(after: str, *, is_lock: bool) -> None:
    found = listed("Dockerfile", f"{STAGE}{after}\nRUN {INSTALL}\n")[-1]
    assert (found == (("uv.lock",), False, "")) is is_lock, found
    unfrozen = listed("Dockerfile", f"{STAGE.replace(' --frozen', '')}{after}\nRUN {INSTALL}\n")[-1]
    assert unfrozen != (("uv.lock",), False, "")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("", "COPY --from=made /app/r.txt .", "lib/r.txt"),
        ("", "WORKDIR /srv\nCOPY --from=made /app/r.txt /srv/r.txt", "lib/r.txt"),
        ("RUN echo a >> r.txt\n", "COPY --from=made /app/r.txt .", ""),
        ("RUN echo a > /app/r.txt\n", "COPY --from=made /app/r.txt .", ""),
        ("RUN echo a >> r.txt\nCOPY src .\nWORKDIR /x\n", "COPY --from=made /app/r.txt .", ""),
        ("COPY <<EOF r.txt\na\nEOF\n", "COPY --from=made /app/r.txt .", ""),
        ("COPY --from=z /app /app\n", "COPY --from=made /app/r.txt .", ""),
        ("", "COPY --from=other /app/r.txt .", ""),
        ("", "COPY --from=made /app/x.txt r.txt", ""),
    ],
)
def test_a_file_of_another_stage_is_the_one_that_it_was_copied_from(before: str, after: str, found: str) -> None:
    text = f"FROM x AS made\nWORKDIR /app\nCOPY lib/r.txt .\n{before}FROM y\n{after}\nRUN {INSTALL}\n"
    (inputs, _, unreadable), *_ = listed("Dockerfile", text)
    assert (inputs, bool(unreadable)) == ((found,) if found else (), not found)


def test_a_list_of_a_lock_that_lies_nowhere_known_cannot_be_read() -> None:
    text = "FROM x\nCOPY --from=a /app /app\nWORKDIR /app\n"
    text += f"RUN uv export --frozen -o r.txt\nRUN {INSTALL}\n"
    assert listed("Dockerfile", text) == [((), False, "the file 'uv.lock'")]


BY_LOCK: Final = "[testenv]\nrunner = uv-venv-lock-runner\n"
BY_LOCK_TOML: Final = '[env_run_base]\nrunner = "uv-venv-lock-runner"\n'


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("tox.ini", f"{BY_LOCK}extras = a\ndependency_groups =\n  dev\n", [(("uv.lock",), False)]),
        ("tox.ini", f"{BY_LOCK}uv_sync_flags =\n  --no-editable\n  -U\n", [(("uv.lock",), True)]),
        ("tox.ini", f"{BY_LOCK}uv_sync_flags = {{env:FLAGS}}\n", [(("uv.lock",), True)]),
        (
            "tox.ini",
            f"{BY_LOCK}[testenv:b]\nrunner = uv-venv-runner\nextras = a\n",
            [(("pyproject.toml",), True), (("uv.lock",), False), (("pyproject.toml",), True)],
        ),
        ("tox.toml", f'{BY_LOCK_TOML}dependency_groups = ["dev"]\n', [(("uv.lock",), False)]),
        ("tox.toml", f'{BY_LOCK_TOML}uv_sync_flags = ["--upgrade"]\n', [(("uv.lock",), True)]),
        (
            "tox.toml",
            f'{BY_LOCK_TOML}[env.b]\nrunner = "virtualenv"\n',
            [(("uv.lock",), False), (("pyproject.toml",), True)],
        ),
    ],
)
def test_tox_installs_from_the_lock_of_uv(name: str, text: str, found: list[tuple[tuple[str, ...], bool]]) -> None:
    assert [(inputs, is_past_lock) for inputs, is_past_lock, _ in listed(name, text)] == found


def test_tox() -> None:
    text = (
        "[tox]\nrequires = tox-uv>=1\n[testenv]\ndeps =\n  pytest\n  -rreq.txt\n  -c{toxinidir}/c.txt\n"
        "  py312,dev: litellm>=1\n  {[base]deps}\n  x{env:V}\ncommands =\n  pip install y \\\n    z\n"
        "  pytest {posargs}\n"
    )
    assert told("tox.ini", text) == [
        ("line 2", ["tox-uv>=1"], (), ""),
        ("line 5", ["pytest"], (), ""),
        ("line 6", [], ("req.txt",), ""),
        ("line 7", [], ("c.txt",), ""),
        ("line 8", ["litellm>=1"], (), ""),
        ("line 10", [], (), "the argument 'x{env:V}'"),
        ("line 13", ["y", "z"], (), ""),
        ("line 4", [], ("pyproject.toml",), ""),
    ]
    assert read("tox.ini", text).commands[-1].is_past_lock
    skipped = told("tox.ini", "[testenv]\nskip_install = true\ndeps = a\n")
    assert [inputs for *_, inputs, _ in skipped] == [()]
    assert not READER.claims(RawDocument(b"[tox]\nskipsdist = true\n[testenv]\ncommands = pytest\n", "tox.ini"))


def test_setup_cfg() -> None:
    text = (
        "[metadata]\nname = x\n[options]\ninstall_requires =\n    litellm>=1 ; python_version < '4'\n    b # why\n"
        "setup_requires = c;d\n[options.extras_require]\nall = e\n    f @ https://files.example/f.whl\n"
        "[flake8]\nmax = 1\n"
    )
    assert told("setup.cfg", text) == [
        ("line 5", ['litellm>=1 ; python_version < "4"'], (), ""),
        ("line 6", ["b"], (), ""),
        ("line 7", ["c"], (), ""),
        ("line 7", ["d"], (), ""),
        ("line 9", ["e"], (), ""),
        ("line 10", [], (), "a URL: 'f @ https://files.example/f.whl'"),
    ]
    assert told("setup.cfg", "[options]\ninstall_requires = file: requirements.txt\n")[0][2] == ("requirements.txt",)
    assert not READER.claims(RawDocument(b"[metadata]\nname = x\n[flake8]\nrequires = 1\n", "setup.cfg"))


SETUP = """from setuptools import setup
BASE = ["litellm>=1"]
MORE = ["never"]
MORE.append(x)
setup(name="x", install_requires=BASE + ["b" + "==1"], extras_require={"a": ["c"], "d": open("x").read()},
      setup_requires="cython", tests_require=MORE, **extra)
"""


def test_setup_py() -> None:
    assert told("setup.py", SETUP) == [
        ("line 5", ["litellm>=1", "b==1"], (), ""),
        ("line 5", ["c"], (), ""),
        ("line 5", [], (), "extras_require is not a literal list"),
        ("line 6", ["cython"], (), ""),
        ("line 6", [], (), "tests_require is not a literal list"),
        ("line 6", [], (), "the arguments of setup(**…)"),
    ]
    assert "never closed" in told("setup.py", "setup(")[0][3]
    assert not READER.claims(RawDocument(b"from setuptools import setup\nsetup()\n", "setup.py"))


def test_a_setup_py_is_never_run() -> None:
    text = "import os\nfrom setuptools import setup\nos.abort()\nsetup(install_requires=['a'])\n"
    assert told("setup.py", text) == [("line 4", ["a"], (), "")]


def test_names_that_make_each_other_end() -> None:
    doubled = "".join(f"A{at + 1} = A{at} + A{at}\n" for at in range(60))
    text = f"A0 = ['a'] * 2\nB = C\nC = B\n{doubled}setup(install_requires=A60, setup_requires=B)\n"
    assert [why for *_, why in told("setup.py", text)] == [
        "install_requires is not a literal list",
        "setup_requires is not a literal list",
    ]
    long = "".join(f"A{at + 1} = A{at} + A{at}\n" for at in range(20))
    assert told("setup.py", f"A0 = ['a']\n{long}setup(install_requires=A20)\n")[0][3]


def test_noxfile() -> None:
    text = (
        "import nox\nD = ['a', 'b']\n@nox.session\ndef t(session):\n    session.install('-e', '.[dev]')\n"
        "    session.install('-r', 'r.txt', *D)\n    session.install(*found(1))\n    session.conda_install('c=1')\n"
        "    session.run('poetry', 'install', external=True)\n    session.run_install('uv', 'sync')\n"
        "    session.run('x')\n"
    )
    assert told("noxfile.py", text) == [
        ("line 5", [], ("pyproject.toml",), ""),
        ("line 6", ["a", "b"], ("r.txt",), ""),
        ("line 7", [], (), "the argument '*found(1)'"),
        ("line 8", ["c"], (), ""),
        ("line 9", [], ("poetry.lock",), ""),
        ("line 10", [], ("uv.lock",), ""),
    ]


def test_commands_in_python_that_runs_tasks() -> None:
    text = (
        "import os, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'litellm'])\n"
        "c.run('pip install a')\nraise ImportError('pip install no')\n"
    )
    assert told("tasks.py", text) == [("line 2", ["litellm"], (), ""), ("line 3", ["a"], (), "")]
    assert not READER.claims(RawDocument(b"raise ImportError('pip install no')\n", "tasks.py"))


def test_hooks_before_commits() -> None:
    text = (
        "repos:\n- repo: https://git.example/x\n  rev: v1\n  hooks:\n  - id: mypy\n"
        "    additional_dependencies: [litellm==1.82.8, 'eslint@8.0', '@types/x', './lib', types-requests]\n"
        "    entry: pip install z\n"
    )
    assert told(".pre-commit-config.yaml", text) == [
        ("line 6", ["litellm==1.82.8"], (), ""),
        ("line 6", [], ("lib/pyproject.toml",), ""),
        ("line 6", ["types-requests"], (), ""),
        ("line 7", ["z"], (), ""),
    ]


def test_what_an_alias_stands_for_is_known_where_it_is_told() -> None:
    hooks = "x: &d [litellm]\nrepos:\n- hooks:\n  - id: a\n    additional_dependencies: *d\n"
    assert told(".pre-commit-config.yaml", hooks) == [("line 1", ["litellm"], (), "")]
    unknown = hooks.replace("&d ", "")
    assert told(".pre-commit-config.yaml", unknown) == [("line 5", [], (), "the argument '*d'")]
    work = ".i: &i\n  - pip install a\nt:\n  script: *i\n*i : x\n"
    assert told(".gitlab-ci.yml", work) == [("line 2", ["a"], (), "")]


def test_a_key_that_is_a_list_hides_nothing() -> None:
    assert told("ci.yml", "? [x, {y: z}]\n: y\nrun: pip install a\n? b\n: pip install c\n") == [
        ("line 3", ["a"], (), ""),
        ("line 5", ["c"], (), ""),
    ]


def test_metadata_stands_in_scripts_of_any_name() -> None:
    block = "# /// script\n# dependencies = ['litellm']\n# ///\n"
    for name in ("run", "noxfile.py", "tasks.py", "setup.py", "a.py"):
        assert told(name, f"#!/usr/bin/env -S uv run --script\n{block}import nox, setup\n")[0][1] == ["litellm"]


def test_setup_under_another_name() -> None:
    assert told("setup.py", "from setuptools import setup as s\ns(install_requires=['a'])\n")[0][1] == ["a"]


def notebook(*cells: Any) -> str:
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": one} for one in cells]})


def test_a_notebook() -> None:
    text = notebook(
        ["import x\n", "!pip install litellm {pkg}\n", "%pip install -U y\n"], "%%bash\npip install z", "pip"
    )
    assert told("a/b.ipynb", text) == [
        ("cell 1 line 2", ["litellm"], (), "the argument '$(pkg)'"),
        ("cell 1 line 3", ["y"], (), ""),
        ("cell 2 line 2", ["z"], (), ""),
    ]
    assert told("b.ipynb", '{"cells": [{"source": [\n"!pip install litellm"\n')[0][1] == ["litellm"]
    markdown = {
        "cells": [{"cell_type": "markdown", "source": ["!pip install no"]}, 5, {"cell_type": "code", "source": 5}]
    }
    assert not READER.claims(RawDocument(json.dumps(markdown).encode(), "a.ipynb"))


def test_a_script_with_metadata() -> None:
    text = (
        "#!/usr/bin/env -S uv run --script\n# /// script\n# requires-python = '>=3.11'\n# dependencies = [\n"
        "#   'litellm',\n# ]\n#\n# [[tool.uv.index]]\n# url = 'https://me:hush@index.example/simple'\n# ///\nprint()\n"
    )
    found = read("tools/x.py", text)
    assert [str(one) for one in found.commands[0].requirements] == ["litellm"]
    assert found.indexes == ("https://index.example/simple",)
    assert (
        told("x.py", "# /// script\n# dependencies = [\n# ///\n")[0][3]
        == "end of document: not valid TOML: Invalid value"
    )
    sources = "# /// script\n# dependencies = ['a']\n# [tool.uv.sources]\n# a = {git = 'x'}\n# ///\n"
    assert "tool.uv.sources" in told("x.py", sources)[0][3]
    assert not READER.claims(RawDocument(b"# /// script\n# dependencies = ['a']\nprint()\n", "x.py"))


def test_environments_of_conda_are_manifests_of_their_own() -> None:
    text = b"name: x\nchannels: [conda-forge]\ndependencies:\n- numpy>=1\n- pip:\n  - litellm==1.82.8\n"
    assert not any(READER.claims(RawDocument(text, name, "lock")) for name in ("environment.yml", "ci/x.yaml"))


def test_environments_of_pixi() -> None:
    pixi = (
        "[workspace]\nname = 'x'\n[dependencies]\npython = '*'\nnumpy = '*'\n[pypi-dependencies]\nlitellm = '>=1'\n"
        "b = {git = 'https://git.example/b'}\n[tasks]\na = 'pip install b'\nc = {cmd = ['uv', 'sync']}\n"
    )
    assert told("pixi.toml", pixi) == [
        (
            "pypi-dependencies",
            ["litellm>=1", "b @ git+https://git.example/b"],
            (),
            "b is from 'git+https://git.example/b'",
        ),
        ("dependencies", ["numpy"], (), ""),
        ("tasks.a", ["b"], (), ""),
        ("tasks.c", [], ("uv.lock",), ""),
    ]


def test_files_of_hatch_and_tox_in_toml() -> None:
    hatch = (
        "[envs.test]\ndependencies = ['a>=1', '-']\n[envs.test.scripts]\nrun = ['pip install b', 'pytest']\n"
        "[build.hooks.x]\ndependencies = ['c']\n"
        "[envs.test.overrides]\nmatrix.v.dependencies = [{value = 'd', if = ['1']}]\n"
    )
    assert told("hatch.toml", hatch) == [
        ("envs.test.dependencies", ["a>=1"], (), ""),
        ("envs.test.dependencies", [], (), "the argument '-'"),
        ("build.hooks.x.dependencies", ["c"], (), ""),
        ("envs.test.scripts.run", ["b"], (), ""),
        ("envs.test.overrides.matrix.v.dependencies", ["d"], (), ""),
    ]
    tox = (
        "requires = ['t']\n[env_run_base]\ndeps = ['a', '-r r.txt']\ncommands = [['pip', 'install', 'b'], ['pytest']]\n"
    )
    assert told("tox.toml", tox) == [
        ("requires", ["t"], (), ""),
        ("env_run_base.deps", ["a"], (), ""),
        ("env_run_base.deps", [], ("r.txt",), ""),
        ("env_run_base.commands", ["b"], (), ""),
        ("env_run_base", [], ("pyproject.toml",), ""),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "pip install litellm\n"),
        ("notes.txt", "pip install litellm\n"),
        ("main.py", "print('pip install litellm')\n"),
        ("k8s.yaml", "description: pip install x\nkind: Pod\n"),
        ("Dockerfile", "FROM x\nRUN make\n"),
        ("Dockerfile", "FROM x\nRUN echo pip install x\n"),
        ("run.sh", "pip --version\n"),
        ("Makefile", "all:\n\tmake -C x\n"),
        ("noxfile.py", "import nox\n"),
        (".pre-commit-config.yaml", "repos: []\n"),
        ("environment.yml", "name: x\ndependencies:\n- python=3.12\n"),
        ("pixi.toml", "[workspace]\nname = 'x'\n"),
        ("a.spdx.yaml", "spdxVersion: SPDX-2.3\ncomment: 'x'\nrun: pip install litellm\n"),
        ("data.json", '{"run": "pip install litellm"}'),
        ("src/x", "pip install a\n"),
        ("scripts/README", "pip install a\n"),
        ("scripts/x", "#!/usr/bin/perl\npip install a\n"),
        ("scripts/x", "ls\n"),
    ],
)
def test_what_is_not_claimed(name: str, text: str) -> None:
    assert not READER.claims(RawDocument(text.encode(), name, "lock"))


def test_environments_and_sboms_are_looked_for_elsewhere() -> None:
    assert READER.claims(RawDocument(b"pip install a\n", "run.sh"))
    assert not READER.claims(RawDocument(b"pip install a\n", "run.sh", "env"))
    assert not READER.claims(RawDocument(b"pip install a\n", "run.sh", "sbom"))


def test_very_many_commands_and_very_large_files_are_bounded() -> None:
    found = read("run.sh", "".join(f"pip install p{at}\n" for at in range(1_500)))
    assert len(found.commands) == 1_001
    assert found.commands[-1].unreadable
    large = read("run.sh", "pip install a\n" + f"{'x' * 99}\n" * 50_000 + "pip install b\n")
    assert [one.unreadable for one in large.commands] == ["what follows the first 4,000,000 bytes", ""]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yml", "pip install a: " + "[" * 100_000),
        ("a.yml", "- &a [pip install x]\n" + "- [*a, *a]\n" * 50_000),
        ("a.yml", "? " * 20_000 + "pip install a"),
        ("a.ipynb", "[" * 200_000 + "pip install a"),
        ("setup.py", "setup(install_requires=" + "(" * 100_000),
        ("setup.py", "setup(install_requires=" + "[" * 150 + "'a'" + "]" * 150 + ")"),
        ("setup.py", "setup(install_requires=" + "'a'+" * 20_000 + "'a')"),
        ("setup.py", "setup(install_requires=['a'])\n" * 3_000),
        ("noxfile.py", "s.install(" + "-" * 50_000 + "1)"),
        ("Dockerfile", "RUN [" + "[" * 200_000 + " pip install a"),
        ("Dockerfile", "RUN <<EOF\n" + "pip install a\n" * 20_000),
        ("Makefile", "pip = " + "$(" * 50_000 + "\n\tpip install $(pip)\n"),
        ("Makefile", "A0 = pip\n" + "".join(f"A{at + 1} = $(A{at}) $(A{at})\n" for at in range(60)) + "\t$(A60)\n"),
        ("tox.ini", "[testenv]\ndeps = " + "{" * 200_000),
        ("pixi.toml", "pypi-dependencies = " + "[" * 50_000),
        ("run.sh", "pip install " + "'" * 99_999),
        ("run.sh", "python pip install <<A\n" * 10_000),
        ("tox.ini", "[testenv]\ndeps = " + "{[" * 100_000),
        (".devcontainer.json", "pip " + "/*" * 200_000),
        ("run.sh", 'sh -c "' * 30_000 + "pip install a"),
        ("x.py", "# /// script\n" + "# x\n" * 100_000 + "# ///\n"),
    ],
)
def test_hostile_files_cost_little_and_are_read_the_same_each_time(name: str, text: str) -> None:
    start = time.perf_counter()
    claimed = READER.claims(RawDocument(text.encode(), name, "lock"))
    first, second = (
        READER.parse(RawDocument(text.encode(), name, "lock")),
        READER.parse(RawDocument(text.encode(), name, "lock")),
    )
    assert first == second
    assert claimed is bool(first.commands) or not claimed
    assert hash(first) == hash(second)
    assert time.perf_counter() - start < 20


# What is hidden


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dockerfile", "# escape=`\nFROM python\nRUN pip `\n install litellm==1.82.7\n"),
        ("Dockerfile", "# syntax=x\n#Escape = `\nFROM python\nRUN pip `\n `\n install litellm==1.82.7\n"),
        ("Dockerfile", "# escape=`\nFROM python\nCOPY a c:\\\nRUN pip install litellm==1.82.7\n"),
        ("Dockerfile", "FROM python\n# escape=`\nRUN pip \\\n install litellm==1.82.7\n"),
        ("x.sh", "#!/bin/sh\n# \0\npip install litellm==1.82.7\n"),
        ("x.sh", "#\0\npip install litellm==1.82.7\n"),
        ("Dockerfile", "FROM python\n# \0\nRUN pip install litellm==1.82.7\n"),
        ("bin/x", "#!/bin/sh\npip \0install litellm==1.82.7\n"),
    ],
)
def test_a_release_that_is_hidden_is_found(name: str, text: str) -> None:
    assert [asked for _, asked, _, _ in told(name, text)] == [["litellm==1.82.7"]]


def test_a_program_is_no_script_for_its_strings() -> None:
    data = b"\x7fELF\0\xff\0pip install litellm==1.82.7\n"
    assert read_document(data, "bin/uv", hint="lock") is None
    assert not is_claimed(data, "bin/uv")
    assert is_claimed(b"#!/bin/sh\n# \0\npip install litellm\n", "bin/x")


@pytest.mark.parametrize(
    "line",
    [
        f"true {'x' * 200_000} && pip install litellm==1.82.7",
        f"true {'x' * 99_980} && pip install litellm==1.82.7",
        f"env {'A=1 ' * 3_000} pip install litellm==1.82.7",
        "$(a $(b $(c $(d $(e $(pip install litellm==1.82.7))))))",
    ],
    ids=["a long line", "on the limit", "many words", "deep"],
)
def test_what_is_too_long_or_deep_to_read_stays_open(line: str) -> None:
    for name, text in (("x.sh", line), ("Dockerfile", f"FROM python\nRUN {line}\n")):
        assert any("too long" in unreadable for *_, unreadable in told(name, text))
        harmless = text.replace("pip install", "printf is")
        assert read_document(harmless.encode(), name, hint="lock") is None


# What is fetched


@pytest.mark.parametrize(
    "line",
    [
        "curl -sSL https://x.example/i.sh | sh",
        "apt-get update && wget -qO- https://x.example/i.sh | sudo -E bash -s -- --all",
        "curl http://astral.sh/uv/install.sh | sh",
        "curl https://astral.sh.example/uv/install.sh | env A=1 /bin/sh",
        "curl https://x.example/i.py | python3 -",
        'sh -c "$(curl -fsSL https://x.example/i.sh)"',
        "bash <(wget -qO- https://x.example/i.sh)",
        "curl $ADDRESS | sh",
        "echo cGlwIGluc3RhbGwgbGl0ZWxsbQ== | base64 -d | sh",
        'eval "$(echo cGlw | base64 --decode)"',
    ],
)
def test_commands_that_are_fetched_or_decoded_cannot_be_read(line: str) -> None:
    for name, text in (("x.sh", line), ("Dockerfile", f"FROM python\nRUN {line}\n")):
        assert any(unreadable.startswith("commands ") for *_, unreadable in told(name, text))


@pytest.mark.parametrize(
    "line",
    [
        "curl -LsSf https://astral.sh/uv/install.sh | sh",
        "curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y",
        "curl -fsSL https://deb.nodesource.com/setup_20.x | bash -",
        'sh -c "$(curl -fsSL https://www.get.docker.com/)"',
        "curl https://x.example/a.json | python3 -m json.tool",
        "curl https://x.example/a.json | python3 -c 'print(1)'",
        "curl https://x.example/a.tgz | tar xz && sh a/configure",
        "curl https://x.example/key | gpg --dearmor | tee /etc/key",
        "wget https://x.example/rows.tar.gz -O a.tar.gz",
        "# curl https://x.example/i.sh | sh",
        "base64 -d key > key.pem",
    ],
)
def test_installers_of_well_known_tools_and_other_files_say_nothing(line: str) -> None:
    assert read_document(line.encode(), "x.sh", hint="lock") is None


@pytest.mark.parametrize(
    ("name", "text", "tool"),
    [
        ("x.sh", "wget https://x.example/litellm-1.82.7.tar.gz && tar xf litellm-1.82.7.tar.gz\n", "download"),
        ("x.sh", "curl -O https://x.example/litellm-1.82.7-py3-none-any.whl\n", "download"),
        ("Dockerfile", "FROM ghcr.io/berriai/litellm:v1.82.7 AS x\n", "image"),
        ("k8s/deploy.yaml", "spec:\n  containers:\n  - image: ghcr.io/berriai/litellm:v1.82.7\n", "image"),
        ("Dockerfile", "FROM --platform=linux/arm64 ghcr.io/berriai/litellm:main-v1.82.7-stable\n", "image"),
    ],
)
def test_the_file_or_image_of_a_release_is_named(name: str, text: str, tool: str) -> None:
    (found,) = read(name, text).commands
    assert ([str(one) for one in found.requirements], found.tool) == (["litellm==1.82.7"], tool)


def test_other_images_name_no_release() -> None:
    for image in ("python:3.12", "ghcr.io/x/app:latest", "ghcr.io/x/app@sha256:00", "x/app:7"):
        assert read_document(f"FROM {image}\n".encode(), "Dockerfile", hint="lock") is None


TOGETHER = [
    ("Dockerfile", 'FROM x\nENTRYPOINT ["pip"]\nCMD ["install", "a"]\n'),
    ("Dockerfile", 'FROM x\nCMD ["install", "a"]\nENTRYPOINT ["pip"]\n'),
    ("Dockerfile", 'FROM x\nENTRYPOINT ["sh", "-c"]\nCMD pip install a\n'),
    ("Dockerfile", 'FROM x AS y\nENTRYPOINT ["uvx"]\nCMD ["a"]\n'),
    ("Dockerfile", 'FROM x AS y\nENTRYPOINT ["uv", "tool", "run"]\nCMD ["a"]\nFROM y\nCMD ["a"]\n'),
    ("pod.yaml", 'c:\n- command: ["sh", "-c"]\n  args: ["pip install a && run"]\n- args: [b]\n'),
    ("pod.yaml", "c:\n- args: [install, a]\n  command: [pip]\n"),
    ("compose.yaml", "s:\n  a:\n    entrypoint: pip install\n    command: a\n  b:\n    command: b\n"),
    ("compose.yaml", "s:\n  a:\n    command: [a]\n    entrypoint: [uvx]\n"),
    (".github/workflows/a.yml", "s:\n- with:\n    entrypoint: pip\n    args: install a\n"),
]


@pytest.mark.parametrize(("path", "text"), TOGETHER)
def test_a_program_and_its_arguments_install_together(path: str, text: str) -> None:
    assert {tuple(names) for _, names, _, why in told(path, text) if not why} == {("a",)}


def test_a_program_that_installs_what_it_is_told_to_may_install_anything() -> None:
    text = 'FROM x\nENTRYPOINT ["pip"]\nFROM y\nENTRYPOINT ["tini", "--"]\nFROM z\nENTRYPOINT ["uv", "run"]\n'
    assert [found[3] for found in told("Dockerfile", text) if found[3]] == ["the argument 'what it is started with'"]


def test_a_stage_has_nothing_that_another_got() -> None:
    copied = "WORKDIR /app\nCOPY uv.lock pyproject.toml ./\n"
    text = f"FROM x AS a\n{copied}FROM a\nRUN uv sync --a\nFROM y\nCOPY pyproject.toml /\nRUN uv sync --b\n"
    assert [one.is_past_lock for one in read("Dockerfile", text).commands] == [False, True]


RUNS = [
    ("COPY pyproject.toml ./\nCMD uv run app", [True]),
    ('COPY pyproject.toml ./\nCMD ["uv", "run", "app"]', [True]),
    ("COPY pyproject.toml uv.lock ./\nCMD uv run app", [False]),
    ("ENV UV_FROZEN=1\nCOPY pyproject.toml ./\nCMD uv run app", []),
    ("COPY pyproject.toml ./\nCMD uv run --no-sync app", []),
    ("COPY . .\nCMD uv run app", [False]),
    ("CMD uv run app", [False]),
]


@pytest.mark.parametrize(("lines", "past"), RUNS)
def test_a_run_by_uv_resolves_a_project_that_was_copied_without_its_lock(lines: str, past: list[bool]) -> None:
    found = read_document(f"FROM x\nWORKDIR /app\n{lines}\n".encode(), "Dockerfile", hint="lock")
    assert [one.is_past_lock for one in (found.commands if found else ())] == past
