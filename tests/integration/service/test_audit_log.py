"""An audit of the custody log names whatever was altered, removed, added or put in another order, whoever had the rights to do it."""

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from evidence_store.object_store.keys import log_export_key
from evidence_store.object_store.memory import MemoryObjectStore
from evidence_store.repositories.custody import NewEvent
from integrity.checkpoint import cosign, open_checkpoint
from integrity.signing import Ed25519Signer
from integrity.witness import witness_key
from service.bootstrap import build_context
from service.custody.audit_log import audit_log, audit_log_daily
from service.custody.change_key import change_log_key
from service.custody.export_log import export_log
from service.custody.prove_event import newest_checkpoint
from service.custody.seal_clips import seal_clips
from service.custody.timestamp_checkpoint import timestamp_checkpoint
from service.errors import UnacceptableValueError
from service.health import read_health, read_metrics
from tests.bench.log import fill
from tests.builders import make_file
from tests.service_fixtures import running_service

TABLES = (
    "custody_event",
    "custody_leaf",
    "custody_pending",
    "merkle_node",
    "checkpoint",
    "timestamp_receipt",
    "log_export",
    "log_key",
    "cosignature",
)
SAYS_NOTHING = {("timestamp_receipt", "id"), ("cosignature", "id")}
"""Numbers of rows that nothing refers to and nothing reads."""
KEYS = {
    "custody_event": "id",
    "custody_leaf": "leaf_index",
    "custody_pending": "event_id",
    "merkle_node": "level",
    "checkpoint": "size",
    "timestamp_receipt": "checkpoint_size",
    "log_export": "first_index",
    "log_key": "verifier_key",
    "cosignature": "checkpoint_size",
}
"""What a row is called by."""
ALTERED = {
    "bigint": "{} + 1000",
    "text": "{} || 'x'",
    "uuid": "gen_random_uuid()",
    "timestamp with time zone": "{} + interval '3 days 1 hour'",
    "bytea": "set_byte({0}, length({0}) / 2, get_byte({0}, length({0}) / 2) # 1)",
}


class Attacked:
    """A service with a whole log, and somebody with every right on its database."""

    def __init__(self, service, database_url):
        self.service = service
        self.url = database_url
        with self.connection() as connection:
            for table in (*TABLES, "clip"):
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")

    @contextmanager
    def connection(self):
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    @contextmanager
    def attack(self, *statements, tables=(*TABLES, "clip")):
        """Do it, and undo it afterwards."""
        with self.connection() as connection:
            for table in tables:
                connection.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
            try:
                for statement in statements:
                    connection.execute(statement)
                yield connection
            finally:
                for table in tables:
                    connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of this test's own
                    connection.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_{table}")  # noqa: S608 - names of this test's own
                    connection.execute(f"DROP TABLE kept_{table}")

    def audit(self, **options):
        faults = []
        audit_log(self.service.context, faults.append, **options)
        return faults


def sealed(service, *, minutes=1):
    service.clock.advance(minutes=minutes)
    seal_clips(service.context)
    timestamp_checkpoint(service.context)


def append(service, count, subject_id=None):
    for _ in range(count):
        with service.context.unit_of_work() as work:
            event = NewEvent(subject_id or service.context.new_id(), "trial.made", {"note": "演练"})
            work.custody.append_all("trial", [event], actor=service.dock, at=service.clock.now())


