"""The data that a device sends within one transaction, piece by piece, however it ends its container.

Source: USB Still Image Capture Device Definition 1.0, section 7.2. A container ends by its length or by a short packet. One that fills its last
packet may be followed by an empty packet, at once, late or never; then the response may even arrive in the same transfer. One whose length is not
told ends by a short packet alone.
"""

from __future__ import annotations

from device_drivers.errors import MalformedReplyError
from device_drivers.transports.ptp.containers import HEADER_BYTES, MAX_RESPONSE_BYTES, Kind, parse_header, parse_response
from device_drivers.transports.ptp.link import PtpLink

_NOTHING = memoryview(b"")


class DataPhase:
    """One container of data on its way in.

    Attributes:
        response: The response container, where it came instead of the data or in the same transfer as their end.
        payload_bytes: Length that the container announces, ``None`` where it does not; known once the first piece came.
    """

    def __init__(
        self, link: PtpLink, *, operation: int, transaction: int, first_bytes: int, timeout_s: float, during: str, expected: int | None = None
    ) -> None:
        """Await data.

        Args:
            link: Where they come from.
            operation: The operation they belong to.
            transaction: Its transaction.
            first_bytes: Length of the first transfer, whole packets.
            timeout_s: Longest wait for a transfer.
            during: What is being done, for errors.
            expected: How many bytes are known to come; only asked where a container does not tell its length.
        """
        self._link, self._operation, self._transaction = link, operation, transaction
        self._first_bytes, self._timeout_s, self._during, self._expected = first_bytes, timeout_s, during, expected
        self._received = 0
        self._has_begun = self._has_ended = False
        self.payload_bytes: int | None = None
        self.response: bytes | None = None

    def next_piece(self) -> memoryview:
        """Give the next bytes, none of them at the end; the memory is good until the next transfer.

        Raises:
            MalformedReplyError: What came is no such container, or is longer or shorter than it announced.
            RecorderError: A transfer failed.
        """
        piece = _NOTHING
        while not piece and not self._has_ended:
            piece = self._continue() if self._has_begun else self._begin()
        return piece

    def _begin(self) -> memoryview:
        raw = self._link.receive_start(self._first_bytes, timeout_s=self._timeout_s, during=self._during)
        header = parse_header(raw)
        self._has_begun = True
        if header.kind is Kind.RESPONSE:
            self.response, self._has_ended = bytes(raw), True
            return _NOTHING
        if (header.kind, header.code, header.transaction) != (Kind.DATA, self._operation, self._transaction):
            raise MalformedReplyError("data", f"kind {header.kind.name.lower()}, code {header.code:#06x}, transaction {header.transaction}")
        self.payload_bytes = header.payload_bytes
        is_head_alone = len(raw) == HEADER_BYTES and header.payload_bytes != 0
        return self._account(raw[HEADER_BYTES:], is_short=len(raw) < self._first_bytes and not is_head_alone)

    def _continue(self) -> memoryview:
        is_nearly_over = self.payload_bytes is not None and self.payload_bytes - self._received < self._link.small_bytes
        length = self._link.small_bytes if is_nearly_over else self._link.large_bytes
        raw = self._link.receive(length, timeout_s=self._timeout_s, during=self._during)
        return self._account(raw, is_short=len(raw) < length)

    def _account(self, piece: memoryview, *, is_short: bool) -> memoryview:
        """Count a piece, decide whether it was the last, and take a response off its end."""
        self._received += len(piece)
        whole = self._expected if self.payload_bytes is None else self.payload_bytes
        if whole is not None and self._received > whole and self._holds_response(piece[whole - self._received :], whole):
            piece, self._received = piece[: whole - self._received], whole
        if self.payload_bytes is None:
            self._has_ended = is_short or self._received == whole
            return piece
        if self._received > self.payload_bytes or (is_short and self._received < self.payload_bytes):
            raise MalformedReplyError("data", f"{self._received} bytes instead of {self.payload_bytes}")
        self._has_ended = self._received == self.payload_bytes
        return piece

    def _holds_response(self, rest: memoryview, whole: int) -> bool:
        """Whether what follows the data in their last transfer is the response: possible where they fill their last packet."""
        if not HEADER_BYTES <= len(rest) <= MAX_RESPONSE_BYTES or (HEADER_BYTES + whole) % self._link.packet_bytes:
            return False
        try:
            parse_response(rest, self._transaction)
        except MalformedReplyError:
            return False
        self.response = bytes(rest)
        return True
