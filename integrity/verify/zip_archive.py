"""ZIP archives, read so that no other reader can see another archive in the same bytes.

Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4. Only stored entries are taken. Local headers, data and data descriptors must lie without a gap
from the first byte to the central directory, that without a gap before its end records, and these at the very end; each local header must say what
the central directory says. So nothing is hidden, nothing overlaps, and nothing can grow when it is unpacked.
"""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass
from typing import Protocol

from integrity.verify.errors import RefusedPackageError

MAX_ENTRIES = 200_000
_MAX_DIRECTORY_BYTES = 1024
"""Bytes of the central directory for each entry, at most: 46 of the header, a path, and the extra fields that are understood."""
_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MAX_16, _MAX_32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_HAS_DESCRIPTOR, _UTF_8 = 1 << 3, 1 << 11
_DOS_DIRECTORY = 0x10
_ZIP64_FIELD, _TIMES_FIELD = 0x0001, 0x5455
"""The only extra fields that are taken: sizes beyond 32 bits, and Info-ZIP's times, which change neither name nor content."""


class RandomAccess(Protocol):
    """A file that can be read anywhere."""

    def seek(self, offset: int, /) -> int:
        """Go to an offset from the beginning."""

    def read(self, size: int, /) -> bytes | None:
        """Read at most so many bytes."""


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A stored file.

    Attributes:
        name: Its name as it stands in both headers.
        size_bytes: Its length.
        data_offset: Where its bytes begin in the archive.
    """

    name: str
    size_bytes: int
    data_offset: int


@dataclass(frozen=True, slots=True)
class _Directory:
    count: int
    size_bytes: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Central:
    raw_name: bytes
    name: str
    flags: int
    crc: int
    size_bytes: int
    header_offset: int


def read_entries(file: RandomAccess, size_bytes: int) -> list[ZipEntry]:
    """List an archive's files, in the order of the central directory.

    Args:
        file: The archive.
        size_bytes: Its length.

    Raises:
        RefusedPackageError: It is no ZIP archive, is damaged, or could be read in more than one way.
    """
    directory = _find_directory(file, size_bytes)
    if directory.count > MAX_ENTRIES:
        raise RefusedPackageError("too_many", detail=str(directory.count))
    if directory.size_bytes > directory.count * _MAX_DIRECTORY_BYTES:
        raise RefusedPackageError("damaged", detail="the central directory is too long")
    found = _read_directory(_read_at(file, directory.offset, directory.size_bytes), directory)
    if not found:
        raise RefusedPackageError("empty")
    in_order = sorted(found, key=lambda entry: entry.header_offset)
    ends = [entry.header_offset for entry in in_order[1:]] + [directory.offset]
    if in_order[0].header_offset:
        raise RefusedPackageError("bytes_outside", in_order[0].name)
    starts = {entry.name: _check_local(file, entry, end) for entry, end in zip(in_order, ends, strict=True)}
    return [ZipEntry(entry.name, entry.size_bytes, starts[entry.name]) for entry in found]


def _find_directory(file: RandomAccess, size_bytes: int) -> _Directory:
    end_offset = size_bytes - _END.size
    if end_offset < 0:
        raise RefusedPackageError("not_zip")
    signature, disk, first_disk, here, count, length, offset, comment = _END.unpack(_read_at(file, end_offset, _END.size))
    if signature != b"PK\x05\x06" or comment:
        raise RefusedPackageError("not_zip", detail="no end record at the very end")
    if disk or first_disk or here != count:
        raise RefusedPackageError("damaged", detail="split over several files")
    directory = _Directory(count, length, offset)
    locator_offset = end_offset - _END64_LOCATOR.size
    if locator_offset >= 0 and _read_at(file, locator_offset, 4) == b"PK\x06\x07":
        directory, end_offset = _find_large_directory(file, directory, locator_offset)
    if directory.offset + directory.size_bytes != end_offset:
        raise RefusedPackageError("bytes_outside")
    return directory


def _find_large_directory(file: RandomAccess, small: _Directory, locator_offset: int) -> tuple[_Directory, int]:
    _, disk, record_offset, disks = _END64_LOCATOR.unpack(_read_at(file, locator_offset, _END64_LOCATOR.size))
    if disk or disks != 1 or record_offset + _END64.size != locator_offset:
        raise RefusedPackageError("bytes_outside", detail="ZIP64 end record")
    record = _END64.unpack(_read_at(file, record_offset, _END64.size))
    signature, length, _made, _needed, this_disk, first_disk, here, count, directory_bytes, offset = record
    if signature != b"PK\x06\x06" or length != _END64.size - 12 or this_disk or first_disk or here != count:
        raise RefusedPackageError("damaged", detail="ZIP64 end record")
    large = _Directory(count, directory_bytes, offset)
    pairs = ((small.count, large.count, _MAX_16), (small.size_bytes, large.size_bytes, _MAX_32), (small.offset, large.offset, _MAX_32))
    if any(short not in {full, unknown} for short, full, unknown in pairs):
        raise RefusedPackageError("damaged", detail="the two end records differ")
    return large, record_offset


def _read_directory(data: bytes, directory: _Directory) -> list[_Central]:
    found: list[_Central] = []
    position = 0
    names: set[str] = set()
    for _ in range(directory.count):
        header = data[position : position + _CENTRAL.size]
        if len(header) < _CENTRAL.size or header[:4] != b"PK\x01\x02":
            raise RefusedPackageError("damaged", detail="the central directory is cut short")
        name_end = position + _CENTRAL.size + int.from_bytes(header[28:30], "little")
        extra_end = name_end + int.from_bytes(header[30:32], "little")
        entry = _read_central(header, data[position + _CENTRAL.size : name_end], data[name_end:extra_end])
        if entry.name in names:
            raise RefusedPackageError("duplicate", entry.name)
        names.add(entry.name)
        found.append(entry)
        position = extra_end
    if position != len(data):
        raise RefusedPackageError("bytes_outside", detail="central directory")
    return found


def _read_central(header: bytes, raw_name: bytes, extra: bytes) -> _Central:
    fields = _CENTRAL.unpack(header)
    _, _made, _needed, flags, method, _time, _date, crc, stored, size, _, _, comment, disk, _internal, external, offset = fields
    name = raw_name.decode("ascii", errors="backslashreplace")
    if flags & _ENCRYPTED:
        raise RefusedPackageError("encrypted", name)
    if method:
        raise RefusedPackageError("compressed", name)
    if flags & ~(_HAS_DESCRIPTOR | _UTF_8) or comment or disk:
        raise RefusedPackageError("damaged", name, detail="central directory")
    if stat.S_IFMT(external >> 16) not in {0, stat.S_IFREG} or external & _DOS_DIRECTORY:
        raise RefusedPackageError("not_regular", name)
    large = _read_extra(extra, name)
    unknown = [value == _MAX_32 for value in (size, stored, offset)]
    if len(large) != 8 * sum(unknown):
        raise RefusedPackageError("sizes", name)
    values = iter(struct.unpack(f"<{len(large) // 8}Q", large))
    size, stored, offset = (next(values) if is_large else value for is_large, value in zip(unknown, (size, stored, offset), strict=True))
    if size != stored:
        raise RefusedPackageError("sizes", name)
    return _Central(raw_name, name, flags, crc, size, offset)


def _read_extra(extra: bytes, name: str) -> bytes:
    """The content of the ZIP64 field, empty where there is none; fields that could change what the entry is are refused."""
    large: bytes | None = None
    position = 0
    while position < len(extra):
        kind, length = int.from_bytes(extra[position : position + 2], "little"), int.from_bytes(extra[position + 2 : position + 4], "little")
        content = extra[position + 4 : position + 4 + length]
        if (
            len(content) != length
            or position + 4 > len(extra)
            or kind not in {_ZIP64_FIELD, _TIMES_FIELD}
            or (kind == _ZIP64_FIELD and large is not None)
        ):
            raise RefusedPackageError("extra_field", name)
        large = content if kind == _ZIP64_FIELD else large
        position += 4 + length
    return large or b""


def _check_local(file: RandomAccess, entry: _Central, end: int) -> int:
    """Compare a local header with the central directory, and see that data and descriptor end where the next entry begins.

    Returns:
        Where the data begins.
    """
    header = _read_at(file, entry.header_offset, _LOCAL.size, name=entry.name)
    signature, _needed, flags, method, _time, _date, crc, stored, size, name_bytes, extra_bytes = _LOCAL.unpack(header)
    rest = _read_at(file, entry.header_offset + _LOCAL.size, name_bytes + extra_bytes, name=entry.name)
    if signature != b"PK\x03\x04" or (flags, method, rest[:name_bytes]) != (entry.flags, 0, entry.raw_name):
        raise RefusedPackageError("headers", entry.name)
    large = _read_extra(rest[name_bytes:], entry.name)
    if large and len(large) != 16:
        raise RefusedPackageError("headers", entry.name)
    if large and {stored, size} == {_MAX_32}:
        size, stored = struct.unpack("<2Q", large)
    has_descriptor = bool(flags & _HAS_DESCRIPTOR)
    accepted = {(entry.crc, entry.size_bytes, entry.size_bytes), *([(0, 0, 0)] if has_descriptor else [])}
    if (crc, stored, size) not in accepted:
        raise RefusedPackageError("headers", entry.name)
    start: int = entry.header_offset + _LOCAL.size + name_bytes + extra_bytes
    left_over = end - start - entry.size_bytes
    if not 0 <= left_over <= 24 or (left_over and not has_descriptor):
        raise RefusedPackageError("overlap", entry.name)
    if has_descriptor and _read_at(file, start + entry.size_bytes, left_over, name=entry.name) not in _descriptors(entry):
        raise RefusedPackageError("headers", entry.name)
    return start


def _descriptors(entry: _Central) -> list[bytes]:
    """Every spelling of an entry's data descriptor (section 4.3.9): with or without its signature, sizes of 4 or 8 bytes."""
    plain = [struct.pack("<L2Q", entry.crc, entry.size_bytes, entry.size_bytes)]
    if entry.size_bytes <= _MAX_32:
        plain.append(struct.pack("<3L", entry.crc, entry.size_bytes, entry.size_bytes))
    return [signature + each for each in plain for signature in (b"", b"PK\x07\x08")]


def _read_at(file: RandomAccess, offset: int, size: int, *, name: str = "") -> bytes:
    file.seek(offset)
    pieces: list[bytes] = []
    missing = size
    while missing:
        piece = file.read(missing)
        if not piece:
            raise RefusedPackageError("damaged", name, detail="cut short")
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
