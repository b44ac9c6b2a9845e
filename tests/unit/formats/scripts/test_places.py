"""Places that something can be installed from: each is found, and what only looks like one is not."""

from __future__ import annotations

import json
from typing import Final

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import InstallCommand

FLOW: Final = ".github/workflows/ci.yml"
STEP: Final = "on: push\njobs:\n  a:\n    steps:\n    - uses: x/y@v1\n"


def commands(name: str, text: str) -> tuple[InstallCommand, ...]:
    found = read_document(text.encode(), name, hint="lock")
    return found.commands if found else ()


def notebook(source: str) -> str:
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": source}]})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.sh", "$(which pip) install litellm\n"),
        ("x.sh", '"$(command -v pip3)" install litellm\n'),
        ("x.sh", "$PIP_BIN install litellm\n"),
        ("x.sh", "${VENV_PIP} --quiet install litellm\n"),
        ("x.sh", "$UV_BIN add litellm\n"),
        ("x.sh", "python3 -mpip install litellm\n"),
        ("x.sh", "OUT=$(pip install litellm 2>&1) || exit 1\n"),
        ("x.sh", "echo `pip install litellm`\n"),
        ("x.sh", 'if [ "$(sudo pip install litellm)" ]; then x; fi\n'),
        ("x.sh", "A=($(pip install litellm))\n"),
        ("x.sh", "cat <(pip install litellm)\n"),
        ("x.sh", "echo 'pip install litellm' | sh\n"),
        ("x.sh", "printf 'pip install litellm\\n' | sudo /bin/bash -s\n"),
        ("x.sh", "python -c \"import pip; pip.main(['install', 'litellm'])\"\n"),
        ("x.sh", "python get-pip.py litellm\n"),
        ("x.sh", "curl https://files.example/get-pip.py | python3 - litellm\n"),
        ("x.sh", "pipx runpip app install litellm\n"),
        ("x.sh", "hatch run pip install litellm\n"),
        ("x.sh", "python <<EOF\nimport os\nos.system('pip install litellm')\nEOF\n"),
        (".justfile", "dev:\n  pip install litellm\n"),
        ("x.just", "dev:\n  pip install litellm\n"),
        ("Makefile", "INSTALL=pip install\nx:\n\t$(INSTALL) litellm\n"),
        ("Makefile", "X := $(shell pip install litellm)\n"),
        ("Dockerfile", "FROM x\nRUN pip install \\\n\n    litellm\n"),
        ("Dockerfile", "FROM x\nRUN pip install \\\n  # why\n\n\n    litellm\n"),
        ("Dockerfile", "FROM x\nRUN python3 <<EOF\nimport os\nos.system('pip install litellm')\nEOF\nRUN make\n"),
        ("Dockerfile", "FROM x\nRUN <<EOF\n#!/usr/bin/env python3\nimport os\nos.system('pip install litellm')\nEOF\n"),
        ("Dockerfile", "FROM x\nRUN <<A cat && <<B sh\nx\nA\npip install litellm\nB\n"),
        ("Dockerfile", "FROM x\nCOPY <<EOF /run.sh\npip install litellm\nEOF\n"),
        ("Dockerfile", "FROM x\nHEALTHCHECK --interval=5m CMD pip install litellm\n"),
        ("Dockerfile", "FROM x\nADD https://files.example/litellm-1.82.8.tar.gz /x\n"),
        ("Dockerfile2", "FROM x\nRUN pip install litellm\n"),
        ("tox.ini", "[common]\ntestdeps =\n  litellm\n[testenv]\nskip_install = true\ndeps = {[common]testdeps}\n"),
        ("tox.ini", "[a]\nx = {[b]y}\n[b]\ny = litellm\n[testenv]\nskip_install = true\ndeps =\n  {[a]x}\n"),
        ("tox.ini", "[testenv]\nskip_install = true\ninstall_command = pip install {opts} {packages} litellm\n"),
        (
            "tox.toml",
            "[env_run_base]\nskip_install = true\ninstall_command = ['pip', 'install', '{packages}', 'litellm']\n",
        ),
        (FLOW, f"{STEP}      with:\n        pip-install: -q litellm\n"),
        (FLOW, f"{STEP}      env:\n        CIBW_TEST_REQUIRES: litellm\n"),
        (FLOW, f"{STEP}      env:\n        CIBW_TEST_REQUIRES_LINUX: litellm\n"),
        (FLOW, f"{STEP}      env:\n        CIBW_BEFORE_TEST: pip install litellm\n"),
        (
            FLOW,
            f"{STEP}    - shell: python\n      run: |\n        import os\n        os.system('pip install litellm')\n",
        ),
        ("x.py", "# /// script\r\n# dependencies = ['litellm']\r\n# ///\r\n"),
        ("x.py", "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'litellm'])\n"),
        ("x.py", "import subprocess\ndef f():\n    c = ['pip', 'install', 'litellm']\n    subprocess.run(c)\n"),
        ("x.py", "import subprocess\nsubprocess.run('pip install litellm'.split())\n"),
        ("x.py", "import asyncio\nasyncio.create_subprocess_exec('pip', 'install', 'litellm')\n"),
        ("x.py", "from pip._internal.cli.main import main\nmain(['install', 'litellm'])\n"),
        ("n.ipynb", notebook("%%bash\npip install litellm")),
        ("n.ipynb", notebook("x\n\tpip install litellm")),
        ("n.ipynb", notebook("out = !pip install litellm")),
        ("n.ipynb", notebook("pip install litellm")),
        ("n.ipynb", notebook("!ls\nimport os\nos.system('pip install litellm')")),
        ("n.ipynb", notebook("get_ipython().run_line_magic('pip', 'install litellm')")),
        (".devcontainer.json", '{// why\n\t"postCreateCommand": ["pip", "install", "litellm"],\n}'),
        (".devcontainer/devcontainer.json", '{"postStartCommand": {"a": ["pip", "install", "litellm"]}}'),
        (".devcontainer/devcontainer.json", '{"onCreateCommand": "x\\npip install litellm"}'),
        ("play.yml", "- hosts: all\n  tasks:\n  - name: x\n    pip:\n      name: [litellm]\n"),
        ("play.yml", "- hosts: all\n  tasks:\n  - ansible.builtin.pip: name=litellm state=present\n"),
    ],
)
def test_one_that_installs_a_package(name: str, text: str) -> None:
    assert {one.package for command in commands(name, text) for one in command.requirements} == {"litellm"}
    assert [command.unreadable for command in commands(name, text) if command.unreadable] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tox.ini", "[testenv]\nskip_install = true\ndependency_groups = test\ncommands = pytest\n"),
        ("tox.ini", "[testenv]\nskip_install = true\n[testenv:py]\nskip_install = false\n"),
        ("tox.toml", "[env_run_base]\ncommands = [['pytest']]\n"),
        ("tox.toml", "env_list = ['py']\n"),
        ("tox.toml", "[env.a]\nskip_install = true\ndependency_groups = ['test']\n"),
        (".readthedocs.yaml", "version: 2\npython:\n  install:\n  - method: pip\n    path: .\n"),
        ("x.sh", "hatch test\n"),
        ("x.sh", "hatch run pytest\n"),
        ("x.sh", "hatch env create\n"),
        (FLOW, f"{STEP}      env:\n        CIBW_TEST_COMMAND: pytest\n"),
    ],
)
def test_one_that_installs_the_project_past_its_lock(name: str, text: str) -> None:
    inputs = next(command.inputs for command in commands(name, text) if command.is_past_lock)
    assert inputs in {("pyproject.toml",), ("../../pyproject.toml",)}


