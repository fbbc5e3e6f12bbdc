"""The kernel's word that something was plugged in or pulled, so that nobody waits for the next look.

Source: Linux, ``lib/kobject_uevent.c`` and netlink(7): a message is ``action@path`` and ``KEY=value`` texts, each ended by a NUL.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

_UEVENT = 15
"""``NETLINK_KOBJECT_UEVENT``."""
_KERNEL_GROUP = 1
_LONGEST_MESSAGE = 65_536
_LOOK_S = 0.5


def is_usb_change(message: bytes) -> bool:
    """Whether a kernel message tells that a USB device came or left."""
    texts = message.split(b"\0")
    return texts[0].startswith((b"add@", b"remove@")) and b"DEVTYPE=usb_device" in texts


class Hotplug:
    """Listens to the kernel while its ``with`` block runs; where that is not allowed it does nothing, and the looks have to do.

    Args:
        on_change: Called, from a thread of its own, when a USB device came or left.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):  # no netlink here, for instance in a sandbox
            self._socket = _open_socket()
            self._thread = threading.Thread(target=self._listen, args=(self._socket,), name="hotplug", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        if self._socket is not None:
            self._socket.close()

    @property
    def is_listening(self) -> bool:
        """Whether the kernel tells us anything."""
        return self._thread is not None

    def _listen(self, messages: socket.socket) -> None:
        while not self._done.is_set():
            try:
                message, sender = messages.recvfrom(_LONGEST_MESSAGE)
            except TimeoutError:
                continue
            except OSError:  # messages were lost: something happened
                self._on_change()
                continue
            if sender[0] == 0 and is_usb_change(message):  # 0: from the kernel itself
                self._on_change()


def _open_socket() -> socket.socket:
    messages = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _UEVENT)
    try:
        messages.bind((0, _KERNEL_GROUP))
        messages.settimeout(_LOOK_S)
    except BaseException:
        messages.close()
        raise
    return messages
