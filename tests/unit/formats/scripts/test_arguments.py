"""What install commands ask for, tool by tool."""

from __future__ import annotations

import pytest

from graphkit.formats.scripts.arguments import found_in
from graphkit.formats.scripts.shell_words import Variables, commands_of, literal
from graphkit.model.documents import InstallCommand


def installs(text: str) -> list[InstallCommand]:
    return [
        found.as_command("line 1", literal(told))
        for command in commands_of(text, 1, Variables())
        for found, told in found_in(command.words)
    ]


@pytest.mark.parametrize(
    ("text", "tool", "names", "inputs", "is_past_lock"),
    [
        ("pip install litellm", "pip", ["litellm"], (), False),
        ("sudo -H /venv/bin/pip3.11 --no-cache-dir -q install 'a[b]>=1,<2' c", "pip", ["a[b]<2,>=1", "c"], (), False),
        ("python3 -m pip install -r dev/r.txt -cc.txt", "pip", [], ("dev/r.txt",), False),
        ("pip install --requirement=r.txt -i https://index.example/simple x", "pip", ["x"], ("r.txt",), False),
        ("pip install -qUr r.txt", "pip", [], ("r.txt",), False),
        ("pip install -U pip setuptools", "pip", ["pip", "setuptools"], (), False),
        # What a list pins stays pinned.
        ("pip install --no-cache-dir --upgrade -r a.txt", "pip", [], ("a.txt",), False),
        ("uv pip install -U -r a.txt", "uv", [], ("a.txt",), False),
        ("pip install -U -r a.in", "pip", [], ("a.in",), True),
        ("pip install .", "pip", [], ("pyproject.toml",), True),
        ("pip install -e './lib[dev]'", "pip", [], ("lib/pyproject.toml",), True),
        ("pip download a -d out", "pip", ["a"], (), False),
        ("pip wheel -w out .", "pip", [], ("pyproject.toml",), True),
        ("pip.exe install a", "pip", ["a"], (), False),
        ("$(PIP) install a", "pip", ["a"], (), False),
        ("uv pip install --system -r requirements.in", "uv", [], ("requirements.in",), True),
        ("uv pip install -r pyproject.toml --extra x", "uv", [], ("pyproject.toml",), True),
        ("uv --quiet pip sync requirements.txt", "uv", [], ("requirements.txt",), False),
        ("uv pip compile a.in -o b.txt --upgrade", "uv", [], ("a.in",), True),
        ("uv add 'a>=1' -r r.txt", "uv", ["a>=1"], ("r.txt",), False),
        ("uv sync --locked --no-dev", "uv", [], ("uv.lock",), False),
        ("uv sync -U", "uv", [], ("uv.lock",), True),
        ("uv --directory app sync", "uv", [], ("app/uv.lock",), False),
        ("uv sync --project app", "uv", [], ("app/uv.lock",), False),
        ("uv lock --upgrade", "uv", [], ("uv.lock",), True),
        ("uv tool install a --with b", "uv", ["a", "b"], (), False),
        ("uvx ruff@0.5 check x", "uv", ["ruff==0.5"], (), False),
        ("uvx ruff@latest", "uv", ["ruff"], (), False),
        ("uvx --from 'a[b]' c --d e", "uv", ["a[b]"], (), False),
        ("uv run --with a,b --with-requirements r.txt python x.py", "uv", ["a", "b"], ("r.txt",), False),
        ("poetry add 'a@^1.2' b@latest --group dev", "poetry", ["a<2,>=1.2", "b"], (), False),
        ("poetry install --no-root", "poetry", [], ("poetry.lock",), False),
        ("poetry update a", "poetry", [], ("poetry.lock",), True),
        ("poetry self add plug", "poetry", ["plug"], (), False),
        ("pdm add -G test a", "pdm", ["a"], (), False),
        ("pdm sync", "pdm", [], ("pdm.lock",), False),
        ("pdm install --no-lock", "pdm", [], ("pdm.lock",), True),
        ("pdm update", "pdm", [], ("pdm.lock",), True),
        ("pipenv install --deploy", "pipenv", [], ("Pipfile.lock",), False),
        ("pipenv install a", "pipenv", ["a"], (), False),
        ("pipenv update", "pipenv", [], ("Pipfile.lock",), True),
        ("pipx install a", "pipx", ["a"], (), False),
        ("pipx run --spec a b c", "pipx", ["a"], (), False),
        ("pipx run a b c", "pipx", ["a"], (), False),
        ("pipx inject venv a b", "pipx", ["a", "b"], (), False),
        ("easy_install a", "easy_install", ["a"], (), False),
        ("conda install -y -c forge 'a=1.2' forge::b", "conda", ["a", "b"], (), False),
        ("micromamba create -n x python=3.12 a", "conda", ["a"], (), False),
        ("conda env create", "conda", [], ("environment.yml",), True),
        ("conda env update --file e.yml", "conda", [], ("e.yml",), True),
        ("micromamba create -n x -f conda-lock.yml", "conda", [], ("conda-lock.yml",), False),
        ("conda create -n x --file conda-linux-64.lock", "conda", [], ("conda-linux-64.lock",), False),
        ("conda-lock install -n x", "conda-lock", [], ("conda-lock.yml",), False),
        ("conda-lock install -n x a.conda-lock.yml", "conda-lock", [], ("a.conda-lock.yml",), False),
        ("conda-lock lock -f e.yml", "conda-lock", [], ("conda-lock.yml",), True),
        ("pixi add --pypi a", "pixi", ["a"], (), False),
        ("pixi add a", "pixi", ["a"], (), False),
        ("pixi install", "pixi", [], ("pixi.lock",), False),
        ("pip-sync", "pip-tools", [], ("requirements.txt",), False),
        ("pip-compile --upgrade a.in", "pip-tools", [], ("a.in",), True),
        ("rye sync", "rye", [], ("requirements.lock",), False),
        ("python setup.py develop", "setuptools", [], ("pyproject.toml",), True),
        ('docker exec c sh -c "cd /x && pip install a"', "pip", ["a"], (), False),
        ("poetry run pip install a", "pip", ["a"], (), False),
        ("conda run -n e pip install a", "pip", ["a"], (), False),
        ("if ! pip install a", "pip", ["a"], (), False),
        ("pip install --group lint", "pip", [], ("pyproject.toml",), True),
        ("pip install a --group=lib/pyproject.toml:lint", "pip", ["a"], ("lib/pyproject.toml",), True),
        ("uv pip install --group lint", "uv", [], ("pyproject.toml",), True),
        ("uv --directory lib pip install --group lint", "uv", [], ("lib/pyproject.toml",), True),
        ("uv --directory lib pip install -r r.txt", "uv", [], ("lib/r.txt",), False),
        ("poetry lock && true", "poetry", [], ("poetry.lock",), True),
        ("poetry -C lib lock", "poetry", [], ("lib/poetry.lock",), True),
        ("pdm lock -G lint", "pdm", [], ("pdm.lock",), True),
        ("pdm install -L pdm.prod.lock", "pdm", [], ("pdm.prod.lock",), False),
        ("pipenv lock --dev", "pipenv", [], ("Pipfile.lock",), True),
        ("uv sync --upgrade-group lint", "uv", [], ("uv.lock",), True),
        ("uv sync --fork-strategy fewest", "uv", [], ("uv.lock",), True),
        ("uv run --with=a pytest", "uv", ["a"], (), False),
        ("uv tool install a --with-executables-from b", "uv", ["a", "b"], (), False),
        ("uv tool install -e .", "uv", [], ("pyproject.toml",), True),
        ("pipx install --editable .", "pipx", [], ("pyproject.toml",), True),
        ("python setup.py -q build install", "setuptools", [], ("pyproject.toml",), True),
        ("pixi global install --with b a", "pixi", ["b", "a"], (), False),
    ],
)
def test_what_is_asked_for(
    text: str, tool: str, names: list[str], inputs: tuple[str, ...], *, is_past_lock: bool
) -> None:
    (found,) = installs(text)
    assert (found.tool, [str(one) for one in found.requirements], found.inputs) == (tool, names, inputs)
    assert (found.is_past_lock, found.unreadable) == (is_past_lock, "")


