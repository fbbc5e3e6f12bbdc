"""The newest checkpoint as people keep it: its code, and the whole note as a picture that a stranger's reader reads."""

import re

import cv2
import pytest
import segno

from service.language import Language


@pytest.mark.parametrize("language", Language)
def test_the_newest_checkpoint_is_shown_with_its_code_and_picture(reviewer, clip_id, language):
    reviewer.client.cookies.set("bodycam_language", language)

    page = reviewer.get("/log/checkpoint").text

    assert re.search(r">\d+(-[0-9A-Z]{4}){4}<", page)
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page
    assert "test.example/log" in page


def test_the_picture_is_the_signed_note_as_another_program_reads_it(reviewer, clip_id, tmp_path):
    page = reviewer.get("/log/checkpoint").text
    note = re.search(r'<pre class="checkpoint">(.*?)</pre>', page, re.DOTALL)[1]
    drawn = re.search(r'<path [^>]*d="([^"]+)"', page[page.index("<svg xmlns") :])[1]
    code = segno.make_qr(note.encode(), error="m")
    code.save(str(tmp_path / "qr.png"), scale=6, border=4)

    read, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(tmp_path / "qr.png")))

    assert read == note
    assert drawn in code.svg_inline(scale=4, border=4, omitsize=True)
