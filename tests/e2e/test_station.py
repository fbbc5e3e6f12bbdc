"""A watching dock: several recorders of different families at once, a service that goes away and comes back, and removal from a recorder."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from tests.e2e.proof import check_sealed_once
from tests.e2e.system import PROGRAM
from tests.integration.device_drivers.mtp_peers import open_mtp

_WITHIN_S = 120


@contextlib.contextmanager
def recorders(folder, family, *serials):
    """Run `bodycam simulate` with one virtual recorder for each serial; gives where it listens."""
    names = [part for serial in serials for part in ("--serial", serial)]
    arguments = [*PROGRAM, "simulate", "--family", family, "--footage", str(folder), *names, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())["listening"]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


class WatchingDock:
    """A dock that runs until the test is done with it; keeps what it says."""

    def __init__(self, system, address, **settings) -> None:
        arguments, environment = system._docking(("--usbip", address))
        arguments = [part for part in arguments if part != "--once"]
        environment |= {"BODYCAM_DOCK_WATCH_INTERVAL_S": "0.2", **settings}
        self.process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.events, self.results = [], []
        self._threads = [
            threading.Thread(target=self._collect, args=(stream, into), daemon=True)
            for stream, into in ((self.process.stderr, self.events), (self.process.stdout, self.results))
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _collect(stream, into):
        for line in stream:
            into.append(json.loads(line) if line.startswith("{") else {"event": line})

    def wait_for(self, event, count=1):
        """Wait until something was said so many times."""
        deadline = time.monotonic() + _WITHIN_S
        while sum(said.get("event") == event for said in self.events) < count:
            assert time.monotonic() < deadline, self.events[-20:]
            assert self.process.poll() is None, self.events[-20:]
            time.sleep(0.05)
        return [said for said in self.events if said.get("event") == event]

    def summaries(self, count):
        """Wait for the summaries of so many dockings."""
        deadline = time.monotonic() + _WITHIN_S
        while len(found := [line for line in self.results if "exit_code" in line]) < count:
            assert time.monotonic() < deadline, (self.results[-5:], self.events[-20:])
            time.sleep(0.05)
        return found

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        for thread in self._threads:
            thread.join(10)
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def watch(system):
    docks = []

    def start(address, **settings):
        docks.append(WatchingDock(system, address, **settings))
        return docks[-1]

    yield start
    for dock in docks:
        dock.close()


@pytest.fixture
def emptying(system):
    """The installation's dock may empty recorders while the test runs."""

    def allow(keep):
        dock_id = system.appliance.ready()["dock"]["id"]
        answer = system.ask("PATCH", f"/api/v1/docks/{dock_id}", role="administrator", json={"keep_on_recorder": keep})
        assert answer.status == 204, answer.data

    allow(False)
    yield
    allow(True)


def check_all_sealed(system, serial, footage_folder):
    clips = system.clips_of(serial)
    assert sorted(clip["path"] for clip in clips) == sorted(str(file.relative_to(footage_folder)) for file in footage_folder.rglob("*.mp4"))
    for clip in clips:
        check_sealed_once(system, clip["id"])
    return clips


@pytest.mark.parametrize("family", ["mass-storage", "mtp", "jieli", "ambarella"])
def test_recorders_of_every_family_dock_side_by_side(system, watch, footage_folder, family):
    serials = [f"{family[:2].upper()}{number:05}" for number in (1, 2)]

    with recorders(footage_folder, family, *serials) as address:
        summaries = watch(address).summaries(2)

    assert [summary["exit_code"] for summary in summaries] == [0, 0]
    for serial in serials:
        check_all_sealed(system, serial, footage_folder)


def test_two_recorders_of_one_serial_are_both_put_aside(system, watch, footage_folder):
    with recorders(footage_folder, "mtp", "SAME001", "SAME001") as address:
        dock = watch(address)
        dock.summaries(2)

    clips = system.clips_of("SAME001")
    assert clips
    assert {clip["quarantine"] for clip in clips} == {"contested"}, json.dumps(dock.events)


def test_a_registered_recorder_is_emptied_of_exactly_what_is_sealed(system, watch, emptying, footage_folder):
    system.register("EMPTY01", "100877")

    with recorders(footage_folder, "mtp", "EMPTY01") as address:
        dock = watch(address)
        (released,) = dock.wait_for("released")
        dock.close()
        host, port = address.split(":")
        with open_mtp((host, int(port))) as recorder:
            left = [file.path for file in recorder.list_files()]

    assert released["files"] == 5
    assert "vanished" not in released or released["vanished"] is None
    assert left == []
    clips = system.clips_of("EMPTY01")
    assert {clip["state"] for clip in clips} == {"released"}
    for clip in clips:
        actions = [event["action"] for event in system.events(clip["id"])]
        assert actions[-2:] == ["clip.release_ordered", "clip.released"]
        assert system.media(clip["id"]).status == 200


def test_a_recorder_that_nobody_registered_is_never_emptied(system, watch, emptying, footage_folder):
    with recorders(footage_folder, "mtp", "ALIEN01") as address:
        dock = watch(address)
        (released,) = dock.wait_for("released")

    assert released["files"] == 0
    assert {clip["state"] for clip in system.clips_of("ALIEN01")} == {"sealed"}


def test_a_service_that_is_away_gets_everything_from_the_spool_later(system, watch, footage_folder, tmp_path):
    (serve,) = system.processes_of("serve")
    os.kill(serve, signal.SIGSTOP)
    try:
        with recorders(footage_folder, "mass-storage", "SPOOL01") as address:
            settings = {"BODYCAM_DOCK_SPOOL_DIR": str(tmp_path / "spool"), "BODYCAM_DOCK_AWAY_AFTER_S": "1", "BODYCAM_DOCK_ANSWER_TIMEOUT_S": "1"}
            dock = watch(address, **settings)
            (spooled,) = dock.wait_for("spooled")
            assert spooled["files"] == spooled["of"] == 5
            os.kill(serve, signal.SIGCONT)
            (summary,) = dock.summaries(1)
            dock.wait_for("spool_emptied")
    finally:
        os.kill(serve, signal.SIGCONT)

    assert summary["exit_code"] == 0
    check_all_sealed(system, "SPOOL01", footage_folder)
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["key"]


def test_a_watching_dock_killed_with_a_full_hand_loses_nothing(system, watch, footage_folder, tmp_path):
    """Killed while the spool is being filled and the service is away; the next run brings the rest."""
    (serve,) = system.processes_of("serve")
    settings = {"BODYCAM_DOCK_SPOOL_DIR": str(tmp_path / "spool"), "BODYCAM_DOCK_AWAY_AFTER_S": "1", "BODYCAM_DOCK_ANSWER_TIMEOUT_S": "1"}
    os.kill(serve, signal.SIGSTOP)
    try:
        with recorders(footage_folder, "mass-storage", "SPOOL02") as address:
            first = watch(address, **settings)
            first.wait_for("spooling")
            first.process.kill()
            first.process.wait()
            os.kill(serve, signal.SIGCONT)
            watch(address, **settings).summaries(1)
    finally:
        os.kill(serve, signal.SIGCONT)

    check_all_sealed(system, "SPOOL02", footage_folder)
