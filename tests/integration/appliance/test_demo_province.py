"""The demonstration's province on a real database: what the coverage rule makes of its facts."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from service.appliance.demo_cases import _open
from service.appliance.demo_people import AGENCY_CODES
from service.appliance.demo_province import import_demo_province
from service.cases.open_case import read_case, search_cases
from service.coverage.measure import measure_coverage, parse_as_of
from tests.builders import NOW, make_file
from tests.service_fixtures import running_service


@pytest.fixture(scope="module")
def province(tmp_path_factory, module_database):
    with running_service(tmp_path_factory.mktemp("province"), module_database, MemoryObjectStore(), is_demo=True) as made:
        import_demo_province(made.context)
        yield made


def measured(province, as_of=None):
    moment = parse_as_of(as_of, province.clock.now())
    return measure_coverage(province.context, actor=province.people[Role.ADMINISTRATOR], as_of=moment)


@pytest.mark.parametrize(("as_of", "expected"), [("2024-01-01", 0.55), ("2024-12-31", 0.78), ("2025-12-31", 0.90), ("2026-11-24", 0.96)])
def test_the_rate_climbs_as_provinces_report_it(province, as_of, expected):
    assert measured(province, as_of).figure.rate == pytest.approx(expected, abs=0.015)


def test_the_rate_never_falls_by_more_than_two_points_from_month_to_month(province):
    months = [f"{year}-{month:02}-15" for year in (2024, 2025, 2026) for month in range(1, 13)][:35]
    rates = [measured(province, month).figure.rate for month in months]

    assert all(after > before - 0.02 for before, after in pairwise(rates))


def test_the_gap_of_today_has_every_reason(province):
    reasons = {str(item.reason) for item in measured(province).missing}

    assert reasons == {"no_recorder", "in_repair", "lost", "not_in_service", "only_pool", "newly_certified"}


def test_cities_differ(province):
    rates = {agency.code: rate.rate for agency, rate in measured(province).parts}

    assert set(rates) == set(AGENCY_CODES[:3])
    assert max(rates.values()) - min(rates.values()) > 0.02


def test_a_later_start_leaves_the_province_as_it_is(province, monkeypatch):
    before = measured(province).figure
    monkeypatch.setattr(province.clock, "time", datetime(2027, 9, 1, tzinfo=UTC))

    import_demo_province(province.context)

    assert measured(province, "2026-11-24").figure == before


def test_a_case_is_opened_and_filled_once(province):
    content = b"footage of a demonstration"
    clip_id = province.dock_one(make_file("DCIM/CASE.MP4", content), content)
    reviewer = province.people[Role.REVIEWER]

    for _ in range(2):
        _open(province.context, 1, [str(clip_id)], actor=reviewer)

    ((case, _, count),) = search_cases(province.context, actor=reviewer)
    details = read_case(province.context, case.id, actor=reviewer)
    assert (case.number, count) == (f"演示案〔{NOW.year}〕1号", 1)
    assert "演示数据" in case.title
    assert [row.clip.id for row, _ in details.clips] == [clip_id]
    assert case.opened_at - NOW < timedelta(minutes=1)
