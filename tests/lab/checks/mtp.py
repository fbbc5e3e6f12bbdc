"""In the guest: the MTP driver against responders of QEMU and of Debian, pulled, read on, and with files removed."""

import json
import shutil
from collections.abc import Callable
from functools import cache, partial
from mmap import mmap
from pathlib import Path

from tests.lab.cable import Cable
from tests.lab.gate import ROWS, docking, exactly_what_the_gate_allows_leaves, files_of, nothing_leaves
from tests.lab.peers import FOOTAGE, Peer, QemuMtp, UmtpRecorder, digest
from tests.lab.runner import LAB, Checks
from tests.lab.scenarios import (
    CLIP,
    footage,
    left_on,
    listed,
    named,
    read_from,
    reading_goes_on_after_the_cable_was_pulled,
    to_be_removed,
    with_fingerprints,
)

CHECKS = Checks()
UMTP_FOLDER = Path("/scratch/umtp")


@cache
def places() -> dict[str, str]:
    """Where things are that the host knows."""
    return json.loads((LAB / "places.json").read_text())


@cache
def qemu_mtp() -> Peer:
    return QemuMtp(Cable(), places()["footage"])


@cache
def umtp() -> Peer:
    shutil.copytree(FOOTAGE, UMTP_FOLDER)
    return UmtpRecorder(Path(places()["umtprd"]), UMTP_FOLDER)


def shown_by(peer: Peer) -> dict[str, str]:
    """The footage under the names that a responder gives it."""
    shown = {}
    for path, content in footage().items():
        folder, _, name = path.rpartition("/")
        shown[path if peer.name_for_others is None or name.isascii() else f"{folder}/{peer.name_for_others}"] = content
    return shown


def every_byte_is_read(peer: Peer) -> None:
    recorder = peer.recorder()

    files = listed(recorder)
    read = {path: digest(b"".join(read_from(recorder, file))) for path, file in files.items()}

    assert recorder.identity().serial == "LAB0001"
    assert read == shown_by(peer)
    assert all(file.modified for file in files.values())


def a_listing_can_be_taken_again(peer: Peer) -> None:
    recorder = peer.recorder()

    assert listed(recorder) == listed(recorder)


def nothing_leaves_in_a_row_of_the_gate(peer: Peer, *, row: str) -> None:
    nothing_leaves(docking(peer, files_of(UMTP_FOLDER)), files_of(UMTP_FOLDER), row=row)


def exactly_what_the_gate_allows_leaves_unless_it_changed(peer: Peer) -> None:
    gone = set(to_be_removed(footage()))

    def flip(path: str, position: int) -> None:
        """Through mapped memory: the responder, which watches its folder, would wait for somebody to hear of it; nor does the time change."""
        with (UMTP_FOLDER / path).open("r+b") as file, mmap(file.fileno(), 0) as content:
            content[position] ^= 1

    exactly_what_the_gate_allows_leaves(docking(peer, files_of(UMTP_FOLDER)), change=flip, gone=gone)

    assert set(left_on(UMTP_FOLDER)) == set(footage()) - gone


def a_read_only_store_keeps_its_files_and_says_why(peer: Peer) -> None:
    recorder = peer.recorder()
    (file,) = with_fingerprints(recorder, [listed(recorder)[CLIP]])

    if recorder.capabilities.can_remove_files:
        (removal,) = recorder.remove_files([file])
        assert removal.kept_because

    assert set(listed(recorder)) == set(shown_by(peer))


GATE = [named(partial(nothing_leaves_in_a_row_of_the_gate, row=row), f"nothing_leaves_where_{row}") for row in ROWS]
PEERS: dict[str, tuple[Callable[[], Peer], list[Callable[[Peer], None]]]] = {
    "qemu_usb_mtp": (
        qemu_mtp,
        [
            every_byte_is_read,
            a_listing_can_be_taken_again,
            a_read_only_store_keeps_its_files_and_says_why,
            reading_goes_on_after_the_cable_was_pulled,
        ],
    ),
    "debian_umtp_responder": (
        umtp,
        [
            every_byte_is_read,
            a_listing_can_be_taken_again,
            reading_goes_on_after_the_cable_was_pulled,
            *GATE,
            exactly_what_the_gate_allows_leaves_unless_it_changed,
        ],
    ),
}
for _name, (_peer, _scenarios) in PEERS.items():
    for _scenario in _scenarios:
        CHECKS.add(f"{_name}: {_scenario.__name__}", lambda scenario=_scenario, peer=_peer: scenario(peer()))
