"""A province and a ministry, each a whole installation, exchange reports of coverage over loopback."""

import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import date
from unittest.mock import patch

import pytest

from evidence_store.models import SnapshotEdition
from service.bootstrap import build_context
from service.cli.opening import settings_of
from service.coverage.freeze import WantedEdition, freeze
from service.coverage.measure import cut_off, known_now
from service.coverage_reports.send_reports import send_reports
from service.custody.seal_clips import seal_clips
from tests.appliances import TrialAppliance, clean_environment, wait_until
from tests.e2e.system import System, free_port

TOKEN = "a token of sixteen characters or more"
DAY = date(2026, 10, 31)
ARRIVES_WITHIN_S = 120
PATH = "/api/v1/coverage/reports"
OFFICERS = [
    {
        "code": f"{number:06}",
        "name": f"示范人员 {number}",
        "posts": [{"agency": "01", "valid_from": "2024-01-01"}],
        "certificates": [{"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2029-12-31"}],
    }
    for number in (1, 2)
]
RECORDER = {
    "serial": "ZF00001",
    "agency": "01",
    "changes": [{"state": "in_service", "since": "2024-03-01"}],
    "assignments": [{"officer": "000001", "valid_from": "2024-03-01"}],
}
PROVINCE = {"agencies": [{"code": "01", "name": "示范市", "level": "city"}], "officers": OFFICERS, "recorders": [RECORDER]}
MINISTRY = {"agencies": [{"code": "44", "name": "示范省", "level": "province"}]}


@contextmanager
def started(data, port, settings):
    appliance = TrialAppliance(data, port, settings=settings)
    try:
        appliance.start()
        yield System(appliance)
    finally:
        appliance.end()


@pytest.fixture(scope="module")
def levels(tmp_path_factory):
    """A province that reports to a ministry, which knows it by its key and token."""
    folder = tmp_path_factory.mktemp("levels")
    (folder / "token").write_text(TOKEN)
    port = free_port()
    told = {"url": f"http://127.0.0.1:{port}{PATH}", "token_file": str(folder / "token"), "agency": "44"}
    reporting = {"BODYCAM_REPORT_TO": json.dumps(told), "BODYCAM_OUTGOING_HOSTS": json.dumps([f"127.0.0.1:{port}"])}
    with started(folder / "province", free_port(), reporting) as province:
        key = province.get("/api/v1/log/keys")["log_key"]
        reporter = {"name": "示范省", "agency": "44", "key": key, "token": TOKEN}
        with started(folder / "ministry", port, {"BODYCAM_REPORTERS": json.dumps([reporter])}) as ministry:
            take(province, PROVINCE)
            take(ministry, MINISTRY)
            yield province, ministry, key


def take(level, roster):
    answer = level.ask("POST", "/api/v1/roster/imports", role="administrator", json=roster)
    assert answer.status == 200, answer.data


@contextmanager
def context_of(level):
    """The services of a running installation, as its worker has them."""
    with patch.dict("os.environ", clean_environment(), clear=True):
        context = build_context(settings_of(level.appliance.directory.root))
    try:
        yield context
    finally:
        context.dispose()


def freeze_as(level, edition):
    """Freeze an edition of the day now, and let the worker seal and report it; what was known at the cut-off, months ago, is nothing."""
    with context_of(level) as context:
        with context.unit_of_work() as work:
            top = work.agencies.top()
            editions = work.snapshots.editions(top.id, DAY)
            known = known_now(context, work)
        is_first = edition is SnapshotEdition.FIRST
        snapshot = freeze(context, WantedEdition(DAY, edition, cut_off(DAY) if is_first else known, None if is_first else editions[-1]))
        with context.unit_of_work() as work:
            work.jobs.defer(seal_clips)
            work.jobs.defer(send_reports, delay_s=5)
    return snapshot


def reports(level):
    return level.get(PATH, role="administrator")


def wait_for(ministry, count):
    wait_until(lambda: len(reports(ministry)["received"]) >= count, ARRIVES_WITHIN_S)
    return reports(ministry)["received"]


def verify(document, key, folder):
    (folder / "report.json").write_bytes(document)
    command = [sys.executable, "-P", "-m", "service.cli.main", "coverage", "verify", str(folder / "report.json"), "--key", key]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=clean_environment())


def post(ministry, document):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/octet-stream"}
    return ministry.pool.request("POST", f"{ministry.url}{PATH}", body=document, headers=headers)


def test_two_levels_exchange_reports_a_tampered_one_is_refused_and_a_restatement_replaces(levels, tmp_path):
    province, ministry, key = levels

    freeze_as(province, SnapshotEdition.FIRST)
    (first,) = wait_for(ministry, 1)
    document = province.ask("GET", f"{PATH}/{first['report_id']}", role="administrator").data
    refused = post(ministry, document.replace(b'"numerator":0', b'"numerator":1'))
    freeze_as(province, SnapshotEdition.RESTATED)
    newest, before = wait_for(ministry, 2)
    wait_until(lambda: reports(province)["sent"][0]["delivered_at"] is not None, ARRIVES_WITHIN_S)
    restated = ministry.ask("GET", f"{PATH}/{newest['report_id']}", role="administrator").data

    assert (first["numerator"], first["denominator"], first["faults"]) == (0, 0, [])
    assert (refused.status, refused.json()["type"]) == (422, "/problems/coverage-report-signature")
    assert (newest["edition"], newest["numerator"], newest["denominator"], newest["faults"]) == ("restated", 1, 2, [])
    assert (newest["replaces"], before["is_replaced"], len(reports(ministry)["received"])) == (first["report_id"], True, 2)
    assert (post(ministry, restated).status, len(reports(ministry)["received"])) == (200, 2)
    good, forged = verify(restated, key, tmp_path), verify(restated.replace(b'"numerator":1', b'"numerator":2'), key, tmp_path)
    assert (good.returncode, forged.returncode) == (0, 3), (good.stderr, forged.stderr)
    assert "1 of 2" in good.stdout
