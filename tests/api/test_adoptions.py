"""Adopting a recorder over HTTP."""

from dataclasses import replace

from evidence_store.actor import Role
from tests.builders import IDENTITY


def test_a_recorder_is_adopted_once_listed_and_ended(api):
    api.service.register("ZF00042")
    session_id = api.service.open(replace(IDENTITY, serial=None))
    request = {"recorder": "ZF00042", "reason": "铭牌"}

    made = api.ask("POST", f"/api/v1/dock-sessions/{session_id}/adoption", json=request, role=Role.ADMINISTRATOR)
    again = api.ask("POST", f"/api/v1/dock-sessions/{session_id}/adoption", json=request, role=Role.ADMINISTRATOR)
    (item,) = api.ask("GET", "/api/v1/adoptions", role=Role.ADMINISTRATOR).json()["items"]
    ended = api.ask("POST", f"/api/v1/adoptions/{item['id']}/end", json={"reason": "认错"}, role=Role.ADMINISTRATOR)

    assert (made.status_code, again.status_code, ended.status_code) == (201, 409, 204)
    assert again.json()["type"] == "/problems/medium-adopted"
    assert (item["id"], item["recorder"]) == (made.json()["id"], "ZF00042")
    assert api.ask("GET", "/api/v1/adoptions", role=Role.ADMINISTRATOR).json()["items"] == []
