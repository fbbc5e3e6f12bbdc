"""Damage to valid examples, step by step and without chance, so that Hypothesis can shrink it."""

from collections.abc import Sequence
from enum import StrEnum


class Damage(StrEnum):
    """What one step does."""

    FLIP = "flip"
    SET = "set"
    TRUNCATE = "truncate"
    DUPLICATE = "duplicate"
    INSERT = "insert"
    DELETE = "delete"
    SWAP = "swap"


Step = tuple[Damage, int, int, bytes]
"""What, where (taken modulo the length), how much, and with which bytes."""


def damaged(data: bytes, steps: Sequence[Step]) -> bytes:
    """Take every step."""
    for damage, place, amount, filling in steps:
        data = _step(data, damage, place % (len(data) + 1), amount, filling)
    return data


def _step(data: bytes, damage: Damage, at: int, amount: int, filling: bytes) -> bytes:
    end = min(len(data), at + 1 + amount % 64)
    piece, after = data[at:end], data[end:]
    changed = {
        Damage.FLIP: bytes(byte ^ 1 << amount % 8 for byte in data[at : at + 1]) + data[at + 1 :],
        Damage.SET: filling + data[at + len(filling) :],
        Damage.TRUNCATE: b"",
        Damage.DUPLICATE: piece * (2 + amount % 4) + after,
        Damage.INSERT: filling + data[at:],
        Damage.DELETE: after,
        Damage.SWAP: after[: len(piece)] + piece + after[len(piece) :],
    }
    return data[:at] + changed[damage]
