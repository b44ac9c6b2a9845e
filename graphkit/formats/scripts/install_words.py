"""Words by which text that may install something is known, and the indexes that it names in variables."""

from __future__ import annotations

import re
from typing import Final

from graphkit.formats.locks.rows import index_address

TOOLS: Final = re.compile(
    r"(?:\b|(?<=-m)|(?<=\\[ntr]))"  # `-mpip`, and an escaped line end in JSON
    r"(?:pip[0-9.]*|pip-(?:sync|compile)|uvx?|poetry|pdm|pipenv|pipx|rye|hatch|easy_install"
    r"|(?:micro)?mamba|conda|pixi|setup\.py)\b"
    # Commands behind a variable: with a tool's name in its own, and any that installs.
    r"|\$[({]?\w{0,40}(?:pip|uv|poetry|pdm|conda|hatch)\w{0,40}"
    r"|\$(?:\([^()\n]{1,80}\)|[^\s;|&]{1,60})[\"']?\s+(?:-\S+\s+){0,4}install\s",
    re.IGNORECASE,
)
"""Words that an install command has."""
INDEXES: Final = re.compile(
    r"\b(?:(?:PIP|UV)_(?:EXTRA_|DEFAULT_)?INDEX(?:_URL)?|(?:PIP|UV)_FIND_LINKS)\b[\"']?\s*(?:::?=|=|:|\s)([^\n;]*)"
    r"|\b(?:global|install|site)\.(?:(?:extra-)?index-url|find-links)\s+([^\n;]*)",
    re.IGNORECASE,
)
"""Variables and settings that name an index, with what follows them."""
STARTED: Final = re.compile(
    r"(?<![A-Za-z0-9_${])(?:_PIP_ADDITIONAL_REQUIREMENTS|EXTRA_(?:PIP|CONDA)_PACKAGES)\b|extraPipPackages|\bruntime[-_]?env",
    re.IGNORECASE,
)
"""Settings by which an image or a cluster installs when it starts (`graphkit.formats.scripts.at_start`)."""
_ADDRESS: Final = re.compile(r"https?://[^\s\"'\\]+")
_PARTS: Final = re.compile(r"[^a-z0-9.]+")
_KNOWN: Final = re.compile(r"pip[0-9.]*|uvx?|poetry|pdm|pipenv|pipx|rye|hatch|conda|mamba|micromamba|pixi")
# fmt: off
_OTHERS: Final = frozenset({
    "make", "npm", "npx", "yarn", "pnpm", "bun", "node", "apt", "aptitude", "get", "apk", "brew", "dnf", "yum",
    "zypper", "pacman", "port", "pkg", "snap", "flatpak", "opkg", "choco", "winget", "scoop", "cargo", "rustup", "go",
    "gem", "bundle", "bundler", "composer", "cmake", "ninja", "meson", "helm", "kubectl", "adb", "luarocks", "cpan",
    "cpanm", "opam", "stack", "cabal", "mix", "tlmgr", "dotnet", "code", "nvm", "pyenv", "rbenv", "asdf", "mise",
    "terraform", "install", "galaxy",
})
# fmt: on
"""Parts of names of programs that install something other than Python packages."""


def indexes_in(text: str) -> dict[str, None]:
    """Return the addresses of indexes that variables and settings in a text name."""
    found = (one for read in INDEXES.finditer(text) for one in _ADDRESS.findall(read[1] or read[2]))
    return dict.fromkeys(map(index_address, found))


def tool_within(unknown: str) -> str:
    """Return the tool that a variable or a substitution names, empty for none.

    >>> tool_within("$(which pip3)"), tool_within("$UV_BIN"), tool_within("$TOOL")
    ('pip3', 'uv', '')
    """
    named = [part for part in _PARTS.split(unknown.casefold()) if _KNOWN.fullmatch(part)]
    return named[-1] if named else ""


def is_of_other(unknown: str) -> bool:
    """Return whether a variable or a substitution names a program that installs no Python packages."""
    return not _OTHERS.isdisjoint(_PARTS.split(unknown.casefold()))
