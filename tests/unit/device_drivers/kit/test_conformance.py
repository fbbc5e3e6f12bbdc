import base64
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from device_drivers.errors import RecorderReadError, UnsupportedCommandError
from device_drivers.kit.conformance import run_conformance
from device_drivers.kit.report import Outcome
from device_drivers.kit.writing import ClockCheck, RemovalCheck
from device_drivers.recorder import Capabilities, RecorderStatus, Removal, read_fingerprint
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
CONTENT = {"A/1.mp4": bytes(range(256)) * 600, "A/2.mp4": b"second" * 20_000, "empty.txt": b""}


class Reader(AbstractContextManager):
    def __init__(self, content):
        self._content = content

    def readinto(self, buffer):
        count = min(len(buffer), len(self._content))
        buffer[:count], self._content = self._content[:count], self._content[count:]
        return count

    def close(self):
        self._content = b""

    def __exit__(self, *error):
        self.close()


class HonestRecorder(AbstractContextManager):
    capabilities = Capabilities(can_read_clock=True, can_set_clock=True, can_remove_files=True, can_read_battery=True)
    usb_address = None

    def __init__(self):
        self.content = dict(CONTENT)
        self.offset_s = 90.0

    def identity(self):
        return RecorderIdentity("honest", serial="BWC7001")

    def read_clock(self):
        return ClockReading("2026-11-24T09:30:00", NOW, self.offset_s, 0.5)

    def set_clock(self, moment):
        self.offset_s = 0.0

    def read_status(self):
        return RecorderStatus(battery_percent=70, capacity_bytes=1000, free_bytes=10)

    def list_files(self):
        for path, content in self.content.items():
            yield RecordedFile(path, base64.b64encode(path.encode()).decode(), len(content), locator=f"n{path}")

    def open_file(self, file, offset=0):
        if not file.locator.startswith("n"):
            raise RecorderReadError("file", 0, "no such locator")
        return Reader(self.content[file.locator[1:]][offset:])

    def remove_files(self, files):
        for file in files:
            listed = next(each for each in self.list_files() if each.path == file.path)
            if read_fingerprint(self, listed) == file.fingerprint:
                del self.content[file.path]
                yield Removal(file)
            else:
                yield Removal(file, "it changed")

    def close(self):
        pass

    def __exit__(self, *error):
        self.close()


class TiedHands(HonestRecorder):
    capabilities = Capabilities()

    def read_clock(self):
        return None

    def read_status(self):
        return RecorderStatus()

    def set_clock(self, moment):
        raise UnsupportedCommandError("set its clock")

    def remove_files(self, files):
        raise UnsupportedCommandError("remove files")


def run(recorder, *, path="A/1.mp4"):
    return run_conformance(recorder, "honest", what="a fake", before=[ClockCheck(lambda: NOW)], after=[RemovalCheck(path)])


def outcomes(report):
    return {each.name: each.outcome for each in report.results}


def failed(report):
    return {name for name, outcome in outcomes(report).items() if outcome is Outcome.FAILED}


def test_a_recorder_that_keeps_every_promise_passes_every_check():
    report = run(HonestRecorder())

    assert failed(report) == set()
    assert {name for name, outcome in outcomes(report).items() if outcome is not Outcome.PASSED} == {"refuses-to-remove-where-it-cannot"}


def test_what_a_recorder_cannot_do_is_no_fault():
    report = run(TiedHands())

    assert report.is_conformant
    assert {name for name, outcome in outcomes(report).items() if outcome is Outcome.NOT_APPLICABLE} == {
        "sets-its-clock",
        "reads-its-clock",
        "removes-exactly-what-is-named",
    }


def test_without_being_asked_the_suite_only_reads():
    class Untouchable(HonestRecorder):
        def set_clock(self, moment):
            raise AssertionError("the clock was set")

        def remove_files(self, files):
            raise AssertionError("files were removed")

    report = run_conformance(Untouchable(), "honest", what="a fake")

    assert failed(report) == set()
    assert {"sets-its-clock", "removes-exactly-what-is-named"}.isdisjoint(outcomes(report))


def test_a_card_is_not_read_whole():
    read = []

    class Counting(Reader):
        def readinto(self, buffer):
            read.append(super().readinto(buffer))
            return read[-1]

    recorder = HonestRecorder()
    recorder.content = {f"{number}.mp4": bytes([number]) * 4_000_000 for number in range(40)}

    def open_file(file, offset=0):
        HonestRecorder.open_file(recorder, file, offset)
        return Counting(recorder.content[file.locator[1:]][offset:])

    recorder.open_file = open_file

    report = run_conformance(recorder, "honest", what="a fake")

    assert failed(report) == set()
    assert sum(read) < 60_000_000


def test_an_empty_card_leaves_much_untried_and_fails_nothing():
    recorder = HonestRecorder()
    recorder.content = {}

    report = run_conformance(recorder, "honest", what="a fake")

    assert report.is_conformant
    assert outcomes(report)["reads-two-in-turns"] is Outcome.NOT_APPLICABLE


def test_a_recorder_without_identity_is_adopted_by_a_person():
    recorder = HonestRecorder()
    recorder.identity = lambda: RecorderIdentity("honest", serial="000000")

    report = run_conformance(recorder, "honest", what="a fake")

    assert outcomes(report)["says-who-it-is"] is Outcome.NOT_APPLICABLE


def of_another_family(recorder):
    recorder.identity = lambda: RecorderIdentity("another", serial="BWC7001")


