"""The vendor commands of recorders with JieLi chips, as bytes. Pure; no input or output.

Source: the command list of the vendor's public SDK headers. Of it only what a dock needs is here. Commands that write the identity record
(4, 9), the password (10) or the id code (11) are left out and therefore cannot be sent; 13, which hands out the password, is not needed, because the
password is checked on the host and protects nothing.
"""

from __future__ import annotations

import base64
import struct
from datetime import datetime, timedelta, timezone, tzinfo

from device_drivers.errors import MalformedReplyError
from device_drivers.identity_file import IdentityRecord
from device_drivers.transports.vendor_unit import VendorCommand
from integrity.listing import MAX_RECORD_BYTES, is_identity

CHINA_STANDARD_TIME = timezone(timedelta(hours=8))
"""Where a recorder's wall clock lives unless a site says otherwise; China has one zone, without summer time."""
_READ, _WRITE = (0xFD, 0x81), (0xFB, 0x82)
_RECORD_BYTES = 94

INITIALISE = VendorCommand("beginning to speak", *_WRITE, number=1, length=0, is_in=False)
READ_ID_CODE = VendorCommand("reading the id code", *_READ, number=2, length=6, is_in=True)
READ_RECORD = VendorCommand("reading the identity record", *_READ, number=3, length=_RECORD_BYTES, is_in=True)
SET_CLOCK = VendorCommand("setting the clock", *_WRITE, number=5, length=8, is_in=False)
ENTER_STORAGE_MODE = VendorCommand("changing into a disk", *_WRITE, number=6, length=0, is_in=False)
READ_RESOLUTION = VendorCommand("reading the resolution", *_READ, number=7, length=8, is_in=True)
READ_BATTERY = VendorCommand("reading the battery", *_READ, number=8, length=4, is_in=True)
READ_CARD_STATE = VendorCommand("reading the state of the card", *_READ, number=12, length=4, is_in=True)
READ_RESULT = VendorCommand("reading the result of a command", *_READ, number=14, length=4, is_in=True)
COMMANDS = (
    INITIALISE,
    READ_ID_CODE,
    READ_RECORD,
    SET_CLOCK,
    ENTER_STORAGE_MODE,
    READ_RESOLUTION,
    READ_BATTERY,
    READ_CARD_STATE,
    READ_RESULT,
)
"""Everything that can be sent."""

_FIELDS = ("serial", "officer_code", "officer_name", "unit_code", "unit_name")
_TERMINATED, _UNTERMINATED = (8, 7, 33, 13, 33), (7, 6, 32, 12, 32)
_LAYOUTS = {sum(widths): widths for widths in (_TERMINATED, _UNTERMINATED)}
"""Widths of the fields in bytes, by the length of the record: 94 with a NUL after each text, 89 without."""
_NUMBERS = frozenset({"serial", "officer_code"})
_MOST_PIXELS = 16_384


def decode_record(raw: bytes) -> IdentityRecord:
    """Read an identity record; one of another length than the two known is kept, and says nothing."""
    widths = _LAYOUTS.get(len(raw), ())
    fields: dict[str, str] = {}
    start = 0
    for name, width in zip(_FIELDS, widths, strict=False):
        text = decode_text(raw[start : start + width])
        start += width
        if text and (name not in _NUMBERS or is_identity(text)):
            fields[name] = text
    return IdentityRecord(record_base64=base64.b64encode(raw[:MAX_RECORD_BYTES]).decode(), **fields)


def decode_text(raw: bytes) -> str:
    r"""Read a text up to its NUL, without blanks around it: UTF-8, else GBK, else as it is; what cannot be shown is spelled ``\xNN``."""
    text = raw.split(b"\0")[0]
    for encoding in ("utf-8", "gbk"):
        try:
            shown = text.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in text)
    return "".join(each if each.isprintable() else "".join(f"\\x{byte:02x}" for byte in each.encode()) for each in shown).strip()


def decode_id_code(raw: bytes) -> str | None:
    """Read the maker's and product's code; ``None`` where it is blank or a factory's filling.

    Raises:
        MalformedReplyError: It is shorter than the five characters that a code has at least.
    """
    if len(raw) < READ_ID_CODE.length - 1:
        raise MalformedReplyError("id code", f"{len(raw)} bytes")
    text = decode_text(raw)
    return text if is_identity(text) else None


def decode_number(raw: bytes) -> int:
    """Read a number of 32 bits, little-endian.

    Raises:
        MalformedReplyError: It has another length.
    """
    if len(raw) != 4:
        raise MalformedReplyError("number", f"{len(raw)} bytes instead of 4")
    return int.from_bytes(raw, "little", signed=True)


def decode_percent(raw: bytes) -> int | None:
    """Read a charge in percent, ``None`` where it is none; raises like :func:`decode_number`."""
    value = decode_number(raw)
    return value if 0 <= value <= 100 else None


def decode_resolution(raw: bytes) -> tuple[int, int] | None:
    """Read a width and a height in pixels, ``None`` where they are none.

    Raises:
        MalformedReplyError: There are not two of them.
    """
    if len(raw) != 8:
        raise MalformedReplyError("resolution", f"{len(raw)} bytes instead of 8")
    width, height = struct.unpack("<ii", raw)
    return (width, height) if 0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS else None


def encode_time(moment: datetime, zone: tzinfo) -> bytes:
    """Write an aware time as the wall time of a zone: year (16 bits, little-endian), month, day, hour, minute, second, padding."""
    wall = moment.astimezone(zone)
    return struct.pack("<HBBBBBx", wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second)
