"""Where a command reads its files: in a folder of the repository, outside of it, or in another one that was cloned."""

from __future__ import annotations

import json
from typing import Final

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import InstallCommand

URL: Final = "https://git.example/o/x.git"
INSTALL: Final = "pip install -r r.txt"
FLOW: Final = ".github/workflows/a.yml"
OTHER: Final = (URL, "r.txt")


def commands(name: str, text: str) -> tuple[InstallCommand, ...]:
    found = read_document(text.encode(), name, hint="lock")
    return found.commands if found else ()


def steps(*lines: str) -> str:
    return "\n".join(("jobs:", "  a:", "    steps:", *(f"      {one}" for one in lines), ""))


def checkout(*lines: str, run: str = INSTALL) -> str:
    return steps("- uses: actions/checkout@v4", "  with:", *(f"    {one}" for one in lines), f"- run: {run}")


RESOURCES: Final = "resources:\n  repositories:\n    - repository: y\n      type: git\n      name: o/x\n"


def azure(*steps: str, run: str = INSTALL) -> str:
    """Return a pipeline whose first job checks out what steps say, and whose second job does nothing else."""
    lines = "".join(f"      - {one}\n" for one in (*steps, f"script: {run}"))
    return f"{RESOURCES}jobs:\n  - job: a\n    steps:\n{lines}  - job: b\n    steps:\n      - script: make\n"


def play(*tasks: str) -> str:
    return "- hosts: all\n  tasks:\n" + "".join(f"  - {one}\n" for one in tasks)


def python(*lines: str) -> str:
    return "\n".join(("import git, os, subprocess", *lines, ""))


def jenkins(*lines: str) -> str:
    return "\n".join(("pipeline { stages { stage('a') { steps {", *lines, "} } } }", ""))


