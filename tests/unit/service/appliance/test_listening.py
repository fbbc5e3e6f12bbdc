from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.appliance.errors import UnsafeListeningError
from service.appliance.listening import Address, Tls, decide_listening, parse_address

EVERY_ADDRESS = "0.0.0.0"
TLS = Tls(Path("certificate.pem"), Path("key.pem"))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_tls(host):
    listening = decide_listening(Address(host, 8000))

    assert listening.tls is None
    assert listening.store is None
    assert listening.public_url == f"http://{Address(host, 8000)}"


@pytest.mark.parametrize("host", [EVERY_ADDRESS, "::", "192.0.2.7", "evidence.example", "2001:db8::7"])
def test_beyond_loopback_without_tls_is_refused(host):
    with pytest.raises(UnsafeListeningError, match="--tls-certificate"):
        decide_listening(Address(host, 8000), public_url="https://evidence.example")


def test_a_store_for_others_without_tls_is_refused():
    with pytest.raises(UnsafeListeningError, match="--tls-certificate"):
        decide_listening(Address("127.0.0.1", 8000), store_address="192.0.2.7:9000")


def test_the_store_is_one_port_above_the_pages_unless_told_otherwise():
    listening = decide_listening(Address("192.0.2.7", 8443), public_url="https://evidence.example:8443", tls=TLS)

    assert listening.store == Address("evidence.example", 8444)
    assert listening.store_door == Address("192.0.2.7", 8444)


def test_the_store_gets_the_address_it_was_given():
    listening = decide_listening(Address("192.0.2.7", 8443), store_address="store.example:9000", tls=TLS)

    assert listening.store == Address("store.example", 9000)
    assert listening.public_url == "https://192.0.2.7:8443"


def test_every_address_needs_a_name_that_others_can_use():
    with pytest.raises(UnsafeListeningError, match="--public-url"):
        decide_listening(Address(EVERY_ADDRESS, 8443), tls=TLS)


def test_every_address_is_asked_on_loopback():
    listening = decide_listening(Address("::", 8443), public_url="https://evidence.example", tls=TLS)

    assert listening.probe == Address("::1", 8443)


def test_a_plain_public_url_is_refused_where_tls_is_spoken():
    with pytest.raises(UnsafeListeningError, match="https"):
        decide_listening(Address("192.0.2.7", 8443), public_url="http://evidence.example", tls=TLS)


def test_pages_and_store_on_one_port_are_refused():
    with pytest.raises(UnsafeListeningError, match="8443"):
        decide_listening(Address("192.0.2.7", 8443), store_address="192.0.2.7:8443", tls=TLS)


@pytest.mark.parametrize("text", ["", "host", ":9000", "host:", "host:x", "host:70000", "host:0", "host:1/path", "user@host:1"])
def test_what_is_not_host_and_port_is_refused(text):
    with pytest.raises(UnsafeListeningError):
        parse_address(text)


@given(st.sampled_from(["evidence.example", "192.0.2.7", "::1", "2001:db8::7"]), st.integers(1, 65_535))
def test_an_address_reads_back_what_it_prints(host, port):
    assert parse_address(str(Address(host, port))) == Address(host, port)
