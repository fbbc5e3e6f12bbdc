import random
import struct
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from device_drivers.errors import RecorderError, RecorderUnpluggedError, UnsupportedCommandError
from device_drivers.recorder import read_fingerprint
from device_drivers.simulated.faults import NO_FAULTS, Faults
from device_drivers.simulated.footage import CardFile, Folder
from device_drivers.simulated.mtp_device import MtpDevice
from device_drivers.simulated.usbip_server import UsbipServer
from tests.integration.device_drivers.mtp_peers import DictStore, foreign_mtp, open_mtp

WHEN = datetime(2026, 11, 24, 1, 30, 15, tzinfo=UTC)
FOOTAGE = random.Random(9).randbytes(100_000)
WITHOUT_LISTS = frozenset({0x9805})
NAMES = ["A.MP4", "B.MP4", "C.MP4"]


def file(name, content=FOOTAGE, modified=WHEN):
    return CardFile(name, len(content), modified, content)


class Recorder:
    """A plugged-in virtual recorder whose card a test may change behind the driver's back."""

    def __init__(self, faults=NO_FAULTS):
        folder = Folder("DCIM", [Folder("SUB", [], [file("A.MP4", b"another of that name")])], [file(name) for name in NAMES])
        self.device = MtpDevice(Folder("", [folder], [file("note.txt", b"abc")]), serial="BWC7", faults=faults)
        self.store = self.device._store
        self.deleted = []
        responder = self.device._pipe._responder
        delete = responder._operations.get(0x100B)
        if delete is not None:
            responder._operations[0x100B] = lambda given: self.deleted.append(given[0]) or delete(given)

    def item(self, path):
        return next(each for each in self.store.all() if each.path == path)

    def change(self, path, **changed):
        item = self.item(path)
        item.content = replace(item.content, **changed)


@contextmanager
def recorder_on_the_bus(faults=NO_FAULTS):
    virtual = Recorder(faults)
    with UsbipServer(virtual.device, faults=faults) as server, open_mtp(server.address) as recorder:
        virtual.unplug = server.unplug
        yield virtual, recorder
    virtual.device.close()


def listed(recorder):
    return {each.path: replace(each, fingerprint=read_fingerprint(recorder, each)) for each in recorder.list_files()}


def paths_on(recorder):
    return {each.path for each in recorder.list_files()}


@pytest.mark.parametrize("missing", [frozenset(), WITHOUT_LISTS, frozenset({0x101B, 0x95C1})], ids=["all", "no lists", "no parts"])
def test_exactly_the_files_that_are_named_are_removed(missing):
    with recorder_on_the_bus(Faults(mtp_operations_missing=missing)) as (virtual, recorder):
        files = listed(recorder)
        removals = list(recorder.remove_files([files["DCIM/A.MP4"], files["DCIM/C.MP4"]]))
        left = paths_on(recorder)

    assert [(each.file.path, each.kept_because) for each in removals] == [("DCIM/A.MP4", None), ("DCIM/C.MP4", None)]
    assert left == {"note.txt", "DCIM/B.MP4", "DCIM/SUB/A.MP4"}
    assert len(virtual.deleted) == 2


@pytest.mark.parametrize("missing", [frozenset(), WITHOUT_LISTS], ids=["all", "no lists"])
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"size_bytes": 99_999}, "its size was 100000 bytes and is 99999"),
        ({"content": FOOTAGE[:-1] + b"!"}, "its content is not what it was"),
        ({"content": b"!" + FOOTAGE[1:]}, "its content is not what it was"),
        ({"modified": WHEN + timedelta(seconds=1)}, "it was changed at 2026-11-24T09:30:15"),
        ({"name": "Z.MP4"}, "it is not there any more"),
    ],
)
def test_a_file_that_is_not_as_it_was_listed_stays(changed, reason, missing):
    with recorder_on_the_bus(Faults(mtp_operations_missing=missing)) as (virtual, recorder):
        wanted = listed(recorder)["DCIM/A.MP4"]
        virtual.change("DCIM/A.MP4", **changed)
        (removal,) = recorder.remove_files([wanted])

    assert removal.kept_because.startswith(reason)
    assert virtual.deleted == []


def test_a_file_that_changes_between_two_removals_stays():
    with recorder_on_the_bus() as (virtual, recorder):
        files = listed(recorder)
        removals = recorder.remove_files([files["DCIM/A.MP4"], files["DCIM/B.MP4"]])
        first = next(removals)
        virtual.change("DCIM/B.MP4", content=b"!" + FOOTAGE[1:])
        second = next(removals)

    assert first.kept_because is None
    assert second.kept_because == "its content is not what it was"


