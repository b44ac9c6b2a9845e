"""Settings by which an image or a cluster installs packages when it starts."""

from __future__ import annotations

import pytest

from graphkit.formats import read_document
from tests.unit.formats.scripts.test_reader import told

COMPOSE = "services:\n  a:\n    environment:\n"
POD = "spec:\n  containers:\n  - env:\n    - name: EXTRA_PIP_PACKAGES\n"
JOB = "spec:\n  runtimeEnvYAML: |\n    pip:\n    - a==1\n    env_vars: {x: y}\n"
SERVE = "spec:\n  serveConfigV2: |\n    applications:\n    - runtime_env: {pip: [a==1]}\n"

ONE = [
    ("compose.yaml", f"{COMPOSE}      _PIP_ADDITIONAL_REQUIREMENTS: a==1\n"),
    ("compose.yaml", f"{COMPOSE}      _PIP_ADDITIONAL_REQUIREMENTS: ${{_PIP_ADDITIONAL_REQUIREMENTS:- a==1}}\n"),
    ("compose.yaml", f"{COMPOSE}    - EXTRA_PIP_PACKAGES=a==1\n"),
    ("pod.yaml", f"{POD}      value: a==1\n"),
    ("values.yaml", "airflow:\n  extraPipPackages:\n  - a==1\n"),
    ("values.yaml", "workers: {extraPipPackages: [a==1]}\n"),
    ("job.yaml", JOB),
    ("job.yaml", SERVE),
    ("serve.yaml", "runtime_env:\n  uv:\n    packages: [a==1]\n"),
    ("serve.yaml", "applications:\n- runtime_env: {conda: {dependencies: [python, {pip: [a==1]}]}}\n"),
    ("runtime_env.yaml", "pip: [a==1]\n"),
    (".env", "X=1\nexport EXTRA_PIP_PACKAGES='a==1'\n"),
    ("airflow.env", "_PIP_ADDITIONAL_REQUIREMENTS=a==1\n"),
    ("Dockerfile", "FROM x\nENV EXTRA_PIP_PACKAGES a==1\n"),
    ("Dockerfile", "FROM x\nENV Y=1 EXTRA_PIP_PACKAGES=a==1\n"),
    ("run.sh", "export EXTRA_PIP_PACKAGES=a==1\n"),
    ("run.sh", "docker run -e 'EXTRA_PIP_PACKAGES=a==1' daskdev/dask\n"),
    ("run.sh", 'ray job submit --runtime-env-json=\'{"pip": ["a==1"]}\' -- python x.py\n'),
    ("main.tf", 'environment = { EXTRA_PIP_PACKAGES = "a==1" }\n'),
    ("fly.toml", '[env]\nEXTRA_PIP_PACKAGES = "a==1"\n'),
    ("main.py", "import ray\nray.init(runtime_env={'pip': ['a==1']})\n"),
    ("main.py", "from ray import *\nray.init(runtime_env=RuntimeEnv(uv={'packages': ['a==1']}))\n"),
    ("main.py", "import ray\nruntime_env = {'pip': ['a==1']}\n"),
]


@pytest.mark.parametrize(("path", "text"), ONE)
def test_what_is_installed_at_the_start(path: str, text: str) -> None:
    assert [(names, inputs, why) for _, names, inputs, why in told(path, text)] == [(["a==1"], (), "")]


def test_all_words_of_a_variable_count() -> None:
    text = "FROM x\nENV EXTRA_PIP_PACKAGES='a<2 b>=1 --upgrade' EXTRA_CONDA_PACKAGES=\"c=1 -c forge\"\n"
    assert [names for _, names, _, _ in told("Dockerfile", text)] == [["a<2", "b>=1"], ["c"]]


UNREADABLE = [
    ("pod.yaml", f"{POD}      valueFrom: {{secretKeyRef: {{name: x}}}}\n", "the value of EXTRA_PIP_PACKAGES"),
    ("compose.yaml", f"{COMPOSE}      EXTRA_PIP_PACKAGES: ${{MORE}}\n", "the argument '${MORE}'"),
    ("job.yaml", "spec:\n  runtimeEnvYAML: '{'\n", "what runtimeEnvYAML says"),
    ("run.sh", "ray job submit --runtime-env-json '{' -- python x.py\n", "the runtime environment"),
    ("main.py", "import ray\nray.init(runtime_env={'pip': names()})\n", "runtime_env is not a literal list"),
]


@pytest.mark.parametrize(("path", "text", "why"), UNREADABLE)
def test_what_cannot_be_read_may_be_anything(path: str, text: str, why: str) -> None:
    assert [found[3] for found in told(path, text)] == [why]


@pytest.mark.parametrize(
    ("path", "text"), [("serve.yaml", "runtime_env: {pip: a/b.txt}\n"), ("x.py", "f(runtime_env={'pip': 'a/b.txt'})")]
)
def test_a_file_of_requirements(path: str, text: str) -> None:
    assert told(path, text)[0][2][0] == "a/b.txt"


QUIET = [
    ("compose.yaml", f"{COMPOSE}      _PIP_ADDITIONAL_REQUIREMENTS: ${{_PIP_ADDITIONAL_REQUIREMENTS:-}}\n"),
    ("compose.yaml", f"{COMPOSE}    - EXTRA_PIP_PACKAGES\n"),
    ("values.yaml", "airflow:\n  extraPipPackages: []\n"),
    ("serve.yaml", "runtime_env: {conda: an-environment, env_vars: {A: b}, working_dir: pip}\n"),
    (".env.example", "EXTRA_PIP_PACKAGES=a\n"),
    (".env", "# EXTRA_PIP_PACKAGES=a\nEXTRA_PIP_PACKAGES=\n"),
    ("run.sh", 'if [ "$EXTRA_PIP_PACKAGES" = "a" ]; then echo x; fi\n'),
]


@pytest.mark.parametrize(("path", "text"), QUIET)
def test_what_installs_nothing(path: str, text: str) -> None:
    assert read_document(text.encode(), path, hint="lock") is None
