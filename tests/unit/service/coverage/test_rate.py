from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.coverage.rate import CountedOfficer, GapReason, HeldRecorder, compute_rate, why_missing

DAY = date(2026, 12, 31)


def officer(*held: HeldRecorder, code="000001", since=date(2024, 1, 1)):
    return CountedOfficer(code, "示范人员 0001", "330100", "示范市", since, held)


def own(state):
    return HeldRecorder(is_exclusive=True, state=state)


def pool(state):
    return HeldRecorder(is_exclusive=False, state=state)


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ((own("in_service"),), None),
        ((own("in_repair"), own("in_service")), None),
        ((own("in_repair"),), GapReason.IN_REPAIR),
        ((own("lost"),), GapReason.LOST),
        ((own("delivered"),), GapReason.NOT_IN_SERVICE),
        ((own("scrapped"),), GapReason.NOT_IN_SERVICE),
        ((pool("in_service"),), GapReason.ONLY_POOL),
        ((pool("in_service"), own("lost")), GapReason.LOST),
        ((), GapReason.NO_RECORDER),
    ],
)
def test_the_reason_an_officer_is_missing_is_the_nearest_one(held, reason):
    assert why_missing(officer(*held), DAY) == reason


def test_an_officer_certified_this_month_is_named_as_such():
    assert why_missing(officer(since=date(2026, 12, 15)), DAY) == GapReason.NEWLY_CERTIFIED


def test_a_rate_over_nobody_is_not_applicable():
    assert compute_rate([], DAY).rate is None


def test_two_recorders_do_not_make_one_officer_count_twice():
    rate = compute_rate([officer(own("in_service"), own("in_service"))], DAY)

    assert (rate.numerator, rate.denominator) == (1, 1)


@given(st.lists(st.lists(st.builds(HeldRecorder, st.booleans(), st.sampled_from(["in_service", "lost", "in_repair"])), max_size=3), max_size=30))
def test_numerator_and_gap_always_make_up_the_denominator(holdings):
    rate = compute_rate([officer(*held, code=str(number)) for number, held in enumerate(holdings)], DAY)

    assert rate.numerator + len(rate.gap) == rate.denominator == len(holdings)
