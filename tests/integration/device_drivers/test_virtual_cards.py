"""What a disk driver meets on virtual cards of both file systems: right bytes or a clear failure, and nothing that hangs."""

import base64
import hashlib
import random
import struct
import time

import pytest

from device_drivers.errors import NoReadableVolumeError, RecorderReadError, RecorderUnpluggedError, TransportTimeoutError
from device_drivers.families import ambarella, jieli, mass_storage
from device_drivers.registry import open_image
from device_drivers.simulated.exfat import ExfatVolume
from device_drivers.simulated.fat32 import Fat32Volume
from device_drivers.simulated.faults import Faults, UnreadableStretch
from device_drivers.simulated.footage import CardFile, Folder
from device_drivers.transports import bulk_only_scsi
from tests.integration.device_drivers.media import WHEN, card, run_tool, write_card
from tests.integration.device_drivers.peers import found_at, open_at, read_whole, simulated

FAMILIES = [ambarella.FAMILY, jieli.FAMILY, mass_storage.FAMILY]
FOOTAGE = random.Random(6).randbytes(6 * 1024**2)
STEP = 512 * 1024
VOLUMES = {"fat32": Fat32Volume, "exfat": ExfatVolume}


@pytest.fixture(params=VOLUMES)
def filesystem(request):
    return request.param


def plugged(filesystem, files, faults=Faults()):  # noqa: B008 - a frozen value
    root = files if isinstance(files, Folder) else card(files)
    return simulated(root, "mass-storage", faults=faults, filesystem=filesystem)


def open_disk(server):
    return open_at(server.address, families=FAMILIES)


def listed_at(recorder, path):
    (file,) = [file for file in recorder.list_files() if file.path == path]
    return file


def read_on(server, got):
    """Read the one film from where reading stopped, as far as the cable allows."""
    with open_disk(server) as recorder:
        buffer = memoryview(bytearray(256 * 1024))
        with recorder.open_file(listed_at(recorder, "DCIM/A.MP4"), len(got)) as reader:
            while count := reader.readinto(buffer):
                got += buffer[:count]


def test_a_pull_at_every_512_kib_loses_nothing(filesystem):
    pulls = tuple(STEP * number for number in range(1, 13))
    got = bytearray()
    unplugged = 0

    with plugged(filesystem, {"DCIM/A.MP4": FOOTAGE}, Faults(unplug_after_bytes=pulls, replug_after_s=0.0)) as (server, _):
        while len(got) < len(FOOTAGE):
            try:
                read_on(server, got)
            except RecorderUnpluggedError:
                unplugged += 1

    assert unplugged == 12
    assert hashlib.sha256(got).digest() == hashlib.sha256(FOOTAGE).digest()


def test_debians_tools_find_no_fault_with_a_virtual_exfat_card(tmp_path):
    many = {
        f"DCIM/{number:03}/{name}": bytes([number]) * size for number in range(40) for name, size in (("执法记录 a long name.mp4", 40_000), ("e", 0))
    }
    image = write_card(tmp_path / "card.img", card({**many, "exactly.bin": b"x" * 32_768}), volume_class=ExfatVolume)

    assert "directories 42, files 81" in run_tool("fsck.exfat", "-n", "-v", image)


def test_a_virtual_exfat_card_with_odd_names_gives_them_verbatim(tmp_path):
    names = ["..", "\ud83d lone.mp4", "line\nbreak", "a" * 255, "\u202egnp.exe", " x. "]
    image = write_card(tmp_path / "card.img", Folder(files=[CardFile(name, 1, WHEN, b"x") for name in names]), volume_class=ExfatVolume)

    with open_image(image, families=[mass_storage.FAMILY]) as recorder:
        raw = [base64.b64decode(file.path_raw_base64) for file in recorder.list_files()]

    assert raw == [name.encode("utf-16-le", "surrogatepass") for name in names]


def test_a_file_beyond_4_gib_is_read_on_both_sides_of_the_border(tmp_path):
    source = tmp_path / "large"
    size = 5 * 2**30 + 123
    with source.open("wb") as file:
        file.truncate(size)
        for at in range(0, size, 2**30):
            file.seek(at)
            file.write(struct.pack("<Q", at + 1))
    root = Folder(files=[CardFile("A.MP4", size, WHEN, source), CardFile("B.MP4", 3, WHEN, b"end")])

    with plugged("exfat", root) as (server, _), open_disk(server) as recorder:
        film = listed_at(recorder, "A.MP4")
        marks = []
        for at in range(0, size, 2**30):
            buffer = memoryview(bytearray(8))
            with recorder.open_file(film, at) as reader:
                reader.readinto(buffer)
            marks.append(struct.unpack("<Q", buffer)[0])

        assert film.size_bytes == size
        assert marks == [at + 1 for at in range(0, size, 2**30)]
        assert read_whole(recorder, listed_at(recorder, "B.MP4")) == b"end"


@pytest.mark.parametrize(("announced", "given"), [(2_500_000, 2_031_616), (2**32 - 1, 2_031_616), (1_999, 1_999), (0, 0)])
def test_a_size_that_lies_ends_cleanly_where_the_file_ends(filesystem, announced, given):
    content = FOOTAGE[:2_000_000]
    with (
        plugged(filesystem, {"A.MP4": content, "B.MP4": b"b" * 99}, Faults(sizes={"A.MP4": announced})) as (server, _),
        open_disk(server) as recorder,
    ):
        file = listed_at(recorder, "A.MP4")
        read = read_whole(recorder, file)

    assert file.size_bytes == announced
    assert read == content.ljust(2_031_616, b"\0")[:given]


