"""What an administrator decides on a clip's page."""

import secrets

import pytest

from service.language import Language
from tests.builders import make_file


@pytest.fixture
def marked(visitor):
    """A clip in quarantine of this test's own."""
    session_id = visitor.service.open()
    (announced,) = visitor.service.announce(session_id, make_file(f"DCIM/{secrets.token_hex(4)}.MP4", b"long footage"))
    visitor.service.upload(session_id, announced.clip_id, b"short")
    return announced.clip_id


@pytest.mark.parametrize("language", Language)
def test_an_administrator_sees_the_form_in_every_language(administrator, marked, language):
    administrator.client.cookies.set("bodycam_language", language)

    page = administrator.get(f"/clips/{marked}").text

    assert f'action="/clips/{marked}/quarantine-decision"' in page
    assert 'value="lift"' in page


def test_a_reviewer_sees_no_form(reviewer, marked):
    assert "quarantine-decision" not in reviewer.get(f"/clips/{marked}").text


def test_the_form_lifts_the_quarantine_and_leads_back(administrator, marked):
    answer = administrator.post(f"/clips/{marked}/quarantine-decision", {"decision": "lift", "reason": "<b>已核对</b>"})

    page = administrator.get(answer.headers["location"]).text
    assert "quarantine-decision" not in page
    assert "&lt;b&gt;已核对&lt;/b&gt;" in page
    assert administrator.service.clip(marked).quarantine is None


def test_a_mark_that_is_final_offers_no_lifting(administrator, marked):
    with administrator.service.context.unit_of_work() as work:
        work.clips.lock(marked).quarantine = "object_missing"

    assert 'value="lift"' not in administrator.get(f"/clips/{marked}").text
