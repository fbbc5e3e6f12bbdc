import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import MalformedReplyError
from device_drivers.families import mtp
from device_drivers.families.mtp import FAMILY, protocol
from device_drivers.families.mtp.clock import measure_clock
from device_drivers.families.mtp.family import CHINA
from device_drivers.transports.ptp.codes import ObjectProperty
from device_drivers.transports.ptp.datasets import ObjectInfo, PropertyRange, StorageInfo
from device_drivers.transports.ptp.date_times import parse_date_time
from device_drivers.transports.usb import UsbDescription, UsbInterface
from integrity.listing import RecorderIdentity

CAMERA = UsbInterface(0, 0x06, 0x01, 0x01)
UNKNOWN = 2**64 - 1
U16, U32, U64 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
TEXT = st.binary(max_size=510).filter(lambda raw: len(raw) % 2 == 0)
INFOS = st.builds(ObjectInfo, U32, U16, U16, U32, U32, TEXT, TEXT, TEXT)
VALUES = st.dictionaries(st.sampled_from(protocol.DESCRIBING), st.one_of(U64, TEXT, st.integers(-9, -1), st.binary(max_size=9)))


def units(text):
    return text.encode("utf-16-le", "surrogatepass")


def info(**changed):
    facts = {"storage": 1, "object_format": 0xB982, "protection": 0, "size_bytes": 9, "parent": 0, "name": units("A.MP4")}
    return ObjectInfo(**facts | {"captured": b"", "modified": units("20261124T093015")} | changed)


def file_of(facts):
    return protocol.as_recorded_file(protocol.below(None, 0x10001, facts), facts.size_bytes or 0, numbering="0badcafe")


def test_an_object_info_becomes_a_file_with_its_name_verbatim():
    file = file_of(protocol.facts_from_info(0x20, info(name=units("a/\ud800\u202e.mp4"), protection=1)))

    assert (file.path, file.size_bytes, file.modified, file.attributes) == ("a\\x2f\\ud800\\u202e.mp4", 9, "2026-11-24T09:30:15", "R")
    assert file.path_raw_base64 == "YQAvAADYLiAuAG0AcAA0AA=="
    assert file.locator == "0badcafe/00010001/00000020"


def test_both_ways_of_describing_say_the_same():
    values = {
        ObjectProperty.FILE_NAME: units("A.MP4"),
        ObjectProperty.FORMAT: 0xB982,
        ObjectProperty.SIZE: 9,
        ObjectProperty.PROTECTION: 0,
        ObjectProperty.DATE_CREATED: b"",
        ObjectProperty.DATE_MODIFIED: units("20261124T093015"),
        ObjectProperty.PARENT: 2**32 - 1,
    }

    assert protocol.facts_from_properties(7, values) == protocol.facts_from_info(7, info())
    assert protocol.facts_from_properties(7, values | {ObjectProperty.FORMAT: 0x3001}).is_folder


def test_a_size_that_does_not_fit_is_unknown():
    assert protocol.facts_from_info(7, info(size_bytes=2**32 - 1)).size_bytes is None


@given(INFOS)
def test_any_object_info_makes_a_file_that_may_be_attested(described):
    file_of(protocol.facts_from_info(7, described))


@given(VALUES)
def test_any_properties_make_a_file_that_may_be_attested_or_are_malformed(values):
    try:
        facts = protocol.facts_from_properties(7, values)
    except MalformedReplyError:
        return
    file_of(facts)


@given(TEXT)
def test_any_serial_is_an_identity_that_may_be_attested_or_none(raw):
    RecorderIdentity(family="mtp", serial=protocol.own_serial(raw), volume_label=protocol.readable(raw))


@pytest.mark.parametrize(("serial", "expected"), [("BWC00017", "BWC00017"), (" 7-1 ", "7-1"), ("0123456789ABCDEF", None), ("0000", None), ("", None)])
def test_a_serial_that_a_factory_left_behind_is_none(serial, expected):
    assert protocol.own_serial(units(serial)) == expected


@given(st.text(max_size=40))
def test_a_locator_of_another_kind_is_none(text):
    assert protocol.parse_locator(text) is None