def notebook(*cells: str) -> str:
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": one} for one in cells]})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sh", f"git clone {URL}\ncd x\n{INSTALL}\n"),
        ("a.sh", f"git clone {URL} && cd x && {INSTALL}\n"),
        ("a.sh", f"git clone {URL}\npip install -r x/r.txt\n"),
        ("a.sh", f"sudo git -c a=b clone --depth 1 -b v1 -- {URL} /opt/y\npip install -r /opt/y/r.txt\n"),
        ("a.sh", f'git clone {URL} "$HOME/y"\ncd "$HOME/y"\n{INSTALL}\n'),
        ("a.sh", f"cd tools\ngit clone {URL}\ncd ..\npushd tools/x\n{INSTALL}\npopd\n"),
        ("a.sh", f"git submodule add {URL} vendor/x\n(cd vendor/x && {INSTALL})\n"),
        ("a.sh", f"git clone {URL} x\ncd x\ncd -\ncd - >/dev/null\n{INSTALL}\n"),
        ("a.sh", f"git clone {URL} x\ncd x\ncd $SUB\n{INSTALL}\n"),
        ("a.sh", f"git clone {URL}\ncd -P x\n{INSTALL}\n"),
        ("a.sh", f"git clone {URL}\nenv -C x A=b {INSTALL}\n"),
        ("a.sh", f"git -C a clone {URL} && sudo -E --chdir=a/x {INSTALL}\n"),
        ("a.sh", f'docker run -v $PWD:/w -w /w python:3 bash -c "git clone {URL} && cd x && {INSTALL}"\n'),
        ("a.sh", f"git clone {URL}\nssh host 'cd x && {INSTALL}'\n"),
        ("Jenkinsfile", jenkins(f"git url: '{URL}', branch: 'main'", f"sh '{INSTALL}'")),
        ("Jenkinsfile", jenkins(f'git branch: "main", url: "{URL}"', f'sh """\nmake\n{INSTALL}\n"""')),
        ("ci.Jenkinsfile", jenkins(f"git '{URL}'", f"sh(label: 'a', script: 'cd . && {INSTALL}')")),
        ("Jenkinsfile", jenkins("checkout scm", f"dir('x') {{ git('{URL}') }}", f"dir('x') {{ sh '{INSTALL}' }}")),
        ("Jenkinsfile", jenkins(f"sh 'git clone {URL}'", "dir('x') {", "// don't", f"  sh '{INSTALL}'", "}")),
        ("Jenkinsfile", jenkins(f"sh '''\n  git clone {URL}\n  cd x\n  {INSTALL}\n'''")),
        (
            "Jenkinsfile",
            jenkins(f"checkout([$class: 'GitSCM',\n userRemoteConfigs: [[url: '{URL}']]])", f"sh '{INSTALL}'"),
        ),
        ("a.sh", f"sudo bash -euxc 'git clone {URL} && cd x && {INSTALL}'\n"),
        ("Makefile", f"a:\n\tgit clone {URL} x\n\tcd x && {INSTALL}\n"),
        ("Makefile", f"define f\ncd $(1) && \\\n  $(2)\nendef\na:\n\tgit clone {URL}\n\t$(call f,x,{INSTALL})\n"),
        ("a.sh", f'in() {{\n  cd "$1"; shift\n  "$@"\n}}\ngit clone {URL}\nin x {INSTALL}\n'),
        ("a.sh", f'function in() {{ (cd "$1" && shift && exec $*); }}\ngit clone {URL}\nin x {INSTALL}\n'),
        ("Dockerfile", f'FROM x\nRUN ["git", "clone", "{URL}", "/x"]\nWORKDIR /x\nRUN {INSTALL}\n'),
        ("Dockerfile", f'FROM x\nCMD ["sh", "-c", "git clone {URL} && cd x && {INSTALL}"]\n'),
        ("compose.yml", f'services:\n  a:\n    command: ["sh", "-c", "git clone {URL} && cd x && {INSTALL}"]\n'),
        ("k8s.yml", f'a:\n  command: ["sh", "-c"]\n  args: ["git clone {URL} && cd x && {INSTALL}"]\n'),
        ("k8s.yml", f'a:\n  command: ["sh"]\n  args: ["-c", "git clone {URL} /x && cd /x && {INSTALL}"]\n'),
        (FLOW, checkout(f"repository: {URL}", "path: $M", run=f"{INSTALL}\n        working-directory: $M")),
        ("Dockerfile", f"FROM x\nRUN git clone {URL} /opt/x\nWORKDIR /opt/x\nRUN {INSTALL}\n"),
        ("Dockerfile", f"FROM x AS a\nRUN git clone {URL} /x\nFROM b\nFROM a\nRUN pip install -r /x/r.txt\n"),
        ("Dockerfile", f'FROM x\nRUN git clone {URL} /x\nCMD ["pip", "install", "-r", "/x/r.txt"]\n'),
        ("Dockerfile", f"FROM x\nWORKDIR /opt\nRUN git clone {URL} .\nCOPY a b\nRUN {INSTALL}\n"),
        (FLOW, steps(f"- run: git clone {URL}", "- uses: a/b@v1", "  with:", "    c: d", "- run: cd x && " + INSTALL)),
        (FLOW, checkout(f"repository: {URL}", "path: x", run="pip install -r x/r.txt")),
        (FLOW, checkout(f"repository: {URL}", "path: x", run=f"cd $GITHUB_WORKSPACE/x && {INSTALL}")),
        (
            FLOW,
            checkout(
                f"repository: {URL}",
                "path: x",
                run=f"{INSTALL}\n        working-directory: ${{{{ github.workspace }}}}/x",
            ),
        ),
        (FLOW, checkout(f"repository: {URL}", "path: x", run=f"{INSTALL}\n        working-directory: x")),
        (FLOW, checkout(f"repository: {URL}")),
        ("ci.yml", f"a:\n  before_script:\n    - git clone {URL}\n    - cd x\n  script:\n    - {INSTALL}\n"),
        ("user-data.yml", f"#cloud-config\nruncmd:\n  - git clone {URL} /opt/x\n  - cd /opt/x\n  - {INSTALL}\n"),
        ("tasks.py", f"import os\nos.system('git clone {URL} && cd x && {INSTALL}')\n"),
        ("a.ipynb", notebook(f"!git clone {URL}\n%cd x", f"!{INSTALL}")),
    ],
)
def test_files_of_a_repository_that_was_cloned_are_none_of_this_one(name: str, text: str) -> None:
    assert [(one.inputs, one.cloned) for one in commands(name, text)] == [((), (OTHER,))]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (azure("checkout: y"), "o/x"),
        (azure("checkout: Y"), "o/x"),
        (azure("checkout: y\n        path: s/src", run=f"cd src && {INSTALL}"), "o/x"),
        (azure("checkout: y\n        path: src", run=f"cd $(Pipeline.Workspace)/src && {INSTALL}"), "o/x"),
        (azure("checkout: git://p/x@refs/tags/v1"), "git://p/x"),
        (azure("checkout: self", "checkout: y", run=f"cd $(Build.SourcesDirectory)/x && {INSTALL}"), "o/x"),
        (azure("checkout: self", "checkout: y", run=f"{INSTALL}\n        workingDirectory: x"), "o/x"),
        (azure("checkout: self", "checkout: y", run="pip install -r x/r.txt"), "o/x"),
        (azure("checkout: self", "checkout: y", run=f"cd $(Agent.BuildDirectory)/s/x && {INSTALL}"), "o/x"),
        (azure("bash: git clone o/x", run=f"cd x && {INSTALL}"), "o/x"),
        (play("git: {repo: o/x, dest: /opt/x}", "pip: {requirements: r.txt, chdir: /opt/x}"), "o/x"),
        (play("git: repo=o/x dest=/opt/x", f"shell: {INSTALL}\n    args: {{chdir: /opt/x}}"), "o/x"),
        (
            play("vars: {r: o/x}", "git: {repo: '{{ r }}', dest: /opt/x}", "pip: {requirements: r.txt, chdir: /opt/x}"),
            "o/x",
        ),
        (play("git: {repo: o/x, dest: '{{ d }}/x'}", f"shell: cd {{{{ d }}}}/x && {INSTALL}"), "o/x"),
    ],
)
def test_files_of_a_repository_that_a_step_brings(text: str, address: str) -> None:
    assert [(one.inputs, one.cloned) for one in commands("ci.yml", text)] == [((), ((address, "r.txt"),))]


