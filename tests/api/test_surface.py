import pytest

from evidence_store.actor import Role
from service.safekeeping.probe_lock import probe_lock


def test_ready_means_database_store_lock_and_log(api):
    before = api.client.get("/readyz")
    probe_lock(api.service.context)
    after = api.client.get("/readyz")

    assert (before.status_code, before.json()["parts"]["lock"]["well"]) == (503, False)
    assert (after.status_code, set(after.json()["parts"])) == (200, {"database", "store", "lock", "log"})


def test_a_lock_proof_of_last_week_is_none(api):
    probe_lock(api.service.context)
    api.service.clock.advance(days=7)

    assert api.client.get("/readyz").status_code == 503


def test_metrics_are_told_in_the_prometheus_format(api, clip_id):
    text = api.client.get("/metrics").text

    assert 'bodycam_clips{state="sealed"} 1.0' in text.splitlines()
    assert "# TYPE bodycam_log_size gauge" in text.splitlines()


def test_every_answer_carries_the_headers_that_protect_it(api):
    for path in ("/healthz", "/api/v1/clips", "/nowhere"):
        headers = api.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_a_body_that_is_too_long_is_refused_unread(api):
    answer = api.client.post("/api/v1/tokens", content=b"", headers={"Content-Length": str(10**9)})

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/content-too-large")


def test_the_surface_is_described(api):
    paths = api.client.get("/openapi.json").json()["paths"]

    assert {"/api/v1/tokens", "/api/v1/clips", "/api/v1/clips/{clip_id}/media", "/api/v1/coverage", "/api/v1/cases"} <= set(paths)


@pytest.mark.parametrize(("as_of", "status"), [("2026-12-31", 200), ("2026-12-31T16:00:00Z", 200), ("2026-12-31T16:00:00", 422), ("soon", 422)])
def test_as_of_is_a_date_or_an_instant_with_offset(api, as_of, status):
    answer = api.ask("GET", "/api/v1/coverage", params={"as_of": as_of}, role=Role.ADMINISTRATOR)

    assert answer.status_code == status


def test_a_rate_over_nobody_is_null(api):
    answer = api.ask("GET", "/api/v1/coverage").json()

    assert (answer["numerator"], answer["denominator"], answer["rate"], answer["gap"]) == (0, 0, None, [])
    assert answer["method"] == "bodycam-coverage/1"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/cases?text=%00", None),
        ("GET", "/api/v1/clips?officer=%00", None),
        ("GET", "/api/v1/clips?agency=%00", None),
        ("GET", "/api/v1/coverage?agency=%00", None),
        ("GET", "/api/v1/log/checkpoints/99999999999999999999999/proofs/0", None),
        ("POST", "/api/v1/cases", {"number": "a\0b", "title": "x"}),
        ("POST", "/api/v1/tokens", {"username": "a\0b", "password": "x"}),
    ],
)
def test_a_value_that_no_database_keeps_is_the_askers_fault(api, method, path, body):
    answer = api.ask(method, path, json=body)

    assert answer.status_code == 422
    assert answer.json()["type"] in {"/problems/unstorable-value", "/problems/unacceptable-value", "/problems/invalid-request"}


def test_a_dock_that_sends_a_nul_is_told_so(api):
    headers = {"Authorization": "Bearer dock-token-for-tests", "Bodycam-Dock-Protocol": "1"}
    body = {"slot": "1\0", "software": "test", "identity": {"family": "mass-storage"}, "clock": None}
    path = "/api/v1/dock/sessions/3f2b8f0e-54c5-4f7e-9a53-0f0a6c1d2e3f"

    assert api.client.put(path, json=body, headers=headers).json()["type"] == "/problems/unstorable-value"
    body = {**body, "slot": "1", "identity": {"family": "mass-storage", "serial": "Z\0"}}
    assert api.client.put(path, json=body, headers=headers).status_code == 422
