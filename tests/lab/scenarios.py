"""In the guest: what is done with a recorder of any kind."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from device_drivers.errors import RecorderUnpluggedError
from device_drivers.recorder import Recorder, read_fingerprint
from integrity.listing import RecordedFile
from tests.lab.peers import FOOTAGE, Peer, digest, digests_of

IDENTITY_FILE = "RECORDER.TXT"
CLIP = "DCIM/100MEDIA/00000001.MP4"
PULLED_AFTER_BYTES = 1024**2


def named(check, name: str):
    """Give a check its name."""
    check.__name__ = name
    return check


def listed(recorder: Recorder) -> dict[str, RecordedFile]:
    return {file.path: file for file in recorder.list_files()}


def with_fingerprints(recorder: Recorder, files: list[RecordedFile]) -> list[RecordedFile]:
    return [replace(file, fingerprint=read_fingerprint(recorder, file)) for file in files]


def read_from(recorder: Recorder, file: RecordedFile, offset: int = 0, *, step: int = 256 * 1024) -> Iterator[bytes]:
    buffer = memoryview(bytearray(step))
    with recorder.open_file(file, offset) as reader:
        while count := reader.readinto(buffer):
            yield bytes(buffer[:count])


@cache
def footage() -> dict[str, str]:
    found = digests_of(FOOTAGE)
    del found[IDENTITY_FILE]
    return found


def left_on(folder: Path) -> dict[str, str]:
    found = digests_of(folder)
    del found[IDENTITY_FILE]
    return found


def failure(act, *kinds: type[Exception]) -> str:
    try:
        act()
    except kinds as error:
        return str(error)
    raise AssertionError("nothing was refused")


def to_be_removed(paths) -> list[str]:
    """A few of the footage's files, among them an empty one and one whose name is not ASCII."""
    return [path for path in paths if path.startswith("GONE/") or path.endswith((".mov", "empty.mp4"))]


def remove_some(peer: Peer) -> dict[str, str]:
    """Remove a few files; gives what must be left, which a fresh listing already shows."""
    recorder = peer.recorder()
    files = listed(recorder)
    gone = to_be_removed(files)

    removals = list(recorder.remove_files(with_fingerprints(recorder, [files[path] for path in gone])))

    assert len(gone) == 8
    assert [(each.file.path, each.kept_because) for each in removals] == [(path, None) for path in gone]
    left = {path: each for path, each in footage().items() if path not in gone}
    assert set(listed(recorder)) == set(left)
    return left


def reading_goes_on_after_the_cable_was_pulled(peer: Peer) -> None:
    recorder = peer.recorder()
    before = listed(recorder)[CLIP]
    read = bytearray()
    pull = threading.Thread(target=peer.pull)

    def read_until_pulled() -> None:
        for piece in read_from(recorder, before):
            read.extend(piece)
            if len(read) >= PULLED_AFTER_BYTES and not pull.ident:
                pull.start()

    failure(read_until_pulled, RecorderUnpluggedError)
    pull.join()
    peer.leave()
    again = listed(peer.recorder())[CLIP]

    assert (again.size_bytes, again.modified) == (before.size_bytes, before.modified)
    assert PULLED_AFTER_BYTES <= len(read) < again.size_bytes
    read.extend(b"".join(read_from(peer.recorder(), again, len(read))))
    assert digest(read) == footage()[CLIP]
