"""The child's side: give up every right before the first byte of a file is seen, then read that file through the pipe.

Parsers are where hostile media attack. From :func:`give_up_rights` on this process can open no file and no socket, start nothing, and take only so
much memory and processor time; each byte it sees was read for it by the service, which also watches the clock.
"""

import io
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

from service.media.wire import HEADER, MAX_READ_BYTES, READ, Frame

_NOBODY = 65_534
_GENTLY = 10


class ReadTooMuchError(OSError):
    """The file makes its reader want more of it than is allowed."""


class ServiceGoneError(OSError):
    """Nobody answers at the other end of the pipe."""


class PipedFile:
    """A file that the service reads for us; no bytes of it are kept here."""

    def __init__(self, size_bytes: int, allowance: int, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self.size_bytes = size_bytes
        self._allowance = allowance
        self._incoming, self._outgoing = incoming, outgoing
        self._position = 0

    def read(self, count: int) -> bytes:
        """Read from where we are; empty at the end.

        Raises:
            ReadTooMuchError: That would be more than is allowed in all.
        """
        wanted = max(0, min(count, MAX_READ_BYTES, self.size_bytes - self._position))
        if wanted == 0:
            return b""
        if wanted > self._allowance:
            raise ReadTooMuchError
        self._allowance -= wanted
        send(self._outgoing, Frame.READ, READ.pack(self._position, wanted))
        data = _receive_bytes(self._incoming)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere; beyond the end there is nothing to read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size_bytes}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """Where we are."""
        return self._position


def serve(look: Callable[[PipedFile], dict[str, Any]]) -> int:
    """Confine this process, have it look at the file, and send what was found."""
    given = json.loads(sys.argv[1])
    give_up_rights(memory_bytes=given["memory_bytes"], cpu_s=given["cpu_s"])
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    send(outgoing, Frame.READY, b"")
    try:
        answer = look(PipedFile(given["size_bytes"], given["read_bytes"], incoming, outgoing))
    except MemoryError:
        answer = {"error": "parser_out_of_memory"}
    except ReadTooMuchError:
        answer = {"error": "read_too_much"}
    send(outgoing, Frame.ANSWER, json.dumps(answer).encode())
    return 0


def give_up_rights(*, memory_bytes: int, cpu_s: int) -> None:
    """Let go of files, sockets, processes, memory, time and root; there is no way back."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the worker's terminal is for the worker, which ends us
    with suppress(OSError):  # whoever started us may have been gentler still
        os.nice(_GENTLY)
    for name, soft, hard in (
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),  # the soft limit ends us with a signal that says why
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, 3, 3),
    ):
        resource.setrlimit(name, (soft, hard))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def send(outgoing: BinaryIO, kind: Frame, payload: bytes) -> None:
    """Send a frame to the service."""
    outgoing.write(HEADER.pack(kind, len(payload)) + payload)
    outgoing.flush()


def _receive_bytes(incoming: BinaryIO) -> bytes:
    header = incoming.read(HEADER.size)
    if len(header) < HEADER.size:
        raise ServiceGoneError
    _, length = HEADER.unpack(header)
    data = incoming.read(length)
    if len(data) < length:
        raise ServiceGoneError
    return data
