"""The tables that migrations make are the tables that models describe."""

import threading
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import errors
from sqlalchemy import create_engine

from evidence_store.models import Base


def test_models_and_migrations_describe_the_same_tables(database):
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()

    described = set(Base.metadata.tables)
    wrong = [item for item in differences if _concerns_a_model(item, described)]
    assert wrong == []


def _concerns_a_model(item, described):
    """Indexes and constraints are the migrations' own affair, and so are the queue's tables."""
    if isinstance(item, list):
        return True
    kind, subject = item[0], item[1]
    if kind in {"remove_index", "remove_constraint", "add_constraint"}:
        return False
    name = getattr(subject, "name", subject)
    return not (kind == "remove_table" and name not in described)


@pytest.fixture
def roster(database):
    with psycopg.connect(database.application_url.replace("+psycopg", ""), autocommit=True) as connection:
        agency, recorder, officers = uuid4(), uuid4(), [uuid4(), uuid4()]
        connection.execute("INSERT INTO agency VALUES (%s, '0', 'x', 'province', NULL, '/0/')", [agency])
        connection.execute("INSERT INTO recorder VALUES (%s, 'ZF00001', '', %s, now())", [recorder, agency])
        for number, officer in enumerate(officers):
            connection.execute("INSERT INTO officer VALUES (%s, %s, 'x')", [officer, str(number)])
    return recorder, officers


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO assignment VALUES (%(id)s, %(recorder)s, %(officer)s, true, '2026-01-01', NULL, now())",
        "INSERT INTO officer_code VALUES (%(id)s, '101', %(officer)s, '2026-01-01', NULL, now())",
        "INSERT INTO pool_checkout VALUES (%(id)s, %(recorder)s, %(officer)s, '2026-01-01 00:00+00', NULL)",
    ],
    ids=["a recorder on one day", "a number on one day", "a pool recorder at one moment"],
)
def test_two_writers_never_give_one_thing_to_two_officers_at_one_time(database, roster, statement):
    recorder, officers = roster
    barrier, outcomes = threading.Barrier(2), []

    def assign(officer):
        with psycopg.connect(database.application_url.replace("+psycopg", "")) as connection:
            barrier.wait()
            try:
                connection.execute(statement, {"id": uuid4(), "recorder": recorder, "officer": officer})
                connection.commit()
                outcomes.append("assigned")
            except errors.RaiseException:
                outcomes.append("refused")

    threads = [threading.Thread(target=assign, args=[officer]) for officer in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["assigned", "refused"]
