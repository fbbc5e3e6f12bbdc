"""What pages show, to whom, and that nothing a stranger wrote becomes markup."""

import re
import secrets
from uuid import uuid4

import pytest

from evidence_store.actor import Role
from integrity.listing import RecorderIdentity
from service.accounts.manage_accounts import NewAccount, add_account
from service.language import Language
from service.roster.apply_import import import_roster
from service.roster.rows import Roster
from service.safekeeping.probe_lock import probe_lock
from tests.builders import make_file
from tests.service_fixtures import PASSWORD

PATHS = ("/board", "/clips", "/cases", "/coverage", "/account/password", "/sign-in")
CANARY = "<img src=x onerror=alert(1)>'\"&"
ROSTER = {
    "agencies": [{"code": "01", "name": f"示范市{CANARY}", "level": "city"}, {"code": "02", "name": "无人市", "level": "city"}],
    "officers": [
        {
            "code": f"{number:06}",
            "name": f"示范人员 {number:04} {CANARY}",
            "posts": [{"agency": "01", "valid_from": "2024-01-01"}],
            "certificates": [{"number": f"C{number}", "valid_from": "2024-01-01", "valid_until": "2027-12-31"}],
        }
        for number in (1, 2, 3)
    ],
    "recorders": [
        {
            "serial": "ZF00077",
            "agency": "01",
            "changes": [{"state": "in_service", "since": "2024-03-01"}],
            "assignments": [{"officer": "000001", "valid_from": "2024-03-01"}],
        }
    ],
}


@pytest.fixture
def roster(visitor):
    import_roster(visitor.service.context, Roster.model_validate(ROSTER), actor=visitor.service.people[Role.ADMINISTRATOR])


def open_case(visitor, number=None, title="示范案件"):
    number = number or f"示范〔2026〕{secrets.token_hex(4)}号"
    return visitor.post("/cases", {"number": number, "title": title}).headers["location"]


def words_of(page):
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("language", Language)
def test_every_page_renders_in_every_language(reviewer, clip_id, language):
    reviewer.client.cookies.set("bodycam_language", language)
    case = open_case(reviewer)

    for path in (*PATHS, case, f"/clips/{clip_id}"):
        answer = reviewer.get(path)
        assert answer.status_code == 200, path
        assert f'<html lang="{language}"' in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert answer.headers["cache-control"] == "no-store"


def test_htmx_gets_the_main_part_alone(reviewer):
    for path in PATHS:
        fragment = reviewer.get(path, headers={"HX-Request": "true"}).text
        assert "<html" not in fragment, path
        assert "<header" not in fragment, path


def test_hostile_names_stay_text_on_every_page(reviewer, roster):
    identity = RecorderIdentity(family="mass-storage", serial=f"ZF{CANARY}", officer_code=CANARY, volume_id="1234ABCD")
    name = f"DCIM/{CANARY}\u202e4PM.MP4"
    clip_id = reviewer.service.dock_one(make_file(name), b"footage", identity=identity)
    case = open_case(reviewer, number=CANARY, title=CANARY)
    linked = reviewer.post("/cases/links", {"clip": clip_id, "case": case.removeprefix("/cases/"), "purpose": CANARY})
    assert linked.headers["location"] == f"/clips/{clip_id}"
    reviewer.post(f"/clips/{clip_id}/views", {"purpose": CANARY})

    for path in ("/board", "/clips", f"/clips?text={CANARY[:4]}", "/cases", f"/cases?text={CANARY[:4]}", case, f"/clips/{clip_id}", "/coverage"):
        page = reviewer.get(path).text
        assert "<img src=x" not in page, path
        assert "&lt;img src=x onerror=alert(1)&gt;&#39;&#34;&amp;" in page, path
        assert "\u202e" not in page, path


def test_a_clip_is_shown_with_what_it_claims_and_what_we_hold(reviewer, clip_id):
    page = words_of(reviewer.get(f"/clips/{clip_id}").text)
    clip = reviewer.service.clip(clip_id)

    assert f"sha256:{clip.sha256}" in page
    assert f"sm3:{clip.sm3}" in page
    assert "设备时钟偏差 未知" in page
    assert "2026-11-24 16:15:30 +08:00" not in page
    assert "2026-11-24 08:15:30 +08:00" in page
    assert "记录仪未登记" in page
    for action in ("设备清单登记", "开始上传", "入库并锁定", "读回核验一致"):
        assert action in page
    assert "test.example/log" in page


def test_what_a_worker_found_in_a_clip_is_shown(reviewer, clip_id):
    facts = {"container": "mp4", "playable": False, "reason": "video_codec", "video": {"codec": "hevc", "width": 1920, "height": 1080}, "audio": None}
    with reviewer.service.context.unit_of_work() as work:
        work.clips.lock(clip_id).media = facts

    page = words_of(reviewer.post(f"/clips/{clip_id}/views", {"purpose": "案卷评查"}).text)

    assert "mp4 · hevc 1920×1080" in page
    assert "视频编码不受支持" in page


