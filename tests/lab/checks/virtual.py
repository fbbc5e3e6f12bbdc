"""In the guest: our virtual recorders before Linux's drivers, gphoto2 and libmtp, and our drivers with Linux's USB in between."""

import json
from functools import cache, partial
from pathlib import Path

from tests.lab.peers import Disk, Peer, VirtualDisk, VirtualMtp, digest, digests_of, run_tool, until
from tests.lab.runner import LAB, Checks
from tests.lab.scenarios import footage, left_on, listed, read_from, reading_goes_on_after_the_cable_was_pulled, remove_some

CHECKS = Checks()
HOST = "10.0.2.2"
USB_IDS = (0x1209, 0x0001)


@cache
def port_of(name: str) -> int:
    return json.loads((LAB / "ports.json").read_text())[name]


@cache
def disk(name: str, kind: str) -> Disk:
    return VirtualDisk((HOST, port_of(name)), USB_IDS, kind)


@cache
def mtp() -> Peer:
    return VirtualMtp((HOST, port_of("mtp")), USB_IDS)


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
PEERS = {
    "virtual_disk_fat32": (partial(disk, "fat32", "vfat"), DISK_SCENARIOS),
    "virtual_disk_exfat": (partial(disk, "exfat", "exfat"), DISK_SCENARIOS),
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
