"""Devices that answer in their own way: the virtual recorder with single operations replaced."""

import random
import struct
from contextlib import contextmanager
from dataclasses import replace

import pytest

from device_drivers.errors import ListingIncompleteError, RecorderError, RecorderReadError, RecorderUnpluggedError
from device_drivers.simulated.mtp_device import MtpDevice
from device_drivers.simulated.mtp_properties import property_list
from device_drivers.simulated.usbip_server import UsbipServer
from tests.integration.device_drivers.media import card
from tests.integration.device_drivers.mtp_peers import open_mtp
from tests.integration.device_drivers.peers import list_as_far_as_possible, read_whole

FILES = {f"DCIM/{number}.MP4": bytes([number]) * number for number in range(12)} | {"A.MP4": b"a"}
ROOT = 0xFFFFFFFF


def answer(responder, **fields):
    return replace(responder.run(0xFFFF, ()), **{"code": 0x2001} | fields)


@contextmanager
def device_with(files=FILES, **operations):
    """Plug in a device of which some operations, by ``op_`` and their code, are carried out by functions of responder, store and parameters."""
    device = MtpDevice(card(files), serial="BWC7")
    responder, store = device._pipe._responder, device._store
    for name, function in operations.items():
        responder._operations[int(name[3:], 16)] = lambda given, function=function: function(responder, store, given)
    with UsbipServer(device) as server, open_mtp(server.address) as recorder:
        yield recorder
    device.close()


def handles(responder, numbers):
    return answer(responder, data=struct.pack(f"<I{len(numbers)}I", len(numbers), *numbers))


def everything_for_the_root(responder, store, given):
    inside = store.inside(given[2]) if given[2] != ROOT else store.all()
    return handles(responder, [each.handle for each in inside])


def test_a_device_that_lists_every_object_for_the_root_is_listed_by_folders():
    with device_with(op_1007=everything_for_the_root) as recorder:
        read = {file.path: read_whole(recorder, file) for file in recorder.list_files()}

    assert read == FILES


def test_a_folder_that_lists_itself_is_entered_once_and_named():
    def itself(responder, store, given):
        inside = [each.handle for each in store.inside(0 if given[2] == ROOT else given[2])]
        return handles(responder, inside if given[2] == ROOT else [given[2], *inside])

    with device_with(op_1007=itself) as recorder:
        listed, error = list_as_far_as_possible(recorder)

    assert {file.path for file in listed} == set(FILES)
    assert "listed twice" in str(error)


def test_folders_without_end_are_given_up_and_named():
    def abyss(responder, _store, given):
        return handles(responder, [0x10 if given[2] == ROOT else given[2] + 1])

    def folder(responder, _store, given):
        body = struct.pack("<IHHIH6I", 0x10001, 0x3001, 0, 0, 0, 0, 0, 0, 0, 0, 0) + struct.pack("<IHII", 0, 1, 0, 0)
        return answer(responder, data=body + b"\x02D\0\0\0" + bytes(3))

    with device_with(op_1007=abyss, op_1008=folder) as recorder:
        listed, error = list_as_far_as_possible(recorder)

    assert listed == []
    assert isinstance(error, ListingIncompleteError)
    assert "too deep" in str(error)


def test_more_handles_than_there_may_be_are_given_up():
    def endless(responder, _store, _given):
        return handles(responder, range(1, 300_001))

    def unknown(responder, _store, _given):
        return answer(responder, data=struct.pack("<I", 0))

    def info(responder, store, given):
        body = struct.pack("<IHHIH6I", 0x10001, 0x3000, 0, 1, 0, 0, 0, 0, 0, 0, 0) + struct.pack("<IHII", 0, 0, 0, 0)
        return answer(responder, data=body + b"\x02D\0\0\0" + bytes(3))

    with device_with(op_1007=endless, op_9805=unknown, op_1008=info, op_1009=info) as recorder:
        recorder._tree._has_sizes = False
        recorder._record_is_known = True
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("device_drivers.families.mtp.objects._MAX_OBJECTS", 500)
            listed, error = list_as_far_as_possible(recorder)

    assert len(listed) == 500
    assert "more than 500 objects" in str(error)


