"""What is worse than what."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.ranks import CompanyVerdict, Ranked, Tier, Verdict, worst


def test_ranks_follow_the_order_in_which_members_are_written() -> None:
    for enumeration in (Tier, Verdict, CompanyVerdict):
        members: list[Ranked] = list(enumeration)
        assert [one.rank for one in members] == list(range(len(members)))


def test_every_tier_is_a_verdict_and_worse_than_unknown_and_cleared() -> None:
    assert [one.value for one in Verdict] == [*(tier.value for tier in Tier), "unknown", "cleared"]


def test_a_company_s_own_verdicts_keep_their_order_beside_stated_and_supplier() -> None:
    ranks = [CompanyVerdict(one.value).rank for one in Verdict]
    assert all(one < other for one, other in pairwise(ranks))


@given(st.lists(st.sampled_from(Verdict)))
def test_one_more_verdict_never_improves_the_worst(verdicts: list[Verdict]) -> None:
    for one in Verdict:
        assert worst([*verdicts, one]).rank <= one.rank
        assert not verdicts or worst([*verdicts, one]).rank <= worst(verdicts).rank


def test_of_no_verdicts_the_worst_is_unknown() -> None:
    assert worst([]) is Verdict.UNKNOWN
