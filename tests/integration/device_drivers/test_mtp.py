import base64
import hashlib
import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from device_drivers.errors import (
    ListingIncompleteError,
    RecorderError,
    RecorderReadError,
    RecorderUnpluggedError,
    TransportTimeoutError,
    UnsupportedCommandError,
    UnsupportedRecorderError,
)
from device_drivers.recorder import read_fingerprint
from device_drivers.simulated.faults import Faults, UnreadableStretch
from device_drivers.simulated.footage import CardFile, Folder
from device_drivers.simulated.mtp_device import MtpDevice
from device_drivers.simulated.usb_device import DeviceFacts
from device_drivers.simulated.usbip_server import UsbipServer
from tests.integration.device_drivers.media import card
from tests.integration.device_drivers.mtp_peers import HASTY, DictStore, foreign_mtp, found_mtp, open_mtp, virtual_mtp
from tests.integration.device_drivers.peers import list_as_far_as_possible, read_whole

FOOTAGE = random.Random(6).randbytes(6 * 1024**2)
WHEN = datetime(2026, 11, 24, 1, 30, 15, tzinfo=UTC)
WITHOUT_LISTS = frozenset({0x9805})
WITHOUT_PARTS = frozenset({0x101B, 0x95C1})
STEP = 512 * 1024
KEYBOARD = bytes([9, 4, 1, 0, 0, 0x03, 1, 1, 0])


def resume_until_whole(server, *, size):
    """Read the one file on through every pull, as a dock does; gives its bytes and how many pulls there were."""
    got, pulls = bytearray(), 0
    buffer = memoryview(bytearray(300_000))
    while len(got) < size:
        found = found_mtp(server.address)
        if not found:
            time.sleep(0.005)
            continue
        try:
            with found[0].open() as recorder:
                (file,) = recorder.list_files()
                with recorder.open_file(file, len(got)) as reader:
                    while count := reader.readinto(buffer):
                        got += buffer[:count]
        except RecorderUnpluggedError:
            pulls += 1
    return bytes(got), pulls


def test_a_pull_at_every_512_kib_loses_nothing():
    pulls = tuple(range(STEP, len(FOOTAGE) + 1, STEP))

    for at in pulls:
        with virtual_mtp(card({"A.MP4": FOOTAGE}), faults=Faults(unplug_after_bytes=(at,), replug_after_s=0.0)) as server:
            got, count = resume_until_whole(server, size=len(FOOTAGE))
        assert (hashlib.sha256(got).digest(), count) == (hashlib.sha256(FOOTAGE).digest(), 1), at

    assert len(pulls) == 12


@pytest.mark.parametrize("missing", [frozenset(), WITHOUT_PARTS])
def test_twelve_pulls_in_one_reading_lose_nothing(missing):
    faults = Faults(
        unplug_after_bytes=tuple(range(STEP, 12 * STEP + 1, STEP)) if not missing else (STEP, 3 * STEP),
        replug_after_s=0.0,
        mtp_operations_missing=missing,
    )
    with virtual_mtp(card({"A.MP4": FOOTAGE}), faults=faults) as server:
        got, pulls = resume_until_whole(server, size=len(FOOTAGE))

    assert pulls == len(faults.unplug_after_bytes)
    assert got == FOOTAGE


@pytest.mark.parametrize("at", [0, 1, 100, 700, 1_200])
def test_a_pull_while_it_is_opened_or_listed_is_an_unplugged_recorder(at):
    files = {f"DCIM/{number}.MP4": b"x" for number in range(5)}
    with virtual_mtp(card(files), faults=Faults(unplug_after_bytes=(at,), replug_after_s=0.0)) as server:
        with pytest.raises(RecorderUnpluggedError), open_mtp(server.address) as recorder:
            list(recorder.list_files())
        with open_mtp(server.address) as recorder:
            assert len(list(recorder.list_files())) == 5


