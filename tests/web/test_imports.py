"""Imports on the pages: the list, where an imported clip comes from, why it is kept, and its category."""

import secrets

import pytest

from evidence_store.actor import Role
from integrity.listing import RecorderIdentity
from integrity.provenance import SourceKind
from service.docks.credentials import which_dock
from service.imports.open_import import NewImport, open_import
from service.language import Language
from tests.builders import make_file


@pytest.fixture
def imported(reviewer):
    """A clip that a reviewer brought."""
    service = reviewer.service
    credential = open_import(service.context, NewImport(SourceKind.PHONE, "<路人>", "调取证据通知书 7"), actor=service.people[Role.REVIEWER])
    before, service.dock = service.dock, which_dock(service.context, credential.token)
    try:
        identity, content = RecorderIdentity("import", volume_label=str(credential.import_id)), secrets.token_bytes(8)
        return service.dock_one(make_file("手机.MP4", content), content, identity=identity)
    finally:
        service.dock = before


@pytest.mark.parametrize("language", Language)
def test_the_list_and_the_clip_say_where_it_comes_from(reviewer, imported, language):
    reviewer.client.cookies.set("bodycam_language", language)

    page, clip = reviewer.get("/imports").text, reviewer.get(f"/clips/{imported}").text

    assert "调取证据通知书 7" in page
    assert "&lt;路人&gt;" in page
    assert 'id="provenance"' in clip
    assert "&lt;路人&gt;" in clip


def test_a_category_is_chosen_on_the_clips_page_and_stands_there(reviewer, imported):
    answer = reviewer.post(f"/clips/{imported}/category", {"category": "case_evidence", "reason": "案件 7"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"/clips/{imported}")
    assert 'value="case_evidence" selected' in reviewer.get(f"/clips/{imported}").text


def test_what_a_dock_read_has_no_origin_elsewhere(reviewer, clip_id):
    assert 'id="provenance"' not in reviewer.get(f"/clips/{clip_id}").text


def test_only_imported_clips_are_found_when_asked_for(reviewer, imported, clip_id):
    page = reviewer.get("/clips?imported=true").text

    assert str(imported) in page
    assert str(clip_id) not in page
