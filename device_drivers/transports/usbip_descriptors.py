"""Read USB descriptors into what pyusb expects of a backend. Pure; no input or output.

Source: USB 2.0, chapter 9.6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace

DEVICE_BYTES, CONFIGURATION_BYTES = 18, 9
_DEVICE = struct.Struct("<BBHBBBBHHHBBBB")
_DEVICE_FIELDS = [
    "bLength",
    "bDescriptorType",
    "bcdUSB",
    "bDeviceClass",
    "bDeviceSubClass",
    "bDeviceProtocol",
    "bMaxPacketSize0",
    "idVendor",
    "idProduct",
    "bcdDevice",
    "iManufacturer",
    "iProduct",
    "iSerialNumber",
    "bNumConfigurations",
]
_CONFIGURATION = struct.Struct("<BBHBBBBB")
_CONFIGURATION_FIELDS = [
    "bLength",
    "bDescriptorType",
    "wTotalLength",
    "bNumInterfaces",
    "bConfigurationValue",
    "iConfiguration",
    "bmAttributes",
    "bMaxPower",
]
_INTERFACE = struct.Struct("<BBBBBBBBB")
_INTERFACE_FIELDS = [
    "bLength",
    "bDescriptorType",
    "bInterfaceNumber",
    "bAlternateSetting",
    "bNumEndpoints",
    "bInterfaceClass",
    "bInterfaceSubClass",
    "bInterfaceProtocol",
    "iInterface",
]
_ENDPOINT = struct.Struct("<BBBBHB")
_ENDPOINT_FIELDS = ["bLength", "bDescriptorType", "bEndpointAddress", "bmAttributes", "wMaxPacketSize", "bInterval"]
_INTERFACE_TYPE, _ENDPOINT_TYPE = 4, 5


@dataclass(slots=True)
class _Setting:
    """One alternate setting of an interface, with what follows it."""

    raw: bytes
    extra: bytes = b""
    endpoints: list[tuple[bytes, bytes]] = field(default_factory=list)


def device_descriptor(raw: bytes) -> SimpleNamespace:
    """Read a device descriptor.

    Raises:
        ValueError: It is too short.
    """
    return _read(_DEVICE, _DEVICE_FIELDS, raw)


def configuration_descriptor(raw: bytes) -> SimpleNamespace:
    """Read the head of a configuration; raises like :func:`device_descriptor`."""
    return _read(_CONFIGURATION, _CONFIGURATION_FIELDS, raw)


def interface_descriptor(raw: bytes, interface: int, setting: int) -> SimpleNamespace:
    """Read an interface's alternate setting out of a configuration.

    Raises:
        IndexError: There is none; pyusb counts until then.
    """
    found = _setting(raw, interface, setting)
    descriptor = _read(_INTERFACE, _INTERFACE_FIELDS, found.raw)
    descriptor.extra_descriptors = list(found.extra)
    return descriptor


def endpoint_descriptor(raw: bytes, interface: int, setting: int, endpoint: int) -> SimpleNamespace:
    """Read an endpoint of an alternate setting; raises like :func:`interface_descriptor`."""
    own, extra = _setting(raw, interface, setting).endpoints[endpoint]
    descriptor = _read(_ENDPOINT, _ENDPOINT_FIELDS, own)
    descriptor.bRefresh = descriptor.bSynchAddress = 0
    descriptor.extra_descriptors = list(extra)
    return descriptor


def interfaces(raw: bytes) -> list[bytes]:
    """List the interface descriptors of a configuration, every alternate setting."""
    return [piece for piece in _split(raw[CONFIGURATION_BYTES:]) if piece[1] == _INTERFACE_TYPE and len(piece) >= _INTERFACE.size]


def _setting(raw: bytes, interface: int, setting: int) -> _Setting:
    return _settings(raw)[interface][setting]


@lru_cache(maxsize=16)  # pyusb asks for one interface and endpoint after the other, and a device may claim thousands
def _settings(raw: bytes) -> list[list[_Setting]]:
    by_number: dict[int, list[_Setting]] = {}
    current: _Setting | None = None
    for piece in _split(raw[CONFIGURATION_BYTES:]):
        if piece[1] == _INTERFACE_TYPE and len(piece) >= _INTERFACE.size:
            current = _Setting(piece)
            by_number.setdefault(piece[2], []).append(current)
        elif current is None:
            continue
        elif piece[1] == _ENDPOINT_TYPE and len(piece) >= _ENDPOINT.size:
            current.endpoints.append((piece, b""))
        elif current.endpoints:
            own, extra = current.endpoints[-1]
            current.endpoints[-1] = (own, extra + piece)
        else:
            current.extra += piece
    return [by_number[number] for number in sorted(by_number)]


def _split(raw: bytes) -> Iterator[bytes]:
    position = 0
    while position + 2 <= len(raw) and raw[position] >= 2:
        yield raw[position : position + raw[position]]
        position += raw[position]


def _read(form: struct.Struct, names: list[str], raw: bytes) -> SimpleNamespace:
    if len(raw) < form.size:
        raise ValueError(f"a descriptor of {len(raw)} bytes is shorter than {form.size}")
    return SimpleNamespace(**dict(zip(names, form.unpack_from(raw), strict=True)), extra_descriptors=[])
