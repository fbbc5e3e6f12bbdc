import os
import random
import struct
from pathlib import Path

import pytest

from device_drivers.errors import ListingIncompleteError, NoReadableVolumeError, UnsupportedRecorderError
from device_drivers.families.mass_storage import FAMILY
from device_drivers.registry import open_image
from tests.integration.device_drivers.media import ExfatImage, card, in_partition, make_fat_image, run_tool, write_card
from tests.integration.device_drivers.peers import list_as_far_as_possible, read_whole


@pytest.fixture
def footage(tmp_path):
    folder = tmp_path / "footage"
    (folder / "DCIM" / "100MEDIA").mkdir(parents=True)
    generator = random.Random(7)
    (folder / "DCIM" / "100MEDIA" / "A.MP4").write_bytes(generator.randbytes(1_234_567))
    (folder / "DCIM" / "执法 记录 0001.mov").write_bytes(generator.randbytes(70_000))
    (folder / "zero.avi").write_bytes(b"")
    return folder


def contents(recorder):
    return {file.path: read_whole(recorder, file) for file in recorder.list_files()}


def on_disk(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("bits", "mebibytes"), [(12, 4), (16, 32), (32, 64)])
def test_an_image_made_by_debians_tools_gives_every_byte(tmp_path, footage, bits, mebibytes):
    image = make_fat_image(tmp_path / "card.img", footage, bits=bits, size_bytes=mebibytes * 1024**2)

    with open_image(image, families=[FAMILY]) as recorder:
        assert contents(recorder) == on_disk(footage)
        assert (recorder.identity().volume_id, recorder.identity().volume_label) == ("1234abcd", "BODYCAM")


def test_a_volume_inside_a_partition_is_found(tmp_path, footage):
    disk = in_partition(tmp_path / "disk.img", make_fat_image(tmp_path / "card.img", footage))

    with open_image(disk, families=[FAMILY]) as recorder:
        assert contents(recorder) == on_disk(footage)


def test_a_partition_of_fat_type_that_holds_none_makes_the_listing_incomplete(tmp_path, footage):
    disk = in_partition(tmp_path / "disk.img", make_fat_image(tmp_path / "card.img", footage))
    with disk.open("r+b") as image:
        image.seek(446)
        image.write(struct.pack("<B3sB3sII", 0, bytes(3), 0x0B, bytes(3), 512, 1024))

    with open_image(disk, families=[FAMILY]) as recorder:
        files, error = list_as_far_as_possible(recorder)

    assert isinstance(error, ListingIncompleteError)
    assert "FAT32" in error.missing[0]
    assert {file.path for file in files} == set(on_disk(footage))


def test_deleted_files_are_not_listed(tmp_path, footage):
    image = make_fat_image(tmp_path / "card.img", footage)
    run_tool("mcopy", "-D", "o", "-i", image, footage / "zero.avi", "::/gone.avi")
    run_tool("mdel", "-i", image, "::/gone.avi")

    with open_image(image, families=[FAMILY]) as recorder:
        assert {file.path for file in recorder.list_files()} == set(on_disk(footage))


def test_our_virtual_card_is_a_volume_that_dosfstools_finds_no_fault_with(tmp_path):
    image = write_card(tmp_path / "card.img", card({"DCIM/A.MP4": b"a" * 100_000, "执法.mov": b"", "DCIM/sub/b": b"b"}))

    assert "error" not in run_tool("fsck.vfat", "-n", image).lower()
    assert run_tool("mcopy", "-i", image, "::/DCIM/A.MP4", "-") == "a" * 100_000


def test_an_exfat_image_gives_every_byte_and_times_with_their_offset(tmp_path):
    exfat = ExfatImage(tmp_path / "card.img")
    dcim = exfat.add_directory(exfat.root, "DCIM")
    exfat.add_file(dcim, "in one piece.mp4", b"1" * 100_000)
    exfat.add_file(dcim, "by chain 二.mp4", b"2" * 100_000, contiguous=False)
    exfat.add_file(exfat.root, "empty.mp4")
    image = exfat.close()

    with open_image(image, families=[FAMILY]) as recorder:
        files = {file.path: file for file in recorder.list_files()}
        assert contents(recorder) == {"DCIM/in one piece.mp4": b"1" * 100_000, "DCIM/by chain 二.mp4": b"2" * 100_000, "empty.mp4": b""}
        assert files["empty.mp4"].modified == "2026-11-24T09:30:14+08:00"
        assert files["empty.mp4"].created == "2026-11-24T09:30:15.500+08:00"
        assert (recorder.identity().volume_id, recorder.identity().volume_label) == (exfat.serial, "执法记录")


def test_a_file_beyond_4_gib_is_read_on_both_sides_of_the_border(tmp_path):
    exfat = ExfatImage(tmp_path / "card.img", 8 * 1024**3)
    exfat.add_file(exfat.root, "long.mp4", size=5 * 1024**3 + 7)
    image = exfat.close()

    with open_image(image, families=[FAMILY]) as recorder:
        (file,) = recorder.list_files()
        for at in (1024**3, 4 * 1024**3, 5 * 1024**3):
            buffer = memoryview(bytearray(8))
            with recorder.open_file(file, at - 8) as reader:
                assert reader.readinto(buffer) == 8
            assert struct.unpack("<Q", buffer)[0] == at
        with recorder.open_file(file, file.size_bytes - 3) as reader:
            assert reader.readinto(memoryview(bytearray(8))) == 3


def test_what_was_never_written_reads_as_zeros(tmp_path):
    exfat = ExfatImage(tmp_path / "card.img")
    exfat.add_file(exfat.root, "preallocated.mp4", b"x" * 200_000, valid=70_001)
    image = exfat.close(check=False)

    with open_image(image, families=[FAMILY]) as recorder:
        (file,) = recorder.list_files()
        assert read_whole(recorder, file, step=9_999) == b"x" * 70_001 + bytes(129_999)


def test_ten_thousand_files_are_listed_in_a_few_seconds(tmp_path):
    names = {f"DCIM/100MEDIA/BWC7_100234_20261124093015_{number:05}.MP4": b"" for number in range(10_000)}
    image = write_card(tmp_path / "card.img", card(names))

    with open_image(image, families=[FAMILY]) as recorder:
        assert {file.path for file in recorder.list_files()} == set(names)


@pytest.mark.parametrize("content", [b"", b"\0" * 1_000_000, random.Random(5).randbytes(300_000)])
def test_what_is_no_volume_is_refused_clearly(tmp_path, content):
    path = tmp_path / "no.img"
    path.write_bytes(content)

    with pytest.raises(NoReadableVolumeError):
        open_image(path, families=[FAMILY])


def test_an_image_that_is_not_there_is_refused_clearly(tmp_path):
    with pytest.raises(UnsupportedRecorderError, match="no such file"):
        open_image(tmp_path / "missing.img", families=[FAMILY])


def test_a_folder_or_pipe_is_no_image(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(UnsupportedRecorderError, match="neither an image"):
            open_image(path, families=[FAMILY])


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0 or not Path("/dev/loop-control").exists(), reason="loop devices are for root")
def test_a_block_device_is_read_like_an_image(tmp_path, footage):
    image = make_fat_image(tmp_path / "card.img", footage)
    device = run_tool("losetup", "--read-only", "--show", "--find", image).strip()
    try:
        with open_image(Path(device), families=[FAMILY]) as recorder:
            found = contents(recorder)
    finally:
        run_tool("losetup", "--detach", device)

    assert found == on_disk(footage)
