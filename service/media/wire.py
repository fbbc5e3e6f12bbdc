"""How the service and a child that parses media speak over two pipes.

A frame is one byte of kind, four bytes of length (little endian) and the payload. The child says once that it is ready (``READY``), asks for bytes of
the file (``READ``: offset and length) and gets exactly as many as there are (``BYTES``), and ends with its ``ANSWER`` (JSON).
"""

import os
import select
import struct
import time
from enum import IntEnum

from service.media.errors import ChildFailedError

HEADER = struct.Struct("<BI")
READ = struct.Struct("<QI")
MAX_READ_BYTES = 1024**2
MAX_ANSWER_BYTES = 64 * 1024


class Frame(IntEnum):
    """Kinds of frames."""

    READY = 1
    READ = 2
    BYTES = 3
    ANSWER = 4


class PipeEnd:
    """The service's end of the pipes; nothing the child does makes it wait longer than asked. Deadlines are of the monotonic clock."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        os.set_blocking(incoming, False)
        os.set_blocking(outgoing, False)

    def send(self, kind: Frame, payload: bytes, *, deadline: float) -> None:
        """Send a frame.

        Raises:
            ChildFailedError: The child died, or does not take it.
        """
        data = memoryview(HEADER.pack(kind, len(payload)) + payload)
        while data:
            self._wait(self._outgoing, select.POLLOUT, deadline)
            try:
                data = data[os.write(self._outgoing, data) :]
            except BrokenPipeError as error:
                raise ChildFailedError("parser_died") from error

    def receive(self, *, deadline: float) -> tuple[Frame, bytes]:
        """Receive a frame.

        Raises:
            ChildFailedError: The child died, is silent, or sent what is no frame.
        """
        kind, length = HEADER.unpack(self._read_exactly(HEADER.size, deadline))
        if length > MAX_ANSWER_BYTES or kind not in (Frame.READY, Frame.READ, Frame.ANSWER):
            raise ChildFailedError("parser_misbehaved")
        return Frame(kind), self._read_exactly(length, deadline)

    def _read_exactly(self, length: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < length:
            self._wait(self._incoming, select.POLLIN, deadline)
            piece = os.read(self._incoming, length - len(data))
            if not piece:
                raise ChildFailedError("parser_died")
            data += piece
        return bytes(data)

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise ChildFailedError("parser_too_slow")
