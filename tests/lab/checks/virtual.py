"""In the guest: our virtual recorders before Linux's drivers, gphoto2 and libmtp, and our drivers with Linux's USB in between."""

import json
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from device_drivers.dock.kept_identities import KeptIdentities
from tests.lab.peers import Disk, Peer, VirtualDisk, VirtualMtp, VirtualRecorder, digest, digests_of, run_tool, until
from tests.lab.runner import LAB, Checks
from tests.lab.scenarios import footage, left_on, listed, read_from, reading_goes_on_after_the_cable_was_pulled, remove_some

CHECKS = Checks()
HOST = "10.0.2.2"
USB_IDS = (0x1209, 0x0001)
AMBARELLA_IDS, BC300_DISK_IDS, NOVATEK_IDS = (0x4255, 0x0001), (0x4255, 0x1000), (0x0603, 0x8611)


@cache
def port_of(name: str) -> int:
    return json.loads((LAB / "ports.json").read_text())[name]


@cache
def disk(name: str, kind: str) -> Disk:
    return VirtualDisk((HOST, port_of(name)), USB_IDS, kind)


@cache
def mtp() -> Peer:
    return VirtualMtp((HOST, port_of("mtp")), USB_IDS)


@cache
def novatek() -> Disk:
    return VirtualDisk((HOST, port_of("novatek")), NOVATEK_IDS, "vfat")


@cache
def recorder_with_commands(name: str, usb_ids: tuple[int, int], disk_ids: tuple[int, int]) -> VirtualRecorder:
    return VirtualRecorder((HOST, port_of(name)), usb_ids, disk_ids)


def linux_mounts_it_and_finds_it_sound(peer: Disk) -> None:
    with peer.mounted() as folder:
        assert left_on(folder) == footage()


def every_byte_is_read(peer: Peer) -> None:
    peer.leave()
    recorder = peer.recorder()

    read = {path: digest(b"".join(read_from(recorder, file))) for path, file in listed(recorder).items()}

    assert recorder.identity().serial == "LAB0001"
    assert read == footage()


def exactly_the_named_files_are_removed(peer: Disk) -> None:
    must_be_left = remove_some(peer)

    with peer.mounted() as folder:
        assert left_on(folder) == must_be_left


def it_is_asked_as_a_recorder_and_read_as_a_disk(peer: VirtualRecorder) -> None:
    peer.leave()
    recorder = peer.recorder()
    port, address = until(peer.found).description.port, recorder.usb_address

    recorder.set_clock(datetime.now(UTC))
    identity = recorder.identity()
    read = {path: digest(b"".join(read_from(recorder, file))) for path, file in listed(recorder).items()}

    place = recorder.disk_place
    assert identity.serial == (None if peer.disk_ids == BC300_DISK_IDS else "LAB0001")
    assert (identity.usb_vendor_id, identity.usb_product_id) == peer.usb_ids
    assert (place.vendor_id, place.product_id) == peer.disk_ids
    assert (place.port, recorder.usb_address) == (port, (place.bus, place.address))
    assert recorder.usb_address != address, "Linux numbers what comes onto the bus anew"
    assert read == footage()


def a_dock_started_again_knows_it_until_it_is_unplugged(peer: VirtualRecorder) -> None:
    """What the check before left is a disk that was asked for its identity."""
    identities = KeptIdentities.of_this_boot(Path("/scratch/plugged"))
    recorder = peer.recorder()
    said = recorder.identity()
    identities.keep(recorder, said, read_at=datetime.now(UTC))
    recorder.close()
    for is_same in (True, False):
        with until(peer.found).open() as again:
            by_volume = again.identity()
            recalled = KeptIdentities.of_this_boot(Path("/scratch/plugged")).recall(again, by_volume)
        assert (by_volume.serial, recalled is not None) == (None, is_same)
        assert not is_same or recalled.identity == said
        if is_same:
            peer.pull()
            until(lambda: peer.found() is None)
            peer.plug()  # the virtual recorder has power of its own and is a disk still; to Linux it is another device


def files_are_removed_from_the_disk_it_became(peer: VirtualRecorder) -> None:
    peer.leave()
    must_be_left = remove_some(peer)

    peer.leave()
    assert set(listed(peer.recorder())) == set(must_be_left)


def gphoto2_fetches_every_file(peer: Peer) -> None:
    show_to_others(peer)
    folder = Path("/scratch/gphoto2")
    folder.mkdir()

    run_tool("gphoto2", "--quiet", "--filename", f"{folder}/%f.%C", "--get-all-files")

    fetched = digests_of(folder)
    assert {Path(path).name: fetched.get(Path(path).name) for path in footage()} == {Path(path).name: each for path, each in footage().items()}


def libmtp_lists_every_file(peer: Peer) -> None:
    show_to_others(peer)

    said = run_tool("mtp-files")

    names = {line.split(":", 1)[1].strip() for line in said.splitlines() if line.strip().startswith("Filename:")}
    assert names >= {path.rpartition("/")[2] for path in footage()}


def the_named_files_are_removed(peer: Peer) -> None:
    peer.leave()
    must_be_left = remove_some(peer)

    peer.leave()
    assert set(listed(peer.recorder())) == set(must_be_left)


def show_to_others(peer: Peer) -> None:
    """Let Debian's libusb see it, which passes over what udev has not noted; the guest runs no udev."""
    peer.leave()
    peer.plug()
    shown = Path("/sys/bus/usb/devices") / until(peer.found).description.port / "dev"
    note = Path("/run/udev/data") / f"c{shown.read_text().strip()}"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text("I:1\n")


DISK_SCENARIOS = [
    linux_mounts_it_and_finds_it_sound,
    every_byte_is_read,
    reading_goes_on_after_the_cable_was_pulled,
    exactly_the_named_files_are_removed,
]
BY_COMMANDS = [it_is_asked_as_a_recorder_and_read_as_a_disk, a_dock_started_again_knows_it_until_it_is_unplugged]
PEERS = {
    "virtual_disk_fat32": (partial(disk, "fat32", "vfat"), DISK_SCENARIOS),
    "virtual_disk_exfat": (partial(disk, "exfat", "exfat"), DISK_SCENARIOS),
    "virtual_novatek": (novatek, [every_byte_is_read]),
    "virtual_jieli": (
        partial(recorder_with_commands, "jieli", USB_IDS, USB_IDS),
        [*BY_COMMANDS, files_are_removed_from_the_disk_it_became],
    ),
    "virtual_ambarella_ascii": (partial(recorder_with_commands, "ambarella", AMBARELLA_IDS, USB_IDS), BY_COMMANDS),
    "virtual_ambarella_bc300": (partial(recorder_with_commands, "ambarella-bc300", AMBARELLA_IDS, BC300_DISK_IDS), BY_COMMANDS[:1]),
    "virtual_mtp": (
        mtp,
        [
            every_byte_is_read,
            reading_goes_on_after_the_cable_was_pulled,
            gphoto2_fetches_every_file,
            libmtp_lists_every_file,
            the_named_files_are_removed,
        ],
    ),
}
for _name, (_peer, _scenarios) in PEERS.items():
    for _scenario in _scenarios:
        CHECKS.add(f"{_name}: {_scenario.__name__}", lambda scenario=_scenario, peer=_peer: scenario(peer()))
