import pytest

from evidence_store.actor import Role
from service.accounts.manage_accounts import NewAccount, add_account
from service.accounts.sign_in import TRIES
from service.errors import UnacceptableValueError
from tests.service_fixtures import PASSWORD


def sign_in(api, username="reviewer", password=PASSWORD):
    return api.client.post("/api/v1/tokens", json={"username": username, "password": password})


def test_a_right_password_gives_a_token_that_works(api):
    answer = sign_in(api)

    assert answer.status_code == 201
    token = answer.json()["access_token"]
    assert api.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json() == {"username": "reviewer", "role": "reviewer"}


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(api):
    wrong, unknown = sign_in(api, password="wrong password"), sign_in(api, username="nobody")

    assert (wrong.status_code, wrong.json()["detail"]) == (unknown.status_code, unknown.json()["detail"]) == (401, "user name or password is wrong")


def test_five_wrong_passwords_lock_the_account_for_a_while(api):
    for _ in range(TRIES):
        sign_in(api, password="wrong password")

    assert sign_in(api).status_code == 429
    api.service.clock.advance(minutes=6)
    assert sign_in(api).status_code == 201


def test_a_token_ends_after_its_hours(api):
    token = sign_in(api).json()["access_token"]
    api.service.clock.advance(hours=13)

    assert api.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_new_password_ends_every_token(api):
    token = sign_in(api).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    changed = api.client.put("/api/v1/me/password", json={"old": PASSWORD, "new": "another long one"}, headers=headers)

    assert changed.status_code == 204
    assert api.client.get("/api/v1/me", headers=headers).status_code == 401
    assert sign_in(api, password="another long one").status_code == 201


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic abc"}])
@pytest.mark.parametrize("path", ["/api/v1/clips", "/api/v1/cases", "/api/v1/coverage", "/api/v1/me"])
def test_nothing_is_told_without_a_token(api, path, headers):
    answer = api.client.get(path, headers=headers)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_token_of_a_dock_opens_no_door_for_people(api):
    answer = api.client.get("/api/v1/clips", headers={"Authorization": "Bearer dock-token-for-tests"})

    assert answer.status_code == 401


def test_a_cookie_is_heard_and_a_foreign_page_is_not(api):
    api.client.cookies.set("bodycam", api.service.token(Role.REVIEWER))

    assert api.client.get("/api/v1/me").status_code == 200
    body = {"number": "示范 1", "title": "示范"}
    assert api.client.post("/api/v1/cases", json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert api.client.post("/api/v1/cases", json=body, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert api.client.post("/api/v1/cases", json=body).status_code == 403
    assert api.client.post("/api/v1/cases", json=body, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 201


def test_unknown_keys_are_refused(api):
    answer = api.client.post("/api/v1/tokens", json={"username": "reviewer", "password": PASSWORD, "role": "administrator"})

    assert answer.status_code == 422


def test_an_administrator_adds_an_account_and_nobody_else_does(api):
    body = {"username": "second", "password": PASSWORD, "role": "reviewer", "agency": "0"}

    assert api.ask("POST", "/api/v1/accounts", json=body).status_code == 403
    assert api.ask("POST", "/api/v1/accounts", json=body, role=Role.ADMINISTRATOR).status_code == 201
    assert api.ask("POST", "/api/v1/accounts", json=body, role=Role.ADMINISTRATOR).json()["type"] == "/problems/username-taken"
    assert sign_in(api, "second").status_code == 201


@pytest.mark.parametrize(
    "changes", [{"password": "short"}, {"role": "emperor"}, {"role": "duty_officer"}, {"username": ""}, {"username": "a\nb"}, {"extra": 1}]
)
def test_an_account_of_no_sense_is_refused(api, changes):
    body = {"username": "second", "password": PASSWORD, "role": "reviewer", "agency": "0", **changes}

    assert api.ask("POST", "/api/v1/accounts", json=body, role=Role.ADMINISTRATOR).status_code == 422


def test_a_new_dock_gets_a_token_that_opens_a_session(api):
    answer = api.ask("POST", "/api/v1/docks", json={"name": "采集站 2", "agency": "0"}, role=Role.ADMINISTRATOR)

    assert answer.status_code == 201
    headers = {"Authorization": f"Bearer {answer.json()['token']}", "Bodycam-Dock-Protocol": "1"}
    body = {"slot": "1", "software": "test", "identity": {"family": "mass-storage"}, "clock": None}
    path = "/api/v1/dock/sessions/3f2b8f0e-54c5-4f7e-9a53-0f0a6c1d2e3f"
    assert api.client.put(path, json=body, headers=headers).status_code == 200
    (session,) = api.ask("GET", "/api/v1/docks/sessions").json()["items"]
    assert (session["dock"], session["recorder_serial"], session["is_registered"]) == ("采集站 2", None, False)


@pytest.mark.parametrize("username", ["", "a\nb", "x" * 129])
def test_a_name_that_cannot_be_shown_makes_no_account_by_any_way(api, username):
    new = NewAccount(username, PASSWORD, Role.REVIEWER, "0")

    with pytest.raises(UnacceptableValueError):
        add_account(api.service.context, new, actor=api.service.people[Role.ADMINISTRATOR])
