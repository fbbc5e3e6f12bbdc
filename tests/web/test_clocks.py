"""What pages say of clocks."""

from uuid import uuid4

import pytest

from integrity.listing import ClockReading, DockClock
from service.ingest.open_session import PluggingIn, open_session
from service.language import Language
from tests.builders import IDENTITY, NOW, make_file


@pytest.fixture
def timed_clip(reviewer):
    """A clip of a registered recorder that was 120 s ahead, at a dock 3 s behind."""
    reviewer.service.register("ZF00001")
    clock, dock_clock = ClockReading("2026-11-24T09:32:00", NOW, 120.0, 0.5), DockClock(NOW, -3.0, 0.25, is_synchronised=True)
    session_id = uuid4()
    open_session(reviewer.service.context, session_id, PluggingIn("slot 1", "test", 1, IDENTITY, clock, dock_clock), dock=reviewer.service.dock)
    (announced,) = reviewer.service.announce(session_id, make_file(f"DCIM/20261124_081530_{session_id}.MP4"))
    return announced.clip_id


@pytest.mark.parametrize("language", Language)
def test_a_clip_page_shows_every_clock_and_the_uncertainty(reviewer, timed_clip, language):
    reviewer.client.cookies.set("bodycam_language", language)

    page = reviewer.get(f"/clips/{timed_clip}").text

    for words in ("08:15:30", "08:13:33", "120.0", "3.0", "0.8"):
        assert words in page, words
    assert 'href="/recorders/ZF00001/clock"' in page


@pytest.mark.parametrize("language", Language)
def test_a_recorders_clock_page_lists_its_dockings(reviewer, timed_clip, language):
    reviewer.client.cookies.set("bodycam_language", language)

    page = reviewer.get("/recorders/ZF00001/clock")

    assert page.status_code == 200
    assert "+120.0 ±0.5" in page.text
    assert "-3.0 ±0.2" in page.text


def test_a_recorder_nobody_registered_has_no_page(reviewer):
    assert reviewer.get("/recorders/ZF%00/clock").status_code == 404
