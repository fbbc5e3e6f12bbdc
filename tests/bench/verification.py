"""Part of `make bench`: `bodycam verify` of a long clip against `openssl dgst -sha256` of the same bytes (docs/benchmarks.md)."""

import statistics
import sysconfig
from pathlib import Path

from integrity.hashing import running_sha256
from tests.bench.measuring import MIB, run_measured
from tests.unit.integrity.verify.packages import CLIP_A, LOG_KEY, Elsewhere, make_package

LEAST_SPEED = 0.8
_NOT_COMPUTED = "0" * 64
"""SM3 of the clip, which nobody computes here."""


def measure_verification(place, size_bytes, *, rounds, say):
    """Print how fast a package is verified; gives the verdict."""
    folder = place / "package"
    clip = _lay_out(folder, size_bytes)
    verify = (Path(sysconfig.get_path("scripts")) / "bodycam", "verify", folder, "--log-key", LOG_KEY)
    digest = ("openssl", "dgst", "-sha256", clip)
    run_measured(digest)  # both find the bytes in the page cache, as far as it holds them
    verified, digested = [], []
    for number in range(rounds):
        pair = [lambda: verified.append(run_measured(verify)), lambda: digested.append(run_measured(digest))]
        for run in pair if number % 2 else reversed(pair):
            run()
    ratios = [other.wall_s / mine.wall_s for mine, other in zip(verified, digested, strict=True)]
    speed, peak = statistics.median(ratios), max(cost.peak_bytes for cost in verified)
    say(f"\nverification of one clip of {size_bytes // MIB} MiB, {rounds} rounds, median (least to most)")
    say(f"  speed against openssl dgst -sha256  {speed:.2f} ({min(ratios):.2f} to {max(ratios):.2f})   target >= {LEAST_SPEED}")
    cpu = statistics.median(other.cpu_s / mine.cpu_s for mine, other in zip(verified, digested, strict=True))
    say(f"  openssl / bodycam verify, CPU       {cpu:.2f}   not judged")
    say(f"  bodycam verify, peak memory         {peak / MIB:.0f} MiB")
    return [speed >= LEAST_SPEED]


def _lay_out(folder, size_bytes):
    """A package as a folder, its clip a sparse file: what is read costs the same, and no disk is filled."""
    running, left = running_sha256(), size_bytes
    while left:
        count = min(left, MIB)
        running.update(bytes(count))
        left -= count
    package = make_package(lean=True, recorded=Elsewhere(size_bytes, running.digest().hex(), _NOT_COMPUTED))
    for path, data in package.closed().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"" if isinstance(data, Elsewhere) else data)
    clip = folder / f"data/{CLIP_A}/original.mp4"
    with clip.open("r+b") as file:
        file.truncate(size_bytes)
    return clip
