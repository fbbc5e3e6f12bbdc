"""The dock's side of the program that parses file systems: start it, serve it sectors, watch it, start it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import device_drivers
from device_drivers.errors import FileSystemReaderError, MalformedReplyError, RecorderError, RecorderReadError
from device_drivers.transports.disk import Disk
from device_drivers.transports.filesystem_child.wire import MAX_READ_BYTES, READ, Frame, PipeEnd

THINKING_S = 20.0
"""Longest time the program may take over one request, waiting for the disk not counted."""
MAX_STARTS = 4
_PROGRAM = "device_drivers.transports.filesystem_child.program"


class FileSystemChild:
    """One child process for one disk. A request that kills or hangs it fails; the next one starts it anew, a few times at most."""

    def __init__(self, disk: Disk, *, thinking_s: float = THINKING_S) -> None:
        self._disk = disk
        self._thinking_s = thinking_s
        self._lock = threading.Lock()
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: PipeEnd | None = None
        self._opened: Mapping[str, Any] = {}

    def open(self) -> Mapping[str, Any]:
        """Find the disk's volumes; their facts as the program gives them.

        Raises:
            FileSystemReaderError: The program died or hung too often.
            RecorderError: The disk could not be read.
        """
        with self._lock:
            self._ensure_started()
            return self._opened

    def ask(self, call: str, **arguments: Any) -> Mapping[str, Any]:
        """Make a call and give its answer.

        Raises:
            FileSystemReaderError: The program died or hung, or refuses the call.
            RecorderUnpluggedError: The disk left.
            RecorderError: The way to the disk failed.
        """
        with self._lock:
            self._ensure_started()
            return self._exchange({"call": call, **arguments})

    def close(self) -> None:
        """End the program; calling again does nothing."""
        process, self._process, self._pipe = self._process, None, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    def _ensure_started(self) -> None:
        if self._process is not None:
            return
        if self._starts >= MAX_STARTS:
            raise FileSystemReaderError(f"it was started {self._starts} times and failed each time")
        self._starts += 1
        root = Path(device_drivers.__file__).resolve().parent.parent
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
            start_new_session=True,  # a Ctrl-C at the dock is not for the program
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise FileSystemReaderError("it has no pipes")
        self._pipe = PipeEnd(self._process.stdout.fileno(), self._process.stdin.fileno())
        self._opened = self._exchange({"call": "open", "size_bytes": self._disk.size_bytes})

    def _exchange(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            kind, payload, trouble = self._converse(request)
            answer = _decode(payload)
        except BaseException:  # the conversation is out of step: never speak to this process again
            self.close()
            raise
        if trouble is not None:
            raise trouble
        if kind == Frame.FAULT:
            raise MalformedReplyError("file system", str(answer.get("reason"))[:400])
        return answer

    def _converse(self, request: Mapping[str, Any]) -> tuple[Frame, bytes, RecorderError | None]:
        """Ask, and serve sectors until the answer comes; what went wrong at the disk meanwhile comes with it."""
        if self._pipe is None:
            raise FileSystemReaderError("it is not running")
        deadline = time.monotonic() + self._thinking_s
        trouble: RecorderError | None = None
        self._pipe.send(Frame.REQUEST, json.dumps(request).encode(), deadline=deadline)
        while True:
            kind, payload = self._pipe.receive(deadline=deadline)
            if kind != Frame.READ:
                return kind, payload, trouble
            before = time.monotonic()
            sectors = None
            try:
                sectors = self._read(payload)
            except FileSystemReaderError:
                raise
            except RecorderError as error:
                trouble = trouble if isinstance(error, RecorderReadError) else error  # unreadable stretches are the program's to report
            deadline += time.monotonic() - before
            self._pipe.send(Frame.UNREADABLE if sectors is None else Frame.BYTES, sectors or b"", deadline=deadline)

    def _read(self, payload: bytes) -> bytearray:
        if len(payload) != READ.size:
            raise FileSystemReaderError("it sent a malformed request")
        offset, length = READ.unpack(payload)
        if length > MAX_READ_BYTES or offset + length > self._disk.size_bytes:
            raise FileSystemReaderError(f"it asked for {length} bytes at {offset}")
        buffer = bytearray(length)
        count = self._disk.read_at(offset, memoryview(buffer))
        return buffer[:count]


def _decode(payload: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise FileSystemReaderError("it sent what is no JSON") from error
    if not isinstance(answer, dict):
        raise FileSystemReaderError("it sent what is no answer")
    return answer
