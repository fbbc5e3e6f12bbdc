"""``bodycam simulate``: virtual recorders that a dock reads over USB/IP."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from device_drivers.simulated.fat32 import FileTooLargeError
from device_drivers.simulated.faults import NO_FAULTS, Faults, FaultScriptError, read_faults
from device_drivers.simulated.footage import Folder, scan_folder
from device_drivers.simulated.recorders import FAMILIES, FILE_SYSTEMS, BuiltRecorder, RecorderPlan, build_recorder
from device_drivers.simulated.usbip_server import UsbipServer


def main(arguments: Sequence[str]) -> int:
    """Run ``bodycam simulate`` until Ctrl-C or SIGTERM.

    Prints one JSON line when it listens: ``listening``, ``serial`` and ``volume_id`` of the first recorder (the latter ``null`` where it shows no
    volume), ``serials``, and ``files`` and ``size_bytes`` of one card.

    Returns:
        0 after a clean end, 2 when the arguments, the footage or the fault script are wrong.
    """
    options = _parse(arguments)
    try:
        faults = read_faults(options.faults) if options.faults else NO_FAULTS
        card = scan_folder(options.footage)
        host, port = _split_address(options.listen)
        recorders = [build_recorder(card, _plan(options, serial, faults)) for serial in options.serial]
        server = UsbipServer([each.device for each in recorders], host, port, faults=faults, bytes_per_s=options.bytes_per_second)
    except (FaultScriptError, FileTooLargeError, OSError, ValueError) as error:
        sys.stderr.write(f"bodycam simulate: {error}\n")
        return 2
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    with server:
        _tell(server, options.serial, recorders[0], card)
        ended.wait()
    for each in recorders:
        each.close()
    return 0


def _tell(server: UsbipServer, serials: Sequence[str], first: BuiltRecorder, card: Folder) -> None:
    sizes = [file.size_bytes for _, file in card.walk()]
    line = {
        "listening": "{}:{}".format(*server.address),
        "serial": serials[0],
        "serials": serials,
        "volume_id": first.volume.volume_id if first.volume else None,
        "files": len(sizes),
        "size_bytes": sum(sizes),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _plan(options: argparse.Namespace, serial: str, faults: Faults) -> RecorderPlan:
    return RecorderPlan(
        options.family,
        serial,
        options.officer,
        options.filesystem,
        faults,
        record_bytes=options.record_bytes,
        encoding=options.encoding,
        officer_name=options.officer_name,
    )


def _split_address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bodycam simulate", description="Virtual recorders that a dock reads over USB/IP.")
    parser.add_argument("--family", choices=sorted(FAMILIES), default="mass-storage", help="how the recorder speaks")
    parser.add_argument("--filesystem", choices=sorted(FILE_SYSTEMS), default="fat32", help="file system of its card")
    parser.add_argument("--footage", type=Path, required=True, metavar="DIR", help="folder whose files lie on the recorder's card")
    parser.add_argument("--serial", action="append", required=True, help="the recorder's serial number; again for each further recorder")
    parser.add_argument("--officer", help="officer number that it keeps")
    parser.add_argument("--officer-name", default="", help="officer name in the record of a jieli recorder")
    parser.add_argument("--record-bytes", type=int, choices=[94, 89], default=94, help="layout of that record")
    parser.add_argument("--encoding", choices=["gbk", "utf-8"], default="gbk", help="encoding of its texts")
    parser.add_argument("--listen", default="127.0.0.1:3240", metavar="HOST:PORT", help="where to listen; port 0 takes any free one")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="fault script, see docs/formats/fault-script.md")
    parser.add_argument("--bytes-per-second", type=int, metavar="N", help="fastest that each recorder is read")
    return parser.parse_args(list(arguments))
