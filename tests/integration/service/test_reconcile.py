"""Announced listings, database and store, compared: everything that is wrong is named, and nothing that is right."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from evidence_store.errors import StoreUnavailableError
from service.cases.link_clips import link_clip, unlink_clip
from service.cases.open_case import open_case
from service.clips.categorise_clip import Category, categorise_clip
from service.clips.view_clip import view_clip
from service.custody.export_log import export_log
from service.ingest.end_session import end_session
from service.safekeeping.errors import RunUnderWayError
from service.safekeeping.reconcile import reconcile
from tests.builders import make_file
from tests.service_fixtures import Role


def found(service):
    """Kinds of what is open after a run."""
    reconcile(service.context)
    with service.context.unit_of_work() as work:
        return sorted((one.kind, str(one.clip_id or "")) for one in work.findings.newest(limit=100, is_open=True))


def kinds(service):
    return {kind for kind, _ in found(service)}


@pytest.fixture
def owner(database):
    """The owner of the tables, whose triggers do not run: somebody with full rights on the machine."""
    with psycopg.connect(database.owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


@pytest.fixture
def forger(postgresql, database):
    """A superuser of the database, for whom no trigger runs."""
    url = postgresql.server.superuser_url.rsplit("/", 1)[0] + f"/{database.name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


@pytest.fixture
def kept(service):
    """A service with one sealed clip whose life was eventful, an announced one, and the log in the store."""
    clip_id = service.dock_one(make_file(content=b"footage"), b"foot", b"age")
    reviewer = service.people[Role.REVIEWER]
    case_id = open_case(service.context, number="2026-1", title="A matter", actor=reviewer)
    for link in (link_clip, unlink_clip, link_clip):
        why = {"reason": "a slip"} if link is unlink_clip else {"purpose": "because"}
        service.clock.advance(seconds=1)
        link(service.context, case_id, clip_id, **why, actor=reviewer)
    view_clip(service.context, clip_id, actor=reviewer, purpose="to see it")
    categorise_clip(service.context, clip_id, Category.ENFORCEMENT, reason="seen", actor=reviewer)
    service.seal()
    export_log(service.context)
    service.clip_id = clip_id
    service.case_id = case_id
    return service


def objects_of(service):
    return service.context.objects._versions


def test_what_was_kept_as_it_was_announced_is_not_found(kept):
    assert found(kept) == []


def test_a_clip_in_every_state_agrees_with_its_chain(service):
    session_id = service.open()
    announced = service.announce(session_id, *(make_file(f"DCIM/{number}.MP4", b"footage%d" % number) for number in range(4)))
    service.upload(session_id, announced[0].clip_id, b"footage0")
    service.upload(session_id, announced[1].clip_id, b"too short")
    service.seal(announced[0].clip_id)
    end_session(service.context, session_id, "unplugged", dock=service.dock)

    assert found(service) == []


DAMAGE = {
    "the original is gone": (lambda objects, keys: objects.pop(keys[0]), "object_gone"),
    "the manifest is gone": (lambda objects, keys: objects.pop(keys[1]), "manifest_gone"),
    "the original was cut": (lambda objects, keys: swap(objects[keys[0]][0], b"foot"), "object_size_differs"),
    "the manifest was changed": (lambda objects, keys: swap(objects[keys[1]][0], b"{}"), "manifest_differs"),
    "the lock was taken off": (lambda objects, keys: setattr(objects[keys[0]][0], "retention", None), "not_locked"),
    "the lock is another": (lambda objects, keys: relock(objects[keys[0]][0], mode="GOVERNANCE"), "not_locked"),
    "the lock was shortened": (lambda objects, keys: relock(objects[keys[0]][0], days=-1), "lock_shorter"),
    "the manifest's lock was shortened": (lambda objects, keys: relock(objects[keys[1]][0], days=-1), "lock_shorter"),
}


def swap(version, data):
    version.data = data
    version.stored = replace(version.stored, size_bytes=len(data))


def relock(version, *, days=0, mode="COMPLIANCE"):
    version.retention = type(version.retention)(mode, version.retention.until + timedelta(days=days))


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_in_the_store_is_named_with_its_clip(kept, damage):
    do, kind = DAMAGE[damage]

    do(objects_of(kept), (f"clips/{kept.clip_id}/original", f"clips/{kept.clip_id}/manifest"))

    assert (kind, str(kept.clip_id)) in found(kept)


def test_a_manifest_that_the_store_lists_and_never_gives_is_named_and_stops_no_run(kept, monkeypatch):
    objects, read = kept.context.objects, kept.context.objects.read

    def give(key, version_id, **where):
        if key.endswith("/manifest"):
            raise StoreUnavailableError("object store", "read: InternalError")
        return read(key, version_id, **where)

    monkeypatch.setattr(objects, "read", give)

    assert found(kept) == [("manifest_gone", str(kept.clip_id))]


def test_a_store_that_is_away_finds_nothing_and_resolves_nothing(kept, monkeypatch):
    objects_of(kept).pop(f"clips/{kept.clip_id}/original")
    reconcile(kept.context)

    def away(*_arguments, **_where):
        raise StoreUnavailableError("object store", "connection refused")

    for name in ("list_all", "read", "retention", "list_versions", "put"):
        monkeypatch.setattr(kept.context.objects, name, away)
        with pytest.raises(StoreUnavailableError):
            reconcile(kept.context)

    with kept.context.unit_of_work() as work:
        assert [one.kind for one in work.findings.newest(limit=9, is_open=True)] == ["object_gone"]


def test_a_released_clip_whose_original_is_gone_is_an_alarm(kept, forger):
    forger.execute("UPDATE clip SET state = 'released', released_at = now()")
    del objects_of(kept)[f"clips/{kept.clip_id}/original"]

    reconcile(kept.context)

    with kept.context.unit_of_work() as work:
        severities = {one.kind: one.severity for one in work.findings.newest(limit=10)}
    assert severities["released_object_gone"] == "alarm"
    assert set(severities.values()) - {"alarm"} <= {"fault"}


def test_a_delete_marker_is_named_and_the_footage_under_it_is_still_found(kept):
    kept.context.objects.mark_deleted(f"clips/{kept.clip_id}/original")

    assert found(kept) == [("delete_marker", str(kept.clip_id))]
    assert b"".join(kept.context.objects.read(f"clips/{kept.clip_id}/original", kept.clip(kept.clip_id).object_version)) == b"footage"


# Every column that an event tells; what a worker finds again, or is about unfinished work, is left out.
ALTERED = {
    "agency_id": None,
    "dock_id": None,
    "session_id": None,
    "recorder_id": None,
    "officer_id": None,
    "claimed_serial": "'ZF99999'",
    "claimed_officer": "'999999'",
    "recognition": "decode(repeat('00', 32), 'hex')",
    "generation": "7",
    "path": "'DCIM/B.MP4'",
    "path_raw": "decode('00', 'hex')",
    "original_name": "'B.MP4'",
    "listed": """jsonb_set(listed, '{modified}', '"2020-01-01T00:00:00"')""",
    "announced_bytes": "1",
    "announced_at": "announced_at - interval '1 microsecond'",
    "recorded_at": "recorded_at + interval '1 day'",
    "received_at": "received_at - interval '1 day'",
    "clock_offset_s": "3.5",
    "state": "'stored'",
    "quarantine": "'contested'",
    "flags": "ARRAY['unknown_officer', 'empty']",
    "object_key": "'clips/other/original'",
    "size_bytes": "8",
    "sha256": "repeat('0', 64)",
    "sm3": "repeat('0', 64)",
    "object_version": "'version-99'",
    "retain_until": "retain_until - interval '1 day'",
    "manifest_version": "'version-99'",
    "verified_at": "verified_at - interval '1 day'",
    "is_key": "NOT is_key",
    "provenance": """'{"import_id": null}'""",
    "category": "'not_relevant'",
}


def test_every_altered_column_of_a_clip_is_named(kept, forger):
    forger.execute("CREATE TABLE clip_before AS TABLE clip")
    named = {}
    for column, value in ALTERED.items():
        other = value or f"'{uuid4()}'"
        forger.execute(f"UPDATE clip SET {column} = {other}")  # noqa: S608 - from the table above
        reconcile(kept.context)
        with kept.context.unit_of_work() as work:
            named[column] = [one.details.get("columns") for one in work.findings.newest(limit=10, is_open=True, kind="clip_row_differs")]
        forger.execute(f"UPDATE clip SET {column} = (SELECT {column} FROM clip_before)")  # noqa: S608 - likewise

    assert named == {column: [[column]] for column in ALTERED}
    kept.clock.advance(seconds=1)
    assert found(kept) == []


REMOVED = {
    "a clip": ("DELETE FROM clip", {"clip_row_gone", "orphaned_object"}),
    "a file of a listing": ("DELETE FROM session_file", {"listing_differs"}),
    "a listing's count": ("UPDATE dock_session SET file_count = 0", {"listing_differs"}),
    "another clip in a listing": ("UPDATE session_file SET clip_id = gen_random_uuid()", {"listing_differs"}),
    "a session": ("DELETE FROM dock_session", {"listing_differs"}),
    "a link": ("DELETE FROM case_clip WHERE unlinked_at IS NULL", {"case_differs"}),
    "a link's reason": ("UPDATE case_clip SET unlink_reason = 'other' WHERE unlinked_at IS NOT NULL", {"case_differs"}),
    "a case": ("DELETE FROM evidence_case", {"case_differs"}),
    "a case's title": ("UPDATE evidence_case SET title = 'other'", {"case_differs"}),
    "a stretch of the log": ("SELECT 1", {"log_export_gone"}),
}


@pytest.mark.parametrize("removed", REMOVED)
def test_records_removed_or_changed_beside_a_clip_are_named(kept, forger, removed):
    statement, expected = REMOVED[removed]
    forger.execute(statement)
    if removed == "a stretch of the log":
        del objects_of(kept)["log/000000000000000.jsonl"]

    assert kinds(kept) == expected


def test_a_clip_that_no_event_tells_of_is_named(kept, forger):
    names = [row[0] for row in forger.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'clip'").fetchall()]
    changed = {"id": "gen_random_uuid()", "recognition": "decode(repeat('11', 32), 'hex')", "object_key": "'clips/x/original'"}
    columns = ", ".join(names)
    forger.execute(f"INSERT INTO clip ({columns}) SELECT {', '.join(changed.get(name, name) for name in names)} FROM clip")  # noqa: S608 - names of columns

    assert "clip_without_chain" in kinds(kept)


def test_a_file_that_was_announced_and_never_came_is_named_after_a_day(service):
    session_id = service.open()
    (announced,) = service.announce(session_id, make_file())
    soon = found(service)
    service.clock.advance(days=1, minutes=1)

    assert soon == []
    assert found(service) == [("never_stored", str(announced.clip_id))]
    with service.context.unit_of_work() as work:
        (finding,) = work.findings.newest(limit=2)
    assert (finding.details["session_id"], finding.details["age_days"]) == (str(session_id), 1)


def test_what_no_record_names_is_listed_and_never_deleted(kept):
    objects = kept.context.objects
    until = kept.clock.now() + timedelta(days=1)
    stranger = uuid4()
    written = [
        objects.put(key, b"whatever", retain_until=until)
        for key in (f"clips/{stranger}/original", f"clips/{stranger}/manifest", f"clips/{kept.clip_id}/original", "log/000000000009999.jsonl", "x")
    ]
    objects.put("lock-probe/x", b"canary", retain_until=until)
    upload_id = objects.begin_upload(f"clips/{stranger}/original", retain_until=until)

    assert [kind for kind, _ in found(kept)] == ["orphaned_object"] * 5 + ["unfinished_upload"]
    assert [b"".join(objects.read(one.key, one.version_id)) for one in written] == [b"whatever"] * 5
    assert objects.list_parts(f"clips/{stranger}/original", upload_id) == []


def test_what_was_laid_twice_byte_for_byte_is_no_orphan(kept):
    objects = kept.context.objects
    for key in (f"clips/{kept.clip_id}/manifest", "log/000000000000000.jsonl"):
        data = objects._versions[key][0].data
        objects.put(key, data, retain_until=kept.clock.now() + timedelta(days=1))

    assert found(kept) == []


def test_a_finding_is_new_once_and_resolved_when_it_is_put_right(kept):
    version = objects_of(kept)[f"clips/{kept.clip_id}/original"][0]
    relock(version, days=-1)
    first = reconcile(kept.context)
    kept.clock.advance(hours=1)
    second = reconcile(kept.context)
    relock(version, days=1)
    kept.clock.advance(hours=1)
    third = reconcile(kept.context)

    assert [len(run.new) for run in (first, second, third)] == [1, 0, 0]
    assert [run.run.open_findings for run in (first, second, third)] == [1, 1, 0]
    with kept.context.unit_of_work() as work:
        (finding,) = work.findings.newest(limit=5)
    assert finding.last_seen - finding.first_seen == timedelta(hours=1)
    assert finding.resolved_at == kept.clock.now()


def test_two_runs_do_not_mix(kept):
    with kept.context.unit_of_work() as guard:
        assert guard.findings.try_lock()
        with pytest.raises(RunUnderWayError):
            reconcile(kept.context)


@pytest.mark.parametrize("many", [10_000, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_one_altered_one_removed_and_one_added_among_many_are_named_in_one_run(service, forger, many):
    ids = fill(service, forger, many)
    objects = objects_of(service)
    altered, removed, added, cut, lost = ids[many // 2], ids[17], uuid4(), ids[many - 1], ids[4711]
    forger.execute("UPDATE clip SET sha256 = repeat('0', 64) WHERE id = %s", [altered])
    forger.execute("DELETE FROM clip WHERE id = %s", [removed])
    swap(objects[f"clips/{cut}/original"][0], b"")
    del objects[f"clips/{lost}/manifest"]
    service.context.objects.put(f"clips/{added}/original", b"", retain_until=service.clock.now())

    result = reconcile(service.context)

    assert result.run.clips == many  # the pattern, and all but one of those made after it
    assert {(one.kind, one.clip_id) for one in result.new} == {
        ("clip_row_differs", altered),
        ("clip_row_gone", removed),
        ("orphaned_object", removed),
        ("object_size_differs", cut),
        ("manifest_gone", lost),
        ("orphaned_object", added),
    }


def fill(service, forger, count):
    """Write many clips like one that was docked: rows, chains of three events, originals and manifests."""
    pattern_id = service.dock_one(make_file(content=b"footage"), b"footage")
    columns = [row[0] for row in forger.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'clip'").fetchall()]
    kept_row = forger.execute(f"SELECT {', '.join(columns)} FROM clip").fetchone()  # noqa: S608 - names of columns
    row = dict(zip(columns, kept_row, strict=True))
    with service.context.unit_of_work() as work:
        chain = [json.loads(event.canonical) for event, _ in work.custody.chain("clip", pattern_id)]
    objects = service.context.objects
    versions = {name: objects._versions[f"clips/{pattern_id}/{name}"][0] for name in ("original", "manifest")}
    ids = sorted(uuid4() for _ in range(count))
    texts = [json.dumps(event) for event in chain]
    with forger.cursor() as cursor:
        with cursor.copy(f"COPY clip ({', '.join(columns)}) FROM STDIN") as copy:
            for number, clip_id in enumerate(ids):
                changed = {**row, "id": clip_id, "recognition": number.to_bytes(32, "big"), "object_key": f"clips/{clip_id}/original"}
                changed["object_version"] = changed["manifest_version"] = f"v{number}"
                copy.write_row([Jsonb(value) if isinstance(value, dict) else value for value in changed.values()])
        names = "subject_kind, subject_id, subject_seq, action, at, canonical, leaf_hash"
        with cursor.copy(f"COPY custody_event ({names}) FROM STDIN") as copy:
            for number, clip_id in enumerate(ids):
                for seq, text in enumerate(texts):
                    event = json.loads(text.replace(str(pattern_id), str(clip_id)))
                    event["details"].update(_changed(event, number))
                    copy.write_row(["clip", clip_id, seq, event["action"], event["at"], json.dumps(event).encode(), bytes(32)])
    for number, clip_id in enumerate(ids):
        for name, version in versions.items():
            key = f"clips/{clip_id}/{name}"
            objects._versions[key] = [replace(version, stored=replace(version.stored, key=key, version_id=f"v{number}"))]
    return ids


def _changed(event, number):
    if event["action"] == "clip.announced":
        return {"recognition": number.to_bytes(32, "big").hex()}
    if event["action"] == "clip.stored":
        return {"version_id": f"v{number}"}
    return {"manifest_version_id": f"v{number}"} if event["action"] == "clip.verified" else {}
