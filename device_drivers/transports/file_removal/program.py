"""The program that removes files from a recorder's disk; the only one that needs root, and only while it runs.

One request comes in on standard input, which may be a pipe or a socket, and the answer goes out on standard output (see ``request``). It mounts one
volume of one USB disk in a namespace of its own, removes the listed files that are still as they were listed, unmounts, and ends.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import BinaryIO

from device_drivers.errors import FileRemovalError, RecorderUnpluggedError
from device_drivers.transports.file_removal.block_device import BlockDevice, await_block_device, read_layout
from device_drivers.transports.file_removal.checks import ListedFiles
from device_drivers.transports.file_removal.kernel import give_up_rights, isolate, mounted
from device_drivers.transports.file_removal.request import (
    MAX_REQUEST_BYTES,
    End,
    Ending,
    FileFate,
    RemovalRequest,
    decode_request,
    encode_answer,
)

LIMIT_S = 900
"""Longest run; then the kernel ends the program, and unmounts what it had mounted."""
_MEMORY_BYTES = 1024**3
_OPEN_FILES = 64


def main() -> int:
    """Carry out one request; 0 when it was carried out to its end, whatever became of each file."""
    signal.alarm(LIMIT_S)
    for name, limit in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, _OPEN_FILES)):
        resource.setrlimit(name, (limit, limit))
    answers = sys.stdout.buffer
    try:
        carry_out(decode_request(sys.stdin.buffer.readline(MAX_REQUEST_BYTES + 1)), answers)
        ending = Ending(End.DONE)
    except RecorderUnpluggedError as error:
        ending = Ending(End.UNPLUGGED, str(error))
    except FileRemovalError as error:
        ending = Ending(End.FAILED, error.reason)
    except BrokenPipeError:  # whoever asked is gone, and nothing more is removed for them
        return 1
    _send(answers, ending)
    return 0 if ending.end is End.DONE else 1


def carry_out(request: RemovalRequest, answers: BinaryIO) -> None:
    """Remove a request's files, saying what became of each as soon as that is on the medium.

    Raises:
        FileRemovalError: The volume is not as the request says, or cannot be mounted; where nothing was said before, nothing was removed.
        RecorderUnpluggedError: The volume left.
    """
    isolate()
    device = await_block_device(request)
    volume = device.open_unused()
    try:
        layout = read_layout(volume, request.volume_id)
        with mounted(device.node, layout) as root:
            give_up_rights()
            _remove_files(root, request, device, answers)
        _flush(volume, device)
    finally:
        os.close(volume)


def _remove_files(root: int, request: RemovalRequest, device: BlockDevice, answers: BinaryIO) -> None:
    with ListedFiles(root) as files:
        for number, file in enumerate(request.files):
            kept_because = files.remove(file)
            if not device.is_there:
                raise RecorderUnpluggedError("removing files")
            _send(answers, FileFate(number, kept_because))


def _flush(volume: int, device: BlockDevice) -> None:
    """Have the disk write what it still keeps in its cache."""
    try:
        os.fsync(volume)
    except OSError as error:
        if not device.is_there:
            raise RecorderUnpluggedError("removing files") from error
        raise FileRemovalError(f"the disk did not write everything: {error.strerror}") from error


def _send(answers: BinaryIO, answer: FileFate | Ending) -> None:
    answers.write(encode_answer(answer))
    answers.flush()


if __name__ == "__main__":
    sys.exit(main())
