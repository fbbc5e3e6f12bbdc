"""A restored database against the store: what is whole, what is wrong, and what it lacks."""

from dataclasses import replace

import pytest

from evidence_store.errors import StoreUnavailableError
from evidence_store.object_store.keys import log_export_key, original_key
from evidence_store.object_store.memory import MemoryObjectStore
from integrity.hashing import sha256_hex
from integrity.log_export import LogStretch, parse_stretch, write_stretch
from service.custody.export_log import export_log
from service.safekeeping.prove_restored import prove_restored
from tests.builders import make_file

CONTENT = b"what the recorder saw"


class Away(MemoryObjectStore):
    def ping(self):
        raise StoreUnavailableError("object store", "away")


@pytest.fixture
def clip_id(service):
    clip_id = service.dock_one(make_file("A.MP4", CONTENT), CONTENT)
    export_log(service.context)
    return clip_id


@pytest.fixture
def before(service, clip_id):
    with service.context.unit_of_work() as work:
        return work.inventory.count(), work.log.newest_checkpoint().note


def prove(context, before, **changes):
    counts, checkpoint = before
    return prove_restored(context, {**counts, **changes}, checkpoint=checkpoint, everything=True)


def test_a_database_that_is_whole_is_proven(service, before):
    proof = prove(service.context, before)

    assert proof.is_proven
    assert (proof.digests, proof.lacking) == (1, ())


def test_fewer_rows_than_were_backed_up_are_named(service, before):
    proof = prove(service.context, before, clip=2)

    assert (proof.is_proven, proof.fewer) == (False, ("clip",))


def test_a_clip_whose_bytes_are_others_is_named(service, before, clip_id):
    service.context.objects._versions[original_key(clip_id)][-1].data = b"forged"

    proof = prove(service.context, before)

    assert (proof.is_proven, proof.wrong) == (False, (str(clip_id),))


def test_what_only_the_exported_log_has_is_lacking(service, before):
    with service.context.unit_of_work() as work:
        export = work.log.newest_export()
    data = b"".join(service.context.objects.read(export.object_key, export.object_version))
    known = parse_stretch(data)
    later = LogStretch(known.log_origin, known.size, sha256_hex(data), known.events[-1:], ())
    service.context.objects.put(log_export_key(known.size), write_stretch(later), retain_until=export.retain_until)

    proof = prove(service.context, before)

    assert proof.is_proven
    assert len(proof.lacking) == 1
    assert f"from {known.size} to {known.size}" in proof.lacking[0]


def test_a_log_that_went_on_since_still_contains_the_backups_checkpoint(service, before):
    service.dock_one(make_file("B.MP4", CONTENT * 2), CONTENT * 2)

    assert prove(service.context, before).is_proven


def test_without_a_store_nothing_is_proven_and_that_is_said(service, before):
    proof = prove(replace(service.context, objects=Away()), before)

    assert (proof.is_proven, proof.store) == (False, None)
