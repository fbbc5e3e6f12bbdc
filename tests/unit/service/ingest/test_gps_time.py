"""A recorder's own time beside GPS time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ingest.gps_time import GpsBasis, GpsOffset, differs_from_gps, gps_offset, start_of_recording
from service.media.gps.track import Fix, Track, TrackFormat

AT = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def track(*seconds, ahead=0.0, form=TrackFormat.WKT_JSON, is_zone_known=True, ends_with_fix=False, is_elapsed_told=True):
    """Fixes so many seconds into a recording that began at AT by a recorder that is ahead of GPS."""
    fixes = tuple(Fix(31.0, 121.0, AT + timedelta(seconds=one - ahead), one if is_elapsed_told else None) for one in seconds)
    return Track(form, fixes, {}, is_zone_known=is_zone_known, ends_with_fix=ends_with_fix)


@given(st.integers(-100_000_000, 100_000_000), st.lists(st.integers(0, 7_200), min_size=1, max_size=50))
def test_a_track_that_tells_the_recordings_seconds_tells_how_far_the_recorder_is_off(ahead, seconds):
    offset = gps_offset(track(*seconds, ahead=ahead), started_at=AT, changed_at=None)

    assert offset == GpsOffset(ahead, 2.0, GpsBasis.ELAPSED, is_zone_known=True)


def test_fixes_that_disagree_widen_the_uncertainty_and_a_single_stray_one_does_not_move_it():
    steady = track(*range(100), ahead=5).fixes
    stray = Fix(31.0, 121.0, AT + timedelta(hours=5), 0.0)
    jittery = tuple(Fix(fix.latitude, fix.longitude, fix.at + timedelta(seconds=number % 2), fix.elapsed_s) for number, fix in enumerate(steady))

    assert gps_offset(Track(TrackFormat.WKT_JSON, (*steady, stray), {}), started_at=AT, changed_at=None).uncertainty_s == 2.0
    assert gps_offset(Track(TrackFormat.WKT_JSON, jittery, {}), started_at=AT, changed_at=None).uncertainty_s == 2.5


def test_a_log_that_ends_with_a_fix_is_compared_with_the_files_last_change():
    log = track(10, 20, form=TrackFormat.NMEA, ends_with_fix=True, is_elapsed_told=False)

    offset = gps_offset(log, started_at=AT, changed_at=AT + timedelta(seconds=320))

    assert offset == GpsOffset(300.0, 10.0, GpsBasis.FILE_CHANGED, is_zone_known=True)


@pytest.mark.parametrize(
    "told",
    [
        track(10, is_elapsed_told=False),
        track(10, form=TrackFormat.NMEA, is_elapsed_told=False),
        track(10, form=TrackFormat.GPX, ends_with_fix=True, is_elapsed_told=False),
        track(),
        Track(TrackFormat.NMEA, (Fix(31.0, 121.0, None),), {}, ends_with_fix=True),
    ],
)
def test_where_nothing_tells_there_is_no_offset(told):
    assert gps_offset(told, started_at=AT, changed_at=AT) is None


def test_without_the_beginning_of_the_recording_its_seconds_tell_nothing():
    assert gps_offset(track(10), started_at=None, changed_at=AT) is None


@given(st.integers(-48, 56), st.integers(-449, 449))
def test_where_the_zone_is_not_told_only_the_rest_of_a_quarter_hour_is(quarters, rest):
    told = track(0, 1, 2, ahead=quarters * 900 + rest, form=TrackFormat.NOVATEK, is_zone_known=False)

    offset = gps_offset(told, started_at=AT, changed_at=None)

    assert offset.seconds == rest
    assert differs_from_gps(offset, correction_s=quarters * 900 + rest, correction_uncertainty_s=0) is False


@given(st.floats(-1e6, 1e6), st.floats(0, 100), st.floats(-1e6, 1e6), st.floats(0, 100))
def test_a_time_differs_beyond_a_minute_and_both_uncertainties(seconds, uncertainty_s, correction_s, correction_uncertainty_s):
    offset = GpsOffset(seconds, uncertainty_s, GpsBasis.ELAPSED, is_zone_known=True)

    differs = differs_from_gps(offset, correction_s=correction_s, correction_uncertainty_s=correction_uncertainty_s)

    assert differs is (abs(seconds - correction_s) > 60 + uncertainty_s + correction_uncertainty_s)


@pytest.mark.parametrize(
    ("name", "created", "modified", "start"),
    [
        ("20261124_093000.MP4", None, None, AT),
        ("20261124_093000.MP4", "2026-11-24T09:31:00", None, AT),
        ("ZF1_1_20261124093000_1.MP4", None, None, AT),
        ("ZF1_1_20261124093000_2.MP4", None, "2026-11-24T09:40:00", None),
        ("ZF1_1_20261124093000_0002_IMP.MP4", "2026-11-24T09:35:00", "2026-11-24T09:40:00", AT + timedelta(minutes=5)),
        ("2026_1124_093000_002A.MP4", None, None, AT),
        ("A.MP4", "2026-11-24T09:30:00", "2026-11-24T09:40:00", AT),
        ("A.MP4", "2026-11-24T09:30:00", "2026-11-24T09:30:00", None),
        ("A.MP4", None, "2026-11-24T09:30:00", None),
        ("A.MP4", "never", None, None),
    ],
)
def test_the_beginning_is_told_by_a_name_or_a_creation_and_never_by_a_later_segment(name, created, modified, start):
    assert start_of_recording(name, created=created, modified=modified, zone=SHANGHAI) == start
