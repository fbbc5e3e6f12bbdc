import pytest

from device_drivers.dock.condition import Concern, Condition, judge_condition
from device_drivers.recorder import RecorderStatus
from integrity.listing import ClockReading, RecordedFile
from tests.unit.device_drivers.dock.conftest import NOW

GIB = 1024**3


def clip(number, *, size_bytes=GIB, attributes="A"):
    return RecordedFile(
        f"DCIM/{number}.MP4", "", size_bytes, created=f"2026-11-24T{number:02}:00:00", modified=f"2026-11-24T{number:02}:30:00", attributes=attributes
    )


HEALTHY = RecorderStatus(battery_percent=80, is_charging=True, has_card=True, capacity_bytes=64 * GIB, free_bytes=32 * GIB)
IN_STEP = ClockReading("2026-11-24T11:29:07", NOW, 0.4, 0.5)
FILES = [clip(8), clip(9)]


def test_a_healthy_recorder_worries_nobody():
    condition = judge_condition(HEALTHY, IN_STEP, FILES)

    assert condition.concerns == ()
    assert condition.last_recorded == "2026-11-24T09:30:00"
    assert condition.hours_left == 16.0, "32 GiB at 1 GiB in half an hour"
    assert condition.free_share == 0.5


@pytest.mark.parametrize(
    ("status", "clock", "files", "concern"),
    [
        (RecorderStatus(battery_percent=3), IN_STEP, FILES, Concern.BATTERY_LOW),
        (RecorderStatus(has_card=False), IN_STEP, FILES, Concern.NO_CARD),
        (RecorderStatus(is_write_protected=True), IN_STEP, FILES, Concern.WRITE_PROTECTED),
        (RecorderStatus(capacity_bytes=64 * GIB, free_bytes=GIB), IN_STEP, FILES, Concern.CARD_NEARLY_FULL),
        (RecorderStatus(capacity_bytes=8 * GIB, free_bytes=2 * GIB), IN_STEP, FILES, Concern.CARD_NEARLY_FULL),
        (RecorderStatus(capacity_bytes=4 * GIB), IN_STEP, [clip(8, attributes="R", size_bytes=2 * GIB)], Concern.LOCKED_FILES),
        (HEALTHY, ClockReading("2000-01-01T00:00:09", NOW, -8e8, 0.5), FILES, Concern.CLOCK_RESET),
        (HEALTHY, ClockReading("2026-11-24T11:29:07", NOW, 75.0, 0.5), FILES, Concern.CLOCK_WRONG),
        (HEALTHY, IN_STEP, [RecordedFile("SYSTEM.LOG", "", 5)], Concern.NOTHING_RECORDED),
    ],
)
def test_each_of_these_worries_somebody(status, clock, files, concern):
    assert concern in judge_condition(status, clock, files).concerns


def test_room_that_is_not_told_is_worked_out_from_what_lies_on_the_card():
    assert judge_condition(RecorderStatus(capacity_bytes=8 * GIB), None, FILES).free_share == 0.75


def test_nothing_is_claimed_that_is_not_known():
    condition = judge_condition(RecorderStatus(), None, None)

    assert condition == Condition()


def test_times_that_make_no_sense_give_no_rate():
    odd = RecordedFile("A.MP4", "", GIB, created="2026-11-24T09:00:00", modified="2000-01-01T00:00:00")

    assert judge_condition(HEALTHY, IN_STEP, [odd]).hours_left is None