def test_a_file_that_grows_gives_what_it_announced_and_more_the_next_time(filesystem):
    content = FOOTAGE[:1_000_000]
    faults = Faults(growing_files={"DCIM/A.MP4": (300_000, 700_000, 1_000_000)})
    read = []
    with plugged(filesystem, {"DCIM/A.MP4": content}, faults) as (server, _):
        for _ in range(4):
            with open_disk(server) as recorder:
                read.append(read_whole(recorder, listed_at(recorder, "DCIM/A.MP4")))

    assert read == [content[:size] for size in (300_000, 700_000, 1_000_000, 1_000_000)]


def test_an_entry_that_leads_nowhere_is_listed_and_gives_nothing(filesystem):
    faults = Faults(ghost_entries=("DCIM/GHOST.MP4", "TOP.MP4"))
    with plugged(filesystem, {"DCIM/A.MP4": b"a" * 99}, faults) as (server, _), open_disk(server) as recorder:
        files = {file.path: file for file in recorder.list_files()}

        assert set(files) == {"DCIM/A.MP4", "DCIM/GHOST.MP4", "TOP.MP4"}
        assert files["DCIM/GHOST.MP4"].size_bytes == 1_000_000
        assert [read_whole(recorder, files[path]) for path in ("DCIM/GHOST.MP4", "TOP.MP4", "DCIM/A.MP4")] == [b"", b"", b"a" * 99]


def test_a_clock_that_was_never_set_shows_in_every_file(filesystem):
    faults = Faults(clock="2000-01-01T00:00:00")
    with plugged(filesystem, {"DCIM/A.MP4": b"a"}, faults) as (server, _), open_disk(server) as recorder:
        (file,) = recorder.list_files()

    assert file.modified[:19] == "2000-01-01T00:00:00"


@pytest.mark.parametrize("protected", [True, False])
def test_a_card_says_whether_it_takes_writes(filesystem, protected):
    with plugged(filesystem, {"A.MP4": b"a"}, Faults(write_protected=protected)) as (server, _), open_disk(server) as recorder:
        assert recorder.read_status().is_write_protected is protected


def test_a_disk_without_a_card_is_refused_clearly(filesystem):
    with plugged(filesystem, {"A.MP4": b"a"}, Faults(no_card=True)) as (server, _), pytest.raises(NoReadableVolumeError, match="no medium"):
        open_disk(server)


def test_a_command_without_an_answer_ends_in_time_and_the_disk_goes_on(filesystem, monkeypatch):
    monkeypatch.setattr(bulk_only_scsi, "_TIMEOUT_S", 0.2)
    content, got, silences = FOOTAGE[:2_000_000], bytearray(), 0
    began = time.monotonic()
    with plugged(filesystem, {"DCIM/A.MP4": content}, Faults(hang_every=9)) as (server, _), open_disk(server) as recorder:
        file = listed_at(recorder, "DCIM/A.MP4")
        while len(got) < len(content):
            buffer = memoryview(bytearray(65_536))
            try:
                with recorder.open_file(file, len(got)) as reader:
                    got += buffer[: reader.readinto(buffer)]
            except TransportTimeoutError:
                silences += 1

    assert bytes(got) == content
    assert silences
    assert time.monotonic() - began < 10


def test_stalls_and_short_answers_are_overcome(filesystem):
    content = FOOTAGE[:2_000_000]
    with plugged(filesystem, {"DCIM/A.MP4": content}, Faults(stall_every=3, short_every=4)) as (server, _), open_disk(server) as recorder:
        assert read_whole(recorder, listed_at(recorder, "DCIM/A.MP4")) == content


def test_an_unreadable_stretch_is_a_read_error(filesystem):
    faults = Faults(unreadable=(UnreadableStretch("DCIM/A.MP4", 500_000, 512),))
    with (
        plugged(filesystem, {"DCIM/A.MP4": FOOTAGE[:1_000_000]}, faults) as (server, _),
        open_disk(server) as recorder,
        pytest.raises(RecorderReadError),
    ):
        read_whole(recorder, listed_at(recorder, "DCIM/A.MP4"))


def test_two_disks_with_one_serial_are_both_read(filesystem):
    with (
        plugged(filesystem, {"A.MP4": b"one"}) as (first, _),
        plugged(filesystem, {"A.MP4": b"two"}) as (second, _),
        open_disk(first) as one,
        open_disk(second) as two,
    ):
        assert one.identity() == two.identity()
        assert [read_whole(each, listed_at(each, "A.MP4")) for each in (one, two)] == [b"one", b"two"]


def test_a_novatek_is_matched_by_its_ids_and_caption_and_its_usb_serial_is_nobodys():
    with simulated(card({"DCIM/100MEDIA/A.MP4": b"a"}), "novatek") as (server, _):
        (found,) = found_at(server.address, families=FAMILIES)
        with found.open() as recorder:
            identity = recorder.identity()

    assert any(each.match.vendor_id == 0x0603 for each in found.candidates)
    assert (identity.usb_vendor_id, identity.usb_product_id, identity.serial) == (0x0603, 0x8611, "BWC7001")
    assert identity.usb_serial not in (None, identity.serial)
