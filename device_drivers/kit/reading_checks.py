"""Checks of how files are read."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from device_drivers.errors import RecorderReadError, UnsupportedCommandError
from device_drivers.kit.judging import MOST_READ_BYTES, BrokenPromiseError, NotApplicableError, Subject, require
from device_drivers.recorder import read_fingerprint
from integrity.hashing import sha256
from integrity.listing import FINGERPRINT_SPAN_BYTES, RecordedFile

_SAMPLED = 5
_OFFSETS = (1, 511, 512, 513, 4_096, 32_768, 65_537, 1_048_575)
_STRETCH_BYTES = 1_000
_TURNS = 7
_TURN_BYTES = 10_001
_ODD_BYTES = 4_097


def gives_as_much_as_announced(subject: Subject) -> None:
    """A file ends where its announced size ends."""
    for file in _sample(subject):
        offset = max(0, file.size_bytes - MOST_READ_BYTES // 2)
        count = len(subject.read(file, offset))
        require(count == file.size_bytes - offset, f"{count} bytes came after byte {offset} of a file of {file.size_bytes}")


def reads_from_any_offset(subject: Subject) -> None:
    """Reading from an offset gives what a whole reading gives there."""
    file = subject.largest(at_least=2)[0]
    content = subject.read(file)
    for offset in {*_OFFSETS, len(content) - 1}:
        if offset < len(content):
            stretch = subject.read(file, offset, length=min(_STRETCH_BYTES, len(content) - offset))
            require(stretch == content[offset : offset + _STRETCH_BYTES], f"other bytes come when reading begins at byte {offset}")


def ends_at_the_end(subject: Subject) -> None:
    """Reading from the end, or from behind it, gives nothing."""
    file = subject.largest()[0]
    for offset in (file.size_bytes, file.size_bytes + 1, file.size_bytes + 9_999):
        require(not subject.read(file, offset, length=_STRETCH_BYTES), f"bytes come from byte {offset} of a file of {file.size_bytes}")


def fills_any_buffer(subject: Subject) -> None:
    """Bytes are the same whatever the size of the buffer."""
    file = subject.largest()[0]
    length = min(file.size_bytes, 64 * _ODD_BYTES)
    require(subject.read(file, length=length, step=_ODD_BYTES) == subject.read(file, length=length), "other bytes come in small buffers")


def reads_two_in_turns(subject: Subject) -> None:
    """Two files read in turns give what each gives alone."""
    pair = subject.largest()[:2]
    if len(pair) < 2:
        raise NotApplicableError("there are not two files with content on it")
    got = {file.locator: bytearray() for file in pair}
    buffer = memoryview(bytearray(_TURN_BYTES))
    with ExitStack() as stack:
        readers = [(file, stack.enter_context(subject.recorder.open_file(file))) for file in pair]
        for _ in range(_TURNS):
            for file, reader in readers:
                got[file.locator] += buffer[: reader.readinto(buffer)]
    for file in pair:
        alone = subject.read(file, length=len(got[file.locator]))
        require(alone == bytes(got[file.locator]), "a file gives other bytes while another is read")


def gives_a_steady_fingerprint(subject: Subject) -> None:
    """Head and tail, read alone, are those of the whole file."""
    for file in _sample(subject):
        fingerprint = read_fingerprint(subject.recorder, file)
        require(fingerprint is not None, f"no fingerprint of a file of {file.size_bytes} bytes")
        if file.size_bytes <= MOST_READ_BYTES:
            require(fingerprint == _fingerprint_of(subject.read(file)), f"the fingerprint of a file of {file.size_bytes} bytes is not its content's")


def lets_go_of_files_twice(subject: Subject) -> None:
    """Closing a file again does nothing, and the next can be opened."""
    file = subject.largest()[0]
    reader = subject.recorder.open_file(file)
    reader.close()
    reader.close()
    require(len(subject.read(file, length=1)) == 1, "nothing can be read after a file was closed unread")


def refuses_a_strangers_locator(subject: Subject) -> None:
    """A locator of another driver is refused as RecorderReadError."""
    file = subject.largest()[0]
    try:
        subject.recorder.open_file(replace(file, locator="elsewhere")).close()
    except RecorderReadError:
        return
    raise BrokenPromiseError("it opened a file by a locator that is none of its own")


def refuses_to_remove_where_it_cannot(subject: Subject) -> None:
    """Where it says that nothing can be removed, even removing nothing is refused."""
    if subject.recorder.capabilities.can_remove_files:
        raise NotApplicableError("it can remove files")
    try:
        list(subject.recorder.remove_files(()))
    except UnsupportedCommandError:
        return
    raise BrokenPromiseError("remove_files() was not refused, and can_remove_files is False")


def _sample(subject: Subject) -> list[RecordedFile]:
    """Take the smallest, the largest and a few between."""
    files = sorted(subject.listing(), key=lambda file: file.size_bytes)
    if not files:
        raise NotApplicableError("there is no file on it")
    numbers = sorted({round(step * (len(files) - 1) / (_SAMPLED - 1)) for step in range(_SAMPLED)})
    return [files[number] for number in numbers]


def _fingerprint_of(content: bytes) -> str:
    span = FINGERPRINT_SPAN_BYTES
    return sha256(content if len(content) <= 2 * span else content[:span] + content[-span:]).hex()


CHECKS = (
    gives_as_much_as_announced,
    reads_from_any_offset,
    ends_at_the_end,
    fills_any_buffer,
    reads_two_in_turns,
    gives_a_steady_fingerprint,
    lets_go_of_files_twice,
    refuses_a_strangers_locator,
    refuses_to_remove_where_it_cannot,
)
"""Every check of this module, in their order."""
