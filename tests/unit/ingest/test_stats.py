"""What became of inputs: counts, the worst of them, and how a scan took its sources."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphkit.ingest.stats import IngestStats
from graphkit.model.answers import Rejected, Taken
from graphkit.model.documents import Problem
from graphkit.model.errors import InputError
from graphkit.model.incidents import CompromisedRelease, Incident, Undecided


def test_an_input_is_rejected_with_the_place_that_its_error_has() -> None:
    stats = IngestStats()
    stats.reject("a", "is odd", "line 1")
    stats.reject("b", InputError("is odd", place="line 2"), "line 1")
    stats.reject("c", InputError("is odd"), "line 3")
    assert stats.report().rejected == (
        Rejected(path="a", place="line 1", problem="is odd"),
        Rejected(path="b", place="line 2", problem="is odd"),
        Rejected(path="c", place="line 3", problem="is odd"),
    )


INPUTS = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 3), max_size=12)


@given(INPUTS, st.randoms(use_true_random=False))
def test_the_worst_inputs_are_the_same_in_any_order(inputs: dict[str, int], order: object) -> None:
    def report(names: list[str]) -> tuple[object, int]:
        stats = IngestStats()
        for name in names:
            stats.odd(name, tuple(Problem(place=str(at), text="odd", count=2) for at in range(inputs[name])))
        made = stats.report()
        return made.worst, made.problems

    shuffled = list(inputs)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    worst, problems = report(list(inputs))
    assert report(shuffled) == (worst, problems)
    assert problems == 2 * sum(inputs.values())
    ranked = sorted((-count, name) for name, count in inputs.items() if count)[:5]
    assert worst == tuple((name, Problem(place="0", text="odd", count=2)) for _, name in ranked)


def test_notes_say_once_what_was_left_out() -> None:
    stats = IngestStats()
    assert stats.report().notes == ()
    stats.links_out = 1
    stats.passed_over.update(["node_modules", "target", "node_modules"])
    assert stats.report().notes == (
        "1 link out of the folder given not followed; name such a file to have it read",
        "folders of other ecosystems and of caches not looked into: 2 node_modules, 1 target",
    )
    more = IngestStats(links_out=1_234)
    assert more.report().notes[0].startswith("1,234 links out of")


def test_an_incident_that_decides_nothing_is_told_of_with_the_reason() -> None:
    stats = IngestStats()
    part = Undecided(why="it has no version")
    release = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1")
    stats.undecided("a.json", [Incident(id="A", title="", releases=(), undecided=(part, part))])
    stats.undecided("b.json", [Incident(id="B", title="", releases=(release,), undecided=(part,))])
    stats.undecided("c.json", [Incident(id="C", title="", releases=())])
    report = stats.report()
    assert report.notes == (
        "A decides nothing about any release, so it clears no service: it has no version",
        "C decides nothing about any release, so it clears no service: it names no release and no file",
    )
    assert (report.problems, [path for path, _ in report.worst]) == (3, ["a.json", "b.json"])


def test_sources_that_say_themselves_whose_they_are_stand_together() -> None:
    stats = IngestStats()
    stats.take("sbom", "a.json", "web")
    stats.take("sbom", "b.json", "api")
    stats.take("sbom", "a.json", "web")
    stats.take("sbom", "c.json", "till", is_told=True)
    stats.take("lock", "repo", "web", is_history=True)
    stats.take("lock", "x.lock", "web", branch="main")
    assert stats.report().taken == (
        Taken(kind="sbom", sources=("a.json", "b.json")),
        Taken(kind="sbom", sources=("c.json",), service="till"),
        Taken(kind="lock", sources=("repo",), is_history=True),
        Taken(kind="lock", sources=("x.lock",), branch="main"),
    )
    stats.closed = {"web", "till"}
    assert [(one.sources, one.service, one.builds_complete) for one in stats.report().taken[:3]] == [
        (("a.json",), "web", True),
        (("b.json",), None, False),
        (("c.json",), "till", True),
    ]
