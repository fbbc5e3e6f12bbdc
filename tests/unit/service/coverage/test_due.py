from datetime import date, timedelta

import pytest

from evidence_store.models import SnapshotKind
from service.coverage.due import LONGEST_CATCH_UP_DAYS, closing_day, days_due, kind_of
from service.coverage.measure import cut_off, day_of, parse_as_of
from service.errors import UnacceptableValueError

NOW = cut_off(date(2026, 11, 24))


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 12, 30), SnapshotKind.DAILY),
        (date(2026, 12, 31), SnapshotKind.DEADLINE),
        (date(2027, 1, 31), SnapshotKind.MONTHLY),
        (date(2028, 2, 28), SnapshotKind.DAILY),
        (date(2028, 2, 29), SnapshotKind.MONTHLY),
        (date(2027, 12, 31), SnapshotKind.MONTHLY),
    ],
)
def test_a_day_is_a_deadline_the_end_of_a_month_or_any_other(day, kind):
    assert kind_of(day) is kind


def test_every_day_that_is_over_and_not_frozen_is_due():
    due = days_due(first=date(2026, 12, 28), today=date(2027, 1, 2), frozen={date(2026, 12, 29)})

    assert due == [date(2026, 12, 28), date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)]


def test_after_years_away_only_ends_of_months_are_caught_up_before_the_last_days():
    today = date(2027, 1, 5)

    due = days_due(first=date(2024, 1, 1), today=today, frozen=())

    oldest = today - timedelta(days=LONGEST_CATCH_UP_DAYS)
    assert date(2024, 12, 31) in due
    assert all(kind_of(day) is not SnapshotKind.DAILY for day in due if day < oldest)
    assert len([day for day in due if day >= oldest]) == LONGEST_CATCH_UP_DAYS


def test_late_paperwork_closes_so_many_days_after_a_month_and_never_for_a_day():
    assert closing_day(date(2026, 12, 31), closing_days=15) == date(2027, 1, 15)
    assert closing_day(date(2026, 12, 30), closing_days=15) is None


def test_the_end_of_a_day_in_shanghai_is_the_cut_off():
    assert cut_off(date(2026, 12, 31)).isoformat() == "2026-12-31T16:00:00+00:00"
    assert day_of(cut_off(date(2026, 12, 31))) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("2026-12-31T24:00+08:00", date(2026, 12, 31)),
        ("2026-12-31T24:00:00+08:00", date(2026, 12, 31)),
        ("2027-01-01T00:00+08:00", date(2027, 1, 1)),
        ("2026-12-31T15:59:59Z", date(2026, 12, 31)),
        ("2026-12-31T16:00:00Z", date(2027, 1, 1)),
    ],
)
def test_midnight_belongs_to_the_day_that_it_is_written_with(text, day):
    assert day_of(parse_as_of(text, NOW)) == day


@pytest.mark.parametrize("text", ["2026-12-31T23:59", "yesterday", "", "2026-13-01", "2026-12-31T25:00+08:00", "2026-12-31T24:01+08:00"])
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(UnacceptableValueError):
        parse_as_of(text, NOW)
