"""Services that are alike: judged once, with marks for what is of each alone, and written out by filling those in.

Which services are alike says `graphkit.trace.evidence.service_facts`: all that a verdict depends on is equal. What is
of each alone are its names, those of its document, the time that gives itself, and where in it the row stands that
decides. A pattern is the verdict of a service of which these were replaced by marks. It is used only where it gives the
verdicts that were made without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import BuildProof, BuildVerdict, Clearance, Discharge, DocumentName, Path, ServiceVerdict
from graphkit.model.documents import Document
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse
from graphkit.model.times import Moment
from graphkit.trace.verdicts.clearance import proof_alike

_MARK: Final = re.compile("\x02([^\x02\x03]*)\x03")
_PATH, _AT = "\x02path\x03", "\x02at\x03"


class Own(NamedTuple):
    """What is of one service alone. ``location``, ``line`` and ``paths`` are of the row that decides, if one does."""

    service: ServiceId
    owner: str
    sha256: str
    path: str
    at: Moment | None
    location: str = ""
    line: int = 0
    paths: tuple[Path, ...] = ()


class _MarkedMoment(Moment, frozen=True):
    """A time that is compared as it is, and that texts name by a mark."""

    def __str__(self) -> str:
        return _AT


def marked(document: Document) -> Document:
    """Return a document with marks for its path, its time, and the places of its rows."""
    at = document.created
    return replace(
        document,
        path=_PATH,
        created=None if at is None else _MarkedMoment(earliest=at.earliest, latest=at.latest),
        lines=(),
        places=tuple(f"\x02{number}\x03" for number in range(len(document.components))),
    )


def marked_use(use: DocumentUse) -> DocumentUse:
    """Return a use of such a document, which goes by the same mark where it has a path of its own."""
    return replace(use, path=_PATH) if use.path else use


_Parts = tuple[str, ...]
"""A text cut at its marks: what stands as it is at even places, the marks' names at odd ones."""


def _parts(text: str) -> _Parts:
    return tuple(_MARK.split(text))


def _filled(parts: _Parts, own: Own) -> str:
    if len(parts) == 1:
        return parts[0]
    texts = [
        part if not number % 2 else own.path if part == "path" else str(own.at) if part == "at" else own.location
        for number, part in enumerate(parts)
    ]
    return "".join(texts)


class _Proof(Struct, frozen=True):
    """A clearance with marks. ``longer``: how long after the time of the build it ends."""

    clearance: Clearance
    texts: tuple[_Parts, ...]
    longer: int | None

    def filled(self, own: Own) -> Clearance:
        """Return it of one service."""
        made, at = self.clearance, own.at
        steps = zip(made.proof, self.texts, strict=True)
        own_steps = [
            one if len(parts) == 1 else Discharge(obligation=one.obligation, text=_filled(parts, own), word=one.word)
            for one, parts in steps
        ]
        if at is None or self.longer is None:
            return proof_alike(made, (made.start, made.until), own_steps)
        return proof_alike(made, (at.earliest, at.latest + self.longer), own_steps)


class _Build(Struct, frozen=True):
    """A build with marks; ``proof`` None: it is not cleared."""

    made: BuildVerdict
    reason: _Parts
    proof: _Proof | None

    @property
    def is_of_all(self) -> bool:
        """Whether nothing in it is of one service alone."""
        is_plain = len(self.reason) == 1 and self.made.document is None and not self.made.paths
        is_dated = isinstance(self.made.at, _MarkedMoment)
        return is_plain and not is_dated and (self.proof is None or all(len(one) == 1 for one in self.proof.texts))

    def at(self, own: Own) -> Moment | None:
        """Return the time of the build of one service."""
        return own.at if isinstance(self.made.at, _MarkedMoment) else self.made.at

    def filled(self, own: Own) -> BuildVerdict:
        """Return it of one service."""
        made = self.made
        named = made.document
        return BuildVerdict(
            at=self.at(own),
            verdict=made.verdict,
            reason=_filled(self.reason, own),
            basis=made.basis,
            document=None
            if named is None
            else DocumentName(
                sha256=own.sha256,
                path=own.path,
                repository=named.repository,
                file=own.path if named.file else "",
                line=own.line if made.paths else 0,
            ),
            slots=made.slots,
            paths=own.paths if made.paths else (),
            incident=made.incident,
            clearance=self.proof.filled(own) if self.proof else None,
            missing=made.missing,
            input=made.input,
            near=made.near,
            can_be_declared=made.can_be_declared,
            of_script=made.of_script,
        )


class Pattern:
    """The verdict of services that are alike. ``row`` is that of the marked document that decides, None for none."""

    __slots__ = ("_builds", "_reason", "made", "row")

    def __init__(self, made: ServiceVerdict) -> None:
        """Take the verdict of a service whose document was `marked`."""
        self.made = made
        self._reason = _parts(made.reason)
        builds = [_build(one) for one in made.builds]
        self._builds = tuple(one.made if one.is_of_all else one for one in builds)
        rows = {int(part) for one in builds for part in one.reason[1::2] if part.isdecimal()}
        self.row = min(rows, default=None)

    @property
    def proves_by_rows(self) -> bool:
        """Whether a proof says where in the document a row stands."""
        proofs = (one.proof for one in self._builds if isinstance(one, _Build) and one.proof)
        return any(part.isdecimal() for proof in proofs for parts in proof.texts for part in parts[1::2])

    def proofs(self, own: Own) -> Iterator[BuildProof]:
        """Yield the proof of each build of one of the services that is cleared."""
        for one in self._builds:
            if isinstance(one, BuildVerdict):
                if one.clearance is not None:
                    yield BuildProof(own.service, one.at, one.clearance)
            elif one.proof is not None:
                yield BuildProof(own.service, one.at(own), one.proof.filled(own))

    def filled(self, own: Own) -> ServiceVerdict:
        """Return the verdict of one of the services."""
        made = self.made
        return ServiceVerdict(
            service=own.service,
            company=made.company,
            owner=own.owner,
            verdict=made.verdict,
            basis=made.basis,
            reason=_filled(self._reason, own),
            slots=made.slots,
            builds=tuple(one if isinstance(one, BuildVerdict) else one.filled(own) for one in self._builds),
            paths=own.paths if made.paths else (),
            near=made.near,
        )


def _build(made: BuildVerdict) -> _Build:
    proof = None
    if (clearance := made.clearance) is not None:
        at = made.at if isinstance(made.at, _MarkedMoment) else None
        longer = None if at is None else clearance.until - at.latest
        proof = _Proof(clearance, tuple(_parts(one.text) for one in clearance.proof), longer)
    return _Build(made, _parts(made.reason), proof)
