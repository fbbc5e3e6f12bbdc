r"""How names and times of FAT and exFAT become text. Pure; no input or output.

A name is kept twice. Its raw form is what the medium holds: UTF-16LE where there is a long name, else the OEM bytes of the short name
(base, ``.``, extension, without the padding). Its readable form escapes what must not be shown as it is: ``\xNN`` for control characters, ``/`` and
``\`` inside a name, the dots of a name that is only dots, and OEM bytes that are no GBK; ``\uNNNN`` for lone surrogates and for characters that
turn the direction of text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_ESCAPED = re.compile("[\\x00-\\x1f\\x7f-\\x9f/\\\\\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_LOWER_BASE, _LOWER_EXTENSION = 0x08, 0x10
_KANJI_E5 = 0x05
"""Stands for a first byte E5, which would mean "deleted" (fatgen103, "FAT 32 Byte Directory Entry")."""
_ATTRIBUTES = ((0x01, "R"), (0x02, "H"), (0x04, "S"), (0x20, "A"))
_OFFSET_IS_VALID = 0x80


@dataclass(frozen=True, slots=True)
class EntryName:
    """One part of a path.

    Attributes:
        readable: For people; never holds ``/`` and is never ``.`` or ``..``.
        raw: The bytes on the medium.
    """

    readable: str
    raw: bytes


def long_name(units: bytes) -> EntryName:
    """Make a name from UTF-16LE, which may be malformed."""
    return EntryName(readable_text(units.decode("utf-16-le", "surrogatepass")), units)


def short_name(stored: bytes, case_flags: int) -> EntryName:
    """Make a name from the 11 bytes of a short name and the byte that remembers its case (offset 12, as Windows NT keeps it)."""
    base, extension = stored[:8].rstrip(b" "), stored[8:11].rstrip(b" ")
    shown = (b"\xe5" + base[1:]) if base[:1] == bytes([_KANJI_E5]) else base
    text = _oem_text(shown, lower=bool(case_flags & _LOWER_BASE))
    if extension:
        text += "." + _oem_text(extension, lower=bool(case_flags & _LOWER_EXTENSION))
    return EntryName(_only_dots(text), base + (b"." + extension if extension else b""))


def volume_label(stored: bytes) -> str | None:
    """Spell the 11 bytes of a FAT volume label, or answer ``None`` where they are blank."""
    return _oem_text(stored.rstrip(b" \0"), lower=False) or None


def readable_text(text: str) -> str:
    """Escape what must not be shown as it is."""
    return _only_dots(_ESCAPED.sub(lambda match: _escape(ord(match[0])), text))


def _oem_text(raw: bytes, *, lower: bool) -> str:
    try:
        text = _ESCAPED.sub(lambda match: _escape(ord(match[0])), raw.decode("gbk"))
    except UnicodeDecodeError:
        return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b"/\\" else _escape(byte) for byte in raw)
    return text.lower() if lower else text


def _only_dots(text: str) -> str:
    return text.replace(".", "\\x2e") if text in (".", "..") else text


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def attribute_letters(attributes: int) -> str:
    """Spell attribute bits: R read-only, H hidden, S system, A archive."""
    return "".join(letter for bit, letter in _ATTRIBUTES if attributes & bit)


def wall_time(date: int, time: int, *, hundredths: int = 0, utc_offset: int = 0) -> str | None:
    """Spell a DOS time as ``YYYY-MM-DDTHH:MM:SS``, or answer ``None`` where it is no time.

    Args:
        date: Bits 15-9 years since 1980, 8-5 month, 4-0 day.
        time: Bits 15-11 hours, 10-5 minutes, 4-0 seconds halved.
        hundredths: 0 to 199, to be added.
        utc_offset: exFAT's offset byte (section 7.4.10.2): bit 7 valid, else quarters of an hour in two's complement; 0 is none.
    """
    try:
        moment = datetime(1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, 2 * (time & 31))  # noqa: DTZ001 - wall time
    except ValueError:
        return None
    if hundredths < 200:
        moment += timedelta(milliseconds=10 * hundredths)
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    if not utc_offset & _OFFSET_IS_VALID:
        return text
    quarters = utc_offset & 0x7F
    quarters -= 0x80 if quarters & 0x40 else 0
    sign = "-" if quarters < 0 else "+"
    return f"{text}{sign}{abs(quarters) // 4:02}:{abs(quarters) % 4 * 15:02}"
