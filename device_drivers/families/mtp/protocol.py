"""What the answers of an MTP device mean to a dock. Pure; no input or output."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from device_drivers.errors import MalformedReplyError
from device_drivers.transports.filesystem_child.names import EntryName, long_name
from device_drivers.transports.ptp.codes import ObjectProperty
from device_drivers.transports.ptp.datasets import ASSOCIATION, SIZE_DOES_NOT_FIT, ObjectInfo, PropertyRange, StorageInfo
from device_drivers.transports.ptp.date_times import parse_date_time
from device_drivers.transports.ptp.operations import ROOT
from integrity.listing import MAX_PATH_CHARACTERS, MAX_SIZE_BYTES, MAX_TEXT_CHARACTERS, RecordedFile, is_identity

DESCRIBING = (
    ObjectProperty.FILE_NAME,
    ObjectProperty.FORMAT,
    ObjectProperty.SIZE,
    ObjectProperty.PROTECTION,
    ObjectProperty.DATE_CREATED,
    ObjectProperty.DATE_MODIFIED,
    ObjectProperty.PARENT,
)
"""The properties that say what ObjectInfo says."""
READ_ONLY_STORAGE = 1
Place = tuple[int, str, bytes]
"""Storage, readable path, and path in UTF-16LE."""
_READ_ONLY_ACCESS = frozenset({1, 2})
_UNKNOWN_64 = 0xFFFF_FFFF_FFFF_FFFF
_SEPARATOR = "/".encode("utf-16-le")
_LOCATOR = re.compile(r"([0-9a-f]{8})/([0-9a-f]{8})/([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """An object as the device describes it.

    Attributes:
        handle: Its number; another one after the next plugging-in.
        parent: Handle of its folder, 0 for the root.
        name: Its name.
        is_folder: Whether it is one.
        size_bytes: Its size; ``None`` where the device cannot tell it.
        modified: Wall time, as ``integrity.listing`` has it.
        created: Likewise.
        attributes: ``R`` where it is protected.
    """

    handle: int
    parent: int
    name: EntryName
    is_folder: bool
    size_bytes: int | None
    modified: str | None
    created: str | None
    attributes: str


@dataclass(frozen=True, slots=True)
class Locator:
    """Where a file was when it was listed: the numbering of that session, and within it storage and handle."""

    numbering: str
    storage: int
    handle: int


@dataclass(frozen=True, slots=True)
class FoundObject:
    """An object with its place: storage, readable path, and path in UTF-16LE."""

    storage: int
    path: str
    raw: bytes
    facts: ObjectFacts

    @property
    def place(self) -> Place:
        """What it is found again by."""
        return self.storage, self.path, self.raw

    @property
    def is_too_deep(self) -> bool:
        """Whether its path is longer than a listing takes."""
        return len(self.path) > MAX_PATH_CHARACTERS or len(self.raw) > 4 * MAX_PATH_CHARACTERS


def facts_from_info(handle: int, info: ObjectInfo) -> ObjectFacts:
    """Understand an ObjectInfo; a size that does not fit it is unknown."""
    return ObjectFacts(
        handle=handle,
        parent=0 if info.parent == ROOT else info.parent,
        name=long_name(info.name),
        is_folder=info.object_format == ASSOCIATION,
        size_bytes=None if info.size_bytes == SIZE_DOES_NOT_FIT else info.size_bytes,
        modified=wall_time(info.modified),
        created=wall_time(info.captured),
        attributes="R" if info.protection else "",
    )


def facts_from_properties(handle: int, values: Mapping[ObjectProperty, int | bytes]) -> ObjectFacts:
    """Understand the properties :data:`DESCRIBING` of an object.

    Raises:
        MalformedReplyError: One is missing, or a text where a number should be, or the other way round.
    """
    parent, size = _number(values, ObjectProperty.PARENT), _number(values, ObjectProperty.SIZE)
    return ObjectFacts(
        handle=handle,
        parent=0 if parent == ROOT else parent,
        name=long_name(_text(values, ObjectProperty.FILE_NAME)),
        is_folder=_number(values, ObjectProperty.FORMAT) == ASSOCIATION,
        size_bytes=min(size, MAX_SIZE_BYTES),
        modified=wall_time(_text(values, ObjectProperty.DATE_MODIFIED)),
        created=wall_time(_text(values, ObjectProperty.DATE_CREATED)),
        attributes="R" if _number(values, ObjectProperty.PROTECTION) else "",
    )


def below(parent: FoundObject | None, storage: int, facts: ObjectFacts) -> FoundObject:
    """Place an object in a folder, or in the root of a storage."""
    if parent is None:
        return FoundObject(storage, facts.name.readable, facts.name.raw, facts)
    return FoundObject(storage, f"{parent.path}/{facts.name.readable}", parent.raw + _SEPARATOR + facts.name.raw, facts)


def as_recorded_file(found: FoundObject, size_bytes: int, *, numbering: str) -> RecordedFile:
    """Describe a file as a dock attests it; ``numbering`` is that of the session in which its handle is valid."""
    facts = found.facts
    return RecordedFile(
        path=found.path,
        path_raw_base64=base64.b64encode(found.raw).decode(),
        size_bytes=min(size_bytes, MAX_SIZE_BYTES),
        modified=facts.modified,
        created=facts.created,
        attributes=facts.attributes,
        locator=f"{numbering}/{found.storage:08x}/{facts.handle:08x}",
    )


def parse_locator(locator: str) -> Locator | None:
    """Read a locator; ``None`` where this family has not made it."""
    found = _LOCATOR.fullmatch(locator)
    return Locator(found[1], int(found[2], 16), int(found[3], 16)) if found is not None else None


def place_of(file: RecordedFile, storage: int) -> Place:
    """Say by what a listed file is found again."""
    return storage, file.path, base64.b64decode(file.path_raw_base64)


def readable(text: bytes) -> str | None:
    """Spell a text of a device for people, or answer ``None`` where it is empty or too long."""
    spelled = long_name(text).readable.strip()
    return spelled if 0 < len(spelled) <= MAX_TEXT_CHARACTERS else None


def own_serial(text: bytes) -> str | None:
    """Give a device's serial number where it tells the device from others."""
    spelled = readable(text)
    return spelled if is_identity(spelled) else None