@pytest.mark.parametrize("zero_length_packets", ["with", "without", "late"])
@pytest.mark.parametrize("missing", [frozenset(), WITHOUT_PARTS, WITHOUT_LISTS], ids=["all", "no parts", "no lists"])
def test_containers_that_fill_their_last_packet_are_read_however_they_end(zero_length_packets, missing):
    files = {f"{length}.MP4": FOOTAGE[:length] for length in (499, 500, 501, 1012, 16_372, 1024**2 - 12, 1024**2, 1024**2 + 500)}
    with (
        virtual_mtp(card(files), faults=Faults(zero_length_packets=zero_length_packets, mtp_operations_missing=missing)) as server,
        open_mtp(server.address) as recorder,
    ):
        read = {file.path: read_whole(recorder, file, step=2 * 1024**2) for file in recorder.list_files()}

    assert read == files


@pytest.mark.parametrize("missing", [frozenset(), WITHOUT_PARTS, WITHOUT_LISTS], ids=["all", "no parts", "no lists"])
@pytest.mark.parametrize("fault", ["stall_every", "short_every", "wrong_length_every"])
def test_stalls_short_answers_and_wrong_lengths_are_overcome(fault, missing):
    files = {"A.MP4": FOOTAGE[:2_000_000]} | {f"DCIM/{number}.MP4": b"x" * number for number in range(12)}
    with (
        virtual_mtp(card(files), faults=Faults(**{fault: 7, "mtp_operations_missing": missing})) as server,
        open_mtp(server.address) as recorder,
    ):
        read = {file.path: read_whole(recorder, file, step=100_000) for file in recorder.list_files()}

    assert read == files


def test_silence_is_a_time_out_and_the_recorder_goes_on_afterwards():
    with virtual_mtp(card({"A.MP4": FOOTAGE}), faults=Faults(hang_every=25)) as server, open_mtp(server.address, patience=HASTY) as recorder:
        (file,) = recorder.list_files()
        got, silences = bytearray(), 0
        buffer = memoryview(bytearray(100_000))
        with recorder.open_file(file) as reader:
            while len(got) < len(FOOTAGE):
                try:
                    got += buffer[: reader.readinto(buffer)]
                except TransportTimeoutError:
                    silences += 1

    assert silences >= 2
    assert got == FOOTAGE


def test_a_recorder_that_falls_silent_while_listing_leaves_the_listing_incomplete():
    files = {f"DCIM/{number}.MP4": b"x" for number in range(30)}
    faults = Faults(hang_every=12, mtp_operations_missing=WITHOUT_LISTS)
    with virtual_mtp(card(files), faults=faults) as server, open_mtp(server.address, patience=HASTY) as recorder:
        listed, error = list_as_far_as_possible(recorder)

    assert isinstance(error, ListingIncompleteError)
    assert "fell silent" in str(error)
    assert 0 < len(listed) < 30


def test_ghosts_leave_the_listing_incomplete_and_everything_else_listed():
    files = {f"DCIM/{number}.MP4": b"x" for number in range(12)}
    for missing in (frozenset(), WITHOUT_LISTS):
        faults = Faults(ghost_entries=("DCIM/3.MP4", "GONE.MP4"), mtp_operations_missing=missing)
        with virtual_mtp(card(files | {"A.MP4": b"a"}), faults=faults) as server, open_mtp(server.address) as recorder:
            listed, error = list_as_far_as_possible(recorder)

        assert isinstance(error, ListingIncompleteError)
        assert len(error.missing) == 2
        assert {file.path for file in listed} == set(files) - {"DCIM/3.MP4"} | {"A.MP4"}


