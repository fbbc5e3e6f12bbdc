from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ingest.policy import (
    CheckOut,
    CodeTenure,
    Tenure,
    accepted_protocols,
    attribute,
    holder_at,
    holder_of_code,
    is_plausible,
    recognition_of,
    recorded_time,
)
from tests.builders import make_file

SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE, OTHER = UUID(int=1), UUID(int=2)
DAY = date(2026, 11, 24)


def tenure(officer=ONE, *, is_exclusive=True, until=None):
    return Tenure(officer, is_exclusive, date(2026, 1, 1), until)


@pytest.mark.parametrize(
    "name",
    [
        "ZF00001_000001_20261124081530_1.MP4",
        "000001@ZF00001_20261124_081530.mp4",
        "2026_1124_081530_001A.MP4",
        "00012345_00000020261124081530_0001_IMP.MP4",
    ],
)
def test_names_seen_on_cards_give_the_time_of_recording(name):
    assert recorded_time(make_file(f"DCIM/{name}"), SHANGHAI) == datetime(2026, 11, 24, 0, 15, 30, tzinfo=UTC)


def test_a_name_that_says_nothing_leaves_the_time_of_creation_then_of_the_last_change():
    file = make_file("DCIM/A.MP4", created="2026-11-24T08:00:00", modified="2026-11-24T09:00:00")

    assert recorded_time(file, SHANGHAI) == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    assert recorded_time(make_file("DCIM/A.MP4", modified="2026-11-24T09:00:00+00:00"), SHANGHAI) == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_an_impossible_time_in_a_name_is_passed_over():
    assert recorded_time(make_file("20261399_999999.MP4", modified=None), SHANGHAI) is None


@given(st.text(max_size=80), st.none() | st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)))
def test_no_name_and_no_time_makes_reading_fail(name, created):
    path = name.encode("utf-8", "replace").decode().replace("\0", "")
    found = recorded_time(make_file(path, created=created), SHANGHAI)

    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(("year", "plausible"), [(1970, False), (2000, False), (2026, True), (2099, False)])
def test_times_of_reset_clocks_are_not_plausible(year, plausible):
    assert is_plausible(datetime(year, 11, 24, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)) is plausible


def test_the_exclusive_holder_of_the_day_is_the_officer():
    assert attribute([tenure()], DAY, claimed=None, claims_anybody=False).officer_id == ONE


def test_a_recorder_that_names_another_than_its_holder_is_flagged():
    attribution = attribute([tenure()], DAY, claimed=OTHER, claims_anybody=True)

    assert (attribution.officer_id, attribution.flags) == (ONE, ("officer_differs",))


def test_an_assignment_that_ended_the_day_before_does_not_count():
    attribution = attribute([tenure(until=date(2026, 11, 23))], DAY, claimed=None, claims_anybody=False)

    assert (attribution.officer_id, attribution.flags) == (None, ("unknown_officer",))


def test_an_assignment_counts_on_its_last_day():
    assert attribute([tenure(until=DAY)], DAY, claimed=None, claims_anybody=False).officer_id == ONE


def test_a_pool_recorder_belongs_to_whom_it_names():
    pool = [tenure(ONE, is_exclusive=False), tenure(OTHER, is_exclusive=False)]

    assert attribute(pool, DAY, claimed=OTHER, claims_anybody=True).officer_id == OTHER
    assert attribute(pool, DAY, claimed=None, claims_anybody=False).officer_id is None


def test_a_number_that_nobody_has_is_never_guessed_around():
    assert attribute([tenure(is_exclusive=False)], DAY, claimed=None, claims_anybody=True).flags == ("unknown_officer",)


def test_who_checked_a_recorder_out_outweighs_the_number_it_carries_and_the_difference_is_flagged():
    attribution = attribute([], DAY, claimed=OTHER, claims_anybody=True, checked_out=ONE)

    assert (attribution.officer_id, attribution.flags) == (ONE, ("officer_differs",))


def test_an_exclusive_assignment_outweighs_a_check_out():
    assert attribute([tenure()], DAY, claimed=None, claims_anybody=False, checked_out=OTHER).officer_id == ONE


def test_a_check_out_outweighs_the_only_holder():
    assert attribute([tenure(is_exclusive=False)], DAY, claimed=None, claims_anybody=False, checked_out=OTHER).officer_id == OTHER


def test_a_number_means_whom_the_map_names_on_that_day():
    codes = [CodeTenure(ONE, date(2025, 1, 1), date(2026, 11, 23)), CodeTenure(OTHER, DAY, None)]

    assert holder_of_code(codes, date(2026, 11, 23), current=OTHER) == ONE
    assert holder_of_code(codes, DAY, current=OTHER) == OTHER


def test_a_number_without_a_map_means_who_bears_it_now():
    assert holder_of_code([], DAY, current=ONE) == ONE
    assert holder_of_code([CodeTenure(OTHER, date(2020, 1, 1), date(2020, 12, 31))], DAY, current=ONE) == ONE


def test_a_number_whose_days_are_known_means_nobody_outside_them():
    assert holder_of_code([CodeTenure(ONE, date(2020, 1, 1), date(2020, 12, 31))], DAY, current=ONE) is None


def test_a_check_out_counts_from_its_moment_until_the_return_and_not_at_it():
    taken, returned = datetime(2026, 11, 24, 1, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)
    check_outs = [CheckOut(ONE, taken, returned), CheckOut(OTHER, returned, None)]

    assert holder_at(check_outs, taken) == ONE
    assert holder_at(check_outs, returned) == OTHER
    assert holder_at(check_outs, taken - timedelta(seconds=1)) is None
    assert holder_at(check_outs, None) is None


@pytest.mark.parametrize("change", [{"path": "DCIM/B.MP4"}, {"content": b"footagE"}, {"modified": "2026-11-24T08:15:32"}, {"fingerprint": None}])
def test_a_file_is_recognised_by_all_that_it_is(change):
    other = make_file(**change)

    assert recognition_of("serial:1", make_file(), occurrence=0) != recognition_of("serial:1", other, occurrence=0)
    assert recognition_of("serial:1", make_file(), occurrence=0) != recognition_of("serial:2", make_file(), occurrence=0)


def test_two_entries_that_look_alike_are_two_clips():
    assert recognition_of("serial:1", make_file(), occurrence=0) != recognition_of("serial:1", make_file(), occurrence=1)


def test_the_protocol_before_the_current_one_is_still_spoken():
    assert accepted_protocols(current=5) == (5, 4)
    assert accepted_protocols(current=1) == (1,)
