import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.simulated.bulk_only_target import HaltedError
from device_drivers.simulated.faults import NO_FAULTS, Faults, UnreadableStretch
from device_drivers.simulated.footage import CardFile, Folder
from device_drivers.simulated.mtp_device import BULK_IN, BULK_OUT, EVENTS_IN, MtpDevice, build_mtp_device

WHEN = datetime(2026, 11, 24, 1, 30, 15, tzinfo=UTC)
OK, NO_SESSION, NOT_SUPPORTED, NO_OBJECT, READ_ONLY = 0x2001, 0x2003, 0x2005, 0x2009, 0x200E
STORAGE, ROOT = 0x10001, 0xFFFFFFFF
CONTENT = bytes(range(250)) * 10


def card_of(files=None):
    folder = Folder("DCIM", [], [CardFile(name, len(data), WHEN, data) for name, data in (files or {"A.MP4": CONTENT}).items()])
    return Folder("", [folder], [CardFile("note.txt", 3, WHEN, b"abc")])


def plugged_in(faults=NO_FAULTS, files=None, *, opened=True):
    device = MtpDevice(card_of(files), serial="BWC7", faults=faults)
    device.reset()
    if opened:
        assert ask(device, 0x1002, 1)[0] == OK
    return device


def send(device, operation, *parameters, transaction=5):
    device.take(BULK_OUT, struct.pack(f"<IHHI{len(parameters)}I", 12 + 4 * len(parameters), 1, operation, transaction, *parameters))


def ask(device, operation, *parameters):
    """Ask as an initiator does that awaits whole containers; gives response code, its parameters and the data."""
    send(device, operation, *parameters)
    data = b""
    while True:
        raw = bytes(device.give(BULK_IN, 2**20))
        if not raw:
            continue
        length, kind, code, transaction = struct.unpack_from("<IHHI", raw)
        assert transaction == 5
        if kind == 3:
            return code, struct.unpack_from(f"<{(length - 12) // 4}I", raw, 12), data
        assert (length, kind, code) == (len(raw), 2, operation)
        data = raw[12:]


def handles(device, parent=ROOT):
    data = ask(device, 0x1007, STORAGE, 0, parent)[2]
    return struct.unpack_from(f"<{len(data) // 4 - 1}I", data, 4)


def only_file(device):
    return handles(device, handles(device)[1])[0]


def control(device, request_type, request, data=b"", *, length=64):
    return device.control(struct.pack("<BBHHH", request_type, request, 0, 0, length), data)


def test_device_info_needs_no_session_and_everything_else_does():
    device = plugged_in(opened=False)

    assert ask(device, 0x1001)[0] == OK
    assert ask(device, 0x1004) == (NO_SESSION, (), b"")
    assert ask(device, 0x1002, 1)[0] == OK
    assert ask(device, 0x1002, 1)[0] == 0x201E
    assert ask(device, 0x1003)[0] == OK
    assert ask(device, 0x1004)[0] == NO_SESSION


def test_what_device_info_advertises_is_what_is_carried_out():
    device = plugged_in(Faults(mtp_operations_missing=frozenset({0x95C1, 0x9805})))
    info = ask(device, 0x1001)[2]
    start = 8 + 1 + 2 * info[8] + 2
    (count,) = struct.unpack_from("<I", info, start)
    advertised = set(struct.unpack_from(f"<{count}H", info, start + 4))

    assert advertised.isdisjoint({0x95C1, 0x9805})
    assert ask(device, 0x95C1, only_file(device), 0, 0, 9)[0] == NOT_SUPPORTED
    assert {0x1009, 0x101B, 0x100B, 0x9803} <= advertised


def test_folders_and_files_are_found_by_walking():
    device = plugged_in()
    note, folder = handles(device)

    assert ask(device, 0x1006, STORAGE, 0, ROOT)[1] == (2,)
    assert handles(device, folder) == (only_file(device),)
    assert struct.unpack_from("<IHHI", ask(device, 0x1008, note)[2]) == (STORAGE, 0x3004, 0, 3)
    assert struct.unpack_from("<IH", ask(device, 0x1008, folder)[2]) == (STORAGE, 0x3001)


def test_a_file_is_given_whole_and_in_parts():
    device = plugged_in()
    file = only_file(device)

    assert ask(device, 0x1009, file) == (OK, (2500,), CONTENT)
    assert ask(device, 0x101B, file, 100, 7) == (OK, (7,), CONTENT[100:107])
    assert ask(device, 0x95C1, file, 2490, 0, 99) == (OK, (10,), CONTENT[2490:])
    assert ask(device, 0x95C1, file, 0, 1, 99) == (OK, (0,), b"")


