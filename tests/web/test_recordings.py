"""A clip's page shows its place among the segments."""

import pytest

from service.language import Language
from tests.builders import make_file


@pytest.mark.parametrize("language", Language)
def test_the_place_the_missing_and_the_others_are_shown(reviewer, language):
    reviewer.client.cookies.set("bodycam_language", language)
    files = [make_file(f"DCIM/ZF00001_000001_2026112408{list(Language).index(language)}530_{number}.MP4", bytes([number])) for number in (1, 3)]
    first, third = reviewer.service.announce(reviewer.service.open(), *files)

    page = reviewer.get(f"/clips/{first.clip_id}").text

    assert f'href="/clips/{third.clip_id}"' in page
    assert 'id="recording"' in page
