"""Part of `make bench`: a nation's coverage on the embedded PostgreSQL, at 40,000 and at 400,000 officers (docs/benchmarks.md)."""

import resource
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import psycopg

from evidence_store.actor import Role
from evidence_store.migrations.upgrade import ONLY_SUPERSEDED
from evidence_store.object_store.memory import MemoryObjectStore
from service.coverage.freeze import freeze_due
from service.coverage.frozen import read_frozen
from service.coverage.measure import measure_coverage, parse_as_of
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.conftest import running_postgresql
from tests.service_fixtures import running_service

SMALL, LARGE = 40_000, 400_000
PROVINCES, AGENCIES = 31, 3_000
TODAY = date(2026, 11, 24)
ROSTER_OFFICERS = 5_000
"""With a certificate, a recorder and an assignment each: 20,000 rows."""
MOST_FROZEN_S, MOST_LIVE_S, MOST_PAST_S, MOST_IMPORT_S, MOST_SNAPSHOT_S = 0.05, 2.0, 3.0, 30.0, 60.0
MOST_SNAPSHOT_BYTES = 500 * 1024**2
READINGS = 5

FILL = """
INSERT INTO agency (id, code, name, level, parent_id, path)
  SELECT gen_random_uuid(), lpad(n::text, 2, '0'), '示范省 ' || n, 'province', top.id, top.path || lpad(n::text, 2, '0') || '/'
  FROM generate_series(10, 9 + %(provinces)s) n, (SELECT id, path FROM agency WHERE parent_id IS NULL) top;
INSERT INTO agency (id, code, name, level, parent_id, path)
  SELECT gen_random_uuid(), parent.code || lpad(n::text, 4, '0'), '示范机构 ' || n, 'county', parent.id,
    parent.path || parent.code || lpad(n::text, 4, '0') || '/'
  FROM generate_series(1, %(agencies)s) n JOIN agency parent ON parent.level = 'province' AND parent.code = (10 + n %% %(provinces)s)::text;
INSERT INTO agency_place (id, agency_id, parent_id, name, level, valid_from, recorded_at)
  SELECT gen_random_uuid(), id, parent_id, name, level, '1950-01-01', %(known)s FROM agency WHERE parent_id IS NOT NULL;
INSERT INTO officer (id, code, name) SELECT gen_random_uuid(), lpad(n::text, 7, '0'), '示范人员 ' || n FROM generate_series(1, %(officers)s) n;
CREATE TEMPORARY TABLE person AS
  SELECT officer.id, n, counties.ids[1 + n %% %(agencies)s] AS agency_id, gen_random_uuid() AS certificate_id, gen_random_uuid() AS recorder_id
  FROM generate_series(1, %(officers)s) n JOIN officer ON officer.code = lpad(n::text, 7, '0'),
    (SELECT array_agg(id ORDER BY code) AS ids FROM agency WHERE level = 'county') counties;
INSERT INTO officer_post (id, officer_id, agency_id, is_front_line, duty_state, valid_from, recorded_at)
  SELECT gen_random_uuid(), id, agency_id, n %% 20 <> 0, CASE n %% 33 WHEN 0 THEN 'retired' ELSE 'on_duty' END,
    date '2025-11-24' + n %% 90, %(known)s FROM person;
INSERT INTO certificate (id, number) SELECT certificate_id, 'C' || n FROM person;
INSERT INTO certificate_term (id, certificate_id, officer_id, valid_from, valid_until, recorded_at)
  SELECT gen_random_uuid(), certificate_id, id, '2024-01-01', '2028-12-31', %(known)s FROM person;
INSERT INTO certificate_status (id, certificate_id, state, since, reason, document_number, recorded_at)
  SELECT gen_random_uuid(), certificate_id, state, since, '示范', '1', %(known)s
  FROM person, (VALUES ('suspended', date '2026-03-01'), ('valid', date '2026-09-01')) changes (state, since) WHERE n %% 25 = 0;
INSERT INTO recorder (id, serial, model, agency_id, registered_at)
  SELECT recorder_id, 'N' || lpad(n::text, 7, '0'), 'M', agency_id, %(known)s FROM person;
INSERT INTO recorder_place (id, recorder_id, agency_id, valid_from, recorded_at)
  SELECT gen_random_uuid(), recorder_id, agency_id, '1950-01-01', %(known)s FROM person;
INSERT INTO recorder_status (id, recorder_id, state, since, recorded_at)
  SELECT gen_random_uuid(), recorder_id, state, since + n %% 300, %(known)s
  FROM person, (VALUES ('ordered', date '2025-11-24', 1), ('delivered', date '2025-12-20', 1), ('in_service', date '2026-01-10', 1),
    ('in_repair', date '2026-01-20', 4), ('in_service', date '2026-02-01', 5)) changes (state, since, every) WHERE n %% every = 0;
INSERT INTO assignment (id, recorder_id, officer_id, is_exclusive, valid_from, valid_until, recorded_at)
  SELECT gen_random_uuid(), recorder_id, id, true, date '2026-01-10' + n %% 300, CASE WHEN n %% 30 = 0 THEN date '2026-11-20' END, %(known)s
  FROM person WHERE n %% 12 <> 0;
INSERT INTO roster_change (id, recorded_at, made_by, origin, source_name, source_sha256, touches_from, added, superseded)
  SELECT gen_random_uuid(), %(known)s, 'bench', 'json', '', '', '2024-01-01', '{}', '{}';
ANALYZE;
"""


