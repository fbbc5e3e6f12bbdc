"""Puts the parts together; the only place that names concrete classes."""

from contextlib import AbstractContextManager

from evidence_store.database import make_engine
from evidence_store.job_queue import make_app
from evidence_store.object_store.s3 import S3Address, S3ObjectStore
from evidence_store.object_store.store import ObjectStore
from evidence_store.unit_of_work import UnitOfWork, open_unit_of_work
from service.clock import Clock, SystemClock
from service.context import ServiceContext
from service.custody.keys import read_keys
from service.outgoing import Outgoing
from service.settings import Settings


def build_context(
    settings: Settings, *, clock: Clock | None = None, objects: ObjectStore | None = None, second_objects: ObjectStore | None = None
) -> ServiceContext:
    """Build what use cases need, from settings; clock and stores can be exchanged.

    Raises:
        KeysMissingError: The service's keys were never made, or are gone.
    """
    keys = read_keys(settings.keys_dir)
    engine = make_engine(settings.database_url.get_secret_value())
    jobs = make_app(settings.database_url.get_secret_value())

    def unit_of_work() -> AbstractContextManager[UnitOfWork]:
        return open_unit_of_work(engine, jobs)

    return ServiceContext(
        settings=settings,
        clock=clock or SystemClock(),
        unit_of_work=unit_of_work,
        objects=objects or build_object_store(settings),
        log_signer=keys.log,
        manifest_signer=keys.manifest,
        authority=keys.authority,
        outgoing=Outgoing(settings.outgoing_hosts),
        dispose=engine.dispose,
        second_objects=second_objects or build_second_store(settings),
    )


def build_object_store(settings: Settings) -> S3ObjectStore:
    """Build the object store alone."""
    public_endpoint, public_secure = settings.public_store
    address = S3Address(
        endpoint=settings.store_endpoint,
        public_endpoint=public_endpoint,
        access_key=settings.store_access_key.get_secret_value(),
        secret_key=settings.store_secret_key.get_secret_value(),
        bucket=settings.store_bucket,
        secure=settings.store_secure,
        public_secure=public_secure,
        ca_file=str(settings.store_ca_file) if settings.store_ca_file else None,
        region=settings.store_region,
    )
    return S3ObjectStore(address)


def build_second_store(settings: Settings, *, bucket: str | None = None) -> S3ObjectStore | None:
    """Build the second object store alone, or a view of another of its buckets; ``None`` where none is configured."""
    if settings.second_store_endpoint is None or settings.second_store_access_key is None or settings.second_store_secret_key is None:
        return None
    address = S3Address(
        endpoint=settings.second_store_endpoint,
        public_endpoint=settings.second_store_endpoint,
        access_key=settings.second_store_access_key.get_secret_value(),
        secret_key=settings.second_store_secret_key.get_secret_value(),
        bucket=bucket or settings.second_store_bucket,
        secure=settings.second_store_secure,
        public_secure=settings.second_store_secure,
        ca_file=str(settings.second_store_ca_file) if settings.second_store_ca_file else None,
        region=settings.second_store_region,
    )
    return S3ObjectStore(address)
