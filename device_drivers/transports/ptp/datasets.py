"""Datasets: what a device tells about itself, its storages and its objects. Pure; no input or output.

Sources: PIMA 15740:2000, clauses 5.5 and 13; Media Transfer Protocol 1.1, section 5 and appendix E. Texts stay the UTF-16LE bytes that they were.
"""

from __future__ import annotations

from dataclasses import dataclass

from device_drivers.errors import MalformedReplyError
from device_drivers.transports.ptp.fields import MOST_ELEMENTS, Fields

ASSOCIATION = 0x3001
SIZE_DOES_NOT_FIT = 0xFFFF_FFFF
_RANGE_FORM, _ENUMERATION_FORM = 1, 2
_LEAST_ELEMENT_BYTES = 4 + 2 + 2 + 1


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """DeviceInfo: which operations and properties a device has, and who it is."""

    operations: frozenset[int]
    properties: frozenset[int]
    manufacturer: bytes
    model: bytes
    device_version: bytes
    serial: bytes


@dataclass(frozen=True, slots=True)
class StorageInfo:
    """StorageInfo.

    Attributes:
        access: 0 read and write, 1 read only, 2 read only but deleting is allowed.
        capacity_bytes: Size; all ones where it is unknown.
        free_bytes: Room left, likewise.
        description: For people.
        volume: What tells the volume from others, where the device has it.
    """

    access: int
    capacity_bytes: int
    free_bytes: int
    description: bytes
    volume: bytes


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """ObjectInfo.

    Attributes:
        size_bytes: Size, or :data:`SIZE_DOES_NOT_FIT`; some devices give its lowest 32 bits instead.
        parent: Handle of the folder; 0 in the root (some say 0xFFFFFFFF).
        captured: DateTime string.
        modified: DateTime string.
    """

    storage: int
    object_format: int
    protection: int
    size_bytes: int
    parent: int
    name: bytes
    captured: bytes
    modified: bytes


@dataclass(frozen=True, slots=True)
class PropertyRange:
    """Between which values a number property lies, and which it has now."""

    current: int
    least: int
    greatest: int


def parse_device_info(raw: bytes) -> DeviceInfo:
    """Read a DeviceInfo dataset; texts that are missing at its very end are empty.

    Raises:
        MalformedReplyError: It ends too early.
    """
    fields = Fields("DeviceInfo", raw)
    fields.number(2)  # standard version
    fields.number(4)  # vendor extension
    fields.number(2)  # its version
    fields.text()
    fields.number(2)  # functional mode
    operations = fields.numbers(2)
    fields.numbers(2)  # events
    properties = fields.numbers(2)
    fields.numbers(2)  # capture formats
    fields.numbers(2)  # playback formats
    texts = [fields.text() if fields.left else b"" for _ in range(4)]
    return DeviceInfo(frozenset(operations), frozenset(properties), *texts)


def parse_storage_info(raw: bytes) -> StorageInfo:
    """Read a StorageInfo dataset; raises like :func:`parse_device_info`."""
    fields = Fields("StorageInfo", raw)
    fields.number(2)  # storage type
    fields.number(2)  # file system type
    access, capacity, free = fields.number(2), fields.number(8), fields.number(8)
    fields.number(4)  # free space in objects
    return StorageInfo(access, capacity, free, *(fields.text() if fields.left else b"" for _ in range(2)))


def parse_object_info(raw: bytes) -> ObjectInfo:
    """Read an ObjectInfo dataset; raises like :func:`parse_device_info`."""
    fields = Fields("ObjectInfo", raw)
    storage, object_format, protection, size = fields.number(4), fields.number(2), fields.number(2), fields.number(4)
    fields.number(2)  # thumbnail format
    for _ in range(6):
        fields.number(4)  # thumbnail size, width, height; image width, height, depth
    parent = fields.number(4)
    fields.number(2)  # association type
    fields.number(4)  # association description
    fields.number(4)  # sequence number
    name = fields.text()
    captured, modified = (fields.text() if fields.left else b"" for _ in range(2))
    return ObjectInfo(storage, object_format, protection, size, parent, name, captured, modified)


def parse_numbers(what: str, raw: bytes) -> tuple[int, ...]:
    """Read an array of u32, such as handles; raises like :func:`parse_device_info`."""
    return Fields(what, raw).numbers(4)


def parse_property_list(raw: bytes, wanted: int) -> dict[int, int | bytes]:
    """Read an ObjectPropList of one property; answer its value by handle.

    Raises:
        MalformedReplyError: It ends too early, or speaks of another property or of an object twice.
    """
    fields = Fields("ObjectPropList", raw)
    count = fields.number(4)
    if count * _LEAST_ELEMENT_BYTES > fields.left or count > MOST_ELEMENTS:
        raise MalformedReplyError("ObjectPropList", f"{count} elements in {fields.left} bytes")
    values: dict[int, int | bytes] = {}
    for _ in range(count):
        handle, code, kind = fields.number(4), fields.number(2), fields.number(2)
        value = fields.value(kind)
        if code != wanted or handle in values:
            raise MalformedReplyError("ObjectPropList", f"property {code:#06x} of object {handle:#010x} instead of {wanted:#06x}")
        values[handle] = value
    return values


def parse_number_property(raw: bytes) -> PropertyRange:
    """Read a DevicePropDesc of a number with a range or an enumeration; without either the range is that of the current value.

    Raises:
        MalformedReplyError: It ends too early, or describes no number.
    """
    fields = Fields("DevicePropDesc", raw)
    fields.number(2)  # property
    kind = fields.number(2)
    fields.number(1)  # whether it can be set
    default, current = fields.value(kind), fields.value(kind)
    if isinstance(default, bytes) or isinstance(current, bytes):
        raise MalformedReplyError("DevicePropDesc", f"type {kind:#06x} is no number")
    form = fields.number(1) if fields.left else 0
    values: list[int | bytes] = []
    if form == _RANGE_FORM:
        values = [fields.value(kind), fields.value(kind)]
    elif form == _ENUMERATION_FORM:
        values = [fields.value(kind) for _ in range(fields.number(2))]
    known = [value for value in values if isinstance(value, int)] or [current]
    return PropertyRange(current, min(known), max(known))