def test_a_file_that_is_gone_and_one_that_was_never_listed_are_named():
    with recorder_on_the_bus() as (virtual, recorder):
        files = listed(recorder)
        virtual.store.delete(virtual.item("DCIM/A.MP4"))
        removals = list(recorder.remove_files([files["DCIM/A.MP4"], replace(files["DCIM/B.MP4"], locator="0:0")]))

    assert [each.kept_because for each in removals] == ["it is not there any more", "this driver has not listed it"]
    assert virtual.deleted == []


def test_a_file_whose_fingerprint_is_not_known_stays():
    with recorder_on_the_bus() as (virtual, recorder):
        unread = next(each for each in recorder.list_files() if each.path == "DCIM/A.MP4")
        (removal,) = recorder.remove_files([unread])

    assert removal.kept_because == "its fingerprint is not known"
    assert virtual.deleted == []


def test_of_two_files_with_one_path_neither_is_removed():
    with recorder_on_the_bus() as (virtual, recorder):
        wanted = listed(recorder)["DCIM/A.MP4"]
        virtual.change("DCIM/B.MP4", name="A.MP4")
        (removal,) = recorder.remove_files([wanted])

    assert removal.kept_because == "several files have its path"
    assert virtual.deleted == []


def test_nothing_is_deleted_on_a_write_protected_recorder():
    with recorder_on_the_bus(Faults(write_protected=True)) as (virtual, recorder):
        (removal,) = recorder.remove_files([listed(recorder)["DCIM/A.MP4"]])

    assert removal.kept_because == "its storage allows no deleting"
    assert virtual.deleted == []


def test_a_recorder_that_cannot_delete_refuses_before_anything_is_sent():
    with recorder_on_the_bus(Faults(mtp_operations_missing=frozenset({0x100B}))) as (_, recorder):
        assert not recorder.capabilities.can_remove_files
        with pytest.raises(UnsupportedCommandError):
            recorder.remove_files([])


def test_files_of_an_earlier_opening_are_removed_under_their_new_handles():
    virtual = Recorder()
    with UsbipServer(virtual.device) as server:
        with open_mtp(server.address) as recorder:
            wanted = listed(recorder)["DCIM/A.MP4"]
        with open_mtp(server.address) as recorder:
            (removal,) = recorder.remove_files([wanted])
            left = paths_on(recorder)
    virtual.device.close()

    assert removal.kept_because is None
    assert left == {"note.txt", "DCIM/B.MP4", "DCIM/C.MP4", "DCIM/SUB/A.MP4"}


def test_a_pull_in_mid_removal_keeps_what_was_not_reached():
    with recorder_on_the_bus() as (virtual, recorder):
        files = listed(recorder)
        removals = recorder.remove_files([files["DCIM/A.MP4"], files["DCIM/B.MP4"]])
        assert next(removals).kept_because is None
        virtual.unplug()
        with pytest.raises(RecorderUnpluggedError):
            next(removals)

    assert len(virtual.deleted) == 1


@pytest.mark.parametrize(
    ("code", "reason"), [(0x200D, "object write protected"), (0x200E, "store read only"), (0x2002, "general error"), (0x2012, "partial deletion")]
)
def test_what_the_recorder_refuses_to_delete_stays_with_its_reason(code, reason):
    with recorder_on_the_bus() as (virtual, recorder):
        wanted = listed(recorder)["DCIM/A.MP4"]
        responder = virtual.device._pipe._responder
        refusal = responder.run(0xFFFF, ())
        responder._operations[0x100B] = lambda _: replace(refusal, code=code)
        (removal,) = recorder.remove_files([wanted])

    assert reason in removal.kept_because
    assert f"{code:#06x}" in removal.kept_because


def test_a_delete_without_an_answer_is_an_error_and_is_not_sent_again():
    with recorder_on_the_bus() as (virtual, recorder):
        wanted = listed(recorder)["DCIM/A.MP4"]
        pipe, sent = virtual.device._pipe, []
        take = pipe.take

        def deaf(data):
            is_delete = struct.unpack_from("<H", data, 6)[0] == 0x100B
            sent.extend([data] if is_delete else [])
            if not is_delete:
                take(data)

        pipe.take = deaf
        recorder._session._patience = replace(recorder._session._patience, long_answer_s=0.2)
        with pytest.raises(RecorderError):
            list(recorder.remove_files([wanted]))

    assert len(sent) == 1


def test_a_strangers_recorder_gives_up_a_file_and_a_protected_one_does_not():
    files = {"DCIM/A.MP4": FOOTAGE, "DCIM/B.MP4": FOOTAGE}
    for read_only, left in ((False, {"DCIM/B.MP4"}), (True, {"DCIM/A.MP4", "DCIM/B.MP4"})):
        store = DictStore(files, read_only=read_only)
        with foreign_mtp(store) as address, open_mtp(address) as recorder:
            (removal,) = recorder.remove_files([listed(recorder)["DCIM/A.MP4"]])

        assert (removal.kept_because is None) == (not read_only)
        assert set(store.files) == left
