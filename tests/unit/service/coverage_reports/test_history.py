from dataclasses import replace
from datetime import date

from service.coverage_reports.history import expected_days, find_contradictions
from tests.report_builders import FIGURES, change_figure, make_report, make_snapshot

FIRST = make_report()
OTHER_ID = "01900000-0000-7000-8000-0000000000aa"
THIRD_ID = "01900000-0000-7000-8000-0000000000bb"


def codes(report, *of_the_day, before=None):
    return [(fault.code, fault.subject) for fault in find_contradictions(report, of_the_day=of_the_day, before=before)]


def test_a_first_report_contradicts_nothing():
    assert codes(FIRST) == []


def test_a_restatement_that_names_what_it_replaces_contradicts_nothing():
    restated = make_report(
        report_id=OTHER_ID, replaces=FIRST.report_id, snapshot=make_snapshot(edition="restated", id=OTHER_ID, roster_sha256="cd" * 32)
    )

    assert codes(restated, FIRST) == []


def test_a_second_report_that_names_nothing_is_a_contradiction():
    assert codes(replace(FIRST, report_id=OTHER_ID), FIRST) == [("replacement_not_named", FIRST.report_id)]


def test_a_report_that_replaces_one_that_never_came_is_told():
    assert codes(replace(FIRST, report_id=OTHER_ID, replaces=THIRD_ID), FIRST) == [
        ("replaces_unknown", THIRD_ID),
        ("replacement_not_named", FIRST.report_id),
    ]


def test_the_same_figure_told_otherwise_is_a_contradiction():
    figures = change_figure("0101", name="另一县")
    second = make_report(report_id=OTHER_ID, replaces=FIRST.report_id, figures=figures)

    assert codes(second, FIRST) == [("same_figure_differs", FIRST.report_id)]


def test_another_roster_behind_the_same_edition_is_a_contradiction():
    second = make_report(report_id=OTHER_ID, replaces=FIRST.report_id, snapshot=make_snapshot(id=OTHER_ID, roster_sha256="cd" * 32))

    assert codes(second, FIRST) == [("roster_changed", FIRST.report_id)]


def test_agencies_that_left_or_moved_since_the_last_day_are_told():
    later = make_report(report_id=OTHER_ID, figures=(FIGURES[0], replace(FIGURES[2], parent="0")))

    assert codes(later, before=FIRST) == [("agency_gone", "01"), ("agency_moved", "0101")]


def test_the_ends_of_months_are_expected_some_days_later():
    assert expected_days(date(2026, 11, 5), first=date(2026, 8, 31)) == [date(2026, 9, 30), date(2026, 8, 31)]
    assert expected_days(date(2026, 11, 6), first=date(2026, 8, 31))[0] == date(2026, 10, 31)


def test_of_a_reporter_that_never_reported_the_last_month_is_expected():
    assert expected_days(date(2026, 11, 6), first=None) == [date(2026, 10, 31)]


def test_no_more_than_a_year_is_expected():
    assert len(expected_days(date(2026, 11, 6), first=date(2020, 1, 31))) == 12
