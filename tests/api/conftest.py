import pytest
from starlette.testclient import TestClient

from api.app import create_app
from evidence_store.actor import Role
from evidence_store.object_store.memory import MemoryObjectStore
from tests.builders import make_file
from tests.service_fixtures import running_service

CONTENT = bytes(range(256)) * 4096


class Api:
    """The API of one service, asked as somebody."""

    def __init__(self, service, client) -> None:
        self.service = service
        self.client = client

    def ask(self, method: str, path: str, *, role: Role | None = Role.REVIEWER, headers=None, **options):
        signed = {} if role is None else {"Authorization": f"Bearer {self.service.token(role)}"}
        return self.client.request(method, path, headers={**signed, **(headers or {})}, **options)


@pytest.fixture
def api(tmp_path, database):
    """The API on real PostgreSQL, with objects in memory."""
    with running_service(tmp_path, database, MemoryObjectStore()) as service, TestClient(create_app(service.context)) as client:
        yield Api(service, client)


@pytest.fixture
def clip_id(api):
    """A sealed clip of one mebibyte."""
    return api.service.dock_one(make_file('DCIM/现场 "1".MP4', CONTENT), CONTENT)