@pytest.mark.parametrize(
    "text",
    [
        azure("checkout: self"),
        azure("checkout: none"),
        azure("checkout: self", "checkout: y"),
        azure("checkout: self", "checkout: y", run=f"cd $(Build.SourcesDirectory) && {INSTALL}"),
        azure("checkout: self", "checkout: y", run=f"cd $(Build.SourcesDirectory)/own && {INSTALL}"),
        azure("checkout: self", "checkout: y", run=f"{INSTALL}\n        workingDirectory: own"),
        azure("checkout: self\n        path: s/a", "checkout: y", run="pip install -r a/r.txt"),
        azure() + "  - job: c\n    steps:\n      - checkout: y\n",
        play("git: {repo: o/x, dest: /opt/x}", "pip: {requirements: r.txt}"),
        play("pip: {requirements: r.txt, chdir: /opt/x}"),
        play("git: {repo: '{{ a }}', dest: /opt/y}", "pip: {requirements: r.txt, chdir: /opt/x}"),
        f"jobs:\n  a:\n    steps:\n    - run: {{command: {INSTALL}, working_directory: ~/project}}\n",
        f"spec:\n  steps:\n  - workingDir: /workspace/source\n    script: {INSTALL}\n",
    ],
)
def test_a_step_that_brings_another_repository_from_which_nothing_is_installed(text: str) -> None:
    assert [(one.inputs, one.cloned, one.unreadable) for one in commands("ci.yml", text)] == [(("r.txt",), (), "")]


