"""The volumes of a disk, through The Sleuth Kit. Runs in the child process only."""

from __future__ import annotations

import errno
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytsk3

from device_drivers.errors import MalformedReplyError
from device_drivers.transports.filesystem_child.cluster_chain import follow_chain
from device_drivers.transports.filesystem_child.directory_entry import ParsedDirectory
from device_drivers.transports.filesystem_child.exfat_directory import parse_exfat_directory
from device_drivers.transports.filesystem_child.fat_directory import parse_fat_directory
from device_drivers.transports.filesystem_child.layout import BOOT_BYTES, ENTRY_BYTES, VolumeLayout, parse_boot_sector, parse_fat32_info

Run = tuple[int, int]
"""A stretch of the disk: offset and length in bytes."""

_BLOCK_BYTES = 65_536
_CACHED_BLOCKS = 64
_OPENING_BYTES = 64 * 1024**2
"""Where an exFAT volume has lost the entry of its allocation bitmap, The Sleuth Kit would look for it through the whole card."""
_FIRST_ENTRY_NUMBER = 3
"""The Sleuth Kit numbers directory entries from here (its ``FATFS_FIRST_NORMINO``); 2 is the root directory."""
ROOT_ENTRY = 2
_WINDOW_BYTES = 131_072
_MAX_FAT_DIRECTORY_BYTES = 65_536 * ENTRY_BYTES
"""fatgen103: a directory holds at most 65,536 entries."""
_MAX_EXFAT_DIRECTORY_BYTES = 256 * 1024**2
"""exFAT specification, section 7.6.6."""


class DiskView(pytsk3.Img_Info):  # type: ignore[misc]  # pytsk3 carries no types
    """A disk for The Sleuth Kit whose bytes the dock reads for us; recently read blocks are kept."""

    def __init__(self, size_bytes: int, read: Callable[[int, int], bytes]) -> None:
        self._size_bytes, self._read = size_bytes, read
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._allowance_bytes: int | None = None
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def get_size(self) -> int:
        """Size of the disk in bytes (called by pytsk3)."""
        return self._size_bytes

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes (called by pytsk3, into which nothing may be raised); nothing where they cannot be read."""
        try:
            return self.read_bytes(offset, length)
        except OSError:
            return b""

    def read_bytes(self, offset: int, length: int) -> bytes:
        """Read bytes; less only at the disk's end.

        Raises:
            OSError: They cannot be read.
        """
        pieces = []
        end = min(offset + length, self._size_bytes)
        while offset < end:
            number, start = divmod(offset, _BLOCK_BYTES)
            piece = self._block(number)[start : start + end - offset]
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
        return b"".join(pieces)

    @contextmanager
    def reading_little(self) -> Iterator[None]:
        """Let no more than :data:`_OPENING_BYTES` be read of the disk meanwhile, but for what is at hand; what goes beyond cannot be read."""
        self._allowance_bytes = _OPENING_BYTES
        try:
            yield
        finally:
            self._allowance_bytes = None

    def _block(self, number: int) -> bytes:
        block = self._blocks.pop(number, None)
        if block is None:
            if self._allowance_bytes is not None:
                self._allowance_bytes -= _BLOCK_BYTES
                if self._allowance_bytes < 0:
                    raise OSError(errno.EFBIG, "more of the disk than opening a volume takes")
            block = self._read(number * _BLOCK_BYTES, min(_BLOCK_BYTES, self._size_bytes - number * _BLOCK_BYTES))
            while len(self._blocks) >= _CACHED_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks[number] = block
        return block


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file or directory lies on its volume, as its directory entry says.

    Attributes:
        entry: The Sleuth Kit's number of the entry.
        first_cluster: Where the content begins.
        length: How many bytes of it there are.
        is_contiguous: Whether it lies in one piece.
    """

    entry: int
    first_cluster: int
    length: int
    is_contiguous: bool


