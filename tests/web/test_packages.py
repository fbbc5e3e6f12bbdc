import io
import zipfile
from unittest.mock import patch
from uuid import uuid4

import pytest

from evidence_store.actor import Role
from service.cases.link_clips import link_clip
from service.cases.open_case import open_case
from tests.builders import make_file

HANDED = {"recipient": "示范区人民检察院 <b>", "purpose": "审查起诉"}


@pytest.fixture
def case_id(reviewer, clip_id):
    actor = reviewer.service.people[Role.REVIEWER]
    case_id = open_case(reviewer.service.context, number=uuid4().hex, title="示范案件", actor=actor)
    link_clip(reviewer.service.context, case_id, clip_id, purpose="现场证据", actor=actor)
    return case_id


def test_a_case_is_handed_over_from_its_page(reviewer, case_id, clip_id):
    assert f'name="case" value="{case_id}"' in reviewer.get(f"/cases/{case_id}").text

    answer = reviewer.post("/packages", {**HANDED, "case": str(case_id)})

    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert [name for name in archive.namelist() if f"/data/{clip_id}/" in name]
        assert {name.rpartition("/")[2] for name in archive.namelist()} >= {"verify.py", "verify.html", "README.zh-CN.txt"}
    listed = reviewer.get("/packages").text
    assert "示范区人民检察院 &lt;b&gt;" in listed
    assert f"/cases/{case_id}" in listed


def test_chosen_clips_are_handed_over_from_the_search_and_fetched_again(reviewer, clip_id):
    found = reviewer.get("/clips").text
    assert f'type="checkbox" name="clip" value="{clip_id}" form="hand-over"' in found
    first = reviewer.post("/packages", {**HANDED, "clip": [str(clip_id)]})

    again = reviewer.post(f"/packages/{first.headers['bodycam-package']}/content")

    assert again.content == first.content
    assert again.headers["content-disposition"].startswith('attachment; filename="evidence-')


def test_a_clip_that_is_not_sealed_cannot_be_chosen(reviewer):
    session_id = reviewer.service.open()
    (announced,) = reviewer.service.announce(session_id, make_file(f"DCIM/{uuid4().hex}.MP4", b"later"))

    page = reviewer.get("/clips").text
    answer = reviewer.post("/packages", {**HANDED, "clip": [str(announced.clip_id)]})

    row = page[page.index(f'value="{announced.clip_id}" form="hand-over"') :]
    assert row.index(" disabled") < row.index(">")
    assert answer.status_code == 409
    assert "部分资料尚未封存" in answer.text


def test_nothing_chosen_and_no_recipient_are_refused(reviewer, clip_id):
    assert reviewer.post("/packages", HANDED).status_code == 422
    assert reviewer.post("/packages", {"clip": [str(clip_id)], "purpose": "x"}).status_code == 422


def test_a_package_that_waits_for_its_time_stamp_is_shown_as_waiting(reviewer, clip_id):
    with patch("service.evidence_packages.seal_package.seal_clips"):
        answer = reviewer.post("/packages", {**HANDED, "clip": [str(clip_id)]})

    assert answer.status_code == 503
    assert "请稍后从移交记录中下载" in answer.text
    assert "等待时间戳" in reviewer.get("/packages").text


def test_an_administrator_hands_nothing_over(administrator, clip_id):
    assert "hand-over" not in administrator.get("/clips").text
    assert administrator.get("/packages").status_code == 403
    assert administrator.post("/packages", {**HANDED, "clip": [str(clip_id)]}).status_code == 403


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
def test_the_page_speaks_every_language(reviewer, language):
    reviewer.client.cookies.set("bodycam_language", language)

    page = reviewer.get("/packages")

    assert page.status_code == 200
    assert "bodycam package --service" in page.text
