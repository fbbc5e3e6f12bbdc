"""Two real object stores, one of which loses its bytes below S3."""

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evidence_store.embedded.program import launch, stop
from evidence_store.errors import StoreError
from evidence_store.object_store.keys import manifest_key, original_key
from evidence_store.object_store.s3 import S3Address, S3ObjectStore
from service.bootstrap import build_second_store
from service.copies.canary import prove_stores_differ
from service.copies.check_copies import check_copies, list_losses
from service.copies.errors import SameStoreError
from service.copies.make_copies import copy_object
from service.copies.repair_copy import repair_copy
from service.copies.state import read_copies
from service.worker import refuse_same_store
from tests.builders import IDENTITY, make_file
from tests.service_fixtures import running_service

READY_WITHIN_S = 90
LARGE = os.urandom(20 * 1024**2)
"""More than one part of a copy, and several pieces in the store."""
SMALL = os.urandom(40_000)


class RunningStore:
    """A SeaweedFS of one's own that can be stopped, damaged and started again."""

    def __init__(self, server, log_file):
        self.server, self._log_file = server, log_file
        self.program = server.program({"PATH": os.defpath})
        self.process = None

    def start(self):
        self.process = launch(self.program, self._log_file)
        ends = time.monotonic() + READY_WITHIN_S
        while not self.server.is_ready():
            assert time.monotonic() < ends, self._log_file.read_text()[-2000:]
            time.sleep(0.1)

    def kill(self):
        self.process.send_signal(signal.SIGQUIT)
        stop(self.program, self.process)

    def lose_its_volumes(self):
        """Destroy what holds the bytes; names and locks stay where they are."""
        self.process.send_signal(signal.SIGTERM)
        stop(self.program, self.process)
        for file in (self.server.directory / "data").iterdir():
            if file.suffix in {".dat", ".idx", ".vif"}:
                file.unlink()
        (self.server.directory / "first-object-written").unlink()
        self.start()


@pytest.fixture
def second_store(tmp_path_factory, make_seaweedfs):
    place = tmp_path_factory.mktemp("second")
    store = RunningStore(make_seaweedfs(place), place / "seaweedfs.log")
    store.start()
    yield store
    store.kill()


@pytest.fixture
def service(tmp_path, database, seaweedfs, second_store, bucket_name):
    settings = {
        "store_endpoint": seaweedfs.endpoint,
        "store_access_key": seaweedfs.access_key,
        "store_secret_key": seaweedfs.secret_key,
        "store_bucket": bucket_name,
        "second_store_endpoint": second_store.server.endpoint,
        "second_store_access_key": second_store.server.access_key,
        "second_store_secret_key": second_store.server.secret_key,
        "second_store_secure": False,
    }
    with running_service(tmp_path, database, started_at=datetime.now(UTC), **settings) as made:
        made.context.second_objects.prepare()
        made.register(IDENTITY.serial)
        yield made


def test_bytes_destroyed_below_a_store_are_named_exactly_and_come_back_from_the_other(service, second_store):
    clips = {service.dock_one(make_file(f"{name}.MP4", data), data): data for name, data in (("LARGE", LARGE), ("SMALL", SMALL))}
    keys = sorted(key(clip_id) for clip_id in clips for key in (original_key, manifest_key))
    for key in keys:
        copy_object(service.context, key=key)
    assert read_copies(service.context).behind == 0
    assert check_copies(service.context).still_lost == 0

    second_store.lose_its_volumes()
    checked = check_copies(service.context)

    losses = list_losses(service.context)
    lost = {loss.key for loss in losses}
    assert {original_key(clip_id) for clip_id in clips} <= lost <= set(keys)
    assert {loss.store for loss in losses} == {"second"}
    assert checked.newly_lost == len(lost)
    for key in set(keys) - lost:  # small ones may lie beside their names
        assert _read(service.context.second_objects, key)

    for loss in losses:
        repair_copy(service.context, loss_id=str(loss.id))

    assert check_copies(service.context).still_lost == 0
    for clip_id, data in clips.items():
        assert _read(service.context.second_objects, original_key(clip_id)) == data
        assert service.chain(clip_id)[-1] == "copy.repaired"


def test_one_server_under_another_name_and_with_another_bucket_is_the_same_store(service, seaweedfs, bucket_name):
    address = seaweedfs.endpoint.replace("127.0.0.1", "localhost")
    same = service.context.settings.model_copy(update={"second_store_endpoint": address, "second_store_bucket": f"{bucket_name}-again"})
    context = replace(service.context, settings=same, second_objects=build_second_store(same))

    with pytest.raises(SameStoreError):
        refuse_same_store(context)
    refuse_same_store(service.context)


def test_a_second_store_that_is_away_at_the_start_stops_nobody(service):
    away = S3ObjectStore(S3Address("127.0.0.1:1", "127.0.0.1:1", "a", "b", "evidence"))

    refuse_same_store(replace(service.context, second_objects=away))
    with pytest.raises(StoreError):
        prove_stores_differ(service.context, away)


def _read(store, key):
    (newest, *_) = store.list_versions(key)
    return b"".join(store.read(key, newest.version_id))
