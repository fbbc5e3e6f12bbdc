import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.simulated import cable
from device_drivers.simulated.bulk_only_target import BulkOnlyTarget, HaltedError, Reply
from device_drivers.simulated.cable import Cable
from device_drivers.simulated.fat32 import CLUSTER_BYTES, Fat32Volume, FileTooLargeError
from device_drivers.simulated.faults import Faults, FaultScriptError, UnreadableStretch, parse_faults, read_faults
from device_drivers.simulated.footage import CardFile, Folder, scan_folder
from device_drivers.simulated.mass_storage_device import MassStorageDevice
from device_drivers.simulated.recorders import build_volume, with_identity_file
from device_drivers.simulated.scsi_target import ScsiTarget
from tests.integration.device_drivers.media import WHEN, card

TREE = card({"DCIM/A.MP4": b"a" * 100_000, "DCIM/B.MP4": b"b", "C.MP4": b"c" * CLUSTER_BYTES})


@given(st.integers(0, 1_000_000), st.integers(0, 200_000), st.integers(5_000, 70_000))
def test_a_card_reads_the_same_in_pieces_as_whole(offset, length, step):
    volume = Fat32Volume(TREE, volume_id=1)
    pieces = b"".join(volume.read(at, min(step, offset + length - at)) for at in range(offset, offset + length, step))

    assert pieces == volume.read(offset, length)


def test_both_allocation_tables_hold_every_chain():
    volume = Fat32Volume(TREE, volume_id=1)
    first = volume.read(32 * 512, volume._fat_sectors * 512)
    second = volume.read((32 + volume._fat_sectors) * 512, volume._fat_sectors * 512)
    links = struct.unpack_from("<9I", first)

    assert first == second
    assert links == (0x0FFFFFF8, 0x0FFFFFFF, 0x0FFFFFFF, 0x0FFFFFFF, 5, 6, 7, 0x0FFFFFFF, 0x0FFFFFFF)


def test_a_card_is_the_same_each_time(tmp_path):
    (tmp_path / "A.MP4").write_bytes(b"a")
    one, two = (build_volume(with_identity_file(scan_folder(tmp_path), serial="S1", officer="O1"), serial="S1") for _ in range(2))

    assert one.volume_id == two.volume_id
    assert one.read(0, 700_000) == two.read(0, 700_000)
    one.close()
    two.close()


def test_a_folder_with_its_own_identity_file_keeps_it(tmp_path):
    (tmp_path / "recorder.txt").write_bytes(b"serial=OWN")

    names = [file.name for file in with_identity_file(scan_folder(tmp_path), serial="S1").files]

    assert names == ["recorder.txt"]


def test_links_of_the_host_are_not_followed(tmp_path):
    (tmp_path / "A.MP4").write_bytes(b"a")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(tmp_path)

    assert [path for path, _ in scan_folder(tmp_path).walk()] == ["A.MP4"]


def test_a_file_that_shrank_on_the_host_reads_as_zeros(tmp_path):
    path = tmp_path / "A.MP4"
    path.write_bytes(b"a" * 1000)
    volume = Fat32Volume(scan_folder(tmp_path), volume_id=1)
    path.write_bytes(b"a" * 10)

    assert volume.read(volume.offset_of("A.MP4"), 1000) == b"a" * 10 + bytes(990)
    volume.close()


def test_a_file_beyond_fat32_is_refused():
    with pytest.raises(FileTooLargeError):
        Fat32Volume(Folder(files=[CardFile("A.MP4", 2**32, WHEN, b"")]), volume_id=1)


def test_a_large_card_gets_as_many_clusters_as_it_needs():
    files = [CardFile(f"{number}.MP4", 2**32 - 1, WHEN, b"") for number in range(40)]

    volume = Fat32Volume(Folder(files=files), volume_id=1)

    assert volume.size_bytes > 40 * 2**32


def command(block, length, tag=7, flags=0x80):
    return struct.pack("<4sIIBBB16s", b"USBC", tag, length, flags, 0, len(block), block)


class FixedTarget:
    def __init__(self, reply):
        self.reply = reply

    def room_for(self, block, length):
        return block[0] == 0x2A and length == 512

    def run(self, block, length, data=b""):
        self.ran = (block, length, data)
        return self.reply

    def reset(self):
        self.ran = None


def status(target):
    return struct.unpack("<4sIIB", target.give(13))


def test_data_comes_before_the_status_in_any_pieces():
    target = BulkOnlyTarget(FixedTarget(Reply(b"abcdef")))
    target.take(command(b"\x28", 6))

    assert [bytes(target.give(4)), bytes(target.give(4))] == [b"abcd", b"ef"]
    assert status(target) == (b"USBS", 7, 0, 0)
    assert target.give(13) is None


