"""A virtual MTP recorder carries out operations.

Sources: PIMA 15740:2000, clauses 10 and 11; Media Transfer Protocol 1.1, appendix D; Android's ``mtp.h`` for GetPartialObject64.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from device_drivers.simulated.faults import Faults
from device_drivers.simulated.mtp_objects import ABSENT_STORAGE, CAPACITY_BYTES, STORAGE, ObjectStore, StoredObject
from device_drivers.simulated.mtp_properties import (
    BATTERY_LEVEL,
    DATE_TIME,
    OBJECT_PROPERTIES,
    WallClock,
    describe_device_property,
    describe_object_property,
    device_property,
    modified,
    object_property,
    property_list,
)
from device_drivers.simulated.mtp_values import OK, numbers_16, numbers_32, text

SET_DEVICE_PROPERTY = 0x1016
_GENERAL_ERROR, _NO_SESSION, _NOT_SUPPORTED = 0x2002, 0x2003, 0x2005
_NO_STORAGE, _NO_OBJECT, _NO_DEVICE_PROPERTY, _READ_ONLY = 0x2008, 0x2009, 0x200A, 0x200E
_STORE_NOT_AVAILABLE, _NO_PARENT, _WRONG_PARAMETER, _SESSION_IS_OPEN, _NO_OBJECT_PROPERTY = 0x2013, 0x201A, 0x201D, 0x201E, 0xA80A
_ALL, _ROOT = 0xFFFF_FFFF, 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Content:
    """A stretch of a file that is to be sent."""

    item: StoredObject
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation gives: how it ended, its parameters, and its data if it has any."""

    code: int = OK
    parameters: tuple[int, ...] = ()
    data: bytes | Content | None = None


