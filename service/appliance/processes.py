"""Processes told apart for certain: a number is reused, a number with its start time and boot is not.

Every child carries a variable that names its data directory; what inherits it (a worker's own children) is found by it. Sources: proc(5) and
pidfd_send_signal(2).
"""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARKER = "EVIDENCE_APPLIANCE_DIRECTORY"
"""Variable that marks whatever was started for a data directory; its value is the directory."""
_PROC = Path("/proc")
_POLL_S = 0.05
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)
_STATE = 0
_START_TICKS = 19
"""Position of `starttime` behind the program's name in /proc/PID/stat (field 22 of proc_pid_stat(5))."""


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """One process for certain.

    Attributes:
        pid: Its number.
        start_ticks: When it started, in clock ticks since the boot.
        boot_id: Which boot.
    """

    pid: int
    start_ticks: int
    boot_id: str


def mark_process(pid: int) -> ProcessMark | None:
    """Describe a running process; ``None`` when there is none of this number, or only its remains."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except _GONE:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[_STATE] in {"Z", "X"}:
        return None
    return ProcessMark(pid, int(fields[_START_TICKS]), _boot_id())


def is_running(mark: ProcessMark) -> bool:
    """Whether that very process still runs."""
    return mark_process(mark.pid) == mark


def find_marked(directory: Path) -> list[ProcessMark]:
    """Find every process that was started for a data directory, except this one."""
    wanted = os.fsencode(f"{MARKER}={directory}")
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(*_GONE):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                mark = mark_process(int(entry.name))
                if mark is not None:
                    found.append(mark)
    return found


def send(mark: ProcessMark, number: signal.Signals) -> None:
    """Signal that very process, never one that got its number since."""
    try:
        descriptor = os.pidfd_open(mark.pid)
    except ProcessLookupError:
        return
    try:
        if is_running(mark):  # the descriptor pins the process, so that this check holds for the next line
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, number)
    finally:
        os.close(descriptor)


def end_processes(marks: Iterable[ProcessMark], *, within_s: float, ask: signal.Signals = signal.SIGTERM) -> None:
    """Ask processes to end, wait, and kill what is left."""
    left = [mark for mark in marks if is_running(mark)]
    for mark in left:
        send(mark, ask)
    left = _wait(left, within_s)
    for mark in left:
        send(mark, signal.SIGKILL)
    _wait(left, within_s)


def _wait(marks: list[ProcessMark], within_s: float) -> list[ProcessMark]:
    ends = time.monotonic() + within_s
    while marks and time.monotonic() < ends:
        marks = [mark for mark in marks if is_running(mark)]
        time.sleep(_POLL_S)
    return marks


def _boot_id() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