def test_promised_data_that_does_not_come_halts_the_endpoint_until_cleared():
    target = BulkOnlyTarget(FixedTarget(Reply(passed=False)))
    target.take(command(b"\x28", 6))

    with pytest.raises(HaltedError):
        target.give(6)
    target.clear_halt(is_in=True)
    assert status(target) == (b"USBS", 7, 6, 1)


def test_an_invalid_command_halts_both_endpoints_until_the_reset():
    target = BulkOnlyTarget(FixedTarget(Reply()))
    with pytest.raises(HaltedError):
        target.take(b"nonsense")
    target.clear_halt(is_in=False)
    with pytest.raises(HaltedError):
        target.take(command(b"\x00", 0))

    target.reset()
    target.clear_halt(is_in=True)
    target.clear_halt(is_in=False)
    target.take(command(b"\x00", 0))
    assert status(target)[3] == 0


class Blank:
    size_bytes = 1_000 * 512

    def read(self, offset, length):
        return bytes([offset // 512 % 256]) * length

    def write(self, offset, data):
        return False


def sense(target):
    data = target.run(bytes([3, 0, 0, 0, 18, 0]), 18).data
    return data[2], data[12] << 8 | data[13]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (struct.pack(">BBIBHB", 0x2A, 0, 0, 0, 1, 0), (5, 0x2400)),
        (struct.pack(">BBQIBB", 0x04, 0, 0, 0, 1, 0), (5, 0x2000)),
        (struct.pack(">BBIBHB", 0x28, 0, 999, 0, 2, 0), (5, 0x2100)),
        (b"\xfd" + bytes(9), (5, 0x2000)),
        (b"", (5, 0x2000)),
    ],
)
def test_what_it_cannot_do_it_says(block, expected):
    target = ScsiTarget(Blank())

    assert not target.run(block, 512).passed
    assert sense(target) == expected
    assert sense(target) == (0, 0)


def test_read_faults_come_when_the_script_says():
    target = ScsiTarget(Blank(), faults=Faults(stall_every=3, short_every=2), unreadable=[(512 * 9, 1)])
    read = struct.pack(">BBIBHB", 0x28, 0, 0, 0, 4, 0)

    replies = [target.run(read, 2048) for _ in range(3)]

    assert [(len(reply.data), reply.passed) for reply in replies] == [(2048, True), (1024, True), (0, False)]
    assert not target.run(struct.pack(">BBIBHB", 0x28, 0, 8, 0, 4, 0), 2048).passed
    assert sense(target) == (3, 0x1100)


@given(st.binary(min_size=1, max_size=16), st.integers(0, 5_000))
def test_any_command_block_gets_a_reply(block, length):
    assert len(ScsiTarget(Blank()).run(block, length).data) <= 65_535 * 512


@given(st.binary(min_size=8, max_size=8))
def test_any_control_request_is_answered_or_halts(setup):
    try:
        answer = MassStorageDevice(ScsiTarget(Blank())).control(setup, b"")
    except HaltedError:
        return
    assert len(answer) <= struct.unpack_from("<H", setup, 6)[0]


def test_a_fault_script_is_read_whole(tmp_path):
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"unplug_after_bytes": [1, 2], "replug_after_s": 0.5, "unreadable": [{"path": "A", "offset": 1, "length": 2}]}))

    assert read_faults(path) == Faults(unplug_after_bytes=(1, 2), replug_after_s=0.5, unreadable=(UnreadableStretch("A", 1, 2),))


@pytest.mark.parametrize(
    "data",
    [
        {"unknown": 1},
        {"unplug_after_bytes": [2, 1]},
        {"unplug_after_bytes": [-1]},
        {"stall_every": 1},
        {"short_every": "2"},
        {"replug_after_s": -1},
        {"sizes": {"A": -1}},
        {"unreadable": [{"path": "A"}]},
        {"unreadable": [{"path": "A", "offset": -1, "length": 1}]},
    ],
)
def test_a_wrong_fault_script_is_refused(data):
    with pytest.raises(FaultScriptError):
        parse_faults(data)


def test_a_fault_script_that_is_no_object_is_refused(tmp_path):
    path = tmp_path / "faults.json"
    path.write_text("[]")

    with pytest.raises(FaultScriptError):
        read_faults(path)


class SteppedTime:
    """Time that passes only when somebody sleeps or a test says so."""

    now_s = 1000.0

    def monotonic(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


@pytest.mark.parametrize(("host_pause_s", "expected_s"), [(0.0, 1.0), (0.009, 1.0), (0.02, 2.0)])
def test_a_card_with_a_speed_limit_keeps_it_whether_or_not_the_host_pauses_a_little(monkeypatch, host_pause_s, expected_s):
    clock = SteppedTime()
    monkeypatch.setattr(cable, "time", clock)
    subject = Cable(MassStorageDevice(FixedTarget(None)), bytes_per_s=1000)

    for _ in range(100):
        clock.sleep(host_pause_s)
        subject.account(10)

    assert clock.now_s - 1000.0 == pytest.approx(expected_s, abs=0.06)
