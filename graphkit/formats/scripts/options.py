"""The options of install commands: which have a value, what a short one means to which tool, and what some mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from graphkit.formats.scripts.shell_words import Word

# fmt: off
VALUED: Final = frozenset({
    "--index-url", "--extra-index-url", "--find-links", "--index", "--default-index", "--target", "--dest",
    "--wheel-dir", "--platform", "--python-version", "--python-platform", "--implementation", "--abi", "--root",
    "--prefix", "--src", "--upgrade-strategy", "--progress-bar", "--cache-dir", "--log", "--proxy", "--retries",
    "--timeout", "--exists-action", "--trusted-host", "--allow-insecure-host", "--cert", "--client-cert",
    "--use-feature", "--use-deprecated", "--global-option", "--install-option", "--config-settings",
    "--config-setting", "--no-binary", "--only-binary", "--report", "--python", "--group", "--extra", "--extras",
    "--with", "--without", "--only", "--no-group", "--only-group", "--package", "--no-install-package",
    "--upgrade-package", "--upgrade-group", "--reinstall-package", "--refresh-package", "--directory", "--project",
    "--index-strategy", "--keyring-provider", "--resolution", "--prerelease", "--fork-strategy", "--exclude-newer",
    "--exclude-newer-package", "--link-mode", "--color", "--config-file", "--output-file", "--source", "--branch",
    "--tag", "--rev", "--optional", "--script", "--constraint", "--build-constraint", "--override", "--constraints",
    "--build-constraints", "--overrides", "--requirement", "--requirements", "--requirements-txt", "--editable",
    "--name", "--channel", "--file", "--feature", "--platforms", "--manifest-path", "--environment",
    "--with-requirements", "--with-editable", "--with-executables-from", "--from", "--spec", "--suffix", "--pip-args",
    "--venv", "--env-file", "--uploaded-prior-to", "--torch-backend", "--lockfile", "--categories",
    "--root-user-action", "--pypi-mirror", "--config", "--preinstall", "--marker", "--bounds", "--root-prefix",
    "--output", "--format",
})
"""Long options that have a value."""
SHORT: Final[dict[str, dict[str, str]]] = {
    "pip": {
        "-r": "--requirement", "-c": "--constraint", "-e": "--editable", "-i": "--index-url", "-f": "--find-links",
        "-t": "--target", "-d": "--dest", "-w": "--wheel-dir", "-b": "--build", "-C": "--config-settings",
    },
    "uv": {
        "-r": "--requirements", "-c": "--constraints", "-e": "--editable", "-i": "--index-url", "-f": "--find-links",
        "-t": "--target", "-b": "--build-constraints", "-P": "--upgrade-package", "-C": "--config-setting",
        "-p": "--python", "-o": "--output-file", "-w": "--with", "-m": "--marker",
    },
    "poetry": {
        "-C": "--directory", "-P": "--project", "-G": "--group", "-E": "--extras", "-e": "--editable",
        "-o": "--output", "-f": "--format",
    },
    "pdm": {
        "-p": "--project", "-c": "--config", "-G": "--group", "-L": "--lockfile", "-e": "--editable",
        "-C": "--config-setting", "-k": "--skip", "-o": "--output", "-f": "--format",
    },
    "pipenv": {"-r": "--requirements", "-e": "--editable", "-i": "--index"},
    "pipx": {"-i": "--index-url", "-e": "--editable"},
    "rye": {},
    "easy_install": {
        "-i": "--index-url", "-f": "--find-links", "-d": "--install-dir", "-s": "--script-dir",
        "-b": "--build-directory",
    },
    "conda": {
        "-n": "--name", "-p": "--prefix", "-c": "--channel", "-f": "--file", "-r": "--root-prefix",
    },
    "conda-lock": {
        "-n": "--name", "-p": "--prefix", "-c": "--channel", "-f": "--file", "-k": "--kind", "-e": "--extras",
    },
    "pixi": {"-p": "--platform", "-f": "--feature", "-e": "--environment", "-c": "--channel"},
    "pip-tools": {
        "-c": "--constraint", "-P": "--upgrade-package", "-o": "--output-file", "-i": "--index-url",
        "-f": "--find-links",
    },
    "setuptools": {},
    "hatch": {"-e": "--env", "-p": "--project"},
}
# fmt: on
"""Short options that have a value, with a long name of theirs: `-n` is a name in conda, and a flag in uv and Poetry."""
PATHS: Final = frozenset({"--requirement", "--requirements", "--with-requirements", "--requirements-txt"})
CONSTRAINTS: Final = frozenset({"--constraint", "--constraints"})
EDITABLE: Final = frozenset({"--editable", "--with-editable"})
INDEXES: Final = frozenset({"--index-url", "--extra-index-url", "--index", "--default-index", "--find-links"})
WITH: Final = frozenset({"--with", "--with-executables-from"})
OVERRIDES: Final = frozenset({"--override", "--overrides"})
FOLDERS: Final = frozenset({"--directory", "--project", "--manifest-path"})
LATEST: Final = frozenset({
    "-U", "--upgrade", "--upgrade-package", "--upgrade-group", "--skip-lock", "--no-lock", "--eager", "--regenerate",
    "--fork-strategy",
})  # fmt: skip
"""Options under which a tool chooses anew. Of another fork strategy than the lock has uv keeps nothing of it (0.13)."""
NEEDING: Final = frozenset({"--locked", "--frozen", "--deploy", "--frozen-lockfile"})
"""Options under which a tool fails where its lock is missing."""
UNGUARDED: Final = frozenset({"--exclude-newer", "--exclude-newer-package", "--no-config", "--config-file"})
"""Options of uv under which the constraints and cut-offs of a project do not hold, or others do (tried with 0.13)."""
KEEPING: Final = frozenset(
    {"--check", "--no-update", "--keep-outdated", "--refresh", "--update-reuse", "--update-reuse-installed"}
)
"""Options under which a tool that makes its lock anew keeps what is pinned there."""


def options_of(words: tuple[Word, ...], tool: str) -> Iterator[tuple[str, Word]]:
    """Yield each option with its value (an empty word for none), and each argument under an empty name.

    Short options that have a value come under a long name of theirs.
    """
    waiting = iter(words)
    is_over = False
    for word in waiting:
        text = word.text
        if is_over or not text.startswith("-") or text == "-" or (word.unknown and text == word.unknown):
            yield "", word
        elif text == "--":
            is_over = True
        elif text.startswith("--"):
            name, equals, value = text.partition("=")
            yield (
                name,
                Word(value, word.unknown) if equals else (next(waiting, Word("")) if name in VALUED else Word("")),
            )
        else:
            flags, name, value = short_of(text, tool)
            yield from ((flag, Word("")) for flag in flags)
            if name:
                yield name, Word(value, word.unknown) if value else next(waiting, Word(""))


def short_of(text: str, tool: str) -> tuple[list[str], str, str]:
    """Return the flags in a word of short options (`-qUr`), then the long name of one with a value, and its value."""
    flags: list[str] = []
    for at, letter in enumerate(text[1:], 2):
        if name := SHORT[tool].get(f"-{letter}", ""):
            return flags, name, text[at:].removeprefix("=")
        flags.append(f"-{letter}")
    return flags, "", ""
