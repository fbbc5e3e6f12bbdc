"""The properties of a virtual MTP recorder and of its objects.

Sources: PIMA 15740:2000, clause 13; Media Transfer Protocol 1.1, appendices B and C.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from device_drivers.simulated.fat32_entries import RECORDER_ZONE
from device_drivers.simulated.faults import Faults
from device_drivers.simulated.mtp_objects import STORAGE, ObjectStore, StoredObject
from device_drivers.simulated.mtp_values import date_time, text

BATTERY_LEVEL, DATE_TIME = 0x5001, 0x5011
ALL_PROPERTIES = 0xFFFF_FFFF
_U8, _U16, _U32, _U64, _U128, _TEXT = 0x0002, 0x0004, 0x0006, 0x0008, 0x000A, 0xFFFF
_NOTHING = {_U16: bytes(2), _U32: bytes(4), _U64: bytes(8), _U128: bytes(16), _TEXT: b"\0"}


class WallClock:
    """The recorder's own clock."""

    def __init__(self, start: str | None) -> None:
        """Start it; ``None`` is the right time."""
        now = datetime.fromtimestamp(time.time(), UTC)
        begin = now if start is None else datetime.fromisoformat(start).replace(tzinfo=RECORDER_ZONE)
        self._set(begin)

    def now(self) -> datetime:
        """Say what it shows, aware."""
        return self._shown + timedelta(seconds=time.monotonic() - self._at)

    def set(self, spelled: str) -> bool:
        """Set it to ``YYYYMMDDThhmmss``; answer whether it could."""
        try:
            moment = datetime.strptime(spelled[:15], "%Y%m%dT%H%M%S").replace(tzinfo=RECORDER_ZONE)
        except ValueError:
            return False
        self._set(moment)
        return True

    def _set(self, moment: datetime) -> None:
        self._shown, self._at = moment, time.monotonic()


@dataclass(frozen=True, slots=True)
class _Property:
    """A property of objects: its type and how its value is found."""

    kind: int
    value: Callable[[ObjectStore, StoredObject], bytes]


_OBJECT_PROPERTIES = {
    0xDC01: _Property(_U32, lambda _store, _item: struct.pack("<I", STORAGE)),
    0xDC02: _Property(_U16, lambda _store, item: struct.pack("<H", item.object_format)),
    0xDC03: _Property(_U16, lambda _store, _item: bytes(2)),
    0xDC04: _Property(_U64, lambda store, item: struct.pack("<Q", store.announced_bytes(item))),
    0xDC07: _Property(_TEXT, lambda _store, item: text(item.name)),
    0xDC08: _Property(_TEXT, lambda _store, item: modified(item)),
    0xDC09: _Property(_TEXT, lambda _store, item: modified(item)),
    0xDC0B: _Property(_U32, lambda _store, item: struct.pack("<I", item.parent)),
    0xDC41: _Property(_U128, lambda _store, item: struct.pack("<QQ", item.handle, STORAGE)),
    0xDC44: _Property(_TEXT, lambda _store, item: text(item.name)),
}
OBJECT_PROPERTIES = tuple(_OBJECT_PROPERTIES)


def modified(item: StoredObject) -> bytes:
    """Spell when a file was changed; a folder does not know."""
    return date_time(item.content.modified) if item.content is not None else text("")


def describe_object_property(code: int) -> bytes | None:
    """Make the ObjectPropDesc of a property that can only be read; ``None`` where objects do not have it."""
    known = _OBJECT_PROPERTIES.get(code)
    return None if known is None else struct.pack("<HHB", code, known.kind, 0) + _NOTHING[known.kind] + struct.pack("<IB", 0, 0)


def object_property(store: ObjectStore, item: StoredObject, code: int) -> bytes | None:
    """Give the value of an object's property, or ``None`` where it has none."""
    known = _OBJECT_PROPERTIES.get(code)
    return None if known is None else known.value(store, item)


def property_list(store: ObjectStore, items: Iterable[StoredObject], code: int) -> bytes | None:
    """Make an ObjectPropList of one property, or all, of objects; ``None`` where objects do not have it."""
    codes = OBJECT_PROPERTIES if code == ALL_PROPERTIES else (code,)
    if not set(codes) <= set(_OBJECT_PROPERTIES):
        return None
    elements = [
        struct.pack("<IHH", item.handle, each, _OBJECT_PROPERTIES[each].kind) + _OBJECT_PROPERTIES[each].value(store, item)
        for item in items
        for each in codes
    ]
    return struct.pack("<I", len(elements)) + b"".join(elements)


def device_property(code: int, clock: WallClock, faults: Faults) -> bytes | None:
    """Give the value of a property of the device, or ``None`` where it has none."""
    match code:
        case 0x5001:
            return bytes([faults.battery_percent])
        case 0x5011:
            return date_time(clock.now())
        case _:
            return None


def describe_device_property(code: int, clock: WallClock, faults: Faults) -> bytes | None:
    """Make the DevicePropDesc of a property, or ``None`` where the device has none."""
    value = device_property(code, clock, faults)
    if value is None:
        return None
    if code == BATTERY_LEVEL:
        return struct.pack("<HHBB", code, _U8, 0, 100) + value + bytes([1, 0, 100, 1])  # a range from 0 to 100 by 1
    return struct.pack("<HHB", code, _TEXT, 1) + value + value + b"\0"
