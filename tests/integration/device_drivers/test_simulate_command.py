import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device_drivers.registry import find_usb_recorders
from device_drivers.transports.usb import UsbBus
from device_drivers.transports.usbip import usbip_backend
from tests.integration.device_drivers.peers import open_at, read_whole

ROOT = Path(__file__).resolve().parents[3]


def start(*arguments):
    code = "import sys; from device_drivers.simulated.command import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def footage(tmp_path):
    folder = tmp_path / "footage"
    (folder / "DCIM").mkdir(parents=True)
    (folder / "DCIM" / "A.MP4").write_bytes(b"a" * 100_000)
    os.utime(folder / "DCIM" / "A.MP4", (1_795_484_415, 1_795_484_415))
    return folder


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_listens_soon_gives_its_card_and_ends_cleanly(footage, how):
    before = time.monotonic()
    process = start("--family", "mass-storage", "--footage", footage, "--serial", "BWC7", "--officer", "100234", "--listen", "127.0.0.1:0")
    with process:
        ready = json.loads(process.stdout.readline())
        seconds = time.monotonic() - before
        host, _, port = ready["listening"].rpartition(":")
        with open_at((host, int(port))) as recorder:
            identity = recorder.identity()
            (file,) = recorder.list_files()
            content = read_whole(recorder, file)
        process.send_signal(how)
        assert process.wait(timeout=10) == 0

    assert seconds < 3
    assert (identity.serial, identity.officer_code, identity.volume_id) == ("BWC7", "100234", ready["volume_id"])
    assert (file.path, content) == ("DCIM/A.MP4", b"a" * 100_000)


def test_a_faults_file_is_followed(footage, tmp_path):
    script = tmp_path / "faults.json"
    script.write_text(json.dumps({"sizes": {"DCIM/A.MP4": 5}}))
    with start("--footage", footage, "--serial", "BWC7", "--listen", "127.0.0.1:0", "--faults", script) as process:
        port = int(json.loads(process.stdout.readline())["listening"].rpartition(":")[2])
        with open_at(("127.0.0.1", port)) as recorder:
            sizes = [file.size_bytes for file in recorder.list_files()]
        process.terminate()

    assert sizes == [5]


def find_all(line):
    host, _, port = line["listening"].rpartition(":")
    return find_usb_recorders(UsbBus(usbip_backend(host, int(port))))


@pytest.mark.parametrize(
    ("family", "options", "serial"),
    [
        ("mass-storage", ["--filesystem", "exfat"], "BWC7001"),
        ("novatek", [], "BWC7001"),
        ("jieli", ["--officer-name", "示范", "--encoding", "utf-8", "--record-bytes", "89"], "BWC7001"),
        ("ambarella", ["--filesystem", "exfat"], "BWC7001"),
        ("mtp", [], "BWC7001"),
    ],
)
def test_every_family_is_simulated_and_read_by_what_is_installed(footage, family, options, serial):
    before = time.monotonic()
    with start("--family", family, "--footage", footage, "--serial", serial, "--officer", "100234", "--listen", "127.0.0.1:0", *options) as process:
        line = json.loads(process.stdout.readline())
        seconds = time.monotonic() - before
        (found,) = find_all(line)
        with found.open() as recorder:
            identity = recorder.identity()
            files = {file.path: read_whole(recorder, file) for file in recorder.list_files()}
        process.terminate()

    assert seconds < 3
    assert identity.serial == serial
    assert files == {"DCIM/A.MP4": b"a" * 100_000}


def test_several_serials_are_several_recorders(footage):
    serials = ["--serial", "BWC7001", "--serial", "BWC7002", "--serial", "BWC7001"]
    with start("--family", "jieli", "--footage", footage, *serials, "--listen", "127.0.0.1:0") as process:
        line = json.loads(process.stdout.readline())
        found = find_all(line)
        with found[0].open() as one, found[1].open() as two, found[2].open() as twin:
            said = [recorder.identity().serial for recorder in (one, two, twin)]
        process.terminate()

    assert said == line["serials"] == ["BWC7001", "BWC7002", "BWC7001"]
    assert len({each.description.port for each in found}) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--footage", "/nowhere", "--listen", "127.0.0.1:0"], "/nowhere"),
        (["--footage", ".", "--listen", "nowhere"], "HOST:PORT"),
        (["--footage", ".", "--listen", "127.0.0.1:0", "--faults", "/nowhere"], "fault script"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, arguments, message):
    process = start("--serial", "BWC7", *[str(tmp_path) if each == "." else each for each in arguments])
    _, complaint = process.communicate(timeout=20)

    assert process.returncode == 2
    assert message in complaint.decode()