@pytest.mark.parametrize(
    ("current", "least", "greatest", "percent"),
    [(40, 0, 100, 40), (40, 40, 40, 40), (50, 25, 100, 50), (128, 0, 255, 50), (3, 0, 4, 75), (200, 200, 200, None), (-1, -1, -1, None)],
)
def test_a_battery_level_becomes_percent(current, least, greatest, percent):
    assert protocol.battery_percent(PropertyRange(current, least, greatest)) == percent


@given(st.integers(-(2**63), 2**63), st.integers(-(2**63), 2**63), st.integers(-(2**63), 2**63))
def test_percent_lie_between_0_and_100(current, least, greatest):
    percent = protocol.battery_percent(PropertyRange(current, least, greatest))
    assert percent is None or 0 <= percent <= 100


def test_storages_add_up_as_far_as_they_are_known():
    storages = [StorageInfo(0, 100, 40, b"", b""), StorageInfo(1, UNKNOWN, UNKNOWN, b"", b""), StorageInfo(1, 7, 8, b"", b"")]

    assert (protocol.total_capacity(storages), protocol.total_free(storages)) == (107, 40)
    assert [protocol.is_write_protected(each) for each in ([], storages, storages[1:])] == [None, False, True]


class Clocks:
    """A recorder's clock and a dock's, both turned by asking."""

    def __init__(self, *, ahead_s=0.0, step_s=0.01, stands_still=False, spelled="%Y%m%dT%H%M%S"):
        self.real = datetime(2026, 11, 24, 1, 30, 15, 300_000, tzinfo=UTC)
        self.ahead, self.step = timedelta(seconds=ahead_s), timedelta(seconds=step_s)
        self.stands_still, self.spelled = stands_still, spelled
        self.begun = self.real

    def now(self):
        self.real += self.step / 2
        return self.real

    def read(self):
        shown = self.begun if self.stands_still else self.real
        return parse_date_time(units((shown + self.ahead).astimezone(CHINA).strftime(self.spelled)))


@pytest.mark.parametrize("spelled", ["%Y%m%dT%H%M%S", "%Y%m%dT%H%M%S%z"])
@pytest.mark.parametrize("ahead_s", [0.0, 0.7, -0.7, 61.25, -30_000_000.5])
def test_a_clock_that_ticks_is_measured_within_a_round_trip(monkeypatch, ahead_s, spelled):
    monkeypatch.setattr("device_drivers.families.mtp.clock._PAUSE_S", 0.0)
    clocks = Clocks(ahead_s=ahead_s, spelled=spelled)

    reading = measure_clock(clocks.read, clocks.now, CHINA)

    assert reading.uncertainty_s < 0.02
    assert abs(reading.offset_s - ahead_s) <= reading.uncertainty_s
    assert reading.dock_time.tzinfo is UTC


def test_a_clock_that_does_not_tick_is_known_to_half_a_second(monkeypatch):
    monkeypatch.setattr("device_drivers.families.mtp.clock._WATCH_S", 0.02)
    clocks = Clocks(ahead_s=5, step_s=1e-6, stands_still=True)

    reading = measure_clock(clocks.read, clocks.now, CHINA)

    assert reading.recorder_time == "2026-11-24T09:30:20"
    assert reading.uncertainty_s == pytest.approx(0.5, abs=0.01)
    assert abs(reading.offset_s - 5) <= reading.uncertainty_s


def test_a_clock_that_says_no_time_has_no_reading():
    assert measure_clock(lambda: None, Clocks().now, CHINA) is None


def test_the_shipped_profile_means_still_image_interfaces():
    device = UsbDescription(0x1209, 1, 0, 1, 2, "1-1", 3, (CAMERA,))

    assert FAMILY.profile.family == "mtp"
    assert [match.find_interface(device) for match in FAMILY.profile.matches] == [CAMERA]
    assert all(match.verified_by for match in FAMILY.profile.matches)


def test_quality_rules_are_done_todo_or_exempt_with_a_reason():
    quality = json.loads(files(mtp).joinpath("quality.yaml").read_text(encoding="utf-8"))

    assert set(quality) == {"family", "bronze", "silver", "gold"}
    for level in ("bronze", "silver", "gold"):
        for rule in quality[level].values():
            assert rule["state"] in ("done", "todo", "exempt")
            assert rule["state"] == "done" or rule["reason"]