@dataclass(frozen=True)
class Times:
    """What one size costs, in seconds and bytes; the median of several readings where there are several."""

    frozen_s: float
    drill_s: float
    live_s: float
    past_s: float
    import_s: float
    snapshot_s: float
    snapshot_bytes: int


def measure_nation(say):
    """Print what a nation's coverage costs; gives the verdicts."""
    small, large = measure(SMALL), measure(LARGE)
    for what, value in vars(large).items():
        before = getattr(small, what)
        say(f"coverage, {what}: {value:.3g} at {LARGE:,} officers, {before:.3g} at {SMALL:,}; ratio {value / before:.1f} for 10 times as many")
    return [
        large.frozen_s <= MOST_FROZEN_S,
        large.drill_s <= MOST_FROZEN_S,
        large.live_s <= MOST_LIVE_S,
        large.past_s <= MOST_PAST_S,
        large.import_s <= MOST_IMPORT_S,
        large.snapshot_s <= MOST_SNAPSHOT_S,
        large.snapshot_bytes <= MOST_SNAPSHOT_BYTES,
    ]


def measure(officers):
    """Fill a ledger of its own and read it."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="bodycam-bench-coverage-")))
        database = running.enter_context(running.enter_context(running_postgresql(folder)).database())
        service = running.enter_context(running_service(folder, database, MemoryObjectStore()))
        fill(database, officers, known=service.clock.now() - timedelta(days=2))
        actor = service.people[Role.ADMINISTRATOR]
        begun = time.perf_counter()
        freeze_due(service.context)
        snapshot_s = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

        def live(day=None):
            as_of = parse_as_of(day, service.clock.now())
            return measure_coverage(service.context, actor=actor, as_of=as_of)

        def frozen(code=None):
            return read_frozen(service.context, actor=actor, agency_code=code)

        begun = time.perf_counter()
        roster = Roster.model_validate(make_roster())
        import_roster(service.context, roster, actor=actor, is_dry_run=True)
        import_roster(service.context, roster, actor=actor)
        import_s = time.perf_counter() - begun
        return Times(
            median_s(frozen),
            median_s(lambda: frozen("15")),
            median_s(live),
            median_s(lambda: live("2026-05-01")),
            import_s,
            snapshot_s / 2,
            peak,
        )


def fill(database, officers, *, known: datetime):
    """Write a nation's year of facts."""
    values = {"provinces": PROVINCES, "agencies": AGENCIES, "officers": officers, "known": known}
    with psycopg.connect(database.owner_url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as connection:
        for table in ONLY_SUPERSEDED:  # row by row they would take longer than everything that is measured
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        psycopg.ClientCursor(connection).execute(FILL, values)
        for table in ONLY_SUPERSEDED:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def make_roster():
    """A roster of 20,000 rows at agencies that are known."""
    officers = [
        {
            "code": f"X{number:06}",
            "name": f"示范人员 X{number:06}",
            "posts": [{"agency": "15", "valid_from": "2026-11-01"}],
            "certificates": [{"number": f"X{number}", "valid_from": "2026-11-01", "valid_until": "2029-12-31"}],
        }
        for number in range(ROSTER_OFFICERS)
    ]
    recorders = [
        {
            "serial": f"X{number:06}",
            "model": "M",
            "agency": "15",
            "changes": [{"state": "in_service", "since": "2026-11-01"}],
            "assignments": [{"officer": f"X{number:06}", "valid_from": "2026-11-01"}],
        }
        for number in range(ROSTER_OFFICERS)
    ]
    return {"officers": officers, "recorders": recorders}


def median_s(read):
    """The median time of one reading, in seconds, after one that is not counted."""
    read()
    taken = []
    for _ in range(READINGS):
        begun = time.perf_counter()
        read()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(0 if all(measure_nation(print)) else 1)