def test_properties_say_what_object_info_cannot():
    device = plugged_in(Faults(sizes={"DCIM/A.MP4": 5 * 2**30}))
    file = only_file(device)

    assert struct.unpack_from("<I", ask(device, 0x1008, file)[2], 8) == (2**32 - 1,)
    assert struct.unpack("<Q", ask(device, 0x9803, file, 0xDC04)[2]) == (5 * 2**30,)


def test_a_list_of_properties_has_the_folder_and_what_is_in_it():
    device = plugged_in()
    _, folder = handles(device)

    data = ask(device, 0x9805, folder, 0, 0xDC02, 0, 1)[2]

    assert data == struct.pack("<I", 2) + struct.pack("<IHHH", folder, 0xDC02, 4, 0x3001) + struct.pack("<IHHH", only_file(device), 0xDC02, 4, 0xB982)


def test_every_advertised_property_can_be_described_and_read():
    device = plugged_in()
    supported = ask(device, 0x9801, 0xB982)[2]
    for code in struct.unpack_from(f"<{(len(supported) - 4) // 2}H", supported, 4):
        assert ask(device, 0x9802, code, 0xB982)[2][:2] == struct.pack("<H", code)
        assert ask(device, 0x9803, only_file(device), code)[0] == OK
    for code in (0x5001, 0x5011):
        assert ask(device, 0x1014, code)[2][:2] == struct.pack("<H", code)


def test_the_clock_starts_as_the_script_says_and_can_be_set():
    device = plugged_in(Faults(clock="2000-01-01T00:00:00", battery_percent=3))

    assert ask(device, 0x1015, 0x5011)[2][1:].decode("utf-16-le").startswith("20000101T0000")
    assert ask(device, 0x1015, 0x5001)[2] == b"\3"
    send(device, 0x1016, 0x5011)
    text = "20261124T093015\0"
    device.take(BULK_OUT, struct.pack("<IHHI", 12 + 1 + 32, 2, 0x1016, 5) + bytes([16]) + text.encode("utf-16-le"))

    assert bytes(device.give(BULK_IN, 512)) == struct.pack("<IHHI", 12, 3, OK, 5)
    assert ask(device, 0x1015, 0x5011)[2][1:].decode("utf-16-le").startswith("20261124T0930")


def test_deleting_takes_a_file_away_and_never_a_folder():
    device = plugged_in()
    file, folder = only_file(device), handles(device)[1]

    assert ask(device, 0x100B, folder, 0)[0] == NO_OBJECT
    assert ask(device, 0x100B, ROOT, 0)[0] == NO_OBJECT
    assert ask(device, 0x100B, file, 0)[0] == OK
    assert handles(device, folder) == ()
    device.reset()
    ask(device, 0x1002, 1)
    assert handles(device, handles(device)[1]) == ()


def test_a_write_protected_recorder_deletes_nothing():
    device = plugged_in(Faults(write_protected=True))

    assert ask(device, 0x100B, only_file(device), 0)[0] == READ_ONLY
    assert struct.unpack_from("<HHH", ask(device, 0x1005, STORAGE)[2])[2] == 1


def test_handles_are_other_ones_after_the_next_plugging_in():
    device = plugged_in()
    before = only_file(device)
    device.reset()
    ask(device, 0x1002, 1)

    assert only_file(device) != before
    assert ask(device, 0x1008, before)[0] == NO_OBJECT


def test_a_recorder_without_a_card_has_an_absent_storage():
    device = plugged_in(Faults(no_card=True))

    assert ask(device, 0x1004)[2] == struct.pack("<II", 1, 0x10000)
    assert ask(device, 0x1005, 0x10000)[0] == 0x2013


def test_ghosts_are_listed_and_lead_nowhere():
    device = plugged_in(Faults(ghost_entries=("DCIM/A.MP4", "DCIM/B.MP4")))
    inside = handles(device, handles(device)[1])

    assert [ask(device, 0x1008, each)[0] for each in inside] == [NO_OBJECT, NO_OBJECT]


def test_a_growing_file_has_another_size_at_every_look():
    device = plugged_in(Faults(growing_files={"DCIM/A.MP4": (10, 20)}))
    sizes = [struct.unpack_from("<I", ask(device, 0x1008, only_file(device))[2], 8)[0] for _ in range(3)]

    assert sizes == [10, 20, 20]


def test_an_unreadable_stretch_fails_whatever_touches_it():
    device = plugged_in(Faults(unreadable=(UnreadableStretch("DCIM/A.MP4", 100, 5),)))
    file = only_file(device)

    assert [ask(device, 0x101B, file, at, 50)[0] for at in (50, 51, 104, 105)] == [OK, 0x2002, 0x2002, OK]


