"""A ZIP file as a stream: nothing compressed, its length known before its first byte, the same bytes every time.

The library writes the present time into every entry and has no way to say another, so this adapter reaches into it and pins its version.
"""

import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from zipstream import ZipStream
from zipstream.ng import ZIP64_ESTIMATE_FACTOR, ZIP64_LIMIT, ZipStreamInfo

_REGULAR_FILE = (stat.S_IFREG | 0o644) << 16
_LOCAL_HEADER, _ZIP64_EXTRA, _DESCRIPTOR, _ZIP64_DESCRIPTOR = 30, 20, 16, 24
_CENTRAL_HEADER_AT_MOST = 46 + 4 + 24
END_AT_MOST = 22 + 56 + 20
"""The records after the central directory, those of ZIP64 included, in bytes (APPNOTE 6.3.10, sections 4.3.14 to 4.3.16)."""


@dataclass(frozen=True, slots=True)
class StreamedFile:
    """A file whose length is known; its bytes are asked for when its turn comes."""

    path: str
    size_bytes: int
    read: Callable[[], Iterator[bytes]]


class StoredZip:
    """A ZIP file of files that are stored as they are.

    Args:
        files: In the order in which they lie in it.
        root: Folder that all of them lie in.
        at: Time of every entry; written as it reads, without a zone (APPNOTE, section 4.4.6).
    """

    def __init__(self, files: Sequence[StreamedFile], *, root: str, at: datetime) -> None:
        self._zip = _DatedZipStream(at)
        for file in files:
            self._zip.add(file.read(), f"{root}/{file.path}", size=file.size_bytes)

    @property
    def size_bytes(self) -> int:
        """Length of the whole ZIP file."""
        return len(self._zip)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, once. An error of a file's reader comes through and leaves the ZIP file without an end."""
        yield from self._zip


def entry_bytes_at_most(path_characters: int, size_bytes: int) -> int:
    """What a file takes in a ZIP file at most, with its entry in the central directory."""
    before, after = frame_of(path_characters, size_bytes)
    return before + size_bytes + after + _CENTRAL_HEADER_AT_MOST + path_characters


def frame_of(path_characters: int, size_bytes: int) -> tuple[int, int]:
    """Bytes that stand before and behind a file's own bytes."""
    if size_bytes * ZIP64_ESTIMATE_FACTOR > ZIP64_LIMIT:
        return _LOCAL_HEADER + path_characters + _ZIP64_EXTRA, _ZIP64_DESCRIPTOR
    return _LOCAL_HEADER + path_characters, _DESCRIPTOR


class _DatedZipStream(ZipStream):  # type: ignore[misc]  # the library carries no types
    """Entries with a given time, and of the kind of a regular file."""

    def __init__(self, at: datetime) -> None:
        super().__init__(sized=True)
        self._at = at.timetuple()[:6]

    def _gen_file_entry(self, *, iterable: Iterator[bytes], size: int, arcname: str) -> Iterator[bytes]:
        entry = ZipStreamInfo(arcname, self._at)
        entry.external_attr = _REGULAR_FILE
        entry.file_size = size
        entry.header_offset = self._pos
        for data in entry._file_data(iterable):  # noqa: SLF001 - see the module's docstring
            yield self._track(data)
        if entry.file_size != size:
            raise EOFError(f"{arcname} has {entry.file_size} bytes instead of {size}")
        self._filelist.append(entry)
