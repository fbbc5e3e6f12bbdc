"""Part of `make bench`: what the custody log costs at 10,000 and at 1,000,000 events, on the embedded PostgreSQL (docs/benchmarks.md)."""

import secrets
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import psycopg

from evidence_store.actor import Actor, ActorKind, Scope
from evidence_store.object_store.memory import MemoryObjectStore
from evidence_store.repositories.custody import NewEvent, event_row
from integrity.checkpoint import Checkpoint, sign_checkpoint
from integrity.merkle import append_leaves, leaf_hash
from service.custody.prove_event import prove_event
from service.custody.seal_clips import seal_clips
from service.custody.timestamp_checkpoint import timestamp_checkpoint
from tests.conftest import running_postgresql
from tests.service_fixtures import running_service

SMALL, LARGE = 10_000, 1_000_000
AT_ONCE = 500
"""Events of one transaction, as a listing of so many files makes them."""
BATCHES = 40
MOST_GROWTH = 1.2
LEAST_PER_S = 2_000
MOST_HASHES, MOST_PROOF_CPU_S = 21, 0.001
PROOFS = 400


def measure_log(say):
    """Print what the log costs; gives the verdicts."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="bodycam-bench-log-")))
        database = running.enter_context(running.enter_context(running_postgresql(folder)).database())
        service = running.enter_context(running_service(folder, database, MemoryObjectStore()))
        fill(service, database, SMALL)
        small_s = append(service)
        fill(service, database, LARGE)
        large_s = append(service)
        hashes, cpu_s = prove(service)
    growth, per_s = large_s / small_s, AT_ONCE / large_s
    times = f"{AT_ONCE} events {small_s * 1000:.0f} ms at {SMALL:,} and {large_s * 1000:.0f} ms at {LARGE:,}"
    say(f"custody log: {times}, ratio {growth:.2f} (at most {MOST_GROWTH}); {per_s:.0f} events a second (at least {LEAST_PER_S})")
    say(f"custody log: proofs of {hashes} hashes (at most {MOST_HASHES}) take {cpu_s * 1000:.2f} ms of CPU (at most {MOST_PROOF_CPU_S * 1000:.0f})")
    return [growth <= MOST_GROWTH, per_s >= LEAST_PER_S, hashes <= MOST_HASHES, cpu_s <= MOST_PROOF_CPU_S]


def append(service):
    """Append, seal and stamp batches; the median time of one, in seconds."""
    taken = []
    for _ in range(BATCHES):
        begun = time.perf_counter()
        with service.context.unit_of_work() as work:
            events = [NewEvent(service.context.new_id(), "trial.made", {"file": secrets.token_hex(100)}) for _ in range(AT_ONCE)]
            work.custody.append_all("trial", events, actor=service.dock, at=service.clock.now())
        service.clock.advance(seconds=2)
        seal_clips(service.context)
        timestamp_checkpoint(service.context)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def prove(service):
    """Prove events all over the log; the most hashes of a proof, and the CPU seconds of one."""
    with service.context.unit_of_work() as work:
        size = work.log.newest_stamped()[0].size
    places = [secrets.randbelow(size) for _ in range(PROOFS)]
    prove_event(service.context, places[0], size=size)
    begun = time.process_time()
    proofs = [prove_event(service.context, place, size=size) for place in places]
    return max(len(proof.path) for proof in proofs), (time.process_time() - begun) / PROOFS


def fill(service, database, size):
    """Let the log have so many events, as if they had been appended one after another: rows by COPY, the tree as the sequencer makes it."""
    actor = Actor(ActorKind.WORKER, "bench", "bench", None, None, Scope("/"))
    with psycopg.connect(database.owner_url.replace("postgresql+psycopg", "postgresql")) as connection:
        first_id, count = connection.execute("SELECT coalesce(max(id), 0) + 1, (SELECT count(*) FROM custody_leaf) FROM custody_event").fetchone()
        nodes = {(level, index): hash_ for level, index, hash_ in connection.execute("SELECT level, node_index, hash FROM merkle_node")}
        rows = [
            event_row("trial", NewEvent(UUID(int=secrets.randbits(128)), "trial.made", {}), None, actor=actor, at=service.clock.now())
            for _ in range(size - count)
        ]
        fresh, root = append_leaves(lambda level, index: nodes[level, index], count, [leaf_hash(row["canonical"]) for row in rows])
        names = ("subject_kind", "subject_id", "subject_seq", "action", "at", "canonical", "leaf_hash")
        with connection.cursor().copy(f"COPY custody_event (id, {', '.join(names)}) FROM STDIN") as copy:
            for number, row in enumerate(rows):
                copy.write_row((first_id + number, *(row[name] for name in names)))
        with connection.cursor().copy("COPY custody_leaf (leaf_index, event_id) FROM STDIN") as copy:
            for number in range(len(rows)):
                copy.write_row((count + number, first_id + number))
        with connection.cursor().copy("COPY merkle_node (level, node_index, hash) FROM STDIN") as copy:
            for node in fresh:
                copy.write_row((node.level, node.index, node.hash))
        note = sign_checkpoint(Checkpoint(service.context.log_signer.name, size, root), service.context.log_signer)
        connection.execute("INSERT INTO checkpoint (size, root, note, signed_at) VALUES (%s, %s, %s, %s)", (size, root, note, service.clock.now()))
        connection.execute("SELECT setval(pg_get_serial_sequence('custody_event', 'id'), %s)", (first_id + len(rows),))
    with psycopg.connect(database.owner_url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    sys.exit(0 if all(measure_log(print)) else 1)
