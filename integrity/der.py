"""The few pieces of DER (ITU-T X.690, section 10) that time-stamps are made of: writing them, and reading them strictly.

Reading takes definite lengths in their shortest form and low tag numbers only; what is left over is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from integrity.errors import MalformedValueError

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31

_LONG_FORM = 0x80
_LONGEST_LENGTH_BYTES = 4
_LONGEST_IDENTIFIER_BYTES = 64
"""Three times what the longest in use takes, one made from a UUID (ITU-T X.667)."""
_GENERALIZED_TIME = re.compile(rb"(\d{14})(?:\.(\d{0,5}[1-9]))?Z")


def context(number: int, *parts: bytes) -> bytes:
    """Write a constructed value with a context-specific tag."""
    return encode(0xA0 | number, *parts)


def encode(tag: int, *parts: bytes) -> bytes:
    """Write a value: tag, length, and the parts one after the other."""
    content = b"".join(parts)
    length = len(content)
    if length < _LONG_FORM:
        return bytes([tag, length]) + content
    count = (length.bit_length() + 7) // 8
    return bytes([tag, _LONG_FORM | count]) + length.to_bytes(count, "big") + content


def sequence(*parts: bytes) -> bytes:
    """Write a SEQUENCE."""
    return encode(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """Write a SET OF, its members in the order that DER asks for."""
    return encode(SET, *sorted(parts))


def integer(value: int) -> bytes:
    """Write an INTEGER that is not negative."""
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octet_string(content: bytes) -> bytes:
    """Write an OCTET STRING."""
    return encode(OCTET_STRING, content)


def named_bit(position: int) -> bytes:
    """Write a BIT STRING in which one named bit is set."""
    return encode(BIT_STRING, bytes([7 - position % 8]), bytes(position // 8), bytes([0x80 >> position % 8]))


def boolean(value: bool) -> bytes:  # noqa: FBT001 - the value itself
    """Write a BOOLEAN."""
    return encode(BOOLEAN, b"\xff" if value else b"\x00")


def null() -> bytes:
    """Write a NULL."""
    return encode(NULL)


def object_identifier(dotted: str) -> bytes:
    """Write an OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return encode(OBJECT_IDENTIFIER, bytes(content))


def generalized_time(instant: datetime) -> bytes:
    """Write an aware time as GeneralizedTime in UTC, to the second."""
    return encode(GENERALIZED_TIME, instant.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


@dataclass(frozen=True, slots=True)
class DerValue:
    """A value as read.

    Attributes:
        tag: Its tag byte.
        content: The bytes inside.
        raw: The whole encoding, tag and length included.
    """

    tag: int
    content: bytes
    raw: bytes

    def expect(self, tag: int) -> DerValue:
        """The value itself, if it has this tag.

        Raises:
            MalformedValueError: It has another.
        """
        if self.tag != tag:
            raise MalformedValueError("DER", f"expected tag {tag:#04x}, found {self.tag:#04x}")
        return self

    def children(self) -> list[DerValue]:
        """The values inside a constructed value.

        Raises:
            MalformedValueError: The content does not divide into values.
        """
        found: list[DerValue] = []
        rest = self.content
        while rest:
            value = _read(rest)
            found.append(value)
            rest = rest[len(value.raw) :]
        return found

    def as_integer(self) -> int:
        """The number in an INTEGER.

        Raises:
            MalformedValueError: It is no INTEGER, or not in its shortest form.
        """
        content = self.expect(INTEGER).content
        if not content or (len(content) > 1 and content[0] in {0x00, 0xFF} and (content[0] ^ content[1]) < 0x80):
            raise MalformedValueError("DER", "an INTEGER is not in its shortest form")
        return int.from_bytes(content, "big", signed=True)

    def as_object_identifier(self) -> str:
        """The dotted form of an OBJECT IDENTIFIER.

        Raises:
            MalformedValueError: It is none, or is damaged.
        """
        content = self.expect(OBJECT_IDENTIFIER).content
        if not 0 < len(content) <= _LONGEST_IDENTIFIER_BYTES or content[-1] & 0x80:
            raise MalformedValueError("DER", "an OBJECT IDENTIFIER is damaged or too long")
        arcs, value = [], 0
        for position, septet in enumerate(content):
            if septet == 0x80 and (position == 0 or not content[position - 1] & 0x80):
                raise MalformedValueError("DER", "an OBJECT IDENTIFIER is not in its shortest form")
            value = value << 7 | septet & 0x7F
            if not septet & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))

    def as_time(self) -> datetime:
        """The moment in a GeneralizedTime of RFC 3161 (section 2.4.2), aware UTC.

        Raises:
            MalformedValueError: It is none, is spelled otherwise, or there is no such moment.
        """
        match = _GENERALIZED_TIME.fullmatch(self.expect(GENERALIZED_TIME).content)
        if match is None:
            raise MalformedValueError("DER", "a GeneralizedTime is not in its required form")
        fraction = (match[2] or b"").decode().ljust(6, "0")
        try:
            return datetime.strptime(f"{match[1].decode()}{fraction}", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
        except ValueError as error:
            raise MalformedValueError("DER", "a GeneralizedTime names no moment") from error


def parse(data: bytes) -> DerValue:
    """Read exactly one value.

    Raises:
        MalformedValueError: The bytes are not one DER value and nothing else.
    """
    value = _read(data)
    if len(value.raw) != len(data):
        raise MalformedValueError("DER", "bytes are left over")
    return value


def _read(data: bytes) -> DerValue:
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise MalformedValueError("DER", "is cut short or has a long tag")
    length, start = data[1], 2
    if length & _LONG_FORM:
        count = length & ~_LONG_FORM
        start += count
        length = int.from_bytes(data[2:start], "big")
        if not 1 <= count <= _LONGEST_LENGTH_BYTES or length < _LONG_FORM or length >> 8 * (count - 1) == 0:
            raise MalformedValueError("DER", "a length is not in its shortest form")
    if start + length > len(data):
        raise MalformedValueError("DER", "is cut short")
    return DerValue(data[0], data[start : start + length], data[: start + length])
