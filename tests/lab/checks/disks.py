"""In the guest: the drivers against disks of QEMU and of Linux, pulled, read on, and with files removed.

The checks of one disk run in order and leave it plugged in for the next.
"""

import shutil
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from device_drivers.errors import FileRemovalError, RecorderBusyError, RecorderUnpluggedError, UnsupportedCommandError
from device_drivers.registry import find_usb_recorders
from device_drivers.transports.file_removal.client import KernelFileRemover
from device_drivers.transports.plugged_in import VolumePlace
from tests.lab.cable import Cable
from tests.lab.gate import ROWS, bytes_of, docking, exactly_what_the_gate_allows_leaves, nothing_leaves
from tests.lab.peers import FOOTAGE, Disk, GadgetDisk, QemuDisk, digest, until
from tests.lab.runner import LAB, Checks
from tests.lab.scenarios import (
    CLIP,
    failure,
    footage,
    left_on,
    listed,
    named,
    read_from,
    reading_goes_on_after_the_cable_was_pulled,
    remove_some,
    to_be_removed,
    with_fingerprints,
)

REMOVED_BEFORE_THE_PULL = 5
CHECKS = Checks()


@cache
def cable() -> Cable:
    return Cable()


@cache
def linux_disk(name: str, kind: str) -> GadgetDisk:
    image = Path("/scratch") / f"{name}.img"
    shutil.copy(LAB / image.name, image)
    return GadgetDisk(name, image, kind)


@cache
def qemu_disk(node: str, kind: str, volume_offset: int = 0) -> Disk:
    return QemuDisk(cable(), node, kind, volume_offset)


def it_holds_the_footage_and_is_sound(peer: Disk) -> None:
    """Written by mtools, or else now by Linux."""
    with peer.mounted() as folder:
        is_empty = not any(folder.iterdir())
    if is_empty:
        with peer.mounted("rw") as folder:
            shutil.copytree(FOOTAGE, folder, dirs_exist_ok=True)
        with peer.mounted() as folder:
            assert left_on(folder) == footage()


def every_byte_is_read(peer: Disk) -> None:
    peer.leave()
    recorder = peer.recorder()

    files = listed(recorder)
    read = {path: digest(b"".join(read_from(recorder, file))) for path, file in files.items()}
    status = recorder.read_status()

    assert recorder.identity().serial == "LAB0001"
    assert read == footage()
    assert all(file.modified for file in files.values())
    assert status.capacity_bytes == 64 * 1024**2 + peer.volume_offset
    assert 0 < status.free_bytes < status.capacity_bytes


def changed_files_stay(peer: Disk) -> None:
    recorder = peer.recorder()
    before = listed(recorder)
    first, second = with_fingerprints(recorder, [before[CLIP], before["DCIM/100MEDIA/00000002.MP4"]])
    changed = [
        replace(first, size_bytes=first.size_bytes + 1),
        replace(first, modified="2001-02-03T04:05:06"),
        replace(first, fingerprint="0" * 64),
        replace(first, fingerprint=None),
        replace(first, path=second.path),
        replace(second, path_raw_base64=first.path_raw_base64),
    ]

    kept = [each.kept_because for each in recorder.remove_files(changed)]

    assert all(kept), kept
    assert listed(recorder) == before


def exactly_the_named_files_are_removed(peer: Disk) -> None:
    must_be_left = remove_some(peer)

    with peer.mounted() as folder:
        assert left_on(folder) == must_be_left


def nothing_leaves_in_a_row_of_the_gate(peer: GadgetDisk, *, row: str) -> None:
    nothing_leaves(docking(peer, bytes_of(peer)), bytes_of(peer), row=row)


def exactly_what_the_gate_allows_leaves_unless_it_changed(peer: GadgetDisk) -> None:
    gone = set(to_be_removed(footage()))
    flipped = []

    def flip(path: str, position: int) -> None:
        content = (FOOTAGE / path).read_bytes()
        stretch = content[:500] if position == 0 else content[-500:]
        place = peer.image.read_bytes().index(stretch) + position % len(stretch)
        flipped.append(place)
        flip_byte(peer.image, place)

    kept = exactly_what_the_gate_allows_leaves(docking(peer, bytes_of(peer)), change=flip, gone=gone)

    assert all("its content is another" in reason for reason in kept.values() if reason), kept
    for place in flipped:
        flip_byte(peer.image, place)
    with peer.mounted() as folder:
        assert left_on(folder) == {path: each for path, each in footage().items() if path not in gone}