@pytest.mark.parametrize(
    "text",
    [
        "pip --python x install a",
        "pip -v --proxy p install a",
        "pip --proxy install install a",
        "pip -qq --odd x install a",
        "pip $OPTIONS install a",
        "uv --project x pip install a",
        "uv --directory x pip install a",
        "uv --color=always -n pip --python x install a",
        "uv pip install -n a",
        "uv add -m \"python_version < '4'\" a",
        "poetry -C add add a",
        "poetry -nC lib add a",
        "poetry --directory x add a",
        "poetry -n add -n a",
        "poetry add -nG lint a",
        "pdm -p x add a",
        "pdm -c x add -d a",
        "pdm add -dG lint a",
        "pipenv --python 3.12 install -d a",
        "pipx --quiet install -f a",
        "conda --no-plugins install -n x -p y a",
        "micromamba -r root -n x install a",
    ],
)
def test_options_do_not_hide_what_is_installed(text: str) -> None:
    (found,) = installs(text)
    assert ([str(one) for one in found.requirements], found.unreadable) == (["a"], "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pip install $DEPS", "the argument '$DEPS'"),
        ("pip install a $(cat b)", "the argument '$(cat b)'"),
        ("pip install -r $FILE", "the argument '$FILE'"),
        ("pip install -r https://files.example/r.txt", "the file 'https://files.example/r.txt'"),
        ("pip install -r /dev/stdin", "the file '/dev/stdin'"),
        ("pip install https://me:hush@files.example/a.tar.gz", "a URL: 'https://files.example/a.tar.gz'"),
        ("pip install 'a @ https://files.example/a.tar.gz'", "a URL: 'a @ https://files.example/a.tar.gz'"),
        ("pip install git+https://git.example/a", "a git address: 'git+https://git.example/a'"),
        ("pip install -e git+ssh://git@git.example/a", "a git address: 'git+ssh://git@git.example/a'"),
        ("pip install dist/*.whl", "the file 'dist/*.whl'"),
        ("pip install vendor/*", "the argument 'vendor/*'"),
        ("pip install '=='", "the argument '=='"),
        ("cat r | xargs pip install", "arguments from another command"),
        ("conda install $X", "the argument '$X'"),
        ("uvx $TOOL", "the argument '$TOOL'"),
        ("uv pip install -r r.txt --override over.txt", "the overrides of 'over.txt'"),
        ("uv pip install a --overrides=over.txt", "the overrides of 'over.txt'"),
        ("uv tool install a --overrides over.txt", "the overrides of 'over.txt'"),
        ("pip install --group $FILE:lint", "the argument '$FILE'"),
    ],
)
def test_what_cannot_be_known(text: str, why: str) -> None:
    (found,) = installs(text)
    assert found.unreadable == why
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "echo pip install a",
        "printf 'pip install a'",
        "pip --version",
        "pip freeze | xargs pip uninstall -y",
        "pip list",
        "pip install",
        "apt-get install python3-pip pipx",
        "uv run pytest",
        "uv lock",
        "poetry run pytest",
        "poetry lock --check",
        "poetry lock --no-update",
        "pdm lock --check",
        "pdm lock --refresh",
        "conda activate x",
        "npm install a",
        "python setup.py sdist",
        "# pip install a",
    ],
)
def test_what_installs_nothing(text: str) -> None:
    assert installs(text) == []


def test_a_text_is_short_and_several_commands_are_several() -> None:
    assert [one.tool for one in installs("pip install a && poetry install; uvx b")] == ["pip", "poetry", "uv"]
    (found,) = installs("pip install " + "package " * 100 + " -i https://me:hush@index.example/simple")
    assert len(found.text) <= 200
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "uv run --with a pip install b",
        "uv run --with=a pip install b",
        "uvx a pip install b",
        "pipx run a pip install b",
    ],
)
def test_a_tool_that_runs_another_hides_nothing(text: str) -> None:
    (both, inner) = installs(text)
    assert [str(one.requirements[0]) for one in (both, inner)] == ["a", "b"]
