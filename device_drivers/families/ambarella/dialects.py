"""The two dialects, spoken over a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from device_drivers.errors import RecorderRefusedError, RecorderUnpluggedError, TransportTimeoutError
from device_drivers.families.ambarella import protocol
from device_drivers.identity_file import IdentityRecord
from device_drivers.transports.bulk_pipe import BulkPipe

BINARY, BINARY_IF_SILENT = "bc300", "bc300-if-silent"
QUIRKS = frozenset({BINARY, BINARY_IF_SILENT})
"""Peculiarities that a profile may name: it speaks the binary dialect, or may speak it where it does not answer the other one."""
REPLY_WITHIN_S = 2.0
LEAVES_WITHIN_S = 3.0
"""A recorder that becomes a disk is back within about five seconds; it leaves at once or not at all."""
_LOGGING_IN, _IDENTIFYING, _CLOCK, _CHANGING = "logging in", "reading the device id", "setting the clock", "changing into a disk"
_NO_PASSWORD = "none of the passwords known here is its own"  # noqa: S105 - a sentence


class Dialect(Protocol):
    """How a recorder is spoken to before it is a disk."""

    def identify(self) -> IdentityRecord | None:
        """Ask who it is, or answer ``None`` where the dialect has no question for it.

        Raises:
            RecorderRefusedError: It takes none of the passwords.
            RecorderError: The way to it failed.
        """

    def set_clock(self, moment: datetime) -> None:
        """Set its clock to an aware time.

        Raises:
            RecorderRefusedError: It answers otherwise than it should.
            RecorderError: The way to it failed.
        """

    def enter_storage_mode(self) -> None:
        """Tell it to become a disk, and see it leave; raises like :meth:`identify`."""


class AsciiDialect:
    """``@Name;length;value;#`` and replies of up to 64 bytes."""

    def __init__(self, pipe: BulkPipe, *, passwords: Sequence[str], zone: tzinfo) -> None:
        self._pipe, self._zone = pipe, zone
        self._passwords = protocol.fitting_passwords(passwords, 8)
        self._own_password: str | None = None

    def is_spoken(self) -> bool:
        """Log in; whether that was understood in time."""
        try:
            return protocol.is_logged_in(self._ask(protocol.LOG_IN, _LOGGING_IN))
        except TransportTimeoutError:
            return False

    def identify(self) -> IdentityRecord:
        """Ask for the device id; see :class:`Dialect`."""
        for password in self._passwords:
            reply = self._ask(protocol.ask_device_id(password), _IDENTIFYING)
            if protocol.is_device_id(reply):
                self._own_password = password
                return protocol.decode_device_id(reply)
        raise RecorderRefusedError(_IDENTIFYING, _NO_PASSWORD)

    def set_clock(self, moment: datetime) -> None:
        """Set date and time of day; see :class:`Dialect`."""
        for message in (protocol.set_date(moment, self._zone), protocol.set_time(moment, self._zone)):
            if not protocol.answers(self._ask(message, _CLOCK), message):
                raise RecorderRefusedError(_CLOCK, "its reply does not name what was asked")

    def enter_storage_mode(self) -> None:
        """Tell it to become a disk; see :class:`Dialect`."""
        if self._own_password is None:
            raise RecorderRefusedError(_CHANGING, _NO_PASSWORD)
        self._pipe.send(protocol.enter_storage_mode(self._own_password), timeout_s=REPLY_WITHIN_S, during=_CHANGING)
        if not self._pipe.await_departure(within_s=LEAVES_WITHIN_S, during=_CHANGING):
            raise RecorderRefusedError(_CHANGING, "it stays what it is")

    def _ask(self, message: bytes, during: str) -> bytes:
        self._pipe.send(message, timeout_s=REPLY_WITHIN_S, during=during)
        return self._pipe.receive(protocol.ASCII_REPLY_BYTES, timeout_s=REPLY_WITHIN_S, during=during)


class BinaryDialect:
    """Frames of 16 bytes, as the BC-300 speaks them; nothing in it is known to ask who the recorder is."""

    def __init__(self, pipe: BulkPipe, *, passwords: Sequence[str]) -> None:
        self._pipe = pipe
        length = protocol.BINARY_PASSWORD_CHARACTERS
        self._passwords = protocol.fitting_passwords(passwords, length, shortest=length)

    def identify(self) -> None:
        """Nothing is known to ask; see :class:`Dialect`."""

    def set_clock(self, moment: datetime) -> None:
        """Set the clock; see :class:`Dialect`."""
        self._send(protocol.binary_set_clock(moment), _CLOCK)
        self._pipe.receive(protocol.BINARY_REPLY_BYTES, timeout_s=REPLY_WITHIN_S, during=_CLOCK)

    def enter_storage_mode(self) -> None:
        """Tell it to become a disk, with one password after the other; see :class:`Dialect`."""
        for password in self._passwords:
            try:
                self._send(protocol.binary_enter_storage_mode(password), _CHANGING)
            except RecorderUnpluggedError:
                return
            if self._pipe.await_departure(within_s=LEAVES_WITHIN_S, during=_CHANGING):
                return
        raise RecorderRefusedError(_CHANGING, _NO_PASSWORD)

    def _send(self, pieces: tuple[bytes, bytes], during: str) -> None:
        for piece in pieces:
            self._pipe.send(piece, timeout_s=REPLY_WITHIN_S, during=during)


def choose_dialect(pipe: BulkPipe, *, passwords: Sequence[str], zone: tzinfo, quirks: frozenset[str]) -> Dialect:
    """Find out which dialect a recorder speaks.

    Args:
        pipe: Way to it.
        passwords: Passwords that may be its own.
        zone: Where its wall clock lives.
        quirks: ``bc300`` for the binary dialect, ``bc300-if-silent`` for trying it where the other one is not understood.

    Raises:
        RecorderRefusedError: It does not understand the ASCII dialect, and its profile knows no other.
        RecorderError: The way to it failed.
    """
    if BINARY in quirks:
        return BinaryDialect(pipe, passwords=passwords)
    ascii_dialect = AsciiDialect(pipe, passwords=passwords, zone=zone)
    if ascii_dialect.is_spoken():
        return ascii_dialect
    if BINARY_IF_SILENT in quirks:
        return BinaryDialect(pipe, passwords=passwords)
    raise RecorderRefusedError(_LOGGING_IN, "it does not answer as these recorders do")
