"""Clips into volumes: each into the first that has room, in order. Pure."""

from collections.abc import Sequence

from service.evidence_packages.errors import VolumeTooSmallError


def pack(sizes: Sequence[int], *, capacity: int | None, overhead: int) -> list[list[int]]:
    """Say which clips lie in which volume.

    Args:
        sizes: What each clip takes, with all that comes along for it, in bytes.
        capacity: Size of a volume, in bytes; without one, a single volume takes everything.
        overhead: What every volume takes by itself, in bytes.

    Returns:
        For each volume the indexes of its clips, rising.

    Raises:
        VolumeTooSmallError: A clip does not fit into a volume of its own.
    """
    if capacity is None:
        return [list(range(len(sizes)))]
    least = overhead + max(sizes, default=0)
    if least > capacity:
        raise VolumeTooSmallError(least)
    volumes: list[list[int]] = []
    rooms: list[int] = []
    for index, size in enumerate(sizes):
        number = next((number for number, room in enumerate(rooms) if room >= size), len(rooms))
        if number == len(rooms):
            volumes.append([])
            rooms.append(capacity - overhead)
        volumes[number].append(index)
        rooms[number] -= size
    return volumes
