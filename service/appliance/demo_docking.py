"""One simulated docking: a virtual recorder and a dock, each the real program, as they would be started by hand."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from service.appliance.demo_plan import DockingPlan
from service.appliance.errors import StepFailedError, StopRequestedError

_DOCK_PREFIX, _PREFIX = "BODYCAM_DOCK_", "BODYCAM_"
_BYTES_PER_S = 100_000
"""Slow enough that the dock board shows it."""
_SEALED_WITHIN_S = 120
_LISTENING_WITHIN_S = 60.0
_STOP_WITHIN_S = 2.0
_POLL_S = 0.2


class StopFlag:
    """Whether somebody asked to stop. Plain, because setting an event in a signal handler can meet the event's own lock."""

    def __init__(self) -> None:
        self.is_set = False

    def set(self) -> None:
        """Ask to stop."""
        self.is_set = True

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until asked to stop; whether that was asked."""
        ends = time.monotonic() + seconds
        while not self.is_set and time.monotonic() < ends:
            time.sleep(min(_POLL_S, seconds))
        return self.is_set


@dataclass(frozen=True, slots=True)
class DockingResult:
    """How the dock ended (docs/dock.md), and the clips it brought."""

    exit_code: int
    clip_ids: tuple[str, ...]


def run_docking(plan: DockingPlan, card: Path, *, stop: StopFlag) -> DockingResult:
    """Plug a virtual recorder in, dock it once, and take it away; the same card again is recognised.

    Args:
        plan: Which recorder it is.
        card: Folder of its footage.
        stop: Set when it shall be left unfinished.

    Raises:
        StepFailedError: The virtual recorder does not come up.
        StopRequestedError: It was left unfinished.
    """
    options = ("--footage", str(card), "--serial", plan.serial, "--officer", plan.officer)
    pace = ("--listen", "127.0.0.1:0", "--bytes-per-second", str(_BYTES_PER_S))
    with (
        _running(("simulate", *options, *pace), _environment(None), subprocess.PIPE) as recorder,
        tempfile.TemporaryFile() as output,
    ):
        address = _listening_at(recorder, stop)
        dock = ("dock", "--once", "--usbip", address, "--wait-s", str(_SEALED_WITHIN_S))
        with _running(dock, _environment(_DOCK_PREFIX), output) as process:
            while process.poll() is None:
                if stop.wait(_POLL_S):
                    raise StopRequestedError
        output.seek(0)
        return DockingResult(process.returncode, _clip_ids(output.read()))


@contextmanager
def _running(arguments: tuple[str, ...], environment: Mapping[str, str], output: IO[bytes] | int) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of our own commands, and end it when it is left."""
    command = (sys.executable, "-P", "-m", "service.cli.main", *arguments)
    with subprocess.Popen(command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _environment(prefix: str | None) -> dict[str, str]:
    """Leave out every setting but those of the dock: neither program may know the database's or the store's passwords."""
    inherited = os.environ.items()  # noqa: TID251 - handed on, not read
    return {name: value for name, value in inherited if not name.startswith(_PREFIX) or (prefix and name.startswith(prefix))}


def _listening_at(recorder: subprocess.Popen[bytes], stop: StopFlag) -> str:
    assert recorder.stdout is not None  # noqa: S101 - asked for by the caller
    waited_s = 0.0
    while not select.select([recorder.stdout], [], [], _POLL_S)[0]:
        waited_s += _POLL_S
        if stop.is_set:
            raise StopRequestedError
        if waited_s >= _LISTENING_WITHIN_S:
            raise StepFailedError("simulate", 0, f"does not listen after {_LISTENING_WITHIN_S:.0f} s")
    line = recorder.stdout.readline()
    if not line:
        raise StepFailedError("simulate", recorder.wait(), "ended before it listened")
    return str(json.loads(line)["listening"])


def _clip_ids(output: bytes) -> tuple[str, ...]:
    lines = [json.loads(line) for line in output.splitlines()]
    return tuple(line["clip_id"] for line in lines if line.get("clip_id"))
