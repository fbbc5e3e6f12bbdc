"""What can go wrong with the spool; the recorder keeps everything."""

from __future__ import annotations

from device_drivers.dock.errors import DockError


class SpoolFullError(DockError):
    """The spool has no room for more footage."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the spool is full (limit {limit_bytes:,} bytes)")
        self.limit_bytes = limit_bytes


class SpoolDamagedError(DockError):
    """Something in the spool is not what was written, or was written with another key."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"spooled file {name}: {reason}")
        self.name = name
        self.reason = reason


class SpoolUnusableError(DockError):
    """The spool's folder or key cannot be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the spool cannot be used: {reason}")
        self.reason = reason


class NotForwardedError(DockError):
    """The service does not take a plugging-in whose footage lies in the spool; it stays there."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the service does not take what lies in the spool: {reason}")
        self.reason = reason