def test_a_file_nobody_could_parse_is_said_to_be_one(reviewer, clip_id):
    with reviewer.service.context.unit_of_work() as work:
        work.clips.lock(clip_id).media = {"error": "damaged"}

    assert "未能解析 damaged" in words_of(reviewer.get(f"/clips/{clip_id}").text)


def test_there_is_no_player_before_a_purpose_was_given_and_the_purpose_is_in_the_chain(reviewer, clip_id):
    assert "<video" not in reviewer.get(f"/clips/{clip_id}").text
    assert reviewer.post(f"/clips/{clip_id}/views", {"purpose": "  "}).status_code == 422
    assert "clip.viewed" not in reviewer.service.chain(clip_id)

    page = reviewer.post(f"/clips/{clip_id}/views", {"purpose": "案卷评查"}).text

    assert f'<video class="footage" src="/api/v1/clips/{clip_id}/media"' in page
    assert "用途 案卷评查" in page
    assert reviewer.service.chain(clip_id)[-1] == "clip.viewed"


def test_the_player_reads_under_the_view_that_was_opened(reviewer, clip_id):
    reviewer.post(f"/clips/{clip_id}/views", {"purpose": "案卷评查"})

    assert reviewer.get(f"/api/v1/clips/{clip_id}/media", headers={"Range": "bytes=0-9"}).status_code == 206
    assert reviewer.service.chain(clip_id).count("clip.viewed") == 1


def test_an_administrator_sees_the_record_and_no_player(administrator, clip_id):
    page = administrator.get(f"/clips/{clip_id}").text

    assert "您的岗位可以核对记录，但不能打开录像。" in page
    assert "download=true" not in page
    assert "/views" not in page
    assert administrator.post(f"/clips/{clip_id}/views", {"purpose": "案卷评查"}).status_code == 403
    assert administrator.post("/cases", {"number": "1", "title": "1"}).status_code == 403


def test_a_duty_officer_sees_own_clips_and_no_cases_coverage_or_health(visitor, roster):
    mine = RecorderIdentity(family="mass-storage", serial="ZF00077", officer_code="000001", volume_id="1234ABCD")
    own = visitor.service.dock_one(make_file("DCIM/OWN.MP4"), b"footage", identity=mine)
    stranger = RecorderIdentity(family="mass-storage", serial="ZF00002", officer_code="000002", volume_id="1234ABCE")
    other = visitor.service.dock_one(make_file("DCIM/OTHER.MP4"), b"footage", identity=stranger)
    new = NewAccount("officer1", PASSWORD, Role.DUTY_OFFICER, "01", officer_code="000001")
    add_account(visitor.service.context, new, actor=visitor.service.people[Role.ADMINISTRATOR])
    visitor.post("/sign-in", {"username": "officer1", "password": PASSWORD})

    page = visitor.get("/clips").text

    assert "OWN.MP4" in page
    assert "OTHER.MP4" not in page
    assert visitor.get(f"/clips/{own}").status_code == 200
    assert visitor.get(f"/clips/{other}").status_code == 404
    assert [visitor.get(path).status_code for path in ("/cases", "/coverage", "/health")] == [403] * 3


def test_further_clips_come_as_rows_and_as_a_page(reviewer):
    session_id = reviewer.service.open()
    reviewer.service.announce(session_id, *(make_file(f"DCIM/PAGE_{number:03}.MP4", bytes([number])) for number in range(60)))
    page = reviewer.get("/clips?text=PAGE_").text
    (more,) = {address.replace("&amp;", "&") for address in re.findall(r'hx-get="([^"]+)"', page)}
    assert page.count('<a class="name"') == 50

    rows = reviewer.get(more, headers={"HX-Request": "true"}).text

    assert rows.count('<a class="name"') == 10
    assert rows.lstrip().startswith("<tr>")
    assert reviewer.get(more).text.count('<a class="name"') == 10


def test_a_search_of_no_sense_is_answered_with_a_page_that_says_so(reviewer):
    for query in ("state=lost", "case=1", "recorded_from=yesterday", "text=%00", "cursor=x", "agency=nowhere"):
        answer = reviewer.get(f"/clips?{query}")
        assert answer.status_code in {400, 404, 422}, query
        assert answer.headers["content-type"].startswith("text/html"), query


