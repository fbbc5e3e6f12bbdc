"""The identity file that a recorder may carry, where its protocol has no question that asks who it is. Pure; no input or output.

It is a small text file in the root directory, ``RECORDER.TXT`` or ``DEVICE.TXT`` (in any case), of at most 4,096 bytes, UTF-8 (a byte order
mark is allowed) or GBK, with one ``key=value`` or ``key: value`` on a line. Lines that begin with ``#`` and unknown keys are passed over; of a
repeated key the first counts. A serial, code or officer number that a factory leaves behind is no identity and stays unknown. The bytes are kept
verbatim, whatever they say.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from integrity.listing import MAX_RECORD_BYTES, MAX_TEXT_CHARACTERS, is_identity

IDENTITY_FILE_NAMES = ("recorder.txt", "device.txt")
MAX_IDENTITY_FILE_BYTES = MAX_RECORD_BYTES
_LINE = re.compile("\\s*([A-Za-z][A-Za-z _-]*?)\\s*[=:\uff1a]\\s*(.*?)\\s*")
"""The third separator is the full-width colon that Chinese keyboards type."""
_FIELDS = {
    "serial": "serial",
    "id_code": "id_code",
    "officer": "officer_code",
    "officer_code": "officer_code",
    "officer_name": "officer_name",
    "unit": "unit_code",
    "unit_code": "unit_code",
    "unit_name": "unit_name",
}
_NUMBERS = frozenset({"serial", "id_code", "officer_code"})


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """What an identity file says; unknown fields are ``None``, the names are those of ``integrity.listing.RecorderIdentity``."""

    record_base64: str
    serial: str | None = None
    id_code: str | None = None
    officer_code: str | None = None
    officer_name: str | None = None
    unit_code: str | None = None
    unit_name: str | None = None


def is_identity_file(path: str, size_bytes: int) -> bool:
    """Whether a file in the root directory, by its name and size, is an identity file."""
    return path.lower() in IDENTITY_FILE_NAMES and 0 < size_bytes <= MAX_IDENTITY_FILE_BYTES


def parse_identity_file(content: bytes) -> IdentityRecord:
    """Read an identity file; what cannot be understood is left unknown, and the bytes are kept."""
    fields: dict[str, str] = {}
    for line in _decode(content).splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        key = _FIELDS.get(re.sub(r"[ -]+", "_", found[1].lower()))
        if key and key not in fields and _is_text(found[2]):
            fields[key] = found[2]
    for key in _NUMBERS & set(fields):
        if not is_identity(fields[key]):
            del fields[key]
    return IdentityRecord(record_base64=base64.b64encode(content[:MAX_IDENTITY_FILE_BYTES]).decode(), **fields)


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gbk"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""


def _is_text(value: str) -> bool:
    return 0 < len(value) <= MAX_TEXT_CHARACTERS and value.isprintable()
