"""The database of a real installation is destroyed, made again from its store, and is the same; then the service goes on with it."""

import contextlib
import json
import shutil
import subprocess
import urllib.parse

import psycopg
import pytest
from psycopg import sql

from evidence_store.embedded.ports import keep_ports
from evidence_store.embedded.postgresql import APPLICATION_ROLE, OWNER_ROLE, PostgresqlPasswords, PostgresqlServer
from evidence_store.migrations.upgrade import upgrade
from tests.appliances import STOPPED_WITHIN_S, TrialAppliance, clean_environment, wait_until
from tests.conftest import _running
from tests.e2e.cards import Card
from tests.e2e.system import PROGRAM, System, free_port
from tests.integration.device_drivers.media import make_fat_image

SAME = "0 differences beside declared caches"


def bodycam(*arguments):
    return subprocess.run((*PROGRAM, *map(str, arguments)), env=clean_environment(), capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def card(tmp_path_factory, footage):
    place = tmp_path_factory.mktemp("rebuild-card")
    source = place / "source"
    source.mkdir()
    for name, file in footage.items():
        shutil.copyfile(file, source / name.upper())
    (source / Card.IDENTITY_FILE).write_bytes(Card.identity("TRIAL000"))
    return Card(make_fat_image(place / "card.img", source), source)


@pytest.fixture(scope="module")
def installation(tmp_path_factory, card):
    """An installation of its own in which a card was docked, a clip viewed and linked to a case; the log lies in the store."""
    appliance = TrialAppliance(tmp_path_factory.mktemp("rebuild") / "data", free_port(), settings={"BODYCAM_REREAD_PERCENT": "0"})
    try:
        appliance.start()
        system = System(appliance)
        card.become_another()
        system.register(card.serial, "000001")
        docking = system.dock("--image", card.image)
        assert docking.code == 0, docking.errors
        system.clip_ids = {file["path"]: file["clip_id"] for file in docking.files}
        (clip_id, *_) = system.clip_ids.values()
        case = system.ask("POST", "/api/v1/cases", json={"number": "2026-1", "title": "某案"}).json()
        assert system.ask("PUT", f"/api/v1/cases/{case['id']}/clips/{clip_id}", json={"purpose": "证据"}).status == 204
        assert system.ask("POST", f"/api/v1/clips/{clip_id}/views", json={"purpose": "核对"}).status == 201
        wait_until(lambda: is_settled(system, len(system.clip_ids)), 120)
        yield system
    finally:
        appliance.end()


def is_settled(system, clips):
    """Whether everything is sealed and the whole log lies in the store."""
    lines = system.pool.request("GET", f"{system.url}/metrics").data.decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    is_exported = figures["bodycam_log_exported_size"] == figures["bodycam_log_size"]
    return is_exported and float(figures["bodycam_log_pending_events"]) == 0 and float(figures.get('bodycam_clips{state="sealed"}', 0)) == clips


def servers_of(appliance, directory=None, port=None):
    drawn = json.loads(appliance.directory.secrets.read_text())
    passwords = PostgresqlPasswords(drawn["superuser"], drawn["owner"], drawn["application"])
    return PostgresqlServer(directory or appliance.directory.postgresql, port or appliance.ports()["postgresql"], passwords)


@contextlib.contextmanager
def the_lost_one(appliance, kept, place):
    """Run what is left of the lost database, elsewhere; gives its URL."""
    server = servers_of(appliance, kept, keep_ports(place / "lost.json", ["postgresql"])["postgresql"])
    with _running(server, place / "lost.log"):
        yield server.application_url


def told(clip):
    """What a rebuild brings back of a clip as the API tells it; the officer's name comes with the next roster."""
    return [clip[name] for name in ("state", "sha256", "sm3", "recorded_at", "size_bytes")] + [clip["officer"]["code"]]


def test_a_drill_beside_the_running_service_finds_no_difference(installation):
    server = servers_of(installation.appliance)
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE drill OWNER {}").format(sql.Identifier(OWNER_ROLE)))
    into = urllib.parse.urlsplit(server.application_url)._replace(path="/drill").geturl()
    upgrade(urllib.parse.urlsplit(server.owner_url)._replace(path="/drill").geturl(), APPLICATION_ROLE)

    done = bodycam("rebuild", "--from-store", "--compare", "--data", installation.appliance.directory.root, "--into", into)
    again = bodycam("rebuild", "--from-store", "--data", installation.appliance.directory.root, "--into", into)

    assert done.returncode == 0, done.stdout + done.stderr
    assert SAME in done.stdout
    assert again.returncode == 1
    assert "holds custody_event already" in again.stderr


def test_a_destroyed_database_is_made_again_and_the_service_goes_on(installation, card, tmp_path):
    appliance, data = installation.appliance, installation.appliance.directory.root
    before = {clip_id: installation.clip(clip_id) for clip_id in installation.clip_ids.values()}
    appliance.stop()
    kept = tmp_path / "kept"
    subprocess.run(("cp", "-a", appliance.directory.postgresql, kept), check=True)
    shutil.rmtree(appliance.directory.postgresql)

    refused = subprocess.run(
        appliance.command(),
        env={**clean_environment(), **appliance.settings},
        capture_output=True,
        text=True,
        timeout=120 + STOPPED_WITHIN_S,
        check=False,
    )
    rebuilt = bodycam("rebuild", "--from-store", "--data", data)
    with the_lost_one(appliance, kept, tmp_path) as lost:
        compared = bodycam("rebuild", "--compare", "--data", data, "--into", lost)

    assert refused.returncode == 1
    assert "bodycam rebuild --from-store" in refused.stdout + refused.stderr
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert "NOT ACCEPTED" not in rebuilt.stdout
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert SAME in compared.stdout
    appliance.start()
    again = System(appliance)
    for clip_id, known in before.items():
        assert told(again.clip(clip_id)) == told(known)
    path = next(path for path in installation.clip_ids if path != Card.IDENTITY_FILE)
    assert again.media(installation.clip_ids[path]).data == (card.source / path).read_bytes()
    docking = again.dock("--image", card.image)
    assert {file["clip_id"] for file in docking.files} == set(before)
    assert bodycam("audit-log", "--data", data).returncode == 0
    found = bodycam("reconcile", "--data", data)
    assert found.returncode == 0, found.stdout
    assert f"{len(before)} clips" in found.stdout
    read = bodycam("fixity", "--data", data, "--percent", "100")
    assert read.returncode == 0, read.stdout
    assert f"{len(before)} clips, " in read.stdout
