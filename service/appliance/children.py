"""Children that are kept running: started, watched, started again when they die, stopped in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from evidence_store.embedded.postgresql import find_servers
from evidence_store.embedded.program import Program, launch, remove_leftovers
from evidence_store.errors import StoreError
from service.appliance.data_directory import DataDirectory
from service.appliance.errors import NotReadyError, StepFailedError, StopRequestedError
from service.appliance.log_files import bound_log, last_lines
from service.appliance.processes import ProcessMark, end_processes, find_marked, mark_process

_POLL_S = 0.1
_LOG_CHECK_S = 5.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_AFTER_S = 60.0
"""A child that lived this long is started again at once; one that dies sooner waits twice as long each time."""
_ORPHANS_WITHIN_S = 5.0


class StopPhase(IntEnum):
    """Who stops first: docks and doors, then the service, then the servers it stands on."""

    DOCK = 0
    SERVICE = 1
    SERVER = 2


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """A child to keep running.

    Attributes:
        make: Makes ready what it needs and says how to start it; called before every start.
        phase: When it is stopped.
        may_finish: Whether ending with status 0 means that its work is done; else it is started again.
    """

    make: Callable[[], Program]
    phase: StopPhase
    may_finish: bool = False


@dataclass(slots=True)
class _Child:
    plan: ChildPlan
    program: Program
    process: subprocess.Popen[bytes] | None = None
    mark: ProcessMark | None = None
    started_at: float = 0.0
    pause_s: float = field(default_factory=lambda: _FIRST_PAUSE_S)
    start_again_at: float | None = None


class Children:
    """The children of one data directory, which this process holds locked.

    All times are of the monotonic clock. Not for several threads; a signal handler may call :meth:`request_stop`.
    """

    def __init__(self, directory: DataDirectory, report: Callable[[str], None]) -> None:
        self._is_stop_requested = False  # a plain flag: setting an Event in a handler can meet its own lock
        self._directory = directory
        self._report = report
        self._children: list[_Child] = []
        self._logs_checked_at = 0.0

    def end_orphans(self) -> None:
        """End what an earlier start of this directory left running when it was killed."""
        written = [mark for mark in self._directory.read_children().values() if mark_process(mark.pid) == mark]
        orphans = {*written, *find_marked(self._directory.root), *_database_servers(self._directory)}
        if orphans:
            self._report(f"ending {len(orphans)} processes that an earlier start left running")
            end_processes(orphans, within_s=_ORPHANS_WITHIN_S, ask=signal.SIGINT)
        self._directory.forget_children()

    def request_stop(self) -> None:
        """Have whatever waits here give up soon; safe to call from a signal handler."""
        self._is_stop_requested = True

    def start(self, plan: ChildPlan) -> None:
        """Start a child and keep it running from now on.

        Raises:
            StoreError: It cannot be made ready, or its program is missing.
        """
        child = _Child(plan, plan.make())
        self._children.append(child)
        self._launch(child)

    def watch(self) -> None:
        """Look after every child once: start again what died, keep log files within bounds."""
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and _has_ended(child.process):
                self._note_end(child, now)
            elif child.start_again_at is not None and now >= child.start_again_at:
                self._start_again(child, now)
        if now - self._logs_checked_at >= _LOG_CHECK_S:
            self._logs_checked_at = now
            self._bound_logs()

    def wait_until(self, is_ready: Callable[[], bool], what: str, *, within_s: float) -> None:
        """Watch until something is ready.

        Raises:
            NotReadyError: It took too long.
            StopRequestedError: Somebody asked to stop meanwhile.
        """
        ends = time.monotonic() + within_s
        while not is_ready():
            self.watch()
            time.sleep(_POLL_S)
            if self._is_stop_requested:
                raise StopRequestedError
            if time.monotonic() >= ends:
                raise NotReadyError(what, within_s, f"see the files in {self._directory.logs}")

    def watch_until_stopped(self) -> None:
        """Watch until somebody asks to stop."""
        while not self._is_stop_requested:
            self.watch()
            time.sleep(_POLL_S)

    def run(self, program: Program, text: str = "", *, within_s: float) -> str:
        """Run a step of the start to its end, watching meanwhile.

        Args:
            program: What to run.
            text: Its standard input.
            within_s: How long it may take, in seconds.

        Returns:
            Its standard output.

        Raises:
            StepFailedError: It ended with an error.
            NotReadyError: It took too long; it was killed.
            StopRequestedError: Somebody asked to stop meanwhile; it was killed.
        """
        log_file = self._log(program)
        log_file.touch(mode=0o600)
        with log_file.open("ab") as log, _step(program, log.fileno()) as process:
            try:
                return self._finish_step(program, process, text, within_s)
            finally:
                if process.poll() is None:
                    process.kill()

    def stop(self) -> None:
        """Stop every child, phase by phase, and whatever they started; nothing of this directory runs afterwards."""
        for phase in StopPhase:
            self._stop_phase([child for child in self._children if child.plan.phase is phase])
        self._children.clear()
        end_processes(find_marked(self._directory.root), within_s=1.0, ask=signal.SIGKILL)
        self._directory.forget_children()

    def _bound_logs(self) -> None:
        for child in self._children:
            try:
                bound_log(self._log(child.program))
            except OSError as error:
                self._report(f"cannot move {self._log(child.program)} aside: {error}")

    def _launch(self, child: _Child) -> None:
        child.process = launch(child.program, self._log(child.program))
        child.mark = mark_process(child.process.pid)
        child.started_at = time.monotonic()
        child.start_again_at = None
        self._write_down()

    def _note_end(self, child: _Child, now: float) -> None:
        status = self._bury(child)
        if child.plan.may_finish and status == 0:
            self._report(f"{child.program.name} is done")
            return
        if now - child.started_at >= _STEADY_AFTER_S:
            child.pause_s = _FIRST_PAUSE_S
        self._schedule(child, now, f"ended with status {status} (see {self._log(child.program)})")

    def _start_again(self, child: _Child, now: float) -> None:
        try:
            child.program = child.plan.make()
            self._launch(child)
        except StoreError as error:
            self._schedule(child, now, str(error))

    def _schedule(self, child: _Child, now: float, reason: str) -> None:
        self._report(f"{child.program.name}: {reason}; starting it again in {child.pause_s:.1f} s")
        child.start_again_at = now + child.pause_s
        child.pause_s = min(child.pause_s * 2, _LONGEST_PAUSE_S)

    def _bury(self, child: _Child) -> int:
        """Kill what an ended child left in its session, and take note of its status."""
        assert child.process is not None  # noqa: S101 - callers looked
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)  # not yet waited for, so the number is still its own
        status = child.process.wait()
        child.process = child.mark = None
        remove_leftovers(child.program)
        self._write_down()
        return status

    def _stop_phase(self, children: list[_Child]) -> None:
        running = [child for child in children if child.process is not None]
        begun = time.monotonic()
        for child in running:
            if child.process is not None:
                self._report(f"stopping {child.program.name}")
                os.kill(child.process.pid, child.program.stop_signal)
        while running:
            for child in running:
                if child.process is not None and time.monotonic() - begun >= child.program.stop_within_s:
                    self._report(f"{child.program.name} did not stop within {child.program.stop_within_s:.0f} s; killing it")
                    os.kill(child.process.pid, signal.SIGKILL)
            ended = [child for child in running if child.process is not None and _has_ended(child.process)]
            for child in ended:
                self._bury(child)
            running = [child for child in running if child not in ended]
            time.sleep(_POLL_S / 2)

    def _finish_step(self, program: Program, process: subprocess.Popen[bytes], text: str, within_s: float) -> str:
        ends = time.monotonic() + within_s
        pending: bytes | None = text.encode()
        while True:
            try:
                output, _ = process.communicate(pending, timeout=_POLL_S)
            except subprocess.TimeoutExpired:
                pending = None
                self.watch()
                if self._is_stop_requested:
                    raise StopRequestedError from None
                if time.monotonic() >= ends:
                    raise NotReadyError(program.name, within_s, f"see {self._log(program)}") from None
            else:
                break
        if process.returncode != 0:
            raise StepFailedError(program.name, process.returncode, last_lines(self._log(program)))
        return output.decode()

    def _write_down(self) -> None:
        try:
            self._directory.write_children({child.program.name: child.mark for child in self._children if child.mark is not None})
        except OSError as error:  # a full disk must not end what is running; a later start finds children by their mark as well
            self._report(f"cannot write down what runs: {error}")

    def _log(self, program: Program) -> Path:
        return self._directory.logs / f"{program.name}.log"


def _database_servers(directory: DataDirectory) -> list[ProcessMark]:
    """Find database servers by their data; PostgreSQL writes over its environment, and so over the mark."""
    return [mark for pid in find_servers(directory.postgresql) if (mark := mark_process(pid)) is not None]


def _step(program: Program, log_descriptor: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        program.arguments,
        env=dict(program.environment),
        cwd=program.directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log_descriptor,
        start_new_session=True,
    )


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it ended, without taking note of its status, which would give its number free."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
