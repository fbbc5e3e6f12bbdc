"""A dock that is killed once a recorder has become a disk, and started again before that is unplugged: it still knows whose recorder it is."""

import os
import signal
import subprocess
import sys
import time

import pytest

from device_drivers.simulated.footage import CardFile, Folder
from device_drivers.simulated.recorders import RecorderPlan, build_recorder
from device_drivers.simulated.usbip_server import UsbipServer
from tests.unit.device_drivers.dock.conftest import NOW, TOKEN

CARD = Folder("", [], [CardFile("A.MP4", 9, NOW, b"recording")])
SERIAL = "BWC7001"


@pytest.fixture(params=["jieli", "ambarella"])
def plugged(request):
    built = build_recorder(CARD, RecorderPlan(request.param, SERIAL))
    with UsbipServer(built.device) as server:
        yield server
    built.close()


@pytest.fixture
def dock(service, plugged, tmp_path, request):
    """Start the dock; gives the process."""
    processes = []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BODYCAM_DOCK_")}
    environment |= {"BODYCAM_DOCK_STATE_DIR": str(tmp_path), "BODYCAM_DOCK_WATCH_INTERVAL_S": "0.1"}
    arguments = ["--service", service.url, "--token", TOKEN, "--usbip", "{}:{}".format(*plugged.address)]

    def start():
        program = f"import sys; from device_drivers.dock import command; sys.exit(command.main({arguments!r}))"
        process = subprocess.Popen([sys.executable, "-c", program], cwd=request.config.rootpath, env=environment, stderr=subprocess.DEVNULL)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def await_listing(service, count):
    ends = time.monotonic() + 60
    while len(service.listings) < count:
        assert time.monotonic() < ends
        time.sleep(0.02)
    session_id, listing = list(service.listings.items())[-1]
    return service.sessions[session_id], listing


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_the_same_serial_is_attested_as_read_earlier(dock, service):
    killed = dock()
    before, first = await_listing(service, 1)
    kill(killed)

    dock()
    after, second = await_listing(service, 2)

    assert after["identity"] == before["identity"]
    assert after["identity"]["serial"] == second.identity.serial == SERIAL
    assert after["identity_read_at"] == before["plugged_at"]
    assert "identity_read_at" not in before
    assert [file.path for file in second.files] == [file.path for file in first.files]
    assert len(service.clips) == 1


def test_without_its_note_it_is_known_by_its_volume_only(dock, service, tmp_path):
    killed = dock()
    await_listing(service, 1)
    kill(killed)
    (note,) = (tmp_path / "plugged").iterdir()
    note.unlink()

    dock()
    after, _ = await_listing(service, 2)

    assert after["identity"]["serial"] is None
    assert after["identity"]["volume_id"]


def test_a_recorder_that_leaves_takes_the_note_with_it(dock, service, plugged, tmp_path):
    dock()
    await_listing(service, 1)

    plugged.unplug()

    ends = time.monotonic() + 30
    while list((tmp_path / "plugged").iterdir()):
        assert time.monotonic() < ends
        time.sleep(0.05)
