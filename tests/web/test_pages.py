"""Every page renders, in every language, for whoever may see it."""

import re

import pytest

from service.language import Language

PATHS = ("/board", "/clips", "/cases", "/coverage", "/account/password", "/sign-in")


@pytest.mark.parametrize("language", Language)
def test_every_page_renders_in_every_language(reviewer, clip_id, language):
    reviewer.client.cookies.set("bodycam_language", language)
    case = reviewer.post("/cases", {"number": "示范 1", "title": "示范案件"}).headers["location"]

    for path in (*PATHS, case, f"/clips/{clip_id}"):
        answer = reviewer.get(path)
        assert answer.status_code == 200, path
        assert f'<html lang="{language}"' in answer.text
        assert not re.search(r"\son[a-z]+=|<script(?![^>]*\ssrc=)|\sstyle=|<style", answer.text), path
