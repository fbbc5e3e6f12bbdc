"""The operations that a family needs, each with its parameters and its answer.

Sources: PIMA 15740:2000, clause 10.4; Media Transfer Protocol 1.1, appendix D; Android's ``mtp.h`` for ``read_part_64``. Each raises
``OperationRefusedError`` where the device would not, ``MalformedReplyError`` where its answer makes no sense, and what ``Session`` raises.
"""

from __future__ import annotations

from device_drivers.errors import MalformedReplyError
from device_drivers.transports.ptp.codes import DeviceProperty, ObjectProperty, Operation
from device_drivers.transports.ptp.datasets import (
    ObjectInfo,
    PropertyRange,
    StorageInfo,
    parse_number_property,
    parse_numbers,
    parse_object_info,
    parse_property_list,
    parse_storage_info,
)
from device_drivers.transports.ptp.fields import Fields
from device_drivers.transports.ptp.session import Session

ROOT = 0xFFFF_FFFF
"""Where ``list_handles`` is asked for the root of a storage."""
_ANY_FORMAT = 0
_NO_GROUP = 0


def list_storages(session: Session) -> tuple[int, ...]:
    """List the ids of storages whose medium is there; one without has 0 in its lower half (PIMA 15740, clause 8.1)."""
    ids = parse_numbers("storage ids", session.fetch(Operation.GET_STORAGE_IDS, during="asking for storages"))
    return tuple(each for each in ids if each & 0xFFFF)


def ask_storage(session: Session, storage: int) -> StorageInfo:
    """Ask about a storage."""
    return parse_storage_info(session.fetch(Operation.GET_STORAGE_INFO, (storage,), during="asking about a storage"))


def list_handles(session: Session, storage: int, folder: int) -> tuple[int, ...]:
    """List what is in a folder, or in :data:`ROOT`, of a storage."""
    parameters = (storage, _ANY_FORMAT, folder)
    return parse_numbers("object handles", session.fetch(Operation.GET_OBJECT_HANDLES, parameters, is_long=True, during="listing a folder"))


def ask_object(session: Session, handle: int) -> ObjectInfo:
    """Ask about an object."""
    return parse_object_info(session.fetch(Operation.GET_OBJECT_INFO, (handle,), during="asking about an object"))


def ask_object_size(session: Session, handle: int) -> int:
    """Ask for an object's size, also beyond 4 GiB."""
    raw = session.fetch(Operation.GET_OBJECT_PROP_VALUE, (handle, ObjectProperty.SIZE), during="asking for an object's size")
    if len(raw) not in (4, 8):
        raise MalformedReplyError("object size", f"{len(raw)} bytes")
    return int.from_bytes(raw, "little")


def ask_property_of_all(session: Session, folder: int, wanted: ObjectProperty) -> dict[int, int | bytes]:
    """Ask for one property of everything in a folder, or in :data:`ROOT` of all storages; answer it by handle."""
    parameters = (0 if folder == ROOT else folder, _ANY_FORMAT, wanted, _NO_GROUP, 1)
    raw = session.fetch(Operation.GET_OBJECT_PROP_LIST, parameters, is_long=True, during="asking for a property of a folder's objects")
    return parse_property_list(raw, wanted)


def ask_property(session: Session, handle: int, wanted: ObjectProperty) -> int | bytes | None:
    """Ask for one property of one object the way :func:`ask_property_of_all` does; ``None`` where it has none."""
    parameters = (handle, _ANY_FORMAT, wanted, _NO_GROUP, 0)
    raw = session.fetch(Operation.GET_OBJECT_PROP_LIST, parameters, during="asking for a property of an object")
    return parse_property_list(raw, wanted).get(handle)


def read_part(session: Session, handle: int, offset: int, buffer: memoryview) -> int:
    """Read a part of an object that begins below 4 GiB into a buffer."""
    return session.fetch_into(buffer, Operation.GET_PARTIAL_OBJECT, (handle, offset, len(buffer)), during="reading")


def read_part_64(session: Session, handle: int, offset: int, buffer: memoryview) -> int:
    """Read a part of an object into a buffer, wherever it begins."""
    parameters = (handle, offset & 0xFFFF_FFFF, offset >> 32, len(buffer))
    return session.fetch_into(buffer, Operation.GET_PARTIAL_OBJECT_64, parameters, during="reading")


def delete_object(session: Session, handle: int) -> None:
    """Delete one object; a handle that means all of them, or none, cannot be given.

    Raises:
        ValueError: It is such a handle.
        RecorderError: Whether it was deleted is unknown.
    """
    if not 0 < handle < ROOT:
        raise ValueError(f"{handle:#010x} is no single object")
    session.run(Operation.DELETE_OBJECT, (handle, _ANY_FORMAT), during="deleting a file")


def read_date_time(session: Session) -> bytes:
    """Read the device's clock as a DateTime string, in UTF-16LE."""
    raw = session.fetch(Operation.GET_DEVICE_PROP_VALUE, (DeviceProperty.DATE_TIME,), during="reading the clock")
    return Fields("DateTime", raw).text()


def set_date_time(session: Session, text: bytes) -> None:
    """Set the device's clock by a DateTime string, in UTF-16LE."""
    data = bytes([len(text) // 2 + 1]) + text + b"\0\0"
    session.run(Operation.SET_DEVICE_PROP_VALUE, (DeviceProperty.DATE_TIME,), data=data, during="setting the clock")


def ask_battery(session: Session) -> PropertyRange:
    """Ask for the battery level, and between which values it lies."""
    raw = session.fetch(Operation.GET_DEVICE_PROP_DESC, (DeviceProperty.BATTERY_LEVEL,), during="reading the battery")
    return parse_number_property(raw)