def another_serial_each_time(recorder):
    serials = iter(range(1000, 9999))
    recorder.identity = lambda: RecorderIdentity("honest", serial=str(next(serials)))


def another_order_each_time(recorder):
    def list_files():
        recorder.content = dict(reversed(recorder.content.items()))
        return HonestRecorder.list_files(recorder)

    recorder.list_files = list_files


def one_locator_for_all(recorder):
    recorder.list_files = lambda: (replace(file, locator="nA/1.mp4") for file in HonestRecorder.list_files(recorder))


def fingerprints_in_the_listing(recorder):
    recorder.list_files = lambda: (replace(file, fingerprint="0" * 64) for file in HonestRecorder.list_files(recorder))


def backslashes_at_the_root(recorder):
    recorder.list_files = lambda: (replace(file, path="/" + file.path) for file in HonestRecorder.list_files(recorder))


def a_lying_size(recorder):
    recorder.list_files = lambda: (replace(file, size_bytes=file.size_bytes + 1) for file in HonestRecorder.list_files(recorder))


def offsets_ignored(recorder):
    recorder.open_file = lambda file, _offset=0: HonestRecorder.open_file(recorder, file)


def any_locator_taken(recorder):
    def open_file(file, offset=0):
        file = file if file.locator.startswith("n") else next(recorder.list_files())
        return HonestRecorder.open_file(recorder, file, offset)

    recorder.open_file = open_file


def one_place_for_two_readers(recorder):
    state = {}

    def open_file(file, offset=0):
        state["reader"] = HonestRecorder.open_file(recorder, file, offset)

        class Shared(Reader):
            def readinto(self, buffer):
                return state["reader"].readinto(buffer)

        return Shared(b"")

    recorder.open_file = open_file


def counts_beyond_the_buffer(recorder):
    class Boasting(Reader):
        def readinto(self, buffer):
            return super().readinto(buffer) and len(buffer) + 1

    recorder.open_file = lambda file, offset=0: Boasting(recorder.content[file.locator[1:]][offset:])


def a_battery_beyond_full(recorder):
    recorder.read_status = lambda: RecorderStatus(battery_percent=255)


def a_battery_that_is_kept_secret(recorder):
    recorder.read_status = RecorderStatus


def a_clock_that_is_not_told(recorder):
    recorder.read_clock = lambda: None


def a_clock_that_is_not_set(recorder):
    recorder.set_clock = lambda _moment: None


def closing_twice_fails(recorder):
    calls = []

    def close():
        calls.append(1)
        if len(calls) > 1:
            raise RecorderReadError("the way", 0, "is closed")

    recorder.close = close


def a_foreign_exception(recorder):
    def read_status():
        raise KeyError("battery")

    recorder.read_status = read_status


def removes_whatever_it_is_asked(recorder):
    def remove_files(files):
        for file in files:
            del recorder.content[file.path]
            yield Removal(file)

    recorder.remove_files = remove_files


def removes_a_neighbour_too(recorder):
    def remove_files(files):
        for removal in list(HonestRecorder.remove_files(recorder, files)):
            if removal.kept_because is None:
                del recorder.content["A/2.mp4"]
            yield removal

    recorder.remove_files = remove_files


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (of_another_family, "says-who-it-is"),
        (another_serial_each_time, "says-the-same-again"),
        (another_order_each_time, "lists-twice-the-same"),
        (one_locator_for_all, "gives-each-its-locator"),
        (fingerprints_in_the_listing, "lists-without-fingerprints"),
        (backslashes_at_the_root, "writes-paths-its-way"),
        (a_lying_size, "gives-as-much-as-announced"),
        (offsets_ignored, "reads-from-any-offset"),
        (offsets_ignored, "ends-at-the-end"),
        (any_locator_taken, "refuses-a-strangers-locator"),
        (one_place_for_two_readers, "reads-two-in-turns"),
        (counts_beyond_the_buffer, "fills-any-buffer"),
        (a_battery_beyond_full, "tells-plausible-status"),
        (a_battery_that_is_kept_secret, "tells-plausible-status"),
        (a_clock_that_is_not_told, "reads-its-clock"),
        (a_clock_that_is_not_set, "sets-its-clock"),
        (closing_twice_fails, "closes-twice"),
        (a_foreign_exception, "tells-plausible-status"),
        (removes_whatever_it_is_asked, "removes-exactly-what-is-named"),
        (removes_a_neighbour_too, "removes-exactly-what-is-named"),
    ],
)
def test_a_driver_that_breaks_a_promise_fails_its_check(broken, check):
    recorder = HonestRecorder()
    broken(recorder)

    report = run(recorder)

    assert check in failed(report)
    assert not report.is_conformant


def test_a_driver_that_does_not_refuse_what_it_cannot_do_fails():
    recorder = TiedHands()
    recorder.set_clock = lambda _moment: None
    recorder.remove_files = lambda _files: iter(())

    assert {"sets-its-clock", "refuses-to-remove-where-it-cannot"} <= failed(run(recorder))


def test_something_that_is_no_recorder_fails_by_its_shape():
    class Half(HonestRecorder):
        remove_files = property()

    assert "has-the-shape" in failed(run_conformance(Half(), "honest", what="half"))


def test_a_report_names_every_check_and_why_one_failed():
    recorder = HonestRecorder()
    a_battery_beyond_full(recorder)

    lines = run(recorder).to_lines()

    assert "  failed          tells-plausible-status: Its status is plausible or unknown, and battery is told where the driver says so." in lines
    assert "                  battery of 255 %" in lines
    assert lines[-1].endswith("1 failed, 1 not applicable")
