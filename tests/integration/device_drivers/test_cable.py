import hashlib
import random
import time

import pytest

from device_drivers.errors import (
    NoReadableVolumeError,
    RecorderError,
    RecorderReadError,
    RecorderUnpluggedError,
    UnsupportedRecorderError,
)
from device_drivers.simulated.faults import Faults
from device_drivers.simulated.usb_device import DeviceFacts
from tests.integration.device_drivers.media import card, write_card
from tests.integration.device_drivers.peers import foreign_disks, found_at, list_as_far_as_possible, open_at, read_whole, virtual_recorder

FOOTAGE = random.Random(3).randbytes(2_000_000)
KEYBOARD = bytes([9, 4, 1, 0, 0, 0x03, 1, 1, 0])
NETWORK = bytes([9, 4, 1, 0, 0, 0x02, 6, 0, 0])
SERIAL_PORT = bytes([9, 4, 1, 0, 0, 0x0A, 0, 0, 0])


def read_until_pulled(server):
    """Read the one file as far as the cable allows; gives what came."""
    got = bytearray()
    with open_at(server.address) as recorder:
        (file,) = recorder.list_files()
        buffer = memoryview(bytearray(65_536))
        with recorder.open_file(file) as reader:
            while count := reader.readinto(buffer):
                got += buffer[:count]
    return bytes(got)


def read_whole_into(reader, got):
    buffer = memoryview(bytearray(10_000))
    while count := reader.readinto(buffer):
        got += buffer[:count]


@pytest.mark.parametrize("at", [0, 1, 4_095, 4_096, 300_000, 1_000_001, 2_100_000])
def test_a_pull_at_any_byte_is_an_unplugged_recorder_and_a_second_docking_gets_every_byte(at):
    with virtual_recorder(card({"A.MP4": FOOTAGE}), faults=Faults(unplug_after_bytes=(at,), replug_after_s=0.0)) as server:
        with pytest.raises(RecorderUnpluggedError):
            read_until_pulled(server)
        assert read_until_pulled(server) == FOOTAGE


def test_three_pulls_lose_nothing_when_reading_resumes_where_it_stopped():
    faults = Faults(unplug_after_bytes=(700_000, 1_300_001, 1_900_000), replug_after_s=0.05)
    got = bytearray()
    pulls = 0

    with virtual_recorder(card({"A.MP4": FOOTAGE}), faults=faults) as server:
        while len(got) < len(FOOTAGE):
            found = found_at(server.address)
            if not found:
                time.sleep(0.02)
                continue
            try:
                with found[0].open() as recorder:
                    (file,) = recorder.list_files()
                    buffer = memoryview(bytearray(50_000))
                    with recorder.open_file(file, len(got)) as reader:
                        while count := reader.readinto(buffer):
                            got += buffer[:count]
            except RecorderUnpluggedError:
                pulls += 1

    assert pulls == 3
    assert hashlib.sha256(got).digest() == hashlib.sha256(FOOTAGE).digest()


def test_a_recorder_pulled_between_two_reads_is_unplugged_and_gone():
    with virtual_recorder(card({"A.MP4": FOOTAGE})) as server, open_at(server.address) as recorder:
        (file,) = recorder.list_files()
        with recorder.open_file(file) as reader:
            reader.readinto(memoryview(bytearray(1000)))
            server.unplug()
            with pytest.raises(RecorderUnpluggedError):
                reader.readinto(memoryview(bytearray(1000)))
        assert found_at(server.address) == []
        server.plug_in()
        assert len(found_at(server.address)) == 1


def test_a_pull_during_listing_keeps_what_was_listed():
    names = {f"DCIM/{number:05} {'long name ' * 12}.MP4": b"" for number in range(2_000)}

    with virtual_recorder(card(names)) as server, open_at(server.address) as recorder:
        files, error = list_as_far_as_possible(recorder, after_first=server.unplug)

    assert isinstance(error, RecorderUnpluggedError)
    assert 0 < len(files) < len(names)
    assert {file.path for file in files} < set(names)


def test_stalls_and_short_answers_are_overcome():
    with virtual_recorder(card({"A.MP4": FOOTAGE}), faults=Faults(stall_every=3, short_every=4)) as server:
        assert read_until_pulled(server) == FOOTAGE


def test_an_unreadable_stretch_is_a_read_error_and_what_came_before_it_is_good():
    with virtual_recorder(card({"A.MP4": FOOTAGE}), unreadable=[("A.MP4", 1_000_000, 512)]) as server, open_at(server.address) as recorder:
        (file,) = recorder.list_files()
        got = bytearray()
        buffer = memoryview(bytearray(10_000))
        with recorder.open_file(file) as reader, pytest.raises(RecorderReadError):
            read_whole_into(reader, got)
        with recorder.open_file(file, 1_500_000) as reader:
            assert reader.readinto(buffer) == 10_000

    assert 900_000 < len(got) < 1_000_001
    assert FOOTAGE.startswith(bytes(got))


@pytest.mark.parametrize(("announced", "given"), [(2_500_000, 2_031_616), (2**32 - 1, 2_031_616), (1_999, 1_999), (0, 0)])
def test_a_size_that_lies_ends_cleanly_where_the_file_ends(announced, given):
    with (
        virtual_recorder(card({"A.MP4": FOOTAGE, "B.MP4": b"b"}), faults=Faults(sizes={"A.MP4": announced})) as server,
        open_at(server.address) as recorder,
    ):
        file = next(each for each in recorder.list_files() if each.path == "A.MP4")
        read = read_whole(recorder, file)

    assert file.size_bytes == announced
    assert len(read) == given  # to the end of its last cluster at most
    assert FOOTAGE.ljust(2_031_616, b"\0").startswith(read)


@pytest.mark.parametrize("extra", [KEYBOARD, NETWORK, SERIAL_PORT])
def test_a_disk_that_is_also_something_else_is_refused(extra):
    with virtual_recorder(card({"A.MP4": b"a"}), facts=DeviceFacts(extra_interfaces=(extra,))) as server:
        (found,) = found_at(server.address)

        assert "interfaces of class" in found.refusal
        with pytest.raises(UnsupportedRecorderError, match="interfaces of class"):
            found.open()


def test_two_docks_cannot_hold_one_recorder():
    with virtual_recorder(card({"A.MP4": b"a"})) as server:
        (found,) = found_at(server.address)
        with open_at(server.address), pytest.raises(RecorderError):
            found.open()
        with found.open() as recorder:
            assert recorder.identity().volume_id == "0badcafe"


def test_every_disk_of_a_device_with_several_is_read(tmp_path):
    inside = write_card(tmp_path / "inside.img", card({"A.MP4": b"inside", "device.txt": b"serial = BWC9"}))
    outside = write_card(tmp_path / "outside.img", card({"A.MP4": b"outside"}))
    with foreign_disks(inside, outside) as address, open_at(address) as recorder:
        files = list(recorder.list_files())

        assert recorder.identity().serial == "BWC9"
        assert [read_whole(recorder, file) for file in files] == [b"inside", b"outside"]


def test_a_device_without_a_readable_card_is_refused_clearly(tmp_path):
    empty = tmp_path / "empty.img"
    empty.write_bytes(bytes(1_000_000))

    with foreign_disks(empty) as address, pytest.raises(NoReadableVolumeError):
        open_at(address)


def test_nothing_is_found_where_nobody_serves(free_port):
    assert found_at(("127.0.0.1", free_port)) == []
