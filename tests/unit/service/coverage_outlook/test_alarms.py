from datetime import date, timedelta
from decimal import Decimal
from typing import get_args, get_type_hints
from uuid import UUID

import pytest

from evidence_store.alarm_facts import GapRow, UndockedRow
from service.coverage_outlook.alarms import AgencyOnPath, AlarmKind, find_below_path, find_undocked, find_waiting
from service.coverage_outlook.targets import Tally, Target
from service.elsewhere import WebhookElsewhere

TODAY = date(2026, 11, 24)
AGENCY = UUID(int=1)
PATH = (Target(date(2025, 12, 31), Decimal("0.9"), "0"), Target(date(2026, 12, 31), Decimal(1), "0"))


@pytest.mark.parametrize(
    ("begun", "last_used", "is_alarm"), [(60, None, True), (29, None, False), (60, 29, False), (60, 30, True), (10, 60, False), (300, 0, False)]
)
def test_a_recorder_is_waited_for_from_when_it_was_seen_or_handed_over_whichever_is_later(begun, last_used, is_alarm):
    row = UndockedRow("ZF1", AGENCY, "000001", TODAY - timedelta(days=begun), None if last_used is None else TODAY - timedelta(days=last_used))

    assert bool(find_undocked([row], today=TODAY, days=30)) is is_alarm


def test_a_gap_becomes_an_alarm_on_the_day_it_is_old_enough():
    row = GapRow("000001", AGENCY, TODAY - timedelta(days=30), TODAY - timedelta(days=30))

    (alarm,) = find_waiting([row], today=TODAY, days=30)

    assert (alarm.since, alarm.details["certified_since"]) == (TODAY, "2026-10-25")
    assert find_waiting([row], today=TODAY - timedelta(days=1), days=30) == []


@pytest.mark.parametrize(("numerator", "is_below"), [(98, True), (99, False), (100, False)])
def test_an_agency_is_below_its_path_when_it_has_fewer_than_the_line_says(numerator, is_below):
    agency = AgencyOnPath(AGENCY, "01", Tally(numerator, 100), PATH)

    assert bool(find_below_path([agency], today=TODAY)) is is_below


def test_nobody_and_no_path_are_no_alarm():
    assert find_below_path([AgencyOnPath(AGENCY, "01", Tally(0, 0), PATH), AgencyOnPath(AGENCY, "02", Tally(0, 9), ())], today=TODAY) == []


def test_webhooks_may_ask_for_every_kind_of_alarm_and_no_other():
    kinds = get_type_hints(WebhookElsewhere)["kinds"]
    named = {name for literal in get_args(kinds) for frozen in get_args(literal) for name in get_args(frozen)}

    assert named == {str(kind) for kind in AlarmKind}
