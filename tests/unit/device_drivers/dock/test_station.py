import json
import threading
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from device_drivers.dock.progress import JsonLines
from device_drivers.dock.station import Station
from device_drivers.errors import TransferError, UnsupportedRecorderError


@dataclass
class Plugged:
    port: str
    address: int = 1
    error: Exception | None = None

    @property
    def description(self):
        return SimpleNamespace(port=self.port, bus=1, address=self.address)

    def open(self):
        if self.error is not None:
            raise self.error
        return FreeRecorder()


class FreeRecorder:
    def __enter__(self):
        return self

    def __exit__(self, *_arguments):
        pass


class Bench:
    """A station whose looks are a script; the last look ends the program."""

    def __init__(self, looks, lines, *, slots=2):
        self.looks = list(looks)
        self.stop = threading.Event()
        self.docked, self.rested = [], []
        self.busy, self.busiest = 0, 0
        self.lock = threading.Lock()
        self.at_dock = lambda _slot: None
        self.station = Station(self.find, self.dock, slots, JsonLines(lines), self.stop)

    def find(self):
        look = self.looks.pop(0)
        try:
            return look() if callable(look) else look
        finally:
            if not self.looks:
                self.stop.set()

    def dock(self, _recorder, slot):
        with self.lock:
            self.docked.append(slot)
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        self.at_dock(slot)
        with self.lock:
            self.busy -= 1
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


def test_no_more_recorders_are_read_at_once_than_there_are_slots(lines):
    bench = Bench([], lines, slots=2)
    bench.at_dock = lambda _slot: threading.Event().wait(0.05)
    bench.looks = [[Plugged(f"1-{number}") for number in range(6)], settled(bench)]

    bench.station.watch(0.01)

    assert len(bench.docked) == 6
    assert bench.busiest <= 2


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
