"""The custody log cannot be rewritten: not by the application's role, and not unnoticed by the owner."""

import psycopg
import pytest
from psycopg import errors, sql

from evidence_store.migrations.upgrade import INSERT_ONLY, SharedRoleError, newest_revision, upgrade
from evidence_store.object_store.memory import MemoryObjectStore
from service.custody.errors import LogDamagedError
from service.custody.seal_clips import seal_clips
from service.safekeeping.probe_lock import probe_lock
from tests.builders import make_file
from tests.service_fixtures import running_service


@pytest.fixture
def service(tmp_path, database):
    with running_service(tmp_path, database, MemoryObjectStore()) as made:
        made.dock_one(make_file(), b"footage")
        probe_lock(made.context)
        yield made


def connect(url):
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)


@pytest.mark.parametrize("table", INSERT_ONLY)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_application_empties_no_insert_only_table(service, database, table, statement):
    with connect(database.application_url) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.format(table))


@pytest.mark.parametrize("table", INSERT_ONLY)
def test_the_owner_truncates_no_insert_only_table(service, database, table):
    with connect(database.owner_url) as connection, pytest.raises(errors.RaiseException):
        connection.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", INSERT_ONLY)
def test_every_insert_only_table_wears_its_seat_belt_always(service, database, table):
    query = "SELECT tgtype, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND tgfoid = 'refuse_change'::regproc"
    with connect(database.owner_url) as connection:
        triggers = connection.execute(query, [table]).fetchall()

    # pg_trigger.tgtype: 1 for each row, 2 before, 8 delete, 16 update, 32 truncate (src/include/catalog/pg_trigger.h)
    assert sorted(triggers) == [(1 | 2 | 8 | 16, "A"), (2 | 32, "A")]


@pytest.mark.parametrize("table", ["custody_event", "custody_leaf", "merkle_node", "checkpoint", "timestamp_receipt", "log_key", "lock_probe_run"])
def test_the_owner_deletes_nothing_that_is_there(service, database, table):
    with connect(database.owner_url) as connection, pytest.raises(errors.RaiseException):
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE custody_event SET action = 'clip.forged'",
        "UPDATE custody_leaf SET leaf_index = leaf_index + 100",
        "UPDATE merkle_node SET hash = hash",
        "UPDATE checkpoint SET note = ''",
        "UPDATE timestamp_receipt SET token = ''",
    ],
)
def test_neither_role_changes_what_was_written(service, database, statement):
    with connect(database.application_url) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement)
    with connect(database.owner_url) as connection, pytest.raises(errors.RaiseException):
        connection.execute(statement)


def test_an_event_changed_below_the_triggers_is_never_signed(service, postgresql, database):
    session = service.open()
    service.announce(session, make_file("B.MP4", b"second"))
    url = postgresql.server.superuser_url.rsplit("/", 1)[0] + f"/{database.name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE custody_event DISABLE TRIGGER ALL")
        connection.execute("UPDATE custody_event SET canonical = canonical || ' ' WHERE id = (SELECT max(id) FROM custody_event)")
    service.clock.advance(seconds=5)

    with pytest.raises(LogDamagedError, match="bytes do not give its hash"):
        seal_clips(service.context)


def test_a_tree_changed_below_the_triggers_is_never_signed_again(service, postgresql, database):
    session = service.open()
    service.announce(session, make_file("B.MP4", b"second"))
    url = postgresql.server.superuser_url.rsplit("/", 1)[0] + f"/{database.name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE merkle_node DISABLE TRIGGER ALL")
        connection.execute("UPDATE merkle_node SET hash = decode(repeat('00', 32), 'hex')")
    service.clock.advance(seconds=5)

    with pytest.raises(LogDamagedError, match="another root"):
        seal_clips(service.context)


def test_the_application_may_not_be_the_owner(database):
    with pytest.raises(SharedRoleError):
        upgrade(database.owner_url, "bodycam_owner")


def test_migrating_again_changes_nothing(database):
    assert upgrade(database.owner_url, "bodycam_application") == newest_revision()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clip SET state = 'announced'",
        "UPDATE clip SET sha256 = repeat('0', 64)",
        "UPDATE clip SET object_version = 'other'",
        "UPDATE clip SET size_bytes = 0",
    ],
)
def test_a_clip_never_moves_back_and_its_original_is_never_exchanged(service, database, statement):
    with connect(database.application_url) as connection, pytest.raises(errors.RaiseException):
        connection.execute(statement)
