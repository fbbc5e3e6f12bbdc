import threading
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.dock.bandwidth import Throttle, limit_at, parse_schedule

MIB = 1024**2
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(hour, minute=0):
    return datetime(2026, 11, 24, hour, minute, tzinfo=SHANGHAI)


def test_a_limit_holds_from_its_first_minute_to_before_its_last():
    spans = parse_schedule({"08:00-18:00": 2.5})

    assert [limit_at(spans, moment) for moment in (at(7, 59), at(8), at(17, 59), at(18))] == [None, 2.5 * MIB, 2.5 * MIB, None]


def test_a_limit_goes_over_midnight():
    spans = parse_schedule({"22:00-06:00": 1})

    assert [limit_at(spans, moment) is not None for moment in (at(21, 59), at(22), at(0), at(5, 59), at(6))] == [False, True, True, True, False]


def test_the_first_limit_that_holds_counts():
    assert limit_at(parse_schedule({"08:00-12:00": 1, "00:00-23:59": 9}), at(9)) == MIB


@pytest.mark.parametrize("limits", [{"8-18": 1}, {"08:00-24:00": 1}, {"08:00-18:00": 0}, {"08:00-18:00": -1}, {"": 1}, {"08:00-18:00": float("nan")}])
def test_a_limit_that_is_none_is_refused(limits):
    with pytest.raises(ValueError, match="MiB a second"):
        parse_schedule(limits)


@given(st.binary(max_size=300_000))
def test_the_slices_are_the_content(content):
    throttle = Throttle(parse_schedule({"00:00-23:59": 100_000}), zone=SHANGHAI, now=lambda: at(9), stop=threading.Event())

    assert b"".join(throttle.body(memoryview(content))) == content


def test_without_a_limit_the_content_is_sent_as_it_lies():
    content = memoryview(b"footage")

    assert Throttle((), zone=SHANGHAI, now=lambda: at(9), stop=threading.Event()).body(content) is content


def test_the_zone_decides_whether_a_limit_holds():
    spans = parse_schedule({"08:00-18:00": 0.001})
    throttle = Throttle(spans, zone=SHANGHAI, now=lambda: datetime(2026, 11, 24, 12, tzinfo=UTC), stop=threading.Event())

    assert b"".join(throttle.body(memoryview(bytes(MIB)))) == bytes(MIB), "20:00 in Shanghai"


def test_what_all_threads_send_together_is_paced():
    throttle = Throttle(parse_schedule({"00:00-23:59": 1}), zone=SHANGHAI, now=lambda: at(9), stop=threading.Event())
    began = time.monotonic()
    threads = [threading.Thread(target=lambda: list(throttle.body(memoryview(bytes(256 * 1024))))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert time.monotonic() - began >= 0.4


def test_pacing_ends_with_the_program():
    stop = threading.Event()
    throttle = Throttle(parse_schedule({"00:00-23:59": 0.0001}), zone=SHANGHAI, now=lambda: at(9), stop=stop)
    stop.set()

    assert sum(map(len, throttle.body(memoryview(bytes(MIB))))) == MIB
