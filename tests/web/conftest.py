import secrets

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from tests.builders import make_file
from tests.service_fixtures import PASSWORD, running_service


class Visitor:
    """A browser without scripts on one service; says where its requests come from as browsers do."""

    def __init__(self, service, client) -> None:
        self.service = service
        self.client = client
        client.headers.update({"Accept": "text/html", "Sec-Fetch-Site": "same-origin"})

    def sign_in(self, role: Role = Role.REVIEWER, target: str = ""):
        form = {"username": str(role), "password": PASSWORD, "next": target}
        return self.client.post("/sign-in", data=form, follow_redirects=False)

    def enter(self, role: Role = Role.REVIEWER) -> None:
        """Be signed in without the form; checking a password is slow on purpose."""
        self.client.cookies.set("bodycam", self.service.token(role))

    def get(self, path: str, **options):
        return self.client.get(path, follow_redirects=False, **options)

    def post(self, path: str, data=None, **options):
        return self.client.post(path, data=data, follow_redirects=False, **options)


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory, module_database):
    """A service on real PostgreSQL, with objects in memory, that the tests of one module fill together."""
    with running_service(tmp_path_factory.mktemp("service"), module_database, MemoryObjectStore()) as service:
        yield service


@pytest.fixture
def visitor(shared_service):
    """A visitor, not signed in yet."""
    with TestClient(create_app(shared_service.context)) as client:
        yield Visitor(shared_service, client)


@pytest.fixture
def lone_visitor(tmp_path, database):
    """A visitor of a service that nobody else comes to."""
    with running_service(tmp_path, database, MemoryObjectStore()) as service, TestClient(create_app(service.context)) as client:
        yield Visitor(service, client)


@pytest.fixture
def reviewer(visitor):
    visitor.enter(Role.REVIEWER)
    return visitor


@pytest.fixture
def administrator(visitor):
    visitor.enter(Role.ADMINISTRATOR)
    return visitor


@pytest.fixture
def clip_id(visitor):
    """A sealed clip of this test's own."""
    content = secrets.token_bytes(16)
    return visitor.service.dock_one(make_file(f"DCIM/{content.hex()}.MP4", content), content)
