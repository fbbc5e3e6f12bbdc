"""Claiming a clip on the pages."""

import secrets
from dataclasses import replace

import pytest

from service.accounts.first_people import TOP_CODE
from service.language import Language
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from tests.builders import IDENTITY, make_file


@pytest.fixture
def nobodys(visitor):
    """A clip of nobody, and the number of an officer."""
    code = secrets.token_hex(3)
    post = {"agency": TOP_CODE, "valid_from": "2024-01-01"}
    roster = {"officers": [{"code": code, "name": "示范人员 0001", "posts": [post]}]}
    import_roster(visitor.service.context, Roster.model_validate(roster), actor=visitor.service.administrator)
    identity = replace(IDENTITY, officer_code=None)
    (file,) = visitor.service.announce(visitor.service.open(identity), make_file(f"DCIM/{code}.MP4"), identity=identity)
    return file.clip_id, code


@pytest.mark.parametrize("language", Language)
def test_an_administrator_claims_for_an_officer_from_the_list(administrator, nobodys, language):
    administrator.client.cookies.set("bodycam_language", language)
    clip_id, code = nobodys
    assert f'action="/clips/{clip_id}/claim"' in administrator.get("/unassigned").text
    assert f'action="/clips/{clip_id}/claim"' in administrator.get(f"/clips/{clip_id}").text

    answer = administrator.post(f"/clips/{clip_id}/claim", {"officer": code, "reason": "当日佩戴"})

    page = administrator.get(answer.headers["location"]).text
    assert "/claim" not in page
    assert "当日佩戴" in page
    assert f"/clips/{clip_id}/claim" not in administrator.get("/unassigned").text


def test_a_reviewer_sees_no_form(reviewer, nobodys):
    assert "/claim" not in reviewer.get(f"/clips/{nobodys[0]}").text
    assert reviewer.get("/unassigned").status_code == 403
