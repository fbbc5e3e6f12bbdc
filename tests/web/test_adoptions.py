"""Adopting a recorder from its tile."""

import secrets
from dataclasses import replace

import pytest

from evidence_store.actor import Role
from service.language import Language
from tests.builders import IDENTITY


@pytest.fixture
def nameless(visitor):
    """A session of a recorder that names no identity."""
    serial = f"ZF{secrets.token_hex(4)}"
    visitor.service.register(serial)
    return visitor.service.open(replace(IDENTITY, serial="0123456789ABCDEF", volume_id=secrets.token_hex(4))), serial


def test_the_button_is_on_the_tile_for_administrators_alone(administrator, nameless):
    session_id, _ = nameless

    assert f'href="/adoptions?session={session_id}"' in administrator.get("/board").text
    administrator.enter(Role.REVIEWER)
    assert "/adoptions" not in administrator.get("/board").text
    assert administrator.get("/adoptions").status_code == 403


@pytest.mark.parametrize("language", Language)
def test_a_recorder_is_adopted_by_the_form_and_the_adoption_ended(administrator, nameless, language):
    administrator.client.cookies.set("bodycam_language", language)
    session_id, serial = nameless
    assert f'value="{session_id}"' in administrator.get(f"/adoptions?session={session_id}").text

    answer = administrator.post("/adoptions", {"session": session_id, "recorder": serial, "reason": "<i>铭牌</i>"})

    page = administrator.get(answer.headers["location"]).text
    assert serial in page
    assert "&lt;i&gt;铭牌&lt;/i&gt;" in page
    (adoption_id,) = (row.id for row, recorder in _lasting(administrator) if recorder.serial == serial)
    administrator.post(f"/adoptions/{adoption_id}/end", {"reason": "认错"})
    assert serial not in administrator.get("/adoptions").text


def _lasting(visitor):
    with visitor.service.context.unit_of_work() as work:
        return work.adoptions.lasting(visitor.service.administrator.scope)
