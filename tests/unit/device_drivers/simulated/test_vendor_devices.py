"""Virtual recorders before they are disks, and data that comes from the host."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.simulated.ambarella_device import AmbarellaDevice, AsciiConversation, BinaryConversation
from device_drivers.simulated.bulk_only_target import BulkOnlyTarget, HaltedError, Reply
from device_drivers.simulated.faults import Faults, FaultScriptError, parse_faults
from device_drivers.simulated.jieli_target import JieliTarget, RecorderRecord
from device_drivers.simulated.mass_storage_device import MassStorageDevice

TIME = struct.pack("<HBBBBBx", 2026, 11, 24, 9, 30, 15)


def wrapper(block, length, *, is_in, tag=7):
    return struct.pack("<4sIIBBB16s", b"USBC", tag, length, 0x80 if is_in else 0, 0, len(block), block)


def vendor(code, number, length):
    return struct.pack(">BBIH8x", code, 0x81 if code == 0xFD else 0x82, number, length)


def status(target):
    return struct.unpack("<4sIIB", target.give(13))


def test_data_of_the_host_is_taken_in_any_pieces_before_the_status():
    target = JieliTarget(RecorderRecord("BWC7"))
    bulk = BulkOnlyTarget(target)
    bulk.take(wrapper(vendor(0xFB, 5, 8), 8, is_in=False))

    assert bulk.give(13) is None
    assert not bulk.is_idle
    bulk.take(TIME[:3])
    bulk.take(TIME[3:])
    assert status(bulk) == (b"USBS", 7, 0, 0)
    assert target.clock == (2026, 11, 24, 9, 30, 15)


def test_data_that_is_not_wanted_halts_its_endpoint_and_the_command_fails():
    bulk = BulkOnlyTarget(JieliTarget(RecorderRecord("BWC7")))
    bulk.take(wrapper(vendor(0xFB, 10, 16), 16, is_in=False))

    with pytest.raises(HaltedError):
        bulk.take(bytes(16))
    assert status(bulk) == (b"USBS", 7, 16, 1)
    bulk.clear_halt(is_in=False)
    bulk.take(wrapper(bytes(6), 0, is_in=False))


def test_a_reset_forgets_data_that_is_on_its_way():
    bulk = BulkOnlyTarget(JieliTarget(RecorderRecord("BWC7")))
    bulk.take(wrapper(vendor(0xFB, 5, 8), 8, is_in=False))
    bulk.reset()
    bulk.take(wrapper(vendor(0xFD, 8, 4), 4, is_in=True))

    assert bytes(bulk.give(4)) == struct.pack("<i", 80)


@given(st.binary(min_size=1, max_size=16), st.integers(0, 200), st.binary(max_size=64))
def test_any_command_block_gets_a_reply(block, length, data):
    assert isinstance(JieliTarget(RecorderRecord("BWC7")).run(block, length, data), Reply)


@pytest.mark.parametrize("size", [94, 89])
def test_a_record_has_the_length_of_its_layout_whatever_is_in_it(size):
    record = RecorderRecord("B" * 50, "1" * 50, "示" * 50, "2" * 50, "范" * 50, record_bytes=size)

    assert len(record.encode()) == size
    assert record.encode()[:7] == b"B" * 7


def test_a_storage_mode_is_left_by_a_reset():
    target = JieliTarget(RecorderRecord("BWC7"))
    disk = object()
    device = MassStorageDevice(target, changes_into=lambda: disk if target.becomes_a_disk else None)
    device.take(0x02, wrapper(vendor(0xFB, 6, 0), 0, is_in=False))

    assert device.successor is None  # the host has not had the status
    device.give(0x81, 13)
    assert device.successor is disk
    device.reset()
    assert device.successor is None


@given(st.binary(max_size=64))
def test_any_message_gets_a_reply_or_none(message):
    for conversation in (AsciiConversation("BWC7"), BinaryConversation()):
        reply = conversation.answer(message)
        assert reply is None or len(reply) <= 64


def test_nothing_is_told_before_log_in_or_with_another_password():
    conversation = AsciiConversation("BWC7")

    assert conversation.answer(b"@Gdv;8;00000000;#") == b"@Gdv;NG;#"
    assert conversation.answer(b"@Ver;8;00000000;#") == b"@Ver;OK;#"
    assert conversation.answer(b"@Gdv;8;88888800;#") == b"@Gdv;NG;#"
    assert conversation.answer(b"@Gdv;8;00000000;#") == b"@Gdv;4;BWC7#"


@pytest.mark.parametrize("endpoint", [0x82, 0x83])
def test_other_endpoints_are_not_there(endpoint):
    devices = [AmbarellaDevice(BinaryConversation(), None), MassStorageDevice(JieliTarget(RecorderRecord("BWC7")))]
    for device in devices:
        with pytest.raises(HaltedError):
            device.give(endpoint, 13)
        with pytest.raises(HaltedError):
            device.take(endpoint & 0x7F | 8, b"")


@given(st.binary(min_size=8, max_size=8))
def test_any_control_request_is_answered_or_halts(setup):
    try:
        answer = AmbarellaDevice(BinaryConversation(), None).control(setup, b"")
    except HaltedError:
        return
    assert len(answer) <= struct.unpack_from("<H", setup, 6)[0]


GOOD = {
    "hang_every": 2,
    "wrong_length_every": 3,
    "growing_files": {"A": [1, 2]},
    "ghost_entries": ["A"],
    "clock": "2000-01-01T00:00:00",
    "battery_percent": 3,
    "write_protected": True,
    "no_card": True,
    "password": "s3cret",
    "stuck_status": True,
    "reenumerate_after_s": None,
    "mtp_operations_missing": [0x95C1],
    "zero_length_packets": "late",
}


def test_every_fault_can_be_scripted():
    faults = parse_faults(GOOD)

    assert (faults.growing_files, faults.ghost_entries, faults.mtp_operations_missing) == ({"A": (1, 2)}, ("A",), {0x95C1})
    assert all(getattr(faults, key) == value for key, value in GOOD.items() if not isinstance(value, (dict, list)))


@pytest.mark.parametrize(
    "data",
    [
        {"hang_every": 1},
        {"growing_files": {"A": []}},
        {"growing_files": {"A": 5}},
        {"ghost_entries": "A"},
        {"ghost_entries": [""]},
        {"clock": "2000-01-01"},
        {"battery_percent": 101},
        {"write_protected": 1},
        {"password": "too long a password"},
        {"password": ""},
        {"reenumerate_after_s": -1},
        {"mtp_operations_missing": [0x1_0000]},
        {"zero_length_packets": "never"},
        {"unplug_after_bytes": 5},
    ],
)
def test_a_wrong_fault_is_refused(data):
    with pytest.raises(FaultScriptError):
        parse_faults(data)


def test_every_fault_is_documented(request):
    page = (request.config.rootpath / "docs" / "formats" / "fault-script.md").read_text(encoding="utf-8")

    assert all(f"| `{name}` |" in page for name in Faults.__dataclass_fields__)
