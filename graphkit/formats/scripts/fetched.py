"""What commands fetch by an address: the file of a release by its name, and text that a shell or Python then runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from graphkit.formats.addresses import named_by, without_passwords
from graphkit.formats.diagnostics import quoted
from graphkit.formats.scripts.findings import Finding
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.install_words import STARTED, TOOLS
from graphkit.model.documents import DOWNLOAD, IMAGE
from graphkit.model.names import BadName, named_by_image
from graphkit.model.requirements import requirement

FETCHED: Final = re.compile(
    r"\b(?:curl|wget|base64|openssl|xxd)\b|\b(?:docker|podman|nerdctl)\s|://[^\s\"'|]{1,500}\.(?:whl|tar\.gz|zip)\b",
    re.IGNORECASE,
)
"""What a text has that fetches something, or turns something into what a shell then runs."""
_ADDRESS: Final = re.compile(r"(?<![A-Za-z0-9+])[A-Za-z][A-Za-z0-9+]{0,20}://[^\s\"'|)<>;]+")
_PULLED: Final = re.compile(r"\b(?:docker|podman|nerdctl)\s[^|;&\n]{0,300}?\b(?:run|pull|create)\s([^|;&\n]*)")
"""What a command line of containers may name an image in."""
_PARTS: Final = re.compile(r"&&|\|\||[;\n]")
_FETCH: Final = re.compile(r"\b(?:curl|wget)\b", re.IGNORECASE)
_DECODE: Final = re.compile(r"\bbase64\s+(?:-\S+\s+)*(?:-[a-z]*d|-D|--decode)|\bopenssl\s+enc\b|\bxxd\s+-\S*r")
_RUN: Final = re.compile(
    r"\|\s*(?:(?:sudo|env|exec|command|nice)\s+|-\S+\s+|\w+=\S*\s+)*(?:[^\s|]*/)?"
    r"(?:(?:ba|z|da|k|a|fi)?sh\b(?!-)|python[0-9.]*(?=\s*(?:$|-(?:\s|$)|[)\"'|>])))"
)
"""A pipe into a shell, or into Python that reads its program from there."""
_SUBSTITUTED: Final = re.compile(
    r"(?:\b(?:(?:ba|z|da|k|a)?sh|eval|source|python[0-9.]*)|(?:^|\s)\.)\s[^|]{0,300}?(?:\$\(|<\(|`)"
)
# fmt: off
_KNOWN: Final = frozenset({
    # uv, Poetry, PDM, Hatch, pyenv, mise, pixi, micromamba
    "astral.sh", "install.python-poetry.org", "pdm-project.org", "pyenv.run", "mise.run", "mise.jdx.dev", "pixi.sh",
    "micro.mamba.pm",
    # Rust, Node.js, Bun, Deno, Go tools, Docker, Helm, Nix, and what has none of Python
    "sh.rustup.rs", "deb.nodesource.com", "rpm.nodesource.com", "fnm.vercel.app", "get.pnpm.io", "bun.sh", "deno.land",
    "get.docker.com", "get.k3s.io", "get.sdkman.io", "nixos.org", "install.determinate.systems", "just.systems",
    "taskfile.dev", "starship.rs", "get.helm.sh", "cli.codecov.io", "codecov.io",
})
_OF_FORGES: Final = re.compile(
    r"https://raw\.githubusercontent\.com/(?:nvm-sh/nvm|Homebrew/install|helm/helm|golangci/golangci-lint|pyenv/pyenv-installer"
    r"|pdm-project/pdm|python-poetry/(?:poetry|install\.python-poetry\.org)|aquasecurity/trivy|anchore/(?:syft|grype)"
    r"|rhysd/actionlint|rancher/k3d|k3d-io/k3d|kubernetes-sigs/kustomize)/",
)
# fmt: on
_INSTALLERS: Final = re.compile(r"/(?:get-pip|(?:install|get)-poetry|install-pdm)\.py$")


def may_install(text: str) -> bool:
    """Return whether a text names what installs or fetches something. Cost: three searches."""
    return bool(TOOLS.search(text) or FETCHED.search(text) or STARTED.search(text))


def fetched_findings(text: str, place: str) -> Iterator[Finding]:
    """Yield the releases whose files or images a line of shell text fetches, and what it runs that nobody read.

    Well-known installers of tools pass: what they install is the tool (decision 0039).
    """
    if not FETCHED.search(text):
        return
    for address in dict.fromkeys(_ADDRESS.findall(text)):
        name, version = named_by(address)
        if not (name and version):
            continue
        found = Found(tool=DOWNLOAD)
        try:
            found.requirements[requirement(f"{name}=={version}")] = None
        except BadName:
            continue
        yield Finding(place, found, without_passwords(address))
    for told in _PULLED.findall(text):
        for word in dict.fromkeys(told.split()):
            yield from image_findings(word.strip("\"'"), place)
    for part in _PARTS.split(text):
        if why := _run_unread(part):
            yield Finding(place, Found(tool="", unreadable=[why]), part.strip())


def image_findings(image: str, place: str) -> Iterator[Finding]:
    """Yield the release that an image says it is, by its name and tag, such as `ghcr.io/owner/name:v1.2.3`."""
    if (named := named_by_image(image)) is None:
        return
    found = Found(tool=IMAGE)
    found.requirements[requirement("{}=={}".format(*named))] = None
    yield Finding(place, found, without_passwords(image.strip()))


def _run_unread(part: str) -> str:
    """Return what a command runs that nobody read; empty for none."""
    if run := _RUN.search(part):
        source = part[: run.start()]
    elif run := _SUBSTITUTED.search(part):
        source = part[run.end() :]
    else:
        return ""
    if _DECODE.search(source):
        return "commands that are encoded"
    if not _FETCH.search(source):
        return ""
    addresses = _ADDRESS.findall(source)
    unknown = [one for one in addresses if not _is_known(one)]
    if addresses and not unknown:
        return ""
    return f"commands from {quoted(without_passwords(unknown[0]))}" if unknown else "commands from an address"


def _is_known(address: str) -> bool:
    """Return whether an address is that of the installer of a well-known tool.

    >>> _is_known("https://astral.sh/uv/install.sh"), _is_known("https://astral.sh.example/uv/install.sh")
    (True, False)
    """
    scheme, _, rest = address.partition("://")
    host = rest.partition("/")[0].lower().removeprefix("www.")
    is_safe = scheme.lower() == "https"
    plain = re.split(r"[?#]", address, maxsplit=1)[0]
    return is_safe and (host in _KNOWN or bool(_OF_FORGES.match(address)) or bool(_INSTALLERS.search(plain)))