def flip_byte(image: Path, place: int) -> None:
    with image.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1]))


def a_pull_while_removing_spares_the_rest(peer: Disk) -> None:
    peer.leave()
    recorder = peer.recorder()
    before = listed(recorder)
    wanted = with_fingerprints(recorder, [file for path, file in before.items() if path.startswith("MANY/")])
    said = []

    def remove_until_pulled() -> None:
        for removal in recorder.remove_files(wanted):
            said.append(removal.file.path)
            assert removal.kept_because is None
            if len(said) == REMOVED_BEFORE_THE_PULL:
                peer.pull()

    failure(remove_until_pulled, RecorderUnpluggedError)
    failure(lambda: listed(recorder), RecorderUnpluggedError)
    with peer.mounted(is_sound=False) as folder:
        left = left_on(folder)
    peer.leave()

    gone = set(before) - set(left)
    assert REMOVED_BEFORE_THE_PULL <= len(said) < len(wanted)
    assert set(said) <= gone <= {file.path for file in wanted}
    assert len(gone) <= len(said) + 1, "no more than the one that was being removed"
    assert all(footage()[path] == each for path, each in left.items())


def a_disk_in_use_is_left_alone(peer: Disk) -> None:
    recorder = peer.recorder()
    (file,) = with_fingerprints(recorder, [listed(recorder)[CLIP]])
    volume_id = recorder.identity().volume_id
    with peer.mounted() as folder:
        place = VolumePlace(peer.found().description.port, 0, 0, peer.volume_offset, volume_id)
        assert "in use" in failure(lambda: list(KernelFileRemover().remove(place, [file])), FileRemovalError)
        failure(peer.found().open, RecorderBusyError)
        assert (folder / CLIP).exists()


def another_volume_is_left_alone(peer: Disk) -> None:
    recorder = peer.recorder()
    (file,) = with_fingerprints(recorder, [listed(recorder)[CLIP]])
    peer.node()
    place = VolumePlace(peer.found().description.port, 0, 0, peer.volume_offset, "00000000")

    assert "00000000" in failure(lambda: list(KernelFileRemover().remove(place, [file])), FileRemovalError)
    peer.leave()
    assert CLIP in listed(peer.recorder())


def a_keyboard_and_a_network_card_are_refused() -> None:
    found = until(lambda: each if len(each := find_usb_recorders()) == 2 else None)

    assert all(each.refusal for each in found)
    assert {interface.usb_class for each in found for interface in each.description.interfaces} >= {0x03, 0x02}


def a_write_protected_disk_stays_as_it_is() -> None:
    peer = qemu_disk("protected", "vfat")
    recorder = peer.recorder()
    (file,) = with_fingerprints(recorder, [listed(recorder)[CLIP]])

    failure(lambda: list(recorder.remove_files([file])), FileRemovalError, UnsupportedCommandError)

    assert set(listed(recorder)) == set(footage())
    peer.leave()


BASIC = [
    it_holds_the_footage_and_is_sound,
    every_byte_is_read,
    reading_goes_on_after_the_cable_was_pulled,
    exactly_the_named_files_are_removed,
    a_pull_while_removing_spares_the_rest,
]
GATE = [named(partial(nothing_leaves_in_a_row_of_the_gate, row=row), f"nothing_leaves_where_{row}") for row in ROWS]
AT_THE_GATE = [*BASIC[:3], *GATE, exactly_what_the_gate_allows_leaves_unless_it_changed, BASIC[4]]
REFUSALS = [changed_files_stay, a_disk_in_use_is_left_alone, another_volume_is_left_alone]
PEERS = {
    "qemu_usb_storage_fat32_in_a_partition": (partial(qemu_disk, "partition", "vfat", 1024**2), [*BASIC[:3], *REFUSALS, *BASIC[3:]]),
    "qemu_usb_storage_exfat": (partial(qemu_disk, "exfat", "exfat"), [*BASIC[:3], REFUSALS[0], *BASIC[3:]]),
    "linux_mass_storage_fat32": (partial(linux_disk, "fat", "vfat"), AT_THE_GATE),
    "linux_mass_storage_exfat": (partial(linux_disk, "exfat", "exfat"), AT_THE_GATE),
}
CHECKS(a_keyboard_and_a_network_card_are_refused)
for _name, (_peer, _scenarios) in PEERS.items():
    for _scenario in _scenarios:
        CHECKS.add(f"{_name}: {_scenario.__name__}", lambda scenario=_scenario, peer=_peer: scenario(peer()))
CHECKS(a_write_protected_disk_stays_as_it_is)
