"""Which Dockerfiles a file has images built of, and from which folder: `docker build`, Compose, workflows."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

from graphkit.formats.scripts.findings import Finding, Resolve
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.shell_words import Word, literal
from graphkit.formats.scripts.yaml_scalars import Scalar
from graphkit.model.documents import DOCKERFILE, ImageBuild

_BUILDER: Final = re.compile(r"\b(?:docker|podman|nerdctl|buildah)\b")
_BUILD: Final = re.compile(r"\b(?:build|bud)\b")
_PROGRAMS: Final = frozenset({"docker", "podman", "nerdctl", "buildah"})
_VERBS: Final = frozenset({"build", "bud"})
_BEFORE_VERB: Final = frozenset({"buildx", "image", "builder"})
# fmt: off
_VALUED: Final = frozenset({
    "-f", "--file", "-t", "--tag", "-o", "--output", "-m", "--memory", "-c", "--cpu-shares", "--add-host", "--allow",
    "--annotation", "--attest", "--build-arg", "--build-context", "--builder", "--cache-from", "--cache-to", "--call",
    "--cgroup-parent", "--cpu-period", "--cpu-quota", "--cpuset-cpus", "--cpuset-mems", "--iidfile", "--isolation",
    "--label", "--memory-swap", "--metadata-file", "--network", "--no-cache-filter", "--platform", "--progress",
    "--provenance", "--sbom", "--secret", "--security-opt", "--shm-size", "--ssh", "--target", "--ulimit", "--env",
    "--format", "--volume", "-v", "--layers", "--arch", "--os", "--creds", "--authfile", "--jobs",
})
# fmt: on
"""Options of a build that have a value."""
_UNKNOWN: Final = re.compile(r"[$`{}]|://|^git@|^[~/]|^-$")
"""Folders that are no folder beside the file, or that nothing here tells."""
_ACTION: Final = "docker/build-push-action"


def may_build(line: str) -> bool:
    """Return whether a line may build an image. Cost: two searches."""
    return bool(_BUILD.search(line) and _BUILDER.search(line))


def image_build_in(words: tuple[Word, ...], lies_at: Resolve) -> Iterator[Finding]:
    """Yield that a command builds an image from another folder than that of its Dockerfile.

    ``lies_at``: where a path lies by its name in the folder that the command runs in; nowhere in another repository.
    """
    names = [posixpath.basename(word.text) for word in words]
    at = next((number for number, name in enumerate(names) if name in _PROGRAMS), None)
    if at is None:
        return
    rest = iter(words[at + 1 :])
    for word in rest:
        if word.text in _VERBS:
            break
        if not word.text.startswith("-") and word.text not in _BEFORE_VERB:
            return
    file = context = ""
    for word in rest:
        name, equals, value = word.text.partition("=")
        if name.startswith("-") and name != "-":
            value = value if equals else next(rest, Word("")).text if name in _VALUED else ""
            file = value if name in {"-f", "--file"} else file
        else:
            context = context or word.text
    if file and context and not any(map(_UNKNOWN.search, (file, context))):
        for dockerfile, folder in product(lies_at(file), lies_at(context)):
            yield from _told(dockerfile, folder, literal(words))


def build_findings(scalars: Iterable[Scalar]) -> Iterator[Finding]:
    """Yield the images that YAML has built: services of Compose, a development container, a step of a workflow."""
    tables: dict[int, dict[str, str]] = {}
    kinds: dict[int, str] = {}
    uses = ""
    for one in scalars:
        uses = one.value if one.key == "uses" else uses
        above = one.keys[-2] if len(one.keys) > 1 else ""
        if above == "build" and one.key in {"context", "dockerfile"}:
            kinds[one.holder] = "compose" if one.keys[0] == "services" else "container"
        elif above == "with" and one.key in {"context", "file"} and uses.startswith(_ACTION):
            kinds[one.holder] = "step"
        else:
            continue
        tables.setdefault(one.holder, {})[one.key] = one.value
    for number, said in tables.items():
        context = said.get("context", ".")
        file = said.get("file" if kinds[number] == "step" else "dockerfile", "")
        if kinds[number] == "compose" and file:
            file = posixpath.join(context, file)
        yield from _told(file, context, f"{file} from {context}")


def _told(file: str, context: str, text: str) -> Iterator[Finding]:
    """Yield a build, unless its folder is that of its Dockerfile, or one of both is not known."""
    if not file or any(map(_UNKNOWN.search, (file, context))):
        return
    build = ImageBuild(dockerfile=posixpath.normpath(file), context=posixpath.normpath(context))
    if build.context != (posixpath.dirname(build.dockerfile) or "."):
        yield Finding("", Found(tool=DOCKERFILE, image_builds={build: None}), text)
