"""The dock's side of the program that removes files: start it, or reach it through a socket, and believe it only what it may say."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import device_drivers
from device_drivers.errors import FileRemovalError, RecorderUnpluggedError
from device_drivers.recorder import Removal
from device_drivers.transports.file_removal.request import (
    MAX_ANSWER_BYTES,
    End,
    Ending,
    FileFate,
    RemovalRequest,
    decode_answer,
    encode_request,
)
from device_drivers.transports.plugged_in import VolumePlace
from integrity.listing import RecordedFile

ANSWER_WITHIN_S = 120.0
"""Longest wait for the next line; a disk's own time-outs are part of it."""
_NO_FINGERPRINT = "it was listed without a fingerprint"
_PROGRAM = "device_drivers.transports.file_removal.program"


class KernelFileRemover:
    """Removes files from disks by the program; keeps the promise of ``transports.plugged_in.DiskFileRemover``.

    Args:
        socket_path: Unix socket behind which the system starts the program, for a dock without root; ``None`` starts it as a child, with
            the rights of this process.
        answer_within_s: Longest wait for the program's next line, in seconds.
    """

    def __init__(self, socket_path: Path | None = None, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._socket_path = socket_path
        self._answer_within_s = answer_within_s

    def remove(self, place: VolumePlace, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """Have files removed; see ``DiskFileRemover.remove``. One that was listed without a fingerprint stays."""
        asked = tuple(file for file in files if file.fingerprint)
        if not asked:
            yield from (Removal(file, _NO_FINGERPRINT) for file in files)
            return
        request = RemovalRequest(place.port, place.interface_number, place.unit, place.offset_bytes, place.volume_id, asked)
        with self._connected() as link, link.makefile("rb") as lines:
            self._send(link, request)
            number = 0
            for file in files:
                if not file.fingerprint:
                    yield Removal(file, _NO_FINGERPRINT)
                    continue
                yield Removal(file, self._read_fate(lines, number))
                number += 1
            self._read_end(lines)

    def _send(self, link: socket.socket, request: RemovalRequest) -> None:
        link.settimeout(self._answer_within_s)
        try:
            link.sendall(encode_request(request))
        except BrokenPipeError:  # it has answered already, and that says why
            return
        except OSError as error:
            raise FileRemovalError(f"the program does not take the request: {error}") from error

    def _read_fate(self, lines: BinaryIO, number: int) -> str | None:
        answer = self._read(lines)
        if isinstance(answer, Ending):
            raise _failure(answer)
        if answer.number != number:
            raise FileRemovalError("the program answered out of turn")
        return answer.kept_because

    def _read_end(self, lines: BinaryIO) -> None:
        answer = self._read(lines)
        if isinstance(answer, FileFate):
            raise FileRemovalError("the program answered for more files than were asked")
        if answer.end is not End.DONE:
            raise _failure(answer)

    def _read(self, lines: BinaryIO) -> FileFate | Ending:
        try:
            line = lines.readline(MAX_ANSWER_BYTES + 1)
        except TimeoutError as error:
            raise FileRemovalError(f"the program said nothing for {self._answer_within_s:g} s") from error
        except OSError as error:
            raise FileRemovalError(f"the program left: {error}") from error
        if not line:
            raise FileRemovalError("the program ended without a last word")
        return decode_answer(line)

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        if self._socket_path is None:
            with _started() as link:
                yield link
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            try:
                link.connect(str(self._socket_path))
            except OSError as error:
                raise FileRemovalError(f"nothing answers at {self._socket_path}: {error.strerror}") from error
            yield link


@contextmanager
def _started() -> Iterator[socket.socket]:
    """Start the program as a child that speaks through a socket; afterwards it is gone, and with it what it had mounted."""
    ours, theirs = socket.socketpair()
    root = Path(device_drivers.__file__).resolve().parent.parent
    with ours:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-m", _PROGRAM],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
                start_new_session=True,  # a Ctrl-C at the dock is not for the program
            )
        try:
            yield ours
        finally:
            process.kill()
            process.wait()


def _failure(ending: Ending) -> RecorderUnpluggedError | FileRemovalError:
    if ending.end is End.UNPLUGGED:
        return RecorderUnpluggedError("removing files")
    return FileRemovalError(ending.reason or "the program ended before its work was done")
