"""The files of a disk with FAT or exFAT volumes, listed and read without mounting anything."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from device_drivers.errors import FileSystemReaderError, ListingIncompleteError, MalformedReplyError, NoReadableVolumeError, RecorderReadError
from device_drivers.transports.disk import Disk
from device_drivers.transports.filesystem_child.answers import (
    DirectoryPage,
    FoundEntry,
    Locator,
    VolumeFacts,
    read_directory_page,
    read_volumes,
)
from device_drivers.transports.filesystem_child.child import FileSystemChild
from device_drivers.transports.filesystem_child.file_content import FileContent
from integrity.errors import MalformedValueError
from integrity.listing import MAX_FILES, MAX_PATH_CHARACTERS, MAX_SIZE_BYTES, RecordedFile

_MAX_DIRECTORIES = 100_000
_MAX_MISSING = 20
_LEAST_PAGE_BYTES, _MAX_DIRECTORY_BYTES = 65_536, 256 * 1024**2
"""The program gives about 128 KiB of a directory at a time, and no directory is longer than exFAT allows (section 7.6.6)."""
_SEPARATOR = "/".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class _Directory:
    """A directory still to be read; the root has no locator."""

    volume: int
    locator: Locator | None
    path: str
    raw: bytes


class FileSystem:
    """The volumes of one disk. ``close`` ends the child process and closes the disk."""

    def __init__(self, disk: Disk) -> None:
        """Find the disk's volumes.

        Raises:
            NoReadableVolumeError: There is none.
            RecorderError: The disk could not be read.
        """
        self._disk = disk
        self._child = FileSystemChild(disk)
        try:
            self.volumes, self._unreadable = read_volumes(self._child.open())
            self._check_volumes()
        except MalformedReplyError as error:
            self._child.close()
            raise NoReadableVolumeError(disk.title, str(error)) from error
        except BaseException:
            self._child.close()
            raise

    volumes: tuple[VolumeFacts, ...]

    @property
    def size_bytes(self) -> int:
        """Size of the disk."""
        return self._disk.size_bytes

    def list_files(self) -> Iterator[RecordedFile]:
        """List every file of every volume, directory by directory, without fingerprints.

        A path's raw form joins the raw names by ``/`` in UTF-16LE.

        Raises:
            ListingIncompleteError: At the end, naming what could not be listed.
            RecorderUnpluggedError: The disk left.
        """
        missing = list(self._unreadable)
        waiting = [_Directory(volume.number, None, "", b"") for volume in reversed(self.volumes)]
        seen: set[tuple[int, int]] = set()
        count = 0
        while waiting:
            directory = waiting.pop()
            below: list[_Directory] = []
            for entry in self._entries(directory, missing):
                if entry.is_directory:
                    below.extend(_enter(directory, entry, seen, missing))
                    continue
                file = _as_file(directory, entry, missing)
                if file is None:
                    continue
                if count == MAX_FILES:
                    raise ListingIncompleteError((*missing, f"more than {MAX_FILES} files"))
                count += 1
                yield file
            waiting.extend(reversed(below))
        if missing:
            raise ListingIncompleteError(_shortened(missing))

    def root_files(self) -> Iterator[RecordedFile]:
        """List the files in the root directories only; what is unreadable there is left to :meth:`list_files` to report."""
        for volume in self.volumes:
            root = _Directory(volume.number, None, "", b"")
            for entry in self._entries(root, []):
                file = None if entry.is_directory else _as_file(root, entry, [])
                if file is not None:
                    yield file

    def open_file(self, file: RecordedFile, offset: int = 0) -> FileContent:
        """Open a listed file from a byte offset.

        Raises:
            RecorderReadError: Its locator was not made by this driver.
        """
        try:
            locator = Locator.parse(file.locator)
        except ValueError as error:
            raise RecorderReadError(file.path, offset, "its place on the medium is unknown") from error
        return FileContent(self._disk, self._child, file, locator=locator, offset=offset)

    def close(self) -> None:
        """End the child process and close the disk."""
        self._child.close()
        self._disk.close()

    def _check_volumes(self) -> None:
        if not self.volumes:
            raise NoReadableVolumeError(self._disk.title, "; ".join(self._unreadable) or "no boot sector of FAT or exFAT was found")

    def _entries(self, directory: _Directory, missing: list[str]) -> Iterator[FoundEntry]:
        position: int | None = 0
        while position is not None:
            page = self._page(directory, position, missing)
            if page is None:
                return
            if page.damage:
                missing.append(f"{directory.path or '/'}: {page.damage}")
            yield from page.entries
            if page.following is not None and not position + _LEAST_PAGE_BYTES <= page.following <= _MAX_DIRECTORY_BYTES:
                missing.append(f"{directory.path or '/'}: it does not end")
                return
            position = page.following

    def _page(self, directory: _Directory, position: int, missing: list[str]) -> DirectoryPage | None:
        place = None if directory.locator is None else directory.locator.place
        try:
            answer = self._child.ask("directory", volume=directory.volume, place=place, position=position)
            return read_directory_page(answer, directory.volume)
        except (MalformedReplyError, FileSystemReaderError) as error:
            missing.append(f"{directory.path or '/'}: {error}")
            return None


def _enter(directory: _Directory, entry: FoundEntry, seen: set[tuple[int, int]], missing: list[str]) -> Iterator[_Directory]:
    path, raw = _below(directory, entry)
    key = (directory.volume, entry.locator.first_cluster)
    if key in seen:
        missing.append(f"{path}: it leads back to a directory already read")
    elif len(seen) >= _MAX_DIRECTORIES or len(path) > MAX_PATH_CHARACTERS - 1 or len(raw) > 4 * MAX_PATH_CHARACTERS:
        missing.append(f"{path[:200]}: too many or too deep directories")
    else:
        seen.add(key)
        yield _Directory(directory.volume, entry.locator, path, raw)


def _as_file(directory: _Directory, entry: FoundEntry, missing: list[str]) -> RecordedFile | None:
    path, raw = _below(directory, entry)
    if len(path) > MAX_PATH_CHARACTERS or len(raw) > 4 * MAX_PATH_CHARACTERS:
        missing.append(f"{path[:200]}: its path is too long")
        return None
    try:
        return RecordedFile(
            path=path,
            path_raw_base64=base64.b64encode(raw).decode(),
            size_bytes=min(entry.size_bytes, MAX_SIZE_BYTES),
            modified=entry.modified,
            created=entry.created,
            attributes=entry.attributes,
            locator=str(entry.locator),
        )
    except MalformedValueError as error:  # the program never sends such a thing of its own will
        missing.append(f"{path[:200]}: {error}")
        return None


def _below(directory: _Directory, entry: FoundEntry) -> tuple[str, bytes]:
    if not directory.path:
        return entry.name, entry.raw
    return f"{directory.path}/{entry.name}", directory.raw + _SEPARATOR + entry.raw


def _shortened(missing: list[str]) -> tuple[str, ...]:
    if len(missing) <= _MAX_MISSING:
        return tuple(missing)
    return (*missing[:_MAX_MISSING], f"and {len(missing) - _MAX_MISSING} more")
