"""Read a small object whole; one that the store lists and does not give is told from a store that is away."""

from evidence_store.errors import ObjectNotFoundError, StoreUnavailableError
from service.context import ServiceContext
from service.copies.canary import prove_reliable


class UnreadableVersionError(Exception):
    """A version cannot be read; the message says why."""


def read_version(context: ServiceContext, key: str, version_id: str, *, limit: int) -> bytes:
    """Read a version, at most one byte more than a limit.

    Raises:
        UnreadableVersionError: It is gone, or the store fails at it and gives others.
        StoreUnavailableError: The store is away; nothing is known.
    """
    try:
        return _read(context, key, version_id, limit)
    except ObjectNotFoundError as error:
        raise UnreadableVersionError("is not in the store") from error
    except StoreUnavailableError:
        prove_reliable(context, context.objects)
    try:
        return _read(context, key, version_id, limit)
    except StoreUnavailableError as error:
        raise UnreadableVersionError("is listed, and the store does not give it") from error


def _read(context: ServiceContext, key: str, version_id: str, limit: int) -> bytes:
    return b"".join(context.objects.read(key, version_id, length=limit + 1))
