"""What keeps the log honest beyond its own database: time from elsewhere, witnesses, its export, its keys."""

import base64
import json
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import create_server

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa

from api.witness import create_witness_app
from evidence_store.object_store.memory import MemoryObjectStore
from evidence_store.repositories.custody import NewEvent
from integrity.checkpoint import open_checkpoint, verifier_key
from integrity.hashing import sha256_hex
from integrity.key_transition import open_transition, trusted_keys
from integrity.log_export import parse_stretch
from integrity.merkle import ConsistencyProof, append_leaves, leaf_hash, verify_consistency
from integrity.signing import Ed25519Signer
from integrity.witness import witness_key
from service.bootstrap import build_context
from service.custody.ask_witnesses import ask_witnesses, read_witnesses
from service.custody.change_key import change_log_key, verifier_key_of
from service.custody.errors import KeyRetiredError
from service.custody.export_log import export_log
from service.custody.prove_event import key_transitions, newest_checkpoint, prove_growth
from service.custody.seal_clips import seal_clips
from service.custody.stamp_elsewhere import read_time_elsewhere, stamp_elsewhere
from service.custody.timestamp_checkpoint import timestamp_checkpoint
from service.witness.co_sign import Witness
from service.witness.memory import WitnessMemory
from tests.builders import make_file
from tests.service_fixtures import StoppedClock, running_service
from tests.unit.integrity.test_timestamp import private_pem, rfc3161_encoding, variant

MADE_AT_FIRST = 5
"""Events of the first people, which the first seal takes along."""


def append(service, count=1):
    """So many events of as many subjects, sealed and stamped."""
    with service.context.unit_of_work() as work:
        events = [NewEvent(service.context.new_id(), "trial.made", {}) for _ in range(count)]
        work.custody.append_all("trial", events, actor=service.dock, at=service.clock.now())
    service.clock.advance(seconds=2)
    seal_clips(service.context)
    timestamp_checkpoint(service.context)


@contextmanager
def service_with(tmp_path, database, **settings):
    with running_service(tmp_path, database, MemoryObjectStore(), started_at=datetime.now(UTC), **settings) as made:
        yield made


# time from elsewhere


