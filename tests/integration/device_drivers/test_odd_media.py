"""Cards that break the rules: every file on them is still evidence."""

import base64
import os
import random
import signal
import struct
import time
from pathlib import Path

import pytest

from device_drivers.errors import FileSystemReaderError, ListingIncompleteError
from device_drivers.families.mass_storage import FAMILY
from device_drivers.registry import open_image
from device_drivers.simulated.footage import CardFile
from device_drivers.transports.disk import ImageDisk
from device_drivers.transports.filesystem_child import FileSystem
from device_drivers.transports.filesystem_child.child import FileSystemChild
from tests.integration.device_drivers.media import WHEN, ExfatImage, card, make_fat_image, write_card
from tests.integration.device_drivers.peers import list_as_far_as_possible, read_whole

ODD_NAMES = [
    "..\\..\\etc\\passwd",
    "..",
    "line\nbreak.mp4",
    "\ud83d lone surrogate.mp4",
    "\u202egnp.exe",
    "执法记录仪.MP4",
    "a" * 255,
    "CON",
    " leading and trailing. ",
]


@pytest.fixture
def fat(tmp_path):
    """A 64 MiB FAT32 image with one file, and where its entry and tables are."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "A.MP4").write_bytes(random.Random(9).randbytes(100_000))
    image = make_fat_image(tmp_path / "card.img", source)
    return PatchedFat(image)


class PatchedFat:
    def __init__(self, path):
        self.path = path
        self.content = random.Random(9).randbytes(100_000)
        boot = path.read_bytes()[:512]
        reserved, fats = struct.unpack_from("<HB", boot, 14)
        (fat_sectors,) = struct.unpack_from("<I", boot, 36)
        self.cluster_bytes = boot[13] * 512
        self.fat = reserved * 512
        self.root = (reserved + fats * fat_sectors) * 512
        self.entry = self.root + 32  # after the label
        assert path.read_bytes()[self.entry : self.entry + 11] == b"A       MP4"
        self.first = struct.unpack_from("<H", path.read_bytes(), self.entry + 26)[0]

    def patch(self, offset, data):
        with self.path.open("r+b") as image:
            image.seek(offset)
            image.write(data)

    def link(self, cluster, value):
        self.patch(self.fat + 4 * cluster, struct.pack("<I", value))

    def read(self):
        with open_image(self.path, families=[FAMILY]) as recorder:
            (file,) = recorder.list_files()
            return file, read_whole(recorder, file)


@pytest.mark.parametrize("kind", ["fat32", "exfat"])
def test_odd_names_come_out_readable_and_verbatim(tmp_path, kind):
    contents = {name: f"content of {index}".encode() for index, name in enumerate(ODD_NAMES)}
    if kind == "fat32":
        root = card({})
        root.files.extend(CardFile(name, len(data), WHEN, data) for name, data in contents.items())
        image = write_card(tmp_path / "card.img", root)
    else:
        exfat = ExfatImage(tmp_path / "card.img")
        for name, data in contents.items():
            exfat.add_file(exfat.root, name, data)
        image = exfat.close(check=False)

    with open_image(image, families=[FAMILY]) as recorder:
        files = list(recorder.list_files())
        read = {base64.b64decode(file.path_raw_base64): read_whole(recorder, file) for file in files}

    assert read == {name.encode("utf-16-le", "surrogatepass"): data for name, data in contents.items()}
    assert {file.path for file in files} >= {
        "..\\x5c..\\x5cetc\\x5cpasswd",
        "\\x2e\\x2e",
        "line\\x0abreak.mp4",
        "\\ud83d lone surrogate.mp4",
        "\\u202egnp.exe",
        "执法记录仪.MP4",
    }


def test_two_files_with_the_same_name_are_two_files(tmp_path):
    root = card({"DCIM/A.MP4": b"first"})
    root.folders[0].files.append(CardFile("A.MP4", 6, WHEN, b"second"))
    image = write_card(tmp_path / "card.img", root)

    with open_image(image, families=[FAMILY]) as recorder:
        files = list(recorder.list_files())
        assert [(file.path, read_whole(recorder, file)) for file in files] == [("DCIM/A.MP4", b"first"), ("DCIM/A.MP4", b"second")]


@pytest.mark.parametrize(
    ("stored", "path"),
    [
        ("执法".encode("gbk").ljust(8) + b"MP4", "执法.MP4"),
        (b"\x05\xffC     MP4", "\\xe5\\xffC.MP4"),
        (b"A\nB     MP4", "A\\x0aB.MP4"),
        (b"../A    MP4", "..\\x2fA.MP4"),
        (b"\xff\xfe\x81     MP4", "\\xff\\xfe\\x81.MP4"),
    ],
)
def test_short_names_are_read_whatever_their_bytes(fat, stored, path):
    fat.patch(fat.entry, stored[:11])

    file, content = fat.read()

    assert file.path == path
    assert base64.b64decode(file.path_raw_base64) == stored[:8].rstrip(b" ") + b"." + stored[8:11].rstrip(b" ")
    assert content == fat.content


@pytest.mark.parametrize("announced", [100_001, 101_000, 2**20, 2**31, 2**32 - 1])
def test_a_size_beyond_the_chain_ends_where_the_chain_ends(fat, announced):
    fat.patch(fat.entry + 28, struct.pack("<I", announced))

    file, content = fat.read()

    held = -(-100_000 // fat.cluster_bytes) * fat.cluster_bytes
    assert file.size_bytes == announced
    assert len(content) == min(announced, held)
    assert content[:100_000] == fat.content


@pytest.mark.parametrize("end", [0, 1, 0x0FFFFFF7, 0x0FFFFFFF, 0x0FFFFFEF, "loop", "self"])
def test_a_chain_that_breaks_gives_what_comes_before(fat, end):
    at = fat.first + 9
    fat.link(at, {"loop": fat.first + 3, "self": at}.get(end, end))

    _, content = fat.read()

    assert content == fat.content[: 10 * fat.cluster_bytes]


def test_a_file_that_leaves_an_image_cut_short_ends_there_and_not_further_on(fat):
    fat.link(fat.first + 9, 60_000)
    fat.link(60_000, fat.first + 10)
    os.truncate(fat.path, 16 * 1024**2)

    _, content = fat.read()

    assert content == fat.content[: 10 * fat.cluster_bytes]


def test_a_file_in_thousands_of_pieces_is_put_together_in_order(fat):
    count = 9_000
    order = list(range(2_000, 2_000 + count))
    random.Random(4).shuffle(order)
    with fat.path.open("r+b") as image:
        for index, (cluster, following) in enumerate(zip(order, [*order[1:], 0x0FFFFFFF], strict=True)):
            image.seek(fat.fat + 4 * cluster)
            image.write(struct.pack("<I", following))
            image.seek(fat.root + (cluster - 2) * fat.cluster_bytes)
            image.write(struct.pack("<I", index))
    fat.patch(fat.entry + 20, struct.pack("<H", order[0] >> 16))
    fat.patch(fat.entry + 26, struct.pack("<HI", order[0] & 0xFFFF, count * fat.cluster_bytes))

    _, content = fat.read()

    assert [struct.unpack_from("<I", content, at)[0] for at in range(0, len(content), fat.cluster_bytes)] == list(range(count))


def test_a_file_whose_chain_begins_nowhere_is_listed_and_empty(fat):
    fat.patch(fat.entry + 20, struct.pack("<H", 0xFFF))

    file, content = fat.read()

    assert (file.size_bytes, content) == (100_000, b"")


def test_a_directory_that_contains_itself_is_read_once_and_named(tmp_path):
    root = card({"DCIM/A.MP4": b"a", "DCIM/loop/B.MP4": b"b"})
    image = write_card(tmp_path / "card.img", root)
    with image.open("rb") as source:
        data = source.read(4 * 1024**2)
    dcim, loop = (struct.unpack_from("<H", data, data.index(mark) + 26)[0] for mark in (b"F0000000   \x10", b"F0000000   \x10"))
    assert dcim == loop == 3
    at = data.index(b"F0000000   \x10", data.index(b".          \x10"))
    with image.open("r+b") as patched:
        patched.seek(at + 26)
        patched.write(struct.pack("<H", dcim))

    with open_image(image, families=[FAMILY]) as recorder:
        files, error = list_as_far_as_possible(recorder)

    assert [file.path for file in files] == ["DCIM/A.MP4"]
    assert isinstance(error, ListingIncompleteError)
    assert error.missing == ("DCIM/loop: it leads back to a directory already read",)


def test_a_broken_set_of_exfat_entries_is_named_and_the_others_are_listed(tmp_path):
    exfat = ExfatImage(tmp_path / "card.img")
    exfat.add_file(exfat.root, "A.MP4", b"a")
    exfat.add_file(exfat.root, "B.MP4", b"b")
    image = exfat.close()
    data = image.read_bytes()
    with image.open("r+b") as patched:
        patched.seek(data.index("A.MP4".encode("utf-16-le")) - 34)  # its stream entry
        patched.write(b"\x40")

    with open_image(image, families=[FAMILY]) as recorder:
        files, error = list_as_far_as_possible(recorder)

    assert [file.path for file in files] == ["B.MP4"]
    assert isinstance(error, ListingIncompleteError)


@pytest.mark.parametrize("seed", range(12))
def test_a_card_of_noise_ends_in_files_or_clear_errors(fat, seed):
    generator = random.Random(seed)
    for _ in range(40):
        fat.patch(fat.root + generator.randrange(4_096), generator.randbytes(generator.randrange(1, 64)))

    with open_image(fat.path, families=[FAMILY]) as recorder:
        files, error = list_as_far_as_possible(recorder)
        for file in files[:20]:
            with recorder.open_file(file) as reader:
                reader.readinto(memoryview(bytearray(100_000)))

    assert error is None or isinstance(error, ListingIncompleteError)


def test_the_reader_can_open_nothing_and_is_nobody(fat):
    child = FileSystemChild(ImageDisk(fat.path))
    child.open()
    process = Path(f"/proc/{child._process.pid}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    limits = (process / "limits").read_text()
    descriptors = sorted(path.name for path in (process / "fd").iterdir())
    child.close()
    child._disk.close()

    assert descriptors == ["0", "1", "2"]
    assert "Max open files            3                    3" in limits
    assert os.geteuid() != 0 or status["Uid"].split() == ["65534"] * 4


def test_a_killed_reader_is_started_again_a_few_times_at_most(fat):
    system = FileSystem(ImageDisk(fat.path))
    outcomes = []
    for _ in range(6):
        if system._child._process is not None:
            os.kill(system._child._process.pid, signal.SIGKILL)
        files, error = list_as_far_as_possible(system)
        outcomes.append((len(files), type(error)))
        files, error = list_as_far_as_possible(system)
        outcomes.append((len(files), type(error)))
    system.close()

    assert outcomes[:6] == [(0, ListingIncompleteError), (1, type(None))] * 3
    assert outcomes[6:] == [(0, ListingIncompleteError)] * 6


def test_a_hung_reader_is_given_up_in_time(fat):
    child = FileSystemChild(ImageDisk(fat.path), thinking_s=0.5)
    child.open()
    os.kill(child._process.pid, signal.SIGSTOP)

    before = time.monotonic()
    with pytest.raises(FileSystemReaderError, match="in time"):
        child.ask("directory", volume=0, place=None, position=0)

    assert time.monotonic() - before < 5
    assert child.ask("directory", volume=0, place=None, position=0)["entries"]
    child.close()
    child._disk.close()
