"""Messages over one pair of bulk endpoints: one out, one back."""

from __future__ import annotations

import time

from device_drivers.errors import EndpointStalledError, RecorderUnpluggedError, TransferError, TransportTimeoutError, UnsupportedRecorderError
from device_drivers.transports.usb import UsbDevice

_LOOK_FOR_S = 0.25


class BulkPipe:
    """One claimed interface."""

    def __init__(self, device: UsbDevice) -> None:
        """Take the interface's first pair of bulk endpoints.

        Raises:
            UnsupportedRecorderError: It has none.
        """
        incoming, outgoing = device.interface.bulk(is_in=True), device.interface.bulk(is_in=False)
        if incoming is None or outgoing is None:
            raise UnsupportedRecorderError(device.description.title, "its interface has no pair of bulk endpoints")
        self._device, self._in, self._out = device, incoming, outgoing

    def send(self, message: bytes, *, timeout_s: float, during: str) -> None:
        """Send a message.

        Raises:
            RecorderUnpluggedError: The device left.
            EndpointStalledError: It refused; the halt is lifted again.
            TransportTimeoutError: It took nothing in time.
            TransferError: The transfer failed otherwise.
        """
        try:
            self._device.bulk_out(self._out, message, timeout_s=timeout_s, during=during)
        except EndpointStalledError:
            self._device.clear_halt(self._out)
            raise

    def receive(self, longest: int, *, timeout_s: float, during: str) -> bytes:
        """Receive one message of at most so many bytes; raises like :meth:`send`."""
        buffer = bytearray(longest)
        try:
            count = self._device.bulk_in(self._in, memoryview(buffer), timeout_s=timeout_s, during=during)
        except EndpointStalledError:
            self._device.clear_halt(self._in)
            raise
        return bytes(buffer[:count])

    def await_departure(self, *, within_s: float, during: str) -> bool:
        """Wait until the device has left the bus; whether it did in time. What it still says meanwhile is passed over."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            try:
                self.receive(self._in.packet_bytes, timeout_s=_LOOK_FOR_S, during=during)
            except RecorderUnpluggedError:
                return True
            except TransportTimeoutError:
                continue
            except (EndpointStalledError, TransferError):  # what a device says on its way out is not to be relied on
                time.sleep(_LOOK_FOR_S)
        return False
