"""Somebody with the database's passwords, the store's credentials and the files of a real installation: whatever they do is refused or named.

Column by column, on the same code: tests/integration/service/test_audit_log.py.
"""

import io
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import urllib3
from minio import Minio
from minio.error import S3Error

from service.appliance.configuration import read_environment, read_migration_url
from service.bootstrap import build_context
from service.custody.ask_witnesses import ask_witnesses, read_witnesses
from service.custody.export_log import export_log
from service.custody.prove_event import newest_checkpoint
from service.settings import Settings
from tests.appliances import TrialAppliance, clean_environment, wait_until
from tests.e2e.system import PROGRAM, System, free_port
from tests.integration.device_drivers.media import make_fat_image

CUSTODY = ("custody_event", "custody_leaf", "merkle_node", "checkpoint", "timestamp_receipt", "log_export", "log_key", "cosignature")
UNREADABLE = 3
"""Status of `bodycam verify` for what is no whole package."""
_SEALED_WITHIN_S = 60
_TABLE = [0] * 256
for _value in range(256):
    _remainder = _value
    for _ in range(8):
        _remainder = _remainder >> 1 ^ (0x82F63B78 if _remainder & 1 else 0)
    _TABLE[_value] = _remainder


class Attacker(System):
    """An installation, and everything its administrators hold."""

    def __init__(self, appliance, witness):
        super().__init__(appliance)
        self.witness = witness
        self.data = appliance.directory.root

    @property
    def environment(self):
        return read_environment(self.data)

    @contextmanager
    def database(self, *, as_owner=False):
        url = read_migration_url(self.data) if as_owner else self.environment["BODYCAM_DATABASE_URL"]
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            yield connection

    @contextmanager
    def context(self):
        """What the worker has, with a witness besides."""
        values = {name.removeprefix("BODYCAM_").lower(): value for name, value in self.environment.items()}
        witnesses = ({"key": self.witness.key, "url": f"http://127.0.0.1:{self.witness.port}"},)
        context = build_context(Settings(**values, witnesses=witnesses, outgoing_hosts=(f"127.0.0.1:{self.witness.port}",)))
        try:
            yield context
        finally:
            context.dispose()

    @property
    def store(self):
        keys = self.environment["BODYCAM_STORE_ACCESS_KEY"], self.environment["BODYCAM_STORE_SECRET_KEY"]
        return Minio(self.environment["BODYCAM_STORE_ENDPOINT"], *keys, secure=False, region="us-east-1", http_client=self.pool)

    @property
    def bucket(self):
        return self.environment["BODYCAM_STORE_BUCKET"]

    def run(self, *command):
        return subprocess.run([*PROGRAM, *map(str, command)], env=clean_environment(), capture_output=True, text=True, timeout=120, check=False)

    def audit(self, *options):
        """Faults that `bodycam audit-log` names."""
        done = self.run("audit-log", "--data", self.data, *options)
        faults = [line.removeprefix("FAULT  ") for line in done.stdout.splitlines() if line.startswith("FAULT  ")]
        assert (done.returncode, bool(faults)) in {(0, False), (1, True)}, done.stderr
        return faults

    def dock_and_seal(self, folder):
        """Dock a folder; its clips, once the log in the store covers them and the witness has signed."""
        docking = self.dock("--image", make_fat_image(folder.with_suffix(".img"), folder, size_bytes=64 * 1024**2))
        assert docking.code == 0, docking.errors
        clips = [file["clip_id"] for file in docking.files]
        wait_until(lambda: all(self.clip(clip)["state"] in {"sealed", "released"} for clip in clips), _SEALED_WITHIN_S)
        with self.context() as context:
            export_log(context)
            ask_witnesses(context)
        return clips

    def package(self, clip_id, path):
        """Hand one clip over as a package."""
        body = {"clip_ids": [clip_id], "recipient": "人民检察院", "purpose": "审查起诉"}
        answer = self.ask("POST", "/api/v1/evidence-packages", json=body, preload_content=False)
        assert answer.status == 200
        with path.open("wb") as file:
            shutil.copyfileobj(answer, file)
        return path

    def forget(self):
        """Have the store read from its files again, not from its memory."""
        self.wait_until_back("seaweedfs", self.kill("seaweedfs"))
        wait_until(self._reads, _SEALED_WITHIN_S)  # it answers before it can read

    def _reads(self):
        try:
            answer = self.store.get_object(self.bucket, f"clips/{self.clip_id}/manifest")
        except (S3Error, urllib3.exceptions.HTTPError):
            return False
        return bool(answer.read())

    def verify(self, package):
        """Exit status of `bodycam verify`, and what it says."""
        done = self.run("verify", package, "--log-key", self.appliance.ready()["log_key"], "--language", "en")
        return done.returncode, done.stdout

    @contextmanager
    def altered(self, table, alter, undo):
        """With the rights of the owner, and triggers out of the way; undone afterwards."""
        with self.database(as_owner=True) as connection:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            connection.execute(alter)
            try:
                yield
            finally:
                connection.execute(undo)
                connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_insert_only")


