import json
import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from device_drivers.dock.claims import Claims
from device_drivers.dock.progress import JsonLines
from device_drivers.dock.station import Station
from device_drivers.dock.tile import Tiles
from device_drivers.errors import TransferError, UnsupportedRecorderError


@dataclass
class Plugged:
    port: str
    address: int = 1
    error: Exception | None = None

    usb_address: tuple[int, int] | None = None

    @property
    def description(self):
        return SimpleNamespace(port=self.port, bus=1, address=self.address)

    def open(self):
        if self.error is not None:
            raise self.error
        return FreeRecorder(self.usb_address)


@dataclass
class FreeRecorder:
    usb_address: tuple[int, int] | None = None

    def __enter__(self):
        return self

    def __exit__(self, *_arguments):
        pass


class Bench:
    """A station whose looks are a script; the last look ends the program."""

    def __init__(self, looks, lines, **options):
        self.looks = list(looks)
        self.stop = threading.Event()
        self.docked, self.rested = [], []
        self.at_dock = lambda _slot: None
        self.tiles, self.claims = Tiles(), Claims()
        self.station = Station(self.find, self.dock, JsonLines(lines), self.tiles, self.claims, self.stop, **options)

    def find(self):
        look = self.looks.pop(0)
        try:
            return look() if callable(look) else look
        finally:
            if not self.looks:
                self.stop.set()

    def dock(self, _recorder, slot):
        self.docked.append(slot)
        self.at_dock(slot)
        return lambda: self.rested.append(slot)


def settled(bench):
    """A look that waits until nobody is docking."""

    def look():
        for docking in bench.station._dockings.values():
            docking.thread.join()
        return []

    return look


def test_each_recorder_is_docked_once_while_it_stays(lines):
    one, two = Plugged("1-1"), Plugged("1-2")
    bench = Bench([[one], [one, two], [one, two], [two, one]], lines)
    bench.at_dock = lambda _slot: None

    bench.station.watch(0.01)

    assert set(bench.docked) <= {"1-1", "1-2"}
    assert len(bench.docked) == len(set(bench.docked))
    assert sorted(bench.rested) == sorted(bench.docked)


@pytest.mark.parametrize("address", [1, 2])
def test_a_recorder_plugged_in_again_is_docked_again(lines, address):
    bench = Bench([], lines)
    bench.looks = [[Plugged("1-1")], settled(bench), [], [], [Plugged("1-1", address)], settled(bench)]

    bench.station.watch(0.01)

    assert bench.docked == ["1-1", "1-1"]


def test_a_recorder_that_is_not_shown_while_it_is_read_is_not_docked_twice(lines):
    bench = Bench([], lines)
    reading = threading.Event()
    bench.at_dock = lambda _slot: reading.wait(5)

    def done():
        reading.set()
        settled(bench)()
        return [Plugged("1-1")]

    bench.looks = [[Plugged("1-1")], [], [], [], [], done, [Plugged("1-1")]]

    bench.station.watch(0.01)

    assert bench.docked == ["1-1"]


def test_every_recorder_is_begun_with_at_once(lines):
    bench = Bench([], lines)
    together = threading.Barrier(6)
    bench.at_dock = lambda _slot: together.wait(5)
    bench.looks = [[Plugged(f"1-{number}") for number in range(6)], settled(bench)]

    bench.station.watch(0.01)

    assert len(bench.docked) == 6


def test_a_port_has_the_name_that_people_call_it(lines):
    bench = Bench([], lines, slot_names={"1-1": "A3"})
    bench.looks = [[Plugged("1-1"), Plugged("1-2")], settled(bench)]

    bench.station.watch(0.01)

    assert sorted(bench.docked) == ["1-2", "A3"]


def test_a_recorder_that_comes_back_in_storage_mode_while_it_is_docked_is_the_same(lines):
    bench = Bench([], lines)
    reading = threading.Event()
    bench.at_dock = lambda _slot: reading.wait(5)
    as_disk = Plugged("1-1", address=2)

    def done():
        reading.set()
        settled(bench)()
        return [as_disk]

    bench.looks = [
        [Plugged("1-1", address=1, usb_address=(1, 2))],
        [],
        [as_disk],
        [as_disk],
        done,
        [as_disk],
        [as_disk],
        [],
        [],
        [as_disk],
        settled(bench),
    ]

    bench.station.watch(0.01)

    assert bench.docked == ["1-1", "1-1"], "once before it was pulled, once after"


def test_what_has_left_claims_nothing_and_shows_nothing(lines):
    bench = Bench([], lines)
    bench.at_dock = lambda slot: bench.claims.claim(slot, serial="A1", session_id="s")
    seen = []

    def look():
        bench.claims.claim("1-2", serial="A1", session_id="t")
        seen.append((bench.claims.rivals("1-2"), bench.tiles.all()))
        return []

    bench.looks = [[Plugged("1-1")], settled(bench), [], [], look]

    bench.station.watch(0.01)

    assert seen == [((), ())]


def test_a_word_of_the_kernel_brings_the_next_look_forward(lines):
    bench = Bench([[], []], lines)
    began = time.monotonic()
    timer = threading.Timer(0.1, bench.station.look_now)
    timer.start()

    bench.station.watch(30)
    timer.join()

    assert time.monotonic() - began < 10


def test_a_recorder_that_may_not_be_read_is_told_and_passed_over(lines):
    bench = Bench([], lines)
    bad = Plugged("1-1", error=UnsupportedRecorderError("device", "it also shows a keyboard"))
    bench.looks = [[bad, Plugged("1-2")], settled(bench), [bad]]

    bench.station.watch(0.01)

    lines.seek(0)
    told = [json.loads(line) for line in lines]
    assert bench.docked == ["1-2"]
    assert [(line["event"], line["slot"]) for line in told] == [("not_docked", "1-1")]


def test_a_bus_that_cannot_be_looked_at_is_told_once(lines):
    def fail():
        raise TransferError("looking", "no bus")

    bench = Bench([], lines)
    bench.looks = [fail, fail, [Plugged("1-1")], settled(bench), fail]

    bench.station.watch(0.01)

    lines.seek(0)
    assert [json.loads(line)["event"] for line in lines] == ["cannot_look", "cannot_look"]
    assert bench.docked == ["1-1"]
