"""FAT and exFAT volumes, and what the child process that parses them says to the dock."""

import json
import os
import struct
import time

from device_drivers.errors import FileRemovalError, FileSystemReaderError, ListingIncompleteError, MalformedReplyError
from device_drivers.simulated.exfat import ExfatVolume
from device_drivers.simulated.fat32 import Fat32Volume
from device_drivers.simulated.fat32_entries import ARCHIVE, DIRECTORY, named_entry
from device_drivers.simulated.footage import CardFile, Folder
from device_drivers.transports.file_removal.request import decode_answer, decode_request
from device_drivers.transports.filesystem_child.answers import read_runs, read_volumes
from device_drivers.transports.filesystem_child.child import _decode
from device_drivers.transports.filesystem_child.exfat_directory import parse_exfat_directory
from device_drivers.transports.filesystem_child.fat_directory import parse_fat_directory
from device_drivers.transports.filesystem_child.file_system import FileSystem
from device_drivers.transports.filesystem_child.layout import BOOT_BYTES, parse_boot_sector, parse_fat32_info
from device_drivers.transports.filesystem_child.volume import DiskView, Place, Volume, find_volumes
from device_drivers.transports.filesystem_child.wire import HEADER, Frame, PipeEnd
from tests.fuzz.target import Target, joined, records
from tests.integration.device_drivers.media import WHEN

_MOST_PAGES = 64
"""What a walk looks at; a dock goes further, within the bounds of a listing."""


class _PlainVolume(Volume):
    """A volume whose chains are followed by this project's own code alone."""

    def __init__(self, disk: DiskView, offset: int) -> None:
        self.offset, self._disk, self._file_system = offset, disk, None
        self.layout = parse_boot_sector(disk.read_bytes(offset, BOOT_BYTES)).within(disk.get_size() - offset)


def _walk(volume: Volume) -> int:
    """List a volume as the program does: every directory, page by page, and where each file lies."""
    waiting, seen, pages = [volume.root()], set(), 0
    volume.free_bytes()
    while waiting and pages < _MOST_PAGES:
        place, position, ended = waiting.pop(), 0, False
        while not ended and pages < _MOST_PAGES:
            parsed, numbers = volume.read_directory(place, position)
            pages, position, ended = pages + 1, position + parsed.consumed, parsed.ended
            for entry, number in zip(parsed.entries, numbers, strict=True):
                at = Place(number, entry.first_cluster, entry.valid_bytes, entry.is_contiguous)
                held = sum(length for _, length in volume.runs(at))
                assert volume._file_system is not None or held < entry.valid_bytes + volume.layout.cluster_bytes
                if entry.is_directory and entry.first_cluster not in seen:
                    seen.add(entry.first_cluster)
                    waiting.append(at)
    return pages


def _image(data: bytes) -> object:
    return _walk(_PlainVolume(_view(len(data), lambda offset, length: data[offset : offset + length]), 0))


class _Patched:
    """A card of which an input changes single places: records of an offset in four bytes and what is written there."""

    def __init__(self, card: Fat32Volume | ExfatVolume) -> None:
        self._card = card
        self._blocks: dict[tuple[int, int], bytes] = {}

    def view(self, data: bytes) -> DiskView:
        patches = [(struct.unpack_from("<I", each)[0] % self._card.used_bytes, each[4:]) for each in records(data)[:32] if len(each) > 4]

        def read(offset: int, length: int) -> bytes:
            if offset >= self._card.used_bytes:
                return bytes(length)
            if (offset, length) not in self._blocks:
                self._blocks[offset, length] = self._card.read(offset, length)
            block = bytearray(self._blocks[offset, length])
            for start, written in patches:
                begin, end = max(start, offset), min(start + len(written), offset + length)
                if begin < end:
                    block[begin - offset : end - offset] = written[begin - start : end - start]
            return bytes(block)

        return _view(self._card.size_bytes, read)


def _view(size_bytes: int, read) -> DiskView:
    return DiskView(size_bytes, read)


def _directories(data: bytes) -> object:
    for parse in (parse_fat_directory, parse_exfat_directory):
        parsed = parse(data)
        assert 0 <= parsed.consumed <= len(data)
    return parsed