class RunningWitness:
    """`bodycam witness`, as somebody else would run it."""

    def __init__(self, folder, log_key):
        self.port = free_port()
        arguments = ("witness", "--state", folder, "--log", log_key, "--name", "witness.example/w1", "--port", str(self.port))
        self.process = subprocess.Popen(
            [*PROGRAM, *map(str, arguments)], env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.key = self.process.stdout.readline().strip()
        self.alarms = Path(folder) / "alarms.jsonl"
        wait_until(self._answers, 30)

    def _answers(self):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2).close()
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            return False
        return True

    def end(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def attacker(tmp_path_factory, footage):
    root = tmp_path_factory.mktemp("attacks")
    appliance = TrialAppliance(root / "data", free_port(), settings={"BODYCAM_REREAD_PERCENT": "0"})
    witness = None
    try:
        appliance.start()
        witness = RunningWitness(root / "witness", appliance.ready()["log_key"])
        made = Attacker(appliance, witness)
        card = root / "card" / "DCIM"
        card.mkdir(parents=True)
        shutil.copyfile(min(footage.values(), key=lambda file: Path(file).stat().st_size), card / "A.MP4")
        made.content = (card / "A.MP4").read_bytes()
        (made.clip_id,) = made.dock_and_seal(card.parent)
        yield made
    finally:
        if witness is not None:
            witness.end()
        appliance.end()


def test_nothing_is_named_before_anybody_did_anything(attacker, tmp_path):
    assert attacker.audit() == []
    assert attacker.verify(attacker.package(attacker.clip_id, tmp_path / "package.zip"))[0] == 0


@pytest.mark.parametrize("table", CUSTODY)
def test_with_the_applications_password_nothing_that_was_written_can_be_changed(attacker, table):
    with attacker.database() as connection:
        query = "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'"
        columns = [row[0] for row in connection.execute(query, [table])]
        attempts = (
            *(f"UPDATE {table} SET {column} = {column}" for column in columns),  # noqa: S608 - names of this test's own
            f"DELETE FROM {table}",  # noqa: S608 - names of this test's own
            f"TRUNCATE {table} CASCADE",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TABLE {table} CASCADE",
        )
        for attempt in attempts:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)


@pytest.mark.parametrize("table", CUSTODY[:-1])
def test_even_the_owner_meets_the_triggers_first(attacker, table):
    with attacker.database(as_owner=True) as connection:
        for attempt in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):  # noqa: S608 - names of this test's own
            with pytest.raises(psycopg.errors.RaiseException):
                connection.execute(attempt)


