"""The repositories whose files steps of build services put into folders, as YAML says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from graphkit.formats.scripts.folders import ANY_FOLDER, SUBMODULES, Archive, address_of, name_in
from graphkit.formats.scripts.yaml_scalars import Scalar

_ACTION: Final = re.compile(r"(?:\S*/)?[\w.-]*checkout[\w.-]*@\S+")
_GIT: Final = frozenset({"git", "ansible.builtin.git", "subversion", "hg", "community.general.hg"})
"""Modules of Ansible that clone."""
_FREE_FORM: Final = re.compile(r"\b(repo|name|dest)=(\S+)")
"""What is told to one of them in one line."""
_AZURE: Final = "checkout"
"""The key by which a step of Azure Pipelines checks out a repository by its name among the resources."""
_YES: Final = frozenset({"true", "recursive", "normal"})
"""What tells a checkout to take submodules too."""
_OWN: Final = "self"
_NONE: Final = "none"
_TOP: Final = re.compile(r"(?:\./)?s(?:/|$)")
"""The folder that jobs of Azure Pipelines begin in, from the one that checkouts are told in."""

Checkout = tuple[str, str]
"""A folder that a repository is put into, and the address of that, empty for the one that the file is in."""


def checkouts_of(scalars: Sequence[Scalar]) -> dict[int, list[Checkout]]:
    """Return the checkouts of the steps in a file, by the number of the scalar that tells of each."""
    tables: dict[int, dict[str, str]] = {}
    above: dict[int, dict[str, str]] = {}
    for one in scalars:
        if not one.is_item:
            tables.setdefault(one.within, {})[one.key] = one.value
        if one.keys[-2:-1] == ("with",):
            above.setdefault(one.above, {})[one.key] = one.value
    values = {one.key: one.value for one in scalars if one.keys[-2:-1] == ("vars",)}
    found: dict[int, list[Checkout]] = {}
    for at, one in enumerate(scalars):
        if one.key == "uses" and _ACTION.fullmatch(one.value):
            told = above.get(one.within, {})
            checkout = told.get("path", "."), address_of(told.get("repository", ""))
            found[at] = [checkout]
            if told.get("submodules", "false").casefold() in _YES and checkout == (".", ""):
                found[at].append((".", Archive(SUBMODULES)))
        elif one.key == "dest" and one.keys[-2:-1] and one.keys[-2] in _GIT:
            told = tables[one.within]
            repository = told.get("repo", told.get("name", ""))
            found[at] = [(one.value, address_of(values.get(repository.strip("{} "), repository)))]
        elif one.key in _GIT and (free := dict(_FREE_FORM.findall(one.value))).keys() >= {"repo", "dest"}:
            found[at] = [(free["dest"], address_of(free["repo"]))]
    names = {told["repository"].casefold(): told for told in tables.values() if told.get("repository")}
    for at, checkout in _of_azure(scalars, names, tables):
        found.setdefault(at, []).append(checkout)
    return found


def submodules_of(strategy: str | None) -> list[Checkout]:
    """Return the checkout of submodules by which a job of GitLab begins, by what `GIT_SUBMODULE_STRATEGY` says."""
    return [(".", Archive(SUBMODULES))] if strategy in _YES else []


def _of_azure(
    scalars: Sequence[Scalar], names: Mapping[str, Mapping[str, str]], tables: Mapping[int, Mapping[str, str]]
) -> Iterator[tuple[int, Checkout]]:
    """Yield the checkouts of Azure Pipelines: the only one of a job lies where this begins, one of several below that.

    ``names``: the repositories among the resources by their names there, ``tables``: what each table says.
    """
    jobs: dict[int, list[int]] = {}
    for at, one in enumerate(scalars):
        if one.key == _AZURE and one.steps and not one.is_item:
            jobs.setdefault(one.steps, []).append(at)
    for steps in jobs.values():
        for at in steps:
            alias, said = scalars[at].value, tables[scalars[at].within]
            if alias.casefold() == _NONE:
                continue
            is_own = alias.casefold() == _OWN
            address = (
                alias.partition("@")[0] if alias.casefold() not in names else names[alias.casefold()].get("name", alias)
            )
            told = said.get("path", "")
            folders = [_TOP.sub("", told) or "." if _TOP.match(told) else f"../{told}"] if told else []
            if len(steps) == 1:
                folders.append(".")
            elif not told:  # of its own name, which nothing here tells of the own one
                folders += [ANY_FOLDER] if is_own else [name_in(address), alias]
            yield from ((at, (folder, "" if is_own else address_of(address))) for folder in folders)
            if is_own and len(steps) == 1 and said.get("submodules", "false").casefold() in _YES:
                yield at, (".", Archive(SUBMODULES))