@pytest.fixture(scope="module")
def attacked(tmp_path_factory, postgresql, module_database):
    """Nine checkpoints under two keys, four stretches in the store, a clip, a chain of six, a line of a witness, and an event that waits."""
    witness = Ed25519Signer.generate("witness.example/w1")
    settings = {"witnesses": ({"key": witness_key(witness), "url": "https://127.0.0.1:1"},), "outgoing_hosts": ("127.0.0.1:1",)}
    with running_service(tmp_path_factory.mktemp("audit"), module_database, MemoryObjectStore(), started_at=datetime.now(UTC), **settings) as service:
        chain = uuid4()
        for count in (3, 2, 1, 4):
            append(service, count, chain)
            append(service, count)
            sealed(service)
            export_log(service.context)
        service.dock_one(make_file("A.MP4", b"a"), b"a")
        new = Ed25519Signer.generate(service.context.log_signer.name)
        change_log_key(service.context, new, actor=service.administrator)
        changed = build_context(service.context.settings, clock=service.clock, objects=service.context.objects)
        object.__setattr__(changed, "log_signer", new)
        service.context, before = changed, service.context
        before.dispose()
        for _ in range(3):
            append(service, 2)
            sealed(service)
        export_log(service.context)
        told = newest_checkpoint(service.context)
        line = cosign(open_checkpoint(told.note, [told.log_key]).checkpoint, witness, at=service.clock.now())
        with psycopg.connect(module_database.owner_url.replace("+psycopg", "")) as connection:
            row = (uuid4(), told.size, witness.name, line, service.clock.now().replace(microsecond=0))
            connection.execute("INSERT INTO cosignature (id, checkpoint_size, witness, line, signed_at) VALUES (%s, %s, %s, %s, %s)", row)
        append(service, 1)
        superuser = postgresql.server.superuser_url.rpartition("/")[0]
        yield Attacked(service, f"{superuser}/{module_database.name}")
        changed.dispose()


def columns():
    found = {
        "custody_event": ("id", "subject_kind", "subject_id", "subject_seq", "action", "at", "canonical", "leaf_hash"),
        "custody_leaf": ("leaf_index", "event_id"),
        "custody_pending": ("event_id",),
        "merkle_node": ("level", "node_index", "hash"),
        "checkpoint": ("size", "root", "note", "signed_at"),
        "timestamp_receipt": ("id", "checkpoint_size", "authority", "token", "stamped_at"),
        "log_export": ("first_index", "size", "object_key", "object_version", "sha256", "retain_until", "exported_at"),
        "log_key": ("verifier_key", "since", "from_size", "transition"),
        "cosignature": ("id", "checkpoint_size", "witness", "line", "signed_at"),
    }
    return [(table, column) for table in TABLES for column in found[table]]


def test_a_log_as_it_was_signed_has_no_fault(attacked):
    assert attacked.audit() == []
    assert attacked.audit(checkpoint=newest_checkpoint(attacked.service.context).note) == []


def test_every_column_of_the_log_is_attacked_here(attacked):
    with attacked.connection() as connection:
        query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY(%s)"
        found = {(row["table_name"], row["column_name"]) for row in connection.execute(query, [list(TABLES)])}

    assert found == set(columns())


@pytest.mark.parametrize(("table", "column"), columns())
def test_a_value_that_was_altered_is_named(attacked, table, column):
    with attacked.connection() as connection:
        query = "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
        kind = connection.execute(query, [table, column]).fetchone()["data_type"]
        middle = connection.execute(
            f"SELECT ctid::text AS place, * FROM {table} ORDER BY ctid OFFSET (SELECT count(*) / 2 FROM {table}) LIMIT 1"  # noqa: S608 - names of this test's own
        ).fetchone()
    generated = "ALTER TABLE custody_event ALTER COLUMN id SET GENERATED BY DEFAULT" if (table, column) == ("custody_event", "id") else "SELECT 1"
    place = middle.pop("place")
    altered = "{} + 1" if column == "first_index" else ALTERED[kind]

    with attacked.attack(generated, f"UPDATE {table} SET {column} = {altered.format(column)} WHERE ctid = '{place}'"):  # noqa: S608 - names of this test's own
        faults = attacked.audit()

    if (table, column) in SAYS_NOTHING:
        assert faults == []
    else:
        assert names(faults, table, column, middle), [str(fault) for fault in faults]


def names(faults, table, column, row):
    """Whether a fault names the row and the column; where it is the row's own number, by what it leaves behind or by the row as a whole."""
    key = KEYS[table]
    if column == key or table in {"merkle_node", "custody_pending"}:
        return any(fault.table == table and fault.column in {column, None} for fault in faults)
    return any(fault.table == table and fault.column in {column, None} and f"{key}={row[key]}" in fault.row for fault in faults)


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_was_removed_is_named(attacked, table):
    middle = f"SELECT ctid FROM {table} ORDER BY ctid OFFSET (SELECT (count(*) - 1) / 2 FROM {table}) LIMIT 1"  # noqa: S608 - names of this test's own

    with attacked.attack(f"DELETE FROM {table} WHERE ctid = ({middle})"):  # noqa: S608 - names of this test's own
        faults = attacked.audit()

    named = {"custody_pending": "custody_event", "log_export": "log_export"}.get(table, table)
    if table == "cosignature":
        assert faults == []  # the witness itself remembers
    else:
        assert named in {fault.table for fault in faults}, [str(fault) for fault in faults]