def test_names_are_kept_verbatim_and_shown_safely():
    names = ["a/b.mp4", "half \ud800.mp4", "执法 一.mov", "..", "tab\t.mp4", "x" * 254]
    for missing in (frozenset(), WITHOUT_LISTS):
        files = [CardFile(name, 1, WHEN, b"x") for name in [*names, *(f"{number}.mp4" for number in range(8))]]
        faults = Faults(mtp_operations_missing=missing)
        with virtual_mtp(Folder("", [Folder("D", [], files)], []), faults=faults) as server, open_mtp(server.address) as recorder:
            listed = list(recorder.list_files())[: len(names)]

        assert [base64.b64decode(file.path_raw_base64) for file in listed] == [f"D/{name}".encode("utf-16-le", "surrogatepass") for name in names]
        assert [file.path for file in listed[:5]] == ["D/a\\x2fb.mp4", "D/half \\ud800.mp4", "D/执法 一.mov", "D/\\x2e\\x2e", "D/tab\\x09.mp4"]


@pytest.mark.parametrize("announced", [2_500_000, 2**33, 1_999, 0])
def test_a_size_that_lies_ends_cleanly_where_the_file_ends(announced):
    footage = FOOTAGE[:2_000_000]
    with virtual_mtp(card({"A.MP4": footage}), faults=Faults(sizes={"A.MP4": announced})) as server, open_mtp(server.address) as recorder:
        (file,) = recorder.list_files()
        read = read_whole(recorder, file)

    assert file.size_bytes == announced
    assert read == footage[:announced]


def test_a_file_whose_size_cannot_be_known_is_not_listed_and_the_listing_is_incomplete():
    faults = Faults(sizes={"A.MP4": 2**33}, mtp_operations_missing=frozenset({0x9803, 0x9805}))
    with virtual_mtp(card({"A.MP4": b"a", "B.MP4": b"b"}), faults=faults) as server, open_mtp(server.address) as recorder:
        listed, error = list_as_far_as_possible(recorder)

    assert [file.path for file in listed] == ["B.MP4"]
    assert error.missing == ("A.MP4: the recorder cannot tell its size",)


def test_a_growing_file_is_read_as_far_as_it_was_listed():
    faults = Faults(growing_files={"A.MP4": (100, 200, 300)})
    with virtual_mtp(card({"A.MP4": FOOTAGE[:300]}), faults=faults) as server, open_mtp(server.address) as recorder:
        recorder.identity()
        (file,) = recorder.list_files()
        read = read_whole(recorder, file)

    assert read == FOOTAGE[: file.size_bytes]
    assert file.size_bytes in (200, 300)


def sparse_card(path, size):
    """One sparse file whose bytes at the end of each GiB tell where they are."""
    with path.open("wb") as file:
        file.truncate(size)
        for at in range(2**30, size + 1, 2**30):
            file.seek(at - 8)
            file.write(at.to_bytes(8, "little"))
    return Folder("", [], [CardFile("LONG.MP4", size, WHEN, path)])


@pytest.mark.parametrize("missing", [frozenset(), WITHOUT_LISTS], ids=["all", "no lists"])
def test_a_file_beyond_4_gib_is_listed_and_read_beyond_4_gib(tmp_path, missing):
    size = 5 * 2**30
    long = sparse_card(tmp_path / "long", size)
    with virtual_mtp(long, faults=Faults(mtp_operations_missing=missing)) as server, open_mtp(server.address) as recorder:
        (file,) = recorder.list_files()
        buffer = memoryview(bytearray(16))
        got = {}
        for at in (2**30, 4 * 2**30, size):
            with recorder.open_file(file, at - 8) as reader:
                got[at] = bytes(buffer[: reader.readinto(buffer[:8])])
        fingerprint = read_fingerprint(recorder, file)

    assert file.size_bytes == size
    assert got == {at: at.to_bytes(8, "little") for at in got}
    assert fingerprint == hashlib.sha256(bytes(16_384) + bytes(16_376) + size.to_bytes(8, "little")).hexdigest()


