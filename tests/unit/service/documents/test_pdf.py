import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.documents import fonts
from service.documents.errors import DocumentFailedError, FontMissingError
from service.documents.glyphs import coverage_of
from service.documents.pdf import LONGEST_SHOWN, set_pdf, shown
from service.evidence_packages.document_values import document_values

MADE_AT = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
HOSTILE = '#panic("x") $ x $ \\ ] [ *bold* _it_ `raw` <label> @ref = heading // comment /* open "quote" ~ - + /term'
TEMPLATES = ["custody-report", "production-statement", "evidence-list"]


def make_report(name: str = "A.MP4", **changes):
    times = ("recorded_at", "corrected_at", "received_at", "verified_at", "sealed_at", "retain_until")
    event = {
        "seq": 0,
        "action": "clip.exported",
        "at": "2026-11-24T01:30:00.000000Z",
        "actor": {"id": "1", "kind": "user", "name": name},
        "details": {"purpose": name, "recipient": name, "reason": name},
        "leaf_index": 7,
    }
    stated = {"recorded_at": "2026-11-24T08:00:00", "remark": name, "digest": "ab", "digest_algorithm": "md5"}
    clip = {
        "clip_id": "00000000-0000-4000-8000-000000000000",
        **dict.fromkeys(("original_name", "path", "recorder", "recorder_model", "officer", "officer_name", "agency", "agency_code"), name),
        **dict.fromkeys(times, "2026-11-24T01:00:00.000000Z"),
        **dict.fromkeys(("clock_offset_s", "clock_uncertainty_s", "dock_offset_s", "dock_uncertainty_s"), 1.5),
        **dict.fromkeys(("corrected_uncertainty_s", "gps_offset_s", "gps_uncertainty_s", "duration_s"), -2.5),
        "kind": "video",
        "is_key": True,
        "size_bytes": 4096,
        "sha256": "a" * 64,
        "sm3": "b" * 64,
        "flags": ["unknown_officer"],
        "quarantine": "contested",
        "category": "case_evidence",
        "imported": {"kind": "folder", "received_from": name, "document": name, "importer": name, "stated": stated},
        "chain": [event],
    }
    return {
        "package_id": "00000000-0000-4000-8000-000000000001",
        "recipient": name,
        "purpose": name,
        "case": {"number": name, "title": name},
        "maker": name,
        "agency": {"code": name, "name": name},
        "software": "bodycam-evidence 0",
        "contents_sha256": "c" * 64,
        "size_bytes": 4096,
        "clips": [clip],
        "log": {"checkpoint": "log\n1\nroot\n\n— log x\n", "size": 1, "stamped_at": "2026-11-24T01:30:00.000000Z", "log_key": "log+1+x"},
        **changes,
    }


def values_of(report, made_at=MADE_AT):
    return {**document_values(report, made_at=made_at), "part": None}


def set_one(template, values):
    (made,) = set_pdf((template, values))
    return made


def text_of(pdf: bytes) -> str:
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("template", TEMPLATES)
def test_markup_in_what_people_wrote_is_set_as_text(template):
    text = text_of(set_one(template, values_of(make_report(HOSTILE))))

    flat = "".join(text.split()).replace("\u200b", "")
    for part in ('#panic("x")$x$\\][', "*bold*_it_`raw`<label>@ref"):
        assert part in flat


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_values_give_the_same_bytes(template):
    first, second = (set_one(template, values_of(make_report())) for _ in range(2))

    assert first == second
    assert set_one(template, values_of(make_report(), MADE_AT + timedelta(days=1))) != first


def test_what_a_clip_is_stands_in_the_custody_report():
    text = text_of(set_one("custody-report", values_of(make_report())))

    for words in ("视听资料保管链报告", "快 1.5 秒", "a" * 32, "待处置", "随证据包移交", "来源文书", "2026-11-24 09:00:00 +08:00"):
        assert words in text


def test_no_name_is_printed_where_people_sign():
    text = text_of(set_one("production-statement", values_of(make_report())))

    for words in ("制作人（签名）：", "持有人或提供人（签名）：", "办案人员（签名）：", "制作地点（由办案人员填写）："):
        assert words in text


@pytest.mark.parametrize("name", ["长" * 10_000, "x" * 10_000, "a\u202efdp.exe", "\u200b\u2066\t\r\n", "𠀀😀é\u0301\ufe0f\U0010ffff"])
def test_names_of_any_shape_are_set(name):
    pdf = set_one("custody-report", values_of(make_report(name)))

    assert pdf.startswith(b"%PDF")
    assert "\u202e" not in text_of(pdf)


def test_a_character_without_glyph_is_spelled_out():
    assert shown("现场😀") == "现场\\u{1f600}"


@given(st.text(max_size=600))
@example("\u202e" * 600)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_a_shown_text_hides_nothing_and_is_bounded(text):
    visible = shown(text)

    assert not {"\u202e", "\u2066", "\n", "\0"} & set(visible)
    assert len(visible.replace("\u200b", "")) <= LONGEST_SHOWN + 60
    assert all(sign in coverage_of(fonts.find_fonts()[0]) for sign in visible.replace("\u200b", ""))


def test_a_template_that_does_not_fit_says_so():
    with pytest.raises(DocumentFailedError, match="evidence-list"):
        set_one("evidence-list", {})


def test_a_missing_font_is_named(tmp_path):
    with pytest.raises(FontMissingError, match="fonts-noto-cjk"):
        fonts._find(("NotoSansCJK-Regular.ttc",), (tmp_path,))
