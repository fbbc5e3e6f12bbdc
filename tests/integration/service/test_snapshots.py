import gzip
import json
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from evidence_store.models import SnapshotEdition, SnapshotKind
from evidence_store.object_store.memory import MemoryObjectStore
from integrity.hashing import sha256_hex
from service.accounts.first_people import TOP_CODE
from service.coverage.freeze import WantedEdition, freeze, freeze_due, recompute_digest
from service.coverage.measure import cut_off
from service.coverage.prove_frozen import FrozenFault, prove_frozen
from service.coverage.restate import restate_snapshots
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.service_fixtures import running_service

INSTALLED = datetime(2026, 12, 29, 3, tzinfo=UTC)
DEADLINE = date(2026, 12, 31)


def officer(number, **facts):
    certificate = {"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2029-12-31"}
    posts = [{"agency": "01", "valid_from": "2024-01-01"}]
    return {"code": f"{number:06}", "name": f"示范人员 {number:04}", "posts": posts, "certificates": [certificate], **facts}


def recorder(number, holder, since):
    changes = [{"state": "in_service", "since": "2024-03-01"}]
    return {"serial": f"ZF{number:05}", "model": "M", "agency": "01", "changes": changes, "assignments": [{"officer": holder, "valid_from": since}]}


ROSTER = {
    "agencies": [{"code": "01", "name": "示范市", "level": "city"}],
    "officers": [officer(1), officer(2)],
    "recorders": [recorder(1, "000001", "2024-03-01")],
}


@pytest.fixture
def service(tmp_path, database):
    with running_service(tmp_path, database, MemoryObjectStore()) as made:
        made.clock.time = INSTALLED
        take(made, ROSTER)
        yield made


def take(service, roster):
    return import_roster(service.context, Roster.model_validate(roster), actor=service.administrator)


def snapshots(service):
    with service.context.unit_of_work() as work:
        return {(row.day, row.edition): row for row in work.snapshots.latest(work.agencies.top().id, limit=100)}


def frozen_on(service, moment):
    service.clock.time = moment
    freeze_due(service.context)
    return snapshots(service)


def test_each_day_that_is_over_is_frozen_once(service):
    made = frozen_on(service, cut_off(DEADLINE) + timedelta(minutes=10))

    assert [(row.day.day, row.kind, row.is_late) for row in sorted(made.values(), key=lambda one: one.day)] == [
        (29, SnapshotKind.DAILY, True),
        (30, SnapshotKind.DAILY, True),
        (31, SnapshotKind.DEADLINE, False),
    ]
    assert frozen_on(service, cut_off(DEADLINE) + timedelta(minutes=20)).keys() == made.keys()


def test_a_snapshot_holds_the_roster_its_hash_is_of(service):
    snapshot = frozen_on(service, cut_off(DEADLINE))[DEADLINE, "first"]

    packed = b"".join(service.context.objects.read(snapshot.object_key, snapshot.object_version))
    lines = gzip.decompress(packed).splitlines(keepends=True)
    header = json.loads(lines[0])
    assert header["format"] == "bodycam-coverage-snapshot/1"
    assert (header["agencies"], header["officers"]) == (2, 2)
    figures, roster = lines[1 : 1 + header["agencies"]], lines[1 + header["agencies"] :]
    assert sha256_hex(b"".join(figures)) == snapshot.figures_sha256 == header["figures_sha256"]
    assert sha256_hex(b"".join(roster)) == snapshot.roster_sha256 == recompute_digest(service.context, snapshot)
    assert [json.loads(line) for line in roster] == [["000001", "01", None, [["ZF00001", "in_service"]]], ["000002", "01", "no_recorder", []]]


def test_a_snapshot_is_entered_in_the_custody_log(service):
    snapshot = frozen_on(service, cut_off(DEADLINE))[DEADLINE, "first"]

    with service.context.unit_of_work() as work:
        ((event, _),) = work.custody.chain("coverage_snapshot", snapshot.id)
    details = json.loads(event.canonical)["details"]
    assert details["roster_sha256"] == snapshot.roster_sha256
    assert (details["numerator"], details["denominator"], details["method"]) == (1, 2, "bodycam-coverage/1")


def test_a_missed_snapshot_is_made_from_what_was_known_at_its_cut_off_and_marked_late(service):
    service.clock.time = cut_off(DEADLINE) + timedelta(hours=1)
    take(service, {"recorders": [recorder(2, "000002", "2026-12-01")]})

    made = frozen_on(service, cut_off(DEADLINE) + timedelta(days=3))

    assert (made[DEADLINE, "first"].numerator, made[DEADLINE, "first"].is_late) == (1, True)
    assert made[date(2027, 1, 1), "first"].numerator == 2
    assert made[DEADLINE, "first"].known_until == cut_off(DEADLINE)


