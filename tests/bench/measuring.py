"""Programs run to their end, with what they cost: wall time, CPU time with their children, and the memory of all of them together."""

import json
import os
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MIB = 1024**2
_SAMPLE_S = 0.02
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


@dataclass(frozen=True)
class Cost:
    """What one run cost.

    Attributes:
        wall_s: From its start to its end.
        cpu_s: User and system time, children included.
        peak_bytes: The highest resident memory of each of its processes, added up; each has its own peak, so this is an upper bound.
        output: Its standard output.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    output: str


def run_measured(arguments, environment=None) -> Cost:
    """Run a program that must succeed."""
    begun = time.perf_counter()
    process = subprocess.Popen(list(map(str, arguments)), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peaks = _Peaks(process.pid)
    errors = _Drain(process.stderr)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    assert process.returncode == 0, f"{arguments[0]} ended with {process.returncode}: {errors.text()[-2000:]}\n{output[-2000:]}"
    errors.text()
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, peaks.total_bytes(), output)


class _Peaks(threading.Thread):
    """Watches the peak resident memory of a process and of those it starts."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._peaks: dict[int, int] = {}
        self._done = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._done.wait(_SAMPLE_S):
            for pid in _with_children(self._pid):
                with suppress(*_GONE):
                    status = Path(f"/proc/{pid}/status").read_text()
                    for line in status.splitlines():
                        if line.startswith("VmHWM:"):
                            self._peaks[pid] = int(line.split()[1]) * 1024

    def total_bytes(self) -> int:
        self._done.set()
        self.join()
        return sum(self._peaks.values())


class _Drain(threading.Thread):
    """Reads a stream to its end, so that its writer never waits."""

    def __init__(self, stream) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._text = ""
        self.start()

    def run(self) -> None:
        self._text = self._stream.read()

    def text(self) -> str:
        self.join()
        self._stream.close()
        return self._text


def peak_bytes_of(pid: int) -> int:
    """The highest resident memory so far of a running process and of those that it started and that still run, added up."""
    total = 0
    for each in _with_children(pid):
        with suppress(*_GONE):
            lines = Path(f"/proc/{each}/status").read_text().splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    return total


def _with_children(pid: int) -> list[int]:
    found = [pid]
    with suppress(*_GONE):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(*_GONE):
                for child in (task / "children").read_text().split():
                    found += _with_children(int(child))
    return found


def json_lines(text: str) -> list:
    return [json.loads(line) for line in text.splitlines()]
