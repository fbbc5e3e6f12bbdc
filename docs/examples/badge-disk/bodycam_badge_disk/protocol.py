"""What ``BADGE.CFG`` says. Pure: bytes in, values out."""

from __future__ import annotations

import re

CONFIGURATION_FILE = "BADGE.CFG"
MOST_BYTES = 4_096
_NUMBER = re.compile(rb"^NUMBER=([0-9A-Z]{4,16})\r?$", re.MULTILINE)


def parse_number(content: bytes) -> str | None:
    """Read the recorder's number, or answer ``None`` where there is none; whatever else stands there is not looked at."""
    found = _NUMBER.search(content[:MOST_BYTES])
    return found[1].decode("ascii") if found else None