def _boot_sector(data: bytes) -> object:
    layout = parse_boot_sector(data)
    return parse_fat32_info(data[::-1], layout), layout.within(1 << 40)


class _SpokenDisk:
    """A disk of one MiB of zeros."""

    title, size_bytes = "disk", 1024**2

    def read_at(self, offset: int, buffer: memoryview) -> int:
        return max(0, min(len(buffer), self.size_bytes - offset))

    def close(self) -> None:
        """It is nothing."""


class _Child:
    """A program that says one record after the other, whatever it is asked."""

    def __init__(self, replies: list[bytes]) -> None:
        self._replies = iter(replies)

    def open(self):
        return self.ask("open")

    def ask(self, call: str, **_: object):
        del call
        try:
            return _decode(next(self._replies))
        except StopIteration:
            raise FileSystemReaderError("it died") from None

    def close(self) -> None:
        """It is nothing."""


def _child_answers(data: bytes) -> object:
    files = FileSystem.__new__(FileSystem)
    files._disk, files._child = _SpokenDisk(), _Child(records(data))
    files.volumes, files._unreadable = read_volumes(files._child.open())
    listed = list(files.list_files())
    for file in listed[:2]:
        with files.open_file(file) as content:
            content.readinto(memoryview(bytearray(4_096)))
    return listed


def _runs(data: bytes) -> object:
    runs, _ = read_runs(_decode(data), first=0, disk_bytes=1024**2)
    assert all(start >= 0 and start + length <= max(start, 1024**2) for start, length in runs)
    return runs


def _frames(data: bytes) -> object:
    incoming, feeding = os.pipe()
    outgoing, reading = os.pipe()
    try:
        os.write(feeding, data)
        os.close(feeding)
        pipe = PipeEnd(incoming, reading)
        return [pipe.receive(deadline=time.monotonic() + 1) for _ in range(3)]
    finally:
        for descriptor in (incoming, outgoing, reading):
            os.close(descriptor)


def _small_fat_image() -> bytes:
    """A whole FAT12 volume in 8 KiB: a file with a long name, and a folder with another."""
    boot = struct.pack(
        "<3s8sHBHBHHBHHHIIBBBI11s8s",
        b"\xeb\x3c\x90",
        b"BODYCAM ",
        512,
        1,
        1,
        1,
        16,
        16,
        0xF8,
        1,
        1,
        1,
        0,
        0,
        0x80,
        0,
        0x29,
        7,
        b"CARD       ",
        b"FAT12   ",
    )
    table = bytes.fromhex("f8ffff 034000 ffffff ffff00".replace(" ", "")).ljust(512, b"\0")
    root = named_entry("20261124_112905.MP4", 1, 1_100, attributes=ARCHIVE, first_cluster=2, modified=WHEN)
    root += named_entry("EVENT", 2, 0, attributes=DIRECTORY, first_cluster=5, modified=WHEN)
    inside = named_entry("执法.mp4", 1, 0, attributes=ARCHIVE, first_cluster=0, modified=WHEN)
    return (
        boot.ljust(510, b"\0")
        + b"\x55\xaa"
        + table
        + root.ljust(512, b"\0")
        + b"footage".ljust(1_536, b".")
        + inside.ljust(512, b"\0")
        + bytes(4_608)
    )


def _card() -> Folder:
    return Folder(
        files=[CardFile("A.MP4", 70_000, WHEN, b"a" * 70_000)],
        folders=[Folder("EVENT", files=[CardFile("执法记录 \ud83d.mp4", 5, WHEN, b"bytes")])],
    )


def _answer(value: object) -> bytes:
    return json.dumps(value).encode()