class OpensslAuthority(BaseHTTPRequestHandler):
    """A time-stamp authority that nobody here wrote: OpenSSL, behind a page of HTTP."""

    folder = None
    is_broken = False
    asked = 0

    def do_POST(self):
        type(self).asked += 1
        (self.folder / "request").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        command = [
            "openssl",
            "ts",
            "-reply",
            "-config",
            "openssl.cnf",
            "-queryfile",
            "request",
            "-signer",
            "tsa.pem",
            "-inkey",
            "key.pem",
            "-out",
            "response",
        ]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        body = (self.folder / "response").read_bytes()
        self.send_response(500 if self.is_broken else 200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def authority(tmp_path):
    folder = tmp_path / "tsa"
    folder.mkdir()
    key = rsa.generate_private_key(65537, 2048)
    made = variant(key=key)
    (folder / "root.pem").write_bytes(made.root_pem())
    (folder / "tsa.pem").write_bytes(made.certificate.public_bytes(rfc3161_encoding()))
    (folder / "key.pem").write_bytes(private_pem(key))
    (folder / "serial").write_text("0A")
    (folder / "openssl.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_digest=sha256\ndefault_policy=1.2.3.4\nother_policies=1.2.3.5\ndigests=sha256,sha512\n"
        "ess_cert_id_alg=sha256\n"
    )
    handler = type("Fresh", (OpensslAuthority,), {"folder": folder})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        handler.place = f"127.0.0.1:{server.server_port}"
        handler.settings = {"name": "openssl", "url": f"http://{handler.place}/", "roots": folder / "root.pem"}
        yield handler
        server.shutdown()
        thread.join()


def test_an_authority_elsewhere_stamps_the_newest_checkpoint_once(tmp_path, database, authority):
    with service_with(tmp_path, database, outgoing_hosts=(authority.place,), timestamp_authorities=(authority.settings,)) as service:
        append(service)
        waiting = read_time_elsewhere(service.context)
        stamp_elsewhere(service.context)
        stamp_elsewhere(service.context)

        assert waiting.oldest_unstamped_at is not None
        assert read_time_elsewhere(service.context).oldest_unstamped_at is None
        assert authority.asked == 1
        with service.context.unit_of_work() as work:
            assert {receipt.authority for receipt in work.log.receipts(1 + MADE_AT_FIRST)} == {"embedded", "openssl"}


def test_the_policy_and_digest_that_are_wanted_are_asked_for(tmp_path, database, authority):
    wanted = {**authority.settings, "policy": "1.2.3.5", "digest": "sha512"}
    with service_with(tmp_path, database, outgoing_hosts=(authority.place,), timestamp_authorities=(wanted,)) as service:
        append(service)
        stamp_elsewhere(service.context)

        assert read_time_elsewhere(service.context).oldest_unstamped_at is None


@pytest.mark.parametrize("trouble", ["error", "policy", "roots", "clock", "away"])
def test_an_authority_that_fails_delays_nothing_and_the_next_is_tried(tmp_path, database, authority, trouble):
    bad = {**authority.settings, "name": "bad"}
    hosts = [authority.place, "127.0.0.1:1"]
    if trouble == "error":
        authority.is_broken = True
    if trouble == "policy":
        bad["policy"] = "1.2.3.9"
    if trouble == "roots":
        (tmp_path / "other.pem").write_bytes(variant().root_pem())
        bad["roots"] = tmp_path / "other.pem"
    if trouble == "away":
        bad["url"] = "http://127.0.0.1:1/"
    with service_with(tmp_path, database, outgoing_hosts=tuple(hosts), timestamp_authorities=(bad, authority.settings)) as service:
        if trouble == "clock":
            service.clock.advance(hours=3)
        clip_id = service.dock_one(make_file("A.MP4", b"a"), b"a")
        stamp_elsewhere(service.context)

        assert service.clip(clip_id).state == "sealed"
        is_stamped = read_time_elsewhere(service.context).oldest_unstamped_at is None
        assert is_stamped == (trouble not in {"error", "clock"})


# witnesses


class TrialWitness:
    def __init__(self, folder, log_keys, clock=None):
        self.memory = WitnessMemory(folder)
        self.signer = self.memory.signer("witness.example/w1")
        self.clock = clock or StoppedClock()
        self.witness = Witness(self.signer, self.memory, log_keys, self.clock)

    @contextmanager
    def serving(self):
        with create_server(("127.0.0.1", 0)) as listening:
            self.place = f"127.0.0.1:{listening.getsockname()[1]}"
            server = uvicorn.Server(uvicorn.Config(create_witness_app(self.witness), log_config=None, access_log=False))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            while not server.started:
                time.sleep(0.01)
            try:
                yield self
            finally:
                server.should_exit = True
                thread.join()

    @property
    def settings(self):
        return {"outgoing_hosts": (self.place,), "witnesses": ({"key": witness_key(self.signer), "url": f"http://{self.place}"},)}

    @property
    def alarms(self):
        path = self.memory.folder / "alarms.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def witness(tmp_path):
    log_keys = {}
    with TrialWitness(tmp_path / "witness", log_keys).serving() as made:
        made.log_keys = log_keys
        yield made


def watched(service, witness):
    signer = service.context.log_signer
    witness.log_keys[signer.name] = [verifier_key(signer.name, signer.public_key)]


def test_a_witness_co_signs_a_log_that_grows(tmp_path, database, witness):
    with service_with(tmp_path, database, **witness.settings) as service:
        watched(service, witness)
        for count in (1, 5, 3):
            append(service, count)
            ask_witnesses(service.context)

        told = newest_checkpoint(service.context)
        opened = open_checkpoint(told.note, [told.log_key, witness_key(witness.signer)])
        assert [line.name for line in opened.signatures] == ["test.example/log", "witness.example/w1"]
        assert [(state.name, state.signed_size, state.behind) for state in read_witnesses(service.context)] == [
            ("witness.example/w1", 9 + MADE_AT_FIRST, 0)
        ]


def test_a_log_that_is_not_known_is_not_signed(tmp_path, database, witness, caplog):
    with service_with(tmp_path, database, **witness.settings) as service:
        append(service)
        ask_witnesses(service.context)

        assert read_witnesses(service.context)[0].behind == 1 + MADE_AT_FIRST
        assert "did not co-sign" in caplog.text


def test_a_log_that_was_rolled_back_is_refused_and_named_on_both_sides(tmp_path, database, module_database, witness, caplog):
    keys = tmp_path / "one"
    with service_with(keys, database, **witness.settings) as service:
        watched(service, witness)
        append(service, 7)
        ask_witnesses(service.context)
    with service_with(keys, module_database, **witness.settings) as rolled_back:  # the same log by its key, with less in it
        append(rolled_back, 4)
        ask_witnesses(rolled_back.context)

        assert "rolled back" in caplog.records[-1].reason
        assert [(alarm["verdict"], alarm["size"]) for alarm in witness.alarms] == [("rolled_back", 4 + MADE_AT_FIRST)]
        assert read_witnesses(rolled_back.context)[0].signed_size == 0


def test_a_log_that_was_forked_is_refused_and_its_note_kept(tmp_path, postgresql, witness):
    keys = tmp_path / "one"
    with postgresql.database() as database, service_with(keys, database, **witness.settings) as service:
        watched(service, witness)
        append(service, 3)
        ask_witnesses(service.context)
    with postgresql.database() as database, service_with(keys, database, **witness.settings) as forked:
        append(forked, 3)
        append(forked, 4)
        ask_witnesses(forked.context)

    (alarm,) = witness.alarms
    assert (alarm["verdict"], alarm["size"]) == ("forked", 7 + MADE_AT_FIRST)
    assert open_checkpoint(alarm["note"], witness.log_keys["test.example/log"]).checkpoint.size == 7 + MADE_AT_FIRST


def test_a_service_that_forgot_what_was_signed_goes_on_from_there(tmp_path, database, witness):
    with service_with(tmp_path, database, **witness.settings) as service:
        watched(service, witness)
        append(service, 2)
        ask_witnesses(service.context)
        other = TrialWitness(tmp_path / "other", witness.log_keys)
        (other.memory.folder / "witness.key").write_bytes((witness.memory.folder / "witness.key").read_bytes())
        append(service, 2)
        with service.context.unit_of_work() as work:
            seen = work.log.checkpoint(4 + MADE_AT_FIRST)
        witness.memory.remember("test.example/log", type(witness.memory.seen("x"))(4 + MADE_AT_FIRST, seen.root), seen.note)
        append(service, 1)
        ask_witnesses(service.context)

        assert read_witnesses(service.context)[0].signed_size == 5 + MADE_AT_FIRST


def test_a_damaged_memory_signs_nothing(tmp_path, database, witness):
    with service_with(tmp_path, database, **witness.settings) as service:
        watched(service, witness)
        append(service)
        ask_witnesses(service.context)
        (record,) = witness.memory.folder.glob("log-*.json")
        record.write_text("{")
        append(service)
        ask_witnesses(service.context)

        assert read_witnesses(service.context)[0].signed_size == 1 + MADE_AT_FIRST


# the log in the store, and its keys


def exported(service):
    with service.context.unit_of_work() as work:
        newest = work.log.newest_export()
    stretches, first = [], 0
    while newest is not None and first < newest.size:
        key = f"log/{first:015d}.jsonl"
        (version,) = service.context.objects.list_versions(key)
        data = b"".join(service.context.objects.read(key, version.version_id))
        stretches.append((data, parse_stretch(data), service.context.objects.retention(key, version.version_id)))
        first = stretches[-1][1].size
    return stretches


def test_the_whole_log_lies_in_the_store_locked_and_gives_every_signed_root(service, monkeypatch):
    monkeypatch.setattr("service.custody.export_log.MOST_EVENTS", 4)
    for count in (3, 6, 1):
        append(service, count)
    export_log(service.context)
    export_log(service.context)

    nodes, size, previous = {}, 0, None
    for data, stretch, lock in exported(service):
        assert (stretch.first_index, stretch.previous_sha256) == (size, previous)
        assert lock.until > service.clock.now() + timedelta(days=3_600)
        roots = {}
        for event in stretch.events:
            fresh, root = append_leaves(lambda *place, kept=nodes: kept[place], size, [leaf_hash(event)])
            nodes.update({(node.level, node.index): node.hash for node in fresh})
            size += 1
            roots[size] = root
        for line in stretch.checkpoints:
            checkpoint = open_checkpoint(line.checkpoint, [verifier_key_of(service.context.log_signer)]).checkpoint
            assert checkpoint.root == roots[checkpoint.size]
            assert base64.b64decode(line.token)
        previous = sha256_hex(data)
    assert size == 10 + MADE_AT_FIRST


def test_what_no_stamped_checkpoint_covers_is_not_exported(service):
    append(service, 2)
    with service.context.unit_of_work() as work:
        work.custody.append("trial", service.context.new_id(), "trial.made", actor=service.dock, at=service.clock.now())
    service.clock.advance(seconds=2)
    seal_clips(service.context)
    export_log(service.context)

    assert [stretch.size for _, stretch, _ in exported(service)] == [2 + MADE_AT_FIRST]


def test_the_log_is_proved_to_have_only_grown(service):
    append(service, 3)
    first = newest_checkpoint(service.context)
    append(service, 6)
    second = newest_checkpoint(service.context)

    proof = prove_growth(service.context, first.size, second.size)

    roots = [open_checkpoint(one.note, [one.log_key]).checkpoint.root for one in (first, second)]
    verify_consistency(ConsistencyProof(proof.first_size, proof.second_size, proof.path), first_root=roots[0], second_root=roots[1])


def test_after_a_change_of_keys_only_the_new_one_signs_and_trust_leads_to_it(tmp_path, service):
    append(service, 3)
    old_key = verifier_key_of(service.context.log_signer)
    new = Ed25519Signer.generate(service.context.log_signer.name)

    note = change_log_key(service.context, new, actor=service.administrator)

    with pytest.raises(KeyRetiredError):
        append(service)
    changed = build_context(service.context.settings, clock=service.clock, objects=service.context.objects)
    object.__setattr__(changed, "log_signer", new)
    service.context, before = changed, service.context
    service.clock.advance(seconds=2)
    seal_clips(service.context)
    timestamp_checkpoint(service.context)
    told = newest_checkpoint(service.context)
    assert open_transition(note).size == 3 + MADE_AT_FIRST
    assert trusted_keys(old_key, key_transitions(service.context)) == [(old_key, 3 + MADE_AT_FIRST), (verifier_key_of(new), -1)]
    assert open_checkpoint(told.note, [verifier_key_of(new)]).checkpoint.size == 5 + MADE_AT_FIRST
    with pytest.raises(KeyRetiredError):
        change_log_key(before, Ed25519Signer.generate(new.name), actor=service.administrator)
    changed.dispose()
