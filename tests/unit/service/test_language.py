"""One catalogue in three languages, and formats that mean the same in each."""

import re
import string
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_store.actor import ActorKind, Role
from evidence_store.object_store.lock_probe import MUST_BE_REFUSED, MUST_LEAVE_INTACT
from integrity.receipt import ClipState
from service import language as languages
from service.coverage.rate import GapReason
from service.ingest.end_session import OUTCOMES
from service.language import Language, UnknownTextError, choose_language, format_rate, show_hidden, texts_in

ROOT = Path(__file__).parents[3]
DEFAULT = texts_in(Language.ZH_CN)
OTHERS = [Language.ZH_TW, Language.EN]
GLOSSARY = {
    "coverage": ("配置率", "配置率", "coverage"),
    "front_line": ("一线", "一線", "front-line"),
    "certified_on_duty": ("持证在岗", "持證在崗", "certified and on duty"),
    "prior_registration": ("先行登记保存", "先行登記保存", "preservation by prior registration"),
    "legal_review": ("法制审核", "法制審核", "legal review"),
    "case_file_review": ("案卷评查", "案卷評查", "case file review"),
}


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def codes_in_source(pattern):
    return {found for path in (ROOT / "service").rglob("*.py") for found in re.findall(pattern, path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_keys_with_the_same_placeholders(language):
    other = texts_in(language)

    assert set(other.by_key) == set(DEFAULT.by_key)
    assert {key for key, text in DEFAULT.by_key.items() if placeholders(text) != placeholders(other.by_key[key])} == set()


@pytest.mark.parametrize("language", Language)
def test_no_text_is_empty(language):
    assert [key for key, text in texts_in(language).by_key.items() if not text.strip()] == []


def test_english_holds_no_chinese_and_traditional_no_simplified_characters():
    simplified = set("录记仪证执构数审评产线态设储链时间区项单页员无为与从众优会传伤关兴军农决况净")

    assert [text for text in texts_in(Language.EN).by_key.values() if re.search(r"[\u3000-\u9fff\uff00-\uffef]", text)] == []
    assert [text for text in texts_in(Language.ZH_TW).by_key.values() if simplified & set(text)] == []


@pytest.mark.parametrize("key", GLOSSARY)
def test_the_glossary_is_kept_in_every_language_and_in_its_document(key):
    words = tuple(texts_in(language)(f"glossary.{key}") for language in Language)

    assert words == GLOSSARY[key]
    assert " | ".join(words) in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_texts_use_the_glossary_and_not_its_rivals():
    for language, rivals in ((Language.ZH_CN, ("配备率", "普及率", "覆盖率")), (Language.ZH_TW, ("配備率", "普及率", "覆蓋率"))):
        assert [text for text in texts_in(language).by_key.values() if any(rival in text for rival in rivals)] == []


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        ("clip.state", ClipState),
        ("role", Role),
        ("coverage.gap_reason", GapReason),
        ("board.outcome_name", OUTCOMES),
        ("custody.actor", ActorKind),
        ("health.step_name", ("lock", *MUST_BE_REFUSED, *MUST_LEAVE_INTACT)),
        ("health.part_name", ("database", "store", "lock", "log", "log_export", "time_elsewhere", "witness")),
    ],
)
def test_every_code_has_words(family, codes):
    assert {str(code) for code in codes if not DEFAULT.has(f"{family}.{code}")} == set()


def test_every_custody_event_of_a_clip_has_words():
    jobs = codes_in_source(r'@job\("([a-z_.]+)"\)')
    actions = codes_in_source(r'"((?:clip|upload|reading|content)\.[a-z_]+)"') - jobs

    assert len(actions) > 10
    assert {action for action in actions if not DEFAULT.has(f"custody.action.{action}")} == set()


def test_every_reason_for_quarantine_has_words():
    reasons = codes_in_source(r'(?:MISMATCH|OBJECT_MISSING) = "([a-z_]+)"')

    assert reasons
    assert {reason for reason in reasons if not DEFAULT.has(f"clip.quarantine.{reason}")} == set()


def test_an_unknown_key_is_an_error_and_an_unknown_code_stands_for_itself():
    with pytest.raises(UnknownTextError):
        DEFAULT("no.such_text")
    assert DEFAULT.of_code("clip.state", "of_a_newer_release") == "of_a_newer_release"


def test_what_a_value_holds_is_not_read_as_a_placeholder():
    assert DEFAULT("clip.clock_ahead", seconds="{language}") == "快 {language} 秒"


@pytest.mark.parametrize(
    ("wanted", "accepted", "chosen"),
    [
        (None, None, Language.ZH_CN),
        ("en", "zh-TW", Language.EN),
        ("nonsense", "en", Language.EN),
        (None, "zh-Hant-HK, en;q=0.5", Language.ZH_TW),
        (None, "fr, en-GB;q=0.8, zh;q=0.7", Language.EN),
        (None, "fr, de", Language.ZH_CN),
        (None, "en;q=0", Language.ZH_CN),
        (None, "zh-SG", Language.ZH_CN),
        (None, "*", Language.ZH_CN),
    ],
)
def test_the_language_picked_wins_then_the_best_accepted_then_simplified_chinese(wanted, accepted, chosen):
    assert choose_language(wanted, accepted) is chosen


@given(st.text(), st.text())
def test_any_header_gives_a_language(wanted, accepted):
    assert choose_language(wanted, accepted) in Language


def test_times_are_shown_by_a_24_hour_clock_in_shanghai_with_their_offset():
    moment = datetime(2026, 11, 24, 16, 5, 9, tzinfo=UTC)

    assert languages.format_time(moment) == "2026-11-25 00:05:09 +08:00"
    assert languages.format_utc(moment) == "2026-11-24 16:05:09 UTC"
    assert languages.format_day(date(2026, 1, 2)) == "2026-01-02"


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (64 * 1024**2, "64.0 MiB"), (5 * 1024**5, "5,120.0 TiB")]
)
def test_bytes_are_shown_with_binary_units(count, shown):
    assert languages.format_bytes(count) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00:00"), (59.6, "0:01:00"), (3725, "1:02:05"), (90_000, "25:00:00")])
def test_durations_are_shown_in_hours_minutes_and_seconds(seconds, shown):
    assert languages.format_duration(seconds) == shown


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_rate_is_never_rounded_up_to_all_of_them(numerator, denominator):
    numerator = min(numerator, denominator)

    shown = format_rate(numerator, denominator)

    assert (shown == "100.0%") == (numerator == denominator)
    assert 0 <= 100 * numerator / denominator - float(shown[:-1]) < 0.1000001


@given(st.text())
def test_nothing_hidden_and_nothing_that_turns_the_text_is_left(text):
    shown = show_hidden(text)

    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", shown)


def test_visible_text_is_left_as_it_is():
    assert show_hidden("示范〔2026〕1号 é") == "示范〔2026〕1号 é"
    assert show_hidden("A\u202e4PM.exe") == "A\\u{202e}4PM.exe"
