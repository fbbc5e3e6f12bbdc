"""The pages in a real browser."""

from pathlib import Path

import pytest

from evidence_store.actor import Role
from service.language import Language, texts_in
from tests.builders import make_file

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 800}


def test_a_visitor_signs_in_and_goes_on_to_what_was_wanted(window):
    window.sign_in(path="/clips")

    assert window.page.get_by_role("heading", level=1).inner_text() == "录像检索"


def test_a_clip_is_found_by_its_name_and_plays_after_a_purpose_was_given(window, site):
    window.enter()
    window.open("/clips")
    window.page.fill("#text", "site_0001")
    window.page.click("form[role=search] button")
    window.page.click("tbody a")
    assert window.page.locator("video").count() == 0

    window.page.fill("#purpose", "案卷评查")
    window.page.click("form[action$='/views'] button")
    window.page.wait_for_selector("video")
    window.page.evaluate("document.querySelector('video').muted = true; document.querySelector('video').play()")

    window.wait_until("document.querySelector('video').currentTime > 0.3")
    assert window.page.evaluate("document.querySelector('video').videoWidth") == 128
    assert not window.page.locator("#play-failed, #no-picture").first.is_visible()
    assert window.page.locator("section[aria-labelledby=custody] td div").get_by_text("案卷评查").count() == 1
    assert site.service.chain(site.clip_id).count("clip.viewed") == 1


def test_a_clip_the_browser_cannot_play_is_said_to_be_one(window, site):
    window.enter()
    window.open(f"/clips/{site.broken_id}")
    window.page.fill("#purpose", "案卷评查")
    window.page.click("form[action$='/views'] button")

    window.page.wait_for_selector("#play-failed:not([hidden])")


def test_sound_without_a_picture_is_said_to_be_that(window, site):
    window.enter()
    window.open(f"/clips/{site.clip_id}")
    window.page.evaluate("Object.defineProperty(HTMLVideoElement.prototype, 'videoWidth', {get: () => 0})")
    window.page.fill("#purpose", "案卷评查")
    window.page.click("form[action$='/views'] button")

    window.page.wait_for_selector("#no-picture:not([hidden])")


def test_the_language_is_switched_where_one_stands_and_stays(window):
    window.open("/sign-in")
    window.page.click(".menu > summary")
    window.page.click("button[value='en']")
    assert window.page.get_by_role("heading", level=1).inner_text() == "Sign in"

    window.enter()
    window.open("/clips?text=x")
    window.page.click(".menu > summary")
    window.page.click("button[value='zh-TW']")

    assert window.page.get_by_role("heading", level=1).inner_text() == "影像檢索"
    assert window.page.url.endswith("/clips?text=x")


def test_appearance_follows_the_system_until_one_is_chosen(open_window):
    window = open_window(color_scheme="dark")
    window.enter()
    window.open("/coverage")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = window.page.evaluate(background)

    window.page.click(".menu > summary")
    window.page.click("button[value='light']")
    window.page.wait_for_selector("html[data-theme-choice=light]")

    assert window.page.evaluate(background) != dark


def test_the_board_shows_a_docking_without_being_loaded_again(window, site):
    window.enter()
    window.open("/board")
    window.page.wait_for_selector("#live-state:not([hidden])")
    window.page.evaluate("window.isSamePage = true")

    session_id = site.service.open()
    window.page.wait_for_selector(f"article#docking-{session_id}")
    (announced,) = site.service.announce(session_id, make_file("DCIM/LIVE.MP4", b"live"))
    site.service.upload(session_id, announced.clip_id, b"live")

    window.page.locator(f"#docking-{session_id} .light-on").get_by_text("可离开").wait_for()
    assert window.page.evaluate("window.isSamePage")


def test_further_clips_come_below_the_first(window, site):
    window.enter()
    for number in range(50):
        site.service.announce(site.service.open(), make_file(f"DCIM/MORE_{number:02}.MP4", bytes([number])))
    window.open("/clips?text=MORE_")
    window.open("/clips")
    before = window.page.locator("tbody tr").count()

    window.page.click("#more a")

    window.wait_until(f"document.querySelectorAll('tbody tr').length > {before}")
    assert window.page.url.endswith("/clips")


def test_the_menu_works_by_keyboard_alone(window):
    window.enter()
    window.open("/board")
    window.page.locator(".menu > summary").focus()

    window.page.keyboard.press("Enter")
    assert window.page.locator(".menu-panel").is_visible()
    _check(window)
    window.page.keyboard.press("Escape")

    assert not window.page.locator(".menu-panel").is_visible()
    assert window.page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize(("language", "theme"), [(Language.ZH_CN, "light"), (Language.EN, "dark")])
def test_every_page_is_sound_to_axe_and_no_wider_than_a_phone(open_window, site, language, theme):
    window = open_window(viewport=PHONE)
    cookies = {"bodycam_language": str(language), "bodycam_theme": theme}
    window.page.context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in cookies.items()])
    window.open("/sign-in")
    _check(window)
    window.enter()
    for path in ("/board", "/clips", f"/clips/{site.clip_id}", "/cases", f"/cases/{site.case_id}", "/packages", "/coverage", "/account/password"):
        window.open(path)
        _check(window)
    window.enter(Role.ADMINISTRATOR)
    window.open("/health")
    _check(window)
    assert window.page.get_by_role("heading", level=1).inner_text() == texts_in(language)("health.title")


def _check(window) -> None:
    page = window.page
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], (page.url, width)
    page.evaluate(AXE.read_text())  # the page's own policy would refuse a script element
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    faults = [(fault["id"], fault["nodes"][0]["html"]) for fault in found["violations"]]
    assert faults == [], page.url
