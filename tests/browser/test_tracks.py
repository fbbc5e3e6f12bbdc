"""A GPS track in a real browser."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.ingest.probe_clip import probe_clip
from tests.builders import make_file
from tests.unit.service.media.gps.logs import walk

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
STROKE = "getComputedStyle(document.querySelector('.track-scale')).stroke"


@pytest.fixture(scope="module")
def track_id(site):
    content = walk(datetime(2026, 11, 24, 0, 15, tzinfo=UTC), 60)
    clip_id = site.service.dock_one(make_file("GPS/WALK.TXT", content), content)
    probe_clip(site.service.context, clip_id=str(clip_id))
    return clip_id


def test_a_track_is_drawn_in_the_colours_of_the_appearance_and_asks_nobody_for_a_map(open_window, track_id):
    colours = set()
    for scheme in ("light", "dark"):
        window = open_window(color_scheme=scheme, viewport={"width": 390, "height": 800})
        window.enter()
        window.open(f"/clips/{track_id}")

        drawn = window.page.locator("svg.track").bounding_box()
        line = window.page.locator(".track-line").bounding_box()
        window.page.evaluate(AXE.read_text())  # the page's own policy would refuse a script element
        found = window.page.evaluate("axe.run(document, {resultTypes: ['violations']})")

        assert [fault["id"] for fault in found["violations"]] == []
        assert drawn["width"] > 250
        assert line["width"] > 0.2 * drawn["width"]
        assert window.page.evaluate("getComputedStyle(document.querySelector('.track-line')).fill") == "none"
        colours.add(window.page.evaluate(STROKE))

    assert len(colours) == 2
