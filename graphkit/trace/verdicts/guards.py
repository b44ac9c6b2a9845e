"""Whether an installer reads the guards of a manifest: only where a fact names the one that does.

Contract: docs/semantics.md#guards.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from msgspec import Struct

from graphkit.model.answers import Assumption, Obligation
from graphkit.model.documents import Document, DocumentKind, InstallCommand
from graphkit.model.guards import Guards
from graphkit.trace.verdicts.clearance import ProofStep, fact, word
from graphkit.trace.verdicts.context import ServiceContext
from graphkit.trace.verdicts.inputs import InputState, is_made_from
from graphkit.trace.verdicts.scripts import commands_for


class GuardsRead(Struct, frozen=True, kw_only=True):
    """Guards that are in force: ``shown`` says that their installer is used, and ``assumes`` what that rests on."""

    guards: Guards
    shown: ProofStep
    assumes: tuple[Assumption, ...] = ()


def guards_in_force(
    context: ServiceContext, manifest: Document, state: InputState | None = None, here: Sequence[InputState] = ()
) -> GuardsRead | None:
    """Return the guards of a manifest that installs from it heed; None for none.

    ``state``: as which input it was in place, with the others in ``here``.
    """
    commands = commands_for(state, here) if state is not None else []
    if (cut_off := context.service.uploaded_prior_to) and _is_by_pip(context, commands):
        text = f"the organisation says that its pip takes what was uploaded before {cut_off.text} (uploaded_prior_to)"
        return GuardsRead(guards=Guards(installer="pip", cut_off=cut_off), shown=word(Obligation.BARRED, text))
    guards = manifest.guards
    if (
        guards is None or guards.is_for_locks_alone or context.in_workspace(manifest)
    ):  # of members, only the guards of the root are read
        return None
    tool = guards.installer
    if any(command.tool != tool or command.is_past_guards for _, command in commands):
        return None
    for script, command in commands:
        text = f"{script.document.path}, {command.place} installs from {manifest.path} with {tool}: {command.text}"
        return GuardsRead(guards=guards, shown=fact(Obligation.BARRED, text))
    if context.service.resolver == tool:
        text = f"the organisation says that {tool} installs it (resolver: {tool})"
        return GuardsRead(guards=guards, shown=word(Obligation.BARRED, text))
    locks = [one for one in here if one.document.kind is DocumentKind.LOCK and _name(one) == f"{tool}.lock"]
    if state is not None and not context.service.resolver:
        for lock in locks:
            if is_made_from(lock, state) and lock.was[0] <= state.was[0] and state.was[1] <= lock.was[1]:
                text = f"{lock.document.path} was in place beside {manifest.path}, so {tool} installs from it"
                return GuardsRead(guards=guards, shown=fact(Obligation.BARRED, text), assumes=(Assumption.LOCK,))
    return None


def _is_by_pip(context: ServiceContext, commands: Sequence[tuple[InputState, InstallCommand]]) -> bool:
    """Return whether a fact names pip as what installs a manifest, and none names another tool."""
    tools = {command.tool for _, command in commands}
    return tools == {"pip"} or (not tools and context.service.resolver == "pip")


def _name(state: InputState) -> str:
    return PurePosixPath(state.line[1]).name
