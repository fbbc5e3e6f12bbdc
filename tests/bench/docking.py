"""`make bench`: docking against `rclone copy` of the same files to the same store, `openssl dgst` beside it.

The machine may be busy, so programs take turns and medians of ratios are judged, never times. Data is random (nothing can be compressed away) and
read once before, so that every program finds it in the page cache. Both buckets are synced to disk before an upload is answered.
docs/benchmarks.md explains the figures.
"""

import argparse
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from evidence_store.embedded.seaweedfs import SeaweedfsServer
from service.appliance.configuration import read_environment
from tests.appliances import TrialAppliance, clean_environment
from tests.bench.coverage import measure_nation
from tests.bench.log import measure_log
from tests.bench.measuring import MIB, Cost, json_lines, run_measured
from tests.bench.recorders import measure_recorders
from tests.bench.verification import measure_verification
from tests.e2e.system import PROGRAM, System, free_port
from tests.integration.device_drivers.media import make_fat_image

MOST_WALL_RATIO = 1.25
MOST_PEAK_BYTES = 150 * MIB
LEAST_SOURCE_SPEED = 0.9
SOURCE_BYTES_PER_S = 40 * MIB
_BUCKET = "rclone"
_FAT32_SERIAL_OFFSET = 67
"""Where a FAT32 boot sector keeps the volume's serial number (fatgen103); another number is another recorder."""


@dataclass(frozen=True)
class Shape:
    """So many files of one size: as a folder for rclone and openssl, and as a card for the dock."""

    title: str
    folder: Path
    image: Path
    size_bytes: int


@dataclass(frozen=True)
class Bench:
    """What is measured against: a whole installation, read-back paused."""

    appliance: TrialAppliance
    directory: Path

    def dock(self, *source) -> Cost:
        """Dock once, until every file is stored."""
        cost = System(self.appliance).dock_measured("--until", "stored", *source)
        states = json_lines(cost.output)[-1]["states"]
        assert set(states) == {"stored"}, states
        return cost

    def dock_image(self, shape: Shape) -> Cost:
        """Dock a card that no earlier round has brought."""
        with shape.image.open("r+b") as image:
            image.seek(_FAT32_SERIAL_OFFSET)
            image.write(random.randbytes(4))
        return self.dock("--image", shape.image)

    def rclone(self, shape: Shape, place: str) -> Cost:
        """Copy the files with rclone as it comes; only where the store is was told."""
        settings = read_environment(self.appliance.directory.root)
        store = {
            "TYPE": "s3",
            "PROVIDER": "SeaweedFS",
            "ENDPOINT": f"http://{settings['BODYCAM_STORE_ENDPOINT']}",
            "ACCESS_KEY_ID": settings["BODYCAM_STORE_ACCESS_KEY"],
            "SECRET_ACCESS_KEY": settings["BODYCAM_STORE_SECRET_KEY"],
            "NO_CHECK_BUCKET": "true",
        }
        environment = {**clean_environment(), **{f"RCLONE_CONFIG_STORE_{name}": value for name, value in store.items()}}
        return run_measured((_script("rclone"), "--config", os.devnull, "copy", shape.folder, f"store:{_BUCKET}/{place}"), environment)

    def make_bucket(self) -> None:
        """Make rclone's bucket: of the same kind and as safely synced as the evidence."""
        settings = read_environment(self.appliance.directory.root)
        ports = self.appliance.ports()
        server = SeaweedfsServer(
            self.appliance.directory.seaweedfs, ports, settings["BODYCAM_STORE_ACCESS_KEY"], settings["BODYCAM_STORE_SECRET_KEY"]
        )
        server._client().make_bucket(_BUCKET, object_lock=True)
        server.provision(_BUCKET)


