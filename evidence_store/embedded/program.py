"""A program as a command line with an environment of its own, and how it is told to stop."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evidence_store.embedded.errors import EmbeddedServerError


@dataclass(frozen=True, slots=True)
class Program:
    """What to run.

    Attributes:
        name: Short name, also of its log file.
        arguments: Command line, the program's path first.
        environment: Every variable it gets; nothing is inherited.
        directory: Where it runs.
        stop_signal: What asks it to stop in good order.
        stop_within_s: How long that may take, in seconds; after it the program is killed.
        leaves: Files it does not remove itself when it ends.
    """

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    directory: Path
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 5.0
    leaves: tuple[Path, ...] = ()


def launch(program: Program, log_file: Path) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its output appended to a log file.

    A session of its own keeps the terminal's Ctrl-C from reaching it before whoever started it has decided on an order.

    Raises:
        EmbeddedServerError: The program is missing or may not be run, or its log cannot be written.
    """
    try:
        descriptor = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise EmbeddedServerError(program.name, f"cannot write {log_file}: {error.strerror}") from error
    try:
        return subprocess.Popen(
            program.arguments,
            env=dict(program.environment),
            cwd=program.directory,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise EmbeddedServerError(program.name, f"cannot start {program.arguments[0]}: {error}") from error
    finally:
        os.close(descriptor)


def stop(program: Program, process: subprocess.Popen[bytes]) -> None:
    """Ask a program to stop, wait as long as it may take, then kill it and what it left in its session."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
        try:
            process.wait(program.stop_within_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    remove_leftovers(program)


def remove_leftovers(program: Program) -> None:
    """Remove the files a program that has ended left behind."""
    for leftover in program.leaves:
        leftover.unlink(missing_ok=True)