@pytest.mark.parametrize(
    ("zero_length_packets", "room", "expected"),
    [
        ("with", 2**20, [512, 16]),  # the empty packet ends the transfer
        ("with", 512, [512, 0, 16]),
        ("without", 2**20, [528]),  # nothing ends it before the response does
        ("without", 512, [512, 16]),
        ("late", 2**20, [512, 0, 16]),
        ("late", 512, [512, 0, 16]),
    ],
)
def test_a_container_that_fills_its_last_packet_ends_as_the_script_says(zero_length_packets, room, expected):
    device = plugged_in(Faults(zero_length_packets=zero_length_packets), {"A.MP4": bytes(500)})
    send(device, 0x1009, only_file(device))
    got = []
    while (piece := device.give(BULK_IN, room)) is not None:
        got.append(len(piece))

    assert got == expected


def test_a_halt_lasts_until_it_is_cleared_and_the_status_tells():
    device = plugged_in(Faults(stall_every=2))
    ask(device, 0x1004)
    send(device, 0x1004)

    with pytest.raises(HaltedError):
        device.give(BULK_IN, 512)
    assert control(device, 0xA1, 0x67) == struct.pack("<HHI", 8, 0x201F, BULK_IN)
    device.control(struct.pack("<BBHHH", 0x02, 1, 0, BULK_IN, 0), b"")
    control(device, 0x21, 0x64, struct.pack("<HI", 0x4001, 5))
    assert [control(device, 0xA1, 0x67) for _ in range(2)] == [struct.pack("<HH", 4, 0x2019), struct.pack("<HH", 4, OK)]
    assert device.give(BULK_IN, 512) is None


def test_silence_lasts_until_the_transaction_is_cancelled():
    device = plugged_in(Faults(hang_every=2))
    send(device, 0x1004)
    send(device, 0x1004)

    assert device.give(BULK_IN, 512) is None
    control(device, 0x21, 0x64, struct.pack("<HI", 0x4001, 5))
    assert ask(device, 0x1004)[0] == OK


def test_a_wrong_length_and_a_short_answer_are_both_wrong():
    file = CONTENT[:100]
    longer, short = plugged_in(Faults(wrong_length_every=2), {"A.MP4": file}), plugged_in(Faults(short_every=2), {"A.MP4": file})
    for device in (longer, short):
        send(device, 0x1004)
        device.give(BULK_IN, 2**20)
        send(device, 0x1004)
    raw = [bytes(device.give(BULK_IN, 2**20)) for device in (longer, short)]

    assert [(struct.unpack_from("<I", each)[0], len(each)) for each in raw] == [(24, 20), (20, 16)]


def test_events_never_come_and_other_endpoints_and_requests_are_refused():
    device = plugged_in()

    assert device.give(EVENTS_IN, 28) is None
    for refused in (
        lambda: device.give(0x84, 9),
        lambda: device.take(0x01, b""),
        lambda: control(device, 0xA1, 0x65),
        lambda: device.take(BULK_OUT, b"x"),
    ):
        with pytest.raises(HaltedError):
            refused()


def test_a_class_reset_ends_the_session():
    device = plugged_in()
    control(device, 0x21, 0x66)

    assert ask(device, 0x1004)[0] == NO_SESSION


def test_its_descriptors_show_a_still_image_interface_by_the_name_of_mtp():
    device = plugged_in()
    configuration = device.control(struct.pack("<BBHHH", 0x80, 6, 0x0200, 0, 255), b"")

    assert device.interface_classes == ((6, 1, 1),)
    assert configuration[9:18] == bytes([9, 4, 0, 0, 3, 6, 1, 1, 4])
    assert device.control(struct.pack("<BBHHH", 0x80, 6, 0x0304, 0x409, 255), b"")[2:].decode("utf-16-le") == "MTP"


def test_an_officer_is_told_by_an_identity_file():
    device = build_mtp_device(card_of(), serial="BWC7", officer="100234", faults=NO_FAULTS)
    device.reset()
    ask(device, 0x1002, 1)

    assert ask(device, 0x1009, handles(device)[0])[2] == b"serial=BWC7\r\nofficer=100234\r\n"


@given(st.integers(0, 2**16 - 1), st.lists(st.integers(0, 2**32 - 1), max_size=5))
def test_any_operation_is_answered(operation, parameters):
    device = plugged_in()
    send(device, operation, *parameters)

    assert device.give(BULK_IN, 2**20) is not None or operation == 0x1016
