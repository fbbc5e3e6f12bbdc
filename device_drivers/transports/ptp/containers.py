"""Containers: how PTP travels over bulk endpoints. Pure; no input or output.

Source: USB Still Image Capture Device Definition 1.0, section 7.1. A container is its length (u32, itself included), kind (u16), code (u16) and
transaction id (u32), all little-endian, and then its payload: up to five u32 parameters, or data. A length of 0xFFFFFFFF is one that does not fit.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from device_drivers.errors import MalformedReplyError

HEADER_BYTES = 12
MAX_PARAMETERS = 5
MAX_RESPONSE_BYTES = HEADER_BYTES + 4 * MAX_PARAMETERS
UNKNOWN_LENGTH = 0xFFFF_FFFF
_HEADER = struct.Struct("<IHHI")


class Kind(IntEnum):
    """What a container carries."""

    COMMAND = 1
    DATA = 2
    RESPONSE = 3
    EVENT = 4


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a container.

    Attributes:
        payload_bytes: Length of what follows the head; ``None`` where it is not told because it does not fit.
        kind: What it carries.
        code: Operation, or response code.
        transaction: The transaction that it belongs to.
    """

    payload_bytes: int | None
    kind: Kind
    code: int
    transaction: int


@dataclass(frozen=True, slots=True)
class Response:
    """How an operation ended, with its parameters."""

    code: int
    parameters: tuple[int, ...]


def encode_command(operation: int, transaction: int, parameters: Sequence[int]) -> bytes:
    """Make a command container."""
    body = struct.pack(f"<{len(parameters)}I", *parameters)
    return _HEADER.pack(HEADER_BYTES + len(body), Kind.COMMAND, operation, transaction) + body


def encode_data(operation: int, transaction: int, payload: bytes) -> bytes:
    """Make a data container."""
    return _HEADER.pack(HEADER_BYTES + len(payload), Kind.DATA, operation, transaction) + payload


def parse_header(raw: bytes | memoryview) -> Header:
    """Read the head of a container.

    Raises:
        MalformedReplyError: It is none.
    """
    if len(raw) < HEADER_BYTES:
        raise MalformedReplyError("container", f"{len(raw)} bytes are no head")
    length, kind, code, transaction = _HEADER.unpack_from(raw)
    if length < HEADER_BYTES or kind not in Kind.__members__.values():
        raise MalformedReplyError("container", f"length {length}, kind {kind}")
    return Header(None if length == UNKNOWN_LENGTH else length - HEADER_BYTES, Kind(kind), code, transaction)


def parse_response(raw: bytes | memoryview, transaction: int) -> Response:
    """Read a response container.

    Raises:
        MalformedReplyError: It is none, or belongs to another transaction.
    """
    header = parse_header(raw)
    if header.kind is not Kind.RESPONSE:
        raise MalformedReplyError("response", f"a container of kind {header.kind.name.lower()}")
    if header.transaction != transaction:
        raise MalformedReplyError("response", f"of transaction {header.transaction} instead of {transaction}")
    if header.payload_bytes != len(raw) - HEADER_BYTES or len(raw) > MAX_RESPONSE_BYTES or len(raw) % 4:
        raise MalformedReplyError("response", f"{len(raw)} bytes that say {header.payload_bytes} follow")
    return Response(header.code, struct.unpack_from(f"<{(len(raw) - HEADER_BYTES) // 4}I", raw, HEADER_BYTES))
