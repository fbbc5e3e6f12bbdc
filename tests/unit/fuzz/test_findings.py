"""The smallest inputs that once got something else than a typed error, or took unbounded time or memory."""

import errno
import itertools
import json
import struct
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import usb.core

from device_drivers.dock.answers import PartUrls
from device_drivers.errors import FileSystemReaderError, ListingIncompleteError, MalformedReplyError, ProfileError, UnsupportedRecorderError
from device_drivers.profile import parse_profile
from device_drivers.simulated.exfat import ExfatVolume
from device_drivers.simulated.footage import Folder
from device_drivers.transports import usbip_link
from device_drivers.transports.filesystem_child.answers import read_directory_page, read_runs, read_volumes
from device_drivers.transports.filesystem_child.cluster_chain import follow_chain
from device_drivers.transports.filesystem_child.fat_directory import parse_fat_directory
from device_drivers.transports.filesystem_child.file_system import FileSystem
from device_drivers.transports.filesystem_child.layout import VolumeLayout
from device_drivers.transports.filesystem_child.volume import DiskView, find_volumes
from device_drivers.transports.ptp.datasets import parse_numbers, parse_property_list
from device_drivers.transports.ptp.link import Patience, PtpLink
from device_drivers.transports.usb import UsbBus, UsbEndpoint
from device_drivers.transports.usbip_link import raise_status
from integrity import der
from integrity.errors import MalformedValueError
from integrity.listing import ClockReading
from integrity.plain import from_plain
from tests.fuzz.disk_volumes import _Child
from tests.fuzz.registry import TARGETS
from tests.fuzz.target import joined
from tests.fuzz.usb_transfers import _Bus, _Pipe

DEEP = b"[" * 60_000
DEVICE = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x200, 0, 0, 0, 64, 1, 1, 1, 0, 0, 0, 1)
ENTRY = {"name": "A", "raw": "QQ==", "size_bytes": 1, "valid_bytes": 1, "entry": 3, "first_cluster": 2, "attributes": "A"}
LARGE = VolumeLayout("exFAT", 512, 512, 0, 0, 0, 2**32 - 20, 2, 0, 2**41, "12ab34cd", None)


def configuration(*pieces, interfaces=1):
    body = b"".join(pieces)
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), interfaces, 1, 0, 0x80, 250) + body


def interface(number=0, setting=0, endpoints=0):
    return struct.pack("<BBBBBBBBB", 9, 4, number, setting, endpoints, 8, 6, 0x50, 0)


@pytest.mark.parametrize("raw", [[], [configuration(interface(endpoints=1))]], ids=["no configuration", "an endpoint too few"])
def test_a_device_whose_descriptors_contradict_themselves_is_left_out(raw):
    assert list(UsbBus(_Bus([DEVICE, *raw])).devices()) == []


@pytest.mark.parametrize("pieces", [[interface(number % 250) for number in range(7_000)], [interface(0, number % 250) for number in range(7_000)]])
def test_thousands_of_interfaces_are_read_in_linear_time(pieces):
    before = time.process_time()

    list(UsbBus(_Bus([DEVICE, configuration(*pieces, interfaces=250)])).devices())

    assert time.process_time() - before < 3  # 60 s when each one had all descriptors split again


@pytest.mark.parametrize("code", [2**31, 0, -5])
def test_a_usbip_status_that_is_no_error_number_is_an_error_all_the_same(code):
    with pytest.raises(OSError, match="Input/output"):
        raise_status(code)


def test_a_still_image_interface_whose_packets_to_the_device_have_no_size_is_not_spoken_to():
    device = _Pipe(b"", (6, 1, 1))
    device.interface = replace(device.interface, endpoints=(UsbEndpoint(0x81, 2, 512), UsbEndpoint(0x02, 2, 0)))

    with pytest.raises(UnsupportedRecorderError):
        PtpLink(device, Patience())


def test_a_usbip_server_that_talks_all_the_time_and_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(usbip_link, "time", SimpleNamespace(monotonic=itertools.count().__next__))

    with pytest.raises(usb.core.USBError) as caught:
        TARGETS["usbip-transfers"].run(struct.pack(">IIIIIiiiii8x", 4, *bytes(9)) * 1_000)

    assert caught.value.errno == errno.ENODEV
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_more_objects_than_any_listing_takes_are_refused_before_they_are_counted():
    with pytest.raises(MalformedReplyError, match="400001 elements"):
        parse_numbers("handles", struct.pack("<I", 400_001) + bytes(4 * 400_001))
    with pytest.raises(MalformedReplyError, match="400001 elements"):
        parse_property_list(struct.pack("<I", 400_001) + bytes(9 * 400_001), 0)


def test_a_profile_nested_too_deep_is_refused():
    with pytest.raises(ProfileError):
        parse_profile(DEEP.decode())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("dock-answers", b"\0" + DEEP),
        ("dock-refusals", DEEP),
        ("spool-records", joined(DEEP)),
        ("filesystem-answers", joined(DEEP)),
        ("filesystem-runs", DEEP),
    ],
)
def test_json_nested_too_deep_is_a_typed_error(name, data):
    TARGETS[name].attempt(data)


