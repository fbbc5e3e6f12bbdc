import base64
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.listing import RecordedFile
from service.appliance.demo_docking import StopFlag
from service.appliance.demo_footage import make_card
from service.appliance.demo_plan import DOCKINGS, ClipPlan, DockingPlan, Spoiling, plan_docking
from service.appliance.demo_roster import make_demo_roster
from service.ingest.gps_time import gps_offset
from service.ingest.policy import recorded_time
from service.media.child import ByteSource
from service.media.gps.read_track import read_track
from service.media.probe import probe_media

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 3, 1), datetime(2035, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware at once


@given(st.integers(1, 200), MOMENTS)
def test_every_name_says_when_the_clip_was_recorded_and_none_is_of_the_future(number, now):
    plan = plan_docking(number, now)

    assert 2 <= len(plan.clips) <= 4
    for clip in plan.clips:
        raw = base64.b64encode(clip.path.encode("utf-16-le")).decode()
        listed = RecordedFile(path=clip.path, path_raw_base64=raw, size_bytes=1, modified=None, fingerprint=None, locator="")
        assert recorded_time(listed, ZONE) == clip.recorded_at
        assert now - timedelta(days=6) < clip.recorded_at < now


def test_the_number_decides_what_a_docking_brings():
    assert plan_docking(7, NOW) == plan_docking(7, NOW)
    assert plan_docking(7, NOW).serial == plan_docking(7, NOW + timedelta(days=400)).serial


def test_most_recorders_are_their_officers_own_and_a_few_are_strangers():
    roster = make_demo_roster(NOW.date())
    assigned = {recorder.serial: recorder.assignments[-1].officer for recorder in roster.recorders if recorder.assignments}
    plans = [plan_docking(number, NOW) for number in range(1, DOCKINGS + 1)]

    own = [plan for plan in plans if assigned.get(plan.serial) == plan.officer]
    unregistered = [plan for plan in plans if plan.serial not in {recorder.serial for recorder in roster.recorders}]
    unknown = [plan for plan in plans if plan.officer not in {officer.code for officer in roster.officers}]

    assert (len(own), len(unregistered), len(unknown)) == (34, 3, 2)


def test_a_card_holds_what_was_planned_and_shows_what_is_wrong_with_it(tmp_path):
    begun = datetime(2026, 11, 24, 9, 30, tzinfo=ZONE)
    plan = DockingPlan(
        1,
        "SF00001",
        "900001",
        (
            ClipPlan("DCIM/A.MP4", begun, 2),
            ClipPlan("DCIM/B.MP4", begun, 2, Spoiling.COVERED_LENS),
            ClipPlan("DCIM/C.MP4", begun, 2, Spoiling.CUT_OFF),
        ),
    )

    make_card(tmp_path / "card", plan)

    found = [probe(tmp_path / "card" / clip.path) for clip in plan.clips]
    assert [report.flags for report in found] == [(), ("dark_picture",), ("damaged_media",)]
    assert (found[0].duration_s, found[0].media["playable"]) == (2.0, True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["card"]
    assert (tmp_path / "card/DCIM/A.MP4").stat().st_mtime == (begun + timedelta(seconds=2)).timestamp()


def test_every_second_card_holds_a_gps_log_that_agrees_with_its_recorders_clock(tmp_path):
    begun = datetime(2026, 11, 24, 9, 30, tzinfo=ZONE)
    plan = DockingPlan(2, "SF00001", "900001", (ClipPlan("DCIM/A.MP4", begun, 2),))

    make_card(tmp_path / "card", plan)

    file = tmp_path / "card/DCIM/A.NMEA"
    data = file.read_bytes()
    track = read_track(ByteSource(len(data), lambda offset, length: [data[offset : offset + length]]))
    offset = gps_offset(track, started_at=None, changed_at=datetime.fromtimestamp(file.stat().st_mtime, UTC))
    assert [fix.at for fix in track.fixes] == [begun + timedelta(seconds=number) for number in range(3)]
    assert (track.problems, offset.seconds) == ({}, 0.0)


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_waiting_ends_when_the_time_is_over_and_says_that_nobody_asked_to_stop(seconds):
    assert StopFlag().wait(seconds) is False


def test_waiting_ends_at_once_when_somebody_asked_to_stop():
    flag = StopFlag()
    flag.set()

    assert flag.wait(3_600) is True


def probe(file):
    data = file.read_bytes()
    return probe_media(ByteSource(len(data), lambda offset, length: [data[offset : offset + length]]))