def test_an_event_slipped_in_with_the_applications_password_is_named(attacker):
    with attacker.database() as connection:
        slipped_in = connection.execute(
            "INSERT INTO custody_event (subject_kind, subject_id, subject_seq, action, at, canonical, leaf_hash) "
            "SELECT subject_kind, subject_id, subject_seq + 70, action, at, canonical, leaf_hash FROM custody_event LIMIT 1 RETURNING id"
        ).fetchone()[0]
    try:
        faults = attacker.audit()
    finally:
        with attacker.database(as_owner=True) as connection:
            connection.execute("ALTER TABLE custody_event DISABLE TRIGGER USER")
            connection.execute("DELETE FROM custody_event WHERE id = %s", [slipped_in])
            connection.execute("ALTER TABLE custody_event ENABLE ALWAYS TRIGGER custody_event_insert_only")

    assert any(fault.startswith(f"custody_event.subject_seq id={slipped_in}:") for fault in faults)


def test_an_event_altered_by_the_owner_is_named_by_the_audit_and_by_whoever_holds_a_package(attacker, tmp_path):
    where = f"subject_id = '{attacker.clip_id}' AND action = 'clip.stored'"
    swap = "UPDATE custody_event SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), '{}', '{}'), 'UTF8') WHERE {}"

    with attacker.altered("custody_event", swap.format('"dock"', '"d0ck"', where), swap.format('"d0ck"', '"dock"', where)):
        faults = attacker.audit()
        made = attacker.ask("POST", "/api/v1/evidence-packages", json={"clip_ids": [attacker.clip_id], "recipient": "x", "purpose": "x"})
        (tmp_path / "package.zip").write_bytes(made.data)
        status = attacker.verify(tmp_path / "package.zip")[0] if made.status == 200 else None

    assert any(fault.startswith("custody_event.canonical id=") for fault in faults)
    assert status in {None, 1, 3}


def test_a_clip_cannot_be_deleted_through_the_store_and_its_row_not_unnoticed(attacker):
    (version,) = (one for one in attacker.versions(attacker.clip_id) if not one.is_delete_marker)

    with pytest.raises(S3Error) as refused:
        attacker.store.remove_object(attacker.bucket, version.object_name, version_id=version.version_id)

    assert refused.value.code == "AccessDenied"
    with attacker.database(as_owner=True) as connection:
        connection.execute("ALTER TABLE clip DISABLE TRIGGER USER")
        true = connection.execute("SELECT sha256 FROM clip WHERE id = %s", [attacker.clip_id]).fetchone()[0]
        connection.execute("UPDATE clip SET sha256 = repeat('0', 64) WHERE id = %s", [attacker.clip_id])
        try:
            faults = attacker.audit()
        finally:
            connection.execute("UPDATE clip SET sha256 = %s WHERE id = %s", [true, attacker.clip_id])
            connection.execute("ALTER TABLE clip ENABLE TRIGGER USER")
    assert [fault.partition(":")[0] for fault in faults] == [f"clip.sha256 id={attacker.clip_id}"]


def test_a_delete_marker_or_other_bytes_laid_over_a_clip_change_nothing_of_what_is_played(attacker, tmp_path):
    key = f"clips/{attacker.clip_id}/original"
    attacker.store.put_object(attacker.bucket, key, io.BytesIO(b"other"), 5)
    attacker.store.remove_object(attacker.bucket, key)
    with pytest.raises(S3Error):
        attacker.store.stat_object(attacker.bucket, key)

    view = attacker.ask("POST", f"/api/v1/clips/{attacker.clip_id}/views", json={"purpose": "复核"})
    played = attacker.media(attacker.clip_id)

    assert (view.status, played.status, played.data == attacker.content) == (201, 200, True)
    assert attacker.verify(attacker.package(attacker.clip_id, tmp_path / "package.zip"))[0] == 0


