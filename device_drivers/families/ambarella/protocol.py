"""The two dialects of recorders with Ambarella chips, as bytes. Pure; no input or output.

Source: a vendor's public library and tools. What that leaves open is said where it is decided: how a password fills its field, the byte order of
the binary dialect and what its length counts. README.md beside this file lists these guesses.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from device_drivers.errors import MalformedReplyError
from device_drivers.identity_file import IdentityRecord
from integrity.listing import is_identity

CHINA_STANDARD_TIME = timezone(timedelta(hours=8))
"""Where a recorder's wall clock lives unless a site says otherwise; China has one zone, without summer time."""
USUAL_PASSWORDS = ("000000", "888888", "12345678")
"""Passwords that makers ship recorders with."""
ASCII_REPLY_BYTES = 64
LOG_IN = b"@Ver;8;00000000;#"
_PASSWORD_CHARACTERS, _FILLING = 8, "0"
"""A password shorter than its field is filled with what fills the field of the log-in message."""
_DEVICE_ID = re.compile(rb"@Gdv;(\d{1,3});([^#]*)#")

BINARY_REPLY_BYTES = 512
BINARY_PASSWORD_CHARACTERS = 6
_FRAME_HEAD, _FRAME_TAIL = bytes.fromhex("453a0267"), bytes.fromhex("bac5fd98")
_FRAME = struct.Struct("<4sII4s")
_SET_CLOCK, _ENTER_STORAGE_MODE = 0x0F00_00D4, 0x0F00_00F7


def is_logged_in(reply: bytes) -> bool:
    """Whether a recorder has taken the log-in message."""
    return b"Ver;OK" in reply


def ask_device_id(password: str) -> bytes:
    """Ask for the device id."""
    return _with_password("Gdv", password)


def is_device_id(reply: bytes) -> bool:
    """Whether a reply gives a device id; to a wrong password it does not."""
    return _DEVICE_ID.search(reply) is not None


def decode_device_id(reply: bytes) -> IdentityRecord:
    """Read the reply that gives the device id; one whose length is not the announced one is kept, and says nothing.

    Raises:
        MalformedReplyError: It gives none.
    """
    found = _DEVICE_ID.search(reply)
    if found is None:
        raise MalformedReplyError("device id", "the reply has another form")
    raw = found[2].rstrip(b";")
    text = raw.decode("ascii", "backslashreplace").strip()
    is_whole = int(found[1]) in (len(raw), len(found[2])) and text.isprintable()
    return IdentityRecord(record_base64=base64.b64encode(reply).decode(), serial=text if is_whole and is_identity(text) else None)


def set_date(moment: datetime, zone: tzinfo) -> bytes:
    """Set the date to that of an aware time in a zone."""
    return b"@Sdt;8;%s;#" % moment.astimezone(zone).strftime("%Y%m%d").encode()


def set_time(moment: datetime, zone: tzinfo) -> bytes:
    """Set the time of day; its length says 6 and 8 characters follow, as the vendor's own library has it."""
    return b"@Stm;6;%s00;#" % moment.astimezone(zone).strftime("%H%M%S").encode()


def answers(reply: bytes, message: bytes) -> bool:
    """Whether a reply names the message that it answers."""
    return message[1:4] in reply


def enter_storage_mode(password: str) -> bytes:
    """Tell it to become a disk."""
    return _with_password("ATH", password)


def fitting_passwords(passwords: Sequence[str], longest: int, *, shortest: int = 1) -> tuple[str, ...]:
    """Pick the passwords that fit a field: ASCII letters and digits, without repetition."""
    fitting = (each for each in passwords if each.isascii() and each.isalnum() and shortest <= len(each) <= longest)
    return tuple(dict.fromkeys(fitting))


def binary_set_clock(moment: datetime) -> tuple[bytes, bytes]:
    """Set the clock of the binary dialect, which is in UTC: a frame and what follows it."""
    return _binary(_SET_CLOCK, moment.astimezone(UTC).strftime("%Y/%m/%d/%H/%M/%S").encode())


def binary_enter_storage_mode(password: str) -> tuple[bytes, bytes]:
    """Tell a recorder of the binary dialect to become a disk; 6 characters of password."""
    return _binary(_ENTER_STORAGE_MODE, password.encode("ascii"))


def _with_password(name: str, password: str) -> bytes:
    filled = password[:_PASSWORD_CHARACTERS].ljust(_PASSWORD_CHARACTERS, _FILLING)
    return f"@{name};{_PASSWORD_CHARACTERS};{filled};#".encode("ascii")


def _binary(command: int, content: bytes) -> tuple[bytes, bytes]:
    following = struct.pack("<I", len(content)) + content
    return _FRAME.pack(_FRAME_HEAD, command, len(following), _FRAME_TAIL), following