OTHER_STEP: Final = ".other: &other\n  before_script:\n    - git clone o/x\n    - cd x\n"
CLONE: Final = "subprocess.run(['git', 'clone', 'o/x', 'x'], check=True)"
PIP: Final = "subprocess.run(['pip', 'install', '-r', 'r.txt']"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tasks.py", python(CLONE, f"{PIP}, cwd='x')")),
        ("tasks.py", python(f"{PIP}, cwd='x')", CLONE)),
        ("tasks.py", python(CLONE, "subprocess.run(args=['pip', 'install', '-r', 'x/r.txt'])")),
        ("tasks.py", python(CLONE, "os.chdir('x')", f"{PIP})")),
        ("a.py", python("def f(to):", " git.Repo.clone_from('o/x', to)", f" {PIP}, cwd=to)")),
        ("a.py", python("def f(to):", " git.Repo.clone_from(url='o/x', to_path=str(to))", f" {PIP}, cwd=to)")),
        ("a.py", python("def f(a, b):", " subprocess.call(f'git clone o/x {a}', shell=True)", f" {PIP}, cwd=b)")),
        (
            "a.py",
            python("D = Path('a') / 'x'", "subprocess.call(['git', 'clone', 'o/x', str(D)])", f"{PIP}, cwd='a/x')"),
        ),
        ("a.py", python("os.system('git clone o/x')", f"os.system('cd x && {INSTALL}')")),
        ("a.py", python("subprocess.check_call('cd a; git clone o/x', shell=True)", f"{PIP}, cwd='a/x')")),
        ("fabfile.py", python("def f(c):", " c.run('git clone o/x')", " with c.cd('x'):", f"  c.run('{INSTALL}')")),
        (
            "noxfile.py",
            python("def f(s):", " s.run('git', 'clone', 'o/x')", " s.chdir('x')", " s.install('-r', 'r.txt')"),
        ),
        ("a.ipynb", notebook("import git\ngit.Repo.clone_from('o/x', 'x')", "%cd x", f"!{INSTALL}")),
        ("a.ipynb", notebook("!git clone o/x", f"import subprocess\n{PIP}, cwd='x')")),
        ("a.ipynb", notebook("!git clone o/x", f"import os\nif a:\n    os.chdir('x')\n!{INSTALL}")),
        (
            FLOW,
            steps("- run: git clone o/x", "- shell: python", f"  run: import subprocess; {PIP}, cwd='x')"),
        ),
    ],
)
def test_files_of_a_repository_that_python_clones(name: str, text: str) -> None:
    assert [(one.inputs, one.cloned) for one in commands(name, text)] == [((), (("o/x", "r.txt"),))]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tasks.py", python(CLONE, f"{PIP})")),
        ("tasks.py", python(CLONE, "subprocess.run(['make'], cwd='x')", f"{PIP}, cwd=None)")),
        ("a.py", python("R = Path(__file__).parent", CLONE, f"{PIP}, cwd=R)")),
        ("a.py", python("R = Path(__file__).parent", "S = R / 'src'", CLONE, f"{PIP}, cwd=str(S))")),
        ("a.py", python(f"def f(to):\n {PIP}, cwd=to)", "x.clone(y)")),
        ("a.py", python(CLONE, "os.chdir('/app')", f"{PIP})")),
        ("tasks.py", python("with c.cd('x'):", " c.run('git clone o/x')", f"c.run('{INSTALL}')")),
        ("noxfile.py", python("def f(s):", " s.run('git', 'clone', 'o/x')", " s.install('-r', 'r.txt')")),
        (
            "noxfile.py",
            python(
                *("def f(s):", " r = os.getcwd()", " s.run('git', 'clone', 'o/x')", " s.cd('x')", " s.cd(r)"),
                *(" s.install('-r', 'r.txt')", "def g(s):", " r = os.getcwd()"),
            ),
        ),
    ],
)
def test_python_that_clones_a_repository_from_which_nothing_is_installed(name: str, text: str) -> None:
    assert [(one.inputs, one.cloned, one.unreadable) for one in commands(name, text)] == [(("r.txt",), (), "")]


