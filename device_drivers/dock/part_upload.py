"""Putting parts into the store by presigned addresses, each with its Content-MD5."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import urllib3

from device_drivers.dock.addresses import require_protected
from device_drivers.dock.answers import StoredPart, UploadGrant
from device_drivers.dock.bandwidth import Throttle
from device_drivers.dock.errors import MalformedAnswerError, PartRefusedError, TooManyPartsError, UnreachableError
from device_drivers.dock.patience import Patience
from device_drivers.dock.service_client import MOST_PART_URLS, request
from integrity.hashing import content_md5
from integrity.receipt import MAX_PARTS, UploadedPart

_OK = 200
_FORBIDDEN = 403
_SERVER_ERROR = 500
_TRY_AGAIN = {408, 425, 429}
_DAMAGED_IN_TRANSIT = {"BadDigest", "InvalidDigest", "RequestTimeout", "IncompleteBody", "XAmzContentSHA256Mismatch"}
_MOST_REFUSALS = 5
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")

MoreUrls = Callable[[Sequence[int]], Mapping[str, str]]
"""Asks the service where to put parts, by their numbers."""


@dataclass(slots=True)
class PartAddresses:
    """Where the parts of one upload go; asks for more in lots, and again when they have expired.

    Attributes:
        last_part: Number of the last part that is expected.
        more: Asks the service.
        known: Addresses at hand, by part number.
    """

    last_part: int
    more: MoreUrls
    known: dict[str, str]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, number: int) -> str:
        """Address of a part.

        Raises:
            DockError: The service could not be asked, or gave none.
        """
        with self._lock:
            if str(number) not in self.known:
                self.known = dict(self.more(range(number, max(number, min(self.last_part, number + MOST_PART_URLS - 1)) + 1)))
            address = self.known.get(str(number))
        if not isinstance(address, str):
            raise MalformedAnswerError("POST part-urls", f"no address for part {number}")
        return address

    def expire(self, address: str) -> None:
        """Forget every address at hand if this is still one of them."""
        with self._lock:
            if address in self.known.values():
                self.known = {}


class PartUpload:
    """The parts of one clip on their way to the store; may be used by several threads.

    Args:
        grant: The service's leave.
        more: Asks the service for further addresses.
        pool: Connections to the store.
        patience: How long a part is tried again.
        throttle: How fast it may be sent.
    """

    def __init__(
        self, grant: UploadGrant, *, more: MoreUrls, pool: urllib3.PoolManager, patience: Patience, throttle: Throttle | None = None
    ) -> None:
        last_part = -(-grant.size_bytes // grant.part_size_bytes)
        self._addresses = PartAddresses(last_part, more, dict(grant.urls))
        self._stored: dict[int, StoredPart] = {part.number: part for part in grant.stored_parts}
        self._pool = pool
        self._patience = patience
        self._throttle = throttle

    def put(self, number: int, content: memoryview) -> UploadedPart:
        """Bring one part into the store, unless exactly these bytes are there already.

        Raises:
            UnreachableError: The store did not take it for as long as the dock may wait.
            PartRefusedError: The store refused it for good.
            TooManyPartsError: There is no such part number.
            StoppedError: The program is to end.
            DockError: The service could not be asked for an address.
        """
        if number > MAX_PARTS:
            raise TooManyPartsError(MAX_PARTS)
        self._patience.check()
        md5 = content_md5(content)
        stored = self._stored.get(number)
        if stored is not None and (stored.size_bytes, stored.etag.strip('"')) == (len(content), md5.hex()):
            return UploadedPart(number, len(content), md5.hex(), md5.hex())
        attempts, refusals = self._patience.begin(), 0
        while True:
            try:
                return self._try(number, content, md5=md5)
            except UnreachableError as error:
                attempts.pause(error)
            except PartRefusedError as error:
                refusals += 1
                if refusals > _MOST_REFUSALS or not _may_pass(error):
                    raise
                attempts.pause(error)

    def _try(self, number: int, content: memoryview, *, md5: bytes) -> UploadedPart:
        address = self._addresses.of(number)
        try:
            require_protected(address)
        except ValueError as error:
            raise MalformedAnswerError("POST part-urls", f"the address of part {number} {error}") from error
        headers = {"Content-MD5": base64.b64encode(md5).decode(), "Content-Type": "application/octet-stream", "Content-Length": str(len(content))}
        body = content if self._throttle is None else self._throttle.body(content)
        response = request(self._pool, "PUT", address, headers=headers, body=body, what=f"part {number}")
        if response.status in _TRY_AGAIN or response.status >= _SERVER_ERROR:
            raise UnreachableError(f"part {number}", f"the store answered {response.status}")
        if response.status != _OK:
            if response.status == _FORBIDDEN:
                self._addresses.expire(address)
            raise PartRefusedError(number, status=response.status, code=_error_code(response.data))
        etag = response.headers.get("ETag", "").strip('"')
        if etag != md5.hex():
            raise UnreachableError(f"part {number}", "the store took other bytes than were sent")
        return UploadedPart(number, len(content), md5.hex(), etag)


def _may_pass(refusal: PartRefusedError) -> bool:
    """Whether another attempt may succeed: with a fresh address, or because the bytes were damaged on the way."""
    return refusal.status == _FORBIDDEN or refusal.code in _DAMAGED_IN_TRANSIT


def _error_code(data: bytes) -> str:
    match = _CODE.search(data[:4096])
    return match[1].decode() if match else "without a code"