@pytest.mark.parametrize("table", TABLES)
def test_an_emptied_table_is_named(attacked, table):
    with attacked.attack(f"DELETE FROM {table}"):  # noqa: S608 - names of this test's own
        faults = attacked.audit()

    assert faults or table == "cosignature"


def test_events_in_another_order_are_named(attacked):
    swap = "UPDATE custody_leaf SET event_id = {} - event_id WHERE leaf_index IN (7, 8)"
    with attacked.connection() as connection:
        total = connection.execute("SELECT sum(event_id)::bigint AS total FROM custody_leaf WHERE leaf_index IN (7, 8)").fetchone()["total"]
    drop = "ALTER TABLE custody_leaf DROP CONSTRAINT custody_leaf_once"

    with attacked.attack(drop, swap.format(total)):
        faults = attacked.audit()

    assert {"leaf_index=7", "leaf_index=8"} <= {fault.row for fault in faults if fault.table == "custody_leaf"}


def test_an_event_that_was_slipped_in_is_named(attacked):
    copy = (
        "INSERT INTO custody_event (subject_kind, subject_id, subject_seq, action, at, canonical, leaf_hash) "
        "SELECT subject_kind, subject_id, subject_seq + {}, action, at, canonical, leaf_hash FROM custody_event WHERE subject_kind = 'trial' LIMIT 1"
    )

    with attacked.attack(copy.format(50)) as connection:
        newest = connection.execute("SELECT max(id) AS id FROM custody_event").fetchone()["id"]
        faults = attacked.audit()

    assert {fault.column for fault in faults if fault.row == f"id={newest}"} == {None, "subject_seq"}


def test_an_event_that_would_be_sealed_a_second_time_is_named(attacked):
    with attacked.attack("INSERT INTO custody_pending SELECT id FROM custody_event ORDER BY id LIMIT 1"):
        assert [fault.table for fault in attacked.audit()] == ["custody_pending"]


def test_a_log_that_was_rewritten_with_all_its_hashes_is_named_by_what_was_signed_and_by_the_store(attacked):
    eighth = "(SELECT event_id FROM custody_leaf WHERE leaf_index = 8)"
    leaves = """
        UPDATE merkle_node SET hash = (SELECT leaf_hash FROM custody_event JOIN custody_leaf ON event_id = id WHERE leaf_index = node_index)
        WHERE level = 0
        """
    parents = """
        UPDATE merkle_node parent SET hash = sha256('\\x01'::bytea || l.hash || r.hash) FROM merkle_node l, merkle_node r
        WHERE parent.level = {level} AND l.level = parent.level - 1 AND r.level = l.level
        AND l.node_index = parent.node_index * 2 AND r.node_index = l.node_index + 1
        """
    rewrite = (
        "UPDATE custody_event SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '演练', '无事'), 'UTF8') WHERE id = " + eighth,  # noqa: S608 - names of this test's own
        "UPDATE custody_event SET leaf_hash = sha256('\\x00'::bytea || canonical)",
        leaves,
        *(parents.format(level=level) for level in range(1, 7)),
    )

    with attacked.attack(*rewrite) as connection:
        event_id = connection.execute("SELECT event_id FROM custody_leaf WHERE leaf_index = 8").fetchone()["event_id"]
        faults = attacked.audit()

    assert any("was rewritten" in fault.reason for fault in faults if fault.table == "checkpoint")
    assert any(fault.row == f"id={event_id}" and "exported log" in fault.reason for fault in faults)


