import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.verify.checking import Status, Step, fails
from integrity.verify.report import check_line, choose_language, say, visible
from integrity.verify.texts import TEXTS, Language
from integrity.verify.verdicts import Verdict

SOURCES = "".join(path.read_text() for path in (Path(__file__).parents[4] / "integrity/verify").glob("*.py") if path.name != "texts.py")


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_code_has_a_text_in_three_languages_that_names_the_same():
    for code, texts in TEXTS.items():
        assert set(texts) == set(Language), code
        assert len({frozenset(placeholders(text)) for text in texts.values()}) == 1, code


def test_every_text_is_used_and_every_code_has_one():
    refusals = {f"refused_{reason}" for reason in re.findall(r'RefusedPackageError\(\s*"(\w+)"', SOURCES)}
    checks = set(re.findall(r'(?:holds|fails|note)\(Step\.\w+, "(\w+)"', SOURCES))
    words = {f"status_{each}" for each in Status} | {f"step_{each}" for each in Step} | {f"verdict_{each}" for each in Verdict}

    assert refusals | checks | words <= set(TEXTS)
    for code in set(TEXTS) - refusals - words:
        assert re.search(f"[\"']{code}[\"']", SOURCES) or code.startswith("result_"), code


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("zh_CN.UTF-8", Language.ZH_CN),
        ("zh-Hans", Language.ZH_CN),
        ("zh_TW.UTF-8", Language.ZH_TW),
        ("zh-Hant-HK", Language.ZH_TW),
        ("Chinese (Traditional)_Taiwan", Language.ZH_TW),
        ("Chinese (Simplified)_China", Language.ZH_CN),
        ("en_GB.UTF-8", Language.EN),
        ("C", Language.EN),
        ("", Language.EN),
    ],
)
def test_the_language_follows_the_systems_name_for_it(name, language):
    assert choose_language(name) is language


@given(st.text())
def test_nothing_shown_can_hide_or_rearrange_anything(text):
    shown = visible(text)

    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", shown)


def test_a_very_long_text_is_cut():
    assert len(visible("x" * 100_000)) == 1001


@pytest.mark.parametrize("language", Language)
def test_values_are_never_read_as_templates(language):
    line = check_line(fails(Step.CONTENTS, "json_wrong", reason="{0.__class__} {reason}\n\u202egpj.exe"), language)

    assert line.endswith("{0.__class__} {reason}\\u{a}\\u{202e}gpj.exe")


def test_values_that_are_no_text_are_shown_as_json():
    assert say(Language.EN, "derived", {"clip_id": "c", "recipe": {"crop": [1, None], "名": True}}).endswith('{"crop":[1,null],"名":true}')
