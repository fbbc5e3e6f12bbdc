"""The database is made again from the store alone; what cannot be proved is named and left out."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from pydantic import SecretStr

from evidence_store.models import Base, Clip
from evidence_store.object_store.memory import LONG_AGO
from integrity.log_export import parse_stretch, write_stretch
from integrity.manifest import open_manifest, sign_manifest
from integrity.signing import Ed25519Signer
from service.accounts.errors import SignInRefusedError
from service.accounts.first_people import FirstPeople, make_first_people
from service.accounts.sign_in import sign_in
from service.bootstrap import build_context
from service.custody.audit_log import audit_log
from service.custody.change_key import change_log_key
from service.custody.export_log import export_log
from service.custody.seal_clips import seal_clips
from service.custody.timestamp_checkpoint import timestamp_checkpoint
from service.docks.credentials import which_dock
from service.ingest.read_back_clip import read_back_clip
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from service.safekeeping import compare_databases as declared
from service.safekeeping.compare_databases import compare_databases
from service.safekeeping.rebuild import rebuild, refuse_lost_database
from service.safekeeping.rebuild_errors import DatabaseLostError, NotEmptyError, NothingExportedError
from service.safekeeping.reconcile import reconcile
from tests.builders import make_file
from tests.integration.service.eventful import ROSTER, live, settle
from tests.service_fixtures import DOCK_ID, DOCK_TOKEN, PASSWORD, Role


@pytest.fixture
def empty(service, postgresql):
    """The service beside a database with tables and without records: same store, same keys."""
    with postgresql.database() as other:
        settings = service.context.settings.model_copy(update={"database_url": SecretStr(other.application_url)})
        context = build_context(settings, clock=service.clock, objects=service.context.objects)
        yield context
        context.dispose()


def brief(service):
    """Two clips, sealed and exported."""
    service.kept = service.dock_one(make_file("DCIM/K.MP4", b"kept"), b"kept")
    service.dock_one(make_file("DCIM/L.MP4", b"other"), b"other")
    settle(service)


def differences(first, second):
    return [f"{one.table} {one.row}: {one.reason}" for one in compare_databases(first.unit_of_work, second.unit_of_work)]


def audited(context):
    faults = []
    audit_log(context, faults.append)
    return [str(fault) for fault in faults]


def objects_of(service):
    return service.context.objects._versions


def test_an_eventful_life_is_made_again_without_a_difference(service, empty):
    live(service)

    result = rebuild(empty)

    assert differences(empty, service.context) == []
    assert (result.recovered, result.rejected) == ([], [])
    assert audited(empty) == []
    with empty.unit_of_work() as work:
        assert {row["state"] for row in work.reconciliation.rows(Clip, None, limit=100)} >= {"announced", "uploading", "stored", "sealed", "released"}
        assert work.jobs.count_waiting("clip.probe_again") == 1


def test_nothing_is_found_when_a_rebuilt_database_is_compared_with_its_store(service, empty):
    live(service)
    before = {(one.kind, one.subject) for one in reconcile(service.context).new}

    rebuild(empty)

    assert {(one.kind, one.subject) for one in reconcile(empty).new} == before


def test_every_table_is_compared_or_declared():
    compared = {model.__tablename__ for model in declared.ROWS} | set(declared.LOG)

    assert compared | declared.CACHED_TABLES == set(Base.metadata.tables)
    assert not compared & declared.CACHED_TABLES
    for table, columns in declared.CACHED_COLUMNS.items():
        assert columns <= set(Base.metadata.tables[table].columns.keys())


def test_a_row_that_is_gone_from_any_table_is_a_difference(service, empty, postgresql):
    live(service)
    rebuild(empty)
    tables = [model.__tablename__ for model in declared.ROWS]
    name = empty.settings.database_url.get_secret_value().rsplit("/", 1)[1]
    with psycopg.connect(postgresql.server.superuser_url.rsplit("/", 1)[0] + f"/{name}", autocommit=True) as connection:
        for table in [*tables, "custody_leaf", "timestamp_receipt"]:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            removed = connection.execute(f"DELETE FROM {table} WHERE ctid = (SELECT max(ctid) FROM {table})")  # noqa: S608 - from the list above
            assert removed.rowcount == 1, table

    found = list(compare_databases(empty.unit_of_work, service.context.unit_of_work))

    assert sorted({one.table for one in found}) == sorted([*tables, "custody_event", "checkpoint"])
    assert {one.reason for one in found} == {"only in the second"}
    assert len(found) == len(tables) + 2


def test_the_rebuilt_log_goes_on_where_the_lost_one_ended(service, empty):
    brief(service)
    with service.context.unit_of_work() as work:
        size = work.log.size()
    rebuild(empty)
    service.clock.advance(seconds=5)
    import_roster(empty, Roster.model_validate(ROSTER), actor=service.administrator)

    seal_clips(empty)
    timestamp_checkpoint(empty)
    export_log(empty)

    with empty.unit_of_work() as work:
        assert work.log.newest_export().first_index == size
    assert audited(empty) == []


def test_people_docks_and_names_come_back_by_first_start_and_roster(service, empty):
    live(service)
    rebuild(empty)
    people = FirstPeople((str(Role.ADMINISTRATOR), PASSWORD), (str(Role.REVIEWER), "another password"), (DOCK_ID, DOCK_TOKEN))

    make_first_people(empty, people)
    make_first_people(empty, people)
    import_roster(empty, Roster.model_validate(ROSTER), actor=service.administrator)

    assert sign_in(empty, str(Role.REVIEWER), "another password").token
    assert which_dock(empty, DOCK_TOKEN).id == DOCK_ID
    with empty.unit_of_work() as work:
        assert work.officers.by_code("000001").name == "示范人员 1"
        assert [row.action for row, _ in work.custody.chain("dock", UUID(DOCK_ID))][-1] == "credential.given"


def test_nobody_signs_in_to_a_rebuilt_account_before_it_has_a_password(service, empty):
    brief(service)
    rebuild(empty)

    for password in (PASSWORD, "", "!", "nobody has this password"):
        with pytest.raises(SignInRefusedError):
            sign_in(empty, str(Role.REVIEWER), password)


def test_a_database_with_records_is_left_alone(service):
    settle(service)

    with pytest.raises(NotEmptyError):
        rebuild(service.context)


def test_a_store_without_a_log_makes_nothing(service, empty):
    with pytest.raises(NothingExportedError):
        rebuild(empty)
    refuse_lost_database(empty)


def test_a_log_of_other_keys_makes_nothing(service, empty):
    brief(service)
    stranger = replace(empty, log_signer=Ed25519Signer.generate(empty.log_signer.name))

    with pytest.raises(NothingExportedError):
        rebuild(stranger)


def test_a_new_database_beside_an_old_log_begins_no_second_one(service, empty):
    settle(service)

    with pytest.raises(DatabaseLostError):
        refuse_lost_database(empty)
    refuse_lost_database(service.context)


def test_a_log_that_changed_its_key_is_followed_to_its_beginning(service, empty):
    service.dock_one(make_file(), b"footage")
    export_log(service.context)
    for _ in range(2):
        new = Ed25519Signer.generate(service.context.log_signer.name)
        change_log_key(service.context, new, actor=service.administrator)
        service.context = replace(service.context, log_signer=new)
        service.clock.advance(seconds=5)
        settle(service)

    result = rebuild(replace(empty, log_signer=service.context.log_signer))

    assert result.rejected == []
    assert differences(empty, service.context) == []


def test_stretches_that_somebody_else_wrote_are_named_and_left_out(service, empty):
    service.context.objects._now = service.clock.now
    brief(service)
    service.clock.advance(minutes=1)
    key = "log/000000000000000.jsonl"
    genuine = objects_of(service)[key][0].data
    stretch = parse_stretch(genuine)
    swapped = write_stretch(replace(stretch, events=(stretch.events[1], stretch.events[0], *stretch.events[2:])))
    until = service.clock.now() + timedelta(days=1)
    later = [service.context.objects.put(where, data, retain_until=until) for where, data in ((key, swapped), ("log/000000000099999.jsonl", genuine))]
    service.context.objects.put(key, genuine, retain_until=until)
    # Even a forgery that lies below the genuine one is not taken for it.
    objects_of(service)[key].insert(0, replace(objects_of(service)[key][1], stored=replace(later[0], version_id="below"), written_at=LONG_AGO))

    result = rebuild(empty)

    assert differences(empty, service.context) == []
    assert {place for place, _ in result.rejected} == {f"{one.key}@{one.version_id}" for one in later} | {f"{key}@below"}


def test_events_under_no_checkpoint_are_not_taken_over(service, empty):
    brief(service)
    versions = objects_of(service)[max(key for key in objects_of(service) if key.startswith("log/"))]
    stretch = parse_stretch(versions[0].data)
    versions[0].data = write_stretch(replace(stretch, checkpoints=stretch.checkpoints[:-1]))

    result = rebuild(empty)

    assert stretch.first_index <= result.log_size < stretch.size
    assert any("under no checkpoint" in reason for _, reason in result.rejected), result.rejected


FORGED = {
    "another key signed it": lambda manifest, signer: sign_manifest(manifest, Ed25519Signer.generate(signer.name)),
    "it is about another clip": lambda manifest, signer: sign_manifest(replace(manifest, clip_id=str(uuid4())), signer),
    "it names another version": lambda manifest, signer: sign_manifest(
        replace(manifest, stored=replace(manifest.stored, version_id="version-999")), signer
    ),
    "it names another size": lambda manifest, signer: sign_manifest(replace(manifest, size_bytes=manifest.size_bytes + 1), signer),
    "it was cut": lambda manifest, signer: sign_manifest(manifest, signer)[:-9],
    "it is no manifest": lambda _manifest, _signer: b"{}",
    "its dock is unknown": lambda manifest, signer: sign_manifest(replace(manifest, dock_id=str(uuid4()), session_id=str(uuid4())), signer),
}


@pytest.fixture
def unexported(service):
    """A clip that was docked whole after the log was exported for the last time."""
    brief(service)
    return service.dock_one(make_file("DCIM/Z.MP4", b"newest"), b"newest")


def test_a_clip_that_the_exported_log_does_not_tell_of_yet_is_recovered_from_its_manifest(service, empty, unexported):
    result = rebuild(empty)
    read_back_clip(empty, clip_id=str(unexported))
    service.clock.advance(seconds=5)
    seal_clips(empty)
    timestamp_checkpoint(empty)

    assert (result.recovered, result.rejected) == ([unexported], [])
    with empty.unit_of_work() as work:
        clip, lost = work.clips.get(unexported), service.clip(unexported)
        assert [row.action for row, _ in work.custody.chain("clip", unexported)] == ["clip.recovered", "clip.verified"]
    assert clip.state == "sealed"
    for column in ("sha256", "sm3", "object_version", "retain_until", "officer_id", "agency_id", "recorded_at", "received_at", "recognition", "path"):
        assert getattr(clip, column) == getattr(lost, column), column
    assert reconcile(empty).new == []
    assert audited(empty) == []


def test_a_clip_of_which_the_log_knows_only_that_it_is_expected_is_recovered_too(service, empty):
    brief(service)
    session_id = service.open()
    (announced,) = service.announce(session_id, make_file("DCIM/Z.MP4", b"newest"))
    settle(service)
    service.upload(session_id, announced.clip_id, b"newest")
    service.seal(announced.clip_id)

    result = rebuild(empty)
    read_back_clip(empty, clip_id=str(announced.clip_id))

    assert result.recovered == [announced.clip_id]
    with empty.unit_of_work() as work:
        assert work.clips.get(announced.clip_id).state == "verified"
    assert reconcile(empty).new == []


@pytest.mark.parametrize("forgery", FORGED)
def test_a_manifest_that_proves_nothing_is_named_and_recovers_nothing(service, empty, unexported, forgery):
    version = objects_of(service)[f"clips/{unexported}/manifest"][0]
    manifest = open_manifest(version.data, service.context.manifest_signer.public_key)
    version.data = FORGED[forgery](manifest, service.context.manifest_signer)

    result = rebuild(empty)

    assert result.recovered == []
    assert [place for place, _ in result.rejected] == [f"clips/{unexported}/manifest@{version.stored.version_id}"]


def test_a_manifest_whose_original_is_gone_recovers_nothing(service, empty, unexported):
    del objects_of(service)[f"clips/{unexported}/original"]

    result = rebuild(empty)

    assert (result.recovered, len(result.rejected)) == ([], 1)


def test_a_manifest_that_was_changed_after_the_log_told_of_it_is_named(service, empty):
    brief(service)
    objects_of(service)[f"clips/{service.kept}/manifest"][0].data = b"{}"

    result = rebuild(empty)

    assert [place.partition("@")[0] for place, _ in result.rejected] == [f"clips/{service.kept}/manifest"]
    assert differences(empty, service.context) == []


def test_a_second_manifest_of_a_clip_that_says_otherwise_is_named(service, empty):
    brief(service)
    version = objects_of(service)[f"clips/{service.kept}/manifest"][0]
    manifest = open_manifest(version.data, service.context.manifest_signer.public_key)
    other = sign_manifest(replace(manifest, flags=(*manifest.flags, "zero")), service.context.manifest_signer)
    until = service.clock.now() + timedelta(days=1)
    strange = service.context.objects.put(version.stored.key, other, retain_until=until)
    service.context.objects.put(version.stored.key, version.data, retain_until=until)

    result = rebuild(empty)

    assert [place for place, _ in result.rejected] == [f"{strange.key}@{strange.version_id}"]
    assert differences(empty, service.context) == []