def test_a_database_that_was_rolled_back_is_named_by_the_store_and_by_a_checkpoint_kept_elsewhere(attacked):
    kept = newest_checkpoint(attacked.service.context).note
    back = (
        "DELETE FROM cosignature",
        "DELETE FROM custody_pending",
        "DELETE FROM log_export WHERE size > 24",
        "DELETE FROM timestamp_receipt WHERE checkpoint_size > 24",
        "DELETE FROM checkpoint WHERE size > 24",
        "DELETE FROM custody_event WHERE id NOT IN (SELECT event_id FROM custody_leaf WHERE leaf_index < 24)",
        "DELETE FROM custody_leaf WHERE leaf_index >= 24",
        "DELETE FROM merkle_node WHERE (node_index + 1) * pow(2, level) > 24",
        "DELETE FROM log_key WHERE transition IS NOT NULL",
        "DELETE FROM clip",
    )

    with attacked.attack(*back):
        faults = attacked.audit()
        reasons = " ".join(fault.reason for fault in faults)
        assert "leaves that the database has not, from 24" in reasons

        assert any("was rolled back" in fault.reason for fault in attacked.audit(checkpoint=kept) if fault.table == "checkpoint")


def test_a_clip_whose_row_is_gone_or_altered_is_named(attacked):
    with attacked.attack("UPDATE clip SET sha256 = repeat('0', 64)"):
        assert [(fault.table, fault.column) for fault in attacked.audit()] == [("clip", "sha256")]
    with attacked.attack("DELETE FROM clip"):
        assert [(fault.table, fault.column) for fault in attacked.audit()] == [("clip", None)]


def test_a_forged_stretch_laid_over_the_true_one_is_named_and_the_true_one_still_counts(attacked):
    objects = attacked.service.context.objects
    (true,) = objects.list_versions(log_export_key(0))
    forged = b"".join(objects.read(true.key, true.version_id)).replace(b'"size":', b'"size":1')
    laid = objects.put(true.key, forged, retain_until=datetime(1970, 1, 1, tzinfo=UTC))

    faults = attacked.audit()

    assert [(fault.table, fault.row) for fault in faults] == [("store", f"{laid.key} version {laid.version_id}")]
    objects.remove_version(laid.key, laid.version_id)


def test_a_checkpoint_of_another_log_is_refused(attacked):
    note = newest_checkpoint(attacked.service.context).note

    with pytest.raises(UnacceptableValueError):
        attacked.audit(checkpoint=note.replace("test.example", "other.example"))


def test_what_the_daily_audit_found_stands_on_the_health_page_and_in_the_figures(attacked):
    def part():
        health = read_health(attacked.service.context, actor=attacked.service.administrator)
        return next(one for one in health.watched if one.name == "log_audit")

    attacked.service.clock.advance(seconds=1)
    with attacked.attack("UPDATE custody_event SET action = 'clip.forged' WHERE id = 5"):
        audit_log_daily(attacked.service.context)

    assert not part().is_well
    assert "custody_event.action id=5" in part().detail
    assert read_metrics(attacked.service.context)["bodycam_log_audit_faults"] == 1.0
    attacked.service.clock.advance(seconds=1)
    audit_log_daily(attacked.service.context)
    assert part().is_well
    attacked.service.clock.advance(days=3)
    assert not part().is_well


def test_the_application_may_change_nothing_of_the_log(module_database, attacked):
    url = module_database.application_url.replace("+psycopg", "")
    refused = 0
    with psycopg.connect(url, autocommit=True) as connection:
        for table, column in columns():
            if table == "custody_pending":
                continue  # the sequencer takes events out of it; an event without a place is named
            for statement in ("UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "TRUNCATE {t}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.format(t=table, c=column))
                refused += 1
    assert refused > 100


@pytest.mark.nightly
def test_one_altered_event_among_a_hundred_thousand_is_named_within_a_minute(tmp_path, database):
    with running_service(tmp_path, database, MemoryObjectStore(), started_at=datetime.now(UTC)) as service:
        fill(service, database, 100_000)
        append(service, 1)
        sealed(service)
        export_log(service.context)
        with psycopg.connect(database.owner_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("ALTER TABLE custody_event DISABLE TRIGGER USER")
            connection.execute("UPDATE custody_event SET at = at + interval '1 second' WHERE id = 77777")
        faults, begun = [], time.monotonic()

        audit = audit_log(service.context, faults.append)

        assert time.monotonic() - begun <= 60
        assert [(fault.row, fault.column) for fault in faults] == [("id=77777", "at")]
        assert (audit.events, audit.leaves, audit.faults) == (100_006, 100_006, 1)
        assert audit.stretches > 20
