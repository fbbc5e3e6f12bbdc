"""What every use case is handed: clock, settings, transactions, objects, signers."""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from evidence_store.object_store.store import ObjectStore
from evidence_store.unit_of_work import UnitOfWork
from integrity.signing import Signer
from integrity.timestamp_authority import TimestampAuthority
from service.clock import Clock
from service.outgoing import Outgoing
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """What a use case needs from outside.

    Attributes:
        unit_of_work: Begins a transaction; leaving its block commits.
        objects: The object store.
        second_objects: Where every version is kept a second time; ``None`` where nobody configured it.
        log_signer: Signs checkpoints; its name is the log's origin.
        manifest_signer: Signs the manifests beside objects.
        authority: The embedded RFC 3161 authority.
        outgoing: Asks addresses that an operator listed, and no other.
        dispose: Closes the database connections; the context is of no use afterwards.
    """

    settings: Settings
    clock: Clock
    unit_of_work: Callable[[], AbstractContextManager[UnitOfWork]]
    objects: ObjectStore
    log_signer: Signer
    manifest_signer: Signer
    authority: TimestampAuthority
    outgoing: Outgoing
    dispose: Callable[[], None]
    second_objects: ObjectStore | None = None

    def new_id(self) -> UUID:
        """Draw an identifier that sorts by time (UUID version 7, RFC 9562, section 5.7)."""
        milliseconds = int(self.clock.now().timestamp() * 1000)
        value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
        return UUID(int=value)