_FAT32 = _Patched(Fat32Volume(_card(), volume_id=0x12AB34CD))
_EXFAT = _Patched(ExfatVolume(_card(), volume_id=0x12AB34CD))
_PLACES = (11, 36, 44, 0x4000, 0x4008, 82_944, 65_600, 65_704, 4_194_304)
_CHANGES = joined(*(struct.pack("<I", place) + b"\x02\0\0\0" for place in _PLACES))
_ENTRY = {"name": "A.MP4", "raw": "QQAuAE0AUAA0AA==", "is_directory": False, "size_bytes": 5, "valid_bytes": 5, "entry": 7, "first_cluster": 3}
_ENTRY |= {"is_contiguous": True, "modified": "2026-11-24T11:29:05+08:00", "created": None, "attributes": "A"}
_OPENED = {"volumes": [{"kind": "FAT32", "volume_id": "12ab34cd", "label": "CARD", "offset_bytes": 0, "free_bytes": 1}], "unreadable": []}
_PAGE = {"entries": [_ENTRY, _ENTRY | {"name": "EVENT", "is_directory": True}], "next": None, "label": None, "damage": None}
_LAST = _PAGE | {"entries": [], "damage": None}
_SAID = joined(_answer(_OPENED), _answer(_PAGE), _answer(_LAST), _answer({"runs": [[512, 5]], "total": 1}))
_FRAMES = b"".join(HEADER.pack(kind, 12) + bytes(12) for kind in (Frame.READ, Frame.ANSWER, Frame.FAULT))
_REMOVAL = {"port": "1-2.3", "interface_number": 0, "unit": 0, "offset_bytes": 0, "volume_id": "12ab34cd"}
_REMOVAL["files"] = [{"path": "A.MP4", "path_raw_base64": "QQ==", "size_bytes": 5, "modified": None, "fingerprint": "ab" * 32}]
_ENDS = (b'{"end": "done", "reason": ""}', b'{"file": 1, "kept_because": null}')
_READABLE = (MalformedReplyError, OSError, MemoryError)
"""What the program answers as a fault; ``OSError`` is an unreadable stretch, ``MemoryError`` its own limit."""

TARGETS = (
    Target(
        "boot-sector",
        _boot_sector,
        (MalformedReplyError,),
        (_small_fat_image()[:512], _FAT32.view(b"").read_bytes(0, 512), _EXFAT.view(b"").read_bytes(0, 512)),
        512,
    ),
    Target("directories", _directories, (), (_small_fat_image()[1_024:1_536], _FAT32.view(b"").read_bytes(0x81000, 512)), 8_192),
    Target("fat12-image", _image, (MalformedReplyError, OSError), (_small_fat_image(),), 8_192),
    Target("fat32-card", lambda data: _walk(_PlainVolume(_FAT32.view(data), 0)), (MalformedReplyError, OSError), (b"",), 1_024),
    Target("exfat-card", lambda data: _walk(_PlainVolume(_EXFAT.view(data), 0)), (MalformedReplyError, OSError), (b"",), 1_024),
    Target("filesystem-answers", _child_answers, (FileSystemReaderError, ListingIncompleteError), (_SAID,)),
    Target("filesystem-runs", _runs, (FileSystemReaderError,), (b'{"runs": [[512, 5], [4096, 100]], "total": 2}',)),
    Target("filesystem-frames", _frames, (FileSystemReaderError,), (_FRAMES,), 16_384),
    Target("removal-request", decode_request, (FileRemovalError,), (_answer(_REMOVAL),)),
    Target("removal-answer", decode_answer, (FileRemovalError,), _ENDS),
)


def _sleuth_kit(view: DiskView) -> int:
    return sum(_walk(each) for each in find_volumes(view) if isinstance(each, Volume))


CONFINED_TARGETS = (
    Target(
        "sleuth-kit-fat12",
        lambda data: _sleuth_kit(_view(len(data), lambda at, length: data[at : at + length])),
        _READABLE,
        (_small_fat_image(),),
        8_192,
    ),
    Target("sleuth-kit-fat32", lambda data: _sleuth_kit(_FAT32.view(data)), _READABLE, (b"", _CHANGES), 1_024),
    Target("sleuth-kit-exfat", lambda data: _sleuth_kit(_EXFAT.view(data)), _READABLE, (b"", _CHANGES), 1_024),
)
"""Parsers in C, which the product runs in a child process without rights; a crash would end a whole test run, so only ``make fuzz`` has them."""