@pytest.mark.nightly
@pytest.mark.parametrize("missing", [frozenset({0x95C1}), WITHOUT_PARTS], ids=["32 bits", "no parts"])
def test_a_file_beyond_4_gib_is_read_whole_by_every_way(tmp_path, missing):
    size = 4 * 2**30 + 3 * 512 - 12
    long = sparse_card(tmp_path / "long", size)
    digest, read = hashlib.sha256(), 0
    with virtual_mtp(long, faults=Faults(mtp_operations_missing=missing)) as server, open_mtp(server.address) as recorder:
        (file,) = recorder.list_files()
        buffer = memoryview(bytearray(8 * 1024**2))
        with recorder.open_file(file) as reader:
            while count := reader.readinto(buffer):
                digest.update(buffer[:count])
                read += count

    assert read == size
    with long.files[0].content.open("rb") as source:
        assert digest.digest() == hashlib.file_digest(source, "sha256").digest()


def test_reading_without_parts_says_that_it_cannot_resume_and_can_be_left_at_any_time():
    with (
        virtual_mtp(card({"A.MP4": FOOTAGE, "B.MP4": FOOTAGE[::-1]}), faults=Faults(mtp_operations_missing=WITHOUT_PARTS)) as server,
        open_mtp(server.address) as recorder,
    ):
        first, second = recorder.list_files()
        buffer = memoryview(bytearray(1000))
        for file, at, source in ((first, 0, FOOTAGE), (second, 5_000_000, FOOTAGE[::-1]), (first, 3_000_000, FOOTAGE)):
            with recorder.open_file(file, at) as reader:
                assert reader.readinto(buffer) == 1000
                assert buffer == source[at : at + 1000]

        assert not recorder.capabilities.can_resume


def test_an_unreadable_stretch_is_a_read_error_and_what_lies_beyond_can_be_read():
    faults = Faults(unreadable=(UnreadableStretch("A.MP4", 3_000_000, 512),))
    with virtual_mtp(card({"A.MP4": FOOTAGE}), faults=faults) as server, open_mtp(server.address) as recorder:
        (file,) = recorder.list_files()
        buffer = memoryview(bytearray(10_000))
        with recorder.open_file(file, 2_995_000) as reader, pytest.raises(RecorderReadError, match="general error"):
            reader.readinto(buffer)
        with recorder.open_file(file, 4_000_000) as reader:
            assert reader.readinto(buffer) == 10_000


def test_an_operation_that_is_advertised_and_then_refused_is_done_without():
    device = MtpDevice(card({"A.MP4": FOOTAGE}), serial="BWC7")
    responder = device._pipe._responder
    asked = []

    def refuse(given):
        asked.append(given)
        return responder.run(0xFFFF, ())

    responder._operations[0x95C1] = refuse
    with UsbipServer(device) as server, open_mtp(server.address) as recorder:
        (file,) = recorder.list_files()
        assert read_whole(recorder, file) == FOOTAGE

    assert len(asked) == 1
    device.close()


def test_a_file_is_found_again_after_the_recorder_was_opened_anew_under_other_handles():
    files = {"DCIM/A.MP4": FOOTAGE[:1000], "DCIM/B.MP4": FOOTAGE[1000:2000]}
    with virtual_mtp(card(files)) as server:
        with open_mtp(server.address) as recorder:
            listed = list(recorder.list_files())
        with open_mtp(server.address) as recorder:
            assert {file.path: read_whole(recorder, file) for file in listed} == files
            with pytest.raises(RecorderReadError, match="not where it was"):
                recorder.open_file(replace(listed[0], size_bytes=999))


def test_a_reset_in_mid_reading_never_gives_another_files_bytes():
    files = {f"DCIM/{number}.MP4": bytes([number]) * 3_000_000 for number in range(3)}
    device = MtpDevice(card(files), serial="BWC7", faults=Faults(hang_every=40))
    answer = device.control

    def without_cancel(setup, data):
        if setup[:2] == b"\x21\x64":
            setup = b"\x21\x66" + setup[2:]  # takes a cancellation for a reset
        return answer(setup, data)

    device.control = without_cancel
    with UsbipServer(device) as server, open_mtp(server.address, patience=HASTY) as recorder:
        wrong, resets = 0, 0
        for file in list(recorder.list_files()):
            got = bytearray()
            buffer = memoryview(bytearray(100_000))
            while len(got) < file.size_bytes:
                try:
                    with recorder.open_file(file, len(got)) as reader:
                        while count := reader.readinto(buffer):
                            got += buffer[:count]
                except RecorderError:
                    resets += 1
            wrong += bytes(got) != files[file.path]

    assert (wrong, resets > 0) == (0, True)
    device.close()