@pytest.mark.parametrize("command", ["uv run -U pytest", "uv run --upgrade pytest", "uv run -qP six x"])
def test_one_that_renews_a_lock(command: str) -> None:
    assert [(one.inputs, one.is_past_lock) for one in commands("x.sh", f"{command}\n")] == [(("uv.lock",), True)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.sh", "$TOOL install litellm\n"),
        ("x.sh", "sudo -E $(cat tool) install -y litellm\n"),
        ("x.sh", "$TOOL install -r requirements.txt\n"),
        ("x.py", "import subprocess\nsubprocess.run(f'pip install {x}', shell=True)\n"),
        ("x.py", "import subprocess\nc = ['pip', 'install']\nc += more\nsubprocess.run(c)\n"),
        ("x.py", "import subprocess\nsubprocess.run(['pip', 'install'] + more)\n"),
        ("x.py", "import subprocess\nsubprocess.run('pip install %s' % x)\n"),
        ("x.py", "import subprocess\npip = f()\nsubprocess.run([pip, 'install', x])\n"),
        ("x.py", "import subprocess\nprint 'old'\nsubprocess.call(['pip', 'install', 'x'])\n"),
        ("play.yml", "- pip:\n    name: '{{ item }}'\n"),
        ("tox.toml", "[env_run_base]\nskip_install = true\ndeps = [{replace = 'ref', of = ['x']}]\n"),
    ],
)
def test_one_that_cannot_be_read(name: str, text: str) -> None:
    assert any(one.unreadable for one in commands(name, text))


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\nENV PIP_INDEX_URL=https://me:hush@index.example/simple\n",
        "FROM x\nENV UV_DEFAULT_INDEX https://index.example/simple\n",
        "FROM x\nARG PIP_EXTRA_INDEX_URL=https://index.example/simple\n",
        "FROM x\nENV A=1 UV_INDEX='own=https://index.example/simple' B=2\n",
        "FROM x\nRUN pip config set global.index-url https://index.example/simple\n",
        "FROM x\nRUN export UV_EXTRA_INDEX_URL=https://index.example/simple && uv sync\n",
    ],
)
def test_an_index_in_a_variable_is_one_of_the_file(text: str) -> None:
    found = read_document(text.encode(), "Dockerfile", hint="lock")
    assert found is not None
    assert found.indexes == ("https://index.example/simple",)
    assert not any(one.requirements or one.unreadable for one in found.commands)


