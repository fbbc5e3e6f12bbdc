"""Fuzz every target for a while, one after the other, and say how it went; what ``make fuzz`` runs.

``python -m tests.fuzz.run [--seconds N] [--findings FOLDER] [NAME ...]``. Ends with 1 where something was found: an exception that is not a target's
own, more than :data:`LONGEST_S` for one input, or more than :data:`MOST_MEMORY_MB`. The inputs lie in the folder then.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.registry import LONG_TARGETS
from tests.fuzz.target import Target

LONGEST_S = 5
"""For one input, as libFuzzer's ``-timeout`` counts."""
MOST_MEMORY_MB, MOST_AT_ONCE_MB = 1_024, 128
"""For the whole process, in which atheris itself, its tables and every import live, and for one allocation."""
_STARTING_S = 60
_EXECUTIONS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_SPEED = re.compile(r"stat::average_exec_per_sec:\s+(\d+)")
_COVERAGE = re.compile(r"cov: (\d+)")
_STARTED = "INFO: Running with entropic"
"""What libFuzzer says before it tries the first input."""
_LAST_WORDS = 25


def fuzz(target: Target, seconds: int, findings: Path) -> bool:
    """Fuzz one target; whether nothing was found."""
    with TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds):
            (Path(folder) / f"seed-{number}").write_bytes(seed[: target.longest])
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.fuzz.program", target.name),
                *(f"-max_total_time={seconds}", f"-max_len={target.longest}", f"-timeout={LONGEST_S}", "-print_final_stats=1", "-verbosity=1"),
                *(f"-rss_limit_mb={MOST_MEMORY_MB}", f"-malloc_limit_mb={MOST_AT_ONCE_MB}", f"-artifact_prefix={findings}/{target.name}-"),
                folder,
            ],
            check=False,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=seconds + LONGEST_S + _STARTING_S,
        )
    told = done.stdout + done.stderr
    executions, speed, coverage = _EXECUTIONS.search(told), _SPEED.search(told), _COVERAGE.findall(told)
    counted = f"{int(executions[1]):>9,} inputs {int(speed[1]):>7,} /s" if executions and speed else "ended early"
    verdict = ("FOUND" if _STARTED in told else "DID NOT START") if done.returncode else "nothing found"
    last_words = told.splitlines()[-_LAST_WORDS:] if done.returncode else []
    sys.stdout.write("\n".join([f"{target.name:<22} {counted}   {coverage[-1] if coverage else '?':>5} edges   {verdict}", *last_words]) + "\n")
    sys.stdout.flush()
    return not done.returncode


def main() -> int:
    """Fuzz the targets that are named, or all of them."""
    parser = argparse.ArgumentParser(description="Fuzz parsers.")
    parser.add_argument("--seconds", type=int, default=20, help="for each target")
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"), help="where inputs are kept that were not parsed as they should be")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(LONG_TARGETS))
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(LONG_TARGETS)
    if unknown:
        parser.error(f"no target {min(unknown)!r}")
    chosen.findings.mkdir(parents=True, exist_ok=True)
    results = [fuzz(LONG_TARGETS[name], chosen.seconds, chosen.findings.resolve()) for name in chosen.names or LONG_TARGETS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
