"""From announcement to seal, on real parts."""

from datetime import timedelta

import pytest

from evidence_store.object_store.keys import manifest_key
from integrity.manifest import open_manifest
from integrity.receipt import ClipState
from service.ingest.complete_upload import complete_upload
from service.ingest.errors import ReceiptMismatchError, UploadFinishedError
from service.ingest.grant_upload import grant_upload
from service.safekeeping.probe_lock import probe_lock
from tests.builders import make_file, make_receipt

CONTENT = b"x" * 6_000_000


def test_a_docked_file_ends_sealed_with_its_whole_chain(stored_service):
    clip_id = stored_service.dock_one(make_file(content=CONTENT), CONTENT)

    clip = stored_service.clip(clip_id)
    assert clip.state == ClipState.SEALED
    assert stored_service.chain(clip_id) == ["clip.announced", "upload.begun", "clip.stored", "clip.verified"]
    assert b"".join(stored_service.context.objects.read(clip.object_key, clip.object_version)) == CONTENT


def test_an_original_is_locked_for_at_least_180_days_from_receipt(stored_service):
    clip_id = stored_service.dock_one(make_file(content=CONTENT), CONTENT)

    clip = stored_service.clip(clip_id)
    lock = stored_service.context.objects.retention(clip.object_key, clip.object_version)
    assert lock.mode == "COMPLIANCE"
    assert lock.until == clip.retain_until >= clip.received_at + timedelta(days=180)


def test_a_signed_manifest_lies_beside_the_object_under_the_same_lock(stored_service):
    clip_id = stored_service.dock_one(make_file(content=CONTENT), CONTENT)

    clip = stored_service.clip(clip_id)
    objects = stored_service.context.objects
    data = b"".join(objects.read(manifest_key(clip_id), clip.manifest_version))
    manifest = open_manifest(data, stored_service.context.manifest_signer.public_key)
    assert (manifest.digests.sha256, manifest.file.path) == (clip.sha256, "DCIM/A.MP4")
    assert objects.retention(manifest_key(clip_id), clip.manifest_version).until == clip.retain_until


def test_an_upload_of_several_parts_is_resumed_from_what_the_store_has(stored_service):
    first, second = b"a" * 8 * 1024**2, b"b" * 1000
    session_id = stored_service.open()
    (announced,) = stored_service.announce(session_id, make_file(content=first + second))
    grant = grant_upload(stored_service.context, session_id, announced.clip_id, dock=stored_service.dock)
    stored_service.put_part(announced.clip_id, grant, 1, first)

    again = grant_upload(stored_service.context, session_id, announced.clip_id, dock=stored_service.dock)

    assert [(part.number, part.size_bytes) for part in again.stored_parts] == [(1, len(first))]
    assert list(again.urls) == [2]


def test_a_lost_answer_to_a_receipt_changes_nothing(stored_service):
    session_id = stored_service.open()
    (announced,) = stored_service.announce(session_id, make_file(content=CONTENT))
    stored_service.upload(session_id, announced.clip_id, CONTENT)
    upload_id = stored_service.clip(announced.clip_id).upload_id

    again = complete_upload(
        stored_service.context, session_id, announced.clip_id, upload_id=upload_id, receipt=make_receipt(CONTENT), dock=stored_service.dock
    )

    assert again == ClipState.STORED
    assert stored_service.chain(announced.clip_id) == ["clip.announced", "upload.begun", "clip.stored"]
    assert len(stored_service.context.objects.list_versions(f"clips/{announced.clip_id}/original")) == 1


def test_a_crash_between_store_and_database_ends_in_one_version(stored_service):
    session_id = stored_service.open()
    (announced,) = stored_service.announce(session_id, make_file(content=CONTENT))
    grant = grant_upload(stored_service.context, session_id, announced.clip_id, dock=stored_service.dock)
    stored_service.put_part(announced.clip_id, grant, 1, CONTENT)
    receipt = make_receipt(CONTENT)
    stored_service.context.objects.finish_upload(f"clips/{announced.clip_id}/original", grant.upload_id, parts=receipt.parts)

    state = complete_upload(
        stored_service.context, session_id, announced.clip_id, upload_id=grant.upload_id, receipt=receipt, dock=stored_service.dock
    )

    assert state == ClipState.STORED
    assert len(stored_service.context.objects.list_versions(f"clips/{announced.clip_id}/original")) == 1


def test_an_empty_file_is_stored_and_sealed_too(stored_service):
    clip_id = stored_service.dock_one(make_file(content=b""))

    clip = stored_service.clip(clip_id)
    assert (clip.state, clip.size_bytes, clip.flags) == (ClipState.SEALED, 0, ["empty", "unknown_officer", "unregistered_recorder"])


def test_a_contradicting_receipt_is_refused_and_the_clip_quarantined(service):
    session_id = service.open()
    (announced,) = service.announce(session_id, make_file(content=b"footage"))
    service.upload(session_id, announced.clip_id, b"footage")
    upload_id = service.clip(announced.clip_id).upload_id

    with pytest.raises(ReceiptMismatchError):
        complete_upload(service.context, session_id, announced.clip_id, upload_id=upload_id, receipt=make_receipt(b"other.."), dock=service.dock)

    assert service.clip(announced.clip_id).quarantine == "receipt_mismatch"
    with pytest.raises(UploadFinishedError):
        grant_upload(service.context, session_id, announced.clip_id, dock=service.dock)


def test_the_real_store_passes_the_lock_probe(stored_service):
    probe_lock(stored_service.context)

    with stored_service.context.unit_of_work() as work:
        run = work.lock_probes.latest(stored_service.context.objects.description)
    assert run.is_passed, run.steps