@pytest.mark.parametrize(
    ("name", "text", "path"),
    [
        ("a.sh", f"tar xf x.tar && cd x && {INSTALL}\n", "x/r.txt"),
        ("a.sh", f"tar --extract --file=x.tar\n{INSTALL}\n", "r.txt"),
        ("a.sh", f"tar -xzC a -f x.tar && cd a/b && {INSTALL}\n", "a/b/r.txt"),
        ("a.sh", f"tar -xf $V.tar\ncd $V\n{INSTALL}\n", "$V/r.txt"),
        ("a.sh", "unzip -q x.tar -d a\npip install -r a/r.txt\n", "a/r.txt"),
        ("a.sh", f"python3 -m zipfile -e x.tar a\ncd a\n{INSTALL}\n", "a/r.txt"),
        ("a.sh", f"7z x x.tar -oa && cd a && {INSTALL}\n", "a/r.txt"),
        ("a.ps1", f"Expand-Archive x.tar -DestinationPath a\ncd a\n{INSTALL}\n", "a/r.txt"),
        ("Makefile", f"a:\n\ttar xf x.tar && cd x && {INSTALL}\n", "x/r.txt"),
        ("ci.yml", steps("- run: tar xf x.tar", f"- run: {INSTALL}", "  working-directory: x"), "x/r.txt"),
        ("a.py", python("import shutil", "shutil.unpack_archive('x.tar', 'a')", f"{PIP}, cwd='a')"), "a/r.txt"),
        ("a.py", python("subprocess.run('tar xf x.tar', shell=True)", f"{PIP}, cwd='x')"), "x/r.txt"),
        ("Dockerfile", f"FROM x\nWORKDIR /a\nRUN tar xf x.tar && cd x && {INSTALL}\n", "/a/x/r.txt"),
        ("Dockerfile", f"FROM x\nWORKDIR /a\nADD x.tar .\nRUN {INSTALL}\n", "/a/r.txt"),
    ],
)
def test_a_list_where_an_archive_was_unpacked_lies_at_its_very_path(name: str, text: str, path: str) -> None:
    archive = "$V.tar" if "$V" in text else "x.tar"
    assert [(one.inputs[:1], one.cloned, one.unpacked) for one in commands(name, text)] == [((path,), (), archive)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sh", f"tar xf x.tar -C a\n{INSTALL}\n"),
        ("a.sh", f"curl https://h.example/x.tgz | tar xz -C /usr/local\n{INSTALL}\n"),
        ("a.sh", f"tar xf x.tar x/bin/tool\n{INSTALL}\n"),
        ("a.sh", f"tar czf x.tar a && tar tf x.tar && unzip -l x.zip\n{INSTALL}\n"),
        ("a.sh", f"git archive HEAD | tar x -C /tmp/y\ncd /tmp/y\n{INSTALL}\n"),
        ("ci.yml", steps("- run: tar xf x.tar", f"- run: {INSTALL}", "  working-directory: ${{ matrix.a }}")),
        ("Dockerfile", f"FROM x\nWORKDIR /a\nADD x.tar .\nCOPY r.txt .\nRUN {INSTALL}\n"),
        ("Dockerfile", f"FROM x\nRUN tar xf x.tar -C /opt\nWORKDIR /a\nCOPY . .\nRUN {INSTALL}\n"),
    ],
)
def test_an_archive_from_which_nothing_is_installed(name: str, text: str) -> None:
    assert [(one.inputs, one.unpacked, one.unreadable) for one in commands(name, text)] == [(("r.txt",), "", "")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sh", f"git submodule update --init --recursive\ncd x && {INSTALL}\n"),
        ("a.sh", f"git -C . submodule init && cd x && {INSTALL}\n"),
        ("a.sh", f"git pull --recurse-submodules\n(cd x; {INSTALL})\n"),
        (FLOW, checkout("submodules: recursive", run=f"{INSTALL}\n        working-directory: x")),
        ("ci.yml", azure("checkout: self\n        submodules: true", run=f"cd x && {INSTALL}")),
        ("ci.yml", f"variables: {{GIT_SUBMODULE_STRATEGY: normal}}\na:\n  script: [cd x, {INSTALL}]\n"),
    ],
)
def test_a_list_of_a_submodule_lies_at_its_very_path(name: str, text: str) -> None:
    (found,) = commands(name, text)
    assert (found.inputs[0].removeprefix("../../"), found.unpacked) == ("x/r.txt", "git submodules")