class Responder:
    """Carries out one operation at a time.

    Args:
        store: The objects.
        serial: What DeviceInfo says.
        clock: The device's clock.
        faults: Which operations it lacks, its battery, whether it takes writes.
    """

    def __init__(self, store: ObjectStore, *, serial: str, clock: WallClock, faults: Faults) -> None:
        self._store, self._serial, self._clock, self._faults = store, serial, clock, faults
        self._has_session = False
        known: dict[int, Callable[[Sequence[int]], Answer]] = {
            0x1001: self._device_info,
            0x1002: self._open_session,
            0x1003: self._close_session,
            0x1004: lambda _: Answer(data=numbers_32(store.storages())),
            0x1005: self._storage_info,
            0x1006: self._count_objects,
            0x1007: self._object_handles,
            0x1008: self._object_info,
            0x1009: self._whole_object,
            0x100B: self._delete_object,
            0x1014: lambda given: _property_answer(describe_device_property(given[0], self._clock, faults), _NO_DEVICE_PROPERTY),
            0x1015: lambda given: _property_answer(device_property(given[0], self._clock, faults), _NO_DEVICE_PROPERTY),
            SET_DEVICE_PROPERTY: lambda _: Answer(_GENERAL_ERROR),  # comes with data, through set_device_property
            0x101B: lambda given: self._part(given[0], given[1], given[2]),
            0x95C1: lambda given: self._part(given[0], given[2] << 32 | given[1], given[3]),
            0x9801: lambda _: Answer(data=numbers_16(OBJECT_PROPERTIES)),
            0x9802: lambda given: _property_answer(describe_object_property(given[0]), _NO_OBJECT_PROPERTY),
            0x9803: self._object_property,
            0x9805: self._property_list,
        }
        self._operations = {code: carry_out for code, carry_out in known.items() if code not in faults.mtp_operations_missing}

    def run(self, operation: int, parameters: Sequence[int]) -> Answer:
        """Carry out an operation that takes no data."""
        carry_out = self._operations.get(operation)
        if carry_out is None:
            return Answer(_NOT_SUPPORTED)
        if not self._has_session and operation not in (0x1001, 0x1002):
            return Answer(_NO_SESSION)
        return carry_out([*parameters, 0, 0, 0, 0, 0][:5])

    def takes_data(self, operation: int) -> bool:
        """Whether an operation comes with data."""
        return self._has_session and operation == SET_DEVICE_PROPERTY and operation in self._operations

    def set_device_property(self, parameters: Sequence[int], data: bytes) -> Answer:
        """Carry out SetDevicePropValue."""
        if not parameters or parameters[0] != DATE_TIME:
            return Answer(_NO_DEVICE_PROPERTY)
        return Answer(OK if self._clock.set(data[1:].decode("utf-16-le", "replace")) else _WRONG_PARAMETER)

    def reset(self) -> None:
        """Forget the session, and what objects were numbered in it."""
        self._has_session = False
        self._store.renumber()

    def _device_info(self, _: Sequence[int]) -> Answer:
        info = struct.pack("<HIH", 100, 6, 100) + text("microsoft.com: 1.0; android.com: 1.0;") + bytes(2)
        info += numbers_16(self._operations) + numbers_16(()) + numbers_16((BATTERY_LEVEL, DATE_TIME))
        info += numbers_16(()) + numbers_16((0x3000, 0x3001, 0x3004, 0x3008, 0x300A, 0x300D, 0x3801, 0xB982))
        return Answer(data=info + text("bodycam-evidence") + text("virtual recorder") + text("1.0") + text(self._serial))

    def _open_session(self, given: Sequence[int]) -> Answer:
        if self._has_session:
            return Answer(_SESSION_IS_OPEN)
        self._has_session = given[0] != 0
        return Answer(OK if self._has_session else _WRONG_PARAMETER)

    def _close_session(self, _: Sequence[int]) -> Answer:
        self._has_session = False
        return Answer()

    def _storage_info(self, given: Sequence[int]) -> Answer:
        if given[0] == ABSENT_STORAGE:
            return Answer(_STORE_NOT_AVAILABLE)
        if given[0] not in self._store.storages():
            return Answer(_NO_STORAGE)
        free = max(0, CAPACITY_BYTES - self._store.used_bytes())
        access = int(self._faults.write_protected)
        info = struct.pack("<HHHQQI", 4, 2, access, CAPACITY_BYTES, free, _ALL)  # removable RAM, folders
        return Answer(data=info + text("Recordings") + text("REC1"))

    def _count_objects(self, given: Sequence[int]) -> Answer:
        found = self._select(given)
        return found if isinstance(found, Answer) else Answer(parameters=(len(found),))

    def _object_handles(self, given: Sequence[int]) -> Answer:
        found = self._select(given)
        return found if isinstance(found, Answer) else Answer(data=numbers_32(each.handle for each in found))

    def _select(self, given: Sequence[int]) -> list[StoredObject] | Answer:
        storage, wanted, parent = given[:3]
        if storage not in (_ALL, *self._store.storages()):
            return Answer(_NO_STORAGE)
        folder = self._store.find(parent)
        if parent in (0, _ROOT):
            found = list(self._store.look_into(0)) if parent == _ROOT else list(self._store.all())
        elif folder is None or folder.content is not None:
            return Answer(_NO_PARENT)
        else:
            found = list(self._store.look_into(parent))
        return [each for each in found if wanted in (0, _ALL, each.object_format)]

    def _object_info(self, given: Sequence[int]) -> Answer:
        item = self._store.find(given[0])
        if item is None:
            return Answer(_NO_OBJECT)
        size = min(self._store.announced_bytes(item), _ALL)
        info = struct.pack("<IHHIH6I", STORAGE, item.object_format, 0, size, 0, 0, 0, 0, 0, 0, 0)
        info += struct.pack("<IHII", item.parent, int(item.content is None), 0, 0)
        return Answer(data=info + text(item.name) + modified(item) + modified(item) + text(""))

    def _whole_object(self, given: Sequence[int]) -> Answer:
        item = self._store.find(given[0])
        size = item.content.size_bytes if item is not None and item.content is not None else 0
        return self._part(given[0], 0, size)

    def _part(self, handle: int, offset: int, length: int) -> Answer:
        item = self._store.find(handle)
        if item is None or item.content is None:
            return Answer(_NO_OBJECT)
        count = max(0, min(length, item.content.size_bytes - offset))
        if self._store.is_unreadable(item, offset, count):
            return Answer(_GENERAL_ERROR)
        return Answer(parameters=(min(count, _ALL),), data=Content(item, offset, count))

    def _delete_object(self, given: Sequence[int]) -> Answer:
        item = self._store.find(given[0])
        if item is None or item.content is None:
            return Answer(_NO_OBJECT)
        if self._faults.write_protected:
            return Answer(_READ_ONLY)
        self._store.delete(item)
        return Answer()

    def _object_property(self, given: Sequence[int]) -> Answer:
        item = self._store.find(given[0])
        return Answer(_NO_OBJECT) if item is None else _property_answer(object_property(self._store, item, given[1]), _NO_OBJECT_PROPERTY)

    def _property_list(self, given: Sequence[int]) -> Answer:
        handle, wanted, code, _, depth = given
        if handle == _ALL or (handle == 0 and depth == _ALL):
            items = list(self._store.all())
        elif handle == 0:
            items = list(self._store.inside(0))
        else:
            item = self._store.find(handle)
            if item is None:
                return Answer(_NO_OBJECT)
            items = [item, *self._store.inside(handle)] if depth else [item]
        chosen = [each for each in items if wanted in (0, _ALL, each.object_format)]
        return _property_answer(property_list(self._store, chosen, code), _NO_OBJECT_PROPERTY)


def _property_answer(value: bytes | None, missing: int) -> Answer:
    return Answer(missing) if value is None else Answer(data=value)
