"""When a service was exposed, and which file shows it, for reports that are handed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from graphkit.model.answers import Blast, DocumentName, ServiceVerdict
from graphkit.model.times import Instant


class Place(NamedTuple):
    """Where in which file something stands.

    ``repository`` may be a folder that was given; it is empty where nobody knows. ``line`` 0: not known.
    """

    repository: str
    file: str
    line: int

    def __str__(self) -> str:
        """Return it in one line.

        >>> str(Place("acme", "answerbot/uv.lock", 280)), str(Place("", "uv.lock", 0))
        ('answerbot/uv.lock, line 280, in acme', 'uv.lock')
        """
        line = f", line {self.line}" if self.line else ""
        return f"{self.file}{line}{f', in {self.repository}' if self.repository else ''}"


def place_of(document: DocumentName) -> Place:
    """Return where a document is: its file, which its path may say more of, and the line that decides."""
    return Place(document.repository, document.file or document.path, document.line)


def shown_by(one: ServiceVerdict) -> Place | None:
    """Return the file that the verdict of a service rests on, one with a known line first; None where none does."""
    builds = [build for build in one.builds if build.verdict is one.verdict]
    places = [place_of(build.document) for build in builds if build.document]
    return next((place for place in places if place.line), places[0] if places else None)


def exposed_from(blast: Blast, numbers: Sequence[int]) -> tuple[Instant, Instant] | None:
    """Return where the first of some slots begins and the last ends; None where there is none."""
    slots = [blast.slots[number] for number in numbers if number < len(blast.slots)]
    return None if not slots else (min(slot.start for slot in slots), max(slot.until for slot in slots))