def test_late_paperwork_gives_a_second_figure_at_the_closing_date(service):
    frozen_on(service, cut_off(DEADLINE))
    service.clock.advance(days=2)
    take(service, {"recorders": [recorder(2, "000002", "2026-12-01")]})
    restate_snapshots(service.context)
    assert (DEADLINE, "restated") not in snapshots(service)

    made = frozen_on(service, cut_off(DEADLINE) + timedelta(days=16))

    first, second = made[DEADLINE, "first"], made[DEADLINE, "late_paperwork"]
    assert (first.numerator, second.numerator, second.replaces_id) == (1, 2, first.id)
    assert second.known_until == cut_off(DEADLINE + timedelta(days=15))


def test_a_back_dated_change_leaves_the_frozen_hash_and_makes_a_restatement(service):
    yesterday = DEADLINE - timedelta(days=1)
    before = frozen_on(service, cut_off(yesterday))[yesterday, "first"]
    service.clock.advance(hours=8)
    take(service, {"recorders": [recorder(2, "000002", "2026-12-30")]})

    restate_snapshots(service.context)

    made = snapshots(service)
    after, restated = made[yesterday, "first"], made[yesterday, "restated"]
    assert (after.roster_sha256, after.numerator) == (before.roster_sha256, 1)
    assert recompute_digest(service.context, after) == before.roster_sha256
    assert (restated.numerator, restated.replaces_id) == (2, before.id)
    assert restated.roster_sha256 != before.roster_sha256
    assert (date(2026, 12, 29), "restated") not in made, "the day before is not touched"


def test_what_says_the_same_is_not_restated(service):
    frozen_on(service, cut_off(date(2026, 12, 30)))
    service.clock.advance(hours=8)
    take(service, {"recorders": [{**recorder(7, "000001", "2026-12-01"), "assignments": []}]})

    restate_snapshots(service.context)

    assert {edition for _, edition in snapshots(service)} == {"first"}


def test_two_workers_freeze_a_day_once(service):
    service.clock.time = cut_off(DEADLINE)
    wanted = WantedEdition(DEADLINE, SnapshotEdition.FIRST, cut_off(DEADLINE))

    assert freeze(service.context, wanted) is not None
    assert freeze(service.context, wanted) is None


def test_a_snapshot_cannot_be_rewritten(service):
    frozen_on(service, cut_off(DEADLINE))

    with pytest.raises(Exception, match="permission denied"), service.context.unit_of_work() as work:
        work.snapshots.latest(work.agencies.top().id, limit=1)[0].numerator = 2


def test_the_figures_of_every_agency_are_kept(service):
    snapshot = frozen_on(service, cut_off(DEADLINE))[DEADLINE, "first"]

    with service.context.unit_of_work() as work:
        top = work.agencies.top()
        (city,) = work.snapshots.figures_below(snapshot.id, top.id)
        figure = work.snapshots.figure(snapshot.id, top.id)
    assert (city.code, city.numerator, city.denominator, city.own_denominator) == ("01", 1, 2, 2)
    assert (figure.code, figure.numerator, figure.own_denominator) == (TOP_CODE, 1, 0)
    assert city.gap == {"no_recorder": 1}
    assert city.beside["never_docked"] == 1


def test_a_frozen_figure_is_proved_until_its_file_or_the_facts_behind_it_are_another(service, database):
    snapshot = frozen_on(service, cut_off(DEADLINE))[DEADLINE, "first"]
    assert prove_frozen(service.context, snapshot) is None

    with psycopg.connect(database.owner_url.replace("postgresql+psycopg", "postgresql")) as connection:
        connection.execute("ALTER TABLE assignment DISABLE TRIGGER USER")
        connection.execute("UPDATE assignment SET valid_until = '2026-12-30'")
    assert prove_frozen(service.context, snapshot) is FrozenFault.FACTS_REWRITTEN

    (version,) = service.context.objects._versions[snapshot.object_key]
    version.data = version.data[:-1] + b"?"
    assert prove_frozen(service.context, snapshot) is FrozenFault.FILE_ALTERED
    del service.context.objects._versions[snapshot.object_key]
    assert prove_frozen(service.context, snapshot) is FrozenFault.FILE_GONE
