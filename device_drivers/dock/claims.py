"""Which recorders are plugged in under which identity: two that say they are the same are both put aside."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Claim:
    serial: str
    session_id: str


class Claims:
    """Identities claimed at this dock's slots; used by the threads of all recorders."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: dict[str, _Claim] = {}

    def claim(self, slot: str, *, serial: str, session_id: str) -> None:
        """Note who a slot's recorder says it is, for as long as it is plugged in."""
        with self._lock:
            self._claims[slot] = _Claim(serial, session_id)

    def rivals(self, slot: str) -> tuple[str, ...]:
        """Sessions of other slots whose recorder says the same."""
        with self._lock:
            mine = self._claims.get(slot)
            if mine is None:
                return ()
            return tuple(sorted(each.session_id for where, each in self._claims.items() if where != slot and each.serial == mine.serial))

    def leave(self, slot: str) -> None:
        """Note that a slot's recorder has left."""
        with self._lock:
            self._claims.pop(slot, None)
