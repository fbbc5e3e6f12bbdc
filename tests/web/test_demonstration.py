"""A demonstration is marked as one on every page."""

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from tests.service_fixtures import running_service


@pytest.fixture
def demonstration(tmp_path, database):
    with running_service(tmp_path, database, MemoryObjectStore(), is_demo=True) as service, TestClient(create_app(service.context)) as client:
        client.headers["Accept"] = "text/html"
        yield service, client


def test_every_page_of_a_demonstration_says_so_in_every_language(demonstration):
    service, client = demonstration
    assert "<strong>演示数据</strong>" in client.get("/sign-in").text
    client.cookies.set("bodycam", service.token(Role.ADMINISTRATOR))

    for language, mark in (("zh-CN", "演示数据"), ("zh-TW", "示範資料"), ("en", "Demonstration data")):
        client.cookies.set("bodycam_language", language)
        for path in ("/board", "/clips", "/cases", "/coverage", "/health", "/nowhere"):
            assert f"<strong>{mark}</strong>" in client.get(path).text, path
