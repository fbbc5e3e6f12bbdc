"""The only way out: requests to addresses that an operator listed, resolved once and pinned, within limits of time and size, without redirects."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from service.errors import ServiceError

Resolve = Callable[[str, int], list[str]]
_PORTS = {"http": 80, "https": 443}
_CHUNK_BYTES = 64 * 1024


class OutgoingRefusedError(ServiceError):
    """The address is not one that an operator listed, or would be reached in the clear; nothing was sent."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"nothing is sent to {url}: {reason}")
        self.url = url


class OutgoingFailedError(ServiceError):
    """The other side did not answer, or not within the limits."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """What is asked.

    Attributes:
        url: Address; `https`, or `http` of this machine.
        body: What is posted; ``None`` when nothing is.
        headers: Further headers.
        timeout_s: Longest wait for connecting, and for each piece of the answer, in seconds.
        limit_bytes: Longest answer.
        ca_file: Certificate authority in PEM, when the system does not know it.
    """

    url: str
    body: bytes | None
    headers: dict[str, str]
    timeout_s: float = 10.0
    limit_bytes: int = 64 * 1024
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class OutgoingAnswer:
    """What came back, whatever its status."""

    status: int
    content_type: str
    body: bytes


class Outgoing:
    """Asks listed addresses.

    Args:
        allowed: ``host:port`` of each address that may be asked.
        resolve: Finds the addresses of a host.
    """

    def __init__(self, allowed: Collection[str], *, resolve: Resolve | None = None) -> None:
        self._allowed = frozenset(allowed)
        self._resolve = resolve or _resolve

    def post(self, request: OutgoingRequest) -> OutgoingAnswer:
        """Post, and read the answer within its limits.

        Raises:
            OutgoingRefusedError: The address may not be asked.
            OutgoingFailedError: No answer came, or one beyond the limits.
        """
        return self._ask("POST", request)

    def get(self, request: OutgoingRequest) -> OutgoingAnswer:
        """Get what an address has to say, without the request's body; raises as :meth:`post` does."""
        return self._ask("GET", replace(request, body=None))

    def _ask(self, method: str, request: OutgoingRequest) -> OutgoingAnswer:
        parts = urlsplit(request.url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        if f"{host}:{port}" not in self._allowed:
            raise OutgoingRefusedError(request.url, "it is not among BODYCAM_OUTGOING_HOSTS")
        address = self._pin(request.url, host, port)
        if parts.scheme != "https" and not ipaddress.ip_address(address).is_loopback:
            raise OutgoingRefusedError(request.url, "beyond this machine only https is allowed")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with _pool(parts.scheme, host, port, address=address, request=request) as pool:
                headers = {"Host": parts.netloc.rpartition("@")[2], **request.headers}
                answer = pool.urlopen(method, target, body=request.body, headers=headers, redirect=False, preload_content=False)
                return OutgoingAnswer(answer.status, answer.headers.get("content-type", ""), _read(answer, request))
        except (HTTPError, OSError) as error:
            raise OutgoingFailedError(request.url, f"{type(error).__name__}: {error}") from error

    def _pin(self, url: str, host: str, port: int) -> str:
        """Resolve once; what is connected to is this address, whatever the name says a moment later."""
        try:
            addresses = self._resolve(host, port)
        except OSError as error:
            raise OutgoingFailedError(url, f"the name cannot be resolved: {error}") from error
        if not addresses:
            raise OutgoingFailedError(url, "the name has no address")
        return addresses[0]


def _pool(scheme: str, host: str, port: int, *, address: str, request: OutgoingRequest) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=request.timeout_s, read=request.timeout_s)
    if scheme != "https":
        return urllib3.HTTPConnectionPool(address, port, timeout=timeout, retries=False)
    context = ssl.create_default_context(cafile=str(request.ca_file) if request.ca_file else None)
    return urllib3.HTTPSConnectionPool(address, port, timeout=timeout, retries=False, ssl_context=context, server_hostname=host, assert_hostname=host)


def _read(answer: urllib3.BaseHTTPResponse, request: OutgoingRequest) -> bytes:
    body = bytearray()
    for chunk in answer.stream(_CHUNK_BYTES):
        body += chunk
        if len(body) > request.limit_bytes:
            raise OutgoingFailedError(request.url, f"the answer is longer than {request.limit_bytes} bytes")
    return bytes(body)


def _resolve(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