def test_indexes_of_other_files() -> None:
    for name, text in (
        ("x.sh", "export PIP_INDEX_URL=https://index.example/simple\n"),
        ("Makefile", "export UV_INDEX_URL := https://index.example/simple\n"),
        (FLOW, f"{STEP}      env:\n        UV_INDEX: https://index.example/simple\n"),
        ("tox.ini", "[testenv]\nskip_install = true\nsetenv =\n  PIP_INDEX_URL = https://index.example/simple\n"),
    ):
        found = read_document(text.encode(), name, hint="lock")
        assert found is not None
        assert found.indexes == ("https://index.example/simple",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "Makefile",
            "x:\n\t$(MAKE) -C $(DIR) install PREFIX=/usr\n\t$(INSTALL) -m 644 a b\n\t$(NPM) install left-pad\n",
        ),
        ("x.sh", "$APT_GET install -y curl\n$SUDO apt-get install -y python3-pip\n$X install\nmake -C $D install\n"),
        ("x.sh", "# $(which pip) install litellm\necho 'OUT=$(pip install litellm)'\necho pip install x\n"),
        (
            "Dockerfile",
            "FROM x\nADD https://a.example/tini /tini\nADD https://a.example/node-v18-x.tar.gz /\n",
        ),
        ("x.py", '"""Try pip install litellm, or subprocess."""\nimport subprocess\nsubprocess.run(["ls"])\n'),
        ("x.py", "import subprocess\nHELP = ['pip', 'install', 'litellm']\n"),
        ("n.ipynb", notebook("# pip install litellm\nprint('pip install litellm')\npip = 3")),
        ("play.yml", "- name: pip install litellm\n  debug:\n    msg: pip install litellm\n"),
        ("Chart.yml", "dependencies:\n- name: litellm\n  version: 1\n"),
        (FLOW, f"{STEP}      with:\n        cache: pip\n"),
        (
            "tox.ini",
            "[testenv]\nskip_install = true\ninstall_command = pip install {opts} {packages}\n",
        ),
        ("tox.toml", "no_package = true\nenv_list = ['py']\n[env_run_base]\ncommands = [['pytest']]\n"),
        ("x.sh", "hatch build\nhatch version\n"),
        (".readthedocs.yaml", "version: 2\nbuild:\n  os: ubuntu\n"),
    ],
)
def test_what_installs_nothing(name: str, text: str) -> None:
    assert commands(name, text) == ()


def test_an_ordinary_makefile_stays_readable() -> None:
    text = (
        "PYTHON ?= python3\nPIP = $(PYTHON) -m pip\nx:\n\t$(PYTHON) -m pip install -r requirements.txt\n"
        "\t$(PIP) install -r requirements.txt\n\t$(VENV)/bin/pip install -r requirements.txt\n"
    )
    assert [(one.inputs, one.unreadable) for one in commands("Makefile", text)] == [(("requirements.txt",), "")] * 3


def test_files_that_documentation_is_built_from() -> None:
    text = "python:\n  install:\n  - method: pip\n    path: .\n  - requirements: docs/r.txt\n"
    text += "conda:\n  environment: e.yml\n"
    assert [one.inputs for one in commands(".readthedocs.yaml", text)] == [
        ("pyproject.toml",),
        ("docs/r.txt",),
        ("e.yml",),
    ]
