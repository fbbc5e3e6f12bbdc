"""The verifier's page as the service serves it."""

from service.documents.verify_page import verify_page


def test_anybody_gets_the_very_page_that_packages_carry(visitor):
    answer = visitor.get("/verify.html")

    assert (answer.status_code, answer.content) == (200, verify_page())
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_its_policy_allows_its_scripts_and_no_connection(visitor):
    policy = visitor.get("/verify.html").headers["content-security-policy"]

    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src" not in policy
    assert "'unsafe-inline'" not in policy
    assert policy.endswith("frame-ancestors 'none'")


def test_the_menu_of_people_who_are_signed_in_leads_there(reviewer):
    assert 'href="/verify.html"' in reviewer.get("/board").text
