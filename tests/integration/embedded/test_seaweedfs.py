import http.client
import io
import os
import time

import pytest
from minio.error import S3Error

from evidence_store.embedded.program import launch, stop
from evidence_store.embedded.seaweedfs import PORT_NAMES


def answer(port, method, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_stranger_cannot_read_through_the_gateway(seaweedfs):
    assert answer(seaweedfs.server.ports["seaweedfs_s3"], "GET", "/bodycam-readiness/first") == http.HTTPStatus.FORBIDDEN


def test_the_filer_answers_no_http(seaweedfs):
    for method in ("GET", "DELETE", "PUT"):
        assert answer(seaweedfs.server.ports["seaweedfs_filer"], method, "/buckets/bodycam-readiness/first") == http.HTTPStatus.NOT_FOUND


def test_the_volume_server_wants_a_token_to_delete(seaweedfs):
    volume = seaweedfs.server.ports["seaweedfs_volume"]

    assert {answer(volume, "DELETE", f"/{number},01637037d6") for number in range(1, 8)} == {http.HTTPStatus.UNAUTHORIZED}


def test_an_unknown_bucket_is_not_made_by_an_upload(seaweedfs):
    client = seaweedfs.client()

    with pytest.raises(S3Error, match="NoSuchBucket"):
        client.put_object("never-made", "key", io.BytesIO(b"x"), 1)


def test_fsync_is_configured_for_a_bucket(seaweedfs):
    seaweedfs.server.provision("with-fsync")
    seaweedfs.server.provision("with-fsync")

    assert seaweedfs.server.is_ready()


def test_what_was_written_is_there_after_a_kill_on_other_ports(tmp_path, make_seaweedfs):
    first = make_seaweedfs(tmp_path)
    process = launch(first.program({"PATH": os.defpath}), tmp_path / "first.log")
    wait_until_ready(first)
    process.kill()
    process.wait()

    second = make_seaweedfs(tmp_path)
    program = second.program({"PATH": os.defpath})
    process = launch(program, tmp_path / "second.log")
    try:
        wait_until_ready(second)
    finally:
        process.kill()
        stop(program, process)

    assert set(first.ports) == set(PORT_NAMES)
    assert first.ports != second.ports
    assert not any(leftover.exists() for leftover in program.leaves)


def wait_until_ready(server):
    ends = time.monotonic() + 60
    while not server.is_ready():
        assert time.monotonic() < ends, "not ready within a minute"
        time.sleep(0.1)
