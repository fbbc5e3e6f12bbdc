"""The service's side of a child that parses media: start it with nothing, serve it the bytes it asks for, end it when it takes too much."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import service
from service.media.errors import ChildFailedError, ChildUnavailableError
from service.media.wire import MAX_READ_BYTES, READ, Frame, PipeEnd

_START_WITHIN_S = 60.0
"""Importing the libraries on a machine that is busy and cold."""
_END_WITHIN_S = 2.0
_MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take for one file.

    Attributes:
        memory_bytes: Address space, the libraries included.
        cpu_s: Processor time, the start included.
        wall_s: Time, waiting for the file's bytes not counted.
        read_bytes: Bytes of the file it may ask for, in all.
    """

    memory_bytes: int = 1_280 * _MIB
    cpu_s: int = 30
    wall_s: float = 60.0
    read_bytes: int = 128 * _MIB


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ByteSource:
    """A file as runs of bytes.

    Attributes:
        size_bytes: Its length.
        read: Gives the bytes from an offset, at most so many; what it raises, whoever looks at the file gets.
    """

    size_bytes: int
    read: Callable[[int, int], Iterable[bytes]]


def run_child(program: str, source: ByteSource, *, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Have a program look at a file, confined, and give its answer.

    Args:
        program: Name of a module of this folder that ends in ``confinement.serve``.
        source: The file.
        limits: What the program may take.

    Raises:
        ChildUnavailableError: The program does not come up.
        ChildFailedError: It died, hung, asked for too much or spoke out of turn.
    """
    with _started(program, source.size_bytes, limits) as process:
        assert process.stdin is not None  # noqa: S101 - asked for in _started
        assert process.stdout is not None  # noqa: S101 - likewise
        pipe = PipeEnd(process.stdout.fileno(), process.stdin.fileno())
        try:
            _await_ready(program, pipe)
            return _converse(pipe, source, limits)
        except ChildFailedError as error:
            if error.code == "parser_died" and _used_up_its_time(process):
                raise ChildFailedError("parser_too_slow") from error
            raise
        finally:
            process.kill()


def _started(program: str, size_bytes: int, limits: Limits) -> subprocess.Popen[bytes]:
    """Start the program in our own process group, so that whoever ends us ends it too; it gets no descriptor and no variable of ours."""
    root = Path(service.__file__).resolve().parent.parent
    single = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "OPENCV_FOR")}
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", program, json.dumps({"size_bytes": size_bytes, **asdict(limits)})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath, **single},
        )
    except OSError as error:
        raise ChildUnavailableError(program, f"cannot be started: {error.strerror}") from error


def _await_ready(program: str, pipe: PipeEnd) -> None:
    try:
        kind, _ = pipe.receive(deadline=time.monotonic() + _START_WITHIN_S)
    except ChildFailedError as error:
        raise ChildUnavailableError(program, f"does not come up: {error.code}") from error
    if kind != Frame.READY:
        raise ChildUnavailableError(program, "does not say that it is ready")


def _used_up_its_time(process: subprocess.Popen[bytes]) -> bool:
    try:
        return process.wait(_END_WITHIN_S) == -signal.SIGXCPU
    except subprocess.TimeoutExpired:  # it closed its pipe and lives on
        return False


def _converse(pipe: PipeEnd, source: ByteSource, limits: Limits) -> bytes:
    deadline = time.monotonic() + limits.wall_s
    allowance = limits.read_bytes
    while True:
        kind, payload = pipe.receive(deadline=deadline)
        if kind == Frame.ANSWER:
            return payload
        if kind != Frame.READ or len(payload) != READ.size:
            raise ChildFailedError("parser_misbehaved")
        offset, length = READ.unpack(payload)
        if length > MAX_READ_BYTES or offset + length > source.size_bytes:
            raise ChildFailedError("parser_misbehaved")
        allowance -= length
        if allowance < 0:
            raise ChildFailedError("read_too_much")
        before = time.monotonic()
        data = b"".join(source.read(offset, length))[:length]
        deadline += time.monotonic() - before
        pipe.send(Frame.BYTES, data, deadline=deadline)
