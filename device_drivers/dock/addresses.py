"""Addresses that a dock may speak to: TLS, but for this very machine."""

from __future__ import annotations

import ipaddress

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from device_drivers.dock.errors import InsecureAddressError


def require_protected(address: str) -> Url:
    """Take an address apart.

    Args:
        address: An absolute ``https`` URL; ``http`` only to loopback.

    Raises:
        ValueError: It is not an absolute URL of these kinds.
        InsecureAddressError: It is ``http`` to another machine.
    """
    try:
        url = parse_url(address)
    except LocationParseError as error:
        raise ValueError("is not a URL") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("expected https://… (or http://… to this machine)")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise InsecureAddressError(url.host)
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
