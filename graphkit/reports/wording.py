"""What every report says in the same words: the headline, times, slots, and which packages are listed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import (
    Accused,
    Assumption,
    Blast,
    Obligation,
    PackageRow,
    ProofKind,
    Provenance,
    ServiceVerdict,
    Slot,
    Take,
    Window,
    proofs,
)
from graphkit.model.organisation import Claim, Polarity, Standing
from graphkit.model.ranks import CompanyVerdict, Tier, Verdict
from graphkit.model.sentences import first_of
from graphkit.model.times import Instant, Moment, rfc3339
from graphkit.reports.interface import ReportOptions
from graphkit.reports.text import counted

EXPOSED = (Verdict.OBSERVED, Verdict.REPLAYED, Verdict.PICKED, Verdict.ADMITTED)
REACHED = (
    CompanyVerdict.OBSERVED,
    CompanyVerdict.REPLAYED,
    CompanyVerdict.STATED,
    CompanyVerdict.PICKED,
    CompanyVerdict.SUPPLIER,
    CompanyVerdict.ADMITTED,
)
_VOUCHED = (Standing.FIRST_HAND, Standing.CONFIRMED)
_NAMED = 4
_FEW_STRETCHES = 3
_MANY = 1_000

ASSUMED: Final[Mapping[Assumption, str]] = {
    Assumption.INPUTS: "the inputs found are all of them",
    Assumption.LOCK: "installs keep to the lock",
    Assumption.ENVIRONMENT: "installs run where the file was compiled for",
    Assumption.INDEX: "the index is the public one or its mirror",
    Assumption.BUILD_ENV: "build requirements that were not read are the usual ones",
    Assumption.TOOLS: "installers and their plugins are clean",
    Assumption.BASE: "base images and CI actions bring none of it",
    Assumption.COMMIT: "a state was in place from its commit",
    Assumption.TIMES: "the times are as best supported",
    Assumption.CACHES: "no cache brought a removed file",
}
"""What each assumption says, to stand after "assuming" (docs/semantics.md#assumptions)."""

REPLACED: Final[Mapping[Assumption, str]] = {
    Assumption.INPUTS: "`installs_from`, which says which inputs count",
    Assumption.LOCK: "an install command in the repository that uses the lock, or `lock: enforced`",
    Assumption.ENVIRONMENT: "`environment`, which says what installs run on",
    Assumption.INDEX: "`index`, which names the index that installs use",
    Assumption.BUILD_ENV: "`wheels_only`, which says that nothing is built from source",
    Assumption.TOOLS: "`tools`, which names the installers and plugins; they are then walked as inputs",
    Assumption.BASE: "an SBOM of the base image",
    Assumption.COMMIT: "the time of the merge or push as the forge has it",
    Assumption.TIMES: "`--reading`, which says whose account of the times holds",
    Assumption.CACHES: "`no_cache`, which says that installs use no cache, layer or proxy",
}
"""The fact, or the word of the organisation, that makes each assumption needless."""

OBLIGED: Final[Mapping[Obligation, str]] = {
    Obligation.ACCUSATION: "it is decided which releases and files are accused",
    Obligation.TARGETS: "every target is looked at, each in its own window",
    Obligation.TIMES: "times are known as precisely as they decide",
    Obligation.ROWS: "every row that could be the accused release is another one",
    Obligation.INDEXES: "no name that matters may come from a private index",
    Obligation.INSTALLED: "the document records an installation or a lock",
    Obligation.COMPLETE: "it covers Python and is complete",
    Obligation.READ_WHOLE: "every part of it that can name a component was read",
    Obligation.FOLDER: "in a folder, the accused import name belongs to another release or is not there",
    Obligation.DATED: "it is dated, and speaks for that build or stretch",
    Obligation.INPUTS: "every input that was in place then was looked at",
    Obligation.ADMITTED: "no allowed choice of releases reaches the accused one",
    Obligation.CLOSURE: "everything that an install could pull in was read",
    Obligation.PUBLIC: "the inputs use the public index or a mirror of it",
    Obligation.BARRED: "what binds every install admits no accused release",
    Obligation.ENDED: "the build had ended before the first accused file was uploaded",
}
"""What each obligation of a proof asks for (docs/semantics.md#clearance)."""

PROVEN: Final[Mapping[ProofKind, str]] = {
    ProofKind.LISTING: "what was installed is known",
    ProofKind.WALK: "what could be installed is known",
    ProofKind.BAR: "it could not be installed, whatever else is not known",
}
"""What each kind of proof shows."""


class Listing(Struct, frozen=True, kw_only=True):
    """The packages and releases that a view lists, and what to say of the rest."""

    packages: tuple[PackageRow, ...]
    releases: tuple[Accused, ...]
    notes: tuple[str, ...]


def listing(blast: Blast, view: ReportOptions) -> Listing:
    """Return what a view lists: packages of its tier and stronger ones, cut to its page; the rest is counted."""
    strong = [row for row in blast.packages if is_listed(row, view.tier)]
    weak = Counter(standing(row) for row in blast.packages if not is_listed(row, view.tier))
    notes = []
    if weak:
        parts = ", ".join(f"{number:,} {WORDS[name]}" for name, number in sorted(weak.items()))
        notes.append(
            f"{counted(weak.total(), 'package')} on weaker evidence than {view.tier} not listed: {parts}; "
            "--tier admitted lists them"
        )
    limit = view.limit
    shown = strong[view.offset :][:limit]
    if view.offset:
        notes.append(_page(view.offset, len(shown), len(strong)))
    elif len(strong) > len(shown):
        notes.append(
            f"cut to {counted(len(shown), 'package')} by --limit: {len(strong) - len(shown):,} more are not listed"
        )
    if view.strict and (told := refused(blast)):
        notes.append(told)
    accused = blast.incident.releases
    if limit is not None and len(accused) > limit:
        notes.append(
            f"cut to {counted(limit, 'compromised release')} by --limit: {len(accused) - limit:,} more are not listed"
        )
    return Listing(packages=tuple(shown), releases=accused[:limit], notes=tuple(notes))


OF_A_VIEW = ("; --tier admitted lists them", " by --limit", "by --offset and --limit", "--strict: ")
"""Words of the notes above, which speak of what a view lists and not of the answer."""


def _page(offset: int, shown: int, total: int) -> str:
    """Return which rows of all are listed, counted from 1."""
    if not shown:
        left = f"{max(total - offset, 0):,} after the first {offset:,}"
        return f"no package is listed, by --offset and --limit: {counted(total, 'package')} in all, {left}"
    rows = f"package {offset + 1:,} is" if shown == 1 else f"packages {offset + 1:,} to {offset + shown:,} are"
    return f"{rows} listed, of {total:,}, by --offset and --limit"


WORDS = {
    **{tier.value: tier.value for tier in Tier},
    "nominated": "nominated, not confirmed",
    "older": "reached by older releases only",
}
"""What a package's standing is called."""


def standing(row: PackageRow) -> str:
    """Return where a package stands: its tier, `nominated` without one, else `older` (releases only)."""
    if row.tier is not None:
        return row.tier.value
    return "nominated" if row.nominated else "older"


def is_listed(row: PackageRow, tier: Tier) -> bool:
    """Return whether a package is shown where ``tier`` is the weakest shown; one without a tier is weakest."""
    return tier is Tier.ADMITTED if row.tier is None else row.tier.rank <= tier.rank


def made_of(blast: Blast, view: ReportOptions) -> Provenance:
    """Return what a report rests on; its question has the options of the view, so that it can be asked again."""
    words = ["--tier", view.tier.value] if view.tier is not ReportOptions().tier else []
    words += ["--limit", str(view.limit)] if view.limit is not None else []
    words += ["--offset", str(view.offset)] if view.offset else []
    words += ["--strict"] if view.strict else []
    words += ["--group"] if view.group else []
    question = " ".join((blast.provenance.question, *words))
    return replace(blast.provenance, question=question, proofs_sha256=_proofs_digest(blast))


def _proofs_digest(blast: Blast) -> str:
    """Return the digest of every clearance, empty where there is none: other facts or assumptions, another digest."""
    found, is_empty = hashlib.sha256(), True
    for service, built_at, made in proofs(blast.services):
        is_empty = False
        at = "" if built_at is None else str(built_at)
        proof = (text for one in made.proof for text in (one.obligation, str(one.word), one.text))
        parts = (service, at, made.kind, made.incident, str(made.start), str(made.until), *proof)
        found.update("\0".join((*parts, *made.assumes, "\n")).encode("utf-8", "backslashreplace"))
    return "" if is_empty else found.hexdigest()


SOMEBODY_ELSES: Final = "somebody else's"
"""Said of a service that another company runs (`external: true` in an organisation file)."""


def is_proven(one: ServiceVerdict) -> bool:
    """Return whether a service is cleared, and each of its builds has a proof."""
    return one.verdict is Verdict.CLEARED and bool(one.builds) and all(build.clearance for build in one.builds)


def clearance_in_words(one: ServiceVerdict) -> str:
    """Return on which assumptions a service is cleared, in one line; empty where it is not cleared.

    ``cleared, assuming installs keep to the lock, and base images and CI actions bring none of it``; where it also
    rests on what the organisation says, that stands before it.
    """
    if one.verdict is not Verdict.CLEARED:
        return ""
    if not is_proven(one):
        return "cleared, but this report has no proof of it"
    return f"cleared, {on_word(one)}{assumed(one.assumes)}"


def on_word(one: ServiceVerdict) -> str:
    """Return the words that a clearance rests on the organisation's own account, to stand before what it assumes."""
    return "by the organisation's word, " if one.words else ""


def assumed(assumes: Sequence[Assumption]) -> str:
    """Return assumptions in words, in the order given: ``assuming …``, or that there is none."""
    words = [ASSUMED[one] for one in assumes]
    if not words:
        return "assuming nothing"
    return f"assuming {', and '.join(filter(None, (', '.join(words[:-1]), words[-1])))}"


def only_assumed(blast: Blast) -> list[ServiceVerdict]:
    """Return the services that are cleared and that ``--strict`` counts as unknown."""
    return [one for one in blast.services if one.verdict is Verdict.CLEARED and (one.assumes or not is_proven(one))]


def refused(blast: Blast) -> str:
    """Return what ``--strict`` says of services that are cleared only by assumptions; empty where there are none."""
    number = len(only_assumed(blast))
    if not number:
        return ""
    return f"--strict: {counted(number, 'service')} {'is' if number == 1 else 'are'} cleared only by assumptions"


def by_incident(one: ServiceVerdict) -> str:
    """Return the verdict of a service for each incident asked; empty where there was one."""
    return "; ".join(f"{incident}: {verdict}" for incident, verdict in one.incidents) if len(one.incidents) > 1 else ""


def windows_of(blast: Blast) -> tuple[Window, ...]:
    """Return the window of each incident asked; of a question about one, its only window."""
    return blast.windows or (replace(blast.window, incident=blast.window.incident or blast.incident.id),)


def reading_of(blast: Blast) -> str:
    """Return whose account of the times answers, empty where incidents differ in it or nothing says."""
    readings = {one.reading for one in windows_of(blast)}
    return blast.window.reading if len(readings) == 1 else ""


def slot_spans(blast: Blast) -> list[str]:
    """Return each slot in words; of a question about several incidents, with the incident that it belongs to."""
    several = len({slot.incident for slot in blast.slots}) > 1
    return [f"{span(slot)} ({slot.incident})" if several and slot.incident else span(slot) for slot in blast.slots]


def times_of(slots: Sequence[int], blast: Blast) -> str:
    """Return when slots are, neighbours as one stretch: ``2026-03-24 10:39 to 13:11 UTC``; empty for none.

    Of more than three stretches, from the first one's start to the last one's end, with their number.
    """
    stretches: list[Slot] = []
    for one in (blast.slots[number] for number in slots if number < len(blast.slots)):
        if stretches and (stretches[-1].incident, stretches[-1].until) == (one.incident, one.start):
            stretches[-1] = replace(stretches[-1], until=one.until)
        else:
            stretches.append(one)
    if len(stretches) > _FEW_STRETCHES:
        start, until = min(one.start for one in stretches), max(one.until for one in stretches)
        return f"{len(stretches):,} stretches, {between(start, until)}"
    return "; ".join(dict.fromkeys(map(span, stretches)))


def window_lines(blast: Blast) -> tuple[str, ...]:
    """Return the window of each incident in words; nothing where one incident was asked about."""
    windows = windows_of(blast)
    if len(windows) < 2:
        return ()
    return tuple(f"{one.incident}: {span(one)}{_account(one.reading)}" for one in windows)


def notices(blast: Blast) -> tuple[str, ...]:
    """Return what every report has to say beside its rows: withdrawn records, and what was not looked at."""
    return tuple(filter(None, (_withdrawn(blast), "" if blast.is_index_read else NOT_CHECKED)))


def said_beside(blast: Blast) -> tuple[str, ...]:
    """Return what is unknown of targets, and which parts of incidents were not asked about: notes that come first."""
    return (*blast.unknown, *(one.text for one in blast.left_out))


def _withdrawn(blast: Blast) -> str:
    ids = blast.incident.withdrawn
    if not ids:
        return ""
    if len(ids) == 1:
        return f"The record {ids[0]} is withdrawn."
    return f"The records {', '.join(ids[:-1])} and {ids[-1]} are withdrawn."


NOT_CHECKED: Final = "No index page was read for this question; fresh installs: not checked."
"""What is said in place of "No fresh install of a public package took it" where nothing was looked at."""


def _account(reading: str) -> str:
    return f" (times as given by {_GIVEN_BY.get(reading, reading)})" if reading else ""


_GIVEN_BY: Final[Mapping[str, str]] = {"operator": "the index operators"}
"""Who gives the times, for accounts whose id does not say it by itself."""


def headline(blast: Blast) -> str:
    """Return the answer in a few sentences: what, by whom, when, and how far it got."""
    accused = blast.incident
    by = f" by {accused.actor}" if accused.actor else ""
    partial = ("PARTIAL ANSWER: the walks of packages were stopped.",) if blast.is_partial else ()
    return " ".join(
        (
            *partial,
            f"{_what(blast, by)}; {_window(blast)}.",
            *filter(None, (_withdrawn(blast),)),
            _services(blast),
            _companies(blast),
            _packages(blast),
        )
    )


def what_and_when(blast: Blast) -> str:
    """Return what was compromised, by whom and when, without what came of it."""
    asked = blast.incident
    partial = "PARTIAL ANSWER: the walks of packages were stopped" if blast.is_partial else ""
    windows = windows_of(blast)
    if len(windows) > 1:
        exposing = blast.exposing
        others = first_of([one.incident for one in windows if one.incident not in exposing], _NAMED)
        exposed = f"services are exposed to {first_of(exposing, _NAMED)}; " if exposing else ""
        asked_too = f"{'also asked: ' if exposing else ''}{others}" if others else ""
        what: tuple[str, ...] = (f"{len(windows):,} incidents: {exposed}{asked_too}".removesuffix("; "),)
    else:
        by = f"by {asked.actor}" if asked.actor else ""
        when = f"{span(blast.window)}{_account(reading_of(blast))}"
        what = (asked.title, by, when) if asked.title else (_what(blast, f" {by}".rstrip()), when)
    return " · ".join(filter(None, (partial, *what)))


def _what(blast: Blast, by: str) -> str:
    """Return what was compromised; of what nothing names, that."""
    names = names_of(blast.incident.releases)
    if not blast.unknown:
        return f"{names} compromised{by}"
    first = blast.unknown[0]
    return f"{first[0].upper()}{first[1:]}{'' if first.endswith('?') else '.'} Asked about {names}"


def _window(blast: Blast) -> str:
    if not blast.window.is_known:
        return span(blast.window)
    number = len(windows_of(blast))
    several = f"{number} windows, " if number > 1 else "window "
    return f"{several}{span(blast.window)}{_account(reading_of(blast))}"


def names_of(accused: Sequence[Accused]) -> str:
    """Return the accused releases in words, the first few by name: ``litellm 1.82.7 and 1.82.8``."""
    names = [name_of(one) for one in accused]
    pairs = [(one.release.package, one.release.version) for one in accused]
    if len(pairs) > 1 and len({package for package, _ in pairs}) == 1 and pairs[0][0]:
        names = [names[0], *(version for _, version in pairs[1:])]
    if not names:
        return "No release"
    if len(names) > _NAMED:
        return first_of(names, _NAMED)
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def by_node(accused: Sequence[Accused]) -> dict[str, Accused]:
    """Return the accused releases by what a path calls them: ``name@version``, or the purl of another ecosystem."""
    return {
        f"{one.release.package}@{one.release.version}" if one.release.package else one.release.purl: one
        for one in accused
    }


def name_of(accused: Accused) -> str:
    """Return what an accused release is called: package and version, or the purl of another ecosystem."""
    return f"{accused.release.package} {accused.release.version}" if accused.release.package else accused.release.purl


def _services(blast: Blast) -> str:
    counts = dict(blast.summary.services)
    total = sum(counts.values())
    if not total:
        return "The graph holds no service."
    exposed = sum(counts.get(verdict, 0) for verdict in EXPOSED)
    strongest = next((verdict.value for verdict in EXPOSED if counts.get(verdict)), "")
    of = f"{exposed:,} of {counted(total, 'service')} exposed" + (f", at worst {strongest}" if strongest else "")
    unknown, cleared = counts.get(Verdict.UNKNOWN, 0), counts.get(Verdict.CLEARED, 0)
    others = f" {len(blast.external):,} of them {'is' if len(blast.external) == 1 else 'are'} somebody else's."
    return f"{of}; {unknown:,} unknown, {cleared:,} cleared.{others if blast.external else ''}"


def _companies(blast: Blast) -> str:
    counts = dict(blast.summary.companies)
    reached = [(verdict.value, counts[verdict]) for verdict in REACHED if counts.get(verdict)]
    if not reached:
        return "No company is reached."
    total = sum(number for _, number in reached)
    parts = ", ".join(f"{number:,} {word}" for word, number in reached)
    return f"{counted(total, 'company', 'companies')} reached: {parts}."


def _any_of(number: int) -> str:
    return "one public package" if number == 1 else f"any of {number:,} public packages"


def _packages(blast: Blast) -> str:
    counts = dict(blast.summary.packages)
    number, nominated = counts.get("picked", 0), counts.get("nominated", 0)
    if nominated > max(number, _MANY):  # a whole index: few of those that are nominated were walked
        return f"Installing {_any_of(number)} in that time took it; {nominated:,} more may have, which were not walked."
    if number:
        return f"Installing {_any_of(number)} in that time took it."
    return "No fresh install of a public package took it." if blast.is_index_read else NOT_CHECKED


def clock(at: Instant | Moment | None) -> str:
    """Return a time as people read it, ``2026-03-24 10:39 UTC``; nothing is rounded away, and no zone is made up."""
    text = str(at) if isinstance(at, Moment) else rfc3339(at)
    if isinstance(at, Moment) and " to " in (text or ""):
        return between(at.earliest, at.latest)
    if text is None:
        return "an unknown time"
    if not text.endswith("Z"):
        return f"{text.replace('T', ' ')} in an unknown zone"
    return f"{text[:-1].replace('T', ' ').removesuffix(':00')} UTC"


def span(stretch: Slot | Window) -> str:
    """Return a stretch of time as people read it; the day is said once where both ends have the same."""
    if isinstance(stretch, Window) and not stretch.is_known:
        return "no time is known"
    return between(stretch.start, stretch.until)


def between(start: Instant | None, until: Instant | None) -> str:
    """Return a stretch of time as people read it, a single instant as that; None: that end is not known."""
    if rfc3339(start) is None:
        return f"no known start to {clock(until)}" if rfc3339(until) else "no known times"
    if rfc3339(until) is None:
        return f"{clock(start)} to no known end"
    if start is not None and until == start + 1:
        return clock(start)
    begin, end = clock(start), clock(until)
    return f"{begin.removesuffix(' UTC')} to {end[11:]}" if begin[:10] == end[:10] else f"{begin} to {end}"


def renown(row: PackageRow) -> tuple[str, ...]:
    """Return how often a package is downloaded, and who maintains it, as far as a table says."""
    times = () if row.downloads is None else (f"{row.downloads:,} downloads",)
    return (*times, f"maintained by {row.maintainers}") if row.maintainers else times


def slot_runs(slots: Sequence[int]) -> str:
    """Return slot numbers with neighbours joined: ``0-2, 5``."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(slots), key=lambda pair: pair[1] - pair[0])]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def takes_in_words(takes: Sequence[Take]) -> str:
    """Return what is taken, with the slots in brackets: ``litellm 1.82.7 (0), litellm 1.82.8 (1-3)``."""
    return ", ".join(f"{name} ({slot_runs(slots)})" for name, slots in slots_by_release(takes).items())


def slots_by_release(takes: Sequence[Take]) -> dict[str, list[int]]:
    """Return in which slots each release is taken, by its name and version: ``{"litellm 1.82.8": [1, 2]}``."""
    slots: dict[str, list[int]] = {}
    for take in takes:
        slots.setdefault(take.release.replace("@", " "), []).append(take.slot)
    return slots


def bearing(claim: Claim) -> str:
    """Return why a claim changes no verdict, empty for one that can."""
    if claim.standing is Standing.ATTACKER:
        return "the attacker's word: for information"
    if claim.polarity is Polarity.DENIES:
        return "a denial: for information"
    if claim.polarity is Polarity.NEITHER:
        return "says neither: for information"
    if claim.standing not in _VOUCHED:
        return f"{claim.standing}: for information"
    return ""
