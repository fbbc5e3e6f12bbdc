from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.coverage_outlook.targets import Tally, Target, Verdict, decide, follow, in_force, needed_for, path_share

TOP, CITY, STATION = UUID(int=1), UUID(int=2), UUID(int=3)


def target(year, share, *, code="0", day=None):
    return Target(day or date(year, 12, 31), Decimal(share), code)


PLAN = (target(2024, "0.75"), target(2025, "0.9"), target(2026, "1"))


def test_an_agency_without_a_target_follows_the_nearest_above():
    targets = {TOP: PLAN, CITY: [target(2025, "0.8", code="01")]}

    assert follow(targets, [TOP, CITY, STATION]) == (PLAN[0], target(2025, "0.8", code="01"), PLAN[2])
    assert follow(targets, [TOP]) == PLAN
    assert follow({}, [TOP, CITY]) == ()


def test_the_next_target_holds_until_the_end_of_its_day_and_the_last_one_for_ever():
    assert in_force(PLAN, date(2024, 6, 1)) == PLAN[0]
    assert in_force(PLAN, date(2024, 12, 31)) == PLAN[0]
    assert in_force(PLAN, date(2025, 1, 1)) == PLAN[1]
    assert in_force(PLAN, date(2031, 1, 1)) == PLAN[2]
    assert in_force((), date(2031, 1, 1)) is None


def test_officers_needed_are_rounded_up():
    assert needed_for(Decimal("0.9"), 11) == 10
    assert needed_for(Decimal("0.333333"), 3) == 1
    assert needed_for(Decimal(1), 0) == 0


def test_the_path_is_a_straight_line_between_two_targets():
    assert path_share(PLAN, date(2024, 12, 30)) is None
    assert path_share(PLAN, date(2024, 12, 31)) == Decimal("0.75")
    assert path_share(PLAN, date(2025, 7, 1)) == Decimal("0.75") + Decimal("0.15") * 182 / 365
    assert path_share(PLAN, date(2027, 1, 5)) == 1


def test_without_a_target_nothing_is_decided():
    assert decide((), Tally(1, 2), date(2026, 11, 24)).verdict is Verdict.NO_TARGET


def test_before_the_day_what_is_missing_is_shared_out_over_the_weeks_left():
    found = decide(PLAN, Tally(90, 100), date(2026, 11, 24))

    assert (found.verdict, found.short, found.days_left, found.per_week) == (Verdict.ON_THE_WAY, 10, 37, 2)


@pytest.mark.parametrize(("days_left", "per_week"), [(14, 5), (7, 10), (6, 10), (0, 10)])
def test_in_the_last_week_everybody_missing_is_needed_in_it(days_left, per_week):
    found = decide(PLAN, Tally(90, 100), date(2026, 12, 31) - timedelta(days=days_left))

    assert found.per_week == per_week


def test_nobody_counts_is_neither_reached_nor_missed():
    assert decide(PLAN, Tally(0, 0), date(2026, 11, 24)).verdict is Verdict.NOBODY
    assert decide(PLAN, Tally(0, 0), date(2027, 1, 5)).verdict is Verdict.NOBODY


def test_after_the_day_it_was_reached_or_not_and_how_late():
    day, at_due = date(2027, 1, 5), Tally(9, 10)

    assert decide(PLAN, Tally(10, 10), day, at_due=Tally(10, 10)).verdict is Verdict.REACHED_IN_TIME
    late = decide(PLAN, Tally(10, 10), day, at_due=at_due, reached_on=date(2027, 1, 3))
    assert (late.verdict, late.days_late) == (Verdict.REACHED_LATE, 3)
    missed = decide(PLAN, Tally(9, 10), day, at_due=at_due)
    assert (missed.verdict, missed.days_late, missed.short, missed.per_week) == (Verdict.MISSED, 5, 1, None)
    fallen = decide(PLAN, Tally(9, 10), day, at_due=Tally(10, 10))
    assert (fallen.verdict, fallen.days_late) == (Verdict.FALLEN, 0)


def test_when_it_was_reached_late_and_nobody_saw_when_the_days_are_not_known():
    assert decide(PLAN, Tally(10, 10), date(2027, 1, 5), at_due=Tally(9, 10)).days_late is None


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 1200))
def test_whoever_keeps_to_what_is_needed_per_week_is_there_in_time(numerator, more, days):
    tally = Tally(numerator, numerator + more)
    day = date(2026, 12, 31) - timedelta(days=days)

    found = decide(PLAN, tally, day)

    assert (found.short == 0) == (found.verdict in {Verdict.REACHED, Verdict.NOBODY})
    if found.days_left >= 7:
        assert found.per_week * found.days_left / 7 >= found.short
    else:
        assert found.per_week == found.short
