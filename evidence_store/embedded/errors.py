"""What can go wrong with a server that comes with the service."""

from evidence_store.errors import StoreError


class EmbeddedServerError(StoreError):
    """A server that comes with the service cannot be prepared, started or used."""

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(f"{server}: {reason}")
        self.server = server
        self.reason = reason