COMMAND: Final = "commands:\n  c:\n    steps:\n    - run: git clone o/x\n"
TO_OTHER: Final = "a:\n  - &clone\n    run: git clone o/x\n  - &into\n    working-directory: x\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{TO_OTHER}jobs:\n  b:\n    steps:\n    - *clone\n    - {{<<: *into, run: {INSTALL}}}\n",
        f"{OTHER_STEP}b:\n  script: [{INSTALL}]\n  <<: *other\n",
        f".a: &a\n  - git clone o/x\n  - cd x\nb:\n  script:\n    - *a\n    - {INSTALL}\n",
        f".a:\n  script:\n  - git clone o/x\n  - cd x\nb:\n  script:\n    - !reference [.a, script]\n    - {INSTALL}\n",
        f".a:\n  before_script: [git clone o/x, cd x]\nb:\n  extends: [.none, .a]\n  script: [{INSTALL}]\n",
        f"b:\n  script: [{INSTALL}]\ndefault:\n  before_script: [git clone o/x, cd x]\n",
        f"b:\n  script: [{INSTALL}]\n  before_script: [git clone o/x, cd x]\n",
        f"{COMMAND}jobs:\n  b:\n    steps: [checkout, c, {{run: {{command: {INSTALL}, working_directory: x}}}}]\n",
    ],
)
def test_a_step_that_stands_elsewhere_in_the_file(text: str) -> None:
    assert [(one.inputs, one.cloned) for one in commands("ci.yml", text)] == [((), (("o/x", "r.txt"),))]


@pytest.mark.parametrize(
    "text",
    [
        f"{OTHER_STEP}b:\n  <<: *other\n  before_script: []\n  script: [{INSTALL}]\n",
        f"{OTHER_STEP}b:\n  script: [{INSTALL}]\n",
        f".a: &a\n  - git clone o/x\n  - ls x\nb:\n  script:\n    - *a\n    - {INSTALL}\n",
    ],
)
def test_a_step_elsewhere_that_is_not_brought(text: str) -> None:
    assert [(one.inputs, one.cloned) for one in commands("ci.yml", text)] == [(("r.txt",), ())]


def test_aliases_that_stand_for_too_much_are_read_as_lines() -> None:
    lines = "".join(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 9))
    text = f"a0: &a0 [{', '.join('x' * 10)}]\n{lines}run: {INSTALL}\nloop: &l [*l, *l]\n"
    assert [one.inputs for one in commands("ci.yml", text)] == [("r.txt",)]


@pytest.mark.parametrize(("address", "folder"), [("$URL", "x"), ("$HOST/$NAME", "$NAME")])
def test_a_clone_whose_address_and_folder_nobody_can_tell_is_the_next_folder(address: str, folder: str) -> None:
    (found,) = commands("a.sh", f"git clone {address}\ncd {folder}\n{INSTALL}\n")
    assert found.cloned == ((address, "r.txt"),)


