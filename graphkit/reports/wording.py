"""What every report says in the same words: the headline, times, slots, and which packages are listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from graphkit.model.answers import (
    Accused,
    Blast,
    CompanyVerdict,
    PackageRow,
    Provenance,
    Slot,
    Take,
    Tier,
    Verdict,
    Window,
)
from graphkit.model.organisation import Claim, Polarity, Standing
from graphkit.model.times import Instant, Moment, rfc3339
from graphkit.reports.interface import View
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
_TIERS = list(Tier)
_VOUCHED = (Standing.FIRST_HAND, Standing.CONFIRMED)
_NAMED = 4
_MANY = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The packages and releases that a view lists, and what to say of the rest."""

    packages: tuple[PackageRow, ...]
    releases: tuple[Accused, ...]
    notes: tuple[str, ...]


def listing(blast: Blast, view: View) -> Listing:
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
    accused = blast.incident.releases
    if limit is not None and len(accused) > limit:
        notes.append(
            f"cut to {counted(limit, 'compromised release')} by --limit: {len(accused) - limit:,} more are not listed"
        )
    return Listing(packages=tuple(shown), releases=accused[:limit], notes=tuple(notes))


OF_A_VIEW = ("; --tier admitted lists them", " by --limit", "by --offset and --limit")
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
    return tier is Tier.ADMITTED if row.tier is None else _TIERS.index(row.tier) <= _TIERS.index(tier)


def made_of(blast: Blast, view: View) -> Provenance:
    """Return what a report rests on; its question has the options of the view, so that it can be asked again."""
    words = ["--tier", view.tier.value] if view.tier is not View().tier else []
    words += ["--limit", str(view.limit)] if view.limit is not None else []
    words += ["--offset", str(view.offset)] if view.offset else []
    return replace(blast.provenance, question=" ".join((blast.provenance.question, *words)))


def headline(blast: Blast) -> str:
    """Return the answer in a few sentences: what, by whom, when, and how far it got."""
    accused = blast.incident
    by = f" by {accused.actor}" if accused.actor else ""
    reading = f" ({blast.window.reading} reading)" if blast.window.reading else ""
    partial = ("PARTIAL ANSWER: the walks of packages were stopped.",) if blast.is_partial else ()
    return " ".join(
        (
            *partial,
            f"{names_of(accused.releases)} compromised{by}; window {span(blast.window)}{reading}.",
            _services(blast),
            _companies(blast),
            _packages(blast),
        )
    )


def names_of(accused: Sequence[Accused]) -> str:
    """Return the accused releases in words, the first few by name: ``litellm 1.82.7 and 1.82.8``."""
    names = [name_of(one) for one in accused]
    pairs = [(one.release.package, one.release.version) for one in accused]
    if len(pairs) > 1 and len({package for package, _ in pairs}) == 1 and pairs[0][0]:
        names = [names[0], *(version for _, version in pairs[1:])]
    if not names:
        return "No release"
    rest = len(names) - _NAMED
    if rest > 0:
        return f"{', '.join(names[:_NAMED])} and {rest:,} more"
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
    return f"{of}; {unknown:,} unknown, {cleared:,} cleared."


def _companies(blast: Blast) -> str:
    counts = dict(blast.summary.companies)
    reached = [(verdict.value, counts[verdict]) for verdict in REACHED if counts.get(verdict)]
    if not reached:
        return "No company is reached."
    total = sum(number for _, number in reached)
    parts = ", ".join(f"{number:,} {word}" for word, number in reached)
    return f"{counted(total, 'company', 'companies')} reached: {parts}."


def _packages(blast: Blast) -> str:
    counts = dict(blast.summary.packages)
    number, nominated = counts.get("picked", 0), counts.get("nominated", 0)
    if nominated > max(number, _MANY):  # a whole index: few of those that are nominated were walked
        return (
            f"A fresh install of {counted(number, 'package')} takes it; {nominated:,} more are nominated, not walked."
        )
    return f"A fresh install of {counted(number, 'package')} takes it." if number else "No fresh install takes it."


def clock(at: Instant | Moment | None) -> str:
    """Return a time as people read it, ``2026-03-24 10:39 UTC``; nothing is rounded away, and no zone is made up."""
    text = str(at) if isinstance(at, Moment) else rfc3339(at)
    if text is None:
        return "an unknown time"
    if not text.endswith("Z"):
        return f"{text.replace('T', ' ')} in an unknown zone"
    return f"{text[:-1].replace('T', ' ').removesuffix(':00')} UTC"


def span(stretch: Slot | Window) -> str:
    """Return a stretch of time as people read it; the day is said once where both ends have the same."""
    return between(stretch.start, stretch.until)


def between(start: Instant | None, until: Instant | None) -> str:
    """Return a stretch of time as people read it; None: that end is not known."""
    if rfc3339(start) is None:
        return f"no known start to {clock(until)}" if rfc3339(until) else "no known times"
    if rfc3339(until) is None:
        return f"{clock(start)} to no known end"
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
    slots: dict[str, list[int]] = {}
    for take in takes:
        slots.setdefault(take.release, []).append(take.slot)
    return ", ".join(f"{release.replace('@', ' ')} ({slot_runs(numbers)})" for release, numbers in slots.items())


def bearing(claim: Claim) -> str:
    """Return why a claim changes no verdict, empty for one that can."""
    if claim.standing is Standing.ATTACKER:
        return "the attacker's word: shown, changes nothing"
    if claim.polarity is Polarity.DENIES:
        return "a denial: shown, changes nothing"
    if claim.polarity is Polarity.NEITHER:
        return "says neither: shown, changes nothing"
    if claim.standing not in _VOUCHED:
        return f"{claim.standing}: shown, changes nothing"
    return ""
