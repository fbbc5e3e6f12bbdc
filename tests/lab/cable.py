"""In the guest: pull and plug QEMU's USB devices through its monitor (the QEMU Machine Protocol)."""

import json
import os
from typing import Any

MONITOR = "/dev/vport0p1"


class Cable:
    """QEMU's monitor."""

    def __init__(self) -> None:
        self._descriptor = os.open(MONITOR, os.O_RDWR)
        self._unread = b""
        self._deleted: set[str] = set()
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: Any) -> Any:
        """Run a command of the monitor."""
        os.write(self._descriptor, json.dumps({"execute": command, "arguments": arguments}).encode())
        while "return" not in (reply := self._line()):
            if "error" in reply:
                raise OSError(f"{command}: {reply['error']['desc']}")
        return reply["return"]

    def plug(self, driver: str, name: str, **properties: Any) -> None:
        """Plug a device into the bus."""
        self.execute("device_add", driver=driver, id=name, bus="usb.0", **properties)

    def pull(self, name: str) -> None:
        """Pull a device out; afterwards QEMU has let go of what it used."""
        self.execute("device_del", id=name)
        while name not in self._deleted:
            self._line()

    def close(self) -> None:
        os.close(self._descriptor)

    def _line(self) -> dict[str, Any]:
        while b"\n" not in self._unread:
            self._unread += os.read(self._descriptor, 4096)
        line, self._unread = self._unread.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line) if line.strip().startswith(b"{") else {}
        if message.get("event") == "DEVICE_DELETED":
            self._deleted.add(message["data"].get("device", ""))
        return message
