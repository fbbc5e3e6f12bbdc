from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.coverage_outlook.forecast import LeadTimes, Waiting, WaitingState, draw_band, follow_pipeline

TODAY = date(2026, 11, 24)
LEAD = LeadTimes(ordered_to_delivered=20, delivered_to_assigned=7)


def test_each_recorder_arrives_after_the_time_others_took_and_an_overdue_one_today():
    waiting = [
        Waiting(WaitingState.ORDERED, TODAY - timedelta(days=10), 3),
        Waiting(WaitingState.DELIVERED, TODAY - timedelta(days=2), 2),
        Waiting(WaitingState.UNASSIGNED, TODAY - timedelta(days=90), 1),
    ]

    found = follow_pipeline(waiting, LEAD, short=5, today=TODAY)

    assert found.arrivals == ((TODAY, 1), (TODAY + timedelta(days=5), 2), (TODAY + timedelta(days=17), 3))
    assert found.waiting == {WaitingState.ORDERED: 3, WaitingState.DELIVERED: 2, WaitingState.UNASSIGNED: 1}
    assert (found.closes, found.reached_on) == (5, TODAY + timedelta(days=17))


def test_too_few_recorders_close_a_part_and_reach_nothing():
    found = follow_pipeline([Waiting(WaitingState.DELIVERED, TODAY, 2)], LEAD, short=5, today=TODAY)

    assert (found.closes, found.reached_on) == (2, None)


def test_a_step_that_was_never_observed_gives_no_date():
    waiting = [Waiting(WaitingState.ORDERED, TODAY, 2), Waiting(WaitingState.DELIVERED, TODAY, 1)]

    found = follow_pipeline(waiting, LeadTimes(None, 7), short=5, today=TODAY)

    assert (found.undated, found.arrivals) == (2, ((TODAY + timedelta(days=7), 1),))


def test_the_band_is_the_same_when_it_is_asked_for_again_and_another_for_another_seed():
    gains = (0, 3, 1, 4, 2, 0, 5, 1)

    first, again = (draw_band(gains, short=60, today=TODAY, seed="01 2026-11-24") for _ in range(2))
    bands = {draw_band(gains, short=60, today=TODAY, seed=f"{number}") for number in range(20)}

    assert first == again
    assert len(bands) > 1


def test_steady_gains_give_one_date():
    band = draw_band([2] * 8, short=5, today=TODAY, seed="")

    assert band.early == band.expected == band.late == TODAY + timedelta(weeks=3)


@pytest.mark.parametrize("gains", [[0] * 8, [1, -1] * 4, [-2] * 8])
def test_without_gains_it_is_not_within_two_years(gains):
    band = draw_band(gains, short=1, today=TODAY, seed="")

    assert (band.early, band.expected, band.late) == (None, None, None)


def test_far_away_is_not_within_two_years():
    assert draw_band([1] * 8, short=105, today=TODAY, seed="").early is None
    assert draw_band([1] * 8, short=104, today=TODAY, seed="").late == TODAY + timedelta(weeks=104)


def test_no_band_is_drawn_from_three_weeks_or_when_nobody_is_missing():
    assert draw_band([1, 2, 3], short=5, today=TODAY, seed="") is None
    assert draw_band([1] * 8, short=0, today=TODAY, seed="") is None


@given(st.lists(st.integers(-20, 20), min_size=4, max_size=8), st.integers(1, 300), st.text(max_size=8))
def test_early_is_no_later_than_expected_and_expected_no_later_than_late(gains, short, seed):
    band = draw_band(gains, short=short, today=TODAY, seed=seed)

    dates = [day or date.max for day in (band.early, band.expected, band.late)]
    assert dates == sorted(dates)
    assert all(day > TODAY for day in dates)
