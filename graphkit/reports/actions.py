"""What to do now: the actions of an incident with who said them, or what to look for where nobody published any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from graphkit.model.answers import Blast, HashedFile, Instruction
from graphkit.model.incidents import Source
from graphkit.reports.groups import Group, counts_of
from graphkit.reports.wording import windows_of

NO_INSTRUCTIONS: Final = (
    "nobody published instructions; isolate every HIT, and rotate the credentials that it could read"
)


class ActionLine(NamedTuple):
    """A line of what to do now, as it was given: whoever shows it makes it safe for the place where it stands.

    ``incident`` is empty where one was asked about. ``do`` is the kind of action, empty where it is none: it says then
    that there are no instructions. ``by`` is who said it and when, empty where nobody is named.
    """

    incident: str
    do: str
    text: str
    by: str

    def __str__(self) -> str:
        r"""Return it in one line.

        >>> str(ActionLine("", "block", "Pin lib to <=1.0.", "the publisher, 2026-03-24"))
        'block: Pin lib to <=1.0. (the publisher, 2026-03-24)'
        """
        told = ": ".join(filter(None, (self.incident, self.do, self.text)))
        return f"{told} ({self.by})" if self.by else told


def action_shape(one: Instruction) -> dict[str, Any]:
    """Return an action as ``graphkit.blast/1`` has it."""
    sources = [source.id for source in one.sources]
    return {"incident": one.incident, "do": one.do.value, "text": one.text, "sources": sources}


def action_lines(blast: Blast) -> tuple[ActionLine, ...]:
    """Return what to do now, incident by incident, each in the order of its file: the most urgent first.

    Of an incident without actions there is a line that says so, then one to hunt for each bad file whose hash is known.
    """
    incidents = [one.incident for one in windows_of(blast)]
    several = len(incidents) > 1
    return tuple(line for one in incidents for line in _lines(blast, one, one if several else ""))


def lines_to_act_on(blast: Blast) -> list[ActionLine]:
    """Return the lines of the incidents that something is to be done about: none where every service is clear."""
    incidents = _to_act_on(blast)
    return [one for one in action_lines(blast) if one.incident in incidents]


def _to_act_on(blast: Blast) -> set[str]:
    """Return the incidents that something is to be done about, as lines of actions name them; empty: the only one."""
    counts = counts_of(blast)
    if counts[Group.CLEAR] == sum(counts.values()) > 0:
        return set()
    if len(windows_of(blast)) == 1:
        return {""}
    return set(blast.exposing)


def _lines(blast: Blast, incident: str, name: str) -> Iterator[ActionLine]:
    actions = [one for one in blast.incident.actions if one.incident == incident]
    if actions:
        yield from (_line(one, name) for one in actions)
        return
    yield ActionLine(name, "", NO_INSTRUCTIONS, "")
    files = (one for one in blast.incident.files if one.incident == incident)
    yield from (ActionLine(name, "hunt", _look_for(one), "") for one in files)


def _line(one: Instruction, name: str) -> ActionLine:
    return ActionLine(name, one.do.value, one.text, "; ".join(dict.fromkeys(map(_who, one.sources))))


def _who(source: Source) -> str:
    """Return who published a source and when; of one without a publisher its title, else its id."""
    return ", ".join(filter(None, (source.publisher or source.title or source.id, source.date)))


def _look_for(one: HashedFile) -> str:
    hashes = ", ".join(f"{kind} {value}" for kind, value in one.hashes)
    return f"Look for {one.filename} ({hashes})." if one.filename else f"Look for a file with {hashes}."
