"""``bodycam simulate``: a virtual recorder that a dock reads over USB/IP."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from device_drivers.simulated.fat32 import Fat32Volume, FileTooLargeError
from device_drivers.simulated.faults import NO_FAULTS, Faults, FaultScriptError, read_faults
from device_drivers.simulated.footage import CardFile, Folder, scan_folder
from device_drivers.simulated.scsi_target import ScsiTarget
from device_drivers.simulated.usb_device import MassStorageDevice
from device_drivers.simulated.usbip_server import UsbipServer
from integrity.hashing import sha256

IDENTITY_FILE = "RECORDER.TXT"
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


def main(arguments: Sequence[str]) -> int:
    """Run ``bodycam simulate`` until Ctrl-C or SIGTERM.

    Prints one JSON line when it listens: ``listening``, ``serial``, ``volume_id``, ``files``, ``size_bytes``.

    Returns:
        0 after a clean end, 2 when the arguments, the footage or the fault script are wrong.
    """
    options = _parse(arguments)
    try:
        faults = read_faults(options.faults) if options.faults else NO_FAULTS
        card = build_card(options.footage, serial=options.serial, officer=options.officer)
        volume = build_volume(card, serial=options.serial, faults=faults)
        host, port = _split_address(options.listen)
        device = MassStorageDevice(ScsiTarget(volume, faults=faults, unreadable=_unreadable(volume, faults)))
        server = UsbipServer(device, host, port, faults=faults, bytes_per_s=options.bytes_per_second)
    except (FaultScriptError, FileTooLargeError, OSError, ValueError) as error:
        sys.stderr.write(f"bodycam simulate: {error}\n")
        return 2
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    with server:
        facts = [file.size_bytes for _, file in card.walk()]
        line = {
            "listening": "{}:{}".format(*server.address),
            "serial": options.serial,
            "volume_id": volume.volume_id,
            "files": len(facts),
            "size_bytes": sum(facts),
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        ended.wait()
    volume.close()
    return 0


def build_card(footage: Path, *, serial: str, officer: str | None = None) -> Folder:
    """Take a folder of footage, with an identity file for the recorder beside it unless the folder brings its own.

    Raises:
        OSError: The folder cannot be read.
    """
    card = scan_folder(footage)
    if not any(file.name.lower() == IDENTITY_FILE.lower() for file in card.files):
        lines = [f"serial={serial}", f"officer={officer}"] if officer else [f"serial={serial}"]
        content = "".join(f"{line}\r\n" for line in lines).encode()
        card.files.insert(0, CardFile(IDENTITY_FILE, len(content), _EPOCH, content))
    return card


def build_volume(card: Folder, *, serial: str, faults: Faults = NO_FAULTS) -> Fat32Volume:
    """Lay out a card; the volume's serial number follows from the recorder's, so it is the same each time.

    Raises:
        FileTooLargeError: A file does not fit FAT32.
    """
    volume_id = int.from_bytes(sha256(serial.encode())[:4], "big")
    return Fat32Volume(card, volume_id=volume_id, sizes=faults.sizes)


def _unreadable(volume: Fat32Volume, faults: Faults) -> list[tuple[int, int]]:
    stretches = []
    for each in faults.unreadable:
        start = volume.offset_of(each.path)
        if start is None:
            raise FaultScriptError(f"no file {each.path!r} with any content is on the card")
        stretches.append((start + each.offset, each.length))
    return stretches


def _split_address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bodycam simulate", description="A virtual recorder that a dock reads over USB/IP.")
    parser.add_argument("--family", choices=["mass-storage"], default="mass-storage", help="how the recorder speaks")
    parser.add_argument("--footage", type=Path, required=True, metavar="DIR", help="folder whose files lie on the recorder's card")
    parser.add_argument("--serial", required=True, help="the recorder's serial number, kept in its identity file")
    parser.add_argument("--officer", help="officer number, kept in its identity file")
    parser.add_argument("--listen", default="127.0.0.1:3240", metavar="HOST:PORT", help="where to listen; port 0 takes any free one")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="fault script, see docs/formats/fault-script.md")
    parser.add_argument("--bytes-per-second", type=int, metavar="N", help="fastest that the card is read")
    return parser.parse_args(list(arguments))
