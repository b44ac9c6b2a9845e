"""Install commands in files of Jenkins, whose steps check out repositories and change the folder in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from graphkit.formats.scripts.findings import Finding
from graphkit.formats.scripts.shell import shell_findings

_TOKEN: Final = re.compile(
    r"'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\""
    r"|(?P<comment>(?<!:)//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<folder>\bdir\s*\(?\s*(?P<mark>['\"])(?P<name>[^'\"\n]+)(?P=mark)\s*\)?\s*\{)|[{}]",
    re.DOTALL,
)
"""Texts, comments, the beginning of a block that runs in a folder, and brackets."""
_GIT: Final = re.compile(
    r"(?<![\w.'\"-])git\s*\(?\s*(?=['\"]|\w{1,30}\s*:)(?:[^\n(){}]{0,300}?\burl\s*:\s*)?(?P<mark>['\"])(?P<address>[^'\"\s]+)(?P=mark)"
)
_CHECKOUT: Final = re.compile(
    r"(?<![\w.'\"-])(?<!git )checkout\s*\(?\s*(?=\[|scmGit|\w{1,30}\s*:)[^{}]{0,600}?"
    r"\burl\s*:\s*(?P<mark>['\"])(?P<address>[^'\"\s]+)(?P=mark)"
    r"(?:[^{}]{0,600}?\brelativeTargetDir\s*:\s*['\"](?P<folder>[^'\"\s]+)['\"])?"
)
_OWN: Final = re.compile(r"(?<![\w.'\"-])(?<!git )checkout\s*\(?\s*scm\b\s*\)?")


def jenkins_findings(text: str) -> Iterator[Finding]:
    """Yield what the steps of a Jenkinsfile install. Cost: linear."""
    text = _OWN.sub("; git clone . .; ", text)
    for pattern in (_CHECKOUT, _GIT):
        text = pattern.sub(_after_clone, text)
    yield from shell_findings(_with_folders(text))


def _after_clone(step: re.Match[str]) -> str:
    """Return a step that checks out a repository, after the command of a shell that does the same."""
    folder = step.groupdict().get("folder") or "."
    return f"; git clone '{step['address']}' '{folder}'; {step[0]}"


def _with_folders(text: str) -> str:
    """Return a text whose blocks that run in a folder are commands of a shell that go there and back."""
    are_folders: list[bool] = []

    def read(token: re.Match[str]) -> str:
        lines = "\n" * token[0].count("\n")
        if token["comment"]:
            return lines
        if token["folder"]:
            are_folders.append(True)
            return f"; pushd '{token['name']}'; {lines}"
        if token[0] == "{":
            are_folders.append(False)
        elif token[0] == "}" and are_folders and are_folders.pop():
            return "; popd; "
        return token[0]

    return _TOKEN.sub(read, text)