def test_an_outcome_in_the_spool_that_is_none_is_damage():
    record, facts = TARGETS["spool-records"].seeds[0], b"lost"

    TARGETS["spool-records"].attempt(record[: record.rindex(b"finished") - 2] + joined(facts))


def test_an_address_for_a_part_that_is_no_text_is_refused():
    with pytest.raises(MalformedValueError):
        from_plain(PartUrls, {"urls": {"1": 5}})


def test_a_whole_number_that_no_double_holds_is_refused():
    reading = {"recorder_time": "2026-11-24T11:29:05", "dock_time": "2026-11-24T03:29:05.000000Z", "uncertainty_s": 0.5}

    with pytest.raises(MalformedValueError):
        from_plain(ClockReading, reading | {"offset_s": 10**400})


@pytest.mark.parametrize("changes", [{"raw": "é"}, {"name": "a\0b"}, {"name": "x" * 5_000}, {"attributes": 1}])
def test_an_entry_of_the_reader_that_cannot_be_attested_is_refused(changes):
    with pytest.raises(FileSystemReaderError):
        read_directory_page({"entries": [ENTRY | changes], "next": None}, 0)


@pytest.mark.parametrize("answer", [{"entries": [1]}, {"entries": [None]}])
def test_an_entry_of_the_reader_without_members_is_refused(answer):
    with pytest.raises(FileSystemReaderError):
        read_directory_page(answer, 0)


def test_a_volume_of_the_reader_without_members_is_refused():
    with pytest.raises(FileSystemReaderError):
        read_volumes({"volumes": [0], "unreadable": []})


@pytest.mark.parametrize("pair", [[0, 0], [True, 1]])
def test_stretches_of_nothing_are_refused_because_they_never_end(pair):
    with pytest.raises(FileSystemReaderError):
        read_runs({"runs": [pair], "total": 2**63}, first=0, disk_bytes=512)


@pytest.mark.parametrize("following", [1, 131_071 - 65_536, 2**63])
def test_a_reader_that_gives_a_directory_in_endless_small_pages_is_not_asked_on(following):
    pages = iter([{"entries": [], "next": None if following is None else following}])
    files = FileSystem.__new__(FileSystem)
    files._child = _Child([json.dumps({"volumes": [{"kind": "FAT32", "volume_id": "1", "offset_bytes": 0}], "unreadable": []}).encode()])
    files.volumes, files._unreadable = read_volumes(files._child.open())
    files._child = _Child([json.dumps(page).encode() for page in pages])

    with pytest.raises(ListingIncompleteError, match="does not end"):
        list(files.list_files())


def test_a_file_whose_time_cannot_be_attested_is_named_as_missing():
    page = json.dumps({"entries": [ENTRY | {"modified": "yesterday"}], "next": None}).encode()
    files = FileSystem.__new__(FileSystem)
    files._child, files._unreadable = _Child([page]), ()
    files.volumes, _ = read_volumes({"volumes": [{"kind": "FAT32", "volume_id": "1", "offset_bytes": 0}], "unreadable": []})

    with pytest.raises(ListingIncompleteError, match="modified"):
        list(files.list_files())


def test_a_contiguous_file_of_four_thousand_million_clusters_takes_no_time():
    before = time.process_time()

    (run,) = follow_chain(LARGE, 2, 2**63, lambda _offset, _length: b"", is_contiguous=True)

    assert run == (0, (2**32 - 20) * 512)
    assert time.process_time() - before < 1  # half an hour when each cluster was counted


def test_a_boot_sector_claims_no_more_clusters_than_the_disk_has():
    assert LARGE.within(10 * 512 + 1).cluster_count == 11
    assert LARGE.within(0).cluster_count == 0
    assert LARGE.within(2**60) == LARGE


def test_an_exfat_card_that_has_lost_its_bitmap_is_not_read_whole_to_look_for_it():
    card, asked = ExfatVolume(Folder(), volume_id=1), []

    def read(offset, length):
        asked.append(length)
        return card.read(offset, length).replace(b"\x81" + bytes(19), bytes(20))

    (found,) = find_volumes(DiskView(card.size_bytes, read))

    assert found.read_directory(found.root(), 0)[0].label == "BODYCAM"
    assert sum(asked) < 70 * 1024**2 < card.size_bytes


def test_a_directory_that_begins_with_orphaned_pieces_of_names_is_read_on():
    orphans = b"\x41" + b"a" * 10 + b"\x0f" + bytes(20)

    parsed = parse_fat_directory(orphans * 4_096)

    assert not parsed.ended
    assert parsed.consumed == 4_095 * 32


@pytest.mark.parametrize("content", [b"\x81" + b"\xff" * 60_000 + b"\x7f", b"\x2a" * 65])
def test_an_endless_object_identifier_is_refused(content):
    with pytest.raises(MalformedValueError):
        der.DerValue(der.OBJECT_IDENTIFIER, content, b"").as_object_identifier()