def battery_percent(level: PropertyRange) -> int | None:
    """Make percent of a battery level and its range; ``None`` where it makes no sense."""
    least, greatest = level.least, level.greatest
    if greatest in (100, least):
        least, greatest = 0, 100  # already percent, whichever levels the device can tell apart
    if not least <= level.current <= greatest:
        return None
    return round(100 * (level.current - least) / (greatest - least))


def total_capacity(storages: Sequence[StorageInfo]) -> int | None:
    """Add up capacities; ``None`` where none is known."""
    known = [each.capacity_bytes for each in storages if each.capacity_bytes not in (0, _UNKNOWN_64)]
    return sum(known) if known else None


def total_free(storages: Sequence[StorageInfo]) -> int | None:
    """Add up what is free; ``None`` where it is not known. More than there is, which a responder has been seen to say, is not known."""
    known = [each.free_bytes for each in storages if each.free_bytes <= each.capacity_bytes < _UNKNOWN_64]
    return sum(known) if known else None


def is_write_protected(storages: Sequence[StorageInfo]) -> bool | None:
    """Whether no storage takes writes; ``None`` where there is none."""
    return all(each.access in _READ_ONLY_ACCESS for each in storages) if storages else None


def wall_time(text: bytes) -> str | None:
    """Spell a DateTime string as ``integrity.listing`` has it; ``None`` where it is no time."""
    read = parse_date_time(text)
    return read.wall_time if read is not None else None


def _number(values: Mapping[ObjectProperty, int | bytes], wanted: ObjectProperty) -> int:
    value = values.get(wanted)
    if not isinstance(value, int) or value < 0:
        raise MalformedReplyError("ObjectPropList", f"{wanted.name.lower()} is no number")
    return value


def _text(values: Mapping[ObjectProperty, int | bytes], wanted: ObjectProperty) -> bytes:
    value = values.get(wanted)
    if not isinstance(value, bytes) or len(value) % 2:
        raise MalformedReplyError("ObjectPropList", f"{wanted.name.lower()} is no text")
    return value
