"""Install commands in settings of other tools: npm's scripts, hosting services, cloud-init, Nix and the like."""

from __future__ import annotations

import pytest

from graphkit.formats.interface import RawDocument
from graphkit.formats.scripts.reader import READER
from graphkit.sources.git.file_names import is_script

Told = tuple[str, list[str], tuple[str, ...]]


def told(name: str, text: str) -> list[Told]:
    raw = RawDocument(text.encode(), name)
    if not READER.claims(raw):
        return []
    return [
        (one.place, [str(asked) for asked in one.requirements], one.inputs if not one.unreadable else (one.unreadable,))
        for one in READER.parse(raw).commands
    ]


NPM = """{
  "name": "site",
  "description": "as easy as pip install no",
  "scripts": {
    "help": "pip install a",
    "build": "cd api && pip install -r requirements.txt && tsc",
    "start": "node x.js"
  },
  "dependencies": {"conda": "^1.0"}
}
"""
NIX = """{ pkgs ? import <nixpkgs> {} }:
pkgs.mkShell {
  # pip install no
  buildInputs = [ pkgs.poetry pkgs.uv pkgs.python3 ];
  shellHook = ''
    pip install a
    exec "pip install b==1" c
    ${pkgs.python3}/bin/pip install -r requirements.txt
    poetry --version
  '';
  hook = "pip install ${name}";
}
"""
CLOUD = """#cloud-config
packages: [python3-pip]
runcmd:
- pip install a b
- [pip, install, c]
- [sh, -c, "pip install d"]
- reboot
"""
JINJA = [("line 5", ["a", "b"], ()), ("line 6", ["c"], ()), ("line 7", ["d"], ())]
MISE = "[tasks.x]\nrun = 'pip install a'\n"
TERRAFORM = '{"x": {"run": ["pip", "install", "a"], "run": "#!/bin/sh\\npip install b", "y": ["sh", "pip install c"]}}'
NX = '{"options": {"command": "pip install a", "commands": [{"command": "pip install b"}]}}'
MIME = """Content-Type: multipart/mixed; boundary="=="
MIME-Version: 1.0
--==
Content-Type: text/cloud-config

runcmd:
- [pip, install, c]
--==
Content-Type: text/x-shellscript

#!/bin/sh
pip install d
--==--
"""
CRON = [("line 2", ["a"], ()), ("line 3", ["b"], ())]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("web/package.json", NPM, [("line 5", ["a"], ()), ("line 6", [], ("api/requirements.txt",))]),
        ("vercel.json", '{"installCommand": "pip install a"}', [("line 1", ["a"], ())]),
        ("netlify.toml", '[build]\ncommand = "pip install a && mkdocs build"\n', [("build.command", ["a"], ())]),
        ("fly.toml", "[deploy]\nrelease_command = 'pip install a'\n", [("deploy.release_command", ["a"], ())]),
        ("nixpacks.toml", "[phases.x]\ncmds = ['pip install a', 'ls']\n", [("phases.x.cmds", ["a"], ())]),
        ("railway.toml", "[build]\nrun = ['pip', 'install', 'a']\n", [("build.run", ["a"], ())]),
        ("mise.toml", "[tools]\n'pipx:a' = 'latest'\npython = '3.12'\n", [("tools.pipx:a", ["a"], ())]),
        ("mise.toml", "[tools]\n'pipx:a' = '1.0'\n", [("tools.pipx:a", ["a==1.0.*"], ())]),
        ("mise.toml", "[tools]\n'pipx:a[x]' = {version = '1'}\n", [("tools.pipx:a[x]", ["a[x]==1.*"], ())]),
        ("mise.toml", "[tools]\n'pipx:a' = ['1', '2.0rc1']\n", [("tools.pipx:a", ["a==1.*", "a"], ())]),
        (".config/mise/config.toml", MISE, [("tasks.x.run", ["a"], ())]),
        ("web/.mise/config.toml", MISE, [("tasks.x.run", ["a"], ())]),
        ("mise/conf.d/x.toml", MISE, [("tasks.x.run", ["a"], ())]),
        ("main.tf.json", TERRAFORM, [("x.run", ["b"], ()), ("x.run", ["a"], ()), ("x.y", ["c"], ())]),
        ("build.gradle.kts", 'commandLine("pip", "install", "a")\n', [("line 1", ["a"], ())]),
        ("package.json", '{"wireit": {"x": {"command": "pip install a"}}}', [("line 1", ["a"], ())]),
        ("package.json", f'{{"nx": {{"targets": {{"x": {NX}}}}}}}', [("line 1", ["a"], ()), ("line 1", ["b"], ())]),
        ("package.json", '{"husky": {"hooks": {"pre-push": "pip install a"}}}', [("line 1", ["a"], ())]),
        ("x.nix", 'x // {\n  # pip install no\n  // { hook = "pip install a"; }\n}\n', [("line 3", ["a"], ())]),
        ("main.tf", 'x = [\n  "pip",\n  "install", # why\n  "a",\n]\n', [("line 1", ["a"], ())]),
        ("main.tf", 'x = [\n  "pip",\n  # why\n  "install",\n  "a"\n]\n', [("line 1", ["a"], ())]),
        ("x.gradle", "exec {\n  commandLine 'pip',\n    'install', 'a'\n}\n", [("line 2", ["a"], ())]),
        (
            "main.tf",
            'x = [\n  "pip install a",\n  "pip install b",\n]\n',
            [("line 2", ["a"], ()), ("line 3", ["b"], ())],
        ),
        ("user-data", MIME, [("line 7", ["c"], ()), ("line 12", ["d"], ())]),
        ("netlify.toml", "[build\ncommand = 'x'\npip install a\n", [("line 3", ["a"], ())]),
        ("shell.nix", NIX, None),
        ("user-data", CLOUD, [("line 4", ["a", "b"], ()), ("line 5", ["c"], ()), ("line 6", ["d"], ())]),
        ("cloud-init.yaml", CLOUD, [("line 4", ["a", "b"], ()), ("line 5", ["c"], ()), ("line 6", ["d"], ())]),
        ("user-data.txt", "#!/bin/bash\napt-get update\npip install a\n", [("line 3", ["a"], ())]),
        ("main.tf", "x {\n  user_data = <<-EOF\n    pip install a\n  EOF\n}\n", [("line 3", ["a"], ())]),
        ("a.sh", "mise use -g pipx:a@1.2 node@20\n", [("line 1", ["a==1.2.*"], ())]),
        ("a.sh", "mise x pipx:a@latest -- pipx:b\n", [("line 1", ["a"], ())]),
        ("a.sh", "mise install pipx:$A@1\n", [("line 1", [], ("the argument '$A'",))]),
        (".tool-versions", "python 3.12\npipx:a 1.2 # why\n", [("line 2", ["a==1.2.*"], ())]),
        ("scripts/a.mjs", 'execFileSync("pip", ["install", "a"]);\n', [("line 1", ["a"], ())]),
        ("scripts/b.ts", "spawn('pip', [\n  'install',\n  'a',\n])\n", [("line 1", ["a"], ())]),
        ("tools/c.js", "execa(`uv`, [`pip`, `install`, ...all])\n", [("line 1", [], ("the command",))]),
        ("tools/d.js", 'console.log("pip install no");\n// pip install no\n', []),
        ("magefile.go", 'exec.Command("python3", "-m", "pip", "install", "a").Run()\n', [("line 1", ["a"], ())]),
        ("ci/main.go", 'x.WithExec([]string{"pip", "install", "a"})\n', [("line 1", ["a"], ())]),
        ("build.rs", 'Command::new("pip").args(&["install", "a"]);\n', [("line 1", ["a"], ())]),
        ("tools/b/build.rs", 'Command::new("pip").arg("install").arg("a");\n', [("line 1", ["a"], ())]),
        ("Tiltfile", "local_resource('x', cmd=['pip', 'install', 'a'])\n", [("line 1", ["a"], ())]),
        ("meson.build", "run_command('pip', 'install', 'a')\n", [("line 1", ["a"], ())]),
        ("CMakeLists.txt", "execute_process(COMMAND ${PY} -m pip install a)\n", [("line 1", ["a"], ())]),
        ("SConstruct", "import os\nos.system('pip install a')\n", [("line 2", ["a"], ())]),
        ("Rakefile", "task :x do\n  sh 'pip install a'\nend\n", [("line 2", ["a"], ())]),
        ("x.service", "[Service]\nExecStartPre=/usr/bin/pip install a\n", [("line 2", ["a"], ())]),
        ("x.service", "[Service]\nExecStart=/usr/bin/uvx a==1 --port 4000\n", [("line 2", ["a==1"], ())]),
        ("x.service", "ExecStartPre=pip -q --cache-dir /x install a\n", [("line 1", ["a"], ())]),
        ("crontab", "# pip install no\n*/5 * * * * root pip install a\n* * * * 1-5 pip install b\n", CRON),
        ("build.gradle", "/*\n * pip install no\n */\ncommandLine 'pip', 'install', 'a'\n", [("line 4", ["a"], ())]),
        ("x.hcl", 'x = [["pip", "install", "a"], "pip install b"]\n', [("line 1", ["a"], ()), ("line 1", ["b"], ())]),
        ("cloud-init.yaml.tpl", CLOUD, [("line 4", ["a", "b"], ()), ("line 5", ["c"], ()), ("line 6", ["d"], ())]),
        ("user-data", f"## template: jinja\n{CLOUD}", JINJA),
        # What YAML does not read, or not as JSON does.
        ("package.json", r'{"name": "\ud83d\ude00", "scripts": {"x": "pip install a"}}', [("line 1", ["a"], ())]),
        ("package.json", '{"name": "\x7f",\n"scripts": {"x": "pip install a"}}', [("line 2", ["a"], ())]),
        ("vercel.json", f'{{"{"x" * 2000}": 1, "installCommand": "pip install a"}}', [("line 1", ["a"], ())]),
    ],
)
def test_commands_in_settings_are_read(name: str, text: str, found: list[Told] | None) -> None:
    assert is_script(name)
    if found is None:
        by_line = {place: (asked, files) for place, asked, files in told(name, text)}
        assert by_line.keys() == {"line 6", "line 7", "line 8", "line 11"}
        assert (by_line["line 6"], by_line["line 7"]) == ((["a"], ()), (["b==1"], ()))
        assert "requirements.txt" in by_line["line 8"][1]
        assert by_line["line 11"][1] != ()
    else:
        assert told(name, text) == [(place, asked, files) for place, asked, files in found]