def test_flags_and_quarantine_are_told_in_words(reviewer):
    session_id = reviewer.service.open()
    (announced,) = reviewer.service.announce(session_id, make_file("DCIM/LIES.MP4", b"long footage"))
    reviewer.service.upload(session_id, announced.clip_id, b"short")

    page = reviewer.get("/clips?quarantined=true").text

    assert "待处置：大小与清单不符" in page
    assert "记录仪未登记" in page
    assert "LIES.MP4" not in reviewer.get("/clips?quarantined=false").text


def test_a_clip_is_linked_with_a_purpose_and_unlinked_with_a_reason(reviewer, clip_id):
    case = open_case(reviewer)
    case_id = case.removeprefix("/cases/")
    reviewer.post("/cases/links", {"clip": clip_id, "case": case_id, "purpose": "现场证据"})
    assert "现场证据" in reviewer.get(case).text
    assert "示范案件" in reviewer.get(f"/clips/{clip_id}").text

    unlink = f"{case}/clips/{clip_id}/unlink"
    assert reviewer.post(unlink, {"reason": ""}).status_code == 422
    gone = reviewer.post(unlink, {"reason": "误关联", "next": case})

    assert gone.headers["location"] == case
    assert "尚未关联录像" in reviewer.get(case).text
    assert reviewer.service.chain(clip_id)[-2:] == ["clip.linked", "clip.unlinked"]


def test_a_number_that_is_taken_asks_again_with_what_was_typed(reviewer):
    open_case(reviewer, number="示范 7")

    again = reviewer.post("/cases", {"number": "示范 7", "title": "另一案件"})

    assert again.status_code == 409
    assert 'value="另一案件"' in again.text


def test_coverage_is_shown_with_its_figures_and_the_names_of_the_gap(reviewer, roster):
    page = words_of(reviewer.get("/coverage?agency=0").text)

    assert "33.3%" in page
    assert "已配置 1 人" in page
    assert "应配置（一线持证在岗） 3 人" in page
    assert "缺口 2 人" in page
    assert "bodycam-coverage/1" in page
    assert "未配发记录仪 2" in page
    assert page.count("未配发记录仪") == 3
    assert "无人市 不适用" in page


def test_coverage_of_nobody_is_not_applicable(reviewer, roster):
    page = words_of(reviewer.get("/coverage?agency=02").text)

    assert "不适用" in page
    assert "100.0%" not in page
    assert "0.0%" not in page


def test_coverage_is_shown_as_of_a_day_and_drilled_down(reviewer, roster):
    page = reviewer.get("/coverage?as_of=2024-02-01").text

    assert "0.0%" in words_of(page)
    assert "2024-02-01 23:59:59 +08:00" in page
    assert 'href="/coverage?agency=01&amp;as_of=2024-02-01"' in page
    assert reviewer.get("/coverage?as_of=yesterday").status_code == 422


def test_health_shows_every_part_and_every_step_of_the_probe(lone_visitor):
    lone_visitor.enter(Role.ADMINISTRATOR)
    assert "尚未检验" in lone_visitor.get("/health").text
    probe_lock(lone_visitor.service.context)

    page = lone_visitor.get("/health").text

    for words in ("数据库", "对象存储", "一次写入锁定", "保管链日志", "删除锁定版本", "写入校验错误的内容"):
        assert words in page


def test_the_board_shows_a_docking_under_way(reviewer):
    session_id = reviewer.service.open()
    (announced, _) = reviewer.service.announce(session_id, make_file("DCIM/1.MP4", b"1"), make_file("DCIM/2.MP4", b"2"))
    reviewer.service.upload(session_id, announced.clip_id, b"1")

    page = words_of(reviewer.get("/board").text)

    assert "ZF00001" in page
    assert "已入库 1/2 已封存 0/2" in page
    assert "请等待入库" in page


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "返回首页"), ("en", "To the start")])
def test_a_problem_is_a_page_in_the_visitors_language(reviewer, language, word):
    reviewer.client.cookies.set("bodycam_language", language)

    for path in ("/nowhere", f"/clips/{uuid4()}", f"/cases/{uuid4()}", "/clips/1"):
        answer = reviewer.get(path)
        assert answer.status_code in {404, 422}, path
        assert word in answer.text, path


def test_programs_still_get_problem_documents(reviewer):
    assert reviewer.get(f"/api/v1/clips/{uuid4()}").headers["content-type"] == "application/problem+json"
    assert reviewer.get("/nowhere", headers={"Accept": "*/*"}).headers["content-type"] == "application/problem+json"


def test_static_files_are_served_with_their_types(visitor):
    kinds = {"pages.css": "text/css", "theme.js": "text/javascript", "icons.svg": "image/svg+xml", "vendor/htmx.min.js": "text/javascript"}
    for name, kind in kinds.items():
        answer = visitor.get(f"/static/{name}")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)
    assert visitor.get("/static/../pages.py").status_code == 404
