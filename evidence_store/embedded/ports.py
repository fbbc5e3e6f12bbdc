"""Ports on loopback that a data directory keeps from start to start."""

import json
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from evidence_store.embedded.errors import EmbeddedServerError
from evidence_store.embedded.private_file import write_private

LOOPBACK = "127.0.0.1"
_LOWEST = 20_000
_HIGHEST = 32_000
"""Below the ports that Linux gives to outgoing connections (32768 and up), so that none of those takes a kept port between two starts."""
_ATTEMPTS = 200


def keep_ports(file: Path, names: Iterable[str]) -> dict[str, int]:
    """Give each name the port it had, or a new one where a stranger has taken it.

    Call it only while none of the named servers runs.

    Args:
        file: JSON object of names and ports; written anew when a port changes, other names in it are kept.
        names: What needs a port.

    Raises:
        EmbeddedServerError: No free port was found, or the file holds something else.
    """
    known = _read(file)
    chosen: dict[str, int] = {}
    for name in names:
        port = known.get(name)
        if port is None or port in chosen.values() or not is_free(port):
            port = _free_port(taken={*known.values(), *chosen.values()})
        chosen[name] = port
    if {**known, **chosen} != known:
        write_private(file, json.dumps({**known, **chosen}, indent=2) + "\n")
    return chosen


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _read(file: Path) -> dict[str, int]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise EmbeddedServerError("ports", f"{file} is not JSON; remove it and start again") from error
    if not isinstance(content, dict) or not all(isinstance(port, int) for port in content.values()):
        raise EmbeddedServerError("ports", f"{file} does not hold names and ports; remove it and start again")
    return content


def _free_port(*, taken: set[int]) -> int:
    for _ in range(_ATTEMPTS):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if port not in taken and is_free(port):
            return port
    raise EmbeddedServerError("ports", f"no free port between {_LOWEST} and {_HIGHEST}")
