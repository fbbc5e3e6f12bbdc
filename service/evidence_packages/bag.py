"""The text files of a BagIt 1.0 bag (RFC 8493). Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

_DIGEST_CHARACTERS = 64

BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def manifest_txt(digests: Mapping[str, str]) -> bytes:
    """List files with their digests, by path (RFC 8493, section 2.1.3)."""
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode()


def manifest_bytes(paths: Iterable[str]) -> int:
    """Length of the list of these files, whatever their digests turn out to be."""
    return sum(_DIGEST_CHARACTERS + 2 + len(path) + 1 for path in paths)


def bag_info_txt(package_id: UUID, *, bagged_on: date, software: str, payload: tuple[int, int], volume: tuple[int, int]) -> bytes:
    """What the bag is (RFC 8493, section 2.2.2).

    Args:
        package_id: The package.
        bagged_on: Day of the handing-over, UTC.
        software: What wrote it.
        payload: Bytes and number of the files under ``data/``.
        volume: Number of the volume, and how many there are.
    """
    lines = [
        f"Bagging-Date: {bagged_on.isoformat()}",
        f"Bag-Software-Agent: {software}",
        f"Payload-Oxum: {payload[0]}.{payload[1]}",
        f"External-Identifier: {package_id}",
        f"Bag-Group-Identifier: {package_id}",
        f"Bag-Count: {volume[0]} of {volume[1]}",
    ]
    return ("\n".join(lines) + "\n").encode()
