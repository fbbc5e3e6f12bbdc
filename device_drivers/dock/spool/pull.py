"""Taking a recorder's files into the spool: each is read once, digested and encrypted at the same time."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from device_drivers.dock.file_reading import FileReading
from device_drivers.dock.part_buffers import PartBuffer
from device_drivers.dock.spool.errors import SpoolFullError, SpoolUnusableError
from device_drivers.dock.spool.store import Spool, SpooledFacts, SpooledSession
from device_drivers.dock.turns import Turns
from device_drivers.errors import RecorderError, RecorderReadError, RecorderUnpluggedError
from device_drivers.recorder import Recorder
from integrity.hashing import RunningDigest, running_sha256, running_sm3
from integrity.listing import RecordedFile
from integrity.receipt import DEFAULT_PART_BYTES

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
MOST_FAILURES_IN_A_ROW = 10


@dataclass(slots=True)
class Pull:
    """Takes files of one recorder in.

    Attributes:
        recorder: Used by the calling thread only.
        spool: The spool.
        session: Where the files go.
        turns: Who may read a file next.
        on_read: Told the place of a file and how many more bytes of it were read.
        on_taken: Told that one more file lies in the spool whole.
        failures: Why files could not be taken in, by place.
    """

    recorder: Recorder
    spool: Spool
    session: SpooledSession
    turns: Turns
    on_read: Callable[[int, int], None]
    on_taken: Callable[[int], None]
    failures: dict[int, RecorderError]

    def run(self, files: Sequence[RecordedFile], order: Sequence[int], *, is_key_file: Callable[[RecordedFile], bool]) -> None:
        """Take files in, those that lie here already left out.

        Args:
            files: As listed.
            order: Places of the files wanted, in the order in which they are wanted.
            is_key_file: Whether a file may use the room that is kept for key files.

        Raises:
            SpoolFullError: There is no room for the next file; those before it lie here.
            SpoolUnusableError: The disk failed.
            RecorderUnpluggedError: The recorder left.
            RecorderError: The way to it is broken.
        """
        failed = 0
        there = self.session.files()
        with ThreadPoolExecutor(1, "sm3") as lane:
            for index in order:
                if index in there:
                    self.on_taken(index)
                    continue
                try:
                    self._take_in(files[index], index, lane, is_key_file=is_key_file(files[index]))
                except RecorderUnpluggedError:
                    raise
                except RecorderError as error:
                    self.failures[index] = error
                    failed = 0 if isinstance(error, RecorderReadError) else failed + 1
                    if failed >= MOST_FAILURES_IN_A_ROW:
                        raise
                else:
                    failed = 0
                    self.on_taken(index)

    def _take_in(self, file: RecordedFile, index: int, lane: ThreadPoolExecutor, *, is_key_file: bool) -> None:
        try:
            self.spool.reserve(self.session, index, file.size_bytes, is_key_file=is_key_file)
            facts = self._copy(file, index, lane)
            self.session.add_facts(index, facts)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise SpoolFullError(self.spool.limit_bytes) from error
            raise SpoolUnusableError(error.strerror or str(error)) from error
        finally:
            self.spool.settle(self.session, index)

    def _copy(self, file: RecordedFile, index: int, lane: ThreadPoolExecutor) -> SpooledFacts:
        sha256, sm3, size_bytes = running_sha256(), running_sm3(), 0
        with self.turns.take() as buffers, self.session.write(index) as writer:
            with FileReading(self.recorder, file, stop=self.turns.stop, on_read=lambda count: self.on_read(index, count)) as source:
                while True:
                    buffer = buffers.take(DEFAULT_PART_BYTES)
                    try:
                        buffer.size_bytes = source.fill(buffer.whole)
                        buffer.hold()
                        digested = lane.submit(_digest_and_release, sm3, buffer)
                        sha256.update(buffer.filled)
                        writer.write(buffer.filled)
                        digested.result()
                        size_bytes += buffer.size_bytes
                        is_last = buffer.size_bytes < DEFAULT_PART_BYTES
                    finally:
                        buffer.release()
                    if is_last:
                        break
            writer.finish()
        return SpooledFacts(size_bytes, sha256.digest().hex(), sm3.digest().hex())


def _digest_and_release(digest: RunningDigest, buffer: PartBuffer) -> None:
    try:
        digest.update(buffer.filled)
    finally:
        buffer.release()