def test_code_of_a_program_is_no_script() -> None:
    """What a path says counts in a folder as in a history, where such files are not asked for."""
    assert told("src/d.rs", 'Command::new("pip").args(&["install", "a"]);\n') == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"description": "pip install a", "keywords": ["poetry"], "scripts": {"x": "tsc"}}'),
        ("package.json", '{"scripts": {"docs": "echo conda"}}'),
        ("fly.toml", "app = 'x'\n[build]\nimage = 'poetry'\n"),
        ("flake.nix", "{ description = ''conda''; buildInputs = [ pkgs.uv pkgs.pipenv ]; }\n"),
        ("main.tf", "# pip install a\nresource x {}\n"),
        ("composer.json", '{"require": {"x/uv": "1"}}'),
        ("package.json", '{"contributes": {"commands": [{"title": "pip install a"}]}}'),
        ("main.tf", "// pip install a\nresource x {}\n"),
        ("x.nix", "/*\n * pip install a\n */\n{}\n"),
    ],
)
def test_what_installs_no_python_package_is_no_script(name: str, text: str) -> None:
    assert told(name, text) == []


def test_a_command_that_no_shell_would_read_may_install_anything() -> None:
    (found,) = told("x.groovy", "sh(script: x + pip install)\n")
    assert found[2]


def test_a_quotation_mark_that_is_not_closed_is_read_once() -> None:
    text = '{"scripts": {"x": "pip install a", ' + '"' + r"\"" * 400_000 + "\\"
    assert ("line 1", ["a"], ()) in told("package.json", text)
