"""A recorder over USB/IP whose cable is pulled at bytes drawn by chance, and plugged in again."""

import contextlib
import json
import subprocess
import sys

import pytest

from tests.e2e.proof import check_digests, check_media, check_sealed_once
from tests.e2e.system import PROGRAM

UNPLUGGED = 5
PULLS = 3
REPLUGGED_AFTER_S = 0.3


@contextlib.contextmanager
def recorder(folder, serial, faults=None, *, script=None):
    """Run `bodycam simulate`; gives where it listens."""
    arguments = [*PROGRAM, "simulate", "--footage", str(folder), "--serial", serial, "--officer", "100234", "--listen", "127.0.0.1:0"]
    if faults is not None:
        script.write_text(json.dumps(faults))
        arguments += ["--faults", str(script)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())["listening"]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def draw_pulls(chance, longest_bytes):
    """Each pull comes before the longest file can have been read once more, so each comes while files are still under way."""
    pulls, last = [], 0
    for _ in range(PULLS):
        last += chance.randrange(1, longest_bytes)
        pulls.append(last)
    sys.stdout.write(f"pulled at {pulls}\n")
    return pulls


def dock_until_done(system, address):
    """Dock again after each pull, as a person would plug in again."""
    docking, unplugged = system.dock("--usbip", address), 0
    while docking.code == UNPLUGGED:
        unplugged += 1
        assert unplugged <= PULLS
        docking = system.dock("--usbip", address)
    return docking, unplugged


def pull_and_resume(system, chance, footage_folder, tmp_path, serial):
    longest = max(file.stat().st_size for file in footage_folder.rglob("*.mp4"))
    faults = {"unplug_after_bytes": draw_pulls(chance, longest), "replug_after_s": REPLUGGED_AFTER_S}

    with recorder(footage_folder, serial, faults, script=tmp_path / "faults.json") as address:
        docking, unplugged = dock_until_done(system, address)

    assert docking.code == 0, docking.errors
    assert unplugged == PULLS
    check_digests(docking, {str(file.relative_to(footage_folder)): file for file in footage_folder.rglob("*.mp4")})
    assert {clip["id"] for clip in system.clips_of(serial)} == {file["clip_id"] for file in docking.files}
    for file in docking.files:
        check_sealed_once(system, file["clip_id"])
    return docking


def test_a_cable_pulled_at_three_random_bytes_costs_nothing_but_time(system, chance, footage_folder, tmp_path):
    docking = pull_and_resume(system, chance, footage_folder, tmp_path, "ZFUSB01")

    long = docking.file("DCIM/100MEDIA/long.mp4")
    check_media(system, long["clip_id"], (footage_folder / "DCIM" / "100MEDIA" / "long.mp4").read_bytes())


@pytest.mark.nightly
@pytest.mark.parametrize("number", range(25))
def test_however_often_the_cable_is_pulled(system, chance, footage_folder, tmp_path, number):
    pull_and_resume(system, chance, footage_folder, tmp_path, f"ZFUSB1{number:02}")


def test_a_card_that_lies_about_a_size_is_stored_sealed_and_marked(system, footage_folder, tmp_path):
    longer, shorter = "DCIM/100MEDIA/bikes.mp4", "DCIM/100MEDIA/carphone_pristine.mp4"
    faults = {"sizes": {longer: 5_000_000, shorter: 1_000}}

    with recorder(footage_folder, "ZFLIE01", faults, script=tmp_path / "faults.json") as address:
        docking = system.dock("--usbip", address)

    content = (footage_folder / longer).read_bytes()
    assert docking.file(longer)["quarantine"] == "size_mismatch"
    assert docking.file(longer)["state"] == "sealed"
    assert system.media(docking.file(longer)["clip_id"]).data[: len(content)] == content
    assert system.media(docking.file(shorter)["clip_id"]).data == (footage_folder / shorter).read_bytes()[:1_000]
    assert "quarantined" in system.gate(docking)[docking.file(longer)["clip_id"]]


def test_a_stretch_that_cannot_be_read_costs_its_own_file_only(system, footage_folder, tmp_path):
    bad = "DCIM/100MEDIA/carphone_pristine.mp4"
    faults = {"unreadable": [{"path": bad, "offset": 300_000, "length": 4_096}]}

    with recorder(footage_folder, "ZFBAD01", faults, script=tmp_path / "faults.json") as address:
        docking = system.dock("--usbip", address)

    assert docking.code == 3
    assert {file["path"]: file["state"] for file in docking.files if file["state"] != "sealed"} == {bad: "uploading"}
    clip_id = docking.file(bad)["clip_id"]
    assert [event["action"] for event in system.events(clip_id)] == ["clip.announced", "upload.begun", "reading.failed"]
    assert "not_stored" in system.gate(docking)[clip_id]