class Volume:
    """One FAT or exFAT volume of a disk."""

    def __init__(self, disk: DiskView, offset: int, layout: VolumeLayout) -> None:
        self.offset, self.layout = offset, layout.within(disk.get_size() - offset)
        self._disk = disk
        try:
            with disk.reading_little():
                self._file_system: Any = pytsk3.FS_Info(disk, offset=offset, type=_sleuth_type(layout))
        except OSError:  # its boot sector is sound, so chains can still be followed
            self._file_system = None

    def root(self) -> Place:
        """Give the place of the root directory."""
        limit = _MAX_EXFAT_DIRECTORY_BYTES if self.layout.is_exfat else _MAX_FAT_DIRECTORY_BYTES
        return Place(ROOT_ENTRY, self.layout.root_cluster, limit, is_contiguous=False)

    def free_bytes(self) -> int | None:
        """Tell how much room is left as the volume notes it, without counting; ``None`` where it does not say."""
        layout = self.layout
        if layout.info_offset is None:
            return layout.free_bytes
        try:
            return parse_fat32_info(self._read_volume(layout.info_offset, BOOT_BYTES), layout)
        except OSError:
            return None

    def runs(self, place: Place) -> list[Run]:
        """List the stretches of the disk that hold a content, in order; fewer bytes than announced where the chain ends early."""
        if place.entry == ROOT_ENTRY and self.layout.root_bytes:
            return [(self.offset + self.layout.entries_offset, self.layout.root_bytes)]
        found = self._sleuth_runs(place)
        if sum(length for _, length in found) < place.length:
            followed = list(follow_chain(self.layout, place.first_cluster, place.length, self._read_volume, is_contiguous=place.is_contiguous))
            if sum(length for _, length in followed) > sum(length for _, length in found):
                found = followed
        return [(self.offset + start, length) for start, length in found]

    def read_directory(self, place: Place, position: int) -> tuple[ParsedDirectory, list[int]]:
        """Parse a stretch of a directory from a byte position.

        Returns:
            What it holds, and the entry number of each of its entries.
        """
        limit = _MAX_EXFAT_DIRECTORY_BYTES if self.layout.is_exfat else _MAX_FAT_DIRECTORY_BYTES
        length = min(place.length, limit) if self.layout.is_exfat and place.length else limit
        runs = self.runs(Place(place.entry, place.first_cluster, length, place.is_contiguous))
        data = self._read_runs(runs, position, min(_WINDOW_BYTES, length - position))
        parsed = (parse_exfat_directory if self.layout.is_exfat else parse_fat_directory)(data)
        if len(data) < _WINDOW_BYTES or not parsed.consumed:
            parsed.ended = True
        return parsed, [self._entry_number(runs, position + entry.position) for entry in parsed.entries]

    def _sleuth_runs(self, place: Place) -> list[Run]:
        if self._file_system is None:
            return []
        try:
            meta = self._file_system.open_meta(place.entry)
            block = int(self._file_system.info.block_size)
            found = [(int(run.addr) * block, int(run.len) * block, int(run.flags)) for attribute in meta for run in attribute]
        except OSError:  # odd entries are refused; the chain is followed instead
            return []
        starts_right = found and found[0][0] == self.layout.cluster_offset(place.first_cluster)
        is_sound = all(not flags and self.layout.holds_clusters(start, length) for start, length, flags in found)
        return [(start, length) for start, length, _ in found if length] if starts_right and is_sound else []

    def _read_volume(self, offset: int, length: int) -> bytes:
        return self._disk.read_bytes(self.offset + offset, length)

    def _read_runs(self, runs: list[Run], position: int, length: int) -> bytes:
        pieces = []
        for start, size in runs:
            if position < size and length > 0:
                piece = self._disk.read_bytes(start + position, min(size - position, length))
                pieces.append(piece)
                length -= len(piece)
                position = size
            position -= size
        return b"".join(pieces)

    def _entry_number(self, runs: list[Run], position: int) -> int:
        for start, size in runs:
            if position < size:
                return (start + position - self.offset - self.layout.entries_offset) // ENTRY_BYTES + _FIRST_ENTRY_NUMBER
            position -= size
        raise MalformedReplyError("directory", "an entry lies outside its directory")


def _sleuth_type(layout: VolumeLayout) -> int:
    """The kind of file system to look for; asked to guess, The Sleuth Kit would read megabytes for every kind it knows."""
    kind: int = pytsk3.TSK_FS_TYPE_EXFAT if layout.is_exfat else pytsk3.TSK_FS_TYPE_FAT_DETECT
    return kind


def find_volumes(disk: DiskView) -> Iterator[Volume | str]:
    """Find the FAT and exFAT volumes of a disk: the whole disk, or the partitions of its table (MBR or GPT).

    Yields:
        Each volume, or what makes a partition of a FAT or exFAT type unreadable.
    """
    try:
        yield Volume(disk, 0, parse_boot_sector(disk.read_bytes(0, BOOT_BYTES)))
    except MalformedReplyError:
        yield from _find_in_partitions(disk)


def _find_in_partitions(disk: DiskView) -> Iterator[Volume | str]:
    try:
        with disk.reading_little():
            table = pytsk3.Volume_Info(disk)
    except OSError:
        return
    for part in table:
        if not int(part.flags) & pytsk3.TSK_VS_PART_FLAG_ALLOC:
            continue
        offset = int(part.start) * int(table.info.block_size)
        title = part.desc.decode("utf-8", "replace")
        try:
            yield Volume(disk, offset, parse_boot_sector(disk.read_bytes(offset, BOOT_BYTES)))
        except MalformedReplyError as error:
            if "FAT" in title.upper():
                yield f"partition {title} at byte {offset}: {error}"