@pytest.mark.parametrize("checksum", ["left", "mended"])
def test_bytes_swapped_below_the_store_never_go_out_as_a_package(attacker, tmp_path, checksum):
    file, place = find_on_disk(attacker.data / "seaweedfs", attacker.content)
    original = read_needle(file, place)
    try:
        swap_byte(file, place, is_mended=checksum == "mended")
        attacker.forget()

        # The store itself notices a wrong checksum; of one that was mended, the service notices. It breaks off before the end.
        with pytest.raises(urllib3.exceptions.ProtocolError):
            attacker.package(attacker.clip_id, tmp_path / "package.zip")

        assert attacker.verify(tmp_path / "package.zip")[0] == UNREADABLE
    finally:
        write_needle(file, place, original)
        attacker.forget()
    assert attacker.verify(attacker.package(attacker.clip_id, tmp_path / "whole.zip"))[0] == 0


def test_a_database_rolled_back_to_an_earlier_copy_is_named_by_the_audit_and_by_the_witness(attacker, footage, tmp_path):
    kept = tmp_path / "kept"
    with attacker.context() as context:
        earlier = newest_checkpoint(context).size
    attacker.appliance.end()
    copy_folder(attacker.appliance.directory.postgresql, tmp_path / "earlier")
    attacker.appliance.start()
    attacker.wait_until_ready()
    card = tmp_path / "card" / "DCIM"
    card.mkdir(parents=True)
    shutil.copyfile(min(footage.values()), card / "B.MP4")
    (card / "B.MP4").write_bytes((card / "B.MP4").read_bytes() + b"\0")
    attacker.dock_and_seal(card.parent)
    with attacker.context() as context:
        told = newest_checkpoint(context)
        kept.write_text(told.note)
    assert attacker.audit("--checkpoint", kept) == []

    attacker.appliance.end()
    shutil.rmtree(attacker.appliance.directory.postgresql)
    copy_folder(tmp_path / "earlier", attacker.appliance.directory.postgresql)
    attacker.appliance.start()
    attacker.wait_until_ready()

    faults = attacker.audit("--checkpoint", kept)
    assert any("exported log" in fault for fault in faults), faults
    assert any(fault.startswith(f"checkpoint size={told.size}:") and re.search("rolled back|rewritten", fault) for fault in faults), faults
    with attacker.context() as context:
        ask_witnesses(context)
        assert read_witnesses(context)[0].signed_size <= earlier
    assert re.search('"(rolled_back|forked)"', attacker.witness.alarms.read_text())


def copy_folder(source, target):
    """Copy a folder with owners and rights."""
    subprocess.run(["cp", "-a", source, target], check=True)


def find_on_disk(folder, content):
    """The volume file that holds these bytes, and where."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for file in folder.rglob("*.dat"):
            place = file.read_bytes().find(content)
            if place >= 0:
                return file, place
        time.sleep(1)
    raise AssertionError("the clip is in no volume file")


def read_needle(file, place):
    """The record of a volume file that holds an object, from its data on: data, then attributes, then the checksum."""
    with file.open("rb") as volume:
        volume.seek(place - 8)
        size = int.from_bytes(volume.read(4), "big")
        volume.seek(place)
        return volume.read(size)


def write_needle(file, place, record):
    with file.open("r+b") as volume:
        volume.seek(place)
        volume.write(record)


def swap_byte(file, place, *, is_mended):
    """Change a byte of the data, and mend the record's CRC-32C so that the store does not notice."""
    record = bytearray(read_needle(file, place))
    with file.open("rb") as volume:
        volume.seek(place - 4)
        length = int.from_bytes(volume.read(4), "big")
    record[length // 2] ^= 1
    write_needle(file, place, bytes(record))
    if is_mended:
        with file.open("r+b") as volume:
            volume.seek(place - 4 + len(record))
            volume.write(crc32c(record[:length]).to_bytes(4, "big"))


def crc32c(data):
    """Castagnoli's CRC (RFC 3720, appendix B.4)."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder = _TABLE[(remainder ^ byte) & 255] ^ remainder >> 8
    return remainder ^ 0xFFFFFFFF
