"""A watching dock: several recorders of different families at once, a service that goes away and comes back, and removal from a recorder."""

import contextlib
import json
import os
import signal
import subprocess

import pytest

from tests.e2e.proof import check_sealed_once
from tests.e2e.system import PROGRAM
from tests.e2e.watching import WatchingDock
from tests.integration.device_drivers.mtp_peers import open_mtp


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
    assert {path.name for path in (tmp_path / "spool").iterdir()} == {"key", "plugged"}


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
