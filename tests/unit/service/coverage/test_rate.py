from datetime import date
from uuid import UUID

import pytest

from evidence_store.coverage_facts import CountedGroup, Holding
from service.coverage.rate import Figure, GapReason, figures_by_agency, new_after, why_missing

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("holding", "is_new", "reason"),
    [
        (Holding(in_service=True), True, None),
        (Holding(in_service=True, in_repair=True, lost=True, otherwise=True, pool=True), False, None),
        (Holding(in_repair=True, lost=True), False, GapReason.IN_REPAIR),
        (Holding(lost=True, otherwise=True), False, GapReason.LOST),
        (Holding(otherwise=True, pool=True), True, GapReason.NOT_IN_SERVICE),
        (Holding(pool=True), True, GapReason.ONLY_POOL),
        (Holding(), True, GapReason.NEWLY_CERTIFIED),
        (Holding(), False, GapReason.NO_RECORDER),
    ],
)
def test_the_first_reason_that_applies_is_named(holding, is_new, reason):
    assert why_missing(holding, is_new=is_new) is reason


def test_a_rate_over_nobody_is_not_applicable():
    assert Figure().rate is None
    assert Figure(0, 3).rate == 0


def test_figures_add_up_by_agency_with_their_gaps():
    groups = [
        CountedGroup(ONE, Holding(in_service=True, pool=True), is_new=False, officers=7),
        CountedGroup(ONE, Holding(pool=True), is_new=False, officers=2),
        CountedGroup(ONE, Holding(), is_new=True, officers=1),
        CountedGroup(OTHER, Holding(in_repair=True), is_new=False, officers=3),
    ]

    figures = figures_by_agency(groups)

    assert figures[ONE] == Figure(7, 10, {GapReason.ONLY_POOL: 2, GapReason.NEWLY_CERTIFIED: 1}, 9)
    assert figures[OTHER] == Figure(0, 3, {GapReason.IN_REPAIR: 3}, 0)
    assert figures[ONE] + figures[OTHER] == Figure(7, 13, {GapReason.ONLY_POOL: 2, GapReason.NEWLY_CERTIFIED: 1, GapReason.IN_REPAIR: 3}, 9)


def test_a_certificate_is_new_for_thirty_days():
    assert new_after(date(2026, 12, 31)) == date(2026, 12, 1)