def main() -> int:
    """Measure, print, and tell by the exit status whether the targets were met."""
    options = _parse()
    place = Path(tempfile.mkdtemp(prefix="bodycam-bench-", dir=options.directory))
    appliance = TrialAppliance(place / "data", free_port(), settings={"BODYCAM_READ_BACK_PAUSED": "true"})
    try:
        _say(f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")
        shapes = [
            _make_shape(place, "16 x 64 MiB", count=16, each_bytes=64 * MIB // options.divide),
            _make_shape(place, "1 x 1 GiB", count=1, each_bytes=1024 * MIB // options.divide),
        ]
        appliance.start()
        bench = Bench(appliance, place)
        bench.make_bucket()
        verdicts = [verdict for shape in shapes for verdict in _against_rclone(bench, shape, rounds=options.rounds)]
        verdicts += _over_usb(bench, shapes[0])
        verdicts += measure_recorders(System(appliance), shapes[0].folder, shapes[0].size_bytes, _say)
        verdicts += measure_log(_say)
        verdicts += measure_nation(_say)
        verdicts += measure_verification(place, 4096 * MIB // options.divide, rounds=options.rounds, say=_say)
    finally:
        appliance.end()
        shutil.rmtree(place, ignore_errors=True)
    return 0 if all(verdicts) else 1


def _against_rclone(bench: Bench, shape: Shape, *, rounds: int) -> list[bool]:
    docked, copied, wall_ratios, cpu_ratios = [], [], [], []
    digests = {name: _digest(shape, name) for name in ("sha256", "sm3")}
    for number in range(rounds):
        pair = [lambda: docked.append(bench.dock_image(shape)), lambda n=number: copied.append(bench.rclone(shape, f"{shape.folder.name}-{n}"))]
        for run in pair if number % 2 else reversed(pair):
            os.sync()  # what the run before left to be written is not this one's
            run()
        wall_ratios.append(docked[-1].wall_s / copied[-1].wall_s)
        cpu_ratios.append(docked[-1].cpu_s / copied[-1].cpu_s)
    wall, peak = statistics.median(wall_ratios), max(cost.peak_bytes for cost in docked)
    both = [one.cpu_s + sum(cost.cpu_s for cost in digests.values()) for one in copied]
    _say(f"\n{shape.title}, {rounds} rounds, median (least to most)")
    _say(f"  dock / rclone, wall time            {_spread(wall_ratios)}   target <= {MOST_WALL_RATIO}: {_word(wall <= MOST_WALL_RATIO)}")
    _say(f"  dock / rclone, CPU seconds          {_spread(cpu_ratios)}")
    _say(f"  dock / (rclone + both digests), CPU {_spread([mine.cpu_s / other for mine, other in zip(docked, both, strict=True)])}")
    for name, cost in digests.items():
        _say(f"  openssl dgst -{name:<6} / dock, wall  {_spread([cost.wall_s / mine.wall_s for mine in docked])}")
    _say(f"  dock, peak memory                   {peak / MIB:.0f} MiB   target <= {MOST_PEAK_BYTES // MIB}: {_word(peak <= MOST_PEAK_BYTES)}")
    _say(f"  dock, for orientation               {_speed(shape, docked)} MiB/s; rclone {_speed(shape, copied)} MiB/s")
    return [wall <= MOST_WALL_RATIO, peak <= MOST_PEAK_BYTES]


def _over_usb(bench: Bench, shape: Shape) -> list[bool]:
    full = _dock_over_usb(bench, shape)
    image = bench.dock_image(shape)
    slow = _dock_over_usb(bench, shape, "--bytes-per-second", SOURCE_BYTES_PER_S)
    speed = shape.size_bytes / slow.wall_s / SOURCE_BYTES_PER_S
    _say(f"\n{shape.title} from a virtual recorder over USB/IP")
    _say(f"  over USB/IP / from an image, wall   {full.wall_s / image.wall_s:.2f}   not judged")
    _say(f"  speed of a recorder that gives 40 MiB/s {speed:.2f}   target >= {LEAST_SOURCE_SPEED}: {_word(speed >= LEAST_SOURCE_SPEED)}")
    _say(f"  dock, peak memory                   {full.peak_bytes / MIB:.0f} MiB   target <= {MOST_PEAK_BYTES // MIB}")
    return [speed >= LEAST_SOURCE_SPEED, full.peak_bytes <= MOST_PEAK_BYTES]


def _dock_over_usb(bench: Bench, shape: Shape, *options) -> Cost:
    serial = f"ZF{random.randrange(10**5):05}"
    arguments = (*PROGRAM, "simulate", "--footage", shape.folder, "--serial", serial, "--listen", "127.0.0.1:0", *options)
    recorder = subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE, text=True)
    try:
        listening = json_lines(recorder.stdout.readline())[0]["listening"]
        return bench.dock("--usbip", listening)
    finally:
        recorder.terminate()
        recorder.wait()
        recorder.stdout.close()


def _make_shape(place: Path, title: str, *, count: int, each_bytes: int) -> Shape:
    folder = place / f"{count}-files"
    folder.mkdir()
    for number in range(count):
        with (folder / f"CLIP{number:04}.MP4").open("wb") as file:
            for at in range(0, each_bytes, MIB):
                file.write(random.randbytes(min(MIB, each_bytes - at)))
    image = make_fat_image(place / f"{count}-files.img", folder, size_bytes=count * each_bytes + 128 * MIB)
    return Shape(title, folder, image, count * each_bytes)


def _digest(shape: Shape, name: str) -> Cost:
    return run_measured(("openssl", "dgst", f"-{name}", *sorted(shape.folder.iterdir())))


def _spread(values) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _speed(shape: Shape, costs) -> str:
    return f"{statistics.median(shape.size_bytes / cost.wall_s for cost in costs) / MIB:.0f}"


def _word(is_met) -> str:
    return "met" if is_met else "MISSED"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _script(name: str) -> Path:
    return Path(sysconfig.get_path("scripts")) / name


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Docking against rclone and openssl.")
    parser.add_argument("--rounds", type=int, default=3, help="how often each pair is run")
    parser.add_argument("--divide", type=int, default=1, help="make every file so many times smaller, for a first look")
    parser.add_argument("--directory", type=Path, help="where to work; takes about 20 GiB")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
