"""Which files of a history may be inputs of an install: their names, and how sure a name is."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import Final

from graphkit.formats.scripts.unsuffixed import may_be_code_that_builds, may_be_script
from graphkit.model.input_names import any_of, is_lock, is_manifest
from graphkit.sources.distributions import is_distribution

SCRIPTS: Final = (
    *("*dockerfile*", "*containerfile*", "*makefile*", "*.mk", "*justfile", "*.just", "earthfile", "*.earth"),
    *("*.dockerignore", "*.containerignore", "*.env", ".env.*", "*runtime*env*.json"),
    *("*.yml", "*.yaml", "*jenkinsfile*", "*devcontainer.json", "setup.cfg", "pixi.toml", "*.ipynb"),
    *("*.py", "*.pyw", "procfile", "tox.ini", "tox.toml", "hatch.toml", "vagrantfile"),
    *(
        "package.json",
        "vercel.json*",
        "now.json",
        "app.json",
        "railway.json",
        "turbo.json",
        "deno.json*",
        "composer.json",
    ),
    *(
        "netlify.toml",
        "fly.toml",
        "fly.*.toml",
        "railway.toml",
        "nixpacks.toml",
        "*mise.toml",
        "*mise.*.toml",
        ".replit",
        ".tool-versions",
    ),
    *("wrangler.toml", "vercel.toml", "heroku.toml", "project.toml", "project.json"),
    *("*user-data*", "*user_data*", "*userdata*", "*cloud-init*", "*cloud_init*", "*cloud-config*", "*crontab*"),
    *(
        "*.nix",
        "*.tf",
        "*.tf.json",
        "*.tofu",
        "*.tofu.json",
        "*.tftpl",
        "*.hcl",
        "*.rake",
        "*.smk",
        "*.groovy",
        "*.gradle",
        "*.gradle.kts",
        "*.def",
        "*.service",
    ),
    *("*rakefile*", "*snakefile*", "*singularity*", "*tiltfile", "meson.build", "cmakelists.txt", "*.cmake"),
    *("sconstruct", "sconscript", "wscript"),
    *("*.sh", "*.bash", "*.zsh", "*.ksh", "*.fish", "*.bat", "*.cmd", "*.ps1", "*.command", "*.envrc"),
)
"""What files are called that can install, or declare what is installed, and mostly do not.

Workflows, conda environments and hooks are YAML of many names. Of files without a suffix see `may_be_script`.
"""


class Doubt(Enum):
    """How sure it is by its name that a file is an input."""

    NONE = "none"
    """A lock: it is one, or it is damaged."""
    MANIFEST = "manifest"
    """A manifest or list; settings of tools and prose have such names, too."""
    SCRIPT = "script"
    """A file that can install; most of them are none of a reader's."""
    MODULE = "module"
    """Python source, which only counts where it has a block of script metadata (PEP 723) or runs installers."""
    DISTRIBUTION = "distribution"
    """A wheel, egg or source archive, or the metadata of a release, by its name."""
    NO_INPUT = "no input"
    """Another file, which an input may include."""


@lru_cache(maxsize=2**16)
def doubt_of(path: bytes) -> Doubt:
    """Return how sure it is that a path of a history is that of an input."""
    shown = path.decode("utf-8", "replace").lower()
    name = shown.rpartition("/")[2]
    if is_lock(shown):
        return Doubt.NONE
    if is_manifest(shown):
        # What `-c` names narrows what others ask for, and installs nothing by itself.
        if name.endswith((".yml", ".yaml")) and _HIDDEN.search(shown):  # a workflow, rather than one of conda
            return Doubt.SCRIPT
        return Doubt.NO_INPUT if "constraint" in name else Doubt.MANIFEST
    if _SCRIPT.fullmatch(name) or _MISE.fullmatch(shown):
        return Doubt.MODULE if name.endswith((".py", ".pyw")) and name not in _TASKS else Doubt.SCRIPT
    if may_be_script(path.decode("utf-8", "replace")) or may_be_code_that_builds(shown):
        return Doubt.SCRIPT
    return Doubt.DISTRIBUTION if is_distribution(shown) else Doubt.NO_INPUT


def shown_doubt_of(path: str) -> Doubt:
    """Return how sure it is that a path, as answers show it, is that of an input."""
    return doubt_of(path.encode("utf-8", "replace"))


def is_input(path: str) -> bool:
    """Return whether a path is that of an input, by its name."""
    return shown_doubt_of(path) not in {Doubt.NO_INPUT, Doubt.DISTRIBUTION}


def is_script(path: str) -> bool:
    """Return whether a path is that of a file that can install, by its name."""
    return shown_doubt_of(path) in {Doubt.SCRIPT, Doubt.MODULE}


def is_asked_for(path: bytes) -> bool:
    """Return whether a path is that of an input or a distribution by its name, or of a constraints file."""
    return doubt_of(path) is not Doubt.NO_INPUT or b"constraint" in path.lower()


def may_include(path: bytes) -> bool:
    """Return whether a file may include others, by its name: a list, or a manifest that takes lists from files."""
    name = path.lower().rpartition(b"/")[2]
    return (
        name.endswith((b".txt", b".in", b".pip", b"pyproject.toml"))
        or b"requirements" in name
        or (name.endswith((b".yml", b".yaml")) and doubt_of(path) is Doubt.MANIFEST)
    )


_SCRIPT: Final = any_of(SCRIPTS)
_MISE: Final = re.compile(r"(?:.*/)?\.?mise/(?:config[^/]*|conf\.d/[^/]*)\.toml")
"""Settings of mise, whose names are those of others."""
_HIDDEN: Final = re.compile(r"(?:^|/)\.(?!binder/)[^/]+/")
"""Folders of services and tools, which have YAML of any name."""
_TASKS: Final = frozenset({"build.py", "conftest.py", "dodo.py", "fabfile.py", "noxfile.py", "setup.py", "tasks.py"})
"""Python source that tools run to build, test or install."""
