"""A few bytes written into one store: does it give them back, and does another store have them too?"""

import secrets
from contextlib import suppress
from datetime import timedelta

from evidence_store.errors import ObjectNotFoundError, ObjectStoreRefusedError
from evidence_store.object_store.keys import CANARY_PREFIX, canary_key
from evidence_store.object_store.store import ObjectStore
from service.context import ServiceContext
from service.copies.errors import SameStoreError, UnreliableStoreError

CANARY_BYTES = 64 * 1024
"""Too many to be kept beside the object's name, where some stores put small ones."""
CANARY_LOCK = timedelta(minutes=1)
GONE_AFTER = timedelta(hours=1)


def prove_reliable(context: ServiceContext, store: ObjectStore) -> None:
    """Make sure that a store gives back now what it takes now.

    Raises:
        UnreliableStoreError: It gives back something else.
        StoreUnavailableError: It is away.
    """
    key, data = _lay(context, store)
    version = store.list_versions(key)[0]
    if b"".join(store.read(key, version.version_id)) != data:
        raise UnreliableStoreError(store.description)


def prove_stores_differ(context: ServiceContext, *views: ObjectStore) -> None:
    """Make sure that what is written into the first store does not appear in the second.

    Args:
        context: The service.
        views: The second store, also as it shows itself under the first one's bucket name; a view it refuses shows nothing.

    Raises:
        SameStoreError: It does appear there.
        StoreUnavailableError: A store is away; nothing is known.
    """
    key, _ = _lay(context, context.objects)
    for view in views:
        try:
            is_there = bool(view.list_versions(key))
        except (ObjectNotFoundError, ObjectStoreRefusedError):
            continue
        if is_there:
            raise SameStoreError(context.objects.description, view.description)


def remove_old_canaries(context: ServiceContext, store: ObjectStore) -> None:
    """Remove canaries whose lock has long ended."""
    before = context.clock.now() - GONE_AFTER
    for version in list(store.list_all(CANARY_PREFIX)):
        if version.written_at < before:
            with suppress(ObjectStoreRefusedError):  # by the store's own clock it is still locked; another time, then
                store.remove_version(version.key, version.version_id)


def _lay(context: ServiceContext, store: ObjectStore) -> tuple[str, bytes]:
    key, data = canary_key(context.new_id()), secrets.token_bytes(CANARY_BYTES)
    store.put(key, data, retain_until=context.clock.now() + CANARY_LOCK)
    return key, data
