"""Rules of templates that no linter knows."""

import re
from html.parser import HTMLParser

import pytest

from api.problems import PROBLEMS
from api.web.rendering import NAVIGATION, STATIC, THEMES, _environment
from service.language import Language, texts_in

TEXTS = texts_in(Language.ZH_CN)
TEMPLATES = sorted(_environment().list_templates())
SHOWN_ATTRIBUTES = {"title", "alt", "placeholder", "aria-label", "data-label"}
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


class Words(HTMLParser):
    """Collects words that a template says by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.faults: list[str] = []

    def handle_data(self, data):
        if any(sign.isalpha() for sign in data):
            self.found.append(data.strip())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"{tag} {name}")
            if name in SHOWN_ATTRIBUTES and any(sign.isalpha() for sign in value or ""):
                self.found.append(f"{name}={value}")
        if tag in {"style", "base", "iframe", "object"} or (tag == "script" and "src" not in dict(attrs)):
            self.faults.append(tag)


def source_of(template):
    return _environment().loader.get_source(_environment(), template)[0]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_says_nothing_by_itself_and_holds_no_inline_script_or_style(template):
    words = Words()
    words.feed(_JINJA.sub("", source_of(template)))

    assert words.found == []
    assert words.faults == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_text_a_template_asks_for_exists(template):
    asked = re.findall(r"""\bt\(["']([a-z_.]+[a-z])["']""", source_of(template))

    assert [key for key in asked if not TEXTS.has(key)] == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_template_switches_escaping_off_and_no_script_is_deferred(template):
    source = source_of(template)

    assert "|safe" not in source.replace(" ", "")
    assert "autoescape" not in source
    assert not re.search(r"<script[^>]*\b(defer|async)\b", source)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_icon_and_file_a_template_names_exists(template):
    source = source_of(template)
    icons = set(re.findall(r'id="([a-z]+)"', (STATIC / "icons.svg").read_text()))

    assert set(re.findall(r'icon\("([a-z]+)"\)', source)) <= icons
    assert {key for _, key, _ in NAVIGATION} <= icons
    assert [name for name in re.findall(r"asset\('([^']+)'\)", source) if not (STATIC / name).is_file()] == []


def test_texts_chosen_by_a_code_exist():
    keys = [f"nav.{key}" for _, key, _ in NAVIGATION] + [f"menu.theme_{theme}" for theme in THEMES]
    keys += [f"clips.column.{name}" for name in ("name", "recorded", "officer", "recorder", "agency", "size", "state")]

    assert [key for key in keys if not TEXTS.has(key)] == []


def test_every_problem_has_a_title_and_a_text():
    slugs = {slug for _, slug in PROBLEMS.values()} | {"internal-error", "invalid-request", "not-found", "forbidden", "method-not-allowed", "other"}

    assert [slug for slug in slugs if not (TEXTS.has(f"problem.title.{slug}") and TEXTS.has(f"problem.text.{slug}"))] == []


def test_our_own_files_ask_for_nothing_from_elsewhere():
    for path in STATIC.glob("*"):
        if path.is_file():
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            assert "http:" not in text
            assert "https:" not in text