@pytest.mark.parametrize(
    ("name", "text", "path"),
    [
        ("a.sh", f"git clone {URL}\n{INSTALL}\n", "r.txt"),
        ("a.sh", f"git clone {URL}\nenv -C x make\nenv A=b {INSTALL}\n", "r.txt"),
        ("a.sh", f"git clone {URL}\nssh host 'cd x && make pip'\n{INSTALL}\n", "r.txt"),
        ("a.sh", f'in() {{\n  cd "$1"; shift\n  "$@"\n}}\ngit clone {URL}\nin a {INSTALL}\n', "a/r.txt"),
        ("a.sh", f'in() {{ (cd "$1" && make); }}\ngit clone {URL}\nin x\n{INSTALL}\n', "r.txt"),
        ("Jenkinsfile", jenkins("git url: env.X", f"sh '{INSTALL}'"), "r.txt"),
        ("Jenkinsfile", jenkins(f"dir('x') {{ git '{URL}' }}", f"sh '{INSTALL}'"), "r.txt"),
        ("Jenkinsfile", jenkins(f"git '{URL}'", "checkout scm", f"sh '{INSTALL}'"), "r.txt"),
        (
            "Jenkinsfile",
            jenkins("checkout scm", f"httpRequest url: '{URL}'", f"dir('a') {{ sh '{INSTALL}' }}"),
            "a/r.txt",
        ),
        ("a.sh", f"git clone {URL}\ncd x\nmake\ncd ..\n{INSTALL}\n", "r.txt"),
        ("a.sh", f"git clone {URL}\n(cd x && make)\n{INSTALL}\n", "r.txt"),
        ("a.sh", f"git clone --mirror {URL} x\ncd x\n{INSTALL}\n", "x/r.txt"),
        ("a.sh", f'cd "$(dirname "$0")"\ncd ..\n{INSTALL}\n', "r.txt"),
        ("a.bat", f"cd /d %~dp0\ncd ..\n{INSTALL}\n", "r.txt"),
        ("a.sh", f"git clone $CI_REPOSITORY_URL y\ncd y\n{INSTALL}\n", "r.txt"),
        ("Dockerfile", f"FROM x\nRUN git clone {URL} /a\nFROM y\nCOPY . /a\nWORKDIR /a\nRUN {INSTALL}\n", "r.txt"),
        (FLOW, checkout("path: src", run="pip install -r src/r.txt"), "../../r.txt"),
        (
            FLOW,
            checkout("repository: ${{ github.repository }}", "path: src", run=f"cd src && {INSTALL}"),
            "../../r.txt",
        ),
        (FLOW, checkout("ref: main", run=f"{INSTALL}\n        working-directory: a"), "../../a/r.txt"),
        (FLOW, f"defaults:\n  run:\n    working-directory: a\n{steps(f'- run: {INSTALL}')}", "../../a/r.txt"),
        (FLOW, checkout("path: .", run="pip install -r ../r.txt\n        working-directory: ${{ x }}"), "../../r.txt"),
        ("tasks.py", "import subprocess\nsubprocess.run(['pip', 'install', '-r', 'r.txt'], cwd='a')\n", "a/r.txt"),
        ("sub/a.sh", "pip install -r ../r.txt\n", "../r.txt"),
        ("a.sh", f"sh -c 'cd a && {INSTALL}'\n", "a/r.txt"),
        ("compose.yml", f'services:\n  a:\n    command: bash -c "cd /app && {INSTALL}"\n', "r.txt"),
        ("Dockerfile", f'FROM x\nCOPY . /a\nWORKDIR /a\nCMD ["sh", "-c", "cd b && {INSTALL}"]\n', "b/r.txt"),
    ],
)
def test_files_of_the_repository_itself(name: str, text: str, path: str) -> None:
    assert [(one.inputs, one.cloned, one.unreadable) for one in commands(name, text)] == [((path,), (), "")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sh", f"cd ../sibling && {INSTALL}\n"),
        ("sub/Makefile", "a:\n\tpip install -r ../../r.txt\n"),
        ("tasks.py", "import subprocess\nsubprocess.run(['pip', 'install', '-r', 'r.txt'], cwd='../a')\n"),
    ],
)
def test_a_file_outside_of_what_was_given_cannot_be_read(name: str, text: str) -> None:
    (found,) = commands(name, text)
    assert "outside of what was given" in found.unreadable


def test_repositories_that_a_loop_clones() -> None:
    (found,) = commands("a.sh", f"for a in x y; do\n  git clone https://h.example/$a\n  cd $a\n  {INSTALL}\ndone\n")
    assert found.cloned == (("https://h.example/x", "r.txt"),)


def test_the_same_command_twice_in_a_line_installs_from_two_places() -> None:
    found = commands("a.sh", f"{INSTALL} && git clone {URL} && cd x && {INSTALL}\n")
    assert [(one.inputs, one.cloned) for one in found] == [(("r.txt",), ()), ((), (OTHER,))]


