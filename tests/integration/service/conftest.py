from datetime import UTC, datetime

import pytest

from evidence_store.object_store.memory import MemoryObjectStore
from tests.service_fixtures import running_service


@pytest.fixture
def service(tmp_path, database):
    """A service on real PostgreSQL, with objects in memory."""
    with running_service(tmp_path, database, MemoryObjectStore()) as made:
        yield made


@pytest.fixture
def stored_service(tmp_path, database, seaweedfs):
    """A service on real PostgreSQL and real SeaweedFS, which goes by its own clock, so ours starts there."""
    settings = {
        "store_endpoint": seaweedfs.endpoint,
        "store_access_key": seaweedfs.access_key,
        "store_secret_key": seaweedfs.secret_key,
        "store_bucket": "service-tests",
    }
    with running_service(tmp_path, database, started_at=datetime.now(UTC), **settings) as made:
        yield made
