"""Part of `make bench`: how fast the drivers pull from virtual recorders, and how a station with four of them does.

The virtual recorder is a program of its own behind USB/IP over loopback, so both sides share this machine's processors: what is printed is what the
drivers cost at least. docs/benchmarks.md explains the figures.
"""

import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from device_drivers.registry import find_usb_recorders
from device_drivers.transports.usb import UsbBus
from device_drivers.transports.usbip import usbip_backend
from tests.bench.measuring import MIB, peak_bytes_of, run_measured
from tests.e2e.system import PROGRAM
from tests.e2e.watching import WatchingDock

MEGABYTE = 1_000_000
LEAST_MTP, LEAST_DISK = 100, 150
"""Megabytes a second that a pull must reach."""
LEAST_STATION_SPEED = 0.9
MOST_STATION_BYTES = 250 * MIB
MOST_LISTING_S, MOST_LISTING_BYTES = 60, 300 * MIB
RECORDERS = 4
EACH_BYTES_PER_S = 10 * MIB
_FILES = 99_999
"""With the identity file there are 100,000, as many as a listing may hold."""


@contextlib.contextmanager
def virtual(folder, family, *options, serials=("BENCH01",)):
    """Run `bodycam simulate`; gives where it listens."""
    names = [part for serial in serials for part in ("--serial", serial)]
    arguments = [*PROGRAM, "simulate", "--family", family, "--footage", folder, *names, "--listen", "127.0.0.1:0", *options]
    process = subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())["listening"]
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def pull(address):
    """Read everything that the recorder at an address holds; gives megabytes a second."""
    host, _, port = address.rpartition(":")
    (found,) = find_usb_recorders(UsbBus(usbip_backend(host, int(port))))
    buffer, size_bytes = memoryview(bytearray(MIB)), 0
    with found.open() as recorder:
        files = list(recorder.list_files())
        begun = time.perf_counter()
        for file in files:
            with recorder.open_file(file) as reader:
                while count := reader.readinto(buffer):
                    size_bytes += count
    return size_bytes / (time.perf_counter() - begun) / MEGABYTE


def measure_pulls(folder, say):
    """Pull from an MTP recorder and from an exFAT disk over Bulk-Only Transport."""
    verdicts = []
    for title, family, options, least in (
        ("MTP", "mtp", (), LEAST_MTP),
        ("Bulk-Only Transport, exFAT", "mass-storage", ("--filesystem", "exfat"), LEAST_DISK),
        ("Bulk-Only Transport, FAT32", "mass-storage", ("--filesystem", "fat32"), LEAST_DISK),
    ):
        with virtual(folder, family, *options) as address:
            speed = max(pull(address) for _ in range(3))
        say(f"  pull, {title:<28}  {speed:6.0f} MB/s   target >= {least}: {_word(speed >= least)}")
        verdicts.append(speed >= least)
    return verdicts


def measure_station(system, folder, size_bytes, say):
    """Four recorders that give 10 MiB/s each, docked together by one watching dock."""
    serials = [f"BN{random.randrange(10**5):05}" for _ in range(RECORDERS)]
    with virtual(folder, "mass-storage", "--bytes-per-second", EACH_BYTES_PER_S, serials=serials) as address:
        begun = time.perf_counter()
        dock = WatchingDock(system, address)
        try:
            dock.wait_for("session_ended", RECORDERS)
            wall_s = time.perf_counter() - begun
            peak = peak_bytes_of(dock.process.pid)
        finally:
            dock.close()
    speed = size_bytes / wall_s / EACH_BYTES_PER_S
    is_fast, is_small = speed >= LEAST_STATION_SPEED, peak <= MOST_STATION_BYTES
    say(f"  four recorders at 10 MiB/s together {speed:.2f} of 40 MiB/s   target >= {LEAST_STATION_SPEED}: {_word(is_fast)}")
    say(f"  dock process with four recorders    {peak / MIB:.0f} MiB   target <= {MOST_STATION_BYTES // MIB}: {_word(is_small)}")
    return [is_fast, is_small]


def measure_listing(place, say):
    """List 100,000 files by MTP and from a disk, in a program of its own."""
    folder = place / "many"
    for number in range(_FILES):
        if number % 1000 == 0:
            (folder / f"{number // 1000:03}").mkdir(parents=True)
        (folder / f"{number // 1000:03}" / f"{number:06}.JPG").write_bytes(b"x")
    verdicts = []
    for family in ("mtp", "mass-storage"):
        with virtual(folder, family, serials=("MANY001",)) as address:
            cost = run_measured((sys.executable, "-m", "tests.bench.recorders", address))
        counted = json.loads(cost.output)
        assert counted["files"] >= _FILES, counted
        is_met = counted["seconds"] <= MOST_LISTING_S and cost.peak_bytes <= MOST_LISTING_BYTES
        say(
            f"  listing {_FILES + 1:,} files, {family:<13} {counted['seconds']:.0f} s, {cost.peak_bytes / MIB:.0f} MiB"
            f"   target <= {MOST_LISTING_S} s, {MOST_LISTING_BYTES // MIB} MiB: {_word(is_met)}"
        )
        verdicts.append(is_met)
    return verdicts


def measure_recorders(system, folder, size_bytes, say):
    """Everything of this part."""
    say("\nRecorders over USB/IP")
    with tempfile.TemporaryDirectory(prefix="bodycam-bench-") as place:
        return [*measure_pulls(folder, say), *measure_station(system, folder, size_bytes, say), *measure_listing(Path(place), say)]


def _word(is_met):
    return "met" if is_met else "MISSED"


def main():
    """List the one recorder at an address, and print how many files there were and how long it took."""
    host, _, port = sys.argv[1].rpartition(":")
    begun = time.perf_counter()
    (found,) = find_usb_recorders(UsbBus(usbip_backend(host, int(port))))
    with found.open() as recorder:
        count = sum(1 for _ in recorder.list_files())
    sys.stdout.write(json.dumps({"files": count, "seconds": time.perf_counter() - begun}) + "\n")


if __name__ == "__main__":
    main()
