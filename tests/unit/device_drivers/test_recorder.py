import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import RecorderReadError, RecorderUnpluggedError
from device_drivers.recorder import read_fingerprint
from integrity.listing import RecordedFile


class Card:
    """A recorder with one file; ``step`` bounds what one read gives, ``error`` is raised from ``fails_at`` on."""

    def __init__(self, content, *, step=7_000, fails_at=None, error=None):
        self.content, self.step, self.fails_at, self.error = content, step, fails_at, error

    def open_file(self, file, offset=0):
        self.position = offset
        return self

    def readinto(self, buffer):
        if self.fails_at is not None and self.position >= self.fails_at:
            raise self.error
        piece = self.content[self.position : self.position + min(len(buffer), self.step)]
        buffer[: len(piece)] = piece
        self.position += len(piece)
        return len(piece)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def file(size):
    return RecordedFile("A.MP4", "", size)


@given(st.integers(0, 70_000))
def test_a_fingerprint_is_of_head_and_tail_or_of_all(size):
    content = bytes(range(256)) * 300
    content = content[:size]

    expected = content if size <= 32_768 else content[:16_384] + content[-16_384:]
    assert read_fingerprint(Card(content), file(size)) == hashlib.sha256(expected).hexdigest()


def test_a_file_shorter_than_announced_has_no_fingerprint():
    assert read_fingerprint(Card(b"x" * 50_000), file(60_000)) is None


def test_an_unreadable_tail_gives_no_fingerprint():
    assert read_fingerprint(Card(b"x" * 50_000, fails_at=33_616, error=RecorderReadError("A.MP4", 0, "medium")), file(50_000)) is None


def test_a_pulled_cable_is_not_hidden():
    with pytest.raises(RecorderUnpluggedError):
        read_fingerprint(Card(b"x" * 50_000, fails_at=0, error=RecorderUnpluggedError("reading")), file(50_000))
