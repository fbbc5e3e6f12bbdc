import tempfile
from pathlib import Path
from uuid import uuid4

import pytest

from evidence_store.object_store.s3 import S3Address, S3ObjectStore
from tests.conformance.object_stores.radosgw import ACCESS, SECRET, running_radosgw

EXCEPTIONS = {
    "test_parts_become_one_locked_version": "16.2 gives an upload in parts no lock; the service reads the lock back, and takes in nothing there",
    "test_an_upload_that_does_not_exist_is_not_found": "16.2 says 500, that finishing is in progress; the dock tries again",
}
"""What Debian's gateway does otherwise than the service asks of a store; each is safe, and strict, so that it is struck off once it is mended."""


def pytest_collection_modifyitems(items):
    for item in items:
        reason = EXCEPTIONS.get(getattr(item, "originalname", ""))
        if reason is not None and item.name.endswith("[radosgw]"):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="session")
def radosgw():
    """A store on Ceph's gateway; its folder is short, because sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="rgw-", ignore_cleanup_errors=True) as folder, running_radosgw(Path(folder)) as address:
        store = S3ObjectStore(S3Address(address, address, ACCESS, SECRET, f"conformance-{uuid4().hex[:8]}"))
        store.prepare()
        yield store