def test_a_change_of_a_file_holds_over_steps_that_are_told_something() -> None:
    text = steps("- run: rm uv.lock", "- uses: a/b@v1", "  with:", "    c: d", "- run: uv sync")
    assert [one.is_past_lock for one in commands(FLOW, text)] == [True]


def test_a_cell_of_a_notebook_that_becomes_a_list() -> None:
    (found,) = commands("a.ipynb", notebook("%%writefile r.txt\nlitellm\n", f"!{INSTALL}"))
    assert found.unreadable == "line 1 changes 'r.txt' before"


@pytest.mark.parametrize(
    ("text", "inputs", "cloned", "is_past_lock"),
    [
        ("pip install --no-deps -e .", (), (), False),
        ("uv pip install --no-deps '.[x]' -r r.txt", ("r.txt",), (), False),
        ("pip install --no-deps ./lib", ("lib/pyproject.toml",), (), True),
        ("pip install --no-deps -r pyproject.toml", ("pyproject.toml",), (), True),
        ("pip install -e .", ("pyproject.toml",), (), True),
        (f"git clone {URL}\ncd x && pip install --no-deps .", (), ((URL, "pyproject.toml"),), False),
    ],
)
def test_a_project_without_what_it_needs_passes_no_lock_by(
    text: str, inputs: tuple[str, ...], cloned: tuple[tuple[str, str], ...], *, is_past_lock: bool
) -> None:
    """What building it takes is a part of its manifest."""
    (found,) = commands("a.sh", f"{text}\n")
    assert (found.inputs, found.cloned, found.unreadable) == (inputs, cloned, "")
    assert found.is_past_lock is is_past_lock


BESIDE: Final = {
    "c.txt": b"a==1\n# why\nb<2\n",
    "../c.txt": b"b<2\nc==1\n",
    "../d.txt": b"d==1\n",
    "../url.txt": b"d==1\n",
    "url.txt": b"a @ https://files.example/a-1.zip\n",
}


@pytest.mark.parametrize(
    ("name", "text", "bounds", "inputs"),
    [
        ("a.sh", "pip install -r r.txt -c c.txt", ["a==1", "b<2"], ("r.txt",)),
        ("a.sh", "uv pip install --constraints c.txt lib", ["a==1", "b<2"], ()),
        ("ci/a.sh", "pip install --constraint=../c.txt lib", ["b<2", "c==1"], ()),
        # Of files that lie in both folders it may run in, what both say counts.
        ("ci/a.sh", "pip install -c c.txt lib", ["b<2"], ()),
        ("ci/Dockerfile", "FROM x\nCOPY c.txt .\nRUN pip install -c c.txt lib", ["b<2"], ()),
        ("ci/Dockerfile", "FROM x\nCOPY d.txt .\nRUN pip install -c d.txt lib", ["d==1"], ()),
        ("ci/Dockerfile", "FROM x\nCOPY url.txt .\nRUN pip install -c url.txt lib", [], ("url.txt",)),
        ("a.sh", "pip install -r r.txt -c url.txt", [], ("r.txt", "url.txt")),
        ("a.sh", "pip install -r r.txt -c not.there", [], ("r.txt", "not.there")),
    ],
)
def test_what_constrains_an_install_is_read_and_installs_nothing(
    name: str, text: str, bounds: list[str], inputs: tuple[str, ...]
) -> None:
    found = read_document(f"{text}\n".encode(), name, hint="lock", beside=BESIDE.get)
    assert found is not None
    (one,) = found.commands
    assert ([str(asked) for asked in one.constraints], one.inputs, one.unreadable) == (bounds, inputs, "")
    alone = read_document(f"{text}\n".encode(), name, hint="lock")
    assert alone is not None
    assert alone.commands[0].constraints == ()
    assert (alone.sha256 == found.sha256) is (not bounds and "url" not in text)


def test_a_file_of_constraints_that_cannot_be_found_is_told() -> None:
    (one,) = commands("a.sh", "pip install -c https://files.example/c.txt -c $C lib\n")
    assert one.unreadable == "the file 'https://files.example/c.txt'; the argument '$C'"
