"""The door: signing in and out, where one is led, and whom it keeps out."""

from evidence_store.actor import Role
from service.accounts.sign_in import LOCKED_FOR, TRIES
from service.language import format_time
from tests.service_fixtures import PASSWORD


def test_a_visitor_is_led_to_the_sign_in_page_and_on_to_what_was_wanted(visitor):
    led = visitor.get("/clips?text=a")
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Fclips%3Ftext%3Da")
    assert 'value="/clips?text=a"' in visitor.get(led.headers["location"]).text

    entered = visitor.sign_in(target="/clips?text=a")

    assert (entered.status_code, entered.headers["location"]) == (303, "/clips?text=a")
    assert visitor.get("/clips?text=a").status_code == 200


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(visitor):
    cookie = visitor.sign_in().headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_nobody_is_led_off_the_site(visitor):
    for target in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)"):
        assert '<input type="hidden" name="next" value="/">' in visitor.get("/sign-in", params={"next": target}).text, target
        assert visitor.sign_in(target=target).headers["location"] == "/", target


def test_a_wrong_password_asks_again_and_too_many_lock(lone_visitor):
    for _ in range(TRIES):
        wrong = lone_visitor.post("/sign-in", {"username": "reviewer", "password": "wrong password"})
        assert (wrong.status_code, "用户名或密码不正确" in wrong.text) == (401, True)

    locked = lone_visitor.sign_in()

    assert locked.status_code == 429
    assert format_time(lone_visitor.service.clock.now() + LOCKED_FOR) in locked.text


def test_htmx_is_told_where_to_sign_in(visitor):
    answer = visitor.get("/board", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/board?x=1"})

    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in?next=%2Fboard%3Fx%3D1")


def test_signing_out_ends_the_token(visitor):
    visitor.sign_in()
    token = visitor.client.cookies["bodycam"]

    assert visitor.post("/sign-out").headers["location"] == "/sign-in?notice=signed_out"

    visitor.client.cookies.set("bodycam", token)
    assert visitor.get("/board").status_code == 303


def test_a_password_is_changed_and_one_signs_in_again(lone_visitor):
    lone_visitor.sign_in()
    wrong = lone_visitor.post("/account/password", {"old": "not the one", "new": "another long one", "again": "another long one"})
    differs = lone_visitor.post("/account/password", {"old": PASSWORD, "new": "another long one", "again": "another short one"})
    short = lone_visitor.post("/account/password", {"old": PASSWORD, "new": "short", "again": "short"})
    assert [answer.status_code for answer in (wrong, differs, short)] == [422] * 3

    changed = lone_visitor.post("/account/password", {"old": PASSWORD, "new": "another long one", "again": "another long one"})

    assert changed.headers["location"] == "/sign-in?notice=password_changed"
    assert lone_visitor.get("/board").status_code == 303


def test_a_page_of_another_site_changes_nothing(reviewer):
    foreign = {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "", "Origin": "https://elsewhere.example"}
    form = {"username": "reviewer", "password": PASSWORD, "language": "en"}

    for path in ("/sign-in", "/sign-out", "/preferences", "/cases", "/account/password"):
        for headers in foreign:
            answer = reviewer.post(path, form, headers=headers)
            assert answer.status_code == 403, (path, headers)
            assert "set-cookie" not in answer.headers, (path, headers)

    assert reviewer.get("/board").status_code == 200


def test_language_and_appearance_are_chosen_before_signing_in(visitor):
    answer = visitor.post("/preferences", {"language": "en", "theme": "dark", "next": "/sign-in?next=%2Fclips"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fclips")
    page = visitor.get("/sign-in").text
    assert '<html lang="en" data-theme-choice="dark" data-bs-theme="dark">' in page


def test_a_language_nobody_speaks_is_passed_over(visitor):
    visitor.post("/preferences", {"language": "xx", "theme": '"><script>'})

    page = visitor.get("/sign-in").text
    assert '<html lang="zh-CN" data-theme-choice="auto">' in page


def test_the_browsers_language_is_taken_until_one_is_chosen(visitor):
    assert '<html lang="zh-TW"' in visitor.get("/sign-in", headers={"Accept-Language": "zh-TW,en;q=0.5"}).text


def test_navigation_shows_only_what_a_role_may_open(visitor):
    visitor.enter(Role.REVIEWER)
    assert 'href="/health"' not in visitor.get("/board").text

    visitor.enter(Role.ADMINISTRATOR)
    assert 'href="/health"' in visitor.get("/board").text
