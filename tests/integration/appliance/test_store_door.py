import hashlib
import io
import os
import ssl
import sys
from datetime import timedelta

import pytest
import urllib3
from minio import Minio

from evidence_store.embedded.program import Program, launch, stop
from service.appliance.listening import Address
from tests.certificates import make_certificate

PART = os.urandom(1024**2) * 6


@pytest.fixture
def certificate(tmp_path):
    return make_certificate(tmp_path, "127.0.0.1")


@pytest.fixture
def door(seaweedfs, certificate, tmp_path, free_port):
    address = Address("127.0.0.1", free_port)
    arguments = (
        "--listen",
        str(address),
        "--to",
        seaweedfs.endpoint,
        "--tls-certificate",
        str(certificate.certificate),
        "--tls-key",
        str(certificate.key),
    )
    program = Program(
        name="store-door",
        arguments=(sys.executable, "-W", "error", "-m", "service.appliance.store_door", *arguments),
        environment={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)},
        directory=tmp_path,
    )
    process = launch(program, tmp_path / "door.log")
    with urllib3.HTTPSConnectionPool(
        address.host, address.port, ca_certs=certificate.authority, retries=urllib3.Retry(20, backoff_factor=0.1)
    ) as pool:
        pool.request("GET", "/")
    yield address
    stop(program, process)
    assert process.returncode == 0
    assert (tmp_path / "door.log").read_text() == ""


@pytest.fixture
def pool(certificate):
    with urllib3.PoolManager(ca_certs=str(certificate.authority), retries=False, timeout=20) as manager:
        yield manager


def client_of(seaweedfs, address, *, secure):
    return Minio(str(address), seaweedfs.access_key, seaweedfs.secret_key, secure=secure, region="us-east-1")


def test_a_url_signed_for_the_public_address_puts_and_gets_through_the_door(seaweedfs, door, pool, bucket_name):
    seaweedfs.client().make_bucket(bucket_name)
    signer = client_of(seaweedfs, door, secure=True)

    put = pool.request("PUT", signer.get_presigned_url("PUT", bucket_name, "clip", expires=timedelta(minutes=5)), body=io.BytesIO(PART))
    got = pool.request("GET", signer.get_presigned_url("GET", bucket_name, "clip", expires=timedelta(minutes=5)))

    assert put.status == 200
    assert hashlib.sha256(got.data).digest() == hashlib.sha256(PART).digest()


def test_a_url_signed_for_another_address_is_refused(seaweedfs, door, pool, bucket_name):
    seaweedfs.client().make_bucket(bucket_name)
    url = client_of(seaweedfs, seaweedfs.endpoint, secure=False).get_presigned_url("PUT", bucket_name, "clip", expires=timedelta(minutes=5))

    answer = pool.request("PUT", url.replace(f"http://{seaweedfs.endpoint}", f"https://{door}"), body=b"x")

    assert answer.status == 403


def test_who_does_not_know_the_authority_does_not_connect(door):
    with (
        urllib3.HTTPSConnectionPool(door.host, door.port, retries=False) as stranger,
        pytest.raises(urllib3.exceptions.SSLError, match="CERTIFICATE_VERIFY"),
    ):
        stranger.request("GET", "/")


def test_plain_http_gets_no_answer(door):
    with urllib3.HTTPConnectionPool(door.host, door.port, retries=False) as plain, pytest.raises(urllib3.exceptions.ProtocolError):
        plain.request("GET", "/")


def test_tls_1_2_is_spoken(door, certificate):
    context = ssl.create_default_context(cafile=certificate.authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with urllib3.HTTPSConnectionPool(door.host, door.port, ssl_context=context, retries=False) as modern:
        assert modern.request("GET", "/").status == 403


def test_a_connection_dropped_half_way_does_not_disturb_the_next(seaweedfs, door, pool, bucket_name):
    seaweedfs.client().make_bucket(bucket_name)
    signer = client_of(seaweedfs, door, secure=True)
    url = signer.get_presigned_url("PUT", bucket_name, "clip", expires=timedelta(minutes=5))
    with urllib3.PoolManager(ca_certs=pool.connection_pool_kw["ca_certs"], retries=False) as dropped:
        connection = dropped.connection_from_url(url)._new_conn()
        connection.putrequest("PUT", url.removeprefix(f"https://{door}"))
        connection.putheader("Content-Length", str(len(PART)))
        connection.endheaders()
        connection.send(PART[: 1024**2])
        connection.close()

    assert pool.request("PUT", url, body=PART).status == 200