@pytest.mark.parametrize(
    "odd",
    [
        lambda responder, _store, _given: answer(responder, data=b"\xff\xff\xff\xff"),
        lambda responder, _store, _given: answer(responder, data=b""),
        lambda responder, _store, _given: answer(responder, data=struct.pack("<I", 0)),
        lambda responder, _store, _given: answer(responder, code=0xA808),
        lambda responder, _store, _given: answer(responder, data=random.Random(1).randbytes(4_000)),
    ],
)
def test_property_lists_of_no_use_are_done_without(odd):
    with device_with(op_9805=odd) as recorder:
        listed = list(recorder.list_files())

    assert {file.path: file.size_bytes for file in listed} == {path: len(content) for path, content in FILES.items()}


def test_a_list_that_leaves_objects_out_is_completed_one_by_one():
    def every_other(responder, store, given):
        return answer(responder, data=property_list(store, list(store.inside(given[0]))[::2], given[2]))

    with device_with(op_9805=every_other) as recorder:
        listed = list(recorder.list_files())

    assert {file.path: file.size_bytes for file in listed} == {path: len(content) for path, content in FILES.items()}


def test_a_folder_that_cannot_be_looked_into_leaves_the_listing_incomplete():
    def root_only(responder, store, given):
        is_root = given[2] == ROOT
        return handles(responder, [each.handle for each in store.inside(0)]) if is_root else answer(responder, code=0x200F)

    with device_with(op_1007=root_only) as recorder:
        listed, error = list_as_far_as_possible(recorder)

    assert [file.path for file in listed] == ["A.MP4"]
    assert error.missing == ("DCIM: the recorder refused get object handles: access denied (0x200f)",)


def test_storages_that_cannot_be_listed_leave_the_listing_incomplete():
    with device_with(op_1004=lambda responder, _store, _given: answer(responder, code=0x2002)) as recorder:
        recorder._record_is_known = True
        _, error = list_as_far_as_possible(recorder)

    assert isinstance(error, ListingIncompleteError)


def test_a_card_that_is_taken_out_in_mid_reading_is_an_unplugged_recorder():
    gone = lambda responder, _store, _given: answer(responder, code=0x2013)  # noqa: E731 - as the others
    with device_with(op_95C1=gone, op_101B=gone) as recorder:
        file = next(each for each in recorder.list_files() if each.size_bytes)
        with recorder.open_file(file) as reader, pytest.raises(RecorderUnpluggedError, match="card was taken out"):
            reader.readinto(memoryview(bytearray(9)))


def test_an_answer_longer_than_was_asked_for_is_a_read_error():
    with device_with(op_95C1=lambda responder, _store, given: answer(responder, data=bytes(given[3] + 1))) as recorder:
        file = next(each for each in recorder.list_files() if each.size_bytes)
        with recorder.open_file(file) as reader, pytest.raises(RecorderReadError, match="more than"):
            reader.readinto(memoryview(bytearray(9)))


def test_a_clock_and_battery_that_make_no_sense_are_unknown():
    nonsense = lambda responder, _store, _given: answer(responder, data=b"\x02?\0\0\0")  # noqa: E731 - as the others
    with device_with(op_1014=nonsense, op_1015=nonsense) as recorder:
        assert recorder.read_clock() is None
        assert recorder.read_status().battery_percent is None


@pytest.mark.parametrize("operation", ["op_1004", "op_1005", "op_1007", "op_1008", "op_9803", "op_9805", "op_95C1", "op_1015"])
@pytest.mark.parametrize("seed", range(3))
def test_random_answers_are_typed_errors_and_never_hang(monkeypatch, operation, seed):
    monkeypatch.setattr("device_drivers.families.mtp.clock._WATCH_S", 0.02)
    bytes_of = random.Random(f"{operation}{seed}")
    noise = {operation: lambda responder, _store, _given: answer(responder, data=bytes_of.randbytes(bytes_of.randrange(200)))}
    with device_with(**noise) as recorder:
        for ask in (recorder.identity, recorder.read_clock, recorder.read_status):
            try:
                ask()
            except RecorderError:
                continue
        listed, error = list_as_far_as_possible(recorder)
        for file in listed[:2]:
            try:
                read_whole(recorder, file)
            except RecorderError:
                continue

    assert error is None or isinstance(error, RecorderError)
