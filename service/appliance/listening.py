"""Where the service listens, and what others call it: decided from the options before anything starts."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from service.appliance.errors import UnsafeListeningError

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a TLS server, PEM.

    Attributes:
        certificate: The certificate and, behind it, whatever leads to its authority.
        key: Its private key.
        authority: Own certificate authority, when other machines' trust stores do not know it.
    """

    certificate: Path
    key: Path
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A host, without brackets, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Listening:
    """What is listened on.

    Attributes:
        pages: Where pages and API listen.
        public_url: What people and docks call it.
        store: What docks on other machines call the object store; ``None`` when it is reached on loopback only.
        tls: Set whenever another machine could connect.
    """

    pages: Address
    public_url: str
    store: Address | None
    tls: Tls | None

    @property
    def store_door(self) -> Address | None:
        """Where the TLS door to the object store listens."""
        return None if self.store is None else Address(self.pages.host, self.store.port)

    @property
    def probe(self) -> Address:
        """Where this machine reaches the pages."""
        if not _is_unspecified(self.pages.host):
            return self.pages
        return Address("::1" if ":" in self.pages.host else "127.0.0.1", self.pages.port)


def decide_listening(pages: Address, *, public_url: str | None = None, store_address: str | None = None, tls: Tls | None = None) -> Listening:
    """Decide where to listen, refusing whatever would let another machine in without TLS.

    Beyond loopback the store is reached under the host of the public URL, one port above the pages, unless an address is given.

    Args:
        pages: Where pages and API shall listen.
        public_url: What others call the service; needed when listening on every address of the machine.
        store_address: ``host:port`` under which other machines reach the object store.
        tls: Certificate and key.

    Raises:
        UnsafeListeningError: TLS is missing, or an address is of no use to others.
    """
    is_local = pages.host in LOOPBACK_HOSTS
    if tls is None and not is_local:
        raise UnsafeListeningError(f"listening on {pages.host} lets other machines in, and needs TLS: give --tls-certificate and --tls-key")
    if tls is None and store_address is not None:
        raise UnsafeListeningError("--store-public-address lets other machines in, and needs TLS: give --tls-certificate and --tls-key")
    if tls is None:
        return Listening(pages, _checked_url(public_url or f"http://{pages}", scheme=None), store=None, tls=None)
    if public_url is None and _is_unspecified(pages.host):
        raise UnsafeListeningError(f"{pages.host} is every address of this machine: say with --public-url which one others use")
    url = _checked_url(public_url or f"https://{pages}", scheme="https")
    if store_address is not None:
        store = parse_address(store_address)
    elif is_local:
        store = None
    else:
        store = Address(urlsplit(url).hostname or pages.host, pages.port + 1)
    if store is not None and store.port == pages.port:
        raise UnsafeListeningError(f"pages and store cannot both listen on port {store.port}")
    return Listening(pages, url, store=store, tls=tls)


def parse_address(text: str) -> Address:
    """Read ``host:port`` or ``[IPv6]:port``.

    Raises:
        UnsafeListeningError: It is neither.
    """
    parts = urlsplit(f"//{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or not port or parts.path or parts.username is not None:
        raise UnsafeListeningError(f"{text!r} is not HOST:PORT")
    return Address(parts.hostname, port)


def _checked_url(url: str, *, scheme: str | None) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ({"http", "https"} if scheme is None else {scheme}) or not parts.hostname:
        raise UnsafeListeningError(f"--public-url {url!r} must begin with {scheme or 'http'}:// and name a host")
    return url.rstrip("/")


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
