"""How the dock and the program that parses file systems speak over two pipes.

A frame is one byte of kind, four bytes of length (little endian) and the payload. The dock asks (``REQUEST``, JSON); before the program answers
(``ANSWER`` or ``FAULT``, JSON) it may ask for bytes of the disk (``READ``: offset and length) and gets ``BYTES`` or ``UNREADABLE``.
"""

from __future__ import annotations

import os
import select
import struct
import time
from enum import IntEnum

from device_drivers.errors import FileSystemReaderError

HEADER = struct.Struct("<BI")
READ = struct.Struct("<QI")
MAX_PAYLOAD_BYTES = 4 * 1024**2
MAX_READ_BYTES = 1024**2


class Frame(IntEnum):
    """Kinds of frames."""

    REQUEST = 1
    ANSWER = 2
    FAULT = 3
    READ = 4
    BYTES = 5
    UNREADABLE = 6


class PipeEnd:
    """The dock's end of the pipes; nothing the program does makes it wait longer than asked."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        os.set_blocking(incoming, False)
        os.set_blocking(outgoing, False)

    def send(self, kind: Frame, payload: bytes | bytearray, *, deadline: float) -> None:
        """Send a frame before a deadline on the monotonic clock.

        Raises:
            FileSystemReaderError: The program died, or does not take it.
        """
        data = memoryview(HEADER.pack(kind, len(payload)) + payload)
        while data:
            self._wait(self._outgoing, select.POLLOUT, deadline)
            try:
                data = data[os.write(self._outgoing, data) :]
            except BrokenPipeError as error:
                raise FileSystemReaderError("it died") from error

    def receive(self, *, deadline: float) -> tuple[Frame, bytes]:
        """Receive a frame before a deadline on the monotonic clock.

        Raises:
            FileSystemReaderError: The program died, is silent, or sent what is no frame.
        """
        kind, length = HEADER.unpack(self._read_exactly(HEADER.size, deadline))
        if length > MAX_PAYLOAD_BYTES or kind not in (Frame.ANSWER, Frame.FAULT, Frame.READ):
            raise FileSystemReaderError(f"it sent a frame of kind {kind} with {length} bytes")
        return Frame(kind), self._read_exactly(length, deadline)

    def _read_exactly(self, length: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < length:
            self._wait(self._incoming, select.POLLIN, deadline)
            piece = os.read(self._incoming, length - len(data))
            if not piece:
                raise FileSystemReaderError("it died")
            data += piece
        return bytes(data)

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise FileSystemReaderError("it did not answer in time")