def test_the_serial_of_device_info_is_the_identity_unless_a_factory_left_it():
    for serial, expected in (("BWC00017", "BWC00017"), ("0123456789ABCDEF", None), ("0000000", None)):
        with virtual_mtp(card({"A.MP4": b"a"}), serial=serial) as server, open_mtp(server.address) as recorder:
            identity = recorder.identity()

        assert (identity.serial, identity.volume_label, identity.usb_serial) == (expected, "REC1", "000000000001")
        assert serial.encode("utf-16-le") in base64.b64decode(identity.record_base64)


def test_the_status_tells_battery_room_and_protection():
    faults = Faults(battery_percent=3, write_protected=True)
    with virtual_mtp(card({"A.MP4": FOOTAGE}), faults=faults) as server, open_mtp(server.address) as recorder:
        status = recorder.read_status()

    assert (status.battery_percent, status.has_card, status.is_write_protected) == (3, True, True)
    assert status.capacity_bytes - status.free_bytes == len(FOOTAGE)


def test_a_recorder_without_a_card_says_so_and_has_no_files():
    with virtual_mtp(card({"A.MP4": FOOTAGE}), faults=Faults(no_card=True)) as server, open_mtp(server.address) as recorder:
        assert recorder.read_status().has_card is False
        assert list(recorder.list_files()) == []
        assert recorder.identity().serial == "BWC00017"


def test_a_clock_is_measured_before_and_after_it_is_set():
    with virtual_mtp(card({"A.MP4": b"a"}), faults=Faults(clock="2000-01-01T00:00:00")) as server, open_mtp(server.address) as recorder:
        before = recorder.read_clock()
        moment = before.dock_time.replace(microsecond=0) + timedelta(hours=1)
        recorder.set_clock(moment)
        after = recorder.read_clock()

    assert before.recorder_time.startswith("2000-01-01T00:00:0")
    assert before.offset_s < -800_000_000
    assert before.uncertainty_s < 0.3
    assert after.offset_s == pytest.approx(3600, abs=3)


def test_a_recorder_without_a_clock_says_so():
    store = DictStore({"A.MP4": b"a"})
    with foreign_mtp(store) as address, open_mtp(address) as recorder:
        assert recorder.read_clock() is None
        assert recorder.read_status().battery_percent is None
        with pytest.raises(UnsupportedCommandError):
            recorder.set_clock(WHEN)


def test_what_also_shows_a_keyboard_is_refused():
    device = MtpDevice(card({"A.MP4": b"a"}), serial="BWC7", facts=DeviceFacts(extra_interfaces=(KEYBOARD,)))
    with UsbipServer(device) as server:
        (found,) = found_mtp(server.address)
        with pytest.raises(UnsupportedRecorderError, match="interfaces of class 03"):
            found.open()


def test_two_docks_cannot_hold_one_recorder():
    with virtual_mtp(card({"A.MP4": b"a"})) as server:
        (found,) = found_mtp(server.address)
        with open_mtp(server.address), pytest.raises(RecorderError):
            found.open()


def test_ten_thousand_files_in_one_folder_are_listed_by_lists():
    files = {f"DCIM/{number:05}.MP4": b"" for number in range(10_000)}
    with virtual_mtp(card(files)) as server, open_mtp(server.address) as recorder:
        begun = time.monotonic()
        listed = list(recorder.list_files())

    assert [file.path for file in listed] == list(files)
    assert time.monotonic() - begun < 20
